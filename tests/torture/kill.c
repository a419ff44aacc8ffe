/*
 * Kills the process at each moment of each persistent operation: before and after each
 * system call, before and after each store to shared memory. What is found then must be
 * the state before or after; what was acknowledged must be there; and a wrong PIN that was
 * looked at must have cost its try. A process that has used the store all along must see
 * what a new one sees; that it can't open the store is bad, and that the acting process ends
 * before it is killed.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jobs.h"
#include "observe.h"
#include "onlooker.h"
#include "scenario.h"
#include "tracer.h"

/* Of each scenario in a short run. */
#define SHORT_POINTS 12

/* Of any scenario: more than any of ours has; where opening takes tens of thousands of calls, so many tell enough. */
#define MOST_POINTS 4000

enum sum {
	CALLS,  /* points before and after system calls */
	STORES, /* and stores */
	BEFORE, /* found in the state before */
	AFTER,
	TRIED,     /* before, but for a PIN try */
	HASHED,    /* killed when a wrong PIN was being looked at, or had been */
	LOOKED_ON, /* another process saw the same */
};

static const char *const sum_names[] = {
	"at_system_calls", "at_stores", "before", "after", "tried", "hashed", "looked_on",
};

static struct {
	const char *scenario, *point, *onlooker, *jobs;
} options;

struct moment {
	bool hashed;    /* a PIN was being looked at, or had been */
	unsigned begun; /* steps */
	unsigned ended;
	bool store; /* not a system call */
	bool gone;  /* the process ended before it was killed: `status` */
	int status;
	bool alone;          /* the onlooker that was to be there is not */
	unsigned wrong_step; /* answered something else than it has to: `answer`; 0: none */
	CK_RV answer;
	char where[64];
};

/* ---- one run, to the n-th stop of its act ---- */

static void let_trace(void *context)
{
	(void)context;
	if (!tracer_let())
		_exit(77);
}

/* What was answered by now; nothing disturbs a step that came to its end. */
static void read_answers(const struct scenario *scenario, struct scenario_page *page, struct moment *moment)
{
	moment->begun = atomic_load(&page->begun);
	moment->ended = atomic_load(&page->ended);
	for (unsigned step = 0; step < moment->ended && moment->wrong_step == 0; step++) {
		moment->answer = atomic_load(&page->answers[step]);
		moment->wrong_step = moment->answer != scenario->want ? step + 1 : 0;
	}
}

/*
 * Runs the act up to its n-th stop, or to its end; the process is killed there. How many
 * stops it came to: n+1, or fewer if the act ended before.
 */
static uint64_t run_to(const struct scenario *scenario, const char *module, const struct home *home,
		       uint64_t n, struct scenario_page *page, struct onlooker *onlooker,
		       struct moment *ret_moment)
{
	const struct scenario_hooks hooks = { .begin = let_trace, .end = NULL };
	struct moment moment = { .hashed = false };
	struct tracer tracer;
	uint64_t stops = 0;

	if (!tracer_begin(&tracer, scenario_start(scenario, module, home, &hooks, page), "/store.gen"))
		report_bail("%s: the process can't be traced: status %#x, %s", scenario->name,
			    (unsigned)tracer.status, actor_rv_name(atomic_load(&page->ready) - 1));
	if (onlooker != NULL) { /* who knows how things are just before */
		*onlooker = onlooker_begin(module, home);
		moment.alone = onlooker->pid == 0;
	}
	while (stops <= n && tracer_next(&tracer) != TRACE_GONE && tracer.stop != TRACE_ASKED) {
		if (atomic_load(&page->begun) == 0)
			continue;
		stops++;
		moment.hashed = moment.hashed || (tracer.stop == TRACE_ENTRY && tracer_hashes(&tracer));
		if (atomic_load(&page->ended) == scenario->steps)
			break; /* and all after it is like this */
	}
	read_answers(scenario, page, &moment);
	moment.gone = tracer.stop == TRACE_GONE;
	moment.status = tracer.status;
	moment.store = tracer.stop == TRACE_BEFORE_STORE || tracer.stop == TRACE_AFTER_STORE;
	(void)snprintf(moment.where, sizeof(moment.where), "%s", tracer_where(&tracer));
	tracer_kill(&tracer);
	*ret_moment = moment;
	return stops;
}

/* ---- one point ---- */

static void say(struct report *report, const struct scenario *scenario, uint64_t n, bool looked_on,
		const struct moment *moment, const char *why)
{
	char repeat[128];
	char *words = NULL;

	(void)snprintf(repeat, sizeof(repeat), "--scenario %s --point %llu%s", scenario->name,
		       (unsigned long long)n, looked_on ? " --onlooker" : "");
	if (why == NULL) {
		report_point(report, true, repeat, "");
		return;
	}
	if (asprintf(&words, "%s, killed %s, %u of %u steps acknowledged: %s", scenario->name, moment->where,
		     moment->ended, scenario->steps, why) < 0)
		report_bail("out of memory");
	report_point(report, false, repeat, words);
	free(words);
}

