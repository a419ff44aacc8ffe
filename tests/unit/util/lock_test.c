#include "util/lock.h"

#include "unit/test.h"

static struct ash_lock outer = ASH_LOCK_INIT(ASH_RANK_MODULE);
static struct ash_lock inner = ASH_LOCK_INIT(ASH_RANK_TOKEN);

static void take_downward(void)
{
	ash_lock_take(&inner);
	ash_lock_take(&outer);
}

static void take_a_rank_twice(void)
{
	struct ash_lock other = ASH_LOCK_INIT(ASH_RANK_TOKEN);

	ash_lock_take(&inner);
	ash_lock_take(&other);
}

TEST(ranks_go_upward_only)
{
	for (int i = 0; i < 2; i++) {
		ash_lock_take(&outer);
		ash_lock_take(&inner);
		ash_lock_drop(&inner);
		ash_lock_drop(&outer);
	}
	if (ASH_BUG_ABORTS) {
		EXPECT_SIGNAL(SIGABRT, take_downward);
		EXPECT_SIGNAL(SIGABRT, take_a_rank_twice);
	}
}

static void *try_inner(void *ret_got)
{
	*(bool *)ret_got = ash_lock_try(&inner);
	if (*(bool *)ret_got)
		ash_lock_drop(&inner);
	return NULL;
}

TEST(trying_does_not_wait)
{
	pthread_t thread;
	bool got = true;

	ash_lock_take(&inner);
	EXPECT_NUMBER(0, pthread_create(&thread, NULL, try_inner, &got));
	EXPECT_NUMBER(0, pthread_join(thread, NULL));
	EXPECT(!got);
	ash_lock_drop(&inner);
	EXPECT(ash_lock_try(&inner));
	ash_lock_drop(&inner);
}

TEST(scopes_drop_what_they_took)
{
	for (int i = 0; i < 3; i++) {
		ASH_LOCKED(&outer);
		ASH_LOCKED(&inner);
		if (i == 1)
			continue;
		EXPECT(pthread_mutex_trylock(&inner.mutex) != 0);
	}
	EXPECT_NUMBER(0, pthread_mutex_trylock(&inner.mutex));
	EXPECT_NUMBER(0, pthread_mutex_unlock(&inner.mutex));
}

struct counter {
	struct ash_lock lock;
	pthread_cond_t changed;
	unsigned value;
};

static void *count(void *argument)
{
	struct counter *counter = argument;

	for (int i = 0; i < 10000; i++) {
		ASH_LOCKED(&counter->lock);
		counter->value++;
		pthread_cond_signal(&counter->changed);
	}
	return NULL;
}

TEST(locks_exclude_and_wait)
{
	struct counter counter = { .changed = PTHREAD_COND_INITIALIZER };
	pthread_t threads[4];

	EXPECT_OK(ash_lock_init(&counter.lock, ASH_RANK_SESSIONS));
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, count, &counter));
	ash_lock_take(&counter.lock);
	while (counter.value < 40000)
		ash_lock_wait(&counter.lock, &counter.changed);
	ash_lock_drop(&counter.lock);
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	EXPECT_NUMBER(40000, counter.value);
	ash_lock_done(&counter.lock);
}
