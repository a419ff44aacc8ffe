/* PKCS#12 files: their private keys and certificates. */
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <string.h>

#include "crypto/openssl/keyfile_priv.h"

#define FILE_MAX  (16u << 20)
#define DEPTH_MAX 4 /* of bags in bags */

struct opening {
	struct ash_ossl *lib;
	const char *passphrase;
	int passphrase_len;
	unsigned mark;
	uint64_t work; /* that its passphrase has taken so far */
	struct ash_keyfile_bundle *bundle;
};

void ash_keyfile_bundle_done(struct ash_keyfile_bundle *bundle)
{
	for (size_t i = 0; i < bundle->key_count; i++) {
		ash_buf_done(&bundle->keys[i].pkcs8);
		ash_buf_done(&bundle->keys[i].name);
	}
	for (size_t i = 0; i < bundle->cert_count; i++) {
		ash_buf_done(&bundle->certs[i].der);
		ash_buf_done(&bundle->certs[i].name);
	}
	ash_mem_free(bundle->keys);
	ash_mem_free(bundle->certs);
	*bundle = ASH_KEYFILE_BUNDLE_NONE;
}

static struct ash_status bundle_init(struct ash_keyfile_bundle *bundle)
{
	bundle->keys = ash_mem_new(ASH_KEYFILE_KEYS_MAX, sizeof(*bundle->keys));
	bundle->certs = ash_mem_new(ASH_KEYFILE_CERTS_MAX, sizeof(*bundle->certs));
	ASH_ENSURE(bundle->keys != NULL && bundle->certs != NULL, ASH_E_MEMORY);
	return ASH_DONE;
}

static struct ash_status take_name(PKCS12_SAFEBAG *bag, struct ash_buf *out)
{
	char *name = PKCS12_get_friendlyname(bag);
	struct ash_status status = ASH_DONE;

	if (name != NULL)
		status = ash_buf_add(out, ash_span_text(name));
	OPENSSL_free(name);
	return status;
}

static struct ash_status add_key(struct opening *opening, PKCS12_SAFEBAG *bag,
				 const PKCS8_PRIV_KEY_INFO *info)
{
	struct ash_keyfile_bundle *bundle = opening->bundle;
	struct ash_keyfile_key *key = NULL;

	ASH_ENSURE(bundle->key_count < ASH_KEYFILE_KEYS_MAX, ASH_E_LIMIT);
	key = &bundle->keys[bundle->key_count++];
	*key = (struct ash_keyfile_key){ .pkcs8 = ASH_BUF_SECRET, .name = ASH_BUF_PLAIN };
	ASH_TRY(ash_keyfile_append_pkcs8(info, &key->pkcs8));
	return take_name(bag, &key->name);
}

static struct ash_status open_key(struct opening *opening, PKCS12_SAFEBAG *bag)
{
	PKCS8_PRIV_KEY_INFO *info = NULL;
	const X509_ALGOR *algorithm = NULL;
	struct ash_status status = ASH_DONE;

	ASH_ENSURE(PKCS12_SAFEBAG_get0_pkcs8(bag) != NULL, ASH_E_FORMAT);
	X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, NULL);
	ASH_TRY(ash_keyfile_count_work(algorithm, &opening->work));
	info = PKCS12_decrypt_skey_ex(bag, opening->passphrase, opening->passphrase_len, opening->lib->ctx,
				      NULL);
	if (info == NULL)
		return ash_keyfile_refuse(opening->mark, ASH_E_PIN_INCORRECT);
	status = add_key(opening, bag, info);
	PKCS8_PRIV_KEY_INFO_free(info);
	return status;
}

/* ---- Certificates ---- */

static int encode_cert(const void *object, uint8_t **at)
{
	return i2d_X509(object, at);
}

