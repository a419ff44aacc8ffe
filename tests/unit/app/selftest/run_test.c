/*
 * What the runner makes of files that are not as they should be, and of a target's answers.
 * That it notices lies, and runs every schema, tests/vectors/backends_test.c says.
 */
#include "app/selftest/run.h"

#include "unit/test.h"

/* A target that has one answer for everything. */
struct fake {
	enum ash_vector_answer answer;
	const char *why;
	size_t asked;
};

static enum ash_vector_answer fake_run(void *self, ASH_UNUSED const struct ash_vector_request *request,
				       ASH_UNUSED struct ash_buf *out, const char **ret_why)
{
	struct fake *fake = self;

	fake->asked++;
	*ret_why = fake->why;
	return fake->answer;
}

static struct ash_vector_report report_of(const char *text, struct fake *fake)
{
	const struct ash_vector_target target = { .name = "fake", .self = fake, .run = fake_run };
	char path[] = "/tmp/ashlar-run-XXXXXX";
	struct ash_vector_report report = { .tests = 0 };
	int fd = mkstemp(path);

	EXPECT(fd >= 0);
	EXPECT(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	(void)close(fd);
	EXPECT_OK(ash_vector_run_file(path, &target, &report));
	EXPECT(unlink(path) == 0);
	return report;
}

#define FILE_OF(algorithm, schema, count, tests)                                                   \
	"{\"algorithm\": \"" algorithm "\", \"schema\": \"" schema "\", \"numberOfTests\": " count \
	", \"testGroups\": [{\"sha\": \"SHA-256\", \"tests\": [" tests "]}]}"
#define DIGEST(id, result, msg)                                                              \
	"{\"tcId\": " id ", \"comment\": \"c\", \"result\": \"" result "\", \"msg\": \"" msg \
	"\", \"digest\": \"\"}"
#define DIGESTS(count, tests) FILE_OF("SHA-2", "ashlar_digest_v1.json", count, tests)

TEST(answers_are_judged_by_the_result)
{
	static const struct {
		enum ash_vector_answer answer;
		size_t passed, failed, not_offered;
	} rows[] = {
		{ ASH_VECTOR_DONE, 2, 1, 0 },
		{ ASH_VECTOR_REFUSED, 2, 1, 0 },
		{ ASH_VECTOR_UNSUPPORTED, 0, 0, 3 },
		{ ASH_VECTOR_BROKEN, 0, 3, 0 },
	};

	for (size_t i = 0; i < ASH_COUNT(rows); i++) {
		struct fake fake = { .answer = rows[i].answer, .why = "because" };
		struct ash_vector_report report =
			report_of(DIGESTS("3", DIGEST("1", "valid", "") "," DIGEST(
						       "2", "invalid", "") "," DIGEST("3", "acceptable", "")),
				  &fake);

		EXPECT_NUMBER(3, fake.asked);
		EXPECT_NUMBER(3, report.tests);
		EXPECT_NUMBER(rows[i].passed, report.passed);
		EXPECT_NUMBER(rows[i].failed, report.failed);
		EXPECT_NUMBER(rows[i].not_offered, report.not_offered);
		EXPECT_NUMBER(rows[i].not_offered, report.skipped);
		if (rows[i].answer == ASH_VECTOR_UNSUPPORTED)
			EXPECT_TEXT("because", report.reason[0].text);
		if (rows[i].answer == ASH_VECTOR_BROKEN)
			EXPECT_TEXT("because", report.failure[0].why);
	}
}

TEST(an_unknown_schema_is_skipped_whole)
{
	struct fake fake = { .answer = ASH_VECTOR_DONE };
	struct ash_vector_report report =
		report_of(FILE_OF("A", "fpe_str_test_schema.json", "2", "1, 2"), &fake);

	EXPECT_NUMBER(0, fake.asked);
	EXPECT(report.tests == 2 && report.skipped == 2 && report.passed == 0 && report.failed == 0);
	EXPECT(report.reason[0].count == 2 && strstr(report.reason[0].text, "schema") != NULL);
	EXPECT_TEXT("fpe_str_test_schema.json", report.schema);
}

TEST(an_unknown_algorithm_is_skipped)
{
	static const char *const files[] = {
		FILE_OF("CHACHA20-POLY1305", "aead_test_schema_v1.json", "1", DIGEST("1", "valid", "")),
		FILE_OF("SIPHASH", "mac_test_schema_v1.json", "1", DIGEST("1", "valid", "")),
		FILE_OF("CAMELLIA-WRAP", "keywrap_test_schema_v1.json", "1", DIGEST("1", "valid", "")),
		FILE_OF("FOO-CBC", "ind_cpa_test_schema_v1.json", "1", DIGEST("1", "valid", "")),
		FILE_OF("HKDF-MD5", "hkdf_test_schema_v1.json", "1", DIGEST("1", "valid", "")),
		FILE_OF("PBKDF2-HMACMD5", "pbkdf_test_schema.json", "1", DIGEST("1", "valid", "")),
	};

	for (size_t i = 0; i < ASH_COUNT(files); i++) {
		struct fake fake = { .answer = ASH_VECTOR_DONE };
		struct ash_vector_report report = report_of(files[i], &fake);

		EXPECT_NUMBER(0, fake.asked);
		EXPECT_NUMBER(1, report.tests);
		EXPECT_NUMBER(1, report.skipped); /* whatever fields it lacks */
	}
}

TEST(a_field_that_is_no_good_is_a_failure)
{
	struct fake fake = { .answer = ASH_VECTOR_DONE };
	struct ash_vector_report report = report_of(DIGESTS("1", DIGEST("9", "valid", "0")), &fake);

	EXPECT_NUMBER(1, report.failed);
	EXPECT_NUMBER(9, report.failure[0].test);
	EXPECT_TEXT("c", report.failure[0].comment);
	EXPECT(strstr(report.failure[0].why, "\"msg\"") != NULL);
}

TEST(json_without_vectors_has_a_reason)
{
	struct fake fake = { .answer = ASH_VECTOR_DONE };
	struct ash_vector_report report = report_of("{\"name\": \"something\"}", &fake);

	EXPECT(report.tests == 0 && report.reason[0].text != NULL && report.reason[0].count == 0);
}

TEST(failures_are_counted_past_those_that_are_kept)
{
	struct fake fake = { .answer = ASH_VECTOR_BROKEN };
	char text[8192] = "";
	struct ash_vector_report report = { .tests = 0 };
	size_t len = 0;

	len += (size_t)snprintf(
		text, sizeof(text),
		"{\"algorithm\": \"SHA-2\", \"schema\": \"ashlar_digest_v1.json\", "
		"\"numberOfTests\": 20, \"testGroups\": [{\"sha\": \"SHA-256\", \"tests\": [");
	for (int i = 0; i < 20; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s" DIGEST("%d", "valid", ""),
					i != 0 ? "," : "", i);
	(void)snprintf(text + len, sizeof(text) - len, "]}]}");
	report = report_of(text, &fake);
	EXPECT_NUMBER(20, report.failed);
	EXPECT_NUMBER(ASH_VECTOR_FAILURES_SHOWN - 1, report.failure[ASH_VECTOR_FAILURES_SHOWN - 1].test);
}

TEST(a_file_that_cant_be_read_is_an_error)
{
	const struct ash_vector_target target = { .name = "none" };
	struct ash_vector_report report = { .tests = 7 };

	EXPECT_CODE(ASH_E_IO, ash_vector_run_file("/tmp/ashlar-no-such-file", &target, &report));
	EXPECT_NUMBER(7, report.tests);
}
