#include "store/queue_priv.h"

#include <sched.h>
#include <time.h>

#include "unit/store/fake.h"
#include "unit/test.h"

static struct ash_queue queue;

static void set_up(void)
{
	fake_reset();
	EXPECT_OK(ash_queue_init(&queue));
}

static struct ash_status run(ash_store_fn *fn, void *context)
{
	return ash_queue_change(&queue, &fake_ops, &fake_store, fn, context);
}

/* Answers what the context says; NULL: ASH_DONE. */
static struct ash_status answer(struct ash_txn *txn, void *context)
{
	const enum ash_code *code = context;

	EXPECT(txn->ops == &fake_ops && txn->inner == &fake_txn && txn->change);
	if (code != NULL && *code != ASH_OK)
		ASH_FAIL_WITH(*code, "my own reason");
	return ASH_DONE;
}

static void expect_failure(enum ash_code want, const char *why, struct ash_status got)
{
	EXPECT_CODE(want, got);
	EXPECT_NUMBER(want, ash_status_origin().code);
	EXPECT_TEXT(why, ash_status_explanation());
}

TEST(one_change_is_one_commit)
{
	set_up();
	EXPECT_OK(run(answer, NULL));
	EXPECT_OK(run(answer, NULL));
	EXPECT_NUMBER(2, fake.begins);
	EXPECT_NUMBER(2, fake.commits);
	EXPECT_NUMBER(0, fake.ends);
	EXPECT_NUMBER(0, fake.undos);
	ash_queue_done(&queue);
}

TEST(what_fails_is_undone_and_not_committed)
{
	enum ash_code code = ASH_E_DATA;

	set_up();
	expect_failure(ASH_E_DATA, "my own reason", run(answer, &code));
	EXPECT_NUMBER(1, fake.undos);
	EXPECT_NUMBER(1, fake.ends);
	EXPECT_NUMBER(0, fake.commits);
	ash_queue_done(&queue);
}

TEST(failures_of_the_back_end_are_told)
{
	enum ash_code code = ASH_E_DATA;

	set_up();
	fake.begin = ASH_E_IO;
	expect_failure(ASH_E_IO, "the fake says so", run(answer, NULL));
	EXPECT_NUMBER(0, fake.marks + fake.commits + fake.ends);

	fake_reset();
	fake.mark = ASH_E_MEMORY;
	expect_failure(ASH_E_MEMORY, "the fake says so", run(answer, NULL));
	EXPECT_NUMBER(1, fake.ends);

	fake_reset();
	fake.commit = ASH_E_FULL;
	expect_failure(ASH_E_FULL, "the fake says so", run(answer, NULL));
	EXPECT_NUMBER(0, fake.ends); /* a commit ends the transaction, whatever it returns */

	fake_reset();
	fake.undo = ASH_E_IO;
	expect_failure(ASH_E_DATA, "my own reason", run(answer, &code));
	EXPECT_NUMBER(1, fake.ends);
	ash_queue_done(&queue);
}

/* Many at once: the first holds up the back end until all others have come. */

#define MANY 100

static _Atomic int asked;
static int awaited;

static void await_all(void)
{
	const struct timespec moment = { .tv_nsec = 30000000 };

	if (fake.begins != 1)
		return;
	while (asked < awaited)
		sched_yield();
	(void)nanosleep(&moment, NULL); /* from the count to the queue */
}

struct one {
	enum ash_code code;
	struct ash_status status;
	struct ash_origin origin;
	char why[100];
	int order;
};

static _Atomic int ran;

static struct ash_status note_order(struct ash_txn *txn, void *context)
{
	struct one *one = context;

	one->order = ran++;
	return answer(txn, &one->code);
}

static void *ask(void *context)
{
	struct one *one = context;

	asked++;
	one->status = run(note_order, one);
	one->origin = ash_status_origin();
	(void)snprintf(one->why, sizeof(one->why), "%s", ash_status_explanation());
	return NULL;
}

static void run_many(struct one *ones, int count)
{
	pthread_t threads[MANY];

	asked = 0;
	ran = 0;
	awaited = count;
	fake.in_begin = await_all;
	for (int i = 0; i < count; i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, ask, &ones[i]));
	for (int i = 0; i < count; i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
}

TEST(those_who_wait_share_a_commit)
{
	static struct one ones[20];

	set_up();
	run_many(ones, 20);
	EXPECT_NUMBER(1, fake.commits);
	EXPECT_NUMBER(20, fake.most_of_batch);
	for (int i = 0; i < 20; i++)
		EXPECT_OK(ones[i].status);
	ash_queue_done(&queue);
}

TEST(each_keeps_its_own_fate)
{
	static struct one ones[20];

	set_up();
	for (int i = 0; i < 20; i += 3)
		ones[i].code = i % 2 == 0 ? ASH_E_DATA : ASH_E_PIN_LEN;
	run_many(ones, 20);
	EXPECT_NUMBER(1, fake.commits);
	EXPECT_NUMBER(7, fake.undos);
	for (int i = 0; i < 20; i++) {
		EXPECT_CODE(ones[i].code, ones[i].status);
		if (ones[i].code != ASH_OK) {
			EXPECT_NUMBER(ones[i].code, ones[i].origin.code);
			EXPECT(ones[i].origin.line != 0);
			EXPECT_TEXT("my own reason", ones[i].why);
		}
	}
	ash_queue_done(&queue);
}

TEST(a_failed_commit_is_everybodys_failure)
{
	static struct one ones[20];

	set_up();
	fake.commit = ASH_E_FULL;
	ones[7].code = ASH_E_DATA;
	run_many(ones, 20);
	for (int i = 0; i < 20; i++) {
		EXPECT_CODE(i == 7 ? ASH_E_DATA : ASH_E_FULL, ones[i].status);
		EXPECT_TEXT(i == 7 ? "my own reason" : "the fake says so", ones[i].why);
	}
	ash_queue_done(&queue);
}

