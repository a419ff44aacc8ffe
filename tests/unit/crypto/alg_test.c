#include "crypto/alg.h"

#include "test.h"

static const struct ash_alg cbc = { ASH_SCHEME_AES_CBC, ASH_HASH_NONE };
static const struct ash_alg pad = { ASH_SCHEME_AES_CBC_PAD, ASH_HASH_NONE };
static const struct ash_alg gcm = { ASH_SCHEME_AES_GCM, ASH_HASH_NONE };
static const struct ash_alg rsa = { ASH_SCHEME_RSA_PKCS1, ASH_HASH_NONE };
static const struct ash_alg sha = { ASH_SCHEME_HASH, ASH_HASH_SHA384 };
static const struct ash_alg hmac = { ASH_SCHEME_HMAC, ASH_HASH_SHA512 };
static const struct ash_key_spec aes = { ASH_KEY_SECRET, ASH_GROUP_NONE, 256 };
static const struct ash_key_spec rsa_3072 = { ASH_KEY_RSA, ASH_GROUP_NONE, 3072 };

TEST(hashes_have_lengths)
{
	EXPECT_NUMBER(0, ash_hash_len(ASH_HASH_NONE));
	EXPECT_NUMBER(32, ash_hash_len(ASH_HASH_SHA256));
	EXPECT_NUMBER(48, ash_hash_len(ASH_HASH_SHA384));
	EXPECT_NUMBER(64, ash_hash_len(ASH_HASH_SHA512));
	EXPECT_NUMBER(64, ash_hash_block_len(ASH_HASH_SHA256));
	EXPECT_NUMBER(128, ash_hash_block_len(ASH_HASH_SHA384));
	EXPECT_NUMBER(0, ash_hash_len(ASH_HASHES));
	EXPECT_NUMBER(0, ash_hash_len((enum ash_hash) - 1));
	for (enum ash_hash hash = 0; hash < ASH_HASHES; hash++) {
		EXPECT((hash == ASH_HASH_NONE) == (ash_hash_len(hash) == 0));
		EXPECT((hash == ASH_HASH_NONE) == (ash_hash_block_len(hash) == 0));
		EXPECT(ash_hash_len(hash) <= ASH_HASH_MAX);
	}
}

TEST(groups_have_names_and_lengths)
{
	for (enum ash_group group = 0; group < ASH_GROUPS; group++) {
		EXPECT((group == ASH_GROUP_NONE) == (ash_group_name(group)[0] == '\0'));
		EXPECT((group == ASH_GROUP_NONE) == (ash_group_public_len(group) == 0));
		EXPECT((group == ASH_GROUP_NONE) == (ash_group_private_len(group) == 0));
	}
	EXPECT_TEXT("P-256", ash_group_name(ASH_GROUP_P256));
	EXPECT_NUMBER(384, ash_group_bits(ASH_GROUP_P384));
	EXPECT_NUMBER(65, ash_group_public_len(ASH_GROUP_P256));
	EXPECT_NUMBER(32, ash_group_private_len(ASH_GROUP_ED25519));
	EXPECT_NUMBER(1952, ash_group_public_len(ASH_GROUP_ML_DSA_65));
	EXPECT_TEXT("", ash_group_name(ASH_GROUPS));
	EXPECT_NUMBER(0, ash_group_bits((enum ash_group)99));
}

