/*
 * Searching a token: every object that fits a template, one after the other.
 */
#pragma once

#include "app/cli/cli.h"

/* Takes one object that was found. It may read objects, but not search. A failure ends the search. */
typedef struct ash_status ash_cli_take(void *context, ash_handle object);

/* Whatever happens no search is left open. Failures are those of the HSM and of `take`; nothing is told. */
ASH_STATUS ash_cli_search(struct ash_cli *cli, ash_handle session, struct ash_template want,
			  ash_cli_take *take, void *context);
