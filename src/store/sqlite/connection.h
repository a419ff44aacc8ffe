/*
 * One connection to the database with its prepared statements: set up as we want
 * it, errors in our words. Used by one thread at a time.
 *
 * While SQLite has the database open, nothing else in this process may open and
 * close store.db or store.db-shm: closing any descriptor of a file drops all of a
 * process's POSIX locks on it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "util/compat.h"
#include "util/span.h"
#include "util/status.h"

/* Every statement; its text is in connection.c. */
enum ash_sql {
	ASH_SQL_BEGIN_READ,
	ASH_SQL_BEGIN_WRITE,
	ASH_SQL_COMMIT,
	ASH_SQL_ROLLBACK,
	ASH_SQL_MARK,
	ASH_SQL_UNDO,
	ASH_SQL_FORGET_MARK,
	ASH_SQL_META,
	ASH_SQL_SET_META,
	ASH_SQL_GET,
	ASH_SQL_GET_TERMS,
	ASH_SQL_FIND,
	ASH_SQL_FIND_TERM,
	ASH_SQL_COUNT,
	ASH_SQL_COUNT_TERM,
	ASH_SQL_INSERT,
	ASH_SQL_UPDATE,
	ASH_SQL_DELETE,
	ASH_SQL_DELETE_ALL,
	ASH_SQL_ADD_TERM,
	ASH_SQL_DROP_TERM,
	ASH_SQL_DROP_TERMS,
	ASH_SQL_DROP_ALL_TERMS,
	ASH_SQL_PLACE,
	ASH_SQLS
};

enum ash_sqlite_mode {
	ASH_SQLITE_WRITE,
	ASH_SQLITE_READ,       /* in a store that we may write: clears the log away when it is closed last */
	ASH_SQLITE_READ_ONLY,  /* in one that we may not */
	ASH_SQLITE_READ_STILL, /* in one that nobody writes: no locks, no -shm file */
	ASH_SQLITE_READ_LEFT,  /* the same, with the log that a killed writer left */
};

struct ash_sqlite; /* store/sqlite/sqlite.c */

struct ash_connection {
	sqlite3 *db;
	const char *path; /* the store's */
	sqlite3_stmt *prepared[ASH_SQLS];
	struct ash_connection *next; /* the pool's */
	enum ash_sqlite_mode mode;
	int64_t format; /* of the store */
	int wal_pages;  /* in the log, as of the latest commit */
	int urgent_at;  /* as many are worth waiting for readers */
	bool open;      /* and checked */
	bool failed;    /* SQLite had an error: not to be used for more than the end of the transaction */

	/* The transaction that runs on it, if any. */
	struct ash_sqlite *store;
	uint64_t generation; /* write transactions: what it is built upon */
	uint64_t latest_id;
	bool marked;
	bool changed;
	bool spoilt; /* SQLite met damage: it takes no more changes in this transaction */
};

/*
 * Opens and checks the format: ASH_E_VERSION for a newer one, ASH_E_CORRUPT for
 * what is no store of ours, and as ash_connection_step. `path` outlives it.
 */
ASH_STATUS ash_connection_open(const char *path, enum ash_sqlite_mode mode,
			       struct ash_connection **ret_connection);

/* Accepts NULL and half-opened ones; returns NULL. */
struct ash_connection *ash_connection_close(struct ash_connection *connection);

/* The same, leaving all other work to whoever closes last: quick, for the moment before a fork. */
struct ash_connection *ash_connection_drop(struct ash_connection *connection);

/* Makes the tables of a new store in the empty file `path`, and leaves that one file behind. */
ASH_STATUS ash_connection_make(const char *path);

/* The statement, ready to be bound. Errors as ash_connection_step. */
ASH_STATUS ash_connection_statement(struct ash_connection *connection, enum ash_sql sql,
				    sqlite3_stmt **ret_statement);

/*
 * Runs it to its next row. ASH_E_IO, ASH_E_FULL, ASH_E_CORRUPT, ASH_E_MEMORY,
 * ASH_E_ACCESS, ASH_E_TOKEN_WRITE_PROTECTED, explained.
 */
ASH_STATUS ash_connection_step(struct ash_connection *connection, sqlite3_stmt *statement, bool *ret_row);

/* A statement without values and rows. */
ASH_STATUS ash_connection_run(struct ash_connection *connection, enum ash_sql sql);

/* Whether a transaction is open: some errors make SQLite end it by itself. */
bool ash_connection_in_transaction(const struct ash_connection *connection);

/* Copies what was committed back into the database, so that the log starts anew. Failing does no harm. */
void ash_connection_checkpoint(struct ash_connection *connection);

static inline void ash_statement_auto(sqlite3_stmt **statement)
{
	if (*statement == NULL)
		return;
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
}

/* ASH_STATEMENT *get = NULL; reset at scope end. */
#define ASH_STATEMENT __attribute__((cleanup(ash_statement_auto))) sqlite3_stmt

static inline void ash_connection_auto(struct ash_connection **connection)
{
	ash_connection_close(*connection);
}
