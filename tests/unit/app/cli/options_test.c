#include "unit/app/cli/fake.h"

static const struct ash_cli_option options[] = {
	{ .id = ASH_CLI_OPT_LABEL,
	  .name = "label",
	  .letter = 'l',
	  .value = "LABEL",
	  .text = "",
	  .required = true },
	{ .id = ASH_CLI_OPT_ALL, .name = "all", .letter = 'a', .text = "" },
	{ .id = ASH_CLI_OPT_SLOT, .name = "slot", .value = "ID", .text = "" },
	{ .name = NULL },
};

static const struct ash_cli_command command = {
	.name = "test me",
	.options =
		(const struct ash_cli_option *const[]){ options, ash_cli_pin_options, ash_cli_so_pin_options,
							ash_cli_common_options, NULL },
};

static const struct ash_cli_command with_words = {
	.name = "test words",
	.options = (const struct ash_cli_option *const[]){ ash_cli_common_options, NULL },
	.words = "FILE...",
	.words_min = 1,
	.words_max = 2,
};

static const struct ash_cli_command with_object = {
	.name = "test object",
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_token_options, ash_cli_common_options, NULL },
	.takes_object = true,
};

static const char *values[ASH_CLI_OPTS];
static const struct ash_cli_command *parsed = &command;
static char last_word[64];
static int word_count;

static enum ash_cli_exit parse(const char *const *words)
{
	static char copies[16][64];
	char *argv[16] = { (char[]){ "me" } };
	struct ash_cli cli = fake_cli(NULL);
	enum ash_code code;
	int argc = 1;

	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = strcpy(copies[argc], words[argc - 1]);
	cli.command = parsed;
	code = ash_cli_options_parse(&cli, argc, argv).code;
	EXPECT((code == ASH_OK) == (cli.exit == ASH_CLI_DONE));
	memcpy(values, cli.values, sizeof(values));
	word_count = cli.word_count;
	strcpy(last_word, word_count > 0 ? cli.words[word_count - 1] : "");
	fake_close(&cli);
	return cli.exit;
}
#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

TEST(options_take_values_in_every_form)
{
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("--label", "a b", "--all", "--slot=7"));
	EXPECT_TEXT("a b", values[ASH_CLI_OPT_LABEL]);
	EXPECT_TEXT("", values[ASH_CLI_OPT_ALL]);
	EXPECT_TEXT("7", values[ASH_CLI_OPT_SLOT]);
	EXPECT(values[ASH_CLI_OPT_JSON] == NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("-al", "x"));
	EXPECT_TEXT("x", values[ASH_CLI_OPT_LABEL]);
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("-lx", "-a", "-a"));
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("--label", "--all"));
	EXPECT_TEXT("--all", values[ASH_CLI_OPT_LABEL]);
	EXPECT(values[ASH_CLI_OPT_ALL] == NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("--label="));
	EXPECT_TEXT("", values[ASH_CLI_OPT_LABEL]);
}

