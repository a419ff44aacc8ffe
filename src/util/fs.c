#include "util/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "util/mem.h"
#include "util/secret.h"

#define GROUP_ROOM_MAX ((size_t)1 << 20)

enum ash_code ash_fs_code(int error)
{
	switch (error) {
	case ENOENT: return ASH_E_NOT_FOUND;
	case EEXIST: return ASH_E_EXISTS;
	case EACCES:
	case ELOOP:
	case EPERM:
	case EROFS: return ASH_E_ACCESS;
	case EDQUOT:
	case ENOSPC: return ASH_E_FULL;
	case ENOMEM: return ASH_E_MEMORY;
	default: return ASH_E_IO;
	}
}

struct ash_status ash_fs_group(const char *name, gid_t *ret_group)
{
	ASH_AUTO_MEM char *room = NULL;
	struct group entry;
	struct group *found = NULL;
	size_t len = 1024;
	int error = ERANGE;

	if (name == NULL || name[0] == '\0') {
		*ret_group = ASH_FS_NO_GROUP;
		return ASH_DONE;
	}
	for (; error == ERANGE && len <= GROUP_ROOM_MAX; len *= 2) {
		char *more = ash_mem_resize(room, len, 1);

		ASH_ENSURE(more != NULL, ASH_E_MEMORY);
		room = more;
		error = getgrnam_r(name, &entry, room, len, &found);
	}
	if (found == NULL)
		ASH_FAIL_WITH(ASH_E_CONFIG, "there is no group '%s': name one that exists as store.group",
			      name);
	*ret_group = entry.gr_gid;
	return ASH_DONE;
}

/*
 * Locks, or memory shared between processes, are not dependable there, or were
 * not when they were tried. FUSE is among them as nothing tells sshfs, virtiofs
 * or an object store from the harmless ones, and none of them keeps mappings of
 * two machines alike.
 */
static const struct {
	uint64_t type;
	const char *name;
} refused[] = {
	{ 0x00006969, "NFS" },
	{ 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB" },
	{ 0x0000517b, "SMB" },
	{ 0x5346414f, "AFS" },
	{ 0x6b414653, "AFS" },
	{ 0x73757245, "Coda" },
	{ 0x0000564c, "NCP" },
	{ 0x00c36400, "Ceph" },
	{ 0x01021997, "9P" },
	{ 0x65735546, "FUSE" },
	{ 0x01161970, "GFS2" },
	{ 0x7461636f, "OCFS2" },
	{ 0x0bd00bd0, "Lustre" },
	{ 0x47504653, "GPFS" },
	{ 0x19830326, "BeeGFS" },
	{ 0x20030528, "OrangeFS" },
	{ 0x786f4256, "a VirtualBox shared folder" },
	{ 0xbacbacbc, "a VMware shared folder" },
};

const char *ash_fs_refused(uint64_t type)
{
	for (size_t i = 0; i < ASH_COUNT(refused); i++) {
		if (refused[i].type == (type & UINT32_MAX))
			return refused[i].name;
	}
	return NULL;
}

static bool let_in(const struct stat *info, gid_t group)
{
	return group != ASH_FS_NO_GROUP && info->st_gid == group;
}

static const char *may_do(mode_t bits)
{
	if ((bits & 0022) != 0)
		return "write";
	return (bits & 0044) != 0 ? "read" : "go";
}

/* `own` are the bits that the owner may have; the group gets the same where it is let in. */
static struct ash_status check_rights(const char *path, const struct stat *info, gid_t group, mode_t own)
{
	const bool shared = let_in(info, group);
	const mode_t most = shared ? own | own >> 3 : own;
	const mode_t excess = info->st_mode & 0777 & ~most;
	const unsigned mode = info->st_mode & 07777;
	const char *fix = S_ISDIR(info->st_mode) ? (shared ? "2770" : "700") : (shared ? "660" : "600");

	if (!shared && info->st_uid != 0 && info->st_uid != geteuid())
		ASH_FAIL_WITH(ASH_E_ACCESS,
			      "%s belongs to user %u, we are user %u: chown it, or run as its owner", path,
			      (unsigned)info->st_uid, (unsigned)geteuid());
	if ((excess & 0007) != 0)
		ASH_FAIL_WITH(ASH_E_ACCESS, "%s: other users may %s here (mode %04o): chmod %s it", path,
			      may_do(excess & 0007), mode, fix);
	if ((excess & 0070) != 0)
		ASH_FAIL_WITH(
			ASH_E_ACCESS,
			"%s: group %u may %s here (mode %04o): chmod %s it, or name the group as store.group",
			path, (unsigned)info->st_gid, may_do(excess & 0070), mode, fix);
	return ASH_DONE;
}

/* "/srv/keys/" without what follows the last name, in `ret_path`. */
static struct ash_status normal_path(const char *path, char ret_path[PATH_MAX])
{
	size_t len = path != NULL ? strlen(path) : 0;

	if (len == 0 || path[0] != '/')
		ASH_FAIL_WITH(ASH_E_ARGUMENT, "'%s' is not an absolute path", len != 0 ? path : "");
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 1 || len >= PATH_MAX)
		ASH_FAIL_WITH(ASH_E_ARGUMENT, "'%.100s' can't be used as a folder of its own", path);
	memcpy(ret_path, path, len);
	ret_path[len] = '\0';
	for (const char *step = ret_path; step != NULL; step = strchr(step + 1, '/')) {
		size_t name = strcspn(step + 1, "/");

		if ((name == 1 && step[1] == '.') || (name == 2 && step[1] == '.' && step[2] == '.'))
			ASH_FAIL_WITH(ASH_E_ARGUMENT, "%s: write the path without '.' and '..'", ret_path);
	}
	return ASH_DONE;
}

