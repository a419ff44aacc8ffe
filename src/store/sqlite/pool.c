#include "store/sqlite/pool.h"

#include <pthread.h>
#include <time.h>

#include "util/fork.h"
#include "util/lock.h"
#include "util/mem.h"

/* More readers at once get connections of their own, which are closed after use. */
#define KEPT_MAX 16u

/* How long a fork waits for transactions to end. */
#define FORK_WAIT_SECONDS 2

struct ash_pool {
	struct ash_pool *next;
	const char *path;
	const struct ash_sentry *sentry;
	enum ash_sqlite_mode readers;
	struct ash_connection *kept;
	struct ash_connection *writer; /* NULL while it is out, or not opened yet */
	size_t kept_count;
	size_t out;
	int *lock_fd; /* NULL where the store has no lock file */
	const struct ash_fs_id *lock_file;
};

/*
 * All pools of the process, for the handlers of fork. The lock is held for a few
 * instructions, but for the time of a fork; nothing else is taken under it.
 */
static struct {
	struct ash_lock lock; /* ASH_RANK_STORE; guards the fields below and those of the pools */
	pthread_cond_t all_back;
	pthread_cond_t forked;
	struct ash_pool *first;
	unsigned forking; /* threads that wait for all to be back, to fork */
	bool inherited;   /* this child has connections of its parent: SQLite can't be used with them */
	bool lost;        /* the host closed descriptors of connections: nor with these */
	struct ash_fork_guard guard;
} pools = {
	.lock = ASH_LOCK_INIT(ASH_RANK_STORE),
	.all_back = PTHREAD_COND_INITIALIZER,
	.forked = PTHREAD_COND_INITIALIZER,
};

/* How many this thread has out: who has one may have more, even while another thread waits to fork. */
static _Thread_local unsigned out_here;

static bool has_connections(const struct ash_pool *pool)
{
	return pool->out != 0 || pool->kept != NULL || pool->writer != NULL;
}

/*
 * Called before the lock is first taken in a process. In a child the pools are the
 * parent's; those that are not empty stay in SQLite's own lists for good.
 */
static void enter_process(void)
{
	if (!ash_fork_claim(&pools.guard))
		return;
	for (const struct ash_pool *pool = pools.first; pool != NULL; pool = pool->next)
		pools.inherited = pools.inherited || has_connections(pool);
	pools.first = NULL;
	pools.lock = (struct ash_lock)ASH_LOCK_INIT(ASH_RANK_STORE);
	pools.all_back = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	pools.forked = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	pools.forking = 0;
	out_here = 0;
	ash_fork_made(&pools.guard);
}

/* Gives the connections that are not out to the caller, as a list. */
static struct ash_connection *take_kept(struct ash_pool *pool)
{
	struct ash_connection *taken = pool->kept;

	if (pool->writer != NULL) {
		pool->writer->next = taken;
		taken = pool->writer;
	}
	pool->kept = NULL;
	pool->kept_count = 0;
	pool->writer = NULL;
	return taken;
}

static bool all_back(void)
{
	for (const struct ash_pool *pool = pools.first; pool != NULL; pool = pool->next) {
		if (pool->out != 0)
			return false;
	}
	return true;
}

/* Waits until all are back, while nobody who has none gets one; then closes them. */
static void quiesce(const struct timespec *until)
{
	int waited = 0;

	/* Our own thread's don't come back meanwhile: a signal handler forks. */
	if (out_here != 0)
		return;
	while (!all_back() && waited == 0)
		waited = pthread_cond_timedwait(&pools.all_back, &pools.lock.mutex, until);
	for (struct ash_pool *pool = pools.first; pool != NULL; pool = pool->next) {
		struct ash_connection *connection = NULL;

		if (!ash_sentry_stands(pool->sentry))
			continue; /* the child will find itself with connections that it inherited */
		connection = take_kept(pool);
		while (connection != NULL) {
			struct ash_connection *next = connection->next;

			ash_connection_drop(connection);
			connection = next;
		}
	}
}