TEST(options_refuse_what_they_do_not_know)
{
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--label", "x", "--lable=y"));
	EXPECT(strstr(fake_err, "has no option --lable\n") != NULL);
	EXPECT(strstr(fake_err, "ashlar test me --help") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("-z"));
	EXPECT(strstr(fake_err, "has no option -z") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--label", "x", "y\x1b"));
	EXPECT(strstr(fake_err, "what is \"y\\x1b\"?") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--label", "x", "--", "-a"));
}

TEST(options_refuse_abbreviations)
{
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--lab", "x"));
	EXPECT(strstr(fake_err, "did you mean --label?") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--lab=x"));
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--pin-", "x"));
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--a"));
}

TEST(options_need_their_values)
{
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--all", "--label"));
	EXPECT(strstr(fake_err, "--label needs a value: --label LABEL") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("-l"));
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--all=yes", "--label", "x"));
	EXPECT(strstr(fake_err, "--all takes no value") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--label", "x", "-l", "y"));
	EXPECT(strstr(fake_err, "--label is given twice") != NULL);
}

TEST(options_that_are_required)
{
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--all"));
	EXPECT(strstr(fake_err, "`ashlar test me` needs --label LABEL") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("--all", "--help"));
	EXPECT(values[ASH_CLI_OPT_HELP] != NULL);
}

TEST(a_pin_on_the_command_line_is_refused_and_not_repeated)
{
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--label", "x", "--pin", "s3cret"));
	EXPECT(strstr(fake_err, "--pin-file FILE, --pin-fd N or --pin-env VAR") != NULL);
	EXPECT(strstr(fake_err, "s3cret") == NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--pin=s3cret"));
	EXPECT(strstr(fake_err, "s3cret") == NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--so-pin", "s3cret"));
	EXPECT(strstr(fake_err, "--so-pin-env VAR") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--pni=s3cret"));
	EXPECT(strstr(fake_err, "s3cret") == NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--so-pi=s3cret"));
	EXPECT(strstr(fake_err, "s3cret") == NULL);
}

static enum ash_cli_exit number(const char *text, unsigned long long max, unsigned long long *ret_number)
{
	struct ash_cli cli = fake_cli(NULL);

	cli.values[ASH_CLI_OPT_SLOT] = text;
	ash_ignore(ash_cli_options_number(&cli, ASH_CLI_OPT_SLOT, "slot", max, ret_number));
	fake_close(&cli);
	return cli.exit;
}

TEST(numbers_are_decimal_and_in_range)
{
	static const char *const bad[] = { "",    "-1",  "+1",
					   " 1",  "1 ",  "0x10",
					   "1e3", "256", "99999999999999999999999" };
	unsigned long long got = 7;

	for (size_t i = 0; i < ASH_COUNT(bad); i++)
		EXPECT_NUMBER(ASH_CLI_USAGE, number(bad[i], 255, &got));
	EXPECT_NUMBER(7, got);
	EXPECT_NUMBER(ASH_CLI_DONE, number("255", 255, &got));
	EXPECT_NUMBER(255, got);
	EXPECT_NUMBER(ASH_CLI_DONE, number("18446744073709551615", UINT64_MAX, &got));
	EXPECT_NUMBER(UINT64_MAX, got);
}

TEST(words_come_behind_the_options)
{
	parsed = &with_words;
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("--json", "a", "b"));
	EXPECT_NUMBER(2, word_count);
	EXPECT_TEXT("b", last_word);
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("-"));
	EXPECT_TEXT("-", last_word);
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("--", "--json"));
	EXPECT_TEXT("--json", last_word);
	EXPECT(values[ASH_CLI_OPT_JSON] == NULL);

	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--json"));
	EXPECT_NUMBER(0, word_count);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("a", "b", "c"));
	/* Options may stand anywhere before "--". */
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("a", "--json"));
	EXPECT_TEXT("a", last_word);
	EXPECT(values[ASH_CLI_OPT_JSON] != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("a", "--json", "-"));
	EXPECT_TEXT("-", last_word);
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("a", "--", "-b"));
	EXPECT_NUMBER(2, word_count);
	EXPECT_TEXT("-b", last_word);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("a", "--jsom"));
	EXPECT(strstr(fake_err, "has no option --jsom") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("a", "--", "b", "--json"));
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("--help"));
	parsed = &command;
}

TEST(the_first_word_may_be_a_uri)
{
	parsed = &with_object;
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("--json", "pkcs11:object=a"));
	EXPECT_TEXT("pkcs11:object=a", values[ASH_CLI_OPT_URI]);
	EXPECT_NUMBER(0, word_count);
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("--uri", "pkcs11:object=a"));
	EXPECT_TEXT("pkcs11:object=a", values[ASH_CLI_OPT_URI]);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("--uri", "pkcs11:object=a", "pkcs11:object=a"));
	EXPECT(strstr(fake_err, "there are two URIs") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("pkcs11:object=a", "pkcs11:object=b"));
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("pkcs11:object=a", "--json"));
	EXPECT_TEXT("pkcs11:object=a", values[ASH_CLI_OPT_URI]);
	EXPECT(values[ASH_CLI_OPT_JSON] != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, PARSE("object=a"));
	parsed = &with_words;
	EXPECT_NUMBER(ASH_CLI_DONE, PARSE("pkcs11:object=a"));
	EXPECT_TEXT("pkcs11:object=a", last_word);
	EXPECT(values[ASH_CLI_OPT_URI] == NULL);
	parsed = &command;
}
