#include "token/keygroup.h"

#include <ashlar/pkcs11.h>

#include "crypto/alg.h"
#include "token/der.h"
#include "unit/test.h"

TEST(every_row_is_found_by_all_that_names_it)
{
	EXPECT_NUMBER(1 + ASH_GROUPS - 1, ash_keygroup_count()); /* RSA, and every group */
	for (size_t i = 0; i < ash_keygroup_count(); i++) {
		const struct ash_keygroup *row = ash_keygroup_at(i);

		EXPECT(ash_keygroup_of(row->kind, row->group) == row);
		EXPECT(ash_keygroup_of_algorithm(row->algorithm) == row);
		EXPECT(row->params.len == 0 || ash_keygroup_of_params(row->kind, row->params) == row);
		EXPECT(row->name.len == 0 || ash_keygroup_of_params(row->kind, row->name) == row);
		EXPECT(row->parameter_set == 0 || ash_keygroup_of_set(row->kind, row->parameter_set) == row);
	}
}

TEST(a_row_has_what_its_kind_has)
{
	for (size_t i = 0; i < ash_keygroup_count(); i++) {
		const struct ash_keygroup *row = ash_keygroup_at(i);
		const bool edwards = row->kind == ASH_KEY_EDWARDS || row->kind == ASH_KEY_MONTGOMERY;
		const bool lattice = row->kind == ASH_KEY_ML_DSA || row->kind == ASH_KEY_ML_KEM;

		EXPECT_NUMBER(row->kind == ASH_KEY_RSA, row->group == ASH_GROUP_NONE);
		EXPECT_NUMBER(row->kind == ASH_KEY_EC || edwards, row->params.len != 0);
		EXPECT_NUMBER(edwards, row->name.len != 0);
		EXPECT_NUMBER(lattice, row->parameter_set != 0);
		EXPECT_NUMBER(lattice, row->seed_len != 0);
		EXPECT(row->group == ASH_GROUP_NONE || ash_group_public_len(row->group) != 0);
		EXPECT(row->group == ASH_GROUP_NONE || ash_group_private_len(row->group) != 0);
	}
}

TEST(what_names_a_row_is_der)
{
	for (size_t i = 0; i < ash_keygroup_count(); i++) {
		const struct ash_keygroup *row = ash_keygroup_at(i);
		struct ash_reader in = ash_reader(row->algorithm), inner;
		struct ash_span content = ASH_SPAN_NONE;

		EXPECT_OK(ash_der_take(&in, ASH_DER_SEQUENCE, &content));
		EXPECT_OK(ash_reader_end(&in));
		inner = ash_reader(content);
		EXPECT_OK(ash_der_take(&inner, ASH_DER_OID, &content));
		if (row->kind == ASH_KEY_EC)
			EXPECT_SPAN(row->params, inner.rest);
		else if (row->kind == ASH_KEY_RSA)
			EXPECT_SPAN(ash_span("\5\0", 2), inner.rest);
		else
			EXPECT_OK(ash_reader_end(&inner));
		if (row->params.len == 0)
			continue;
		in = ash_reader(row->params);
		EXPECT_OK(ash_der_take(&in, ASH_DER_OID, &content));
		EXPECT_OK(ash_reader_end(&in));
		if (row->name.len == 0)
			continue;
		in = ash_reader(row->name);
		EXPECT_OK(ash_der_take(&in, ASH_DER_PRINTABLE_STRING, &content));
		EXPECT_OK(ash_reader_end(&in));
	}
}

TEST(what_is_not_ours_is_not_found)
{
	EXPECT(ash_keygroup_of(ASH_KEY_SECRET, ASH_GROUP_NONE) == NULL);
	EXPECT(ash_keygroup_of(ASH_KEY_EC, ASH_GROUP_NONE) == NULL);
	EXPECT(ash_keygroup_of(ASH_KEY_EC, ASH_GROUP_ED25519) == NULL);
	EXPECT(ash_keygroup_of_params(ASH_KEY_RSA, ASH_SPAN_NONE) == NULL);
	EXPECT(ash_keygroup_of_params(ASH_KEY_EC, ASH_SPAN_NONE) == NULL);
	EXPECT(ash_keygroup_of_params(ASH_KEY_EC, ash_span("x", 1)) == NULL);
	EXPECT(ash_keygroup_of_set(ASH_KEY_ML_DSA, 0) == NULL);
	EXPECT(ash_keygroup_of_set(ASH_KEY_ML_DSA, 4) == NULL);
	EXPECT(ash_keygroup_of_set(ASH_KEY_EC, 1) == NULL);
	EXPECT(ash_keygroup_of_set(ASH_KEY_ML_DSA, CKP_ML_DSA_44) !=
	       ash_keygroup_of_set(ASH_KEY_ML_KEM, CKP_ML_KEM_512));
	EXPECT(ash_keygroup_of_algorithm(ASH_SPAN_NONE) == NULL);
}
