#include "token/attribute_priv.h"
#include "unit/test.h"
#include "unit/token/template.h"

static struct ash_status form(uint64_t type, struct ash_span value)
{
	return ash_attribute_forms(ATTRS({ type, value }));
}

#define GOOD(type, value) EXPECT_OK(form((type), value))
#define BAD(type, value)  EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, form((type), value))

static uint8_t zeroes[1 << 20];

TEST(nobody_names_what_the_token_does_not_know)
{
	EXPECT_OK(ash_attribute_forms(NO_ATTRS));
	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE, form(CKA_VENDOR_DEFINED | 1, EMPTY));
	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE, form(ASH_A_BLOB, TEXT("x")));
	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE, form(ASH_A_ENGINE, TEXT("x")));
	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE, form(CKA_PRIME, TEXT("x")));
	/* First all types, then all values: the standard's order. */
	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE,
		    ash_attribute_forms(ATTRS({ CKA_TOKEN, EMPTY }, { ASH_A_BLOB, EMPTY })));
}

TEST(a_bool_is_one_byte_zero_or_one)
{
	GOOD(CKA_TOKEN, NO);
	GOOD(CKA_TOKEN, YES);
	for (unsigned i = 2; i < 256; i++)
		BAD(CKA_TOKEN, BYTES((uint8_t)i));
	BAD(CKA_TOKEN, EMPTY);
	BAD(CKA_TOKEN, BYTES(0, 1));
}

TEST(a_number_is_eight_bytes_in_its_range)
{
	GOOD(CKA_MODULUS_BITS, NUMBER(0));
	GOOD(CKA_MODULUS_BITS, NUMBER(UINT64_MAX));
	for (size_t len = 0; len < 20; len++) {
		if (len != 8)
			BAD(CKA_MODULUS_BITS, ash_span(zeroes, len));
	}
	GOOD(CKA_CERTIFICATE_CATEGORY, NUMBER(3));
	BAD(CKA_CERTIFICATE_CATEGORY, NUMBER(4));
	GOOD(CKA_CERTIFICATE_TYPE, NUMBER(CKC_X_509));
	BAD(CKA_CERTIFICATE_TYPE, NUMBER(CKC_X_509_ATTR_CERT));
	BAD(CKA_CERTIFICATE_TYPE, NUMBER(CKC_WTLS));
	GOOD(CKA_CLASS, NUMBER(CKO_DATA));
	GOOD(CKA_CLASS, NUMBER(CKO_SECRET_KEY));
	GOOD(CKA_CLASS, NUMBER(CKO_DOMAIN_PARAMETERS));
	GOOD(CKA_CLASS, NUMBER(CKO_PROFILE));
	BAD(CKA_CLASS, NUMBER(CKO_HW_FEATURE));
	BAD(CKA_CLASS, NUMBER(CKO_VENDOR_DEFINED));
	GOOD(CKA_KEY_TYPE, NUMBER(CKK_SHA256_HMAC));
	GOOD(CKA_KEY_TYPE, NUMBER(CKK_ML_KEM));
	BAD(CKA_KEY_TYPE, NUMBER(CKK_DES3));
}

TEST(a_date_is_empty_or_in_the_calendar)
{
	static const char *good[] = { "19000101", "99991231", "20240229", "20000229", "20230430" };
	static const char *bad[] = {
		"18991231", "20241301", "20240001", "20240100", "20240132", "20230229",
		"21000229", "20230431", "2023 101", "2023-1-1", "2023010",  "202301011"
	};

	GOOD(CKA_START_DATE, EMPTY);
	for (size_t i = 0; i < ASH_COUNT(good); i++)
		GOOD(CKA_END_DATE, ash_span_text(good[i]));
	for (size_t i = 0; i < ASH_COUNT(bad); i++)
		BAD(CKA_START_DATE, ash_span_text(bad[i]));
	BAD(CKA_START_DATE, ash_span(zeroes, 8));
}

TEST(texts_are_any_bytes)
{
	GOOD(CKA_LABEL, EMPTY);
	GOOD(CKA_LABEL, TEXT("Schl\xc3\xbcssel"));
	GOOD(CKA_LABEL, TEXT("Schl\xfcssel"));
	GOOD(CKA_LABEL, ash_span(zeroes, 4096));
	BAD(CKA_LABEL, ash_span(zeroes, 4097));
}

TEST(bytes_have_bounds)
{
	GOOD(CKA_ID, ash_span(zeroes, 1024));
	BAD(CKA_ID, ash_span(zeroes, 1025));
	GOOD(CKA_SUBJECT, ash_span(zeroes, 65536));
	BAD(CKA_SUBJECT, ash_span(zeroes, 65537));
	GOOD(CKA_VALUE, SPAN(zeroes));
	GOOD(CKA_CHECK_VALUE, EMPTY);
	GOOD(CKA_CHECK_VALUE, TEXT("abc"));
	BAD(CKA_CHECK_VALUE, TEXT("abcd"));
	BAD(CKA_EC_PARAMS, EMPTY);
	BAD(CKA_EC_POINT, EMPTY);
}

