/* What can be told without an HSM; tests/integration/cli runs vectors. */
#include "unit/app/cli/fake.h"

TEST(selftest_needs_vectors)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "selftest"));
	EXPECT(strstr(fake_err, "--vectors") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "selftest", "--help"));
	EXPECT(strstr(fake_out, "--vectors DIR") != NULL && strstr(fake_out, "--module PATH") != NULL);
	EXPECT(strstr(fake_out, "no other self-tests") != NULL);
}

TEST(selftest_wants_no_token_without_a_module)
{
	static const char *const options[][2] = { { "--token", "ca" },
						  { "--slot", "0" },
						  { "--pin-file", "f" } };
	struct ash_hsm hsm = FAKE_HSM;

	for (size_t i = 0; i < ASH_COUNT(options); i++) {
		EXPECT_NUMBER(ASH_CLI_USAGE,
			      RUN(&hsm, "selftest", "--vectors", "/tmp", options[i][0], options[i][1]));
		EXPECT(strstr(fake_err, "--module") != NULL);
	}
}

TEST(selftest_tells_of_a_module_that_is_none)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "selftest", "--vectors", "/tmp", "--module", "/dev/null"));
	EXPECT(strstr(fake_err, "can't use the module /dev/null") != NULL);
	EXPECT_NUMBER(0, fake_out_len);
}

static struct ash_status no_memory(ASH_UNUSED struct ash_cli *cli)
{
	return ash_status_fail(ASH_E_MEMORY, __FILE__, __LINE__);
}

TEST(selftest_leaves_the_configured_hsm_alone)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	char *argv[] = { (char[]){ "ashlar" }, (char[]){ "selftest" }, (char[]){ "--vectors" },
			 (char[]){ "/tmp" }, NULL };

	cli.open = NULL; /* would crash */
	cli.open_in_memory = no_memory;
	EXPECT_NUMBER(ASH_CLI_FAILED, ash_cli_run(&cli, 4, argv));
	fake_close(&cli);
	EXPECT(strstr(fake_err, "can't start") != NULL);
}
