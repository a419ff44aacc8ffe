#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the profiles' mandatory cases against the released module and prints TAP.

usage: profiles_test.py PATH-OF-MODULE PATH-OF-ASHLAR
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
from ctypes import byref, c_char_p, c_ubyte, c_void_p, cast, create_string_buffer

import cryptoki as p11
from cases import CASES, NOT_CLAIMED, VARIES, Flags, Ours
from cryptoki import ULONG, Template

SO_PIN, USER_PIN = "officer-pin", "12345678"

KINDS = {
    "TOKEN": p11.CKA_TOKEN,
    "LABEL": p11.CKA_LABEL,
    "CLASS": p11.CKA_CLASS,
    "VALUE": p11.CKA_VALUE,
    "MODULUS": p11.CKA_MODULUS,
    "PUBLIC_EXPONENT": p11.CKA_PUBLIC_EXPONENT,
}
CLASSES = {"PUBLIC_KEY": p11.CKO_PUBLIC_KEY, "PRIVATE_KEY": p11.CKO_PRIVATE_KEY}
MECHANISMS = {
    "SHA512": p11.CKM_SHA512,
    "RSA_PKCS_KEY_PAIR_GEN": p11.CKM_RSA_PKCS_KEY_PAIR_GEN,
    "RSA_PKCS": p11.CKM_RSA_PKCS,
    "SHA256_RSA_PKCS": p11.CKM_SHA256_RSA_PKCS,
}


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, name, wrong):
        """`wrong` is "" or what was wanted and what came."""
        self.count += 1
        self.failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {self.count} - {name}", flush=True)
        for line in wrong.splitlines():
            print(f"# {line}")

    def note(self, text):
        print(f"# {text}", flush=True)


def attribute(name, value):
    if name == "CLASS":
        return KINDS[name], p11.number(CLASSES[value])
    return KINDS[name], p11.yes(value) if isinstance(value, bool) else value.encode()


def certificate(index):
    """Something of a certificate's size and outer form; a token does not look inside."""
    body = hashlib.shake_256(b"certificate %d" % index).digest(885)
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


