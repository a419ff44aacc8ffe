#include <sys/stat.h>

#include "unit/test.h"
#include "util/config.h"

static char folder[] = "/tmp/ashlar-config-XXXXXX";
static const char *const variables[] = { "ASHLAR_CONF", "ASHLAR_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
					 "HOME" };

/* FOLDER/name; up to four of them live at once. */
static const char *in_folder(const char *name)
{
	static char paths[4][200];
	static unsigned next;

	next = (next + 1) % ASH_COUNT(paths);
	(void)snprintf(paths[next], sizeof(paths[next]), "%s/%s", folder, name);
	return paths[next];
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	EXPECT(file != NULL);
	EXPECT(fputs(text, file) >= 0);
	EXPECT_NUMBER(0, fclose(file));
	EXPECT_NUMBER(0, chmod(path, 0600));
}

__attribute__((constructor)) static void make_folder(void)
{
	if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0)
		abort();
	(void)mkdir(in_folder("home"), 0700);
	(void)mkdir(in_folder("xdg"), 0700);
	(void)mkdir(in_folder("xdg/ashlar"), 0700);
	(void)mkdir(in_folder("user"), 0700);
	(void)mkdir(in_folder("user/.config"), 0700);
	(void)mkdir(in_folder("user/.config/ashlar"), 0700);
}

static void clear_environment(void)
{
	for (size_t i = 0; i < ASH_COUNT(variables); i++)
		unsetenv(variables[i]);
}

static void expect_file(const char *want)
{
	ASH_AUTO(ash_config) *config = NULL;

	EXPECT_OK(ash_config_load(&config));
	if (want == NULL)
		EXPECT(ash_config_path(config) == NULL);
	else
		EXPECT_TEXT(want, ash_config_path(config));
}

/* The sentence is "WHERE: want". */
static void expect_mistake(const char *where, const char *want)
{
	struct ash_config *config = NULL;
	char sentence[600];

	(void)snprintf(sentence, sizeof(sentence), "%s%s", where, want);
	EXPECT_CODE(ASH_E_CONFIG, ash_config_load(&config));
	EXPECT_TEXT(sentence, ash_config_error());
	EXPECT(config == NULL);
}

TEST(the_first_place_wins)
{
	if (access("/etc/ashlar/ashlar.conf", F_OK) == 0)
		SKIP("this machine has a configuration");
	clear_environment();
	expect_file(NULL);
	setenv("HOME", in_folder("user"), 1);
	expect_file(NULL);
	write_file(in_folder("user/.config/ashlar/ashlar.conf"), "pin.min = 5\n");
	expect_file(in_folder("user/.config/ashlar/ashlar.conf"));
	setenv("XDG_CONFIG_HOME", in_folder("xdg"), 1);
	expect_file(NULL);
	write_file(in_folder("xdg/ashlar/ashlar.conf"), "pin.min = 6\n");
	expect_file(in_folder("xdg/ashlar/ashlar.conf"));
	/* ASHLAR_HOME stands for itself, with or without a file. */
	setenv("ASHLAR_HOME", in_folder("home"), 1);
	expect_file(NULL);
	write_file(in_folder("home/ashlar.conf"), "pin.min = 7\n");
	expect_file(in_folder("home/ashlar.conf"));
	write_file(in_folder("own.conf"), "pin.min = 8\n");
	setenv("ASHLAR_CONF", in_folder("own.conf"), 1);
	expect_file(in_folder("own.conf"));
	setenv("ASHLAR_CONF", "", 1);
	expect_file(in_folder("home/ashlar.conf"));
}

TEST(values_come_from_the_file)
{
	ASH_AUTO(ash_config) *config = NULL;

	clear_environment();
	write_file(in_folder("own.conf"), "pin.min = 8\n");
	setenv("ASHLAR_CONF", in_folder("own.conf"), 1);
	FAIL_EVERY_ALLOCATION(config == NULL, ash_config_load(&config));
	EXPECT_NUMBER(8, ash_config_number(config, ASH_CONFIG_PIN_MIN));
}

TEST(mistakes_name_the_file)
{
	clear_environment();
	setenv("ASHLAR_CONF", in_folder("own.conf"), 1);
	write_file(in_folder("own.conf"), "pin.min = 8\n\nfoo = 1\n");
	expect_mistake(in_folder("own.conf"), ":3: unknown key \"foo\"");
	setenv("ASHLAR_CONF", in_folder("missing.conf"), 1);
	expect_mistake(in_folder("missing.conf"), ": it can't be opened: No such file or directory");
	setenv("ASHLAR_CONF", folder, 1);
	expect_mistake(folder, ": it is not a file");
	setenv("ASHLAR_CONF", "own.conf", 1);
	expect_mistake("ASHLAR_CONF", ": this environment variable must hold an absolute path");
	unsetenv("ASHLAR_CONF");
	setenv("ASHLAR_HOME", "home", 1);
	expect_mistake("ASHLAR_HOME", ": this environment variable must hold an absolute path");
}

TEST(long_files_are_refused)
{
	static char text[(64 << 10) + 2];

	clear_environment();
	memset(text, '\n', sizeof(text) - 1);
	write_file(in_folder("own.conf"), text);
	setenv("ASHLAR_CONF", in_folder("own.conf"), 1);
	expect_mistake(in_folder("own.conf"), ": it is longer than 64 KiB");
}

