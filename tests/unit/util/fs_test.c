#include "util/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "unit/test.h"

static char top[200];

static const char *in_top(const char *name)
{
	static char paths[4][600];
	static unsigned next;
	char *path = paths[next++ % ASH_COUNT(paths)];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", top, name);
	return path;
}

static void set_up(void)
{
	const char *parent = getenv("TMPDIR");

	(void)snprintf(top, sizeof(top), "%s/ashlar-test-XXXXXX", parent != NULL ? parent : "/tmp");
	EXPECT(mkdtemp(top) != NULL);
}

static size_t count_files(void)
{
	DIR *list = opendir(top);
	size_t count = 0;

	EXPECT(list != NULL);
	while (readdir(list) != NULL)
		count++;
	closedir(list);
	return count - 2;
}

static void tear_down(void)
{
	DIR *list = opendir(top);
	const struct dirent *entry = NULL;

	EXPECT(list != NULL);
	while ((entry = readdir(list)) != NULL) {
		if (unlink(in_top(entry->d_name)) != 0 && entry->d_name[0] != '.')
			(void)rmdir(in_top(entry->d_name));
	}
	closedir(list);
	EXPECT_NUMBER(0, rmdir(top));
}

static unsigned mode_of(const char *path)
{
	struct stat info;

	EXPECT_NUMBER(0, lstat(path, &info));
	return info.st_mode & 07777;
}

static void refused(const char *path, const char *word)
{
	EXPECT_CODE(ASH_E_ACCESS, ash_fs_folder(path, ASH_FS_NO_GROUP, false));
	if (strstr(ash_status_explanation(), word) == NULL)
		EXPECT_TEXT(word, ash_status_explanation());
}

TEST(a_group_has_its_number)
{
	gid_t group = 77;

	EXPECT_OK(ash_fs_group("root", &group));
	EXPECT_NUMBER(0, group);
	EXPECT_OK(ash_fs_group("", &group));
	EXPECT(group == ASH_FS_NO_GROUP);
	group = 77;
	EXPECT_CODE(ASH_E_CONFIG, ash_fs_group("no-such-group", &group));
	EXPECT(strstr(ash_status_explanation(), "no-such-group") != NULL);
	EXPECT_NUMBER(77, group);
	FAIL_EVERY_ALLOCATION(group == 77, ash_fs_group("root", &group));
}

TEST(what_is_missing_of_a_path_is_made)
{
	mode_t before = umask(0777);

	set_up();
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_fs_folder(in_top("a/b"), ASH_FS_NO_GROUP, false));
	EXPECT_NUMBER(0, count_files());
	EXPECT_OK(ash_fs_folder(in_top("a/b//"), ASH_FS_NO_GROUP, true));
	EXPECT_NUMBER(0700, mode_of(in_top("a")));
	EXPECT_NUMBER(0700, mode_of(in_top("a/b")));
	EXPECT_OK(ash_fs_folder(in_top("a/b"), ASH_FS_NO_GROUP, true));
	EXPECT_OK(ash_fs_folder(in_top("a/b/"), ASH_FS_NO_GROUP, false));
	EXPECT_NUMBER(0, rmdir(in_top("a/b")));
	EXPECT_OK(ash_fs_folder(in_top("a/b"), getegid(), true));
	EXPECT_NUMBER(02770, mode_of(in_top("a/b")));
	/* What was there already keeps its mode. */
	EXPECT_NUMBER(0700, mode_of(in_top("a")));
	EXPECT_NUMBER(0, rmdir(in_top("a/b")));
	umask(before);
	tear_down();
}

