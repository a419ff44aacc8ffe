#include "unit/app/cli/fake.h"

#include "app/cli/find/keys.h"

static const struct ash_cli_token token = { .slot = 0, .info = { .label = "my ca" } };

static struct fake_object *key(struct ash_hsm *hsm, size_t n, uint64_t class, uint64_t type)
{
	struct fake_object *object = &hsm->objects[n];

	hsm->session_open = true;
	object->used = true;
	fake_set_number(object, CKA_CLASS, class);
	fake_set_number(object, CKA_KEY_TYPE, type);
	return object;
}

/* The row of object 1; the caller drops it. */
static json_t *row_of(struct ash_hsm *hsm)
{
	struct ash_cli cli = fake_cli(hsm);
	struct ash_cli_key got = { .handle = 0 };

	EXPECT_OK(ash_cli_key_read(&cli, &token, 7, 1, &got));
	fake_close(&cli);
	EXPECT_NUMBER(1, got.handle);
	return got.row;
}

static const char *text(json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

TEST(a_key_is_described)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct fake_object *object = key(&hsm, 0, CKO_PUBLIC_KEY, CKK_EC);
	json_t *row;

	fake_set(object, CKA_LABEL, TEXT("web key"));
	fake_set(object, CKA_ID, TEXT("\x01\xab"));
	fake_set(object, CKA_EC_PARAMS, TEXT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"));
	fake_set(object, CKA_VERIFY, TEXT("\x01"));
	fake_set(object, CKA_ENCRYPT, TEXT("\x00"));
	fake_set(object, CKA_LOCAL, TEXT("\x01"));
	fake_set(object, CKA_START_DATE, ASH_SPAN_NONE);
	fake_set_number(object, CKA_KEY_GEN_MECHANISM, CKM_EC_KEY_PAIR_GEN);
	row = row_of(&hsm);
	EXPECT_TEXT("web key", text(row, "label"));
	EXPECT_TEXT("public", text(row, "class"));
	EXPECT_TEXT("ec:p256", text(row, "type"));
	EXPECT_TEXT("01ab", text(row, "id"));
	EXPECT_TEXT("pkcs11:token=my%20ca;object=web%20key;id=%01%AB;type=public", text(row, "uri"));
	EXPECT_NUMBER(1, json_array_size(json_object_get(row, "usage")));
	EXPECT_TEXT("verify", json_string_value(json_array_get(json_object_get(row, "usage"), 0)));
	EXPECT_TEXT("CKM_EC_KEY_PAIR_GEN", text(row, "generated_by"));
	EXPECT(json_is_true(json_object_get(row, "local")));
	EXPECT(json_is_null(json_object_get(row, "sensitive")));
	EXPECT(json_is_null(json_object_get(row, "start_date")));
	json_decref(row);
}

static void expect_type(struct ash_hsm *hsm, const char *want)
{
	json_t *row = row_of(hsm);

	EXPECT_TEXT(want, text(row, "type"));
	json_decref(row);
}

TEST(types_and_sizes_are_named)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct fake_object *object = key(&hsm, 0, CKO_PRIVATE_KEY, CKK_RSA);
	uint8_t modulus[257] = { 0x00, 0x80 };

	fake_set(object, CKA_MODULUS, SPAN(modulus));
	expect_type(&hsm, "rsa:2048");
	modulus[1] = 0x01;
	fake_set(object, CKA_MODULUS, SPAN(modulus));
	expect_type(&hsm, "rsa:2041");
	fake_set(object, CKA_MODULUS, TEXT("\0\0"));
	expect_type(&hsm, "rsa");
	object = key(&hsm, 0, CKO_SECRET_KEY, CKK_AES);
	object->count = 2;
	fake_set_number(object, CKA_VALUE_LEN, 32);
	expect_type(&hsm, "aes:256");
	fake_set_number(object, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
	fake_set_number(object, CKA_VALUE_LEN, 10);
	expect_type(&hsm, "generic:80");
	fake_set_number(object, CKA_KEY_TYPE, CKK_DES3);
	expect_type(&hsm, "0x00000015");
	fake_set_number(object, CKA_KEY_TYPE, CKK_ML_DSA);
	object->count = 2;
	fake_set_number(object, CKA_PARAMETER_SET, CKP_ML_DSA_65);
	expect_type(&hsm, "ml-dsa-65");
}

TEST(secret_keys_have_the_type_of_rfc_7512)
{
	struct ash_hsm hsm = FAKE_HSM;
	json_t *row;

	(void)key(&hsm, 0, CKO_SECRET_KEY, CKK_AES);
	row = row_of(&hsm);
	EXPECT_TEXT("secret", text(row, "class"));
	EXPECT_TEXT("pkcs11:token=my%20ca;type=secret-key", text(row, "uri"));
	EXPECT_TEXT("", text(row, "id"));
	json_decref(row);
	EXPECT_TEXT("secret key", ash_cli_class_text(CKO_SECRET_KEY));
	EXPECT_TEXT("private key", ash_cli_class_text(CKO_PRIVATE_KEY));
}

TEST(what_is_gone_or_no_key_is_an_error)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	struct ash_cli_key got;

	EXPECT_CODE(ASH_E_OBJECT_HANDLE, ash_cli_key_read(&cli, &token, 7, 1, &got));
	hsm.objects[0].used = true;
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_key_read(&cli, &token, 7, 1, &got));
	fake_close(&cli);
}
