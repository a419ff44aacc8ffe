/*
 * Making a store's database anew from its records: without free room, and with indexes
 * that are right whatever they were before.
 */
#pragma once

#include "store/sqlite/connection.h"

/*
 * Puts a fresh copy of all records, with indexes made of them, in the place of what is
 * there, durably, in one commit. For a connection for writing with no transaction open,
 * whose caller has the turn; to be closed afterwards, as wrong checksums are overlooked
 * on it. Needs room for another copy twice, in SQLite's folder for temporary files and in
 * the log. ASH_E_CORRUPT when a record can't be read or is there twice; ASH_E_FULL,
 * ASH_E_IO, ASH_E_MEMORY; nothing is changed then.
 */
ASH_STATUS ash_sqlite_rebuild(struct ash_connection *connection);
