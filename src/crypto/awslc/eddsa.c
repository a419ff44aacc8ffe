/* Ed25519: pure, with a context, and of a hash (RFC 8032). */
#include "crypto/awslc/awslc_priv.h"

typedef int sign_function(uint8_t *out, const uint8_t *message, size_t len, const uint8_t *private,
			  const uint8_t *context, size_t context_len);
typedef int verify_function(const uint8_t *message, size_t len, const uint8_t *signature,
			    const uint8_t *public, const uint8_t *context, size_t context_len);

static int pure_sign(uint8_t *out, const uint8_t *message, size_t len, const uint8_t *private,
		     const uint8_t *context, size_t context_len)
{
	(void)context;
	(void)context_len;
	return ED25519_sign(out, message, len, private);
}

static int pure_verify(const uint8_t *message, size_t len, const uint8_t *signature, const uint8_t *public,
		       const uint8_t *context, size_t context_len)
{
	(void)context;
	(void)context_len;
	return ED25519_verify(message, len, signature, public);
}

struct ash_awslc_eddsa_variant {
	sign_function *sign;
	verify_function *verify;
	size_t context_min;
	size_t context_max;
};

static const struct ash_awslc_eddsa_variant pure = { pure_sign, pure_verify, 0, 0 };
static const struct ash_awslc_eddsa_variant with_context = { ED25519ctx_sign, ED25519ctx_verify, 1,
							     ASH_AWSLC_CONTEXT_MAX };
static const struct ash_awslc_eddsa_variant prehash = { ED25519ph_sign, ED25519ph_verify, 0,
							ASH_AWSLC_CONTEXT_MAX };

static struct ash_status make(struct ash_awslc_op *op, const struct ash_awslc_key *key)
{
	memcpy(op->eddsa.private, key->private, sizeof(op->eddsa.private));
	memcpy(op->eddsa.public, key->public, sizeof(op->eddsa.public));
	return ASH_DONE;
}

static struct ash_status start(struct ash_awslc_op *op, const struct ash_params *params)
{
	struct ash_awslc_eddsa *self = &op->eddsa;
	const struct ash_awslc_eddsa_variant *variant = &pure;

	ASH_ENSURE(params->eddsa_params || !params->prehash, ASH_E_MECHANISM_PARAM);
	if (params->eddsa_params)
		variant = params->prehash ? &prehash : &with_context;
	ASH_ENSURE(params->context.len >= variant->context_min && params->context.len <= variant->context_max,
		   ASH_E_MECHANISM_PARAM);
	if (params->context.len != 0)
		memcpy(self->context, params->context.data, params->context.len);
	self->context_len = params->context.len;
	self->variant = variant;
	return ASH_DONE;
}

static struct ash_status finish(struct ash_awslc_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	const struct ash_awslc_eddsa *self = &op->eddsa;

	ASH_ENSURE(out.len >= ED25519_SIGNATURE_LEN, ASH_E_BUFFER_TOO_SMALL);
	ASH_ENSURE(self->variant->sign(out.data, in.data, in.len, self->private, self->context,
				       self->context_len) == 1,
		   ash_awslc_code(op->mark, ASH_E_FAILED));
	*ret_len = ED25519_SIGNATURE_LEN;
	return ASH_DONE;
}

static struct ash_status verify(struct ash_awslc_op *op, struct ash_span in, struct ash_span signature)
{
	const struct ash_awslc_eddsa *self = &op->eddsa;

	ASH_ENSURE(signature.len == ED25519_SIGNATURE_LEN, ASH_E_SIGNATURE_LEN);
	ASH_ENSURE(self->variant->verify(in.data, in.len, signature.data, self->public, self->context,
					 self->context_len) == 1,
		   ash_awslc_code(op->mark, ASH_E_SIGNATURE));
	return ASH_DONE;
}

static struct ash_status copy(const struct ash_awslc_op *from, struct ash_awslc_op *to)
{
	to->eddsa = from->eddsa;
	return ASH_DONE;
}

const struct ash_awslc_family ash_awslc_family_eddsa = {
	.make = make,
	.start = start,
	.finish = finish,
	.verify = verify,
	.copy = copy,
};
