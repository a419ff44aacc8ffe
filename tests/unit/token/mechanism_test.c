#include "token/mechanism.h"

#include "crypto/alg.h"
#include "token/keygroup.h"
#include "token/keymap.h"
#include "unit/test.h"

static const uint8_t bytes[300];
static const struct ash_key_spec rsa_2048 = { .kind = ASH_KEY_RSA, .bits = 2048 };
static const struct ash_key_spec p256 = { .kind = ASH_KEY_EC, .group = ASH_GROUP_P256 };
static const struct ash_key_spec p384 = { .kind = ASH_KEY_EC, .group = ASH_GROUP_P384 };
static const struct ash_key_spec ed25519 = { .kind = ASH_KEY_EDWARDS, .group = ASH_GROUP_ED25519 };
static const struct ash_key_spec ml_dsa_65 = { .kind = ASH_KEY_ML_DSA, .group = ASH_GROUP_ML_DSA_65 };
static const struct ash_key_spec x448 = { .kind = ASH_KEY_MONTGOMERY, .group = ASH_GROUP_X448 };
static const struct ash_key_spec ml_kem_768 = { .kind = ASH_KEY_ML_KEM, .group = ASH_GROUP_ML_KEM_768 };
static const struct ash_key_spec secret_256 = { .kind = ASH_KEY_SECRET, .bits = 256 };

TEST(rows_rise_and_are_found)
{
	uint64_t above = 0;

	EXPECT(ash_mechanism_count() >= 105);
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);

		EXPECT(i == 0 || row->type > above);
		above = row->type;
		EXPECT(ash_mechanism_find(row->type) == row);
		EXPECT(strncmp(row->name, "CKM_", 4) == 0);
	}
	EXPECT(ash_mechanism_at(ash_mechanism_count()) == NULL);
	EXPECT(ash_mechanism_find(CKM_MD5) == NULL);
	EXPECT(ash_mechanism_find(CKM_VENDOR_DEFINED) == NULL);
	EXPECT(ash_mechanism_find(UINT64_MAX) == NULL);
	EXPECT_TEXT("CKM_AES_GCM", ash_mechanism_find(CKM_AES_GCM)->name);
}

static void expect_both(uint64_t flags, uint64_t one, uint64_t other)
{
	EXPECT_NUMBER((flags & one) != 0, (flags & other) != 0);
}

/* What the columns say has to agree within a row. */
TEST(rows_do_not_contradict_themselves)
{
	const uint64_t uses = CKF_DIGEST | CKF_SIGN | CKF_VERIFY | CKF_ENCRYPT | CKF_DECRYPT | CKF_WRAP |
			      CKF_DERIVE | CKF_ENCAPSULATE;

	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const uint64_t flags = row->info.flags;
		const bool generates = (flags & (CKF_GENERATE | CKF_GENERATE_KEY_PAIR)) != 0;
		const bool keyless = row->key_type == CK_UNAVAILABLE_INFORMATION;

		EXPECT(generates != ((flags & uses) != 0));
		EXPECT((flags & CKF_SIGN) == 0 || (flags & CKF_VERIFY) != 0);
		expect_both(flags, CKF_ENCRYPT, CKF_DECRYPT);
		expect_both(flags, CKF_WRAP, CKF_UNWRAP);
		expect_both(flags, CKF_SIGN_RECOVER, CKF_VERIFY_RECOVER);
		expect_both(flags, CKF_ENCAPSULATE, CKF_DECAPSULATE);
		EXPECT_NUMBER((flags & CKF_GENERATE) != 0, row->generates == ASH_GENERATES_SECRET);
		EXPECT_NUMBER((flags & CKF_GENERATE_KEY_PAIR) != 0, row->generates == ASH_GENERATES_PAIR);
		EXPECT_NUMBER((flags & CKF_DIGEST) != 0, row->alg.scheme == ASH_SCHEME_HASH);
		EXPECT_NUMBER((flags & CKF_DIGEST) != 0 || row->param == ASH_PARAM_PBKDF2, keyless);
		EXPECT_NUMBER(keyless, row->other_key_type == CK_UNAVAILABLE_INFORMATION);
		EXPECT_NUMBER(keyless, row->info.max_size == 0);
		EXPECT(row->info.min_size <= row->info.max_size);
		EXPECT(!generates || row->param == ASH_PARAM_PBKDF2 ||
		       (row->param == ASH_PARAM_NONE && !row->whole));
		EXPECT((row->key_type == CKK_EC || row->key_type == CKK_EC_EDWARDS ||
			row->key_type == CKK_EC_MONTGOMERY) == ((flags & CKF_EC_F_P) != 0));
		EXPECT_NUMBER((flags & CKF_DERIVE) != 0,
			      row->param == ASH_PARAM_ECDH || row->param == ASH_PARAM_HKDF);
		EXPECT_NUMBER((flags & CKF_ENCAPSULATE) != 0, row->type == CKM_ML_KEM);
		EXPECT((flags & CKF_HW) == 0);
	}
}

