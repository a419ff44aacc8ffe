#include "util/utf8.h"

static size_t utf8_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : (first < 0xf0 ? 3 : 4);
}

size_t ash_utf8_first(struct ash_span text, uint32_t *ret_point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = text.len > 0 ? utf8_len(text.data[0]) : 0;
	uint32_t point;

	if (len == 0 || len > text.len)
		return 0;
	point = len == 1 ? text.data[0] : text.data[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((text.data[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (text.data[i] & 0x3fu);
	}
	if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return len;
}

bool ash_utf8_valid(struct ash_span text)
{
	uint32_t point;
	size_t used = 1;

	for (; text.len > 0 && used > 0; text = ash_span(text.data + used, text.len - used))
		used = ash_utf8_first(text, &point);
	return text.len == 0 && used > 0;
}
