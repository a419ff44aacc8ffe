#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""URIs, PINs, objects of every class and changes of keys, with other programs beside us. Prints TAP.

usage: manage_test.py PATH-OF-ASHLAR PATH-OF-MODULE [WORD...]   only the tests whose names have all words
"""

import base64
import hashlib
import json
import pathlib
import shutil
import subprocess

from home import AMBIGUOUS, DECLINED, DONE, FAILED, NOT_FOUND, PIN, SO_PIN, USAGE, USER_PIN, expect, expect_code
from suite import main, test


def tool(home, *words, **how):
    """OpenSC's pkcs11-tool with our module, logged in."""
    return subprocess.run(
        ["pkcs11-tool", "--module", home.module, "--login", "--pin", USER_PIN, *words],
        env=home.env(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        **how,
    ).stdout


def openssl(*words, given=None):
    return subprocess.run(["openssl", *words], input=given, capture_output=True, timeout=60, check=True).stdout


def key(home, label, kind="ec:p256", *words):
    return home.json("key", "generate", "--type", kind, "--label", label, *words)["keys"]


def with_others(home):
    """Beside a key pair: a certificate with its label and id, and a data object."""
    pair = key(home, "web", "ec:p256", "--id", "01")
    folder = home.folder
    openssl(
        *("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", folder / "k.pem", "-subj", "/C=DE/O=Ex, Inc/CN=web"),
        *("-outform", "DER", "-out", folder / "c.der"),
    )
    tool(home, "--write-object", folder / "c.der", "--type", "cert", "--label", "web", "--id", "01")
    (folder / "notes").write_bytes(b"to be remembered")
    tool(home, "--write-object", folder / "notes", "--type", "data", "--label", "notes", "--application-label", "editor")
    return pair


@test
def a_uri_from_a_list_names_what_the_list_showed(ca):
    expect_code(ca.init("vault"), DONE)
    key(ca, "web;%", "ec:p256", "--token", "ca")
    key(ca, "web;%", "ec:p256", "--token", "vault")
    rows = ca.json("key", "list", "--token", "vault")["keys"]
    expect(len(rows) == 2 and all(row["uri"].startswith("pkcs11:token=vault;object=web%3B%25;id=%") for row in rows), rows)
    for row in rows:
        for words in (("--uri", row["uri"]), (row["uri"],)):
            shown = ca.json("key", "show", *words)
            expect([key["unique_id"] for key in shown["keys"]] == [row["unique_id"]], shown)
    for row in ca.json_list("tokens", "token", "list"):
        expect(ca.json_list("tokens", "token", "show", "--uri", row["uri"]) == [row], row)
        expect(row["uri"] in ca.run("token", "list").stdout, "the table has no URIs")
    expect(rows[0]["uri"] in ca.user("key", "list", "--token", "vault").stdout)


@test
def the_serial_number_is_in_uris_where_labels_are_not_enough(ca):
    tokens = subprocess.run(
        ["pkcs11-tool", "--module", ca.module, "--init-token", "--slot-index", "1", "--label", "ca", "--so-pin", SO_PIN],
        env=ca.env(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    expect(tokens.returncode == 0, tokens)
    first, second = ca.json_list("tokens", "token", "list")
    expect(first["label"] == second["label"] == "ca", (first, second))
    (row,) = key(ca, "k", "aes:128", "--serial", first["serial"])
    expect(f";serial={first['serial']};" in row["uri"], row)
    expect(ca.json("key", "list", "--uri", row["uri"])["keys"] == [row])


@test
def a_uri_brings_the_pin(ca):
    (row,) = key(ca, "k", "aes:128")
    listed = ca.run("key", "list", "--json", "--uri", f"pkcs11:token=ca?pin-source=file:{ca.pin}")
    expect_code(listed, DONE)
    expect(json.loads(listed.stdout)["keys"] == [row], listed.stdout)
    expect_code(ca.run("key", "show", f"pkcs11:object=k?pin-source={ca.wrong}"), PIN, "the PIN is wrong")
    expect_code(ca.run("key", "show", "pkcs11:object=k?pin-source=%7Cecho"), USAGE, "none is run")
    refused = ca.run("key", "show", f"pkcs11:object=k?pin-value={USER_PIN}")
    expect_code(refused, USAGE, "pin-value is not taken")
    expect(USER_PIN not in refused.stderr, refused.stderr)
    expect_code(ca.user("key", "show", f"pkcs11:object=k?pin-source={ca.pin}"), USAGE, "one of them is enough")


@test
def uris_that_mean_something_else_are_refused(ca):
    key(ca, "k", "aes:128")
    expect_code(ca.user("key", "show", "--label", "k", "pkcs11:object=k"), USAGE, "one of them is enough")
    expect_code(ca.user("key", "show", "pkcs11:object=k;object=k"), USAGE, "twice")
    expect_code(ca.user("key", "show", "pkcs11:objekt=k"), USAGE, '"objekt"')
    expect_code(ca.user("key", "show", "pkcs11:token=other;object=k"), NOT_FOUND)
    expect_code(ca.user("key", "show", "pkcs11:object=k?module-name=softhsm2"), NOT_FOUND, "another PKCS#11 library")
    expect_code(ca.user("key", "show", f"pkcs11:object=k?module-path={ca.module}"), DONE)
    expect_code(ca.user("key", "show", "pkcs11:object=k?x-mine=1"), DONE, "warning", "x-mine")
    expect_code(ca.user("key", "generate", "--type", "aes:128", "--label", "n", "--uri", "pkcs11:object=k"), USAGE)
    (info,) = json.loads(ca.run("token", "show", "--json").stdout)["tokens"]
    good = f"pkcs11:manufacturer={info['manufacturer'].replace(' ', '%20')};model={info['model'].replace(' ', '%20')}"
    expect_code(ca.run("token", "show", "--uri", f"{good};slot-id={info['slot']}"), DONE)
    expect_code(ca.run("token", "show", "--uri", f"{good};slot-id=4711"), NOT_FOUND)
    expect_code(ca.run("mechanisms", "--uri", good), DONE)


@test
def the_user_changes_the_pin(ca):
    new = ca.pin_file("new", "another-pin")
    expect_code(ca.run("pin", "set", "--pin-file", ca.wrong, "--new-pin-file", new), PIN, "the PIN is wrong")
    changed = ca.user("pin", "set", "--new-pin-file", new)
    expect_code(changed, DONE)
    expect("another-pin" not in changed.stdout + changed.stderr)
    expect_code(ca.user("key", "list"), PIN)
    expect_code(ca.run("key", "list", "--pin-file", new), DONE)
    terminal = ca.terminal("pin", "set")
    terminal.answer('User PIN of token "ca"', "another-pin")
    terminal.answer("New user PIN", USER_PIN)
    terminal.answer("again", USER_PIN)
    expect(terminal.end() == DONE, terminal.screen)
    expect(USER_PIN not in terminal.screen and "another-pin" not in terminal.screen, terminal.screen)
    expect_code(ca.user("key", "list"), DONE)


@test
def the_officer_changes_the_so_pin_and_gives_the_user_a_new_one(ca):
    both = ca.pin_file("both", SO_PIN + "\nnew-officer-pin")
    with open(both, encoding="ascii") as pins:
        expect_code(ca.run("pin", "set", "--so", "--so-pin-fd", "0", "--new-pin-fd", "0", stdin=pins), DONE)
    officer, new = ca.pin_file("officer", "new-officer-pin"), ca.pin_file("new", "another-pin")
    expect_code(ca.run("pin", "reset", "--so-pin-file", ca.so, "--new-pin-file", new), PIN, "as security officer")
    expect_code(ca.run("pin", "reset", "--so-pin-file", officer, "--new-pin-file", new), DONE)
    expect_code(ca.run("key", "list", "--pin-file", new), DONE)


@test
def a_locked_pin_is_unlocked_and_another_left_alone(ca):
    new = ca.pin_file("new", "another-pin")
    unlock = ("pin", "unlock", "--so-pin-file", ca.so, "--new-pin-file", new)
    expect_code(ca.run(*unlock), FAILED, "is not locked", "ashlar pin reset")
    key(ca, "kept", "aes:128")
    for _ in range(20):
        if "locked" in ca.run("key", "list", "--pin-file", ca.wrong).stderr:
            break
    expect_code(ca.user("key", "list"), PIN, "locked", "ashlar pin unlock")
    expect_code(ca.run(*unlock), DONE)
    listed = ca.run("key", "list", "--pin-file", new)
    expect_code(listed, DONE)
    expect("kept" in listed.stdout, listed.stdout)


@test
def where_both_pins_are_locked_nobody_is_sent_round(ca):
    for words in (("key", "list", "--pin-file", ca.wrong), ("pin", "reset", "--so-pin-file", ca.wrong, "--new-pin-file", ca.pin)):
        while "locked" not in ca.run(*words).stderr:
            pass
    told = ca.user("key", "list")
    expect_code(told, PIN, "locked", "backup")
    expect("pin unlock" not in told.stderr, told.stderr)
    checked = ca.run("doctor").stdout
    expect("locked SO PINs: 1" in checked and "pin unlock" not in checked, checked)


@test
def a_token_without_user_pin_gets_one(home):
    made = home.run("init", "--label", "bare", "--no-user-pin", "--so-pin-file", home.so)
    expect_code(made, DONE)
    expect_code(home.user("key", "list", "--token", "bare"), PIN, "no user PIN yet", "ashlar pin reset")
    words = ("--token", "bare", "--new-pin-file", home.pin)
    expect_code(home.user("pin", "set", *words), PIN, "no user PIN")
    expect_code(home.run("pin", "reset", "--so-pin-file", home.so, *words), DONE)
    expect_code(home.user("key", "list", "--token", "bare"), DONE)


@test
def objects_of_every_class_are_listed(ca):
    with_others(ca)
    rows = ca.json("object", "list")["objects"]
    kinds = sorted(row["class"] for row in rows if row["class"] != "profile")
    expect(kinds == ["certificate", "data", "private", "public"], rows)
    expect(any(row["class"] == "profile" and row["type"] == "baseline-provider" for row in rows), rows)
    by_class = {row["class"]: row for row in rows}
    certificate = by_class["certificate"]
    expect(certificate["subject"] == "CN=web,O=Ex\\, Inc,C=DE" and certificate["type"] == "x509", certificate)
    expect(certificate["uri"] == "pkcs11:token=ca;object=web;id=%01;type=cert" and certificate["size"] > 100, certificate)
    expect(by_class["data"]["application"] == "editor" and by_class["private"]["type"] == "ec:p256", by_class)
    for word, wanted in (("cert", "certificate"), ("data", "data"), ("private", "private"), ("public", "public")):
        (row,) = ca.json("object", "list", "--type", word)["objects"]
        expect(row == by_class[wanted], row)
        expect(ca.json("object", "show", "--uri", row["uri"])["objects"] == [row], row)
    expect(ca.json("object", "list", "--type", "secret-key")["objects"] == [])
    public = json.loads(ca.run("object", "list", "--public", "--json").stdout)["objects"]
    expect("private" not in {row["class"] for row in public}, public)
    expect("Ex" in ca.user("object", "show", "--label", "web", "--type", "cert").stdout)


@test
def objects_are_deleted_one_at_a_time(ca):
    with_others(ca)
    before = len(ca.json("object", "list")["objects"])
    expect_code(ca.user("object", "delete", "--label", "web", "--yes"), AMBIGUOUS, "3 objects match")
    expect_code(ca.user("object", "delete", "--label", "notes"), DECLINED)
    expect_code(ca.user("object", "delete", "--yes"), USAGE)
    deleted = ca.user("object", "delete", "--yes", "pkcs11:object=notes;type=data")
    expect_code(deleted, DONE)
    expect("Deleted: data object" in deleted.stdout, deleted.stdout)
    terminal = ca.terminal("object", "delete", "--pin-file", ca.pin, "--id", "01", "--type", "cert")
    terminal.answer("Type yes", "yes")
    expect(terminal.end() == DONE, terminal.screen)
    expect_code(ca.user("object", "delete", "--id", "01", "--all", "--yes"), DONE)
    expect(len(ca.json("object", "list")["objects"]) == before - 4)
    key(ca, "last", "ec:p256")
    expect_code(ca.user("object", "delete", "--all", "--yes"), DONE)
    expect({row["class"] for row in ca.json("object", "list")["objects"]} == {"profile"})


@test
def a_key_pair_is_renamed_for_everybody(ca):
    with_others(ca)
    changed = ca.user("key", "set", "--label", "web", "--new-label", "www", "--new-id", "0a0b", "--end-date", "2030-12-31")
    expect_code(changed, DONE, "certificate with the id 01")
    rows = ca.json("key", "list")["keys"]
    expect({(row["label"], row["id"], row["end_date"]) for row in rows} == {("www", "0a0b", "20301231")}, rows)
    shown = tool(ca, "--list-objects", "--type", "privkey")
    expect("www" in shown and "0a0b" in shown, shown)
    (ca.folder / "data").write_bytes(b"x")
    sign = ("--sign", "-m", "ECDSA-SHA256", "--id", "0a0b", "-i", ca.folder / "data", "-o", ca.folder / "sig")
    tool(ca, *sign)
    expect_code(ca.user("key", "set", "--id", "0a0b", "--end-date", "none"), DONE)
    expect({row["end_date"] for row in ca.json("key", "list")["keys"]} == {None})


@test
def what_a_key_may_do_gets_less(ca):
    key(ca, "disk", "aes:256", "--extractable", "--usage", "encrypt,decrypt,wrap")
    expect_code(ca.user("key", "set", "--label", "disk", "--usage", "decrypt", "--no-extractable"), DONE)
    (row,) = ca.json("key", "show", "--label", "disk")["keys"]
    expect(row["usage"] == ["decrypt"] and row["extractable"] is False and not row["never_extractable"], row)
    expect_code(ca.user("key", "set", "--label", "disk", "--usage", "fly"), USAGE, '"fly"')
    expect_code(ca.user("key", "set", "--label", "disk"), USAGE, "what is to change")
    expect_code(ca.user("key", "set", "--label", "disk", "--end-date", "2030-02-30"), USAGE, "a date like")
    expect_code(ca.user("key", "set", "--label", "disk", "--no-copyable"), DONE)
    expect_code(ca.user("key", "copy", "--label", "disk", "--new-label", "d2"), FAILED, "can't copy the secret key")


@test
def a_copy_is_the_same_key_with_an_id_of_its_own(ca):
    pair = key(ca, "web", "ec:p256", "--id", "01")
    copies = ca.json("key", "copy", "--label", "web", "--new-label", "web-2", "--no-destroyable")["keys"]
    expect(len(copies) == 2 and {row["label"] for row in copies} == {"web-2"}, copies)
    expect(copies[0]["id"] == copies[1]["id"] != "01" and len(copies[0]["id"]) == 40, copies)
    expect(all(not row["destroyable"] and row["unique_id"] not in {k["unique_id"] for k in pair} for row in copies), copies)
    expect_code(ca.user("key", "delete", "--label", "web-2", "--yes"), FAILED, "forbids")
    (ca.folder / "data").write_bytes(b"signed with the copy")
    for label, id_ in (("web", "01"), ("web-2", copies[0]["id"])):
        tool(
            *(ca, "--sign", "-m", "ECDSA-SHA256", "--signature-format", "openssl", "--id", id_),
            *("-i", ca.folder / "data", "-o", ca.folder / f"{label}.sig"),
        )
    tool(ca, "--read-object", "--type", "pubkey", "--id", "01", "-o", ca.folder / "pub.der")
    for label in ("web", "web-2"):
        openssl(
            *("dgst", "-sha256", "-verify", ca.folder / "pub.der", "-keyform", "DER"),
            *("-signature", ca.folder / f"{label}.sig", ca.folder / "data"),
        )
    expect_code(ca.user("key", "copy", "--label", "web", "--new-label", "x", "--new-id", "01"), FAILED, "id 01 already")


def der_content(der, at=0):
    """What one DER element holds."""
    if der[at + 1] < 0x80:
        return der[at + 2 : at + 2 + der[at + 1]]
    count = der[at + 1] & 0x7F
    length = int.from_bytes(der[at + 2 : at + 2 + count], "big")
    return der[at + 2 + count : at + 2 + count + length]


def key_bits(info):
    """The bits of subjectPublicKey, which stand at the end of a SubjectPublicKeyInfo."""
    content = der_content(info)
    return der_content(content[2 + len(der_content(content)) :])[1:]


@test
def public_keys_are_exported_in_every_form(ca):
    for kind in ("ec:p256", "rsa:2048", "ed25519", "ml-dsa-65"):
        public, private = key(ca, kind, kind)
        export = ("key", "export-public", "--public", "--label", kind)
        der = subprocess.run([ca.ashlar, *export, "--format", "der"], env=ca.env(), capture_output=True, check=True).stdout
        pem = ca.run(*export)
        expect_code(pem, DONE)
        lines = pem.stdout.splitlines()
        expect(lines[0] == "-----BEGIN PUBLIC KEY-----" and max(map(len, lines)) <= 64, pem.stdout)
        expect(base64.b64decode("".join(lines[1:-1])) == der, pem.stdout)
        # Its id on both halves is the SHA-1 of the bits.
        expect(public["id"] == private["id"] == hashlib.sha1(key_bits(der)).hexdigest(), (kind, public))
        if kind == "ml-dsa-65":
            expect_code(ca.run(*export, "--format", "ssh"), FAILED, "--format pem can hold any")
            continue
        expect(openssl("pkey", "-pubin", "-outform", "DER", given=pem.stdout.encode()) == der, kind)
        line = ca.run(*export, "--format", "ssh")
        expect_code(line, DONE)
        expect(line.stdout.count("\n") == 1 and line.stdout.endswith(f" {kind}\n"), line.stdout)
        (ca.folder / "id.pub").write_text(line.stdout)
        if shutil.which("ssh-keygen"):
            again = subprocess.run(["ssh-keygen", "-e", "-m", "PKCS8", "-f", ca.folder / "id.pub"], capture_output=True, check=False)
            expect(kind == "ed25519" or again.stdout.decode() == pem.stdout, again)
            subprocess.run(["ssh-keygen", "-l", "-f", ca.folder / "id.pub"], capture_output=True, check=True)


@test
def a_public_key_is_exported_to_a_file_and_from_the_private_half(ca):
    key(ca, "web", "ec:p256", "--id", "01")
    target = ca.folder / "web.pem"
    expect_code(ca.run("key", "export-public", "--output", str(target), "pkcs11:object=web;type=public"), DONE)
    text = target.read_text()
    (row,) = json.loads(ca.run("key", "export-public", "--label", "web", "--public", "--json").stdout)["keys"]
    expect(row["public_key"] == text and row["format"] == "pem" and row["id"] == "01", row)
    expect_code(ca.user("key", "delete", "--label", "web", "--class", "public", "--yes"), DONE)
    expect_code(ca.run("key", "export-public", "--label", "web", "--public"), NOT_FOUND)
    expect_code(ca.run("key", "export-public", "--label", "web"), PIN, "there is no terminal")
    expect(ca.user("key", "export-public", "--label", "web").stdout == text)
    key(ca, "disk", "aes:128")
    expect_code(ca.user("key", "export-public", "--label", "disk"), FAILED, "no public key that belongs to it")


@test
def a_planted_public_key_is_not_given_out_as_the_pairs(ca):
    """Who has no PIN can destroy the public half and make another in its place."""
    key(ca, "root", "ec:p256", "--id", "01")
    good = ca.run("key", "export-public", "--public", "--label", "root").stdout
    stranger = ca.folder / "stranger.der"
    private = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521")
    stranger.write_bytes(openssl("pkey", "-pubout", "-outform", "DER", given=private))
    nobody = ["pkcs11-tool", "--module", ca.module, "--type", "pubkey", "--label", "root", "--id", "01"]
    for what in (["--delete-object"], ["--write-object", str(stranger)]):
        subprocess.run([*nobody, *what], env=ca.env(), capture_output=True, timeout=60, check=True)
    expect(ca.run("key", "export-public", "--public", "--label", "root").stdout != good, "nothing was planted")
    expect_code(ca.run("key", "export-public", "--label", "root"), PIN, "there is no terminal")
    expect(ca.user("key", "export-public", "--label", "root").stdout == good)
    (row,) = ca.json("key", "export-public", "--label", "root")["keys"]
    expect(row["public_key"] == good and row["type"] == "ec:p256" and "type=private" in row["uri"], row)


@test
def keys_of_one_label_and_id_are_told_apart(ca):
    for _ in range(2):
        key(ca, "twin", "aes:128")
    one, other = (row["unique_id"] for row in ca.json("key", "list")["keys"])
    expect_code(ca.user("key", "delete", "--label", "twin", "--yes"), AMBIGUOUS, f"unique id {one}", f"unique id {other}")
    (shown,) = ca.json("key", "show", "--unique-id", other)["keys"]
    expect(shown["unique_id"] == other, shown)
    expect_code(ca.user("key", "delete", "--unique-id", one, "--yes"), DONE)
    (left,) = ca.json("key", "list")["keys"]
    expect(left["unique_id"] == other, left)
    expect_code(ca.user("key", "show", "--unique-id", one), NOT_FOUND)


if __name__ == "__main__":
    main(__doc__, operands=2)
