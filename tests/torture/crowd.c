/*
 * crowd: many processes of many threads at work on one token, a random one killed every
 * second and started again; every answer checked against a model (tests/integration/stress).
 *
 *     crowd [--module PATH] [--short] [--seed N] [--json FILE] [--seconds N] [--processes N]
 *           [--threads N] [--kill MS] [--longest MS]
 *
 * A point is an action of a thread. Bad is a wrong answer, a process that ended by itself, a
 * write that waited longer than --longest, and a store that grew without end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../integration/stress/stress.h"
#include "home.h"
#include "report.h"

#define SHORT_SECONDS 20
#define WHOLE_SECONDS 600
#define KILL_MS       1000
#define LONGEST_MS    1000
/* `make check` shares the machine with nothing, but the machine may be slow, or shared. */
#define SHORT_LONGEST_MS 10000

/* The log is copied back at 16 MB, by a writer who waits for readers only when it has 64 MB. */
#define LOG_MOST      (UINT64_C(80) << 20)
#define DATABASE_MOST (UINT64_C(64) << 20)

static struct {
	const char *seconds, *processes, *threads, *kill, *longest, *no_logouts, *labels_only;
} given;

static unsigned number(const char *text, unsigned fallback)
{
	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : fallback;
}

static void judge(struct report *report, bool good, const char *why)
{
	if (!good)
		report_point(report, false, "--seed as above; what happens when is not repeated", why);
}

static uint64_t longest_write_ns(const struct totals *totals, const struct outcome *outcome)
{
	const uint64_t longest_ns = totals->tally[F_WRITES].longest_ns;

	return longest_ns > outcome->longest_wait_ns ? longest_ns : outcome->longest_wait_ns;
}

static void judge_all(struct report *report, const struct totals *totals, const struct outcome *outcome,
		      const struct options *options, unsigned longest_ms)
{
	const uint64_t longest_ns = longest_write_ns(totals, outcome);
	const uint64_t ms = outcome->ns / 1000000;
	char why[128];

	for (uint64_t i = totals->wrong; i < totals->actions; i++)
		report_point(report, true, NULL, NULL);
	for (uint64_t i = 0; i < totals->wrong; i++)
		judge(report, false, "a wrong answer (above)");
	judge(report, outcome->good, "a process crashed, hung or ended badly");
	(void)snprintf(why, sizeof(why), "a write took %.0f ms", (double)longest_ns / 1e6);
	judge(report, longest_ns <= longest_ms * UINT64_C(1000000), why);
	(void)snprintf(why, sizeof(why), "the store grew to %lu bytes, its log to %lu",
		       (unsigned long)outcome->largest_database, (unsigned long)outcome->largest_log);
	judge(report, outcome->largest_database <= DATABASE_MOST && outcome->largest_log <= LOG_MOST, why);
	judge(report, strcmp(report->module, report->built) != 0 || outcome->largest_database != 0,
	      "the store's size was not seen");
	(void)snprintf(why, sizeof(why), "it ended after %lu ms and %lu kills", (unsigned long)ms,
		       (unsigned long)outcome->kills);
	judge(report,
	      ms >= options->seconds * UINT64_C(1000) &&
		      (options->kill_ms == 0 || outcome->kills >= ms / options->kill_ms / 2),
	      why);
}

static void tell(struct report *report, const struct totals *totals, const struct outcome *outcome)
{
	const struct tally *writes = &totals->tally[F_WRITES];

	report_more(report, "calls", "%lu", (unsigned long)totals->calls);
	report_more(report, "kills", "%lu", (unsigned long)outcome->kills);
	report_more(report, "writes", "%lu", (unsigned long)writes->calls);
	report_more(report, "mean_write_ms", "%.2f",
		    writes->calls != 0 ? (double)writes->ns / 1e6 / (double)writes->calls : 0);
	report_more(report, "longest_write_ms", "%.1f", (double)longest_write_ns(totals, outcome) / 1e6);
	report_more(report, "longest_pause_ms", "%.1f", (double)outcome->longest_pause_ns / 1e6);
	report_more(report, "longest_logout_ms", "%.1f", (double)totals->tally[F_C_Logout].longest_ns / 1e6);
	report_more(report, "largest_database_bytes", "%lu", (unsigned long)outcome->largest_database);
	report_more(report, "largest_log_bytes", "%lu", (unsigned long)outcome->largest_log);
	report_more(report, "live_bytes", "%lu", (unsigned long)outcome->live);
}

/* A login that is killed has cost its try, and some log in wrongly on purpose. */
static struct home make_home(void)
{
	const struct home home = home_make();
	char path[HOME_PATH + 16];
	FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "%s/ashlar.conf", home.path);
	file = fopen(path, "we");
	if (file == NULL || fputs("pin.tries.user = 100\n", file) < 0 || fclose(file) != 0)
		report_bail("%s can't be written", path);
	home_enter(&home);
	return home;
}

int main(int argc, char **argv)
{
	static const struct report_option own[] = {
		{ "seconds", true, &given.seconds },          { "processes", true, &given.processes },
		{ "threads", true, &given.threads },          { "kill", true, &given.kill },
		{ "longest", true, &given.longest },          { "no-logouts", false, &given.no_logouts },
		{ "labels-only", false, &given.labels_only }, { NULL, false, NULL },
	};
	struct options options = { .hang_seconds = 60 };
	struct report report;
	struct outcome outcome;
	struct totals totals;
	struct home home;

	report_begin(&report, "crowd", argc, argv,
		     "[--seconds N] [--processes N] [--threads N] [--kill MS] [--longest MS] [--no-logouts] "
		     "[--labels-only]",
		     own);
	options.module = report.module;
	options.seed = report.seed;
	options.seconds = number(given.seconds, report.short_run ? SHORT_SECONDS : WHOLE_SECONDS);
	options.processes = number(given.processes, 8);
	options.threads = number(given.threads, 8);
	options.kill_ms = number(given.kill, KILL_MS);
	options.logouts = given.no_logouts == NULL;
	options.labels_only = given.labels_only != NULL;
	if (options.processes == 0 || options.processes > PROCESSES_MAX - 2 || options.threads == 0 ||
	    options.threads > THREADS_MAX)
		report_bail("crowd: at most %u processes of %u threads", PROCESSES_MAX - 2, THREADS_MAX);
	home = make_home();
	options.home = home.path;
	outcome = stress_run(&options);
	home_remove(&home);
	totals = stress_totals();
	stress_print_totals(&totals, &outcome);
	judge_all(&report, &totals, &outcome, &options,
		  number(given.longest, report.short_run ? SHORT_LONGEST_MS : LONGEST_MS));
	tell(&report, &totals, &outcome);
	return report_end(&report);
}
