#include "unit/app/cli/doctor/fake_doctor.h"

TEST(a_good_place_is_reported_and_is_no_failure)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *home = new_home();

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "doctor"));
	EXPECT(strstr(fake_out, "configuration") != NULL && strstr(fake_out, "tokens") != NULL);
	EXPECT_TEXT("", fake_err);
	remove_home(home);
}

TEST(what_is_bad_fails_after_the_report)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *home = new_home();
	json_t *document, *row;

	put_file(home, "ashlar.conf", "nonsense = 6\n", 13, 0600);
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "doctor"));
	EXPECT(strstr(fake_out, "What to do:") != NULL);
	EXPECT(strstr(fake_err, "1 check is bad") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED, RUN(&hsm, "doctor", "--json"));
	document = json_loads(fake_out, 0, NULL);
	row = json_array_get(json_object_get(document, "checks"), 0);
	EXPECT_TEXT("version", json_string_value(json_object_get(row, "check")));
	EXPECT_TEXT("good", json_string_value(json_object_get(row, "state")));
	json_decref(document);
	remove_home(home);
}
