#include "app/cli/use/report.h"

#include "app/cli/print/output.h"
#include "app/cli/print/text.h"

static const struct ash_cli_column columns[] = {
	{ "mechanism", "Mechanism", 0 },
	{ "key", "Key", 0 },
	{ "format", "Format", 0 },
	{ "iv", "IV", 0 },
	{ "signature", "Signature", 0 },
	{ "valid", "Valid", 0 },
	{ "output", "Output", 0 },
	{ "bytes", "Bytes", ASH_CLI_COLUMN_RIGHT },
	{ NULL, NULL, 0 },
};

static ASH_STATUS set_text(json_t *row, const char *name, const char *text)
{
	return text != NULL ? ash_cli_set_text(row, name, ash_span_text(text)) : ASH_DONE;
}

static ASH_STATUS fill(json_t *row, const struct ash_cli_report *report)
{
	ASH_TRY(set_text(row, "mechanism", report->row != NULL ? report->row->name : NULL));
	ASH_TRY(set_text(row, "key", report->key_uri));
	ASH_TRY(set_text(row, "format", report->form));
	if (report->iv.len != 0)
		ASH_TRY(ash_cli_set_hex(row, "iv", report->iv));
	if (report->signature.len != 0)
		ASH_TRY(ash_cli_set_hex(row, "signature", report->signature));
	if (report->valid != NULL)
		ASH_TRY(ash_cli_set_bool(row, "valid", *report->valid));
	if (report->sink == NULL)
		return ASH_DONE;
	ASH_TRY(set_text(row, "output", report->sink->name));
	return ash_cli_set_number(row, "bytes", report->sink->bytes);
}

static ASH_STATUS print_json(struct ash_cli *cli, const struct ash_cli_report *report)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	json_t *row = NULL;

	ASH_TRY(ash_cli_list_init(&list, "results", columns));
	ASH_TRY(ash_cli_list_add(&list, &row));
	ASH_TRY(fill(row, report));
	return ash_cli_print_list(cli, &list, "");
}

ASH_STATUS ash_cli_report(struct ash_cli *cli, const struct ash_cli_report *report)
{
	const struct ash_cli_sink *sink = report->sink;

	if (ash_cli_has(cli, ASH_CLI_OPT_JSON))
		return print_json(cli, report);
	if (sink == NULL || !ash_cli_sink_is_file(sink))
		return ASH_DONE;
	fprintf(cli->out, "Written: %s, %llu bytes", ash_cli_escaped(ash_span_text(sink->name)).text,
		(unsigned long long)sink->bytes);
	if (report->row != NULL)
		fprintf(cli->out, " (%s%s%s)", report->row->name, report->form != NULL ? ", " : "",
			report->form != NULL ? report->form : "");
	fputc('\n', cli->out);
	return ASH_DONE;
}
