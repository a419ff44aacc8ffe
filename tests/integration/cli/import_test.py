#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What comes in: keys out of files of every form, made with OpenSSL and ssh-keygen, and whole
tokens of SoftHSM, made with its own tools. Each key is used afterwards and checked outside.

usage: import_test.py ASHLAR MODULE [WORD...]
"""

import json
import os
import pathlib
import shutil
import subprocess

from home import AMBIGUOUS, DONE, FAILED, NOT_FOUND, PIN, USAGE, USER_PIN
from home import Home, expect, expect_code
from suite import Skip, main, test

SOFTHSM_PIN = "soft-user-pin"
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


def tool(*words, env=None, code=0, **how):
    """Runs somebody else's program, which has to do it."""
    if shutil.which(words[0]) is None:
        raise Skip(f"{words[0]} is not installed")
    how.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                          env=env, check=False, **how)
    if code is not None:
        expect(done.returncode == code, f"{words}: {done.stdout!r} {done.stderr!r}")
    return done


class Work(Home):
    """A home, with a folder for files and our module for signing."""

    def path(self, name):
        return str(self.folder / name)

    def imported(self, label, *words, **how):
        done = self.user("key", "import", "--label", label, *words, **how)
        expect_code(done, DONE)
        return self.json_list("keys", "key", "show", "--label", label)

    def sign(self, label, mechanism, data, *words):
        """Signs with a key of ours by way of the module, as any program would."""
        pathlib.Path(self.path("data")).write_bytes(data)
        key = self.json_list("keys", "key", "show", "--label", label)[-1]  # pkcs11-tool goes by the id alone
        tool("pkcs11-tool", "--module", self.module, "--token-label", "ca", "--login", "--pin", USER_PIN, "--sign",
             "--id", key["id"], "--mechanism", mechanism, "-i", self.path("data"), "-o", self.path("signature"), *words,
             env={**os.environ, **self.env()})

    def verify(self, key, *words):
        """Whether the last signature fits the private key that OpenSSL has in a file."""
        tool("openssl", "pkey", "-in", key, *words, "-pubout", "-out", self.path("public"))
        tool("openssl", "dgst", "-sha256", "-verify", self.path("public"), "-signature", self.path("signature"),
             self.path("data"))


def make_key(work, name, *words):
    tool("openssl", "genpkey", *words, "-out", work.path(name))
    return work.path(name)


