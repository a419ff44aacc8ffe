#include "store/memory/tree.h"

#include "unit/test.h"

static struct ash_span key_of(unsigned number, uint8_t room[2])
{
	room[0] = (uint8_t)(number >> 8);
	room[1] = (uint8_t)number;
	return ash_span(room, 2);
}

/* Replaces *tree by the one with the number. */
static void add(struct ash_tree **tree, unsigned number)
{
	ASH_AUTO(ash_item) *item = NULL;
	struct ash_tree *changed = NULL;
	uint8_t room[2];

	EXPECT_OK(ash_item_new(key_of(number, room), number, TEXT("one"), TEXT("two"), &item));
	EXPECT_OK(ash_tree_add(*tree, item, &changed));
	ash_tree_unref(*tree);
	*tree = changed;
}

static void take_out(struct ash_tree **tree, unsigned number)
{
	struct ash_tree *changed = NULL;
	uint8_t room[2];

	EXPECT_OK(ash_tree_remove(*tree, key_of(number, room), &changed));
	ash_tree_unref(*tree);
	*tree = changed;
}

/* Goes along all of it. */
static void expect_numbers(const struct ash_tree *tree, const bool *there, unsigned count)
{
	const struct ash_item *item = ash_tree_above(tree, ASH_SPAN_NONE, true);
	uint8_t room[2];

	for (unsigned i = 0; i < count; i++) {
		const struct ash_item *got = ash_tree_get(tree, key_of(i, room));

		EXPECT((got != NULL) == there[i]);
		if (!there[i])
			continue;
		EXPECT(item == got);
		EXPECT_NUMBER(i, ash_item_number(item));
		EXPECT(ash_tree_above(tree, ash_item_key(item), true) == item);
		item = ash_tree_above(tree, ash_item_key(item), false);
	}
	EXPECT(item == NULL);
}

TEST(an_item_is_what_it_was_made_of)
{
	ASH_AUTO(ash_item) *item = NULL;

	EXPECT_OK(ash_item_new(TEXT("key"), 7, TEXT("first"), TEXT(""), &item));
	EXPECT_SPAN(TEXT("key"), ash_item_key(item));
	EXPECT_NUMBER(7, ash_item_number(item));
	EXPECT_SPAN(TEXT("first"), ash_item_first(item));
	EXPECT_SPAN(TEXT(""), ash_item_second(item));
	EXPECT_CODE(ASH_E_LIMIT,
		    ash_item_new(TEXT("key"), 7, ash_span("", SIZE_MAX), ash_span("", 1), &item));
	EXPECT(ash_item_unref(NULL) == NULL);
}

TEST(the_empty_tree_is_null)
{
	struct ash_tree *tree = NULL;

	EXPECT(ash_tree_get(NULL, TEXT("a")) == NULL);
	EXPECT(ash_tree_above(NULL, TEXT("a"), true) == NULL);
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_tree_remove(NULL, TEXT("a"), &tree));
	EXPECT(ash_tree_ref(NULL) == NULL);
	EXPECT(ash_tree_unref(NULL) == NULL);
	add(&tree, 1);
	take_out(&tree, 1);
	EXPECT(tree == NULL);
}

#define NUMBERS 300u

TEST(any_order_of_work_gives_the_same)
{
	/* Rising, falling, and by steps that jump about. */
	static const unsigned steps[] = { 1, NUMBERS - 1, 7, 113, 151 };

	for (size_t s = 0; s < ASH_COUNT(steps); s++) {
		for (size_t r = 0; r < ASH_COUNT(steps); r++) {
			struct ash_tree *tree = NULL;
			bool there[NUMBERS] = { false };

			for (unsigned i = 0; i < NUMBERS; i++) {
				add(&tree, i * steps[s] % NUMBERS);
				there[i * steps[s] % NUMBERS] = true;
			}
			expect_numbers(tree, there, NUMBERS);
			for (unsigned i = 0; i < NUMBERS; i++) {
				take_out(&tree, i * steps[r] % NUMBERS);
				there[i * steps[r] % NUMBERS] = false;
				if (i % 37 == 0)
					expect_numbers(tree, there, NUMBERS);
			}
			EXPECT(tree == NULL);
		}
	}
}

TEST(an_item_takes_the_place_of_its_like)
{
	ASH_AUTO(ash_tree) *tree = NULL;
	bool there[3] = { true, true, true };
	const struct ash_item *before = NULL;
	uint8_t room[2];

	for (unsigned i = 0; i < 3; i++)
		add(&tree, i);
	before = ash_tree_get(tree, key_of(1, room));
	add(&tree, 1);
	EXPECT(ash_tree_get(tree, key_of(1, room)) != before);
	expect_numbers(tree, there, 3);
}

TEST(an_old_tree_stays_as_it_was)
{
	struct ash_tree *trees[21] = { NULL };
	bool there[20] = { false };

	for (unsigned i = 0; i < 20; i++) {
		trees[i + 1] = ash_tree_ref(trees[i]);
		add(&trees[i + 1], i);
	}
	for (unsigned i = 0; i <= 20; i++) {
		expect_numbers(trees[i], there, 20);
		if (i < 20)
			there[i] = true;
	}
	for (unsigned i = 0; i <= 20; i++)
		ash_tree_unref(trees[i]);
}

TEST(no_memory_changes_nothing)
{
	ASH_AUTO(ash_tree) *tree = NULL;
	ASH_AUTO(ash_item) *item = NULL;
	bool there[64] = { false };
	uint8_t room[2];

	/* A tree in which both ways of turning come up. */
	for (unsigned i = 0; i < 64; i += 2) {
		add(&tree, i);
		there[i] = true;
	}
	FAIL_EVERY_ALLOCATION(item == NULL, ash_item_new(key_of(1, room), 1, TEXT("a"), TEXT("b"), &item));
	for (unsigned i = 0; i < 64; i++) {
		struct ash_tree *changed = NULL;

		if (there[i] && i != 31) {
			FAIL_EVERY_ALLOCATION(changed == NULL,
					      ash_tree_remove(tree, key_of(i, room), &changed));
		} else {
			FAIL_EVERY_ALLOCATION(changed == NULL, ash_tree_add(tree, item, &changed));
		}
		ash_tree_unref(changed);
		expect_numbers(tree, there, 64);
	}
}
