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

static size_t place_of(const struct syncs *syncs, const struct stat *info)
{
	size_t i = 0;

	while (i < syncs->count &&
	       (syncs->missing[i].device != info->st_dev || syncs->missing[i].inode != info->st_ino))
		i++;
	return i;
}

static void miss(struct syncs *syncs, const struct stat *info, const char *path)
{
	if (place_of(syncs, info) < syncs->count)
		return;
	if (syncs->count == SYNCS_MAX)
		report_bail("more than %d files whose sync failed", SYNCS_MAX);
	(void)snprintf(syncs->missing[syncs->count].path, sizeof(syncs->missing[0].path), "%s", path);
	syncs->missing[syncs->count].device = info->st_dev;
	syncs->missing[syncs->count].inode = info->st_ino;
	syncs->count++;
}

static void find_out(struct syncs *syncs, const struct stat *info)
{
	const size_t place = place_of(syncs, info);

	if (place < syncs->count)
		syncs->missing[place] = syncs->missing[--syncs->count];
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
		find_out(syncs, &info);
		return;
	}
	len = readlink(link, path, sizeof(path) - 1);
	path[len > 0 ? len : 0] = '\0';
	miss(syncs, &info, path);
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
		miss(syncs, &info, path);
}

void syncs_note(struct syncs *syncs, const struct tracer *tracer)
{
	if (tracer->call == SYS_fsync || tracer->call == SYS_fdatasync)
		note_sync(syncs, tracer);
	else if (tracer->call == SYS_open || tracer->call == SYS_openat)
		note_open(syncs, tracer);
}
