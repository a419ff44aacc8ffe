#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenDNSSEC: ods-hsmutil."""

import base64
import re

from client import Client, expect

client = Client("opendnssec", ["libhsm-bin", "opensc"])


def test_output():
    return client.outputs.setdefault("test", client.try_run("ods-hsmutil -c conf.xml test Ashlar").output)


@client.check
def the_dnskey_is_the_public_key():
    """RFC 6605 §4: the point's two coordinates."""
    record = next(output for output in client.outputs.values() if "DNSKEY" in output)
    point = base64.b64decode(re.search(r"DNSKEY\s+257 3 13 (\S+)", record)[1])
    listed = client.run('pkcs11-tool --module "$MODULE" --list-objects --type pubkey', "EC_POINT:")
    expect(len(point) == 64 and f"04{point.hex()}" in listed, record + listed)


@client.check
def its_test_signs_with_every_other_key():
    parts = test_output().split("Generating ")
    for kind, signatures in (("2048-bit RSA", 3), ("4096-bit RSA", 3), ("ED25519", 1), ("ED448", 1)):
        part = next(part for part in parts if part.startswith(kind))
        good = re.findall(r"Signing.*OK", part)
        expect(len(good) == signatures and "Deleting key... OK" in part, part)
    expect("random data... OK" in test_output(), test_output())


@client.check
def a_key_is_removed():
    client.run(
        "key=$(ods-hsmutil -c conf.xml list Ashlar 2>&1 | awk '/RSA/ { print $2 }')\n"
        "ods-hsmutil -c conf.xml remove \"$key\"\n"
        "! ashlar key list --pin-file user.pin | grep \"$key\"")


@client.check
def a_wrong_pin_is_refused():
    result = client.try_run("sed 's/user-pin-1/wrong-pin/' conf.xml >wrong.xml; ods-hsmutil -c wrong.xml list Ashlar")
    expect(result.code != 0, str(result))


client.limit(
    "tries keys that the module refuses",
    "ods-hsmutil -c conf.xml generate Ashlar rsa 1024", "Key generation failed")
client.limit(
    "never signs with the ECDSA keys that it makes",
    "ods-hsmutil -c conf.xml test Ashlar | cat | grep -A2 'ECDSA Curve P-256'", "Signing (ECDSA/SHA256) with key... Generating",
    code=8)  # as many of its keys failed

if __name__ == "__main__":
    client.main()
