/*
 * Calling the module: counted, timed, and seen from outside while it lasts.
 */
#include "stress.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#define COMPLAINTS_MAX 40

struct board *board;
CK_FUNCTION_LIST *p11;

uint64_t stress_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* SplitMix64: one word of state, and any seed is good. */
uint64_t stress_random(struct thread *t)
{
	uint64_t z = t->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

unsigned stress_below(struct thread *t, unsigned limit)
{
	return (unsigned)(stress_random(t) % limit);
}

bool stress_chance(struct thread *t, unsigned one_in)
{
	return stress_below(t, one_in) == 0;
}

void stress_begin(struct thread *t, unsigned function)
{
	atomic_store_explicit(&t->busy_in, function, memory_order_relaxed);
	atomic_store_explicit(&t->busy_since_ns, stress_now_ns(), memory_order_relaxed);
}

static void count(struct tally *tally, CK_RV rv, uint64_t took_ns)
{
	tally->calls++;
	tally->refused += rv != CKR_OK;
	tally->ns += took_ns;
	if (took_ns > tally->longest_ns)
		tally->longest_ns = took_ns;
}

CK_RV stress_end(struct thread *t, unsigned function, CK_RV rv)
{
	const uint64_t took_ns =
		stress_now_ns() - atomic_load_explicit(&t->busy_since_ns, memory_order_relaxed);

	count(&t->tally[function], rv, took_ns);
	if (t->writing)
		count(&t->tally[F_WRITES], rv, took_ns);
	t->writing = false;
	atomic_store_explicit(&t->busy_since_ns, 0, memory_order_relaxed);
	return rv;
}

void stress_wrong(struct thread *t, const char *format, ...)
{
	va_list args;

	atomic_fetch_add(&t->wrong, 1);
	if (atomic_fetch_add(&board->complaints, 1) >= COMPLAINTS_MAX)
		return;
	flockfile(stderr);
	(void)fprintf(stderr, "WRONG: process %u thread %u, %s: ", t->process, t->number, t->doing);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	funlockfile(stderr);
}

bool stress_disturbed(struct thread *t)
{
	return t->login % 4 == CHANGING || atomic_load(&t->own->login) != t->login;
}

/* What a login or logout of another thread may answer to an action that was under way. */
static bool explained(CK_RV got)
{
	switch (got) {
	case CKR_USER_NOT_LOGGED_IN:
	case CKR_OBJECT_HANDLE_INVALID:
	case CKR_KEY_HANDLE_INVALID:
	case CKR_OPERATION_NOT_INITIALIZED:
	case CKR_SESSION_READ_WRITE_SO_EXISTS: return true;
	default: return false;
	}
}

bool stress_want(struct thread *t, const char *what, CK_RV want, CK_RV got)
{
	if (want == got)
		return true;
	if (stress_disturbed(t) && (got == CKR_OK || explained(got)))
		atomic_fetch_add(&t->disturbed, 1);
	else
		stress_wrong(t, "%s: wanted %#lx, got %#lx", what, want, got);
	return false;
}

bool stress_expect(struct thread *t, bool good, const char *what)
{
	if (good)
		return true;
	if (stress_disturbed(t))
		atomic_fetch_add(&t->disturbed, 1);
	else
		stress_wrong(t, "%s", what);
	return false;
}

bool stress_load(const char *module)
{
	CK_C_GetFunctionList get_list = NULL;
	void *handle = dlopen(module, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		return false;
	}
	*(void **)&get_list = dlsym(handle, "C_GetFunctionList");
	return get_list != NULL && get_list(&p11) == CKR_OK;
}

/* The slot of the token that stress_set_up() made. */
bool stress_find_slot(CK_SLOT_ID *ret_slot)
{
	CK_SLOT_ID slots[64];
	CK_ULONG slot_count = COUNT(slots);

	if (p11->C_GetSlotList(CK_TRUE, slots, &slot_count) != CKR_OK)
		return false;
	for (CK_ULONG i = 0; i < slot_count; i++) {
		CK_TOKEN_INFO info;

		if (p11->C_GetTokenInfo(slots[i], &info) == CKR_OK && memcmp(info.label, "stress ", 7) == 0 &&
		    (info.flags & CKF_TOKEN_INITIALIZED) != 0) {
			*ret_slot = slots[i];
			return true;
		}
	}
	return false;
}
