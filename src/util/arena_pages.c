/* The pages of the arena: regions, their units, and what the system is asked for them. */
#include "util/arena_priv.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/compat.h"
#include "util/fork.h"

/* From here on huge pages are worth asking for: the PIN hash's 19 MiB cost a fourth of the time. */
#define HUGE_FROM ((size_t)4 << 20)

static _Atomic(struct ash_arena_heap *) current;
static _Atomic enum ash_arena_lock_mode lock_mode;

static size_t page_len(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t value, size_t to)
{
	return (value + to - 1) / to * to;
}

void ash_arena_set_lock_mode(enum ash_arena_lock_mode mode)
{
	atomic_store(&lock_mode, mode);
}

/* Locks pages; true when that worked or need not. */
static bool lock_pages(struct ash_arena_heap *heap, uint8_t *start, size_t len, bool *ret_locked)
{
	*ret_locked = mlock(start, len) == 0;
	if (*ret_locked)
		return true;
	atomic_store_explicit(&heap->lock_short, true, memory_order_relaxed);
	return atomic_load_explicit(&lock_mode, memory_order_relaxed) != ASH_ARENA_LOCK_REQUIRED;
}

/*
 * A mapping that starts on a multiple of the region's size: administration, then
 * `data_len` bytes from `data_at` on; what is between and behind can't be accessed.
 */
static struct ash_arena_region *map_region(size_t head_len, size_t data_at, size_t data_len, bool setup)
{
	size_t len = round_up(data_at + data_len + page_len(), page_len());
	uint8_t *raw = mmap(NULL, len + ASH_ARENA_REGION, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t skip = 0;
	struct ash_arena_region *region = NULL;

	if (raw == MAP_FAILED)
		return NULL;
	skip = (size_t)(-(uintptr_t)raw & (ASH_ARENA_REGION - 1));
	if (skip != 0)
		munmap(raw, skip);
	munmap(raw + skip + len, ASH_ARENA_REGION - skip);
	region = (struct ash_arena_region *)(void *)(raw + skip);
	/* DONTFORK where WIPEONFORK is not known (Linux before 4.14): no secret in a child, at least. */
	if (mprotect(region, head_len, PROT_READ | PROT_WRITE) != 0 ||
	    mprotect(raw + skip + data_at, data_len, PROT_READ | PROT_WRITE) != 0 ||
	    madvise(raw + skip + data_at, data_len, MADV_DONTDUMP) != 0 ||
	    (!setup && madvise(raw + skip + data_at, data_len, MADV_WIPEONFORK) != 0 &&
	     madvise(raw + skip + data_at, data_len, MADV_DONTFORK) != 0)) {
		munmap(region, len);
		return NULL;
	}
	region->data = raw + skip + data_at;
	region->data_len = data_len;
	region->len = len;
	region->setup = setup;
	ASH_ASAN_HIDE(region->data, data_len);
	return region;
}

static void unmap_region(struct ash_arena_region *region, size_t locked)
{
	struct ash_arena_heap *heap = region->heap;

	atomic_fetch_sub_explicit(&heap->mapped, region->len, memory_order_relaxed);
	atomic_fetch_sub_explicit(&heap->locked, locked, memory_order_relaxed);
	ASH_ASAN_SHOW(region->data, region->data_len);
	munmap(region, region->len);
}

/*
 * The lists change by single stores only: in a child, which may be born at any
 * moment of another thread, they can be walked.
 */
static void list_add(struct ash_arena_heap *heap, enum ash_arena_list list, struct ash_arena_region *region)
{
	region->heap = heap;
	atomic_store_explicit(&region->next, atomic_load(&heap->list[list]), memory_order_relaxed);
	atomic_store(&heap->list[list], region);
}

static void list_drop(struct ash_arena_heap *heap, enum ash_arena_list list, struct ash_arena_region *region)
{
	_Atomic(struct ash_arena_region *) *link = &heap->list[list];

	while (atomic_load(link) != NULL && atomic_load(link) != region)
		link = &atomic_load(link)->next;
	if (atomic_load(link) == region)
		atomic_store(link, atomic_load(&region->next));
}

/* A region full of free units, unlisted. */
static struct ash_arena_region *new_region(struct ash_arena_heap *heap, bool setup)
{
	size_t head_len =
		round_up(sizeof(struct ash_arena_region) + ASH_ARENA_UNITS * sizeof(struct ash_arena_slab),
			 page_len());
	size_t data_at = round_up(head_len + page_len(), ASH_ARENA_UNIT);
	size_t first = data_at / ASH_ARENA_UNIT;
	/* The last unit is left out, so that the region ends in an inaccessible page. */
	size_t data_len = ASH_ARENA_REGION - ASH_ARENA_UNIT - data_at;
	struct ash_arena_region *region = map_region(head_len, data_at, data_len, setup);

