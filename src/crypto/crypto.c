#include "crypto/crypto.h"

#include <string.h>

#include "crypto/crypto_priv.h"
#include "util/mem.h"
#include "util/reader.h"
#include "util/writer.h"

#define ENGINE_NAME_MAX 16u

struct ash_operation {
	struct ash_engine engine;
	void *handle;
};

/* The next word of *rest, which moves on; empty past the last. */
static struct ash_span next_word(const char **rest)
{
	const char *start = *rest + strspn(*rest, " \t");
	size_t len = strcspn(start, " \t");

	*rest = start + len;
	return ash_span(start, len);
}

static bool has_word(const char *words, struct ash_span word)
{
	struct ash_span next = ASH_SPAN_NONE;

	if (words == NULL)
		return false;
	do {
		next = next_word(&words);
		if (next.len != 0 && ash_span_equal(next, word))
			return true;
	} while (next.len != 0);
	return false;
}

static const struct ash_engine *find_engine(const struct ash_crypto *crypto, struct ash_span name)
{
	for (size_t i = 0; i < crypto->count; i++) {
		if (ash_span_equal(ash_span_text(crypto->engine[i].ops->name), name))
			return &crypto->engine[i];
	}
	return NULL;
}

/* Opens the back end of that name, unless it is open. */
static struct ash_status open_engine(struct ash_crypto *crypto, const struct ash_backend_ops *const *offered,
				     size_t count, const char *optional, struct ash_span name)
{
	struct ash_engine *engine = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!ash_span_equal(ash_span_text(offered[i]->name), name))
			continue;
		ASH_BUG(offered[i]->abi != ASH_BACKEND_ABI);
		if (find_engine(crypto, name) != NULL)
			return ASH_DONE;
		ASH_ENSURE(crypto->count < ASH_ENGINES_MAX, ASH_E_LIMIT);
		engine = &crypto->engine[crypto->count];
		ASH_TRY(offered[i]->open(&engine->handle));
		engine->ops = offered[i];
		crypto->count++;
		return ASH_DONE;
	}
	if (has_word(optional, name))
		return ASH_DONE;
	ASH_FAIL_WITH(ASH_E_CONFIG, "there is no crypto engine named '%.*s'", (int)name.len,
		      (const char *)name.data);
}

/* A probe's outcome: what no back end offers is a mistake of the configuration. */
static struct ash_status need(struct ash_status probe, const char *what)
{
	if (probe.code == ASH_E_UNSUPPORTED)
		ASH_FAIL_WITH(ASH_E_CONFIG, "none of the configured crypto engines has %s", what);
	return probe;
}

static struct ash_status probe(const struct ash_crypto *crypto, enum ash_op op, enum ash_scheme scheme,
			       enum ash_hash hash)
{
	const struct ash_key_spec spec = { .kind = ASH_KEY_SECRET, .bits = 256 };
	const struct ash_alg alg = { scheme, hash };

	ASH_ENSURE(ash_crypto_offers(crypto, op, alg, &spec), ASH_E_UNSUPPORTED);
	return ASH_DONE;
}

/* What the house itself can't do without. */
static struct ash_status check_complete(struct ash_crypto *crypto)
{
	uint8_t bytes[16] = { 0 };
	const struct ash_span in = ash_span(bytes, sizeof(bytes));
	const struct ash_kdf hkdf = { .scheme = ASH_KDF_HKDF, .hash = ASH_HASH_SHA256, .secret = in };
	const struct ash_kdf argon2 = {
		.scheme = ASH_KDF_ARGON2ID, .secret = in, .salt = in, .memory_kib = 8, .passes = 1
	};
	uint8_t out[16] = { 0 };

	ASH_TRY(need(probe(crypto, ASH_OP_ENCRYPT, ASH_SCHEME_AES_GCM, ASH_HASH_NONE), "AES-GCM"));
	ASH_TRY(need(probe(crypto, ASH_OP_DECRYPT, ASH_SCHEME_AES_GCM, ASH_HASH_NONE), "AES-GCM"));
	ASH_TRY(need(probe(crypto, ASH_OP_SIGN, ASH_SCHEME_HMAC, ASH_HASH_SHA256), "HMAC"));
	ASH_TRY(need(ash_crypto_random(crypto, ash_mut(out, sizeof(out))), "a random generator"));
	ASH_TRY(need(ash_crypto_kdf(crypto, &hkdf, ash_mut(out, sizeof(out))), "HKDF"));
	ASH_TRY(need(ash_crypto_kdf(crypto, &argon2, ash_mut(out, sizeof(out))), "Argon2id"));
	return ASH_DONE;
}

