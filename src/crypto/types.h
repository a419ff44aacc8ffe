/*
 * The vocabulary of the crypto room: kinds of keys, their parts, algorithms.
 * Plain values; nothing here owns anything.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/span.h"

enum ash_key_kind {
	ASH_KEY_RSA,
	ASH_KEY_EC,      /* short Weierstrass curves */
	ASH_KEY_EDWARDS, /* Ed25519 */
	ASH_KEY_ML_DSA,
	ASH_KEY_SECRET, /* symmetric: AES, HMAC and generic secrets */
	ASH_KEY_KINDS
};

/* A named curve or parameter set. */
enum ash_group {
	ASH_GROUP_NONE,
	ASH_GROUP_P256,
	ASH_GROUP_P384,
	ASH_GROUP_ED25519,
	ASH_GROUP_ML_DSA_65,
	ASH_GROUPS
};

/* What a key is, without its value. */
struct ash_key_spec {
	enum ash_key_kind kind;
	enum ash_group group; /* EC, Edwards, ML-DSA; else NONE */
	uint32_t bits;        /* RSA: of the modulus; secret: of the value; else 0 */
};

/*
 * The parts of a key. Integers are unsigned, big-endian, without leading zeroes; the
 * scalar of an EC key comes out at its group's full length. A point of an EC curve is
 * X9.62 uncompressed; Edwards and ML-DSA values are the byte strings of RFC 8032 and
 * FIPS 204.
 */
enum ash_part {
	ASH_PART_MODULUS,          /* RSA n */
	ASH_PART_PUBLIC_EXPONENT,  /* RSA e */
	ASH_PART_PRIVATE_EXPONENT, /* RSA d */
	ASH_PART_PRIME_1,          /* RSA p */
	ASH_PART_PRIME_2,          /* RSA q */
	ASH_PART_EXPONENT_1,       /* RSA d mod p-1 */
	ASH_PART_EXPONENT_2,       /* RSA d mod q-1 */
	ASH_PART_COEFFICIENT,      /* RSA 1/q mod p */
	ASH_PART_PUBLIC,           /* EC point, Edwards or ML-DSA public key */
	ASH_PART_PRIVATE,          /* EC scalar, Edwards seed, ML-DSA expanded private key */
	ASH_PART_SEED,             /* ML-DSA xi, 32 bytes */
	ASH_PART_SECRET,           /* the value of a symmetric key */
	ASH_PART_BLOB,             /* a device's own wrapped form of a key that never leaves it */
	ASH_PARTS
};

enum ash_hash {
	ASH_HASH_NONE,
	ASH_HASH_SHA256,
	ASH_HASH_SHA384,
	ASH_HASH_SHA512,
	ASH_HASHES
};

enum ash_scheme {
	ASH_SCHEME_HASH,
	ASH_SCHEME_HMAC,      /* FIPS 198-1 */
	ASH_SCHEME_RSA_PKCS1, /* RFC 8017 v1.5; signatures without a hash: the bytes as they are, at least one */
	ASH_SCHEME_ECDSA,     /* FIPS 186-5; r || s of fixed length; without a hash the digest, not empty */
	ASH_SCHEME_EDDSA,     /* RFC 8032, pure */
	ASH_SCHEME_ML_DSA,    /* FIPS 204, pure, with context */
	ASH_SCHEME_AES_CBC,     /* SP 800-38A, whole blocks */
	ASH_SCHEME_AES_CBC_PAD, /* the same with PKCS#7 padding */
	ASH_SCHEME_AES_GCM,     /* SP 800-38D; ciphertext || tag */
	ASH_SCHEMES
};

/* What is done with a key, or with a hash alone. */
enum ash_op {
	ASH_OP_DIGEST,
	ASH_OP_SIGN,
	ASH_OP_VERIFY,
	ASH_OP_ENCRYPT,
	ASH_OP_DECRYPT,
	ASH_OPS
};

/* An algorithm: everything about it that does not change from one use to the next. */
struct ash_alg {
	enum ash_scheme scheme;
	enum ash_hash hash;
};

/* What changes with each use; spans are lent for the call. Unused fields are zero. */
struct ash_params {
	struct ash_span iv;
	struct ash_span aad;
	uint32_t tag_len;        /* GCM: bytes, 12 to 16 (4 and 8 too, as SP 800-38D allows) */
	struct ash_span context; /* ML-DSA: at most 255 bytes */
	bool deterministic;      /* ML-DSA: no hedging */
};

/* Key derivation that the house itself needs. */
enum ash_kdf_scheme {
	ASH_KDF_HKDF,     /* RFC 5869, with `hash` */
	ASH_KDF_ARGON2ID, /* RFC 9106, one lane, one thread */
};

struct ash_kdf {
	enum ash_kdf_scheme scheme;
	enum ash_hash hash;     /* HKDF */
	struct ash_span secret; /* the input key, or the PIN */
	struct ash_span salt;
	struct ash_span info; /* HKDF */
	uint32_t memory_kib;  /* Argon2id */
	uint32_t passes;      /* Argon2id */
};
