/* ashlar selftest */
#include <string.h>

#include "app/cli/find/select.h"
#include "app/cli/print/output.h"
#include "app/cli/print/text.h"
#include "app/selftest/api_target.h"
#include "app/selftest/folder.h"
#include "app/selftest/module.h"
#include "app/selftest/run.h"
#include "token/mechanism.h"

static const struct ash_cli_column columns[] = {
	{ "file", "File", 0 },
	{ "algorithm", "Algorithm", 0 },
	{ "schema", "Schema", ASH_CLI_COLUMN_LONG },
	{ "tests", "Tests", ASH_CLI_COLUMN_RIGHT | ASH_CLI_COLUMN_LONG },
	{ "passed", "Passed", ASH_CLI_COLUMN_RIGHT },
	{ "failed", "Failed", ASH_CLI_COLUMN_RIGHT },
	{ "skipped", "Skipped", ASH_CLI_COLUMN_RIGHT },
	{ "reasons", "Why skipped", 0 },
	{ "mechanisms", "Mechanisms", ASH_CLI_COLUMN_LONG },
	{ "failures", "Failures", ASH_CLI_COLUMN_HIDDEN },
	{ "error", "Error", ASH_CLI_COLUMN_HIDDEN },
	{ NULL, NULL, 0 },
};

struct totals {
	size_t files, passed, failed, skipped, errors;
};

/* The explanation of this thread's latest failure, which `status` is; without one, what its code says. */
static const char *why(struct ash_status status)
{
	const char *text = ash_status_explanation();

	return text[0] != '\0' ? text : ash_code_text(status.code);
}

/* ---- one file ---- */

static ASH_STATUS set_counts(json_t *row, const struct ash_vector_report *report)
{
	ASH_TRY(ash_cli_set_number(row, "tests", report->tests));
	ASH_TRY(ash_cli_set_number(row, "passed", report->passed));
	ASH_TRY(ash_cli_set_number(row, "failed", report->failed));
	return ash_cli_set_number(row, "skipped", report->skipped);
}

static ASH_STATUS set_reasons(json_t *row, const struct ash_vector_report *report)
{
	json_t *list = json_array();

	ASH_TRY(ash_cli_set(row, "reasons", list)); /* the row owns it now */
	for (size_t i = 0; i < ASH_VECTOR_REASONS && report->reason[i].text != NULL; i++)
		ASH_ENSURE(json_array_append_new(list, json_pack("{s:I, s:s}", "count",
								 (json_int_t)report->reason[i].count,
								 "reason", report->reason[i].text)) == 0,
			   ASH_E_MEMORY);
	return ASH_DONE;
}

static ASH_STATUS set_failures(json_t *row, const struct ash_vector_report *report)
{
	json_t *list = json_array();

	ASH_TRY(ash_cli_set(row, "failures", list));
	for (size_t i = 0; i < report->failed && i < ASH_VECTOR_FAILURES_SHOWN; i++) {
		json_t *failure = json_pack("{s:i, s:n, s:s}", "test", report->failure[i].test, "comment",
					    "why", report->failure[i].why);

		ASH_ENSURE(json_array_append_new(list, failure) == 0, ASH_E_MEMORY);
		/* It was cut, and may end in half a character. */
		ASH_TRY(ash_cli_set_text(failure, "comment", ash_span_text(report->failure[i].comment)));
	}
	return ASH_DONE;
}

static ASH_STATUS set_mechanisms(json_t *row, const struct ash_api_target *target)
{
	json_t *list = json_array();

	ASH_TRY(ash_cli_set(row, "mechanisms", list));
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		if (ash_api_target_used(target, i))
			ASH_ENSURE(json_array_append_new(list, json_string(ash_mechanism_at(i)->name)) == 0,
				   ASH_E_MEMORY);
	}
	return ASH_DONE;
}

static ASH_STATUS fill_row(json_t *row, const struct ash_vector_report *report,
			   const struct ash_api_target *target)
{
	if (report->algorithm[0] != '\0')
		ASH_TRY(ash_cli_set_text(row, "algorithm", ash_span_text(report->algorithm)));
	if (report->schema[0] != '\0')
		ASH_TRY(ash_cli_set_text(row, "schema", ash_span_text(report->schema)));
	ASH_TRY(set_counts(row, report));
	ASH_TRY(set_reasons(row, report));
	ASH_TRY(set_failures(row, report));
	return set_mechanisms(row, target);
}

