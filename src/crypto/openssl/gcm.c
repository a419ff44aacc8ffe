#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>

#define IV_MAX 128u /* OpenSSL's limit */

struct gcm_op {
	struct ash_ossl_op base;
	EVP_CIPHER_CTX *ctx;
	size_t iv_len; /* as the context has it */
	uint32_t tag_len;
	struct ash_ossl_scratch scratch; /* plain bytes whose tag is not verified yet */
};

static struct gcm_op *self(struct ash_ossl_op *op)
{
	return (struct gcm_op *)op;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	self(op)->iv_len = 12;
	return ash_ossl_cipher_new(op, key, &self(op)->ctx);
}

static bool tag_len_good(uint32_t len)
{
	return (len >= 12 && len <= 16) || len == 8 || len == 4;
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	EVP_CIPHER_CTX *ctx = self(op)->ctx;
	size_t none = 0;

	ASH_ENSURE(params->iv.len >= 1 && params->iv.len <= IV_MAX && tag_len_good(params->tag_len),
		   ASH_E_MECHANISM_PARAM);
	if (params->iv.len != self(op)->iv_len) {
		self(op)->iv_len = 0; /* unknown, should this fail */
		ASH_ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)params->iv.len, NULL) == 1,
			   ash_ossl_code(op->mark, ASH_E_FAILED));
		self(op)->iv_len = params->iv.len;
	}
	ASH_ENSURE(EVP_CipherInit_ex2(ctx, NULL, NULL, params->iv.data, op->op == ASH_OP_ENCRYPT, NULL) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	self(op)->tag_len = params->tag_len;
	return ash_ossl_cipher_run(op, ctx, params->aad, NULL, &none);
}

static struct ash_status update(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	ASH_ENSURE(out.len >= in.len, ASH_E_BUFFER_TOO_SMALL);
	return ash_ossl_cipher_run_over(op, self(op)->ctx, 0, in, ash_mut(out.data, in.len), ret_len);
}

static struct ash_status encrypt(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				 size_t *ret_len)
{
	EVP_CIPHER_CTX *ctx = self(op)->ctx;
	uint32_t tag_len = self(op)->tag_len;
	uint8_t rest[16];
	int rest_len = 0;
	size_t len = 0;

	ASH_ENSURE(out.len >= tag_len && out.len - tag_len >= in.len, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(ash_ossl_cipher_run_over(op, ctx, 0, in, ash_mut(out.data, in.len), &len));
	ASH_ENSURE(EVP_CipherFinal_ex(ctx, rest, &rest_len) == 1 &&
			   EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)tag_len, out.data + len) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	*ret_len = len + tag_len;
	return ASH_DONE;
}

static struct ash_status open_sealed(struct ash_ossl_op *op, struct ash_span body, struct ash_span tag)
{
	EVP_CIPHER_CTX *ctx = self(op)->ctx;
	uint8_t expected[16];
	uint8_t rest[16];
	int rest_len = 0;
	size_t len = 0;

	memcpy(expected, tag.data, tag.len);
	ASH_TRY(ash_ossl_cipher_run(op, ctx, body, self(op)->scratch.data, &len));
	ASH_ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag.len, expected) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	ASH_ENSURE(EVP_CipherFinal_ex(ctx, rest, &rest_len) == 1,
		   ash_ossl_code(op->mark, ASH_E_AUTHENTICATION));
	return ASH_DONE;
}

/* Into the scratch first: `out` may be the ciphertext, and gets nothing that is not verified. */
static struct ash_status decrypt(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				 size_t *ret_len)
{
	struct gcm_op *gcm = self(op);
	struct ash_status status = ASH_DONE;
	size_t len = 0;

	ASH_ENSURE(in.len >= gcm->tag_len, ASH_E_ENCRYPTED_DATA_LEN);
	len = in.len - gcm->tag_len;
	ASH_ENSURE(out.len >= len, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(ash_ossl_scratch_reserve(&gcm->scratch, len));
	status = open_sealed(op, ash_span(in.data, len), ash_span(in.data + len, gcm->tag_len));
	if (ash_is_ok(status)) {
		if (len != 0)
			memcpy(out.data, gcm->scratch.data, len);
		*ret_len = len;
	}
	ash_ossl_scratch_forget(&gcm->scratch, len);
	return status;
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	return op->op == ASH_OP_ENCRYPT ? encrypt(op, in, out, ret_len) : decrypt(op, in, out, ret_len);
}

static void done(struct ash_ossl_op *op)
{
	EVP_CIPHER_CTX_free(self(op)->ctx);
	ash_ossl_scratch_done(&self(op)->scratch);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	const struct gcm_op *old = (const struct gcm_op *)from;

	self(to)->iv_len = old->iv_len;
	self(to)->tag_len = old->tag_len;
	return ash_ossl_cipher_copy(to, old->ctx, &self(to)->ctx);
}

const struct ash_ossl_family ash_ossl_family_gcm = {
	.size = sizeof(struct gcm_op),
	.make = make,
	.start = start,
	.update = update,
	.finish = finish,
	.done = done,
	.copy = copy,
};
