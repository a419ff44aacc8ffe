#include "app/selftest/mapping.h"

#include "token/attrs.h"
#include "unit/test.h"

/* Which of the names of mechanisms say which hash: the mapping goes by the table, this by the words. */
static const char *word_of(enum ash_hash hash)
{
	static const char *const words[ASH_HASHES] = {
		[ASH_HASH_SHA224] = "SHA224",         [ASH_HASH_SHA256] = "SHA256",
		[ASH_HASH_SHA384] = "SHA384",         [ASH_HASH_SHA512] = "SHA512",
		[ASH_HASH_SHA512_224] = "SHA512_224", [ASH_HASH_SHA512_256] = "SHA512_256",
		[ASH_HASH_SHA3_224] = "SHA3_224",     [ASH_HASH_SHA3_256] = "SHA3_256",
		[ASH_HASH_SHA3_384] = "SHA3_384",     [ASH_HASH_SHA3_512] = "SHA3_512",
	};

	return words[hash];
}

/* A table whose hashes were swapped would pass its own vectors: numbers and hashes are compared here. */
TEST(a_mechanism_has_the_hash_of_its_name)
{
	size_t compared = 0;

	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const char *said = NULL;

		for (enum ash_hash hash = 1; hash < ASH_HASHES; hash++) {
			const char *word = word_of(hash);

			if (word != NULL && strstr(row->name, word) != NULL &&
			    (said == NULL || strlen(word) > strlen(said)))
				said = word;
		}
		if (said == NULL || row->alg.hash == ASH_HASH_NONE)
			continue;
		EXPECT_TEXT(said, word_of(row->alg.hash));
		compared++;
	}
	EXPECT(compared > 50);
}

TEST(macs_that_are_cut_have_a_mechanism_of_their_own)
{
	const struct ash_vector_key key = { .spec = { .kind = ASH_KEY_SECRET, .bits = 256 } };
	struct ash_vector_request request = {
		.op = ASH_OP_SIGN,
		.alg = { ASH_SCHEME_HMAC, ASH_HASH_SHA256 },
		.key = &key,
		.params = { .tag_len = 32 },
	};

	EXPECT(ash_mapping_fits(ash_mechanism_find(CKM_SHA256_HMAC), &request));
	EXPECT(!ash_mapping_fits(ash_mechanism_find(CKM_SHA256_HMAC_GENERAL), &request));
	EXPECT_NUMBER(0, ash_mapping_mechanism(ash_mechanism_find(CKM_SHA256_HMAC), &request).params.tag_len);
	request.params.tag_len = 16;
	EXPECT(!ash_mapping_fits(ash_mechanism_find(CKM_SHA256_HMAC), &request));
	EXPECT(ash_mapping_fits(ash_mechanism_find(CKM_SHA256_HMAC_GENERAL), &request));
	EXPECT_NUMBER(
		16,
		ash_mapping_mechanism(ash_mechanism_find(CKM_SHA256_HMAC_GENERAL), &request).params.tag_len);
	EXPECT(!ash_mapping_fits(ash_mechanism_find(CKM_SHA384_HMAC_GENERAL), &request));
	EXPECT(!ash_mapping_fits(ash_mechanism_find(CKM_SHA256), &request));
}

TEST(keys_fit_their_mechanisms)
{
	static const struct {
		uint64_t mechanism;
		enum ash_key_kind kind;
		uint64_t type;
	} rows[] = {
		{ CKM_ECDH1_DERIVE, ASH_KEY_EC, CKK_EC },
		{ CKM_ECDH1_DERIVE, ASH_KEY_MONTGOMERY, CKK_EC_MONTGOMERY },
		{ CKM_ECDH1_COFACTOR_DERIVE, ASH_KEY_MONTGOMERY, CK_UNAVAILABLE_INFORMATION },
		{ CKM_AES_GCM, ASH_KEY_SECRET, CKK_AES },
		{ CKM_SHA256_HMAC, ASH_KEY_SECRET, CKK_GENERIC_SECRET },
		{ CKM_HKDF_DERIVE, ASH_KEY_SECRET, CKK_GENERIC_SECRET },
		{ CKM_RSA_PKCS, ASH_KEY_EC, CK_UNAVAILABLE_INFORMATION },
		{ CKM_ML_KEM, ASH_KEY_ML_KEM, CKK_ML_KEM },
	};

	for (size_t i = 0; i < ASH_COUNT(rows); i++)
		EXPECT_NUMBER(rows[i].type,
			      ash_mapping_key_type(ash_mechanism_find(rows[i].mechanism), rows[i].kind));
}

