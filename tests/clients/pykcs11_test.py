#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Python's PyKCS11."""

from client import Client, expect

OPEN = """cat >script.py <<'END'
import os
from PyKCS11 import *
library = PyKCS11Lib()
library.load(os.environ["MODULE"])
session = library.openSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION)
"""

client = Client("pykcs11", ["python3-pykcs11", "openssl"])


def python(lines):
    return f"{OPEN}{lines}\nEND\n/usr/bin/python3 script.py"


@client.check
def a_changed_letter_does_not_verify():
    result = client.try_run(
        "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -verify rsa.pub -signature rsa.sig rsa.pub")
    expect(result.code != 0 and "Verification failure" in result.output, str(result))


@client.check
def exceptions_carry_our_codes():
    for call, code in (
        ('session.login("wrong-pin")', "CKR_PIN_INCORRECT"),
        ("session.findObjects([(CKA_CLASS, CKO_PRIVATE_KEY)])[0]", "IndexError"),
        ("session.logout()", "CKR_USER_NOT_LOGGED_IN"),
        ('session.login("user-pin-1"); session.login("user-pin-1")', "CKR_USER_ALREADY_LOGGED_IN"),
    ):  # fmt: skip
        result = client.try_run(python(call))
        expect(result.code != 0 and code in result.output, f"wanted {code}:\n{result}")


@client.check
def no_private_value_is_shown():
    output = client.run(python(
        'session.login("user-pin-1")\n'
        "for key in session.findObjects([(CKA_CLASS, CKO_PRIVATE_KEY)]):\n"
        "    for kind in (CKA_VALUE, CKA_PRIVATE_EXPONENT, CKA_PRIME_1):\n"
        "        try:\n"
        "            value = session.getAttributeValue(key, [kind])[0]\n"
        "        except PyKCS11Error:\n"
        "            value = None\n"
        "        print('shown' if value else 'hidden')"))
    expect("shown" not in output and "hidden" in output, output)


client.limit("`getMechanismList` of 1.5.12 ends with a KeyError", python("library.getMechanismList(0)"), "KeyError")

if __name__ == "__main__":
    client.main()
