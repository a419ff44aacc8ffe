#!/usr/bin/env python3
"""Checks that README.md's list of functions that are not supported is the code's.

The list stands between the two markers below and is made from
src/front/pkcs11/unsupported.h. --fix writes it there, --print only shows it.
"""

import re
import sys
from pathlib import Path

BEGIN = "<!-- not-supported:begin -->"
END = "<!-- not-supported:end -->"

SECTION = re.compile(r"^/\* (\d+\.\d+) \*/$")
LACKING = re.compile(r"^#define ASH_LACKS_(C_\w+) ")
PARTLY = re.compile(r"^/\* partly: (C_\w+) (.*) \*/$")


def listed(header):
    """The list as README.md has it: a line for each version that the functions came with."""
    whole, partly, section = {}, [], None
    for line in header.splitlines():
        if match := SECTION.match(line):
            section = match[1]
        elif match := LACKING.match(line):
            whole.setdefault(section, []).append(f"`{match[1]}`")
        elif match := PARTLY.match(line):
            partly.append(f"`{match[1]}` {match[2]}")
    lines = [f"- {version}: {', '.join(names)}" for version, names in whole.items()]
    if partly:
        lines.append(f"- in part: {', '.join(partly)}")
    return "\n".join(lines)


def main():
    top = Path(__file__).resolve().parent.parent
    want = listed((top / "src/front/pkcs11/unsupported.h").read_text(encoding="utf-8"))
    if sys.argv[1:] == ["--print"]:
        print(want)
        return 0
    readme = top / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    before, begin, rest = text.partition(BEGIN)
    got, end, after = rest.partition(END)
    if not begin or not end:
        print(f"README.md has no list between {BEGIN} and {END}", file=sys.stderr)
        return 1
    if got.strip() == want:
        return 0
    if sys.argv[1:] == ["--fix"]:
        readme.write_text(f"{before}{BEGIN}\n{want}\n{END}{after}", encoding="utf-8")
        return 0
    print("README.md: the list of functions that are not supported is not that of "
          "src/front/pkcs11/unsupported.h (tools/check_unsupported.py --fix)", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
