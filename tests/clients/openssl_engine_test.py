#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenSSL 3.0 through libp11's engine."""

from client import Client, expect

ENGINE = "-engine pkcs11 -keyform engine"

client = Client("openssl-engine", ["libengine-pkcs11-openssl", "openssl", "curl"])


@client.check
def both_answers_of_the_server_name_their_cipher():
    new, old = ((client.folder / name).read_text(encoding="utf-8") for name in ("answer.html", "answer-1.2.html"))
    expect("TLSv1.3" in new and "TLSv1.2" in old, new + old)


@client.check
def a_revoked_certificate_does_not_verify():
    result = client.try_run("openssl verify -CAfile ca.pem -crl_check -CRLfile ca.crl web.pem")
    expect(result.code != 0 and "certificate revoked" in result.output, str(result))


@client.check
def a_wrong_pin_is_said_so():
    result = client.try_run(
        'printf wrong-pin >wrong.pin; openssl pkey -engine pkcs11 -inform engine -in "${CA%user.pin}wrong.pin" -pubout')
    expect(result.code != 0 and "PIN incorrect" in result.output, str(result))


@client.check
def a_key_does_only_what_it_is_for():
    result = client.try_run(
        'ashlar key generate --type rsa:2048 --label signs --id 05 --pin-file user.pin\n'
        'signs=$(echo "$CA" | sed s/object=ca/object=signs/)\n'
        'openssl pkey -engine pkcs11 -inform engine -in "$signs" -pubout -out signs.pub\n'
        'openssl pkeyutl -encrypt -pubin -inkey signs.pub -in letter -out letter.rsa\n'
        f'openssl pkeyutl -decrypt {ENGINE} -inkey "$signs" -in letter.rsa')
    expect(result.code != 0 and "Key function not permitted" in result.output, str(result))


client.limit(
    "finds no private key at all on a token that holds one of a type unknown to it",
    "ashlar key generate --type ed25519 --label ed --id 09 --pin-file user.pin\n"
    'openssl pkey -engine pkcs11 -inform engine -in "$CA" -pubout', "object not found")

if __name__ == "__main__":
    client.main()
