#!/usr/bin/env python3
"""Checks that the documents speak of what exists, and of all of it.

    tools/check_docs.py [--fix] ASHLAR

* each `ashlar …` in a document is a command of the program with options that it has;
* docs/commands.md lists every command, docs/mechanisms.md every mechanism (--fix writes both);
* docs/troubleshooting.md has a row for each error that PKCS#11 callers get, and for no other;
* each name of PKCS#11's (CKM_, CKR_, CKA_, C_ …) is in our header;
* each configuration key and variable exists, and each of the program's variables is documented;
* each link leads somewhere.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

# Beside the program's own: what set-up and Makefile read.
BUILD_VARIABLES = {"ASHLAR_AWS_LC", "ASHLAR_CACHE", "ASHLAR_DEBIAN_MIRROR"}
FILES = {"store.db", "store.db.new", "store.gen", "store.lock", "store.db-wal", "store.db-shm", "store.group"}

CODE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
CALL = re.compile(r"(?:^|[|;&(]\s*|\$\(|sudo\s+|build/)ashlar(?=\s|$)(?!\s*[.:])([^|;&>)`]*)")
NAME = re.compile(r"\b(?:CK[MRAFOKPUSZGD]_[A-Z0-9_]*[A-Z0-9]|C_[A-Z][A-Za-z]+)\b(?!\*)")
KEY = re.compile(r"^(?:store|pin|memory|limits|crypto|log)\.[a-z.]+$")
VARIABLE = re.compile(r"\bASHLAR_[A-Z_]*[A-Z]\b")


class Program:
    """What the command line has, by its own help."""

    def __init__(self, path):
        self.path = Path(path).resolve()
        self.commands = dict(
            re.findall(r"^  ([a-z][a-z -]*?)  +(\S.*)$", self.run("--help").split("\n\n")[1], re.MULTILINE)
        )
        self.options = {}

    def run(self, *words):
        with tempfile.TemporaryDirectory() as home:
            env = {**os.environ, "ASHLAR_HOME": home, "LC_ALL": "C.UTF-8"}
            env.pop("ASHLAR_CONF", None)
            return subprocess.run([self.path, *words], env=env, capture_output=True, text=True, check=True).stdout

    def options_of(self, command):
        if command not in self.options:
            found = re.findall(r"^  (?:-(\w), )?(?:    )?--([\w-]+)", self.run(*command.split(), "--help"), re.MULTILINE)
            self.options[command] = {f"--{name}" for _, name in found} | {f"-{letter}" for letter, _ in found if letter}
        return self.options[command]

    def groups(self):
        return {command.split()[0] for command in self.commands if " " in command}

    def mistakes(self, words):
        """What is wrong with a command line, behind the program's name."""
        if not words or words[0].startswith("-") or not re.fullmatch(r"[a-z][a-z0-9-]*", words[0]):
            return []
        fits = [command for command in self.commands if words[: len(command.split())] == command.split()]
        if not fits:
            if words[0] in self.groups() and (len(words) == 1 or not words[1].isalpha()):
                return []
            return [f"there is no command `ashlar {' '.join(words[:2])}`"]
        command = max(fits, key=len)
        given = [word.split("=")[0] for word in words[len(command.split()) :] if re.match(r"--?[a-z]", word)]
        return [f"`ashlar {command}` has no {word}" for word in given if word not in self.options_of(command)]


def split(text):
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def calls(text):
    """Command lines of the program in a document: in shell blocks, and in code within sentences."""
    for kind, block in CODE.findall(text):
        if kind in ("sh", "console", ""):
            for line in block.replace("\\\n", " ").splitlines():
                for match in CALL.finditer(line.strip().removeprefix("$ ")):
                    yield split(match[1])
    for code in INLINE.findall(CODE.sub("", text)):
        if match := re.match(r"(?:build/)?ashlar\s+(.*)", code):
            yield split(match[1].split("|")[0])


def anchor(heading):
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def broken_links(page, text):
    for link in LINK.findall(CODE.sub("", text)):
        path, _, part = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            yield f"the link {link} leads nowhere"
        elif part and target.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            if part not in map(anchor, headings):
                yield f"the link {link} leads to no heading"


