#include "world.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATTERN 0xa5

CK_FUNCTION_LIST_3_2 *p11;

static struct {
	void *module;
	char home[64];
	pid_t process; /* the one that began: it clears the home */
	int output;    /* what is written to descriptors 1 and 2 */
	FILE *tap;
	unsigned results, failed, expectations_failed;
	bool mute; /* expectations are not looked at */
} world;

/* ---- what is said ---- */

void world_result(bool good, const char *name, const char *todo)
{
	world.results++;
	world.failed += good != (todo == NULL);
	(void)fprintf(world.tap, "%sok %u - %s%s%s\n", good ? "" : "not ", world.results, name,
		      todo != NULL ? " # TODO " : "", todo != NULL ? todo : "");
	(void)fflush(world.tap);
}

void world_note(const char *format, ...)
{
	va_list args;

	(void)fputs("# ", world.tap);
	va_start(args, format);
	(void)vfprintf(world.tap, format, args);
	va_end(args);
	(void)fputc('\n', world.tap);
	(void)fflush(world.tap);
}

void world_insist(const char *file, int line, const char *what, bool good)
{
	if (good)
		return;
	world.expectations_failed++;
	world_note("%s:%d: not so: %s", file, line, what);
}

void world_expect(const char *file, int line, const char *what, bool good)
{
	world_insist(file, line, what, good || world.mute);
}

static const struct {
	CK_RV rv;
	const char *name;
} rv_names[] = {
#include "rv_names.inc"
};

const char *world_rv_name(CK_RV rv)
{
	for (size_t i = 0; i < COUNT(rv_names); i++) {
		if (rv_names[i].rv == rv)
			return rv_names[i].name;
	}
	return "a code that PKCS#11 does not have";
}

void world_expect_rv(const char *file, int line, const char *what, CK_RV want, CK_RV got)
{
	if (want == got || world.mute)
		return;
	world.expectations_failed++;
	world_note("%s:%d: %s: wanted %s, got %s", file, line, what, world_rv_name(want), world_rv_name(got));
}

void world_mute(bool mute)
{
	world.mute = mute;
}

unsigned world_failures(void)
{
	return world.expectations_failed;
}

void world_fill(void *data, size_t len)
{
	memset(data, PATTERN, len);
}

bool world_untouched(const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != PATTERN)
			return false;
	}
	return true;
}

/* ---- beginning and end ---- */

static void new_home(void)
{
	/* Where syncing costs nothing, if there is such a place. */
	(void)snprintf(world.home, sizeof(world.home), "%s/ashlar-conformance-XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(world.home) == NULL || setenv("ASHLAR_HOME", world.home, 1) != 0)
		world_bail("home");
}

static void remove_home(const char *home)
{
	DIR *dir = opendir(home);
	struct dirent *entry = NULL;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(home);
}

void world_bail(const char *why)
{
	(void)fprintf(world.tap, "Bail out! %s: %s\n", why, strerror(errno));
	(void)fflush(world.tap);
	if (getpid() == world.process)
		remove_home(world.home);
	_exit(2);
}

const char *world_home(void)
{
	return world.home;
}

void *world_symbol(const char *name)
{
	return dlsym(world.module, name);
}

void world_begin(int argc, char **argv)
{
	static const char *const foreign[] = { "ASHLAR_CONF", "XDG_CONFIG_HOME", "XDG_DATA_HOME" };
	CK_C_GetInterface get_interface = NULL;
	CK_INTERFACE *interface = NULL;
	FILE *output = tmpfile();
	int tap = dup(STDOUT_FILENO);

	world.tap = fdopen(tap, "w");
	if (argc != 2 || world.tap == NULL || output == NULL)
		exit(2);
	world.output = fileno(output);
	if (dup2(world.output, STDOUT_FILENO) < 0 || dup2(world.output, STDERR_FILENO) < 0)
		world_bail("dup2");
	world.process = getpid();
	new_home();
	for (size_t i = 0; i < COUNT(foreign); i++)
		(void)unsetenv(foreign[i]);
	world.module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (world.module == NULL)
		world_bail(dlerror());
	*(void **)&get_interface = world_symbol("C_GetInterface");
	if (get_interface == NULL || get_interface(NULL, NULL, &interface, 0) != CKR_OK)
		world_bail("C_GetInterface");
	p11 = interface->pFunctionList;
}

int world_end(void)
{
	struct stat output = { .st_size = -1 };

	(void)p11->C_Finalize(NULL);
	(void)fstat(world.output, &output);
	world_result(output.st_size == 0, "nothing was printed", NULL);
	(void)fprintf(world.tap, "1..%u\n", world.results);
	(void)fclose(world.tap);
	remove_home(world.home);
	return world.failed == 0 ? 0 : 1;
}

/* ---- other processes ---- */

struct report {
	CK_RV rv;
	unsigned failed;
};

__attribute__((noreturn)) static void run_child(CK_RV (*body)(void), int to_parent)
{
	struct report report = { 0, 0 };

	world.expectations_failed = 0;
	report.rv = body();
	report.failed = world.expectations_failed;
	(void)p11->C_Finalize(NULL);
	_exit(write(to_parent, &report, sizeof(report)) == sizeof(report) ? 0 : 1);
}

CK_RV world_forked(CK_RV (*body)(void))
{
	struct report report = { CKR_GENERAL_ERROR, 1 };
	int ends[2];
	int status = -1;
	pid_t child = -1;

	if (pipe(ends) == 0)
		child = fork();
	if (child < 0)
		world_bail("fork");
	if (child == 0)
		run_child(body, ends[1]);
	(void)close(ends[1]);
	if (read(ends[0], &report, sizeof(report)) != sizeof(report))
		world_note("a child came back without a report");
	(void)close(ends[0]);
	if (waitpid(child, &status, 0) != child || status != 0) {
		world_note("a child's status: %#x", (unsigned)status);
		report.failed++;
	}
	world.expectations_failed += report.failed;
	return report.rv;
}

static CK_RV (*elsewhere_body)(void);

static CK_RV initialised(void)
{
	EXPECT_OK(p11->C_Initialize(NULL));
	return elsewhere_body();
}

CK_RV world_elsewhere(CK_RV (*body)(void))
{
	elsewhere_body = body;
	return world_forked(initialised);
}

CK_RV world_scratch(CK_RV (*body)(void))
{
	char own[sizeof(world.home)];
	CK_RV rv = CKR_OK;

	memcpy(own, world.home, sizeof(own));
	new_home();
	rv = world_forked(body);
	remove_home(world.home);
	memcpy(world.home, own, sizeof(own));
	if (setenv("ASHLAR_HOME", own, 1) != 0)
		world_bail("home");
	return rv;
}

void scratch_configure(const char *text)
{
	char path[sizeof(world.home) + 16];
	FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "%s/ashlar.conf", world.home);
	file = fopen(path, "we");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0 || setenv("ASHLAR_CONF", path, 1) != 0)
		world_bail("ashlar.conf");
}