class Player:
    """One method for each function of the cases: (rv, what it gave)."""

    def __init__(self, module):
        self.module, self.known, self.session = module, {}, ULONG(0)

    def get(self, value):
        return self.known[value] if isinstance(value, str) and value.startswith("$") else value

    def slot(self, given):
        return ULONG(self.get(given["slot"]))

    def C_Initialize(self, _):
        return self.module.call("C_Initialize", None), {}

    def C_Finalize(self, _):
        return self.module.call("C_Finalize", None), {}

    def C_GetInfo(self, _):
        info = p11.Info()
        return self.module.call("C_GetInfo", byref(info)), fields(info, {})

    def C_GetSlotList(self, given):
        room = self.get(given["list"])
        slots = (ULONG * room)() if room else None
        count = ULONG(room or 0)
        rv = self.module.call("C_GetSlotList", c_ubyte(given["tokenPresent"]), slots, byref(count))
        return rv, {"count": count.value, "list": slots[0] if slots else None}

    def C_GetSlotInfo(self, given):
        info = p11.SlotInfo()
        return self.module.call("C_GetSlotInfo", self.slot(given), byref(info)), fields(info, p11.SLOT_FLAGS)

    def C_GetTokenInfo(self, given):
        info = p11.TokenInfo()
        return self.module.call("C_GetTokenInfo", self.slot(given), byref(info)), fields(info, p11.TOKEN_FLAGS)

    def C_GetMechanismList(self, given):
        room = self.get(given["list"])
        types = (ULONG * room)() if room else None
        count = ULONG(room or 0)
        rv = self.module.call("C_GetMechanismList", self.slot(given), types, byref(count))
        return rv, {"count": count.value, "has": list(types or [])[: count.value]}

    def C_GetMechanismInfo(self, given):
        info = p11.MechanismInfo()
        rv = self.module.call("C_GetMechanismInfo", self.slot(given), ULONG(MECHANISMS[given["type"]]), byref(info))
        return rv, fields(info, p11.MECHANISM_FLAGS)

    def C_OpenSession(self, given):
        flags = p11.CKF_SERIAL_SESSION | (p11.CKF_RW_SESSION if given["read_write"] else 0)
        return self.module.call("C_OpenSession", self.slot(given), ULONG(flags), None, None, byref(self.session)), {}

    def C_Login(self, _):
        pin = USER_PIN.encode()
        return self.module.call("C_Login", self.session, ULONG(p11.CKU_USER), c_char_p(pin), ULONG(len(pin))), {}

    def C_Logout(self, _):
        return self.module.call("C_Logout", self.session), {}

    def C_CloseSession(self, _):
        return self.module.call("C_CloseSession", self.session), {}

    def C_CloseAllSessions(self, given):
        return self.module.call("C_CloseAllSessions", self.slot(given)), {}

    def C_FindObjectsInit(self, given):
        template = Template(*[attribute(name, value) for name, value in given["template"]])
        return self.module.call("C_FindObjectsInit", self.session, template.array, ULONG(template.count)), {}

    def C_FindObjects(self, given):
        found, count = (ULONG * given["most"])(), ULONG(0)
        rv = self.module.call("C_FindObjects", self.session, found, ULONG(given["most"]), byref(count))
        return rv, {"objects": list(found)[: count.value]}

    def C_FindObjectsFinal(self, _):
        return self.module.call("C_FindObjectsFinal", self.session), {}

    def C_GetAttributeValue(self, given):
        handle = ULONG(self.get(given["object"])[given.get("index", 0)])
        if "ask" in given:
            template = Template((KINDS[given["ask"]], None))
        else:
            template = Template(*[(KINDS[name], self.get(room)) for name, room in given["room"]])
        rv = self.module.call("C_GetAttributeValue", self.session, handle, template.array, ULONG(template.count))
        lengths = [template.length(i) for i in range(template.count)]
        values = lengths if "ask" in given or rv != "OK" else [template.value(i) for i in range(template.count)]
        return rv, {"lengths": lengths, "values": values, "remember": values}

    def C_SignInit(self, given):
        mechanism = p11.Mechanism(MECHANISMS[given["mechanism"]], None, 0)
        return self.module.call("C_SignInit", self.session, byref(mechanism), ULONG(self.get(given["key"])[0])), {}

    def C_Sign(self, given):
        signature, count = create_string_buffer(given["room"]), ULONG(given["room"])
        data = given["data"]
        rv = self.module.call("C_Sign", self.session, c_char_p(data), ULONG(len(data)), signature, byref(count))
        return rv, {"signature": count.value, "bytes": signature.raw[: count.value], "data": data}


def fields(info, names):
    got = {}
    for name, _ in info._fields_:
        value = getattr(info, name)
        if isinstance(value, p11.Version):
            value = (value.major, value.minor)
        got[name] = p11.flag_names(value, names) if name == "flags" and names else value
    return got


def rsa_verifies(data, signature, modulus, exponent):
    """RFC 8017 §8.2.2 with SHA-256, by hand: not by the module that made it."""
    size = len(modulus)
    n, e = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
    opened = pow(int.from_bytes(signature, "big"), e, n).to_bytes(size, "big")
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(data).digest()
    return opened == b"\x00\x01" + b"\xff" * (size - 3 - len(digest)) + b"\x00" + digest


class Checker:
    """Holds what a step gave against what the case wants of it."""

    def __init__(self, player, tap):
        self.player, self.tap = player, tap

    def value(self, name, want, got):
        if want is VARIES:
            return ""
        if isinstance(want, Flags):
            other = got ^ want.case
            if other - want.may:
                return f"{name}: wanted {sorted(want.case)}, got {sorted(got)}\n"
            if other:
                self.tap.note(f"differs: {name}, by {sorted(other)}: {want.why}")
            return ""
        if isinstance(want, Ours):
            wanted = p11.UNAVAILABLE if want.value == -1 else want.value
            self.tap.note(f"differs: {name} is {want.value}, in the case {want.case}: {want.why}")
            return "" if got == wanted else f"{name}: wanted {wanted}, got {got}\n"
        return "" if got == want else f"{name}: wanted {want}, got {got}\n"

    def special(self, name, want, got):
        """The expectations that are no value to compare; None for the others."""
        known = self.player.known
        if name == "least":
            return "" if len(got["objects"]) >= want else f"wanted {want} objects, got {len(got['objects'])}\n"
        if name == "has":
            missing = [word for word in want if MECHANISMS[word] not in got["has"]]
            return f"wanted {missing} in the list too\n" if missing else ""
        if name == "values":
            wanted = [known[value] if isinstance(value, str) else value for value in want]
            return "" if got["values"] == wanted else f"wanted {wanted}, got {got['values']}\n"
        if name == "remember":
            known.update(zip(want, got["remember"]))
            return ""
        if name == "signature":
            good = got["signature"] == want and rsa_verifies(
                got["data"], got["bytes"], known["$modulus"], known["$exponent"]
            )
            return "" if good else f"wanted {want} bytes that verify, got {got['bytes'].hex()}\n"
        if isinstance(want, str) and want.startswith("$"):
            known[want] = got[name]
            return ""
        return None

    def step(self, want, got):
        wrong = ""
        for name, value in want.items():
            special = self.special(name, value, got)
            wrong += special if special is not None else self.value(name, value, got[name])
        return wrong


