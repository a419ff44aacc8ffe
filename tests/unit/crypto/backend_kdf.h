/* Key derivation and random numbers. */
#pragma once

#include "crypto/backend_digest.h"
#include "crypto/backend_tools.h"

static bool has_kdf(enum ash_kdf_scheme scheme)
{
	uint8_t out[16];
	const struct ash_kdf kdf = { scheme, ASH_HASH_SHA256, text(8), text(8), ASH_SPAN_NONE, 8, 1 };

	return ops->kdf != NULL && ops->kdf(lib(), &kdf, ash_mut(out, sizeof(out))).code != ASH_E_UNSUPPORTED;
}

static void expect_kdf(const struct ash_kdf *kdf, struct ash_span want)
{
	uint8_t out[128];

	EXPECT_OK(ops->kdf(lib(), kdf, ash_mut(out, want.len)));
	EXPECT_SPAN(want, ash_span(out, want.len));
}

TEST(hkdf_of_rfc_5869)
{
	struct ash_kdf kdf = { .scheme = ASH_KDF_HKDF, .hash = ASH_HASH_SHA256 };

	if (!has_kdf(ASH_KDF_HKDF))
		return;
	kdf.secret = HEX("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
	expect_kdf(
		&kdf,
		HEX("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"));
	kdf.salt = HEX("000102030405060708090a0b0c");
	kdf.info = HEX("f0f1f2f3f4f5f6f7f8f9");
	expect_kdf(
		&kdf,
		HEX("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"));
}

TEST(hkdf_limits)
{
	static uint8_t out[255 * 64 + 1];
	struct ash_kdf kdf = { .scheme = ASH_KDF_HKDF, .secret = text(16) };

	if (!has_kdf(ASH_KDF_HKDF))
		return;
	EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(out, 32)));
	for (size_t i = 0; i < ASH_COUNT(all_hashes); i++) {
		size_t most = 255 * ash_hash_len(all_hashes[i]);

		kdf.hash = all_hashes[i];
		EXPECT_OK(ops->kdf(lib(), &kdf, ash_mut(out, most)));
		EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(out, most + 1)));
		EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(out, 0)));
	}
	kdf.secret = ASH_SPAN_NONE;
	EXPECT_OK(ops->kdf(lib(), &kdf, ash_mut(out, 32)));
}

TEST(argon2id_of_the_reference_implementation)
{
	struct ash_kdf kdf = { .scheme = ASH_KDF_ARGON2ID,
			       .secret = TEXT("password"),
			       .salt = TEXT("somesalt"),
			       .memory_kib = 256,
			       .passes = 2 };

	if (!has_kdf(ASH_KDF_ARGON2ID))
		return;
	expect_kdf(&kdf, HEX("9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"));
	kdf.memory_kib = 65536;
	expect_kdf(&kdf, HEX("09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"));
}

TEST(argon2id_limits)
{
	const struct ash_kdf good = {
		ASH_KDF_ARGON2ID, ASH_HASH_NONE, text(4), text(8), ASH_SPAN_NONE, 8, 1
	};
	struct ash_kdf kdf = good;
	uint8_t out[64];

	if (!has_kdf(ASH_KDF_ARGON2ID))
		return;
	EXPECT_OK(ops->kdf(lib(), &kdf, ash_mut(out, sizeof(out))));
	EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(out, 3)));
	kdf.salt = text(7);
	EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(out, sizeof(out))));
	kdf = good;
	kdf.memory_kib = 7;
	EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(out, sizeof(out))));
	kdf = good;
	kdf.passes = 0;
	EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(out, sizeof(out))));
	kdf = good;
	kdf.secret = ASH_SPAN_NONE;
	EXPECT_OK(ops->kdf(lib(), &kdf, ash_mut(out, sizeof(out))));
}

TEST(hkdf_is_its_two_halves)
{
	for (size_t i = 0; has_kdf(ASH_KDF_HKDF_EXPAND) && i < ASH_COUNT(all_hashes); i++) {
		struct ash_kdf kdf = { ASH_KDF_HKDF, all_hashes[i], text(30), text(10), text(20), 0, 0 };
		size_t hash_len = ash_hash_len(all_hashes[i]);
		uint8_t key[ASH_HASH_MAX];
		uint8_t one[100];
		uint8_t two[100];

		EXPECT_OK(ops->kdf(lib(), &kdf, ash_mut(one, sizeof(one))));
		kdf.scheme = ASH_KDF_HKDF_EXTRACT;
		EXPECT_OK(ops->kdf(lib(), &kdf, ash_mut(key, hash_len)));
		EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(key, hash_len - 1)));
		EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(two, hash_len + 1)));
		kdf.scheme = ASH_KDF_HKDF_EXPAND;
		kdf.secret = ash_span(key, hash_len);
		EXPECT_OK(ops->kdf(lib(), &kdf, ash_mut(two, sizeof(two))));
		EXPECT_SPAN(SPAN(one), SPAN(two));
		kdf.info = text(32769); /* more than OpenSSL takes */
		EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(two, sizeof(two))));
	}
}

