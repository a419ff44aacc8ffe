#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenSSL 3 through pkcs11-provider: Debian's package, or the one that tools/setup --clients keeps apart."""

import pathlib
import subprocess

from client import TOP, Client, expect, package_version


def kept_apart():
    """The folder of the provider that tools/setup unpacked, or None."""
    done = subprocess.run([TOP / "tools/setup", "--clients", "--paths"], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        name, _, folder = line.partition(" = ")
        if name == "pkcs11-provider":
            return pathlib.Path(folder)
    return None


def version_of(package):
    if package != "pkcs11-provider" or package_version(package):
        return package_version(package)
    folder = kept_apart()
    if folder is None:
        return None
    client.env["OPENSSL_MODULES"] = str(folder)
    return (folder / "version").read_text(encoding="utf-8").strip()


client = Client("pkcs11-provider", ["pkcs11-provider", "openssl", "curl"], version_of)


@client.check
def both_answers_of_the_server_name_their_cipher():
    new, old = ((client.folder / name).read_text(encoding="utf-8") for name in ("answer.html", "answer-1.2.html"))
    expect("TLSv1.3" in new and "TLSv1.2" in old, new + old)


@client.check
def the_key_file_holds_no_key():
    text = (client.folder / "made.pem").read_text(encoding="utf-8")
    expect(text.startswith("-----BEGIN PKCS#11 PROVIDER URI-----"), text)
    client.run("ashlar key list --pin-file user.pin | grep made | grep -c private", "1")


@client.check
def ed25519_signs():
    client.run(
        "openssl pkeyutl -sign -rawin -in letter -inkey 'pkcs11:token=demo;object=ca;type=private' -out ed.sig\n"
        "openssl pkeyutl -verify -rawin -in letter -certin -inkey ca.pem -sigfile ed.sig", "Verified Successfully")


@client.check
def all_objects_are_listed():
    client.run("openssl storeutl -noout 'pkcs11:token=demo'", "Total found: 8")


client.limit(
    "OAEP wants both hashes named",
    "openssl pkeyutl -encrypt -pubin -inkey web.pub -pkeyopt rsa_padding_mode:oaep -in letter -out letter.oaep\n"
    "openssl pkeyutl -decrypt -inkey 'pkcs11:token=demo;object=web;type=private' -pkeyopt rsa_padding_mode:oaep"
    " -in letter.oaep", "illegal or unsupported padding mode")
client.limit(
    "With ML-DSA keys on the token a listing of all objects",
    "ashlar key generate --type ml-dsa-65 --label pq --id 09 --pin-file user.pin\n"
    "openssl pkey -in 'pkcs11:token=demo;object=ca;type=private' -pubout\n"
    "openssl storeutl -noout 'pkcs11:token=demo'", "BEGIN PUBLIC KEY", "Total found: 0", code=0)

if __name__ == "__main__":
    client.main()
