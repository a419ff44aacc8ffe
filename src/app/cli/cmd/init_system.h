/* `ashlar init --system`: a place that the members of a group share. Not for other commands. */
#pragma once

#include "app/cli/cli.h"

/*
 * Makes what is missing of group, user, folder and configuration, and lists each step; with
 * --dry-run it only says what it would do. Failures are told. Root alone may do it.
 */
ASH_STATUS ash_cli_init_system(struct ash_cli *cli);
