# SPDX-License-Identifier: Apache-2.0
"""What golden stores hold, and how it is made, read and used. See README.md."""

import ctypes
import hashlib
import pathlib
import sys
from ctypes import byref, c_void_p, create_string_buffer

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration" / "profiles"))

import cryptoki as p11  # noqa: E402
from cryptoki import ULONG, Template  # noqa: E402

SO_PIN, USER_PIN = b"golden-so-pin", b"golden-user-pin"
FULL, BARE = "golden", "golden, no user"
MESSAGE = b"what the golden keys have signed"
DIGEST = hashlib.sha256(MESSAGE).digest()
BLOCK = bytes(range(32))
PUBLIC_X25519 = bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")  # RFC 7748, 6.1

CKO_DATA, CKO_SECRET_KEY = 0, 4
CKK_GENERIC_SECRET, CKK_AES, CKK_SHA256_HMAC = 0x10, 0x1F, 0x2B
CKA_APPLICATION, CKA_KEY_TYPE, CKA_SENSITIVE, CKA_VALUE_LEN = 0x10, 0x100, 0x103, 0x161
CKA_DERIVE, CKA_EXTRACTABLE, CKA_EC_PARAMS, CKA_PARAMETER_SET = 0x10C, 0x162, 0x180, 0x61D
CKM = {
    "AES_ECB": 0x1081,
    "SHA256_HMAC": 0x251,
    "SHA256_RSA_PKCS": 0x40,
    "ECDSA": 0x1041,
    "EDDSA": 0x1057,
    "ML_DSA": 0x1D,
    "ECDH1_DERIVE": 0x1050,
    "ML_KEM": 0x17,
}
# Every attribute that a reader may meet; those that an object lacks or hides are left out of the facts.
ATTRIBUTES = [
    *range(0x0, 0x5), *range(0x10, 0x13), *range(0x80, 0x8C), *range(0x100, 0x113), *range(0x120, 0x129),
    *range(0x130, 0x133), *range(0x160, 0x167), *range(0x170, 0x173), 0x180, 0x181, 0x202, 0x210, 0x61D, 0x633, 0x634,
]


def text(value):
    return value.encode()


class EcdhParameters(ctypes.Structure):
    _fields_ = [("kdf", ULONG), ("shared_len", ULONG), ("shared", c_void_p), ("public_len", ULONG), ("public", c_void_p)]


def mechanism(name):
    """The mechanism and what has to live as long as it."""
    if name != "ECDH1_DERIVE":
        return p11.Mechanism(CKM[name], None, 0), None
    room = create_string_buffer(PUBLIC_X25519, len(PUBLIC_X25519))
    parameters = EcdhParameters(1, 0, None, len(PUBLIC_X25519), ctypes.cast(room, c_void_p))
    pointer = ctypes.cast(ctypes.pointer(parameters), c_void_p)
    return p11.Mechanism(CKM[name], pointer, ctypes.sizeof(parameters)), (room, parameters)


