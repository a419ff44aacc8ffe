/*
 * PKCS#11 3.2 §4: what attributes promise, through the module: defaults where a
 * template is silent, what the token computes and never believes, who may see and do
 * what, and what keys say of their own use.
 */
#include "make.h"

static CK_MECHANISM kw = { CKM_AES_KEY_WRAP, NULL, 0 };
static CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };
static CK_MECHANISM aes_gen = { CKM_AES_KEY_GEN, NULL, 0 };

static const CK_ULONG len_32 = 32;

static CK_OBJECT_HANDLE generate(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE key = 0;

	EXPECT_OK(p11->C_GenerateKey(session, &aes_gen, template, count, &key));
	return key;
}

#define GENERATE(session, ...)                                                            \
	generate((session), (CK_ATTRIBUTE[]){ ATTR(CKA_VALUE_LEN, len_32), __VA_ARGS__ }, \
		 sizeof((CK_ATTRIBUTE[]){ ATTR(CKA_VALUE_LEN, len_32), __VA_ARGS__ }) /   \
			 sizeof(CK_ATTRIBUTE))

static CK_RV wrap(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE wrapper, CK_OBJECT_HANDLE key,
		  CK_BYTE wrapped[40])
{
	CK_ULONG len = 40;

	return p11->C_WrapKey(session, &kw, wrapper, key, wrapped, &len);
}

static CK_RV unwrap(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE wrapper, CK_BYTE wrapped[40],
		    CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *ret_key)
{
	return p11->C_UnwrapKey(session, &kw, wrapper, wrapped, 40, template, count, ret_key);
}

/* ---- defaults and what is computed ---- */

static void expect_bools(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_BBOOL private,
			 CK_BBOOL sensitive, CK_BBOOL extractable)
{
	EXPECT(bool_of(session, object, CKA_PRIVATE) == private);
	EXPECT(bool_of(session, object, CKA_SENSITIVE) == sensitive);
	EXPECT(bool_of(session, object, CKA_EXTRACTABLE) == extractable);
	EXPECT(bool_of(session, object, CKA_TOKEN) == CK_FALSE);
	EXPECT(bool_of(session, object, CKA_MODIFIABLE) == CK_TRUE);
	EXPECT(bool_of(session, object, CKA_COPYABLE) == CK_TRUE);
	EXPECT(bool_of(session, object, CKA_DESTROYABLE) == CK_TRUE);
}

static void expect_past(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_BBOOL local,
			CK_BBOOL always_sensitive, CK_BBOOL never_extractable, CK_ULONG mechanism)
{
	EXPECT(bool_of(session, object, CKA_LOCAL) == local);
	EXPECT(bool_of(session, object, CKA_ALWAYS_SENSITIVE) == always_sensitive);
	EXPECT(bool_of(session, object, CKA_NEVER_EXTRACTABLE) == never_extractable);
	EXPECT(number_of(session, object, CKA_KEY_GEN_MECHANISM) == mechanism);
	EXPECT(length_of(session, object, CKA_UNIQUE_ID) == 32);
}

static CK_RV silent_created(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE key = MAKE(session, AES_KEY);

	expect_bools(session, key, CK_TRUE, CK_FALSE, CK_FALSE);
	expect_past(session, key, CK_FALSE, CK_FALSE, CK_FALSE, CK_UNAVAILABLE_INFORMATION);
	EXPECT(length_of(session, key, CKA_VALUE) == CK_UNAVAILABLE_INFORMATION);
	EXPECT(length_of(session, key, CKA_LABEL) == 0 && length_of(session, key, CKA_START_DATE) == 0);
	world_close(session);
	return CKR_OK;
}

static CK_RV silent_generated(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE key = GENERATE(session, BYTES(CKA_LABEL, "g"));

	expect_bools(session, key, CK_TRUE, CK_FALSE, CK_FALSE);
	expect_past(session, key, CK_TRUE, CK_FALSE, CK_TRUE, CKM_AES_KEY_GEN);
	EXPECT(number_of(session, key, CKA_VALUE_LEN) == 32);
	world_close(session);
	return CKR_OK;
}

/* §5.18.4: what came in wrapped is known elsewhere, and may go out again. */
static CK_RV silent_unwrapped(void)
{
	CK_ATTRIBUTE template[] = { ATTR(CKA_CLASS, class_secret), ATTR(CKA_KEY_TYPE, type_aes) };
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE key = 0;
	CK_BYTE wrapped[40];

	EXPECT_OK(wrap(session, world_secret(KEY_AES), world_secret(KEY_AES), wrapped));
	EXPECT_OK(unwrap(session, world_secret(KEY_AES), wrapped, template, COUNT(template), &key));
	expect_bools(session, key, CK_TRUE, CK_FALSE, CK_TRUE);
	expect_past(session, key, CK_FALSE, CK_FALSE, CK_FALSE, CK_UNAVAILABLE_INFORMATION);
	world_close(session);
	return CKR_OK;
}

