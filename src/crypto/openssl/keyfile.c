/* Private keys in files, but for PKCS#12 (pkcs12.c). */
#include "crypto/openssl/keyfile.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "crypto/openssl/keyfile_priv.h"
#include "util/secret.h"

#define FILE_MAX (16u << 20) /* OpenSSL counts in int and long: no key file is longer */

struct ash_status ash_keyfile_library(struct ash_ossl **ret_lib)
{
	static OSSL_PROVIDER *older;
	static OSSL_LIB_CTX *of;
	struct ash_ossl *lib = NULL;

	ASH_TRY(ash_ossl_library(&lib));
	if (older == NULL || of != lib->ctx) {
		unsigned mark = ash_ossl_mark();

		older = OSSL_PROVIDER_try_load(lib->ctx, "legacy", 1);
		ASH_ENSURE(older != NULL, ash_ossl_code(mark, ASH_E_FAILED));
		of = lib->ctx;
	}
	*ret_lib = lib;
	return ASH_DONE;
}

static bool is_missing_algorithm(unsigned long error)
{
	const int reason = ERR_GET_REASON(error);

	if (ERR_GET_LIB(error) == ERR_LIB_PKCS12)
		return reason == PKCS12_R_UNKNOWN_DIGEST_ALGORITHM;
	if (ERR_GET_LIB(error) != ERR_LIB_EVP)
		return false;
	return reason == ERR_R_UNSUPPORTED || reason == EVP_R_UNSUPPORTED_ALGORITHM ||
	       reason == EVP_R_UNKNOWN_PBE_ALGORITHM || reason == EVP_R_UNKNOWN_CIPHER ||
	       reason == EVP_R_UNSUPPORTED_CIPHER || reason == EVP_R_UNSUPPORTED_PRF ||
	       reason == EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION;
}

struct ash_status ash_keyfile_refuse(unsigned mark, enum ash_code code)
{
	unsigned long error;
	bool missing = false;

	while ((error = ERR_get_error()) != 0)
		missing = missing || is_missing_algorithm(error);
	ASH_ENSURE(ash_ossl_mark() == mark, ASH_E_MEMORY);
	if (missing)
		ASH_FAIL_WITH(ASH_E_UNSUPPORTED, "it is encrypted in a way that is not supported");
	ASH_FAIL(code);
}

struct ash_status ash_keyfile_append(int (*encode)(const void *object, uint8_t **at), const void *object,
				     struct ash_buf *out)
{
	unsigned mark = ash_ossl_mark();
	const int len = encode(object, NULL);
	struct ash_mut room = ash_mut(NULL, 0);

	ASH_ENSURE(len > 0, ash_ossl_code(mark, ASH_E_FORMAT));
	ASH_TRY(ash_buf_extend(out, (size_t)len, &room));
	if (encode(object, &room.data) == len)
		return ASH_DONE;
	out->len -= (size_t)len;
	ASH_FAIL(ash_ossl_code(mark, ASH_E_FORMAT));
}

static int encode_pkcs8(const void *object, uint8_t **at)
{
	return i2d_PKCS8_PRIV_KEY_INFO(object, at);
}

struct ash_status ash_keyfile_append_pkcs8(const PKCS8_PRIV_KEY_INFO *info, struct ash_buf *out)
{
	return ash_keyfile_append(encode_pkcs8, info, out);
}

/* ---- PKCS#8 with a passphrase ---- */

static struct ash_status count_work(const X509_SIG *closed)
{
	const X509_ALGOR *algorithm = NULL;
	uint64_t total = 0;

	X509_SIG_get0(closed, &algorithm, NULL);
	return ash_keyfile_count_work(algorithm, &total);
}

struct ash_status ash_keyfile_pkcs8_open(struct ash_span der, struct ash_span passphrase, struct ash_buf *out)
{
	const uint8_t *at = der.data;
	struct ash_ossl *lib = NULL;
	PKCS8_PRIV_KEY_INFO *info = NULL;
	X509_SIG *closed = NULL;
	struct ash_status status = ASH_DONE;
	unsigned mark;

