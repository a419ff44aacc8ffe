/* Digests, and HMAC where it differs from other signatures. */
#pragma once

#include "crypto/backend_tools.h"

static const enum ash_hash all_hashes[] = {
	ASH_HASH_SHA1,     ASH_HASH_SHA224,     ASH_HASH_SHA256,     ASH_HASH_SHA384,
	ASH_HASH_SHA512,   ASH_HASH_SHA512_224, ASH_HASH_SHA512_256, ASH_HASH_SHA3_224,
	ASH_HASH_SHA3_256, ASH_HASH_SHA3_384,   ASH_HASH_SHA3_512,
};

static void *hash_op(enum ash_hash hash)
{
	const struct ash_alg alg = { ASH_SCHEME_HASH, hash };

	return ops->offers(lib(), ASH_OP_DIGEST, alg, NULL) ? new_op(ASH_OP_DIGEST, alg, NULL) : NULL;
}

static void expect_digest(enum ash_hash hash, struct ash_span in, struct ash_span want)
{
	uint8_t out[ASH_HASH_MAX];
	size_t len = 0;
	void *op = hash_op(hash);

	if (op == NULL)
		return;
	EXPECT_OK(one_shot(op, NULL, in, ash_mut(out, ash_hash_len(hash)), &len));
	EXPECT_SPAN(want, ash_span(out, len));
	ops->op_free(op);
}

