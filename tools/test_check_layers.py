#!/usr/bin/env python3
"""Tests of check_layers.py on small trees."""

import tempfile
import unittest
from pathlib import Path

from check_layers import Tree

GOOD = {
    "src/util/status.h": "#include <stdint.h>\n",
    "src/util/arena_priv.h": "",
    "src/util/arena.c": '#include "util/arena_priv.h"\n#include "util/status.h"\n',
    "src/crypto/backend.h": '#include "util/status.h"\n',
    "src/crypto/openssl/digest.h": '#include "crypto/backend.h"\n',
    "src/crypto/openssl/digest.c": '#include "crypto/openssl/digest.h"\n#include <openssl/evp.h>\n',
    "src/crypto/awslc/digest.h": '#include "crypto/backend.h"\n',
    "src/store/store.h": '/* #include "token/object.h" */\n',
    "src/store/memory/memory.h": '#include "store/store.h"\n',
    "src/token/object.h": '#include "crypto/backend.h"\n#include "store/store.h"\n',
    "src/token/object.c": '#include "token/object.h"\n',
    "src/front/pkcs11/entry.c": '#include <ashlar/pkcs11.h>\n#include "token/object.h"\n',
    "src/app/wiring.h": '#include "crypto/openssl/digest.h"\n#include "ashlar-build.h"\n',
    "src/app/module/main.c": '#include "app/wiring.h"\n#include "front/pkcs11/front.h"\n',
    "src/front/pkcs11/front.h": "",
    "src/app/cli/cli.h": "",
    "tests/unit/util/arena_test.c": '#include "util/arena_priv.h"\n',
    "tests/unit/token/object_test.c": '#include "unit/test.h"\n#include "fixture.h"\n',
    "tests/unit/token/fixture.h": '#include "store/memory/memory.h"\n',
    "tests/unit/test.h": "",
}


class CheckLayers(unittest.TestCase):
    def errors(self, **changes):
        """What check_layers says about the good tree with one file's text replaced."""
        with tempfile.TemporaryDirectory() as top:
            for name, text in {**GOOD, **changes.get("files", {})}.items():
                path = Path(top, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            tree = Tree(top)
            tree.check()
            return tree.errors

    def refuses(self, name, text, expected):
        errors = self.errors(files={name: text})
        self.assertEqual(len(errors), 1, errors)
        self.assertIn(expected, errors[0])
        self.assertTrue(errors[0].startswith(name + ":"), errors[0])

    def test_accepts_a_good_tree(self):
        self.assertEqual(self.errors(), [])

    def test_refuses_an_upward_include(self):
        self.refuses("src/util/lock.c", '\n#include "token/object.h"\n', "util (rank 0) may not include token")

    def test_refuses_a_room_of_the_same_rank(self):
        self.refuses("src/client/client.c", '#include "front/pkcs11/front.h"\n', "may not include front/pkcs11")
        self.refuses("src/app/module/x.c", '#include "app/cli/cli.h"\n', "may not include app/cli")
        self.refuses("src/app/x.c", '#include "app/cli/cli.h"\n', "may not include app/cli")

    def test_refuses_a_back_end_outside_app(self):
        self.refuses("src/crypto/x.c", '#include "crypto/openssl/digest.h"\n', "may not include crypto/openssl")
        self.refuses("src/token/x.c", '#include "crypto/openssl/digest.h"\n', "may not include crypto/openssl")
        self.refuses("src/crypto/awslc/x.c", '#include "crypto/openssl/digest.h"\n', "may not include")
        self.refuses("src/store/memory/x.c", '#include "crypto/openssl/digest.h"\n', "may not include")

    def test_refuses_another_folders_private_header(self):
        self.refuses("src/token/x.c", '#include "util/arena_priv.h"\n', "private to util")
        self.refuses("tests/unit/token/x_test.c", '#include "util/arena_priv.h"\n', "private to util")

    def test_refuses_unknown_names(self):
        self.refuses("src/token/x.c", '#include "token/none.h"\n', "no such file")
        self.refuses("src/token/x.c", '#include "object.h"\n', "no such file")
        self.refuses("src/cellar/x.c", "", "belongs to no room")
        self.refuses("src/x.c", "", "belongs to no room")
        self.refuses("src/token/x.c", "#include HEADER\n", "name the file")

    def test_refuses_a_late_own_header(self):
        self.refuses("src/token/object.c", '#include <stddef.h>\n#include "token/object.h"\n', "own")
        self.refuses("src/token/object.c", "int x;\n", "own")

    def test_refuses_fenced_headers(self):
        self.refuses("src/token/x.c", "#include <openssl/evp.h>\n", "crypto/openssl alone")
        self.refuses("src/token/x.c", "#include <sqlite3.h>\n", "store/sqlite alone")
        self.refuses("src/token/x.c", '#include "ashlar-build.h"\n', "not for token")

    def test_refuses_a_test_that_reaches_up(self):
        self.refuses("tests/unit/util/x_test.c", '#include "token/object.h"\n', "may not include token")


if __name__ == "__main__":
    unittest.main()
