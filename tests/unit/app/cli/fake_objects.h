/*
 * The fake HSM of the command line's tests (fake.h): objects, random numbers.
 */
#pragma once

#include "unit/app/cli/fake_hsm.h"

static struct fake_attr *fake_attr(struct fake_object *object, uint64_t type)
{
	for (size_t i = 0; i < object->count; i++) {
		if (object->attrs[i].type == type)
			return &object->attrs[i];
	}
	return NULL;
}

static void fake_set(struct fake_object *object, uint64_t type, struct ash_span value)
{
	struct fake_attr *attr = fake_attr(object, type);

	if (attr == NULL) {
		EXPECT(object->count < FAKE_ATTRS);
		attr = &object->attrs[object->count++];
	}
	EXPECT(value.len <= FAKE_VALUE);
	attr->type = type;
	attr->len = value.len;
	if (value.len > 0)
		memcpy(attr->value, value.data, value.len);
}

static void fake_set_number(struct fake_object *object, uint64_t type, uint64_t number)
{
	uint8_t value[8];

	for (size_t i = 0; i < 8; i++)
		value[i] = (uint8_t)(number >> (56 - 8 * i));
	fake_set(object, type, SPAN(value));
}

/* The object behind a handle; NULL when there is none that this login may see. */
static struct fake_object *fake_object(struct ash_hsm *hsm, ash_handle handle)
{
	struct fake_object *object = handle > 0 && handle <= FAKE_OBJECTS ? &hsm->objects[handle - 1] : NULL;
	struct fake_attr *private;

	if (object == NULL || !object->used || object->slot != hsm->session_slot)
		return NULL;
	private = fake_attr(object, CKA_PRIVATE);
	return private != NULL && private->value[0] != 0 && !hsm->user ? NULL : object;
}

static struct ash_status fake_destroy_object(struct ash_hsm *hsm, ash_handle session, ash_handle handle)
{
	struct fake_object *object = fake_object(hsm, handle);

	FAKE_ENTER(hsm, "destroy_object");
	ASH_ENSURE(session == 7 && object != NULL, ASH_E_OBJECT_HANDLE);
	ASH_ENSURE(hsm->session_writes, ASH_E_SESSION_READ_ONLY);
	memset(object, 0, sizeof(*object));
	return ASH_DONE;
}

static struct ash_status fake_get_attributes(struct ash_hsm *hsm, ash_handle session, ash_handle handle,
					     struct ash_attr_query *queries, size_t count)
{
	struct fake_object *object = fake_object(hsm, handle);
	struct ash_status status = ASH_DONE;

	FAKE_ENTER(hsm, "get_attributes");
	ASH_ENSURE(session == 7 && object != NULL, ASH_E_OBJECT_HANDLE);
	ASH_ENSURE(!object->damaged, ASH_E_CORRUPT);
	for (size_t i = 0; i < count; i++) {
		struct fake_attr *attr = fake_attr(object, queries[i].type);
		struct ash_out *out = &queries[i].value;

		queries[i].code = attr == NULL ? ASH_E_ATTRIBUTE_TYPE : ASH_OK;
		if (attr != NULL) {
			out->len = attr->len;
			if (out->data != NULL && out->cap < attr->len)
				queries[i].code = ASH_E_BUFFER_TOO_SMALL;
			else if (out->data != NULL)
				memcpy(out->data, attr->value, attr->len);
		}
		if (status.code == ASH_OK)
			status.code = queries[i].code;
	}
	return status;
}

/* Not what it takes, but a number that shows: a hundred bytes for each attribute. */
static struct ash_status fake_object_size(struct ash_hsm *hsm, ash_handle session, ash_handle handle,
					  uint64_t *ret_size)
{
	struct fake_object *object = fake_object(hsm, handle);

	FAKE_ENTER(hsm, "object_size");
	ASH_ENSURE(session == 7 && object != NULL, ASH_E_OBJECT_HANDLE);
	*ret_size = object->count * 100;
	return ASH_DONE;
}

static struct ash_status fake_set_attributes(struct ash_hsm *hsm, ash_handle session, ash_handle handle,
					     struct ash_template given)
{
	struct fake_object *object = fake_object(hsm, handle);

	FAKE_ENTER(hsm, "set_attributes");
	ASH_ENSURE(session == 7 && object != NULL, ASH_E_OBJECT_HANDLE);
	if (fake_attr(object, CKA_MODIFIABLE) != NULL)
		ASH_ENSURE(fake_attr(object, CKA_MODIFIABLE)->value[0] != 0, ASH_E_ACTION_PROHIBITED);
	for (size_t i = 0; i < given.count; i++)
		fake_set(object, given.attrs[i].type, given.attrs[i].value);
	return ASH_DONE;
}

