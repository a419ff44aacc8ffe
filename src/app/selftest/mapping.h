/*
 * From the vocabulary of test vectors (crypto/types.h) to PKCS#11's: which mechanisms of
 * the token's table do an operation, with which parameter, and what object is a key.
 * Constant data and pure functions: any thread.
 */
#pragma once

#include "app/selftest/target.h"
#include "token/mechanism.h"

#define ASH_MAPPING_ATTRS_MAX 24

/* A template with the storage of what it does not lend from a key. */
struct ash_mapping_template {
	struct ash_attr attrs[ASH_MAPPING_ATTRS_MAX];
	uint8_t numbers[ASH_MAPPING_ATTRS_MAX][8];
	size_t count;
	struct ash_buf der;
};

#define ASH_MAPPING_TEMPLATE_NONE ((struct ash_mapping_template){ .der = ASH_BUF_PLAIN })

void ash_mapping_template_done(struct ash_mapping_template *made);

/* Whether the row does this: the algorithm, with a MAC that is cut or not, and keys of this kind. */
bool ash_mapping_fits(const struct ash_mechanism_row *row, const struct ash_vector_request *request);

/* The row's mechanism with what its parameter has of the request's. Lent from both. */
struct ash_mechanism ash_mapping_mechanism(const struct ash_mechanism_row *row,
					   const struct ash_vector_request *request);

/* CKO_ of the half of a key that an operation takes. */
uint64_t ash_mapping_class(enum ash_key_kind kind, enum ash_op op);

/* CKK_ of the keys of this kind that the row takes; CK_UNAVAILABLE_INFORMATION: it takes none. */
uint64_t ash_mapping_key_type(const struct ash_mechanism_row *row, enum ash_key_kind kind);

/*
 * What C_CreateObject makes a key for this row and operation from: a session object. A
 * public key's value that a private key comes with is its CKA_PUBLIC_KEY_INFO. ASH_E_MEMORY,
 * ASH_E_LIMIT.
 */
ASH_STATUS ash_mapping_key(const struct ash_mechanism_row *row, enum ash_op op,
			   const struct ash_vector_key *key, struct ash_mapping_template *ret_template);

/* A secret whose value can be read; `len` 0: the mechanism knows how long it is. */
void ash_mapping_secret(size_t len, struct ash_mapping_template *ret_template);

void ash_mapping_add_bool(struct ash_mapping_template *to, uint64_t type, bool value);
void ash_mapping_add_number(struct ash_mapping_template *to, uint64_t type, uint64_t value);
void ash_mapping_add(struct ash_mapping_template *to, uint64_t type, struct ash_span value);

/* CKG_ of MGF1 with this hash, CKM_ of the hash; 0 where PKCS#11 has none. */
uint64_t ash_mapping_mgf(enum ash_hash hash);
uint64_t ash_mapping_hash(enum ash_hash hash);

/* CKP_PKCS5_PBKD2_… of HMAC with this hash; 0 where PKCS#11 has none. */
uint64_t ash_mapping_prf(enum ash_hash hash);

static inline struct ash_template ash_mapping_given(const struct ash_mapping_template *made)
{
	return (struct ash_template){ made->attrs, made->count };
}

static inline void ash_mapping_template_auto(struct ash_mapping_template *made)
{
	ash_mapping_template_done(made);
}
