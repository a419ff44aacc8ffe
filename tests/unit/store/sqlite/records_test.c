#include "store/sqlite/records.h"

#include "unit/store/sqlite/store_folder.h"
#include "unit/test.h"

/* What goes right is in the list that all back ends have to do; here is what damage does. */

static struct ash_store *with_record(const char *then)
{
	struct ash_store *store = open_new();
	const struct ash_span terms[] = { TEXT("a"), TEXT("b") };

	EXPECT_OK(list_put_terms(store, 1, 0, terms, 2));
	EXPECT_OK(list_put_terms(store, 2, 0, terms, 2));
	just_close(store);
	run_sql(then);
	return open_again();
}

static void expect_corrupt(const char *damage)
{
	struct ash_store *store = with_record(damage);
	const struct ash_span terms[] = { TEXT("b"), TEXT("c") };

	EXPECT_CODE(ASH_E_CORRUPT, list_put_terms(store, 1, 1, terms, 2));
	EXPECT_TEXT("1 2", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("b")));
	EXPECT_TEXT("", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("c")));
	/* The other record is as good as before. */
	EXPECT_OK(list_put_terms(store, 2, 1, terms, 2));
	EXPECT_TEXT("2", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("c")));
	close_all(store);
}

TEST(damaged_records_are_corrupt_and_stay_as_they_are)
{
	expect_corrupt("UPDATE record SET version = 0 WHERE id = 1");
	expect_corrupt("UPDATE record SET version = -7 WHERE id = 1");
}

static void expect_healed(const char *damage)
{
	struct ash_store *store = with_record(damage);
	const struct ash_span terms[] = { TEXT("b"), TEXT("c") };

	EXPECT_OK(list_put_terms(store, 1, 1, terms, 2));
	EXPECT_TEXT("1", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("c")));
	EXPECT_TEXT("1 2", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("b")));
	close_all(store);
	store = with_record(damage);
	EXPECT_OK(list_delete(store, list_name(1)));
	EXPECT_TEXT("2", list_found(store, LIST_SPACE, LIST_OWNER, ASH_SPAN_NONE));
	close_all(store);
}

/* Else one flipped bit in a record of a PIN would keep everybody out: each try is written there. */
TEST(damaged_terms_are_healed_by_the_next_change)
{
	expect_healed("UPDATE record SET terms = x'0561' WHERE id = 1");
	expect_healed("UPDATE record SET terms = x'0161ff' WHERE id = 1");
	expect_healed("UPDATE record SET terms = x'00' WHERE id = 1");
	expect_healed("UPDATE record SET terms = x'01410162' WHERE id = 1");
	expect_healed("UPDATE record SET terms = x'' WHERE id = 1");
	expect_healed("INSERT INTO term SELECT space, owner, x'63', 1 FROM record WHERE id = 1");
}

TEST(a_space_that_cannot_be_ends_the_list_of_places)
{
	struct ash_store *store = with_record("UPDATE record SET space = space + 4294967296 WHERE id = 2");
	ASH_AUTO(ash_txn) *view = NULL;
	struct ash_record_name place = { 0, 0, 0 };

	EXPECT_OK(ash_store_view(store, &view));
	EXPECT_OK(ash_txn_place(view, place, &place));
	EXPECT_NUMBER(LIST_SPACE, place.space);
	EXPECT_CODE(ASH_E_CORRUPT, ash_txn_place(view, place, &place));
	view = ash_txn_end(view);
	close_all(store);
}

/* SQLite takes no more changes in a transaction in which it met damage; the others' are made all the same. */
static struct ash_status meet_damage(struct ash_txn *txn, ASH_UNUSED void *context)
{
	uint64_t version = 0;

	return ash_txn_get(txn, list_name(2), NULL, &version);
}

TEST(damage_that_sqlite_meets_breaks_the_transaction)
{
	struct ash_store *store = open_new();
	static uint8_t value[3000], page[4096];
	static const uint8_t nothing[8] = { 0 };
	int fd = -1;

	/* Each on a page of its own. */
	for (uint64_t id = 1; id <= 3; id++) {
		memset(value, (int)id, sizeof(value));
		EXPECT_OK(list_put(store, id, 0, SPAN(value)));
	}
	just_close(store);
	fd = open(in_folder("store.db"), O_RDONLY);
	for (off_t at = 0; pread(fd, page, sizeof(page), at) == sizeof(page); at += sizeof(page)) {
		if (page[3000] == 2)
			file_write("store.db", (size_t)at, SPAN(nothing));
	}
	(void)close(fd);
	store = open_again();
	EXPECT_CODE(ASH_E_CORRUPT, ash_store_change(store, meet_damage, NULL));
	EXPECT_OK(list_put(store, 4, 0, TEXT("new")));
	close_all(store);
}

TEST(a_version_that_never_was_is_not_read)
{
	struct ash_store *store = with_record("UPDATE record SET version = 0 WHERE id = 1");
	uint64_t version = 7;

	EXPECT_CODE(ASH_E_CORRUPT, list_get(store, list_name(1), NULL, &version));
	EXPECT_NUMBER(7, version);
	EXPECT_CODE(ASH_E_CORRUPT, list_delete(store, list_name(1)));
	EXPECT_OK(list_delete(store, list_name(2)));
	close_all(store);
}

TEST(deleting_takes_its_terms_along)
{
	struct ash_store *store = with_record("SELECT 1");
	sqlite3 *db = NULL;
	sqlite3_stmt *count = NULL;

	EXPECT_OK(list_delete(store, list_name(1)));
	EXPECT_OK(list_delete(store, list_name(2)));
	just_close(store);
	EXPECT_NUMBER(SQLITE_OK, sqlite3_open(in_folder("store.db"), &db));
	EXPECT_NUMBER(SQLITE_OK,
		      sqlite3_prepare_v2(db, "SELECT (SELECT count(*) FROM term) + count(*) FROM record", -1,
					 &count, NULL));
	EXPECT_NUMBER(SQLITE_ROW, sqlite3_step(count));
	EXPECT_NUMBER(0, sqlite3_column_int64(count, 0));
	sqlite3_finalize(count);
	sqlite3_close(db);
	folder_remove();
}

TEST(ids_end_before_they_wrap)
{
	struct ash_store *store = with_record("UPDATE meta SET latest_id = 9223372036854775806");
	struct list_put put = { .value = TEXT("v"), .name = list_name(0) };

	EXPECT_OK(ash_store_change(store, list_do_put, &put));
	EXPECT_NUMBER(ASH_STORE_ID_MAX, put.new_id);
	EXPECT_CODE(ASH_E_LIMIT, ash_store_change(store, list_do_put, &put));
	close_all(store);
}

/* What was deleted is overwritten in the file, once the log is copied back. */
TEST(deleted_values_are_gone_from_the_file)
{
	static const char word[] = "a sealed value that has to go away";
	struct ash_store *store = open_new();
	static uint8_t bytes[1 << 20];
	size_t len = 0;
	int fd = -1;

	EXPECT_OK(list_put(store, 1, 0, SPAN(word)));
	just_close(store);
	store = open_again();
	EXPECT_OK(list_delete(store, list_name(1)));
	just_close(store);
	fd = open(in_folder("store.db"), O_RDONLY);
	len = (size_t)read(fd, bytes, sizeof(bytes));
	close(fd);
	EXPECT(len > 4096 && len < sizeof(bytes));
	EXPECT(memmem(bytes, len, word, sizeof(word) - 1) == NULL);
	folder_remove();
}
