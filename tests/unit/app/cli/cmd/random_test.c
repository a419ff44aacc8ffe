#include "unit/app/cli/fake.h"

TEST(bytes_come_raw_or_as_text)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *path = fake_path("out");
	struct stat info;

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "random", "3"));
	EXPECT_SPAN(TEXT("\xa0\xa1\xa2"), ash_span(fake_out, fake_out_len));
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "random", "--hex", "3"));
	EXPECT_TEXT("a0a1a2\n", fake_out);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "random", "--base64", "4"));
	EXPECT_TEXT("oKGiow==\n", fake_out);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "random", "--output", path, "100000"));
	EXPECT_NUMBER(100000, fake_read(path).len);
	EXPECT(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
	EXPECT(strstr(fake_out, "Written: ") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "random", "--base64", "100000"));
	EXPECT_NUMBER((100000 + 2) / 3 * 4 + 1, fake_out_len);
	fake_clean();
}

TEST(what_makes_no_sense_is_wrong_usage)
{
	static const char *const wrong[] = { "0", "x", "-1", "1x", "", "99999999999999999999" };
	struct ash_hsm hsm = FAKE_HSM;

	for (size_t i = 0; i < ASH_COUNT(wrong); i++)
		EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "random", "--", wrong[i]));
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "random"));
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "random", "--hex", "--base64", "3"));
	EXPECT_NUMBER(ASH_CLI_USAGE, RUN(&hsm, "random", "--json", "3"));
	hsm.fails = "random";
	hsm.code = ASH_E_FAILED;
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "random", "3"));
	EXPECT(strstr(fake_err, "can't get random numbers") != NULL);
}
