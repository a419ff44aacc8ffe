#!/usr/bin/env python3
"""Writes return codes or attribute types and their names as rows of a C table:
names.py CONSTANTS_TSV CKR_|CKA_ OUTPUT. Each number once; templates within templates and old names are left out."""

import sys
from pathlib import Path

constants, prefix, output = sys.argv[1:]
rows, seen = [], set()
for line in Path(constants).read_text(encoding="utf-8").splitlines():
    name, value = line.split("\t")[:2]
    if not name.startswith(prefix) or value in seen or value.startswith(prefix):
        continue
    if name.endswith("_TEMPLATE") and prefix == "CKA_" or name == "CKA_ECDSA_PARAMS":
        continue
    seen.add(value)
    rows.append(f'{{ {name}, "{name}" }},\n')
Path(output).write_text("".join(rows), encoding="utf-8")
