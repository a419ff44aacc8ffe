/*
 * The store: versioned records, found by number or by index term, changed in
 * transactions. It sees only sealed bytes and does not know what a record means.
 *
 * A record is named by (space, owner, id): `space` says which kind of record,
 * `owner` which token, `id` is given out by the store, never twice and never 0; a
 * space may number its records itself instead (1 to ASH_STORE_ID_MAX).
 * It has a version (1 at first, one more with each change) and any number of
 * index terms, byte strings by which it is found.
 *
 * Reading: a view is one consistent state, open no longer than one call. Writing:
 * ash_store_change() runs a function inside a transaction; when it returns
 * ASH_DONE the change is on disk. Writers of all processes queue; those of one
 * process that wait at the same moment share one commit, each keeping its own
 * fate: what one function refuses does not touch another's work.
 *
 * Any thread may call everything on one store. A view or transaction belongs to
 * the call that got it.
 */
#pragma once

#include "util/buf.h"
#include "util/compat.h"
#include "util/span.h"
#include "util/status.h"

#define ASH_STORE_TERM_MAX  64u        /* bytes of an index term */
#define ASH_STORE_TERMS_MAX 32u        /* terms of one record */
#define ASH_STORE_VALUE_MAX (1u << 24) /* bytes of a record's value */
#define ASH_STORE_ID_MAX    ((uint64_t)INT64_MAX)

/* How a process shows the others that it uses what an owner has. */
enum ash_hold {
	ASH_HOLD_NONE,
	ASH_HOLD_SHARED, /* as any number of others may */
	ASH_HOLD_ALONE,  /* as nobody else does */
};

struct ash_store_ops;
struct ash_store;
struct ash_txn;

struct ash_store_options {
	const char *path;  /* the folder. Not read by the memory back end */
	const char *group; /* "" or a group that shares the store */
	bool readonly;
	bool create; /* make what is missing; off: ASH_E_NOT_FOUND then, and nothing is touched */
};

/*
 * Opens; makes the store when there is none, `create` is on and `readonly` off. Refuses
 * network file systems, foreign owners, wider modes and symbolic links in the
 * last step, with an explanation of the fix: ASH_E_ACCESS. ASH_E_VERSION for a
 * newer format, ASH_E_CORRUPT, ASH_E_IO, ASH_E_MEMORY.
 */
ASH_STATUS ash_store_open(const struct ash_store_ops *ops, const struct ash_store_options *options,
			  struct ash_store **ret_store);

/* Closes every descriptor and mapping. No call may be under way. NULL is fine. Returns NULL. */
struct ash_store *ash_store_close(struct ash_store *store);

/* In a forked child: drops the parent's store without touching its files or locks. Returns NULL. */
struct ash_store *ash_store_abandon(struct ash_store *store);

/* Whether this process may write to it. */
bool ash_store_writable(const struct ash_store *store);

/*
 * A number that changes with every commit of any process. What was read after
 * asking for it is current as long as it stays the same. Usually no system call.
 * ASH_E_IO, ASH_E_CORRUPT.
 */
ASH_STATUS ash_store_generation(struct ash_store *store, uint64_t *ret_generation);

/*
 * Shows that this store's process uses an owner's records, in place of what it showed
 * before; it ends with the process, however that ends. Never waits: ASH_E_CONFLICT, and
 * nothing changed, while another process's hold excludes it. It keeps nobody from
 * reading or writing. One thread at a time for one owner. Numbers that no owner has are for
 * whatever else is to be shown (token/trial.c). ASH_E_IO, ASH_E_ARGUMENT.
 */
ASH_STATUS ash_store_hold(struct ash_store *store, uint64_t owner, enum ash_hold hold);

/* Whether another process shows a hold on the owner. ASH_E_IO, ASH_E_ARGUMENT. */
ASH_STATUS ash_store_held(struct ash_store *store, uint64_t owner, bool *ret_held);

/* A consistent state to read from. ASH_E_IO, ASH_E_CORRUPT, ASH_E_MEMORY. */
ASH_STATUS ash_store_view(struct ash_store *store, struct ash_txn **ret_view);
struct ash_txn *ash_txn_end(struct ash_txn *view);

/*
 * What runs inside a change. It may run on another thread of this process, while
 * other writers wait: short, no waiting, no lock but its own. Everything it did is
 * undone when it fails. It may run more than once.
 */
typedef struct ash_status ash_store_fn(struct ash_txn *txn, void *context);

/*
 * Runs `fn` and makes what it did durable. Returns what `fn` returned, or
 * ASH_E_IO, ASH_E_FULL, ASH_E_CORRUPT, ASH_E_MEMORY, ASH_E_TOKEN_WRITE_PROTECTED;
 * whatever is not ASH_DONE changed nothing.
 */
ASH_STATUS ash_store_change(struct ash_store *store, ash_store_fn *fn, void *context);

struct ash_record_name {
	uint32_t space;
	uint64_t owner;
	uint64_t id;
};

/*
 * Appends the record's value to `value` and sets its version. ASH_E_NOT_FOUND,
 * ASH_E_IO, ASH_E_CORRUPT, ASH_E_MEMORY. `value` may be NULL: only the version.
 */
