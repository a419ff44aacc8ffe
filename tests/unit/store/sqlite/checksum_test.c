#include "store/sqlite/checksum.h"

#include "unit/store/sqlite/store_folder.h"
#include "unit/test.h"

#define PAGES_MAX 400u

static uint8_t pages[PAGES_MAX][ASH_CHECKSUM_PAGE];

static size_t read_pages(void)
{
	FILE *file = fopen(in_folder("store.db"), "r");
	size_t count = 0;

	EXPECT(file != NULL);
	count = fread(pages, sizeof(pages[0]), PAGES_MAX, file);
	fclose(file);
	return count;
}

static bool sum_is_right(size_t page)
{
	uint8_t sum[ASH_CHECKSUM_LEN];

	ash_checksum_of(pages[page], (uint32_t)page + 1, sum);
	return memcmp(sum, pages[page] + ASH_CHECKSUM_PAGE - ASH_CHECKSUM_LEN, sizeof(sum)) == 0;
}

TEST(the_sum_is_what_the_document_says)
{
	/* Words 1, 2 and zeroes, at place 5, by hand: 5 + 1 = 6, 6 + 2 = 8; then each adds the other. */
	uint8_t page[ASH_CHECKSUM_PAGE] = { 1, 0, 0, 0, 2 };
	uint8_t sum[ASH_CHECKSUM_LEN];
	uint32_t first = 6, second = 8;

	for (size_t i = 1; i < (ASH_CHECKSUM_PAGE - ASH_CHECKSUM_LEN) / 8; i++) {
		first += second;
		second += first;
	}
	ash_checksum_of(page, 5, sum);
	EXPECT_NUMBER(first, sum[0] | sum[1] << 8 | sum[2] << 16 | (uint32_t)sum[3] << 24);
	EXPECT_NUMBER(second, sum[4] | sum[5] << 8 | sum[6] << 16 | (uint32_t)sum[7] << 24);
}

TEST(no_changed_byte_goes_unseen)
{
	static uint8_t page[ASH_CHECKSUM_PAGE];
	uint8_t before[ASH_CHECKSUM_LEN], after[ASH_CHECKSUM_LEN];

	for (size_t i = 0; i < sizeof(page); i++)
		page[i] = (uint8_t)(i * 37);
	ash_checksum_of(page, 1, before);
	for (size_t i = 0; i < sizeof(page) - ASH_CHECKSUM_LEN; i++) {
		page[i] ^= 0x80;
		ash_checksum_of(page, 1, after);
		EXPECT(memcmp(before, after, sizeof(before)) != 0);
		page[i] ^= 0x80;
	}
	ash_checksum_of(page, 2, after);
	EXPECT(memcmp(before, after, sizeof(before)) != 0);
}

static struct ash_store *filled(void)
{
	struct ash_store *store = open_new();
	char text[3][20];

	for (uint64_t id = 1; id <= 200; id++) {
		struct ash_span terms[3];

		for (size_t i = 0; i < 3; i++) {
			(void)snprintf(text[i], sizeof(text[i]), "%zu term %llu", i, (unsigned long long)id);
			terms[i] = ash_span_text(text[i]);
		}
		EXPECT_OK(list_put_terms(store, id, 0, terms, 3));
	}
	return store;
}

/* SQLite takes a file that ends within a page for one that ends in zeroes. */
TEST(a_page_that_is_cut_short_is_not_read)
{
	static uint8_t page[ASH_CHECKSUM_PAGE] = { [20] = 1 };
	sqlite3 *db = NULL;
	sqlite3_file *file = NULL;
	uint8_t got[ASH_CHECKSUM_PAGE];

	just_close(open_new());
	db = open_database_itself();
	EXPECT_NUMBER(SQLITE_OK, sqlite3_exec(db, "SELECT count(*) FROM record", NULL, NULL, NULL));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file));
	page[0] = 0x0a;
	EXPECT_NUMBER(SQLITE_OK, file->pMethods->xWrite(file, page, sizeof(page), 9 * sizeof(page)));
	EXPECT_NUMBER(SQLITE_OK, file->pMethods->xRead(file, got, sizeof(got), 9 * sizeof(page)));
	EXPECT_NUMBER(SQLITE_OK, file->pMethods->xTruncate(file, 10 * sizeof(page) - 100));
	EXPECT_NUMBER(SQLITE_CORRUPT_INDEX, file->pMethods->xRead(file, got, sizeof(got), 9 * sizeof(page)));
	/* Beyond the end there are no pages. */
	EXPECT_NUMBER(SQLITE_IOERR_SHORT_READ,
		      file->pMethods->xRead(file, got, sizeof(got), 10 * sizeof(page)));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_close(db));
	folder_remove();
}

