/*
 * The table that every store back end fills; store/store.c alone calls it. The
 * queue of this process's writers is not theirs: store/store.c never asks for two
 * write transactions of one store at the same time.
 */
#pragma once

#include "store/store.h"

#define ASH_STORE_ABI 1u

struct ash_store_ops {
	uint32_t abi;     /* ASH_STORE_ABI */
	const char *name; /* as written in `store.backend` */

	struct ash_status (*open)(const struct ash_store_options *options, void **ret_store);
	void *(*close)(void *store);   /* accepts NULL, returns NULL */
	void *(*abandon)(void *store); /* in a forked child; accepts NULL, returns NULL */

	bool (*writable)(void *store);
	struct ash_status (*generation)(void *store, uint64_t *ret_generation);

	/* As ash_store_hold and ash_store_held. */
	struct ash_status (*hold)(void *store, uint64_t owner, enum ash_hold hold);
	struct ash_status (*held)(void *store, uint64_t owner, bool *ret_held);

	/* One consistent state; several threads at once. */
	struct ash_status (*read_begin)(void *store, void **ret_txn);

	/* Waits, fairly, until no other process writes. */
	struct ash_status (*write_begin)(void *store, void **ret_txn);

	/* A point in a write transaction, and back to it: marks do not nest. */
	struct ash_status (*mark)(void *txn);
	struct ash_status (*undo)(void *txn);

	/* Makes a write transaction durable and ends it, whatever it returns. */
	struct ash_status (*commit)(void *txn);

	/* Ends a read transaction, or a write transaction undone as a whole. */
	void (*end)(void *txn);

	/* As the functions of the same names in store/store.h. */
	struct ash_status (*get)(void *txn, struct ash_record_name name, struct ash_buf *value,
				 uint64_t *ret_version);
	struct ash_status (*find)(void *txn, uint32_t space, uint64_t owner, struct ash_span term,
				  uint64_t after, uint64_t *ids, size_t cap, size_t *ret_count);
	struct ash_status (*count)(void *txn, uint32_t space, uint64_t owner, struct ash_span term,
				   uint64_t limit, uint64_t *ret_count);
	struct ash_status (*new_id)(void *txn, uint64_t *ret_id);
	struct ash_status (*put)(void *txn, struct ash_record_name name, uint64_t if_version,
				 struct ash_span value, const struct ash_span *terms, size_t term_count);
	struct ash_status (*put_new)(void *txn, const struct ash_new_record *records,
				     size_t count); /* NULL: put does it */
	struct ash_status (*delete)(void *txn, struct ash_record_name name);
	struct ash_status (*delete_all)(void *txn, uint32_t space, uint64_t owner);

	/* The same of read transactions. */
	struct ash_status (*place)(void *txn, struct ash_record_name after,
				   struct ash_record_name *ret_place);
	struct ash_status (*terms)(void *txn, struct ash_record_name name, struct ash_buf *terms);
	struct ash_status (*inspect)(void *txn, ash_store_tell *tell, void *context,
				     struct ash_store_facts *ret_facts);
	struct ash_status (*backup)(void *txn, const char *path);

	/* As ash_store_compact. Nobody in this process writes meanwhile; it waits for the others. */
	struct ash_status (*compact)(void *store, uint64_t *ret_before, uint64_t *ret_after);
};
