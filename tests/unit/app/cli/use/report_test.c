#include "unit/app/cli/fake.h"

#include "app/cli/use/report.h"

TEST(a_file_that_was_written_is_a_line)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	struct ash_cli_sink sink = { .name = "a\033.sig", .path = (char[]){ "a" }, .bytes = 70 };
	const struct ash_cli_report report = { .row = ash_mechanism_find(CKM_ECDSA_SHA256),
					       .form = "DER",
					       .sink = &sink };

	EXPECT_OK(ash_cli_report(&cli, &report));
	fake_close(&cli);
	EXPECT_TEXT("Written: a\\x1b.sig, 70 bytes (CKM_ECDSA_SHA256, DER)\n", fake_out);
}

TEST(data_on_standard_output_stays_alone)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	struct ash_cli_sink sink = { .name = NULL };
	const struct ash_cli_report report = { .sink = &sink };

	EXPECT_OK(ash_cli_report(&cli, &report));
	fake_close(&cli);
	EXPECT_TEXT("", fake_out);
}

TEST(json_has_every_value)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	const bool valid = false;
	const struct ash_cli_report report = {
		.row = ash_mechanism_find(CKM_AES_GCM),
		.key_uri = "pkcs11:object=k",
		.iv = TEXT("\x01\x02"),
		.signature = TEXT("\xff"),
		.valid = &valid,
	};

	cli.values[ASH_CLI_OPT_JSON] = "";
	EXPECT_OK(ash_cli_report(&cli, &report));
	fake_close(&cli);
	EXPECT(strstr(fake_out, "\"results\"") != NULL);
	EXPECT(strstr(fake_out, "\"mechanism\": \"CKM_AES_GCM\"") != NULL);
	EXPECT(strstr(fake_out, "\"key\": \"pkcs11:object=k\"") != NULL);
	EXPECT(strstr(fake_out, "\"iv\": \"0102\"") != NULL);
	EXPECT(strstr(fake_out, "\"signature\": \"ff\"") != NULL);
	EXPECT(strstr(fake_out, "\"valid\": false") != NULL);
	EXPECT(strstr(fake_out, "\"output\": null") != NULL);
}
