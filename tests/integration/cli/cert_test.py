#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Certificates by the real `ashlar`, checked with OpenSSL's own commands; prints TAP.

usage: cert_test.py PATH-OF-ASHLAR [WORD...]   only the tests whose names have all words

What the OpenSSL of the system does not know (ML-DSA) is checked with `ashlar verify`
over the very bytes that were signed.
"""

import json
import re
import subprocess

from home import AMBIGUOUS, DONE, FAILED, NOT_FOUND, PIN, USAGE
from home import expect, expect_code
from suite import main, test

KNOWN = ["rsa:2048", "rsa:3072", "ec:p256", "ec:p384", "ec:p521", "ec:secp256k1", "ed25519", "ed448"]
UNKNOWN = ["ml-dsa-44", "ml-dsa-65", "ml-dsa-87"]


def openssl(*words, code=0, **how):
    how.setdefault("text", True)
    result = subprocess.run(["openssl", *words], capture_output=True, timeout=60, check=False, **how)
    expect(result.returncode == code, f"openssl {words}: {result.stdout}{result.stderr}")
    return result.stdout


def make_key(home, kind, label, *words):
    expect_code(home.user("key", "generate", "--type", kind, "--label", label, *words), DONE)


def made(home, command, label, *words, code=DONE):
    """What a command makes with a key, as a file's name."""
    path = home.folder / f"{label}.pem"
    result = home.user("cert", command, "--label", label, "--output", str(path), *words)
    expect_code(result, code)
    return str(path)


def certificates(home, *words):
    return home.json("cert", "list", *words)["certificates"]


def elements(der):
    """The elements that stand in some DER, one after the other: (tag, content, whole)."""
    found = []
    while der:
        size, skip = der[1], 2
        if size > 0x80:
            skip += size & 0x7F
            size = int.from_bytes(der[2:skip], "big")
        found.append((der[0], der[skip:skip + size], der[:skip + size]))
        der = der[skip + size:]
    return found


@test
def every_key_signs_itself_and_a_request(ca):
    for kind in KNOWN:
        label = kind.replace(":", "-")
        make_key(ca, kind, label)
        name = ["--subject", f"CN={label},O=Example\\, Ltd,C=DE", "--san", "dns:www.example.org,ip:192.0.2.7"]
        request = made(ca, "request", label, *name)
        openssl("req", "-in", request, "-verify", "-noout")
        text = openssl("req", "-in", request, "-noout", "-text", "-nameopt", "RFC2253")
        expect(f"CN={label},O=Example\\, Ltd,C=DE" in text, text)
        expect("DNS:www.example.org, IP Address:192.0.2.7" in text, text)
        info = openssl("req", "-in", request, "-noout", "-pubkey")
        own = made(ca, "self-sign", label, *name, "--profile", "ca")
        openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", own, own)
        expect(info == openssl("x509", "-in", own, "-noout", "-pubkey"), kind)


@test
def hashes_follow_the_key(ca):
    wanted = {
        "rsa:2048": "sha256WithRSAEncryption",
        "ec:p256": "ecdsa-with-SHA256",
        "ec:p384": "ecdsa-with-SHA384",
        "ec:p521": "ecdsa-with-SHA512",
    }
    for kind, algorithm in wanted.items():
        label = kind.replace(":", "-")
        make_key(ca, kind, label)
        text = openssl("x509", "-in", made(ca, "self-sign", label, "--subject", "CN=x"), "-noout", "-text")
        expect(text.count(f"Signature Algorithm: {algorithm}") == 2, text)
    request = made(ca, "request", "rsa-2048", "--subject", "CN=x", "--hash", "sha512")
    expect("sha512WithRSAEncryption" in openssl("req", "-in", request, "-noout", "-text"))
    own = made(ca, "self-sign", "rsa-2048", "--subject", "CN=x", "--pss", "--hash", "sha384", "--no-import")
    text = openssl("x509", "-in", own, "-noout", "-text")
    expect("rsassaPss" in text and "Hash Algorithm: sha384" in text and "Salt Length: 0x30" in text, text)
    openssl("verify", "-check_ss_sig", "-CAfile", own, own)
    for words in (("--label", "ec-p256", "--pss"), ("--label", "ec-p256", "--hash", "sha1")):
        expect_code(ca.user("cert", "request", "--subject", "CN=x", *words), USAGE)


