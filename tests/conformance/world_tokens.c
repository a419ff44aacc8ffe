/* The tokens of the world, their keys, and all that can be seen of them as one number. */
#include "world.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

CK_UTF8CHAR world_so_pin[] = "officer-1234";
CK_UTF8CHAR world_user_pin[] = "member--1234";
CK_UTF8CHAR world_wrong_pin[] = "nobody--1234";

static struct {
	CK_SLOT_ID slot[WORLD_TOKENS];
	CK_SESSION_HANDLE keeper[WORLD_TOKENS];
	CK_OBJECT_HANDLE keys[WORLD_KEYS][2]; /* secret or public; private */
	uint64_t allowed;                     /* what keys made lazily add to the sum */
} tokens;

CK_UTF8CHAR *world_label(const char *text)
{
	static CK_UTF8CHAR label[33];

	(void)snprintf((char *)label, sizeof(label), "%-32s", text);
	return label;
}

static void must(const char *what, CK_RV rv)
{
	if (rv == CKR_OK)
		return;
	world_note("%s: %s", what, world_rv_name(rv));
	world_bail(what);
}

#define MUST(...) must(#__VA_ARGS__, (__VA_ARGS__))

CK_SLOT_ID world_blank_slot(void)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = COUNT(slots);
	CK_TOKEN_INFO info;

	MUST(p11->C_GetSlotList(CK_FALSE, slots, &count));
	for (CK_ULONG i = 0; i < count; i++) {
		if (p11->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    (info.flags & CKF_TOKEN_INITIALIZED) == 0)
			return slots[i];
	}
	world_bail("no slot to make a token in");
}

static CK_SLOT_ID make_token(const char *label)
{
	CK_SLOT_ID slot = world_blank_slot();
	CK_SESSION_HANDLE session = 0;

	MUST(p11->C_InitToken(slot, SO_PIN, world_label(label)));
	MUST(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
	MUST(p11->C_Login(session, CKU_SO, SO_PIN));
	MUST(p11->C_InitPIN(session, USER_PIN));
	MUST(p11->C_CloseSession(session));
	return slot;
}

CK_SLOT_ID scratch_token(void)
{
	MUST(p11->C_Initialize(NULL));
	return make_token("scratch");
}

/* ---- a process beside us, which changes the store when it is told to ---- */

static int stir_ends[2]; /* what is written to one process and read from it, by us and by the other */

/* On a token of everybody's, made and destroyed: nothing is left to be seen. */
static bool stir_once(void)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL token = CK_TRUE;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_TOKEN, &token, sizeof(token) } };
	CK_SESSION_HANDLE session = 0;
	CK_OBJECT_HANDLE object = 0;

	return p11->C_OpenSession(tokens.slot[PUBLIC], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				  &session) == CKR_OK &&
	       p11->C_CreateObject(session, template, COUNT(template), &object) == CKR_OK &&
	       p11->C_DestroyObject(session, object) == CKR_OK && p11->C_CloseSession(session) == CKR_OK;
}

