#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Knot DNS: keymgr, kzonesign."""

from client import Client, expect

client = Client("knot", ["knot", "knot-dnssecutils", "bind9-utils"])


@client.check
def bind_verifies_what_knot_signed():
    client.run("dnssec-verify -o example signed/example.zone", "KSKs: 1 active", "ZSKs: 1 active")


@client.check
def both_keys_are_in_the_token_and_listed():
    listed = client.run("keymgr -c knot.conf example list", "0102030405060708090a0b0c0d0e0f1011121314")
    expect(len(listed.strip().splitlines()) == 2, listed)
    for line in listed.strip().splitlines():
        client.run("ashlar key list --pin-file user.pin", line.split()[0])


@client.check
def an_rsa_key_is_made_and_deleted():
    client.run(
        "key=$(keymgr -c knot.conf example generate algorithm=rsasha256 size=2048 zsk=yes)\n"
        "ashlar key list --pin-file user.pin | grep rsa:2048 | grep \"$key\"\n"
        "keymgr -c knot.conf example delete \"$key\"\n"
        "! ashlar key list --pin-file user.pin | grep \"$key\"")


@client.check
def an_ed25519_key_from_outside_is_taken():
    client.run(
        "ashlar key generate --type ed25519 --label ed --id 1102030405060708090a0b0c0d0e0f1011121314 --pin-file user.pin\n"
        "keymgr -c knot.conf example import-pkcs11 1102030405060708090a0b0c0d0e0f1011121314 algorithm=ed25519 ksk=yes")


client.limit(
    "Ed25519 keys can't be generated", "keymgr -c knot.conf example generate algorithm=ed25519 zsk=yes",
    "key generation error")

client.limit(
    "Knot has no other place for the PIN than the URI",
    "sed \"s|pin-value=user-pin-1|pin-source=file:$PWD/user.pin|\" knot.conf >other.conf\n"
    "keymgr -c other.conf example generate algorithm=ecdsap256sha256 zsk=yes", "key generation error")

if __name__ == "__main__":
    client.main()