/*
 * The lock stays taken until the fork is done: nobody opens a connection meanwhile.
 * If it can't be had (this very thread may hold it: a signal handler forks), or a
 * transaction lasts, then the fork goes on all the same, and the child will know
 * what it inherited. Not ash_lock_take: a host may fork where ranks are held.
 */
static _Thread_local bool held_for_fork;

static void before_fork(void)
{
	struct timespec until = { 0 };

	/* A child that has not used the store has its parent's pools, and their lock as the fork left it: taken. */
	held_for_fork = false;
	if (!ash_fork_is_made(&pools.guard) || clock_gettime(CLOCK_REALTIME, &until) != 0)
		return;
	until.tv_sec += FORK_WAIT_SECONDS;
	held_for_fork = pthread_mutex_timedlock(&pools.lock.mutex, &until) == 0;
	if (!held_for_fork)
		return;
	pools.forking++;
	quiesce(&until);
}

/* In the parent. The child makes the pools anew when it first needs them: enter_process(). */
static void after_fork(void)
{
	if (!held_for_fork)
		return;
	held_for_fork = false;
	pools.forking--; /* others may wait to fork as well: nobody gets a connection before them */
	pthread_cond_broadcast(&pools.forked);
	pthread_mutex_unlock(&pools.lock.mutex);
}

/*
 * In the child, which may neither exec nor use the store for as long as it lives. Closing
 * takes no lock from the parent. Where the lock was not held nothing is known of the list.
 */
static void begin_child(void)
{
	if (!held_for_fork)
		return;
	for (struct ash_pool *pool = pools.first; pool != NULL; pool = pool->next) {
		if (pool->lock_fd == NULL)
			continue;
		ash_fs_close_own(*pool->lock_fd, *pool->lock_file);
		*pool->lock_fd = -1;
	}
}

static int handlers_result;

static void set_handlers(void)
{
	handlers_result = pthread_atfork(before_fork, after_fork, begin_child);
}

static struct ash_status join_pools(struct ash_pool *pool)
{
	ASH_LOCKED(&pools.lock);
	if (pools.inherited)
		ASH_FAIL_WITH(ASH_E_FAILED,
			      "%s: this process was forked while its parent used the store, in a way that "
			      "SQLite can't follow: exec a program after fork",
			      pool->path);
	if (pools.lost)
		ASH_FAIL_WITH(ASH_E_FAILED,
			      "%s: this process closed descriptors that it did not know, and SQLite can't do "
			      "without them: start the program again",
			      pool->path);
	pool->next = pools.first;
	pools.first = pool;
	return ASH_DONE;
}

struct ash_status ash_pool_open(const char *path, enum ash_sqlite_mode readers,
				const struct ash_sentry *sentry, struct ash_pool **ret_pool)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	ASH_AUTO_MEM struct ash_pool *pool = ash_mem_new(1, sizeof(*pool));

	ASH_ENSURE(pool != NULL, ASH_E_MEMORY);
	pool->path = path;
	pool->readers = readers;
	pool->sentry = sentry;
	enter_process();
	ASH_ENSURE(pthread_once(&once, set_handlers) == 0 && handlers_result == 0, ASH_E_MEMORY);
	ASH_TRY(join_pools(pool));
	*ret_pool = ASH_TAKE(pool);
	return ASH_DONE;
}

void ash_pool_guard_lock(struct ash_pool *pool, int *lock_fd, const struct ash_fs_id *lock_file)
{
	ASH_LOCKED(&pools.lock);
	pool->lock_fd = lock_fd;
	pool->lock_file = lock_file;
}

/* From here until one_less() a fork waits for this thread. */
static void one_more(struct ash_pool *pool)
{
	while (pools.forking != 0 && out_here == 0)
		ash_lock_wait(&pools.lock, &pools.forked);
	pool->out++;
	out_here++;
}

static void one_less(struct ash_pool *pool)
{
	pool->out--;
	out_here--;
	if (pools.forking != 0)
		pthread_cond_broadcast(&pools.all_back);
}

