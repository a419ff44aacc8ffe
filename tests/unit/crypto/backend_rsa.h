/* RSA: what its keys must satisfy, raw signatures, encryption. */
#pragma once

#include "crypto/backend_sign.h"
#include "crypto/backend_tools.h"

static const struct ash_key_spec rsa_2048 = RSA(2048);

static bool has_rsa(void)
{
	return ops->offers_key(lib(), &rsa_2048);
}

static struct ash_status load_rsa_without(const struct ash_parts *parts, unsigned dropped)
{
	struct ash_parts some = ASH_PARTS_NONE;
	struct ash_status status = ASH_DONE;

	for (enum ash_part part = 0; part < ASH_PARTS; part++) {
		if (ash_parts_has(parts, part) && (dropped & 1u << part) == 0)
			EXPECT_OK(ash_parts_set(&some, part, ash_parts_get(parts, part)));
	}
	status = try_load(&rsa_2048, &some);
	ash_parts_done(&some);
	return status;
}

TEST(rsa_keys_may_lack_what_can_be_computed)
{
	const unsigned crt =
		1u << ASH_PART_EXPONENT_1 | 1u << ASH_PART_EXPONENT_2 | 1u << ASH_PART_COEFFICIENT;
	const unsigned primes = 1u << ASH_PART_PRIME_1 | 1u << ASH_PART_PRIME_2;
	struct ash_parts parts = ASH_PARTS_NONE;

	if (!has_rsa())
		return;
	parts = parts_of(kept_key(&rsa_2048));
	EXPECT_OK(load_rsa_without(&parts, crt));
	EXPECT_OK(load_rsa_without(&parts, 1u << ASH_PART_EXPONENT_2));
	EXPECT_OK(load_rsa_without(&parts, crt | primes));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_rsa_without(&parts, 1u << ASH_PART_PRIME_2));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_rsa_without(&parts, primes));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_rsa_without(&parts, 1u << ASH_PART_MODULUS));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_rsa_without(&parts, 1u << ASH_PART_PUBLIC_EXPONENT));
	EXPECT_CODE(ASH_E_KEY_INVALID, load_rsa_without(&parts, 1u << ASH_PART_PRIVATE_EXPONENT));
	ash_parts_done(&parts);
}

TEST(rsa_keys_without_primes_work)
{
	struct ash_parts parts = ASH_PARTS_NONE;
	const struct ash_alg alg = { ASH_SCHEME_RSA_PKCS1, ASH_HASH_SHA256 };
	uint8_t one[256];
	uint8_t two[256];
	size_t len = 0;
	void *key = NULL;
	void *op = NULL;

	if (!has_rsa())
		return;
	parts = parts_of(kept_key(&rsa_2048));
	for (enum ash_part part = ASH_PART_PRIME_1; part <= ASH_PART_COEFFICIENT; part++)
		drop_part(&parts, part);
	EXPECT_OK(ops->key_load(lib(), &rsa_2048, &parts, &key));
	op = new_op(ASH_OP_SIGN, alg, key);
	EXPECT_OK(one_shot(op, NULL, message(), ash_mut(one, sizeof(one)), &len));
	ops->op_free(op);
	op = new_op(ASH_OP_SIGN, alg, kept_key(&rsa_2048));
	EXPECT_OK(one_shot(op, NULL, message(), ash_mut(two, sizeof(two)), &len));
	ops->op_free(op);
	EXPECT_SPAN(SPAN(two), SPAN(one));
	ops->key_free(lib(), key);
	ash_parts_done(&parts);
}

TEST(rsa_keys_that_do_not_fit_together_are_refused)
{
	struct ash_parts parts = ASH_PARTS_NONE;

	if (!has_rsa())
		return;
	parts = parts_of(kept_key(&rsa_2048));
	for (enum ash_part part = ASH_PART_MODULUS; part <= ASH_PART_COEFFICIENT; part++) {
		static const int places[] = { 0, 1, -1, -2 };

		for (size_t i = 0; i < ASH_COUNT(places); i++) {
			if (part == ASH_PART_PUBLIC_EXPONENT && places[i] > 0)
				continue;
			flip(&parts, part, places[i]);
			EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&rsa_2048, &parts));
			flip(&parts, part, places[i]);
		}
	}
	EXPECT_OK(try_load(&rsa_2048, &parts));
	ash_parts_done(&parts);
}

