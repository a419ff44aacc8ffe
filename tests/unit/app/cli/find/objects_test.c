#include "unit/app/cli/fake.h"

#include "app/cli/find/objects.h"

static const struct ash_cli_token token = { .slot = 0, .info = { .label = "ca" } };

static struct fake_object *add(struct ash_hsm *hsm, size_t n, uint64_t class, const char *label,
			       struct ash_span id)
{
	struct fake_object *object = &hsm->objects[n];

	hsm->session_open = true;
	object->used = true;
	fake_set_number(object, CKA_CLASS, class);
	if (label != NULL)
		fake_set(object, CKA_LABEL, ash_span_text(label));
	if (id.len > 0)
		fake_set(object, CKA_ID, id);
	return object;
}

static void fill(struct ash_hsm *hsm)
{
	struct fake_object *object = add(hsm, 0, CKO_PROFILE, NULL, ASH_SPAN_NONE);

	fake_set_number(object, CKA_PROFILE_ID, CKP_BASELINE_PROVIDER);
	object = add(hsm, 1, CKO_CERTIFICATE, "web", TEXT("\x01"));
	fake_set_number(object, CKA_CERTIFICATE_TYPE, CKC_X_509);
	fake_set(object, CKA_SUBJECT,
		 TEXT("\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02"
		      "DE"));
	fake_set(object, CKA_TRUSTED, TEXT("\x00"));
	object = add(hsm, 2, CKO_PRIVATE_KEY, "web", TEXT("\x01"));
	fake_set_number(object, CKA_KEY_TYPE, CKK_EC);
	fake_set(object, CKA_EC_PARAMS, TEXT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"));
	fake_set(object, CKA_SUBJECT, TEXT("no name"));
	object = add(hsm, 3, CKO_DATA, "notes", ASH_SPAN_NONE);
	fake_set(object, CKA_APPLICATION, TEXT("editor"));
	fake_set(object, CKA_OBJECT_ID, TEXT("\x2a"));
	(void)add(hsm, 4, CKO_VENDOR_DEFINED + 1, "odd", ASH_SPAN_NONE);
}

static struct ash_cli_objects objects;

static enum ash_cli_exit find(struct ash_hsm *hsm, enum ash_cli_opt option, const char *value)
{
	struct ash_cli cli = fake_cli(hsm);

	ash_cli_objects_done(&objects);
	objects.damaged = 0;
	cli.values[option] = value;
	ash_ignore(ash_cli_objects_find(&cli, &token, 7, &objects));
	fake_close(&cli);
	EXPECT(!hsm->searching); /* no search is left open */
	return cli.exit;
}

static const char *text(size_t n, const char *name)
{
	const char *value = json_string_value(json_object_get(objects.object[n].row, name));

	return value != NULL ? value : "null";
}

TEST(objects_of_every_class_are_found_and_sorted)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.session_open = true;
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_JSON, NULL));
	EXPECT_NUMBER(0, objects.count);
	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_JSON, NULL));
	EXPECT_NUMBER(5, objects.count);
	EXPECT_TEXT("profile", text(0, "class"));
	EXPECT_TEXT("baseline-provider", text(0, "type"));
	EXPECT_TEXT("null", text(0, "uri"));
	EXPECT_TEXT("notes", text(1, "label"));
	EXPECT_TEXT("editor", text(1, "application"));
	EXPECT_TEXT("2a", text(1, "object_id"));
	EXPECT_TEXT("pkcs11:token=ca;object=notes;type=data", text(1, "uri"));
	EXPECT_TEXT("other", text(2, "class"));
	EXPECT_TEXT("certificate", text(3, "class"));
	EXPECT_TEXT("x509", text(3, "type"));
	EXPECT_TEXT("C=DE", text(3, "subject"));
	EXPECT_TEXT("pkcs11:token=ca;object=web;id=%01;type=cert", text(3, "uri"));
	EXPECT_NUMBER(600, json_integer_value(json_object_get(objects.object[3].row, "size")));
	EXPECT_TEXT("private", text(4, "class"));
	EXPECT_TEXT("ec:p256", text(4, "type"));
	EXPECT_TEXT("6e6f206e616d65", text(4, "subject"));
	ash_cli_objects_done(&objects);
}

TEST(objects_are_chosen_by_label_id_and_class)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_LABEL, "web"));
	EXPECT_NUMBER(2, objects.count);
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_ID, "01"));
	EXPECT_NUMBER(2, objects.count);
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_CLASS, "cert"));
	EXPECT(objects.count == 1 && objects.object[0].handle == 2);
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_CLASS, "public"));
	EXPECT_NUMBER(0, objects.count);
	EXPECT_NUMBER(ASH_CLI_USAGE, find(&hsm, ASH_CLI_OPT_CLASS, "profile"));
	EXPECT_NUMBER(ASH_CLI_USAGE, find(&hsm, ASH_CLI_OPT_ID, "x"));
	EXPECT_NUMBER(ASH_CLI_USAGE, find(&hsm, ASH_CLI_OPT_ID, ""));
	ash_cli_objects_done(&objects);
}

TEST(damage_is_told_and_what_is_gone_is_not)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	hsm.objects[1].damaged = true;
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_JSON, NULL));
	EXPECT(objects.count == 4 && objects.damaged == 1);
	EXPECT(strstr(fake_err, "1 object of token \"ca\" can't be read: the record is damaged") != NULL);
	hsm.fails = "get_attributes";
	hsm.code = ASH_E_OBJECT_HANDLE;
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_JSON, NULL));
	EXPECT_NUMBER(0, objects.count);
	hsm.code = ASH_E_IO;
	EXPECT_NUMBER(ASH_CLI_STORAGE, find(&hsm, ASH_CLI_OPT_JSON, NULL));
	EXPECT(strstr(fake_err, "can't read the objects of token \"ca\"") != NULL);
	ash_cli_objects_done(&objects);
}

TEST(too_few_and_too_many_are_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli;

	fill(&hsm);
	fake_set(&hsm.objects[3], CKA_LABEL, TEXT("n\x1bs"));
	EXPECT_NUMBER(ASH_CLI_DONE, find(&hsm, ASH_CLI_OPT_JSON, NULL));
	cli = fake_cli(&hsm);
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_objects_refuse(&cli, &objects));
	fake_close(&cli);
	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS, cli.exit);
	EXPECT(strstr(fake_err, "  data object \"n\\x1bs\", id (none)\n") != NULL);
	EXPECT(strstr(fake_err, "  certificate \"web\", x509, id 01\n") != NULL);
	ash_cli_objects_done(&objects);
	cli = fake_cli(&hsm);
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_cli_objects_refuse(&cli, &objects));
	fake_close(&cli);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, cli.exit);
}

TEST(no_memory_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);

	fill(&hsm);
	FAIL_EVERY_ALLOCATION(objects.count == 0 && !hsm.searching,
			      ash_cli_objects_find(&cli, &token, 7, &objects));
	EXPECT_NUMBER(5, objects.count);
	ash_cli_objects_done(&objects);
	fake_close(&cli);
}
