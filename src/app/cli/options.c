#include "app/cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli.h"
#include "app/cli/print/text.h"

#define OPTIONS_MAX 32
#define LONG_FIRST  256 /* what getopt_long answers for the first option; below are letters, */
#define WORD        1   /* and this for a word */

#define SECRET_REFUSED                                                                               \
	"a %s on the command line shows in the list of processes and stays in the shell's history; " \
	"give it with --%s-file FILE, --%s-fd N or --%s-env VAR, or at the prompt"

const struct ash_cli_option ash_cli_common_options[] = {
	{ .id = ASH_CLI_OPT_JSON, .name = "json", .text = "print one JSON document, for programs" },
	{ .id = ASH_CLI_OPT_HELP, .name = "help", .letter = 'h', .text = "show this help" },
	{ .name = NULL },
};

const struct ash_cli_option ash_cli_token_options[] = {
	{ .id = ASH_CLI_OPT_TOKEN,
	  .name = "token",
	  .letter = 't',
	  .value = "LABEL",
	  .text = "the token with this label; not needed while there is only one token" },
	{ .id = ASH_CLI_OPT_SERIAL,
	  .name = "serial",
	  .value = "SERIAL",
	  .text = "the token with this serial number" },
	{ .id = ASH_CLI_OPT_SLOT, .name = "slot", .value = "ID", .text = "the token in this slot" },
	{ .id = ASH_CLI_OPT_URI,
	  .name = "uri",
	  .value = "URI",
	  .text = "what this PKCS#11 URI names (RFC 7512); it stands for the options that say the same" },
	{ .name = NULL },
};

const struct ash_cli_option ash_cli_pin_options[] = {
	{ .id = ASH_CLI_OPT_PIN, .name = "pin", .value = "PIN", .refused = "pin" },
	{ .id = ASH_CLI_OPT_PIN_FILE,
	  .name = "pin-file",
	  .value = "FILE",
	  .text = "the user PIN is the first line of this file" },
	{ .id = ASH_CLI_OPT_PIN_FD,
	  .name = "pin-fd",
	  .value = "N",
	  .text = "the user PIN is the next line of this open descriptor" },
	{ .id = ASH_CLI_OPT_PIN_ENV,
	  .name = "pin-env",
	  .value = "VAR",
	  .text = "the user PIN is in this environment variable" },
	{ .name = NULL },
};

const struct ash_cli_option ash_cli_so_pin_options[] = {
	{ .id = ASH_CLI_OPT_SO_PIN, .name = "so-pin", .value = "PIN", .refused = "so-pin" },
	{ .id = ASH_CLI_OPT_SO_PIN_FILE,
	  .name = "so-pin-file",
	  .value = "FILE",
	  .text = "the SO PIN is the first line of this file" },
	{ .id = ASH_CLI_OPT_SO_PIN_FD,
	  .name = "so-pin-fd",
	  .value = "N",
	  .text = "the SO PIN is the next line of this open descriptor" },
	{ .id = ASH_CLI_OPT_SO_PIN_ENV,
	  .name = "so-pin-env",
	  .value = "VAR",
	  .text = "the SO PIN is in this environment variable" },
	{ .name = NULL },
};

const struct ash_cli_option ash_cli_new_pin_options[] = {
	{ .id = ASH_CLI_OPT_NEW_PIN, .name = "new-pin", .value = "PIN", .refused = "new-pin" },
	{ .id = ASH_CLI_OPT_NEW_PIN_FILE,
	  .name = "new-pin-file",
	  .value = "FILE",
	  .text = "the new PIN is the first line of this file" },
	{ .id = ASH_CLI_OPT_NEW_PIN_FD,
	  .name = "new-pin-fd",
	  .value = "N",
	  .text = "the new PIN is the next line of this open descriptor" },
	{ .id = ASH_CLI_OPT_NEW_PIN_ENV,
	  .name = "new-pin-env",
	  .value = "VAR",
	  .text = "the new PIN is in this environment variable" },
	{ .name = NULL },
};

