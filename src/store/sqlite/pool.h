/*
 * The connections of one store in this process: lent out, kept for the next, and
 * all closed just before the process forks (see store/sqlite/sqlite.h).
 *
 * Borrowing is for any thread; at most one writer's connection is out at a time.
 *
 * When the host has closed descriptors under us (store/sqlite/sentry.h), connections are
 * neither used nor closed any more, as that would read, write and close what is the
 * host's. SQLite can't be told, and keeps what it knows of the files for as long as the
 * process lives: so from then on no pool of this process can be opened either.
 */
#pragma once

#include "store/sqlite/connection.h"
#include "store/sqlite/sentry.h"

struct ash_pool;

/*
 * `path` and `sentry` outlive it. ASH_E_FAILED, explained, in a child that inherited open
 * connections, and where descriptors were lost; ASH_E_MEMORY.
 */
ASH_STATUS ash_pool_open(const char *path, enum ash_sqlite_mode readers, const struct ash_sentry *sentry,
			 struct ash_pool **ret_pool);

/*
 * The store's lock file. A forked child closes its copy, and sets it to -1, before anything
 * else happens there: a copy would keep the parent's locks when the parent is killed. Both
 * outlive the pool.
 */
void ash_pool_guard_lock(struct ash_pool *pool, int *lock_fd, const struct ash_fs_id *lock_file);

/* Closes all connections; none is out. Accepts NULL; returns NULL. */
struct ash_pool *ash_pool_close(struct ash_pool *pool);

/* In a child: forgets the parent's pool. Accepts NULL; returns NULL. */
struct ash_pool *ash_pool_abandon(struct ash_pool *pool);

/* ash_connection_make, counted as a connection that is out. */
ASH_STATUS ash_pool_make(struct ash_pool *pool, const char *draft);

/* One for reading, or the one for writing. Errors as ash_connection_open; ASH_E_IO when descriptors were lost. */
ASH_STATUS ash_pool_borrow(struct ash_pool *pool, bool write, struct ash_connection **ret_connection);

/* Takes it back; closes it after an error. */
void ash_pool_return(struct ash_pool *pool, struct ash_connection *connection);
