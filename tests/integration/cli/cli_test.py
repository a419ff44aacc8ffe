#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives the real `ashlar` in a folder of its own and prints TAP.

usage: cli_test.py PATH-OF-ASHLAR [WORD...]   only the tests whose names have all words
"""

import base64
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys

from home import AMBIGUOUS, DECLINED, DONE, FAILED, NOT_FOUND, PIN, SO_PIN, STORAGE, USAGE, USER_PIN
from home import expect, expect_code
from suite import main, test

PAIRS = ["rsa:2048", "rsa:3072", "rsa:4096", "ec:p256", "ec:p384", "ec:p521", "ec:p224", "ec:secp256k1", "ed25519",
         "ed448", "x25519", "x448", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87", "ml-kem-512", "ml-kem-768", "ml-kem-1024"]
SECRETS = ["aes:128", "aes:192", "aes:256", "generic:256", "generic:384", "generic:512", "hmac-sha256"]


@test
def without_a_store_there_is_no_token_and_none_is_made(home):
    listed = home.run("token", "list")
    expect_code(listed, DONE)
    expect("ashlar init" in listed.stdout, listed.stdout)
    expect_code(home.run("token", "show"), NOT_FOUND, "there is no token yet", "ashlar init --label NAME")
    expect_code(home.user("key", "list"), NOT_FOUND)
    expect(not (home.folder / "store").exists(), "a store was made")


@test
def init_makes_a_token(home):
    made = home.init("ca")
    expect_code(made, DONE)
    expect("ca" in made.stdout and "Next:" in made.stdout, made.stdout)
    expect(SO_PIN not in made.stdout and USER_PIN not in made.stdout)
    (token,) = home.json_list("tokens", "token", "list")
    expect(token["label"] == "ca" and token["initialized"] and token["state"] == "ready", token)
    expect(token["user_pin"] == "set" and token["so_pin"] == "set", token)
    expect(re.fullmatch(r"pkcs11:token=ca;serial=\w+", token["uri"]), token)


@test
def init_refuses_a_label_twice_and_pins_of_wrong_length(ca):
    expect_code(ca.init("ca"), FAILED, 'there is a token "ca" already')
    short = ca.pin_file("short", "abc")
    expect_code(ca.run("init", "--label", "x", "--so-pin-file", short, "--no-user-pin"), PIN, "bytes")
    expect_code(ca.init("x" * 33), USAGE)
    expect(len(ca.json_list("tokens", "token", "list")) == 1)


@test
def several_inits_at_once_take_a_slot_each(home):
    words = [home.ashlar, "init", "--so-pin-file", home.so, "--pin-file", home.pin, "--label"]
    names = [f"token {n}" for n in range(5)]
    running = [
        subprocess.Popen([*words, name], env=home.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
        for name in names
    ]
    for process in running:
        _, stderr = process.communicate(timeout=120)
        expect(process.returncode == DONE, stderr)
    tokens = home.json_list("tokens", "token", "list")
    expect(sorted(token["label"] for token in tokens) == names, tokens)
    expect(sorted(token["slot"] for token in tokens) == list(range(5)), tokens)
    expect(all(token["user_pin"] == "set" for token in tokens), tokens)


@test
def init_wants_a_variable_for_each_pin(home):
    words = ("init", "--label", "x", "--so-pin-env", "S", "--pin-env", "S")
    expect_code(home.run(*words, env=home.env(S="one-for-both")), USAGE, "name one variable")
    expect(not (home.folder / "store").exists())


@test
def init_without_user_pin(home):
    expect_code(home.run("init", "--label", "ca", "--so-pin-file", home.so, "--no-user-pin"), DONE)
    (token,) = home.json_list("tokens", "token", "list")
    expect(token["user_pin"] == "not set", token)
    expect_code(home.user("key", "list"), PIN, "no user PIN yet")


@test
def init_anew_deletes_all_and_wants_the_so_pin(ca):
    expect_code(ca.user("key", "generate", "--type", "aes:256", "--label", "k"), DONE)
    (token,) = ca.json_list("tokens", "token", "list")
    slot = str(token["slot"])
    expect_code(ca.init("new", "--slot", slot), DECLINED, "--yes")
    wrong = ca.run("init", "--label", "new", "--slot", slot, "--yes", "--so-pin-file", ca.wrong, "--pin-file", ca.pin)
    expect_code(wrong, PIN, "the PIN is wrong")
    expect(len(ca.json_list("keys", "key", "list")) == 1)
    expect_code(ca.init("new", "--slot", slot, "--yes"), DONE)
    expect(ca.json_list("keys", "key", "list") == [])
    expect([token["label"] for token in ca.json_list("tokens", "token", "list")] == ["new"])


@test
def token_delete_wants_the_so_pin_and_a_yes(ca):
    expect_code(ca.user("key", "generate", "--type", "aes:256", "--label", "k"), DONE)
    words = ("token", "delete", "--token", "ca")
    expect_code(ca.run(*words, "--so-pin-file", ca.so), DECLINED, "--yes")
    expect_code(ca.run(*words, "--force"), DECLINED, "--yes")
    expect_code(ca.run(*words, "--yes", "--so-pin-file", ca.wrong), PIN, "the PIN is wrong")
    expect_code(ca.run(*words, "--yes"), PIN, "there is no terminal")
    expect_code(ca.run("token", "delete", "--token", "cb", "--yes", "--force"), NOT_FOUND)
    expect(len(ca.json_list("keys", "key", "list")) == 1)
    deleted = ca.run(*words, "--yes", "--so-pin-file", ca.so)
    expect_code(deleted, DONE)
    expect('Deleted: token "ca"' in deleted.stdout, deleted.stdout)
    expect(ca.json_list("tokens", "token", "list") == [])
    expect_code(ca.user("key", "list"), NOT_FOUND)


@test
def a_locked_officer_is_got_rid_of_by_force(ca):
    (token,) = ca.json_list("tokens", "token", "list")
    again = ("init", "--label", "new", "--slot", str(token["slot"]), "--yes", "--pin-file", ca.pin)
    for _ in range(10):
        expect(ca.run(*again, "--so-pin-file", ca.wrong).returncode == PIN)
    expect_code(ca.run(*again, "--so-pin-file", ca.so), PIN, "locked", "ashlar token delete --force")
    expect_code(ca.run("token", "delete", "--yes", "--so-pin-file", ca.so), PIN, "locked")
    (token,) = ca.json_list("tokens", "token", "list")
    expect(token["so_pin"] == "locked", token)
    expect_code(ca.run("token", "delete", "--force", "--yes"), DONE)
    expect_code(ca.init("ca"), DONE)
    (made,) = ca.json_list("tokens", "token", "list")
    expect(made["slot"] == token["slot"] + 1 and made["so_pin"] == "set", made)
    expect_code(ca.user("key", "generate", "--type", "aes:256", "--label", "k"), DONE)


@test
def a_token_that_cannot_be_read_is_deleted_by_force_and_slot(ca):
    (ca.folder / "store" / "root.key").unlink()
    words = ("token", "delete", "--yes", "--so-pin-file", ca.so)
    expect_code(ca.run(*words), STORAGE, "root key", "--force --slot")
    expect_code(ca.run("token", "delete", "--yes", "--force"), STORAGE, "root key")
    expect_code(ca.run("token", "delete", "--yes", "--force", "--slot", "0"), DONE)
    expect_code(ca.init("new"), DONE)
    expect_code(ca.user("key", "generate", "--type", "aes:256", "--label", "k"), DONE)


@test
def at_a_terminal_token_delete_asks_for_the_label(ca):
    for answer, code in (("yes", DECLINED), ("ca", DONE)):
        terminal = ca.terminal("token", "delete", "--force")
        terminal.answer("Type its label, ca, to go on:", answer)
        expect(terminal.end() == code, terminal.screen)
    expect(ca.json_list("tokens", "token", "list") == [])
    expect_code(ca.init("ca"), DONE)
    terminal = ca.terminal("token", "delete")
    terminal.answer("Type its label, ca, to go on:", "ca")
    terminal.answer('SO PIN of token "ca"', SO_PIN)
    expect(terminal.end() == DONE, terminal.screen)
    expect(SO_PIN not in terminal.screen, terminal.screen)


@test
def every_type_is_generated_listed_shown_and_deleted(ca):
    for kind in PAIRS + SECRETS:
        keys = ca.json("key", "generate", "--type", kind, "--label", kind)["keys"]
        classes = ["public", "private"] if kind in PAIRS else ["secret"]
        expect([key["class"] for key in keys] == classes, keys)
        expect(all(key["type"] == kind and key["label"] == kind and key["local"] for key in keys), keys)
        expect(len({key["id"] for key in keys}) == 1 and len(keys[0]["id"]) == 40, keys)
        owned = keys[-1]
        expect(owned["private"] and owned["sensitive"] and not owned["extractable"], owned)
        expect(owned["always_sensitive"] and owned["never_extractable"], owned)
        expect(keys == ca.json_list("keys", "key", "show", "--label", kind))
        expect(keys == ca.json_list("keys", "key", "list", "--id", keys[0]["id"]))
        expect(keys == ca.json_list("keys", "key", "list", "--type", kind))
    expect(len(ca.json_list("keys", "key", "list")) == 2 * len(PAIRS) + len(SECRETS))
    for kind in PAIRS + SECRETS:
        expect_code(ca.user("key", "delete", "--label", kind, "--yes"), DONE)
        expect_code(ca.user("key", "show", "--label", kind), NOT_FOUND)
    expect(ca.json_list("keys", "key", "list") == [])


@test
def keys_have_the_usage_that_was_asked_for(ca):
    pair = ca.json("key", "generate", "--type", "rsa:2048", "--label", "m", "--usage", "sign,decrypt")["keys"]
    expect([key["usage"] for key in pair] == [["verify", "encrypt"], ["sign", "decrypt"]], pair)
    (key,) = ca.json("key", "generate", "--type", "aes:256", "--label", "w", "--usage", "wrap,unwrap", "--extractable")["keys"]
    expect(key["usage"] == ["wrap", "unwrap"] and key["extractable"] and key["sensitive"], key)
    expect_code(ca.user("key", "generate", "--type", "aes:256", "--label", "w", "--usage", "sing"), USAGE, "sing")
    refused = ca.user("key", "generate", "--type", "ed25519", "--label", "w", "--usage", "decrypt")
    expect_code(refused, USAGE, "no key of type ed25519 can decrypt", "its uses: sign,verify")
    expect_code(ca.user("key", "generate", "--type", "aes:256", "--label", b"w\xff"), USAGE, "UTF-8")


@test
def an_id_can_be_given_once(ca):
    (key,) = ca.json("key", "generate", "--type", "aes:128", "--label", "a", "--id", "0A:0b")["keys"]
    expect(key["id"] == "0a0b", key)
    expect(key["uri"] == "pkcs11:token=ca;object=a;id=%0A%0B;type=secret-key", key)
    expect_code(ca.user("key", "generate", "--type", "ec:p256", "--label", "b", "--id", "0a0b"), FAILED, "already")
    expect_code(ca.user("key", "generate", "--type", "ec:p256", "--label", "b", "--id", "xyz"), USAGE)
    expect(len(ca.json_list("keys", "key", "list")) == 1)


def pem(number):
    """A P-256 key as PKCS#8, without its public half."""
    der = bytes.fromhex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420")
    text = base64.b64encode(der + number.to_bytes(32, "big")).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{text[:64]}\n{text[64:]}\n-----END PRIVATE KEY-----\n"


