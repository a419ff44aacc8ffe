#include "token/mechanism.h"

#include "token/keymap.h"
#include "unit/test.h"

static const struct ash_key_spec rsa_2048 = { .kind = ASH_KEY_RSA, .bits = 2048 };
static const struct ash_key_spec p256 = { .kind = ASH_KEY_EC, .group = ASH_GROUP_P256 };
static const struct ash_key_spec p384 = { .kind = ASH_KEY_EC, .group = ASH_GROUP_P384 };
static const struct ash_key_spec ed25519 = { .kind = ASH_KEY_EDWARDS, .group = ASH_GROUP_ED25519 };
static const struct ash_key_spec ml_dsa_65 = { .kind = ASH_KEY_ML_DSA, .group = ASH_GROUP_ML_DSA_65 };
static const struct ash_key_spec secret_256 = { .kind = ASH_KEY_SECRET, .bits = 256 };

TEST(rows_rise_and_are_found)
{
	uint64_t above = 0;

	EXPECT(ash_mechanism_count() >= 21);
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

/* What the columns say has to agree within a row. */
TEST(rows_do_not_contradict_themselves)
{
	const uint64_t uses = CKF_DIGEST | CKF_SIGN | CKF_VERIFY | CKF_ENCRYPT | CKF_DECRYPT;

	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const uint64_t flags = row->info.flags;
		const bool generates = (flags & (CKF_GENERATE | CKF_GENERATE_KEY_PAIR)) != 0;

		EXPECT(generates != ((flags & uses) != 0));
		EXPECT_NUMBER((flags & CKF_SIGN) != 0, (flags & CKF_VERIFY) != 0);
		EXPECT_NUMBER((flags & CKF_ENCRYPT) != 0, (flags & CKF_DECRYPT) != 0);
		EXPECT_NUMBER((flags & CKF_GENERATE) != 0, row->generates == ASH_GENERATES_SECRET);
		EXPECT_NUMBER((flags & CKF_GENERATE_KEY_PAIR) != 0, row->generates == ASH_GENERATES_PAIR);
		EXPECT_NUMBER((flags & CKF_DIGEST) != 0, row->alg.scheme == ASH_SCHEME_HASH);
		EXPECT_NUMBER((flags & CKF_DIGEST) != 0, row->key_type == CK_UNAVAILABLE_INFORMATION);
		EXPECT_NUMBER((flags & CKF_DIGEST) != 0, row->info.max_size == 0);
		EXPECT(row->info.min_size <= row->info.max_size);
		EXPECT(!generates || (row->param == ASH_PARAM_NONE && !row->whole));
		EXPECT((row->key_type == CKK_EC || row->key_type == CKK_EC_EDWARDS) ==
		       ((flags & CKF_EC_F_P) != 0));
		EXPECT((flags & CKF_HW) == 0);
	}
}

TEST(single_part_mechanisms_are_the_standards)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);

		EXPECT_NUMBER(row->type == CKM_RSA_PKCS || row->type == CKM_ECDSA, row->whole);
	}
}

