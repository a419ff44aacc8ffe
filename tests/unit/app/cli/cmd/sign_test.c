#include "unit/app/cli/fake.h"

#define PINNED(hsm, ...) (setenv("TEST_PIN", "user-pin", 1), RUN(hsm, __VA_ARGS__))
#define SIGN(hsm, ...)   PINNED(hsm, "sign", "--pin-env", "TEST_PIN", __VA_ARGS__)

static void fill(struct ash_hsm *hsm)
{
	FAKE_PUT(hsm, CKO_PUBLIC_KEY, CKK_EC, "web", CKA_VERIFY);
	FAKE_PUT(hsm, CKO_PRIVATE_KEY, CKK_EC, "web", CKA_SIGN);
	FAKE_PUT(hsm, CKO_SECRET_KEY, CKK_GENERIC_SECRET, "mac", CKA_SIGN, CKA_VERIFY);
	FAKE_PUT(hsm, CKO_PRIVATE_KEY, CKK_RSA, "code", CKA_SIGN);
}

/* The fake's signature of "data". */
static void raw_signature(uint8_t raw[64])
{
	for (size_t i = 0; i < 64; i++)
		raw[i] = (uint8_t)('d' + 'a' + 't' + 'a' + i);
}

TEST(a_signature_is_der_or_raw)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("data"));
	const char *out = fake_path("sig");
	uint8_t raw[64];
	struct ash_span der;

	fill(&hsm);
	raw_signature(raw);
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, "--label", "web", "--output", out, in));
	EXPECT(strstr(fake_out, "bytes (CKM_ECDSA_SHA256, DER)") != NULL);
	EXPECT(fake_mechanism.type == CKM_ECDSA_SHA256 && fake_key == 2);
	der = fake_read(out);
	EXPECT(der.len > 68 && der.data[0] == 0x30 && memmem(der.data, der.len, raw, 32) != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, "--label", "web", "--format", "raw", "--output", out, in));
	EXPECT_SPAN(SPAN(raw), fake_read(out));
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, "--label", "mac", "--output", out, in));
	EXPECT_SPAN(SPAN(raw), fake_read(out));
	EXPECT(fake_mechanism.type == CKM_SHA256_HMAC && strstr(fake_out, "(CKM_SHA256_HMAC)") != NULL);
	fake_clean();
}

TEST(a_signature_goes_to_standard_output_or_into_json)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("data"));

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, "--label", "code", in));
	EXPECT_NUMBER(64, fake_out_len);
	EXPECT(fake_mechanism.params.salt_len == 32 && fake_mechanism.params.hash == ASH_HASH_SHA256);
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, "--label", "code", "--json", in));
	EXPECT(strstr(fake_out, "\"mechanism\": \"CKM_SHA256_RSA_PKCS_PSS\"") != NULL);
	EXPECT(strstr(fake_out, "\"signature\": \"9a9b9c") != NULL);
	fake_clean();
}

TEST(what_was_signed_is_verified)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("data"));
	const char *other = fake_write("other", TEXT("dato"));
	const char *sig = fake_path("sig");
	const char *raw = fake_path("raw");

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, "--label", "web", "--output", sig, in));
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, "--label", "web", "--format", "raw", "--output", raw, in));
	EXPECT_NUMBER(ASH_CLI_DONE,
		      RUN(&hsm, "verify", "--class", "public", "--label", "web", "--signature", sig, in));
	EXPECT_TEXT("Signature is valid\n", fake_out);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "verify", "--class", "public", "--label", "web", "--format",
					"raw", "--signature", raw, in));
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      RUN(&hsm, "verify", "--class", "public", "--label", "web", "--signature", sig, other));
	EXPECT_TEXT("", fake_out);
	EXPECT(strstr(fake_err, "ashlar: the signature is not valid for ") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      RUN(&hsm, "verify", "--class", "public", "--label", "web", "--signature", raw, in));
	EXPECT(strstr(fake_err, "is --format raw missing?") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "verify", "--class", "public", "--label", "web",
					  "--signature", sig, "--json", other));
	EXPECT(strstr(fake_out, "\"valid\": false") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "verify", "--class", "public", "--label", "web", "--signature",
					sig, "--json", in));
	EXPECT(strstr(fake_out, "\"valid\": true") != NULL);
	fake_clean();
}

TEST(a_key_is_named_by_a_uri_too)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("data"));

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, "pkcs11:object=code;type=private", in));
	EXPECT_NUMBER(4, fake_key);
	fake_clean();
}

TEST(what_makes_no_sense_is_wrong_usage)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("data"));

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_USAGE, SIGN(&hsm, "--label", "web"));
	EXPECT_NUMBER(ASH_CLI_USAGE, SIGN(&hsm, "--label", "web", "--format", "pem", in));
	EXPECT(strstr(fake_err, "--format takes der") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, SIGN(&hsm, "--label", "code", "--format", "der", in));
	EXPECT(strstr(fake_err, "is for ECDSA") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, SIGN(&hsm, "--label", "web", "--mechanism", "aes-gmac", in));
	EXPECT(strstr(fake_err, "CKM_AES_GMAC needs --iv") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "verify", "--class", "public", "--label", "web", in));
	EXPECT_NUMBER(ASH_CLI_USAGE,
		      RUN(&hsm, "verify", "--class", "public", "--label", "web", "--signature", "-", "-"));
	EXPECT_NUMBER(ASH_CLI_FAILED, SIGN(&hsm, "--label", "web", "/no/such/file"));
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "verify", "--class", "public", "--label", "web",
					  "--signature", "/no/such", in));
	fake_clean();
}

TEST(without_memory_there_is_no_signature)
{
	const char *in = fake_write("in", TEXT("data"));
	const char *out = fake_path("sig");
	enum ash_cli_exit code = ASH_CLI_FAILED;

	for (int64_t left = 0; code != ASH_CLI_DONE; left++) {
		struct ash_hsm hsm = FAKE_HSM;

		fill(&hsm);
		EXPECT(access(out, F_OK) != 0);
		ash_mem_fail_after(left);
		code = SIGN(&hsm, "--label", "web", "--output", out, in);
		ash_mem_fail_after(-1);
		EXPECT(code == ASH_CLI_DONE || code == ASH_CLI_FAILED);
		EXPECT(code == ASH_CLI_DONE || strstr(fake_err, "out of memory") != NULL);
	}
	EXPECT(access(out, F_OK) == 0);
	fake_clean();
}
