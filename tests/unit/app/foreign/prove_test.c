#include "app/foreign/prove.h"

#include "unit/app/foreign/target.h"

static struct ash_foreign_result bring(struct ash_foreign_target *target,
				       const struct ash_foreign_objects *all, size_t index)
{
	struct ash_foreign_result result = ASH_FOREIGN_RESULT_NONE;

	EXPECT_OK(ash_foreign_bring(target, &all->object[index], &result));
	EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, result.outcome);
	EXPECT_OK(ash_foreign_prove(target, all, &all->object[index], &result));
	return result;
}

static bool is_gone(struct ash_foreign_target *target, ash_handle object)
{
	uint64_t size = 0;

	return target->api->object_size(target->hsm, target->session, object, &size).code ==
	       ASH_E_OBJECT_HANDLE;
}

TEST(a_pair_is_proved_by_a_signature)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();

	(void)add_p256(&objects, true);
	(void)add_p256(&objects, false);
	EXPECT_TEXT("signature", bring(&target, &objects, 0).proof);
	EXPECT_TEXT("value", bring(&target, &objects, 1).proof);
	free_target(&target);
}

/* The base point without its OCTET STRING, as SoftHSM has those of imported Edwards keys. */
TEST(a_bare_point_is_the_same_point)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();

	set_bytes(add_p256(&objects, false), CKA_EC_POINT, ash_span(base_point + 2, sizeof(base_point) - 2));
	EXPECT_TEXT("value", bring(&target, &objects, 0).proof);
	(void)add_p256(&objects, true);
	EXPECT_TEXT("signature", bring(&target, &objects, 1).proof);
	free_target(&target);
}

/* One that may not sign is compared with the public key that our token makes of it. */
TEST(a_key_that_may_not_be_used_is_proved_otherwise)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();

	set_bool(add_p256(&objects, true), CKA_SIGN, false);
	(void)add_p256(&objects, false);
	EXPECT_TEXT("public key", bring(&target, &objects, 0).proof);
	free_target(&target);
}

/* 2 is not the private number of the base point. */
TEST(another_key_does_not_stay)
{
	for (int use = 0; use < 2; use++) {
		ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
		struct ash_foreign_target target = new_target();
		struct ash_foreign_object *object = add_p256(&objects, true);
		struct ash_foreign_result result;

		set_bytes(object, CKA_VALUE, TEXT("\x02"));
		set_bool(object, CKA_SIGN, use != 0);
		(void)add_p256(&objects, false);
		result = bring(&target, &objects, 0);
		EXPECT_NUMBER(ASH_FOREIGN_REFUSED, result.outcome);
		EXPECT(strstr(result.why, "not the same") != NULL && result.proof == NULL);
		EXPECT(is_gone(&target, result.object));
		free_target(&target);
	}
}

TEST(without_a_public_key_it_is_said)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();
	struct ash_foreign_result result;

	(void)add_p256(&objects, true);
	result = bring(&target, &objects, 0);
	EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, result.outcome);
	EXPECT(result.proof == NULL && strstr(result.why, "not checked") != NULL);
	free_target(&target);
}

TEST(secrets_are_proved_by_their_check_value)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();
	struct ash_foreign_result result;

	/* The first bytes of AES-128 of a zero block under that key, and others. */
	set_bytes(add_aes(&objects, "right"), CKA_CHECK_VALUE, TEXT("\x0b\x9b\x15"));
	set_bytes(add_aes(&objects, "wrong"), CKA_CHECK_VALUE, TEXT("\x0b\x9b\x16"));
	(void)add_aes(&objects, "silent");
	EXPECT_TEXT("check value", bring(&target, &objects, 0).proof);
	result = bring(&target, &objects, 1);
	EXPECT_NUMBER(ASH_FOREIGN_REFUSED, result.outcome);
	EXPECT(is_gone(&target, result.object));
	result = bring(&target, &objects, 2);
	EXPECT(result.proof == NULL && strstr(result.why, "no check value") != NULL);
	free_target(&target);
}

TEST(data_is_proved_by_its_value)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();

	set_bytes(add_object(&objects, CKO_DATA, "data"), CKA_VALUE, TEXT("some bytes"));
	EXPECT_TEXT("value", bring(&target, &objects, 0).proof);
	(void)add_object(&objects, CKO_DATA, "empty");
	EXPECT(bring(&target, &objects, 1).proof == NULL);
	free_target(&target);
}
