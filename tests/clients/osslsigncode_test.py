#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""osslsigncode: a program for Windows is signed."""

import struct

from client import Client, expect, package_version

client = Client("osslsigncode", ["osslsigncode", "libengine-pkcs11-openssl", "openssl"])


def program():
    """The least that is a program (PE32+): headers, and one section that returns."""
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    coff = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x22)
    standard = struct.pack("<HBBIIIII", 0x20B, 14, 0, 512, 0, 0, 0x1000, 0x1000)
    sizes = (6, 0, 0, 0, 6, 0, 0, 0x2000, 512, 0, 3, 0)
    windows = struct.pack("<QIIHHHHHHIIIIHH", 0x140000000, 0x1000, 512, *sizes)
    windows += struct.pack("<QQQQII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    section = b".text\0\0\0" + struct.pack("<IIIIIIHHI", 1, 0x1000, 512, 512, 0, 0, 0, 0, 0x60000020)
    head = dos + b"PE\0\0" + coff + standard + windows + bytes(16 * 8) + section
    return head.ljust(512, b"\0") + b"\xc3".ljust(512, b"\0")


client.before = lambda folder: (folder / "program.exe").write_bytes(program())


@client.check
def openssl_finds_the_signature():
    """Behind the program: eight bytes of header, then PKCS#7."""
    signed = (client.folder / "signed.exe").read_bytes()
    (client.folder / "signature.der").write_bytes(signed[1024 + 8:])
    client.run("openssl pkcs7 -inform DER -in signature.der -print_certs -noout", "CN = Publisher")


@client.check
def a_changed_program_does_not_verify():
    signed = bytearray((client.folder / "signed.exe").read_bytes())
    signed[512] ^= 1
    (client.folder / "changed.exe").write_bytes(signed)
    result = client.try_run("osslsigncode verify -CAfile publisher.pem -in changed.exe")
    expect(result.code != 0, str(result))


@client.check
def a_wrong_pin_signs_nothing():
    result = client.try_run(
        "printf wrong-pin >wrong.pin\n"
        'osslsigncode sign -pkcs11module "$MODULE" -certs publisher.pem -readpass wrong.pin -h sha256'
        " -key 'pkcs11:token=demo;object=publisher;type=private' -in program.exe -out none.exe")
    expect(result.code != 0 and not (client.folder / "none.exe").exists(), str(result))


# Mended in later releases.
if (package_version("osslsigncode") or "").startswith("2.5"):
    client.limit(
        "`-pkcs11engine` with the engine's path ends with",
        "osslsigncode sign -pkcs11engine \"$(openssl version -e | cut -d'\"' -f2)/pkcs11.so\" -pkcs11module \"$MODULE\""
        " -certs publisher.pem -key 'pkcs11:token=demo;object=publisher;type=private' -readpass user.pin -h sha256"
        " -in program.exe -out none.exe", "bad engine id")

if __name__ == "__main__":
    client.main()
