#include "unit/app/cli/fake.h"

static struct ash_status fail_with(enum ash_code code, const char *explanation)
{
	if (explanation != NULL)
		ASH_FAIL_WITH(code, "%s", explanation);
	ASH_FAIL(code);
}

static enum ash_cli_exit told(enum ash_code code, const char *explanation)
{
	struct ash_cli cli = fake_cli(NULL);
	struct ash_status status = fail_with(code, explanation);

	EXPECT_CODE(code, ash_cli_fail(&cli, status, "can't use \"%s\"", "it"));
	fake_close(&cli);
	return cli.exit;
}

TEST(a_failure_says_what_and_why)
{
	EXPECT_NUMBER(ASH_CLI_PIN, told(ASH_E_PIN_INCORRECT, NULL));
	EXPECT_TEXT("ashlar: can't use \"it\": the PIN is wrong\n", fake_err);
	EXPECT_TEXT("", fake_out);
	EXPECT_NUMBER(ASH_CLI_STORAGE, told(ASH_E_ACCESS, "/x/y has mode 0777\n\x1b[2J"));
	EXPECT(strstr(fake_err, "\n  /x/y has mode 0777??[2J\n") != NULL);
	EXPECT_NUMBER(ASH_CLI_PIN, told(ASH_E_PIN_NOT_INITIALIZED, NULL));
	EXPECT(strstr(fake_err, "security officer") != NULL);
	EXPECT_NUMBER(ASH_CLI_STORAGE, told(ASH_E_IO, "x: Is a directory"));
	EXPECT_TEXT("ashlar: can't use \"it\": x: Is a directory\n", fake_err);
	EXPECT_NUMBER(ASH_CLI_STORAGE, told(ASH_E_IO, NULL));
	EXPECT_TEXT("ashlar: can't use \"it\": the storage answered with an error\n", fake_err);
	EXPECT_NUMBER(ASH_CLI_FAILED, told(ASH_E_BUG, NULL));
	EXPECT(strstr(fake_err, "failure_test.c:") != NULL);
}

TEST(a_long_message_is_cut)
{
	struct ash_cli cli = fake_cli(NULL);
	char long_text[5000];

	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	ash_cli_warn(&cli, "%s", long_text);
	ash_cli_hint(&cli, "%s", long_text);
	fake_close(&cli);
	EXPECT(fake_err_len < 3000);
	EXPECT(strncmp(fake_err, "ashlar: warning: xxx", 20) == 0);
}

TEST(the_first_failure_decides_the_exit_code)
{
	struct ash_cli cli = fake_cli(NULL);

	EXPECT_CODE(ASH_E_NOT_FOUND, ash_cli_refuse(&cli, ASH_CLI_NOT_FOUND, "no key %d", 1));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_refuse(&cli, ASH_CLI_USAGE, "no key %d", 2));
	fake_close(&cli);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, cli.exit);
}

TEST(every_code_has_an_exit_code_and_only_ok_is_0)
{
	for (unsigned code = 0; code < ASH_CODES; code++)
		EXPECT((ash_cli_exit_code((enum ash_code)code) == ASH_CLI_DONE) == (code == ASH_OK));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, ash_cli_exit_code(ASH_E_OBJECT_HANDLE));
	EXPECT_NUMBER(ASH_CLI_FAILED, ash_cli_exit_code(ASH_E_MEMORY));
}
