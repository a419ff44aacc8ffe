#include "store/sqlite/schema.h"

#include <string.h>

#include "util/compat.h"

/* In the order in which they are made. */
static const struct {
	const char *name, *sql;
	const char *sql_1; /* as format 1 had it, where that is different */
	int root;          /* its first page */
} tables[] = {
	{ "meta",
	  "CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one IN (1, 2)), generation INTEGER NOT NULL,"
	  " latest_id INTEGER NOT NULL) STRICT",
	  "CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one = 1), generation INTEGER NOT NULL,"
	  " latest_id INTEGER NOT NULL) STRICT",
	  2 },
	{ "record",
	  "CREATE TABLE record(row INTEGER PRIMARY KEY, space INTEGER NOT NULL, owner INTEGER NOT NULL,"
	  " id INTEGER NOT NULL, version INTEGER NOT NULL, terms BLOB NOT NULL, value BLOB NOT NULL) STRICT",
	  NULL, 3 },
	{ "record_name", "CREATE UNIQUE INDEX record_name ON record(space, owner, id)", NULL, 4 },
	{ "term",
	  "CREATE TABLE term(space INTEGER NOT NULL, owner INTEGER NOT NULL, term BLOB NOT NULL,"
	  " id INTEGER NOT NULL, PRIMARY KEY(space, owner, term, id)) STRICT, WITHOUT ROWID",
	  NULL, 5 },
};

static const char *text_of(size_t i, int64_t format)
{
	return format == 1 && tables[i].sql_1 != NULL ? tables[i].sql_1 : tables[i].sql;
}

int ash_schema_make(sqlite3 *db, int64_t format)
{
	char begin[200];
	int result = SQLITE_OK;

	sqlite3_snprintf(sizeof(begin), begin,
			 "PRAGMA page_size=4096; PRAGMA auto_vacuum=NONE; BEGIN IMMEDIATE;"
			 "PRAGMA application_id=%d; PRAGMA user_version=%d",
			 ASH_SQLITE_APPLICATION, (int)format);
	result = sqlite3_exec(db, begin, NULL, NULL, NULL);
	for (size_t i = 0; i < ASH_COUNT(tables) && result == SQLITE_OK; i++)
		result = sqlite3_exec(db, text_of(i, format), NULL, NULL, NULL);
	return result;
}

static bool is_as_made(sqlite3_stmt *row, size_t i, int64_t format)
{
	const char *name = (const char *)sqlite3_column_text(row, 0);
	const char *sql = (const char *)sqlite3_column_text(row, 1);

	return i < ASH_COUNT(tables) && name != NULL && sql != NULL && strcmp(name, tables[i].name) == 0 &&
	       strcmp(sql, text_of(i, format)) == 0 && sqlite3_column_int(row, 2) == tables[i].root;
}

int ash_schema_check(sqlite3 *db, int64_t format, bool *ret_right)
{
	sqlite3_stmt *rows = NULL;
	bool right = true;
	size_t count = 0;
	int result = sqlite3_prepare_v2(db, "SELECT name, sql, rootpage FROM sqlite_master ORDER BY rootpage",
					-1, &rows, NULL);

	if (result != SQLITE_OK)
		return result;
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		right = is_as_made(rows, count++, format) && right;
		if (sqlite3_errcode(db) == SQLITE_NOMEM)
			break; /* a text is NULL then, too */
	}
	sqlite3_finalize(rows);
	if (result == SQLITE_ROW)
		return SQLITE_NOMEM;
	*ret_right = right && count == ASH_COUNT(tables);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}
