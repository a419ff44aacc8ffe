/* RSA signatures: v1.5 with a hash or as the caller padded it, PSS, raw; with recovery. */
#include "crypto/openssl/openssl_priv.h"

#include <openssl/rsa.h>

#include "util/secret.h"

#define PKCS1_OVERHEAD 11u
#define PSS_OVERHEAD   2u

struct rsa_op {
	struct ash_ossl_sign base;
	struct ash_secret *block; /* raw: the data with zeroes in front */
	enum ash_hash hash;       /* PSS, as the context has it: all three */
	enum ash_hash mgf_hash;
	uint32_t salt_len;
};

static struct rsa_op *self(struct ash_ossl_op *op)
{
	return (struct rsa_op *)op;
}

static bool init(enum ash_op op, EVP_PKEY_CTX *ctx)
{
	if (op == ASH_OP_VERIFY)
		return EVP_PKEY_verify_init(ctx) == 1;
	return (op == ASH_OP_VERIFY_RECOVER ? EVP_PKEY_verify_recover_init(ctx) : EVP_PKEY_sign_init(ctx)) ==
	       1;
}

/* With a hash, v1.5 needs to know it: its DigestInfo is part of what is signed. */
static bool set_padding(const struct ash_ossl_op *op, EVP_PKEY_CTX *ctx)
{
	if (op->alg.scheme == ASH_SCHEME_RSA_RAW)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1;
	if (op->alg.scheme == ASH_SCHEME_RSA_PSS)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	       (op->alg.hash == ASH_HASH_NONE ||
		EVP_PKEY_CTX_set_signature_md(ctx, op->lib->hash[op->alg.hash]) == 1);
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	struct rsa_op *rsa = self(op);

	ASH_TRY(ash_ossl_sign_make(op, key));
	ASH_ENSURE(init(op->op, rsa->base.ctx) && set_padding(op, rsa->base.ctx),
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	return op->alg.scheme == ASH_SCHEME_RSA_RAW ? ash_secret_new(rsa->base.len, &rsa->block) : ASH_DONE;
}

static bool set_pss(const struct ash_ossl_op *op, EVP_PKEY_CTX *ctx, const struct ash_params *params)
{
	return EVP_PKEY_CTX_set_signature_md(ctx, op->lib->hash[params->hash]) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, op->lib->hash[params->mgf_hash]) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)params->salt_len) == 1;
}

static struct ash_status start_pss(struct ash_ossl_op *op, const struct ash_params *params)
{
	struct rsa_op *rsa = self(op);
	size_t room = rsa->base.len - ash_hash_len(params->hash) - PSS_OVERHEAD;

	ASH_ENSURE(ash_hash_len(params->hash) != 0 && ash_hash_len(params->mgf_hash) != 0,
		   ASH_E_MECHANISM_PARAM);
	ASH_ENSURE(op->alg.hash == ASH_HASH_NONE || op->alg.hash == params->hash, ASH_E_MECHANISM_PARAM);
	ASH_ENSURE(params->salt_len <= room, ASH_E_MECHANISM_PARAM);
	if (rsa->hash == params->hash && rsa->mgf_hash == params->mgf_hash &&
	    rsa->salt_len == params->salt_len)
		return ASH_DONE;
	rsa->hash = ASH_HASH_NONE; /* unknown, should this fail */
	ASH_ENSURE(set_pss(op, rsa->base.ctx, params), ash_ossl_code(op->mark, ASH_E_FAILED));
	rsa->hash = params->hash;
	rsa->mgf_hash = params->mgf_hash;
	rsa->salt_len = params->salt_len;
	return ASH_DONE;
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	ASH_ENSURE(params->context.len == 0, ASH_E_MECHANISM_PARAM);
	if (op->alg.scheme == ASH_SCHEME_RSA_PSS)
		ASH_TRY(start_pss(op, params));
	return ash_ossl_sign_start(op);
}

/* What is signed or was signed: the digest, the data as it is, or with zeroes in front. */
static struct ash_status data_of(struct ash_ossl_op *op, struct ash_span in, uint8_t room[ASH_HASH_MAX],
				 struct ash_span *ret_data)
{
	struct rsa_op *rsa = self(op);
	struct ash_mut block = ash_secret_edit(rsa->block);

