/*
 * ashlar complete: what could come next on a command line. The scripts for bash, zsh and
 * fish (share/) ask this, so that they know nothing of commands themselves.
 *
 * The first line says what follows: "words" (one a line, a tab, what it means), or that
 * the shell is to offer "files", "folders" or "variables" of its own.
 */
#include <string.h>

#include "app/cli/find/select.h"
#include "app/cli/key/keytype.h"
#include "app/cli/print/text.h"
#include "token/mechanism.h"
#include "util/mem.h"

#define WORD_MAX 256

/* What is being completed: the words before the last, and the last, which may be half a word. */
struct asked {
	struct ash_cli *cli;
	char **words;
	int count; /* of words before `last` */
	const char *last;
	const char *front; /* what stands before `last` in the same word: "--type=", "sign," */
	size_t front_len;
};

static void say_kind(const struct asked *asked, const char *kind)
{
	fprintf(asked->cli->out, "%s\n", kind);
}

/* One candidate, if it goes on from what is there and can be told in a line. */
static void offer(const struct asked *asked, struct ash_span word, const char *text)
{
	const size_t len = strlen(asked->last);

	if (word.len < len || memcmp(word.data, asked->last, len) != 0)
		return;
	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] < ' ' || word.data[i] == 0x7f)
			return;
	}
	fprintf(asked->cli->out, "%.*s%.*s\t%s\n", (int)asked->front_len, asked->front, (int)word.len,
		(const char *)word.data, text);
}

static void offer_types(const struct asked *asked)
{
	const struct ash_cli_keytype *row;

	say_kind(asked, "words");
	for (size_t i = 0; (row = ash_cli_keytype_at(i)) != NULL; i++)
		offer(asked, ash_span_text(row->name), row->text);
}

/* Several, with commas between: what stands before the last comma stays. */
static void offer_usages(const struct asked *asked)
{
	const char *comma = strrchr(asked->last, ',');
	const size_t skip = comma != NULL ? (size_t)(comma + 1 - asked->last) : 0;
	char front[WORD_MAX];
	struct asked rest = *asked;
	const struct ash_cli_usage *row;

	snprintf(front, sizeof(front), "%.*s%.*s", (int)asked->front_len, asked->front, (int)skip,
		 asked->last);
	rest.front = front;
	rest.front_len = strlen(front);
	rest.last += skip;
	say_kind(asked, "words");
	for (size_t i = 0; (row = ash_cli_usage_at(i)) != NULL; i++)
		offer(&rest, ash_span_text(row->word), row->text);
}

static void offer_mechanisms(const struct asked *asked)
{
	say_kind(asked, "words");
	for (size_t i = 0; i < ash_mechanism_count(); i++)
		offer(asked, ash_span_text(ash_mechanism_at(i)->name), "");
}

/* No token when the store can't be had: a shell that completes has no place for a complaint. */
static void offer_tokens(const struct asked *asked)
{
	ASH_AUTO_MEM struct ash_cli_token *tokens = NULL;
	struct ash_cli *cli = asked->cli;
	size_t count = 0;

	say_kind(asked, "words");
	if (!ash_is_ok(cli->open(cli)) || !ash_is_ok(ash_cli_tokens(cli, &tokens, &count))) {
		cli->exit = ASH_CLI_DONE;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (ash_cli_token_usable(&tokens[i]))
			offer(asked, ash_cli_token_label(&tokens[i]), "token");
	}
}

/* "der|raw", and the small words of "N|max". */
static void offer_choice(const struct asked *asked, const char *values)
{
	say_kind(asked, "words");
	while (*values != '\0') {
		const size_t len = strcspn(values, "|");

		if (values[0] >= 'a' && values[0] <= 'z')
			offer(asked, ash_span(values, len), "");
		values += len + (values[len] == '|');
	}
}

static void offer_files(const struct asked *asked)
{
	say_kind(asked, "files");
}

static void offer_folders(const struct asked *asked)
{
	say_kind(asked, "folders");
}

static void offer_variables(const struct asked *asked)
{
	say_kind(asked, "variables");
}

/* By the name of the option, or by what its value is called in the help. */
static const struct {
	const char *option; /* or NULL */
	const char *value;  /* or NULL */
	void (*offer)(const struct asked *asked);
} values_known[] = {
	{ "token", NULL, offer_tokens },    { "from-token", NULL, offer_tokens },
	{ "to-token", NULL, offer_tokens }, { "mechanism", NULL, offer_mechanisms },
	{ NULL, "TYPE", offer_types },      { NULL, "USE,USE", offer_usages },
	{ NULL, "FILE", offer_files },      { NULL, "FILE...", offer_files },
	{ NULL, "FILE,...", offer_files },  { NULL, "PATH", offer_files },
	{ NULL, "PATH,...", offer_files },  { NULL, "DIR", offer_folders },
	{ NULL, "VAR", offer_variables },
};

static void offer_value(const struct asked *asked, const char *option, const char *value)
{
	for (size_t i = 0; i < ASH_COUNT(values_known); i++) {
		if ((values_known[i].option != NULL && strcmp(values_known[i].option, option) == 0) ||
		    (values_known[i].value != NULL && strcmp(values_known[i].value, value) == 0)) {
			values_known[i].offer(asked);
			return;
		}
	}
	offer_choice(asked, strchr(value, '|') != NULL ? value : "");
}

/* Whether no command before that one begins with this word: a group is offered once. */
static bool is_first(size_t index, struct ash_span word)
{
	for (size_t i = 0; i < index; i++) {
		const char *name = ash_cli_command_at(i)->name;

		if (ash_span_equal(word, ash_span(name, strcspn(name, " "))))
			return false;
	}
	return true;
}

