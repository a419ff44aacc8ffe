#include "unit/app/cli/fake.h"

static const struct ash_finding sound[] = { { .part = "pages", .checked = 12 } };
static const struct ash_finding hurt[] = {
	{ .part = "pages", .verdict = ASH_VERDICT_DAMAGED, .text = "page 7" },
	{ .part = "pages", .verdict = ASH_VERDICT_DAMAGED, .checked = 12, .damaged = 1 },
};

TEST(check_prints_its_report_and_then_says_whether_all_is_sound)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.check = (struct fake_check){ .findings = sound, .count = 1 };
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "store", "check"));
	EXPECT(strstr(fake_out, "pages") != NULL && strstr(fake_out, "sound") != NULL);
	EXPECT_TEXT("", fake_err);
	hsm.check = (struct fake_check){ .findings = hurt, .count = 2 };
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "store", "check", "--json"));
	EXPECT(strstr(fake_out, "\"finding\": \"page 7\"") != NULL);
	EXPECT(strstr(fake_err, "ashlar: the store is damaged: 1 of its parts") != NULL);
	hsm.fails = "check_store";
	hsm.code = ASH_E_CORRUPT;
	EXPECT_NUMBER(ASH_CLI_STORAGE, RUN(&hsm, "store", "check"));
	EXPECT_TEXT("", fake_out);
}

TEST(check_takes_a_pin_only_where_one_is_given)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.check = (struct fake_check){ .findings = sound, .count = 1 };
	EXPECT_NUMBER(0, setenv("STORE_PIN", "user-pin", 1));
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "store", "check", "--pin-env", "STORE_PIN"));
	EXPECT_NUMBER(0, setenv("STORE_PIN", "wrong", 1));
	EXPECT_NUMBER(ASH_CLI_PIN, RUN(&hsm, "store", "check", "--pin-env", "STORE_PIN"));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND,
		      RUN(&hsm, "store", "check", "--pin-env", "STORE_PIN", "--token", "other"));
	EXPECT_NUMBER(0, unsetenv("STORE_PIN"));
}

TEST(compact_says_what_it_gained)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "store", "compact", "--json"));
	EXPECT(strstr(fake_out, "\"before\": 8192") != NULL && strstr(fake_out, "\"after\": 4096") != NULL);
	hsm.fails = "compact_store";
	hsm.code = ASH_E_FULL;
	EXPECT_NUMBER(ASH_CLI_STORAGE, RUN(&hsm, "store", "compact"));
	hsm.code = ASH_E_NOT_FOUND;
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, RUN(&hsm, "store", "compact"));
	EXPECT(strstr(fake_err, "there is no store") != NULL);
}

TEST(backup_wants_one_file)
{
	struct ash_hsm hsm = FAKE_HSM;
	char here[400], want[420];

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "store", "backup", "/tmp/backup.db"));
	EXPECT_TEXT("/tmp/backup.db", fake_backup);
	EXPECT(strstr(fake_out, "root key is not in it") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "store", "backup", "copy.db"));
	EXPECT(getcwd(here, sizeof(here)) != NULL);
	(void)snprintf(want, sizeof(want), "%s/copy.db", here);
	EXPECT_TEXT(want, fake_backup);

	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "store", "backup", "/no-such-folder/store.db"));
	EXPECT(strstr(fake_err, "can't back up to /no-such-folder/store.db: No such file") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "store", "backup"));
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "store", "backup", ""));
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "store", "backup", "a", "b"));
	hsm.fails = "backup_store";
	hsm.code = ASH_E_EXISTS;
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "store", "backup", "a"));
	EXPECT(strstr(fake_err, "can't back up the store to") != NULL);
	EXPECT_TEXT("", fake_out);
}
