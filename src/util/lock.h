/*
 * Locks with ranks. A lock sits beside the fields it guards; a thread takes
 * ranks upward only. Where ASH_BUG_ABORTS is set, taking one out of order (or
 * the same rank twice) aborts.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "util/compat.h"
#include "util/status.h"

/* Outer locks first. Whoever holds one may take only those further down. */
enum ash_rank {
	ASH_RANK_NONE,
	ASH_RANK_MODULE,   /* C_Initialize against C_Finalize */
	ASH_RANK_SESSION,  /* one session, held for a whole call */
	ASH_RANK_SLOTS,    /* the table of tokens */
	ASH_RANK_TOKEN,    /* one token's login state and counters */
	ASH_RANK_TRIALS,   /* the PINs of one token that are being looked at */
	ASH_RANK_SESSIONS, /* the table of sessions */
	ASH_RANK_OBJECTS,  /* session objects and the object cache */
	ASH_RANK_KEYS,     /* the cache of key handles */
	ASH_RANK_QUEUE,    /* the store's queue of writers */
	ASH_RANK_STORE,    /* a store back end's own state */
	ASH_RANK_ENGINE,   /* a crypto back end's own state */
	ASH_RANK_LOG,
	ASH_RANK_ARENA, /* inside the allocator */
};

struct ash_lock {
	pthread_mutex_t mutex;
	enum ash_rank rank;
};

#define ASH_LOCK_INIT(lock_rank)                       \
	{                                              \
		PTHREAD_MUTEX_INITIALIZER, (lock_rank) \
	}

/* Locks made at run time. ASH_E_MEMORY. */
ASH_STATUS ash_lock_init(struct ash_lock *lock, enum ash_rank rank);
void ash_lock_done(struct ash_lock *lock);

void ash_lock_take(struct ash_lock *lock);
/* False, at once, when somebody has it. */
bool ash_lock_try(struct ash_lock *lock);
void ash_lock_drop(struct ash_lock *lock);

/* Waits on `condition` with the lock dropped meanwhile, as pthread_cond_wait. */
void ash_lock_wait(struct ash_lock *lock, pthread_cond_t *condition);

static inline void ash_lock_auto(struct ash_lock **lock)
{
	if (*lock != NULL)
		ash_lock_drop(*lock);
}

static inline struct ash_lock *ash_lock_hold(struct ash_lock *lock)
{
	ash_lock_take(lock);
	return lock;
}

/* ASH_LOCKED(&table->lock); holds it to the end of the scope. */
#define ASH_LOCKED_NAME(line) ash_locked_##line
#define ASH_LOCKED_AT(lock, line)                                                                   \
	ASH_UNUSED __attribute__((cleanup(ash_lock_auto))) struct ash_lock *ASH_LOCKED_NAME(line) = \
		ash_lock_hold(lock)
#define ASH_LOCKED(lock) ASH_LOCKED_AT(lock, __LINE__)
