/* The table of commands, and running one. */
#include <string.h>

#include "app/cli/cli.h"
#include "app/cli/find/named.h"
#include "app/cli/print/text.h"

static const struct ash_cli_command *const commands[] = {
	&ash_cli_cmd_init,
	&ash_cli_cmd_token_list,
	&ash_cli_cmd_token_show,
	&ash_cli_cmd_token_delete,
	&ash_cli_cmd_pin_set,
	&ash_cli_cmd_pin_reset,
	&ash_cli_cmd_pin_unlock,
	&ash_cli_cmd_key_generate,
	&ash_cli_cmd_key_import,
	&ash_cli_cmd_key_list,
	&ash_cli_cmd_key_show,
	&ash_cli_cmd_key_set,
	&ash_cli_cmd_key_copy,
	&ash_cli_cmd_key_export,
	&ash_cli_cmd_key_delete,
	&ash_cli_cmd_cert_request,
	&ash_cli_cmd_cert_self_sign,
	&ash_cli_cmd_cert_import,
	&ash_cli_cmd_cert_list,
	&ash_cli_cmd_cert_export,
	&ash_cli_cmd_object_list,
	&ash_cli_cmd_object_show,
	&ash_cli_cmd_object_delete,
	&ash_cli_cmd_import_softhsm,
	&ash_cli_cmd_import_nss,
	/* using keys */
	&ash_cli_cmd_sign,
	&ash_cli_cmd_verify,
	&ash_cli_cmd_encrypt,
	&ash_cli_cmd_decrypt,
	&ash_cli_cmd_wrap,
	&ash_cli_cmd_unwrap,
	&ash_cli_cmd_derive,
	&ash_cli_cmd_encapsulate,
	&ash_cli_cmd_decapsulate,
	&ash_cli_cmd_hash,
	&ash_cli_cmd_random,
	/* looking after it all */
	&ash_cli_cmd_store_check,
	&ash_cli_cmd_store_compact,
	&ash_cli_cmd_store_backup,
	&ash_cli_cmd_mechanisms,
	&ash_cli_cmd_selftest,
	&ash_cli_cmd_bench_scale,
	&ash_cli_cmd_bench_create,
	&ash_cli_cmd_bench_chart,
	&ash_cli_cmd_info,
	&ash_cli_cmd_version,
	&ash_cli_cmd_doctor,
	&ash_cli_cmd_manual,
	&ash_cli_cmd_complete,
};

const struct ash_cli_command *ash_cli_command_at(size_t index)
{
	return index < ASH_COUNT(commands) ? commands[index] : NULL;
}

/* How many words of argv name the command: "key generate" is two. 0: another command. */
static int words_matched(const char *name, int argc, char **argv)
{
	int word = 0;

	while (*name != '\0') {
		size_t len = strcspn(name, " ");

		if (word == argc || strlen(argv[word]) != len || memcmp(argv[word], name, len) != 0)
			return 0;
		word++;
		name += len + (name[len] == ' ');
	}
	return word;
}

static const struct ash_cli_command *find_command(int argc, char **argv, int *ret_words)
{
	for (size_t i = 0; i < ASH_COUNT(commands); i++) {
		int words = words_matched(commands[i]->name, argc, argv);

		if (words > 0) {
			*ret_words = words;
			return commands[i];
		}
	}
	return NULL;
}

/* Whether commands begin with this word: "key". */
static bool is_group(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < ASH_COUNT(commands); i++) {
		if (strncmp(commands[i]->name, word, len) == 0 && commands[i]->name[len] == ' ')
			return true;
	}
	return false;
}

static bool asks_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* argv names no command: help was asked for, or something is missing or wrong. */
static ASH_STATUS no_command(struct ash_cli *cli, int argc, char **argv)
{
	bool group = argc > 0 && is_group(argv[0]);
	const char *rest = argc > group ? argv[group] : NULL;
	struct ash_status status;

	if (rest != NULL && asks_help(rest)) {
		ash_cli_help_overview(cli->out, group ? argv[0] : NULL);
		return ASH_DONE;
	}
	if (rest == NULL) {
		ash_cli_help_overview(cli->err, group ? argv[0] : NULL);
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "which command?");
	}
	status = ash_cli_refuse(cli, ASH_CLI_USAGE, "there is no command \"%s%s%s\"", group ? argv[0] : "",
				group ? " " : "", ash_cli_escaped(ash_span_text(rest)).text);
	ash_cli_hint(cli, "see: ashlar%s%s --help", group ? " " : "", group ? argv[0] : "");
	return status;
}

static ASH_STATUS run_command(struct ash_cli *cli, int argc, char **argv)
{
	struct ash_status status;

	ASH_TRY(ash_cli_options_parse(cli, argc, argv));
	if (ash_cli_has(cli, ASH_CLI_OPT_HELP)) {
		ash_cli_help_command(cli->out, cli->command);
		return ASH_DONE;
	}
	ASH_TRY(ash_cli_named_read(cli));
	if (!cli->command->alone) {
		status = cli->open(cli);
		if (!ash_is_ok(status))
			return ash_cli_fail(cli, status, "can't start");
	}
	return cli->command->run(cli);
}

static ASH_STATUS run(struct ash_cli *cli, int argc, char **argv)
{
	int words = 1;

	if (argc > 1 && strcmp(argv[0], "help") == 0 && find_command(argc - 1, argv + 1, &words) != NULL &&
	    words == argc - 1) {
		ash_cli_help_command(cli->out, find_command(argc - 1, argv + 1, &words));
		return ASH_DONE;
	}
	if (argc > 0 && strcmp(argv[0], "--version") == 0)
		cli->command = &ash_cli_cmd_version;
	else
		cli->command = find_command(argc, argv, &words);
	if (cli->command == NULL)
		return no_command(cli, argc, argv);
	/* getopt skips the first word: the last one of the command's name. */
	return run_command(cli, argc - words + 1, argv + words - 1);
}

enum ash_cli_exit ash_cli_run(struct ash_cli *cli, int argc, char **argv)
{
	struct ash_status status;

	cli->exit = ASH_CLI_DONE;
	cli->command = NULL;
	memset(cli->values, 0, sizeof(cli->values));
	cli->words = NULL;
	cli->word_count = 0;
	cli->input_taken = false;
	status = run(cli, argc > 0 ? argc - 1 : 0, argv + 1);
	/* What nobody told yet: out of memory, mostly. */
	if (!ash_is_ok(status) && cli->exit == ASH_CLI_DONE)
		ash_ignore(ash_cli_fail(cli, status, "can't do `ashlar %s`",
					cli->command != NULL ? cli->command->name : ""));
	ash_cli_named_forget(cli);
	return cli->exit;
}
