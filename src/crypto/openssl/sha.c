/*
 * SHA-1 and SHA-2 by OpenSSL's own structures, which show where a hash stands: EVP's
 * contexts don't, and C_GetOperationState (PKCS#11 3.2 §5.6.6) needs it. They are marked
 * as deprecated, but they are what EVP itself calls.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/openssl/openssl_priv.h"

#include <openssl/sha.h>

#include "util/arena.h"
#include "util/reader.h"
#include "util/writer.h"

#define WORDS_MAX 8u

union context {
	SHA_CTX sha1;
	SHA256_CTX sha256; /* and SHA-224 */
	SHA512_CTX sha512; /* and SHA-384 */
};

/* Where a hash stands: FIPS 180-4's H, the length of the message so far, the bytes that await their block. */
struct standing {
	uint64_t word[WORDS_MAX];
	uint64_t length;
	uint8_t *pending;
	unsigned *pending_len;
};

struct sha {
	size_t words, word_len, block;
	int (*init)(union context *context);
	int (*update)(union context *context, const void *data, size_t len);
	int (*finish)(uint8_t *digest, union context *context);
	void (*show)(union context *context, struct standing *ret_standing);
	void (*set)(union context *context, const struct standing *standing);
};

#define FUNCTIONS(name, field)                                                         \
	static int name##_init(union context *context)                                 \
	{                                                                              \
		return name##_Init(&context->field);                                   \
	}                                                                              \
	static int name##_update(union context *context, const void *data, size_t len) \
	{                                                                              \
		return name##_Update(&context->field, data, len);                      \
	}                                                                              \
	static int name##_finish(uint8_t *digest, union context *context)              \
	{                                                                              \
		return name##_Final(digest, &context->field);                          \
	}

FUNCTIONS(SHA1, sha1)
FUNCTIONS(SHA224, sha256)
FUNCTIONS(SHA256, sha256)
FUNCTIONS(SHA384, sha512)
FUNCTIONS(SHA512, sha512)

static void show_sha1(union context *context, struct standing *ret_standing)
{
	SHA_CTX *sha = &context->sha1;

	*ret_standing = (struct standing){
		.word = { sha->h0, sha->h1, sha->h2, sha->h3, sha->h4 },
		.length = ((uint64_t)sha->Nh << 32 | sha->Nl) / 8,
		.pending = (uint8_t *)sha->data,
		.pending_len = &sha->num,
	};
}

static void set_sha1(union context *context, const struct standing *standing)
{
	SHA_CTX *sha = &context->sha1;

	sha->h0 = (SHA_LONG)standing->word[0];
	sha->h1 = (SHA_LONG)standing->word[1];
	sha->h2 = (SHA_LONG)standing->word[2];
	sha->h3 = (SHA_LONG)standing->word[3];
	sha->h4 = (SHA_LONG)standing->word[4];
	sha->Nl = (SHA_LONG)(standing->length << 3);
	sha->Nh = (SHA_LONG)(standing->length >> 29);
}

static void show_sha256(union context *context, struct standing *ret_standing)
{
	SHA256_CTX *sha = &context->sha256;

	*ret_standing = (struct standing){
		.length = ((uint64_t)sha->Nh << 32 | sha->Nl) / 8,
		.pending = (uint8_t *)sha->data,
		.pending_len = &sha->num,
	};
	for (size_t i = 0; i < WORDS_MAX; i++)
		ret_standing->word[i] = sha->h[i];
}

static void set_sha256(union context *context, const struct standing *standing)
{
	SHA256_CTX *sha = &context->sha256;

	for (size_t i = 0; i < WORDS_MAX; i++)
		sha->h[i] = (SHA_LONG)standing->word[i];
	sha->Nl = (SHA_LONG)(standing->length << 3);
	sha->Nh = (SHA_LONG)(standing->length >> 29);
}

/* Nobody hashes 2^61 bytes, so the upper number has no part in the length. */
static void show_sha512(union context *context, struct standing *ret_standing)
{
	SHA512_CTX *sha = &context->sha512;

	*ret_standing = (struct standing){
		.length = sha->Nl / 8,
		.pending = sha->u.p,
		.pending_len = &sha->num,
	};
	for (size_t i = 0; i < WORDS_MAX; i++)
		ret_standing->word[i] = sha->h[i];
}

static void set_sha512(union context *context, const struct standing *standing)
{
	SHA512_CTX *sha = &context->sha512;

	for (size_t i = 0; i < WORDS_MAX; i++)
		sha->h[i] = standing->word[i];
	sha->Nl = standing->length << 3;
	sha->Nh = 0;
}