/* §5.18.8, §5.18.9: both ends of an encapsulation. */
static CK_RV silent_encapsulated(void)
{
	CK_ATTRIBUTE template[] = { ATTR(CKA_CLASS, class_secret), ATTR(CKA_KEY_TYPE, type_generic) };
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_MECHANISM ml_kem = { CKM_ML_KEM, NULL, 0 };
	CK_OBJECT_HANDLE key[2] = { 0, 0 };
	CK_BYTE ciphertext[768];
	CK_ULONG len = sizeof(ciphertext);

	EXPECT_OK(p11->C_EncapsulateKey(session, &ml_kem, world_public(KEY_ML_KEM), template, COUNT(template),
					ciphertext, &len, &key[0]));
	EXPECT_OK(p11->C_DecapsulateKey(session, &ml_kem, world_private(KEY_ML_KEM), template,
					COUNT(template), ciphertext, len, &key[1]));
	for (unsigned i = 0; i < 2; i++) {
		expect_bools(session, key[i], CK_TRUE, CK_FALSE, CK_TRUE);
		expect_past(session, key[i], CK_FALSE, CK_FALSE, CK_FALSE, CK_UNAVAILABLE_INFORMATION);
	}
	world_close(session);
	return CKR_OK;
}

/* The past is what was, not what is: it follows no later change, and no copy. */
static CK_RV past_stays(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE key = GENERATE(session, ATTR(CKA_SENSITIVE, no), ATTR(CKA_EXTRACTABLE, yes));
	CK_OBJECT_HANDLE hidden = GENERATE(session, ATTR(CKA_SENSITIVE, yes));
	CK_OBJECT_HANDLE copy = 0;

	expect_past(session, key, CK_TRUE, CK_FALSE, CK_FALSE, CKM_AES_KEY_GEN);
	expect_past(session, hidden, CK_TRUE, CK_TRUE, CK_TRUE, CKM_AES_KEY_GEN);
	EXPECT_OK(SET(session, key, ATTR(CKA_SENSITIVE, yes)));
	EXPECT_OK(SET(session, key, ATTR(CKA_EXTRACTABLE, no)));
	expect_bools(session, key, CK_TRUE, CK_TRUE, CK_FALSE);
	expect_past(session, key, CK_TRUE, CK_FALSE, CK_FALSE, CKM_AES_KEY_GEN);
	EXPECT_OK(p11->C_CopyObject(session, key, NULL, 0, &copy));
	expect_past(session, copy, CK_TRUE, CK_FALSE, CK_FALSE, CKM_AES_KEY_GEN);
	EXPECT_OK(p11->C_CopyObject(session, hidden, NULL, 0, &copy));
	expect_past(session, copy, CK_TRUE, CK_TRUE, CK_TRUE, CKM_AES_KEY_GEN);
	world_close(session);
	return CKR_OK;
}

static CK_RV unique_ids(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE objects[3] = { MAKE(session, DATA), MAKE(session, DATA), 0 };
	CK_BYTE ids[3][32];
	CK_RV rv = p11->C_CopyObject(session, objects[0], NULL, 0, &objects[2]);

	for (unsigned i = 0; i < 3; i++) {
		CK_ATTRIBUTE id = ATTR(CKA_UNIQUE_ID, ids[i]);

		EXPECT_OK(p11->C_GetAttributeValue(session, objects[i], &id, 1));
		EXPECT(count_found(session, &id, 1) == 1);
		for (unsigned j = 0; j < i; j++)
			EXPECT(memcmp(ids[i], ids[j], sizeof(ids[i])) != 0);
	}
	world_close(session);
	return rv;
}

/* ---- pairs of every type: from their values they come back as they were ---- */

static const CK_ATTRIBUTE_TYPE parts[] = { CKA_MODULUS,       CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT,
					   CKA_PRIME_1,       CKA_PRIME_2,         CKA_EXPONENT_1,
					   CKA_EXPONENT_2,    CKA_COEFFICIENT,     CKA_EC_PARAMS,
					   CKA_EC_POINT,      CKA_VALUE,           CKA_SEED,
					   CKA_PARAMETER_SET, CKA_MODULUS_BITS };

#define PARTS    COUNT(parts)
#define PART_MAX 4096

static CK_BYTE part_values[PARTS][PART_MAX];

