#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ashlar bench` with our own module, small: figures, chart, and a module that is too slow.

usage: bench_test.py PATH-OF-ASHLAR   (prints TAP)
"""

import json
import pathlib
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

from home import DONE, FAILED, USAGE, Home, expect, expect_code
from suite import Skip, main, test

SOFTHSM = pathlib.Path("/usr/lib/softhsm/libsofthsm2.so")
KINDS = ["login", "first_find", "find_id", "find_label", "list", "read", "first_use", "use", "create", "destroy"]


def measure(home, *words):
    """Runs bench scale in a folder of its own; its result and its document."""
    work = home.folder / "work"
    work.mkdir(exist_ok=True)
    result = home.run("bench", "scale", "--folder", str(work), "--output", str(home.folder / "scale.json"), *words)
    expect(result.returncode == DONE, result.stderr)
    expect(list(work.iterdir()) == [], "something was left behind")
    return result, json.loads((home.folder / "scale.json").read_text())


def texts(svg):
    """All text of a chart, which has to be XML."""
    return [element.text for element in xml.etree.ElementTree.fromstring(svg.read_text()).iter() if element.text]


@test
def each_count_has_a_point_with_every_kind_of_call(home):
    svg = home.folder / "scale.svg"
    result, document = measure(home, "--counts", "100,300", "--svg", str(svg), "--json")
    [series] = document["series"]
    expect([point["keys"] for point in series["points"]] == [0, 100, 300], series["points"])
    expect(series["stopped"] is None and [fill["keys"] for fill in series["fills"]] == [100, 300], series)
    for point in series["points"][1:]:
        for kind in KINDS:
            cpu = point[kind]["cpu_us"]
            expect(0 < cpu["p50"] <= cpu["p99"] and cpu["mean"] > 0, (kind, point[kind]))
        expect(point["list_whole"] and point["list_keys"] == point["keys"] / 2, point)
        expect(point["find_id"]["samples"] == 2000 and 1 < point["rss_anon_mib"] < 200, point)
    expect(document["machine"]["cores"] > 0 and "/" not in document["place"], document)
    expect([row["keys"] for row in json.loads(result.stdout)["points"]] == [0, 100, 300], result.stdout)
    expect(series["module"] in texts(svg) and "Find by id (2 keys), median" in texts(svg), texts(svg))
    expect(not (home.folder / "store").exists(), "the user's store was touched")


@test
def a_module_that_is_too_slow_is_stopped_and_the_chart_says_so(home):
    svg = home.folder / "scale.svg"
    result, document = measure(home, "--counts", "200,99999900", "--budget", "1", "--svg", str(svg))
    [series] = document["series"]
    expect("the 1 s for this step were over" in series["stopped"], series)
    expect(series["points"][1]["keys"] == 200 and "stopped at" in result.stderr, result.stderr)
    expect(any("× stopped at" in text for text in texts(svg)), texts(svg))


@test
def several_results_make_one_chart(home):
    first, second, svg = (home.folder / name for name in ("first.json", "second.json", "both.svg"))
    point = {"keys": 1000, "use": {"cpu_us": {"p50": 10.0}}}
    first.write_text(json.dumps({"machine": {}, "place": "x", "series": [{"module": "A", "points": [point]}]}))
    second.write_text(json.dumps({"series": [{"module": "B", "points": [point], "stopped": "here"}]}))
    expect_code(home.run("bench", "chart", "--results", f"{first},{second}", "--svg", str(svg)), DONE)
    expect("A" in texts(svg) and "B (× stopped here)" in texts(svg), texts(svg))
    expect_code(home.run("bench", "chart", "--results", f"{first},{home.pin}", "--svg", str(svg)), FAILED, "no result")
    expect_code(home.run("bench", "chart", "--results", str(first), "--svg", "/nowhere/x.svg"), FAILED, "No such file")


@test
def a_race_counts_what_was_made(home):
    result = home.run("bench", "create", "--pairs", "40", "--threads", "1,4", "--json", "--folder", str(home.folder))
    expect(result.returncode == DONE, result.stderr)
    rows = json.loads(result.stdout)["results"]
    expect([row["threads"] for row in rows] == [1, 4], rows)
    expect(all(row["pairs"] == 40 and row["per_second"] > 0 and row["per_cpu_second"] > 0 for row in rows), rows)
    expect(not list(home.folder.glob("ashlar-bench*")), "something was left behind")


@test
def another_module_is_measured_by_the_same_calls(home):
    if not SOFTHSM.exists():
        raise Skip("SoftHSM is not here: tools/setup --peers installs it")
    _, document = measure(home, "--counts", "100", "--module", f"ashlar,{SOFTHSM}")
    ours, theirs = document["series"]
    expect("SoftHSM" in theirs["module"] and theirs["module"] != ours["module"], theirs["module"])
    expect(set(theirs["points"][1]) == set(ours["points"][1]), theirs["points"][1])
    return None


@test
def ctrl_c_leaves_nothing_behind(home):
    for kind in (signal.SIGTERM, signal.SIGINT):
        command = [home.ashlar, "bench", "scale", "--counts", "1000000", "--folder", str(home.folder)]
        process = subprocess.Popen(command, env=home.env(), stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not any(home.folder.glob("ashlar-bench*/ashlar/store.db")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)  # in the midst of filling
        process.send_signal(kind)
        _, told = process.communicate(timeout=60)
        expect(process.returncode == FAILED and "interrupted" in told, told)
        expect(not list(home.folder.glob("ashlar-bench*")), "something was left behind")


@test
def mistakes_are_told(home):
    expect_code(home.run("bench", "scale", "--counts", "10,5"), USAGE, "rising")
    expect_code(home.run("bench", "scale", "--folder", "/nowhere"), FAILED, "/nowhere")


if __name__ == "__main__":
    main(__doc__)
