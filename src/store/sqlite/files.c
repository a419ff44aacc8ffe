#include "store/sqlite/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fs.h"
#include "util/mem.h"

static struct ash_status join_path(const char *folder, const char *name, char ret_path[PATH_MAX])
{
	ASH_ENSURE(snprintf(ret_path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX, ASH_E_ARGUMENT);
	return ASH_DONE;
}

static struct ash_status name_files(const char *folder, struct ash_files *files)
{
	/* Links above the folder are fine, but SQLite must not meet them: it is told to refuse any. */
	if (realpath(folder, files->folder) == NULL)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s: %s", folder, strerrordesc_np(errno));
	ASH_TRY(join_path(files->folder, "store.db", files->database));
	ASH_TRY(join_path(files->folder, "store.db-wal", files->log));
	ASH_TRY(join_path(files->folder, "store.db-shm", files->shm));
	ASH_TRY(join_path(files->folder, "store.lock", files->lock));
	return join_path(files->folder, "store.gen", files->page);
}

static bool is_there(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0 || errno != ENOENT;
}

static bool may_write(const char *path)
{
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

static struct ash_status check_mount(const char *folder)
{
	if (!may_write(folder) && errno == EROFS)
		ASH_FAIL_WITH(ASH_E_ACCESS, "%s is mounted read-only: set store.readonly = yes", folder);
	return ASH_DONE;
}

struct ash_status ash_files_find(const struct ash_store_options *options, struct ash_files **ret_files)
{
	ASH_AUTO_MEM struct ash_files *files = ash_mem_new(1, sizeof(*files));
	const bool create = options->create && !options->readonly;
	bool exists = false;

	ASH_ENSURE(files != NULL, ASH_E_MEMORY);
	ASH_TRY(ash_fs_group(options->group, &files->group));
	ASH_TRY(ash_fs_folder(options->path, files->group, create));
	ASH_TRY(name_files(options->path, files));
	exists = is_there(files->database);
	/* SQLite would play any log into a new database of that name. */
	if (!exists && is_there(files->log))
		ASH_FAIL_WITH(ASH_E_CORRUPT, "%s is gone, but %s is there: restore both, or remove both",
			      files->database, files->log);
	ASH_ENSURE(exists || create, ASH_E_NOT_FOUND);
	if (!options->readonly) {
		ASH_TRY(check_mount(options->path));
		files->writable = may_write(options->path) && (!exists || may_write(files->database));
	}
	if (!exists && !files->writable)
		ASH_FAIL_WITH(ASH_E_ACCESS, "%s may not be written by us: no store can be made there",
			      options->path);
	*ret_files = ASH_TAKE(files);
	return ASH_DONE;
}

static struct ash_status check_one(const char *path, gid_t group)
{
	uint64_t size = 0;
	struct ash_status status = ash_fs_check(path, group, &size);

	return status.code == ASH_E_NOT_FOUND ? ASH_DONE : status;
}

struct ash_status ash_files_check(const struct ash_files *files)
{
	uint64_t size = 0;

	ASH_TRY(ash_fs_check(files->database, files->group, &size));
	if (size == 0)
		ASH_FAIL_WITH(ASH_E_CORRUPT, "%s is empty, which no store ever is: restore it from a copy",
			      files->database);
	ASH_TRY(check_one(files->log, files->group));
	ASH_TRY(check_one(files->shm, files->group));
	ASH_TRY(check_one(files->lock, files->group));
	return check_one(files->page, files->group);
}

/* What a process that was killed while it made a store left behind. */
static struct ash_status clear_draft(const char *draft)
{
	static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
	char path[PATH_MAX];

	for (size_t i = 0; i < ASH_COUNT(endings); i++) {
		ASH_ENSURE(snprintf(path, sizeof(path), "%s%s", draft, endings[i]) < PATH_MAX,
			   ASH_E_ARGUMENT);
		if (unlink(path) != 0 && errno != ENOENT)
			ASH_FAIL_WITH(ash_fs_code(errno), "%s can't be removed: %s", path,
				      strerrordesc_np(errno));
	}
	return ASH_DONE;
}

struct ash_status ash_files_make(const struct ash_files *files, struct ash_pool *pool)
{
	char draft[PATH_MAX];
	struct ash_status status = ASH_DONE;
	int fd = -1;

	if (is_there(files->database))
		return ASH_DONE;
	ASH_ENSURE(snprintf(draft, sizeof(draft), "%s.new", files->database) < PATH_MAX, ASH_E_ARGUMENT);
	ASH_TRY(clear_draft(draft));
	/* Made by us, as SQLite would let the umask have its say; its other files take over this one's mode. */
	ASH_TRY(ash_fs_create(draft, files->group != ASH_FS_NO_GROUP ? 0660 : 0600, files->group, &fd));
	close(fd); /* before SQLite has it open */
	status = ash_pool_make(pool, draft);
	if (ash_is_ok(status))
		status = ash_fs_publish(draft, files->database);
	ash_ignore(clear_draft(draft)); /* what is left then, the next one who makes a store clears */
	return status;
}

enum ash_sqlite_mode ash_files_mode(const struct ash_files *files, bool readonly)
{
	if (files->writable)
		return ASH_SQLITE_READ;
	/* With a -shm file somebody may have the store open; SQLite makes do with what is in it. */
	if (!readonly || is_there(files->shm) || may_write(files->folder))
		return ASH_SQLITE_READ_ONLY;
	return is_there(files->log) ? ASH_SQLITE_READ_LEFT : ASH_SQLITE_READ_STILL;
}
