#include "store/sqlite/sqlite.h"

#include <stdatomic.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/copy.h"
#include "store/sqlite/files.h"
#include "store/sqlite/inspect.h"
#include "store/sqlite/lockfile.h"
#include "store/sqlite/page.h"
#include "store/sqlite/pool.h"
#include "store/sqlite/records.h"
#include "store/sqlite/sentry.h"
#include "util/fs.h"
#include "util/mem.h"

struct ash_sqlite {
	struct ash_files *files;
	struct ash_pool *pool;
	struct ash_sentry sentry;
	struct ash_fs_id lock_file;
	int lock_fd; /* -1 where there is none, in a store that is only read */
	enum ash_sqlite_mode readers;

	/* NULL when it can't be had; set once, by whoever has the turn, and never taken back. */
	_Atomic(struct ash_page *) page;
};

/* Needs the turn with ASH_PAGE_MAKE. No page is no failure: then the store is asked each time. */
static struct ash_status get_page(struct ash_sqlite *store, enum ash_page_use use)
{
	struct ash_page *page = NULL;
	struct ash_status status =
		ash_page_open(store->files->page, store->files->group, store->lock_fd, use, &page);

	if (ash_is_ok(status))
		atomic_store(&store->page, page);
	return status.code == ASH_E_NOT_FOUND ? ASH_DONE : status;
}

/* A lock on a file of the host's would let two write at once. */
static struct ash_status check_lock_fd(const struct ash_sqlite *store)
{
	if (!ash_fs_is(store->lock_fd, store->lock_file))
		ASH_FAIL_WITH(ASH_E_IO, "%s: the program closed its descriptor: start it again",
			      store->files->lock);
	return ASH_DONE;
}

static struct ash_status take_turn(struct ash_sqlite *store)
{
	ASH_TRY(check_lock_fd(store));
	return ash_lockfile_turn(store->lock_fd);
}

static struct ash_status make_store(struct ash_sqlite *store)
{
	struct ash_status status = ASH_DONE;

	ASH_TRY(take_turn(store));
	status = ash_files_make(store->files, store->pool);
	if (ash_is_ok(status))
		status = get_page(store, ASH_PAGE_MAKE);
	ash_lockfile_end_turn(store->lock_fd);
	return status;
}

static bool sqlite_writable(void *given)
{
	const struct ash_sqlite *store = given;

	return store->files->writable;
}

/* Kept twice: no seal and no checksum protects these numbers. Format 1 has them once. */
static struct ash_status read_meta(struct ash_connection *connection)
{
	ASH_STATEMENT *meta = NULL;
	bool row = false;
	sqlite3_int64 generation = 0;
	sqlite3_int64 latest_id = 0;

	ASH_TRY(ash_connection_statement(connection, ASH_SQL_META, &meta));
	ASH_TRY(ash_connection_step(connection, meta, &row));
	ASH_ENSURE(row, ASH_E_CORRUPT);
	generation = sqlite3_column_int64(meta, 0);
	latest_id = sqlite3_column_int64(meta, 1);
	ASH_TRY(ash_connection_step(connection, meta, &row));
	if (connection->format > 1 && (!row || sqlite3_column_int64(meta, 0) != generation ||
				       sqlite3_column_int64(meta, 1) != latest_id))
		ASH_FAIL_WITH(ASH_E_CORRUPT, "%s: its counters are damaged", connection->path);
	ASH_ENSURE(generation > 0 && generation < INT64_MAX / 2 && latest_id >= 0, ASH_E_CORRUPT);
	connection->generation = (uint64_t)generation;
	connection->latest_id = (uint64_t)latest_id;
	return ASH_DONE;
}

static struct ash_status ask_generation(struct ash_sqlite *store, uint64_t *ret_generation)
{
	struct ash_connection *connection = NULL;
	struct ash_status status = ASH_DONE;

	ASH_TRY(ash_pool_borrow(store->pool, false, &connection));
	status = read_meta(connection);
	if (ash_is_ok(status))
		*ret_generation = connection->generation;
	ash_pool_return(store->pool, connection);
	return status;
}

static struct ash_status sqlite_generation(void *given, uint64_t *ret_generation)
{
	struct ash_sqlite *store = given;
	uint64_t generation = ash_page_read(atomic_load_explicit(&store->page, memory_order_acquire));

	if (__builtin_expect(generation == 0, 0))
		return ask_generation(store, ret_generation);
	*ret_generation = generation;
	return ASH_DONE;
}

