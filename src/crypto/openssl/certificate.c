#include "crypto/openssl/certificate.h"

#include "crypto/openssl/certificate_priv.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <time.h>

#define SEQUENCE (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED)

void ash_certificate_done(struct ash_certificate *certificate)
{
	ash_buf_done(&certificate->subject);
	ash_buf_done(&certificate->issuer);
	ash_buf_done(&certificate->serial);
	ash_buf_done(&certificate->serial_number);
	ash_buf_done(&certificate->key_info);
	ash_buf_done(&certificate->common_name);
	ash_buf_done(&certificate->algorithm);
}

struct ash_status ash_ossl_add_der(unsigned mark, int len, uint8_t **der, struct ash_buf *out)
{
	struct ash_status status = ASH_DONE;

	ASH_ENSURE(len > 0 && *der != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	status = ash_buf_add(out, ash_span(*der, (size_t)len));
	OPENSSL_free(*der);
	return status;
}

struct ash_status ash_ossl_x509_read(struct ash_span der, X509 **ret_x509)
{
	ASH_OSSL_AUTO_X509 *x509 = NULL;
	struct ash_ossl *lib = NULL;
	const uint8_t *at = der.data;
	unsigned mark = ash_ossl_mark();

	ASH_ENSURE(der.len <= ASH_CERTIFICATE_MAX, ASH_E_LIMIT);
	ASH_TRY(ash_ossl_library(&lib));
	x509 = X509_new_ex(lib->ctx, NULL); /* its key is of our context, too */
	ASH_ENSURE(x509 != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	ASH_ENSURE(der.len != 0 && d2i_X509(&x509, &at, (long)der.len) != NULL && at == der.data + der.len,
		   ash_ossl_code(mark, ASH_E_FORMAT));
	ERR_clear_error(); /* a key of a type that nobody knows is no failure */
	*ret_x509 = ASH_TAKE(x509);
	return ASH_DONE;
}

static int64_t seconds(const ASN1_TIME *time)
{
	struct tm parts;

	return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : ASH_CERTIFICATE_NO_TIME;
}

static struct ash_status read_serial(const X509 *x509, struct ash_certificate *certificate)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
	unsigned mark = ash_ossl_mark();
	uint8_t *der = NULL;
	size_t header = 2;

	ASH_TRY(ash_ossl_add_der(mark, i2d_ASN1_INTEGER(serial, &der), &der, &certificate->serial));
	if (certificate->serial.data[1] > 0x80)
		header += certificate->serial.data[1] & 0x7fu;
	return ash_buf_add(&certificate->serial_number,
			   ash_span(certificate->serial.data + header, certificate->serial.len - header));
}

static struct ash_status read_algorithm(const X509 *x509, struct ash_buf *out)
{
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *object = NULL;
	char text[128];

	X509_get0_signature(NULL, &algorithm, x509);
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	ASH_ENSURE(OBJ_obj2txt(text, sizeof(text), object, 0) > 0, ASH_E_FORMAT);
	return ash_buf_add(out, ash_span_text(text));
}

static struct ash_status read_names(const X509 *x509, struct ash_certificate *certificate)
{
	const X509_NAME *subject = X509_get_subject_name(x509);
	const X509_NAME *issuer = X509_get_issuer_name(x509);
	unsigned mark = ash_ossl_mark();
	uint8_t *der = NULL;

	ASH_TRY(ash_ossl_add_der(mark, i2d_X509_NAME(subject, &der), &der, &certificate->subject));
	der = NULL;
	ASH_TRY(ash_ossl_add_der(mark, i2d_X509_NAME(issuer, &der), &der, &certificate->issuer));
	/* OpenSSL also takes the tag of a SEQUENCE that is not constructed, which others don't. */
	ASH_ENSURE(certificate->subject.data[0] == SEQUENCE && certificate->issuer.data[0] == SEQUENCE,
		   ASH_E_FORMAT);
	return ash_ossl_name_common(subject, &certificate->common_name);
}

/* The first of them; a certificate that has it twice is no good, and none says that it may issue. */
static bool is_authority(const X509 *x509)
{
	BASIC_CONSTRAINTS *constraints = X509_get_ext_d2i(x509, NID_basic_constraints, NULL, NULL);
	bool authority = constraints != NULL && constraints->ca != 0;

	BASIC_CONSTRAINTS_free(constraints);
	return authority;
}

static struct ash_status read_all(const X509 *x509, struct ash_certificate *certificate)
{
	unsigned mark = ash_ossl_mark();
	uint8_t *der = NULL;

	ASH_TRY(read_names(x509, certificate));
	ASH_TRY(read_serial(x509, certificate));
	ASH_TRY(ash_ossl_add_der(mark, i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der), &der,
				 &certificate->key_info));
	ASH_TRY(read_algorithm(x509, &certificate->algorithm));
	certificate->not_before = seconds(X509_get0_notBefore(x509));
	certificate->not_after = seconds(X509_get0_notAfter(x509));
	certificate->authority = is_authority(x509);
	ERR_clear_error();
	return ASH_DONE;
}

static struct ash_status set_fingerprint(struct ash_span der, struct ash_certificate *certificate)
{
	struct ash_ossl *lib = NULL;
	unsigned mark = ash_ossl_mark();

	ASH_TRY(ash_ossl_library(&lib));
	ASH_ENSURE(EVP_Digest(der.data, der.len, certificate->sha256, NULL, lib->hash[ASH_HASH_SHA256],
			      NULL) == 1,
		   ash_ossl_code(mark, ASH_E_FAILED));
	return ASH_DONE;
}

struct ash_status ash_certificate_read(struct ash_span der, struct ash_certificate *ret_certificate)
{
	ASH_AUTO(ash_certificate) made = {
		.subject = ASH_BUF_PLAIN,
		.issuer = ASH_BUF_PLAIN,
		.serial = ASH_BUF_PLAIN,
		.serial_number = ASH_BUF_PLAIN,
		.key_info = ASH_BUF_PLAIN,
		.common_name = ASH_BUF_PLAIN,
		.algorithm = ASH_BUF_PLAIN,
	};
	ASH_OSSL_AUTO_X509 *x509 = NULL;
	unsigned mark = ash_ossl_mark();

	ASH_TRY(ash_ossl_settle(mark, ash_ossl_x509_read(der, &x509)));
	ASH_TRY(ash_ossl_settle(mark, read_all(x509, &made)));
	ASH_TRY(ash_ossl_settle(mark, set_fingerprint(der, &made)));
	*ret_certificate = made;
	made = ASH_CERTIFICATE_NONE; /* handed over */
	return ASH_DONE;
}

static struct ash_status check(struct ash_span der, struct ash_span issuer_der)
{
	ASH_OSSL_AUTO_X509 *x509 = NULL;
	ASH_OSSL_AUTO_X509 *issuer = NULL;
	unsigned mark = ash_ossl_mark();
	EVP_PKEY *key = NULL;

	ASH_TRY(ash_ossl_x509_read(der, &x509));
	ASH_TRY(ash_ossl_x509_read(issuer_der, &issuer));
	key = X509_get0_pubkey(issuer);
	ASH_ENSURE(X509_NAME_cmp(X509_get_issuer_name(x509), X509_get_subject_name(issuer)) == 0 &&
			   key != NULL && X509_verify(x509, key) == 1,
		   ash_ossl_code(mark, ASH_E_SIGNATURE));
	return ASH_DONE;
}

struct ash_status ash_certificate_check(struct ash_span der, struct ash_span issuer)
{
	unsigned mark = ash_ossl_mark();

	return ash_ossl_settle(mark, check(der, issuer));
}
