#include "app/bench/child.h"

#include <time.h>

#include "app/bench/watch.h"
#include "unit/test.h"

static pid_t parent;

static struct ash_status answer(void *context, json_t **ret_answer)
{
	*ret_answer = json_pack("{s:b, s:s}", "child", getpid() != parent, "given", (const char *)context);
	return ASH_DONE;
}

static struct ash_status answer_much(ASH_UNUSED void *context, json_t **ret_answer)
{
	*ret_answer = json_array();
	for (int i = 0; i < 100000; i++) /* more than a pipe holds */
		json_array_append_new(*ret_answer, json_integer(i));
	return ASH_DONE;
}

static struct ash_status refuse(ASH_UNUSED void *context, ASH_UNUSED json_t **ret_answer)
{
	ASH_FAIL_WITH(ASH_E_PIN_LOCKED, "a %s of its own", "reason");
}

static struct ash_status die(ASH_UNUSED void *context, ASH_UNUSED json_t **ret_answer)
{
	signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler */
	raise(SIGSEGV);
	return ASH_DONE;
}

static struct ash_status leave(ASH_UNUSED void *context, ASH_UNUSED json_t **ret_answer)
{
	_exit(0);
	return ASH_DONE;
}

static struct ash_status hang(ASH_UNUSED void *context, ASH_UNUSED json_t **ret_answer)
{
	sleep(600);
	return ASH_DONE;
}

TEST(an_answer_comes_back_from_another_process)
{
	ASH_BENCH_AUTO_JSON *told = NULL;
	char text[] = "a text";

	parent = getpid();
	EXPECT_OK(ash_bench_child(answer, text, 10, &told));
	EXPECT(json_is_true(json_object_get(told, "child")));
	EXPECT_TEXT("a text", json_string_value(json_object_get(told, "given")));
}

TEST(a_long_answer_comes_back_whole)
{
	ASH_BENCH_AUTO_JSON *told = NULL;

	EXPECT_OK(ash_bench_child(answer_much, NULL, 60, &told));
	EXPECT_NUMBER(100000, json_array_size(told));
}

TEST(a_failure_comes_back_with_its_explanation)
{
	json_t *told = NULL;

	EXPECT_CODE(ASH_E_PIN_LOCKED, ash_bench_child(refuse, NULL, 10, &told));
	EXPECT_TEXT("a reason of its own", ash_status_explanation());
	EXPECT(told == NULL);
}

TEST(a_child_that_dies_leaves_or_hangs_is_told_apart)
{
	json_t *told = NULL;

	EXPECT_CODE(ASH_E_FAILED, ash_bench_child(die, NULL, 10, &told));
	EXPECT(strstr(ash_status_explanation(), "Segmentation fault") != NULL);
	EXPECT_CODE(ASH_E_FAILED, ash_bench_child(leave, NULL, 10, &told));
	EXPECT(strstr(ash_status_explanation(), "before its work was done") != NULL);
	EXPECT_CODE(ASH_E_FAILED, ash_bench_child(hang, NULL, 1, &told));
	EXPECT_TEXT("it took more than 1 s", ash_status_explanation());
	EXPECT(told == NULL);
}
