#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ashlar selftest --vectors` with folders that are good, changed, malformed and unknown.

usage: selftest_test.py PATH-OF-ASHLAR PATH-OF-MODULE FOLDER-OF-VECTORS   (prints TAP)
"""

import json
import os
import pathlib
import shutil

from home import DONE, FAILED, PIN, USAGE, Home, expect, expect_code
from suite import main, test


class Folder:
    """A folder of vectors that a test fills."""

    def __init__(self, folder, ashlar, module, vectors):
        self.home = home = Home(ashlar, folder, module)
        self.module = home.module
        self.vectors = pathlib.Path(vectors)
        self.path = home.folder / "vectors"
        self.path.mkdir()

    def copy(self, name):
        return pathlib.Path(shutil.copy(self.vectors / name, self.path))

    def write(self, name, text):
        (self.path / name).write_text(text)

    def change(self, name, change):
        """A copy of a file, with `change` done to its JSON."""
        path = self.copy(name)
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    def run(self, *words):
        return self.home.run("selftest", "--vectors", str(self.path), *words)

    def json(self, *words):
        """The exit code and the rows by file."""
        result = self.run("--json", *words)
        rows = json.loads(result.stdout)["files"]
        return result.returncode, {row["file"]: row for row in rows}


def first(document, result):
    return next(test for group in document["testGroups"] for test in group["tests"] if test["result"] == result)


def flip(text):
    """Hex with one bit changed."""
    return text[:-1] + format(int(text[-1], 16) ^ 1, "x")


@test
def a_folder_passes_and_no_store_is_made(folder):
    folder.copy("wycheproof/aes_wrap_test.json")
    folder.copy("examples/ed25519.json")
    result = folder.run()
    expect_code(result, DONE)
    expect("165" in result.stdout and "2 files: 170 passed, 0 failed, 0 skipped" in result.stdout, result.stdout)
    code, rows = folder.json()
    row = rows["aes_wrap_test.json"]
    expect(code == DONE and row["passed"] == 165 and row["failed"] == row["skipped"] == 0, row)
    expect(row["mechanisms"] == ["CKM_AES_KEY_WRAP"] and row["error"] is None and row["failures"] == [], row)
    expect(not (folder.home.folder / "store").exists(), "a store was made")


@test
def a_file_can_be_named_itself(folder):
    path = folder.copy("examples/aes_cbc.json")
    result = folder.home.run("selftest", "--vectors", str(path))
    expect_code(result, DONE)
    expect("1 file: 6 passed" in result.stdout, result.stdout)


@test
def folders_within_a_folder_are_run_too(folder):
    (folder.path / "within").mkdir()
    shutil.copy(folder.vectors / "examples/aes_cbc.json", folder.path / "within")
    folder.copy("examples/aes_ecb.json")
    code, rows = folder.json()
    expect(code == DONE and sorted(rows) == ["aes_ecb.json", "within/aes_cbc.json"], rows)


@test
def a_changed_result_fails(folder):
    def change(document):
        one = first(document, "valid")
        one["tag"] = flip(one["tag"])

    folder.change("wycheproof/aes_gcm_test.json", change)
    result = folder.run()
    expect(result.returncode == FAILED and "1 test vector failed" in result.stderr, result.stderr)
    expect("aes_gcm_test.json: test 1 " in result.stdout, result.stdout[-500:])
    code, rows = folder.json()
    row = rows["aes_gcm_test.json"]
    expect(code == FAILED and row["failed"] == 1 and row["passed"] + row["skipped"] == 315, row)
    expect(row["failures"][0]["test"] == 1 and row["failures"][0]["why"], row["failures"])


@test
def a_forgery_called_valid_and_a_signature_called_invalid_fail(folder):
    def change(document):
        first(document, "invalid")["result"] = "valid"
        first(document, "valid")["result"] = "invalid"

    folder.change("wycheproof/ed25519_test.json", change)
    code, rows = folder.json()
    expect(code == FAILED and rows["ed25519_test.json"]["failed"] >= 1, rows)
    whys = [failure["why"] for failure in rows["ed25519_test.json"]["failures"]]
    expect("is invalid and was accepted" in whys, whys)


@test
def a_changed_derived_key_fails(folder):
    def change(document):
        one = first(document, "valid")
        one["okm"] = flip(one["okm"])

    folder.change("wycheproof/hkdf_sha256_test.json", change)
    code, rows = folder.json()
    expect(code == FAILED and rows["hkdf_sha256_test.json"]["failed"] == 1, rows)


@test
def malformed_files_are_errors_and_the_others_run(folder):
    folder.copy("examples/aes_cbc.json")
    folder.write("broken.json", '{"algorithm": ')
    folder.write("deep.json", "[" * 100000)
    folder.write("empty.json", "")
    folder.write("latin.json", "{}")
    (folder.path / "latin.json").write_bytes(b'{"algorithm": "\xff"}')
    folder.write("missing.json", '{"algorithm": "A", "schema": "s", "numberOfTests": 2, "testGroups": [{"tests": [1]}]}')
    os.mkfifo(folder.path / "pipe.json")
    result = folder.run()
    expect(result.returncode == FAILED and "6 files could not be read" in result.stderr, result.stderr)
    expect("broken.json: it is no JSON: line 1:" in result.stdout, result.stdout)
    expect("pipe.json: it is no regular file" in result.stdout, result.stdout)
    expect("missing.json: it announces 2 tests and has 1" in result.stdout, result.stdout)
    code, rows = folder.json()
    expect(code == FAILED and rows["aes_cbc.json"]["passed"] == 6, rows)
    expect(rows["empty.json"]["error"] and rows["empty.json"]["passed"] is None, rows["empty.json"])


@test
def unknown_files_are_skipped_with_the_reason(folder):
    folder.copy("wycheproof/chacha20_poly1305_test.json")
    folder.write("package.json", '{"name": "no vectors"}')
    folder.write(
        "new.json",
        '{"algorithm": "NEW", "schema": "new_schema.json", "numberOfTests": 1, "testGroups": [{"tests": [{}]}]}',
    )
    folder.write(
        "hostile.json",
        json.dumps(
            {
                "algorithm": "\x1b[31m" + "A" * 10000,
                "schema": "mac_test_schema_v1.json",
                "numberOfTests": 3,
                "testGroups": [{"tagSize": 2**32, "tests": [None, [], {"tcId": -1, "result": []}]}],
            }
        ),
    )
    result = folder.run("--long")
    expect(result.returncode == DONE, result.stderr)
    expect("no test vector was run" in result.stderr, result.stderr)
    expect("325: nothing is known of its algorithm" in result.stdout, result.stdout)
    expect("\x1b" not in result.stdout, "a control character reached the terminal")
    _, rows = folder.json()
    expect(rows["new.json"]["reasons"] == [{"count": 1, "reason": "nothing is known of its schema"}], rows["new.json"])
    expect(rows["package.json"]["tests"] == 0 and rows["package.json"]["reasons"], rows["package.json"])
    expect(rows["hostile.json"]["skipped"] == 3, rows["hostile.json"])


@test
def fields_that_are_no_good_fail(folder):
    def change(document):
        tests = document["testGroups"][0]["tests"]
        tests[0]["key"] = "0"
        tests[1]["msg"] = 17
        del tests[2]["ct"]
        tests[3]["iv"] = "zz"

    folder.change("wycheproof/aes_cbc_pkcs5_test.json", change)
    code, rows = folder.json()
    row = rows["aes_cbc_pkcs5_test.json"]
    expect(code == FAILED and row["failed"] == 4, row)
    expect([failure["why"].split('"')[1] for failure in row["failures"]] == ["key", "msg", "ct", "iv"], row)


@test
def what_cant_be_run_is_told(folder):
    expect_code(folder.run(), FAILED, "no file whose name ends in .json")
    expect_code(folder.home.run("selftest", "--vectors", "/nowhere"), FAILED, "No such file")
    expect_code(folder.home.run("selftest"), USAGE, "--vectors")
    folder.copy("examples/aes_cbc.json")
    expect_code(folder.run("--token", "x"), USAGE, "--module")
    expect_code(folder.run("--module", "/nowhere.so"), FAILED, "can't use the module /nowhere.so: ", "No such file")


@test
def a_module_is_driven_with_its_token_and_pin(folder):
    folder.copy("examples/aes_cbc.json")
    folder.copy("wycheproof/ed25519_test.json")
    expect_code(folder.home.init("vectors"), DONE)
    through = ["--module", folder.module, "--token", "vectors"]
    expect_code(folder.run(*through), PIN)
    expect_code(folder.run(*through, "--pin-file", folder.home.wrong), PIN, "the PIN is wrong")
    code, rows = folder.json(*through, "--pin-file", folder.home.pin)
    expect(code == DONE and rows["aes_cbc.json"]["passed"] == 6, rows)
    expect(rows["ed25519_test.json"]["mechanisms"] == ["CKM_EDDSA"], rows)
    expect(folder.home.json_list("keys", "key", "list") == [], "keys stayed in the token")


if __name__ == "__main__":
    main(__doc__, Folder, 3)
