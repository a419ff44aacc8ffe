#include "unit/app/cli/fake.h"

#include <fcntl.h>

/* Runs with these PINs in the environment. */
static void set_pins(const char *user, const char *so, const char *next)
{
	setenv("USER_PIN", user, 1);
	setenv("SO_PIN", so, 1);
	setenv("NEW_PIN", next, 1);
}
#define SET(hsm, ...)   RUN(hsm, "pin", "set", "--new-pin-env", "NEW_PIN", __VA_ARGS__)
#define RESET(hsm, ...) RUN(hsm, "pin", "reset", "--new-pin-env", "NEW_PIN", "--so-pin-env", __VA_ARGS__)

TEST(the_user_changes_the_user_pin)
{
	struct ash_hsm hsm = FAKE_HSM;

	set_pins("user-pin", "so-pin", "next");
	EXPECT_NUMBER(ASH_CLI_DONE, SET(&hsm, "--pin-env", "USER_PIN"));
	EXPECT_TEXT("next", hsm.tokens[0].user_pin);
	EXPECT_TEXT("so-pin", hsm.tokens[0].so_pin);
	EXPECT_TEXT("The user PIN of token \"ca\" is the new one now.\n", fake_out);
	EXPECT(!hsm.session_open);
}

TEST(the_officer_changes_the_so_pin)
{
	struct ash_hsm hsm = FAKE_HSM;

	set_pins("user-pin", "so-pin", "next");
	EXPECT_NUMBER(ASH_CLI_DONE, SET(&hsm, "--so", "--so-pin-env", "SO_PIN", "--json"));
	EXPECT_TEXT("next", hsm.tokens[0].so_pin);
	EXPECT_TEXT("user-pin", hsm.tokens[0].user_pin);
	EXPECT(strstr(fake_out, "\"changed\": \"SO PIN\"") != NULL);
	EXPECT(strstr(fake_out, "\"serial\": \"0011223344556677\"") != NULL);
}

TEST(a_wrong_pin_changes_nothing)
{
	struct ash_hsm hsm = FAKE_HSM;

	set_pins("wrong", "wrong", "next");
	hsm.tokens[0].flags = CKF_USER_PIN_FINAL_TRY;
	EXPECT_NUMBER(ASH_CLI_PIN, SET(&hsm, "--pin-env", "USER_PIN"));
	EXPECT(strstr(fake_err, "can't set the user PIN of token \"ca\": the PIN is wrong") != NULL);
	EXPECT(strstr(fake_err, "one try is left") != NULL);
	set_pins("wrong", "wrong", "next");
	EXPECT_NUMBER(ASH_CLI_PIN, SET(&hsm, "--so", "--so-pin-env", "SO_PIN"));
	EXPECT(strstr(fake_err, "as security officer: the PIN is wrong") != NULL);
	set_pins("user-pin", "wrong", "next");
	EXPECT_NUMBER(ASH_CLI_PIN, RESET(&hsm, "SO_PIN"));
	set_pins("user-pin", "so-pin", "abc");
	EXPECT_NUMBER(ASH_CLI_PIN, RESET(&hsm, "SO_PIN"));
	EXPECT(strstr(fake_err, "it must have 4 to 255 bytes") != NULL);
	EXPECT_TEXT("user-pin", hsm.tokens[0].user_pin);
	EXPECT_TEXT("so-pin", hsm.tokens[0].so_pin);
}

TEST(the_officer_resets_the_user_pin)
{
	struct ash_hsm hsm = FAKE_HSM;

	set_pins("", "so-pin", "next");
	EXPECT_NUMBER(ASH_CLI_DONE, RESET(&hsm, "SO_PIN"));
	EXPECT_TEXT("next", hsm.tokens[0].user_pin);
	hsm.tokens[0].user_pin[0] = '\0';
	set_pins("user-pin", "so-pin", "first");
	EXPECT_NUMBER(ASH_CLI_PIN, SET(&hsm, "--pin-env", "USER_PIN"));
	EXPECT(strstr(fake_err, "has no user PIN") != NULL && strstr(fake_err, "ashlar pin reset") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RESET(&hsm, "SO_PIN"));
	EXPECT_TEXT("first", hsm.tokens[0].user_pin);
	hsm.fails = "init_pin";
	hsm.code = ASH_E_IO;
	set_pins("", "so-pin", "second");
	EXPECT_NUMBER(ASH_CLI_STORAGE, RESET(&hsm, "SO_PIN"));
	EXPECT_TEXT("", fake_out);
}

TEST(what_is_not_locked_is_not_unlocked)
{
	struct ash_hsm hsm = FAKE_HSM;

	set_pins("", "so-pin", "next");
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      RUN(&hsm, "pin", "unlock", "--new-pin-env", "NEW_PIN", "--so-pin-env", "SO_PIN"));
	EXPECT(strstr(fake_err, "is not locked") != NULL && strstr(fake_err, "ashlar pin reset") != NULL);
	EXPECT(getenv("SO_PIN") != NULL); /* nobody was asked */
	hsm.tokens[0].flags = CKF_USER_PIN_LOCKED;
	EXPECT_NUMBER(ASH_CLI_DONE,
		      RUN(&hsm, "pin", "unlock", "--new-pin-env", "NEW_PIN", "--so-pin-env", "SO_PIN"));
	EXPECT_TEXT("next", hsm.tokens[0].user_pin);
}

TEST(sources_have_to_fit)
{
	struct ash_hsm hsm = FAKE_HSM;

	set_pins("user-pin", "so-pin", "next");
	EXPECT_NUMBER(ASH_CLI_USAGE, SET(&hsm, "--pin-env", "NEW_PIN"));
	EXPECT(strstr(fake_err, "each needs its own") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RESET(&hsm, "NEW_PIN"));
	EXPECT_NUMBER(ASH_CLI_USAGE, SET(&hsm, "--so", "--pin-env", "USER_PIN"));
	EXPECT_NUMBER(ASH_CLI_USAGE, SET(&hsm, "--so-pin-env", "SO_PIN"));
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "pin", "set", "--new-pin", "next"));
	EXPECT(strstr(fake_err, "--new-pin-file FILE") != NULL && strstr(fake_err, "next\"") == NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "pin", "reset", "--pin-file", "x"));
	EXPECT_TEXT("user-pin", hsm.tokens[0].user_pin);
}

static void without_terminal(void)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT(setsid() > 0 || getsid(0) == getpid());
	EXPECT(dup2(open("/dev/null", O_RDONLY), 0) == 0);
	set_pins("user-pin", "so-pin", "next");
	EXPECT_NUMBER(ASH_CLI_PIN, RUN(&hsm, "pin", "set", "--pin-env", "USER_PIN"));
	EXPECT(strstr(fake_err, "--new-pin-file FILE") != NULL);
}

TEST(without_a_terminal_nobody_is_asked_for_the_new_one)
{
	EXPECT_IN_CHILD(without_terminal);
}

TEST(without_memory_nothing_changes)
{
	enum ash_cli_exit code = ASH_CLI_FAILED;

	for (int64_t left = 0; code != ASH_CLI_DONE; left++) {
		struct ash_hsm hsm = FAKE_HSM;

		set_pins("user-pin", "so-pin", "next");
		ash_mem_fail_after(left);
		code = SET(&hsm, "--pin-env", "USER_PIN");
		ash_mem_fail_after(-1);
		EXPECT(code == ASH_CLI_DONE || strstr(fake_err, "out of memory") != NULL);
		EXPECT_TEXT(code == ASH_CLI_DONE ? "next" : "user-pin", hsm.tokens[0].user_pin);
	}
}
