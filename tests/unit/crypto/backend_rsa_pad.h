/* RSA: PSS, OAEP, raw, recovery, and keys with other exponents. */
#pragma once

#include "crypto/backend_digest.h"
#include "crypto/backend_tools.h"

static const struct sample pss_sha256 = { "", RSA(2048), ALG(RSA_PSS, SHA256) };
static const struct sample pss_digest = { "", RSA(2048), ALG(RSA_PSS, NONE) };
static const struct sample oaep = { "", RSA(2048), ALG(RSA_OAEP, NONE) };
static const struct sample rsa_x509 = { "", RSA(2048), ALG(RSA_RAW, NONE) };
static const struct sample rsa_v15 = { "", RSA(2048), ALG(RSA_PKCS1, NONE) };

TEST(pss_salts_have_their_length_exactly)
{
	static const uint32_t lens[] = { 0, 1, 20, 32, 222 };
	uint8_t signature[256];
	size_t len = 0;
	void *sign = NULL;
	void *verify = NULL;

	if (!offered(ASH_OP_SIGN, &pss_sha256))
		return;
	sign = sample_op(ASH_OP_SIGN, &pss_sha256);
	verify = sample_op(ASH_OP_VERIFY, &pss_sha256);
	for (size_t i = 0; i < ASH_COUNT(lens); i++) {
		struct ash_params params = params_of(&pss_sha256);

		params.salt_len = lens[i];
		EXPECT_OK(one_shot(sign, &params, text(100), ash_mut(signature, sizeof(signature)), &len));
		for (size_t j = 0; j < ASH_COUNT(lens); j++) {
			params.salt_len = lens[j];
			EXPECT_CODE(i == j ? ASH_OK : ASH_E_SIGNATURE,
				    check(verify, &params, text(100), SPAN(signature)));
		}
		params.salt_len = 223; /* 256 - 32 - 2 is what fits */
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(sign, &params));
		params.salt_len = UINT32_MAX;
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(verify, &params));
	}
	ops->op_free(sign);
	ops->op_free(verify);
}

TEST(pss_has_two_hashes)
{
	for (size_t i = 0; i < ASH_COUNT(all_hashes); i++) {
		const struct sample sample = { "", RSA(2048), { ASH_SCHEME_RSA_PSS, all_hashes[i] } };
		struct ash_params params = params_of(&sample);
		uint8_t signature[256];
		size_t len = 0;
		void *sign = NULL;
		void *verify = NULL;

		if (!offered(ASH_OP_SIGN, &sample))
			continue;
		sign = sample_op(ASH_OP_SIGN, &sample);
		verify = sample_op(ASH_OP_VERIFY, &sample);
		for (size_t j = 0; j < ASH_COUNT(all_hashes); j++) {
			params.mgf_hash = all_hashes[j];
			EXPECT_OK(one_shot(sign, &params, text(77), ash_mut(signature, sizeof(signature)),
					   &len));
			EXPECT_OK(check(verify, &params, text(77), SPAN(signature)));
			params.mgf_hash = all_hashes[(j + 1) % ASH_COUNT(all_hashes)];
			EXPECT_CODE(ASH_E_SIGNATURE, check(verify, &params, text(77), SPAN(signature)));
		}
		params.hash = all_hashes[(i + 1) % ASH_COUNT(all_hashes)];
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(sign, &params));
		params.hash = all_hashes[i];
		params.mgf_hash = ASH_HASH_NONE;
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(sign, &params));
		params.mgf_hash = ASH_HASHES;
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(verify, &params));
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(verify, NULL));
		ops->op_free(sign);
		ops->op_free(verify);
	}
}

