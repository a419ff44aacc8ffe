/*
 * A back end for tests of the room itself, which knows none by name. Its algorithms
 * look right (keys matter, tags notice every change) and protect nothing.
 *
 * TOY(name, ...) makes a table; its handle is a struct toy, where a test says what it
 * offers and reads what it was asked for.
 */
#pragma once

#include "crypto/backend.h"
#include "test.h"
#include "util/mem.h"

struct toy {
	unsigned schemes; /* 1 << ASH_SCHEME_ of what it offers */
	unsigned kdfs;    /* 1 << ASH_KDF_ */
	enum ash_code open_fails;
	unsigned opened;
	unsigned closed;
	unsigned seeded;
	unsigned keys; /* alive */
	unsigned operations;
	unsigned made; /* keys ever made */
	uint8_t fill;  /* what its random bytes are */
};

struct toy_key {
	struct toy *toy;
	struct ash_key_spec spec;
	struct ash_parts parts;
};

struct toy_op {
	struct toy *toy;
	enum ash_op op;
	struct ash_alg alg;
	uint64_t key;   /* digest of the key */
	uint64_t state; /* of key, nonce and associated data */
};

static uint64_t toy_mix(uint64_t state, struct ash_span bytes)
{
	state = (state ^ bytes.len) * 0x9e3779b97f4a7c15u;
	for (size_t i = 0; i < bytes.len; i++) {
		state = (state ^ bytes.data[i]) * 0x100000001b3u;
		state ^= state >> 29;
	}
	return state;
}

static bool toy_offers(void *backend, enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec)
{
	const struct toy *toy = backend;

	(void)op;
	return (toy->schemes & 1u << alg.scheme) != 0 && (spec == NULL) == (alg.scheme == ASH_SCHEME_HASH);
}

static bool toy_offers_key(void *backend, const struct ash_key_spec *spec)
{
	(void)backend;
	return spec->kind == ASH_KEY_SECRET;
}

static struct ash_status toy_key_load(void *backend, const struct ash_key_spec *spec,
				      const struct ash_parts *parts, void **ret_key)
{
	struct ash_span value = ash_parts_get(parts, ASH_PART_SECRET);
	struct toy_key *key = NULL;

	ASH_ENSURE(value.len == spec->bits / 8, ASH_E_KEY_INVALID);
	key = ash_mem_new(1, sizeof(*key));
	ASH_ENSURE(key != NULL, ASH_E_MEMORY);
	key->toy = backend;
	key->spec = *spec;
	if (!ash_is_ok(ash_parts_set(&key->parts, ASH_PART_SECRET, value))) {
		ash_mem_free(key);
		ASH_FAIL(ASH_E_MEMORY);
	}
	key->toy->keys++;
	key->toy->made++;
	*ret_key = key;
	return ASH_DONE;
}

static struct ash_status toy_key_generate(void *backend, const struct ash_key_spec *spec,
					  const struct ash_parts *parts, void **ret_key)
{
	struct ash_parts made = ASH_PARTS_NONE;
	uint8_t value[64] = { 0 };
	struct ash_status status = ASH_DONE;

	(void)parts;
	memset(value, ((struct toy *)backend)->fill, sizeof(value));
	ASH_TRY(ash_parts_set(&made, ASH_PART_SECRET, ash_span(value, spec->bits / 8)));
	status = toy_key_load(backend, spec, &made, ret_key);
	ash_parts_done(&made);
	return status;
}

static struct ash_status toy_key_parts(void *backend, void *key, struct ash_parts *ret_parts)
{
	(void)backend;
	return ash_parts_set(ret_parts, ASH_PART_SECRET,
			     ash_parts_get(&((struct toy_key *)key)->parts, ASH_PART_SECRET));
}

static void *toy_key_free(void *backend, void *handle)
{
	struct toy_key *key = handle;

	(void)backend;
	if (key != NULL) {
		key->toy->keys--;
		ash_parts_done(&key->parts);
	}
	return ash_mem_free(key);
}

static struct ash_status toy_op_new(void *backend, enum ash_op op, struct ash_alg alg, void *key,
				    void **ret_op)
{
	struct toy_op *made = NULL;

	ASH_ENSURE((((struct toy *)backend)->schemes & 1u << alg.scheme) != 0, ASH_E_UNSUPPORTED);
	made = ash_mem_new(1, sizeof(*made));
	ASH_ENSURE(made != NULL, ASH_E_MEMORY);
	made->toy = backend;
	made->op = op;
	made->alg = alg;
	if (key != NULL)
		made->key = toy_mix(1, ash_parts_get(&((struct toy_key *)key)->parts, ASH_PART_SECRET));
	made->toy->operations++;
	*ret_op = made;
	return ASH_DONE;
}

static bool toy_op_streams(void *op)
{
	return ((struct toy_op *)op)->op != ASH_OP_DECRYPT;
}

static struct ash_status toy_op_start(void *handle, const struct ash_params *params)
{
	struct toy_op *op = handle;

	op->state = op->key;
	if (params != NULL)
		op->state = toy_mix(toy_mix(op->key, params->iv), params->aad);
	return ASH_DONE;
}

static struct ash_status toy_op_update(void *handle, struct ash_span in, struct ash_mut out, size_t *ret_len)
{
	struct toy_op *op = handle;

	(void)out;
	op->state = toy_mix(op->state, in);
	*ret_len = 0;
	return ASH_DONE;
}

static void toy_tag(uint64_t state, struct ash_span in, uint8_t *out, size_t len)
{
	state = toy_mix(state, in);
	for (size_t i = 0; i < len; i++) {
		state = toy_mix(state, ash_span(&state, 1));
		out[i] = (uint8_t)(state >> 32);
	}
}

