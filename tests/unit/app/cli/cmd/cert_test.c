#include "unit/app/cli/fake.h"
#include "unit/crypto/openssl/certificates.h"

#define WITH_PIN(hsm, command, ...) \
	(setenv("TEST_PIN", "user-pin", 1), RUN(hsm, "cert", command, "--pin-env", "TEST_PIN", __VA_ARGS__))

static void fill(struct ash_hsm *hsm)
{
	const char *file = fake_file(ROOT_PEM LEAF_PEM, 0600);

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(hsm, "cert", "import", "--public", file));
	fake_set(&hsm->objects[1], CKA_LABEL, TEXT("leaf"));
	unlink(file);
}

TEST(certificates_are_listed)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "list", "--public"));
	EXPECT(strstr(fake_out, "No certificate matches.") != NULL);
	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "list", "--public"));
	EXPECT(strstr(fake_out, "leaf") != NULL && strstr(fake_out, "2059-10-04T05:23:00Z") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "list", "--json", "--label", "leaf"));
	EXPECT(strstr(fake_out, "\"has_private_key\": false") != NULL &&
	       strstr(fake_out, "\"Root\"") == NULL);
	EXPECT_NUMBER(ASH_CLI_PIN, RUN(&hsm, "cert", "list"));
}

TEST(one_is_exported)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "export", "--label", "leaf"));
	EXPECT_TEXT(LEAF_PEM, fake_out);
	EXPECT(!hsm.user);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "export", "pkcs11:object=leaf;type=cert"));
	EXPECT_TEXT(LEAF_PEM, fake_out);
	EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "export", "--label", "leaf"));
	EXPECT(hsm.user);
}

TEST(several_are_exported_when_asked_for)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS, RUN(&hsm, "cert", "export"));
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "export", "--all"));
	EXPECT_TEXT(ROOT_PEM LEAF_PEM, fake_out);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "cert", "export", "--all", "--der"));
	EXPECT(strstr(fake_err, "DER has room for one certificate, not for 2") != NULL);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, RUN(&hsm, "cert", "export", "--label", "x"));
	EXPECT(strstr(fake_err, "nobody logged in") != NULL);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, WITH_PIN(&hsm, "export", "--label", "x"));
	EXPECT(strstr(fake_err, "nobody logged in") == NULL);
}

TEST(a_chain_follows_its_issuers)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "export", "--label", "leaf", "--chain"));
	EXPECT_TEXT(LEAF_PEM ROOT_PEM, fake_out);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "export", "--all", "--chain"));
	EXPECT_TEXT(ROOT_PEM LEAF_PEM, fake_out);
	hsm.objects[0].used = false;
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "export", "--label", "leaf", "--chain"));
	EXPECT_TEXT(LEAF_PEM, fake_out);
	EXPECT(strstr(fake_err, "the chain ends early") != NULL);
}

TEST(programs_get_what_it_is_too)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "export", "--label", "leaf", "--chain", "--json"));
	EXPECT(strstr(fake_out, "\"certificates\"") != NULL &&
	       strstr(fake_out, "\"label\": \"Root\"") != NULL);
	EXPECT(strstr(fake_out, "\"pem\": \"-----BEGIN CERTIFICATE-----\\nMIIB") != NULL);
}

TEST(forms_are_pem_and_der)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "export", "--label", "leaf", "--format", "pem"));
	EXPECT_TEXT(LEAF_PEM, fake_out);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "export", "--label", "leaf", "--format", "der"));
	EXPECT(fake_out[0] == 0x30);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "cert", "export", "--format", "txt"));
	EXPECT(strstr(fake_err, "--format takes pem or der, and not \"txt\"") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "cert", "export", "--format", "pem", "--der"));
	EXPECT(strstr(fake_err, "and there is --der") != NULL);
}

TEST(der_goes_to_a_file)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_buf) root = ASH_BUF_PLAIN;
	const char *name = fake_file("old", 0644);
	uint8_t read[1024];
	size_t len = 0;
	FILE *file = NULL;

	fill(&hsm);
	name = fake_file("old", 0644);
	(void)certificate_of(ROOT_PEM, 0, &root);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "export", "--label", "Root", "--der", "-o", name));
	EXPECT_TEXT("", fake_out);
	file = fopen(name, "r");
	EXPECT(file != NULL);
	len = fread(read, 1, sizeof(read), file);
	(void)fclose(file);
	EXPECT_SPAN(ash_buf_span(&root), ash_span(read, len));
	unlink(name);
}

/* What another program stored may be anything; it comes out as it is. */
TEST(what_is_no_certificate_is_exported_too)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	fake_set(&hsm.objects[1], CKA_VALUE, TEXT("abc"));
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "cert", "export", "--label", "leaf", "--chain"));
	EXPECT_TEXT("-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n", fake_out);
}