TEST(pss_of_a_digest_is_pss_of_the_message)
{
	struct ash_params params = params_of(&pss_digest);
	uint8_t digest[32];
	uint8_t signature[256];
	size_t len = 0;
	void *sign = NULL;
	void *verify = NULL;
	void *hash = NULL;

	if (!offered(ASH_OP_SIGN, &pss_digest))
		return;
	hash = hash_op(ASH_HASH_SHA256);
	EXPECT_OK(one_shot(hash, NULL, text(100), ash_mut(digest, sizeof(digest)), &len));
	sign = sample_op(ASH_OP_SIGN, &pss_digest);
	verify = sample_op(ASH_OP_VERIFY, &pss_sha256);
	EXPECT(!ops->op_streams(sign) && ops->op_streams(verify));
	EXPECT_OK(one_shot(sign, &params, SPAN(digest), ash_mut(signature, sizeof(signature)), &len));
	EXPECT_OK(check(verify, &params, text(100), SPAN(signature)));
	for (size_t wrong = 0; wrong < 70; wrong += wrong == 31 ? 2 : 1)
		EXPECT_CODE(ASH_E_DATA_LEN, one_shot(sign, &params, text(wrong),
						     ash_mut(signature, sizeof(signature)), &len));
	params.hash = ASH_HASH_SHA512; /* the same operation for another hash */
	EXPECT_CODE(ASH_E_DATA_LEN, one_shot(sign, &params, SPAN(digest), ash_mut(signature, 256), &len));
	EXPECT_OK(one_shot(sign, &params, text(64), ash_mut(signature, sizeof(signature)), &len));
	ops->op_free(hash);
	ops->op_free(sign);
	ops->op_free(verify);
}

TEST(oaep_of_each_hash_and_label)
{
	static const size_t label_lens[] = { 0, 5, 300, 0 };
	void *encrypt = NULL;
	void *decrypt = NULL;

	if (!offered(ASH_OP_DECRYPT, &oaep))
		return;
	encrypt = sample_op(ASH_OP_ENCRYPT, &oaep);
	decrypt = sample_op(ASH_OP_DECRYPT, &oaep);
	for (size_t i = 0; i < ASH_COUNT(all_hashes) * ASH_COUNT(label_lens); i++) {
		struct ash_params params = params_of(&oaep);
		uint8_t sealed[256];
		uint8_t plain[256];
		size_t most = 0;
		size_t len = 0;

		params.hash = all_hashes[i % ASH_COUNT(all_hashes)];
		params.mgf_hash = all_hashes[i / 3 % ASH_COUNT(all_hashes)];
		params.label = text(label_lens[i % ASH_COUNT(label_lens)]);
		most = 256 - 2 * ash_hash_len(params.hash) - 2;
		EXPECT_CODE(ASH_E_DATA_LEN, one_shot(encrypt, &params, text(most + 1),
						     ash_mut(sealed, sizeof(sealed)), &len));
		EXPECT_OK(one_shot(encrypt, &params, text(most), ash_mut(sealed, sizeof(sealed)), &len));
		EXPECT_OK(one_shot(decrypt, &params, SPAN(sealed), ash_mut(plain, sizeof(plain)), &len));
		EXPECT_SPAN(text(most), ash_span(plain, len));
		EXPECT_OK(one_shot(encrypt, &params, text(i % 2), ash_mut(sealed, sizeof(sealed)), &len));
		EXPECT_OK(one_shot(decrypt, &params, SPAN(sealed), ash_mut(sealed, sizeof(sealed)), &len));
		EXPECT_SPAN(text(i % 2), ash_span(sealed, len));
	}
	ops->op_free(encrypt);
	ops->op_free(decrypt);
}