TEST(every_page_of_a_closed_store_has_its_sum)
{
	size_t count = 0, indexes = 0;

	just_close(filled());
	count = read_pages();
	EXPECT(count > 10 && count < PAGES_MAX);
	for (size_t i = 0; i < count; i++) {
		EXPECT(sum_is_right(i));
		indexes += ash_checksum_is_index(pages[i]);
	}
	EXPECT(indexes > 4);
	folder_remove();
}

/* What 200 searches say: found the one record, or that it is damaged. Nothing else. */
static unsigned search_all(struct ash_store *store)
{
	struct ash_txn *view = NULL;
	unsigned damaged = 0;
	char text[20];

	EXPECT_OK(ash_store_view(store, &view));
	for (uint64_t id = 1; id <= 200; id++) {
		uint64_t found[2] = { 0 };
		size_t count = 0;
		struct ash_status status;

		(void)snprintf(text, sizeof(text), "1 term %llu", (unsigned long long)id);
		status = ash_txn_find(view, LIST_SPACE, LIST_OWNER, ash_span_text(text), 0, found, 2, &count);
		if (ash_is_ok(status)) {
			EXPECT_NUMBER(1, count);
			EXPECT_NUMBER(id, found[0]);
		} else {
			EXPECT_CODE(ASH_E_CORRUPT, status);
			damaged++;
		}
	}
	ash_txn_end(view);
	return damaged;
}

TEST(a_search_never_goes_astray_in_silence)
{
	struct ash_store *store = filled();
	unsigned damaged = 0;
	size_t count = 0;

	just_close(store);
	count = read_pages();
	for (size_t i = 0; i < count; i++) {
		/* Somewhere in the cells: at the end of each page are those that came first. */
		const size_t at = ASH_CHECKSUM_PAGE - ASH_CHECKSUM_LEN - 20;
		const uint8_t changed = pages[i][at] ^ 1;

		if (!ash_checksum_is_index(pages[i]))
			continue;
		file_write("store.db", i * ASH_CHECKSUM_PAGE + at, ash_span(&changed, 1));
		if (ash_is_ok(open_with(false, false, &store))) {
			damaged += search_all(store);
			just_close(store);
		}
		file_write("store.db", i * ASH_CHECKSUM_PAGE + at, ash_span(&pages[i][at], 1));
	}
	EXPECT(damaged > 20);
	store = open_again();
	EXPECT_NUMBER(0, search_all(store));
	close_all(store);
}

/* A search that fails, and then a change that needs no index of terms. */
static struct ash_status search_and_change(struct ash_txn *txn, void *context)
{
	const struct ash_record_name name = list_name(1);
	const struct ash_span terms[] = { TEXT("0 term 1"), TEXT("1 term 1"), TEXT("2 term 1") };
	uint64_t found = 0, version = 0;
	size_t count = 0;

	(void)context;
	EXPECT_CODE(ASH_E_CORRUPT, ash_txn_find(txn, name.space, name.owner, terms[0], 0, &found, 1, &count));
	ASH_TRY(ash_txn_get(txn, name, NULL, &version));
	return ash_txn_put(txn, name, version, TEXT("changed"), terms, ASH_COUNT(terms));
}

TEST(whatever_byte_of_an_index_is_hurt_others_are_written)
{
	static const size_t places[] = { 0, 5, 2000 }; /* the first says what page it is */

	for (size_t i = 0; i < ASH_COUNT(places); i++) {
		const size_t at = 4 * ASH_CHECKSUM_PAGE + places[i]; /* where the terms begin */
		struct ash_store *store = filled();
		uint8_t changed = 0;

		just_close(store);
		(void)read_pages();
		changed = pages[4][places[i]] ^ 0x80;
		file_write("store.db", at, ash_span(&changed, 1));
		store = open_again();
		EXPECT_OK(ash_store_change(store, search_and_change, NULL));
		close_all(store);
	}
}

TEST(what_a_stranger_copies_back_takes_the_indexes_alone)
{
	struct ash_store *store = filled();
	sqlite3 *db = NULL;
	uint64_t version = 0;

	/* The log is left behind, as by a kill; then somebody looks at the store with SQLite's own tools. */
	EXPECT_NUMBER(SQLITE_OK, sqlite3_open(in_folder("store.db"), &db));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_exec(db, "SELECT count(*) FROM meta", NULL, NULL, NULL));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_close(db));
	just_close(store);
	(void)read_pages();
	EXPECT(!sum_is_right(1)); /* the table of counters, which no index is needed for */
	store = open_again();
	EXPECT(list_generation(store) > 200);
	EXPECT_CODE(ASH_E_CORRUPT, list_get(store, list_name(1), NULL, &version));
	close_all(store);
}
