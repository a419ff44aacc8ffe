#include "unit/app/cli/fake.h"
#include "unit/key_samples.h"

/* P-256 keys without their public half, of which the fake looks at the last byte alone. */
#define EC_KEY(tail)                                                                   \
	"-----BEGIN PRIVATE KEY-----\n"                                                \
	"MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCABAgMEBQYHCAkKCwwN\n" tail "\n" \
	"-----END PRIVATE KEY-----\n"
#define GOOD    EC_KEY("Dg8QERITFBUWFxgZGhscHR4fIA==")
#define BAD     EC_KEY("Dg8QERITFBUWFxgZGhscHR4f/w==")
#define UNKNOWN "-----BEGIN PRIVATE KEY-----\nMAMCAQA=\n-----END PRIVATE KEY-----\n"

#define IMPORT(hsm, ...) \
	(setenv("TEST_PIN", "user-pin", 1), RUN(hsm, "key", "import", "--pin-env", "TEST_PIN", __VA_ARGS__))

static bool flag(struct ash_hsm *hsm, size_t n, uint64_t type)
{
	struct fake_attr *attr = fake_attr(&hsm->objects[n], type);

	EXPECT(attr != NULL && attr->len == 1);
	return attr->value[0] != 0;
}

static struct ash_span bytes(struct ash_hsm *hsm, size_t n, uint64_t type)
{
	struct fake_attr *attr = fake_attr(&hsm->objects[n], type);

	EXPECT(attr != NULL);
	return ash_span(attr->value, attr->len);
}

TEST(one_key_is_imported_with_its_public_half)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file(GOOD, 0600);

	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, "--label", "web", "--id", "0a", file));
	unlink(file);
	EXPECT(hsm.objects[0].used && hsm.objects[1].used && !hsm.objects[2].used);
	for (size_t i = 0; i < 2; i++) {
		EXPECT_SPAN(TEXT("web"), bytes(&hsm, i, CKA_LABEL));
		EXPECT_SPAN(TEXT("\x0a"), bytes(&hsm, i, CKA_ID));
		EXPECT(flag(&hsm, i, CKA_TOKEN) && flag(&hsm, i, CKA_PRIVATE) == (i == 1));
	}
	EXPECT(flag(&hsm, 0, CKA_VERIFY) && flag(&hsm, 1, CKA_SIGN) && !flag(&hsm, 1, CKA_DERIVE));
	EXPECT(flag(&hsm, 1, CKA_SENSITIVE) && !flag(&hsm, 1, CKA_EXTRACTABLE));
	EXPECT(strstr(fake_out, "Keys imported") != NULL);
}

TEST(many_keys_are_numbered_over_all_files)
{
	struct ash_hsm hsm = FAKE_HSM;
	char first[64];
	const char *second = NULL;

	strcpy(first, fake_file(GOOD "text between\n" GOOD, 0600));
	second = fake_file(GOOD, 0600);
	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, "--label-prefix", "d-", "--json", first, second));
	EXPECT_SPAN(TEXT("d-1"), bytes(&hsm, 0, CKA_LABEL));
	EXPECT_SPAN(TEXT("d-2"), bytes(&hsm, 3, CKA_LABEL));
	EXPECT_SPAN(TEXT("d-3"), bytes(&hsm, 5, CKA_LABEL));
	EXPECT(fake_attr(&hsm.objects[0], CKA_ID) == NULL); /* the token makes it */
	EXPECT(strstr(fake_out, "\"imported\": 2") != NULL && strstr(fake_out, "\"imported\": 1") != NULL);
	EXPECT_NUMBER(1, hsm.import_count);
	unlink(first);
	unlink(second);
}

TEST(thousands_come_in_with_each_change)
{
	struct ash_hsm hsm = FAKE_HSM;
	const size_t count = 4500;
	char *text = malloc(count * (sizeof(GOOD) - 1) + 1);
	const char *file = NULL;

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * (sizeof(GOOD) - 1), GOOD, sizeof(GOOD));
	file = fake_file(text, 0600);
	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, "--label-prefix", "d-", file));
	EXPECT_NUMBER(3, hsm.import_count);
	EXPECT_NUMBER(2000, hsm.imports[0]);
	EXPECT_NUMBER(2000, hsm.imports[1]);
	EXPECT_NUMBER(500, hsm.imports[2]);
	EXPECT(strstr(fake_out, "4500") != NULL);
	unlink(file);
	free(text);
}

/* Exactly those before it are in, and that is said. */
TEST(a_bad_key_stops_the_import_where_it_stands)
{
	static const char *const texts[] = { GOOD GOOD BAD GOOD, GOOD GOOD UNKNOWN GOOD,
					     GOOD GOOD "-----BEGIN EC PRIVATE KEY-----\n",
					     GOOD GOOD "-----BEGIN PRIVATE KEY-----\nMA*=\n" };

	for (size_t i = 0; i < ASH_COUNT(texts); i++) {
		struct ash_hsm hsm = FAKE_HSM;
		const char *file = fake_file(texts[i], 0600);

		EXPECT(IMPORT(&hsm, "--label-prefix", "d-", file) != ASH_CLI_DONE);
		EXPECT(strstr(fake_err, "can't import key 3 of ") != NULL);
		EXPECT(strstr(fake_err, "(line 9)") != NULL);
		EXPECT(strstr(fake_err, "imported: all keys before that one, 2;") != NULL);
		EXPECT(strstr(fake_err, "labelled d-2") != NULL);
		EXPECT(hsm.objects[3].used && !hsm.objects[4].used);
		unlink(file);
	}
}

