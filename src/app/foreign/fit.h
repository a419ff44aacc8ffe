/*
 * What an object of another token is to be on ours: a template of what can be given, and the
 * names of what can't be kept. Pure functions; any thread.
 */
#pragma once

#include "app/foreign/object.h"
#include "util/secret.h"

#define ASH_FOREIGN_ATTRS_MAX 64

struct ash_foreign_fit {
	struct ash_attr attrs[ASH_FOREIGN_ATTRS_MAX]; /* lent from the object, and from what follows */
	size_t count;
	struct ash_secret *padded; /* a private value as long as its curve wants it; or NULL */
	struct ash_buf point;      /* a public one in the OCTET STRING that it lacked; or empty */
	char lost[200];            /* "CKA_LOCAL, CKA_TRUSTED": what was true there and can't be here */
};

#define ASH_FOREIGN_FIT_NONE ((struct ash_foreign_fit){ .point = ASH_BUF_PLAIN })

/*
 * The template, lent from `object` and from the fit, which is not to be copied. ASH_E_KEY_TYPE or
 * ASH_E_KEY_SIZE with an explanation: a kind of object that our tokens have not. ASH_E_LIMIT, ASH_E_MEMORY.
 */
ASH_STATUS ash_foreign_fit(const struct ash_attrs *object, struct ash_foreign_fit *fit);
void ash_foreign_fit_done(struct ash_foreign_fit *fit);

/* An attribute of the template. */
bool ash_foreign_fit_get(const struct ash_foreign_fit *fit, uint64_t type, struct ash_span *ret_value);

/* The kind of key behind a CKK_; ASH_KEY_KINDS for those that have no public half here. */
enum ash_key_kind ash_foreign_kind(uint64_t key_type);

static inline void ash_foreign_fit_auto(struct ash_foreign_fit *fit)
{
	ash_foreign_fit_done(fit);
}
