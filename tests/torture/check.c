#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

#define HANG_SECONDS 60
#define REPORT_LEN   65536

/* Its exit codes. */
#define DONE   0
#define FAILED 1

const char *check_text(enum check_verdict verdict)
{
	static const char *const texts[] = {
		[CHECK_SOUND] = "finds no damage",
		[CHECK_DAMAGED] = "finds damage",
		[CHECK_REFUSED] = "refuses to look",
		[CHECK_BROKEN] = "breaks down",
	};

	return texts[verdict];
}

__attribute__((noreturn)) static void be_check(const char *ashlar, const char *token, enum actor_pin pin,
					       int out)
{
	const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	CK_ULONG len = 0;

	(void)alarm(HANG_SECONDS);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(nothing, STDERR_FILENO);
	(void)setenv("WITNESS_PIN", (const char *)actor_pin(pin, &len), 1);
	if (token != NULL)
		(void)execl(ashlar, ashlar, "store", "check", "--json", "--token", token, "--pin-env",
			    "WITNESS_PIN", NULL);
	else
		(void)execl(ashlar, ashlar, "store", "check", "--json", NULL);
	_exit(127);
}

static void read_report(int in, char report[REPORT_LEN])
{
	size_t len = 0;
	ssize_t got = 0;

	while (len + 1 < REPORT_LEN && (got = read(in, report + len, REPORT_LEN - 1 - len)) != 0) {
		if (got < 0 && errno != EINTR)
			report_bail("read: %s", strerror(errno));
		len += got > 0 ? (size_t)got : 0;
	}
	report[len] = '\0';
}

/* Whether a row of the report, which is flat, has both texts. */
static bool has_row(char *report, const char *one, const char *other)
{
	for (char *row = strchr(report, '{'); row != NULL; row = strchr(row + 1, '{')) {
		char *end = strchr(row, '}');
		bool both = false;

		if (end == NULL)
			return false;
		*end = '\0';
		both = strstr(row, one) != NULL && strstr(row, other) != NULL;
		*end = '}';
		if (both)
			return true;
	}
	return false;
}

enum check_verdict check_run(const char *ashlar, const char *token, enum actor_pin pin)
{
	static char report[REPORT_LEN];
	char *rows = NULL;
	int ends[2], status = 0;
	pid_t child = -1;

	if (pipe2(ends, O_CLOEXEC) != 0)
		report_bail("pipe: %s", strerror(errno));
	child = fork();
	if (child == 0)
		be_check(ashlar, token, pin, ends[1]);
	(void)close(ends[1]);
	read_report(ends[0], report);
	(void)close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) != child)
		report_bail("fork: %s", strerror(errno));
	rows = strchr(report, '[');
	/* The part "check" is damaged when the process that looked was killed by what it read. */
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 2 || WEXITSTATUS(status) == 127 ||
	    (rows != NULL && has_row(rows, "\"part\": \"check\"", "\"state\": ")))
		return CHECK_BROKEN;
	if (WEXITSTATUS(status) == DONE)
		return rows != NULL ? CHECK_SOUND : CHECK_BROKEN;
	if (rows == NULL)
		return CHECK_REFUSED;
	return WEXITSTATUS(status) == FAILED && has_row(rows, "\"state\": \"damaged\"", "\"part\": ")
		       ? CHECK_DAMAGED
		       : CHECK_BROKEN;
}
