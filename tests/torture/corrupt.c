/*
 * The corruption sweep: one byte of a small store is changed, or one of its files is cut
 * short, and then a process opens it. What is hurt must be told of by an error; all the
 * rest works; nothing is missing or wrong in silence, and nobody dies or hangs.
 *
 * The store is taken in two forms: closed well, and with the log that a kill left behind.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "extent.h"
#include "folder.h"
#include "home.h"
#include "report.h"
#include "witness.h"

#define HANG_SECONDS  120 /* by the clock: the machine may be busy; */
#define BUSY_SECONDS  5   /* and of a processor */
#define SHORT_POINTS  1500
#define SHORT_EACH    400 /* of one file */
#define SHORT_SECONDS 45
#define SHM_STEP      16 /* of the log's index, which is made anew when nobody has it open */
#define WORKERS_MAX   64
#define FILES_MAX     64

enum form {
	CLOSED,
	WITH_LOG,
	FORMS,
};

static const char *const form_names[FORMS] = { "closed", "log" };

enum damage {
	FLIP, /* the byte's bits that are set in `pattern` */
	CUT,  /* the file ends here */
};

struct point {
	enum form form;
	size_t file; /* of the form's folder */
	enum damage damage;
	size_t at;
	uint8_t pattern;
};

struct result {
	bool done;
	int status; /* of the process that looked */
	struct witness witness;
};

static struct {
	struct report report;
	struct home homes[WORKERS_MAX];
	struct folder stores[FORMS];
	struct witness_known *known[FORMS];
	struct point *points;
	size_t count;
	const char *module; /* where a whole run logs in very often: the quick sister */
	const char *store, *point, *patterns, *only, *step, *verbose;
} sweep;

/* ---- the store ---- */

static CK_RV make_first(struct actor *actor)
{
	CK_RV rv = witness_make_token(actor, "witness");

	if (rv == CKR_OK)
		rv = actor_open(actor, CKF_RW_SESSION, CKU_USER, USER_PIN_1);
	return rv == CKR_OK ? witness_make_objects(actor, false) : rv;
}

static CK_RV make_second(struct actor *actor)
{
	CK_RV rv = actor_open(actor, CKF_RW_SESSION, CKU_USER, USER_PIN_1);

	return rv == CKR_OK ? witness_make_objects(actor, true) : rv;
}

