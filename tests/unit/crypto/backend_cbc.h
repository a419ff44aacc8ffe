/* What holds for all ciphers, and CBC. */
#pragma once

#include "crypto/backend_tools.h"

#define CIPHER_MAX 4096

static size_t cipher_room(enum ash_op op, const struct sample *sample, size_t in_len)
{
	struct ash_params params = params_of(sample);

	return ash_alg_finish_max(op, sample->alg, &sample->spec, params.tag_len, 0, in_len);
}

/* Encrypts text(len); the operation is made for it. */
static size_t encrypted(const struct sample *sample, size_t len, uint8_t out[CIPHER_MAX])
{
	const struct ash_params params = params_for(sample, len);
	size_t room = cipher_room(ASH_OP_ENCRYPT, sample, len);
	void *op = sample_op(ASH_OP_ENCRYPT, sample);
	size_t out_len = 0;

	EXPECT(room <= CIPHER_MAX);
	EXPECT_OK(one_shot(op, &params, text(len), ash_mut(out, room), &out_len));
	EXPECT_NUMBER(room, out_len);
	ops->op_free(op);
	return out_len;
}

TEST(ciphers_decrypt_what_they_encrypted)
{
	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		void *op = NULL;

		if (!offered(ASH_OP_DECRYPT, &ciphers[i]))
			continue;
		op = sample_op(ASH_OP_DECRYPT, &ciphers[i]);
		for (size_t len = 0; len < 260; len++) {
			const struct ash_params params = params_for(&ciphers[i], len);
			uint8_t sealed[CIPHER_MAX];
			uint8_t plain[CIPHER_MAX];
			size_t out_len = 0;
			size_t sealed_len = 0;

			if (!takes(&ciphers[i], len))
				continue;
			sealed_len = encrypted(&ciphers[i], len, sealed);
			EXPECT_OK(
				one_shot(op, &params, ash_span(sealed, sealed_len),
					 ash_mut(plain, cipher_room(ASH_OP_DECRYPT, &ciphers[i], sealed_len)),
					 &out_len));
			EXPECT_SPAN(text(len), ash_span(plain, out_len));
			/* And where it lies. */
			EXPECT_OK(one_shot(op, &params, ash_span(sealed, sealed_len),
					   ash_mut(sealed, sealed_len), &out_len));
			EXPECT_SPAN(text(len), ash_span(sealed, out_len));
		}
		ops->op_free(op);
	}
}

/* Every chunk size, each piece written over itself or elsewhere; `in` has room for the result. */
static void expect_chunks(enum ash_op what, const struct sample *sample, struct ash_span in,
			  struct ash_span want)
{
	const struct ash_params params = params_of(sample);
	void *op = sample_op(what, sample);

	for (size_t chunk = 1; ops->op_streams(op) && chunk < 70; chunk += chunk < 34 ? 1 : 13) {
		uint8_t out[CIPHER_MAX];
		size_t len = 0;

		EXPECT_OK(
			chunked(op, what, sample->alg, &params, in, chunk, ash_mut(out, sizeof(out)), &len));
		EXPECT_SPAN(want, ash_span(out, len));
	}
	ops->op_free(op);
}

TEST(ciphers_in_pieces_are_the_same)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 32, 100, 144, 160, 161 };

	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		for (size_t j = 0; j < ASH_COUNT(lens); j++) {
			uint8_t sealed[CIPHER_MAX];
			size_t len = 0;

			if (!offered(ASH_OP_ENCRYPT, &ciphers[i]) || !takes(&ciphers[i], lens[j]))
				continue;
			len = encrypted(&ciphers[i], lens[j], sealed);
			expect_chunks(ASH_OP_ENCRYPT, &ciphers[i], text(lens[j]), ash_span(sealed, len));
			expect_chunks(ASH_OP_DECRYPT, &ciphers[i], ash_span(sealed, len), text(lens[j]));
		}
	}
}

/* Pieces that are written over where they were read, in all alignments. */
static void expect_in_place(enum ash_op what, const struct sample *sample, struct ash_span in,
			    struct ash_span want, size_t chunk)
{
	const struct ash_params params = params_of(sample);
	void *op = sample_op(what, sample);
	uint8_t out[CIPHER_MAX];
	uint8_t piece[128];
	size_t taken = 0;
	size_t done = 0;
	size_t len = 0;