static void make_without_descriptors(void)
{
	struct rlimit limit;

	EXPECT_NUMBER(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 0;
	EXPECT_NUMBER(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_CODE(ASH_E_IO, ash_fs_folder(in_top("new"), ASH_FS_NO_GROUP, true));
	EXPECT(access(in_top("new"), F_OK) != 0 && errno == ENOENT);
}

TEST(a_folder_whose_name_may_be_lost_is_not_made)
{
	set_up();
	EXPECT_IN_CHILD(make_without_descriptors);
	tear_down();
}

TEST(paths_that_are_none_are_refused)
{
	static const char *const paths[] = {
		NULL, "", "a", "./a", "/", "///", "/tmp/..", "/tmp/../a", "/./a"
	};
	static char long_path[5000];

	for (size_t i = 0; i < ASH_COUNT(paths); i++)
		EXPECT_CODE(ASH_E_ARGUMENT, ash_fs_folder(paths[i], ASH_FS_NO_GROUP, true));
	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[0] = '/';
	EXPECT_CODE(ASH_E_ARGUMENT, ash_fs_folder(long_path, ASH_FS_NO_GROUP, true));
}

TEST(names_with_dots_are_names)
{
	set_up();
	EXPECT_OK(ash_fs_folder(in_top("..."), ASH_FS_NO_GROUP, true));
	EXPECT_OK(ash_fs_folder(in_top(".a"), ASH_FS_NO_GROUP, true));
	EXPECT_NUMBER(0, rmdir(in_top("...")));
	EXPECT_NUMBER(0, rmdir(in_top(".a")));
	tear_down();
}

TEST(modes_that_are_too_wide_are_refused_with_the_fix)
{
	set_up();
	EXPECT_NUMBER(0, chmod(top, 0777));
	refused(top, "other users may write here (mode 0777): chmod 700 it");
	EXPECT_NUMBER(0, chmod(top, 0704));
	refused(top, "other users may read here (mode 0704): chmod 700 it");
	EXPECT_NUMBER(0, chmod(top, 0701));
	refused(top, "other users may go here");
	EXPECT_NUMBER(0, chmod(top, 0770));
	refused(top, "may write here (mode 0770): chmod 700 it, or name the group as store.group");
	/* With a group it is fine, but not for everybody, nor for another group. */
	EXPECT_OK(ash_fs_folder(top, getegid(), false));
	EXPECT_CODE(ASH_E_ACCESS, ash_fs_folder(top, getegid() + 1, false));
	EXPECT_NUMBER(0, chmod(top, 02771));
	EXPECT_CODE(ASH_E_ACCESS, ash_fs_folder(top, getegid(), false));
	EXPECT(strstr(ash_status_explanation(), "chmod 2770 it") != NULL);
	EXPECT_NUMBER(0, chmod(top, 0500));
	EXPECT_OK(ash_fs_folder(top, ASH_FS_NO_GROUP, false));
	EXPECT_NUMBER(0, chmod(top, 0700));
	tear_down();
}

TEST(links_and_files_are_no_folders)
{
	int fd = -1;

	set_up();
	EXPECT_NUMBER(0, symlink(top, in_top("link")));
	refused(in_top("link"), "is a symbolic link: write the path that it leads to");
	refused(in_top("link/"), "is a symbolic link");
	/* A link on the way is fine. */
	EXPECT_OK(ash_fs_folder(in_top("link/sub"), ASH_FS_NO_GROUP, true));
	EXPECT_NUMBER(0, rmdir(in_top("sub")));
	EXPECT_NUMBER(0, unlink(in_top("link")));
	EXPECT_NUMBER(0, symlink("nowhere", in_top("link")));
	EXPECT(!ash_is_ok(ash_fs_folder(in_top("link"), ASH_FS_NO_GROUP, true)));
	EXPECT_OK(ash_fs_create(in_top("file"), 0600, ASH_FS_NO_GROUP, &fd));
	close(fd);
	refused(in_top("file"), "is not a folder");
	refused(in_top("file/sub"), "Not a directory");
	tear_down();
}

TEST(network_file_systems_are_known)
{
	EXPECT_TEXT("NFS", ash_fs_refused(0x6969));
	EXPECT_TEXT("SMB", ash_fs_refused(0xfe534d42));
	/* f_type is signed: the same number on a machine of 64 bits. */
	EXPECT_TEXT("CIFS", ash_fs_refused((uint64_t)(int32_t)0xff534d42));
	EXPECT_TEXT("9P", ash_fs_refused(0x01021997));
	EXPECT_TEXT("FUSE", ash_fs_refused(0x65735546));
	EXPECT(ash_fs_refused(0xef53) == NULL);     /* ext4 */
	EXPECT(ash_fs_refused(0x01021994) == NULL); /* tmpfs */
	EXPECT(ash_fs_refused(0x794c7630) == NULL); /* overlayfs */
	EXPECT(ash_fs_refused(0x9123683e) == NULL); /* btrfs */
	EXPECT(ash_fs_refused(0x58465342) == NULL); /* XFS */
	EXPECT(ash_fs_refused(0x2fc12fc1) == NULL); /* ZFS */
	refused("/proc/1", "");
}

TEST(files_are_made_with_their_mode_whatever_the_umask)
{
	mode_t before = umask(0777);
	int fd = -1;

	set_up();
	EXPECT_OK(ash_fs_create(in_top("a"), 0600, ASH_FS_NO_GROUP, &fd));
	EXPECT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	EXPECT_NUMBER(0600, mode_of(in_top("a")));
	umask(0);
	EXPECT_OK(ash_fs_create(in_top("b"), 0660, getegid(), &fd));
	close(fd);
	EXPECT_NUMBER(0660, mode_of(in_top("b")));
	umask(before);
	fd = 77;
	EXPECT_CODE(ASH_E_EXISTS, ash_fs_create(in_top("a"), 0600, ASH_FS_NO_GROUP, &fd));
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_fs_create(in_top("no/a"), 0600, ASH_FS_NO_GROUP, &fd));
	EXPECT_NUMBER(77, fd);
	tear_down();
}

TEST(files_are_checked_before_use)
{
	uint64_t size = 9;
	int fd = -1;

	set_up();
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_fs_check(in_top("a"), ASH_FS_NO_GROUP, &size));
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_fs_open(in_top("a"), O_RDONLY, ASH_FS_NO_GROUP, &fd));
	EXPECT_OK(ash_fs_create_private(in_top("a"), TEXT("abc"), 0600, ASH_FS_NO_GROUP));
	EXPECT_OK(ash_fs_check(in_top("a"), ASH_FS_NO_GROUP, &size));
	EXPECT_NUMBER(3, size);
	EXPECT_OK(ash_fs_open(in_top("a"), O_RDWR, ASH_FS_NO_GROUP, &fd));
	close(fd);
	fd = -1;
	EXPECT_NUMBER(0, chmod(in_top("a"), 0644));
	EXPECT_CODE(ASH_E_ACCESS, ash_fs_open(in_top("a"), O_RDONLY, ASH_FS_NO_GROUP, &fd));
	EXPECT(strstr(ash_status_explanation(), "chmod 600 it") != NULL);
	EXPECT_CODE(ASH_E_ACCESS, ash_fs_check(in_top("a"), ASH_FS_NO_GROUP, &size));
	EXPECT_NUMBER(0, chmod(in_top("a"), 0640));
	EXPECT_CODE(ASH_E_ACCESS, ash_fs_check(in_top("a"), ASH_FS_NO_GROUP, &size));
	EXPECT_OK(ash_fs_check(in_top("a"), getegid(), &size));
	EXPECT_NUMBER(0, symlink(in_top("a"), in_top("link")));
	EXPECT_CODE(ASH_E_ACCESS, ash_fs_open(in_top("link"), O_RDONLY, ASH_FS_NO_GROUP, &fd));
	EXPECT_CODE(ASH_E_ACCESS, ash_fs_check(in_top("link"), ASH_FS_NO_GROUP, &size));
	EXPECT_NUMBER(0, mkfifo(in_top("fifo"), 0600));
	EXPECT_CODE(ASH_E_ACCESS, ash_fs_open(in_top("fifo"), O_RDONLY, ASH_FS_NO_GROUP, &fd));
	EXPECT_CODE(ASH_E_ACCESS, ash_fs_check(in_top("fifo"), ASH_FS_NO_GROUP, &size));
	EXPECT_NUMBER(-1, fd);
	tear_down();
}

