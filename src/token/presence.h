/*
 * Who is on a token: this process's sessions, counted, and what other processes
 * are shown of them, so that no process initialises or deletes a token under another's
 * sessions (PKCS#11 3.2 §5.5.7).
 *
 * Any thread.
 */
#pragma once

#include "token/hsm_priv.h"

/*
 * Counts a session in. ASH_E_TOKEN_NOT_RECOGNIZED when the token is no longer the one of
 * this `era`, ASH_E_SESSION_SO_EXISTS for a read-only one while the officer is logged in;
 * ASH_E_CONFLICT while another process has the token to itself: worth trying again.
 */
ASH_STATUS ash_presence_enter(struct ash_hsm *hsm, struct ash_token *token, uint64_t era, bool read_write);

/* Counts it out; the token's last one takes the login with it. */
void ash_presence_leave(struct ash_hsm *hsm, struct ash_token *token, bool read_write);

/* A token that this process has to itself: NULL is none. */
struct ash_claim {
	struct ash_hsm *hsm;
	struct ash_token *token;
};

/*
 * Has the token to itself until ash_claim_done(): ASH_E_SESSION_EXISTS while there is a
 * session on it in this process or any other, ASH_E_FAILED while another thread or process
 * has it.
 * A session that this process opens meanwhile is counted, and finds the token another one.
 */
ASH_STATUS ash_presence_claim(struct ash_hsm *hsm, struct ash_token *token, struct ash_claim *ret_claim);
void ash_claim_done(struct ash_claim *claim);

static inline void ash_claim_auto(struct ash_claim *claim)
{
	ash_claim_done(claim);
}
