#include "crypto/openssl/openssl_priv.h"

#include "util/secret.h"

#define DIGESTS  (1u << ASH_OP_DIGEST)
#define SIGNS    (1u << ASH_OP_SIGN | 1u << ASH_OP_VERIFY)
#define RECOVERS (1u << ASH_OP_SIGN_RECOVER | 1u << ASH_OP_VERIFY_RECOVER)
#define SEALS    (1u << ASH_OP_ENCRYPT)
#define OPENS    (1u << ASH_OP_DECRYPT)
#define DERIVES  (1u << ASH_OP_DERIVE)
#define KEM      (1u << ASH_OP_ENCAPSULATE | 1u << ASH_OP_DECAPSULATE)

#define NO_HASH  (1u << ASH_HASH_NONE)
#define ANY_HASH ((1u << ASH_HASHES) - 1 - NO_HASH)

/* Those that OpenSSL has structures for. */
#define PLAIN_SHA                                                                                      \
	(1u << ASH_HASH_SHA1 | 1u << ASH_HASH_SHA224 | 1u << ASH_HASH_SHA256 | 1u << ASH_HASH_SHA384 | \
	 1u << ASH_HASH_SHA512)

/* Kinds of keys. */
#define KEY_NONE    (1u << ASH_KEY_KINDS)
#define KEY_RSA     (1u << ASH_KEY_RSA)
#define KEY_EC      (1u << ASH_KEY_EC)
#define KEY_ED      (1u << ASH_KEY_EDWARDS)
#define KEY_X       (1u << ASH_KEY_MONTGOMERY)
#define KEY_ML_DSA  (1u << ASH_KEY_ML_DSA)
#define KEY_ML_KEM  (1u << ASH_KEY_ML_KEM)
#define KEY_BYTES   (1u << ASH_KEY_SECRET)
#define KEY_AES     (KEY_BYTES | OF_AES_SIZE)
#define OF_AES_SIZE (1u << 31)

struct row {
	enum ash_scheme scheme;
	unsigned ops;
	unsigned hashes;
	unsigned keys;
	bool streams;
	const struct ash_ossl_family *family; /* NULL: single calls, no operations */
};

/* Every algorithm there is. */
static const struct row table[] = {
	{ ASH_SCHEME_HASH, DIGESTS, PLAIN_SHA, KEY_NONE, true, &ash_ossl_family_sha },
	{ ASH_SCHEME_HASH, DIGESTS, ANY_HASH, KEY_NONE, true, &ash_ossl_family_digest },
	{ ASH_SCHEME_HMAC, SIGNS, ANY_HASH, KEY_BYTES, true, &ash_ossl_family_mac },
	{ ASH_SCHEME_RSA_PKCS1, SIGNS | RECOVERS, NO_HASH, KEY_RSA, false, &ash_ossl_family_rsa_sign },
	{ ASH_SCHEME_RSA_PKCS1, SIGNS, ANY_HASH, KEY_RSA, true, &ash_ossl_family_rsa_sign },
	{ ASH_SCHEME_RSA_PKCS1, SEALS | OPENS, NO_HASH, KEY_RSA, false, &ash_ossl_family_rsa_crypt },
	{ ASH_SCHEME_RSA_RAW, SIGNS | RECOVERS, NO_HASH, KEY_RSA, false, &ash_ossl_family_rsa_sign },
	{ ASH_SCHEME_RSA_RAW, SEALS | OPENS, NO_HASH, KEY_RSA, false, &ash_ossl_family_rsa_crypt },
	{ ASH_SCHEME_RSA_PSS, SIGNS, NO_HASH, KEY_RSA, false, &ash_ossl_family_rsa_sign },
	{ ASH_SCHEME_RSA_PSS, SIGNS, ANY_HASH, KEY_RSA, true, &ash_ossl_family_rsa_sign },
	{ ASH_SCHEME_RSA_OAEP, SEALS | OPENS, NO_HASH, KEY_RSA, false, &ash_ossl_family_rsa_crypt },
	{ ASH_SCHEME_ECDSA, SIGNS, NO_HASH, KEY_EC, false, &ash_ossl_family_ecdsa },
	{ ASH_SCHEME_ECDSA, SIGNS, ANY_HASH, KEY_EC, true, &ash_ossl_family_ecdsa },
	{ ASH_SCHEME_EDDSA, SIGNS, NO_HASH, KEY_ED, false, &ash_ossl_family_message },
	{ ASH_SCHEME_ML_DSA, SIGNS, NO_HASH, KEY_ML_DSA, false, &ash_ossl_family_message },
	{ ASH_SCHEME_AES_ECB, SEALS | OPENS, NO_HASH, KEY_AES, true, &ash_ossl_family_blocks },
	{ ASH_SCHEME_AES_CBC, SEALS | OPENS, NO_HASH, KEY_AES, true, &ash_ossl_family_blocks },
	{ ASH_SCHEME_AES_CBC_PAD, SEALS | OPENS, NO_HASH, KEY_AES, true, &ash_ossl_family_blocks },
	{ ASH_SCHEME_AES_CTR, SEALS | OPENS, NO_HASH, KEY_AES, true, &ash_ossl_family_ctr },
	{ ASH_SCHEME_AES_GCM, SEALS, NO_HASH, KEY_AES, true, &ash_ossl_family_gcm },
	{ ASH_SCHEME_AES_GCM, OPENS, NO_HASH, KEY_AES, false, &ash_ossl_family_gcm },
	{ ASH_SCHEME_AES_CCM, SEALS | OPENS, NO_HASH, KEY_AES, false, &ash_ossl_family_ccm },
	{ ASH_SCHEME_AES_CMAC, SIGNS, NO_HASH, KEY_AES, true, &ash_ossl_family_mac },
	{ ASH_SCHEME_AES_GMAC, SIGNS, NO_HASH, KEY_AES, true, &ash_ossl_family_mac },
	{ ASH_SCHEME_AES_KW, SEALS | OPENS, NO_HASH, KEY_AES, false, &ash_ossl_family_wrap },
	{ ASH_SCHEME_AES_KWP, SEALS | OPENS, NO_HASH, KEY_AES, false, &ash_ossl_family_wrap },
	{ ASH_SCHEME_ECDH, DERIVES, NO_HASH, KEY_EC | KEY_X, false, NULL },
	{ ASH_SCHEME_ML_KEM, KEM, NO_HASH, KEY_ML_KEM, false, NULL },
};

