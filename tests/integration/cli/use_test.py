#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Uses keys with the real `ashlar` and lets OpenSSL check the results; prints TAP.

usage: use_test.py PATH-OF-ASHLAR PATH-OF-MODULE [WORD...]   only the tests whose names have all words
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import time

from home import AMBIGUOUS, DONE, FAILED, NOT_FOUND, PIN, USAGE, USER_PIN
from home import Home, expect, expect_code
from suite import main, test

DATA = b"some data\n" * 1000
KEY = bytes(range(32))
KEK = bytes(range(100, 132))
IV = bytes(range(16))


class Bench:
    """A home, files in it, and OpenSSL."""

    def __init__(self, folder, ashlar, module):
        self.home = home = Home(ashlar, folder, module)
        self.module = home.module
        expect_code(home.init("ca"), DONE)

    def file(self, name, content=None):
        path = self.home.folder / name
        if content is not None:
            path.write_bytes(content)
        return str(path)

    def read(self, name):
        return (self.home.folder / name).read_bytes()

    def mode(self, name):
        return (self.home.folder / name).stat().st_mode & 0o777

    def openssl(self, *words, good=True, stdin=b""):
        result = subprocess.run(["openssl", *words], input=stdin, capture_output=True, check=False)
        expect((result.returncode == 0) == good, f"openssl {words}: {result.stdout}{result.stderr}")
        return result.stdout

    def user(self, command, *words, code=DONE, texts=(), **how):
        """A command with the user PIN, which stands before the words."""
        result = self.home.run(command, "--pin-file", self.home.pin, *words, **how)
        expect_code(result, code, *texts)
        return result

    def pair(self, name, *words, usage, token="ca"):
        """A key pair that OpenSSL made, in a token too; NAME.pem and NAME.pub.pem."""
        self.openssl("genpkey", *words, "-out", self.file(f"{name}.pem"))
        self.openssl("pkey", "-in", self.file(f"{name}.pem"), "-pubout", "-out", self.file(f"{name}.pub.pem"))
        self.import_pem(f"{name}.pem", name, usage, token)

    def import_pem(self, file, label, usage, token="ca"):
        words = ("--token", token, "--label", label, "--usage", usage, "--extractable", self.file(file))
        expect_code(self.home.run("key", "import", "--pin-file", self.home.pin, *words), DONE)

    def rsa(self, name, usage):
        self.pair(name, "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", usage=usage)

    def ec(self, name, curve, usage):
        self.pair(name, "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", usage=usage)

    def secret(self, label, kind, usage, value):
        """A secret key with a known value: OpenSSL encrypts it for the token."""
        if not (self.home.folder / "door.pem").exists():
            self.rsa("door", "unwrap")
        self.openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", self.file("door.pub.pem"), "-in",
                     self.file("value", value), "-out", self.file("wrapped"), "-pkeyopt", "rsa_padding_mode:oaep",
                     "-pkeyopt", "rsa_oaep_md:sha256")
        self.user("unwrap", "--with", "label:door", "--type", kind, "--label", label, "--usage", usage,
                  self.file("wrapped"))

    def generate(self, kind, label, usage, token="ca"):
        words = ("--token", token, "--type", kind, "--label", label, "--usage", usage)
        expect_code(self.home.run("key", "generate", "--pin-file", self.home.pin, *words), DONE)

    def mac(self, label, token="ca"):
        """HMAC-SHA-256 with a key of a token: tells what its value is."""
        self.user("sign", "--token", token, "--label", label, "-o", self.file("mac"), self.file("data", DATA))
        return self.read("mac")


def hmac256(key, data=DATA):
    return hmac.new(key, data, hashlib.sha256).digest()


def verifies(bench, name, hash_name, *options, data="data", good=True):
    bench.openssl("dgst", f"-{hash_name}", "-verify", bench.file(f"{name}.pub.pem"), *options, "-signature",
                  bench.file("sig"), bench.file(data), good=good)


PSS = ("-sigopt", "rsa_padding_mode:pss")


