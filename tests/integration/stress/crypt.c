/*
 * Using keys: what a key makes of a text is the same wherever and whenever it is used.
 */
#include "stress.h"

#define DIGEST_LEN 32u

static CK_BYTE known_text[32] = "the same text for each and all!";
static CK_BBOOL yes = CK_TRUE;

/* ---- one operation each, whole ---- */

static bool encrypt(struct thread *t, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
		    CK_OBJECT_HANDLE key, CK_BYTE *text, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len)
{
	return stress_want(t, "C_EncryptInit", CKR_OK, CALL(t, C_EncryptInit, session, mechanism, key)) &&
	       stress_want(t, "C_Encrypt", CKR_OK, CALL(t, C_Encrypt, session, text, len, out, out_len));
}

static bool decrypt(struct thread *t, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
		    CK_OBJECT_HANDLE key, CK_BYTE *text, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len)
{
	return stress_want(t, "C_DecryptInit", CKR_OK, CALL(t, C_DecryptInit, session, mechanism, key)) &&
	       stress_want(t, "C_Decrypt", CKR_OK, CALL(t, C_Decrypt, session, text, len, out, out_len));
}

static bool sign(struct thread *t, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key,
		 CK_BYTE *text, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };

	return stress_want(t, "C_SignInit", CKR_OK, CALL(t, C_SignInit, session, &mechanism, key)) &&
	       stress_want(t, "C_Sign", CKR_OK, CALL(t, C_Sign, session, text, len, out, out_len));
}

/* The signature verifies; with one bit changed it does not. */
static void verify(struct thread *t, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key,
		   CK_BYTE *text, CK_ULONG len, CK_BYTE *signature, CK_ULONG signature_len)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };

	if (!stress_want(t, "C_VerifyInit", CKR_OK, CALL(t, C_VerifyInit, session, &mechanism, key)) ||
	    !stress_want(t, "C_Verify", CKR_OK,
			 CALL(t, C_Verify, session, text, len, signature, signature_len)))
		return;
	signature[stress_below(t, (unsigned)signature_len)] ^= (CK_BYTE)(1u << stress_below(t, 8));
	if (stress_want(t, "C_VerifyInit", CKR_OK, CALL(t, C_VerifyInit, session, &mechanism, key)))
		(void)stress_want(t, "C_Verify of a changed signature", CKR_SIGNATURE_INVALID,
				  CALL(t, C_Verify, session, text, len, signature, signature_len));
}

/* What tells keys apart. */
bool stress_print(struct thread *t, CK_SESSION_HANDLE session, enum kind kind, CK_OBJECT_HANDLE key,
		  CK_BYTE print[32], CK_ULONG *ret_len)
{
	CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };

	*ret_len = 32;
	if (kind == AES)
		return encrypt(t, session, &ecb, key, known_text, 16, print, ret_len);
	return sign(t, session, CKM_SHA256_HMAC, key, known_text, sizeof(known_text), print, ret_len);
}

/* ---- keys of one's own ---- */

/* The same by another object with the same value, of this session. */
static bool print_of_value(struct thread *t, const struct thing *thing, CK_BYTE print[32], CK_ULONG *ret_len)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = thing->kind == AES ? CKK_AES : CKK_GENERIC_SECRET;
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &no, sizeof(no) },
		{ CKA_PRIVATE, &no, sizeof(no) },
		{ thing->kind == AES ? CKA_ENCRYPT : CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_VALUE, (void *)(uintptr_t)thing->value, thing->len },
	};
	CK_OBJECT_HANDLE key = 0;
	bool good = stress_want(t, "C_CreateObject of a twin", CKR_OK,
				CALL(t, C_CreateObject, t->sessions[0], template, COUNT(template), &key));

	good = good && stress_print(t, t->sessions[0], thing->kind, key, print, ret_len);
	return stress_want(t, "C_DestroyObject of a twin", CKR_OK,
			   CALL(t, C_DestroyObject, t->sessions[0], key)) &&
	       good;
}

/* The length says that the rest is there, also to the process that comes after a killed one. */
static void remember_print(struct thing *thing, const CK_BYTE print[32], CK_ULONG len)
{
	memcpy(thing->print, print, sizeof(thing->print));
	atomic_thread_fence(memory_order_seq_cst);
	thing->print_len = len;
}

static bool check_print(struct thread *t, CK_SESSION_HANDLE session, struct thing *thing)
{
	CK_BYTE print[32] = { 0 };
	CK_ULONG len = 0;

	if (thing->print_len == 0 && !thing->generated) {
		if (!print_of_value(t, thing, print, &len))
			return false;
		remember_print(thing, print, len);
	}
	if (!stress_print(t, session, thing->kind, thing->handle, print, &len))
		return false;
	if (thing->print_len == 0)
		remember_print(thing, print, len);
	return stress_expect(t, len == thing->print_len && memcmp(print, thing->print, len) == 0,
			     "the key does not do what it did");
}

