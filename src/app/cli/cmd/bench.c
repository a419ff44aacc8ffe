/* ashlar bench scale, ashlar bench create, ashlar bench chart */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/bench/chart.h"
#include "app/bench/interrupt.h"
#include "app/bench/machine.h"
#include "app/bench/race.h"
#include "app/bench/scale.h"
#include "app/cli/print/output.h"
#include "app/cli/print/text.h"
#include "util/mem.h"

#define LIST_MAX        16
#define COUNTS_DEFAULT  "1000,10000,100000,1000000"
#define BUDGET_DEFAULT  600
#define BUDGET_MAX      86400
#define THREADS_DEFAULT 16
#define PAIRS_DEFAULT   500
#define ROUNDS          3

/* The explanation of this thread's latest failure, which `status` is; without one, what its code says. */
static const char *why(struct ash_status status)
{
	const char *text = ash_status_explanation();

	return text[0] != '\0' ? text : ash_code_text(status.code);
}

/* ---- lists of names: "A,B" ---- */

struct names {
	char *text; /* the names, each ended by a zero byte */
	char *name[LIST_MAX];
	size_t count;
};

static void names_auto(struct names *names)
{
	ash_mem_free(names->text);
}
#define AUTO_NAMES __attribute__((cleanup(names_auto))) struct names

static ASH_STATUS split(struct ash_cli *cli, enum ash_cli_opt option, const char *otherwise,
			struct names *ret_names)
{
	const char *given = ash_cli_has(cli, option) ? cli->values[option] : otherwise;
	char *rest = NULL;

	ret_names->text = ash_mem_new(strlen(given) + 1, 1);
	ASH_ENSURE(ret_names->text != NULL, ASH_E_MEMORY);
	rest = memcpy(ret_names->text, given, strlen(given));
	for (char *name; (name = strsep(&rest, ",")) != NULL;) {
		if (*name == '\0' || ret_names->count == LIST_MAX)
			return ash_cli_refuse(cli, ASH_CLI_USAGE, "\"%s\" is no list of 1 to %d names",
					      ash_cli_escaped(ash_span_text(given)).text, LIST_MAX);
		ret_names->name[ret_names->count++] = name;
	}
	return ASH_DONE;
}

/* ---- modules: "ashlar" is our own ---- */

struct modules {
	struct names names;
	char *own;
	const char *path[LIST_MAX];
};

static void modules_auto(struct modules *modules)
{
	names_auto(&modules->names);
	ash_mem_free(modules->own);
}
#define AUTO_MODULES __attribute__((cleanup(modules_auto))) struct modules

static ASH_STATUS choose_modules(struct ash_cli *cli, struct modules *modules)
{
	ASH_TRY(split(cli, ASH_CLI_OPT_MODULE, "ashlar", &modules->names));
	for (size_t i = 0; i < modules->names.count; i++) {
		modules->path[i] = modules->names.name[i];
		if (strcmp(modules->path[i], "ashlar") != 0)
			continue;
		if (modules->own == NULL) {
			const struct ash_status status = ash_bench_own_module(&modules->own);

			if (!ash_is_ok(status))
				return ash_cli_fail(cli, status, "can't find our own module");
		}
		modules->path[i] = modules->own;
	}
	return ASH_DONE;
}

static ASH_STATUS number(struct ash_cli *cli, enum ash_cli_opt option, const char *name,
			 unsigned long long least, unsigned long long most, unsigned long long *number)
{
	if (!ash_cli_has(cli, option))
		return ASH_DONE;
	ASH_TRY(ash_cli_options_number(cli, option, name, most, number));
	if (*number < least)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--%s takes at least %llu", name, least);
	return ASH_DONE;
}

/* ---- files ---- */

static ASH_STATUS write_failed(struct ash_cli *cli, const char *path)
{
	return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't write %s: %s",
			      ash_cli_escaped(ash_span_text(path)).text, strerror(errno));
}

