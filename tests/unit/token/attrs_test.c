#include "token/attrs.h"

#include "token/attribute.h"
#include "unit/test.h"
#include "unit/token/template.h"

static struct ash_template three(void)
{
	static const uint8_t class[] = { 0, 0, 0, 0, 0, 0, 0, 4 };
	static const uint8_t yes = 1;
	static const struct ash_attr attrs[] = {
		{ CKA_LABEL, { (const uint8_t *)"label", 5 } },
		{ CKA_TOKEN, { &yes, 1 } },
		{ CKA_CLASS, { class, sizeof(class) } },
	};

	return (struct ash_template){ attrs, ASH_COUNT(attrs) };
}

TEST(what_is_set_is_there_in_rising_order)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(three());

	EXPECT_NUMBER(3, ash_attrs_count(attrs));
	EXPECT_NUMBER(CKA_CLASS, ash_attrs_at(attrs, 0).type);
	EXPECT_NUMBER(CKA_TOKEN, ash_attrs_at(attrs, 1).type);
	EXPECT_NUMBER(CKA_LABEL, ash_attrs_at(attrs, 2).type);
	EXPECT_SPAN(TEXT("label"), value_of(attrs, CKA_LABEL));
	EXPECT(ash_attrs_bool(attrs, CKA_TOKEN, false));
	EXPECT_NUMBER(CKO_SECRET_KEY, ash_attrs_number(attrs, CKA_CLASS, 0));
	EXPECT(ash_attrs_has(attrs, CKA_LABEL));
	EXPECT(!ash_attrs_has(attrs, CKA_ID));
	EXPECT(!ash_attrs_has(attrs, CKA_PRIVATE));
}

TEST(an_empty_value_is_there)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(ATTRS({ CKA_LABEL, EMPTY }));

	EXPECT(ash_attrs_has(attrs, CKA_LABEL));
	EXPECT_NUMBER(0, value_of(attrs, CKA_LABEL).len);
}

TEST(values_of_another_kind_fall_back)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(ATTRS({ CKA_LABEL, TEXT("label") }));

	EXPECT(ash_attrs_bool(attrs, CKA_LABEL, true));
	EXPECT(!ash_attrs_bool(attrs, CKA_LABEL, false));
	EXPECT_NUMBER(7, ash_attrs_number(attrs, CKA_LABEL, 7));
	EXPECT_NUMBER(8, ash_attrs_number(attrs, CKA_ID, 8));
	EXPECT(ash_attrs_bool(attrs, CKA_ID, true));
}

TEST(a_value_is_replaced_by_longer_and_shorter_ones)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(three());

	for (size_t len = 0; len < 600; len += 37) {
		uint8_t value[600];

		memset(value, (int)len, sizeof(value));
		EXPECT_OK(ash_attrs_set(attrs, CKA_TOKEN, ash_span(value, len)));
		EXPECT_SPAN(ash_span(value, len), value_of(attrs, CKA_TOKEN));
		EXPECT_SPAN(TEXT("label"), value_of(attrs, CKA_LABEL));
		EXPECT_NUMBER(CKO_SECRET_KEY, ash_attrs_number(attrs, CKA_CLASS, 0));
		EXPECT_OK(ash_attrs_set_bool(attrs, CKA_TOKEN, true));
	}
	EXPECT_NUMBER(3, ash_attrs_count(attrs));
}

TEST(a_value_may_come_from_the_set_itself)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(three());

	for (uint64_t type = CKA_UNIQUE_ID; type < 200; type++)
		EXPECT_OK(ash_attrs_set(attrs, type, value_of(attrs, CKA_LABEL)));
	EXPECT_OK(ash_attrs_set(attrs, CKA_CLASS, value_of(attrs, CKA_LABEL)));
	for (uint64_t type = CKA_UNIQUE_ID; type < 200; type++)
		EXPECT_SPAN(TEXT("label"), value_of(attrs, type));
	EXPECT_SPAN(TEXT("label"), value_of(attrs, CKA_CLASS));

	EXPECT_OK(ash_attrs_set(attrs, CKA_LABEL, ash_span(value_of(attrs, CKA_LABEL).data + 1, 3)));
	EXPECT_SPAN(TEXT("abe"), value_of(attrs, CKA_LABEL));
}

TEST(what_is_removed_is_gone)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(three());

	ash_attrs_remove(attrs, CKA_ID);
	EXPECT_NUMBER(3, ash_attrs_count(attrs));
	ash_attrs_remove(attrs, CKA_TOKEN);
	EXPECT(!ash_attrs_has(attrs, CKA_TOKEN));
	EXPECT_SPAN(TEXT("label"), value_of(attrs, CKA_LABEL));
	ash_attrs_remove(attrs, CKA_LABEL);
	ash_attrs_remove(attrs, CKA_CLASS);
	EXPECT_NUMBER(0, ash_attrs_count(attrs));
	EXPECT_OK(ash_attrs_set(attrs, CKA_ID, TEXT("id")));
	EXPECT_SPAN(TEXT("id"), value_of(attrs, CKA_ID));
}

