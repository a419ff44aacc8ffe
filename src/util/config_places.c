#include "util/config_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/mem.h"

#define SYSTEM_FILE "/etc/ashlar/ashlar.conf"

/* NULL for one that is not set, or empty. */
static const char *environment(const char *name)
{
	const char *value = secure_getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The variables of others are not ours to complain about: one without an absolute path counts as unset. */
static const char *foreign_folder(const char *name)
{
	const char *value = environment(name);

	return value != NULL && value[0] == '/' ? value : NULL;
}

static struct ash_status own_path(const char *name, const char **ret_path)
{
	const char *value = environment(name);

	if (value != NULL && (value[0] != '/' || strlen(value) >= PATH_MAX))
		return ash_config_mistake(name, 0, "this environment variable must hold an absolute path");
	*ret_path = value;
	return ASH_DONE;
}

static struct ash_status join(const char *folder, const char *rest, char **ret_path)
{
	size_t folder_len = strlen(folder);
	char *path = ash_mem_new(folder_len + strlen(rest) + 1, 1);

	ASH_ENSURE(path != NULL, ASH_E_MEMORY);
	memcpy(path, folder, folder_len);
	memcpy(path + folder_len, rest, strlen(rest) + 1);
	*ret_path = path;
	return ASH_DONE;
}

/* FOLDER/ashlar... by the XDG base directory specification; NULL when no home is known. */
static struct ash_status xdg_path(const char *variable, const char *in_home, const char *rest,
				  char **ret_path)
{
	const char *folder = foreign_folder(variable);
	const char *home = foreign_folder("HOME");
	ASH_AUTO_MEM char *base = NULL;

	*ret_path = NULL;
	if (folder != NULL)
		return join(folder, rest, ret_path);
	if (home == NULL)
		return ASH_DONE;
	ASH_TRY(join(home, in_home, &base));
	return join(base, rest, ret_path);
}

struct ash_status ash_config_find_store(struct ash_config *config)
{
	const char *given = config->value[ASH_CONFIG_STORE_PATH].text;

	if (given[0] == '\0')
		ASH_TRY(own_path("ASHLAR_HOME", &given));
	if (given != NULL)
		return join(given, "", &config->store);
	if (geteuid() == 0)
		return join("/var/lib/ashlar", "", &config->store);
	return xdg_path("XDG_DATA_HOME", "/.local/share", "/ashlar", &config->store);
}

static struct ash_status check_file(const char *path, int fd)
{
	struct stat file;

	if (fstat(fd, &file) != 0)
		return ash_config_mistake(path, 0, "it can't be read: %s", strerrordesc_np(errno));
	if (!S_ISREG(file.st_mode))
		return ash_config_mistake(path, 0, "it is not a file");
	if (file.st_uid != 0 && file.st_uid != geteuid())
		return ash_config_mistake(path, 0,
					  "it belongs to user %lu; it must belong to root or to user %lu",
					  (unsigned long)file.st_uid, (unsigned long)geteuid());
	if ((file.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return ash_config_mistake(path, 0,
					  "others may write to it (mode %04o); say: chmod go-w %.200s",
					  (unsigned)file.st_mode & 07777, path);
	return ASH_DONE;
}

static struct ash_status read_all(const char *path, int fd, struct ash_mut room, size_t *ret_len)
{
	size_t len = 0;

	while (len < room.len) {
		ssize_t got = read(fd, room.data + len, room.len - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ash_config_mistake(path, 0, "it can't be read: %s", strerrordesc_np(errno));
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*ret_len = len;
	return ASH_DONE;
}

static struct ash_status read_open_file(struct ash_config *config, const char *path, int fd)
{
	ASH_AUTO_MEM uint8_t *text = NULL;
	size_t len = 0;

	ASH_TRY(check_file(path, fd));
	text = ash_mem_new(ASH_CONFIG_FILE_MAX + 1, 1);
	ASH_ENSURE(text != NULL, ASH_E_MEMORY);
	ASH_TRY(read_all(path, fd, ash_mut(text, ASH_CONFIG_FILE_MAX + 1), &len));
	ASH_TRY(ash_config_parse_lines(config, path, ash_span(text, len)));
	return join(path, "", &config->path);
}

/* What a file that can't be opened means. */
enum absence {
	MUST_BE_THERE,
	MAY_BE_ABSENT,
	MAY_BE_CLOSED_TO_US, /* a HOME left over from another user is no reason to fail */
};

static struct ash_status read_file(struct ash_config *config, const char *path, enum absence absence,
				   bool *ret_found)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct ash_status status = ASH_DONE;

	*ret_found = fd >= 0;
	if (fd < 0 && absence != MUST_BE_THERE && (errno == ENOENT || errno == ENOTDIR))
		return ASH_DONE;
	if (fd < 0 && absence == MAY_BE_CLOSED_TO_US && errno == EACCES)
		return ASH_DONE;
	if (fd < 0)
		return ash_config_mistake(path, 0, "it can't be opened: %s", strerrordesc_np(errno));
	status = read_open_file(config, path, fd);
	close(fd);
	return status;
}

struct ash_status ash_config_find_file(struct ash_config *config)
{
	ASH_AUTO_MEM char *path = NULL;
	const char *given = NULL;
	const char *home = NULL;
	bool found = false;

	ASH_TRY(own_path("ASHLAR_CONF", &given));
	ASH_TRY(own_path("ASHLAR_HOME", &home));
	if (given != NULL)
		return read_file(config, given, MUST_BE_THERE, &found);
	if (home != NULL) {
		/* This folder and nothing else: another file's store.path must not win over it. */
		ASH_TRY(join(home, "/ashlar.conf", &path));
		return read_file(config, path, MAY_BE_ABSENT, &found);
	}
	ASH_TRY(xdg_path("XDG_CONFIG_HOME", "/.config", "/ashlar/ashlar.conf", &path));
	if (path != NULL)
		ASH_TRY(read_file(config, path, MAY_BE_CLOSED_TO_US, &found));
	return found ? ASH_DONE : read_file(config, SYSTEM_FILE, MAY_BE_ABSENT, &found);
}
