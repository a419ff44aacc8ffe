/*
 * The parameters of mechanisms, a decoder for each form that the mechanism table
 * knows. What is wrong with the form is found here, what is wrong with the values
 * for the mechanism by the table (ash_mechanism_check_params). Structures are copied
 * before anybody looks at them, wherever they lie; bytes that they point at are lent.
 * No state; any thread.
 */
#pragma once

#include <ashlar/pkcs11.h>

#include "token/mechanism.h"

/* No parameter points at more bytes than this, but for data to be authenticated. */
#define ASH_PARAMETER_BYTES_MAX ((size_t)1 << 20)

/* Decodes into a mechanism that has its type. ASH_E_MECHANISM_PARAM. */
ASH_STATUS ash_parameter_read(enum ash_param_kind kind, struct ash_span given,
			      struct ash_mechanism *mechanism);

/* A nonce that is made here, no longer than this, and what of it is random at least (SP 800-38D §8.2.2). */
#define ASH_NONCE_MADE_MAX    64u
#define ASH_NONCE_RANDOM_BITS 96u

/* A nonce that the caller of C_WrapKey asks for: where it goes, and how many bits in front stay. */
struct ash_nonce_wish {
	uint8_t *place; /* NULL: none */
	size_t len, fixed_bits;
};

/*
 * The same as C_WrapKey and C_UnwrapKey take it (PKCS#11 3.2 §6.13.3, §6.13.5): with
 * CK_GCM_WRAP_PARAMS or CK_CCM_WRAP_PARAMS the caller may wish for a nonce; else `wish`
 * is empty. Without a `wish` the generator is ignored, as unwrapping does. CKG_GENERATE
 * and CKG_GENERATE_RANDOM are granted, if what is left to be random is enough: random
 * nonces that are too short would repeat, and counters need a place to be kept.
 */
ASH_STATUS ash_parameter_read_wrap(enum ash_param_kind kind, struct ash_span given,
				   struct ash_mechanism *mechanism, struct ash_nonce_wish *wish);
