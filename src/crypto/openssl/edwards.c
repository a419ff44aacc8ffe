/* Points of Edwards curves, which OpenSSL itself takes as they come. */
#include "crypto/openssl/openssl_priv.h"

#define POINT_MAX 57u

/* RFC 8032, 5.1 and 5.2: a x^2 + y^2 = 1 + d x^2 y^2 */
static const struct curve {
	enum ash_group group;
	const char *field;
	const char *d;
	bool minus; /* a is -1 */
} curves[] = {
	{
		.group = ASH_GROUP_ED25519,
		.field = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed",
		.d = "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3",
		.minus = true,
	},
	{
		.group = ASH_GROUP_ED448,
		.field = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
			 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		.d = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
		     "ffffffffffffffffffffffffffffffffffffffffffffffffffff6756",
	},
};

/*
 * Whether there is an x to this y: whether (y^2 - 1) / (d y^2 - a) is a square, for which
 * its numerator times its denominator does as well.
 */
static bool has_x(const struct curve *curve, struct ash_span point, BN_CTX *ctx, bool *ret_has)
{
	BIGNUM *field = BN_CTX_get(ctx);
	BIGNUM *d = BN_CTX_get(ctx);
	BIGNUM *y = BN_CTX_get(ctx);
	BIGNUM *above = BN_CTX_get(ctx);
	BIGNUM *below = BN_CTX_get(ctx);
	uint8_t bytes[POINT_MAX];
	int sign = 0;

	memcpy(bytes, point.data, point.len);
	bytes[point.len - 1] &= 0x7f; /* the sign of x */
	if (below == NULL || BN_hex2bn(&field, curve->field) == 0 || BN_hex2bn(&d, curve->d) == 0 ||
	    BN_lebin2bn(bytes, (int)point.len, y) == NULL || BN_mod_sqr(y, y, field, ctx) != 1 ||
	    BN_mod_sub(above, y, BN_value_one(), field, ctx) != 1 || BN_mod_mul(below, d, y, field, ctx) != 1)
		return false;
	if ((curve->minus ? BN_mod_add(below, below, BN_value_one(), field, ctx)
			  : BN_mod_sub(below, below, BN_value_one(), field, ctx)) != 1 ||
	    BN_mod_mul(above, above, below, field, ctx) != 1)
		return false;
	sign = BN_kronecker(above, field, ctx);
	*ret_has = sign == 1 || sign == 0;
	return sign != -2;
}

struct ash_status ash_ossl_edwards_check(struct ash_ossl *lib, enum ash_group group, struct ash_span point)
{
	const struct curve *curve = group == ASH_GROUP_ED448 ? &curves[1] : &curves[0];
	unsigned mark = ash_ossl_mark();
	BN_CTX *ctx = NULL;
	bool good = false;
	bool has = false;

	ASH_BUG(curve->group != group);
	ASH_ENSURE(ash_edwards_sound(group, point), ASH_E_KEY_INVALID);
	ctx = BN_CTX_new_ex(lib->ctx);
	if (ctx != NULL) {
		BN_CTX_start(ctx);
		good = has_x(curve, point, ctx, &has);
		BN_CTX_end(ctx);
	}
	BN_CTX_free(ctx);
	ASH_ENSURE(good, ash_ossl_code(mark, ASH_E_FAILED));
	ASH_ENSURE(has, ASH_E_KEY_INVALID);
	return ASH_DONE;
}
