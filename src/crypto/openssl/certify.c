#include "crypto/openssl/certify.h"

#include "crypto/openssl/certificate_priv.h"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "crypto/openssl/certificate.h"

#define SERIAL_MAX 20u /* RFC 5280 §4.1.2.2 */

#define AUTO(type, release) __attribute__((cleanup(release))) type

static void pkey_auto(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void req_auto(X509_REQ **request)
{
	X509_REQ_free(*request);
}

static void algorithm_auto(X509_ALGOR **algorithm)
{
	X509_ALGOR_free(*algorithm);
}

static void extensions_auto(STACK_OF(X509_EXTENSION) * *extensions)
{
	sk_X509_EXTENSION_pop_free(*extensions, X509_EXTENSION_free);
}

/* --- the algorithm of the signature ------------------------------------------ */

static const struct {
	enum ash_scheme scheme;
	enum ash_hash hash;
	enum ash_group group; /* NONE: any */
	int nid;
	int parameter; /* V_ASN1_: of the AlgorithmIdentifier */
} algorithms[] = {
	{ ASH_SCHEME_RSA_PKCS1, ASH_HASH_SHA256, ASH_GROUP_NONE, NID_sha256WithRSAEncryption, V_ASN1_NULL },
	{ ASH_SCHEME_RSA_PKCS1, ASH_HASH_SHA384, ASH_GROUP_NONE, NID_sha384WithRSAEncryption, V_ASN1_NULL },
	{ ASH_SCHEME_RSA_PKCS1, ASH_HASH_SHA512, ASH_GROUP_NONE, NID_sha512WithRSAEncryption, V_ASN1_NULL },
	{ ASH_SCHEME_RSA_PSS, ASH_HASH_SHA256, ASH_GROUP_NONE, NID_rsassaPss, V_ASN1_SEQUENCE },
	{ ASH_SCHEME_RSA_PSS, ASH_HASH_SHA384, ASH_GROUP_NONE, NID_rsassaPss, V_ASN1_SEQUENCE },
	{ ASH_SCHEME_RSA_PSS, ASH_HASH_SHA512, ASH_GROUP_NONE, NID_rsassaPss, V_ASN1_SEQUENCE },
	{ ASH_SCHEME_ECDSA, ASH_HASH_SHA256, ASH_GROUP_NONE, NID_ecdsa_with_SHA256, V_ASN1_UNDEF },
	{ ASH_SCHEME_ECDSA, ASH_HASH_SHA384, ASH_GROUP_NONE, NID_ecdsa_with_SHA384, V_ASN1_UNDEF },
	{ ASH_SCHEME_ECDSA, ASH_HASH_SHA512, ASH_GROUP_NONE, NID_ecdsa_with_SHA512, V_ASN1_UNDEF },
	{ ASH_SCHEME_EDDSA, ASH_HASH_NONE, ASH_GROUP_ED25519, NID_ED25519, V_ASN1_UNDEF },
	{ ASH_SCHEME_EDDSA, ASH_HASH_NONE, ASH_GROUP_ED448, NID_ED448, V_ASN1_UNDEF },
	{ ASH_SCHEME_ML_DSA, ASH_HASH_NONE, ASH_GROUP_ML_DSA_44, NID_ML_DSA_44, V_ASN1_UNDEF },
	{ ASH_SCHEME_ML_DSA, ASH_HASH_NONE, ASH_GROUP_ML_DSA_65, NID_ML_DSA_65, V_ASN1_UNDEF },
	{ ASH_SCHEME_ML_DSA, ASH_HASH_NONE, ASH_GROUP_ML_DSA_87, NID_ML_DSA_87, V_ASN1_UNDEF },
};

/* The row; ASH_COUNT(algorithms) when there is none. */
static size_t find_algorithm(struct ash_alg alg, enum ash_group group)
{
	size_t i = 0;

	while (i < ASH_COUNT(algorithms) &&
	       (algorithms[i].scheme != alg.scheme || algorithms[i].hash != alg.hash ||
		(algorithms[i].group != ASH_GROUP_NONE && algorithms[i].group != group)))
		i++;
	return i;
}

bool ash_certify_knows(struct ash_alg alg, enum ash_group group)
{
	return find_algorithm(alg, group) < ASH_COUNT(algorithms);
}

/* RFC 4055 §3.1: the hash, MGF1 with the same, a salt as long as it. NULL: no memory. */
static ASN1_STRING *pss_parameters(const EVP_MD *hash)
{
	RSA_PSS_PARAMS *pss = RSA_PSS_PARAMS_new();
	X509_ALGOR *inner = X509_ALGOR_new();
	ASN1_STRING *inner_text = NULL, *text = NULL;

	if (pss != NULL && inner != NULL) {
		pss->hashAlgorithm = X509_ALGOR_new();
		pss->maskGenAlgorithm = X509_ALGOR_new();
		pss->saltLength = ASN1_INTEGER_new();
		X509_ALGOR_set_md(inner, hash);
		inner_text = ASN1_item_pack(inner, ASN1_ITEM_rptr(X509_ALGOR), NULL);
	}
	if (inner_text != NULL && pss->hashAlgorithm != NULL && pss->maskGenAlgorithm != NULL &&
	    pss->saltLength != NULL) {
		X509_ALGOR_set_md(pss->hashAlgorithm, hash);
		if (X509_ALGOR_set0(pss->maskGenAlgorithm, OBJ_nid2obj(NID_mgf1), V_ASN1_SEQUENCE,
				    inner_text) == 1)
			inner_text = NULL; /* handed over */
		if (ASN1_INTEGER_set(pss->saltLength, EVP_MD_get_size(hash)) == 1)
			text = ASN1_item_pack(pss, ASN1_ITEM_rptr(RSA_PSS_PARAMS), NULL);
	}
	ASN1_STRING_free(inner_text);
	X509_ALGOR_free(inner);
	RSA_PSS_PARAMS_free(pss);
	return text;
}

static struct ash_status make_algorithm(struct ash_ossl *lib, const struct ash_certify *plan,
					X509_ALGOR **ret_algorithm)
{
	const size_t row = find_algorithm(plan->alg, plan->group);
	unsigned mark = ash_ossl_mark();
	AUTO(X509_ALGOR, algorithm_auto) *made = NULL;
	ASN1_STRING *parameter = NULL;
	bool good = false;

	ASH_ENSURE(row < ASH_COUNT(algorithms), ASH_E_UNSUPPORTED);
	made = X509_ALGOR_new();
	good = made != NULL;
	if (good && algorithms[row].parameter == V_ASN1_SEQUENCE) {
		parameter = pss_parameters(lib->hash[plan->alg.hash]);
		good = parameter != NULL;
	}
	good = good && X509_ALGOR_set0(made, OBJ_nid2obj(algorithms[row].nid), algorithms[row].parameter,
				       parameter) == 1;
	if (!good)
		ASN1_STRING_free(parameter);
	ASH_ENSURE(good, ash_ossl_code(mark, ASH_E_FAILED));
	*ret_algorithm = ASH_TAKE(made);
	return ASH_DONE;
}

/* --- extensions --------------------------------------------------------------- */

static struct ash_status push_extension(STACK_OF(X509_EXTENSION) * extensions, int nid, bool critical,
					struct ash_span der)
{
	unsigned mark = ash_ossl_mark();
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension = NULL;

	if (value != NULL && der.len <= ASH_CERTIFICATE_MAX &&
	    ASN1_OCTET_STRING_set(value, der.data, (int)der.len) == 1)
		extension = X509_EXTENSION_create_by_NID(NULL, nid, critical, value);
	ASN1_OCTET_STRING_free(value);
	if (extension == NULL || sk_X509_EXTENSION_push(extensions, extension) <= 0) {
		X509_EXTENSION_free(extension);
		ASH_FAIL(ash_ossl_code(mark, ASH_E_FAILED));
	}
	return ASH_DONE;
}

/* RFC 5280 §4.2.1.9: critical, in certificates of authorities; so is everybody's here. */
static struct ash_status push_constraints(const struct ash_certify *plan,
					  STACK_OF(X509_EXTENSION) * extensions)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;
	unsigned mark = ash_ossl_mark();
	BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
	uint8_t *bytes = NULL;
	int len = -1;
	bool good = constraints != NULL;

	if (good && plan->constraints == ASH_CERTIFY_AUTHORITY) {
		constraints->ca = 0xff;
		if (plan->path_len >= 0) {
			constraints->pathlen = ASN1_INTEGER_new();
			good = constraints->pathlen != NULL &&
			       ASN1_INTEGER_set(constraints->pathlen, plan->path_len) == 1;
		}
	}
	if (good)
		len = i2d_BASIC_CONSTRAINTS(constraints, &bytes);
	BASIC_CONSTRAINTS_free(constraints);
	ASH_TRY(ash_ossl_add_der(mark, len, &bytes, &der));
	return push_extension(extensions, NID_basic_constraints, true, ash_buf_span(&der));
}

