/*
 * Makes the system calls of each persistent operation fail, each in turn, with each error
 * that the system may give: once, or from there on. Success may be told only of what a new
 * process finds and what is synced; whoever was told of an error, and of nothing that is the caller's fault or
 * the token's, finds the state before, and none dies of it.
 * A wrong PIN that was looked at has cost its try, whatever was told. The process itself goes
 * on to read the same meanwhile, and when the error goes the operation works.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jobs.h"
#include "observe.h"
#include "refusals.h"
#include "scenario.h"
#include "syncs.h"

#define CALLS_MAX 4096

/* Of each scenario in a short run. */
#define SHORT_POINTS 10

/* Of any scenario: more than any of ours has. Opening takes other modules thousands of calls. */
#define MOST_POINTS 4000

enum mode {
	ONCE,    /* one call fails; then what is left is looked at */
	RETRY,   /* one call fails; then the operation is tried again */
	LASTING, /* all calls of the kind fail until the operation is over; then it is tried again */
	MODES,
};

static const char *const mode_names[MODES] = { "once", "retry", "lasting" };

enum sum {
	TOLD,    /* an error was told */
	HIDDEN,  /* the operation worked all the same */
	READING, /* reads went on under a lasting error */
	MUTE,    /* they could not, as what fails is what they need */
};

static struct {
	const char *scenario, *point, *error, *mode, *jobs;
} options;

/* Where the acting process says how it goes on. */
struct course {
	const struct scenario *scenario;
	struct scenario_page *page;
	enum mode mode;
	bool may_trace;
	CK_RV reading; /* while a lasting error lasts: what `meanwhile` shows */
	CK_RV again;   /* the operation once more, after an error */
	CK_RV after;   /* reading, when it is over */
	bool retried;
	bool hashed; /* the act got so far as to look at a PIN */
	struct syncs syncs;
	char meanwhile[SCENARIO_TEXT];
};

struct point {
	uint64_t n; /* the call, counted among those that can fail */
	const struct refusal *refusal;
	enum mode mode;
	bool synced; /* before the act, the store's folder is */
};

/* ---- in the acting process ---- */

static void let_trace(void *context)
{
	(void)context;
	if (!tracer_let())
		_exit(77);
}

static void pause_here(void *context)
{
	(void)context;
	tracer_pause();
}

/* After the act, which the end hook told the tracer of. */
static void go_on(void *context, struct actor *actor)
{
	struct course *course = context;
	const struct scenario *scenario = course->scenario;
	struct scenario_page *page = course->page;

	scenario_acted(actor, page->sights[SIGHT_ACTED]);
	if (course->mode == LASTING) {
		course->reading = scenario_look(scenario, actor, course->meanwhile);
		tracer_pause();
	}
	if (course->mode != ONCE && atomic_load(&page->answers[0]) != scenario->want) {
		course->retried = true;
		course->again = scenario->act(actor, 0);
		scenario_acted(actor, page->sights[SIGHT_ACTED]);
	}
	course->after = scenario_look(scenario, actor, page->sights[SIGHT_AFTER]);
}

/* ---- one run ---- */

