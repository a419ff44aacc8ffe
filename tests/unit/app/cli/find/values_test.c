#include "unit/app/cli/fake.h"

#include "app/cli/find/values.h"

static const uint64_t types[] = { CKA_LABEL, CKA_ID, CKA_CLASS, CKA_SIGN, CKA_VALUE };

static struct ash_cli open_cli(struct ash_hsm *hsm)
{
	struct ash_cli cli = fake_cli(hsm);

	hsm->objects[0].used = true;
	hsm->session_open = true;
	fake_set(&hsm->objects[0], CKA_LABEL, TEXT("web"));
	fake_set(&hsm->objects[0], CKA_ID, ASH_SPAN_NONE);
	fake_set_number(&hsm->objects[0], CKA_CLASS, CKO_SECRET_KEY);
	fake_set(&hsm->objects[0], CKA_SIGN, TEXT("\x01"));
	return cli;
}

TEST(values_that_are_there_are_read)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = open_cli(&hsm);
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	struct ash_span text;
	uint64_t number = 0;
	bool yes = false;

	EXPECT_OK(ash_cli_values_read(&cli, 7, 1, types, ASH_COUNT(types), &values));
	EXPECT(ash_cli_value_bytes(&values, CKA_LABEL, &text));
	EXPECT_SPAN(TEXT("web"), text);
	EXPECT(ash_cli_value_bytes(&values, CKA_ID, &text));
	EXPECT_NUMBER(0, text.len);
	EXPECT(ash_cli_value_number(&values, CKA_CLASS, &number));
	EXPECT_NUMBER(CKO_SECRET_KEY, number);
	EXPECT(ash_cli_value_bool(&values, CKA_SIGN, &yes) && yes);
	EXPECT(!ash_cli_value_bytes(&values, CKA_VALUE, &text));
	EXPECT(!ash_cli_value_bytes(&values, CKA_MODULUS, &text));
	EXPECT(!ash_cli_value_number(&values, CKA_LABEL, &number));
	EXPECT(!ash_cli_value_bool(&values, CKA_LABEL, &yes));
	fake_close(&cli);
}

TEST(an_object_that_is_gone_is_an_error)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = open_cli(&hsm);
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };

	EXPECT_CODE(ASH_E_OBJECT_HANDLE, ash_cli_values_read(&cli, 7, 2, types, ASH_COUNT(types), &values));
	fake_close(&cli);
}

/* Somebody makes the label longer between the two questions, as often as it takes. */
static unsigned growing;

static struct ash_status growing_attributes(struct ash_hsm *hsm, ash_handle session, ash_handle handle,
					    struct ash_attr_query *queries, size_t count)
{
	static const char label[] = "webwebwebwebweb";
	static size_t len = 1;

	if (growing > 0 && queries[0].value.data != NULL) {
		growing--;
		fake_set(&hsm->objects[0], CKA_LABEL, ash_span(label, ++len));
	}
	return fake_get_attributes(hsm, session, handle, queries, count);
}

TEST(a_value_that_grows_is_read_again)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = open_cli(&hsm);
	struct ash_api api = fake_api;
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	struct ash_span text;

	fake_set(&hsm.objects[0], CKA_LABEL, TEXT("w"));
	api.get_attributes = growing_attributes;
	cli.api = &api;
	growing = 2;
	EXPECT_OK(ash_cli_values_read(&cli, 7, 1, types, 1, &values));
	EXPECT(ash_cli_value_bytes(&values, CKA_LABEL, &text));
	EXPECT_SPAN(TEXT("web"), text);
	growing = 10;
	EXPECT_CODE(ASH_E_CONFLICT, ash_cli_values_read(&cli, 7, 1, types, 1, &values));
	fake_close(&cli);
}
