/* C_CopyObject and C_GetObjectSize (token/copy.c). */
#include "unit/token/transport.h"

static struct ash_status copy(ash_handle from, ash_handle object, struct ash_template given,
			      ash_handle *ret_copy)
{
	return ash_hsm_copy_object(hsm, from, object, given, ret_copy);
}

static ash_handle copy_ok(ash_handle object, struct ash_template given)
{
	ash_handle made = 0;

	EXPECT_OK(copy(session, object, given, &made));
	EXPECT(made != 0 && made != object);
	return made;
}

static enum ash_code copy_try(ash_handle object, struct ash_template given)
{
	ash_handle made = 12345;
	const struct ash_status status = copy(session, object, given, &made);

	EXPECT_NUMBER(12345, made);
	return status.code;
}

TEST(a_copy_is_the_same_but_for_its_name)
{
	const ash_handle key =
		secret_with(CKK_AES, TEXT("sixteen bytes of"), ATTRS({ CKA_LABEL, TEXT("one") }));
	const ash_handle made = copy_ok(key, NO_ATTRS);
	const ash_handle named = copy_ok(key, ATTRS({ CKA_LABEL, TEXT("two") }, { CKA_TOKEN, YES }));

	EXPECT_SPAN(TEXT("sixteen bytes of"), get_bytes(hsm, session, made, CKA_VALUE));
	EXPECT_SPAN(TEXT("one"), get_bytes(hsm, session, made, CKA_LABEL));
	EXPECT(!ash_span_equal(get_bytes(hsm, session, key, CKA_UNIQUE_ID),
			       get_bytes(hsm, session, made, CKA_UNIQUE_ID)));
	EXPECT_SPAN(TEXT("two"), get_bytes(hsm, session, named, CKA_LABEL));
	EXPECT(get_bool(hsm, session, named, CKA_TOKEN));
	EXPECT_OK(ash_hsm_destroy_object(hsm, session, key));
	EXPECT_SPAN(TEXT("sixteen bytes of"), get_bytes(hsm, session, made, CKA_VALUE));
	EXPECT_OK(ash_hsm_destroy_object(hsm, session, named));
}

TEST(a_copy_works_as_the_original_does)
{
	const struct ash_mechanism ecdsa = { .type = CKM_ECDSA };
	ash_handle public_key, private_key;
	uint8_t room[64];
	struct ash_out out = { room, 64, 0 };

	set_up();
	make_p256(hsm, session, false, &public_key, &private_key);
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_SIGN, &ecdsa, copy_ok(private_key, NO_ATTRS)));
	EXPECT_OK(ash_hsm_op_single(hsm, session, ASH_OP_SIGN, TEXT("digest"), &out));
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_VERIFY, &ecdsa, copy_ok(public_key, NO_ATTRS)));
	EXPECT_OK(ash_hsm_verify_single(hsm, session, TEXT("digest"), SPAN(room)));
}

/* §5.7.2: attributes that protect can be put on, not taken off. */
TEST(protection_only_grows)
{
	const ash_handle open = secret(CKK_AES, TEXT("sixteen bytes of"));
	const ash_handle closed = copy_ok(open, ATTRS({ CKA_SENSITIVE, YES }, { CKA_EXTRACTABLE, NO }));

	EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, ask(hsm, session, closed, CKA_VALUE));
	EXPECT(!get_bool(hsm, session, closed, CKA_NEVER_EXTRACTABLE));
	EXPECT(!get_bool(hsm, session, closed, CKA_ALWAYS_SENSITIVE));
	EXPECT_NUMBER(ASH_E_ATTRIBUTE_READ_ONLY, copy_try(closed, ATTRS({ CKA_SENSITIVE, NO })));
	EXPECT_NUMBER(ASH_E_ATTRIBUTE_READ_ONLY, copy_try(closed, ATTRS({ CKA_EXTRACTABLE, YES })));
	EXPECT_NUMBER(ASH_E_TEMPLATE_INCONSISTENT, copy_try(closed, ATTRS({ CKA_PRIVATE, NO })));
	EXPECT_NUMBER(ASH_E_ATTRIBUTE_READ_ONLY, copy_try(closed, ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) })));
	EXPECT_NUMBER(ASH_E_ATTRIBUTE_READ_ONLY,
		      copy_try(closed, ATTRS({ CKA_VALUE, TEXT("another sixteen!") })));
}

TEST(what_may_not_be_copied)
{
	const ash_handle fixed = secret_with(CKK_AES, TEXT("sixteen bytes of"), ATTRS({ CKA_COPYABLE, NO }));

	EXPECT_NUMBER(ASH_E_ACTION_PROHIBITED, copy_try(fixed, NO_ATTRS));
	EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, copy_try(987654, NO_ATTRS));
	EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, copy_try(0, NO_ATTRS));
}

TEST(sessions_that_may_not)
{
	const ash_handle ro = open_session(hsm, false);
	const ash_handle data = create_data(hsm, session, false, TEXT("data"));
	ash_handle made = 0;

	EXPECT_CODE(ASH_E_SESSION_READ_ONLY, copy(ro, data, ATTRS({ CKA_TOKEN, YES }), &made));
	EXPECT_OK(copy(ro, data, NO_ATTRS, &made));
	EXPECT_CODE(ASH_E_SESSION_HANDLE, copy(77, data, NO_ATTRS, &made));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_CODE(ASH_E_NOT_LOGGED_IN, copy(session, data, ATTRS({ CKA_PRIVATE, YES }), &made));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_OK(ash_hsm_close_session(hsm, ro));
}

TEST(sizes)
{
	const ash_handle small = create_data(hsm, session, false, TEXT("x"));
	const ash_handle large = create_data(hsm, session, true, TEXT("xxxxxxxxxxx"));
	uint64_t small_size = 0, large_size = 0;

	EXPECT_OK(ash_hsm_object_size(hsm, session, small, &small_size));
	EXPECT_OK(ash_hsm_object_size(hsm, session, large, &large_size));
	EXPECT(small_size > 20 && small_size < 1000);
	EXPECT_NUMBER(small_size + 10, large_size);
	EXPECT_CODE(ASH_E_OBJECT_HANDLE, ash_hsm_object_size(hsm, session, 987654, &small_size));
	EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_object_size(hsm, 77, small, &small_size));
	EXPECT_OK(ash_hsm_destroy_object(hsm, session, large));
}

TEST(copying_survives_each_failing_allocation)
{
	const ash_handle key = secret(CKK_AES, TEXT("sixteen bytes of"));
	ash_handle made = 0;
	uint64_t size = 0;

	FAIL_EVERY_ALLOCATION(made == 0, copy(session, key, ATTRS({ CKA_LABEL, TEXT("two") }), &made));
	made = 0;
	FAIL_EVERY_ALLOCATION(made == 0, copy(session, key, ATTRS({ CKA_TOKEN, YES }), &made));
	FAIL_EVERY_ALLOCATION(size == 0, ash_hsm_object_size(hsm, session, key, &size));
}
