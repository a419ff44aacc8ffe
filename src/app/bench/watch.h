/*
 * What something costs: CPU time of the whole process and time by the clock, of one thing or
 * of many samples. One thread.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "util/compat.h"
#include "util/status.h"

struct ash_bench_cost {
	uint64_t cpu_ns;
	uint64_t wall_ns;
};

/* What the clocks show; the difference between two such is a cost. */
struct ash_bench_cost ash_bench_clocks(void);

/* What went by since. */
struct ash_bench_cost ash_bench_since(struct ash_bench_cost start);

struct ash_bench_samples {
	uint64_t *cpu_ns;
	uint64_t *wall_ns;
	size_t count;
	size_t cap;
};

/* ASH_E_MEMORY. */
ASH_STATUS ash_bench_samples_add(struct ash_bench_samples *samples, struct ash_bench_cost cost);

void ash_bench_samples_done(struct ash_bench_samples *samples);

/* Does the same thing once more; `n` counts from 0. */
typedef struct ash_status (*ash_bench_act)(void *context, size_t n);

/* Does it up to `most` times, but begins no more after `limit_ms`; at least once. The act's own error ends it. */
ASH_STATUS ash_bench_sample(ash_bench_act act, void *context, size_t most, uint64_t limit_ms,
			    struct ash_bench_samples *samples);

/*
 * Sorts the samples and tells of them: {"samples": N, "cpu_us": {"p50", "p99", "mean"}, "wall_us": {…}}.
 * There has to be one. ASH_E_MEMORY.
 */
ASH_STATUS ash_bench_samples_tell(struct ash_bench_samples *samples, json_t **ret_told);

static inline void ash_bench_samples_auto(struct ash_bench_samples *samples)
{
	ash_bench_samples_done(samples);
}

static inline void ash_bench_json_auto(json_t **value)
{
	json_decref(*value);
}
#define ASH_BENCH_AUTO_JSON __attribute__((cleanup(ash_bench_json_auto))) json_t
