#include "store/sqlite/sqlite.h"

#include <sched.h>
#include <sys/syscall.h>

#include "unit/store/sqlite/store_folder.h"
#include "unit/test.h"

static struct ash_store *list_open(void)
{
	return open_new();
}

static struct ash_status list_try(struct ash_store **ret_store)
{
	if (folder[0] == '\0')
		folder_make();
	return open_with(true, false, ret_store);
}

static void list_close(struct ash_store *store)
{
	close_all(store);
}

#include "unit/store/store_list.h"

/* Reading only */

TEST(a_readonly_store_is_read_and_not_written)
{
	struct ash_store *store = list_open();
	struct ash_store *reader = NULL;
	uint64_t generation = 0;

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	EXPECT_OK(open_with(false, true, &reader));
	EXPECT(!ash_store_writable(reader));
	list_expect(reader, 1, 1, TEXT("v"));
	EXPECT_CODE(ASH_E_TOKEN_WRITE_PROTECTED, list_put(reader, 1, 1, TEXT("w")));
	generation = list_generation(reader);
	EXPECT_NUMBER(list_generation(store), generation);
	EXPECT_OK(list_put(store, 1, 1, TEXT("w")));
	EXPECT_NUMBER(generation + 1, list_generation(reader));
	list_expect(reader, 1, 2, TEXT("w"));
	just_close(store);
	list_expect(reader, 1, 2, TEXT("w"));
	list_close(reader);
}

/* In a child, as another user: the store belongs to him, and he can't write it. */
static bool is_still;
static void read_without_rights(void)
{
	struct ash_store *store = NULL;

	if (geteuid() == 0)
		EXPECT(setgid(65534) == 0 && setuid(65534) == 0);
	if (is_still) {
		/* SQLite would have to make its -shm file. */
		EXPECT_CODE(ASH_E_ACCESS, open_with(false, false, &store));
		EXPECT_OK(open_with(false, true, &store));
	} else {
		EXPECT_OK(open_with(false, false, &store));
	}
	EXPECT(!ash_store_writable(store));
	list_expect(store, 1, 1, TEXT("v"));
	EXPECT(list_generation(store) != 0);
	EXPECT_NUMBER(list_generation(store), list_generation(store));
	EXPECT_CODE(ASH_E_TOKEN_WRITE_PROTECTED, list_put(store, 2, 0, TEXT("v")));
	just_close(store);
}

static void set_rights(mode_t of_folder, mode_t of_files, uid_t owner)
{
	static const char *const names[] = { "store.db", "store.lock", "store.gen", "store.db-wal",
					     "store.db-shm" };

	for (size_t i = 0; i < ASH_COUNT(names); i++) {
		EXPECT(geteuid() != 0 || chown(in_folder(names[i]), owner, owner) == 0 || errno == ENOENT);
		EXPECT(chmod(in_folder(names[i]), of_files) == 0 || errno == ENOENT);
	}
	EXPECT(geteuid() != 0 || chown(folder, owner, owner) == 0);
	EXPECT_NUMBER(0, chmod(folder, of_folder));
}

TEST(a_store_without_write_permission_is_readable)
{
	struct ash_store *store = list_open();

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	just_close(store);
	set_rights(0500, 0400, 65534);
	is_still = true;
	EXPECT_IN_CHILD(read_without_rights);
	set_rights(0700, 0600, geteuid());
	folder_remove();
}

static void write_and_die(void)
{
	struct ash_store *store = NULL;

	EXPECT_OK(open_with(true, false, &store));
	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	(void)raise(SIGKILL);
}

TEST(a_store_that_was_not_closed_is_readable_without_write_permission)
{
	folder_make();
	EXPECT_SIGNAL(SIGKILL, write_and_die);
	EXPECT(file_size("store.db-wal") > 0);
	set_rights(0500, 0400, 65534);
	is_still = false;
	EXPECT_IN_CHILD(read_without_rights);
	set_rights(0700, 0600, geteuid());
	struct ash_store *store = open_again();

	list_expect(store, 1, 1, TEXT("v"));
	list_close(store);
}

/* Several stores, several processes */

TEST(two_stores_of_one_process_are_like_two_processes)
{
	struct ash_store *one = list_open();
	struct ash_store *two = open_again();
	uint64_t before = list_generation(two);

	EXPECT_OK(list_put(one, 1, 0, TEXT("v")));
	EXPECT_NUMBER(before + 1, list_generation(two));
	list_expect(two, 1, 1, TEXT("v"));
	EXPECT_CODE(ASH_E_CONFLICT, list_put(two, 1, 0, TEXT("w")));
	EXPECT_OK(list_put(two, 1, 1, TEXT("w")));
	EXPECT_NUMBER(before + 2, list_generation(one));
	just_close(one);
	EXPECT_OK(list_put(two, 1, 2, TEXT("x")));
	list_expect(two, 1, 3, TEXT("x"));
	list_close(two);
}

