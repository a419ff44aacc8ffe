/*
 * The HSM: slots, tokens, sessions, objects and operations over one store and
 * one set of crypto back ends. These functions fill the api table (api/api.h),
 * where each is described by the C_ function that it serves; this page says what
 * differs from it.
 *
 * Any thread may call everything. A session is owned by one call at a time; a
 * second caller waits. Outputs are untouched on failure, but for struct ash_out's
 * length (util/span.h).
 */
#pragma once

#include "store/store.h"
#include "token/types.h"
#include "util/buf.h"

struct ash_crypto;
struct ash_hsm;

/* Keys that ash_hsm_import_keys takes at once. */
#define ASH_IMPORT_MAX 8192u

/* Session and object handles; 0 is none. */
typedef uint64_t ash_handle;

struct ash_hsm_options {
	/*
	 * Opens crypto and store when they are first needed. With `create` off a
	 * store that is not there yet is ASH_E_NOT_FOUND, and the HSM shows one
	 * uninitialised slot; it is asked again, with `create` on, by the first
	 * C_InitToken. What it opened belongs to the HSM from then on.
	 */
	struct ash_status (*open_crypto)(void *context, struct ash_crypto **ret_crypto);
	struct ash_status (*open_store)(void *context, bool create, struct ash_store **ret_store);
	void *context; /* outlives the HSM */

	const char *root_key_path;  /* NULL: a root key that lives and dies with the process */
	const char *root_key_group; /* "" or the group that may read it */
	uint64_t pin_min;
	uint64_t pin_tries_user, pin_tries_so;
	uint32_t pin_hash_memory_kib, pin_hash_passes;
	uint64_t limit_multipart;
	uint8_t version_major, version_minor;
	/* The profiles (CKP_, below 256) that tokens claim, outliving the HSM; or none. */
	const uint64_t *profiles;
	size_t profile_count;
};

/* Opens nothing yet. `options` is copied, its texts too. ASH_E_MEMORY. */
ASH_STATUS ash_hsm_new(const struct ash_hsm_options *options, struct ash_hsm **ret_hsm);

/* Closes sessions, wipes keys, closes store and crypto. No call may be under way. Returns NULL. */
struct ash_hsm *ash_hsm_free(struct ash_hsm *hsm);

/* In a forked child: forgets the parent's HSM, leaving its files and locks alone. Returns NULL. */
struct ash_hsm *ash_hsm_abandon(struct ash_hsm *hsm);

/* General purpose, slots and tokens (PKCS#11 3.2 §5.4, §5.5) */
ASH_STATUS ash_hsm_info(struct ash_hsm *hsm, struct ash_hsm_info *ret_info);
/* At most `cap` ids go to `ids`; `ret_count` is how many there are. */
ASH_STATUS ash_hsm_slots(struct ash_hsm *hsm, bool token_present, uint64_t *ids, size_t cap,
			 size_t *ret_count);
ASH_STATUS ash_hsm_slot_info(struct ash_hsm *hsm, uint64_t slot, struct ash_slot_info *ret_info);
ASH_STATUS ash_hsm_token_info(struct ash_hsm *hsm, uint64_t slot, struct ash_token_info *ret_info);
ASH_STATUS ash_hsm_mechanisms(struct ash_hsm *hsm, uint64_t slot, uint64_t *types, size_t cap,
			      size_t *ret_count);
ASH_STATUS ash_hsm_mechanism_info(struct ash_hsm *hsm, uint64_t slot, uint64_t type,
				  struct ash_mechanism_info *ret_info);
/* The n-th crypto back end in use; ASH_E_NOT_FOUND past the last. */
ASH_STATUS ash_hsm_engine(struct ash_hsm *hsm, size_t n, struct ash_engine_info *ret_info);
ASH_STATUS ash_hsm_init_token(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin,
			      const char label[32]);
/*
 * The same for a slot without a token alone: what somebody else made there meanwhile is not
 * made anew, and no try of its SO PIN is counted: ASH_E_EXISTS, or ASH_E_FAILED when it was
 * made in the same moment.
 */
ASH_STATUS ash_hsm_make_token(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin,
			      const char label[32]);
/*
 * No function of PKCS#11: deletes a token with its PINs and objects, in one change. Its
 * slot is gone then for good. `force` asks for no SO PIN (it may be locked or lost) and
 * deletes also what can't be read; it gives nothing to whoever may write the store, as
 * he may delete its files. ASH_E_SLOT_ID, ASH_E_TOKEN_NOT_RECOGNIZED (the slot is free, or
 * the root key missing and `force` off), ASH_E_SESSION_EXISTS; of the SO PIN, whose tries
 * count, as C_InitToken; ASH_E_DEVICE_REMOVED when somebody was faster.
 */
