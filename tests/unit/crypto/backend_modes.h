/* AES-ECB, AES-CTR and AES-CCM, where they differ from other ciphers. */
#pragma once

#include "crypto/backend_cbc.h"
#include "crypto/backend_tools.h"

static const struct sample ecb_128 = { "", BYTES(16), ALG(AES_ECB, NONE) };
static const struct sample ctr_256 = { "", BYTES(32), ALG(AES_CTR, NONE) };
static const struct sample ccm_128 = { "", BYTES(16), ALG(AES_CCM, NONE) };

TEST(ecb_takes_whole_blocks_and_no_iv)
{
	struct ash_params params = params_of(&ecb_128);
	uint8_t out[64];
	size_t len = 0;
	void *op = NULL;

	if (!offered(ASH_OP_ENCRYPT, &ecb_128))
		return;
	op = sample_op(ASH_OP_ENCRYPT, &ecb_128);
	EXPECT_CODE(ASH_E_DATA_LEN, one_shot(op, NULL, text(17), ash_mut(out, sizeof(out)), &len));
	EXPECT_OK(one_shot(op, &params, text(0), ash_mut(out, sizeof(out)), &len));
	EXPECT_NUMBER(0, len);
	params.iv = text(16);
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(op, &params));
	ops->op_free(op);
	op = sample_op(ASH_OP_DECRYPT, &ecb_128);
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN, one_shot(op, NULL, text(31), ash_mut(out, sizeof(out)), &len));
	ops->op_free(op);
}

/* The key stream of one block, by ECB of the counter block. */
static void expect_stream(void *key, const uint8_t block[16], const uint8_t *stream)
{
	uint8_t want[16];
	size_t len = 0;
	void *op = new_op(ASH_OP_ENCRYPT, ecb_128.alg, key);

	EXPECT_OK(one_shot(op, NULL, ash_span(block, 16), ash_mut(want, sizeof(want)), &len));
	EXPECT_SPAN(SPAN(want), ash_span(stream, 16));
	ops->op_free(op);
}

/* Blocks that a counter of so many bits, all ones but for its last ones, has left. */
static void expect_ctr_end(void *op, void *key, uint32_t bits, unsigned blocks, enum ash_code code)
{
	static const uint8_t zeroes[16 * 20];
	struct ash_params params = { .counter_bits = bits };
	uint8_t iv[16] = { 0x5a, 0xa5 }; /* what is before the counter, where that is short */
	uint8_t out[16 * 20];
	uint8_t untouched[16 * 20];
	size_t len = 0;

	for (uint32_t i = 0; i < bits; i++)
		iv[15 - i / 8] |= (uint8_t)(1u << (i % 8));
	iv[15] = (uint8_t)(iv[15] - (blocks - 1));
	params.iv = SPAN(iv);
	memset(untouched, 0xee, sizeof(untouched));
	memcpy(out, untouched, sizeof(out));
	EXPECT_CODE(code, one_shot(op, &params, ash_span(zeroes, 16 * blocks + 1), ash_mut(out, sizeof(out)),
				   &len));
	EXPECT(memcmp(out, untouched, sizeof(out)) == 0);
	EXPECT_OK(one_shot(op, &params, ash_span(zeroes, 16 * blocks), ash_mut(out, sizeof(out)), &len));
	for (unsigned i = 0; i < blocks; i++) {
		expect_stream(key, iv, out + 16 * i);
		iv[15]++; /* nothing is carried */
	}
	/* In pieces it is the same: the last block may be used up, and no byte more. */
	iv[15] = (uint8_t)(iv[15] - blocks);
	EXPECT_OK(ops->op_start(op, &params));
	for (unsigned i = 0; i < 16 * blocks; i++)
		EXPECT_OK(ops->op_update(op, ash_span(zeroes, 1), ash_mut(out, 1), &len));
	EXPECT_OK(ops->op_update(op, ASH_SPAN_NONE, ash_mut(out, 0), &len));
	EXPECT_CODE(code, ops->op_update(op, ash_span(zeroes, 1), ash_mut(out, 1), &len));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ops->op_finish(op, ASH_SPAN_NONE, ash_mut(out, 16), &len));
}

