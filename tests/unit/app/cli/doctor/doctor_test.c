#include "unit/app/cli/doctor/fake_doctor.h"

TEST(what_is_noted_has_a_state_and_advice)
{
	struct ash_doctor doctor = new_doctor(NULL);

	ash_doctor_note(&doctor, ASH_DOCTOR_GOOD, "one", "%d", 1);
	ash_doctor_note(&doctor, ASH_DOCTOR_BAD, "two", "%s", "broken");
	ash_doctor_advise(&doctor, "mend %s", "it");
	ash_doctor_note(&doctor, ASH_DOCTOR_WARNING, "three", "so so");
	EXPECT_NOTED(&doctor, "one", "good", "1");
	EXPECT_NOTED(&doctor, "two", "bad", "broken");
	EXPECT_TEXT("mend it", noted(&doctor, "two", "advice"));
	EXPECT_TEXT("", noted(&doctor, "three", "advice"));
	EXPECT_NUMBER(1, doctor.bad);
	end_doctor(&doctor);
}

TEST(after_a_failure_nothing_more_is_noted)
{
	struct ash_doctor doctor = new_doctor(NULL);

	doctor.status = ash_status_fail(ASH_E_MEMORY, __FILE__, __LINE__);
	ash_doctor_note(&doctor, ASH_DOCTOR_BAD, "one", "x");
	ash_doctor_advise(&doctor, "y");
	EXPECT_NUMBER(0, json_array_size(doctor.list.rows));
	EXPECT_NUMBER(0, doctor.bad);
	end_doctor(&doctor);
}
