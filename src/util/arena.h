/*
 * The arena: the only memory in which keys, PINs and their copies may lie.
 *
 * Its pages are out of core dumps, zeroed in a forked child, locked into RAM as
 * far as RLIMIT_MEMLOCK allows, and every block is wiped when it is freed. It is
 * also the allocator of the crypto libraries (each back end hands it over before
 * any other call), so what they copy of a key is treated the same way.
 *
 * The libraries also keep state that must outlive a fork (their global tables and
 * contexts, which a child goes on using): what a thread allocates between
 * ash_arena_setup_begin() and _end() comes from pages that are not zeroed on
 * fork; all else about them is the same.
 *
 * A block allocated before a fork is dead in the child: reading gives zeroes and
 * freeing it does nothing. A setup block of before a fork can be used and freed
 * there; its memory is wiped then, and not used again.
 *
 * Any thread may call everything here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/status.h"

enum ash_arena_lock_mode {
	ASH_ARENA_LOCK_TRY,      /* lock what RLIMIT_MEMLOCK allows, go on unlocked beyond */
	ASH_ARENA_LOCK_REQUIRED, /* an allocation that can't be locked fails */
};

/* How pages are locked from now on; the default is ASH_ARENA_LOCK_TRY. */
void ash_arena_set_lock_mode(enum ash_arena_lock_mode mode);

/*
 * `size` bytes, aligned to 16, not zeroed (though never with old secrets in
 * them). NULL when there is no memory, or none can be locked and it must be.
 * Size 0 gives a block of its own.
 */
__attribute__((warn_unused_result)) void *ash_arena_alloc(size_t size);

/*
 * Like realloc: the old block is wiped when it moves; NULL leaves it alone. A setup
 * block stays one. Size 0 does not free: it gives a block, as ash_arena_alloc does.
 */
__attribute__((warn_unused_result)) void *ash_arena_resize(void *old, size_t size);

/* Wipes and frees; NULL is fine. Returns NULL. */
void *ash_arena_free(void *block);

/* This thread's allocations survive fork until _end(); the calls nest. */
void ash_arena_setup_begin(void);
void ash_arena_setup_end(void);

struct ash_arena_stats {
	size_t blocks;   /* handed out now */
	size_t mapped;   /* bytes of pages held */
	size_t locked;   /* of these, locked into RAM */
	bool lock_short; /* locking was refused at least once */
};

struct ash_arena_stats ash_arena_stats(void);

/*
 * Gives pages with nothing in them back to the system (C_Finalize calls it). What
 * is left then is the arena's own administration: two mappings, 12 KiB, no secrets.
 */
void ash_arena_trim(void);