#define PROCESSES 4
#define TURNS     50

static void increment_often(void)
{
	struct ash_store *store = NULL;

	/* All at once, with the making of it. */
	EXPECT_OK(open_with(true, false, &store));
	for (unsigned i = 0; i < TURNS; i++) {
		struct list_increment increment = { .id = 1 + i % 2 };
		uint64_t before = list_generation(store);

		EXPECT_OK(ash_store_change(store, list_do_increment, &increment));
		EXPECT(list_generation(store) > before);
	}
	just_close(store);
}

TEST(processes_lose_no_update)
{
	pid_t children[PROCESSES];
	struct ash_store *store = NULL;

	folder_make();
	for (size_t i = 0; i < PROCESSES; i++)
		children[i] = start(increment_often);
	for (size_t i = 0; i < PROCESSES; i++)
		expect_end(children[i]);
	store = open_again();
	EXPECT_NUMBER(PROCESSES * TURNS / 2, list_number(store, 1));
	EXPECT_NUMBER(PROCESSES * TURNS / 2, list_number(store, 2));
	EXPECT_NUMBER(1 + PROCESSES * TURNS, list_generation(store));
	list_close(store);
}

/* The readers' promise: an unchanged generation means unchanged records. */
static void check_cache(void)
{
	struct ash_store *store = open_again();
	uint64_t generation = 0;
	uint64_t cached = 0;

	while (shared[0] == 0) {
		/* What was acknowledged before we ask must be in what we use. */
		uint64_t acknowledged = shared[1];
		uint64_t now = list_generation(store);

		if (now != generation) {
			cached = list_number(store, 1);
			generation = now;
		}
		EXPECT(cached >= acknowledged);
	}
	just_close(store);
}

TEST(whoever_sees_the_old_generation_has_missed_nothing)
{
	struct ash_store *store = list_open();
	struct list_increment increment = { .id = 1 };
	pid_t children[2];

	share();
	EXPECT_OK(ash_store_change(store, list_do_increment, &increment));
	for (size_t i = 0; i < ASH_COUNT(children); i++)
		children[i] = start(check_cache);
	for (uint64_t number = 2; number < 300; number++) {
		EXPECT_OK(ash_store_change(store, list_do_increment, &increment));
		shared[1] = number;
	}
	shared[0] = 1;
	for (size_t i = 0; i < ASH_COUNT(children); i++)
		expect_end(children[i]);
	unshare_all();
	list_close(store);
}

/* Counts record 1 up, and says so after each acknowledged commit, until it is killed. */
static void count_until_killed(void)
{
	struct ash_store *store = NULL;
	struct list_increment increment = { .id = 1 };

	EXPECT_OK(open_with(true, false, &store));
	while (true) {
		EXPECT_OK(ash_store_change(store, list_do_increment, &increment));
		shared[1] = list_number(store, 1);
	}
}

TEST(killed_writers_lose_nothing_that_was_acknowledged)
{
	struct ash_store *witness = NULL;

	folder_make();
	share();
	for (unsigned round = 0; round < 50; round++) {
		pid_t child = start(count_until_killed);
		int status = 0;

		/* From the making of the store on, at ever other points. */
		sleep_ms(1 + (long)(round * 7 % 40));
		EXPECT_NUMBER(0, kill(child, SIGKILL));
		EXPECT_NUMBER(child, waitpid(child, &status, 0));
		EXPECT(WIFSIGNALED(status));
		if (round == 20) { /* made by now, however slow the disk is */
			EXPECT_OK(open_with(true, false, &witness));
			just_close(witness);
			witness = NULL;
		}
		if (round == 30)
			witness = open_again();
		if (shared[1] != 0) { /* the store is made */
			struct ash_store *store = open_again();
			uint64_t number = list_number(store, 1);

			/* One more may be in that the killed did not come to acknowledge. */
			EXPECT(number == shared[1] || number == shared[1] + 1);
			shared[1] = number;
			EXPECT_NUMBER(number + 1, list_generation(store));
			EXPECT(witness == NULL || list_generation(witness) == number + 1);
			just_close(store);
		}
	}
	just_close(witness);
	expect_sound();
	unshare_all();
	folder_remove();
}

