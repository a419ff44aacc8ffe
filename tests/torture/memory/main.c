/*
 * memory: the n-th allocation fails, for every n, once and from then on, in every function
 * of the API as programs call it.
 *
 *     memory [--module PATH] [--short] [--json FILE] [--jobs N] [--act NAME [--mode once|forever] [--at N [--trace]]]
 *
 * A point is good when each call answers CKR_OK, CKR_HOST_MEMORY or CKR_DEVICE_MEMORY; when
 * the same works afterwards, at once; when no object came, went or changed; and when no
 * block of memory, descriptor, lock or mapping is lost.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "report.h"
#include "sweep.h"

#define UNITS_MAX  512
#define JOBS_MAX   64
#define DEATHS_MAX 100 /* of one unit: then it is given up */

static struct unit units[UNITS_MAX];
static size_t units_count;
static struct report report;
static bool ours;
static uint64_t left_out;
static struct world world;
static struct home prepared;

static struct {
	const char *act, *mode, *at, *jobs, *trace;
} options;

struct job {
	pid_t child;
	struct unit *unit;
	struct home home;
};

/* ---- units ---- */

static const char *mode_name(enum alloc_mode mode)
{
	return mode == ALLOC_ONCE ? "once" : "forever";
}

static const char *unit_name(const struct unit *unit)
{
	static char name[64];

	(void)snprintf(name, sizeof(name), "%s%s",
		       unit->act != NULL ? unit->act->name : life_name(unit->life),
		       unit->touched ? "+touched" : "");
	return name;
}

static void add(struct unit unit)
{
	for (unsigned mode = ALLOC_ONCE; mode <= ALLOC_FOREVER; mode++) {
		unit.mode = mode;
		if ((options.act != NULL && strcmp(options.act, unit_name(&unit)) != 0) ||
		    (options.mode != NULL && strcmp(options.mode, mode_name(mode)) != 0))
			continue;
		unit.page = mmap(NULL, sizeof(*unit.page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				 -1, 0);
		if (unit.page == MAP_FAILED || units_count == UNITS_MAX)
			report_bail("mmap: %s", strerror(errno));
		units[units_count++] = unit;
	}
}

static void add_acts(const struct act *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		add((struct unit){ .act = &table[i] });
		if (table[i].key != KEY_NONE)
			add((struct unit){ .act = &table[i], .touched = true });
	}
}

/* ---- processes ---- */

/* Behind the point `after`. */
static struct job start(struct unit *unit, uint64_t after)
{
	struct job job = { .unit = unit, .home = home_copy(&prepared) };
	const struct sweep_span span = { .after = after,
					 .only = options.at != NULL ? strtoull(options.at, NULL, 10) : 0,
					 .few = report.short_run,
					 .report = &report,
					 .until = unit->until };

	(void)fflush(stdout);
	job.child = fork();
	if (job.child == 0) {
		home_enter(&job.home);
		if (unit->act != NULL)
			sweep_act(&world, unit, span);
		sweep_life(&world, unit, span);
	}
	if (job.child < 0)
		report_bail("fork: %s", strerror(errno));
	return job;
}

/* The time that is left, shared out among the units that are left, of which `most` run at once. */
static double unit_end(size_t left, size_t most)
{
	const double share = report_share(&report, (left + most - 1) / most);

	return share > 0 ? report_seconds(&report) + share : 0;
}

/* What doesn't work at all is bad in our module; another may lack it. */
static void tell(const struct unit *unit)
{
	const struct sweep_page *page = unit->page;
	const uint64_t good = page->points > page->bad ? page->points - page->bad : 0;
	char repeat[128];

	report.stopped = report.stopped || page->stopped;
	if (page->missing && !ours) {
		left_out++;
		(void)printf("%-26s %-7s left out: %s\n", unit_name(unit), mode_name(unit->mode),
			     page->why[0].why);
		return;
	}
	(void)printf("%-26s %-7s %6lu allocations, %6lu points, %lu bad\n", unit_name(unit),
		     mode_name(unit->mode), (unsigned long)page->allocations, (unsigned long)page->points,
		     (unsigned long)page->bad);
	for (uint64_t i = 0; i < good; i++)
		report_point(&report, true, NULL, NULL);
	for (uint64_t i = 0; i < page->bad; i++) {
		const uint64_t shown = i < BAD_MAX ? i : BAD_MAX - 1;

		(void)snprintf(repeat, sizeof(repeat), "--act %s --mode %s --at %lu", unit_name(unit),
			       mode_name(unit->mode), (unsigned long)page->why[shown].at);
		report_point(&report, false, repeat, i < BAD_MAX ? page->why[i].why : "as those before");
	}
	(void)fflush(stdout);
}