@test
def post_quantum_signatures_verify_on_the_token(ca):
    for kind in UNKNOWN:
        make_key(ca, kind, kind)
        der = ca.folder / "made.der"
        for command in ("request", "self-sign"):
            expect_code(
                ca.user("cert", command, "--label", kind, "--subject", "CN=pq", "--der", "--output", str(der)), DONE
            )
            ((_, whole, _),) = elements(der.read_bytes())
            (body, algorithm, bits) = elements(whole)
            info = [part for part in elements(body[1]) if part[0] == 0x30][-1 if command == "request" else 4]
            expect(elements(elements(info[1])[0][1])[0] == elements(algorithm[1])[0], "another algorithm")
            expect(len(elements(algorithm[1])) == 1, "RFC 9881: no parameters")
            (ca.folder / "body").write_bytes(body[2])
            (ca.folder / "signature").write_bytes(bits[1][1:])
            checked = ca.run("verify", "--pin-file", ca.pin, "--label", kind, "--signature",
                             str(ca.folder / "signature"), str(ca.folder / "body"))
            expect_code(checked, DONE)
    expect([row["signature_algorithm"] for row in certificates(ca)] == ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"])


@test
def profiles_say_what_a_certificate_is_for(ca):
    make_key(ca, "rsa:2048", "r")
    make_key(ca, "ec:p256", "e")
    wanted = (
        ("r", ["--profile", "ca", "--path-length", "1"], ["CA:TRUE, pathlen:1", "Certificate Sign, CRL Sign"]),
        ("r", ["--profile", "server"], ["CA:FALSE", "Digital Signature, Key Encipherment",
                                        "TLS Web Server Authentication"]),
        ("e", ["--profile", "server"], ["CA:FALSE", "Key Usage: critical Digital Signature X509v3"]),
        ("e", ["--profile", "client"], ["TLS Web Client Authentication"]),
        ("e", ["--profile", "codesign"], ["Code Signing"]),
        ("e", ["--key-usage", "digitalSignature,keyAgreement", "--ext-key-usage", "emailProtection,1.2.3.4"],
         ["Digital Signature, Key Agreement", "E-mail Protection, 1.2.3.4"]),
        ("e", ["--ca"], ["CA:TRUE"]),
    )
    for label, words, texts in wanted:
        for command in ("request", "self-sign"):
            more = ["--no-import"] if command == "self-sign" else []
            path = made(ca, command, label, "--subject", "CN=x", *words, *more)
            shown = openssl("req" if command == "request" else "x509", "-in", path, "-noout", "-text")
            shown = " ".join(shown.split())
            for text in texts:
                expect(text in shown, f"no {text!r} in {shown}")
    for words in (["--profile", "x"], ["--profile", "server", "--ca"], ["--path-length", "1"],
                  ["--key-usage", "signing"], ["--ext-key-usage", "nosuch"], ["--san", "www.example.org"],
                  ["--san", "ip:1.2.3"]):
        expect_code(ca.user("cert", "request", "--label", "e", "--subject", "CN=x", *words), USAGE)
    for subject in ("CN", "", "/CN=", "C=Germany"):
        expect_code(ca.user("cert", "self-sign", "--label", "e", "--subject", subject), USAGE, "--subject")


@test
def self_sign_stores_with_id_and_label_of_the_key(ca):
    make_key(ca, "ec:p256", "root", "--id", "0abc")
    own = made(ca, "self-sign", "root", "--subject", "/O=Example/CN=Root", "--profile", "ca", "--days", "10",
               "--cert-serial", "00ff")
    (row,) = certificates(ca)
    expect(row["label"] == "root" and row["id"] == "0abc" and row["serial"] == "00ff", row)
    expect(row["subject"] == row["issuer"] == "CN=Root,O=Example" and row["authority"] is True, row)
    expect(row["has_private_key"] is True and "type=private" in row["private_key"], row)
    expect(row["uri"] == "pkcs11:token=ca;object=root;id=%0A%BC;type=cert", row)
    expect(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["not_after"]), row)
    fingerprint = openssl("x509", "-in", own, "-noout", "-fingerprint", "-sha256")
    expect(fingerprint.split("=")[1].strip().replace(":", "").lower() == row["sha256"], fingerprint)
    openssl("x509", "-in", own, "-noout", "-checkend", str(10 * 86400 - 3600))
    openssl("x509", "-in", own, "-noout", "-checkend", str(10 * 86400 + 60), code=1)
    (public,) = json.loads(ca.run("cert", "list", "--public", "--json").stdout)["certificates"]
    expect(public["has_private_key"] is None and public["private_key"] is None, public)
    listed = ca.user("cert", "list")
    expect("Private key" in listed.stdout and "CN=Root,O=Example" in listed.stdout, listed.stdout)
    made(ca, "self-sign", "root", "--subject", "CN=x", "--no-import")
    expect(len(certificates(ca)) == 1)
    serials = set()
    for _ in range(4):
        path = made(ca, "self-sign", "root", "--subject", "CN=x", "--no-import")
        serials.add(int(openssl("x509", "-in", path, "-noout", "-serial").split("=")[1], 16))
    expect(len(serials) == 4 and all(2**100 < serial < 2**159 for serial in serials), serials)
    for serial in ("00", "ff" * 20, "01" * 21, "x"):
        expect_code(ca.user("cert", "self-sign", "--label", "root", "--subject", "CN=x", "--cert-serial", serial),
                    USAGE, "--cert-serial")


