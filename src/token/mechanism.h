/*
 * The mechanism table: every CKM_ that this token has, one row each. The
 * mechanism list and info, the operations, key generation, the front-end's
 * parameter decoder, the CLI and the documents read it; nothing else knows a
 * mechanism by number. Constant data and pure functions: any thread.
 */
#pragma once

#include "crypto/crypto.h"
#include "token/types.h"

/* The form of the mechanism's parameter; a front-end has one decoder for each. */
enum ash_param_kind {
	ASH_PARAM_NONE,    /* must be absent */
	ASH_PARAM_IV16,    /* 16 bytes */
	ASH_PARAM_GCM,     /* CK_GCM_PARAMS; of GMAC without additional data */
	ASH_PARAM_EDDSA,   /* absent, or CK_EDDSA_PARAMS */
	ASH_PARAM_ML_DSA,  /* absent, or CK_SIGN_ADDITIONAL_CONTEXT */
	ASH_PARAM_PSS,     /* CK_RSA_PKCS_PSS_PARAMS */
	ASH_PARAM_OAEP,    /* CK_RSA_PKCS_OAEP_PARAMS */
	ASH_PARAM_CTR,     /* CK_AES_CTR_PARAMS */
	ASH_PARAM_CCM,     /* CK_CCM_PARAMS */
	ASH_PARAM_IV,      /* absent, or as many bytes as the scheme has: KW 8, KWP 4 */
	ASH_PARAM_LENGTH,  /* CK_MAC_GENERAL_PARAMS: bytes of the output, in params.tag_len */
	ASH_PARAM_ECDH,    /* CK_ECDH1_DERIVE_PARAMS */
	ASH_PARAM_HKDF,    /* CK_HKDF_PARAMS */
	ASH_PARAM_PBKDF2,  /* CK_PKCS5_PBKD2_PARAMS2 */
	ASH_PARAM_RSA_AES, /* CK_RSA_AES_KEY_WRAP_PARAMS */
	ASH_PARAM_KINDS
};

/* What a generation mechanism makes. */
enum ash_generator {
	ASH_GENERATES_NOTHING,
	ASH_GENERATES_SECRET,
	ASH_GENERATES_PAIR
};

struct ash_mechanism_row {
	uint64_t type;    /* CKM_ */
	const char *name; /* "CKM_AES_GCM" */
	struct ash_mechanism_info info;
	enum ash_param_kind param;
	struct ash_alg alg;
	const char *prefer;      /* the back end to take if it offers this; NULL: the configured order */
	uint64_t key_type;       /* CKK_ that operations take; CK_UNAVAILABLE_INFORMATION for digests and
	                            PBKDF2, which makes what its template says */
	uint64_t other_key_type; /* a second one (HMAC takes its own and CKK_GENERIC_SECRET), or the same */
	enum ash_generator generates;
	bool whole; /* the standard gives it no multi-part form */
};

/* The row; NULL when the token lacks it. */
const struct ash_mechanism_row *ash_mechanism_find(uint64_t type);
size_t ash_mechanism_count(void);
const struct ash_mechanism_row *ash_mechanism_at(size_t index);

/* The CKF_ flag, and the CKA_ that a key needs, for an operation. */
uint64_t ash_op_flag(enum ash_op op);
uint64_t ash_op_usage(enum ash_op op);

/*
 * Whether a key of this type and size serves the row: ASH_E_KEY_TYPE, ASH_E_KEY_SIZE.
 * `size` is in the row's own unit.
 */
ASH_STATUS ash_mechanism_check_key(const struct ash_mechanism_row *row, uint64_t key_type,
				   const struct ash_key_spec *spec);

/*
 * Checks what the table can say of a decoded parameter; the second, of what derivation
 * and wrapping mechanisms have besides. ASH_E_MECHANISM_PARAM.
 */
ASH_STATUS ash_mechanism_check_params(const struct ash_mechanism_row *row, const struct ash_params *params);
ASH_STATUS ash_mechanism_check_derivation(const struct ash_mechanism_row *row,
					  const struct ash_derivation *derive);