def make_p256(work, name="p256.pem"):
    return make_key(work, name, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


def secret_file(work, name, text="file-secret"):
    return work.pin_file(name, text)


def expect_signs(work, label, key, *words):
    work.sign(label, "ECDSA-SHA256", b"what is signed", "--signature-format", "openssl")
    work.verify(key, *words)


# ---- Files ----


@test
def pkcs8_in_all_its_forms(ca):
    key = make_p256(ca)
    secret = secret_file(ca, "secret")
    tool("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER", "-out", ca.path("plain"))
    for name, words in (
        ("pbes2", ["-v2", "aes-256-cbc"]),
        ("scrypt", ["-scrypt"]),
        ("pbes1", ["-v1", "PBE-SHA1-3DES"]),
        ("md5", ["-v1", "PBE-MD5-DES", "-provider", "legacy", "-provider", "default"]),
    ):
        for form in ("PEM", "DER"):
            tool("openssl", "pkcs8", "-topk8", "-in", key, *words, "-passout", f"file:{secret}", "-outform", form, "-out",
                 ca.path(f"{name}.{form}"))
    ids = {ca.imported("plain", ca.path("plain"))[1]["id"]}
    for name in ("pbes2", "scrypt", "pbes1", "md5"):
        for form in ("PEM", "DER"):
            halves = ca.imported(name + form, "--passphrase-file", secret, ca.path(f"{name}.{form}"))
            ids.add(halves[1]["id"])
    expect(len(ids) == 1, ids)
    expect_signs(ca, "pbes2DER", key)


@test
def passphrases_come_from_where_it_is_said(ca):
    key = make_p256(ca)
    tool("openssl", "pkcs8", "-topk8", "-in", key, "-passout", "pass:file-secret", "-out", ca.path("closed"))
    wrong = ca.user("key", "import", "--label", "x", "--passphrase-file", ca.pin_file("w", "wrong"), ca.path("closed"))
    expect_code(wrong, PIN, "the passphrase is wrong", "no key was imported")
    nobody = ca.user("key", "import", "--label", "x", ca.path("closed"))
    expect_code(nobody, PIN, "there is no terminal", "--passphrase-file FILE")
    plain = ca.user("key", "import", "--label", "x", "--passphrase", "file-secret", ca.path("closed"))
    expect_code(plain, USAGE, "a passphrase on the command line", "--passphrase-file")
    expect("file-secret" not in plain.stderr, plain.stderr)
    env = ca.env(SECRET="file-secret")
    expect_code(ca.user("key", "import", "--label", "x", "--passphrase-env", "SECRET", ca.path("closed"), env=env), DONE)
    asked = ca.terminal("key", "import", "--label", "y", "--pin-file", ca.pin, ca.path("closed"))
    asked.answer("Passphrase of ", "not this one")
    asked.answer("Passphrase of ", "file-secret")
    expect(asked.end() == DONE and "file-secret" not in asked.screen, asked.screen)


@test
def older_forms(ca):
    key = make_p256(ca)
    rsa = make_key(ca, "rsa.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    secret = secret_file(ca, "secret")
    for form in ("PEM", "DER"):
        tool("openssl", "ec", "-in", key, "-outform", form, "-out", ca.path(f"sec1.{form}"))
        tool("openssl", "rsa", "-traditional", "-in", rsa, "-outform", form, "-out", ca.path(f"pkcs1.{form}"))
        ca.imported(f"sec1{form}", ca.path(f"sec1.{form}"))
        ca.imported(f"pkcs1{form}", ca.path(f"pkcs1.{form}"))
    tool("openssl", "ec", "-in", key, "-aes128", "-passout", f"file:{secret}", "-out", ca.path("sec1.closed"))
    tool("openssl", "rsa", "-traditional", "-in", rsa, "-aes256", "-passout", f"file:{secret}", "-out", ca.path("pkcs1.closed"))
    ca.imported("sec1", "--passphrase-file", secret, ca.path("sec1.closed"))
    (_, private) = ca.imported("pkcs1", "--passphrase-file", secret, ca.path("pkcs1.closed"))
    expect(private["type"] == "rsa:2048" and not private["extractable"], private)
    expect_signs(ca, "sec1DER", key)
    ca.sign("pkcs1", "SHA256-RSA-PKCS", b"data")
    ca.verify(rsa)


@test
def one_file_may_hold_several_forms(ca):
    key = make_p256(ca)
    secret = secret_file(ca, "secret")
    tool("openssl", "ec", "-in", key, "-out", ca.path("a"))
    tool("openssl", "pkcs8", "-topk8", "-in", make_p256(ca, "b.pem"), "-passout", f"file:{secret}", "-out", ca.path("b"))
    files = [key, ca.path("a"), ca.path("b"), ca.path("b")]
    pathlib.Path(ca.path("all")).write_text("\n".join(pathlib.Path(file).read_text() for file in files))
    done = ca.json("key", "import", "--label-prefix", "k", "--passphrase-file", secret, ca.path("all"))
    expect(done["files"][0]["imported"] == 4, done)


@test
def pkcs12_with_its_chain(ca):
    root, key = make_p256(ca, "root.key"), make_p256(ca)
    secret = secret_file(ca, "secret")
    tool("openssl", "req", "-x509", "-new", "-key", root, "-subj", "/CN=Test root", "-days", "30", "-out", ca.path("root"))
    tool("openssl", "req", "-new", "-key", key, "-subj", "/CN=www.example", "-out", ca.path("request"))
    tool("openssl", "x509", "-req", "-in", ca.path("request"), "-CA", ca.path("root"), "-CAkey", root, "-CAcreateserial",
         "-days", "30", "-out", ca.path("leaf"))
    tool("openssl", "pkcs12", "-export", "-inkey", key, "-in", ca.path("leaf"), "-certfile", ca.path("root"), "-passout",
         f"file:{secret}", "-out", ca.path("all.p12"))
    done = ca.json("key", "import", "--label", "web", "--passphrase-file", secret, ca.path("all.p12"))
    expect(done == {"files": [{"file": ca.path("all.p12"), "imported": 1, "certificates": 2}]}, done)
    expect_signs(ca, "web", key)
    (_, private) = ca.json_list("keys", "key", "show", "--label", "web")
    listed = tool("p11tool", "--provider", ca.module, "--list-all-certs", "pkcs11:token=ca",
                  env={**os.environ, **ca.env()}).stdout.decode()
    expect("Label: web" in listed and "Label: Test root" in listed, listed)
    expect(":".join(private["id"][i:i + 2] for i in range(0, 40, 2)) in listed, listed)
    exported = tool("p11tool", "--provider", ca.module, "--export", "pkcs11:token=ca;object=web;type=cert",
                    env={**os.environ, **ca.env()}).stdout.decode()
    expect("".join(exported.split()) in "".join(pathlib.Path(ca.path("leaf")).read_text().split()), exported)
    again = ca.json("key", "import", "--label", "other", "--passphrase-file", secret, ca.path("all.p12"))
    expect(again["files"][0]["certificates"] == 2, again)
    again = tool("p11tool", "--provider", ca.module, "--list-all-certs", "pkcs11:token=ca",
                 env={**os.environ, **ca.env()}).stdout.decode()
    expect(again.count("Label:") == 2, again)


@test
def pkcs12_as_older_programs_write_it(ca):
    key = make_p256(ca)
    secret = secret_file(ca, "secret")
    tool("openssl", "req", "-x509", "-new", "-key", key, "-subj", "/CN=old", "-days", "30", "-out", ca.path("cert"))
    tool("openssl", "pkcs12", "-export", "-legacy", "-inkey", key, "-in", ca.path("cert"), "-passout", f"file:{secret}",
         "-out", ca.path("old.p12"))
    done = ca.json("key", "import", "--label", "web", "--passphrase-file", secret, ca.path("old.p12"))
    expect(done["files"][0]["certificates"] == 1, done)
    tool("openssl", "pkcs12", "-export", "-inkey", key, "-in", ca.path("cert"), "-passout", "pass:", "-out", ca.path("none.p12"))
    ca.imported("none", ca.path("none.p12"))  # nobody is asked


@test
def openssh_keys(ca):
    secret = secret_file(ca, "secret")
    for kind, words in (("ed25519", []), ("ecdsa", ["-b", "256"]), ("ecdsa", ["-b", "521"]), ("rsa", ["-b", "2048"])):
        for closed in (False, True):
            name = "-".join([kind, *words[1:], str(closed)])
            tool("ssh-keygen", "-q", "-t", kind, *words, "-a", "4", "-N", "file-secret" if closed else "", "-C", "a comment",
                 "-f", ca.path(name))
            ca.imported(name, "--passphrase-file", secret, ca.path(name))
            if name == "ecdsa-256-True":  # OpenSSL can't read the form: it is changed by its own program
                tool("ssh-keygen", "-q", "-p", "-P", "file-secret", "-N", "", "-m", "PEM", "-f", ca.path(name))
                expect_signs(ca, name, ca.path(name))
    tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "file-secret", "-Z", "aes256-gcm@openssh.com", "-f", ca.path("gcm"))
    refused = ca.user("key", "import", "--label", "gcm", "--passphrase-file", secret, ca.path("gcm"))
    expect_code(refused, FAILED, "aes256-gcm", "ssh-keygen -p -Z aes256-ctr -f FILE")
    tool("ssh-keygen", "-q", "-p", "-P", "file-secret", "-N", "file-secret", "-Z", "aes256-ctr", "-f", ca.path("gcm"))
    ca.imported("gcm", "--passphrase-file", secret, ca.path("gcm"))


def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    head = bytes([size]) if size < 128 else bytes([0x82, size >> 8, size & 0xFF])
    return bytes([tag]) + head + content


def nist_key(work, name, oid, key):
    algorithm = der(0x30, der(0x06, bytes.fromhex("60864801650304") + oid))
    path = work.path(name)
    pathlib.Path(path).write_bytes(der(0x30, b"\x02\x01\x00", algorithm, der(0x04, key)))
    return path


@test
def post_quantum_keys(ca):
    for number, name in ((0x11, "ml-dsa-44"), (0x12, "ml-dsa-65"), (0x13, "ml-dsa-87")):
        seed = nist_key(ca, name, bytes([3, number]), der(0x80, bytes(range(32))))
        (public, private) = ca.imported(name, seed)
        expect(private["usage"] == ["sign"] and public["usage"] == ["verify"], private)
    for number, name in ((1, "ml-kem-512"), (2, "ml-kem-768"), (3, "ml-kem-1024")):
        ca.imported(name, nist_key(ca, name, bytes([4, number]), der(0x80, bytes(range(64)))))
    seeds = pathlib.Path(__file__).parents[2] / "fuzz" / "seeds" / "pkcs8"  # a byte, then the key
    for form in ("seed", "expanded", "both"):
        key = (seeds / f"ml-kem-512-{form}").read_bytes()[1:]
        pathlib.Path(ca.path(form)).write_bytes(key)
        ca.imported(form, ca.path(form))
    at = key.index(bytes.fromhex("0440")) + 2  # of both: another seed does not fit the expanded key
    pathlib.Path(ca.path("both")).write_bytes(key[:at] + bytes([key[at] ^ 1]) + key[at + 1:])
    expect_code(ca.user("key", "import", "--label", "x", ca.path("both")), FAILED, "can't import key 1")
    short = nist_key(ca, "short", b"\x03\x11", der(0x80, bytes(31)))
    expect_code(ca.user("key", "import", "--label", "short", short), FAILED, "damaged")
    slh = nist_key(ca, "slh", b"\x03\x14", bytes(64))
    expect_code(ca.user("key", "import", "--label", "slh", slh), FAILED, "SLH-DSA-SHA2-128s, which the token has not")


@test
def secrets(ca):
    pathlib.Path(ca.path("raw")).write_bytes(bytes(range(32)))
    pathlib.Path(ca.path("hex")).write_text(bytes(range(16)).hex(":") + "\n")
    (key,) = ca.imported("raw", "--type", "aes", "--raw", ca.path("raw"))
    expect(key["type"] == "aes:256" and key["sensitive"] and not key["extractable"], key)
    (key,) = ca.imported("hex", "--type", "aes:128", ca.path("hex"))
    expect(key["type"] == "aes:128", key)
    (key,) = ca.imported("mac", "--type", "generic", "--raw", "--usage", "sign", ca.path("raw"))
    expect(key["usage"] == ["sign"], key)
    ca.sign("mac", "SHA256-HMAC", b"data")
    mac = tool("openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:" + bytes(range(32)).hex(), "-binary",
               ca.path("data")).stdout
    expect(pathlib.Path(ca.path("signature")).read_bytes() == mac, mac)
    expect_code(ca.user("key", "import", "--label", "x", "--type", "aes:256", ca.path("hex")), FAILED, "16 bytes")
    expect_code(ca.user("key", "import", "--label", "x", "--type", "aes", ca.path("raw")), FAILED, "no key in hex", "--raw")


@test
def what_is_no_key_is_told(ca):
    key = make_p256(ca)
    tool("openssl", "req", "-x509", "-new", "-key", key, "-subj", "/CN=x", "-outform", "DER", "-out", ca.path("cert"))
    expect_code(ca.user("key", "import", "--label", "x", ca.path("cert")), FAILED, "there is no private key in it")
    tool("openssl", "genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-out", ca.path("dsaparam"))
    make_key(ca, "dsa", "-paramfile", ca.path("dsaparam"))
    expect_code(ca.user("key", "import", "--label", "x", ca.path("dsa")), FAILED, "the token has not")
    make_key(ca, "short", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
    expect_code(ca.user("key", "import", "--label", "x", ca.path("short")), FAILED, "RSA keys of 2048 to")
    expect(not ca.json_list("keys", "key", "list"))


@test
def one_label_is_for_one_file(ca):
    """With the first file's key in, the second would be refused too late."""
    files = [make_p256(ca, name) for name in ("one", "two")]
    refused = ca.user("key", "import", "--label", "k", *files)
    expect_code(refused, USAGE, "several files", "--label-prefix")
    expect(not ca.json_list("keys", "key", "list"))


# ---- SoftHSM ----


class SoftHSM:
    def __init__(self, work, *labels):
        if not pathlib.Path(SOFTHSM).exists():
            raise Skip("SoftHSM is not here: tools/setup --peers installs it")
        self.work = work
        self.folder = pathlib.Path(work.path("softhsm"))
        self.folder.mkdir()
        conf = pathlib.Path(work.path("softhsm2.conf"))
        conf.write_text(f"directories.tokendir = {self.folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.env = {**os.environ, "SOFTHSM2_CONF": str(conf)}
        self.pin = work.pin_file("soft-pin", SOFTHSM_PIN)
        for label in labels:
            tool("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "soft-so-pin", "--pin",
                 SOFTHSM_PIN, env=self.env)

    def tool(self, label, *words):
        return tool("pkcs11-tool", "--module", SOFTHSM, "--token-label", label, "--login", "--pin", SOFTHSM_PIN, *words,
                    env=self.env)

    def state(self):
        """All files with what is in them."""
        return {path: path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()}

    def fill(self, label):
        for number, kind in (("01", "rsa:2048"), ("02", "EC:prime256v1"), ("03", "EC:secp384r1"), ("04", "EC:edwards25519")):
            self.tool(label, "--keypairgen", "--key-type", kind, "--label", f"pair {kind}", "--id", number)
        for number, kind in (("11", "aes:32"), ("12", "generic:48"), ("13", "aes:16")):
            more = ["--extractable"] if number == "13" else ["--sensitive"]
            self.tool(label, "--keygen", "--key-type", kind, "--label", f"secret {kind}", "--id", number, *more)
        key = make_p256(self.work, "softhsm.key")
        cert, data = self.work.path("cert.der"), self.work.path("blob")
        tool("openssl", "req", "-x509", "-new", "-key", key, "-subj", "/CN=x", "-outform", "DER", "-out", cert)
        pathlib.Path(data).write_bytes(b"some data")
        self.tool(label, "--write-object", cert, "--type", "cert", "--label", "cert", "--id", "02")
        self.tool(label, "--write-object", data, "--type", "data", "--label", "public data")
        self.tool(label, "--write-object", data, "--type", "data", "--label", "private data", "--private")

    def import_key(self, label, kind, number):
        """As softhsm2-util brings keys in: other forms than those of keys that it makes."""
        key = make_key(self.work, f"{kind}.key", "-algorithm", kind)
        tool("softhsm2-util", "--import", key, "--token", label, "--pin", SOFTHSM_PIN, "--label", kind, "--id", number,
             env=self.env)

    def run(self, *words, **how):
        return self.work.run("import", "softhsm", "--from-pin-file", self.pin, *words,
                             env=self.work.env(SOFTHSM2_CONF=self.env["SOFTHSM2_CONF"]), **how)


@test
def a_whole_softhsm_token_moves(ca):
    soft = SoftHSM(ca, "old", "other")
    soft.fill("old")
    soft.import_key("old", "ed25519", "21")
    soft.import_key("old", "RSA", "22")
    before = soft.state()
    dry = soft.run("--from-token", "old", "--dry-run", "--json")
    expect_code(dry, DONE)
    dry = json.loads(dry.stdout)["objects"]
    expect(len(dry) == 18 and {row["outcome"] for row in dry} == {"would come"}, dry)
    expect(not ca.json_list("keys", "key", "list"))
    done = soft.run("--from-token", "old", "--pin-file", ca.pin, "--json")
    expect_code(done, DONE)
    rows = json.loads(done.stdout)["objects"]
    expect({row["outcome"] for row in rows} == {"imported"}, rows)
    proofs = {(row["class"], row["label"]): row["checked"] for row in rows}
    for kind in ("rsa:2048", "EC:prime256v1", "EC:secp384r1", "EC:edwards25519"):
        expect(proofs["private", f"pair {kind}"] == "signature", proofs)
        expect(proofs["public", f"pair {kind}"] == "value", proofs)
    for kind in ("aes:32", "generic:48", "aes:16"):
        expect(proofs["secret", f"secret {kind}"] is not None, proofs)
    expect(proofs["certificate", "cert"] == proofs["data", "private data"] == "value", proofs)
    expect(proofs["private", "ed25519"] == proofs["private", "RSA"] == "signature", proofs)
    lost = {row["not_kept"] for row in rows if row["class"] == "private" and "pair" in row["label"]}
    expect(lost == {"CKA_LOCAL, CKA_NEVER_EXTRACTABLE, CKA_ALWAYS_SENSITIVE"}, lost)
    expect(soft.state() == before, "SoftHSM's files changed")

    (_, private) = ca.json_list("keys", "key", "show", "--id", "02")
    expect(private["label"] == "pair EC:prime256v1" and private["sensitive"] and not private["extractable"], private)
    (aes,) = ca.json_list("keys", "key", "show", "--id", "13")
    expect(aes["extractable"], aes)

    # Signed by ours, verified by SoftHSM itself.
    ca.sign("pair EC:prime256v1", "ECDSA", bytes(range(32)))
    soft.tool("old", "--verify", "--id", "02", "--mechanism", "ECDSA", "-i", ca.path("data"), "--signature-file",
              ca.path("signature"))
    # Encrypted by SoftHSM, decrypted by ours.
    iv = "00" * 16
    soft.tool("old", "--encrypt", "--id", "11", "--mechanism", "AES-CBC-PAD", "--iv", iv, "-i", ca.path("data"), "-o",
              ca.path("closed"))
    tool("pkcs11-tool", "--module", ca.module, "--token-label", "ca", "--login", "--pin", USER_PIN, "--decrypt", "--id", "11",
         "--mechanism", "AES-CBC-PAD", "--iv", iv, "-i", ca.path("closed"), "-o", ca.path("opened"),
         env={**os.environ, **ca.env()})
    expect(pathlib.Path(ca.path("opened")).read_bytes() == bytes(range(32)))

    again = soft.run("--from-token", "old", "--pin-file", ca.pin, "--json")
    expect_code(again, DONE)
    rows = json.loads(again.stdout)["objects"]
    expect({row["outcome"] for row in rows} == {"present"}, rows)
    expect(len(ca.json_list("keys", "key", "list")) == 15)


@test
def a_softhsm_token_is_named_and_opened(ca):
    soft = SoftHSM(ca, "old", "other")
    expect_code(soft.run("--pin-file", ca.pin), AMBIGUOUS, "--from-token", '"old"', '"other"')
    expect_code(soft.run("--from-token", "none", "--pin-file", ca.pin), NOT_FOUND, '"old"')
    wrong = ca.pin_file("wrong-soft", "wrong")
    before = soft.state()
    for _ in range(12):  # as often as it likes: no try is counted
        failed = ca.run("import", "softhsm", "--tokendir", str(soft.folder), "--from-token", "old", "--from-pin-file", wrong,
                        "--pin-file", ca.pin)
        expect_code(failed, PIN, "the PIN is wrong")
    expect(soft.state() == before)
    empty = ca.run("import", "softhsm", "--tokendir", str(soft.folder), "--from-token", "old", "--from-pin-file", soft.pin,
                   "--pin-file", ca.pin)
    expect_code(empty, DONE)
    expect("nothing to import" in empty.stdout, empty.stdout)
    expect_code(ca.run("import", "softhsm", "--tokendir", ca.path("nowhere"), "--from-pin-file", soft.pin), FAILED, "can't read SoftHSM's tokens")
    slots = tool("softhsm2-util", "--show-slots", env=soft.env).stdout.decode().splitlines()
    slot = next(line.split()[1] for line in slots if line.startswith("Slot "))
    expect_code(soft.run("--from-slot", slot, "--pin-file", ca.pin), DONE)


@test
def a_token_that_can_not_be_read_is_not_passed_over(ca):
    soft = SoftHSM(ca, "old", "other")
    files = {path: path.read_bytes() for path in soft.folder.rglob("token.object")}
    damaged = next(path for path, content in files.items() if b"other" in content)
    damaged.write_bytes(files[damaged][:-1])
    expect_code(soft.run("--pin-file", ca.pin), AMBIGUOUS, "1 token of", damaged.parent.name, "--from-token")
    expect_code(soft.run("--from-token", "other", "--pin-file", ca.pin), NOT_FOUND, "can't be read", "no such token")
    done = soft.run("--from-token", "old", "--pin-file", ca.pin)
    expect(done.returncode == DONE and "can't be read" in done.stderr, done.stderr)
    for path, content in files.items():
        path.write_bytes(content[:-1])
    none = soft.run("--pin-file", ca.pin)
    expect_code(none, FAILED, "can't read any", "who owns the folder")
    expect("--from-token" not in none.stderr, none.stderr)


@test
def what_can_not_come_is_said(ca):
    soft = SoftHSM(ca, "old")
    soft.tool("old", "--keypairgen", "--key-type", "rsa:1024", "--label", "short", "--id", "01")
    soft.tool("old", "--keypairgen", "--key-type", "EC:prime256v1", "--label", "good", "--id", "02")
    tool("openssl", "genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-out", ca.path("param"))
    make_key(ca, "dsa", "-paramfile", ca.path("param"))
    tool("softhsm2-util", "--import", ca.path("dsa"), "--token", "old", "--pin", SOFTHSM_PIN, "--label", "dsa", "--id", "03",
         env=soft.env)
    files = [path for path in soft.folder.rglob("*.object") if path.name != "token.object"]
    files[0].with_name("00000000-dead.object").write_bytes(files[0].read_bytes()[:-5])
    done = soft.run("--pin-file", ca.pin, "--json")
    expect(done.returncode == FAILED and " of 7 objects did not come" in done.stderr, done.stderr)
    rows = {(row["label"], row["class"]): row for row in json.loads(done.stdout)["objects"]}
    expect(rows["good", "private"]["checked"] == "signature", rows)
    expect("keys of its type" in rows["dsa", "private"]["why"], rows)
    expect("it has 1024 bits" in rows["short", "private"]["why"], rows)
    expect(rows[None, None]["why"] == "its file is damaged", rows)


@test
def a_module_gives_what_may_leave_it(ca):
    """As for objectstore.backend = db, which Debian's SoftHSM does not have."""
    soft = SoftHSM(ca, "old")
    soft.tool("old", "--keypairgen", "--key-type", "EC:prime256v1", "--label", "stays", "--id", "01")
    soft.tool("old", "--keypairgen", "--key-type", "rsa:2048", "--label", "leaves", "--id", "02", "--extractable")
    soft.tool("old", "--keygen", "--key-type", "aes:32", "--label", "open", "--id", "03", "--extractable")
    tool("pkcs11-tool", "--module", SOFTHSM, "--login", "--pin", SOFTHSM_PIN, "--keygen", "--key-type", "aes:32", "--label",
         "wrapped", "--id", "04", "--extractable", "--sensitive", env=soft.env, code=None)
    done = soft.run("--module", SOFTHSM, "--pin-file", ca.pin, "--json")
    expect(done.returncode == FAILED and "1 of 6 objects did not come" in done.stderr, done.stderr)
    rows = {(row["label"], row["class"]): row for row in json.loads(done.stdout)["objects"]}
    expect("may not leave its token" in rows["stays", "private"]["why"], rows)
    expect(rows["leaves", "private"]["checked"] == "signature", rows)
    expect(rows["open", "secret"]["checked"] == rows["wrapped", "secret"]["checked"] == "check value", rows)
    expect_code(soft.run("--module", SOFTHSM, "--tokendir", "/tmp", "--pin-file", ca.pin), USAGE, "--tokendir is for files")
    expect_code(soft.run("--module", "/nonexistent.so", "--pin-file", ca.pin), FAILED, "can't load SoftHSM's module")


# ---- NSS ----


def make_nss(work):
    """A database with keys of two types and their certificates, as certutil makes them."""
    folder = pathlib.Path(work.path("nss"))
    folder.mkdir()
    secret, noise = work.pin_file("nss-pw", "nss-password"), pathlib.Path(work.path("noise"))
    noise.write_bytes(os.urandom(64))
    tool("certutil", "-N", "-d", f"sql:{folder}", "-f", secret)
    for name, words in (("an rsa", ["-k", "rsa", "-g", "2048"]), ("an ec", ["-k", "ec", "-q", "nistp256"])):
        tool("certutil", "-S", "-d", f"sql:{folder}", "-f", secret, "-z", noise, "-n", name, "-s", f"CN={name}", "-x", "-t",
             ",,", *words)
    return folder, secret


@test
def an_nss_database_moves(ca):
    folder, secret = make_nss(ca)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    words = ["import", "nss", "--database", str(folder), "--from-pin-file", secret, "--json"]
    dry = ca.run(*words, "--dry-run")
    expect_code(dry, DONE)
    expect({row["outcome"] for row in json.loads(dry.stdout)["objects"]} == {"would come"}, dry.stdout)
    done = ca.run(*words, "--pin-file", ca.pin)
    expect_code(done, DONE)
    rows = json.loads(done.stdout)["objects"]
    expect([row["outcome"] for row in rows] == ["imported"] * 6, rows)
    expect({row["checked"] for row in rows if row["class"] == "private"} == {"signature"}, rows)
    expect(sorted(row["label"] for row in rows if row["class"] == "certificate") == ["an ec", "an rsa"], rows)
    expect(sorted(row["label"] for row in rows if row["class"] == "private") == ["an ec", "an rsa"], rows)
    again = json.loads(ca.run(*words, "--pin-file", ca.pin).stdout)["objects"]
    expect({row["outcome"] for row in again} == {"present"}, again)
    expect({path: path.read_bytes() for path in folder.iterdir()} == before, "the database changed")
    wrong = ca.run("import", "nss", "--database", str(folder), "--from-pin-file", ca.wrong, "--dry-run")
    expect_code(wrong, PIN, "the PIN is wrong")
    expect_code(ca.run("import", "nss", "--database", ca.path("none"), "--dry-run"), NOT_FOUND, "cert9.db and key4.db")


def work(folder, ashlar, module):
    return Work(ashlar, folder, module)


if __name__ == "__main__":
    main(__doc__, work, 2)