TEST(oaep_refuses_what_is_wrong_and_tells_nothing)
{
	struct ash_params params = params_of(&oaep);
	uint8_t sealed[256];
	uint8_t plain[256];
	uint8_t untouched[256];
	size_t len = 7;
	void *encrypt = NULL;
	void *decrypt = NULL;

	if (!offered(ASH_OP_DECRYPT, &oaep))
		return;
	memset(untouched, 0xee, sizeof(untouched));
	memcpy(plain, untouched, sizeof(plain));
	encrypt = sample_op(ASH_OP_ENCRYPT, &oaep);
	decrypt = sample_op(ASH_OP_DECRYPT, &oaep);
	EXPECT_OK(one_shot(encrypt, &params, text(30), ash_mut(sealed, sizeof(sealed)), &len));
	len = 7;
	for (size_t at = 0; at < sizeof(sealed); at += 17) {
		sealed[at] ^= 1;
		EXPECT_CODE(ASH_E_ENCRYPTED_DATA,
			    one_shot(decrypt, &params, SPAN(sealed), ash_mut(plain, 256), &len));
		sealed[at] ^= 1;
	}
	params.label = TEXT("label");
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA,
		    one_shot(decrypt, &params, SPAN(sealed), ash_mut(plain, 256), &len));
	params = params_of(&oaep);
	params.hash = ASH_HASH_SHA512;
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA,
		    one_shot(decrypt, &params, SPAN(sealed), ash_mut(plain, 256), &len));
	params = params_of(&oaep);
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN,
		    one_shot(decrypt, &params, text(255), ash_mut(plain, 256), &len));
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN,
		    one_shot(decrypt, &params, text(257), ash_mut(plain, 256), &len));
	EXPECT(memcmp(plain, untouched, sizeof(plain)) == 0);
	EXPECT_NUMBER(7, len);
	EXPECT_OK(one_shot(decrypt, &params, SPAN(sealed), ash_mut(plain, 256), &len));
	EXPECT_SPAN(text(30), ash_span(plain, len));
	params.hash = ASH_HASH_NONE;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(encrypt, &params));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, ops->op_start(decrypt, NULL));
	ops->op_free(encrypt);
	ops->op_free(decrypt);
}

/* RFC 8017, 8.2.1: 00 01 ff … ff 00 and the data */
static struct ash_span padded_by_hand(struct ash_span in, uint8_t block[256])
{
	memset(block, 0xff, 256);
	block[0] = 0;
	block[1] = 1;
	block[255 - in.len] = 0;
	memcpy(block + 256 - in.len, in.data, in.len);
	return ash_span(block, 256);
}

TEST(raw_rsa_is_what_is_below_the_padding)
{
	uint8_t block[256];
	uint8_t one[256];
	uint8_t two[256];
	size_t len = 0;
	void *raw = NULL;
	void *v15 = NULL;

	if (!offered(ASH_OP_SIGN, &rsa_x509))
		return;
	raw = sample_op(ASH_OP_SIGN, &rsa_x509);
	v15 = sample_op(ASH_OP_SIGN, &rsa_v15);
	EXPECT_OK(one_shot(raw, NULL, padded_by_hand(text(40), block), ash_mut(one, sizeof(one)), &len));
	EXPECT_OK(one_shot(v15, NULL, text(40), ash_mut(two, sizeof(two)), &len));
	EXPECT_SPAN(SPAN(two), SPAN(one));
	/* Without the zero in front it is the same number. */
	EXPECT_OK(one_shot(raw, NULL, ash_span(block + 1, 255), ash_mut(one, sizeof(one)), &len));
	EXPECT_SPAN(SPAN(two), SPAN(one));
	ops->op_free(raw);
	ops->op_free(v15);
}

TEST(raw_rsa_takes_numbers_below_the_modulus)
{
	static const enum ash_op puts[] = { ASH_OP_SIGN, ASH_OP_ENCRYPT, ASH_OP_SIGN_RECOVER };
	struct ash_parts parts = ASH_PARTS_NONE;
	uint8_t number[257];
	uint8_t out[256];
	size_t len = 0;

	if (!offered(ASH_OP_SIGN, &rsa_x509))
		return;
	parts = parts_of(kept_key(&rsa_x509.spec));
	for (size_t i = 0; i < ASH_COUNT(puts); i++) {
		void *op = sample_op(puts[i], &rsa_x509);

		memcpy(number, ash_parts_get(&parts, ASH_PART_MODULUS).data, 256);
		EXPECT_CODE(ASH_E_DATA, one_shot(op, NULL, ash_span(number, 256), ash_mut(out, 256), &len));
		number[255] -= 1; /* the modulus is odd */
		EXPECT_OK(one_shot(op, NULL, ash_span(number, 256), ash_mut(out, 256), &len));
		memset(number, 0xff, sizeof(number));
		EXPECT_CODE(ASH_E_DATA, one_shot(op, NULL, ash_span(number, 256), ash_mut(out, 256), &len));
		EXPECT_CODE(ASH_E_DATA_LEN,
			    one_shot(op, NULL, ash_span(number, 257), ash_mut(out, 256), &len));
		EXPECT_CODE(ASH_E_DATA_LEN, one_shot(op, NULL, ASH_SPAN_NONE, ash_mut(out, 256), &len));
		EXPECT_OK(one_shot(op, NULL, text(1), ash_mut(out, 256), &len));
		EXPECT_NUMBER(256, len);
		ops->op_free(op);
	}
	ash_parts_done(&parts);
}

