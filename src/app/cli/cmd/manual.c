/* ashlar manual: the manual pages, from the tables that the help is made of. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/print/output.h"
#include "app/cli/print/roff.h"
#include "app/cli/print/text.h"
#include "ashlar-build.h"
#include "util/config.h"

#define PAGE_NAME_MAX 64

/* A page is of one command, or (command NULL) it is one of those beside them. */
struct page {
	const char *name; /* of a command's page: made by command_page() */
	int section;
	const char *title;
	void (*print)(FILE *out);
};

static void print_program(FILE *out);
static void print_configuration(FILE *out);

static const struct page pages[] = {
	{ "ashlar", 1, "the command line of a security module in software", print_program },
	{ "ashlar.conf", 5, "configuration of Ashlar HSM", print_configuration },
};

/* "key generate" is on ashlar-key-generate. */
static const char *command_page(const struct ash_cli_command *command, char name[PAGE_NAME_MAX])
{
	snprintf(name, PAGE_NAME_MAX, "ashlar-%s", command->name);
	for (char *c = name; *c != '\0'; c++)
		*c = *c == ' ' ? '-' : *c;
	return name;
}

static void see_page(FILE *out, const char *name, int section)
{
	ash_cli_roff_bold(out, name);
	fprintf(out, "(%d)", section);
}

static void print_exit_codes(FILE *out)
{
	ash_cli_roff_section(out, "exit status");
#define ASH_CLI_EXIT(id, code, text)               \
	fprintf(out, ".TP\n\\fB%d\\fR\n", (code)); \
	ash_cli_roff_text(out, text "\n");
#include "app/cli/exit_codes.h"
#undef ASH_CLI_EXIT
}

static void print_environment(FILE *out)
{
	ash_cli_roff_section(out, "environment");
#define ASH_CLI_VARIABLE(name, text) fprintf(out, ".TP\n\\fB%s\\fR\n%s\n", (name), (text));
#include "app/cli/environment.h"
#undef ASH_CLI_VARIABLE
}

static void print_option(FILE *out, const struct ash_cli_option *option)
{
	const char letter[] = { '-', option->letter, '\0' };

	fputs(".TP\n", out);
	if (option->letter != 0) {
		ash_cli_roff_bold(out, letter);
		fputs(", ", out);
	}
	fputs("\\fB\\-\\-", out);
	ash_cli_roff(out, option->name);
	fputs("\\fR", out);
	if (option->value != NULL) {
		putc(' ', out);
		ash_cli_roff_italic(out, option->value);
	}
	putc('\n', out);
	ash_cli_roff(out, option->text);
	fputs(option->required ? " (needed)\n" : "\n", out);
}

static void print_options(FILE *out, const struct ash_cli_command *command)
{
	ash_cli_roff_section(out, "options");
	for (const struct ash_cli_option *const *group = command->options; *group != NULL; group++) {
		for (const struct ash_cli_option *option = *group; option->name != NULL; option++) {
			if (option->text != NULL)
				print_option(out, option);
		}
	}
}

static void print_examples(FILE *out, const struct ash_cli_command *command)
{
	if (command->examples == NULL)
		return;
	ash_cli_roff_section(out, "examples");
	for (const struct ash_cli_example *example = command->examples; example->line != NULL; example++) {
		if (example != command->examples)
			fputs(".PP\n", out);
		if (example->what != NULL) {
			ash_cli_roff(out, example->what);
			fputs(":\n", out);
		}
		fputs(".RS 4\n", out);
		ash_cli_roff_literal(out, example->line);
		fputs(".RE\n", out);
	}
}

/* "types:" is a heading, and so is the first word of "hashes: sha256 …", before what it is about. */
static void print_heading(FILE *out, char *line)
{
	char *colon = strchr(line, ':');

	*colon = '\0';
	line[0] = (char)toupper((unsigned char)line[0]);
	fputs(".SS ", out);
	ash_cli_roff(out, line);
	putc('\n', out);
	if (colon[1] != '\0')
		ash_cli_roff_text(out, colon + 1 + strspn(colon + 1, " "));
}

/* What a table adds to the help ("types:", then its rows). */
static void print_more(FILE *out, char *text)
{
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (islower((unsigned char)line[0]) && strchr(line, ':') != NULL)
			print_heading(out, line);
		else
			ash_cli_roff_text(out, line);
	}
}

