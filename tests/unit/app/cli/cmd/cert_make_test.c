#include "unit/app/cli/cert/signing.h"

#include "crypto/openssl/certfile.h"
#include "crypto/openssl/certificate.h"

static struct ash_status take(void *context, struct ash_span der)
{
	return ash_certificate_check(der, der).code == ASH_OK ? ash_buf_add(context, der)
							      : (struct ash_status){ ASH_E_SIGNATURE };
}

/* The certificate that was written, which its own key signed. */
static void expect_written(struct ash_buf *der)
{
	ash_buf_reset(der);
	EXPECT_OK(ash_certfile_each(ash_span_text(fake_out), take, der));
}

TEST(a_request_is_written)
{
	struct ash_hsm hsm = FAKE_HSM;

	signing_key(&hsm, 0, "web", TEXT("\x01"));
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN_RUN(&hsm, "cert", "request", "--subject", "CN=web"));
	EXPECT(strncmp(fake_out, "-----BEGIN CERTIFICATE REQUEST-----\n", 36) == 0);
	EXPECT(!hsm.objects[1].used && !hsm.session_writes);
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN_RUN(&hsm, "cert", "request", "--subject", "CN=web", "--json"));
	EXPECT(strstr(fake_out, "\"requests\"") != NULL &&
	       strstr(fake_out, "\"subject\": \"CN=web\"") != NULL);
	EXPECT(strstr(fake_out, "\"pem\": \"-----BEGIN CERTIFICATE REQUEST") != NULL);
	EXPECT(strstr(fake_out, "\"private_key\": \"pkcs11:token=ca;object=web") != NULL);
}

TEST(a_file_leaves_standard_output_for_words)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *name = fake_file("old", 0644);

	signing_key(&hsm, 0, "web", TEXT("\x01"));
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN_RUN(&hsm, "cert", "request", "--subject", "CN=web", "-o", name));
	EXPECT(strstr(fake_out, "BEGIN") == NULL && strstr(fake_out, "CN=web") != NULL);
	EXPECT(strstr(fake_out, name) != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      SIGN_RUN(&hsm, "cert", "self-sign", "--subject", "CN=web", "--der", "-o", name));
	EXPECT(strstr(fake_out, "BEGIN") == NULL && strstr(fake_out, "type=cert") != NULL);
	unlink(name);
}

TEST(a_certificate_is_written_and_stored)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	signing_key(&hsm, 0, "web", TEXT("\x01\x02"));
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN_RUN(&hsm, "cert", "self-sign", "--subject", "CN=web,O=Example",
					     "--profile", "ca"));
	expect_written(&der);
	EXPECT_SPAN(ash_buf_span(&der), ash_span(fake_attr(&hsm.objects[1], CKA_VALUE)->value,
						 fake_attr(&hsm.objects[1], CKA_VALUE)->len));
	EXPECT_SPAN(TEXT("web"), ash_span(fake_attr(&hsm.objects[1], CKA_LABEL)->value, 3));
	EXPECT_NUMBER(2, fake_attr(&hsm.objects[1], CKA_ID)->len);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      SIGN_RUN(&hsm, "cert", "self-sign", "--subject", "CN=web", "--no-import"));
	expect_written(&der);
	EXPECT(!hsm.objects[2].used && !hsm.session_writes);
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN_RUN(&hsm, "cert", "self-sign", "--subject", "CN=web", "--json"));
	EXPECT(strstr(fake_out, "\"certificates\"") != NULL &&
	       strstr(fake_out, "\"pem\": \"-----BEGIN") != NULL);
	EXPECT(strstr(fake_out, "\"has_private_key\": true") != NULL && hsm.objects[2].used);
}

TEST(a_private_key_is_wanted)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, SIGN_RUN(&hsm, "cert", "request", "--subject", "CN=web"));
	signing_key(&hsm, 0, "web", TEXT("\x01"));
	EXPECT_NUMBER(ASH_CLI_USAGE, SIGN_RUN(&hsm, "cert", "request", "--subject", "CN=web",
					      "pkcs11:object=web;type=public"));
	EXPECT_NUMBER(ASH_CLI_DONE, SIGN_RUN(&hsm, "cert", "request", "--subject", "CN=web",
					     "pkcs11:object=web;type=private"));
	EXPECT_NUMBER(ASH_CLI_USAGE, SIGN_RUN(&hsm, "cert", "request", "--label", "web"));
	EXPECT_NUMBER(ASH_CLI_USAGE, SIGN_RUN(&hsm, "cert", "request", "--subject", "web"));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND,
		      SIGN_RUN(&hsm, "cert", "request", "--subject", "CN=web", "--label", "x"));
}

TEST(what_cannot_be_stored_is_not_written)
{
	struct ash_hsm hsm = FAKE_HSM;

	signing_key(&hsm, 0, "web", TEXT("\x01"));
	hsm.fails = "create_object";
	hsm.code = ASH_E_FULL;
	EXPECT_NUMBER(ASH_CLI_STORAGE, SIGN_RUN(&hsm, "cert", "self-sign", "--subject", "CN=web"));
	EXPECT(strstr(fake_err, "can't store the certificate on token \"ca\"") != NULL);
	EXPECT_TEXT("", fake_out);
	hsm.fails = NULL;
	EXPECT_NUMBER(ASH_CLI_FAILED, SIGN_RUN(&hsm, "cert", "self-sign", "--subject", "CN=web", "-o",
					       "/nonexistent/web.pem"));
	EXPECT(!hsm.objects[1].used);
}
