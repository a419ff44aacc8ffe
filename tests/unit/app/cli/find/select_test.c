#include "unit/app/cli/fake.h"

#include "app/cli/find/select.h"
#include "app/cli/pin.h"
#include "util/mem.h"

#define TWO_TOKENS                                                                           \
	{                                                                                    \
		.tokens = { { .label = "ca", .serial = "1111", .user_pin = "pin1" },         \
			    { .label = NULL },                                               \
			    { .label = "my vault", .serial = "2222", .user_pin = "pin2" } }, \
		.token_count = 3                                                             \
	}

static uint64_t chosen;

static enum ash_cli_exit choose(struct ash_hsm *hsm, enum ash_cli_opt option, const char *value)
{
	struct ash_cli cli = fake_cli(hsm);
	struct ash_cli_token token = { .slot = 99 };

	cli.values[option] = value;
	ash_ignore(ash_cli_token_select(&cli, &token));
	fake_close(&cli);
	chosen = token.slot;
	return cli.exit;
}

TEST(the_only_token_is_the_default)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, choose(&hsm, ASH_CLI_OPT_JSON, ""));
	EXPECT_NUMBER(0, chosen);
}

TEST(several_tokens_are_listed_when_none_is_named)
{
	struct ash_hsm hsm = TWO_TOKENS;

	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS, choose(&hsm, ASH_CLI_OPT_JSON, ""));
	EXPECT_NUMBER(99, chosen);
	EXPECT(strstr(fake_err, "slot 0: \"ca\", serial number 1111") != NULL);
	EXPECT(strstr(fake_err, "slot 2: \"my vault\", serial number 2222") != NULL);
}

TEST(a_token_is_chosen_by_label_serial_or_slot)
{
	struct ash_hsm hsm = TWO_TOKENS;

	EXPECT_NUMBER(ASH_CLI_DONE, choose(&hsm, ASH_CLI_OPT_TOKEN, "my vault"));
	EXPECT_NUMBER(2, chosen);
	EXPECT_NUMBER(ASH_CLI_DONE, choose(&hsm, ASH_CLI_OPT_TOKEN, "my vault  "));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, choose(&hsm, ASH_CLI_OPT_TOKEN, "my"));
	EXPECT_NUMBER(ASH_CLI_DONE, choose(&hsm, ASH_CLI_OPT_SERIAL, "1111"));
	EXPECT_NUMBER(0, chosen);
	EXPECT_NUMBER(ASH_CLI_DONE, choose(&hsm, ASH_CLI_OPT_SLOT, "2"));
	EXPECT_NUMBER(2, chosen);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, choose(&hsm, ASH_CLI_OPT_SLOT, "1"));
	EXPECT_NUMBER(ASH_CLI_USAGE, choose(&hsm, ASH_CLI_OPT_SLOT, "two"));
	hsm.tokens[2].label = "ca";
	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS, choose(&hsm, ASH_CLI_OPT_TOKEN, "ca"));
}

static enum ash_cli_exit choose_by_uri(struct ash_hsm *hsm, const char *text)
{
	struct ash_cli cli = fake_cli(hsm);
	struct ash_cli_token token = { .slot = 99 };

	EXPECT_OK(ash_cli_uri_parse(text, &cli.uri));
	ash_ignore(ash_cli_token_select(&cli, &token));
	fake_close(&cli);
	ash_cli_uri_done(&cli.uri);
	chosen = token.slot;
	return cli.exit;
}

