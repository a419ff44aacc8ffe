/* Agreement: ECDH, X25519, X448. */
#pragma once

#include <pthread.h>

#include "crypto/backend_ec.h"
#include "crypto/backend_tools.h"

static bool can_agree(const struct ash_key_spec *spec)
{
	const struct sample sample = { "", *spec, ALG(ECDH, NONE) };

	return offered(ASH_OP_DERIVE, &sample);
}

static struct ash_status agree(void *key, struct ash_span peer, uint8_t out[66], size_t *ret_len)
{
	struct ash_secret *shared = NULL;
	struct ash_status status = ops->agree(lib(), key, peer, &shared);

	EXPECT((shared != NULL) == ash_is_ok(status));
	if (shared != NULL) {
		*ret_len = ash_secret_len(shared);
		EXPECT(*ret_len <= 66);
		memcpy(out, ash_secret_peek(shared).data, *ret_len);
	}
	ash_secret_free(shared);
	return status;
}

TEST(both_sides_agree)
{
	for (size_t i = 0; i < ASH_COUNT(agreers); i++) {
		struct ash_parts mine = ASH_PARTS_NONE;
		struct ash_parts theirs = ASH_PARTS_NONE;
		uint8_t one[66];
		uint8_t two[66];
		size_t one_len = 0;
		size_t two_len = 0;
		void *other = NULL;

		if (!can_agree(&agreers[i]))
			continue;
		EXPECT_OK(ops->key_generate(lib(), &agreers[i], NULL, &other));
		mine = parts_of(kept_key(&agreers[i]));
		theirs = parts_of(other);
		EXPECT_OK(
			agree(kept_key(&agreers[i]), ash_parts_get(&theirs, ASH_PART_PUBLIC), one, &one_len));
		EXPECT_OK(agree(other, ash_parts_get(&mine, ASH_PART_PUBLIC), two, &two_len));
		EXPECT_NUMBER((ash_group_bits(agreers[i].group) + 7) / 8, one_len);
		EXPECT_SPAN(ash_span(one, one_len), ash_span(two, two_len));
		EXPECT_OK(agree(other, ash_parts_get(&theirs, ASH_PART_PUBLIC), two, &two_len));
		EXPECT(memcmp(one, two, one_len) != 0);
		ops->key_free(lib(), other);
		ash_parts_done(&mine);
		ash_parts_done(&theirs);
	}
}

TEST(a_peers_key_is_a_good_one)
{
	for (size_t i = 0; i < ASH_COUNT(agreers); i++) {
		struct ash_parts parts = ASH_PARTS_NONE;
		size_t len = ash_group_public_len(agreers[i].group);
		uint8_t point[134] = { 0 };
		uint8_t out[66];
		size_t out_len = 0;
		void *key = NULL;

		if (!can_agree(&agreers[i]))
			continue;
		key = kept_key(&agreers[i]);
		EXPECT_CODE(ASH_E_KEY_INVALID, agree(key, ASH_SPAN_NONE, out, &out_len));
		EXPECT_CODE(ASH_E_KEY_INVALID, agree(key, ash_span(point, len), out, &out_len)); /* zeroes */
		EXPECT_CODE(ASH_E_KEY_INVALID, agree(key, ash_span(point, 1), out, &out_len));
		parts = parts_of(key);
		memcpy(point, ash_parts_get(&parts, ASH_PART_PUBLIC).data, len);
		ash_parts_done(&parts);
		EXPECT_CODE(ASH_E_KEY_INVALID, agree(key, ash_span(point, len - 1), out, &out_len));
		EXPECT_CODE(ASH_E_KEY_INVALID, agree(key, ash_span(point, len + 1), out, &out_len));
		EXPECT_OK(agree(key, ash_span(point, len), out, &out_len));
		if (agreers[i].kind != ASH_KEY_EC)
			continue;
		point[len - 1] ^= 1; /* off the curve */
		EXPECT_CODE(ASH_E_KEY_INVALID, agree(key, ash_span(point, len), out, &out_len));
		point[0] = 2; /* compressed */
		EXPECT_CODE(ASH_E_KEY_INVALID, agree(key, ash_span(point, len / 2 + 1), out, &out_len));
	}
}

/* RFC 7748, 6.1: the result of a point of small order is zero, which everybody knows. */
TEST(points_of_small_order_agree_on_nothing)
{
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	const struct ash_key_spec x25519 = X(25519);
	uint8_t room[32];
	uint8_t out[66];
	size_t len = 0;

	for (size_t i = 0; can_agree(&x25519) && i < ASH_COUNT(bad); i++)
		EXPECT_CODE(ASH_E_KEY_INVALID,
			    agree(kept_key(&x25519), hex(bad[i], ash_mut(room, sizeof(room))), out, &len));
}