static struct ash_status push_usage(const struct ash_certify *plan, STACK_OF(X509_EXTENSION) * extensions)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;
	unsigned mark = ash_ossl_mark();
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	uint8_t *bytes = NULL;
	int len = -1;
	bool good = bits != NULL;

	for (int i = 0; good && i < (int)ASH_CERTIFY_USAGES; i++) {
		if ((plan->key_usage & ASH_CERTIFY_USAGE(i)) != 0)
			good = ASN1_BIT_STRING_set_bit(bits, i, 1) == 1;
	}
	if (good)
		len = i2d_ASN1_BIT_STRING(bits, &bytes);
	ASN1_BIT_STRING_free(bits);
	ASH_TRY(ash_ossl_add_der(mark, len, &bytes, &der));
	return push_extension(extensions, NID_key_usage, true, ash_buf_span(&der));
}

static bool is_empty_name(struct ash_span der)
{
	return der.len <= 2;
}

static struct ash_status push_asked(const struct ash_certify *plan, STACK_OF(X509_EXTENSION) * extensions)
{
	if (plan->constraints != ASH_CERTIFY_UNSAID)
		ASH_TRY(push_constraints(plan, extensions));
	if (plan->key_usage != 0)
		ASH_TRY(push_usage(plan, extensions));
	if (plan->purposes.len != 0)
		ASH_TRY(push_extension(extensions, NID_ext_key_usage, false, plan->purposes));
	if (plan->alt_names.len != 0) /* §4.2.1.6: critical where nothing else names the subject */
		ASH_TRY(push_extension(extensions, NID_subject_alt_name, is_empty_name(plan->subject),
				       plan->alt_names));
	return ASH_DONE;
}