static struct ash_status fake_copy_object(struct ash_hsm *hsm, ash_handle session, ash_handle handle,
					  struct ash_template given, ash_handle *ret_copy)
{
	struct fake_object *object = fake_object(hsm, handle);

	FAKE_ENTER(hsm, "copy_object");
	ASH_ENSURE(session == 7 && object != NULL, ASH_E_OBJECT_HANDLE);
	ASH_ENSURE(hsm->session_writes, ASH_E_SESSION_READ_ONLY);
	if (fake_attr(object, CKA_COPYABLE) != NULL)
		ASH_ENSURE(fake_attr(object, CKA_COPYABLE)->value[0] != 0, ASH_E_ACTION_PROHIBITED);
	for (size_t i = 0; i < FAKE_OBJECTS; i++) {
		struct fake_object *copy = &hsm->objects[i];

		if (copy->used)
			continue;
		*copy = *object;
		for (size_t at = 0; at < given.count; at++)
			fake_set(copy, given.attrs[at].type, given.attrs[at].value);
		*ret_copy = i + 1;
		return ASH_DONE;
	}
	ASH_FAIL(ASH_E_LIMIT);
}

static struct ash_status fake_find_begin(struct ash_hsm *hsm, ash_handle session, struct ash_template want)
{
	FAKE_ENTER(hsm, "find_begin");
	ASH_ENSURE(session == 7 && !hsm->searching, ASH_E_OPERATION_ACTIVE);
	hsm->searching = true;
	hsm->want = want.attrs;
	hsm->want_count = want.count;
	hsm->found = 0;
	return ASH_DONE;
}

static bool fake_fits(struct ash_hsm *hsm, struct fake_object *object)
{
	if (object->damaged && hsm->want_count > 0)
		return false;
	for (size_t i = 0; i < hsm->want_count; i++) {
		struct fake_attr *attr = fake_attr(object, hsm->want[i].type);

		if (attr == NULL || !ash_span_equal(ash_span(attr->value, attr->len), hsm->want[i].value))
			return false;
	}
	return true;
}

static struct ash_status fake_find_next(struct ash_hsm *hsm, ash_handle session, ash_handle *objects,
					size_t cap, size_t *ret_count)
{
	size_t count = 0;

	FAKE_ENTER(hsm, "find_next");
	ASH_ENSURE(session == 7 && hsm->searching, ASH_E_OPERATION_NONE);
	while (hsm->found < FAKE_OBJECTS && count < cap) {
		struct fake_object *object = fake_object(hsm, ++hsm->found);

		if (object != NULL && fake_fits(hsm, object))
			objects[count++] = hsm->found;
	}
	*ret_count = count;
	return ASH_DONE;
}

static struct ash_status fake_find_end(struct ash_hsm *hsm, ash_handle session)
{
	hsm->want = NULL;
	hsm->searching = false;
	FAKE_ENTER(hsm, "find_end");
	ASH_ENSURE(session == 7, ASH_E_SESSION_HANDLE);
	return ASH_DONE;
}

/* What generation adds: class, type, and public parts that can be read. */
static void fake_finish(struct fake_object *object, uint64_t class, const struct ash_mechanism *mechanism)
{
	static const struct {
		uint64_t mechanism, key_type;
	} types[] = {
		{ CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA },
		{ CKM_EC_KEY_PAIR_GEN, CKK_EC },
		{ CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS },
		{ CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY },
		{ CKM_ML_DSA_KEY_PAIR_GEN, CKK_ML_DSA },
		{ CKM_ML_KEM_KEY_PAIR_GEN, CKK_ML_KEM },
		{ CKM_AES_KEY_GEN, CKK_AES },
		{ CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET },
		{ CKM_SHA256_KEY_GEN, CKK_SHA256_HMAC },
	};
	/* SEQUENCE { SEQUENCE {}, BIT STRING { 0 unused, 5 bytes } } */
	static const uint8_t spki[] = {
		0x30, 0x0a, 0x30, 0x00, 0x03, 0x06, 0x00, 0x50, 0x51, 0x52, 0x53, 0x54
	};
	uint8_t modulus[256] = { 0x80 };

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		if (types[i].mechanism == mechanism->type)
			fake_set_number(object, CKA_KEY_TYPE, types[i].key_type);
	}
	fake_set_number(object, CKA_CLASS, class);
	fake_set_number(object, CKA_KEY_GEN_MECHANISM, mechanism->type);
	fake_set(object, CKA_PUBLIC_KEY_INFO, SPAN(spki));
	if (mechanism->type == CKM_RSA_PKCS_KEY_PAIR_GEN)
		fake_set(object, CKA_MODULUS, SPAN(modulus));
}

