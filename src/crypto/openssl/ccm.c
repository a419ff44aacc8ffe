/*
 * AES-CCM, whole messages. The nonce's and the tag's length are part of what OpenSSL
 * computes when it takes the key, so each start gives it anew.
 */
#include "crypto/openssl/openssl_priv.h"

#include "util/secret.h"

#define NONCE_MIN 7u
#define NONCE_MAX 13u
#define TAG_MIN   4u
#define TAG_MAX   16u

struct ccm_op {
	struct ash_ossl_op base;
	EVP_CIPHER_CTX *ctx;
	struct ash_secret *key;
	uint32_t tag_len;
	size_t data_len;
	struct ash_ossl_scratch scratch;
};

static struct ccm_op *self(struct ash_ossl_op *op)
{
	return (struct ccm_op *)op;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	ASH_TRY(ash_secret_copy(ash_secret_peek(key->secret), &self(op)->key));
	return ash_ossl_cipher_new(op, key, &self(op)->ctx);
}

/* SP 800-38C, A.1; the message's length is written in what the nonce leaves of 15 bytes. */
static bool lengths_good(const struct ash_params *params)
{
	size_t nonce = params->iv.len;
	uint32_t tag = params->tag_len;

	if (nonce < NONCE_MIN || nonce > NONCE_MAX || tag < TAG_MIN || tag > TAG_MAX || tag % 2 != 0)
		return false;
	if (8 * (15 - nonce) < 8 * sizeof(size_t) && params->data_len >> (8 * (15 - nonce)) != 0)
		return false;
	return params->data_len <= ASH_OSSL_PIECE && params->aad.len <= ASH_OSSL_PIECE;
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	EVP_CIPHER_CTX *ctx = self(op)->ctx;
	const uint8_t *key = ash_secret_peek(self(op)->key).data;
	int len = 0;

	ASH_ENSURE(lengths_good(params), ASH_E_MECHANISM_PARAM);
	ASH_ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)params->iv.len, NULL) == 1 &&
			   EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)params->tag_len, NULL) == 1 &&
			   EVP_CipherInit_ex2(ctx, NULL, key, params->iv.data, op->op == ASH_OP_ENCRYPT,
					      NULL) == 1 &&
			   EVP_CipherUpdate(ctx, NULL, &len, NULL, (int)params->data_len) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	ASH_ENSURE(params->aad.len == 0 ||
			   EVP_CipherUpdate(ctx, NULL, &len, params->aad.data, (int)params->aad.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	self(op)->tag_len = params->tag_len;
	self(op)->data_len = params->data_len;
	return ASH_DONE;
}

/* The message at one go, into the scratch: `out` may lie over it, and gets nothing that is not verified. */
static bool run(struct ccm_op *ccm, const uint8_t *data)
{
	int len = 0;

	return EVP_CipherUpdate(ccm->ctx, ccm->scratch.data, &len, data != NULL ? data : (const uint8_t *)"",
				(int)ccm->data_len) == 1;
}

static struct ash_status encrypt(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out)
{
	struct ccm_op *ccm = self(op);
	size_t len = ccm->data_len;

	ASH_TRY(ash_ossl_scratch_reserve(&ccm->scratch, len + ccm->tag_len));
	ASH_ENSURE(run(ccm, in.data) && EVP_CIPHER_CTX_ctrl(ccm->ctx, EVP_CTRL_AEAD_GET_TAG,
							    (int)ccm->tag_len, ccm->scratch.data + len) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	memcpy(out.data, ccm->scratch.data, len + ccm->tag_len);
	return ASH_DONE;
}

static struct ash_status decrypt(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out)
{
	struct ccm_op *ccm = self(op);
	size_t len = ccm->data_len;
	uint8_t tag[TAG_MAX];

	ASH_TRY(ash_ossl_scratch_reserve(&ccm->scratch, len));
	memcpy(tag, in.data + len, ccm->tag_len);
	ASH_ENSURE(EVP_CIPHER_CTX_ctrl(ccm->ctx, EVP_CTRL_AEAD_SET_TAG, (int)ccm->tag_len, tag) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	ASH_ENSURE(run(ccm, in.data), ash_ossl_code(op->mark, ASH_E_AUTHENTICATION));
	if (len != 0)
		memcpy(out.data, ccm->scratch.data, len);
	return ASH_DONE;
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	struct ccm_op *ccm = self(op);
	bool seal = op->op == ASH_OP_ENCRYPT;
	size_t len = ccm->data_len + (seal ? ccm->tag_len : 0);
	struct ash_status status = ASH_DONE;

	/* Before the room: who has too little of both is not helped by a larger buffer. */
	ASH_ENSURE(in.len == ccm->data_len + (seal ? 0 : ccm->tag_len),
		   seal ? ASH_E_DATA_LEN : ASH_E_ENCRYPTED_DATA_LEN);
	ASH_ENSURE(out.len >= len, ASH_E_BUFFER_TOO_SMALL);
	status = seal ? encrypt(op, in, out) : decrypt(op, in, out);
	if (ash_is_ok(status))
		*ret_len = len;
	ash_ossl_scratch_forget(&ccm->scratch, len < ccm->scratch.len ? len : ccm->scratch.len);
	return status;
}

static void done(struct ash_ossl_op *op)
{
	EVP_CIPHER_CTX_free(self(op)->ctx);
	ash_secret_free(self(op)->key);
	ash_ossl_scratch_done(&self(op)->scratch);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	const struct ccm_op *old = (const struct ccm_op *)from;

	self(to)->tag_len = old->tag_len;
	self(to)->data_len = old->data_len;
	ASH_TRY(ash_secret_copy(ash_secret_peek(old->key), &self(to)->key));
	return ash_ossl_cipher_copy(to, old->ctx, &self(to)->ctx);
}

const struct ash_ossl_family ash_ossl_family_ccm = {
	.size = sizeof(struct ccm_op),
	.make = make,
	.start = start,
	.finish = finish,
	.done = done,
	.copy = copy,
};
