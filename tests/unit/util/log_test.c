#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "unit/test.h"
#include "util/log_priv.h"

static char folder[] = "/tmp/ashlar-log-XXXXXX";
static char path[64];

__attribute__((constructor)) static void make_folder(void)
{
	if (mkdtemp(folder) == NULL)
		abort();
	(void)snprintf(path, sizeof(path), "%s/log", folder);
}

static const char *contents(void)
{
	static char text[400000];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 0;

	EXPECT(fd >= 0);
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	EXPECT(got >= 0);
	text[got] = '\0';
	return text;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

static void open_fresh(enum ash_log_level level)
{
	ash_log_close();
	(void)unlink(path);
	EXPECT_OK(ash_log_open(path, level));
}

/* The descriptor under which this process has the log open; -1 when it has not. */
static int log_fd(void)
{
	struct stat want;
	struct stat got;

	EXPECT_NUMBER(0, stat(path, &want));
	for (int fd = 0; fd < 100; fd++)
		if (fstat(fd, &got) == 0 && got.st_ino == want.st_ino && got.st_dev == want.st_dev)
			return fd;
	return -1;
}

TEST(nothing_is_logged_by_default)
{
	ash_log(ASH_LOG_ERROR, "lost");
	EXPECT_OK(ash_log_open("none", ASH_LOG_DEBUG));
	ash_log(ASH_LOG_ERROR, "lost");
	ash_log_close();
	ash_log_close();
}

TEST(a_line_has_time_pid_level_and_text)
{
	struct stat file;
	char want[64];
	const char *text = NULL;

	open_fresh(ASH_LOG_WARNING);
	errno = ENOENT;
	ash_log(ASH_LOG_WARNING, "slot %d is %s", 3, "gone");
	EXPECT_NUMBER(ENOENT, errno);
	(void)snprintf(want, sizeof(want), "Z %ld warning: slot 3 is gone\n", (long)getpid());
	text = contents();
	EXPECT_TEXT(want, strchr(text, 'Z'));
	EXPECT_NUMBER(strlen("2000-01-01T00:00:00.000"), strchr(text, 'Z') - text);
	EXPECT(strncmp(text, "20", 2) == 0 && text[10] == 'T' && text[19] == '.');
	EXPECT_NUMBER(0, stat(path, &file));
	EXPECT_NUMBER(0600, file.st_mode & 07777);
	EXPECT_NUMBER(FD_CLOEXEC, fcntl(log_fd(), F_GETFD));
	ash_log_close();
	EXPECT(log_fd() < 0);
}

TEST(levels_beyond_are_dropped)
{
	open_fresh(ASH_LOG_WARNING);
	ash_log(ASH_LOG_INFO, "no");
	ash_log(ASH_LOG_DEBUG, "no");
	ash_log((enum ash_log_level)9, "no");
	ash_log(ASH_LOG_WARNING, "yes");
	ash_log(ASH_LOG_ERROR, "yes");
	EXPECT_NUMBER(2, count_lines(contents()));
	EXPECT(strstr(contents(), "no") == NULL);
	EXPECT_OK(ash_log_open(path, ASH_LOG_DEBUG));
	ash_log(ASH_LOG_DEBUG, "more");
	EXPECT_NUMBER(3, count_lines(contents()));
	ash_log_close();
	ash_log(ASH_LOG_ERROR, "no");
	EXPECT_NUMBER(3, count_lines(contents()));
}

TEST(lines_cant_be_forged)
{
	open_fresh(ASH_LOG_ERROR);
	ash_log(ASH_LOG_ERROR, "%s", "a\nb\tc\x1b[1m\x7f\xc3\xa4\xc2\x9b\xc2");
	EXPECT(strstr(contents(), "error: a?b?c?[1m?\xc3\xa4??\xc2\n") != NULL);
	EXPECT_NUMBER(1, count_lines(contents()));
	ash_log_close();
}

TEST(long_lines_are_cut)
{
	open_fresh(ASH_LOG_ERROR);
	ash_log(ASH_LOG_ERROR, "%05000d", 7);
	ash_log(ASH_LOG_ERROR, "next");
	EXPECT_NUMBER(2, count_lines(contents()));
	EXPECT_NUMBER(1000, strspn(strstr(contents(), "error: ") + 7, "0"));
	ash_log_close();
}

static struct ash_status break_down(void)
{
	ASH_FAIL(ASH_E_IO);
}

static struct ash_status fail_with_reason(void)
{
	ASH_FAIL_WITH(ASH_E_IO, "the disk is %s", "gone");
}

TEST(failures_tell_code_and_origin)
{
	struct ash_status status = break_down();

	open_fresh(ASH_LOG_ERROR);
	ash_log_failure(ASH_LOG_ERROR, "C_Login", status);
	EXPECT(strstr(contents(), "error: C_Login: the storage answered with an error (E_IO at ") != NULL);
	EXPECT(strstr(contents(), "log_test.c:") != NULL);
	ash_log_failure(ASH_LOG_ERROR, "C_Sign", (struct ash_status){ ASH_E_DATA });
	EXPECT(strstr(contents(), "error: C_Sign: the input data is not valid (E_DATA)\n") != NULL);
	status = fail_with_reason();
	ash_log_failure(ASH_LOG_ERROR, "C_Login", status);
	EXPECT(strstr(contents(), "with an error: the disk is gone (E_IO at ") != NULL);
	ash_log_close();
}

TEST(what_is_no_log_is_refused)
{
	char long_path[5000];
	char other[80];

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	open_fresh(ASH_LOG_ERROR);
	EXPECT_CODE(ASH_E_CONFIG, ash_log_open(NULL, ASH_LOG_ERROR));
	EXPECT_CODE(ASH_E_CONFIG, ash_log_open("", ASH_LOG_ERROR));
	EXPECT_CODE(ASH_E_CONFIG, ash_log_open("stderr", ASH_LOG_ERROR));
	EXPECT_CODE(ASH_E_CONFIG, ash_log_open("log/file", ASH_LOG_ERROR));
	EXPECT_CODE(ASH_E_CONFIG, ash_log_open(path, (enum ash_log_level)4));
	EXPECT_CODE(ASH_E_CONFIG, ash_log_open(long_path, ASH_LOG_ERROR));
	EXPECT_CODE(ASH_E_IO, ash_log_open("/proc/nowhere/log", ASH_LOG_ERROR));
	EXPECT_CODE(ASH_E_IO, ash_log_open(folder, ASH_LOG_ERROR));
	(void)snprintf(other, sizeof(other), "%s/link", folder);
	EXPECT_NUMBER(0, symlink(path, other));
	EXPECT_CODE(ASH_E_IO, ash_log_open(other, ASH_LOG_ERROR));
	EXPECT_NUMBER(0, unlink(other));
	EXPECT_NUMBER(0, mkfifo(other, 0600));
	EXPECT_CODE(ASH_E_IO, ash_log_open(other, ASH_LOG_ERROR));
	EXPECT_NUMBER(0, unlink(other));
	/* The log of before goes on. */
	ash_log(ASH_LOG_ERROR, "still here");
	EXPECT_NUMBER(1, count_lines(contents()));
	ash_log_close();
}

static void host_closes_and_reuses(void)
{
	char hosts[80];
	struct stat file;
	int ours = -1;
	int fd = -1;

	(void)snprintf(hosts, sizeof(hosts), "%s/host", folder);
	open_fresh(ASH_LOG_ERROR);
	ours = log_fd();
	EXPECT_NUMBER(0, close(ours));
	ash_log(ASH_LOG_ERROR, "first");
	EXPECT_NUMBER(1, count_lines(contents()));

	ours = log_fd();
	fd = open(hosts, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	EXPECT(fd >= 0);
	EXPECT_NUMBER(ours, dup2(fd, ours));
	ash_log(ASH_LOG_ERROR, "second");
	EXPECT_NUMBER(2, count_lines(contents()));
	EXPECT_NUMBER(0, fstat(fd, &file));
	EXPECT_NUMBER(0, file.st_size);
	EXPECT_NUMBER(0, fcntl(ours, F_GETFD) & ~FD_CLOEXEC); /* the host's own stays open */

	fd = dup2(fd, log_fd());
	ash_log_close();
	EXPECT(fcntl(fd, F_GETFD) >= 0);
}

TEST(a_host_may_close_and_reuse_descriptors)
{
	EXPECT_IN_CHILD(host_closes_and_reuses);
}

static void log_without_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	open_fresh(ASH_LOG_ERROR);
	EXPECT(log_fd() > 2);
}

TEST(the_log_is_never_a_standard_descriptor)
{
	EXPECT_IN_CHILD(log_without_standard_descriptors);
}

static void log_as_child(void)
{
	ash_log(ASH_LOG_ERROR, "of the child");
	EXPECT(log_fd() < 0);
	EXPECT_OK(ash_log_open(path, ASH_LOG_ERROR));
	ash_log(ASH_LOG_ERROR, "of the opened child");
	ash_log_close();
}

TEST(children_start_with_the_log_closed)
{
	open_fresh(ASH_LOG_ERROR);
	EXPECT_IN_CHILD(log_as_child);
	ash_log(ASH_LOG_ERROR, "of the parent");
	EXPECT_NUMBER(2, count_lines(contents()));
	EXPECT(strstr(contents(), "of the child") == NULL);
	EXPECT(strstr(contents(), "of the opened child") != NULL);
	ash_log_close();
}

static void *log_a_lot(void *unused)
{
	for (int i = 0; i < 1000; i++)
		ash_log(ASH_LOG_ERROR, "%s", "one line");
	return unused;
}

TEST(lines_of_threads_dont_mix)
{
	pthread_t threads[4];
	const char *text = NULL;

	open_fresh(ASH_LOG_ERROR);
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, log_a_lot, NULL));
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	text = contents();
	EXPECT_NUMBER(4000, count_lines(text));
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
		EXPECT(strncmp(strchr(line, ':') + 10, "Z ", 2) == 0);
	ash_log_close();
}

