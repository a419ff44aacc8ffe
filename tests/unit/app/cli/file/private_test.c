#include "app/cli/file/private.h"

#include "unit/app/cli/fake.h"
#include "unit/key_samples.h"

/* Reads all keys of a file; how many there were. */
static struct ash_buf last;
static const char *want_cert;

static struct ash_status read_all(struct ash_cli *cli, struct ash_span content, size_t *ret_count)
{
	__attribute__((cleanup(ash_cli_passphrase_auto))) struct ash_cli_passphrase passphrase = { NULL };
	ASH_AUTO(ash_cli_private) *source = NULL;
	const char *file = fake_file_of(content, 0600);
	struct ash_status status = ash_cli_private_open(cli, file, &passphrase, &source);
	bool found = false;

	unlink(file);
	ASH_TRY(status);
	for (*ret_count = 0;; ++*ret_count) {
		ash_buf_reset(&last);
		ASH_TRY(ash_cli_private_next(source, &last, &found));
		if (!found)
			return ASH_DONE;
		if (want_cert != NULL) {
			size_t certs = 0;

			EXPECT_SPAN(ash_span_text(want_cert),
				    ash_buf_span(&ash_cli_private_certs(source, &certs)->name));
			EXPECT(certs != 0);
		}
	}
}

static enum ash_cli_exit exit_code;

static enum ash_code keys_of(struct ash_span content, const char *passphrase, size_t want)
{
	struct ash_cli cli = fake_cli(NULL);
	struct ash_status status;
	size_t count = 0;

	last.secret = true;
	last.limit = ASH_BUF_LIMIT;
	if (passphrase != NULL) {
		setenv("TEST_PASS", passphrase, 1);
		cli.values[ASH_CLI_OPT_PASSPHRASE_ENV] = "TEST_PASS";
	}
	status = read_all(&cli, content, &count);
	exit_code = cli.exit;
	fake_close(&cli);
	if (ash_is_ok(status))
		EXPECT_NUMBER(want, count);
	return status.code;
}

#define KEYS(text, passphrase, want) keys_of(ash_span_text(text), (passphrase), (want))

TEST(every_form_is_found_by_looking)
{
	static const char *const closed[] = {
		sample_pbes2,       sample_scrypt,     sample_pbe_3des,          sample_pbe_md5_des,
		sample_sec1_closed, sample_rsa_closed, sample_ssh_ed25519_closed
	};
	static const char *const plain[] = { sample_p8,       sample_sec1,        sample_sec1_compressed,
					     sample_rsa,      sample_ssh_ed25519, sample_ssh_rsa,
					     sample_ssh_ecdsa };

	for (size_t i = 0; i < ASH_COUNT(plain); i++)
		EXPECT_NUMBER(ASH_OK, KEYS(plain[i], NULL, 1));
	for (size_t i = 0; i < ASH_COUNT(closed); i++) {
		EXPECT_NUMBER(ASH_OK, KEYS(closed[i], "secret", 1));
		EXPECT(KEYS(closed[i], "Secret", 0) != ASH_OK);
		EXPECT_NUMBER(ASH_CLI_PIN, exit_code);
		EXPECT(strstr(fake_err, "the passphrase is wrong") != NULL);
		EXPECT(KEYS(closed[i], NULL, 0) != ASH_OK); /* and nobody to ask */
		EXPECT_NUMBER(ASH_CLI_PIN, exit_code);
		EXPECT(strstr(fake_err, "--passphrase-file") != NULL);
	}
}

/* One passphrase for all: the variable is read, and gone, once. */
TEST(a_passphrase_that_fitted_is_tried_again)
{
	char text[4096];

	snprintf(text, sizeof(text), "%s%s%s%s", sample_pbes2, sample_p8, sample_sec1_closed,
		 sample_rsa_closed);
	EXPECT_NUMBER(ASH_OK, KEYS(text, "secret", 4));
}

TEST(der_is_read_as_well)
{
	uint8_t der[4096];
	size_t len;

	EXPECT_NUMBER(ASH_OK, KEYS(sample_sec1, NULL, 1));
	EXPECT_NUMBER(ASH_OK, KEYS(sample_p8, NULL, 1));
	EXPECT_NUMBER(ASH_OK, KEYS(sample_rsa_p8, NULL, 1));
	ash_buf_reset(&last);
	{
		__attribute__((cleanup(ash_cli_passphrase_auto))) struct ash_cli_passphrase none = { NULL };
		struct ash_cli cli = fake_cli(NULL);
		ASH_AUTO(ash_cli_private) *source = NULL;
		const char *file = fake_file(sample_p8, 0600);
		bool found = false;

		EXPECT_OK(ash_cli_private_open(&cli, file, &none, &source));
		EXPECT_OK(ash_cli_private_next(source, &last, &found));
		unlink(file);
		fake_close(&cli);
	}
	len = last.len;
	memcpy(der, last.data, len);
	EXPECT_NUMBER(ASH_OK, keys_of(ash_span(der, len), NULL, 1));
	EXPECT_NUMBER(ASH_E_FORMAT, keys_of(ash_span("\x30\x82\x01\x00\x30\x00", 6), NULL, 0));
	EXPECT(strstr(ash_status_explanation(), "no private key in it") != NULL);
}

TEST(pkcs12_brings_certificates)
{
	want_cert = "web";
	EXPECT_NUMBER(ASH_OK, keys_of(SPAN(sample_p12), "secret", 1));
	want_cert = "";                                                  /* it has none */
	EXPECT_NUMBER(ASH_OK, keys_of(SPAN(sample_p12_empty), NULL, 1)); /* nobody is asked */
	want_cert = NULL;
	EXPECT(keys_of(SPAN(sample_p12), "other", 0) != ASH_OK);
	EXPECT_NUMBER(ASH_CLI_PIN, exit_code);
}
