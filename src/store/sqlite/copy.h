/*
 * The whole database written once more: as a copy in another file, or in its own
 * place without free pages.
 */
#pragma once

#include "store/sqlite/connection.h"
#include "store/store.h"

/* As ash_txn_backup; `connection` is in a read transaction. */
ASH_STATUS ash_sqlite_backup(void *connection, const char *path);

/*
 * Compacts, and makes the indexes anew; `connection` is the writer's, in no transaction,
 * and the caller has the turn. Errors as ash_sqlite_rebuild.
 */
ASH_STATUS ash_sqlite_compact(struct ash_connection *connection, uint64_t *ret_before, uint64_t *ret_after);
