#include "token/use.h"

#include "unit/token/transport.h"

static struct ash_status get(ash_handle handle, uint64_t mechanism, const struct ash_role *role)
{
	ASH_AUTO(ash_session) *held = NULL;
	ASH_AUTO(ash_object) *object = NULL;
	struct ash_key_spec spec;
	struct ash_status status;

	EXPECT_OK(ash_session_take(hsm, session, &held));
	status = ash_use_get(held, handle, ash_mechanism_find(mechanism), role, &object, &spec);
	EXPECT(ash_is_ok(status) == (object != NULL));
	return status;
}

TEST(each_role_words_its_refusals)
{
	static const struct {
		const struct ash_role *role;
		enum ash_code handle, type;
	} row[] = {
		{ &ash_role_wrap, ASH_E_WRAPPING_KEY_HANDLE, ASH_E_WRAPPING_KEY_TYPE },
		{ &ash_role_unwrap, ASH_E_UNWRAPPING_KEY_HANDLE, ASH_E_UNWRAPPING_KEY_TYPE },
		{ &ash_role_derive, ASH_E_KEY_HANDLE, ASH_E_KEY_TYPE },
		{ &ash_role_encapsulate, ASH_E_KEY_HANDLE, ASH_E_KEY_TYPE },
		{ &ash_role_decapsulate, ASH_E_UNWRAPPING_KEY_HANDLE, ASH_E_UNWRAPPING_KEY_TYPE },
	};
	const ash_handle generic = secret(CKK_GENERIC_SECRET, TEXT("bytes"));
	const ash_handle data = create_data(hsm, session, false, TEXT("no key"));

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		EXPECT_CODE(row[i].handle, get(0, CKM_AES_KEY_WRAP, row[i].role));
		EXPECT_CODE(row[i].handle, get(data, CKM_AES_KEY_WRAP, row[i].role));
		EXPECT_CODE(row[i].type, get(generic, CKM_AES_KEY_WRAP, row[i].role));
	}
}

TEST(sizes_out_of_range)
{
	static const uint8_t value[] = { 1 };
	const struct ash_role role = ash_role_of(ASH_OP_SIGN);
	const ash_handle tiny = secret(CKK_GENERIC_SECRET, SPAN(value));

	EXPECT_OK(get(tiny, CKM_SHA256_HMAC, &role));
	EXPECT_NUMBER(CKA_SIGN, role.usage);
	EXPECT_NUMBER(ASH_E_KEY_SIZE, role.size);
}

TEST(allowed_mechanisms)
{
	uint8_t two[16] = { 0 };
	struct ash_attrs *attrs = set_of(ATTRS({ CKA_ALLOWED_MECHANISMS, SPAN(two) }));
	struct ash_attrs *none = set_of(NO_ATTRS);

	EXPECT(ash_use_allowed(none, 5));
	two[7] = 5;
	two[14] = 1;
	EXPECT_OK(ash_attrs_set(attrs, CKA_ALLOWED_MECHANISMS, SPAN(two)));
	EXPECT(ash_use_allowed(attrs, 5));
	EXPECT(ash_use_allowed(attrs, 256));
	EXPECT(!ash_use_allowed(attrs, 1));
	EXPECT_OK(ash_attrs_set(attrs, CKA_ALLOWED_MECHANISMS, ASH_SPAN_NONE));
	EXPECT(ash_use_allowed(attrs, 1));
	ash_attrs_free(attrs);
	ash_attrs_free(none);
}

TEST(rows_by_flag)
{
	const struct ash_mechanism kw = { .type = CKM_AES_KEY_WRAP }, odd = { .type = CKM_VENDOR_DEFINED };
	const struct ash_mechanism hkdf = { .type = CKM_HKDF_DERIVE }; /* neither extracts nor expands */
	const struct ash_mechanism_row *row = NULL;

	EXPECT_OK(ash_use_row(&kw, CKF_WRAP, &row));
	EXPECT_NUMBER(CKM_AES_KEY_WRAP, row->type);
	EXPECT_CODE(ASH_E_MECHANISM, ash_use_row(&kw, CKF_DERIVE, &row));
	EXPECT_CODE(ASH_E_MECHANISM, ash_use_row(&odd, CKF_WRAP, &row));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ash_use_row(&hkdf, CKF_DERIVE, &row));
}

TEST(questions_and_short_buffers)
{
	uint8_t room[4] = { 0 };
	struct ash_out out = { .data = NULL };
	struct ash_status status = { ASH_E_BUG };

	EXPECT(ash_use_only_length(&out, 4, &status));
	EXPECT_OK(status);
	EXPECT_NUMBER(4, out.len);
	out = (struct ash_out){ room, 3, 0 };
	EXPECT(ash_use_only_length(&out, 4, &status));
	EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, status);
	EXPECT_NUMBER(4, out.len);
	out.cap = 4;
	EXPECT(!ash_use_only_length(&out, 4, &status));
	ash_use_deliver(TEXT("abc"), &out);
	EXPECT_SPAN(TEXT("abc"), ash_span(room, out.len));
	ash_use_deliver(ASH_SPAN_NONE, &out);
	EXPECT_NUMBER(0, out.len);
}