/* Before anything is measured for hours. What is there stays until there is something to write. */
static ASH_STATUS check_writable(struct ash_cli *cli, enum ash_cli_opt option)
{
	const char *path = cli->values[option];
	FILE *file = path != NULL ? fopen(path, "ae") : NULL;

	if (path != NULL && file == NULL)
		return write_failed(cli, path);
	if (file != NULL)
		(void)fclose(file);
	return ASH_DONE;
}

static ASH_STATUS write_json(struct ash_cli *cli, const char *path, const json_t *document)
{
	FILE *file = fopen(path, "we");
	bool written;

	if (file == NULL)
		return write_failed(cli, path);
	written = json_dumpf(document, file, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6)) ==
			  0 &&
		  fputc('\n', file) != EOF;
	if (fclose(file) != 0 || !written)
		return write_failed(cli, path);
	return ASH_DONE;
}

struct drawing {
	char *text;
	size_t len;
};

static void drawing_auto(struct drawing *drawing)
{
	free(drawing->text);
}

/* Drawn first, so that a chart that is there stays when there is none to take its place. */
static ASH_STATUS write_chart(struct ash_cli *cli, const char *path, const json_t *document)
{
	ASH_AUTO(drawing) drawing = { NULL, 0 };
	FILE *file = open_memstream(&drawing.text, &drawing.len);
	struct ash_status status;
	bool written;

	ASH_ENSURE(file != NULL, ASH_E_MEMORY);
	status = ash_bench_chart(document, file);
	ASH_ENSURE(fclose(file) == 0, ASH_E_MEMORY);
	if (!ash_is_ok(status))
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't draw the chart: %s", why(status));
	file = fopen(path, "we");
	if (file == NULL)
		return write_failed(cli, path);
	written = fwrite(drawing.text, 1, drawing.len, file) == drawing.len;
	if (fclose(file) != 0 || !written)
		return write_failed(cli, path);
	return ASH_DONE;
}

/* ---- bench scale ---- */

static const struct ash_cli_column scale_columns[] = {
	{ "module", "Module", 0 },
	{ "keys", "Keys", ASH_CLI_COLUMN_RIGHT },
	{ "find_id", "Find 2, p99", ASH_CLI_COLUMN_RIGHT },
	{ "find_label", "Find 100, p99", ASH_CLI_COLUMN_RIGHT },
	{ "list_key", "List, a key", ASH_CLI_COLUMN_RIGHT },
	{ "first_use", "First use, p99", ASH_CLI_COLUMN_RIGHT },
	{ "create", "Create, mean", ASH_CLI_COLUMN_RIGHT },
	{ "destroy", "Destroy, mean", ASH_CLI_COLUMN_RIGHT },
	{ "login_find", "Login, find", ASH_CLI_COLUMN_RIGHT },
	{ "memory", "RssAnon", ASH_CLI_COLUMN_RIGHT },
	{ "stopped", "Stopped", ASH_CLI_COLUMN_HIDDEN },
	{ NULL, NULL, 0 },
};

/* How a series ended: the time was over, or the module did wrong, which is the result and its exit code. */
static void tell_end(struct ash_cli *cli, const json_t *series)
{
	const char *stopped = json_string_value(json_object_get(series, "stopped"));

	if (stopped != NULL)
		ash_cli_warn(cli, "%s stopped %s", json_string_value(json_object_get(series, "module")),
			     ash_cli_escaped(ash_span_text(stopped)).text);
	if (json_is_true(json_object_get(series, "failed")))
		cli->exit = ASH_CLI_FAILED;
}

/* A number of microseconds or MiB as people read it: whole from 10 on. */
static ASH_STATUS set_quantity(json_t *row, const char *key, const json_t *value, double scale,
			       const char *unit)
{
	const double quantity = json_number_value(value) * scale;
	const long long tenths = (long long)(quantity * 10 + 0.5);

	if (!json_is_number(value))
		return ASH_DONE;
	return ash_cli_set(row, key,
			   tenths >= 100 ? json_sprintf("%lld %s", (tenths + 5) / 10, unit)
					 : json_sprintf("%lld.%lld %s", tenths / 10, tenths % 10, unit));
}

