#include "fake_api.h"

static CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
static CK_MECHANISM unknown = { CKM_VENDOR_DEFINED | 3, NULL, 0 };
static CK_BYTE in[10], out[32];

/* One family of functions; those that it shapes in its own way are NULL. */
struct family {
	enum ash_op op;
	CK_RV (*init)(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE);
	CK_RV (*single)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
	CK_RV (*update)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
	CK_RV (*absorb)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG);
	CK_RV (*final)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG_PTR);
};

static CK_RV digest_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	CK_RV rv = C_DigestInit(session, mechanism);

	if (rv == CKR_OK) {
		EXPECT_NUMBER(0, fake.type);
		fake.type = key;
	}
	return rv;
}

static const struct family families[] = {
	{ ASH_OP_ENCRYPT, C_EncryptInit, C_Encrypt, C_EncryptUpdate, NULL, C_EncryptFinal },
	{ ASH_OP_DECRYPT, C_DecryptInit, C_Decrypt, C_DecryptUpdate, NULL, C_DecryptFinal },
	{ ASH_OP_DIGEST, digest_init, C_Digest, NULL, C_DigestUpdate, C_DigestFinal },
	{ ASH_OP_SIGN, C_SignInit, C_Sign, NULL, C_SignUpdate, C_SignFinal },
	{ ASH_OP_VERIFY, C_VerifyInit, NULL, NULL, C_VerifyUpdate, NULL },
	{ ASH_OP_SIGN_RECOVER, C_SignRecoverInit, C_SignRecover, NULL, NULL, NULL },
	{ ASH_OP_VERIFY_RECOVER, C_VerifyRecoverInit, C_VerifyRecover, NULL, NULL, NULL },
};

#define FOR_EACH_FAMILY(family) \
	for (const struct family *family = families; family < families + ASH_COUNT(families); family++)

TEST(init)
{
	FOR_EACH_FAMILY(family)
	{
		fresh();
		EXPECT_RV(CKR_OK, family->init(FAKE_SESSION, &sha256, 41));
		EXPECT_CALLED("op_init");
		EXPECT_NUMBER(family->op, fake.op);
		EXPECT_NUMBER(41, fake.type);
		EXPECT(fake.mechanism_given && fake.mechanism.type == CKM_SHA256);
		EXPECT_RV(CKR_OK, family->init(FAKE_SESSION, NULL, 0));
		EXPECT(!fake.mechanism_given);
		fake.calls = 0;
		EXPECT_RV(CKR_MECHANISM_INVALID, family->init(FAKE_SESSION, &unknown, 41));
		EXPECT_RV(CKR_SESSION_HANDLE_INVALID, family->init(1, &unknown, 41));
		EXPECT_NUMBER(0, fake.calls);
		EXPECT_NUMBER(0, fake.aborts);
	}
}

typedef CK_RV give(const struct family *family, CK_BYTE_PTR to, CK_ULONG_PTR len);

static CK_RV single(const struct family *family, CK_BYTE_PTR to, CK_ULONG_PTR len)
{
	return family->single(FAKE_SESSION, in, sizeof(in), to, len);
}

static CK_RV update(const struct family *family, CK_BYTE_PTR to, CK_ULONG_PTR len)
{
	return family->update(FAKE_SESSION, in, sizeof(in), to, len);
}

static CK_RV final(const struct family *family, CK_BYTE_PTR to, CK_ULONG_PTR len)
{
	return family->final(FAKE_SESSION, to, len);
}

static void check_output(const struct family *family, give *function, const char *name)
{
	CK_ULONG len = 0xdead;

	fresh();
	fake.give_len = 5;
	memcpy(fake.give, "hello", 5);
	EXPECT_RV(CKR_OK, function(family, NULL, &len));
	EXPECT_NUMBER(5, len);
	EXPECT(!fake.out_given);
	len = 4;
	memset(out, 'x', sizeof(out));
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, function(family, out, &len));
	EXPECT_NUMBER(5, len);
	EXPECT_NUMBER('x', out[0]);
	len = sizeof(out);
	EXPECT_RV(CKR_OK, function(family, out, &len));
	EXPECT_SPAN(TEXT("hello"), ash_span(out, len));
	EXPECT_CALLED(name);
	EXPECT_NUMBER(family->op, fake.op);
	EXPECT_NUMBER(0, fake.aborts);

	fake.answer.code = ASH_E_OPERATION_NONE;
	len = 3;
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, function(family, out, &len));
	EXPECT_NUMBER(3, len);

	fake.calls = 0;
	EXPECT_RV(CKR_ARGUMENTS_BAD, function(family, out, NULL));
	EXPECT_NUMBER(0, fake.calls);
	EXPECT_NUMBER(1, fake.aborts);
}

TEST(outputs)
{
	FOR_EACH_FAMILY(family)
	{
		if (family->single != NULL)
			check_output(family, single, "op_single");
		if (family->update != NULL)
			check_output(family, update, "op_update");
		if (family->final != NULL)
			check_output(family, final, "op_final");
	}
}