/* The parts that the object has, behind the template's first `count` attributes. */
static CK_ULONG read_parts(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
			   CK_ULONG count)
{
	for (size_t i = 0; i < PARTS; i++) {
		CK_ATTRIBUTE part = { parts[i], part_values[i], PART_MAX };

		/* The one that is computed may not be given back. */
		if (parts[i] != CKA_MODULUS_BITS &&
		    p11->C_GetAttributeValue(session, object, &part, 1) == CKR_OK)
			template[count++] = part;
	}
	return count;
}

static bool same_parts(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE one, CK_OBJECT_HANDLE two)
{
	static CK_BYTE first[PART_MAX], second[PART_MAX];

	for (size_t i = 0; i < PARTS; i++) {
		CK_ATTRIBUTE a = { parts[i], first, PART_MAX };
		CK_ATTRIBUTE b = { parts[i], second, PART_MAX };

		(void)p11->C_GetAttributeValue(session, one, &a, 1);
		(void)p11->C_GetAttributeValue(session, two, &b, 1);
		if (a.ulValueLen != b.ulValueLen)
			return false;
		if (a.ulValueLen != CK_UNAVAILABLE_INFORMATION && memcmp(first, second, a.ulValueLen) != 0)
			return false;
	}
	return true;
}

static void comes_back(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const CK_OBJECT_CLASS *class)
{
	CK_KEY_TYPE type = number_of(session, key, CKA_KEY_TYPE);
	CK_ATTRIBUTE template[4 + PARTS] = { { CKA_CLASS, (void *)(uintptr_t) class, sizeof(*class) },
					     ATTR(CKA_KEY_TYPE, type) };
	CK_ULONG count = 2;
	CK_OBJECT_HANDLE again = 0;

	if (*class == CKO_PRIVATE_KEY) {
		template[count++] = (CK_ATTRIBUTE)ATTR(CKA_SENSITIVE, no);
		template[count++] = (CK_ATTRIBUTE)ATTR(CKA_EXTRACTABLE, yes);
	}
	again = make(session, template, read_parts(session, key, template, count));
	EXPECT(same_parts(session, key, again));
	EXPECT(bool_of(session, again, CKA_LOCAL) == CK_FALSE);
	EXPECT(length_of(session, again, CKA_PUBLIC_KEY_INFO) ==
	       length_of(session, key, CKA_PUBLIC_KEY_INFO));
}

static const CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const CK_BYTE ed25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
static const CK_BYTE x25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x6e };
static const CK_ULONG bits = 2048, ml_dsa_44 = CKP_ML_DSA_44, ml_kem_512 = CKP_ML_KEM_512;

static const struct {
	CK_MECHANISM_TYPE mechanism;
	CK_ATTRIBUTE parameter;
} kinds[] = {
	{ CKM_RSA_PKCS_KEY_PAIR_GEN, ATTR(CKA_MODULUS_BITS, bits) },
	{ CKM_EC_KEY_PAIR_GEN, ATTR(CKA_EC_PARAMS, p256) },
	{ CKM_EC_EDWARDS_KEY_PAIR_GEN, ATTR(CKA_EC_PARAMS, ed25519) },
	{ CKM_EC_MONTGOMERY_KEY_PAIR_GEN, ATTR(CKA_EC_PARAMS, x25519) },
	{ CKM_ML_DSA_KEY_PAIR_GEN, ATTR(CKA_PARAMETER_SET, ml_dsa_44) },
	{ CKM_ML_KEM_KEY_PAIR_GEN, ATTR(CKA_PARAMETER_SET, ml_kem_512) },
};

static CK_RV pairs_come_back(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		CK_MECHANISM mechanism = { kinds[i].mechanism, NULL, 0 };
		CK_ATTRIBUTE public[] = { kinds[i].parameter };
		CK_ATTRIBUTE private[] = { ATTR(CKA_SENSITIVE, no), ATTR(CKA_EXTRACTABLE, yes) };
		CK_OBJECT_HANDLE key[2] = { 0, 0 };

		rv = p11->C_GenerateKeyPair(session, &mechanism, public, 1, private, 2, &key[0], &key[1]);
		EXPECT_OK(rv);
		comes_back(session, key[0], &class_public);
		comes_back(session, key[1], &class_private);
		expect_past(session, key[1], CK_TRUE, CK_FALSE, CK_FALSE, kinds[i].mechanism);
	}
	world_close(session);
	return rv;
}

