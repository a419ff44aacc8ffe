#include "store/sqlite/page.h"

#include "store/sqlite/lockfile.h"
#include "unit/store/sqlite/store_folder.h"
#include "unit/test.h"
#include "util/fs.h"

static int lock_fd;

static void begin_test(void)
{
	folder_make();
	EXPECT_OK(ash_lockfile_open(in_folder("store.lock"), ASH_FS_NO_GROUP, true, &lock_fd));
}

static void end_test(void)
{
	close(lock_fd);
	folder_remove();
}

static struct ash_status try_page(enum ash_page_use use, struct ash_page **ret_page)
{
	return ash_page_open(in_folder("store.gen"), ASH_FS_NO_GROUP, lock_fd, use, ret_page);
}

static struct ash_page *page_of(enum ash_page_use use)
{
	struct ash_page *page = NULL;

	EXPECT_OK(try_page(use, &page));
	return page;
}

TEST(a_new_page_knows_nothing)
{
	struct ash_page *page = NULL;

	begin_test();
	EXPECT_CODE(ASH_E_NOT_FOUND, try_page(ASH_PAGE_READ, &page));
	EXPECT_CODE(ASH_E_NOT_FOUND, try_page(ASH_PAGE_WRITE, &page));
	page = page_of(ASH_PAGE_MAKE);
	EXPECT_NUMBER(0, ash_page_read(page));
	EXPECT_NUMBER(0, ash_page_read(NULL));
	EXPECT_NUMBER(0600, file_mode("store.gen"));
	EXPECT_NUMBER(4096, file_size("store.gen"));
	EXPECT(ash_page_close(page) == NULL);
	EXPECT(ash_page_close(NULL) == NULL);
	end_test();
}

TEST(commits_are_seen_by_all)
{
	struct ash_page *writer = NULL;
	struct ash_page *reader = NULL;

	begin_test();
	writer = page_of(ASH_PAGE_MAKE);
	reader = page_of(ASH_PAGE_READ);
	EXPECT_OK(ash_page_repair(writer, 41));
	EXPECT_NUMBER(41, ash_page_read(reader));
	ash_page_begin(writer, 41);
	EXPECT_NUMBER(0, ash_page_read(reader));
	ash_page_end(writer, 41, 42);
	EXPECT_NUMBER(42, ash_page_read(reader));
	/* A commit that failed. */
	ash_page_begin(writer, 42);
	ash_page_end(writer, 42, 42);
	EXPECT_NUMBER(42, ash_page_read(reader));
	/* One that was killed, and the next writer. */
	ash_page_begin(writer, 42);
	EXPECT_OK(ash_page_repair(writer, 43));
	EXPECT_NUMBER(43, ash_page_read(reader));
	/* A store that knows less than the page. */
	EXPECT_CODE(ASH_E_CORRUPT, ash_page_repair(writer, 42));
	EXPECT_NUMBER(43, ash_page_read(reader));
	/* Somebody else began before we could end. */
	ash_page_begin(writer, 44);
	ash_page_end(writer, 43, 44);
	EXPECT_NUMBER(0, ash_page_read(reader));
	ash_page_close(reader);
	ash_page_close(writer);
	end_test();
}

TEST(a_copy_is_not_the_page)
{
	struct ash_page *page = NULL;
	uint8_t bytes[4096];
	int fd = -1;

	begin_test();
	page = page_of(ASH_PAGE_MAKE);
	EXPECT_OK(ash_page_repair(page, 5));
	fd = open(in_folder("store.gen"), O_RDONLY);
	EXPECT_NUMBER(sizeof(bytes), read(fd, bytes, sizeof(bytes)));
	close(fd);
	file_write("copy", 0, SPAN(bytes));
	EXPECT_NUMBER(0, rename(in_folder("copy"), in_folder("store.gen")));
	ash_lockfile_hide(lock_fd);
	EXPECT_CODE(ASH_E_NOT_FOUND, try_page(ASH_PAGE_WRITE, &page));
	ash_page_close(page);
	page = page_of(ASH_PAGE_MAKE);
	EXPECT_NUMBER(0, ash_page_read(page));
	ash_page_close(page);
	end_test();
}

