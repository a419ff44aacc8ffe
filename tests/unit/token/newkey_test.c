#include "token/newkey.h"

#include "unit/token/transport.h"

static struct ash_status len_of(uint64_t key_type, uint64_t value_len, size_t above, size_t most,
				size_t *ret_len)
{
	struct ash_attrs *attrs = set_of(ATTRS({ CKA_KEY_TYPE, NUMBER(key_type) }));
	struct ash_status status;

	if (value_len != CK_UNAVAILABLE_INFORMATION)
		EXPECT_OK(ash_attrs_set_number(attrs, CKA_VALUE_LEN, value_len));
	status = ash_newkey_len(attrs, above, most, ret_len);
	ash_attrs_free(attrs);
	return status;
}

#define SILENT CK_UNAVAILABLE_INFORMATION

TEST(the_length_of_a_new_key)
{
	static const struct {
		uint64_t key_type, value_len;
		size_t above, most;
		enum ash_code code;
		size_t len;
	} row[] = {
		{ CKK_AES, SILENT, 0, 16, ASH_OK, 16 },
		{ CKK_AES, SILENT, 16, 31, ASH_OK, 24 },
		{ CKK_AES, SILENT, 0, 100, ASH_E_TEMPLATE_INCOMPLETE, 0 },
		{ CKK_AES, SILENT, 16, 32, ASH_E_TEMPLATE_INCOMPLETE, 0 },
		{ CKK_AES, SILENT, 0, 15, ASH_E_KEY_SIZE, 0 },
		{ CKK_AES, SILENT, 32, 64, ASH_E_KEY_SIZE, 0 },
		{ CKK_AES, 24, 0, 100, ASH_OK, 24 },
		{ CKK_AES, 25, 0, 100, ASH_E_KEY_SIZE, 0 },
		{ CKK_GENERIC_SECRET, SILENT, 31, 32, ASH_OK, 32 },
		{ CKK_GENERIC_SECRET, SILENT, 0, 32, ASH_E_TEMPLATE_INCOMPLETE, 0 },
		{ CKK_GENERIC_SECRET, SILENT, 0, 0, ASH_E_KEY_SIZE, 0 },
		{ CKK_GENERIC_SECRET, SILENT, 8, 8, ASH_E_KEY_SIZE, 0 },
		{ CKK_GENERIC_SECRET, 1, 0, 32, ASH_OK, 1 },
		{ CKK_GENERIC_SECRET, 32, 0, 32, ASH_OK, 32 },
		{ CKK_GENERIC_SECRET, 33, 0, 32, ASH_E_KEY_SIZE, 0 },
		{ CKK_GENERIC_SECRET, 16, 16, 32, ASH_E_KEY_SIZE, 0 },
		{ CKK_GENERIC_SECRET, 0, 0, 32, ASH_E_KEY_SIZE, 0 },
		{ CKK_GENERIC_SECRET, UINT64_MAX - 1, 0, SIZE_MAX, ASH_E_KEY_SIZE, 0 },
		{ CKK_GENERIC_SECRET, SILENT, 8191, 8192, ASH_OK, 8192 },
		{ CKK_GENERIC_SECRET, SILENT, 8192, 8193, ASH_E_KEY_SIZE, 0 },
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		size_t len = 0;

		EXPECT_CODE(row[i].code,
			    len_of(row[i].key_type, row[i].value_len, row[i].above, row[i].most, &len));
		EXPECT_NUMBER(row[i].len, len);
	}
}

static const struct ash_newkey derived = {
	.making = ASH_MADE_DERIVE,
	.inherits = CKA_DERIVE_TEMPLATE,
	.class = CKO_SECRET_KEY,
};

static struct ash_status begin(const struct ash_attrs *parent, struct ash_template given,
			       struct ash_attrs **ret_attrs)
{
	ASH_AUTO(ash_session) *held = NULL;

	EXPECT_OK(ash_session_take(hsm, session, &held));
	return ash_newkey_begin(held, &derived, parent, given, ret_attrs);
}

TEST(a_key_begins_with_what_its_parent_asks_for)
{
	struct ash_attrs *parent = set_of(ATTRS({ CKA_DERIVE_TEMPLATE, template_bool(CKA_SENSITIVE, true) }));
	struct ash_attrs *attrs = NULL;

	set_up();
	EXPECT_OK(begin(parent, ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }), &attrs));
	EXPECT(ash_attrs_bool(attrs, CKA_SENSITIVE, false));
	EXPECT_NUMBER(CKO_SECRET_KEY, ash_attrs_number(attrs, CKA_CLASS, 0));
	attrs = ash_attrs_free(attrs);
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    begin(parent, ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }, { CKA_SENSITIVE, NO }), &attrs));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    begin(parent, ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }, { CKA_CLASS, NUMBER(CKO_DATA) }),
			  &attrs));
	EXPECT(attrs == NULL);
	ash_attrs_free(parent);
}

TEST(a_value_makes_it_whole)
{
	struct ash_attrs *parent = set_of(NO_ATTRS), *attrs = NULL;
	struct ash_session *held = NULL;

	set_up();
	EXPECT_OK(begin(parent, ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }), &attrs));
	EXPECT_OK(ash_session_take(hsm, session, &held));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, ash_newkey_fill(held, TEXT("fifteen bytes o"), attrs));
	EXPECT_OK(ash_newkey_fill(held, TEXT("sixteen bytes of"), attrs));
	EXPECT_NUMBER(16, ash_attrs_number(attrs, CKA_VALUE_LEN, 0));
	EXPECT_NUMBER(3, value_of(attrs, CKA_CHECK_VALUE).len);
	ash_session_give(held);
	ash_attrs_free(attrs);
	ash_attrs_free(parent);
}

TEST(beginning_survives_each_failing_allocation)
{
	struct ash_attrs *parent = set_of(ATTRS({ CKA_DERIVE_TEMPLATE, template_bool(CKA_SENSITIVE, true) }));
	struct ash_attrs *attrs = NULL;

	set_up();
	FAIL_EVERY_ALLOCATION(attrs == NULL, begin(parent, ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }), &attrs));
	ash_attrs_free(attrs);
	ash_attrs_free(parent);
}