TEST(rsa_numbers_of_odd_size_are_refused)
{
	static const uint8_t huge[2000] = { 1 };
	static const uint8_t three[] = { 3 };
	static const uint8_t one[] = { 1 };
	static const uint8_t even[] = { 1, 0, 0 };
	static const uint8_t long_e[33] = { 1, [32] = 1 };
	struct ash_parts parts = ASH_PARTS_NONE;
	const struct ash_key_spec other = RSA(3072);

	if (!has_rsa())
		return;
	parts = parts_of(kept_key(&rsa_2048));
	EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&other, &parts));
	for (enum ash_part part = ASH_PART_PRIVATE_EXPONENT; part <= ASH_PART_COEFFICIENT; part++)
		drop_part(&parts, part);
	EXPECT_OK(try_load(&rsa_2048, &parts));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC_EXPONENT, SPAN(three)));
	EXPECT_OK(try_load(&rsa_2048, &parts));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC_EXPONENT, SPAN(one)));
	EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&rsa_2048, &parts));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC_EXPONENT, SPAN(even)));
	EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&rsa_2048, &parts));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC_EXPONENT, SPAN(long_e)));
	EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&rsa_2048, &parts));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC_EXPONENT, SPAN(huge)));
	EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&rsa_2048, &parts));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC_EXPONENT, SPAN(three)));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_MODULUS, SPAN(huge)));
	EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&rsa_2048, &parts));
	ash_parts_done(&parts);
}

TEST(rsa_public_exponents)
{
	static const struct {
		const char *digits;
		enum ash_code code;
	} row[] = {
		{ "010001", ASH_OK },
		{ "00010001", ASH_OK },
		{ "0100000001", ASH_OK },
		{ "03", ASH_E_ARGUMENT },
		{ "00", ASH_E_ARGUMENT },
		{ "", ASH_E_ARGUMENT },
		{ "010000", ASH_E_ARGUMENT },
		{ "00ffff", ASH_E_ARGUMENT },
		{ "010000000000000000000000000000000000000000000000000000000000000001", ASH_E_ARGUMENT },
	};

	for (size_t i = 0; has_rsa() && i < ASH_COUNT(row); i++) {
		uint8_t room[64];
		struct ash_span e = hex(row[i].digits, ash_mut(room, sizeof(room)));
		struct ash_parts in = ASH_PARTS_NONE;
		struct ash_parts out = ASH_PARTS_NONE;
		void *key = NULL;

		EXPECT_OK(ash_parts_set(&in, ASH_PART_PUBLIC_EXPONENT, e));
		EXPECT_CODE(row[i].code, ops->key_generate(lib(), &rsa_2048, &in, &key));
		if (key != NULL) {
			out = parts_of(key);
			EXPECT_OK(ash_parts_set_integer(&in, ASH_PART_PUBLIC_EXPONENT, e));
			EXPECT_SPAN(ash_parts_get(&in, ASH_PART_PUBLIC_EXPONENT),
				    ash_parts_get(&out, ASH_PART_PUBLIC_EXPONENT));
			EXPECT_NUMBER(256, ash_parts_get(&out, ASH_PART_MODULUS).len);
		}
		ops->key_free(lib(), key);
		ash_parts_done(&in);
		ash_parts_done(&out);
	}
}

TEST(rsa_signs_at_most_what_fits)
{
	const struct ash_alg alg = { ASH_SCHEME_RSA_PKCS1, ASH_HASH_NONE };
	uint8_t out[256];
	size_t len = 0;
	void *sign = NULL;
	void *verify = NULL;

	if (!has_rsa())
		return;
	sign = new_op(ASH_OP_SIGN, alg, kept_key(&rsa_2048));
	verify = new_op(ASH_OP_VERIFY, alg, kept_key(&rsa_2048));
	EXPECT_CODE(ASH_E_DATA_LEN, one_shot(sign, NULL, text(246), ash_mut(out, sizeof(out)), &len));
	EXPECT_OK(one_shot(sign, NULL, text(245), ash_mut(out, sizeof(out)), &len));
	EXPECT_OK(check(verify, NULL, text(245), SPAN(out)));
	EXPECT_CODE(ASH_E_DATA_LEN, check(verify, NULL, text(246), SPAN(out)));
	EXPECT_CODE(ASH_E_DATA_LEN, one_shot(sign, NULL, ASH_SPAN_NONE, ash_mut(out, sizeof(out)), &len));
	EXPECT_CODE(ASH_E_DATA_LEN, check(verify, NULL, ASH_SPAN_NONE, SPAN(out)));
	ops->op_free(sign);
	ops->op_free(verify);
}

