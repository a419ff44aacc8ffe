#include "app/bench/fill.h"

#include "unit/app/bench/fake_guest.h"

static void expect_made(uint64_t from, uint64_t to)
{
	for (uint64_t i = 0; i < FAKE_PAIRS; i++)
		EXPECT_NUMBER(i >= from && i < to, fake.made[i]);
}

TEST(each_pair_is_made_once)
{
	struct ash_bench_guest guest = fake_guest();
	struct ash_bench_cost cost = { 0, 0 };
	uint64_t next = 0;

	EXPECT_OK(ash_bench_fill(&guest, 100, 3000, 16, 0, &next, &cost));
	EXPECT(next == 3000 && fake.opened == 16 && fake.sessions == 0);
	EXPECT(cost.wall_ns > 0 && cost.cpu_ns > 0);
	expect_made(100, 3000);
}

TEST(when_time_is_up_all_below_the_next_are_made)
{
	struct ash_bench_guest guest = fake_guest();
	struct ash_bench_cost cost = { 0, 0 };
	uint64_t next = 0;

	fake.delay_us = 10000;
	EXPECT_OK(ash_bench_fill(&guest, 0, FAKE_PAIRS, 4, 100, &next, &cost));
	EXPECT(next > 0 && next < FAKE_PAIRS && cost.wall_ns >= 100000000);
	expect_made(0, next);
}

TEST(the_first_failure_ends_all_threads)
{
	struct ash_bench_guest guest = fake_guest();
	struct ash_bench_cost cost = { 0, 0 };
	uint64_t next = 77;

	fake.fail_at = 10;
	fake.delay_us = 1000;
	EXPECT_CODE(ASH_E_FAILED, ash_bench_fill(&guest, 0, FAKE_PAIRS, 8, 0, &next, &cost));
	EXPECT(strstr(ash_status_explanation(), "C_GenerateKeyPair") != NULL);
	EXPECT(next == 77 && fake.pairs < 10 + 8 * 4);
}
