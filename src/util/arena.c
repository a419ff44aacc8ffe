#include "util/arena.h"

#include <stdint.h>
#include <string.h>

#include "util/arena_priv.h"
#include "util/compat.h"
#include "util/fork.h"
#include "util/mem.h"
#include "util/secret.h"

/* Far below what could overflow when page sizes are added. */
#define SIZE_LIMIT ((size_t)PTRDIFF_MAX / 2)

/* Of plain type: a thread that ends leaves nothing behind. */
static _Thread_local struct {
	unsigned shard; /* 0: not chosen yet */
	unsigned setup_depth;
} self;

static _Atomic unsigned threads_seen;

/* Which size class holds `size` bytes, and how big its blocks are. */
static unsigned class_of(size_t size)
{
	unsigned power = 0;

	if (size <= ASH_ARENA_SMALLEST)
		return 0;
	if (size <= 128)
		return (unsigned)(size - 17) / 16;
	power = 63 - (unsigned)__builtin_clzll(size - 1);
	return 7 + (power - 7) * 4 + (unsigned)((size - 1) >> (power - 2)) - 4;
}

static size_t class_size(unsigned class)
{
	if (class < 7)
		return ASH_ARENA_SMALLEST + 16 * (size_t) class;
	return (size_t)((class - 7) % 4 + 5) << ((class - 7) / 4 + 5);
}

static struct ash_arena_shard *choose_shard(struct ash_arena_heap *heap, bool setup)
{
	if (setup)
		return &heap->shard[heap->shards];
	if (__builtin_expect(self.shard == 0, 0))
		self.shard = atomic_fetch_add_explicit(&threads_seen, 1, memory_order_relaxed) | 1u << 31;
	return &heap->shard[self.shard & (heap->shards - 1)];
}

static struct ash_arena_region *region_of(const void *block)
{
	return (struct ash_arena_region *)((uintptr_t)block & ~(uintptr_t)(ASH_ARENA_REGION - 1));
}

static struct ash_arena_slab *slab_of(struct ash_arena_region *region, const void *block)
{
	size_t unit = (size_t)((const uint8_t *)block - (const uint8_t *)region) / ASH_ARENA_UNIT;

	return &region->slab[region->slab[unit].first];
}

static void link_slab(struct ash_arena_shard *shard, struct ash_arena_slab *slab)
{
	struct ash_arena_slab *head = shard->partial[slab->class];

	slab->prev = NULL;
	slab->next = head;
	if (head != NULL)
		head->prev = slab;
	shard->partial[slab->class] = slab;
}

static void unlink_slab(struct ash_arena_shard *shard, struct ash_arena_slab *slab)
{
	if (slab->prev != NULL)
		slab->prev->next = slab->next;
	else
		shard->partial[slab->class] = slab->next;
	if (slab->next != NULL)
		slab->next->prev = slab->prev;
}

/* A free block of a slab that has one; the shard's lock is held. NULL when it must be locked and can't. */
static void *take_from(struct ash_arena_shard *shard, struct ash_arena_slab *slab)
{
	unsigned word = 0;
	unsigned bit = 0;

	if (__builtin_expect(!slab->pinned, 0) && !ash_arena_slab_pin(slab))
		return NULL;
	while (slab->free[word] == 0)
		word++;
	bit = (unsigned)__builtin_ctzll(slab->free[word]);
	slab->free[word] &= slab->free[word] - 1;
	shard->blocks++;
	if (++slab->used == slab->capacity)
		unlink_slab(shard, slab);
	return slab->start + (size_t)slab->size * (word * 64 + bit);
}

static void *take_block(struct ash_arena_heap *heap, struct ash_arena_shard *shard, unsigned class)
{
	struct ash_arena_slab *slab = NULL;
	void *block = NULL;

	ash_lock_take(&shard->lock);
	if (shard->partial[class] != NULL)
		block = take_from(shard, shard->partial[class]);
	ash_lock_drop(&shard->lock);
	if (__builtin_expect(block != NULL, 1))
		return block;

	slab = ash_arena_slab_new(heap, shard, class, class_size(class));
	if (slab == NULL)
		return NULL;
	ASH_LOCKED(&shard->lock);
	link_slab(shard, slab);
	return take_from(shard, slab);
}

static void *new_block(size_t size, bool setup)
{
	struct ash_arena_heap *heap = NULL;
	void *block = NULL;

	if (size > SIZE_LIMIT)
		return NULL;
	heap = ash_arena_heap();
	if (heap == NULL)
		return NULL;
	if (__builtin_expect(size + ASH_ASAN_GAP <= ASH_ARENA_LARGEST, 1)) {
		block = take_block(heap, choose_shard(heap, setup), class_of(size + ASH_ASAN_GAP));
	} else {
		struct ash_arena_region *region = ash_arena_large_new(heap, size, setup);

		block = region != NULL ? region->data : NULL;
	}
	if (block != NULL)
		ASH_ASAN_SHOW(block, size);
	return block;
}

/* The slab when it is to be given back, as it is empty and not the only one with room. */
static struct ash_arena_slab *put_block(struct ash_arena_slab *slab, unsigned index, bool *ret_twice)
{
	struct ash_arena_shard *shard = slab->shard;
	uint64_t bit = UINT64_C(1) << index % 64;

	ASH_LOCKED(&shard->lock);
	*ret_twice = (slab->free[index / 64] & bit) != 0;
	if (*ret_twice)
		return NULL;
	slab->free[index / 64] |= bit;
	shard->blocks--;
	if (slab->used-- == slab->capacity)
		link_slab(shard, slab);
	if (slab->used != 0 || (slab->next == NULL && slab->prev == NULL))
		return NULL;
	unlink_slab(shard, slab);
	return slab;
}

