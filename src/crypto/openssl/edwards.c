#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>

static bool offers(const struct ash_key_spec *spec)
{
	return spec->group == ASH_GROUP_ED25519 && spec->bits == 0;
}

static struct ash_status generate(struct ash_ossl *lib, const struct ash_key_spec *spec,
				  const struct ash_parts *parts, struct ash_ossl_key *key)
{
	const struct ash_ossl_params params = ASH_OSSL_PARAMS_NONE;

	(void)parts;
	return ash_ossl_pkey_generate(lib, ash_ossl_group_name(spec->group), &params, &key->pkey);
}

/* Ed25519's field and d, RFC 8032, 5.1 */
static const char field_hex[] = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
static const char d_hex[] = "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3";

/*
 * Whether there is an x to this y: whether (y^2 - 1) / (d y^2 + 1) is a square, for which
 * its numerator times its denominator does as well.
 */
static bool has_x(struct ash_span point, BN_CTX *ctx, bool *ret_has)
{
	BIGNUM *field = BN_CTX_get(ctx);
	BIGNUM *d = BN_CTX_get(ctx);
	BIGNUM *y = BN_CTX_get(ctx);
	BIGNUM *above = BN_CTX_get(ctx);
	BIGNUM *below = BN_CTX_get(ctx);
	uint8_t bytes[32];
	int sign = 0;

	memcpy(bytes, point.data, sizeof(bytes));
	bytes[31] &= 0x7f; /* the sign of x */
	if (below == NULL || BN_hex2bn(&field, field_hex) == 0 || BN_hex2bn(&d, d_hex) == 0 ||
	    BN_lebin2bn(bytes, sizeof(bytes), y) == NULL || BN_mod_sqr(y, y, field, ctx) != 1 ||
	    BN_mod_sub(above, y, BN_value_one(), field, ctx) != 1 ||
	    BN_mod_mul(below, d, y, field, ctx) != 1 ||
	    BN_mod_add(below, below, BN_value_one(), field, ctx) != 1 ||
	    BN_mod_mul(above, above, below, field, ctx) != 1)
		return false;
	sign = BN_kronecker(above, field, ctx);
	*ret_has = sign == 1 || sign == 0;
	return sign != -2;
}

/* OpenSSL itself takes any 32 bytes for a public key. */
static struct ash_status check_point(struct ash_ossl *lib, struct ash_span point)
{
	unsigned mark = ash_ossl_mark();
	BN_CTX *ctx = BN_CTX_new_ex(lib->ctx);
	bool good = false;
	bool has = false;

	if (ctx != NULL) {
		BN_CTX_start(ctx);
		good = has_x(point, ctx, &has);
		BN_CTX_end(ctx);
	}
	BN_CTX_free(ctx);
	ASH_ENSURE(good, ash_ossl_code(mark, ASH_E_FAILED));
	ASH_ENSURE(has, ASH_E_KEY_INVALID);
	return ASH_DONE;
}

static struct ash_status load_public(struct ash_ossl *lib, const struct ash_key_spec *spec,
				     struct ash_span point, struct ash_ossl_key *key)
{
	unsigned mark = ash_ossl_mark();

	ASH_ENSURE(ash_edwards_sound(spec->group, point), ASH_E_KEY_INVALID);
	ASH_TRY(check_point(lib, point));
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
	uint8_t made[32];
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
	.offers = offers,
	.generate = generate,
	.load = load,
	.parts = parts_of,
};
