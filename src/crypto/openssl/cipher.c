/* AES-ECB and AES-CBC, and what all ciphers share. */
#include "crypto/openssl/openssl_priv.h"

#include "util/secret.h"

#define BLOCK 16u

struct ash_status ash_ossl_cipher_new(const struct ash_ossl_op *op, const struct ash_ossl_key *key,
				      EVP_CIPHER_CTX **ret_ctx)
{
	EVP_CIPHER *cipher = op->lib->cipher[op->alg.scheme][ash_ossl_aes_index(op->spec.bits)];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx == NULL || EVP_CipherInit_ex2(ctx, cipher, ash_secret_peek(key->secret).data, NULL,
					      op->op == ASH_OP_ENCRYPT, NULL) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ASH_FAIL(ash_ossl_code(op->mark, ASH_E_FAILED));
	}
	*ret_ctx = ctx;
	return ASH_DONE;
}

struct ash_status ash_ossl_cipher_copy(const struct ash_ossl_op *op, const EVP_CIPHER_CTX *from,
				       EVP_CIPHER_CTX **ret_ctx)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_dup(from);

	ASH_ENSURE(ctx != NULL, ash_ossl_code(op->mark, ASH_E_FAILED));
	*ret_ctx = ctx;
	return ASH_DONE;
}

struct ash_status ash_ossl_cipher_run(const struct ash_ossl_op *op, EVP_CIPHER_CTX *ctx, struct ash_span in,
				      uint8_t *out, size_t *ret_len)
{
	size_t done = 0;

	while (in.len != 0) {
		size_t piece = in.len < ASH_OSSL_PIECE ? in.len : ASH_OSSL_PIECE;
		int len = 0;

		ASH_ENSURE(EVP_CipherUpdate(ctx, out != NULL ? out + done : NULL, &len, in.data,
					    (int)piece) == 1,
			   ash_ossl_code(op->mark, ASH_E_FAILED));
		done += (size_t)len;
		in = ash_span(in.data + piece, in.len - piece);
	}
	*ret_len = done;
	return ASH_DONE;
}

/*
 * What was held back comes out first, so that writing runs ahead of reading; in
 * place that works only with nothing held.
 */
struct ash_status ash_ossl_cipher_run_over(const struct ash_ossl_op *op, EVP_CIPHER_CTX *ctx, size_t held,
					   struct ash_span in, struct ash_mut out, size_t *ret_len)
{
	ASH_AUTO(ash_secret) *moved = NULL;

	if (ash_ossl_overlap(in, out) && (held != 0 || in.data != out.data)) {
		ASH_TRY(ash_secret_copy(in, &moved));
		in = ash_secret_peek(moved);
	}
	return ash_ossl_cipher_run(op, ctx, in, out.data, ret_len);
}

/* --- ECB, CBC ----------------------------------------------------------------------- */

struct blocks_op {
	struct ash_ossl_op base;
	EVP_CIPHER_CTX *ctx;
	size_t held;                     /* taken and not yet come out */
	struct ash_ossl_scratch scratch; /* what is decrypted and has its padding yet to be looked at */
};

static struct blocks_op *self(struct ash_ossl_op *op)
{
	return (struct blocks_op *)op;
}

static bool padded(const struct ash_ossl_op *op)
{
	return op->alg.scheme == ASH_SCHEME_AES_CBC_PAD;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	ASH_TRY(ash_ossl_cipher_new(op, key, &self(op)->ctx));
	ASH_ENSURE(EVP_CIPHER_CTX_set_padding(self(op)->ctx, padded(op)) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	bool ecb = op->alg.scheme == ASH_SCHEME_AES_ECB;

	ASH_ENSURE(params->iv.len == (ecb ? 0 : BLOCK), ASH_E_MECHANISM_PARAM);
	ASH_ENSURE(EVP_CipherInit_ex2(self(op)->ctx, NULL, NULL, ecb ? NULL : params->iv.data,
				      op->op == ASH_OP_ENCRYPT, NULL) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	self(op)->held = 0;
	return ASH_DONE;
}

static struct ash_status update(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	size_t room = ash_alg_update_max(op->op, op->alg, self(op)->held, in.len);
	size_t len = 0;

	ASH_ENSURE(out.len >= room, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(ash_ossl_cipher_run_over(op, self(op)->ctx, self(op)->held, in, ash_mut(out.data, room),
					 &len));
	self(op)->held += in.len - len;
	*ret_len = len;
	return ASH_DONE;
}

static struct ash_status check_len(const struct ash_ossl_op *op, size_t total)
{
	if (op->op == ASH_OP_ENCRYPT) {
		ASH_ENSURE(padded(op) || total % BLOCK == 0, ASH_E_DATA_LEN);
		return ASH_DONE;
	}
	ASH_ENSURE(total % BLOCK == 0 && (total != 0 || !padded(op)), ASH_E_ENCRYPTED_DATA_LEN);
	return ASH_DONE;
}

/* All that is left of the data, to a place of which nothing is promised if this fails. */
static struct ash_status run_to_end(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				    size_t *ret_len)
{
	uint8_t last[BLOCK];
	size_t len = 0;
	int last_len = 0;

	ASH_TRY(ash_ossl_cipher_run_over(op, self(op)->ctx, self(op)->held, in, out, &len));
	ASH_ENSURE(EVP_CipherFinal_ex(self(op)->ctx, last, &last_len) == 1,
		   ash_ossl_code(op->mark, ASH_E_ENCRYPTED_DATA));
	if (last_len != 0)
		memcpy(out.data + len, last, (size_t)last_len);
	ash_wipe(last, sizeof(last));
	*ret_len = len + (size_t)last_len;
	return ASH_DONE;
}

/* By way of the scratch: `out` may be the ciphertext, and gets nothing if the padding is wrong. */
static struct ash_status take_padding_off(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
					  size_t *ret_len)
{
	struct ash_ossl_scratch *scratch = &self(op)->scratch;
	const size_t room = self(op)->held + in.len;
	struct ash_status status = ASH_DONE;
	size_t len = 0;

	ASH_TRY(ash_ossl_scratch_reserve(scratch, room));
	status = run_to_end(op, in, ash_mut(scratch->data, room), &len);
	if (ash_is_ok(status)) {
		if (len != 0)
			memcpy(out.data, scratch->data, len);
		*ret_len = len;
	}
	ash_ossl_scratch_forget(scratch, room);
	return status;
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	size_t held = self(op)->held;
	size_t room = ash_alg_finish_max(op->op, op->alg, &op->spec, 0, held, in.len);

	ASH_ENSURE(out.len >= room && room != SIZE_MAX, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(check_len(op, held + in.len));
	if (padded(op) && op->op == ASH_OP_DECRYPT)
		return take_padding_off(op, in, out, ret_len);
	return run_to_end(op, in, ash_mut(out.data, room), ret_len);
}

static void done(struct ash_ossl_op *op)
{
	EVP_CIPHER_CTX_free(self(op)->ctx);
	ash_ossl_scratch_done(&self(op)->scratch);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	const struct blocks_op *old = (const struct blocks_op *)from;

	self(to)->held = old->held;
	return ash_ossl_cipher_copy(to, old->ctx, &self(to)->ctx);
}

const struct ash_ossl_family ash_ossl_family_blocks = {
	.size = sizeof(struct blocks_op),
	.make = make,
	.start = start,
	.update = update,
	.finish = finish,
	.done = done,
	.copy = copy,
};
