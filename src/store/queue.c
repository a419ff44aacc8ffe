#include "store/queue_priv.h"

#include <stdio.h>

enum request_state {
	WAITING,
	LEADING,
	SETTLED,
};

/* One waiting change, on the stack of the thread that asked for it. */
struct ash_request {
	ash_store_fn *fn; /* NULL: it wants the store to itself, outside of any transaction */
	void *context;
	struct ash_request *next;
	pthread_cond_t wake;
	enum request_state state; /* guarded by the queue's lock */

	/* Its fate, written by the leader; where and why it failed, to be told on its own thread. */
	struct ash_status status;
	struct ash_origin origin;
	char why[500];
};

struct batch {
	const struct ash_store_ops *ops;
	void *inner; /* the back end's transaction; NULL when there is none */
	struct ash_request *first;
	struct ash_request *last;
	size_t count;
	bool wanted; /* a change succeeded: worth a commit */
	bool broken; /* the transaction can't be put back to before a change that failed */
};

/* The queue that this thread leads: a change inside a change would wait for itself. */
static _Thread_local const struct ash_queue *leading;

struct ash_status ash_queue_init(struct ash_queue *queue)
{
	*queue = (struct ash_queue){ .led = false };
	return ash_lock_init(&queue->lock, ASH_RANK_QUEUE);
}

void ash_queue_done(struct ash_queue *queue)
{
	ash_lock_done(&queue->lock);
}

static void settle(struct ash_request *request, struct ash_status status)
{
	request->status = status;
	if (ash_is_ok(status))
		return;
	request->origin = ash_status_origin();
	(void)snprintf(request->why, sizeof(request->why), "%s", ash_status_explanation());
}

/* Takes back what the whole batch has been told so far. */
static void settle_done(struct batch *batch, struct ash_status status)
{
	for (struct ash_request *request = batch->first; request != NULL; request = request->next) {
		if (ash_is_ok(request->status))
			settle(request, status);
	}
}

static struct ash_status run_marked(struct batch *batch, struct ash_request *request)
{
	struct ash_txn txn = { .ops = batch->ops, .inner = batch->inner, .change = true, .broken = ASH_DONE };

	ASH_TRY(request->fn(&txn, request->context));
	return txn.broken;
}

static void run_one(struct batch *batch, struct ash_request *request)
{
	struct ash_status status = batch->ops->mark(batch->inner);
	const bool marked = ash_is_ok(status);

	if (marked)
		status = run_marked(batch, request);
	settle(request, status);
	if (ash_is_ok(status))
		batch->wanted = true;
	else
		batch->broken = !marked || !ash_is_ok(batch->ops->undo(batch->inner));
}

/* One request in a transaction of its own. */
static struct ash_status run_alone(struct batch *batch, void *store, struct ash_request *request)
{
	struct ash_status status = ASH_DONE;

	ASH_TRY(batch->ops->write_begin(store, &batch->inner));
	status = run_marked(batch, request);
	if (ash_is_ok(status))
		return batch->ops->commit(batch->inner);
	batch->ops->end(batch->inner);
	return status;
}

/*
 * One request broke the transaction of all: those that had done theirs do it again, each by
 * itself, so that what one can't do harms nobody else.
 */
static void run_again(struct batch *batch, void *store)
{
	batch->ops->end(batch->inner);
	for (struct ash_request *request = batch->first; request != NULL; request = request->next) {
		if (ash_is_ok(request->status))
			settle(request, run_alone(batch, store, request));
	}
}

/* The queue's lock is held. */
static struct ash_request *take_first(struct ash_queue *queue)
{
	struct ash_request *request = queue->first;

	queue->first = request->next;
	if (queue->first == NULL)
		queue->last = NULL;
	request->next = NULL;
	return request;
}

/* The next of those that wait, moved to the batch; NULL when there is none, or the batch is full. */
static struct ash_request *next_request(struct ash_queue *queue, struct batch *batch)
{
	struct ash_request *request = NULL;

