#include "util/arena.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "unit/test.h"

/* Reads memory as a stranger would; false when there is none. */
static bool look_at(const void *address, uint8_t *room, size_t len)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	ssize_t got = 0;

	EXPECT(fd >= 0);
	got = pread(fd, room, len, (off_t)(uintptr_t)address);
	close(fd);
	return got == (ssize_t)len;
}

static bool all_are(const uint8_t *bytes, size_t len, uint8_t value)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static uint8_t *filled(size_t len, uint8_t value)
{
	uint8_t *block = ash_arena_alloc(len);

	EXPECT(block != NULL);
	EXPECT_NUMBER(0, (uintptr_t)block % 16);
	memset(block, value, len);
	return block;
}

TEST(every_size_is_usable_to_its_last_byte)
{
	enum {
		COUNT = 900
	};
	static uint8_t *blocks[COUNT];
	size_t before = ash_arena_stats().blocks;

	for (size_t i = 0; i < COUNT; i++)
		blocks[i] = filled(i < 600 ? i : i * i / 10, (uint8_t)i);
	EXPECT_NUMBER(before + COUNT, ash_arena_stats().blocks);
	for (size_t i = 0; i < COUNT; i++)
		EXPECT(all_are(blocks[i], i < 600 ? i : i * i / 10, (uint8_t)i));
	for (size_t i = 0; i < COUNT; i++)
		EXPECT(ash_arena_free(blocks[i * 7 % COUNT]) == NULL);
	EXPECT_NUMBER(before, ash_arena_stats().blocks);
}

TEST(nothing_is_a_block_of_its_own)
{
	void *one = ash_arena_alloc(0);
	void *other = ash_arena_alloc(0);

	EXPECT(one != NULL && other != NULL && one != other);
	ash_arena_free(one);
	ash_arena_free(other);
	EXPECT(ash_arena_free(NULL) == NULL);
}

TEST(freed_blocks_are_wiped)
{
	static const size_t sizes[] = { 1, 32, 100, 2000, 5000, 32000 };
	static uint8_t seen[32000];

	for (size_t i = 0; i < ASH_COUNT(sizes); i++) {
		uint8_t *neighbour = filled(sizes[i], 0x55); /* keeps the pages in use */
		uint8_t *block = filled(sizes[i], 0xaa);

		EXPECT(look_at(block, seen, sizes[i]));
		EXPECT(all_are(seen, sizes[i], 0xaa));
		ash_arena_free(block);
		EXPECT(look_at(block, seen, sizes[i]));
		EXPECT(all_are(seen, sizes[i], 0));
		EXPECT(all_are(neighbour, sizes[i], 0x55));
		ash_arena_free(neighbour);
	}
}

TEST(freed_large_blocks_are_gone)
{
	uint8_t seen[64];
	uint8_t *block = filled((size_t)20 << 20, 0xaa);
	size_t mapped = ash_arena_stats().mapped;

	ash_arena_free(block);
	EXPECT(!look_at(block, seen, sizeof(seen)));
	EXPECT(ash_arena_stats().mapped + ((size_t)20 << 20) <= mapped);
}

TEST(reused_blocks_hold_no_old_secrets)
{
	for (int i = 0; i < 1000; i++) {
		uint8_t *block = ash_arena_alloc(48);

		EXPECT(block != NULL);
		EXPECT(all_are(block, 48, 0));
		memset(block, 0xaa, 48);
		ash_arena_free(block);
	}
}

TEST(impossible_sizes_are_refused)
{
	static const size_t sizes[] = { SIZE_MAX,    SIZE_MAX - 16,   SIZE_MAX / 2,
					PTRDIFF_MAX, (size_t)1 << 60, (size_t)1 << 48 };
	struct ash_arena_stats before = ash_arena_stats();
	uint8_t *block = filled(10, 7);

	for (size_t i = 0; i < ASH_COUNT(sizes); i++) {
		EXPECT(ash_arena_alloc(sizes[i]) == NULL);
		EXPECT(ash_arena_resize(block, sizes[i]) == NULL);
	}
	EXPECT(all_are(block, 10, 7));
	ash_arena_free(block);
	EXPECT_NUMBER(before.blocks, ash_arena_stats().blocks);
}

