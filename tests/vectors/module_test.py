#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Published test vectors through a PKCS#11 module, as `ashlar selftest --module` runs them.

Each file is a test: all that is in it has to pass, but for what SKIPPED names. Each mechanism
of the token that works on data has to be met by a vector, but for what NO_VECTORS names.

usage: module_test.py ASHLAR MODULE FOLDER...   (prints TAP)
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "pkcs11"))
from tap import Tap

MU = "has no message, only its mu"
DER = "its signature has no form in PKCS#11, which has r || s of fixed length"
NO_MECHANISM = "PKCS#11 has no mechanism for it"
SKIPPED = {
    "argon2id.json": {NO_MECHANISM: 6},
    "chacha20_poly1305_test.json": {"nothing is known of its algorithm, or of its curve or hash": 325},
    "ecdsa_secp224r1_sha3_224_test.json": {DER: 235},
    "ecdsa_secp256r1_sha3_256_test.json": {DER: 235},
    "ecdsa_secp384r1_sha3_384_test.json": {DER: 233},
    "ecdsa_secp521r1_sha3_512_test.json": {DER: 227},
    "kdf.json": {NO_MECHANISM: 14},  # of X9.63 and of concatenation: PKCS#11 has them within key agreement alone
    "mldsa_44_sign_seed_test.json": {MU: 8},
    "mldsa_65_sign_seed_test.json": {MU: 17},
    "mldsa_87_sign_seed_test.json": {MU: 17},
    "rsa_pss_2048_sha512_224_mgf1_28_test.json": {"PKCS#11 has no MGF1 with this hash": 100},
}

NOT_FOUND = "none were found"
NO_VECTORS = {
    "CKM_RSA_X_509": "raw RSA, which is under all that is here",
    "CKM_RSA_AES_KEY_WRAP": "it wraps with a new key each time: RSA-OAEP and AES-KWP, which are here",
    "CKM_SHA3_224_RSA_PKCS_PSS": NOT_FOUND,
    "CKM_SHA3_256_RSA_PKCS_PSS": NOT_FOUND,
    "CKM_SHA3_384_RSA_PKCS_PSS": NOT_FOUND,
    "CKM_SHA3_512_RSA_PKCS_PSS": NOT_FOUND,
}


class Runner:
    """An ashlar with a home of its own, and a token in it that the module is to use."""

    def __init__(self, ashlar, module, home):
        self.ashlar = str(pathlib.Path(ashlar).resolve())
        self.module = str(pathlib.Path(module).resolve())  # a bare name would be searched for
        self.pin = pathlib.Path(home) / "pin"
        self.pin.write_text("a-pin-for-both\n")
        self.pin.chmod(0o600)
        self.env = {"PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C.UTF-8", "ASHLAR_HOME": home + "/store"}

    def run(self, *words):
        return subprocess.run([self.ashlar, *words], env=self.env, capture_output=True, text=True, check=False)

    def init(self):
        made = self.run("init", "--label", "vectors", "--so-pin-file", str(self.pin), "--pin-file", str(self.pin))
        if made.returncode != 0:
            sys.exit(f"Bail out! {made.stderr}")

    def vectors(self, folder):
        through = ["--module", self.module, "--token", "vectors", "--pin-file", str(self.pin), "--json"]
        result = self.run("selftest", "--vectors", folder, *through)
        if not result.stdout:
            sys.exit(f"Bail out! {result.stderr}")
        return json.loads(result.stdout)["files"]

    def mechanisms(self):
        return json.loads(self.run("mechanisms", "--token", "vectors", "--json").stdout)["mechanisms"]


def check_file(tap, row):
    skipped = {reason["reason"]: reason["count"] for reason in row["reasons"] or []}
    wanted = SKIPPED.get(row["file"], {})
    detail = [row["error"] or f"skipped {skipped}, wanted {wanted}; {row['failed']} failed:"]
    detail += [f"test {one['test']} ({one['comment']}) {one['why']}" for one in row["failures"] or []]
    good = row["error"] is None and row["failed"] == 0 and skipped == wanted
    good = good and row["passed"] + sum(wanted.values()) == row["tests"] and row["tests"] > 0
    tap.check(row["file"], good, "\n".join(detail))
    print(f"# {row['file']}: {row['passed']} passed, {row['failed']} failed, {row['skipped']} skipped")
    for reason, count in skipped.items():
        print(f"#   {count} skipped: {reason}")


def check_mechanisms(tap, mechanisms, used):
    for mechanism in mechanisms:
        name = mechanism["name"]
        if set(mechanism["uses"]) <= {"generate", "generate pair"}:
            continue  # what they make differs each time
        if name in NO_VECTORS:
            tap.check(f"{name} has no vectors: {NO_VECTORS[name]}", name not in used, "and yet it has")
        elif name not in used:
            tap.check(f"{name} has vectors", False)
    tap.check("every other mechanism has vectors", used != set())


def main():
    ashlar, module, *folders = sys.argv[1:]
    tap = Tap()
    rows = []
    with tempfile.TemporaryDirectory() as home:
        runner = Runner(ashlar, module, home)
        runner.init()
        for folder in folders:
            found = runner.vectors(folder)
            wanted = sorted(path.name for path in pathlib.Path(folder).glob("*.json"))
            tap.check(f"{pathlib.Path(folder).name}: every file is told of", [row["file"] for row in found] == wanted)
            rows += found
        for row in rows:
            check_file(tap, row)
        used = {name for row in rows for name in row["mechanisms"] or []}
        check_mechanisms(tap, runner.mechanisms(), used)
    sums = [sum(row[key] or 0 for row in rows) for key in ("passed", "failed", "skipped")]
    print(f"# {len(rows)} files: {sums[0]} passed, {sums[1]} failed, {sums[2]} skipped")
    tap.done()


if __name__ == "__main__":
    main()
