#include "app/foreign/softhsm.h"

#include "unit/app/foreign/softhsm_folder.h"

static struct ash_span value_of(const struct ash_attrs *attrs, uint64_t type)
{
	struct ash_span value = ASH_SPAN_NONE;

	EXPECT(ash_attrs_get(attrs, type, &value));
	return value;
}

TEST(a_token_is_found_and_opened)
{
	ASH_AUTO(ash_softhsm_tokens) tokens = ASH_SOFTHSM_TOKENS_NONE;
	ASH_AUTO(ash_secret) *key = NULL;
	char folder[64];

	softhsm_folder(folder);
	EXPECT_OK(ash_softhsm_tokens_read(folder, &tokens));
	EXPECT_NUMBER(1, tokens.count);
	EXPECT_TEXT(SOFTHSM_TOKEN, tokens.token[0].label);
	EXPECT_TEXT("077d9e51d1e44aa1", tokens.token[0].serial);
	EXPECT_NUMBER(0xd1e44aa1 & 0x7fffffff, tokens.token[0].slot);
	EXPECT_OK(ash_softhsm_unlock(&tokens.token[0], TEXT(SOFTHSM_PIN), &key));
	EXPECT_NUMBER(32, ash_secret_len(key));
	key = ash_secret_free(key);
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_softhsm_unlock(&tokens.token[0], TEXT("soft-pim"), &key));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_softhsm_unlock(&tokens.token[0], TEXT(""), &key));
	tokens.token[0].has_user_pin = false;
	EXPECT_CODE(ASH_E_PIN_NOT_INITIALIZED, ash_softhsm_unlock(&tokens.token[0], TEXT(SOFTHSM_PIN), &key));
	EXPECT(key == NULL);
	softhsm_remove(folder);
	EXPECT_CODE(ASH_E_IO, ash_softhsm_tokens_read(folder, &tokens));
	EXPECT(strstr(ash_status_explanation(), "No such file") != NULL);
}

TEST(folders_without_a_token_are_passed_over)
{
	ASH_AUTO(ash_softhsm_tokens) tokens = ASH_SOFTHSM_TOKENS_NONE;
	char folder[64], other[100];

	softhsm_folder(folder);
	softhsm_write(folder, "file", TEXT("no folder"));
	snprintf(other, sizeof(other), "%s/empty", folder);
	EXPECT(mkdir(other, 0700) == 0);
	snprintf(other, sizeof(other), "%s/lost+found", folder);
	EXPECT(mkdir(other, 0700) == 0);
	softhsm_write(other, "token.object", ash_span(softhsm_token, 100));
	snprintf(other, sizeof(other), "%s/damaged", folder);
	EXPECT(mkdir(other, 0700) == 0);
	softhsm_write(other, "token.object", ash_span(softhsm_token, 100));
	EXPECT_OK(ash_softhsm_tokens_read(folder, &tokens));
	EXPECT_NUMBER(1, tokens.count);
	EXPECT_NUMBER(1, tokens.unread); /* it is there, and nobody is to think that it is not */
	EXPECT_TEXT("damaged", tokens.unread_name);
	softhsm_remove(folder);
}

TEST(objects_are_read_whole)
{
	ASH_AUTO(ash_softhsm_tokens) tokens = ASH_SOFTHSM_TOKENS_NONE;
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	ASH_AUTO(ash_secret) *key = NULL;
	char folder[64];

	softhsm_folder(folder);
	EXPECT_OK(ash_softhsm_tokens_read(folder, &tokens));
	softhsm_write(tokens.token[0].folder, "bad.object", ash_span(softhsm_aes, 200));
	softhsm_write(tokens.token[0].folder, "new.object", ASH_SPAN_NONE);
	EXPECT_OK(ash_softhsm_unlock(&tokens.token[0], TEXT(SOFTHSM_PIN), &key));
	EXPECT_OK(ash_softhsm_objects_read(&tokens.token[0], ash_secret_peek(key), &objects));
	softhsm_remove(folder);
	EXPECT_NUMBER(4, objects.count);
	for (size_t i = 0; i < objects.count; i++) {
		const struct ash_foreign_object *object = &objects.object[i];

		if (strcmp(object->place, "bad.object") == 0) {
			EXPECT(object->attrs == NULL);
			EXPECT_TEXT("its file is damaged", object->why);
		} else if (strcmp(object->place, "new.object") == 0) {
			EXPECT(object->attrs == NULL);
			EXPECT(strstr(object->why, "its file is empty") != NULL);
		} else if (ash_foreign_class(object) == CKO_DATA) {
			EXPECT_SPAN(TEXT("a label"), value_of(object->attrs, CKA_LABEL));
			EXPECT_SPAN(TEXT("private data"), value_of(object->attrs, CKA_VALUE));
		} else {
			EXPECT_NUMBER(CKO_SECRET_KEY, ash_foreign_class(object));
			EXPECT_SPAN(TEXT("k"), value_of(object->attrs, CKA_LABEL));
			EXPECT_NUMBER(CKK_AES, ash_attrs_number(object->attrs, CKA_KEY_TYPE, 0));
			EXPECT_NUMBER(16, value_of(object->attrs, CKA_VALUE).len);
			EXPECT(ash_attrs_bool(object->attrs, CKA_SENSITIVE, false));
			EXPECT(!ash_attrs_bool(object->attrs, CKA_EXTRACTABLE, true));
		}
	}
}

