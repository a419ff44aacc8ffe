/*
 * Slots and tokens: which there are, and what is known of each. A slot's number
 * is given out once and stays; beyond the last token there is always one slot
 * with an uninitialised token.
 *
 * The hsm.h functions of §5.5 that take a slot are here too. Any thread.
 */
#pragma once

#include "token/hsm_priv.h"

/*
 * The token in a slot, brought up to date with the store. Lent for the HSM's life.
 * ASH_E_SLOT_ID; ASH_E_TOKEN_NOT_RECOGNIZED when the root key is missing.
 * An uninitialised one has era 0.
 */
ASH_STATUS ash_slot_token(struct ash_hsm *hsm, uint64_t slot, struct ash_token **ret_token);

/*
 * Brings a known token up to date. Costs one look at the store's generation when
 * nothing changed. ASH_E_DEVICE_REMOVED when it is gone.
 */
ASH_STATUS ash_slot_refresh(struct ash_hsm *hsm, struct ash_token *token);

/* Where the token's PIN records are; takes copies of what may change. */
struct ash_slot_pins {
	struct ash_pin_place place;
	struct ash_ring ring;
};
ASH_STATUS ash_slot_pins(struct ash_hsm *hsm, struct ash_token *token, struct ash_slot_pins *ret_pins);

static inline void ash_slot_pins_auto(struct ash_slot_pins *pins)
{
	ash_ring_done(&pins->ring);
}

/* Ends this login of a token and wipes its keys. False when it is over already. */
bool ash_slot_end_login(struct ash_hsm *hsm, struct ash_token *token, uint64_t login);

/* Frees what `tokens` leads to. */
void ash_slot_free_all(struct ash_token *tokens);
