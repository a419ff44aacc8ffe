#include "fake_api.h"

static CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
static CK_MECHANISM unknown = { CKM_VENDOR_DEFINED | 3, NULL, 0 };
static char label[] = "abc";
static CK_ATTRIBUTE good[] = { { CKA_LABEL, label, 3 }, { CKA_ID, label, 2 } };
static CK_ATTRIBUTE bad[] = { { CKA_LABEL, NULL, 3 } };

TEST(a_key_is_generated)
{
	CK_OBJECT_HANDLE key = 0;

	fresh();
	EXPECT_RV(CKR_OK, C_GenerateKey(FAKE_SESSION, &sha256, good, 2, &key));
	EXPECT_CALLED("generate_key");
	EXPECT_NUMBER(12, key);
	EXPECT_NUMBER(CKM_SHA256, fake.mechanism.type);
	EXPECT_NUMBER(2, fake.attr_count);
}

TEST(a_key_that_is_refused)
{
	CK_OBJECT_HANDLE key = 99;

	fresh();
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GenerateKey(FAKE_SESSION, NULL, good, 2, &key));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GenerateKey(FAKE_SESSION, &sha256, good, 2, NULL));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GenerateKey(FAKE_SESSION, &sha256, NULL, 2, &key));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GenerateKey(FAKE_SESSION, &sha256, bad, 1, &key));
	EXPECT_RV(CKR_MECHANISM_INVALID, C_GenerateKey(FAKE_SESSION, &unknown, good, 2, &key));
	EXPECT_NUMBER(0, fake.calls);
	fake.answer.code = ASH_E_KEY_SIZE;
	EXPECT_RV(CKR_KEY_SIZE_RANGE, C_GenerateKey(FAKE_SESSION, &sha256, NULL, 0, &key));
	EXPECT_NUMBER(99, key);
}

TEST(a_pair_is_generated)
{
	CK_OBJECT_HANDLE public = 0;
	CK_OBJECT_HANDLE private = 0;

	fresh();
	EXPECT_RV(CKR_OK, C_GenerateKeyPair(FAKE_SESSION, &sha256, good, 1, good, 2, &public, &private));
	EXPECT_NUMBER(13, public);
	EXPECT_NUMBER(14, private);
	EXPECT_NUMBER(1, fake.attr_count);
	EXPECT_NUMBER(2, fake.second_count);
}

TEST(a_pair_that_is_refused)
{
	CK_OBJECT_HANDLE a = 98;
	CK_OBJECT_HANDLE b = 99;

	fresh();
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GenerateKeyPair(FAKE_SESSION, NULL, good, 1, good, 1, &a, &b));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GenerateKeyPair(FAKE_SESSION, &sha256, good, 1, good, 1, NULL, &b));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GenerateKeyPair(FAKE_SESSION, &sha256, good, 1, good, 1, &a, NULL));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GenerateKeyPair(FAKE_SESSION, &sha256, bad, 1, good, 1, &a, &b));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GenerateKeyPair(FAKE_SESSION, &sha256, good, 1, bad, 1, &a, &b));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GenerateKeyPair(FAKE_SESSION, &sha256, NULL, 1, good, 1, &a, &b));
	EXPECT_NUMBER(0, fake.calls);
	fake.answer.code = ASH_E_NOT_LOGGED_IN;
	EXPECT_RV(CKR_USER_NOT_LOGGED_IN, C_GenerateKeyPair(FAKE_SESSION, &sha256, good, 1, good, 1, &a, &b));
	EXPECT_NUMBER(98, a);
	EXPECT_NUMBER(99, b);
}
