/*
 * What it came to: calls, times, wrong answers.
 */
#include "stress.h"

#define STRESS_NAME_(name, parameters) [F_##name] = #name,
static const char *const names[FUNCTIONS] = { CK_FUNCTIONS_2_40(STRESS_NAME_)[F_WRITES] =
						      "writes to the token" };

struct totals stress_totals(void)
{
	struct totals totals = { .calls = 0 };

	for (unsigned i = 0; i < PROCESSES_MAX * THREADS_MAX; i++) {
		const struct thread *t = &board->processes[i / THREADS_MAX].threads[i % THREADS_MAX];

		for (unsigned f = 0; f < FUNCTIONS; f++) {
			totals.tally[f].calls += t->tally[f].calls;
			totals.tally[f].refused += t->tally[f].refused;
			totals.tally[f].ns += t->tally[f].ns;
			if (t->tally[f].longest_ns > totals.tally[f].longest_ns)
				totals.tally[f].longest_ns = t->tally[f].longest_ns;
		}
		totals.wrong += atomic_load(&t->wrong);
		totals.disturbed += atomic_load(&t->disturbed);
		totals.actions += atomic_load(&t->actions);
	}
	for (unsigned f = 0; f < F_WRITES; f++)
		totals.calls += totals.tally[f].calls;
	return totals;
}

static void print_function(const char *name, const struct tally *tally)
{
	if (tally->calls != 0)
		(void)printf("# %-22s %10lu %10lu %10.1f %12.1f\n", name, (unsigned long)tally->calls,
			     (unsigned long)tally->refused, (double)tally->ns / 1e3 / (double)tally->calls,
			     (double)tally->longest_ns / 1e6);
}

void stress_print_totals(const struct totals *totals, const struct outcome *outcome)
{
	const double seconds = (double)outcome->ns / 1e9;

	(void)printf("# %-22s %10s %10s %10s %12s\n", "function", "calls", "not OK", "mean us", "longest ms");
	for (unsigned f = 0; f < FUNCTIONS; f++)
		print_function(names[f], &totals->tally[f]);
	(void)printf("# %lu calls in %.1f s (%.0f a second), %lu actions, %lu lives of shared objects, "
		     "%lu changes of them; %lu answers that a logout explains\n",
		     (unsigned long)totals->calls, seconds, (double)totals->calls / seconds,
		     (unsigned long)totals->actions, (unsigned long)atomic_load(&board->births),
		     (unsigned long)atomic_load(&board->clock) / 4, (unsigned long)totals->disturbed);
	(void)printf("# %lu processes killed; store.db %.1f MB at most, its log %.1f MB, %.1f MB in use at "
		     "the end; a sleep of 5 ms took %.0f ms at most\n",
		     (unsigned long)outcome->kills, (double)outcome->largest_database / 1e6,
		     (double)outcome->largest_log / 1e6, (double)outcome->live / 1e6,
		     (double)outcome->longest_pause_ns / 1e6);
}