static struct course *new_course(const struct scenario *scenario, enum mode mode)
{
	struct course *course =
		mmap(NULL, sizeof(*course), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (course == MAP_FAILED)
		report_bail("mmap");
	*course = (struct course){ .scenario = scenario, .page = scenario_page_new(), .mode = mode };
	return course;
}

static void free_course(struct course *course)
{
	scenario_page_free(course->page);
	(void)munmap(course, sizeof(*course));
}

/* Traced from the act on; with `from_load` from the beginning, and paused before the act. */
static void begin(struct course *course, const char *module, const struct home *home, struct tracer *tracer,
		  bool from_load)
{
	const struct scenario_hooks hooks = {
		.load = from_load ? let_trace : NULL,
		.begin = from_load ? pause_here : let_trace,
		.end = pause_here,
		.after = go_on,
		.context = course,
		.finalize = course->mode != ONCE,
	};
	const pid_t pid = scenario_start(course->scenario, module, home, &hooks, course->page);

	if (!tracer_begin(tracer, pid, NULL))
		report_bail("%s: the process can't be traced: status %#x, %s", course->scenario->name,
			    (unsigned)tracer->status, actor_rv_name(atomic_load(&course->page->ready) - 1));
}

/* At each stop of the act, before anything is done to it. */
static void watch(struct course *course, const struct tracer *tracer)
{
	if (tracer->stop != TRACE_EXIT)
		return;
	if (tracer_hashes(tracer) && tracer->result >= 0)
		course->hashed = true;
	syncs_note(&course->syncs, tracer);
}

/* Whether the point's call came. */
static bool disturb(struct course *course, struct tracer *tracer, const struct point *point)
{
	uint64_t calls = 0;
	unsigned pauses = 0;
	bool struck = false;

	for (;;) {
		switch (tracer_next(tracer)) {
		case TRACE_GONE: return struck;
		case TRACE_ASKED: pauses++; break;
		default: break;
		}
		if (pauses == (point->mode == LASTING ? 2 : 1))
			return struck;
		if (pauses == 0)
			watch(course, tracer);
		if (tracer->stop != TRACE_ENTRY || refusal_kind(tracer) == REFUSE_NOTHING)
			continue;
		if (pauses == 0 && calls++ < point->n)
			continue;
		if (struck && point->mode != LASTING)
			continue;
		if (refusal_kind(tracer) == point->refusal->kind) {
			refusal_do(point->refusal, tracer);
			struck = true;
		}
	}
}

/* ---- what is wrong with it ---- */

/* To be freed; NULL if all is well. */
__attribute__((format(printf, 1, 2))) static char *wrong(const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		report_bail("out of memory");
	va_end(args);
	return text;
}

static bool succeeded(const struct course *course)
{
	return course->retried || atomic_load(&course->page->answers[0]) == course->scenario->want;
}

/* What the process itself reads while the error lasts: all that is there, or an error where it is reading that fails. */
static char *wrong_reading(const struct reference *reference, const struct course *course,
			   const struct point *point)
{
	const bool told = atomic_load(&course->page->answers[0]) != course->scenario->want;
	char *difference = NULL;
	char *why = NULL;

	if (point->mode != LASTING)
		return NULL;
	if (course->reading != CKR_OK && !actor_rv_is_trouble(course->reading))
		return wrong("reading meanwhile answers %s, which is no error of the system's",
			     actor_rv_name(course->reading));
	/* Where there was no store yet, there is nothing that could be read. */
	if (course->reading != CKR_OK && course->scenario->prepare != NULL &&
	    !refusal_stops_reading(point->refusal->kind))
		return wrong("reading meanwhile answers %s", actor_rv_name(course->reading));
	if (course->reading == CKR_OK)
		difference = reference_sight(reference, told ? SIGHT_BEFORE : SIGHT_AFTER, course->meanwhile);
	if (difference != NULL)
		why = wrong("reading meanwhile shows no error, and something else: %s", difference);
	free(difference);
	return why;
}

/* What it reads when the error is gone, and what it read in the act. */
static char *wrong_sight(const struct reference *reference, const struct course *course)
{
	const bool success = succeeded(course);
	const struct scenario_page *page = course->page;
	char *difference = NULL;
	char *why = NULL;

	if (course->after != CKR_OK)
		return wrong("when the error is gone, reading answers %s", actor_rv_name(course->after));
	difference =
		reference_sight(reference, success ? SIGHT_AFTER : SIGHT_BEFORE, page->sights[SIGHT_AFTER]);
	if (difference != NULL)
		why = wrong("when the error is gone, the process sees something else: %s", difference);
	else if (success)
		difference = reference_sight(reference, SIGHT_ACTED, page->sights[SIGHT_ACTED]);
	if (why == NULL && difference != NULL)
		why = wrong("no error was told of what was read, which is something else: %s", difference);
	free(difference);
	return why;
}

static char *wrong_course(const struct reference *reference, const struct course *course,
			  const struct tracer *tracer, const struct point *point)
{
	const struct scenario *scenario = course->scenario;
	const CK_RV first = atomic_load(&course->page->answers[0]);
	char *why = NULL;

	if (tracer->status != 0)
		return wrong("the process ended with status %#x", (unsigned)tracer->status);
	if (first != scenario->want && !actor_rv_is_trouble(first))
		return wrong("that is no error of the system's");
	why = wrong_reading(reference, course, point);
	if (why != NULL)
		return why;
	if (course->retried && course->again != scenario->want &&
	    !(scenario->wrong_pin && course->again == CKR_PIN_LOCKED))
		return wrong("when the error is gone, the operation answers %s",
			     actor_rv_name(course->again));
	return wrong_sight(reference, course);
}

/*
 * Whether it is the state that is due but for a try that may be missing: of an operation
 * that failed; of a wrong PIN that was tried twice; or of a login, which works even if it
 * could not give the try back. That none was taken is no such state: a PIN that works
 * without one can be guessed at without end where another fails.
 */
static bool lacks_try(const struct reference *reference, const struct course *course, const char *seen,
		      bool success)
{
	if (!success)
		return reference_tried(reference, seen, 0);
	if (course->scenario->wrong_pin)
		return course->retried && reference_tried(reference, seen, 1);
	return !course->retried && reference_only_tries(reference) && reference_tried(reference, seen, 0);
}

/* Only a login need not keep what it wrote: that its try is given back. */
static char *wrong_syncs(const struct reference *reference, const struct course *course)
{
	const struct scenario *scenario = course->scenario;
	const bool success = atomic_load(&course->page->answers[0]) == scenario->want;

	if (!success || course->syncs.count == 0 || (!scenario->wrong_pin && reference_only_tries(reference)))
		return NULL;
	return wrong("what it tells of is not durable: %s was not synced", course->syncs.missing[0].path);
}

static char *wrong_state(const struct reference *reference, const struct course *course, const char *seen)
{
	const struct scenario *scenario = course->scenario;
	const bool success = succeeded(course);
	const unsigned due = success ? 1 : 0;
	struct verdict verdict = reference_judge(reference, seen, due, due);

	if (verdict.good && !success && scenario->wrong_pin && course->hashed)
		return wrong("a wrong PIN was looked at, and no try is missing");
	if (verdict.good)
		return NULL;
	if (lacks_try(reference, course, seen, success)) {
		free(verdict.why);
		return NULL;
	}
	return verdict.why;
}

/* ---- one point ---- */

static void say(struct report *report, const struct course *course, const struct point *point,
		const char *where, const char *why)
{
	char repeat[160];
	char *words = NULL;

	(void)snprintf(repeat, sizeof(repeat), "--scenario %s --point %llu --error %s --mode %s",
		       course->scenario->name, (unsigned long long)point->n, point->refusal->name,
		       mode_names[point->mode]);
	words = why == NULL ? wrong("%s", "")
			    : wrong("%s, %s %s, %s; answered %s: %s", course->scenario->name,
				    point->refusal->name, where, mode_names[point->mode],
				    atomic_load(&course->page->ended) == 0
					    ? "nothing"
					    : actor_rv_name(atomic_load(&course->page->answers[0])),
				    why);
	report_point(report, why == NULL, repeat, words);
	free(words);
}

static void count(const struct course *course, const struct point *point, uint64_t *sums)
{
	const bool told = atomic_load(&course->page->answers[0]) != course->scenario->want;

	sums[told ? TOLD : HIDDEN]++;
	if (point->mode == LASTING)
		sums[course->reading == CKR_OK ? READING : MUTE]++;
}

static void try_point(struct report *report, const struct scenario *scenario, const struct home *before,
		      const struct reference *reference, const struct point *point, uint64_t *sums)
{
	struct course *course = new_course(scenario, point->mode);
	struct home home = home_copy(before);
	struct tracer tracer;
	char *seen = NULL;
	char *why = NULL;

	begin(course, report->module, &home, &tracer, false);
	if (point->synced)
		syncs_trust(&course->syncs, home.path);
	if (disturb(course, &tracer, point)) {
		tracer_release(&tracer);
		seen = observe(report->module, &home);
		why = wrong_course(reference, course, &tracer, point);
		if (why == NULL)
			why = wrong_syncs(reference, course);
		if (why == NULL)
			why = wrong_state(reference, course, seen);
		say(report, course, point, refusal_kind_name(point->refusal->kind), why);
		count(course, point, sums);
	} else {
		tracer_kill(&tracer); /* chance left that call out this time */
	}
	free(seen);
	free(why);
	home_remove(&home);
	free_course(course);
}

/* ---- the sweep ---- */

/* The kinds of the calls that an undisturbed act makes; and whether the store's folder is synced before it. */
static uint64_t list_calls(const struct scenario *scenario, const char *module, const struct home *before,
			   enum refusal_kind kinds[CALLS_MAX], bool *ret_synced)
{
	struct course *course = new_course(scenario, ONCE);
	struct home home = home_copy(before);
	struct tracer tracer;
	uint64_t calls = 0;

