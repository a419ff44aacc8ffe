#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each page of docs/clients has a test that runs its commands, and is linked from the list of pages."""

import pathlib
import re
import sys

from client import PAGES, Tap, blocks_of

HERE = pathlib.Path(__file__).resolve().parent


def main():
    tap = Tap()
    tests = {}
    for test in sorted(HERE.glob("*_test.py")):
        found = re.search(r'Client\(\s*"([\w-]+)"', test.read_text(encoding="utf-8"))
        if found:
            tests[found[1]] = test
    pages = {page.stem: page for page in PAGES.glob("*.md") if page.stem != "README"}
    listed = set(re.findall(r"\]\(([\w-]+)\.md\)", (PAGES / "README.md").read_text(encoding="utf-8")))

    for name in sorted(pages.keys() | tests.keys()):
        tap.check(f"{name} has a page", name in pages)
        tap.check(f"{name} has a test", name in tests)
        tap.check(f"{name} is listed", name in listed)
        tap.check(f"{name} says what to type", name in pages and bool(blocks_of(pages[name])))
        tap.check(f"{name} says what it can't do", name in pages and "## What it can't do" in pages[name].read_text("utf-8"))
    tap.check("nothing else is listed", listed <= pages.keys(), str(listed - pages.keys()))
    tap.done()


if __name__ == "__main__":
    sys.exit(main())