TEST(input_is_lent)
{
	CK_ULONG len = sizeof(out);

	fresh();
	EXPECT_RV(CKR_OK, C_Sign(FAKE_SESSION, in, sizeof(in), out, &len));
	EXPECT(fake.in.data == in && fake.in.len == sizeof(in));
	EXPECT_RV(CKR_OK, C_Encrypt(FAKE_SESSION, NULL, 0, out, &len));
	EXPECT_NUMBER(0, fake.in.len);
	EXPECT_NUMBER(0, fake.aborts);
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_Encrypt(FAKE_SESSION, NULL, 1, out, &len));
	EXPECT_NUMBER(1, fake.aborts);
	EXPECT_NUMBER(ASH_OP_ENCRYPT, fake.op);
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_Encrypt(1, NULL, 1, out, &len));
}

TEST(updates_without_output)
{
	FOR_EACH_FAMILY(family)
	{
		if (family->absorb == NULL)
			continue;
		fresh();
		EXPECT_RV(CKR_OK, family->absorb(FAKE_SESSION, in, sizeof(in)));
		EXPECT_CALLED("op_update");
		EXPECT_NUMBER(family->op, fake.op);
		EXPECT(fake.out_given); /* else it would be a question */
		EXPECT_RV(CKR_OK, family->absorb(FAKE_SESSION, NULL, 0));
		EXPECT_RV(CKR_ARGUMENTS_BAD, family->absorb(FAKE_SESSION, NULL, 1));
		EXPECT_NUMBER(1, fake.aborts);
	}
}

TEST(verification)
{
	CK_BYTE signature[3] = { 0 };

	fresh();
	EXPECT_RV(CKR_OK, C_Verify(FAKE_SESSION, in, sizeof(in), signature, 3));
	EXPECT_CALLED("verify_single");
	EXPECT(fake.in.data == in && fake.second.data == signature && fake.second.len == 3);
	EXPECT_RV(CKR_OK, C_VerifyFinal(FAKE_SESSION, signature, 2));
	EXPECT_CALLED("verify_final");
	EXPECT_NUMBER(2, fake.second.len);
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_Verify(FAKE_SESSION, NULL, 1, signature, 3));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_Verify(FAKE_SESSION, in, 1, NULL, 3));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_VerifyFinal(FAKE_SESSION, NULL, 3));
	EXPECT_NUMBER(3, fake.aborts);
	EXPECT_NUMBER(ASH_OP_VERIFY, fake.op);
	fake.answer.code = ASH_E_SIGNATURE;
	EXPECT_RV(CKR_SIGNATURE_INVALID, C_Verify(FAKE_SESSION, in, 1, signature, 3));
}

static const struct {
	enum ash_op first, second;
	CK_RV (*update)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
} duals[] = {
	{ ASH_OP_DIGEST, ASH_OP_ENCRYPT, C_DigestEncryptUpdate },
	{ ASH_OP_SIGN, ASH_OP_ENCRYPT, C_SignEncryptUpdate },
	{ ASH_OP_DECRYPT, ASH_OP_DIGEST, C_DecryptDigestUpdate },
	{ ASH_OP_DECRYPT, ASH_OP_VERIFY, C_DecryptVerifyUpdate },
};

TEST(two_at_once)
{
	for (size_t i = 0; i < ASH_COUNT(duals); i++) {
		CK_ULONG len = 4;

		fresh();
		fake.give_len = 5;
		EXPECT_RV(CKR_OK, duals[i].update(FAKE_SESSION, in, sizeof(in), NULL, &len));
		EXPECT_NUMBER(5, len);
		EXPECT(!fake.out_given);
		EXPECT_CALLED("dual_update");
		EXPECT_NUMBER(duals[i].first, fake.op);
		EXPECT_NUMBER(duals[i].second, fake.second_op);
		len = 4;
		EXPECT_RV(CKR_BUFFER_TOO_SMALL, duals[i].update(FAKE_SESSION, in, sizeof(in), out, &len));
		EXPECT_NUMBER(5, len);
		EXPECT_RV(CKR_OK, duals[i].update(FAKE_SESSION, in, sizeof(in), out, &len));
		EXPECT_NUMBER(0, fake.aborts);
		fake.calls = 0;
		EXPECT_RV(CKR_ARGUMENTS_BAD, duals[i].update(FAKE_SESSION, in, sizeof(in), out, NULL));
		EXPECT_NUMBER(2, fake.aborts); /* both */
		EXPECT_RV(CKR_ARGUMENTS_BAD, duals[i].update(FAKE_SESSION, NULL, 1, out, &len));
		EXPECT_NUMBER(4, fake.aborts);
		EXPECT_NUMBER(0, fake.calls);
		EXPECT_RV(CKR_SESSION_HANDLE_INVALID, duals[i].update(1, NULL, 1, out, &len));
	}
}

TEST(a_key_is_digested)
{
	fresh();
	EXPECT_RV(CKR_OK, C_DigestKey(FAKE_SESSION, 12));
	EXPECT_CALLED("digest_key");
	EXPECT_NUMBER(12, fake.type);
	fake.answer.code = ASH_E_KEY_INDIGESTIBLE;
	EXPECT_RV(CKR_KEY_INDIGESTIBLE, C_DigestKey(FAKE_SESSION, 12));
}
