#include "crew.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

#define WORKERS_MAX 64u
#define TOLD_FROM   10000u /* so many points take long: each twentieth part is told of */

static double now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *share(size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		report_bail("no shared memory");
	return memory;
}

unsigned crew_workers(void)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors < 1 ? 1 : processors > WORKERS_MAX ? WORKERS_MAX : (unsigned)processors;
}

static void tell(size_t count, size_t point)
{
	if (count < TOLD_FROM || point == 0 || point % (count / 20) != 0)
		return;
	(void)printf("# %zu of %zu points\n", point, count);
	(void)fflush(stdout);
}

void *crew_run(size_t count, size_t size, unsigned workers, double seconds,
	       void (*work)(const void *context, size_t point, unsigned worker, void *result),
	       const void *context)
{
	unsigned char *results = share(count * size + 1);
	atomic_size_t *next = share(sizeof(*next));
	const double end = now() + seconds;
	pid_t children[WORKERS_MAX];

	if (workers == 0)
		workers = crew_workers();
	(void)fflush(NULL);
	for (unsigned i = 0; i < workers; i++) {
		children[i] = fork();
		if (children[i] < 0)
			report_bail("fork");
		if (children[i] != 0)
			continue;
		for (size_t point = atomic_fetch_add(next, 1); point < count && (seconds <= 0 || now() < end);
		     point = atomic_fetch_add(next, 1)) {
			tell(count, point);
			work(context, point, i, results + point * size);
		}
		_exit(0);
	}
	for (unsigned i = 0; i < workers; i++) {
		int status = 0;

		if (waitpid(children[i], &status, 0) != children[i] || status != 0)
			report_bail("a worker ended with %#x", (unsigned)status);
	}
	(void)munmap(next, sizeof(*next));
	return results;
}

void crew_done(void *results, size_t count, size_t size)
{
	(void)munmap(results, count * size + 1);
}
