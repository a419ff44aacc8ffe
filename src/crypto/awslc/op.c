#include "crypto/awslc/awslc_priv.h"

#include "util/arena.h"

#define DIGESTS (1u << ASH_OP_DIGEST)
#define SIGNS   (1u << ASH_OP_SIGN | 1u << ASH_OP_VERIFY)
#define SEALS   (1u << ASH_OP_ENCRYPT)
#define OPENS   (1u << ASH_OP_DECRYPT)

#define NO_KEY ASH_KEY_KINDS

static const struct ash_awslc_family digest_family;

/* Every algorithm there is. */
static const struct row {
	enum ash_scheme scheme;
	enum ash_hash hash;
	unsigned ops;
	enum ash_key_kind kind;
	bool streams;
	const struct ash_awslc_family *family;
} table[] = {
	{ ASH_SCHEME_HASH, ASH_HASH_SHA256, DIGESTS, NO_KEY, true, &digest_family },
	{ ASH_SCHEME_ECDSA, ASH_HASH_NONE, 1u << ASH_OP_VERIFY, ASH_KEY_EC, false, &ash_awslc_family_ecdsa },
	{ ASH_SCHEME_ECDSA, ASH_HASH_SHA256, 1u << ASH_OP_VERIFY, ASH_KEY_EC, true, &ash_awslc_family_ecdsa },
	{ ASH_SCHEME_EDDSA, ASH_HASH_NONE, SIGNS, ASH_KEY_EDWARDS, false, &ash_awslc_family_eddsa },
	{ ASH_SCHEME_AES_GCM, ASH_HASH_NONE, SEALS, ASH_KEY_SECRET, true, &ash_awslc_family_gcm },
	{ ASH_SCHEME_AES_GCM, ASH_HASH_NONE, OPENS, ASH_KEY_SECRET, false, &ash_awslc_family_gcm },
};

static const struct row *find_row(enum ash_op op, struct ash_alg alg)
{
	if ((unsigned)op >= ASH_OPS)
		return NULL;
	for (size_t i = 0; i < ASH_COUNT(table); i++) {
		if (table[i].scheme == alg.scheme && table[i].hash == alg.hash &&
		    (table[i].ops & 1u << op) != 0)
			return &table[i];
	}
	return NULL;
}

static bool fits(const struct row *row, const struct ash_key_spec *spec)
{
	return spec != NULL ? row->kind == spec->kind : row->kind == NO_KEY;
}

bool ash_awslc_offers(void *backend, enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec)
{
	const struct row *row = find_row(op, alg);

	return row != NULL && fits(row, spec) && (spec == NULL || ash_awslc_offers_key(backend, spec));
}

static void op_auto(struct ash_awslc_op **op)
{
	ash_awslc_op_free(*op);
}

static struct ash_awslc_op *op_alloc(void)
{
	struct ash_awslc_op *op = ash_arena_alloc(sizeof(*op));

	if (op != NULL) {
		memset(op, 0, sizeof(*op));
		op->mark = ash_awslc_mark();
	}
	return op;
}

struct ash_status ash_awslc_op_new(void *backend, enum ash_op op, struct ash_alg alg, void *key,
				   void **ret_op)
{
	const struct row *row = find_row(op, alg);
	const struct ash_awslc_key *from = key;
	__attribute__((cleanup(op_auto))) struct ash_awslc_op *made = NULL;

	(void)backend;
	ASH_ENSURE(row != NULL, ASH_E_UNSUPPORTED);
	ASH_ENSURE(fits(row, from != NULL ? &from->spec : NULL), ASH_E_KEY_TYPE);
	ASH_ENSURE(from == NULL || from->is_private || op == ASH_OP_VERIFY, ASH_E_KEY_TYPE);

	made = op_alloc();
	ASH_ENSURE(made != NULL, ASH_E_MEMORY);
	made->family = row->family;
	made->op = op;
	made->alg = alg;
	made->streams = row->streams;
	if (row->family->make != NULL)
		ASH_TRY(row->family->make(made, from));

	*ret_op = ASH_TAKE(made);
	return ASH_DONE;
}