/* Signing with SHA-1 is over; verifying old signatures is not. */
TEST(sha_1_signs_nothing_but_macs)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const bool signature = row->alg.hash == ASH_HASH_SHA1 &&
				       (row->key_type == CKK_RSA || row->key_type == CKK_EC);

		if ((row->info.flags & CKF_VERIFY) != 0)
			EXPECT_NUMBER(signature, (row->info.flags & CKF_SIGN) == 0);
	}
}

TEST(single_part_mechanisms_are_the_standards)
{
	static const uint64_t whole[] = {
		CKM_RSA_PKCS,    CKM_RSA_X_509,        CKM_RSA_PKCS_OAEP,    CKM_RSA_PKCS_PSS,
		CKM_ECDSA,       CKM_AES_KEY_WRAP,     CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_KWP,
		CKM_ML_KEM,      CKM_RSA_AES_KEY_WRAP, CKM_ECDH1_DERIVE,     CKM_ECDH1_COFACTOR_DERIVE,
		CKM_HKDF_DERIVE, CKM_PKCS5_PBKD2,
	};
	size_t count = 0;

	for (size_t i = 0; i < ash_mechanism_count(); i++)
		count += ash_mechanism_at(i)->whole;
	EXPECT_NUMBER(ASH_COUNT(whole), count);
	for (size_t i = 0; i < ASH_COUNT(whole); i++)
		EXPECT(ash_mechanism_find(whole[i])->whole);
}

/* Every hash has a digest, an HMAC of two kinds and its keys; those of signatures, signatures. */
TEST(families_are_whole)
{
	for (unsigned hash = ASH_HASH_NONE + 1; hash < ASH_HASHES; hash++) {
		const bool truncated = hash == ASH_HASH_SHA512_224 || hash == ASH_HASH_SHA512_256;
		size_t digests = 0, macs = 0, makers = 0, signatures = 0;

		for (size_t i = 0; i < ash_mechanism_count(); i++) {
			const struct ash_mechanism_row *row = ash_mechanism_at(i);

			if ((unsigned)row->alg.hash != hash)
				continue;
			digests += row->alg.scheme == ASH_SCHEME_HASH;
			macs += row->alg.scheme == ASH_SCHEME_HMAC && row->generates == ASH_GENERATES_NOTHING;
			makers += row->generates == ASH_GENERATES_SECRET;
			signatures += row->key_type == CKK_RSA || row->key_type == CKK_EC;
		}
		EXPECT_NUMBER(1, digests);
		EXPECT_NUMBER(2, macs);
		EXPECT_NUMBER(1, makers);
		EXPECT_NUMBER(truncated ? 0 : 3, signatures);
	}
}

/* The key that is generated is the key that is used. */
TEST(made_keys_serve)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *maker = ash_mechanism_at(i);
		bool served = false;

		if (maker->generates == ASH_GENERATES_NOTHING || maker->param == ASH_PARAM_PBKDF2)
			continue;
		for (size_t k = 0; k < ash_mechanism_count(); k++) {
			const struct ash_mechanism_row *row = ash_mechanism_at(k);

			served = served ||
				 (row->generates == ASH_GENERATES_NOTHING &&
				  (row->key_type == maker->key_type ||
				   row->other_key_type == maker->key_type) &&
				  row->alg.hash == maker->alg.hash) ||
				 maker->key_type == CKK_GENERIC_SECRET;
		}
		EXPECT(served);
	}
}

