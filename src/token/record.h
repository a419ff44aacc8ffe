/*
 * Sealed records: how what the token knows becomes the bytes that the store keeps
 * (docs/protocol/records.md). Every record has a random key of its own, wrapped
 * under its ring's; where the record belongs (space, owner, id, version and the
 * token's incarnation) is bound to both, so that no record can be swapped, moved,
 * mixed or taken from the token's earlier life.
 *
 * Pure functions over a crypto set; any thread.
 */
#pragma once

#include "crypto/crypto.h"
#include "store/store.h"
#include "util/buf.h"
#include "util/secret.h"

/* The store's spaces. On disk: never renumber. */
enum ash_space {
	ASH_SPACE_META = 1,    /* owner 0: the store's own facts */
	ASH_SPACE_TOKEN = 2,   /* owner 0, id = slot + 1 */
	ASH_SPACE_PIN = 3,     /* owner = slot + 1 */
	ASH_SPACE_PUBLIC = 4,  /* owner = slot + 1: public objects */
	ASH_SPACE_PRIVATE = 5, /* owner = slot + 1: private objects */
	ASH_SPACE_LEDGER = 6,  /* owner = slot + 1, id = the space: token/ledger.h */
};

#define ASH_ROOT_KEY_LEN    32u
#define ASH_TOKEN_KEY_LEN   32u
#define ASH_INCARNATION_LEN 16u
#define ASH_TERM_LEN        16u

/* One life of a token: made anew by each C_InitToken. */
struct ash_incarnation {
	uint8_t bytes[ASH_INCARNATION_LEN];
};

/* The keys for one kind of record. */
struct ash_ring {
	struct ash_secret *wrap;   /* wraps the records' own keys */
	struct ash_secret *index;  /* makes index terms */
	struct ash_secret *ledger; /* authenticates which records there are */
	/* The wrap key made ready by ash_ring_warm(); NULL: it is made ready for each record. */
	struct ash_operation *unwrap;
};

#define ASH_RING_NONE ((struct ash_ring){ NULL, NULL, NULL, NULL })

/* Derives a ring from the root or a token key; `label` says which kind. */
ASH_STATUS ash_ring_derive(struct ash_crypto *crypto, struct ash_span key, const char *label,
			   const struct ash_incarnation *incarnation, struct ash_ring *ret_ring);
ASH_STATUS ash_ring_copy(const struct ash_ring *ring, struct ash_ring *ret_copy);
void ash_ring_done(struct ash_ring *ring);

/* Makes reading many records quicker; from then on the ring is for one thread at a time. Its copies are cold. */
ASH_STATUS ash_ring_warm(struct ash_crypto *crypto, struct ash_ring *ring);

/* Appends the sealed form of `plain`, the `version` that it will have. ASH_E_MEMORY, ASH_E_FAILED. */
ASH_STATUS ash_record_seal(struct ash_crypto *crypto, const struct ash_ring *ring,
			   struct ash_record_name name, const struct ash_incarnation *incarnation,
			   uint64_t version, struct ash_span plain, struct ash_buf *out);

/* Appends the plain bytes to a secret buffer. ASH_E_CORRUPT for anything but what was sealed there. */
ASH_STATUS ash_record_open(struct ash_crypto *crypto, const struct ash_ring *ring,
			   struct ash_record_name name, const struct ash_incarnation *incarnation,
			   uint64_t version, struct ash_span sealed, struct ash_buf *out);

/* Reads a record and opens it. ASH_E_NOT_FOUND besides; ASH_E_IO when it is the store itself that is damaged. */
ASH_STATUS ash_record_read(struct ash_txn *txn, struct ash_crypto *crypto, const struct ash_ring *ring,
			   struct ash_record_name name, const struct ash_incarnation *incarnation,
			   struct ash_buf *out, uint64_t *ret_version);

/* Seals and writes a record that has `if_version` now (0: none), and enters it in its space's ledger. */
ASH_STATUS ash_record_write(struct ash_txn *txn, struct ash_crypto *crypto, const struct ash_ring *ring,
			    struct ash_record_name name, const struct ash_incarnation *incarnation,
			    uint64_t if_version, struct ash_span plain, const struct ash_span *terms,
			    size_t term_count);

/* Deletes a record, from its space's ledger as well. ASH_E_NOT_FOUND. */
ASH_STATUS ash_record_delete(struct ash_txn *txn, struct ash_crypto *crypto, const struct ash_ring *ring,
			     struct ash_record_name name, const struct ash_incarnation *incarnation);

/* Deletes all that a token owns, its ledgers too. */
ASH_STATUS ash_record_delete_owned(struct ash_txn *txn, uint64_t owner);

/*
 * Seals and writes many new records of one space and owner. `value` of each is its plain
 * bytes before, and nothing afterwards.
 */
ASH_STATUS ash_record_write_new(struct ash_txn *txn, struct ash_crypto *crypto, const struct ash_ring *ring,
				const struct ash_incarnation *incarnation, struct ash_new_record *records,
				size_t count);

/*
 * Whether the token that owns records still is the one whose record had this version:
 * a token that was initialised anew takes nothing from before. ASH_E_DEVICE_REMOVED.
 */
ASH_STATUS ash_record_same_life(struct ash_txn *txn, uint64_t owner, uint64_t token_version);

/* The index term of an attribute's value: a keyed hash that says nothing without the ring. */
ASH_STATUS ash_record_term(struct ash_crypto *crypto, const struct ash_ring *ring, uint64_t type,
			   struct ash_span value, uint8_t ret_term[ASH_TERM_LEN]);

static inline void ash_ring_auto(struct ash_ring *ring)
{
	ash_ring_done(ring);
}
