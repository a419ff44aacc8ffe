#!/usr/bin/env python3
"""Writes the return codes and their names as rows of a C table: rv_names.py CONSTANTS_TSV OUTPUT"""

import sys
from pathlib import Path

rows = (line.split("\t") for line in Path(sys.argv[1]).read_text().splitlines())
names = [row[0] for row in rows if row[0].startswith("CKR_")]
Path(sys.argv[2]).write_text("".join(f'{{ {name}, "{name}" }},\n' for name in names))