static struct ash_status add_cert(struct opening *opening, PKCS12_SAFEBAG *bag)
{
	struct ash_keyfile_bundle *bundle = opening->bundle;
	struct ash_keyfile_cert *cert = NULL;
	struct ash_status status = ASH_DONE;
	X509 *x509 = NULL;

	if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
		return ASH_DONE;
	ASH_ENSURE(bundle->cert_count < ASH_KEYFILE_CERTS_MAX, ASH_E_LIMIT);
	x509 = PKCS12_SAFEBAG_get1_cert_ex(bag, opening->lib->ctx, NULL);
	ASH_ENSURE(x509 != NULL, ash_ossl_code(opening->mark, ASH_E_FORMAT));
	cert = &bundle->certs[bundle->cert_count++];
	*cert = (struct ash_keyfile_cert){
		.der = ASH_BUF_PLAIN,
		.name = ASH_BUF_PLAIN,
		.key = SIZE_MAX,
	};
	status = ash_keyfile_append(encode_cert, x509, &cert->der);
	X509_free(x509);
	ASH_TRY(status);
	return take_name(bag, &cert->name);
}

/* ---- Bags ---- */

static struct ash_status take_bags(struct opening *opening, const STACK_OF(PKCS12_SAFEBAG) * bags, int depth);

static struct ash_status take_bag(struct opening *opening, PKCS12_SAFEBAG *bag, int depth)
{
	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_keyBag: return add_key(opening, bag, PKCS12_SAFEBAG_get0_p8inf(bag));
	case NID_pkcs8ShroudedKeyBag: return open_key(opening, bag);
	case NID_certBag: return add_cert(opening, bag);
	case NID_safeContentsBag:
		ASH_ENSURE(depth < DEPTH_MAX, ASH_E_LIMIT);
		return take_bags(opening, PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
	default: return ASH_DONE; /* revocation lists, secrets: not what is asked for */
	}
}

static struct ash_status take_bags(struct opening *opening, const STACK_OF(PKCS12_SAFEBAG) * bags, int depth)
{
	for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++)
		ASH_TRY(take_bag(opening, sk_PKCS12_SAFEBAG_value(bags, i), depth));
	return ASH_DONE;
}

static struct ash_status take_content(struct opening *opening, PKCS7 *content)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	struct ash_status status = ASH_DONE;

	if (PKCS7_type_is_data(content))
		bags = PKCS12_unpack_p7data(content);
	else if (PKCS7_type_is_encrypted(content)) {
		ASH_ENSURE(content->d.encrypted != NULL, ASH_E_FORMAT);
		ASH_TRY(ash_keyfile_count_work(content->d.encrypted->enc_data->algorithm, &opening->work));
		bags = PKCS12_unpack_p7encdata(content, opening->passphrase, opening->passphrase_len);
	} else
		ASH_FAIL_WITH(ASH_E_UNSUPPORTED, "a part of it is encrypted to a public key");
	if (bags == NULL)
		return ash_keyfile_refuse(opening->mark, ASH_E_PIN_INCORRECT);
	status = take_bags(opening, bags, 0);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return status;
}

static struct ash_status take_contents(struct opening *opening, const PKCS12 *p12)
{
	STACK_OF(PKCS7) *contents = PKCS12_unpack_authsafes(p12);
	struct ash_status status = ASH_DONE;

	if (contents == NULL)
		return ash_keyfile_refuse(opening->mark, ASH_E_FORMAT);
	for (int i = 0; ash_is_ok(status) && i < sk_PKCS7_num(contents); i++)
		status = take_content(opening, sk_PKCS7_value(contents, i));
	sk_PKCS7_pop_free(contents, PKCS7_free);
	return status;
}

/* ---- Which certificate is for which key ---- */

static bool is_for(struct ash_ossl *lib, const struct ash_keyfile_cert *cert, EVP_PKEY *pkey)
{
	const uint8_t *at = cert->der.data;
	X509 *x509 = X509_new_ex(lib->ctx, NULL);
	bool same = x509 != NULL && d2i_X509(&x509, &at, (long)cert->der.len) != NULL &&
		    X509_check_private_key(x509, pkey) == 1;

	X509_free(x509);
	return same;
}

