# SPDX-License-Identifier: Apache-2.0
"""A foreign program that drives the installed module, and the page that tells people how.

A test names its page and Debian packages, adds checks and limits, and calls main(). The
commands in the page's ```sh blocks run first, in order, in a folder of their own that has
a token "demo" (docs/clients/README.md makes it); then the checks, in the same folder; last,
another process looks at the store.

usage: NAME_test.py [--build FOLDER | --installed FOLDER] [--require] [--keep]

  --build FOLDER      install the module from this build folder (default: build)
  --installed FOLDER  it is installed below this folder already
  --require           a missing package is a failure (as it is where CI is set), not a skip
  --keep              leave the folder for a look
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = TOP / "docs/clients"
sys.path.insert(0, str(TOP / "tests/pkcs11"))

from tap import Tap, skip_all  # noqa: E402

PIN = "user-pin-1"
SECONDS = 300  # for one block of commands

HEADING = re.compile(r"^#+ +(.*)$")
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# The folder's variables live from block to block, as in a person's terminal.
FRAME = """set -euo pipefail
[ ! -e "$HOME/.variables" ] || . "$HOME/.variables"
{commands}
export -p >"$HOME/.variables"
"""


class Failure(Exception):
    """A check that did not hold; its text says what was wanted and what was got."""


def expect(good, detail="it does not hold"):
    if not good:
        raise Failure(detail)


def blocks_of(page):
    """(heading, commands) for each ```sh block of a page."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        headings = [HEADING.match(line) for line in text[: match.start()].splitlines()]
        found.append(([heading[1] for heading in headings if heading] or [page.stem])[-1:] + [match[1]])
    return found


def install(build, folder):
    """Meson's own installation, without building anything anew."""
    command = ["meson", "install", "-C", str(build), "--destdir", str(folder), "--no-rebuild", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"meson install failed:\n{done.stdout}{done.stderr}")


def shortened(text, most=60):
    """One line for a test's name, where "#" would begin a directive."""
    text = text.replace("#", "").rstrip(" \\")
    return text if len(text) <= most else text[: most - 3] + "..."


def only(folder, name):
    found = sorted(path for path in pathlib.Path(folder).rglob(name) if path.is_file())
    if len(found) != 1:
        sys.exit(f"{folder} has {len(found)} files called {name} instead of one: is what is wanted installed there?")
    return found[0]


def free_port():
    """Below those that the system gives to clients, and not where a neighbour of this process looks first."""
    for port in range(20000 + os.getpid() * 7 % 10000, 32000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    sys.exit("no free port")


def package_version(package):
    command = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    status, _, version = done.stdout.partition(" ")
    return version if done.returncode == 0 and status == "installed" else None


def kept_apart(name):
    """Where tools/setup --clients unpacked a client from Debian's backports, and its version; or None twice."""
    done = subprocess.run([TOP / "tools/setup", "--clients", "--paths"], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith(f"{name} = "):
            folder = pathlib.Path(line.partition(" = ")[2])
            return folder, (folder / "version").read_text(encoding="utf-8").strip()
    return None, None


class Result:
    def __init__(self, command, code, output):
        self.command, self.code, self.output = command, code, output

    def __str__(self):
        return f"$ {self.command.strip()}\n{self.output.rstrip()}\nexit status {self.code}"


class Client:
    def __init__(self, page, packages, version_of=lambda package: None, never_root=False):
        """PAGE.md of docs/clients; the Debian packages, the client's own first; not as root where that differs."""
        self.page = PAGES / f"{page}.md"
        self.packages = packages
        self.version_of = version_of # of what is kept apart
        self.as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if never_root and os.geteuid() == 0 else {}
        self.env = {}
        self.cases = []
        self.before = lambda folder: None  # puts files there that the page takes for given
        self.outputs = {}
        self.folder = self.module = None

    # --- what a test says -----------------------------------------------------

    def check(self, function):
        """Decorator: another case, after the page's commands; its name is the function's."""
        self.cases.append((function.__name__.replace("_", " "), function))
        return function

    def limit(self, sentence, command, *texts, code=None):
        """What the client can't do: the command fails and says these texts; the page says the sentence."""

        def holds():
            page = " ".join(self.page.read_text(encoding="utf-8").split())
            expect(sentence in page, f"{self.page.name} does not say: {sentence}")
            result = self.try_run(command)
            expect(result.code != 0 if code is None else result.code == code, f"it ended otherwise:\n{result}")
            for text in texts:
                expect(text in result.output, f"wanted {text!r} in the output\n{result}")

        self.cases.append((f"limit: {sentence}", holds))

    # --- what a check uses ----------------------------------------------------

    def try_run(self, command):
        """Runs shell commands in the folder; all they started has ended when it returns."""
        script = FRAME.format(commands=command)
        with open(self.folder / ".output", "w+b") as output:
            process = subprocess.Popen(
                ["bash", "-c", script], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True, **self.as_user)
            try:
                code = process.wait(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                code = f"none after {SECONDS} s"
            end_session(process)
            output.seek(0)
            return Result(command, code, output.read().decode("utf-8", "replace"))

    def run(self, command, *texts):
        """The output of commands that have to succeed and to say these texts."""
        result = self.try_run(command)
        expect(result.code == 0, f"wanted exit status 0\n{result}")
        for text in texts:
            expect(text in result.output, f"wanted {text!r} in the output\n{result}")
        return result.output

    def environment(self):
        kept = {name: os.environ[name] for name in ("LANG", "TZ") if name in os.environ}
        return {
            **kept,
            "PATH": f"{self.program.parent}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "ASHLAR_HOME": str(self.folder / "ashlar"),
            "MODULE": str(self.module),
            **self.env,
        }

    # --- how it runs ----------------------------------------------------------

    def main(self):
        args = parse_arguments()
        tap = Tap()
        self.show_versions(tap, args.require)
        with tempfile.TemporaryDirectory(prefix="ashlar-client-") as top:
            if not args.installed:
                install(args.build, pathlib.Path(top, "installed"))
            self.prepare(pathlib.Path(args.installed or f"{top}/installed"), pathlib.Path(top))
            going = all(self.play(tap, *case) for case in self.page_cases())
            if going:
                for name, function in [*self.cases, ("another process finds the store whole", self.look_at_store)]:
                    self.play(tap, name, function)
            end_strays(self.folder)
            if args.keep:
                print(f"# left in {shutil.copytree(top, tempfile.mkdtemp(), dirs_exist_ok=True, symlinks=True)}")
        tap.done()

    def show_versions(self, tap, required):
        missing = []
        for package in self.packages:
            version = self.version_of(package) or package_version(package)
            print(f"# version: {package} {version or 'missing'}")
            missing += [] if version else [package]
        if missing and not required:
            skip_all(f"not installed: {' '.join(missing)} (tools/setup --clients installs them)")
        if missing:
            tap.check("its packages are installed", False, f"\nmissing: {' '.join(missing)}: run tools/setup --clients")
            tap.done()

    def prepare(self, installed, top):
        self.module = only(installed, "pkcs11/libashlar-pkcs11.so")
        self.program = only(installed, "bin/ashlar")
        self.folder = top / "home"
        self.folder.mkdir(mode=0o700)
        if self.as_user:
            top.chmod(0o711)
            shutil.chown(self.folder, self.as_user["user"], self.as_user["group"])
        self.env.setdefault("PORT", str(free_port()))
        self.before(self.folder)

    def page_cases(self):
        blocks = [*blocks_of(PAGES / "README.md"), *blocks_of(self.page)]
        for number, (heading, commands) in enumerate(blocks, 1):
            first = commands.strip().splitlines()[0]

            def block(number=number, commands=commands):
                self.outputs[number] = self.run(commands)

            yield f"{heading}: {shortened(first)}", block

    def play(self, tap, name, function):
        try:
            function()
        except Exception as problem:  # of the test itself, too
            tap.check(name, False, f"\n{problem if isinstance(problem, Failure) else traceback.format_exc()}")
            return False
        tap.check(name, True)
        sys.stdout.flush()
        return True

    def look_at_store(self):
        self.run("ashlar store check --token demo --pin-file user.pin")


def end_session(process):
    """Servers and agents that a block left, and whatever a time-out met."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        time.sleep(0.2)
    process.wait()


def end_strays(home):
    """Agents and daemons that left their session: known by the home that they were given."""
    for environ in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"HOME={home}".encode() in environ.read_bytes().split(b"\0"):
                os.kill(int(environ.parent.name), signal.SIGKILL)
        except OSError:
            continue


def parse_arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("--build", default=TOP / "build")
    parser.add_argument("--installed")
    parser.add_argument("--require", action="store_true", default=bool(os.environ.get("CI")))
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()
