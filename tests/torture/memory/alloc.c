/* Both names of each function are defined here, and none through a wrapper of the headers. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include "alloc.h"

#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static struct {
	bool armed, struck, traced;
	enum alloc_mode mode;
	uint64_t at, counted;
	int64_t live;
	size_t (*arena_blocks)(void);
} state;

void alloc_arm(enum alloc_mode mode, uint64_t n)
{
	state.mode = mode;
	state.at = n;
	state.counted = 0;
	state.struck = false;
	state.armed = true;
}

void alloc_disarm(void)
{
	state.armed = false;
}

uint64_t alloc_counted(void)
{
	return state.counted;
}

bool alloc_struck(void)
{
	return state.struck;
}

int64_t alloc_live(void)
{
	return state.live + (state.arena_blocks != NULL ? (int64_t)state.arena_blocks() : 0);
}

bool alloc_has_arena(void)
{
	return state.arena_blocks != NULL;
}

void alloc_trace(void)
{
	void *frames[1];

	(void)backtrace(frames, 1); /* the first time it allocates */
	state.traced = true;
}

static void print_trace(void)
{
	void *frames[64];

	backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
	state.traced = false;
}

static bool fails(void)
{
	if (!state.armed)
		return false;
	state.counted++;
	if (state.at == 0 || state.counted < state.at ||
	    (state.mode == ALLOC_ONCE && state.counted != state.at))
		return false;
	state.struck = true;
	if (state.traced)
		print_trace();
	errno = ENOMEM;
	return true;
}

static void *made(void *block)
{
	state.live += block != NULL;
	return block;
}

#define OURS __attribute__((visibility("default")))

OURS int torture_arena_fails(void)
{
	return fails();
}

OURS void torture_arena_is(size_t (*blocks)(void))
{
	state.arena_blocks = blocks;
}

/* ---- glibc's own by their other names ---- */

extern void *__libc_malloc(size_t len);
extern void *__libc_calloc(size_t count, size_t len);
extern void *__libc_realloc(void *old, size_t len);
extern void *__libc_memalign(size_t alignment, size_t len);
extern void __libc_free(void *block);

OURS void *malloc(size_t len)
{
	return fails() ? NULL : made(__libc_malloc(len));
}

OURS void *calloc(size_t count, size_t len)
{
	return fails() ? NULL : made(__libc_calloc(count, len));
}

OURS void *realloc(void *old, size_t len)
{
	void *block = NULL;

	if (fails())
		return NULL;
	block = __libc_realloc(old, len);
	state.live += (block != NULL) - (old != NULL && (block != NULL || len == 0));
	return block;
}

OURS void *memalign(size_t alignment, size_t len)
{
	return fails() ? NULL : made(__libc_memalign(alignment, len));
}

OURS void *aligned_alloc(size_t alignment, size_t len)
{
	return memalign(alignment, len);
}

OURS int posix_memalign(void **ret_block, size_t alignment, size_t len)
{
	void *block = memalign(alignment, len);

	if (block == NULL)
		return ENOMEM;
	*ret_block = block;
	return 0;
}

OURS void free(void *block)
{
	state.live -= block != NULL;
	__libc_free(block);
}

OURS void *mmap(void *address, size_t len, int protection, int flags, int file, off_t offset)
{
	if ((flags & MAP_ANONYMOUS) != 0 && fails())
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, address, len, protection, flags, file, offset);
}

OURS void *mmap64(void *address, size_t len, int protection, int flags, int file, off_t offset)
{
	return mmap(address, len, protection, flags, file, offset);
}
