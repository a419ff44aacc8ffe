/*
 * Ledgers: what tells that a whole record is missing, or an older one back in its
 * place. A record's seal says that it once was right; a ledger says which version of
 * each record is right now: for each space of a token's (PINs, public and private
 * objects) how many records there are, and the sum of a keyed hash of each one's
 * name and version, under a MAC (docs/protocol/records.md).
 *
 * It changes in the transaction in which its records do, at a cost that does not grow
 * with their number; to hold it against them takes reading all their versions, which
 * `ashlar store check` does. An older copy of the whole store agrees with itself, and
 * so does one of a whole space with its ledger.
 *
 * A ledger that is damaged stays so and stops nobody. Tokens of format 1 have none.
 *
 * Pure functions over a transaction; any thread.
 */
#pragma once

#include "token/record.h"

enum ash_ledger_state {
	ASH_LEDGER_RIGHT,
	ASH_LEDGER_MISSING,
	ASH_LEDGER_DAMAGED, /* it is not what was written here */
	ASH_LEDGER_DIFFERS, /* records are missing, too many, or not of their latest version */
};

/* Begins one for a space that is empty, in place of any before. */
ASH_STATUS ash_ledger_start(struct ash_txn *txn, struct ash_crypto *crypto, const struct ash_ring *ring,
			    enum ash_space space, uint64_t owner, const struct ash_incarnation *incarnation);

/*
 * Enters that a record's version `before` gave way to `after`; 0: there is none. Nothing
 * happens where there is no sound ledger. Errors of the store, ASH_E_MEMORY.
 */
ASH_STATUS ash_ledger_enter(struct ash_txn *txn, struct ash_crypto *crypto, const struct ash_ring *ring,
			    struct ash_record_name name, const struct ash_incarnation *incarnation,
			    uint64_t before, uint64_t after);

/* The same for many new records of one space and owner, each in version 1. */
ASH_STATUS ash_ledger_enter_new(struct ash_txn *txn, struct ash_crypto *crypto, const struct ash_ring *ring,
				const struct ash_new_record *records, size_t count,
				const struct ash_incarnation *incarnation);

/* Deletes it, if there is one. */
ASH_STATUS ash_ledger_drop(struct ash_txn *txn, uint32_t space, uint64_t owner);

/* Holds it against all records of the space. Errors of the store, ASH_E_MEMORY. */
ASH_STATUS ash_ledger_check(struct ash_txn *txn, struct ash_crypto *crypto, const struct ash_ring *ring,
			    enum ash_space space, uint64_t owner, const struct ash_incarnation *incarnation,
			    enum ash_ledger_state *ret_state);
