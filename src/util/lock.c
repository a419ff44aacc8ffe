#include "util/lock.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The ranks this thread holds, a bit each; kept where bugs abort only. */
static _Thread_local uint32_t held;

static void note_taken(enum ash_rank rank)
{
	if (!ASH_BUG_ABORTS)
		return;
	if (held >> rank != 0) {
		(void)fprintf(stderr, "bug: lock of rank %d taken while ranks %#x are held\n", (int)rank,
			      (unsigned)held);
		abort();
	}
	held |= UINT32_C(1) << rank;
}

static void note_dropped(enum ash_rank rank)
{
	if (ASH_BUG_ABORTS)
		held &= ~(UINT32_C(1) << rank);
}

struct ash_status ash_lock_init(struct ash_lock *lock, enum ash_rank rank)
{
	ASH_ENSURE(pthread_mutex_init(&lock->mutex, NULL) == 0, ASH_E_MEMORY);
	lock->rank = rank;
	return ASH_DONE;
}

void ash_lock_done(struct ash_lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

void ash_lock_take(struct ash_lock *lock)
{
	note_taken(lock->rank);
	pthread_mutex_lock(&lock->mutex);
}

bool ash_lock_try(struct ash_lock *lock)
{
	if (pthread_mutex_trylock(&lock->mutex) != 0)
		return false;
	note_taken(lock->rank);
	return true;
}

void ash_lock_drop(struct ash_lock *lock)
{
	pthread_mutex_unlock(&lock->mutex);
	note_dropped(lock->rank);
}

void ash_lock_wait(struct ash_lock *lock, pthread_cond_t *condition)
{
	pthread_cond_wait(condition, &lock->mutex);
}