	ASH_TRY(ash_ossl_sign_data(op, in, room, ret_data));
	if (op->alg.hash != ASH_HASH_NONE)
		return ASH_DONE;
	ASH_ENSURE(in.len != 0, ASH_E_DATA_LEN);
	if (op->alg.scheme == ASH_SCHEME_RSA_PSS) {
		ASH_ENSURE(in.len == ash_hash_len(rsa->hash), ASH_E_DATA_LEN);
	} else if (op->alg.scheme == ASH_SCHEME_RSA_PKCS1) {
		ASH_ENSURE(in.len <= rsa->base.len - PKCS1_OVERHEAD, ASH_E_DATA_LEN);
	} else {
		ASH_ENSURE(in.len <= block.len, ASH_E_DATA_LEN);
		memset(block.data, 0, block.len - in.len);
		memcpy(block.data + block.len - in.len, in.data, in.len);
		*ret_data = ash_mut_span(block);
	}
	return ASH_DONE;
}

static struct ash_status sign(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out, size_t *ret_len)
{
	struct ash_ossl_sign *base = &self(op)->base;
	uint8_t digest[ASH_HASH_MAX];
	struct ash_span data = ASH_SPAN_NONE;
	size_t len = base->len;
	bool raw = op->alg.scheme == ASH_SCHEME_RSA_RAW;

	ASH_TRY(data_of(op, in, digest, &data));
	/* Raw data of this length has one thing wrong with it: not to be below the modulus. */
	ASH_ENSURE(EVP_PKEY_sign(base->ctx, out.data, &len, data.data, data.len) == 1 && len == base->len,
		   ash_ossl_code(op->mark, raw ? ASH_E_DATA : ASH_E_FAILED));
	*ret_len = len;
	return ASH_DONE;
}

static struct ash_status recover(struct ash_ossl_op *op, struct ash_span signature, struct ash_mut out,
				 size_t *ret_len)
{
	struct ash_ossl_sign *base = &self(op)->base;
	size_t len = out.len;

	ASH_ENSURE(signature.len == base->len, ASH_E_SIGNATURE_LEN);
	ASH_ENSURE(EVP_PKEY_verify_recover(base->ctx, out.data, &len, signature.data, signature.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_SIGNATURE));
	*ret_len = len;
	return ASH_DONE;
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	ASH_ENSURE(out.len >= self(op)->base.len, ASH_E_BUFFER_TOO_SMALL);
	return op->op == ASH_OP_VERIFY_RECOVER ? recover(op, in, out, ret_len) : sign(op, in, out, ret_len);
}

static struct ash_status verify(struct ash_ossl_op *op, struct ash_span in, struct ash_span signature)
{
	struct ash_ossl_sign *base = &self(op)->base;
	uint8_t digest[ASH_HASH_MAX];
	struct ash_span data = ASH_SPAN_NONE;

	ASH_TRY(data_of(op, in, digest, &data));
	ASH_ENSURE(signature.len == base->len, ASH_E_SIGNATURE_LEN);
	ASH_ENSURE(EVP_PKEY_verify(base->ctx, signature.data, signature.len, data.data, data.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_SIGNATURE));
	return ASH_DONE;
}

static void done(struct ash_ossl_op *op)
{
	ash_ossl_sign_done(op);
	ash_secret_free(self(op)->block);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	const struct rsa_op *old = (const struct rsa_op *)from;

	self(to)->hash = old->hash;
	self(to)->mgf_hash = old->mgf_hash;
	self(to)->salt_len = old->salt_len;
	if (old->block != NULL)
		ASH_TRY(ash_secret_new(old->base.len, &self(to)->block));
	return ash_ossl_sign_copy(from, to);
}

const struct ash_ossl_family ash_ossl_family_rsa_sign = {
	.size = sizeof(struct rsa_op),
	.make = make,
	.start = start,
	.update = ash_ossl_sign_update,
	.finish = finish,
	.verify = verify,
	.done = done,
	.copy = copy,
};
