#include "util/writer.h"

#include "unit/test.h"
#include "util/reader.h"

static struct ash_status write_all(struct ash_buf *out)
{
	ASH_TRY(ash_write_u8(out, 0x01));
	ASH_TRY(ash_write_u16(out, 0x0203));
	ASH_TRY(ash_write_u32(out, 0x04050607));
	ASH_TRY(ash_write_u64(out, UINT64_C(0x08090a0b0c0d0e0f)));
	return ash_write_bytes(out, TEXT("hi"));
}

TEST(numbers_are_big_endian)
{
	static const uint8_t want[] = { 1,  2,  3,  4,  5, 6, 7, 8, 9,   10, 11,
					12, 13, 14, 15, 0, 0, 0, 2, 'h', 'i' };
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_OK(write_all(&out));
	EXPECT_SPAN(SPAN(want), ash_buf_span(&out));
}

TEST(the_reader_reads_it)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	struct ash_reader in = { 0 };
	struct ash_span got = ASH_SPAN_NONE;
	uint64_t number = 0;

	EXPECT_OK(ash_write_u64(&out, UINT64_MAX - 1));
	EXPECT_OK(ash_write_bytes(&out, ASH_SPAN_NONE));
	EXPECT_OK(ash_write_bytes(&out, TEXT("value")));
	in = ash_reader(ash_buf_span(&out));
	EXPECT_OK(ash_reader_u64(&in, &number));
	EXPECT_NUMBER(UINT64_MAX - 1, number);
	EXPECT_OK(ash_reader_bytes(&in, 5, &got));
	EXPECT_NUMBER(0, got.len);
	EXPECT_OK(ash_reader_bytes(&in, 5, &got));
	EXPECT_SPAN(TEXT("value"), got);
	EXPECT_OK(ash_reader_end(&in));
}

TEST(failures_keep_what_there_was)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	out.limit = 7;
	EXPECT_OK(ash_write_u32(&out, 7));
	EXPECT_CODE(ASH_E_LIMIT, ash_write_u32(&out, 8));
	EXPECT_CODE(ASH_E_LIMIT, ash_write_bytes(&out, ASH_SPAN_NONE));
	EXPECT_SPAN(ash_span("\0\0\0\7", 4), ash_buf_span(&out));
	EXPECT_OK(ash_write_u16(&out, 0x0102));
	EXPECT_OK(ash_write_u8(&out, 3));
	EXPECT_CODE(ASH_E_LIMIT, ash_write_u8(&out, 4));
}

TEST(lengths_past_32_bits_are_refused)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	out.limit = SIZE_MAX;
	EXPECT_CODE(ASH_E_LIMIT, ash_write_bytes(&out, ash_span("", (size_t)UINT32_MAX + 1)));
	EXPECT_NUMBER(0, out.len);
}

TEST(memory_that_fails_is_told)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

	FAIL_EVERY_ALLOCATION(out.len == 0, ash_write_bytes(&out, TEXT("value")));
	EXPECT_NUMBER(9, out.len);
}
