/*
 * Looking at a whole database: SQLite's own structure, the sums of its pages, the
 * counters, and whether records and their terms agree. What is in records it can't
 * know. `connection` is in a read transaction.
 *
 * A damaged database may make SQLite read a lot, but that is all: it is opened as one
 * that nobody trusts (store/sqlite/connection.h).
 */
#pragma once

#include "store/sqlite/connection.h"
#include "store/store.h"

/* As ash_txn_inspect. */
ASH_STATUS ash_sqlite_inspect(void *connection, ash_store_tell *tell, void *context,
			      struct ash_store_facts *ret_facts);
