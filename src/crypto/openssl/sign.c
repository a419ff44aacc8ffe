/* Signatures with asymmetric keys, of a message, of its hash, or of what the caller hashed. */
#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#define CONTEXT_MAX    255u /* ML-DSA */
#define PKCS1_OVERHEAD 11u
#define DER_MAX        160u /* of an ECDSA signature up to P-521 */

struct sign_op {
	struct ash_ossl_op base;
	EVP_PKEY_CTX *ctx;
	EVP_MD_CTX *hash; /* NULL when all data comes with finish and goes as it is to OpenSSL */
	size_t len;       /* of a signature */
};

static struct sign_op *self(struct ash_ossl_op *op)
{
	return (struct sign_op *)op;
}

/* Schemes that hash for themselves are told their algorithm; the others take a digest. */
static bool init(const struct ash_ossl_op *op, EVP_PKEY_CTX *ctx)
{
	bool sign = op->op == ASH_OP_SIGN;
	EVP_SIGNATURE *whole = op->lib->signature[op->spec.group];

	if (whole != NULL)
		return (sign ? EVP_PKEY_sign_message_init(ctx, whole, NULL)
			     : EVP_PKEY_verify_message_init(ctx, whole, NULL)) == 1;
	return (sign ? EVP_PKEY_sign_init(ctx) : EVP_PKEY_verify_init(ctx)) == 1;
}

/* With a hash, RSA needs to know it: its DigestInfo is part of what is signed. */
static bool set_padding(const struct ash_ossl_op *op, EVP_PKEY_CTX *ctx)
{
	if (op->alg.scheme != ASH_SCHEME_RSA_PKCS1)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	       (op->alg.hash == ASH_HASH_NONE ||
		EVP_PKEY_CTX_set_signature_md(ctx, op->lib->hash[op->alg.hash]) == 1);
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	ASH_TRY(ash_ossl_key_context(op, key, &self(op)->ctx));
	ASH_ENSURE(init(op, self(op)->ctx) && set_padding(op, self(op)->ctx),
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	self(op)->len = ash_alg_signature_len(op->alg, &op->spec);
	return op->alg.hash != ASH_HASH_NONE ? ash_ossl_hash_new(op, &self(op)->hash) : ASH_DONE;
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	struct ash_ossl_params list = ASH_OSSL_PARAMS_NONE;
	const unsigned deterministic = params->deterministic;

	if (self(op)->hash != NULL)
		ASH_TRY(ash_ossl_hash_start(op, self(op)->hash));
	if (op->alg.scheme != ASH_SCHEME_ML_DSA) {
		ASH_ENSURE(params->context.len == 0, ASH_E_MECHANISM_PARAM);
		return ASH_DONE;
	}
	ASH_ENSURE(params->context.len <= CONTEXT_MAX, ASH_E_MECHANISM_PARAM);
	ash_ossl_params_bytes(&list, OSSL_SIGNATURE_PARAM_CONTEXT_STRING, params->context);
	ash_ossl_params_number(&list, OSSL_SIGNATURE_PARAM_DETERMINISTIC, &deterministic);
	ASH_ENSURE(EVP_PKEY_CTX_set_params(self(op)->ctx, list.param) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status update(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	(void)out;
	ASH_TRY(ash_ossl_hash_add(op, self(op)->hash, in));
	*ret_len = 0;
	return ASH_DONE;
}

/* What OpenSSL is to sign: the digest, once there is one, or the data itself. */
static struct ash_status to_sign(struct ash_ossl_op *op, struct ash_span in, struct ash_mut room,
				 struct ash_span *ret_data)
{
	const struct ash_span none = ash_span("", 0);

	if (self(op)->hash != NULL) {
		ASH_TRY(ash_ossl_hash_end(op, self(op)->hash, in, room.data));
		*ret_data = ash_span(room.data, ash_hash_len(op->alg.hash));
		return ASH_DONE;
	}
	ASH_ENSURE(op->alg.scheme != ASH_SCHEME_RSA_PKCS1 || in.len <= self(op)->len - PKCS1_OVERHEAD,
		   ASH_E_DATA_LEN);
	ASH_ENSURE(in.len != 0 || op->lib->signature[op->spec.group] != NULL, ASH_E_DATA_LEN); /* no digest */
	*ret_data = in.len != 0 ? in : none;
	return ASH_DONE;
}

/* OpenSSL's DER to r || s. */
static bool from_der(struct ash_span der, struct ash_mut out)
{
	const uint8_t *at = der.data;
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
	int half = (int)(out.len / 2);
	bool good = signature != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out.data, half) == half &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(signature), out.data + half, half) == half;

	ECDSA_SIG_free(signature);
	return good;
}

static bool to_der(struct ash_span raw, struct ash_mut room, size_t *ret_len)
{
	int half = (int)(raw.len / 2);
	uint8_t *at = room.data;
	ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw.data, half, NULL);
	BIGNUM *s = BN_bin2bn(raw.data + half, half, NULL);
	bool good = signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1;

	if (!good) {
		BN_free(r);
		BN_free(s);
	} else {
		int len = i2d_ECDSA_SIG(signature, NULL);

		good = len > 0 && (size_t)len <= room.len && i2d_ECDSA_SIG(signature, &at) == len;
		*ret_len = (size_t)len;
	}
	ECDSA_SIG_free(signature);
	return good;
}