struct ash_status ash_fs_sync_parent(const char *path)
{
	ASH_AUTO_FD fd = -1;
	char folder[PATH_MAX];
	const char *last = strrchr(path, '/');
	size_t len = last != NULL && last != path ? (size_t)(last - path) : 1;

	ASH_ENSURE(len < sizeof(folder), ASH_E_ARGUMENT);
	memcpy(folder, last != NULL ? path : ".", len);
	folder[len] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A folder that we may use but not read (mode 0300) can't be synced by us. */
	if (fd < 0 && errno == EACCES)
		return ASH_DONE;
	if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
		ASH_FAIL_WITH(ash_fs_code(errno), "%s can't be synced: %s", folder, strerrordesc_np(errno));
	return ASH_DONE;
}

static struct ash_status make_folder(const char *path, gid_t group)
{
	const mode_t mode = group != ASH_FS_NO_GROUP ? 02770 : 0700;
	struct ash_status status = ASH_DONE;

	if (mkdir(path, 0700) != 0) {
		if (errno == EEXIST)
			return ASH_DONE; /* another process was first */
		ASH_FAIL_WITH(ash_fs_code(errno), "%s can't be made: %s", path, strerrordesc_np(errno));
	}
	if ((group != ASH_FS_NO_GROUP && chown(path, (uid_t)-1, group) != 0) || chmod(path, mode) != 0) {
		int error = errno;

		(void)rmdir(path);
		errno = error;
		ASH_FAIL_WITH(ash_fs_code(error), "%s can't be given mode %04o and its group: %s", path,
			      (unsigned)mode, strerrordesc_np(errno));
	}
	status = ash_fs_sync_parent(path);
	/* Whoever finds it takes it for durable. */
	if (!ash_is_ok(status))
		(void)rmdir(path);
	return status;
}

static struct ash_status make_missing(char *path, gid_t group)
{
	char *end = path;
	struct stat info;

	do {
		end = strchr(end + 1, '/');
		if (end != NULL)
			*end = '\0';
		if (stat(path, &info) != 0) {
			if (errno != ENOENT)
				ASH_FAIL_WITH(errno == ENOTDIR ? ASH_E_ACCESS : ash_fs_code(errno), "%s: %s",
					      path, strerrordesc_np(errno));
			ASH_TRY(make_folder(path, group));
		}
		if (end != NULL)
			*end = '/';
	} while (end != NULL);
	return ASH_DONE;
}

