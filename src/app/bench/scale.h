/*
 * `ashlar bench scale`: what the calls of a module cost, by the number of keys on its token. Each
 * count is filled and measured in processes of their own; a module that is too slow, or fails, ends
 * its series with the reason.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "app/bench/place.h"

struct ash_bench_scale {
	const char *module;   /* its path */
	const uint64_t *keys; /* how many, rising: each a multiple of 100 */
	size_t counts;
	unsigned threads;  /* that fill the token */
	unsigned budget_s; /* the most time for filling up to one count, and for measuring it */
	const struct ash_bench_place *place;
	void (*progress)(void *context, const char *module, uint64_t keys, const char *what); /* or NULL */
	void *progress_context;
};

/*
 * A series: {"module": its name and version, "points": [...], "fills": [{"from", "keys", "threads", "seconds",
 * "cpu_seconds"}], "stopped": null or why it ends early, "failed": whether
 * the module did wrong, and not only the time was over}. A point is what ash_bench_measure() tells;
 * the first has no keys. Fails only where not even the token could be made, or the
 * program is to end; with an explanation.
 */
ASH_STATUS ash_bench_scale(const struct ash_bench_scale *what, json_t **ret_series);

/* "1000,10000": rising multiples of 100. ASH_E_FORMAT with an explanation, ASH_E_LIMIT past `cap` counts. */
ASH_STATUS ash_bench_counts(const char *text, uint64_t *counts, size_t cap, size_t *ret_count);
