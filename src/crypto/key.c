/* Keys, each held by one back end. */
#include "crypto/crypto.h"

#include "crypto/crypto_priv.h"
#include "util/mem.h"

static struct ash_status key_new(const struct ash_engine *engine, const struct ash_key_spec *spec,
				 struct ash_key **ret_key)
{
	struct ash_key *key = ash_mem_new(1, sizeof(*key));

	ASH_ENSURE(key != NULL, ASH_E_MEMORY);
	key->engine = *engine;
	key->spec = *spec;
	*ret_key = key;
	return ASH_DONE;
}

struct ash_status ash_key_generate(struct ash_crypto *crypto, const struct ash_key_spec *spec,
				   const struct ash_parts *parts, const char *prefer,
				   struct ash_key **ret_key)
{
	ASH_AUTO(ash_key) *key = NULL;
	const struct ash_engine *engine = NULL;

	ASH_TRY(ash_crypto_choose(crypto, NULL, prefer, spec, &engine));
	ASH_TRY(key_new(engine, spec, &key));
	ASH_TRY(engine->ops->key_generate(engine->handle, spec, parts, &key->handle));

	*ret_key = ASH_TAKE(key);
	return ASH_DONE;
}

struct ash_status ash_key_load(struct ash_crypto *crypto, const struct ash_key_spec *spec,
			       const struct ash_parts *parts, const struct ash_use *use,
			       struct ash_key **ret_key)
{
	ASH_AUTO(ash_key) *key = NULL;
	const struct ash_engine *engine = NULL;

	ASH_TRY(ash_crypto_choose(crypto, use, use != NULL ? use->prefer : NULL, spec, &engine));
	ASH_TRY(key_new(engine, spec, &key));
	ASH_TRY(engine->ops->key_load(engine->handle, spec, parts, &key->handle));

	*ret_key = ASH_TAKE(key);
	return ASH_DONE;
}

/* A back end may hold keys of a kind with which it does not do all that there is. */
static struct ash_status offered(const struct ash_key *key, enum ash_op op, enum ash_scheme scheme)
{
	const struct ash_alg alg = { scheme, ASH_HASH_NONE };

	ASH_ENSURE(key->engine.ops->offers(key->engine.handle, op, alg, &key->spec), ASH_E_UNSUPPORTED);
	return ASH_DONE;
}

struct ash_status ash_key_agree(const struct ash_key *key, struct ash_span peer,
				struct ash_secret **ret_shared)
{
	ASH_ENSURE(key->engine.ops->agree != NULL, ASH_E_UNSUPPORTED);
	ASH_TRY(offered(key, ASH_OP_DERIVE, ASH_SCHEME_ECDH));
	return key->engine.ops->agree(key->engine.handle, key->handle, peer, ret_shared);
}

struct ash_status ash_key_encapsulate(const struct ash_key *key, struct ash_mut ciphertext,
				      struct ash_secret **ret_shared)
{
	ASH_ENSURE(key->engine.ops->encapsulate != NULL, ASH_E_UNSUPPORTED);
	ASH_TRY(offered(key, ASH_OP_ENCAPSULATE, ASH_SCHEME_ML_KEM));
	return key->engine.ops->encapsulate(key->engine.handle, key->handle, ciphertext, ret_shared);
}

struct ash_status ash_key_decapsulate(const struct ash_key *key, struct ash_span ciphertext,
				      struct ash_secret **ret_shared)
{
	ASH_ENSURE(key->engine.ops->decapsulate != NULL, ASH_E_UNSUPPORTED);
	ASH_TRY(offered(key, ASH_OP_DECAPSULATE, ASH_SCHEME_ML_KEM));
	return key->engine.ops->decapsulate(key->engine.handle, key->handle, ciphertext, ret_shared);
}

struct ash_status ash_key_parts(const struct ash_key *key, struct ash_parts *ret_parts)
{
	return key->engine.ops->key_parts(key->engine.handle, key->handle, ret_parts);
}

const struct ash_key_spec *ash_key_spec(const struct ash_key *key)
{
	return &key->spec;
}

const char *ash_key_engine(const struct ash_key *key)
{
	return key->engine.ops->name;
}

struct ash_key *ash_key_free(struct ash_key *key)
{
	if (key != NULL && key->handle != NULL)
		key->engine.ops->key_free(key->engine.handle, key->handle);
	return ash_mem_free(key);
}
