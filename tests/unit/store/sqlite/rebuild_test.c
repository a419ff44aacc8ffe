#include "store/sqlite/rebuild.h"

#include "unit/store/sqlite/store_folder.h"
#include "unit/test.h"

static void fill(struct ash_store *store)
{
	static uint8_t big[2000];

	for (uint64_t id = 1; id <= 100; id++) {
		const struct ash_span terms[] = { TEXT("a"), id % 2 == 0 ? TEXT("even") : TEXT("odd") };

		EXPECT_OK(list_put_terms(store, id, 0, terms, 2));
	}
	EXPECT_OK(list_put(store, 101, 0, SPAN(big)));
}

static struct ash_status rebuild(void)
{
	struct ash_connection *connection = NULL;
	struct ash_status status;

	EXPECT_OK(ash_connection_open(in_folder("store.db"), ASH_SQLITE_WRITE, &connection));
	status = ash_sqlite_rebuild(connection);
	ash_connection_close(connection);
	return status;
}

static size_t found_with(struct ash_store *store, struct ash_span term)
{
	ASH_AUTO(ash_txn) *view = NULL;
	uint64_t ids[200];
	size_t count = 0;

	EXPECT_OK(ash_store_view(store, &view));
	EXPECT_OK(ash_txn_find(view, LIST_SPACE, LIST_OWNER, term, 0, ids, ASH_COUNT(ids), &count));
	return count;
}

static void expect_whole(void)
{
	struct ash_store *store = open_again();

	for (uint64_t id = 1; id <= 100; id++)
		list_expect(store, id, 1, TEXT("v"));
	EXPECT_NUMBER(100, found_with(store, TEXT("a")));
	EXPECT_NUMBER(50, found_with(store, TEXT("even")));
	EXPECT_NUMBER(101, found_with(store, ASH_SPAN_NONE));
	EXPECT_OK(list_put(store, 1, 1, TEXT("w")));
	EXPECT_OK(list_put(store, 1, 2, TEXT("w")));
	just_close(store);
	expect_sound();
}

/* Page 4 is where the index of names begins, page 5 that of terms. */
static void spoil(unsigned page, size_t at, uint8_t value)
{
	file_write("store.db", (page - 1) * 4096 + at, ash_span(&value, 1));
}

TEST(damaged_indexes_are_made_anew)
{
	static const size_t places[] = { 0, 3, 8, 20, 2000, 4080 };

	for (size_t i = 0; i < 2 * ASH_COUNT(places); i++) {
		struct ash_store *store = open_new();

		fill(store);
		just_close(store);
		spoil(i % 2 == 0 ? 4 : 5, places[i / 2], 0xee);
		EXPECT_OK(rebuild());
		expect_whole();
		folder_remove();
	}
}

TEST(a_log_that_a_stranger_copied_back_does_no_harm)
{
	struct ash_store *store = open_new();
	sqlite3 *db = NULL;
	uint64_t version = 0;

	fill(store);
	EXPECT_NUMBER(SQLITE_OK, sqlite3_open(in_folder("store.db"), &db));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_exec(db, "SELECT count(*) FROM meta", NULL, NULL, NULL));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_close(db));
	just_close(store);
	store = open_again();
	EXPECT_CODE(ASH_E_CORRUPT, list_get(store, list_name(1), NULL, &version));
	just_close(store);
	EXPECT_OK(rebuild());
	expect_whole();
	folder_remove();
}

TEST(others_go_on_and_free_room_is_gone)
{
	struct ash_store *store = open_new();
	uint64_t before = 0;

	fill(store);
	for (uint64_t id = 3; id <= 101; id++)
		EXPECT_OK(list_delete(store, list_name(id)));
	just_close(store);
	before = file_size("store.db");
	store = open_again();
	list_expect(store, 2, 1, TEXT("v"));
	EXPECT_OK(rebuild());
	list_expect(store, 2, 1, TEXT("v"));
	EXPECT_TEXT("1 2", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("a")));
	EXPECT_OK(list_put(store, 5, 0, TEXT("new")));
	just_close(store);
	EXPECT(file_size("store.db") < before);
	expect_sound();
	folder_remove();
}

TEST(what_can_not_be_read_is_not_thrown_away)
{
	struct ash_store *store = open_new();

	fill(store);
	just_close(store);
	run_sql("UPDATE record SET terms = x'05' WHERE id = 7");
	EXPECT_CODE(ASH_E_CORRUPT, rebuild());
	store = open_again();
	list_expect(store, 7, 1, TEXT("v"));
	EXPECT_NUMBER(100, found_with(store, TEXT("a")));
	close_all(store);
}
