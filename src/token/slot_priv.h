/* The inside of slots: token records, and a token's birth (what C_InitToken writes). */
#pragma once

#include "token/slot.h"

#define ASH_TOKEN_FORMAT   2u /* 1 had no ledgers */
#define ASH_NEXT_SLOT_NAME ((struct ash_record_name){ ASH_SPACE_META, 0, 2 })

/* What stands for the incarnation where a record is not of one. */
extern const struct ash_incarnation ash_no_incarnation;

struct ash_record_name ash_slot_record_name(uint64_t slot);

/* The slot that the next new token gets: one past all that ever were; and that record's version. */
ASH_STATUS ash_slot_next(struct ash_txn *txn, uint64_t *ret_slot, uint64_t *ret_version);

/* The version of the token's record, as far as this process knows; 0: it is not initialised. */
uint64_t ash_slot_version(struct ash_token *token);

/* Makes sure that the root key is at hand; `make`: the store is about to have its first token. */
ASH_STATUS ash_slot_need_root(struct ash_hsm *hsm, struct ash_store *store, bool make);

/*
 * The token in a slot, whatever its records are like and wherever the root key is, and the
 * version of its record. ASH_E_SLOT_ID; ASH_E_TOKEN_NOT_RECOGNIZED when it is not initialised.
 */
ASH_STATUS ash_slot_unread(struct ash_hsm *hsm, uint64_t slot, struct ash_token **ret_token,
			   uint64_t *ret_version);

/*
 * Deletes the token whose record has `if_version` with all that it owns, in one change.
 * ASH_E_DEVICE_REMOVED when it was initialised anew or deleted meanwhile.
 */
ASH_STATUS ash_slot_delete(struct ash_hsm *hsm, struct ash_token *token, uint64_t if_version);

/* Wipes what a login gave. The token's lock is held. */
void ash_slot_wipe_login(struct ash_token *token);

/* What a token record says. */
struct ash_token_facts {
	uint8_t format;
	struct ash_incarnation incarnation;
	char serial[ASH_SERIAL_LEN];
	char label[ASH_LABEL_LEN];
};

/* Reads it. ASH_E_VERSION, ASH_E_FORMAT. */
ASH_STATUS ash_slot_decode(struct ash_span bytes, struct ash_token_facts *ret_facts);

struct ash_birth {
	struct ash_token_facts facts;
	uint64_t if_version; /* of the token record that is replaced; 0: a new token */
	struct ash_ring pin_ring, public_ring, private_ring;
	struct ash_pin_place place;
	struct ash_pin_record *so_pin;
};

#define ASH_BIRTH_NONE ((struct ash_birth){ .if_version = 0 })

/*
 * A new incarnation with its SO PIN, in place of the token whose record has `if_version`
 * (0: a new token). The root key is made if the store has none.
 */
ASH_STATUS ash_slot_prepare_birth(struct ash_hsm *hsm, struct ash_token *token,
				  const struct ash_pin_policy *policy, struct ash_span so_pin,
				  const char label[ASH_LABEL_LEN], uint64_t if_version,
				  struct ash_birth *ret_birth);

/*
 * Writes it, in place of all that the token was. ASH_E_FAILED when somebody else took
 * the free slot, or initialised the token, meanwhile.
 */
ASH_STATUS ash_slot_give_birth(struct ash_hsm *hsm, struct ash_token *token, struct ash_birth *birth);

static inline void ash_birth_auto(struct ash_birth *birth)
{
	ash_ring_done(&birth->pin_ring);
	ash_ring_done(&birth->public_ring);
	ash_ring_done(&birth->private_ring);
	ash_pin_record_free(birth->so_pin);
}
