#include "unit/test.h"

#include "app/cli/use/signature.h"
#include "util/mem.h"

static const uint8_t raw[] = { 0x00, 0x00, 0x81, 0x02, 0x7f, 0x01, 0x02, 0x03 };
static const uint8_t der[] = {
	0x30, 0x0b, 0x02, 0x03, 0x00, 0x81, 0x02, 0x02, 0x04, 0x7f, 0x01, 0x02, 0x03,
};

TEST(both_forms_say_the_same)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_signature_to_der(SPAN(raw), &out));
	EXPECT_SPAN(SPAN(der), ash_buf_span(&out));
	ash_buf_reset(&out);
	EXPECT_OK(ash_cli_signature_from_der(SPAN(der), 4, &out));
	EXPECT_SPAN(SPAN(raw), ash_buf_span(&out));
	ash_buf_reset(&out);
	EXPECT_OK(ash_cli_signature_from_der(SPAN(der), 5, &out));
	EXPECT_SPAN(TEXT("\0\0\0\x81\x02\0\x7f\x01\x02\x03"), ash_buf_span(&out));
}

TEST(what_has_no_halves_is_refused)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_CODE(ASH_E_FORMAT, ash_cli_signature_to_der(ash_span(raw, 7), &out));
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_signature_to_der(ASH_SPAN_NONE, &out));
	EXPECT_NUMBER(0, out.len);
}

TEST(what_is_no_such_der_or_too_long_is_refused)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	uint8_t changed[sizeof(der) + 1];

	EXPECT_CODE(ASH_E_FORMAT, ash_cli_signature_from_der(SPAN(der), 3, &out));
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_signature_from_der(SPAN(raw), 4, &out));
	for (size_t len = 0; len < sizeof(der); len++)
		EXPECT_CODE(ASH_E_FORMAT, ash_cli_signature_from_der(ash_span(der, len), 4, &out));
	memcpy(changed, der, sizeof(der));
	changed[sizeof(der)] = 0; /* something behind it */
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_signature_from_der(SPAN(changed), 4, &out));
	changed[4] = 0x80; /* negative */
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_signature_from_der(ash_span(changed, sizeof(der)), 4, &out));
	EXPECT_NUMBER(0, out.len);
}

TEST(out_of_memory_appends_nothing)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	FAIL_EVERY_ALLOCATION(out.len == 0, ash_cli_signature_to_der(SPAN(raw), &out));
	ash_buf_done(&out);
	FAIL_EVERY_ALLOCATION(out.len == 0, ash_cli_signature_from_der(SPAN(der), 4, &out));
}
