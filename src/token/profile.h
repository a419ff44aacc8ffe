/*
 * Profile objects (PKCS#11 3.2 §4.13): which profiles the token conforms to. The token
 * has them of itself: they are nowhere stored, always there, the same on every token,
 * and nobody changes, copies or destroys them. Whoever made the HSM says which
 * (ash_hsm_options.profiles).
 *
 * Their handles are computed from the profile's number and never change. Beside the
 * attributes of §4.5 and §4.13 they have those that say of a stored object that it is a
 * public token object and may not be changed: clients look for profiles with CKA_TOKEN.
 *
 * Called with the session held.
 */
#pragma once

#include "token/session.h"

/* Whether a handle is of this kind, known or not. */
bool ash_profile_is(ash_handle handle);

/* The object, which is in no table. ASH_E_OBJECT_HANDLE when the token does not have that profile. */
ASH_STATUS ash_profile_get(struct ash_session *session, ash_handle handle, struct ash_object **ret_object);

/* Whether a search can find any; and whether it can find nothing else, as it names their class. */
bool ash_profile_possible(const struct ash_attrs *want);
bool ash_profile_only(const struct ash_attrs *want);

/* The handles above `after` of those that match, from out[*count] on, up to out[cap - 1]. */
ASH_STATUS ash_profile_find(struct ash_session *session, const struct ash_attrs *want, ash_handle after,
			    ash_handle *out, size_t cap, size_t *count);
