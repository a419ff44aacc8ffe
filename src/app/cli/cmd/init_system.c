#include "app/cli/cmd/init_system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/cli/print/output.h"
#include "util/config.h"
#include "util/fs.h"

#define NAME        "ashlar" /* of the user and the group */
#define FOLDER      "/var/lib/ashlar"
#define CONF_FOLDER "/etc/ashlar"
#define CONF        CONF_FOLDER "/ashlar.conf"
#define CONF_NEW    CONF_FOLDER "/.ashlar.conf.new"
#define ROOT_KEY    "root.key"

#define FOLDER_MODE 02770
#define FILE_MODE   0660
#define KEY_MODE    0640
#define CONF_ROOM   4096

/* Below are the system's own users and groups (login.defs, SYS_UID_MAX). */
#define FIRST_PERSON 1000u

static const char conf_text[] =
	"# Made by `ashlar init --system`: one store for root and the group " NAME ".\n"
	"# Every key is in ashlar.conf(5).\n"
	"store.path = " FOLDER "\n"
	"store.group = " NAME "\n";

static const struct ash_cli_column columns[] = {
	{ "step", "Step", 0 },
	{ "state", "State", 0 },
	{ "what", "What", 0 },
	{ NULL, NULL, 0 },
};

struct setup {
	struct ash_cli *cli;
	struct ash_cli_list list;
	bool dry;
	gid_t group; /* ASH_FS_NO_GROUP while there is none */
	bool conf;   /* the configuration is there already */
	bool made;   /* the folder was not */
};

/* A step that was found done, is done now, or would be. */
static ASH_STATUS say(struct setup *setup, const char *step, bool there, const char *what)
{
	const char *state = there ? "there already" : setup->dry ? "would be done" : "done";
	json_t *row;

	ASH_TRY(ash_cli_list_add(&setup->list, &row));
	ASH_TRY(ash_cli_set_text(row, "step", ash_span_text(step)));
	ASH_TRY(ash_cli_set_text(row, "state", ash_span_text(state)));
	return ash_cli_set_text(row, "what", ash_span_text(what));
}

static ASH_STATUS cannot(struct setup *setup, const char *what)
{
	return ash_cli_refuse(setup->cli, ASH_CLI_FAILED, "can't %s: %s", what, strerrordesc_np(errno));
}

#define WORDS_MAX 16

/* Programs that make accounts: the first one that is there is taken. */
struct maker {
	const char *words[WORDS_MAX];
};

static const struct maker group_makers[] = {
	{ { "/usr/sbin/groupadd", "--system", NAME } },
	{ { "/usr/sbin/addgroup", "-S", NAME } },
	{ { NULL } },
};

static const struct maker user_makers[] = {
	{ { "/usr/sbin/useradd", "--system", "--gid", NAME, "--home-dir", FOLDER, "--no-create-home",
	    "--shell", "/usr/sbin/nologin", "--comment", "Ashlar HSM", NAME } },
	{ { "/usr/sbin/adduser", "-S", "-D", "-H", "-h", FOLDER, "-s", "/sbin/nologin", "-G", NAME, NAME } },
	{ { NULL } },
};

/* What it says goes to standard error: standard output is the list of steps. */
static bool run(const struct maker *maker)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LC_ALL=C";
	char *const environment[] = { path, language, NULL };
	posix_spawn_file_actions_t actions;
	pid_t child = 0;
	int result = -1;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return false;
	if (posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO) == 0 &&
	    posix_spawn(&child, maker->words[0], &actions, NULL, (char *const *)(uintptr_t)maker->words,
			environment) == 0) {
		while (waitpid(child, &result, 0) < 0 && errno == EINTR)
			continue;
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return WIFEXITED(result) && WEXITSTATUS(result) == 0;
}

static ASH_STATUS make_account(struct setup *setup, const char *step, const struct maker *makers)
{
	const struct maker *maker = makers;
	struct ash_status status;

	while (maker->words[0] != NULL && access(maker->words[0], X_OK) != 0)
		maker++;
	if (maker->words[0] == NULL) {
		status = ash_cli_refuse(setup->cli, ASH_CLI_FAILED,
					"can't make the %s " NAME ": there is neither %s nor %s", step,
					makers[0].words[0], makers[1].words[0]);
		ash_cli_hint(setup->cli, "make it as this system wants it, then try again");
		return status;
	}
	if (!setup->dry && !run(maker))
		return ash_cli_refuse(setup->cli, ASH_CLI_FAILED, "can't make the %s " NAME ": %s failed",
				      step, maker->words[0]);
	return say(setup, step, false, maker->words[0]);
}