def page_mistakes(page, program, names, keys):
    text = page.read_text(encoding="utf-8")
    for words in calls(text):
        yield from program.mistakes(words)
    for name in sorted(set(NAME.findall(text)) - names):
        if not any(known.startswith(name) for known in names):  # C_Async… stands for several
            yield f"the header has no {name}"
    for code in INLINE.findall(CODE.sub("", text)):
        if KEY.match(code) and code not in keys | FILES:
            yield f"there is no configuration key {code}"
    for name in sorted(set(VARIABLE.findall(text)) - program_variables() - BUILD_VARIABLES):
        yield f"nothing reads the variable {name}"
    yield from broken_links(page, text)


def program_variables():
    """What the program's help says that it reads; and what maintainer scripts say of themselves."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in (TOP / "src").rglob("*.[ch]")]
    texts += [path.read_text(encoding="utf-8") for path in (TOP / "debian").glob("*") if path.is_file()]
    quoted = re.compile(r'"(ASHLAR_[A-Z_]+)"|\$\{?(ASHLAR_[A-Z_]+)')
    return {one or other for text in texts for one, other in quoted.findall(text)}


def header_names():
    text = (TOP / "include/ashlar/pkcs11.h").read_text(encoding="utf-8")
    text += "".join(path.read_text(encoding="utf-8") for path in (TOP / "include/ashlar").glob("*.h"))
    return set(NAME.findall(text))


def config_keys():
    text = (TOP / "src/util/config_keys.h").read_text(encoding="utf-8")
    return set(re.findall(r'ASH_CONFIG\(\w+,\s*"([^"]*)"', text))


def error_mistakes():
    """The table of errors against what callers can get."""
    answers = set(re.findall(r"return (CKR_\w+);", (TOP / "src/front/pkcs11/return.c").read_text(encoding="utf-8")))
    text = (TOP / "docs/troubleshooting.md").read_text(encoding="utf-8")
    table = text.split("<!-- errors:begin -->")[1].split("<!-- errors:end -->")[0]
    rows = re.findall(r"^\| `(CKR_\w+)` \|", table, re.MULTILINE)
    yield from (f"{name} has no row" for name in sorted(answers - set(rows) - {"CKR_OK"}))
    yield from (f"{name} is never answered" for name in sorted(set(rows) - answers))
    if rows != sorted(set(rows)):
        yield "the rows are not in order, or one comes twice"


def command_table(program):
    rows = [f"| `ashlar {name}` | {summary} |" for name, summary in program.commands.items()]
    return "\n".join(["| command | |", "|---|---|", *rows])


def mechanism_table(program):
    rows = []
    for row in json.loads(program.run("mechanisms", "--json"))["mechanisms"]:
        sizes = f"{row['min_size']} to {row['max_size']}" if row["max_size"] else ""
        rows.append(f"| `{row['name']}` | {sizes} | {', '.join(row['uses'])} |")
    return "\n".join(["| mechanism | key sizes | uses |", "|---|---|---|", *rows])


def generated(page, name, want, fix):
    """The part of a page between its markers is what the program says."""
    begin, end = f"<!-- {name}:begin -->\n", f"\n<!-- {name}:end -->"
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(begin)
    have, tail = rest.split(end)
    if have == want:
        return []
    if not fix:
        return [f"the list of {name} is not the program's: run tools/check_docs.py --fix build/ashlar"]
    page.write_text(head + begin + want + end + tail, encoding="utf-8")
    return []


def main():
    fix = sys.argv[1:2] == ["--fix"]
    program = Program(sys.argv[2 if fix else 1])
    docs = TOP / "docs"
    pages = sorted(path for path in [TOP / "README.md", TOP / "CONTRIBUTING.md", *docs.rglob("*.md")])
    names, keys = header_names(), config_keys()

    errors = []
    for name, table in [("commands", command_table), ("mechanisms", mechanism_table)]:
        page = docs / f"{name}.md"
        errors += [(page, error) for error in generated(page, name, table(program), fix)]
    errors += [(docs / "troubleshooting.md", error) for error in error_mistakes()]
    for page in pages:
        errors += [(page, error) for error in page_mistakes(page, program, names, keys)]
    written = "".join(page.read_text(encoding="utf-8") for page in pages)
    for name in sorted(program_variables()):
        if not re.search(rf"\b{name}\b", written):
            errors.append((docs, f"the variable {name} is not documented"))
    for page, error in errors:
        print(f"{page.relative_to(TOP)}: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