/* A key that OpenSSL does not know, or of which memory ran out, has no certificate. */
static void match_key(struct opening *opening, size_t index)
{
	const struct ash_keyfile_key *key = &opening->bundle->keys[index];
	const uint8_t *at = key->pkcs8.data;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)key->pkcs8.len);
	EVP_PKEY *pkey = info != NULL ? EVP_PKCS82PKEY_ex(info, opening->lib->ctx, NULL) : NULL;

	for (size_t i = 0; pkey != NULL && i < opening->bundle->cert_count; i++) {
		struct ash_keyfile_cert *cert = &opening->bundle->certs[i];

		if (cert->key == SIZE_MAX && is_for(opening->lib, cert, pkey))
			cert->key = index;
	}
	EVP_PKEY_free(pkey);
	PKCS8_PRIV_KEY_INFO_free(info);
}

/* ---- The file ---- */

/* An empty passphrase may have been none at all: two different things in PKCS#12. */
static struct ash_status check_mac(struct opening *opening, PKCS12 *p12)
{
	if (!PKCS12_mac_present(p12))
		return ASH_DONE;
	ASH_TRY(ash_keyfile_count_mac(p12, &opening->work));
	if (PKCS12_verify_mac(p12, opening->passphrase, opening->passphrase_len) == 1)
		return ASH_DONE;
	if (opening->passphrase_len == 0) {
		opening->passphrase = NULL;
		if (PKCS12_verify_mac(p12, NULL, 0) == 1)
			return ASH_DONE;
	}
	return ash_keyfile_refuse(opening->mark, ASH_E_PIN_INCORRECT);
}

static struct ash_status open_parsed(struct opening *opening, PKCS12 *p12)
{
	ASH_TRY(check_mac(opening, p12));
	ASH_TRY(take_contents(opening, p12));
	for (size_t i = 0; i < opening->bundle->key_count; i++)
		match_key(opening, i);
	ERR_clear_error();
	ASH_ENSURE(ash_ossl_mark() == opening->mark, ASH_E_MEMORY);
	return ASH_DONE;
}

struct ash_status ash_keyfile_pkcs12_open(struct ash_span der, struct ash_span passphrase,
					  struct ash_keyfile_bundle *ret_bundle)
{
	ASH_AUTO(ash_keyfile_bundle) bundle = ASH_KEYFILE_BUNDLE_NONE;
	struct opening opening = { .passphrase = passphrase.len != 0 ? (const char *)passphrase.data : "",
				   .passphrase_len = (int)passphrase.len,
				   .bundle = &bundle };
	struct ash_status status = ASH_DONE;
	const uint8_t *at = der.data;
	PKCS12 *p12 = NULL;

	ASH_ENSURE(der.len <= FILE_MAX && passphrase.len <= INT_MAX, ASH_E_LIMIT);
	ASH_TRY(ash_keyfile_library(&opening.lib));
	ASH_TRY(bundle_init(&bundle));
	opening.mark = ash_ossl_mark();
	p12 = PKCS12_init_ex(NID_pkcs7_data, opening.lib->ctx, NULL);
	ASH_ENSURE(p12 != NULL, ash_ossl_code(opening.mark, ASH_E_FAILED));
	if (d2i_PKCS12(&p12, &at, (long)der.len) == NULL || at != der.data + der.len)
		status = ash_status_fail(ash_ossl_code(opening.mark, ASH_E_FORMAT), __FILE__, __LINE__);
	else
		status = open_parsed(&opening, p12);
	PKCS12_free(p12);
	ASH_TRY(status);
	*ret_bundle = bundle;
	bundle = ASH_KEYFILE_BUNDLE_NONE;
	return ASH_DONE;
}
