#include "unit/app/foreign/target.h"

/* There are no others: nothing but values can be compared. */
static const struct ash_foreign_objects none = { .count = 0 };

static struct ash_foreign_result bring(struct ash_foreign_target *target,
				       const struct ash_foreign_object *object)
{
	struct ash_foreign_result result = ASH_FOREIGN_RESULT_NONE;

	EXPECT_OK(ash_foreign_bring(target, &none, object, &result));
	return result;
}

TEST(an_object_is_made_with_its_attributes)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();
	struct ash_foreign_result result = bring(&target, add_p256(&objects, true));

	EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, result.outcome);
	EXPECT(strstr(result.why, "not checked") != NULL);
	EXPECT_TEXT("CKA_LOCAL, CKA_ALWAYS_SENSITIVE", result.lost);
	EXPECT(is_true(&target, result.object, CKA_SIGN) && is_true(&target, result.object, CKA_PRIVATE));
	EXPECT(is_true(&target, result.object, CKA_SENSITIVE));
	EXPECT(!is_true(&target, result.object, CKA_EXTRACTABLE));
	free_target(&target);
}

/* Two that look the same are two; what was there before this import is one of them. */
TEST(what_is_there_is_not_made_again)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();
	struct ash_foreign_result result;

	for (int i = 0; i < 2; i++) {
		result = bring(&target, add_aes(&objects, "same"));
		EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, result.outcome);
	}
	ash_foreign_target_done(&target); /* the next import */
	result = bring(&target, add_aes(&objects, "same"));
	EXPECT_NUMBER(ASH_FOREIGN_PRESENT, result.outcome);
	EXPECT(result.object != 0);
	EXPECT_NUMBER(ASH_FOREIGN_PRESENT, bring(&target, add_aes(&objects, "same")).outcome);
	EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, bring(&target, add_aes(&objects, "same")).outcome);
	EXPECT_TEXT("", result.other);
	result = bring(&target, add_aes(&objects, "other"));
	EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, result.outcome);
	free_target(&target);
}

/* Careful people mark root keys so: they come, and are found when the command is given once more. */
TEST(what_may_not_be_destroyed_comes_once)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();
	struct ash_foreign_object *key = add_aes(&objects, "root");
	struct ash_foreign_result result;

	set_bool(key, CKA_DESTROYABLE, false);
	result = bring(&target, key);
	EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, result.outcome);
	EXPECT(!is_true(&target, result.object, CKA_DESTROYABLE));
	EXPECT(is_true(&target, result.object, CKA_TOKEN));
	EXPECT_CODE(ASH_E_ACTION_PROHIBITED,
		    target.api->destroy_object(target.hsm, target.session, result.object));
	ash_foreign_target_done(&target); /* the next import */
	result = bring(&target, key);
	EXPECT_NUMBER(ASH_FOREIGN_PRESENT, result.outcome);
	EXPECT_TEXT("", result.other);
	free_target(&target);
}

TEST(what_may_be_done_with_the_one_that_is_there_is_told)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();
	struct ash_foreign_object *before = add_aes(&objects, "same"), *after = add_aes(&objects, "same");
	struct ash_foreign_result result;

	set_bool(before, CKA_EXTRACTABLE, true);
	set_bool(before, CKA_WRAP, true);
	set_bool(before, CKA_ENCRYPT, true);
	set_bool(after, CKA_EXTRACTABLE, false);
	set_bool(after, CKA_WRAP, false);
	set_bool(after, CKA_ENCRYPT, true);
	EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, bring(&target, before).outcome);
	ash_foreign_target_done(&target); /* the next import */
	result = bring(&target, after);
	EXPECT_NUMBER(ASH_FOREIGN_PRESENT, result.outcome);
	EXPECT_TEXT("CKA_WRAP, CKA_EXTRACTABLE", result.other);
	free_target(&target);
}

/* The first bytes of AES-128 of a zero block under two keys. */
TEST(another_key_of_the_same_name_is_another_key)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();
	struct ash_foreign_object *one = add_aes(&objects, "same"), *other = NULL;
	struct ash_foreign_result result;

	set_bytes(one, CKA_CHECK_VALUE, TEXT("\x0b\x9b\x15"));
	EXPECT_TEXT("check value", bring(&target, one).proof);
	ash_foreign_target_done(&target);
	other = add_aes(&objects, "same");
	set_bytes(other, CKA_VALUE, TEXT("fedcba9876543210"));
	set_bytes(other, CKA_CHECK_VALUE, TEXT("\xb6\x2c\x2f"));
	result = bring(&target, other);
	EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, result.outcome);
	EXPECT_TEXT("check value", result.proof);
	ash_foreign_target_done(&target);
	EXPECT_NUMBER(ASH_FOREIGN_PRESENT, bring(&target, other).outcome);
	free_target(&target);
}