class Token:
    """A session with one token, by label."""

    def __init__(self, module, label, read_write=False):
        self.module, self.label = module, label
        self.slot = next(s for s in module.slots() if self.info(s).label.decode().rstrip() == label)
        self.session = module.open(self.slot, read_write)

    def info(self, slot=None):
        info = p11.TokenInfo()
        self.module.must("C_GetTokenInfo", ULONG(self.slot if slot is None else slot), byref(info))
        return info

    def login(self, pin=USER_PIN, user=p11.CKU_USER):
        return self.module.call("C_Login", self.session, ULONG(user), pin, ULONG(len(pin)))

    def create(self, *pairs):
        template, made = Template(*pairs), ULONG(0)
        self.module.must("C_CreateObject", self.session, template.array, ULONG(template.count), byref(made))
        return made.value

    def generate_pair(self, kind, public, private):
        how = p11.Mechanism(kind, None, 0)
        public, private, made = Template(*public), Template(*private), [ULONG(0), ULONG(0)]
        self.module.must("C_GenerateKeyPair", self.session, byref(how), public.array, ULONG(public.count),
                         private.array, ULONG(private.count), byref(made[0]), byref(made[1]))
        return made[0].value, made[1].value

    def all(self):
        """Every stored object; profiles are computed, so they are no part of a store."""
        found = self.module.find(self.session, Template(), 1000)
        kinds = {handle: int.from_bytes(self.attribute(handle, p11.CKA_CLASS), "little") for handle in found}
        return [handle for handle in found if kinds[handle] != p11.CKO_PROFILE]

    def find(self, label, kind):
        found = self.module.find(self.session, Template((p11.CKA_LABEL, text(label)),
                                                        (p11.CKA_CLASS, p11.number(kind))), 10)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} objects of class {kind} with label {label!r}")
        return found[0]

    def attribute(self, handle, kind):
        """The value, or None where the object has none or keeps it to itself."""
        asked = Template((kind, None))
        if self.module.call("C_GetAttributeValue", self.session, ULONG(handle), asked.array, ULONG(1)) != "OK":
            return None
        asked = Template((kind, max(asked.length(0), 1)))
        self.module.must("C_GetAttributeValue", self.session, ULONG(handle), asked.array, ULONG(1))
        return asked.value(0)

    def facts(self, handle):
        values = {f"{kind:#x}": self.attribute(handle, kind) for kind in ATTRIBUTES}
        return {kind: value.hex() for kind, value in values.items() if value is not None}

    def output(self, verb, name, key, given):
        """C_SignInit and C_Sign, say."""
        how, _kept = mechanism(name)
        self.module.must(f"C_{verb}Init", self.session, byref(how), ULONG(key))
        room, length = create_string_buffer(16384), ULONG(16384)
        self.module.must(f"C_{verb}", self.session, given, ULONG(len(given)), room, byref(length))
        return room.raw[: length.value]

    def verifies(self, name, key, given, signature):
        how, _kept = mechanism(name)
        self.module.must("C_VerifyInit", self.session, byref(how), ULONG(key))
        return self.module.call("C_Verify", self.session, given, ULONG(len(given)), signature, ULONG(len(signature)))

    SHARED = ((p11.CKA_CLASS, p11.number(CKO_SECRET_KEY)), (CKA_KEY_TYPE, p11.number(CKK_GENERIC_SECRET)),
              (CKA_VALUE_LEN, p11.number(32)), (p11.CKA_TOKEN, p11.yes(False)), (CKA_SENSITIVE, p11.yes(False)),
              (CKA_EXTRACTABLE, p11.yes(True)))

    def derive(self, name, key):
        how, _kept = mechanism(name)
        template, made = Template(*self.SHARED), ULONG(0)
        self.module.must("C_DeriveKey", self.session, byref(how), ULONG(key), template.array, ULONG(template.count),
                         byref(made))
        return self.attribute(made.value, p11.CKA_VALUE)

    def encapsulate(self, name, key):
        how, _kept = mechanism(name)
        template, made, room, length = Template(*self.SHARED), ULONG(0), create_string_buffer(4096), ULONG(4096)
        self.module.must("C_EncapsulateKey", self.session, byref(how), ULONG(key), template.array,
                         ULONG(template.count), room, byref(length), byref(made))
        return room.raw[: length.value], self.attribute(made.value, p11.CKA_VALUE)

    def decapsulate(self, name, key, ciphertext):
        how, _kept = mechanism(name)
        template, made = Template(*self.SHARED), ULONG(0)
        self.module.must("C_DecapsulateKey", self.session, byref(how), ULONG(key), template.array,
                         ULONG(template.count), ciphertext, ULONG(len(ciphertext)), byref(made))
        return self.attribute(made.value, p11.CKA_VALUE)


def make_token(module, label, user_pin):
    slot = module.slots()[-1]
    module.must("C_InitToken", ULONG(slot), SO_PIN, ULONG(len(SO_PIN)), text(label.ljust(32)))
    if user_pin is None:
        return
    token = Token(module, label, True)
    assert token.login(SO_PIN, p11.CKU_SO) == "OK"
    module.must("C_InitPIN", token.session, user_pin, ULONG(len(user_pin)))
    module.must("C_Logout", token.session)
    module.must("C_CloseSession", token.session)


