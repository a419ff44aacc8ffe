/*
 * What SQLite's results are to us, and its things that end with their scope. Any thread,
 * a connection being one thread's at a time.
 */
#pragma once

#include <sqlite3.h>

#include "util/status.h"

/*
 * Our code for a result that is no success; `db`, where it was had, tells the system's errno,
 * and may be NULL. An error in a statement is damage, as ours are right: so is what breaks a
 * constraint, which is looked up before.
 */
enum ash_code ash_sqlite_code(sqlite3 *db, int result);

/* Want of memory has two results. */
bool ash_sqlite_no_memory(int result);

static inline void ash_sqlite_statement_auto(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}
#define ASH_SQLITE_STATEMENT __attribute__((cleanup(ash_sqlite_statement_auto))) sqlite3_stmt

static inline void ash_sqlite_database_auto(sqlite3 **db)
{
	sqlite3_close(*db);
}
#define ASH_SQLITE_DATABASE __attribute__((cleanup(ash_sqlite_database_auto))) sqlite3
