/*
 * How far a long command is, on a line of the terminal that is written over and over:
 * on `cli->err` if that is a terminal, and not with --json; else nothing is shown.
 */
#pragma once

#include "app/cli/cli.h"

struct ash_cli_progress {
	struct ash_cli *cli;
	const char *what;  /* "keys" */
	uint64_t total;    /* units of work that there are; 0: nobody knows */
	uint64_t begun_ms; /* on the monotonic clock */
	uint64_t shown_ms; /* when it was last written */
	bool on, shown;
};

void ash_cli_progress_begin(struct ash_cli_progress *progress, struct ash_cli *cli, const char *what,
			    uint64_t total);

/* `done` of the units, which were `count` things. Writes a few times a second, no more often. */
void ash_cli_progress_show(struct ash_cli_progress *progress, uint64_t done, uint64_t count);

/* Wipes the line. */
void ash_cli_progress_end(struct ash_cli_progress *progress);

/* The line itself. */
struct ash_cli_progress_line {
	char text[80];
};
struct ash_cli_progress_line ash_cli_progress_line(uint64_t done, uint64_t total, uint64_t count,
						   const char *what, uint64_t elapsed_ms);
