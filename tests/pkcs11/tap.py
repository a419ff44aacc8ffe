# SPDX-License-Identifier: Apache-2.0
"""Test results as TAP; the number of tests comes last."""

import sys


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, name, good, detail=""):
        self.count += 1
        if good:
            print(f"ok {self.count} - {name}")
        else:
            self.failed += 1
            first, *rest = detail.strip().splitlines() or [""]
            print(f"not ok {self.count} - {name} {first}".rstrip())
            for line in rest:
                print(f"# {line}")

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}")

    def done(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)
