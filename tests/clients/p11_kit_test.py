#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""p11-kit: a registered module, the proxy, and the module behind p11-kit server."""

from client import Client, expect

# remote: pkcs11-tool in another process, which knows nothing of the store.
# A folder for each server: one that ends removes its folder, with the socket of the next.
BEHIND = """
export XDG_RUNTIME_DIR=$(mktemp -d "$PWD/run.XXXXXX")
eval "$(p11-kit server --provider "$MODULE" 'pkcs11:token=demo')"
until [ -S "${P11_KIT_SERVER_ADDRESS#unix:path=}" ]; do sleep 0.1; done
trap 'p11-kit server --kill' EXIT
remote() { env -u ASHLAR_HOME -u MODULE pkcs11-tool --module "$REMOTE" --token-label demo --login --pin env:PIN "$@"; }
"""

client = Client("p11-kit", ["p11-kit", "p11-kit-modules", "gnutls-bin", "opensc", "openssl"], never_root=True)


@client.check
def the_proxy_shows_one_module_with_one_token():
    client.run("p11-kit list-modules | grep -A3 '^ashlar'", "Ashlar PKCS#11 module")
    client.run("p11tool --list-token-urls", "token=demo")


@client.check
def keys_made_behind_the_server_stay():
    client.run("ashlar key list --pin-file user.pin", "remote")


@client.check
def several_clients_share_the_server():
    client.run(BEHIND + """
        for n in 1 2 3 4 5; do
            remote --sign -m SHA256-RSA-PKCS --id 02 -i letter -o "letter.$n" & jobs[n]=$!
        done
        for n in 1 2 3 4 5; do
            wait "${jobs[n]}"
            openssl dgst -sha256 -keyform DER -verify remote.der -signature "letter.$n" letter
        done""")


@client.check
def a_wrong_pin_comes_through():
    result = client.try_run(BEHIND + "export PIN=wrong-pin; remote --list-objects")
    expect("CKR_PIN_INCORRECT" in result.output, str(result))


client.limit(
    "neither ECDSA over a hash made in the token",
    BEHIND + "remote --sign -m ECDSA-SHA256 --id 01 -i letter -o letter.none", "CKR_MECHANISM_INVALID")
client.limit(
    "C_GenerateRandom for no bytes", BEHIND + "remote --test",
    "C_GenerateRandom(buf1,0) failed: CKR_BUFFER_TOO_SMALL", "1 errors", code=0)

if __name__ == "__main__":
    client.main()
