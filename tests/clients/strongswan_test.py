#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""strongSwan's pki."""

from client import Client, expect

client = Client(
    "strongswan", ["strongswan-pki", "libstrongswan-extra-plugins", "libstrongswan-standard-plugins", "openssl"])


@client.check
def the_crl_revokes_the_gateway():
    result = client.try_run("openssl verify -CAfile ca.pem -crl_check -CRLfile ca.crl gateway.pem")
    expect(result.code != 0 and "certificate revoked" in result.output, str(result))


@client.check
def the_certificate_has_the_tokens_key():
    client.run(
        "pki --pub --type rsa --keyid 02 --outform pem <user.pin >gateway.pub\n"
        "openssl x509 -in gateway.pem -noout -pubkey | openssl pkey -pubin -outform DER >certified\n"
        "openssl pkey -pubin -in gateway.pub -outform DER | cmp - certified")


@client.check
def a_wrong_pin_is_refused():
    result = client.try_run("echo wrong-pin | pki --self --type ecdsa --keyid 01 --dn CN=x")
    expect(result.code != 0 and "login" in result.output, str(result))


client.limit(
    "opening session failed: (520)", "pki --pub --type rsa --keyid 02 --outform pem <user.pin",
    "opening session failed: (520)", "BEGIN PUBLIC KEY", code=0)

if __name__ == "__main__":
    client.main()