TEST(strangers_files_are_refused)
{
	uint64_t size = 0;

	if (geteuid() != 0) {
		print_message("only root can give files away: passed over\n");
		return;
	}
	set_up();
	EXPECT_OK(ash_fs_create_private(in_top("a"), TEXT("abc"), 0600, ASH_FS_NO_GROUP));
	EXPECT_NUMBER(0, chown(in_top("a"), 65534, 65534));
	EXPECT_CODE(ASH_E_ACCESS, ash_fs_check(in_top("a"), ASH_FS_NO_GROUP, &size));
	EXPECT(strstr(ash_status_explanation(), "belongs to user 65534, we are user 0") != NULL);
	/* Only root and the group's members can give it that group. */
	EXPECT_OK(ash_fs_check(in_top("a"), 65534, &size));
	tear_down();
}

TEST(a_private_file_is_read_whole)
{
	ASH_AUTO(ash_buf) buf = ASH_BUF_SECRET;

	set_up();
	EXPECT_OK(ash_fs_create_private(in_top("key"), TEXT("0123456789"), 0600, ASH_FS_NO_GROUP));
	EXPECT_OK(ash_buf_add(&buf, TEXT("before ")));
	EXPECT_OK(ash_fs_read_private(in_top("key"), 10, ASH_FS_NO_GROUP, &buf));
	EXPECT_SPAN(TEXT("before 0123456789"), ash_buf_span(&buf));
	EXPECT_CODE(ASH_E_LIMIT, ash_fs_read_private(in_top("key"), 9, ASH_FS_NO_GROUP, &buf));
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_fs_read_private(in_top("no"), 9, ASH_FS_NO_GROUP, &buf));
	EXPECT_OK(ash_fs_create_private(in_top("empty"), TEXT(""), 0600, ASH_FS_NO_GROUP));
	EXPECT_OK(ash_fs_read_private(in_top("empty"), 0, ASH_FS_NO_GROUP, &buf));
	EXPECT_NUMBER(17, buf.len);
	ash_buf_done(&buf);
	FAIL_EVERY_ALLOCATION(buf.len == 0, ash_fs_read_private(in_top("key"), 10, ASH_FS_NO_GROUP, &buf));
	tear_down();
}

