#include "unit/app/cli/cert/signing.h"

#include "app/cli/cert/draft.h"
#include "crypto/openssl/certificate.h"

static const struct ash_cli_use_need need = { "sign", ASH_CLI_PRIVATE };

/* Signs a draft with the only key of the HSM; `words` are options and their values. */
static enum ash_cli_exit sign(struct ash_hsm *hsm, bool request, enum ash_cli_opt option, struct ash_buf *der)
{
	struct ash_cli cli = signing_cli(hsm);
	ASH_AUTO(ash_cli_use) use = ASH_CLI_USE_NONE;
	ASH_AUTO(ash_cli_use_key) key = ASH_CLI_USE_KEY_NONE;
	ASH_AUTO(ash_cli_cert_draft) draft = ASH_CLI_CERT_DRAFT_NONE;

	setenv("TEST_PIN", "user-pin", 1);
	hsm->session_open = hsm->user = false;
	cli.values[ASH_CLI_OPT_PIN_ENV] = "TEST_PIN";
	cli.values[ASH_CLI_OPT_SUBJECT] = "CN=web";
	if (option != ASH_CLI_OPT_HELP)
		cli.values[option] = option == ASH_CLI_OPT_HASH ? "sha256" : "";
	EXPECT_OK(ash_cli_cert_draft_read(&cli, request, &draft));
	EXPECT_OK(ash_cli_use_open(&cli, false, &use));
	EXPECT_OK(ash_cli_use_find(&use, &need, &key));
	EXPECT(ash_is_ok(ash_cli_cert_draft_sign(&use, &key, &draft, der)) == (cli.exit == ASH_CLI_DONE));
	fake_close(&cli);
	return cli.exit;
}
#define SIGN(hsm, request, der) sign((hsm), (request), ASH_CLI_OPT_HELP, (der))

TEST(a_certificate_is_signed_by_its_key)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_certificate) facts = ASH_CERTIFICATE_NONE;
	ASH_AUTO(ash_buf) info = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	signing_key(&hsm, 0, "web", TEXT("\x01"));
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, false, &der));
	EXPECT_OK(ash_certificate_read(ash_buf_span(&der), &facts));
	EXPECT_OK(ash_certificate_check(ash_buf_span(&der), ash_buf_span(&der)));
	signing_info(&info);
	EXPECT_SPAN(ash_buf_span(&info), ash_buf_span(&facts.key_info));
	/* The fake's random bytes are a0, a1, …; the sign takes the first bit. */
	EXPECT_NUMBER(20, facts.serial_number.len);
	EXPECT_NUMBER(0x20, facts.serial_number.data[0]);
	EXPECT_NUMBER(0xb3, facts.serial_number.data[19]);
}

TEST(a_request_is_signed_by_its_key)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	signing_key(&hsm, 0, "web", TEXT("\x01"));
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, true, &der));
	EXPECT(der.len > 100 && der.data[0] == 0x30);
}

TEST(a_key_may_not_know_its_public_half)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	signing_key(&hsm, 0, "web", TEXT("\x01"));
	hsm.objects[1] = hsm.objects[0];
	fake_set_number(&hsm.objects[1], CKA_CLASS, CKO_PUBLIC_KEY);
	fake_set(&hsm.objects[0], CKA_PUBLIC_KEY_INFO, ASH_SPAN_NONE);
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, true, &der));
	ash_buf_reset(&der);
	hsm.objects[1].used = false;
	EXPECT_NUMBER(ASH_CLI_FAILED, SIGN(&hsm, true, &der));
	EXPECT(strstr(fake_err, "the public half of key \"web\" is not known") != NULL);
	EXPECT_NUMBER(0, der.len);
}

TEST(a_key_may_want_the_pin_again)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	signing_key(&hsm, 0, "web", TEXT("\x01"));
	fake_set(&hsm.objects[0], CKA_ALWAYS_AUTHENTICATE, TEXT("\1"));
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN(&hsm, true, &der));
	EXPECT(hsm.proved);
}

TEST(what_does_not_suit_the_key_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	signing_key(&hsm, 0, "web", TEXT("\x01"));
	EXPECT_NUMBER(ASH_CLI_USAGE, sign(&hsm, true, ASH_CLI_OPT_PSS, &der));
	EXPECT(strstr(fake_err, "--pss is for RSA keys, and \"web\" is ed25519") != NULL ||
	       strstr(fake_err, "--pss is for RSA keys, and \"web\" is edwards") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, sign(&hsm, true, ASH_CLI_OPT_HASH, &der));
	EXPECT(strstr(fake_err, "has a hash of its own") != NULL);
	EXPECT_NUMBER(0, der.len);
}

TEST(failures_are_told)
{
	static const char *const calls[] = { "op_init", "op_single", "random" };
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	signing_key(&hsm, 0, "web", TEXT("\x01"));
	for (size_t i = 0; i < ASH_COUNT(calls); i++) {
		hsm.fails = calls[i];
		hsm.code = ASH_E_IO;
		EXPECT_NUMBER(ASH_CLI_STORAGE, SIGN(&hsm, false, &der));
		EXPECT(strstr(fake_err, "can't sign the certificate with key \"web\"") != NULL);
		EXPECT_NUMBER(0, der.len);
	}
}

/* The HSM signed something else than what it was given. */
TEST(a_wrong_signature_is_not_given_out)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_buf) info = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	signing_key(&hsm, 0, "web", TEXT("\x01"));
	signing_info(&info);
	info.data[info.len - 1] ^= 1;
	fake_set(&hsm.objects[0], CKA_PUBLIC_KEY_INFO, ash_buf_span(&info));
	EXPECT_NUMBER(ASH_CLI_FAILED, SIGN(&hsm, true, &der));
	EXPECT(strstr(fake_err, "can't sign the request") != NULL);
	EXPECT_NUMBER(0, der.len);
}