/* Without a lock file nobody writes here: then there is nobody to show it to. */
static struct ash_status sqlite_hold(void *given, uint64_t owner, enum ash_hold hold)
{
	struct ash_sqlite *store = given;

	if (store->lock_fd < 0)
		return ASH_DONE;
	ASH_TRY(check_lock_fd(store));
	return ash_lockfile_hold(store->lock_fd, owner, hold);
}

static struct ash_status sqlite_held(void *given, uint64_t owner, bool *ret_held)
{
	struct ash_sqlite *store = given;

	*ret_held = false;
	if (store->lock_fd < 0)
		return ASH_DONE;
	ASH_TRY(check_lock_fd(store));
	return ash_lockfile_held(store->lock_fd, owner, ret_held);
}

static void give_back(struct ash_connection *connection)
{
	/* Not when it ended by itself; if it can't be ended there is nothing to be done but to close. */
	if (ash_connection_in_transaction(connection))
		ash_ignore(ash_connection_run(connection, ASH_SQL_ROLLBACK));
	ash_pool_return(connection->store->pool, connection);
}

static struct ash_status begin(struct ash_sqlite *store, bool write, struct ash_connection **ret_connection)
{
	struct ash_connection *connection = NULL;
	struct ash_status status = ASH_DONE;

	ASH_TRY(ash_pool_borrow(store->pool, write, &connection));
	connection->store = store;
	connection->marked = false;
	connection->changed = false;
	status = ash_connection_run(connection, write ? ASH_SQL_BEGIN_WRITE : ASH_SQL_BEGIN_READ);
	if (ash_is_ok(status) && write)
		status = read_meta(connection);
	if (!ash_is_ok(status)) {
		give_back(connection);
		return status;
	}
	*ret_connection = connection;
	return ASH_DONE;
}

static struct ash_status sqlite_read_begin(void *store, void **ret_txn)
{
	struct ash_connection *connection = NULL;

	ASH_TRY(begin(store, false, &connection));
	*ret_txn = connection;
	return ASH_DONE;
}

/*
 * What the page knew before the store was asked was on disk before it knew. A store that
 * is older was put in the place of a newer one, or its log was damaged.
 */
static struct ash_status check_age(const struct ash_sqlite *store, uint64_t known, uint64_t generation)
{
	if (known > generation)
		ASH_FAIL_WITH(
			ASH_E_CORRUPT,
			"%s: the latest %llu changes that it had are not in it: an older copy is in its "
			"place, or %s-wal is damaged or missing; to go on without them remove %s",
			store->files->database, (unsigned long long)(known - generation),
			store->files->database, store->files->page);
	return ASH_DONE;
}

/* Has the turn. */
static struct ash_status begin_writing(struct ash_sqlite *store, struct ash_connection **ret_connection)
{
	struct ash_connection *connection = NULL;
	struct ash_status status = ASH_DONE;

	if (atomic_load(&store->page) == NULL)
		ASH_TRY(get_page(store, ASH_PAGE_MAKE));
	if (atomic_load(&store->page) == NULL)
		ASH_FAIL_WITH(ASH_E_IO,
			      "%s was deleted while others use the store, who would not learn of changes: "
			      "end all programs that use it",
			      store->files->page);
	ASH_TRY(begin(store, true, &connection));
	status = ash_page_repair(atomic_load(&store->page), connection->generation);
	if (status.code == ASH_E_CORRUPT)
		status = check_age(store, ash_page_read(atomic_load(&store->page)), connection->generation);
	if (!ash_is_ok(status)) {
		give_back(connection);
		return status;
	}
	*ret_connection = connection;
	return ASH_DONE;
}

static struct ash_status sqlite_write_begin(void *given, void **ret_txn)
{
	struct ash_sqlite *store = given;
	struct ash_connection *connection = NULL;
	struct ash_status status = ASH_DONE;

	ASH_TRY(take_turn(store));
	status = begin_writing(store, &connection);
	if (!ash_is_ok(status)) {
		ash_lockfile_end_turn(store->lock_fd);
		return status;
	}
	*ret_txn = connection;
	return ASH_DONE;
}

/* Has the turn. It is begun as any change, with all that is looked at then. */
static struct ash_status compact(struct ash_sqlite *store, uint64_t *ret_before, uint64_t *ret_after)
{
	struct ash_connection *connection = NULL;
	struct ash_status status = ASH_DONE;

	ASH_TRY(begin_writing(store, &connection));
	give_back(connection);
	ASH_TRY(ash_pool_borrow(store->pool, true, &connection));
	status = ash_sqlite_compact(connection, ret_before, ret_after);
	ash_pool_return(store->pool, connection);
	return status;
}

