# SPDX-License-Identifier: Apache-2.0
"""A fresh Debian 12 in a folder, made by mmdebstrap; its first state is kept in the cache for a week."""

import os
import pathlib
import shutil
import subprocess
import time

from tap import expect

PIN = "user-pin-1"
WEEK_S = 7 * 24 * 3600
MIRROR = os.environ.get("ASHLAR_DEBIAN_MIRROR", "http://deb.debian.org")
CACHE = pathlib.Path(os.environ.get("ASHLAR_CACHE") or pathlib.Path.home() / ".cache/ashlar")


def call(*words, code=0, **how):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=600, check=False, **how)
    expect(code is None or done.returncode == code, f"{words}: {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


class Debian:
    """A Debian 12 in a folder; what runs in it sees no mounts of ours but /proc and /dev."""

    def __init__(self, top, packages):
        self.top = pathlib.Path(top)
        self.packages = pathlib.Path(packages)
        base = CACHE / "debian-bookworm.tar"
        if not base.exists() or time.time() - base.stat().st_mtime > WEEK_S:
            CACHE.mkdir(parents=True, exist_ok=True)
            fresh = base.with_suffix(f".{os.getpid()}.tar")
            call("mmdebstrap", "--variant=apt", "--mode=root", "bookworm", fresh, f"{MIRROR}/debian")
            fresh.rename(base)
        call("tar", "-C", top, "--exclude=./dev/*", "-xpf", base)
        # How this machine reaches the network is its own affair.
        acquire = call("apt-config", "dump", "Acquire")
        (self.top / "etc/apt/apt.conf.d/99acquire").write_text(acquire)
        shutil.copy("/etc/resolv.conf", self.top / "etc/resolv.conf")
        (self.top / "deb").mkdir()
        for package in self.packages.glob("*.deb"):
            shutil.copy(package, self.top / "deb")
        (self.top / "pin").write_text(PIN + "\n")
        os.chmod(self.top / "pin", 0o644)

    def run(self, line, user="root", code=0, **environ):
        """A line of shell in it, as a user who has just logged in."""
        inside = f"mount --make-rprivate / && mount -t proc proc {self.top}/proc && " \
                 f"mount --rbind /dev {self.top}/dev && exec chroot {self.top} su -s /bin/sh - {user} -c \"$LINE\""
        keep = [f"{name}='{value}'" for name, value in environ.items()]
        return call("unshare", "--mount", "--pid", "--fork", "sh", "-c", inside, code=code,
                    env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                         "LINE": " ".join(["LC_ALL=C.UTF-8", *keep, "export LC_ALL", *environ, ";", line])})

    def apt(self, *words, **environ):
        return self.run("apt-get -q -y -o Dpkg::Use-Pty=0 " + " ".join(words), DEBIAN_FRONTEND="noninteractive",
                        **environ)
