/*
 * Ordinary memory: for what is no secret. Everything that Ashlar allocates goes
 * through here or through util/arena.h, so that tests can make the n-th
 * allocation fail. Any thread may call everything.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory for count × size bytes; NULL when there is none, or the product overflows. */
__attribute__((warn_unused_result)) void *ash_mem_new(size_t count, size_t size);

/* Like realloc for count × size bytes; new bytes are not zeroed; NULL leaves the old block alone. */
__attribute__((warn_unused_result)) void *ash_mem_resize(void *old, size_t count, size_t size);

/* Frees; NULL is fine. Returns NULL. */
void *ash_mem_free(void *block);

/*
 * For tests: lets the next `successes` allocations of the process succeed (here
 * and in the arena), then one fail, then all succeed again. Negative: off.
 */
void ash_mem_fail_after(int64_t successes);

/* For the allocators: 1 when this allocation has to fail. */
int ash_mem_must_fail(void);

static inline void ash_mem_auto(void *block)
{
	ash_mem_free(*(void **)block);
}

/* ASH_AUTO_MEM char *text = ...: freed at scope end. */
#define ASH_AUTO_MEM __attribute__((cleanup(ash_mem_auto)))
