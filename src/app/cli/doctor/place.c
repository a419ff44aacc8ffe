/* What the configuration names, and whether this user may use it. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "app/cli/doctor/doctor.h"
#include "app/cli/find/select.h"
#include "util/fs.h"
#include "util/mem.h"

#define GROUPS_MAX 256
#define NAME_ROOM  64

/* Where docs/protocol/store.md says that they are in the first page. */
#define FORMAT_AT      60
#define APPLICATION_AT 68
#define HEADER_LEN     72
#define APPLICATION    "Ashl"

#define MIB ((unsigned long long)1 << 20)

/* Below the first a token may soon not take what is given to it; below the second it won't. */
#define ROOM_SMALL (64 * MIB)
#define ROOM_NONE  (4 * MIB)

/* Why something failed, without the place in the source. */
static const char *reason(struct ash_status status)
{
	const char *why = ash_status_explanation();

	if (status.code == ASH_E_CONFIG && why[0] == '\0')
		why = ash_config_error();
	return why[0] != '\0' ? why : ash_code_text(status.code);
}

void ash_doctor_configuration(struct ash_doctor *doctor)
{
	struct ash_config *config = NULL;
	const struct ash_status status = ash_config_load(&config);

	if (!ash_is_ok(status)) {
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "configuration", "%s", reason(status));
		ash_doctor_advise(doctor,
				  "mend that line, or move the file away; man ashlar.conf has every key");
		return;
	}
	doctor->config = config;
	if (ash_config_path(config) != NULL)
		ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "configuration", "%s", ash_config_path(config));
	else
		ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "configuration", "no file: the defaults");
}

static const char *user_name(uid_t uid, char room[NAME_ROOM])
{
	const struct passwd *entry = getpwuid(uid); /* one thread */

	if (entry != NULL)
		snprintf(room, NAME_ROOM, "%s", entry->pw_name);
	else
		snprintf(room, NAME_ROOM, "%u", (unsigned)uid);
	return room;
}

static const char *group_name(gid_t gid, char room[NAME_ROOM])
{
	const struct group *entry = getgrgid(gid);

	if (entry != NULL)
		snprintf(room, NAME_ROOM, "%s", entry->gr_name);
	else
		snprintf(room, NAME_ROOM, "%u", (unsigned)gid);
	return room;
}

static bool in_group(gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	const int count = getgroups(GROUPS_MAX, groups); /* as many as the kernel allows */

	if (getegid() == gid || geteuid() == 0)
		return true;
	for (int i = 0; i < count; i++) {
		if (groups[i] == gid)
			return true;
	}
	return false;
}

/* The group that the store is shared with, as far as it can be known. */
static gid_t store_group(const struct ash_doctor *doctor)
{
	gid_t group = ASH_FS_NO_GROUP;

	if (doctor->config != NULL &&
	    !ash_is_ok(ash_fs_group(ash_config_text(doctor->config, ASH_CONFIG_STORE_GROUP), &group)))
		return ASH_FS_NO_GROUP;
	return group;
}

void ash_doctor_user(struct ash_doctor *doctor)
{
	const char *shared =
		doctor->config != NULL ? ash_config_text(doctor->config, ASH_CONFIG_STORE_GROUP) : "";
	char user[NAME_ROOM], group[NAME_ROOM];
	gid_t gid = ASH_FS_NO_GROUP;
	const struct ash_status status = ash_fs_group(shared, &gid);

	user_name(geteuid(), user);
	if (!ash_is_ok(status)) {
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "user", "%s; %s", user, reason(status));
		ash_doctor_advise(doctor, "as root: groupadd --system %s, or ashlar init --system", shared);
	} else if (gid != ASH_FS_NO_GROUP && !in_group(gid)) {
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "user", "%s, not in the group %s of the store", user,
				shared);
		ash_doctor_advise(
			doctor,
			"as root: usermod -aG %s %s; then log in again, or restart the service. For a "
			"store of your own: mkdir -p ~/.config/ashlar; touch ~/.config/ashlar/ashlar.conf",
			shared, user);
	} else if (gid != ASH_FS_NO_GROUP) {
		ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "user", "%s, may use the store of the group %s",
				user, group_name(gid, group));
	} else {
		ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "user", "%s", user);
	}
}

