/*
 * What `ashlar import …` commands share: from objects that were read to a report on each.
 */
#pragma once

#include "app/cli/cli.h"
#include "app/foreign/object.h"

/*
 * Brings the objects to the token that the options name, checks them and prints the report;
 * with --dry-run only says what would come. Something that can't come is the report's to say
 * and makes the exit code 1. Failures are told.
 */
ASH_STATUS ash_cli_import_objects(struct ash_cli *cli, const struct ash_foreign_objects *objects);

/*
 * ash_cli_fail() for a failure of the other side: the exit code that speaks of our store and our
 * configuration becomes 1.
 */
ASH_STATUS ash_cli_import_fail(struct ash_cli *cli, struct ash_status status, const char *format, ...)
	ASH_PRINTF(3, 4);
