#include "store/sqlite/rebuild.h"

#include "store/sqlite/checksum.h"
#include "store/sqlite/result.h"
#include "store/sqlite/schema.h"
#include "store/terms.h"

/* The copy is made in memory up to here, in KiB, and in a file without a name above. */
#define SETTINGS                   \
	"PRAGMA journal_mode=OFF;" \
	"PRAGMA synchronous=OFF;"  \
	"PRAGMA cache_size=-65536;"

static struct ash_status failed(struct ash_connection *connection, sqlite3 *db, int result)
{
	connection->failed = true;
	ASH_FAIL_WITH(ash_sqlite_code(db, result), "%s can't be made anew: %s (SQLite %d)", connection->path,
		      sqlite3_errmsg(db), result);
}

static struct ash_status execute(struct ash_connection *connection, sqlite3 *db, const char *sql)
{
	const int result = sqlite3_exec(db, sql, NULL, NULL, NULL);

	return result == SQLITE_OK ? ASH_DONE : failed(connection, db, result);
}

static struct ash_status prepare(struct ash_connection *connection, sqlite3 *db, const char *sql,
				 sqlite3_stmt **ret_statement)
{
	const int result = sqlite3_prepare_v2(db, sql, -1, ret_statement, NULL);

	return result == SQLITE_OK ? ASH_DONE : failed(connection, db, result);
}

/* An empty store in a file without a name. */
static struct ash_status make_fresh(struct ash_connection *connection, sqlite3 **ret_fresh)
{
	ASH_SQLITE_DATABASE *fresh = NULL;
	int result = sqlite3_open_v2("", &fresh, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (result != SQLITE_OK)
		return failed(connection, fresh, result);
	if (connection->format > 1)
		ASH_TRY(ash_checksum_reserve(fresh));
	ASH_TRY(execute(connection, fresh, SETTINGS));
	result = ash_schema_make(fresh, connection->format);
	if (result != SQLITE_OK)
		return failed(connection, fresh, result);
	*ret_fresh = fresh;
	fresh = NULL;
	return ASH_DONE;
}

/* Copies the columns of the row under `from` into `to`, and runs it. */
static struct ash_status put_row(struct ash_connection *connection, sqlite3_stmt *from, sqlite3_stmt *to)
{
	int result = SQLITE_OK;

	for (int i = 0; i < sqlite3_column_count(from) && result == SQLITE_OK; i++)
		result = sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
	if (result == SQLITE_OK)
		(void)sqlite3_step(to);
	result = sqlite3_reset(to);
	return result == SQLITE_OK ? ASH_DONE : failed(connection, sqlite3_db_handle(to), result);
}

/* space, owner, id and terms are columns 1, 2, 3 and 5. */
static struct ash_status put_terms(struct ash_connection *connection, sqlite3_stmt *from, sqlite3_stmt *to)
{
	struct ash_reader set =
		ash_reader(ash_span(sqlite3_column_blob(from, 5), (size_t)sqlite3_column_bytes(from, 5)));
	struct ash_span term = ASH_SPAN_NONE;

	while (ash_terms_next(&set, &term)) {
		int result = SQLITE_OK;

		for (int i = 0; i < 3 && result == SQLITE_OK; i++)
			result = sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i + 1));
		if (result == SQLITE_OK)
			result = sqlite3_bind_blob64(to, 4, term.data, term.len, SQLITE_STATIC);
		if (result == SQLITE_OK)
			(void)sqlite3_step(to);
		result = sqlite3_reset(to);
		if (result != SQLITE_OK)
			return failed(connection, sqlite3_db_handle(to), result);
	}
	if (!ash_is_ok(ash_reader_end(&set)))
		ASH_FAIL_WITH(ASH_E_CORRUPT, "%s can't be made anew: the terms of a record are damaged",
			      connection->path);
	return ASH_DONE;
}

static struct ash_status copy_table(struct ash_connection *connection, sqlite3 *fresh, const char *read,
				    const char *write, bool with_terms)
{
	ASH_SQLITE_STATEMENT *from = NULL, *to = NULL, *to_terms = NULL;
	int result = SQLITE_OK;

	ASH_TRY(prepare(connection, connection->db, read, &from));
	ASH_TRY(prepare(connection, fresh, write, &to));
	ASH_TRY(prepare(connection, fresh, "INSERT INTO term(space, owner, id, term) VALUES(?1, ?2, ?3, ?4)",
			&to_terms));
	while ((result = sqlite3_step(from)) == SQLITE_ROW) {
		ASH_TRY(put_row(connection, from, to));
		if (with_terms)
			ASH_TRY(put_terms(connection, from, to_terms));
	}
	return result == SQLITE_DONE ? ASH_DONE : failed(connection, connection->db, result);
}

/* The tables alone are read: the indexes may be damaged. */
static struct ash_status copy_tables(struct ash_connection *connection, sqlite3 *fresh)
{
	ASH_TRY(copy_table(connection, fresh, "SELECT * FROM meta", "INSERT INTO meta VALUES(?1, ?2, ?3)",
			   false));
	return copy_table(connection, fresh,
			  "SELECT row, space, owner, id, version, terms, value FROM record NOT INDEXED",
			  "INSERT INTO record(row, space, owner, id, version, terms, value)"
			  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
			  true);
}

static struct ash_status put_in_place(struct ash_connection *connection, sqlite3 *fresh)
{
	sqlite3_backup *backup = sqlite3_backup_init(connection->db, "main", fresh, "main");
	int result = SQLITE_OK;

	if (backup == NULL)
		return failed(connection, connection->db, sqlite3_errcode(connection->db));
	(void)sqlite3_backup_step(backup, -1);
	result = sqlite3_backup_finish(backup);
	return result == SQLITE_OK ? ASH_DONE : failed(connection, connection->db, result);
}

struct ash_status ash_sqlite_rebuild(struct ash_connection *connection)
{
	ASH_SQLITE_DATABASE *fresh = NULL;

	connection->failed = true; /* not for others: it overlooks what they must not */
	ash_checksum_overlook(connection->db);
	ASH_TRY(make_fresh(connection, &fresh));
	ASH_TRY(copy_tables(connection, fresh));
	ASH_TRY(execute(connection, fresh, "COMMIT"));
	return put_in_place(connection, fresh);
}
