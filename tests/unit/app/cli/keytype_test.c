#include "unit/test.h"

#include "app/cli/keytype.h"

TEST(every_row_is_found_by_its_name_and_by_what_it_is)
{
	const struct ash_cli_keytype *row;
	size_t i;

	for (i = 0; (row = ash_cli_keytype_at(i)) != NULL; i++) {
		EXPECT(ash_cli_keytype_find(row->name) == row);
		EXPECT(ash_cli_keytype_match(row->key_type, row->size, ash_span(row->params, row->params_len),
					     row->parameter_set) == row);
		EXPECT_NUMBER(row->key_type, ash_cli_keytype_family(row->family)->key_type);
		EXPECT_TEXT(row->family, ash_cli_keytype_of(row->key_type)->family);
	}
	EXPECT(i >= 10);
	EXPECT(ash_cli_keytype_find("rsa") == NULL);
	EXPECT(ash_cli_keytype_find("RSA:2048") == NULL);
	EXPECT(ash_cli_keytype_family("rsa:2048") == NULL);
	EXPECT(ash_cli_keytype_of(CKK_DES3) == NULL);
	EXPECT(ash_cli_keytype_match(CKK_RSA, 1024, ASH_SPAN_NONE, 0) == NULL);
	EXPECT(ash_cli_keytype_match(CKK_EC, 0, TEXT("\x06\x01\x01"), 0) == NULL);
}

TEST(curves_and_sets_are_those_of_the_standards)
{
	const struct ash_cli_keytype *row = ash_cli_keytype_find("ec:p256");

	EXPECT_SPAN(TEXT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"), ash_span(row->params, row->params_len));
	row = ash_cli_keytype_find("ed25519");
	EXPECT_SPAN(TEXT("\x06\x03\x2b\x65\x70"), ash_span(row->params, row->params_len));
	EXPECT_NUMBER(CKP_ML_DSA_65, ash_cli_keytype_find("ml-dsa-65")->parameter_set);
	EXPECT_NUMBER(32, ash_cli_keytype_find("aes:256")->size);
}

TEST(usages_mean_what_the_class_can_do)
{
	const struct ash_cli_usage *sign = ash_cli_usage_at(0);

	EXPECT_TEXT("sign", sign->word);
	EXPECT_NUMBER(CKA_SIGN, ash_cli_usage_attribute(sign, CKO_PRIVATE_KEY));
	EXPECT_NUMBER(CKA_VERIFY, ash_cli_usage_attribute(sign, CKO_PUBLIC_KEY));
	EXPECT_NUMBER(CKA_SIGN, ash_cli_usage_attribute(sign, CKO_SECRET_KEY));
	EXPECT(ash_cli_usage_at(7) == NULL);
}

TEST(the_help_names_every_type)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ash_cli_keytype_help(out);
	fclose(out);
	for (size_t i = 0; ash_cli_keytype_at(i) != NULL; i++)
		EXPECT(strstr(text, ash_cli_keytype_at(i)->name) != NULL);
	free(text);
}
