#include "use.h"

#include <stdbool.h>
#include <stdlib.h>

#define OUTPUT 8192

static CK_BYTE message[32] = "thirty-two bytes that are signed";

struct key {
	CK_OBJECT_HANDLE handle;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	CK_BYTE id[64];
	CK_ULONG id_len;
};

/* How keys of a type sign or encrypt. */
static const struct way {
	CK_KEY_TYPE type;
	CK_MECHANISM_TYPE sign, encrypt; /* CK_UNAVAILABLE_INFORMATION: not at all */
} ways[] = {
	{ CKK_RSA, CKM_SHA256_RSA_PKCS, CK_UNAVAILABLE_INFORMATION },
	{ CKK_EC, CKM_ECDSA, CK_UNAVAILABLE_INFORMATION },
	{ CKK_EC_EDWARDS, CKM_EDDSA, CK_UNAVAILABLE_INFORMATION },
	{ CKK_ML_DSA, CKM_ML_DSA, CK_UNAVAILABLE_INFORMATION },
	{ CKK_GENERIC_SECRET, CKM_SHA256_HMAC, CK_UNAVAILABLE_INFORMATION },
	{ CKK_AES, CK_UNAVAILABLE_INFORMATION, CKM_AES_ECB },
};

static const struct way *way_of(CK_KEY_TYPE type)
{
	for (size_t i = 0; i < COUNT(ways); i++) {
		if (ways[i].type == type)
			return &ways[i];
	}
	return NULL;
}

static CK_RV only_trouble(CK_RV rv)
{
	return actor_rv_is_trouble(rv) ? rv : CKR_OK;
}

static CK_RV may(struct actor *actor, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, bool *ret_may)
{
	CK_BBOOL allowed = CK_FALSE;
	CK_ATTRIBUTE attribute = { type, &allowed, sizeof(allowed) };
	const CK_RV rv = actor->p11.C_GetAttributeValue(actor->session, key, &attribute, 1);

	*ret_may = rv == CKR_OK && allowed == CK_TRUE;
	return only_trouble(rv);
}

/* Whether it is a key that can be used. */
static CK_RV read_key(struct actor *actor, CK_OBJECT_HANDLE object, struct key *ret_key, bool *ret_usable)
{
	struct key key = { .handle = object };
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &key.class, sizeof(key.class) },
		{ CKA_KEY_TYPE, &key.type, sizeof(key.type) },
		{ CKA_ID, key.id, sizeof(key.id) },
	};

	*ret_usable = false;
	for (size_t i = 0; i < COUNT(attributes); i++) {
		const CK_RV rv = actor->p11.C_GetAttributeValue(actor->session, object, &attributes[i], 1);

		if (rv != CKR_OK)
			return only_trouble(rv);
	}
	key.id_len = attributes[2].ulValueLen;
	*ret_key = key;
	*ret_usable = key.class == CKO_PRIVATE_KEY || key.class == CKO_SECRET_KEY;
	return CKR_OK;
}

/* The public key with the same id and type. */
static CK_RV find_public(struct actor *actor, struct key *key, CK_OBJECT_HANDLE *ret_public, bool *ret_found)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &key->type, sizeof(key->type) },
		{ CKA_ID, key->id, key->id_len },
	};
	CK_ULONG count = 0;
	CK_RV rv = actor->p11.C_FindObjectsInit(actor->session, template, COUNT(template));

	if (rv == CKR_OK)
		rv = actor->p11.C_FindObjects(actor->session, ret_public, 1, &count);
	(void)actor->p11.C_FindObjectsFinal(actor->session);
	*ret_found = rv == CKR_OK && count == 1;
	return only_trouble(rv);
}

static void put_bytes(FILE *out, const char *name, const CK_BYTE *bytes, CK_ULONG len)
{
	(void)fprintf(out, " %s=x", name);
	for (CK_ULONG i = 0; i < len; i++)
		(void)fprintf(out, "%02x", bytes[i]);
}

static CK_RV put_sign(FILE *out, struct actor *actor, struct key *key, CK_MECHANISM_TYPE type)
{
	static CK_BYTE signature[OUTPUT];
	CK_MECHANISM mechanism = { type, NULL, 0 };
	CK_OBJECT_HANDLE verifier = key->handle;
	CK_ULONG len = sizeof(signature);
	CK_RV rv = actor->p11.C_SignInit(actor->session, &mechanism, key->handle);
	bool found = true;

	if (rv == CKR_OK)
		rv = actor->p11.C_Sign(actor->session, message, sizeof(message), signature, &len);
	(void)fprintf(out, " use.sign=%s", actor_rv_name(rv));
	if (rv != CKR_OK)
		return only_trouble(rv);
	/* The same key gives the same again: what a wrong one would not. */
	if (key->class == CKO_SECRET_KEY)
		put_bytes(out, "use.mac", signature, len);
	else
		rv = find_public(actor, key, &verifier, &found);
	if (!found) {
		(void)fputs(" use.verify=no-public-key", out);
		return rv;
	}
	rv = actor->p11.C_VerifyInit(actor->session, &mechanism, verifier);
	if (rv == CKR_OK)
		rv = actor->p11.C_Verify(actor->session, message, sizeof(message), signature, len);
	(void)fprintf(out, " use.verify=%s", actor_rv_name(rv));
	return only_trouble(rv);
}

static CK_RV put_encrypt(FILE *out, struct actor *actor, const struct key *key, CK_MECHANISM_TYPE type)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };
	CK_BYTE sealed[sizeof(message)], opened[sizeof(message)] = { 0 };
	CK_ULONG len = sizeof(sealed);
	CK_ULONG opened_len = sizeof(opened);
	CK_RV rv = actor->p11.C_EncryptInit(actor->session, &mechanism, key->handle);

	if (rv == CKR_OK)
		rv = actor->p11.C_Encrypt(actor->session, message, sizeof(message), sealed, &len);
	(void)fprintf(out, " use.encrypt=%s", actor_rv_name(rv));
	if (rv != CKR_OK)
		return only_trouble(rv);
	put_bytes(out, "use.ciphertext", sealed, len);
	rv = actor->p11.C_DecryptInit(actor->session, &mechanism, key->handle);
	if (rv == CKR_OK)
		rv = actor->p11.C_Decrypt(actor->session, sealed, len, opened, &opened_len);
	(void)fprintf(out, " use.decrypt=%s", actor_rv_name(rv));
	if (rv == CKR_OK)
		(void)fprintf(out, " use.same=%s",
			      memcmp(opened, message, sizeof(message)) == 0 ? "yes" : "no");
	return only_trouble(rv);
}

CK_RV use_object(FILE *out, struct actor *actor, CK_OBJECT_HANDLE object)
{
	const struct way *way = NULL;
	struct key key;
	bool usable = false, allowed = false;
	CK_RV rv = read_key(actor, object, &key, &usable);

	if (!usable || (way = way_of(key.type)) == NULL)
		return rv;
	if (way->sign != CK_UNAVAILABLE_INFORMATION)
		rv = may(actor, object, CKA_SIGN, &allowed);
	if (rv == CKR_OK && allowed)
		rv = put_sign(out, actor, &key, way->sign);
	allowed = false;
	if (rv == CKR_OK && way->encrypt != CK_UNAVAILABLE_INFORMATION)
		rv = may(actor, object, CKA_ENCRYPT, &allowed);
	return rv == CKR_OK && allowed ? put_encrypt(out, actor, &key, way->encrypt) : rv;
}
