#include "unit/test.h"

#include "app/cli/print/dn.h"

/* The text of a name; "refused" for what is none. Lent until the next call. */
static const char *text(struct ash_span der)
{
	static char shown[600];
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_OK(ash_buf_add(&out, TEXT("<")));
	if (!ash_is_ok(ash_cli_dn_text(der, &out))) {
		EXPECT_NUMBER(1, out.len);
		return "refused";
	}
	EXPECT(out.len < sizeof(shown));
	memcpy(shown, out.data, out.len);
	shown[out.len] = '\0';
	return shown + 1;
}

/* SET { SEQUENCE { OID of X.520, string } } with lengths for `n` bytes of text. */
#define PART(n, n_set, n_pair, type, tag, string) \
	"\x31" n_set "\x30" n_pair "\x06\x03\x55\x04" type tag n string

TEST(names_are_written_as_in_rfc_4514)
{
	/* C=DE, O=Ex, CN=web + serialNumber=7 in one part */
	EXPECT_TEXT("CN=web+serialNumber=7,O=Ex,C=DE",
		    text(TEXT("\x30\x32" PART("\x02", "\x0b", "\x09", "\x06", "\x13", "DE")
				      PART("\x02", "\x0b", "\x09", "\x0a", "\x0c",
					   "Ex") "\x31\x16\x30\x0a\x06\x03\x55\x04\x03\x0c\x03web"
						 "\x30\x08\x06\x03\x55\x04\x05\x13\x01\x37")));
	EXPECT_TEXT("", text(TEXT("\x30\x00")));
}

TEST(types_without_a_name_are_numbers)
{
	EXPECT_TEXT("2.5.4.12=Dr", text(TEXT("\x30\x0d" PART("\x02", "\x0b", "\x09", "\x0c", "\x0c", "Dr"))));
	EXPECT_TEXT("1.2.840.113549.1.9.2=x", text(TEXT("\x30\x12\x31\x10\x30\x0e\x06\x09\x2a\x86\x48\x86\xf7"
							"\x0d\x01\x09\x02\x0c\x01x")));
	EXPECT_TEXT("emailAddress=a@b", text(TEXT("\x30\x14\x31\x12\x30\x10\x06\x09\x2a\x86\x48\x86\xf7"
						  "\x0d\x01\x09\x01\x16\x03"
						  "a@b")));
}

TEST(what_would_mislead_is_escaped)
{
	EXPECT_TEXT("CN=\\ a\\,b\\+\\\"\\ ",
		    text(TEXT("\x30\x12" PART("\x07", "\x10", "\x0e", "\x03", "\x0c", " a,b+\" "))));
	EXPECT_TEXT("CN=\\#a#\\00",
		    text(TEXT("\x30\x0f" PART("\x04", "\x0d", "\x0b", "\x03", "\x0c", "#a#\0"))));
}

TEST(strings_of_every_kind_are_read)
{
	/* BMPString: A, ä, € */
	EXPECT_TEXT("CN=A\xc3\xa4\xe2\x82\xac",
		    text(TEXT("\x30\x11" PART("\x06", "\x0f", "\x0d", "\x03", "\x1e", "\0A\0\xe4\x20\xac"))));
	EXPECT_TEXT("refused",
		    text(TEXT("\x30\x0d" PART("\x02", "\x0b", "\x09", "\x03", "\x1e", "\xd8\x00"))));
	EXPECT_TEXT("refused", text(TEXT("\x30\x0c" PART("\x01", "\x0a", "\x08", "\x03", "\x1e", "A"))));
	/* what is no string: its DER */
	EXPECT_TEXT("CN=#020105",
		    text(TEXT("\x30\x0c" PART("\x01", "\x0a", "\x08", "\x03", "\x02", "\x05"))));
}

TEST(what_is_no_name_is_refused)
{
	static const char good[] = "\x30\x0d" PART("\x02", "\x0b", "\x09", "\x06", "\x13", "DE");
	char many[4 + 65 * 13];

	EXPECT_TEXT("C=DE", text(ash_span(good, sizeof(good) - 1)));
	for (size_t len = 0; len < sizeof(good) - 1; len++)
		EXPECT_TEXT("refused", text(ash_span(good, len)));
	EXPECT_TEXT("refused", text(TEXT("\x30\x02\x31\x00")));
	EXPECT_TEXT("refused", text(TEXT("\x30\x0b\x31\x09\x30\x07\x06\x02\x55\x84\x0c\x01x")));
	EXPECT_TEXT("refused", text(TEXT("\x31\x00")));
	/* 64 parts are read, and no more. */
	for (size_t count = 64; count <= 65; count++) {
		size_t len = count * 13;

		many[0] = 0x30;
		many[1] = (char)0x82;
		many[2] = (char)(len >> 8);
		many[3] = (char)len;
		for (size_t i = 0; i < count; i++)
			memcpy(many + 4 + i * 13, good + 2, 13);
		EXPECT((strcmp(text(ash_span(many, 4 + len)), "refused") == 0) == (count == 65));
	}
}

TEST(no_memory_is_told)
{
	static const char good[] = "\x30\x0d" PART("\x02", "\x0b", "\x09", "\x06", "\x13", "DE");
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	FAIL_EVERY_ALLOCATION(out.len == 0, ash_cli_dn_text(ash_span(good, sizeof(good) - 1), &out));
}
