#include "app/foreign/softhsm_conf.h"

#include <sys/stat.h>

#include "unit/test.h"

static char folder[] = "/tmp/ashlar-test-XXXXXX";

static void write_conf(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	EXPECT(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static enum ash_code read_text(const char *text, struct ash_softhsm_conf *conf)
{
	char path[100];
	enum ash_code code;

	snprintf(path, sizeof(path), "%s/conf", folder);
	write_conf(path, text);
	setenv("SOFTHSM2_CONF", path, 1);
	code = ash_softhsm_conf_read(conf).code;
	unlink(path);
	return code;
}

TEST(lines_are_read)
{
	ASH_AUTO(ash_softhsm_conf) conf = { .tokendir = NULL };
	ASH_AUTO(ash_softhsm_conf) database = { .tokendir = NULL };

	EXPECT(mkdtemp(folder) != NULL);
	EXPECT_NUMBER(ASH_OK, read_text("# a comment\n\n  directories.tokendir =  /some where/ \r\n"
					"objectstore.backend = file\nlog.level = ERROR\n",
					&conf));
	EXPECT_TEXT("/some where/", conf.tokendir);
	EXPECT(!conf.database && strstr(conf.path, "/conf") != NULL);
	EXPECT_NUMBER(ASH_OK, read_text("directories.tokendir=/tokens\nobjectstore.backend=db", &database));
	EXPECT_TEXT("/tokens", database.tokendir);
	EXPECT(database.database);
}

TEST(what_is_missing_is_told)
{
	ASH_AUTO(ash_softhsm_conf) conf = { .tokendir = NULL };

	EXPECT_NUMBER(ASH_E_NOT_FOUND,
		      read_text("directories.tokendirs = /x\ndirectories.tokendir =\n", &conf));
	EXPECT(strstr(ash_status_explanation(), "does not say where") != NULL);
	setenv("SOFTHSM2_CONF", "/nonexistent/conf", 1);
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_softhsm_conf_read(&conf));
	EXPECT(conf.tokendir == NULL && conf.path == NULL);
}

TEST(a_users_own_file_comes_first)
{
	ASH_AUTO(ash_softhsm_conf) conf = { .tokendir = NULL };
	char path[200];

	unsetenv("SOFTHSM2_CONF");
	setenv("HOME", folder, 1);
	snprintf(path, sizeof(path), "%s/.config", folder);
	EXPECT(mkdir(path, 0700) == 0);
	strcat(path, "/softhsm2");
	EXPECT(mkdir(path, 0700) == 0);
	strcat(path, "/softhsm2.conf");
	write_conf(path, "directories.tokendir = /mine\n");
	EXPECT_OK(ash_softhsm_conf_read(&conf));
	EXPECT_TEXT("/mine", conf.tokendir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/.config/softhsm2", folder);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/.config", folder);
	rmdir(path);
	rmdir(folder);
}