TEST(signatures_have_lengths)
{
	const struct ash_key_spec p384 = { ASH_KEY_EC, ASH_GROUP_P384, 0 };
	const struct ash_key_spec ed = { ASH_KEY_EDWARDS, ASH_GROUP_ED25519, 0 };
	const struct ash_key_spec ml_dsa = { ASH_KEY_ML_DSA, ASH_GROUP_ML_DSA_65, 0 };

	EXPECT_NUMBER(384, ash_alg_signature_len(rsa, &rsa_3072));
	EXPECT_NUMBER(96,
		      ash_alg_signature_len((struct ash_alg){ ASH_SCHEME_ECDSA, ASH_HASH_SHA256 }, &p384));
	EXPECT_NUMBER(64, ash_alg_signature_len((struct ash_alg){ ASH_SCHEME_EDDSA, ASH_HASH_NONE }, &ed));
	EXPECT_NUMBER(3309,
		      ash_alg_signature_len((struct ash_alg){ ASH_SCHEME_ML_DSA, ASH_HASH_NONE }, &ml_dsa));
	EXPECT_NUMBER(64, ash_alg_signature_len(hmac, NULL));
	EXPECT_NUMBER(0, ash_alg_signature_len(gcm, &aes));
	EXPECT_NUMBER(0, ash_alg_signature_len(rsa, NULL));
	EXPECT_NUMBER(0, ash_alg_signature_len((struct ash_alg){ ASH_SCHEMES, ASH_HASH_NONE }, &aes));
}

TEST(updates_give_whole_blocks)
{
	static const struct {
		size_t held, in, block, padded_back;
	} row[] = {
		{ 0, 0, 0, 0 },   { 0, 15, 0, 0 },   { 0, 16, 16, 0 },   { 0, 17, 16, 16 },
		{ 5, 11, 16, 0 }, { 5, 12, 16, 16 }, { 16, 16, 32, 16 }, { 16, 1, 16, 16 },
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		EXPECT_NUMBER(row[i].block, ash_alg_update_max(ASH_OP_ENCRYPT, cbc, row[i].held, row[i].in));
		EXPECT_NUMBER(row[i].block, ash_alg_update_max(ASH_OP_DECRYPT, cbc, row[i].held, row[i].in));
		EXPECT_NUMBER(row[i].block, ash_alg_update_max(ASH_OP_ENCRYPT, pad, row[i].held, row[i].in));
		EXPECT_NUMBER(row[i].padded_back,
			      ash_alg_update_max(ASH_OP_DECRYPT, pad, row[i].held, row[i].in));
	}
}

TEST(other_updates)
{
	EXPECT_NUMBER(33, ash_alg_update_max(ASH_OP_ENCRYPT, gcm, 0, 33));
	EXPECT_NUMBER(0, ash_alg_update_max(ASH_OP_DECRYPT, gcm, 100, 33));
	EXPECT_NUMBER(0, ash_alg_update_max(ASH_OP_DIGEST, sha, 5, 33));
	EXPECT_NUMBER(0, ash_alg_update_max(ASH_OP_SIGN, hmac, 5, 33));
	EXPECT_NUMBER(0, ash_alg_update_max(ASH_OP_ENCRYPT, rsa, 5, 33));
	EXPECT_NUMBER(SIZE_MAX, ash_alg_update_max(ASH_OP_ENCRYPT, cbc, 1, SIZE_MAX));
	EXPECT_NUMBER(SIZE_MAX, ash_alg_update_max(ASH_OP_ENCRYPT, gcm, SIZE_MAX, SIZE_MAX));
}

