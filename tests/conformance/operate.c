#include "operate.h"

enum operation now;

#define NAMES(verb)                                                                \
	{                                                                          \
		"C_" verb "Init", "C_" verb, "C_" verb "Update", "C_" verb "Final" \
	}

const struct operation_row operation_table[OPERATIONS] = {
	[ENCRYPT] = { NAMES("Encrypt"), CKM_AES_CBC_PAD, CKM_SHA256, CKA_ENCRYPT, CKO_SECRET_KEY },
	[DECRYPT] = { NAMES("Decrypt"), CKM_AES_CBC_PAD, CKM_SHA256, CKA_DECRYPT, CKO_SECRET_KEY },
	[SIGN] = { NAMES("Sign"), CKM_SHA256_HMAC, CKM_AES_CBC, CKA_SIGN, CKO_SECRET_KEY },
	[VERIFY] = { NAMES("Verify"), CKM_SHA256_HMAC, CKM_AES_CBC, CKA_VERIFY, CKO_SECRET_KEY },
	[SIGN_RECOVER] = { { "C_SignRecoverInit", "C_SignRecover" },
			   CKM_RSA_PKCS,
			   CKM_SHA256_RSA_PKCS,
			   CKA_SIGN_RECOVER,
			   CKO_PRIVATE_KEY },
	[VERIFY_RECOVER] = { { "C_VerifyRecoverInit", "C_VerifyRecover" },
			     CKM_RSA_PKCS,
			     CKM_SHA256_RSA_PKCS,
			     CKA_VERIFY_RECOVER,
			     CKO_PUBLIC_KEY },
	[DIGEST] = { NAMES("Digest"), CKM_SHA256, CKM_AES_CBC, 0, 0 },
};

/* 20 bytes: no whole block of any cipher. */
static CK_BYTE sample[] = "twenty bytes of text";
#define SAMPLE_LEN 20u

CK_MECHANISM *right_mechanism(void)
{
	static CK_BYTE iv[16] = "an initial value";
	static CK_MECHANISM mechanism;

	mechanism = (CK_MECHANISM){ operation_table[now].mechanism, NULL, 0 };
	if (mechanism.mechanism == CKM_AES_CBC_PAD) {
		mechanism.pParameter = iv;
		mechanism.ulParameterLen = sizeof(iv);
	}
	return &mechanism;
}

CK_OBJECT_HANDLE right_key(void)
{
	switch (now) {
	case ENCRYPT:
	case DECRYPT: return world_secret(KEY_AES);
	case SIGN:
	case VERIFY: return world_secret(KEY_HMAC);
	case SIGN_RECOVER: return world_private(KEY_RSA);
	case VERIFY_RECOVER: return world_public(KEY_RSA);
	case DIGEST:
	case OPERATIONS: break;
	}
	return 0;
}

/* What another operation makes of the sample. */
static CK_BYTE *made_by(enum operation maker, CK_ULONG *ret_len)
{
	static CK_BYTE made[OPERATIONS][512];
	static CK_ULONG len[OPERATIONS];
	const enum operation before = now;

	if (len[maker] == 0) {
		CK_SESSION_HANDLE session = world_open(USER, 0);
		CK_ULONG room = sizeof(made[maker]);

		now = maker;
		EXPECT_OK(begin(session));
		EXPECT_OK(single(session, sample, SAMPLE_LEN, made[maker], &room));
		len[maker] = room;
		now = before;
		world_close(session);
	}
	*ret_len = len[maker];
	return made[maker];
}

CK_BYTE *right_input(CK_ULONG *ret_len)
{
	*ret_len = SAMPLE_LEN;
	switch (now) {
	case DECRYPT: return made_by(ENCRYPT, ret_len);
	case VERIFY_RECOVER: return made_by(SIGN_RECOVER, ret_len);
	default: return sample;
	}
}

CK_RV begin_with(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	switch (now) {
	case ENCRYPT: return p11->C_EncryptInit(session, mechanism, key);
	case DECRYPT: return p11->C_DecryptInit(session, mechanism, key);
	case SIGN: return p11->C_SignInit(session, mechanism, key);
	case VERIFY: return p11->C_VerifyInit(session, mechanism, key);
	case SIGN_RECOVER: return p11->C_SignRecoverInit(session, mechanism, key);
	case VERIFY_RECOVER: return p11->C_VerifyRecoverInit(session, mechanism, key);
	case DIGEST: return p11->C_DigestInit(session, mechanism);
	case OPERATIONS: break;
	}
	return CKR_GENERAL_ERROR;
}

CK_RV begin(CK_SESSION_HANDLE session)
{
	return begin_with(session, right_mechanism(), right_key());
}