@test
def a_certificate_that_nobody_was_given_is_not_kept(ca):
    make_key(ca, "ec:p256", "k")
    words = ("cert", "self-sign", "--label", "k", "--subject", "CN=full", "--pin-file", ca.pin)
    with open("/dev/full", "w", encoding="utf-8") as full:
        for refused in (ca.run(*words, "-o", "/dev/full"), ca.run(*words, stdout=full), ca.run(*words, "-o", "-", stdout=full)):
            expect(refused.returncode == FAILED and "No space left" in refused.stderr, refused.stderr)
            expect("not kept" in refused.stderr, refused.stderr)
        expect(certificates(ca) == [])
        # One that is in its file is given out, whatever happens to what is said about it.
        given = ca.folder / "given.pem"
        told = ca.run(*words, "-o", str(given), stdout=full)
    expect(told.returncode == FAILED and "not kept" not in told.stderr, told.stderr)
    (row,) = certificates(ca)
    expect(ca.user("cert", "export", "--label", row["label"]).stdout == given.read_text())


@test
def certificates_of_one_key_are_told_apart(ca):
    """A root that was renewed with its own key: label, id and URI are the same."""
    make_key(ca, "ec:p256", "root")
    for days in ("10", "3650"):
        made(ca, "self-sign", "root", "--subject", "CN=Root", "--days", days)
    rows = certificates(ca)
    expect(len(rows) == 2 and rows[0]["uri"] == rows[1]["uri"] and rows[0]["unique_id"] != rows[1]["unique_id"], rows)
    old = min(rows, key=lambda row: row["not_after"])
    expect_code(ca.run("cert", "export", "--label", "root"), AMBIGUOUS, "--unique-id", old["unique_id"], old["not_after"])
    (ca.folder / "old.pem").write_text(ca.run("cert", "export", "--unique-id", old["unique_id"]).stdout)
    shown = openssl("x509", "-in", str(ca.folder / "old.pem"), "-noout", "-serial")
    expect(shown.strip().lower().endswith(old["serial"].lstrip("0").lower()), (shown, old))
    expect_code(ca.user("object", "delete", "--unique-id", old["unique_id"], "--yes"), DONE)
    expect([row["unique_id"] for row in certificates(ca)] == [row["unique_id"] for row in rows if row != old])


