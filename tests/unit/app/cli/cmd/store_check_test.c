#include "app/cli/cmd/store_check.h"

#include "unit/app/cli/fake.h"

/* With the messages of the child: its standard error goes through a file of its own. */
static struct ash_hsm hsm;
static unsigned damaged;

static const struct ash_cli_column columns[] = {
	{ "part", "", 0 },    { "slot", "", 0 },    { "record", "", 0 }, { "state", "", 0 },
	{ "checked", "", 0 }, { "finding", "", 0 }, { NULL, NULL, 0 },
};

/* The rows as JSON, or "" where it failed. */
static const char *check(enum ash_cli_exit want)
{
	static char text[2000];
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_cli cli = fake_cli(&hsm);
	struct ash_status status;
	char *rows = NULL;

	damaged = 77;
	EXPECT_OK(ash_cli_list_init(&list, "findings", columns));
	status = ash_cli_store_check(&cli, &list, &damaged);
	EXPECT((status.code == ASH_OK) == (want == ASH_CLI_DONE));
	EXPECT_NUMBER(want, cli.exit);
	rows = json_dumps(list.rows, JSON_COMPACT);
	EXPECT(rows != NULL);
	strcpy(text, ash_is_ok(status) ? rows : "");
	free(rows);
	fake_close(&cli);
	return text;
}

TEST(each_finding_is_a_row)
{
	static const struct ash_finding findings[] = {
		{ .part = "pages", .checked = 12 },
		{ .part = "PINs", .place = { 3, 4, 9 }, .verdict = ASH_VERDICT_DAMAGED, .text = "hurt" },
		{ .part = "PINs",
		  .place = { 3, 4, 0 },
		  .verdict = ASH_VERDICT_DAMAGED,
		  .checked = 2,
		  .damaged = 1 },
		{ .part = "rest", .verdict = ASH_VERDICT_UNCHECKED, .text = "no \"PIN\"" },
	};

	hsm = (struct ash_hsm)FAKE_HSM;
	hsm.check = (struct fake_check){ .findings = findings, .count = ASH_COUNT(findings) };
	EXPECT_TEXT("[{\"part\":\"pages\",\"slot\":null,\"record\":null,\"state\":\"sound\",\"checked\":12,"
		    "\"finding\":null},"
		    "{\"part\":\"PINs\",\"slot\":3,\"record\":9,\"state\":\"damaged\",\"checked\":null,"
		    "\"finding\":\"hurt\"},"
		    "{\"part\":\"PINs\",\"slot\":3,\"record\":null,\"state\":\"damaged\",\"checked\":2,"
		    "\"finding\":null},"
		    "{\"part\":\"rest\",\"slot\":null,\"record\":null,\"state\":\"not checked\","
		    "\"checked\":null,\"finding\":\"no \\\"PIN\\\"\"}]",
		    check(ASH_CLI_DONE));
	EXPECT_NUMBER(1, damaged);
}

TEST(a_check_that_dies_is_damage)
{
	static const struct ash_finding findings[] = { { .part = "pages", .checked = 12 } };
	const char *rows = NULL;

	hsm = (struct ash_hsm)FAKE_HSM;
	hsm.check = (struct fake_check){ .findings = findings, .count = 1, .dies_by = SIGBUS };
	rows = check(ASH_CLI_DONE);
	EXPECT(strstr(rows, "killed by signal 7") != NULL);
	EXPECT_NUMBER(1, damaged);
}

TEST(a_check_that_somebody_ends_says_nothing_of_the_store)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGINT };

	hsm = (struct ash_hsm)FAKE_HSM;
	for (size_t i = 0; i < ASH_COUNT(signals); i++) {
		hsm.check.dies_by = signals[i];
		EXPECT_TEXT("", check(ASH_CLI_FAILED));
		EXPECT_NUMBER(77, damaged);
	}
}

TEST(a_check_that_fails_is_a_failure)
{
	hsm = (struct ash_hsm)FAKE_HSM;
	hsm.fails = "check_store";
	hsm.code = ASH_E_VERSION;
	EXPECT_TEXT("", check(ASH_CLI_STORAGE));
	hsm.code = ASH_E_NOT_FOUND;
	EXPECT_TEXT("", check(ASH_CLI_NOT_FOUND));
	hsm.fails = "open";
	hsm.code = ASH_E_CONFIG;
	EXPECT_TEXT("", check(ASH_CLI_STORAGE));
	EXPECT_NUMBER(77, damaged);
}
