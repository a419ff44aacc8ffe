/* Schemes that take whole messages and hash for themselves: EdDSA and ML-DSA. */
#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>

#define CONTEXT_MAX 255u

struct message_op {
	struct ash_ossl_sign base;
	enum ash_ossl_variant variant; /* for which the context is */
};

static struct message_op *self(struct ash_ossl_op *op)
{
	return (struct message_op *)op;
}

static struct ash_status init(struct ash_ossl_op *op, enum ash_ossl_variant variant)
{
	EVP_PKEY_CTX *ctx = self(op)->base.ctx;
	EVP_SIGNATURE *whole = op->lib->signature[op->spec.group][variant];
	bool good = (op->op == ASH_OP_SIGN ? EVP_PKEY_sign_message_init(ctx, whole, NULL)
					   : EVP_PKEY_verify_message_init(ctx, whole, NULL)) == 1;

	self(op)->variant = good ? variant : ASH_OSSL_VARIANTS;
	ASH_ENSURE(good, ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	ASH_TRY(ash_ossl_sign_make(op, key));
	return init(op, ASH_OSSL_PURE);
}

/* RFC 8032: pure Ed25519 has no context, Ed25519ctx has one that is not empty. */
static struct ash_status choose(const struct ash_ossl_op *op, const struct ash_params *params,
				enum ash_ossl_variant *ret_variant)
{
	bool some = params->context.len != 0;

	ASH_ENSURE(params->context.len <= CONTEXT_MAX, ASH_E_MECHANISM_PARAM);
	*ret_variant = ASH_OSSL_PURE;
	if (op->alg.scheme != ASH_SCHEME_EDDSA) {
		ASH_ENSURE(!params->eddsa_params && !params->prehash, ASH_E_MECHANISM_PARAM);
		return ASH_DONE;
	}
	if (!params->eddsa_params) {
		ASH_ENSURE(!some && !params->prehash, ASH_E_MECHANISM_PARAM);
		return ASH_DONE;
	}
	ASH_ENSURE(params->prehash || some || op->spec.group != ASH_GROUP_ED25519, ASH_E_MECHANISM_PARAM);
	*ret_variant = params->prehash ? ASH_OSSL_PREHASH : ASH_OSSL_CONTEXT;
	return ASH_DONE;
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	struct ash_ossl_params list = ASH_OSSL_PARAMS_NONE;
	const unsigned deterministic = params->deterministic;
	enum ash_ossl_variant variant = ASH_OSSL_PURE;

	ASH_TRY(choose(op, params, &variant));
	if (variant != self(op)->variant)
		ASH_TRY(init(op, variant));
	ash_ossl_params_bytes(&list, OSSL_SIGNATURE_PARAM_CONTEXT_STRING, params->context);
	if (op->alg.scheme == ASH_SCHEME_ML_DSA)
		ash_ossl_params_number(&list, OSSL_SIGNATURE_PARAM_DETERMINISTIC, &deterministic);
	ASH_ENSURE(EVP_PKEY_CTX_set_params(self(op)->base.ctx, list.param) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	struct ash_ossl_sign *base = &self(op)->base;
	struct ash_span data = ASH_SPAN_NONE;
	size_t len = base->len;

	ASH_ENSURE(out.len >= len, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(ash_ossl_sign_data(op, in, NULL, &data));
	ASH_ENSURE(EVP_PKEY_sign(base->ctx, out.data, &len, data.data, data.len) == 1 && len == base->len,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	*ret_len = len;
	return ASH_DONE;
}

static struct ash_status verify(struct ash_ossl_op *op, struct ash_span in, struct ash_span signature)
{
	struct ash_ossl_sign *base = &self(op)->base;
	struct ash_span data = ASH_SPAN_NONE;

	ASH_TRY(ash_ossl_sign_data(op, in, NULL, &data));
	ASH_ENSURE(signature.len == base->len, ASH_E_SIGNATURE_LEN);
	ASH_ENSURE(EVP_PKEY_verify(base->ctx, signature.data, signature.len, data.data, data.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_SIGNATURE));
	return ASH_DONE;
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	self(to)->variant = ((const struct message_op *)from)->variant;
	return ash_ossl_sign_copy(from, to);
}

const struct ash_ossl_family ash_ossl_family_message = {
	.size = sizeof(struct message_op),
	.make = make,
	.start = start,
	.finish = finish,
	.verify = verify,
	.done = ash_ossl_sign_done,
	.copy = copy,
};
