#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Go's miekg/pkcs11."""

from client import TOP, Client, expect

client = Client("go", ["golang-github-miekg-pkcs11-dev", "golang-go", "openssl"])


@client.check
def the_first_run_made_the_key():
    expect("made a key" in " ".join(client.outputs.values()), client.outputs)


@client.check
def goroutines_with_a_session_each():
    client.run(
        f"cp {TOP}/tests/clients/go/many.go .; go build -o many many.go; ./many", "signatures 400, ciphertexts 400")


@client.check
def a_wrong_pin_has_its_code():
    result = client.try_run("cp user.pin kept; printf wrong-pin >user.pin; ./sign || code=$?; mv kept user.pin; exit ${code:-0}")
    expect(result.code != 0 and "CKR_PIN_INCORRECT" in result.output, str(result))


if __name__ == "__main__":
    client.main()
