#include "unit/app/cli/fake.h"

#define WITH_PIN(hsm, command, ...) \
	(setenv("TEST_PIN", "user-pin", 1), RUN(hsm, command, "--pin-env", "TEST_PIN", __VA_ARGS__))

static void fill(struct ash_hsm *hsm)
{
	FAKE_PUT(hsm, CKO_SECRET_KEY, CKK_AES, "kek", CKA_WRAP, CKA_UNWRAP);
	FAKE_PUT(hsm, CKO_PUBLIC_KEY, CKK_RSA, "courier", CKA_WRAP);
	FAKE_PUT(hsm, CKO_PRIVATE_KEY, CKK_RSA, "courier", CKA_UNWRAP);
	FAKE_PUT(hsm, CKO_PRIVATE_KEY, CKK_EC, "web", CKA_SIGN);
	FAKE_PUT(hsm, CKO_SECRET_KEY, CKK_AES, "disk", CKA_ENCRYPT);
}

TEST(a_key_is_wrapped_by_what_suits_it)
{
	static const struct {
		const char *label, *with;
		uint64_t type;
		ash_handle key;
	} cases[] = {
		{ "web", "label:kek", CKM_AES_KEY_WRAP_KWP, 1 },
		{ "disk", "label:courier", CKM_RSA_PKCS_OAEP, 2 },
		{ "web", "label:courier", CKM_RSA_AES_KEY_WRAP, 2 },
	};
	struct ash_hsm hsm = FAKE_HSM;
	const char *out = fake_path("wrapped");

	fill(&hsm);
	for (size_t i = 0; i < ASH_COUNT(cases); i++) {
		EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "wrap", "--label", cases[i].label, "--with",
						     cases[i].with, "--output", out));
		EXPECT_NUMBER(cases[i].type, fake_mechanism.type);
		EXPECT_NUMBER(cases[i].key, fake_key);
		EXPECT_SPAN(TEXT("wrapped key"), fake_read(out));
		EXPECT(strstr(fake_out, "11 bytes (CKM_") != NULL);
	}
	EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "wrap", "--label", "web", "--with", "label:kek",
					     "--mechanism", "aes-gcm", "--output", out));
	EXPECT_SPAN(TEXT("\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xabwrapped key"), fake_read(out));
	EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "wrap", "--label", "web", "--with", "label:kek"));
	EXPECT_TEXT("wrapped key", fake_out);
	fake_clean();
}

TEST(what_cannot_be_wrapped_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *out = fake_path("wrapped");

	fill(&hsm);
	hsm.fails = "wrap_key";
	hsm.code = ASH_E_KEY_UNEXTRACTABLE;
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      WITH_PIN(&hsm, "wrap", "--label", "web", "--with", "label:kek", "--output", out));
	EXPECT(strstr(fake_err, "can't wrap the key \"web\" with \"kek\" and CKM_AES_KEY_WRAP_KWP") != NULL);
	EXPECT(strstr(fake_err, "--extractable") != NULL);
	EXPECT(access(out, F_OK) != 0);
	EXPECT_NUMBER(ASH_CLI_USAGE, WITH_PIN(&hsm, "wrap", "--label", "web"));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND,
		      WITH_PIN(&hsm, "wrap", "--label", "web", "--with", "label:none", "--output", out));
	fake_clean();
}

TEST(a_key_is_unwrapped_as_the_options_say)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("wrapped key"));

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "unwrap", "--with", "label:kek", "--type", "aes:256",
					     "--label", "new", "--json", in));
	EXPECT(fake_mechanism.type == CKM_AES_KEY_WRAP_KWP && hsm.objects[5].used);
	EXPECT(strstr(fake_out, "\"id\": \"a0a1a2a3") != NULL && strstr(fake_out, "\"aes:256\"") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "unwrap", "--with", "label:courier", "--type", "ec",
					     "--label", "priv", "--json", in));
	EXPECT(fake_made_by == CKM_RSA_AES_KEY_WRAP && fake_made_from == 3 && hsm.objects[6].used);
	EXPECT(strstr(fake_out, "\"id\": \"50515253") != NULL);
	EXPECT(strstr(fake_out, "\"public\"") != NULL && strstr(fake_out, "\"private\"") != NULL);
	EXPECT_SPAN(TEXT("\x04\x05PQRST"), ash_span(fake_attr(&hsm.objects[7], CKA_EC_POINT)->value, 7));
	EXPECT_NUMBER(1, fake_attr(&hsm.objects[7], CKA_VERIFY)->value[0]);
	fake_clean();
}

