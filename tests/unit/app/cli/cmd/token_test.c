#include "unit/app/cli/fake.h"

#include <fcntl.h>
#include <jansson.h>

TEST(token_list_shows_initialised_tokens)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "token", "list"));
	EXPECT(strstr(fake_out, "ca") != NULL && strstr(fake_out, "ready") != NULL);
	EXPECT(strstr(fake_out, "not initialised") == NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "token", "list", "--all"));
	EXPECT(strstr(fake_out, "not initialised") != NULL);
	hsm.tokens[0].label = NULL;
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "token", "list"));
	EXPECT(strstr(fake_out, "ashlar init") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "token", "list", "--json"));
	EXPECT_TEXT("{\n  \"tokens\": []\n}\n", fake_out);
}

TEST(token_list_shows_tokens_that_cannot_be_read)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.tokens[0].broken = ASH_E_TOKEN_NOT_RECOGNIZED;
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "token", "list"));
	EXPECT(strstr(fake_out, "unusable") != NULL);
	EXPECT(strstr(fake_err, "warning: the token in slot 0 can't be used: the token is not recognised") !=
	       NULL);
}

static const char *state(struct ash_hsm *hsm, uint64_t flags, const char *key)
{
	static char text[64];
	json_t *document;

	hsm->tokens[0].flags = flags;
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(hsm, "token", "show", "--json"));
	document = json_loads(fake_out, 0, NULL);
	strcpy(text, json_string_value(
			     json_object_get(json_array_get(json_object_get(document, "tokens"), 0), key)));
	json_decref(document);
	return text;
}

TEST(token_show_says_how_the_pins_are)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_TEXT("ready", state(&hsm, 0, "state"));
	EXPECT_TEXT("set", state(&hsm, 0, "user_pin"));
	EXPECT_TEXT("locked", state(&hsm, CKF_USER_PIN_LOCKED, "user_pin"));
	EXPECT_TEXT("user PIN locked", state(&hsm, CKF_USER_PIN_LOCKED, "state"));
	EXPECT_TEXT("set", state(&hsm, CKF_USER_PIN_LOCKED, "so_pin"));
	EXPECT_TEXT("one try left", state(&hsm, CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_COUNT_LOW, "so_pin"));
	EXPECT_TEXT("ready, write-protected", state(&hsm, CKF_WRITE_PROTECTED, "state"));
	hsm.tokens[0].user_pin[0] = '\0';
	EXPECT_TEXT("not set", state(&hsm, 0, "user_pin"));
	EXPECT_TEXT("pkcs11:token=ca;serial=0011223344556677", state(&hsm, 0, "uri"));
}

TEST(token_show_escapes_labels)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.tokens[0].label = "a\x1b[1mb;c";
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "token", "show"));
	EXPECT(strstr(fake_out, "a\\x1b[1mb;c") != NULL);
	EXPECT(strstr(fake_out, "pkcs11:token=a%1B%5B1mb%3Bc;") != NULL);
}

#define DELETE(hsm, ...) \
	(setenv("SO_PIN", "so-pin", 1), RUN(hsm, "token", "delete", "--so-pin-env", "SO_PIN", __VA_ARGS__))

TEST(token_delete_wants_the_so_pin)
{
	struct ash_hsm hsm = FAKE_HSM;

	setenv("WRONG", "wrong", 1);
	EXPECT_NUMBER(ASH_CLI_PIN, RUN(&hsm, "token", "delete", "--yes", "--so-pin-env", "WRONG"));
	EXPECT(strstr(fake_err, "can't delete token \"ca\"") != NULL &&
	       strstr(fake_err, "PIN is wrong") != NULL);
	EXPECT_TEXT("ca", hsm.tokens[0].label);
	hsm.tokens[0].flags = CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_COUNT_LOW;
	setenv("WRONG", "wrong", 1);
	EXPECT_NUMBER(ASH_CLI_PIN, RUN(&hsm, "token", "delete", "--yes", "--so-pin-env", "WRONG"));
	EXPECT(strstr(fake_err, "one try is left") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, DELETE(&hsm, "--yes"));
	EXPECT(hsm.tokens[0].label == NULL);
	EXPECT_TEXT("Deleted: token \"ca\", serial number 0011223344556677, in slot 0\n", fake_out);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, DELETE(&hsm, "--yes"));
}

TEST(token_delete_with_force_asks_for_no_pin)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "token", "delete", "--force", "--yes", "--json"));
	EXPECT(hsm.tokens[0].label == NULL);
	EXPECT(strstr(fake_out, "\"serial\": \"0011223344556677\"") != NULL);
}

static void delete_without_terminal(void)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT(dup2(open("/dev/null", O_RDONLY), 0) == 0);
	EXPECT_NUMBER(ASH_CLI_DECLINED, RUN(&hsm, "token", "delete", "--force"));
	EXPECT_NUMBER(ASH_CLI_DECLINED, DELETE(&hsm, "--token", "ca"));
	EXPECT_TEXT("ca", hsm.tokens[0].label);
}

TEST(token_delete_wants_a_yes_even_by_force)
{
	EXPECT_IN_CHILD(delete_without_terminal);
}

TEST(token_delete_takes_what_cannot_be_read_by_force_and_slot)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.tokens[0].broken = ASH_E_CORRUPT;
	EXPECT_NUMBER(ASH_CLI_STORAGE, DELETE(&hsm, "--yes", "--slot", "0"));
	EXPECT(strstr(fake_err, "ashlar token delete --force --slot") != NULL);
	EXPECT_NUMBER(ASH_CLI_STORAGE, RUN(&hsm, "token", "delete", "--yes", "--force"));
	EXPECT_NUMBER(ASH_E_CORRUPT, hsm.tokens[0].broken);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "token", "delete", "--yes", "--force", "--slot", "0"));
	EXPECT(strstr(fake_out, "the token in slot 0, which can't be read") != NULL);
	EXPECT_NUMBER(ASH_OK, hsm.tokens[0].broken);
}

TEST(token_delete_tells_why_not)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.fails = "delete_token";
	hsm.code = ASH_E_SESSION_EXISTS;
	EXPECT_NUMBER(ASH_CLI_FAILED, DELETE(&hsm, "--yes"));
	EXPECT(strstr(fake_err, "end the programs that use the token") != NULL);
	hsm.code = ASH_E_PIN_LOCKED;
	EXPECT_NUMBER(ASH_CLI_PIN, DELETE(&hsm, "--yes"));
	EXPECT(strstr(fake_err, "ashlar token delete --force") != NULL);
}
