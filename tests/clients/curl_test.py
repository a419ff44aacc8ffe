#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""curl with a client certificate in the token."""

from client import Client, expect

client = Client("curl", ["curl", "libengine-pkcs11-openssl", "openssl", "opensc"])

SERVER = """
openssl s_server -www -accept "$PORT" -cert server.pem -key server.key -CAfile me.pem -Verify 1 -verify_return_error >server.log 2>&1 &
ask() { curl --silent --show-error --retry 20 --retry-connrefused --retry-delay 1 --cacert server.pem "$@" "https://localhost:$PORT/"; }
"""


@client.check
def without_a_certificate_the_server_refuses():
    result = client.try_run(SERVER + "ask --tls-max 1.2")
    expect(result.code != 0 and "handshake failure" in result.output, str(result))


@client.check
def older_tls_too():
    client.run(SERVER + "ask --tls-max 1.2 --cert 'pkcs11:token=demo;object=me;type=cert' --key \"$ME\"", "Subject: CN=me")


@client.check
def a_wrong_pin_is_said_so():
    result = client.try_run(SERVER + 'printf wrong-pin >wrong.pin; ask --cert me.pem --key "${ME%user.pin}wrong.pin"')
    expect(result.code != 0, str(result))


if __name__ == "__main__":
    client.main()
