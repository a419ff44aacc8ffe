#include "app/bench/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

#include "util/compat.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t interrupted;
static bool caught;
static sigset_t outside; /* the mask before ash_bench_interrupt_catch() */

static void note(ASH_UNUSED int signal)
{
	interrupted = 1;
}

void ash_bench_interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = note };
	struct sigaction before;
	sigset_t ours;

	if (caught)
		return;
	sigemptyset(&ours);
	for (size_t i = 0; i < ASH_COUNT(signals); i++) {
		/* nohup: what is ignored stays so. */
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		sigaddset(&ours, signals[i]);
		(void)sigaction(signals[i], &action, NULL);
	}
	(void)sigprocmask(SIG_BLOCK, &ours, &outside);
	caught = true;
}

void ash_bench_interrupt_release(void)
{
	struct sigaction before;

	if (!caught)
		return;
	for (size_t i = 0; i < ASH_COUNT(signals); i++) {
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == note)
			(void)signal(signals[i], SIG_DFL);
	}
	(void)sigprocmask(SIG_SETMASK, &outside, NULL);
	caught = false;
}

bool ash_bench_interrupt_wait(int fd)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	while (!interrupted && ppoll(&readable, 1, NULL, caught ? &outside : NULL) == -1 && errno == EINTR)
		continue;
	return !interrupted;
}

bool ash_bench_interrupted(void)
{
	return interrupted;
}
