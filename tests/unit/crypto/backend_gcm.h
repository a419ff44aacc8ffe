/* AES-GCM. */
#pragma once

#include "crypto/backend_cbc.h"
#include "crypto/backend_tools.h"

static const struct sample *gcm_sample(size_t key_len)
{
	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		if (ciphers[i].alg.scheme == ASH_SCHEME_AES_GCM && ciphers[i].spec.bits == key_len * 8 &&
		    offered(ASH_OP_DECRYPT, &ciphers[i]))
			return &ciphers[i];
	}
	return NULL;
}

/* The test cases of the GCM specification (McGrew, Viega) with the longer plaintext. */
static void expect_gcm(const char *key_digits, const char *iv_digits, const char *sealed_digits)
{
	struct ash_span plain = HEX("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
				    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
	uint8_t room[128];
	uint8_t iv[64];
	uint8_t out[128];
	struct ash_params params = { .aad = HEX("feedfacedeadbeeffeedfacedeadbeefabaddad2"), .tag_len = 16 };
	struct ash_span sealed = ASH_SPAN_NONE;
	size_t len = 0;
	void *key = load_secret(hex(key_digits, ash_mut(room, sizeof(room))));
	void *op = new_op(ASH_OP_ENCRYPT, (struct ash_alg){ ASH_SCHEME_AES_GCM, ASH_HASH_NONE }, key);

	params.iv = hex(iv_digits, ash_mut(iv, sizeof(iv)));
	sealed = hex(sealed_digits, ash_mut(room, sizeof(room)));
	EXPECT_OK(one_shot(op, &params, plain, ash_mut(out, sizeof(out)), &len));
	EXPECT_SPAN(sealed, ash_span(out, len));
	ops->op_free(op);
	op = new_op(ASH_OP_DECRYPT, (struct ash_alg){ ASH_SCHEME_AES_GCM, ASH_HASH_NONE }, key);
	EXPECT_OK(one_shot(op, &params, sealed, ash_mut(out, plain.len), &len));
	EXPECT_SPAN(plain, ash_span(out, len));
	ops->op_free(op);
	ops->key_free(lib(), key);
}

TEST(gcm_of_the_specification)
{
	static const char iv_12[] = "cafebabefacedbaddecaf888";
	static const char iv_8[] = "cafebabefacedbad";
	static const char iv_60[] = "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728"
				    "c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b";

	if (gcm_sample(16) == NULL || gcm_sample(32) == NULL)
		return;
	/* cases 4, 5, 6 and 16 */
	expect_gcm(
		"feffe9928665731c6d6a8f9467308308", iv_12,
		"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
		"1ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47");
	expect_gcm(
		"feffe9928665731c6d6a8f9467308308", iv_8,
		"61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c742373806900e49f24b22b097544d4896b42"
		"4989b5e1ebac0f07c23f45983612d2e79e3b0785561be14aaca2fccb");
	expect_gcm(
		"feffe9928665731c6d6a8f9467308308", iv_60,
		"8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca701e4a9a4fba43c90ccdcb281d48c7c6f"
		"d62875d2aca417034c34aee5619cc5aefffe0bfa462af43c1699d050");
	expect_gcm(
		"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", iv_12,
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
		"c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
}

TEST(gcm_releases_nothing_that_was_changed)
{
	const struct sample *sample = gcm_sample(32);
	struct ash_params params = { 0 };
	uint8_t sealed[CIPHER_MAX];
	uint8_t out[CIPHER_MAX];
	uint8_t untouched[CIPHER_MAX];
	size_t sealed_len = 0;
	size_t len = 7;
	void *op = NULL;

	if (sample == NULL)
		return;
	params = params_of(sample);
	sealed_len = encrypted(sample, 50, sealed);
	memset(untouched, 0xee, sizeof(untouched));
	memcpy(out, untouched, sizeof(out));
	op = sample_op(ASH_OP_DECRYPT, sample);
	EXPECT(!ops->op_streams(op));
	for (size_t at = 0; at < sealed_len; at++) {
		uint8_t in_place[CIPHER_MAX];

		sealed[at] ^= 0x01;
		EXPECT_CODE(ASH_E_AUTHENTICATION,
			    one_shot(op, &params, ash_span(sealed, sealed_len), ash_mut(out, 50), &len));
		memcpy(in_place, sealed, sealed_len);
		EXPECT_CODE(ASH_E_AUTHENTICATION, one_shot(op, &params, ash_span(in_place, sealed_len),
							   ash_mut(in_place, 50), &len));
		EXPECT(memcmp(in_place, sealed, sealed_len) == 0);
		sealed[at] ^= 0x01;
	}
	EXPECT(memcmp(out, untouched, sizeof(out)) == 0);
	EXPECT_NUMBER(7, len);
	params.aad = TEXT("Associated");
	EXPECT_CODE(ASH_E_AUTHENTICATION,
		    one_shot(op, &params, ash_span(sealed, sealed_len), ash_mut(out, 50), &len));
	params = params_of(sample);
	for (size_t short_len = 0; short_len < 16; short_len++)
		EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN,
			    one_shot(op, &params, ash_span(sealed, short_len), ash_mut(out, 50), &len));
	EXPECT_OK(one_shot(op, &params, ash_span(sealed, sealed_len), ash_mut(out, 50), &len));
	EXPECT_SPAN(text(50), ash_span(out, len));
	ops->op_free(op);
}

TEST(gcm_tags_of_each_length)
{
	const struct sample *sample = gcm_sample(32);
	void *encrypt = NULL;
	void *decrypt = NULL;

	if (sample == NULL)
		return;
	encrypt = sample_op(ASH_OP_ENCRYPT, sample);
	decrypt = sample_op(ASH_OP_DECRYPT, sample);
	for (uint32_t tag_len = 0; tag_len < 20; tag_len++) {
		struct ash_params params = params_of(sample);
		bool good = (tag_len >= 12 && tag_len <= 16) || tag_len == 8 || tag_len == 4;
		uint8_t sealed[64];
		uint8_t out[64];
		size_t len = 0;

		params.tag_len = tag_len;
		EXPECT_CODE(good ? ASH_OK : ASH_E_MECHANISM_PARAM, ops->op_start(encrypt, &params));
		EXPECT_CODE(good ? ASH_OK : ASH_E_MECHANISM_PARAM, ops->op_start(decrypt, &params));
		if (!good)
			continue;
		EXPECT_OK(one_shot(encrypt, &params, text(20), ash_mut(sealed, sizeof(sealed)), &len));
		EXPECT_NUMBER(20 + tag_len, len);
		EXPECT_OK(one_shot(decrypt, &params, ash_span(sealed, len), ash_mut(out, 20), &len));
		EXPECT_SPAN(text(20), ash_span(out, len));
		sealed[20 + tag_len - 1] ^= 1;
		EXPECT_CODE(ASH_E_AUTHENTICATION, one_shot(decrypt, &params, ash_span(sealed, 20 + tag_len),
							   ash_mut(out, 20), &len));
	}
	ops->op_free(encrypt);
	ops->op_free(decrypt);
}

TEST(gcm_nonces_of_many_lengths)
{
	static const size_t lens[] = { 12, 1, 8, 16, 60, 12, 128, 12 };
	const struct sample *sample = gcm_sample(16);
	void *encrypt = NULL;
	void *decrypt = NULL;

	if (sample == NULL)
		return;
	encrypt = sample_op(ASH_OP_ENCRYPT, sample);
	decrypt = sample_op(ASH_OP_DECRYPT, sample);
	for (size_t i = 0; i < ASH_COUNT(lens); i++) {
		struct ash_params params = params_of(sample);
		uint8_t sealed[64];
		uint8_t out[64];
		size_t len = 0;

		params.iv = text(lens[i]);
		EXPECT_OK(one_shot(encrypt, &params, text(20), ash_mut(sealed, sizeof(sealed)), &len));
		EXPECT_OK(one_shot(decrypt, &params, ash_span(sealed, len), ash_mut(out, 20), &len));
		EXPECT_SPAN(text(20), ash_span(out, len));
		params.iv = ASH_SPAN_NONE;
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(encrypt, &params));
	}
	ops->op_free(encrypt);
	ops->op_free(decrypt);
}

