#include "unit/app/cli/fake.h"

#define RUN_AS_USER(hsm, ...) (setenv("TEST_PIN", "user-pin", 1), RUN(hsm, __VA_ARGS__))
#define PIN                   "--pin-env", "TEST_PIN"
#define EXPORT(hsm, ...)      RUN_AS_USER(hsm, "key", "export-public", __VA_ARGS__)

/* The fake's public key: SEQUENCE { SEQUENCE {}, BIT STRING { 5 bytes } } */
#define PEM "-----BEGIN PUBLIC KEY-----\nMAowAAMGAFBRUlNU\n-----END PUBLIC KEY-----\n"

static void fill(struct ash_hsm *hsm)
{
	EXPECT_NUMBER(ASH_CLI_DONE, RUN_AS_USER(hsm, "key", "generate", PIN, "--type", "ec:p256", "--label",
						"web", "--id", "01"));
	EXPECT_NUMBER(ASH_CLI_DONE, RUN_AS_USER(hsm, "key", "generate", PIN, "--type", "aes:256", "--label",
						"disk", "--id", "02"));
}

TEST(a_public_key_is_written_without_a_pin_where_that_is_asked_for)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, EXPORT(&hsm, "--public", "--label", "web"));
	EXPECT_TEXT(PEM, fake_out);
	EXPECT_NUMBER(ASH_CLI_DONE, EXPORT(&hsm, "--class", "public", "--label", "web"));
	EXPECT_TEXT(PEM, fake_out);
	EXPECT(!hsm.user && !hsm.session_writes);
	EXPECT_NUMBER(ASH_CLI_PIN, EXPORT(&hsm, "--label", "web"));
	EXPECT_NUMBER(ASH_CLI_DONE, EXPORT(&hsm, "--public", "--format", "der", "pkcs11:id=%01"));
	EXPECT_SPAN(TEXT("\x30\x0a\x30\x00\x03\x06\x00PQRST"), ash_span(fake_out, fake_out_len));
}

TEST(the_private_half_knows_the_public_key_too)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	hsm.objects[0].used = false;
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, EXPORT(&hsm, "--label", "web", "--public"));
	EXPECT_NUMBER(ASH_CLI_DONE, EXPORT(&hsm, "--label", "web", PIN));
	EXPECT_TEXT(PEM, fake_out);
	EXPECT(hsm.user);
}

TEST(json_has_the_key_in_it)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, EXPORT(&hsm, "--public", "--label", "web", "--format", "der", "--json"));
	EXPECT(strstr(fake_out, "\"public_key\": \"MAowAAMGAFBRUlNU\"") != NULL);
	EXPECT(strstr(fake_out, "\"format\": \"der\"") != NULL && strstr(fake_out, "\"id\": \"01\"") != NULL);
}

TEST(a_file_gets_it)
{
	struct ash_hsm hsm = FAKE_HSM;
	char name[] = "/tmp/ashlar-test-XXXXXX";
	char text[200] = "";
	int fd = mkstemp(name);

	fill(&hsm);
	EXPECT(fd >= 0);
	close(fd);
	EXPECT_NUMBER(ASH_CLI_DONE, EXPORT(&hsm, "--public", "--label", "web", "--output", name));
	EXPECT_TEXT("", fake_out);
	FILE *file = fopen(name, "r");
	EXPECT(file != NULL && fread(text, 1, sizeof(text) - 1, file) > 0 && fclose(file) == 0);
	EXPECT_TEXT(PEM, text);
	unlink(name);
}

TEST(what_has_no_public_key_or_no_such_form_is_refused)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_USAGE, EXPORT(&hsm, "--public", "--label", "web", "--format", "jwk"));
	EXPECT(strstr(fake_err, "pem, der or ssh") != NULL);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, EXPORT(&hsm, "--label", "none", PIN));
	EXPECT_NUMBER(ASH_CLI_FAILED, EXPORT(&hsm, "--public", "--label", "web", "--format", "ssh"));
	EXPECT(strstr(fake_err, "can't write a key of type ec:p256 in the form \"ssh\"") != NULL);
	EXPECT(strstr(fake_err, "--format pem can hold any") != NULL);
	fake_set(&hsm.objects[2], CKA_PUBLIC_KEY_INFO, ASH_SPAN_NONE);
	EXPECT_NUMBER(ASH_CLI_FAILED, EXPORT(&hsm, "--label", "disk", PIN));
	EXPECT(strstr(fake_err, "can't export the secret key") != NULL);
	hsm.fails = "get_attributes";
	hsm.code = ASH_E_IO;
	EXPECT_NUMBER(ASH_CLI_STORAGE, EXPORT(&hsm, "--public", "--label", "web"));
	EXPECT_TEXT("", fake_out);
}

TEST(without_memory_it_fails_cleanly)
{
	struct ash_hsm hsm = FAKE_HSM;
	enum ash_cli_exit code = ASH_CLI_FAILED;

	fill(&hsm);
	for (int64_t left = 0; code != ASH_CLI_DONE; left++) {
		ash_mem_fail_after(left);
		code = EXPORT(&hsm, "--public", "--label", "web");
		ash_mem_fail_after(-1);
		EXPECT(code == ASH_CLI_DONE || strstr(fake_err, "out of memory") != NULL);
	}
}
