#include "unit/app/cli/fake.h"

#define WITH_PIN(hsm, command, ...) \
	(setenv("TEST_PIN", "user-pin", 1), RUN(hsm, command, "--pin-env", "TEST_PIN", __VA_ARGS__))

static void fill(struct ash_hsm *hsm)
{
	FAKE_PUT(hsm, CKO_SECRET_KEY, CKK_AES, "disk", CKA_ENCRYPT, CKA_DECRYPT);
	FAKE_PUT(hsm, CKO_PUBLIC_KEY, CKK_RSA, "mail", CKA_ENCRYPT);
	FAKE_PUT(hsm, CKO_PRIVATE_KEY, CKK_RSA, "mail", CKA_DECRYPT);
}

TEST(a_nonce_stands_in_front_and_is_found_there)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("secret"));
	const char *enc = fake_path("enc");
	const char *out = fake_path("out");
	struct stat info;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "encrypt", "--label", "disk", "-o", enc, in));
	EXPECT(fake_mechanism.type == CKM_AES_GCM && fake_mechanism.params.tag_len == 16);
	EXPECT_SPAN(TEXT("\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab"), fake_mechanism.params.iv);
	EXPECT_SPAN(TEXT("\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab)?9(?."), fake_read(enc));
	EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "decrypt", "--label", "disk", "-o", out, enc));
	EXPECT_NUMBER(12, fake_mechanism.params.iv.len);
	EXPECT_SPAN(TEXT("secret"), fake_read(out));
	EXPECT(stat(out, &info) == 0 && (info.st_mode & 0777) == 0600);
	fake_clean();
}

TEST(a_given_iv_is_not_written)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("secret"));
	const char *iv = "000102030405060708090a0b0c0d0e0f";

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      WITH_PIN(&hsm, "encrypt", "--label", "disk", "-m", "aes-ctr", "--iv", iv, in));
	EXPECT_TEXT(")?9(?.", fake_out);
	EXPECT(fake_mechanism.params.iv.len == 16 && fake_mechanism.params.counter_bits == 128);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      WITH_PIN(&hsm, "decrypt", "--label", "disk", "-m", "aes-ctr", "--iv", iv, in));
	EXPECT_TEXT(")?9(?.", fake_out);
	fake_clean();
}

TEST(a_public_key_encrypts_without_a_pin)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("secret"));

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "encrypt", "--class", "public", "--label", "mail", in));
	EXPECT(fake_mechanism.type == CKM_RSA_PKCS_OAEP && fake_key == 2);
	EXPECT_NUMBER(ASH_CLI_PIN, RUN(&hsm, "decrypt", "--label", "mail", in));
	EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "decrypt", "--label", "mail", in));
	EXPECT_NUMBER(3, fake_key);
	fake_clean();
}

TEST(json_tells_the_iv)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("secret"));

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_USAGE, WITH_PIN(&hsm, "encrypt", "--label", "disk", "--json", in));
	EXPECT_NUMBER(ASH_CLI_DONE,
		      WITH_PIN(&hsm, "encrypt", "--label", "disk", "--json", "-o", fake_path("enc"), in));
	EXPECT(strstr(fake_out, "\"iv\": \"a0a1a2a3a4a5a6a7a8a9aaab\"") != NULL);
	EXPECT(strstr(fake_out, "\"bytes\": 18") != NULL);
	fake_clean();
}

TEST(what_fails_leaves_no_file)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("secret"));
	const char *out = fake_path("out");

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_FAILED, WITH_PIN(&hsm, "decrypt", "--label", "disk", "-o", out, in));
	EXPECT(strstr(fake_err, "too short: it has to begin with an IV of 12 bytes") != NULL);
	hsm.fails = "op_final";
	hsm.code = ASH_E_AUTHENTICATION;
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      WITH_PIN(&hsm, "decrypt", "--label", "disk", "--iv", "000102", "-o", out, in));
	EXPECT(access(out, F_OK) != 0);
	fake_clean();
}

TEST(without_memory_there_is_no_file)
{
	const char *in = fake_write("in", TEXT("0123456789ab)?9(?."));
	const char *out = fake_path("out");
	enum ash_cli_exit code = ASH_CLI_FAILED;

	for (int64_t left = 0; code != ASH_CLI_DONE; left++) {
		struct ash_hsm hsm = FAKE_HSM;

		fill(&hsm);
		EXPECT(access(out, F_OK) != 0);
		ash_mem_fail_after(left);
		code = WITH_PIN(&hsm, "decrypt", "--label", "disk", "--aad", "text:x", "-o", out, in);
		ash_mem_fail_after(-1);
		EXPECT(code == ASH_CLI_DONE || code == ASH_CLI_FAILED);
		EXPECT(code == ASH_CLI_DONE || strstr(fake_err, "out of memory") != NULL);
	}
	EXPECT_SPAN(TEXT("secret"), fake_read(out));
	fake_clean();
}
