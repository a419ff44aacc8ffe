/*
 * The vocabulary of the token room and of the api above it: PKCS#11's numbers
 * (from <ashlar/pkcs11.h>) in plain values that own nothing.
 *
 * Attribute values have one canonical form from here down to the disk:
 *   CK_BBOOL         one byte, 0 or 1
 *   CK_ULONG         8 bytes, big-endian
 *   array of these   8 bytes each
 *   template         its attributes, each: type (8 bytes), length (4), value
 *   all else         the bytes as PKCS#11 has them
 * Front-ends translate their own form into it and back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <ashlar/pkcs11.h>

#include "crypto/types.h"
#include "util/span.h"
#include "util/status.h"

/* One attribute of a template that comes in. */
struct ash_attr {
	uint64_t type; /* CKA_ */
	struct ash_span value;
};

struct ash_template {
	const struct ash_attr *attrs;
	size_t count;
};

/* One attribute that is asked for, and its answer. */
struct ash_attr_query {
	uint64_t type;
	struct ash_out value; /* as any ash_out: `data` NULL asks for the length */
	enum ash_code code;   /* ASH_OK, or why there is no value: ASH_E_ATTRIBUTE_SENSITIVE,
	                         ASH_E_ATTRIBUTE_TYPE, ASH_E_BUFFER_TOO_SMALL */
};

/* What only derivation and wrapping mechanisms have. Unused fields are zero. */
struct ash_derivation {
	uint64_t kdf;             /* ECDH: CKD_; PBKDF2: CKP_PKCS5_PBKD2_… */
	struct ash_span peer;     /* ECDH: the other side's public value, as it came */
	struct ash_span shared;   /* ECDH: shared data of the KDF */
	bool extract, expand;     /* HKDF */
	enum ash_hash hash;       /* HKDF */
	uint64_t salt_type;       /* HKDF: CKF_HKDF_SALT_…; PBKDF2: CKZ_SALT_SPECIFIED */
	struct ash_span salt;     /* HKDF, PBKDF2 */
	uint64_t salt_key;        /* HKDF: the handle of a key that is the salt */
	struct ash_span info;     /* HKDF */
	struct ash_span password; /* PBKDF2 */
	uint64_t iterations;      /* PBKDF2 */
	uint32_t aes_bits;        /* RSA_AES_KEY_WRAP: of the temporary key; its OAEP is in `params` */
	struct ash_span data;     /* key and data concatenation, extract, encrypt data */
};

/* A mechanism with its parameter, decoded as its row in the table says. */
struct ash_mechanism {
	uint64_t type; /* CKM_ */
	struct ash_params params;
	struct ash_derivation derive;
};

/* A key that comes in as it is, and what it is to be besides. */
struct ash_import {
	struct ash_span pkcs8;             /* the private key: DER of PKCS#8 */
	struct ash_template private_given; /* with CKA_CLASS and CKA_KEY_TYPE, without the key itself */
	struct ash_template public_given;  /* the same of its public half; empty: it gets none */
	enum ash_code code;                /* ASH_OK, or why it was refused */
};

struct ash_hsm_info {
	char manufacturer[32]; /* UTF-8, padded with blanks, as all texts here */
	char description[32];
	uint8_t major, minor;
};

struct ash_slot_info {
	char description[64];
	char manufacturer[32];
	uint64_t flags; /* CKF_TOKEN_PRESENT … */
	uint8_t hardware_major, hardware_minor, firmware_major, firmware_minor;
};

struct ash_token_info {
	char label[32];
	char manufacturer[32];
	char model[16];
	char serial[16];
	uint64_t flags;                 /* CKF_TOKEN_INITIALIZED … */
	uint64_t sessions, rw_sessions; /* of this process */
	uint64_t pin_min, pin_max;
	uint8_t hardware_major, hardware_minor, firmware_major, firmware_minor;
};

struct ash_mechanism_info {
	uint64_t min_size, max_size; /* in the unit that the standard gives the mechanism */
	uint64_t flags;              /* CKF_GENERATE_KEY_PAIR, CKF_SIGN … */
};

struct ash_session_info {
	uint64_t slot;
	uint64_t state; /* CKS_ */
	uint64_t flags; /* CKF_RW_SESSION … */
};

struct ash_engine_info {
	char name[16];
	char version[64];
};
