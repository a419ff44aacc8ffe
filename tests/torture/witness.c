#include "witness_priv.h"

#include <stdio.h>
#include <sys/mman.h>

#include "report.h"

/* Those that say how a PIN does, and what the token wants. */
#define TOKEN_FLAGS (CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED | PIN_FLAGS(USER) | PIN_FLAGS(SO))
#define PIN_FLAGS(who)                                                                    \
	(CKF_##who##_PIN_COUNT_LOW | CKF_##who##_PIN_FINAL_TRY | CKF_##who##_PIN_LOCKED | \
	 CKF_##who##_PIN_TO_BE_CHANGED)

const char *witness_name(unsigned place)
{
	static const char *const names[] = {
		[WITNESS_TOKEN] = "token",
		[WITNESS_LOGIN] = "login",
		[WITNESS_LIST] = "list",
		[WITNESS_CREATION] = "creation",
	};

	return place < WITNESS_OBJECTS ? names[place] : witness_objects[place - WITNESS_OBJECTS].label;
}

/* ---- looking at it ---- */

/* One look: the piece that is being looked at, and the number of its next value. */
struct look {
	struct actor actor;
	struct witness_known *known;
	struct witness *witness;
	unsigned place, value;
	bool has_pin, logged_in;
	CK_RV read_only; /* why there is no session that writes */
};

static struct witness_piece *begin(struct look *look, unsigned place)
{
	look->place = place;
	look->value = 0;
	return &look->witness->pieces[place];
}

/* The piece's next value: noted the first time, and from then on it has to be that one. */
static void note(struct look *look, CK_RV rv, const void *data, size_t len)
{
	struct witness_piece *piece = &look->witness->pieces[look->place];
	const struct witness_known *older = look->known->older;
	uint64_t *known = &look->known->values[look->place][look->value++];
	const CK_BYTE *bytes = data;
	uint64_t sum = (UINT64_C(0xcbf29ce484222325) ^ rv ^ len << 32) * UINT64_C(0x100000001b3); /* FNV-1a */

	if (look->value > WITNESS_VALUES)
		report_bail("a piece has more than %u values", WITNESS_VALUES);
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	if (!look->known->complete) {
		*known = sum;
	} else if (*known != sum && piece->state != WITNESS_WRONG) {
		piece->state = older != NULL && older->values[look->place][look->value - 1] == sum
				       ? WITNESS_OLD
				       : WITNESS_WRONG;
		piece->value = look->value;
	}
}

/* What an answer says that tells of damage: something is wrong with the token, not with the question. */
static bool tells_of_damage(CK_RV rv)
{
	return rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_MEMORY || rv == CKR_DEVICE_REMOVED ||
	       rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED || rv == CKR_HOST_MEMORY ||
	       rv == CKR_TOKEN_NOT_RECOGNIZED;
}

/* How a look at a piece ended. A wrong value that was seen on the way is not made good by an error. */
static void settle(struct witness_piece *piece, enum witness_state state, CK_RV rv)
{
	if (piece->state == WITNESS_WRONG || (piece->state == WITNESS_OLD && state != WITNESS_WRONG))
		return;
	piece->state = state;
	piece->rv = rv;
}

static void tell(struct witness_piece *piece, CK_RV rv)
{
	settle(piece, tells_of_damage(rv) ? WITNESS_TOLD : WITNESS_WRONG, rv);
}

static void end(struct witness_piece *piece, CK_RV rv)
{
	if (rv == CKR_OK)
		settle(piece, WITNESS_FINE, rv);
	else
		tell(piece, rv);
}

/* The first time it is the first token, and from then on the one with that label. */
static bool is_our_token(struct witness_known *known, CK_SLOT_ID slot, const CK_TOKEN_INFO *info)
{
	if ((info->flags & CKF_TOKEN_INITIALIZED) == 0)
		return false;
	if (!known->complete) {
		known->slot = slot;
		memcpy(known->label, info->label, sizeof(known->label));
	}
	return memcmp(known->label, info->label, sizeof(known->label)) == 0;
}

static void note_token(struct look *look, const CK_TOKEN_INFO *info)
{
	const CK_FLAGS flags = info->flags & TOKEN_FLAGS;

	look->has_pin = (info->flags & CKF_USER_PIN_INITIALIZED) != 0;
	note(look, CKR_OK, info->serialNumber, sizeof(info->serialNumber));
	note(look, CKR_OK, &flags, sizeof(flags));
}

/*
 * A list that came to a good end without our token, or with it as an empty one, invites to
 * lose it. False: there is no more to look at. Where only what it says of itself can't be
 * had, its objects still can.
 */
static bool look_for_token(struct look *look)
{
	struct actor *actor = &look->actor;
	struct witness_piece *piece = begin(look, WITNESS_TOKEN);
	CK_SLOT_ID slots[16];
	CK_ULONG count = COUNT(slots);
	CK_TOKEN_INFO info;
	const CK_RV listed = actor->p11.C_GetSlotList(CK_FALSE, slots, &count);
	CK_RV told = listed;
	bool is_there = false;

	for (CK_ULONG i = 0; listed == CKR_OK && i < count; i++) {
		const CK_RV rv = actor->p11.C_GetTokenInfo(slots[i], &info);

		if (rv == CKR_OK && is_our_token(look->known, slots[i], &info)) {
			note_token(look, &info);
			settle(piece, WITNESS_FINE, rv);
			actor->slot = slots[i];
			return true;
		}
		if (rv == CKR_OK || rv == CKR_TOKEN_NOT_PRESENT)
			continue;
		told = rv;
		is_there = is_there || slots[i] == look->known->slot;
	}
	actor->slot = look->known->slot;
	look->has_pin = true; /* it did not say that there is none */
	if (told != CKR_OK)
		tell(piece, told);
	else
		settle(piece, WITNESS_MISSING, told);
	return is_there;
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

static void keep_point(struct witness_known *known, const CK_ATTRIBUTE *attribute)
{
	if (known->complete || attribute->type != CKA_EC_POINT ||
	    attribute->ulValueLen > sizeof(known->point))
		return;
	memcpy(known->point, attribute->pValue, attribute->ulValueLen);
	known->point_len = attribute->ulValueLen;
}

static CK_RV read_attributes(struct look *look, CK_OBJECT_HANDLE object)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
		CKA_CLASS,       CKA_TOKEN,      CKA_PRIVATE,
		CKA_LABEL,       CKA_MODIFIABLE, CKA_VALUE,
		CKA_APPLICATION, CKA_KEY_TYPE,   CKA_ID,
		CKA_SENSITIVE,   CKA_ENCRYPT,    CKA_SIGN,
		CKA_VERIFY,      CKA_LOCAL,      CKA_EXTRACTABLE,
		CKA_EC_PARAMS,   CKA_EC_POINT,   CKA_NEVER_EXTRACTABLE,
	};
	static CK_BYTE value[WITNESS_VALUE_MAX];

	for (size_t i = 0; i < COUNT(types); i++) {
		CK_ATTRIBUTE attribute = { types[i], value, sizeof(value) };
		const CK_RV rv =
			look->actor.p11.C_GetAttributeValue(look->actor.session, object, &attribute, 1);

		if (!is_answer(rv))
			return rv;
		note(look, rv, value, rv == CKR_OK ? attribute.ulValueLen : 0);
		if (rv == CKR_OK)
			keep_point(look->known, &attribute);
	}
	return CKR_OK;
}