TEST(operations_have_their_flag_and_usage)
{
	EXPECT_NUMBER(CKF_DIGEST, ash_op_flag(ASH_OP_DIGEST));
	EXPECT_NUMBER(CKF_SIGN, ash_op_flag(ASH_OP_SIGN));
	EXPECT_NUMBER(CKF_VERIFY, ash_op_flag(ASH_OP_VERIFY));
	EXPECT_NUMBER(CKF_ENCRYPT, ash_op_flag(ASH_OP_ENCRYPT));
	EXPECT_NUMBER(CKF_DECRYPT, ash_op_flag(ASH_OP_DECRYPT));
	EXPECT_NUMBER(CKF_SIGN_RECOVER, ash_op_flag(ASH_OP_SIGN_RECOVER));
	EXPECT_NUMBER(CKF_VERIFY_RECOVER, ash_op_flag(ASH_OP_VERIFY_RECOVER));
	EXPECT_NUMBER(CKF_DERIVE, ash_op_flag(ASH_OP_DERIVE));
	EXPECT_NUMBER(CKF_ENCAPSULATE, ash_op_flag(ASH_OP_ENCAPSULATE));
	EXPECT_NUMBER(CKF_DECAPSULATE, ash_op_flag(ASH_OP_DECAPSULATE));
	EXPECT_NUMBER(0, ash_op_flag(ASH_OPS));
	EXPECT_NUMBER(CKA_SIGN, ash_op_usage(ASH_OP_SIGN));
	EXPECT_NUMBER(CKA_VERIFY, ash_op_usage(ASH_OP_VERIFY));
	EXPECT_NUMBER(CKA_ENCRYPT, ash_op_usage(ASH_OP_ENCRYPT));
	EXPECT_NUMBER(CKA_DECRYPT, ash_op_usage(ASH_OP_DECRYPT));
	EXPECT_NUMBER(CKA_SIGN_RECOVER, ash_op_usage(ASH_OP_SIGN_RECOVER));
	EXPECT_NUMBER(CKA_VERIFY_RECOVER, ash_op_usage(ASH_OP_VERIFY_RECOVER));
	EXPECT_NUMBER(CKA_DERIVE, ash_op_usage(ASH_OP_DERIVE));
	EXPECT_NUMBER(CKA_ENCAPSULATE, ash_op_usage(ASH_OP_ENCAPSULATE));
	EXPECT_NUMBER(CKA_DECAPSULATE, ash_op_usage(ASH_OP_DECAPSULATE));
	EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, ash_op_usage(ASH_OP_DIGEST));
	EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, ash_op_usage(ASH_OPS));
}

static struct ash_status check(uint64_t mechanism, uint64_t key_type, struct ash_key_spec spec)
{
	return ash_mechanism_check_key(ash_mechanism_find(mechanism), key_type, &spec);
}

TEST(keys_of_the_rows_type_serve)
{
	EXPECT_OK(check(CKM_RSA_PKCS, CKK_RSA, rsa_2048));
	EXPECT_OK(check(CKM_ECDSA, CKK_EC, p256));
	EXPECT_OK(check(CKM_ECDSA_SHA384, CKK_EC, p384));
	EXPECT_OK(check(CKM_EDDSA, CKK_EC_EDWARDS, ed25519));
	EXPECT_OK(check(CKM_ML_DSA, CKK_ML_DSA, ml_dsa_65));
	EXPECT_OK(check(CKM_ML_KEM, CKK_ML_KEM, ml_kem_768));
	EXPECT_OK(check(CKM_ECDH1_DERIVE, CKK_EC, p256));
	EXPECT_OK(check(CKM_ECDH1_DERIVE, CKK_EC_MONTGOMERY, x448));
	EXPECT_OK(check(CKM_HKDF_DERIVE, CKK_HKDF, secret_256));
	EXPECT_OK(check(CKM_HKDF_DERIVE, CKK_GENERIC_SECRET, secret_256));
	EXPECT_OK(check(CKM_SHA3_384_HMAC_GENERAL, CKK_SHA3_384_HMAC, secret_256));
	EXPECT_OK(check(CKM_AES_GCM, CKK_AES, secret_256));
	EXPECT_OK(check(CKM_SHA256_HMAC, CKK_SHA256_HMAC, secret_256));
	EXPECT_OK(check(CKM_SHA256_HMAC, CKK_GENERIC_SECRET, secret_256));

	EXPECT_CODE(ASH_E_KEY_TYPE, check(CKM_SHA256_HMAC, CKK_AES, secret_256));
	EXPECT_CODE(ASH_E_KEY_TYPE, check(CKM_SHA256_HMAC, CKK_SHA3_256_HMAC, secret_256));
	EXPECT_CODE(ASH_E_KEY_TYPE, check(CKM_ECDH1_COFACTOR_DERIVE, CKK_EC_MONTGOMERY, x448));
	EXPECT_CODE(ASH_E_KEY_TYPE, check(CKM_PKCS5_PBKD2, CKK_AES, secret_256));
	EXPECT_CODE(ASH_E_KEY_TYPE, check(CKM_AES_GCM, CKK_GENERIC_SECRET, secret_256));
	EXPECT_CODE(ASH_E_KEY_TYPE, check(CKM_ECDSA, CKK_EC_EDWARDS, ed25519));
	EXPECT_CODE(ASH_E_KEY_TYPE, check(CKM_EDDSA, CKK_EC, p256));
	EXPECT_CODE(ASH_E_KEY_TYPE, check(CKM_SHA256, CKK_RSA, rsa_2048));
	EXPECT_CODE(ASH_E_KEY_TYPE, check(CKM_SHA256, CK_UNAVAILABLE_INFORMATION, rsa_2048));
}