TEST(a_token_is_chosen_by_all_that_a_uri_can_say)
{
	struct ash_hsm hsm = TWO_TOKENS;

	EXPECT_NUMBER(ASH_CLI_DONE, choose_by_uri(&hsm, "pkcs11:token=my%20vault"));
	EXPECT_NUMBER(2, chosen);
	EXPECT_NUMBER(ASH_CLI_DONE, choose_by_uri(&hsm, "pkcs11:serial=1111;manufacturer=Fake;model=Fake"));
	EXPECT_NUMBER(0, chosen);
	EXPECT_NUMBER(ASH_CLI_DONE, choose_by_uri(&hsm, "pkcs11:slot-id=2;slot-description=Fake%20slot;"
							"slot-manufacturer=Fake"));
	EXPECT_NUMBER(2, chosen);
	EXPECT_NUMBER(ASH_CLI_DONE, choose_by_uri(&hsm, "pkcs11:slot-id=0;library-description=Fake%20HSM;"
							"library-manufacturer=Fake;library-version=1.2"));
	EXPECT_NUMBER(ASH_CLI_DONE,
		      choose_by_uri(&hsm, "pkcs11:slot-id=0?module-path=/usr/lib/libashlar-pkcs11.so"));
	EXPECT_NUMBER(ASH_CLI_DONE, choose_by_uri(&hsm, "pkcs11:slot-id=0?module-name=p11-kit-proxy"));
	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS, choose_by_uri(&hsm, "pkcs11:model=Fake"));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, choose_by_uri(&hsm, "pkcs11:slot-id=0;model=Other"));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, choose_by_uri(&hsm, "pkcs11:slot-id=0;serial="));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, choose_by_uri(&hsm, "pkcs11:slot-id=0;slot-description=Other"));
	EXPECT(strstr(fake_err, "another PKCS#11 library") == NULL);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, choose_by_uri(&hsm, "pkcs11:slot-id=0;library-version=1"));
	EXPECT(strstr(fake_err, "the URI is about another PKCS#11 library") != NULL);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, choose_by_uri(&hsm, "pkcs11:slot-id=0?module-name=softhsm2"));
	EXPECT(strstr(fake_err, "the URI is about another PKCS#11 library") != NULL);
	hsm.fails = "slot_info";
	hsm.code = ASH_E_IO;
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, choose_by_uri(&hsm, "pkcs11:slot-id=0;slot-manufacturer=Fake"));
}

TEST(tokens_with_one_label_are_told_apart_by_serial_number)
{
	struct ash_hsm hsm = TWO_TOKENS;
	struct ash_cli cli = fake_cli(&hsm);
	ASH_AUTO_MEM struct ash_cli_token *tokens = NULL;
	ASH_AUTO(ash_cli_uri) uri = ASH_CLI_URI_NONE;
	size_t count = 0;

	EXPECT_OK(ash_cli_tokens(&cli, &tokens, &count));
	EXPECT(!tokens[0].twin && !tokens[1].twin && !tokens[2].twin);
	EXPECT_OK(ash_cli_token_uri(&tokens[0], false, &uri));
	EXPECT(ash_cli_uri_text(&uri, ASH_CLI_URI_SERIAL) == NULL);
	ash_mem_free(ASH_TAKE(tokens));
	hsm.tokens[2].label = "ca";
	EXPECT_OK(ash_cli_tokens(&cli, &tokens, &count));
	EXPECT(tokens[0].twin && !tokens[1].twin && tokens[2].twin);
	EXPECT_OK(ash_cli_token_uri(&tokens[2], false, &uri));
	EXPECT_TEXT("2222", ash_cli_uri_text(&uri, ASH_CLI_URI_SERIAL));
	fake_close(&cli);
}

TEST(no_token_says_how_to_make_one)
{
	struct ash_hsm hsm = { .token_count = 1 };

	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, choose(&hsm, ASH_CLI_OPT_JSON, ""));
	EXPECT(strstr(fake_err, "ashlar init --label NAME") != NULL);
}

TEST(a_token_that_cannot_be_read_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.tokens[0].broken = ASH_E_TOKEN_NOT_RECOGNIZED;
	EXPECT_NUMBER(ASH_CLI_STORAGE, choose(&hsm, ASH_CLI_OPT_JSON, ""));
	EXPECT(strstr(fake_err, "can't use the token in slot 0") != NULL);
	hsm.tokens[0].broken = ASH_OK;
	hsm.fails = "slots";
	hsm.code = ASH_E_IO;
	EXPECT_NUMBER(ASH_CLI_STORAGE, choose(&hsm, ASH_CLI_OPT_JSON, ""));
}

