/*
 * One C_ call: is the library initialised in this process, and with which HSM?
 *
 * The state is one word: the fork epoch (util/fork.h) and a phase, so that a
 * forked child finds itself uninitialised. Calls under way are counted in shards,
 * one cache line each, picked by thread: entering and leaving cost two atomic
 * additions that threads do not contend for, and C_Finalize can wait for them.
 *
 * Any thread may call everything here.
 */
#pragma once

#include <stdatomic.h>
#include <string.h>

#include <ashlar/pkcs11.h>

#include "api/api.h"
#include "util/compat.h"

/* Begins the definition of an entry point: only these are seen from outside of the module. */
#define ASH_ENTRY __attribute__((visibility("default"))) CK_RV

struct ash_call {
	const struct ash_api *api;
	struct ash_hsm *hsm;
	_Atomic uint32_t *under_way; /* this thread's shard */
};

/* C_Initialize: starts the host's HSM. ASH_E_ALREADY_INITIALIZED, or what the host says. */
ASH_STATUS ash_call_open(void);

/* C_Finalize: ASH_E_NOT_INITIALIZED; ASH_E_FAILED when calls do not end, then nothing changed. */
ASH_STATUS ash_call_close(void);

/* How often the library was closed; and waits, in no call, until that is more than `before`. */
uint64_t ash_call_closings(void);
void ash_call_wait_closed(uint64_t before);

/* False when the library is not initialised in this process. */
bool ash_call_enter(struct ash_call *call);

/* Ends a call that was entered: logs a failure and translates it. */
CK_RV ash_call_leave(const struct ash_call *call, const char *function, struct ash_status status);

/* The same for functions with a session: its handle goes before other bad arguments. */
CK_RV ash_call_leave_session(const struct ash_call *call, const char *function, CK_SESSION_HANDLE session,
			     struct ash_status status);

/* How long ash_call_close() waits. For tests. */
extern uint32_t ash_call_patience_ms;

/*
 * The value of an entry point: `work`, an expression of type struct ash_status in
 * which `call` is the call, or CKR_CRYPTOKI_NOT_INITIALIZED without a look at it.
 */
#define ASH_CALL(work)                                                          \
	__extension__({                                                         \
		struct ash_call call;                                           \
		ash_call_enter(&call) ? ash_call_leave(&call, __func__, (work)) \
				      : CKR_CRYPTOKI_NOT_INITIALIZED;           \
	})
#define ASH_SESSION_CALL(session, work)                                                            \
	__extension__({                                                                            \
		struct ash_call call;                                                              \
		ash_call_enter(&call) ? ash_call_leave_session(&call, __func__, (session), (work)) \
				      : CKR_CRYPTOKI_NOT_INITIALIZED;                              \
	})

/* No machine that we run on has this much memory to address: such a length is none. */
#define ASH_LENGTH_MAX (SIZE_MAX >> (sizeof(size_t) > 4 ? 8 : 1))

/* Whether `len` bytes can be there, where a caller says that they are. */
static inline bool ash_readable(const void *bytes, CK_ULONG len)
{
	return (bytes != NULL && len <= ASH_LENGTH_MAX) || len == 0;
}

/*
 * A caller's structure may lie anywhere: those that bring their own packing, or that
 * hold it in a buffer of bytes, don't align it. So structures are copied whole.
 */
#define ASH_COPY(to, from)                                                              \
	do {                                                                            \
		_Static_assert(sizeof(*(to)) == sizeof(*(from)), "the same structure"); \
		memcpy((to), (from), sizeof(*(to)));                                    \
	} while (0)
