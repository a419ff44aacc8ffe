/* A doctor for tests of its checks: what it noted is read by the check's name. */
#pragma once

#include <fcntl.h>

#include "app/cli/doctor/doctor.h"
#include "unit/app/cli/fake.h"

static struct ash_cli doctor_cli;

ASH_UNUSED static struct ash_doctor new_doctor(struct ash_hsm *hsm)
{
	struct ash_doctor doctor = { .cli = &doctor_cli, .status = ASH_DONE };

	doctor_cli = fake_cli(hsm);
	EXPECT(ash_is_ok(ash_cli_list_init(&doctor.list, "checks", ash_doctor_columns)));
	return doctor;
}

ASH_UNUSED static void end_doctor(struct ash_doctor *doctor)
{
	ash_cli_list_done(&doctor->list);
	doctor->config = ash_config_free(doctor->config);
	fake_close(&doctor_cli);
}

/* A value of the latest row of that check; "" when there is none. */
ASH_UNUSED static const char *noted(const struct ash_doctor *doctor, const char *check, const char *key)
{
	const char *value = "";
	size_t index;
	json_t *row;

	json_array_foreach(doctor->list.rows, index, row)
	{
		const char *name = json_string_value(json_object_get(row, "check"));

		if (name != NULL && strcmp(name, check) == 0)
			value = json_string_value(json_object_get(row, key));
	}
	return value != NULL ? value : "";
}

#define EXPECT_NOTED(doctor, check, state_, part)                                  \
	do {                                                                       \
		EXPECT_TEXT(state_, noted((doctor), (check), "state"));            \
		EXPECT(strstr(noted((doctor), (check), "found"), (part)) != NULL); \
	} while (0)

/* A new folder, and ASHLAR_HOME with it; lent until the next call. */
ASH_UNUSED static const char *new_home(void)
{
	static char home[] = "/tmp/ashlar-test-XXXXXX";

	memcpy(home + sizeof(home) - 7, "XXXXXX", 6);
	EXPECT(mkdtemp(home) != NULL);
	EXPECT(setenv("ASHLAR_HOME", home, 1) == 0);
	return home;
}

/* A file in a folder, with these bytes. */
ASH_UNUSED static void put_file(const char *folder, const char *name, const void *bytes, size_t len,
				mode_t mode)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	EXPECT(fd >= 0 && fchmod(fd, mode) == 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

ASH_UNUSED static void remove_home(const char *home)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", home);
	EXPECT(system(command) == 0);
	unsetenv("ASHLAR_HOME");
}