/* Its connections count as out while they are being closed: a fork waits for that. */
static struct ash_connection *leave_pools(struct ash_pool *pool)
{
	ASH_LOCKED(&pools.lock);
	one_more(pool);
	return take_kept(pool);
}

static void forget_pool(struct ash_pool *pool)
{
	struct ash_pool **link = &pools.first;

	ASH_LOCKED(&pools.lock);
	while (*link != NULL && *link != pool)
		link = &(*link)->next;
	if (*link != NULL)
		*link = pool->next;
	one_less(pool);
}

static void lose_connections(void)
{
	ASH_LOCKED(&pools.lock);
	pools.lost = true;
}

/* Or leaves it alone for good, where its descriptors may be the host's by now. */
static void close_or_lose(const struct ash_pool *pool, struct ash_connection *connection)
{
	if (ash_sentry_stands(pool->sentry))
		ash_connection_close(connection);
	else
		lose_connections();
}

struct ash_pool *ash_pool_close(struct ash_pool *pool)
{
	struct ash_connection *connection = pool != NULL ? leave_pools(pool) : NULL;

	if (pool == NULL)
		return NULL;
	while (connection != NULL) {
		struct ash_connection *next = connection->next;

		close_or_lose(pool, connection);
		connection = next;
	}
	forget_pool(pool);
	return ash_mem_free(pool);
}

struct ash_pool *ash_pool_abandon(struct ash_pool *pool)
{
	enter_process(); /* looks at the pool while it is there */
	return ash_mem_free(pool);
}

/* NULL when a new one has to be opened; it is counted as out all the same. */
static struct ash_connection *take_one(struct ash_pool *pool, bool write)
{
	struct ash_connection *taken = NULL;

	ASH_LOCKED(&pools.lock);
	one_more(pool);
	if (write) {
		taken = pool->writer;
		pool->writer = NULL;
	} else if (pool->kept != NULL) {
		taken = pool->kept;
		pool->kept = taken->next;
		pool->kept_count--;
	}
	return taken;
}

/* Keeps it, if there is room: true. Else it still counts as out. */
static bool keep(struct ash_pool *pool, struct ash_connection *connection)
{
	ASH_LOCKED(&pools.lock);
	if (connection->mode == ASH_SQLITE_WRITE) {
		pool->writer = connection;
	} else if (pool->kept_count < KEPT_MAX) {
		connection->next = pool->kept;
		pool->kept = connection;
		pool->kept_count++;
	} else {
		return false;
	}
	one_less(pool);
	return true;
}

static void closed_one(struct ash_pool *pool)
{
	ASH_LOCKED(&pools.lock);
	one_less(pool);
}

struct ash_status ash_pool_make(struct ash_pool *pool, const char *draft)
{
	struct ash_status status = ASH_DONE;

	ash_lock_take(&pools.lock);
	one_more(pool);
	ash_lock_drop(&pools.lock);
	status = ash_connection_make(draft);
	closed_one(pool);
	return status;
}

struct ash_status ash_pool_borrow(struct ash_pool *pool, bool write, struct ash_connection **ret_connection)
{
	struct ash_connection *connection = NULL;
	struct ash_status status = ASH_DONE;

	if (!ash_sentry_stands(pool->sentry))
		ASH_FAIL_WITH(ASH_E_IO,
			      "%s: the program closed descriptors that it did not know, among them the "
			      "store's: start it again",
			      pool->path);
	connection = take_one(pool, write);
	if (connection == NULL)
		status = ash_connection_open(pool->path, write ? ASH_SQLITE_WRITE : pool->readers,
					     &connection);
	if (!ash_is_ok(status)) {
		closed_one(pool);
		return status;
	}
	*ret_connection = connection;
	return ASH_DONE;
}

void ash_pool_return(struct ash_pool *pool, struct ash_connection *connection)
{
	/* After an error the next one starts afresh: SQLite may have fallen back to reading only, for one. */
	if (!connection->failed && !ash_connection_in_transaction(connection) && keep(pool, connection))
		return;
	close_or_lose(pool, connection);
	closed_one(pool);
}