static void start_stirring(void)
{
	char wanted = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stir_ends) != 0)
		world_bail("socketpair");
	switch (fork()) {
	case -1: world_bail("fork");
	case 0: break;
	default: (void)close(stir_ends[1]); return;
	}
	(void)close(stir_ends[0]);
	if (p11->C_Initialize(NULL) != CKR_OK)
		_exit(1);
	while (read(stir_ends[1], &wanted, 1) == 1) {
		if (!stir_once() || write(stir_ends[1], &wanted, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

void world_stir(void)
{
	char done = 0;

	if (write(stir_ends[0], "x", 1) != 1 || read(stir_ends[0], &done, 1) != 1)
		world_bail("the other process does not change the store");
}

void world_populate(void)
{
	static const char *const labels[WORLD_TOKENS] = { "public", "user", "officer" };

	MUST(p11->C_Initialize(NULL));
	for (unsigned i = 0; i < WORLD_TOKENS; i++) {
		tokens.slot[i] = make_token(labels[i]);
		tokens.keeper[i] = world_open(i, CKF_RW_SESSION);
	}
	MUST(p11->C_Login(tokens.keeper[USER], CKU_USER, USER_PIN));
	MUST(p11->C_Login(tokens.keeper[OFFICER], CKU_SO, SO_PIN));
	start_stirring();
}

CK_SLOT_ID world_slot(enum world_token token)
{
	return tokens.slot[token];
}

CK_SESSION_HANDLE world_keeper(enum world_token token)
{
	return tokens.keeper[token];
}

CK_SESSION_HANDLE world_open(enum world_token token, CK_FLAGS rw)
{
	CK_SESSION_HANDLE session = 0;

	MUST(p11->C_OpenSession(tokens.slot[token], CKF_SERIAL_SESSION | rw, NULL, NULL, &session));
	return session;
}

void world_close(CK_SESSION_HANDLE session)
{
	EXPECT_OK(p11->C_CloseSession(session));
}

/* ---- the sum: FNV-1a, added up over objects, so that their order says nothing ---- */

static uint64_t hash(uint64_t sum, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

#define HASH_START UINT64_C(0xcbf29ce484222325)

static uint64_t sum_object(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
		CKA_CLASS,       CKA_TOKEN,     CKA_PRIVATE,    CKA_LABEL,    CKA_UNIQUE_ID,
		CKA_APPLICATION, CKA_VALUE,     CKA_TRUSTED,    CKA_KEY_TYPE, CKA_SUBJECT,
		CKA_ID,          CKA_SENSITIVE, CKA_ENCRYPT,    CKA_DECRYPT,  CKA_WRAP,
		CKA_UNWRAP,      CKA_SIGN,      CKA_VERIFY,     CKA_DERIVE,   CKA_END_DATE,
		CKA_MODULUS,     CKA_VALUE_LEN, CKA_MODIFIABLE, CKA_COPYABLE, CKA_EXTRACTABLE
	};
	CK_ATTRIBUTE attributes[COUNT(types)];
	static unsigned char values[COUNT(types)][512];
	uint64_t sum = HASH_START;

	for (size_t i = 0; i < COUNT(types); i++)
		attributes[i] = (CK_ATTRIBUTE){ types[i], values[i], sizeof(values[i]) };
	(void)p11->C_GetAttributeValue(session, object, attributes, COUNT(types));
	for (size_t i = 0; i < COUNT(types); i++) {
		sum = hash(sum, &attributes[i].ulValueLen, sizeof(CK_ULONG));
		if (attributes[i].ulValueLen != CK_UNAVAILABLE_INFORMATION)
			sum = hash(sum, values[i], attributes[i].ulValueLen);
	}
	return sum;
}

static uint64_t sum_token(CK_SESSION_HANDLE keeper, CK_SLOT_ID slot)
{
	CK_TOKEN_INFO token;
	CK_SESSION_INFO session;
	CK_OBJECT_HANDLE found[64];
	CK_ULONG count = COUNT(found);
	uint64_t sum = HASH_START;

	memset(&token, 0, sizeof(token));
	memset(&session, 0, sizeof(session));
	EXPECT_OK(p11->C_GetTokenInfo(slot, &token));
	EXPECT_OK(p11->C_GetSessionInfo(keeper, &session));
	sum = hash(hash(sum, &token, sizeof(token)), &session, sizeof(session));
	EXPECT_OK(p11->C_FindObjectsInit(keeper, NULL, 0));
	while (count == COUNT(found)) {
		count = 0;
		EXPECT_OK(p11->C_FindObjects(keeper, found, COUNT(found), &count));
		for (CK_ULONG i = 0; i < count; i++)
			sum += sum_object(keeper, found[i]);
	}
	EXPECT_OK(p11->C_FindObjectsFinal(keeper));
	return sum;
}

uint64_t world_sum(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < WORLD_TOKENS; i++) {
		if (tokens.keeper[i] != 0)
			sum += sum_token(tokens.keeper[i], tokens.slot[i]);
	}
	return sum - tokens.allowed;
}

/* ---- keys ---- */

#define MAY_MAX 8

static CK_BBOOL yes = CK_TRUE;

struct secret_row {
	CK_KEY_TYPE type;
	CK_ATTRIBUTE_TYPE may[MAY_MAX];
};

static const struct secret_row secrets[] = {
	[KEY_AES] = { CKK_AES, { CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP } },
	[KEY_GENERIC] = { CKK_GENERIC_SECRET, { CKA_SIGN, CKA_VERIFY, CKA_DERIVE } },
	[KEY_HMAC] = { CKK_SHA256_HMAC, { CKA_SIGN, CKA_VERIFY } },
	[KEY_HKDF] = { CKK_HKDF, { CKA_DERIVE } },
};

/* DER: the curves' object identifiers. */
static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static CK_BYTE ed25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
static CK_BYTE x25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x6e };
static CK_ULONG rsa_bits = 2048;
static CK_ULONG ml_dsa_44 = CKP_ML_DSA_44;
static CK_ULONG ml_kem_512 = CKP_ML_KEM_512;

struct pair_row {
	CK_MECHANISM_TYPE mechanism;
	CK_ATTRIBUTE parameter;
	CK_ATTRIBUTE_TYPE public_may[MAY_MAX], private_may[MAY_MAX];
};

static const struct pair_row pairs[] = {
	[KEY_RSA] = { CKM_RSA_PKCS_KEY_PAIR_GEN,
		      { CKA_MODULUS_BITS, &rsa_bits, sizeof(rsa_bits) },
		      { CKA_ENCRYPT, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP },
		      { CKA_DECRYPT, CKA_SIGN, CKA_SIGN_RECOVER, CKA_UNWRAP } },
	[KEY_EC] = { CKM_EC_KEY_PAIR_GEN,
		     { CKA_EC_PARAMS, p256, sizeof(p256) },
		     { CKA_VERIFY },
		     { CKA_SIGN, CKA_DERIVE } },
	[KEY_ED25519] = { CKM_EC_EDWARDS_KEY_PAIR_GEN,
			  { CKA_EC_PARAMS, ed25519, sizeof(ed25519) },
			  { CKA_VERIFY },
			  { CKA_SIGN } },
	[KEY_X25519] = { CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
			 { CKA_EC_PARAMS, x25519, sizeof(x25519) },
			 { 0 },
			 { CKA_DERIVE } },
	[KEY_ML_DSA] = { CKM_ML_DSA_KEY_PAIR_GEN,
			 { CKA_PARAMETER_SET, &ml_dsa_44, sizeof(ml_dsa_44) },
			 { CKA_VERIFY },
			 { CKA_SIGN } },
	[KEY_ML_KEM] = { CKM_ML_KEM_KEY_PAIR_GEN,
			 { CKA_PARAMETER_SET, &ml_kem_512, sizeof(ml_kem_512) },
			 { CKA_ENCAPSULATE },
			 { CKA_DECAPSULATE } },
};

/* Adds what the key may do to a template. */
static CK_ULONG add_uses(CK_ATTRIBUTE *template, CK_ULONG count, const CK_ATTRIBUTE_TYPE *may)
{
	for (unsigned i = 0; i < MAY_MAX && may[i] != 0; i++)
		template[count++] = (CK_ATTRIBUTE){ may[i], &yes, sizeof(yes) };
	return count;
}

static void allow(CK_OBJECT_HANDLE object)
{
	tokens.allowed += sum_object(tokens.keeper[USER], object);
}

CK_OBJECT_HANDLE world_secret(enum world_key key)
{
	CK_OBJECT_HANDLE *handle = &tokens.keys[key][0];
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = secrets[key].type;
	CK_BYTE value[32] = "not a secret, but a secret's len";
	CK_ATTRIBUTE template[4 + MAY_MAX] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_VALUE, value, sizeof(value) },
		{ CKA_EXTRACTABLE, &yes, sizeof(yes) },
	};
	CK_ULONG count = add_uses(template, 4, secrets[key].may);

	if (*handle == 0) {
		MUST(p11->C_CreateObject(tokens.keeper[USER], template, count, handle));
		allow(*handle);
	}
	return *handle;
}

static void make_pair(enum world_key key)
{
	const struct pair_row *row = &pairs[key];
	CK_MECHANISM mechanism = { row->mechanism, NULL, 0 };
	CK_ATTRIBUTE public[1 + MAY_MAX] = { row->parameter };
	CK_ATTRIBUTE private[1 + MAY_MAX] = { { CKA_EXTRACTABLE, &yes, sizeof(yes) } };
	CK_ULONG public_count = add_uses(public, 1, row->public_may);
	CK_ULONG private_count = add_uses(private, 1, row->private_may);

	if (tokens.keys[key][0] != 0)
		return;
	MUST(p11->C_GenerateKeyPair(tokens.keeper[USER], &mechanism, public, public_count, private,
				    private_count, &tokens.keys[key][0], &tokens.keys[key][1]));
	allow(tokens.keys[key][0]);
	allow(tokens.keys[key][1]);
}

CK_OBJECT_HANDLE world_public(enum world_key key)
{
	make_pair(key);
	return tokens.keys[key][0];
}

CK_OBJECT_HANDLE world_private(enum world_key key)
{
	make_pair(key);
	return tokens.keys[key][1];
}