/* Somebody may be called so. */
static void warn_person(const struct setup *setup, const char *what, unsigned id)
{
	if (id >= FIRST_PERSON)
		ash_cli_warn(setup->cli,
			     "the %s " NAME " has the number %u, which is a person's: who it is gets "
			     "all keys of " FOLDER,
			     what, id);
}

static ASH_STATUS set_up_group(struct setup *setup)
{
	const struct group *entry = getgrnam(NAME);

	if (entry == NULL) {
		ASH_TRY(make_account(setup, "group", group_makers));
		entry = getgrnam(NAME);
	} else {
		ASH_TRY(say(setup, "group", true, NAME));
	}
	warn_person(setup, "group", entry != NULL ? entry->gr_gid : 0);
	setup->group = entry != NULL ? entry->gr_gid : ASH_FS_NO_GROUP;
	if (entry == NULL && !setup->dry)
		return ash_cli_refuse(setup->cli, ASH_CLI_FAILED,
				      "the group " NAME " was made, but is not known to the system");
	return ASH_DONE;
}

static ASH_STATUS set_up_user(struct setup *setup)
{
	const struct passwd *entry = getpwnam(NAME);

	if (entry != NULL) {
		warn_person(setup, "user", entry->pw_uid);
		return say(setup, "user", true, NAME);
	}
	return make_account(setup, "user", user_makers);
}

/* Gives an open file to the group, unless it is so already; `ret_done`: it was. */
static ASH_STATUS share(struct setup *setup, int fd, mode_t mode, const char *name, bool *ret_done)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return cannot(setup, name);
	*ret_done = info.st_gid == setup->group && (info.st_mode & 07777) == mode;
	if (*ret_done || setup->dry)
		return ASH_DONE;
	/* The group first: chown takes the set-group-ID bit away. */
	if (fchown(fd, (uid_t)-1, setup->group) != 0 || fchmod(fd, mode) != 0)
		return cannot(setup, "change owner and mode of the store's files");
	return ASH_DONE;
}

/* One file of a store that root had alone until now. Links are nobody's we know. */
static ASH_STATUS share_file(struct setup *setup, int folder, const char *name, bool *done)
{
	const ASH_AUTO_FD fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat info;
	bool shared = true;

	if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1)
		return ASH_DONE;
	/* What is in the key nobody of the group changes by mistake; whoever may write the folder can put another there. */
	ASH_TRY(share(setup, fd, strcmp(name, ROOT_KEY) == 0 ? KEY_MODE : FILE_MODE, name, &shared));
	*done = *done && shared;
	return ASH_DONE;
}

static ASH_STATUS share_files(struct setup *setup, int folder, bool *done)
{
	static const char *const names[] = { "store.db",   "store.db-wal", "store.db-shm",
					     "store.lock", "store.gen",    ROOT_KEY };

	for (size_t i = 0; i < ASH_COUNT(names); i++)
		ASH_TRY(share_file(setup, folder, names[i], done));
	return ASH_DONE;
}

/* Makes it, for root alone, where there is none. Without one in a dry run: -1. */
static ASH_STATUS open_folder(struct setup *setup, int *ret_folder)
{
	ASH_AUTO_FD folder = -1;
	struct stat info;

	setup->made = !setup->dry && mkdir(FOLDER, 0700) == 0;
	folder = open(FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 && errno == ENOENT && setup->dry)
		return ASH_DONE;
	if (folder < 0 || fstat(folder, &info) != 0)
		return cannot(setup, "open " FOLDER);
	if (info.st_uid != 0)
		return ash_cli_refuse(setup->cli, ASH_CLI_FAILED,
				      FOLDER " belongs to user %u: nothing of somebody else's is changed",
				      (unsigned)info.st_uid);
	*ret_folder = folder;
	folder = -1; /* handed over */
	return ASH_DONE;
}

static ASH_STATUS share_folder(struct setup *setup, int folder)
{
	bool done = folder >= 0 && !setup->made;

	if (folder >= 0) {
		ASH_TRY(share_files(setup, folder, &done));
		ASH_TRY(share(setup, folder, FOLDER_MODE, FOLDER, &done));
	}
	return say(setup, "folder", done, FOLDER ", mode 2770, group " NAME);
}

