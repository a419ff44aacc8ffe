/*
 * PKCS#11 3.2 §5.8 to §5.15: what depends on the data, the signature, the key and the login.
 */
#include "operate.h"

#define ROOM 1024u

/* Untouched, or wiped: a padding is seen to be wrong when what came before it has been written. */
static bool holds_nothing(const CK_BYTE *out, size_t len)
{
	size_t at = 0;

	while (at < len && out[at] == 0)
		at++;
	return world_untouched(out + at, len - at);
}

/* One operation that is expected to fail, which it does without output, and it is over. */
struct trial {
	enum operation operation;
	CK_MECHANISM mechanism;
	CK_OBJECT_HANDLE key;
	CK_ULONG len; /* of the input */
};

static CK_BYTE input[4096];

static CK_RV fail_at_once(CK_SESSION_HANDLE session, struct trial trial)
{
	CK_BYTE out[ROOM];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	now = trial.operation;
	fill(out);
	EXPECT_OK(begin_with(session, &trial.mechanism, trial.key));
	rv = single(session, input, trial.len, out, &len);
	EXPECT(len == sizeof(out));
	EXPECT(trial.mechanism.mechanism == CKM_AES_CBC_PAD ? holds_nothing(out, sizeof(out))
							    : untouched(out));
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, single(session, input, trial.len, out, &len));
	return rv;
}

/* The same in two parts and an end; only the end fails, and what came before is not its business. */
static CK_RV fail_at_end(CK_SESSION_HANDLE session, struct trial trial, bool gives_nothing)
{
	CK_BYTE out[ROOM];
	CK_ULONG len = sizeof(out);
	CK_ULONG half = trial.len / 2;
	CK_RV rv = CKR_OK;

	now = trial.operation;
	fill(out);
	EXPECT_OK(begin_with(session, &trial.mechanism, trial.key));
	EXPECT_OK(update(session, input, half, out, &len));
	EXPECT(!gives_nothing || len == 0);
	len = sizeof(out);
	EXPECT_OK(update(session, input + half, trial.len - half, out, &len));
	EXPECT(!gives_nothing || (len == 0 && untouched(out)));
	len = sizeof(out);
	fill(out);
	rv = final(session, out, &len);
	EXPECT(untouched(out) && len == sizeof(out));
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, final(session, out, &len));
	return rv;
}

/* All of these, with the same answer. */
#define EACH(code, ...)                                                     \
	do {                                                                \
		const struct trial trials[] = { __VA_ARGS__ };              \
                                                                            \
		for (size_t i_ = 0; i_ < COUNT(trials); i_++)               \
			EXPECT_RV(code, fail_at_once(session, trials[i_])); \
	} while (0)

static CK_BYTE iv[16];
static CK_GCM_PARAMS gcm = { iv, 12, 96, NULL, 0, 128 };
static CK_CCM_PARAMS ccm = { 32, iv, 12, NULL, 0, 16 };
static CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0 };
static CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, CKG_MGF1_SHA256, 32 };

#define ECB                          \
	{                            \
		CKM_AES_ECB, NULL, 0 \
	}
#define CBC                         \
	{                           \
		CKM_AES_CBC, iv, 16 \
	}
#define CBC_PAD                         \
	{                               \
		CKM_AES_CBC_PAD, iv, 16 \
	}
#define GCM                                    \
	{                                      \
		CKM_AES_GCM, &gcm, sizeof(gcm) \
	}
#define CCM                                    \
	{                                      \
		CKM_AES_CCM, &ccm, sizeof(ccm) \
	}
#define KW                                \
	{                                 \
		CKM_AES_KEY_WRAP, NULL, 0 \
	}
#define KWP                                   \
	{                                     \
		CKM_AES_KEY_WRAP_KWP, NULL, 0 \
	}
#define PKCS1                         \
	{                             \
		CKM_RSA_PKCS, NULL, 0 \
	}
#define RAW                            \
	{                              \
		CKM_RSA_X_509, NULL, 0 \
	}
#define OAEP                                           \
	{                                              \
		CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) \
	}
#define PSS                                         \
	{                                           \
		CKM_RSA_PKCS_PSS, &pss, sizeof(pss) \
	}
#define AES_KEY    world_secret(KEY_AES)
#define RSA_PUBLIC world_public(KEY_RSA)
#define RSA_OWN    world_private(KEY_RSA)

