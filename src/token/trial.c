#include "token/trial.h"

/* The hold of a token's trials: above those of the tokens themselves (token/presence.c). */
#define TRIALS_OF(owner) ((UINT64_C(1) << 40) + (owner))

struct ash_status ash_trial_begin(struct ash_store *store, struct ash_trials *trials, uint64_t owner,
				  struct ash_trial *ret_trial)
{
	ASH_LOCKED(&trials->lock);
	if (trials->count == 0)
		ASH_TRY(ash_store_hold(store, TRIALS_OF(owner), ASH_HOLD_SHARED));
	trials->count++;
	*ret_trial = (struct ash_trial){ store, trials, owner };
	return ASH_DONE;
}

void ash_trial_end(struct ash_trial *trial)
{
	struct ash_trials *trials = trial->trials;

	if (trial->store == NULL)
		return;
	ASH_LOCKED(&trials->lock);
	if (--trials->count == 0) /* letting go can't fail; the end of the process does it, too */
		ash_ignore(ash_store_hold(trial->store, TRIALS_OF(trial->owner), ASH_HOLD_NONE));
	trial->store = NULL;
}

struct ash_status ash_trial_any(struct ash_store *store, struct ash_trials *trials, uint64_t owner,
				bool *ret_any)
{
	ASH_LOCKED(&trials->lock);
	*ret_any = true;
	return trials->count != 0 ? ASH_DONE : ash_store_held(store, TRIALS_OF(owner), ret_any);
}
