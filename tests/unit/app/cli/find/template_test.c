#include "unit/test.h"

#include "app/cli/find/template.h"

TEST(a_template_has_values_in_canonical_form)
{
	struct ash_cli_template made = { .count = 0 };
	struct ash_template got;

	EXPECT_OK(ash_cli_template_bool(&made, CKA_TOKEN, true));
	EXPECT_OK(ash_cli_template_bool(&made, CKA_SIGN, false));
	EXPECT_OK(ash_cli_template_number(&made, CKA_CLASS, 0x0102));
	EXPECT_OK(ash_cli_template_bytes(&made, CKA_LABEL, TEXT("x")));
	got = ash_cli_template(&made);
	EXPECT_NUMBER(4, got.count);
	EXPECT_NUMBER(CKA_TOKEN, got.attrs[0].type);
	EXPECT_SPAN(TEXT("\x01"), got.attrs[0].value);
	EXPECT_SPAN(TEXT("\x00"), got.attrs[1].value);
	EXPECT_SPAN(TEXT("\0\0\0\0\0\0\x01\x02"), got.attrs[2].value);
	EXPECT_SPAN(TEXT("x"), got.attrs[3].value);
}

TEST(each_number_keeps_its_own_bytes)
{
	struct ash_cli_template made = { .count = 0 };

	for (uint64_t i = 0; i < ASH_CLI_TEMPLATE_MAX; i++)
		EXPECT_OK(ash_cli_template_number(&made, i, i));
	for (size_t i = 0; i < ASH_CLI_TEMPLATE_MAX; i++)
		EXPECT_NUMBER(i, made.attrs[i].value.data[7]);
}
