#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands of the README and of pages in docs/ run as they stand, at a terminal that is asked for PINs.

usage: docs_test.py PATH-OF-ASHLAR [WORD...]   only the tests whose names have all words

Pages of single programs are run by tests/clients, the installation by tests/integration/install.
"""

import os
import pathlib
import re
import shutil
import subprocess

from home import DONE, PIN, SO_PIN, USER_PIN, Home, expect, expect_code
from suite import Skip, main, test
from terminal import Terminal

TOP = pathlib.Path(__file__).resolve().parents[3]
SOFTHSM_PIN = "soft-user-pin"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# What a terminal is asked, as the last thing on it; and what a person types.
ANSWERS = [
    (re.compile(r"SO PIN[^\n]*: $"), SO_PIN),
    (re.compile(r"PIN of SoftHSM[^\n]*: $"), SOFTHSM_PIN),
    (re.compile(r"[Uu]ser PIN[^\n]*: $"), USER_PIN),
    (re.compile(r"again: $"), None),  # the same
]


def blocks(page):
    return BLOCK.findall((TOP / page).read_text(encoding="utf-8"))


class Reader(Home):
    """Somebody who types what a page says, in a folder where the page may be."""

    def __init__(self, folder, ashlar):
        super().__init__(ashlar, folder)
        self.work = self.folder / "work"
        (self.work / "build").mkdir(parents=True)
        (self.work / "build/ashlar").symlink_to(self.ashlar)

    def type(self, commands, **more):
        """All of it has to succeed. What was on the screen."""
        path = f"{self.work}/build:{os.environ['PATH']}"
        script = f"cd '{self.work}'; set -e\n{commands}"
        terminal = Terminal(["/bin/bash", "-c", script], self.env(PATH=path, **more))
        answer_all(terminal)
        code = terminal.end()
        expect(code == DONE, f"{commands}\nexit {code}: {terminal.screen}")
        expect(USER_PIN not in terminal.screen and SO_PIN not in terminal.screen, terminal.screen)
        return terminal.screen


def answer_all(terminal):
    """Whatever is asked for, until the end."""
    answered, last = 0, None
    while terminal.read_more():
        asked = terminal.screen[answered:]
        for prompt, answer in ANSWERS:
            if prompt.search(asked):
                last = answer or last
                os.write(terminal.fd, last.encode() + b"\n")
                answered = len(terminal.screen)
                break


def tool(*words, **how):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=120, check=False, **how)
    expect(done.returncode == 0, f"{words}: {done.stdout}{done.stderr}")
    return done.stdout


@test
def the_readme_makes_a_key_a_certificate_and_a_signature(reader):
    _, commands = blocks("README.md")
    shutil.copy(TOP / "README.md", reader.work)
    screen = reader.type(commands)
    expect("Signature is valid" in screen, screen)
    shown = tool("openssl", "x509", "-in", reader.work / "root.pem", "-noout", "-subject", "-ext", "basicConstraints")
    expect("Example root" in shown and "CA:TRUE" in shown, shown)
    uris = re.findall(r"pkcs11:\S+", screen)
    expect(any("object=root" in uri for uri in uris), screen)


@test
def the_operator_sees_what_there_is(ca):
    screen = ca.type(blocks("docs/operating.md")[0])
    expect(str(ca.folder / "store") in screen and "ca" in screen, screen)


@test
def a_backup_is_restored_as_the_operators_guide_says(ca):
    store, elsewhere = ca.folder / "store", ca.folder / "elsewhere"
    elsewhere.mkdir()
    expect_code(ca.user("key", "generate", "--type", "ec:p256", "--label", "kept"), DONE)
    places = {"/backup": elsewhere, "/elsewhere": elsewhere, "/var/lib/ashlar": store}
    there = re.compile("|".join(rf"(?<= ){place}(?=/)" for place in places))
    commands, found = there.subn(lambda place: str(places[place[0]]), blocks("docs/operating.md")[1])
    expect(found == 3, commands)
    ca.type(commands)
    expect_code(ca.user("key", "generate", "--type", "ec:p256", "--label", "later"), DONE)
    shutil.rmtree(store)

    store.mkdir(0o700)
    (copy,) = elsewhere.glob("*.db")
    shutil.copy(copy, store / "store.db")
    shutil.copy(elsewhere / "root.key", store)
    for name in ("store.db", "root.key"):
        (store / name).chmod(0o600)
    expect_code(ca.user("store", "check"), DONE)
    expect({key["label"] for key in ca.json("key", "list")["keys"]} == {"kept"})


@test
def an_older_copy_in_place_needs_store_gen_removed(ca):
    store = ca.folder / "store"
    expect_code(ca.run("store", "backup", str(ca.folder / "copy.db")), DONE)
    expect_code(ca.user("key", "generate", "--type", "ec:p256", "--label", "later"), DONE)
    shutil.copy(ca.folder / "copy.db", store / "store.db")
    for name in ("store.db-wal", "store.db-shm"):
        (store / name).unlink(missing_ok=True)
    refused = ca.user("key", "list")
    expect(refused.returncode != DONE and "store.gen" in refused.stderr, refused.stderr)
    expect("an older copy is in its place" in ca.run("doctor").stdout, "doctor does not say why")
    (store / "store.gen").unlink()
    expect(ca.json("key", "list")["keys"] == [])


@test
def pins_are_got_back_as_the_table_says(ca):
    for command in ("pin set", "pin set --so", "pin reset", "pin unlock"):
        expect(f"`ashlar {command}`" in (TOP / "docs/operating.md").read_text(encoding="utf-8"), command)
        if command == "pin unlock":
            for _ in range(10):
                expect_code(ca.run("key", "list", "--pin-file", ca.wrong), PIN)
            expect_code(ca.user("key", "list"), PIN, "locked", "ashlar pin unlock")
            expect("ashlar pin unlock" in ca.run("doctor").stdout, "doctor does not say that it is locked")
        ca.type(f"ashlar {command}")
    expect_code(ca.user("key", "list"), DONE)


@test
def a_softhsm_token_moves_as_its_page_says(reader):
    if not shutil.which("softhsm2-util"):
        raise Skip("SoftHSM is not here: tools/setup --peers installs it")
    tokens, conf = reader.folder / "softhsm", reader.folder / "softhsm2.conf"
    tokens.mkdir()
    conf.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n", encoding="utf-8")
    env = {**os.environ, "SOFTHSM2_CONF": str(conf)}
    tool("softhsm2-util", "--init-token", "--free", "--label", "mytoken", "--so-pin", "soft-so-pin", "--pin", SOFTHSM_PIN,
         env=env)
    tool("openssl", "genpkey", "-algorithm", "RSA", "-out", reader.folder / "key.pem")
    tool("softhsm2-util", "--import", reader.folder / "key.pem", "--token", "mytoken", "--pin", SOFTHSM_PIN, "--label", "old",
         "--id", "01", env=env)
    screen = reader.type(blocks("docs/moving-from-softhsm.md")[0], SOFTHSM2_CONF=str(conf))
    expect("object=old" in screen, screen)
    expect(len(reader.json("key", "list")["keys"]) == 2)


if __name__ == "__main__":
    main(__doc__, Reader)
