/*
 * Inside the arena: arena.c hands out blocks, arena_pages.c has the pages.
 *
 * heap    one per process; a forked child makes its own, so that it never meets a
 *         lock, a list or a count that another thread held half-changed.
 * region  1 MiB, aligned to 1 MiB, so that a block's address leads to it: its
 *         administration (ordinary memory, readable in a child), an inaccessible
 *         page, then the pages of the blocks. A large block has one for itself.
 * slab    one or four units of 16 KiB in a region, all blocks of one size. Which
 *         are free is a bitmap in the region's administration: nothing of ours
 *         lies between secrets.
 * shard   a lock and the slabs that its threads allocate from; a freed block goes
 *         back to the shard of its slab.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/lock.h"

#define ASH_ARENA_REGION   ((size_t)1 << 20)
#define ASH_ARENA_UNIT     ((size_t)16 << 10)
#define ASH_ARENA_UNITS    64
#define ASH_ARENA_CLASSES  39 /* 32, 48, … 128, then four per doubling */
#define ASH_ARENA_SMALLEST ((size_t)32)
#define ASH_ARENA_LARGEST  ((size_t)32 << 10) /* what is above has a region for itself */
#define ASH_ARENA_SHARDS   16
#define ASH_ARENA_WORDS    (ASH_ARENA_UNIT / ASH_ARENA_SMALLEST / 64)

/* The lists of a heap's regions. Only large setup regions are listed of the large ones. */
enum ash_arena_list {
	ASH_ARENA_NORMAL,
	ASH_ARENA_SETUP,
	ASH_ARENA_SETUP_LARGE,
	ASH_ARENA_LISTS
};

/* Kept for every unit; all but `first` and `locked` counts in the first of a slab only. */
struct ash_arena_slab {
	struct ash_arena_slab *next; /* next to `free`: guarded by the shard's lock */
	struct ash_arena_slab *prev;
	struct ash_arena_region *region;
	struct ash_arena_shard *shard;
	uint32_t size; /* of a block; like `start` and `class` constant while a block lives */
	uint16_t capacity;
	uint16_t used;
	uint8_t class;
	uint8_t units;
	uint8_t first; /* unit where the slab starts */
	bool locked;   /* this unit is locked into RAM */
	bool pinned;   /* all units of the slab are */
	uint8_t *start;
	uint64_t free[ASH_ARENA_WORDS];
};

struct ash_arena_region {
	struct ash_arena_heap *heap;
	_Atomic(struct ash_arena_region *) next;
	uint8_t *data;
	size_t data_len;
	size_t len;          /* of the whole mapping */
	bool setup;          /* not zeroed on fork */
	bool large;          /* one block at `data`, and no `slab` below */
	bool locked;         /* a large one's data */
	uint64_t free_units; /* guarded by the heap's lock */
	uint64_t all_units;
	struct ash_arena_slab slab[];
};

struct ash_arena_shard {
	_Alignas(64) struct ash_lock lock; /* ASH_RANK_ARENA; guards the fields below and its slabs */
	size_t blocks;
	struct ash_arena_slab *partial[ASH_ARENA_CLASSES]; /* slabs with a free block */
};

struct ash_arena_heap {
	uint64_t epoch; /* ash_fork_epoch() of the process that it belongs to */
	struct ash_arena_heap *parent;
	struct ash_lock
		lock; /* ASH_RANK_ARENA; guards the lists and free_units; never taken with a shard's */
	_Atomic(struct ash_arena_region *) list[ASH_ARENA_LISTS];
	_Atomic size_t mapped;
	_Atomic size_t locked;
	_Atomic size_t large_blocks;
	_Atomic bool lock_short;
	unsigned shards;                                    /* a power of two */
	struct ash_arena_shard shard[ASH_ARENA_SHARDS + 1]; /* [shards] is for setup blocks */
};

/* This process' heap; made when there is none yet. NULL without memory. */
struct ash_arena_heap *ash_arena_heap(void);

/* The same, but NULL instead of making one. */
struct ash_arena_heap *ash_arena_heap_peek(void);

/* An empty slab that nobody else knows. NULL without (locked) memory. No lock may be held. */
struct ash_arena_slab *ash_arena_slab_new(struct ash_arena_heap *heap, struct ash_arena_shard *shard,
					  unsigned class, size_t size);
void ash_arena_slab_free(struct ash_arena_slab *slab);

/* For a slab that could not be locked: true when it can be now, or need not be. */
bool ash_arena_slab_pin(struct ash_arena_slab *slab);

/* A region for one block. */
struct ash_arena_region *ash_arena_large_new(struct ash_arena_heap *heap, size_t size, bool setup);
void ash_arena_large_free(struct ash_arena_region *region);

/* Unmaps the regions in which no slab is. */
void ash_arena_regions_trim(struct ash_arena_heap *heap);
