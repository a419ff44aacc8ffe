# SPDX-License-Identifier: Apache-2.0
"""The mandatory cases of PKCS #11 Profiles 3.2 §5.1.1, §5.3.1, §5.4.1, §5.5.1, as steps.

A step is (function, what it is called with, what it has to give). Names that begin with "$"
are remembered from what a step gave. Every step must answer CKR_OK.
"""

VARIES = object()  # "Variable Items": any value


class Ours:
    """A value that states a fact about this token; `case` is what the example has there."""

    def __init__(self, value, case, why):
        self.value, self.case, self.why = value, case, why


class Flags:
    """Those of the case; the ones in `may` can be there or not, and `why` says why."""

    def __init__(self, case, may="", why=""):
        self.case, self.may, self.why = set(case.split()), set(may.split()), why


SIZES = "key sizes are what this token offers (docs: RSA 2048 to 8192)"
MEMORY = "CK_UNAVAILABLE_INFORMATION: a token in a file has no size of its own (the case's own token says 0)"
RECOVERS = "CKM_RSA_PKCS also recovers from signatures here"

INFO = {
    "cryptokiVersion": (3, 2),
    "manufacturerID": VARIES,
    "flags": 0,
    "libraryDescription": VARIES,
    "libraryVersion": VARIES,
}
SLOT_INFO = {
    "slotDescription": VARIES,
    "manufacturerID": VARIES,
    "flags": Flags("TOKEN_PRESENT"),
    "hardwareVersion": VARIES,
    "firmwareVersion": VARIES,
}
TOKEN_INFO = {
    "label": VARIES,
    "manufacturerID": VARIES,
    "model": VARIES,
    "serialNumber": VARIES,
    "flags": Flags(
        "RNG LOGIN_REQUIRED USER_PIN_INITIALIZED RESTORE_KEY_NOT_NEEDED TOKEN_INITIALIZED",
        "DUAL_CRYPTO_OPERATIONS",
        "the case's own token has no dual-function operations",
    ),
    "maxSessionCount": 0,
    "sessionCount": 0,
    "maxRwSessionCount": 0,
    "rwSessionCount": 0,
    "maxPinLen": 255,
    "minPinLen": 4,
    "totalPublicMemory": Ours(-1, 0, MEMORY),
    "freePublicMemory": Ours(-1, 0, MEMORY),
    "totalPrivateMemory": Ours(-1, 0, MEMORY),
    "freePrivateMemory": Ours(-1, 0, MEMORY),
    "hardwareVersion": VARIES,
    "firmwareVersion": VARIES,
    "utcTime": VARIES,
}
# The number of entries may vary, and their order; one has to be of the case's kind.
BEGIN = [
    ("C_Initialize", {}, {}),
    ("C_GetInfo", {}, INFO),
    ("C_GetSlotList", {"tokenPresent": True, "list": None}, {"count": "$slots"}),
    ("C_GetSlotList", {"tokenPresent": True, "list": "$slots"}, {"list": "$slot"}),
]
SHOW = [
    ("C_GetSlotInfo", {"slot": "$slot"}, SLOT_INFO),
    ("C_GetTokenInfo", {"slot": "$slot"}, TOKEN_INFO),
]
END = [
    ("C_CloseSession", {}, {}),
    ("C_CloseAllSessions", {"slot": "$slot"}, {}),
    ("C_Finalize", {}, {}),
]
OPEN_READ = [("C_OpenSession", {"slot": "$slot", "read_write": False}, {})]
OPEN_WRITE = [("C_OpenSession", {"slot": "$slot", "read_write": True}, {})]
LOGIN = [("C_Login", {"user": "USER"}, {})]
LOGOUT = [("C_Logout", {}, {})]


def search(most, least, *template, remember="$object"):
    return [
        ("C_FindObjectsInit", {"template": [("TOKEN", True), *template]}, {}),
        ("C_FindObjects", {"most": most}, {"least": least, "objects": remember}),
    ]


FOUND = [("C_FindObjectsFinal", {}, {})]

BASELINE = [*BEGIN, *SHOW, *OPEN_READ, *search(1, 0), *FOUND, *END]

