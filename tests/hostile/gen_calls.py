#!/usr/bin/env python3
"""Writes what hostile.c calls: every function of our header, what each argument is, and
which codes its section has.

Usage: gen_calls.py HEADER RETURNS.tsv OUTPUT

A function that the header has and RETURNS.tsv lacks, or an argument of a type that nobody
thought of, is an error: nothing is left out in silence.
"""

import re
import sys

VALUES = {  # types passed by value
    "CK_SESSION_HANDLE": "SESSION",
    "CK_OBJECT_HANDLE": "OBJECT",
    "CK_SLOT_ID": "SLOT",
    "CK_FLAGS": "NUMBER",
    "CK_USER_TYPE": "NUMBER",
    "CK_BBOOL": "NUMBER",
    "CK_MECHANISM_TYPE": "NUMBER",
    "CK_SESSION_VALIDATION_FLAGS_TYPE": "NUMBER",
    "CK_ULONG": "LENGTH",
    "CK_NOTIFY": "CALLBACK",
}
POINTERS = {  # with whether it is written to by itself
    "CK_MECHANISM_PTR": "MECHANISM",
    "CK_ATTRIBUTE_PTR": "TEMPLATE",
    "CK_ULONG_PTR": "COUNT",
    "CK_VOID_PTR": "BYTES",
    "CK_BYTE_PTR": "BYTES",
    "CK_UTF8CHAR_PTR": "BYTES",
}
ONE = {  # outputs of one fixed size
    "CK_INFO_PTR", "CK_SLOT_INFO_PTR", "CK_TOKEN_INFO_PTR", "CK_SESSION_INFO_PTR", "CK_MECHANISM_INFO_PTR",
    "CK_FLAGS_PTR", "CK_SESSION_HANDLE_PTR", "CK_FUNCTION_LIST_PTR_PTR", "CK_INTERFACE_PTR_PTR",
    "CK_ASYNC_DATA_PTR",
}  # fmt: skip
MANY = {"CK_SLOT_ID_PTR", "CK_MECHANISM_TYPE_PTR", "CK_INTERFACE_PTR", "CK_OBJECT_HANDLE_PTR"}
INPUT = {"CK_VERSION_PTR"}


def functions(header):
    """Name and parameters (type, name) of each function, in the order of the lists."""
    text = header.replace("\\\n", " ")
    for name, parameters in re.findall(r"X\((C_\w+), \(([^)]*)\)\)", text):
        yield name, [re.fullmatch(r"(.*?)\s*(\w+)", part.strip()).groups() for part in parameters.split(",")]


def kind(name, parameters, i):
    """The kind of one parameter, and the size of what it points at."""
    type_ = parameters[i][0]
    following = parameters[i + 1][0] if i + 1 < len(parameters) else ""
    if type_ in VALUES:
        return VALUES[type_], "0"
    if type_ in ONE or (type_ in MANY and following not in ("CK_ULONG", "CK_ULONG_PTR")):
        return "ONE", f"sizeof(*({type_})0)"
    if type_ in MANY:
        return "MANY", "0"
    if type_ in INPUT:
        return "INPUT", f"sizeof(*({type_})0)"
    if POINTERS.get(type_) == "BYTES":
        if following == "CK_ULONG_PTR" or parameters[i][1] == "RandomData":
            return "MANY", "0"
        if following != "CK_ULONG":
            return "ALONE", "0"  # a label, a name, a reserved pointer
    if type_ not in POINTERS:
        sys.exit(f"{name}: an argument of type {type_}, which gen_calls.py does not know")
    return POINTERS[type_], "0"


def main():
    header, returns, output = sys.argv[1:]
    with open(returns, encoding="utf-8") as file:
        codes = dict(line.rstrip("\n").split("\t") for line in file)
    with open(header, encoding="utf-8") as file:
        found = list(functions(file.read()))
    if len(found) < 104:
        sys.exit(f"{header}: only {len(found)} functions found")
    with open(output, "w", encoding="utf-8") as out:
        for name, parameters in found:
            arguments = ", ".join(f"({type_})a[{i}]" for i, (type_, _) in enumerate(parameters))
            out.write(f"static CK_RV call_{name}(const CK_ULONG *a)\n{{\n\treturn {name}({arguments});\n}}\n")
            out.write(f"static const CK_RV codes_{name}[] = {{ {', '.join(codes[name].split() or ['CKR_OK'])} }};\n")
        out.write("static const struct function functions[] = {\n")
        for name, parameters in found:
            rows = [
                f'{{ "{parameter}", {", ".join(kind(name, parameters, i))} }}'
                for i, (_, parameter) in enumerate(parameters)
            ]
            out.write(
                f'\t{{ "{name}", call_{name}, {len(rows)}, {{ {", ".join(rows)} }},\n'
                f"\t  codes_{name}, {len(codes[name].split())} }},\n"
            )
        out.write("};\n")


if __name__ == "__main__":
    main()
