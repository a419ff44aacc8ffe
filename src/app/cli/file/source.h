/*
 * Data that comes in from a file or standard input, as it is, piece by piece. It may be
 * secret: read it into secret memory. Failures are told.
 */
#pragma once

#include "app/cli/cli.h"
#include "app/cli/print/text.h"

struct ash_cli_source {
	struct ash_cli *cli;
	struct ash_cli_escaped name; /* to be shown */
	int fd;
	uint64_t size; /* bytes of a plain file; 0: nobody knows */
};

#define ASH_CLI_SOURCE_NONE ((struct ash_cli_source){ .fd = -1 })

/* Opens a file; "-" is standard input. */
ASH_STATUS ash_cli_source_open(struct ash_cli *cli, const char *path, struct ash_cli_source *ret_source);

/* Fills the room; what comes back shorter is the end. */
ASH_STATUS ash_cli_source_read(struct ash_cli_source *source, struct ash_mut room, size_t *ret_len);

/* Appends all that is left, which may be `max` bytes: more is refused, as too long for `what`. */
ASH_STATUS ash_cli_source_all(struct ash_cli_source *source, size_t max, const char *what,
			      struct ash_buf *out);

/* Appends a whole file of at most `max` bytes. */
ASH_STATUS ash_cli_source_file(struct ash_cli *cli, const char *path, size_t max, const char *what,
			       struct ash_buf *out);

void ash_cli_source_close(struct ash_cli_source *source);

static inline void ash_cli_source_auto(struct ash_cli_source *source)
{
	ash_cli_source_close(source);
}
