#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Everyday places, and some that are not: where a store may lie and who may use it. Prints TAP.

usage: places_test.py ASHLAR MODULE FAKE-STATFS [WORD...]   only the tests whose names have all words

Mounts and other users take namespaces of the kernel's, or root; where these can't be had, a test is
skipped and says so. All but the everyday programs are copied into a folder that every user may enter.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import traceback

HERE = pathlib.Path(__file__).parent
GOLDEN = HERE.parent.parent / "golden"
sys.path.insert(0, str(HERE.parent.parent / "pkcs11"))
sys.path.insert(0, str(GOLDEN))

import golden  # noqa: E402
from tap import Tap  # noqa: E402

DONE, FAILED, PIN, NOT_FOUND, STORAGE = 0, 1, 3, 4, 7
SO_PIN, USER_PIN = "officer-pin", "user-pin-1"
GROUP = "users"  # Debian has it, with nobody in it
ROOT = os.geteuid() == 0
OWN_MOUNTS = ["unshare", "--mount"] if ROOT else ["unshare", "--mount", "--map-root-user"]
OWN_PIDS = [*OWN_MOUNTS, "--pid", "--fork", "--mount-proc"]

TESTS = []


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def expect(good, detail=""):
    if not good:
        raise AssertionError(detail)


def can(prefix):
    return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0


def need(prefix):
    if not can(prefix):
        raise Skip(f"not allowed here: {' '.join(prefix)}")


def in_mounts(script):
    """A prefix that runs a command among mounts of its own, which the script makes."""
    need(OWN_MOUNTS)
    return [*OWN_MOUNTS, "sh", "-ec", script + '\nexec "$@"', "sh"]


def as_user(number, group=None):
    if not ROOT:
        raise Skip("another user can be had by root alone")
    groups = ["--groups", group] if group else ["--clear-groups"]
    return ["setpriv", "--reuid", str(number), "--regid", str(number), *groups]