static CK_RV use_cipher(struct look *look, CK_OBJECT_HANDLE key)
{
	struct actor *actor = &look->actor;
	CK_MECHANISM mechanism = { CKM_AES_ECB, NULL, 0 };
	CK_BYTE block[16] = { 1, 2, 3 }, out[16];
	CK_ULONG len = sizeof(out);
	CK_RV rv = actor->p11.C_EncryptInit(actor->session, &mechanism, key);

	if (rv == CKR_OK)
		rv = actor->p11.C_Encrypt(actor->session, block, sizeof(block), out, &len);
	if (rv == CKR_OK)
		note(look, rv, out, len);
	return rv;
}

static CK_RV use_mac(struct look *look, CK_OBJECT_HANDLE key)
{
	struct actor *actor = &look->actor;
	CK_MECHANISM mechanism = { CKM_SHA256_HMAC, NULL, 0 };
	CK_BYTE data[20] = { 4, 5 }, out[32];
	CK_ULONG len = sizeof(out);
	CK_RV rv = actor->p11.C_SignInit(actor->session, &mechanism, key);

	if (rv == CKR_OK)
		rv = actor->p11.C_Sign(actor->session, data, sizeof(data), out, &len);
	if (rv == CKR_OK)
		note(look, rv, out, len);
	return rv;
}