TEST(another_key_does_not_open_them)
{
	static const uint8_t other[32] = { 1 };
	ASH_AUTO(ash_attrs) *attrs = NULL;
	uint64_t left_out = 0;

	EXPECT_CODE(ASH_E_PIN_INCORRECT,
		    ash_softhsm_parse(SPAN(softhsm_data), SPAN(other), &attrs, &left_out));
	EXPECT(attrs == NULL);
	EXPECT_OK(ash_softhsm_parse(SPAN(softhsm_aes), ASH_SPAN_NONE, &attrs, &left_out)); /* not private */
	EXPECT_NUMBER(0, left_out);
}

TEST(a_file_that_is_cut_short_is_damaged)
{
	for (size_t len = 0; len < sizeof(softhsm_aes); len++) {
		ASH_AUTO(ash_attrs) *attrs = NULL;
		uint64_t left_out = 0;
		struct ash_status status =
			ash_softhsm_parse(ash_span(softhsm_aes, len), ASH_SPAN_NONE, &attrs, &left_out);

		EXPECT(ash_is_ok(status) == (attrs != NULL));
		EXPECT(ash_is_ok(status) || status.code == ASH_E_FORMAT);
	}
}

/* CKA_WRAP_TEMPLATE with one attribute; CKA_ALLOWED_MECHANISMS with one number */
static const uint8_t with_template[] = {
	0, 0, 0, 0, 0,    0, 0, 1,                                                        /* generation */
	0, 0, 0, 0, 0x40, 0, 2, 0x11, 0, 0, 0, 0, 0, 0, 0, 4, 0,    0, 0, 0, 0, 0, 0, 17, /* length */
	0, 0, 0, 0, 0,    0, 1, 4,    0, 0, 0, 0, 0, 0, 0, 1, 0xff,                       /* CKA_ENCRYPT */
	0, 0, 0, 0, 0x40, 0, 6, 0,    0, 0, 0, 0, 0, 0, 0, 5, 0,    0, 0, 0, 0, 0, 0, 1,  /* count */
	0, 0, 0, 0, 0,    0, 0, 1,
};

TEST(lists_of_attributes_are_noticed)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	uint64_t left_out = 0;

	EXPECT_OK(ash_softhsm_parse(SPAN(with_template), ASH_SPAN_NONE, &attrs, &left_out));
	EXPECT_NUMBER(CKA_WRAP_TEMPLATE, left_out);
	EXPECT_NUMBER(1, ash_attrs_count(attrs));
	EXPECT_NUMBER(8, value_of(attrs, CKA_ALLOWED_MECHANISMS).len);
}

/* Without its template it could wrap any key. */
TEST(a_key_with_a_template_is_kept)
{
	ASH_AUTO(ash_softhsm_tokens) tokens = ASH_SOFTHSM_TOKENS_NONE;
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	static const uint8_t key[32] = { 0 };
	char folder[64];
	bool found = false;

	softhsm_folder(folder);
	EXPECT_OK(ash_softhsm_tokens_read(folder, &tokens));
	softhsm_write(tokens.token[0].folder, "limited.object", SPAN(with_template));
	EXPECT_OK(ash_softhsm_objects_read(&tokens.token[0], SPAN(key), &objects));
	softhsm_remove(folder);
	for (size_t i = 0; i < objects.count; i++) {
		if (strcmp(objects.object[i].place, "limited.object") != 0)
			continue;
		found = true;
		EXPECT(objects.object[i].kept);
		EXPECT(strstr(objects.object[i].why, "it has a CKA_WRAP_TEMPLATE, which can't come") != NULL);
	}
	EXPECT(found);
}

TEST(memory_may_run_out)
{
	char folder[64];

	softhsm_folder(folder);
	for (int64_t n = 0; n < 30; n++) {
		ASH_AUTO(ash_softhsm_tokens) tokens = ASH_SOFTHSM_TOKENS_NONE;
		struct ash_status status;

		ash_mem_fail_after(n);
		status = ash_softhsm_tokens_read(folder, &tokens);
		ash_mem_fail_after(-1);
		EXPECT(ash_is_ok(status) || status.code == ASH_E_MEMORY);
	}
	softhsm_remove(folder);
}
