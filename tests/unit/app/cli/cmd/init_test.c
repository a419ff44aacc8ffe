#include "unit/app/cli/fake.h"

#include <fcntl.h>

/* Runs with PINs from the environment. */
static void pins(const char *so, const char *user)
{
	setenv("SO_PIN", so, 1);
	setenv("USER_PIN", user, 1);
}
#define INIT(hsm, ...)               \
	(pins("so-pin", "user-pin"), \
	 RUN(hsm, "init", "--so-pin-env", "SO_PIN", "--pin-env", "USER_PIN", __VA_ARGS__))

TEST(init_takes_the_first_free_slot_and_sets_both_pins)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, INIT(&hsm, "--label", "my vault "));
	EXPECT_TEXT("my vault                        ", hsm.tokens[1].given_label);
	EXPECT_TEXT("so-pin", hsm.tokens[1].so_pin);
	EXPECT_TEXT("user-pin", hsm.tokens[1].user_pin);
	EXPECT(strstr(fake_out, "8899aabbccddeeff") != NULL);
	EXPECT(strstr(fake_out, "Next: ashlar key generate") != NULL);
	EXPECT(strstr(fake_out, "user-pin") == NULL && strstr(fake_out, "so-pin") == NULL);
	EXPECT(!hsm.session_open);
}

TEST(init_without_user_pin)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, INIT(&hsm, "--label", "x", "--no-user-pin", "--json"));
	EXPECT_TEXT("", hsm.tokens[1].user_pin);
	EXPECT(strstr(fake_out, "\"user_pin_set\": false") != NULL);
	EXPECT(strstr(fake_out, "Next") == NULL);
}

TEST(init_refuses_labels_that_would_confuse)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_FAILED, INIT(&hsm, "--label", "ca"));
	EXPECT(strstr(fake_err, "there is a token \"ca\" already, in slot 0") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, INIT(&hsm, "--label", " "));
	EXPECT_NUMBER(ASH_CLI_USAGE, INIT(&hsm, "--label", "123456789012345678901234567890123"));
	EXPECT_NUMBER(ASH_CLI_USAGE, INIT(&hsm, "--label", "a\nb"));
	EXPECT_NUMBER(ASH_CLI_USAGE, INIT(&hsm, "--label", "a\xff"));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, INIT(&hsm, "--label", "x", "--slot", "5"));
	EXPECT(hsm.tokens[1].label == NULL);
}

TEST(init_makes_nothing_with_a_bad_pin)
{
	struct ash_hsm hsm = FAKE_HSM;

	pins("so-pin", "abc");
	EXPECT_NUMBER(ASH_CLI_PIN,
		      RUN(&hsm, "init", "--label", "x", "--so-pin-env", "SO_PIN", "--pin-env", "USER_PIN"));
	EXPECT(strstr(fake_err, "user PIN") != NULL);
	EXPECT(hsm.tokens[1].label == NULL);
}

TEST(init_tells_when_all_slots_are_taken)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.token_count = 1;
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, INIT(&hsm, "--label", "x"));
}

static void again_without_terminal(void)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT(dup2(open("/dev/null", O_RDONLY), 0) == 0);
	EXPECT_NUMBER(ASH_CLI_DECLINED, INIT(&hsm, "--label", "new", "--slot", "0"));
	EXPECT_TEXT("ca", hsm.tokens[0].label);
}

TEST(init_of_a_token_that_is_initialised_wants_a_yes_and_the_so_pin)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_IN_CHILD(again_without_terminal);
	pins("wrong", "user-pin");
	EXPECT_NUMBER(ASH_CLI_PIN, RUN(&hsm, "init", "--label", "new", "--slot", "0", "--yes", "--so-pin-env",
				       "SO_PIN", "--pin-env", "USER_PIN"));
	EXPECT(strstr(fake_err, "can't initialise token \"new\" in slot 0: the PIN is wrong") != NULL);
	EXPECT_TEXT("ca", hsm.tokens[0].label);
	EXPECT_NUMBER(ASH_CLI_DONE, INIT(&hsm, "--label", "new", "--slot", "0", "--yes"));
	EXPECT(strncmp(hsm.tokens[0].label, "new ", 4) == 0);
}

TEST(init_tells_which_step_failed)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.fails = "init_pin";
	hsm.code = ASH_E_FULL;
	EXPECT_NUMBER(ASH_CLI_STORAGE, INIT(&hsm, "--label", "x"));
	EXPECT(strstr(fake_err, "can't set the user PIN of token \"x\"") != NULL);
	EXPECT(strstr(fake_err, "the token is initialised all the same, in slot 1") != NULL);
}

TEST(init_takes_the_next_slot_when_others_are_faster)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.rivals = 2;
	EXPECT_NUMBER(ASH_CLI_DONE, INIT(&hsm, "--label", "x"));
	EXPECT_TEXT("rival", hsm.tokens[1].label);
	EXPECT_TEXT("rival", hsm.tokens[2].label);
	EXPECT(strncmp(hsm.tokens[3].label, "x ", 2) == 0);
	EXPECT_TEXT("user-pin", hsm.tokens[3].user_pin);
}

TEST(init_in_a_certain_slot_tells_that_somebody_was_faster)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.rivals = 2; /* of the two codes that come, the first is ASH_E_EXISTS */
	EXPECT_NUMBER(ASH_CLI_FAILED, INIT(&hsm, "--label", "x", "--slot", "1"));
	EXPECT(strstr(fake_err, "another program made a token in slot 1 meanwhile") != NULL);
	EXPECT_TEXT("rival", hsm.tokens[1].label);
}

TEST(init_tells_a_failure_that_no_other_place_helps)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.fails = "make_token";
	hsm.code = ASH_E_FAILED;
	EXPECT_NUMBER(ASH_CLI_FAILED, INIT(&hsm, "--label", "x"));
	EXPECT(strstr(fake_err, "can't initialise token \"x\" in slot 1") != NULL);
}

TEST(init_of_a_token_that_cannot_be_read_says_why)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.tokens[0].broken = ASH_E_TOKEN_NOT_RECOGNIZED;
	EXPECT_NUMBER(ASH_CLI_STORAGE, INIT(&hsm, "--label", "x", "--slot", "0", "--yes"));
	EXPECT(strstr(fake_err, "can't use the token in slot 0") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, INIT(&hsm, "--label", "x"));
}

TEST(init_wants_two_variables_for_two_pins)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_USAGE,
		      RUN(&hsm, "init", "--label", "x", "--so-pin-env", "S", "--pin-env", "S"));
	EXPECT(strstr(fake_err, "name one variable") != NULL);
}