/* A unit that ended before its end: it died, or what it worked with is no good any more, and it said so. */
static bool goes_on(struct job *job, int status)
{
	struct sweep_page *page = job->unit->page;
	const bool said_so = WIFEXITED(status) && WEXITSTATUS(status) == SWEEP_WORLD_BROKEN &&
			     page->bad != 0 && page->bad_at == page->at;

	if (page->done)
		return false;
	if (!said_so)
		sweep_death(page, page->at, status);
	if (page->at == 0 || options.at != NULL || page->bad > DEATHS_MAX)
		return false;
	*job = start(job->unit, page->at);
	return true;
}

/* Waits for one of them to end; true when its place is free. */
static bool settle(struct job *jobs, size_t count)
{
	int status = 0;
	const pid_t child = wait(&status);

	for (size_t i = 0; i < count; i++) {
		if (jobs[i].child != child)
			continue;
		home_remove(&jobs[i].home);
		if (goes_on(&jobs[i], status))
			return false;
		tell(jobs[i].unit);
		jobs[i].child = 0;
		return true;
	}
	return false;
}

static void run_all(size_t most)
{
	struct job jobs[JOBS_MAX] = { 0 };
	size_t running = 0, next = 0;

	while (running != 0 || (next < units_count && report_goes_on(&report))) {
		for (size_t i = 0; i < most && next < units_count && report_goes_on(&report); i++) {
			if (jobs[i].child != 0)
				continue;
			units[next].until = unit_end(units_count - next, most);
			jobs[i] = start(&units[next++], 0);
			running++;
		}
		running -= settle(jobs, most);
	}
}

/* ---- main ---- */

static bool is_ours(void)
{
	char description[128];

	actor_describe(report.module, description, sizeof(description));
	return strstr(description, "Ashlar") != NULL;
}

int main(int argc, char **argv)
{
	static const struct report_option own[] = {
		{ "act", true, &options.act },      { "mode", true, &options.mode },
		{ "at", true, &options.at },        { "jobs", true, &options.jobs },
		{ "trace", false, &options.trace }, { NULL, false, NULL },
	};
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t deaths = 0, left_points = 0;
	int64_t left_most = 0;
	size_t jobs = processors > 0 ? (size_t)processors : 1;
	const char *module = NULL;

	report_begin(&report, "memory", argc, argv,
		     "[--jobs N] [--act NAME] [--mode once|forever] [--at N] [--trace]", own);
	if (options.trace != NULL)
		alloc_trace();
	module = report_sister(&report, "arena");
	ours = is_ours();
	if (options.jobs != NULL)
		jobs = strtoul(options.jobs, NULL, 10);
	prepared = world_prepare(module);
	if (!world_load(module, &world))
		report_bail("%s can't be loaded", module);
	(void)printf("# the arena's blocks %s\n", alloc_has_arena() ? "fail, too" : "never fail");
	for (size_t i = 0; life_at(i) != NULL; i++)
		add((struct unit){ .life = life_at(i) });
	add_acts(acts, acts_count);
	add_acts(key_acts, key_acts_count);
	run_all(jobs > JOBS_MAX ? JOBS_MAX : jobs);
	for (size_t i = 0; i < units_count; i++) {
		const struct sweep_page *page = units[i].page;

		deaths += page->deaths;
		left_points += page->left_points;
		left_most = page->left_most > left_most ? page->left_most : left_most;
	}
	report_more(&report, "left_out", "%lu", (unsigned long)left_out);
	report_more(&report, "deaths", "%lu", (unsigned long)deaths);
	report_more(&report, "left_points", "%lu", (unsigned long)left_points);
	report_more(&report, "left_most_blocks", "%ld", (long)left_most);
	report_more(&report, "arena", "%s", alloc_has_arena() ? "true" : "false");
	home_remove(&prepared);
	return report_end(&report);
}
