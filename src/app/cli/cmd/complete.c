/*
 * ashlar complete: what could come next on a command line. The scripts for bash, zsh and
 * fish (share/) ask this, so that they know nothing of commands themselves.
 *
 * The first line says what follows: "words" (one a line, a tab, what it means), or that
 * the shell is to offer "files", "folders" or "variables" of its own.
 */
#include <string.h>

#include "app/cli/find/select.h"
#include "app/cli/find/uri.h"
#include "app/cli/key/keytype.h"
#include "app/cli/print/text.h"
#include "app/cli/use/mech.h"
#include "util/mem.h"

#define WORD_MAX 256

/* What is being completed: the words before the last, and the last, which may be half a word. */
struct asked {
	struct ash_cli *cli;
	const struct ash_cli_command *command; /* once the words name one */
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

/* What a command does with mechanisms; 0: any of them will do. */
static uint64_t mechanism_flag(const struct ash_cli_command *command)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} uses[] = {
		{ "sign", CKF_SIGN },       { "verify", CKF_VERIFY }, { "encrypt", CKF_ENCRYPT },
		{ "decrypt", CKF_DECRYPT }, { "wrap", CKF_WRAP },     { "unwrap", CKF_UNWRAP },
		{ "derive", CKF_DERIVE },
	};

	for (size_t i = 0; i < ASH_COUNT(uses); i++) {
		if (strcmp(uses[i].name, command->name) == 0)
			return uses[i].flag;
	}
	return 0;
}

/* By their short names, and by those of the standard once that is begun. */
static void offer_mechanisms(const struct asked *asked)
{
	const uint64_t flag = mechanism_flag(asked->command);
	const bool standard = strncmp(asked->last, "CKM", strlen("CKM")) == 0;

	say_kind(asked, "words");
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const struct ash_cli_mech_name name = ash_cli_mech_short(row);

		if ((row->info.flags & flag) != flag)
			continue;
		if (standard)
			offer(asked, ash_span_text(row->name), name.text);
		else if (name.text[0] != '\0')
			offer(asked, ash_span_text(name.text), row->name);
	}
}

static void offer_hashes(const struct asked *asked)
{
	say_kind(asked, "words");
	for (int hash = ASH_HASH_NONE + 1; hash < ASH_HASHES; hash++)
		offer(asked, ash_span_text(ash_cli_hash_name((enum ash_hash)hash)), "");
}

static void offer_classes(const struct asked *asked)
{
	static const uint64_t classes[] = { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_CERTIFICATE, CKO_SECRET_KEY,
					    CKO_DATA };

	say_kind(asked, "words");
	for (size_t i = 0; i < ASH_COUNT(classes); i++) {
		const char *word = ash_cli_uri_type(classes[i]);

		if (word != NULL)
			offer(asked, ash_span_text(word), "");
	}
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

/* By what an option is for, as its value may be called anything. */
static const struct {
	enum ash_cli_opt option;
	void (*offer)(const struct asked *asked);
} by_option[] = {
	{ ASH_CLI_OPT_TOKEN, offer_tokens },         { ASH_CLI_OPT_TYPE, offer_types },
	{ ASH_CLI_OPT_CLASS, offer_classes },        { ASH_CLI_OPT_USAGE, offer_usages },
	{ ASH_CLI_OPT_MECHANISM, offer_mechanisms }, { ASH_CLI_OPT_HASH, offer_hashes },
	{ ASH_CLI_OPT_MGF_HASH, offer_hashes },
};

/* By what a value is called in the help: that of any other option, or a word of a command. */
static const struct {
	const char *value;
	void (*offer)(const struct asked *asked);
} by_value[] = {
	{ "FILE", offer_files },    { "FILE...", offer_files },  { "FILE,...", offer_files },
	{ "PATH", offer_files },    { "PATH,...", offer_files }, { "DIR", offer_folders },
	{ "VAR", offer_variables },
};

static void offer_called(const struct asked *asked, const char *value)
{
	for (size_t i = 0; i < ASH_COUNT(by_value); i++) {
		if (strcmp(by_value[i].value, value) == 0) {
			by_value[i].offer(asked);
			return;
		}
	}
	offer_choice(asked, strchr(value, '|') != NULL ? value : "");
}

static void offer_value(const struct asked *asked, const struct ash_cli_option *option)
{
	for (size_t i = 0; i < ASH_COUNT(by_option); i++) {
		if (by_option[i].option == option->id) {
			by_option[i].offer(asked);
			return;
		}
	}
	offer_called(asked, option->value);
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

/* The command that the first words name. */
static const struct ash_cli_command *command_of(char **words, int count)
{
	const struct ash_cli_command *command;
	char name[WORD_MAX];

	for (int used = 1; used <= 2 && used <= count; used++) {
		snprintf(name, sizeof(name), used == 2 ? "%s %s" : "%s", words[0], words[used - 1]);
		for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++) {
			if (strcmp(command->name, name) == 0)
				return command;
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
		offer_called(asked, command->words);
}

static void offer_of_command(struct asked *asked)
{
	const struct ash_cli_command *command = asked->command;
	const char *before = asked->words[asked->count - 1];
	const struct ash_cli_option *option = option_of(command, asked->last);
	const char *equals = strchr(asked->last, '=');

	if (option != NULL && equals != NULL) {
		asked->front = asked->last;
		asked->front_len = (size_t)(equals + 1 - asked->last);
		asked->last = equals + 1;
		if (option->value != NULL)
			offer_value(asked, option);
		return;
	}
	option = strchr(before, '=') == NULL ? option_of(command, before) : NULL;
	if (option != NULL && option->value != NULL && option->refused == NULL)
		offer_value(asked, option);
	else if (asked->last[0] == '-')
		offer_options(asked, command);
	else
		offer_words(asked, command);
}

static ASH_STATUS complete(struct ash_cli *cli)
{
	const int count = cli->word_count - 1;
	struct asked asked = { cli, NULL, cli->words, count, cli->words[count], "", 0 };

	if (asked.count > 0 && strcmp(asked.words[0], "help") == 0) {
		asked.words++;
		asked.count--;
	}
	asked.command = command_of(asked.words, asked.count);
	if (asked.command != NULL && asked.words == cli->words)
		offer_of_command(&asked);
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