def authority(ca):
    """An authority of OpenSSL's, with an index; its certificate's name and how to sign with it."""
    folder = ca.folder / "authority"
    folder.mkdir()
    (folder / "index").write_text("")
    (folder / "conf").write_text(
        f"[ca]\ndefault_ca=own\n[own]\ndir={folder}\ndatabase={folder}/index\nnew_certs_dir={folder}\n"
        "rand_serial=yes\ndefault_md=sha256\ndefault_days=30\npolicy=any\ncopy_extensions=copy\nunique_subject=no\n"
        "[any]\ncommonName=supplied\norganizationName=optional\n"
    )
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/key", "-out", f"{folder}/root.pem",
            "-subj", "/CN=Root", "-days", "30")

    def sign(request, out):
        openssl("ca", "-batch", "-notext", "-config", f"{folder}/conf", "-cert", f"{folder}/root.pem", "-keyfile",
                f"{folder}/key", "-in", request, "-out", out)

    return f"{folder}/root.pem", sign


@test
def an_authority_signs_a_request_made_here(ca):
    root, sign = authority(ca)
    for kind in ("rsa:2048", "ec:p256", "ed25519"):
        label = kind.replace(":", "-")
        make_key(ca, kind, label, "--id", "aa" + label.encode().hex())
        request = made(ca, "request", label, "--subject", f"CN={label}", "--san", "dns:a.example", "--profile", "server")
        leaf = str(ca.folder / "leaf.pem")
        sign(request, leaf)
        openssl("verify", "-CAfile", root, "-purpose", "sslserver", "-verify_hostname", "a.example", leaf)
        imported = ca.user("cert", "import", leaf)
        expect_code(imported, DONE)
        expect(f"object={label}" in imported.stdout and "type=private" in imported.stdout, imported.stdout)
        (row,) = [row for row in certificates(ca) if row["label"] == label]
        expect(row["id"] == "aa" + label.encode().hex(), row)  # programs find the key by it
        expect(row["has_private_key"] is True, row)
    (row,) = json.loads(ca.user("cert", "import", "--json", root).stdout)["certificates"]
    expect(row["label"] == "Root" and row["has_private_key"] is False and row["private_key"] is None, row)
    expect(len(row["id"]) == 40, row)

    chain = ca.run("cert", "export", "--label", "ec-p256", "--chain").stdout
    expect(chain.count("BEGIN CERTIFICATE") == 2, chain)
    (ca.folder / "chain.pem").write_text(chain)
    openssl("verify", "-CAfile", str(ca.folder / "chain.pem"), str(ca.folder / "chain.pem"))
    everything = ca.run("cert", "export", "--all", "--chain").stdout
    expect(everything.count("BEGIN CERTIFICATE") == 4, everything)


