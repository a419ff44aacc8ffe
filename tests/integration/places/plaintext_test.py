#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks into the store's files for what must never stand there in the clear. Prints TAP.

usage: plaintext_test.py MODULE ASHLAR

Keys, PINs and labels of private objects that are known here are looked for in every file of the
folder: while they are made, after a kill, after a clean end, after they were destroyed, in a
backup, after compacting. That the search finds what is there shows in a public object's sealed
bytes, and in the copy of the PIN that a broken store would have.
"""

import base64
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).parent
for folder in (HERE.parent.parent / "golden", HERE.parent.parent / "pkcs11"):
    sys.path.insert(0, str(folder))

import golden  # noqa: E402
from cryptoki import CKA_ID, CKA_LABEL, CKO_PRIVATE_KEY, ULONG, Module, Template  # noqa: E402
from tap import Tap  # noqa: E402

USER_PIN, NEW_PIN, WRONG_PIN, SO_PIN = b"user-pin-e4c1f0", b"new-pin-77a0d3", b"wrong-pin-5b21ce", b"so-pin-9d8e17"
AES = bytes.fromhex("5f1d8c0be3a94476b0c2d7f81e6a39540c7be5d218f3a6490db1c84e72f695a3")
GENERIC = b"generic secret 3c7f51 of a few words"
LABEL, RENAMED, DATA = "private label 0f8a2c", "renamed private 6d41b9", b"private data 1c9e5f"
# RFC 9500's test key for P-256: its private part, known to everybody.
P256 = bytes.fromhex("E6CB5BDD80AA45AE9C95E8C15476679FFEC953C16851E711E743939589C64FC1")
POINT = bytes.fromhex("0441" "04422548F88FB782FFB5ECA3744452C72A1E558FBD6F73BE5E48E93232CC45C5B1"
                      "6C4CD10C4CB8D5B8A17139E94882C8992572993425F41419AB7E90A42A494272")

SECRETS = {
    "the user's PIN": USER_PIN,
    "the new PIN": NEW_PIN,
    "a wrong PIN": WRONG_PIN,
    "the officer's PIN": SO_PIN,
    "an AES key": AES,
    "a generic secret": GENERIC,
    "a private key": P256,
    "the label of a private object": LABEL.encode(),
    "its later label": RENAMED.encode(),
    "the value of a private object": DATA,
}


def forms(secret):
    """The ways in which it could stand there."""
    yield secret
    yield secret[::-1]
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    yield base64.b64encode(secret)[:-2]
    try:
        yield secret.decode().encode("utf-16-le")
    except UnicodeDecodeError:
        pass


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def leaks(folder):
    """Also the halves of each: a value may lie on two pages."""
    found = []
    for name, content in contents(folder).items():
        for what, secret in SECRETS.items():
            for form in forms(secret):
                half = len(form) // 2
                if form in content or (half >= 12 and (form[:half] in content or form[half:] in content)):
                    found.append(f"{what} in {name}")
    return found


def fill(module):
    """A token with all of it; the session stays open."""
    token = golden.Token(module, "clear", True)
    assert token.login(WRONG_PIN) == "PIN_INCORRECT"
    assert token.login(USER_PIN) == "OK"
    golden.secret(token, LABEL, golden.CKK_AES, AES)
    golden.secret(token, LABEL, golden.CKK_GENERIC_SECRET, GENERIC)
    token.create((0, golden.p11.number(golden.CKO_DATA)), *golden.common(LABEL, True), (0x11, DATA))
    token.create((0, golden.p11.number(CKO_PRIVATE_KEY)), (golden.CKA_KEY_TYPE, golden.p11.number(3)),
                 *golden.common(LABEL, True, (CKA_ID, b"clear")),
                 (golden.CKA_EC_PARAMS, bytes.fromhex("06082a8648ce3d030107")), (0x11, P256))
    renamed = Template((CKA_LABEL, RENAMED.encode()))
    module.must("C_SetAttributeValue", token.session, ULONG(token.find(LABEL, golden.CKO_DATA)), renamed.array, ULONG(1))
    module.must("C_SetPIN", token.session, USER_PIN, ULONG(len(USER_PIN)), NEW_PIN, ULONG(len(NEW_PIN)))
    return token


def start(module):
    module.must("C_Initialize", None)
    golden.SO_PIN = SO_PIN
    golden.make_token(module, "clear", USER_PIN)


def in_child(body, path, sign):
    """Runs body(module) in a process of its own, which has to end by `sign`."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            body(Module(path))
            code = 0
        except Exception:  # noqa: BLE001
            traceback.print_exc()
        if sign:
            os.kill(os.getpid(), sign if code == 0 else signal.SIGTERM)
        os._exit(code)
    _, status = os.waitpid(child, 0)
    if status != sign:
        raise AssertionError(f"the process ended with {status}, not {sign}")


