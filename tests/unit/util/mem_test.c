#include "unit/test.h"

TEST(new_memory_is_zero)
{
	ASH_AUTO_MEM uint8_t *block = ash_mem_new(100, 3);

	EXPECT(block != NULL);
	for (size_t i = 0; i < 300; i++)
		EXPECT_NUMBER(0, block[i]);
}

TEST(nothing_is_a_block_too)
{
	ASH_AUTO_MEM void *none = ash_mem_new(0, 8);
	ASH_AUTO_MEM void *nothing = ash_mem_new(8, 0);

	EXPECT(none != NULL && nothing != NULL && none != nothing);
}

TEST(products_that_overflow_are_refused)
{
	ASH_AUTO_MEM uint8_t *block = ash_mem_new(4, 1);

	EXPECT(ash_mem_new(SIZE_MAX / 2, 3) == NULL);
	EXPECT(ash_mem_resize(block, SIZE_MAX / 2, 3) == NULL);
	block[3] = 1;
}

TEST(resizing_keeps_the_bytes)
{
	uint8_t *block = ash_mem_resize(NULL, 2, 2);

	EXPECT(block != NULL);
	memcpy(block, "abcd", 4);
	block = ash_mem_resize(block, 1000, 1);
	EXPECT(block != NULL);
	EXPECT_SPAN(TEXT("abcd"), ash_span(block, 4));
	block = ash_mem_resize(block, 0, 1);
	EXPECT(block != NULL);
	EXPECT(ash_mem_free(block) == NULL);
	EXPECT(ash_mem_free(NULL) == NULL);
}

TEST(the_nth_allocation_fails_once)
{
	ASH_AUTO_MEM uint8_t *kept = ash_mem_new(1, 1);

	ash_mem_fail_after(2);
	for (int i = 0; i < 5; i++) {
		void *block = ash_mem_new(1, 1);

		EXPECT((block == NULL) == (i == 2));
		ash_mem_free(block);
	}
	ash_mem_fail_after(0);
	EXPECT(ash_mem_resize(kept, 100, 1) == NULL);
	kept[0] = 1;
	EXPECT_NUMBER(0, ash_mem_must_fail());
	ash_mem_fail_after(1);
	ash_mem_fail_after(-1);
	EXPECT_NUMBER(0, ash_mem_must_fail());
	EXPECT_NUMBER(0, ash_mem_must_fail());
}
