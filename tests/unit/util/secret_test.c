#include "util/secret.h"

#include "unit/test.h"
#include "util/arena.h"

TEST(new_secrets_are_zero)
{
	ASH_AUTO(ash_secret) *secret = NULL;

	EXPECT_OK(ash_secret_new(32, &secret));
	EXPECT_NUMBER(32, ash_secret_len(secret));
	EXPECT_SPAN(ash_span((uint8_t[32]){ 0 }, 32), ash_secret_peek(secret));
}

TEST(copies_hold_the_bytes)
{
	ASH_AUTO(ash_secret) *secret = NULL;
	ASH_AUTO(ash_secret) *empty = NULL;

	EXPECT_OK(ash_secret_copy(TEXT("1234"), &secret));
	EXPECT_SPAN(TEXT("1234"), ash_secret_peek(secret));
	ash_secret_edit(secret).data[0] = 'x';
	EXPECT_SPAN(TEXT("x234"), ash_secret_peek(secret));
	EXPECT_OK(ash_secret_copy(ASH_SPAN_NONE, &empty));
	EXPECT_NUMBER(0, ash_secret_len(empty));
}

TEST(no_secret_is_fine)
{
	EXPECT_NUMBER(0, ash_secret_peek(NULL).len);
	EXPECT_NUMBER(0, ash_secret_edit(NULL).len);
	EXPECT_NUMBER(0, ash_secret_len(NULL));
	EXPECT(ash_secret_free(NULL) == NULL);
}

TEST(lengths_that_overflow_are_refused)
{
	struct ash_secret *secret = NULL;

	EXPECT_CODE(ASH_E_MEMORY, ash_secret_new(SIZE_MAX, &secret));
	EXPECT_CODE(ASH_E_MEMORY, ash_secret_new(SIZE_MAX - 64, &secret));
	EXPECT(secret == NULL);
}

TEST(secrets_lie_in_the_arena_and_leave_it)
{
	size_t before = ash_arena_stats().blocks;
	struct ash_secret *secret = NULL;

	FAIL_EVERY_ALLOCATION(secret == NULL, ash_secret_copy(TEXT("1234"), &secret));
	EXPECT_NUMBER(before + 1, ash_arena_stats().blocks);
	EXPECT(ash_secret_free(secret) == NULL);
	EXPECT_NUMBER(before, ash_arena_stats().blocks);
}

TEST(wiping_overwrites_exactly_so_much)
{
	uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	ash_wipe(bytes + 1, 6);
	EXPECT_SPAN(ash_span("\1\0\0\0\0\0\0\10", 8), SPAN(bytes));
	ash_wipe(NULL, 0);
}
