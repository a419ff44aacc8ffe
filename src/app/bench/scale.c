#include "app/bench/scale.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bench/child.h"
#include "app/bench/fill.h"
#include "app/bench/interrupt.h"
#include "app/bench/measure.h"

#define KEYS_MAX      100000000u
#define CHILD_MARGIN  30   /* seconds that a process gets beyond what it was told to take */
#define KINDS         12   /* of calls, which share the time of a measurement */
#define WORTH_A_POINT 1.25 /* a count that was not reached gets one if it is that much above the last */

/* One run: what was asked for, and how far it got. */
struct run {
	const struct ash_bench_scale *what;
	json_t *series;
	uint64_t pairs, to; /* on the token; to be reached */
};

static void progress(const struct run *run, uint64_t keys, const char *what)
{
	if (run->what->progress != NULL)
		run->what->progress(run->what->progress_context,
				    json_string_value(json_object_get(run->series, "module")), keys, what);
}

/* ---- in the child ---- */

static struct ash_status make_token(void *context, json_t **ret_answer)
{
	const struct run *run = context;
	ASH_AUTO(ash_bench_guest) guest = ASH_BENCH_GUEST_NONE;
	char name[80];

	ASH_TRY(ash_bench_place_enter(run->what->place));
	ASH_TRY(ash_bench_guest_load(run->what->module, &guest));
	ASH_TRY(ash_bench_guest_make_token(&guest));
	ASH_TRY(ash_bench_guest_name(&guest, name, sizeof(name)));
	*ret_answer = json_string(name);
	ASH_ENSURE(*ret_answer != NULL, ASH_E_MEMORY);
	return ASH_DONE;
}

static struct ash_status fill(void *context, json_t **ret_answer)
{
	const struct run *run = context;
	ASH_AUTO(ash_bench_guest) guest = ASH_BENCH_GUEST_NONE;
	struct ash_bench_cost cost = { 0, 0 };
	uint64_t next = 0;

	ASH_TRY(ash_bench_place_enter(run->what->place));
	ASH_TRY(ash_bench_guest_load(run->what->module, &guest));
	ASH_TRY(ash_bench_guest_enter(&guest));
	ASH_TRY(ash_bench_guest_login(&guest));
	ASH_TRY(ash_bench_fill(&guest, run->pairs, run->to, run->what->threads,
			       (uint64_t)run->what->budget_s * 1000, &next, &cost));
	*ret_answer = json_pack("{s:I, s:I, s:i, s:f, s:f}", "from", (json_int_t)(2 * run->pairs), "keys",
				(json_int_t)(2 * next), "threads", (int)run->what->threads, "seconds",
				(double)cost.wall_ns / 1e9, "cpu_seconds", (double)cost.cpu_ns / 1e9);
	ASH_ENSURE(*ret_answer != NULL, ASH_E_MEMORY);
	return ASH_DONE;
}

static struct ash_status measure(void *context, json_t **ret_answer)
{
	const struct run *run = context;
	const struct ash_bench_measure what = {
		.module = run->what->module,
		.pairs = run->pairs,
		.share_ms = (uint64_t)run->what->budget_s * 1000 / KINDS,
	};

	ASH_TRY(ash_bench_place_enter(run->what->place));
	return ash_bench_measure(&what, ret_answer);
}

/* ---- the series ---- */

