# SPDX-License-Identifier: Apache-2.0
"""Asking a C compiler."""

import re
import shlex
import subprocess


class Compiler:
    def __init__(self, command, *flags):
        self.command = shlex.split(command) + list(flags)

    def run(self, source, *flags):
        """Hands the compiler a source text; returns the finished process."""
        command = [*self.command, *flags, "-"]
        return subprocess.run(command, input=source, capture_output=True, encoding="utf-8", check=False)

    def accepts(self, source, *flags):
        """Whether the source compiles; if not, why."""
        done = self.run(source, "-fsyntax-only", *flags)
        return done.returncode == 0, done.stderr

    def macros(self, source, *flags):
        """The names of all macros without parameters after the source, and of those with some."""
        done = self.run(source, "-E", "-dM", *flags)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        found = re.findall(r"^#define (\w+)(\(?)", done.stdout, re.MULTILINE)
        plain = {name for name, parenthesis in found if not parenthesis}
        return plain, {name for name, _ in found} - plain
