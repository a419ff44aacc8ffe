#include "crypto/openssl/openssl_priv.h"

#include "util/secret.h"

#define SECRET_BITS_MAX (UINT32_C(1) << 20)

/* --- secret keys --------------------------------------------------------------- */

static bool secret_offers(const struct ash_key_spec *spec)
{
	return spec->group == ASH_GROUP_NONE && spec->bits % 8 == 0 && spec->bits <= SECRET_BITS_MAX;
}

static struct ash_status secret_generate(struct ash_ossl *lib, const struct ash_key_spec *spec,
					 const struct ash_parts *parts, struct ash_ossl_key *key)
{
	(void)parts;
	ASH_ENSURE(spec->bits != 0, ASH_E_ARGUMENT);
	ASH_TRY(ash_secret_new(spec->bits / 8, &key->secret));
	return ash_ossl_random(lib, ash_secret_edit(key->secret));
}

static struct ash_status secret_load(struct ash_ossl *lib, const struct ash_key_spec *spec,
				     const struct ash_parts *parts, struct ash_ossl_key *key)
{
	struct ash_span value = ash_parts_get(parts, ASH_PART_SECRET);

	(void)lib;
	ASH_ENSURE(ash_parts_has(parts, ASH_PART_SECRET) && value.len == spec->bits / 8, ASH_E_KEY_INVALID);
	return ash_secret_copy(value, &key->secret);
}

static struct ash_status secret_parts(const struct ash_ossl_key *key, struct ash_parts *parts)
{
	return ash_parts_set(parts, ASH_PART_SECRET, ash_secret_peek(key->secret));
}

static const struct ash_ossl_kind kind_secret = {
	.offers = secret_offers,
	.generate = secret_generate,
	.load = secret_load,
	.parts = secret_parts,
};

/* --- all kinds ----------------------------------------------------------------- */

static const struct ash_ossl_kind *const kinds[ASH_KEY_KINDS] = {
	[ASH_KEY_RSA] = &ash_ossl_kind_rsa,
	[ASH_KEY_EC] = &ash_ossl_kind_ec,
	[ASH_KEY_EDWARDS] = &ash_ossl_kind_edwards,
	[ASH_KEY_MONTGOMERY] = &ash_ossl_kind_montgomery,
	[ASH_KEY_ML_DSA] = &ash_ossl_kind_ml_dsa,
	[ASH_KEY_ML_KEM] = &ash_ossl_kind_ml_kem,
	[ASH_KEY_SECRET] = &kind_secret,
};

static void key_auto(struct ash_ossl_key **key)
{
	ash_ossl_key_free(NULL, *key);
}

bool ash_ossl_offers_key(const struct ash_key_spec *spec)
{
	return (unsigned)spec->kind < ASH_KEY_KINDS && (unsigned)spec->group < ASH_GROUPS &&
	       kinds[spec->kind]->offers(spec);
}

static struct ash_status key_new(const struct ash_key_spec *spec, struct ash_ossl_key **ret_key)
{
	struct ash_ossl_key *key = NULL;

	ASH_ENSURE(ash_ossl_offers_key(spec), ASH_E_UNSUPPORTED);
	key = ash_mem_new(1, sizeof(*key));
	ASH_ENSURE(key != NULL, ASH_E_MEMORY);
	key->spec = *spec;
	*ret_key = key;
	return ASH_DONE;
}

struct ash_status ash_ossl_settle(unsigned mark, struct ash_status status)
{
	ASH_ENSURE(ash_ossl_mark() == mark, ash_ossl_code(mark, ASH_E_MEMORY));
	return status;
}

static struct ash_status generate(struct ash_ossl *lib, const struct ash_parts *parts,
				  struct ash_ossl_key *key)
{
	struct ash_status status = ASH_DONE;

	ASH_TRY(kinds[key->spec.kind]->generate(lib, &key->spec, parts, key));
	if (key->pkey != NULL)
		status = ash_ossl_key_try(lib, key);
	ASH_ENSURE(status.code != ASH_E_KEY_INVALID, ASH_E_FAILED);
	return status;
}

struct ash_status ash_ossl_key_generate(void *backend, const struct ash_key_spec *spec,
					const struct ash_parts *parts, void **ret_key)
{
	__attribute__((cleanup(key_auto))) struct ash_ossl_key *key = NULL;
	unsigned mark = ash_ossl_mark();

	ASH_TRY(key_new(spec, &key));
	key->is_private = true;
	ASH_TRY(ash_ossl_settle(mark, generate(backend, parts, key)));

	*ret_key = ASH_TAKE(key);
	return ASH_DONE;
}

struct ash_status ash_ossl_key_load(void *backend, const struct ash_key_spec *spec,
				    const struct ash_parts *parts, void **ret_key)
{
	__attribute__((cleanup(key_auto))) struct ash_ossl_key *key = NULL;
	unsigned mark = ash_ossl_mark();

	ASH_TRY(key_new(spec, &key));
	key->is_private = ash_parts_private(parts);
	ASH_TRY(ash_ossl_settle(mark, kinds[spec->kind]->load(backend, spec, parts, key)));

	*ret_key = ASH_TAKE(key);
	return ASH_DONE;
}

struct ash_status ash_ossl_key_parts(void *backend, void *key, struct ash_parts *ret_parts)
{
	const struct ash_ossl_key *from = key;
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;

	(void)backend;
	ASH_TRY(kinds[from->spec.kind]->parts(from, &parts));
	ash_parts_move(ret_parts, &parts);
	return ASH_DONE;
}

void *ash_ossl_key_free(void *backend, void *key)
{
	struct ash_ossl_key *from = key;

	(void)backend;
	if (from != NULL) {
		EVP_PKEY_free(from->pkey);
		ash_secret_free(from->secret);
	}
	return ash_mem_free(from);
}