TEST(an_iv_is_taken_from_the_front)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("0123456789abwrapped key"));

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, WITH_PIN(&hsm, "unwrap", "--with", "label:kek", "--type", "aes:256",
					     "--label", "new", "-m", "aes-gcm", in));
	EXPECT_SPAN(TEXT("0123456789ab"), fake_mechanism.params.iv);
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      WITH_PIN(&hsm, "unwrap", "--with", "label:kek", "--type", "aes:256", "--label", "new",
			       "-m", "aes-gcm", fake_write("short", TEXT("0123"))));
	EXPECT(strstr(fake_err, "it has to begin with an IV of 12 bytes") != NULL);
	fake_clean();
}

TEST(what_is_no_such_key_is_not_kept)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *in = fake_write("in", TEXT("wrapped key"));

	fill(&hsm);
	/* The fake's EC key has no curve: it is not P-256. */
	EXPECT_NUMBER(ASH_CLI_FAILED, WITH_PIN(&hsm, "unwrap", "--with", "label:kek", "--type", "ec:p256",
					       "--label", "new", in));
	EXPECT(strstr(fake_err, "the key is one of type ec, not ec:p256: it was not kept") != NULL);
	EXPECT(!hsm.objects[5].used && !hsm.objects[6].used);
	EXPECT_NUMBER(ASH_CLI_FAILED, WITH_PIN(&hsm, "unwrap", "--with", "label:kek", "--type", "aes:256",
					       "--label", "new", fake_write("other", TEXT("nonsense"))));
	EXPECT(strstr(fake_err, "can't unwrap the key with \"kek\" and CKM_AES_KEY_WRAP_KWP: "
				"the wrapped key is not valid") != NULL);
	hsm.fails = "set_attributes";
	hsm.code = ASH_E_IO;
	EXPECT_NUMBER(ASH_CLI_STORAGE,
		      WITH_PIN(&hsm, "unwrap", "--with", "label:kek", "--type", "ec", "--label", "new", in));
	EXPECT(strstr(fake_err, "it was not kept") != NULL);
	EXPECT(!hsm.objects[5].used && !hsm.objects[6].used);
	hsm.fails = "create_object";
	EXPECT_NUMBER(ASH_CLI_STORAGE,
		      WITH_PIN(&hsm, "unwrap", "--with", "label:kek", "--type", "ec", "--label", "new", in));
	EXPECT(strstr(fake_err, "it was not kept") != NULL && !hsm.objects[5].used);
	fake_clean();
}

TEST(without_memory_no_key_is_kept)
{
	const char *in = fake_write("in", TEXT("wrapped key"));
	enum ash_cli_exit code = ASH_CLI_FAILED;

	for (int64_t left = 0; code != ASH_CLI_DONE; left++) {
		struct ash_hsm hsm = FAKE_HSM;

		fill(&hsm);
		ash_mem_fail_after(left);
		code = WITH_PIN(&hsm, "unwrap", "--with", "label:courier", "--type", "ec", "--label", "new",
				in);
		ash_mem_fail_after(-1);
		EXPECT(code == ASH_CLI_DONE || code == ASH_CLI_FAILED);
		EXPECT(code == ASH_CLI_DONE || strstr(fake_err, "out of memory") != NULL);
		EXPECT(hsm.objects[5].used == (code == ASH_CLI_DONE));
		EXPECT(hsm.objects[6].used == (code == ASH_CLI_DONE));
	}
	fake_clean();
}