static CK_BYTE digest[32] = { 6, 7 };

/* That a signature is none is a wrong value of whoever made it. */
static CK_RV verify(struct look *look, CK_OBJECT_HANDLE key, CK_BYTE *signature)
{
	struct actor *actor = &look->actor;
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_RV rv = actor->p11.C_VerifyInit(actor->session, &mechanism, key);

	if (rv == CKR_OK)
		rv = actor->p11.C_Verify(actor->session, digest, sizeof(digest), signature,
					 WITNESS_SIGNATURE);
	if (rv == CKR_OK || rv == CKR_SIGNATURE_INVALID)
		note(look, rv, NULL, 0);
	return rv == CKR_SIGNATURE_INVALID ? CKR_OK : rv;
}

/* With the point as it was at first: the stored public key is a piece of its own, and may be hurt. */
static CK_RV verify_with_point(struct look *look, CK_BYTE *signature)
{
	struct actor *actor = &look->actor;
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &no, sizeof(no) },
		{ CKA_PRIVATE, &no, sizeof(no) },
		{ CKA_EC_PARAMS, witness_p256, sizeof(witness_p256) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
		{ CKA_EC_POINT, look->known->point, look->known->point_len },
	};
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = actor->p11.C_CreateObject(actor->session, template, COUNT(template), &key);
	CK_RV after = CKR_OK;

	if (rv != CKR_OK)
		return rv;
	rv = verify(look, key, signature);
	after = actor->p11.C_DestroyObject(actor->session, key);
	return rv != CKR_OK ? rv : after;
}

/* The first time there is no point yet: then the public key says whether this signature is one. */
static CK_RV use_private(struct look *look, CK_OBJECT_HANDLE key)
{
	struct actor *actor = &look->actor;
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_BYTE signature[WITNESS_SIGNATURE];
	CK_ULONG len = sizeof(signature);
	CK_RV rv = actor->p11.C_SignInit(actor->session, &mechanism, key);

	if (rv == CKR_OK)
		rv = actor->p11.C_Sign(actor->session, digest, sizeof(digest), signature, &len);
	if (rv != CKR_OK)
		return rv;
	if (look->known->complete)
		return verify_with_point(look, signature);
	memcpy(look->known->signature, signature, sizeof(signature));
	note(look, CKR_OK, NULL, 0);
	return CKR_OK;
}

static CK_RV use(struct look *look, enum witness_use how, CK_OBJECT_HANDLE object)
{
	switch (how) {
	case CIPHER: return use_cipher(look, object);
	case MAC: return use_mac(look, object);
	case SIGN: return use_private(look, object);
	case VERIFY: return verify(look, object, look->known->signature);
	default: return CKR_OK;
	}
}

static void look_at_object(struct look *look, unsigned which)
{
	struct witness_piece *piece = begin(look, WITNESS_OBJECTS + which);
	CK_OBJECT_CLASS class = witness_objects[which].class;
	char label[16];
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_LABEL, label, strlen(witness_objects[which].label) } };
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count = 0;
	CK_RV rv = CKR_OK;

	(void)snprintf(label, sizeof(label), "%s", witness_objects[which].label);
	rv = find(&look->actor, template, COUNT(template), found, COUNT(found), &count);
	if (rv == CKR_OK && count != 1) {
		settle(piece, count == 0 ? WITNESS_MISSING : WITNESS_WRONG, rv);
		return;
	}
	if (rv == CKR_OK)
		rv = read_attributes(look, found[0]);
	if (rv == CKR_OK)
		rv = use(look, witness_objects[which].use, found[0]);
	end(piece, rv);
}

