#include "unit/app/cli/fake.h"

#define WITH_PIN(hsm, command, ...)         \
	(setenv("TEST_PIN", "user-pin", 1), \
	 RUN(hsm, command, "--pin-env", "TEST_PIN", "--type", "aes:256", "--label", "new", __VA_ARGS__))

static void fill(struct ash_hsm *hsm)
{
	FAKE_PUT(hsm, CKO_PUBLIC_KEY, CKK_ML_KEM, "kem", CKA_ENCAPSULATE);
	FAKE_PUT(hsm, CKO_PRIVATE_KEY, CKK_ML_KEM, "kem", CKA_DECAPSULATE);
}

TEST(both_sides_make_a_key)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *ct = fake_path("ct");

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      WITH_PIN(&hsm, "encapsulate", "--with", "label:kem", "--output", ct, "--json"));
	EXPECT(fake_mechanism.type == CKM_ML_KEM && fake_key == 1 && hsm.objects[2].used);
	EXPECT_SPAN(TEXT("ciphertext"), fake_read(ct));
	EXPECT(strstr(fake_out, "\"label\": \"new\"") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "decapsulate", "--with", "label:kem", ct));
	EXPECT(fake_key == 2 && hsm.objects[3].used && !hsm.objects[4].used);
	fake_clean();
}

TEST(a_key_whose_ciphertext_is_lost_is_not_kept)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      WITH_PIN(&hsm, "encapsulate", "--with", "label:kem", "--output", "/dev/full"));
	EXPECT(!hsm.objects[2].used);
	EXPECT_NUMBER(ASH_CLI_USAGE, WITH_PIN(&hsm, "encapsulate", "--with", "label:kem"));
}

TEST(what_fails_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *ct = fake_write("ct", TEXT("nonsense"));

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_FAILED, WITH_PIN(&hsm, "decapsulate", "--with", "label:kem", ct));
	EXPECT(strstr(fake_err, "can't decapsulate with \"kem\" and CKM_ML_KEM") != NULL);
	hsm.fails = "encapsulate_key";
	hsm.code = ASH_E_KEY_USAGE;
	EXPECT_NUMBER(ASH_CLI_FAILED, WITH_PIN(&hsm, "encapsulate", "--with", "label:kem", "--output", ct));
	EXPECT(strstr(fake_err, "can't encapsulate with \"kem\" and CKM_ML_KEM") != NULL);
	EXPECT_SPAN(TEXT("nonsense"), fake_read(ct));
	fake_clean();
}

TEST(without_memory_no_key_is_kept)
{
	const char *ct = fake_path("ct");
	enum ash_cli_exit code = ASH_CLI_FAILED;

	for (int64_t left = 0; code != ASH_CLI_DONE; left++) {
		struct ash_hsm hsm = FAKE_HSM;

		fill(&hsm);
		ash_mem_fail_after(left);
		code = WITH_PIN(&hsm, "encapsulate", "--with", "label:kem", "--output", ct);
		ash_mem_fail_after(-1);
		EXPECT(code == ASH_CLI_DONE || code == ASH_CLI_FAILED);
		EXPECT(code == ASH_CLI_DONE || strstr(fake_err, "out of memory") != NULL);
		EXPECT(hsm.objects[2].used == (code == ASH_CLI_DONE));
	}
	EXPECT_SPAN(TEXT("ciphertext"), fake_read(ct));
	fake_clean();
}
