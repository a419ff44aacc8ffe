/*
 * Facts about algorithms that hold for every back end: sizes of what they give.
 * Pure functions; any thread.
 */
#pragma once

#include "crypto/types.h"

#define ASH_HASH_MAX 64u /* the longest digest, bytes */

size_t ash_hash_len(enum ash_hash hash);       /* bytes; 0 for NONE */
size_t ash_hash_block_len(enum ash_hash hash); /* bytes; 0 for NONE */

/* Bits of a group's field: 256, 384, 255…; 0 where there is none. */
uint32_t ash_group_bits(enum ash_group group);

/* "P-256", "Ed25519", "ML-DSA-65"; "" for NONE. */
const char *ash_group_name(enum ash_group group);

/* Lengths of ASH_PART_PUBLIC and ASH_PART_PRIVATE of a group in bytes. */
size_t ash_group_public_len(enum ash_group group);
size_t ash_group_private_len(enum ash_group group);

/*
 * False for an Edwards public key that no generator makes: not canonical, or of small
 * order, with which a signature of one message would hold for all. Whether it is a
 * point of the curve at all is left to the back end.
 */
bool ash_edwards_sound(enum ash_group group, struct ash_span point);

/* Bytes of an ML-KEM ciphertext; 0 for other groups. */
size_t ash_group_ciphertext_len(enum ash_group group);

/* Bytes of a signature; 0 when the scheme does not sign. */
size_t ash_alg_signature_len(struct ash_alg alg, const struct ash_key_spec *spec);

/*
 * The most bytes that update and finish may give, for `held` bytes taken before
 * without having come out and `in_len` new ones. SIZE_MAX when it overflows.
 */
size_t ash_alg_update_max(enum ash_op op, struct ash_alg alg, size_t held, size_t in_len);
size_t ash_alg_finish_max(enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec,
			  uint32_t tag_len, size_t held, size_t in_len);