TEST(raw_rsa_decrypts_to_a_whole_block)
{
	static const size_t lens[] = { 1, 16, 255 };
	uint8_t sealed[256];
	uint8_t plain[256];
	uint8_t want[256];
	size_t len = 0;
	void *encrypt = NULL;
	void *decrypt = NULL;

	if (!offered(ASH_OP_DECRYPT, &rsa_x509))
		return;
	encrypt = sample_op(ASH_OP_ENCRYPT, &rsa_x509);
	decrypt = sample_op(ASH_OP_DECRYPT, &rsa_x509);
	for (size_t i = 0; i < ASH_COUNT(lens); i++) {
		memset(want, 0, sizeof(want));
		memcpy(want + 256 - lens[i], text(lens[i]).data, lens[i]);
		EXPECT_OK(one_shot(encrypt, NULL, text(lens[i]), ash_mut(sealed, sizeof(sealed)), &len));
		EXPECT_OK(one_shot(decrypt, NULL, SPAN(sealed), ash_mut(plain, sizeof(plain)), &len));
		EXPECT_SPAN(SPAN(want), ash_span(plain, len));
	}
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN, one_shot(decrypt, NULL, text(255), ash_mut(plain, 256), &len));
	memset(sealed, 0xff, sizeof(sealed));
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA, one_shot(decrypt, NULL, SPAN(sealed), ash_mut(plain, 256), &len));
	ops->op_free(encrypt);
	ops->op_free(decrypt);
}

TEST(signatures_give_back_what_was_signed)
{
	const struct sample *samples[] = { &rsa_v15, &rsa_x509 };

	for (size_t i = 0; i < ASH_COUNT(samples); i++) {
		bool raw = samples[i] == &rsa_x509;
		uint8_t signature[257];
		uint8_t plain[256];
		size_t len = 0;
		void *sign = NULL;
		void *recover = NULL;

		if (!offered(ASH_OP_SIGN_RECOVER, samples[i]))
			continue;
		EXPECT_NUMBER(256, ash_alg_finish_max(ASH_OP_VERIFY_RECOVER, samples[i]->alg,
						      &samples[i]->spec, 0, 0, 9));
		sign = sample_op(ASH_OP_SIGN_RECOVER, samples[i]);
		recover = sample_op(ASH_OP_VERIFY_RECOVER, samples[i]);
		EXPECT_OK(one_shot(sign, NULL, text(100), ash_mut(signature, 256), &len));
		EXPECT_OK(one_shot(recover, NULL, ash_span(signature, 256), ash_mut(plain, sizeof(plain)),
				   &len));
		EXPECT_NUMBER(raw ? 256 : 100, len);
		EXPECT_SPAN(text(100), ash_span(plain + len - 100, 100));
		EXPECT_CODE(ASH_E_SIGNATURE_LEN,
			    one_shot(recover, NULL, ash_span(signature, 255), ash_mut(plain, 256), &len));
		EXPECT_CODE(ASH_E_SIGNATURE_LEN,
			    one_shot(recover, NULL, ash_span(signature, 257), ash_mut(plain, 256), &len));
		memset(signature, 0xff, sizeof(signature));
		EXPECT_CODE(ASH_E_SIGNATURE,
			    one_shot(recover, NULL, ash_span(signature, 256), ash_mut(plain, 256), &len));
		memset(signature, 0x11,
		       sizeof(signature)); /* to raw RSA any number is the signature of some other */
		EXPECT_CODE(raw ? ASH_OK : ASH_E_SIGNATURE,
			    one_shot(recover, NULL, ash_span(signature, 256), ash_mut(plain, 256), &len));
		EXPECT_OK(ops->op_start(recover, NULL));
		EXPECT(!ash_is_ok(ops->op_finish_verify(recover, text(1), ash_span(signature, 256))));
		ops->op_free(sign);
		ops->op_free(recover);
	}
}

