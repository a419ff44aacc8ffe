/*
 * Threads that initialise and finalize at random, while others call, log in, and wait for
 * a slot event that never comes.
 */
#include "storm.h"

/* What a call may answer when the library may end, or begin again, under it. */
static bool possible(CK_RV rv)
{
	switch (rv) {
	case CKR_OK:
	case CKR_CRYPTOKI_NOT_INITIALIZED:
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_OBJECT_HANDLE_INVALID:
	case CKR_KEY_HANDLE_INVALID:
	case CKR_OPERATION_NOT_INITIALIZED:
	/* A handle of an earlier life may be another thread's in this one. */
	case CKR_OPERATION_ACTIVE:
	case CKR_USER_NOT_LOGGED_IN: return true;
	default: return false;
	}
}

static bool stopped(void)
{
	return atomic_load_explicit(&storm.stop, memory_order_relaxed);
}

static bool may(const char *what, CK_RV rv)
{
	atomic_fetch_add_explicit(&storm.calls, 1, memory_order_relaxed);
	if (!possible(rv))
		storm_wrong(what, rv);
	return rv == CKR_OK;
}

static _Atomic int64_t alive; /* lives begun less lives ended */

static void *begin_and_end(void *context)
{
	uint64_t random = (uint64_t)(uintptr_t)context;

	while (!stopped()) {
		CK_RV rv = CKR_OK;

		if (storm_random(&random) % 2 == 0) {
			rv = storm.p11->C_Initialize(NULL);
			if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
				storm_wrong("C_Initialize", rv);
			alive += rv == CKR_OK;
			storm.lives += rv == CKR_OK;
		} else {
			storm_pause_ms(storm_random(&random) % 4 == 0 ? storm_random(&random) % 60 : 0);
			rv = storm.p11->C_Finalize(NULL);
			if (rv != CKR_OK && rv != CKR_CRYPTOKI_NOT_INITIALIZED)
				storm_wrong("C_Finalize", rv);
			alive -= rv == CKR_OK;
		}
		storm.calls++;
	}
	return NULL;
}

static void *keep_calling(void *context)
{
	uint64_t random = (uint64_t)(uintptr_t)context;

	while (!stopped()) {
		const bool logs_in = storm_random(&random) % 8 == 0;
		CK_SESSION_HANDLE session = 0;
		CK_OBJECT_HANDLE object = 0;
		CK_ULONG count = 0;

		if (!may("opening", storm_open(&session))) {
			storm_pause_ms(storm_random(&random) % 4 ==
				       0); /* a refusal costs nothing: leave the others room */
			continue;
		}
		(void)may("digesting", storm_digest(session));
		if (may("finding", storm_count(session, "landmark", &count)) && count != 1)
			storm_wrong("the landmark is not found once", count);
		(void)may("creating", storm_create(session, false, "of a session", &object));
		if (logs_in && may("logging in", storm_log_in(session)))
			(void)may("signing", storm_sign(session));
		if (storm_random(&random) % 8 == 0 &&
		    may("creating on the token", storm_create(session, true, "short-lived", &object)))
			(void)may("destroying", storm.p11->C_DestroyObject(session, object));
		(void)may("closing", storm.p11->C_CloseSession(session));
	}
	return NULL;
}

/* It ends with each C_Finalize, and only then. */
static void *wait_for_slots(void *context)
{
	while (!stopped()) {
		CK_SLOT_ID slot = 0;
		const CK_RV rv = storm.p11->C_WaitForSlotEvent(0, &slot, NULL);

		if (rv != CKR_CRYPTOKI_NOT_INITIALIZED)
			storm_wrong("C_WaitForSlotEvent", rv);
		storm_pause_ms(1);
	}
	return context;
}

void storm_lives(void)
{
	pthread_t threads[STORM_THREADS_MAX];
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; i < storm.threads; i++) {
		void *(*work)(void *) = i == 0                  ? wait_for_slots
					: i < storm.threads / 4 ? begin_and_end
								: keep_calling;

		if (pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i + 1)) != 0)
			exit(2);
	}
	storm_pause_ms(storm.seconds * 1000);
	storm.stop = true;
	for (unsigned i = 1; i < storm.threads; i++)
		(void)pthread_join(threads[i], NULL);
	rv = storm.p11->C_Finalize(NULL);
	if (alive != (rv == CKR_OK) || (rv != CKR_OK && rv != CKR_CRYPTOKI_NOT_INITIALIZED))
		storm_wrong("the last C_Finalize does not fit the lives begun and ended", rv);
	(void)pthread_join(threads[0], NULL);
}