static ASH_STATUS set_sampled(json_t *row, const char *key, const json_t *point, const char *kind,
			      const char *value)
{
	const json_t *cpu = json_object_get(json_object_get(point, kind), "cpu_us");

	return set_quantity(row, key, json_object_get(cpu, value), 1, "µs");
}

static ASH_STATUS add_point(struct ash_cli_list *list, const json_t *series, const json_t *point)
{
	json_t *row = NULL;

	ASH_TRY(ash_cli_list_add(list, &row));
	ASH_TRY(ash_cli_set(row, "module", json_incref(json_object_get(series, "module"))));
	ASH_TRY(ash_cli_set(row, "keys", json_incref(json_object_get(point, "keys"))));
	ASH_TRY(set_sampled(row, "find_id", point, "find_id", "p99"));
	ASH_TRY(set_sampled(row, "find_label", point, "find_label", "p99"));
	ASH_TRY(set_quantity(row, "list_key", json_object_get(point, "list_key_cpu_us"), 1, "µs"));
	ASH_TRY(set_sampled(row, "first_use", point, "first_use", "p99"));
	ASH_TRY(set_sampled(row, "create", point, "create", "mean"));
	ASH_TRY(set_sampled(row, "destroy", point, "destroy", "mean"));
	ASH_TRY(set_quantity(row, "login_find", json_object_get(point, "login_find_cpu_ms"), 1, "ms"));
	return set_quantity(row, "memory", json_object_get(point, "rss_anon_mib"), 1, "MiB");
}

static ASH_STATUS print_points(struct ash_cli *cli, const json_t *all)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	const json_t *series, *point;
	size_t i, j;

	ASH_TRY(ash_cli_list_init(&list, "points", scale_columns));
	json_array_foreach(all, i, series)
	{
		json_array_foreach(json_object_get(series, "points"), j, point)
			ASH_TRY(add_point(&list, series, point));
	}
	ASH_TRY(ash_cli_print_list(cli, &list, "nothing was measured"));
	json_array_foreach(all, i, series) tell_end(cli, series);
	return ASH_DONE;
}

static void show_progress(void *context, const char *module, uint64_t keys, const char *what)
{
	const struct ash_cli *cli = context;

	if (isatty(fileno(cli->err)))
		fprintf(cli->err, "%s: %s %llu keys\n", module, what, (unsigned long long)keys);
}

/* Each module with a place of its own: what one leaves there is no matter to the next. */
static ASH_STATUS scale_one(struct ash_cli *cli, struct ash_bench_scale *what, json_t *document)
{
	ASH_AUTO(ash_bench_place) place = { NULL };
	json_t *series = NULL;
	struct ash_status status = ash_bench_place_make(cli->values[ASH_CLI_OPT_FOLDER], &place);

	if (!ash_is_ok(status))
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't make a folder: %s", why(status));
	what->place = &place;
	ASH_TRY(ash_cli_set(document, "place", json_string(ash_bench_place_kind(&place))));
	status = ash_bench_scale(what, &series);
	if (!ash_is_ok(status))
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't measure %s: %s",
				      ash_cli_escaped(ash_span_text(what->module)).text, why(status));
	ASH_ENSURE(json_array_append_new(json_object_get(document, "series"), series) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

static ASH_STATUS new_document(const char *bench, const char *list, json_t **ret_document)
{
	json_t *machine = NULL;

	ASH_TRY(ash_bench_machine(&machine));
	*ret_document = json_pack("{s:s, s:o, s:[]}", "bench", bench, "machine", machine, list);
	ASH_ENSURE(*ret_document != NULL, ASH_E_MEMORY);
	return ASH_DONE;
}

static ASH_STATUS scale_settings(struct ash_cli *cli, struct ash_bench_scale *what, uint64_t *counts)
{
	const char *text =
		ash_cli_has(cli, ASH_CLI_OPT_COUNTS) ? cli->values[ASH_CLI_OPT_COUNTS] : COUNTS_DEFAULT;
	unsigned long long budget = BUDGET_DEFAULT;
	struct ash_status status = ash_bench_counts(text, counts, LIST_MAX, &what->counts);

	if (!ash_is_ok(status))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--counts \"%s\": %s",
				      ash_cli_escaped(ash_span_text(text)).text, why(status));
	ASH_TRY(number(cli, ASH_CLI_OPT_BUDGET, "budget", 1, BUDGET_MAX, &budget));
	what->keys = counts;
	what->budget_s = (unsigned)budget;
	return ASH_DONE;
}

