#!/usr/bin/env python3
"""A copy of a static library whose hidden functions are seen by the dynamic linker.

Usage: leak_symbols.py FROM.a TO.a

For a control: the module as it would be if somebody built its crypto library without care.
ELF for x86-64 only. A function whose address its own object takes relative to itself stays
hidden, as no shared object can be linked otherwise.
"""

import struct
import sys

HEADER, SECTION, SYMBOL, RELOCATION = 60, "<IIQQQQIIQQ", "<IBBHQQ", "<QQq"
SYMTAB, RELA = 2, 4
PC32 = 2  # R_X86_64_PC32
GLOBAL_FUNCTION, VISIBILITY, HIDDEN = 0x12, 3, 2


def entries(data, start, section, form):
    """Offset and fields of each entry of a section's table."""
    size = struct.calcsize(form)
    for at in range(start + section[4], start + section[4] + section[5], size):
        yield at, struct.unpack_from(form, data, at)


def leak(data, start):
    """Makes what one object at `start` defines visible; how many functions that were."""
    (table,) = struct.unpack_from("<Q", data, start + 0x28)
    size, count = struct.unpack_from("<HH", data, start + 0x3A)
    sections = [struct.unpack_from(SECTION, data, start + table + i * size) for i in range(count)]
    bound = {
        info >> 32
        for section in sections
        if section[1] == RELA
        for _, (_, info, _) in entries(data, start, section, RELOCATION)
        if info & 0xFFFFFFFF == PC32
    }
    leaked = 0
    for section in sections:
        if section[1] != SYMTAB:
            continue
        for number, (at, (_, info, other, defined, _, _)) in enumerate(entries(data, start, section, SYMBOL)):
            if info == GLOBAL_FUNCTION and other & VISIBILITY == HIDDEN and defined and number not in bound:
                data[at + 5] = other & ~VISIBILITY
                leaked += 1
    return leaked


def main():
    with open(sys.argv[1], "rb") as file:
        data = bytearray(file.read())
    if not data.startswith(b"!<arch>\n"):
        sys.exit(f"{sys.argv[1]}: no static library")
    at, leaked = 8, 0
    while at < len(data):
        size = int(data[at + 48 : at + 58])
        at += HEADER
        if data[at : at + 4] == b"\x7fELF":
            leaked += leak(data, at)
        at += size + size % 2
    if not leaked:
        sys.exit(f"{sys.argv[1]}: nothing hidden")
    with open(sys.argv[2], "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main()
