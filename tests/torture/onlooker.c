#include "onlooker.h"

#include <stdio.h>

#define OBJECTS   (WITNESS_PLACES - WITNESS_OBJECTS)
#define VALUE_MAX 4096

static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

enum use {
	NO_USE,
	CIPHER, /* AES, a block in ECB */
	MAC,    /* HMAC with SHA-256 */
	SIGN,   /* ECDSA, looked at with the public key that was there at first */
	VERIFY,
};

/* Each kind of object, private and public, small ones and one that needs pages of its own. */
static const struct {
	const char *label;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;
	CK_BBOOL is_private;
	CK_BBOOL sensitive;
	CK_ULONG value_len;
	enum use use;
} objects[OBJECTS] = {
	{ "open-data", CKO_DATA, 0, CK_FALSE, CK_FALSE, 50, NO_USE },
	{ "own-data", CKO_DATA, 0, CK_TRUE, CK_FALSE, 60, NO_USE },
	{ "cipher-key", CKO_SECRET_KEY, CKK_AES, CK_TRUE, CK_TRUE, 32, CIPHER },
	{ "pair", CKO_PUBLIC_KEY, CKK_EC, CK_FALSE, CK_FALSE, 0, VERIFY },
	{ "pair", CKO_PRIVATE_KEY, CKK_EC, CK_TRUE, CK_TRUE, 0, SIGN },
	{ "mac-key", CKO_SECRET_KEY, CKK_GENERIC_SECRET, CK_TRUE, CK_TRUE, 24, MAC },
	{ "open-key", CKO_SECRET_KEY, CKK_GENERIC_SECRET, CK_FALSE, CK_FALSE, 20, MAC },
	{ "long-data", CKO_DATA, 0, CK_TRUE, CK_FALSE, 3000, NO_USE },
	{ "late-data", CKO_DATA, 0, CK_FALSE, CK_FALSE, 40, NO_USE },
	{ "late-key", CKO_SECRET_KEY, CKK_AES, CK_TRUE, CK_TRUE, 16, CIPHER },
};
#define FIRST_HALF 5u /* with both keys of the pair, which are made by one call */

const char *onlooker_name(unsigned place)
{
	static const char *const names[] = {
		[WITNESS_TOKEN] = "token",
		[WITNESS_LOGIN] = "login",
		[WITNESS_LIST] = "list",
		[WITNESS_CREATION] = "creation",
	};

	return place < WITNESS_OBJECTS ? names[place] : objects[place - WITNESS_OBJECTS].label;
}

/* ---- making it ---- */

static CK_RV make_pair(struct actor *actor, const char *label)
{
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_BBOOL yes = CK_TRUE;
	char name[16];
	CK_ATTRIBUTE public[] = { { CKA_TOKEN, &yes, sizeof(yes) },
				  { CKA_LABEL, name, strlen(label) },
				  { CKA_VERIFY, &yes, sizeof(yes) },
				  { CKA_EC_PARAMS, p256, sizeof(p256) } };
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
	CK_BBOOL yes = CK_TRUE, is_private = objects[which].is_private, sensitive = objects[which].sensitive;
	CK_OBJECT_CLASS class = objects[which].class;
	CK_KEY_TYPE key_type = objects[which].key_type;
	CK_ATTRIBUTE_TYPE usage = objects[which].use == CIPHER ? CKA_ENCRYPT : CKA_SIGN;
	char label[16];
	CK_BYTE value[VALUE_MAX];
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_TOKEN, &yes, sizeof(yes) },
				    { CKA_PRIVATE, &is_private, sizeof(is_private) },
				    { CKA_LABEL, label, strlen(objects[which].label) },
				    { CKA_VALUE, value, objects[which].value_len },
				    { CKA_KEY_TYPE, &key_type, sizeof(key_type) },
				    { CKA_SENSITIVE, &sensitive, sizeof(sensitive) },
				    { usage, &yes, sizeof(yes) } };
	CK_OBJECT_HANDLE handle = 0;

	(void)snprintf(label, sizeof(label), "%s", objects[which].label);
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (CK_BYTE)(which * 37 + i * 11 + (i >> 8));
	return actor->p11.C_CreateObject(actor->session, template, class == CKO_DATA ? 5 : COUNT(template),
					 &handle);
}

