#include "unit/app/cli/fake.h"

#include "app/cli/use/newkey.h"

static struct ash_cli_newkey made;
static struct ash_cli_template template;

/* Reads what a command is given, and makes the template of it. */
static enum ash_cli_exit read_newkey(const char *type, unsigned classes, const char *id)
{
	static const struct ash_cli_command command = { .name = "derive" };
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);

	ash_cli_newkey_done(&made);
	made = ASH_CLI_NEWKEY_NONE;
	template.count = 0;
	cli.command = &command;
	cli.values[ASH_CLI_OPT_TYPE] = type;
	cli.values[ASH_CLI_OPT_LABEL] = "new";
	cli.values[ASH_CLI_OPT_ID] = id;
	if (ash_is_ok(ash_cli_newkey_read(&cli, classes, &made)))
		EXPECT_OK(ash_cli_newkey_template(&made, &template));
	fake_close(&cli);
	return cli.exit;
}

static struct ash_span value(uint64_t type)
{
	for (size_t i = 0; i < template.count; i++) {
		if (template.attrs[i].type == type)
			return template.attrs[i].value;
	}
	return ASH_SPAN_NONE;
}

TEST(a_secret_key_is_what_the_options_say)
{
	EXPECT_NUMBER(ASH_CLI_DONE, read_newkey("aes:256", ASH_CLI_SECRET, "0a"));
	EXPECT(made.class == CKO_SECRET_KEY && made.exact);
	EXPECT_SPAN(TEXT("\0\0\0\0\0\0\0\x20"), value(CKA_VALUE_LEN));
	EXPECT_SPAN(TEXT("\0\0\0\0\0\0\0\x04"), value(CKA_CLASS));
	EXPECT_SPAN(TEXT("\x0a"), value(CKA_ID));
	EXPECT_SPAN(TEXT("new"), value(CKA_LABEL));
	EXPECT_SPAN(TEXT("\x01"), value(CKA_SENSITIVE));
	EXPECT_SPAN(TEXT("\x01"), value(CKA_DECRYPT));
	EXPECT_SPAN(TEXT("\0"), value(CKA_WRAP));
	EXPECT_NUMBER(ASH_CLI_DONE, read_newkey("aes", ASH_CLI_SECRET, NULL));
	EXPECT(!made.exact && value(CKA_VALUE_LEN).len == 0);
}

TEST(a_private_key_is_where_it_can_be)
{
	EXPECT_NUMBER(ASH_CLI_DONE, read_newkey("ec:p256", ASH_CLI_SECRET | ASH_CLI_PRIVATE, NULL));
	EXPECT(made.class == CKO_PRIVATE_KEY && made.exact && value(CKA_VALUE_LEN).len == 0);
	EXPECT_SPAN(TEXT("\x01"), value(CKA_SIGN));
	EXPECT_NUMBER(ASH_CLI_USAGE, read_newkey("ec:p256", ASH_CLI_SECRET, NULL));
	EXPECT(strstr(fake_err, "`ashlar derive` makes secret keys, like aes:256, not ec:p256") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, read_newkey("des", ASH_CLI_SECRET, NULL));
	EXPECT_NUMBER(ASH_CLI_USAGE, read_newkey("aes:256", ASH_CLI_SECRET, "xy"));
	ash_cli_newkey_done(&made);
}

TEST(hints_follow_the_code)
{
	static const struct {
		enum ash_code code;
		const char *told;
	} hints[] = {
		{ ASH_E_TEMPLATE_INCOMPLETE, "--type generic:256" },
		{ ASH_E_KEY_SIZE, "length" },
		{ ASH_E_KEY_USAGE, "ashlar key list" },
	};

	for (size_t i = 0; i < ASH_COUNT(hints); i++) {
		struct ash_hsm hsm = FAKE_HSM;
		struct ash_cli cli = fake_cli(&hsm);

		ash_cli_newkey_hint(&cli, hints[i].code);
		fake_close(&cli);
		EXPECT(strstr(fake_err, hints[i].told) != NULL);
	}
}

TEST(the_help_names_secret_types)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ash_cli_newkey_help(out);
	fclose(out);
	EXPECT(strstr(text, "aes:256") != NULL && strstr(text, "rsa:2048") == NULL);
	free(text);
}
