#include "crypto/openssl/certfile.h"

#include "crypto/openssl/certificate_priv.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include "crypto/openssl/certificate.h"

/* Whoever takes them, and how many there were. */
struct walk {
	struct ash_ossl *lib;
	ash_certfile_take *take;
	void *context;
	size_t count;
};

static struct ash_status give(struct walk *walk, struct ash_span der)
{
	if (der.len > ASH_CERTIFICATE_MAX)
		ASH_FAIL_WITH(ASH_E_LIMIT, "a certificate of %zu bytes is too long", der.len);
	walk->count++;
	return walk->take(walk->context, der);
}

static struct ash_status give_x509(struct walk *walk, const X509 *x509)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;
	unsigned mark = ash_ossl_mark();
	uint8_t *bytes = NULL;

	ASH_TRY(ash_ossl_add_der(mark, i2d_X509(x509, &bytes), &bytes, &der));
	return give(walk, ash_buf_span(&der));
}

static STACK_OF(X509) * certificates_of(const PKCS7 *bundle)
{
	if (PKCS7_type_is_signed(bundle) && bundle->d.sign != NULL)
		return bundle->d.sign->cert;
	if (PKCS7_type_is_signedAndEnveloped(bundle) && bundle->d.signed_and_enveloped != NULL)
		return bundle->d.signed_and_enveloped->cert;
	return NULL;
}

static struct ash_status walk_pkcs7(struct walk *walk, struct ash_span der)
{
	const uint8_t *at = der.data;
	unsigned mark = ash_ossl_mark();
	PKCS7 *bundle = PKCS7_new_ex(walk->lib->ctx, NULL);
	const STACK_OF(X509) *all = NULL;
	struct ash_status status = ASH_DONE;

	if (bundle != NULL && d2i_PKCS7(&bundle, &at, (long)der.len) != NULL)
		all = certificates_of(bundle);
	ERR_clear_error();
	if (bundle == NULL) /* a failure frees it */
		ASH_FAIL_WITH(ash_ossl_code(mark, ASH_E_FORMAT),
			      "it is neither a certificate nor a PKCS#7 bundle of them");
	for (int i = 0; ash_is_ok(status) && i < sk_X509_num(all); i++)
		status = give_x509(walk, sk_X509_value(all, i));
	PKCS7_free(bundle);
	return status;
}

/* How many of the bytes are a certificate that stands first; 0: none does. */
static size_t first_len(const struct walk *walk, struct ash_span der)
{
	ASH_OSSL_AUTO_X509 *x509 = X509_new_ex(walk->lib->ctx, NULL);
	const uint8_t *at = der.data;
	const bool good = x509 != NULL && d2i_X509(&x509, &at, (long)der.len) != NULL;

	ERR_clear_error();
	return good ? (size_t)(at - der.data) : 0;
}

static struct ash_status walk_der(struct walk *walk, struct ash_span der)
{
	const size_t len = first_len(walk, der);

	if (len == 0)
		return walk_pkcs7(walk, der);
	if (len != der.len)
		ASH_FAIL_WITH(ASH_E_FORMAT, "something stands behind the certificate");
	return give(walk, der);
}

static bool is_one_of(const char *label, const char *const *labels)
{
	for (; *labels != NULL; labels++) {
		if (strcmp(label, *labels) == 0)
			return true;
	}
	return false;
}

static struct ash_status walk_block(struct walk *walk, const char *label, struct ash_span der)
{
	static const char *const certificates[] = { PEM_STRING_X509, PEM_STRING_X509_OLD, NULL };
	static const char *const bundles[] = { PEM_STRING_PKCS7, PEM_STRING_PKCS7_SIGNED, PEM_STRING_CMS,
					       NULL };

	if (is_one_of(label, certificates))
		return give(walk, der);
	if (strcmp(label, PEM_STRING_X509_TRUSTED) == 0) /* OpenSSL's: what it is trusted for stands behind */
		return give(walk, ash_span(der.data, first_len(walk, der)));
	if (is_one_of(label, bundles))
		return walk_pkcs7(walk, der);
	return ASH_DONE;
}