/* OpenSSL takes no nonce of more than 128 bytes; what takes longer ones takes them all. */
TEST(gcm_nonces_that_are_long)
{
	static const size_t lens[] = { 129, 257, 4096, 12, 65535 };
	const bool taken = strcmp(ops->name, "openssl") != 0;

	for (size_t bits = 128; bits <= 256; bits += 64) {
		const struct sample *sample = gcm_sample(bits / 8);
		void *encrypt = NULL;
		void *decrypt = NULL;

		if (sample == NULL)
			continue;
		encrypt = sample_op(ASH_OP_ENCRYPT, sample);
		decrypt = sample_op(ASH_OP_DECRYPT, sample);
		for (size_t i = 0; i < ASH_COUNT(lens); i++) {
			struct ash_params params = params_of(sample);
			const bool good = taken || lens[i] <= 128;
			uint8_t sealed[64];
			uint8_t out[64];
			size_t len = 0;

			params.iv = text(lens[i]);
			EXPECT_CODE(good ? ASH_OK : ASH_E_MECHANISM_PARAM, ops->op_start(encrypt, &params));
			EXPECT_CODE(good ? ASH_OK : ASH_E_MECHANISM_PARAM, ops->op_start(decrypt, &params));
			if (!good)
				continue;
			EXPECT_OK(
				one_shot(encrypt, &params, text(20), ash_mut(sealed, sizeof(sealed)), &len));
			EXPECT_OK(one_shot(decrypt, &params, ash_span(sealed, len), ash_mut(out, 20), &len));
			EXPECT_SPAN(text(20), ash_span(out, len));
			params.iv.len--; /* all of it counts */
			EXPECT_CODE(ASH_E_AUTHENTICATION,
				    one_shot(decrypt, &params, ash_span(sealed, 36), ash_mut(out, 20), &len));
		}
		ops->op_free(encrypt);
		ops->op_free(decrypt);
	}
}

