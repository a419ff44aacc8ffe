#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""BIND 9.20 from Debian's backports, as tools/setup --clients keeps it apart: a zone is signed."""

import os

from client import Client, expect, kept_apart, only


def version_of(package):
    folder, version = kept_apart(package)
    if folder and package == "bind9":
        libraries = only(folder, "libisc-*.so").parent
        client.env["LD_LIBRARY_PATH"] = str(libraries)
        os.environ["PATH"] = f"{folder}/usr/bin:{os.environ['PATH']}"
    elif folder:
        client.env["OPENSSL_MODULES"] = str(only(folder, "pkcs11.so").parent)
    return version


client = Client("bind", ["bind9", "pkcs11-provider", "bind9-utils"], version_of)


@client.check
def the_zone_is_signed_by_both_keys():
    signed = (client.folder / "example.signed").read_text(encoding="utf-8")
    expect(signed.count("RRSIG") >= 6 and "DNSKEY" in signed, signed)
    client.run("dnssec-verify -o example example.signed", "KSKs: 1 active", "ZSKs: 1 active")


@client.check
def rsa_keys_sign_too():
    client.run(
        "mkdir rsa; cd rsa; sed 's/example/rsa/g' ../example.zone >zone\n"
        "ashlar key generate --type rsa:2048 --label rsa --id 03 --pin-file ../user.pin\n"
        "dnssec-keyfromlabel -a RSASHA256 -f KSK -l 'pkcs11:token=demo;object=rsa' rsa\n"
        "dnssec-signzone -S -z -o rsa -f signed zone\n"
        "dnssec-verify -z -o rsa signed")


@client.check
def the_key_files_hold_no_key():
    for path in client.folder.glob("K*.private"):
        text = path.read_text(encoding="utf-8")
        expect("Label:" in text and "PrivateKey:" not in text, text)


@client.check
def a_changed_zone_does_not_verify():
    result = client.try_run("sed 's/192.0.2.2/192.0.2.3/' example.signed >changed; dnssec-verify -o example changed")
    expect(result.code != 0, str(result))


client.limit(
    "Ed25519 keys fail",
    "ashlar key generate --type ed25519 --label ed --id 09 --pin-file user.pin\n"
    "dnssec-keyfromlabel -a ED25519 -l 'pkcs11:token=demo;object=ed' example", "failed to write key")
client.limit(
    "is built without OpenSSL's engines",
    "env -u LD_LIBRARY_PATH -u OPENSSL_CONF /usr/bin/dnssec-keyfromlabel -E pkcs11 -a ECDSAP256SHA256"
    " -l 'pkcs11:token=demo;object=example-ksk' example", "no engine")

if __name__ == "__main__":
    client.main()
