#include "unit/app/cli/fake.h"

#include "app/cli/key/keytype.h"

#define GENERATE(hsm, ...)                  \
	(setenv("TEST_PIN", "user-pin", 1), \
	 RUN(hsm, "key", "generate", "--label", "web", "--pin-env", "TEST_PIN", __VA_ARGS__))

static bool flag(struct ash_hsm *hsm, size_t n, uint64_t type)
{
	struct fake_attr *attr = fake_attr(&hsm->objects[n], type);

	EXPECT(attr != NULL && attr->len == 1);
	return attr->value[0] != 0;
}

TEST(every_type_is_generated)
{
	const struct ash_cli_keytype *row;

	for (size_t i = 0; (row = ash_cli_keytype_at(i)) != NULL; i++) {
		struct ash_hsm hsm = FAKE_HSM;

		EXPECT_NUMBER(ASH_CLI_DONE, GENERATE(&hsm, "--type", row->name));
		EXPECT(hsm.objects[0].used && hsm.objects[1].used == row->pair);
	}
}

TEST(a_pair_is_private_sensitive_and_for_its_usage_only)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, GENERATE(&hsm, "--type", "rsa:3072"));
	EXPECT(flag(&hsm, 0, CKA_TOKEN) && flag(&hsm, 1, CKA_TOKEN));
	EXPECT(!flag(&hsm, 0, CKA_PRIVATE) && flag(&hsm, 1, CKA_PRIVATE));
	EXPECT(flag(&hsm, 1, CKA_SENSITIVE) && !flag(&hsm, 1, CKA_EXTRACTABLE));
	EXPECT(flag(&hsm, 1, CKA_SIGN) && !flag(&hsm, 1, CKA_DECRYPT) && !flag(&hsm, 1, CKA_UNWRAP));
	EXPECT(flag(&hsm, 0, CKA_VERIFY) && !flag(&hsm, 0, CKA_ENCRYPT) && !flag(&hsm, 0, CKA_WRAP));
	EXPECT(fake_attr(&hsm.objects[0], CKA_SENSITIVE) == NULL);
	EXPECT_NUMBER(3072 & 0xff, fake_attr(&hsm.objects[0], CKA_MODULUS_BITS)->value[7]);
	EXPECT_SPAN(TEXT("\x01\x00\x01"),
		    ash_span(fake_attr(&hsm.objects[0], CKA_PUBLIC_EXPONENT)->value, 3));
}

TEST(a_secret_key_is_for_its_usage_only)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE,
		      GENERATE(&hsm, "--type", "aes:256", "--usage", "wrap,unwrap", "--extractable"));
	EXPECT(flag(&hsm, 0, CKA_WRAP) && flag(&hsm, 0, CKA_UNWRAP) && flag(&hsm, 0, CKA_EXTRACTABLE));
	EXPECT(!flag(&hsm, 0, CKA_ENCRYPT) && !flag(&hsm, 0, CKA_DECRYPT) && !flag(&hsm, 0, CKA_SIGN));
	EXPECT(flag(&hsm, 0, CKA_SENSITIVE) && flag(&hsm, 0, CKA_PRIVATE));
	EXPECT_NUMBER(32, fake_attr(&hsm.objects[0], CKA_VALUE_LEN)->value[7]);
}

TEST(an_id_is_made_or_taken)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, GENERATE(&hsm, "--type", "ed25519", "--json"));
	EXPECT(strstr(fake_out, "\"505152535455565758595a5b5c5d5e5f60616263\"") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, GENERATE(&hsm, "--type", "aes:128", "--json"));
	EXPECT(strstr(fake_out, "\"a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3\"") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, GENERATE(&hsm, "--type", "ec:p384", "--id", "01:02", "--json"));
	EXPECT(strstr(fake_out, "\"0102\"") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED, GENERATE(&hsm, "--type", "aes:128", "--id", "0102"));
	EXPECT(strstr(fake_err, "token \"ca\" has a key with id 0102 already") != NULL);
	EXPECT(!hsm.searching);
}

TEST(what_makes_no_sense_is_wrong_usage)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_USAGE, GENERATE(&hsm, "--type", "rsa:1024"));
	EXPECT_NUMBER(ASH_CLI_USAGE, GENERATE(&hsm, "--type", "aes:128", "--id", "abc"));
	EXPECT_NUMBER(ASH_CLI_USAGE, GENERATE(&hsm, "--type", "aes:128", "--id", ""));
	EXPECT_NUMBER(ASH_CLI_USAGE, GENERATE(&hsm, "--type", "aes:128", "--usage", "sing"));
	EXPECT(strstr(fake_err, "there is no usage \"sing\"") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, GENERATE(&hsm, "--type", "aes:128", "--usage", ""));
	EXPECT_NUMBER(ASH_CLI_USAGE, GENERATE(&hsm, "--type", "aes:128", "--usage", "sign,,verify"));
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "key", "generate", "--type", "aes:128", "--label", ""));
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "key", "generate", "--type", "aes:128", "--label", "a\xff"));
	EXPECT(strstr(fake_err, "UTF-8") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, GENERATE(&hsm, "--type", "ed25519", "--usage", "sign,encrypt"));
	EXPECT(strstr(fake_err, "no key of type ed25519 can encrypt") != NULL);
	EXPECT(strstr(fake_err, "its uses: sign,verify\n") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "key", "generate", "--type", "aes:128"));
	for (size_t i = 0; i < FAKE_OBJECTS; i++)
		EXPECT(!hsm.objects[i].used);
}

TEST(a_pair_without_its_id_is_taken_back)
{
	static const char *const functions[] = { "get_attributes", "op_init", "op_single", "set_attributes" };
	struct ash_hsm hsm = FAKE_HSM;

	hsm.code = ASH_E_IO;
	for (size_t i = 0; i < ASH_COUNT(functions); i++) {
		hsm.fails = functions[i];
		EXPECT_NUMBER(ASH_CLI_STORAGE, GENERATE(&hsm, "--type", "ec:p256"));
		EXPECT(strstr(fake_err, "can't give the new key its id") != NULL);
		EXPECT(!hsm.objects[0].used && !hsm.objects[1].used);
	}
}

TEST(a_failure_names_the_type)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.fails = "generate_pair";
	hsm.code = ASH_E_MECHANISM;
	EXPECT_NUMBER(ASH_CLI_FAILED, GENERATE(&hsm, "--type", "ml-dsa-65"));
	EXPECT(strstr(fake_err, "can't generate a key of type ml-dsa-65: the mechanism is not known") !=
	       NULL);
	EXPECT(strstr(fake_err, "ashlar mechanisms") != NULL);
}

TEST(an_id_that_somebody_took_at_the_same_time_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, GENERATE(&hsm, "--type", "aes:128", "--id", "0102"));
	EXPECT_TEXT("", fake_err);
	hsm.rivals = 1;
	EXPECT_NUMBER(ASH_CLI_DONE, GENERATE(&hsm, "--type", "aes:128", "--id", "0a"));
	EXPECT(strstr(fake_err, "warning: another program gave a key of token \"ca\" the id 0a") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, GENERATE(&hsm, "--type", "ec:p256", "--id", "0b"));
	EXPECT_TEXT("", fake_err);
}
