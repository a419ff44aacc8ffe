/*
 * Many processes and threads on one token (stress.h): options, processes, the report.
 *
 *     stress [--processes N] [--threads N] [--seconds N] [--seed N] [--no-logouts] [--labels-only] [--tap] MODULE
 *
 * For Ashlar a temporary folder (in TMPDIR) is the home. Any other module gets its token as it always
 * does (SOFTHSM2_CONF, say): the last of its slots is initialised.
 */
#include "stress.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char home[4096];
static pid_t children[PROCESSES_MAX];

/* ---- a home ---- */

static bool make_home(void)
{
	static const char *const foreign[] = { "ASHLAR_CONF", "XDG_CONFIG_HOME", "XDG_DATA_HOME" };

	const char *under = getenv("TMPDIR");

	(void)snprintf(home, sizeof(home), "%s/ashlar-stress-XXXXXX", under != NULL ? under : "/tmp");
	for (size_t i = 0; i < COUNT(foreign); i++)
		(void)unsetenv(foreign[i]);
	return mkdtemp(home) != NULL && setenv("ASHLAR_HOME", home, 1) == 0;
}

static void remove_home(void)
{
	DIR *dir = opendir(home);
	struct dirent *entry = NULL;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(home);
}

/* ---- processes ---- */

static void pause_ms(unsigned ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000L };

	(void)nanosleep(&time, NULL);
}

/* A call that lasts too long: which one, and whose. */
static bool hangs(void)
{
	const uint64_t limit_ns = board->options.hang_seconds * UINT64_C(1000000000);

	for (unsigned i = 0; i < PROCESSES_MAX * THREADS_MAX; i++) {
		struct thread *t = &board->processes[i / THREADS_MAX].threads[i % THREADS_MAX];
		const uint64_t since = atomic_load(&t->busy_since_ns);
		const uint64_t now = stress_now_ns();

		if (since != 0 && now > since && now - since > limit_ns) {
			stress_wrong(t, "a call (function %u) lasts for more than %u s",
				     atomic_load(&t->busy_in), board->options.hang_seconds);
			return true;
		}
	}
	return false;
}

static void kill_children(void)
{
	for (unsigned i = 0; i < PROCESSES_MAX; i++)
		if (children[i] > 0)
			(void)kill(children[i], SIGKILL);
}

/* The children that still run; those that ended badly are counted. */
static unsigned reap(unsigned *bad)
{
	unsigned running = 0;

	for (unsigned i = 0; i < PROCESSES_MAX; i++) {
		int status = 0;

		if (children[i] <= 0)
			continue;
		if (waitpid(children[i], &status, WNOHANG) != children[i]) {
			running++;
			continue;
		}
		children[i] = 0;
		if (status != 0) {
			(void)fprintf(stderr, "process %u ended with status %#x\n", i, (unsigned)status);
			(*bad)++;
		}
	}
	return running;
}

static pid_t start(int (*run)(unsigned), unsigned process)
{
	const pid_t child = fork();

	if (child == 0)
		exit(run(process));
	if (child < 0)
		perror("fork");
	return child;
}

/* Runs until all have ended: true when none ended badly or hung. */
static bool watch(uint64_t until_ns)
{
	unsigned bad = 0;

	while (reap(&bad) != 0) {
		if (stress_now_ns() >= until_ns || bad != 0)
			atomic_store(&board->stop, true);
		if (hangs()) {
			kill_children();
			bad++;
		}
		pause_ms(20);
	}
	return bad == 0;
}

static int run_set_up(unsigned process)
{
	struct thread *t = &board->processes[process].threads[0];

	t->own = &board->processes[process];
	t->process = process;
	t->doing = "setting up";
	t->random = board->options.seed;
	return stress_set_up(t) ? 0 : 1;
}

static int run_auditor(unsigned process)
{
	(void)process;
	return stress_auditor();
}

static bool run_alone(int (*run)(unsigned), unsigned process)
{
	children[0] = start(run, process);
	return children[0] > 0 && watch(UINT64_MAX);
}

