#include "unit/app/cli/fake.h"

#include <jansson.h>

TEST(info_shows_what_is_in_use)
{
	struct ash_hsm hsm = FAKE_HSM;
	json_t *document, *row;

	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "info", "--json"));
	document = json_loads(fake_out, 0, NULL);
	row = json_array_get(json_object_get(document, "info"), 0);
	EXPECT_TEXT("Fake HSM", json_string_value(json_object_get(row, "description")));
	EXPECT_TEXT("1.2", json_string_value(json_object_get(row, "version")));
	EXPECT_TEXT("3.2", json_string_value(json_object_get(row, "pkcs11_version")));
	EXPECT_TEXT("fake 1.0", json_string_value(json_array_get(json_object_get(row, "engines"), 0)));
	EXPECT_NUMBER(1, json_integer_value(json_object_get(row, "tokens")));
	json_decref(document);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "info"));
	EXPECT(strstr(fake_out, "Crypto engines") != NULL);
}

TEST(info_tells_of_an_engine_that_fails)
{
	struct ash_hsm hsm = FAKE_HSM;

	hsm.fails = "engine";
	hsm.code = ASH_E_CONFIG;
	EXPECT_NUMBER(ASH_CLI_STORAGE, RUN(&hsm, "info"));
}
