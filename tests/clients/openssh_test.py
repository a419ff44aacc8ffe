#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenSSH: agent, logins, certificates, signed files."""

from client import Client, expect

client = Client("openssh", ["openssh-client", "openssh-server"])


@client.check
def every_way_led_in():
    said = " ".join(client.outputs.values())
    for way in ("in by the agent", "in by the module", "in by certificate"):
        expect(way in said, said)
    expect('Good "file" signature' in said, said)


@client.check
def the_certificate_names_its_ca():
    client.run("ssh-keygen -L -f visitor-cert.pub", "Signing CA: ECDSA", 'Key ID: "visitor"')


@client.check
def a_changed_file_does_not_verify():
    result = client.try_run(
        "ssh-keygen -Y verify -f signers -I someone@example.org -n file -s letter.sig <<<changed")
    expect(result.code != 0 and "incorrect signature" in result.output, str(result))


@client.check
def a_wrong_pin_lets_nobody_sign():
    result = client.try_run(
        "printf '#!/bin/sh\\necho wrong-pin\\n' >askpass\n"
        'ssh-keygen -s ca.pub -D "$MODULE" -I other -n other visitor.pub; rm -f visitor-cert.pub')
    expect("Signed user key" not in result.output, str(result))


client.limit(
    "Ed25519 keys are skipped",
    "ashlar key generate --type ed25519 --label ed --id 09 --pin-file user.pin\n"
    'ssh-keygen -D "$MODULE"', "skipping unsupported key type", "ecdsa-sha2-nistp256", code=0)

if __name__ == "__main__":
    client.main()
