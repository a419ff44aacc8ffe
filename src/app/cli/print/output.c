#include "app/cli/print/output.h"

#include <libsmartcols.h>
#include <string.h>
#include <sys/ioctl.h>

#include "app/cli/print/text.h"

#define BOLD "\033[1m"

ASH_STATUS ash_cli_list_init(struct ash_cli_list *list, const char *name,
			     const struct ash_cli_column *columns)
{
	json_t *rows = json_array();

	ASH_ENSURE(rows != NULL, ASH_E_MEMORY);
	*list = (struct ash_cli_list){ name, columns, rows };
	return ASH_DONE;
}

void ash_cli_list_done(struct ash_cli_list *list)
{
	json_decref(list->rows);
	list->rows = NULL;
}

ASH_STATUS ash_cli_row_new(const struct ash_cli_column *columns, json_t **ret_row)
{
	ASH_CLI_AUTO_JSON *row = json_object();

	ASH_ENSURE(row != NULL, ASH_E_MEMORY);
	for (; columns->key != NULL; columns++)
		ASH_TRY(ash_cli_set(row, columns->key, json_null()));
	*ret_row = ASH_TAKE(row);
	return ASH_DONE;
}

ASH_STATUS ash_cli_list_append(struct ash_cli_list *list, json_t *row)
{
	ASH_ENSURE(json_array_append(list->rows, row) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

ASH_STATUS ash_cli_list_add(struct ash_cli_list *list, json_t **ret_row)
{
	ASH_CLI_AUTO_JSON *row = NULL;

	ASH_TRY(ash_cli_row_new(list->columns, &row));
	ASH_TRY(ash_cli_list_append(list, row));
	*ret_row = row; /* the list holds it too */
	return ASH_DONE;
}

ASH_STATUS ash_cli_set(json_t *row, const char *key, json_t *value)
{
	ASH_ENSURE(json_object_set_new(row, key, value) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

ASH_STATUS ash_cli_set_text(json_t *row, const char *key, struct ash_span text)
{
	ASH_AUTO(ash_buf) clean = ASH_BUF_PLAIN;

	ASH_TRY(ash_cli_clean_utf8(text, &clean));
	return ash_cli_set(row, key, json_stringn(clean.len > 0 ? (const char *)clean.data : "", clean.len));
}

ASH_STATUS ash_cli_set_hex(json_t *row, const char *key, struct ash_span bytes)
{
	ASH_AUTO(ash_buf) hex = ASH_BUF_PLAIN;

	ASH_TRY(ash_cli_hex(bytes, &hex));
	return ash_cli_set(row, key, json_stringn(hex.len > 0 ? (const char *)hex.data : "", hex.len));
}

ASH_STATUS ash_cli_set_number(json_t *row, const char *key, uint64_t number)
{
	return ash_cli_set(row, key, number <= INT64_MAX ? json_integer((json_int_t)number) : json_null());
}

ASH_STATUS ash_cli_set_bool(json_t *row, const char *key, bool value)
{
	return ash_cli_set(row, key, json_boolean(value));
}

/* Appends a value as people read it. */
static ASH_STATUS value_text(const json_t *value, struct ash_buf *out)
{
	char number[32];
	const json_t *item;
	const char *key;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return ash_cli_escape(ash_span(json_string_value(value), json_string_length(value)), out);
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return ash_buf_add(out, ash_span_text(number));
	case JSON_TRUE: return ash_buf_add(out, ash_span_text("yes"));
	case JSON_FALSE: return ash_buf_add(out, ash_span_text("no"));
	case JSON_ARRAY:
		json_array_foreach(value, i, item)
		{
			ASH_TRY(ash_buf_add(out, ash_span_text(i > 0 ? ", " : "")));
			ASH_TRY(value_text(item, out));
		}
		return ASH_DONE;
	case JSON_OBJECT: /* its values, the first before a colon */
		i = 0;
		json_object_foreach((json_t *)(uintptr_t)value, key, item)
		{
			ASH_TRY(ash_buf_add(out, ash_span_text(i++ > 0 ? ": " : "")));
			ASH_TRY(value_text(item, out));
		}
		return ASH_DONE;
	case JSON_NULL:
	case JSON_REAL: break;
	}
	return ash_buf_add(out, ash_span_text("-"));
}

static void table_auto(struct libscols_table **table)
{
	scols_unref_table(*table);
}
#define AUTO_TABLE __attribute__((cleanup(table_auto))) struct libscols_table

/* An empty table on our output. Escaping is ours: two at once would escape each other's. */
static ASH_STATUS table_new(struct ash_cli *cli, struct libscols_table **ret_table)
{
	AUTO_TABLE *table = scols_new_table();

	ASH_ENSURE(table != NULL, ASH_E_MEMORY);
	ASH_ENSURE(scols_table_enable_noencoding(table, 1) == 0, ASH_E_MEMORY);
	ASH_ENSURE(scols_table_enable_colors(table, cli->color) == 0, ASH_E_MEMORY);
	ASH_ENSURE(scols_table_set_stream(table, cli->out) == 0, ASH_E_MEMORY);
	ASH_ENSURE(scols_table_set_column_separator(table, "  ") == 0, ASH_E_MEMORY);
	*ret_table = ASH_TAKE(table);
	return ASH_DONE;
}

static ASH_STATUS table_column(struct ash_cli *cli, struct libscols_table *table, const char *title,
			       int flags)
{
	struct libscols_column *column = scols_table_new_column(table, title, 0, flags);

	ASH_ENSURE(column != NULL, ASH_E_MEMORY);
	if (cli->color)
		ASH_ENSURE(scols_cell_set_color(scols_column_get_header(column), BOLD) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

static ASH_STATUS set_cell(struct libscols_line *line, size_t column, const json_t *value)
{
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;

	ASH_TRY(value_text(value, &text));
	ASH_TRY(ash_buf_add(&text, ash_span("", 1)));
	ASH_ENSURE(scols_line_set_data(line, column, (const char *)text.data) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

/* `wide`: the lines have room for what is wide. */
static bool shown(const struct ash_cli *cli, const struct ash_cli_column *column, bool wide)
{
	if ((column->flags & ASH_CLI_COLUMN_LONG) != 0)
		return ash_cli_has(cli, ASH_CLI_OPT_LONG);
	if ((column->flags & ASH_CLI_COLUMN_WIDE) != 0)
		return wide;
	return (column->flags & ASH_CLI_COLUMN_HIDDEN) == 0;
}

/* What a column takes, in bytes: never less than what it takes on the screen. */
static ASH_STATUS column_width(const struct ash_cli_list *list, const struct ash_cli_column *column,
			       size_t *ret_width)
{
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;
	size_t width = strlen(column->title);
	const json_t *row;
	size_t i;

	json_array_foreach(list->rows, i, row)
	{
		ash_buf_reset(&text);
		ASH_TRY(value_text(json_object_get(row, column->key), &text));
		width = text.len > width ? text.len : width;
	}
	*ret_width = width;
	return ASH_DONE;
}

/* Whether what is wide fits too. Only a terminal has an end of the line. */
static ASH_STATUS has_room(const struct ash_cli *cli, const struct ash_cli_list *list, bool *ret_room)
{
	struct winsize size = { .ws_col = 0 };
	size_t used = 0;
	size_t width = 0;

	*ret_room = true;
	if (ash_cli_has(cli, ASH_CLI_OPT_LONG) || ioctl(fileno(cli->out), TIOCGWINSZ, &size) != 0 ||
	    size.ws_col == 0)
		return ASH_DONE;
	for (const struct ash_cli_column *column = list->columns; column->key != NULL; column++) {
		if (!shown(cli, column, true))
			continue;
		ASH_TRY(column_width(list, column, &width));
		used += (used > 0 ? 2 : 0) + width;
	}
	*ret_room = used <= size.ws_col;
	return ASH_DONE;
}

static ASH_STATUS print_json(struct ash_cli *cli, const struct ash_cli_list *list)
{
	ASH_CLI_AUTO_JSON *document = json_pack("{s:O}", list->name, list->rows);

	ASH_ENSURE(document != NULL, ASH_E_MEMORY);
	/* A failed write shows when main closes the output. */
	if (json_dumpf(document, cli->out, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0)
		fputc('\n', cli->out);
	return ASH_DONE;
}

static ASH_STATUS fill_table(struct ash_cli *cli, struct libscols_table *table,
			     const struct ash_cli_list *list, bool wide)
{
	const json_t *row;
	size_t i;

	json_array_foreach(list->rows, i, row)
	{
		struct libscols_line *line = scols_table_new_line(table, NULL);
		size_t cell = 0;

		ASH_ENSURE(line != NULL, ASH_E_MEMORY);
		for (const struct ash_cli_column *column = list->columns; column->key != NULL; column++) {
			if (shown(cli, column, wide))
				ASH_TRY(set_cell(line, cell++, json_object_get(row, column->key)));
		}
	}
	return ASH_DONE;
}

ASH_STATUS ash_cli_print_list(struct ash_cli *cli, const struct ash_cli_list *list, const char *empty)
{
	AUTO_TABLE *table = NULL;
	bool wide = false;

	if (ash_cli_has(cli, ASH_CLI_OPT_JSON))
		return print_json(cli, list);
	if (json_array_size(list->rows) == 0) {
		fprintf(cli->out, "%s\n", empty);
		return ASH_DONE;
	}
	ASH_TRY(has_room(cli, list, &wide));
	ASH_TRY(table_new(cli, &table));
	for (const struct ash_cli_column *column = list->columns; column->key != NULL; column++) {
		bool right = (column->flags & ASH_CLI_COLUMN_RIGHT) != 0;

		if (shown(cli, column, wide))
			ASH_TRY(table_column(cli, table, column->title, right ? SCOLS_FL_RIGHT : 0));
	}
	ASH_TRY(fill_table(cli, table, list, wide));
	ASH_ENSURE(scols_print_table(table) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

static ASH_STATUS print_record(struct ash_cli *cli, const struct ash_cli_column *columns, const json_t *row)
{
	AUTO_TABLE *table = NULL;

	ASH_TRY(table_new(cli, &table));
	ASH_ENSURE(scols_table_enable_noheadings(table, 1) == 0, ASH_E_MEMORY);
	ASH_TRY(table_column(cli, table, "name", 0));
	ASH_TRY(table_column(cli, table, "value", 0));
	for (; columns->key != NULL; columns++) {
		const json_t *value = json_object_get(row, columns->key);
		struct libscols_line *line;

		if (json_is_null(value))
			continue;
		line = scols_table_new_line(table, NULL);
		ASH_ENSURE(line != NULL, ASH_E_MEMORY);
		ASH_ENSURE(scols_line_set_data(line, 0, columns->title) == 0, ASH_E_MEMORY);
		if (cli->color)
			ASH_ENSURE(scols_cell_set_color(scols_line_get_cell(line, 0), BOLD) == 0,
				   ASH_E_MEMORY);
		ASH_TRY(set_cell(line, 1, value));
	}
	ASH_ENSURE(scols_print_table(table) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

ASH_STATUS ash_cli_print_records(struct ash_cli *cli, const struct ash_cli_list *list)
{
	const json_t *row;
	size_t i;

	if (ash_cli_has(cli, ASH_CLI_OPT_JSON))
		return print_json(cli, list);
	json_array_foreach(list->rows, i, row)
	{
		if (i > 0)
			fputc('\n', cli->out);
		ASH_TRY(print_record(cli, list->columns, row));
	}
	return ASH_DONE;
}