static struct ash_status sqlite_compact(void *given, uint64_t *ret_before, uint64_t *ret_after)
{
	struct ash_sqlite *store = given;
	struct ash_status status = ASH_DONE;

	ASH_TRY(take_turn(store));
	status = compact(store, ret_before, ret_after);
	ash_lockfile_end_turn(store->lock_fd);
	return status;
}

static void sqlite_end(void *given)
{
	struct ash_connection *connection = given;
	struct ash_sqlite *store = connection->store;
	const bool write = connection->mode == ASH_SQLITE_WRITE;

	give_back(connection);
	if (write)
		ash_lockfile_end_turn(store->lock_fd);
}

static struct ash_status sqlite_mark(void *given)
{
	struct ash_connection *connection = given;

	if (connection->marked)
		ASH_TRY(ash_connection_run(connection, ASH_SQL_FORGET_MARK));
	connection->marked = false;
	ASH_TRY(ash_connection_run(connection, ASH_SQL_MARK));
	connection->marked = true;
	return ASH_DONE;
}

static struct ash_status sqlite_undo(void *given)
{
	struct ash_connection *connection = given;

	ASH_ENSURE(ash_connection_in_transaction(connection), ASH_E_IO);
	ASH_ENSURE(!connection->spoilt, ASH_E_CORRUPT);
	return ash_connection_run(connection, ASH_SQL_UNDO);
}

static struct ash_status set_meta(struct ash_connection *connection)
{
	ASH_STATEMENT *set = NULL;
	bool row = false;

	ASH_TRY(ash_connection_statement(connection, ASH_SQL_SET_META, &set));
	ASH_ENSURE(sqlite3_bind_int64(set, 1, (sqlite3_int64)connection->generation + 1) == SQLITE_OK &&
			   sqlite3_bind_int64(set, 2, (sqlite3_int64)connection->latest_id) == SQLITE_OK,
		   ASH_E_MEMORY);
	return ash_connection_step(connection, set, &row);
}

/*
 * A commit whose sync failed stands whole in the log, and whoever recovers the log later
 * would believe it. So its place is taken by a change that counts itself and nothing else;
 * that is written over it even if it can't be synced either.
 */
static struct ash_status write_over(struct ash_connection *connection)
{
	struct ash_status status = ASH_DONE;

	ASH_TRY(ash_connection_run(connection, ASH_SQL_BEGIN_WRITE));
	status = read_meta(connection);
	if (ash_is_ok(status))
		status = set_meta(connection);
	if (ash_is_ok(status))
		status = ash_connection_run(connection, ASH_SQL_COMMIT);
	if (!ash_is_ok(status) && ash_connection_in_transaction(connection))
		ash_ignore(ash_connection_run(connection, ASH_SQL_ROLLBACK));
	return status;
}

/* The commit itself; the page is odd while it is not certain which state others see. */
static struct ash_status commit_seen(struct ash_connection *connection, struct ash_page *page)
{
	const uint64_t before = connection->generation;
	struct ash_status status = ASH_DONE;

	ASH_TRY(set_meta(connection));
	ash_page_begin(page, before);
	status = ash_connection_run(connection, ASH_SQL_COMMIT);
	if (ash_is_ok(status)) {
		ash_page_end(page, before, before + 1);
		return status;
	}
	/* The page is told which state there is, if the store can still say so; else it stays odd. */
	if (ash_connection_in_transaction(connection))
		ash_ignore(ash_connection_run(connection, ASH_SQL_ROLLBACK));
	ash_ignore(write_over(connection));
	if (ash_is_ok(read_meta(connection)))
		ash_page_end(page, before, connection->generation);
	return status;
}

static struct ash_status sqlite_commit(void *given)
{
	struct ash_connection *connection = given;
	struct ash_status status = ASH_DONE;

	if (!ash_connection_in_transaction(connection))
		status = ash_status_fail(ASH_E_IO, __FILE__, __LINE__);
	else if (connection->changed)
		status = commit_seen(connection, atomic_load(&connection->store->page));
	if (ash_is_ok(status) && connection->changed)
		ash_connection_checkpoint(connection);
	sqlite_end(connection);
	return status;
}

/*
 * A killed writer leaves the page odd, a restored copy another number: who opens
 * the store puts it right, for all readers, if nobody writes at the moment.
 */
static void repair_page(struct ash_sqlite *store)
{
	struct ash_connection *connection = NULL;

	if (!ash_lockfile_try_turn(store->lock_fd))
		return;
	if (ash_is_ok(begin_writing(store, &connection)))
		sqlite_end(connection);
	else
		ash_lockfile_end_turn(store->lock_fd);
}

