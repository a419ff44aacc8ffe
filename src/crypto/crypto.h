/*
 * Crypto: algorithms over handles, done by whichever back end offers them.
 *
 * `struct ash_crypto` is a set of opened back ends, best first. It never changes
 * once open: any thread may use it. Keys may be shared by threads; an operation
 * belongs to one thread at a time. See crypto/backend.h for what each call
 * promises; the calls here add only the choice of the back end.
 */
#pragma once

#include "crypto/alg.h"
#include "crypto/parts.h"
#include "crypto/types.h"
#include "util/buf.h"
#include "util/status.h"

struct ash_backend_ops;
struct ash_crypto;
struct ash_key;
struct ash_operation;

/*
 * Opens the back ends named in `order` (words separated by blanks, best first)
 * out of `offered`. A name that is not there is ASH_E_CONFIG with an explanation,
 * but for one in `optional` (words too), which a build may lack. At least one must
 * have a random generator, HKDF, Argon2id, HMAC and AES-GCM: else ASH_E_CONFIG.
 */
ASH_STATUS ash_crypto_open(const struct ash_backend_ops *const *offered, size_t count, const char *order,
			   const char *optional, struct ash_crypto **ret_crypto);

/* Closes; all keys and operations are freed before. NULL is fine. Returns NULL. */
struct ash_crypto *ash_crypto_close(struct ash_crypto *crypto);

/*
 * In a forked child: forgets the parent's back ends without touching what they
 * hold (it may be half-changed by threads that are gone). Returns NULL.
 */
struct ash_crypto *ash_crypto_abandon(struct ash_crypto *crypto);

/* The n-th opened back end's name and version; false past the last. */
bool ash_crypto_engine(const struct ash_crypto *crypto, size_t n, const char **ret_name,
		       const char **ret_version);

/* Whether any back end does this. `spec` is NULL for digests. */
bool ash_crypto_offers(const struct ash_crypto *crypto, enum ash_op op, struct ash_alg alg,
		       const struct ash_key_spec *spec);
bool ash_crypto_offers_key(const struct ash_crypto *crypto, const struct ash_key_spec *spec);

/* What a key is loaded for; decides which back end holds it. */
struct ash_use {
	enum ash_op op;
	struct ash_alg alg;
	const char *prefer; /* a back end's name to take if it offers this; NULL: the order */
};

/* The name of the back end that would serve a use of such a key; NULL when none does. Static text. */
const char *ash_crypto_choice(const struct ash_crypto *crypto, const struct ash_use *use,
			      const struct ash_key_spec *spec);

/* As key_generate; `prefer` as in struct ash_use. */
ASH_STATUS ash_key_generate(struct ash_crypto *crypto, const struct ash_key_spec *spec,
			    const struct ash_parts *parts, const char *prefer, struct ash_key **ret_key);

/*
 * As key_load. With `use` NULL any back end that takes the key serves (to
 * validate it). ASH_E_UNSUPPORTED when none offers it.
 */
ASH_STATUS ash_key_load(struct ash_crypto *crypto, const struct ash_key_spec *spec,
			const struct ash_parts *parts, const struct ash_use *use, struct ash_key **ret_key);

ASH_STATUS ash_key_parts(const struct ash_key *key, struct ash_parts *ret_parts);
const struct ash_key_spec *ash_key_spec(const struct ash_key *key);

/*
 * As the back end's agree, encapsulate and decapsulate, with a key that was loaded for
 * ASH_OP_DERIVE with ASH_SCHEME_ECDH, or for ASH_OP_ENCAPSULATE or ASH_OP_DECAPSULATE with
 * ASH_SCHEME_ML_KEM. ASH_E_UNSUPPORTED for other keys.
 */
ASH_STATUS ash_key_agree(const struct ash_key *key, struct ash_span peer, struct ash_secret **ret_shared);
ASH_STATUS ash_key_encapsulate(const struct ash_key *key, struct ash_mut ciphertext,
			       struct ash_secret **ret_shared);
ASH_STATUS ash_key_decapsulate(const struct ash_key *key, struct ash_span ciphertext,
			       struct ash_secret **ret_shared);

/* The name of the back end that holds it: what a blob has to be loaded with again. */
const char *ash_key_engine(const struct ash_key *key);
struct ash_key *ash_key_free(struct ash_key *key);

/*
 * A prepared operation. `key` was loaded for this use, and is NULL for digests.
 * The operation keeps nothing of `key` but its own duplicate.
 */
ASH_STATUS ash_operation_new(struct ash_crypto *crypto, const struct ash_use *use, const struct ash_key *key,
			     struct ash_operation **ret_operation);
bool ash_operation_streams(const struct ash_operation *operation);
ASH_STATUS ash_operation_start(struct ash_operation *operation, const struct ash_params *params);
ASH_STATUS ash_operation_update(struct ash_operation *operation, struct ash_span in, struct ash_mut out,
				size_t *ret_len);
ASH_STATUS ash_operation_finish(struct ash_operation *operation, struct ash_span in, struct ash_mut out,
				size_t *ret_len);
ASH_STATUS ash_operation_verify(struct ash_operation *operation, struct ash_span in,
				struct ash_span signature);
ASH_STATUS ash_operation_copy(const struct ash_operation *operation, struct ash_operation **ret_copy);

/*
 * Appends to a secret buffer what a started operation is in the middle of:
 * ASH_E_STATE_UNSAVEABLE where its back end can't show it. Restoring takes a started
 * operation of the same algorithm, held by the same back end: ASH_E_SAVED_STATE, and the
 * operation is as it was. The state is trusted: who keeps it outside seals it.
 */
ASH_STATUS ash_operation_save(const struct ash_operation *operation, struct ash_buf *state);
ASH_STATUS ash_operation_restore(struct ash_operation *operation, struct ash_span state);
struct ash_operation *ash_operation_free(struct ash_operation *operation);

ASH_STATUS ash_crypto_random(struct ash_crypto *crypto, struct ash_mut out);
ASH_STATUS ash_crypto_random_seed(struct ash_crypto *crypto, struct ash_span seed);
ASH_STATUS ash_crypto_kdf(struct ash_crypto *crypto, const struct ash_kdf *kdf, struct ash_mut out);

/* HMAC of `data` under `key`, truncated to out.len (at most the hash's length). */
ASH_STATUS ash_crypto_hmac(struct ash_crypto *crypto, enum ash_hash hash, struct ash_span key,
			   struct ash_span data, struct ash_mut out);

static inline void ash_crypto_auto(struct ash_crypto **crypto)
{
	ash_crypto_close(*crypto);
}

static inline void ash_key_auto(struct ash_key **key)
{
	ash_key_free(*key);
}

static inline void ash_operation_auto(struct ash_operation **operation)
{
	ash_operation_free(*operation);
}
