#include "front/pkcs11/call_priv.h"

#include "fake_api.h"

TEST(random_bytes)
{
	CK_BYTE bytes[4] = { 0 };

	fresh();
	EXPECT_RV(CKR_OK, C_GenerateRandom(FAKE_SESSION, bytes, 3));
	EXPECT_SPAN(TEXT("rrr\0"), SPAN(bytes));
	EXPECT_RV(CKR_OK, C_GenerateRandom(FAKE_SESSION, NULL, 0));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GenerateRandom(FAKE_SESSION, NULL, 1));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_GenerateRandom(1, NULL, 1));
}

TEST(seeding)
{
	CK_BYTE seed[4] = { 0 };

	fresh();
	EXPECT_RV(CKR_OK, C_SeedRandom(FAKE_SESSION, seed, 4));
	EXPECT(fake.in.data == seed && fake.in.len == 4);
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_SeedRandom(FAKE_SESSION, NULL, 1));
	fake.in = ASH_SPAN_NONE;
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_SeedRandom(FAKE_SESSION, seed, (CK_ULONG)-1));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_SeedRandom(FAKE_SESSION, seed, ASH_LENGTH_MAX + 1));
	EXPECT(fake.in.data == NULL); /* more than there can be is not read */
	fake.answer.code = ASH_E_RANDOM_SEED;
	EXPECT_RV(CKR_RANDOM_SEED_NOT_SUPPORTED, C_SeedRandom(FAKE_SESSION, seed, 4));
}
