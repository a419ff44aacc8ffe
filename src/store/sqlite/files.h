/*
 * The folder of a store and the files in it (docs/protocol/store.md): their
 * names, whether they may be trusted, and making a new database, which is whole
 * or not there.
 *
 * Everything looks at paths only: see store/sqlite/connection.h for why the
 * database must not be opened here.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "store/sqlite/pool.h"
#include "store/store.h"

struct ash_files {
	gid_t group; /* or ASH_FS_NO_GROUP */
	bool writable;
	char folder[PATH_MAX]; /* without symbolic links */
	char database[PATH_MAX];
	char log[PATH_MAX]; /* SQLite's -wal */
	char shm[PATH_MAX]; /* SQLite's -shm */
	char lock[PATH_MAX];
	char page[PATH_MAX];
};

/*
 * Checks the folder, makes it where that is asked for, and gives the names; to be
 * freed with ash_mem_free. ASH_E_NOT_FOUND when there is no store and none is to
 * be made; else as ash_store_open.
 */
ASH_STATUS ash_files_find(const struct ash_store_options *options, struct ash_files **ret_files);

/* Checks the files that are there. ASH_E_NOT_FOUND for the database alone; ASH_E_CORRUPT, ASH_E_ACCESS, ASH_E_IO. */
ASH_STATUS ash_files_check(const struct ash_files *files);

/* Makes the database unless it is there; the caller has the turn to write. */
ASH_STATUS ash_files_make(const struct ash_files *files, struct ash_pool *pool);

/* How readers open it: without locks only where files can't be made beside it and nobody left any. */
enum ash_sqlite_mode ash_files_mode(const struct ash_files *files, bool readonly);