def play(tap, module, case, steps):
    """Plays a case to its end; the number of steps that were right."""
    player = Player(module)
    player.known.update({f"$certificate {i}": certificate(i) for i in range(5)})
    checker, good = Checker(player, tap), 0
    for number, (function, given, want) in enumerate(steps, 1):
        try:
            rv, got = getattr(player, function)(given)
            wrong = "" if rv == "OK" else f"wanted CKR_OK, got CKR_{rv}\n"
            wrong += checker.step(want, got) if not wrong else ""
        except (KeyError, IndexError) as missing:
            wrong = f"an earlier step did not give {missing}\n"
        tap.check(f"{case} step {number} {function}", wrong)
        good += not wrong
    if good < len(steps):
        module.call("C_Finalize", None)
    tap.note(f"{case}: {good} of {len(steps)} steps")
    return good == len(steps)


def make_token(ashlar, folder):
    environment = {**os.environ, "ASHLAR_HOME": str(folder), "SO_PIN": SO_PIN, "USER_PIN": USER_PIN}
    words = ["init", "--label", "token1", "--so-pin-env", "SO_PIN", "--pin-env", "USER_PIN"]
    subprocess.run([ashlar, *words], env=environment, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def fill_with_key(module, session):
    mechanism = p11.Mechanism(p11.CKM_RSA_PKCS_KEY_PAIR_GEN, None, 0)
    public = Template(
        (p11.CKA_TOKEN, p11.yes(True)),
        (p11.CKA_LABEL, b"testrsa-pub"),
        (p11.CKA_MODULUS_BITS, p11.number(2048)),
        (p11.CKA_PUBLIC_EXPONENT, b"\x01\x00\x01"),
        (p11.CKA_VERIFY, p11.yes(True)),
    )
    private = Template(
        (p11.CKA_TOKEN, p11.yes(True)), (p11.CKA_LABEL, b"testrsa-pri"), (p11.CKA_SIGN, p11.yes(True))
    )
    pair = (ULONG(0), ULONG(0))
    module.must(
        "C_GenerateKeyPair",
        session,
        byref(mechanism),
        public.array,
        ULONG(public.count),
        private.array,
        ULONG(private.count),
        byref(pair[0]),
        byref(pair[1]),
    )


def fill_with_certificates(module, session):
    for index in range(5):
        template = Template(
            (p11.CKA_CLASS, p11.number(p11.CKO_CERTIFICATE)),
            (p11.CKA_CERTIFICATE_TYPE, p11.number(0)),
            (p11.CKA_TOKEN, p11.yes(True)),
            (p11.CKA_LABEL, b"certificate %d" % index),
            (p11.CKA_SUBJECT, b"\x30\x00"),
            (p11.CKA_VALUE, certificate(index)),
        )
        module.must("C_CreateObject", session, template.array, ULONG(template.count), byref(ULONG(0)))


def fill(module, what):
    module.must("C_Initialize", None)
    session = module.open(module.slots()[0], True)
    pin = USER_PIN.encode()
    module.must("C_Login", session, ULONG(p11.CKU_USER), c_char_p(pin), ULONG(len(pin)))
    what(module, session)
    module.must("C_Finalize", None)


# What a case presupposes to be on the token
PREPARE = {"AUTH-M-1-32": fill_with_key, "CERT-M-1-32": fill_with_certificates}


def read_number(module, session, handle, kind):
    template = Template((kind, 8))
    module.must("C_GetAttributeValue", session, ULONG(handle), template.array, ULONG(1))
    return int.from_bytes(template.value(0), sys.byteorder)


def check_objects(tap, module, passed):
    """The objects that say so: exactly for what passed and is claimed; read-only; found as NSS looks for them."""
    module.must("C_Initialize", None)
    session = module.open(module.slots()[0], True)
    profile = Template((p11.CKA_TOKEN, p11.yes(True)), (p11.CKA_CLASS, p11.number(p11.CKO_PROFILE)))
    handles = module.find(session, profile, 16)
    ids = sorted(read_number(module, session, handle, p11.CKA_PROFILE_ID) for handle in handles)
    want = sorted(passed - set(NOT_CLAIMED))
    tap.check("a profile object for each case that passed", "" if ids == want else f"wanted {want}, got {ids}")
    for handle in handles:
        name = f"profile {read_number(module, session, handle, p11.CKA_PROFILE_ID)}"
        label = Template((p11.CKA_LABEL, b"mine"))
        codes = {
            "C_DestroyObject": module.call("C_DestroyObject", session, ULONG(handle)),
            "C_SetAttributeValue": module.call("C_SetAttributeValue", session, ULONG(handle), label.array, ULONG(1)),
            "C_CopyObject": module.call("C_CopyObject", session, ULONG(handle), None, ULONG(0), byref(ULONG(0))),
        }
        wrong = [f"{function}: CKR_{rv}" for function, rv in codes.items() if rv != "ACTION_PROHIBITED"]
        tap.check(f"{name} is nobody's to change", "\n".join(wrong))
    tap.check("they are still there", "" if module.find(session, profile, 16) == handles else "they changed")
    module.must("C_Finalize", None)


def check_functions(tap, module):
    """The functions that the profiles name (§5.1, §5.3, §5.4) beside those of the cases."""
    count = ULONG(0)
    module.must("C_GetInterfaceList", None, byref(count))
    interface = c_void_p()
    version = p11.Version(3, 2)
    rv = module.call("C_GetInterface", c_char_p(b"PKCS 11"), byref(version), byref(interface), ULONG(0))
    got = cast(interface, p11.POINTER(p11.Interface)).contents.name if interface else None
    tap.check(
        "interfaces", "" if rv == "OK" and got == b"PKCS 11" and count.value >= 1 else f"CKR_{rv}, {count.value}, {got}"
    )
    functions = c_void_p()
    rv = module.call("C_GetFunctionList", byref(functions))
    tap.check("C_GetFunctionList", "" if rv == "OK" and functions else f"CKR_{rv}")
    module.must("C_Initialize", None)
    session, info, pin = module.open(module.slots()[0], True), p11.SessionInfo(), USER_PIN.encode()
    tap.check("C_GetSessionInfo", wanted_ok(module.call("C_GetSessionInfo", session, byref(info))))
    rv = module.call("C_LoginUser", session, ULONG(p11.CKU_USER), c_char_p(pin), ULONG(len(pin)), None, ULONG(0))
    tap.check("C_LoginUser", wanted_ok(rv))
    module.must("C_Finalize", None)


def wanted_ok(rv):
    return "" if rv == "OK" else f"wanted CKR_OK, got CKR_{rv}"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    module, ashlar = p11.Module(os.path.abspath(sys.argv[1])), os.path.abspath(sys.argv[2])
    tap, passed = Tap(), set()
    for name in ("ASHLAR_CONF", "ASHLAR_HOME"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="ashlar-profiles-") as folder:
        for case, profile, steps in CASES:
            home = pathlib.Path(folder) / case
            make_token(ashlar, home)
            os.environ["ASHLAR_HOME"] = str(home)
            if case in PREPARE:
                fill(module, PREPARE[case])
            if play(tap, module, case, steps):
                passed.add(profile)
        check_objects(tap, module, passed)
        check_functions(tap, module)
    for profile, why in NOT_CLAIMED.items():
        tap.note(f"no object for profile {profile}: {why}")
    print(f"1..{tap.count}")
    sys.exit(1 if tap.failed else 0)


if __name__ == "__main__":
    main()
