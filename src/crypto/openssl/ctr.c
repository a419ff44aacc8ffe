#include "crypto/openssl/openssl_priv.h"

#define BLOCK 16u

struct ctr_op {
	struct ash_ossl_op base;
	EVP_CIPHER_CTX *ctx;
	uint64_t left; /* bytes until the counter would begin again; UINT64_MAX: more than anybody has */
};

static struct ctr_op *self(struct ash_ossl_op *op)
{
	return (struct ctr_op *)op;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	return ash_ossl_cipher_new(op, key, &self(op)->ctx);
}

/*
 * Bytes that 2^bits less the counter's value of blocks have: PKCS#11 refuses what would
 * let the counter begin again. So the carry that OpenSSL takes into the bits before it,
 * which are none of the counter's, never comes.
 */
static uint64_t bytes_left(const uint8_t iv[BLOCK], uint32_t bits)
{
	uint64_t blocks = 0; /* 2^bits - value - 1: the complement of the value's bits */

	for (uint32_t i = 0; i < bits; i++) {
		if ((iv[BLOCK - 1 - i / 8] >> (i % 8) & 1) != 0)
			continue;
		if (i >= 59)
			return UINT64_MAX;
		blocks |= UINT64_C(1) << i;
	}
	return (blocks + 1) * BLOCK;
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	ASH_ENSURE(params->iv.len == BLOCK && params->counter_bits >= 1 && params->counter_bits <= 8 * BLOCK,
		   ASH_E_MECHANISM_PARAM);
	ASH_ENSURE(EVP_CipherInit_ex2(self(op)->ctx, NULL, NULL, params->iv.data, op->op == ASH_OP_ENCRYPT,
				      NULL) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	self(op)->left = bytes_left(params->iv.data, params->counter_bits);
	return ASH_DONE;
}

static struct ash_status update(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	struct ctr_op *ctr = self(op);

	ASH_ENSURE(out.len >= in.len, ASH_E_BUFFER_TOO_SMALL);
	ASH_ENSURE(ctr->left == UINT64_MAX || in.len <= ctr->left,
		   op->op == ASH_OP_ENCRYPT ? ASH_E_DATA_LEN : ASH_E_ENCRYPTED_DATA_LEN);
	ASH_TRY(ash_ossl_cipher_run_over(op, ctr->ctx, 0, in, ash_mut(out.data, in.len), ret_len));
	if (ctr->left != UINT64_MAX)
		ctr->left -= in.len;
	return ASH_DONE;
}

static void done(struct ash_ossl_op *op)
{
	EVP_CIPHER_CTX_free(self(op)->ctx);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	const struct ctr_op *old = (const struct ctr_op *)from;

	self(to)->left = old->left;
	return ash_ossl_cipher_copy(to, old->ctx, &self(to)->ctx);
}

const struct ash_ossl_family ash_ossl_family_ctr = {
	.size = sizeof(struct ctr_op),
	.make = make,
	.start = start,
	.update = update,
	.finish = update, /* there is nothing to end */
	.done = done,
	.copy = copy,
};