TEST(pbkdf2_of_rfc_6070)
{
	struct ash_kdf kdf = { .scheme = ASH_KDF_PBKDF2,
			       .hash = ASH_HASH_SHA1,
			       .secret = TEXT("password"),
			       .salt = TEXT("salt"),
			       .passes = 1 };
	uint8_t out[20];

	if (!has_kdf(ASH_KDF_PBKDF2))
		return;
	expect_kdf(&kdf, HEX("0c60c80f961f0e71f3a9b524af6012062fe037a6"));
	kdf.passes = 2;
	expect_kdf(&kdf, HEX("ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"));
	kdf.passes = 4096;
	expect_kdf(&kdf, HEX("4b007901b765489abead49d926f721d065a429c1"));
	kdf.passes = 0;
	EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(out, sizeof(out))));
	kdf.passes = 1;
	kdf.salt = ASH_SPAN_NONE; /* poor, and not refused here */
	kdf.secret = ASH_SPAN_NONE;
	EXPECT_OK(ops->kdf(lib(), &kdf, ash_mut(out, sizeof(out))));
}

TEST(counting_kdfs_of_each_hash)
{
	for (enum ash_kdf_scheme scheme = ASH_KDF_X963; has_kdf(scheme) && scheme <= ASH_KDF_CONCAT;
	     scheme++) {
		struct ash_kdf kdf = { scheme, ASH_HASH_NONE, text(30), ASH_SPAN_NONE, text(20), 0, 0 };
		uint8_t one[200];
		uint8_t two[200];

		EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(one, sizeof(one))));
		for (size_t i = 0; i < ASH_COUNT(all_hashes); i++) {
			kdf.hash = all_hashes[i];
			EXPECT_OK(ops->kdf(lib(), &kdf, ash_mut(one, sizeof(one))));
			EXPECT_OK(ops->kdf(lib(), &kdf, ash_mut(two, 1 + i))); /* less of the same */
			EXPECT_SPAN(ash_span(one, 1 + i), ash_span(two, 1 + i));
		}
		kdf.info = ASH_SPAN_NONE;
		EXPECT_OK(ops->kdf(lib(), &kdf, ash_mut(two, sizeof(two))));
		EXPECT(memcmp(one, two, sizeof(one)) != 0);
		EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(two, 0)));
		kdf.secret = ASH_SPAN_NONE;
		EXPECT_CODE(ASH_E_ARGUMENT, ops->kdf(lib(), &kdf, ash_mut(two, sizeof(two))));
	}
}

TEST(a_kdf_needs_a_scheme)
{
	const struct ash_kdf kdf = { .scheme = (enum ash_kdf_scheme)77, .secret = text(8), .salt = text(8) };
	uint8_t out[16];

	if (ops->kdf != NULL)
		EXPECT_CODE(ASH_E_UNSUPPORTED, ops->kdf(lib(), &kdf, ash_mut(out, sizeof(out))));
}

TEST(random_bytes_differ)
{
	static uint8_t one[100000];
	static uint8_t two[100000];
	unsigned seen[256] = { 0 };

	if (ops->random == NULL)
		return;
	EXPECT_OK(ops->random(lib(), ash_mut(NULL, 0)));
	EXPECT_OK(ops->random(lib(), ash_mut(one, sizeof(one))));
	EXPECT_OK(ops->random(lib(), ash_mut(two, sizeof(two))));
	EXPECT(memcmp(one, two, sizeof(one)) != 0);
	for (size_t i = 0; i < sizeof(one); i++)
		seen[one[i]]++;
	for (size_t i = 0; i < 256; i++) /* 390 expected, ten standard deviations */
		EXPECT(seen[i] > 190 && seen[i] < 590);
}

TEST(random_takes_seeds)
{
	uint8_t one[32];
	uint8_t two[32];

	if (ops->random_seed == NULL)
		return;
	EXPECT_OK(ops->random_seed(lib(), ASH_SPAN_NONE));
	EXPECT_OK(ops->random_seed(lib(), text(1)));
	EXPECT_OK(ops->random(lib(), ash_mut(one, sizeof(one))));
	EXPECT_OK(ops->random_seed(lib(), text(1)));
	EXPECT_OK(ops->random(lib(), ash_mut(two, sizeof(two))));
	EXPECT(memcmp(one, two, sizeof(one)) != 0);
	for (size_t i = 0; i < 4; i++)
		EXPECT_OK(ops->random_seed(lib(), text(65536)));
}
