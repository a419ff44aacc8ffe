#!/usr/bin/env python3
"""What the module shows to the dynamic linker: PKCS#11's functions and nothing else.

Usage: exports_test.py MODULE
"""

import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(TOP / "tests/pkcs11"))

from tap import Tap  # noqa: E402

# Libraries of the system that the module may need; everything else it carries.
MAY_NEED = re.compile(r"^(libc|libm|libpthread|libdl|ld-linux[\w-]*|libsqlite3)\.so\.\d+$")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main():
    module = sys.argv[1]
    tap = Tap()

    header = (TOP / "include/ashlar/pkcs11.h").read_text(encoding="utf-8")
    want = set(re.findall(r"^\s*X\((C_\w+), \(", header, re.MULTILINE))
    got = {line.split()[-1].split("@")[0] for line in run("nm", "-D", "--defined-only", module).splitlines()}
    tap.check("every function of the standard is exported", want <= got, " ".join(sorted(want - got)))
    tap.check("nothing else is", got <= want, " ".join(sorted(got - want)))

    dynamic = run("readelf", "-d", "-W", module)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    tap.check("it needs only libraries of the system", all(map(MAY_NEED.match, needed)), " ".join(needed))
    for flag in ("NOW", "NODELETE"):
        tap.check(f"it is linked {flag.lower()}", re.search(rf"\(FLAGS_1\).*\b{flag}\b", dynamic) is not None)
    tap.check("its functions are bound to its own", re.search(r"\(SYMBOLIC\)|\(FLAGS\).*\bSYMBOLIC\b", dynamic) is not None)
    tap.check("it has no text relocations", "TEXTREL" not in dynamic)
    tap.check("it has no path of a build machine", "RUNPATH" not in dynamic and "RPATH" not in dynamic)

    segments = run("readelf", "-l", "-W", module)
    stack = re.search(r"GNU_STACK.*", segments)
    tap.check("its stack is not executable", stack is not None and "RWE" not in stack[0])
    tap.check("it becomes read-only after relocation", "GNU_RELRO" in segments)
    tap.done()


if __name__ == "__main__":
    main()