@test
def keys_are_imported_and_an_error_says_which(ca):
    files = [ca.folder / "a.pem", ca.folder / "b.pem"]
    files[0].write_text("".join(pem(number) for number in range(1, 2101)))
    files[1].write_text(pem(2101) + pem(0) + pem(2102))
    expect_code(ca.run("key", "import", "--pin-file", ca.pin, "--label", "x", str(files[0])), USAGE, "--label-prefix")
    failed = ca.run("key", "import", "--pin-file", ca.pin, "--label-prefix", "d-", *map(str, files))
    expect_code(failed, FAILED, "key 2 of", "all keys before that one, 2101", "labelled d-2101")
    expect(failed.stdout == "", failed.stdout)
    keys = ca.json_list("keys", "key", "list")
    expect(len(keys) == 2 * 2101 and len({key["id"] for key in keys}) == 2101)
    (public, private) = ca.json_list("keys", "key", "show", "--label", "d-1")
    # SHA-1 of the curve's base point, uncompressed: the public key that belongs to 1
    point = bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                          "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
    expect(public["id"] == private["id"] == hashlib.sha1(point).hexdigest(), public)
    expect(private["sensitive"] and not private["extractable"] and not private["local"], private)
    expect(public["usage"] == ["verify"] and private["usage"] == ["sign"], private)


