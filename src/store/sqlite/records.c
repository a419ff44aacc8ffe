#include "store/sqlite/records.h"

#include <stdlib.h>
#include <string.h>

#include "store/terms.h"
#include "util/mem.h"

/* Binding fails for want of memory alone; then the statement would run with a NULL. */
static struct ash_status bind_number(sqlite3_stmt *statement, int at, uint64_t value)
{
	/* SQLite's integers are signed; for owners any one-to-one mapping will do, the rest are small. */
	ASH_ENSURE(sqlite3_bind_int64(statement, at, (sqlite3_int64)value) == SQLITE_OK, ASH_E_MEMORY);
	return ASH_DONE;
}

static struct ash_status bind_bytes(sqlite3_stmt *statement, int at, struct ash_span bytes)
{
	const void *data = bytes.len != 0 ? (const void *)bytes.data : "";

	ASH_ENSURE(sqlite3_bind_blob64(statement, at, data, bytes.len, SQLITE_STATIC) == SQLITE_OK,
		   ASH_E_MEMORY);
	return ASH_DONE;
}

/* The statement, bound to space and owner. */
static struct ash_status at_place(struct ash_connection *connection, enum ash_sql sql, uint32_t space,
				  uint64_t owner, sqlite3_stmt **ret_statement)
{
	ASH_TRY(ash_connection_statement(connection, sql, ret_statement));
	ASH_TRY(bind_number(*ret_statement, 1, space));
	return bind_number(*ret_statement, 2, owner);
}

static struct ash_status at_record(struct ash_connection *connection, enum ash_sql sql,
				   struct ash_record_name name, sqlite3_stmt **ret_statement)
{
	ASH_TRY(at_place(connection, sql, name.space, name.owner, ret_statement));
	return bind_number(*ret_statement, 3, name.id);
}

/* Runs a statement that gives no rows. */
static struct ash_status run(struct ash_connection *connection, sqlite3_stmt *statement)
{
	bool row = false;

	ASH_TRY(ash_connection_step(connection, statement, &row));
	ASH_ENSURE(!row, ASH_E_CORRUPT);
	return ASH_DONE;
}

/* Lent until the statement is reset. */
static struct ash_status column_bytes(sqlite3_stmt *statement, int at, struct ash_span *ret_bytes)
{
	const void *data = sqlite3_column_blob(statement, at);
	int len = sqlite3_column_bytes(statement, at);

	/* NULL is what SQLite says for no bytes, and for want of memory to read them. */
	ASH_ENSURE(data != NULL ||
			   (len == 0 && sqlite3_errcode(sqlite3_db_handle(statement)) != SQLITE_NOMEM),
		   ASH_E_MEMORY);
	*ret_bytes = ash_span(data, (size_t)len);
	return ASH_DONE;
}

static struct ash_status column_version(sqlite3_stmt *statement, uint64_t *ret_version)
{
	sqlite3_int64 version = sqlite3_column_int64(statement, 0);

	ASH_ENSURE(version > 0, ASH_E_CORRUPT);
	*ret_version = (uint64_t)version;
	return ASH_DONE;
}

struct ash_status ash_sqlite_get(void *given, struct ash_record_name name, struct ash_buf *value,
				 uint64_t *ret_version)
{
	struct ash_connection *connection = given;
	ASH_STATEMENT *get = NULL;
	struct ash_span bytes = ASH_SPAN_NONE;
	uint64_t version = 0;
	bool row = false;

	ASH_TRY(at_record(connection, ASH_SQL_GET, name, &get));
	ASH_TRY(ash_connection_step(connection, get, &row));
	ASH_ENSURE(row, ASH_E_NOT_FOUND);
	ASH_TRY(column_version(get, &version));
	if (value != NULL) {
		ASH_TRY(column_bytes(get, 1, &bytes));
		ASH_TRY(ash_buf_add(value, bytes));
	}
	*ret_version = version;
	return ASH_DONE;
}

