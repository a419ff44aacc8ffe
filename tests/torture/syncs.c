#include "syncs.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "report.h"

static size_t place_of(const struct syncs_file *files, size_t count, const struct stat *info)
{
	size_t i = 0;

	while (i < count && (files[i].device != info->st_dev || files[i].inode != info->st_ino))
		i++;
	return i;
}

static void add(struct syncs_file *files, size_t *count, const struct stat *info, const char *path)
{
	struct syncs_file *file = &files[*count];

	if (place_of(files, *count, info) < *count)
		return;
	if (*count == SYNCS_MAX)
		report_bail("more than %d files are synced", SYNCS_MAX);
	file->device = info->st_dev;
	file->inode = info->st_ino;
	(void)snprintf(file->path, sizeof(file->path), "%.100s", path);
	(*count)++;
}

static void failed(struct syncs *syncs, const struct stat *info, const char *path)
{
	if (place_of(syncs->folders, syncs->folder_count, info) == syncs->folder_count)
		add(syncs->missing, &syncs->count, info, path);
}

static void worked(struct syncs *syncs, const struct stat *info)
{
	const size_t place = place_of(syncs->missing, syncs->count, info);

	if (place < syncs->count)
		syncs->missing[place] = syncs->missing[--syncs->count];
	if (S_ISDIR(info->st_mode))
		add(syncs->folders, &syncs->folder_count, info, "");
}

void syncs_trust(struct syncs *syncs, const char *path)
{
	struct stat info;

	if (stat(path, &info) == 0)
		add(syncs->folders, &syncs->folder_count, &info, path);
}

bool syncs_trusts(const struct syncs *syncs, const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 &&
	       place_of(syncs->folders, syncs->folder_count, &info) < syncs->folder_count;
}

static void note_sync(struct syncs *syncs, const struct tracer *tracer)
{
	char link[64];
	char path[PATH_MAX];
	struct stat info;
	ssize_t len = 0;

	(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)tracer->pid, (int)tracer->args[0]);
	if (stat(link, &info) != 0)
		return; /* no descriptor */
	if (tracer->result == 0) {
		worked(syncs, &info);
		return;
	}
	len = readlink(link, path, sizeof(path) - 1);
	path[len > 0 ? len : 0] = '\0';
	failed(syncs, &info, path);
}

/* The path that a call has, as this process can use it. */
static bool read_path(const struct tracer *tracer, uint64_t address, char ret_path[PATH_MAX])
{
	char given[PATH_MAX] = "";
	struct iovec here = { given, sizeof(given) - 1 };
	/* No further than its page: the next may not be there. */
	struct iovec there = { (void *)(uintptr_t)address, 4096 - address % 4096 };

	if (process_vm_readv(tracer->pid, &here, 1, &there, 1, 0) <= 0)
		return false;
	if (strlen(given) == there.iov_len && there.iov_len < sizeof(given) - 1) {
		here = (struct iovec){ given + there.iov_len, sizeof(given) - 1 - there.iov_len };
		there = (struct iovec){ (void *)(uintptr_t)(address + there.iov_len), here.iov_len };
		(void)process_vm_readv(tracer->pid, &here, 1, &there, 1, 0);
	}
	return snprintf(ret_path, PATH_MAX, "%s", given) < PATH_MAX && given[0] == '/';
}

/* Folders that are opened to be listed are opened so that nothing waits (opendir); others are to be synced. */
static void note_open(struct syncs *syncs, const struct tracer *tracer)
{
	const unsigned first = tracer->call == SYS_open ? 0 : 1;
	const uint64_t flags = tracer->args[first + 1];
	char path[PATH_MAX];
	struct stat info;

	if (tracer->result >= 0 || (flags & (O_NONBLOCK | O_PATH)) != 0)
		return;
	if (read_path(tracer, tracer->args[first], path) && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		failed(syncs, &info, path);
}

/* Any open that may make a file is taken for one that does. */
static bool makes_name(const struct tracer *tracer)
{
	switch (tracer->call) {
	case SYS_open: return (tracer->args[1] & O_CREAT) != 0;
	case SYS_openat: return (tracer->args[2] & O_CREAT) != 0;
	case SYS_creat:
	case SYS_rename:
	case SYS_renameat:
	case SYS_renameat2:
	case SYS_link:
	case SYS_linkat:
	case SYS_unlink:
	case SYS_unlinkat:
	case SYS_mkdir:
	case SYS_mkdirat:
	case SYS_rmdir: return true;
	default: return false;
	}
}

void syncs_note(struct syncs *syncs, const struct tracer *tracer)
{
	if (tracer->result >= 0 && makes_name(tracer))
		syncs->folder_count = 0;
	if (tracer->call == SYS_fsync || tracer->call == SYS_fdatasync)
		note_sync(syncs, tracer);
	else if (tracer->call == SYS_open || tracer->call == SYS_openat)
		note_open(syncs, tracer);
}