@test
def a_key_is_imported_from_standard_input(ca):
    done = ca.run("key", "import", "--pin-file", ca.pin, "--label", "x", "--id", "01", "--json", "-", input=pem(7))
    expect_code(done, DONE)
    expect(json.loads(done.stdout) == {"files": [{"file": "standard input", "imported": 1, "certificates": 0}]}, done.stdout)
    expect_code(ca.run("key", "import", "--pin-file", ca.pin, "--label", "x", "--id", "01", "-", input=pem(8)), FAILED, "already")
    expect(len(ca.json_list("keys", "key", "list")) == 2)


def damage(home, space):
    """Turns a bit in the sealed value of the newest record of a space (docs/protocol/records.md)."""
    database = sqlite3.connect(home.folder / "store" / "store.db")
    found = database.execute("SELECT row, value FROM record WHERE space = ? ORDER BY id DESC LIMIT 1", (space,))
    row, value = found.fetchone()
    database.execute("UPDATE record SET value = ? WHERE row = ?", (value[:-1] + bytes([value[-1] ^ 1]), row))
    database.commit()
    database.close()


@test
def a_damaged_record_is_told_and_its_other_half_kept(ca):
    expect_code(ca.user("key", "generate", "--type", "ec:p256", "--label", "web", "--id", "01"), DONE)
    expect_code(ca.user("key", "generate", "--type", "aes:256", "--label", "disk"), DONE)
    expect("warning" not in ca.user("key", "list").stderr)
    expect_code(ca.user("key", "delete", "--label", "disk", "--yes"), DONE)
    damage(ca, 5)
    listed = ca.user("key", "list")
    expect_code(listed, DONE, "warning", '1 object of token "ca" can\'t be read')
    expect("web" in listed.stdout and "private" not in listed.stdout, listed.stdout)
    expect_code(ca.user("key", "delete", "--id", "01", "--yes"), STORAGE, "half a key pair", "--all")
    expect(len(ca.json_list("keys", "key", "list")) == 1)
    expect_code(ca.user("key", "delete", "--id", "01", "--yes", "--all"), DONE)
    expect(ca.json_list("keys", "key", "list") == [])
    expect("warning" not in ca.run("key", "list", "--public").stderr)