def sealed(home):
    """The sealed bytes of all private objects, as they stand in the store."""
    database = sqlite3.connect(f"file:{home}/store.db?immutable=1", uri=True)
    values = [value for (value,) in database.execute("SELECT value FROM record WHERE space = 5")]
    database.close()
    return values


def destroy_all(token):
    for handle in token.all():
        token.module.must("C_DestroyObject", token.session, ULONG(handle))


class Story:
    def __init__(self, module, ashlar, home, tap):
        self.module, self.ashlar, self.home, self.tap = module, ashlar, pathlib.Path(home), tap

    def look(self, when):
        found = leaks(self.home)
        self.tap.check(f"nothing in the clear {when}", not found, "\n".join(found))

    def run(self, *words):
        result = subprocess.run([self.ashlar, *words], capture_output=True, text=True, check=False)
        self.tap.check("ashlar " + " ".join(words[:2]), result.returncode == 0, result.stderr)

    def begin(self, module):
        start(module)
        fill(module)
        self.look("while they are made")
        names = set(contents(self.home))
        self.tap.check("the log and its index were looked at", {"store.db-wal", "store.db-shm"} <= names, str(names))

    def go_on(self, module):
        """After a kill: the log is played back, and all destroyed."""
        module.must("C_Initialize", None)
        token = golden.Token(module, "clear", True)
        assert token.login(NEW_PIN) == "OK"
        assert len(token.all()) == 4, len(token.all())
        self.look("after it was opened again")
        module.must("C_Finalize", None)
        self.look("after a clean end")
        self.values = sealed(self.home)
        everything = b"".join(contents(self.home).values())
        self.tap.check("the search finds what is there", len(self.values) == 4
                       and all(value[-48:] in everything for value in self.values))
        self.run("store", "backup", str(self.home / "copy"))
        self.look("in a backup")
        (self.home / "copy").unlink()

        module.must("C_Initialize", None)
        token = golden.Token(module, "clear", True)
        assert token.login(NEW_PIN) == "OK"
        destroy_all(token)
        self.look("while they are destroyed")
        module.must("C_Finalize", None)
        self.look("after they were destroyed")
        everything = b"".join(contents(self.home).values())
        left = sum(value[at : at + 32] in everything for value in self.values for at in range(0, len(value) - 32, 32))
        self.tap.check("not even sealed bytes are left of what was destroyed", left == 0, f"{left} pieces of 32 bytes")
        self.run("store", "compact")
        self.look("after it was compacted")


def main(module, ashlar):
    tap = Tap()
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(ASHLAR_HOME=home)
        story = Story(module, ashlar, home, tap)
        # Children count their own checks: the parent goes on from what they say.
        for body, sign in ((story.begin, signal.SIGKILL), (story.go_on, 0)):
            reader, writer = os.pipe()

            def counted(loaded, body=body, writer=writer):
                try:
                    body(loaded)
                finally:
                    os.write(writer, f"{tap.count} {tap.failed}".encode())

            in_child(counted, module, sign)
            tap.count, tap.failed = (int(word) for word in os.read(reader, 100).split())
            if sign:
                story.look("after a kill")
        (pathlib.Path(home) / "broken").write_bytes(b"x" * 5000 + NEW_PIN[:20])
        tap.check("a leak would be found", leaks(pathlib.Path(home)) != [])
    tap.done()


main(*sys.argv[1:])
