/*
 * Families of keys as others name them: curves and parameter sets in PKCS#11
 * (CKA_EC_PARAMS, CKA_PARAMETER_SET) and in X.509 and PKCS#8 (AlgorithmIdentifier).
 * RSA has a row too, with no group. Constant data and pure functions: any thread.
 */
#pragma once

#include "crypto/types.h"

struct ash_keygroup {
	enum ash_key_kind kind;
	enum ash_group group;
	uint64_t parameter_set;    /* ML-DSA, ML-KEM: CKP_ */
	struct ash_span params;    /* curves: the CKA_EC_PARAMS that we make, an OID */
	struct ash_span name;      /* Edwards, Montgomery: what we take as well, the curveName */
	struct ash_span algorithm; /* the whole DER AlgorithmIdentifier */
	uint8_t seed_len;          /* ML-DSA, ML-KEM: of ASH_PART_SEED */
};

/* The row; NULL when there is none: of secret keys, or of what the token does not know. */
const struct ash_keygroup *ash_keygroup_of(enum ash_key_kind kind, enum ash_group group);
const struct ash_keygroup *ash_keygroup_of_params(enum ash_key_kind kind, struct ash_span params);
const struct ash_keygroup *ash_keygroup_of_set(enum ash_key_kind kind, uint64_t parameter_set);
const struct ash_keygroup *ash_keygroup_of_algorithm(struct ash_span algorithm);

size_t ash_keygroup_count(void);
const struct ash_keygroup *ash_keygroup_at(size_t index); /* index < count */