/*
 * A configuration that is there is its administrator's: it is only looked at. If it means
 * another place, or no group, then a folder that was shared would be refused by all.
 */
static ASH_STATUS look_at_configuration(struct setup *setup)
{
	const ASH_AUTO_FD fd = open(CONF, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASH_AUTO(ash_config) *config = NULL;
	char text[CONF_ROOM];
	ssize_t len = 0;
	bool own = false;

	if (fd < 0)
		return errno == ENOENT ? ASH_DONE : cannot(setup, "open " CONF);
	len = pread(fd, text, sizeof(text), 0);
	own = len >= 0 && len < (ssize_t)sizeof(text) &&
	      ash_is_ok(ash_config_parse(CONF, text, (size_t)len, &config)) &&
	      strcmp(ash_config_text(config, ASH_CONFIG_STORE_GROUP), NAME) == 0 &&
	      strcmp(ash_config_text(config, ASH_CONFIG_STORE_PATH), FOLDER) == 0;
	if (!own)
		return ash_cli_refuse(setup->cli, ASH_CLI_FAILED,
				      CONF " is left as it is, and so is " FOLDER
					   ": it does not say store.path = " FOLDER
					   " and store.group = " NAME);
	setup->conf = true;
	return ASH_DONE;
}

/* Under a name that nobody reads, and whole on the disk, before it is there at all. */
static bool write_whole(const char *path)
{
	ASH_AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	/* Whatever the umask: everybody has to read what is in it. */
	return fd >= 0 && fchmod(fd, 0644) == 0 &&
	       write(fd, conf_text, strlen(conf_text)) == (ssize_t)strlen(conf_text) && fsync(fd) == 0;
}

static ASH_STATUS write_configuration(struct setup *setup)
{
	const bool made = mkdir(CONF_FOLDER, 0755) == 0;
	bool good = false;
	int error = 0;

	if ((!made && errno != EEXIST) || (made && chmod(CONF_FOLDER, 0755) != 0))
		return cannot(setup, "make " CONF_FOLDER);
	(void)unlink(CONF_NEW); /* of a run that was cut off */
	good = write_whole(CONF_NEW) && link(CONF_NEW, CONF) == 0;
	error = errno;
	(void)unlink(CONF_NEW);
	errno = error;
	if (!good || !ash_is_ok(ash_fs_sync_parent(CONF)))
		return cannot(setup, "write " CONF);
	return ASH_DONE;
}

static ASH_STATUS set_up_configuration(struct setup *setup)
{
	if (!setup->conf && !setup->dry)
		ASH_TRY(write_configuration(setup));
	return say(setup, "configuration", setup->conf, CONF);
}

/*
 * First what may refuse it, with nothing changed. The configuration before the folder is shared,
 * as all refuse one that is shared with no word of it; and not before the folder is known to be
 * one that can be, as all would look for their tokens there.
 */
static ASH_STATUS set_up(struct setup *setup)
{
	ASH_AUTO_FD folder = -1;

	ASH_TRY(look_at_configuration(setup));
	ASH_TRY(open_folder(setup, &folder));
	ASH_TRY(set_up_group(setup));
	ASH_TRY(set_up_user(setup));
	ASH_TRY(set_up_configuration(setup));
	return share_folder(setup, folder);
}

ASH_STATUS ash_cli_init_system(struct ash_cli *cli)
{
	struct setup setup = { .cli = cli,
			       .dry = ash_cli_has(cli, ASH_CLI_OPT_DRY_RUN),
			       .group = ASH_FS_NO_GROUP };
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_status status;

	if (geteuid() != 0 && !setup.dry) {
		status = ash_cli_refuse(cli, ASH_CLI_FAILED,
					"only root can set up a place for the whole system");
		ash_cli_hint(cli, "try: sudo ashlar init --system; --dry-run says what it would do");
		return status;
	}
	ASH_TRY(ash_cli_list_init(&list, "steps", columns));
	setup.list = list;
	ASH_TRY(set_up(&setup));
	ASH_TRY(ash_cli_print_list(cli, &setup.list, ""));
	if (!ash_cli_has(cli, ASH_CLI_OPT_JSON))
		fputs("\nNext: usermod -aG " NAME " NAME   for each user and service that is to use it\n"
		      "      ashlar init --label NAME   makes the first token\n",
		      cli->out);
	return ASH_DONE;
}
