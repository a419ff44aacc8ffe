#include "unit/app/cli/fake.h"

#include "app/cli/use/key.h"

static const struct ash_cli_use_need to_sign = { "sign", ASH_CLI_PRIVATE | ASH_CLI_SECRET };
static const struct ash_cli_use_need to_verify = { "verify", ASH_CLI_PUBLIC | ASH_CLI_SECRET };

/* A pair "web" that signs, one "mail" that decrypts, and a secret key "mac". */
static void fill(struct ash_hsm *hsm)
{
	FAKE_PUT(hsm, CKO_PUBLIC_KEY, CKK_EC, "web", CKA_VERIFY);
	FAKE_PUT(hsm, CKO_PRIVATE_KEY, CKK_EC, "web", CKA_SIGN);
	FAKE_PUT(hsm, CKO_PUBLIC_KEY, CKK_RSA, "mail", CKA_ENCRYPT);
	FAKE_PUT(hsm, CKO_PRIVATE_KEY, CKK_RSA, "mail", CKA_DECRYPT);
	FAKE_PUT(hsm, CKO_SECRET_KEY, CKK_AES, "mac", CKA_SIGN, CKA_VERIFY);
}

struct choice {
	const char *label, *with, *class;
	bool pin;
};

static ash_handle chosen;
static bool logged_in;
static struct ash_cli_use_key found;

/* Opens a key as a command does. */
static enum ash_cli_exit open_key(struct ash_hsm *hsm, const struct ash_cli_use_need *need,
				  const struct choice *choice)
{
	struct ash_cli cli = fake_cli(hsm);
	ASH_AUTO(ash_cli_use) use = ASH_CLI_USE_NONE;
	ASH_AUTO(ash_cli_use_key) key = ASH_CLI_USE_KEY_NONE;

	hsm->session_open = hsm->user = hsm->proved = false;
	setenv("TEST_PIN", "user-pin", 1);
	cli.values[ASH_CLI_OPT_PIN_ENV] = choice->pin ? "TEST_PIN" : NULL;
	cli.values[ASH_CLI_OPT_LABEL] = choice->label;
	cli.values[ASH_CLI_OPT_CLASS] = choice->class;
	cli.values[ASH_CLI_OPT_WITH] = choice->with;
	if (choice->with == NULL) {
		ash_ignore(ash_cli_use_open_key(&cli, need, &use, &key));
	} else {
		EXPECT_OK(ash_cli_use_open(&cli, true, &use));
		ash_ignore(ash_cli_use_find_with(&use, need, &key));
	}
	if (cli.exit == ASH_CLI_DONE)
		EXPECT_OK(ash_cli_use_prove(&use, &key));
	chosen = key.key.handle;
	logged_in = use.pin != NULL;
	found = key;
	fake_close(&cli);
	return cli.exit;
}

TEST(the_half_that_can_do_it_is_found)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      open_key(&hsm, &to_sign, &(struct choice){ .label = "web", .pin = true }));
	EXPECT_NUMBER(2, chosen);
	EXPECT_NUMBER(ASH_GROUP_P256, found.group);
	EXPECT(!hsm.proved);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      open_key(&hsm, &to_verify, &(struct choice){ .label = "web", .pin = true }));
	EXPECT_NUMBER(1, chosen);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      open_key(&hsm, &to_sign, &(struct choice){ .label = "mail", .pin = true }));
	EXPECT_NUMBER(4, chosen); /* the token will say that it may not */
	EXPECT_NUMBER(256, found.modulus_len);
}

TEST(a_public_key_needs_no_pin)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      open_key(&hsm, &to_verify, &(struct choice){ .label = "web", .class = "public" }));
	EXPECT(chosen == 1 && !logged_in);
	/* Else it might be one that somebody made without a PIN, under the name of a secret key. */
	EXPECT_NUMBER(ASH_CLI_PIN, open_key(&hsm, &to_verify, &(struct choice){ .label = "web" }));
	/* A secret key does: nobody can be asked here. */
	EXPECT_NUMBER(ASH_CLI_PIN, open_key(&hsm, &to_verify, &(struct choice){ .label = "mac" }));
	EXPECT_NUMBER(ASH_CLI_DONE,
		      open_key(&hsm, &to_verify, &(struct choice){ .label = "mac", .pin = true }));
	EXPECT(chosen == 5 && logged_in);
}

TEST(of_several_keys_the_one_that_may_is_meant)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	FAKE_PUT(&hsm, CKO_PRIVATE_KEY, CKK_RSA, "web", CKA_DECRYPT);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      open_key(&hsm, &to_sign, &(struct choice){ .label = "web", .pin = true }));
	EXPECT_NUMBER(2, chosen);
	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS, open_key(&hsm, &to_sign, &(struct choice){ .pin = true }));
	EXPECT(strstr(fake_err, "2 keys match") != NULL);
	EXPECT(strstr(fake_err, "label \"web\"") != NULL && strstr(fake_err, "label \"mac\"") != NULL);
}