static ASH_STATUS bench_scale(struct ash_cli *cli)
{
	AUTO_MODULES modules = { .own = NULL };
	ASH_CLI_AUTO_JSON *document = NULL;
	uint64_t counts[LIST_MAX];
	struct ash_bench_scale what = { .threads = THREADS_DEFAULT,
					.progress = show_progress,
					.progress_context = cli };

	ASH_TRY(scale_settings(cli, &what, counts));
	ASH_TRY(choose_modules(cli, &modules));
	ASH_TRY(check_writable(cli, ASH_CLI_OPT_OUTPUT));
	ASH_TRY(check_writable(cli, ASH_CLI_OPT_SVG));
	ASH_TRY(new_document("scale", "series", &document));
	ash_bench_interrupt_catch();
	for (size_t i = 0; i < modules.names.count; i++) {
		what.module = modules.path[i];
		ASH_TRY(scale_one(cli, &what, document));
		/* After each: the next may take hours, or fail. */
		if (ash_cli_has(cli, ASH_CLI_OPT_OUTPUT))
			ASH_TRY(write_json(cli, cli->values[ASH_CLI_OPT_OUTPUT], document));
	}
	if (ash_cli_has(cli, ASH_CLI_OPT_SVG))
		ASH_TRY(write_chart(cli, cli->values[ASH_CLI_OPT_SVG], document));
	return print_points(cli, json_object_get(document, "series"));
}

/* ---- bench create ---- */

static const struct ash_cli_column create_columns[] = {
	{ "module", "Module", 0 },
	{ "threads", "Threads", ASH_CLI_COLUMN_RIGHT },
	{ "pairs", "Pairs", ASH_CLI_COLUMN_RIGHT },
	{ "per_cpu_second", "Pairs per CPU second", ASH_CLI_COLUMN_RIGHT },
	{ "per_second", "Pairs per second", ASH_CLI_COLUMN_RIGHT },
	{ NULL, NULL, 0 },
};

static ASH_STATUS print_race(struct ash_cli *cli, const json_t *rows)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	const json_t *result;
	size_t i;

	ASH_TRY(ash_cli_list_init(&list, "results", create_columns));
	json_array_foreach(rows, i, result)
	{
		json_t *row = NULL;

		ASH_TRY(ash_cli_list_add(&list, &row));
		for (const struct ash_cli_column *column = create_columns; column->key != NULL; column++) {
			const json_t *value = json_object_get(result, column->key);

			ASH_TRY(ash_cli_set(row, column->key,
					    json_is_real(value)
						    ? json_integer((json_int_t)(json_real_value(value) + 0.5))
						    : json_deep_copy(value)));
		}
	}
	return ash_cli_print_list(cli, &list, "");
}

static ASH_STATUS choose_threads(struct ash_cli *cli, unsigned *threads, size_t *ret_count)
{
	AUTO_NAMES names = { .text = NULL };

	ASH_TRY(split(cli, ASH_CLI_OPT_THREADS, "1,16", &names));
	for (size_t i = 0; i < names.count; i++) {
		char *end = NULL;
		const unsigned long value = strtoul(names.name[i], &end, 10);

		if (*end != '\0' || names.name[i][0] < '0' || names.name[i][0] > '9' || value == 0 ||
		    value > 256)
			return ash_cli_refuse(cli, ASH_CLI_USAGE,
					      "--threads takes numbers from 1 to 256, not \"%s\"",
					      ash_cli_escaped(ash_span_text(names.name[i])).text);
		threads[i] = (unsigned)value;
	}
	*ret_count = names.count;
	return ASH_DONE;
}

