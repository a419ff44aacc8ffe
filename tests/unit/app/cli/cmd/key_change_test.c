#include "unit/app/cli/fake.h"

/* Runs with the right user PIN, which has to stand before words. */
#define RUN_AS_USER(hsm, ...) (setenv("TEST_PIN", "user-pin", 1), RUN(hsm, __VA_ARGS__))
#define PIN                   "--pin-env", "TEST_PIN"
#define SET(hsm, ...)         RUN_AS_USER(hsm, "key", "set", PIN, __VA_ARGS__)
#define COPY(hsm, ...)        RUN_AS_USER(hsm, "key", "copy", PIN, __VA_ARGS__)

static void fill(struct ash_hsm *hsm)
{
	EXPECT_NUMBER(ASH_CLI_DONE, RUN_AS_USER(hsm, "key", "generate", PIN, "--type", "ec:p256", "--label",
						"web", "--id", "01"));
	EXPECT_NUMBER(ASH_CLI_DONE, RUN_AS_USER(hsm, "key", "generate", PIN, "--type", "aes:256", "--label",
						"disk", "--id", "02"));
}

/* The value of an object, 1 being the public and 2 the private half, 3 the secret key. */
static struct ash_span value(struct ash_hsm *hsm, size_t handle, uint64_t type)
{
	struct fake_attr *attr = fake_attr(&hsm->objects[handle - 1], type);

	return attr != NULL ? ash_span(attr->value, attr->len) : TEXT("none");
}

TEST(both_halves_get_a_new_label_and_id)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, SET(&hsm, "--label", "web", "--new-label", "www", "--new-id", "0a"));
	for (size_t half = 1; half <= 2; half++) {
		EXPECT_SPAN(TEXT("www"), value(&hsm, half, CKA_LABEL));
		EXPECT_SPAN(TEXT("\x0a"), value(&hsm, half, CKA_ID));
	}
	EXPECT(strstr(fake_out, "www") != NULL && strstr(fake_out, "disk") == NULL);
	EXPECT_SPAN(TEXT("disk"), value(&hsm, 3, CKA_LABEL));
	EXPECT_NUMBER(ASH_CLI_DONE, SET(&hsm, "--new-label", "w", "--json", "pkcs11:object=www;type=public"));
	EXPECT_SPAN(TEXT("w"), value(&hsm, 1, CKA_LABEL));
	EXPECT_SPAN(TEXT("www"), value(&hsm, 2, CKA_LABEL));
	EXPECT(strstr(fake_out, "\"keys\": [") != NULL);
}

TEST(uses_are_set_as_when_generating)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, SET(&hsm, "--label", "disk", "--usage", "decrypt"));
	EXPECT_SPAN(TEXT("\x00"), value(&hsm, 3, CKA_ENCRYPT));
	EXPECT_SPAN(TEXT("\x01"), value(&hsm, 3, CKA_DECRYPT));
	EXPECT_NUMBER(ASH_CLI_USAGE, SET(&hsm, "--label", "web", "--usage", "decrypt"));
	EXPECT(strstr(fake_err, "no key of type") != NULL);
	fake_set_number(&hsm.objects[2], CKA_KEY_TYPE, CKK_VENDOR_DEFINED);
	EXPECT_NUMBER(ASH_CLI_FAILED, SET(&hsm, "--label", "disk", "--usage", "decrypt"));
}

TEST(what_can_not_be_undone_is_set_where_it_means_something)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, SET(&hsm, "--label", "web", "--no-extractable", "--sensitive",
					"--wrap-with-trusted", "--no-copyable"));
	EXPECT_SPAN(TEXT("\x00"), value(&hsm, 2, CKA_EXTRACTABLE));
	EXPECT_SPAN(TEXT("\x01"), value(&hsm, 2, CKA_SENSITIVE));
	EXPECT_SPAN(TEXT("\x01"), value(&hsm, 2, CKA_WRAP_WITH_TRUSTED));
	EXPECT_SPAN(TEXT("\x00"), value(&hsm, 2, CKA_COPYABLE));
	EXPECT_SPAN(TEXT("none"), value(&hsm, 1, CKA_EXTRACTABLE));
	EXPECT_SPAN(TEXT("\x00"), value(&hsm, 1, CKA_COPYABLE));
	EXPECT_NUMBER(ASH_CLI_USAGE, SET(&hsm, "--label", "web", "--class", "public", "--sensitive"));
	EXPECT(strstr(fake_err, "nothing of that can change in a public key") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED, COPY(&hsm, "--label", "web", "--new-label", "x"));
	EXPECT(!hsm.objects[3].used);
}

TEST(dates_are_dates)
{
	static const char *const bad[] = {
		"",         "2030-13-01", "2030-00-01", "2030-02-29", "2030-04-31",
		"20300101", "2030-1-1",   "2030-01-0x", "2030-01-00", "1900-02-29"
	};
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      SET(&hsm, "--id", "02", "--start-date", "2024-02-29", "--end-date", "2030-12-31"));
	EXPECT_SPAN(TEXT("20240229"), value(&hsm, 3, CKA_START_DATE));
	EXPECT_SPAN(TEXT("20301231"), value(&hsm, 3, CKA_END_DATE));
	EXPECT_NUMBER(ASH_CLI_DONE, SET(&hsm, "--id", "02", "--end-date", "none"));
	EXPECT_SPAN(ASH_SPAN_NONE, value(&hsm, 3, CKA_END_DATE));
	EXPECT_SPAN(TEXT("20240229"), value(&hsm, 3, CKA_START_DATE));
	for (size_t i = 0; i < ASH_COUNT(bad); i++)
		EXPECT_NUMBER(ASH_CLI_USAGE, SET(&hsm, "--id", "02", "--end-date", bad[i]));
}