@test
def without_login_only_public_keys_are_seen(ca):
    expect_code(ca.user("key", "generate", "--type", "ec:p256", "--label", "web"), DONE)
    listed = ca.run("key", "list", "--public", "--json")
    expect_code(listed, DONE)
    expect([key["class"] for key in json.loads(listed.stdout)["keys"]] == ["public"], listed.stdout)


@test
def delete_wants_a_yes_and_no_more_than_one_key(ca):
    for kind in ("aes:128", "aes:256"):
        expect_code(ca.user("key", "generate", "--type", kind, "--label", "k"), DONE)
    expect_code(ca.user("key", "delete", "--label", "k", "--type", "aes:128"), DECLINED, "--yes")
    expect_code(ca.user("key", "delete", "--label", "k", "--yes"), AMBIGUOUS, "2 keys match")
    expect_code(ca.user("key", "delete", "--yes"), USAGE)
    expect(len(ca.json_list("keys", "key", "list")) == 2)
    expect_code(ca.user("key", "delete", "--label", "k", "--all", "--force"), DONE)
    expect_code(ca.user("key", "delete", "--label", "k", "--yes"), NOT_FOUND)


@test
def a_wrong_pin_has_its_own_exit_code_and_locks_in_the_end(ca):
    first = ca.run("key", "list", "--pin-file", ca.wrong)
    expect_code(first, PIN, 'can\'t log in to token "ca": the PIN is wrong')
    expect("no-such-pin" not in first.stderr)
    hints = first.stderr
    for _ in range(12):
        last = ca.run("key", "list", "--pin-file", ca.wrong)
        expect(last.returncode == PIN, last.stderr)
        hints += last.stderr
    expect("one try is left" in hints and "locked" in last.stderr, hints)
    expect_code(ca.user("key", "list"), PIN, "locked")
    (token,) = ca.json_list("tokens", "token", "list")
    expect(token["user_pin"] == "locked" and token["state"] == "user PIN locked", token)


