#include "unit/test.h"

#include <pthread.h>

static struct ash_status check(int value)
{
	ASH_ENSURE(value != 1, ASH_E_ARGUMENT);
	ASH_BUG(value == 2);
	if (value == 3)
		ASH_FAIL_WITH(ASH_E_IO, "%s is missing", "a file");
	if (value == 4)
		ASH_FAIL(ASH_E_LIMIT);
	return ASH_DONE;
}

static struct ash_status outer(int value, bool *ret_reached)
{
	ASH_TRY(check(value));
	*ret_reached = true;
	return ASH_DONE;
}

static void fail_a_check(void)
{
	ash_ignore(check(2));
}

TEST(success_passes_through)
{
	bool reached = false;

	EXPECT_OK(outer(0, &reached));
	EXPECT(reached);
	EXPECT(ash_is_ok(ASH_DONE));
}

TEST(failures_keep_code_and_origin)
{
	bool reached = false;
	struct ash_origin origin = { 0 };

	EXPECT_CODE(ASH_E_ARGUMENT, outer(1, &reached));
	origin = ash_status_origin();
	EXPECT(!reached);
	EXPECT_NUMBER(ASH_E_ARGUMENT, origin.code);
	EXPECT(strstr(origin.file, "status_test.c") != NULL);
	EXPECT(origin.line > 0 && origin.line < 20);
	EXPECT_CODE(ASH_E_LIMIT, outer(4, &reached));
	EXPECT(ash_status_origin().line > origin.line);
}

TEST(explanations_last_until_the_next_failure)
{
	EXPECT_CODE(ASH_E_IO, check(3));
	EXPECT_TEXT("a file is missing", ash_status_explanation());
	EXPECT_CODE(ASH_E_LIMIT, check(4));
	EXPECT_TEXT("", ash_status_explanation());
}

TEST(long_explanations_are_cut)
{
	EXPECT_CODE(ASH_E_LIMIT, check(4));
	ash_status_explain("%0800d", 1);
	EXPECT(strlen(ash_status_explanation()) < 510);
	EXPECT(strlen(ash_status_explanation()) > 490);
}

TEST(bugs_abort_where_they_should)
{
	if (ASH_BUG_ABORTS)
		EXPECT_SIGNAL(SIGABRT, fail_a_check);
	else
		EXPECT_CODE(ASH_E_BUG, check(2));
}

static void *fail_elsewhere(void *unused)
{
	ash_ignore(check(1));
	return unused;
}

TEST(origins_belong_to_their_thread)
{
	pthread_t thread;

	EXPECT_CODE(ASH_E_LIMIT, check(4));
	EXPECT_NUMBER(0, pthread_create(&thread, NULL, fail_elsewhere, NULL));
	EXPECT_NUMBER(0, pthread_join(thread, NULL));
	EXPECT_NUMBER(ASH_E_LIMIT, ash_status_origin().code);
}

TEST(every_code_has_name_and_text)
{
	for (int i = 0; i < ASH_CODES; i++) {
		EXPECT(ash_code_text((enum ash_code)i)[0] != '\0');
		EXPECT(ash_code_name((enum ash_code)i)[0] != '\0');
		for (int k = 0; k < i; k++)
			EXPECT(strcmp(ash_code_text((enum ash_code)i), ash_code_text((enum ash_code)k)) != 0);
	}
	EXPECT_TEXT("OK", ash_code_name(ASH_OK));
	EXPECT_TEXT("E_PIN_LOCKED", ash_code_name(ASH_E_PIN_LOCKED));
	EXPECT_TEXT("E_UNKNOWN", ash_code_name(ASH_CODES));
	EXPECT_TEXT("an unknown status", ash_code_text((enum ash_code) - 1));
}