/* There in one session and back in another, in parts. */
static void use_aes(struct thread *t, struct thing *thing)
{
	CK_BYTE iv[16] = { 1 };
	CK_MECHANISM cbc = { CKM_AES_CBC_PAD, iv, sizeof(iv) };
	CK_SESSION_HANDLE session = t->sessions[stress_pick_session(t)];
	CK_SESSION_HANDLE other = t->sessions[stress_pick_session(t)];
	CK_BYTE text[300], secret[340], back[340];
	const CK_ULONG len = 1 + stress_below(t, sizeof(text));
	const CK_ULONG half = len / 2;
	CK_ULONG first = sizeof(secret), last = 0, total = sizeof(back);

	for (CK_ULONG i = 0; i < len; i++)
		text[i] = (CK_BYTE)stress_random(t);
	if (!check_print(t, session, thing) ||
	    !stress_want(t, "C_EncryptInit", CKR_OK, CALL(t, C_EncryptInit, session, &cbc, thing->handle)) ||
	    !stress_want(t, "C_EncryptUpdate", CKR_OK,
			 CALL(t, C_EncryptUpdate, session, text, half, secret, &first)))
		return;
	last = sizeof(secret) - first;
	total = last;
	if (!stress_want(t, "C_EncryptUpdate", CKR_OK,
			 CALL(t, C_EncryptUpdate, session, text + half, len - half, secret + first, &last)))
		return;
	first += last;
	last = sizeof(secret) - first;
	total = sizeof(back);
	if (stress_want(t, "C_EncryptFinal", CKR_OK,
			CALL(t, C_EncryptFinal, session, secret + first, &last)) &&
	    decrypt(t, other, &cbc, thing->handle, secret, first + last, back, &total))
		(void)stress_expect(t, total == len && memcmp(back, text, len) == 0,
				    "decryption does not give what was encrypted");
}

static void use_hmac(struct thread *t, struct thing *thing)
{
	CK_SESSION_HANDLE session = t->sessions[stress_pick_session(t)];
	CK_BYTE mac[32];

	if (!check_print(t, session, thing))
		return;
	memcpy(mac, thing->print, sizeof(mac));
	verify(t, session, CKM_SHA256_HMAC, thing->handle, known_text, sizeof(known_text), mac, sizeof(mac));
}

static void use_pair(struct thread *t, struct thing *thing)
{
	CK_SESSION_HANDLE session = t->sessions[stress_pick_session(t)];
	CK_BYTE digest[DIGEST_LEN], signature[64];
	CK_ULONG len = sizeof(signature);

	for (unsigned i = 0; i < sizeof(digest); i++)
		digest[i] = (CK_BYTE)stress_random(t);
	if (sign(t, session, CKM_ECDSA, thing->handle, digest, sizeof(digest), signature, &len))
		verify(t, t->sessions[stress_pick_session(t)], CKM_ECDSA, thing->public_half, digest,
		       sizeof(digest), signature, len);
}

void stress_use_thing(struct thread *t)
{
	struct thing *thing = stress_pick(t, KIND(AES) | KIND(HMAC) | KIND(PAIR));

	if (thing == NULL)
		return;
	switch (thing->kind) {
	case AES: use_aes(t, thing); break;
	case HMAC: use_hmac(t, thing); break;
	default: use_pair(t, thing); break;
	}
}

/* ---- keys of all ---- */

void stress_use_shared_keys(struct thread *t)
{
	const bool aes = stress_chance(t, 2);
	const char *label = aes ? "shared aes" : "shared hmac";
	CK_ATTRIBUTE want = { CKA_LABEL, (void *)(uintptr_t)label, strlen(label) };
	CK_SESSION_HANDLE session = t->sessions[stress_pick_session(t)];
	CK_OBJECT_HANDLE key[2] = { 0, 0 };
	CK_ULONG count = 0, len = 0;
	CK_BYTE print[32];

	if (!stress_find(t, session, &want, 1, key, 2, &count) ||
	    !stress_expect(t, count == 1, "the key of all is not found once"))
		return;
	if (stress_print(t, session, aes ? AES : HMAC, key[0], print, &len))
		(void)stress_expect(
			t, memcmp(print, aes ? board->aes_print : board->hmac_print, aes ? 16 : 32) == 0,
			"the key of all does not do what it does elsewhere");
}

/* FIPS 180-4's "abc", in one piece or three. */
void stress_digest(struct thread *t)
{
	static const CK_BYTE abc[32] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
		0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
		0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
	};
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_SESSION_HANDLE session = t->sessions[stress_pick_session(t)];
	CK_BYTE text[] = "abc", random[16], digest[32];
	CK_ULONG len = sizeof(digest);
	bool good = stress_want(t, "C_DigestInit", CKR_OK, CALL(t, C_DigestInit, session, &sha256));

	if (good && stress_chance(t, 2)) {
		good = stress_want(t, "C_Digest", CKR_OK, CALL(t, C_Digest, session, text, 3, digest, &len));
	} else {
		for (unsigned i = 0; good && i < 3; i++)
			good = stress_want(t, "C_DigestUpdate", CKR_OK,
					   CALL(t, C_DigestUpdate, session, text + i, 1));
		good = good &&
		       stress_want(t, "C_DigestFinal", CKR_OK, CALL(t, C_DigestFinal, session, digest, &len));
	}
	if (good)
		(void)stress_expect(t, len == 32 && memcmp(digest, abc, 32) == 0, "SHA-256 of abc is wrong");
	(void)stress_want(t, "C_GenerateRandom", CKR_OK,
			  CALL(t, C_GenerateRandom, session, random, sizeof(random)));
}
