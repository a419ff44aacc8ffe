#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the checks of include/ashlar/pkcs11.h, one per fact in the tables, as rows in C.

The reader defines VALUE, TYPE, SIZE, PLACE, PROTOTYPE and ORDER, and WANT, which picks the number
for its data model.
"""

import sys

import facts


def want(numbers):
    return f"WANT({', '.join(map(str, numbers))})"


def constants():
    for name in facts.CONSTANTS:
        yield f"VALUE({name}, {facts.value(name)})"


def types():
    for name in facts.TYPES:
        yield f"TYPE({name}, {facts.spell(name)})"


def structs():
    for name, fields in facts.STRUCTS.items():
        layouts = [facts.layout(name, model) for model in facts.MODELS]
        yield f"SIZE({name}, {want(size for _, size, _ in layouts)})"
        for i, field in enumerate(fields):
            offsets = want(each[0][i] for each in layouts)
            yield f"PLACE({name}, {field.name}, {offsets}, {facts.spell_field(field)})"


def functions():
    for name in facts.FUNCTIONS:
        yield f"PROTOTYPE({name}, {facts.spell_function(name, pointer=False)})"
        yield f"TYPE(CK_{name}, {facts.spell_function(name, pointer=True)})"


def lists():
    for _, struct, last in facts.LISTS:
        names = facts.added(None, last)
        layouts = [facts.list_layout(len(names), model) for model in facts.MODELS]
        yield f"SIZE({struct}, {want(size for _, size in layouts)})"
        yield f"PLACE({struct}, version, 0, CK_VERSION)"
        for i, name in enumerate(names):
            offsets = want(each[0][i] for each in layouts)
            yield f"PLACE({struct}, {name}, {offsets}, {facts.spell_function(name, pointer=True)})"


def orders():
    before = None
    for version, _, last in facts.LISTS:
        names = " ".join(facts.added(before, last))
        yield f'ORDER(CK_FUNCTIONS_{version}, "{names}")'
        before = last


def main():
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("/* Made by gen_header_checks.py from the tables beside it. */\n")
        for section in (constants, types, structs, functions, lists, orders):
            out.write(f"\n/* {section.__name__} */\n")
            out.writelines(row + "\n" for row in section())


if __name__ == "__main__":
    main()
