#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the packages of `make deb` in a fresh Debian 12, uses, removes and purges them. Prints TAP.

usage: deb_test.py FOLDER-OF-PACKAGES

The tests follow each other in one system (debian.py), made in a temporary folder. Takes root, minutes
and the network.
"""

import os
import re
import sys
import tempfile

import tap
from debian import PIN, Debian, call
from tap import expect

PROXY = "/usr/lib/*/p11-kit-proxy.so"  # one: the shell finds it
STORE = "/var/lib/ashlar"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


@test
def lintian_finds_no_error(_, debian):
    (changes,) = debian.packages.glob("*.changes")
    said = call("lintian", "--allow-root", "--fail-on", "error", changes)
    expect(not re.search(r"^[EW]: ", said, re.MULTILINE), said)


@test
def apt_installs_them(_, debian):
    debian.apt("update")
    debian.apt("install", "/deb/ashlar_*.deb")
    entry = debian.run(f"stat -c '%a %U:%G' {STORE}; cat /etc/ashlar/ashlar.conf; id ashlar")
    expect(entry.startswith("2770 root:ashlar") and "store.group = ashlar" in entry, entry)
    expect("the module: programs" not in debian.run("ashlar doctor"), "not registered")


@test
def p11_kit_finds_the_token_with_no_path_given(_, debian):
    debian.run("ashlar init --label ca --so-pin-file /pin --pin-file /pin")
    debian.run("ashlar key generate --type ec:p256 --label root --id 01 --pin-file /pin")
    debian.apt("install --no-install-recommends", "gnutls-bin", "opensc", "p11-kit-modules", "man-db", "openssl")
    listed = debian.run("p11tool --list-tokens")
    expect("token=ca" in listed, listed)
    slots = debian.run(f"pkcs11-tool --module {PROXY} --list-slots")
    expect(": ca" in slots, slots)
    found = debian.run("pkcs11-tool --module libashlar-pkcs11.so --list-slots")
    expect(": ca" in found, found)


@test
def a_key_signs_through_the_proxy(_, debian):
    debian.run(f"echo text >/tmp/text && pkcs11-tool --module {PROXY} --token-label ca --login --pin {PIN} --sign"
               " -m ECDSA-SHA256 --signature-format openssl --id 01 -i /tmp/text -o /tmp/sig"
               f" && pkcs11-tool --module {PROXY} --token-label ca --read-object --type pubkey --id 01 -o /tmp/key.der"
               " && openssl dgst -sha256 -verify /tmp/key.der -keyform DER -signature /tmp/sig /tmp/text")


@test
def members_of_the_group_use_it_and_others_are_not_disturbed(_, debian):
    debian.run("useradd -m -G ashlar member && useradd -m stranger")
    expect("token=ca" in debian.run("p11tool --list-tokens", user="member"))
    debian.run("ashlar key generate --type ec:p256 --label of-member --pin-file /pin", user="member")
    listed = debian.run("p11tool --list-tokens", user="stranger")
    expect("token=ca" not in listed and "rror" not in listed, listed)
    expect("usermod -aG ashlar stranger" in debian.run("ashlar doctor", user="stranger", code=1))
    debian.run("mkdir -p ~/.config/ashlar && touch ~/.config/ashlar/ashlar.conf"
               " && ashlar init --label own --so-pin-file /pin --pin-file /pin", user="stranger")
    expect("token=own" in debian.run("p11tool --list-tokens", user="stranger"))


@test
def pages_and_completion_are_there(_, debian):
    files = debian.run("dpkg -L ashlar libashlar-dev", code=None)
    for path in ("/usr/share/man/man1/ashlar-key-generate.1.gz", "/usr/share/man/man5/ashlar.conf.5.gz",
                 "/usr/share/bash-completion/completions/ashlar", "/usr/share/zsh/vendor-completions/_ashlar",
                 "/usr/share/fish/vendor_completions.d/ashlar.fish", "/usr/share/doc/ashlar/README.Debian"):
        expect(path in files, f"{path}: {files}")


@test
def the_header_is_a_package_of_its_own(_, debian):
    debian.apt("install --no-install-recommends", "/deb/libashlar-dev_*.deb", "pkg-config")
    module = debian.run("pkg-config --variable=module ashlar").strip()
    debian.run(f"test -e /usr/include/ashlar/pkcs11.h && test -e {module}")


@test
def installing_again_changes_nothing(_, debian):
    debian.run("echo '# mine' >>/etc/ashlar/ashlar.conf")
    debian.apt("install --reinstall", "/deb/ashlar_*.deb")
    expect("# mine" in debian.run("cat /etc/ashlar/ashlar.conf"))
    expect("token=ca" in debian.run("p11tool --list-tokens", user="member"))


@test
def purge_leaves_keys(_, debian):
    said = debian.apt("purge", "ashlar", "libashlar-dev")
    expect("the keys in /var/lib/ashlar are left" in said, said)
    debian.run(f"test -e {STORE}/store.db && test -e {STORE}/root.key && grep mine /etc/ashlar/ashlar.conf")
    expect("ashlar" not in debian.run("p11-kit list-modules"))
    debian.apt("install", "/deb/ashlar_*.deb")
    expect("root" in debian.run("ashlar key list --pin-file /pin", user="member"))


@test
def purge_deletes_keys_when_told(_, debian):
    debian.apt("purge", "ashlar", ASHLAR_PURGE_KEYS="yes")
    debian.run(f"test ! -e {STORE} && test ! -e /etc/ashlar")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if os.geteuid() != 0:
        sys.exit("deb_test.py: a fresh Debian takes root to make")
    with tempfile.TemporaryDirectory(prefix="ashlar-deb-") as top:
        os.chmod(top, 0o755)
        failed = tap.run(TESTS, Debian(top, sys.argv[1]))
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
