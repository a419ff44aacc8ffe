/* AES key wrapping. */
#pragma once

#include "crypto/backend_cbc.h"
#include "crypto/backend_tools.h"

static const struct sample kw_256 = { "", BYTES(32), ALG(AES_KW, NONE) };
static const struct sample kwp_256 = { "", BYTES(32), ALG(AES_KWP, NONE) };

static void expect_wrapped(enum ash_scheme scheme, const char *key_digits, const char *plain_digits,
			   const char *sealed_digits)
{
	const struct ash_alg alg = { scheme, ASH_HASH_NONE };
	uint8_t rooms[3][64];
	uint8_t out[64];
	size_t len = 0;
	void *key = load_secret(hex(key_digits, ash_mut(rooms[0], 64)));
	struct ash_span plain = hex(plain_digits, ash_mut(rooms[1], 64));
	struct ash_span sealed = hex(sealed_digits, ash_mut(rooms[2], 64));
	void *op = new_op(ASH_OP_ENCRYPT, alg, key);

	EXPECT_OK(one_shot(op, NULL, plain, ash_mut(out, sizeof(out)), &len));
	EXPECT_SPAN(sealed, ash_span(out, len));
	ops->op_free(op);
	op = new_op(ASH_OP_DECRYPT, alg, key);
	EXPECT_OK(one_shot(op, NULL, sealed, ash_mut(out, sealed.len - 8), &len));
	EXPECT_SPAN(plain, ash_span(out, len));
	ops->op_free(op);
	ops->key_free(lib(), key);
}

TEST(wrapping_of_rfc_3394_and_rfc_5649)
{
	if (!offered(ASH_OP_ENCRYPT, &kw_256) || !offered(ASH_OP_ENCRYPT, &kwp_256))
		return;
	/* RFC 3394, 4.1 and 4.6 */
	expect_wrapped(ASH_SCHEME_AES_KW, "000102030405060708090a0b0c0d0e0f",
		       "00112233445566778899aabbccddeeff",
		       "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
	expect_wrapped(ASH_SCHEME_AES_KW, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		       "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
		       "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
	/* RFC 5649, 6 */
	expect_wrapped(ASH_SCHEME_AES_KWP, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
		       "c37b7e6492584340bed12207808941155068f738",
		       "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a");
	expect_wrapped(ASH_SCHEME_AES_KWP, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
		       "466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f");
}

TEST(wrapping_lengths)
{
	const struct sample *samples[] = { &kw_256, &kwp_256 };

	for (size_t i = 0; i < ASH_COUNT(samples); i++) {
		size_t least = samples[i] == &kw_256 ? 24 : 16;
		uint8_t out[128];
		size_t len = 0;
		void *wrap = NULL;
		void *unwrap = NULL;

		if (!offered(ASH_OP_ENCRYPT, samples[i]))
			continue;
		wrap = sample_op(ASH_OP_ENCRYPT, samples[i]);
		unwrap = sample_op(ASH_OP_DECRYPT, samples[i]);
		EXPECT(!ops->op_streams(wrap) && !ops->op_streams(unwrap));
		for (size_t in = 0; in < 70; in++) {
			EXPECT_CODE(takes(samples[i], in) ? ASH_OK : ASH_E_DATA_LEN,
				    one_shot(wrap, NULL, text(in), ash_mut(out, sizeof(out)), &len));
			EXPECT_CODE(in % 8 == 0 && in >= least ? ASH_E_ENCRYPTED_DATA
							       : ASH_E_ENCRYPTED_DATA_LEN,
				    one_shot(unwrap, NULL, text(in), ash_mut(out, sizeof(out)), &len));
		}
		ops->op_free(wrap);
		ops->op_free(unwrap);
	}
}

TEST(nothing_is_unwrapped_that_was_changed)
{
	const struct sample *samples[] = { &kw_256, &kwp_256 };
	static const size_t lens[] = { 1, 8, 16, 32, 33 };

	for (size_t i = 0; i < ASH_COUNT(samples) * ASH_COUNT(lens); i++) {
		const struct sample *sample = samples[i % 2];
		size_t plain_len = lens[i / 2];
		uint8_t sealed[CIPHER_MAX];
		uint8_t out[64];
		uint8_t untouched[64];
		size_t sealed_len = 0;
		size_t len = 7;
		void *op = NULL;

		if (!offered(ASH_OP_ENCRYPT, sample) || !takes(sample, plain_len))
			continue;
		memset(untouched, 0xee, sizeof(untouched));
		memcpy(out, untouched, sizeof(out));
		sealed_len = encrypted(sample, plain_len, sealed);
		op = sample_op(ASH_OP_DECRYPT, sample);
		for (size_t at = 0; at < sealed_len; at++) {
			sealed[at] ^= 4;
			EXPECT_CODE(ASH_E_ENCRYPTED_DATA, one_shot(op, NULL, ash_span(sealed, sealed_len),
								   ash_mut(out, sizeof(out)), &len));
			sealed[at] ^= 4;
		}
		EXPECT(memcmp(out, untouched, sizeof(out)) == 0);
		EXPECT_NUMBER(7, len);
		EXPECT_OK(one_shot(op, NULL, ash_span(sealed, sealed_len), ash_mut(out, sizeof(out)), &len));
		EXPECT_SPAN(text(plain_len), ash_span(out, len));
		ops->op_free(op);
	}
}

TEST(wrapping_with_an_iv_of_ones_own)
{
	const struct sample *samples[] = { &kw_256, &kwp_256 };

	for (size_t i = 0; i < ASH_COUNT(samples); i++) {
		size_t iv_len = samples[i] == &kw_256 ? 8 : 4;
		const struct ash_params own = { .iv = text(iv_len) };
		struct ash_params other = { .iv = ash_span(text(20).data + 1, iv_len) };
		uint8_t one[64];
		uint8_t two[64];
		uint8_t out[64];
		size_t len = 0;
		void *wrap = NULL;
		void *unwrap = NULL;

		if (!offered(ASH_OP_ENCRYPT, samples[i]))
			continue;
		wrap = sample_op(ASH_OP_ENCRYPT, samples[i]);
		unwrap = sample_op(ASH_OP_DECRYPT, samples[i]);
		EXPECT_OK(one_shot(wrap, &own, text(32), ash_mut(one, sizeof(one)), &len));
		EXPECT_OK(one_shot(wrap, NULL, text(32), ash_mut(two, sizeof(two)),
				   &len)); /* it does not stay */
		EXPECT(memcmp(one, two, len) != 0);
		EXPECT_OK(one_shot(unwrap, &own, ash_span(one, len), ash_mut(out, 32), &len));
		EXPECT_SPAN(text(32), ash_span(out, len));
		EXPECT_CODE(ASH_E_ENCRYPTED_DATA,
			    one_shot(unwrap, &other, ash_span(one, 40), ash_mut(out, 32), &len));
		EXPECT_CODE(ASH_E_ENCRYPTED_DATA,
			    one_shot(unwrap, NULL, ash_span(one, 40), ash_mut(out, 32), &len));
		EXPECT_OK(one_shot(unwrap, NULL, ash_span(two, 40), ash_mut(out, 32), &len));
		for (other.iv.len = 1; other.iv.len < 18; other.iv.len++) {
			if (other.iv.len != iv_len)
				EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(wrap, &other));
		}
		ops->op_free(wrap);
		ops->op_free(unwrap);
	}
}