TEST(recovering_needs_the_public_half_alone)
{
	struct ash_parts parts = ASH_PARTS_NONE;
	void *key = NULL;
	void *op = NULL;

	if (!offered(ASH_OP_SIGN_RECOVER, &rsa_v15))
		return;
	parts = parts_of(kept_key(&rsa_v15.spec));
	for (enum ash_part part = ASH_PART_PRIVATE_EXPONENT; part <= ASH_PART_COEFFICIENT; part++)
		drop_part(&parts, part);
	EXPECT_OK(ops->key_load(lib(), &rsa_v15.spec, &parts, &key));
	EXPECT_CODE(ASH_E_KEY_TYPE, ops->op_new(lib(), ASH_OP_SIGN_RECOVER, rsa_v15.alg, key, &op));
	op = new_op(ASH_OP_VERIFY_RECOVER, rsa_v15.alg, key);
	ops->op_free(op);
	op = NULL;
	EXPECT_CODE(ASH_E_UNSUPPORTED, ops->op_new(lib(), ASH_OP_SIGN_RECOVER,
						   (struct ash_alg)ALG(RSA_PKCS1, SHA256), key, &op));
	EXPECT_CODE(ASH_E_UNSUPPORTED, ops->op_new(lib(), ASH_OP_VERIFY_RECOVER, pss_digest.alg, key, &op));
	ops->key_free(lib(), key);
	ash_parts_done(&parts);
}

/* A key that others made: with 3 as its exponent, which this house makes none with. */
static const char e3_modulus[] =
	"b9c1f6a4d3600d55f7760911ec1556d3bfe2bdb9ca4db1b842f05d1ff551959cd02d6706a235bd5ac5c27fc092c80d1b"
	"b8b75af29342dac93a208a8cbf42d967ea8f1f002ed100a89e31b2bbd26d350ef8955e660abd6730ab815ec371055287"
	"71716c71e727a09545d151783d4df351f92a9eadca85f5defbb3f70563a63472546e5c121fb03d275d20662b4c33f457"
	"23d264160ecaa10419552ff6b88f8eb9d7ebf2c146aa3f0e1d9d09ae6f098f571954286b6a21f3d66859367f5cd26e9c"
	"e6a7217737c6a41bf31ab13a5cc37f4808e5064049ca538546c0e7d07241e30ea22be888f3226db36770fe066f586fff"
	"5ff58895de91ccd7ece9bedabd4b1da3";
static const char e3_exponent[] =
	"7bd6a46de24008e3fa4eb0b69d638f37d541d3d13189212581f5936aa38bb91335739a046c23d391d92c552b0c855e12"
	"7b24e74c622c91db7c15b1b32a2c90eff1b4bf55748b55c5becbcc7d36f378b4a5b8e9995c7e44cb1d00e9d7a0ae3704"
	"f64b9da144c515b8d936365028dea236a61c69c931aea3e9fd22a4ae426ecda06ad9b9ca07e29eaee5617f34e32c7120"
	"79f8fdacac819c6f98b087298445d596ccae61dad5245c22fe40600dc13fc3623dc1aa5d19ef7456f65fcb1875986748"
	"2c68529a0c50eaca40669e39a4d81bb6d88a14a5ae196417ec788071d3f4ebcef7a4cb80e79c28bed5311dec8bbfb5a4"
	"a4dc7a506f03436d0551d45bb6f042fb";
