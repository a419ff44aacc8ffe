#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of the clients against one installation of the module, several at once.

Prints what failed, then a table of client, version and result, and last "N passed, N failed";
writes the table to FOLDER/clients.json. A package that is missing is a failure.

usage: run.py [--build FOLDER] [--jobs N] [CLIENT...]
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import client

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = 900  # for one client
CASE = re.compile(r"^(not )?ok \d+ - (.*)$", re.MULTILINE)
VERSION = re.compile(r"^# version: (\S+) (\S+)$", re.MULTILINE)


def name_of(test):
    return test.stem.removesuffix("_test").replace("_", "-")


def run(test, installed):
    """One row of the table; `output` and `cases` are for those who look closer."""
    began = time.monotonic()
    command = [sys.executable, str(test), "--installed", str(installed), "--require"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=SECONDS, check=False)
        code, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        code, output = 1, f"{late.stdout or ''}\nnot ended after {SECONDS} s"
    cases = CASE.findall(output)
    failed = sum(1 for bad, _ in cases if bad) or int(code != 0 or not cases)
    return {
        "client": name_of(test),
        "packages": dict(VERSION.findall(output)),
        "result": "failed" if failed else "passed",
        "passed": sum(1 for bad, _ in cases if not bad),
        "failed": failed,
        "limits": [name[7:] for bad, name in cases if not bad and name.startswith("limit: ")],
        "seconds": round(time.monotonic() - began, 1),
        "output": output,
    }


def show(rows):
    width = max(len(row["client"]) for row in rows)
    print(f"\n{'client':{width}}  result  passed  failed  limits  seconds  version")
    for row in rows:
        version = next((f"{name} {version}" for name, version in row["packages"].items()), "")
        print(f"{row['client']:{width}}  {row['result']}  {row['passed']:6}  {row['failed']:6}  {len(row['limits']):6}"
              f"  {row['seconds']:7}  {version}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].strip())
    parser.add_argument("--build", type=pathlib.Path, default=client.TOP / "build")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("clients", nargs="*")
    args = parser.parse_args()

    tests = sorted(test for test in HERE.glob("*_test.py") if name_of(test) != "pages")
    unknown = set(args.clients) - {name_of(test) for test in tests}
    if unknown:
        sys.exit(f"no such client: {' '.join(sorted(unknown))}")
    tests = [test for test in tests if not args.clients or name_of(test) in args.clients]

    rows = []
    with tempfile.TemporaryDirectory(prefix="ashlar-installed-") as top:
        os.chmod(top, 0o711)  # some clients run as nobody
        client.install(args.build, top)
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            running = [pool.submit(run, test, top) for test in tests]
            for future in concurrent.futures.as_completed(running):
                row = future.result()
                rows.append(row)
                print(f"{row['client']}: {row['result']} in {row['seconds']} s", flush=True)
                if row["failed"]:
                    print(row["output"], flush=True)

    rows.sort(key=lambda row: row["client"])
    table = [{key: value for key, value in row.items() if key != "output"} for row in rows]
    if not args.clients:
        (args.build / "clients.json").write_text(json.dumps({"clients": table}, indent=2) + "\n", encoding="utf-8")
    show(rows)
    passed, failed = (sum(row[key] for row in rows) for key in ("passed", "failed"))
    print(f"\n{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