@test
def rsa_signatures_are_those_of_openssl(bench):
    bench.rsa("rsa", "sign")
    bench.file("data", DATA)
    for words, hash_name, options in (
        ((), "sha256", (*PSS, "-sigopt", "rsa_pss_saltlen:digest")),
        (("--hash", "sha512"), "sha512", (*PSS, "-sigopt", "rsa_pss_saltlen:digest")),
        (("--salt-length", "max"), "sha256", (*PSS, "-sigopt", "rsa_pss_saltlen:max")),
        (("--salt-length", "20", "--mgf-hash", "sha1"), "sha256",
         (*PSS, "-sigopt", "rsa_pss_saltlen:20", "-sigopt", "rsa_mgf1_md:sha1")),
        (("--mechanism", "rsa-pkcs1-sha256"), "sha256", ()),
        (("--mechanism", "CKM_SHA3_384_RSA_PKCS"), "sha3-384", ()),
    ):
        made = bench.user("sign", "--label", "rsa", *words, "--output", bench.file("sig"), bench.file("data"))
        expect("Written:" in made.stdout and "256 bytes (CKM_" in made.stdout, made.stdout)
        verifies(bench, "rsa", hash_name, *options)
        # The same the other way round, without a PIN.
        bench.openssl("dgst", f"-{hash_name}", "-sign", bench.file("rsa.pem"), *options, "-out", bench.file("sig"),
                      bench.file("data"))
        verified = bench.home.run("verify", "--class", "public", "--label", "rsa", *words, "--signature", bench.file("sig"), bench.file("data"))
        expect_code(verified, DONE)
        expect(verified.stdout == "Signature is valid\n", verified.stdout)


@test
def ecdsa_signatures_are_der_or_raw(bench):
    bench.file("data", DATA)
    for curve, hash_name, half in (("P-256", "sha256", 32), ("P-384", "sha384", 48), ("P-521", "sha512", 66),
                                   ("secp256k1", "sha256", 32)):
        bench.ec(curve, curve, "sign")
        bench.user("sign", "--label", curve, "--output", bench.file("sig"), bench.file("data"))
        verifies(bench, curve, hash_name)
        verify = ("verify", "--class", "public", "--label", curve, "--signature", bench.file("sig"))
        expect_code(bench.home.run(*verify, bench.file("data")), DONE)
        bench.openssl("dgst", f"-{hash_name}", "-sign", bench.file(f"{curve}.pem"), "-out", bench.file("sig"),
                      bench.file("data"))
        expect_code(bench.home.run(*verify, bench.file("data")), DONE)
        bench.user("sign", "--label", curve, "--format", "raw", "--output", bench.file("sig"), bench.file("data"))
        expect(len(bench.read("sig")) == 2 * half, len(bench.read("sig")))
        expect_code(bench.home.run(*verify, bench.file("data")), FAILED, "is --format raw missing?")
        expect_code(bench.home.run(*verify[:-2], "--format", "raw", *verify[-2:], bench.file("data")), DONE)


@test
def ecdsa_signs_digests_too(bench):
    bench.ec("p256", "P-256", "sign")
    bench.file("digest", hashlib.sha256(DATA).digest())
    bench.user("sign", "--label", "p256", "--mechanism", "ecdsa", "-o", bench.file("sig"), bench.file("digest"))
    bench.file("data", DATA)
    verifies(bench, "p256", "sha256")


@test
def edwards_signatures_are_those_of_openssl(bench):
    bench.file("data", DATA)
    for name in ("ED25519", "ED448"):
        bench.pair(name, "-algorithm", name, usage="sign")
        bench.user("sign", "--label", name, "--output", bench.file("sig"), bench.file("data"))
        bench.openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", bench.file(f"{name}.pub.pem"), "-sigfile",
                      bench.file("sig"), "-in", bench.file("data"))
    words = ("--label", "ED25519", "--context", "text:one")
    bench.user("sign", *words, "--output", bench.file("sig"), bench.file("data"))
    expect_code(bench.home.run("verify", "--class", "public", *words, "--signature", bench.file("sig"), bench.file("data")), DONE)
    refused = bench.home.run("verify", "--class", "public", "--label", "ED25519", "--signature", bench.file("sig"), bench.file("data"))
    expect_code(refused, FAILED, "the signature is not valid")


def seed_pem(oid, seed):
    """A post-quantum private key that is a seed alone (RFC 9881, RFC 9935)."""
    name = bytes([6, 9]) + bytes.fromhex("608648016503040" + oid)
    inner = bytes([0x80, len(seed)]) + seed
    body = bytes([2, 1, 0, 0x30, len(name)]) + name + bytes([4, len(inner)]) + inner
    text = base64.b64encode(bytes([0x30, len(body)]) + body).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n".encode()


@test
def two_tokens_agree_on_ml_dsa(bench):
    expect_code(bench.home.init("cb"), DONE)
    bench.file("seed.pem", seed_pem("312", bytes(range(32))))
    for token in ("ca", "cb"):
        bench.import_pem("seed.pem", "pq", "sign", token)
    words = ("--label", "pq", "--deterministic", "--context", "0a0b")
    for token in ("ca", "cb"):
        bench.user("sign", "--token", token, *words, "-o", bench.file(f"sig.{token}"), bench.file("data", DATA))
    expect(bench.read("sig.ca") == bench.read("sig.cb") and len(bench.read("sig.ca")) == 3309)
    verify = ("verify", "--class", "public", "--token", "cb", *words, "--signature", bench.file("sig.ca"))
    expect_code(bench.home.run(*verify, bench.file("data")), DONE)
    expect_code(bench.home.run(*verify, bench.file("other", DATA + b"x")), FAILED, "the signature is not valid")
    bench.user("sign", "--token", "ca", "--label", "pq", "-o", bench.file("sig"), bench.file("data"))
    expect(bench.read("sig") != bench.read("sig.ca"))
    plain = ("verify", "--class", "public", "--token", "cb", "--label", "pq", "--signature", bench.file("sig"), bench.file("data"))
    expect_code(bench.home.run(*plain), DONE)


