#include "unit/app/cli/fake.h"

TEST(mechanisms_are_listed_with_names_and_uses)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "mechanisms"));
	EXPECT(strstr(fake_out, "CKM_SHA256") != NULL && strstr(fake_out, "digest") != NULL);
	EXPECT(strstr(fake_out, "CKM_AES_KEY_GEN") != NULL && strstr(fake_out, "generate") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "mechanisms", "--long", "--token", "ca"));
	EXPECT(strstr(fake_out, "0x00000250") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "mechanisms", "--json"));
	EXPECT(strstr(fake_out, "\"min_size\": null") != NULL);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, RUN(&hsm, "mechanisms", "--token", "cb"));
}

TEST(mechanisms_need_no_token_but_a_slot)
{
	struct ash_hsm hsm = { .token_count = 1 };

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "mechanisms"));
	hsm.token_count = 0;
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, RUN(&hsm, "mechanisms"));
}