TEST(a_set_has_a_limit)
{
	static uint8_t large[ASH_ATTRS_MAX];
	ASH_AUTO(ash_attrs) *attrs = set_of(three());
	ASH_AUTO(ash_attrs) *alone = NULL;

	EXPECT_CODE(ASH_E_LIMIT, ash_attrs_set(attrs, CKA_VALUE, SPAN(large)));
	EXPECT_CODE(ASH_E_LIMIT, ash_attrs_set(attrs, CKA_VALUE, ash_span(large, SIZE_MAX)));
	EXPECT_NUMBER(3, ash_attrs_count(attrs));
	EXPECT_OK(ash_attrs_new(&alone));
	EXPECT_CODE(ASH_E_LIMIT, ash_attrs_set(alone, CKA_VALUE, ash_span(large, ASH_ATTRS_MAX - 11)));
	EXPECT_OK(ash_attrs_set(alone, CKA_VALUE, ash_span(large, ASH_ATTRS_MAX - 12)));
	EXPECT_CODE(ASH_E_LIMIT, ash_attrs_set(alone, CKA_ID, EMPTY));
	EXPECT_CODE(ASH_E_LIMIT, ash_attrs_set(alone, CKA_VALUE, ash_span(large, ASH_ATTRS_MAX - 11)));
	EXPECT_OK(ash_attrs_set(alone, CKA_VALUE, TEXT("small")));
	EXPECT_OK(ash_attrs_set(alone, CKA_ID, EMPTY));
}

TEST(a_copy_is_a_set_of_its_own)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(three());
	ASH_AUTO(ash_attrs) *copy = NULL;
	ASH_AUTO(ash_attrs) *none = NULL;
	ASH_AUTO(ash_attrs) *none_copy = NULL;

	EXPECT_OK(ash_attrs_copy(attrs, &copy));
	EXPECT_OK(ash_attrs_set(attrs, CKA_LABEL, TEXT("other")));
	EXPECT_OK(ash_attrs_set(copy, CKA_ID, TEXT("id")));
	EXPECT_SPAN(TEXT("label"), value_of(copy, CKA_LABEL));
	EXPECT(!ash_attrs_has(attrs, CKA_ID));
	EXPECT_OK(ash_attrs_new(&none));
	EXPECT_OK(ash_attrs_copy(none, &none_copy));
	EXPECT_NUMBER(0, ash_attrs_count(none_copy));
}

static const uint8_t three_encoded[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0,   0,   0,   0,   0,   0, 0, 4, /* CKA_CLASS */
	0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1,                                /* CKA_TOKEN */
	0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 5, 'l', 'a', 'b', 'e', 'l',          /* CKA_LABEL */
};

TEST(the_encoded_form_is_the_documented_one)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(three());
	ASH_AUTO(ash_attrs) *again = NULL;
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;

	EXPECT_OK(ash_attrs_encode(attrs, &bytes));
	EXPECT_SPAN(SPAN(three_encoded), ash_buf_span(&bytes));
	EXPECT_OK(ash_attrs_decode(SPAN(three_encoded), &again));
	ash_buf_reset(&bytes);
	EXPECT_OK(ash_attrs_encode(again, &bytes));
	EXPECT_SPAN(SPAN(three_encoded), ash_buf_span(&bytes));
}

TEST(no_attributes_are_no_bytes)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;

	EXPECT_OK(ash_attrs_decode(ASH_SPAN_NONE, &attrs));
	EXPECT_NUMBER(0, ash_attrs_count(attrs));
	EXPECT_OK(ash_attrs_encode(attrs, &bytes));
	EXPECT_NUMBER(0, bytes.len);
}

TEST(what_is_decoded_can_be_changed)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;

	EXPECT_OK(ash_attrs_decode(SPAN(three_encoded), &attrs));
	EXPECT_OK(ash_attrs_set(attrs, CKA_ID, TEXT("id")));
	EXPECT_OK(ash_attrs_set(attrs, CKA_LABEL, TEXT("a longer label")));
	EXPECT_SPAN(TEXT("a longer label"), value_of(attrs, CKA_LABEL));
	EXPECT_SPAN(TEXT("id"), value_of(attrs, CKA_ID));
}