@test
def pins_come_from_files_descriptors_and_the_environment(ca):
    expect_code(ca.run("key", "list", "--pin-env", "MY_PIN", env=ca.env(MY_PIN=USER_PIN)), DONE)
    expect_code(ca.run("key", "list", "--pin-env", "MY_PIN"), PIN, "MY_PIN")
    expect_code(ca.run("key", "list", "--pin-fd", "0", stdin=open(ca.pin, encoding="ascii")), DONE)
    expect_code(ca.run("key", "list", "--pin-fd", "77"), PIN, "descriptor 77")
    expect_code(ca.run("key", "list", "--pin-file", "/no/such/file"), PIN, "/no/such/file")
    expect_code(ca.user("key", "list", "--pin-fd", "0"), USAGE, "one place only")
    wide = ca.run("key", "list", "--pin-file", ca.pin_file("wide", USER_PIN, 0o644))
    expect_code(wide, DONE, "warning", "0644")
    both = ca.pin_file("both", SO_PIN + "\n" + USER_PIN)
    expect_code(
        ca.run("init", "--label", "b", "--so-pin-fd", "0", "--pin-fd", "0", stdin=open(both, encoding="ascii")), DONE
    )
    expect_code(ca.user("key", "list", "--token", "b"), DONE)


@test
def a_pin_on_the_command_line_is_refused(ca):
    for words in (("--pin", USER_PIN), (f"--pin={USER_PIN}",)):
        refused = ca.run("key", "list", *words)
        expect_code(refused, USAGE, "--pin-file FILE", "list of processes")
        expect(USER_PIN not in refused.stderr, refused.stderr)
    expect_code(ca.run("init", "--label", "x", "--so-pin", SO_PIN), USAGE, "--so-pin-file")


@test
def without_a_terminal_nobody_is_asked(ca):
    expect_code(ca.run("key", "list"), PIN, "there is no terminal", "--pin-file FILE")


@test
def at_a_terminal_pins_are_asked_for_without_echo(home):
    terminal = home.terminal("init", "--label", "ca")
    terminal.answer("New SO PIN", SO_PIN)
    terminal.answer("again", "something else")
    terminal.answer("New SO PIN", SO_PIN)
    terminal.answer("again", SO_PIN)
    terminal.answer("New user PIN", USER_PIN)
    terminal.answer("again", USER_PIN)
    expect(terminal.end() == DONE, terminal.screen)
    expect(SO_PIN not in terminal.screen and USER_PIN not in terminal.screen, terminal.screen)
    expect("two different PINs" in terminal.screen, terminal.screen)

    terminal = home.terminal("key", "list")
    terminal.wait_for('User PIN of token "ca"')
    expect(not terminal.echoes())
    os.write(terminal.fd, USER_PIN.encode() + b"\n")
    expect(terminal.end() == DONE, terminal.screen)

    terminal = home.terminal("key", "list")
    terminal.answer("User PIN", "no-such-pin")
    expect(terminal.end() == PIN, terminal.screen)
    terminal = home.terminal("key", "list")
    terminal.wait_for("User PIN")
    os.write(terminal.fd, b"\x03")  # Ctrl-C
    expect(terminal.end() == -2, terminal.screen)
    terminal = home.terminal("key", "list")
    terminal.wait_for("User PIN")
    os.write(terminal.fd, b"\x04")  # Ctrl-D
    expect(terminal.end() == PIN, terminal.screen)