#define IN_SCRATCH(body)                    \
	static CK_RV body##_apart(void)     \
	{                                   \
		return world_scratch(body); \
	}

/* ---- lengths that can't be ---- */

BODY(encrypt_length, session)
{
	memset(input, 0, sizeof(input));
	EACH(CKR_DATA_LEN_RANGE, { ENCRYPT, ECB, AES_KEY, 20 }, { ENCRYPT, CBC, AES_KEY, 20 },
	     { ENCRYPT, CCM, AES_KEY, 31 }, { ENCRYPT, CCM, AES_KEY, 33 }, { ENCRYPT, KW, AES_KEY, 20 },
	     { ENCRYPT, KW, AES_KEY, 8 }, { ENCRYPT, PKCS1, RSA_PUBLIC, 246 },
	     { ENCRYPT, OAEP, RSA_PUBLIC, 191 }, { ENCRYPT, RAW, RSA_PUBLIC, 257 });
	return CKR_DATA_LEN_RANGE;
}

/* More than there is memory: nobody looks at it. */
static CK_RV endless(CK_SESSION_HANDLE session, enum operation operation)
{
	CK_MECHANISM mechanism = CBC_PAD;
	CK_ULONG len = 0;
	CK_RV rv = CKR_OK;

	now = operation;
	EXPECT_OK(begin_with(session, &mechanism, AES_KEY));
	rv = update(session, input, ~(CK_ULONG)0, NULL, &len);
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, update(session, input, 1, NULL, &len));
	return rv;
}

BODY(encrypt_endless, session)
{
	return endless(session, ENCRYPT);
}

BODY(decrypt_endless, session)
{
	return endless(session, DECRYPT);
}

BODY(encrypt_end_length, session)
{
	EXPECT_RV(CKR_DATA_LEN_RANGE,
		  fail_at_end(session, (struct trial){ ENCRYPT, ECB, AES_KEY, 20 }, false));
	EXPECT_RV(CKR_DATA_LEN_RANGE,
		  fail_at_end(session, (struct trial){ ENCRYPT, CCM, AES_KEY, 31 }, true));
	return fail_at_end(session, (struct trial){ ENCRYPT, CBC, AES_KEY, 20 }, false);
}

BODY(decrypt_length, session)
{
	memset(input, 0, sizeof(input));
	EACH(CKR_ENCRYPTED_DATA_LEN_RANGE, { DECRYPT, ECB, AES_KEY, 20 }, { DECRYPT, CBC, AES_KEY, 20 },
	     { DECRYPT, CBC_PAD, AES_KEY, 20 }, { DECRYPT, CBC_PAD, AES_KEY, 0 },
	     { DECRYPT, GCM, AES_KEY, 15 }, { DECRYPT, CCM, AES_KEY, 47 }, { DECRYPT, KW, AES_KEY, 20 },
	     { DECRYPT, KW, AES_KEY, 16 }, { DECRYPT, KWP, AES_KEY, 12 }, { DECRYPT, PKCS1, RSA_OWN, 255 },
	     { DECRYPT, PKCS1, RSA_OWN, 257 }, { DECRYPT, OAEP, RSA_OWN, 255 },
	     { DECRYPT, RAW, RSA_OWN, 257 });
	return CKR_ENCRYPTED_DATA_LEN_RANGE;
}

BODY(decrypt_end_length, session)
{
	EXPECT_RV(CKR_ENCRYPTED_DATA_LEN_RANGE,
		  fail_at_end(session, (struct trial){ DECRYPT, CBC, AES_KEY, 20 }, false));
	EXPECT_RV(CKR_ENCRYPTED_DATA_LEN_RANGE,
		  fail_at_end(session, (struct trial){ DECRYPT, GCM, AES_KEY, 10 }, true));
	return fail_at_end(session, (struct trial){ DECRYPT, CBC_PAD, AES_KEY, 20 }, false);
}

BODY(sign_length, session)
{
	EACH(CKR_DATA_LEN_RANGE, { SIGN, PKCS1, RSA_OWN, 246 }, { SIGN, RAW, RSA_OWN, 257 },
	     { SIGN, PSS, RSA_OWN, 31 }, { SIGN, PSS, RSA_OWN, 33 }, { SIGN, PSS, RSA_OWN, 0 });
	return CKR_DATA_LEN_RANGE;
}

