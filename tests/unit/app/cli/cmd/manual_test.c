#include "unit/app/cli/fake.h"

#include "util/config.h"

static struct ash_hsm hsm;

TEST(it_lists_a_page_for_each_command)
{
	const struct ash_cli_command *command;

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "manual", "--json"));
	EXPECT(strstr(fake_out, "\"ashlar-key-generate\"") != NULL &&
	       strstr(fake_out, "\"ashlar.conf\"") != NULL);
	for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++)
		EXPECT(strstr(fake_out, command->summary) != NULL);
}

TEST(a_commands_page_has_all_of_its_table)
{
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "manual", "ashlar-key-generate"));
	EXPECT(strstr(fake_out, ".TH ASHLAR\\-KEY\\-GENERATE 1") != NULL);
	EXPECT(strstr(fake_out, "\nashlar key generate \\-\\-type TYPE") != NULL);
	EXPECT(strstr(fake_out,
		      "\\fB\\-l\\fR, \\fB\\-\\-label\\fR \\fILABEL\\fR\nwhat to call it (needed)\n") != NULL);
	EXPECT(strstr(fake_out, "\n.SS Usages\n.nf\n") != NULL);
	EXPECT(strstr(fake_out, "\n.SH EXAMPLES\n") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "manual", "ashlar-hash"));
	EXPECT(strstr(fake_out, "\n.SS Hashes\nsha1 sha224 ") != NULL);
	EXPECT(strstr(fake_out, "\\-\\-pin\\fR") == NULL); /* refused: not in the help either */
}

TEST(the_programs_page_names_commands_codes_and_variables)
{
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "manual", "ashlar"));
	EXPECT(strstr(fake_out, "\\fBashlar\\-token\\-list\\fR(1)") != NULL);
	EXPECT(strstr(fake_out, "\\fB3\\fR\nthe PIN is wrong") != NULL);
	EXPECT(strstr(fake_out, "\\fBASHLAR_HOME\\fR") != NULL);
}

TEST(the_configurations_page_names_every_key)
{
	char line[128];

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "manual", "ashlar.conf"));
	EXPECT(strstr(fake_out, ".TH ASHLAR.CONF 5") != NULL);
	for (int key = 0; key < ASH_CONFIG_KEYS; key++) {
		const struct ash_config_info *info = ash_config_describe((enum ash_config_key)key);

		snprintf(line, sizeof(line), "\\fB%.*s", (int)strcspn(info->name, "-"), info->name);
		EXPECT(strstr(fake_out, line) != NULL);
	}
	EXPECT(strstr(fake_out, "4 to 255") != NULL && strstr(fake_out, "(default: sqlite)") != NULL);
}

TEST(a_page_that_is_not_there_is_refused)
{
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, RUN(&hsm, "manual", "ashlar-key"));
	EXPECT_TEXT("", fake_out);
	EXPECT(strstr(fake_err, "`ashlar manual` lists them") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "manual", "ashlar", "ashlar"));
}