static CK_RV open_session(struct actor *actor)
{
	CK_RV rv = actor->p11.C_OpenSession(actor->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					    &actor->session);

	if (rv == CKR_TOKEN_WRITE_PROTECTED)
		rv = actor->p11.C_OpenSession(actor->slot, CKF_SERIAL_SESSION, NULL, NULL, &actor->session);
	return rv;
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

CK_RV onlooker_make_token(struct actor *actor, const char *label)
{
	CK_UTF8CHAR padded[33];
	CK_ULONG len = 0;
	CK_UTF8CHAR *pin = actor_pin(SO_PIN_1, &len);
	CK_RV rv = actor_find_slot(actor, true);

	(void)snprintf((char *)padded, sizeof(padded), "%-32s", label);
	if (rv == CKR_OK)
		rv = actor->p11.C_InitToken(actor->slot, pin, len, padded);
	if (rv == CKR_OK)
		rv = find_token(actor, padded);
	if (rv == CKR_OK)
		rv = open_session(actor);
	if (rv == CKR_OK)
		rv = actor_login(actor, CKU_SO, SO_PIN_1);
	pin = actor_pin(USER_PIN_1, &len);
	if (rv == CKR_OK)
		rv = actor->p11.C_InitPIN(actor->session, pin, len);
	if (rv == CKR_OK)
		rv = actor->p11.C_CloseSession(actor->session);
	return rv;
}

CK_RV onlooker_make_objects(struct actor *actor, bool second_half)
{
	const unsigned first = second_half ? FIRST_HALF : 0;
	const unsigned end = second_half ? OBJECTS : FIRST_HALF;
	CK_RV rv = CKR_OK;

	for (unsigned i = first; rv == CKR_OK && i < end; i++) {
		if (objects[i].class == CKO_PUBLIC_KEY)
			rv = make_pair(actor, objects[i].label);
		else if (objects[i].class != CKO_PRIVATE_KEY)
			rv = make_object(actor, i);
	}
	return rv;
}

/* ---- looking at it ---- */

static void add_sum(uint64_t *sum, const void *data, size_t len)
{
	const CK_BYTE *bytes = data;

	for (size_t i = 0; i < len; i++)
		*sum = (*sum ^ bytes[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
	*sum = (*sum ^ len) * UINT64_C(0x100000001b3);
}

static void tell(struct onlooker_piece *piece, CK_RV rv)
{
	piece->state = WITNESS_TOLD;
	piece->rv = rv;
}

static void settle(struct onlooker_piece *piece, enum onlooker_state state)
{
	piece->state = state;
}

/* A list that came to a good end without our token, or with it as an empty one, invites to lose it. */
static bool look_for_token(struct actor *actor, struct onlooker_piece *piece)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = COUNT(slots);
	CK_TOKEN_INFO info;
	CK_RV told = actor->p11.C_GetSlotList(CK_FALSE, slots, &count);

	for (CK_ULONG i = 0; told == CKR_OK && i < count; i++) {
		CK_RV rv = actor->p11.C_GetTokenInfo(slots[i], &info);

		if (rv == CKR_OK && (info.flags & CKF_TOKEN_INITIALIZED) != 0) {
			add_sum(&piece->seen, info.label, sizeof(info.label));
			add_sum(&piece->seen, info.serialNumber, sizeof(info.serialNumber));
			actor->slot = slots[i];
			settle(piece, WITNESS_FINE);
			return true;
		}
		if (rv != CKR_OK && rv != CKR_TOKEN_NOT_PRESENT)
			told = rv;
	}
	if (told != CKR_OK)
		tell(piece, told);
	else
		settle(piece, WITNESS_MISSING);
	return false;
}

static bool look_at_login(struct actor *actor, struct onlooker_piece *piece)
{
	const CK_RV rv = actor_login(actor, CKU_USER, USER_PIN_1);

	if (rv == CKR_OK)
		settle(piece, WITNESS_FINE);
	else
		tell(piece, rv);
	if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED || rv == CKR_PIN_EXPIRED)
		piece->state = WITNESS_WRONG;
	return rv == CKR_OK;
}

static CK_RV find(struct actor *actor, CK_ATTRIBUTE *template, CK_ULONG attributes, CK_OBJECT_HANDLE *found,
		  CK_ULONG room, CK_ULONG *ret_count)
{
	CK_ULONG count = 0;
	CK_RV rv = actor->p11.C_FindObjectsInit(actor->session, template, attributes);
	CK_RV after = CKR_OK;

	if (rv != CKR_OK)
		return rv;
	*ret_count = 0;
	do {
		rv = actor->p11.C_FindObjects(actor->session, found + *ret_count, room - *ret_count, &count);
		*ret_count += rv == CKR_OK ? count : 0;
	} while (rv == CKR_OK && count != 0 && *ret_count < room);
	after = actor->p11.C_FindObjectsFinal(actor->session);
	return rv != CKR_OK ? rv : after;
}

/* A refusal that belongs to the object is a value like others. */
static bool is_answer(CK_RV rv)
{
	return rv == CKR_OK || rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID;
}

static CK_RV read_attributes(struct actor *actor, CK_OBJECT_HANDLE object, uint64_t *sum)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
		CKA_CLASS,       CKA_TOKEN,      CKA_PRIVATE,
		CKA_LABEL,       CKA_MODIFIABLE, CKA_VALUE,
		CKA_APPLICATION, CKA_KEY_TYPE,   CKA_ID,
		CKA_SENSITIVE,   CKA_ENCRYPT,    CKA_SIGN,
		CKA_VERIFY,      CKA_LOCAL,      CKA_EXTRACTABLE,
		CKA_EC_PARAMS,   CKA_EC_POINT,   CKA_NEVER_EXTRACTABLE,
	};
	static CK_BYTE value[VALUE_MAX];

	for (size_t i = 0; i < COUNT(types); i++) {
		CK_ATTRIBUTE attribute = { types[i], value, sizeof(value) };
		const CK_RV rv = actor->p11.C_GetAttributeValue(actor->session, object, &attribute, 1);

		if (!is_answer(rv))
			return rv;
		add_sum(sum, &rv, sizeof(rv));
		if (rv == CKR_OK)
			add_sum(sum, value, attribute.ulValueLen);
	}
	return CKR_OK;
}

