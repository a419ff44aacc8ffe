#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does include/ashlar/pkcs11.h agree with p11-kit's header? Prints TAP.

Whatever both define must be equal: constants, sizes of types, places of fields. The two can't meet
in one translation unit, so one program each prints what its header says. Known differences stand
in p11kit_differences.tsv with their reason, and fail again when they change ("*": any value).
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

import facts
from compiler import Compiler
from tap import Tap, skip_all

OURS = '#include "ashlar/pkcs11.h"\n'
THEIRS = "#define CRYPTOKI_COMPAT 1\n#include <p11-kit/pkcs11.h>\n"


def fields():
    """The fields of every structure and function list, by structure."""
    table = {struct: [field.name for field in each] for struct, each in facts.STRUCTS.items()}
    for _, struct, last in facts.LISTS:
        table[struct] = ["version", *facts.added(None, last)]
    return table


def defined(compiler, include, expressions):
    """Those expressions that compile; all at once if possible."""
    for source in (expressions, *([each] for each in expressions if len(expressions) > 1)):
        lines = (f"char probe_{i}[({each}) + 1];\n" for i, each in enumerate(source))
        if compiler.accepts(f"#include <stddef.h>\n{include}{''.join(lines)}", "-w")[0]:
            yield from source
            if source is expressions:
                return


def shared(compiler):
    """What both headers define: expressions whose values can be compared."""
    constants = compiler.macros(THEIRS)[0]
    yield from (name for name in facts.CONSTANTS if name in constants)

    words = set(re.findall(r"\w+", compiler.run(THEIRS, "-E").stdout))
    table = fields()
    for type_ in (name for name in (*facts.TYPES, *table) if name in words):
        known = list(defined(compiler, THEIRS, [f"sizeof({type_})"]))
        yield from known
        if known and type_ in table:
            places = [f"offsetof({type_}, {name})" for name in table[type_]]
            yield from defined(compiler, THEIRS, places)


def values(compiler, include, expressions):
    """Compiles and runs a program that prints the value of each expression."""
    prints = (f'printf("%#llx\\n", (unsigned long long)({each}));\n' for each in expressions)
    source = f"{include}#include <stddef.h>\n#include <stdio.h>\nint main(void) {{{''.join(prints)}}}\n"
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "values")
        done = compiler.run(source, "-w", "-o", program)
        if done.returncode != 0:
            sys.exit(done.stderr)
        return subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--include", required=True, help="folder of ashlar/pkcs11.h")
    arguments.add_argument("--p11-kit", default="", help="folder of p11-kit/pkcs11.h")
    arguments.add_argument("--cc", required=True)
    given = arguments.parse_args()
    if not given.p11_kit:
        skip_all("p11-kit's header is not installed (Debian: libp11-kit-dev)")

    compiler = Compiler(given.cc, "-x", "c", f"-I{given.include}", f"-I{given.p11_kit}")
    differences = {name: (theirs, why) for name, theirs, why in facts.rows("p11kit_differences.tsv")}

    tap = Tap()
    expressions = list(shared(compiler))
    tap.check("the headers share names", len(expressions) > 500, f"only {len(expressions)}")
    ours = values(compiler, OURS, expressions)
    theirs = values(compiler, THEIRS, expressions)
    for name, our, their in zip(expressions, ours, theirs):
        known, why = differences.get(name, (None, None))
        if our != their and known in (their, "*"):
            tap.check(f"{name} differs, as known: {our}, p11-kit {their}: {why}", True)
        else:
            tap.check(name, our == their, f"wanted {our} got {their} from p11-kit")
    tap.done()


if __name__ == "__main__":
    main()