ASH_STATUS ash_hsm_delete_token(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin, bool force);
ASH_STATUS ash_hsm_init_pin(struct ash_hsm *hsm, ash_handle session, struct ash_span pin);
ASH_STATUS ash_hsm_set_pin(struct ash_hsm *hsm, ash_handle session, struct ash_span old_pin,
			   struct ash_span new_pin);

/*
 * Looking after the whole store; no functions of PKCS#11. ASH_E_NOT_FOUND when there is none.
 *
 * Checking tells its findings part by part, private objects among them where a user of this
 * process is logged in. Damage is no failure: ASH_E_MEMORY, and what kept it from opening.
 * Of a damaged file SQLite and we refuse what we find; who wants to be sure checks in a child.
 */
ASH_STATUS ash_hsm_check_store(struct ash_hsm *hsm, ash_store_tell *hear, void *context);
/* As ash_store_compact (store/store.h). */
ASH_STATUS ash_hsm_compact_store(struct ash_hsm *hsm, uint64_t *ret_before, uint64_t *ret_after);
/* A copy of the store in a new file, as ash_txn_backup. The root key is not in it. */
ASH_STATUS ash_hsm_backup_store(struct ash_hsm *hsm, const char *path);

/* Sessions (§5.6) */
ASH_STATUS ash_hsm_open_session(struct ash_hsm *hsm, uint64_t slot, bool read_write, ash_handle *ret_session);
ASH_STATUS ash_hsm_close_session(struct ash_hsm *hsm, ash_handle session);
ASH_STATUS ash_hsm_close_all_sessions(struct ash_hsm *hsm, uint64_t slot);
ASH_STATUS ash_hsm_session_info(struct ash_hsm *hsm, ash_handle session, struct ash_session_info *ret_info);
ASH_STATUS ash_hsm_login(struct ash_hsm *hsm, ash_handle session, uint64_t user_type, struct ash_span pin);
/*
 * C_LoginUser: without a name it is ash_hsm_login. No user has a name yet: any is
 * ASH_E_PIN_INCORRECT, after as much hashing as a wrong PIN takes.
 */
ASH_STATUS ash_hsm_login_user(struct ash_hsm *hsm, ash_handle session, uint64_t user_type,
			      struct ash_span pin, struct ash_span name);
ASH_STATUS ash_hsm_logout(struct ash_hsm *hsm, ash_handle session);

/* Objects (§5.7) */
ASH_STATUS ash_hsm_create_object(struct ash_hsm *hsm, ash_handle session, struct ash_template given,
				 ash_handle *ret_object);
/*
 * No function of PKCS#11: makes the objects of many keys, at most ASH_IMPORT_MAX, in one
 * change: all or none. They are token objects, made as C_UnwrapKey makes a private key of
 * what it decrypted, and C_CreateObject a public one. Where neither template says CKA_ID,
 * both halves get the key identifier of the public key (token/keyid.h). `code` of the first key
 * that is refused says why, and so does the status. Others wait meanwhile for their turn
 * to write, so not more at once than a second is enough for.
 */
ASH_STATUS ash_hsm_import_keys(struct ash_hsm *hsm, ash_handle session, struct ash_import *keys,
			       size_t count);
/* A copy with the template's changes (§5.7.2). */
ASH_STATUS ash_hsm_copy_object(struct ash_hsm *hsm, ash_handle session, ash_handle object,
			       struct ash_template given, ash_handle *ret_copy);
/* Bytes that the object takes in the store, roughly (§5.7.4). */
ASH_STATUS ash_hsm_object_size(struct ash_hsm *hsm, ash_handle session, ash_handle object,
			       uint64_t *ret_size);
ASH_STATUS ash_hsm_destroy_object(struct ash_hsm *hsm, ash_handle session, ash_handle object);
/* Answers every query; the status is the first that is not ASH_OK, or ASH_DONE. */
ASH_STATUS ash_hsm_get_attributes(struct ash_hsm *hsm, ash_handle session, ash_handle object,
				  struct ash_attr_query *queries, size_t count);
ASH_STATUS ash_hsm_set_attributes(struct ash_hsm *hsm, ash_handle session, ash_handle object,
				  struct ash_template given);
ASH_STATUS ash_hsm_find_begin(struct ash_hsm *hsm, ash_handle session, struct ash_template want);
ASH_STATUS ash_hsm_find_next(struct ash_hsm *hsm, ash_handle session, ash_handle *objects, size_t cap,
			     size_t *ret_count);
ASH_STATUS ash_hsm_find_end(struct ash_hsm *hsm, ash_handle session);

/*
 * Operations (§5.8 to §5.13): C_<Op>Init, C_<Op>, C_<Op>Update, C_<Op>Final for each
 * of enum ash_op. `key` is 0 for digests. `mechanism` NULL ends what is active.
 * Length questions and ASH_E_BUFFER_TOO_SMALL keep the operation alive; every
 * other failure of the last three ends it.
 */
ASH_STATUS ash_hsm_op_init(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
			   const struct ash_mechanism *mechanism, ash_handle key);
