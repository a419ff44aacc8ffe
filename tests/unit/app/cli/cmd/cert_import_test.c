#include "unit/app/cli/fake.h"
#include "unit/crypto/openssl/certificates.h"

#define IMPORT(hsm, ...) \
	(setenv("TEST_PIN", "user-pin", 1), RUN(hsm, "cert", "import", "--pin-env", "TEST_PIN", __VA_ARGS__))

static struct ash_span bytes(struct ash_hsm *hsm, size_t n, uint64_t type)
{
	struct fake_attr *attr = fake_attr(&hsm->objects[n], type);

	EXPECT(attr != NULL);
	return ash_span(attr->value, attr->len);
}

TEST(all_certificates_of_a_file_are_imported)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file(ROOT_PEM LEAF_PEM, 0600);

	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, file));
	EXPECT_SPAN(TEXT("Root"), bytes(&hsm, 0, CKA_LABEL));
	EXPECT_SPAN(TEXT("\xc3\x9c"
			 "bung"),
		    bytes(&hsm, 1, CKA_LABEL));
	EXPECT(!hsm.objects[2].used);
	EXPECT(strstr(fake_out, "Private key") != NULL && strstr(fake_out, "CN=Root,CN=Old") != NULL);
	unlink(file);
}

TEST(one_may_be_named)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file(ROOT_PEM, 0600);

	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, "--label", "mine", "--id", "0102", "--json", file));
	EXPECT_SPAN(TEXT("mine"), bytes(&hsm, 0, CKA_LABEL));
	EXPECT_SPAN(TEXT("\x01\x02"), bytes(&hsm, 0, CKA_ID));
	EXPECT(strstr(fake_out, "\"certificates\"") != NULL &&
	       strstr(fake_out, "\"has_private_key\": false") != NULL);
	unlink(file);
	file = fake_file(ROOT_PEM LEAF_PEM, 0600);
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--label", "mine", file));
	EXPECT(strstr(fake_err, "are for one certificate, and there are 2") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--label", "", file));
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--id", "x", file));
	EXPECT(!hsm.objects[1].used);
	unlink(file);
}

TEST(nobody_need_log_in)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file(LEAF_TRUSTED, 0600);

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "import", "--public", "--json", file));
	EXPECT(hsm.objects[0].used && !hsm.user);
	EXPECT(strstr(fake_out, "\"has_private_key\": null") != NULL);
	unlink(file);
}

TEST(one_that_is_there_stops_all)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file(LEAF_PEM, 0600);

	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, "--label", "l", file));
	unlink(file);
	file = fake_file(BOTH_PKCS7, 0600);
	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, file));
	EXPECT(strstr(fake_err, "certificate 2 of ") != NULL);
	EXPECT(strstr(fake_err, "on token \"ca\" already, labelled \"l\": nothing was imported") != NULL);
	EXPECT(strstr(fake_err, "--force") != NULL && !hsm.objects[1].used);
	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, "--force", file));
	EXPECT(hsm.objects[2].used && !hsm.objects[3].used);
	unlink(file);
}

TEST(twice_in_a_file_is_once)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file(ROOT_PEM ROOT_PEM, 0600);

	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, "--label", "r", file));
	EXPECT(strstr(fake_err, "certificate 2 of ") != NULL && strstr(fake_err, "imported once") != NULL);
	EXPECT(hsm.objects[0].used && !hsm.objects[1].used);
	unlink(file);
}

TEST(what_cannot_be_read_imports_nothing)
{
	static const char *const texts[] = { "", "text",
					     ROOT_PEM "-----BEGIN CERTIFICATE-----\nMAA=\n"
						      "-----END CERTIFICATE-----\n",
					     ROOT_PEM "-----BEGIN CERTIFICATE-----\n" };
	static const char *const told[] = { "there is no certificate in it", "there is no certificate in it",
					    "can't read certificate 2 of",
					    "behind certificate 1 is damaged" };

	for (size_t i = 0; i < ASH_COUNT(texts); i++) {
		struct ash_hsm hsm = FAKE_HSM;
		const char *file = fake_file(texts[i], 0600);

		EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, file));
		EXPECT(strstr(fake_err, told[i]) != NULL && !hsm.objects[0].used);
		unlink(file);
	}
}

TEST(failures_say_what_is_in)
{
	static const char *const calls[] = { "find_next", "create_object" };
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file(ROOT_PEM LEAF_PEM, 0600);

	hsm.code = ASH_E_FULL;
	for (size_t i = 0; i < ASH_COUNT(calls); i++) {
		hsm.fails = calls[i];
		EXPECT_NUMBER(ASH_CLI_STORAGE, IMPORT(&hsm, file));
		EXPECT(!hsm.objects[0].used);
	}
	hsm.fails = NULL;
	for (size_t i = 1; i < FAKE_OBJECTS; i++)
		hsm.objects[i].used = true;
	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, file));
	EXPECT(strstr(fake_err, "can't import certificate 2 of") != NULL);
	EXPECT(strstr(fake_err, "those before it are on the token: 1 of 2") != NULL);
	unlink(file);
}
