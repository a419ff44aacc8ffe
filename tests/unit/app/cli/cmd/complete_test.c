#include "unit/app/cli/fake.h"

/* What is answered for a line whose last word is the one to be completed. */
#define ASK(...) EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "complete", "--", __VA_ARGS__))

static struct ash_hsm hsm;

static bool offers(const char *word)
{
	char line[128];

	snprintf(line, sizeof(line), "\n%s\t", word);
	return strstr(fake_out, line) != NULL;
}

TEST(commands_are_offered_and_groups_once)
{
	ASK("");
	EXPECT(strncmp(fake_out, "words\n", 6) == 0);
	EXPECT(offers("init") && offers("key") && offers("help") && !offers("key list"));
	EXPECT(strstr(strstr(fake_out, "\nkey\t") + 1, "\nkey\t") == NULL);
	ASK("ke");
	EXPECT(offers("key") && !offers("init"));
	ASK("key", "");
	EXPECT(offers("generate") && offers("list") && !offers("init"));
	ASK("key", "gen");
	EXPECT(offers("generate") && !offers("list"));
	ASK("help", "key", "sh");
	EXPECT(offers("show"));
	ASK("no-such", "");
	EXPECT_TEXT("words\n", fake_out);
	ASK("help", "version", "");
	EXPECT_TEXT("words\n", fake_out);
}

TEST(options_are_offered_once)
{
	ASK("key", "generate", "");
	EXPECT(offers("--type") && offers("--label") && offers("--help"));
	EXPECT(!offers("--pin"));
	ASK("key", "generate", "--type", "aes:256", "-l", "x", "--");
	EXPECT(!offers("--type") && !offers("--label") && offers("--usage"));
	ASK("key", "generate", "--type=aes:256", "--");
	EXPECT(!offers("--type") && offers("--label"));
}

TEST(values_are_offered_by_what_the_option_wants)
{
	ASK("key", "generate", "--type", "");
	EXPECT(offers("rsa:3072") && offers("ml-dsa-65"));
	ASK("key", "generate", "--type", "ec:p3");
	EXPECT(offers("ec:p384") && !offers("ec:p256"));
	ASK("key", "generate", "--type=ec:p3");
	EXPECT(offers("--type=ec:p384"));
	ASK("key", "generate", "--usage", "sign,ver");
	EXPECT(offers("sign,verify") && !offers("sign,wrap"));
	ASK("key", "generate", "--usage=sign,");
	EXPECT(offers("--usage=sign,wrap"));
	ASK("key", "list", "--pin-file", "");
	EXPECT_TEXT("files\n", fake_out);
	ASK("key", "list", "--pin-env", "");
	EXPECT_TEXT("variables\n", fake_out);
	ASK("selftest", "--vectors", "");
	EXPECT_TEXT("folders\n", fake_out);
	ASK("key", "import", "ke");
	EXPECT_TEXT("files\n", fake_out);
	ASK("key", "generate", "--label", "");
	EXPECT_TEXT("words\n", fake_out);
	ASK("sign", "--mechanism", "ecdsa-sha2");
	EXPECT(offers("ecdsa-sha256") && !offers("aes-gcm"));
	ASK("encrypt", "--mechanism", "");
	EXPECT(offers("aes-gcm") && !offers("ecdsa-sha256"));
	ASK("encrypt", "--mechanism", "CKM_AES_G");
	EXPECT(offers("CKM_AES_GCM"));
	ASK("hash", "--hash", "sha3-3");
	EXPECT(offers("sha3-384"));
	ASK("object", "list", "--type", "");
	EXPECT(offers("cert") && !offers("rsa:3072"));
	ASK("sign", "--format", "");
	EXPECT(offers("der") && offers("raw"));
	ASK("cert", "request", "--profile", "c");
	EXPECT(offers("ca") && offers("client") && !offers("server"));
	ASK("sign", "--salt-length", "");
	EXPECT(offers("max") && !offers("N"));
	ASK("key", "list", "--json=x");
	EXPECT_TEXT("", fake_out);
}

TEST(labels_of_tokens_are_offered)
{
	struct ash_hsm some = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&some, "complete", "--", "key", "list", "--token", ""));
	EXPECT(strstr(fake_out, "\tobject") == NULL && strstr(fake_out, "\ttoken\n") != NULL);
}

TEST(without_a_store_no_token_is_offered)
{
	struct ash_hsm some = FAKE_HSM;

	some.fails = "open";
	some.code = ASH_E_CONFIG;
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&some, "complete", "--", "key", "list", "--token", ""));
	EXPECT_TEXT("words\n", fake_out);
	EXPECT_TEXT("", fake_err);
}

TEST(without_memory_no_token_is_offered_and_nothing_breaks)
{
	for (int left = 0; left < 5; left++) {
		struct ash_hsm some = FAKE_HSM;

		ash_mem_fail_after(left);
		EXPECT_NUMBER(ASH_CLI_DONE, RUN(&some, "complete", "--", "key", "list", "--token", ""));
		ash_mem_fail_after(-1);
		EXPECT(strncmp(fake_out, "words\n", 6) == 0);
	}
}

TEST(it_wants_a_word)
{
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "complete"));
}
