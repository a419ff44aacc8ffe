/* What wrapping (wrap.c) and unwrapping (unwrap.c) share. Called with the session held. */
#pragma once

#include "token/use.h"

/* How a mechanism wraps. */
struct ash_wrap_form {
	size_t unit;       /* the key is padded with zeroes to a multiple of so many bytes */
	bool private_keys; /* private ones too, as PKCS#8 */
	bool opaque;       /* unwrapping has padding and no authentication: what is wrong must not be told */
};

/* NULL when the row wraps nothing. */
const struct ash_wrap_form *ash_wrap_form(const struct ash_mechanism_row *row);

/* A key that wraps, or unwraps, with all that it takes. Lent. */
struct ash_wrapper {
	struct ash_session *session;
	const struct ash_mechanism *mechanism;
	const struct ash_mechanism_row *row;
	const struct ash_wrap_form *form;
	struct ash_object *object;
	struct ash_key_spec spec;
};

/*
 * The mechanism as wrapping takes it. §6.13.5: the length of the data in CKM_AES_CCM's
 * parameter is ignored, whatever it is; the key's own is the one.
 */
struct ash_mechanism ash_wrap_mechanism(const struct ash_mechanism *given);

/* The same in one go, aside: appends to an empty secret buffer. The operation's errors. */
ASH_STATUS ash_wrap_crypt(const struct ash_wrapper *wrapper, enum ash_op op, struct ash_span in,
			  struct ash_buf *out);

/* AES-KWP under a key of these bytes: the second half of CKM_RSA_AES_KEY_WRAP (§6.1.24). */
ASH_STATUS ash_wrap_kwp(struct ash_session *session, struct ash_span key, enum ash_op op, struct ash_span in,
			struct ash_buf *out);

/* Bytes of the RSA modulus: the length of what CKM_RSA_AES_KEY_WRAP begins with. */
static inline size_t ash_wrap_modulus_len(const struct ash_wrapper *wrapper)
{
	return ((size_t)wrapper->spec.bits + 7) / 8;
}
