/* What the arena's pages are to the system and to forked children. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "unit/test.h"
#include "util/arena.h"

#define LARGE ((size_t)1 << 20)

/* The VmFlags line of the mapping in which `address` lies. */
static void flags_of(const void *address, char flags[256])
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	char line[512];
	bool inside = false;

	EXPECT(maps != NULL);
	flags[0] = '\0';
	while (flags[0] == '\0' && fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from = 0;
		unsigned long to = 0;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)address >= from && (uintptr_t)address < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			(void)snprintf(flags, 256, "%.250s ", line + 8);
	}
	(void)fclose(maps);
}

static bool has_flag(const void *address, const char *flag)
{
	char flags[256];
	char want[8];

	flags_of(address, flags);
	(void)snprintf(want, sizeof(want), " %s ", flag);
	return strstr(flags, want) != NULL;
}

/* Sanitizers make mlock do nothing. */
static bool locking_works(void)
{
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool works = false;

	EXPECT(page != MAP_FAILED);
	works = mlock(page, 4096) == 0 && has_flag(page, "lo");
	munmap(page, 4096);
	return works;
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
	memset(block, value, len);
	return block;
}

/* Blocks of before the fork. */
static uint8_t *plain;
static uint8_t *plain_large;
static uint8_t *setup;
static uint8_t *setup_large;

static void make_blocks(void)
{
	plain = filled(100, 0x11);
	plain_large = filled(LARGE, 0x22);
	ash_arena_setup_begin();
	setup = filled(100, 0x33);
	setup_large = filled(LARGE, 0x44);
	ash_arena_setup_end();
}

static void free_blocks(void)
{
	plain = ash_arena_free(plain);
	plain_large = ash_arena_free(plain_large);
	setup = ash_arena_free(setup);
	setup_large = ash_arena_free(setup_large);
}

TEST(pages_carry_the_right_flags)
{
	const uint8_t *blocks[4] = { NULL };

	make_blocks();
	memcpy(blocks, (const uint8_t *[]){ plain, plain_large, setup, setup_large }, sizeof(blocks));
	for (size_t i = 0; i < ASH_COUNT(blocks); i++) {
		EXPECT(has_flag(blocks[i], "dd"));
		EXPECT(has_flag(blocks[i], "wf") == (i < 2));
		if (locking_works() && !ash_arena_stats().lock_short)
			EXPECT(has_flag(blocks[i], "lo"));
	}
	free_blocks();
}

static void read_past_a_large_block(void)
{
	const volatile uint8_t *block = filled(LARGE, 1);

	(void)block[LARGE];
}

static void read_before_a_large_block(void)
{
	const volatile uint8_t *block = filled(LARGE, 1);

	(void)block[-1];
}

TEST(large_blocks_are_fenced)
{
	EXPECT(test_child(read_past_a_large_block) != 0);
	EXPECT(test_child(read_before_a_large_block) != 0);
}

static bool apart(const uint8_t *new_block, const uint8_t *old_block)
{
	return (uintptr_t)new_block >> 20 != (uintptr_t)old_block >> 20;
}

/* In a child: blocks of before are dead or survive, new ones lie elsewhere. */
static void live_as_child(void)
{
	uint8_t *own[200];
	uint8_t *resized = NULL;

	EXPECT_NUMBER(0, ash_arena_stats().blocks);
	EXPECT_NUMBER(0, ash_arena_stats().mapped);
	EXPECT(all_are(plain, 100, 0));
	EXPECT(all_are(plain_large, LARGE, 0));
	EXPECT(all_are(setup, 100, 0x33));
	EXPECT(all_are(setup_large, LARGE, 0x44));
	if (locking_works() && !ash_arena_stats().lock_short) {
		ash_arena_free(ash_arena_alloc(1));
		EXPECT(has_flag(setup, "lo"));
		EXPECT(has_flag(setup_large, "lo"));
	}
	for (size_t i = 0; i < ASH_COUNT(own); i++) {
		own[i] = filled(100, (uint8_t)i);
		EXPECT(apart(own[i], plain) && apart(own[i], setup));
	}
	EXPECT(has_flag(own[0], "wf") && has_flag(own[0], "dd"));

	resized = ash_arena_resize(plain, 120);
	EXPECT(resized != NULL && resized != plain);
	EXPECT(all_are(resized, 120, 0));
	ash_arena_free(resized);
	setup = ash_arena_resize(setup, 3000);
	EXPECT(setup != NULL);
	EXPECT(all_are(setup, 100, 0x33));
	EXPECT(!has_flag(setup, "wf"));

	free_blocks();
	for (size_t i = 0; i < ASH_COUNT(own); i++)
		EXPECT(all_are(own[i], 100, (uint8_t)i));
	EXPECT_NUMBER(ASH_COUNT(own), ash_arena_stats().blocks);
	for (size_t i = 0; i < ASH_COUNT(own); i++)
		ash_arena_free(own[i]);
	ash_arena_trim();
	EXPECT_NUMBER(0, ash_arena_stats().mapped);
	make_blocks();
}

static void live_as_child_and_have_one(void)
{
	live_as_child();
	EXPECT_IN_CHILD(live_as_child);
	EXPECT(all_are(plain, 100, 0x11));
	free_blocks();
}

static void have_a_child_before_anything_else(void)
{
	EXPECT_IN_CHILD(live_as_child);
}

