#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>

#define BITS_MIN                2048u
#define BITS_MAX                8192u
#define EXPONENT_BITS_MAX       256u
#define SMALL_BITS              3072u /* of a modulus; with a larger one OpenSSL takes no longer exponent than */
#define LARGE_EXPONENT_BITS_MAX 64u

/* The numbers of a private key. All lie in the arena, which wipes them. */
enum number {
	N,
	E,
	D,
	P,
	Q,
	DP,
	DQ,
	QI,
	NUMBERS
};

static const struct {
	enum ash_part part;
	const char *name; /* OpenSSL's */
} number_table[NUMBERS] = {
	[N] = { ASH_PART_MODULUS, OSSL_PKEY_PARAM_RSA_N },
	[E] = { ASH_PART_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E },
	[D] = { ASH_PART_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D },
	[P] = { ASH_PART_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1 },
	[Q] = { ASH_PART_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2 },
	[DP] = { ASH_PART_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1 },
	[DQ] = { ASH_PART_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2 },
	[QI] = { ASH_PART_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};

static bool offers(const struct ash_key_spec *spec)
{
	return spec->group == ASH_GROUP_NONE && spec->bits >= BITS_MIN && spec->bits <= BITS_MAX &&
	       spec->bits % 8 == 0;
}

static struct ash_span stripped(struct ash_span bytes)
{
	while (bytes.len != 0 && bytes.data[0] == 0)
		bytes = ash_span(bytes.data + 1, bytes.len - 1);
	return bytes;
}

static uint32_t bit_len(struct ash_span number)
{
	return number.len != 0 ? (uint32_t)(number.len * 8) - (uint32_t)(__builtin_clz(number.data[0]) - 24)
			       : 0;
}

static bool odd(struct ash_span number)
{
	return number.len != 0 && (number.data[number.len - 1] & 1) != 0;
}

static bool exponent_good(uint32_t bits, struct ash_span e, uint32_t least)
{
	uint32_t most = bits > SMALL_BITS ? LARGE_EXPONENT_BITS_MAX : EXPONENT_BITS_MAX;

	return odd(e) && bit_len(e) >= least && bit_len(e) <= most;
}

static struct ash_status generate(struct ash_ossl *lib, const struct ash_key_spec *spec,
				  const struct ash_parts *parts, struct ash_ossl_key *key)
{
	static const uint8_t usual[] = { 1, 0, 1 };
	const unsigned bits = spec->bits;
	struct ash_span e = stripped(ash_parts_get(parts, ASH_PART_PUBLIC_EXPONENT));
	ASH_AUTO(ash_ossl_params) params = ASH_OSSL_PARAMS_NONE;

	if (!ash_parts_has(parts, ASH_PART_PUBLIC_EXPONENT))
		e = ash_span(usual, sizeof(usual));
	ASH_ENSURE(exponent_good(bits, e, 17), ASH_E_ARGUMENT); /* FIPS 186-5, A.1.1: above 2^16 */
	ASH_TRY(ash_ossl_params_reserve(&params, e.len));
	ASH_TRY(ash_ossl_params_integer(&params, OSSL_PKEY_PARAM_RSA_E, e));
	ash_ossl_params_number(&params, OSSL_PKEY_PARAM_RSA_BITS, &bits);
	return ash_ossl_pkey_generate(lib, "RSA", &params, &key->pkey);
}

/* --- loading ------------------------------------------------------------------- */

/* Which of two secrets is the larger is none here: lengths and oddness only, in bounded time. */
static struct ash_status check_shape(const struct ash_key_spec *spec, const struct ash_span *in)
{
	size_t primes = (size_t)(in[P].len != 0) + (size_t)(in[Q].len != 0);
	bool crt = in[DP].len != 0 || in[DQ].len != 0 || in[QI].len != 0;

	ASH_ENSURE(bit_len(in[N]) == spec->bits && odd(in[N]), ASH_E_KEY_INVALID);
	ASH_ENSURE(exponent_good(spec->bits, in[E], 2), ASH_E_KEY_INVALID);
	for (enum number i = D; i < NUMBERS; i++)
		ASH_ENSURE(in[i].len <= in[N].len, ASH_E_KEY_INVALID);
	ASH_ENSURE(primes != 1 && (primes == 2 || !crt), ASH_E_KEY_INVALID);
	ASH_ENSURE(primes == 0 || (odd(in[P]) && odd(in[Q]) && bit_len(in[P]) > 1 && bit_len(in[Q]) > 1),
		   ASH_E_KEY_INVALID);
	return ASH_DONE;
}

/* e * d = 1 modulo prime - 1; gives d modulo prime - 1. */
static bool exponent_fits(BIGNUM *const *in, enum number prime, BIGNUM *less, BIGNUM *product,
			  BIGNUM *ret_exponent, BN_CTX *ctx, bool *ret_fits)
{
	if (BN_copy(less, in[prime]) == NULL || BN_sub_word(less, 1) != 1)
		return false;
	BN_set_flags(less, BN_FLG_CONSTTIME);
	if (BN_mod(ret_exponent, in[D], less, ctx) != 1 ||
	    BN_mod_mul(product, ret_exponent, in[E], less, ctx) != 1)
		return false;
	*ret_fits = BN_is_one(product);
	return true;
}

/*
 * Whether n = p q and d belongs to e and the primes; computes what the CRT needs.
 * Whether the primes are prime is not asked: trying the key out answers what matters.
 */
static bool relate(BIGNUM **number, BN_CTX *ctx, bool *ret_fits)
{
	BIGNUM *less = BN_CTX_get(ctx);
	BIGNUM *product = BN_CTX_get(ctx);
	bool fits_p = false;
	bool fits_q = false;

	if (product == NULL || BN_mul(product, number[P], number[Q], ctx) != 1)
		return false;
	*ret_fits = BN_cmp(product, number[N]) == 0 && BN_cmp(number[P], number[Q]) != 0;
	if (!*ret_fits)
		return true;
	if (!exponent_fits(number, P, less, product, number[DP], ctx, &fits_p) ||
	    !exponent_fits(number, Q, less, product, number[DQ], ctx, &fits_q))
		return false;
	*ret_fits = fits_p && fits_q;
	if (!*ret_fits)
		return true;
	BN_set_flags(number[P], BN_FLG_CONSTTIME);
	BN_set_flags(number[Q], BN_FLG_CONSTTIME);
	/* Without a common factor, as n is not a square: only p = q would have one, for primes. */
	*ret_fits = BN_mod_inverse(number[QI], number[Q], number[P], ctx) != NULL;
	return true;
}

/* The CRT's numbers as the primes give them, or as they came where those agree. */
static struct ash_status complete(struct ash_ossl *lib, const struct ash_span *in, struct ash_parts *crt)
{
	unsigned mark = ash_ossl_mark();
	BN_CTX *ctx = BN_CTX_new_ex(lib->ctx);
	BIGNUM *number[NUMBERS] = { NULL };
	struct ash_status status = ASH_DONE;
	bool good = ctx != NULL;
	bool fits = false;

	if (good) {
		BN_CTX_start(ctx);
		for (enum number i = N; i < NUMBERS && good; i++) {
			number[i] = BN_CTX_get(ctx);
			good = number[i] != NULL && BN_bin2bn(in[i].data, (int)in[i].len, number[i]) != NULL;
		}
		good = good && relate(number, ctx, &fits);
	}
	if (!good || !fits)
		status = ash_status_fail(ash_ossl_code(mark, good ? ASH_E_KEY_INVALID : ASH_E_FAILED),
					 __FILE__, __LINE__);
	for (enum number i = DP; i < NUMBERS && ash_is_ok(status); i++)
		status = ash_ossl_part_bn(number[i], number_table[i].part, 0, crt);
	if (ctx != NULL)
		BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	return status;
}

static struct ash_status load_private(struct ash_ossl *lib, struct ash_span *in, struct ash_parts *crt)
{
	ASH_ENSURE(bit_len(in[D]) > 1, ASH_E_KEY_INVALID);
	if (in[P].len == 0)
		return ASH_DONE;
	ASH_TRY(complete(lib, in, crt));
	for (enum number i = DP; i < NUMBERS; i++) {
		struct ash_span made = ash_parts_get(crt, number_table[i].part);

		ASH_ENSURE(in[i].len == 0 || ash_span_equal_ct(in[i], made), ASH_E_KEY_INVALID);
		in[i] = made;
	}
	return ASH_DONE;
}

static struct ash_status load(struct ash_ossl *lib, const struct ash_key_spec *spec,
			      const struct ash_parts *parts, struct ash_ossl_key *key)
{
	ASH_AUTO(ash_ossl_params) params = ASH_OSSL_PARAMS_NONE;
	ASH_AUTO(ash_parts) crt = ASH_PARTS_NONE;
	struct ash_span in[NUMBERS];
	size_t total = 0;

	for (enum number i = N; i < NUMBERS; i++)
		in[i] = stripped(ash_parts_get(parts, number_table[i].part));
	ASH_TRY(check_shape(spec, in));
	if (key->is_private)
		ASH_TRY(load_private(lib, in, &crt));

	for (enum number i = N; i < NUMBERS; i++)
		total += in[i].len;
	ASH_TRY(ash_ossl_params_reserve(&params, total));
	for (enum number i = N; i < NUMBERS; i++) {
		if (in[i].len != 0)
			ASH_TRY(ash_ossl_params_integer(&params, number_table[i].name, in[i]));
	}
	ASH_TRY(ash_ossl_pkey_load(lib, "RSA", key->is_private, &params, &key->pkey));
	return key->is_private ? ash_ossl_key_try(lib, key) : ASH_DONE;
}

static struct ash_status parts_of(const struct ash_ossl_key *key, struct ash_parts *parts)
{
	for (enum number i = N; i < (key->is_private ? NUMBERS : D); i++)
		ASH_TRY(ash_ossl_part_integer(key->pkey, number_table[i].name, number_table[i].part, 0,
					      parts));
	return ASH_DONE;
}

const struct ash_ossl_kind ash_ossl_kind_rsa = {
	.offers = offers,
	.generate = generate,
	.load = load,
	.parts = parts_of,
};