/* Private keys whose template is silent, and that one of them can't be read. */
static CK_RV pairs_are_silent(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		CK_MECHANISM mechanism = { kinds[i].mechanism, NULL, 0 };
		CK_ATTRIBUTE public[] = { kinds[i].parameter };
		CK_OBJECT_HANDLE key[2] = { 0, 0 };

		rv = p11->C_GenerateKeyPair(session, &mechanism, public, 1, NULL, 0, &key[0], &key[1]);
		EXPECT_OK(rv);
		expect_bools(session, key[1], CK_TRUE, CK_TRUE, CK_FALSE);
		expect_past(session, key[1], CK_TRUE, CK_TRUE, CK_TRUE, kinds[i].mechanism);
		EXPECT(bool_of(session, key[0], CKA_PRIVATE) == CK_FALSE);
		for (size_t j = 0; j < PARTS; j++) {
			CK_ATTRIBUTE part = { parts[j], part_values[j], PART_MAX };
			CK_RV got = p11->C_GetAttributeValue(session, key[1], &part, 1);
			bool secret = j >= 2 && parts[j] != CKA_EC_PARAMS && parts[j] != CKA_PARAMETER_SET;

			EXPECT(!secret || got == CKR_ATTRIBUTE_SENSITIVE ||
			       got == CKR_ATTRIBUTE_TYPE_INVALID);
			EXPECT(parts[j] != CKA_VALUE || got != CKR_OK);
		}
	}
	world_close(session);
	return rv;
}

/* ---- who sees what ---- */

/* All but what the token itself has (profiles). */
static CK_ULONG count_stored(CK_SESSION_HANDLE session)
{
	return count_found(session, (CK_ATTRIBUTE[]){ ATTR(CKA_MODIFIABLE, yes) }, 1);
}

static CK_SLOT_ID slot;

static CK_SESSION_HANDLE begin(void)
{
	CK_SESSION_HANDLE session = 0;

	slot = scratch_token();
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
	return session;
}

#define AS_USER(session)    EXPECT_OK(p11->C_Login((session), CKU_USER, USER_PIN))
#define AS_OFFICER(session) EXPECT_OK(p11->C_Login((session), CKU_SO, SO_PIN))
#define AS_NOBODY(session)  EXPECT_OK(p11->C_Logout(session))

/* Nobody and the officer see public objects only, by search and by handle. */
static CK_RV public_only(void)
{
	CK_SESSION_HANDLE session = begin();
	CK_OBJECT_HANDLE private_key = 0;
	CK_OBJECT_HANDLE public_key = 0;
	CK_ULONG size = 0;

	AS_USER(session);
	private_key = MAKE(session, AES_KEY, ATTR(CKA_TOKEN, yes));
	public_key = MAKE(session, AES_KEY, ATTR(CKA_TOKEN, yes), ATTR(CKA_PRIVATE, no));
	(void)MAKE(session, DATA, ATTR(CKA_PRIVATE, yes));
	EXPECT(count_stored(session) == 3);
	for (unsigned officer = 0; officer < 2; officer++) {
		AS_NOBODY(session);
		if (officer)
			AS_OFFICER(session);
		EXPECT(count_stored(session) == 1);
		EXPECT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(session, private_key, &size));
		EXPECT_OK(p11->C_GetObjectSize(session, public_key, &size));
		EXPECT_RV(CKR_KEY_HANDLE_INVALID, p11->C_EncryptInit(session, &ecb, private_key));
		if (officer)
			AS_NOBODY(session);
		AS_USER(session);
		EXPECT(count_stored(session) == 2); /* the session's own private one is gone */
	}
	return CKR_OK;
}

/* Objects outlive the process, or the session. */
static CK_RV lives(void)
{
	CK_SESSION_HANDLE session = begin();

	(void)MAKE(session, DATA, ATTR(CKA_TOKEN, yes), BYTES(CKA_VALUE, "kept"), ATTR(CKA_COPYABLE, no));
	(void)MAKE(session, DATA);
	EXPECT(count_stored(session) == 2);
	EXPECT_OK(p11->C_Finalize(NULL));
	EXPECT_OK(p11->C_Initialize(NULL));
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
	EXPECT(count_found(session, (CK_ATTRIBUTE[]){ BYTES(CKA_VALUE, "kept"), ATTR(CKA_COPYABLE, no) },
			   2) == 1);
	EXPECT(count_stored(session) == 1);
	return CKR_OK;
}

/* A search by value finds what can be read, and tells nothing of what can't. */
static CK_RV no_guessing(void)
{
	CK_ATTRIBUTE value[] = { AES_VALUE };
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_ULONG before = count_found(session, value, 1);

	(void)MAKE(session, AES_KEY, ATTR(CKA_EXTRACTABLE, yes), ATTR(CKA_SENSITIVE, yes));
	(void)MAKE(session, AES_KEY, ATTR(CKA_EXTRACTABLE, no));
	EXPECT(count_found(session, value, 1) == before);
	(void)MAKE(session, AES_KEY, ATTR(CKA_EXTRACTABLE, yes));
	EXPECT(count_found(session, value, 1) == before + 1);
	world_close(session);
	return CKR_OK;
}

/* ---- objects of the token itself (§4.13): read, and nothing else ---- */