	EXPECT_OK(ops->op_start(op, &params));
	for (; ops->op_streams(op) && in.len - taken > chunk; taken += chunk) {
		size_t room = ash_alg_update_max(what, sample->alg, taken - done, chunk);

		memcpy(piece, in.data + taken, chunk);
		EXPECT_OK(ops->op_update(op, ash_span(piece, chunk), ash_mut(piece, room), &len));
		memcpy(out + done, piece, len);
		done += len;
	}
	memcpy(out + done, in.data + taken, in.len - taken);
	EXPECT_OK(ops->op_finish(op, ash_span(out + done, in.len - taken),
				 ash_mut(out + done, sizeof(out) - done), &len));
	EXPECT_SPAN(want, ash_span(out, done + len));
	ops->op_free(op);
}

TEST(ciphers_work_in_place)
{
	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		for (size_t chunk = 1; chunk < 70; chunk += 4) {
			uint8_t sealed[CIPHER_MAX];
			size_t len = 0;

			if (!offered(ASH_OP_ENCRYPT, &ciphers[i]))
				continue;
			len = encrypted(&ciphers[i], SAMPLE_LEN, sealed);
			expect_in_place(ASH_OP_ENCRYPT, &ciphers[i], text(SAMPLE_LEN), ash_span(sealed, len),
					chunk);
			expect_in_place(ASH_OP_DECRYPT, &ciphers[i], ash_span(sealed, len), text(SAMPLE_LEN),
					chunk);
		}
	}
}

TEST(a_copied_cipher_goes_its_own_way)
{
	for (size_t i = 0; ops->op_copy != NULL && i < ASH_COUNT(ciphers); i++) {
		const struct ash_params params = params_of(&ciphers[i]);
		uint8_t whole[CIPHER_MAX];
		uint8_t head[64];
		uint8_t tail[CIPHER_MAX];
		size_t whole_len = 0;
		size_t len = 0;
		size_t head_len = 0;
		size_t half = 0;
		void *op = NULL;
		void *copy = NULL;

		if (!offered(ASH_OP_ENCRYPT, &ciphers[i]))
			continue;
		whole_len = encrypted(&ciphers[i], SAMPLE_LEN, whole);
		op = sample_op(ASH_OP_ENCRYPT, &ciphers[i]);
		EXPECT_OK(ops->op_start(op, &params));
		if (ops->op_streams(op)) {
			half = 37;
			EXPECT_OK(ops->op_update(op, text(half), ash_mut(head, sizeof(head)), &head_len));
		}
		EXPECT_OK(ops->op_copy(op, &copy));
		/* What does not stream would need all of it: a failure of the first is no matter to the copy. */
		EXPECT(ash_is_ok(ops->op_finish(op, text(11), ash_mut(tail, sizeof(tail)), &len)) ||
		       half == 0);
		ops->op_free(op);
		EXPECT_OK(ops->op_finish(copy, ash_span(text(SAMPLE_LEN).data + half, SAMPLE_LEN - half),
					 ash_mut(tail, sizeof(tail)), &len));
		EXPECT_NUMBER(whole_len, head_len + len);
		EXPECT_SPAN(ash_span(whole, head_len), ash_span(head, head_len));
		EXPECT_SPAN(ash_span(whole + head_len, len), ash_span(tail, len));
		ops->op_free(copy);
	}
}