TEST(what_is_no_page_is_made_anew)
{
	struct ash_page *page = NULL;
	uint8_t noise[5000];

	begin_test();
	memset(noise, 0xa5, sizeof(noise));
	file_write("store.gen", 0, SPAN(noise));
	EXPECT_CODE(ASH_E_NOT_FOUND, try_page(ASH_PAGE_READ, &page));
	page = page_of(ASH_PAGE_MAKE);
	ash_page_close(page);
	EXPECT_NUMBER(0, truncate(in_folder("store.gen"), 100));
	EXPECT_CODE(ASH_E_NOT_FOUND, try_page(ASH_PAGE_READ, &page));
	page = page_of(ASH_PAGE_MAKE);
	ash_page_close(page);
	end_test();
}

TEST(modes_and_links_are_refused)
{
	struct ash_page *page = NULL;

	begin_test();
	ash_page_close(page_of(ASH_PAGE_MAKE));
	EXPECT_NUMBER(0, chmod(in_folder("store.gen"), 0606));
	EXPECT_CODE(ASH_E_ACCESS, try_page(ASH_PAGE_MAKE, &page));
	EXPECT_NUMBER(0, unlink(in_folder("store.gen")));
	EXPECT_NUMBER(0, symlink("/dev/zero", in_folder("store.gen")));
	EXPECT_CODE(ASH_E_ACCESS, try_page(ASH_PAGE_MAKE, &page));
	EXPECT_NUMBER(0, unlink(in_folder("store.gen")));
	EXPECT_NUMBER(0, mkfifo(in_folder("store.gen"), 0600));
	EXPECT_CODE(ASH_E_ACCESS, try_page(ASH_PAGE_READ, &page));
	end_test();
}

TEST(memory_may_fail)
{
	struct ash_page *page = NULL;

	begin_test();
	FAIL_EVERY_ALLOCATION(page == NULL, try_page(ASH_PAGE_MAKE, &page));
	ash_page_close(page);
	end_test();
}

TEST(a_truncated_page_is_filled_again_before_the_next_commit)
{
	struct ash_store *store = open_new();
	uint64_t generation = 0;

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	generation = list_generation(store);
	EXPECT_NUMBER(0, truncate(in_folder("store.gen"), 0));
	EXPECT_OK(list_put(store, 1, 1, TEXT("w")));
	EXPECT_NUMBER(generation + 1, list_generation(store));
	just_close(store);
	store = open_again();
	EXPECT_NUMBER(generation + 1, list_generation(store));
	close_all(store);
}

/* As a writer leaves it that is killed while it commits. */
static void leave_odd(void)
{
	struct ash_page *page = NULL;

	lock_fd = -1;
	EXPECT_OK(ash_lockfile_open(in_folder("store.lock"), ASH_FS_NO_GROUP, true, &lock_fd));
	page = page_of(ASH_PAGE_WRITE);
	ash_page_begin(page, 1);
	ash_page_close(page);
	close(lock_fd);
}

TEST(an_odd_page_makes_readers_ask_and_is_put_right)
{
	struct ash_store *store = open_new();
	struct ash_store *another = NULL;
	uint64_t generation = 0;

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	generation = list_generation(store);
	leave_odd();
	EXPECT_NUMBER(generation, list_generation(store));
	/* By the next who writes, */
	EXPECT_OK(list_put(store, 1, 1, TEXT("w")));
	EXPECT_NUMBER(generation + 1, list_generation(store));
	/* or opens. */
	leave_odd();
	another = open_again();
	lock_fd = -1;
	EXPECT_OK(ash_lockfile_open(in_folder("store.lock"), ASH_FS_NO_GROUP, true, &lock_fd));
	struct ash_page *page = page_of(ASH_PAGE_READ);

	EXPECT_NUMBER(generation + 1, ash_page_read(page));
	ash_page_close(page);
	close(lock_fd);
	just_close(another);
	close_all(store);
}

/* Called in each commit, just before it is made. */
static int commits_seen;