static ASH_STATUS bench_create(struct ash_cli *cli)
{
	AUTO_MODULES modules = { .own = NULL };
	ASH_CLI_AUTO_JSON *document = NULL;
	unsigned threads[LIST_MAX];
	unsigned long long pairs = PAIRS_DEFAULT;
	struct ash_bench_race race = { .rounds = ROUNDS, .folder = cli->values[ASH_CLI_OPT_FOLDER] };
	json_t *rows = NULL;
	struct ash_status status;

	ASH_TRY(choose_threads(cli, threads, &race.thread_counts));
	ASH_TRY(number(cli, ASH_CLI_OPT_PAIRS, "pairs", 1, 1000000, &pairs));
	ASH_TRY(choose_modules(cli, &modules));
	ASH_TRY(check_writable(cli, ASH_CLI_OPT_OUTPUT));
	ASH_TRY(new_document("create", "unused", &document));
	race.modules = modules.path;
	race.count = modules.names.count;
	race.threads = threads;
	race.pairs = pairs;
	ash_bench_interrupt_catch();
	status = ash_bench_race(&race, &rows);
	if (!ash_is_ok(status))
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't measure: %s",
				      ash_cli_escaped(ash_span_text(why(status))).text);
	(void)json_object_del(document, "unused");
	ASH_TRY(ash_cli_set(document, "results", rows));
	if (ash_cli_has(cli, ASH_CLI_OPT_OUTPUT))
		ASH_TRY(write_json(cli, cli->values[ASH_CLI_OPT_OUTPUT], document));
	return print_race(cli, rows);
}

/* ---- bench chart ---- */

