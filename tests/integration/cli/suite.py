# SPDX-License-Identifier: Apache-2.0
"""The tests of one file: `test` marks them, `main` runs them and prints TAP."""

import sys
import tempfile
import traceback

from home import DONE, Home, expect_code

TESTS = []


class Skip(Exception):
    """This can't be tested here, and why."""


def test(function):
    """Decorator: a test, which is given what `main`'s `start` made."""
    TESTS.append(function)
    return function


def home(folder, ashlar, module=None):
    """What most tests are given."""
    return Home(ashlar, folder, module)


def run(function, given):
    """A test whose parameter is called `ca` finds a token "ca" there."""
    if function.__code__.co_varnames[0] == "ca":
        expect_code(given.init("ca"), DONE)
    function(given)


def comment(text):
    return "".join(f"# {line}\n" for line in text.splitlines())


def verdict(function, start, operands):
    """Runs one test in a folder of its own; a line of TAP, after what went wrong."""
    name = function.__name__
    with tempfile.TemporaryDirectory(prefix="ashlar-cli-") as folder:
        try:
            run(function, start(folder, *operands))
            return True, f"- {name}"
        except Skip as why:
            return True, f"- {name} # SKIP {why}"
        except Exception:  # pylint: disable=broad-except  # whatever it is, the test failed
            print(comment(traceback.format_exc()), end="", flush=True)
            return False, f"- {name}"


def main(usage, start=home, operands=1):
    """
    Runs the tests whose names have all words that follow the operands on the command line.
    `start(folder, *operands)` makes what a test is given; the first operand is the path of ashlar.
    """
    given, words = sys.argv[1 : 1 + operands], sys.argv[1 + operands :]
    if len(given) < operands:
        sys.exit(usage)
    chosen = [function for function in TESTS if all(word in function.__name__ for word in words)]
    print(f"1..{len(chosen)}")
    failed = 0
    for number, function in enumerate(chosen, 1):
        good, text = verdict(function, start, given)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} {text}", flush=True)
    sys.exit(1 if failed or not chosen else 0)