TEST(resizing_keeps_the_bytes_and_wipes_the_old_ones)
{
	static const size_t sizes[] = { 10,    20,     40,     40,   500, 30, 3000, 70000,
					90000, 300000, 280000, 5000, 0,   1,  64 };
	static uint8_t seen[512];
	uint8_t *block = ash_arena_resize(NULL, 5);
	size_t len = 5;

	EXPECT(block != NULL);
	memset(block, 0x77, 5);
	for (size_t i = 0; i < ASH_COUNT(sizes); i++) {
		uint8_t *old = block;
		size_t kept = len < sizes[i] ? len : sizes[i];

		block = ash_arena_resize(old, sizes[i]);
		EXPECT(block != NULL);
		EXPECT(all_are(block, kept, 0x77));
		if (block != old && look_at(old, seen, len < sizeof(seen) ? len : sizeof(seen)))
			EXPECT(all_are(seen, len < sizeof(seen) ? len : sizeof(seen), 0));
		len = sizes[i];
		memset(block, 0x77, len);
	}
	ash_arena_free(block);
}

TEST(shrinking_in_place_wipes_what_is_cut_off)
{
	uint8_t seen[160];
	uint8_t *block = filled(150, 0x77);

	EXPECT(ash_arena_resize(block, 146) == block);
	EXPECT(look_at(block, seen, 150));
	EXPECT(all_are(seen, 146, 0x77));
	EXPECT(all_are(seen + 146, 4, 0));
	ash_arena_free(block);
}

TEST(memory_that_fails_leaves_the_old_block)
{
	uint8_t *block = NULL;

	ash_mem_fail_after(0);
	EXPECT(ash_arena_alloc(10) == NULL);
	block = filled(10, 7);
	ash_mem_fail_after(0);
	EXPECT(ash_arena_resize(block, 10000) == NULL);
	ash_mem_fail_after(0);
	EXPECT(ash_arena_resize(NULL, 10) == NULL);
	EXPECT(all_are(block, 10, 7));
	/* One allocation counts as one. */
	ash_mem_fail_after(2);
	block = ash_arena_resize(block, 10000);
	EXPECT(block != NULL);
	block = ash_arena_resize(block, 100000);
	EXPECT(block != NULL);
	EXPECT(ash_arena_resize(block, 10) == NULL);
	ash_arena_free(block);
}

TEST(nothing_is_left_after_trim)
{
	static void *blocks[5000];

	for (size_t i = 0; i < ASH_COUNT(blocks); i++)
		blocks[i] = ash_arena_alloc(i);
	ash_arena_setup_begin();
	ash_arena_free(ash_arena_alloc(100));
	ash_arena_free(ash_arena_alloc(100000));
	ash_arena_setup_end();
	EXPECT(ash_arena_stats().mapped > (size_t)8 << 20);
	for (size_t i = 0; i < ASH_COUNT(blocks); i++)
		ash_arena_free(blocks[i]);
	ash_arena_trim();
	EXPECT_NUMBER(0, ash_arena_stats().blocks);
	EXPECT_NUMBER(0, ash_arena_stats().mapped);
	EXPECT_NUMBER(0, ash_arena_stats().locked);
}

TEST(trimming_leaves_what_is_in_use)
{
	uint8_t *block = filled(100, 7);
	uint8_t *again = NULL;

	ash_arena_trim();
	EXPECT(all_are(block, 100, 7));
	EXPECT(ash_arena_stats().mapped > 0);
	again = filled(100, 8);
	ash_arena_free(block);
	ash_arena_free(again);
}

TEST(setup_blocks_lie_apart)
{
	const uintptr_t region = ~(((uintptr_t)1 << 20) - 1);
	uint8_t *plain = filled(64, 1);
	uint8_t *setup = NULL;
	uint8_t *moved = NULL;

	ash_arena_setup_begin();
	ash_arena_setup_begin();
	ash_arena_setup_end();
	setup = filled(64, 2);
	moved = ash_arena_resize(plain, 60);
	ash_arena_setup_end();
	EXPECT(((uintptr_t)setup & region) != ((uintptr_t)plain & region));
	/* What is resized in set-up belongs to it, and stays with it afterwards. */
	EXPECT(((uintptr_t)moved & region) == ((uintptr_t)setup & region));
	moved = ash_arena_resize(moved, 1000);
	EXPECT(((uintptr_t)moved & region) == ((uintptr_t)setup & region));
	plain = filled(64, 3);
	EXPECT(((uintptr_t)plain & region) != ((uintptr_t)setup & region));
	ash_arena_free(plain);
	ash_arena_free(setup);
	ash_arena_free(moved);
}