struct ash_status ash_crypto_open(const struct ash_backend_ops *const *offered, size_t count,
				  const char *order, const char *optional, struct ash_crypto **ret_crypto)
{
	ASH_AUTO(ash_crypto) *crypto = ash_mem_new(1, sizeof(*crypto));
	struct ash_span name = ASH_SPAN_NONE;

	ASH_ENSURE(crypto != NULL, ASH_E_MEMORY);
	for (name = next_word(&order); name.len != 0; name = next_word(&order))
		ASH_TRY(open_engine(crypto, offered, count, optional, name));
	ASH_TRY(check_complete(crypto));

	*ret_crypto = ASH_TAKE(crypto);
	return ASH_DONE;
}

struct ash_crypto *ash_crypto_close(struct ash_crypto *crypto)
{
	for (size_t i = crypto != NULL ? crypto->count : 0; i-- > 0;)
		crypto->engine[i].ops->close(crypto->engine[i].handle);
	return ash_mem_free(crypto);
}

struct ash_crypto *ash_crypto_abandon(struct ash_crypto *crypto)
{
	return ash_mem_free(crypto);
}

bool ash_crypto_engine(const struct ash_crypto *crypto, size_t n, const char **ret_name,
		       const char **ret_version)
{
	if (n >= crypto->count)
		return false;
	*ret_name = crypto->engine[n].ops->name;
	*ret_version = crypto->engine[n].ops->version(crypto->engine[n].handle);
	return true;
}

static bool engine_serves(const struct ash_engine *engine, const struct ash_use *use,
			  const struct ash_key_spec *spec)
{
	if (spec != NULL && !engine->ops->offers_key(engine->handle, spec))
		return false;
	return use == NULL || engine->ops->offers(engine->handle, use->op, use->alg, spec);
}

struct ash_status ash_crypto_choose(const struct ash_crypto *crypto, const struct ash_use *use,
				    const char *prefer, const struct ash_key_spec *spec,
				    const struct ash_engine **ret_engine)
{
	const struct ash_engine *preferred =
		prefer != NULL ? find_engine(crypto, ash_span_text(prefer)) : NULL;

	if (preferred != NULL && engine_serves(preferred, use, spec)) {
		*ret_engine = preferred;
		return ASH_DONE;
	}
	for (size_t i = 0; i < crypto->count; i++) {
		if (engine_serves(&crypto->engine[i], use, spec)) {
			*ret_engine = &crypto->engine[i];
			return ASH_DONE;
		}
	}
	ASH_FAIL(ASH_E_UNSUPPORTED);
}

const char *ash_crypto_choice(const struct ash_crypto *crypto, const struct ash_use *use,
			      const struct ash_key_spec *spec)
{
	const struct ash_engine *engine = NULL;

	if (!ash_is_ok(ash_crypto_choose(crypto, use, use->prefer, spec, &engine)))
		return NULL;
	return engine->ops->name;
}

bool ash_crypto_offers(const struct ash_crypto *crypto, enum ash_op op, struct ash_alg alg,
		       const struct ash_key_spec *spec)
{
	const struct ash_use use = { .op = op, .alg = alg };

	for (size_t i = 0; i < crypto->count; i++) {
		if (engine_serves(&crypto->engine[i], &use, spec))
			return true;
	}
	return false;
}

bool ash_crypto_offers_key(const struct ash_crypto *crypto, const struct ash_key_spec *spec)
{
	for (size_t i = 0; i < crypto->count; i++) {
		if (engine_serves(&crypto->engine[i], NULL, spec))
			return true;
	}
	return false;
}

struct ash_status ash_operation_new(struct ash_crypto *crypto, const struct ash_use *use,
				    const struct ash_key *key, struct ash_operation **ret_operation)
{
	ASH_AUTO(ash_operation) *operation = ash_mem_new(1, sizeof(*operation));
	const struct ash_engine *engine = key != NULL ? &key->engine : NULL;

	ASH_ENSURE(operation != NULL, ASH_E_MEMORY);
	if (engine == NULL)
		ASH_TRY(ash_crypto_choose(crypto, use, use->prefer, NULL, &engine));
	operation->engine = *engine;
	ASH_TRY(engine->ops->op_new(engine->handle, use->op, use->alg, key != NULL ? key->handle : NULL,
				    &operation->handle));

	*ret_operation = ASH_TAKE(operation);
	return ASH_DONE;
}

bool ash_operation_streams(const struct ash_operation *operation)
{
	return operation->engine.ops->op_streams(operation->handle);
}

struct ash_status ash_operation_start(struct ash_operation *operation, const struct ash_params *params)
{
	return operation->engine.ops->op_start(operation->handle, params);
}

struct ash_status ash_operation_update(struct ash_operation *operation, struct ash_span in,
				       struct ash_mut out, size_t *ret_len)
{
	return operation->engine.ops->op_update(operation->handle, in, out, ret_len);
}

struct ash_status ash_operation_finish(struct ash_operation *operation, struct ash_span in,
				       struct ash_mut out, size_t *ret_len)
{
	return operation->engine.ops->op_finish(operation->handle, in, out, ret_len);
}

struct ash_status ash_operation_verify(struct ash_operation *operation, struct ash_span in,
				       struct ash_span signature)
{
	return operation->engine.ops->op_finish_verify(operation->handle, in, signature);
}

