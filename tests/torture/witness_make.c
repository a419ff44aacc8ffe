#include "witness_priv.h"

#include <stdio.h>

CK_BYTE witness_p256[10] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

/* Each kind of object, private and public, small ones and one that needs pages of its own. */
const struct witness_object witness_objects[WITNESS_OBJECTS_COUNT] = {
	{ "open-data", CKO_DATA, 0, CK_FALSE, CK_FALSE, 50, NO_USE },
	{ "own-data", CKO_DATA, 0, CK_TRUE, CK_FALSE, 60, NO_USE },
	{ "cipher-key", CKO_SECRET_KEY, CKK_AES, CK_TRUE, CK_TRUE, 32, CIPHER },
	{ "pair", CKO_PRIVATE_KEY, CKK_EC, CK_TRUE, CK_TRUE, 0, SIGN },
	{ "pair", CKO_PUBLIC_KEY, CKK_EC, CK_FALSE, CK_FALSE, 0, VERIFY }, /* of what it signed */
	{ "mac-key", CKO_SECRET_KEY, CKK_GENERIC_SECRET, CK_TRUE, CK_TRUE, 48, MAC },
	{ "open-key", CKO_SECRET_KEY, CKK_GENERIC_SECRET, CK_FALSE, CK_FALSE, 32, MAC },
	{ "long-data", CKO_DATA, 0, CK_TRUE, CK_FALSE, 3000, NO_USE },
	{ "late-data", CKO_DATA, 0, CK_FALSE, CK_FALSE, 40, NO_USE },
	{ "late-key", CKO_SECRET_KEY, CKK_AES, CK_TRUE, CK_TRUE, 16, CIPHER },
};
#define FIRST_HALF 8u /* a log of few changes is damaged at each byte as well, and soon */

CK_RV witness_open_session(struct actor *actor, CK_RV *ret_read_only)
{
	CK_RV rv = actor->p11.C_OpenSession(actor->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					    &actor->session);

	*ret_read_only = CKR_OK;
	if (rv == CKR_TOKEN_WRITE_PROTECTED) {
		*ret_read_only = rv;
		rv = actor->p11.C_OpenSession(actor->slot, CKF_SERIAL_SESSION, NULL, NULL, &actor->session);
	}
	return rv;
}

static CK_RV make_pair(struct actor *actor, const char *label)
{
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_BBOOL yes = CK_TRUE;
	char name[16];
	CK_ATTRIBUTE public[] = { { CKA_TOKEN, &yes, sizeof(yes) },
				  { CKA_LABEL, name, strlen(label) },
				  { CKA_VERIFY, &yes, sizeof(yes) },
				  { CKA_EC_PARAMS, witness_p256, sizeof(witness_p256) } };
	CK_ATTRIBUTE private[] = { { CKA_TOKEN, &yes, sizeof(yes) },
				   { CKA_LABEL, name, strlen(label) },
				   { CKA_PRIVATE, &yes, sizeof(yes) },
				   { CKA_SENSITIVE, &yes, sizeof(yes) },
				   { CKA_SIGN, &yes, sizeof(yes) } };
	CK_OBJECT_HANDLE handles[2];

	(void)snprintf(name, sizeof(name), "%s", label);
	return actor->p11.C_GenerateKeyPair(actor->session, &mechanism, public, COUNT(public), private,
					    COUNT(private), &handles[0], &handles[1]);
}

static CK_RV make_object(struct actor *actor, unsigned which)
{
	const struct witness_object *object = &witness_objects[which];
	CK_BBOOL yes = CK_TRUE, is_private = object->is_private, sensitive = object->sensitive;
	CK_OBJECT_CLASS class = object->class;
	CK_KEY_TYPE key_type = object->key_type;
	CK_ATTRIBUTE_TYPE usage = object->use == CIPHER ? CKA_ENCRYPT : CKA_SIGN;
	char label[16];
	CK_BYTE value[WITNESS_VALUE_MAX];
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_TOKEN, &yes, sizeof(yes) },
				    { CKA_PRIVATE, &is_private, sizeof(is_private) },
				    { CKA_LABEL, label, strlen(object->label) },
				    { CKA_VALUE, value, object->value_len },
				    { CKA_KEY_TYPE, &key_type, sizeof(key_type) },
				    { CKA_SENSITIVE, &sensitive, sizeof(sensitive) },
				    { usage, &yes, sizeof(yes) } };
	CK_OBJECT_HANDLE handle = 0;

	(void)snprintf(label, sizeof(label), "%s", object->label);
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (CK_BYTE)(which * 37 + i * 11 + (i >> 8));
	return actor->p11.C_CreateObject(actor->session, template, class == CKO_DATA ? 5 : COUNT(template),
					 &handle);
}

/* Some modules give a token another slot when it is made. */
static CK_RV find_token(struct actor *actor, const CK_UTF8CHAR label[32])
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = COUNT(slots);
	CK_TOKEN_INFO info;
	CK_RV rv = actor->p11.C_GetSlotList(CK_TRUE, slots, &count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		rv = actor->p11.C_GetTokenInfo(slots[i], &info);
		actor->slot = slots[i];
		if (rv == CKR_OK && memcmp(info.label, label, sizeof(info.label)) == 0)
			return CKR_OK;
	}
	return rv != CKR_OK ? rv : CKR_TOKEN_NOT_PRESENT;
}

CK_RV witness_make_token(struct actor *actor, const char *label)
{
	CK_UTF8CHAR padded[33];
	CK_ULONG len = 0;
	CK_UTF8CHAR *pin = actor_pin(SO_PIN_1, &len);
	CK_RV read_only = CKR_OK;
	CK_RV rv = actor_find_slot(actor, true);

	(void)snprintf((char *)padded, sizeof(padded), "%-32s", label);
	if (rv == CKR_OK)
		rv = actor->p11.C_InitToken(actor->slot, pin, len, padded);
	if (rv == CKR_OK)
		rv = find_token(actor, padded);
	if (rv == CKR_OK)
		rv = witness_open_session(actor, &read_only);
	if (rv == CKR_OK)
		rv = actor_login(actor, CKU_SO, SO_PIN_1);
	pin = actor_pin(USER_PIN_1, &len);
	if (rv == CKR_OK)
		rv = actor->p11.C_InitPIN(actor->session, pin, len);
	if (rv == CKR_OK)
		rv = actor->p11.C_CloseSession(actor->session);
	return rv;
}

CK_RV witness_make_objects(struct actor *actor, bool second_half)
{
	const unsigned first = second_half ? FIRST_HALF : 0;
	const unsigned end = second_half ? WITNESS_OBJECTS_COUNT : FIRST_HALF;
	CK_RV rv = CKR_OK;

	for (unsigned i = first; rv == CKR_OK && i < end; i++) {
		if (witness_objects[i].class == CKO_PUBLIC_KEY)
			rv = make_pair(actor, witness_objects[i].label);
		else if (witness_objects[i].class != CKO_PRIVATE_KEY)
			rv = make_object(actor, i);
	}
	return rv;
}
