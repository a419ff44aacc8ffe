#!/usr/bin/env python3
"""Runs every sweep whole, for our module and for SoftHSM, and measures a million keys.

Results go to docs/reliability/ as JSON, logs to build/torture/; tools/reliability.py makes
docs/reliability.md of them. The results are kept in git: a part takes up to an hour, so
that parts are measured on different days, and each result says when and of which commit.
Ends with 1 if anything of ours was bad, or did not end. What is there already is made anew;
--only picks parts.
"""

import argparse
import datetime
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reliability import MODULES, SWEEPS, TOP, Results, repeated

RESULTS = TOP / "docs/reliability"
SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
MEASUREMENTS = ["scale", "create", "import"]


def filesystem(folder):
    """What the kernel calls the file system of a folder."""
    best, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, where, name, *_ = line.split()
        inside = str(folder) == where or str(folder).startswith(where.rstrip("/") + "/")
        if inside and len(where) >= len(best):
            best, kind = where, name
    return kind


def first_line(path, key):
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith(key):
            return re.split(r"[:=]", line, maxsplit=1)[1].strip().strip('"')
    return "unknown"


def commit():
    """Of what is measured; results are no part of it."""
    git = subprocess.run(
        ["git", "-C", TOP, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        ["git", "-C", TOP, "status", "--porcelain", "--untracked-files=no", ":!docs"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return git.stdout.strip() + (", changed" if changed.stdout.strip() else "")


def occasion(of):
    """What a result says of itself: when, where and of what it was measured."""
    return {
        "date": datetime.date.today().isoformat(),
        "commit": of,
        "load": round(os.getloadavg()[0], 1),  # what else the machine did when it began
        "machine": machine_facts(),
    }


def machine_facts():
    version = re.search(r"version: '([^']+)'", (TOP / "meson.build").read_text(encoding="utf-8"))
    return {
        "version": version[1] if version else "unknown",
        "processor": first_line("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20,
        "kernel": platform.release(),
        "system": first_line("/etc/os-release", "PRETTY_NAME"),
        "filesystem": filesystem(tempfile.gettempdir()),
    }


class Runner:
    def __init__(self, build, out, logs, limit, short=False, stop_after=0):
        self.build = Path(build).resolve()
        self.out = Path(out)
        self.logs = Path(logs)
        self.limit = limit
        self.short = short
        self.stop_after = stop_after
        self.bad = []
        self.commit = commit()
        self.began = None
        self.out.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)

    def write(self, name, value):
        """A result, and when it was measured."""
        if self.began:
            value = {**value, "measured": self.began}
        (self.out / f"{name}.json").write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")

    def run(self, name, command):
        """Runs it in a folder of its own, all that it prints in a log; its exit status and its output."""
        print(f"== {name}: {' '.join(map(str, command))}", flush=True)
        log = self.logs / f"{name}.log"
        self.began = occasion(self.commit)
        with tempfile.TemporaryDirectory(prefix="ashlar-torture.") as home, log.open("w", encoding="utf-8") as out:
            conf = Path(home, "softhsm2.conf")
            Path(home, "softhsm").mkdir()
            conf.write_text(f"directories.tokendir = {home}/softhsm\nobjectstore.backend = file\n", encoding="utf-8")
            env = {**os.environ, "ASHLAR_HOME": f"{home}/ashlar", "SOFTHSM2_CONF": str(conf)}
            env.pop("ASHLAR_CONF", None)
            process = subprocess.Popen(
                list(map(str, command)), stdout=out, stderr=subprocess.STDOUT, env=env, start_new_session=True
            )
            try:
                status = process.wait(self.limit)
            except subprocess.TimeoutExpired:
                status = f"it took more than {self.limit} s"
            finally:
                if process.poll() is None:  # with all that it started; also when we are to end
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output = log.read_text(encoding="utf-8", errors="replace")
        print("\n".join(output.splitlines()[-1:]), flush=True)
        return status, output

    # ---- sweeps ----

    def command(self, sweep, module, result):
        """The program that tries it, and its arguments. Without --module a sweep takes the one just built."""
        which = [] if module == "ashlar" else ["--module", SOFTHSM]
        how = ["--short"] if self.short else []
        if module != "ashlar":
            how += sweep.others_options
        if self.stop_after and sweep.name != "crowd":  # which has an end of its own
            how += ["--stop-after", self.stop_after]
        return [self.build / "tests/torture" / sweep.name, *how, *which, "--json", result]

    def sweep(self, sweep, module):
        """One sweep of one module. A sweep that left no result did not end, and that is its result."""
        name = f"{sweep.name}.{module}"
        result = self.out / f"{name}.json"
        command = self.command(sweep, module, result)
        if not command[0].exists():
            print(f"== {name}: {command[0].name} is not built", flush=True)
            if module == "ashlar":
                self.bad.append(f"{name} is not built")
            return
        if module != "ashlar" and not (sweep.others and SOFTHSM.exists()):
            why = "tools/setup --peers installs it" if sweep.others else "the sweep is for ours alone"
            print(f"== {name}: skipped: {why}", flush=True)
            return
        result.unlink(missing_ok=True)
        status, output = self.run(name, command)
        if result.exists():
            self.stamp(name)
        else:
            self.write(name, self.unended(sweep, module, status, output))
        if module == "ashlar" and status != 0:
            self.bad.append(f"{name}: exit {status}")

    def stamp(self, name):
        """What the program itself wrote, with the occasion, and without folders of this machine."""
        value = json.loads((self.out / f"{name}.json").read_text(encoding="utf-8"))
        if "command" in value:
            value["command"] = repeated(value["command"])
        self.write(name, value)

    @staticmethod
    def unended(sweep, module, status, output):
        lines = [line for line in output.splitlines() if line.strip()]
        last = f"; it said: {lines[-1]}" if lines else ""
        return {"sweep": sweep.name, "module": MODULES[module], "error": f"exit {status}{last}"}

    # ---- measurements ----

    def ashlar(self, name, *words):
        (self.out / f"{name}.json").unlink(missing_ok=True)
        status, _ = self.run(name, [self.build / "ashlar", *words])
        if (self.out / f"{name}.json").exists():
            self.stamp(name)
        return status

    def paths(self, modules):
        """The modules that are there, as the command line takes them."""
        paths = {"ashlar": "ashlar", "softhsm": str(SOFTHSM)}
        return {name: paths[name] for name in modules if name == "ashlar" or SOFTHSM.exists()}

    def scale(self, counts, budget, modules):
        """One run for each module: what one took hours for is kept, whatever becomes of the next."""
        for module, path in self.paths(modules).items():
            name = f"scale.{module}"
            words = ["--counts", counts, "--budget", budget, "--output", self.out / f"{name}.json"]
            status = self.ashlar(name, "bench", "scale", "--module", path, *words)
            if module == "ashlar" and (status != 0 or self.stopped(name)):
                self.bad.append(f"{name}: exit {status}, or stopped before the last count")

    def stopped(self, name):
        series = (Results(self.out).get(name) or {}).get("series", [])
        return not series or any(one["stopped"] for one in series)

    def create(self, modules):
        path = ",".join(self.paths(modules).values())
        status = self.ashlar("create", "bench", "create", "--module", path, "--output", self.out / "create.json")
        if status != 0:
            self.bad.append(f"create: exit {status}")

    def import_keys(self, count):
        """Keys from one file, through the command line."""
        (self.out / "import.json").unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(prefix="ashlar-import.") as folder:
            keys, pin = Path(folder, "keys.pem"), Path(folder, "pin")
            pin.write_text("import-pin\n", encoding="utf-8")
            pin.chmod(0o600)
            make = [sys.executable, TOP / "tools/make_keys.py", count, keys]
            if self.run("import-keys", make)[0] != 0:
                self.bad.append("import: no keys")
                return
            script = (
                '"$1" init --label import --so-pin-file "$2" --pin-file "$2" && '
                '"$1" key import --label-prefix key- --pin-file "$2" "$3"'
            )
            start, cpu = time.monotonic(), os.times()
            status, _ = self.run("import", ["sh", "-c", script, "sh", self.build / "ashlar", pin, keys])
            seconds, now = time.monotonic() - start, os.times()
        if status == 0:
            used = now.children_user + now.children_system - cpu.children_user - cpu.children_system
            self.write("import", {"keys": count, "seconds": seconds, "cpu_seconds": used})
        else:
            self.bad.append(f"import: exit {status}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=TOP / "build", help="the build folder")
    parser.add_argument("--out", default=RESULTS, help="where results go")
    parser.add_argument("--logs", default=TOP / "build/torture", help="where logs go")
    parser.add_argument("--only", default="", help=f"parts, with commas: {', '.join(s.name for s in SWEEPS)}, {', '.join(MEASUREMENTS)}")
    parser.add_argument("--modules", default=",".join(MODULES), help="which modules the sweeps drive")
    parser.add_argument("--short", action="store_true", help="the sweeps as in make check: minutes")
    parser.add_argument("--limit", type=int, default=3 * 3600, help="the most seconds for one part")
    parser.add_argument("--stop-after", type=int, default=0, metavar="SECONDS", help="of a sweep: it then says what it has, and that it was stopped")
    parser.add_argument("--counts", default="1000,10000,100000,1000000", help="of keys, for the chart")
    parser.add_argument("--imported", type=int, default=1_000_000, metavar="KEYS", help="keys to import")
    parser.add_argument("--budget", type=int, default=900, help="seconds to fill up to one count")
    args = parser.parse_args()

    if args.short and Path(args.out) == RESULTS:
        parser.error("a short run is no result to keep: say --out DIR")
    modules = args.modules.split(",")
    if set(modules) - set(MODULES):
        parser.error(f"the modules are {', '.join(MODULES)}")
    wanted = [part for part in args.only.split(",") if part] or [s.name for s in SWEEPS] + MEASUREMENTS
    unknown = set(wanted) - {s.name for s in SWEEPS} - set(MEASUREMENTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    runner = Runner(args.build, args.out, args.logs, args.limit, args.short, args.stop_after)
    for sweep in SWEEPS:
        for module in modules if sweep.name in wanted else []:
            runner.sweep(sweep, module)
    if "create" in wanted:
        runner.create(modules)
    if "scale" in wanted:
        runner.scale(args.counts, args.budget, modules)
    if "import" in wanted:
        runner.import_keys(args.imported)
    for line in runner.bad:
        print(f"bad: {line}")
    print(f"results are in {runner.out}", flush=True)
    return 1 if runner.bad or not any(Results(args.out).folder.glob("*.json")) else 0


if __name__ == "__main__":
    sys.exit(main())
