#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>

#define SEED_LEN 32u

static bool offers(const struct ash_key_spec *spec)
{
	return spec->group == ASH_GROUP_ML_DSA_65 && spec->bits == 0;
}

static struct ash_status generate(struct ash_ossl *lib, const struct ash_key_spec *spec,
				  const struct ash_parts *parts, struct ash_ossl_key *key)
{
	const struct ash_ossl_params params = ASH_OSSL_PARAMS_NONE;

	(void)parts;
	return ash_ossl_pkey_generate(lib, ash_ossl_group_name(spec->group), &params, &key->pkey);
}

/* OpenSSL itself checks that what is there belongs together. */
static struct ash_status load(struct ash_ossl *lib, const struct ash_key_spec *spec,
			      const struct ash_parts *parts, struct ash_ossl_key *key)
{
	const struct {
		enum ash_part part;
		const char *name;
		size_t len;
	} row[] = {
		{ ASH_PART_SEED, OSSL_PKEY_PARAM_ML_DSA_SEED, SEED_LEN },
		{ ASH_PART_PRIVATE, OSSL_PKEY_PARAM_PRIV_KEY, ash_group_private_len(spec->group) },
		{ ASH_PART_PUBLIC, OSSL_PKEY_PARAM_PUB_KEY, ash_group_public_len(spec->group) },
	};
	struct ash_ossl_params params = ASH_OSSL_PARAMS_NONE;

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		struct ash_span bytes = ash_parts_get(parts, row[i].part);

		if (!ash_parts_has(parts, row[i].part))
			continue;
		ASH_ENSURE(bytes.len == row[i].len, ASH_E_KEY_INVALID);
		ash_ossl_params_bytes(&params, row[i].name, bytes);
	}
	return ash_ossl_pkey_load(lib, ash_ossl_group_name(spec->group), key->is_private, &params,
				  &key->pkey);
}

static struct ash_status parts_of(const struct ash_ossl_key *key, struct ash_parts *parts)
{
	if (key->is_private) {
		ASH_TRY(ash_ossl_part_bytes(key->pkey, OSSL_PKEY_PARAM_ML_DSA_SEED, ASH_PART_SEED, parts));
		ASH_TRY(ash_ossl_part_bytes(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, ASH_PART_PRIVATE, parts));
	}
	return ash_ossl_part_bytes(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, ASH_PART_PUBLIC, parts);
}

const struct ash_ossl_kind ash_ossl_kind_ml_dsa = {
	.offers = offers,
	.generate = generate,
	.load = load,
	.parts = parts_of,
};
