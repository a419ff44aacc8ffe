#include "unit/test.h"

#include "app/cli/key/keytype.h"

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
	EXPECT(ash_cli_usage_at(9) == NULL);
}

static bool fits(const char *word, const char *type)
{
	const struct ash_cli_usage *usage;
	size_t i = 0;

	while ((usage = ash_cli_usage_at(i)) != NULL && strcmp(usage->word, word) != 0)
		i++;
	return ash_cli_usage_fits(usage, ash_cli_keytype_find(type));
}

TEST(usages_fit_what_the_token_has_mechanisms_for)
{
	EXPECT(fits("sign", "rsa:2048") && fits("decrypt", "rsa:2048") && fits("unwrap", "rsa:2048"));
	EXPECT(fits("sign", "ec:p256") && fits("derive", "ec:p256") && !fits("decrypt", "ec:p256"));
	EXPECT(fits("verify", "ml-dsa-65") && !fits("derive", "ml-dsa-65"));
	EXPECT(fits("decapsulate", "ml-kem-768") && !fits("sign", "ml-kem-768") && fits("derive", "x448"));
	EXPECT(!fits("decapsulate", "ml-dsa-87") && !fits("encapsulate", "aes:256"));
	EXPECT(fits("wrap", "aes:256") && fits("sign", "aes:256"));
	EXPECT(fits("sign", "hmac-sha256") && fits("sign", "generic:256") && !fits("encrypt", "generic:256"));
	/* What a type is for when nobody says has to be possible. */
	for (size_t i = 0; ash_cli_keytype_at(i) != NULL; i++) {
		const struct ash_cli_keytype *type = ash_cli_keytype_at(i);
		char words[64], *rest = words;

		strcpy(words, type->usage);
		for (char *word = strtok_r(words, ",", &rest); word != NULL;
		     word = strtok_r(NULL, ",", &rest))
			EXPECT(fits(word, type->name));
	}
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