TEST(a_private_file_is_made_once)
{
	ASH_AUTO(ash_buf) buf = ASH_BUF_PLAIN;

	set_up();
	EXPECT_OK(ash_fs_create_private(in_top("key"), TEXT("mine"), 0640, getegid()));
	EXPECT_NUMBER(0640, mode_of(in_top("key")));
	EXPECT_CODE(ASH_E_EXISTS, ash_fs_create_private(in_top("key"), TEXT("yours"), 0600, ASH_FS_NO_GROUP));
	EXPECT_OK(ash_fs_read_private(in_top("key"), 100, getegid(), &buf));
	EXPECT_SPAN(TEXT("mine"), ash_buf_span(&buf));
	EXPECT_NUMBER(1, count_files()); /* no drafts */
	EXPECT_CODE(ASH_E_NOT_FOUND,
		    ash_fs_create_private(in_top("no/key"), TEXT("x"), 0600, ASH_FS_NO_GROUP));
	tear_down();
}

static void write_past_the_limit(void)
{
	const struct rlimit limit = { 2, 2 };

	(void)signal(SIGXFSZ, SIG_IGN);
	EXPECT_NUMBER(0, setrlimit(RLIMIT_FSIZE, &limit));
	EXPECT_CODE(ASH_E_IO, ash_fs_create_private(in_top("key"), TEXT("too long"), 0600, ASH_FS_NO_GROUP));
}

TEST(a_file_that_can_not_be_written_is_not_there)
{
	set_up();
	EXPECT_IN_CHILD(write_past_the_limit);
	EXPECT_NUMBER(0, count_files());
	tear_down();
}

#define MAKERS 8

static void make_key(void)
{
	const pid_t mine = getpid();
	struct ash_status status =
		ash_fs_create_private(in_top("key"), SPAN(((pid_t[]){ mine })), 0600, ASH_FS_NO_GROUP);
	ASH_AUTO(ash_buf) buf = ASH_BUF_PLAIN;

	EXPECT(ash_is_ok(status) || status.code == ASH_E_EXISTS);
	/* Whoever won: it is whole. */
	EXPECT_OK(ash_fs_read_private(in_top("key"), 100, ASH_FS_NO_GROUP, &buf));
	EXPECT_NUMBER(sizeof(mine), buf.len);
	EXPECT((memcmp(buf.data, &mine, sizeof(mine)) == 0) == ash_is_ok(status));
}

TEST(of_several_who_make_a_file_one_wins)
{
	pid_t children[MAKERS];

	set_up();
	for (size_t i = 0; i < MAKERS; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			test_is_child = true;
			make_key();
			_exit(0);
		}
	}
	for (size_t i = 0; i < MAKERS; i++) {
		int status = -1;

		EXPECT_NUMBER(children[i], waitpid(children[i], &status, 0));
		EXPECT_NUMBER(0, status);
	}
	EXPECT_NUMBER(1, count_files());
	tear_down();
}

