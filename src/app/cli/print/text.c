#include "app/cli/print/text.h"

#include <langinfo.h>
#include <stdio.h>
#include <wctype.h>

#include "util/utf8.h"

static const char hex_digits[] = "0123456789abcdef";

/* Characters that are "printable" but play tricks: invisible ones and changes of direction. */
static bool misleads(uint32_t point)
{
	static const uint32_t ranges[][2] = {
		{ 0xad, 0xad },     { 0x034f, 0x034f }, { 0x061c, 0x061c },   { 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f },   { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (point >= ranges[i][0] && point <= ranges[i][1])
			return true;
	}
	return false;
}

static bool showable(uint32_t point)
{
	if (point < 0x80)
		return point >= 0x20 && point < 0x7f && point != '\\';
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && iswprint((wint_t)point) && !misleads(point);
}

#define ESCAPE_MAX 16 /* four bytes, four characters each */

/* Writes the text's first character as it may be shown; returns the characters written. */
static size_t escape_one(struct ash_span text, char shown[ESCAPE_MAX], size_t *ret_used)
{
	uint32_t point = 0;
	size_t used = ash_utf8_first(text, &point);
	size_t len = 0;

	*ret_used = used != 0 ? used : 1;
	if (used != 0 && showable(point)) {
		memcpy(shown, text.data, used);
		return used;
	}
	if (text.data[0] == '\\') {
		memcpy(shown, "\\\\", 2);
		return 2;
	}
	for (size_t i = 0; i < *ret_used; i++) {
		shown[len++] = '\\';
		shown[len++] = 'x';
		shown[len++] = hex_digits[text.data[i] >> 4];
		shown[len++] = hex_digits[text.data[i] & 0xf];
	}
	return len;
}

ASH_STATUS ash_cli_escape(struct ash_span text, struct ash_buf *out)
{
	char shown[ESCAPE_MAX];
	size_t used;

	while (text.len > 0) {
		size_t len = escape_one(text, shown, &used);

		ASH_TRY(ash_buf_add(out, ash_span(shown, len)));
		text = ash_span(text.data + used, text.len - used);
	}
	return ASH_DONE;
}

struct ash_cli_escaped ash_cli_escaped(struct ash_span text)
{
	struct ash_cli_escaped escaped = { "" };
	char shown[ESCAPE_MAX];
	size_t len = 0;
	size_t used;

	while (text.len > 0) {
		size_t more = escape_one(text, shown, &used);

		if (len + more + sizeof("...") > sizeof(escaped.text)) {
			memcpy(escaped.text + len, "...", sizeof("..."));
			return escaped;
		}
		memcpy(escaped.text + len, shown, more);
		len += more;
		text = ash_span(text.data + used, text.len - used);
	}
	escaped.text[len] = '\0';
	return escaped;
}

ASH_STATUS ash_cli_clean_utf8(struct ash_span text, struct ash_buf *out)
{
	uint32_t point;

	while (text.len > 0) {
		size_t used = ash_utf8_first(text, &point);

		ASH_TRY(ash_buf_add(out,
				    used != 0 ? ash_span(text.data, used) : ash_span_text("\xef\xbf\xbd")));
		used = used != 0 ? used : 1;
		text = ash_span(text.data + used, text.len - used);
	}
	return ASH_DONE;
}

struct ash_span ash_cli_trim(const char *padded, size_t len)
{
	while (len > 0 && (padded[len - 1] == ' ' || padded[len - 1] == '\0'))
		len--;
	return ash_span(padded, len);
}

ASH_STATUS ash_cli_hex(struct ash_span bytes, struct ash_buf *out)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char digits[2] = { hex_digits[bytes.data[i] >> 4], hex_digits[bytes.data[i] & 0xf] };

		ASH_TRY(ash_buf_add(out, ash_span(digits, sizeof(digits))));
	}
	return ASH_DONE;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

static struct ash_status add_unhexed(const char *text, struct ash_buf *out)
{
	while (*text != '\0') {
		int high = hex_value(text[0]);
		int low = high < 0 ? -1 : hex_value(text[1]);
		uint8_t byte;

		ASH_ENSURE(high >= 0 && low >= 0, ASH_E_FORMAT);
		byte = (uint8_t)(high << 4 | low);
		ASH_TRY(ash_buf_add(out, ash_span(&byte, 1)));
		text += 2;
		if (*text == ':') {
			text++;
			ASH_ENSURE(*text != '\0', ASH_E_FORMAT);
		}
	}
	return ASH_DONE;
}

ASH_STATUS ash_cli_unhex(const char *text, struct ash_buf *out)
{
	const size_t before = out->len;
	const struct ash_status status = add_unhexed(text, out);

	if (!ash_is_ok(status))
		out->len = before;
	return status;
}

static bool uri_plain(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

ASH_STATUS ash_cli_uri_value(struct ash_span text, bool all, struct ash_buf *out)
{
	char coded[4];

	for (size_t i = 0; i < text.len; i++) {
		if (!all && uri_plain(text.data[i])) {
			ASH_TRY(ash_buf_add(out, ash_span(&text.data[i], 1)));
			continue;
		}
		snprintf(coded, sizeof(coded), "%%%02X", text.data[i]);
		ASH_TRY(ash_buf_add(out, ash_span(coded, 3)));
	}
	return ASH_DONE;
}
