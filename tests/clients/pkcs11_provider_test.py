#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenSSL 3 through pkcs11-provider: Debian's package, or the one that tools/setup --clients keeps apart."""

from client import Client, expect, kept_apart, only


def version_of(package):
    """Debian's package serves as well, but where it is not."""
    folder, version = kept_apart(package) if package == "pkcs11-provider" else (None, None)
    if folder:
        client.env["OPENSSL_MODULES"] = str(only(folder, "pkcs11.so").parent)
    return version


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
