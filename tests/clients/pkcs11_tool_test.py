#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenSC's pkcs11-tool."""

from client import Client, expect

TOOL = 'pkcs11-tool --module "$MODULE" --login --pin env:PIN'

client = Client("pkcs11-tool", ["opensc", "openssl"])


@client.check
def its_own_test_finds_no_errors():
    output = client.run(f"{TOOL} --test", "No errors", "RSA-PKCS-OAEP")
    expect("ERR" not in output, output)


@client.check
def threads_call_at_once():
    """They wait a second for the main thread's C_Initialize, and it waits two for them."""
    words = ("P1GISLT0SLT0", "P1SLT0GISLT0", "P1SLT0T0T0GI", "P1SLSLSLT0T0")
    threads = " ".join(f"--test-threads {word}" for word in words)
    output = client.run(
        f'(sleep 2; echo x) | pkcs11-tool --module "$MODULE" --use-locking {threads} --test-hotplug',
        "all threads have ended")
    expect("some errors" not in output and output.count("token label        : demo") == 9, output)


@client.check
def a_child_initialises_after_fork():
    client.run(f"{TOOL} --test-fork", "C_Initialize in forked child process")


@client.check
def the_ed25519_signature_verifies():
    """OpenSC shows the point as it stands in CKA_EC_POINT: openssl needs a SubjectPublicKeyInfo around it."""
    listed = client.run(f"{TOOL} --list-objects --type pubkey")
    point = bytes.fromhex(listed.split("EC_EDWARDS")[1].split("EC_POINT:")[1].split()[0])
    expect(point[:2] == b"\x04\x20" and len(point) == 34, listed)
    (client.folder / "ed.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + point[2:])
    client.run("openssl pkeyutl -verify -pubin -keyform DER -inkey ed.der -rawin -in letter -sigfile ed.sig")


@client.check
def a_wrong_signature_is_refused():
    result = client.try_run("echo more >>letter; openssl dgst -sha256 -keyform DER -verify ec.der -signature ec.sig letter")
    expect(result.code == 1 and "Verification failure" in result.output, str(result))


@client.check
def the_changed_pin_is_the_only_one():
    result = client.try_run('pkcs11-tool --module "$MODULE" --login --pin env:NEW --list-objects')
    expect(result.code != 0 and "CKR_PIN_INCORRECT" in result.output, str(result))


client.limit(
    "Keys for X25519 can't be made", f"{TOOL} --keypairgen --key-type EC:curve25519 --id 19",
    "CKR_DOMAIN_PARAMS_INVALID")
client.limit(
    "Ed25519 keys in files are refused by OpenSC 0.23 itself",
    f"openssl genpkey -algorithm ed25519 -out ed.pem; {TOOL} --write-object ed.pem --type privkey --id 20",
    "Unsupported key type")
client.limit(
    "It knows neither Ed448 nor X448", f"{TOOL} --keypairgen --key-type EC:Ed448 --id 21", "Unknown EC key params")
client.limit(
    "does not fit into its buffer",
    "ashlar key generate --type ml-dsa-65 --label pq --id 09 --pin-file user.pin\n"
    f"{TOOL} --sign -m 0x1d --id 09 -i letter -o pq.sig", "CKR_OPERATION_ACTIVE")
client.limit(
    "`--test-ec` signs with ECDSA-SHA1",
    f"{TOOL} --session-rw --test-ec --id 66 --key-type EC:secp384r1", "Doing a signature", "CKR_MECHANISM_INVALID")

if __name__ == "__main__":
    client.main()
