/* Counts, and modules that are none; tests/integration/cli/bench_test.py measures real ones. */
#include "app/bench/scale.h"

#include "unit/test.h"

#define MOST 4

static void expect_refused(const char *text)
{
	uint64_t counts[MOST];
	size_t count = 77;

	EXPECT(!ash_is_ok(ash_bench_counts(text, counts, MOST, &count)));
	EXPECT_NUMBER(77, count);
}

TEST(counts_are_read)
{
	uint64_t counts[MOST] = { 0 };
	size_t count = 0;

	EXPECT_OK(ash_bench_counts("100", counts, MOST, &count));
	EXPECT(count == 1 && counts[0] == 100);
	EXPECT_OK(ash_bench_counts("1000,10000,1000000", counts, MOST, &count));
	EXPECT(count == 3 && counts[0] == 1000 && counts[2] == 1000000);
}

TEST(what_are_no_counts_is_refused)
{
	static const char *const texts[] = { "",
					     ",",
					     "0",
					     "-100",
					     "150",
					     "1000,",
					     "1000,,2000",
					     "1000x",
					     "1 000",
					     " 100",
					     "+100",
					     "99999999900",
					     "200,100",
					     "100,100",
					     "1e3",
					     "100;200",
					     "99999999999999999999999900",
					     "100,200,300,400,500" };

	for (size_t i = 0; i < ASH_COUNT(texts); i++)
		expect_refused(texts[i]);
}

TEST(a_module_that_is_none_is_told)
{
	ASH_AUTO(ash_bench_place) place = { NULL };
	const uint64_t keys[] = { 100 };
	struct ash_bench_scale what = { .module = "/nowhere.so",
					.keys = keys,
					.counts = 1,
					.threads = 1,
					.budget_s = 10,
					.place = &place };
	json_t *series = NULL;

	EXPECT_OK(ash_bench_place_make(NULL, &place));
	EXPECT_CODE(ASH_E_IO, ash_bench_scale(&what, &series));
	EXPECT(strstr(ash_status_explanation(), "/nowhere.so") != NULL && series == NULL);
}
