/*
 * PIN records: what proves an officer or a user, and what a PIN opens.
 *
 * A record holds the token key sealed under HKDF(root key, Argon2id(PIN, salt)),
 * so any PIN of the token opens the same key, and how many tries are left. A try
 * is counted on disk before the PIN is looked at; only a right PIN gives it back.
 * Records are found by user type and name, so that named users can come.
 *
 * Any thread; the calls take their own transactions.
 */
#pragma once

#include "token/record.h"
#include "token/trial.h"
#include "token/types.h"

#define ASH_PIN_MAX 255u

/* Where a token's PIN records are and what seals them. Lent for the call. */
struct ash_pin_place {
	struct ash_crypto *crypto;
	struct ash_store *store;
	struct ash_trials *trials;
	const struct ash_ring *ring; /* the token's PIN ring, from the root key */
	struct ash_span root_key;
	struct ash_incarnation incarnation;
	uint64_t owner;
	uint64_t
		life; /* the version of the token's record; what follows is ASH_E_DEVICE_REMOVED when it has another */
};

/* How new PINs are hashed, and how many tries they have. */
struct ash_pin_policy {
	uint64_t pin_min;
	uint32_t memory_kib, passes;
	uint64_t tries;
};

/* What is known of a PIN without the PIN. */
struct ash_pin_state {
	uint64_t tries_left, tries_max;
	bool locked; /* none are left, and nobody is being looked at who might give them back */
};

/* ASH_E_PIN_LEN, or ASH_E_PIN_INVALID when it is not UTF-8. */
ASH_STATUS ash_pin_check_form(struct ash_span pin, uint64_t pin_min);

/* ASH_E_NOT_FOUND when that user has no PIN yet. */
ASH_STATUS ash_pin_state(const struct ash_pin_place *place, uint64_t user_type,
			 struct ash_pin_state *ret_state);

/*
 * Checks a PIN, counting the try first: ASH_E_PIN_INCORRECT, ASH_E_PIN_LOCKED when no
 * tries are left (also by this one), ASH_E_PIN_NOT_INITIALIZED. On success gives the
 * token key and the tries are back. A PIN that could not be looked at (ASH_E_MEMORY)
 * gets its try back. While others have all tries it waits for them, and gives up after
 * half a minute: ASH_E_FAILED. On a store that can't be written no try can be counted, and
 * none is. ASH_E_IO.
 */
ASH_STATUS ash_pin_check(const struct ash_pin_place *place, uint64_t user_type, struct ash_span pin,
			 struct ash_secret **ret_token_key);

/*
 * The same, and what a right PIN is known by as long as its login lasts: an HMAC of the
 * PIN and its salt, under a key of its own. No trace of the PIN, and of no use to another
 * process.
 */
ASH_STATUS ash_pin_check_and_remember(const struct ash_pin_place *place, uint64_t user_type,
				      struct ash_span pin, struct ash_secret **ret_token_key,
				      struct ash_secret **ret_memory);

/*
 * Whether it is the PIN that is remembered, and still the user's: without the slow hash
 * and without counting a try. What is not, and all while tries are missing, is
 * ash_pin_check()'s to decide.
 */
ASH_STATUS ash_pin_recall(const struct ash_pin_place *place, uint64_t user_type, struct ash_span pin,
			  const struct ash_secret *memory, bool *ret_same);

/*
 * The answer to a user that there is not, after as much hashing as a wrong PIN under this
 * policy takes: ASH_E_PIN_INCORRECT. No try is counted: nobody's.
 */
ASH_STATUS ash_pin_check_nobody(const struct ash_pin_place *place, const struct ash_pin_policy *policy,
				struct ash_span pin);

/* A new PIN with all its tries, prepared outside of any transaction (the hash takes a while). */
struct ash_pin_record;
ASH_STATUS ash_pin_prepare(const struct ash_pin_place *place, const struct ash_pin_policy *policy,
			   uint64_t user_type, struct ash_span pin, struct ash_span token_key,
			   struct ash_pin_record **ret_record);
struct ash_pin_record *ash_pin_record_free(struct ash_pin_record *record);

/* Writes it inside a change, in place of the user's older one. Does not look at the life. */
ASH_STATUS ash_pin_write(struct ash_txn *txn, const struct ash_pin_place *place,
			 const struct ash_pin_record *record);

/* Writes it in a change of its own. */
ASH_STATUS ash_pin_set(const struct ash_pin_place *place, const struct ash_pin_record *record);

/*
 * Opens one PIN record of the place by its name: whose it is, and the index term that it has
 * to have. Errors as ash_record_read, ASH_E_VERSION.
 */
ASH_STATUS ash_pin_look(struct ash_txn *txn, const struct ash_pin_place *place, struct ash_record_name name,
			uint64_t *ret_user_type, uint8_t ret_term[ASH_TERM_LEN]);

static inline void ash_pin_record_auto(struct ash_pin_record **record)
{
	ash_pin_record_free(*record);
}