static void note_room(struct ash_doctor *doctor, const char *folder)
{
	struct statvfs info;
	unsigned long long room;
	enum ash_doctor_state state = ASH_DOCTOR_GOOD;

	if (statvfs(folder, &info) != 0)
		return;
	room = (unsigned long long)info.f_bavail * info.f_frsize;
	if (room < ROOM_SMALL)
		state = room < ROOM_NONE ? ASH_DOCTOR_BAD : ASH_DOCTOR_WARNING;
	ash_doctor_note(doctor, state, "free room", "%llu MiB where the store is", room / MIB);
	if (state != ASH_DOCTOR_GOOD)
		ash_doctor_advise(doctor,
				  "make room on the file system of %s; once there is some for two copies of "
				  "the store, `ashlar store compact` gives back what destroyed objects left",
				  folder);
}

static uint32_t u32_at(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Closed before anything else of this process has the database open: that would drop its locks. */
static void note_format(struct ash_doctor *doctor, const char *database)
{
	unsigned char header[HEADER_LEN];
	ASH_AUTO_FD fd = open(database, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat info;

	if (fd < 0 || fstat(fd, &info) != 0 || pread(fd, header, sizeof(header), 0) != HEADER_LEN) {
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "store", "%s can't be read: %s", database,
				fd < 0 ? strerrordesc_np(errno) : "it is too short");
		ash_doctor_advise(doctor, fd < 0 ? "give this user the store: see folder and user"
						 : "restore a backup; first copy the folder as it is");
	} else if (memcmp(header + APPLICATION_AT, APPLICATION, strlen(APPLICATION)) != 0) {
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "store", "%s is no store of Ashlar", database);
		ash_doctor_advise(doctor, "move it away, or name another folder as store.path");
	} else {
		ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "store", "format %u, %lld bytes",
				u32_at(header + FORMAT_AT), (long long)info.st_size);
	}
}

/* What this user can't open or change, whatever its mode says: a file system that is read-only, say. */
static void note_access(struct ash_doctor *doctor, const char *folder)
{
	static const char *const names[] = { "", "/store.db", "/store.db-wal", "/store.db-shm",
					     "/store.lock" };
	const bool readonly = ash_config_switch(doctor->config, ASH_CONFIG_STORE_READONLY);
	char path[PATH_MAX + NAME_ROOM];

	for (size_t i = 0; i < ASH_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s%s", folder, names[i]);
		if (faccessat(AT_FDCWD, path, (readonly ? R_OK : R_OK | W_OK) | (i == 0 ? X_OK : 0),
			      AT_EACCESS) == 0 ||
		    (i != 0 && errno == ENOENT))
			continue;
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "access", "%s: this user may not %s: %s", path,
				readonly ? "read it" : "read and change it", strerrordesc_np(errno));
		ash_doctor_advise(doctor, "run as the store's owner, share it with store.group, or set "
					  "store.readonly = yes where reading is enough");
		return;
	}
	ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "access", "this user may read%s",
			readonly ? " (store.readonly)" : " and change the store");
}

static void note_folder(struct ash_doctor *doctor, const char *folder, const struct stat *info)
{
	char owner[NAME_ROOM], group[NAME_ROOM];
	const struct ash_status status = ash_fs_folder(folder, store_group(doctor), false);

	if (!ash_is_ok(status)) {
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "folder", "%s", reason(status));
		ash_doctor_advise(doctor, "put that right: until then no token is shown");
		return;
	}
	ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "folder", "%s, owner %s, group %s, mode %04o", folder,
			user_name(info->st_uid, owner), group_name(info->st_gid, group),
			(unsigned)info->st_mode & 07777);
}

/* A folder that is not there is made by the first token: then its place is what counts. */
static void note_missing(struct ash_doctor *doctor, const char *folder)
{
	struct statfs info;
	char place[PATH_MAX];
	const char *refused = NULL;

	snprintf(place, sizeof(place), "%s", folder);
	while (statfs(place, &info) != 0 && strrchr(place, '/') > place)
		*strrchr(place, '/') = '\0';
	if (statfs(place, &info) == 0)
		refused = ash_fs_refused((uint64_t)info.f_type);
	if (refused != NULL) {
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "folder", "%s would be on %s, which keeps no store",
				folder, refused);
		ash_doctor_advise(doctor, "name a folder on a local disk as store.path");
		return;
	}
	ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "folder", "%s, not there yet", folder);
	ash_doctor_advise(doctor, "ashlar init --label NAME makes it, with the first token");
}

