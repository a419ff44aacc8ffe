/*
 * Files and folders that nobody else may touch: made with exact modes whatever
 * the umask is, checked before they are used, refused with a sentence that says
 * the fix. A group may be let in; who belongs to it, and who owns what carries
 * it, is then trusted, as only root and members can give a file to a group.
 *
 * Any thread may call everything here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/compat.h"
#include "util/span.h"
#include "util/status.h"

#define ASH_FS_NO_GROUP ((gid_t)-1)

/* The group of that name; "" gives ASH_FS_NO_GROUP. ASH_E_CONFIG when there is none, ASH_E_MEMORY. */
ASH_STATUS ash_fs_group(const char *name, gid_t *ret_group);

/*
 * Checks the folder: an absolute path without "." and "..", its last step no
 * symbolic link, owner us or root, mode at most 0700, on a local file system.
 * With a group: at most 2770 and of that group, whoever owns it. What is missing
 * of the path is made (0700, or 2770) where `create` says so, else ASH_E_NOT_FOUND.
 * ASH_E_ACCESS with the fix as explanation; ASH_E_ARGUMENT for the path itself,
 * ASH_E_FULL, ASH_E_IO.
 */
ASH_STATUS ash_fs_folder(const char *path, gid_t group, bool create);

/* The name of a file system that is refused (statfs's f_type), NULL for all others. */
const char *ash_fs_refused(uint64_t type);

/*
 * Checks a file by its path, without opening it: a plain file, owner us or root,
 * mode at most 0600; with a group at most 0660 and of that group. ASH_E_NOT_FOUND,
 * ASH_E_ACCESS, ASH_E_IO.
 */
ASH_STATUS ash_fs_check(const char *path, gid_t group, uint64_t *ret_size);

/*
 * Opens a file with these flags and checks it as ash_fs_check. The caller closes it.
 * Never as 0, 1 or 2: where a host has these closed, what it prints must not come to us.
 */
ASH_STATUS ash_fs_open(const char *path, int flags, gid_t group, int *ret_fd);

/* Makes an empty file, opened for reading and writing, as ash_fs_open. ASH_E_EXISTS. */
ASH_STATUS ash_fs_create(const char *path, mode_t mode, gid_t group, int *ret_fd);

/*
 * What was made or renamed in the folder of `path` is there after a power cut. Nothing is
 * done in a folder that we may use but not read. ASH_E_IO, ASH_E_FULL and so on.
 */
ASH_STATUS ash_fs_sync_parent(const char *path);

/* Gives a file its final name in the same folder, for good, unless that name is taken: ASH_E_EXISTS. */
ASH_STATUS ash_fs_publish(const char *from, const char *to);

/* Appends a private file of at most `max` bytes to `buf`. ASH_E_LIMIT, ASH_E_MEMORY, and as ash_fs_open. */
ASH_STATUS ash_fs_read_private(const char *path, size_t max, gid_t group, struct ash_buf *buf);

/*
 * Makes a private file with these bytes: whole or not there, on disk when it
 * returns ASH_DONE, and never in the place of another: ASH_E_EXISTS.
 */
ASH_STATUS ash_fs_create_private(const char *path, struct ash_span bytes, mode_t mode, gid_t group);

/* The code for an errno. */
enum ash_code ash_fs_code(int error);

/* The same file under a number above 2, in the place of `fd` (which may be -1); -1 and errno on failure. */
int ash_fs_raise(int fd);

/*
 * Which file a descriptor is. A host may close descriptors that it doesn't know and
 * then have one of its own under the number: whoever keeps one looks before each use.
 */
struct ash_fs_id {
	dev_t dev;
	ino_t ino;
};

ASH_STATUS ash_fs_identify(int fd, struct ash_fs_id *ret_id);
/* One that is open but can't be looked at is taken for what it was: errors of the disk pass. */
bool ash_fs_is(int fd, struct ash_fs_id id);

/* Closes it if it is that file; else it is not ours to close. */
void ash_fs_close_own(int fd, struct ash_fs_id id);

static inline void ash_fs_close_auto(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* ASH_AUTO_FD fd = -1; closed at scope end unless it is -1. */
#define ASH_AUTO_FD __attribute__((cleanup(ash_fs_close_auto))) int