TEST(sizes_are_in_the_standards_units)
{
	static const struct {
		uint64_t mechanism, key_type;
		enum ash_key_kind kind;
		uint32_t low, high, step; /* bits */
	} row[] = {
		{ CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, ASH_KEY_RSA, 2048, 8192, 1 },
		{ CKM_SHA256_RSA_PKCS, CKK_RSA, ASH_KEY_RSA, 2048, 8192, 1 },
		{ CKM_RSA_X_509, CKK_RSA, ASH_KEY_RSA, 2048, 8192, 1 },
		{ CKM_AES_KEY_GEN, CKK_AES, ASH_KEY_SECRET, 128, 256, 8 },
		{ CKM_AES_CBC_PAD, CKK_AES, ASH_KEY_SECRET, 128, 256, 8 },
		{ CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, ASH_KEY_SECRET, 8, 65536, 8 },
		{ CKM_SHA256_KEY_GEN, CKK_SHA256_HMAC, ASH_KEY_SECRET, 112, 65536, 8 },
		{ CKM_SHA256_HMAC, CKK_GENERIC_SECRET, ASH_KEY_SECRET, 8, 65536, 8 },
		{ CKM_HKDF_KEY_GEN, CKK_HKDF, ASH_KEY_SECRET, 112, 65536, 8 },
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		struct ash_key_spec spec = { .kind = row[i].kind, .bits = row[i].low };

		EXPECT_OK(check(row[i].mechanism, row[i].key_type, spec));
		spec.bits = row[i].high;
		EXPECT_OK(check(row[i].mechanism, row[i].key_type, spec));
		spec.bits = row[i].low - row[i].step;
		EXPECT_CODE(ASH_E_KEY_SIZE, check(row[i].mechanism, row[i].key_type, spec));
		spec.bits = row[i].high + row[i].step;
		EXPECT_CODE(ASH_E_KEY_SIZE, check(row[i].mechanism, row[i].key_type, spec));
	}
	EXPECT_NUMBER(16, ash_mechanism_find(CKM_AES_GCM)->info.min_size);
	EXPECT_NUMBER(32, ash_mechanism_find(CKM_AES_GCM)->info.max_size);
	EXPECT_NUMBER(255, ash_mechanism_find(CKM_EDDSA)->info.min_size);
	EXPECT_NUMBER(448, ash_mechanism_find(CKM_EDDSA)->info.max_size);
	EXPECT_NUMBER(1312, ash_mechanism_find(CKM_ML_DSA)->info.min_size);
	EXPECT_NUMBER(2592, ash_mechanism_find(CKM_ML_DSA)->info.max_size);
	EXPECT_NUMBER(800, ash_mechanism_find(CKM_ML_KEM)->info.min_size);
	EXPECT_NUMBER(1568, ash_mechanism_find(CKM_ML_KEM)->info.max_size);
	EXPECT_CODE(ASH_E_KEY_SIZE, check(CKM_ECDSA, CKK_EC, (struct ash_key_spec){ .kind = ASH_KEY_EC }));
	EXPECT_CODE(ASH_E_KEY_SIZE, check(CKM_ECDSA, CKK_EC, (struct ash_key_spec){ .kind = ASH_KEY_KINDS }));
}

/* Every group is in the range of what makes it and of what uses it. */
TEST(every_group_serves)
{
	static const struct {
		enum ash_key_kind kind;
		uint64_t key_type, maker, user;
	} row[] = {
		{ ASH_KEY_EC, CKK_EC, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA },
		{ ASH_KEY_EDWARDS, CKK_EC_EDWARDS, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA },
		{ ASH_KEY_MONTGOMERY, CKK_EC_MONTGOMERY, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKM_ECDH1_DERIVE },
		{ ASH_KEY_ML_DSA, CKK_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA },
		{ ASH_KEY_ML_KEM, CKK_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM },
	};

	for (size_t i = 0; i < ash_keygroup_count(); i++) {
		const struct ash_keygroup *group = ash_keygroup_at(i);
		const struct ash_key_spec spec = { .kind = group->kind, .group = group->group };

		for (size_t k = 0; k < ASH_COUNT(row); k++) {
			if (row[k].kind != group->kind)
				continue;
			EXPECT_OK(check(row[k].maker, row[k].key_type, spec));
			EXPECT_OK(check(row[k].user, row[k].key_type, spec));
		}
	}
}

