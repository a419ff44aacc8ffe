#include "unit/test.h"

#include <pthread.h>

#include "util/mem.h"
#include "util/words.h"

/* A thread's words; asked for without memory first. */
static void *speak(void *ret_words)
{
	struct ash_words *words = NULL;

	EXPECT(ash_words_peek() == NULL);
	ash_mem_fail_after(0);
	EXPECT(ash_words() == NULL);
	ash_mem_fail_after(-1);
	EXPECT(ash_words_peek() == NULL);
	words = ash_words();
	EXPECT(words != NULL && words == ash_words() && words == ash_words_peek());
	EXPECT_TEXT("", words->explanation);
	EXPECT_TEXT("", words->mistake);
	*(struct ash_words **)ret_words = words;
	return NULL;
}

TEST(each_thread_has_its_own)
{
	struct ash_words *others = NULL;
	pthread_t thread;

	EXPECT(ash_words() != NULL);
	EXPECT_NUMBER(0, pthread_create(&thread, NULL, speak, &others));
	EXPECT_NUMBER(0, pthread_join(thread, NULL));
	EXPECT(others != NULL && others != ash_words());
}

static void *fail_without_memory(void *unused)
{
	(void)unused;
	ash_mem_fail_after(0);
	ash_ignore(ash_status_fail(ASH_E_IO, __FILE__, __LINE__));
	ash_status_explain("%s", "there is no place for this");
	ash_mem_fail_after(-1);
	EXPECT_NUMBER(ASH_E_IO, ash_status_origin().code);
	EXPECT_TEXT("", ash_status_explanation());
	return NULL;
}

TEST(without_memory_a_failure_keeps_its_code)
{
	pthread_t thread;

	EXPECT_NUMBER(0, pthread_create(&thread, NULL, fail_without_memory, NULL));
	EXPECT_NUMBER(0, pthread_join(thread, NULL));
}

/* Run after those of the words' key, which was made before. */
static void fail_late(void *unused)
{
	(void)unused;
	ash_status_explain("%s", "late");
	EXPECT_TEXT("late", ash_status_explanation());
}

static pthread_key_t later;

static void *end_late(void *unused)
{
	(void)unused;
	ash_status_explain("%s", "early");
	EXPECT_NUMBER(0, pthread_setspecific(later, &later));
	return NULL;
}

TEST(a_thread_that_ends_may_still_fail)
{
	pthread_t thread;

	EXPECT(ash_words() != NULL);
	EXPECT_NUMBER(0, pthread_key_create(&later, fail_late));
	EXPECT_NUMBER(0, pthread_create(&thread, NULL, end_late, NULL));
	EXPECT_NUMBER(0, pthread_join(thread, NULL));
	EXPECT_NUMBER(0, pthread_key_delete(later));
}
