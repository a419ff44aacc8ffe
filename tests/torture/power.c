/*
 * The power-cut sweep: what a process writes during each scenario is recorded, and then
 * the disk is put together as it might be found had the power gone at some moment: all
 * that was synced, and of the rest any part (disk.h). A process that is new to it must
 * see the state before or after a step; after, if the step was acknowledged.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crew.h"
#include "disk.h"
#include "folder.h"
#include "home.h"
#include "observe.h"
#include "record.h"
#include "report.h"
#include "scenario.h"

#define WORKERS_MAX   64
#define SHORT_POINTS  24 /* for each of the short run's scenarios */
#define SHORT_SECONDS 5
#define WHY_MAX       400

struct point {
	const struct scenario *scenario;
	struct disk_cut cut;
};

struct result {
	bool done, good;
	char why[WHY_MAX];
};

/* What is known of the scenario that is under way. */
struct stage {
	const struct scenario *scenario;
	struct home before;
	struct reference *reference;
	struct record record;
	uint64_t *seen; /* hashes of the folders that were looked at, with what was asked of them */
	size_t seen_count;
};

static struct {
	struct report report;
	struct home homes[WORKERS_MAX];
	struct point *points;
	size_t count;
	uint64_t cuts; /* with those that left a folder that was looked at already */
	const char *scenario, *cut, *random, *trace;
} sweep;