@test
def macs_are_those_of_openssl(bench):
    bench.file("data", DATA)
    bench.secret("h", "generic:256", "sign,verify", KEY)
    bench.secret("a", "aes:256", "sign,verify", KEY)
    expect(bench.mac("h") == hmac256(KEY))
    bench.user("sign", "--label", "h", "--hash", "sha512", "-o", bench.file("sig"), bench.file("data"))
    expect(bench.read("sig") == hmac.new(KEY, DATA, hashlib.sha512).digest())
    bench.user("sign", "--label", "h", "--mechanism", "hmac-sha256-general", "--tag-length", "16", "-o", bench.file("sig"),
               bench.file("data"))
    expect(bench.read("sig") == hmac256(KEY)[:16])
    bench.user("sign", "--label", "a", "-o", bench.file("sig"), bench.file("data"))
    wanted = bench.openssl("mac", "-cipher", "AES-256-CBC", "-macopt", f"hexkey:{KEY.hex()}", "-in", bench.file("data"),
                           "-binary", "CMAC")
    expect(bench.read("sig") == wanted)
    bench.user("verify", "--label", "a", "--signature", bench.file("sig"), bench.file("data"))
    bench.user("verify", "--label", "h", "--signature", bench.file("sig"), bench.file("data"), code=FAILED,
               texts=["the signature is not valid"])


@test
def aes_gcm_has_its_nonce_in_front(bench):
    bench.secret("disk", "aes:256", "encrypt,decrypt", KEY)
    bench.user("encrypt", "--label", "disk", "--aad", "text:head", "-o", bench.file("enc"), bench.file("data", DATA))
    sealed = bench.read("enc")
    expect(len(sealed) == 12 + len(DATA) + 16, len(sealed))
    # SP 800-38D: the plaintext is counted from 2.
    counted = bench.openssl("enc", "-d", "-aes-256-ctr", "-K", KEY.hex(), "-iv", sealed[:12].hex() + "00000002",
                            stdin=sealed[12:-16])
    expect(counted == DATA)
    bench.user("decrypt", "--label", "disk", "--aad", "text:head", "-o", bench.file("dec"), bench.file("enc"))
    expect(bench.read("dec") == DATA and bench.mode("dec") == 0o600)
    bench.user("encrypt", "--label", "disk", "-o", bench.file("enc2"), bench.file("data"))
    expect(bench.read("enc2")[:12] != sealed[:12], "the same nonce twice")


@test
def what_was_changed_is_not_decrypted(bench):
    bench.generate("aes:256", "disk", "encrypt,decrypt")
    bench.user("encrypt", "--label", "disk", "-o", bench.file("enc"), bench.file("data", DATA))
    sealed = bytearray(bench.read("enc"))
    sealed[100] ^= 1
    bench.file("out", b"old")
    bench.user("decrypt", "--label", "disk", "-o", bench.file("out"), bench.file("changed", bytes(sealed)), code=FAILED,
               texts=["tag does not match", "the data was changed"])
    expect(bench.read("out") == b"old")
    bench.user("decrypt", "--label", "disk", "-o", bench.file("none"), bench.file("short", b"x"), code=FAILED,
               texts=["too short"])
    expect(not (bench.home.folder / "none").exists())
    bench.user("decrypt", "--label", "disk", bench.file("changed"), code=FAILED)


@test
def aes_modes_are_those_of_openssl(bench):
    bench.secret("disk", "aes:256", "encrypt,decrypt", KEY)
    bench.file("data", DATA)
    for name, cipher in (("aes-cbc-pad", "aes-256-cbc"), ("aes-ctr", "aes-256-ctr")):
        iv = ("-K", KEY.hex(), "-iv", IV.hex())
        bench.openssl("enc", f"-{cipher}", *iv, "-in", bench.file("data"), "-out", bench.file("enc"))
        words = ("--label", "disk", "--mechanism", name)
        bench.user("decrypt", *words, "--iv", IV.hex(), "-o", bench.file("dec"), bench.file("enc"))
        expect(bench.read("dec") == DATA)
        bench.user("encrypt", *words, "--iv", IV.hex(), "-o", bench.file("enc2"), bench.file("data"))
        expect(bench.read("enc2") == bench.read("enc"))
        bench.user("encrypt", *words, "-o", bench.file("enc2"), bench.file("data"))
        sealed = bench.read("enc2")
        plain = bench.openssl("enc", "-d", f"-{cipher}", "-K", KEY.hex(), "-iv", sealed[:16].hex(), stdin=sealed[16:])
        expect(plain == DATA)
        bench.user("decrypt", *words, "-o", bench.file("dec"), bench.file("enc2"))
        expect(bench.read("dec") == DATA)
    bench.user("encrypt", "--label", "disk", "--mechanism", "aes-ccm", "-o", bench.file("enc"), bench.file("data"))
    sealed = bench.read("enc")
    # SP 800-38C: two bytes and a half are left to the length, so the counter block begins with 2.
    plain = bench.openssl("enc", "-d", "-aes-256-ctr", "-K", KEY.hex(), "-iv", "02" + sealed[:12].hex() + "000001",
                          stdin=sealed[12:-16])
    expect(plain == DATA)
    bench.user("decrypt", "--label", "disk", "--mechanism", "aes-ccm", "-o", bench.file("dec"), bench.file("enc"))
    expect(bench.read("dec") == DATA)


