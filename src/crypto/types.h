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
	ASH_KEY_EC,         /* short Weierstrass curves */
	ASH_KEY_EDWARDS,    /* Ed25519, Ed448 */
	ASH_KEY_MONTGOMERY, /* X25519, X448: agreement only */
	ASH_KEY_ML_DSA,
	ASH_KEY_ML_KEM,
	ASH_KEY_SECRET, /* symmetric: AES, HMAC and generic secrets */
	ASH_KEY_KINDS
};

/* A named curve or parameter set. */
enum ash_group {
	ASH_GROUP_NONE,
	ASH_GROUP_P224,
	ASH_GROUP_P256,
	ASH_GROUP_P384,
	ASH_GROUP_P521,
	ASH_GROUP_SECP256K1,
	ASH_GROUP_ED25519,
	ASH_GROUP_ED448,
	ASH_GROUP_X25519,
	ASH_GROUP_X448,
	ASH_GROUP_ML_DSA_44,
	ASH_GROUP_ML_DSA_65,
	ASH_GROUP_ML_DSA_87,
	ASH_GROUP_ML_KEM_512,
	ASH_GROUP_ML_KEM_768,
	ASH_GROUP_ML_KEM_1024,
	ASH_GROUPS
};

/* What a key is, without its value. */
struct ash_key_spec {
	enum ash_key_kind kind;
	enum ash_group group; /* EC, Edwards, Montgomery, ML-DSA, ML-KEM; else NONE */
	uint32_t bits;        /* RSA: of the modulus; secret: of the value; else 0 */
};

/*
 * The parts of a key. Integers are unsigned, big-endian, without leading zeroes; the
 * scalar of an EC key comes out at its group's full length. A point of an EC curve is
 * X9.62 uncompressed; the values of the other kinds are the byte strings of RFC 8032,
 * RFC 7748, FIPS 204 and FIPS 203.
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
	ASH_PART_PUBLIC,           /* EC point; the public key of the other kinds */
	ASH_PART_PRIVATE, /* EC scalar, Edwards seed, X25519/X448 scalar, ML-DSA and ML-KEM expanded private key */
	ASH_PART_SEED,   /* ML-DSA xi (32 bytes), ML-KEM d || z (64 bytes) */
	ASH_PART_SECRET, /* the value of a symmetric key */
	ASH_PART_BLOB,   /* a device's own wrapped form of a key that never leaves it */
	ASH_PARTS
};

enum ash_hash {
	ASH_HASH_NONE,
	ASH_HASH_SHA1,
	ASH_HASH_SHA224,
	ASH_HASH_SHA256,
	ASH_HASH_SHA384,
	ASH_HASH_SHA512,
	ASH_HASH_SHA512_224,
	ASH_HASH_SHA512_256,
	ASH_HASH_SHA3_224,
	ASH_HASH_SHA3_256,
	ASH_HASH_SHA3_384,
	ASH_HASH_SHA3_512,
	ASH_HASHES
};

