#include "crypto/awslc/awslc_priv.h"

#include <limits.h>

#define IV_MAX    ((size_t)1 << 20) /* AWS-LC itself takes 2 GiB */
#define TAG_MAX   16u
#define PIECE     ((size_t)1 << 30)  /* what AWS-LC takes at once is an int */
#define ROOM_KEPT ((size_t)64 << 10) /* what a longer message needed is given back */

static struct ash_status make(struct ash_awslc_op *op, const struct ash_awslc_key *key)
{
	const EVP_CIPHER *cipher = key->spec.bits == 128   ? EVP_aes_128_gcm()
				   : key->spec.bits == 192 ? EVP_aes_192_gcm()
							   : EVP_aes_256_gcm();
	struct ash_awslc_gcm *self = &op->gcm;

	self->plain = ASH_BUF_SECRET;
	self->plain.limit = SIZE_MAX;
	self->iv_len = 12;
	self->ctx = EVP_CIPHER_CTX_new();
	ASH_ENSURE(self->ctx != NULL && EVP_CipherInit_ex(self->ctx, cipher, NULL, key->private, NULL,
							  op->op == ASH_OP_ENCRYPT) == 1,
		   ash_awslc_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

/* Any length, in pieces; `out` NULL for associated data. It may be where `in` is, but not lie across it. */
static struct ash_status run(struct ash_awslc_op *op, struct ash_span in, uint8_t *out)
{
	int len = 0;

	for (size_t at = 0; at < in.len; at += (size_t)len) {
		size_t piece = in.len - at < PIECE ? in.len - at : PIECE;

		ASH_ENSURE(EVP_CipherUpdate(op->gcm.ctx, out != NULL ? out + at : NULL, &len, in.data + at,
					    (int)piece) == 1 &&
				   (size_t)len == piece,
			   ash_awslc_code(op->mark, ASH_E_FAILED));
	}
	return ASH_DONE;
}

/* The same where `out` may lie across `in`. */
static struct ash_status run_over(struct ash_awslc_op *op, struct ash_span in, uint8_t *out)
{
	uintptr_t from = (uintptr_t)in.data;
	uintptr_t to = (uintptr_t)out;

	if (from != to && from < to + in.len && to < from + in.len) {
		memmove(out, in.data, in.len);
		in = ash_span(out, in.len);
	}
	return run(op, in, out);
}

static bool tag_len_good(uint32_t len)
{
	return (len >= 12 && len <= TAG_MAX) || len == 8 || len == 4;
}

static struct ash_status start(struct ash_awslc_op *op, const struct ash_params *params)
{
	struct ash_awslc_gcm *self = &op->gcm;

	ASH_ENSURE(params->iv.len >= 1 && params->iv.len <= IV_MAX && tag_len_good(params->tag_len),
		   ASH_E_MECHANISM_PARAM);
	if (params->iv.len != self->iv_len) {
		self->iv_len = 0; /* unknown, should this fail */
		ASH_ENSURE(EVP_CIPHER_CTX_ctrl(self->ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)params->iv.len,
					       NULL) == 1,
			   ash_awslc_code(op->mark, ASH_E_FAILED));
		self->iv_len = params->iv.len;
	}
	ASH_ENSURE(EVP_CipherInit_ex(self->ctx, NULL, NULL, NULL, params->iv.data, -1) == 1,
		   ash_awslc_code(op->mark, ASH_E_FAILED));
	self->tag_len = params->tag_len;
	return run(op, params->aad, NULL);
}

static struct ash_status update(struct ash_awslc_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	ASH_ENSURE(out.len >= in.len, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(run_over(op, in, out.data));
	*ret_len = in.len;
	return ASH_DONE;
}

static struct ash_status encrypt(struct ash_awslc_op *op, struct ash_span in, struct ash_mut out,
				 size_t *ret_len)
{
	struct ash_awslc_gcm *self = &op->gcm;
	uint8_t nothing[TAG_MAX];
	int len = 0;

	ASH_ENSURE(out.len >= self->tag_len && out.len - self->tag_len >= in.len, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(run_over(op, in, out.data));
	ASH_ENSURE(EVP_CipherFinal_ex(self->ctx, nothing, &len) == 1 &&
			   EVP_CIPHER_CTX_ctrl(self->ctx, EVP_CTRL_AEAD_GET_TAG, (int)self->tag_len,
					       out.data + in.len) == 1,
		   ash_awslc_code(op->mark, ASH_E_FAILED));
	*ret_len = in.len + self->tag_len;
	return ASH_DONE;
}

static struct ash_status open_sealed(struct ash_awslc_op *op, struct ash_span body, struct ash_span tag)
{
	struct ash_awslc_gcm *self = &op->gcm;
	uint8_t expected[TAG_MAX];
	uint8_t nothing[TAG_MAX];
	int len = 0;

	memcpy(expected, tag.data, tag.len);
	self->plain.len = body.len;
	ASH_TRY(run(op, body, self->plain.data));
	ASH_ENSURE(EVP_CIPHER_CTX_ctrl(self->ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag.len, expected) == 1,
		   ash_awslc_code(op->mark, ASH_E_FAILED));
	ASH_ENSURE(EVP_CipherFinal_ex(self->ctx, nothing, &len) == 1,
		   ash_awslc_code(op->mark, ASH_E_AUTHENTICATION));
	return ASH_DONE;
}

/* By way of `plain`: `out` may be the ciphertext, and gets nothing that is not verified. */
static struct ash_status decrypt(struct ash_awslc_op *op, struct ash_span in, struct ash_mut out,
				 size_t *ret_len)
{
	struct ash_awslc_gcm *self = &op->gcm;
	struct ash_status status = ASH_DONE;
	size_t len = 0;

	ASH_ENSURE(in.len >= self->tag_len, ASH_E_ENCRYPTED_DATA_LEN);
	len = in.len - self->tag_len;
	ASH_ENSURE(out.len >= len, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(ash_buf_reserve(&self->plain, len));
	status = open_sealed(op, ash_span(in.data, len), ash_span(in.data + len, self->tag_len));
	if (ash_is_ok(status)) {
		if (len != 0)
			memcpy(out.data, self->plain.data, len);
		*ret_len = len;
	}
	if (self->plain.cap > ROOM_KEPT)
		ash_buf_done(&self->plain);
	ash_buf_reset(&self->plain);
	return status;
}

static struct ash_status finish(struct ash_awslc_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	return op->op == ASH_OP_ENCRYPT ? encrypt(op, in, out, ret_len) : decrypt(op, in, out, ret_len);
}

static void done(struct ash_awslc_op *op)
{
	EVP_CIPHER_CTX_free(op->gcm.ctx);
	ash_buf_done(&op->gcm.plain);
}

static struct ash_status copy(const struct ash_awslc_op *from, struct ash_awslc_op *to)
{
	struct ash_awslc_gcm *self = &to->gcm;

	self->plain = ASH_BUF_SECRET;
	self->plain.limit = SIZE_MAX;
	self->iv_len = from->gcm.iv_len;
	self->tag_len = from->gcm.tag_len;
	self->ctx = EVP_CIPHER_CTX_new();
	ASH_ENSURE(self->ctx != NULL && EVP_CIPHER_CTX_copy(self->ctx, from->gcm.ctx) == 1,
		   ash_awslc_code(to->mark, ASH_E_FAILED));
	return ASH_DONE;
}

const struct ash_awslc_family ash_awslc_family_gcm = {
	.make = make,
	.start = start,
	.update = update,
	.finish = finish,
	.done = done,
	.copy = copy,
};