TEST(other_forms_are_refused)
{
	static const uint8_t twice[] = { 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0,
					 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0 };
	static const uint8_t falling[] = { 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0,
					   0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0 };
	static const uint8_t beyond[] = { 0, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0 };
	static uint8_t large[ASH_ATTRS_MAX + 1] = { 0, 0, 0, 0, 0, 0, 0, 3, 0, 0x0f, 0xff, 0xf5 };
	struct ash_attrs *attrs = NULL;

	for (size_t len = 1; len < sizeof(three_encoded); len++) {
		if (len != 20 && len != 33) /* whole attributes */
			EXPECT_CODE(ASH_E_FORMAT, ash_attrs_decode(ash_span(three_encoded, len), &attrs));
	}
	EXPECT_CODE(ASH_E_FORMAT, ash_attrs_decode(SPAN(twice), &attrs));
	EXPECT_CODE(ASH_E_FORMAT, ash_attrs_decode(SPAN(falling), &attrs));
	EXPECT_CODE(ASH_E_FORMAT, ash_attrs_decode(SPAN(beyond), &attrs));
	EXPECT_CODE(ASH_E_FORMAT, ash_attrs_decode(SPAN(large), &attrs));
	EXPECT(attrs == NULL);
	large[11] = 0xf4;
	EXPECT_OK(ash_attrs_decode(ash_span(large, ASH_ATTRS_MAX), &attrs));
	EXPECT_NUMBER(ASH_ATTRS_MAX - 12, value_of(attrs, CKA_LABEL).len);
	ash_attrs_free(attrs);
}

TEST(a_template_matches_what_has_all_its_values)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(three());

	EXPECT(ash_attrs_match(attrs, NO_ATTRS));
	EXPECT(ash_attrs_match(attrs, three()));
	EXPECT(ash_attrs_match(attrs, ATTRS({ CKA_LABEL, TEXT("label") })));
	EXPECT(!ash_attrs_match(attrs, ATTRS({ CKA_LABEL, TEXT("Label") })));
	EXPECT(!ash_attrs_match(attrs, ATTRS({ CKA_LABEL, TEXT("labe") })));
	EXPECT(!ash_attrs_match(attrs, ATTRS({ CKA_LABEL, TEXT("label") }, { CKA_TOKEN, NO })));
	EXPECT(!ash_attrs_match(attrs, ATTRS({ CKA_ID, EMPTY })));
	EXPECT(!ash_attrs_match(attrs, ATTRS({ CKA_VENDOR_DEFINED | 1, EMPTY })));
}

TEST(big_integers_match_with_leading_zeroes)
{
	ASH_AUTO(ash_attrs) *attrs =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_PUBLIC_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_RSA) },
			     { CKA_MODULUS, BYTES(0x80, 1) }));

	EXPECT(ash_attrs_match(attrs, ATTRS({ CKA_MODULUS, BYTES(0x80, 1) })));
	EXPECT(ash_attrs_match(attrs, ATTRS({ CKA_MODULUS, BYTES(0, 0, 0x80, 1) })));
	EXPECT(!ash_attrs_match(attrs, ATTRS({ CKA_MODULUS, BYTES(0x80, 1, 0) })));
}

TEST(no_search_finds_a_secret)
{
	ASH_AUTO(ash_attrs) *attrs =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) },
			     { CKA_VALUE, TEXT("0123456789abcdef") }, { CKA_SENSITIVE, NO },
			     { CKA_EXTRACTABLE, NO }, { ASH_A_BLOB, TEXT("blob") }));
	const struct ash_template value = ATTRS({ CKA_VALUE, TEXT("0123456789abcdef") });

	EXPECT(!ash_attrs_match(attrs, value));
	EXPECT(!ash_attrs_match(attrs, ATTRS({ ASH_A_BLOB, TEXT("blob") })));
	EXPECT_OK(ash_attrs_set_bool(attrs, CKA_EXTRACTABLE, true));
	EXPECT(ash_attrs_match(attrs, value));
	EXPECT_OK(ash_attrs_set_bool(attrs, CKA_SENSITIVE, true));
	EXPECT(!ash_attrs_match(attrs, value));
}

TEST(every_allocation_may_fail)
{
	uint8_t value[2000] = { 0 };
	struct ash_attrs *attrs = set_of(three());
	struct ash_attrs *made = NULL;
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;

	FAIL_EVERY_ALLOCATION(made == NULL, ash_attrs_new(&made));
	FAIL_EVERY_ALLOCATION(ash_attrs_count(made) == 0, ash_attrs_set(made, CKA_LABEL, TEXT("label")));
	made = ash_attrs_free(made);
	FAIL_EVERY_ALLOCATION(made == NULL, ash_attrs_copy(attrs, &made));
	made = ash_attrs_free(made);
	FAIL_EVERY_ALLOCATION(made == NULL, ash_attrs_decode(SPAN(three_encoded), &made));
	made = ash_attrs_free(made);
	FAIL_EVERY_ALLOCATION(bytes.len == 0, ash_attrs_encode(attrs, &bytes));
	FAIL_EVERY_ALLOCATION(ash_attrs_count(attrs) == 3 && value_of(attrs, CKA_LABEL).len == 5,
			      ash_attrs_set(attrs, CKA_LABEL, SPAN(value)));
	FAIL_EVERY_ALLOCATION(!ash_attrs_has(attrs, CKA_ID),
			      ash_attrs_set(attrs, CKA_ID, value_of(attrs, CKA_LABEL)));
	ash_attrs_free(attrs);
	EXPECT(ash_attrs_free(NULL) == NULL);
}