@test
def what_was_exported_is_imported_again(ca):
    make_key(ca, "ec:p256", "a")
    make_key(ca, "ec:p256", "b")
    own = made(ca, "self-sign", "a", "--subject", "CN=First", "--no-import")
    other = made(ca, "self-sign", "b", "--subject", "CN=Second", "--no-import")
    bundle = ca.folder / "both.p7b"
    openssl("crl2pkcs7", "-nocrl", "-certfile", own, "-certfile", other, "-out", str(bundle))
    expect_code(ca.user("cert", "import", str(bundle)), DONE)
    expect([row["label"] for row in certificates(ca)] == ["First", "Second"])
    expect(all(row["has_private_key"] for row in certificates(ca)))
    one = ca.folder / "first.der"
    expect_code(ca.run("cert", "export", "--label", "First", "--der", "-o", str(one)), DONE)
    expect(openssl("x509", "-inform", "DER", "-in", str(one)) == openssl("x509", "-in", own))
    everything = ca.run("cert", "export", "--all").stdout
    with open(own, encoding="ascii") as first, open(other, encoding="ascii") as second:
        expect(everything == first.read() + second.read(), everything)
    expect_code(ca.run("cert", "export"), AMBIGUOUS, "2 certificates match", 'label "Second"')
    expect_code(ca.run("cert", "export", "--all", "--format", "der"), USAGE, "one certificate")
    expect_code(ca.run("cert", "export", "--label", "Third"), NOT_FOUND, "no certificate matches")
    expect_code(ca.run("cert", "export", "pkcs11:object=First;type=private"), USAGE, "type=cert")
    expect(ca.run("cert", "export", "pkcs11:object=First;type=cert").returncode == DONE)

    expect_code(ca.user("cert", "import", own), FAILED, 'already, labelled "First"', "--force")
    expect_code(ca.user("cert", "import", "--force", "--label", "again", "--id", "0102", own), DONE)
    (again,) = [row for row in certificates(ca) if row["label"] == "again"]
    expect(again["id"] == "0102" and again["has_private_key"] is True, again)
    expect_code(ca.user("object", "delete", "--type", "cert", "--label", "again", "--yes"), DONE)
    expect_code(ca.user("object", "delete", "--type", "cert", "--label", "First", "--yes"), DONE)
    expect_code(ca.run("cert", "import", "--public", "-", input=one.read_bytes().decode("latin-1"),
                       encoding="latin-1"), DONE)
    expect([row["label"] for row in certificates(ca)] == ["First", "Second"])


@test
def a_file_with_something_bad_imports_nothing(ca):
    make_key(ca, "ec:p256", "a")
    own = made(ca, "self-sign", "a", "--subject", "CN=First", "--no-import")
    bad = ca.folder / "bad.pem"
    with open(own, encoding="ascii") as file:
        good = file.read()
    bad.write_text(good + good.replace("MII", "MIJ", 1))
    expect_code(ca.user("cert", "import", str(bad)), FAILED, "certificate 2 of", "it is no X.509 certificate")
    bad.write_text("nothing\n")
    expect_code(ca.user("cert", "import", own, str(bad)), FAILED, "there is no certificate in it")
    expect_code(ca.user("cert", "import", str(ca.folder / "none.pem")), FAILED, "none.pem")
    expect(certificates(ca) == [])
    bad.write_text(good + good)
    twice = ca.user("cert", "import", "--label", "one", str(bad))
    expect(twice.returncode == DONE and "imported once" in twice.stderr, twice.stderr)
    bad.write_text(good)
    expect_code(ca.run("cert", "import", "--force", "--pin-file", ca.wrong, str(bad)), PIN)


@test
def names_of_strangers_do_not_reach_the_terminal_as_they_are(ca):
    key = ca.folder / "key"
    openssl("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", str(key), "-out", str(key), "-utf8", "-subj",
            "/CN=\x1b[31mred\u202e")
    expect_code(ca.user("cert", "import", str(key)), DONE)  # a private key stands before it
    listed = ca.user("cert", "list")
    expect("\x1b" not in listed.stdout and "\u202e" not in listed.stdout, listed.stdout)
    (row,) = certificates(ca)
    expect(row["label"] == "\x1b[31mred\u202e" and row["has_private_key"] is False, row)


@test
def keys_that_cannot_sign_are_refused(ca):
    make_key(ca, "rsa:2048", "d", "--usage", "decrypt")
    make_key(ca, "x25519", "x")
    for label in ("d", "x", "none"):
        refused = ca.user("cert", "request", "--label", label, "--subject", "CN=x")
        expect(refused.returncode != DONE and not refused.stdout, refused.stdout)
    uri = "pkcs11:object=d;type=public"
    expect_code(ca.user("cert", "request", "--subject", "CN=x", uri), USAGE, "type=private")


if __name__ == "__main__":
    main(__doc__)