/* How many syncs fail from now on, SQLite's among them. */
static unsigned failing_syncs;

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	if (failing_syncs > 0) {
		failing_syncs--;
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	return fdatasync(fd);
}

static void fail_to_put_and_vanish(void)
{
	struct ash_store *store = open_again();

	EXPECT_OK(list_put(store, 1, 1,
			   TEXT("w"))); /* the log has begun: its head is not what is synced next */
	failing_syncs = (unsigned)shared[0];
	EXPECT_CODE(ASH_E_IO, list_put(store, 2, 0, TEXT("never")));
}

/* SQLite has written all of it to the log by then: whoever next recovers the log would believe it. */
TEST(a_commit_whose_sync_failed_does_not_come_back)
{
	struct ash_store *store = NULL;

	share();
	for (unsigned syncs = 1; syncs <= 1000; syncs += 999) {
		store = open_new();
		EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
		just_close(store);
		shared[0] = syncs;
		expect_end(start(fail_to_put_and_vanish));
		store = open_again();
		list_expect(store, 1, 2, TEXT("w"));
		list_expect_none(store, 2);
		EXPECT_OK(list_put(store, 2, 0, TEXT("now")));
		list_close(store);
	}
	unshare_all();
}

/* A writer may be stopped, and go on when it likes: the others wait, and lose nothing. */
TEST(writers_wait_for_one_that_hangs)
{
	struct ash_store *store = list_open();
	pid_t child = 0;
	uint64_t seen = 0;

	share();
	child = start(count_until_killed);
	while (shared[1] < 3) {
		EXPECT_NUMBER(0, waitpid(child, NULL, WNOHANG));
		sched_yield();
	}
	for (int i = 0; i < 10; i++) {
		struct list_increment increment = { .id = 1 };

		EXPECT_NUMBER(0, kill(child, SIGSTOP));
		sleep_ms(2);
		EXPECT_NUMBER(0, kill(child, SIGCONT));
		EXPECT_OK(ash_store_change(store, list_do_increment, &increment));
		EXPECT(list_number(store, 1) > seen);
		seen = list_number(store, 1);
	}
	EXPECT_NUMBER(0, kill(child, SIGKILL));
	EXPECT_NUMBER(child, waitpid(child, NULL, 0));
	unshare_all();
	list_close(store);
}

/* The log's size, and the generation page */

/* 49 pages each; SQLite leaves out those that would not change. */
static void put_much(struct ash_store *store, uint64_t from, uint64_t to)
{
	static uint8_t big[200000];

	for (uint64_t i = from; i < to; i++) {
		memset(big, (int)i, sizeof(big));
		EXPECT_OK(list_put(store, 1, i, SPAN(big)));
	}
}

TEST(the_log_does_not_grow_without_end)
{
	struct ash_store *store = list_open();
	struct ash_txn *view = NULL;
	uint64_t version = 0;

	put_much(store, 0, 200);
	EXPECT(file_size("store.db-wal") < 20u << 20);
	/* An old state that is read for long: the log grows, and is short again some time later. */
	EXPECT_OK(ash_store_view(store, &view));
	EXPECT_OK(ash_txn_get(view, list_name(1), NULL, &version));
	put_much(store, 200, 600);
	EXPECT(file_size("store.db-wal") > 60u << 20);
	ash_txn_end(view);
	put_much(store, 600, 620);
	EXPECT(file_size("store.db-wal") < 20u << 20);
	list_close(store);
}

/* Always in a view of some age: with two of these there is always a reader. */
static void read_on_and_on(void)
{
	struct ash_store *store = open_again();

	while (shared[0] == 0) {
		struct ash_txn *view = NULL;
		uint64_t version = 0;

		EXPECT_OK(ash_store_view(store, &view));
		EXPECT_OK(ash_txn_get(view, list_name(1), NULL, &version));
		sleep_ms(3);
		ash_txn_end(view);
	}
	just_close(store);
}

TEST(readers_who_never_pause_do_not_make_the_log_grow)
{
	struct ash_store *store = list_open();
	pid_t children[4];

	share();
	put_much(store, 0, 1);
	for (size_t i = 0; i < ASH_COUNT(children); i++)
		children[i] = start(read_on_and_on);
	put_much(store, 1, 700);
	EXPECT(file_size("store.db-wal") < 90u << 20); /* not 140 */
	shared[0] = 1;
	for (size_t i = 0; i < ASH_COUNT(children); i++)
		expect_end(children[i]);
	unshare_all();
	list_close(store);
}

/* A host that closes descriptors it doesn't know */

#define HOSTS_FILES 40
#define HOSTS_TEXT  "the host's own"

static int hosts[HOSTS_FILES];