/* RFC 5280 §4.2.1.1, §4.2.1.2: the issuer's key is its own. */
static struct ash_status push_identifiers(struct ash_ossl *lib, const X509 *x509,
					  STACK_OF(X509_EXTENSION) * extensions)
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(x509);
	uint8_t subject_key[2 + 20] = { V_ASN1_OCTET_STRING, 20 };
	uint8_t authority_key[2 + 2 + 20] = { V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, 2 + 20,
					      V_ASN1_CONTEXT_SPECIFIC, 20 };
	unsigned mark = ash_ossl_mark();
	unsigned len = 0;

	ASH_ENSURE(key != NULL &&
			   EVP_Digest(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key),
				      subject_key + 2, &len, lib->hash[ASH_HASH_SHA1], NULL) == 1 &&
			   len == 20,
		   ash_ossl_code(mark, ASH_E_FAILED));
	memcpy(authority_key + 4, subject_key + 2, 20);
	ASH_TRY(push_extension(extensions, NID_subject_key_identifier, false,
			       ash_span(subject_key, sizeof(subject_key))));
	return push_extension(extensions, NID_authority_key_identifier, false,
			      ash_span(authority_key, sizeof(authority_key)));
}

/* --- what is to be signed ------------------------------------------------------ */

/* What both kinds are made of. */
struct pieces {
	struct ash_ossl *lib;
	EVP_PKEY *key;
	X509_NAME *subject;
	X509_ALGOR *algorithm;
	STACK_OF(X509_EXTENSION) * extensions;
};

