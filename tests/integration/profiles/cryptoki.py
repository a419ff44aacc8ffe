# SPDX-License-Identifier: Apache-2.0
"""As much of PKCS#11 as the profiles' cases call, by ctypes (names as in the header)."""

import ctypes
from ctypes import POINTER, Structure, byref, c_char, c_ubyte, c_ulong, c_void_p, create_string_buffer

ULONG = c_ulong
UNAVAILABLE = ULONG(-1).value

CKR = {
    0x00: "OK",
    0x05: "GENERAL_ERROR",
    0x06: "FUNCTION_FAILED",
    0x07: "ARGUMENTS_BAD",
    0x12: "ATTRIBUTE_TYPE_INVALID",
    0x1B: "ACTION_PROHIBITED",
    0x54: "FUNCTION_NOT_SUPPORTED",
    0x82: "OBJECT_HANDLE_INVALID",
    0xA0: "PIN_INCORRECT",
    0xB3: "SESSION_HANDLE_INVALID",
    0x190: "CRYPTOKI_NOT_INITIALIZED",
}
CKO_CERTIFICATE, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_PROFILE = 1, 2, 3, 9
CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_LABEL, CKA_UNIQUE_ID, CKA_VALUE = 0, 1, 2, 3, 4, 0x11
CKA_CERTIFICATE_TYPE, CKA_SUBJECT, CKA_ID, CKA_SIGN, CKA_VERIFY = 0x80, 0x101, 0x102, 0x108, 0x10A
CKA_MODULUS, CKA_MODULUS_BITS, CKA_PUBLIC_EXPONENT = 0x120, 0x121, 0x122
CKA_PROFILE_ID = 0x601
CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, CKM_SHA256_RSA_PKCS, CKM_SHA512 = 0, 1, 0x40, 0x270
CKU_SO, CKU_USER = 0, 1
CKF_RW_SESSION, CKF_SERIAL_SESSION = 2, 4

TOKEN_FLAGS = {
    0x1: "RNG",
    0x2: "WRITE_PROTECTED",
    0x4: "LOGIN_REQUIRED",
    0x8: "USER_PIN_INITIALIZED",
    0x20: "RESTORE_KEY_NOT_NEEDED",
    0x200: "DUAL_CRYPTO_OPERATIONS",
    0x400: "TOKEN_INITIALIZED",
}
SLOT_FLAGS = {0x1: "TOKEN_PRESENT", 0x2: "REMOVABLE_DEVICE", 0x4: "HW_SLOT"}
MECHANISM_FLAGS = {
    0x1: "HW",
    0x100: "ENCRYPT",
    0x200: "DECRYPT",
    0x400: "DIGEST",
    0x800: "SIGN",
    0x1000: "SIGN_RECOVER",
    0x2000: "VERIFY",
    0x4000: "VERIFY_RECOVER",
    0x8000: "GENERATE",
    0x10000: "GENERATE_KEY_PAIR",
    0x20000: "WRAP",
    0x40000: "UNWRAP",
    0x80000: "DERIVE",
}


class Version(Structure):
    _fields_ = [("major", c_ubyte), ("minor", c_ubyte)]


class Info(Structure):
    _fields_ = [
        ("cryptokiVersion", Version),
        ("manufacturerID", c_char * 32),
        ("flags", ULONG),
        ("libraryDescription", c_char * 32),
        ("libraryVersion", Version),
    ]


class SlotInfo(Structure):
    _fields_ = [
        ("slotDescription", c_char * 64),
        ("manufacturerID", c_char * 32),
        ("flags", ULONG),
        ("hardwareVersion", Version),
        ("firmwareVersion", Version),
    ]


TOKEN_NUMBERS = (
    "maxSessionCount",
    "sessionCount",
    "maxRwSessionCount",
    "rwSessionCount",
    "maxPinLen",
    "minPinLen",
    "totalPublicMemory",
    "freePublicMemory",
    "totalPrivateMemory",
    "freePrivateMemory",
)


class TokenInfo(Structure):
    _fields_ = [
        ("label", c_char * 32),
        ("manufacturerID", c_char * 32),
        ("model", c_char * 16),
        ("serialNumber", c_char * 16),
        ("flags", ULONG),
        *[(name, ULONG) for name in TOKEN_NUMBERS],
        ("hardwareVersion", Version),
        ("firmwareVersion", Version),
        ("utcTime", c_char * 16),
    ]


class MechanismInfo(Structure):
    _fields_ = [("minKeySize", ULONG), ("maxKeySize", ULONG), ("flags", ULONG)]


class SessionInfo(Structure):
    _fields_ = [("slotID", ULONG), ("state", ULONG), ("flags", ULONG), ("deviceError", ULONG)]


class Attribute(Structure):
    _fields_ = [("type", ULONG), ("value", c_void_p), ("len", ULONG)]


class Mechanism(Structure):
    _fields_ = [("type", ULONG), ("parameter", c_void_p), ("len", ULONG)]


class Interface(Structure):
    _fields_ = [("name", ctypes.c_char_p), ("functions", c_void_p), ("flags", ULONG)]


def number(value):
    return ctypes.string_at(byref(ULONG(value)), ctypes.sizeof(ULONG))


def yes(value):
    return bytes([1 if value else 0])


def flag_names(flags, names):
    """The set of names; bits without one as numbers, so that none is overlooked."""
    found = {name for bit, name in names.items() if flags & bit}
    rest = flags & ~sum(names)
    return found | ({hex(rest)} if rest else set())


class Template:
    """CK_ATTRIBUTE[] from (type, bytes); an int in place of the bytes is room to be filled."""

    def __init__(self, *pairs):
        self.rooms = [None if room is None else create_string_buffer(room, len(room)) if isinstance(room, bytes)
                      else create_string_buffer(room) for _, room in pairs]
        self.array = (Attribute * max(len(pairs), 1))()
        self.count = len(pairs)
        for entry, (kind, _), room in zip(self.array, pairs, self.rooms):
            entry.type = kind
            entry.value = ctypes.cast(room, c_void_p) if room is not None else None
            entry.len = len(room) if room is not None else 0

    def length(self, index):
        return self.array[index].len

    def value(self, index):
        return self.rooms[index].raw[: self.array[index].len]


class Module:
    """call("C_Name", ...) gives the name of the CKR_, without its prefix."""

    def __init__(self, path):
        self.lib = ctypes.CDLL(path)

    def call(self, name, *arguments):
        function = getattr(self.lib, name)
        function.restype = ULONG
        code = function(*arguments)
        return CKR.get(code, hex(code))

    def must(self, name, *arguments):
        code = self.call(name, *arguments)
        if code != "OK":
            raise AssertionError(f"{name}: {code}")

    def slots(self):
        count = ULONG(0)
        self.must("C_GetSlotList", c_ubyte(1), None, byref(count))
        slots = (ULONG * count.value)()
        self.must("C_GetSlotList", c_ubyte(1), slots, byref(count))
        return list(slots)[: count.value]

    def open(self, slot, read_write):
        session = ULONG(0)
        flags = CKF_SERIAL_SESSION | (CKF_RW_SESSION if read_write else 0)
        self.must("C_OpenSession", ULONG(slot), ULONG(flags), None, None, byref(session))
        return session

    def find(self, session, template, most):
        self.must("C_FindObjectsInit", session, template.array, ULONG(template.count))
        found, count = (ULONG * most)(), ULONG(0)
        self.must("C_FindObjects", session, found, ULONG(most), byref(count))
        self.must("C_FindObjectsFinal", session)
        return list(found)[: count.value]