static void toy_crypt(uint64_t key, struct ash_span in, uint8_t *out)
{
	for (size_t i = 0; i < in.len; i++) {
		key = toy_mix(key, ASH_SPAN_NONE) + 1;
		out[i] = (uint8_t)(in.data[i] ^ (key >> 40));
	}
}

static struct ash_status toy_op_finish(void *handle, struct ash_span in, struct ash_mut out, size_t *ret_len)
{
	struct toy_op *op = handle;
	uint8_t tag[16];

	if (op->op == ASH_OP_ENCRYPT) {
		EXPECT(out.len >= in.len + 16);
		toy_crypt(op->key, in, out.data);
		toy_tag(op->state, ash_span(out.data, in.len), out.data + in.len, 16);
		*ret_len = in.len + 16;
	} else if (op->op == ASH_OP_DECRYPT) {
		ASH_ENSURE(in.len >= 16, ASH_E_ENCRYPTED_DATA_LEN);
		toy_tag(op->state, ash_span(in.data, in.len - 16), tag, 16);
		ASH_ENSURE(memcmp(tag, in.data + in.len - 16, 16) == 0, ASH_E_AUTHENTICATION);
		toy_crypt(op->key, ash_span(in.data, in.len - 16), out.data);
		*ret_len = in.len - 16;
	} else {
		EXPECT(out.len >= ash_hash_len(op->alg.hash));
		toy_tag(op->state, in, out.data, ash_hash_len(op->alg.hash));
		*ret_len = ash_hash_len(op->alg.hash);
	}
	return ASH_DONE;
}

static struct ash_status toy_op_finish_verify(void *handle, struct ash_span in, struct ash_span signature)
{
	struct toy_op *op = handle;
	uint8_t tag[ASH_HASH_MAX];

	toy_tag(op->state, in, tag, ash_hash_len(op->alg.hash));
	ASH_ENSURE(ash_span_equal(ash_span(tag, ash_hash_len(op->alg.hash)), signature), ASH_E_SIGNATURE);
	return ASH_DONE;
}

static void *toy_op_free(void *handle)
{
	struct toy_op *op = handle;

	if (op != NULL)
		op->toy->operations--;
	return ash_mem_free(op);
}

static struct ash_status toy_op_copy(void *handle, void **ret_op)
{
	struct toy_op *copy = ash_mem_new(1, sizeof(*copy));

	ASH_ENSURE(copy != NULL, ASH_E_MEMORY);
	*copy = *(struct toy_op *)handle;
	copy->toy->operations++;
	*ret_op = copy;
	return ASH_DONE;
}

static struct ash_status toy_random(void *backend, struct ash_mut out)
{
	struct toy *toy = backend;

	if (out.len != 0)
		memset(out.data, toy->fill++, out.len);
	return ASH_DONE;
}

static struct ash_status toy_random_seed(void *backend, struct ash_span seed)
{
	(void)seed;
	((struct toy *)backend)->seeded++;
	return ASH_DONE;
}

static struct ash_status toy_kdf(void *backend, const struct ash_kdf *kdf, struct ash_mut out)
{
	ASH_ENSURE((((struct toy *)backend)->kdfs & 1u << kdf->scheme) != 0, ASH_E_UNSUPPORTED);
	toy_tag(toy_mix(kdf->scheme, kdf->salt), kdf->secret, out.data, out.len);
	return ASH_DONE;
}

static void *toy_close(void *backend)
{
	((struct toy *)backend)->closed++;
	return NULL;
}

#define TOY_ALL  (1u << ASH_SCHEME_HASH | 1u << ASH_SCHEME_HMAC | 1u << ASH_SCHEME_AES_GCM)
#define TOY_KDFS (1u << ASH_KDF_HKDF | 1u << ASH_KDF_ARGON2ID)

/* The functions that every toy has; a test adds or changes others behind it. */
#define TOY(toy_name)                                                           \
	static struct toy toy_name;                                             \
	static struct ash_status toy_name##_open(void **ret_backend)            \
	{                                                                       \
		ASH_ENSURE(toy_name.open_fails == ASH_OK, toy_name.open_fails); \
		toy_name.opened++;                                              \
		*ret_backend = &toy_name;                                       \
		return ASH_DONE;                                                \
	}                                                                       \
	static const char *toy_name##_version(void *backend)                    \
	{                                                                       \
		EXPECT(backend == &toy_name);                                   \
		return "version of " #toy_name;                                 \
	}                                                                       \
	static struct ash_backend_ops toy_name##_ops = {                        \
		.abi = ASH_BACKEND_ABI,                                         \
		.name = #toy_name,                                              \
		.open = toy_name##_open,                                        \
		.close = toy_close,                                             \
		.version = toy_name##_version,                                  \
		.offers = toy_offers,                                           \
		.offers_key = toy_offers_key,                                   \
		.key_generate = toy_key_generate,                               \
		.key_load = toy_key_load,                                       \
		.key_parts = toy_key_parts,                                     \
		.key_free = toy_key_free,                                       \
		.op_new = toy_op_new,                                           \
		.op_streams = toy_op_streams,                                   \
		.op_start = toy_op_start,                                       \
		.op_update = toy_op_update,                                     \
		.op_finish = toy_op_finish,                                     \
		.op_finish_verify = toy_op_finish_verify,                       \
		.op_free = toy_op_free,                                         \
		.op_copy = toy_op_copy,                                         \
		.random = toy_random,                                           \
		.random_seed = toy_random_seed,                                 \
		.kdf = toy_kdf,                                                 \
	}
