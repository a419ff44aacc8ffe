/* Keys of Edwards and Montgomery curves: byte strings (RFC 8032, RFC 7748). */
#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>

#define PUBLIC_MAX 57u

static bool offers_edwards(const struct ash_key_spec *spec)
{
	return (spec->group == ASH_GROUP_ED25519 || spec->group == ASH_GROUP_ED448) && spec->bits == 0;
}

static bool offers_montgomery(const struct ash_key_spec *spec)
{
	return (spec->group == ASH_GROUP_X25519 || spec->group == ASH_GROUP_X448) && spec->bits == 0;
}

static struct ash_status generate(struct ash_ossl *lib, const struct ash_key_spec *spec,
				  const struct ash_parts *parts, struct ash_ossl_key *key)
{
	const struct ash_ossl_params params = ASH_OSSL_PARAMS_NONE;

	(void)parts;
	return ash_ossl_pkey_generate(lib, ash_ossl_group_name(spec->group), &params, &key->pkey);
}

/* Any u is one of a Montgomery curve or of its twist; those of small order show when they agree on zero. */
static struct ash_status load_public(struct ash_ossl *lib, const struct ash_key_spec *spec,
				     struct ash_span point, struct ash_ossl_key *key)
{
	unsigned mark = ash_ossl_mark();

	ASH_ENSURE(point.len == ash_group_public_len(spec->group), ASH_E_KEY_INVALID);
	if (spec->kind == ASH_KEY_EDWARDS)
		ASH_TRY(ash_ossl_edwards_check(lib, spec->group, point));
	key->pkey = EVP_PKEY_new_raw_public_key_ex(lib->ctx, ash_ossl_group_name(spec->group), NULL,
						   point.data, point.len);
	ASH_ENSURE(key->pkey != NULL, ash_ossl_code(mark, ASH_E_KEY_INVALID));
	return ASH_DONE;
}

static struct ash_status load(struct ash_ossl *lib, const struct ash_key_spec *spec,
			      const struct ash_parts *parts, struct ash_ossl_key *key)
{
	struct ash_span seed = ash_parts_get(parts, ASH_PART_PRIVATE);
	struct ash_span given = ash_parts_get(parts, ASH_PART_PUBLIC);
	unsigned mark = ash_ossl_mark();
	uint8_t made[PUBLIC_MAX];
	size_t len = sizeof(made);

	if (!key->is_private)
		return load_public(lib, spec, given, key);
	ASH_ENSURE(seed.len == ash_group_private_len(spec->group), ASH_E_KEY_INVALID);
	key->pkey = EVP_PKEY_new_raw_private_key_ex(lib->ctx, ash_ossl_group_name(spec->group), NULL,
						    seed.data, seed.len);
	ASH_ENSURE(key->pkey != NULL && EVP_PKEY_get_raw_public_key(key->pkey, made, &len) == 1,
		   ash_ossl_code(mark, ASH_E_KEY_INVALID));
	ASH_ENSURE(!ash_parts_has(parts, ASH_PART_PUBLIC) || ash_span_equal(given, ash_span(made, len)),
		   ASH_E_KEY_INVALID);
	return ASH_DONE;
}

static struct ash_status parts_of(const struct ash_ossl_key *key, struct ash_parts *parts)
{
	if (key->is_private)
		ASH_TRY(ash_ossl_part_bytes(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, ASH_PART_PRIVATE, parts));
	return ash_ossl_part_bytes(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, ASH_PART_PUBLIC, parts);
}

const struct ash_ossl_kind ash_ossl_kind_edwards = {
	.offers = offers_edwards,
	.generate = generate,
	.load = load,
	.parts = parts_of,
};

const struct ash_ossl_kind ash_ossl_kind_montgomery = {
	.offers = offers_montgomery,
	.generate = generate,
	.load = load,
	.parts = parts_of,
};