static CK_RV sum_cipher(struct actor *actor, CK_OBJECT_HANDLE key, uint64_t *sum)
{
	CK_MECHANISM mechanism = { CKM_AES_ECB, NULL, 0 };
	CK_BYTE block[16] = { 1, 2, 3 }, out[16];
	CK_ULONG len = sizeof(out);
	CK_RV rv = actor->p11.C_EncryptInit(actor->session, &mechanism, key);

	if (rv == CKR_OK)
		rv = actor->p11.C_Encrypt(actor->session, block, sizeof(block), out, &len);
	if (rv == CKR_OK)
		add_sum(sum, out, len);
	return rv;
}

static CK_RV sum_mac(struct actor *actor, CK_OBJECT_HANDLE key, uint64_t *sum)
{
	CK_MECHANISM mechanism = { CKM_SHA256_HMAC, NULL, 0 };
	CK_BYTE data[20] = { 4, 5 }, out[32];
	CK_ULONG len = sizeof(out);
	CK_RV rv = actor->p11.C_SignInit(actor->session, &mechanism, key);

	if (rv == CKR_OK)
		rv = actor->p11.C_Sign(actor->session, data, sizeof(data), out, &len);
	if (rv == CKR_OK)
		add_sum(sum, out, len);
	return rv;
}

