#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""NSS: modutil, certutil, pk12util, selfserv, cmsutil."""

from client import Client, expect

client = Client("nss", ["libnss3-tools", "openssl", "curl"])


@client.check
def the_server_answered():
    answer = (client.folder / "answer").read_text(encoding="utf-8")
    expect("GET / HTTP/1.1" in answer, answer)


@client.check
def the_message_was_signed_by_the_imported_key():
    letter = (client.folder / "letter.verified").read_bytes()
    expect(letter == b"a letter\n", letter)
    client.run("openssl cms -cmsout -print -inform DER -in letter.cms | grep -A1 emailAddress", "mail@example.org")


@client.check
def another_database_finds_all_of_it():
    client.run(
        "mkdir other; certutil -N -d sql:other --empty-password\n"
        'modutil -dbdir sql:other -force -add ashlar -libfile "$MODULE" -mechanisms FRIENDLY </dev/null\n'
        "certutil -L -d sql:other -h demo -f nss.pin\n"
        "certutil -K -d sql:other -h demo -f nss.pin", "demo:ca", "demo:web", "demo:mail")


@client.check
def a_certificate_and_its_key_are_deleted():
    listed = client.run(
        "certutil -F -d sql:db -h demo -f nss.pin -n demo:mail\n"
        "certutil -L -d sql:db -h demo -f nss.pin; certutil -K -d sql:db -h demo -f nss.pin", "demo:web")
    expect("demo:mail" not in listed, listed)


client.limit(
    "Keys of the token don't leave it",
    "pk12util -d sql:db -h demo -k nss.pin -n demo:web -o web.p12 -W 123456", "pk12util: ")
client.limit(
    "asks for X25519 keys by a number of its own",
    "certutil -G -d sql:db -h demo -f nss.pin -k ec -q curve25519 -z noise", "unable to generate key")
client.limit(
    "`certutil -C` and `-V` forget `-f`",
    "mkdir third; certutil -N -d sql:third --empty-password\n"
    'modutil -dbdir sql:third -force -add ashlar -libfile "$MODULE" </dev/null\n'
    "certutil -C -d sql:third -h demo -f nss.pin -c demo:ca -m 9 -a -i web.csr -o none.pem", "SEC_ERROR_BAD_PASSWORD")

if __name__ == "__main__":
    client.main()