struct ash_status ash_sqlite_find(void *given, uint32_t space, uint64_t owner, struct ash_span term,
				  uint64_t after, uint64_t *ids, size_t cap, size_t *ret_count)
{
	struct ash_connection *connection = given;
	ASH_STATEMENT *find = NULL;
	size_t count = 0;
	bool row = false;

	ASH_TRY(at_place(connection, term.data != NULL ? ASH_SQL_FIND_TERM : ASH_SQL_FIND, space, owner,
			 &find));
	ASH_TRY(bind_number(find, 3, after));
	ASH_TRY(bind_number(find, 4, cap < INT64_MAX ? cap : INT64_MAX));
	if (term.data != NULL)
		ASH_TRY(bind_bytes(find, 5, term));
	while (true) {
		ASH_TRY(ash_connection_step(connection, find, &row));
		if (!row || count == cap)
			break;
		ids[count++] = (uint64_t)sqlite3_column_int64(find, 0);
	}
	*ret_count = count;
	return ASH_DONE;
}

struct ash_status ash_sqlite_count(void *given, uint32_t space, uint64_t owner, struct ash_span term,
				   uint64_t limit, uint64_t *ret_count)
{
	struct ash_connection *connection = given;
	ASH_STATEMENT *count = NULL;
	bool row = false;

	ASH_TRY(at_place(connection, term.data != NULL ? ASH_SQL_COUNT_TERM : ASH_SQL_COUNT, space, owner,
			 &count));
	ASH_TRY(bind_number(count, 3, limit));
	if (term.data != NULL)
		ASH_TRY(bind_bytes(count, 4, term));
	ASH_TRY(ash_connection_step(connection, count, &row));
	ASH_ENSURE(row, ASH_E_CORRUPT);
	*ret_count = (uint64_t)sqlite3_column_int64(count, 0);
	return ASH_DONE;
}

struct ash_status ash_sqlite_new_id(void *given, uint64_t *ret_id)
{
	struct ash_connection *connection = given;

	ASH_ENSURE(connection->latest_id < ASH_STORE_ID_MAX, ASH_E_LIMIT);
	*ret_id = ++connection->latest_id;
	connection->changed = true;
	return ASH_DONE;
}

/* Version (0: there is none) and terms of the record as it is. */
static struct ash_status read_old(struct ash_connection *connection, struct ash_record_name name,
				  struct ash_buf *terms, uint64_t *ret_version)
{
	ASH_STATEMENT *get = NULL;
	struct ash_span bytes = ASH_SPAN_NONE;
	bool row = false;

	*ret_version = 0;
	ASH_TRY(at_record(connection, ASH_SQL_GET_TERMS, name, &get));
	ASH_TRY(ash_connection_step(connection, get, &row));
	if (!row)
		return ASH_DONE;
	ASH_TRY(column_version(get, ret_version));
	ASH_TRY(column_bytes(get, 1, &bytes));
	return ash_buf_add(terms, bytes);
}

struct ash_status ash_sqlite_terms(void *connection, struct ash_record_name name, struct ash_buf *terms)
{
	uint64_t version = 0;

	ASH_TRY(read_old(connection, name, terms, &version));
	ASH_ENSURE(version != 0, ASH_E_NOT_FOUND);
	return ASH_DONE;
}

struct ash_status ash_sqlite_place(void *given, struct ash_record_name after,
				   struct ash_record_name *ret_place)
{
	struct ash_connection *connection = given;
	ASH_STATEMENT *place = NULL;
	bool row = false;

	ASH_TRY(at_place(connection, ASH_SQL_PLACE, after.space, after.owner, &place));
	ASH_TRY(ash_connection_step(connection, place, &row));
	ASH_ENSURE(row, ASH_E_NOT_FOUND);
	ASH_ENSURE(sqlite3_column_int64(place, 0) >= 0 && sqlite3_column_int64(place, 0) <= UINT32_MAX,
		   ASH_E_CORRUPT);
	*ret_place = (struct ash_record_name){
		.space = (uint32_t)sqlite3_column_int64(place, 0),
		.owner = (uint64_t)sqlite3_column_int64(place, 1),
	};
	return ASH_DONE;
}

