#include "crypto/openssl/openssl_priv.h"

#include <openssl/rsa.h>

#define PKCS1_OVERHEAD 11u

struct crypt_op {
	struct ash_ossl_op base;
	EVP_PKEY_CTX *ctx;
	size_t len; /* of the modulus */
};

static struct crypt_op *self(struct ash_ossl_op *op)
{
	return (struct crypt_op *)op;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	EVP_PKEY_CTX *ctx = NULL;
	bool good = false;

	ASH_TRY(ash_ossl_key_context(op, key, &self(op)->ctx));
	ctx = self(op)->ctx;
	good = (op->op == ASH_OP_ENCRYPT ? EVP_PKEY_encrypt_init(ctx) : EVP_PKEY_decrypt_init(ctx)) == 1 &&
	       EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	ASH_ENSURE(good, ash_ossl_code(op->mark, ASH_E_FAILED));
	self(op)->len = op->spec.bits / 8;
	return ASH_DONE;
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	(void)op;
	(void)params;
	return ASH_DONE;
}

static struct ash_status encrypt(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				 size_t *ret_len)
{
	size_t len = out.len;
	const uint8_t *data = in.len != 0 ? in.data : (const uint8_t *)"";

	ASH_ENSURE(in.len <= self(op)->len - PKCS1_OVERHEAD, ASH_E_DATA_LEN);
	ASH_ENSURE(EVP_PKEY_encrypt(self(op)->ctx, out.data, &len, data, in.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	*ret_len = len;
	return ASH_DONE;
}

/*
 * OpenSSL's implicit rejection: for wrong padding it gives bytes that depend on the key
 * and the ciphertext alone. Only what everybody can see is refused: the length, and a
 * number that is not below the modulus.
 */
static struct ash_status decrypt(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				 size_t *ret_len)
{
	size_t len = out.len;

	ASH_ENSURE(in.len == self(op)->len, ASH_E_ENCRYPTED_DATA_LEN);
	ASH_ENSURE(EVP_PKEY_decrypt(self(op)->ctx, out.data, &len, in.data, in.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_ENCRYPTED_DATA));
	*ret_len = len;
	return ASH_DONE;
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	ASH_ENSURE(out.len >= self(op)->len, ASH_E_BUFFER_TOO_SMALL);
	return op->op == ASH_OP_ENCRYPT ? encrypt(op, in, out, ret_len) : decrypt(op, in, out, ret_len);
}

static void done(struct ash_ossl_op *op)
{
	EVP_PKEY_CTX_free(self(op)->ctx);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	const struct crypt_op *old = (const struct crypt_op *)from;

	self(to)->len = old->len;
	self(to)->ctx = EVP_PKEY_CTX_dup(old->ctx);
	ASH_ENSURE(self(to)->ctx != NULL, ash_ossl_code(to->mark, ASH_E_FAILED));
	return ASH_DONE;
}

const struct ash_ossl_family ash_ossl_family_rsa_crypt = {
	.size = sizeof(struct crypt_op),
	.make = make,
	.start = start,
	.finish = finish,
	.done = done,
	.copy = copy,
};