class Place:
    def __init__(self, ashlar, module, fake_statfs, top):
        self.top = pathlib.Path(top)
        self.top.chmod(0o755)
        self.ashlar, self.module = self.copy(ashlar), self.copy(module)
        self.fake_statfs = self.copy(fake_statfs)
        self.home = self.top / "home"
        self.user_pin = USER_PIN

    def copy(self, path):
        there = self.top / pathlib.Path(path).name
        shutil.copy(path, there)
        there.chmod(0o755)
        return str(there)

    def env(self, **more):
        kept = {name: os.environ[name] for name in os.environ if name.endswith("_OPTIONS")}  # sanitizers'
        return {**kept, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "LC_ALL": "C.UTF-8",
                "ASHLAR_HOME": str(self.home), "SO_PIN": SO_PIN, "USER_PIN": self.user_pin, **more}

    def configured(self, *lines):
        """An environment in which a configuration file says where the store is, and more."""
        path = self.top / "ashlar.conf"
        path.write_text("\n".join((f"store.path = {self.home}", *lines)) + "\n")
        path.chmod(0o644)
        return self.env(ASHLAR_CONF=str(path))

    def command(self, *words, prefix=(), env=None, **how):
        return subprocess.run([*prefix, *words], env=env or self.env(), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", timeout=120, check=False, **how)

    def run(self, *words, **how):
        return self.command(self.ashlar, *words, **how)

    def want(self, code, *words, text="", **how):
        result = self.run(*words, **how)
        expect(result.returncode == code and text in result.stderr + result.stdout,
               f"{words}: exit {result.returncode}, wanted {code} and {text!r}: {result.stdout}{result.stderr}")
        return result

    def init(self, **how):
        self.want(DONE, "init", "--label", "ca", "--so-pin-env", "SO_PIN", "--pin-env", "USER_PIN", **how)

    def make(self, label, *words, **how):
        return self.run("key", "generate", "--type", "ec:p256", "--label", label, "--pin-env", "USER_PIN", *words, **how)

    def labels(self, **how):
        result = self.want(DONE, "key", "list", "--json", "--pin-env", "USER_PIN", **how)
        return {row["label"] for row in json.loads(result.stdout)["keys"]}

    def state(self, **how):
        """The one token's."""
        (row,) = json.loads(self.want(DONE, "token", "list", "--json", **how).stdout)["tokens"]
        return row["state"]

    def sound(self, *words, **how):
        self.want(DONE, "store", "check", *words, **how)

    def sign(self, label, **how):
        """With a stranger's program."""
        given = self.top / "digest"
        given.write_bytes(b"d" * 32)
        result = self.command("pkcs11-tool", "--module", self.module, "--login", "--pin", self.user_pin, "--sign",
                              "-m", "ECDSA", "--label", label, "-i", str(given), **how)
        expect(result.returncode == 0, result.stdout + result.stderr)

    def unpack(self, name):
        """A golden store in the place of ours."""
        self.home.mkdir(0o700)
        self.user_pin = "golden-user-pin"
        with tarfile.open(GOLDEN / name / "store.tar.xz") as archive:
            archive.extractall(self.home)


READ_ONLY_ROOT = "mount -o remount,bind,ro /"


@test
def without_a_home_there_is_a_clear_word_and_no_file(place):
    empty = place.top / "empty"
    empty.mkdir(0o777)
    empty.chmod(0o777)
    env = {"PATH": os.environ["PATH"], "SO_PIN": SO_PIN, "USER_PIN": USER_PIN}
    prefix = as_user(65534) if ROOT else []
    place.want(DONE, "token", "list", env=env, prefix=prefix, cwd=empty, text="no token yet")
    place.want(STORAGE, "init", "--label", "x", "--so-pin-env", "SO_PIN", "--pin-env", "USER_PIN", env=env, prefix=prefix,
               cwd=empty, text="ASHLAR_HOME")
    for words in (("check",), ("compact",), ("backup", "copy")):
        place.want(NOT_FOUND, "store", *words, env=env, prefix=prefix, cwd=empty)
    expect(not list(empty.iterdir()), list(empty.iterdir()))


def use_read_only(place, label, prefix, env):
    """All that reads works, all that writes is refused."""
    before = {path.name: path.read_bytes() for path in place.home.iterdir()}
    how = {"prefix": prefix, "env": env}
    expect(place.state(**how) == "ready, write-protected", place.state(**how))
    found = place.labels(**how)
    expect(label in found, found)
    place.sign(label, **how)
    place.sound("--pin-env", "USER_PIN", **how)
    made = place.make("no", **how)
    expect(made.returncode == STORAGE, f"{made.returncode}: {made.stderr}")
    place.want(STORAGE, "store", "compact", **how)
    after = {path.name: path.read_bytes() for path in place.home.iterdir()}
    expect(before == after, f"files changed: {sorted(before)} {sorted(after)}")


@test
def a_read_only_root_wants_one_line_and_then_all_reads(place):
    prefix = in_mounts(READ_ONLY_ROOT)
    place.init()
    expect(place.make("key").returncode == DONE)
    place.want(STORAGE, "token", "list", prefix=prefix, text="store.readonly = yes")
    use_read_only(place, "key", prefix, place.configured("store.readonly = yes"))
    expect(place.make("later").returncode == DONE)


@test
def a_read_only_root_with_what_a_kill_left(place):
    prefix = in_mounts(READ_ONLY_ROOT)
    place.unpack("format-2-log")
    expect(not (place.home / "store.db-shm").exists())
    use_read_only(place, "p256", prefix, place.configured("store.readonly = yes"))


@test
def a_read_only_root_with_a_killed_process_index(place):
    prefix = in_mounts(READ_ONLY_ROOT)
    place.unpack("format-2-log")
    child = os.fork()
    if child == 0:
        os.environ.update(ASHLAR_HOME=str(place.home))
        module = golden.p11.Module(place.module)
        module.must("C_Initialize", None)
        golden.Token(module, golden.FULL).login()
        os.kill(os.getpid(), signal.SIGKILL)
    expect(os.waitpid(child, 0)[1] == signal.SIGKILL)
    expect((place.home / "store.db-shm").exists())
    use_read_only(place, "p256", prefix, place.configured("store.readonly = yes"))


@test
def a_backup_of_a_read_only_store(place):
    prefix = in_mounts(f"mkdir -p {place.top}/out; mount -t tmpfs none {place.top}/out; {READ_ONLY_ROOT}")
    place.init()
    copy = place.top / "out/copy"
    place.want(DONE, "store", "backup", str(copy), prefix=prefix, env=place.configured("store.readonly = yes"))


def two_of_a_group(place):
    if GROUP not in {line.split(":")[0] for line in pathlib.Path("/etc/group").read_text().splitlines()}:
        raise Skip(f"there is no group {GROUP}")
    shared = place.top / "shared"
    shared.mkdir()
    shutil.chown(shared, 2001, GROUP)
    shared.chmod(0o2770)
    place.home = shared / "store"
    return place.configured(f"store.group = {GROUP}")


@test
def a_group_shares_a_store(place):
    first, second, stranger = as_user(2001, GROUP), as_user(2002, GROUP), as_user(2003)
    env = two_of_a_group(place)
    place.init(prefix=first, env=env)
    expect(place.make("by-first", prefix=first, env=env).returncode == DONE)
    expect(place.make("by-second", prefix=second, env=env).returncode == DONE)
    expect(place.labels(prefix=first, env=env) == {"by-first", "by-second"})
    place.sign("by-first", prefix=second, env=env)
    place.want(DONE, "store", "compact", prefix=second, env=env)
    place.sound("--pin-env", "USER_PIN", prefix=first, env=env)
    modes = {path.name: path.stat().st_mode & 0o777 for path in place.home.iterdir()}
    expect(all(mode in (0o660, 0o640) for mode in modes.values()), modes)
    refused = place.run("token", "list", prefix=stranger, env=env)
    expect(refused.returncode == STORAGE, f"a stranger: {refused.stdout}{refused.stderr}")
    # A tool that knows nothing of the group must not quietly make a store of its own there.
    place.want(STORAGE, "token", "list", prefix=first, env=place.configured(), text="group")


@test
def a_member_who_may_only_read_reads(place):
    first, second = as_user(2001, GROUP), as_user(2002, GROUP)
    env = two_of_a_group(place)
    place.init(prefix=first, env=env)
    expect(place.make("key", prefix=first, env=env).returncode == DONE)
    for path in place.home.iterdir():
        path.chmod(0o640)
    place.home.chmod(0o2750)
    use_read_only(place, "key", second, place.configured(f"store.group = {GROUP}", "store.readonly = yes"))


@test
def two_pid_namespaces_share_a_volume(place):
    need(OWN_PIDS)
    place.init()
    make = f"for i in 1 2 3 4 5 6; do {place.ashlar} key generate --type ec:p256 --label $0-$i --pin-env USER_PIN || exit; done"
    # The shell is process 1 in both, and its children have the same numbers.
    running = [subprocess.Popen([*OWN_PIDS, "sh", "-c", make, name], env=place.env(), stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True) for name in ("left", "right")]
    errors = [process.communicate(timeout=120)[1] for process in running]
    expect(all(process.returncode == 0 for process in running), errors)
    expect(place.labels() == {f"{name}-{i}" for name in ("left", "right") for i in range(1, 7)}, place.labels())
    place.sound("--pin-env", "USER_PIN")


FULL_DISK = """
mkdir -p {disk}
mount -t tmpfs -o size=600k,mode=755 none {disk}
head -c 300000 /dev/zero >{disk}/filler
{ashlar} init --label ca --so-pin-env SO_PIN --pin-env USER_PIN >/dev/null
make() {{ {ashlar} key generate --type ec:p256 --pin-env USER_PIN --label "$1" >/dev/null 2>{top}/why || code=$?; }}
made=0; code=0
make first
while [ $code = 0 ] && [ $made -lt 2000 ]; do made=$((made + 1)); make "k$made"; done
echo "made $made, then $code: $(head -c 200 {top}/why | tr '\\n' ' ')"
# What is there can be read, and nothing is half there. A login counts its try first, which takes room.
{ashlar} key list --public --json >{top}/full.json
{ashlar} store check >{top}/check.txt || echo "damaged $?"
{ashlar} store backup {top}/copy >/dev/null || echo "no backup $?"
rm {disk}/filler
code=0; make again
echo "again $code"
{ashlar} key list --pin-env USER_PIN --json >{top}/after.json
{ashlar} store check --pin-env USER_PIN >{top}/check.txt || echo "damaged $?"
"""


@test
def a_full_disk_is_told_and_hurts_nothing(place):
    disk = place.top / "disk"
    place.home = disk / "store"
    script = FULL_DISK.format(disk=disk, ashlar=place.ashlar, top=place.top)
    result = place.command("true", prefix=in_mounts(script))
    expect(result.returncode == 0, result.stdout + result.stderr)
    expect("damaged" not in result.stdout and "no backup" not in result.stdout, result.stdout)
    told = re.search(r"made (\d+), then (\d+): .*no space left", result.stdout)
    expect(told and told[2] == str(STORAGE), result.stdout + result.stderr)
    made = int(told[1])
    full, after = (json.loads((place.top / name).read_text())["keys"] for name in ("full.json", "after.json"))
    promised = {"first", *(f"k{number}" for number in range(1, made))}
    # The last one may be there without its id, and then it was said.
    left = {f"k{made}"} if "its id" in result.stdout else set()
    found = {row["label"] for row in full}
    expect(promised <= found <= promised | left, f"{made} were promised: {promised ^ found}: {result.stdout}")
    expect("again 0" in result.stdout, result.stdout)
    expect({row["label"] for row in after} == found | {"again"}, after)


@test
def network_file_systems_are_refused_by_name(place):
    systems = {"6969": "NFS", "ff534d42": "CIFS", "fe534d42": "SMB", "01021997": "9P", "65735546": "FUSE",
               "00c36400": "Ceph", "19830326": "BeeGFS", "0bd00bd0": "Lustre"}
    place.init()
    for number, name in systems.items():
        env = place.env(LD_PRELOAD=place.fake_statfs, FAKE_STATFS=number)
        place.want(STORAGE, "token", "list", env=env, text=f"lies on {name}")
        place.want(STORAGE, "token", "list", env=env, text="use a local file system")
    for number in ("ef53", "01021994", "58465342", "9123683e", "794c7630"):  # ext4, tmpfs, XFS, btrfs, overlay
        place.want(DONE, "token", "list", env=place.env(LD_PRELOAD=place.fake_statfs, FAKE_STATFS=number))


def set_format(place, number):
    database = sqlite3.connect(place.home / "store.db")
    database.execute(f"PRAGMA user_version = {number}")
    database.close()


@test
def an_older_module_leaves_a_newer_store_alone(place):
    place.init()
    set_format(place, 3)
    before = (place.home / "store.db").read_bytes()
    place.want(STORAGE, "token", "list", text="has format 3, we know up to 2: use the newer Ashlar")
    place.want(STORAGE, "init", "--label", "x", "--so-pin-env", "SO_PIN", "--pin-env", "USER_PIN", text="has format 3")
    for words in (("check",), ("compact",), ("backup", str(place.top / "copy"))):
        place.want(STORAGE, "store", *words, text="has format 3")
    expect((place.home / "store.db").read_bytes() == before, "the store was changed")
    set_format(place, 2)
    expect(place.state() == "ready")


@test
def a_newer_module_opens_older_stores(place):
    """tests/golden says more of it; here the command line and a stranger's program."""
    for name in ("format-1", "format-1-log"):
        place.unpack(name)
        expect("p256" in place.labels(prefix=(), env=place.env()) if name.endswith("log") else True)
        rows = json.loads(place.want(DONE, "token", "list", "--json").stdout)["tokens"]
        expect("golden" in {row["label"] for row in rows}, rows)
        place.sound()
        shutil.rmtree(place.home)


def main(ashlar, module, fake_statfs, *words):
    tap = Tap()
    for function in TESTS:
        name = function.__name__.replace("_", " ")
        if not all(word in function.__name__ for word in words):
            continue
        with tempfile.TemporaryDirectory() as top:
            try:
                function(Place(ashlar, module, fake_statfs, top))
                tap.check(name, True)
            except Skip as why:
                tap.skip(name, str(why))
            except Exception:  # noqa: BLE001
                tap.check(name, False, "\n" + traceback.format_exc(limit=-3))
            sys.stdout.flush()
    tap.done()


signal.signal(signal.SIGPIPE, signal.SIG_DFL)
main(*sys.argv[1:])