static const struct row *find_row(enum ash_op op, struct ash_alg alg)
{
	if ((unsigned)op >= ASH_OPS || (unsigned)alg.hash >= ASH_HASHES)
		return NULL;
	for (size_t i = 0; i < ASH_COUNT(table); i++) {
		if (table[i].scheme == alg.scheme && (table[i].ops & 1u << op) != 0 &&
		    (table[i].hashes & 1u << alg.hash) != 0)
			return &table[i];
	}
	return NULL;
}

static bool fits(const struct row *row, const struct ash_key_spec *spec)
{
	if (spec == NULL)
		return row->keys == KEY_NONE;
	return (unsigned)spec->kind < ASH_KEY_KINDS && (row->keys & 1u << spec->kind) != 0 &&
	       ((row->keys & OF_AES_SIZE) == 0 || ash_ossl_aes_index(spec->bits) >= 0);
}

bool ash_ossl_offers(void *backend, enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec)
{
	const struct row *row = find_row(op, alg);

	(void)backend;
	return row != NULL && fits(row, spec) && (spec == NULL || ash_ossl_offers_key(spec));
}

static void op_auto(struct ash_ossl_op **op)
{
	ash_ossl_op_free(*op);
}

/* What only the private key can do. */
static bool needs_private(enum ash_op op)
{
	return op == ASH_OP_SIGN || op == ASH_OP_SIGN_RECOVER || op == ASH_OP_DECRYPT;
}

struct ash_status ash_ossl_op_new(void *backend, enum ash_op op, struct ash_alg alg, void *key, void **ret_op)
{
	const struct row *row = find_row(op, alg);
	const struct ash_ossl_key *from = key;
	__attribute__((cleanup(op_auto))) struct ash_ossl_op *made = NULL;

	ASH_ENSURE(row != NULL && row->family != NULL, ASH_E_UNSUPPORTED);
	ASH_ENSURE(fits(row, from != NULL ? &from->spec : NULL), ASH_E_KEY_TYPE);
	ASH_ENSURE(from == NULL || from->is_private || !needs_private(op), ASH_E_KEY_TYPE);

	made = ash_mem_new(1, row->family->size);
	ASH_ENSURE(made != NULL, ASH_E_MEMORY);
	made->family = row->family;
	made->lib = backend;
	made->op = op;
	made->alg = alg;
	made->streams = row->streams;
	made->mark = ash_ossl_mark();
	if (from != NULL)
		made->spec = from->spec;
	ASH_TRY(row->family->make(made, from));

	*ret_op = ASH_TAKE(made);
	return ASH_DONE;
}

