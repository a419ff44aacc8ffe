#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ashlar init --system` in a system of its own: /etc is a copy and /var/lib is empty, as mounts that
nobody else sees. Prints TAP.

usage: system_test.py ASHLAR
"""

import grp
import json
import os
import pathlib
import shutil
import subprocess
import sys

import tap
from tap import expect

PIN = "user-pin-1"
FOLDER = pathlib.Path("/var/lib/ashlar")
CONF = pathlib.Path("/etc/ashlar/ashlar.conf")
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def run(*words, code=0, **how):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ASHLAR_", "XDG_"))}
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=120, check=False, env=environ, **how)
    expect(done.returncode == code, f"{words}: {done.returncode}: {done.stdout}{done.stderr}")
    return done


def states(done):
    return {step["step"]: step["state"] for step in json.loads(done.stdout)["steps"]}


def mode(path):
    return path.stat().st_mode & 0o7777


def pin_file(folder):
    path = pathlib.Path(folder) / "pin"
    path.write_text(PIN + "\n")
    path.chmod(0o644)
    os.chmod(folder, 0o755)
    return str(path)


STEPS = ["group", "user", "folder", "configuration"]


@test
def a_dry_run_changes_nothing(_, ashlar):
    before = pathlib.Path("/etc/group").read_bytes()
    expect(states(run(ashlar, "init", "--system", "--dry-run", "--json")) == dict.fromkeys(STEPS, "would be done"))
    expect(not FOLDER.exists() and not CONF.exists() and pathlib.Path("/etc/group").read_bytes() == before)


@test
def all_is_made_and_nothing_twice(_, ashlar):
    expect(states(run(ashlar, "init", "--system", "--json")) == dict.fromkeys(STEPS, "done"))
    group = grp.getgrnam("ashlar")
    expect(mode(FOLDER) == 0o2770 and FOLDER.stat().st_gid == group.gr_gid and FOLDER.stat().st_uid == 0)
    expect("store.group = ashlar" in CONF.read_text() and mode(CONF) == 0o644)
    entry = next(line for line in pathlib.Path("/etc/passwd").read_text().splitlines() if line.startswith("ashlar:"))
    expect(entry.split(":")[3] == str(group.gr_gid) and entry.endswith("nologin") and FOLDER.as_posix() in entry, entry)
    conf = CONF.read_text() + "# mine\n"
    CONF.write_text(conf)
    expect(states(run(ashlar, "init", "--system", "--json")) == dict.fromkeys(STEPS, "there already"))
    expect(CONF.read_text() == conf)
    expect("Next: usermod -aG ashlar" in run(ashlar, "init", "--system").stdout)


@test
def members_of_the_group_use_it_and_others_see_nothing(folder, ashlar):
    pin = pin_file(folder)
    run(ashlar, "init", "--system")
    group = grp.getgrnam("ashlar").gr_gid
    member = {"user": 65534, "group": 65534, "extra_groups": [group], "cwd": "/"}
    stranger = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
    run(ashlar, "init", "--label", "shared", "--so-pin-file", pin, "--pin-file", pin)
    for path in FOLDER.iterdir():
        expect(path.stat().st_gid == group and mode(path) & 0o007 == 0, path)
    run(ashlar, "key", "generate", "--type", "ec:p256", "--label", "k", "--pin-file", pin, **member)
    expect("k" in run(ashlar, "key", "list", "--pin-file", pin).stdout)
    expect("shared" in run(ashlar, "token", "list", **member).stdout)
    run(ashlar, "doctor", **member)
    run(ashlar, "token", "list", code=7, **stranger)
    asked = run(ashlar, "doctor", code=1, **stranger)
    expect("usermod -aG ashlar nobody" in asked.stdout, asked.stdout)


@test
def a_store_that_root_had_alone_is_shared(folder, ashlar):
    pin = pin_file(folder)
    run(ashlar, "init", "--label", "old", "--so-pin-file", pin, "--pin-file", pin)
    expect(mode(FOLDER) == 0o700 and mode(FOLDER / "root.key") == 0o600)
    planned = states(run(ashlar, "init", "--system", "--dry-run", "--json"))
    expect(planned["folder"] == "would be done" and mode(FOLDER) == 0o700, planned)
    expect(states(run(ashlar, "init", "--system", "--json"))["folder"] == "done")
    expect(mode(FOLDER / "root.key") == 0o640 and mode(FOLDER / "store.db") == 0o660)
    group = grp.getgrnam("ashlar").gr_gid
    listed = run(ashlar, "key", "generate", "--type", "aes:256", "--label", "k", "--pin-file", pin, user=65534,
                 group=65534, extra_groups=[group], cwd="/")
    expect("k" in listed.stdout, listed.stdout)


@test
def what_is_somebody_elses_is_left_alone(_, ashlar):
    FOLDER.mkdir()
    os.chown(FOLDER, 65534, 65534)
    refused = run(ashlar, "init", "--system", code=1)
    expect("belongs to user 65534" in refused.stderr, refused.stderr)
    expect(FOLDER.stat().st_gid == 65534)
    expect(not CONF.exists(), "all would look for their tokens where they may not")
    FOLDER.rmdir()
    FOLDER.symlink_to("/srv")
    expect("can't open" in run(ashlar, "init", "--system", code=1).stderr)
    expect(not CONF.exists())
    FOLDER.unlink()


@test
def another_configuration_is_left_and_told(folder, ashlar):
    CONF.parent.mkdir()
    CONF.write_text("pin.min = 6\n")
    pin = pin_file(folder)
    run(ashlar, "init", "--label", "old", "--so-pin-file", pin, "--pin-file", pin)
    warned = run(ashlar, "init", "--system", code=1)
    expect("left as it is" in warned.stderr and not warned.stdout, warned)
    expect(CONF.read_text() == "pin.min = 6\n")
    expect(mode(FOLDER) == 0o700 and mode(FOLDER / "root.key") == 0o600)
    expect("old" in run(ashlar, "token", "list").stdout)


@test
def a_disk_that_is_full_leaves_the_store_as_it_was(folder, ashlar):
    pin = pin_file(folder)
    run(ashlar, "init", "--label", "old", "--so-pin-file", pin, "--pin-file", pin)
    CONF.parent.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=4k", "none", str(CONF.parent))
    (CONF.parent / "other").write_bytes(b"x" * 4096)
    refused = run(ashlar, "init", "--system", code=1)
    expect("No space left" in refused.stderr, refused.stderr)
    expect([path.name for path in CONF.parent.iterdir()] == ["other"] and mode(FOLDER) == 0o700)
    expect("old" in run(ashlar, "token", "list").stdout)
    (CONF.parent / "other").unlink()
    expect(states(run(ashlar, "init", "--system", "--json"))["folder"] == "done" and mode(FOLDER) == 0o2770)
    expect("old" in run(ashlar, "token", "list").stdout)


@test
def a_broken_configuration_does_not_stop_it(_, ashlar):
    CONF.parent.mkdir()
    CONF.write_text("nonsense\n")
    expect("left as it is" in run(ashlar, "init", "--system", code=1).stderr)


def own_system(folder):
    """What follows here is seen by nobody else: the mounts are those of this process."""
    for words in (
        ("mount", "--make-rprivate", "/"),
        ("mkdir", f"{folder}/etc", f"{folder}/lib"),
        ("cp", "-a", "/etc/.", f"{folder}/etc"),
        ("rm", "-rf", f"{folder}/etc/ashlar"),
        ("sed", "-i", "/^ashlar:/d", *(f"{folder}/etc/{name}" for name in ("passwd", "group", "shadow", "gshadow"))),
        ("mount", "--bind", f"{folder}/etc", "/etc"),
        ("mount", "--bind", f"{folder}/lib", "/var/lib"),
    ):
        run(*words)


def separate(function):
    """The test as a process of its own, in a new mount namespace."""

    def inside(folder, ashlar):
        os.chmod(folder, 0o755)
        copy = shutil.copy(ashlar, folder)  # where every user may enter
        run("unshare", "--mount", sys.executable, __file__, copy, function.__name__, folder)

    inside.__name__ = function.__name__
    return inside


def main():
    if len(sys.argv) == 4:
        own_system(sys.argv[3])
        next(function for function in TESTS if function.__name__ == sys.argv[2])(sys.argv[3], sys.argv[1])
        return
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if os.geteuid() != 0:
        print("1..0 # SKIP only root can make accounts")
        return
    possible = subprocess.run(["unshare", "--mount", "mount", "--make-rprivate", "/"], stderr=subprocess.PIPE, text=True,
                              check=False)
    if possible.returncode != 0:
        print(f"1..0 # SKIP no mount namespace here: {possible.stderr.strip()}")
        return
    sys.exit(1 if tap.run([separate(function) for function in TESTS], str(pathlib.Path(sys.argv[1]).resolve())) else 0)


if __name__ == "__main__":
    main()
