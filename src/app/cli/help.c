/* Help, made from the tables. */
#include <string.h>

#include "app/cli/cli.h"

#define OPTION_ROOM 40
#define TEXT_COLUMN 26

static const struct {
	int code;
	const char *text;
} exit_codes[] = {
#define ASH_CLI_EXIT(id, code, text) { (code), (text) },
#include "app/cli/exit_codes.h"
#undef ASH_CLI_EXIT
};

static bool in_group(const char *name, const char *prefix)
{
	size_t len = prefix != NULL ? strlen(prefix) : 0;

	return prefix == NULL || (strncmp(name, prefix, len) == 0 && name[len] == ' ');
}

void ash_cli_help_overview(FILE *out, const char *prefix)
{
	const struct ash_cli_command *command;

	fprintf(out, "usage: ashlar %s%sCOMMAND [OPTION]...\n\ncommands:\n", prefix != NULL ? prefix : "",
		prefix != NULL ? " " : "");
	for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++) {
		if (in_group(command->name, prefix))
			fprintf(out, "  %-18s %s\n", command->name, command->summary);
	}
	fputs("\n`ashlar COMMAND --help` says more of one.\n", out);
	if (prefix != NULL)
		return;
	fputs("\nexit codes:\n", out);
	for (size_t i = 0; i < ASH_COUNT(exit_codes); i++)
		fprintf(out, "  %d  %s\n", exit_codes[i].code, exit_codes[i].text);
	fputs("\nenvironment:\n"
	      "  ASHLAR_CONF    the configuration file to read\n"
	      "  ASHLAR_HOME    the folder of configuration and store\n"
	      "  NO_COLOR       set and not empty: no colours\n",
	      out);
}

static void print_option(FILE *out, const struct ash_cli_option *option)
{
	char letter[] = { '-', option->letter, ',', ' ', '\0' };
	char text[OPTION_ROOM];

	snprintf(text, sizeof(text), "%s--%s%s%s", option->letter != 0 ? letter : "    ", option->name,
		 option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
	fprintf(out, "  %-*s %s%s\n", TEXT_COLUMN, text, option->text, option->required ? " (needed)" : "");
}

static void print_options(FILE *out, const struct ash_cli_command *command)
{
	fputs("\noptions:\n", out);
	for (const struct ash_cli_option *const *group = command->options; *group != NULL; group++) {
		for (const struct ash_cli_option *option = *group; option->name != NULL; option++) {
			if (option->text != NULL)
				print_option(out, option);
		}
	}
}

static void print_usage(FILE *out, const struct ash_cli_command *command)
{
	fprintf(out, "usage: ashlar %s", command->name);
	for (const struct ash_cli_option *const *group = command->options; *group != NULL; group++) {
		for (const struct ash_cli_option *option = *group; option->name != NULL; option++) {
			if (option->required)
				fprintf(out, " --%s %s", option->name, option->value);
		}
	}
	fprintf(out, " [OPTION]...%s%s%s\n", command->takes_object ? " [URI]" : "",
		command->words != NULL ? " " : "", command->words != NULL ? command->words : "");
}

void ash_cli_help_command(FILE *out, const struct ash_cli_command *command)
{
	fprintf(out, "ashlar %s: %s\n\n", command->name, command->summary);
	print_usage(out, command);
	if (command->details != NULL)
		fprintf(out, "\n%s\n", command->details);
	print_options(out, command);
	if (command->more != NULL)
		command->more(out);
	if (command->examples == NULL)
		return;
	fputs("\nexamples:\n", out);
	for (const struct ash_cli_example *example = command->examples; example->line != NULL; example++) {
		if (example->what != NULL)
			fprintf(out, "  # %s\n", example->what);
		fprintf(out, "  %s\n", example->line);
	}
}
