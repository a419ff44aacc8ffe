/*
 * A folder for one test, made anew under $TMPDIR (or /tmp) and gone at its end; a
 * store in it, its files, and processes that use it.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include "store/sqlite/checksum.h"
#include "store/sqlite/sqlite.h"
#include "unit/store/store_tools.h"
#include "unit/test.h"

static char folder[200];

ASH_UNUSED static const char *in_folder(const char *name)
{
	static char paths[4][600];
	static unsigned next;
	char *path = paths[next++ % ASH_COUNT(paths)];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

ASH_UNUSED static void folder_make(void)
{
	const char *top = getenv("TMPDIR");

	(void)snprintf(folder, sizeof(folder), "%s/ashlar-test-XXXXXX", top != NULL ? top : "/tmp");
	EXPECT(mkdtemp(folder) != NULL);
}

/* With its files; there are no folders in it. */
ASH_UNUSED static void folder_remove(void)
{
	DIR *list = opendir(folder);
	const struct dirent *entry = NULL;

	EXPECT(list != NULL);
	while ((entry = readdir(list)) != NULL)
		(void)unlink(in_folder(entry->d_name));
	closedir(list);
	EXPECT_NUMBER(0, rmdir(folder));
	folder[0] = '\0';
}

ASH_UNUSED static uint64_t file_size(const char *name)
{
	struct stat info;

	EXPECT_NUMBER(0, stat(in_folder(name), &info));
	return (uint64_t)info.st_size;
}

ASH_UNUSED static unsigned file_mode(const char *name)
{
	struct stat info;

	EXPECT_NUMBER(0, lstat(in_folder(name), &info));
	return info.st_mode & 07777;
}

ASH_UNUSED static bool file_is_there(const char *name)
{
	struct stat info;

	return lstat(in_folder(name), &info) == 0;
}

/* Makes it with mode 0600, or overwrites its beginning. */
ASH_UNUSED static void file_write(const char *name, size_t at, struct ash_span bytes)
{
	int fd = open(in_folder(name), O_WRONLY | O_CREAT, 0600);

	EXPECT(fd >= 0);
	EXPECT_NUMBER(0, fchmod(fd, 0600));
	EXPECT_NUMBER(bytes.len, pwrite(fd, bytes.data, bytes.len, (off_t)at));
	close(fd);
}

ASH_UNUSED static struct ash_status open_with(bool create, bool readonly, struct ash_store **ret_store)
{
	const struct ash_store_options options = { .path = folder, .create = create, .readonly = readonly };

	return ash_store_open(&ash_store_sqlite, &options, ret_store);
}

ASH_UNUSED static struct ash_store *open_again(void)
{
	struct ash_store *store = NULL;

	EXPECT_OK(open_with(false, false, &store));
	return store;
}

ASH_UNUSED static struct ash_store *open_new(void)
{
	struct ash_store *store = NULL;

	folder_make();
	EXPECT_OK(open_with(true, false, &store));
	return store;
}

/* Closes without removing. */
ASH_UNUSED static void just_close(struct ash_store *store)
{
	EXPECT(ash_store_close(store) == NULL);
}

/* What a stranger's SQL would do to the file. */
/* The database, as we open it: with checksums in its pages. */
ASH_UNUSED static sqlite3 *open_database_itself(void)
{
	sqlite3 *db = NULL;
	const char *vfs = NULL;

	EXPECT_OK(ash_checksum_vfs(&vfs));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_open_v2(in_folder("store.db"), &db,
						 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs));
	return db;
}

ASH_UNUSED static void run_sql(const char *sql)
{
	sqlite3 *db = open_database_itself();

	EXPECT_NUMBER(SQLITE_OK, sqlite3_exec(db, sql, NULL, NULL, NULL));
	EXPECT_NUMBER(SQLITE_OK, sqlite3_close(db));
}

ASH_UNUSED static void expect_sound(void)
{
	sqlite3 *db = open_database_itself();
	sqlite3_stmt *check = NULL;

	EXPECT_NUMBER(SQLITE_OK, sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &check, NULL));
	EXPECT_NUMBER(SQLITE_ROW, sqlite3_step(check));
	EXPECT_TEXT("ok", (const char *)sqlite3_column_text(check, 0));
	sqlite3_finalize(check);
	EXPECT_NUMBER(SQLITE_OK, sqlite3_close(db));
}

ASH_UNUSED static void refused(enum ash_code want, const char *word)
{
	struct ash_store *store = NULL;

	EXPECT_CODE(want, open_with(true, false, &store));
	EXPECT(store == NULL);
	if (strstr(ash_status_explanation(), word) == NULL)
		EXPECT_TEXT(word, ash_status_explanation());
}

ASH_UNUSED static void sleep_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&time, NULL);
}

ASH_UNUSED static pid_t start(void (*body)(void))
{
	pid_t child = fork();

	EXPECT(child >= 0);
	if (child == 0) {
		test_is_child = true;
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* not to outlive a test that failed */
		body();
		_exit(0);
	}
	return child;
}

ASH_UNUSED static void expect_end(pid_t child)
{
	int status = -1;

	EXPECT_NUMBER(child, waitpid(child, &status, 0));
	EXPECT_NUMBER(0, status);
}

/* A page that parent and children share. */
static _Atomic uint64_t *shared;

ASH_UNUSED static void share(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	EXPECT(shared != MAP_FAILED);
}

ASH_UNUSED static void unshare_all(void)
{
	EXPECT_NUMBER(0, munmap((void *)(uintptr_t)shared, 4096));
	shared = NULL;
}

/* The end of a test: with the store, if any, and the folder. */
ASH_UNUSED static void close_all(struct ash_store *store)
{
	just_close(store);
	folder_remove();
}
