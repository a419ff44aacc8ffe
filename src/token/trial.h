/*
 * PINs that are being looked at. A try is counted on disk before its PIN is looked at and
 * given back afterwards, so a token may seem locked while right PINs are looked at. Who looks
 * is counted here and shown to other processes: then that need not be guessed from the time
 * it takes.
 *
 * Any thread.
 */
#pragma once

#include "store/store.h"
#include "util/lock.h"

/* What this process looks at of one token's. */
struct ash_trials {
	struct ash_lock lock; /* ASH_RANK_TRIALS; guards the field below */
	size_t count;
};

/* A trial that goes on: store NULL is none. */
struct ash_trial {
	struct ash_store *store;
	struct ash_trials *trials;
	uint64_t owner;
};

#define ASH_TRIAL_NONE ((struct ash_trial){ .store = NULL })

/*
 * Before a try of `owner`'s is taken. ash_trial_end(), once it is given back or lost, or the
 * end of the process, ends it. ASH_E_IO.
 */
ASH_STATUS ash_trial_begin(struct ash_store *store, struct ash_trials *trials, uint64_t owner,
			   struct ash_trial *ret_trial);
void ash_trial_end(struct ash_trial *trial);

/* Whether any process looks at a PIN of `owner`'s. ASH_E_IO. */
ASH_STATUS ash_trial_any(struct ash_store *store, struct ash_trials *trials, uint64_t owner, bool *ret_any);

static inline void ash_trial_auto(struct ash_trial *trial)
{
	ash_trial_end(trial);
}
