#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does include/ashlar/pkcs11.h keep its promises to any program? Prints TAP.

It compiles alone in C and C++, tolerates the platform's own macros, fills a module's lists, leaves
no macro behind that nobody promised, and has the right shapes in other data models as well.
"""

import argparse
import pathlib

import facts
from compiler import Compiler
from tap import Tap

STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")
INCLUDE = '#include "ashlar/pkcs11.h"\n'

# The macros of the header that are no constants.
FAMILY = {"CK_PTR", "NULL_PTR", "ASHLAR_PKCS11_H"}
FAMILY_WITH_PARAMETERS = {
    "CK_DECLARE_FUNCTION",
    "CK_DEFINE_FUNCTION",
    "CK_DECLARE_FUNCTION_POINTER",
    "CK_CALLBACK_FUNCTION",
} | {f"CK_FUNCTIONS_{version}" for version, _, _ in facts.LISTS}

PLATFORM = """
#define CK_PTR *
#define CK_DEFINE_FUNCTION(returnType, name) returnType name
#define CK_DECLARE_FUNCTION(returnType, name) returnType name
#define CK_DECLARE_FUNCTION_POINTER(returnType, name) returnType (* name)
#define CK_CALLBACK_FUNCTION(returnType, name) returnType (* name)
#define NULL_PTR 0
"""

MODULE = """
#define ENTRY(name, parameters) .name = name,
const CK_FUNCTION_LIST list_2_40 = { .version = { 2, 40 }, CK_FUNCTIONS_2_40(ENTRY) };
const CK_FUNCTION_LIST_3_0 list_3_0 = {
	.version = { 3, 0 }, CK_FUNCTIONS_2_40(ENTRY) CK_FUNCTIONS_3_0(ENTRY)
};
const CK_FUNCTION_LIST_3_2 list_3_2 = {
	.version = { 3, 2 }, CK_FUNCTIONS_2_40(ENTRY) CK_FUNCTIONS_3_0(ENTRY) CK_FUNCTIONS_3_2(ENTRY)
};
CK_DEFINE_FUNCTION(CK_RV, C_Finalize)(CK_VOID_PTR pReserved)
{
	return pReserved == NULL_PTR ? CKR_OK : CKR_ARGUMENTS_BAD;
}
"""


def compiles(tap, name, compiler, source, *flags):
    tap.check(name, *compiler.accepts(source, *STRICT, *flags))


def c_programs(tap, cc):
    for standard in ("c99", "c17", "gnu17"):
        compiles(tap, f"compiles alone as {standard}", cc, INCLUDE, f"-std={standard}")
    compiles(tap, "can be included twice", cc, INCLUDE * 2, "-std=c17")
    compiles(tap, "takes the platform's own macros", cc, PLATFORM + INCLUDE, "-std=c17")
    compiles(tap, "fills the lists of a module", cc, INCLUDE + MODULE, "-std=c17")


def cxx_programs(tap, cxx):
    for standard in ("c++11", "c++17"):
        name = f"compiles alone as {standard}"
        if cxx is None:
            tap.skip(name, "no C++ compiler found (c++, g++ or clang++)")
        else:
            compiles(tap, name, cxx, INCLUDE, f"-std={standard}")


def macros(tap, cc):
    before = cc.macros("#include <stddef.h>\n")
    after = cc.macros(INCLUDE)
    names = ("has every constant and leaves no other macro", "leaves no other macro with parameters")
    promised = (FAMILY | set(facts.CONSTANTS), FAMILY_WITH_PARAMETERS)
    for i, name in enumerate(names):
        wanted, got = promised[i], after[i] - before[i]
        missing, more = sorted(wanted - got), sorted(got - wanted)
        tap.check(name, not missing and not more, f"missing {missing} too many {more}")


def other_models(tap, cc, clang, checks):
    """The same checks as header_test.c, at compile time, where nothing can run."""
    source = pathlib.Path(__file__).with_name("header_static.c").read_text(encoding="utf-8")
    paths = (f"-I{pathlib.Path(__file__).parent}", f"-I{checks}")
    for name, compiler, flags in (
        ("ILP32 (-m32)", cc, ("-m32",)),
        ("64-bit Windows", clang, ("--target=x86_64-pc-windows-gnu",)),
        ("32-bit Windows", clang, ("--target=i686-pc-windows-gnu",)),
    ):
        name = f"has the right shapes on {name}"
        flags = ("-std=gnu17", "-ffreestanding", *flags)
        if compiler is None:
            tap.skip(name, "no Clang found, which alone compiles for Windows from here")
            continue
        able, why = compiler.accepts("#include <stddef.h>\n", *flags)
        if able:
            tap.check(name, *compiler.accepts(source, *flags, *paths))
        else:
            tap.skip(name, f"the compiler can't: {why.strip().splitlines()[0]}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--include", required=True, help="folder of ashlar/pkcs11.h")
    arguments.add_argument("--checks", required=True, help="folder of header_checks.inc")
    arguments.add_argument("--cc", required=True)
    arguments.add_argument("--cxx", default="")
    arguments.add_argument("--clang", default="")
    given = arguments.parse_args()

    include = f"-I{given.include}"
    cc = Compiler(given.cc, "-x", "c", include)
    cxx = Compiler(given.cxx, "-x", "c++", include) if given.cxx else None
    clang = Compiler(given.clang, "-x", "c", include) if given.clang else None

    tap = Tap()
    c_programs(tap, cc)
    cxx_programs(tap, cxx)
    macros(tap, cc)
    other_models(tap, cc, clang, given.checks)
    tap.done()


if __name__ == "__main__":
    main()
