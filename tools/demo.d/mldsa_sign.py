#!/usr/bin/python3
"""Signs a file with the token's ML-DSA key through PyKCS11, a PKCS#11 binding that is older
than ML-DSA: the numbers are all that it needs. Writes the signature and the public key.

usage: mldsa_sign.py MODULE PIN FILE SIGNATURE PUBLIC-KEY
"""
import sys

import PyKCS11

CKK_ML_DSA = 0x4A
CKM_ML_DSA = 0x1D


def find(session, object_class):
    wanted = [(PyKCS11.CKA_CLASS, object_class), (PyKCS11.CKA_KEY_TYPE, CKK_ML_DSA)]
    found = session.findObjects(wanted)
    if len(found) != 1:
        sys.exit(f"found {len(found)} such keys instead of one")
    return found[0]


def main(module, pin, document, signature, public_key):
    library = PyKCS11.PyKCS11Lib()
    library.load(module)
    slot = next(s for s in library.getSlotList(tokenPresent=True) if library.getTokenInfo(s).label.strip() == "demo")
    session = library.openSession(slot)
    session.login(pin)
    with open(document, "rb") as file:
        message = file.read()
    made = session.sign(find(session, PyKCS11.CKO_PRIVATE_KEY), message, PyKCS11.Mechanism(CKM_ML_DSA, None))
    value = session.getAttributeValue(find(session, PyKCS11.CKO_PUBLIC_KEY), [PyKCS11.CKA_VALUE])[0]
    for path, content in ((signature, made), (public_key, value)):
        with open(path, "wb") as file:
            file.write(bytes(content))
    session.logout()
    session.closeSession()


main(*sys.argv[1:])
