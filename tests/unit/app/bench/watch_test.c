#include "app/bench/watch.h"

#include "unit/test.h"

static double number(const json_t *told, const char *clock, const char *value)
{
	return json_real_value(json_object_get(json_object_get(told, clock), value));
}

TEST(samples_are_told_by_rank)
{
	ASH_AUTO(ash_bench_samples) samples = { .count = 0 };
	ASH_BENCH_AUTO_JSON *told = NULL;

	/* 1 to 1000 µs of CPU time, the largest first; the clock shows twice as much. */
	for (uint64_t us = 1000; us > 0; us--)
		EXPECT_OK(ash_bench_samples_add(&samples, (struct ash_bench_cost){ 1000 * us, 2000 * us }));
	EXPECT_OK(ash_bench_samples_tell(&samples, &told));
	EXPECT_NUMBER(1000, json_integer_value(json_object_get(told, "samples")));
	EXPECT(number(told, "cpu_us", "p50") == 500.0 && number(told, "cpu_us", "p99") == 990.0);
	EXPECT(number(told, "cpu_us", "mean") == 500.5 && number(told, "wall_us", "p99") == 1980.0);
}

TEST(one_sample_is_all_there_is)
{
	ASH_AUTO(ash_bench_samples) samples = { .count = 0 };
	ASH_BENCH_AUTO_JSON *told = NULL;

	EXPECT_OK(ash_bench_samples_add(&samples, (struct ash_bench_cost){ 7000, 9000 }));
	EXPECT_OK(ash_bench_samples_tell(&samples, &told));
	EXPECT(number(told, "cpu_us", "p50") == 7.0 && number(told, "cpu_us", "p99") == 7.0);
}

struct spinner {
	size_t calls, fails_at;
	uint64_t spin_ns;
};

static struct ash_status spin(void *context, size_t n)
{
	struct spinner *spinner = context;
	const struct ash_bench_cost start = ash_bench_clocks();

	EXPECT_NUMBER(spinner->calls++, n);
	ASH_ENSURE(spinner->calls != spinner->fails_at, ASH_E_FAILED);
	while (ash_bench_since(start).wall_ns < spinner->spin_ns)
		continue;
	return ASH_DONE;
}

TEST(an_act_is_repeated_as_often_as_asked)
{
	ASH_AUTO(ash_bench_samples) samples = { .count = 0 };
	struct spinner spinner = { .spin_ns = 1000 };

	EXPECT_OK(ash_bench_sample(spin, &spinner, 300, 60000, &samples));
	EXPECT(spinner.calls == 300 && samples.count == 300);
	for (size_t i = 0; i < samples.count; i++)
		EXPECT(samples.wall_ns[i] >= 1000);
}

TEST(a_slow_act_ends_early_but_is_done_once)
{
	ASH_AUTO(ash_bench_samples) samples = { .count = 0 };
	struct spinner spinner = { .spin_ns = 3000000 };

	EXPECT_OK(ash_bench_sample(spin, &spinner, 1000, 10, &samples));
	EXPECT(samples.count >= 1 && samples.count <= 4);
	spinner.calls = 0;
	EXPECT_OK(ash_bench_sample(spin, &spinner, 1000, 0, &samples));
	EXPECT_NUMBER(1, spinner.calls);
}

TEST(an_act_that_fails_ends_it)
{
	ASH_AUTO(ash_bench_samples) samples = { .count = 0 };
	struct spinner spinner = { .fails_at = 3 };

	EXPECT_CODE(ASH_E_FAILED, ash_bench_sample(spin, &spinner, 10, 1000, &samples));
	EXPECT_NUMBER(2, samples.count);
}

TEST(no_memory_is_told)
{
	for (int64_t n = 0; n < 2; n++) {
		ASH_AUTO(ash_bench_samples) samples = { .count = 0 };

		ash_mem_fail_after(n);
		EXPECT_CODE(ASH_E_MEMORY, ash_bench_samples_add(&samples, (struct ash_bench_cost){ 1, 1 }));
		ash_mem_fail_after(-1);
		EXPECT_OK(ash_bench_samples_add(&samples, (struct ash_bench_cost){ 1, 1 }));
	}
}