static void free_twice(void)
{
	void *kept = ash_arena_alloc(64);
	void *block = ash_arena_alloc(64);

	ash_arena_free(block);
	ash_arena_free(block);
	EXPECT_NUMBER(ASH_E_BUG, ash_status_origin().code);
	EXPECT(ash_arena_alloc(64) != ash_arena_alloc(64));
	ash_arena_free(kept);
}

static void free_the_middle(void)
{
	uint8_t *block = ash_arena_alloc(64);

	ash_arena_free(block + 16);
	EXPECT_NUMBER(ASH_E_BUG, ash_status_origin().code);
}

static void free_the_middle_of_a_large_one(void)
{
	uint8_t *block = ash_arena_alloc(100000);

	ash_arena_free(block + 16);
	EXPECT_NUMBER(ASH_E_BUG, ash_status_origin().code);
}

static void end_what_never_began(void)
{
	ash_arena_setup_end();
	EXPECT_NUMBER(ASH_E_BUG, ash_status_origin().code);
}

TEST(mistakes_are_noticed)
{
	void (*const mistakes[])(void) = { free_twice, free_the_middle, free_the_middle_of_a_large_one,
					   end_what_never_began };

	for (size_t i = 0; i < ASH_COUNT(mistakes); i++) {
		if (ASH_BUG_ABORTS)
			EXPECT_SIGNAL(SIGABRT, mistakes[i]);
		else
			EXPECT_IN_CHILD(mistakes[i]);
	}
}

#define SLOTS 512

static _Atomic(uint8_t *) slots[SLOTS];

/* Puts blocks where other threads find, check and free them. */
static void *hammer(void *argument)
{
	uint64_t random = (uintptr_t)argument;

	for (int i = 0; i < 20000; i++) {
		size_t len = 0;
		uint8_t *block = NULL;

		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		len = 16 + (size_t)(random >> 33) % ((random >> 60) == 0 ? 3000 : 200);
		block = ash_arena_alloc(len);
		EXPECT(block != NULL);
		EXPECT(all_are(block, len, 0));
		memset(block, (int)(len & 0xff) | 1, len);
		memcpy(block, &len, sizeof(len));
		block = atomic_exchange(&slots[(random >> 20) % SLOTS], block);
		if (block == NULL)
			continue;
		memcpy(&len, block, sizeof(len));
		EXPECT(all_are(block + sizeof(len), len - sizeof(len), (uint8_t)(len & 0xff) | 1));
		if ((random >> 50) % 4 == 0) {
			block = ash_arena_resize(block, len * 2);
			EXPECT(block != NULL);
			EXPECT(all_are(block + sizeof(len), len - sizeof(len), (uint8_t)(len & 0xff) | 1));
		}
		ash_arena_free(block);
		if (i % 5000 == 0)
			ash_arena_trim();
	}
	return NULL;
}

TEST(threads_free_each_others_blocks)
{
	pthread_t threads[8];
	size_t before = ash_arena_stats().blocks;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ASH_COUNT(threads); i++)
			EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)));
		for (size_t i = 0; i < ASH_COUNT(threads); i++)
			EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	}
	for (size_t i = 0; i < SLOTS; i++)
		ash_arena_free(atomic_exchange(&slots[i], NULL));
	EXPECT_NUMBER(before, ash_arena_stats().blocks);
	ash_arena_trim();
	EXPECT_NUMBER(0, ash_arena_stats().mapped);
}

#if ASH_ASAN
TEST(the_sanitizer_knows_the_blocks)
{
	static const size_t sizes[] = { 1, 24, 32, 33, 500, 32700, 100000 };

	for (size_t i = 0; i < ASH_COUNT(sizes); i++) {
		uint8_t *block = filled(sizes[i], 1);

		EXPECT(__asan_address_is_poisoned(block + sizes[i]));
		EXPECT(!__asan_address_is_poisoned(block + sizes[i] - 1));
		ash_arena_free(block);
		if (sizes[i] < 32700)
			EXPECT(__asan_address_is_poisoned(block));
	}
}
#endif
