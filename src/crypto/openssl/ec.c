#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>

#include "util/secret.h"

#define UNCOMPRESSED 0x04

static bool offers(const struct ash_key_spec *spec)
{
	return spec->group >= ASH_GROUP_P224 && spec->group <= ASH_GROUP_SECP256K1 && spec->bits == 0;
}

static struct ash_status generate(struct ash_ossl *lib, const struct ash_key_spec *spec,
				  const struct ash_parts *parts, struct ash_ossl_key *key)
{
	ASH_AUTO(ash_ossl_params) params = ASH_OSSL_PARAMS_NONE;

	(void)parts;
	ash_ossl_params_text(&params, OSSL_PKEY_PARAM_GROUP_NAME, ash_ossl_group_name(spec->group));
	return ash_ossl_pkey_generate(lib, "EC", &params, &key->pkey);
}

/* Uncompressed and on the curve; these curves have no smaller subgroup. */
static struct ash_status check_point(struct ash_ossl *lib, enum ash_group group, struct ash_span point)
{
	const EC_GROUP *curve = lib->curve[group];
	unsigned mark = ash_ossl_mark();
	EC_POINT *decoded = NULL;
	bool good = false;

	ASH_ENSURE(point.len == ash_group_public_len(group) && point.data[0] == UNCOMPRESSED,
		   ASH_E_KEY_INVALID);
	decoded = EC_POINT_new(curve);
	good = decoded != NULL && EC_POINT_oct2point(curve, decoded, point.data, point.len, NULL) == 1;
	EC_POINT_free(decoded);
	ASH_ENSURE(good, ash_ossl_code(mark, ASH_E_KEY_INVALID));
	return ASH_DONE;
}

/* The public point of a scalar, which is to be from 1 to the order less 1. */
static bool multiply(const EC_GROUP *curve, struct ash_span scalar, struct ash_mut ret_point, BN_CTX *ctx)
{
	BIGNUM *number = BN_CTX_get(ctx);
	EC_POINT *point = EC_POINT_new(curve);
	bool good =
		number != NULL && point != NULL && BN_bin2bn(scalar.data, (int)scalar.len, number) != NULL;

	if (good) {
		BN_set_flags(number, BN_FLG_CONSTTIME);
		good = !BN_is_zero(number) && BN_cmp(number, EC_GROUP_get0_order(curve)) < 0 &&
		       EC_POINT_mul(curve, point, number, NULL, NULL, ctx) == 1 &&
		       EC_POINT_point2oct(curve, point, POINT_CONVERSION_UNCOMPRESSED, ret_point.data,
					  ret_point.len, ctx) == ret_point.len;
	}
	EC_POINT_clear_free(point);
	return good;
}

static struct ash_status public_of(struct ash_ossl *lib, enum ash_group group, struct ash_span scalar,
				   struct ash_mut ret_point)
{
	unsigned mark = ash_ossl_mark();
	BN_CTX *ctx = BN_CTX_new_ex(lib->ctx);
	bool good = false;

	if (ctx != NULL) {
		BN_CTX_start(ctx);
		good = multiply(lib->curve[group], scalar, ret_point, ctx);
		BN_CTX_end(ctx);
	}
	BN_CTX_free(ctx);
	ASH_ENSURE(good, ash_ossl_code(mark, ASH_E_KEY_INVALID));
	return ASH_DONE;
}

static struct ash_status load(struct ash_ossl *lib, const struct ash_key_spec *spec,
			      const struct ash_parts *parts, struct ash_ossl_key *key)
{
	struct ash_span scalar = ash_parts_get(parts, ASH_PART_PRIVATE);
	struct ash_span given = ash_parts_get(parts, ASH_PART_PUBLIC);
	ASH_AUTO(ash_ossl_params) params = ASH_OSSL_PARAMS_NONE;
	uint8_t made[1 + 2 * 66];
	struct ash_mut point = ash_mut(made, ash_group_public_len(spec->group));

	ASH_BUG(point.len > sizeof(made));
	ash_ossl_params_text(&params, OSSL_PKEY_PARAM_GROUP_NAME, ash_ossl_group_name(spec->group));
	if (!key->is_private) {
		ASH_TRY(check_point(lib, spec->group, given));
		ash_ossl_params_bytes(&params, OSSL_PKEY_PARAM_PUB_KEY, given);
		return ash_ossl_pkey_load(lib, "EC", false, &params, &key->pkey);
	}
	while (scalar.len != 0 && scalar.data[0] == 0)
		scalar = ash_span(scalar.data + 1, scalar.len - 1);
	ASH_ENSURE(scalar.len != 0 && scalar.len <= ash_group_private_len(spec->group), ASH_E_KEY_INVALID);
	ASH_TRY(public_of(lib, spec->group, scalar, point));
	ASH_ENSURE(!ash_parts_has(parts, ASH_PART_PUBLIC) || ash_span_equal(given, ash_mut_span(point)),
		   ASH_E_KEY_INVALID);

	ash_ossl_params_bytes(&params, OSSL_PKEY_PARAM_PUB_KEY, ash_mut_span(point));
	ASH_TRY(ash_ossl_params_reserve(&params, scalar.len));
	ASH_TRY(ash_ossl_params_integer(&params, OSSL_PKEY_PARAM_PRIV_KEY, scalar));
	return ash_ossl_pkey_load(lib, "EC", true, &params, &key->pkey);
}

static struct ash_status parts_of(const struct ash_ossl_key *key, struct ash_parts *parts)
{
	if (key->is_private)
		ASH_TRY(ash_ossl_part_integer(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, ASH_PART_PRIVATE,
					      ash_group_private_len(key->spec.group), parts));
	return ash_ossl_part_bytes(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, ASH_PART_PUBLIC, parts);
}

const struct ash_ossl_kind ash_ossl_kind_ec = {
	.offers = offers,
	.generate = generate,
	.load = load,
	.parts = parts_of,
};