@test
def rsa_oaep_is_that_of_openssl(bench):
    bench.rsa("mail", "decrypt")
    bench.file("data", b"a password")
    for hash_name in ("sha256", "sha1"):
        oaep = ("-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", f"rsa_oaep_md:{hash_name}")
        bench.openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", bench.file("mail.pub.pem"), "-in", bench.file("data"),
                      "-out", bench.file("enc"), *oaep)
        words = ("--label", "mail", "--hash", hash_name)
        bench.user("decrypt", *words, "-o", bench.file("dec"), bench.file("enc"))
        expect(bench.read("dec") == b"a password" and bench.mode("dec") == 0o600)
        # Encrypting takes no PIN.
        expect_code(bench.home.run("encrypt", "--class", "public", *words, "-o", bench.file("enc"), bench.file("data")), DONE)
        plain = bench.openssl("pkeyutl", "-decrypt", "-inkey", bench.file("mail.pem"), "-in", bench.file("enc"), *oaep)
        expect(plain == b"a password")
    long = bench.home.run("encrypt", "--class", "public", "--label", "mail", "-o", bench.file("enc2"), bench.file("long", DATA))
    expect_code(long, FAILED, "length is out of range", "encrypt with an AES key")


@test
def keys_wrapped_by_openssl_are_unwrapped_and_the_other_way_round(bench):
    bench.secret("kek", "aes:256", "wrap,unwrap", KEK)
    kwp = ("-id-aes256-wrap-pad", "-K", KEK.hex(), "-iv", "A65959A6")
    bench.openssl("enc", *kwp, "-in", bench.file("value", KEY), "-out", bench.file("wrapped"))
    bench.user("unwrap", "--with", "label:kek", "--type", "generic:256", "--label", "mac", bench.file("wrapped"))
    expect(bench.mac("mac") == hmac256(KEY))
    bench.user("unwrap", "--with", "label:kek", "--type", "aes:128", "--label", "no", bench.file("wrapped"), code=FAILED,
               texts=["can't unwrap the key", "is the length right"])
    bench.ec("web", "P-256", "sign")
    bench.user("wrap", "--label", "web", "--with", "label:kek", "--output", bench.file("web.wrapped"))
    bench.openssl("enc", "-d", *kwp, "-in", bench.file("web.wrapped"), "-out", bench.file("web.der"))
    public = bench.openssl("pkey", "-inform", "DER", "-in", bench.file("web.der"), "-pubout")
    expect(public == bench.read("web.pub.pem"))
    # And back as another key, which signs like the first.
    made = bench.user("unwrap", "--with", "label:kek", "--type", "ec:p256", "--label", "again", "--id", "0a", "--json",
                      bench.file("web.wrapped"))
    (public, key) = json.loads(made.stdout)["keys"]
    expect(public["class"] == "public" and public["usage"] == ["verify"], public)
    expect(key["type"] == "ec:p256" and key["class"] == "private" and key["usage"] == ["sign"], key)
    expect(key["sensitive"] and not key["extractable"] and not key["local"], key)
    bench.user("sign", "--label", "again", "--output", bench.file("sig"), bench.file("data", DATA))
    verifies(bench, "web", "sha256")
    expect_code(bench.home.run("verify", "--class", "public", "--id", "0a", "--signature", bench.file("sig"), bench.file("data")), DONE)
    bench.user("unwrap", "--with", "label:kek", "--type", "ec:p384", "--label", "no", bench.file("web.wrapped"),
               code=FAILED, texts=["ec:p256, not ec:p384: it was not kept"])
    expect_code(bench.home.user("key", "show", "--label", "no"), NOT_FOUND)


