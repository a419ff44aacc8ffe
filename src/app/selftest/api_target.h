/*
 * An HSM behind the api table as a target of test vectors: keys come in as session
 * objects, operations run in one session, derived keys are read and destroyed. What can be
 * done in several ways (at once, in place, in pieces, by each mechanism that fits, as a
 * key that is wrapped or unwrapped) is done in all of them, and all must agree.
 *
 * One thread.
 */
#pragma once

#include "api/api.h"
#include "app/selftest/target.h"

struct ash_api_target;

/*
 * A session of its own with the token in `slot`, where the user is logged in by another one
 * that lives longer. ASH_E_MEMORY, and those of the api.
 */
ASH_STATUS ash_api_target_new(const struct ash_api *api, struct ash_hsm *hsm, uint64_t slot,
			      struct ash_api_target **ret_target);

/* Closes its session, with the keys that it made. NULL is fine. Returns NULL. */
struct ash_api_target *ash_api_target_free(struct ash_api_target *target);

/* As a target, which lives as long as this. */
const struct ash_vector_target *ash_api_target_get(const struct ash_api_target *target);

/* Whether a mechanism, by its index in the token's table, was used since the last reset. */
bool ash_api_target_used(const struct ash_api_target *target, size_t index);
void ash_api_target_reset_used(struct ash_api_target *target);

static inline void ash_api_target_auto(struct ash_api_target **target)
{
	ash_api_target_free(*target);
}