static CK_OBJECT_HANDLE find_profile(CK_SESSION_HANDLE session)
{
	CK_ATTRIBUTE template[] = { ATTR(CKA_CLASS, class_profile) };
	CK_OBJECT_HANDLE profile = 0;
	CK_ULONG found = 0;

	EXPECT_OK(p11->C_FindObjectsInit(session, template, 1));
	EXPECT_OK(p11->C_FindObjects(session, &profile, 1, &found));
	EXPECT_OK(p11->C_FindObjectsFinal(session));
	EXPECT(found == 1);
	return profile;
}

static CK_RV copy_profile(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, CKF_RW_SESSION);
	CK_OBJECT_HANDLE copy = 0;
	CK_RV rv = p11->C_CopyObject(session, find_profile(session), NULL, 0, &copy);

	world_close(session);
	return rv;
}

static CK_RV destroy_profile(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, CKF_RW_SESSION);
	CK_RV rv = p11->C_DestroyObject(session, find_profile(session));

	world_close(session);
	return rv;
}

static CK_RV set_profile(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, CKF_RW_SESSION);
	CK_RV rv = SET(session, find_profile(session), BYTES(CKA_LABEL, "l"));

	world_close(session);
	return rv;
}

/* ---- trust ---- */

/* The officer trusts certificates, public keys and public secret keys; nobody else does. */
static CK_RV officer_trusts(void)
{
	CK_SESSION_HANDLE session = begin();
	CK_OBJECT_HANDLE trusted[3];
	CK_OBJECT_HANDLE copy = 0;

	AS_OFFICER(session);
	trusted[0] = MAKE(session, CERT, BYTES(CKA_SUBJECT, "s"), BYTES(CKA_VALUE, "v"), ATTR(CKA_TOKEN, yes),
			  ATTR(CKA_TRUSTED, yes));
	trusted[1] = MAKE(session, ATTR(CKA_CLASS, class_public), ATTR(CKA_KEY_TYPE, type_rsa),
			  ATTR(CKA_TOKEN, yes), ATTR(CKA_TRUSTED, yes), BYTES(CKA_PUBLIC_EXPONENT, "\1\0\1"),
			  { CKA_MODULUS, part_values[0], 256 });
	trusted[2] = MAKE(session, AES_KEY, ATTR(CKA_TOKEN, yes), ATTR(CKA_PRIVATE, no));
	EXPECT_OK(SET(session, trusted[2], ATTR(CKA_TRUSTED, yes)));
	EXPECT_RV(CKR_USER_NOT_LOGGED_IN, REFUSE(session, AES_KEY, ATTR(CKA_TRUSTED, yes)));
	AS_NOBODY(session);
	AS_USER(session);
	for (unsigned i = 0; i < COUNT(trusted); i++) {
		EXPECT(bool_of(session, trusted[i], CKA_TRUSTED) == CK_TRUE);
		EXPECT_RV(CKR_ACTION_PROHIBITED, SET(session, trusted[i], BYTES(CKA_LABEL, "mine")));
		EXPECT_OK(p11->C_CopyObject(session, trusted[i], NULL, 0, &copy));
		EXPECT(bool_of(session, copy, CKA_TRUSTED) == CK_FALSE);
		EXPECT_RV(CKR_ATTRIBUTE_READ_ONLY, SET(session, copy, ATTR(CKA_TRUSTED, yes)));
	}
	AS_NOBODY(session);
	AS_OFFICER(session);
	EXPECT_OK(SET(session, trusted[0], ATTR(CKA_TRUSTED, no)));
	EXPECT(bool_of(session, trusted[0], CKA_TRUSTED) == CK_FALSE);
	return CKR_OK;
}

/* §4.8: a key that asks for it goes out under a trusted key alone. */
static CK_RV wrap_with_trusted(void)
{
	CK_SESSION_HANDLE session = begin();
	CK_OBJECT_HANDLE trusted = 0;
	CK_OBJECT_HANDLE plain = 0;
	CK_OBJECT_HANDLE key = 0;
	CK_BYTE wrapped[40];

	AS_OFFICER(session);
	trusted = MAKE(session, AES_KEY, ATTR(CKA_TOKEN, yes), ATTR(CKA_PRIVATE, no), ATTR(CKA_WRAP, yes),
		       ATTR(CKA_TRUSTED, yes));
	AS_NOBODY(session);
	AS_USER(session);
	plain = MAKE(session, AES_KEY, ATTR(CKA_WRAP, yes));
	key = MAKE(session, AES_KEY, ATTR(CKA_EXTRACTABLE, yes), ATTR(CKA_WRAP_WITH_TRUSTED, yes));
	EXPECT_RV(CKR_KEY_NOT_WRAPPABLE, wrap(session, plain, key, wrapped));
	EXPECT_OK(wrap(session, trusted, key, wrapped));
	return CKR_OK;
}