static const struct ash_attr *find(const struct ash_mapping_template *made, uint64_t type)
{
	for (size_t i = 0; i < made->count; i++) {
		if (made->attrs[i].type == type)
			return &made->attrs[i];
	}
	return NULL;
}

TEST(a_public_key_has_its_point_and_no_secret)
{
	const struct ash_vector_key key = {
		.spec = { .kind = ASH_KEY_EC, .group = ASH_GROUP_P256 },
		.part = { [ASH_PART_PUBLIC] = TEXT("point"), [ASH_PART_PRIVATE] = TEXT("scalar") },
	};
	ASH_AUTO(ash_mapping_template) made = ASH_MAPPING_TEMPLATE_NONE;

	EXPECT_OK(ash_mapping_key(ash_mechanism_find(CKM_ECDSA), ASH_OP_VERIFY, &key, &made));
	EXPECT_SPAN(TEXT("\0\0\0\0\0\0\0\x02"), find(&made, CKA_CLASS)->value);
	EXPECT_SPAN(TEXT("\x04\x05point"), find(&made, CKA_EC_POINT)->value);
	EXPECT(find(&made, CKA_VALUE) == NULL && find(&made, CKA_VERIFY) != NULL);
	EXPECT(find(&made, CKA_SIGN) == NULL && find(&made, CKA_EC_PARAMS) != NULL);
}

TEST(a_private_lattice_key_brings_its_public_key)
{
	const struct ash_vector_key key = {
		.spec = { .kind = ASH_KEY_ML_KEM, .group = ASH_GROUP_ML_KEM_512 },
		.part = { [ASH_PART_PUBLIC] = TEXT("public"), [ASH_PART_SEED] = TEXT("seed") },
	};
	ASH_AUTO(ash_mapping_template) made = ASH_MAPPING_TEMPLATE_NONE;

	EXPECT_OK(ash_mapping_key(ash_mechanism_find(CKM_ML_KEM), ASH_OP_DECAPSULATE, &key, &made));
	EXPECT_SPAN(TEXT("seed"), find(&made, CKA_SEED)->value);
	EXPECT(find(&made, CKA_PUBLIC_KEY_INFO) != NULL && find(&made, CKA_DECAPSULATE) != NULL);
	EXPECT_SPAN(TEXT("\0\0\0\0\0\0\0\x01"), find(&made, CKA_PARAMETER_SET)->value);
}

TEST(a_template_has_an_end)
{
	struct ash_mapping_template made = ASH_MAPPING_TEMPLATE_NONE;

	for (uint64_t i = 0; i < 100; i++)
		ash_mapping_add_number(&made, CKA_VALUE_LEN, i);
	EXPECT_NUMBER(ASH_MAPPING_ATTRS_MAX, made.count);
	EXPECT_SPAN(TEXT("\0\0\0\0\0\0\0\x17"), made.attrs[ASH_MAPPING_ATTRS_MAX - 1].value);
}

TEST(hashes_have_numbers_where_pkcs11_has_them)
{
	EXPECT_NUMBER(CKM_SHA384, ash_mapping_hash(ASH_HASH_SHA384));
	EXPECT_NUMBER(0, ash_mapping_hash(ASH_HASHES));
	EXPECT_NUMBER(CKG_MGF1_SHA3_512, ash_mapping_mgf(ASH_HASH_SHA3_512));
	EXPECT_NUMBER(0, ash_mapping_mgf(ASH_HASH_SHA512_224));
	EXPECT_NUMBER(0, ash_mapping_mgf(ASH_HASHES));
	EXPECT_NUMBER(CKP_PKCS5_PBKD2_HMAC_SHA512_256, ash_mapping_prf(ASH_HASH_SHA512_256));
	EXPECT_NUMBER(0, ash_mapping_prf(ASH_HASH_SHA3_256));
}
