/*
 * The queue of one process's writers: who finds it empty leads, runs the changes
 * that wait inside one transaction of the back end, commits once, tells each its
 * own fate, and hands the lead to whoever waits longest. First come, first served,
 * at most ASH_QUEUE_BATCH a commit.
 */
#pragma once

#include <pthread.h>

#include "store/backend.h"
#include "store/store.h"
#include "util/lock.h"

#define ASH_QUEUE_BATCH 64u

struct ash_request;

struct ash_queue {
	struct ash_lock lock; /* ASH_RANK_QUEUE; guards the fields below */
	struct ash_request *first;
	struct ash_request *last;
	bool led; /* one of the waiting, or of those in work, leads */
};

/* A view, or a change as its function sees it. */
struct ash_txn {
	const struct ash_store_ops *ops;
	void *inner;
	bool change;
	struct ash_status broken; /* what failed half-way, so that the whole change has to be undone */
};

ASH_STATUS ash_queue_init(struct ash_queue *queue);
void ash_queue_done(struct ash_queue *queue);

/* Compacts the back end's store when it is this request's turn, in no batch with others. */
ASH_STATUS ash_queue_compact(struct ash_queue *queue, const struct ash_store_ops *ops, void *store,
			     uint64_t *ret_before, uint64_t *ret_after);

/* Runs `fn` on the back end's store, as ash_store_change promises. */
ASH_STATUS ash_queue_change(struct ash_queue *queue, const struct ash_store_ops *ops, void *store,
			    ash_store_fn *fn, void *context);
