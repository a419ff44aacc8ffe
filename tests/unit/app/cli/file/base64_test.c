#include "unit/test.h"

#include "app/cli/file/base64.h"
#include "util/mem.h"

/* RFC 4648 §10 */
static const struct {
	const char *bytes, *text;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "+/+/" },
};

TEST(the_vectors_of_the_rfc_hold_both_ways)
{
	for (size_t i = 0; i < ASH_COUNT(vectors); i++) {
		ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;
		ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;

		EXPECT_OK(ash_cli_base64(ash_span_text(vectors[i].bytes), &text));
		EXPECT_SPAN(ash_span_text(vectors[i].text), ash_buf_span(&text));
		EXPECT_OK(ash_cli_unbase64(ash_span_text(vectors[i].text), &bytes));
		EXPECT_SPAN(ash_span_text(vectors[i].bytes), ash_buf_span(&bytes));
	}
}

TEST(every_digit_has_its_place)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	ASH_AUTO(ash_buf) bytes = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_unbase64(TEXT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
				   &bytes));
	EXPECT_NUMBER(48, bytes.len);
	EXPECT_OK(ash_cli_base64(ash_buf_span(&bytes), &text));
	EXPECT_SPAN(ash_span_text(digits), ash_buf_span(&text));
}

TEST(what_is_appended_leaves_what_was_there)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_OK(ash_buf_add(&out, TEXT("x")));
	EXPECT_OK(ash_cli_base64(TEXT("foo"), &out));
	EXPECT_OK(ash_cli_unbase64(TEXT(" Zm\r\n9v\t"), &out));
	EXPECT_SPAN(TEXT("xZm9vfoo"), ash_buf_span(&out));
}

TEST(what_is_no_base64_is_refused)
{
	static const char *const wrong[] = { "Z",      "Zg",   "Zg=",      "Zg===", "=",
					     "Zh==",   "Zm9=", "Zm=9",     "Z=g=",  "Zm9v=",
					     "Zm9vZg", "Zm-v", "Zm9v\x80", "Zm9v,", "Zg==Zg==" };
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	for (size_t i = 0; i < ASH_COUNT(wrong); i++) {
		EXPECT_CODE(ASH_E_FORMAT, ash_cli_unbase64(ash_span_text(wrong[i]), &out));
		EXPECT_NUMBER(0, out.len);
	}
}

TEST(out_of_memory_appends_nothing)
{
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) bytes = ASH_BUF_PLAIN;

	FAIL_EVERY_ALLOCATION(text.len == 0, ash_cli_base64(TEXT("foo"), &text));
	FAIL_EVERY_ALLOCATION(bytes.len == 0, ash_cli_unbase64(TEXT("Zm9v"), &bytes));
}