EXTENDED = [
    *BEGIN,
    *SHOW,
    ("C_GetMechanismList", {"slot": "$slot", "list": None}, {"count": "$mechanisms"}),
    (
        "C_GetMechanismList",
        {"slot": "$slot", "list": "$mechanisms"},
        {"has": ["SHA512", "RSA_PKCS_KEY_PAIR_GEN", "RSA_PKCS"]},
    ),
    (
        "C_GetMechanismInfo",
        {"slot": "$slot", "type": "SHA512"},
        {"minKeySize": 0, "maxKeySize": 0, "flags": Flags("DIGEST")},
    ),
    (
        "C_GetMechanismInfo",
        {"slot": "$slot", "type": "RSA_PKCS_KEY_PAIR_GEN"},
        {
            "minKeySize": Ours(2048, 512, SIZES),
            "maxKeySize": Ours(8192, 16384, SIZES),
            "flags": Flags("GENERATE_KEY_PAIR"),
        },
    ),
    (
        "C_GetMechanismInfo",
        {"slot": "$slot", "type": "RSA_PKCS"},
        {
            "minKeySize": Ours(2048, 512, SIZES),
            "maxKeySize": Ours(8192, 16384, SIZES),
            "flags": Flags("ENCRYPT DECRYPT SIGN VERIFY WRAP UNWRAP", "SIGN_RECOVER VERIFY_RECOVER", RECOVERS),
        },
    ),
    *OPEN_WRITE,
    *LOGIN,
    *search(1, 0),
    *FOUND,
    *LOGOUT,
    *END,
]

# The case's key pair is not published: ours has the same size, exponent and labels.
AUTHENTICATION = [
    *BEGIN,
    *OPEN_WRITE,
    *LOGIN,
    *search(1, 1, ("LABEL", "testrsa-pub"), ("CLASS", "PUBLIC_KEY"), remember="$public"),
    *FOUND,
    (
        "C_GetAttributeValue",
        {"object": "$public", "room": [("MODULUS", 1024), ("PUBLIC_EXPONENT", 1024)]},
        {"lengths": [256, 3], "remember": ["$modulus", "$exponent"]},
    ),
    *search(1, 1, ("LABEL", "testrsa-pri"), ("CLASS", "PRIVATE_KEY"), remember="$private"),
    *FOUND,
    ("C_SignInit", {"mechanism": "SHA256_RSA_PKCS", "key": "$private"}, {}),
    ("C_Sign", {"data": b"a request to be certified, signed with the key that it names", "room": 256}, {"signature": 256}),
    *LOGOUT,
    *END,
]

# No login: whoever holds the token may read its certificates. While the search is still active.
CERTIFICATES = [
    *BEGIN,
    *OPEN_READ,
    *search(5, 5, remember="$certificates"),
    ("C_GetAttributeValue", {"object": "$certificates", "index": 0, "ask": "LABEL"}, {"remember": ["$length"]}),
    (
        "C_GetAttributeValue",
        {"object": "$certificates", "index": 0, "room": [("LABEL", "$length")]},
        {"values": [b"certificate 0"]},
    ),
    ("C_GetAttributeValue", {"object": "$certificates", "index": 1, "ask": "VALUE"}, {"remember": ["$length"]}),
    (
        "C_GetAttributeValue",
        {"object": "$certificates", "index": 1, "room": [("VALUE", "$length")]},
        {"values": ["$certificate 1"]},
    ),
    *FOUND,
    *END,
]

# (case, CKP_, its steps)
CASES = [
    ("BL-M-1-32", 1, BASELINE),
    ("EXT-M-1-32", 2, EXTENDED),
    ("AUTH-M-1-32", 3, AUTHENTICATION),
    ("CERT-M-1-32", 4, CERTIFICATES),
]

# Profiles of which a token presents no object here although the case passes, and why.
NOT_CLAIMED = {
    4: "Profiles §5.5 also asks that all certificates be public and have the id of their private key, "
    "which is up to whoever fills the token: clients that believe it never log in to look for more",
}