TEST(a_key_that_is_not_there_or_of_the_wrong_class_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;

	FAKE_PUT(&hsm, CKO_PUBLIC_KEY, CKK_EC, "web", CKA_VERIFY);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND,
		      open_key(&hsm, &to_sign, &(struct choice){ .label = "wob", .pin = true }));
	EXPECT(strstr(fake_err, "no key matches") != NULL);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND,
		      open_key(&hsm, &to_sign, &(struct choice){ .label = "web", .pin = true }));
	EXPECT(strstr(fake_err, "no key that matches can sign: that takes a private or a secret key") !=
	       NULL);
}

TEST(with_names_a_key)
{
	static const struct ash_cli_use_need to_unwrap = { "unwrap", ASH_CLI_PRIVATE | ASH_CLI_SECRET };
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      open_key(&hsm, &to_unwrap, &(struct choice){ .with = "label:mail", .pin = true }));
	EXPECT_NUMBER(4, chosen);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      open_key(&hsm, &to_unwrap, &(struct choice){ .with = "id:05", .pin = true }));
	EXPECT_NUMBER(5, chosen);
	EXPECT_NUMBER(ASH_CLI_DONE, open_key(&hsm, &to_unwrap,
					     &(struct choice){ .with = "pkcs11:object=mac", .pin = true }));
	EXPECT_NUMBER(5, chosen);
	EXPECT_NUMBER(ASH_CLI_USAGE,
		      open_key(&hsm, &to_unwrap, &(struct choice){ .with = "mac", .pin = true }));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND,
		      open_key(&hsm, &to_unwrap, &(struct choice){ .with = "id:99", .pin = true }));
}

TEST(with_may_say_which_token_and_where_the_pin_is)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	ASH_AUTO(ash_cli_use) use = ASH_CLI_USE_NONE;
	const char *pin = fake_file("pin-2\n", 0600);
	char uri[200];

	hsm.tokens[1] = (struct fake_token){ .label = "vault", .serial = "2", .user_pin = "pin-2" };
	snprintf(uri, sizeof(uri), "pkcs11:token=vault;object=k?pin-source=%s", pin);
	cli.values[ASH_CLI_OPT_WITH] = uri;
	EXPECT_OK(ash_cli_use_open(&cli, true, &use));
	EXPECT(use.token.slot == 1 && use.pin != NULL);
	unlink(pin);
	hsm.session_open = false;
	ash_cli_use_done(&use);
	memset(cli.values, 0, sizeof(cli.values));
	cli.values[ASH_CLI_OPT_WITH] = "pkcs11:token=vault;frob=1";
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_use_open(&cli, true, &use));
	EXPECT_NUMBER(ASH_CLI_USAGE, cli.exit);
	fake_close(&cli);
	EXPECT(strstr(fake_err, "can't take the URI of --with: ") != NULL);
}

TEST(a_key_that_wants_the_pin_each_time_gets_it)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	fake_set(&hsm.objects[1], CKA_ALWAYS_AUTHENTICATE, TEXT("\x01"));
	EXPECT_NUMBER(ASH_CLI_DONE,
		      open_key(&hsm, &to_sign, &(struct choice){ .label = "web", .pin = true }));
	EXPECT(hsm.proved);
}

TEST(a_token_without_a_user_pin_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	hsm.tokens[0].user_pin[0] = '\0';
	EXPECT_NUMBER(ASH_CLI_PIN, open_key(&hsm, &to_sign, &(struct choice){ .label = "web", .pin = true }));
	EXPECT(strstr(fake_err, "it has no user PIN yet") != NULL);
}

TEST(any_token_will_do_for_what_needs_none)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	ASH_AUTO(ash_cli_use) use = ASH_CLI_USE_NONE;

	hsm.tokens[1] = (struct fake_token){ .label = "other", .serial = "1" };
	EXPECT_OK(ash_cli_use_open_any(&cli, &use));
	EXPECT(use.token.slot == 0 && use.pin == NULL);
	hsm.session_open = false;
	cli.values[ASH_CLI_OPT_TOKEN] = "other";
	EXPECT_OK(ash_cli_use_open_any(&cli, &use));
	EXPECT_NUMBER(1, use.token.slot);
	hsm.session_open = false;
	cli.values[ASH_CLI_OPT_TOKEN] = NULL;
	hsm.token_count = 0;
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_cli_use_open_any(&cli, &use));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, cli.exit);
	fake_close(&cli);
}
