#include "app/foreign/prove.h"

#include "unit/app/foreign/target.h"

static struct ash_foreign_result bring(struct ash_foreign_target *target,
				       const struct ash_foreign_objects *all, size_t index)
{
	struct ash_foreign_result result = ASH_FOREIGN_RESULT_NONE;

	EXPECT_OK(ash_foreign_bring(target, all, &all->object[index], &result));
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

/* 2 is not the private number of the base point. It goes, be it that it could not be destroyed. */
TEST(another_key_does_not_stay)
{
	for (unsigned use = 0; use < 4; use++) {
		ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
		struct ash_foreign_target target = new_target();
		struct ash_foreign_object *object = add_p256(&objects, true);
		struct ash_foreign_result result;

		set_bytes(object, CKA_VALUE, TEXT("\x02"));
		set_bool(object, CKA_SIGN, (use & 1) != 0);
		set_bool(object, CKA_DESTROYABLE, (use & 2) == 0);
		(void)add_p256(&objects, false);
		result = bring(&target, &objects, 0);
		EXPECT_NUMBER(ASH_FOREIGN_REFUSED, result.outcome);
		EXPECT(strstr(result.why, "not the same") != NULL && result.proof == NULL);
		EXPECT(is_gone(&target, result.object));
		free_target(&target);
	}
}

/* Twice the base point: the public key of 2. */
static const uint8_t twice[] = {
	0x04, 0x41, 0x04, 0x7c, 0xf2, 0x7b, 0x18, 0x8d, 0x03, 0x4f, 0x7e, 0x8a, 0x52, 0x38, 0x03, 0x04, 0xb5,
	0x1a, 0xc3, 0xc0, 0x89, 0x69, 0xe2, 0x77, 0xf2, 0x1b, 0x35, 0xa6, 0x0b, 0x48, 0xfc, 0x47, 0x66, 0x99,
	0x78, 0x07, 0x77, 0x55, 0x10, 0xdb, 0x8e, 0xd0, 0x40, 0x29, 0x3d, 0x9a, 0xc6, 0x9f, 0x74, 0x30, 0xdb,
	0xba, 0x7d, 0xad, 0xe6, 0x3c, 0xe9, 0x82, 0x29, 0x9e, 0x04, 0xb7, 0x9d, 0x22, 0x78, 0x73, 0xd1,
};

/* Another key's public key has the same id, and is found before the right one. */
TEST(keys_may_share_an_id)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();

	set_bytes(add_p256(&objects, false), CKA_EC_POINT, SPAN(twice));
	(void)add_p256(&objects, false);
	(void)add_p256(&objects, true);
	set_bytes(add_p256(&objects, true), CKA_VALUE, TEXT("\x02"));
	EXPECT_TEXT("signature", bring(&target, &objects, 2).proof);
	EXPECT_TEXT("signature", bring(&target, &objects, 3).proof);
	free_target(&target);
}

TEST(the_other_pair_of_an_id_is_not_present)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();
	struct ash_foreign_result result;

	(void)add_p256(&objects, false);
	set_bytes(add_p256(&objects, false), CKA_EC_POINT, SPAN(twice));
	(void)add_p256(&objects, true);
	set_bytes(add_p256(&objects, true), CKA_VALUE, TEXT("\x02"));
	EXPECT_TEXT("signature", bring(&target, &objects, 2).proof);
	ash_foreign_target_done(&target); /* the next import: only the first is there */
	result = bring(&target, &objects, 3);
	EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, result.outcome);
	EXPECT_TEXT("signature", result.proof);
	ash_foreign_target_done(&target);
	for (size_t i = 2; i < 4; i++) {
		result = bring(&target, &objects, i);
		EXPECT_NUMBER(ASH_FOREIGN_PRESENT, result.outcome);
		EXPECT_TEXT("signature", result.proof);
	}
	free_target(&target);
}

/* The only public key of the id belongs to the other private key of that id. */
TEST(the_other_pair_of_an_id_proves_nothing_wrong)
{
	for (int use = 0; use < 2; use++) {
		ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
		struct ash_foreign_target target = new_target();
		struct ash_foreign_object *object = NULL;
		struct ash_foreign_result result;

		(void)add_p256(&objects, false);
		(void)add_p256(&objects, true);
		object = add_p256(&objects, true);
		set_bytes(object, CKA_VALUE, TEXT("\x02"));
		set_bool(object, CKA_SIGN, use != 0);
		result = bring(&target, &objects, 2);
		EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, result.outcome);
		EXPECT(result.proof == NULL && strstr(result.why, "not its own") != NULL);
		EXPECT(!is_gone(&target, result.object));
		free_target(&target);
	}
}

TEST(a_public_key_without_the_id_is_found_by_its_point)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();

	(void)add_p256(&objects, true);
	set_bytes(add_p256(&objects, false), CKA_ID, TEXT("\x02"));
	EXPECT_TEXT("signature", bring(&target, &objects, 0).proof);
	free_target(&target);
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
