#include "unit/app/cli/fake.h"

#include "app/cli/find/keys.h"

static const struct ash_cli_token token = { .slot = 0, .info = { .label = "ca" } };

static void add(struct ash_hsm *hsm, size_t n, uint64_t class, uint64_t type, const char *label,
		struct ash_span id)
{
	struct fake_object *object = &hsm->objects[n];

	hsm->session_open = true;
	object->used = true;
	fake_set_number(object, CKA_CLASS, class);
	fake_set_number(object, CKA_KEY_TYPE, type);
	fake_set(object, CKA_LABEL, ash_span_text(label));
	fake_set(object, CKA_ID, id);
}

static void fill(struct ash_hsm *hsm)
{
	add(hsm, 0, CKO_SECRET_KEY, CKK_AES, "store", TEXT("\x09"));
	add(hsm, 1, CKO_PRIVATE_KEY, CKK_EC, "web", TEXT("\x01"));
	add(hsm, 2, CKO_PUBLIC_KEY, CKK_EC, "web", TEXT("\x01"));
	add(hsm, 3, CKO_PRIVATE_KEY, CKK_RSA, "mail", TEXT("\x02"));
	add(hsm, 4, CKO_CERTIFICATE, 0, "web", TEXT("\x01"));
}

static struct ash_cli_keys keys;

static enum ash_cli_exit find(struct ash_hsm *hsm, enum ash_cli_opt option, const char *value)
{
	struct ash_cli cli = fake_cli(hsm);

	ash_cli_keys_done(&keys);
	cli.values[option] = value;
	ash_ignore(ash_cli_keys_find(&cli, &token, 7, &keys));
	fake_close(&cli);
	EXPECT(!hsm->searching); /* no search is left open */
	return cli.exit;
}

TEST(keys_are_found_and_sorted)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_JSON, NULL));
	EXPECT_NUMBER(4, keys.count);
	EXPECT_NUMBER(4, keys.key[0].handle); /* mail */
	EXPECT_NUMBER(1, keys.key[1].handle); /* store */
	EXPECT_NUMBER(3, keys.key[2].handle); /* web, public */
	EXPECT_NUMBER(2, keys.key[3].handle); /* web, private */
	EXPECT(!ash_cli_keys_are_one(&keys));
}

TEST(keys_are_chosen_by_label_id_and_type)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_LABEL, "web"));
	EXPECT_NUMBER(2, keys.count);
	EXPECT(ash_cli_keys_are_one(&keys));
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_ID, "02"));
	EXPECT(keys.count == 1 && ash_cli_keys_are_one(&keys));
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_TYPE, "ec"));
	EXPECT_NUMBER(2, keys.count);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      find(&hsm, ASH_CLI_OPT_TYPE, "ec:p256")); /* the curve is not known here */
	EXPECT_NUMBER(0, keys.count);
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_LABEL, ""));
	EXPECT_NUMBER(0, keys.count);
	EXPECT(!ash_cli_keys_are_one(&keys));
}

TEST(what_makes_no_sense_is_wrong_usage)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_USAGE, find(&hsm, ASH_CLI_OPT_ID, "xyz"));
	EXPECT_NUMBER(ASH_CLI_USAGE, find(&hsm, ASH_CLI_OPT_ID, ""));
	EXPECT_NUMBER(ASH_CLI_USAGE, find(&hsm, ASH_CLI_OPT_TYPE, "dsa"));
	EXPECT_NUMBER(0, hsm.calls);
}

TEST(halves_are_one_only_with_the_same_id_and_type)
{
	struct ash_hsm hsm = FAKE_HSM;

	add(&hsm, 0, CKO_PRIVATE_KEY, CKK_EC, "x", TEXT("\x01"));
	add(&hsm, 1, CKO_PUBLIC_KEY, CKK_EC, "x", TEXT("\x02"));
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_LABEL, "x"));
	EXPECT(!ash_cli_keys_are_one(&keys));
	fake_set(&hsm.objects[1], CKA_ID, TEXT("\x01"));
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_LABEL, "x"));
	EXPECT(ash_cli_keys_are_one(&keys));
	fake_set_number(&hsm.objects[1], CKA_KEY_TYPE, CKK_RSA);
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_LABEL, "x"));
	EXPECT(!ash_cli_keys_are_one(&keys));
	add(&hsm, 1, CKO_PRIVATE_KEY, CKK_EC, "x", TEXT("\x01"));
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_LABEL, "x"));
	EXPECT(!ash_cli_keys_are_one(&keys));
	add(&hsm, 0, CKO_PRIVATE_KEY, CKK_EC, "x", ASH_SPAN_NONE);
	add(&hsm, 1, CKO_PUBLIC_KEY, CKK_EC, "x", ASH_SPAN_NONE);
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_LABEL, "x"));
	EXPECT(!ash_cli_keys_are_one(&keys));
}

TEST(a_failure_ends_the_search)
{
	static const char *const functions[] = { "find_begin", "find_next", "get_attributes", "find_end" };
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	hsm.code = ASH_E_IO;
	for (size_t i = 0; i < ASH_COUNT(functions); i++) {
		hsm.fails = functions[i];
		EXPECT_NUMBER(ASH_CLI_STORAGE, find(&hsm, ASH_CLI_OPT_JSON, NULL));
		EXPECT(strstr(fake_err, "can't read the keys of token \"ca\"") != NULL);
		EXPECT_NUMBER(0, keys.count);
	}
	hsm.code = ASH_E_OBJECT_HANDLE; /* deleted by somebody meanwhile: as if it had never been there */
	hsm.fails = "get_attributes";
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_JSON, NULL));
	EXPECT_NUMBER(0, keys.count);
}

TEST(too_few_and_too_many_are_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli;

	fill(&hsm);
	fake_set(&hsm.objects[3], CKA_LABEL, TEXT("m\x1bl"));
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_JSON, NULL));
	cli = fake_cli(&hsm);
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_keys_refuse(&cli, &keys));
	fake_close(&cli);
	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS, cli.exit);
	EXPECT(strstr(fake_err, "label \"m\\x1bl\", id 02") != NULL);
	ash_cli_keys_done(&keys);
	cli = fake_cli(&hsm);
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_cli_keys_refuse(&cli, &keys));
	fake_close(&cli);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, cli.exit);
}