	ASH_LOCKED(&queue->lock);
	request = queue->first;
	if (request == NULL || batch->count == ASH_QUEUE_BATCH || request->fn == NULL)
		return NULL;
	take_first(queue);
	if (batch->first == NULL)
		batch->first = request;
	else
		batch->last->next = request;
	batch->last = request;
	batch->count++;
	return request;
}

static void run_all(struct ash_queue *queue, struct batch *batch, void *store)
{
	struct ash_status status = batch->ops->write_begin(store, &batch->inner);
	const bool begun = ash_is_ok(status);
	struct ash_request *request = NULL;

	/* Taken one by one: whoever comes while the others are being run is in time. */
	while (!batch->broken && (request = next_request(queue, batch)) != NULL) {
		if (begun)
			run_one(batch, request);
		else
			settle(request, status);
	}
	if (!begun)
		return;
	if (batch->broken) {
		run_again(batch, store);
		return;
	}
	if (!batch->wanted) {
		batch->ops->end(batch->inner);
		return;
	}
	status = batch->ops->commit(batch->inner);
	if (!ash_is_ok(status))
		settle_done(batch, status);
}

/* To whoever waits longest, if anybody does. The queue's lock is held. */
static void hand_on(struct ash_queue *queue)
{
	queue->led = queue->first != NULL;
	if (queue->led) {
		queue->first->state = LEADING;
		pthread_cond_signal(&queue->first->wake);
	}
}

static void lead(struct ash_queue *queue, const struct ash_store_ops *ops, void *store)
{
	const struct ash_queue *outer = leading;
	struct batch batch = { .ops = ops };
	struct ash_request *request = NULL;

	leading = queue;
	run_all(queue, &batch, store);
	leading = outer;

	ASH_LOCKED(&queue->lock);
	for (request = batch.first; request != NULL;) {
		struct ash_request *next = request->next;

		request->state = SETTLED; /* from here on it may be gone at any time but for the lock */
		pthread_cond_signal(&request->wake);
		request = next;
	}
	hand_on(queue);
}

/* Puts it at the end and waits until it is done, or has to lead: true. */
static bool wait_turn(struct ash_queue *queue, struct ash_request *request)
{
	ASH_LOCKED(&queue->lock);
	if (queue->last == NULL)
		queue->first = request;
	else
		queue->last->next = request;
	queue->last = request;
	if (!queue->led) {
		queue->led = true;
		request->state = LEADING;
	}
	while (request->state == WAITING)
		ash_lock_wait(&queue->lock, &request->wake);
	return request->state == LEADING;
}

struct ash_status ash_queue_change(struct ash_queue *queue, const struct ash_store_ops *ops, void *store,
				   ash_store_fn *fn, void *context)
{
	struct ash_request own = {
		.fn = fn,
		.context = context,
		.state = WAITING,
		.wake = PTHREAD_COND_INITIALIZER,
	};

	ASH_BUG(leading == queue);
	if (wait_turn(queue, &own))
		lead(queue, ops, store);
	pthread_cond_destroy(&own.wake);
	if (!ash_is_ok(own.status)) {
		/* Whatever thread it failed on, this one tells. */
		ash_ignore(ash_status_fail(own.status.code, own.origin.file, own.origin.line));
		ash_status_explain("%s", own.why);
	}
	return own.status;
}

struct ash_status ash_queue_compact(struct ash_queue *queue, const struct ash_store_ops *ops, void *store,
				    uint64_t *ret_before, uint64_t *ret_after)
{
	struct ash_request own = { .fn = NULL, .state = WAITING, .wake = PTHREAD_COND_INITIALIZER };
	struct ash_status status = ASH_DONE;

	ASH_BUG(leading == queue);
	/* No batch takes it: it is always the one to lead, and first. */
	(void)wait_turn(queue, &own);
	status = ops->compact(store, ret_before, ret_after);
	ash_lock_take(&queue->lock);
	take_first(queue);
	hand_on(queue);
	ash_lock_drop(&queue->lock);
	pthread_cond_destroy(&own.wake);
	return status;
}
