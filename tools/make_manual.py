#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes every manual page that `ashlar manual` knows into the folders of their sections.

usage: make_manual.py ASHLAR FOLDER...   a folder for each section, called man1, man5, ...
"""

import json
import pathlib
import shutil
import subprocess
import sys


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    ashlar, folders = sys.argv[1], {path.name: path for path in map(pathlib.Path, sys.argv[2:])}
    for folder in folders.values():  # pages of commands that are no more must go, too
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    listed = subprocess.run([ashlar, "manual", "--json"], check=True, stdout=subprocess.PIPE).stdout
    for page in json.loads(listed)["pages"]:
        text = subprocess.run([ashlar, "manual", page["page"]], check=True, stdout=subprocess.PIPE).stdout
        (folders[f"man{page['section']}"] / f"{page['page']}.{page['section']}").write_bytes(text)


if __name__ == "__main__":
    main()
