#include "token/presence.h"

#include "store/store.h"
#include "token/slot_priv.h"

/*
 * What others are shown follows from what is counted here. It is told them under the
 * token's lock, as the two must not drift apart: a system call, but one that never waits.
 */
static struct ash_status show(struct ash_hsm *hsm, struct ash_token *token)
{
	const enum ash_hold hold = token->claimed         ? ASH_HOLD_ALONE
				   : token->sessions != 0 ? ASH_HOLD_SHARED
							  : ASH_HOLD_NONE;

	if (token->hold == hold)
		return ASH_DONE;
	ASH_TRY(ash_store_hold(hsm->store, token->slot + 1, hold));
	token->hold = hold;
	return ASH_DONE;
}

struct ash_status ash_presence_enter(struct ash_hsm *hsm, struct ash_token *token, uint64_t era,
				     bool read_write)
{
	struct ash_status status = ASH_DONE;

	ASH_LOCKED(&token->lock);
	ASH_ENSURE(era != 0 && atomic_load(&token->era) == era, ASH_E_TOKEN_NOT_RECOGNIZED);
	ASH_ENSURE(read_write || (atomic_load(&token->login) & ASH_LOGIN_SO) == 0, ASH_E_SESSION_SO_EXISTS);
	token->sessions++;
	status = show(hsm, token);
	if (!ash_is_ok(status)) {
		token->sessions--;
		return status;
	}
	token->rw_sessions += read_write;
	return ASH_DONE;
}

void ash_presence_leave(struct ash_hsm *hsm, struct ash_token *token, bool read_write)
{
	uint64_t login = 0;

	{
		ASH_LOCKED(&token->lock);
		token->sessions--;
		token->rw_sessions -= read_write;
		if (token->sessions == 0) {
			login = atomic_load(&token->login);
			ash_slot_wipe_login(token);
		}
		ash_ignore(show(hsm, token)); /* letting go can't fail; the end of the process does it, too */
	}
	if (login != 0)
		ash_object_drop_login(&hsm->objects, token, login);
}

/* Why the token can't be had alone: sessions elsewhere could be joined, one who has it alone could not. */
static enum ash_code why_not_alone(struct ash_hsm *hsm, struct ash_token *token)
{
	const struct ash_status joined = ash_store_hold(hsm->store, token->slot + 1, ASH_HOLD_SHARED);

	if (ash_is_ok(joined))
		ash_ignore(ash_store_hold(hsm->store, token->slot + 1, ASH_HOLD_NONE));
	return joined.code == ASH_E_CONFLICT ? ASH_E_FAILED : ASH_E_SESSION_EXISTS;
}

struct ash_status ash_presence_claim(struct ash_hsm *hsm, struct ash_token *token,
				     struct ash_claim *ret_claim)
{
	struct ash_status status = ASH_DONE;

	ASH_LOCKED(&token->lock);
	ASH_ENSURE(token->sessions == 0, ASH_E_SESSION_EXISTS);
	ASH_ENSURE(!token->claimed, ASH_E_FAILED);
	token->claimed = true;
	status = show(hsm, token);
	if (!ash_is_ok(status)) {
		token->claimed = false;
		ASH_ENSURE(status.code != ASH_E_CONFLICT, why_not_alone(hsm, token));
		return status;
	}
	*ret_claim = (struct ash_claim){ hsm, token };
	return ASH_DONE;
}

void ash_claim_done(struct ash_claim *claim)
{
	struct ash_token *token = claim->token;

	if (token == NULL)
		return;
	ASH_LOCKED(&token->lock);
	token->claimed = false;
	ash_ignore(show(claim->hsm, token)); /* as when a session leaves */
	claim->token = NULL;
}