TEST(what_is_meant_has_to_be_clear)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_USAGE, SET(&hsm, "--label", "web"));
	EXPECT(strstr(fake_err, "what is to change?") != NULL);
	EXPECT_NUMBER(ASH_CLI_AMBIGUOUS, SET(&hsm, "--new-label", "x"));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, SET(&hsm, "--label", "none", "--new-label", "x"));
	EXPECT_NUMBER(ASH_CLI_USAGE, SET(&hsm, "--label", "web", "--new-label", ""));
	EXPECT_NUMBER(ASH_CLI_USAGE, SET(&hsm, "--label", "web", "--new-id", ""));
	EXPECT_NUMBER(ASH_CLI_USAGE, SET(&hsm, "--label", "web", "--new-id", "0"));
	EXPECT_NUMBER(ASH_CLI_FAILED, SET(&hsm, "--label", "web", "--new-id", "02"));
	EXPECT(strstr(fake_err, "has a key with id 02 already") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, SET(&hsm, "--label", "web", "--new-id", "01"));
	EXPECT_NUMBER(ASH_CLI_FAILED, COPY(&hsm, "--label", "web", "--new-label", "x", "--new-id", "01"));
	EXPECT_NUMBER(ASH_CLI_USAGE, COPY(&hsm, "--label", "web"));
}

TEST(a_half_that_refuses_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	fake_set(&hsm.objects[0], CKA_MODIFIABLE, TEXT("\x00"));
	EXPECT_NUMBER(ASH_CLI_FAILED, SET(&hsm, "--label", "web", "--new-label", "x"));
	EXPECT(strstr(fake_err, "can't change the public key") != NULL);
	EXPECT(strstr(fake_err, "the other half of the pair is changed already") != NULL);
	EXPECT_TEXT("", fake_out);
}

TEST(a_certificate_that_stays_behind_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	hsm.objects[3].used = true;
	fake_set_number(&hsm.objects[3], CKA_CLASS, CKO_CERTIFICATE);
	fake_set(&hsm.objects[3], CKA_ID, TEXT("\x01"));
	EXPECT_NUMBER(ASH_CLI_DONE, SET(&hsm, "--label", "web", "--new-id", "05"));
	EXPECT(strstr(fake_err, "warning: there is a certificate with the id 01") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, SET(&hsm, "--label", "web", "--new-id", "06"));
	EXPECT(strstr(fake_err, "warning") == NULL);
}

TEST(a_copy_has_a_label_and_an_id_of_its_own)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, COPY(&hsm, "--label", "web", "--new-label", "web-2", "--no-destroyable"));
	for (size_t half = 4; half <= 5; half++) {
		EXPECT(hsm.objects[half - 1].used);
		EXPECT_SPAN(TEXT("web-2"), value(&hsm, half, CKA_LABEL));
		EXPECT_NUMBER(20, value(&hsm, half, CKA_ID).len);
		EXPECT_SPAN(TEXT("\x00"), value(&hsm, half, CKA_DESTROYABLE));
		EXPECT_SPAN(value(&hsm, half - 3, CKA_CLASS), value(&hsm, half, CKA_CLASS));
	}
	EXPECT_SPAN(TEXT("web"), value(&hsm, 1, CKA_LABEL));
	EXPECT(strstr(fake_out, "web-2") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, COPY(&hsm, "--new-label", "d", "--new-id", "0d", "--usage", "encrypt",
					 "pkcs11:object=disk"));
	EXPECT_SPAN(TEXT("\x0d"), value(&hsm, 6, CKA_ID));
	EXPECT_SPAN(TEXT("\x00"), value(&hsm, 6, CKA_DECRYPT));
}

TEST(half_a_pair_is_not_copied)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	fake_set(&hsm.objects[1], CKA_COPYABLE, TEXT("\x00"));
	EXPECT_NUMBER(ASH_CLI_FAILED, COPY(&hsm, "--label", "web", "--new-label", "x"));
	EXPECT(strstr(fake_err, "can't copy the private key: the object forbids this action") != NULL);
	EXPECT(!hsm.objects[3].used && !hsm.objects[4].used);
}

TEST(without_memory_it_fails_cleanly)
{
	enum ash_cli_exit code = ASH_CLI_FAILED;

	for (int64_t left = 0; code != ASH_CLI_DONE; left++) {
		struct ash_hsm hsm = FAKE_HSM;

		fill(&hsm);
		ash_mem_fail_after(left);
		code = COPY(&hsm, "--label", "web", "--new-label", "x");
		ash_mem_fail_after(-1);
		EXPECT(code == ASH_CLI_DONE || strstr(fake_err, "out of memory") != NULL);
		EXPECT(!hsm.searching);
	}
}
