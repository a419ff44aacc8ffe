/* Elliptic curves: what their keys must satisfy, raw ECDSA, Ed25519's published values. */
#pragma once

#include "crypto/backend_tools.h"

static const struct ash_key_spec p256 = EC(P256);
static const struct ash_key_spec p384 = EC(P384);
static const struct ash_key_spec ed25519 = ED(25519);

static const char p256_order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

static struct ash_status load_pair(const struct ash_key_spec *spec, struct ash_span private_part,
				   struct ash_span public_part)
{
	struct ash_parts parts = ASH_PARTS_NONE;
	struct ash_status status = ASH_DONE;

	if (private_part.data != NULL)
		EXPECT_OK(ash_parts_set(&parts, ASH_PART_PRIVATE, private_part));
	if (public_part.data != NULL)
		EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC, public_part));
	status = try_load(spec, &parts);
	ash_parts_done(&parts);
	return status;
}

TEST(ec_scalars_are_in_range)
{
	uint8_t order[32];

	if (!ops->offers_key(lib(), &p256))
		return;
	(void)hex(p256_order, ash_mut(order, sizeof(order)));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&p256, HEX("00"), ASH_SPAN_NONE));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&p256, SPAN(order), ASH_SPAN_NONE));
	order[31] += 1;
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&p256, SPAN(order), ASH_SPAN_NONE));
	order[31] -= 2;
	EXPECT_OK(load_pair(&p256, SPAN(order), ASH_SPAN_NONE));
	EXPECT_OK(load_pair(&p256, HEX("01"), ASH_SPAN_NONE));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&p256, text(33), ASH_SPAN_NONE));
	if (ops->offers_key(lib(), &p384))
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&p384, text(49), ASH_SPAN_NONE));
}

TEST(ec_scalars_may_have_leading_zeroes_and_come_back_at_full_length)
{
	struct ash_parts in = ASH_PARTS_NONE;
	struct ash_parts out = ASH_PARTS_NONE;
	void *key = NULL;

	if (!ops->offers_key(lib(), &p256))
		return;
	EXPECT_OK(ash_parts_set(&in, ASH_PART_PRIVATE,
				HEX("0000000000000000000000000000000000000000000000000000000000"
				    "00000000000001")));
	EXPECT_OK(ops->key_load(lib(), &p256, &in, &key));
	out = parts_of(key);
	EXPECT_SPAN(HEX("0000000000000000000000000000000000000000000000000000000000000001"),
		    ash_parts_get(&out, ASH_PART_PRIVATE));
	/* SP 800-186: the generator of P-256 */
	EXPECT_SPAN(HEX("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
			"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
		    ash_parts_get(&out, ASH_PART_PUBLIC));
	ops->key_free(lib(), key);
	ash_parts_done(&in);
	ash_parts_done(&out);
}

TEST(ec_points_are_on_their_curve)
{
	static const struct ash_key_spec curves[] = { EC(P224), EC(P256), EC(P384), EC(P521), EC(SECP256K1) };

	for (size_t i = 0; i < ASH_COUNT(curves); i++) {
		struct ash_parts parts = ASH_PARTS_NONE;
		uint8_t point[134] = { 0 };
		size_t len = ash_group_public_len(curves[i].group);

		if (!ops->offers_key(lib(), &curves[i]))
			continue;
		parts = parts_of(kept_key(&curves[i]));
		memcpy(point, ash_parts_get(&parts, ASH_PART_PUBLIC).data, len);
		ash_parts_done(&parts);
		EXPECT_OK(load_pair(&curves[i], ASH_SPAN_NONE, ash_span(point, len)));
		EXPECT_CODE(ASH_E_KEY_INVALID,
			    load_pair(&curves[i], ASH_SPAN_NONE, ash_span(point, len - 1)));
		EXPECT_CODE(ASH_E_KEY_INVALID,
			    load_pair(&curves[i], ASH_SPAN_NONE, ash_span(point, len + 1)));
		point[len - 1] ^= 1;
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&curves[i], ASH_SPAN_NONE, ash_span(point, len)));
		point[len - 1] ^= 1;
		point[0] = 6; /* hybrid */
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&curves[i], ASH_SPAN_NONE, ash_span(point, len)));
		point[0] = 2; /* compressed */
		EXPECT_CODE(ASH_E_KEY_INVALID,
			    load_pair(&curves[i], ASH_SPAN_NONE, ash_span(point, len / 2 + 1)));
		memset(point, 0, sizeof(point)); /* infinity, and (0, 0) */
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&curves[i], ASH_SPAN_NONE, ash_span(point, 1)));
		point[0] = 4;
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&curves[i], ASH_SPAN_NONE, ash_span(point, len)));
		memset(point + 1, 0xff, sizeof(point) - 1); /* above the field */
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&curves[i], ASH_SPAN_NONE, ash_span(point, len)));
	}
}

