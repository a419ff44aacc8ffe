#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stunnel with its key in the token."""

from client import Client, expect

client = Client("stunnel", ["stunnel4", "libengine-pkcs11-openssl", "openssl"])

SERVER = """
: >stunnel.log
stunnel4 stunnel.conf >>stunnel.log 2>&1 &
until grep -q 'Configuration successful' stunnel.log; do sleep 0.2; done
"""
ASK = 'openssl s_client -quiet -verify_return_error -CAfile tunnel.pem -connect "localhost:$PORT" </dev/null 2>client.log'


@client.check
def many_connections():
    client.run(SERVER + f"for n in $(seq 20); do {ASK}; done | grep -c 'a line from behind'", "20")


@client.check
def older_tls_too():
    client.run(SERVER + f"{ASK.replace('s_client', 's_client -tls1_2')}", "a line from behind")


@client.check
def a_wrong_pin_stops_it():
    result = client.try_run('printf wrong-pin >wrong.pin; sed "s/user.pin/wrong.pin/" stunnel.conf >wrong.conf; stunnel4 wrong.conf')
    expect(result.code != 0, str(result))


client.limit(
    "complains in its log that a file's name is no PKCS#11 URI", SERVER + "kill $!; cat stunnel.log",
    "The certificate ID is not a valid PKCS#11 URI", "Configuration successful", code=0)

if __name__ == "__main__":
    client.main()
