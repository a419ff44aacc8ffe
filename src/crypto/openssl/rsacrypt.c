/* RSA encryption: v1.5, OAEP, raw. */
#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "util/secret.h"

#define PKCS1_OVERHEAD 11u
#define OAEP_OVERHEAD  2u

struct crypt_op {
	struct ash_ossl_op base;
	EVP_PKEY_CTX *ctx;
	size_t len;               /* of the modulus */
	size_t most;              /* bytes that can be encrypted */
	struct ash_secret *block; /* raw: the data with zeroes in front */
	enum ash_hash hash;       /* OAEP, as the context has it: all three */
	enum ash_hash mgf_hash;
	bool labelled;
};

static struct crypt_op *self(struct ash_ossl_op *op)
{
	return (struct crypt_op *)op;
}

static int padding_of(enum ash_scheme scheme)
{
	if (scheme == ASH_SCHEME_RSA_RAW)
		return RSA_NO_PADDING;
	return scheme == ASH_SCHEME_RSA_OAEP ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING;
}

static struct ash_status make(struct ash_ossl_op *op, const struct ash_ossl_key *key)
{
	struct crypt_op *crypt = self(op);
	bool raw = op->alg.scheme == ASH_SCHEME_RSA_RAW;
	bool good = false;

	ASH_TRY(ash_ossl_key_context(op, key, &crypt->ctx));
	good = (op->op == ASH_OP_ENCRYPT ? EVP_PKEY_encrypt_init(crypt->ctx)
					 : EVP_PKEY_decrypt_init(crypt->ctx)) == 1 &&
	       EVP_PKEY_CTX_set_rsa_padding(crypt->ctx, padding_of(op->alg.scheme)) == 1;
	ASH_ENSURE(good, ash_ossl_code(op->mark, ASH_E_FAILED));
	crypt->len = op->spec.bits / 8;
	crypt->most = raw ? crypt->len : crypt->len - PKCS1_OVERHEAD;
	return raw ? ash_secret_new(crypt->len, &crypt->block) : ASH_DONE;
}

static bool set_oaep(const struct ash_ossl_op *op, EVP_PKEY_CTX *ctx, const struct ash_params *params)
{
	return EVP_PKEY_CTX_set_rsa_oaep_md(ctx, op->lib->hash[params->hash]) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, op->lib->hash[params->mgf_hash]) == 1;
}

static struct ash_status start_oaep(struct ash_ossl_op *op, const struct ash_params *params)
{
	struct crypt_op *crypt = self(op);
	struct ash_ossl_params list = ASH_OSSL_PARAMS_NONE;

	ASH_ENSURE(ash_hash_len(params->hash) != 0 && ash_hash_len(params->mgf_hash) != 0,
		   ASH_E_MECHANISM_PARAM);
	if (crypt->hash != params->hash || crypt->mgf_hash != params->mgf_hash) {
		crypt->hash = ASH_HASH_NONE; /* unknown, should this fail */
		ASH_ENSURE(set_oaep(op, crypt->ctx, params), ash_ossl_code(op->mark, ASH_E_FAILED));
		crypt->hash = params->hash;
		crypt->mgf_hash = params->mgf_hash;
		crypt->most = crypt->len - 2 * ash_hash_len(params->hash) - OAEP_OVERHEAD;
	}
	if (params->label.len == 0 && !crypt->labelled)
		return ASH_DONE;
	crypt->labelled = true;
	ash_ossl_params_bytes(&list, OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, params->label);
	ASH_ENSURE(EVP_PKEY_CTX_set_params(crypt->ctx, list.param) == 1,
		   ash_ossl_code(op->mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status start(struct ash_ossl_op *op, const struct ash_params *params)
{
	return op->alg.scheme == ASH_SCHEME_RSA_OAEP ? start_oaep(op, params) : ASH_DONE;
}

static struct ash_status encrypt(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				 size_t *ret_len)
{
	struct crypt_op *crypt = self(op);
	struct ash_mut block = ash_secret_edit(crypt->block);
	bool raw = op->alg.scheme == ASH_SCHEME_RSA_RAW;
	size_t len = out.len;

	ASH_ENSURE(in.len <= crypt->most && (in.len != 0 || !raw), ASH_E_DATA_LEN);
	if (raw) {
		memset(block.data, 0, block.len - in.len);
		memcpy(block.data + block.len - in.len, in.data, in.len);
		in = ash_mut_span(block);
	}
	/* Raw data of this length has one thing wrong with it: not to be below the modulus. */
	ASH_ENSURE(EVP_PKEY_encrypt(crypt->ctx, out.data, &len, in.len != 0 ? in.data : (const uint8_t *)"",
				    in.len) == 1,
		   ash_ossl_code(op->mark, raw ? ASH_E_DATA : ASH_E_FAILED));
	*ret_len = len;
	return ASH_DONE;
}

/*
 * OpenSSL's implicit rejection: for wrong v1.5 padding it gives bytes that depend on the
 * key and the ciphertext alone. Only what everybody can see is refused: the length, and a
 * number that is not below the modulus. Wrong OAEP is refused, and nothing tells what of
 * it is wrong.
 */
static struct ash_status decrypt(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				 size_t *ret_len)
{
	size_t len = out.len;

	ASH_ENSURE(in.len == self(op)->len, ASH_E_ENCRYPTED_DATA_LEN);
	ASH_ENSURE(EVP_PKEY_decrypt(self(op)->ctx, out.data, &len, in.data, in.len) == 1,
		   ash_ossl_code(op->mark, ASH_E_ENCRYPTED_DATA));
	*ret_len = len;
	return ASH_DONE;
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	ASH_ENSURE(out.len >= self(op)->len, ASH_E_BUFFER_TOO_SMALL);
	return op->op == ASH_OP_ENCRYPT ? encrypt(op, in, out, ret_len) : decrypt(op, in, out, ret_len);
}

static void done(struct ash_ossl_op *op)
{
	EVP_PKEY_CTX_free(self(op)->ctx);
	ash_secret_free(self(op)->block);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	const struct crypt_op *old = (const struct crypt_op *)from;
	struct crypt_op *crypt = self(to);

	crypt->len = old->len;
	crypt->most = old->most;
	crypt->hash = old->hash;
	crypt->mgf_hash = old->mgf_hash;
	crypt->labelled = old->labelled;
	if (old->block != NULL)
		ASH_TRY(ash_secret_new(old->len, &crypt->block));
	crypt->ctx = EVP_PKEY_CTX_dup(old->ctx);
	ASH_ENSURE(crypt->ctx != NULL, ash_ossl_code(to->mark, ASH_E_FAILED));
	return ASH_DONE;
}

const struct ash_ossl_family ash_ossl_family_rsa_crypt = {
	.size = sizeof(struct crypt_op),
	.make = make,
	.start = start,
	.finish = finish,
	.done = done,
	.copy = copy,
};