static struct ash_status open_files(struct ash_sqlite *store, const struct ash_store_options *options)
{
	struct ash_connection *connection = NULL;
	const bool writable = store->files->writable;
	struct ash_status status = ASH_DONE;
	uint64_t known = 0, generation = 0;

	ASH_TRY(ash_sentry_post(store->files->folder, &store->sentry));
	ASH_TRY(ash_lockfile_open(store->files->lock, store->files->group, writable, &store->lock_fd));
	if (store->lock_fd >= 0)
		ASH_TRY(ash_fs_identify(store->lock_fd, &store->lock_file));
	store->readers = ash_files_mode(store->files, options->readonly);
	ASH_TRY(ash_pool_open(store->files->database, store->readers, &store->sentry, &store->pool));
	if (store->lock_fd >= 0)
		ash_pool_guard_lock(store->pool, &store->lock_fd, &store->lock_file);
	status = ash_files_check(store->files);
	if (writable && options->create && status.code == ASH_E_NOT_FOUND) {
		ASH_TRY(make_store(store));
		status = ash_files_check(store->files);
	}
	ASH_TRY(status);

	/* The format is checked by opening one, the first that will be needed. */
	ASH_TRY(ash_pool_borrow(store->pool, false, &connection));
	ash_pool_return(store->pool, connection);
	if (atomic_load(&store->page) == NULL)
		status = get_page(store, writable ? ASH_PAGE_WRITE : ASH_PAGE_READ);
	ASH_TRY(status);
	known = ash_page_read(atomic_load(&store->page));
	ASH_TRY(ask_generation(store, &generation));
	ASH_TRY(check_age(store, known, generation));
	if (writable && ash_page_read(atomic_load(&store->page)) != generation)
		repair_page(store);
	return ASH_DONE;
}

static void close_descriptors(struct ash_sqlite *store)
{
	ash_page_close(atomic_load(&store->page));
	ash_fs_close_own(store->lock_fd, store->lock_file);
	ash_sentry_dismiss(&store->sentry);
}

static void *sqlite_close(void *given)
{
	struct ash_sqlite *store = given;

	if (store == NULL)
		return NULL;
	ash_pool_close(store->pool);
	close_descriptors(store);
	ash_mem_free(store->files);
	return ash_mem_free(store);
}

/* Closing takes no lock of the parent's away: they belong to open files, of which the parent has its copies. */
static void *sqlite_abandon(void *given)
{
	struct ash_sqlite *store = given;

	if (store == NULL)
		return NULL;
	ash_pool_abandon(store->pool);
	close_descriptors(store);
	ash_mem_free(store->files);
	return ash_mem_free(store);
}

static struct ash_status sqlite_open(const struct ash_store_options *options, void **ret_store)
{
	struct ash_sqlite *store = ash_mem_new(1, sizeof(*store));
	struct ash_status status = ASH_DONE;

	ASH_ENSURE(store != NULL, ASH_E_MEMORY);
	store->lock_fd = -1;
	store->sentry = ASH_SENTRY_NONE;
	status = ash_files_find(options, &store->files);
	if (ash_is_ok(status))
		status = open_files(store, options);
	if (!ash_is_ok(status)) {
		sqlite_close(store);
		return status;
	}
	*ret_store = store;
	return ASH_DONE;
}

const struct ash_store_ops ash_store_sqlite = {
	.abi = ASH_STORE_ABI,
	.name = "sqlite",
	.open = sqlite_open,
	.close = sqlite_close,
	.abandon = sqlite_abandon,
	.writable = sqlite_writable,
	.generation = sqlite_generation,
	.hold = sqlite_hold,
	.held = sqlite_held,
	.read_begin = sqlite_read_begin,
	.write_begin = sqlite_write_begin,
	.mark = sqlite_mark,
	.undo = sqlite_undo,
	.commit = sqlite_commit,
	.end = sqlite_end,
	.get = ash_sqlite_get,
	.find = ash_sqlite_find,
	.count = ash_sqlite_count,
	.new_id = ash_sqlite_new_id,
	.put = ash_sqlite_put,
	.put_new = ash_sqlite_put_new,
	.delete = ash_sqlite_delete,
	.delete_all = ash_sqlite_delete_all,
	.place = ash_sqlite_place,
	.terms = ash_sqlite_terms,
	.inspect = ash_sqlite_inspect,
	.backup = ash_sqlite_backup,
	.compact = sqlite_compact,
};