TEST(montgomery_halves_belong_together)
{
	const struct ash_key_spec specs[] = { X(25519), X(448) };

	for (size_t i = 0; i < ASH_COUNT(specs); i++) {
		struct ash_parts one = ASH_PARTS_NONE;
		struct ash_parts two = ASH_PARTS_NONE;
		size_t len = ash_group_private_len(specs[i].group);
		void *other = NULL;

		if (!ops->offers_key(lib(), &specs[i]))
			continue;
		EXPECT_OK(ops->key_generate(lib(), &specs[i], NULL, &other));
		one = parts_of(kept_key(&specs[i]));
		two = parts_of(other);
		EXPECT_NUMBER(len, ash_parts_get(&one, ASH_PART_PRIVATE).len);
		EXPECT_NUMBER(len, ash_parts_get(&one, ASH_PART_PUBLIC).len);
		EXPECT_OK(load_pair(&specs[i], ash_parts_get(&one, ASH_PART_PRIVATE), ASH_SPAN_NONE));
		EXPECT_OK(load_pair(&specs[i], ASH_SPAN_NONE, ash_parts_get(&one, ASH_PART_PUBLIC)));
		EXPECT_OK(load_pair(&specs[i], ash_parts_get(&one, ASH_PART_PRIVATE),
				    ash_parts_get(&one, ASH_PART_PUBLIC)));
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&specs[i], ash_parts_get(&one, ASH_PART_PRIVATE),
							 ash_parts_get(&two, ASH_PART_PUBLIC)));
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&specs[i], text(len - 1), ASH_SPAN_NONE));
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&specs[i], text(len + 1), ASH_SPAN_NONE));
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&specs[i], ASH_SPAN_NONE, text(len - 1)));
		EXPECT_CODE(ASH_E_KEY_INVALID, load_pair(&specs[i], ASH_SPAN_NONE, text(0)));
		ops->key_free(lib(), other);
		ash_parts_done(&one);
		ash_parts_done(&two);
	}
}

TEST(agreement_is_for_private_keys_of_its_kinds)
{
	static const struct ash_key_spec others[] = { RSA(2048), ED(25519), ML_DSA(65), ML_KEM(768),
						      BYTES(32) };
	uint8_t out[66];
	size_t len = 0;

	for (size_t i = 0; i < ASH_COUNT(agreers); i++) {
		struct ash_parts parts = ASH_PARTS_NONE;
		void *key = NULL;
		void *op = NULL;

		if (!can_agree(&agreers[i]))
			continue;
		parts = parts_of(kept_key(&agreers[i]));
		drop_part(&parts, ASH_PART_PRIVATE);
		EXPECT_OK(ops->key_load(lib(), &agreers[i], &parts, &key));
		EXPECT_CODE(ASH_E_KEY_TYPE, agree(key, ash_parts_get(&parts, ASH_PART_PUBLIC), out, &len));
		EXPECT_CODE(ASH_E_UNSUPPORTED,
			    ops->op_new(lib(), ASH_OP_DERIVE, (struct ash_alg)ALG(ECDH, NONE), key, &op));
		ops->key_free(lib(), key);
		ash_parts_done(&parts);
	}
	for (size_t i = 0; ops->agree != NULL && i < ASH_COUNT(others); i++) {
		EXPECT(!can_agree(&others[i]));
		if (ops->offers_key(lib(), &others[i]))
			EXPECT_CODE(ASH_E_UNSUPPORTED, agree(kept_key(&others[i]), text(65), out, &len));
	}
}

struct agreer {
	pthread_t thread;
	void *key;
	struct ash_span peer;
	struct ash_span want;
};

static void *agree_often(void *argument)
{
	const struct agreer *agreer = argument;

	for (size_t i = 0; i < 20; i++) {
		uint8_t out[66];
		size_t len = 0;

		EXPECT_OK(agree(agreer->key, agreer->peer, out, &len));
		EXPECT_SPAN(agreer->want, ash_span(out, len));
	}
	return NULL;
}

TEST(threads_agree_with_one_key)
{
	for (size_t i = 0; i < ASH_COUNT(agreers); i++) {
		struct ash_parts parts = ASH_PARTS_NONE;
		struct agreer agreer[8];
		uint8_t want[66];
		size_t len = 0;

		if (!can_agree(&agreers[i]))
			continue;
		parts = parts_of(kept_key(&agreers[i]));
		EXPECT_OK(agree(kept_key(&agreers[i]), ash_parts_get(&parts, ASH_PART_PUBLIC), want, &len));
		for (size_t j = 0; j < ASH_COUNT(agreer); j++) {
			agreer[j] = (struct agreer){ .key = kept_key(&agreers[i]),
						     .peer = ash_parts_get(&parts, ASH_PART_PUBLIC),
						     .want = ash_span(want, len) };
			EXPECT(pthread_create(&agreer[j].thread, NULL, agree_often, &agreer[j]) == 0);
		}
		for (size_t j = 0; j < ASH_COUNT(agreer); j++)
			EXPECT(pthread_join(agreer[j].thread, NULL) == 0);
		ash_parts_done(&parts);
	}
}
