#include "app/bench/axis.h"

#include <math.h>
#include <stdio.h>

void ash_bench_axis_fit(struct ash_bench_axis *axis, double least, double most)
{
	/* A hair's breadth, so that 1000 is not 10^3.0000001. */
	axis->low = (int)floor(log10(least) + 1e-9);
	axis->high = (int)ceil(log10(most) - 1e-9);
	if (axis->high <= axis->low)
		axis->high = axis->low + 1;
}

int ash_bench_axis_at(const struct ash_bench_axis *axis, double value)
{
	double part = (log10(value > 0 ? value : 1e-300) - axis->low) / (axis->high - axis->low);

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return axis->from + (int)lround(part * (axis->to - axis->from));
}

/* 1, 10 or 100 of the largest unit that fits. */
static void three_decades(const char *const *units, int count, int decade, const char *gap, char *text,
			  size_t cap)
{
	static const char *const digits[] = { "1", "10", "100", "1000", "10000", "100000" };
	int unit = decade < 0 ? 0 : decade / 3;

	if (unit >= count)
		unit = count - 1;
	decade -= 3 * unit;
	snprintf(text, cap, "%s%s%s", decade < 0 ? "<1" : digits[decade > 5 ? 5 : decade], gap, units[unit]);
}

void ash_bench_axis_text(enum ash_bench_unit unit, int decade, char *text, size_t cap)
{
	static const char *const times[] = { "ns", "µs", "ms", "s" };
	static const char *const sizes[] = { "MiB" };
	static const char *const counts[] = { "", "k", "M", "G" };

	switch (unit) {
	case ASH_BENCH_UNIT_NS: three_decades(times, 4, decade, " ", text, cap); break;
	case ASH_BENCH_UNIT_MIB: three_decades(sizes, 1, decade, " ", text, cap); break;
	case ASH_BENCH_UNIT_COUNT: three_decades(counts, 4, decade, "", text, cap); break;
	}
}
