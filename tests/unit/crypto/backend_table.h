/* The table itself, what is offered, and keys in general. */
#pragma once

#include "crypto/backend_tools.h"

TEST(table_is_filled)
{
	EXPECT_NUMBER(ASH_BACKEND_ABI, ops->abi);
	EXPECT(ops->name != NULL && ops->name[0] != '\0');
	EXPECT(ops->open != NULL && ops->close != NULL && ops->version != NULL);
	EXPECT(ops->offers != NULL && ops->offers_key != NULL);
	EXPECT(ops->key_generate != NULL && ops->key_load != NULL && ops->key_parts != NULL &&
	       ops->key_free != NULL);
	EXPECT(ops->op_new != NULL && ops->op_streams != NULL && ops->op_start != NULL &&
	       ops->op_update != NULL);
	EXPECT(ops->op_finish != NULL && ops->op_finish_verify != NULL && ops->op_free != NULL);
}

TEST(close_and_free_accept_nothing)
{
	EXPECT(ops->close(NULL) == NULL);
	EXPECT(ops->key_free(lib(), NULL) == NULL);
	EXPECT(ops->op_free(NULL) == NULL);
}

TEST(version_names_the_library)
{
	EXPECT(strlen(ops->version(lib())) > 5);
}

TEST(opens_a_second_time)
{
	void *second = NULL;
	uint8_t digest[32];
	size_t len = 0;
	void *op = NULL;

	(void)lib();
	EXPECT_OK(ops->open(&second));
	EXPECT_OK(ops->op_new(second, ASH_OP_DIGEST, (struct ash_alg){ ASH_SCHEME_HASH, ASH_HASH_SHA256 },
			      NULL, &op));
	EXPECT_OK(one_shot(op, NULL, text(10), ash_mut(digest, sizeof(digest)), &len));
	ops->op_free(op);
	EXPECT(ops->close(second) == NULL);

	/* The first one lives on. */
	op = new_op(ASH_OP_DIGEST, (struct ash_alg){ ASH_SCHEME_HASH, ASH_HASH_SHA256 }, NULL);
	EXPECT_OK(one_shot(op, NULL, text(10), ash_mut(digest, sizeof(digest)), &len));
	ops->op_free(op);
}

static const struct ash_key_spec odd_specs[] = {
	{ ASH_KEY_RSA, ASH_GROUP_NONE, 8200 },
	{ ASH_KEY_EC, ASH_GROUP_X25519, 0 },
	{ ASH_KEY_EC, ASH_GROUP_P256, 256 },
	{ ASH_KEY_EDWARDS, ASH_GROUP_X448, 0 },
	{ ASH_KEY_MONTGOMERY, ASH_GROUP_ED448, 0 },
	{ ASH_KEY_MONTGOMERY, ASH_GROUP_NONE, 0 },
	{ ASH_KEY_ML_DSA, ASH_GROUP_ML_KEM_512, 0 },
	{ ASH_KEY_ML_KEM, ASH_GROUP_ML_DSA_87, 0 },
	{ ASH_KEY_ML_KEM, ASH_GROUPS, 0 },
	{ ASH_KEY_KINDS, ASH_GROUP_NONE, 0 },
	{ ASH_KEY_RSA, ASH_GROUP_NONE, 0 },
	{ ASH_KEY_RSA, ASH_GROUP_NONE, 512 },
	{ ASH_KEY_RSA, ASH_GROUP_NONE, 1024 },
	{ ASH_KEY_RSA, ASH_GROUP_NONE, 2049 },
	{ ASH_KEY_RSA, ASH_GROUP_NONE, 16384 },
	{ ASH_KEY_RSA, ASH_GROUP_P256, 2048 },
	{ ASH_KEY_EC, ASH_GROUP_NONE, 0 },
	{ ASH_KEY_EC, ASH_GROUP_ED25519, 0 },
	{ ASH_KEY_EC, ASH_GROUPS, 0 },
	{ ASH_KEY_EDWARDS, ASH_GROUP_P256, 0 },
	{ ASH_KEY_ML_DSA, ASH_GROUP_NONE, 0 },
	{ ASH_KEY_SECRET, ASH_GROUP_NONE, 7 },
	{ ASH_KEY_SECRET, ASH_GROUP_P384, 256 },
	{ ASH_KEY_SECRET, ASH_GROUP_NONE, 0xfffffff8 },
};