IN_SCRATCH(public_only)
IN_SCRATCH(lives)
IN_SCRATCH(officer_trusts)
IN_SCRATCH(wrap_with_trusted)

/* ---- what keys say of their own use ---- */

static CK_RV allowed_mechanisms(void)
{
	static const CK_MECHANISM_TYPE allowed[] = { CKM_AES_CTR, CKM_AES_ECB };
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE key = MAKE(session, AES_KEY, ATTR(CKA_ALLOWED_MECHANISMS, allowed));
	CK_BYTE iv[16] = { 0 };
	CK_MECHANISM cbc = { CKM_AES_CBC, iv, sizeof(iv) };

	EXPECT_OK(p11->C_EncryptInit(session, &ecb, key));
	EXPECT_OK(p11->C_SessionCancel(session, CKF_ENCRYPT));
	EXPECT_RV(CKR_MECHANISM_INVALID, p11->C_EncryptInit(session, &cbc, key));
	EXPECT_RV(CKR_MECHANISM_INVALID, p11->C_DecryptInit(session, &cbc, key));
	EXPECT_RV(CKR_ATTRIBUTE_READ_ONLY, SET(session, key, NOTHING(CKA_ALLOWED_MECHANISMS)));
	world_close(session);
	return CKR_OK;
}

/* What may be wrapped, and what comes of unwrapping. */
static CK_RV wrap_templates(void)
{
	CK_ATTRIBUTE only_x[] = { BYTES(CKA_LABEL, "x") };
	CK_ATTRIBUTE becomes[] = { ATTR(CKA_SENSITIVE, yes), ATTR(CKA_EXTRACTABLE, no) };
	CK_ATTRIBUTE plain[] = { ATTR(CKA_CLASS, class_secret), ATTR(CKA_KEY_TYPE, type_aes) };
	CK_ATTRIBUTE agreeing[] = { plain[0], plain[1], ATTR(CKA_SENSITIVE, yes) };
	CK_ATTRIBUTE opposed[] = { plain[0], plain[1], ATTR(CKA_SENSITIVE, no) };
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE wrapper = MAKE(session, AES_KEY, ATTR(CKA_WRAP, yes), ATTR(CKA_UNWRAP, yes),
					{ CKA_WRAP_TEMPLATE, only_x, sizeof(only_x) },
					{ CKA_UNWRAP_TEMPLATE, becomes, sizeof(becomes) });
	CK_OBJECT_HANDLE x = MAKE(session, AES_KEY, ATTR(CKA_EXTRACTABLE, yes), BYTES(CKA_LABEL, "x"));
	CK_OBJECT_HANDLE y = MAKE(session, AES_KEY, ATTR(CKA_EXTRACTABLE, yes), BYTES(CKA_LABEL, "y"));
	CK_OBJECT_HANDLE key = 0;
	CK_BYTE wrapped[40];

	EXPECT_RV(CKR_KEY_HANDLE_INVALID, wrap(session, wrapper, y, wrapped));
	EXPECT_OK(wrap(session, wrapper, x, wrapped));
	EXPECT_RV(CKR_TEMPLATE_INCONSISTENT,
		  unwrap(session, wrapper, wrapped, opposed, COUNT(opposed), &key));
	EXPECT_OK(unwrap(session, wrapper, wrapped, agreeing, COUNT(agreeing), &key));
	EXPECT_OK(unwrap(session, wrapper, wrapped, plain, COUNT(plain), &key));
	EXPECT(bool_of(session, key, CKA_SENSITIVE) == CK_TRUE);
	EXPECT(bool_of(session, key, CKA_EXTRACTABLE) == CK_FALSE);
	EXPECT_RV(CKR_ATTRIBUTE_READ_ONLY, SET(session, wrapper, NOTHING(CKA_UNWRAP_TEMPLATE)));
	world_close(session);
	return CKR_OK;
}

static CK_RV derive_template(void)
{
	CK_ATTRIBUTE becomes[] = { ATTR(CKA_SENSITIVE, yes) };
	CK_ATTRIBUTE opposed[] = { ATTR(CKA_CLASS, class_secret), ATTR(CKA_KEY_TYPE, type_aes),
				   ATTR(CKA_VALUE_LEN, len_32), ATTR(CKA_SENSITIVE, no) };
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE base =
		MAKE(session, ATTR(CKA_CLASS, class_secret), ATTR(CKA_KEY_TYPE, type_generic), AES_VALUE,
		     ATTR(CKA_DERIVE, yes), { CKA_DERIVE_TEMPLATE, becomes, sizeof(becomes) });
	CK_HKDF_PARAMS params = { .bExtract = CK_TRUE,
				  .bExpand = CK_TRUE,
				  .prfHashMechanism = CKM_SHA256,
				  .ulSaltType = CKF_HKDF_SALT_NULL };
	CK_MECHANISM hkdf = { CKM_HKDF_DERIVE, &params, sizeof(params) };
	CK_OBJECT_HANDLE key = 0;

	EXPECT_RV(CKR_TEMPLATE_INCONSISTENT, p11->C_DeriveKey(session, &hkdf, base, opposed, 4, &key));
	EXPECT_OK(p11->C_DeriveKey(session, &hkdf, base, opposed, 3, &key));
	EXPECT(bool_of(session, key, CKA_SENSITIVE) == CK_TRUE);
	world_close(session);
	return CKR_OK;
}