BODY(sign_recover_length, session)
{
	EACH(CKR_DATA_LEN_RANGE, { SIGN_RECOVER, PKCS1, RSA_OWN, 246 }, { SIGN_RECOVER, RAW, RSA_OWN, 257 });
	return CKR_DATA_LEN_RANGE;
}

/* ---- contents that can't be ---- */

/* As long as the modulus, and greater. */
static void greatest(void)
{
	memset(input, 0xff, sizeof(input));
}

BODY(encrypt_great, session)
{
	greatest();
	return fail_at_once(session, (struct trial){ ENCRYPT, RAW, RSA_PUBLIC, 256 });
}

BODY(sign_great, session)
{
	greatest();
	return fail_at_once(session, (struct trial){ SIGN, RAW, RSA_OWN, 256 });
}

BODY(sign_recover_great, session)
{
	greatest();
	return fail_at_once(session, (struct trial){ SIGN_RECOVER, RAW, RSA_OWN, 256 });
}

BODY(decrypt_wrong, session)
{
	greatest();
	EACH(CKR_ENCRYPTED_DATA_INVALID, { DECRYPT, RAW, RSA_OWN, 256 }, { DECRYPT, OAEP, RSA_OWN, 256 });
	memset(input, 1, sizeof(input));
	EACH(CKR_ENCRYPTED_DATA_INVALID, { DECRYPT, CBC_PAD, AES_KEY, 32 }, { DECRYPT, GCM, AES_KEY, 64 },
	     { DECRYPT, GCM, AES_KEY, 16 }, { DECRYPT, CCM, AES_KEY, 48 }, { DECRYPT, KW, AES_KEY, 24 },
	     { DECRYPT, KWP, AES_KEY, 24 }, { DECRYPT, OAEP, RSA_OWN, 256 });
	return CKR_ENCRYPTED_DATA_INVALID;
}

BODY(decrypt_end_wrong, session)
{
	memset(input, 1, sizeof(input));
	EXPECT_RV(CKR_ENCRYPTED_DATA_INVALID,
		  fail_at_end(session, (struct trial){ DECRYPT, CBC_PAD, AES_KEY, 32 }, false));
	EXPECT_RV(CKR_ENCRYPTED_DATA_INVALID,
		  fail_at_end(session, (struct trial){ DECRYPT, CCM, AES_KEY, 48 }, true));
	return fail_at_end(session, (struct trial){ DECRYPT, GCM, AES_KEY, 64 }, true);
}

/* Each bit of a GCM message and its tag matters, and no length of the output tells. */
BODY(decrypt_each_byte, session)
{
	CK_MECHANISM mechanism = GCM;
	CK_BYTE sealed[36], out[64];
	CK_ULONG sealed_len = sizeof(sealed), len = 0;

	now = ENCRYPT;
	memset(input, 7, 20);
	EXPECT_OK(begin_with(session, &mechanism, AES_KEY));
	EXPECT_OK(single(session, input, 20, sealed, &sealed_len));
	for (CK_ULONG i = 0; i < sealed_len; i++) {
		memcpy(input, sealed, sealed_len);
		input[i] ^= (CK_BYTE)(1u << i % 8);
		EXPECT_RV(CKR_ENCRYPTED_DATA_INVALID,
			  fail_at_once(session, (struct trial){ DECRYPT, GCM, AES_KEY, sealed_len }));
	}
	now = DECRYPT;
	EXPECT_OK(begin_with(session, &mechanism, AES_KEY));
	len = 5;
	fill(out);
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, single(session, sealed, sealed_len, out, &len));
	EXPECT(len == 20 && untouched(out));
	len = sizeof(out);
	EXPECT_OK(single(session, sealed, sealed_len, out, &len));
	EXPECT(len == 20 && out[19] == 7);
	return CKR_ENCRYPTED_DATA_INVALID;
}

/*
 * Implicit rejection: whatever the padding, there is a message, for the same ciphertext
 * the same. No code and no length says that it is none.
 */
