/*
 * What a command prints: rows of named values, described once by columns. From the
 * same rows come a table (with headings), a record (one value per line) and JSON.
 *
 * A row is a JSON object. Its keys are part of the interface: they stay. In tables
 * text is escaped for terminals; JSON is ASCII, so that nothing needs escaping twice.
 */
#pragma once

#include <jansson.h>

#include "app/cli/cli.h"

enum {
	ASH_CLI_COLUMN_RIGHT = 1 << 0,  /* a number: aligned to the right */
	ASH_CLI_COLUMN_LONG = 1 << 1,   /* in tables with --long only */
	ASH_CLI_COLUMN_HIDDEN = 1 << 2, /* in JSON and records only */
	ASH_CLI_COLUMN_WIDE = 1 << 3    /* in tables with --long, and wherever the lines have room for it */
};

struct ash_cli_column {
	const char *key;   /* in JSON; NULL ends a list of columns */
	const char *title; /* for people */
	unsigned flags;
};

struct ash_cli_list {
	const char *name; /* of the list in JSON: "tokens" */
	const struct ash_cli_column *columns;
	json_t *rows;
};

/* An empty list. ASH_E_MEMORY. */
ASH_STATUS ash_cli_list_init(struct ash_cli_list *list, const char *name,
			     const struct ash_cli_column *columns);
void ash_cli_list_done(struct ash_cli_list *list);

/* Appends a row in which every column is null; it is lent. ASH_E_MEMORY. */
ASH_STATUS ash_cli_list_add(struct ash_cli_list *list, json_t **ret_row);

/* A row of its own, for ash_cli_list_append, which takes a reference. */
ASH_STATUS ash_cli_row_new(const struct ash_cli_column *columns, json_t **ret_row);
ASH_STATUS ash_cli_list_append(struct ash_cli_list *list, json_t *row);

/* Set a value of a row. ASH_E_MEMORY. */
ASH_STATUS ash_cli_set(json_t *row, const char *key, json_t *value); /* takes `value`; NULL is ASH_E_MEMORY */
ASH_STATUS ash_cli_set_text(json_t *row, const char *key, struct ash_span text);
ASH_STATUS ash_cli_set_hex(json_t *row, const char *key, struct ash_span bytes);
ASH_STATUS ash_cli_set_number(json_t *row, const char *key, uint64_t number); /* past 2^63: null */
ASH_STATUS ash_cli_set_bool(json_t *row, const char *key, bool value);

/* Prints all rows: a table or, with --json, {NAME: [ROW…]}. `empty` is said when there is no row. */
ASH_STATUS ash_cli_print_list(struct ash_cli *cli, const struct ash_cli_list *list, const char *empty);

/* Prints each row as a record, without the values that are null; the same JSON. */
ASH_STATUS ash_cli_print_records(struct ash_cli *cli, const struct ash_cli_list *list);

static inline void ash_cli_list_auto(struct ash_cli_list *list)
{
	ash_cli_list_done(list);
}

static inline void ash_cli_json_auto(json_t **value)
{
	json_decref(*value);
}
#define ASH_CLI_AUTO_JSON __attribute__((cleanup(ash_cli_json_auto))) json_t
