#include "store/sqlite/connection.h"

#include <sys/resource.h>

#include "store/sqlite/records.h"
#include "store/sqlite/schema.h"
#include "unit/store/sqlite/store_folder.h"
#include "unit/test.h"

TEST(what_is_no_store_is_refused_and_left_alone)
{
	uint8_t noise[8192];

	folder_make();
	file_write("store.db", 0, TEXT(""));
	refused(ASH_E_CORRUPT, "store.db is empty");
	file_write("store.db", 0, TEXT("short"));
	refused(ASH_E_CORRUPT, "not a database");
	memset(noise, 0xa5, sizeof(noise));
	file_write("store.db", 0, SPAN(noise));
	refused(ASH_E_CORRUPT, "not a database");
	EXPECT_NUMBER(sizeof(noise), file_size("store.db"));
	EXPECT_NUMBER(0, unlink(in_folder("store.db")));

	run_sql("CREATE TABLE theirs(a)");
	EXPECT_NUMBER(0, chmod(in_folder("store.db"), 0600));
	refused(ASH_E_CORRUPT, "not a store of ours");
	run_sql("SELECT a FROM theirs");
	folder_remove();
}

TEST(a_truncated_store_is_corrupt)
{
	struct ash_store *store = open_new();
	struct ash_txn *view = NULL;
	uint64_t version = 0;

	for (uint64_t id = 1; id <= 30; id++)
		EXPECT_OK(list_put(store, id, 0, TEXT("v")));
	just_close(store);
	EXPECT_NUMBER(0, truncate(in_folder("store.db"), 4096));
	/* Whether opening notices or reading does: it is said, and nobody dies. */
	struct ash_status status = open_with(false, false, &store);

	if (ash_is_ok(status)) {
		EXPECT_OK(ash_store_view(store, &view));
		EXPECT_CODE(ASH_E_CORRUPT, ash_txn_get(view, list_name(1), NULL, &version));
		ash_txn_end(view);
		just_close(store);
	} else {
		EXPECT_CODE(ASH_E_CORRUPT, status);
	}
	folder_remove();
}

TEST(a_damaged_page_is_an_error_for_its_records_alone)
{
	struct ash_store *store = open_new();
	static uint8_t big[3000];
	unsigned good = 0;
	unsigned bad = 0;

	for (uint64_t id = 1; id <= 40; id++)
		EXPECT_OK(list_put(store, id, 0, SPAN(big)));
	just_close(store);
	uint8_t noise[100];

	memset(noise, 0xff, sizeof(noise));
	file_write("store.db", file_size("store.db") - 3 * 4096, SPAN(noise));
	store = open_again();
	for (uint64_t id = 1; id <= 40; id++) {
		uint64_t version = 0;
		struct ash_status status = list_get(store, list_name(id), NULL, &version);

		EXPECT(ash_is_ok(status) || status.code == ASH_E_CORRUPT);
		good += ash_is_ok(status);
		bad += !ash_is_ok(status);
	}
	EXPECT(bad >= 1 && good >= 30);
	close_all(store);
}

TEST(other_formats_are_refused)
{
	struct ash_store *store = open_new();

	just_close(store);
	run_sql("PRAGMA user_version=3");
	refused(ASH_E_VERSION, "has format 3, we know up to 2");
	run_sql("PRAGMA user_version=0");
	refused(ASH_E_CORRUPT, "has format 0");
	run_sql("PRAGMA user_version=1; PRAGMA application_id=5");
	refused(ASH_E_CORRUPT, "not a store of ours");
	folder_remove();
}

static void expect_refused_after(const char *damage, const char *word)
{
	just_close(open_new());
	run_sql(damage);
	refused(ASH_E_CORRUPT, word);
	folder_remove();
}