struct ash_status ash_operation_copy(const struct ash_operation *operation, struct ash_operation **ret_copy)
{
	ASH_AUTO(ash_operation) *copy = NULL;

	ASH_ENSURE(operation->engine.ops->op_copy != NULL, ASH_E_UNSUPPORTED);
	copy = ash_mem_new(1, sizeof(*copy));
	ASH_ENSURE(copy != NULL, ASH_E_MEMORY);
	copy->engine = operation->engine;
	ASH_TRY(copy->engine.ops->op_copy(operation->handle, &copy->handle));

	*ret_copy = ASH_TAKE(copy);
	return ASH_DONE;
}

/* The back end's name stands in front, as its form is its own. */
struct ash_status ash_operation_save(const struct ash_operation *operation, struct ash_buf *state)
{
	const struct ash_backend_ops *ops = operation->engine.ops;

	ASH_BUG(!state->secret);
	ASH_ENSURE(ops->op_save != NULL, ASH_E_STATE_UNSAVEABLE);
	ASH_TRY(ash_write_bytes(state, ash_span_text(ops->name)));
	return ops->op_save(operation->handle, state);
}

struct ash_status ash_operation_restore(struct ash_operation *operation, struct ash_span state)
{
	const struct ash_backend_ops *ops = operation->engine.ops;
	struct ash_reader in = ash_reader(state);
	struct ash_span name = ASH_SPAN_NONE;

	ASH_ENSURE(ash_is_ok(ash_reader_bytes(&in, ENGINE_NAME_MAX, &name)) && ops->op_restore != NULL &&
			   ash_span_equal(name, ash_span_text(ops->name)),
		   ASH_E_SAVED_STATE);
	return ops->op_restore(operation->handle, in.rest);
}

struct ash_operation *ash_operation_free(struct ash_operation *operation)
{
	if (operation != NULL && operation->handle != NULL)
		operation->engine.ops->op_free(operation->handle);
	return ash_mem_free(operation);
}

struct ash_status ash_crypto_random(struct ash_crypto *crypto, struct ash_mut out)
{
	for (size_t i = 0; i < crypto->count; i++) {
		if (crypto->engine[i].ops->random != NULL)
			return crypto->engine[i].ops->random(crypto->engine[i].handle, out);
	}
	ASH_FAIL(ASH_E_UNSUPPORTED);
}

/* All generators get it: keys are made by the back end that holds them. */
struct ash_status ash_crypto_random_seed(struct ash_crypto *crypto, struct ash_span seed)
{
	bool taken = false;

	for (size_t i = 0; i < crypto->count; i++) {
		if (crypto->engine[i].ops->random_seed != NULL) {
			ASH_TRY(crypto->engine[i].ops->random_seed(crypto->engine[i].handle, seed));
			taken = true;
		}
	}
	ASH_ENSURE(taken, ASH_E_RANDOM_SEED);
	return ASH_DONE;
}

struct ash_status ash_crypto_kdf(struct ash_crypto *crypto, const struct ash_kdf *kdf, struct ash_mut out)
{
	for (size_t i = 0; i < crypto->count; i++) {
		const struct ash_engine *engine = &crypto->engine[i];
		struct ash_status status = ASH_DONE;

		if (engine->ops->kdf == NULL)
			continue;
		status = engine->ops->kdf(engine->handle, kdf, out);
		if (status.code != ASH_E_UNSUPPORTED)
			return status;
	}
	ASH_FAIL(ASH_E_UNSUPPORTED);
}

struct ash_status ash_crypto_hmac(struct ash_crypto *crypto, enum ash_hash hash, struct ash_span key_bytes,
				  struct ash_span data, struct ash_mut out)
{
	const struct ash_use use = { .op = ASH_OP_SIGN, .alg = { ASH_SCHEME_HMAC, hash } };
	const struct ash_key_spec spec = { .kind = ASH_KEY_SECRET, .bits = (uint32_t)(key_bytes.len * 8) };
	const struct ash_params params = { 0 };
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_key) *key = NULL;
	ASH_AUTO(ash_operation) *operation = NULL;
	uint8_t mac[ASH_HASH_MAX];
	size_t len = 0;

	ASH_ENSURE(key_bytes.len <= UINT32_MAX / 8 && out.len <= ash_hash_len(hash), ASH_E_ARGUMENT);
	ASH_TRY(ash_parts_set(&parts, ASH_PART_SECRET, key_bytes));
	ASH_TRY(ash_key_load(crypto, &spec, &parts, &use, &key));
	ASH_TRY(ash_operation_new(crypto, &use, key, &operation));
	ASH_TRY(ash_operation_start(operation, &params));
	ASH_TRY(ash_operation_finish(operation, data, ash_mut(mac, ash_hash_len(hash)), &len));
	ASH_BUG(len != ash_hash_len(hash));

	memcpy(out.data, mac, out.len);
	ash_wipe(mac, sizeof(mac));
	return ASH_DONE;
}
