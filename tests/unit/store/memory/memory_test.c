#include "store/memory/memory.h"

#include "unit/test.h"

static const struct ash_store_options made = { .create = true };

static struct ash_status list_try(struct ash_store **ret_store);

static struct ash_store *list_open(void)
{
	struct ash_store *store = NULL;

	EXPECT_OK(list_try(&store));
	return store;
}

static struct ash_status list_try(struct ash_store **ret_store)
{
	return ash_store_open(&ash_store_memory, &made, ret_store);
}

static void list_close(struct ash_store *store)
{
	EXPECT(ash_store_close(store) == NULL);
}

#include "unit/store/store_list.h"

TEST(there_is_nothing_to_open_without_making_it)
{
	const struct ash_store_options found = { .create = false };
	const struct ash_store_options readonly = { .create = true, .readonly = true };
	struct ash_store *store = NULL;

	EXPECT_CODE(ASH_E_NOT_FOUND, ash_store_open(&ash_store_memory, &found, &store));
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_store_open(&ash_store_memory, &readonly, &store));
	EXPECT(store == NULL);
}

TEST(closing_forgets)
{
	struct ash_store *store = list_open();

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	list_close(store);
	store = list_open();
	list_expect_none(store, 1);
	list_close(store);
}

static struct ash_store *inherited;

static void abandon_and_make_another(void)
{
	EXPECT(ash_store_abandon(inherited) == NULL);
	inherited = list_open();
	list_expect_none(inherited, 1);
	list_close(inherited);
}

TEST(a_child_abandons_its_parents_store)
{
	inherited = list_open();
	EXPECT_OK(list_put(inherited, 1, 0, TEXT("v")));
	EXPECT_IN_CHILD(abandon_and_make_another);
	list_expect(inherited, 1, 1, TEXT("v"));
	list_close(inherited);
}

static struct ash_status put_thousands(struct ash_txn *txn, ASH_UNUSED void *context)
{
	for (uint64_t i = 0; i < 5000; i++) {
		const uint64_t id = 1 + i * 7919 % 5000;
		const struct ash_span term = ash_span(&id, 1);

		ASH_TRY(ash_txn_put(txn, list_name(id), 0, TEXT("v"), &term, 1));
	}
	return ASH_DONE;
}

TEST(thousands_come_in_order)
{
	struct ash_store *store = list_open();
	struct ash_txn *view = NULL;
	uint64_t count = 0;
	uint64_t ids[2];
	size_t found = 0;

	EXPECT_OK(ash_store_change(store, put_thousands, NULL));
	EXPECT_OK(ash_store_view(store, &view));
	EXPECT_OK(ash_txn_count(view, LIST_SPACE, LIST_OWNER, ASH_SPAN_NONE, 10000, &count));
	EXPECT_NUMBER(5000, count);
	EXPECT_OK(ash_txn_find(view, LIST_SPACE, LIST_OWNER, ASH_SPAN_NONE, 4990, ids, 2, &found));
	EXPECT_NUMBER(2, found);
	EXPECT_NUMBER(4991, ids[0]);
	ash_txn_end(view);
	list_close(store);
}
