/*
 * Objects of another token on their way to one of ours, one after the other.
 */
#pragma once

#include "api/api.h"
#include "app/foreign/fit.h"

/* Where they go: a session that may write, with the user logged in. */
struct ash_foreign_target {
	const struct ash_api *api;
	struct ash_hsm *hsm;
	ash_handle session;
	ash_handle
		*made; /* by us, or found for another: none of them is taken for one that was there before */
	size_t made_count, made_cap;
};

enum ash_foreign_outcome {
	ASH_FOREIGN_IMPORTED,
	ASH_FOREIGN_PRESENT, /* it was there already */
	ASH_FOREIGN_REFUSED
};

struct ash_foreign_result {
	enum ash_foreign_outcome outcome;
	ash_handle object; /* ours, unless it was refused */
	char why[200];     /* it was refused, or is not proved; or "" */
	char lost[200];    /* as in struct ash_foreign_fit */
	char other[200];   /* "CKA_EXTRACTABLE": what is otherwise on the one that was there; or "" */
	const char *proof; /* "signature": how it was checked; or NULL. Static */
};

#define ASH_FOREIGN_RESULT_NONE ((struct ash_foreign_result){ .outcome = ASH_FOREIGN_REFUSED })

/*
 * Brings one of `all`, unless it is there already, and has it proved (prove.h): only one that is proved
 * to be the same is taken for it. What is not for our token is no failure
 * but in the result; failures are of memory, storage and session.
 */
ASH_STATUS ash_foreign_bring(struct ash_foreign_target *target, const struct ash_foreign_objects *all,
			     const struct ash_foreign_object *object, struct ash_foreign_result *ret_result);

/* Whether it could be brought, as far as that shows without trying. The same result, with nothing made. */
ASH_STATUS ash_foreign_try(const struct ash_foreign_object *object, struct ash_foreign_result *ret_result);

void ash_foreign_target_done(struct ash_foreign_target *target);