ASH_STATUS ash_hsm_op_single(struct ash_hsm *hsm, ash_handle session, enum ash_op op, struct ash_span in,
			     struct ash_out *out);
ASH_STATUS ash_hsm_op_update(struct ash_hsm *hsm, ash_handle session, enum ash_op op, struct ash_span in,
			     struct ash_out *out);
ASH_STATUS ash_hsm_op_final(struct ash_hsm *hsm, ash_handle session, enum ash_op op, struct ash_out *out);
/* The same ends for ASH_OP_VERIFY. */
ASH_STATUS ash_hsm_verify_single(struct ash_hsm *hsm, ash_handle session, struct ash_span in,
				 struct ash_span signature);
ASH_STATUS ash_hsm_verify_final(struct ash_hsm *hsm, ash_handle session, struct ash_span signature);
/* Digests a secret key's value (§5.12.4): ASH_E_KEY_INDIGESTIBLE for what has none or may not. */
ASH_STATUS ash_hsm_digest_key(struct ash_hsm *hsm, ash_handle session, ash_handle key);
/*
 * Dual-function operations (§5.16): `first` takes the input and `second` what the
 * other needs: DIGEST or SIGN with ENCRYPT (both take the plaintext), DECRYPT with DIGEST
 * or VERIFY (the second takes what was decrypted). Neither moves when the buffer is
 * too small; when either fails, both end.
 */
ASH_STATUS ash_hsm_dual_update(struct ash_hsm *hsm, ash_handle session, enum ash_op first, enum ash_op second,
			       struct ash_span in, struct ash_out *out);
/*
 * C_GetOperationState (§5.6.6): a digest in the middle of its work, sealed; `state` as any
 * ash_out. ASH_E_OPERATION_NONE without one; ASH_E_STATE_UNSAVEABLE for a hash whose back
 * end can't show where it stands, and beside any other operation.
 */
ASH_STATUS ash_hsm_op_save(struct ash_hsm *hsm, ash_handle session, struct ash_out *state);
/*
 * C_SetOperationState (§5.6.7), in place of all that the session does. ASH_E_SAVED_STATE for
 * what this token did not save in such a session, ASH_E_KEY_NOT_NEEDED for any key.
 */
ASH_STATUS ash_hsm_op_restore(struct ash_hsm *hsm, ash_handle session, struct ash_span state,
			      ash_handle encryption_key, ash_handle authentication_key);
/* Ends an operation because the front-end could not read its arguments (a failure of its own functions). */
ASH_STATUS ash_hsm_op_abort(struct ash_hsm *hsm, ash_handle session, enum ash_op op);

/* Keys (§5.18) and random (§5.21) */
ASH_STATUS ash_hsm_generate_key(struct ash_hsm *hsm, ash_handle session,
				const struct ash_mechanism *mechanism, struct ash_template given,
				ash_handle *ret_key);
ASH_STATUS ash_hsm_generate_pair(struct ash_hsm *hsm, ash_handle session,
				 const struct ash_mechanism *mechanism, struct ash_template public_given,
				 struct ash_template private_given, ash_handle *ret_public,
				 ash_handle *ret_private);
/* §5.18.3, §5.18.4: `wrapped` as any ash_out. */
ASH_STATUS ash_hsm_wrap_key(struct ash_hsm *hsm, ash_handle session, const struct ash_mechanism *mechanism,
			    ash_handle wrapping_key, ash_handle key, struct ash_out *wrapped);
ASH_STATUS ash_hsm_unwrap_key(struct ash_hsm *hsm, ash_handle session, const struct ash_mechanism *mechanism,
			      ash_handle unwrapping_key, struct ash_span wrapped, struct ash_template given,
			      ash_handle *ret_key);
/* §5.18.5 */
ASH_STATUS ash_hsm_derive_key(struct ash_hsm *hsm, ash_handle session, const struct ash_mechanism *mechanism,
			      ash_handle base_key, struct ash_template given, ash_handle *ret_key);
/* §5.18.8, §5.18.9: `ciphertext` as any ash_out; a question makes no key. */
ASH_STATUS ash_hsm_encapsulate_key(struct ash_hsm *hsm, ash_handle session,
				   const struct ash_mechanism *mechanism, ash_handle public_key,
				   struct ash_template given, struct ash_out *ciphertext,
				   ash_handle *ret_key);
ASH_STATUS ash_hsm_decapsulate_key(struct ash_hsm *hsm, ash_handle session,
				   const struct ash_mechanism *mechanism, ash_handle private_key,
				   struct ash_template given, struct ash_span ciphertext,
				   ash_handle *ret_key);
ASH_STATUS ash_hsm_seed_random(struct ash_hsm *hsm, ash_handle session, struct ash_span seed);
ASH_STATUS ash_hsm_random(struct ash_hsm *hsm, ash_handle session, struct ash_mut out);
