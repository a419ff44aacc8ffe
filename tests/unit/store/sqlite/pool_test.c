#include "store/sqlite/pool.h"

#include <pthread.h>
#include <sched.h>

#include "unit/store/sqlite/store_folder.h"
#include "unit/test.h"

static struct ash_store *inherited;

static void use_in_child(void)
{
	struct ash_store *store = NULL;

	EXPECT(ash_store_abandon(inherited) == NULL);
	store = open_again();
	list_expect(store, 1, 1, TEXT("v"));
	EXPECT_OK(list_put(store, 2, 0, TEXT("child's")));
	shared[0] = 1;
	while (shared[1] == 0) /* until the parent has closed */
		sched_yield();
	EXPECT_OK(list_put(store, 3, 0, TEXT("after")));
	list_expect(store, 3, 1, TEXT("after"));
	just_close(store);
}

TEST(a_child_makes_its_own_and_outlives_the_parents)
{
	pid_t child = 0;

	inherited = open_new();
	share();
	EXPECT_OK(list_put(inherited, 1, 0, TEXT("v")));
	child = start(use_in_child);
	EXPECT_OK(list_put(inherited, 4, 0, TEXT("parent's")));
	while (shared[0] == 0)
		sched_yield();
	list_expect(inherited, 2, 1, TEXT("child's"));
	just_close(inherited);
	shared[1] = 1;
	expect_end(child);
	inherited = open_again();
	/* Nothing that either wrote went to a file that was gone. */
	for (uint64_t id = 1; id <= 4; id++) {
		uint64_t version = 0;

		EXPECT_OK(list_get(inherited, list_name(id), NULL, &version));
	}
	unshare_all();
	close_all(inherited);
}

static void abandon_and_end(void)
{
	EXPECT(ash_store_abandon(inherited) == NULL);
}

TEST(a_child_that_abandons_leaves_the_parent_in_peace)
{
	inherited = open_new();
	for (uint64_t i = 0; i < 10; i++) {
		EXPECT_OK(list_put(inherited, 1, i, TEXT("v")));
		EXPECT_IN_CHILD(abandon_and_end);
		list_expect(inherited, 1, i + 1, TEXT("v"));
	}
	close_all(inherited);
}

static void open_and_be_refused(void)
{
	struct ash_store *store = NULL;

	EXPECT(ash_store_abandon(inherited) == NULL);
	EXPECT_CODE(ASH_E_FAILED, open_with(false, false, &store));
	EXPECT(strstr(ash_status_explanation(), "exec a program after fork") != NULL);
}

TEST(a_child_of_a_fork_amid_a_view_is_refused)
{
	struct ash_txn *view = NULL;
	uint64_t version = 0;

	inherited = open_new();
	EXPECT_OK(list_put(inherited, 1, 0, TEXT("v")));
	EXPECT_OK(ash_store_view(inherited, &view));
	EXPECT_OK(ash_txn_get(view, list_name(1), NULL, &version));
	EXPECT_IN_CHILD(open_and_be_refused);
	EXPECT_OK(ash_txn_get(view, list_name(1), NULL, &version));
	ash_txn_end(view);
	EXPECT_OK(list_put(inherited, 1, 1, TEXT("w")));
	close_all(inherited);
}

static _Atomic bool over;

static void *write_often(void *context)
{
	struct ash_store *store = context;

	for (unsigned i = 0; i < 100; i++) {
		struct list_increment increment = { .id = 1 };

		EXPECT_OK(ash_store_change(store, list_do_increment, &increment));
		(void)list_number(store, 1);
	}
	return NULL;
}

/* With four of these there is hardly a moment without a view. */
static void *read_often(void *context)
{
	struct ash_store *store = context;
	uint64_t version = 0;

	while (!over) {
		struct ash_txn *view = NULL;

		EXPECT_OK(ash_store_view(store, &view));
		EXPECT_OK(ash_txn_get(view, list_name(1), NULL, &version));
		sleep_ms(1);
		/* A second one inside: this must not wait for a fork that waits for the first. */
		EXPECT_OK(list_get(store, list_name(1), NULL, &version));
		ash_txn_end(view);
	}
	return NULL;
}