TEST(ctr_ends_where_its_counter_would_begin_again)
{
	static const struct ash_key_spec aes = BYTES(16);

	for (enum ash_op what = ASH_OP_ENCRYPT; offered(ASH_OP_ENCRYPT, &ctr_256) && what <= ASH_OP_DECRYPT;
	     what++) {
		void *key = kept_key(&aes);
		void *op = new_op(what, ctr_256.alg, key);

		for (uint32_t bits = 1; bits <= 128; bits++) {
			for (unsigned blocks = 1; blocks <= 17; blocks += 4) {
				if (bits >= 5 || blocks <= 1u << bits)
					expect_ctr_end(op, key, bits, blocks,
						       what == ASH_OP_ENCRYPT ? ASH_E_DATA_LEN
									      : ASH_E_ENCRYPTED_DATA_LEN);
			}
		}
		ops->op_free(op);
	}
}

TEST(ctr_counts_with_what_it_is_told)
{
	struct ash_params params = params_of(&ctr_256);
	uint8_t out[64];
	size_t len = 0;
	void *op = NULL;

	if (!offered(ASH_OP_ENCRYPT, &ctr_256))
		return;
	op = sample_op(ASH_OP_ENCRYPT, &ctr_256);
	params.counter_bits = 0;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(op, &params));
	params.counter_bits = 129;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(op, &params));
	params.counter_bits = 1; /* 2 - 0 blocks */
	EXPECT_OK(one_shot(op, &params, text(32), ash_mut(out, sizeof(out)), &len));
	EXPECT_CODE(ASH_E_DATA_LEN, one_shot(op, &params, text(33), ash_mut(out, sizeof(out)), &len));
	params.iv.len = 15;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(op, &params));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(op, NULL));
	ops->op_free(op);
}

TEST(ccm_of_sp_800_38c)
{
	struct ash_params params = { .iv = HEX("10111213141516"), .tag_len = 4, .data_len = 4 };
	uint8_t out[64];
	size_t len = 0;
	void *key = NULL;
	void *op = NULL;

	if (!offered(ASH_OP_ENCRYPT, &ccm_128))
		return;
	key = load_secret(HEX("404142434445464748494a4b4c4d4e4f"));
	op = new_op(ASH_OP_ENCRYPT, ccm_128.alg, key);
	params.aad = HEX("0001020304050607");
	EXPECT_OK(one_shot(op, &params, HEX("20212223"), ash_mut(out, sizeof(out)), &len));
	EXPECT_SPAN(HEX("7162015b4dac255d"), ash_span(out, len));
	params = (struct ash_params){ .iv = HEX("1011121314151617"), .tag_len = 6, .data_len = 16 };
	params.aad = HEX("000102030405060708090a0b0c0d0e0f");
	EXPECT_OK(one_shot(op, &params, HEX("202122232425262728292a2b2c2d2e2f"), ash_mut(out, sizeof(out)),
			   &len));
	EXPECT_SPAN(HEX("d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd"), ash_span(out, len));
	ops->op_free(op);
	ops->key_free(lib(), key);
}

TEST(ccm_lengths)
{
	void *seal = NULL;
	void *open = NULL;

	if (!offered(ASH_OP_ENCRYPT, &ccm_128))
		return;
	seal = sample_op(ASH_OP_ENCRYPT, &ccm_128);
	open = sample_op(ASH_OP_DECRYPT, &ccm_128);
	EXPECT(!ops->op_streams(seal) && !ops->op_streams(open));
	for (uint32_t tag = 0; tag < 20; tag++) {
		for (size_t nonce = 0; nonce < 17; nonce++) {
			bool good = tag >= 4 && tag <= 16 && tag % 2 == 0 && nonce >= 7 && nonce <= 13;
			struct ash_params params = { .iv = text(nonce), .tag_len = tag, .data_len = 20 };
			uint8_t out[64];
			size_t len = 0;

			params.aad = text(tag);
			EXPECT_CODE(good ? ASH_OK : ASH_E_MECHANISM_PARAM, ops->op_start(seal, &params));
			EXPECT_CODE(good ? ASH_OK : ASH_E_MECHANISM_PARAM, ops->op_start(open, &params));
			if (!good)
				continue;
			EXPECT_OK(ops->op_finish(seal, text(20), ash_mut(out, sizeof(out)), &len));
			EXPECT_NUMBER(20 + tag, len);
			EXPECT_OK(ops->op_finish(open, ash_span(out, len), ash_mut(out, 20), &len));
			EXPECT_SPAN(text(20), ash_span(out, len));
		}
	}
	ops->op_free(seal);
	ops->op_free(open);
}

