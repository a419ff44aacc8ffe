#!/usr/bin/env python3
"""Tests of make_keys.py: OpenSSL finds each key sound, and its public half its own."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import make_keys

KEYS = 5
END = "-----END PRIVATE KEY-----\n"


def check(pem):
    command = ["openssl", "pkey", "-check", "-pubcheck", "-noout"]
    return subprocess.run(command, input=pem, capture_output=True, text=True, check=False)


class MakeKeys(unittest.TestCase):
    def test_keys_are_sound_and_differ(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "keys.pem")
            subprocess.run([sys.executable, make_keys.__file__, str(KEYS), path], check=True)
            text = path.read_text(encoding="ascii")
        keys = [key + END for key in text.split(END)[:-1]]
        self.assertEqual(len(set(keys)), KEYS)
        for key in keys:
            self.assertEqual(check(key).stdout, "Key is valid\n")

    def test_the_check_finds_a_wrong_public_half(self):
        wrong = make_keys.pem(7, make_keys.multiply(8, make_keys.G))
        self.assertNotEqual(check(wrong).returncode, 0)

    def test_the_group_is_closed(self):
        self.assertIsNone(make_keys.multiply(make_keys.N, make_keys.G))
        double = make_keys.add(make_keys.G, make_keys.G)
        self.assertEqual(double, make_keys.multiply(2, make_keys.G))


if __name__ == "__main__":
    unittest.main()