static void pieces_auto(struct pieces *pieces)
{
	pkey_auto(&pieces->key);
	X509_NAME_free(pieces->subject);
	algorithm_auto(&pieces->algorithm);
	extensions_auto(&pieces->extensions);
}
#define AUTO_PIECES AUTO(struct pieces, pieces_auto)

static struct ash_status read_key(struct ash_ossl *lib, struct ash_span key_info, EVP_PKEY **ret_key)
{
	unsigned mark = ash_ossl_mark();
	const uint8_t *at = key_info.data;
	AUTO(EVP_PKEY, pkey_auto) *key = NULL;

	ASH_ENSURE(key_info.len != 0 && key_info.len <= ASH_CERTIFICATE_MAX, ASH_E_KEY_INVALID);
	key = d2i_PUBKEY_ex(NULL, &at, (long)key_info.len, lib->ctx, NULL);
	ASH_ENSURE(key != NULL && at == key_info.data + key_info.len, ash_ossl_code(mark, ASH_E_KEY_INVALID));
	*ret_key = ASH_TAKE(key);
	return ASH_DONE;
}

static struct ash_status gather(const struct ash_certify *plan, struct pieces *pieces)
{
	const uint8_t *at = plan->subject.data;
	unsigned mark = ash_ossl_mark();

	ASH_TRY(ash_ossl_library(&pieces->lib));
	ASH_TRY(read_key(pieces->lib, plan->key_info, &pieces->key));
	ASH_ENSURE(plan->subject.len != 0 && plan->subject.len <= ASH_CERTIFICATE_MAX, ASH_E_ARGUMENT);
	pieces->subject = d2i_X509_NAME(NULL, &at, (long)plan->subject.len);
	ASH_ENSURE(pieces->subject != NULL && at == plan->subject.data + plan->subject.len,
		   ash_ossl_code(mark, ASH_E_ARGUMENT));
	ASH_TRY(make_algorithm(pieces->lib, plan, &pieces->algorithm));
	pieces->extensions = sk_X509_EXTENSION_new_null();
	ASH_ENSURE(pieces->extensions != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	return push_asked(plan, pieces->extensions);
}

static struct ash_status request_body(const struct ash_certify *plan, struct ash_buf *body)
{
	AUTO_PIECES pieces = { .lib = NULL };
	AUTO(X509_REQ, req_auto) *request = NULL;
	unsigned mark = ash_ossl_mark();
	uint8_t *bytes = NULL;

	ASH_TRY(gather(plan, &pieces));
	request = X509_REQ_new_ex(pieces.lib->ctx, NULL);
	ASH_ENSURE(request != NULL && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
			   X509_REQ_set_subject_name(request, pieces.subject) == 1 &&
			   X509_REQ_set_pubkey(request, pieces.key) == 1 &&
			   (sk_X509_EXTENSION_num(pieces.extensions) == 0 ||
			    X509_REQ_add_extensions(request, pieces.extensions) == 1),
		   ash_ossl_code(mark, ASH_E_FAILED));
	return ash_ossl_add_der(mark, i2d_re_X509_REQ_tbs(request, &bytes), &bytes, body);
}

static bool set_serial(X509 *x509, struct ash_span serial)
{
	BIGNUM *number = BN_bin2bn(serial.data, (int)serial.len, NULL);
	const bool good = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;

	BN_free(number);
	return good;
}

/* The same algorithm stands inside what is signed; OpenSSL sets it nowhere but when it signs itself. */
static bool set_algorithm(const X509 *x509, const X509_ALGOR *algorithm)
{
	return X509_ALGOR_copy((X509_ALGOR *)(uintptr_t)X509_get0_tbs_sigalg(x509), algorithm) == 1;
}

static bool fill(X509 *x509, const struct ash_certify *plan, const struct pieces *pieces)
{
	return X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509, plan->serial) &&
	       set_algorithm(x509, pieces->algorithm) && X509_set_issuer_name(x509, pieces->subject) == 1 &&
	       X509_set_subject_name(x509, pieces->subject) == 1 &&
	       ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)plan->not_before) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)plan->not_after) != NULL &&
	       X509_set_pubkey(x509, pieces->key) == 1;
}