static bool run_workers(uint64_t *ret_ns)
{
	const struct options *options = &board->options;
	unsigned bad = 0;
	uint64_t started = 0;

	for (unsigned i = 0; i < options->processes; i++) {
		children[i] = start(stress_worker, i);
		if (children[i] < 0)
			atomic_store(&board->stop, true);
	}
	while (atomic_load(&board->ready) < options->processes * options->threads &&
	       !atomic_load(&board->stop)) {
		if (reap(&bad) != options->processes || hangs())
			atomic_store(&board->stop, true);
		pause_ms(5);
	}
	started = stress_now_ns();
	atomic_store(&board->go, true);
	bad += watch(started + options->seconds * UINT64_C(1000000000)) ? 0 : 1;
	*ret_ns = stress_now_ns() - started;
	return bad == 0;
}

/* ---- the report ---- */

#define STRESS_NAME_(name, parameters) [F_##name] = #name,
static const char *const names[FUNCTIONS] = { CK_FUNCTIONS_2_40(STRESS_NAME_)[F_WRITES] =
						      "writes to the token" };

static void add_up(struct tally sum[FUNCTIONS], uint64_t *wrong, uint64_t *disturbed, uint64_t *actions)
{
	for (unsigned i = 0; i < PROCESSES_MAX * THREADS_MAX; i++) {
		const struct thread *t = &board->processes[i / THREADS_MAX].threads[i % THREADS_MAX];

		for (unsigned f = 0; f < FUNCTIONS; f++) {
			sum[f].calls += t->tally[f].calls;
			sum[f].refused += t->tally[f].refused;
			sum[f].ns += t->tally[f].ns;
			if (t->tally[f].longest_ns > sum[f].longest_ns)
				sum[f].longest_ns = t->tally[f].longest_ns;
		}
		*wrong += atomic_load(&t->wrong);
		*disturbed += atomic_load(&t->disturbed);
		*actions += atomic_load(&t->actions);
	}
}

static void report(uint64_t took_ns, uint64_t *ret_wrong)
{
	static struct tally sum[FUNCTIONS];
	uint64_t calls = 0, disturbed = 0, actions = 0;
	const double seconds = (double)took_ns / 1e9;

	add_up(sum, ret_wrong, &disturbed, &actions);
	(void)printf("# %-22s %10s %10s %10s %12s\n", "function", "calls", "not OK", "mean us", "longest ms");
	for (unsigned f = 0; f < FUNCTIONS; f++) {
		if (sum[f].calls == 0)
			continue;
		(void)printf("# %-22s %10lu %10lu %10.1f %12.1f\n", names[f], (unsigned long)sum[f].calls,
			     (unsigned long)sum[f].refused, (double)sum[f].ns / 1e3 / (double)sum[f].calls,
			     (double)sum[f].longest_ns / 1e6);
		calls += f == F_WRITES ? 0 : sum[f].calls;
	}
	(void)printf("# %lu calls in %.1f s (%.0f a second), %lu actions, %lu lives of shared objects, "
		     "%lu changes of them; %lu answers that a logout explains\n",
		     (unsigned long)calls, seconds, (double)calls / seconds, (unsigned long)actions,
		     (unsigned long)atomic_load(&board->births),
		     (unsigned long)atomic_load(&board->clock) / 4, (unsigned long)disturbed);
}

/* ---- main ---- */

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
		case 'n': options->logouts = false; break;
		case 'l': options->labels_only = true; break;
		case 'a': options->tap = true; break;
		default: exit(2);
		}
	}
	if (optind != argc - 1) {
		(void)fprintf(stderr, "usage: stress [--processes N] [--threads N] [--seconds N] [--seed N] "
				      "[--no-logouts] [--labels-only] [--hang SECONDS] [--tap] MODULE\n");
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
	uint64_t took_ns = 1, wrong = 0;
	bool good = false;

	options.seed = stress_now_ns() * UINT64_C(0x9e3779b97f4a7c15);
	parse(argc, argv, &options);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE,
		     -1, 0);
	if (board == MAP_FAILED || !make_home()) {
		perror("stress");
		return 2;
	}
	board->options = options;
	(void)printf("# seed %#lx\n", (unsigned long)options.seed);
	(void)fflush(stdout);
	good = run_alone(run_set_up, PROCESSES_MAX - 2) && run_workers(&took_ns);
	atomic_store(&board->stop, false);
	good = run_alone(run_auditor, 0) && good;
	report(took_ns, &wrong);
	remove_home();
	return conclude(good, wrong);
}