	if (region == NULL)
		return NULL;
	region->heap = heap;
	region->all_units = (UINT64_MAX << first) & (UINT64_MAX >> 1);
	region->free_units = region->all_units;
	atomic_fetch_add_explicit(&heap->mapped, region->len, memory_order_relaxed);
	return region;
}

/* Takes the lowest `units` free units in a row; their first number, or 0. */
static unsigned take_units(struct ash_arena_region *region, unsigned units)
{
	uint64_t starts = region->free_units;
	unsigned first = 0;

	for (unsigned i = 1; i < units; i++)
		starts &= region->free_units >> i;
	if (starts == 0)
		return 0;
	first = (unsigned)__builtin_ctzll(starts);
	region->free_units &= ~(((UINT64_C(1) << units) - 1) << first);
	return first;
}

/* Takes units of a listed region, or of a new one. */
static struct ash_arena_slab *find_units(struct ash_arena_heap *heap, bool setup, unsigned units)
{
	enum ash_arena_list list = setup ? ASH_ARENA_SETUP : ASH_ARENA_NORMAL;
	struct ash_arena_region *region = NULL;
	unsigned first = 0;

	ash_lock_take(&heap->lock);
	for (region = atomic_load(&heap->list[list]); region != NULL; region = atomic_load(&region->next)) {
		first = take_units(region, units);
		if (first != 0)
			break;
	}
	ash_lock_drop(&heap->lock);
	if (region == NULL) {
		region = new_region(heap, setup);
		if (region == NULL)
			return NULL;
		first = take_units(region, units);
		ASH_LOCKED(&heap->lock);
		list_add(heap, list, region);
	}
	for (unsigned i = first; i < first + units; i++)
		region->slab[i].first = (uint8_t)first;
	region->slab[first].region = region;
	region->slab[first].first = (uint8_t)first;
	region->slab[first].units = (uint8_t)units;
	region->slab[first].start = (uint8_t *)region + first * ASH_ARENA_UNIT;
	return &region->slab[first];
}

/* Locks what of the slab is not locked yet; false when that fails and must not. */
static bool lock_slab(struct ash_arena_slab *slab)
{
	struct ash_arena_heap *heap = slab->region->heap;
	size_t newly = 0;
	bool locked = false;

	for (unsigned i = 0; i < slab->units; i++)
		newly += slab[i].locked ? 0 : ASH_ARENA_UNIT;
	if (newly != 0 && !lock_pages(heap, slab->start, slab->units * ASH_ARENA_UNIT, &locked))
		return false;
	slab->pinned = newly == 0 || locked;
	if (!slab->pinned)
		return true;
	for (unsigned i = 0; i < slab->units; i++)
		slab[i].locked = true;
	atomic_fetch_add_explicit(&heap->locked, newly, memory_order_relaxed);
	return true;
}

bool ash_arena_slab_pin(struct ash_arena_slab *slab)
{
	return atomic_load(&lock_mode) != ASH_ARENA_LOCK_REQUIRED || lock_slab(slab);
}

struct ash_arena_slab *ash_arena_slab_new(struct ash_arena_heap *heap, struct ash_arena_shard *shard,
					  unsigned class, size_t size)
{
	/* At least eight blocks to a slab, as long as four units are enough for that. */
	unsigned units = size > ASH_ARENA_UNIT / 8 ? 4 : 1;
	struct ash_arena_slab *slab = find_units(heap, shard == &heap->shard[heap->shards], units);

	if (slab == NULL)
		return NULL;
	slab->shard = shard;
	slab->next = NULL;
	slab->prev = NULL;
	slab->size = (uint32_t)size;
	slab->class = (uint8_t) class;
	slab->capacity = (uint16_t)(units * ASH_ARENA_UNIT / size);
	slab->used = 0;
	slab->pinned = false;
	for (unsigned i = 0; i < ASH_ARENA_WORDS; i++) {
		unsigned left = slab->capacity > 64 * i ? slab->capacity - 64 * i : 0;

		slab->free[i] = left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
	}
	if (lock_slab(slab))
		return slab;
	ash_arena_slab_free(slab);
	return NULL;
}

void ash_arena_slab_free(struct ash_arena_slab *slab)
{
	struct ash_arena_region *region = slab->region;

	ASH_LOCKED(&region->heap->lock);
	region->free_units |= ((UINT64_C(1) << slab->units) - 1) << slab->first;
}

struct ash_arena_region *ash_arena_large_new(struct ash_arena_heap *heap, size_t size, bool setup)
{
	size_t head_len = round_up(sizeof(struct ash_arena_region), page_len());
	struct ash_arena_region *region =
		map_region(head_len, head_len + page_len(), round_up(size, page_len()), setup);

