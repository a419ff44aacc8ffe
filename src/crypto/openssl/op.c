#include "crypto/openssl/openssl_priv.h"

#include "util/secret.h"

#define DIGESTS (1u << ASH_OP_DIGEST)
#define SIGNS   (1u << ASH_OP_SIGN | 1u << ASH_OP_VERIFY)
#define SEALS   (1u << ASH_OP_ENCRYPT)
#define OPENS   (1u << ASH_OP_DECRYPT)

#define NO_HASH (1u << ASH_HASH_NONE)
#define SHA_2   (1u << ASH_HASH_SHA256 | 1u << ASH_HASH_SHA384 | 1u << ASH_HASH_SHA512)

#define NO_KEY ASH_KEY_KINDS

struct row {
	enum ash_scheme scheme;
	unsigned ops;
	unsigned hashes;
	enum ash_key_kind kind;
	bool (*fits)(const struct ash_key_spec *spec); /* NULL: any key of the kind */
	bool streams;
	const struct ash_ossl_family *family;
};

static bool fits_aes(const struct ash_key_spec *spec)
{
	return ash_ossl_aes_index(spec->bits) >= 0;
}

/* Every algorithm there is. */
static const struct row table[] = {
	{ ASH_SCHEME_HASH, DIGESTS, SHA_2, NO_KEY, NULL, true, &ash_ossl_family_digest },
	{ ASH_SCHEME_HMAC, SIGNS, SHA_2, ASH_KEY_SECRET, NULL, true, &ash_ossl_family_hmac },
	{ ASH_SCHEME_RSA_PKCS1, SIGNS, NO_HASH, ASH_KEY_RSA, NULL, false, &ash_ossl_family_sign },
	{ ASH_SCHEME_RSA_PKCS1, SIGNS, SHA_2, ASH_KEY_RSA, NULL, true, &ash_ossl_family_sign },
	{ ASH_SCHEME_RSA_PKCS1, SEALS | OPENS, NO_HASH, ASH_KEY_RSA, NULL, false,
	  &ash_ossl_family_rsa_crypt },
	{ ASH_SCHEME_ECDSA, SIGNS, NO_HASH, ASH_KEY_EC, NULL, false, &ash_ossl_family_sign },
	{ ASH_SCHEME_ECDSA, SIGNS, SHA_2, ASH_KEY_EC, NULL, true, &ash_ossl_family_sign },
	{ ASH_SCHEME_EDDSA, SIGNS, NO_HASH, ASH_KEY_EDWARDS, NULL, false, &ash_ossl_family_sign },
	{ ASH_SCHEME_ML_DSA, SIGNS, NO_HASH, ASH_KEY_ML_DSA, NULL, false, &ash_ossl_family_sign },
	{ ASH_SCHEME_AES_CBC, SEALS | OPENS, NO_HASH, ASH_KEY_SECRET, fits_aes, true, &ash_ossl_family_cbc },
	{ ASH_SCHEME_AES_CBC_PAD, SEALS | OPENS, NO_HASH, ASH_KEY_SECRET, fits_aes, true,
	  &ash_ossl_family_cbc },
	{ ASH_SCHEME_AES_GCM, SEALS, NO_HASH, ASH_KEY_SECRET, fits_aes, true, &ash_ossl_family_gcm },
	{ ASH_SCHEME_AES_GCM, OPENS, NO_HASH, ASH_KEY_SECRET, fits_aes, false, &ash_ossl_family_gcm },
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
	if (spec == NULL || row->kind == NO_KEY)
		return spec == NULL && row->kind == NO_KEY;
	return spec->kind == row->kind && (row->fits == NULL || row->fits(spec));
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
	return op == ASH_OP_SIGN || op == ASH_OP_DECRYPT;
}

struct ash_status ash_ossl_op_new(void *backend, enum ash_op op, struct ash_alg alg, void *key, void **ret_op)
{
	const struct row *row = find_row(op, alg);
	const struct ash_ossl_key *from = key;
	__attribute__((cleanup(op_auto))) struct ash_ossl_op *made = NULL;

	ASH_ENSURE(row != NULL, ASH_E_UNSUPPORTED);
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
