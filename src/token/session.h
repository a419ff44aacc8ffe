/*
 * Sessions: the table of them, their states, who is logged in, and the PINs.
 *
 * A session is found without a lock and then locked for the whole call, so one
 * session does one thing at a time and sessions never wait for each other. Its
 * handle is a serial number and a place in the table; it never comes twice.
 *
 * PKCS#11 3.2 §5.6. Any thread.
 */
#pragma once

#include "token/attribute.h"
#include "token/find.h"
#include "token/hsm_priv.h"
#include "token/operation.h"

struct ash_session {
	struct ash_lock lock;    /* ASH_RANK_SESSION; guards all below */
	_Atomic uint64_t handle; /* 0: free */
	uint32_t index;
	uint32_t next_free; /* guarded by the table's lock */
	struct ash_hsm *hsm;
	struct ash_token *token;
	uint64_t era; /* of the token when the session was opened */
	bool read_write;
	struct ash_find find;
	struct ash_active active[ASH_OPS];
	_Atomic bool logged_out; /* a login ended while somebody had the session: see ash_session_give */
};

ASH_STATUS ash_session_table_init(struct ash_session_table *table);

/* Closes every session; no call may be under way. */
void ash_session_table_done(struct ash_hsm *hsm);

/*
 * Finds, locks and lends a session until ash_session_give (ASH_AUTO does it).
 * ASH_E_SESSION_HANDLE; ASH_E_DEVICE_REMOVED when its token was initialised anew
 * or is gone. The token is up to date afterwards, and hsm->crypto and hsm->store
 * are there.
 */
ASH_STATUS ash_session_take(struct ash_hsm *hsm, ash_handle handle, struct ash_session **ret_session);
void ash_session_give(struct ash_session *session);

/* Who acts in this session at this moment. */
struct ash_actor ash_session_actor(const struct ash_session *session);

/* Its state (§5.6): CKS_. */
uint64_t ash_session_state(const struct ash_session *session);

/* Ends all that it does, searches too. */
void ash_session_end_work(struct ash_session *session);

/* Whether objects of this kind may be made, changed or destroyed here: ASH_E_SESSION_READ_ONLY, ASH_E_NOT_LOGGED_IN. */
ASH_STATUS ash_session_may_write(const struct ash_session *session, bool token_object, bool is_private);

/*
 * Ends this login of the token and all that its sessions do under it; false when it is over
 * already. No session is held. A session that is in use is not waited for: what it does is
 * ended with the call that is under way.
 */
bool ash_session_end_login(struct ash_hsm *hsm, struct ash_token *token, uint64_t login);

/* Ends this session's operations with a key that was destroyed. */
void ash_session_end_uses(struct ash_session *session, ash_handle object);

static inline void ash_session_auto(struct ash_session **session)
{
	if (*session != NULL)
		ash_session_give(*session);
}
