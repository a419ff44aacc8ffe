#include "store/store.h"

#include "unit/store/fake.h"
#include "unit/store/store_tools.h"
#include "unit/test.h"

static const struct ash_store_options options = { .create = true };

static struct ash_store *open_fake(void)
{
	struct ash_store *store = NULL;

	fake_reset();
	EXPECT_OK(ash_store_open(&fake_ops, &options, &store));
	return store;
}

TEST(opening_closing_and_abandoning_are_the_back_ends)
{
	struct ash_store *store = open_fake();

	EXPECT_NUMBER(9, list_generation(store));
	EXPECT(ash_store_close(store) == NULL);
	EXPECT_NUMBER(1, fake.closes);
	store = open_fake();
	EXPECT(ash_store_abandon(store) == NULL);
	EXPECT_NUMBER(1, fake.abandons);
	EXPECT_NUMBER(0, fake.closes);
}

TEST(a_store_that_does_not_open_leaves_nothing)
{
	struct ash_store *store = NULL;

	fake_reset();
	fake.begin = ASH_E_CORRUPT;
	EXPECT_CODE(ASH_E_CORRUPT, ash_store_open(&fake_ops, &options, &store));
	EXPECT(store == NULL);
	fake.begin = ASH_OK;
	FAIL_EVERY_ALLOCATION(store == NULL, ash_store_open(&fake_ops, &options, &store));
	ash_store_close(store);
}

static void open_stranger(void)
{
	struct ash_store_ops stranger = fake_ops;
	struct ash_store *store = NULL;

	stranger.abi++;
	EXPECT_CODE(ASH_E_BUG, ash_store_open(&stranger, &options, &store));
}

TEST(another_abi_is_our_own_mistake)
{
	if (ASH_BUG_ABORTS)
		EXPECT_SIGNAL(SIGABRT, open_stranger);
	else
		open_stranger();
}

TEST(a_readonly_store_refuses_before_it_queues)
{
	struct ash_store *store = open_fake();

	fake.readonly = true;
	EXPECT_CODE(ASH_E_TOKEN_WRITE_PROTECTED, list_put(store, 1, 0, TEXT("v")));
	EXPECT_NUMBER(0, fake.begins);
	ash_store_close(store);
}

TEST(a_view_that_does_not_begin_leaves_nothing)
{
	struct ash_store *store = open_fake();
	struct ash_txn *view = NULL;

	fake.begin = ASH_E_IO;
	EXPECT_CODE(ASH_E_IO, ash_store_view(store, &view));
	EXPECT(view == NULL);
	fake.begin = ASH_OK;
	FAIL_EVERY_ALLOCATION(view == NULL, ash_store_view(store, &view));
	EXPECT(ash_txn_end(view) == NULL);
	EXPECT_NUMBER(1, fake.ends);
	ash_store_close(store);
}

static struct ash_txn *view_of_fake;

static void put_in_view(void)
{
	EXPECT_CODE(ASH_E_BUG, ash_txn_put(view_of_fake, list_name(1), 0, TEXT("v"), NULL, 0));
}

TEST(writing_in_a_view_is_our_own_mistake)
{
	struct ash_store *store = open_fake();

	EXPECT_OK(ash_store_view(store, &view_of_fake));
	if (ASH_BUG_ABORTS)
		EXPECT_SIGNAL(SIGABRT, put_in_view);
	else
		put_in_view();
	ash_txn_end(view_of_fake);
	ash_store_close(store);
}

/* A function that does not look at what its calls answer. */
static struct ash_status overlook(struct ash_txn *txn, ASH_UNUSED void *context)
{
	ash_ignore(ash_txn_put(txn, list_name(1), 0, TEXT("v"), NULL, 0));
	ash_ignore(ash_txn_delete(txn, list_name(1)));
	return ASH_DONE;
}

TEST(half_written_work_is_undone_even_if_overlooked)
{
	struct ash_store *store = open_fake();

	fake.put = ASH_E_FULL;
	EXPECT_CODE(ASH_E_FULL, ash_store_change(store, overlook, NULL));
	EXPECT_NUMBER(1, fake.undos);
	EXPECT_NUMBER(0, fake.commits);
	/* What changed nothing may be overlooked. */
	fake.put = ASH_E_CONFLICT;
	EXPECT_OK(ash_store_change(store, overlook, NULL));
	EXPECT_NUMBER(1, fake.commits);
	ash_store_close(store);
}

TEST(impossible_names_and_lengths_do_not_reach_the_back_end)
{
	struct ash_store *store = open_fake();
	static const uint64_t wrong[] = { 0, ASH_STORE_ID_MAX + 1, UINT64_MAX };
	struct ash_txn *view = NULL;
	uint64_t ids[1];
	uint64_t number = 0;
	size_t count = 0;

	EXPECT_OK(ash_store_view(store, &view));
	for (size_t i = 0; i < ASH_COUNT(wrong); i++)
		EXPECT_CODE(ASH_E_NOT_FOUND, ash_txn_get(view, list_name(wrong[i]), NULL, &number));
	EXPECT_OK(ash_txn_get(view, list_name(ASH_STORE_ID_MAX), NULL, &number));
	EXPECT_OK(ash_txn_find(view, 1, 1, ASH_SPAN_NONE, ASH_STORE_ID_MAX, ids, 1, &count));
	EXPECT_NUMBER(0, count);
	EXPECT_OK(ash_txn_find(view, 1, 1, ASH_SPAN_NONE, 0, ids, 0, &count));
	EXPECT_NUMBER(0, count);
	EXPECT_OK(ash_txn_count(view, 1, 1, ASH_SPAN_NONE, UINT64_MAX, &number));
	EXPECT_NUMBER(INT64_MAX, number);
	ash_txn_end(view);
	EXPECT_CODE(ASH_E_ARGUMENT, list_put(store, ASH_STORE_ID_MAX + 1, 0, TEXT("v")));
	EXPECT_CODE(ASH_E_LIMIT, list_put(store, 1, 0, ash_span("", ASH_STORE_VALUE_MAX + 1)));
	EXPECT_CODE(ASH_E_LIMIT, list_put(store, 1, UINT64_MAX, TEXT("v")));
	EXPECT_NUMBER(0, fake.puts);
	ash_store_close(store);
}
