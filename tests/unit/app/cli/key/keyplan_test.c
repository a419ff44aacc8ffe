#include "app/cli/key/keyplan.h"

#include "unit/app/cli/fake.h"

static struct ash_hsm hsm = FAKE_HSM;

TEST(labels_have_a_length_and_are_utf8)
{
	struct ash_cli cli = fake_cli(&hsm);
	char longest[ASH_CLI_LABEL_MAX + 1];

	memset(longest, 'x', sizeof(longest));
	EXPECT_OK(ash_cli_keyplan_check_label(&cli, "label", TEXT("\xc3\xa4")));
	EXPECT_OK(ash_cli_keyplan_check_label(&cli, "label", ash_span(longest, ASH_CLI_LABEL_MAX)));
	EXPECT(!ash_is_ok(ash_cli_keyplan_check_label(&cli, "label", SPAN(longest))));
	EXPECT(!ash_is_ok(ash_cli_keyplan_check_label(&cli, "label", ASH_SPAN_NONE)));
	EXPECT(!ash_is_ok(ash_cli_keyplan_check_label(&cli, "prefix", TEXT("\xff"))));
	fake_close(&cli);
	EXPECT(strstr(fake_err, "--label takes 1 to 255 bytes") != NULL);
	EXPECT(strstr(fake_err, "--prefix takes UTF-8") != NULL);
}

TEST(ids_are_hex)
{
	struct ash_cli cli = fake_cli(&hsm);
	ASH_AUTO(ash_cli_keyplan) plan = ASH_CLI_KEYPLAN_NONE;

	EXPECT_OK(ash_cli_keyplan_read_id(&cli, &plan)); /* none was given */
	EXPECT_NUMBER(0, plan.id.len);
	cli.values[ASH_CLI_OPT_ID] = "0a1B";
	EXPECT_OK(ash_cli_keyplan_read_id(&cli, &plan));
	EXPECT_SPAN(TEXT("\x0a\x1b"), ash_buf_span(&plan.id));
	ash_cli_keyplan_done(&plan);
	for (size_t i = 0; i < 3; i++) {
		cli.values[ASH_CLI_OPT_ID] = ((const char *[]){ "", "x", "123" })[i];
		EXPECT(!ash_is_ok(ash_cli_keyplan_read_id(&cli, &plan)));
	}
	fake_close(&cli);
}

TEST(usages_have_to_fit)
{
	struct ash_cli cli = fake_cli(&hsm);
	struct ash_cli_keyplan plan = ASH_CLI_KEYPLAN_NONE;
	struct ash_cli_template made = { .count = 0 };
	bool found = false;

	plan.keytype = ash_cli_keytype_find("rsa:2048");
	EXPECT_OK(ash_cli_keyplan_read_usage(&cli, "sign,decrypt", &plan));
	EXPECT_OK(ash_cli_keyplan_template(&plan, CKO_PRIVATE_KEY, &made));
	for (size_t i = 0; i < made.count; i++) {
		if (made.attrs[i].type == CKA_SIGN || made.attrs[i].type == CKA_DECRYPT)
			EXPECT_NUMBER(1, made.attrs[i].value.data[0]);
		if (made.attrs[i].type == CKA_DERIVE)
			EXPECT_NUMBER(0, made.attrs[i].value.data[0]);
		found = found || made.attrs[i].type == CKA_SIGN;
	}
	EXPECT(found);
	plan.keytype = ash_cli_keytype_find("ed25519");
	EXPECT(!ash_is_ok(ash_cli_keyplan_read_usage(&cli, "decrypt", &plan)));
	EXPECT(!ash_is_ok(ash_cli_keyplan_read_usage(&cli, "dance", &plan)));
	fake_close(&cli);
	EXPECT(strstr(fake_err, "no key of type ed25519 can decrypt") != NULL);
}
