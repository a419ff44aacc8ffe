/*
 * The model against any PKCS#11 module, for as long as one likes.
 *
 *     model [--seed N] [--seconds N] [--calls N] [--rounds N] [--store sqlite|memory] [--trace] MODULE
 *
 * A round is a process of its own with an empty store and so many calls, all of which
 * follow from its seed. What goes wrong, or crashes, is told with the last calls, and
 * then the round is played again without ever more of its calls, until none can be left
 * out: what remains is printed. `--seed N --rounds 1` plays a round again, --trace prints
 * each of its calls.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

enum {
	CALLS_MAX = 100000,
	SHRINK_SECONDS = 60
};

static struct {
	const char *module;
	uint64_t seed;
	unsigned seconds, calls;
	uint64_t rounds;
	bool memory;
} options = { .seconds = 10, .calls = 3000, .rounds = UINT64_MAX };

static uint8_t *skipped; /* of a round's calls; shared */
static char home[] = "/tmp/ashlar-model-XXXXXX";

__attribute__((noreturn)) static void die(const char *what)
{
	perror(what);
	exit(2);
}

static double now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void empty_home(void)
{
	DIR *dir = opendir(home);
	const struct dirent *entry = NULL;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
}

static void configure(void)
{
	char path[64];
	FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "%s/ashlar.conf", home);
	file = fopen(path, "w");
	if (file == NULL)
		die(path);
	(void)fprintf(file, "store.backend = %s\npin.tries.user = %d\npin.tries.so = %d\nlog = none\n",
		      options.memory ? "memory" : "sqlite", PIN_TRIES, PIN_TRIES);
	if (!options.memory)
		(void)fprintf(file, "store.path = %s\n", home);
	if (fclose(file) != 0 || setenv("ASHLAR_CONF", path, 1) != 0)
		die(path);
}

/* ---- the child ---- */

static void end_child(void)
{
	_exit(1);
}

static CK_FUNCTION_LIST_3_2 *load(void)
{
	void *handle = dlopen(options.module, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetInterface get_interface = NULL;
	CK_INTERFACE *interface = NULL;
	CK_VERSION version = { 3, 2 };

	if (handle != NULL)
		*(void **)&get_interface = dlsym(handle, "C_GetInterface");
	if (get_interface == NULL || get_interface(NULL, &version, &interface, 0) != CKR_OK) {
		(void)fprintf(stderr, "%s: %s\n", options.module,
			      handle == NULL ? dlerror() : "no interface of 3.2");
		_exit(2);
	}
	return interface->pFunctionList;
}

static void play_round(uint64_t seed)
{
	report_end = end_child;
	choice_seed(seed);
	play_begin(load(), !options.memory);
	for (unsigned i = 0; i < options.calls; i++) {
		if (skipped[i])
			continue;
		report->step = i;
		choice_call(i);
		play_call();
	}
	if (world.initialized && world.p11->C_Finalize(NULL) != CKR_OK)
		wrong("C_Finalize failed at the end");
	exit(0); /* so that a sanitizer looks for what was lost */
}

/* ---- the parent ---- */

/* Plays a round; false when something was wrong. */
static bool try_round(uint64_t seed)
{
	int status = 0;
	pid_t child = 0;

	empty_home();
	configure();
	report->lines = 0;
	report->failure[0] = '\0';
	(void)fflush(stdout);
	child = fork();
	if (child == 0)
		play_round(seed);
	if (child < 0 || waitpid(child, &status, 0) != child)
		die("fork");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		exit(2);
	if (WIFSIGNALED(status))
		(void)snprintf(report->failure, sizeof(report->failure), "killed by signal %d",
			       WTERMSIG(status));
	return status == 0;
}

static size_t skip_range(size_t from, size_t count, size_t end)
{
	size_t changed = 0;

	for (size_t i = from; i < from + count && i < end; i++) {
		if (skipped[i] == 0) {
			skipped[i] = 2; /* on trial */
			changed++;
		}
	}
	return changed;
}

static void end_trial(bool keep, size_t end)
{
	for (size_t i = 0; i < end; i++) {
		if (skipped[i] == 2)
			skipped[i] = keep ? 1 : 0;
	}
}

/* The same but for its numbers. */
static bool same_failure(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		const size_t digits_a = strspn(a, "0123456789abcdefx"),
			     digits_b = strspn(b, "0123456789abcdefx");

		a += digits_a;
		b += digits_b;
		if (*a != *b)
			return false;
		if (*a != '\0') {
			a++;
			b++;
		}
	}
	return true;
}

