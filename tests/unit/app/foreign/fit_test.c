#include "app/foreign/fit.h"

#include "unit/app/foreign/objects.h"

TEST(what_can_be_given_is_given)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	ASH_AUTO(ash_foreign_fit) fit = ASH_FOREIGN_FIT_NONE;
	struct ash_foreign_object *object = add_p256(&objects, true);
	struct ash_span value = ASH_SPAN_NONE;
	uint8_t want[32] = { 0 };

	set_bytes(object, 0x80001234, TEXT("a vendor's own"));
	set_bytes(object, CKA_EC_POINT, SPAN(base_point));
	EXPECT_OK(ash_foreign_fit(object->attrs, &fit));
	EXPECT(ash_foreign_fit_get(&fit, CKA_LABEL, &value));
	EXPECT_SPAN(TEXT("key"), value);
	want[31] = 1;
	EXPECT(ash_foreign_fit_get(&fit, CKA_VALUE, &value));
	EXPECT_SPAN(SPAN(want), value);
	EXPECT(!ash_foreign_fit_get(&fit, CKA_LOCAL, &value));
	EXPECT(!ash_foreign_fit_get(&fit, CKA_START_DATE, &value));
	EXPECT(!ash_foreign_fit_get(&fit, CKA_EC_POINT, &value));
	EXPECT(!ash_foreign_fit_get(&fit, 0x80001234, &value));
	EXPECT_TEXT("CKA_LOCAL, CKA_ALWAYS_SENSITIVE", fit.lost);
}

/* NSS's module answers FALSE for attributes that only other objects have. */
TEST(what_others_have_is_left_out)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	ASH_AUTO(ash_foreign_fit) fit = ASH_FOREIGN_FIT_NONE;
	struct ash_foreign_object *object = add_p256(&objects, false);
	struct ash_span value = ASH_SPAN_NONE;

	set_bool(object, CKA_SENSITIVE, false);
	set_bool(object, CKA_NEVER_EXTRACTABLE, true);
	EXPECT_OK(ash_foreign_fit(object->attrs, &fit));
	EXPECT(!ash_foreign_fit_get(&fit, CKA_SENSITIVE, &value));
	EXPECT(ash_foreign_fit_get(&fit, CKA_VERIFY, &value));
	EXPECT_TEXT("CKA_LOCAL", fit.lost);
}

TEST(what_comes_is_an_object_of_the_token)
{
	for (int said = 0; said < 3; said++) {
		ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
		ASH_AUTO(ash_foreign_fit) fit = ASH_FOREIGN_FIT_NONE;
		struct ash_foreign_object *object = add_aes(&objects, "key");
		size_t count = 0;

		set_bool(object, CKA_TOKEN, said == 1);
		if (said == 2)
			ash_attrs_remove(object->attrs, CKA_TOKEN);
		EXPECT_OK(ash_foreign_fit(object->attrs, &fit));
		for (size_t i = 0; i < fit.count; i++) {
			if (fit.attrs[i].type != CKA_TOKEN)
				continue;
			EXPECT_SPAN(TEXT("\x01"), fit.attrs[i].value);
			count++;
		}
		EXPECT_NUMBER(1, count);
	}
}

TEST(a_bare_point_is_put_into_its_octet_string)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_object *object = add_p256(&objects, false);

	for (int bare = 0; bare < 2; bare++) {
		ASH_AUTO(ash_foreign_fit) fit = ASH_FOREIGN_FIT_NONE;
		struct ash_span value = ASH_SPAN_NONE;

		if (bare != 0)
			set_bytes(object, CKA_EC_POINT, ash_span(base_point + 2, sizeof(base_point) - 2));
		EXPECT_OK(ash_foreign_fit(object->attrs, &fit));
		EXPECT(ash_foreign_fit_get(&fit, CKA_EC_POINT, &value));
		EXPECT_SPAN(SPAN(base_point), value);
	}
}

TEST(certificates_say_even_what_is_empty)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	ASH_AUTO(ash_foreign_fit) fit = ASH_FOREIGN_FIT_NONE;
	struct ash_foreign_object *object = add_object(&objects, CKO_CERTIFICATE, "cert");
	struct ash_span value = ASH_SPAN_NONE;

	set_bytes(object, CKA_SUBJECT, TEXT(""));
	set_bytes(object, CKA_ISSUER, TEXT(""));
	set_bool(object, CKA_TRUSTED, true);
	EXPECT_OK(ash_foreign_fit(object->attrs, &fit));
	EXPECT(ash_foreign_fit_get(&fit, CKA_SUBJECT, &value) && value.len == 0);
	EXPECT(!ash_foreign_fit_get(&fit, CKA_ISSUER, &value));
	EXPECT_TEXT("CKA_TRUSTED", fit.lost);
}

TEST(what_no_token_of_ours_has_is_refused)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	ASH_AUTO(ash_foreign_fit) fit = ASH_FOREIGN_FIT_NONE;
	struct ash_foreign_object *object = add_object(&objects, CKO_SECRET_KEY, "des");

	EXPECT_OK(ash_attrs_set_number(object->attrs, CKA_KEY_TYPE, CKK_DES3));
	EXPECT_CODE(ASH_E_KEY_TYPE, ash_foreign_fit(object->attrs, &fit));
	EXPECT(strstr(ash_status_explanation(), "its type") != NULL);
	object = add_object(&objects, CKO_HW_FEATURE, "clock");
	EXPECT_CODE(ASH_E_KEY_TYPE, ash_foreign_fit(object->attrs, &fit));
	EXPECT(strstr(ash_status_explanation(), "its class") != NULL);
}

TEST(a_size_that_is_not_taken_is_named)
{
	static const uint8_t modulus[129] = { 0x00, 0x80 };
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	ASH_AUTO(ash_foreign_fit) fit = ASH_FOREIGN_FIT_NONE;
	struct ash_foreign_object *object = add_object(&objects, CKO_PUBLIC_KEY, "short");

	EXPECT_OK(ash_attrs_set_number(object->attrs, CKA_KEY_TYPE, CKK_RSA));
	set_bytes(object, CKA_MODULUS, SPAN(modulus));
	EXPECT_CODE(ASH_E_KEY_SIZE, ash_foreign_fit(object->attrs, &fit));
	EXPECT(strstr(ash_status_explanation(), "it has 1024 bits: RSA keys of 2048 to") != NULL);
}

TEST(kinds)
{
	EXPECT_NUMBER(ASH_KEY_RSA, ash_foreign_kind(CKK_RSA));
	EXPECT_NUMBER(ASH_KEY_ML_DSA, ash_foreign_kind(CKK_ML_DSA));
	EXPECT_NUMBER(ASH_KEY_KINDS, ash_foreign_kind(CKK_AES));
}

TEST(memory_may_run_out)
{
	for (int64_t n = 0; n < 4; n++) {
		ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
		ASH_AUTO(ash_foreign_fit) fit = ASH_FOREIGN_FIT_NONE;
		struct ash_foreign_object *object = add_p256(&objects, true);
		struct ash_status status;

		ash_mem_fail_after(n);
		status = ash_foreign_fit(object->attrs, &fit);
		ash_mem_fail_after(-1);
		EXPECT(ash_is_ok(status) || status.code == ASH_E_MEMORY);
	}
}
