#!/usr/bin/env python3
"""Checks that docs/configuration.md has the configuration keys of the code.

The table stands between the two markers below and is made from src/util/config_keys.h.
--fix writes it there.
"""

import re
import sys
from pathlib import Path

BEGIN = "<!-- keys:begin -->"
END = "<!-- keys:end -->"

ROW = re.compile(
    r'ASH_CONFIG\(\w+,\s*"([^"]*)",\s*(\w+),\s*"([^"]*)",\s*(\d+),\s*(\d+),\s*"([^"]*)"\)', re.DOTALL)


def values(kind, fallback, low, high):
    """What may be written, and what is taken when nothing is."""
    if kind == "CHOICE":
        words = fallback.split("|")
        return " or ".join(f"`{word}`" for word in words), f"`{words[0]}`"
    if kind == "NUMBER":
        return f"{low} to {high}", fallback
    if kind == "SWITCH":
        return "`yes` or `no`", f"`{fallback}`"
    kinds = {"PATH": "an absolute path", "TEXT": "text"}
    return kinds[kind], f"`{fallback}`" if fallback else "empty"


def table(header):
    lines = ["| key | values | default | meaning |", "|---|---|---|---|"]
    for name, kind, fallback, low, high, text in ROW.findall(header):
        allowed, default = values(kind, fallback, low, high)
        lines.append(f"| `{name}` | {allowed} | {default} | {text} |")
    return "\n".join(lines)


def main():
    top = Path(__file__).resolve().parent.parent
    header = (top / "src/util/config_keys.h").read_text(encoding="utf-8")
    header = re.sub(r'"\s*\n\s*"', "", header)
    want = table(header)
    if want.count("\n") - 1 != header.count("\nASH_CONFIG("):
        sys.exit("tools/check_config_doc.py can't read src/util/config_keys.h: a row does not have the usual form")
    page = top / "docs/configuration.md"
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    have, tail = rest.split(END)
    if have.strip() == want:
        return
    if sys.argv[1:] != ["--fix"]:
        sys.exit("docs/configuration.md does not have the keys of src/util/config_keys.h: "
                 "run tools/check_config_doc.py --fix")
    page.write_text(f"{head}{BEGIN}\n{want}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