/* The host's files take the numbers that are free now, the store's among them. */
static void open_hosts_files(void)
{
	for (int i = 0; i < HOSTS_FILES; i++) {
		hosts[i] = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		EXPECT(hosts[i] >= 0);
		EXPECT_NUMBER(strlen(HOSTS_TEXT), write(hosts[i], HOSTS_TEXT, strlen(HOSTS_TEXT)));
	}
}

static void expect_hosts_files_untouched(void)
{
	for (int i = 0; i < HOSTS_FILES; i++) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		char text[64] = "";

		EXPECT_NUMBER(strlen(HOSTS_TEXT), pread(hosts[i], text, sizeof(text), 0));
		EXPECT_TEXT(HOSTS_TEXT, text);
		EXPECT_NUMBER(0, fcntl(hosts[i], F_OFD_GETLK, &lock));
		EXPECT_NUMBER(F_UNLCK, lock.l_type);
	}
}

static void do_nothing(void)
{
}

/* Everything that could use a descriptor, after the host closed those from `first` to `last`. */
static void lose_and_go_on(unsigned first, unsigned last)
{
	struct ash_store *store = open_again();
	struct ash_store *again = NULL;
	uint64_t version = 0;

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	list_expect(store, 1, 1, TEXT("v"));
	EXPECT_NUMBER(0, close_range(first, last, 0));
	open_hosts_files();
	EXPECT_CODE(ASH_E_IO, list_put(store, 1, 1, TEXT("w")));
	EXPECT(strstr(ash_status_explanation(), "closed") != NULL);
	EXPECT_CODE(ASH_E_IO, list_get(store, list_name(1), NULL, &version));
	EXPECT(list_generation(store) != 0); /* the page is still mapped */
	EXPECT_IN_CHILD(do_nothing);         /* before a fork connections are closed */
	just_close(store);
	EXPECT_CODE(ASH_E_FAILED, open_with(true, false, &again));
	EXPECT(strstr(ash_status_explanation(), "start the program again") != NULL);
	expect_hosts_files_untouched();
}

static void lose_all(void)
{
	lose_and_go_on(3, ~0u);
}

static void lose_those_up_to_a_limit(void)
{
	lose_and_go_on(3, 127);
}

/* Where the host knows the first few, and the store's first are among them. */
static void lose_the_end(void)
{
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(next);
	lose_and_go_on((unsigned)next + 3, ~0u);
}

TEST(the_files_of_a_host_that_closes_our_descriptors_are_left_alone)
{
	static void (*const ways[])(void) = { lose_all, lose_those_up_to_a_limit, lose_the_end };
	struct ash_store *store = open_new();

	just_close(store);
	for (size_t i = 0; i < ASH_COUNT(ways); i++) {
		EXPECT_IN_CHILD(ways[i]);
		/* Nothing is wrong with the store. */
		expect_sound();
		store = open_again();
		list_expect(store, 1, 1, TEXT("v"));
		EXPECT_OK(list_delete(store, list_name(1)));
		just_close(store);
	}
	folder_remove();
}

static struct ash_store *inherited_store;

static void lose_before_and_abandon(void)
{
	EXPECT_NUMBER(0, close_range(3, ~0u, 0));
	open_hosts_files();
	EXPECT(ash_store_abandon(inherited_store) == NULL);
	expect_hosts_files_untouched();
	just_close(open_again());
}

TEST(a_child_that_closes_what_it_inherited_can_begin)
{
	inherited_store = open_new();
	EXPECT_OK(list_put(inherited_store, 1, 0, TEXT("v")));
	EXPECT_IN_CHILD(lose_before_and_abandon);
	list_expect(inherited_store, 1, 1, TEXT("v"));
	close_all(inherited_store);
}

static void without_standard_descriptors(void)
{
	struct ash_store *store = NULL;

	EXPECT_NUMBER(0, close_range(0, 2, 0));
	EXPECT_OK(open_with(true, false, &store));
	EXPECT_OK(list_put(store, 2, 0, TEXT("v")));
	for (int fd = 0; fd <= 2; fd++) {
		struct stat now;
		struct stat null;

		/* Where it would have got one of these, SQLite puts /dev/null there and leaves it. */
		EXPECT_NUMBER(0, stat("/dev/null", &null));
		EXPECT(fstat(fd, &now) != 0 || (now.st_dev == null.st_dev && now.st_ino == null.st_ino));
	}
	just_close(store);
}

TEST(no_descriptor_is_one_that_hosts_print_to)
{
	folder_make();
	EXPECT_IN_CHILD(without_standard_descriptors);
	folder_remove();
}
