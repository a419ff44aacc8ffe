#!/usr/bin/env python3
"""Tests of run_tests: what counts as what."""

import importlib.machinery
import importlib.util
import unittest
from pathlib import Path

loader = importlib.machinery.SourceFileLoader("run_tests", str(Path(__file__).with_name("run_tests")))
run_tests = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(run_tests)


class Count(unittest.TestCase):
    def outcome(self, result, stdout=""):
        counts, reasons = run_tests.count({"result": result, "stdout": stdout})
        return dict(counts), reasons

    def test_programs_count_as_one(self):
        self.assertEqual(self.outcome("OK"), ({"passed": 1}, []))
        for result in ("FAIL", "ERROR", "TIMEOUT"):
            self.assertEqual(self.outcome(result), ({"failed": 1}, []))

    def test_cases_count_each(self):
        cases = "1..3\nok 1 - a\nok 2 - b # SKIP no ssh\nnot ok 3 - c\n"
        self.assertEqual(self.outcome("FAIL", cases), ({"passed": 1, "skipped": 1, "failed": 1}, ["no ssh"]))

    def test_what_broke_off_has_failed(self):
        self.assertEqual(self.outcome("ERROR", "1..2\nok 1 - a\n"), ({"passed": 1, "failed": 1}, []))

    def test_a_skip_without_a_reason_has_failed(self):
        self.assertEqual(self.outcome("SKIP", "no ptrace here\n"), ({"skipped": 1}, ["no ptrace here"]))
        self.assertEqual(self.outcome("SKIP"), ({"failed": 1}, []))


if __name__ == "__main__":
    unittest.main()