TEST(tables_that_are_not_ours_are_corrupt)
{
	expect_refused_after("DROP TABLE record", "other tables");
	expect_refused_after("CREATE TABLE more(a)", "other tables");
	expect_refused_after("DROP INDEX record_name; CREATE INDEX record_name ON record(owner, space, id)",
			     "other tables");
	/* Right in words, but one is read where the other lies. */
	expect_refused_after("PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage = 4 "
			     "WHERE name = 'term'",
			     "other tables");
}

TEST(counters_that_disagree_are_corrupt)
{
	expect_refused_after("DELETE FROM meta", "");
	expect_refused_after("DELETE FROM meta WHERE one = 2", "counters");
	expect_refused_after("UPDATE meta SET latest_id = 7 WHERE one = 1", "counters");
	expect_refused_after("UPDATE meta SET generation = 7 WHERE one = 2", "counters");
}

TEST(a_header_without_checksums_is_corrupt)
{
	const uint8_t none = 0;

	just_close(open_new());
	file_write("store.db", 20, ash_span(&none, 1));
	refused(ASH_E_CORRUPT, "");
	folder_remove();
}

TEST(another_journal_mode_is_put_right)
{
	struct ash_store *store = open_new();

	just_close(store);
	run_sql("PRAGMA journal_mode=DELETE");
	store = open_again();
	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	EXPECT(file_is_there("store.db-wal"));
	list_expect(store, 1, 1, TEXT("v"));
	close_all(store);
}

TEST(a_connection_is_set_up_with_care)
{
	static const struct {
		const char *pragma;
		int64_t want;
	} settings[] = {
		{ "PRAGMA synchronous", 2 },
		{ "PRAGMA mmap_size", 0 },
		{ "PRAGMA cell_size_check", 1 },
		{ "PRAGMA trusted_schema", 0 },
		{ "PRAGMA secure_delete", 1 },
		{ "PRAGMA temp_store", 2 },
		{ "PRAGMA application_id", ASH_SQLITE_APPLICATION },
		{ "PRAGMA user_version", ASH_SQLITE_FORMAT },
		{ "PRAGMA page_size", 4096 },
		{ "PRAGMA auto_vacuum", 0 },
	};
	struct ash_store *store = open_new();
	struct ash_connection *connection = NULL;
	int on = 0;

	EXPECT_OK(ash_connection_open(in_folder("store.db"), ASH_SQLITE_WRITE, &connection));
	for (size_t i = 0; i < ASH_COUNT(settings); i++) {
		sqlite3_stmt *statement = NULL;

		EXPECT_NUMBER(SQLITE_OK,
			      sqlite3_prepare_v2(connection->db, settings[i].pragma, -1, &statement, NULL));
		EXPECT_NUMBER(SQLITE_ROW, sqlite3_step(statement));
		if (sqlite3_column_int64(statement, 0) != settings[i].want)
			EXPECT_TEXT(settings[i].pragma, (const char *)sqlite3_column_text(statement, 0));
		sqlite3_finalize(statement);
	}
	EXPECT_NUMBER(SQLITE_OK, sqlite3_db_config(connection->db, SQLITE_DBCONFIG_DEFENSIVE, -1, &on));
	EXPECT_NUMBER(1, on);
	EXPECT(ash_connection_close(connection) == NULL);
	EXPECT(ash_connection_close(NULL) == NULL);
	close_all(store);
}

TEST(every_statement_can_be_prepared)
{
	struct ash_store *store = open_new();
	struct ash_connection *connection = NULL;
	sqlite3_stmt *statement = NULL;

	EXPECT_OK(ash_connection_open(in_folder("store.db"), ASH_SQLITE_WRITE, &connection));
	for (int sql = 0; sql < ASH_SQLS; sql++) {
		EXPECT_OK(ash_connection_statement(connection, sql, &statement));
		EXPECT(statement != NULL);
	}
	ash_connection_close(connection);
	close_all(store);
}

