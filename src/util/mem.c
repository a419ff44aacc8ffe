#include "util/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Below zero: off, one relaxed load is all that it costs. */
static _Atomic int64_t successes_left = -1;

void ash_mem_fail_after(int64_t successes)
{
	atomic_store(&successes_left, successes);
}

int ash_mem_must_fail(void)
{
	if (__builtin_expect(atomic_load_explicit(&successes_left, memory_order_relaxed) < 0, 1))
		return 0;
	return atomic_fetch_sub(&successes_left, 1) == 0;
}

void *ash_mem_new(size_t count, size_t size)
{
	size_t total = 0;

	/* calloc would notice as well, but the sanitizers' ends the program. */
	if (ash_mem_must_fail() || __builtin_mul_overflow(count, size, &total))
		return NULL;
	return calloc(count != 0 ? count : 1, size != 0 ? size : 1);
}

void *ash_mem_resize(void *old, size_t count, size_t size)
{
	size_t total = 0;

	if (ash_mem_must_fail() || __builtin_mul_overflow(count, size, &total))
		return NULL;
	return realloc(old, total != 0 ? total : 1);
}

void *ash_mem_free(void *block)
{
	free(block);
	return NULL;
}
