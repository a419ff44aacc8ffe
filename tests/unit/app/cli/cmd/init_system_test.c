/* What it makes is seen by tests/integration/install/system_test.py, in a system of its own. */
#include "unit/app/cli/fake.h"

TEST(only_root_may_do_it)
{
	struct ash_hsm hsm = FAKE_HSM;
	const bool root = geteuid() == 0;

	if (root)
		EXPECT(seteuid(65534) == 0);
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "init", "--system"));
	EXPECT(strstr(fake_err, "only root") != NULL && strstr(fake_err, "--dry-run") != NULL);
	EXPECT_TEXT("", fake_out);
	if (root)
		EXPECT(seteuid(0) == 0);
}

TEST(it_makes_no_token)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "init", "--system", "--label", "x"));
	EXPECT(strstr(fake_err, "one at a time") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "init", "--dry-run", "--label", "x"));
	EXPECT(strstr(fake_err, "goes with --system") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "init"));
	EXPECT(strstr(fake_err, "needs --label LABEL") != NULL);
}
