#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens each golden store with the module: reads, uses, writes, opens again. Prints TAP.

usage: golden_test.py MODULE ASHLAR [FOLDER...]
"""

import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import traceback

import golden
from cryptoki import CKA_ID, CKA_LABEL, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKU_SO, ULONG, Module, Template

HERE = pathlib.Path(__file__).parent
NEW_PIN = b"another-user-pin"


def same(want, got, what):
    if want != got:
        raise AssertionError(f"{what}: wanted {want!r}, got {got!r}")


def tokens_are_there(module, facts):
    for label in facts["tokens"]:
        info = golden.Token(module, label).info()
        same(facts["flags"][label], info.flags, f"flags of {label!r}")
        same(facts["serials"][label], info.serialNumber.decode(), f"serial number of {label!r}")


def wrong_pins_are_wrong(module, facts):
    token = golden.Token(module, golden.FULL)
    same("PIN_INCORRECT", token.login(b"not-the-user-pin"), "a wrong user PIN")
    same("OK", token.login(), "the user PIN")
    module.must("C_Logout", token.session)
    module.must("C_CloseAllSessions", ULONG(token.slot))  # an officer's login bears no reader
    same("PIN_INCORRECT", golden.Token(module, golden.FULL, True).login(b"not-the-so-pin", CKU_SO), "a wrong SO PIN")
    officer = golden.Token(module, golden.FULL, True)
    same("OK", officer.login(golden.SO_PIN, CKU_SO), "the SO PIN")
    module.must("C_Logout", officer.session)


def logged_in(module, read_write=False, pin=golden.USER_PIN):
    token = golden.Token(module, golden.FULL, read_write)
    same("OK", token.login(pin), "login")
    return token


def attributes_are_as_they_were(module, facts):
    token = logged_in(module)
    for want in facts["objects"]:
        label, kind = bytes.fromhex(want["0x3"]).decode(), int.from_bytes(bytes.fromhex(want["0x0"]), "little")
        got = token.facts(token.find(label, kind))
        same(want, {name: got.get(name) for name in want}, f"{label!r} of class {kind}")
    same(len(facts["objects"]), len(token.all()), "the number of objects")
    module.must("C_Logout", token.session)
    public = [want for want in facts["objects"] if want["0x2"] == "00"]
    same(len(public), len(token.all()), "the number of public objects")


def keys_work(module, facts):
    """What is always the same comes again; what is not is checked with the other half."""
    token, uses = logged_in(module), facts["uses"]
    again = golden.uses(token, sorted(uses))
    for label in {"rsa", "ed25519", "aes", "hmac", "x25519"} & set(uses):
        same(uses[label], again[label], f"use of {label}")
    for label in set(golden.SIGNERS) & set(uses):
        name, given = golden.SIGNERS[label]
        key = token.find(label, CKO_PUBLIC_KEY)
        for signature in (uses[label], again[label]):
            same("OK", token.verifies(name, key, given, bytes.fromhex(signature)), f"signature of {label}")
    for ciphertext, shared in (uses["ml-kem"], again["ml-kem"]) if "ml-kem" in uses else ():
        got = token.decapsulate("ML_KEM", token.find("ml-kem", CKO_PRIVATE_KEY), bytes.fromhex(ciphertext))
        same(shared, got.hex(), "ML-KEM's shared secret")
    module.must("C_Logout", token.session)


def it_can_be_written(module, facts):
    token = logged_in(module, True)
    golden.secret(token, "new", golden.CKK_AES, bytes(range(16)))
    renamed = Template((CKA_LABEL, b"renamed"))
    module.must("C_SetAttributeValue", token.session, ULONG(token.find("secret words", 0)), renamed.array, ULONG(1))
    module.must("C_DestroyObject", token.session, ULONG(token.find("p256", CKO_PRIVATE_KEY)))
    facts["written"] = True
    module.must("C_SetPIN", token.session, golden.USER_PIN, ULONG(len(golden.USER_PIN)), NEW_PIN, ULONG(len(NEW_PIN)))
    module.must("C_Logout", token.session)


def what_was_written_is_there(module, facts):
    same("PIN_INCORRECT", golden.Token(module, golden.FULL).login(golden.USER_PIN), "the former PIN")
    token = logged_in(module, True, NEW_PIN)
    same(len(facts["objects"]), len(token.all()), "one more, one less")
    same(b"these are secret words", token.attribute(token.find("renamed", 0), 0x11), "the renamed one's value")
    same(b"\x01\x00\x01\x02", token.attribute(token.find("new", golden.CKO_SECRET_KEY), CKA_ID), "the new one's id")
    same("OK", module.call("C_DestroyObject", token.session, ULONG(token.find("new", golden.CKO_SECRET_KEY))), "destroy")
    module.must("C_Logout", token.session)
    golden.make_token(module, "a further one", golden.USER_PIN)


def it_is_sound(module, facts):
    """As `ashlar store check` sees it, private objects too; format 1 has not all that can be checked."""
    module.must("C_Finalize", None)
    pin = NEW_PIN if facts.get("written") else golden.USER_PIN
    ran = subprocess.run([facts["ashlar"], "store", "check", "--json", "--token", golden.FULL, "--pin-env", "GOLDEN_PIN"],
                         env={**os.environ, "GOLDEN_PIN": pin.decode()}, capture_output=True, text=True, check=False)
    same((0, ""), (ran.returncode, ran.stderr), f"the check of {ran.stdout}")
    found = json.loads(ran.stdout)["findings"]
    same([], [row for row in found if row["state"] == "damaged"], "damage")
    opened = sum(row["checked"] or 0 for row in found if row["slot"] == 0 and row["part"].endswith("objects"))
    same(len(facts["objects"]), opened, "the number of objects that were opened")
    module.must("C_Initialize", None)


STEPS = [tokens_are_there, wrong_pins_are_wrong, attributes_are_as_they_were, keys_work, it_is_sound, keys_work,
         it_can_be_written, it_is_sound, what_was_written_is_there]


def play(path, ashlar, folder, number):
    """All steps on a copy, in a child of their own; the number of steps that failed."""
    facts, failed = json.loads((folder / "facts.json").read_text()) | {"ashlar": ashlar}, 0
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(ASHLAR_HOME=home)
        with tarfile.open(folder / "store.tar.xz") as archive:
            archive.extractall(home)
        child = os.fork()
        if child == 0:
            module = Module(path)
            module.must("C_Initialize", None)
            for step in STEPS:
                number += 1
                try:
                    step(module, facts)
                    verdict = "ok"
                except (AssertionError, StopIteration):
                    verdict, failed = "not ok", failed + 1
                    print("# " + traceback.format_exc().replace("\n", "\n# "))
                print(f"{verdict} {number} - {folder.name}: {step.__name__.replace('_', ' ')}", flush=True)
            module.must("C_Finalize", None)
            os._exit(min(failed, 255))
        _, status = os.waitpid(child, 0)
    return 0 if status == 0 else 1


def main(module, ashlar, *folders):
    folders = [pathlib.Path(folder) for folder in folders] or sorted(HERE.glob("format-*"))
    failed = sum(play(module, ashlar, folder, index * len(STEPS)) for index, folder in enumerate(folders))
    print(f"1..{len(folders) * len(STEPS)}")
    return 1 if failed or not folders else 0


sys.exit(main(*sys.argv[1:]))