TEST(operations_have_their_flag_and_usage)
{
	EXPECT_NUMBER(CKF_DIGEST, ash_op_flag(ASH_OP_DIGEST));
	EXPECT_NUMBER(CKF_SIGN, ash_op_flag(ASH_OP_SIGN));
	EXPECT_NUMBER(CKF_VERIFY, ash_op_flag(ASH_OP_VERIFY));
	EXPECT_NUMBER(CKF_ENCRYPT, ash_op_flag(ASH_OP_ENCRYPT));
	EXPECT_NUMBER(CKF_DECRYPT, ash_op_flag(ASH_OP_DECRYPT));
	EXPECT_NUMBER(0, ash_op_flag(ASH_OPS));
	EXPECT_NUMBER(CKA_SIGN, ash_op_usage(ASH_OP_SIGN));
	EXPECT_NUMBER(CKA_VERIFY, ash_op_usage(ASH_OP_VERIFY));
	EXPECT_NUMBER(CKA_ENCRYPT, ash_op_usage(ASH_OP_ENCRYPT));
	EXPECT_NUMBER(CKA_DECRYPT, ash_op_usage(ASH_OP_DECRYPT));
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
	EXPECT_OK(check(CKM_AES_GCM, CKK_AES, secret_256));
	EXPECT_OK(check(CKM_SHA256_HMAC, CKK_SHA256_HMAC, secret_256));
	EXPECT_OK(check(CKM_SHA256_HMAC, CKK_GENERIC_SECRET, secret_256));

	EXPECT_CODE(ASH_E_KEY_TYPE, check(CKM_SHA256_HMAC, CKK_AES, secret_256));
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
		{ CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, ASH_KEY_RSA, 2048, 4096, 1 },
		{ CKM_SHA256_RSA_PKCS, CKK_RSA, ASH_KEY_RSA, 2048, 4096, 1 },
		{ CKM_AES_KEY_GEN, CKK_AES, ASH_KEY_SECRET, 128, 256, 8 },
		{ CKM_AES_CBC_PAD, CKK_AES, ASH_KEY_SECRET, 128, 256, 8 },
		{ CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, ASH_KEY_SECRET, 8, 65536, 8 },
		{ CKM_SHA256_KEY_GEN, CKK_SHA256_HMAC, ASH_KEY_SECRET, 112, 65536, 8 },
		{ CKM_SHA256_HMAC, CKK_GENERIC_SECRET, ASH_KEY_SECRET, 8, 65536, 8 },
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
	EXPECT_NUMBER(255, ash_mechanism_find(CKM_EDDSA)->info.max_size);
	EXPECT_NUMBER(1952, ash_mechanism_find(CKM_ML_DSA)->info.max_size);
	EXPECT_CODE(ASH_E_KEY_SIZE, check(CKM_ECDSA, CKK_EC, (struct ash_key_spec){ .kind = ASH_KEY_EC }));
	EXPECT_CODE(ASH_E_KEY_SIZE, check(CKM_ECDSA, CKK_EC, (struct ash_key_spec){ .kind = ASH_KEY_KINDS }));
}

static struct ash_status check_params(uint64_t mechanism, struct ash_params params)
{
	return ash_mechanism_check_params(ash_mechanism_find(mechanism), &params);
}

TEST(parameters_have_the_rows_form)
{
	static const uint8_t bytes[300];

	for (uint32_t len = 0; len < 20; len++) {
		const bool good = len == 4 || len == 8 || (len >= 12 && len <= 16);
		const struct ash_params gcm = { .iv = { bytes, 12 }, .aad = { bytes, 300 }, .tag_len = len };

		EXPECT_CODE(good ? ASH_OK : ASH_E_MECHANISM_PARAM, check_params(CKM_AES_GCM, gcm));
		EXPECT_CODE(len == 16 ? ASH_OK : ASH_E_MECHANISM_PARAM,
			    check_params(CKM_AES_CBC, (struct ash_params){ .iv = { bytes, len } }));
	}
	for (size_t len = 0; len < 140; len++)
		EXPECT_CODE(len >= 1 && len <= 128 ? ASH_OK : ASH_E_MECHANISM_PARAM,
			    check_params(CKM_AES_GCM,
					 (struct ash_params){ .iv = { bytes, len }, .tag_len = 16 }));
	EXPECT_OK(check_params(CKM_ML_DSA, (struct ash_params){ .context = { bytes, 255 } }));
	EXPECT_OK(check_params(CKM_ML_DSA, (struct ash_params){ .deterministic = true }));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM,
		    check_params(CKM_ML_DSA, (struct ash_params){ .context = { bytes, 256 } }));
}

/* What a mechanism has no use for it does not take. */
TEST(nothing_is_taken_that_has_no_meaning)
{
	static const uint8_t bytes[16];
	static const struct ash_params extra[] = {
		{ .iv = { bytes, 16 } },     { .aad = { bytes, 1 } },   { .tag_len = 16 },
		{ .context = { bytes, 1 } }, { .deterministic = true },
	};

	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const bool iv16 = row->param == ASH_PARAM_IV16, ml_dsa = row->param == ASH_PARAM_ML_DSA;

		if (row->param == ASH_PARAM_GCM)
			continue;
		EXPECT_CODE(iv16 ? ASH_E_MECHANISM_PARAM : ASH_OK,
			    check_params(row->type, (struct ash_params){ 0 }));
		for (size_t k = 0; k < ASH_COUNT(extra); k++) {
			const bool good = (iv16 && k == 0) || (ml_dsa && k >= 3);

			EXPECT_CODE(good ? ASH_OK : ASH_E_MECHANISM_PARAM, check_params(row->type, extra[k]));
		}
	}
	EXPECT_CODE(ASH_E_MECHANISM_PARAM,
		    check_params(CKM_AES_GCM, (struct ash_params){ .iv = { bytes, 12 },
								   .tag_len = 16,
								   .deterministic = true }));
}
