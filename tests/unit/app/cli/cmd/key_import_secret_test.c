#include "unit/app/cli/fake.h"

#define IMPORT(hsm, ...) \
	(setenv("TEST_PIN", "user-pin", 1), RUN(hsm, "key", "import", "--pin-env", "TEST_PIN", __VA_ARGS__))

static struct ash_span bytes(struct ash_hsm *hsm, size_t n, uint64_t type)
{
	struct fake_attr *attr = fake_attr(&hsm->objects[n], type);

	EXPECT(attr != NULL);
	return ash_span(attr->value, attr->len);
}

TEST(hex_is_read_with_what_people_write_between)
{
	static const uint8_t want[] = {
		0x00, 0x01, 0x0a, 0xff - 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	};
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file("00:01 0A\nfe 04050607 08090a0b\r\n0c0d0e0f\n", 0600);

	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, "--label", "kek", "--type", "aes", file));
	EXPECT_SPAN(SPAN(want), bytes(&hsm, 0, CKA_VALUE));
	EXPECT_SPAN(TEXT("kek"), bytes(&hsm, 0, CKA_LABEL));
	EXPECT_NUMBER(1, bytes(&hsm, 0, CKA_SENSITIVE).data[0]);
	EXPECT_NUMBER(1, bytes(&hsm, 0, CKA_ENCRYPT).data[0]);
	EXPECT_NUMBER(20, bytes(&hsm, 0, CKA_ID).len);
	unlink(file);
}

TEST(raw_bytes_are_taken_as_they_are)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file("0123456789abcdef", 0600);

	EXPECT_NUMBER(ASH_CLI_DONE, IMPORT(&hsm, "--label-prefix", "k", "--type", "generic", "--raw", file));
	EXPECT_SPAN(TEXT("0123456789abcdef"), bytes(&hsm, 0, CKA_VALUE));
	EXPECT_SPAN(TEXT("k1"), bytes(&hsm, 0, CKA_LABEL));
	unlink(file);
}

TEST(lengths_are_checked)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file("00010203040506070809", 0600);

	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--label", "k", "--type", "aes", file));
	EXPECT(strstr(fake_err, "has 10 bytes: AES keys have 16, 24 or 32") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--label", "k", "--type", "aes:256", "--raw", file));
	EXPECT(strstr(fake_err, "has 20 bytes, and aes:256 has 32") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--label", "k", "--type", "generic:256", file));
	unlink(file);
	file = fake_file("", 0600);
	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--label", "k", "--type", "generic", file));
	unlink(file);
	EXPECT(!hsm.objects[0].used);
}

TEST(what_is_no_hex_is_told)
{
	static const char *const bad[] = { "0", "0 1", "zz", "00g0", "\x01\x02" };

	for (size_t i = 0; i < ASH_COUNT(bad); i++) {
		struct ash_hsm hsm = FAKE_HSM;
		const char *file = fake_file(bad[i], 0600);

		EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--label", "k", "--type", "generic", file));
		EXPECT(strstr(fake_err, "no key in hex") != NULL && strstr(fake_err, "--raw") != NULL);
		unlink(file);
	}
}

TEST(options_that_make_no_sense_are_refused)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *file = fake_file("00010203", 0600);

	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--label", "k", "--type", "nothing", file));
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--label", "k", "--type", "ec:p256", file));
	EXPECT(strstr(fake_err, "its file says") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--label", "k", "--raw", file));
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--label", "k", "--type", "generic", file, file));
	EXPECT_NUMBER(ASH_CLI_USAGE,
		      IMPORT(&hsm, "--label", "k", "--type", "aes", "--usage", "sign,fly", file));
	EXPECT(!hsm.objects[0].used);
	unlink(file);
}

TEST(a_failure_says_what_is_in)
{
	struct ash_hsm hsm = FAKE_HSM;
	char first[64];
	const char *second = NULL;

	strcpy(first, fake_file("00010203", 0600));
	second = fake_file("000102ff", 0600);
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      IMPORT(&hsm, "--label-prefix", "k", "--type", "generic", first, second));
	EXPECT(strstr(fake_err, "imported: all keys before that one, 1") != NULL);
	EXPECT(hsm.objects[0].used && !hsm.objects[1].used);
	unlink(first);
	unlink(second);
	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--label", "k", "--type", "generic", "/nonexistent/key"));
	EXPECT(strstr(fake_err, "/nonexistent/key: No such file") != NULL);
}