/* In a process of its own, which ends well or is killed before it can clear up. */
static void run_maker(CK_RV (*make)(struct actor *actor), bool killed)
{
	struct actor actor;
	int status = 0;
	const pid_t child = fork();

	if (child == 0) {
		CK_RV rv = actor_load(sweep.module, &actor);

		if (rv == CKR_OK)
			rv = make(&actor);
		if (rv != CKR_OK)
			(void)fprintf(stderr, "the store can't be made: %s\n", actor_rv_name(rv));
		if (rv == CKR_OK && killed)
			(void)kill(getpid(), SIGKILL);
		if (rv == CKR_OK)
			rv = actor.p11.C_Finalize(NULL);
		_exit(rv == CKR_OK ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		report_bail("fork: %s", strerror(errno));
	if (killed ? !WIFSIGNALED(status) : status != 0)
		report_bail("the store can't be made");
}

static void make_store(enum form form)
{
	struct home home = home_make();

	home_enter(&home);
	run_maker(make_first, false);
	run_maker(make_second, form == WITH_LOG);
	folder_read(home.path, &sweep.stores[form]);
	home_remove(&home);
}

/* Kept under --store, so that a point can be repeated to the byte. */
static void get_store(enum form form)
{
	char path[512];

	if (sweep.store == NULL) {
		make_store(form);
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/%s", sweep.store, form_names[form]);
	folder_read(path, &sweep.stores[form]);
	if (sweep.stores[form].count != 0)
		return;
	make_store(form);
	if ((mkdir(sweep.store, 0700) != 0 && errno != EEXIST) || (mkdir(path, 0700) != 0 && errno != EEXIST))
		report_bail("%s: %s", path, strerror(errno));
	folder_write(&sweep.stores[form], path);
	folder_keep_page(&sweep.stores[form], path);
}

/* ---- the points ---- */

static void add_point(struct point point)
{
	if (sweep.count % 1024 == 0)
		sweep.points = realloc(sweep.points, (sweep.count + 1024) * sizeof(*sweep.points));
	if (sweep.points == NULL)
		report_bail("no memory");
	sweep.points[sweep.count++] = point;
}

static bool ends_with(const char *text, const char *end)
{
	const size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Every byte, its pattern by its place unless there is time for all of them; every length. */
static void add_file(enum form form, size_t number, bool all_patterns)
{
	static const uint8_t patterns[] = { 0x01, 0x80, 0xff };
	const struct folder_file *file = &sweep.stores[form].files[number];
	const size_t own_step = sweep.step != NULL ? strtoul(sweep.step, NULL, 10) : 1;
	const size_t step = (own_step != 0 ? own_step : 1) * (ends_with(file->path, "-shm") ? SHM_STEP : 1);
	char name[FOLDER_PATH_MAX + 16];

	(void)snprintf(name, sizeof(name), "%s:%s", form_names[form], file->path);
	if (sweep.only != NULL && strcmp(sweep.only, name) != 0)
		return;
	for (size_t at = 0; at < file->len; at += step) {
		add_point((struct point){ form, number, CUT, at, 0 });
		for (size_t i = 0; i < sizeof(patterns); i++) {
			if (all_patterns || i == at / step % sizeof(patterns))
				add_point((struct point){ form, number, FLIP, at, patterns[i] });
		}
	}
}

static void shuffle_points(uint64_t seed)
{
	uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (size_t i = sweep.count; i > 1; i--) {
		struct point point = sweep.points[i - 1];
		size_t other = 0;

		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		other = (size_t)(state >> 33) % i;
		sweep.points[i - 1] = sweep.points[other];
		sweep.points[other] = point;
	}
}

/* Of each file not too many: of the log every byte is much like another. */
static void thin_points(void)
{
	unsigned of_file[FORMS][FILES_MAX] = { { 0 } };
	size_t kept = 0;

	shuffle_points(sweep.report.seed);
	for (size_t i = 0; i < sweep.count && kept < SHORT_POINTS; i++) {
		const struct point point = sweep.points[i];

		if (point.file >= FILES_MAX || of_file[point.form][point.file]++ < SHORT_EACH)
			sweep.points[kept++] = point;
	}
	sweep.count = kept;
}

static bool is_configuration(const char *path)
{
	return strcmp(path, "ashlar.conf") == 0 || strcmp(path, "softhsm2.conf") == 0;
}

static void add_points(void)
{
	const bool all = sweep.patterns != NULL && strcmp(sweep.patterns, "all") == 0;

	for (enum form form = 0; form < FORMS; form++) {
		for (size_t i = 0; i < sweep.stores[form].count; i++) {
			if (!sweep.stores[form].files[i].is_folder &&
			    !is_configuration(sweep.stores[form].files[i].path))
				add_file(form, i, all);
		}
	}
	if (sweep.report.short_run)
		thin_points();
	else if (sweep.report.stop_after > 0)
		shuffle_points(sweep.report.seed);
}

static void point_text(const struct point *point, char *text, size_t len)
{
	const char *path = sweep.stores[point->form].files[point->file].path;

	if (point->damage == CUT)
		(void)snprintf(text, len, "%s:cut:%zu:0:%s", form_names[point->form], point->at, path);
	else
		(void)snprintf(text, len, "%s:flip:%zu:%02x:%s", form_names[point->form], point->at,
			       point->pattern, path);
}

static void parse_point(const char *text)
{
	char form[8], damage[8], path[FOLDER_PATH_MAX];
	struct point point = { 0 };
	unsigned pattern = 0;
	const struct folder_file *file = NULL;

	if (sscanf(text, "%7[a-z]:%7[a-z]:%zu:%x:%255s", form, damage, &point.at, &pattern, path) != 5)
		report_bail("no point is called %s", text);
	point.form = strcmp(form, "log") == 0 ? WITH_LOG : CLOSED;
	point.damage = strcmp(damage, "cut") == 0 ? CUT : FLIP;
	point.pattern = (uint8_t)pattern;
	file = folder_find(&sweep.stores[point.form], path);
	if (file == NULL || point.at >= file->len)
		report_bail("there is no such byte: %s", text);
	point.file = (size_t)(file - sweep.stores[point.form].files);
	add_point(point);
}

/* ---- one point ---- */

/* The home keeps its own configuration, which names its place. */
static void lay_out(enum form form, const struct home *home)
{
	struct folder own;

	folder_read(home->path, &own);
	for (size_t i = 0; i < own.count; i++) {
		if (is_configuration(own.files[i].path))
			(void)folder_put(&sweep.stores[form], own.files[i].path, own.files[i].data,
					 own.files[i].len);
	}
	folder_done(&own);
	folder_write(&sweep.stores[form], home->path);
	folder_keep_page(&sweep.stores[form], home->path);
}

static void look(enum form form, struct result *result)
{
	const struct rlimit busy = { BUSY_SECONDS, BUSY_SECONDS + 1 };
	const pid_t child = fork();

	if (child == 0) {
		(void)alarm(HANG_SECONDS);
		(void)setrlimit(RLIMIT_CPU, &busy);
		witness_look(sweep.module, sweep.known[form], &result->witness);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &result->status, 0) != child)
		report_bail("fork: %s", strerror(errno));
}

static void try_point(const void *context, size_t number, unsigned worker, void *given)
{
	const struct point *point = &sweep.points[number];
	struct folder_file *file = &sweep.stores[point->form].files[point->file];
	const size_t len = file->len;
	struct result *result = given;

	(void)context;
	home_enter(&sweep.homes[worker]);
	if (point->damage == CUT)
		file->len = point->at;
	else
		file->data[point->at] ^= point->pattern;
	lay_out(point->form, &sweep.homes[worker]);
	file->len = len;
	if (point->damage == FLIP)
		file->data[point->at] ^= point->pattern;
	look(point->form, result);
	result->done = true;
}

static void get_known(enum form form)
{
	struct result *result = NULL;

	sweep.known[form] = witness_known_new();

	/* Nothing is cut where the file ends anyway. */
	add_point((struct point){ form, 0, CUT, sweep.stores[form].files[0].len, 0 });
	result = crew_run(1, sizeof(*result), 1, 0, try_point, NULL);
	sweep.count = 0;
	witness_bless(&result->witness, result->status, sweep.known[form]);
	crew_done(result, 1, sizeof(*result));
}

/*
 * The module begins with the crypto libraries, once in a process, which takes half of a look;
 * a child has them of its parent. In a short run each child begins itself.
 */
static void warm_up(void)
{
	struct witness unused;

	home_enter(&sweep.homes[0]);
	lay_out(CLOSED, &sweep.homes[0]);
	witness_look(sweep.module, sweep.known[CLOSED], &unused);
}

/* ---- the sweep ---- */

static void print_witness(const struct witness *witness)
{
	static const char *const states[] = { "not reached", "fine", "OLD", "told", "MISSING", "WRONG" };

	for (unsigned i = 0; i < WITNESS_PLACES; i++)
		(void)printf("  %-10s %s %s\n", witness_name(i), states[witness->pieces[i].state],
			     witness->pieces[i].rv != CKR_OK ? actor_rv_name(witness->pieces[i].rv) : "");
}

/* Points, by how many pieces an error told of; and the bad ones. */
struct tally {
	uint64_t whole, one, some, all, beyond, silent, died;
};

static bool judge(const struct point *point, const struct result *result, char *why, size_t len,
		  struct tally *tally)
{
	const struct folder *store = &sweep.stores[point->form];
	const struct extent extent =
		extent_of(store, &store->files[point->file], point->damage == CUT, point->at);
	const unsigned told = witness_count(&result->witness, WITNESS_TOLD);
	const int signal_number = WIFSIGNALED(result->status) ? WTERMSIG(result->status) : 0;
	const bool hung = signal_number == SIGALRM || signal_number == SIGXCPU;

	if (result->status != 0) {
		(void)snprintf(why, len, hung ? "hung" : "died, wait status %#x", (unsigned)result->status);
		tally->died++;
		return false;
	}
	if (!witness_is_good(&result->witness, 0, why, len)) {
		tally->silent++;
		return false;
	}
	if (!extent_holds(&extent, &result->witness, why, len)) {
		tally->beyond++;
		return false;
	}
	tally->whole += told == 0;
	tally->one += told == 1;
	tally->some += told > 1 && told < WITNESS_PLACES;
	tally->all += told == WITNESS_PLACES;
	return true;
}

static void add_tally(struct tally *sum, const struct tally *tally)
{
	sum->whole += tally->whole;
	sum->one += tally->one;
	sum->some += tally->some;
	sum->all += tally->all;
	sum->beyond += tally->beyond;
	sum->silent += tally->silent;
	sum->died += tally->died;
}

static void print_tally(const char *form, const char *path, const struct tally *tally)
{
	(void)printf("%-6s %-40s %8llu %8llu %8llu %8llu %8llu %8llu %8llu\n", form, path,
		     (unsigned long long)tally->whole, (unsigned long long)tally->one,
		     (unsigned long long)tally->some, (unsigned long long)tally->all,
		     (unsigned long long)tally->beyond, (unsigned long long)tally->silent,
		     (unsigned long long)tally->died);
}

static void count_file(const struct result *results, enum form form, size_t number, struct tally *sum)
{
	struct tally tally = { 0 };

	for (size_t i = 0; i < sweep.count; i++) {
		char name[FOLDER_PATH_MAX + 64], repeat[FOLDER_PATH_MAX + 80], why[256] = "";
		bool good = true;

		if (!results[i].done || sweep.points[i].form != form || sweep.points[i].file != number)
			continue;
		good = judge(&sweep.points[i], &results[i], why, sizeof(why), &tally);
		point_text(&sweep.points[i], name, sizeof(name));
		(void)snprintf(repeat, sizeof(repeat), "--point %s", name);
		if (sweep.verbose != NULL)
			(void)printf("%s: %u told\n", name, witness_count(&results[i].witness, WITNESS_TOLD));
		report_point(&sweep.report, good, repeat, why);
	}
	if (tally.whole + tally.one + tally.some + tally.all + tally.beyond + tally.silent + tally.died != 0)
		print_tally(form_names[form], sweep.stores[form].files[number].path, &tally);
	add_tally(sum, &tally);
}

static void report_tally(const struct tally *tally)
{
	report_more(&sweep.report, "nothing_told", "%llu", (unsigned long long)tally->whole);
	report_more(&sweep.report, "one_piece_told", "%llu", (unsigned long long)tally->one);
	report_more(&sweep.report, "several_told", "%llu", (unsigned long long)tally->some);
	report_more(&sweep.report, "all_told", "%llu", (unsigned long long)tally->all);
	report_more(&sweep.report, "told_of_more_than_was_hurt", "%llu", (unsigned long long)tally->beyond);
	report_more(&sweep.report, "silent", "%llu", (unsigned long long)tally->silent);
	report_more(&sweep.report, "died", "%llu", (unsigned long long)tally->died);
}

static void run_points(void)
{
	struct result *results = crew_run(
		sweep.count, sizeof(*results), 0,
		sweep.report.short_run ? SHORT_SECONDS : report_share(&sweep.report, 1), try_point, NULL);
	struct tally sum = { 0 };

	(void)report_goes_on(&sweep.report);
	(void)printf("%-6s %-40s %8s %8s %8s %8s %8s %8s %8s\n", "form",
		     "damaged file; an error tells of:", "nothing", "one", "several", "all", "BEYOND",
		     "SILENT", "DEAD");
	for (enum form form = 0; form < FORMS; form++) {
		for (size_t i = 0; i < sweep.stores[form].count; i++)
			count_file(results, form, i, &sum);
	}
	for (size_t i = 0; sweep.point != NULL && i < sweep.count; i++)
		print_witness(&results[i].witness);
	print_tally("both", "", &sum);
	report_tally(&sum);
	crew_done(results, sweep.count, sizeof(*results));
}

int main(int argc, char **argv)
{
	const struct report_option options[] = {
		{ "store", true, &sweep.store },
		{ "point", true, &sweep.point },
		{ "patterns", true, &sweep.patterns },
		{ "only", true, &sweep.only },
		{ "step", true, &sweep.step },
		{ "verbose", false, &sweep.verbose },
		{ NULL, false, NULL },
	};

	report_begin(&sweep.report, "corrupt", argc, argv,
		     "[--store DIR] [--patterns all] [--only FORM:FILE] [--step N] [--verbose]\n"
		     "       [--point FORM:flip|cut:AT:PATTERN:FILE]",
		     options);
	/* Once for all children; nothing is initialised by that. */
	sweep.module = sweep.report.short_run ? sweep.report.module : report_sister(&sweep.report, "quick");
	if (dlopen(sweep.module, RTLD_NOW | RTLD_LOCAL) == NULL)
		report_bail("%s", dlerror());
	for (unsigned i = 0; i < crew_workers(); i++)
		sweep.homes[i] = home_make();
	for (enum form form = 0; form < FORMS; form++) {
		get_store(form);
		get_known(form);
	}
	if (!sweep.report.short_run)
		warm_up();
	if (sweep.point != NULL)
		parse_point(sweep.point);
	else
		add_points();
	run_points();
	for (unsigned i = 0; i < crew_workers(); i++)
		home_remove(&sweep.homes[i]);
	free(sweep.points);
	for (enum form form = 0; form < FORMS; form++)
		folder_done(&sweep.stores[form]);
	return report_end(&sweep.report);
}
