/*
 * Objects as another token might have them: of the P-256 key whose private number is 1, and
 * an AES key.
 */
#pragma once

#include "app/foreign/object.h"
#include "unit/test.h"

static const uint8_t p256_params[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

/* OCTET STRING, the curve's base point */
ASH_UNUSED static const uint8_t base_point[] = {
	0x04, 0x41, 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4,
	0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
	0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
	0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};

ASH_UNUSED static void set_bytes(struct ash_foreign_object *object, uint64_t type, struct ash_span value)
{
	EXPECT_OK(ash_attrs_set(object->attrs, type, value));
}

ASH_UNUSED static void set_bool(struct ash_foreign_object *object, uint64_t type, bool value)
{
	EXPECT_OK(ash_attrs_set_bool(object->attrs, type, value));
}

ASH_UNUSED static struct ash_foreign_object *add_object(struct ash_foreign_objects *objects, uint64_t class,
							const char *label)
{
	struct ash_foreign_object *object = NULL;

	EXPECT_OK(ash_foreign_objects_add(objects, &object));
	EXPECT_OK(ash_attrs_new(&object->attrs));
	EXPECT_OK(ash_attrs_set_number(object->attrs, CKA_CLASS, class));
	set_bytes(object, CKA_LABEL, ash_span_text(label));
	set_bool(object, CKA_TOKEN, true);
	return object;
}

ASH_UNUSED static struct ash_foreign_object *add_p256(struct ash_foreign_objects *objects, bool private)
{
	struct ash_foreign_object *object =
		add_object(objects, private ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY, "key");

	EXPECT_OK(ash_attrs_set_number(object->attrs, CKA_KEY_TYPE, CKK_EC));
	set_bytes(object, CKA_ID, TEXT("\x01"));
	set_bytes(object, CKA_EC_PARAMS, SPAN(p256_params));
	set_bool(object, CKA_PRIVATE, private);
	set_bool(object, CKA_LOCAL, true);
	if (private) {
		set_bytes(object, CKA_VALUE, TEXT("\x01"));
		set_bytes(object, CKA_START_DATE, TEXT(""));
		set_bool(object, CKA_SENSITIVE, true);
		set_bool(object, CKA_EXTRACTABLE, false);
		set_bool(object, CKA_ALWAYS_SENSITIVE, true);
		set_bool(object, CKA_SIGN, true);
	} else {
		set_bytes(object, CKA_EC_POINT, SPAN(base_point));
		set_bool(object, CKA_VERIFY, true);
	}
	return object;
}

ASH_UNUSED static struct ash_foreign_object *add_aes(struct ash_foreign_objects *objects, const char *label)
{
	struct ash_foreign_object *object = add_object(objects, CKO_SECRET_KEY, label);

	EXPECT_OK(ash_attrs_set_number(object->attrs, CKA_KEY_TYPE, CKK_AES));
	EXPECT_OK(ash_attrs_set_number(object->attrs, CKA_VALUE_LEN, 16));
	set_bytes(object, CKA_VALUE, TEXT("0123456789abcdef"));
	set_bool(object, CKA_SENSITIVE, true);
	return object;
}
