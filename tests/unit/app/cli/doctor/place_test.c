#include "unit/app/cli/doctor/fake_doctor.h"

#include <sys/stat.h>

/* The first page of a database, as far as it is looked at. */
static void put_database(const char *home, const char *application, unsigned char format)
{
	unsigned char page[100] = { 0 };

	page[63] = format;
	memcpy(page + 68, application, 4);
	put_file(home, "store.db", page, sizeof(page), 0600);
}

static struct ash_doctor doctor_of(struct ash_hsm *hsm, const char *text)
{
	struct ash_doctor doctor = new_doctor(hsm);

	EXPECT(ash_is_ok(ash_config_parse("test.conf", text, strlen(text), &doctor.config)));
	return doctor;
}

TEST(a_configuration_is_named_or_its_mistake_told)
{
	const char *home = new_home();
	struct ash_doctor doctor = new_doctor(NULL);

	ash_doctor_configuration(&doctor);
	EXPECT_NOTED(&doctor, "configuration", "good", "defaults");
	doctor.config = ash_config_free(doctor.config);
	put_file(home, "ashlar.conf", "pin.min = 6\n", 12, 0600);
	ash_doctor_configuration(&doctor);
	EXPECT_NOTED(&doctor, "configuration", "good", "/ashlar.conf");
	doctor.config = ash_config_free(doctor.config);
	put_file(home, "ashlar.conf", "nonsense = 6\n", 13, 0600);
	ash_doctor_configuration(&doctor);
	EXPECT_NOTED(&doctor, "configuration", "bad", "ashlar.conf:1");
	EXPECT(noted(&doctor, "configuration", "advice")[0] != '\0');
	EXPECT(doctor.config == NULL);
	end_doctor(&doctor);
	remove_home(home);
}

TEST(a_group_that_is_not_there_is_bad)
{
	struct ash_doctor doctor = doctor_of(NULL, "store.group = no-such-group\n");

	ash_doctor_user(&doctor);
	EXPECT_NOTED(&doctor, "user", "bad", "no group 'no-such-group'");
	EXPECT(strstr(noted(&doctor, "user", "advice"), "groupadd") != NULL);
	end_doctor(&doctor);
	doctor = doctor_of(NULL, "");
	ash_doctor_user(&doctor);
	EXPECT_TEXT("good", noted(&doctor, "user", "state"));
	end_doctor(&doctor);
}

TEST(a_store_that_is_not_there_yet_is_good)
{
	const char *home = new_home();
	struct ash_doctor doctor;

	EXPECT(rmdir(home) == 0);
	doctor = doctor_of(NULL, "");
	ash_doctor_store(&doctor);
	ash_doctor_root_key(&doctor);
	EXPECT_NOTED(&doctor, "folder", "good", "not there yet");
	EXPECT_NOTED(&doctor, "root key", "good", "the first token makes it");
	EXPECT_NUMBER(0, doctor.bad);
	end_doctor(&doctor);
	unsetenv("ASHLAR_HOME");
}

TEST(a_store_is_described)
{
	const char *home = new_home();
	struct ash_doctor doctor = doctor_of(NULL, "");

	put_database(home, "Ashl", 2);
	put_file(home, "root.key", "x", 1, 0600);
	ash_doctor_store(&doctor);
	ash_doctor_root_key(&doctor);
	EXPECT_NOTED(&doctor, "folder", "good", "mode 0700");
	EXPECT_NOTED(&doctor, "access", "good", "read and change");
	EXPECT_NOTED(&doctor, "store", "good", "format 2, 100 bytes");
	EXPECT_NOTED(&doctor, "root key", "good", "beside the store");
	EXPECT(strstr(noted(&doctor, "free room", "found"), "MiB") != NULL);
	end_doctor(&doctor);
	remove_home(home);
}

TEST(what_keeps_a_store_from_being_used_is_bad)
{
	const char *home = new_home();
	struct ash_doctor doctor = doctor_of(NULL, "");

	EXPECT(chmod(home, 0777) == 0);
	put_database(home, "Else", 2);
	put_file(home, "root.key", "x", 1, 0644);
	ash_doctor_store(&doctor);
	ash_doctor_root_key(&doctor);
	EXPECT_NOTED(&doctor, "folder", "bad", "chmod 700");
	EXPECT_NOTED(&doctor, "store", "bad", "no store of Ashlar");
	EXPECT_NOTED(&doctor, "root key", "bad", "chmod 600");
	put_file(home, "store.db", "x", 1, 0600);
	ash_doctor_store(&doctor);
	EXPECT_NOTED(&doctor, "store", "bad", "too short");
	end_doctor(&doctor);
	remove_home(home);
}

TEST(a_store_in_memory_is_a_warning)
{
	struct ash_doctor doctor = doctor_of(NULL, "store.backend = memory\n");

	ash_doctor_store(&doctor);
	ash_doctor_root_key(&doctor);
	EXPECT_NOTED(&doctor, "store", "warning", "in memory");
	EXPECT_TEXT("", noted(&doctor, "root key", "state"));
	end_doctor(&doctor);
}

TEST(tokens_are_counted)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_doctor doctor = doctor_of(&hsm, "");

	ash_doctor_tokens(&doctor);
	EXPECT_NOTED(&doctor, "tokens", "good", "1");
	end_doctor(&doctor);
	hsm.fails = "open";
	hsm.code = ASH_E_ACCESS;
	doctor = doctor_of(&hsm, "");
	ash_doctor_tokens(&doctor);
	EXPECT_NOTED(&doctor, "tokens", "bad", "can't start");
	EXPECT_NUMBER(ASH_CLI_DONE, doctor_cli.exit);
	end_doctor(&doctor);
	EXPECT_TEXT("", fake_err);
}

/* A report that could not be made whole is none: the command fails with its status. */
TEST(without_memory_the_status_says_so)
{
	bool whole = false;
	int64_t left = 0;

	for (; !whole; left++) {
		struct ash_hsm hsm = FAKE_HSM;
		struct ash_doctor doctor = doctor_of(&hsm, "");

		ash_mem_fail_after(left);
		ash_doctor_tokens(&doctor);
		ash_mem_fail_after(-1);
		EXPECT(ash_is_ok(doctor.status) || doctor.status.code == ASH_E_MEMORY);
		whole = strcmp(noted(&doctor, "tokens", "state"), "good") == 0;
		end_doctor(&doctor);
	}
	EXPECT(left > 3);
}

TEST(without_a_configuration_nothing_is_said_of_places)
{
	struct ash_doctor doctor = new_doctor(NULL);

	ash_doctor_store(&doctor);
	ash_doctor_root_key(&doctor);
	ash_doctor_tokens(&doctor);
	EXPECT_NUMBER(0, json_array_size(doctor.list.rows));
	end_doctor(&doctor);
}
