#include "store/sqlite/copy.h"

#include <sched.h>

#include "unit/store/sqlite/care_tools.h"
#include "unit/test.h"

static struct ash_status back_up(struct ash_store *store, const char *path)
{
	ASH_AUTO(ash_txn) *view = NULL;

	EXPECT_OK(ash_store_view(store, &view));
	return ash_txn_backup(view, path);
}

/* The copy in the place of the store. */
static struct ash_store *open_copy(const char *copy)
{
	static const char *const files[] = { "store.db", "store.db-wal", "store.db-shm", "store.gen" };

	for (size_t i = 0; i < ASH_COUNT(files); i++)
		(void)unlink(in_folder(files[i]));
	EXPECT_NUMBER(0, rename(in_folder(copy), in_folder("store.db")));
	return open_again();
}

static unsigned files_there(void)
{
	DIR *list = opendir(folder);
	unsigned count = 0;

	while (readdir(list) != NULL)
		count++;
	closedir(list);
	return count - 2;
}

TEST(a_backup_is_the_store_as_the_view_shows_it)
{
	struct ash_store *store = store_with_records();
	ASH_AUTO(ash_txn) *view = NULL;
	uint64_t version = 0;

	EXPECT_OK(ash_store_view(store, &view));
	EXPECT_OK(ash_txn_get(view, list_name(1), NULL, &version));
	EXPECT_OK(list_put(store, 1, 1, TEXT("later")));
	EXPECT_OK(ash_txn_backup(view, in_folder("copy")));
	view = ash_txn_end(view);
	EXPECT_NUMBER(0600, file_mode("copy"));
	just_close(store);

	store = open_copy("copy");
	EXPECT_OK(list_get(store, list_name(1), NULL, &version));
	EXPECT_NUMBER(1, version);
	EXPECT_NUMBER(RECORDS, inspect(store).records);
	EXPECT_TEXT("", heard.damage);
	EXPECT_NUMBER(file_size("store.db") / 4096, heard.pages);
	/* It is a store like any other. */
	EXPECT_NUMBER(RECORDS + 1, list_add(store, TEXT("new"), NULL, 0));
	close_all(store);
}

TEST(what_only_the_log_has_is_in_the_backup)
{
	struct ash_store *store = store_with_records();

	EXPECT(file_size("store.db-wal") > 0);
	EXPECT_OK(back_up(store, in_folder("copy")));
	just_close(store);
	store = open_copy("copy");
	EXPECT_NUMBER(RECORDS, inspect(store).records);
	EXPECT_TEXT("", heard.damage);
	close_all(store);
}

TEST(a_backup_overwrites_nothing_and_leaves_nothing_half_done)
{
	struct ash_store *store = store_with_records();
	const unsigned before = files_there();

	file_write("copy", 0, TEXT("precious"));
	EXPECT_CODE(ASH_E_EXISTS, back_up(store, in_folder("copy")));
	EXPECT_NUMBER(8, file_size("copy"));
	EXPECT_NUMBER(0, unlink(in_folder("copy")));
	EXPECT(!ash_is_ok(back_up(store, in_folder("no/such/folder"))));
	EXPECT_NUMBER(before, files_there());
	close_all(store);
}

TEST(compacting_gives_room_back_and_keeps_all)
{
	struct ash_store *store = store_with_records();
	uint64_t before = 0, after = 0, generation = 0;

	for (uint64_t id = 2; id <= RECORDS - 5; id++)
		EXPECT_OK(list_delete(store, list_name(id)));
	generation = list_generation(store);
	EXPECT_OK(ash_store_compact(store, &before, &after));
	EXPECT(after < before / 2);
	EXPECT_NUMBER(after, file_size("store.db"));
	EXPECT_NUMBER(generation, list_generation(store));
	EXPECT_NUMBER(6, inspect(store).records);
	EXPECT_TEXT("", heard.damage);
	EXPECT_TEXT("1", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("first")));
	EXPECT_NUMBER(RECORDS + 1, list_add(store, TEXT("new"), NULL, 0));
	just_close(store);
	store = open_again();
	EXPECT_NUMBER(7, inspect(store).records);
	EXPECT_TEXT("", heard.damage);
	close_all(store);
}