/* One of each kind of change; getting a scenario ready takes longer than some cuts. */
static bool is_short(const char *name)
{
	static const char *const names[] = {
		"init-token", "set-pin",      "login-wrong",   "import-private",
		"set",        "destroy-data", "generate-pair",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* ---- what is cut ---- */

/*
 * SQLite makes its index of the log anew when nobody has it open, so after a power cut it
 * is the same what was in it: such states are looked at once.
 */
static uint64_t hash_of(struct folder *folder)
{
	struct folder_file *index = folder_find(folder, "store.db-shm");

	if (index != NULL)
		index->len = 0;
	return folder_hash(folder);
}

static void add_point(struct stage *stage, struct disk_cut cut)
{
	struct folder folder;
	unsigned begun = 0, ended = 0;
	uint64_t hash = 0;

	sweep.cuts++;
	disk_cut(&stage->record, &cut, &folder);
	disk_steps(&stage->record, cut.events, &begun, &ended);
	hash = hash_of(&folder) * 31 + begun * 8 + ended;
	folder_done(&folder);
	for (size_t i = 0; i < stage->seen_count; i++) {
		if (stage->seen[i] == hash)
			return;
	}
	if (sweep.count % 256 == 0) {
		sweep.points = realloc(sweep.points, (sweep.count + 256) * sizeof(*sweep.points));
		stage->seen = realloc(stage->seen, (sweep.count + 256) * sizeof(*stage->seen));
	}
	if (sweep.points == NULL || stage->seen == NULL)
		report_bail("no memory");
	stage->seen[stage->seen_count++] = hash;
	sweep.points[sweep.count++] = (struct point){ stage->scenario, cut };
}

/* After that many events: each way in which what is not synced can end. */
static void add_moment(struct stage *stage, size_t events, unsigned random)
{
	const size_t pending = disk_pending(&stage->record, events);

	for (enum disk_fate fate = DISK_LOST; fate <= DISK_LENGTHS; fate++)
		add_point(stage, (struct disk_cut){ events, fate, 0 });
	for (size_t i = 0; i < pending; i++) {
		add_point(stage, (struct disk_cut){ events, DISK_ALL_BUT, i });
		add_point(stage, (struct disk_cut){ events, DISK_ONLY, i });
	}
	for (unsigned i = 0; pending != 0 && i < random; i++) {
		const uint64_t seed = sweep.report.seed * 1000003 + events * 101 + i;

		add_point(stage, (struct disk_cut){ events, DISK_RANDOM, seed });
		add_point(stage, (struct disk_cut){ events, DISK_RANDOM_TORN, seed });
	}
}

/* Only from where the calls under test begin: what came before is another scenario's. */
static void add_moments(struct stage *stage, unsigned random)
{
	size_t first = 0;

	while (first < stage->record.event_count && stage->record.events[first].begun == 0)
		first++;
	for (size_t events = first; events <= stage->record.event_count; events++)
		add_moment(stage, events, random);
}

static void keep_some(size_t wanted)
{
	uint64_t state = sweep.report.seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (size_t i = 0; i < wanted && i < sweep.count; i++) {
		struct point point = sweep.points[i];
		size_t other = 0;

		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		other = i + (size_t)(state >> 33) % (sweep.count - i);
		sweep.points[i] = sweep.points[other];
		sweep.points[other] = point;
	}
	if (sweep.count > wanted)
		sweep.count = wanted;
}

/* ---- one cut ---- */

static void lay_out(const struct stage *stage, const struct disk_cut *cut, const struct home *home)
{
	static const char *const own[] = { "ashlar.conf", "softhsm2.conf" };
	struct folder folder, now;

	disk_cut(&stage->record, cut, &folder);
	folder_read(home->path, &now);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		const struct folder_file *file = folder_find(&now, own[i]);

		if (file != NULL)
			(void)folder_put(&folder, own[i], file->data, file->len);
	}
	folder_done(&now);
	folder_write(&folder, home->path);
	folder_keep_page(&folder, home->path);
	folder_done(&folder);
}

static void try_point(const void *context, size_t number, unsigned worker, void *given)
{
	const struct stage *stage = context;
	const struct disk_cut *cut = &sweep.points[number].cut;
	struct result *result = given;
	struct verdict verdict;
	unsigned begun = 0, ended = 0;
	char *seen = NULL;

	lay_out(stage, cut, &sweep.homes[worker]);
	seen = observe(sweep.report.module, &sweep.homes[worker]);
	disk_steps(&stage->record, cut->events, &begun, &ended);
	verdict = reference_judge(stage->reference, seen, begun, ended);
	result->good = verdict.good;
	if (!verdict.good)
		(void)snprintf(result->why, sizeof(result->why), "after %u of %u steps begun: %s", ended,
			       begun, verdict.why);
	if (sweep.cut != NULL)
		(void)printf("%s\n", seen);
	free(verdict.why);
	free(seen);
	(void)fflush(stdout);
	result->done = true;
}

/* ---- one scenario ---- */

static void print_trace(const struct record *record)
{
	static const char *const kinds[] = { "bytes", "names", "sync", "sync all" };

	for (size_t i = 0; i < record->event_count; i++) {
		const struct record_event *event = &record->events[i];

		(void)printf("%4zu %u/%u %-8s %s", i, event->ended, event->begun, kinds[event->kind],
			     event->kind == RECORD_SYNC_ALL ? "" : record->files[event->file].path);
		if (event->kind == RECORD_BYTES)
			(void)printf(" now %zu bytes, %zu sectors", event->len, event->sector_count);
		for (size_t n = 0; n < event->name_count; n++)
			(void)printf(" %c%s", event->names[n].gone ? '-' : '+', event->names[n].path);
		(void)printf("\n");
	}
}

static void record_scenario(struct stage *stage)
{
	const struct scenario_hooks hooks = { .load = record_join, .finalize = true };
	struct scenario_page *page = scenario_page_new();
	struct home home = home_copy(&stage->before);
	const pid_t actor = scenario_start(stage->scenario, sweep.report.module, &home, &hooks, page);

	record_run(home.path, actor, page, &stage->record);
	if (stage->record.status != 0)
		report_bail("%s: the recorded process ended with %#x", stage->scenario->name,
			    (unsigned)stage->record.status);
	home_remove(&home);
	scenario_page_free(page);
	if (sweep.trace != NULL)
		print_trace(&stage->record);
}

static void add_cut(struct stage *stage, const char *text)
{
	struct disk_cut cut;
	char fate[16];
	unsigned long long which = 0;

	if (sscanf(text, "%zu:%15[a-z-]:%llu", &cut.events, fate, &which) != 3 ||
	    !disk_fate_of(fate, &cut.fate) || cut.events > stage->record.event_count)
		report_bail("there is no such cut: %s", text);
	cut.which = which;
	add_point(stage, cut);
}

static void report_results(const struct result *results)
{
	for (size_t i = 0; i < sweep.count; i++) {
		const struct point *point = &sweep.points[i];
		char repeat[128];

		if (!results[i].done) {
			sweep.report.stopped = !sweep.report.short_run;
			continue;
		}
		(void)snprintf(repeat, sizeof(repeat), "--scenario %s --cut %zu:%s:%llu",
			       point->scenario->name, point->cut.events, disk_fate_name(point->cut.fate),
			       (unsigned long long)point->cut.which);
		report_point(&sweep.report, results[i].good, repeat, results[i].why);
	}
}

/* One of `left` that are still to be run. */
static void run_scenario(const struct scenario *scenario, size_t left)
{
	struct stage stage = { .scenario = scenario };
	struct result *results = NULL;
	const unsigned random = sweep.random != NULL ? (unsigned)atoi(sweep.random) : 4;

	stage.before = scenario_prepare(scenario, sweep.report.module);
	stage.reference = reference_new(scenario, &sweep.report, &stage.before);
	if (stage.reference == NULL) {
		home_remove(&stage.before);
		return;
	}
	record_scenario(&stage);
	sweep.count = 0;
	if (sweep.cut != NULL)
		add_cut(&stage, sweep.cut);
	else
		add_moments(&stage, random);
	if (sweep.report.short_run)
		keep_some(SHORT_POINTS);
	results = crew_run(sweep.count, sizeof(*results), 0,
			   sweep.report.short_run ? SHORT_SECONDS : report_share(&sweep.report, left),
			   try_point, &stage);
	report_results(results);
	(void)printf("%s: %zu events, %zu cuts\n", scenario->name, stage.record.event_count, sweep.count);
	crew_done(results, sweep.count, sizeof(*results));
	record_done(&stage.record);
	reference_free(stage.reference);
	free(stage.seen);
	home_remove(&stage.before);
}

static bool is_wanted(const char *name)
{
	return sweep.scenario != NULL ? strcmp(sweep.scenario, name) == 0
				      : !sweep.report.short_run || is_short(name);
}

int main(int argc, char **argv)
{
	size_t left = 0;
	const struct report_option options[] = {
		{ "scenario", true, &sweep.scenario },
		{ "cut", true, &sweep.cut },
		{ "random", true, &sweep.random },
		{ "trace", false, &sweep.trace },
		{ NULL, false, NULL },
	};

	report_begin(&sweep.report, "power", argc, argv,
		     "[--scenario NAME] [--cut EVENTS:FATE:NUMBER] [--random N] [--trace]", options);
	for (unsigned i = 0; i < crew_workers(); i++)
		sweep.homes[i] = home_make();
	for (const struct scenario *scenario = scenarios; scenario->name != NULL; scenario++)
		left += is_wanted(scenario->name);
	for (const struct scenario *scenario = scenarios;
	     scenario->name != NULL && report_goes_on(&sweep.report); scenario++) {
		if (is_wanted(scenario->name))
			run_scenario(scenario, left--);
	}
	for (unsigned i = 0; i < crew_workers(); i++)
		home_remove(&sweep.homes[i]);
	report_more(&sweep.report, "cuts_with_repeated_states", "%llu", (unsigned long long)sweep.cuts);
	free(sweep.points);
	return report_end(&sweep.report);
}
