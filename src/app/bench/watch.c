#include "app/bench/watch.h"

#include <stdlib.h>
#include <time.h>

#include "util/mem.h"

#define NS_PER_S  1000000000u
#define NS_PER_MS 1000000u
#define NS_PER_US 1000.0

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now = { 0, 0 };

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

struct ash_bench_cost ash_bench_clocks(void)
{
	return (struct ash_bench_cost){ clock_ns(CLOCK_PROCESS_CPUTIME_ID), clock_ns(CLOCK_MONOTONIC) };
}

struct ash_bench_cost ash_bench_since(struct ash_bench_cost start)
{
	const struct ash_bench_cost now = ash_bench_clocks();

	return (struct ash_bench_cost){ now.cpu_ns - start.cpu_ns, now.wall_ns - start.wall_ns };
}

static ASH_STATUS grow(struct ash_bench_samples *samples)
{
	const size_t cap = samples->cap == 0 ? 256 : 2 * samples->cap;
	uint64_t *grown = ash_mem_resize(samples->cpu_ns, cap, sizeof(*grown));

	ASH_ENSURE(grown != NULL, ASH_E_MEMORY);
	samples->cpu_ns = grown;
	grown = ash_mem_resize(samples->wall_ns, cap, sizeof(*grown));
	ASH_ENSURE(grown != NULL, ASH_E_MEMORY);
	samples->wall_ns = grown;
	samples->cap = cap;
	return ASH_DONE;
}

ASH_STATUS ash_bench_samples_add(struct ash_bench_samples *samples, struct ash_bench_cost cost)
{
	if (samples->count == samples->cap)
		ASH_TRY(grow(samples));
	samples->cpu_ns[samples->count] = cost.cpu_ns;
	samples->wall_ns[samples->count++] = cost.wall_ns;
	return ASH_DONE;
}

void ash_bench_samples_done(struct ash_bench_samples *samples)
{
	ash_mem_free(samples->cpu_ns);
	ash_mem_free(samples->wall_ns);
	*samples = (struct ash_bench_samples){ .count = 0 };
}

ASH_STATUS ash_bench_sample(ash_bench_act act, void *context, size_t most, uint64_t limit_ms,
			    struct ash_bench_samples *samples)
{
	const struct ash_bench_cost begun = ash_bench_clocks();

	for (size_t n = 0; n < most; n++) {
		const struct ash_bench_cost start = ash_bench_clocks();

		if (n > 0 && start.wall_ns - begun.wall_ns >= limit_ms * NS_PER_MS)
			break;
		ASH_TRY(act(context, n));
		ASH_TRY(ash_bench_samples_add(samples, ash_bench_since(start)));
	}
	return ASH_DONE;
}

static int by_size(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* The nearest rank: the smallest sample that `percent` of them do not exceed. */
static double percentile_us(const uint64_t *sorted, size_t count, size_t percent)
{
	const size_t rank = (count * percent + 99) / 100;

	return (double)sorted[rank == 0 ? 0 : rank - 1] / NS_PER_US;
}

static json_t *tell(uint64_t *ns, size_t count)
{
	double sum = 0;

	qsort(ns, count, sizeof(*ns), by_size);
	for (size_t i = 0; i < count; i++)
		sum += (double)ns[i];
	return json_pack("{s:f, s:f, s:f}", "p50", percentile_us(ns, count, 50), "p99",
			 percentile_us(ns, count, 99), "mean", sum / (double)count / NS_PER_US);
}

ASH_STATUS ash_bench_samples_tell(struct ash_bench_samples *samples, json_t **ret_told)
{
	json_t *told;

	ASH_BUG(samples->count == 0);
	/* What is packed with 'o' and is NULL fails the whole. */
	told = json_pack("{s:I, s:o, s:o}", "samples", (json_int_t)samples->count, "cpu_us",
			 tell(samples->cpu_ns, samples->count), "wall_us",
			 tell(samples->wall_ns, samples->count));
	ASH_ENSURE(told != NULL, ASH_E_MEMORY);
	*ret_told = told;
	return ASH_DONE;
}
