#include "store/sqlite/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/fs.h"

/* Above the bytes below: one for each owner. */
#define HOLDS (INT64_C(1) << 32)

/*
 * One byte of the file for each lock. A writer first takes NEXT, with it waits
 * for WRITER, then lets go of NEXT: so one that is done and comes again can't
 * overtake the one that waits, as it could with a single lock.
 */
enum lock_byte {
	NEXT,
	WRITER,
	MAPPED,
};

static bool set_lock(int fd, int command, short type, off_t byte)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
	int result = 0;

	do {
		result = fcntl(fd, command, &lock);
	} while (result != 0 && errno == EINTR);
	return result == 0;
}

static struct ash_status wait_lock(int fd, short type, enum lock_byte byte)
{
	if (!set_lock(fd, F_OFD_SETLKW, type, byte))
		ASH_FAIL_WITH(ASH_E_IO,
			      "store.lock can't be locked (%s): the store needs a file system with locks",
			      strerrordesc_np(errno));
	return ASH_DONE;
}

static void unlock(int fd, enum lock_byte byte)
{
	(void)set_lock(fd, F_OFD_SETLK, F_UNLCK, byte); /* can't fail: there is nothing to wait for */
}

struct ash_status ash_lockfile_open(const char *path, gid_t group, bool writable, int *ret_fd)
{
	struct ash_status status = ash_fs_open(path, writable ? O_RDWR : O_RDONLY, group, ret_fd);

	if (status.code != ASH_E_NOT_FOUND)
		return status;
	if (!writable) {
		*ret_fd = -1;
		return ASH_DONE;
	}
	status = ash_fs_create(path, group != ASH_FS_NO_GROUP ? 0660 : 0600, group, ret_fd);
	if (status.code == ASH_E_EXISTS) /* another process was first */
		return ash_fs_open(path, O_RDWR, group, ret_fd);
	return status;
}

struct ash_status ash_lockfile_turn(int fd)
{
	struct ash_status status = ASH_DONE;

	ASH_TRY(wait_lock(fd, F_WRLCK, NEXT));
	status = wait_lock(fd, F_WRLCK, WRITER);
	unlock(fd, NEXT);
	return status;
}

bool ash_lockfile_try_turn(int fd)
{
	return set_lock(fd, F_OFD_SETLK, F_WRLCK, WRITER);
}

void ash_lockfile_end_turn(int fd)
{
	unlock(fd, WRITER);
}

struct ash_status ash_lockfile_show(int fd)
{
	return wait_lock(fd, F_RDLCK, MAPPED);
}

void ash_lockfile_hide(int fd)
{
	unlock(fd, MAPPED);
}

bool ash_lockfile_try_alone(int fd)
{
	return set_lock(fd, F_OFD_SETLK, F_WRLCK, MAPPED);
}

struct ash_status ash_lockfile_hold(int fd, uint64_t owner, enum ash_hold hold)
{
	static const short types[] = {
		[ASH_HOLD_NONE] = F_UNLCK,
		[ASH_HOLD_SHARED] = F_RDLCK,
		[ASH_HOLD_ALONE] = F_WRLCK,
	};

	if (set_lock(fd, F_OFD_SETLK, types[hold], HOLDS + (off_t)owner))
		return ASH_DONE;
	ASH_ENSURE(errno != EAGAIN && errno != EACCES, ASH_E_CONFLICT);
	ASH_FAIL_WITH(ASH_E_IO, "store.lock can't be locked (%s)", strerrordesc_np(errno));
}

struct ash_status ash_lockfile_held(int fd, uint64_t owner, bool *ret_held)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = HOLDS + (off_t)owner, .l_len = 1
	};

	if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
		ASH_FAIL_WITH(ASH_E_IO, "store.lock can't be looked at (%s)", strerrordesc_np(errno));
	*ret_held = lock.l_type != F_UNLCK;
	return ASH_DONE;
}