	ASH_BUG(!out->secret);
	ASH_ENSURE(der.len <= FILE_MAX && passphrase.len <= INT_MAX, ASH_E_LIMIT);
	ASH_TRY(ash_keyfile_library(&lib));
	mark = ash_ossl_mark();
	closed = d2i_X509_SIG(NULL, &at, (long)der.len);
	if (closed == NULL || at != der.data + der.len) {
		X509_SIG_free(closed);
		ASH_FAIL(ash_ossl_code(mark, ASH_E_FORMAT));
	}
	status = count_work(closed);
	if (ash_is_ok(status))
		info = PKCS8_decrypt_ex(closed, (const char *)passphrase.data, (int)passphrase.len, lib->ctx,
					NULL);
	X509_SIG_free(closed);
	ASH_TRY(status);
	if (info == NULL)
		return ash_keyfile_refuse(mark, ASH_E_PIN_INCORRECT);
	status = ash_keyfile_append_pkcs8(info, out);
	PKCS8_PRIV_KEY_INFO_free(info);
	return status;
}

/* ---- PKCS#1 and SEC 1 ---- */

/* A point in full and a curve by its name: PKCS#11 knows no other way. */
static bool write_plainly(EVP_PKEY *pkey)
{
	return EVP_PKEY_set_utf8_string_param(pkey, "point-format", "uncompressed") == 1;
}

static struct ash_status to_pkcs8(int type, struct ash_span der, struct ash_buf *out)
{
	const uint8_t *at = der.data;
	struct ash_ossl *lib = NULL;
	PKCS8_PRIV_KEY_INFO *info = NULL;
	EVP_PKEY *pkey = NULL;
	struct ash_status status = ASH_DONE;
	unsigned mark;

	ASH_BUG(!out->secret);
	ASH_ENSURE(der.len <= FILE_MAX, ASH_E_LIMIT);
	ASH_TRY(ash_keyfile_library(&lib));
	mark = ash_ossl_mark();
	pkey = d2i_PrivateKey_ex(type, NULL, &at, (long)der.len, lib->ctx, NULL);
	if (pkey != NULL && at == der.data + der.len && (type != EVP_PKEY_EC || write_plainly(pkey)))
		info = EVP_PKEY2PKCS8(pkey);
	EVP_PKEY_free(pkey);
	ASH_ENSURE(info != NULL, ash_ossl_code(mark, ASH_E_FORMAT));
	ERR_clear_error();
	status = ash_keyfile_append_pkcs8(info, out);
	PKCS8_PRIV_KEY_INFO_free(info);
	return status;
}

struct ash_status ash_keyfile_rsa_to_pkcs8(struct ash_span der, struct ash_buf *out)
{
	return to_pkcs8(EVP_PKEY_RSA, der, out);
}

struct ash_status ash_keyfile_ec_to_pkcs8(struct ash_span der, struct ash_buf *out)
{
	return to_pkcs8(EVP_PKEY_EC, der, out);
}

/* ---- Ciphers and hashes ---- */

static struct ash_status fetch_cipher(struct ash_ossl *lib, const char *name, EVP_CIPHER **ret_cipher)
{
	unsigned mark = ash_ossl_mark();
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(lib->ctx, name, NULL);

	if (cipher == NULL) {
		const enum ash_code code = ash_ossl_code(mark, ASH_E_UNSUPPORTED);

		ASH_ENSURE(code == ASH_E_UNSUPPORTED, code);
		ASH_FAIL_WITH(ASH_E_UNSUPPORTED, "it is encrypted with a cipher that is not supported");
	}
	*ret_cipher = cipher;
	return ASH_DONE;
}