/* The public key's point says which pair it is: a private key that signs for it is the right one. */
static CK_RV sum_pair(struct actor *actor, CK_OBJECT_HANDLE private_key, uint64_t *sum)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof(class) };
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_BYTE digest[32] = { 6, 7 }, signature[64];
	CK_ULONG len = sizeof(signature), count = 0;
	CK_OBJECT_HANDLE public_key = 0;
	CK_RV rv = actor->p11.C_SignInit(actor->session, &mechanism, private_key);

	if (rv == CKR_OK)
		rv = actor->p11.C_Sign(actor->session, digest, sizeof(digest), signature, &len);
	if (rv != CKR_OK)
		return rv;
	rv = find(actor, &template, 1, &public_key, 1, &count);
	if (rv == CKR_OK && count == 1)
		rv = actor->p11.C_VerifyInit(actor->session, &mechanism, public_key);
	/* Only a bad signature speaks against the private key: the public one is a piece of its own. */
	if (rv == CKR_OK && count == 1 &&
	    actor->p11.C_Verify(actor->session, digest, sizeof(digest), signature, len) ==
		    CKR_SIGNATURE_INVALID)
		add_sum(sum, "invalid", 7);
	return CKR_OK;
}

static CK_RV use(struct actor *actor, unsigned which, CK_OBJECT_HANDLE object, uint64_t *sum)
{
	switch (objects[which].use) {
	case CIPHER: return sum_cipher(actor, object, sum);
	case MAC: return sum_mac(actor, object, sum);
	case SIGN: return sum_pair(actor, object, sum);
	default: return CKR_OK;
	}
}

static void look_at_object(struct actor *actor, unsigned which, struct onlooker_piece *piece)
{
	CK_OBJECT_CLASS class = objects[which].class;
	char label[16];
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_LABEL, label, strlen(objects[which].label) } };
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count = 0;
	CK_RV rv = CKR_OK;

	(void)snprintf(label, sizeof(label), "%s", objects[which].label);
	rv = find(actor, template, COUNT(template), found, COUNT(found), &count);
	if (rv == CKR_OK && count != 1) {
		settle(piece, count == 0 ? WITNESS_MISSING : WITNESS_WRONG);
		return;
	}
	if (rv == CKR_OK)
		rv = read_attributes(actor, found[0], &piece->seen);
	if (rv == CKR_OK)
		rv = use(actor, which, found[0], &piece->seen);
	if (rv == CKR_OK)
		settle(piece, WITNESS_FINE);
	else
		tell(piece, rv);
}

static void look_at_list(struct actor *actor, bool logged_in, struct onlooker_piece *piece)
{
	CK_OBJECT_HANDLE found[64];
	CK_ULONG count = 0, wanted = 0;
	CK_RV rv = CKR_OK;

	/* The token's own objects (profiles) are no part of the store. */
	for (unsigned i = 0; i < OBJECTS; i++)
		wanted += logged_in || !objects[i].is_private;
	rv = find(actor, NULL, 0, found, COUNT(found), &count);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		CK_OBJECT_CLASS class = 0;
		CK_ATTRIBUTE attribute = { CKA_CLASS, &class, sizeof(class) };

		/* One that can't be read is there, and tells. */
		if (actor->p11.C_GetAttributeValue(actor->session, found[i], &attribute, 1) == CKR_OK &&
		    class == CKO_PROFILE) {
			found[i] = found[--count];
			i--;
		}
	}
	if (rv != CKR_OK)
		tell(piece, rv);
	else if (count == wanted)
		settle(piece, WITNESS_FINE);
	else
		settle(piece, count < wanted ? WITNESS_MISSING : WITNESS_WRONG);
}

static void look_at_creation(struct actor *actor, struct onlooker_piece *piece)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	char label[] = "new";
	CK_BYTE value[30] = { 9 };
	CK_ATTRIBUTE template[] = { { CKA_LABEL, label, 3 },
				    { CKA_CLASS, &class, sizeof(class) },
				    { CKA_TOKEN, &yes, sizeof(yes) },
				    { CKA_PRIVATE, &no, sizeof(no) },
				    { CKA_VALUE, value, sizeof(value) } };
	CK_OBJECT_HANDLE made = 0, found[2];
	CK_ULONG count = 0;
	CK_RV rv = actor->p11.C_CreateObject(actor->session, template, COUNT(template), &made);

	if (rv == CKR_OK)
		rv = find(actor, template, 2, found, COUNT(found), &count);
	if (rv != CKR_OK)
		tell(piece, rv);
	else
		settle(piece, count == 1 ? WITNESS_FINE : count == 0 ? WITNESS_MISSING : WITNESS_WRONG);
}