static struct ash_status check_params(uint64_t mechanism, struct ash_params params)
{
	return ash_mechanism_check_params(ash_mechanism_find(mechanism), &params);
}

TEST(parameters_have_the_rows_form)
{
	for (uint32_t len = 0; len < 20; len++) {
		const bool good = len == 4 || len == 8 || (len >= 12 && len <= 16);
		const struct ash_params gcm = { .iv = { bytes, 12 }, .aad = { bytes, 300 }, .tag_len = len };

		EXPECT_CODE(good ? ASH_OK : ASH_E_MECHANISM_PARAM, check_params(CKM_AES_GCM, gcm));
		EXPECT_CODE(len == 16 ? ASH_OK : ASH_E_MECHANISM_PARAM,
			    check_params(CKM_AES_CBC, (struct ash_params){ .iv = { bytes, len } }));
	}
	for (size_t len = 0; len < (size_t)1 << 21;
	     len = 2 * len + 1) /* 1 MiB at most; a back end takes less */
		EXPECT_CODE(len >= 1 && len <= (size_t)1 << 20 ? ASH_OK : ASH_E_MECHANISM_PARAM,
			    check_params(CKM_AES_GCM,
					 (struct ash_params){ .iv = { bytes, len }, .tag_len = 16 }));
	EXPECT_OK(check_params(CKM_ML_DSA, (struct ash_params){ .context = { bytes, 255 } }));
	EXPECT_OK(check_params(CKM_ML_DSA, (struct ash_params){ .deterministic = true }));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM,
		    check_params(CKM_ML_DSA, (struct ash_params){ .context = { bytes, 256 } }));
}

/* EXPECT_PARAMS(whether it is good, mechanism, .field = …): what is not named is absent. */
#define EXPECT_PARAMS(good, mechanism, ...)                  \
	EXPECT_CODE((good) ? ASH_OK : ASH_E_MECHANISM_PARAM, \
		    check_params((mechanism), (struct ash_params){ __VA_ARGS__ }))

TEST(counters_have_bits)
{
	for (uint32_t bits = 0; bits < 140; bits++)
		EXPECT_PARAMS(bits >= 1 && bits <= 128, CKM_AES_CTR, .iv = { bytes, 16 },
			      .counter_bits = bits);
	for (size_t len = 0; len < 20; len++)
		EXPECT_PARAMS(len == 16, CKM_AES_CTR, .iv = { bytes, len }, .counter_bits = 32);
}

TEST(ccm_has_lengths)
{
	for (uint32_t len = 0; len < 20; len++) {
		EXPECT_PARAMS(len >= 4 && len <= 16 && len % 2 == 0, CKM_AES_CCM, .iv = { bytes, 12 },
			      .tag_len = len);
		EXPECT_PARAMS(len >= 7 && len <= 13, CKM_AES_CCM, .iv = { bytes, len }, .tag_len = 16,
			      .aad = { bytes, 300 }, .data_len = 65535);
	}
	/* The longer the nonce, the less can be said of the length. */
	EXPECT_PARAMS(false, CKM_AES_CCM, .iv = { bytes, 13 }, .tag_len = 16, .data_len = 65536);
	EXPECT_PARAMS(true, CKM_AES_CCM, .iv = { bytes, 12 }, .tag_len = 16,
		      .data_len = ((size_t)1 << 24) - 1);
	EXPECT_PARAMS(false, CKM_AES_CCM, .iv = { bytes, 12 }, .tag_len = 16, .data_len = (size_t)1 << 24);
	EXPECT_PARAMS(false, CKM_AES_CCM, .iv = { bytes, 8 }, .tag_len = 16, .data_len = SIZE_MAX);
	EXPECT_PARAMS(true, CKM_AES_CCM, .iv = { bytes, 7 }, .tag_len = 16, .data_len = SIZE_MAX);
}