TEST(digests_of_the_standard)
{
	/* FIPS 180, "abc" and nothing */
	expect_digest(ASH_HASH_SHA256, TEXT("abc"),
		      HEX("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	expect_digest(ASH_HASH_SHA256, ASH_SPAN_NONE,
		      HEX("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
	expect_digest(ASH_HASH_SHA384, TEXT("abc"),
		      HEX("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
			  "8086072ba1e7cc2358baeca134c825a7"));
	expect_digest(ASH_HASH_SHA512, TEXT("abc"),
		      HEX("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"));
}

TEST(digests_in_pieces_are_the_same)
{
	static const size_t chunks[] = { 1, 3, 7, 63, 64, 65, 128, 129 };

	for (size_t i = 0; i < ASH_COUNT(all_hashes); i++) {
		const struct ash_alg alg = { ASH_SCHEME_HASH, all_hashes[i] };
		void *op = hash_op(all_hashes[i]);

		for (size_t len = 0; op != NULL && len < 300; len += 37) {
			uint8_t whole[ASH_HASH_MAX];
			uint8_t pieces[ASH_HASH_MAX];
			size_t out_len = 0;

			EXPECT_OK(one_shot(op, NULL, text(len), ash_mut(whole, sizeof(whole)), &out_len));
			EXPECT_NUMBER(ash_hash_len(all_hashes[i]), out_len);
			for (size_t j = 0; j < ASH_COUNT(chunks); j++) {
				EXPECT_OK(chunked(op, ASH_OP_DIGEST, alg, NULL, text(len), chunks[j],
						  ash_mut(pieces, sizeof(pieces)), &out_len));
				EXPECT_SPAN(ash_span(whole, out_len), ash_span(pieces, out_len));
			}
		}
		ops->op_free(op);
	}
}

TEST(starting_again_forgets_what_was_under_way)
{
	uint8_t out[ASH_HASH_MAX];
	size_t len = 7;
	void *op = hash_op(ASH_HASH_SHA256);

	if (op == NULL)
		return;
	EXPECT_OK(ops->op_start(op, NULL));
	EXPECT_OK(ops->op_update(op, text(100), ash_mut(NULL, 0), &len));
	EXPECT_NUMBER(0, len);
	EXPECT_OK(one_shot(op, NULL, TEXT("abc"), ash_mut(out, sizeof(out)), &len));
	EXPECT_SPAN(HEX("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
		    ash_span(out, len));
	ops->op_free(op);
}

TEST(an_operation_needs_a_start)
{
	uint8_t out[ASH_HASH_MAX] = { 0 };
	size_t len = 7;
	void *op = hash_op(ASH_HASH_SHA256);

	if (op == NULL)
		return;
	EXPECT_CODE(ASH_E_OPERATION_NONE, ops->op_update(op, text(1), ash_mut(NULL, 0), &len));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ops->op_finish(op, text(1), ash_mut(out, sizeof(out)), &len));
	EXPECT_OK(one_shot(op, NULL, text(1), ash_mut(out, sizeof(out)), &len));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ops->op_finish(op, text(1), ash_mut(out, sizeof(out)), &len));
	ops->op_free(op);
}

TEST(a_copied_digest_goes_its_own_way)
{
	for (size_t i = 0; ops->op_copy != NULL && i < ASH_COUNT(all_hashes); i++) {
		uint8_t one[ASH_HASH_MAX];
		uint8_t two[ASH_HASH_MAX];
		size_t len = 0;
		void *op = hash_op(all_hashes[i]);
		void *copy = NULL;

		if (op == NULL)
			continue;
		EXPECT_OK(ops->op_start(op, NULL));
		EXPECT_OK(ops->op_update(op, text(100), ash_mut(NULL, 0), &len));
		EXPECT_OK(ops->op_copy(op, &copy));
		EXPECT_OK(ops->op_finish(op, ASH_SPAN_NONE, ash_mut(one, sizeof(one)), &len));
		ops->op_free(op);
		EXPECT_OK(ops->op_update(copy, ash_span(text(200).data + 100, 100), ash_mut(NULL, 0), &len));
		EXPECT_OK(ops->op_finish(copy, ASH_SPAN_NONE, ash_mut(two, sizeof(two)), &len));
		expect_digest(all_hashes[i], text(100), ash_span(one, len));
		expect_digest(all_hashes[i], text(200), ash_span(two, len));
		ops->op_free(copy);
	}
}

TEST(a_saved_digest_goes_on_elsewhere)
{
	for (size_t i = 0; ops->op_save != NULL && i < ASH_COUNT(all_hashes); i++) {
		ASH_AUTO(ash_buf) state = ASH_BUF_SECRET;
		uint8_t out[ASH_HASH_MAX];
		size_t len = 0;
		void *op = hash_op(all_hashes[i]);
		void *other = hash_op(all_hashes[i]);
		struct ash_status status;

		if (op == NULL)
			continue;
		EXPECT_CODE(ASH_E_OPERATION_NONE, ops->op_save(op, &state));
		EXPECT_CODE(ASH_E_OPERATION_NONE, ops->op_restore(other, ASH_SPAN_NONE));
		EXPECT_OK(ops->op_start(op, NULL));
		EXPECT_OK(ops->op_start(other, NULL));
		EXPECT_OK(ops->op_update(op, text(150), ash_mut(NULL, 0), &len));
		status = ops->op_save(op, &state);
		EXPECT(status.code == ASH_OK || status.code == ASH_E_STATE_UNSAVEABLE);
		if (status.code == ASH_OK) {
			EXPECT_CODE(ASH_E_SAVED_STATE,
				    ops->op_restore(other, ash_span(state.data, state.len - 1)));
			EXPECT_OK(ops->op_restore(other, ash_buf_span(&state)));
			EXPECT_OK(ops->op_finish(other, ash_span(text(200).data + 150, 50),
						 ash_mut(out, sizeof(out)), &len));
			expect_digest(all_hashes[i], text(200), ash_span(out, len));
		} else {
			EXPECT_CODE(ASH_E_SAVED_STATE, ops->op_restore(other, text(8)));
		}
		EXPECT_OK(ops->op_finish(op, ASH_SPAN_NONE, ash_mut(out, sizeof(out)), &len));
		expect_digest(all_hashes[i], text(150), ash_span(out, len));
		ops->op_free(op);
		ops->op_free(other);
	}
}

static void expect_mac(enum ash_hash hash, struct ash_span key_bytes, struct ash_span in,
		       struct ash_span want)
{
	const struct sample hmac = { "", BYTES(32), { ASH_SCHEME_HMAC, hash } };
	uint8_t out[ASH_HASH_MAX];
	size_t len = 0;
	void *key = NULL;
	void *op = NULL;

	if (!offered(ASH_OP_SIGN, &hmac))
		return;
	key = load_secret(key_bytes);
	op = new_op(ASH_OP_SIGN, hmac.alg, key);
	ops->key_free(lib(), key); /* the operation has its own */
	for (size_t i = 0; i < 3; i++) {
		EXPECT_OK(one_shot(op, NULL, in, ash_mut(out, sizeof(out)), &len));
		EXPECT_SPAN(want, ash_span(out, len));
	}
	ops->op_free(op);
}

TEST(macs_of_rfc_4231)
{
	expect_mac(ASH_HASH_SHA256, TEXT("Jefe"), TEXT("what do ya want for nothing?"),
		   HEX("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
	expect_mac(ASH_HASH_SHA384, TEXT("Jefe"), TEXT("what do ya want for nothing?"),
		   HEX("af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
		       "8e2240ca5e69e2c78b3239ecfab21649"));
	expect_mac(ASH_HASH_SHA512, TEXT("Jefe"), TEXT("what do ya want for nothing?"),
		   HEX("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		       "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"));
	/* case 6: a key longer than a block */
	expect_mac(
		ASH_HASH_SHA256,
		HEX("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		TEXT("Test Using Larger Than Block-Size Key - Hash Key First"),
		HEX("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
}

TEST(a_mac_may_have_an_empty_key)
{
	/* The well-known HMAC_SHA256("", "") */
	expect_mac(ASH_HASH_SHA256, ASH_SPAN_NONE, ASH_SPAN_NONE,
		   HEX("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
}