BODY(decrypt_rejects_quietly, session)
{
	CK_MECHANISM mechanism = PKCS1, raw = RAW;
	CK_BYTE bad[256], one[256], two[256];
	CK_ULONG len = sizeof(bad), one_len = sizeof(one), two_len = sizeof(two);

	for (unsigned i = 0; i < 8; i++) {
		memset(input, 0, 256);
		input[1] = (CK_BYTE)i; /* 2 would be right, if there were a 0 after eight bytes */
		memset(input + 2, 0x11 + (int)i, 254);
		now = ENCRYPT;
		len = sizeof(bad);
		EXPECT_OK(begin_with(session, &raw, RSA_PUBLIC));
		EXPECT_OK(single(session, input, 256, bad, &len));
		now = DECRYPT;
		one_len = two_len = 256;
		EXPECT_OK(begin_with(session, &mechanism, RSA_OWN));
		EXPECT_OK(single(session, bad, 256, one, &one_len));
		EXPECT_OK(begin_with(session, &mechanism, RSA_OWN));
		EXPECT_OK(single(session, bad, 256, two, &two_len));
		EXPECT(one_len == two_len && one_len <= 245 && memcmp(one, two, one_len) == 0);
	}
	return CKR_OK;
}

/* ---- messages of nothing ---- */

BODY(nothing_there_and_back, session)
{
	static const CK_MECHANISM mechanisms[] = { CBC_PAD, GCM, ECB, CBC };
	CK_BYTE sealed[64], out[64];
	CK_ULONG len = 0, out_len = 0;

	for (size_t i = 0; i < COUNT(mechanisms); i++) {
		CK_MECHANISM mechanism = mechanisms[i];

		now = ENCRYPT;
		len = sizeof(sealed);
		EXPECT_OK(begin_with(session, &mechanism, AES_KEY));
		EXPECT_OK(single(session, NULL, 0, sealed, &len));
		EXPECT(len == (i < 2 ? 16u : 0u));
		now = DECRYPT;
		out_len = sizeof(out);
		EXPECT_OK(begin_with(session, &mechanism, AES_KEY));
		EXPECT_OK(single(session, sealed, len, out, &out_len));
		EXPECT(out_len == 0);
	}
	return CKR_OK;
}

BODY(nothing_signed, session)
{
	CK_MECHANISM hmac = { CKM_SHA256_HMAC, NULL, 0 };
	CK_BYTE mac[32];
	CK_ULONG len = sizeof(mac);

	EXPECT_OK(p11->C_SignInit(session, &hmac, world_secret(KEY_HMAC)));
	EXPECT_OK(p11->C_Sign(session, NULL, 0, mac, &len));
	EXPECT_OK(p11->C_VerifyInit(session, &hmac, world_secret(KEY_HMAC)));
	return p11->C_Verify(session, NULL, 0, mac, len);
}

/* ---- functions that a mechanism lacks ---- */

/* What has no multi-part form (§6) has no update and no final. */
static CK_RV no_parts(CK_SESSION_HANDLE session, enum operation operation, CK_MECHANISM mechanism,
		      CK_OBJECT_HANDLE key)
{
	CK_BYTE out[ROOM];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	now = operation;
	EXPECT_OK(begin_with(session, &mechanism, key));
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, final(session, out, &len));
	EXPECT_OK(begin_with(session, &mechanism, key));
	rv = update(session, input, 8, out, &len);
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, final(session, out, &len));
	return rv;
}

BODY(encrypt_in_parts, session)
{
	return no_parts(session, ENCRYPT, (CK_MECHANISM)PKCS1, RSA_PUBLIC);
}

BODY(decrypt_in_parts, session)
{
	return no_parts(session, DECRYPT, (CK_MECHANISM)PKCS1, RSA_OWN);
}

BODY(sign_in_parts, session)
{
	return no_parts(session, SIGN, (CK_MECHANISM){ CKM_ECDSA, NULL, 0 }, world_private(KEY_EC));
}

BODY(verify_in_parts, session)
{
	return no_parts(session, VERIFY, (CK_MECHANISM){ CKM_ECDSA, NULL, 0 }, world_public(KEY_EC));
}

/* ---- keys that ask for their PIN (§4.9, CKA_ALWAYS_AUTHENTICATE) ---- */

