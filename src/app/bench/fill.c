#include "app/bench/fill.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define NS_PER_MS 1000000u

struct crew {
	const struct ash_bench_guest *guest;
	uint64_t to, limit_ns;
	pthread_mutex_t lock; /* guards begun */
	pthread_cond_t begin;
	bool begun;
	struct ash_bench_cost start; /* set before they begin */
	_Atomic uint64_t next;
	atomic_bool over; /* one failed */
};

struct worker {
	struct crew *crew;
	pthread_t thread;
	CK_SESSION_HANDLE session;
	struct ash_status status;
	char why[256]; /* the explanation is its thread's */
};

static ASH_STATUS make_pairs(struct worker *worker)
{
	struct crew *crew = worker->crew;
	CK_OBJECT_HANDLE pair[2];

	while (!crew->over) {
		uint64_t index;

		if (crew->limit_ns != 0 && ash_bench_since(crew->start).wall_ns >= crew->limit_ns)
			break;
		index = atomic_fetch_add(&crew->next, 1);
		if (index >= crew->to)
			break;
		ASH_TRY(ash_bench_guest_make_pair(crew->guest, worker->session, index, pair));
	}
	return ASH_DONE;
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	pthread_mutex_lock(&worker->crew->lock);
	while (!worker->crew->begun)
		pthread_cond_wait(&worker->crew->begin, &worker->crew->lock);
	pthread_mutex_unlock(&worker->crew->lock);
	worker->status = make_pairs(worker);
	if (!ash_is_ok(worker->status)) {
		worker->crew->over = true;
		snprintf(worker->why, sizeof(worker->why), "%s", ash_status_explanation());
	}
	return NULL;
}

/* Starts them, lets them go at once, waits. Without one that can't be made, no pair is made. */
static ASH_STATUS run(struct crew *crew, struct worker *workers, unsigned threads)
{
	unsigned started = 0;

	for (; started < threads; started++) {
		workers[started].crew = crew;
		if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
			break;
	}
	crew->over = started < threads;
	pthread_mutex_lock(&crew->lock);
	crew->start = ash_bench_clocks();
	crew->begun = true;
	pthread_cond_broadcast(&crew->begin);
	pthread_mutex_unlock(&crew->lock);
	for (unsigned i = 0; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	if (started < threads)
		ASH_FAIL_WITH(ASH_E_FAILED, "can't make %u threads", threads);
	return ASH_DONE;
}

static ASH_STATUS verdict(const struct worker *workers, unsigned threads)
{
	for (unsigned i = 0; i < threads; i++) {
		if (!ash_is_ok(workers[i].status))
			ASH_FAIL_WITH(workers[i].status.code, "%s", workers[i].why);
	}
	return ASH_DONE;
}

ASH_STATUS ash_bench_fill(const struct ash_bench_guest *guest, uint64_t from, uint64_t to, unsigned threads,
			  uint64_t limit_ms, uint64_t *ret_next, struct ash_bench_cost *ret_cost)
{
	static struct worker workers[ASH_BENCH_THREADS_MAX];
	struct crew crew = { .guest = guest,
			     .to = to,
			     .limit_ns = limit_ms * NS_PER_MS,
			     .lock = PTHREAD_MUTEX_INITIALIZER,
			     .begin = PTHREAD_COND_INITIALIZER };
	struct ash_bench_cost cost;
	struct ash_status status;

	ASH_BUG(threads == 0 || threads > ASH_BENCH_THREADS_MAX);
	memset(workers, 0, sizeof(workers));
	crew.next = from;
	for (unsigned i = 0; i < threads; i++)
		ASH_TRY(ASH_BENCH_ASK(guest, C_OpenSession, guest->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
				      NULL, NULL, &workers[i].session));
	status = run(&crew, workers, threads);
	cost = ash_bench_since(crew.start);
	ASH_TRY(status);
	ASH_TRY(verdict(workers, threads));
	for (unsigned i = 0; i < threads; i++)
		ASH_TRY(ASH_BENCH_ASK(guest, C_CloseSession, workers[i].session));
	*ret_next = crew.next < to ? crew.next : to;
	*ret_cost = cost;
	return ASH_DONE;
}