static void free_small(struct ash_arena_region *region, uint8_t *block, bool dead)
{
	struct ash_arena_slab *slab = slab_of(region, block);
	struct ash_arena_slab *empty = NULL;
	size_t offset = (size_t)((uintptr_t)block - (uintptr_t)slab->start);
	bool wrong = slab->size == 0 || offset % slab->size != 0;

	if (!wrong) {
		ASH_ASAN_SHOW(block, slab->size);
		ash_wipe(block, slab->size);
		ASH_ASAN_HIDE(block, slab->size);
		if (dead)
			return;
		empty = put_block(slab, (unsigned)(offset / slab->size), &wrong);
	}
	if (wrong)
		ash_ignore(ash_status_bug("freed what is no block", __FILE__, __LINE__));
	if (empty != NULL)
		ash_arena_slab_free(empty);
}

static void free_block(void *block)
{
	struct ash_arena_region *region = region_of(block);
	/*
	 * From before a fork: zeroed already, or, of the setup pages, wiped and never
	 * used again, as the lists it belongs to may be another thread's half-done work.
	 */
	bool dead = region->heap->epoch != ash_fork_epoch();

	if (dead && !region->setup)
		return;
	if (!region->large) {
		free_small(region, block, dead);
		return;
	}
	if (block != region->data) {
		ash_ignore(ash_status_bug("freed what is no block", __FILE__, __LINE__));
		return;
	}
	ASH_ASAN_SHOW(block, region->data_len);
	ash_wipe(block, region->data_len);
	if (!dead)
		ash_arena_large_free(region);
}

/* How many bytes there are for the block's owner. */
static size_t room_of(const void *block)
{
	struct ash_arena_region *region = region_of(block);

	return region->large ? region->data_len : slab_of(region, block)->size - (size_t)ASH_ASAN_GAP;
}

/* Whether a block of `room` bytes is what `size` bytes would be given anyway. */
static bool fits(size_t size, size_t room)
{
	if (room + ASH_ASAN_GAP <= ASH_ARENA_LARGEST)
		return size <= room && class_of(size + ASH_ASAN_GAP) == class_of(room + ASH_ASAN_GAP);
	return size <= room && size > room / 2;
}

void *ash_arena_alloc(size_t size)
{
	return ash_mem_must_fail() ? NULL : new_block(size, self.setup_depth != 0);
}

void *ash_arena_resize(void *old, size_t size)
{
	struct ash_arena_region *region = NULL;
	size_t room = 0;
	bool setup = false;
	bool dead = false;
	void *block = NULL;

	if (old == NULL || ash_mem_must_fail())
		return old == NULL ? ash_arena_alloc(size) : NULL;
	region = region_of(old);
	room = room_of(old);
	setup = region->setup || self.setup_depth != 0;
	dead = region->heap->epoch != ash_fork_epoch();
	if (!dead && setup == region->setup && fits(size, room)) {
		ASH_ASAN_SHOW(old, room);
		ash_wipe((uint8_t *)old + size, room - size);
		ASH_ASAN_HIDE(old, room);
		ASH_ASAN_SHOW(old, size);
		return old;
	}
	block = new_block(size, setup);
	if (block == NULL)
		return NULL;
	if (dead && !region->setup) {
		memset(block, 0, size); /* what it would read, where its pages may be gone */
		return block;
	}
	ASH_ASAN_SHOW(old, room);
	memcpy(block, old, size < room ? size : room);
	free_block(old);
	return block;
}

void *ash_arena_free(void *block)
{
	if (block != NULL)
		free_block(block);
	return NULL;
}

void ash_arena_setup_begin(void)
{
	self.setup_depth++;
}

void ash_arena_setup_end(void)
{
	if (self.setup_depth != 0)
		self.setup_depth--;
	else
		ash_ignore(ash_status_bug("setup ended that never began", __FILE__, __LINE__));
}

struct ash_arena_stats ash_arena_stats(void)
{
	struct ash_arena_heap *heap = ash_arena_heap_peek();
	struct ash_arena_stats stats = { 0 };

	if (heap == NULL)
		return stats;
	stats.blocks = atomic_load(&heap->large_blocks);
	stats.mapped = atomic_load(&heap->mapped);
	stats.locked = atomic_load(&heap->locked);
	stats.lock_short = atomic_load(&heap->lock_short);
	for (unsigned i = 0; i <= heap->shards; i++) {
		ASH_LOCKED(&heap->shard[i].lock);
		stats.blocks += heap->shard[i].blocks;
	}
	return stats;
}

/* The empty slabs that a shard kept at hand, chained by `next`. */
static struct ash_arena_slab *take_kept(struct ash_arena_shard *shard)
{
	struct ash_arena_slab *kept = NULL;
	struct ash_arena_slab *next = NULL;

	ASH_LOCKED(&shard->lock);
	for (unsigned class = 0; class < ASH_ARENA_CLASSES; class ++) {
		for (struct ash_arena_slab *slab = shard->partial[class]; slab != NULL; slab = next) {
			next = slab->next;
			if (slab->used != 0)
				continue;
			unlink_slab(shard, slab);
			slab->next = kept;
			kept = slab;
		}
	}
	return kept;
}

void ash_arena_trim(void)
{
	struct ash_arena_heap *heap = ash_arena_heap_peek();
	struct ash_arena_slab *next = NULL;

	if (heap == NULL)
		return;
	for (unsigned i = 0; i <= heap->shards; i++) {
		for (struct ash_arena_slab *slab = take_kept(&heap->shard[i]); slab != NULL; slab = next) {
			next = slab->next;
			ash_arena_slab_free(slab);
		}
	}
	ash_arena_regions_trim(heap);
}