TEST(odd_kinds_of_keys_are_not_offered_nor_made)
{
	for (size_t i = 0; i < ASH_COUNT(odd_specs); i++) {
		struct ash_parts parts = ASH_PARTS_NONE;
		void *key = NULL;

		EXPECT(!ops->offers_key(lib(), &odd_specs[i]));
		EXPECT_CODE(ASH_E_UNSUPPORTED, ops->key_generate(lib(), &odd_specs[i], &parts, &key));
		EXPECT_CODE(ASH_E_UNSUPPORTED, ops->key_load(lib(), &odd_specs[i], &parts, &key));
		EXPECT(key == NULL);
	}
}

TEST(odd_algorithms_are_not_offered_nor_made)
{
	static const struct {
		enum ash_op op;
		struct ash_alg alg;
	} row[] = {
		{ ASH_OPS, { ASH_SCHEME_HASH, ASH_HASH_SHA256 } },
		{ ASH_OP_DIGEST, { ASH_SCHEMES, ASH_HASH_SHA256 } },
		{ ASH_OP_DIGEST, { ASH_SCHEME_HASH, ASH_HASHES } },
		{ ASH_OP_DIGEST, { ASH_SCHEME_HASH, ASH_HASH_NONE } },
		{ ASH_OP_SIGN, { ASH_SCHEME_HASH, ASH_HASH_SHA256 } },
		{ ASH_OP_SIGN, { ASH_SCHEME_HMAC, ASH_HASH_NONE } },
		{ ASH_OP_ENCRYPT, { ASH_SCHEME_HMAC, ASH_HASH_SHA256 } },
		{ ASH_OP_SIGN, { ASH_SCHEME_AES_GCM, ASH_HASH_NONE } },
		{ ASH_OP_ENCRYPT, { ASH_SCHEME_AES_GCM, ASH_HASH_SHA256 } },
		{ ASH_OP_ENCRYPT, { ASH_SCHEME_ECDSA, ASH_HASH_NONE } },
		{ ASH_OP_ENCRYPT, { ASH_SCHEME_RSA_PKCS1, ASH_HASH_SHA256 } },
		{ ASH_OP_SIGN, { ASH_SCHEME_EDDSA, ASH_HASH_SHA512 } },
		{ ASH_OP_DERIVE, { ASH_SCHEME_ECDH, ASH_HASH_NONE } },
		{ ASH_OP_ENCAPSULATE, { ASH_SCHEME_ML_KEM, ASH_HASH_NONE } },
		{ ASH_OP_SIGN, { ASH_SCHEME_ML_KEM, ASH_HASH_NONE } },
		{ ASH_OP_ENCRYPT, { ASH_SCHEME_AES_CMAC, ASH_HASH_NONE } },
		{ ASH_OP_SIGN, { ASH_SCHEME_AES_CMAC, ASH_HASH_SHA256 } },
		{ ASH_OP_SIGN, { ASH_SCHEME_RSA_OAEP, ASH_HASH_NONE } },
		{ ASH_OP_ENCRYPT, { ASH_SCHEME_RSA_PSS, ASH_HASH_NONE } },
		{ ASH_OP_SIGN_RECOVER, { ASH_SCHEME_RSA_PKCS1, ASH_HASH_SHA256 } },
		{ ASH_OP_VERIFY_RECOVER, { ASH_SCHEME_ECDSA, ASH_HASH_NONE } },
	};
	const struct ash_key_spec aes = BYTES(32);
	void *op = NULL;

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		EXPECT(!ops->offers(lib(), row[i].op, row[i].alg, NULL));
		EXPECT(!ops->offers(lib(), row[i].op, row[i].alg, &aes));
		EXPECT_CODE(ASH_E_UNSUPPORTED,
			    ops->op_new(lib(), row[i].op, row[i].alg, kept_key(&aes), &op));
		EXPECT(op == NULL);
	}
}

