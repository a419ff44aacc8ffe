#include "util/fork.h"

#include <pthread.h>

#include "unit/test.h"

static uint64_t seen;
static struct ash_fork_guard guard;

TEST(an_epoch_stays)
{
	seen = ash_fork_epoch();
	EXPECT(seen != 0);
	EXPECT_NUMBER(seen, ash_fork_epoch());
}

static void look_as_grandchild(void)
{
	EXPECT(ash_fork_epoch() != seen);
	EXPECT(ash_fork_epoch() != 0);
}

static void look_as_child(void)
{
	uint64_t parents = seen;

	EXPECT(ash_fork_epoch() != seen);
	seen = ash_fork_epoch();
	EXPECT_NUMBER(seen, ash_fork_epoch());
	EXPECT(seen != parents);
	EXPECT_IN_CHILD(look_as_grandchild);
	EXPECT_NUMBER(seen, ash_fork_epoch());
}

static void look_only_as_grandchild(void)
{
	EXPECT_IN_CHILD(look_as_grandchild);
}

TEST(a_child_has_another_epoch)
{
	seen = ash_fork_epoch();
	EXPECT_IN_CHILD(look_as_child);
	EXPECT_IN_CHILD(look_only_as_grandchild);
	EXPECT_NUMBER(seen, ash_fork_epoch());
}

static void *claim(void *argument)
{
	_Atomic int *claims = argument;

	if (ash_fork_claim(&guard)) {
		usleep(10000);
		atomic_fetch_add(claims, 1);
		ash_fork_made(&guard);
	}
	/* Whoever comes back finds it made. */
	EXPECT_NUMBER(1, atomic_load(claims));
	return NULL;
}

TEST(one_thread_makes_the_state)
{
	_Atomic int claims = 0;
	pthread_t threads[8];

	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, claim, &claims));
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	EXPECT(!ash_fork_claim(&guard));
}

static void claim_once(void)
{
	EXPECT(!ash_fork_is_made(&guard));
	EXPECT(ash_fork_claim(&guard));
	EXPECT(!ash_fork_is_made(&guard));
	ash_fork_made(&guard);
	EXPECT(ash_fork_is_made(&guard));
	EXPECT(!ash_fork_claim(&guard));
}

TEST(each_child_makes_its_own)
{
	EXPECT(!ash_fork_claim(&guard));
	EXPECT_IN_CHILD(claim_once);
	EXPECT_IN_CHILD(claim_once);
	EXPECT(!ash_fork_claim(&guard));
}

TEST(a_child_born_half_way_claims_too)
{
	guard = (struct ash_fork_guard){ 0 };
	EXPECT(ash_fork_claim(&guard));
	EXPECT_IN_CHILD(claim_once);
	ash_fork_made(&guard);
	EXPECT(!ash_fork_claim(&guard));
}
