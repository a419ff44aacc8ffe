/* ML-KEM. */
#pragma once

#include "crypto/backend_tools.h"

#define CIPHERTEXT_MAX 1568

static bool has_kem(const struct ash_key_spec *spec)
{
	const struct sample sample = { "", *spec, ALG(ML_KEM, NONE) };

	return offered(ASH_OP_ENCAPSULATE, &sample) && offered(ASH_OP_DECAPSULATE, &sample);
}

static struct ash_status encapsulate(void *key, struct ash_mut ciphertext, uint8_t out[32])
{
	struct ash_secret *shared = NULL;
	struct ash_status status = ops->encapsulate(lib(), key, ciphertext, &shared);

	EXPECT((shared != NULL) == ash_is_ok(status));
	if (shared != NULL) {
		EXPECT_NUMBER(32, ash_secret_len(shared));
		memcpy(out, ash_secret_peek(shared).data, 32);
	}
	ash_secret_free(shared);
	return status;
}

static struct ash_status decapsulate(void *key, struct ash_span ciphertext, uint8_t out[32])
{
	struct ash_secret *shared = NULL;
	struct ash_status status = ops->decapsulate(lib(), key, ciphertext, &shared);

	EXPECT((shared != NULL) == ash_is_ok(status));
	if (shared != NULL)
		memcpy(out, ash_secret_peek(shared).data, 32);
	ash_secret_free(shared);
	return status;
}

TEST(ml_kem_decapsulates_what_it_encapsulated)
{
	for (size_t i = 0; i < ASH_COUNT(kems); i++) {
		struct ash_parts parts = ASH_PARTS_NONE;
		size_t len = ash_group_ciphertext_len(kems[i].group);
		uint8_t ciphertext[2][CIPHERTEXT_MAX];
		uint8_t sent[2][32];
		uint8_t received[32];
		void *public = NULL;

		if (!has_kem(&kems[i]))
			continue;
		parts = parts_of(kept_key(&kems[i]));
		EXPECT_NUMBER(64, ash_parts_get(&parts, ASH_PART_SEED).len);
		EXPECT_NUMBER(ash_group_private_len(kems[i].group),
			      ash_parts_get(&parts, ASH_PART_PRIVATE).len);
		EXPECT_NUMBER(ash_group_public_len(kems[i].group),
			      ash_parts_get(&parts, ASH_PART_PUBLIC).len);
		drop_part(&parts, ASH_PART_SEED);
		drop_part(&parts, ASH_PART_PRIVATE);
		EXPECT_OK(ops->key_load(lib(), &kems[i], &parts, &public));
		ash_parts_done(&parts);
		for (size_t j = 0; j < 2; j++) {
			EXPECT_OK(encapsulate(j == 0 ? public : kept_key(&kems[i]),
					      ash_mut(ciphertext[j], len), sent[j]));
			EXPECT_OK(decapsulate(kept_key(&kems[i]), ash_span(ciphertext[j], len), received));
			EXPECT_SPAN(SPAN(sent[j]), SPAN(received));
		}
		EXPECT(memcmp(sent[0], sent[1], 32) != 0 && memcmp(ciphertext[0], ciphertext[1], len) != 0);
		EXPECT_CODE(ASH_E_KEY_TYPE, decapsulate(public, ash_span(ciphertext[0], len), received));
		ops->key_free(lib(), public);
	}
}

/* FIPS 203, 6.3: a ciphertext that was changed gives another secret, each time the same. */
TEST(ml_kem_tells_nothing_of_a_wrong_ciphertext)
{
	for (size_t i = 0; i < ASH_COUNT(kems); i++) {
		size_t len = ash_group_ciphertext_len(kems[i].group);
		uint8_t ciphertext[CIPHERTEXT_MAX + 1] = { 0 };
		uint8_t sent[32];
		uint8_t one[32];
		uint8_t two[32];

		if (!has_kem(&kems[i]))
			continue;
		EXPECT_OK(encapsulate(kept_key(&kems[i]), ash_mut(ciphertext, len), sent));
		for (size_t at = 0; at < len; at += 61) {
			ciphertext[at] ^= 1;
			EXPECT_OK(decapsulate(kept_key(&kems[i]), ash_span(ciphertext, len), one));
			EXPECT_OK(decapsulate(kept_key(&kems[i]), ash_span(ciphertext, len), two));
			EXPECT(memcmp(one, sent, sizeof(one)) != 0);
			EXPECT_SPAN(SPAN(one), SPAN(two));
			ciphertext[at] ^= 1;
		}
		EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN,
			    decapsulate(kept_key(&kems[i]), ash_span(ciphertext, len - 1), one));
		EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN,
			    decapsulate(kept_key(&kems[i]), ash_span(ciphertext, len + 1), one));
		EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN, decapsulate(kept_key(&kems[i]), ASH_SPAN_NONE, one));
		EXPECT_CODE(ASH_E_ARGUMENT,
			    encapsulate(kept_key(&kems[i]), ash_mut(ciphertext, len - 1), sent));
	}
}