static void increment_in_child(void)
{
	struct list_increment increment = { .id = 2 };
	struct ash_store *store = NULL;

	EXPECT(ash_store_abandon(inherited) == NULL);
	store = open_again();
	EXPECT_OK(ash_store_change(store, list_do_increment, &increment));
	just_close(store);
}

TEST(forking_while_threads_work_harms_nobody)
{
	/* A child of a process with threads may wait for ever inside AddressSanitizer's allocator. */
	const size_t busy = ASH_ASAN ? 0 : 7;
	const size_t written = ASH_ASAN ? 0 : 300;
	pthread_t threads[7];
	struct list_increment increment = { .id = 1 };

	over = false;
	inherited = open_new();
	EXPECT_OK(ash_store_change(inherited, list_do_increment, &increment));
	for (size_t i = 0; i < busy; i++)
		EXPECT_NUMBER(0,
			      pthread_create(&threads[i], NULL, i < 3 ? write_often : read_often, inherited));
	for (int i = 0; i < 10; i++)
		EXPECT_IN_CHILD(increment_in_child);
	over = true;
	for (size_t i = 0; i < busy; i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	EXPECT_NUMBER(1 + written, list_number(inherited, 1));
	EXPECT_NUMBER(10, list_number(inherited, 2));
	close_all(inherited);
}

static _Atomic bool in_view;

/* Ends a view, for which others wait to fork, and wants another one, for longer than they wait. */
static void *view_again(void *context)
{
	for (unsigned i = 0; i < 2; i++) {
		struct ash_txn *view = NULL;
		uint64_t version = 0;

		EXPECT_OK(ash_store_view(context, &view));
		EXPECT_OK(ash_txn_get(view, list_name(1), NULL, &version));
		in_view = true;
		for (unsigned ms = 0; ms < (i == 0 ? 100 : 4000) && !over; ms++)
			sleep_ms(1);
		ash_txn_end(view);
	}
	return NULL;
}

static void *fork_once(ASH_UNUSED void *context)
{
	EXPECT_IN_CHILD(increment_in_child);
	return NULL;
}

TEST(threads_that_fork_at_once_all_have_their_turn)
{
	/* As above, AddressSanitizer bears no such forks. */
	const size_t forks = ASH_ASAN ? 0 : 3;
	struct list_increment increment = { .id = 2 };
	pthread_t viewer;
	pthread_t threads[3];

	over = false;
	inherited = open_new();
	EXPECT_OK(list_put(inherited, 1, 0, TEXT("v")));
	EXPECT_OK(ash_store_change(inherited, list_do_increment, &increment));
	EXPECT_NUMBER(0, pthread_create(&viewer, NULL, view_again, inherited));
	while (!in_view)
		sched_yield();
	for (size_t i = 0; i < forks; i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, fork_once, NULL));
	for (size_t i = 0; i < forks; i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	over = true;
	EXPECT_NUMBER(0, pthread_join(viewer, NULL));
	EXPECT_NUMBER(1 + forks, list_number(inherited, 2));
	close_all(inherited);
}

/* Has a child that says who it is and does nothing else; waits with a lock for its end. */
static void hold_and_fork(int tell)
{
	struct ash_store *store = open_again();
	pid_t child = -1;

	if (!ash_is_ok(ash_store_hold(store, 3, ASH_HOLD_ALONE)))
		_exit(1);
	child = fork();
	(void)alarm(60);
	if (child == 0) { /* it says so itself: its fork() is over then */
		child = getpid();
		if (write(tell, &child, sizeof(child)) != (ssize_t)sizeof(child))
			_exit(1);
	}
	for (;;)
		(void)pause();
}

TEST(a_child_that_does_nothing_keeps_no_lock_of_its_parent)
{
	struct ash_store *store = open_new();
	pid_t parent = -1, child = -1;
	int ends[2], status = 0;

	just_close(store);
	EXPECT_NUMBER(0, pipe(ends));
	parent = fork();
	if (parent == 0)
		hold_and_fork(ends[1]);
	EXPECT_NUMBER(sizeof(child), read(ends[0], &child, sizeof(child)));
	EXPECT_NUMBER(0, kill(parent, SIGKILL));
	EXPECT_NUMBER(parent, waitpid(parent, &status, 0));
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	store = open_again();
	EXPECT_OK(ash_store_hold(store, 3, ASH_HOLD_ALONE));
	EXPECT_NUMBER(0, kill(child, SIGKILL));
	close_all(store);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* The lock that its parent's fork held is nobody's there: waiting for it would take two seconds each time. */
static void fork_often(void)
{
	int status = 0;

	(void)alarm(10);
	for (int i = 0; i < 20; i++) {
		const pid_t child = fork();

		if (child == 0)
			_exit(0);
		EXPECT_NUMBER(child, waitpid(child, &status, 0));
	}
}

TEST(a_child_that_does_nothing_forks_at_once)
{
	struct ash_store *store = open_new();

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	EXPECT_IN_CHILD(fork_often);
	list_expect(store, 1, 1, TEXT("v"));
	close_all(store);
}

TEST(a_connection_that_failed_is_not_used_again)
{
	struct ash_store *store = open_new();
	struct ash_pool *pool = NULL;
	struct ash_connection *connection = NULL;
	struct ash_sentry sentry = ASH_SENTRY_NONE;
	sqlite3_stmt *statement = NULL;
	bool row = false;

	EXPECT_OK(ash_sentry_post(in_folder("."), &sentry));
	EXPECT_OK(ash_pool_open(in_folder("store.db"), ASH_SQLITE_READ, &sentry, &pool));
	EXPECT_OK(ash_pool_borrow(pool, false, &connection));
	EXPECT_OK(ash_connection_run(connection, ASH_SQL_BEGIN_READ));
	EXPECT_OK(ash_connection_run(connection, ASH_SQL_ROLLBACK));
	ash_pool_return(pool, connection);
	EXPECT_OK(ash_pool_borrow(pool, false, &connection));
	EXPECT(connection->prepared[ASH_SQL_BEGIN_READ] != NULL); /* the same */
	EXPECT_OK(ash_connection_statement(connection, ASH_SQL_DELETE_ALL, &statement));
	EXPECT_CODE(ASH_E_TOKEN_WRITE_PROTECTED, ash_connection_step(connection, statement, &row));
	ash_pool_return(pool, connection);
	EXPECT_OK(ash_pool_borrow(pool, false, &connection));
	EXPECT(!connection->failed && connection->prepared[ASH_SQL_BEGIN_READ] == NULL);
	/* Nor one whose transaction was left open. */
	EXPECT_OK(ash_connection_run(connection, ASH_SQL_BEGIN_READ));
	ash_pool_return(pool, connection);
	EXPECT_OK(ash_pool_borrow(pool, false, &connection));
	EXPECT(!ash_connection_in_transaction(connection));
	ash_pool_return(pool, connection);
	EXPECT(ash_pool_close(pool) == NULL);
	EXPECT(ash_pool_close(NULL) == NULL);
	EXPECT(ash_pool_abandon(NULL) == NULL);
	ash_sentry_dismiss(&sentry);
	close_all(store);
}

TEST(memory_may_fail)
{
	struct ash_store *store = open_new();
	struct ash_pool *pool = NULL;
	struct ash_connection *connection = NULL;
	struct ash_sentry sentry = ASH_SENTRY_NONE;

	EXPECT_OK(ash_sentry_post(in_folder("."), &sentry));
	FAIL_EVERY_ALLOCATION(pool == NULL,
			      ash_pool_open(in_folder("store.db"), ASH_SQLITE_READ, &sentry, &pool));
	FAIL_EVERY_ALLOCATION(connection == NULL, ash_pool_borrow(pool, true, &connection));
	ash_pool_return(pool, connection);
	ash_pool_close(pool);
	ash_sentry_dismiss(&sentry);
	close_all(store);
}