struct ash_status ash_fs_folder(const char *given, gid_t group, bool create)
{
	char path[PATH_MAX];
	struct stat info;
	struct statfs system;

	ASH_TRY(normal_path(given, path));
	if (create)
		ASH_TRY(make_missing(path, group));
	if (lstat(path, &info) != 0)
		ASH_FAIL_WITH(errno == ENOTDIR ? ASH_E_ACCESS : ash_fs_code(errno), "%s: %s", path,
			      strerrordesc_np(errno));
	if (S_ISLNK(info.st_mode))
		ASH_FAIL_WITH(ASH_E_ACCESS, "%s is a symbolic link: write the path that it leads to", path);
	if (!S_ISDIR(info.st_mode))
		ASH_FAIL_WITH(ASH_E_ACCESS, "%s is not a folder", path);
	ASH_TRY(check_rights(path, &info, group, 0700));
	if (statfs(path, &system) != 0)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s: %s", path, strerrordesc_np(errno));
	if (ash_fs_refused((uint64_t)system.f_type) != NULL)
		ASH_FAIL_WITH(ASH_E_ACCESS,
			      "%s lies on %s, where locks are not dependable: use a local file system", path,
			      ash_fs_refused((uint64_t)system.f_type));
	return ASH_DONE;
}

static struct ash_status check_file(const char *path, const struct stat *info, gid_t group)
{
	if (S_ISLNK(info->st_mode))
		ASH_FAIL_WITH(ASH_E_ACCESS, "%s is a symbolic link: put the file itself there", path);
	if (!S_ISREG(info->st_mode))
		ASH_FAIL_WITH(ASH_E_ACCESS, "%s is not a plain file", path);
	return check_rights(path, info, group, 0600);
}

struct ash_status ash_fs_check(const char *path, gid_t group, uint64_t *ret_size)
{
	struct stat info;

	if (lstat(path, &info) != 0)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s: %s", path, strerrordesc_np(errno));
	ASH_TRY(check_file(path, &info, group));
	*ret_size = (uint64_t)info.st_size;
	return ASH_DONE;
}

int ash_fs_raise(int fd)
{
	int high = fd;

	if (fd >= 0 && fd <= STDERR_FILENO) {
		high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		close(fd);
	}
	return high;
}

struct ash_status ash_fs_identify(int fd, struct ash_fs_id *ret_id)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		ASH_FAIL_WITH(ash_fs_code(errno), "a descriptor can't be looked at: %s",
			      strerrordesc_np(errno));
	*ret_id = (struct ash_fs_id){ info.st_dev, info.st_ino };
	return ASH_DONE;
}

bool ash_fs_is(int fd, struct ash_fs_id id)
{
	struct stat info;

	if (fd < 0)
		return false;
	if (fstat(fd, &info) != 0)
		return errno != EBADF;
	return info.st_dev == id.dev && info.st_ino == id.ino;
}

void ash_fs_close_own(int fd, struct ash_fs_id id)
{
	if (ash_fs_is(fd, id))
		close(fd);
}

struct ash_status ash_fs_open(const char *path, int flags, gid_t group, int *ret_fd)
{
	/* O_NONBLOCK: a fifo that somebody put there must not hold us up. */
	ASH_AUTO_FD fd = ash_fs_raise(open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
	struct stat info;

	if (fd < 0 && errno == ELOOP)
		ASH_FAIL_WITH(ASH_E_ACCESS, "%s is a symbolic link: put the file itself there", path);
	if (fd < 0 || fstat(fd, &info) != 0)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s: %s", path, strerrordesc_np(errno));
	ASH_TRY(check_file(path, &info, group));
	*ret_fd = fd;
	fd = -1;
	return ASH_DONE;
}

struct ash_status ash_fs_create(const char *path, mode_t mode, gid_t group, int *ret_fd)
{
	ASH_AUTO_FD fd = ash_fs_raise(open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));

