#include "util/utf8.h"

#include "unit/test.h"

TEST(utf8_takes_the_shortest_form_only)
{
	static const char *const bad[] = { "\x80",
					   "\xc0\xaf",
					   "\xc1\xbf",
					   "\xe0\x80\xaf",
					   "\xed\xa0\x80",
					   "\xf0\x80\x80\x80",
					   "\xf4\x90\x80\x80",
					   "\xf5",
					   "\xff",
					   "\xc3",
					   "\xe2\x82",
					   "\xc3(" };
	uint32_t point = 7;

	for (size_t i = 0; i < ASH_COUNT(bad); i++)
		EXPECT_NUMBER(0, ash_utf8_first(ash_span_text(bad[i]), &point));
	EXPECT_NUMBER(7, point);
	EXPECT_NUMBER(0, ash_utf8_first(ASH_SPAN_NONE, &point));
	EXPECT_NUMBER(1, ash_utf8_first(TEXT("a"), &point));
	EXPECT_NUMBER(2, ash_utf8_first(TEXT("\xc3\xa4x"), &point));
	EXPECT_NUMBER(0xe4, point);
	EXPECT_NUMBER(3, ash_utf8_first(TEXT("\xe2\x82\xac"), &point));
	EXPECT_NUMBER(0x20ac, point);
	EXPECT_NUMBER(4, ash_utf8_first(TEXT("\xf0\x9f\x94\x91"), &point));
	EXPECT_NUMBER(0x1f511, point);
}

TEST(utf8_is_told_from_other_bytes)
{
	EXPECT(ash_utf8_valid(TEXT("")) && ash_utf8_valid(TEXT("k\xc3\xa4\n")));
	EXPECT(!ash_utf8_valid(TEXT("a\xff")) && !ash_utf8_valid(TEXT("\xc3")));
	EXPECT(!ash_utf8_valid(TEXT("\xc0\x80")) && !ash_utf8_valid(TEXT("\xed\xa0\x80z")));
}