TEST(ccm_messages_are_as_long_as_announced)
{
	struct ash_params params = params_for(&ccm_128, 20);
	uint8_t out[64];
	size_t len = 0;
	void *seal = NULL;
	void *open = NULL;

	if (!offered(ASH_OP_ENCRYPT, &ccm_128))
		return;
	seal = sample_op(ASH_OP_ENCRYPT, &ccm_128);
	open = sample_op(ASH_OP_DECRYPT, &ccm_128);
	for (size_t wrong = 0; wrong < 40; wrong++) {
		if (wrong != 20)
			EXPECT_CODE(ASH_E_DATA_LEN,
				    one_shot(seal, &params, text(wrong), ash_mut(out, wrong + 16), &len));
		if (wrong != 36)
			EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN,
				    one_shot(open, &params, text(wrong), ash_mut(out, wrong), &len));
	}
	params.data_len = 65535; /* two bytes are left for the length by a nonce of 13 */
	EXPECT_OK(ops->op_start(seal, &params));
	params.data_len = 65536;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(seal, &params));
	params.iv.len = 12;
	EXPECT_OK(ops->op_start(seal, &params));
	params.data_len = SIZE_MAX;
	params.iv.len = 7;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(seal, &params));
	/* What was begun and left does no harm to the next. */
	params = params_for(&ccm_128, 0);
	EXPECT_OK(one_shot(seal, &params, ASH_SPAN_NONE, ash_mut(out, sizeof(out)), &len));
	EXPECT_NUMBER(16, len);
	EXPECT_OK(one_shot(open, &params, ash_span(out, len), ash_mut(NULL, 0), &len));
	EXPECT_NUMBER(0, len);
	ops->op_free(seal);
	ops->op_free(open);
}

TEST(ccm_releases_nothing_that_was_changed)
{
	static const size_t aad_lens[] = {
		0, 1, 14, 65279, 65280, 65536
	}; /* the length is written in 2 or 6 bytes */
	void *seal = NULL;
	void *open = NULL;

	if (!offered(ASH_OP_ENCRYPT, &ccm_128))
		return;
	seal = sample_op(ASH_OP_ENCRYPT, &ccm_128);
	open = sample_op(ASH_OP_DECRYPT, &ccm_128);
	for (size_t i = 0; i < ASH_COUNT(aad_lens); i++) {
		struct ash_params params = params_for(&ccm_128, 50);
		uint8_t sealed[66];
		uint8_t out[50] = { 0 };
		const uint8_t zeroes[50] = { 0 };
		size_t len = 0;

		params.aad = text(aad_lens[i]);
		EXPECT_OK(one_shot(seal, &params, text(50), ash_mut(sealed, sizeof(sealed)), &len));
		len = 7;
		for (size_t at = 0; at < sizeof(sealed); at++) {
			sealed[at] ^= 0x80;
			EXPECT_CODE(ASH_E_AUTHENTICATION,
				    one_shot(open, &params, SPAN(sealed), ash_mut(out, sizeof(out)), &len));
			sealed[at] ^= 0x80;
		}
		EXPECT_SPAN(SPAN(zeroes), SPAN(out));
		EXPECT_NUMBER(7, len);
		params.aad = text(aad_lens[(i + 1) % ASH_COUNT(aad_lens)]);
		EXPECT_CODE(ASH_E_AUTHENTICATION,
			    one_shot(open, &params, SPAN(sealed), ash_mut(out, sizeof(out)), &len));
		params.aad = text(aad_lens[i]);
		EXPECT_OK(one_shot(open, &params, SPAN(sealed), ash_mut(out, sizeof(out)), &len));
		EXPECT_SPAN(text(50), SPAN(out));
	}
	ops->op_free(seal);
	ops->op_free(open);
}