static enum ash_cli_exit session(struct ash_hsm *hsm, const char *pin)
{
	struct ash_cli cli = fake_cli(hsm);
	struct ash_cli_token token;
	ash_handle handle = 0;

	hsm->session_open = hsm->user = false;
	setenv("TEST_PIN", pin, 1);
	cli.values[ASH_CLI_OPT_PIN_ENV] = "TEST_PIN";
	EXPECT_OK(ash_cli_token_select(&cli, &token));
	ash_ignore(ash_cli_session_open(&cli, &token, true, true, &handle));
	fake_close(&cli);
	EXPECT((handle == 7) == (cli.exit == ASH_CLI_DONE));
	return cli.exit;
}

TEST(a_session_logs_in)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, session(&hsm, "user-pin"));
	EXPECT(hsm.user && hsm.session_writes);
}

TEST(a_wrong_pin_says_how_many_tries_are_left_as_far_as_known)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_PIN, session(&hsm, "wrong-pin"));
	EXPECT_TEXT("ashlar: can't log in to token \"ca\": the PIN is wrong\n", fake_err);
	hsm.tokens[0].flags = CKF_USER_PIN_COUNT_LOW;
	EXPECT_NUMBER(ASH_CLI_PIN, session(&hsm, "wrong-pin"));
	EXPECT(strstr(fake_err, "a few more wrong tries") != NULL);
	hsm.tokens[0].flags |= CKF_USER_PIN_FINAL_TRY;
	EXPECT_NUMBER(ASH_CLI_PIN, session(&hsm, "wrong-pin"));
	EXPECT(strstr(fake_err, "one try is left") != NULL);
	hsm.tokens[0].flags |= CKF_USER_PIN_LOCKED;
	EXPECT_NUMBER(ASH_CLI_PIN, session(&hsm, "wrong-pin"));
	EXPECT(strstr(fake_err, "locked now") != NULL);
	EXPECT(strstr(fake_err, "wrong-pin") == NULL);
}

TEST(a_token_without_user_pin_is_not_asked)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.tokens[0].user_pin[0] = '\0';
	EXPECT_NUMBER(ASH_CLI_PIN, session(&hsm, "user-pin"));
	EXPECT(strstr(fake_err, "no user PIN yet") != NULL);
}

TEST(all_slots_are_seen)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	ASH_AUTO_MEM struct ash_cli_token *tokens = NULL;
	size_t count = 0;

	EXPECT_OK(ash_cli_tokens(&cli, &tokens, &count));
	EXPECT_NUMBER(2, count);
	EXPECT(ash_cli_token_usable(&tokens[0]) && !ash_cli_token_usable(&tokens[1]));
	EXPECT_SPAN(TEXT("ca"), ash_cli_token_label(&tokens[0]));
	EXPECT_SPAN(TEXT("0011223344556677"), ash_cli_token_serial(&tokens[0]));
	fake_close(&cli);
}

static const char *lonely_key(ASH_UNUSED struct ash_cli *cli)
{
	return "/x/root\n.key";
}

TEST(a_root_key_without_its_store_is_no_reason_to_make_a_token)
{
	struct ash_hsm hsm = { .token_count = 1 };
	struct ash_cli cli = fake_cli(&hsm);
	struct ash_cli_token token;

	EXPECT_TEXT("make one: ashlar init --label NAME", ash_cli_token_advice(&cli));
	cli.orphaned_key = lonely_key;
	ash_ignore(ash_cli_token_select(&cli, &token));
	fake_close(&cli);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, cli.exit);
	EXPECT(strstr(fake_err, "the root key /x/root\\x0a.key lies there without its store") != NULL);
	EXPECT(strstr(fake_err, "ashlar init") == NULL);
}
