/* A token's end: `ashlar token delete`, which PKCS#11 has no function for. */
#include "token/root_key.h"
#include "token/slot_priv.h"

struct death_change {
	uint64_t owner;
	uint64_t if_version;
};

static struct ash_status is_last(struct ash_txn *txn, bool *ret_last)
{
	uint64_t id = 0;
	size_t found = 0;

	ASH_TRY(ash_txn_find(txn, ASH_SPACE_TOKEN, 0, ASH_SPAN_NONE, 0, &id, 1, &found));
	*ret_last = found == 0;
	return ASH_DONE;
}

/* The record of the next free slot stays: no slot's number is given out twice. */
static struct ash_status take_all(struct ash_txn *txn, void *context)
{
	const struct death_change *change = context;
	bool last = false;

	ASH_TRY(ash_record_same_life(txn, change->owner, change->if_version));
	ASH_TRY(ash_record_delete_owned(txn, change->owner));
	ASH_TRY(ash_txn_delete(txn, ash_slot_record_name(change->owner - 1)));
	ASH_TRY(is_last(txn, &last));
	return last ? ash_root_key_release(txn) : ASH_DONE;
}

struct ash_status ash_slot_delete(struct ash_hsm *hsm, struct ash_token *token, uint64_t if_version)
{
	struct death_change change = { .owner = token->slot + 1, .if_version = if_version };

	ASH_TRY(ash_store_change(hsm->store, take_all, &change));
	/* It is gone, whatever comes of the look at that: the next call looks again. */
	ash_ignore(ash_slot_refresh(hsm, token));
	return ASH_DONE;
}