CK_RV single(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	switch (now) {
	case ENCRYPT: return p11->C_Encrypt(session, in, in_len, out, out_len);
	case DECRYPT: return p11->C_Decrypt(session, in, in_len, out, out_len);
	case SIGN: return p11->C_Sign(session, in, in_len, out, out_len);
	case VERIFY: return p11->C_Verify(session, in, in_len, out, out_len != NULL ? *out_len : 0);
	case SIGN_RECOVER: return p11->C_SignRecover(session, in, in_len, out, out_len);
	case VERIFY_RECOVER: return p11->C_VerifyRecover(session, in, in_len, out, out_len);
	case DIGEST: return p11->C_Digest(session, in, in_len, out, out_len);
	case OPERATIONS: break;
	}
	return CKR_GENERAL_ERROR;
}

CK_RV update(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	switch (now) {
	case ENCRYPT: return p11->C_EncryptUpdate(session, in, in_len, out, out_len);
	case DECRYPT: return p11->C_DecryptUpdate(session, in, in_len, out, out_len);
	case SIGN: return p11->C_SignUpdate(session, in, in_len);
	case VERIFY: return p11->C_VerifyUpdate(session, in, in_len);
	case DIGEST: return p11->C_DigestUpdate(session, in, in_len);
	default: return CKR_GENERAL_ERROR;
	}
}

CK_RV final(CK_SESSION_HANDLE session, CK_BYTE *out, CK_ULONG *out_len)
{
	switch (now) {
	case ENCRYPT: return p11->C_EncryptFinal(session, out, out_len);
	case DECRYPT: return p11->C_DecryptFinal(session, out, out_len);
	case SIGN: return p11->C_SignFinal(session, out, out_len);
	case VERIFY: return p11->C_VerifyFinal(session, out, out_len != NULL ? *out_len : 0);
	case DIGEST: return p11->C_DigestFinal(session, out, out_len);
	default: return CKR_GENERAL_ERROR;
	}
}

/* The single function with what is right; its output is what it has to be. */
static CK_RV come_to_end(CK_SESSION_HANDLE session)
{
	CK_ULONG in_len = 0;
	CK_BYTE *in = right_input(&in_len);
	CK_BYTE out[512];
	CK_ULONG out_len = sizeof(out);
	CK_ULONG want_len = 0;
	CK_RV rv = CKR_OK;

	if (now == VERIFY)
		memcpy(out, made_by(SIGN, &out_len), 32);
	rv = single(session, in, in_len, out, &out_len);
	if (rv != CKR_OK)
		return rv;
	if (now == ENCRYPT || now == SIGN || now == SIGN_RECOVER) {
		CK_BYTE *want = made_by(now, &want_len);

		EXPECT(out_len == want_len && memcmp(out, want, want_len) == 0);
	} else if (now == DECRYPT || now == VERIFY_RECOVER) {
		EXPECT(out_len == SAMPLE_LEN && memcmp(out, sample, SAMPLE_LEN) == 0);
	}
	return CKR_OK;
}

CK_RV whole(CK_SESSION_HANDLE session)
{
	CK_RV rv = begin(session);

	return rv == CKR_OK ? come_to_end(session) : rv;
}

bool is_active(CK_SESSION_HANDLE session)
{
	const CK_RV rv = begin(session);

	if (rv == CKR_OK)
		EXPECT_OK(begin_with(session, NULL, 0));
	return rv == CKR_OPERATION_ACTIVE;
}

bool is_alive(CK_SESSION_HANDLE session)
{
	return is_active(session) && come_to_end(session) == CKR_OK && !is_active(session);
}

CK_OBJECT_HANDLE make_useless(CK_SESSION_HANDLE session)
{
	static CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	static CK_KEY_TYPE types[] = { CKK_AES, CKK_SHA256_HMAC };
	static CK_BYTE value[16] = { 1 };
	static CK_BBOOL no = CK_FALSE;
	const bool mac = now == SIGN || now == VERIFY;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &types[mac], sizeof(CK_KEY_TYPE) },
		{ CKA_VALUE, value, sizeof(value) },
		{ CKA_ENCRYPT, &no, 1 },
		{ CKA_DECRYPT, &no, 1 },
		{ CKA_SIGN, &no, 1 },
		{ CKA_VERIFY, &no, 1 },
	};
	CK_OBJECT_HANDLE handle = 0;

	EXPECT_OK(p11->C_CreateObject(session, template, COUNT(template), &handle));
	return handle;
}

CK_OBJECT_HANDLE make_right(CK_SESSION_HANDLE session, CK_BBOOL token)
{
	CK_ATTRIBUTE template[] = { { CKA_TOKEN, &token, 1 } };
	CK_OBJECT_HANDLE handle = 0;

	EXPECT_OK(p11->C_CopyObject(session, right_key(), template, 1, &handle));
	return handle;
}

void provoke_for(enum operation operation, enum function function, const struct provocation *rows,
		 size_t count)
{
	now = operation;
	for (size_t i = 0; i < count; i++) {
		struct provocation row = rows[i];

		row.function = operation_table[operation].name[function];
		provoke_all(&row, 1);
	}
}