TEST(gmac_is_gcm_without_data)
{
	EXPECT_PARAMS(true, CKM_AES_GMAC, .iv = { bytes, 12 }, .tag_len = 16);
	EXPECT_PARAMS(true, CKM_AES_GMAC, .iv = { bytes, 128 }, .tag_len = 4);
	EXPECT_PARAMS(false, CKM_AES_GMAC, .iv = { bytes, 12 });
	EXPECT_PARAMS(false, CKM_AES_GMAC, .iv = { bytes, 0 }, .tag_len = 16);
	EXPECT_PARAMS(false, CKM_AES_GMAC, .iv = { bytes, 12 }, .tag_len = 16, .aad = { bytes, 1 });
}

TEST(wrapping_ivs_have_one_length)
{
	for (size_t len = 0; len < 20; len++) {
		EXPECT_PARAMS(len == 0 || len == 8, CKM_AES_KEY_WRAP, .iv = { bytes, len });
		EXPECT_PARAMS(len == 0 || len == 4, CKM_AES_KEY_WRAP_KWP, .iv = { bytes, len });
		EXPECT_PARAMS(len == 0 || len == 4, CKM_AES_KEY_WRAP_PAD, .iv = { bytes, len });
	}
}

TEST(macs_are_as_long_as_their_hash)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const size_t most = row->alg.scheme == ASH_SCHEME_HMAC ? ash_hash_len(row->alg.hash) : 16;

		for (uint32_t len = 0; len < 70 && row->param == ASH_PARAM_LENGTH; len++)
			EXPECT_PARAMS(len >= 1 && len <= most, row->type, .tag_len = len);
	}
	EXPECT_PARAMS(true, CKM_SHA3_512_HMAC_GENERAL, .tag_len = 64);
	EXPECT_PARAMS(false, CKM_SHA3_512_HMAC_GENERAL, .tag_len = 65);
	EXPECT_PARAMS(false, CKM_AES_CMAC_GENERAL, .tag_len = 17);
}

/* Every PSS mechanism with every hash: its own, or any if it has none. */
TEST(pss_hashes_agree)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);

		for (unsigned hash = 0; hash <= ASH_HASHES && row->param == ASH_PARAM_PSS; hash++) {
			const bool known = hash != ASH_HASH_NONE && hash < ASH_HASHES;
			const bool fits =
				known && (row->alg.hash == ASH_HASH_NONE || (unsigned)row->alg.hash == hash);

			EXPECT_PARAMS(fits, row->type, .hash = (enum ash_hash)hash,
				      .mgf_hash = ASH_HASH_SHA256, .salt_len = 20);
			if (row->alg.hash != ASH_HASH_NONE)
				EXPECT_PARAMS(known, row->type, .hash = row->alg.hash,
					      .mgf_hash = (enum ash_hash)hash);
		}
	}
	EXPECT_PARAMS(true, CKM_SHA256_RSA_PKCS_PSS, .hash = ASH_HASH_SHA256, .mgf_hash = ASH_HASH_SHA256,
		      .salt_len = 1024 - 34);
	EXPECT_PARAMS(false, CKM_SHA256_RSA_PKCS_PSS, .hash = ASH_HASH_SHA256, .mgf_hash = ASH_HASH_SHA256,
		      .salt_len = 1024 - 33);
	EXPECT_PARAMS(false, CKM_SHA256_RSA_PKCS_PSS, .hash = ASH_HASH_SHA256, .mgf_hash = ASH_HASH_SHA256,
		      .salt_len = UINT32_MAX);
}

TEST(oaep_has_two_hashes_and_any_label)
{
	static const uint64_t types[] = { CKM_RSA_PKCS_OAEP, CKM_RSA_AES_KEY_WRAP };

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		EXPECT_PARAMS(true, types[i], .hash = ASH_HASH_SHA1, .mgf_hash = ASH_HASH_SHA256);
		EXPECT_PARAMS(true, types[i], .hash = ASH_HASH_SHA3_512, .mgf_hash = ASH_HASH_SHA1,
			      .label = { bytes, 300 });
		EXPECT_PARAMS(false, types[i], .hash = ASH_HASH_SHA256);
		EXPECT_PARAMS(false, types[i], .mgf_hash = ASH_HASH_SHA256);
		EXPECT_PARAMS(false, types[i], .hash = ASH_HASHES, .mgf_hash = ASH_HASH_SHA256);
	}
}