/* Nothing but their class and type can be searched for, and the other side says nothing of their values. */
TEST(keys_without_names_are_told_apart)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();

	for (int again = 0; again < 2; again++) {
		for (uint8_t i = 1; i <= 3; i++) {
			struct ash_foreign_object *object =
				i < 3 ? add_p256(&objects, true) : add_aes(&objects, "");
			struct ash_foreign_result result;

			ash_attrs_remove(object->attrs, CKA_LABEL);
			ash_attrs_remove(object->attrs, CKA_ID);
			if (i < 3)
				set_bytes(object, CKA_VALUE, ash_span(&i, 1));
			ash_foreign_target_done(&target);
			result = bring(&target, object);
			EXPECT_NUMBER(again ? ASH_FOREIGN_PRESENT : ASH_FOREIGN_IMPORTED, result.outcome);
			if (again) {
				EXPECT_TEXT(i < 3 ? "public key" : "check value", result.proof);
				EXPECT_TEXT("", result.why);
			}
		}
	}
	free_target(&target);
}

/* An empty value is no proof of anything. */
TEST(what_is_not_proved_is_made)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();

	for (int i = 0; i < 2; i++) {
		EXPECT_NUMBER(ASH_FOREIGN_IMPORTED,
			      bring(&target, add_object(&objects, CKO_DATA, "empty")).outcome);
		ash_foreign_target_done(&target);
	}
	free_target(&target);
}

TEST(many_may_look_the_same)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();

	for (int again = 0; again < 2; again++) {
		ash_foreign_target_done(&target);
		for (uint8_t i = 0; i < 70; i++) {
			struct ash_foreign_object *object = add_aes(&objects, "same");
			uint8_t value[16] = { i };

			set_bytes(object, CKA_VALUE, SPAN(value));
			EXPECT_NUMBER(again ? ASH_FOREIGN_PRESENT : ASH_FOREIGN_IMPORTED,
				      bring(&target, object).outcome);
		}
	}
	free_target(&target);
}

TEST(what_is_not_for_our_token_is_no_failure)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();
	struct ash_foreign_object *object = add_p256(&objects, false);
	struct ash_foreign_result result;

	set_bytes(object, CKA_EC_POINT, TEXT("no point"));
	result = bring(&target, object);
	EXPECT_NUMBER(ASH_FOREIGN_REFUSED, result.outcome);
	EXPECT(result.why[0] != '\0' && result.object == 0);
	object = add_object(&objects, CKO_SECRET_KEY, "des");
	EXPECT_OK(ash_attrs_set_number(object->attrs, CKA_KEY_TYPE, CKK_DES3));
	result = bring(&target, object);
	EXPECT_NUMBER(ASH_FOREIGN_REFUSED, result.outcome);
	EXPECT(strstr(result.why, "of its type") != NULL);
	EXPECT_OK(ash_foreign_objects_add(&objects, &object));
	strcpy(object->why, "its file is damaged");
	result = bring(&target, object);
	EXPECT_NUMBER(ASH_FOREIGN_REFUSED, result.outcome);
	EXPECT_TEXT("its file is damaged", result.why);
	free_target(&target);
}

TEST(a_session_that_may_not_write_is_a_failure)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_target target = new_target();
	struct ash_foreign_result result = ASH_FOREIGN_RESULT_NONE;

	EXPECT_OK(target.api->open_session(target.hsm, 0, false, &target.session));
	EXPECT_CODE(ASH_E_SESSION_READ_ONLY,
		    ash_foreign_bring(&target, &none, add_aes(&objects, "key"), &result));
	target.session = 12345;
	EXPECT_CODE(ASH_E_SESSION_HANDLE,
		    ash_foreign_bring(&target, &none, add_aes(&objects, "key"), &result));
	free_target(&target);
}

TEST(trying_makes_nothing)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	struct ash_foreign_result result = ASH_FOREIGN_RESULT_NONE;
	struct ash_foreign_object *object = add_object(&objects, CKO_HW_FEATURE, "clock");

	EXPECT_OK(ash_foreign_try(object, &result));
	EXPECT_NUMBER(ASH_FOREIGN_REFUSED, result.outcome);
	EXPECT_OK(ash_foreign_try(add_p256(&objects, true), &result));
	EXPECT_NUMBER(ASH_FOREIGN_IMPORTED, result.outcome);
	EXPECT(result.object == 0 && result.lost[0] != '\0');
}