TEST(cbc_of_sp_800_38a)
{
	static const struct {
		const char *key;
		const char *sealed;
	} row[] = {
		{ "2b7e151628aed2a6abf7158809cf4f3c",
		  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2" },
		{ "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
		  "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a" },
		{ "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
		  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d" },
	};
	const struct ash_alg alg = { ASH_SCHEME_AES_CBC, ASH_HASH_NONE };
	const struct ash_params params = { .iv = HEX("000102030405060708090a0b0c0d0e0f") };
	struct ash_span plain = HEX("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		uint8_t room[32];
		uint8_t out[32];
		size_t len = 0;
		void *key = NULL;
		void *op = NULL;

		if (!offered(ASH_OP_ENCRYPT, &ciphers[i]))
			continue;
		key = load_secret(hex(row[i].key, ash_mut(room, sizeof(room))));
		op = new_op(ASH_OP_ENCRYPT, alg, key);
		EXPECT_OK(one_shot(op, &params, plain, ash_mut(out, sizeof(out)), &len));
		EXPECT_SPAN(hex(row[i].sealed, ash_mut(room, sizeof(room))), ash_span(out, len));
		ops->op_free(op);
		ops->key_free(lib(), key);
	}
}

TEST(cbc_wants_whole_blocks_and_a_whole_iv)
{
	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		struct ash_params params = params_of(&ciphers[i]);
		bool padded = ciphers[i].alg.scheme == ASH_SCHEME_AES_CBC_PAD;
		uint8_t out[CIPHER_MAX];
		size_t len = 0;
		void *op = NULL;

		if ((!padded && ciphers[i].alg.scheme != ASH_SCHEME_AES_CBC) ||
		    !offered(ASH_OP_ENCRYPT, &ciphers[i]))
			continue;
		op = sample_op(ASH_OP_ENCRYPT, &ciphers[i]);
		if (!padded) {
			EXPECT_CODE(ASH_E_DATA_LEN,
				    one_shot(op, &params, text(17), ash_mut(out, sizeof(out)), &len));
			EXPECT_OK(ops->op_start(op, &params));
			EXPECT_OK(ops->op_update(op, text(5), ash_mut(out, sizeof(out)), &len));
			EXPECT_NUMBER(0, len);
			EXPECT_CODE(ASH_E_DATA_LEN,
				    ops->op_finish(op, ASH_SPAN_NONE, ash_mut(out, sizeof(out)), &len));
		}
		params.iv.len = 15;
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(op, &params));
		params.iv.len = 0;
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(op, &params));
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(op, NULL));
		ops->op_free(op);

		op = sample_op(ASH_OP_DECRYPT, &ciphers[i]);
		params = params_of(&ciphers[i]);
		EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN,
			    one_shot(op, &params, text(17), ash_mut(out, sizeof(out)), &len));
		EXPECT_CODE(padded ? ASH_E_ENCRYPTED_DATA_LEN : ASH_OK,
			    one_shot(op, &params, ASH_SPAN_NONE, ash_mut(out, sizeof(out)), &len));
		ops->op_free(op);
	}
}

TEST(cbc_refuses_wrong_padding)
{
	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		struct ash_params params = params_of(&ciphers[i]);
		uint8_t sealed[CIPHER_MAX];
		uint8_t in_place[CIPHER_MAX];
		uint8_t out[CIPHER_MAX];
		uint8_t untouched[CIPHER_MAX];
		size_t sealed_len = 0;
		size_t len = 7;
		void *op = NULL;

		if (ciphers[i].alg.scheme != ASH_SCHEME_AES_CBC_PAD || !offered(ASH_OP_DECRYPT, &ciphers[i]))
			continue;
		memset(untouched, 0xee, sizeof(untouched));
		memcpy(out, untouched, sizeof(out));
		sealed_len = encrypted(&ciphers[i], 32, sealed);
		op = sample_op(ASH_OP_DECRYPT, &ciphers[i]);
		sealed[31] ^= 0x20; /* the last byte of the padding of 16 becomes 48 */
		EXPECT_CODE(ASH_E_ENCRYPTED_DATA, one_shot(op, &params, ash_span(sealed, sealed_len),
							   ash_mut(out, sizeof(out)), &len));
		EXPECT_NUMBER(7, len);
		EXPECT_SPAN(SPAN(untouched), SPAN(out));
		memcpy(in_place, sealed, sealed_len);
		EXPECT_CODE(ASH_E_ENCRYPTED_DATA, one_shot(op, &params, ash_span(in_place, sealed_len),
							   ash_mut(in_place, sizeof(in_place)), &len));
		EXPECT_SPAN(ash_span(sealed, sealed_len), ash_span(in_place, sealed_len));
		sealed[31] ^= 0x20;
		EXPECT_OK(
			one_shot(op, &params, ash_span(sealed, sealed_len), ash_mut(out, sizeof(out)), &len));
		EXPECT_SPAN(text(32), ash_span(out, len));
		ops->op_free(op);
	}
}