bool ash_awslc_op_streams(void *op)
{
	return ((const struct ash_awslc_op *)op)->streams;
}

struct ash_status ash_awslc_op_start(void *op, const struct ash_params *params)
{
	static const struct ash_params none;
	struct ash_awslc_op *self = op;

	self->started = false;
	self->mark = ash_awslc_mark();
	ASH_TRY(self->family->start(self, params != NULL ? params : &none));
	self->started = true;
	return ASH_DONE;
}

struct ash_status ash_awslc_op_update(void *op, struct ash_span in, struct ash_mut out, size_t *ret_len)
{
	struct ash_awslc_op *self = op;
	struct ash_status status = ASH_DONE;

	ASH_ENSURE(self->started && self->streams, ASH_E_OPERATION_NONE);
	self->mark = ash_awslc_mark();
	status = self->family->update(self, in, out, ret_len);
	self->started = ash_is_ok(status);
	return status;
}

struct ash_status ash_awslc_op_finish(void *op, struct ash_span in, struct ash_mut out, size_t *ret_len)
{
	struct ash_awslc_op *self = op;

	ASH_ENSURE(self->started && self->op != ASH_OP_VERIFY, ASH_E_OPERATION_NONE);
	self->started = false;
	self->mark = ash_awslc_mark();
	return self->family->finish(self, in, out, ret_len);
}

struct ash_status ash_awslc_op_finish_verify(void *op, struct ash_span in, struct ash_span signature)
{
	struct ash_awslc_op *self = op;

	ASH_ENSURE(self->started && self->op == ASH_OP_VERIFY, ASH_E_OPERATION_NONE);
	self->started = false;
	self->mark = ash_awslc_mark();
	return self->family->verify(self, in, signature);
}

void *ash_awslc_op_free(void *op)
{
	struct ash_awslc_op *self = op;

	if (self != NULL && self->family->done != NULL)
		self->family->done(self);
	return ash_arena_free(self);
}

struct ash_status ash_awslc_op_copy(void *op, void **ret_op)
{
	const struct ash_awslc_op *from = op;
	__attribute__((cleanup(op_auto))) struct ash_awslc_op *made = op_alloc();

	ASH_ENSURE(made != NULL, ASH_E_MEMORY);
	made->family = from->family;
	made->op = from->op;
	made->alg = from->alg;
	made->streams = from->streams;
	made->started = from->started;
	made->hash = from->hash;
	if (from->family->copy != NULL)
		ASH_TRY(from->family->copy(from, made));

	*ret_op = ASH_TAKE(made);
	return ASH_DONE;
}

/* --- hashes ------------------------------------------------------------------ */

void ash_awslc_hash_add(struct ash_awslc_op *op, struct ash_span in)
{
	if (in.len != 0)
		SHA256_Update(&op->hash, in.data, in.len);
}

struct ash_status ash_awslc_hash_update(struct ash_awslc_op *op, struct ash_span in, struct ash_mut out,
					size_t *ret_len)
{
	(void)out;
	ash_awslc_hash_add(op, in);
	*ret_len = 0;
	return ASH_DONE;
}

static struct ash_status digest_start(struct ash_awslc_op *op, const struct ash_params *params)
{
	(void)params;
	SHA256_Init(&op->hash);
	return ASH_DONE;
}

static struct ash_status digest_finish(struct ash_awslc_op *op, struct ash_span in, struct ash_mut out,
				       size_t *ret_len)
{
	ASH_ENSURE(out.len >= SHA256_DIGEST_LENGTH, ASH_E_BUFFER_TOO_SMALL);
	ash_awslc_hash_add(op, in);
	SHA256_Final(out.data, &op->hash);
	*ret_len = SHA256_DIGEST_LENGTH;
	return ASH_DONE;
}

static const struct ash_awslc_family digest_family = {
	.start = digest_start,
	.update = ash_awslc_hash_update,
	.finish = digest_finish,
};