/* The world's key of this kind, wrapped and unwrapped as one that asks. */
static CK_OBJECT_HANDLE careful_key(CK_SESSION_HANDLE session, enum world_key key)
{
	CK_MECHANISM mechanism = KWP;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = key == KEY_RSA ? CKK_RSA : CKK_EC;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_ALWAYS_AUTHENTICATE, &yes, 1 },
		{ CKA_SIGN_RECOVER, &yes, 1 },
	};
	CK_BYTE wrapped[2048];
	CK_ULONG len = sizeof(wrapped);
	CK_OBJECT_HANDLE handle = 0;

	EXPECT_OK(p11->C_WrapKey(session, &mechanism, AES_KEY, world_private(key), wrapped, &len));
	EXPECT_OK(p11->C_UnwrapKey(session, &mechanism, AES_KEY, wrapped, len, template, COUNT(template),
				   &handle));
	return handle;
}

static CK_RV unasked(CK_SESSION_HANDLE session, enum operation operation, enum function function)
{
	const enum world_key kind = operation == SIGN ? KEY_EC : KEY_RSA;
	CK_MECHANISM mechanism = PKCS1;
	CK_BYTE out[ROOM];
	CK_ULONG len = sizeof(out);
	CK_OBJECT_HANDLE key = careful_key(session, kind);
	CK_RV rv = CKR_OK, again = CKR_OK;

	if (kind == KEY_EC)
		mechanism.mechanism = CKM_ECDSA_SHA256;
	now = operation;
	fill(out);
	EXPECT_OK(begin_with(session, &mechanism, key));
	memset(input, 1, 256);
	for (unsigned i = 0; i < 2; i++) {
		again = rv;
		rv = function == SINGLE   ? single(session, input, operation == DECRYPT ? 256 : 32, out, &len)
		     : function == UPDATE ? update(session, input, 32, out, &len)
					  : final(session, out, &len);
	}
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, rv);
	EXPECT(untouched(out) && len == sizeof(out));
	/* With its PIN it works, once. */
	if (function == SINGLE && operation != DECRYPT) {
		EXPECT_OK(begin_with(session, &mechanism, key));
		EXPECT_OK(p11->C_Login(session, CKU_CONTEXT_SPECIFIC, USER_PIN));
		EXPECT_OK(single(session, input, 32, out, &len));
		EXPECT_OK(begin_with(session, &mechanism, key));
		EXPECT_RV(CKR_USER_NOT_LOGGED_IN, single(session, input, 32, out, &len));
	}
	EXPECT_OK(p11->C_DestroyObject(session, key));
	return again;
}

#define UNASKED(name, operation, function)                    \
	BODY(name, session)                                   \
	{                                                     \
		return unasked(session, operation, function); \
	}

UNASKED(decrypt_unasked, DECRYPT, SINGLE)
UNASKED(decrypt_update_unasked, DECRYPT, UPDATE)
UNASKED(decrypt_final_unasked, DECRYPT, FINAL)
UNASKED(sign_unasked, SIGN, SINGLE)
UNASKED(sign_update_unasked, SIGN, UPDATE)
UNASKED(sign_final_unasked, SIGN, FINAL)
UNASKED(sign_recover_unasked, SIGN_RECOVER, SINGLE)

/* ---- a logout ends what needed the login ---- */

static CK_RV logged_out(void)
{
	const CK_SLOT_ID slot = scratch_token();
	CK_SESSION_HANDLE session = 0, other = 0;
	CK_BYTE value[16] = { 1 }, out[64];
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_KEY_TYPE, &type, sizeof(type) },
				    { CKA_VALUE, value, 16 },
				    { CKA_TOKEN, &no, 1 },
				    { CKA_PRIVATE, &yes, 1 } };
	CK_MECHANISM mechanism = CBC_PAD, digest = { CKM_SHA256, NULL, 0 };
	CK_OBJECT_HANDLE keys[2];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &other));
	EXPECT_OK(p11->C_Login(session, CKU_USER, USER_PIN));
	EXPECT_OK(p11->C_CreateObject(session, template, 5, &keys[0]));
	template[4].pValue = &no;
	EXPECT_OK(p11->C_CreateObject(session, template, 5, &keys[1]));
	EXPECT_OK(p11->C_EncryptInit(session, &mechanism, keys[0])); /* a private key */
	EXPECT_OK(p11->C_DecryptInit(session, &mechanism, keys[1])); /* a public one */
	EXPECT_OK(p11->C_DigestInit(session, &digest));
	EXPECT_OK(p11->C_EncryptInit(other, &mechanism, keys[0]));
	EXPECT_OK(p11->C_Logout(other));
	rv = p11->C_Encrypt(session, value, 16, out, &len);
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_EncryptUpdate(other, value, 16, out, &len));
	EXPECT_RV(CKR_KEY_HANDLE_INVALID, p11->C_EncryptInit(session, &mechanism, keys[0]));
	EXPECT_RV(CKR_OPERATION_ACTIVE, p11->C_DecryptInit(session, &mechanism, keys[1]));
	EXPECT_OK(p11->C_Digest(session, value, 16, out, &len));
	return rv;
}

