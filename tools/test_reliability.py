#!/usr/bin/env python3
"""Tests of reliability.py on small results."""

import json
import tempfile
import unittest
from pathlib import Path

from reliability import SWEEPS, Results, write_document

KILL = {
    "sweep": "kill", "module": "Ashlar PKCS#11 module 0.1", "points": 12345, "bad": 0, "seconds": 61.4,
    "command": "kill --module /home/me/build/libashlar-pkcs11.so --json /home/me/out.json --seed 7",
    "more": {"scenarios": 15, "longest_ms": 12.5},
}  # fmt: skip
POINT = {
    "keys": 1000000, "find_label": {"cpu_us": {"p99": 812.3}}, "first_use": {"cpu_us": {"p99": 1500.0}},
    "login_find": {"cpu_us": {"p50": 90000.0}}, "rss_anon_mib": 42.0,
}  # fmt: skip
EMPTY = {"keys": 0, "login": {"cpu_us": {"p50": 40000.0}}, "login_find": {"cpu_us": {"p50": 40500.0}}}
SCALE = {"series": [{"module": "Ashlar 0.1", "points": [EMPTY, POINT], "stopped": None}]}
PEER = {"series": [{"module": "SoftHSM 2.6", "points": [EMPTY], "stopped": "at 500 keys: filling: too slow"}]}
MACHINE = {
    "version": "0.1.0", "processor": "P", "cores": 2, "memory_mib": 4096, "kernel": "6.1", "system": "Debian",
    "filesystem": "ext4",
}  # fmt: skip


def race(*rates):
    rows = [(threads, name) for threads in (1, 16) for name in ("Ashlar 0.1", "SoftHSM 2.6")]
    return {
        "results": [
            {"threads": threads, "module": name, "pairs": 100, "rounds": 3, "per_second": rate, "per_cpu_second": rate}
            for (threads, name), rate in zip(rows, rates)
        ]
    }


