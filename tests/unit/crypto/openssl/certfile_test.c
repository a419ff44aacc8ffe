#include "crypto/openssl/certfile.h"

#include "crypto/openssl/certificate.h"
#include "crypto/openssl/certificates.h"

static struct ash_buf root_der = { .limit = ASH_BUF_LIMIT }, leaf_der = { .limit = ASH_BUF_LIMIT };

/* Their DER, once. */
static void load(void)
{
	if (root_der.len != 0)
		return;
	EXPECT_NUMBER(1, certificate_of(ROOT_PEM, 0, &root_der));
	EXPECT_NUMBER(1, certificate_of(LEAF_PEM, 0, &leaf_der));
}

static void expect_both(const char *file)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	load();
	EXPECT_NUMBER(2, certificate_of(file, 0, &der));
	EXPECT_SPAN(ash_buf_span(&root_der), ash_buf_span(&der));
	ash_buf_reset(&der);
	EXPECT_NUMBER(2, certificate_of(file, 1, &der));
	EXPECT_SPAN(ash_buf_span(&leaf_der), ash_buf_span(&der));
}

/* A private key stands between them, as in files for servers. */
#define KEY                                                              \
	"-----BEGIN PRIVATE KEY-----\n"                                  \
	"MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhsc\n" \
	"HR4f\n-----END PRIVATE KEY-----\n"

TEST(pem_has_any_number)
{
	expect_both(ROOT_PEM LEAF_PEM);
	expect_both("some text\n" ROOT_PEM KEY "more\n" LEAF_PEM "end");
	expect_both(ROOT_PEM LEAF_TRUSTED);
}

TEST(bundles_are_opened)
{
	expect_both(BOTH_PKCS7);
}

static size_t seen;

/* The second one is refused. */
static struct ash_status take_one(void *context, struct ash_span der)
{
	(void)context;
	EXPECT(der.len != 0);
	ASH_ENSURE(++seen < 2, ASH_E_EXISTS);
	return ASH_DONE;
}

static struct ash_status walk(struct ash_span file)
{
	seen = 0;
	return ash_certfile_each(file, take_one, NULL);
}

TEST(der_is_one_certificate)
{
	load();
	EXPECT_OK(walk(ash_buf_span(&root_der)));
	EXPECT_NUMBER(1, seen);
	EXPECT_OK(ash_buf_add(&root_der, TEXT("\x30")));
	EXPECT_CODE(ASH_E_FORMAT, walk(ash_buf_span(&root_der)));
	EXPECT(strstr(ash_status_explanation(), "stands behind") != NULL);
	root_der.len--;
}

TEST(a_text_may_begin_as_der_does)
{
	EXPECT_OK(walk(TEXT("01-root.pem\n" ROOT_PEM)));
	EXPECT_NUMBER(1, seen);
}

TEST(a_refusal_ends_the_walk)
{
	EXPECT_CODE(ASH_E_EXISTS, walk(TEXT(ROOT_PEM LEAF_PEM LEAF_PEM)));
	EXPECT_NUMBER(2, seen);
	EXPECT_CODE(ASH_E_EXISTS, walk(TEXT(BOTH_PKCS7)));
}

TEST(files_without_certificates_are_refused)
{
	EXPECT_CODE(ASH_E_FORMAT, walk(ASH_SPAN_NONE));
	EXPECT_CODE(ASH_E_FORMAT, walk(TEXT("text")));
	EXPECT_CODE(ASH_E_FORMAT, walk(TEXT(KEY)));
	EXPECT(strstr(ash_status_explanation(), "there is no certificate in it") != NULL);
	EXPECT_CODE(ASH_E_FORMAT, walk(TEXT("\x30\x81\x00")));
	EXPECT(strstr(ash_status_explanation(), "neither a certificate nor a PKCS#7 bundle") != NULL);
	EXPECT_CODE(ASH_E_FORMAT,
		    walk(TEXT("-----BEGIN CERTIFICATE-----\nMA*=\n-----END CERTIFICATE-----\n")));
	EXPECT(strstr(ash_status_explanation(), "is damaged") != NULL);
	EXPECT_CODE(ASH_E_FORMAT, walk(TEXT(ROOT_PEM "-----BEGIN CERTIFICATE-----\nMAA=\n")));
	EXPECT(strstr(ash_status_explanation(), "behind certificate 1 is damaged") != NULL);
}

TEST(pem_is_written)
{
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;

	load();
	EXPECT_OK(ash_certfile_pem("CERTIFICATE", ash_buf_span(&root_der), &text));
	EXPECT_SPAN(TEXT(ROOT_PEM), ash_buf_span(&text));
}

TEST(files_need_memory)
{
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;

	load();
	FAIL_EVERY_ALLOCATION(true, walk(TEXT(ROOT_PEM)));
	FAIL_EVERY_ALLOCATION(true, walk(ash_buf_span(&root_der)));
	FAIL_EVERY_ALLOCATION(text.len == 0, ash_certfile_pem("CERTIFICATE", ash_buf_span(&root_der), &text));
}
