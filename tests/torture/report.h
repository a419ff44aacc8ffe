/*
 * What every sweep shares: its command line, its counts, its last line and its JSON.
 *
 *     struct report report;
 *
 *     report_begin(&report, "kill", argc, argv, "[--scenario NAME]", own_options);
 *     report_point(&report, good, "--scenario create-key --point 17", "neither before nor after");
 *     report_more(&report, "states", "%u", states);
 *     return report_end(&report);
 *
 * For one thread; children that end by _exit leave no mark in it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define REPORT_MORE 4096

struct report {
	const char *sweep;
	const char *module; /* its path: --module, or the one just built */
	const char *json;   /* --json FILE, or NULL */
	bool ours;          /* it is the one just built: what it can't do is bad */
	bool short_run;     /* --short */
	uint64_t seed;      /* --seed N, 1 if not given */
	double stop_after;  /* --stop-after SECONDS: no point is begun later; 0 if not given */

	uint64_t points, bad;
	uint64_t left_out; /* pieces of the sweep that the module can't do */
	bool stopped;      /* not all points were tried: no whole run */
	struct timespec start;
	char *command;
	char built[4096];       /* path of the module just built */
	char more[REPORT_MORE]; /* members of the JSON's "more", without the braces */
};

/* An option of one sweep alone. Ends with a row without a name. */
struct report_option {
	const char *name; /* without "--" */
	bool has_value;
	const char **ret_value; /* the value, or "" when the option has none */
};

/* Reads the command line. A wrong one, and --help, end the program; `usage` are the sweep's own options. */
void report_begin(struct report *report, const char *sweep, int argc, char **argv, const char *usage,
		  const struct report_option *options);

/*
 * The path of a sister of the module just built ("arena": libashlar-arena.so), or the module's
 * own where it is another, or has none. Static.
 */
const char *report_sister(const struct report *report, const char *name);

/* One point was tried. A bad one is printed with what repeats it. */
void report_point(struct report *report, bool good, const char *repeat, const char *why);

/* A piece of the sweep can't be done with the module, and why. A bad point if it is ours: others may lack things. */
void report_left_out(struct report *report, const char *repeat, const char *why);

/* A member of the JSON's "more": its value is given as JSON (a number, or text in quotes). */
__attribute__((format(printf, 3, 4))) void report_more(struct report *report, const char *name,
						       const char *format, ...);

/* The last line and the JSON. What main() returns: 0 only if there were points, all of them, and all are good. */
int report_end(struct report *report);

/* Whether the next point may be begun. Where not, the run is a stopped one, which its last line and its JSON say. */
bool report_goes_on(struct report *report);

/*
 * For one of `pieces` that are left to do, each after the other: the seconds that it may take,
 * so that a stopped run has something of each; 0: no end.
 */
double report_share(const struct report *report, size_t pieces);

/* Which of `count` points comes `at`-th, so that a stopped run has some from everywhere. */
uint64_t report_spread(uint64_t at, uint64_t count);

/* Seconds since report_begin. */
double report_seconds(const struct report *report);

/* Text as JSON has it, with its quotes. */
void report_json_text(FILE *out, const char *text);

/* Says why on standard error and ends the program: the sweep itself can't go on. */
__attribute__((noreturn, format(printf, 1, 2))) void report_bail(const char *format, ...);
