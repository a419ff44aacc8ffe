#!/usr/bin/env python3
"""Tests of check_docs.py with a program of its own: each kind of mistake is found."""

import stat
import tempfile
import unittest
from pathlib import Path

import check_docs

PROGRAM = """#!/bin/sh
case "$*" in
--help) printf 'usage: x\\n\\ncommands:\\n  init        make\\n  key list    list\\n  key show    show\\n\\nmore\\n' ;;
*--help) printf 'options:\\n  -l, --label LABEL  text\\n      --json         text\\n' ;;
esac
"""


class CheckDocs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        path = self.folder / "ashlar"
        path.write_text(PROGRAM, encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        self.program = check_docs.Program(path)

    def mistakes(self, text):
        page = self.folder / "page.md"
        page.write_text(text, encoding="utf-8")
        return list(check_docs.page_mistakes(page, self.program, {"CKM_AES_GCM", "C_Sign"}, {"store.path"}))

    def test_what_exists_is_fine(self):
        text = "# A b\n`ashlar key list --label x` and `ashlar key --help`, `CKM_AES_GCM`, `C_Sign`, `store.path` [a](#a-b)\n"
        text += "```sh\nsudo build/ashlar init -l 'a b' | cat   # --no-such\nPIN=1 ashlar key show --json\n```\n"
        self.assertEqual(self.mistakes(text), [])

    def test_commands_and_options_that_are_not_there(self):
        for text in ["`ashlar frob`", "`ashlar key frob`", "`ashlar init --frob`", "```sh\nx && ashlar init --frob\n```"]:
            self.assertEqual(len(self.mistakes(text)), 1, text)

    def test_names_keys_variables_and_links_that_are_not_there(self):
        for text in ["CKM_FROB", "`C_Frob`", "`store.frob`", "ASHLAR_FROB", "[a](frob.md)", "[a](#frob)"]:
            self.assertEqual(len(self.mistakes(text)), 1, text)

    def test_a_list_is_the_programs_or_made_so(self):
        page = self.folder / "list.md"
        page.write_text("<!-- commands:begin -->\nold\n<!-- commands:end -->\n", encoding="utf-8")
        want = check_docs.command_table(self.program)
        self.assertEqual(len(check_docs.generated(page, "commands", want, False)), 1)
        self.assertEqual(check_docs.generated(page, "commands", want, True), [])
        self.assertEqual(check_docs.generated(page, "commands", want, False), [])
        self.assertIn("| `ashlar key list` | list |", page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
