#!/usr/bin/env python3
"""Tests of torture.py with programs that are none, and with what the stress of threads says."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

import torture
from reliability import SWEEPS

SWEEP = SWEEPS[0]
TOLD = """\
# function                    calls     not OK    mean us   longest ms
# C_Login                        10          2       1.0       2234.5
# writes to the token            11          0     100.0         48.7
# 123456 calls in 600.0 s (205 a second), 3 actions, 2 lives of shared objects, 1 changes of them; 0 answers
# 590 processes killed; store.db 12.5 MB at most, its log 18.0 MB, 10.0 MB in use at the end
# seed 0x1f, 0 wrong answers
"""


class Torture(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def sweep(self, script, module="ashlar", limit=60):
        """Runs a script in the place of a sweep; what is kept of it, and what was bad."""
        program = self.folder / "tests/torture" / SWEEP.name
        program.parent.mkdir(parents=True, exist_ok=True)
        if script is not None:
            program.write_text("#!/bin/sh\n" + script, encoding="utf-8")
            program.chmod(0o755)
        runner = torture.Runner(self.folder, self.folder / "out", limit)
        with contextlib.redirect_stdout(io.StringIO()):
            runner.sweep(SWEEP, module)
        result = runner.out / f"{SWEEP.name}.{module}.json"
        return json.loads(result.read_text(encoding="utf-8")) if result.exists() else None, runner.bad

    def test_a_result_is_kept_as_it_is(self):
        result, bad = self.sweep('test "$1" = --json && echo \'{"points": 7, "bad": 0}\' >"$2"')
        self.assertEqual((result, bad), ({"points": 7, "bad": 0}, []))

    def test_bad_points_of_ours_are_a_failure(self):
        result, bad = self.sweep('echo \'{"points": 7, "bad": 1}\' >"$2"; exit 1')
        self.assertEqual((result["bad"], len(bad)), (1, 1))

    def test_a_sweep_that_dies_says_so_and_an_older_result_goes(self):
        self.sweep('echo \'{"points": 7, "bad": 0}\' >"$2"')
        result, bad = self.sweep("echo half way; kill -SEGV $$")
        self.assertEqual(result["error"], "exit -11; it said: half way")
        self.assertEqual(len(bad), 1)

    def test_a_sweep_that_hangs_is_ended(self):
        result, bad = self.sweep("sleep 600", limit=1)
        self.assertIn("more than 1 s", result["error"])
        self.assertEqual(len(bad), 1)

    def test_a_sweep_that_is_not_built_is_a_failure(self):
        self.assertEqual(self.sweep(None), (None, [f"{SWEEP.name}.ashlar is not built"]))

    def test_stores_are_in_a_folder_that_goes(self):
        result, _ = self.sweep('echo "{\\"home\\": \\"$ASHLAR_HOME\\", \\"conf\\": \\"$SOFTHSM2_CONF\\"}" >"$2"')
        self.assertNotIn(str(Path.home()), result["home"])
        self.assertFalse(Path(result["conf"]).exists())

    def test_the_stress_is_told_in_the_form_of_the_sweeps(self):
        told = torture.stress_result(TOLD, 0, [Path("/b/stress"), "--kill", 1000], "Ashlar", 600.0)
        self.assertEqual((told["points"], told["bad"], told["command"]), (123456, 0, "stress --kill 1000"))
        self.assertEqual(told["more"]["longest_write_ms"], 48.7)
        self.assertEqual(told["more"]["processes_killed"], 590)

    def test_a_stress_that_ended_badly_is_bad(self):
        wrong = TOLD.replace(" 0 wrong", " 3 wrong")
        self.assertEqual(torture.stress_result(wrong, 1, [Path("s")], "Ashlar", 1.0)["bad"], 3)
        self.assertEqual(torture.stress_result(TOLD, -9, [Path("s")], "Ashlar", 1.0)["bad"], 1)
        self.assertIsNone(torture.stress_result("Aborted", -6, [Path("s")], "Ashlar", 1.0))


if __name__ == "__main__":
    unittest.main()