TEST(syslog_gets_datagrams)
{
	struct sockaddr_un listener = { .sun_family = AF_UNIX };
	char got[2000] = "";
	char want[80];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	EXPECT_OK(ash_log_open("syslog", ASH_LOG_INFO));
	ash_log_listen_at("/nowhere/log");
	ash_log(ASH_LOG_ERROR, "nobody listens");
	(void)snprintf(listener.sun_path, sizeof(listener.sun_path), "%s/dev", folder);
	EXPECT_NUMBER(0, bind(fd, (struct sockaddr *)&listener, sizeof(listener)));
	ash_log_listen_at(listener.sun_path);
	ash_log(ASH_LOG_DEBUG, "too much");
	ash_log(ASH_LOG_INFO, "slot %d\n", 3);
	EXPECT(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) > 0);
	(void)snprintf(want, sizeof(want), "<86>ashlar[%ld]: slot 3?", (long)getpid());
	EXPECT_TEXT(want, got);
	/* A receiver that reads nothing stops nobody. */
	for (int i = 0; i < 5000; i++)
		ash_log(ASH_LOG_ERROR, "again");
	close(fd);
	ash_log_close();
	(void)unlink(listener.sun_path);
}

TEST(the_folder_goes_away)
{
	char other[80];

	(void)snprintf(other, sizeof(other), "%s/host", folder);
	(void)unlink(other);
	(void)unlink(path);
	EXPECT_NUMBER(0, rmdir(folder));
}
