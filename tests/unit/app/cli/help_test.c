#include "unit/app/cli/fake.h"

static const char *overview(const char *prefix)
{
	struct ash_cli cli = fake_cli(NULL);

	ash_cli_help_overview(cli.out, prefix);
	fake_close(&cli);
	return fake_out;
}

TEST(the_overview_names_every_command_and_exit_code)
{
	const struct ash_cli_command *command;

	overview(NULL);
	for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++)
		EXPECT(strstr(fake_out, command->summary) != NULL);
	EXPECT(strstr(fake_out, "3  the PIN is wrong") != NULL);
	EXPECT(strstr(fake_out, "ASHLAR_HOME") != NULL);
}

TEST(a_group_has_its_own)
{
	overview("key");
	EXPECT(strstr(fake_out, "key delete") != NULL);
	EXPECT(strstr(fake_out, "token list") == NULL);
	EXPECT(strstr(fake_out, "exit codes") == NULL);
}

TEST(every_command_has_help_from_its_table)
{
	const struct ash_cli_command *command;

	for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++) {
		struct ash_cli cli = fake_cli(NULL);

		ash_cli_help_command(cli.out, command);
		fake_close(&cli);
		EXPECT(strstr(fake_out, command->name) != NULL);
		EXPECT(strstr(fake_out, "examples:") != NULL);
		EXPECT(strstr(fake_out, "-h, --help") != NULL);
		EXPECT(strstr(fake_out, "--pin ") == NULL);
		for (const struct ash_cli_option *const *group = command->options; *group != NULL; group++) {
			for (const struct ash_cli_option *option = *group; option->name != NULL; option++)
				EXPECT(option->text == NULL || strstr(fake_out, option->name) != NULL);
		}
	}
}

TEST(what_is_needed_stands_in_the_usage)
{
	struct ash_cli cli = fake_cli(NULL);

	ash_cli_help_command(cli.out, &ash_cli_cmd_key_generate);
	fake_close(&cli);
	EXPECT(strstr(fake_out, "usage: ashlar key generate --type TYPE --label LABEL [OPTION]...") != NULL);
	EXPECT(strstr(fake_out, "ml-dsa-65") != NULL);
}
