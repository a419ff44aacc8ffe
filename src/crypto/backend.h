/*
 * The table that every crypto back end fills. Nothing above this room sees it:
 * they use crypto/crypto.h, which picks a back end for each algorithm.
 *
 * A back end is opened once and used by many threads. It deals in handles:
 *
 *   key  made by key_generate or key_load; never changes; may be used by many
 *        threads at once and outlived by operations made from it. A back end
 *        whose keys never leave a device gives its own wrapped form as
 *        ASH_PART_BLOB and takes it back in key_load.
 *   op   one prepared operation: an algorithm and, but for digests, a key of
 *        which it has a duplicate of its own. Made once, started any number of
 *        times; used by one thread at a time. After a failure of update or
 *        finish it must be started again before its next use.
 *
 * Every length and byte that comes in is hostile, but for those that the contract
 * says the caller has checked.
 */
#pragma once

#include "crypto/parts.h"
#include "crypto/types.h"
#include "util/buf.h"
#include "util/status.h"

#define ASH_BACKEND_ABI 1u

struct ash_backend_ops {
	uint32_t abi;     /* ASH_BACKEND_ABI */
	const char *name; /* as written in `crypto.engines` */

	/* Starts it. Errors: ASH_E_MEMORY, ASH_E_FAILED when the library does not start. */
	struct ash_status (*open)(void **ret_backend);

	/*
	 * Stops it; accepts NULL, returns NULL. All keys and operations are freed
	 * before. In a forked child the parent's back end is abandoned, not closed.
	 */
	void *(*close)(void *backend);

	/* The library and its version, for people ("OpenSSL 3.5.4"). Static text. */
	const char *(*version)(void *backend);

	/* Whether op_new would do this. `spec` is NULL for digests. No memory, no locks. */
	bool (*offers)(void *backend, enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec);

	/* Whether key_generate and key_load would take this kind of key. */
	bool (*offers_key)(void *backend, const struct ash_key_spec *spec);

	/*
	 * Makes a key, or a key pair, from the back end's generator, and checks the
	 * pair's consistency. RSA takes its public exponent from `parts`
	 * (ASH_PART_PUBLIC_EXPONENT, odd, 65537 up to 256 bits); nothing else is
	 * read. ASH_E_UNSUPPORTED, ASH_E_ARGUMENT, ASH_E_MEMORY, ASH_E_FAILED.
	 */
	struct ash_status (*key_generate)(void *backend, const struct ash_key_spec *spec,
					  const struct ash_parts *parts, void **ret_key);

	/*
	 * A key from its parts, validated: ranges, points on their curve and in the
	 * right subgroup, the public part belonging to the private one where both are
	 * there. With no private part it is a public key. An RSA key always has its
	 * public exponent; a private one may lack the exponents and the coefficient, or
	 * with them the primes. ASH_E_KEY_INVALID, ASH_E_UNSUPPORTED, ASH_E_MEMORY.
	 */
	struct ash_status (*key_load)(void *backend, const struct ash_key_spec *spec,
				      const struct ash_parts *parts, void **ret_key);

	/*
	 * All parts that this key can give: a device's key its public parts and
	 * ASH_PART_BLOB. `ret_parts` is empty before. ASH_E_MEMORY.
	 */
	struct ash_status (*key_parts)(void *backend, void *key, struct ash_parts *ret_parts);

	void *(*key_free)(void *backend, void *key);

	/*
	 * ECDH with a private key (EC: SP 800-56A without the cofactor, X25519, X448 of
	 * RFC 7748) and the peer's public key in the form of ASH_PART_PUBLIC, validated:
	 * the shared x coordinate, as long as the field. NULL when the back end has no
	 * agreement. ASH_E_UNSUPPORTED, ASH_E_KEY_INVALID for the peer's key,
	 * ASH_E_KEY_TYPE, ASH_E_MEMORY.
	 */
	struct ash_status (*agree)(void *backend, void *key, struct ash_span peer,
				   struct ash_secret **ret_shared);