/* Runs `sql` for each term of `set` that `others` lacks. */
static struct ash_status for_terms(struct ash_connection *connection, enum ash_sql sql,
				   struct ash_record_name name, struct ash_span set, struct ash_span others)
{
	struct ash_reader in = ash_reader(set);
	struct ash_span term = ASH_SPAN_NONE;

	while (ash_terms_next(&in, &term)) {
		ASH_STATEMENT *each = NULL;

		if (ash_terms_have(others, term))
			continue;
		ASH_TRY(at_record(connection, sql, name, &each));
		ASH_TRY(bind_bytes(each, 4, term));
		ASH_TRY(run(connection, each));
	}
	ASH_ENSURE(ash_is_ok(ash_reader_end(&in)), ASH_E_CORRUPT);
	return ASH_DONE;
}

static bool is_whole(struct ash_span set)
{
	struct ash_reader in = ash_reader(set);
	struct ash_span term = ASH_SPAN_NONE;

	while (ash_terms_next(&in, &term))
		continue;
	return ash_is_ok(ash_reader_end(&in));
}

/*
 * The rows of the terms of `before` that `after` lacks go. A list that is damaged says nothing
 * of them: then all of the record's rows go, though it takes a walk over its whole space, and
 * `before` is empty. So whoever changes or deletes such a record heals it.
 */
static struct ash_status drop_terms(struct ash_connection *connection, struct ash_record_name name,
				    struct ash_buf *before, struct ash_span after)
{
	ASH_STATEMENT *drop = NULL;

	if (is_whole(ash_buf_span(before)))
		return for_terms(connection, ASH_SQL_DROP_TERM, name, ash_buf_span(before), after);
	ash_buf_reset(before);
	ASH_TRY(at_record(connection, ASH_SQL_DROP_TERMS, name, &drop));
	return run(connection, drop);
}

static struct ash_status write_record(struct ash_connection *connection, enum ash_sql sql,
				      struct ash_record_name name, uint64_t version, struct ash_span terms,
				      struct ash_span value)
{
	ASH_STATEMENT *write = NULL;

	ASH_TRY(at_record(connection, sql, name, &write));
	ASH_TRY(bind_number(write, 4, version));
	ASH_TRY(bind_bytes(write, 5, terms));
	ASH_TRY(bind_bytes(write, 6, value));
	return run(connection, write);
}

struct ash_status ash_sqlite_put(void *given, struct ash_record_name name, uint64_t if_version,
				 struct ash_span value, const struct ash_span *terms, size_t term_count)
{
	struct ash_connection *connection = given;
	ASH_AUTO(ash_buf) before = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) after = ASH_BUF_PLAIN;
	uint64_t version = 0;

	ASH_TRY(ash_terms_encode(terms, term_count, &after));
	ASH_TRY(read_old(connection, name, &before, &version));
	ASH_ENSURE(version == if_version, ASH_E_CONFLICT);

	connection->changed = true;
	ASH_TRY(drop_terms(connection, name, &before, ash_buf_span(&after)));
	ASH_TRY(for_terms(connection, ASH_SQL_ADD_TERM, name, ash_buf_span(&after), ash_buf_span(&before)));
	return write_record(connection, version == 0 ? ASH_SQL_INSERT : ASH_SQL_UPDATE, name, if_version + 1,
			    ash_buf_span(&after), value);
}

/* A row of the table of terms. */
struct term_row {
	struct ash_record_name name;
	struct ash_span term;
};

