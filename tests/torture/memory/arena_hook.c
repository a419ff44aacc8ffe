/*
 * Linked into a module of its own, which is the released one but for this: each block of the
 * arena is asked for at the program that loaded it (alloc.c), as malloc's are by themselves.
 * util/mem.h's test hook is what the arena asks; the linker puts ours before it (--wrap).
 */
#include <stddef.h>

#include "util/arena.h"
#include "util/mem.h"

int torture_arena_fails(void) __attribute__((weak, visibility("default")));
void torture_arena_is(size_t (*blocks)(void)) __attribute__((weak, visibility("default")));

int __real_ash_mem_must_fail(void);
int __wrap_ash_mem_must_fail(void);

static size_t count_blocks(void)
{
	return ash_arena_stats().blocks;
}

__attribute__((constructor)) static void say_that_it_is_there(void)
{
	if (torture_arena_is != NULL)
		torture_arena_is(count_blocks);
}

int __wrap_ash_mem_must_fail(void)
{
	return __real_ash_mem_must_fail() || (torture_arena_fails != NULL && torture_arena_fails());
}