TEST(eddsa_has_a_context_only_if_it_says_so)
{
	EXPECT_PARAMS(true, CKM_EDDSA, .eddsa_params = true);
	EXPECT_PARAMS(true, CKM_EDDSA, .eddsa_params = true, .prehash = true, .context = { bytes, 255 });
	EXPECT_PARAMS(false, CKM_EDDSA, .eddsa_params = true, .context = { bytes, 256 });
	EXPECT_PARAMS(false, CKM_EDDSA, .prehash = true);
	EXPECT_PARAMS(false, CKM_EDDSA, .context = { bytes, 1 });
}

/* A good parameter of the row. */
static struct ash_params good_params(const struct ash_mechanism_row *row)
{
	struct ash_params params = { .iv = ASH_SPAN_NONE };

	switch (row->param) {
	case ASH_PARAM_IV16: params.iv = ash_span(bytes, 16); break;
	case ASH_PARAM_GCM:
		params.iv = ash_span(bytes, 12);
		params.tag_len = 16;
		break;
	case ASH_PARAM_CCM:
		params.iv = ash_span(bytes, 12);
		params.tag_len = 8;
		break;
	case ASH_PARAM_CTR:
		params.iv = ash_span(bytes, 16);
		params.counter_bits = 64;
		break;
	case ASH_PARAM_LENGTH: params.tag_len = 8; break;
	case ASH_PARAM_PSS:
	case ASH_PARAM_OAEP:
	case ASH_PARAM_RSA_AES:
		params.hash = row->alg.hash != ASH_HASH_NONE ? row->alg.hash : ASH_HASH_SHA256;
		params.mgf_hash = ASH_HASH_SHA256;
		break;
	case ASH_PARAM_NONE:
	case ASH_PARAM_EDDSA:
	case ASH_PARAM_ML_DSA:
	case ASH_PARAM_IV:
	case ASH_PARAM_ECDH:
	case ASH_PARAM_HKDF:
	case ASH_PARAM_PBKDF2:
	case ASH_PARAM_KINDS: break;
	}
	return params;
}

enum field {
	IV,
	AAD,
	TAG,
	CONTEXT,
	DETERMINISTIC,
	PREHASH,
	HASHES,
	SALT,
	LABEL,
	COUNTER,
	DATA,
	FIELDS
};

#define HAS(field) (1u << (field))
static const unsigned fields_of[ASH_PARAM_KINDS] = {
	[ASH_PARAM_IV16] = HAS(IV),
	[ASH_PARAM_IV] = HAS(IV),
	[ASH_PARAM_GCM] = HAS(IV) | HAS(AAD) | HAS(TAG),
	[ASH_PARAM_CCM] = HAS(IV) | HAS(AAD) | HAS(TAG) | HAS(DATA),
	[ASH_PARAM_CTR] = HAS(IV) | HAS(COUNTER),
	[ASH_PARAM_LENGTH] = HAS(TAG),
	[ASH_PARAM_EDDSA] = HAS(CONTEXT) | HAS(PREHASH),
	[ASH_PARAM_ML_DSA] = HAS(CONTEXT) | HAS(DETERMINISTIC),
	[ASH_PARAM_PSS] = HAS(HASHES) | HAS(SALT),
	[ASH_PARAM_OAEP] = HAS(HASHES) | HAS(LABEL),
	[ASH_PARAM_RSA_AES] = HAS(HASHES) | HAS(LABEL),
};

static void add_field(struct ash_params *params, enum field field)
{
	switch (field) {
	case IV: params->iv = ash_span(bytes, 16); break;
	case AAD: params->aad = ash_span(bytes, 1); break;
	case TAG: params->tag_len = 8; break;
	case CONTEXT: params->context = ash_span(bytes, 1); break;
	case DETERMINISTIC: params->deterministic = true; break;
	case PREHASH: params->eddsa_params = params->prehash = true; break;
	case HASHES: params->hash = params->mgf_hash = ASH_HASH_SHA256; break;
	case SALT: params->salt_len = 1; break;
	case LABEL: params->label = ash_span(bytes, 1); break;
	case COUNTER: params->counter_bits = 1; break;
	case DATA: params->data_len = 1; break;
	case FIELDS: break;
	}
}

/* What a mechanism has no use for it does not take: every field with every mechanism. */
TEST(nothing_is_taken_that_has_no_meaning)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const struct ash_params good = good_params(row);

		EXPECT_OK(ash_mechanism_check_params(row, &good));
		for (enum field field = IV; field < FIELDS; field++) {
			struct ash_params more = good;

			add_field(&more, field);
			if ((fields_of[row->param] & HAS(field)) == 0)
				EXPECT_CODE(ASH_E_MECHANISM_PARAM, ash_mechanism_check_params(row, &more));
		}
	}
}