static bool add_extensions(X509 *x509, const struct pieces *pieces)
{
	bool good = true;

	for (int i = 0; good && i < sk_X509_EXTENSION_num(pieces->extensions); i++)
		good = X509_add_ext(x509, sk_X509_EXTENSION_value(pieces->extensions, i), -1) == 1;
	return good;
}

static bool is_zero(struct ash_span number)
{
	while (number.len != 0 && number.data[number.len - 1] == 0)
		number.len--;
	return number.len == 0;
}

static struct ash_status certificate_body(const struct ash_certify *plan, struct ash_buf *body)
{
	AUTO_PIECES pieces = { .lib = NULL };
	ASH_OSSL_AUTO_X509 *x509 = NULL;
	unsigned mark = ash_ossl_mark();
	uint8_t *bytes = NULL;

	ASH_ENSURE(plan->serial.len <= SERIAL_MAX && !is_zero(plan->serial) &&
			   plan->not_before < plan->not_after,
		   ASH_E_ARGUMENT);
	ASH_TRY(gather(plan, &pieces));
	x509 = X509_new_ex(pieces.lib->ctx, NULL);
	ASH_ENSURE(x509 != NULL && fill(x509, plan, &pieces), ash_ossl_code(mark, ASH_E_FAILED));
	ASH_TRY(push_identifiers(pieces.lib, x509, pieces.extensions));
	ASH_ENSURE(add_extensions(x509, &pieces), ash_ossl_code(mark, ASH_E_FAILED));
	return ash_ossl_add_der(mark, i2d_re_X509_tbs(x509, &bytes), &bytes, body);
}

struct ash_status ash_certify_begin(const struct ash_certify *plan, struct ash_buf *body)
{
	const size_t before = body->len;
	unsigned mark = ash_ossl_mark();
	struct ash_status status = ash_ossl_settle(mark, plan->request ? request_body(plan, body)
								       : certificate_body(plan, body));

	if (!ash_is_ok(status))
		body->len = before;
	return status;
}

/* --- put together -------------------------------------------------------------- */

/* Ecdsa-Sig-Value (RFC 3279 §2.2.3), of r || s. */
static struct ash_status ecdsa_value(struct ash_span raw, struct ash_buf *out)
{
	const int half = (int)(raw.len / 2);
	unsigned mark = ash_ossl_mark();
	ECDSA_SIG *signature = NULL;
	BIGNUM *r = NULL, *s = NULL;
	uint8_t *bytes = NULL;
	int len = -1;

	ASH_ENSURE(raw.len % 2 == 0 && raw.len != 0 && raw.len <= ASH_CERTIFICATE_MAX, ASH_E_FORMAT);
	signature = ECDSA_SIG_new();
	r = BN_bin2bn(raw.data, half, NULL);
	s = BN_bin2bn(raw.data + half, half, NULL);
	if (signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1) {
		len = i2d_ECDSA_SIG(signature, &bytes);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(signature);
	return ash_ossl_add_der(mark, len, &bytes, out);
}

static struct ash_status add_header(struct ash_buf *out, bool constructed, int tag, size_t len)
{
	uint8_t header[8];
	uint8_t *at = header;

