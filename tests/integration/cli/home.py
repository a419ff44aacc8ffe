# SPDX-License-Identifier: Apache-2.0
"""A folder with a store and PIN files, and ways to run ashlar in it."""

import json
import os
import pathlib
import subprocess

from terminal import Terminal

SO_PIN = "officer-pin-1"
USER_PIN = "user-pin-1"

# Exit codes (README of app/cli)
DONE, FAILED, USAGE, PIN, NOT_FOUND, AMBIGUOUS, DECLINED, STORAGE = range(8)


def expect(good, detail=""):
    if not good:
        raise AssertionError(detail)


def expect_code(result, code, *texts):
    """The exit code, what stands on stderr, and nothing on stdout after a failure."""
    expect(result.returncode == code, f"exit {result.returncode}, wanted {code}: {result.stdout}{result.stderr}")
    for text in texts:
        expect(text in result.stderr, f"no {text!r} in {result.stderr!r}")
    if code != DONE:
        expect(result.stderr.startswith("ashlar: "), result.stderr)
        expect(not result.stdout, result.stdout)


class Home:
    def __init__(self, ashlar, folder, module=None):
        self.module = module and str(pathlib.Path(module).resolve())  # a bare name would be searched for
        self.ashlar = str(pathlib.Path(ashlar).resolve())
        self.folder = pathlib.Path(folder)
        self.so = self.pin_file("so", SO_PIN)
        self.pin = self.pin_file("pin", USER_PIN)
        self.wrong = self.pin_file("wrong", "no-such-pin")

    def pin_file(self, name, pin, mode=0o600):
        path = self.folder / name
        path.write_text(pin + "\n")
        path.chmod(mode)
        return str(path)

    def env(self, **more):
        kept = {name: os.environ[name] for name in os.environ if name.endswith("_OPTIONS")}  # sanitizers'
        return {
            **kept,
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
            "ASHLAR_HOME": str(self.folder / "store"),
            **more,
        }

    def run(self, *words, env=None, **how):
        if "input" not in how:
            how.setdefault("stdin", subprocess.DEVNULL)
        how.setdefault("stdout", subprocess.PIPE)
        return subprocess.run(
            [self.ashlar, *words],
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            start_new_session=True,  # no terminal, wherever the test was started
            env=env or self.env(),
            check=False,
            **how,
        )

    def user(self, *words, **how):
        return self.run(*words, "--pin-file", self.pin, **how)

    def json(self, *words, **how):
        result = self.user(*words, "--json", **how)
        expect(result.returncode == DONE, f"{words}: {result.stderr}")
        return json.loads(result.stdout)

    def json_list(self, name, *words):
        """The one list of a command's JSON; only key commands are given the PIN."""
        if words[0] == "key":
            return self.json(*words)[name]
        result = self.run(*words, "--json")
        expect(result.returncode == DONE, result.stderr)
        return json.loads(result.stdout)[name]

    def init(self, label, *words):
        return self.run("init", "--label", label, "--so-pin-file", self.so, "--pin-file", self.pin, *words)

    def terminal(self, *words, **more):
        return Terminal([self.ashlar, *words], self.env(**more))