bool ash_ossl_op_streams(void *op)
{
	return ((const struct ash_ossl_op *)op)->streams;
}

struct ash_status ash_ossl_op_start(void *op, const struct ash_params *params)
{
	static const struct ash_params none;
	struct ash_ossl_op *self = op;

	self->started = false;
	self->mark = ash_ossl_mark();
	ASH_TRY(self->family->start(self, params != NULL ? params : &none));
	self->started = true;
	return ASH_DONE;
}

struct ash_status ash_ossl_op_update(void *op, struct ash_span in, struct ash_mut out, size_t *ret_len)
{
	struct ash_ossl_op *self = op;
	struct ash_status status = ASH_DONE;

	ASH_ENSURE(self->started && self->streams, ASH_E_OPERATION_NONE);
	status = self->family->update(self, in, out, ret_len);
	self->started = ash_is_ok(status);
	return status;
}

/*
 * OpenSSL does not look at each of its own allocations (ML-DSA goes on with what it could
 * not encode): when one failed meanwhile, a success is not trusted.
 */
static struct ash_status trust(const struct ash_ossl_op *op)
{
	ASH_ENSURE(ash_ossl_mark() == op->mark, ash_ossl_code(op->mark, ASH_E_MEMORY));
	return ASH_DONE;
}

struct ash_status ash_ossl_op_finish(void *op, struct ash_span in, struct ash_mut out, size_t *ret_len)
{
	struct ash_ossl_op *self = op;
	struct ash_status status = ASH_DONE;
	size_t len = 0;

	ASH_ENSURE(self->started && self->op != ASH_OP_VERIFY, ASH_E_OPERATION_NONE);
	self->started = false;
	ASH_TRY(self->family->finish(self, in, out, &len));
	status = trust(self);
	if (ash_is_ok(status))
		*ret_len = len;
	else
		ash_wipe(out.data, len);
	return status;
}

struct ash_status ash_ossl_op_finish_verify(void *op, struct ash_span in, struct ash_span signature)
{
	struct ash_ossl_op *self = op;

	ASH_ENSURE(self->started && self->op == ASH_OP_VERIFY, ASH_E_OPERATION_NONE);
	self->started = false;
	ASH_TRY(self->family->verify(self, in, signature));
	return trust(self);
}

void *ash_ossl_op_free(void *op)
{
	struct ash_ossl_op *self = op;

	if (self != NULL)
		self->family->done(self);
	return ash_mem_free(self);
}

struct ash_status ash_ossl_op_copy(void *op, void **ret_op)
{
	const struct ash_ossl_op *from = op;
	__attribute__((cleanup(op_auto))) struct ash_ossl_op *to = ash_mem_new(1, from->family->size);

	ASH_ENSURE(to != NULL, ASH_E_MEMORY);
	*to = *from;
	to->mark = ash_ossl_mark();
	ASH_TRY(from->family->copy(from, to));

	*ret_op = ASH_TAKE(to);
	return ASH_DONE;
}

struct ash_status ash_ossl_op_save(void *op, struct ash_buf *state)
{
	struct ash_ossl_op *self = op;

	ASH_ENSURE(self->started, ASH_E_OPERATION_NONE);
	ASH_ENSURE(self->family->save != NULL, ASH_E_STATE_UNSAVEABLE);
	return self->family->save(self, state);
}

struct ash_status ash_ossl_op_restore(void *op, struct ash_span state)
{
	struct ash_ossl_op *self = op;

	ASH_ENSURE(self->started, ASH_E_OPERATION_NONE);
	ASH_ENSURE(self->family->restore != NULL, ASH_E_SAVED_STATE);
	return self->family->restore(self, state);
}

struct ash_status ash_ossl_key_context(const struct ash_ossl_op *op, const struct ash_ossl_key *key,
				       EVP_PKEY_CTX **ret_ctx)
{
	EVP_PKEY *own = EVP_PKEY_dup(key->pkey);
	EVP_PKEY_CTX *ctx = own != NULL ? EVP_PKEY_CTX_new_from_pkey(op->lib->ctx, own, NULL) : NULL;

	EVP_PKEY_free(own);
	ASH_ENSURE(ctx != NULL, ash_ossl_code(op->mark, ASH_E_FAILED));
	*ret_ctx = ctx;
	return ASH_DONE;
}

bool ash_ossl_overlap(struct ash_span in, struct ash_mut out)
{
	uintptr_t from = (uintptr_t)in.data;
	uintptr_t to = (uintptr_t)out.data;

	return in.len != 0 && out.len != 0 && from < to + out.len && to < from + in.len;
}