/* Each use asks for the PIN again; the login alone is not enough. */
static CK_RV always_authenticate(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_MECHANISM generate_ec = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
	CK_ATTRIBUTE public[] = { ATTR(CKA_EC_PARAMS, p256) };
	CK_ATTRIBUTE private[] = { ATTR(CKA_ALWAYS_AUTHENTICATE, yes) };
	CK_OBJECT_HANDLE key[2] = { 0, 0 };
	CK_BYTE digest[32] = { 1 };
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);

	EXPECT_OK(p11->C_GenerateKeyPair(session, &generate_ec, public, 1, private, 1, &key[0], &key[1]));
	EXPECT_OK(p11->C_SignInit(session, &ecdsa, key[1]));
	EXPECT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_Sign(session, digest, 32, signature, &len));
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_OK(p11->C_SessionCancel(session, CKF_SIGN));
		EXPECT_OK(p11->C_SignInit(session, &ecdsa, key[1]));
		EXPECT_OK(p11->C_Login(session, CKU_CONTEXT_SPECIFIC, USER_PIN));
		len = sizeof(signature);
		EXPECT_OK(p11->C_Sign(session, digest, 32, signature, &len));
	}
	EXPECT_OK(p11->C_SignInit(session, &ecdsa, key[1]));
	EXPECT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_Sign(session, digest, 32, signature, &len));
	/* A public object has nobody to ask. */
	private[0] = (CK_ATTRIBUTE)ATTR(CKA_PRIVATE, no);
	EXPECT_RV(CKR_TEMPLATE_INCONSISTENT,
		  p11->C_GenerateKeyPair(session, &generate_ec, public, 1,
					 (CK_ATTRIBUTE[]){ private[0], ATTR(CKA_ALWAYS_AUTHENTICATE, yes) },
					 2, &key[0], &key[1]));
	world_close(session);
	return CKR_OK;
}

/* §4.9: a PIN for an operation is asked for by its key alone; other operations go on. */
static CK_RV not_asked(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_MECHANISM hmac = { CKM_SHA256_HMAC, NULL, 0 };
	CK_BYTE mac[32] = { 0 };
	CK_ULONG len = sizeof(mac);
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_SignInit(session, &hmac, world_secret(KEY_GENERIC)));
	rv = p11->C_Login(session, CKU_CONTEXT_SPECIFIC, USER_PIN);
	EXPECT_OK(p11->C_Sign(session, mac, 0, mac, &len));
	world_close(session);
	return rv;
}

/* §4.9: CKA_PUBLIC_KEY_INFO has to belong to the private key, or is computed from it. */
static CK_RV public_key_info(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_MECHANISM generate_ec = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = { ATTR(CKA_EC_PARAMS, p256) };
	CK_ATTRIBUTE private[] = { ATTR(CKA_SENSITIVE, no), ATTR(CKA_EXTRACTABLE, yes) };
	CK_OBJECT_HANDLE key[2] = { 0, 0 };
	CK_BYTE info[256], value[64];
	CK_ATTRIBUTE template[] = { ATTR(CKA_CLASS, class_private), ATTR(CKA_KEY_TYPE, type_ec),
				    ATTR(CKA_EC_PARAMS, p256), ATTR(CKA_VALUE, value),
				    ATTR(CKA_PUBLIC_KEY_INFO, info) };
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_GenerateKeyPair(session, &generate_ec, public, 1, private, 2, &key[0], &key[1]));
	EXPECT_OK(p11->C_GetAttributeValue(session, key[1], &template[3], 2));
	EXPECT(length_of(session, key[0], CKA_PUBLIC_KEY_INFO) == template[4].ulValueLen);
	(void)make(session, template, COUNT(template));
	info[template[4].ulValueLen - 1] ^= 1;
	rv = refuse(session, template, COUNT(template));
	EXPECT_RV(rv, set_one(session, key[1], template[4]));
	world_close(session);
	return rv;
}