static ASH_STATUS append(struct run *run, const char *list, json_t *value)
{
	ASH_ENSURE(json_array_append_new(json_object_get(run->series, list), value) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

static ASH_STATUS stop(struct run *run, const char *doing, const char *why)
{
	json_t *text = json_sprintf("at %" PRIu64 " keys: %s: %s", 2 * run->pairs, doing, why);

	ASH_ENSURE(text != NULL && json_object_set_new(run->series, "stopped", text) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

/* The module did wrong, or died, or hung: not only the time was over. */
static ASH_STATUS stop_failed(struct run *run, const char *doing)
{
	ASH_TRY(stop(run, doing, ash_status_explanation()));
	ASH_ENSURE(json_object_set_new(run->series, "failed", json_true()) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

static bool stopped(const struct run *run)
{
	return !json_is_null(json_object_get(run->series, "stopped"));
}

/* What a child could not do ends the series: what was measured before stays. */
static ASH_STATUS measure_point(struct run *run)
{
	json_t *point = NULL;
	struct ash_status status;

	progress(run, 2 * run->pairs, "measuring");
	status = ash_bench_child(measure, run, run->what->budget_s + CHILD_MARGIN, &point);
	if (ash_bench_interrupted())
		return status;
	if (!ash_is_ok(status))
		return stop_failed(run, "measuring");
	return append(run, "points", point);
}

static ASH_STATUS fill_up(struct run *run, uint64_t to)
{
	json_t *told = NULL;
	struct ash_status status;

	run->to = to;
	progress(run, 2 * to, "filling");
	status = ash_bench_child(fill, run, run->what->budget_s + CHILD_MARGIN, &told);
	if (ash_bench_interrupted())
		return status;
	if (!ash_is_ok(status))
		return stop_failed(run, "filling");
	run->pairs = (uint64_t)json_integer_value(json_object_get(told, "keys")) / 2;
	ASH_TRY(append(run, "fills", told));
	if (run->pairs < to) {
		char why[64];

		snprintf(why, sizeof(why), "the %u s for this step were over", run->what->budget_s);
		return stop(run, "filling", why);
	}
	return ASH_DONE;
}

static ASH_STATUS run_counts(struct run *run)
{
	ASH_TRY(measure_point(run));
	for (size_t i = 0; i < run->what->counts && !stopped(run); i++) {
		const uint64_t before = run->pairs;

		ASH_TRY(fill_up(run, run->what->keys[i] / 2));
		if (!stopped(run) || (double)run->pairs >= WORTH_A_POINT * (double)before + 1)
			ASH_TRY(measure_point(run));
	}
	return ASH_DONE;
}

ASH_STATUS ash_bench_scale(const struct ash_bench_scale *what, json_t **ret_series)
{
	ASH_BENCH_AUTO_JSON *series = NULL;
	struct run run = { .what = what };
	json_t *name = NULL;

	ASH_TRY(ash_bench_child(make_token, &run, what->budget_s + CHILD_MARGIN, &name));
	series = json_pack("{s:o, s:[], s:[], s:n, s:b}", "module", name, "points", "fills", "stopped",
			   "failed", false);
	ASH_ENSURE(series != NULL, ASH_E_MEMORY);
	run.series = series;
	ASH_TRY(run_counts(&run));
	*ret_series = ASH_TAKE(series);
	return ASH_DONE;
}

ASH_STATUS ash_bench_counts(const char *text, uint64_t *counts, size_t cap, size_t *ret_count)
{
	uint64_t last = 0;
	size_t count = 0;

	do {
		unsigned long long number;
		char *end = NULL;

		errno = 0;
		number = strtoull(text, &end, 10);
		if (*text < '0' || *text > '9' || (*end != ',' && *end != '\0') || errno != 0)
			ASH_FAIL_WITH(ASH_E_FORMAT, "counts are numbers with commas between them");
		if (number % 100 != 0 || number <= last || number > KEYS_MAX)
			ASH_FAIL_WITH(ASH_E_FORMAT, "counts are multiples of 100, rising, at most %u",
				      KEYS_MAX);
		ASH_ENSURE(count < cap, ASH_E_LIMIT);
		counts[count++] = last = number;
		text = *end == ',' ? end + 1 : end;
		if (*end == ',' && *text == '\0')
			ASH_FAIL_WITH(ASH_E_FORMAT, "counts are numbers with commas between them");
	} while (*text != '\0');
	*ret_count = count;
	return ASH_DONE;
}