TEST(private_and_public_halves_belong_together)
{
	static const struct ash_key_spec p521 = EC(P521);
	static const struct ash_key_spec k1 = EC(SECP256K1);
	static const struct ash_key_spec ed448_too = ED(448);
	const struct ash_key_spec *spec[] = { &p256, &p384, &p521, &k1, &ed25519, &ed448_too };

	for (size_t i = 0; i < ASH_COUNT(spec); i++) {
		struct ash_parts one = ASH_PARTS_NONE;
		struct ash_parts two = ASH_PARTS_NONE;
		void *other = NULL;

		if (!ops->offers_key(lib(), spec[i]))
			continue;
		EXPECT_OK(ops->key_generate(lib(), spec[i], NULL, &other));
		one = parts_of(kept_key(spec[i]));
		two = parts_of(other);
		EXPECT_OK(load_pair(spec[i], ash_parts_get(&one, ASH_PART_PRIVATE), ASH_SPAN_NONE));
		EXPECT_OK(load_pair(spec[i], ash_parts_get(&one, ASH_PART_PRIVATE),
				    ash_parts_get(&one, ASH_PART_PUBLIC)));
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(spec[i], ash_parts_get(&one, ASH_PART_PRIVATE),
							 ash_parts_get(&two, ASH_PART_PUBLIC)));
		EXPECT_CODE(ASH_E_KEY_INVALID,
			    load_pair(spec[i], ash_parts_get(&one, ASH_PART_PRIVATE), text(1)));
		ops->key_free(lib(), other);
		ash_parts_done(&one);
		ash_parts_done(&two);
	}
}

TEST(ecdsa_cuts_long_digests)
{
	static const struct ash_key_spec p224 = EC(P224);
	static const struct ash_key_spec secp256k1 = EC(SECP256K1);
	const struct {
		const struct ash_key_spec *spec;
		size_t order_len;
	} row[] = { { &p224, 28 }, { &p256, 32 }, { &p384, 48 }, { &secp256k1, 32 } };

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		const struct sample raw = { "", *row[i].spec, { ASH_SCHEME_ECDSA, ASH_HASH_NONE } };
		uint8_t out[96];
		size_t len = 0;
		void *sign = NULL;
		void *verify = NULL;

		if (!offered(ASH_OP_SIGN, &raw))
			continue;
		sign = sample_op(ASH_OP_SIGN, &raw);
		verify = sample_op(ASH_OP_VERIFY, &raw);
		/* FIPS 186-5, 6.4.1: the leftmost bits */
		EXPECT_OK(one_shot(sign, NULL, text(64), ash_mut(out, sizeof(out)), &len));
		EXPECT_OK(check(verify, NULL, text(row[i].order_len), ash_span(out, len)));
		EXPECT_OK(check(verify, NULL, text(200), ash_span(out, len)));
		EXPECT_CODE(ASH_E_SIGNATURE,
			    check(verify, NULL, text(row[i].order_len - 1), ash_span(out, len)));
		EXPECT_OK(one_shot(sign, NULL, text(20), ash_mut(out, sizeof(out)), &len));
		EXPECT_OK(check(verify, NULL, text(20), ash_span(out, len)));
		EXPECT_CODE(ASH_E_DATA_LEN,
			    one_shot(sign, NULL, ASH_SPAN_NONE, ash_mut(out, sizeof(out)), &len));
		ops->op_free(sign);
		ops->op_free(verify);
	}
}