/* Those that are found: readable ones, ones that an error tells of, and those that are neither. */
struct listed {
	CK_ULONG readable, hurt;
	CK_RV told, blamed;
};

/* The token's own objects (profiles) are no part of the store. */
static void list_one(struct actor *actor, CK_OBJECT_HANDLE object, struct listed *listed)
{
	CK_OBJECT_CLASS class = 0;
	CK_ATTRIBUTE attribute = { CKA_CLASS, &class, sizeof(class) };
	const CK_RV rv = actor->p11.C_GetAttributeValue(actor->session, object, &attribute, 1);

	if (rv == CKR_OK) {
		listed->readable += class != CKO_PROFILE;
	} else if (tells_of_damage(rv)) {
		listed->hurt++;
		listed->told = rv;
	} else {
		listed->blamed = rv;
	}
}

static void look_at_list(struct look *look)
{
	struct actor *actor = &look->actor;
	struct witness_piece *piece = begin(look, WITNESS_LIST);
	struct listed listed = { 0 };
	CK_OBJECT_HANDLE found[64];
	CK_ULONG count = 0, wanted = 0;
	CK_RV rv = find(actor, NULL, 0, found, COUNT(found), &count);

	for (unsigned i = 0; i < WITNESS_OBJECTS_COUNT; i++)
		wanted += look->logged_in || !witness_objects[i].is_private;
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
		list_one(actor, found[i], &listed);
	rv = rv == CKR_OK ? listed.blamed : rv;
	if (rv != CKR_OK)
		tell(piece, rv);
	else if (listed.readable > wanted)
		settle(piece, WITNESS_WRONG, rv);
	else if (listed.readable + listed.hurt < wanted)
		settle(piece, WITNESS_MISSING, rv);
	else /* one more that can't be read is there, and tells */
		end(piece, listed.readable + listed.hurt > wanted ? listed.told : CKR_OK);
}

static void look_at_creation(struct look *look)
{
	struct actor *actor = &look->actor;
	struct witness_piece *piece = begin(look, WITNESS_CREATION);
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
	CK_RV rv = CKR_OK;

	if (look->read_only != CKR_OK) { /* told when the session was opened */
		settle(piece, WITNESS_TOLD, look->read_only);
		return;
	}
	rv = actor->p11.C_CreateObject(actor->session, template, COUNT(template), &made);
	if (rv == CKR_OK)
		rv = find(actor, template, 2, found, COUNT(found), &count);
	if (rv != CKR_OK || count == 1)
		end(piece, rv);
	else
		settle(piece, count == 0 ? WITNESS_MISSING : WITNESS_WRONG, rv);
}

/* What can't be come to: it is told, or not, as that was which stands before it. */
static void end_all(struct look *look, unsigned from, enum witness_state state, CK_RV rv)
{
	for (unsigned i = from; i < WITNESS_PLACES; i++)
		settle(&look->witness->pieces[i], state, rv);
}

/* The user's PIN is the PIN. Where there is said to be none, one is missing. */
static void log_in(struct look *look)
{
	struct witness_piece *piece = begin(look, WITNESS_LOGIN);
	const CK_RV rv = actor_login(&look->actor, CKU_USER, USER_PIN_1);

	look->logged_in = rv == CKR_OK;
	if (!look->has_pin || rv == CKR_USER_PIN_NOT_INITIALIZED)
		settle(piece, WITNESS_MISSING, CKR_OK);
	else
		end(piece, rv);
}