/* The first word of each command's name. */
static void offer_commands(const struct asked *asked)
{
	const struct ash_cli_command *command;

	say_kind(asked, "words");
	for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++) {
		const struct ash_span word = ash_span(command->name, strcspn(command->name, " "));

		if (is_first(i, word))
			offer(asked, word,
			      command->name[word.len] == '\0' ? command->summary : "several commands");
	}
	offer(asked, ash_span_text("help"), "show what there is");
}

static void offer_group(const struct asked *asked, const char *group)
{
	const size_t len = strlen(group);
	const struct ash_cli_command *command;

	say_kind(asked, "words");
	for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++) {
		if (strncmp(command->name, group, len) == 0 && command->name[len] == ' ')
			offer(asked, ash_span_text(command->name + len + 1), command->summary);
	}
}

static bool is_group(const char *word)
{
	const size_t len = strlen(word);
	const struct ash_cli_command *command;

	for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++) {
		if (strncmp(command->name, word, len) == 0 && command->name[len] == ' ')
			return true;
	}
	return false;
}

/* The command that the first words name, and how many they are. */
static const struct ash_cli_command *command_of(char **words, int count, int *ret_used)
{
	const struct ash_cli_command *command;
	char name[WORD_MAX];

	for (int used = 1; used <= 2 && used <= count; used++) {
		snprintf(name, sizeof(name), used == 2 ? "%s %s" : "%s", words[0], words[used - 1]);
		for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++) {
			if (strcmp(command->name, name) == 0) {
				*ret_used = used;
				return command;
			}
		}
	}
	return NULL;
}

/* Whether the word is this option, with or without a value behind '='. */
static bool is_option(const char *word, const struct ash_cli_option *option)
{
	const size_t len = strlen(option->name);

	if (word[0] == '-' && option->letter != 0 && word[1] == option->letter && word[2] == '\0')
		return true;
	return strncmp(word, "--", 2) == 0 && strncmp(word + 2, option->name, len) == 0 &&
	       (word[2 + len] == '\0' || word[2 + len] == '=');
}

static const struct ash_cli_option *option_of(const struct ash_cli_command *command, const char *word)
{
	for (const struct ash_cli_option *const *group = command->options; *group != NULL; group++) {
		for (const struct ash_cli_option *option = *group; option->name != NULL; option++) {
			if (is_option(word, option))
				return option;
		}
	}
	return NULL;
}

static bool is_given(const struct asked *asked, const struct ash_cli_option *option)
{
	for (int i = 0; i < asked->count; i++) {
		if (is_option(asked->words[i], option))
			return true;
	}
	return false;
}

static void offer_options(const struct asked *asked, const struct ash_cli_command *command)
{
	char word[WORD_MAX];

	say_kind(asked, "words");
	for (const struct ash_cli_option *const *group = command->options; *group != NULL; group++) {
		for (const struct ash_cli_option *option = *group; option->name != NULL; option++) {
			if (option->text == NULL || is_given(asked, option))
				continue;
			snprintf(word, sizeof(word), "--%s", option->name);
			offer(asked, ash_span_text(word), option->text);
		}
	}
}

/* The words of a command: "FILE...", "[PAGE]", "bash|zsh|fish"; options where it takes none. */
static void offer_words(const struct asked *asked, const struct ash_cli_command *command)
{
	if (command->words == NULL)
		offer_options(asked, command);
	else if (strstr(command->words, "FILE") != NULL)
		offer_files(asked);
	else
		offer_value(asked, "", command->words);
}

static void offer_of_command(struct asked *asked, const struct ash_cli_command *command)
{
	const char *before = asked->words[asked->count - 1];
	const struct ash_cli_option *option = option_of(command, asked->last);
	const char *equals = strchr(asked->last, '=');

	if (option != NULL && equals != NULL) {
		asked->front = asked->last;
		asked->front_len = (size_t)(equals + 1 - asked->last);
		asked->last = equals + 1;
		if (option->value != NULL)
			offer_value(asked, option->name, option->value);
		return;
	}
	option = strchr(before, '=') == NULL ? option_of(command, before) : NULL;
	if (option != NULL && option->value != NULL && option->refused == NULL)
		offer_value(asked, option->name, option->value);
	else if (asked->last[0] == '-')
		offer_options(asked, command);
	else
		offer_words(asked, command);
}

static ASH_STATUS complete(struct ash_cli *cli)
{
	const int count = cli->word_count - 1;
	struct asked asked = { cli, cli->words, count, cli->words[count], "", 0 };
	const struct ash_cli_command *command;
	int used = 0;

	if (asked.count > 0 && strcmp(asked.words[0], "help") == 0) {
		asked.words++;
		asked.count--;
	}
	command = command_of(asked.words, asked.count, &used);
	if (command != NULL && asked.words == cli->words)
		offer_of_command(&asked, command);
	else if (asked.count == 0)
		offer_commands(&asked);
	else if (asked.count == 1 && is_group(asked.words[0]))
		offer_group(&asked, asked.words[0]);
	else
		say_kind(&asked, "words");
	return ASH_DONE;
}

const struct ash_cli_command ash_cli_cmd_complete = {
	.name = "complete",
	.summary = "say what could come next on a command line, for shells",
	.details =
		"WORD... is what stands behind `ashlar` so far; of the last, which may be empty, the rest\n"
		"is asked for. The first line of the answer says what follows: `words` (one a line, a tab,\n"
		"what it means), or which of its own the shell is to offer: `files`, `folders`, `variables`.\n"
		"The scripts for bash, zsh and fish that are installed ask this.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_common_options, NULL },
	.words = "WORD...",
	.words_min = 1,
	.words_max = 4096,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar complete -- key generate --type ml", NULL },
			{ NULL, NULL },
		},
	.run = complete,
	.alone = true,
};