@test
def every_wrapping_mechanism_goes_there_and_back(bench):
    bench.generate("aes:256", "kek", "wrap,unwrap")
    bench.rsa("courier", "unwrap")
    bench.secret("target", "generic:256", "sign,verify", KEY)
    words = ("key", "generate", "--pin-file", bench.home.pin, "--type", "generic:256", "--label", "t", "--extractable")
    expect_code(bench.home.run(*words), DONE)
    before = bench.mac("t")
    for number, (kek, mechanism) in enumerate(
        [("kek", name) for name in ("aes-kw", "aes-kwp", "aes-gcm", "aes-cbc-pad", "aes-ccm", "aes-cbc")]
        + [("courier", name) for name in ("rsa-oaep", "rsa-aes-kwp", "rsa-pkcs1")]
    ):
        how = ("--with", f"label:{kek}", "--mechanism", mechanism)
        bench.user("wrap", "--label", "t", *how, "-o", bench.file("wrapped"))
        bench.user("unwrap", *how, "--type", "generic:256", "--label", f"n{number}", bench.file("wrapped"))
        expect(bench.mac(f"n{number}") == before, mechanism)
    bench.user("wrap", "--label", "target", "--with", "label:kek", "-o", bench.file("no"), code=FAILED,
               texts=["may not leave the token", "--extractable"])
    expect(not (bench.home.folder / "no").exists())


@test
def pairs_of_every_kind_come_back_from_their_wrapping(bench):
    bench.secret("kek", "aes:256", "wrap,unwrap", KEK)
    for kind, use in (("rsa:2048", "sign"), ("ec:p384", "sign"), ("ed25519", "sign"), ("x25519", "derive"),
                      ("ml-dsa-44", "sign"), ("ml-kem-512", "decapsulate")):
        words = ("--type", kind, "--label", kind, "--usage", use, "--extractable")
        expect_code(bench.home.run("key", "generate", "--pin-file", bench.home.pin, *words), DONE)
        before = bench.home.json("key", "show", "--label", kind)["keys"]
        bench.user("wrap", "--label", kind, "--with", "label:kek", "--output", bench.file("wrapped"))
        expect_code(bench.home.user("key", "delete", "--label", kind, "--yes"), DONE)
        bench.user("unwrap", "--with", "label:kek", *words, bench.file("wrapped"))
        after = bench.home.json("key", "show", "--label", kind)["keys"]
        for old, new in zip(before, after, strict=True):
            same = ("class", "type", "id", "usage", "private", "extractable")
            expect([old[name] for name in same] == [new[name] for name in same], (old, new))
        if use == "sign":
            bench.user("sign", "--label", kind, "-o", bench.file("sig"), bench.file("data", DATA))
            expect_code(bench.home.run("verify", "--class", "public", "--label", kind, "--signature", bench.file("sig"), bench.file("data")), DONE)


@test
def a_key_is_wrapped_for_a_stranger(bench):
    bench.rsa("stranger", "unwrap")
    expect_code(bench.home.user("key", "delete", "--label", "stranger", "--yes"), DONE)
    words = ("key", "generate", "--pin-file", bench.home.pin, "--type", "generic:256", "--label", "t", "--extractable")
    expect_code(bench.home.run(*words), DONE)
    how = ("--label", "t", "--peer", bench.file("stranger.pub.pem"), "--output", bench.file("wrapped"))
    bench.user("wrap", *how)
    value = bench.openssl("pkeyutl", "-decrypt", "-inkey", bench.file("stranger.pem"), "-in", bench.file("wrapped"),
                          "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256")
    expect(bench.mac("t") == hmac256(value))
    # RSA_AES_KEY_WRAP, as key services want it: an AES key under OAEP, then the key under that.
    bench.user("wrap", "--mechanism", "rsa-aes-kwp", *how)
    wrapped = bench.read("wrapped")
    aes = bench.openssl("pkeyutl", "-decrypt", "-inkey", bench.file("stranger.pem"), "-pkeyopt", "rsa_padding_mode:oaep",
                        "-pkeyopt", "rsa_oaep_md:sha256", stdin=wrapped[:256])
    again = bench.openssl("enc", "-d", "-id-aes256-wrap-pad", "-K", aes.hex(), "-iv", "A65959A6", stdin=wrapped[256:])
    expect(again == value)
    bench.user("wrap", "--label", "t", "--peer", bench.file("junk", b"junk"), code=FAILED, texts=["holds no public key"])
    bench.user("wrap", "--label", "t", code=USAGE, texts=["--with KEY of the token, or --peer FILE"])
    expect(len(bench.home.json("key", "list")["keys"]) == 1, "the stranger's key stayed")