static struct ash_status decrypt_with(const EVP_CIPHER *cipher, struct ash_span key, struct ash_span iv,
				      bool padded, struct ash_span bytes, struct ash_buf *out)
{
	const size_t before = out->len;
	struct ash_mut room = ash_mut(NULL, 0);
	unsigned mark = ash_ossl_mark();
	EVP_CIPHER_CTX *ctx = NULL;
	int len = 0, last = 0;
	bool good;

	ASH_ENSURE((int)key.len == EVP_CIPHER_get_key_length(cipher) &&
			   (int)iv.len == EVP_CIPHER_get_iv_length(cipher),
		   ASH_E_FORMAT);
	ASH_ENSURE(bytes.len != 0 && bytes.len % (size_t)EVP_CIPHER_get_block_size(cipher) == 0,
		   ASH_E_FORMAT);
	ASH_TRY(ash_buf_extend(out, bytes.len + EVP_MAX_BLOCK_LENGTH, &room));
	ctx = EVP_CIPHER_CTX_new();
	good = ctx != NULL && EVP_DecryptInit_ex2(ctx, cipher, key.data, iv.data, NULL) == 1 &&
	       EVP_CIPHER_CTX_set_padding(ctx, padded) == 1 &&
	       EVP_DecryptUpdate(ctx, room.data, &len, bytes.data, (int)bytes.len) == 1 &&
	       EVP_DecryptFinal_ex(ctx, room.data + len, &last) == 1;
	EVP_CIPHER_CTX_free(ctx);
	out->len = before + (good ? (size_t)len + (size_t)last : 0);
	ash_wipe(out->data + out->len, before + room.len - out->len);
	ASH_ENSURE(good, ash_ossl_code(mark, ASH_E_PIN_INCORRECT));
	return ASH_DONE;
}

struct ash_status ash_keyfile_decrypt(const char *cipher, struct ash_span key, struct ash_span iv,
				      bool padded, struct ash_span bytes, struct ash_buf *out)
{
	struct ash_ossl *lib = NULL;
	EVP_CIPHER *fetched = NULL;
	struct ash_status status = ASH_DONE;

	ASH_BUG(!out->secret);
	ASH_ENSURE(bytes.len <= FILE_MAX, ASH_E_LIMIT);
	ASH_TRY(ash_keyfile_library(&lib));
	ASH_TRY(fetch_cipher(lib, cipher, &fetched));
	status = decrypt_with(fetched, key, iv, padded, bytes, out);
	EVP_CIPHER_free(fetched);
	return status;
}

/* The salt is the IV's beginning; MD5 and one round are all that the form knows. */
static struct ash_status pem_key(struct ash_ossl *lib, const EVP_CIPHER *cipher, struct ash_span iv,
				 struct ash_span passphrase, struct ash_secret *key)
{
	unsigned mark = ash_ossl_mark();
	EVP_MD *md5 = EVP_MD_fetch(lib->ctx, "MD5", NULL);
	bool good =
		md5 != NULL && EVP_BytesToKey(cipher, md5, iv.data, passphrase.data, (int)passphrase.len, 1,
					      ash_secret_edit(key).data, NULL) == (int)ash_secret_len(key);