TEST(gcm_takes_long_messages)
{
	const size_t big = 300000;
	const struct sample *sample = gcm_sample(32);
	struct ash_params params = { 0 };
	uint8_t *bytes = calloc(1, big + 16);
	size_t len = 0;
	void *op = NULL;

	if (sample != NULL) {
		params = params_of(sample);
		op = sample_op(ASH_OP_ENCRYPT, sample);
		EXPECT_OK(one_shot(op, &params, ash_span(bytes, big), ash_mut(bytes, big + 16), &len));
		ops->op_free(op);
		op = sample_op(ASH_OP_DECRYPT, sample);
		EXPECT_OK(one_shot(op, &params, ash_span(bytes, big + 16), ash_mut(bytes, big), &len));
		EXPECT_NUMBER(big, len);
		for (size_t i = 0; i < big; i++)
			EXPECT(bytes[i] == 0);
		ops->op_free(op);
	}
	free(bytes);
}

TEST(gcm_of_nothing_is_a_tag)
{
	const struct sample *sample = gcm_sample(32);
	struct ash_params params = { 0 };
	uint8_t tag[16];
	size_t len = 0;
	void *op = NULL;

	if (sample == NULL)
		return;
	params = params_of(sample);
	op = sample_op(ASH_OP_ENCRYPT, sample);
	EXPECT_OK(one_shot(op, &params, ASH_SPAN_NONE, ash_mut(tag, sizeof(tag)), &len));
	EXPECT_NUMBER(16, len);
	ops->op_free(op);
	op = sample_op(ASH_OP_DECRYPT, sample);
	EXPECT_OK(one_shot(op, &params, SPAN(tag), ash_mut(NULL, 0), &len));
	EXPECT_NUMBER(0, len);
	tag[3] ^= 1;
	EXPECT_CODE(ASH_E_AUTHENTICATION, one_shot(op, &params, SPAN(tag), ash_mut(NULL, 0), &len));
	ops->op_free(op);
}
