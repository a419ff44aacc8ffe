/*
 * Keys in use: from a handle to a key that may do what is asked of it. Every
 * function that works with a key finds it here, so that the checks are the same
 * for all of them. Called with the session held.
 *
 * PKCS#11 3.2 §4.8 to §4.10 and the checks of §5.8 to §5.18.
 */
#pragma once

#include "token/mechanism.h"
#include "token/session.h"

/* Keys of these classes, as a mask. */
enum {
	ASH_ROLE_PUBLIC = 1u << 0,
	ASH_ROLE_PRIVATE = 1u << 1,
	ASH_ROLE_SECRET = 1u << 2,
	ASH_ROLE_ANY = ASH_ROLE_PUBLIC | ASH_ROLE_PRIVATE | ASH_ROLE_SECRET,
};

/* What a key is to a function: the CKA_ that allows it, and how the standard words a refusal. */
struct ash_role {
	uint64_t usage;
	unsigned classes;
	enum ash_code handle, type, size;
};

extern const struct ash_role ash_role_wrap;
extern const struct ash_role ash_role_unwrap;
extern const struct ash_role ash_role_derive;
extern const struct ash_role ash_role_encapsulate;
extern const struct ash_role ash_role_decapsulate;

/* The same for an operation (ASH_OP_SIGN …). */
struct ash_role ash_role_of(enum ash_op op);

/*
 * The key with this handle, referenced, which serves the row: the role's refusals,
 * ASH_E_KEY_USAGE, ASH_E_MECHANISM when CKA_ALLOWED_MECHANISMS leaves it out, and the
 * errors of ash_access_get and ash_keymap_spec.
 */
ASH_STATUS ash_use_get(struct ash_session *session, ash_handle handle, const struct ash_mechanism_row *row,
		       const struct ash_role *role, struct ash_object **ret_object,
		       struct ash_key_spec *ret_spec);

/*
 * ash_use_get for functions that are done in one call: there is no moment for the
 * login that CKA_ALWAYS_AUTHENTICATE asks for, so such a key is ASH_E_NOT_LOGGED_IN.
 */
ASH_STATUS ash_use_once(struct ash_session *session, ash_handle handle, const struct ash_mechanism_row *row,
			const struct ash_role *role, struct ash_object **ret_object,
			struct ash_key_spec *ret_spec);

/* The row of a mechanism that has this CKF_, its parameter checked. ASH_E_MECHANISM, ASH_E_MECHANISM_PARAM. */
ASH_STATUS ash_use_row(const struct ash_mechanism *mechanism, uint64_t flag,
		       const struct ash_mechanism_row **ret_row);

/* Whether CKA_ALLOWED_MECHANISMS, if the key has it, names the mechanism (§4.8). */
bool ash_use_allowed(const struct ash_attrs *key, uint64_t mechanism);

/*
 * Answers the question, and what is too short (util/span.h): true when the call ends
 * here with `ret_status`, `len` set to `need`.
 */
bool ash_use_only_length(struct ash_out *out, size_t need, struct ash_status *ret_status);

/* Gives an output that fits. */
void ash_use_deliver(struct ash_span result, struct ash_out *out);
