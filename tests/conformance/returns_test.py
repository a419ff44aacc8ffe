#!/usr/bin/env python3
"""Return codes, function by function: what the standard lists against what is provoked.

    returns_test.py --tables DIR --module PATH PROGRAM...

DIR/5.*.tsv has one line for each function and code: function, code, where it is
listed ("section": in the function's own; "general": in §5.1; "beyond": nowhere, we
answer it all the same) and what we do with it: "provoked", or why it can't happen
here, as a key of DIR/reasons.tsv or as a sentence; "open" means that nobody has looked.
Each program provokes some of them and says which. Both have to agree: nothing
provoked that is not on a line, nothing on a line that is not provoked.
"""

import argparse
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

RESULT = re.compile(r"(not )?ok \d+ - (C_\w+) (CKR_\w+): (.*?)(?: # TODO (.*))?$")
OTHER = re.compile(r"(not )?ok \d+ - (.*)$")
LISTED = {"section", "general", "beyond"}


class Results:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, name, good, details=(), todo=""):
        self.count += 1
        mark = f" # TODO {todo}" if todo else ""
        self.failed += good == bool(todo)
        print(f"{'' if good else 'not '}ok {self.count} - {name}{mark}")
        for line in () if good and not todo else details:
            print(f"# {line}")


def read_tables(folder):
    """{(function, code): (chapter, listed, how)}, and what is wrong with the files."""
    reasons = dict(
        line.split("\t", 1) for line in (folder / "reasons.tsv").read_text().splitlines()[1:]
    )
    rows, wrong, used = {}, [], set()
    for path in sorted(folder.glob("5.*.tsv")):
        for number, line in enumerate(path.read_text().splitlines()[1:], 2):
            fields = line.split("\t")
            where = f"{path.name}:{number}"
            if len(fields) != 4 or fields[2] not in LISTED or not fields[3]:
                wrong.append(f"{where}: not four columns as they have to be")
                continue
            function, code, listed, how = fields
            if (function, code) in rows:
                wrong.append(f"{where}: {function} {code} a second time")
            if how not in reasons and how not in ("provoked", "open") and " " not in how:
                wrong.append(f"{where}: no such reason: {how}")
            used.add(how)
            rows[function, code] = (path.stem, listed, how)
    wrong += [f"reasons.tsv: nobody needs {key}" for key in reasons if key not in used]
    return rows, wrong


def run(program, module):
    done = subprocess.run([program, module], capture_output=True, text=True, check=False)
    return program, done.returncode, done.stdout.splitlines()


def relay(results, program, status, lines):
    """Passes a program's results on; {(function, code)} of those that were good."""
    good_ones, notes, planned, failed_before = set(), [], False, results.failed
    for line in lines:
        if line.startswith("#"):
            notes.append(line[2:])
            continue
        planned = planned or line.startswith("1..")
        match = RESULT.match(line)
        if match:
            bad, function, code, how, todo = match.groups()
            results.check(f"{function} {code}: {how}", not bad, notes, todo or "")
            if not bad or todo:
                good_ones.add((function, code))
        elif OTHER.match(line):
            bad, name = OTHER.match(line).groups()
            results.check(f"{Path(program).name}: {name}", not bad, notes)
        elif not line.startswith("1.."):
            notes.append(line)
            continue
        notes = []
    agrees = status == (0 if results.failed == failed_before else 1)
    results.check(f"{Path(program).name} came to its end", planned and agrees, [*notes, f"status {status}"])
    return good_ones


def count(rows):
    """Prints per function and in total: listed, provoked, impossible, beyond the list."""
    total = Counter()
    functions = {}
    for (function, _), (chapter, listed, how) in rows.items():
        counts = functions.setdefault((chapter, function), Counter())
        kind = "provoked" if how == "provoked" else "open" if how == "open" else "impossible"
        place = "listed" if listed == "section" else "more"
        counts.update([place, f"{place} {kind}"])
    for (chapter, function), counts in functions.items():
        print(
            f"# {chapter} {function}: {counts['listed']} listed, {counts['listed provoked']} provoked, "
            f"{counts['listed impossible']} impossible; {counts['more provoked']} more provoked"
        )
        total.update(counts)
    print(
        f"# all {len(functions)} functions: {total['listed']} listed, {total['listed provoked']} provoked, "
        f"{total['listed impossible']} impossible, {total['listed open']} open; "
        f"{total['more provoked']} more provoked"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--functions", type=Path, required=True)
    parser.add_argument("--module", required=True)
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()
    results = Results()

    rows, wrong = read_tables(options.tables)
    results.check("the tables can be read", not wrong, wrong)
    known = {line.split("\t")[0] for line in options.functions.read_text().splitlines()[1:]}
    strange = known ^ {function for function, _ in rows}
    results.check("every function of PKCS#11 has its lines, and no other", not strange, sorted(strange))

    seen = Counter()
    with ThreadPoolExecutor(max_workers=2) as pool:
        for program, status, lines in pool.map(lambda path: run(path, options.module), options.programs):
            seen.update(relay(results, program, status, lines))
    wanted = {row for row, (_, _, how) in rows.items() if how == "provoked"}
    open_lines = {row for row, (_, _, how) in rows.items() if how == "open"}
    for title, missing, todo in (
        ("what is listed as provoked is", wanted - set(seen), ""),
        ("what is provoked is listed so", set(seen) - wanted, ""),
        ("no line is open", open_lines, "some chapters are still to be looked at" if open_lines else ""),
    ):
        results.check(title, not missing, [" ".join(row) for row in sorted(missing)], todo)
    count(rows)
    print(f"1..{results.count}")
    sys.exit(1 if results.failed else 0)


main()