static const struct sha table[ASH_HASHES] = {
	[ASH_HASH_SHA1] = { 5, 4, SHA_CBLOCK, SHA1_init, SHA1_update, SHA1_finish, show_sha1, set_sha1 },
	[ASH_HASH_SHA224] = { 8, 4, SHA_CBLOCK, SHA224_init, SHA224_update, SHA224_finish, show_sha256,
			      set_sha256 },
	[ASH_HASH_SHA256] = { 8, 4, SHA_CBLOCK, SHA256_init, SHA256_update, SHA256_finish, show_sha256,
			      set_sha256 },
	[ASH_HASH_SHA384] = { 8, 8, SHA512_CBLOCK, SHA384_init, SHA384_update, SHA384_finish, show_sha512,
			      set_sha512 },
	[ASH_HASH_SHA512] = { 8, 8, SHA512_CBLOCK, SHA512_init, SHA512_update, SHA512_finish, show_sha512,
			      set_sha512 },
};

/* The context is in the arena: it may hash a key. */
struct sha_op {
	struct ash_ossl_op base;
	const struct sha *sha;
	union context *context;
};

static struct sha_op *self(struct ash_ossl_op *op)
{
	return (struct sha_op *)op;
}

static struct ash_status make(struct ash_ossl_op *op, ASH_UNUSED const struct ash_ossl_key *key)
{
	self(op)->sha = &table[op->alg.hash];
	self(op)->context = ash_arena_alloc(sizeof(*self(op)->context));
	ASH_ENSURE(self(op)->context != NULL, ASH_E_MEMORY);
	return ASH_DONE;
}

static struct ash_status start(struct ash_ossl_op *op, ASH_UNUSED const struct ash_params *params)
{
	ASH_ENSURE(self(op)->sha->init(self(op)->context) == 1, ASH_E_FAILED);
	return ASH_DONE;
}

static struct ash_status update(struct ash_ossl_op *op, struct ash_span in, ASH_UNUSED struct ash_mut out,
				size_t *ret_len)
{
	ASH_ENSURE(in.len == 0 || self(op)->sha->update(self(op)->context, in.data, in.len) == 1,
		   ASH_E_FAILED);
	*ret_len = 0;
	return ASH_DONE;
}

static struct ash_status finish(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				size_t *ret_len)
{
	const size_t len = ash_hash_len(op->alg.hash);

	ASH_ENSURE(out.len >= len, ASH_E_BUFFER_TOO_SMALL);
	ASH_TRY(update(op, in, out, ret_len));
	ASH_ENSURE(self(op)->sha->finish(out.data, self(op)->context) == 1, ASH_E_FAILED);
	op->mark = ash_ossl_mark(); /* nothing here allocates: what failed meanwhile failed elsewhere */
	*ret_len = len;
	return ASH_DONE;
}

static void done(struct ash_ossl_op *op)
{
	ash_arena_free(self(op)->context);
}

static struct ash_status copy(const struct ash_ossl_op *from, struct ash_ossl_op *to)
{
	const struct sha_op *other = (const struct sha_op *)from;

	ASH_TRY(make(to, NULL));
	*self(to)->context = *other->context;
	return ASH_DONE;
}

/* The words, the length, and the bytes that await their block. */
static struct ash_status save(struct ash_ossl_op *op, struct ash_buf *state)
{
	const struct sha *sha = self(op)->sha;
	struct standing standing;

	sha->show(self(op)->context, &standing);
	for (size_t i = 0; i < sha->words; i++)
		ASH_TRY(ash_write_u64(state, standing.word[i]));
	ASH_TRY(ash_write_u64(state, standing.length));
	return ash_buf_add(state, ash_span(standing.pending, *standing.pending_len));
}

static struct ash_status read_standing(const struct sha *sha, struct ash_span state,
				       struct standing *ret_standing, struct ash_span *ret_pending)
{
	struct ash_reader in = ash_reader(state);

	*ret_standing = (struct standing){ .length = 0 };
	for (size_t i = 0; i < sha->words; i++) {
		ASH_TRY(ash_reader_u64(&in, &ret_standing->word[i]));
		ASH_ENSURE(sha->word_len == 8 || ret_standing->word[i] <= UINT32_MAX, ASH_E_FORMAT);
	}
	ASH_TRY(ash_reader_u64(&in, &ret_standing->length));
	ASH_ENSURE(ret_standing->length < UINT64_C(1) << 61, ASH_E_FORMAT);
	ASH_TRY(ash_reader_take(&in, (size_t)(ret_standing->length % sha->block), ret_pending));
	return ash_reader_end(&in);
}

static struct ash_status restore(struct ash_ossl_op *op, struct ash_span state)
{
	const struct sha *sha = self(op)->sha;
	struct ash_span pending = ASH_SPAN_NONE;
	struct standing standing, fresh;

	ASH_ENSURE(ash_is_ok(read_standing(sha, state, &standing, &pending)), ASH_E_SAVED_STATE);
	sha->set(self(op)->context, &standing);
	sha->show(self(op)->context, &fresh);
	if (pending.len != 0)
		memcpy(fresh.pending, pending.data, pending.len);
	*fresh.pending_len = (unsigned)pending.len;
	return ASH_DONE;
}

const struct ash_ossl_family ash_ossl_family_sha = {
	.size = sizeof(struct sha_op),
	.make = make,
	.start = start,
	.update = update,
	.finish = finish,
	.done = done,
	.copy = copy,
	.save = save,
	.restore = restore,
};
