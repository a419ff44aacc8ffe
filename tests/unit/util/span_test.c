#include "util/span.h"

#include "unit/test.h"

TEST(spans_view_what_they_are_made_of)
{
	uint8_t bytes[4] = { 1, 2, 3, 4 };
	struct ash_mut room = ash_mut(bytes, 3);

	EXPECT(ash_span(bytes, 4).data == bytes);
	EXPECT_NUMBER(4, ash_span(bytes, 4).len);
	EXPECT_NUMBER(5, ash_span_text("12345").len);
	EXPECT_NUMBER(0, ash_span_text("").len);
	room.data[0] = 9;
	EXPECT_SPAN(ash_span("\x09\x02\x03", 3), ash_mut_span(room));
	EXPECT_NUMBER(0, ASH_SPAN_NONE.len);
}

TEST(equality_needs_length_and_bytes)
{
	bool (*const equal[])(struct ash_span, struct ash_span) = { ash_span_equal, ash_span_equal_ct };

	for (size_t i = 0; i < ASH_COUNT(equal); i++) {
		EXPECT(equal[i](TEXT("abc"), TEXT("abc")));
		EXPECT(equal[i](ASH_SPAN_NONE, TEXT("")));
		EXPECT(!equal[i](TEXT("abc"), TEXT("abd")));
		EXPECT(!equal[i](TEXT("abc"), TEXT("xbc")));
		EXPECT(!equal[i](TEXT("abc"), TEXT("ab")));
		EXPECT(!equal[i](ASH_SPAN_NONE, TEXT("a")));
	}
}