	/*
	 * ML-KEM (FIPS 203): encapsulate with a public key gives the ciphertext, of exactly
	 * ash_group_ciphertext_len(), and the shared secret; decapsulate never fails for a
	 * ciphertext of that length (implicit rejection): ASH_E_ENCRYPTED_DATA_LEN for any
	 * other. NULL when the back end has none. ASH_E_UNSUPPORTED, ASH_E_KEY_TYPE, ASH_E_MEMORY.
	 */
	struct ash_status (*encapsulate)(void *backend, void *key, struct ash_mut ciphertext,
					 struct ash_secret **ret_shared);
	struct ash_status (*decapsulate)(void *backend, void *key, struct ash_span ciphertext,
					 struct ash_secret **ret_shared);

	/* ASH_E_UNSUPPORTED, ASH_E_KEY_TYPE, ASH_E_MEMORY. `key` is NULL for digests. */
	struct ash_status (*op_new)(void *backend, enum ash_op op, struct ash_alg alg, void *key,
				    void **ret_op);

	/* Whether op_update takes data; if not, all of it comes with finish. */
	bool (*op_streams)(void *op);

	/*
	 * Begins, dropping whatever was under way; `params` NULL means none. Allocates nothing where the
	 * library lets it be. ASH_E_MECHANISM_PARAM, ASH_E_MEMORY, ASH_E_FAILED.
	 */
	struct ash_status (*op_start)(void *op, const struct ash_params *params);

	/*
	 * Takes data in the middle. `out` has room for ash_alg_update_max() (none for
	 * digests and signatures, where ret_len is 0). `out` may be where `in` is.
	 */
	struct ash_status (*op_update)(void *op, struct ash_span in, struct ash_mut out, size_t *ret_len);

	/*
	 * Takes the last data, or all of it, and ends. `out` has room for
	 * ash_alg_finish_max(); what was not verified is never written to it.
	 * ASH_E_DATA_LEN, ASH_E_DATA, ASH_E_ENCRYPTED_DATA, ASH_E_ENCRYPTED_DATA_LEN,
	 * ASH_E_AUTHENTICATION, ASH_E_FAILED, ASH_E_MEMORY.
	 */
	struct ash_status (*op_finish)(void *op, struct ash_span in, struct ash_mut out, size_t *ret_len);

	/* The same for ASH_OP_VERIFY. ASH_E_SIGNATURE, ASH_E_SIGNATURE_LEN besides. */
	struct ash_status (*op_finish_verify)(void *op, struct ash_span in, struct ash_span signature);

	void *(*op_free)(void *op);

	/* A copy in the same state; NULL when the back end can't. ASH_E_MEMORY. */
	struct ash_status (*op_copy)(void *op, void **ret_op);

	/*
	 * Appends what a started operation is in the middle of to a secret buffer, in a form
	 * of the back end's own: ASH_E_STATE_UNSAVEABLE where it can't be shown. NULL: never.
	 * op_restore puts it into an operation of the same algorithm that was started:
	 * ASH_E_SAVED_STATE for anything else, and the operation is as it was. ASH_E_MEMORY.
	 */
	struct ash_status (*op_save)(void *op, struct ash_buf *state);
	struct ash_status (*op_restore)(void *op, struct ash_span state);

	/* Random bytes of cryptographic quality. NULL when the back end has none. ASH_E_FAILED. */
	struct ash_status (*random)(void *backend, struct ash_mut out);

	/* Mixes caller's bytes into the generator, never lowering its quality. NULL: can't. */
	struct ash_status (*random_seed)(void *backend, struct ash_span seed);

	/*
	 * Derives `out.len` bytes. NULL, or ASH_E_UNSUPPORTED for a scheme that the
	 * back end lacks. ASH_E_ARGUMENT, ASH_E_MEMORY, ASH_E_FAILED.
	 */
	struct ash_status (*kdf)(void *backend, const struct ash_kdf *kdf, struct ash_mut out);
};
