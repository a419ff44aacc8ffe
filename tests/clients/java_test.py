#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Java's SunPKCS11: keytool, jarsigner, and every algorithm that it maps (java/Every.java)."""

from client import TOP, Client, expect

EVERY = TOP / "tests/clients/java/Every.java"

# What does not work, and why (the page says whose fault that is); all others must.
BAD = {
    "Cipher AES/GCM/NoPadding in parts": "the end of the text is lost",
    "Signature SHA1withECDSA": "CKR_MECHANISM_INVALID",
    "Signature SHA1withECDSAinP1363Format": "CKR_MECHANISM_INVALID",
    "Signature SHA1withRSA": "CKR_MECHANISM_INVALID",
    "Signature SHA3-224withRSASSA-PSS": "cannot be converted",
    "Signature SHA3-256withRSASSA-PSS": "cannot be converted",
    "Signature SHA3-384withRSASSA-PSS": "cannot be converted",
    "Signature SHA3-512withRSASSA-PSS": "cannot be converted",
}
# These must be among what Java maps: a mechanism that is gone would go unnoticed otherwise. NONEwithRSA
# is not: 17.0.15 has it not; where it is offered it is tried.
MAPPED = (
    "Cipher AES/CBC/PKCS5Padding", "Cipher AES/CTR/NoPadding", "Cipher AES/GCM/NoPadding", "Cipher RSA/ECB/PKCS1Padding",
    "KeyAgreement ECDH", "KeyGenerator AES", "KeyPairGenerator EC", "KeyPairGenerator RSA", "KeyStore PKCS11",
    "Mac HmacSHA256", "Mac HmacSHA3-512", "MessageDigest SHA-256", "MessageDigest SHA3-256", "SecureRandom PKCS11",
    "Signature SHA256withECDSA", "Signature SHA256withRSA", "Signature RSASSA-PSS",
)  # fmt: skip

client = Client("java", ["openjdk-17-jdk-headless", "openssl"])


@client.check
def every_algorithm_does_what_javas_own_does():
    lines = client.run(f"java {EVERY} java.cfg user.pin").splitlines()
    good = {line[5:] for line in lines if line.startswith("good ")}
    bad = dict(line[4:].split(": ", 1) for line in lines if line.startswith("bad "))
    wrong = [f"{name}: {why}" for name, why in bad.items() if BAD.get(name, "not expected") not in why]
    wrong += [f"{name} works now: the page is wrong" for name in BAD if name in good]
    wrong += [f"{name} is not offered" for name in MAPPED if name not in good]
    expect(not wrong and len(good) >= 90, "\n".join(wrong) or f"only {len(good)} algorithms")


@client.check
def all_entries_are_there_for_a_new_process():
    client.run("keytool -list $STORE", "4 entries", "aes, SecretKeyEntry", "imported, PrivateKeyEntry")


@client.check
def an_entry_is_deleted():
    client.run("keytool -delete $STORE -alias imported; keytool -list $STORE", "3 entries")


client.limit(
    "maps neither Ed25519", "keytool -genkeypair $STORE -alias ed -keyalg Ed25519 -dname CN=ed", "unsupported key type")

if __name__ == "__main__":
    client.main()