static ASH_STATUS add_more(FILE *out, const struct ash_cli_command *command)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file;
	bool good;

	if (command->more == NULL)
		return ASH_DONE;
	file = open_memstream(&text, &len);
	ASH_ENSURE(file != NULL, ASH_E_MEMORY);
	command->more(file);
	good = fclose(file) == 0;
	if (good)
		print_more(out, text);
	free(text);
	ASH_ENSURE(good, ASH_E_MEMORY);
	return ASH_DONE;
}

static ASH_STATUS print_command(FILE *out, const struct ash_cli_command *command)
{
	char name[PAGE_NAME_MAX];
	char *usage = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&usage, &len);

	ASH_ENSURE(file != NULL, ASH_E_MEMORY);
	ash_cli_help_usage(file, command);
	ASH_ENSURE(fclose(file) == 0, ASH_E_MEMORY);
	ash_cli_roff_page(out, command_page(command, name), 1, ASHLAR_VERSION, command->summary);
	ash_cli_roff_section(out, "synopsis");
	ash_cli_roff_text(out, usage);
	free(usage);
	if (command->details != NULL) {
		ash_cli_roff_section(out, "description");
		ash_cli_roff_text(out, command->details);
		putc('\n', out);
	}
	print_options(out, command);
	ASH_TRY(add_more(out, command));
	print_examples(out, command);
	ash_cli_roff_section(out, "see also");
	see_page(out, "ashlar", 1);
	fputs(",\n", out);
	see_page(out, "ashlar.conf", 5);
	putc('\n', out);
	return ASH_DONE;
}

static void print_commands(FILE *out)
{
	const struct ash_cli_command *command;
	char name[PAGE_NAME_MAX];

	ash_cli_roff_section(out, "commands");
	for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++) {
		fputs(".TP\n", out);
		see_page(out, command_page(command, name), 1);
		putc('\n', out);
		ash_cli_roff_text(out, command->summary);
		putc('\n', out);
	}
}

static void print_program(FILE *out)
{
	ash_cli_roff_section(out, "synopsis");
	fputs("\\fBashlar\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n", out);
	ash_cli_roff_section(out, "description");
	ash_cli_roff_text(
		out, "Ashlar HSM keeps keys in an encrypted store and uses them on behalf of programs,\n"
		     "which reach it through PKCS#11 and never see a key. This is the command line with\n"
		     "which people make tokens and keys, look at them and look after the store. Each\n"
		     "command has a page of its own, and tells the same with --help.\n"
		     "\n"
		     "PINs are asked for at the terminal, or come from a file, a descriptor or a variable;\n"
		     "never from an argument. With --json the output is one JSON document, for programs.\n");
	print_commands(out);
	print_exit_codes(out);
	print_environment(out);
	ash_cli_roff_section(out, "see also");
	see_page(out, "ashlar.conf", 5);
	putc('\n', out);
}

static const char *kind_values(const struct ash_config_info *info, char values[PAGE_NAME_MAX])
{
	switch (info->kind) {
	case ASH_CONFIG_PATH: return "an absolute path";
	case ASH_CONFIG_SWITCH: return "yes or no";
	case ASH_CONFIG_CHOICE: return info->fallback;
	case ASH_CONFIG_NUMBER:
		snprintf(values, PAGE_NAME_MAX, "%llu to %llu", (unsigned long long)info->low,
			 (unsigned long long)info->high);
		return values;
	case ASH_CONFIG_TEXT: break;
	}
	return "text";
}

static void print_key(FILE *out, const struct ash_config_info *info)
{
	const size_t len =
		info->kind == ASH_CONFIG_CHOICE ? strcspn(info->fallback, "|") : strlen(info->fallback);
	char values[PAGE_NAME_MAX];

	fputs(".TP\n", out);
	ash_cli_roff_bold(out, info->name);
	fputs(" = ", out);
	ash_cli_roff_italic(out, kind_values(info, values));
	putc('\n', out);
	ash_cli_roff(out, info->text);
	if (len > 0)
		fprintf(out, " (default: %.*s).\n", (int)len, info->fallback);
	else
		fputs(".\n", out);
}

