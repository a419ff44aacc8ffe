/*
 * The processes, from outside: they are started, watched, killed if that is wanted, and
 * started again in their own place; and the size of the store is looked at meanwhile.
 */
#include "stress.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SET_UP_PROCESS (PROCESSES_MAX - 2)
#define AUDIT_PROCESS  (PROCESSES_MAX - 1)

static char home[4096];
static pid_t children[PROCESSES_MAX];
static bool killed[PROCESSES_MAX];
static uint64_t next_kill_ns, kill_random;
static struct outcome seen;

/* ---- a home ---- */

static bool make_home(const char *given)
{
	static const char *const foreign[] = { "ASHLAR_CONF", "XDG_CONFIG_HOME", "XDG_DATA_HOME" };

	const char *under = getenv("TMPDIR");

	if (given != NULL)
		return snprintf(home, sizeof(home), "%s", given) < (int)sizeof(home);
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

/* ---- the store's size ---- */

static uint64_t size_of(const char *name)
{
	char path[4200];
	struct stat file;

	(void)snprintf(path, sizeof(path), "%s/%s", home, name);
	return stat(path, &file) == 0 ? (uint64_t)file.st_size : 0;
}

static void look_at_size(void)
{
	const uint64_t database = size_of("store.db");
	const uint64_t log = size_of("store.db-wal");

	if (database > seen.largest_database)
		seen.largest_database = database;
	if (log > seen.largest_log)
		seen.largest_log = log;
}

static uint64_t big_endian(const uint8_t bytes[4])
{
	return (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];
}

/* When all have closed it: what of the database is in use, by SQLite's header. */
static uint64_t live_bytes(void)
{
	char path[4200];
	uint8_t header[40];
	ssize_t got = 0;
	int file = -1;

	(void)snprintf(path, sizeof(path), "%s/store.db", home);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	got = read(file, header, sizeof(header));
	(void)close(file);
	if (got != (ssize_t)sizeof(header))
		return 0;
	return (big_endian(header + 28) - big_endian(header + 36)) * ((uint64_t)header[16] << 8 | header[17]);
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

/* Whoever is killed while waiting never tells how long that was. */
static void look_at_writers(void)
{
	const uint64_t now = stress_now_ns();

	for (unsigned i = 0; i < PROCESSES_MAX * THREADS_MAX; i++) {
		struct thread *t = &board->processes[i / THREADS_MAX].threads[i % THREADS_MAX];
		const uint64_t since = atomic_load(&t->busy_since_ns);

		if (since != 0 && now > since && atomic_load(&t->writing) &&
		    now - since > seen.longest_wait_ns && atomic_load(&t->busy_since_ns) == since)
			seen.longest_wait_ns = now - since;
	}
}

static void kill_children(void)
{
	for (unsigned i = 0; i < PROCESSES_MAX; i++)
		if (children[i] > 0)
			(void)kill(children[i], SIGKILL);
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

/* What the killed one had in its own memory, or shared with nobody, is no more. */
static void start_again(unsigned process)
{
	struct process *own = &board->processes[process];

	for (unsigned i = 0; i < THREADS_MAX; i++)
		atomic_store(&own->threads[i].busy_since_ns, 0);
	for (unsigned i = 0; i < SHARED; i++)
		atomic_store(&own->shared[i].birth, 0);
	atomic_store(&own->login, 0);
	atomic_store(&own->changer, false);
	own->lives++;
	killed[process] = false;
	children[process] = start(stress_worker, process);
}

static bool ended_well(unsigned process, int status)
{
	if (status == 0)
		return true;
	(void)fprintf(stderr, "process %u ended with status %#x\n", process, (unsigned)status);
	return false;
}

/* The children that still run; those that ended badly are counted, and who was killed runs again. */
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
		if (killed[i] && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
			start_again(i);
			running += children[i] > 0;
			*bad += children[i] <= 0;
		} else {
			*bad += !ended_well(i, status);
		}
	}
	return running;
}

/* SplitMix64, as the threads have it. */
static unsigned draw(unsigned limit)
{
	uint64_t z = kill_random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % limit);
}

/* One of them, whatever it is at, when it is time. */
static void kill_one(void)
{
	const uint64_t now = stress_now_ns();
	const unsigned process = draw(board->options.processes);

	if (board->options.kill_ms == 0 || now < next_kill_ns || atomic_load(&board->stop) ||
	    children[process] <= 0)
		return;
	next_kill_ns = now + board->options.kill_ms * UINT64_C(1000000);
	killed[process] = true;
	seen.kills += kill(children[process], SIGKILL) == 0;
}

static void pause_and_time(void)
{
	const uint64_t before = stress_now_ns();
	uint64_t took = 0;

	pause_ms(5);
	took = stress_now_ns() - before;
	if (took > seen.longest_pause_ns)
		seen.longest_pause_ns = took;
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
		look_at_writers();
		kill_one();
		look_at_size();
		pause_and_time();
	}
	return bad == 0;
}

static bool run_alone(int (*run)(unsigned), unsigned process)
{
	children[process] = start(run, process);
	return children[process] > 0 && watch(UINT64_MAX);
}

static bool run_workers(void)
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
	next_kill_ns = started + options->kill_ms * UINT64_C(1000000);
	kill_random = options->seed;
	bad += watch(started + options->seconds * UINT64_C(1000000000)) ? 0 : 1;
	seen.ns = stress_now_ns() - started;
	return bad == 0;
}

struct outcome stress_run(const struct options *options)
{
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE,
		     -1, 0);
	if (board == MAP_FAILED || !make_home(options->home)) {
		perror("stress");
		exit(2);
	}
	seen = (struct outcome){ .ns = 1 };
	board->options = *options;
	seen.good = run_alone(stress_set_up, SET_UP_PROCESS) && run_workers();
	atomic_store(&board->stop, false);
	board->options.kill_ms = 0;
	seen.good = run_alone(stress_auditor, AUDIT_PROCESS) && seen.good;
	seen.live = live_bytes();
	if (options->home == NULL)
		remove_home();
	return seen;
}