const struct ash_cli_option ash_cli_passphrase_options[] = {
	{ .id = ASH_CLI_OPT_PASSPHRASE, .name = "passphrase", .value = "TEXT", .refused = "passphrase" },
	{ .id = ASH_CLI_OPT_PASSPHRASE_FILE,
	  .name = "passphrase-file",
	  .value = "FILE",
	  .text = "the passphrase is the first line of this file" },
	{ .id = ASH_CLI_OPT_PASSPHRASE_FD,
	  .name = "passphrase-fd",
	  .value = "N",
	  .text = "the passphrase is the next line of this open descriptor" },
	{ .id = ASH_CLI_OPT_PASSPHRASE_ENV,
	  .name = "passphrase-env",
	  .value = "VAR",
	  .text = "the passphrase is in this environment variable" },
	{ .name = NULL },
};

const struct ash_cli_option ash_cli_from_pin_options[] = {
	{ .id = ASH_CLI_OPT_FROM_PIN, .name = "from-pin", .value = "PIN", .refused = "from-pin" },
	{ .id = ASH_CLI_OPT_FROM_PIN_FILE,
	  .name = "from-pin-file",
	  .value = "FILE",
	  .text = "the other token's PIN is the first line of this file" },
	{ .id = ASH_CLI_OPT_FROM_PIN_FD,
	  .name = "from-pin-fd",
	  .value = "N",
	  .text = "the other token's PIN is the next line of this open descriptor" },
	{ .id = ASH_CLI_OPT_FROM_PIN_ENV,
	  .name = "from-pin-env",
	  .value = "VAR",
	  .text = "the other token's PIN is in this environment variable" },
	{ .name = NULL },
};

/* A command's options in the three forms that parsing needs. */
struct parser {
	const struct ash_cli_option *options[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
	int count;
};

static ASH_STATUS parser_add(struct parser *parser, const struct ash_cli_option *option, size_t *letters_len)
{
	ASH_BUG(parser->count == OPTIONS_MAX);

	parser->options[parser->count] = option;
	parser->longs[parser->count] = (struct option){
		.name = option->name,
		.has_arg = option->refused != NULL
				   ? optional_argument
				   : (option->value != NULL ? required_argument : no_argument),
		.val = LONG_FIRST + parser->count,
	};
	parser->count++;
	if (option->letter != 0) {
		parser->letters[(*letters_len)++] = option->letter;
		if (option->value != NULL)
			parser->letters[(*letters_len)++] = ':';
	}
	return ASH_DONE;
}

static ASH_STATUS parser_init(struct parser *parser, const struct ash_cli_command *command)
{
	size_t letters_len = 0;

	*parser = (struct parser){ .count = 0 };
	parser->letters[letters_len++] = '-'; /* answer WORD for what is no option, wherever it stands */
	parser->letters[letters_len++] = ':'; /* tell a missing value from an unknown option */
	for (const struct ash_cli_option *const *group = command->options; *group != NULL; group++) {
		for (const struct ash_cli_option *option = *group; option->name != NULL; option++)
			ASH_TRY(parser_add(parser, option, &letters_len));
	}
	return ASH_DONE;
}

static const struct ash_cli_option *parser_find(const struct parser *parser, int answer)
{
	if (answer >= LONG_FIRST && answer < LONG_FIRST + parser->count)
		return parser->options[answer - LONG_FIRST];
	for (int i = 0; i < parser->count; i++) {
		if (answer != 0 && parser->options[i]->letter == answer)
			return parser->options[i];
	}
	return NULL;
}

/* getopt takes abbreviations, which a later option could make ambiguous: scripts must not break so. */
static bool spelt_out(const char *word, const struct ash_cli_option *option)
{
	size_t len = strlen(option->name);

	return strncmp(word, "--", 2) != 0 ||
	       (strncmp(word + 2, option->name, len) == 0 && (word[2 + len] == '\0' || word[2 + len] == '='));
}

static ASH_STATUS tell_misread(struct ash_cli *cli, const struct parser *parser, int answer, int culprit,
			       const char *word)
{
	const struct ash_cli_option *option = parser_find(parser, culprit);
	char letter[2] = { (char)culprit, '\0' };
	bool is_long = strncmp(word, "--", 2) == 0;
	/* Not what follows '=': it may be a PIN. */
	struct ash_span name = is_long ? ash_span(word + 2, strcspn(word + 2, "=")) : ash_span_text(letter);

	if (option != NULL && answer == ':')
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--%s needs a value: --%s %s", option->name,
				      option->name, option->value);
	if (option != NULL)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--%s takes no value", option->name);
	return ash_cli_refuse(cli, ASH_CLI_USAGE, "`ashlar %s` has no option %s%s", cli->command->name,
			      is_long ? "--" : "-", ash_cli_escaped(name).text);
}