ASH_STATUS ash_txn_get(struct ash_txn *txn, struct ash_record_name name, struct ash_buf *value,
		       uint64_t *ret_version);

/*
 * The next ids above `after`, rising, at most `cap`: of the records in (space,
 * owner) that have `term`, or of all of them when term.data is NULL. Fewer than
 * `cap` means that there are no more.
 */
ASH_STATUS ash_txn_find(struct ash_txn *txn, uint32_t space, uint64_t owner, struct ash_span term,
			uint64_t after, uint64_t *ids, size_t cap, size_t *ret_count);

/* How many ash_txn_find would find, counting no further than `limit`. */
ASH_STATUS ash_txn_count(struct ash_txn *txn, uint32_t space, uint64_t owner, struct ash_span term,
			 uint64_t limit, uint64_t *ret_count);

/* The rest is for changes only. */

/* A fresh id: never given out before, even to what was deleted since. */
ASH_STATUS ash_txn_new_id(struct ash_txn *txn, uint64_t *ret_id);

/*
 * Writes a record with exactly these terms. `if_version` is the version it has
 * now, 0 when there must be none; its next version is if_version + 1.
 * ASH_E_CONFLICT when it is not so, ASH_E_LIMIT past the limits above.
 */
ASH_STATUS ash_txn_put(struct ash_txn *txn, struct ash_record_name name, uint64_t if_version,
		       struct ash_span value, const struct ash_span *terms, size_t term_count);

/* A record that is not there yet. */
struct ash_new_record {
	struct ash_record_name name;
	struct ash_span value;
	const struct ash_span *terms;
	size_t term_count;
};

/*
 * Writes many new records, each as ash_txn_put with if_version 0 would: cheaper when
 * there are thousands. After any failure nothing of the change can be kept.
 */
ASH_STATUS ash_txn_put_new(struct ash_txn *txn, const struct ash_new_record *records, size_t count);

/* Deletes it and its terms. ASH_E_NOT_FOUND. */
ASH_STATUS ash_txn_delete(struct ash_txn *txn, struct ash_record_name name);

/* Deletes all of (space, owner). Nothing there is fine. */
ASH_STATUS ash_txn_delete_all(struct ash_txn *txn, uint32_t space, uint64_t owner);

/*
 * Looking after a whole store.
 */

enum ash_verdict {
	ASH_VERDICT_SOUND,
	ASH_VERDICT_DAMAGED,
	ASH_VERDICT_UNCHECKED, /* it could not be looked at, and why */
};

/* One finding of an inspection. Its texts are lent for the call. */
struct ash_finding {
	const char *part; /* "pages", "terms", ... */
	struct ash_record_name
		place; /* what it is about: 0 in space and owner, or id, where that means nothing */
	enum ash_verdict verdict;
	const char *text; /* what was found; NULL in the summary that ends each part: */
	uint64_t checked; /* how many of it were looked at, */
	uint64_t damaged; /* and how many are damaged */
};

typedef void ash_store_tell(void *context, const struct ash_finding *finding);

/* What the store counts. */
struct ash_store_facts {
	uint64_t generation, latest_id;
	uint64_t records, terms;
};

/* The next (space, owner) above `after`'s that has records, its id 0. ASH_E_NOT_FOUND when there is none. */
ASH_STATUS ash_txn_place(struct ash_txn *txn, struct ash_record_name after,
			 struct ash_record_name *ret_place);

/* Appends the record's set of terms, to be read with ash_terms_next (store/terms.h). Errors as ash_txn_get. */
ASH_STATUS ash_txn_terms(struct ash_txn *txn, struct ash_record_name name, struct ash_buf *terms);

/*
 * Looks at all that the view's store is made of, but not into records, and tells what it
 * finds. Damage is no failure of the inspection: ASH_E_MEMORY alone.
 */
ASH_STATUS ash_txn_inspect(struct ash_txn *view, ash_store_tell *tell, void *context,
			   struct ash_store_facts *ret_facts);

/*
 * Makes the file `path` (0600, in an existing folder) a copy of the view's store: there and
 * durable when it returns ASH_DONE, else not there. Others may write meanwhile. ASH_E_EXISTS,
 * ASH_E_UNSUPPORTED for a store that has no file; ASH_E_ACCESS, ASH_E_FULL, ASH_E_IO, ASH_E_CORRUPT.
 */
ASH_STATUS ash_txn_backup(struct ash_txn *view, const char *path);

/*
 * Writes the store anew from its records, without its free room and with sound indexes, and
 * gives its size in bytes before and after. Writers of all processes wait meanwhile. It needs
 * free space for two copies of the store, and a view that is open elsewhere may keep the file
 * from becoming smaller at once. ASH_E_CORRUPT when a record can't be read; errors as
 * ash_store_change.
 */
ASH_STATUS ash_store_compact(struct ash_store *store, uint64_t *ret_before, uint64_t *ret_after);

static inline void ash_store_auto(struct ash_store **store)
{
	ash_store_close(*store);
}

static inline void ash_txn_auto(struct ash_txn **txn)
{
	ash_txn_end(*txn);
}
