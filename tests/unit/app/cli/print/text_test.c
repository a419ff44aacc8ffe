#include "unit/test.h"

#include <locale.h>

#include "app/cli/print/text.h"

static const char *escaped(struct ash_span text)
{
	static struct ash_cli_escaped kept;

	kept = ash_cli_escaped(text);
	return kept.text;
}

TEST(escape_shows_what_a_utf8_terminal_may_see)
{
	EXPECT(setlocale(LC_ALL, "C.UTF-8") != NULL);
	EXPECT_TEXT("caf\xc3\xa9 \xf0\x9f\x94\x91", escaped(TEXT("caf\xc3\xa9 \xf0\x9f\x94\x91")));
	EXPECT_TEXT("\\x1b[2J\\x0d\\x0a\\x09\\x00\\x7f", escaped(TEXT("\x1b[2J\r\n\t\0\x7f")));
	EXPECT_TEXT("a\\\\x1b", escaped(TEXT("a\\x1b")));
	/* C1 CSI, right-to-left override, zero-width space, and bytes that are no UTF-8 */
	EXPECT_TEXT("\\xc2\\x9b31m", escaped(TEXT("\xc2\x9b"
						  "31m")));
	EXPECT_TEXT("\\xe2\\x80\\xaegpj", escaped(TEXT("\xe2\x80\xaegpj")));
	EXPECT_TEXT("\\xe2\\x80\\x8b", escaped(TEXT("\xe2\x80\x8b")));
	EXPECT_TEXT("\\x9b\\xffz", escaped(TEXT("\x9b\xffz")));
}

TEST(escape_keeps_to_ascii_elsewhere)
{
	EXPECT(setlocale(LC_ALL, "C") != NULL);
	EXPECT_TEXT("caf\\xc3\\xa9", escaped(TEXT("caf\xc3\xa9")));
}

TEST(escaped_text_is_cut_between_characters)
{
	uint8_t many[400];
	const char *text;

	memset(many, 0x01, sizeof(many));
	text = escaped(SPAN(many));
	EXPECT(strlen(text) < 256);
	EXPECT_TEXT("\\x01...", text + strlen(text) - 7);
}

TEST(escape_into_a_buffer)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_escape(TEXT("a\nb"), &out));
	EXPECT_SPAN(TEXT("a\\x0ab"), ash_buf_span(&out));
	out.limit = out.len;
	EXPECT_CODE(
		ASH_E_LIMIT,
		ash_cli_escape(TEXT("0123456789012345678901234567890123456789012345678901234567890"), &out));
}

TEST(clean_utf8_replaces_each_bad_byte)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_clean_utf8(TEXT("a\xff\xc3\xa4\xe2\x82"), &out));
	EXPECT_SPAN(TEXT("a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd"), ash_buf_span(&out));
}

TEST(trim_takes_padding_away)
{
	EXPECT_SPAN(TEXT("my token"), ash_cli_trim("my token    \0", 13));
	EXPECT_SPAN(TEXT("  x"), ash_cli_trim("  x ", 4));
	EXPECT_SPAN(TEXT(""), ash_cli_trim("    ", 4));
}

TEST(hex_there_and_back)
{
	ASH_AUTO(ash_buf) hex = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) bytes = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_hex(TEXT("\x00\x9f\xff"), &hex));
	EXPECT_SPAN(TEXT("009fff"), ash_buf_span(&hex));
	EXPECT_OK(ash_cli_unhex("009FfF", &bytes));
	EXPECT_OK(ash_cli_unhex("0a:0B", &bytes));
	EXPECT_SPAN(TEXT("\x00\x9f\xff\x0a\x0b"), ash_buf_span(&bytes));
}

TEST(unhex_refuses_what_is_no_hex)
{
	static const char *const bad[] = { "0",      "0g",  "abc",  ":aa",   "aa:",
					   "aa::bb", " aa", "0x01", "aa bb", "a:a" };
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	for (size_t i = 0; i < ASH_COUNT(bad); i++) {
		EXPECT_CODE(ASH_E_FORMAT, ash_cli_unhex(bad[i], &out));
		EXPECT_NUMBER(0, out.len);
	}
}

TEST(uri_values_are_percent_encoded)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_uri_value(TEXT("My-key_1.~ ;/?%\xc3\xa4"), false, &out));
	EXPECT_SPAN(TEXT("My-key_1.~%20%3B%2F%3F%25%C3%A4"), ash_buf_span(&out));
	ash_buf_reset(&out);
	EXPECT_OK(ash_cli_uri_value(TEXT("a\x01"), true, &out));
	EXPECT_SPAN(TEXT("%61%01"), ash_buf_span(&out));
}
