/* Looking after a store while others use it: `ashlar store backup` and `ashlar store compact`. */
#include "token/hsm_priv.h"

struct ash_status ash_hsm_backup_store(struct ash_hsm *hsm, const char *path)
{
	ASH_AUTO(ash_txn) *view = NULL;
	struct ash_store *store = NULL;

	ASH_TRY(ash_hsm_store(hsm, false, &store));
	ASH_TRY(ash_store_view(store, &view));
	return ash_txn_backup(view, path);
}

struct ash_status ash_hsm_compact_store(struct ash_hsm *hsm, uint64_t *ret_before, uint64_t *ret_after)
{
	struct ash_store *store = NULL;

	ASH_TRY(ash_hsm_store(hsm, false, &store));
	return ash_store_compact(store, ret_before, ret_after);
}