TEST(a_failed_begin_is_everybodys_failure)
{
	static struct one ones[20];

	set_up();
	fake.begin = ASH_E_IO;
	run_many(ones, 20);
	EXPECT_NUMBER(1, fake.begins);
	EXPECT_NUMBER(0, ran);
	for (int i = 0; i < 20; i++)
		EXPECT_CODE(ASH_E_IO, ones[i].status);
	ash_queue_done(&queue);
}

/* A transaction that can't be put back is given up, and those who were in it do theirs again. */
TEST(a_failed_undo_harms_nobody_else)
{
	static struct one ones[20];

	set_up();
	fake.undo = ASH_E_IO;
	ones[9].code = ASH_E_FULL;
	run_many(ones, 20);
	for (int i = 0; i < 20; i++)
		EXPECT_CODE(i == 9 ? ASH_E_FULL : ASH_OK, ones[i].status);
	EXPECT_TEXT("my own reason", ones[9].why);
	EXPECT_NUMBER(1, fake.ends);
	EXPECT(fake.commits >= 1 && fake.commits <= 20);
	EXPECT_NUMBER(fake.begins - fake.ends, fake.commits);
	ash_queue_done(&queue);
}

TEST(doing_it_again_may_fail_as_well)
{
	static struct one ones[20];

	set_up();
	fake.undo = ASH_E_IO;
	fake.commit = ASH_E_FULL;
	ones[9].code = ASH_E_DATA;
	run_many(ones, 20);
	for (int i = 0; i < 20; i++) {
		EXPECT_CODE(i == 9 ? ASH_E_DATA : ASH_E_FULL, ones[i].status);
		EXPECT_TEXT(i == 9 ? "my own reason" : "the fake says so", ones[i].why);
	}
	ash_queue_done(&queue);
}

TEST(a_batch_has_a_bound)
{
	static struct one ones[MANY];

	set_up();
	run_many(ones, MANY);
	EXPECT_NUMBER(ASH_QUEUE_BATCH, fake.most_of_batch);
	EXPECT_NUMBER(2, fake.commits);
	ash_queue_done(&queue);
}

TEST(first_come_first_served)
{
	static struct one ones[10];
	const struct timespec moment = { .tv_nsec = 5000000 };
	pthread_t threads[10];

	set_up();
	asked = 0;
	ran = 0;
	awaited = 10;
	fake.in_begin = await_all;
	for (int i = 0; i < 10; i++) {
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, ask, &ones[i]));
		while (asked <= i)
			sched_yield();
		(void)nanosleep(&moment, NULL);
	}
	for (int i = 0; i < 10; i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	for (int i = 0; i < 10; i++)
		EXPECT_NUMBER(i, ones[i].order);
	ash_queue_done(&queue);
}

/* No lock is held while a function runs: it may use another store, whose locks have the same rank. */
static struct ash_queue other;

static struct ash_status use_another(ASH_UNUSED struct ash_txn *txn, ASH_UNUSED void *context)
{
	return ash_queue_change(&other, &fake_ops, &fake_store, answer, NULL);
}

TEST(functions_run_without_the_queues_lock)
{
	set_up();
	EXPECT_OK(ash_queue_init(&other));
	EXPECT_OK(run(use_another, NULL));
	EXPECT_NUMBER(2, fake.commits);
	ash_queue_done(&other);
	ash_queue_done(&queue);
}

static struct ash_status change_within(ASH_UNUSED struct ash_txn *txn, ASH_UNUSED void *context)
{
	return run(answer, NULL);
}

static void nest(void)
{
	EXPECT_CODE(ASH_E_BUG, run(change_within, NULL));
}

TEST(a_change_inside_a_change_is_our_own_mistake)
{
	set_up();
	if (ASH_BUG_ABORTS)
		EXPECT_SIGNAL(SIGABRT, nest);
	else
		nest();
	ash_queue_done(&queue);
}

static void *ask_compact(void *context)
{
	uint64_t before = 0, after = 0;

	asked++;
	*(struct ash_status *)context = ash_queue_compact(&queue, &fake_ops, &fake_store, &before, &after);
	EXPECT(!ash_is_ok(*(struct ash_status *)context) || (before == 2 && after == 1));
	return NULL;
}

TEST(compacting_waits_its_turn_and_is_in_no_transaction)
{
	static struct one ones[30];
	struct ash_status compacted[3];
	pthread_t threads[33];

	set_up();
	asked = 0;
	ran = 0;
	awaited = 33;
	fake.in_begin = await_all;
	/* The first change holds up the others, among which the compactions stand. */
	for (int i = 0; i < 33; i++) {
		void *(*body)(void *) = i % 11 == 5 ? ask_compact : ask;
		void *context = i % 11 == 5 ? (void *)&compacted[i / 11] : (void *)&ones[i - (i + 5) / 11];

		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, body, context));
	}
	for (int i = 0; i < 33; i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	EXPECT_NUMBER(3, fake.compacts);
	EXPECT_NUMBER(30, ran);
	for (int i = 0; i < 30; i++)
		EXPECT_OK(ones[i].status);
	/* Alone, and failing. */
	fake.in_begin = NULL;
	fake.commit = ASH_E_FULL;
	EXPECT(ask_compact(&compacted[0]) == NULL);
	EXPECT_CODE(ASH_E_FULL, compacted[0]);
	fake.commit = ASH_OK;
	EXPECT_OK(run(answer, NULL));
	ash_queue_done(&queue);
}