/* The next block; `ret_more` false at the end. */
static struct ash_status walk_next(struct walk *walk, BIO *bio, bool *ret_more)
{
	unsigned mark = ash_ossl_mark();
	char *label = NULL, *header = NULL;
	uint8_t *bytes = NULL;
	long len = 0;
	struct ash_status status = ASH_DONE;
	const bool good = PEM_read_bio(bio, &label, &header, &bytes, &len) == 1;
	const bool ended = !good && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;

	if (good)
		status = walk_block(walk, label, ash_span(bytes, (size_t)len));
	else
		status.code = ash_ossl_code(mark, ended ? ASH_OK : ASH_E_FORMAT);
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(bytes); /* a private key, maybe: our memory is wiped when it is freed */
	if (!good && status.code == ASH_E_FORMAT)
		ASH_FAIL_WITH(ASH_E_FORMAT, "the PEM block behind certificate %zu is damaged", walk->count);
	*ret_more = good;
	return status;
}

static struct ash_status walk_pem(struct walk *walk, struct ash_span file)
{
	unsigned mark = ash_ossl_mark();
	BIO *bio = BIO_new_mem_buf(file.data, (int)file.len);
	struct ash_status status = ASH_DONE;
	bool more = true;

	ASH_ENSURE(bio != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	while (ash_is_ok(status) && more)
		status = walk_next(walk, bio, &more);
	BIO_free(bio);
	return status;
}

static bool has_pem(struct ash_span file)
{
	return memmem(file.data, file.len, "-----BEGIN ", 11) != NULL;
}

/* A SEQUENCE: its length takes more than one byte in any certificate, which a text does not begin with. */
static bool is_der(struct ash_span file)
{
	return file.len > 1 && file.data[0] == 0x30 && file.data[1] >= 0x80;
}

static struct ash_status walk_file(struct walk *walk, struct ash_span file)
{
	ASH_ENSURE(file.len <= INT_MAX, ASH_E_LIMIT);
	if (is_der(file))
		ASH_TRY(walk_der(walk, file));
	else if (file.len != 0 && has_pem(file))
		ASH_TRY(walk_pem(walk, file));
	if (walk->count == 0)
		ASH_FAIL_WITH(ASH_E_FORMAT, "there is no certificate in it, in PEM, DER or PKCS#7");
	return ASH_DONE;
}

struct ash_status ash_certfile_each(struct ash_span file, ash_certfile_take *take, void *context)
{
	struct walk walk = { NULL, take, context, 0 };
	unsigned mark = ash_ossl_mark();

	ASH_TRY(ash_ossl_library(&walk.lib)); /* its memory has to be ours first */
	return ash_ossl_settle(mark, walk_file(&walk, file));
}

static struct ash_status add_pem(const char *label, struct ash_span der, struct ash_buf *out)
{
	unsigned mark = ash_ossl_mark();
	BIO *bio = BIO_new(BIO_s_mem());
	struct ash_status status = ASH_DONE;
	char *text = NULL;
	long len = 0;

	ASH_ENSURE(bio != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	if (der.len <= INT_MAX && PEM_write_bio(bio, label, "", der.data, (long)der.len) > 0)
		len = BIO_get_mem_data(bio, &text);
	if (len > 0)
		status = ash_buf_add(out, ash_span(text, (size_t)len));
	else
		status.code = ash_ossl_code(mark, ASH_E_FAILED);
	BIO_free(bio);
	return status;
}

struct ash_status ash_certfile_pem(const char *label, struct ash_span der, struct ash_buf *out)
{
	const size_t before = out->len;
	struct ash_ossl *lib = NULL;
	struct ash_status status = ash_ossl_library(&lib);
	unsigned mark = ash_ossl_mark();

	if (ash_is_ok(status))
		status = ash_ossl_settle(mark, add_pem(label, der, out));
	if (!ash_is_ok(status))
		out->len = before;
	return status;
}