TEST(files_that_others_may_write_are_refused)
{
	static const struct {
		mode_t mode;
		const char *text;
	} rows[] = { { 0664, "0664" }, { 0602, "0602" }, { 0620, "0620" } };
	char want[300];

	clear_environment();
	write_file(in_folder("own.conf"), "");
	setenv("ASHLAR_CONF", in_folder("own.conf"), 1);
	EXPECT_NUMBER(0, chmod(in_folder("own.conf"), 0644));
	expect_file(in_folder("own.conf"));
	for (size_t i = 0; i < ASH_COUNT(rows); i++) {
		EXPECT_NUMBER(0, chmod(in_folder("own.conf"), rows[i].mode));
		(void)snprintf(want, sizeof(want), ": others may write to it (mode %s); say: chmod go-w %s",
			       rows[i].text, in_folder("own.conf"));
		expect_mistake(in_folder("own.conf"), want);
	}
}

static void read_as_another(void)
{
	EXPECT_NUMBER(0, setresuid(65534, 65534, 65534));
	expect_mistake(in_folder("own.conf"),
		       ": it belongs to user 65533; it must belong to root or to user 65534");
	/* Root's is as good as one's own. */
	setenv("ASHLAR_CONF", in_folder("roots.conf"), 1);
	expect_file(in_folder("roots.conf"));
	/* A home that is closed to us is somebody else's. */
	unsetenv("ASHLAR_CONF");
	setenv("HOME", in_folder("user"), 1);
	if (access("/etc/ashlar/ashlar.conf", F_OK) != 0)
		expect_file(NULL);
	/* What was named must be readable. */
	setenv("ASHLAR_CONF", in_folder("user/.config/ashlar/ashlar.conf"), 1);
	expect_mistake(in_folder("user/.config/ashlar/ashlar.conf"),
		       ": it can't be opened: Permission denied");
	setenv("ASHLAR_CONF", in_folder("closed.conf"), 1);
	expect_mistake(in_folder("closed.conf"), ": it can't be opened: Permission denied");
}

TEST(files_of_strangers_are_refused)
{
	if (geteuid() != 0)
		SKIP("needs root");
	clear_environment();
	write_file(in_folder("own.conf"), "");
	write_file(in_folder("roots.conf"), "");
	write_file(in_folder("closed.conf"), "");
	write_file(in_folder("user/.config/ashlar/ashlar.conf"), "");
	EXPECT_NUMBER(0, chmod(in_folder("own.conf"), 0644));
	EXPECT_NUMBER(0, chmod(in_folder("roots.conf"), 0644));
	EXPECT_NUMBER(0, chown(in_folder("own.conf"), 65533, 65533));
	setenv("ASHLAR_CONF", in_folder("own.conf"), 1);
	EXPECT_IN_CHILD(read_as_another);
	EXPECT_NUMBER(0, chown(in_folder("own.conf"), 0, 0));
}

static void expect_store(const char *want)
{
	ASH_AUTO(ash_config) *config = NULL;

	EXPECT_OK(ash_config_load(&config));
	if (want == NULL)
		EXPECT(ash_config_store_path(config) == NULL);
	else
		EXPECT_TEXT(want, ash_config_store_path(config));
}

static void find_stores_as_user(void)
{
	if (geteuid() == 0)
		EXPECT_NUMBER(0, setresuid(65534, 65534, 65534));
	expect_store(NULL);
	setenv("HOME", "relative", 1);
	expect_store(NULL);
	setenv("HOME", "/home/jo", 1);
	expect_store("/home/jo/.local/share/ashlar");
	setenv("XDG_DATA_HOME", "relative", 1);
	expect_store("/home/jo/.local/share/ashlar");
	setenv("XDG_DATA_HOME", "/data", 1);
	expect_store("/data/ashlar");
	setenv("ASHLAR_HOME", "/keys", 1);
	expect_store("/keys");
}

TEST(the_store_has_its_places_too)
{
	clear_environment();
	if (access("/etc/ashlar/ashlar.conf", F_OK) == 0)
		SKIP("this machine has a configuration");
	if (geteuid() == 0)
		expect_store("/var/lib/ashlar");
	EXPECT_IN_CHILD(find_stores_as_user);
	setenv("ASHLAR_HOME", in_folder("home"), 1);
	write_file(in_folder("home/ashlar.conf"), "");
	expect_store(in_folder("home"));
	write_file(in_folder("home/ashlar.conf"), "store.path = /srv/keys\n");
	expect_store("/srv/keys");
}

TEST(the_folder_goes_away)
{
	static const char *const files[] = { "own.conf",
					     "roots.conf",
					     "closed.conf",
					     "home/ashlar.conf",
					     "xdg/ashlar/ashlar.conf",
					     "user/.config/ashlar/ashlar.conf" };
	static const char *const folders[] = { "home",         "xdg/ashlar", "xdg", "user/.config/ashlar",
					       "user/.config", "user" };

	for (size_t i = 0; i < ASH_COUNT(files); i++)
		(void)unlink(in_folder(files[i]));
	for (size_t i = 0; i < ASH_COUNT(folders); i++)
		EXPECT_NUMBER(0, rmdir(in_folder(folders[i])));
	EXPECT_NUMBER(0, rmdir(folder));
}
