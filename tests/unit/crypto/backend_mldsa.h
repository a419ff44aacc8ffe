/* ML-DSA-65. */
#pragma once

#include "crypto/backend_tools.h"

static const struct sample ml_dsa = { "ML-DSA-65", ML_DSA(65), { ASH_SCHEME_ML_DSA, ASH_HASH_NONE } };

static bool has_ml_dsa(void)
{
	return offered(ASH_OP_SIGN, &ml_dsa);
}

TEST(ml_dsa_keys_have_all_their_parts)
{
	struct ash_parts parts = ASH_PARTS_NONE;

	if (!has_ml_dsa())
		return;
	parts = parts_of(kept_key(&ml_dsa.spec));
	EXPECT_NUMBER(32, ash_parts_get(&parts, ASH_PART_SEED).len);
	EXPECT_NUMBER(4032, ash_parts_get(&parts, ASH_PART_PRIVATE).len);
	EXPECT_NUMBER(1952, ash_parts_get(&parts, ASH_PART_PUBLIC).len);
	ash_parts_done(&parts);
}

TEST(ml_dsa_keys_come_from_any_private_part)
{
	static const unsigned kept[] = {
		1u << ASH_PART_SEED,
		1u << ASH_PART_PRIVATE,
		1u << ASH_PART_SEED | 1u << ASH_PART_PRIVATE,
		1u << ASH_PART_SEED | 1u << ASH_PART_PUBLIC,
		1u << ASH_PART_PRIVATE | 1u << ASH_PART_PUBLIC,
	};

	for (size_t i = 0; has_ml_dsa() && i < ASH_COUNT(kept); i++) {
		struct ash_parts whole = parts_of(kept_key(&ml_dsa.spec));
		struct ash_parts some = parts_of(kept_key(&ml_dsa.spec));
		struct ash_parts again = ASH_PARTS_NONE;
		void *key = NULL;

		for (enum ash_part part = 0; part < ASH_PARTS; part++) {
			if ((kept[i] & 1u << part) == 0)
				drop_part(&some, part);
		}
		EXPECT_OK(ops->key_load(lib(), &ml_dsa.spec, &some, &key));
		again = parts_of(key);
		EXPECT_SPAN(ash_parts_get(&whole, ASH_PART_PRIVATE), ash_parts_get(&again, ASH_PART_PRIVATE));
		EXPECT_SPAN(ash_parts_get(&whole, ASH_PART_PUBLIC), ash_parts_get(&again, ASH_PART_PUBLIC));
		EXPECT(ash_parts_has(&again, ASH_PART_SEED) == ash_parts_has(&some, ASH_PART_SEED));
		ops->key_free(lib(), key);
		ash_parts_done(&whole);
		ash_parts_done(&some);
		ash_parts_done(&again);
	}
}

TEST(ml_dsa_parts_belong_together)
{
	static const enum ash_part own[] = { ASH_PART_SEED, ASH_PART_PRIVATE, ASH_PART_PUBLIC };
	struct ash_parts parts = ASH_PARTS_NONE;

	if (!has_ml_dsa())
		return;
	parts = parts_of(kept_key(&ml_dsa.spec));
	for (size_t i = 0; i < ASH_COUNT(own); i++) {
		flip(&parts, own[i], 5);
		EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&ml_dsa.spec, &parts));
		flip(&parts, own[i], 5);
		flip(&parts, own[i], -5);
		EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&ml_dsa.spec, &parts));
		flip(&parts, own[i], -5);
	}
	EXPECT_OK(try_load(&ml_dsa.spec, &parts));
	drop_part(&parts, ASH_PART_SEED);
	for (int at = 0; at < 4032; at += 321) { /* rho, K, tr, s1, s2, t0 */
		flip(&parts, ASH_PART_PRIVATE, at);
		/* K alone, 32 bytes from 32 on, is bound to nothing. */
		EXPECT_CODE(at >= 32 && at < 64 ? ASH_OK : ASH_E_KEY_INVALID, try_load(&ml_dsa.spec, &parts));
		flip(&parts, ASH_PART_PRIVATE, at);
	}
	ash_parts_done(&parts);
}