void ash_doctor_store(struct ash_doctor *doctor)
{
	const char *folder = doctor->config != NULL ? ash_config_store_path(doctor->config) : NULL;
	char database[PATH_MAX + NAME_ROOM];
	struct stat info;

	if (doctor->config == NULL)
		return; /* nobody knows which */
	if (strcmp(ash_config_text(doctor->config, ASH_CONFIG_STORE_BACKEND), "memory") == 0) {
		ash_doctor_note(doctor, ASH_DOCTOR_WARNING, "store", "in memory: gone when the program ends");
		ash_doctor_advise(doctor, "store.backend = sqlite keeps what is made");
		return;
	}
	if (folder == NULL) {
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "folder", "none is known for this user");
		ash_doctor_advise(doctor, "set store.path, or one of ASHLAR_HOME, XDG_DATA_HOME and HOME");
		return;
	}
	if (stat(folder, &info) != 0 && errno == ENOENT) {
		note_missing(doctor, folder);
		return;
	}
	note_folder(doctor, folder, &info);
	note_access(doctor, folder);
	snprintf(database, sizeof(database), "%s/store.db", folder);
	if (faccessat(AT_FDCWD, database, F_OK, AT_EACCESS) == 0)
		note_format(doctor, database);
	note_room(doctor, folder);
}

static bool root_key_path(const struct ash_doctor *doctor, char path[PATH_MAX + NAME_ROOM], bool *ret_beside)
{
	const char *given = ash_config_text(doctor->config, ASH_CONFIG_ROOT_KEY);
	const char *folder = ash_config_store_path(doctor->config);

	*ret_beside = given[0] == '\0';
	if (*ret_beside && folder == NULL)
		return false;
	snprintf(path, PATH_MAX + NAME_ROOM, *ret_beside ? "%s/root.key" : "%s",
		 *ret_beside ? folder : given);
	return true;
}

static bool has_database(const struct ash_doctor *doctor)
{
	const char *folder = ash_config_store_path(doctor->config);
	char database[PATH_MAX + NAME_ROOM];

	if (folder == NULL)
		return false;
	snprintf(database, sizeof(database), "%s/store.db", folder);
	return faccessat(AT_FDCWD, database, F_OK, AT_EACCESS) == 0;
}

void ash_doctor_root_key(struct ash_doctor *doctor)
{
	char path[PATH_MAX + NAME_ROOM];
	uint64_t size = 0;
	bool beside = false;
	struct ash_status status;

	if (doctor->config == NULL ||
	    strcmp(ash_config_text(doctor->config, ASH_CONFIG_STORE_BACKEND), "memory") == 0 ||
	    !root_key_path(doctor, path, &beside))
		return;
	status = ash_fs_check(path, store_group(doctor), &size);
	if (status.code == ASH_E_NOT_FOUND && has_database(doctor)) {
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "root key",
				"%s is missing, and the store was made with one", path);
		ash_doctor_advise(doctor,
				  "put it back, or name its place as root-key; without it no token of "
				  "the store can be used");
	} else if (status.code == ASH_E_NOT_FOUND) {
		ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "root key",
				"%s, not there: the first token makes it", path);
	} else if (!ash_is_ok(status)) {
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "root key", "%s", reason(status));
		ash_doctor_advise(doctor, "put that right: without it no token can be used");
	} else {
		ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "root key", "%s%s", path,
				beside ? ", beside the store: a copy of the folder has both" : "");
	}
}

struct tally {
	size_t usable, broken;
	size_t user_locked, so_locked; /* PINs */
	size_t both_locked;            /* tokens */
};