TEST(children_and_grandchildren_start_anew)
{
	struct ash_arena_stats before = { 0 };

	make_blocks();
	before = ash_arena_stats();
	EXPECT_IN_CHILD(live_as_child);
	EXPECT_IN_CHILD(live_as_child_and_have_one);
	EXPECT_IN_CHILD(have_a_child_before_anything_else);
	EXPECT_NUMBER(before.blocks, ash_arena_stats().blocks);
	EXPECT_NUMBER(before.mapped, ash_arena_stats().mapped);
	EXPECT(all_are(plain, 100, 0x11));
	EXPECT(all_are(plain_large, LARGE, 0x22));
	EXPECT(all_are(setup, 100, 0x33));
	EXPECT(all_are(setup_large, LARGE, 0x44));
	free_blocks();
}

static _Atomic bool stop;

static void *allocate_all_the_time(void *unused)
{
	for (size_t i = 1; !atomic_load(&stop); i++) {
		if (i % 2 != 0)
			ash_arena_setup_begin();
		ash_arena_free(filled(i * 37 % 70000, 1));
		if (i % 2 != 0)
			ash_arena_setup_end();
		if (i % 64 == 0)
			ash_arena_trim();
	}
	return unused;
}

static void allocate_a_little(void)
{
	alarm(60); /* a lock that nobody drops ends the test, too */
	for (size_t i = 0; i < 50; i++)
		ash_arena_free(filled(i * 1000, 1));
	EXPECT(all_are(setup, 100, 0x33));
	free_blocks();
	ash_arena_trim();
	EXPECT_NUMBER(0, ash_arena_stats().mapped);
}

TEST(forks_under_load_find_no_lock_held)
{
	pthread_t threads[3];

	make_blocks();
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, allocate_all_the_time, NULL));
	for (int i = 0; i < 60; i++)
		EXPECT_IN_CHILD(allocate_a_little);
	atomic_store(&stop, true);
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	free_blocks();
}

/* In a child: no more than `bytes` can be locked, not even by root. */
static void limit_locking(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	EXPECT_NUMBER(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	if (geteuid() == 0)
		EXPECT_NUMBER(0, setresuid(65534, 65534, 65534));
}

static void require_what_cant_be(void)
{
	uint8_t *block = NULL;

	limit_locking(0);
	block = filled(100, 1);
	EXPECT(ash_arena_stats().lock_short);
	EXPECT_NUMBER(0, ash_arena_stats().locked);
	ash_arena_free(filled(LARGE, 1));

	ash_arena_set_lock_mode(ASH_ARENA_LOCK_REQUIRED);
	EXPECT(ash_arena_alloc(100) == NULL); /* though there is room beside the other one */
	EXPECT(ash_arena_alloc(5000) == NULL);
	EXPECT(ash_arena_alloc(LARGE) == NULL);
	EXPECT(ash_arena_resize(block, LARGE) == NULL);
	EXPECT(all_are(block, 100, 1));
	EXPECT_NUMBER(1, ash_arena_stats().blocks);
	ash_arena_free(block);

	ash_arena_set_lock_mode(ASH_ARENA_LOCK_TRY);
	ash_arena_free(filled(100, 1));
	ash_arena_trim();
	EXPECT_NUMBER(0, ash_arena_stats().mapped);
}

static void lock_a_little(void)
{
	static void *blocks[64];

	limit_locking(64 << 10);
	ash_arena_free(filled(100, 1));
	EXPECT(ash_arena_stats().locked > 0);
	EXPECT(!ash_arena_stats().lock_short);
	for (size_t i = 0; i < ASH_COUNT(blocks); i++)
		blocks[i] = filled(4000, 1);
	EXPECT(ash_arena_stats().lock_short);
	EXPECT(ash_arena_stats().locked > 0 && ash_arena_stats().locked <= 64 << 10);
	for (size_t i = 0; i < ASH_COUNT(blocks); i++)
		ash_arena_free(blocks[i]);
	ash_arena_trim();
	EXPECT_NUMBER(0, ash_arena_stats().locked);
}

TEST(locking_goes_as_far_as_allowed)
{
	if (!locking_works())
		SKIP("memory can't be locked here");
	EXPECT_IN_CHILD(require_what_cant_be);
	EXPECT_IN_CHILD(lock_a_little);
}

TEST(required_locking_works_where_it_can)
{
	uint8_t *block = NULL;

	if (!locking_works() || ash_arena_stats().lock_short)
		SKIP("memory can't be locked here");
	ash_arena_set_lock_mode(ASH_ARENA_LOCK_REQUIRED);
	block = filled(100, 1);
	EXPECT(has_flag(block, "lo"));
	ash_arena_free(block);
	ash_arena_set_lock_mode(ASH_ARENA_LOCK_TRY);
}

static void exhaust_addresses(void)
{
	struct rlimit limit = { 0, 0 };
	void *block = ash_arena_alloc(100);
	size_t blocks = 0;

	EXPECT(block != NULL);
	EXPECT_NUMBER(0, setrlimit(RLIMIT_AS, &limit));
	EXPECT(ash_arena_alloc(LARGE) == NULL);
	while (blocks < 1000 && ash_arena_alloc(5000) != NULL)
		blocks++;
	EXPECT(blocks < 1000); /* the region ends, and no other can be had */
	EXPECT_NUMBER(blocks + 1, ash_arena_stats().blocks);
	ash_arena_free(block);
}

TEST(a_system_without_memory_is_told)
{
	if (!locking_works())
		SKIP("the sanitizers need addresses themselves");
	EXPECT_IN_CHILD(exhaust_addresses);
}
