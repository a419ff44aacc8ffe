#!/usr/bin/env python3
"""Writes many P-256 private keys as PKCS#8 PEM, for measuring: make_keys.py COUNT FILE

They follow one another from a random one, so that each public key is one addition away from
the last. Nobody should use them for anything else.
"""

import base64
import secrets
import sys

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
# PrivateKeyInfo of RFC 5208, with an ECPrivateKey of RFC 5915 inside: before the scalar, and before the point.
HEAD = bytes.fromhex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420")
MIDDLE = bytes.fromhex("a144034200")


def add(a, b):
    """The sum of two points; None is the point at infinity."""
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * (a[0] * a[0] - 1) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(scalar, point):
    total = None
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def pem(scalar, point):
    public = b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")
    text = base64.b64encode(HEAD + scalar.to_bytes(32, "big") + MIDDLE + public).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n"


def main():
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    count = int(sys.argv[1])
    scalar = 1 + secrets.randbelow(N - 1 - count)
    point = multiply(scalar, G)
    with open(sys.argv[2], "w", encoding="ascii") as out:
        for _ in range(count):
            out.write(pem(scalar, point))
            scalar, point = scalar + 1, add(point, G)
    return 0


if __name__ == "__main__":
    sys.exit(main())
