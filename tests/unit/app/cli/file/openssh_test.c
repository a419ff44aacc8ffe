#include "app/cli/file/openssh.h"

#include "app/cli/file/pem.h"
#include "token/pkcs8.h"
#include "unit/app/cli/fake.h"
#include "unit/key_samples.h"

static void decode(const char *text, struct ash_buf *out)
{
	ASH_AUTO(ash_cli_pem) *pem = NULL;
	const char *file = fake_file(text, 0600);
	struct ash_cli_form form;
	bool found = false;

	EXPECT_OK(ash_cli_pem_open(file, &pem));
	unlink(file);
	EXPECT_OK(ash_cli_pem_next(pem, out, &form, &found));
	EXPECT(found && form.kind == ASH_CLI_FORM_OPENSSH);
}

static enum ash_code convert(struct ash_span bytes, const char *passphrase, struct ash_buf *out)
{
	struct ash_cli_openssh key;
	struct ash_status status = ash_cli_openssh_read(bytes, &key);

	return ash_is_ok(status) ? ash_cli_openssh_pkcs8(&key, ash_span_text(passphrase), out).code
				 : status.code;
}

/* What comes out is what the token takes, of this type. */
static void expect_key(const char *text, const char *passphrase, uint64_t key_type, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;
	ASH_AUTO(ash_attrs) *attrs = NULL;

	decode(text, &bytes);
	EXPECT_NUMBER(ASH_OK, convert(ash_buf_span(&bytes), passphrase, out));
	EXPECT_OK(ash_attrs_new(&attrs));
	EXPECT_OK(ash_attrs_set_number(attrs, CKA_CLASS, CKO_PRIVATE_KEY));
	EXPECT_OK(ash_attrs_set_number(attrs, CKA_KEY_TYPE, key_type));
	EXPECT_OK(ash_pkcs8_decode(ash_buf_span(out), attrs));
}

TEST(keys_become_pkcs8)
{
	ASH_AUTO(ash_buf) rsa = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) ecdsa = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) closed = ASH_BUF_SECRET;

	expect_key(sample_ssh_rsa, "", CKK_RSA, &rsa);
	expect_key(sample_ssh_ecdsa, "", CKK_EC, &ecdsa);
	expect_key(sample_ssh_ed25519, "", CKK_EC_EDWARDS, &plain);
	expect_key(sample_ssh_ed25519_closed, "secret", CKK_EC_EDWARDS, &closed);
	EXPECT_SPAN(ash_buf_span(&plain), ash_buf_span(&closed));
}

TEST(a_wrong_passphrase_is_told_from_damage)
{
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

	decode(sample_ssh_ed25519_closed, &bytes);
	EXPECT_NUMBER(ASH_E_PIN_INCORRECT, convert(ash_buf_span(&bytes), "Secret", &out));
	EXPECT_NUMBER(ASH_E_PIN_INCORRECT, convert(ash_buf_span(&bytes), "", &out));
	EXPECT_NUMBER(0, out.len);
}

TEST(what_is_not_read_here_is_explained)
{
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

	decode(sample_ssh_ed25519_gcm, &bytes);
	EXPECT_NUMBER(ASH_E_UNSUPPORTED, convert(ash_buf_span(&bytes), "secret", &out));
	EXPECT(strstr(ash_status_explanation(), "ssh-keygen -p -Z aes256-ctr") != NULL);
}

/* A file of our own: the outside, and an inside that is given. */
static void make(const char *type, struct ash_span rest, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) inside = ASH_BUF_PLAIN;
	const uint8_t len[4] = { 0, 0, 0, (uint8_t)strlen(type) };
	uint8_t total[4];

	EXPECT_OK(ash_buf_add(&inside, ash_span("\1\2\3\4\1\2\3\4", 8)));
	EXPECT_OK(ash_buf_add(&inside, SPAN(len)));
	EXPECT_OK(ash_buf_add(&inside, ash_span_text(type)));
	EXPECT_OK(ash_buf_add(&inside, rest));
	for (uint8_t pad = 1; inside.len % 8 != 0; pad++)
		EXPECT_OK(ash_buf_add(&inside, ash_span(&pad, 1)));
	for (int i = 0; i < 4; i++)
		total[i] = (uint8_t)(inside.len >> (24 - 8 * i));
	EXPECT_OK(ash_buf_add(out, ash_span("openssh-key-v1\0\0\0\0\4none\0\0\0\4none\0\0\0\0"
					    "\0\0\0\1\0\0\0\0",
					    15 + 8 + 8 + 4 + 8)));
	EXPECT_OK(ash_buf_add(out, SPAN(total)));
	EXPECT_OK(ash_buf_add(out, ash_buf_span(&inside)));
}

TEST(types_that_no_token_takes_are_refused)
{
	ASH_AUTO(ash_buf) sk = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) dss = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

	make("sk-ssh-ed25519@openssh.com", ASH_SPAN_NONE, &sk);
	EXPECT_NUMBER(ASH_E_UNSUPPORTED, convert(ash_buf_span(&sk), "", &out));
	EXPECT(strstr(ash_status_explanation(), "security key") != NULL);
	make("ssh-dss", ASH_SPAN_NONE, &dss);
	EXPECT_NUMBER(ASH_E_UNSUPPORTED, convert(ash_buf_span(&dss), "", &out));
	EXPECT(strstr(ash_status_explanation(), "ssh-dss") != NULL);
}

/* Each byte less, and each bit of what is not the key itself, is noticed or does no harm. */
TEST(damage_is_refused)
{
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;

	decode(sample_ssh_ed25519, &bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

		EXPECT(convert(ash_span(bytes.data, len), "", &out) != ASH_OK);
		EXPECT_NUMBER(0, out.len);
	}
	for (size_t i = 0; i < bytes.len; i++) {
		ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

		bytes.data[i] ^= 0x80;
		if (convert(ash_buf_span(&bytes), "", &out) != ASH_OK)
			EXPECT_NUMBER(0, out.len);
		bytes.data[i] ^= 0x80;
	}
}

TEST(memory_may_run_out)
{
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;

	decode(sample_ssh_rsa, &bytes);
	for (int64_t n = 0; n < 60; n++) {
		ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;
		enum ash_code code;

		ash_mem_fail_after(n);
		code = convert(ash_buf_span(&bytes), "", &out);
		ash_mem_fail_after(-1);
		EXPECT(code == ASH_OK || code == ASH_E_MEMORY);
	}
}
