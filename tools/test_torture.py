#!/usr/bin/env python3
"""Tests of torture.py with programs in the place of sweeps."""

import contextlib
import io
import json
import signal
import sys
import tempfile
import time
import unittest
from pathlib import Path

import torture
from reliability import SWEEPS

SWEEP = SWEEPS[0]

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
        runner = torture.Runner(self.folder, self.folder / "out", self.folder / "logs", limit)
        with contextlib.redirect_stdout(io.StringIO()):
            runner.sweep(SWEEP, module)
        result = runner.out / f"{SWEEP.name}.{module}.json"
        return json.loads(result.read_text(encoding="utf-8")) if result.exists() else None, runner.bad

    def test_a_result_is_kept_with_its_occasion(self):
        line = '{"points": 7, "bad": 0, "command": "kill --seed 1 --json /home/me/x.json"}'
        result, bad = self.sweep(f'test "$1" = --json && echo \'{line}\' >"$2"')
        self.assertEqual(result.pop("command"), "kill --seed 1")
        measured = result.pop("measured")
        self.assertEqual((result, bad), ({"points": 7, "bad": 0}, []))
        self.assertEqual(set(measured), {"date", "commit", "load", "machine"})
        self.assertFalse(list((self.folder / "out").glob("*.log")), "logs are not results")

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

    def test_short_and_others_modules_reach_the_sweep(self):
        runner = torture.Runner(self.folder, self.folder / "out", self.folder / "logs", 60, short=True)
        words = runner.command(SWEEP, "softhsm", "result.json")[1:]
        self.assertEqual(words, ["--short", "--module", torture.SOFTHSM, "--json", "result.json"])

    def test_a_sweep_that_is_to_stop_is_told(self):
        runner = torture.Runner(self.folder, self.folder / "out", self.folder / "logs", 60, stop_after=9)
        crowd = next(sweep for sweep in SWEEPS if sweep.name == "crowd")
        self.assertEqual(runner.command(SWEEP, "ashlar", "r.json")[1:], ["--stop-after", 9, "--json", "r.json"])
        words = runner.command(crowd, "softhsm", "r.json")[1:]
        self.assertEqual(words, ["--labels-only", "--module", torture.SOFTHSM, "--json", "r.json"])

    def test_a_series_of_ours_that_stopped_is_a_failure(self):
        """SoftHSM's is none: how far it gets is its result."""
        program = self.folder / "ashlar"
        for stopped, failed, bad in [("null", "0", 0), ('"at 100 keys"', "0", 1), ("null", "1", 1)]:
            text = f'{{"series": [{{"module": "A", "points": [], "stopped": {stopped}}}]}}'
            program.write_text(f"#!/bin/sh\nfor last; do :; done\necho '{text}' >\"$last\"\nexit {failed}\n", encoding="utf-8")
            program.chmod(0o755)
            runner = torture.Runner(self.folder, self.folder / "out", self.folder / "logs", 60)
            with contextlib.redirect_stdout(io.StringIO()):
                runner.scale("100", 60, ["ashlar", "softhsm"])
            self.assertEqual(len(runner.bad), bad, (stopped, failed))
            self.assertIn("measured", torture.Results(runner.out).get("scale.ashlar"))

    def test_nothing_goes_on_when_the_runner_is_ended(self):
        """A sweep that was started is ended with all that it started."""
        started = self.folder / "started"
        with self.assertRaises(SystemExit):
            signal.signal(signal.SIGALRM, lambda *_: sys.exit(1))
            signal.alarm(2)
            self.sweep(f"sleep 600 & echo $! >{started}; wait")
        state = Path("/proc", started.read_text(encoding="utf-8").strip(), "stat")
        for _ in range(100):  # until whoever inherited it has taken note
            if not state.exists() or state.read_text(encoding="utf-8").split()[2] == "Z":
                return
            time.sleep(0.1)
        self.fail("it went on")


if __name__ == "__main__":
    unittest.main()