static ASH_STATUS run_file(const char *path, const char *name, struct ash_api_target *target,
			   struct ash_cli_list *list, struct totals *totals)
{
	struct ash_vector_report report = { .tests = 0 };
	struct ash_status status;
	json_t *row = NULL;

	ash_api_target_reset_used(target);
	status = ash_vector_run_file(path, ash_api_target_get(target), &report);
	if (status.code == ASH_E_MEMORY)
		return status;
	ASH_TRY(ash_cli_list_add(list, &row));
	ASH_TRY(ash_cli_set_text(row, "file", ash_span_text(name)));
	totals->files++;
	if (!ash_is_ok(status)) {
		totals->errors++;
		return ash_cli_set_text(row, "error", ash_span_text(why(status)));
	}
	totals->passed += report.passed;
	totals->failed += report.failed;
	totals->skipped += report.skipped;
	return fill_row(row, &report, target);
}

/* ---- all of them ---- */

/* Below the table: what failed, and the sums. */
static void print_failures(struct ash_cli *cli, const struct ash_cli_list *list)
{
	const json_t *row;
	size_t i;

	json_array_foreach(list->rows, i, row)
	{
		const char *file = json_string_value(json_object_get(row, "file"));
		const char *error = json_string_value(json_object_get(row, "error"));
		const json_t *failure;
		size_t j;

		if (error != NULL)
			fprintf(cli->out, "\n%s: %s", ash_cli_escaped(ash_span_text(file)).text,
				ash_cli_escaped(ash_span_text(error)).text);
		json_array_foreach(json_object_get(row, "failures"), j, failure)
		{
			const char *comment = json_string_value(json_object_get(failure, "comment"));

			fprintf(cli->out, "\n%s: test %" JSON_INTEGER_FORMAT " (%s) %s",
				ash_cli_escaped(ash_span_text(file)).text,
				json_integer_value(json_object_get(failure, "test")),
				ash_cli_escaped(ash_span_text(comment)).text,
				json_string_value(json_object_get(failure, "why")));
		}
	}
}

static ASH_STATUS print(struct ash_cli *cli, const struct ash_cli_list *list, const struct totals *totals)
{
	ASH_TRY(ash_cli_print_list(cli, list, ""));
	if (!ash_cli_has(cli, ASH_CLI_OPT_JSON)) {
		print_failures(cli, list);
		fprintf(cli->out, "\n%zu file%s: %zu passed, %zu failed, %zu skipped\n", totals->files,
			totals->files != 1 ? "s" : "", totals->passed, totals->failed, totals->skipped);
	}
	if (totals->failed != 0)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "%zu test vector%s failed", totals->failed,
				      totals->failed != 1 ? "s" : "");
	if (totals->errors != 0)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "%zu file%s could not be read", totals->errors,
				      totals->errors != 1 ? "s" : "");
	if (totals->passed == 0)
		ash_cli_warn(cli, "no test vector was run");
	return ASH_DONE;
}

static ASH_STATUS run_all(struct ash_cli *cli, uint64_t slot)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	ASH_AUTO(ash_folder) folder = ASH_FOLDER_NONE;
	ASH_AUTO(ash_api_target) *target = NULL;
	struct totals totals = { .files = 0 };
	const char *path = cli->values[ASH_CLI_OPT_VECTORS];
	struct ash_status status = ash_folder_list(path, &folder);

	if (!ash_is_ok(status))
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't read %s: %s",
				      ash_cli_escaped(ash_span_text(path)).text, why(status));
	ASH_TRY(ash_cli_list_init(&list, "files", columns));
	status = ash_api_target_new(cli->api, cli->hsm, slot, &target);
	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't use the token");
	for (size_t i = 0; i < folder.count; i++)
		ASH_TRY(run_file(folder.paths[i], folder.paths[i] + folder.skip, target, &list, &totals));
	return print(cli, &list, &totals);
}

/* ---- which token ---- */

#define SCRATCH_LABEL "selftest                        "

