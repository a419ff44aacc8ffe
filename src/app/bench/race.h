/*
 * `ashlar bench create`: how fast modules make durable P-256 key pairs. The modules take turns, so
 * that a machine that is busy for a while is so for all; each turn has a new token and a process of
 * its own, and the keys are counted afterwards in another.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "util/compat.h"
#include "util/status.h"

struct ash_bench_race {
	const char *const *modules; /* their paths */
	size_t count;
	const unsigned *threads; /* each number is tried with each module */
	size_t thread_counts;
	uint64_t pairs;     /* made in each turn */
	unsigned rounds;    /* of which the middle one counts */
	const char *folder; /* where the tokens are made; NULL: a temporary one */
};

/*
 * Rows {"module", "threads", "pairs", "rounds", "per_second", "per_cpu_second"}: the middle of the
 * rounds. ASH_E_FAILED if not all keys are found again. With an explanation.
 */
ASH_STATUS ash_bench_race(const struct ash_bench_race *what, json_t **ret_rows);
