#include "crypto/parts.h"

#include "test.h"
#include "util/arena.h"

TEST(parts_keep_copies)
{
	struct ash_parts parts = ASH_PARTS_NONE;
	uint8_t bytes[] = { 1, 2, 3 };

	EXPECT(!ash_parts_has(&parts, ASH_PART_SECRET));
	EXPECT(ash_parts_get(&parts, ASH_PART_SECRET).data == NULL);
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_SECRET, SPAN(bytes)));
	bytes[0] = 9;
	EXPECT(ash_parts_has(&parts, ASH_PART_SECRET));
	EXPECT_SPAN(TEXT("\1\2\3"), ash_parts_get(&parts, ASH_PART_SECRET));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_SECRET, SPAN(bytes)));
	EXPECT_SPAN(TEXT("\11\2\3"), ash_parts_get(&parts, ASH_PART_SECRET));
	ash_parts_done(&parts);
	EXPECT(!ash_parts_has(&parts, ASH_PART_SECRET));
}

TEST(an_empty_part_is_there)
{
	struct ash_parts parts = ASH_PARTS_NONE;

	EXPECT_OK(ash_parts_set(&parts, ASH_PART_SECRET, ASH_SPAN_NONE));
	EXPECT(ash_parts_has(&parts, ASH_PART_SECRET));
	EXPECT(ash_parts_get(&parts, ASH_PART_SECRET).data != NULL);
	EXPECT_NUMBER(0, ash_parts_get(&parts, ASH_PART_SECRET).len);
	ash_parts_done(&parts);
}

TEST(a_part_can_be_set_to_itself)
{
	struct ash_parts parts = ASH_PARTS_NONE;

	EXPECT_OK(ash_parts_set(&parts, ASH_PART_MODULUS, TEXT("\0\0ab")));
	EXPECT_OK(ash_parts_set_integer(&parts, ASH_PART_MODULUS, ash_parts_get(&parts, ASH_PART_MODULUS)));
	EXPECT_SPAN(TEXT("ab"), ash_parts_get(&parts, ASH_PART_MODULUS));
	ash_parts_done(&parts);
}

TEST(integers_lose_leading_zeroes)
{
	struct ash_parts parts = ASH_PARTS_NONE;

	EXPECT_OK(ash_parts_set_integer(&parts, ASH_PART_MODULUS, TEXT("\0\0\1\0")));
	EXPECT_SPAN(TEXT("\1\0"), ash_parts_get(&parts, ASH_PART_MODULUS));
	EXPECT_OK(ash_parts_set_integer(&parts, ASH_PART_MODULUS, TEXT("\0\0")));
	EXPECT_SPAN(ASH_SPAN_NONE, ash_parts_get(&parts, ASH_PART_MODULUS));
	ash_parts_done(&parts);
}

TEST(what_is_private)
{
	for (enum ash_part part = 0; part < ASH_PARTS; part++) {
		struct ash_parts parts = ASH_PARTS_NONE;
		bool is_public = part == ASH_PART_MODULUS || part == ASH_PART_PUBLIC_EXPONENT ||
				 part == ASH_PART_PUBLIC;

		EXPECT(!ash_parts_private(&parts));
		EXPECT_OK(ash_parts_set(&parts, part, TEXT("x")));
		EXPECT(ash_parts_private(&parts) == !is_public);
		ash_parts_done(&parts);
	}
	EXPECT(!ash_parts_private(NULL));
	EXPECT(!ash_parts_has(NULL, ASH_PART_SECRET));
	EXPECT(ash_parts_get(NULL, ASH_PART_SECRET).data == NULL);
}

TEST(moving_drops_what_was_there)
{
	size_t blocks = ash_arena_stats().blocks;
	struct ash_parts from = ASH_PARTS_NONE;
	struct ash_parts to = ASH_PARTS_NONE;

	EXPECT_OK(ash_parts_set(&from, ASH_PART_PUBLIC, TEXT("new")));
	EXPECT_OK(ash_parts_set(&to, ASH_PART_SECRET, TEXT("old")));
	ash_parts_move(&to, &from);
	EXPECT_SPAN(TEXT("new"), ash_parts_get(&to, ASH_PART_PUBLIC));
	EXPECT(!ash_parts_has(&to, ASH_PART_SECRET));
	EXPECT(!ash_parts_has(&from, ASH_PART_PUBLIC));
	ash_parts_move(&to, &to);
	EXPECT_SPAN(TEXT("new"), ash_parts_get(&to, ASH_PART_PUBLIC));
	ash_parts_done(&from);
	ash_parts_done(&to);
	EXPECT_NUMBER(blocks, ash_arena_stats().blocks);
}

TEST(parts_without_memory)
{
	struct ash_parts parts = ASH_PARTS_NONE;

	EXPECT_OK(ash_parts_set(&parts, ASH_PART_SECRET, TEXT("old")));
	FAIL_EVERY_ALLOCATION(ash_span_equal(ash_parts_get(&parts, ASH_PART_SECRET), TEXT("old")),
			      ash_parts_set(&parts, ASH_PART_SECRET, TEXT("new")));
	EXPECT_SPAN(TEXT("new"), ash_parts_get(&parts, ASH_PART_SECRET));
	ash_parts_done(&parts);
}