/* What is wrong with the run itself, whatever the store holds; to be freed, NULL if nothing is. */
static char *wrong_run(const struct moment *moment)
{
	char *why = NULL;
	int len = 0;

	if (moment->alone)
		len = asprintf(&why, "another process can't open the store and log in");
	else if (moment->gone)
		len = asprintf(&why, "the process ended before it was killed, with status %#x",
			       (unsigned)moment->status);
	else if (moment->wrong_step != 0)
		len = asprintf(&why, "step %u answers %s", moment->wrong_step, actor_rv_name(moment->answer));
	if (len < 0)
		report_bail("out of memory");
	return why;
}

/* Takes over what the onlooker sees, and says what is wrong with it; to be freed, NULL if nothing is. */
static char *compare_onlooker(char *looked_on, const char *seen, uint64_t *sums)
{
	char *objects = observe_only_objects(seen);
	char *difference = strcmp(objects, looked_on) == 0 ? NULL : observe_difference(objects, looked_on);
	char *why = NULL;

	sums[LOOKED_ON]++;
	if (difference != NULL && asprintf(&why, "another process sees something else: %s", difference) < 0)
		report_bail("out of memory");
	free(difference);
	free(objects);
	free(looked_on);
	return why;
}

static void count(const struct moment *moment, const struct verdict *verdict, uint64_t *sums)
{
	sums[moment->store ? STORES : CALLS]++;
	if (verdict->good)
		sums[verdict->tried ? TRIED : verdict->state > 0 ? AFTER : BEFORE]++;
}

/* What is wrong with a point; to be freed, NULL if nothing is. Takes over what the onlooker sees, if there is one. */
static char *wrong_point(const struct scenario *scenario, const struct moment *moment,
			 struct verdict *verdict, const char *seen, char *looked_on, uint64_t *sums)
{
	const bool regained = scenario->wrong_pin && moment->hashed && verdict->good && verdict->state == 0 &&
			      !verdict->tried;
	char *why = looked_on != NULL ? compare_onlooker(looked_on, seen, sums) : NULL;
	char *run = wrong_run(moment);

	if (verdict->why == NULL && regained)
		verdict->why = strdup("the PIN was looked at, and no try is missing");
	if (run != NULL || verdict->why != NULL) {
		free(why);
		why = run != NULL ? run : strdup(verdict->why);
	}
	free(verdict->why);
	verdict->why = NULL;
	return why;
}

static void try_point(struct report *report, const struct scenario *scenario, const struct home *before,
		      const struct reference *reference, uint64_t n, bool with_onlooker, uint64_t *sums)
{
	struct scenario_page *page = scenario_page_new();
	struct home home = home_copy(before);
	struct onlooker onlooker = { .pid = 0 };
	struct moment moment;
	struct verdict verdict;
	char *seen = NULL;
	char *looked_on = NULL;
	char *why = NULL;

	(void)run_to(scenario, report->module, &home, n, page, with_onlooker ? &onlooker : NULL, &moment);
	/* First the one who finds the store as it was left, and stays; opening it may put it right. */
	looked_on = onlooker_ask(&onlooker);
	seen = observe(report->module, &home);
	onlooker_end(&onlooker);
	verdict = reference_judge(reference, seen, moment.begun, moment.ended);
	sums[HASHED] += scenario->wrong_pin && moment.hashed;
	why = wrong_point(scenario, &moment, &verdict, seen, looked_on, sums);
	say(report, scenario, n, with_onlooker, &moment, why);
	count(&moment, &verdict, sums);
	free(why);
	free(seen);
	home_remove(&home);
	scenario_page_free(page);
}

/*
 * How many stops an undisturbed act has. An onlooker makes it more: others are to be looked
 * out for. As no reference is made with one, what goes wrong here is a bad point.
 */
static uint64_t count_stops(struct report *report, const struct scenario *scenario, const struct home *before,
			    bool with_onlooker)
{
	struct scenario_page *page = scenario_page_new();
	struct home home = home_copy(before);
	struct onlooker onlooker = { .pid = 0 };
	struct moment moment;
	const uint64_t stops = run_to(scenario, report->module, &home, UINT64_MAX, page,
				      with_onlooker ? &onlooker : NULL, &moment);
	char *why = wrong_run(&moment);

	if (why != NULL)
		say(report, scenario, UINT64_MAX, with_onlooker, &moment, why);
	free(why);
	onlooker_end(&onlooker);
	home_remove(&home);
	scenario_page_free(page);
	return stops;
}