/* No statement of ours may walk through a table or sort: with a million records that would take seconds. */
TEST(every_search_has_an_index)
{
	struct ash_store *store = open_new();
	struct ash_connection *connection = NULL;

	EXPECT_OK(ash_connection_open(in_folder("store.db"), ASH_SQLITE_WRITE, &connection));
	for (int sql = ASH_SQL_GET; sql < ASH_SQLS; sql++) {
		sqlite3_stmt *statement = NULL;
		sqlite3_stmt *plan = NULL;
		char text[600];

		EXPECT_OK(ash_connection_statement(connection, sql, &statement));
		(void)snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sqlite3_sql(statement));
		EXPECT_NUMBER(SQLITE_OK, sqlite3_prepare_v2(connection->db, text, -1, &plan, NULL));
		while (sqlite3_step(plan) == SQLITE_ROW) {
			const char *step = (const char *)sqlite3_column_text(plan, 3);

			EXPECT(strstr(step, "TEMP B-TREE") == NULL);
			if (strncmp(step, "SCAN", 4) == 0)
				EXPECT(strstr(step, "SCAN (subquery") == step ||
				       strstr(step, "SCAN SUBQUERY") == step);
		}
		sqlite3_finalize(plan);
	}
	ash_connection_close(connection);
	close_all(store);
}

TEST(reading_connections_do_not_write)
{
	static const enum ash_sqlite_mode modes[] = { ASH_SQLITE_READ, ASH_SQLITE_READ_ONLY,
						      ASH_SQLITE_READ_STILL, ASH_SQLITE_READ_LEFT };
	struct ash_store *store = open_new();

	for (size_t i = 0; i < ASH_COUNT(modes); i++) {
		struct ash_connection *connection = NULL;
		sqlite3_stmt *statement = NULL;
		bool row = false;

		EXPECT_OK(ash_connection_open(in_folder("store.db"), modes[i], &connection));
		EXPECT_OK(ash_connection_statement(connection, ASH_SQL_DELETE_ALL, &statement));
		EXPECT_CODE(ASH_E_TOKEN_WRITE_PROTECTED, ash_connection_step(connection, statement, &row));
		sqlite3_reset(statement);
		ash_connection_close(connection);
	}
	close_all(store);
}

static void write_and_die(void)
{
	struct ash_store *store = open_again();

	EXPECT_OK(list_put(store, 5, 0, TEXT("in the log alone")));
	(void)kill(getpid(), SIGKILL);
}

TEST(what_a_kill_left_is_read_without_locks_and_without_a_file)
{
	struct ash_connection *connection = NULL;
	sqlite3_stmt *statement = NULL;
	bool row = false;
	int status = 0;

	just_close(open_new());
	EXPECT_NUMBER(1, waitpid(start(write_and_die), &status, 0) > 0);
	EXPECT_NUMBER(0, unlink(in_folder("store.db-shm")));
	EXPECT_OK(ash_connection_open(in_folder("store.db"), ASH_SQLITE_READ_LEFT, &connection));
	EXPECT_OK(ash_connection_statement(connection, ASH_SQL_GET, &statement));
	sqlite3_bind_int64(statement, 1, LIST_SPACE);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)LIST_OWNER);
	sqlite3_bind_int64(statement, 3, 5);
	EXPECT_OK(ash_connection_step(connection, statement, &row));
	EXPECT(row);
	sqlite3_reset(statement);
	ash_connection_close(connection);
	/* It is as it was: the log for others to play back, and no index of it. */
	EXPECT(!file_is_there("store.db-shm"));
	EXPECT(file_size("store.db-wal") > 4096);
	{
		struct ash_store *store = open_again();

		list_expect(store, 5, 1, TEXT("in the log alone"));
		close_all(store);
	}
}

