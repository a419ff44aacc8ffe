#include "unit/app/cli/fake.h"
#include "unit/app/foreign/softhsm_folder.h"

#define IMPORT(hsm, ...)                                                        \
	(setenv("TEST_PIN", "user-pin", 1), setenv("SOFT_PIN", SOFTHSM_PIN, 1), \
	 RUN(hsm, "import", "softhsm", "--pin-env", "TEST_PIN", "--from-pin-env", "SOFT_PIN", __VA_ARGS__))

TEST(a_token_comes_over)
{
	struct ash_hsm hsm = FAKE_HSM;
	char folder[64];

	softhsm_folder(folder);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      IMPORT(&hsm, "--tokendir", folder, "--from-token", SOFTHSM_TOKEN, "--json"));
	EXPECT(strstr(fake_out, "\"a label\"") != NULL && strstr(fake_out, "\"secret\"") != NULL);
	EXPECT(hsm.objects[1].used && !hsm.objects[2].used);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      IMPORT(&hsm, "--tokendir", folder, "--from-slot", "1373915809", "--dry-run"));
	EXPECT(strstr(fake_out, "would come") != NULL);
	softhsm_remove(folder);
}

TEST(what_is_not_there_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	char folder[64];

	softhsm_folder(folder);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, IMPORT(&hsm, "--tokendir", folder, "--from-token", "other"));
	EXPECT(strstr(fake_err, "there is: \"a token\", slot 1373915809") != NULL);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, IMPORT(&hsm, "--tokendir", folder, "--from-slot", "1"));
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--tokendir", folder, "--from-slot", "x"));
	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--tokendir", "/nonexistent"));
	setenv("SOFTHSM2_CONF", "/nonexistent/conf", 1);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, IMPORT(&hsm, "--dry-run"));
	EXPECT(strstr(fake_err, "--tokendir FOLDER") != NULL);
	setenv("TEST_PIN", "user-pin", 1);
	setenv("SOFT_PIN", "wrong", 1);
	EXPECT_NUMBER(ASH_CLI_PIN, RUN(&hsm, "import", "softhsm", "--pin-env", "TEST_PIN", "--from-pin-env",
				       "SOFT_PIN", "--tokendir", folder));
	EXPECT(strstr(fake_err, "the PIN is wrong") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "import", "softhsm", "--from-pin", "secret"));
	EXPECT(strstr(fake_err, "--from-pin-file") != NULL && strstr(fake_err, "secret") == NULL);
	EXPECT(!hsm.objects[0].used);
	softhsm_remove(folder);
}
