#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Follows examples/container/Containerfile in a fresh Debian 12 and runs what its README runs, as an
unprivileged user with a read-only system and one mounted folder. Prints TAP.

usage: container_test.py TREE FOLDER-OF-PACKAGES

No container engine is needed: COPY, RUN, ENV, USER and ENTRYPOINT are done here by chroot and mounts.
Takes root, minutes and the network.
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile

import tap
from debian import PIN, Debian, call
from tap import expect

TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Image:
    """What the Containerfile makes, and a folder of the host that is mounted as /keys."""

    def __init__(self, tree, top, packages):
        self.debian = Debian(top, packages)
        self.top = self.debian.top
        self.tree = pathlib.Path(tree)
        self.env = {}
        self.user = "0:0"
        self.entrypoint = []
        self.keys = None
        for line in (self.tree / "examples/container/Containerfile").read_text().splitlines():
            if line and not line.startswith("#"):
                self.follow(*line.split(" ", 1))

    def follow(self, word, rest):
        if word == "COPY":
            source, target = rest.split()
            for path in self.tree.glob(source):
                shutil.copy(path, self.top / target.lstrip("/"))
        elif word == "RUN":
            self.debian.run(rest.replace("apt-get", "DEBIAN_FRONTEND=noninteractive apt-get -q"))
        elif word == "ENV":
            self.env.update([rest.split("=")])
        elif word == "USER":
            self.user = rest
        elif word == "ENTRYPOINT":
            self.entrypoint = json.loads(rest)
        else:
            expect(word in ("FROM", "VOLUME", "CMD"), f"{word} is not known to this test")

    def run(self, *words, entrypoint=None, code=0, keys=None, user=None):
        uid, gid = (user or self.user).split(":")
        command = [*(entrypoint or self.entrypoint), *words]
        inside = (f"mount --make-rprivate / && mount --bind {self.top} {self.top}"
                  f" && mount -t proc proc {self.top}/proc && mount --rbind /dev {self.top}/dev"
                  f" && mount --bind {keys or self.keys} {self.top}/keys"
                  f" && mount -o remount,bind,ro {self.top}"
                  f" && exec chroot {self.top} setpriv --reuid {uid} --regid {gid} --clear-groups --no-new-privs"
                  " --bounding-set=-all --inh-caps=-all \"$@\"")
        return call("unshare", "--mount", "--pid", "--fork", "sh", "-c", inside, "sh", *command, code=code,
                    env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                         **self.env})


@test
def a_folder_of_its_own_is_all_that_it_needs(folder, image):
    image.keys = pathlib.Path(image.top.parent) / "keys"
    image.keys.mkdir(mode=0o700)
    uid, gid = map(int, image.user.split(":"))
    expect(uid != 0, "root")
    os.chown(image.keys, uid, gid)
    (image.keys / "pin").write_text(PIN + "\n")
    os.chown(image.keys / "pin", uid, gid)
    os.chmod(image.keys / "pin", 0o600)
    pins = ("--so-pin-file", "/keys/pin", "--pin-file", "/keys/pin")
    image.run("init", "--label", "ca", *pins)
    image.run("key", "generate", "--type", "ec:p256", "--label", "root", "--id", "01", "--pin-file", "/keys/pin")
    expect("root" in image.run("key", "list", "--pin-file", "/keys/pin"), folder)
    expect((image.keys / "store.db").stat().st_uid == uid)


@test
def p11_kit_finds_the_token_in_it(_, image):
    said = image.run("--list-tokens", entrypoint=["p11tool"])
    expect("token=ca" in said, said)


@test
def doctor_is_content_or_warns(_, image):
    said = image.run("doctor")
    expect("bad" not in said and "/keys" in said, said)


@test
def nothing_else_can_be_written(_, image):
    image.run("-c", "! touch /var/lib/x /etc/x /tmp/x 2>/dev/null", entrypoint=["sh"])


@test
def any_user_can_have_it_with_a_folder_of_theirs(folder, image):
    os.chmod(folder, 0o700)
    os.chown(folder, 4711, 4711)
    image.run("--version", keys=folder, user="4711:4711")
    expect("not there" not in image.run("doctor", keys=folder, user="4711:4711").split("folder", 1)[1].split("\n")[0])


@test
def a_folder_of_somebody_else_is_told(folder, image):
    os.chown(folder, 4711, 4711)
    said = image.run("doctor", keys=folder, code=1)
    expect("bad" in said and "/keys" in said, said)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if os.geteuid() != 0:
        sys.exit("container_test.py: a fresh Debian takes root to make")
    with tempfile.TemporaryDirectory(prefix="ashlar-container-") as place:
        top = pathlib.Path(place) / "root"
        top.mkdir(mode=0o755)
        os.chmod(place, 0o755)
        failed = tap.run(TESTS, Image(sys.argv[1], top, sys.argv[2]))
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