TEST(nothing_is_imported_when_the_first_is_bad_or_the_store_fails)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file(BAD GOOD, 0600);

	EXPECT(IMPORT(&hsm, "--label-prefix", "d-", file) != ASH_CLI_DONE);
	EXPECT(strstr(fake_err, "key 1 of") != NULL && strstr(fake_err, "no key was imported") != NULL);
	unlink(file);
	file = fake_file(GOOD GOOD, 0600);
	hsm.fails = "import_keys";
	hsm.code = ASH_E_FULL;
	EXPECT_NUMBER(ASH_CLI_STORAGE, IMPORT(&hsm, "--label-prefix", "d-", file));
	EXPECT(strstr(fake_err, "no key was imported") != NULL);
	EXPECT(!hsm.objects[0].used);
	unlink(file);
}

TEST(a_damaged_key_is_the_files_fault_and_not_passed_over)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file =
		fake_file(GOOD "-----BEGIN PRIVATE KEY----\nYW55\n-----END PRIVATE KEY-----\n", 0600);

	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--label-prefix", "d-", file));
	EXPECT(strstr(fake_err, "is that of a key, and damaged") != NULL);
	EXPECT(strstr(fake_err, "imported: all keys before that one, 1") != NULL);
	unlink(file);
}

TEST(options_for_one_key_refuse_several)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file(GOOD GOOD, 0600);

	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--label", "web", file));
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--label-prefix", "web", "--id", "01", file));
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--label-prefix", "web", "--label", "web", file));
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, file));
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--label", "web"));
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--label-prefix", "d-", "--usage", "decrypt", file));
	EXPECT(!hsm.objects[0].used && hsm.import_count == 0);
	unlink(file);
}

TEST(an_id_that_is_there_already_is_refused)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file(GOOD, 0600);

	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, "--label", "web", "--id", "0a", file));
	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--label", "other", "--id", "0a", file));
	EXPECT(!hsm.objects[2].used);
	unlink(file);
}

TEST(a_file_without_keys_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file("nothing\n", 0600);

	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--label", "web", file));
	EXPECT(strstr(fake_err, "has no private key in it") != NULL);
	EXPECT(strstr(fake_err, "there was no key to import") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--label", "web", "/nonexistent/keys.pem"));
	EXPECT(strstr(fake_err, "can't open /nonexistent/keys.pem") != NULL);
	unlink(file);
}

static enum ash_cli_exit import_closed(struct ash_hsm *hsm, struct ash_span content, const char *label)
{
	const char *file = fake_file_of(content, 0600);
	enum ash_cli_exit code;

	setenv("TEST_PASS", "secret", 1);
	code = IMPORT(hsm, "--passphrase-env", "TEST_PASS", "--label", label, "--json", file);
	unlink(file);
	return code;
}

TEST(what_is_closed_is_opened_with_the_passphrase)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_DONE, import_closed(&hsm, ash_span_text(sample_pbes2), "web"));
	EXPECT_NUMBER(ASH_CLI_DONE, import_closed(&hsm, ash_span_text(sample_ssh_ed25519_closed), "ssh"));
	EXPECT_SPAN(TEXT("ssh"), bytes(&hsm, 3, CKA_LABEL));
	EXPECT(!hsm.objects[4].used);
}

/* The key and its own certificate have one id, and the same label. */
TEST(certificates_come_with_their_key)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file_of(SPAN(sample_p12), 0600);

	setenv("TEST_PASS", "secret", 1);
	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, "--passphrase-env", "TEST_PASS", "--label", "mine", "--id",
					   "0a", "--json", file));
	EXPECT(strstr(fake_out, "\"certificates\": 2") != NULL);
	EXPECT(hsm.objects[3].used && !hsm.objects[4].used);
	for (size_t i = 0; i < 3; i++) {
		EXPECT_SPAN(TEXT("\x0a"), bytes(&hsm, i, CKA_ID));
		EXPECT_SPAN(TEXT("mine"), bytes(&hsm, i, CKA_LABEL));
	}
	EXPECT_SPAN(TEXT("Root"), bytes(&hsm, 3, CKA_LABEL));
	EXPECT_NUMBER(20, bytes(&hsm, 3, CKA_ID).len);
	unlink(file);
	hsm.fails = "create_object";
	hsm.code = ASH_E_FULL;
	memset(&hsm.objects[2], 0, sizeof(hsm.objects[2]));
	EXPECT_NUMBER(ASH_CLI_STORAGE, import_closed(&hsm, SPAN(sample_p12), "mine"));
	EXPECT(strstr(fake_err, "can't store certificate 1 of") != NULL);
}

TEST(a_key_of_a_type_that_the_token_has_not_is_named)
{
	/* SEQUENCE { 0, SEQUENCE { id-slh-dsa-sha2-128s }, OCTET STRING } */
	static const uint8_t slh[] = { 0x30, 0x14, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86,
				       0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x14, 0x04, 0x02, 0x00, 0x00 };
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT(import_closed(&hsm, SPAN(slh), "slh") != ASH_CLI_DONE);
	EXPECT(strstr(fake_err, "SLH-DSA-SHA2-128s, which the token has not") != NULL);
	EXPECT(strstr(fake_err, "(line") == NULL);
}