def common(label, private, *more):
    return ((p11.CKA_TOKEN, p11.yes(True)), (p11.CKA_PRIVATE, p11.yes(private)), (p11.CKA_LABEL, text(label)), *more)


def secret(token, label, key_type, value, *more):
    kinds = (p11.CKA_CLASS, p11.number(CKO_SECRET_KEY)), (CKA_KEY_TYPE, p11.number(key_type))
    token.create(*kinds, *common(label, True, (p11.CKA_ID, b"\x01" + value[:3]), (p11.CKA_VALUE, value)), *more)


def make_few(token):
    """One of each kind of record: all that a golden store with a log has."""
    for label, private in (("open words", False), ("secret words", True)):
        token.create((p11.CKA_CLASS, p11.number(CKO_DATA)), *common(label, private),
                     (CKA_APPLICATION, b"golden"), (p11.CKA_VALUE, b"these are " + text(label)))
    secret(token, "aes", CKK_AES, bytes(range(32)))
    pair(token, "p256", 0x1040, ((CKA_EC_PARAMS, bytes.fromhex("06082a8648ce3d030107")),))


def pair(token, label, kind, public, *private):
    token.generate_pair(kind, common(label, False, (p11.CKA_ID, text(label)), *public),
                        common(label, True, (p11.CKA_ID, text(label)), *private))


def make_rest(token):
    token.create((p11.CKA_CLASS, p11.number(p11.CKO_CERTIFICATE)), (p11.CKA_CERTIFICATE_TYPE, p11.number(0)),
                 *common("certificate", False), (p11.CKA_SUBJECT, bytes.fromhex("300d310b300906035504030c026361")),
                 (p11.CKA_ID, b"cert"), (p11.CKA_VALUE, b"\x30\x40" + hashlib.sha512(b"golden").digest()))
    secret(token, "hmac", CKK_SHA256_HMAC, b"golden hmac key " * 2, (p11.CKA_SIGN, p11.yes(True)))
    secret(token, "generic", CKK_GENERIC_SECRET, b"golden generic secret", (CKA_EXTRACTABLE, p11.yes(True)),
           (CKA_SENSITIVE, p11.yes(False)))
    pair(token, "rsa", 0x0, ((p11.CKA_MODULUS_BITS, p11.number(2048)), (p11.CKA_PUBLIC_EXPONENT, b"\x01\x00\x01")))
    pair(token, "ed25519", 0x1055, ((CKA_EC_PARAMS, bytes.fromhex("06032b6570")),))
    pair(token, "x25519", 0x1056, ((CKA_EC_PARAMS, bytes.fromhex("06032b656e")),), (CKA_DERIVE, p11.yes(True)))
    pair(token, "ml-dsa", 0x1C, ((CKA_PARAMETER_SET, p11.number(1)),))
    pair(token, "ml-kem", 0x0F, ((CKA_PARAMETER_SET, p11.number(1)),))


SIGNERS = {"rsa": ("SHA256_RSA_PKCS", MESSAGE), "p256": ("ECDSA", DIGEST), "ed25519": ("EDDSA", MESSAGE),
           "ml-dsa": ("ML_DSA", MESSAGE)}


def uses(token, labels):
    """What came of using each key once: {label: hex, or a list of hex}."""
    found = {}
    for label in labels:
        if label in SIGNERS:
            name, given = SIGNERS[label]
            found[label] = token.output("Sign", name, token.find(label, p11.CKO_PRIVATE_KEY), given).hex()
    if "aes" in labels:
        found["aes"] = token.output("Encrypt", "AES_ECB", token.find("aes", CKO_SECRET_KEY), BLOCK).hex()
    if "hmac" in labels:
        found["hmac"] = token.output("Sign", "SHA256_HMAC", token.find("hmac", CKO_SECRET_KEY), MESSAGE).hex()
    if "x25519" in labels:
        found["x25519"] = token.derive("ECDH1_DERIVE", token.find("x25519", p11.CKO_PRIVATE_KEY)).hex()
    if "ml-kem" in labels:
        found["ml-kem"] = [part.hex() for part in token.encapsulate("ML_KEM", token.find("ml-kem", p11.CKO_PUBLIC_KEY))]
    return found
