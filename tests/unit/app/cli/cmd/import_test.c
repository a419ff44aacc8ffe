#include "app/cli/cmd/import.h"

#include "unit/app/cli/fake.h"
#include "unit/app/foreign/objects.h"

static struct ash_foreign_objects objects;

static enum ash_cli_exit import(struct ash_hsm *hsm, bool dry)
{
	struct ash_cli cli = fake_cli(hsm);
	static const struct ash_cli_command command = { .name = "import test" };

	setenv("TEST_PIN", "user-pin", 1);
	cli.command = &command;
	cli.values[ASH_CLI_OPT_PIN_ENV] = "TEST_PIN";
	cli.values[ASH_CLI_OPT_JSON] = "";
	cli.values[ASH_CLI_OPT_DRY_RUN] = dry ? "" : NULL;
	hsm->session_open = hsm->user = hsm->searching = false;
	EXPECT(ash_is_ok(ash_cli_import_objects(&cli, &objects)) == (cli.exit == ASH_CLI_DONE));
	fake_close(&cli);
	return cli.exit;
}

TEST(each_object_is_reported)
{
	struct ash_hsm hsm = FAKE_HSM;

	set_bytes(add_object(&objects, CKO_DATA, "some data"), CKA_VALUE, TEXT("bytes"));
	(void)add_p256(&objects, false);
	(void)add_aes(&objects, "kek");
	EXPECT_NUMBER(ASH_CLI_DONE, import(&hsm, true));
	EXPECT(strstr(fake_out, "would come") != NULL && strstr(fake_out, "\"ec:p256\"") != NULL);
	EXPECT(strstr(fake_out, "\"aes:128\"") != NULL &&
	       strstr(fake_out, "\"not_kept\": \"CKA_LOCAL\"") != NULL);
	EXPECT(!hsm.objects[0].used);
	EXPECT_NUMBER(ASH_CLI_DONE, import(&hsm, false));
	EXPECT(strstr(fake_out, "\"imported\"") != NULL &&
	       strstr(fake_out, "\"checked\": \"value\"") != NULL);
	EXPECT(hsm.objects[2].used && !hsm.objects[3].used);
	EXPECT_NUMBER(ASH_CLI_DONE, import(&hsm, false));
	EXPECT(strstr(fake_out, "\"present\"") != NULL && !hsm.objects[3].used);
}

TEST(what_can_not_come_makes_it_fail_in_the_end)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_foreign_object *object = NULL;

	EXPECT_OK(ash_foreign_objects_add(&objects, &object));
	strcpy(object->why, "its file is damaged");
	EXPECT_NUMBER(ASH_CLI_FAILED, import(&hsm, true));
	EXPECT(strstr(fake_out, "can't come") != NULL && strstr(fake_out, "its file is damaged") != NULL);
	EXPECT(strstr(fake_err, "1 of 4 objects can't come") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED, import(&hsm, false));
	EXPECT(strstr(fake_err, "1 of 4 objects did not come") != NULL && hsm.objects[2].used);
}

TEST(a_failure_of_the_store_stops_it)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.fails = "create_object";
	hsm.code = ASH_E_FULL;
	EXPECT_NUMBER(ASH_CLI_STORAGE, import(&hsm, false));
	EXPECT(strstr(fake_err, "can't import object 1 of 4") != NULL);
	ash_foreign_objects_done(&objects);
}