enum ash_scheme {
	ASH_SCHEME_HASH,
	ASH_SCHEME_HMAC, /* FIPS 198-1; params.tag_len bytes, 0: all */
	ASH_SCHEME_RSA_PKCS1, /* RFC 8017 v1.5: signatures, encryption; without a hash the caller's bytes are padded as they are */
	ASH_SCHEME_RSA_RAW, /* RFC 8017 RSASP1, RSAVP1, RSAEP, RSADP: short input is padded with zeroes in front */
	ASH_SCHEME_RSA_PSS,  /* RFC 8017; without a hash the input is a digest of params.hash */
	ASH_SCHEME_RSA_OAEP, /* RFC 8017 with params.hash, params.mgf_hash, params.label */
	ASH_SCHEME_ECDSA,    /* FIPS 186-5; r || s of fixed length; without a hash the input is the digest */
	ASH_SCHEME_EDDSA,    /* RFC 8032: pure, or params.prehash, and params.context, as params.eddsa says */
	ASH_SCHEME_ML_DSA,   /* FIPS 204, pure, with context */
	ASH_SCHEME_AES_ECB,  /* SP 800-38A, whole blocks */
	ASH_SCHEME_AES_CBC,  /* SP 800-38A, whole blocks */
	ASH_SCHEME_AES_CBC_PAD, /* the same with PKCS#7 padding */
	ASH_SCHEME_AES_CTR, /* SP 800-38A; params.iv is the first counter block, params.counter_bits of it count */
	ASH_SCHEME_AES_GCM,  /* SP 800-38D; ciphertext || tag */
	ASH_SCHEME_AES_CCM,  /* SP 800-38C; ciphertext || tag; params.iv is the nonce */
	ASH_SCHEME_AES_CMAC, /* SP 800-38B; params.tag_len bytes, 0: all */
	ASH_SCHEME_AES_GMAC, /* SP 800-38D with no plaintext; params.iv; params.tag_len bytes, 0: all */
	ASH_SCHEME_AES_KW,   /* SP 800-38F, RFC 3394; params.iv 8 bytes or none */
	ASH_SCHEME_AES_KWP,  /* SP 800-38F, RFC 5649; params.iv 4 bytes or none */
	ASH_SCHEME_ECDH,     /* SP 800-56A without cofactor, RFC 7748: ash_key_agree */
	ASH_SCHEME_ML_KEM,   /* FIPS 203: ash_key_encapsulate, ash_key_decapsulate */
	ASH_SCHEMES
};

/* What is done with a key, or with a hash alone. */
enum ash_op {
	ASH_OP_DIGEST,
	ASH_OP_SIGN,
	ASH_OP_VERIFY,
	ASH_OP_ENCRYPT,
	ASH_OP_DECRYPT,
	ASH_OP_SIGN_RECOVER,   /* RSA v1.5 without a hash, and raw: as ASH_OP_SIGN */
	ASH_OP_VERIFY_RECOVER, /* the same: finish takes the signature and gives what was signed */
	ASH_OP_DERIVE,         /* these three are single calls, never an operation of op_new */
	ASH_OP_ENCAPSULATE,
	ASH_OP_DECAPSULATE,
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
	uint32_t tag_len; /* bytes. GCM: 12 to 16, 4, 8; CCM: 4 to 16, even; MACs: 1 to all, 0 is all */
	struct ash_span context; /* ML-DSA, Ed25519ctx, Ed25519ph, Ed448: at most 255 bytes */
	bool deterministic;      /* ML-DSA: no hedging */
	bool eddsa_params;       /* EdDSA: the two that follow count; else pure (Ed448: without context) */
	bool prehash;            /* EdDSA: Ed25519ph, Ed448ph; off, with Ed25519: Ed25519ctx */
	enum ash_hash hash;      /* PSS, OAEP */
	enum ash_hash mgf_hash;  /* PSS, OAEP: of MGF1 */
	uint32_t salt_len;       /* PSS: bytes */
	struct ash_span label;   /* OAEP */
	uint32_t counter_bits;   /* CTR: 1 to 128 */
	size_t data_len;         /* CCM: of the plaintext; known before, checked at the end */
};

/* Key derivation. */
enum ash_kdf_scheme {
	ASH_KDF_HKDF,         /* RFC 5869 with `hash`: extract and expand */
	ASH_KDF_HKDF_EXTRACT, /* RFC 5869 extract alone: gives the hash's length */
	ASH_KDF_HKDF_EXPAND,  /* RFC 5869 expand alone: `secret` is the pseudorandom key */
	ASH_KDF_ARGON2ID,     /* RFC 9106, one lane, one thread */
	ASH_KDF_PBKDF2,       /* RFC 8018 with HMAC of `hash` */
	ASH_KDF_X963,         /* ANSI X9.63, SEC 1 §3.6.1: `info` is the shared data */
	ASH_KDF_CONCAT,       /* SP 800-56A one-step with `hash`: `info` is the other information */
};

struct ash_kdf {
	enum ash_kdf_scheme scheme;
	enum ash_hash hash;     /* all but Argon2id */
	struct ash_span secret; /* the input key, or the password */
	struct ash_span salt;   /* HKDF, Argon2id, PBKDF2 */
	struct ash_span info;   /* HKDF, X9.63, concatenation */
	uint32_t memory_kib;    /* Argon2id */
	uint32_t passes;        /* Argon2id; PBKDF2: iterations */
};