static void print_configuration(FILE *out)
{
	ash_cli_roff_section(out, "description");
	ash_cli_roff_text(
		out, "Ashlar needs no configuration. What it reads is one file of \"key = value\" lines:\n"
		     "a line is blank, a comment (# first) or a setting; a value may stand in double\n"
		     "quotes. Every key must be known, none may come twice, every value must fit. A file\n"
		     "that others may write is refused.\n");
	ash_cli_roff_section(out, "keys");
	for (int key = 0; key < ASH_CONFIG_KEYS; key++)
		print_key(out, ash_config_describe((enum ash_config_key)key));
	ash_cli_roff_section(out, "files");
	ash_cli_roff_text(
		out, "The first of these that is there is read, and no other:\n\n"
		     "    the file in $ASHLAR_CONF, which must be there\n"
		     "    ashlar.conf in the folder $ASHLAR_HOME, which ends the search\n"
		     "    $XDG_CONFIG_HOME/ashlar/ashlar.conf, or ~/.config/ashlar/ashlar.conf\n"
		     "    /etc/ashlar/ashlar.conf\n\n"
		     "Without store.path the store is in $ASHLAR_HOME, else root's in /var/lib/ashlar and\n"
		     "a user's in $XDG_DATA_HOME/ashlar or ~/.local/share/ashlar.\n");
	ash_cli_roff_section(out, "see also");
	see_page(out, "ashlar", 1);
	fputs(",\n", out);
	see_page(out, "ashlar-doctor", 1);
	putc('\n', out);
}

static const struct ash_cli_column columns[] = {
	{ "page", "Page", 0 },
	{ "section", "Section", ASH_CLI_COLUMN_RIGHT },
	{ "about", "About", 0 },
	{ NULL, NULL, 0 },
};

static ASH_STATUS add_page(struct ash_cli_list *list, const char *name, int section, const char *title)
{
	json_t *row;

	ASH_TRY(ash_cli_list_add(list, &row));
	ASH_TRY(ash_cli_set_text(row, "page", ash_span_text(name)));
	ASH_TRY(ash_cli_set_number(row, "section", (uint64_t)section));
	return ash_cli_set_text(row, "about", ash_span_text(title));
}

static ASH_STATUS list_pages(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	const struct ash_cli_command *command;
	char name[PAGE_NAME_MAX];

	ASH_TRY(ash_cli_list_init(&list, "pages", columns));
	for (size_t i = 0; i < ASH_COUNT(pages); i++)
		ASH_TRY(add_page(&list, pages[i].name, pages[i].section, pages[i].title));
	for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++)
		ASH_TRY(add_page(&list, command_page(command, name), 1, command->summary));
	return ash_cli_print_list(cli, &list, "");
}

static ASH_STATUS manual(struct ash_cli *cli)
{
	const char *wanted = cli->word_count > 0 ? cli->words[0] : NULL;
	const struct ash_cli_command *command;
	char name[PAGE_NAME_MAX];
	struct ash_status status;

	if (wanted == NULL)
		return list_pages(cli);
	for (size_t i = 0; i < ASH_COUNT(pages); i++) {
		if (strcmp(wanted, pages[i].name) == 0) {
			ash_cli_roff_page(cli->out, pages[i].name, pages[i].section, ASHLAR_VERSION,
					  pages[i].title);
			pages[i].print(cli->out);
			return ASH_DONE;
		}
	}
	for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++) {
		if (strcmp(wanted, command_page(command, name)) == 0)
			return print_command(cli->out, command);
	}
	status = ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "there is no page \"%s\"",
				ash_cli_escaped(ash_span_text(wanted)).text);
	ash_cli_hint(cli, "`ashlar manual` lists them");
	return status;
}

const struct ash_cli_command ash_cli_cmd_manual = {
	.name = "manual",
	.summary = "print a manual page, for man",
	.details = "Without PAGE it lists the pages: one for each command (`ashlar-key-list`), `ashlar` and\n"
		   "`ashlar.conf`. They are made from what --help is made of, and are installed with it.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_common_options, NULL },
	.words = "[PAGE]",
	.words_max = 1,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar manual", NULL },
			{ "ashlar manual ashlar-key-generate | man -l -", "read one without installing it" },
			{ NULL, NULL },
		},
	.run = manual,
	.alone = true,
};
