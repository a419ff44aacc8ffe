/* HMAC, CMAC and GMAC. */
#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>

#include "util/secret.h"

#define GMAC_IV_MAX 128u /* OpenSSL's limit */

struct mac_op {
	struct ash_ossl_op base;
	EVP_MAC_CTX *ctx;
	size_t whole; /* length */
	size_t len;   /* of what is given of it */
};

static struct mac_op *self(struct ash_ossl_op *op)
{
	return (struct mac_op *)op;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	struct ash_span bytes = ash_secret_peek(key->secret);
	struct ash_ossl_params params = ASH_OSSL_PARAMS_NONE;

	if (op->alg.scheme == ASH_SCHEME_HMAC)
		ash_ossl_params_text(&params, OSSL_MAC_PARAM_DIGEST, ash_ossl_hash_name(op->alg.hash));
	else
		ash_ossl_params_text(&params, OSSL_MAC_PARAM_CIPHER,
				     ash_ossl_cipher_name(op->alg.scheme, ash_ossl_aes_index(op->spec.bits)));
	self(op)->whole = ash_alg_signature_len(op->alg, &op->spec);
	self(op)->ctx = EVP_MAC_CTX_new(op->lib->mac[op->alg.scheme]);
	ASH_ENSURE(self(op)->ctx != NULL &&
			   EVP_MAC_init(self(op)->ctx, bytes.data, bytes.len, params.param) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

/* Without a key it begins again with the one that it has. */
static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	struct ash_ossl_params list = ASH_OSSL_PARAMS_NONE;

	ASH_ENSURE(params->tag_len <= self(op)->whole, ASH_E_MECHANISM_PARAM);
	self(op)->len = params->tag_len != 0 ? params->tag_len : self(op)->whole;
	if (op->alg.scheme == ASH_SCHEME_AES_GMAC) {
		ASH_ENSURE(params->iv.len >= 1 && params->iv.len <= GMAC_IV_MAX, ASH_E_MECHANISM_PARAM);
		ash_ossl_params_bytes(&list, OSSL_MAC_PARAM_IV, params->iv);
	}
	ASH_ENSURE(EVP_MAC_init(self(op)->ctx, NULL, 0, list.param) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
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

static struct ash_status whole(struct ash_ossl_op *op, struct ash_span in, uint8_t mac[ASH_HASH_MAX])
{
	size_t len = 0;

	ASH_TRY(add(op, in));
	ASH_ENSURE(EVP_MAC_final(self(op)->ctx, mac, &len, ASH_HASH_MAX) == 1 && len == self(op)->whole,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	uint8_t mac[ASH_HASH_MAX];
	size_t len = self(op)->len;

	ASH_ENSURE(out.len >= len, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(whole(op, in, mac));
	memcpy(out.data, mac, len);
	ash_wipe(mac, sizeof(mac));
	*ret_len = len;
	return ASH_DONE;
}

static struct ash_status verify(struct ash_ossl_op *op, struct ash_span in, struct ash_span signature)
{
	uint8_t mac[ASH_HASH_MAX];
	struct ash_status status = ASH_DONE;
	bool equal = false;

	ASH_ENSURE(signature.len == self(op)->len, ASH_E_SIGNATURE_LEN);
	status = whole(op, in, mac);
	equal = ash_is_ok(status) && ash_span_equal_ct(ash_span(mac, signature.len), signature);
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
	const struct mac_op *old = (const struct mac_op *)from;

	self(to)->whole = old->whole;
	self(to)->len = old->len;
	self(to)->ctx = EVP_MAC_CTX_dup(old->ctx);
	ASH_ENSURE(self(to)->ctx != NULL, ash_ossl_code(to->mark, ASH_E_FAILED));
	return ASH_DONE;
}

const struct ash_ossl_family ash_ossl_family_mac = {
	.size = sizeof(struct mac_op),
	.make = make,
	.start = start,
	.update = update,
	.finish = finish,
	.verify = verify,
	.done = done,
	.copy = copy,
};