/* Opens the HSM and looks at its tokens; a failure is told. */
static ASH_STATUS count_tokens(struct ash_cli *cli, struct tally *tally)
{
	ASH_AUTO_MEM struct ash_cli_token *tokens = NULL;
	size_t count = 0;
	const struct ash_status status = cli->open(cli);

	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't start");
	ASH_TRY(ash_cli_tokens(cli, &tokens, &count));
	for (size_t i = 0; i < count; i++) {
		tally->usable += ash_cli_token_usable(&tokens[i]);
		tally->broken += tokens[i].code != ASH_OK;
		tally->user_locked += (tokens[i].info.flags & CKF_USER_PIN_LOCKED) != 0;
		tally->so_locked += (tokens[i].info.flags & CKF_SO_PIN_LOCKED) != 0;
		tally->both_locked +=
			(~tokens[i].info.flags & (CKF_USER_PIN_LOCKED | CKF_SO_PIN_LOCKED)) == 0;
	}
	return ASH_DONE;
}

/* What was told, as one line: the reasons are what other checks found, or else stand behind it. */
static void note_failure(struct ash_doctor *doctor, char *told)
{
	static const char ours[] = "ashlar: ";
	const bool others = doctor->bad != 0;
	const char *reason = "";

	told += strncmp(told, ours, strlen(ours)) == 0 ? strlen(ours) : 0;
	for (char *end = strchr(told, '\n'); end != NULL; end = strchr(reason, '\n')) {
		*end = '\0';
		if (reason[0] != '\0')
			break;
		reason = end + 1 + strspn(end + 1, " ");
	}
	ash_doctor_note(doctor, ASH_DOCTOR_BAD, "tokens", "%s%s%s", told,
			others || reason[0] == '\0' ? "" : "; ", others ? "" : reason);
	ash_doctor_advise(doctor, "%s",
			  others ? "mend what else is bad here first"
				 : "`ashlar store check` says more; see also: ashlar token list");
}

static void note_locked(struct ash_doctor *doctor, const struct tally *tally)
{
	ash_doctor_note(doctor, ASH_DOCTOR_WARNING, "tokens",
			"%zu; locked user PINs: %zu, locked SO PINs: %zu", tally->usable, tally->user_locked,
			tally->so_locked);
	ash_doctor_advise(doctor, "%s",
			  tally->user_locked > tally->both_locked
				  ? "the security officer sets a user PIN anew: ashlar pin unlock"
			  : tally->both_locked != 0
				  ? "where both are locked, only a backup from before has the keys"
				  : "nobody can unlock an SO PIN: the user goes on working");
}

static void note_tokens(struct ash_doctor *doctor, struct ash_status status, const struct tally *tally,
			char *told)
{
	const size_t usable = tally->usable;

	if (!ash_is_ok(status)) {
		note_failure(doctor, told);
	} else if (tally->broken > 0) {
		ash_doctor_note(doctor, ASH_DOCTOR_BAD, "tokens", "%zu can be used, %zu can't be read",
				usable, tally->broken);
		ash_doctor_advise(doctor, "`ashlar token list` and `ashlar store check` say what is wrong");
	} else if (tally->user_locked + tally->so_locked != 0) {
		note_locked(doctor, tally);
	} else {
		const char *key = usable == 0 && doctor->cli->orphaned_key != NULL
					  ? doctor->cli->orphaned_key(doctor->cli)
					  : NULL;

		ash_doctor_note(doctor, key != NULL ? ASH_DOCTOR_WARNING : ASH_DOCTOR_GOOD, "tokens", "%zu",
				usable);
		if (usable == 0)
			ash_doctor_advise(doctor, "%s", ash_cli_token_advice(doctor->cli));
	}
}

/* What the others tell the operator is what this check found: it is caught, and no failure of the command. */
void ash_doctor_tokens(struct ash_doctor *doctor)
{
	struct ash_cli *cli = doctor->cli;
	FILE *const err = cli->err;
	char *told = NULL;
	size_t len = 0;
	struct tally tally = { 0 };
	struct ash_status status;

	if (doctor->config == NULL)
		return;
	cli->err = open_memstream(&told, &len);
	if (cli->err == NULL) {
		cli->err = err;
		doctor->status = ash_status_fail(ASH_E_MEMORY, __FILE__, __LINE__);
		return;
	}
	status = count_tokens(cli, &tally);
	if (fclose(cli->err) != 0)
		doctor->status = ash_status_fail(ASH_E_MEMORY, __FILE__, __LINE__);
	cli->err = err;
	cli->exit = ASH_CLI_DONE;
	if (ash_is_ok(doctor->status))
		note_tokens(doctor, status, &tally, told);
	free(told);
}