/* And what it needs it does not do without. */
TEST(nothing_is_left_out_that_has_a_meaning)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const struct ash_params absent = { .iv = ASH_SPAN_NONE };
		const struct ash_params good = good_params(row);
		const bool nothing = good.iv.len == 0 && good.tag_len == 0 && good.hash == ASH_HASH_NONE;

		EXPECT_CODE(nothing ? ASH_OK : ASH_E_MECHANISM_PARAM,
			    ash_mechanism_check_params(row, &absent));
	}
}

static struct ash_status check_derivation(uint64_t mechanism, struct ash_derivation derive)
{
	return ash_mechanism_check_derivation(ash_mechanism_find(mechanism), &derive);
}

/* EXPECT_DERIVATION(whether it is good, mechanism, .field = …) */
#define EXPECT_DERIVATION(good, mechanism, ...)              \
	EXPECT_CODE((good) ? ASH_OK : ASH_E_MECHANISM_PARAM, \
		    check_derivation((mechanism), (struct ash_derivation){ __VA_ARGS__ }))

TEST(derivations_say_what_they_need)
{
	const uint64_t hkdf = CKM_HKDF_DERIVE;

	EXPECT_DERIVATION(true, CKM_ECDH1_DERIVE, .kdf = CKD_NULL);
	EXPECT_DERIVATION(false, CKM_ECDH1_DERIVE, .kdf = CKD_NULL, .shared = { bytes, 1 });
	EXPECT_DERIVATION(true, CKM_ECDH1_COFACTOR_DERIVE, .kdf = CKD_SHA256_KDF, .shared = { bytes, 1 });

	EXPECT_DERIVATION(false, hkdf, .hash = ASH_HASH_SHA256);
	EXPECT_DERIVATION(false, hkdf, .expand = true);
	EXPECT_DERIVATION(true, hkdf, .expand = true, .hash = ASH_HASH_SHA256);
	EXPECT_DERIVATION(true, hkdf, .expand = true, .hash = ASH_HASH_SHA256, .salt = { bytes, 9 });
	EXPECT_DERIVATION(false, hkdf, .extract = true, .hash = ASH_HASH_SHA256);
	EXPECT_DERIVATION(true, hkdf, .extract = true, .hash = ASH_HASH_SHA256,
			  .salt_type = CKF_HKDF_SALT_NULL);
	EXPECT_DERIVATION(false, hkdf, .extract = true, .hash = ASH_HASH_SHA256,
			  .salt_type = CKF_HKDF_SALT_NULL, .salt = { bytes, 9 });
	EXPECT_DERIVATION(true, hkdf, .extract = true, .hash = ASH_HASH_SHA256,
			  .salt_type = CKF_HKDF_SALT_DATA, .salt = { bytes, 9 });
	EXPECT_DERIVATION(false, hkdf, .extract = true, .hash = ASH_HASH_SHA256,
			  .salt_type = CKF_HKDF_SALT_DATA, .salt_key = 7);
	EXPECT_DERIVATION(true, hkdf, .extract = true, .hash = ASH_HASH_SHA256,
			  .salt_type = CKF_HKDF_SALT_KEY, .salt_key = 7);
	EXPECT_DERIVATION(false, hkdf, .extract = true, .hash = ASH_HASH_SHA256,
			  .salt_type = CKF_HKDF_SALT_KEY);
	EXPECT_DERIVATION(false, hkdf, .extract = true, .hash = ASH_HASH_SHA256, .salt_type = 3);

	EXPECT_DERIVATION(true, CKM_PKCS5_PBKD2, .salt_type = CKZ_SALT_SPECIFIED, .iterations = 1);
	EXPECT_DERIVATION(false, CKM_PKCS5_PBKD2, .salt_type = CKZ_SALT_SPECIFIED);
	EXPECT_DERIVATION(false, CKM_PKCS5_PBKD2, .salt_type = CKZ_SALT_SPECIFIED, .iterations = 1ul << 32);
	EXPECT_DERIVATION(false, CKM_PKCS5_PBKD2, .iterations = 1);

	for (uint32_t bits = 0; bits < 400; bits++)
		EXPECT_DERIVATION(bits == 128 || bits == 192 || bits == 256, CKM_RSA_AES_KEY_WRAP,
				  .aes_bits = bits);
	EXPECT_DERIVATION(true, CKM_AES_CBC, .kdf = 0);
}
