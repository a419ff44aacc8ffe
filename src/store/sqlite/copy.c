#include "store/sqlite/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "store/sqlite/checksum.h"
#include "store/sqlite/rebuild.h"
#include "store/sqlite/result.h"
#include "util/fs.h"

/* How long a checkpoint waits for readers, so that the file can become smaller. */
#define SHRINK_WAIT_MS 5000

static struct ash_status file_size(struct ash_connection *connection, sqlite3_int64 *ret_size)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(connection->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    file->pMethods == NULL || file->pMethods->xFileSize(file, ret_size) != SQLITE_OK)
		ASH_FAIL_WITH(ASH_E_IO, "%s: its size can't be found out", connection->path);
	return ASH_DONE;
}

static void log_to_file(struct ash_connection *connection)
{
	sqlite3_busy_timeout(connection->db, SHRINK_WAIT_MS);
	(void)sqlite3_wal_checkpoint_v2(connection->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

struct ash_status ash_sqlite_compact(struct ash_connection *connection, uint64_t *ret_before,
				     uint64_t *ret_after)
{
	sqlite3_int64 before = 0, after = 0;

	log_to_file(connection);
	ASH_TRY(file_size(connection, &before));
	ASH_TRY(ash_sqlite_rebuild(connection));
	log_to_file(connection);
	ASH_TRY(file_size(connection, &after));
	*ret_before = (uint64_t)before;
	*ret_after = (uint64_t)after;
	return ASH_DONE;
}

static struct ash_status target_failed(sqlite3 *target, const char *path, int result)
{
	ASH_FAIL_WITH(ash_sqlite_code(target, result), "%s can't be written: %s", path,
		      sqlite3_errstr(result));
}

/* The first page has to be there before the others: by it the layer below knows whether they get sums. */
static struct ash_status prepare_target(struct ash_connection *connection, sqlite3 *target, const char *path)
{
	int result = SQLITE_OK;

	if (ash_checksum_on(connection->db))
		ASH_TRY(ash_checksum_reserve(target));
	result = sqlite3_exec(target,
			      "PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
			      "PRAGMA locking_mode=EXCLUSIVE; CREATE TABLE first(page)",
			      NULL, NULL, NULL);
	return result == SQLITE_OK ? ASH_DONE : target_failed(target, path, result);
}

/* In steps within the one transaction that the connection reads in, so that the copy is of one state. */
static struct ash_status copy_pages(struct ash_connection *connection, sqlite3 *target, const char *path)
{
	sqlite3_backup *backup = sqlite3_backup_init(target, "main", connection->db, "main");
	int result = SQLITE_OK;

	if (backup == NULL)
		return target_failed(target, path, sqlite3_errcode(target));
	do {
		result = sqlite3_backup_step(backup, 1024);
	} while (result == SQLITE_OK);
	(void)sqlite3_backup_finish(backup);
	if (result == SQLITE_DONE)
		return ASH_DONE;
	connection->failed = true;
	return target_failed(target, path, result);
}

static struct ash_status fill(struct ash_connection *connection, const char *draft)
{
	sqlite3 *target = NULL;
	const char *vfs = NULL;
	struct ash_status status = ASH_DONE;
	int result = SQLITE_OK;

	ASH_TRY(ash_checksum_vfs(&vfs));
	result = sqlite3_open_v2(draft, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, vfs);
	status = result == SQLITE_OK ? prepare_target(connection, target, draft)
				     : target_failed(target, draft, result);
	if (ash_is_ok(status))
		status = copy_pages(connection, target, draft);
	result = sqlite3_close(target);
	if (ash_is_ok(status) && result != SQLITE_OK)
		status = target_failed(target, draft, result);
	return status;
}

static struct ash_status sync_file(const char *path)
{
	ASH_AUTO_FD fd = -1;

	ASH_TRY(ash_fs_open(path, O_RDWR, ASH_FS_NO_GROUP, &fd));
	if (fsync(fd) != 0)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s can't be synced: %s", path, strerrordesc_np(errno));
	return ASH_DONE;
}

/* What a copy is worth shows when it is opened, and that before it has its name. */
static struct ash_status try_out(const char *draft)
{
	struct ash_connection *copy = NULL;

	ASH_TRY(ash_connection_open(draft, ASH_SQLITE_READ_STILL, &copy));
	ash_connection_close(copy);
	return ASH_DONE;
}

/* Without links on the way there, which SQLite refuses to follow. */
static struct ash_status real_path(const char *given, char path[PATH_MAX])
{
	const char *name = strrchr(given, '/');
	char folder[PATH_MAX] = "/", real[PATH_MAX];

	ASH_ENSURE(name != NULL && name - given < PATH_MAX, ASH_E_ARGUMENT);
	if (name != given)
		*(char *)mempcpy(folder, given, (size_t)(name - given)) = '\0';
	if (realpath(folder, real) == NULL)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s: %s", folder, strerrordesc_np(errno));
	ASH_ENSURE(snprintf(path, PATH_MAX, "%s%s", strcmp(real, "/") != 0 ? real : "", name) < PATH_MAX,
		   ASH_E_ARGUMENT);
	return ASH_DONE;
}

struct ash_status ash_sqlite_backup(void *given, const char *given_path)
{
	struct ash_connection *connection = given;
	struct ash_status status = ASH_DONE;
	char path[PATH_MAX], draft[PATH_MAX];
	uint64_t random = 0;
	int fd = -1;

	/* A transaction that has read nothing reads at each step what is there then. */
	ASH_TRY(ash_connection_run(connection, ASH_SQL_META));
	ASH_TRY(real_path(given_path, path));
	if (access(path, F_OK) == 0)
		ASH_FAIL_WITH(ASH_E_EXISTS, "%s is there already, and is left as it is", path);
	ASH_ENSURE(getrandom(&random, sizeof(random), 0) == sizeof(random), ASH_E_IO);
	ASH_ENSURE(snprintf(draft, sizeof(draft), "%s.new-%016llx", path, (unsigned long long)random) <
			   (int)sizeof(draft),
		   ASH_E_ARGUMENT);
	ASH_TRY(ash_fs_create(draft, 0600, ASH_FS_NO_GROUP, &fd));
	close(fd); /* before SQLite has it open */
	status = fill(connection, draft);
	if (ash_is_ok(status))
		status = try_out(draft);
	if (ash_is_ok(status))
		status = sync_file(draft);
	if (ash_is_ok(status))
		status = ash_fs_publish(draft, path);
	if (!ash_is_ok(status))
		(void)unlink(draft);
	return status;
}
