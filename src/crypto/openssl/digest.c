#include "crypto/openssl/openssl_priv.h"

struct digest_op {
	struct ash_ossl_op base;
	EVP_MD_CTX *ctx;
};

struct ash_status ash_ossl_hash_new(const struct ash_ossl_op *op, EVP_MD_CTX **ret_ctx)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL || EVP_DigestInit_ex2(ctx, op->lib->hash[op->alg.hash], NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		ASH_FAIL(ash_ossl_code(op->mark, ASH_E_FAILED));
	}
	*ret_ctx = ctx;
	return ASH_DONE;
}

struct ash_status ash_ossl_hash_start(const struct ash_ossl_op *op, EVP_MD_CTX *ctx)
{
	ASH_ENSURE(EVP_DigestInit_ex2(ctx, NULL, NULL) == 1, ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

struct ash_status ash_ossl_hash_add(const struct ash_ossl_op *op, EVP_MD_CTX *ctx, struct ash_span in)
{
	ASH_ENSURE(in.len == 0 || EVP_DigestUpdate(ctx, in.data, in.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

struct ash_status ash_ossl_hash_end(const struct ash_ossl_op *op, EVP_MD_CTX *ctx, struct ash_span in,
				    uint8_t *ret_digest)
{
	ASH_TRY(ash_ossl_hash_add(op, ctx, in));
	ASH_ENSURE(EVP_DigestFinal_ex(ctx, ret_digest, NULL) == 1, ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

struct ash_status ash_ossl_hash_copy(const struct ash_ossl_op *op, const EVP_MD_CTX *from,
				     EVP_MD_CTX **ret_ctx)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_dup(from);

	ASH_ENSURE(ctx != NULL, ash_ossl_code(op->mark, ASH_E_FAILED));
	*ret_ctx = ctx;
	return ASH_DONE;
}

/* --- the family ---------------------------------------------------------------- */

static struct digest_op *self(struct ash_ossl_op *op)
{
	return (struct digest_op *)op;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	(void)key;
	return ash_ossl_hash_new(op, &self(op)->ctx);
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	(void)params;
	return ash_ossl_hash_start(op, self(op)->ctx);
}

static struct ash_status update(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	(void)out;
	ASH_TRY(ash_ossl_hash_add(op, self(op)->ctx, in));
	*ret_len = 0;
	return ASH_DONE;
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	size_t len = ash_hash_len(op->alg.hash);

	ASH_ENSURE(out.len >= len, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(ash_ossl_hash_end(op, self(op)->ctx, in, out.data));
	*ret_len = len;
	return ASH_DONE;
}

static void done(struct ash_ossl_op *op)
{
	EVP_MD_CTX_free(self(op)->ctx);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	return ash_ossl_hash_copy(to, ((const struct digest_op *)from)->ctx, &self(to)->ctx);
}

const struct ash_ossl_family ash_ossl_family_digest = {
	.size = sizeof(struct digest_op),
	.make = make,
	.start = start,
	.update = update,
	.finish = finish,
	.done = done,
	.copy = copy,
};