IN_SCRATCH(logged_out)

/* ---- a key that another process destroyed ---- */

static CK_SLOT_ID shared_slot;

static CK_RV destroy_all(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_OBJECT_HANDLE found = 0;
	CK_ULONG count = 0;

	EXPECT_OK(p11->C_OpenSession(shared_slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
	EXPECT_OK(p11->C_FindObjectsInit(session, NULL, 0));
	EXPECT_OK(p11->C_FindObjects(session, &found, 1, &count));
	EXPECT_OK(p11->C_FindObjectsFinal(session));
	EXPECT(count == 1);
	return p11->C_DestroyObject(session, found);
}

static CK_RV destroyed_elsewhere(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_BYTE value[16] = { 1 }, out[64];
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_KEY_TYPE, &type, sizeof(type) },
				    { CKA_VALUE, value, 16 },
				    { CKA_TOKEN, &yes, 1 },
				    { CKA_PRIVATE, &no, 1 } };
	CK_MECHANISM mechanism = CBC_PAD;
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG len = sizeof(out);

	shared_slot = scratch_token();
	EXPECT_OK(p11->C_OpenSession(shared_slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
	EXPECT_OK(p11->C_CreateObject(session, template, 5, &key));
	EXPECT_OK(p11->C_EncryptInit(session, &mechanism, key));
	EXPECT_OK(p11->C_EncryptUpdate(session, value, 16, out, &len));
	EXPECT_OK(world_elsewhere(destroy_all));
	len = sizeof(out);
	return p11->C_EncryptFinal(session, out, &len);
}

IN_SCRATCH(destroyed_elsewhere)

/* ---- more than is kept ---- */

/* EdDSA needs the whole message: it is kept up to limits.multipart. */
static CK_RV too_much(bool verify)
{
	static CK_BYTE part[1u << 20];
	static CK_BYTE oid[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
	CK_ATTRIBUTE curve = { CKA_EC_PARAMS, oid, sizeof(oid) };
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE public = { CKA_PRIVATE, &no, 1 };
	CK_MECHANISM generate = { CKM_EC_EDWARDS_KEY_PAIR_GEN, NULL, 0 }, sign = { CKM_EDDSA, NULL, 0 };
	CK_OBJECT_HANDLE public_key = 0, private_key = 0;
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;
	CK_SLOT_ID slot = 0;

	scratch_configure("limits.multipart = 1048576\n");
	slot = scratch_token();
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
	EXPECT_OK(
		p11->C_GenerateKeyPair(session, &generate, &curve, 1, &public, 1, &public_key, &private_key));
	now = verify ? VERIFY : SIGN;
	EXPECT_OK(begin_with(session, &sign, verify ? public_key : private_key));
	EXPECT_OK(update(session, part, sizeof(part), NULL, NULL));
	rv = update(session, part, 1, NULL, NULL);
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, update(session, part, 1, NULL, NULL));
	return rv;
}

static CK_RV sign_too_much(void)
{
	return too_much(false);
}

static CK_RV verify_too_much(void)
{
	return too_much(true);
}

IN_SCRATCH(sign_too_much)
IN_SCRATCH(verify_too_much)

static const struct provocation table[] = {
	PROVOKE(C_Encrypt, CKR_DATA_LEN_RANGE, "what the mechanism can't take", encrypt_length),
	PROVOKE(C_Encrypt, CKR_DATA_INVALID, "a number above the modulus", encrypt_great),
	PROVOKE(C_Encrypt, CKR_OK, "nothing, there and back", nothing_there_and_back),
	PROVOKE(C_Encrypt, CKR_OPERATION_NOT_INITIALIZED, "a logout came between", logged_out_apart),
	PROVOKE(C_EncryptUpdate, CKR_ARGUMENTS_BAD, "more than there is memory", encrypt_endless),
	PROVOKE(C_EncryptUpdate, CKR_OPERATION_NOT_INITIALIZED, "the mechanism has no parts",
		encrypt_in_parts),
	PROVOKE(C_EncryptFinal, CKR_DATA_LEN_RANGE, "no whole number of blocks", encrypt_end_length),
	PROVOKE(C_EncryptFinal, CKR_OPERATION_NOT_INITIALIZED, "another process destroyed its key",
		destroyed_elsewhere_apart),
	PROVOKE(C_Decrypt, CKR_ENCRYPTED_DATA_LEN_RANGE, "what the mechanism never makes", decrypt_length),
	PROVOKE(C_Decrypt, CKR_ENCRYPTED_DATA_INVALID, "what was never encrypted", decrypt_wrong),
	PROVOKE(C_Decrypt, CKR_ENCRYPTED_DATA_INVALID, "each byte changed", decrypt_each_byte),
	PROVOKE_ONCE(C_Decrypt, CKR_OK, "RSA v1.5 padding, right or not", decrypt_rejects_quietly),
	PROVOKE(C_Decrypt, CKR_USER_NOT_LOGGED_IN, "the key asks for its PIN", decrypt_unasked),
	PROVOKE(C_DecryptUpdate, CKR_ARGUMENTS_BAD, "more than there is memory", decrypt_endless),
	PROVOKE(C_DecryptUpdate, CKR_OPERATION_NOT_INITIALIZED, "the mechanism has no parts",
		decrypt_in_parts),
	PROVOKE(C_DecryptUpdate, CKR_USER_NOT_LOGGED_IN, "the key asks for its PIN", decrypt_update_unasked),
	PROVOKE(C_DecryptFinal, CKR_ENCRYPTED_DATA_LEN_RANGE, "no whole number of blocks",
		decrypt_end_length),
	PROVOKE(C_DecryptFinal, CKR_ENCRYPTED_DATA_INVALID, "what was never encrypted; nothing came out",
		decrypt_end_wrong),
	PROVOKE(C_DecryptFinal, CKR_USER_NOT_LOGGED_IN, "the key asks for its PIN", decrypt_final_unasked),
	PROVOKE(C_Sign, CKR_DATA_LEN_RANGE, "what the mechanism can't take", sign_length),
	PROVOKE(C_Sign, CKR_DATA_INVALID, "a number above the modulus", sign_great),
	PROVOKE(C_Sign, CKR_USER_NOT_LOGGED_IN, "the key asks for its PIN", sign_unasked),
	PROVOKE(C_SignUpdate, CKR_OPERATION_NOT_INITIALIZED, "the mechanism has no parts", sign_in_parts),
	PROVOKE(C_SignUpdate, CKR_USER_NOT_LOGGED_IN, "the key asks for its PIN", sign_update_unasked),
	PROVOKE(C_SignUpdate, CKR_TOKEN_RESOURCE_EXCEEDED, "more than is kept", sign_too_much_apart),
	PROVOKE(C_SignFinal, CKR_USER_NOT_LOGGED_IN, "the key asks for its PIN", sign_final_unasked),
	PROVOKE(C_SignRecover, CKR_DATA_LEN_RANGE, "what the mechanism can't take", sign_recover_length),
	PROVOKE(C_SignRecover, CKR_DATA_INVALID, "a number above the modulus", sign_recover_great),
	PROVOKE(C_SignRecover, CKR_USER_NOT_LOGGED_IN, "the key asks for its PIN", sign_recover_unasked),
	PROVOKE_ONCE(C_Verify, CKR_OK, "nothing, signed", nothing_signed),
	PROVOKE(C_VerifyUpdate, CKR_OPERATION_NOT_INITIALIZED, "the mechanism has no parts", verify_in_parts),
	PROVOKE(C_VerifyUpdate, CKR_TOKEN_RESOURCE_EXCEEDED, "more than is kept", verify_too_much_apart),
};

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	world_populate();
	provoke_all(table, COUNT(table));
	world_result(world_failures() == 0, "all else was as expected", NULL);
	return world_end();
}
