#include "unit/app/cli/fake.h"

TEST(no_two_options_of_a_command_are_the_same)
{
	const struct ash_cli_command *command;

	for (size_t i = 0; (command = ash_cli_command_at(i)) != NULL; i++) {
		const struct ash_cli_option *all[64];
		size_t count = 0;

		for (const struct ash_cli_option *const *group = command->options; *group != NULL; group++) {
			for (const struct ash_cli_option *option = *group; option->name != NULL; option++)
				all[count++] = option;
		}
		for (size_t a = 0; a < count; a++) {
			for (size_t b = 0; b < a; b++) {
				EXPECT(strcmp(all[a]->name, all[b]->name) != 0);
				EXPECT(all[a]->letter == 0 || all[a]->letter != all[b]->letter);
			}
		}
	}
}

TEST(a_missing_or_unknown_command_is_wrong_usage)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_USAGE, fake_run(&hsm, (const char *const[]){ NULL }));
	EXPECT_TEXT("", fake_out);
	EXPECT(strstr(fake_err, "commands:") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "key"));
	EXPECT(strstr(fake_err, "key list") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "key", "lis\x1bt"));
	EXPECT(strstr(fake_err, "there is no command \"key lis\\x1bt\"") != NULL);
	EXPECT(strstr(fake_err, "see: ashlar key --help") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "keys", "list"));
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "--json", "token", "list"));
	EXPECT_NUMBER(0, hsm.calls);
}

TEST(help_is_asked_for_in_every_way)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "--help"));
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "-h"));
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "help"));
	EXPECT(strstr(fake_out, "exit codes") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "key", "--help"));
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "key", "list", "--help"));
	EXPECT(strstr(fake_out, "usage: ashlar key list") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "help", "key", "list"));
	EXPECT(strstr(fake_out, "usage: ashlar key list") != NULL);
	EXPECT_TEXT("", fake_err);
	EXPECT_NUMBER(0, hsm.calls);
}

TEST(a_start_that_fails_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.fails = "open";
	hsm.code = ASH_E_CONFIG;
	EXPECT_NUMBER(ASH_CLI_STORAGE, RUN(&hsm, "token", "list"));
	EXPECT(strstr(fake_err, "ashlar: can't start: the configuration is wrong") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "version"));
}

TEST(what_nobody_told_is_told_at_the_end)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.fails = "info";
	hsm.code = ASH_E_MEMORY;
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "info"));
	EXPECT_TEXT("ashlar: can't do `ashlar info`: out of memory\n", fake_err);
}