/* Two processes that write all the while: nobody loses anything, nobody is refused. */
static void write_on(void)
{
	struct ash_store *store = open_again();

	while (shared[0] == 0) {
		(void)list_add(store, TEXT("more"), NULL, 0);
		shared[1]++;
	}
	just_close(store);
}

static struct ash_status put_many(struct ash_txn *txn, void *many)
{
	return ash_txn_put_new(txn, many, 4000);
}

/* Of more pages than one step copies, by a view that has read nothing: each change would begin it anew. */
TEST(a_large_store_is_backed_up_while_others_write)
{
	static const uint8_t value[3900] = { 1 };
	static struct ash_new_record many[4000];
	struct ash_store *store = store_with_records();
	pid_t child = 0;
	unsigned before = 0;

	for (size_t i = 0; i < ASH_COUNT(many); i++)
		many[i] = (struct ash_new_record){ .name = list_name(1000000 + i), .value = SPAN(value) };
	EXPECT_OK(ash_store_change(store, put_many, many));
	share();
	child = start(write_on);
	while (shared[1] == 0)
		sched_yield();
	before = shared[1];
	EXPECT_OK(back_up(store, in_folder("copy")));
	shared[0] = 1;
	expect_end(child);
	just_close(store);
	store = open_copy("copy");
	before += RECORDS + ASH_COUNT(many);
	if (inspect(store).records > before + 3) /* what came in before the view looked */
		EXPECT_NUMBER(before, inspect(store).records);
	EXPECT(inspect(store).records >= before);
	EXPECT_TEXT("", heard.damage);
	unshare_all();
	close_all(store);
}

TEST(a_backup_may_go_through_a_link)
{
	struct ash_store *store = store_with_records();
	char path[400];

	EXPECT_NUMBER(0, mkdir(in_folder("there"), 0700));
	EXPECT_NUMBER(0, symlink("there", in_folder("link")));
	EXPECT_OK(back_up(store, in_folder("link/copy")));
	EXPECT(file_size("there/copy") > 0);
	(void)snprintf(path, sizeof(path), "/%s", in_folder("there/second"));
	EXPECT_OK(back_up(store, path));
	EXPECT_NUMBER(0, unlink(in_folder("there/copy")));
	EXPECT_NUMBER(0, unlink(in_folder("there/second")));
	EXPECT_NUMBER(0, rmdir(in_folder("there")));
	EXPECT_NUMBER(0, unlink(in_folder("link")));
	close_all(store);
}

TEST(others_write_while_it_is_compacted_and_backed_up)
{
	struct ash_store *store = store_with_records();
	uint64_t before = 0, after = 0;
	pid_t children[2] = { 0, 0 };
	char name[20];

	share();
	for (size_t i = 0; i < ASH_COUNT(children); i++)
		children[i] = start(write_on);
	for (unsigned i = 0; i < 5; i++) {
		EXPECT_OK(ash_store_compact(store, &before, &after));
		(void)snprintf(name, sizeof(name), "copy%u", i);
		EXPECT_OK(back_up(store, in_folder(name)));
	}
	shared[0] = 1;
	for (size_t i = 0; i < ASH_COUNT(children); i++)
		expect_end(children[i]);
	EXPECT(shared[1] > 0);
	EXPECT_NUMBER(RECORDS + shared[1], inspect(store).records);
	EXPECT_TEXT("", heard.damage);
	just_close(store);
	store = open_copy("copy4");
	EXPECT(inspect(store).records >= RECORDS);
	EXPECT_TEXT("", heard.damage);
	unshare_all();
	close_all(store);
}