TEST(ends)
{
	EXPECT_NUMBER(48, ash_alg_finish_max(ASH_OP_DIGEST, sha, NULL, 0, 9, 9));
	EXPECT_NUMBER(64, ash_alg_finish_max(ASH_OP_SIGN, hmac, &aes, 0, 9, 9));
	EXPECT_NUMBER(0, ash_alg_finish_max(ASH_OP_VERIFY, hmac, &aes, 0, 9, 9));
	EXPECT_NUMBER(384, ash_alg_finish_max(ASH_OP_ENCRYPT, rsa, &rsa_3072, 0, 0, 9));
	EXPECT_NUMBER(384, ash_alg_finish_max(ASH_OP_DECRYPT, rsa, &rsa_3072, 0, 0, 384));
	EXPECT_NUMBER(32, ash_alg_finish_max(ASH_OP_ENCRYPT, cbc, &aes, 0, 5, 27));
	EXPECT_NUMBER(32, ash_alg_finish_max(ASH_OP_DECRYPT, cbc, &aes, 0, 0, 32));
	EXPECT_NUMBER(16, ash_alg_finish_max(ASH_OP_ENCRYPT, pad, &aes, 0, 0, 0));
	EXPECT_NUMBER(16, ash_alg_finish_max(ASH_OP_ENCRYPT, pad, &aes, 0, 0, 15));
	EXPECT_NUMBER(32, ash_alg_finish_max(ASH_OP_ENCRYPT, pad, &aes, 0, 1, 15));
	EXPECT_NUMBER(31, ash_alg_finish_max(ASH_OP_DECRYPT, pad, &aes, 0, 16, 16));
	EXPECT_NUMBER(0, ash_alg_finish_max(ASH_OP_DECRYPT, pad, &aes, 0, 0, 0));
	EXPECT_NUMBER(25, ash_alg_finish_max(ASH_OP_ENCRYPT, gcm, &aes, 16, 0, 9));
	EXPECT_NUMBER(9, ash_alg_finish_max(ASH_OP_DECRYPT, gcm, &aes, 16, 5, 20));
	EXPECT_NUMBER(0, ash_alg_finish_max(ASH_OP_DECRYPT, gcm, &aes, 16, 5, 10));
	EXPECT_NUMBER(SIZE_MAX, ash_alg_finish_max(ASH_OP_ENCRYPT, gcm, &aes, 16, 0, SIZE_MAX - 20));
	EXPECT_NUMBER(SIZE_MAX, ash_alg_finish_max(ASH_OP_ENCRYPT, pad, &aes, 0, SIZE_MAX, 1));
	EXPECT_NUMBER(0, ash_alg_finish_max(ASH_OPS, sha, NULL, 0, 0, 0));
}

/* A decryptor and an encryptor never give more in the middle than comes out in all. */
TEST(middle_and_end_agree)
{
	const struct ash_alg algs[] = { cbc, pad, gcm };

	for (size_t i = 0; i < ASH_COUNT(algs); i++) {
		for (size_t len = 0; len < 100; len++) {
			EXPECT(ash_alg_update_max(ASH_OP_ENCRYPT, algs[i], 0, len) <=
			       ash_alg_finish_max(ASH_OP_ENCRYPT, algs[i], &aes, 16, 0, len));
			EXPECT(ash_alg_update_max(ASH_OP_DECRYPT, algs[i], 0, len) <=
			       ash_alg_finish_max(ASH_OP_DECRYPT, algs[i], &aes, 16, 0, len));
		}
	}
}

TEST(edwards_points_of_small_order_are_unsound)
{
	uint8_t point[32] = { 0 };

	EXPECT(!ash_edwards_sound(ASH_GROUP_ED25519, SPAN(point)));
	point[0] = 1;
	EXPECT(!ash_edwards_sound(ASH_GROUP_ED25519, SPAN(point)));
	point[31] = 0x80;
	EXPECT(!ash_edwards_sound(ASH_GROUP_ED25519, SPAN(point)));
	point[0] = 9;
	EXPECT(ash_edwards_sound(ASH_GROUP_ED25519, SPAN(point)));
	EXPECT(!ash_edwards_sound(ASH_GROUP_P256, SPAN(point)));
	EXPECT(!ash_edwards_sound(ASH_GROUP_ED25519, ash_span(point, 31)));
	EXPECT(!ash_edwards_sound(ASH_GROUP_ED25519, ASH_SPAN_NONE));
}

TEST(edwards_points_are_canonical)
{
	uint8_t point[32];

	memset(point, 0xff, sizeof(point));
	for (unsigned first = 0; first < 256; first++) {
		point[0] = (uint8_t)first;
		point[31] = 0x7f;
		/* 2^255 - 19 is ed ff … 7f; one less has order 2 */
		EXPECT(ash_edwards_sound(ASH_GROUP_ED25519, SPAN(point)) == (first < 0xec));
		point[31] = 0xff;
		EXPECT(ash_edwards_sound(ASH_GROUP_ED25519, SPAN(point)) == (first < 0xec));
	}
	point[17] = 0xfe;
	EXPECT(ash_edwards_sound(ASH_GROUP_ED25519, SPAN(point)));
}