TEST(a_name_is_given_once)
{
	set_up();
	EXPECT_OK(ash_fs_create_private(in_top("a"), TEXT("a"), 0600, ASH_FS_NO_GROUP));
	EXPECT_OK(ash_fs_create_private(in_top("b"), TEXT("b"), 0600, ASH_FS_NO_GROUP));
	EXPECT_CODE(ASH_E_EXISTS, ash_fs_publish(in_top("a"), in_top("b")));
	EXPECT_OK(ash_fs_publish(in_top("a"), in_top("c")));
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_fs_publish(in_top("a"), in_top("d")));
	EXPECT_NUMBER(2, count_files());
	tear_down();
}

TEST(errors_of_the_system_have_our_codes)
{
	EXPECT_NUMBER(ASH_E_NOT_FOUND, ash_fs_code(ENOENT));
	EXPECT_NUMBER(ASH_E_EXISTS, ash_fs_code(EEXIST));
	EXPECT_NUMBER(ASH_E_ACCESS, ash_fs_code(EACCES));
	EXPECT_NUMBER(ASH_E_ACCESS, ash_fs_code(EROFS));
	EXPECT_NUMBER(ASH_E_FULL, ash_fs_code(ENOSPC));
	EXPECT_NUMBER(ASH_E_FULL, ash_fs_code(EDQUOT));
	EXPECT_NUMBER(ASH_E_MEMORY, ash_fs_code(ENOMEM));
	EXPECT_NUMBER(ASH_E_IO, ash_fs_code(EIO));
}

static void raise_them(void)
{
	int fd = -1;

	close(0);
	EXPECT_OK(ash_fs_create(in_top("raised"), 0600, ASH_FS_NO_GROUP, &fd));
	EXPECT(fd > 2);
	close(fd);
	EXPECT_OK(ash_fs_open(in_top("raised"), O_RDONLY, ASH_FS_NO_GROUP, &fd));
	EXPECT(fd > 2);
	EXPECT_NUMBER(fd, ash_fs_raise(fd));
	EXPECT_NUMBER(-1, ash_fs_raise(-1));
	EXPECT_NUMBER(-1, fcntl(0, F_GETFD));
}

TEST(no_file_is_opened_as_a_standard_descriptor)
{
	set_up();
	EXPECT_IN_CHILD(raise_them);
	tear_down();
}

TEST(a_descriptor_is_known_by_its_file)
{
	struct ash_fs_id id;
	int fd = -1;
	int other = -1;

	set_up();
	EXPECT_OK(ash_fs_create(in_top("a"), 0600, ASH_FS_NO_GROUP, &fd));
	EXPECT_OK(ash_fs_create(in_top("b"), 0600, ASH_FS_NO_GROUP, &other));
	EXPECT_OK(ash_fs_identify(fd, &id));
	EXPECT(ash_fs_is(fd, id) && !ash_fs_is(other, id) && !ash_fs_is(-1, id));
	EXPECT_NUMBER(fd, dup2(other, fd));
	EXPECT(!ash_fs_is(fd, id));
	ash_fs_close_own(fd, id);
	EXPECT(fcntl(fd, F_GETFD) >= 0);
	EXPECT_OK(ash_fs_identify(fd, &id));
	ash_fs_close_own(fd, id);
	EXPECT(fcntl(fd, F_GETFD) < 0);
	EXPECT_CODE(ASH_E_IO, ash_fs_identify(fd, &id));
	EXPECT(!ash_fs_is(fd, id));
	close(other);
	tear_down();
}

/* From here on looking at a descriptor is an error of the disk's. */
static void refuse_looks(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fstat, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_newfstatat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ASH_COUNT(filter), filter };

	EXPECT_NUMBER(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_NUMBER(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void look_at_what_can_not_be_looked_at(void)
{
	struct ash_fs_id id;
	int fd = -1;

	EXPECT_OK(ash_fs_create(in_top("a"), 0600, ASH_FS_NO_GROUP, &fd));
	EXPECT_OK(ash_fs_identify(fd, &id));
	refuse_looks();
	EXPECT_CODE(ASH_E_IO, ash_fs_identify(fd, &id));
	EXPECT(ash_fs_is(fd, id) && !ash_fs_is(-1, id));
	ash_fs_close_own(fd, id);
	EXPECT(fcntl(fd, F_GETFD) < 0);
}

TEST(an_error_of_the_disk_makes_no_stranger_of_a_descriptor)
{
	set_up();
	EXPECT_IN_CHILD(look_at_what_can_not_be_looked_at);
	tear_down();
}