static ASH_STATUS read_series(struct ash_cli *cli, const char *path, json_t *document)
{
	json_error_t error;
	ASH_CLI_AUTO_JSON *given = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	json_t *series = json_object_get(given, "series");

	if (!json_is_array(series))
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "%s is no result of `ashlar bench scale`%s%s",
				      ash_cli_escaped(ash_span_text(path)).text, given == NULL ? ": " : "",
				      given == NULL ? ash_cli_escaped(ash_span_text(error.text)).text : "");
	/* Machine and place of the first: whoever mixes machines says so himself. */
	ASH_ENSURE(json_object_update_missing(document, given) == 0, ASH_E_MEMORY);
	if (json_object_get(document, "series") != series)
		ASH_ENSURE(json_array_extend(json_object_get(document, "series"), series) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

static ASH_STATUS bench_chart(struct ash_cli *cli)
{
	AUTO_NAMES files = { .text = NULL };
	ASH_CLI_AUTO_JSON *document = json_object();

	ASH_ENSURE(document != NULL, ASH_E_MEMORY);
	ASH_TRY(split(cli, ASH_CLI_OPT_RESULTS, "", &files));
	for (size_t i = 0; i < files.count; i++)
		ASH_TRY(read_series(cli, files.name[i], document));
	return write_chart(cli, cli->values[ASH_CLI_OPT_SVG], document);
}

/* ---- the rows ---- */

#define MODULE_OPTION                                                                                       \
	{                                                                                                   \
		.id = ASH_CLI_OPT_MODULE, .name = "module", .value = "PATH,...",                            \
		.text = "which PKCS#11 modules, one after the other; `ashlar` (without the option) is ours" \
	}
#define FOLDER_OPTION                                                                                           \
	{                                                                                                       \
		.id = ASH_CLI_OPT_FOLDER, .name = "folder", .value = "DIR",                                     \
		.text = "make the tokens in a new folder there, gone afterwards; without it in $TMPDIR or /tmp" \
	}
#define OUTPUT_OPTION                                                               \
	{                                                                           \
		.id = ASH_CLI_OPT_OUTPUT, .name = "output", .value = "FILE",        \
		.text = "write all figures there as JSON, with the machine's facts" \
	}

static const struct ash_cli_option scale_options[] = {
	MODULE_OPTION,
	{ .id = ASH_CLI_OPT_COUNTS,
	  .name = "counts",
	  .value = "N,...",
	  .text = "the numbers of keys, rising; without it " COUNTS_DEFAULT },
	{ .id = ASH_CLI_OPT_BUDGET,
	  .name = "budget",
	  .value = "SECONDS",
	  .text = "the most time to fill up to a count, and to measure it; without it 600" },
	FOLDER_OPTION,
	OUTPUT_OPTION,
	{ .id = ASH_CLI_OPT_SVG, .name = "svg", .value = "FILE", .text = "draw the chart there" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_bench_scale = {
	.name = "bench scale",
	.summary = "measure what calls cost by the number of keys on the token",
	.details =
		"A new token is filled with P-256 key pairs (C_GenerateKeyPair, 16 threads) up to each count of\n"
		"keys, two a pair. At each count a new process of one thread logs in and searches, lists page by\n"
		"page, reads, uses, creates and destroys keys, and counts the CPU time of each call. A module\n"
		"that takes longer than the budget, fails, or finds a wrong number of keys is stopped there, and\n"
		"table and chart say so; if one failed, it ends with 1 after the report. Modules find their token by ASHLAR_HOME or SOFTHSM2_CONF, which are set\n"
		"to a new folder; in other modules only a slot with a token that is not initialised is used.",
	.options = (const struct ash_cli_option *const[]){ scale_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar bench scale --counts 1000,10000 --svg scale.svg", NULL },
			{ "ashlar bench scale --module ashlar,/usr/lib/softhsm/libsofthsm2.so --output scale.json",
			  "two modules, for comparison" },
			{ NULL, NULL },
		},
	.run = bench_scale,
	.alone = true,
};

static const struct ash_cli_option create_options[] = {
	MODULE_OPTION,
	{ .id = ASH_CLI_OPT_THREADS,
	  .name = "threads",
	  .value = "N,...",
	  .text = "with how many threads; without it 1,16" },
	{ .id = ASH_CLI_OPT_PAIRS,
	  .name = "pairs",
	  .value = "N",
	  .text = "how many key pairs each turn makes; without it 500" },
	FOLDER_OPTION,
	OUTPUT_OPTION,
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_bench_create = {
	.name = "bench create",
	.summary = "measure how fast durable key pairs are made",
	.details =
		"Each module makes P-256 key pairs as token objects, on a new token in a new process, in three\n"
		"rounds in which the modules take turns; the middle round counts. Afterwards another process\n"
		"counts the keys: fewer than were made is an error.",
	.options = (const struct ash_cli_option *const[]){ create_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar bench create --module ashlar,/usr/lib/softhsm/libsofthsm2.so", NULL },
			{ NULL, NULL },
		},
	.run = bench_create,
	.alone = true,
};

static const struct ash_cli_option chart_options[] = {
	{ .id = ASH_CLI_OPT_RESULTS,
	  .name = "results",
	  .value = "FILE,...",
	  .text = "what `ashlar bench scale --output` wrote",
	  .required = true },
	{ .id = ASH_CLI_OPT_SVG,
	  .name = "svg",
	  .value = "FILE",
	  .text = "draw the chart there",
	  .required = true },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_bench_chart = {
	.name = "bench chart",
	.summary = "draw results of bench scale in one chart",
	.options = (const struct ash_cli_option *const[]){ chart_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar bench chart --results ashlar.json,softhsm.json --svg scale.svg", NULL },
			{ NULL, NULL },
		},
	.run = bench_chart,
	.alone = true,
};
