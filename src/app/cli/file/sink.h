/*
 * Where a command's data goes: --output FILE, which is written whole or not at all, or
 * standard output. What may be secret (`secret`) is for the owner alone (0600), else
 * a file that is there keeps its mode (where it is somebody else's, no more of it than the
 * umask lets through), and of a new one the umask decides. Nothing passes through stdio's
 * buffers. Failures are told.
 *
 * Binary data does not go to a terminal unless "--output -" says so. A file that is there
 * is replaced in one step, once all is written; what is no plain file (a device, a pipe)
 * is written to as it is.
 */
#pragma once

#include "app/cli/cli.h"
#include "util/span.h"

struct ash_cli_sink {
	struct ash_cli *cli;
	const char *name; /* as --output has it; NULL: standard output */
	char *path;       /* to be replaced; or NULL */
	char *temporary;  /* a file with a name of its own until then; or NULL */
	int fd;           /* -1: the stream of `cli` has none (tests) */
	bool owned;       /* `fd` is to be closed */
	bool placed;      /* the file is in its place, whatever fails then */
	unsigned mode;    /* of the file */
	uint64_t bytes;   /* written so far */
};

#define ASH_CLI_SINK_NONE ((struct ash_cli_sink){ .fd = -1 })

/* Opens what --output says. `text`: a terminal may have it. */
ASH_STATUS ash_cli_sink_open(struct ash_cli *cli, bool secret, bool text, struct ash_cli_sink *ret_sink);

ASH_STATUS ash_cli_sink_write(struct ash_cli_sink *sink, struct ash_span bytes);

/* Puts the file in its place, for good. Without it nothing happened there, nor with a failure unless `placed`. */
ASH_STATUS ash_cli_sink_commit(struct ash_cli_sink *sink);

/* Whether the data goes to a plain file, so that standard output is free for words. */
bool ash_cli_sink_is_file(const struct ash_cli_sink *sink);

void ash_cli_sink_done(struct ash_cli_sink *sink);

static inline void ash_cli_sink_auto(struct ash_cli_sink *sink)
{
	ash_cli_sink_done(sink);
}
