#include "util/reader.h"

#include "unit/test.h"

static const uint8_t bytes[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
				 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f };

TEST(numbers_are_big_endian)
{
	struct ash_reader in = ash_reader(SPAN(bytes));
	uint8_t u8 = 0;
	uint16_t u16 = 0;
	uint32_t u32 = 0;
	uint64_t u64 = 0;

	EXPECT_OK(ash_reader_u8(&in, &u8));
	EXPECT_OK(ash_reader_u16(&in, &u16));
	EXPECT_OK(ash_reader_u32(&in, &u32));
	EXPECT_OK(ash_reader_u64(&in, &u64));
	EXPECT_NUMBER(0x01, u8);
	EXPECT_NUMBER(0x0203, u16);
	EXPECT_NUMBER(0x04050607, u32);
	EXPECT_NUMBER(0x08090a0b0c0d0e0f, u64);
	EXPECT_OK(ash_reader_end(&in));
}

TEST(short_numbers_are_refused_and_move_nothing)
{
	struct ash_reader in = { 0 };
	uint8_t u8 = 0xee;
	uint16_t u16 = 0xeeee;
	uint32_t u32 = 0xeeeeeeee;
	uint64_t u64 = 1;

	for (size_t len = 0; len < sizeof(u64); len++) {
		in = ash_reader(ash_span(bytes, len));
		if (len < sizeof(u8))
			EXPECT_CODE(ASH_E_FORMAT, ash_reader_u8(&in, &u8));
		if (len < sizeof(u16))
			EXPECT_CODE(ASH_E_FORMAT, ash_reader_u16(&in, &u16));
		if (len < sizeof(u32))
			EXPECT_CODE(ASH_E_FORMAT, ash_reader_u32(&in, &u32));
		EXPECT_CODE(ASH_E_FORMAT, ash_reader_u64(&in, &u64));
		EXPECT_SPAN(ash_span(bytes, len), in.rest);
	}
	EXPECT_NUMBER(0xee, u8);
	EXPECT_NUMBER(0xeeee, u16);
	EXPECT_NUMBER(0xeeeeeeee, u32);
	EXPECT_NUMBER(1, u64);
}

TEST(taking_lends_exactly_so_many)
{
	struct ash_reader in = ash_reader(ash_span(bytes, 5));
	struct ash_span got = ASH_SPAN_NONE;

	EXPECT_OK(ash_reader_take(&in, 2, &got));
	EXPECT(got.data == bytes && got.len == 2);
	EXPECT_CODE(ASH_E_FORMAT, ash_reader_take(&in, 4, &got));
	EXPECT_CODE(ASH_E_FORMAT, ash_reader_take(&in, SIZE_MAX, &got));
	EXPECT(got.data == bytes && got.len == 2);
	EXPECT_OK(ash_reader_take(&in, 3, &got));
	EXPECT_OK(ash_reader_take(&in, 0, &got));
	EXPECT_NUMBER(0, got.len);
}

TEST(nothing_can_be_read_of_nothing)
{
	struct ash_reader in = ash_reader(ASH_SPAN_NONE);
	struct ash_span got = TEXT("x");

	EXPECT_OK(ash_reader_take(&in, 0, &got));
	EXPECT_NUMBER(0, got.len);
	EXPECT_OK(ash_reader_end(&in));
}

TEST(counted_bytes_need_length_and_bytes)
{
	static const uint8_t good[] = { 0, 0, 0, 2, 'h', 'i', '!' };
	static const uint8_t vast[] = { 0xff, 0xff, 0xff, 0xff, 'h', 'i' };
	struct ash_reader in = ash_reader(SPAN(good));
	struct ash_span got = TEXT("untouched");

	EXPECT_CODE(ASH_E_FORMAT, ash_reader_bytes(&in, 1, &got));
	EXPECT_NUMBER(sizeof(good), in.rest.len);
	for (size_t len = 0; len < 6; len++) {
		in = ash_reader(ash_span(good, len));
		EXPECT_CODE(ASH_E_FORMAT, ash_reader_bytes(&in, 100, &got));
		EXPECT_NUMBER(len, in.rest.len);
	}
	in = ash_reader(SPAN(vast));
	EXPECT_CODE(ASH_E_FORMAT, ash_reader_bytes(&in, SIZE_MAX, &got));
	EXPECT_NUMBER(sizeof(vast), in.rest.len);
	EXPECT_SPAN(TEXT("untouched"), got);

	in = ash_reader(SPAN(good));
	EXPECT_OK(ash_reader_bytes(&in, 2, &got));
	EXPECT_SPAN(TEXT("hi"), got);
	EXPECT_CODE(ASH_E_FORMAT, ash_reader_end(&in));
}