/* Leaves out what can be left out, in ever smaller pieces. */
static void shrink(uint64_t seed)
{
	const double end_time = now() + SHRINK_SECONDS;
	size_t end = report->step + 1, piece = end / 2;
	const bool all = report_all;
	struct report *kept = malloc(sizeof(*kept)), *counted = malloc(sizeof(*counted));
	size_t left = end;

	if (kept == NULL || counted == NULL)
		die("malloc");
	*kept = *counted = *report;
	report_all = false;
	memset(skipped + end, 1, options.calls > end ? options.calls - end : 0);
	for (; piece > 0 && now() < end_time; piece /= 2) {
		for (size_t from = 0; from < end && now() < end_time; from += piece) {
			size_t changed = skip_range(from, piece, end);
			bool still = false;

			if (changed == 0)
				continue;
			still = !try_round(seed) && same_failure(report->failure, kept->failure);
			end_trial(still, end);
			left -= still ? changed : 0;
			if (still)
				*kept = *report;
		}
	}
	*report = *kept;
	(void)printf("# it takes %zu of its %zu calls:\n", left, end);
	report_print_trace();
	*report = *counted; /* what was tried over and over counts once */
	free(kept);
	free(counted);
	report_all = all;
}

static uint64_t fresh_seed(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_REALTIME, &time);
	return ((uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000) ^ (uint64_t)getpid() << 44;
}

static uint64_t number(const char *text)
{
	char *end = NULL;
	const uint64_t value = strtoull(text, &end, 0);

	if (*text == '\0' || *end != '\0') {
		(void)fprintf(stderr, "%s: not a number\n", text);
		exit(2);
	}
	return value;
}

static void read_options(int argc, char **argv)
{
	options.seed = fresh_seed();
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (argv[i][0] != '-') {
			options.module = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--trace") == 0) {
			report_all = true;
			continue;
		}
		if (strcmp(argv[i], "--seed") == 0)
			options.seed = number(value);
		else if (strcmp(argv[i], "--seconds") == 0)
			options.seconds = (unsigned)number(value);
		else if (strcmp(argv[i], "--calls") == 0)
			options.calls = (unsigned)number(value);
		else if (strcmp(argv[i], "--rounds") == 0)
			options.rounds = number(value);
		else if (strcmp(argv[i], "--store") == 0)
			options.memory = strcmp(value, "memory") == 0;
		else
			options.module = NULL;
		i++;
	}
	if (options.module == NULL || options.calls > CALLS_MAX) {
		(void)fprintf(
			stderr,
			"usage: %s [--seed N] [--seconds N] [--calls N] [--rounds N] [--store sqlite|memory] MODULE\n",
			argv[0]);
		exit(2);
	}
}

static void *shared(size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

int main(int argc, char **argv)
{
	double end = 0;
	uint64_t round = 0;
	bool good = true;

	read_options(argc, argv);
	report = shared(sizeof(*report));
	skipped = shared(CALLS_MAX);
	if (mkdtemp(home) == NULL)
		die(home);
	(void)printf("# model: --seed %" PRIu64 " --store %s\n", options.seed,
		     options.memory ? "memory" : "sqlite");
	end = now() + options.seconds;
	for (; good && round < options.rounds && (round == 0 || options.rounds != UINT64_MAX || now() < end);
	     round++) {
		const uint64_t seed = options.seed + round;

		good = try_round(seed);
		if (good)
			continue;
		(void)printf("# call %" PRIu64 " of a round: %s\n# again: --seed %" PRIu64
			     " --rounds 1 --calls %u --store %s\n",
			     report->step, report->failure, seed, options.calls,
			     options.memory ? "memory" : "sqlite");
		report_print_trace();
		shrink(seed);
	}
	report_print_counts();
	(void)printf("# %" PRIu64 " rounds\n%sok 1 - every answer is the model's\n1..1\n", round,
		     good ? "" : "not ");
	empty_home();
	(void)rmdir(home);
	return good ? 0 : 1;
}
