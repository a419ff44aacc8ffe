#include "app/foreign/softhsm_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/compat.h"
#include "util/mem.h"

#define SYSTEM_CONF "/etc/softhsm/softhsm2.conf"
#define USER_CONF   "/.config/softhsm2/softhsm2.conf"

void ash_softhsm_conf_done(struct ash_softhsm_conf *conf)
{
	conf->tokendir = ash_mem_free(conf->tokendir);
	conf->path = ash_mem_free(conf->path);
}

static ASH_STATUS copy_text(const char *text, size_t len, char **ret_copy)
{
	char *copy = ash_mem_new(len + 1, 1);

	ASH_ENSURE(copy != NULL, ASH_E_MEMORY);
	memcpy(copy, text, len);
	ash_mem_free(*ret_copy);
	*ret_copy = copy;
	return ASH_DONE;
}

static ASH_STATUS find_conf(char **ret_path)
{
	const char *given = secure_getenv("SOFTHSM2_CONF"), *home = secure_getenv("HOME");
	ASH_AUTO_MEM char *path = NULL;

	if (given != NULL)
		return copy_text(given, strlen(given), ret_path);
	if (home != NULL) {
		path = ash_mem_new(strlen(home) + sizeof(USER_CONF), 1);
		ASH_ENSURE(path != NULL, ASH_E_MEMORY);
		(void)stpcpy(stpcpy(path, home), USER_CONF);
		if (access(path, F_OK) == 0) {
			*ret_path = ASH_TAKE(path);
			return ASH_DONE;
		}
	}
	return copy_text(SYSTEM_CONF, strlen(SYSTEM_CONF), ret_path);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* The value in "name = value"; NULL for another line. */
static const char *value_of(const char *line, const char *name, size_t *ret_len)
{
	const size_t len = strlen(name);

	while (is_blank(*line))
		line++;
	if (strncmp(line, name, len) != 0)
		return NULL;
	for (line += len; is_blank(*line); line++)
		;
	if (*line++ != '=')
		return NULL;
	while (is_blank(*line))
		line++;
	for (*ret_len = strlen(line); *ret_len != 0 && is_blank(line[*ret_len - 1]); --*ret_len)
		;
	return line;
}

static ASH_STATUS read_lines(FILE *file, struct ash_softhsm_conf *conf)
{
	char line[4096];
	const char *value;
	size_t len = 0;

	while (fgets(line, sizeof(line), file) != NULL) {
		value = value_of(line, "directories.tokendir", &len);
		if (value != NULL && len != 0)
			ASH_TRY(copy_text(value, len, &conf->tokendir));
		value = value_of(line, "objectstore.backend", &len);
		if (value != NULL)
			conf->database = len == 2 && memcmp(value, "db", 2) == 0;
	}
	return ASH_DONE;
}

ASH_STATUS ash_softhsm_conf_read(struct ash_softhsm_conf *ret_conf)
{
	ASH_AUTO(ash_softhsm_conf) conf = { .tokendir = NULL };
	struct ash_status status;
	FILE *file;

	ASH_TRY(find_conf(&conf.path));
	file = fopen(conf.path, "re");
	if (file == NULL)
		ASH_FAIL_WITH(errno == ENOENT ? ASH_E_NOT_FOUND : ASH_E_IO, "%s: %s", conf.path,
			      strerrordesc_np(errno));
	status = read_lines(file, &conf);
	(void)fclose(file);
	ASH_TRY(status);
	if (conf.tokendir == NULL)
		ASH_FAIL_WITH(ASH_E_NOT_FOUND, "%s does not say where tokens are (directories.tokendir)",
			      conf.path);
	*ret_conf = (struct ash_softhsm_conf){ ASH_TAKE(conf.tokendir), ASH_TAKE(conf.path), conf.database };
	return ASH_DONE;
}
