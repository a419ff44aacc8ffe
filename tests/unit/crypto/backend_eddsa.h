/* EdDSA's variants (RFC 8032), and what public keys must satisfy. */
#pragma once

#include "crypto/backend_ec.h"
#include "crypto/backend_tools.h"

static const struct ash_key_spec ed448 = ED(448);

/* How a message may be signed; each makes another signature. */
static const struct variant {
	bool eddsa_params;
	bool prehash;
	size_t context;
	bool only_448; /* with Ed25519 it is refused */
} variants[] = {
	{ false, false, 0, false }, { true, false, 1, false }, { true, false, 255, false },
	{ true, true, 0, false },   { true, true, 1, false },  { true, true, 255, false },
};

static struct ash_params variant_params(const struct variant *variant)
{
	return (struct ash_params){ .context = text(variant->context),
				    .eddsa_params = variant->eddsa_params,
				    .prehash = variant->prehash };
}

/* By one operation, which goes from one variant to the next. */
TEST(eddsa_variants_are_different_signatures)
{
	const struct ash_key_spec specs[] = { ed25519, ed448 };

	for (size_t i = 0; i < ASH_COUNT(specs); i++) {
		const struct sample sample = { "", specs[i], ALG(EDDSA, NONE) };
		void *sign = NULL;
		void *verify = NULL;

		if (!offered(ASH_OP_SIGN, &sample))
			continue;
		sign = sample_op(ASH_OP_SIGN, &sample);
		verify = sample_op(ASH_OP_VERIFY, &sample);
		for (size_t j = 0; j < ASH_COUNT(variants); j++) {
			const struct ash_params params = variant_params(&variants[j]);
			uint8_t signature[114];
			size_t len = 0;

			EXPECT_OK(one_shot(sign, &params, text(50), ash_mut(signature, sizeof(signature)),
					   &len));
			EXPECT_NUMBER(ash_alg_signature_len(sample.alg, &sample.spec), len);
			for (size_t k = 0; k < ASH_COUNT(variants); k++) {
				const struct ash_params other = variant_params(&variants[k]);

				EXPECT_CODE(j == k ? ASH_OK : ASH_E_SIGNATURE,
					    check(verify, &other, text(50), ash_span(signature, len)));
			}
		}
		ops->op_free(sign);
		ops->op_free(verify);
	}
}

TEST(eddsa_refuses_parameters_that_make_no_sense)
{
	const struct ash_key_spec specs[] = { ed25519, ed448 };

	for (size_t i = 0; i < ASH_COUNT(specs); i++) {
		const struct sample sample = { "", specs[i], ALG(EDDSA, NONE) };
		const struct ash_params stray_context = { .context = text(1) };
		const struct ash_params stray_prehash = { .prehash = true };
		const struct ash_params too_long = { .context = text(256), .eddsa_params = true };
		const struct ash_params empty = { .eddsa_params = true };
		void *op = NULL;

		if (!offered(ASH_OP_SIGN, &sample))
			continue;
		op = sample_op(ASH_OP_SIGN, &sample);
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(op, &stray_context));
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(op, &stray_prehash));
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(op, &too_long));
		/* Ed25519ctx has a context; Ed448 may have one. */
		EXPECT_CODE(i == 0 ? ASH_E_MECHANISM_PARAM : ASH_OK, ops->op_start(op, &empty));
		EXPECT_OK(ops->op_start(op, NULL));
		ops->op_free(op);
	}
}

TEST(a_copied_eddsa_keeps_its_variant)
{
	const struct sample sample = { "", ED(25519), ALG(EDDSA, NONE) };
	const struct ash_params params = { .context = text(3), .eddsa_params = true, .prehash = true };
	uint8_t one[64];
	uint8_t two[64];
	size_t len = 0;
	void *op = NULL;
	void *copy = NULL;

	if (!offered(ASH_OP_SIGN, &sample) || ops->op_copy == NULL)
		return;
	op = sample_op(ASH_OP_SIGN, &sample);
	EXPECT_OK(ops->op_start(op, &params));
	EXPECT_OK(ops->op_copy(op, &copy));
	EXPECT_OK(ops->op_finish(op, text(9), ash_mut(one, sizeof(one)), &len));
	EXPECT_OK(ops->op_finish(copy, text(9), ash_mut(two, sizeof(two)), &len));
	EXPECT_SPAN(SPAN(one), SPAN(two));
	EXPECT_OK(one_shot(copy, NULL, text(9), ash_mut(two, sizeof(two)), &len));
	EXPECT(memcmp(one, two, sizeof(one)) != 0);
	ops->op_free(copy);
	ops->op_free(op);
}

TEST(ed448_public_keys_are_sound)
{
	uint8_t point[57] = { 0 };

	if (!ops->offers_key(lib(), &ed448))
		return;
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed448, ASH_SPAN_NONE, SPAN(point))); /* y = 0, order 4 */
	point[0] = 1;
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed448, ASH_SPAN_NONE, SPAN(point))); /* order 1 */
	point[56] = 0x80;
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed448, ASH_SPAN_NONE, SPAN(point)));
	memset(point, 0xff, 56); /* 2^448 - 1, above the prime */
	point[56] = 0;
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed448, ASH_SPAN_NONE, SPAN(point)));
	point[28] = 0xfe; /* the prime itself: 0 once more */
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed448, ASH_SPAN_NONE, SPAN(point)));
	point[0] = 0xfe; /* one less: order 2 */
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed448, ASH_SPAN_NONE, SPAN(point)));
	point[56] = 0x40; /* a bit that is nobody's */
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed448, ASH_SPAN_NONE, SPAN(point)));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed448, ASH_SPAN_NONE, ash_span(point, 56)));
}

/* About half of all y have no x; OpenSSL would take them. */
TEST(edwards_public_keys_are_on_their_curve)
{
	const struct ash_key_spec *specs[] = { &ed25519, &ed448 };

	for (size_t i = 0; i < ASH_COUNT(specs); i++) {
		size_t len = ash_group_public_len(specs[i]->group);
		unsigned good = 0;

		if (!ops->offers_key(lib(), specs[i]))
			continue;
		for (uint8_t y = 2; y < 66; y++) {
			uint8_t point[57] = { y };

			good += ash_is_ok(load_pair(specs[i], ASH_SPAN_NONE, ash_span(point, len)));
		}
		EXPECT(good > 12 && good < 52);
	}
}