/* The order of the table. No term is empty. */
static int compare_rows(const void *left, const void *right)
{
	const struct term_row *a = left, *b = right;
	const size_t common = a->term.len < b->term.len ? a->term.len : b->term.len;
	int order = (a->name.space > b->name.space) - (a->name.space < b->name.space);

	if (order == 0)
		order = ((int64_t)a->name.owner > (int64_t)b->name.owner) -
			((int64_t)a->name.owner < (int64_t)b->name.owner);
	if (order == 0)
		order = memcmp(a->term.data, b->term.data, common);
	if (order == 0)
		order = (a->term.len > b->term.len) - (a->term.len < b->term.len);
	return order != 0 ? order : (a->name.id > b->name.id) - (a->name.id < b->name.id);
}

/* One record without its terms' rows, which go to `rows`. */
static struct ash_status put_alone(struct ash_connection *connection, const struct ash_new_record *record,
				   struct term_row *rows)
{
	ASH_AUTO(ash_buf) terms = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) before = ASH_BUF_PLAIN;
	uint64_t version = 0;

	ASH_TRY(ash_terms_encode(record->terms, record->term_count, &terms));
	ASH_TRY(read_old(connection, record->name, &before, &version));
	ASH_ENSURE(version == 0, ASH_E_CONFLICT);
	connection->changed = true;
	for (size_t i = 0; i < record->term_count; i++)
		rows[i] = (struct term_row){ record->name, record->terms[i] };
	return write_record(connection, ASH_SQL_INSERT, record->name, 1, ash_buf_span(&terms), record->value);
}

static struct ash_status add_row(struct ash_connection *connection, const struct term_row *row)
{
	ASH_STATEMENT *add = NULL;

	ASH_TRY(at_record(connection, ASH_SQL_ADD_TERM, row->name, &add));
	ASH_TRY(bind_bytes(add, 4, row->term));
	return run(connection, add);
}

/*
 * Terms are keyed hashes, so each of a record's goes to another page. In the table's
 * order each page is written once, not once for each of its terms.
 */
struct ash_status ash_sqlite_put_new(void *given, const struct ash_new_record *records, size_t count)
{
	ASH_AUTO_MEM struct term_row *rows = NULL;
	size_t total = 0, at = 0;

	for (size_t i = 0; i < count; i++)
		total += records[i].term_count;
	rows = ash_mem_new(total + 1, sizeof(*rows));
	ASH_ENSURE(rows != NULL, ASH_E_MEMORY);
	for (size_t i = 0; i < count; i++) {
		ASH_TRY(put_alone(given, &records[i], rows + at));
		at += records[i].term_count;
	}
	qsort(rows, total, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < total; i++) {
		/* A record may name a term twice. */
		if (i == 0 || compare_rows(&rows[i - 1], &rows[i]) != 0)
			ASH_TRY(add_row(given, &rows[i]));
	}
	return ASH_DONE;
}

struct ash_status ash_sqlite_delete(void *given, struct ash_record_name name)
{
	struct ash_connection *connection = given;
	ASH_AUTO(ash_buf) terms = ASH_BUF_PLAIN;
	ASH_STATEMENT *delete = NULL;
	uint64_t version = 0;

	ASH_TRY(read_old(connection, name, &terms, &version));
	ASH_ENSURE(version != 0, ASH_E_NOT_FOUND);

	connection->changed = true;
	ASH_TRY(drop_terms(connection, name, &terms, ASH_SPAN_NONE));
	ASH_TRY(at_record(connection, ASH_SQL_DELETE, name, &delete));
	return run(connection, delete);
}

static struct ash_status delete_place(struct ash_connection *connection, enum ash_sql sql, uint32_t space,
				      uint64_t owner)
{
	ASH_STATEMENT *delete = NULL;

	ASH_TRY(at_place(connection, sql, space, owner, &delete));
	return run(connection, delete);
}

struct ash_status ash_sqlite_delete_all(void *given, uint32_t space, uint64_t owner)
{
	struct ash_connection *connection = given;

	connection->changed = true;
	ASH_TRY(delete_place(connection, ASH_SQL_DROP_ALL_TERMS, space, owner));
	return delete_place(connection, ASH_SQL_DELETE_ALL, space, owner);
}
