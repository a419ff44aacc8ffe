/*
 * Sealing: bytes made unreadable and unchangeable under a key, bound to where
 * they belong. AES-256-GCM with a random 96-bit nonce:
 *
 *   sealed = version (1 byte, 1) | nonce (12) | ciphertext | tag (16)
 *
 * The version and `context` are the associated data: what was sealed in one place
 * does not open in another. A key seals at most 2^32 times; records therefore
 * have keys of their own (see docs/protocol/records.md). Any thread.
 */
#pragma once

#include "crypto/crypto.h"
#include "util/buf.h"

#define ASH_SEAL_KEY_LEN  32u
#define ASH_SEAL_OVERHEAD (1u + 12u + 16u)

/* Appends the sealed form. `key` has ASH_SEAL_KEY_LEN bytes. ASH_E_MEMORY, ASH_E_FAILED. */
ASH_STATUS ash_seal(struct ash_crypto *crypto, struct ash_span key, struct ash_span context,
		    struct ash_span plain, struct ash_buf *out);

/*
 * Appends the plain bytes to `out`, which is a secret buffer, only once the tag
 * is verified. ASH_E_CORRUPT when it does not match, ASH_E_FORMAT when it is too
 * short or of another version, ASH_E_MEMORY.
 */
ASH_STATUS ash_unseal(struct ash_crypto *crypto, struct ash_span key, struct ash_span context,
		      struct ash_span sealed, struct ash_buf *out);

/*
 * The same in two steps, for who opens much that one key has sealed: an operation, for one
 * thread at a time, ended with ash_operation_free(); and any number of openings with it.
 */
ASH_STATUS ash_unsealer_new(struct ash_crypto *crypto, struct ash_span key,
			    struct ash_operation **ret_unsealer);
ASH_STATUS ash_unseal_with(struct ash_operation *unsealer, struct ash_span context, struct ash_span sealed,
			   struct ash_buf *out);