	ASH_ENSURE(len <= 2 * ASH_CERTIFICATE_MAX, ASH_E_LIMIT);
	ASN1_put_object(&at, constructed, (int)len, tag, V_ASN1_UNIVERSAL);
	return ash_buf_add(out, ash_span(header, (size_t)(at - header)));
}

/* SEQUENCE { what was signed, algorithm, BIT STRING signature } */
static struct ash_status join(const struct ash_certify *plan, struct ash_span body, struct ash_span signature,
			      struct ash_buf *out)
{
	ASH_AUTO(ash_buf) inner = ASH_BUF_PLAIN;
	AUTO(X509_ALGOR, algorithm_auto) *algorithm = NULL;
	struct ash_ossl *lib = NULL;
	unsigned mark = ash_ossl_mark();
	uint8_t *bytes = NULL;

	ASH_TRY(ash_ossl_library(&lib));
	ASH_TRY(make_algorithm(lib, plan, &algorithm));
	ASH_TRY(ash_buf_add(&inner, body));
	ASH_TRY(ash_ossl_add_der(mark, i2d_X509_ALGOR(algorithm, &bytes), &bytes, &inner));
	ASH_TRY(add_header(&inner, false, V_ASN1_BIT_STRING, 1 + signature.len));
	ASH_TRY(ash_buf_add(&inner, ash_span("", 1))); /* no bit of it is unused */
	ASH_TRY(ash_buf_add(&inner, signature));
	ASH_TRY(add_header(out, true, V_ASN1_SEQUENCE, inner.len));
	return ash_buf_add(out, ash_buf_span(&inner));
}

static struct ash_status verify(const struct ash_certify *plan, struct ash_span der)
{
	AUTO(EVP_PKEY, pkey_auto) *key = NULL;
	AUTO(X509_REQ, req_auto) *request = NULL;
	ASH_OSSL_AUTO_X509 *x509 = NULL;
	struct ash_ossl *lib = NULL;
	const uint8_t *at = der.data;
	unsigned mark = ash_ossl_mark();

	ASH_TRY(ash_ossl_library(&lib));
	ASH_TRY(read_key(lib, plan->key_info, &key));
	if (!plan->request) {
		ASH_TRY(ash_ossl_x509_read(der, &x509));
		ASH_ENSURE(X509_verify(x509, key) == 1, ash_ossl_code(mark, ASH_E_SIGNATURE));
		return ASH_DONE;
	}
	request = X509_REQ_new_ex(lib->ctx, NULL);
	ASH_ENSURE(request != NULL && d2i_X509_REQ(&request, &at, (long)der.len) != NULL &&
			   at == der.data + der.len,
		   ash_ossl_code(mark, ASH_E_FORMAT));
	ASH_ENSURE(X509_REQ_verify_ex(request, key, lib->ctx, NULL) == 1,
		   ash_ossl_code(mark, ASH_E_SIGNATURE));
	return ASH_DONE;
}

static struct ash_status end(const struct ash_certify *plan, struct ash_span body, struct ash_span signature,
			     struct ash_buf *der)
{
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) made = ASH_BUF_PLAIN;

	if (plan->alg.scheme == ASH_SCHEME_ECDSA) {
		ASH_TRY(ecdsa_value(signature, &value));
		signature = ash_buf_span(&value);
	}
	ASH_TRY(join(plan, body, signature, &made));
	ASH_TRY(verify(plan, ash_buf_span(&made)));
	return ash_buf_add(der, ash_buf_span(&made));
}

struct ash_status ash_certify_end(const struct ash_certify *plan, struct ash_span body,
				  struct ash_span signature, struct ash_buf *der)
{
	const size_t before = der->len;
	unsigned mark = ash_ossl_mark();
	struct ash_status status = ash_ossl_settle(mark, end(plan, body, signature, der));

	if (!ash_is_ok(status))
		der->len = before;
	return status;
}
