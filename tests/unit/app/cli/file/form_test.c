#include "app/cli/file/form.h"

#include "unit/key_samples.h"
#include "unit/test.h"

#define KIND(...)            \
	ash_cli_form_of_der( \
		ash_span((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })))

TEST(der_is_told_by_its_outline)
{
	EXPECT_NUMBER(ASH_CLI_FORM_PKCS8, KIND(0x30, 0x05, 0x02, 0x01, 0x00, 0x30, 0x00));
	EXPECT_NUMBER(ASH_CLI_FORM_PKCS8, KIND(0x30, 0x05, 0x02, 0x01, 0x01, 0x30, 0x00));
	EXPECT_NUMBER(ASH_CLI_FORM_PKCS8_CLOSED, KIND(0x30, 0x04, 0x30, 0x00, 0x04, 0x00));
	EXPECT_NUMBER(ASH_CLI_FORM_EC, KIND(0x30, 0x05, 0x02, 0x01, 0x01, 0x04, 0x00));
	EXPECT_NUMBER(ASH_CLI_FORM_RSA, KIND(0x30, 0x1b, 2, 1, 0, 2, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1,
					     2, 1, 1, 2, 1, 1, 2, 1, 1));
	EXPECT_NUMBER(ASH_CLI_FORM_PKCS12, ash_cli_form_of_der(SPAN(sample_p12)));
	/* BER, as some write PKCS#12 */
	EXPECT_NUMBER(ASH_CLI_FORM_PKCS12, KIND(0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x80));
}

TEST(other_der_is_no_key)
{
	/* A DSA key; a certificate; a public key; nothing; no lengths */
	EXPECT_NUMBER(ASH_CLI_FORM_NONE,
		      KIND(0x30, 0x12, 2, 1, 0, 2, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1));
	EXPECT_NUMBER(ASH_CLI_FORM_NONE, KIND(0x30, 0x08, 0x30, 0x02, 0xa0, 0x00, 0x30, 0x00, 0x03, 0x00));
	EXPECT_NUMBER(ASH_CLI_FORM_NONE, KIND(0x30, 0x04, 0x30, 0x00, 0x03, 0x00));
	EXPECT_NUMBER(ASH_CLI_FORM_NONE, KIND(0x04, 0x00));
	EXPECT_NUMBER(ASH_CLI_FORM_NONE, KIND(0x30));
	EXPECT_NUMBER(ASH_CLI_FORM_NONE, KIND(0x30, 0x85, 1, 1, 1, 1, 1));
	EXPECT_NUMBER(ASH_CLI_FORM_NONE, KIND(0x30, 0x06, 0x02, 0x7f, 0x00, 0x30, 0x00));
	EXPECT_NUMBER(ASH_CLI_FORM_NONE, ash_cli_form_of_der(ASH_SPAN_NONE));
}

TEST(text_is_not_taken_for_der)
{
	EXPECT(ash_cli_form_is_der(SPAN(sample_p12)));
	EXPECT(ash_cli_form_is_der(ash_span("\x30\x2e\x02", 3)));
	EXPECT(ash_cli_form_is_der(ash_span("\x30\x80\x02", 3)));
	EXPECT(!ash_cli_form_is_der(TEXT("0. keys")));
	EXPECT(!ash_cli_form_is_der(TEXT("-----BEGIN")));
	EXPECT(!ash_cli_form_is_der(TEXT("0\xc3\xa4")));
	EXPECT(!ash_cli_form_is_der(TEXT("0")));
	EXPECT(!ash_cli_form_is_der(TEXT("")));
}

TEST(labels)
{
	EXPECT_NUMBER(ASH_CLI_FORM_PKCS8, ash_cli_form_of_label(TEXT("PRIVATE KEY")));
	EXPECT_NUMBER(ASH_CLI_FORM_RSA, ash_cli_form_of_label(TEXT("RSA PRIVATE KEY")));
	EXPECT_NUMBER(ASH_CLI_FORM_NONE, ash_cli_form_of_label(TEXT("DSA PRIVATE KEY")));
}