	if (region == NULL)
		return NULL;
	region->heap = heap;
	region->large = true;
	if (size >= HUGE_FROM)
		(void)madvise(region->data, region->data_len, MADV_HUGEPAGE);
	if (!lock_pages(heap, region->data, region->data_len, &region->locked)) {
		ASH_ASAN_SHOW(region->data, region->data_len);
		munmap(region, region->len);
		return NULL;
	}
	atomic_fetch_add_explicit(&heap->mapped, region->len, memory_order_relaxed);
	atomic_fetch_add_explicit(&heap->locked, region->locked ? region->data_len : 0, memory_order_relaxed);
	atomic_fetch_add_explicit(&heap->large_blocks, 1, memory_order_relaxed);
	if (setup) {
		ASH_LOCKED(&heap->lock);
		list_add(heap, ASH_ARENA_SETUP_LARGE, region);
	}
	return region;
}

void ash_arena_large_free(struct ash_arena_region *region)
{
	struct ash_arena_heap *heap = region->heap;

	if (region->setup) {
		ASH_LOCKED(&heap->lock);
		list_drop(heap, ASH_ARENA_SETUP_LARGE, region);
	}
	atomic_fetch_sub_explicit(&heap->large_blocks, 1, memory_order_relaxed);
	unmap_region(region, region->locked ? region->data_len : 0);
}

static size_t locked_bytes(const struct ash_arena_region *region)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < ASH_ARENA_UNITS; i++)
		bytes += region->slab[i].locked ? ASH_ARENA_UNIT : 0;
	return bytes;
}

static struct ash_arena_region *take_empty(struct ash_arena_heap *heap, enum ash_arena_list list)
{
	struct ash_arena_region *region = NULL;

	ASH_LOCKED(&heap->lock);
	for (region = atomic_load(&heap->list[list]); region != NULL; region = atomic_load(&region->next))
		if (region->free_units == region->all_units)
			break;
	if (region != NULL)
		list_drop(heap, list, region);
	return region;
}

void ash_arena_regions_trim(struct ash_arena_heap *heap)
{
	struct ash_arena_region *region = NULL;

	for (unsigned list = ASH_ARENA_NORMAL; list <= ASH_ARENA_SETUP; list++)
		while ((region = take_empty(heap, (enum ash_arena_list)list)) != NULL)
			unmap_region(region, locked_bytes(region));
}

/* Locks those units again that were locked and hold blocks. */
static void lock_units(struct ash_arena_heap *heap, struct ash_arena_region *region)
{
	bool locked = false;

	for (unsigned i = 0; i < ASH_ARENA_UNITS; i++) {
		const struct ash_arena_slab *slab = &region->slab[region->slab[i].first];
		bool taken = (region->all_units & ~region->free_units & UINT64_C(1) << i) != 0;

		if (taken && slab->used != 0 && region->slab[i].locked)
			(void)lock_pages(heap, (uint8_t *)region + i * ASH_ARENA_UNIT, ASH_ARENA_UNIT,
					 &locked);
	}
}

/* Memory locks don't pass to a child: what survived the fork is locked again for it. */
static void lock_survivors(struct ash_arena_heap *heap)
{
	struct ash_arena_region *region = NULL;
	bool locked = false;

	for (struct ash_arena_heap *old = heap->parent; old != NULL; old = old->parent) {
		for (region = atomic_load(&old->list[ASH_ARENA_SETUP]); region != NULL;
		     region = atomic_load(&region->next))
			lock_units(heap, region);
		for (region = atomic_load(&old->list[ASH_ARENA_SETUP_LARGE]); region != NULL;
		     region = atomic_load(&region->next))
			if (region->locked)
				(void)lock_pages(heap, region->data, region->data_len, &locked);
	}
}

/* As many as processors that we may use, within bounds, rounded up to a power of two. */
static unsigned count_shards(void)
{
	cpu_set_t set;
	unsigned shards = 1;
	int processors = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : ASH_ARENA_SHARDS;

	while ((int)shards < processors && shards < ASH_ARENA_SHARDS)
		shards *= 2;
	return shards;
}

static struct ash_arena_heap *new_heap(struct ash_arena_heap *old)
{
	struct ash_arena_heap *heap =
		mmap(NULL, sizeof(*heap), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (heap == MAP_FAILED)
		return NULL;
	heap->epoch = ash_fork_epoch();
	heap->parent = old;
	heap->lock = (struct ash_lock)ASH_LOCK_INIT(ASH_RANK_ARENA);
	heap->shards = count_shards();
	for (unsigned i = 0; i <= heap->shards; i++)
		heap->shard[i].lock = (struct ash_lock)ASH_LOCK_INIT(ASH_RANK_ARENA);
	if (atomic_compare_exchange_strong(&current, &old, heap)) {
		lock_survivors(heap);
		return heap;
	}
	munmap(heap, sizeof(*heap)); /* another thread was first */
	return old;
}

struct ash_arena_heap *ash_arena_heap_peek(void)
{
	struct ash_arena_heap *heap = atomic_load_explicit(&current, memory_order_acquire);

	return heap != NULL && heap->epoch == ash_fork_epoch() ? heap : NULL;
}

struct ash_arena_heap *ash_arena_heap(void)
{
	struct ash_arena_heap *heap = ash_arena_heap_peek();

	return __builtin_expect(heap != NULL, 1) ? heap : new_heap(atomic_load(&current));
}
