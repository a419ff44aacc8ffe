/*
 * Checking the store in a child process, which may die of what it reads.
 */
#pragma once

#include "app/cli/print/output.h"

/*
 * Runs `ashlar store check` in a child and gathers what it finds as rows of `list`, whose
 * columns are "part", "slot", "record", "state", "checked" and "finding". A failure is told.
 * `ret_damaged` counts the parts that are damaged; a child that died is one.
 */
ASH_STATUS ash_cli_store_check(struct ash_cli *cli, struct ash_cli_list *list, unsigned *ret_damaged);