static ASH_STATUS take_option(struct ash_cli *cli, const struct ash_cli_option *option, const char *word,
			      const char *value)
{
	ASH_BUG(option == NULL);

	if (!spelt_out(word, option))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "`ashlar %s` has no option %s; did you mean --%s?",
				      cli->command->name,
				      ash_cli_escaped(ash_span(word, strcspn(word, "="))).text, option->name);
	if (option->refused != NULL)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, SECRET_REFUSED,
				      option->id == ASH_CLI_OPT_PASSPHRASE ? "passphrase" : "PIN",
				      option->refused, option->refused, option->refused);
	if (option->value != NULL && cli->values[option->id] != NULL)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--%s is given twice", option->name);
	cli->values[option->id] = option->value != NULL ? value : "";
	return ASH_DONE;
}

static ASH_STATUS check_required(struct ash_cli *cli, const struct parser *parser)
{
	for (int i = 0; i < parser->count; i++) {
		const struct ash_cli_option *option = parser->options[i];

		if (option->required && cli->values[option->id] == NULL)
			return ash_cli_refuse(cli, ASH_CLI_USAGE, "`ashlar %s` needs --%s %s",
					      cli->command->name, option->name, option->value);
	}
	return ASH_DONE;
}

/* Of a command that picks objects the first word may be a URI: it is the same as --uri. */
static ASH_STATUS take_uri_word(struct ash_cli *cli, char ***words, int *count)
{
	if (!cli->command->takes_object || *count == 0 || !ash_cli_uri_is((*words)[0]))
		return ASH_DONE;
	if (ash_cli_has(cli, ASH_CLI_OPT_URI))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "there are two URIs: --uri, and one without it");
	cli->values[ASH_CLI_OPT_URI] = (*words)[0];
	(*words)++;
	(*count)--;
	return ASH_DONE;
}

static ASH_STATUS take_words(struct ash_cli *cli, char **words, int count)
{
	const struct ash_cli_command *command = cli->command;

	ASH_TRY(take_uri_word(cli, &words, &count));
	if (count > command->words_max)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "`ashlar %s` takes options %s: what is \"%s\"?",
				      command->name, command->words != NULL ? "and no more words" : "only",
				      ash_cli_escaped(ash_span_text(words[command->words_max])).text);
	if (count < command->words_min)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "`ashlar %s` needs %s", command->name,
				      command->words);
	cli->words = words;
	cli->word_count = count;
	return ASH_DONE;
}

ASH_STATUS ash_cli_options_parse(struct ash_cli *cli, int argc, char **argv)
{
	struct parser parser;
	char **words = argv + 1; /* moved together here: they come no later than they stood */
	int count = 0;
	int answer;
	int at = 1;

	ASH_TRY(parser_init(&parser, cli->command));
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while ((answer = getopt_long(argc, argv, parser.letters, parser.longs, NULL)) != -1) {
		const char *word = argv[at];

		at = optind;
		if (answer == '?' || answer == ':')
			return tell_misread(cli, &parser, answer, optopt, word);
		if (answer == WORD)
			words[count++] = optarg;
		else
			ASH_TRY(take_option(cli, parser_find(&parser, answer), word, optarg));
	}
	if (ash_cli_has(cli, ASH_CLI_OPT_HELP))
		return ASH_DONE;
	while (optind < argc) /* behind "--" */
		words[count++] = argv[optind++];
	ASH_TRY(take_words(cli, words, count));
	return check_required(cli, &parser);
}

ASH_STATUS ash_cli_options_number(struct ash_cli *cli, enum ash_cli_opt option, const char *name,
				  unsigned long long max, unsigned long long *ret_number)
{
	const char *text = cli->values[option];
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number > max)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--%s takes a number from 0 to %llu, not \"%s\"",
				      name, max, ash_cli_escaped(ash_span_text(text)).text);
	*ret_number = number;
	return ASH_DONE;
}
