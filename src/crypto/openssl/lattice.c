/* Keys of ML-DSA (FIPS 204) and ML-KEM (FIPS 203): a seed, what is expanded from it, a public key. */
#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>

#include "util/secret.h"

#define ML_DSA_SEED_LEN 32u
#define ML_KEM_SEED_LEN 64u
#define SEED            OSSL_PKEY_PARAM_ML_DSA_SEED /* both kinds' */

static bool offers_ml_dsa(const struct ash_key_spec *spec)
{
	return spec->group >= ASH_GROUP_ML_DSA_44 && spec->group <= ASH_GROUP_ML_DSA_87 && spec->bits == 0;
}

static bool offers_ml_kem(const struct ash_key_spec *spec)
{
	return spec->group >= ASH_GROUP_ML_KEM_512 && spec->group <= ASH_GROUP_ML_KEM_1024 && spec->bits == 0;
}

static struct ash_status generate(struct ash_ossl *lib, const struct ash_key_spec *spec,
				  const struct ash_parts *parts, struct ash_ossl_key *key)
{
	const struct ash_ossl_params params = ASH_OSSL_PARAMS_NONE;

	(void)parts;
	return ash_ossl_pkey_generate(lib, ash_ossl_group_name(spec->group), &params, &key->pkey);
}

/* OpenSSL looks at an ML-KEM public key beside a seed no further than at its length. */
static struct ash_status check_public(const struct ash_ossl_key *key, struct ash_span given)
{
	ASH_AUTO(ash_parts) made = ASH_PARTS_NONE;

	ASH_TRY(ash_ossl_part_bytes(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, ASH_PART_PUBLIC, &made));
	ASH_ENSURE(ash_span_equal(given, ash_parts_get(&made, ASH_PART_PUBLIC)), ASH_E_KEY_INVALID);
	return ASH_DONE;
}

/* OpenSSL itself checks that the seed and the expanded key belong together. */
static struct ash_status load(struct ash_ossl *lib, const struct ash_key_spec *spec,
			      const struct ash_parts *parts, struct ash_ossl_key *key)
{
	const struct {
		enum ash_part part;
		const char *name;
		size_t len;
	} row[] = {
		{ ASH_PART_SEED, SEED, spec->kind == ASH_KEY_ML_KEM ? ML_KEM_SEED_LEN : ML_DSA_SEED_LEN },
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
	ASH_TRY(ash_ossl_pkey_load(lib, ash_ossl_group_name(spec->group), key->is_private, &params,
				   &key->pkey));
	if (!ash_parts_has(parts, ASH_PART_PUBLIC))
		return ASH_DONE;
	return check_public(key, ash_parts_get(parts, ASH_PART_PUBLIC));
}

static struct ash_status parts_of(const struct ash_ossl_key *key, struct ash_parts *parts)
{
	if (key->is_private) {
		ASH_TRY(ash_ossl_part_bytes(key->pkey, SEED, ASH_PART_SEED, parts));
		ASH_TRY(ash_ossl_part_bytes(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, ASH_PART_PRIVATE, parts));
	}
	return ash_ossl_part_bytes(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, ASH_PART_PUBLIC, parts);
}

const struct ash_ossl_kind ash_ossl_kind_ml_dsa = {
	.offers = offers_ml_dsa,
	.generate = generate,
	.load = load,
	.parts = parts_of,
};

const struct ash_ossl_kind ash_ossl_kind_ml_kem = {
	.offers = offers_ml_kem,
	.generate = generate,
	.load = load,
	.parts = parts_of,
};