TEST(an_integer_is_more_than_nothing)
{
	GOOD(CKA_MODULUS, BYTES(1));
	GOOD(CKA_MODULUS, BYTES(0, 1));
	BAD(CKA_MODULUS, EMPTY);
	BAD(CKA_MODULUS, BYTES(0, 0));
	zeroes[5000] = 1;
	GOOD(CKA_MODULUS, ash_span(zeroes + 5000, 2048));
	GOOD(CKA_MODULUS, ash_span(zeroes + 4000, 1000 + 2048));
	BAD(CKA_MODULUS, ash_span(zeroes + 5000, 2049));
	zeroes[5000] = 0;
}

TEST(a_list_of_numbers_has_whole_numbers)
{
	GOOD(CKA_ALLOWED_MECHANISMS, EMPTY);
	GOOD(CKA_ALLOWED_MECHANISMS, NUMBER(CKM_AES_GCM));
	GOOD(CKA_ALLOWED_MECHANISMS, ash_span(zeroes, 2048));
	BAD(CKA_ALLOWED_MECHANISMS, ash_span(zeroes, 2056));
	BAD(CKA_ALLOWED_MECHANISMS, ash_span(zeroes, 7));
	BAD(CKA_ALLOWED_MECHANISMS, ash_span(zeroes, 9));
}

/* The template's canonical form, as a value. */
static struct ash_span inner(struct ash_buf *room, struct ash_template from)
{
	ash_buf_reset(room);
	for (size_t i = 0; i < from.count; i++) {
		EXPECT_OK(ash_buf_add(room, NUMBER(from.attrs[i].type)));
		EXPECT_OK(ash_buf_add(room, ash_span(NUMBER(from.attrs[i].value.len).data + 4, 4)));
		EXPECT_OK(ash_buf_add(room, from.attrs[i].value));
	}
	return ash_buf_span(room);
}

static struct ash_status inner_form(struct ash_template from)
{
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;

	return form(CKA_WRAP_TEMPLATE, inner(&room, from));
}

TEST(a_template_within_is_checked_too)
{
	GOOD(CKA_WRAP_TEMPLATE, EMPTY);
	EXPECT_OK(inner_form(ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_SENSITIVE, YES })));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, inner_form(ATTRS({ CKA_SENSITIVE, BYTES(2) })));
	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE, inner_form(ATTRS({ CKA_VENDOR_DEFINED, YES })));
	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE, inner_form(ATTRS({ ASH_A_BLOB, EMPTY })));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, inner_form(ATTRS({ CKA_UNWRAP_TEMPLATE, EMPTY })));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, inner_form(ATTRS({ CKA_VALUE, TEXT("guess") })));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, inner_form(ATTRS({ CKA_PRIME_1, TEXT("guess") })));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    inner_form(ATTRS({ CKA_LABEL, EMPTY }, { CKA_LABEL, EMPTY })));
}

TEST(a_template_within_has_whole_attributes)
{
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;
	const struct ash_span whole =
		inner(&room, ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_SENSITIVE, YES }));

	for (size_t len = 1; len < whole.len; len++) {
		if (len != 20)
			BAD(CKA_DERIVE_TEMPLATE, ash_span(whole.data, len));
	}
	BAD(CKA_DERIVE_TEMPLATE, ash_span(zeroes, 16385));
}

TEST(a_template_within_has_so_many_attributes)
{
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;
	size_t count = 0;

	for (size_t i = 0; i < ash_attribute_count(); i++) {
		const struct ash_attr_info *info = ash_attribute_at(i);
		const struct ash_attr attr = { info->type, info->kind == ASH_ATTR_BOOL     ? YES
							   : info->kind == ASH_ATTR_NUMBER ? NUMBER(0)
											   : BYTES(1) };

		if (info->secret || info->kind == ASH_ATTR_TEMPLATE || info->kind == ASH_ATTR_DATE ||
		    info->kind == ASH_ATTR_NUMBERS)
			continue;
		EXPECT_OK(ash_buf_add(&room, NUMBER(attr.type)));
		EXPECT_OK(ash_buf_add(&room, ash_span(NUMBER(attr.value.len).data + 4, 4)));
		EXPECT_OK(ash_buf_add(&room, attr.value));
		count++;
	}
	EXPECT_CODE(count <= 64 ? ASH_OK : ASH_E_ATTRIBUTE_VALUE,
		    form(CKA_WRAP_TEMPLATE, ash_buf_span(&room)));
}