@test
def at_a_terminal_delete_asks(ca):
    expect_code(ca.user("key", "generate", "--type", "ec:p256", "--label", "k"), DONE)
    words = ("key", "delete", "--label", "k", "--pin-file", ca.pin)
    terminal = ca.terminal(*words)
    terminal.answer("Type yes", "y")
    expect(terminal.end() == DECLINED, terminal.screen)
    expect(len(ca.json_list("keys", "key", "list")) == 2)
    terminal = ca.terminal(*words)
    terminal.answer("Type yes", "yes")
    expect(terminal.end() == DONE, terminal.screen)
    expect(ca.json_list("keys", "key", "list") == [])


@test
def two_tokens_need_a_choice(ca):
    expect_code(ca.init("vault"), DONE)
    expect_code(ca.run("token", "show"), AMBIGUOUS, "2 tokens match", '"ca"', '"vault"')
    expect_code(ca.user("key", "list"), AMBIGUOUS)
    expect_code(ca.user("key", "generate", "--type", "aes:128", "--label", "v", "--token", "vault"), DONE)
    expect(ca.json("key", "list", "--token", "ca")["keys"] == [])
    tokens = {token["label"]: token for token in ca.json_list("tokens", "token", "list")}
    vault = tokens["vault"]
    for words in (("--token", "vault"), ("--serial", vault["serial"]), ("--slot", str(vault["slot"]))):
        expect(ca.json_list("tokens", "token", "show", *words) == [vault], words)
    expect_code(ca.run("token", "show", "--token", "cellar"), NOT_FOUND, "no token matches")
    expect_code(ca.run("token", "show", "--token", "ca", "--slot", str(vault["slot"])), NOT_FOUND)


@test
def wrong_usage_is_told(home):
    expect_code(home.run("token", "list", "--frob"), USAGE, "--frob", "ashlar token list --help")
    expect_code(home.run("frob"), USAGE, 'no command "frob"')
    expect_code(home.run("key", "frob"), USAGE)
    expect_code(home.run("key", "generate", "--type", "rsa:2048"), USAGE, "--label")
    expect_code(home.run("key", "generate", "--label", "x", "--type", "rsa:512"), USAGE, "rsa:512")
    expect(home.run().returncode == USAGE)


@test
def help_is_there_for_every_command(home):
    overview = home.run("--help").stdout
    commands = re.findall(r"^  ([a-z]+(?: [a-z-]+)?) {2,}", overview.split("exit codes")[0], re.MULTILINE)
    expect(len(commands) >= 10, overview)
    for command in commands:
        shown = home.run(*command.split(), "--help")
        expect_code(shown, DONE)
        expect(f"usage: ashlar {command}" in shown.stdout and "examples:" in shown.stdout, shown.stdout)


@test
def version_mechanisms_and_info(home):
    parts = {part["name"]: part for part in json.loads(home.run("--version", "--json").stdout)["parts"]}
    expect(re.fullmatch(r"[0-9a-f]{64}", parts["OpenSSL"]["sha256"]), parts)
    expect(parts["PKCS#11"]["version"] == "3.2" and "SQLite" in parts and "jansson" in parts, parts)
    expect("Ashlar HSM" in home.run("--version").stdout)
    mechanisms = {row["name"]: row for row in json.loads(home.run("mechanisms", "--json").stdout)["mechanisms"]}
    expect("sign" in mechanisms["CKM_ECDSA"]["uses"], mechanisms)
    (info,) = json.loads(home.run("info", "--json").stdout)["info"]
    expect(info["store_path"] == str(home.folder / "store") and info["tokens"] == 0, info)


