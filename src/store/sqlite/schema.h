/*
 * The tables of a store: how they are made, and whether they are as they were made.
 * One thread at a time for one database.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#define ASH_SQLITE_APPLICATION 0x4173686c /* "Ashl" */
#define ASH_SQLITE_FORMAT      2          /* the latest; 1 had no checksums, and its counters once */

/*
 * Begins a transaction in an empty database that makes the tables of this format, and
 * leaves it open for the first rows. SQLite's result.
 */
int ash_schema_make(sqlite3 *db, int64_t format);

/*
 * Whether the tables are those of the format, and where they have to be: an index that is
 * read where another lies finds nothing, in silence. SQLite's result.
 */
int ash_schema_check(sqlite3 *db, int64_t format, bool *ret_right);