static int look_at_page(ASH_UNUSED void *context)
{
	uint64_t value = 0;
	int fd = open(in_folder("store.gen"), O_RDONLY);

	EXPECT_NUMBER(sizeof(value), pread(fd, &value, sizeof(value), 64));
	close(fd);
	EXPECT_NUMBER(1, value & 1);
	commits_seen++;
	return 0;
}

static int add_hook(sqlite3 *db, ASH_UNUSED char **error, ASH_UNUSED const struct sqlite3_api_routines *api)
{
	/* Not while a store is made: there is no page yet. */
	if (file_is_there("store.gen"))
		(void)sqlite3_commit_hook(db, look_at_page, NULL);
	return SQLITE_OK;
}

TEST(the_page_is_odd_before_a_commit_is_seen)
{
	struct ash_store *store = open_new();

	just_close(store);
	commits_seen = 0;
	EXPECT_NUMBER(SQLITE_OK, sqlite3_auto_extension((void (*)(void))add_hook));
	store = open_again();
	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	EXPECT_OK(list_put(store, 1, 1, TEXT("w")));
	EXPECT_NUMBER(2, commits_seen);
	(void)sqlite3_cancel_auto_extension((void (*)(void))add_hook);
	EXPECT_NUMBER(3, list_generation(store));
	close_all(store);
}

TEST(an_older_store_is_refused_until_somebody_says_that_it_is_right)
{
	struct ash_store *store = open_new();

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	EXPECT_OK(list_put(store, 1, 1, TEXT("v")));
	just_close(store);
	run_sql("UPDATE meta SET generation = 2");
	refused(ASH_E_CORRUPT, "latest 1 changes");
	EXPECT_CODE(ASH_E_CORRUPT, open_with(false, true, &store));
	EXPECT_NUMBER(0, unlink(in_folder("store.gen")));
	store = open_again();
	EXPECT_NUMBER(2, list_generation(store));
	EXPECT_OK(list_put(store, 1, 2, TEXT("v")));
	EXPECT_NUMBER(3, list_generation(store));
	close_all(store);
}

TEST(a_store_that_grows_older_meanwhile_is_written_no_more)
{
	struct ash_store *store = open_new();

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	run_sql("UPDATE meta SET generation = 1");
	EXPECT_CODE(ASH_E_CORRUPT, list_put(store, 1, 1, TEXT("w")));
	list_expect(store, 1, 1, TEXT("v"));
	close_all(store);
}

TEST(a_deleted_page_is_made_anew_when_nobody_else_is_there)
{
	struct ash_store *store = open_new();
	uint64_t before = 0;

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	before = list_generation(store);
	just_close(store);
	EXPECT_NUMBER(0, unlink(in_folder("store.gen")));
	store = open_again();
	EXPECT_NUMBER(before, list_generation(store));
	EXPECT_NUMBER(4096, file_size("store.gen"));
	EXPECT_OK(list_put(store, 1, 1, TEXT("v")));
	EXPECT_NUMBER(before + 1, list_generation(store));
	close_all(store);
}

TEST(nobody_writes_past_those_who_have_an_older_page)
{
	struct ash_store *old = open_new();
	struct ash_store *new = NULL;
	uint64_t before = 0;

	EXPECT_OK(list_put(old, 1, 0, TEXT("v")));
	EXPECT_NUMBER(0, unlink(in_folder("store.gen")));
	new = open_again();
	before = list_generation(new);
	EXPECT_CODE(ASH_E_IO, list_put(new, 1, 1, TEXT("w")));
	EXPECT(strstr(ash_status_explanation(), "store.gen was deleted") != NULL);
	/* Those who have it go on, and the newcomer asks the store. */
	EXPECT_OK(list_put(old, 1, 1, TEXT("w")));
	EXPECT_NUMBER(before + 1, list_generation(old));
	EXPECT_NUMBER(before + 1, list_generation(new));
	list_expect(new, 1, 2, TEXT("w"));
	just_close(old);
	EXPECT_OK(list_put(new, 1, 2, TEXT("x")));
	EXPECT_NUMBER(before + 2, list_generation(new));
	close_all(new);
}