TEST(rsa_raw_with_a_digest_info_is_rsa_with_a_hash)
{
	/* RFC 8017, 9.2: DigestInfo of SHA-256 and the digest of "abc" */
	struct ash_span info = HEX("3031300d060960864801650304020105000420"
				   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	uint8_t out[256];
	size_t len = 0;
	void *sign = NULL;
	void *verify = NULL;

	if (!has_rsa())
		return;
	sign = new_op(ASH_OP_SIGN, (struct ash_alg){ ASH_SCHEME_RSA_PKCS1, ASH_HASH_NONE },
		      kept_key(&rsa_2048));
	verify = new_op(ASH_OP_VERIFY, (struct ash_alg){ ASH_SCHEME_RSA_PKCS1, ASH_HASH_SHA256 },
			kept_key(&rsa_2048));
	EXPECT_OK(one_shot(sign, NULL, info, ash_mut(out, sizeof(out)), &len));
	EXPECT_OK(check(verify, NULL, TEXT("abc"), SPAN(out)));
	ops->op_free(sign);
	ops->op_free(verify);
}

static const struct sample rsa_encryption = { "", RSA(2048), { ASH_SCHEME_RSA_PKCS1, ASH_HASH_NONE } };

TEST(rsa_decrypts_what_it_encrypted)
{
	static const size_t lens[] = { 0, 1, 32, 244, 245 };
	uint8_t sealed[256];
	uint8_t plain[256];
	size_t len = 0;
	void *encrypt = NULL;
	void *decrypt = NULL;

	if (!offered(ASH_OP_DECRYPT, &rsa_encryption))
		return;
	encrypt = sample_op(ASH_OP_ENCRYPT, &rsa_encryption);
	decrypt = sample_op(ASH_OP_DECRYPT, &rsa_encryption);
	for (size_t i = 0; i < ASH_COUNT(lens); i++) {
		EXPECT_OK(one_shot(encrypt, NULL, text(lens[i]), ash_mut(sealed, sizeof(sealed)), &len));
		EXPECT_NUMBER(256, len);
		EXPECT_OK(one_shot(decrypt, NULL, SPAN(sealed), ash_mut(plain, sizeof(plain)), &len));
		EXPECT_SPAN(text(lens[i]), ash_span(plain, len));
		EXPECT_OK(one_shot(decrypt, NULL, SPAN(sealed), ash_mut(sealed, sizeof(sealed)), &len));
		EXPECT_SPAN(text(lens[i]), ash_span(sealed, len));
	}
	EXPECT_CODE(ASH_E_DATA_LEN,
		    one_shot(encrypt, NULL, text(246), ash_mut(sealed, sizeof(sealed)), &len));
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN, one_shot(decrypt, NULL, text(255), ash_mut(plain, 256), &len));
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN, one_shot(decrypt, NULL, text(257), ash_mut(plain, 256), &len));
	ops->op_free(encrypt);
	ops->op_free(decrypt);
}

TEST(rsa_says_nothing_of_wrong_padding)
{
	uint8_t sealed[256] = { 0 };
	uint8_t one[256];
	uint8_t two[256];
	size_t one_len = 0;
	size_t two_len = 0;
	void *op = NULL;

	if (!offered(ASH_OP_DECRYPT, &rsa_encryption))
		return;
	op = sample_op(ASH_OP_DECRYPT, &rsa_encryption);
	for (size_t i = 0; i < 20; i++) {
		memcpy(sealed + 1, text(255).data, 255);
		sealed[200] = (uint8_t)i;
		EXPECT_OK(one_shot(op, NULL, SPAN(sealed), ash_mut(one, sizeof(one)), &one_len));
		EXPECT_OK(one_shot(op, NULL, SPAN(sealed), ash_mut(two, sizeof(two)), &two_len));
		EXPECT(one_len <= 245);
		EXPECT_SPAN(ash_span(one, one_len), ash_span(two, two_len));
	}
	memset(sealed, 0xff, sizeof(sealed)); /* above the modulus: everybody can see that */
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA,
		    one_shot(op, NULL, SPAN(sealed), ash_mut(one, sizeof(one)), &one_len));
	ops->op_free(op);
}

TEST(rsa_keys_of_other_sizes)
{
	static const uint32_t sizes[] = { 3072, 4096 };

	for (size_t i = 0; i < ASH_COUNT(sizes); i++) {
		const struct sample big = { "", RSA(sizes[i]), { ASH_SCHEME_RSA_PKCS1, ASH_HASH_SHA512 } };
		uint8_t signature[SIGNATURE_MAX];
		size_t len = 0;
		void *op = NULL;

		if (!offered(ASH_OP_SIGN, &big))
			continue;
		len = make_signature(&big, signature);
		EXPECT_NUMBER(sizes[i] / 8, len);
		op = sample_op(ASH_OP_VERIFY, &big);
		EXPECT_OK(check(op, NULL, message(), ash_span(signature, len)));
		ops->op_free(op);
	}
}
