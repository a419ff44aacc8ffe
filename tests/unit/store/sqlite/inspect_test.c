#include "store/sqlite/inspect.h"

#include "unit/store/sqlite/care_tools.h"
#include "unit/test.h"

TEST(a_sound_store_is_found_sound)
{
	struct ash_store *store = store_with_records();
	struct ash_store_facts facts = inspect(store);

	EXPECT_TEXT("", heard.damage);
	EXPECT_NUMBER(0, heard.damaged + heard.unchecked);
	EXPECT_NUMBER(4, heard.parts);
	EXPECT_NUMBER(RECORDS, facts.records);
	EXPECT_NUMBER(RECORDS + 1, facts.terms);
	EXPECT_NUMBER(RECORDS, facts.latest_id);
	EXPECT_NUMBER(list_generation(store), facts.generation);
	just_close(store);
	store = open_again();
	(void)inspect(store);
	EXPECT_NUMBER(0, heard.damaged);
	EXPECT_NUMBER(file_size("store.db") / 4096, heard.pages);
	close_all(store);
}

/* What the inspection says after the damage is in `want`; the SQL is a stranger's. */
static void expect_found(const char *sql, const char *want)
{
	struct ash_store *store = store_with_records();

	just_close(store);
	run_sql(sql);
	store = open_again();
	(void)inspect(store);
	EXPECT(heard.damaged > 0);
	if (strstr(heard.damage, want) == NULL)
		EXPECT_TEXT(want, heard.damage);
	close_all(store);
}

TEST(records_and_terms_that_disagree_are_found)
{
	expect_found("DELETE FROM term WHERE term = x'6669727374'", "one of its terms does not find it");
	expect_found("INSERT INTO term SELECT space, owner, x'63', id FROM record WHERE id = 7",
		     "for a term that it does not have");
	expect_found("DELETE FROM record WHERE id = 7", "it is not there, but a search finds it");
	expect_found("UPDATE record SET terms = x'0561' WHERE id = 7", "its list of terms is damaged");
	expect_found("UPDATE record SET version = 0 WHERE id = 7", "version can't be");
	expect_found("UPDATE record SET space = space + 4294967296 WHERE id = 7", "its space can't be");
	expect_found("UPDATE record SET space = -1 WHERE id = 7", "its space can't be");
	/* One away and one too many, so that their number is right. */
	expect_found("UPDATE term SET term = x'62' WHERE id = 7", "one of its terms does not find it");
}

TEST(a_changed_byte_in_any_page_is_found)
{
	struct ash_store *store = store_with_records();
	uint64_t pages = 0;

	just_close(store);
	pages = file_size("store.db") / 4096;
	EXPECT(pages > RECORDS / 2);
	for (uint64_t page = 1; page < pages; page += 7) {
		const size_t at = page * 4096 + 2000;
		uint8_t byte = 0;
		int fd = open(in_folder("store.db"), O_RDONLY);

		EXPECT_NUMBER(1, pread(fd, &byte, 1, (off_t)at));
		close(fd);
		byte ^= 4;
		file_write("store.db", at, ash_span(&byte, 1));
		if (ash_is_ok(open_with(false, false, &store))) {
			(void)inspect(store);
			EXPECT(strstr(heard.damage, "another checksum") != NULL);
			just_close(store);
		}
		byte ^= 4;
		file_write("store.db", at, ash_span(&byte, 1));
	}
	store = open_again();
	(void)inspect(store);
	EXPECT_NUMBER(0, heard.damaged);
	close_all(store);
}

static void write_and_stay(void)
{
	struct ash_store *store = open_again();

	EXPECT_OK(list_put(store, 5, 1, TEXT("in the log alone")));
	(void)kill(getpid(), SIGKILL);
}

/* A page that the log has anew may lie torn in the file: a kill in the middle of copying it back. */
TEST(what_the_log_will_put_right_is_no_damage)
{
	struct ash_store *store = store_with_records();
	uint8_t torn[512] = { 0xff };
	int status = 0;
	pid_t child = 0;

	just_close(store);
	child = start(write_and_stay);
	EXPECT_NUMBER(child, waitpid(child, &status, 0));
	EXPECT(file_size("store.db-wal") > 4096);
	file_write("store.db", 4096 + 3000, SPAN(torn)); /* of the counters, which every change writes */
	store = open_again();
	(void)inspect(store);
	EXPECT_TEXT("", heard.damage);
	list_expect(store, 5, 2, TEXT("in the log alone"));
	close_all(store);
}

TEST(an_inspection_goes_on_while_others_write)
{
	struct ash_store *store = store_with_records();
	ASH_AUTO(ash_txn) *view = NULL;
	struct ash_store_facts facts;
	uint64_t version = 0;

	memset(&heard, 0, sizeof(heard));
	EXPECT_OK(ash_store_view(store, &view));
	EXPECT_OK(ash_txn_get(view, list_name(1), NULL, &version)); /* its state is fixed from here on */
	EXPECT_OK(list_delete(store, list_name(3)));
	EXPECT_OK(ash_txn_inspect(view, hear, NULL, &facts));
	EXPECT_TEXT("", heard.damage);
	EXPECT_NUMBER(RECORDS, facts.records);
	view = ash_txn_end(view);
	EXPECT_NUMBER(RECORDS - 1, inspect(store).records);
	close_all(store);
}
