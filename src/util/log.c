#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "util/fork.h"
#include "util/fs.h"
#include "util/lock.h"
#include "util/log_priv.h"

#define TEXT_MAX        1000
#define LINE_MAX_LEN    (TEXT_MAX + 80) /* time, pid and level before the text */
#define SYSLOG_AUTHPRIV (10 << 3)       /* the facility of RFC 5424 for security messages */

enum target {
	TARGET_NONE,
	TARGET_SYSLOG,
	TARGET_FILE
};

static const struct {
	const char *name;
	int severity; /* RFC 5424, table 2 */
} levels[] = {
	[ASH_LOG_ERROR] = { "error", 3 },
	[ASH_LOG_WARNING] = { "warning", 4 },
	[ASH_LOG_INFO] = { "info", 6 },
	[ASH_LOG_DEBUG] = { "debug", 7 },
};

static struct {
	struct ash_fork_guard guard;
	struct ash_lock lock; /* ASH_RANK_LOG; guards the fields below */
	enum target target;
	int fd;
	struct ash_fs_id file; /* which `fd` was when we opened it */
	char path[PATH_MAX];
} out;

/* Of what is logged at all; -1: nothing. Read without the lock, so that silence is cheap. */
static _Atomic int threshold = -1;

static const char *listener = "/dev/log";

void ash_log_listen_at(const char *path)
{
	listener = path;
}

/*
 * Whether our descriptor is still our file: a host that closes descriptors it
 * doesn't know may have opened something of its own under the number.
 */
static bool fd_is_ours(void)
{
	return ash_fs_is(out.fd, out.file);
}

static void drop_target(void)
{
	atomic_store(&threshold, -1);
	if (out.target == TARGET_FILE && fd_is_ours())
		close(out.fd);
	out.target = TARGET_NONE;
	out.fd = -1;
}

/*
 * Once per process: a forked child starts with the log closed, and with a lock
 * that none of its parent's threads holds.
 */
static void settle(void)
{
	if (!ash_fork_claim(&out.guard))
		return;
	out.lock = (struct ash_lock)ASH_LOCK_INIT(ASH_RANK_LOG);
	drop_target();
	ash_fork_made(&out.guard);
}

static struct ash_status open_file(const char *path, struct stat *ret_file, int *ret_fd)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		      0600);

	fd = ash_fs_raise(fd); /* a host that has 0, 1 or 2 closed would print into the log */

	ASH_ENSURE(fd >= 0, ASH_E_IO);
	if (fstat(fd, ret_file) != 0 || !S_ISREG(ret_file->st_mode)) {
		close(fd);
		ASH_FAIL(ASH_E_IO);
	}
	*ret_fd = fd;
	return ASH_DONE;
}

static void use_file(int fd, const struct stat *file)
{
	out.fd = fd;
	out.file = (struct ash_fs_id){ file->st_dev, file->st_ino };
}

struct ash_status ash_log_open(const char *target, enum ash_log_level level)
{
	enum target kind = TARGET_FILE;
	struct stat file = { 0 };
	int fd = -1;

	ASH_ENSURE(target != NULL && (unsigned)level < ASH_COUNT(levels), ASH_E_CONFIG);
	if (strcmp(target, "none") == 0)
		kind = TARGET_NONE;
	else if (strcmp(target, "syslog") == 0)
		kind = TARGET_SYSLOG;
	else
		ASH_ENSURE(target[0] == '/' && strlen(target) < sizeof(out.path), ASH_E_CONFIG);
	settle();
	if (kind == TARGET_FILE)
		ASH_TRY(open_file(target, &file, &fd));

	ASH_LOCKED(&out.lock);
	drop_target();
	out.target = kind;
	if (kind == TARGET_FILE) {
		use_file(fd, &file);
		memcpy(out.path, target, strlen(target) + 1);
	}
	atomic_store(&threshold, kind != TARGET_NONE ? (int)level : -1);
	return ASH_DONE;
}

void ash_log_close(void)
{
	settle();
	ASH_LOCKED(&out.lock);
	drop_target();
}

/*
 * One datagram to the system's log, as syslog(3) would send it. Not through
 * syslog(3): its descriptor, name and options belong to the host, whose LOG_PERROR
 * would make us print. Without a time, as the receiver has one; dropped when nobody
 * listens or the receiver is slow.
 */
static void send_syslog(enum ash_log_level level, const char *text)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char line[LINE_MAX_LEN];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int len = snprintf(line, sizeof(line), "<%d>ashlar[%ld]: %s",
			   SYSLOG_AUTHPRIV | levels[level].severity, (long)getpid(), text);

	if (fd < 0)
		return;
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", listener);
	(void)sendto(fd, line, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

static void write_file(enum ash_log_level level, const char *text)
{
	struct timespec now = { 0 };
	struct stat file = { 0 };
	struct tm utc = { 0 };
	char time[32] = "";
	char line[LINE_MAX_LEN];
	int len = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	(void)strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
	len = snprintf(line, sizeof(line), "%s.%03ldZ %ld %s: %s\n", time, now.tv_nsec / 1000000,
		       (long)getpid(), levels[level].name, text);
	if (!fd_is_ours()) {
		out.fd = -1;
		if (!ash_is_ok(open_file(out.path, &file, &out.fd)))
			return;
		use_file(out.fd, &file);
	}
	/* One write to a file open for appending: lines of several processes don't mix. */
	while (write(out.fd, line, (size_t)len) < 0 && errno == EINTR)
		;
}

/* What a terminal would act on becomes '?': C0, DEL, and C1 as UTF-8 has it. */
static void make_printable(char *text)
{
	for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
		if (*at < ' ' || *at == 0x7f)
			*at = '?';
		if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
			at[0] = at[1] = '?';
	}
}

void ash_log(enum ash_log_level level, const char *format, ...)
{
	char text[TEXT_MAX + 1];
	int before = errno;
	va_list args;

	if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed) ||
	    (unsigned)level >= ASH_COUNT(levels))
		return;
	settle();
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_printable(text);
	{
		/*
		 * Written under the lock: the descriptor's number must not become the
		 * host's between the look at it and the write.
		 */
		ASH_LOCKED(&out.lock);
		if (out.target == TARGET_SYSLOG)
			send_syslog(level, text);
		else if (out.target == TARGET_FILE)
			write_file(level, text);
	}
	errno = before;
}

void ash_log_failure(enum ash_log_level level, const char *what, struct ash_status status)
{
	struct ash_origin origin = ash_status_origin();
	const char *more = ash_status_explanation();

	/* The origin is that of another failure when somebody failed and recovered since. */
	if (origin.code != status.code || origin.file == NULL)
		ash_log(level, "%s: %s (%s)", what, ash_code_text(status.code), ash_code_name(status.code));
	else
		ash_log(level, "%s: %s%s%s (%s at %s:%d)", what, ash_code_text(status.code),
			more[0] != '\0' ? ": " : "", more, ash_code_name(status.code), origin.file,
			origin.line);
}
