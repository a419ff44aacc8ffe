/* ashlar store check, ashlar store compact, ashlar store backup */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli/cmd/store_check.h"
#include "app/cli/print/output.h"
#include "app/cli/print/text.h"

static const struct ash_cli_column check_columns[] = {
	{ "part", "Part", 0 },
	{ "slot", "Slot", ASH_CLI_COLUMN_RIGHT },
	{ "record", "Record", ASH_CLI_COLUMN_RIGHT },
	{ "state", "State", 0 },
	{ "checked", "Checked", ASH_CLI_COLUMN_RIGHT },
	{ "finding", "Finding", 0 },
	{ NULL, NULL, 0 },
};

static ASH_STATUS store_check(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	unsigned damaged = 0;
	struct ash_status status;

	ASH_TRY(ash_cli_list_init(&list, "findings", check_columns));
	ASH_TRY(ash_cli_store_check(cli, &list, &damaged));
	ASH_TRY(ash_cli_print_list(cli, &list, ""));
	if (damaged == 0)
		return ASH_DONE;
	status = ash_cli_refuse(cli, ASH_CLI_FAILED, "the store is damaged: %u of its parts", damaged);
	ash_cli_hint(cli, "copy its folder before anything else is written, then restore a backup");
	return status;
}

static const struct ash_cli_column compact_columns[] = {
	{ "before", "Bytes before", ASH_CLI_COLUMN_RIGHT },
	{ "after", "Bytes after", ASH_CLI_COLUMN_RIGHT },
	{ NULL, NULL, 0 },
};

static ASH_STATUS store_compact(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	uint64_t before = 0, after = 0;
	json_t *row;
	const struct ash_status status = cli->api->compact_store(cli->hsm, &before, &after);

	if (status.code == ASH_E_NOT_FOUND)
		return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "there is no store to compact");
	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't compact the store");
	ASH_TRY(ash_cli_list_init(&list, "stores", compact_columns));
	ASH_TRY(ash_cli_list_add(&list, &row));
	ASH_TRY(ash_cli_set_number(row, "before", before));
	ASH_TRY(ash_cli_set_number(row, "after", after));
	return ash_cli_print_list(cli, &list, "");
}

static const struct ash_cli_column backup_columns[] = {
	{ "file", "File", 0 },
	{ "bytes", "Bytes", ASH_CLI_COLUMN_RIGHT },
	{ NULL, NULL, 0 },
};

/* What the store's room is told is a path that means the same everywhere. */
static ASH_STATUS absolute(struct ash_cli *cli, const char *given, char path[PATH_MAX])
{
	char here[PATH_MAX];
	int len = 0;

	if (given[0] == '\0')
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "FILE is empty");
	if (given[0] == '/')
		len = snprintf(path, PATH_MAX, "%s", given);
	else if (getcwd(here, sizeof(here)) != NULL)
		len = snprintf(path, PATH_MAX, "%s/%s", strcmp(here, "/") != 0 ? here : "", given);
	if (len <= 0 || len >= PATH_MAX)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "the path of FILE can't be found out");
	return ASH_DONE;
}

static ASH_STATUS check_folder(struct ash_cli *cli, const char *path)
{
	const size_t len = (size_t)(strrchr(path, '/') - path);
	char folder[PATH_MAX] = "/";

	if (len > 0)
		*(char *)mempcpy(folder, path, len) = '\0';
	if (access(folder, F_OK) != 0)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't back up to %s: %s",
				      ash_cli_escaped(ash_span_text(path)).text, strerrordesc_np(errno));
	return ASH_DONE;
}

static ASH_STATUS store_backup(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	char path[PATH_MAX] = "";
	struct stat info = { .st_size = 0 };
	struct ash_status status;
	json_t *row;

	ASH_TRY(absolute(cli, cli->words[0], path));
	ASH_TRY(check_folder(cli, path));
	status = cli->api->backup_store(cli->hsm, path);
	if (status.code == ASH_E_NOT_FOUND)
		return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "there is no store yet: nothing was backed up");
	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't back up the store to %s",
				    ash_cli_escaped(ash_span_text(path)).text);
	(void)stat(path, &info);
	ASH_TRY(ash_cli_list_init(&list, "stores", backup_columns));
	ASH_TRY(ash_cli_list_add(&list, &row));
	ASH_TRY(ash_cli_set_text(row, "file", ash_span_text(path)));
	ASH_TRY(ash_cli_set_number(row, "bytes", (uint64_t)info.st_size));
	ASH_TRY(ash_cli_print_list(cli, &list, ""));
	if (!ash_cli_has(cli, ASH_CLI_OPT_JSON))
		fputs("The root key is not in it: without that file it can't be opened.\n", cli->out);
	return ASH_DONE;
}

const struct ash_cli_command ash_cli_cmd_store_check = {
	.name = "store check",
	.summary = "look at the whole store and say what is damaged",
	.details =
		"Every page, counter, index entry and record is looked at, in a child process, so that a\n"
		"damaged file harms nobody. Records are opened and held against their ledger, by which one\n"
		"that is missing, or an older one in its place, is noticed. Private objects take the user PIN\n"
		"of their token: give one of --pin-file, --pin-fd and --pin-env. Other programs may go on\n"
		"meanwhile. It ends with 1 if something is damaged, after the report; what could not be\n"
		"looked at is no damage.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar store check", NULL },
			{ "ashlar store check --token ca --pin-file pin", "its private objects too" },
			{ "ashlar store check --json | jq '.findings[] | select(.state == \"damaged\")'",
			  NULL },
			{ NULL, NULL },
		},
	.run = store_check,
	.alone = true,
};

const struct ash_cli_command ash_cli_cmd_store_compact = {
	.name = "store compact",
	.summary = "write the store anew without its free room",
	.details =
		"Room that destroyed objects leave is used again, but only this makes the file smaller. It\n"
		"takes free room for two copies of the store, and whoever wants to write waits meanwhile.\n"
		"While another program reads, the file may stay as long as it is until later.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar store compact", NULL },
			{ NULL, NULL },
		},
	.run = store_compact,
};

const struct ash_cli_command ash_cli_cmd_store_backup = {
	.name = "store backup",
	.summary = "copy the store to a file while it is in use",
	.details =
		"FILE becomes a copy of store.db (mode 0600) as it is at one moment, and is on disk when the\n"
		"command ends; there is no FILE if it fails, and none is overwritten. The root key is not in\n"
		"it: keep a copy of its file apart. To restore, put both as store.db and root.key into an\n"
		"empty folder, or into the old one without store.db-wal, store.db-shm and store.gen.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_common_options, NULL },
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar store backup /backup/store-$(date +%F).db", NULL },
			{ NULL, NULL },
		},
	.run = store_backup,
};