static void tell_all(struct onlooker *onlooker, unsigned from, CK_RV rv)
{
	for (unsigned i = from; i < WITNESS_PLACES; i++)
		tell(&onlooker->pieces[i], rv);
}

static void look_at_pieces(struct actor *actor, struct onlooker *onlooker)
{
	struct onlooker_piece *pieces = onlooker->pieces;
	CK_RV rv = CKR_OK;

	if (!look_for_token(actor, &pieces[WITNESS_TOKEN])) {
		tell_all(onlooker, WITNESS_LOGIN, pieces[WITNESS_TOKEN].rv);
		return;
	}
	rv = open_session(actor);
	if (rv != CKR_OK) {
		tell_all(onlooker, WITNESS_LOGIN, rv);
		return;
	}
	const bool logged_in = look_at_login(actor, &pieces[WITNESS_LOGIN]);

	for (unsigned i = 0; i < OBJECTS; i++) {
		if (logged_in || !objects[i].is_private)
			look_at_object(actor, i, &pieces[WITNESS_OBJECTS + i]);
		else
			tell(&pieces[WITNESS_OBJECTS + i], pieces[WITNESS_LOGIN].rv);
	}
	look_at_list(actor, logged_in, &pieces[WITNESS_LIST]);
	look_at_creation(actor, &pieces[WITNESS_CREATION]);
}

void onlooker_look(const char *module, struct onlooker *ret_onlooker)
{
	struct actor actor;
	CK_RV rv = CKR_OK;

	memset(ret_onlooker, 0, sizeof(*ret_onlooker));
	rv = actor_load(module, &actor);
	if (rv != CKR_OK) {
		tell_all(ret_onlooker, 0, rv);
		ret_onlooker->complete = true;
		return;
	}
	look_at_pieces(&actor, ret_onlooker);
	if (actor.p11.C_Finalize(NULL) == CKR_OK)
		ret_onlooker->complete = true;
}

/* ---- what it means ---- */

void onlooker_compare(const struct onlooker *wanted, struct onlooker *got)
{
	for (unsigned i = 0; i < WITNESS_PLACES; i++) {
		if (got->pieces[i].state == WITNESS_FINE && got->pieces[i].seen != wanted->pieces[i].seen)
			got->pieces[i].state = WITNESS_WRONG;
	}
}

bool onlooker_is_good(const struct onlooker *onlooker, char *why, size_t len)
{
	static const char *const words[] = {
		[WITNESS_NOT_SEEN] = "was not reached",
		[WITNESS_FINE] = "is fine",
		[WITNESS_TOLD] = "told",
		[WITNESS_MISSING] = "is missing, and nothing said so",
		[WITNESS_WRONG] = "is wrong, and nothing said so",
	};

	for (unsigned i = 0; i < WITNESS_PLACES; i++) {
		const struct onlooker_piece *piece = &onlooker->pieces[i];

		if (piece->state == WITNESS_FINE || piece->state == WITNESS_TOLD)
			continue;
		(void)snprintf(why, len, "%s %s (%s)", onlooker_name(i), words[piece->state],
			       actor_rv_name(piece->rv));
		return false;
	}
	if (!onlooker->complete)
		(void)snprintf(why, len, "C_Finalize failed");
	return onlooker->complete;
}

unsigned onlooker_told(const struct onlooker *onlooker)
{
	unsigned told = 0;

	for (unsigned i = 0; i < WITNESS_PLACES; i++)
		told += onlooker->pieces[i].state == WITNESS_TOLD;
	return told;
}