TEST(keys_serve_their_own_algorithms_only)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		for (size_t j = 0; j < ASH_COUNT(signers); j++) {
			const struct ash_key_spec *other = &signers[j].spec;
			void *op = NULL;

			if (!offered(ASH_OP_SIGN, &signers[i]) || !ops->offers_key(lib(), other))
				continue;
			if (other->kind == signers[i].spec.kind)
				continue;
			EXPECT(!ops->offers(lib(), ASH_OP_SIGN, signers[i].alg, other));
			EXPECT_CODE(ASH_E_KEY_TYPE,
				    ops->op_new(lib(), ASH_OP_SIGN, signers[i].alg, kept_key(other), &op));
		}
	}
}

TEST(aes_takes_no_odd_key_sizes)
{
	static const struct ash_key_spec odd = BYTES(17);

	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		void *op = NULL;

		if (!offered(ASH_OP_ENCRYPT, &ciphers[i]))
			continue;
		EXPECT(!ops->offers(lib(), ASH_OP_ENCRYPT, ciphers[i].alg, &odd));
		if (ops->offers_key(lib(), &odd))
			EXPECT_CODE(ASH_E_KEY_TYPE,
				    ops->op_new(lib(), ASH_OP_ENCRYPT, ciphers[i].alg, kept_key(&odd), &op));
	}
}

TEST(keys_come_back_from_their_parts)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		const struct ash_key_spec *spec = &signers[i].spec;
		struct ash_parts before = ASH_PARTS_NONE;
		struct ash_parts after = ASH_PARTS_NONE;
		void *key = NULL;

		if (!ops->offers_key(lib(), spec))
			continue;
		before = parts_of(kept_key(spec));
		EXPECT(ash_parts_private(&before));
		EXPECT_OK(ops->key_load(lib(), spec, &before, &key));
		after = parts_of(key);
		for (enum ash_part part = 0; part < ASH_PARTS; part++) {
			EXPECT(ash_parts_has(&before, part) == ash_parts_has(&after, part));
			EXPECT_SPAN(ash_parts_get(&before, part), ash_parts_get(&after, part));
		}
		ops->key_free(lib(), key);
		ash_parts_done(&before);
		ash_parts_done(&after);
	}
}

TEST(two_keys_are_never_the_same)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		const struct ash_key_spec *spec = &signers[i].spec;
		struct ash_parts one = ASH_PARTS_NONE;
		struct ash_parts two = ASH_PARTS_NONE;
		void *key = NULL;

		if (!ops->offers_key(lib(), spec) || spec->kind == ASH_KEY_RSA || spec->bits == 8)
			continue;
		EXPECT_OK(ops->key_generate(lib(), spec, NULL, &key));
		one = parts_of(kept_key(spec));
		two = parts_of(key);
		for (enum ash_part part = 0; part < ASH_PARTS; part++)
			EXPECT(!ash_parts_has(&one, part) ||
			       !ash_span_equal(ash_parts_get(&one, part), ash_parts_get(&two, part)));
		ops->key_free(lib(), key);
		ash_parts_done(&one);
		ash_parts_done(&two);
	}
}

TEST(a_key_without_parts_is_none)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		const struct ash_parts none = ASH_PARTS_NONE;

		if (ops->offers_key(lib(), &signers[i].spec))
			EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&signers[i].spec, &none));
	}
}

TEST(a_secret_has_its_length)
{
	const struct ash_key_spec spec = BYTES(32);
	const struct ash_key_spec empty = BYTES(0);
	struct ash_parts parts = ASH_PARTS_NONE;
	void *key = NULL;

	EXPECT_OK(ash_parts_set(&parts, ASH_PART_SECRET, text(31)));
	EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&spec, &parts));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_SECRET, text(33)));
	EXPECT_CODE(ASH_E_KEY_INVALID, try_load(&spec, &parts));
	ash_parts_done(&parts);
	if (ops->offers_key(lib(), &empty))
		EXPECT_CODE(ASH_E_ARGUMENT, ops->key_generate(lib(), &empty, NULL, &key));
}
