/* Logarithmic axes: which decades they have, where a value lies, and what a tick says. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* From 10^low to 10^high; a value lies at `from` to `to` (which may be the smaller one). */
struct ash_bench_axis {
	int low, high;
	int from, to;
};

/* The decades that hold `least` to `most`, which are above 0: at least one. */
void ash_bench_axis_fit(struct ash_bench_axis *axis, double least, double most);

/* Where a value lies; one outside is moved to the nearer end. */
int ash_bench_axis_at(const struct ash_bench_axis *axis, double value);

enum ash_bench_unit {
	ASH_BENCH_UNIT_NS,   /* "10 µs" */
	ASH_BENCH_UNIT_MIB,  /* "100 MiB" */
	ASH_BENCH_UNIT_COUNT /* "10k" */
};

/* Writes 10^decade as text. */
void ash_bench_axis_text(enum ash_bench_unit unit, int decade, char *text, size_t cap);
