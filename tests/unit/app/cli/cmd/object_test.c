#include "unit/app/cli/fake.h"

#include <fcntl.h>

/* Runs with the right user PIN. */
#define RUN_AS_USER(hsm, ...) (setenv("TEST_PIN", "user-pin", 1), RUN(hsm, __VA_ARGS__))
#define WITH_PIN              "--pin-env", "TEST_PIN"

static size_t objects(const struct ash_hsm *hsm)
{
	size_t count = 0;

	for (size_t i = 0; i < FAKE_OBJECTS; i++)
		count += hsm->objects[i].used;
	return count;
}

static void fill(struct ash_hsm *hsm)
{
	static const struct {
		uint64_t class;
		const char *label;
		bool private;
	} rows[] = {
		{ CKO_CERTIFICATE, "web", false },
		{ CKO_DATA, "notes", true },
		{ CKO_DATA, "web", true },
	};

	for (size_t i = 0; i < ASH_COUNT(rows); i++) {
		struct fake_object *object = &hsm->objects[i];

		object->used = true;
		fake_set_number(object, CKA_CLASS, rows[i].class);
		fake_set(object, CKA_LABEL, ash_span_text(rows[i].label));
		fake_set(object, CKA_PRIVATE, rows[i].private ? TEXT("\x01") : TEXT("\x00"));
	}
}

TEST(object_list_shows_what_the_login_may_see)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, RUN_AS_USER(&hsm, "object", "list", WITH_PIN));
	EXPECT_TEXT("No object matches.\n", fake_out);
	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN_AS_USER(&hsm, "object", "list", WITH_PIN));
	EXPECT(strstr(fake_out, "notes") != NULL && strstr(fake_out, "certificate") != NULL);
	EXPECT(strstr(fake_out, "pkcs11:token=ca;object=web;type=cert") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "object", "list", "--public"));
	EXPECT(strstr(fake_out, "notes") == NULL && strstr(fake_out, "certificate") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      RUN_AS_USER(&hsm, "object", "list", WITH_PIN, "--type", "data", "--json"));
	EXPECT(strstr(fake_out, "\"objects\": [") != NULL && strstr(fake_out, "certificate") == NULL);
	EXPECT(!hsm.session_writes);
}

TEST(object_show_wants_one)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS, RUN_AS_USER(&hsm, "object", "show", WITH_PIN, "--label", "web"));
	EXPECT_TEXT("", fake_out);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      RUN_AS_USER(&hsm, "object", "show", WITH_PIN, "pkcs11:object=web;type=data"));
	EXPECT(strstr(fake_out, "Class") != NULL && strstr(fake_out, "certificate") == NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN_AS_USER(&hsm, "object", "show", WITH_PIN, "--label", "web", "--all"));
	EXPECT(strstr(fake_out, "certificate") != NULL);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, RUN_AS_USER(&hsm, "object", "show", WITH_PIN, "--label", "none"));
}

TEST(object_delete_deletes_what_was_meant_and_no_more)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN_AS_USER(&hsm, "object", "delete", WITH_PIN, "--yes"));
	EXPECT_NUMBER(ASH_CLI_USAGE,
		      RUN_AS_USER(&hsm, "object", "delete", WITH_PIN, "--yes", "--type", "data"));
	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS,
		      RUN_AS_USER(&hsm, "object", "delete", WITH_PIN, "--yes", "--label", "web"));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND,
		      RUN_AS_USER(&hsm, "object", "delete", WITH_PIN, "--yes", "--label", "none"));
	EXPECT_NUMBER(3, objects(&hsm));
	EXPECT_NUMBER(ASH_CLI_DONE, RUN_AS_USER(&hsm, "object", "delete", WITH_PIN, "--yes", "--uri",
						"pkcs11:object=web;type=cert"));
	EXPECT_TEXT("Deleted: certificate \"web\", id (none)\n", fake_out);
	EXPECT_NUMBER(2, objects(&hsm));
	EXPECT_NUMBER(ASH_CLI_DONE, RUN_AS_USER(&hsm, "object", "delete", WITH_PIN, "--yes", "--all",
						"--type", "data", "--json"));
	EXPECT(strstr(fake_out, "\"notes\"") != NULL && strstr(fake_out, "Deleted") == NULL);
	EXPECT_NUMBER(0, objects(&hsm));
}

TEST(profiles_are_not_there_to_be_deleted)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	fake_set_number(&hsm.objects[0], CKA_CLASS, CKO_PROFILE);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN_AS_USER(&hsm, "object", "delete", WITH_PIN, "--yes", "--all"));
	EXPECT(hsm.objects[0].used);
	EXPECT_NUMBER(1, objects(&hsm));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, RUN_AS_USER(&hsm, "object", "delete", WITH_PIN, "--yes", "--all"));
}

TEST(a_delete_that_fails_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	hsm.fails = "destroy_object";
	hsm.code = ASH_E_ACTION_PROHIBITED;
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      RUN_AS_USER(&hsm, "object", "delete", WITH_PIN, "--label", "notes", "--yes"));
	EXPECT(strstr(fake_err, "can't delete object 1 of 1, \"notes\": the object forbids this action") !=
	       NULL);
	EXPECT_TEXT("", fake_out);
}

static void delete_without_terminal(void)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT(dup2(open("/dev/null", O_RDONLY), 0) == 0);
	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DECLINED, RUN_AS_USER(&hsm, "object", "delete", WITH_PIN, "--label", "notes"));
	EXPECT_NUMBER(3, objects(&hsm));
}

TEST(object_delete_asks_or_refuses)
{
	EXPECT_IN_CHILD(delete_without_terminal);
}