/* A token that nobody else sees, gone with the process: its PIN is no secret, but as long as PINs may have to be. */
static ASH_STATUS make_token(struct ash_cli *cli, uint64_t *ret_slot, ash_handle *ret_session)
{
	char pin[255];
	const struct ash_span secret = ash_span(memset(pin, 'p', sizeof(pin)), sizeof(pin));
	size_t count = 0;

	ASH_TRY(cli->api->slots(cli->hsm, true, ret_slot, 1, &count));
	ASH_ENSURE(count != 0, ASH_E_TOKEN_NOT_PRESENT);
	ASH_TRY(cli->api->init_token(cli->hsm, *ret_slot, secret, SCRATCH_LABEL));
	ASH_TRY(cli->api->open_session(cli->hsm, *ret_slot, true, ret_session));
	ASH_TRY(cli->api->login(cli->hsm, *ret_session, CKU_SO, secret));
	ASH_TRY(cli->api->init_pin(cli->hsm, *ret_session, secret));
	ASH_TRY(cli->api->logout(cli->hsm, *ret_session));
	return cli->api->login(cli->hsm, *ret_session, CKU_USER, secret);
}

static ASH_STATUS run_here(struct ash_cli *cli)
{
	static const enum ash_cli_opt meant[] = {
		ASH_CLI_OPT_TOKEN,    ASH_CLI_OPT_SERIAL, ASH_CLI_OPT_SLOT,
		ASH_CLI_OPT_PIN_FILE, ASH_CLI_OPT_PIN_FD, ASH_CLI_OPT_PIN_ENV,
	};
	ash_handle session = 0;
	uint64_t slot = 0;
	struct ash_status status;

	for (size_t i = 0; i < ASH_COUNT(meant); i++) {
		if (ash_cli_has(cli, meant[i]))
			return ash_cli_refuse(cli, ASH_CLI_USAGE,
					      "a token and its PIN go with --module: without it the vectors "
					      "run on a token made for them, in memory");
	}
	status = cli->open_in_memory(cli);
	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't start");
	status = make_token(cli, &slot, &session);
	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't make a token in memory");
	return run_all(cli, slot);
}

static ASH_STATUS run_module(struct ash_cli *cli, const char *path)
{
	ASH_AUTO(ash_module) *module = NULL;
	struct ash_cli_token token;
	ash_handle session = 0;
	struct ash_status status = ash_module_open(path, &module);

	if (!ash_is_ok(status))
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't use the module %s: %s",
				      ash_cli_escaped(ash_span_text(path)).text, why(status));
	cli->api = &ash_module_api;
	cli->hsm = ash_module_hsm(module);
	ASH_TRY(ash_cli_token_select(cli, &token));
	ASH_TRY(ash_cli_session_open(cli, &token, false, true, &session));
	return run_all(cli, token.slot);
}

static ASH_STATUS selftest(struct ash_cli *cli)
{
	const char *module = cli->values[ASH_CLI_OPT_MODULE];

	return module != NULL ? run_module(cli, module) : run_here(cli);
}

static const struct ash_cli_option selftest_options[] = {
	{ .id = ASH_CLI_OPT_VECTORS,
	  .name = "vectors",
	  .value = "DIR",
	  .text = "a folder with files (*.json) in Wycheproof's form, or one such file",
	  .required = true },
	{ .id = ASH_CLI_OPT_MODULE,
	  .name = "module",
	  .value = "PATH",
	  .text = "run them through this PKCS#11 module and one of its tokens" },
	{ .id = ASH_CLI_OPT_LONG, .name = "long", .text = "show schemas, sums and mechanisms too" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_selftest = {
	.name = "selftest",
	.summary = "run published test vectors against this HSM",
	.details =
		"Every test of every file is run, or skipped with the reason: what a file calls valid has to\n"
		"be done with the file's result, what it calls invalid has to be refused. A file of an unknown\n"
		"schema or algorithm is skipped whole. Keys are session objects of a token that is made for it\n"
		"in memory: no token of yours is seen or touched. With --module, they are session objects of\n"
		"the token that --token, --serial or --slot names, which needs its user PIN.\n"
		"It ends with 1 if a test failed or a file could not be read, after the report.\n"
		"This is all that it does: there are no other self-tests yet.",
	.options =
		(const struct ash_cli_option *const[]){ selftest_options, ash_cli_token_options,
							ash_cli_pin_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar selftest --vectors wycheproof/testvectors_v1", NULL },
			{ "ashlar selftest --vectors DIR --json | jq '.files[] | select(.failed > 0)'",
			  NULL },
			{ "ashlar selftest --vectors DIR --module /usr/lib/softhsm/libsofthsm2.so --pin-file pin",
			  "another module, for comparison" },
			{ NULL, NULL },
		},
	.run = selftest,
	.alone = true,
};
