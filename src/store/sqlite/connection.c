#include "store/sqlite/connection.h"

#include <stdio.h>
#include <string.h>

#include "store/sqlite/checksum.h"
#include "store/sqlite/result.h"
#include "store/sqlite/schema.h"
#include "store/store.h"
#include "util/fs.h"
#include "util/mem.h"

/* Our writers queue elsewhere; this is for recovery after a crash, and for strangers. */
#define BUSY_MS 10000

/* The log is copied back when it has this many pages (16 MiB); at the second, waiting a moment for readers. */
#define CHECKPOINT_PAGES 4000
#define URGENT_PAGES     16000
#define URGENT_WAIT_MS   100

/* Format 1 had none. */
#define FORMAT_WITH_CHECKSUMS 2

#define SETTINGS                     \
	"PRAGMA mmap_size=0;"        \
	"PRAGMA synchronous=FULL;"   \
	"PRAGMA cell_size_check=ON;" \
	"PRAGMA secure_delete=ON;"   \
	"PRAGMA temp_store=MEMORY;"  \
	"PRAGMA journal_size_limit=16777216;"

static const char *const texts[ASH_SQLS] = {
	[ASH_SQL_BEGIN_READ] = "BEGIN",
	[ASH_SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[ASH_SQL_COMMIT] = "COMMIT",
	[ASH_SQL_ROLLBACK] = "ROLLBACK",
	[ASH_SQL_MARK] = "SAVEPOINT mark",
	[ASH_SQL_UNDO] = "ROLLBACK TO mark",
	[ASH_SQL_FORGET_MARK] = "RELEASE mark",
	[ASH_SQL_META] = "SELECT generation, latest_id FROM meta ORDER BY one",
	[ASH_SQL_SET_META] = "UPDATE meta SET generation = ?1, latest_id = ?2",
	[ASH_SQL_GET] = "SELECT version, value FROM record WHERE space = ?1 AND owner = ?2 AND id = ?3",
	[ASH_SQL_GET_TERMS] = "SELECT version, terms FROM record WHERE space = ?1 AND owner = ?2 AND id = ?3",
	[ASH_SQL_FIND] = "SELECT id FROM record INDEXED BY record_name WHERE space = ?1 AND owner = ?2"
			 " AND id > ?3 ORDER BY id LIMIT ?4",
	[ASH_SQL_FIND_TERM] = "SELECT id FROM term WHERE space = ?1 AND owner = ?2 AND id > ?3 AND term = ?5"
			      " ORDER BY id LIMIT ?4",
	[ASH_SQL_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM record INDEXED BY record_name"
			  " WHERE space = ?1 AND owner = ?2 LIMIT ?3)",
	[ASH_SQL_COUNT_TERM] = "SELECT count(*) FROM (SELECT 1 FROM term"
			       " WHERE space = ?1 AND owner = ?2 AND term = ?4 LIMIT ?3)",
	[ASH_SQL_INSERT] = "INSERT INTO record(space, owner, id, version, terms, value)"
			   " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[ASH_SQL_UPDATE] = "UPDATE record SET version = ?4, terms = ?5, value = ?6"
			   " WHERE space = ?1 AND owner = ?2 AND id = ?3",
	[ASH_SQL_PLACE] = "SELECT space, owner FROM record INDEXED BY record_name"
			  " WHERE (space, owner) > (?1, ?2) ORDER BY space, owner LIMIT 1",
	[ASH_SQL_DELETE] = "DELETE FROM record WHERE space = ?1 AND owner = ?2 AND id = ?3",
	[ASH_SQL_DELETE_ALL] = "DELETE FROM record WHERE space = ?1 AND owner = ?2",
	[ASH_SQL_ADD_TERM] = "INSERT OR IGNORE INTO term(space, owner, id, term) VALUES(?1, ?2, ?3, ?4)",
	[ASH_SQL_DROP_TERM] = "DELETE FROM term WHERE space = ?1 AND owner = ?2 AND id = ?3 AND term = ?4",
	[ASH_SQL_DROP_TERMS] = "DELETE FROM term WHERE space = ?1 AND owner = ?2 AND id = ?3",
	[ASH_SQL_DROP_ALL_TERMS] = "DELETE FROM term WHERE space = ?1 AND owner = ?2",
};

static const char *hint(int result)
{
	switch (result & 0xff) {
	case SQLITE_CORRUPT: return ": it is damaged, `ashlar store check` says where";
	case SQLITE_BUSY: return ": another program has it locked";
	case SQLITE_CANTOPEN: return ": may its folder be written, and are there descriptors left?";
	case SQLITE_READONLY: return ": may its files be written, and are there descriptors left?";
	case SQLITE_NOTADB: return ": it is no store, or damaged at its beginning";
	default: return "";
	}
}

static struct ash_status fail(struct ash_connection *connection, int result)
{
	const int extended = connection->db != NULL ? sqlite3_extended_errcode(connection->db) : result;
	const char *text = connection->db != NULL ? sqlite3_errmsg(connection->db) : sqlite3_errstr(result);
	enum ash_code code = ash_sqlite_code(connection->db, result);

	/* SQLite quietly opens for reading what it can't open for writing, its log, too: no wish of anybody's. */
	if (code == ASH_E_TOKEN_WRITE_PROTECTED &&
	    (connection->mode == ASH_SQLITE_WRITE ||
	     (connection->mode == ASH_SQLITE_READ && !connection->open)))
		code = ASH_E_ACCESS;
	connection->failed = true;
	/* SQLite itself, when that is its whole result: what our layer below finds has more to it. */
	connection->spoilt = connection->spoilt || result == SQLITE_CORRUPT;
	ASH_FAIL_WITH(code, "%s: %s (SQLite %d)%s", connection->path, text, extended, hint(result));
}

struct ash_status ash_connection_statement(struct ash_connection *connection, enum ash_sql sql,
					   sqlite3_stmt **ret_statement)
{
	sqlite3_stmt **prepared = &connection->prepared[sql];

	if (*prepared == NULL) {
		int result = sqlite3_prepare_v3(connection->db, texts[sql], -1, SQLITE_PREPARE_PERSISTENT,
						prepared, NULL);

		if (result != SQLITE_OK)
			return fail(connection, result);
	}
	*ret_statement = *prepared;
	return ASH_DONE;
}

struct ash_status ash_connection_step(struct ash_connection *connection, sqlite3_stmt *statement,
				      bool *ret_row)
{
	int result = sqlite3_step(statement);

	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return fail(connection, result);
	*ret_row = result == SQLITE_ROW;
	return ASH_DONE;
}

struct ash_status ash_connection_run(struct ash_connection *connection, enum ash_sql sql)
{
	ASH_STATEMENT *statement = NULL;
	bool row = false;

	ASH_TRY(ash_connection_statement(connection, sql, &statement));
	return ash_connection_step(connection, statement, &row);
}

bool ash_connection_in_transaction(const struct ash_connection *connection)
{
	return sqlite3_get_autocommit(connection->db) == 0;
}

static struct ash_status execute(struct ash_connection *connection, const char *text)
{
	int result = sqlite3_exec(connection->db, text, NULL, NULL, NULL);

	return result == SQLITE_OK ? ASH_DONE : fail(connection, result);
}

/* "file:/srv/keys/store.db?immutable=1": what means something in a URI is escaped. */
static struct ash_status still_uri(const char *path, char **ret_uri)
{
	static const char begin[] = "file:";
	static const char end[] = "?immutable=1";
	char *uri = ash_mem_new(sizeof(begin) + 3 * strlen(path) + sizeof(end), 1);
	char *at = uri;

	ASH_ENSURE(uri != NULL, ASH_E_MEMORY);
	at = stpcpy(at, begin);
	for (; *path != '\0'; path++) {
		if (strchr("%?#", *path) == NULL)
			*at++ = *path;
		else
			at += sprintf(at, "%%%02x", (unsigned)*path);
	}
	memcpy(at, end, sizeof(end));
	*ret_uri = uri;
	return ASH_DONE;
}

/* Alone with the database, SQLite keeps the index of the log in memory of its own, in place of the -shm file. */
static struct ash_status read_left(struct ash_connection *connection)
{
	ash_checksum_without_locks(connection->db);
	(void)sqlite3_db_config(connection->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return execute(connection, "PRAGMA locking_mode=EXCLUSIVE");
}

/* Where SQLite can't open a file for writing, it quietly opens it for reading; a log that was left could not be recovered then. */
static struct ash_status check_writable(struct ash_connection *connection)
{
	if (sqlite3_db_readonly(connection->db, "main") != 0)
		ASH_FAIL_WITH(ASH_E_ACCESS, "%s can't be opened for writing", connection->path);
	return ASH_DONE;
}

static struct ash_status open_database(struct ash_connection *connection)
{
	ASH_AUTO_MEM char *uri = NULL;
	const char *name = connection->path;
	const char *vfs = NULL;
	int flags =
		SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW;
	int result = SQLITE_OK;

	flags |= connection->mode <= ASH_SQLITE_READ ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	if (connection->mode == ASH_SQLITE_READ_STILL) {
		ASH_TRY(still_uri(connection->path, &uri));
		name = uri;
		flags |= SQLITE_OPEN_URI;
	}
	ASH_TRY(ash_checksum_vfs(&vfs));
	result = sqlite3_open_v2(name, &connection->db, flags, vfs);
	if (result != SQLITE_OK)
		return fail(connection, result);
	sqlite3_busy_timeout(connection->db, BUSY_MS);
	if (connection->mode <= ASH_SQLITE_READ)
		return check_writable(connection);
	return connection->mode == ASH_SQLITE_READ_LEFT ? read_left(connection) : ASH_DONE;
}

/* SQLite as if the database were an attacker's: nothing in it is run. */
static void distrust(sqlite3 *db)
{
	static const struct {
		int what;
		int on;
	} switches[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },      { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },        { SQLITE_DBCONFIG_DQS_DDL, 0 },
	};

	for (size_t i = 0; i < ASH_COUNT(switches); i++)
		(void)sqlite3_db_config(db, switches[i].what, switches[i].on, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, (int)ASH_STORE_VALUE_MAX + 65536);
}

static struct ash_status pragma_number(struct ash_connection *connection, const char *text,
				       int64_t *ret_value)
{
	sqlite3_stmt *statement = NULL;
	struct ash_status status = ASH_DONE;
	bool row = false;
	int result = sqlite3_prepare_v2(connection->db, text, -1, &statement, NULL);

	if (result != SQLITE_OK)
		return fail(connection, result);
	status = ash_connection_step(connection, statement, &row);
	if (ash_is_ok(status))
		*ret_value = row ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return status;
}

static struct ash_status check_schema(struct ash_connection *connection)
{
	bool right = false;
	const int result = ash_schema_check(connection->db, connection->format, &right);

	if (result != SQLITE_OK)
		return fail(connection, result);
	if (!right)
		ASH_FAIL_WITH(ASH_E_CORRUPT, "%s has other tables than a store has: it is damaged",
			      connection->path);
	return ASH_DONE;
}

static struct ash_status check_format(struct ash_connection *connection)
{
	int64_t application = 0;
	int64_t format = 0;

	ASH_TRY(pragma_number(connection, "PRAGMA application_id", &application));
	if (application != ASH_SQLITE_APPLICATION)
		ASH_FAIL_WITH(ASH_E_CORRUPT,
			      "%s is not a store of ours (application %#llx): it is never overwritten",
			      connection->path, (unsigned long long)application);
	ASH_TRY(pragma_number(connection, "PRAGMA user_version", &format));
	if (format > ASH_SQLITE_FORMAT)
		ASH_FAIL_WITH(ASH_E_VERSION,
			      "%s has format %lld, we know up to %d: use the newer Ashlar that made it",
			      connection->path, (long long)format, ASH_SQLITE_FORMAT);
	if (format < 1)
		ASH_FAIL_WITH(ASH_E_CORRUPT, "%s has format %lld, which there never was", connection->path,
			      (long long)format);
	if (format >= FORMAT_WITH_CHECKSUMS && !ash_checksum_on(connection->db))
		ASH_FAIL_WITH(ASH_E_CORRUPT, "%s has no checksums in its pages: its header is damaged",
			      connection->path);
	connection->format = format;
	return check_schema(connection);
}

static int note_wal(void *context, ASH_UNUSED sqlite3 *db, ASH_UNUSED const char *name, int pages)
{
	struct ash_connection *connection = context;

	connection->wal_pages = pages;
	return SQLITE_OK;
}

static struct ash_status prepare_to_write(struct ash_connection *connection)
{
	sqlite3_stmt *statement = NULL;
	bool is_log = false;
	int result = SQLITE_OK;

	/* Somebody may have taken it out of WAL mode; this is nothing when nobody did. */
	result = sqlite3_prepare_v2(connection->db, "PRAGMA journal_mode=WAL", -1, &statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		is_log = sqlite3_stricmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
	sqlite3_finalize(statement);
	ASH_ENSURE(!ash_sqlite_no_memory(result), ASH_E_MEMORY);
	if (!is_log)
		ASH_FAIL_WITH(ASH_E_IO, "%s can't be put into WAL mode: %s", connection->path,
			      sqlite3_errmsg(connection->db));
	/*
	 * The log is there now, maybe since a moment ago. SQLite syncs the folder with the first
	 * commit, but does not mind if it can't: what is in a log without a name would be lost.
	 */
	ASH_TRY(ash_fs_sync_parent(connection->path));
	sqlite3_wal_hook(connection->db, note_wal, connection);
	/* The upper part of the indexes of a million keys: each change touches them at random places. */
	return execute(connection, "PRAGMA cache_size=-32000");
}

struct ash_status ash_connection_open(const char *path, enum ash_sqlite_mode mode,
				      struct ash_connection **ret_connection)
{
	ASH_AUTO(ash_connection) *connection = ash_mem_new(1, sizeof(*connection));

	ASH_ENSURE(connection != NULL, ASH_E_MEMORY);
	connection->path = path;
	connection->mode = mode;
	connection->urgent_at = URGENT_PAGES;
	ASH_TRY(open_database(connection));
	distrust(connection->db);
	ASH_TRY(check_format(connection));
	ASH_TRY(execute(connection, SETTINGS));
	if (mode == ASH_SQLITE_WRITE) {
		ASH_TRY(prepare_to_write(connection));
	} else {
		ASH_TRY(execute(connection, "PRAGMA query_only=ON; PRAGMA cache_size=-6000"));
	}
	connection->open = true;
	*ret_connection = ASH_TAKE(connection);
	return ASH_DONE;
}

struct ash_connection *ash_connection_close(struct ash_connection *connection)
{
	if (connection == NULL)
		return NULL;
	for (size_t i = 0; i < ASH_SQLS; i++)
		sqlite3_finalize(connection->prepared[i]);
	(void)sqlite3_close(connection->db);
	return ash_mem_free(connection);
}

struct ash_connection *ash_connection_drop(struct ash_connection *connection)
{
	(void)sqlite3_db_config(connection->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return ash_connection_close(connection);
}

struct ash_status ash_connection_make(const char *path)
{
	ASH_AUTO(ash_connection) *connection = ash_mem_new(1, sizeof(*connection));
	int result = SQLITE_OK;

	ASH_ENSURE(connection != NULL, ASH_E_MEMORY);
	connection->path = path;
	connection->mode = ASH_SQLITE_WRITE;
	ASH_TRY(open_database(connection));
	distrust(connection->db);
	ASH_TRY(ash_checksum_reserve(connection->db));
	ASH_TRY(execute(connection, SETTINGS));
	/* In a rollback journal, each step of which is checked; only then is the log turned on, still empty. */
	result = ash_schema_make(connection->db, ASH_SQLITE_FORMAT);
	if (result != SQLITE_OK)
		return fail(connection, result);
	return execute(connection, "INSERT INTO meta VALUES(1, 1, 0), (2, 1, 0); COMMIT;"
				   "PRAGMA journal_mode=WAL");
}

/* Lets the log start anew, if readers of older states end soon; new ones are not held up. */
static void checkpoint_urgently(struct ash_connection *connection)
{
	sqlite3_busy_timeout(connection->db, URGENT_WAIT_MS);
	if (sqlite3_wal_checkpoint_v2(connection->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL) ==
	    SQLITE_OK)
		connection->urgent_at = URGENT_PAGES;
	else
		connection->urgent_at = connection->wal_pages +
					CHECKPOINT_PAGES; /* a reader that hangs: not at each commit */
	sqlite3_busy_timeout(connection->db, BUSY_MS);
}

void ash_connection_checkpoint(struct ash_connection *connection)
{
	if (connection->wal_pages < CHECKPOINT_PAGES)
		return;
	if (connection->wal_pages < connection->urgent_at)
		(void)sqlite3_wal_checkpoint_v2(connection->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	else
		checkpoint_urgently(connection);
}
