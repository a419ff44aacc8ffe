/*
 * Many processes and threads on one token (stress.h).
 *
 *     stress [--processes N] [--threads N] [--seconds N] [--seed N] [--kill MS] [--no-logouts] [--labels-only] [--tap]
 *            MODULE
 *
 * With --kill a process dies by SIGKILL every so many milliseconds, and another takes its place.
 * For Ashlar a temporary folder (in TMPDIR) is the home. Any other module gets its token as it always
 * does (SOFTHSM2_CONF, say): the last of its slots is initialised.
 */
#include "stress.h"

#include <getopt.h>

static unsigned number(const char *text, unsigned low, unsigned high)
{
	char *end = NULL;
	const unsigned long value = strtoul(text, &end, 10);

	if (*end != '\0' || value < low || value > high) {
		(void)fprintf(stderr, "%s: a number from %u to %u is wanted\n", text, low, high);
		exit(2);
	}
	return (unsigned)value;
}

static void parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "processes", required_argument, NULL, 'p' },
		{ "threads", required_argument, NULL, 't' },
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'r' },
		{ "hang", required_argument, NULL, 'h' },
		{ "kill", required_argument, NULL, 'k' },
		{ "no-logouts", no_argument, NULL, 'n' },
		{ "labels-only", no_argument, NULL, 'l' },
		{ "tap", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	int letter = 0;

	while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (letter) {
		case 'p': options->processes = number(optarg, 1, PROCESSES_MAX - 2); break;
		case 't': options->threads = number(optarg, 1, THREADS_MAX); break;
		case 's': options->seconds = number(optarg, 1, 1000000); break;
		case 'r': options->seed = strtoull(optarg, NULL, 0); break;
		case 'h': options->hang_seconds = number(optarg, 1, 100000); break;
		case 'k': options->kill_ms = number(optarg, 1, 1000000); break;
		case 'n': options->logouts = false; break;
		case 'l': options->labels_only = true; break;
		case 'a': options->tap = true; break;
		default: exit(2);
		}
	}
	if (optind != argc - 1) {
		(void)fprintf(stderr,
			      "usage: stress [--processes N] [--threads N] [--seconds N] [--seed N] "
			      "[--kill MS] [--no-logouts] [--labels-only] [--hang SECONDS] [--tap] MODULE\n");
		exit(2);
	}
	options->module = argv[optind];
}

static int conclude(bool good, uint64_t wrong)
{
	(void)printf("# seed %#lx, %lu wrong answers\n", (unsigned long)board->options.seed,
		     (unsigned long)wrong);
	if (board->options.tap)
		(void)printf("%sok 1 - %u processes, %u threads each, %u s: no wrong answer\n"
			     "%sok 2 - nobody crashed, hung or ended badly\n1..2\n",
			     wrong == 0 ? "" : "not ", board->options.processes, board->options.threads,
			     board->options.seconds, good ? "" : "not ");
	return good && wrong == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct options options = {
		.processes = 8, .threads = 16, .seconds = 10, .hang_seconds = 60, .logouts = true
	};
	struct outcome outcome;
	struct totals totals;

	options.seed = stress_now_ns() * UINT64_C(0x9e3779b97f4a7c15);
	parse(argc, argv, &options);
	(void)printf("# seed %#lx\n", (unsigned long)options.seed);
	(void)fflush(stdout);
	outcome = stress_run(&options);
	totals = stress_totals();
	stress_print_totals(&totals, &outcome);
	return conclude(outcome.good, totals.wrong);
}