static struct ash_status fake_make(struct ash_hsm *hsm, uint64_t class, const struct ash_mechanism *mechanism,
				   struct ash_template given, ash_handle *ret_key)
{
	ASH_ENSURE(hsm->user && hsm->session_writes, ASH_E_NOT_LOGGED_IN);
	for (size_t i = 0; i < FAKE_OBJECTS; i++) {
		struct fake_object *object = &hsm->objects[i];

		if (object->used)
			continue;
		object->used = true;
		object->slot = hsm->session_slot;
		for (size_t at = 0; at < given.count; at++)
			fake_set(object, given.attrs[at].type, given.attrs[at].value);
		fake_finish(object, class, mechanism);
		*ret_key = i + 1;
		return ASH_DONE;
	}
	ASH_FAIL(ASH_E_LIMIT);
}

static struct ash_status fake_generate_key(struct ash_hsm *hsm, ash_handle session,
					   const struct ash_mechanism *mechanism, struct ash_template given,
					   ash_handle *ret_key)
{
	FAKE_ENTER(hsm, "generate_key");
	ASH_ENSURE(session == 7, ASH_E_SESSION_HANDLE);
	if (hsm->rivals > 0) { /* another process makes one with the same template */
		hsm->rivals--;
		ASH_TRY(fake_make(hsm, CKO_SECRET_KEY, mechanism, given, ret_key));
	}
	return fake_make(hsm, CKO_SECRET_KEY, mechanism, given, ret_key);
}

static struct ash_status fake_generate_pair(struct ash_hsm *hsm, ash_handle session,
					    const struct ash_mechanism *mechanism,
					    struct ash_template public_given,
					    struct ash_template private_given, ash_handle *ret_public,
					    ash_handle *ret_private)
{
	uint64_t type_of[] = { CKA_EC_PARAMS, CKA_PARAMETER_SET };

	FAKE_ENTER(hsm, "generate_pair");
	ASH_ENSURE(session == 7, ASH_E_SESSION_HANDLE);
	ASH_TRY(fake_make(hsm, CKO_PUBLIC_KEY, mechanism, public_given, ret_public));
	ASH_TRY(fake_make(hsm, CKO_PRIVATE_KEY, mechanism, private_given, ret_private));
	for (size_t i = 0; i < ASH_COUNT(type_of); i++) {
		struct fake_attr *attr = fake_attr(&hsm->objects[*ret_public - 1], type_of[i]);

		if (attr != NULL)
			fake_set(&hsm->objects[*ret_private - 1], type_of[i],
				 ash_span(attr->value, attr->len));
	}
	return ASH_DONE;
}

static void fake_take(struct ash_hsm *hsm, struct ash_template given)
{
	for (size_t i = 0; i < FAKE_OBJECTS; i++) {
		struct fake_object *object = &hsm->objects[i];

		if (object->used)
			continue;
		object->used = true;
		object->slot = hsm->session_slot;
		for (size_t at = 0; at < given.count; at++)
			fake_set(object, given.attrs[at].type, given.attrs[at].value);
		return;
	}
}

/* A key whose last byte is 0xff is refused. What there is no room for is in, too. */
static struct ash_status fake_import_keys(struct ash_hsm *hsm, ash_handle session, struct ash_import *keys,
					  size_t count)
{
	FAKE_ENTER(hsm, "import_keys");
	ASH_ENSURE(session == 7 && hsm->user && hsm->session_writes, ASH_E_NOT_LOGGED_IN);
	if (hsm->import_count < ASH_COUNT(hsm->imports))
		hsm->imports[hsm->import_count++] = count;
	for (size_t i = 0; i < count; i++) {
		EXPECT(keys[i].pkcs8.len != 0);
		if (keys[i].pkcs8.data[keys[i].pkcs8.len - 1] == 0xff)
			keys[i].code = ASH_E_ATTRIBUTE_VALUE;
		ASH_ENSURE(keys[i].code == ASH_OK, keys[i].code);
	}
	for (size_t i = 0; i < count; i++) {
		fake_take(hsm, keys[i].public_given);
		fake_take(hsm, keys[i].private_given);
	}
	return ASH_DONE;
}

static struct ash_status fake_random(struct ash_hsm *hsm, ash_handle session, struct ash_mut out)
{
	FAKE_ENTER(hsm, "random");
	ASH_ENSURE(session == 7, ASH_E_SESSION_HANDLE);
	for (size_t i = 0; i < out.len; i++)
		out.data[i] = (uint8_t)(0xa0 + i);
	return ASH_DONE;
}