/* How many descriptors it may still open. */
static void leave_descriptors(unsigned count)
{
	const int next = dup(STDIN_FILENO);
	struct rlimit limit;

	EXPECT(next >= 0);
	close(next);
	EXPECT_NUMBER(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = (rlim_t)next + count;
	EXPECT_NUMBER(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* The database, its log and the log's index take three; the folder that is to be synced takes one. */
static void open_with_few_descriptors(void)
{
	struct ash_connection *connection = NULL;

	leave_descriptors(3);
	EXPECT_CODE(ASH_E_IO, ash_connection_open(in_folder("store.db"), ASH_SQLITE_WRITE, &connection));
	EXPECT(strstr(ash_status_explanation(), "can't be synced") != NULL);
	leave_descriptors(4);
	EXPECT_OK(ash_connection_open(in_folder("store.db"), ASH_SQLITE_WRITE, &connection));
	ash_connection_close(connection);
}

TEST(no_writing_where_the_name_of_the_log_may_be_lost)
{
	just_close(open_new());
	EXPECT_IN_CHILD(open_with_few_descriptors);
	folder_remove();
}

/* SQLite would open it for reading, and then call a log that was left a read-only database. */
TEST(a_connection_that_may_write_is_never_one_that_only_reads)
{
	struct ash_connection *connection = NULL;
	const uid_t user = geteuid();

	just_close(open_new());
	EXPECT_NUMBER(0, chmod(in_folder("store.db"), 0444));
	EXPECT_NUMBER(0, chmod(folder, 0755));
	if (user == 0)
		EXPECT_NUMBER(0, seteuid(65534));
	for (enum ash_sqlite_mode mode = ASH_SQLITE_WRITE; mode <= ASH_SQLITE_READ; mode++)
		EXPECT_CODE(ASH_E_ACCESS, ash_connection_open(in_folder("store.db"), mode, &connection));
	EXPECT_OK(ash_connection_open(in_folder("store.db"), ASH_SQLITE_READ_STILL, &connection));
	ash_connection_close(connection);
	EXPECT_NUMBER(0, seteuid(user));
	folder_remove();
}

TEST(a_stranger_who_holds_the_lock_is_an_error_in_the_end)
{
	struct ash_store *store = open_new();
	struct ash_connection *connection = NULL;
	sqlite3 *stranger = NULL;

	EXPECT_OK(ash_connection_open(in_folder("store.db"), ASH_SQLITE_WRITE, &connection));
	sqlite3_busy_timeout(connection->db, 50);
	EXPECT_NUMBER(SQLITE_OK, sqlite3_open(in_folder("store.db"), &stranger));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_exec(stranger, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	EXPECT_CODE(ASH_E_IO, ash_connection_run(connection, ASH_SQL_BEGIN_WRITE));
	EXPECT(strstr(ash_status_explanation(), "another program has it locked") != NULL);
	EXPECT(!ash_connection_in_transaction(connection));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_close(stranger));
	EXPECT_OK(ash_connection_run(connection, ASH_SQL_BEGIN_WRITE));
	EXPECT(ash_connection_in_transaction(connection));
	EXPECT_OK(ash_connection_run(connection, ASH_SQL_ROLLBACK));
	ash_connection_close(connection);
	close_all(store);
}

TEST(a_full_disk_is_told_and_harmless)
{
	struct ash_store *store = open_new();
	struct ash_connection *connection = NULL;
	static uint8_t big[100000];

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	just_close(store);
	EXPECT_OK(ash_connection_open(in_folder("store.db"), ASH_SQLITE_WRITE, &connection));
	/* As full as SQLite can be made to believe. */
	EXPECT_NUMBER(SQLITE_OK, sqlite3_exec(connection->db, "PRAGMA max_page_count=1", NULL, NULL, NULL));
	EXPECT_OK(ash_connection_run(connection, ASH_SQL_BEGIN_WRITE));
	EXPECT_CODE(ASH_E_FULL, ash_sqlite_put(connection, list_name(2), 0, SPAN(big), NULL, 0));
	ash_ignore(ash_connection_run(connection, ASH_SQL_ROLLBACK));
	ash_connection_close(connection);
	store = open_again();
	list_expect(store, 1, 1, TEXT("v"));
	EXPECT_OK(list_put(store, 2, 0, SPAN(big)));
	close_all(store);
}