TEST(ml_dsa_parts_have_their_length)
{
	static const enum ash_part own[] = { ASH_PART_SEED, ASH_PART_PRIVATE, ASH_PART_PUBLIC };
	static const size_t len[] = { 32, 4032, 1952 };

	for (size_t i = 0; has_ml_dsa() && i < ASH_COUNT(own); i++) {
		struct ash_parts parts = ASH_PARTS_NONE;

		EXPECT_OK(ash_parts_set(&parts, own[i], text(len[i] - 1)));
		EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&ml_dsa.spec, &parts));
		EXPECT_OK(ash_parts_set(&parts, own[i], text(len[i] + 1)));
		EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&ml_dsa.spec, &parts));
		EXPECT_OK(ash_parts_set(&parts, own[i], ASH_SPAN_NONE));
		EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&ml_dsa.spec, &parts));
		ash_parts_done(&parts);
	}
}

TEST(ml_dsa_hedges_unless_told_otherwise)
{
	const struct ash_params plain = { .deterministic = true };
	static uint8_t one[3309];
	static uint8_t two[3309];
	size_t len = 0;
	void *op = NULL;

	if (!has_ml_dsa())
		return;
	op = sample_op(ASH_OP_SIGN, &ml_dsa);
	EXPECT_OK(one_shot(op, &plain, text(100), ash_mut(one, sizeof(one)), &len));
	EXPECT_OK(one_shot(op, &plain, text(100), ash_mut(two, sizeof(two)), &len));
	EXPECT_SPAN(SPAN(one), SPAN(two));
	EXPECT_OK(one_shot(op, NULL, text(100), ash_mut(two, sizeof(two)), &len));
	EXPECT(memcmp(one, two, sizeof(one)) != 0);
	EXPECT_OK(one_shot(op, NULL, text(100), ash_mut(one, sizeof(one)), &len));
	EXPECT(memcmp(one, two, sizeof(one)) != 0);
	ops->op_free(op);
}

TEST(ml_dsa_binds_the_context)
{
	const struct ash_params none = { 0 };
	const struct ash_params some = { .context = TEXT("here") };
	struct ash_params longest = { .context = text(255) };
	static uint8_t signature[3309];
	size_t len = 0;
	void *sign = NULL;
	void *verify = NULL;

	if (!has_ml_dsa())
		return;
	sign = sample_op(ASH_OP_SIGN, &ml_dsa);
	verify = sample_op(ASH_OP_VERIFY, &ml_dsa);
	EXPECT_OK(one_shot(sign, &some, text(9), ash_mut(signature, sizeof(signature)), &len));
	EXPECT_OK(check(verify, &some, text(9), SPAN(signature)));
	EXPECT_CODE(ASH_E_SIGNATURE, check(verify, &none, text(9), SPAN(signature)));
	EXPECT_CODE(ASH_E_SIGNATURE, check(verify, &longest, text(9), SPAN(signature)));
	EXPECT_OK(one_shot(sign, &longest, text(9), ash_mut(signature, sizeof(signature)), &len));
	EXPECT_OK(check(verify, &longest, text(9), SPAN(signature)));
	/* A context does not stay for the next start. */
	EXPECT_OK(one_shot(sign, &none, text(9), ash_mut(signature, sizeof(signature)), &len));
	EXPECT_OK(check(verify, &none, text(9), SPAN(signature)));
	EXPECT_CODE(ASH_E_SIGNATURE, check(verify, &some, text(9), SPAN(signature)));
	longest.context = text(256);
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(sign, &longest));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(verify, &longest));
	ops->op_free(sign);
	ops->op_free(verify);
}

TEST(ml_dsa_signs_nothing_and_much)
{
	static const size_t lens[] = { 0, 1, 65536 };
	static uint8_t signature[3309];

	for (size_t i = 0; has_ml_dsa() && i < ASH_COUNT(lens); i++) {
		void *sign = sample_op(ASH_OP_SIGN, &ml_dsa);
		void *verify = sample_op(ASH_OP_VERIFY, &ml_dsa);
		size_t len = 0;

		EXPECT_OK(one_shot(sign, NULL, text(lens[i]), ash_mut(signature, sizeof(signature)), &len));
		EXPECT_OK(check(verify, NULL, text(lens[i]), SPAN(signature)));
		ops->op_free(sign);
		ops->op_free(verify);
	}
}