static void look_at_pieces(struct look *look)
{
	struct witness_piece *pieces = look->witness->pieces;
	CK_RV rv = CKR_OK;

	if (!look_for_token(look)) {
		end_all(look, WITNESS_LOGIN, pieces[WITNESS_TOKEN].state, pieces[WITNESS_TOKEN].rv);
		return;
	}
	rv = witness_open_session(&look->actor, &look->read_only);
	if (rv != CKR_OK) {
		end_all(look, WITNESS_LOGIN, tells_of_damage(rv) ? WITNESS_TOLD : WITNESS_WRONG, rv);
		return;
	}
	log_in(look);
	for (unsigned i = 0; i < WITNESS_OBJECTS_COUNT; i++) {
		if (look->logged_in || !witness_objects[i].is_private)
			look_at_object(look, i);
		else
			settle(&pieces[WITNESS_OBJECTS + i], pieces[WITNESS_LOGIN].state,
			       pieces[WITNESS_LOGIN].rv);
	}
	look_at_list(look);
	look_at_creation(look);
}

void witness_look(const char *module, struct witness_known *known, struct witness *ret_witness)
{
	struct look look = { .known = known, .witness = ret_witness };
	CK_RV rv = CKR_OK;

	memset(ret_witness, 0, sizeof(*ret_witness));
	rv = actor_load(module, &look.actor);
	if (rv != CKR_OK) {
		end_all(&look, 0, tells_of_damage(rv) ? WITNESS_TOLD : WITNESS_WRONG, rv);
		ret_witness->complete = true;
		return;
	}
	look_at_pieces(&look);
	if (look.actor.p11.C_Finalize(NULL) == CKR_OK)
		ret_witness->complete = true;
}

/* ---- what it means ---- */

struct witness_known *witness_known_new(void)
{
	void *memory = mmap(NULL, sizeof(struct witness_known), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		report_bail("no shared memory");
	return memory;
}

static void say_what_is_bad(unsigned place, const struct witness_piece *piece, char *why, size_t len)
{
	const char *name = witness_name(place);

	if (piece->state == WITNESS_NOT_SEEN)
		(void)snprintf(why, len, "%s was not reached", name);
	else if (piece->state == WITNESS_MISSING)
		(void)snprintf(why, len, "%s is missing, and nothing said so", name);
	else if (piece->rv != CKR_OK)
		(void)snprintf(why, len, "%s answers %s, which blames the caller", name,
			       actor_rv_name(piece->rv));
	else if (piece->state == WITNESS_OLD)
		(void)snprintf(why, len, "%s is as it once was, and nothing said so", name);
	else if (piece->value != 0)
		(void)snprintf(why, len, "%s is wrong in its value %u, and nothing said so", name,
			       piece->value);
	else
		(void)snprintf(why, len, "%s is there more than once, and nothing said so", name);
}

bool witness_is_good(const struct witness *witness, unsigned silent, char *why, size_t len)
{
	const unsigned good = silent | 1u << WITNESS_FINE | 1u << WITNESS_TOLD;

	for (unsigned i = 0; i < WITNESS_PLACES; i++) {
		const struct witness_piece *piece = &witness->pieces[i];

		if ((good & 1u << piece->state) != 0)
			continue;
		say_what_is_bad(i, piece, why, len);
		return false;
	}
	if (!witness->complete)
		(void)snprintf(why, len, "C_Finalize failed");
	return witness->complete;
}

void witness_bless(const struct witness *witness, int status, struct witness_known *known)
{
	char why[256] = "its process died";

	for (unsigned i = 0; i < WITNESS_PLACES; i++) {
		const struct witness_piece *piece = &witness->pieces[i];

		if (piece->state == WITNESS_TOLD)
			report_bail("nothing is hurt, but %s answers %s", witness_name(i),
				    actor_rv_name(piece->rv));
	}
	if (status != 0 || !witness_is_good(witness, 0, why, sizeof(why)))
		report_bail("nothing is hurt, but %s", why);
	known->complete = true;
}

uint32_t witness_mask(bool is_private)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < WITNESS_OBJECTS_COUNT; i++) {
		if (witness_objects[i].is_private == is_private)
			mask |= UINT32_C(1) << (WITNESS_OBJECTS + i);
	}
	return mask;
}

unsigned witness_count(const struct witness *witness, enum witness_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < WITNESS_PLACES; i++)
		count += witness->pieces[i].state == state;
	return count;
}
