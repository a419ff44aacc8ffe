/*
 * Keys from bytes that are known elsewhere too: unwrapped, derived, agreed on. First
 * their attributes, before any secret is touched; then the value. Called with the
 * session held.
 */
#pragma once

#include "token/attribute.h"
#include "token/session.h"

struct ash_newkey {
	enum ash_making making;
	uint64_t inherits; /* the parent's template for such keys, or CK_UNAVAILABLE_INFORMATION */
	uint64_t class;    /* what the mechanism makes; CK_UNAVAILABLE_INFORMATION: the template says */
};

/*
 * The attributes that the template and the parent's own one ask for, allowed in this
 * session, without a value. The errors of ash_attribute_template_merge, ash_attribute_make and
 * ash_session_may_write.
 */
ASH_STATUS ash_newkey_begin(struct ash_session *session, const struct ash_newkey *newkey,
			    const struct ash_attrs *parent, struct ash_template given,
			    struct ash_attrs **ret_attrs);

/*
 * Which lengths above `above` up to `most` a secret key of this type and CKA_VALUE_LEN can
 * have: one (`ret_len`), none (ASH_E_KEY_SIZE), or several (ASH_E_TEMPLATE_INCOMPLETE).
 */
ASH_STATUS ash_newkey_len(const struct ash_attrs *attrs, size_t above, size_t most, size_t *ret_len);

/*
 * Whether a key of this length, cut off a longer secret, is one that these attributes can
 * hide. ASH_E_TEMPLATE_INCONSISTENT for one that nobody may read and everybody can guess:
 * who makes it of one byte, then of two, and tries what each does would read the whole
 * secret, although the base key's own template keeps its keys sensitive.
 */
ASH_STATUS ash_newkey_check_cut(const struct ash_attrs *attrs, size_t len);

/* Gives a secret key its value and all that follows from it. ASH_E_ATTRIBUTE_VALUE, ASH_E_MEMORY. */
ASH_STATUS ash_newkey_fill(struct ash_session *session, struct ash_span value, struct ash_attrs *attrs);