@test
def agreed_secrets_are_those_of_openssl(bench):
    for number, (name, words) in enumerate((
        ("x25519", ("-algorithm", "X25519")),
        ("p256", ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")),
    )):
        bench.pair(name, *words, usage="derive")
        bench.openssl("genpkey", *words, "-out", bench.file("bob.pem"))
        bench.openssl("pkey", "-in", bench.file("bob.pem"), "-pubout", "-out", bench.file("bob.pub.pem"))
        bench.openssl("pkey", "-in", bench.file("bob.pem"), "-pubout", "-outform", "DER", "-out", bench.file("bob.der"))
        secret = bench.openssl("pkeyutl", "-derive", "-inkey", bench.file("bob.pem"), "-peerkey",
                               bench.file(f"{name}.pub.pem"))
        bench.file("bare", bench.read("bob.der")[-(32 if name == "x25519" else 65) :])
        for form in ("bob.pub.pem", "bob.der", "bare"):
            label = f"{name}-{form}"
            bench.user("derive", "--with", f"label:{name}", "--peer", bench.file(form), "--type", "generic:256",
                       "--label", label)
            expect(bench.mac(label) == hmac256(secret), form)
        bench.user("derive", "--with", f"label:{name}", "--peer", bench.file("bare"), "--kdf", "x963-sha256",
                   "--shared-info", "0a0b", "--type", "generic:256", "--label", f"kdf-{number}")
        wanted = hashlib.sha256(secret + bytes([0, 0, 0, 1, 0x0A, 0x0B])).digest()
        expect(bench.mac(f"kdf-{number}") == hmac256(wanted))
    bench.user("derive", "--with", "label:x25519", "--peer", bench.file("bob.pub.pem"), "--type", "aes:256", "--label",
               "no", code=FAILED, texts=["is of another kind than the key"])
    bench.user("derive", "--with", "label:p256", "--peer", bench.file("junk", b"x" * 65), "--type", "aes:256", "--label",
               "no", code=FAILED, texts=["a point of the same curve"])


@test
def hkdf_is_that_of_the_rfc(bench):
    bench.secret("master", "generic:256", "derive", KEY)
    pseudorandom = hmac.new(b"salt", KEY, hashlib.sha512).digest()
    wanted = hmac.new(pseudorandom, b"tenant\x01", hashlib.sha512).digest()[:32]
    bench.user("derive", "--with", "label:master", "--hash", "sha512", "--salt", "text:salt", "--info", "text:tenant",
               "--type", "generic:256", "--label", "tenant")
    expect(bench.mac("tenant") == hmac256(wanted))
    bench.user("derive", "--with", "label:master", "--type", "generic", "--label", "no", code=FAILED,
               texts=["say how long"])


@test
def two_tokens_agree_by_ml_kem(bench):
    expect_code(bench.home.init("cb"), DONE)
    bench.file("kem.pem", seed_pem("402", bytes(range(64))))
    for token in ("ca", "cb"):
        bench.import_pem("kem.pem", "kem", "decapsulate", token)
    words = ("--with", "label:kem", "--type", "generic:256", "--label", "shared")
    bench.user("encapsulate", "--token", "ca", *words, "--output", bench.file("ct"))
    expect(len(bench.read("ct")) == 1088, len(bench.read("ct")))
    bench.user("decapsulate", "--token", "cb", *words, bench.file("ct"))
    expect(bench.mac("shared", "ca") == bench.mac("shared", "cb"))
    bench.user("decapsulate", "--token", "cb", *words, bench.file("short", b"x"), code=FAILED,
               texts=["can't decapsulate"])
    bench.generate("ml-kem-768", "own", "decapsulate", "ca")
    own = ("--token", "ca", "--with", "label:own", "--type", "aes:256")
    bench.user("encapsulate", *own, "--label", "one", "--output", bench.file("ct"))
    bench.user("decapsulate", *own, "--label", "two", bench.file("ct"))
    # For somebody whose public key came as a file.
    exported = bench.home.run("key", "export-public", "--public", "--token", "ca", "--label", "own")
    expect_code(exported, DONE)
    bench.file("own.pem", exported.stdout.encode())
    made = ("--type", "generic:256", "--label", "sent")
    bench.user("encapsulate", "--token", "cb", "--peer", bench.file("own.pem"), *made, "--output", bench.file("ct"))
    bench.user("decapsulate", "--token", "ca", "--with", "label:own", *made, bench.file("ct"))
    expect(bench.mac("sent", "ca") == bench.mac("sent", "cb"))


@test
def digests_are_those_of_coreutils(bench):
    names = [bench.file("a", DATA), bench.file("b\nc\\d", b"")]
    for hash_name, tool in (("sha256", "sha256sum"), ("sha512", "sha512sum"), ("sha1", "sha1sum")):
        made = bench.home.run("hash", "--hash", hash_name, *names)
        expect_code(made, DONE)
        checked = subprocess.run([tool, "-c", "--strict"], input=made.stdout, text=True, capture_output=True, check=False)
        expect(checked.returncode == 0, checked.stdout + checked.stderr)
    made = bench.home.run("hash", "--json", "-", input="abc")
    expect_code(made, DONE)
    (row,) = json.loads(made.stdout)["files"]
    expect(row == {"file": "standard input", "hash": "sha256", "digest": hashlib.sha256(b"abc").hexdigest()}, row)


@test
def random_bytes_come_in_every_form(bench):
    raw = subprocess.run([bench.home.ashlar, "random", "1000"], env=bench.home.env(), capture_output=True, check=True)
    again = subprocess.run([bench.home.ashlar, "random", "1000"], env=bench.home.env(), capture_output=True, check=True)
    expect(len(raw.stdout) == 1000 and raw.stdout != again.stdout)
    expect(len(bytes.fromhex(bench.home.run("random", "--hex", "20").stdout)) == 20)
    expect(len(base64.b64decode(bench.home.run("random", "--base64", "100001").stdout, validate=False)) == 100001)
    expect_code(bench.home.run("random", "--output", bench.file("seed"), "64"), DONE)
    expect(len(bench.read("seed")) == 64 and bench.mode("seed") == 0o600)
    expect_code(bench.home.run("random", "-1"), USAGE)
    expect_code(bench.home.run("random", "0"), USAGE, "from 1 to")


@test
def a_killed_command_leaves_nothing(bench):
    before = sorted(os.listdir(bench.home.folder))
    running = subprocess.Popen([bench.home.ashlar, "random", "--output", bench.file("x"), "1000000000000"], env=bench.home.env())
    time.sleep(1)
    expect(running.poll() is None, "it ended")
    running.kill()
    running.wait(timeout=60)
    expect(sorted(os.listdir(bench.home.folder)) == before, os.listdir(bench.home.folder))


@test
def a_signature_that_is_not_valid_has_its_own_words(bench):
    bench.generate("ec:p256", "web", "sign")
    bench.user("sign", "--label", "web", "-o", bench.file("sig"), bench.file("data", DATA))
    words = ("verify", "--class", "public", "--label", "web", "--signature")
    for signature, data in ((bench.file("sig"), bench.file("other", b"other")), (bench.file("junk", b"junk"), bench.file("data"))):
        bad = bench.home.run(*words, signature, data)
        expect_code(bad, FAILED, "the signature is not valid for")
        bad = bench.home.run(*words, signature, "--json", data)
        expect(bad.returncode == FAILED, bad.stderr)
        (row,) = json.loads(bad.stdout)["results"]
        expect(row["valid"] is False and row["mechanism"] == "CKM_ECDSA_SHA256", row)
    good = bench.home.run(*words, bench.file("sig"), "--json", bench.file("data"))
    expect_code(good, DONE)
    (row,) = json.loads(good.stdout)["results"]
    expect(row["valid"] is True and row["key"].startswith("pkcs11:"), row)


@test
def json_has_the_signature_and_the_iv(bench):
    bench.generate("rsa:2048", "rsa", "sign")
    bench.generate("aes:128", "disk", "encrypt,decrypt")
    made = bench.user("sign", "--label", "rsa", "--json", bench.file("data", DATA))
    (row,) = json.loads(made.stdout)["results"]
    bench.file("sig", bytes.fromhex(row["signature"]))
    expect_code(bench.home.run("verify", "--class", "public", "--label", "rsa", "--signature", bench.file("sig"), bench.file("data")), DONE)
    bench.user("encrypt", "--label", "disk", "--json", bench.file("data"), code=USAGE, texts=["--output FILE"])
    made = bench.user("encrypt", "--label", "disk", "--json", "-o", bench.file("enc"), bench.file("data"))
    (row,) = json.loads(made.stdout)["results"]
    expect(bytes.fromhex(row["iv"]) == bench.read("enc")[:12] and row["bytes"] == len(bench.read("enc")), row)
    expect(row["output"] == bench.file("enc"), row)


@test
def data_and_pin_come_through_one_pipe(bench):
    bench.generate("ec:p256", "web", "sign")
    bench.file("data", b"from a pipe")
    words = ("sign", "--label", "web", "--pin-fd", "0", "-o", bench.file("sig"), "-")
    expect_code(bench.home.run(*words, input=f"{USER_PIN}\nfrom a pipe"), DONE)
    expect_code(bench.home.run("verify", "--class", "public", "--label", "web", "--signature", bench.file("sig"), bench.file("data")), DONE)


@test
def files_longer_than_the_limit_are_streamed(bench):
    size = (70 << 20) + 5
    with open(bench.file("big"), "wb") as file:
        file.truncate(size)
    bench.generate("ec:p256", "web", "sign")
    bench.generate("aes:256", "disk", "encrypt,decrypt")
    bench.generate("ed25519", "ed", "sign")
    bench.user("sign", "--label", "web", "-o", bench.file("sig"), bench.file("big"))
    expect_code(bench.home.run("verify", "--class", "public", "--label", "web", "--signature", bench.file("sig"), bench.file("big")), DONE)
    words = ("--label", "disk", "--mechanism", "aes-ctr")
    bench.user("encrypt", *words, "-o", bench.file("enc"), bench.file("big"))
    expect((bench.home.folder / "enc").stat().st_size == size + 16)
    bench.user("decrypt", *words, "-o", bench.file("dec"), bench.file("enc"))
    expect_code(bench.home.run("hash", bench.file("big"), bench.file("dec")), DONE)
    lines = bench.home.run("hash", bench.file("big"), bench.file("dec")).stdout.splitlines()
    expect(lines[0].split()[0] == lines[1].split()[0], lines)
    bench.user("encrypt", "--label", "disk", "-o", bench.file("no"), bench.file("big"), code=FAILED,
               texts=["can't be decrypted again", "aes-ctr"])
    bench.user("sign", "--label", "ed", "-o", bench.file("no"), bench.file("big"), code=FAILED, texts=["limits.multipart"])
    expect(not (bench.home.folder / "no").exists())


@test
def a_key_that_wants_the_pin_for_each_use_gets_it(bench):
    made = subprocess.run(
        ["pkcs11-tool", "--module", bench.module, "--login", "--pin", USER_PIN, "--keypairgen", "--key-type", "EC:prime256v1",
         "--usage-sign", "--always-auth", "--label", "careful", "--id", "0c"],
        env=bench.home.env(), capture_output=True, text=True, check=False,
    )
    expect(made.returncode == 0, made.stderr)
    (_, private) = bench.home.json("key", "show", "--id", "0c")["keys"]
    expect(private["always_authenticate"], private)
    bench.user("sign", "--label", "careful", "-o", bench.file("sig"), bench.file("data", DATA))
    expect_code(bench.home.run("verify", "--class", "public", "--label", "careful", "--signature", bench.file("sig"), bench.file("data")), DONE)


@test
def keys_are_chosen_by_uri_label_and_id(bench):
    bench.generate("ec:p256", "web", "sign")
    bench.generate("ec:p256", "mail", "sign")
    bench.file("data", DATA)
    bench.user("sign", bench.file("data"), code=AMBIGUOUS, texts=["2 keys match", '"web"', '"mail"'])
    bench.user("sign", "--label", "none", bench.file("data"), code=NOT_FOUND, texts=["no key matches"])
    uri = "pkcs11:token=ca;object=web;type=private"
    bench.user("sign", "-o", bench.file("sig"), uri, bench.file("data"))
    expect_code(bench.home.run("verify", "--class", "public", "--label", "web", "--signature", bench.file("sig"), bench.file("data")), DONE)
    expect_code(bench.home.run("verify", "--class", "public", "--label", "mail", "--signature", bench.file("sig"), bench.file("data")), FAILED)
    expect_code(bench.home.run("sign", "--label", "web", bench.file("data")), PIN, "there is no terminal")
    bench.user("encrypt", "--label", "web", bench.file("data"), code=USAGE, texts=["no key of type ec:p256 can encrypt"])


@test
def the_uri_of_with_says_which_token(bench):
    expect_code(bench.home.init("cb"), DONE)
    bench.generate("generic:256", "master", "derive", "cb")
    made = ("--type", "aes:256", "--label", "new")
    bench.user("derive", "--with", "label:master", *made, code=AMBIGUOUS, texts=["2 tokens match"])
    bench.user("derive", "--with", "pkcs11:token=cb;object=master", *made)
    (key,) = bench.home.json("key", "show", "--token", "cb", "--label", "new")["keys"]
    expect(key["type"] == "aes:256" and not key["local"], key)
    source = f"pkcs11:token=cb;object=master?pin-source={bench.home.pin}"
    expect_code(bench.home.run("derive", "--with", source, "--type", "aes:256", "--label", "newer"), DONE)
    bench.user("derive", "--with", "pkcs11:token=ca;object=master", *made, code=NOT_FOUND)


@test
def binary_data_stays_away_from_terminals(bench):
    terminal = bench.home.terminal("random", "8")
    expect(terminal.end() == USAGE, terminal.screen)
    expect("binary data is not for the terminal" in terminal.screen, terminal.screen)
    terminal = bench.home.terminal("random", "--hex", "8")
    expect(terminal.end() == DONE and len(terminal.screen.strip()) == 16, terminal.screen)


@test
def mechanisms_have_short_names(bench):
    rows = json.loads(bench.home.run("mechanisms", "--json").stdout)["mechanisms"]
    names = {row["name"]: row["short_name"] for row in rows}
    expect(names["CKM_ECDSA_SHA256"] == "ecdsa-sha256" and names["CKM_AES_KEY_GEN"] is None, names)
    given = [name for name in names.values() if name]
    expect(len(given) == len(set(given)), given)


if __name__ == "__main__":
    main(__doc__, Bench, 2)