static const char e3_prime_1[] =
	"dc0e1991e29c3429989a6c91f79d729eb03b7b073521dc7a7d38853adbad9342e792373016caa625362278fc2316581d"
	"68761abcf4cd5f4a514ca774e75ec33413780c866c882f597c468c7a3d8797f56bdbfe117c92a1f9d03fc80986bce3da"
	"31b6743cd8e507de47644599bcf304dff5ae3d7750b96802724169a16a26ffb7";
static const char e3_prime_2[] =
	"d819abd131401af76c73bac9ffd3d807bca16c8bd6e659e23713dffd96793b14bd5428c8f0290eb46a1a009daa139226"
	"543b8e22ce6d6609a57cde65c50f107c90929909b8c51493163a3769a7f7bdc05839e93648119b6793cc5f1c2d959d7d"
	"fcfe430abed328b6e0430b89e0c5daa872fc93a5e7537fb1f2ad96afc0bbb975";

TEST(rsa_keys_with_three_are_taken)
{
	static const struct ash_key_spec spec = RSA(2048);
	const uint8_t three[] = { 3 };
	struct ash_parts parts = ASH_PARTS_NONE;
	uint8_t room[256];
	uint8_t signature[256];
	size_t len = 0;
	void *key = NULL;
	void *op = NULL;

	if (!ops->offers_key(lib(), &spec))
		return;
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_MODULUS, hex(e3_modulus, ash_mut(room, sizeof(room)))));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC_EXPONENT, SPAN(three)));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PRIVATE_EXPONENT,
				hex(e3_exponent, ash_mut(room, sizeof(room)))));
	EXPECT_OK(ops->key_load(lib(), &spec, &parts, &key));
	op = new_op(ASH_OP_SIGN, pss_sha256.alg, key);
	ops->key_free(lib(), key);
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PRIME_1, hex(e3_prime_1, ash_mut(room, sizeof(room)))));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PRIME_2, hex(e3_prime_2, ash_mut(room, sizeof(room)))));
	EXPECT_OK(try_load(&spec, &parts));
	EXPECT_OK(one_shot(op, &(struct ash_params){ .hash = ASH_HASH_SHA256, .mgf_hash = ASH_HASH_SHA1 },
			   text(50), ash_mut(signature, sizeof(signature)), &len));
	ops->op_free(op);
	for (enum ash_part part = ASH_PART_PRIVATE_EXPONENT; part <= ASH_PART_COEFFICIENT; part++)
		drop_part(&parts, part);
	EXPECT_OK(ops->key_load(lib(), &spec, &parts, &key));
	op = new_op(ASH_OP_VERIFY, pss_sha256.alg, key);
	ops->key_free(lib(), key);
	EXPECT_OK(check(op, &(struct ash_params){ .hash = ASH_HASH_SHA256, .mgf_hash = ASH_HASH_SHA1 },
			text(50), SPAN(signature)));
	ops->op_free(op);
	ash_parts_done(&parts);
}

/* OpenSSL verifies nothing with a long exponent above 3072 bits: such a key is none. */
TEST(large_rsa_keys_have_short_exponents)
{
	static const struct ash_key_spec spec = RSA(8192);
	static const uint8_t modulus[1024] = { 0x80, [1023] = 1 };
	struct ash_parts parts = ASH_PARTS_NONE;
	uint8_t exponent[9] = { 1, [8] = 1 };

	if (!ops->offers_key(lib(), &spec))
		return;
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_MODULUS, SPAN(modulus)));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC_EXPONENT, SPAN(exponent)));
	EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&spec, &parts));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC_EXPONENT, ash_span(exponent + 1, 8)));
	EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&spec, &parts)); /* 1 */
	exponent[1] = 1;
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC_EXPONENT, ash_span(exponent + 1, 8)));
	EXPECT_OK(try_load(&spec, &parts));
	ash_parts_done(&parts);
}
