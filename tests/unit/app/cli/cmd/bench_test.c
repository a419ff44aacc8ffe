/* What can be told without a module; tests/integration/cli/bench_test.py measures one. */
#include "unit/app/cli/fake.h"

static void expect_usage(const char *message, const char *command, const char *option, const char *value)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "bench", command, option, value));
	EXPECT(strstr(fake_err, message) != NULL);
	EXPECT_NUMBER(0, fake_out_len);
}

TEST(bench_refuses_what_is_no_number_or_list)
{
	expect_usage("multiples of 100", "scale", "--counts", "150");
	expect_usage("with commas", "scale", "--counts", "many");
	expect_usage("--budget takes at least 1", "scale", "--budget", "0");
	expect_usage("no list", "scale", "--module", "a,,b");
	expect_usage("no list", "create", "--module", "");
	expect_usage("from 1 to 256", "create", "--threads", "0");
	expect_usage("from 1 to 256", "create", "--threads", "1,257");
	expect_usage("from 1 to 256", "create", "--threads", "1,x");
	expect_usage("--pairs takes at least 1", "create", "--pairs", "0");
	expect_usage("needs --svg FILE", "chart", "--results", "a");
}

TEST(bench_tells_of_a_module_that_is_none)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "bench", "scale", "--module", "/nowhere.so"));
	EXPECT(strstr(fake_err, "can't measure /nowhere.so: /nowhere.so: ") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "bench", "create", "--module", "/nowhere.so"));
	EXPECT(strstr(fake_err, "/nowhere.so") != NULL);
	EXPECT_NUMBER(0, fake_out_len);
}

TEST(bench_draws_no_chart_of_what_is_no_result)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "bench", "chart", "--results", "/dev/null", "--svg",
					  "/tmp/ashlar-no-chart.svg"));
	EXPECT(strstr(fake_err, "/dev/null is no result of `ashlar bench scale`") != NULL);
	EXPECT(access("/tmp/ashlar-no-chart.svg", F_OK) != 0);
}