	EVP_MD_free(md5);
	ASH_ENSURE(good, ash_ossl_code(mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status pem_open(struct ash_ossl *lib, const EVP_CIPHER *cipher, struct ash_span iv,
				  struct ash_span passphrase, struct ash_span bytes, struct ash_buf *out)
{
	ASH_AUTO(ash_secret) *key = NULL;

	ASH_ENSURE((int)iv.len == EVP_CIPHER_get_iv_length(cipher) && iv.len >= PKCS5_SALT_LEN, ASH_E_FORMAT);
	ASH_ENSURE(EVP_CIPHER_get_mode(cipher) == EVP_CIPH_CBC_MODE, ASH_E_FORMAT);
	ASH_TRY(ash_secret_new((size_t)EVP_CIPHER_get_key_length(cipher), &key));
	ASH_TRY(pem_key(lib, cipher, iv, passphrase, key));
	return decrypt_with(cipher, ash_secret_peek(key), iv, true, bytes, out);
}

struct ash_status ash_keyfile_pem_open(const char *cipher, struct ash_span iv, struct ash_span passphrase,
				       struct ash_span bytes, struct ash_buf *out)
{
	struct ash_ossl *lib = NULL;
	EVP_CIPHER *fetched = NULL;
	struct ash_status status = ASH_DONE;

	ASH_BUG(!out->secret);
	ASH_ENSURE(bytes.len <= FILE_MAX && passphrase.len <= INT_MAX, ASH_E_LIMIT);
	ASH_TRY(ash_keyfile_library(&lib));
	ASH_TRY(fetch_cipher(lib, cipher, &fetched));
	status = pem_open(lib, fetched, iv, passphrase, bytes, out);
	EVP_CIPHER_free(fetched);
	return status;
}

struct ash_status ash_keyfile_hash(const char *hash, struct ash_span first, struct ash_span second,
				   struct ash_mut out)
{
	struct ash_ossl *lib = NULL;
	EVP_MD_CTX *ctx = NULL;
	EVP_MD *md = NULL;
	unsigned mark;
	bool good;

	ASH_TRY(ash_keyfile_library(&lib));
	mark = ash_ossl_mark();
	md = EVP_MD_fetch(lib->ctx, hash, NULL);
	ctx = EVP_MD_CTX_new();
	good = md != NULL && ctx != NULL && (size_t)EVP_MD_get_size(md) == out.len &&
	       EVP_DigestInit_ex2(ctx, md, NULL) == 1 && EVP_DigestUpdate(ctx, first.data, first.len) == 1 &&
	       EVP_DigestUpdate(ctx, second.data, second.len) == 1 &&
	       EVP_DigestFinal_ex(ctx, out.data, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	ASH_ENSURE(good, ash_ossl_code(mark, ASH_E_FAILED));
	return ASH_DONE;
}

/* ---- Numbers ---- */

static bool reduce(BIGNUM *exponent, BIGNUM *prime, BN_CTX *ctx)
{
	if (exponent == NULL || prime == NULL || ctx == NULL || BN_num_bits(prime) < 2)
		return false;
	BN_set_flags(exponent, BN_FLG_CONSTTIME);
	BN_set_flags(prime, BN_FLG_CONSTTIME);
	return BN_sub_word(prime, 1) == 1 && BN_mod(exponent, exponent, prime, ctx) == 1;
}

static struct ash_status append_number(const BIGNUM *number, size_t len, struct ash_buf *out)
{
	struct ash_mut room = ash_mut(NULL, 0);

	ASH_TRY(ash_buf_extend(out, len, &room));
	ASH_ENSURE(BN_bn2binpad(number, room.data, (int)len) == (int)len, ASH_E_FAILED);
	return ASH_DONE;
}

struct ash_status ash_keyfile_crt_exponent(struct ash_span exponent, struct ash_span prime,
					   struct ash_buf *out)
{
	struct ash_ossl *lib = NULL;
	struct ash_status status = ASH_DONE;
	BIGNUM *exponent_bn = NULL, *prime_bn = NULL;
	BN_CTX *ctx = NULL;
	unsigned mark;

	ASH_BUG(!out->secret);
	ASH_ENSURE(exponent.len <= FILE_MAX && prime.len <= FILE_MAX, ASH_E_FORMAT);
	ASH_TRY(ash_keyfile_library(&lib));
	mark = ash_ossl_mark();
	exponent_bn = BN_bin2bn(exponent.data, (int)exponent.len, BN_secure_new());
	prime_bn = BN_bin2bn(prime.data, (int)prime.len, BN_secure_new());
	ctx = BN_CTX_secure_new_ex(lib->ctx);
	if (reduce(exponent_bn, prime_bn, ctx))
		status = append_number(exponent_bn, prime.len, out);
	else
		status = ash_status_fail(ash_ossl_code(mark, ASH_E_FORMAT), __FILE__, __LINE__);
	BN_clear_free(exponent_bn);
	BN_clear_free(prime_bn);
	BN_CTX_free(ctx);
	return status;
}

/* ---- Names ---- */

const char *ash_keyfile_algorithm(struct ash_span pkcs8)
{
	const uint8_t *at = pkcs8.data;
	const ASN1_OBJECT *oid = NULL;
	PKCS8_PRIV_KEY_INFO *info = NULL;
	struct ash_ossl *lib = NULL;
	const char *name = "";
	int nid = NID_undef;

	if (pkcs8.len > FILE_MAX || !ash_is_ok(ash_keyfile_library(&lib)))
		return "";
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)pkcs8.len);
	if (info != NULL && PKCS8_pkey_get0(&oid, NULL, NULL, NULL, info) == 1)
		nid = OBJ_obj2nid(oid);
	if (nid != NID_undef)
		name = OBJ_nid2ln(nid);
	PKCS8_PRIV_KEY_INFO_free(info);
	ERR_clear_error();
	return name;
}
