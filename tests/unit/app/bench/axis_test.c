#include "app/bench/axis.h"

#include "unit/test.h"

static const char *shown(enum ash_bench_unit unit, int decade)
{
	static char text[32];

	ash_bench_axis_text(unit, decade, text, sizeof(text));
	return text;
}

TEST(decades_hold_the_values)
{
	struct ash_bench_axis axis = { .from = 0, .to = 100 };

	ash_bench_axis_fit(&axis, 1000, 1000000);
	EXPECT(axis.low == 3 && axis.high == 6);
	ash_bench_axis_fit(&axis, 999, 1000001);
	EXPECT(axis.low == 2 && axis.high == 7);
	ash_bench_axis_fit(&axis, 10, 10);
	EXPECT(axis.low == 1 && axis.high == 2);
	ash_bench_axis_fit(&axis, 0.02, 0.5);
	EXPECT(axis.low == -2 && axis.high == 0);
}

TEST(values_lie_by_their_logarithm)
{
	struct ash_bench_axis axis = { .low = 0, .high = 4, .from = 200, .to = 0 };

	EXPECT_NUMBER(200, ash_bench_axis_at(&axis, 1));
	EXPECT_NUMBER(100, ash_bench_axis_at(&axis, 100));
	EXPECT_NUMBER(0, ash_bench_axis_at(&axis, 10000));
	EXPECT_NUMBER(85, ash_bench_axis_at(&axis, 200));
	EXPECT_NUMBER(0, ash_bench_axis_at(&axis, 1e9));
	EXPECT_NUMBER(200, ash_bench_axis_at(&axis, 0));
}

TEST(ticks_say_their_unit)
{
	EXPECT_TEXT("1 ns", shown(ASH_BENCH_UNIT_NS, 0));
	EXPECT_TEXT("100 µs", shown(ASH_BENCH_UNIT_NS, 5));
	EXPECT_TEXT("1 ms", shown(ASH_BENCH_UNIT_NS, 6));
	EXPECT_TEXT("1000 s", shown(ASH_BENCH_UNIT_NS, 12));
	EXPECT_TEXT("10 MiB", shown(ASH_BENCH_UNIT_MIB, 1));
	EXPECT_TEXT("<1 MiB", shown(ASH_BENCH_UNIT_MIB, -1));
	EXPECT_TEXT("100", shown(ASH_BENCH_UNIT_COUNT, 2));
	EXPECT_TEXT("1M", shown(ASH_BENCH_UNIT_COUNT, 6));
}
