#include "util/buf.h"

#include "unit/test.h"
#include "util/arena.h"

TEST(adding_appends)
{
	ASH_AUTO(ash_buf) buf = ASH_BUF_PLAIN;

	EXPECT_NUMBER(0, ash_buf_span(&buf).len);
	EXPECT_OK(ash_buf_add(&buf, TEXT("key")));
	EXPECT_OK(ash_buf_add(&buf, ASH_SPAN_NONE));
	EXPECT_OK(ash_buf_add(&buf, TEXT(" value")));
	EXPECT_SPAN(TEXT("key value"), ash_buf_span(&buf));
}

TEST(growing_keeps_the_bytes)
{
	struct ash_buf kinds[] = { ASH_BUF_PLAIN, ASH_BUF_SECRET };

	for (size_t k = 0; k < ASH_COUNT(kinds); k++) {
		for (size_t i = 0; i < 100000; i++) {
			uint8_t byte = (uint8_t)(i % 251);

			EXPECT_OK(ash_buf_add(&kinds[k], ash_span(&byte, 1)));
		}
		for (size_t i = 0; i < 100000; i++)
			EXPECT_NUMBER(i % 251, kinds[k].data[i]);
		ash_buf_done(&kinds[k]);
		EXPECT_NUMBER(0, ash_buf_span(&kinds[k]).len);
		EXPECT_OK(ash_buf_add(&kinds[k], TEXT("again")));
		EXPECT_SPAN(TEXT("again"), ash_buf_span(&kinds[k]));
		ash_buf_done(&kinds[k]);
	}
}

TEST(extending_gives_zeroes)
{
	ASH_AUTO(ash_buf) buf = ASH_BUF_SECRET;
	struct ash_mut room = ash_mut(NULL, 7);

	EXPECT_OK(ash_buf_add(&buf, TEXT("stale bytes")));
	ash_buf_reset(&buf);
	EXPECT_OK(ash_buf_extend(&buf, 4, &room));
	EXPECT_SPAN(ash_span("\0\0\0\0", 4), ash_mut_span(room));
	memcpy(room.data, "wxyz", 4);
	EXPECT_SPAN(TEXT("wxyz"), ash_buf_span(&buf));
	EXPECT_OK(ash_buf_extend(&buf, 0, &room));
	EXPECT_NUMBER(0, room.len);
	EXPECT_SPAN(TEXT("wxyz"), ash_buf_span(&buf));
}

TEST(the_limit_holds)
{
	ASH_AUTO(ash_buf) buf = ASH_BUF_PLAIN;
	struct ash_mut room = { 0 };

	buf.limit = 10;
	EXPECT_OK(ash_buf_add(&buf, TEXT("0123456789")));
	EXPECT_CODE(ASH_E_LIMIT, ash_buf_add(&buf, TEXT("x")));
	EXPECT_CODE(ASH_E_LIMIT, ash_buf_extend(&buf, SIZE_MAX, &room));
	EXPECT_CODE(ASH_E_LIMIT, ash_buf_reserve(&buf, SIZE_MAX - 5));
	EXPECT(room.data == NULL);
	EXPECT_SPAN(TEXT("0123456789"), ash_buf_span(&buf));
}

TEST(resetting_wipes_a_secret)
{
	ASH_AUTO(ash_buf) buf = ASH_BUF_SECRET;

	EXPECT_OK(ash_buf_add(&buf, TEXT("secret")));
	ash_buf_reset(&buf);
	EXPECT_NUMBER(0, buf.len);
	EXPECT_SPAN(ash_span("\0\0\0\0\0\0", 6), ash_span(buf.data, 6));
}

TEST(secrets_leave_nothing_in_the_arena)
{
	size_t before = ash_arena_stats().blocks;
	struct ash_buf buf = ASH_BUF_SECRET;

	EXPECT_OK(ash_buf_reserve(&buf, 1000));
	EXPECT_NUMBER(before + 1, ash_arena_stats().blocks);
	ash_buf_done(&buf);
	EXPECT_NUMBER(before, ash_arena_stats().blocks);
}

TEST(memory_that_fails_changes_nothing)
{
	struct ash_buf kinds[] = { ASH_BUF_PLAIN, ASH_BUF_SECRET };
	struct ash_span more = ash_span((uint8_t[500]){ 1 }, 500);

	for (size_t i = 0; i < ASH_COUNT(kinds); i++) {
		struct ash_buf *buf = &kinds[i];
		struct ash_mut room = { 0 };

		FAIL_EVERY_ALLOCATION(buf->len == 0, ash_buf_add(buf, TEXT("first")));
		FAIL_EVERY_ALLOCATION(ash_span_equal(ash_buf_span(buf), TEXT("first")),
				      ash_buf_add(buf, more));
		FAIL_EVERY_ALLOCATION(buf->len == 505 && room.data == NULL, ash_buf_extend(buf, 5000, &room));
		EXPECT_NUMBER(5505, buf->len);
		ash_buf_done(buf);
	}
}
