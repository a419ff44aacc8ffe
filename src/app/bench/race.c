#include "app/bench/race.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/bench/child.h"
#include "app/bench/fill.h"
#include "app/bench/place.h"

#define TURN_LIMIT_S 900
#define ROUNDS_MAX   15

struct turn {
	const struct ash_bench_race *race;
	const struct ash_bench_place *place;
	const char *module;
	unsigned threads;
};

/* ---- in the child ---- */

static ASH_STATUS enter(const struct turn *turn, struct ash_bench_guest *guest)
{
	ASH_TRY(ash_bench_place_enter(turn->place));
	return ash_bench_guest_load(turn->module, guest);
}

static struct ash_status make(void *context, json_t **ret_answer)
{
	const struct turn *turn = context;
	ASH_AUTO(ash_bench_guest) guest = ASH_BENCH_GUEST_NONE;
	struct ash_bench_cost cost = { 0, 0 };
	char name[80];
	uint64_t made = 0;

	ASH_TRY(enter(turn, &guest));
	ASH_TRY(ash_bench_guest_make_token(&guest));
	ASH_TRY(ash_bench_guest_login(&guest));
	ASH_TRY(ash_bench_guest_name(&guest, name, sizeof(name)));
	ASH_TRY(ash_bench_fill(&guest, 0, turn->race->pairs, turn->threads, 0, &made, &cost));
	*ret_answer = json_pack("{s:s, s:f, s:f}", "module", name, "seconds", (double)cost.wall_ns / 1e9,
				"cpu_seconds", (double)cost.cpu_ns / 1e9);
	ASH_ENSURE(*ret_answer != NULL, ASH_E_MEMORY);
	return ASH_DONE;
}

static struct ash_status count(void *context, json_t **ret_answer)
{
	const struct turn *turn = context;
	ASH_AUTO(ash_bench_guest) guest = ASH_BENCH_GUEST_NONE;
	CK_KEY_TYPE type = CKK_EC;
	CK_ATTRIBUTE attr = { CKA_KEY_TYPE, &type, sizeof(type) };
	size_t found = 0;

	ASH_TRY(enter(turn, &guest));
	ASH_TRY(ash_bench_guest_enter(&guest));
	ASH_TRY(ash_bench_guest_login(&guest));
	ASH_TRY(ash_bench_guest_find(&guest, &attr, 1, NULL, 0, &found));
	if (found != 2 * turn->race->pairs)
		ASH_FAIL_WITH(ASH_E_FAILED, "%zu keys are there after %" PRIu64 " pairs were made", found,
			      turn->race->pairs);
	*ret_answer = json_integer((json_int_t)found);
	ASH_ENSURE(*ret_answer != NULL, ASH_E_MEMORY);
	return ASH_DONE;
}

/* ---- the race ---- */

static ASH_STATUS take_turn(struct turn *turn, json_t **ret_result)
{
	ASH_AUTO(ash_bench_place) place = { NULL };
	ASH_BENCH_AUTO_JSON *result = NULL;
	ASH_BENCH_AUTO_JSON *found = NULL;

	ASH_TRY(ash_bench_place_make(turn->race->folder, &place));
	turn->place = &place;
	ASH_TRY(ash_bench_child(make, turn, TURN_LIMIT_S, &result));
	ASH_TRY(ash_bench_child(count, turn, TURN_LIMIT_S, &found));
	*ret_result = ASH_TAKE(result);
	return ASH_DONE;
}

static int by_size(const void *left, const void *right)
{
	const double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Of a row's rounds, which are its "turns". */
static double middle(const json_t *turns, const char *key, uint64_t pairs)
{
	double rates[ROUNDS_MAX];
	const size_t rounds = json_array_size(turns);

	for (size_t i = 0; i < rounds; i++)
		rates[i] = (double)pairs / json_real_value(json_object_get(json_array_get(turns, i), key));
	qsort(rates, rounds, sizeof(*rates), by_size);
	return rates[rounds / 2];
}

static ASH_STATUS finish_row(const struct ash_bench_race *race, json_t *row)
{
	const json_t *turns = json_object_get(row, "turns");
	const json_t *name = json_object_get(json_array_get(turns, 0), "module");
	json_t *more =
		json_pack("{s:O, s:I, s:i, s:f, s:f}", "module", name, "pairs", (json_int_t)race->pairs,
			  "rounds", (int)race->rounds, "per_second", middle(turns, "seconds", race->pairs),
			  "per_cpu_second", middle(turns, "cpu_seconds", race->pairs));
	const int failed =
		more == NULL || json_object_update(row, more) != 0 || json_object_del(row, "turns") != 0;

	json_decref(more);
	ASH_ENSURE(failed == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

/* A failure says which module's it is. */
static ASH_STATUS blamed(const char *module, struct ash_status status)
{
	char why[400];

	if (ash_is_ok(status))
		return ASH_DONE;
	snprintf(why, sizeof(why), "%s", ash_status_explanation());
	ASH_FAIL_WITH(status.code, "%s: %s", module, why);
}

/* Rows by number of threads, then by module, each with the results of its turns. */
static ASH_STATUS run_round(const struct ash_bench_race *race, json_t *rows)
{
	for (size_t i = 0; i < race->thread_counts * race->count; i++) {
		struct turn turn = { .race = race,
				     .module = race->modules[i % race->count],
				     .threads = race->threads[i / race->count] };
		json_t *result = NULL;

		if (json_array_size(rows) <= i)
			ASH_ENSURE(json_array_append_new(rows, json_pack("{s:i, s:[]}", "threads",
									 (int)turn.threads, "turns")) == 0,
				   ASH_E_MEMORY);
		ASH_TRY(blamed(turn.module, take_turn(&turn, &result)));
		ASH_ENSURE(json_array_append_new(json_object_get(json_array_get(rows, i), "turns"), result) ==
				   0,
			   ASH_E_MEMORY);
	}
	return ASH_DONE;
}

ASH_STATUS ash_bench_race(const struct ash_bench_race *what, json_t **ret_rows)
{
	ASH_BENCH_AUTO_JSON *rows = json_array();
	json_t *row;
	size_t i;

	ASH_BUG(what->rounds == 0 || what->rounds > ROUNDS_MAX);
	ASH_ENSURE(rows != NULL, ASH_E_MEMORY);
	for (unsigned round = 0; round < what->rounds; round++)
		ASH_TRY(run_round(what, rows));
	json_array_foreach(rows, i, row) ASH_TRY(finish_row(what, row));
	*ret_rows = ASH_TAKE(rows);
	return ASH_DONE;
}
