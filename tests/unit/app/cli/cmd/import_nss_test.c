/* What NSS is not needed for; tests/integration/cli/import_test.py moves a database. */
#include "unit/app/cli/fake.h"

#define IMPORT(hsm, ...) RUN(hsm, "import", "nss", __VA_ARGS__)

TEST(what_is_no_database_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;

	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--dry-run"));
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, IMPORT(&hsm, "--database", "/nonexistent"));
	EXPECT(strstr(fake_err, "can't use the NSS database /nonexistent") != NULL);
	EXPECT(strstr(fake_err, "cert9.db and key4.db") != NULL);
	EXPECT_NUMBER(ASH_CLI_NOT_FOUND, IMPORT(&hsm, "--database", "/tmp' flags=forceOpen"));
	EXPECT(strstr(fake_err, "no quotes") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, IMPORT(&hsm, "--database", "/tmp", "--from-pin", "secret"));
	EXPECT(strstr(fake_err, "secret") == NULL);
}

TEST(what_is_no_module_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	char folder[] = "/tmp/ashlar-test-XXXXXX";
	char path[2][64];

	EXPECT(mkdtemp(folder) != NULL);
	snprintf(path[0], sizeof(path[0]), "%s/cert9.db", folder);
	snprintf(path[1], sizeof(path[1]), "%s/key4.db", folder);
	for (size_t i = 0; i < 2; i++)
		fclose(fopen(path[i], "we"));
	EXPECT_NUMBER(ASH_CLI_FAILED, IMPORT(&hsm, "--database", folder, "--module", "/nonexistent/nss.so"));
	EXPECT(strstr(fake_err, "/nonexistent/nss.so") != NULL && strstr(fake_err, "libnss3") != NULL);
	for (size_t i = 0; i < 2; i++)
		unlink(path[i]);
	rmdir(folder);
}
