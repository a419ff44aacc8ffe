#include "unit/app/cli/fake.h"

#include <jansson.h>

TEST(version_names_every_part)
{
	struct ash_hsm hsm = FAKE_HSM;
	json_t *document, *row;
	size_t i, hashed = 0;

	hsm.fails = "open"; /* it needs no HSM */
	hsm.code = ASH_E_CONFIG;
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "--version"));
	EXPECT(strstr(fake_out, "Ashlar HSM") != NULL && strstr(fake_out, "OpenSSL") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, RUN(&hsm, "--version", "--json"));
	document = json_loads(fake_out, 0, NULL);
	json_array_foreach(json_object_get(document, "parts"), i, row)
	{
		const char *sha256 = json_string_value(json_object_get(row, "sha256"));

		EXPECT(json_string_length(json_object_get(row, "version")) > 0);
		EXPECT(sha256 == NULL || strlen(sha256) == 64);
		hashed += sha256 != NULL;
	}
	EXPECT(i >= 5 && hashed >= 1);
	json_decref(document);
}