	if (fd < 0)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s can't be made: %s", path, strerrordesc_np(errno));
	if ((group != ASH_FS_NO_GROUP && fchown(fd, (uid_t)-1, group) != 0) || fchmod(fd, mode) != 0) {
		int error = errno;

		(void)unlink(path);
		errno = error;
		ASH_FAIL_WITH(ash_fs_code(error), "%s can't be given mode %04o and its group: %s", path,
			      (unsigned)mode, strerrordesc_np(errno));
	}
	*ret_fd = fd;
	fd = -1;
	return ASH_DONE;
}

struct ash_status ash_fs_publish(const char *from, const char *to)
{
	bool moved = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0;

	/* Some file systems know no such flag; then two steps, between which both names are there. */
	if (!moved && (errno == EINVAL || errno == ENOSYS)) {
		moved = link(from, to) == 0;
		if (moved)
			(void)unlink(from);
	}
	if (!moved)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s can't be made: %s", to, strerrordesc_np(errno));
	return ash_fs_sync_parent(to);
}

static struct ash_status read_all(int fd, const char *path, struct ash_mut room)
{
	size_t done = 0;

	while (done < room.len) {
		ssize_t got = read(fd, room.data + done, room.len - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			ASH_FAIL_WITH(ash_fs_code(errno), "%s: %s", path, strerrordesc_np(errno));
		if (got == 0)
			ASH_FAIL_WITH(ASH_E_IO, "%s became shorter while it was read", path);
		done += (size_t)got;
	}
	return ASH_DONE;
}

struct ash_status ash_fs_read_private(const char *path, size_t max, gid_t group, struct ash_buf *buf)
{
	ASH_AUTO_FD fd = -1;
	struct ash_mut room = ash_mut(NULL, 0);
	struct ash_status status = ASH_DONE;
	struct stat info;

	ASH_TRY(ash_fs_open(path, O_RDONLY, group, &fd));
	if (fstat(fd, &info) != 0)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s: %s", path, strerrordesc_np(errno));
	if ((uint64_t)info.st_size > max)
		ASH_FAIL_WITH(ASH_E_LIMIT, "%s has %llu bytes, more than the %zu that belong there", path,
			      (unsigned long long)info.st_size, max);
	ASH_TRY(ash_buf_extend(buf, (size_t)info.st_size, &room));
	status = read_all(fd, path, room);
	if (!ash_is_ok(status)) {
		ash_wipe(room.data, room.len);
		buf->len -= room.len;
	}
	return status;
}

static struct ash_status write_all(int fd, const char *path, struct ash_span bytes)
{
	while (bytes.len != 0) {
		ssize_t put = write(fd, bytes.data, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			ASH_FAIL_WITH(put < 0 ? ash_fs_code(errno) : ASH_E_IO, "%s can't be written: %s",
				      path, strerrordesc_np(errno));
		bytes.data += put;
		bytes.len -= (size_t)put;
	}
	if (fsync(fd) != 0)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s can't be synced: %s", path, strerrordesc_np(errno));
	return ASH_DONE;
}

struct ash_status ash_fs_create_private(const char *path, struct ash_span bytes, mode_t mode, gid_t group)
{
	ASH_AUTO_FD fd = -1;
	char draft[PATH_MAX];
	struct ash_status status = ASH_DONE;
	uint64_t random = 0;

	/* A name of its own for each try: two processes may make the same file at once. */
	ASH_ENSURE(getrandom(&random, sizeof(random), 0) == sizeof(random), ASH_E_IO);
	ASH_ENSURE(snprintf(draft, sizeof(draft), "%s.new-%016llx", path, (unsigned long long)random) <
			   (int)sizeof(draft),
		   ASH_E_ARGUMENT);
	ASH_TRY(ash_fs_create(draft, mode, group, &fd));
	status = write_all(fd, draft, bytes);
	if (ash_is_ok(status))
		status = ash_fs_publish(draft, path);
	if (!ash_is_ok(status))
		(void)unlink(draft);
	return status;
}