TEST(ecdsa_numbers_outside_the_order_do_not_verify)
{
	const struct sample raw = { "", EC(P256), { ASH_SCHEME_ECDSA, ASH_HASH_NONE } };
	uint8_t good[64];
	uint8_t order[32];
	uint8_t bad[64];
	size_t len = 0;
	void *op = NULL;

	if (!offered(ASH_OP_SIGN, &raw))
		return;
	(void)hex(p256_order, ash_mut(order, sizeof(order)));
	op = sample_op(ASH_OP_SIGN, &raw);
	EXPECT_OK(one_shot(op, NULL, text(32), ash_mut(good, sizeof(good)), &len));
	ops->op_free(op);
	op = sample_op(ASH_OP_VERIFY, &raw);
	for (size_t half = 0; half < 64; half += 32) {
		memcpy(bad, good, sizeof(bad));
		memset(bad + half, 0, 32);
		EXPECT_CODE(ASH_E_SIGNATURE, check(op, NULL, text(32), SPAN(bad)));
		memcpy(bad + half, order, 32);
		EXPECT_CODE(ASH_E_SIGNATURE, check(op, NULL, text(32), SPAN(bad)));
	}
	ops->op_free(op);
}

static void expect_ed25519(const char *seed, const char *point, struct ash_span in, const char *signature)
{
	struct ash_parts parts = ASH_PARTS_NONE;
	uint8_t room[64];
	uint8_t out[64];
	size_t len = 0;
	void *key = NULL;
	void *op = NULL;

	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PRIVATE, hex(seed, ash_mut(room, sizeof(room)))));
	EXPECT_OK(ops->key_load(lib(), &ed25519, &parts, &key));
	ash_parts_done(&parts);
	parts = parts_of(key);
	EXPECT_SPAN(hex(point, ash_mut(room, sizeof(room))), ash_parts_get(&parts, ASH_PART_PUBLIC));
	ash_parts_done(&parts);
	op = new_op(ASH_OP_SIGN, (struct ash_alg){ ASH_SCHEME_EDDSA, ASH_HASH_NONE }, key);
	ops->key_free(lib(), key);
	for (size_t i = 0; i < 2; i++) {
		EXPECT_OK(one_shot(op, NULL, in, ash_mut(out, sizeof(out)), &len));
		EXPECT_SPAN(hex(signature, ash_mut(room, sizeof(room))), ash_span(out, len));
	}
	ops->op_free(op);
}

TEST(ed25519_of_rfc_8032)
{
	if (!ops->offers_key(lib(), &ed25519))
		return;
	expect_ed25519("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", ASH_SPAN_NONE,
		       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		       "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
	expect_ed25519("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", TEXT("\x72"),
		       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(ed25519_public_keys_are_sound)
{
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"0200000000000000000000000000000000000000000000000000000000000000", /* not on the curve */
	};

	for (size_t i = 0; ops->offers_key(lib(), &ed25519) && i < ASH_COUNT(bad); i++) {
		uint8_t room[32];

		EXPECT_CODE(ASH_E_KEY_INVALID,
			    load_pair(&ed25519, ASH_SPAN_NONE, hex(bad[i], ash_mut(room, sizeof(room)))));
	}
}

TEST(ed25519_keys_have_their_length)
{
	if (!ops->offers_key(lib(), &ed25519))
		return;
	EXPECT_OK(load_pair(&ed25519, text(32), ASH_SPAN_NONE));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed25519, text(31), ASH_SPAN_NONE));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed25519, text(33), ASH_SPAN_NONE));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed25519, text(0), ASH_SPAN_NONE));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed25519, ASH_SPAN_NONE, text(31)));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&ed25519, ASH_SPAN_NONE, text(0)));
}

TEST(only_ml_dsa_takes_a_context)
{
	const struct ash_params params = { .context = TEXT("context") };

	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		void *op = NULL;

		if (!offered(ASH_OP_SIGN, &signers[i]) || signers[i].spec.kind == ASH_KEY_SECRET)
			continue;
		op = sample_op(ASH_OP_SIGN, &signers[i]);
		EXPECT_CODE(signers[i].spec.kind == ASH_KEY_ML_DSA ? ASH_OK : ASH_E_MECHANISM_PARAM,
			    ops->op_start(op, &params));
		ops->op_free(op);
	}
}
