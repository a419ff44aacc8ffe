#include "unit/app/cli/doctor/fake_doctor.h"

#include <sys/resource.h>

TEST(versions_are_noted)
{
	struct ash_doctor doctor = new_doctor(NULL);

	ash_doctor_versions(&doctor);
	EXPECT_NOTED(&doctor, "version", "good", "SQLite 3.");
	EXPECT_NOTED(&doctor, "system", "good", "Linux");
	end_doctor(&doctor);
}

TEST(variables_are_noted_and_judged)
{
	struct ash_doctor doctor = new_doctor(NULL);

	unsetenv("ASHLAR_CONF");
	unsetenv("ASHLAR_HOME");
	unsetenv("SOFTHSM2_CONF");
	ash_doctor_environment(&doctor);
	EXPECT_NOTED(&doctor, "environment", "good", "neither");
	EXPECT(setenv("SOFTHSM2_CONF", "/etc/softhsm2.conf", 1) == 0);
	ash_doctor_environment(&doctor);
	EXPECT_NOTED(&doctor, "environment", "good", "SOFTHSM2_CONF=/etc/softhsm2.conf");
	EXPECT(strstr(noted(&doctor, "environment", "advice"), "does not read") != NULL);
	unsetenv("SOFTHSM2_CONF");
	EXPECT(setenv("ASHLAR_HOME", "store", 1) == 0);
	ash_doctor_environment(&doctor);
	EXPECT_NOTED(&doctor, "environment", "bad", "ASHLAR_HOME=store");
	unsetenv("ASHLAR_HOME");
	end_doctor(&doctor);
}

/* Without rights beyond the limit nothing can be locked here. With a sanitizer mlock() does nothing. */
TEST(memory_that_cannot_be_locked_is_a_warning_or_bad)
{
	static const char required[] = "memory.lock = required\n";
	struct ash_doctor doctor = new_doctor(NULL);
	const struct rlimit none = { 0, 0 };

	ash_doctor_memory(&doctor);
	EXPECT(strstr(noted(&doctor, "memory lock", "found"), "KiB") != NULL);
	if (ASH_ASAN || ASH_TSAN) {
		end_doctor(&doctor);
		return;
	}
	EXPECT(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
	if (geteuid() == 0)
		EXPECT(seteuid(65534) == 0); /* and with it the right of CAP_IPC_LOCK */
	ash_doctor_memory(&doctor);
	EXPECT_NOTED(&doctor, "memory lock", "warning", "can't be locked (limit 0 KiB)");
	EXPECT(ash_is_ok(ash_config_parse("x", required, strlen(required), &doctor.config)));
	ash_doctor_memory(&doctor);
	EXPECT_NOTED(&doctor, "memory lock", "bad", "23552 KiB can't be locked");
	if (getuid() == 0)
		EXPECT(seteuid(0) == 0);
	end_doctor(&doctor);
}

TEST(tracing_is_noted_where_the_system_says)
{
	struct ash_doctor doctor = new_doctor(NULL);

	ash_doctor_tracing(&doctor);
	EXPECT((access("/proc/sys/kernel/yama/ptrace_scope", R_OK) == 0) ==
	       (noted(&doctor, "tracing", "state")[0] != '\0'));
	end_doctor(&doctor);
}