@test
def colours_are_for_terminals_that_want_them(ca):
    expect("\033" not in ca.run("token", "list").stdout)
    for more, wanted in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)):
        terminal = ca.terminal("token", "list", **more)
        expect(terminal.end() == DONE, terminal.screen)
        expect(("\033[" in terminal.screen) == wanted, (more, terminal.screen))


@test
def labels_cannot_play_with_the_terminal(ca):
    label = "a\033[31m\nb\u202e\\"
    (key,) = ca.json("key", "generate", "--type", "aes:128", "--label", label)["keys"]
    expect(key["label"] == label, key)
    shown = ca.user("key", "list").stdout
    expect("a\\x1b[31m\\x0ab\\xe2\\x80\\xae\\\\" in shown and "\033" not in shown, shown)
    plain = ca.user("key", "list", env=ca.env(LC_ALL="C")).stdout
    expect(plain.isascii(), plain)


@test
def output_that_cannot_be_written_is_a_failure(ca):
    with open("/dev/full", "w", encoding="ascii") as full:
        result = ca.run("token", "list", stdout=full)
    expect(result.returncode == FAILED and "No space left" in result.stderr, result)
    closed = subprocess.run(
        ["sh", "-c", 'exec "$0" token list >&-', ca.ashlar], env=ca.env(), stderr=subprocess.PIPE, text=True, check=False
    )
    expect(closed.returncode == FAILED and "can't write the output" in closed.stderr, closed)
    reading, writing = os.pipe()
    os.close(reading)
    gone = ca.run("token", "list", "--json", stdout=writing)
    os.close(writing)
    expect(gone.returncode == FAILED and "Broken pipe" in gone.stderr, gone)


@test
def a_broken_configuration_is_told(home):
    conf = home.folder / "bad.conf"
    conf.write_text("no.such.key = 1\n")
    broken = home.run("token", "list", env=home.env(ASHLAR_CONF=str(conf)))
    expect_code(broken, STORAGE, "bad.conf")
    expect_code(home.run("--version", env=home.env(ASHLAR_CONF=str(conf))), DONE)
    for text, told in (
        ("log = foo", f'{conf}:2: "log"'),
        ("log = /no/such/folder/x", "/no/such/folder/x"),
        ("crypto.engines = foo", f'{conf}:2: "crypto.engines"'),
    ):
        conf.write_text(f"# a line\n{text}\n")
        expect_code(home.run("info", env=home.env(ASHLAR_CONF=str(conf))), STORAGE, told)


@test
def a_store_that_others_can_write_is_refused(ca):
    (ca.folder / "store").chmod(0o777)
    refused = ca.run("token", "show")
    expect_code(refused, STORAGE, "chmod 700")


@test
def a_store_without_its_root_key_is_told(ca):
    (ca.folder / "store" / "root.key").rename(ca.folder / "elsewhere")
    listed = ca.run("token", "list")
    expect_code(listed, DONE, "warning", "root key")
    expect("unusable" in listed.stdout, listed.stdout)
    expect_code(ca.user("key", "list"), STORAGE, "root key")
    expect_code(ca.init("new", "--slot", "0", "--yes"), STORAGE, "the root key of this store is missing")
    expect_code(ca.init("new"), STORAGE, "the root key of this store is missing")
    (ca.folder / "elsewhere").rename(ca.folder / "store" / "root.key")
    expect_code(ca.user("key", "list"), DONE)


@test
def a_root_key_without_its_store_is_told(ca):
    for file in (ca.folder / "store").glob("store.*"):
        file.unlink()
    listed = ca.run("token", "list")
    expect_code(listed, DONE)
    expect("lies there without its store" in listed.stdout and "init" not in listed.stdout, listed.stdout)
    expect_code(ca.user("key", "list"), NOT_FOUND, "root.key lies there without its store")
    expect_code(ca.init("ca"), DONE)  # who knows better may go on


if __name__ == "__main__":
    main(__doc__)
