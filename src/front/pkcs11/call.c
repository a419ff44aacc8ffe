#include "front/pkcs11/call_priv.h"

#include <pthread.h>
#include <stdalign.h>
#include <time.h>

#include "front/pkcs11/host.h"
#include "front/pkcs11/return_priv.h"
#include "util/fork.h"

/* Phases of the library in one process; another process's word means CLOSED. */
enum phase {
	CLOSED,
	OPENING,
	OPEN,
	CLOSING,
	PHASES
};

#define SHARD_BITS 6
#define WAIT_MS    50 /* between looks for a C_Finalize */

struct shard {
	alignas(64) _Atomic uint32_t under_way;
};

static struct {
	_Atomic uint64_t word;            /* fork epoch * PHASES + phase */
	struct ash_p11_instance instance; /* changes only in OPENING and CLOSING */
	_Atomic uint64_t closings;
	struct shard shards[1 << SHARD_BITS];
} library;

uint32_t ash_call_patience_ms = 10000;

static uint64_t word_of(enum phase phase)
{
	return ash_fork_epoch() * PHASES + phase;
}

static bool of_this_process(uint64_t word)
{
	return word / PHASES == ash_fork_epoch();
}

static enum phase phase_of(uint64_t word)
{
	return (enum phase)(word % PHASES);
}

static void pause_ms(long ms)
{
	struct timespec time = { .tv_nsec = ms * 1000000 };

	(void)nanosleep(&time, NULL);
}

/* Threads have their control blocks in pages of their own; asking for the address is cheap. */
static _Atomic uint32_t *shard_of_thread(void)
{
	uint64_t thread = (uint64_t)pthread_self() >> 12;

	return &library.shards[thread * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SHARD_BITS)].under_way;
}

/*
 * A forked child: the parent's instance is not ours, and the parent's threads that
 * were counted in calls are not there. One that was half made or half stopped at
 * the moment of the fork is left as it is.
 */
static void forget_parent(enum phase phase)
{
	if (phase == OPEN)
		ash_p11_host.abandon(&library.instance);
	for (size_t i = 0; i < ASH_COUNT(library.shards); i++)
		atomic_store(&library.shards[i].under_way, 0);
}

static struct ash_status start(uint64_t before)
{
	struct ash_p11_instance instance = { 0 };
	struct ash_status status = ASH_DONE;

	if (!of_this_process(before))
		forget_parent(phase_of(before));
	status = ash_p11_host.start(&instance);
	if (ash_is_ok(status))
		library.instance = instance;
	atomic_store(&library.word, word_of(ash_is_ok(status) ? OPEN : CLOSED));
	return status;
}

struct ash_status ash_call_open(void)
{
	for (;;) {
		uint64_t before = atomic_load(&library.word);
		enum phase phase = of_this_process(before) ? phase_of(before) : CLOSED;

		ASH_ENSURE(phase != OPEN, ASH_E_ALREADY_INITIALIZED);
		if (phase == CLOSED) {
			if (atomic_compare_exchange_strong(&library.word, &before, word_of(OPENING)))
				return start(before);
		} else {
			pause_ms(1); /* whoever opens or closes now decides what we find */
		}
	}
}

/* No call can begin any more; waits for those that have. */
static bool wait_for_calls(void)
{
	uint32_t waited_ms = 0;

	for (size_t i = 0; i < ASH_COUNT(library.shards); i++) {
		while (atomic_load(&library.shards[i].under_way) != 0) {
			if (waited_ms++ >= ash_call_patience_ms)
				return false;
			pause_ms(1);
		}
	}
	return true;
}

struct ash_status ash_call_close(void)
{
	uint64_t open = word_of(OPEN);

	ASH_ENSURE(atomic_compare_exchange_strong(&library.word, &open, word_of(CLOSING)),
		   ASH_E_NOT_INITIALIZED);
	if (!wait_for_calls()) {
		atomic_store(&library.word, word_of(OPEN));
		ASH_FAIL_WITH(ASH_E_FAILED, "calls of other threads are still under way");
	}
	ash_p11_host.stop(&library.instance);
	library.instance = (struct ash_p11_instance){ 0 };
	atomic_store(&library.word, word_of(CLOSED));
	atomic_fetch_add(&library.closings, 1);
	return ASH_DONE;
}

uint64_t ash_call_closings(void)
{
	return atomic_load(&library.closings);
}

void ash_call_wait_closed(uint64_t before)
{
	while (ash_call_closings() == before)
		pause_ms(WAIT_MS);
}

bool ash_call_enter(struct ash_call *call)
{
	uint64_t open = word_of(OPEN);
	_Atomic uint32_t *under_way = shard_of_thread();

	/* Nothing is counted before this process's own opening has set the shards to zero. */
	if (atomic_load_explicit(&library.word, memory_order_acquire) != open)
		return false;
	/* Counted first, then looked again: C_Finalize closes first, then looks at the count. */
	atomic_fetch_add(under_way, 1);
	if (atomic_load(&library.word) != open) {
		atomic_fetch_sub(under_way, 1);
		return false;
	}
	*call = (struct ash_call){ library.instance.api, library.instance.hsm, under_way };
	return true;
}

CK_RV ash_call_leave(const struct ash_call *call, const char *function, struct ash_status status)
{
	CK_RV rv = ash_is_ok(status) ? CKR_OK : ash_return_failure(function, status);

	atomic_fetch_sub_explicit(call->under_way, 1, memory_order_release);
	return rv;
}

/* Whether this front-end may have found it before anybody looked at the session. */
static bool found_in_arguments(enum ash_code code)
{
	return code == ASH_E_ARGUMENT || code == ASH_E_MECHANISM || code == ASH_E_MECHANISM_PARAM ||
	       code == ASH_E_ATTRIBUTE_VALUE;
}

CK_RV ash_call_leave_session(const struct ash_call *call, const char *function, CK_SESSION_HANDLE session,
			     struct ash_status status)
{
	struct ash_session_info info = { 0 };
	struct ash_status known = ASH_DONE;

	if (found_in_arguments(status.code)) {
		known = call->api->session_info(call->hsm, session, &info);
		if (!ash_is_ok(known))
			status = known;
	}
	return ash_call_leave(call, function, status);
}
