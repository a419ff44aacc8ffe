/* AES key wrapping, SP 800-38F: KW (RFC 3394) and KWP (RFC 5649). */
#include "crypto/openssl/openssl_priv.h"

#include "util/secret.h"

#define HALF 8u /* block */

struct wrap_op {
	struct ash_ossl_op base;
	EVP_CIPHER_CTX *ctx;
	struct ash_ossl_scratch scratch; /* keys that are not verified yet, or not wrapped */
};

static struct wrap_op *self(struct ash_ossl_op *op)
{
	return (struct wrap_op *)op;
}

static bool padded(const struct ash_ossl_op *op)
{
	return op->alg.scheme == ASH_SCHEME_AES_KWP;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	return ash_ossl_cipher_new(op, key, &self(op)->ctx);
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	static const uint8_t kw[] = {
		0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6
	};                                                       /* RFC 3394, 2.2.3.1 */
	static const uint8_t kwp[] = { 0xa6, 0x59, 0x59, 0xa6 }; /* RFC 5649, 3 */
	struct ash_span iv = padded(op) ? ash_span(kwp, sizeof(kwp)) : ash_span(kw, sizeof(kw));

	ASH_ENSURE(params->iv.len == 0 || params->iv.len == iv.len, ASH_E_MECHANISM_PARAM);
	if (params->iv.len != 0)
		iv = params->iv;
	ASH_ENSURE(EVP_CipherInit_ex2(self(op)->ctx, NULL, NULL, iv.data, op->op == ASH_OP_ENCRYPT, NULL) ==
			   1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status check_len(const struct ash_ossl_op *op, size_t len)
{
	bool seal = op->op == ASH_OP_ENCRYPT;
	enum ash_code code = seal ? ASH_E_DATA_LEN : ASH_E_ENCRYPTED_DATA_LEN;
	size_t least = seal ? 2 * HALF : 3 * HALF;

	if (padded(op))
		least = seal ? 1 : 2 * HALF;
	ASH_ENSURE(len >= least && len <= ASH_OSSL_PIECE, code);
	ASH_ENSURE(len % HALF == 0 || (seal && padded(op)), code);
	return ASH_DONE;
}

/* By way of the scratch: `out` gets nothing that is not verified, and may lie over `in`. */
static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	struct ash_ossl_scratch *scratch = &self(op)->scratch;
	bool seal = op->op == ASH_OP_ENCRYPT;
	size_t room = ash_alg_finish_max(op->op, op->alg, &op->spec, 0, 0, in.len);
	size_t used = in.len + 2 * HALF; /* unwrapping OpenSSL writes and wipes as much as comes in */
	struct ash_status status = ASH_DONE;
	int len = 0;

	ASH_ENSURE(out.len >= room, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(check_len(op, in.len));
	ASH_TRY(ash_ossl_scratch_reserve(scratch, used));
	if (EVP_CipherUpdate(self(op)->ctx, scratch->data, &len, in.data, (int)in.len) != 1 || len < 0 ||
	    (size_t)len > room) {
		enum ash_code code = ash_ossl_code(op->mark, seal ? ASH_E_FAILED : ASH_E_ENCRYPTED_DATA);

		status = ash_status_fail(code, __FILE__, __LINE__);
	} else {
		memcpy(out.data, scratch->data, (size_t)len);
		*ret_len = (size_t)len;
	}
	ash_ossl_scratch_forget(scratch, used);
	return status;
}

static void done(struct ash_ossl_op *op)
{
	EVP_CIPHER_CTX_free(self(op)->ctx);
	ash_ossl_scratch_done(&self(op)->scratch);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	return ash_ossl_cipher_copy(to, ((const struct wrap_op *)from)->ctx, &self(to)->ctx);
}

const struct ash_ossl_family ash_ossl_family_wrap = {
	.size = sizeof(struct wrap_op),
	.make = make,
	.start = start,
	.finish = finish,
	.done = done,
	.copy = copy,
};
