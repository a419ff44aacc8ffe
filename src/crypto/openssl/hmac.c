#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>

#include "util/secret.h"

struct hmac_op {
	struct ash_ossl_op base;
	EVP_MAC_CTX *ctx;
};

static struct hmac_op *self(struct ash_ossl_op *op)
{
	return (struct hmac_op *)op;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	struct ash_span bytes = ash_secret_peek(key->secret);
	struct ash_ossl_params params = ASH_OSSL_PARAMS_NONE;

	ash_ossl_params_text(&params, OSSL_MAC_PARAM_DIGEST, ash_ossl_hash_name(op->alg.hash));
	self(op)->ctx = EVP_MAC_CTX_new(op->lib->hmac);
	ASH_ENSURE(self(op)->ctx != NULL &&
			   EVP_MAC_init(self(op)->ctx, bytes.data, bytes.len, params.param) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

/* Without a key it begins again with the one that it has. */
static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	(void)params;
	ASH_ENSURE(EVP_MAC_init(self(op)->ctx, NULL, 0, NULL) == 1, ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status add(struct ash_ossl_op *op, struct ash_span in)
{
	ASH_ENSURE(in.len == 0 || EVP_MAC_update(self(op)->ctx, in.data, in.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status update(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	(void)out;
	ASH_TRY(add(op, in));
	*ret_len = 0;
	return ASH_DONE;
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	size_t len = 0;

	ASH_ENSURE(out.len >= ash_hash_len(op->alg.hash), ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(add(op, in));
	ASH_ENSURE(EVP_MAC_final(self(op)->ctx, out.data, &len, out.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	*ret_len = len;
	return ASH_DONE;
}

static struct ash_status verify(struct ash_ossl_op *op, struct ash_span in, struct ash_span signature)
{
	uint8_t mac[ASH_HASH_MAX];
	struct ash_status status = ASH_DONE;
	size_t len = 0;
	bool equal = false;

	ASH_ENSURE(signature.len == ash_hash_len(op->alg.hash), ASH_E_SIGNATURE_LEN);
	status = finish(op, in, ash_mut(mac, sizeof(mac)), &len);
	equal = ash_is_ok(status) && ash_span_equal_ct(ash_span(mac, len), signature);
	ash_wipe(mac, sizeof(mac)); /* the right one for a message that somebody else chose */
	ASH_TRY(status);
	ASH_ENSURE(equal, ASH_E_SIGNATURE);
	return ASH_DONE;
}

static void done(struct ash_ossl_op *op)
{
	EVP_MAC_CTX_free(self(op)->ctx);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	self(to)->ctx = EVP_MAC_CTX_dup(((const struct hmac_op *)from)->ctx);
	ASH_ENSURE(self(to)->ctx != NULL, ash_ossl_code(to->mark, ASH_E_FAILED));
	return ASH_DONE;
}

const struct ash_ossl_family ash_ossl_family_hmac = {
	.size = sizeof(struct hmac_op),
	.make = make,
	.start = start,
	.update = update,
	.finish = finish,
	.verify = verify,
	.done = done,
	.copy = copy,
};
