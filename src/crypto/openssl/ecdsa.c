#include "crypto/openssl/openssl_priv.h"

#define DER_MAX 160u /* of a signature up to P-521 */

static struct ash_ossl_sign *self(struct ash_ossl_op *op)
{
	return (struct ash_ossl_sign *)op;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	bool good = false;

	ASH_TRY(ash_ossl_sign_make(op, key));
	good = (op->op == ASH_OP_SIGN ? EVP_PKEY_sign_init(self(op)->ctx)
				      : EVP_PKEY_verify_init(self(op)->ctx)) == 1;
	ASH_ENSURE(good, ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	ASH_ENSURE(params->context.len == 0, ASH_E_MECHANISM_PARAM);
	return ash_ossl_sign_start(op);
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

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	uint8_t digest[ASH_HASH_MAX];
	uint8_t der[DER_MAX];
	struct ash_span data = ASH_SPAN_NONE;
	size_t der_len = sizeof(der);
	size_t len = self(op)->len;

	ASH_ENSURE(out.len >= len, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(ash_ossl_sign_data(op, in, digest, &data));
	ASH_ENSURE(data.len != 0, ASH_E_DATA_LEN);
	ASH_ENSURE(EVP_PKEY_sign(self(op)->ctx, der, &der_len, data.data, data.len) == 1 &&
			   from_der(ash_span(der, der_len), ash_mut(out.data, len)),
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	*ret_len = len;
	return ASH_DONE;
}

static struct ash_status verify(struct ash_ossl_op *op, struct ash_span in, struct ash_span signature)
{
	uint8_t digest[ASH_HASH_MAX];
	uint8_t der[DER_MAX];
	struct ash_span data = ASH_SPAN_NONE;
	size_t len = 0;

	ASH_TRY(ash_ossl_sign_data(op, in, digest, &data));
	ASH_ENSURE(data.len != 0, ASH_E_DATA_LEN);
	ASH_ENSURE(signature.len == self(op)->len, ASH_E_SIGNATURE_LEN);
	ASH_ENSURE(to_der(signature, ash_mut(der, sizeof(der)), &len), ash_ossl_code(op->mark, ASH_E_FAILED));
	ASH_ENSURE(EVP_PKEY_verify(self(op)->ctx, der, len, data.data, data.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_SIGNATURE));
	return ASH_DONE;
}

const struct ash_ossl_family ash_ossl_family_ecdsa = {
	.size = sizeof(struct ash_ossl_sign),
	.make = make,
	.start = start,
	.update = ash_ossl_sign_update,
	.finish = finish,
	.verify = verify,
	.done = ash_ossl_sign_done,
	.copy = ash_ossl_sign_copy,
};
