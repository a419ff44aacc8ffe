#include "home.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

static void write_file(const struct home *home, const char *name, const char *format, const char *word)
{
	char path[HOME_PATH + 32];
	FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", home->path, name);
	file = fopen(path, "we");
	/* The formats are this file's own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (file == NULL || fprintf(file, format, word) < 0 || fclose(file) != 0)
#pragma GCC diagnostic pop
		report_bail("%s: %s", path, strerror(errno));
}

static void configure(const struct home *home)
{
	char tokens[HOME_PATH + 16];

	write_file(home, "ashlar.conf", "pin.tries.user = %s\npin.tries.so = 3\n", "3");
	write_file(home, "softhsm2.conf",
		   "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n",
		   home->path);
	(void)snprintf(tokens, sizeof(tokens), "%s/tokens", home->path);
	if (mkdir(tokens, 0700) != 0 && errno != EEXIST)
		report_bail("%s: %s", tokens, strerror(errno));
}

static struct home make_empty(const char *parent)
{
	struct home home;

	if (snprintf(home.path, sizeof(home.path), "%s/ashlar-torture-XXXXXX", parent) >=
		    (int)sizeof(home.path) ||
	    mkdtemp(home.path) == NULL)
		report_bail("no folder for a store in %s: %s", parent, strerror(errno));
	return home;
}

static const char *usual_parent(void)
{
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

struct home home_make_in(const char *parent)
{
	struct home home = make_empty(parent);

	configure(&home);
	return home;
}

struct home home_make(void)
{
	return home_make_in(usual_parent());
}

static struct {
	size_t from_len;
	const char *to;
} copying; /* nftw has no place for it */

static void copy_file(const char *from, const char *to, mode_t mode)
{
	char bytes[65536];
	size_t got = 0;
	FILE *in = fopen(from, "re");
	FILE *out = fopen(to, "we");

	if (in == NULL || out == NULL)
		report_bail("%s to %s: %s", from, to, strerror(errno));
	while ((got = fread(bytes, 1, sizeof(bytes), in)) > 0) {
		if (fwrite(bytes, 1, got, out) != got)
			report_bail("%s: %s", to, strerror(errno));
	}
	if (ferror(in) || fclose(in) != 0 || fclose(out) != 0 || chmod(to, mode) != 0)
		report_bail("%s to %s: %s", from, to, strerror(errno));
}

static int copy_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	char to[PATH_MAX];

	if (where->level == 0)
		return 0;
	(void)snprintf(to, sizeof(to), "%s%s", copying.to, path + copying.from_len);
	if (type == FTW_D) {
		if (mkdir(to, info->st_mode & 07777) != 0)
			report_bail("%s: %s", to, strerror(errno));
	} else if (S_ISREG(info->st_mode)) {
		copy_file(path, to, info->st_mode & 07777);
	}
	return 0;
}

struct home home_copy(const struct home *from)
{
	char parent[HOME_PATH];
	struct home home;

	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(from->path, '/') - from->path),
		       from->path);
	home = make_empty(parent);
	copying.from_len = strlen(from->path);
	copying.to = home.path;
	if (nftw(from->path, copy_one, 16, FTW_PHYS) != 0)
		report_bail("%s: %s", from->path, strerror(errno));
	configure(&home);
	return home;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info;
	(void)type;
	(void)where;
	(void)remove(path);
	return 0;
}

void home_remove(const struct home *home)
{
	(void)nftw(home->path, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

void home_clear(const struct home *home)
{
	home_remove(home);
	if (mkdir(home->path, 0700) != 0)
		report_bail("%s: %s", home->path, strerror(errno));
	configure(home);
}

void home_enter(const struct home *home)
{
	static const char *const foreign[] = { "ASHLAR_CONF", "XDG_CONFIG_HOME", "XDG_DATA_HOME" };
	char conf[HOME_PATH + 32];

	(void)snprintf(conf, sizeof(conf), "%s/softhsm2.conf", home->path);
	if (setenv("ASHLAR_HOME", home->path, 1) != 0 || setenv("SOFTHSM2_CONF", conf, 1) != 0)
		report_bail("setenv: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		(void)unsetenv(foreign[i]);
}