	begin(course, module, &home, &tracer, true);
	while (tracer_next(&tracer) != TRACE_ASKED && tracer.stop != TRACE_GONE) {
		if (tracer.stop == TRACE_EXIT)
			syncs_note(&course->syncs, &tracer);
	}
	*ret_synced = syncs_trusts(&course->syncs, home.path);
	while (tracer.stop != TRACE_GONE && tracer_next(&tracer) != TRACE_ASKED && calls < CALLS_MAX) {
		const enum refusal_kind kind =
			tracer.stop == TRACE_ENTRY ? refusal_kind(&tracer) : REFUSE_NOTHING;

		if (kind != REFUSE_NOTHING)
			kinds[calls++] = kind;
	}
	tracer_kill(&tracer);
	home_remove(&home);
	free_course(course);
	return calls;
}

static bool is_wanted(const struct point *point)
{
	return (options.point == NULL || strtoull(options.point, NULL, 10) == point->n) &&
	       (options.error == NULL || strcmp(options.error, point->refusal->name) == 0) &&
	       (options.mode == NULL || strcmp(options.mode, mode_names[point->mode]) == 0);
}

/* All points of a scenario; to be freed. */
static struct point *list_points(const enum refusal_kind *kinds, uint64_t calls, bool synced,
				 size_t *ret_count)
{
	struct point *points = calloc(calls * refusals_count * MODES + 1, sizeof(*points));

	*ret_count = 0;
	for (uint64_t n = 0; points != NULL && n < calls; n++) {
		for (size_t i = 0; i < refusals_count; i++) {
			for (enum mode mode = ONCE; mode < MODES; mode++) {
				const struct point point = { n, &refusals[i], mode, synced };

				if (refusals[i].kind == kinds[n] && is_wanted(&point) &&
				    !(mode == LASTING && refusals[i].passes))
					points[(*ret_count)++] = point;
			}
		}
	}
	return points;
}

static void try_scenario(struct report *report, size_t piece, uint64_t *sums, void *context)
{
	static enum refusal_kind kinds[CALLS_MAX];
	const struct scenario *scenario = &scenarios[piece];
	const uint64_t bad = report->bad;
	const uint64_t tried = report->points;
	struct reference *reference = NULL;
	struct point *points = NULL;
	struct home before;
	size_t count = 0, step = 1, most = 0;
	uint64_t calls = 0;
	bool synced = false;

	(void)context;
	if (scenario->steps != 1 ||
	    (options.scenario != NULL && strcmp(options.scenario, scenario->name) != 0))
		return;
	before = scenario_prepare(scenario, report->module);
	reference = reference_new(scenario, report, &before);
	if (reference != NULL) {
		calls = list_calls(scenario, report->module, &before, kinds, &synced);
		points = list_points(kinds, calls, synced, &count);
		most = report->short_run ? SHORT_POINTS : MOST_POINTS;
		step = count > most ? count / most : 1;
		for (size_t i = 0; i < count / step && report_goes_on(report); i++)
			try_point(report, scenario, &before, reference,
				  &points[report->seed * 7919 % step + report_spread(i, count / step) * step],
				  sums);
		printf("%-20s %zu errors, %llu points, %llu bad\n", scenario->name, count,
		       (unsigned long long)(report->points - tried), (unsigned long long)(report->bad - bad));
		(void)fflush(stdout);
	}
	free(points);
	reference_free(reference);
	home_remove(&before);
}

int main(int argc, char **argv)
{
	const struct report_option own[] = {
		{ "scenario", true, &options.scenario }, { "point", true, &options.point },
		{ "error", true, &options.error },       { "mode", true, &options.mode },
		{ "jobs", true, &options.jobs },         { NULL, false, NULL },
	};
	uint64_t sums[JOBS_SUMS];
	struct report report;
	size_t count = 0;
	unsigned jobs = 0;

	report_begin(&report, "errors", argc, argv,
		     "[--scenario NAME] [--point N] [--error NAME] [--mode once|retry|lasting] [--jobs N]",
		     own);
	while (scenarios[count].name != NULL)
		count++;
	tracer_need();
	jobs = report.short_run ? 6 * jobs_processes() : (unsigned)count;
	/* A process for each scenario: SQLite waits up to ten seconds for a lock that can't be had. */
	jobs_run(&report, options.jobs != NULL ? (unsigned)atoi(options.jobs) : jobs, count, try_scenario,
		 NULL, sums);
	printf("an error was told %llu times, none %llu times; reading went on %llu times, could not %llu times\n",
	       (unsigned long long)sums[TOLD], (unsigned long long)sums[HIDDEN],
	       (unsigned long long)sums[READING], (unsigned long long)sums[MUTE]);
	report_more(&report, "told", "%llu", (unsigned long long)sums[TOLD]);
	report_more(&report, "worked", "%llu", (unsigned long long)sums[HIDDEN]);
	report_more(&report, "read_meanwhile", "%llu", (unsigned long long)sums[READING]);
	report_more(&report, "could_not_read", "%llu", (unsigned long long)sums[MUTE]);
	return report_end(&report);
}