TEST(ml_kem_keys_come_from_any_private_part)
{
	static const unsigned kept[] = {
		1u << ASH_PART_SEED,
		1u << ASH_PART_PRIVATE,
		1u << ASH_PART_SEED | 1u << ASH_PART_PRIVATE,
		1u << ASH_PART_SEED | 1u << ASH_PART_PUBLIC,
		1u << ASH_PART_PRIVATE | 1u << ASH_PART_PUBLIC,
	};

	for (size_t i = 0; i < ASH_COUNT(kems) * ASH_COUNT(kept); i++) {
		const struct ash_key_spec *spec = &kems[i % ASH_COUNT(kems)];
		struct ash_parts whole = ASH_PARTS_NONE;
		struct ash_parts some = ASH_PARTS_NONE;
		struct ash_parts again = ASH_PARTS_NONE;
		void *key = NULL;

		if (!has_kem(spec))
			continue;
		whole = parts_of(kept_key(spec));
		some = parts_of(kept_key(spec));
		for (enum ash_part part = 0; part < ASH_PARTS; part++) {
			if ((kept[i / ASH_COUNT(kems)] & 1u << part) == 0)
				drop_part(&some, part);
		}
		EXPECT_OK(ops->key_load(lib(), spec, &some, &key));
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

TEST(ml_kem_parts_belong_together)
{
	static const enum ash_part own[] = { ASH_PART_SEED, ASH_PART_PRIVATE, ASH_PART_PUBLIC };

	for (size_t i = 0; i < ASH_COUNT(kems); i++) {
		struct ash_parts parts = ASH_PARTS_NONE;
		struct ash_secret *expanded = NULL;

		if (!has_kem(&kems[i]))
			continue;
		parts = parts_of(kept_key(&kems[i]));
		for (size_t j = 0; j < ASH_COUNT(own); j++) {
			flip(&parts, own[j], 5);
			EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&kems[i], &parts));
			flip(&parts, own[j], 5);
			flip(&parts, own[j], -5);
			EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&kems[i], &parts));
			flip(&parts, own[j], -5);
		}
		EXPECT_OK(try_load(&kems[i], &parts));
		/* A seed with a public key of another, and no expanded key to compare. */
		expanded = parts.value[ASH_PART_PRIVATE];
		parts.value[ASH_PART_PRIVATE] = NULL;
		flip(&parts, ASH_PART_PUBLIC, 7);
		EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&kems[i], &parts));
		flip(&parts, ASH_PART_PUBLIC, 7);
		EXPECT_OK(try_load(&kems[i], &parts));
		/* The expanded key alone: s, the public key and its hash are bound to each other, z to nothing. */
		parts.value[ASH_PART_PRIVATE] = expanded;
		drop_part(&parts, ASH_PART_SEED);
		for (int at = 0; at < (int)ash_secret_len(expanded); at += 97) {
			bool z = at >= (int)ash_secret_len(expanded) - 32;

			flip(&parts, ASH_PART_PRIVATE, at);
			EXPECT_CODE(z ? ASH_OK : ASH_E_KEY_INVALID, try_load(&kems[i], &parts));
			flip(&parts, ASH_PART_PRIVATE, at);
		}
		ash_parts_done(&parts);
	}
}

TEST(ml_kem_parts_have_their_length_and_range)
{
	static const enum ash_part own[] = { ASH_PART_SEED, ASH_PART_PRIVATE, ASH_PART_PUBLIC };
	uint8_t large[CIPHERTEXT_MAX];

	memset(large, 0xff, sizeof(large)); /* coefficients above q */
	for (size_t i = 0; i < ASH_COUNT(kems); i++) {
		const size_t lens[] = { 64, ash_group_private_len(kems[i].group),
					ash_group_public_len(kems[i].group) };
		struct ash_parts parts = ASH_PARTS_NONE;

		if (!has_kem(&kems[i]))
			continue;
		for (size_t j = 0; j < ASH_COUNT(own); j++) {
			ash_parts_done(&parts);
			EXPECT_OK(ash_parts_set(&parts, own[j], text(lens[j] - 1)));
			EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&kems[i], &parts));
			EXPECT_OK(ash_parts_set(&parts, own[j], text(lens[j] + 1)));
			EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&kems[i], &parts));
			EXPECT_OK(ash_parts_set(&parts, own[j], ASH_SPAN_NONE));
			EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&kems[i], &parts));
		}
		EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC, ash_span(large, lens[2])));
		EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&kems[i], &parts));
		ash_parts_done(&parts);
	}
}

TEST(encapsulation_is_for_keys_of_its_kind)
{
	static const struct ash_key_spec others[] = { RSA(2048), EC(P256), X(25519), ML_DSA(65), BYTES(32) };
	uint8_t ciphertext[1088] = { 0 };
	uint8_t out[32];
	void *op = NULL;

	for (size_t i = 0; ops->encapsulate != NULL && i < ASH_COUNT(others); i++) {
		EXPECT(!has_kem(&others[i]));
		if (!ops->offers_key(lib(), &others[i]))
			continue;
		EXPECT_CODE(ASH_E_UNSUPPORTED,
			    encapsulate(kept_key(&others[i]), ash_mut(ciphertext, 1088), out));
		EXPECT_CODE(ASH_E_UNSUPPORTED, decapsulate(kept_key(&others[i]), SPAN(ciphertext), out));
	}
	if (has_kem(&kems[0]))
		EXPECT_CODE(ASH_E_UNSUPPORTED,
			    ops->op_new(lib(), ASH_OP_ENCAPSULATE, (struct ash_alg)ALG(ML_KEM, NONE),
					kept_key(&kems[0]), &op));
}
