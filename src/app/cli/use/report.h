/*
 * What a command that used a key says when it is done: one row, as JSON or as a line.
 */
#pragma once

#include "app/cli/file/sink.h"
#include "app/cli/use/params.h"

struct ash_cli_report {
	const struct ash_mechanism_row *row; /* or NULL */
	const char *key_uri;                 /* or NULL */
	const char *form;                    /* "DER", of a signature; or NULL */
	struct ash_span iv;                  /* chosen or given; or empty */
	struct ash_span signature;           /* to be shown in JSON; or empty */
	const bool *valid;                   /* what checking it gave; or NULL */
	const struct ash_cli_sink *sink;     /* where the data went; or NULL */
};

/* With --json {"results": [ROW]}; else a line, if the data went to a file. ASH_E_MEMORY. */
ASH_STATUS ash_cli_report(struct ash_cli *cli, const struct ash_cli_report *report);