/* §4.8: dates are kept for whoever reads them. */
static CK_RV dates_restrict_nothing(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE past =
		MAKE(session, AES_KEY, BYTES(CKA_START_DATE, "19990101"), BYTES(CKA_END_DATE, "20000229"));
	CK_OBJECT_HANDLE future = MAKE(session, AES_KEY, BYTES(CKA_START_DATE, "99991231"));
	CK_OBJECT_HANDLE reversed =
		MAKE(session, AES_KEY, BYTES(CKA_START_DATE, "20300101"), BYTES(CKA_END_DATE, "20200101"));
	CK_OBJECT_HANDLE keys[] = { past, future, reversed };
	CK_BYTE block[16] = { 0 };

	for (unsigned i = 0; i < COUNT(keys); i++) {
		CK_BYTE out[16];
		CK_ULONG len = sizeof(out);

		EXPECT(length_of(session, keys[i], CKA_START_DATE) == 8);
		EXPECT_OK(p11->C_EncryptInit(session, &ecb, keys[i]));
		EXPECT_OK(p11->C_Encrypt(session, block, sizeof(block), out, &len));
	}
	EXPECT_OK(SET(session, past, NOTHING(CKA_END_DATE)));
	EXPECT(length_of(session, past, CKA_END_DATE) == 0);
	world_close(session);
	return CKR_OK;
}

/* A value to check a key by: computed, and a wrong one refused (§4.10.2). */
static CK_RV check_values(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE aes = MAKE(session, AES_KEY);
	CK_OBJECT_HANDLE generic =
		MAKE(session, ATTR(CKA_CLASS, class_secret), ATTR(CKA_KEY_TYPE, type_generic), AES_VALUE);
	CK_OBJECT_HANDLE silent = MAKE(session, AES_KEY, NOTHING(CKA_CHECK_VALUE));
	CK_BYTE got[2][3];
	CK_ATTRIBUTE check = ATTR(CKA_CHECK_VALUE, got[0]);

	EXPECT_OK(p11->C_GetAttributeValue(session, aes, &check, 1));
	EXPECT(check.ulValueLen == 3);
	check = (CK_ATTRIBUTE)ATTR(CKA_CHECK_VALUE, got[1]);
	EXPECT_OK(p11->C_GetAttributeValue(session, generic, &check, 1));
	EXPECT(check.ulValueLen == 3 && memcmp(got[0], got[1], 3) != 0);
	EXPECT(length_of(session, silent, CKA_CHECK_VALUE) == 0);
	(void)MAKE(session, AES_KEY, ATTR(CKA_CHECK_VALUE, got[0]));
	EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, REFUSE(session, AES_KEY, ATTR(CKA_CHECK_VALUE, got[1])));
	world_close(session);
	return CKR_OK;
}

static const struct provocation table[] = {
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "what a silent template makes", silent_created),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "what a generated key is unasked", silent_generated),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "what an unwrapped key is unasked", silent_unwrapped),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "what an encapsulated key is unasked", silent_encapsulated),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "pairs of every type, from their values", pairs_come_back),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "private keys are private and sensitive unasked",
		     pairs_are_silent),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "the officer alone trusts", officer_trusts_apart),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "token objects stay, session objects go", lives_apart),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "CKA_CHECK_VALUE is computed", check_values),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "CKA_ALLOWED_MECHANISMS binds", allowed_mechanisms),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "CKA_WRAP_TEMPLATE and CKA_UNWRAP_TEMPLATE bind",
		     wrap_templates),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "CKA_DERIVE_TEMPLATE binds", derive_template),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "CKA_WRAP_WITH_TRUSTED binds", wrap_with_trusted_apart),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "CKA_ALWAYS_AUTHENTICATE binds", always_authenticate),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "dates restrict nothing", dates_restrict_nothing),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "another key's CKA_PUBLIC_KEY_INFO",
		public_key_info),
	PROVOKE(C_Login, CKR_OPERATION_NOT_INITIALIZED, "for an operation whose key does not ask", not_asked),
	PROVOKE(C_CopyObject, CKR_ACTION_PROHIBITED, "a profile", copy_profile),
	PROVOKE(C_DestroyObject, CKR_ACTION_PROHIBITED, "a profile", destroy_profile),
	PROVOKE(C_SetAttributeValue, CKR_ACTION_PROHIBITED, "a profile", set_profile),
	PROVOKE_ONCE(C_CopyObject, CKR_OK, "each object has an id of its own", unique_ids),
	PROVOKE_ONCE(C_SetAttributeValue, CKR_OK, "a key's past stays", past_stays),
	PROVOKE_ONCE(C_FindObjects, CKR_OK, "nobody and the officer see public objects", public_only_apart),
	PROVOKE_ONCE(C_FindObjects, CKR_OK, "secret values can't be guessed", no_guessing),
};

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	world_populate();
	provoke_all(table, COUNT(table));
	return world_end();
}