class Reliability(unittest.TestCase):
    def document(self, **files):
        """The document of these files; "_" in a name stands for the dot."""
        with tempfile.TemporaryDirectory() as folder:
            for name, value in files.items():
                Path(folder, name.replace("_", ".") + ".json").write_text(json.dumps(value), encoding="utf-8")
            return write_document(Results(folder), chart="scale_ashlar" in files)

    def row(self, document, begin):
        [line] = [line for line in document.splitlines() if line.startswith(begin)]
        return [cell.strip() for cell in line.strip("|").split("|")]

    def test_points_of_both_modules_stand_side_by_side(self):
        text = self.document(kill_ashlar=KILL, kill_softhsm={**KILL, "module": "SoftHSM", "points": 200, "bad": 76})
        self.assertEqual(self.row(text, "| **Kill")[1:], ["12,345", "0", "200", "**76**"])

    def measured(self, **machine):
        machine = {**MACHINE, **machine}
        return {**KILL, "measured": {"date": "2026-11-26", "commit": "abc", "load": 20.5, "machine": machine}}

    def test_the_machine_is_told(self):
        text = self.document(kill_ashlar=self.measured())
        self.assertIn("Measured with version 0.1.0: P, 2 cores, 4 GiB, Debian, Linux 6.1, files on ext4.", text)

    def test_of_several_machines_all_are_told(self):
        text = self.document(kill_ashlar=self.measured(), power_ashlar=self.measured(cores=8), crowd_ashlar=self.measured())
        self.assertEqual(text.count("version 0.1.0: P"), 2)
        self.assertIn("files on ext4; and with version 0.1.0: P, 8 cores", text)

    def test_each_result_says_when_it_was_measured(self):
        measured = {"measured": {"date": "2026-11-26", "commit": "abc", "load": 20.5}}
        when = "; 2026-11-26, commit abc, load 20.5 when it began."
        self.assertIn(f"61 s{when} scenarios: 15", self.document(kill_ashlar={**KILL, **measured}))
        for name, value in {"scale_ashlar": SCALE, "create": race(1, 2, 3, 4)}.items():
            self.assertIn(f"`{when}", self.document(**{name: {**value, **measured}}))
        imported = {"keys": 1000, "seconds": 1.0, "cpu_seconds": 1.0, **measured}
        self.assertIn(f"CPU time{when}", self.document(**{"import": imported}))

    def test_what_was_not_run_or_did_not_end_is_said(self):
        text = self.document(kill_ashlar={"sweep": "kill", "module": "Ashlar", "error": "exit -11"})
        self.assertEqual(self.row(text, "| **Kill")[1:], ["did not end", "exit -11", "not run", ""])
        self.assertEqual(text.count("not run"), 2 * len(SWEEPS) - 1 - sum(not sweep.others for sweep in SWEEPS))
        self.assertIn("The machine was not recorded", text)
        self.assertEqual(text.count("| not measured |"), 8)
        self.assertNotIn("reliability-scale.svg", text)

    def test_a_run_that_was_stopped_says_so(self):
        text = self.document(kill_ashlar=KILL, kill_softhsm={**KILL, "points": 200, "bad": 76, "stopped": True})
        self.assertIn("| 12,345 | 0 | 200 (stopped) | **76** |", text)

    def test_commands_can_be_repeated_and_name_no_folder(self):
        text = self.document(kill_ashlar=KILL)
        self.assertIn("`kill --module libashlar-pkcs11.so --seed 7`, 61 s. scenarios: 15; longest ms: 12.5.", text)
        self.assertNotIn("/home", text)
        there = {**KILL, "command": "kill --module /usr/lib/softhsm/libsofthsm2.so"}
        self.assertIn("/usr/lib/softhsm/libsofthsm2.so`", self.document(kill_ashlar=there))

    def test_a_promise_is_kept_or_not(self):
        text = self.document(scale_ashlar=SCALE, create=race(5000, 1000, 4900, 1000))
        self.assertEqual(self.row(text, "| find, p99")[1:], ["below 1.00 ms", "812 µs", "kept"])
        self.assertEqual(self.row(text, "| first use of a key, p99 (at 1,000,000 keys)")[3], "**not kept**")
        self.assertEqual(self.row(text, "| login and first find beyond the PIN hash (")[2:], ["50.0 ms", "kept"])
        self.assertEqual(self.row(text, "| durable P-256 pairs by CPU time")[2:], ["5.0 times", "kept"])
        self.assertEqual(self.row(text, "| durable P-256 pairs by the clock")[2:], ["4.9 times", "**not kept**"])

    def test_a_promise_of_a_million_is_kept_with_a_million(self):
        few = {"series": [{"module": "Ashlar 0.1", "points": [EMPTY, {**POINT, "keys": 1000}], "stopped": "at 1000 keys"}]}
        text = self.document(scale_ashlar=few, **{"import": {"keys": 1000, "seconds": 1.0, "cpu_seconds": 1.0}})
        self.assertEqual(self.row(text, "| find, p99: one attribute shared by 100 (at 1,000 keys)")[3], "**not kept**")
        self.assertEqual(self.row(text, "| importing 1,000 keys")[3], "**not kept**")

    def test_what_is_beyond_the_hash_may_be_lost_in_noise(self):
        point = {**POINT, "login_find": {"cpu_us": {"p50": 39000.0}}}
        text = self.document(scale_ashlar={"series": [{"module": "Ashlar 0.1", "points": [EMPTY, point], "stopped": None}]})
        self.assertEqual(self.row(text, "| login and first find beyond the PIN hash (")[2:], ["none to be seen", "kept"])

    def test_an_import_is_judged_by_its_time(self):
        slow, fast = ({"keys": 1000000, "seconds": seconds, "cpu_seconds": 200.0} for seconds in (600.0, 250.4))
        self.assertEqual(self.row(self.document(**{"import": slow}), "| importing")[3], "**not kept**")
        self.assertEqual(self.row(self.document(**{"import": fast}), "| importing")[2:], ["250 s", "kept"])

    def test_a_series_that_ended_early_says_why(self):
        text = self.document(scale_ashlar=SCALE, scale_softhsm=PEER)
        self.assertIn("* SoftHSM 2.6 was stopped at 500 keys: filling: too slow.", text)
        self.assertIn("(reliability-scale.svg)", text)

    def test_text_from_results_breaks_no_table(self):
        text = self.document(kill_ashlar={**KILL, "error": "a | b\n<script>"})
        self.assertEqual(len(self.row(text, "| **Kill")), 5)
        self.assertNotIn("<script>", text)

    def test_the_same_results_give_the_same_document(self):
        files = {"kill_ashlar": KILL, "scale_ashlar": SCALE, "create": race(1, 2, 3, 4)}
        self.assertEqual(self.document(**files), self.document(**files))


if __name__ == "__main__":
    unittest.main()