/* ---- the sweep ---- */

/* A token that is to be initialised bears no onlooker, and a PIN that changes, or isn't there yet, is none's to have. */
static bool may_have_onlooker(const struct scenario *scenario)
{
	return scenario->prepare != NULL && scenario->tries == NULL && !scenario->no_user;
}

/* All points, or so many, spread over all with a random offset. */
static void try_points(struct report *report, const struct scenario *scenario, const struct home *before,
		       const struct reference *reference, uint64_t most, bool with_onlooker, uint64_t *sums)
{
	const uint64_t stops = count_stops(report, scenario, before, with_onlooker);
	const uint64_t wanted = stops < most ? stops : most;
	const uint64_t offset = wanted > 0 ? report->seed * 7919 % (stops / wanted) : 0;
	const uint64_t bad = report->bad, tried = report->points;

	for (uint64_t i = 0; i < wanted && report_goes_on(report); i++)
		try_point(report, scenario, before, reference,
			  offset + report_spread(i, wanted) * stops / wanted, with_onlooker, sums);
	printf("%-20s %llu of %llu stops%s, %llu bad\n", scenario->name,
	       (unsigned long long)(report->points - tried), (unsigned long long)stops,
	       with_onlooker ? " before an onlooker" : "", (unsigned long long)(report->bad - bad));
	(void)fflush(stdout);
}

/* The point that was asked for, or all, alone and then with an onlooker. */
static void try_ways(struct report *report, const struct scenario *scenario, const struct home *before,
		     const struct reference *reference, uint64_t *sums)
{
	const bool onlookers = may_have_onlooker(scenario);
	const uint64_t most = !report->short_run ? MOST_POINTS : onlookers ? SHORT_POINTS / 2 : SHORT_POINTS;

	if (options.point != NULL) {
		try_point(report, scenario, before, reference, strtoull(options.point, NULL, 10),
			  options.onlooker != NULL, sums);
		return;
	}
	try_points(report, scenario, before, reference, most, false, sums);
	if (onlookers)
		try_points(report, scenario, before, reference, most, true, sums);
}

static void try_scenario(struct report *report, size_t piece, uint64_t *sums, void *context)
{
	const struct scenario *scenario = &scenarios[piece];
	struct reference *reference = NULL;
	struct home before;

	(void)context;
	if (options.scenario != NULL && strcmp(options.scenario, scenario->name) != 0)
		return;
	before = scenario_prepare(scenario, report->module);
	reference = reference_new(scenario, report, &before);
	if (reference != NULL)
		try_ways(report, scenario, &before, reference, sums);
	reference_free(reference);
	home_remove(&before);
}

/* What the sweep is for has to have come about, or its rules have looked at nothing. */
static void need_sums(struct report *report, const uint64_t *sums)
{
	static const enum sum needed[] = { CALLS, STORES, BEFORE, AFTER, TRIED, HASHED, LOOKED_ON };

	if (!report->ours || report->short_run || report->stopped || options.scenario != NULL ||
	    options.point != NULL)
		return;
	for (size_t i = 0; i < COUNT(needed); i++) {
		char why[64];

		(void)snprintf(why, sizeof(why), "no point counts as %s", sum_names[needed[i]]);
		if (sums[needed[i]] == 0)
			report_point(report, false, "", why);
	}
}

int main(int argc, char **argv)
{
	const struct report_option own[] = {
		{ "scenario", true, &options.scenario },
		{ "point", true, &options.point },
		{ "onlooker", false, &options.onlooker },
		{ "jobs", true, &options.jobs },
		{ NULL, false, NULL },
	};
	uint64_t sums[JOBS_SUMS];
	struct report report;
	size_t count = 0;
	unsigned jobs = 0;

	report_begin(&report, "kill", argc, argv, "[--scenario NAME [--point N [--onlooker]]] [--jobs N]",
		     own);
	if (options.scenario != NULL)
		(void)scenario_named(options.scenario);
	while (scenarios[count].name != NULL)
		count++;
	tracer_need();
	jobs = report.stop_after > 0 ? (unsigned)count : jobs_processes(); /* something of each scenario */
	jobs_run(&report, options.jobs != NULL ? (unsigned)atoi(options.jobs) : jobs, count, try_scenario,
		 NULL, sums);
	for (size_t i = 0; i < COUNT(sum_names); i++) {
		printf("%s%s %llu", i == 0 ? "" : ", ", sum_names[i], (unsigned long long)sums[i]);
		report_more(&report, sum_names[i], "%llu", (unsigned long long)sums[i]);
	}
	printf("\n");
	need_sums(&report, sums);
	return report_end(&report);
}
