# SPDX-License-Identifier: Apache-2.0
"""Tests that print TAP: functions in a list, each given a folder of its own."""

import tempfile
import traceback


class Skip(Exception):
    """Why a test can't be run here."""


def expect(good, detail=""):
    if not good:
        raise AssertionError(detail)


def run(tests, *given):
    """Runs test(folder, *given) for each; the number that failed."""
    failed = 0
    print(f"1..{len(tests)}")
    for number, function in enumerate(tests, 1):
        name = f"{number} - {function.__name__}"
        try:
            with tempfile.TemporaryDirectory(prefix="ashlar-install-") as folder:
                function(folder, *given)
            print(f"ok {name}", flush=True)
        except Skip as why:
            print(f"ok {name} # SKIP {why}", flush=True)
        except Exception:  # pylint: disable=broad-except  # whatever it is, the test failed
            failed += 1
            print(f"not ok {name}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
    return failed