static bool sign(struct ash_ossl_op *op, struct ash_span data, struct ash_mut out)
{
	uint8_t der[DER_MAX];
	size_t len = out.len;

	if (op->alg.scheme != ASH_SCHEME_ECDSA)
		return EVP_PKEY_sign(self(op)->ctx, out.data, &len, data.data, data.len) == 1 &&
		       len == out.len;
	len = sizeof(der);
	return EVP_PKEY_sign(self(op)->ctx, der, &len, data.data, data.len) == 1 &&
	       from_der(ash_span(der, len), out);
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	uint8_t digest[ASH_HASH_MAX];
	struct ash_span data = ASH_SPAN_NONE;
	size_t len = self(op)->len;

	ASH_ENSURE(out.len >= len, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(to_sign(op, in, ash_mut(digest, sizeof(digest)), &data));
	ASH_ENSURE(sign(op, data, ash_mut(out.data, len)), ash_ossl_code(op->mark, ASH_E_FAILED));
	*ret_len = len;
	return ASH_DONE;
}

static struct ash_status verify(struct ash_ossl_op *op, struct ash_span in, struct ash_span signature)
{
	uint8_t digest[ASH_HASH_MAX];
	uint8_t der[DER_MAX];
	struct ash_span data = ASH_SPAN_NONE;
	size_t len = 0;

	ASH_TRY(to_sign(op, in, ash_mut(digest, sizeof(digest)), &data));
	ASH_ENSURE(signature.len == self(op)->len, ASH_E_SIGNATURE_LEN);
	if (op->alg.scheme == ASH_SCHEME_ECDSA) {
		ASH_ENSURE(to_der(signature, ash_mut(der, sizeof(der)), &len),
			   ash_ossl_code(op->mark, ASH_E_FAILED));
		signature = ash_span(der, len);
	}
	ASH_ENSURE(EVP_PKEY_verify(self(op)->ctx, signature.data, signature.len, data.data, data.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_SIGNATURE));
	return ASH_DONE;
}

static void done(struct ash_ossl_op *op)
{
	EVP_PKEY_CTX_free(self(op)->ctx);
	EVP_MD_CTX_free(self(op)->hash);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	const struct sign_op *old = (const struct sign_op *)from;

	self(to)->len = old->len;
	self(to)->ctx = EVP_PKEY_CTX_dup(old->ctx);
	ASH_ENSURE(self(to)->ctx != NULL, ash_ossl_code(to->mark, ASH_E_FAILED));
	return old->hash != NULL ? ash_ossl_hash_copy(to, old->hash, &self(to)->hash) : ASH_DONE;
}

const struct ash_ossl_family ash_ossl_family_sign = {
	.size = sizeof(struct sign_op),
	.make = make,
	.start = start,
	.update = update,
	.finish = finish,
	.verify = verify,
	.done = done,
	.copy = copy,
};
