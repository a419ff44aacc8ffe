/*
 * Bytes in an option: hex (0a1b2c), text:TEXT, or file:PATH for what stands in a file.
 */
#pragma once

#include "app/cli/cli.h"
#include "util/buf.h"

/* Appends the option's 1 to `max` bytes. A refusal is told. */
ASH_STATUS ash_cli_bytes_read(struct ash_cli *cli, enum ash_cli_opt option, const char *name, size_t max,
			      struct ash_buf *out);
