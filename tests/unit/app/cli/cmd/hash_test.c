#include "unit/app/cli/fake.h"

TEST(lines_are_those_of_sha256sum)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *a = fake_write("a", TEXT("\x01"));
	const char *b = fake_write("b\nc\\", TEXT("\x02"));
	char wanted[512];

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "hash", a, b));
	EXPECT_NUMBER(CKM_SHA256, fake_mechanism.type);
	snprintf(wanted, sizeof(wanted),
		 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20  %s\n"
		 "\\02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021  %.*sb\\nc\\\\\n",
		 a, (int)strlen(a) - 1, a);
	EXPECT_TEXT(wanted, fake_out);
	fake_clean();
}

TEST(json_names_the_hash)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE,
		      RUN(&hsm, "hash", "--hash", "sha3-512", "--json", fake_write("a", TEXT("\x01"))));
	EXPECT_NUMBER(CKM_SHA3_512, fake_mechanism.type);
	EXPECT(strstr(fake_out, "\"hash\": \"sha3-512\"") != NULL);
	EXPECT(strstr(fake_out, "\"digest\": \"01020304") != NULL);
	fake_clean();
}

TEST(what_is_wrong_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "hash"));
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "hash", "--hash", "md5", "/dev/null"));
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "hash", "/no/such/file"));
	EXPECT_TEXT("", fake_out);
	hsm.fails = "op_init";
	hsm.code = ASH_E_MECHANISM;
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "hash", "/dev/null"));
	EXPECT(strstr(fake_err, "can't hash /dev/null with CKM_SHA256") != NULL);
	hsm.token_count = 0;
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, RUN(&hsm, "hash", "/dev/null"));
}
