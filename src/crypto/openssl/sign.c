/* What signatures with asymmetric keys share: a context, and hashing before it. */
#include "crypto/openssl/openssl_priv.h"

static struct ash_ossl_sign *self(struct ash_ossl_op *op)
{
	return (struct ash_ossl_sign *)op;
}

struct ash_status ash_ossl_sign_make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	ASH_TRY(ash_ossl_key_context(op, key, &self(op)->ctx));
	self(op)->len = ash_alg_signature_len(op->alg, &op->spec);
	return op->alg.hash != ASH_HASH_NONE ? ash_ossl_hash_new(op, &self(op)->hash) : ASH_DONE;
}

struct ash_status ash_ossl_sign_start(struct ash_ossl_op *op)
{
	return self(op)->hash != NULL ? ash_ossl_hash_start(op, self(op)->hash) : ASH_DONE;
}

struct ash_status ash_ossl_sign_update(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				       size_t *ret_len)
{
	(void)out;
	ASH_TRY(ash_ossl_hash_add(op, self(op)->hash, in));
	*ret_len = 0;
	return ASH_DONE;
}

struct ash_status ash_ossl_sign_data(struct ash_ossl_op *op, struct ash_span in, uint8_t *room,
				     struct ash_span *ret_data)
{
	if (self(op)->hash == NULL) {
		*ret_data = in.len != 0 ? in : ash_span("", 0);
		return ASH_DONE;
	}
	ASH_TRY(ash_ossl_hash_end(op, self(op)->hash, in, room));
	*ret_data = ash_span(room, ash_hash_len(op->alg.hash));
	return ASH_DONE;
}

void ash_ossl_sign_done(struct ash_ossl_op *op)
{
	EVP_PKEY_CTX_free(self(op)->ctx);
	EVP_MD_CTX_free(self(op)->hash);
}

struct ash_status ash_ossl_sign_copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	const struct ash_ossl_sign *old = (const struct ash_ossl_sign *)from;

	self(to)->len = old->len;
	self(to)->ctx = EVP_PKEY_CTX_dup(old->ctx);
	ASH_ENSURE(self(to)->ctx != NULL, ash_ossl_code(to->mark, ASH_E_FAILED));
	return old->hash != NULL ? ash_ossl_hash_copy(to, old->hash, &self(to)->hash) : ASH_DONE;
}
