#include "app/cli/doctor/registration.h"

#include "unit/app/cli/doctor/fake_doctor.h"

static const char *module_of(const char *text)
{
	static char name[64];
	struct ash_span module = { NULL, 0 };

	if (!ash_registration_module(ash_span_text(text), &module))
		return NULL;
	snprintf(name, sizeof(name), "%.*s", (int)module.len, (const char *)module.data);
	return name;
}

TEST(the_module_of_a_file_is_read)
{
	EXPECT_TEXT("a.so", module_of("module: a.so"));
	EXPECT_TEXT("/x y/a.so",
		    module_of("# of: x\n\n critical : no\n\tmodule :  /x y/a.so \r\npriority: 1\n"));
	EXPECT_TEXT("b.so", module_of("module: a.so\nmodule:b.so\n"));
	EXPECT(module_of("") == NULL && module_of("module\n") == NULL && module_of("module:\n") == NULL);
	EXPECT(module_of("#module: a.so\nmodules: b.so\n") == NULL);
}

static unsigned look(struct ash_doctor *doctor, const char *home, const char *text)
{
	put_file(home, "a.module", text, strlen(text), 0644);
	return ash_registration_folder(doctor, home);
}

TEST(only_files_that_name_our_module_are_noted)
{
	const char *home = new_home();
	struct ash_doctor doctor = new_doctor(NULL);

	EXPECT_NUMBER(0, ash_registration_folder(&doctor, "/no/such/folder"));
	EXPECT_NUMBER(0, look(&doctor, home, "module: opensc-pkcs11.so\n"));
	put_file(home, "README", "module: /x/libashlar-pkcs11.so\n", 31, 0644);
	EXPECT_NUMBER(0, ash_registration_folder(&doctor, home));
	EXPECT_NUMBER(0, json_array_size(doctor.list.rows));
	EXPECT_NUMBER(1, look(&doctor, home, "module: /no/such/libashlar-pkcs11.so\n"));
	EXPECT_NOTED(&doctor, "p11-kit", "bad", "/no/such/libashlar-pkcs11.so is not there");
	EXPECT(strstr(noted(&doctor, "p11-kit", "advice"), "a.module") != NULL);
	end_doctor(&doctor);
	remove_home(home);
}

TEST(a_file_that_is_no_module_is_told)
{
	const char *home = new_home();
	struct ash_doctor doctor = new_doctor(NULL);
	char line[300];

	put_file(home, "libashlar-pkcs11.so", "text", 4, 0755);
	snprintf(line, sizeof(line), "module: %s/libashlar-pkcs11.so\n", home);
	EXPECT_NUMBER(1, look(&doctor, home, line));
	EXPECT_NOTED(&doctor, "p11-kit", "bad", "can't be loaded");
	end_doctor(&doctor);
	remove_home(home);
}

TEST(whether_it_is_registered_here_is_noted)
{
	struct ash_doctor doctor = new_doctor(NULL);

	ash_doctor_registration(&doctor);
	EXPECT(noted(&doctor, "p11-kit", "state")[0] != '\0');
	end_doctor(&doctor);
}
