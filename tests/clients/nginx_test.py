#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nginx with its key in the token; not as root, whose workers are somebody else."""

from client import Client, expect

client = Client("nginx", ["nginx", "libengine-pkcs11-openssl", "openssl", "curl"], never_root=True)

SERVER = """
nginx -p "$PWD" -c nginx.conf -e error.log & server=$!
trap 'kill "$server"; wait' EXIT
ask() { curl --silent --retry 20 --retry-connrefused --retry-delay 1 --cacert web.pem "https://localhost:$PORT/" "$@"; }
ask >first.html
"""


@client.check
def the_page_came_through():
    page = (client.folder / "answer.html").read_text(encoding="utf-8")
    expect(page == "a page\n", page)


@client.check
def many_handshakes_by_both_workers():
    client.run(SERVER + """
        seq 60 | xargs -P 6 -I {} curl --silent --fail --cacert web.pem -o page.{} "https://localhost:$PORT/"
        cat page.* | sort | uniq -c""", "60 a page")


@client.check
def a_reload_keeps_the_key():
    client.run(SERVER + "kill -HUP $server; sleep 1; ask >second.html; cmp first.html second.html")


@client.check
def a_wrong_pin_stops_it_at_the_start():
    result = client.try_run(
        'printf wrong-pin >wrong.pin; sed "s/user.pin/wrong.pin/" nginx.conf >wrong.conf\n'
        'nginx -p "$PWD" -c wrong.conf -e error.log -t')
    expect(result.code != 0 and "test failed" in result.output, str(result))


client.limit(
    "any key on a token that holds Ed25519 or post-quantum keys",
    "ashlar key generate --type ed25519 --label ed --id 09 --pin-file user.pin\n"
    'nginx -p "$PWD" -c nginx.conf -e error.log -t', "object not found")

if __name__ == "__main__":
    client.main()
