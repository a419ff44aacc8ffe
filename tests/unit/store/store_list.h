/*
 * What every store back end has to do. A back end's test includes it after
 *
 *     static struct ash_status list_try(struct ash_store **ret_store);   a store of its own, empty
 *     static struct ash_store *list_open(void);                          the same, which has to work
 *     static void list_close(struct ash_store *store);                   away with it and its files
 */
#pragma once

#include <pthread.h>

#include "unit/store/store_tools.h"

TEST(a_new_store_is_empty)
{
	struct ash_store *store = list_open();

	EXPECT(ash_store_writable(store));
	list_expect_none(store, 1);
	list_expect_none(store, 0);
	list_expect_none(store, UINT64_MAX);
	EXPECT_TEXT("", list_found(store, LIST_SPACE, LIST_OWNER, ASH_SPAN_NONE));
	EXPECT_TEXT("", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("t")));
	EXPECT(list_generation(store) != 0);
	list_close(store);
}

TEST(a_record_comes_back_with_its_version)
{
	struct ash_store *store = list_open();

	EXPECT_OK(list_put(store, 5, 0, TEXT("first")));
	list_expect(store, 5, 1, TEXT("first"));
	EXPECT_OK(list_put(store, 5, 1, TEXT("second, longer")));
	list_expect(store, 5, 2, TEXT("second, longer"));
	EXPECT_OK(list_put(store, 5, 2, TEXT("")));
	list_expect(store, 5, 3, TEXT(""));
	EXPECT_OK(list_put(store, 6, 0, TEXT("\0\0\1\0")));
	list_expect(store, 6, 1, TEXT("\0\0\1\0"));
	list_close(store);
}

TEST(get_appends_and_takes_no_buffer_too)
{
	struct ash_store *store = list_open();
	ASH_AUTO(ash_buf) got = ASH_BUF_PLAIN;
	uint64_t version = 0;

	EXPECT_OK(list_put(store, 5, 0, TEXT("b")));
	EXPECT_OK(ash_buf_add(&got, TEXT("a")));
	EXPECT_OK(list_get(store, list_name(5), &got, &version));
	EXPECT_SPAN(TEXT("ab"), ash_buf_span(&got));
	version = 0;
	EXPECT_OK(list_get(store, list_name(5), NULL, &version));
	EXPECT_NUMBER(1, version);
	list_close(store);
}

TEST(a_version_that_is_not_so_is_a_conflict)
{
	struct ash_store *store = list_open();

	EXPECT_CODE(ASH_E_CONFLICT, list_put(store, 5, 1, TEXT("x")));
	EXPECT_OK(list_put(store, 5, 0, TEXT("first")));
	EXPECT_CODE(ASH_E_CONFLICT, list_put(store, 5, 0, TEXT("x")));
	EXPECT_CODE(ASH_E_CONFLICT, list_put(store, 5, 2, TEXT("x")));
	list_expect(store, 5, 1, TEXT("first"));
	list_close(store);
}

TEST(names_are_told_apart_by_each_part)
{
	struct ash_store *store = list_open();
	const struct ash_record_name names[] = {
		{ 1, 1, 1 },
		{ 1, 1, 2 },
		{ 1, 2, 1 },
		{ 2, 1, 1 },
		{ UINT32_MAX, UINT64_MAX, ASH_STORE_ID_MAX },
	};
	struct list_put put = { .terms = (const struct ash_span[]){ TEXT("t") }, .term_count = 1 };

	for (size_t i = 0; i < ASH_COUNT(names); i++) {
		put.name = names[i];
		put.value = ash_span(&names[i], sizeof(names[i]));
		EXPECT_OK(ash_store_change(store, list_do_put, &put));
	}
	for (size_t i = 0; i < ASH_COUNT(names); i++) {
		ASH_AUTO(ash_buf) got = ASH_BUF_PLAIN;
		uint64_t version = 0;

		EXPECT_OK(list_get(store, names[i], &got, &version));
		EXPECT_SPAN(ash_span(&names[i], sizeof(names[i])), ash_buf_span(&got));
	}
	EXPECT_TEXT("1 2", list_found(store, 1, 1, TEXT("t")));
	EXPECT_TEXT("1", list_found(store, 1, 2, TEXT("t")));
	EXPECT_TEXT("1", list_found(store, 2, 1, ASH_SPAN_NONE));
	EXPECT_TEXT("9223372036854775807", list_found(store, UINT32_MAX, UINT64_MAX, TEXT("t")));
	EXPECT_TEXT("9223372036854775807", list_found(store, UINT32_MAX, UINT64_MAX, ASH_SPAN_NONE));
	list_close(store);
}

TEST(a_record_is_found_by_exactly_its_terms)
{
	struct ash_store *store = list_open();
	const struct ash_span ab[] = { TEXT("b"), TEXT("a"), TEXT("b") };
	const struct ash_span bc[] = { TEXT("b"), TEXT("cc") };

	EXPECT_OK(list_put_terms(store, 3, 0, ab, 3));
	EXPECT_OK(list_put_terms(store, 1, 0, bc, 2));
	EXPECT_OK(list_put_terms(store, 2, 0, NULL, 0));
	EXPECT_TEXT("3", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("a")));
	EXPECT_TEXT("1 3", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("b")));
	EXPECT_TEXT("1", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("cc")));
	EXPECT_TEXT("", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("c")));
	EXPECT_TEXT("", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("")));
	EXPECT_TEXT("1 2 3", list_found(store, LIST_SPACE, LIST_OWNER, ASH_SPAN_NONE));

	EXPECT_OK(list_put_terms(store, 3, 1, bc, 2));
	EXPECT_TEXT("", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("a")));
	EXPECT_TEXT("1 3", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("cc")));

	EXPECT_OK(list_delete(store, list_name(1)));
	EXPECT_TEXT("3", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("b")));
	EXPECT_TEXT("2 3", list_found(store, LIST_SPACE, LIST_OWNER, ASH_SPAN_NONE));
	EXPECT_CODE(ASH_E_NOT_FOUND, list_delete(store, list_name(1)));

	/* It can come back, as a new record. */
	EXPECT_OK(list_put_terms(store, 1, 0, ab, 3));
	EXPECT_TEXT("1 3", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("b")));
	list_close(store);
}

static struct ash_status list_put_hundred(struct ash_txn *txn, ASH_UNUSED void *context)
{
	const struct ash_span both[] = { TEXT("all"), TEXT("even") };

	for (uint64_t id = 100; id >= 1; id--)
		ASH_TRY(ash_txn_put(txn, list_name(id), 0, TEXT("v"), both, id % 2 == 0 ? 2 : 1));
	return ASH_DONE;
}

static void list_expect_pages(struct ash_txn *view, struct ash_span term, size_t page, uint64_t first,
			      uint64_t step)
{
	uint64_t ids[32];
	uint64_t next = first;
	uint64_t after = 0;
	size_t count = page;

	while (count == page) {
		EXPECT_OK(ash_txn_find(view, LIST_SPACE, LIST_OWNER, term, after, ids, page, &count));
		for (size_t i = 0; i < count; i++, next += step)
			EXPECT_NUMBER(next, ids[i]);
		after = count != 0 ? ids[count - 1] : after;
	}
	EXPECT_NUMBER(100 + step, next);
}

TEST(find_goes_on_from_the_last_position)
{
	struct ash_store *store = list_open();
	ASH_AUTO(ash_txn) *view = NULL;
	uint64_t ids[2] = { 0 };
	size_t count = 9;

	EXPECT_OK(ash_store_change(store, list_put_hundred, NULL));
	EXPECT_OK(ash_store_view(store, &view));
	list_expect_pages(view, ASH_SPAN_NONE, 7, 1, 1);
	list_expect_pages(view, ASH_SPAN_NONE, 1, 1, 1);
	list_expect_pages(view, TEXT("all"), 10, 1, 1);
	list_expect_pages(view, TEXT("even"), 32, 2, 2);
	EXPECT_OK(ash_txn_find(view, LIST_SPACE, LIST_OWNER, TEXT("all"), 100, ids, 2, &count));
	EXPECT_NUMBER(0, count);
	EXPECT_OK(ash_txn_find(view, LIST_SPACE, LIST_OWNER, TEXT("all"), UINT64_MAX, ids, 2, &count));
	EXPECT_NUMBER(0, count);
	EXPECT_OK(ash_txn_find(view, LIST_SPACE, LIST_OWNER, TEXT("all"), 50, NULL, 0, &count));
	EXPECT_NUMBER(0, count);
	view = ash_txn_end(view);
	list_close(store);
}

TEST(count_goes_no_further_than_its_limit)
{
	struct ash_store *store = list_open();
	ASH_AUTO(ash_txn) *view = NULL;
	uint64_t count = 0;

	EXPECT_OK(ash_store_change(store, list_put_hundred, NULL));
	EXPECT_OK(ash_store_view(store, &view));
	EXPECT_OK(ash_txn_count(view, LIST_SPACE, LIST_OWNER, ASH_SPAN_NONE, UINT64_MAX, &count));
	EXPECT_NUMBER(100, count);
	EXPECT_OK(ash_txn_count(view, LIST_SPACE, LIST_OWNER, TEXT("even"), 1000, &count));
	EXPECT_NUMBER(50, count);
	EXPECT_OK(ash_txn_count(view, LIST_SPACE, LIST_OWNER, TEXT("even"), 20, &count));
	EXPECT_NUMBER(20, count);
	EXPECT_OK(ash_txn_count(view, LIST_SPACE, LIST_OWNER, TEXT("even"), 0, &count));
	EXPECT_NUMBER(0, count);
	EXPECT_OK(ash_txn_count(view, LIST_SPACE, 0, ASH_SPAN_NONE, 1000, &count));
	EXPECT_NUMBER(0, count);
	view = ash_txn_end(view);
	list_close(store);
}

TEST(ids_are_never_given_out_twice)
{
	struct ash_store *store = list_open();
	uint64_t last = 0;

	for (int i = 0; i < 10; i++) {
		uint64_t id = list_add(store, TEXT("v"), NULL, 0);

		EXPECT(id > last);
		last = id;
		EXPECT_OK(list_delete(store, list_name(id)));
	}
	list_close(store);
}

TEST(delete_all_keeps_to_its_owner_and_space)
{
	struct ash_store *store = list_open();
	const struct ash_span terms[] = { TEXT("t"), TEXT("\xff\xff") };
	struct list_put put = { .value = TEXT("v"), .terms = terms, .term_count = 2 };
	struct ash_record_name gone = list_name(0);

	for (uint32_t space = LIST_SPACE - 1; space <= LIST_SPACE + 1; space++) {
		for (uint64_t owner = LIST_OWNER - 1; owner <= LIST_OWNER + 1; owner++) {
			for (uint64_t id = 1; id <= 3; id++) {
				put.name = (struct ash_record_name){ space, owner, id };
				EXPECT_OK(ash_store_change(store, list_do_put, &put));
			}
		}
	}
	EXPECT_OK(ash_store_change(store, list_do_delete_all, &gone));
	for (uint32_t space = LIST_SPACE - 1; space <= LIST_SPACE + 1; space++) {
		for (uint64_t owner = LIST_OWNER - 1; owner <= LIST_OWNER + 1; owner++) {
			const char *left = space == LIST_SPACE && owner == LIST_OWNER ? "" : "1 2 3";

			EXPECT_TEXT(left, list_found(store, space, owner, ASH_SPAN_NONE));
			EXPECT_TEXT(left, list_found(store, space, owner, TEXT("t")));
			EXPECT_TEXT(left, list_found(store, space, owner, TEXT("\xff\xff")));
		}
	}
	EXPECT_OK(ash_store_change(store, list_do_delete_all, &gone));
	list_close(store);
}

TEST(places_come_in_their_order)
{
	struct ash_store *store = list_open();
	static const struct ash_record_name names[] = { { 3, 1, 7 }, { 4, 1, 1 }, { 4, 1, 2 }, { 4, 9, 1 } };
	ASH_AUTO(ash_txn) *view = NULL;
	struct ash_record_name place = { 0, 0, 0 };
	static const struct ash_record_name want[] = { { 3, 1, 0 }, { 4, 1, 0 }, { 4, 9, 0 } };

	for (size_t i = 0; i < ASH_COUNT(names); i++) {
		struct list_put put = { .name = names[i], .value = TEXT("v") };

		EXPECT_OK(ash_store_change(store, list_do_put, &put));
	}
	EXPECT_OK(ash_store_view(store, &view));
	for (size_t i = 0; i < ASH_COUNT(want); i++) {
		EXPECT_OK(ash_txn_place(view, place, &place));
		EXPECT(place.space == want[i].space && place.owner == want[i].owner && place.id == 0);
	}
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_txn_place(view, place, &place));
	view = ash_txn_end(view);
	list_close(store);
}

TEST(the_terms_of_a_record_can_be_read)
{
	struct ash_store *store = list_open();
	const struct ash_span terms[] = { TEXT("bb"), TEXT("a") };
	ASH_AUTO(ash_buf) got = ASH_BUF_PLAIN;
	ASH_AUTO(ash_txn) *view = NULL;

	EXPECT_OK(list_put_terms(store, 5, 0, terms, 2));
	EXPECT_OK(ash_store_view(store, &view));
	EXPECT_OK(ash_txn_terms(view, list_name(5), &got));
	EXPECT_SPAN(TEXT("\1a\2bb"), ash_buf_span(&got));
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_txn_terms(view, list_name(6), &got));
	view = ash_txn_end(view);
	list_close(store);
}

TEST(compacting_keeps_all)
{
	struct ash_store *store = list_open();
	const struct ash_span terms[] = { TEXT("a") };
	uint64_t before = 7, after = 7, generation = 0;

	EXPECT_OK(list_put_terms(store, 5, 0, terms, 1));
	generation = list_generation(store);
	EXPECT_OK(ash_store_compact(store, &before, &after));
	EXPECT(after <= before);
	EXPECT_NUMBER(generation, list_generation(store));
	EXPECT_TEXT("5", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("a")));
	EXPECT_OK(list_put(store, 5, 1, TEXT("w")));
	list_close(store);
}

TEST(limits_are_kept)
{
	struct ash_store *store = list_open();
	static uint8_t big[ASH_STORE_VALUE_MAX + 1];
	struct ash_span terms[ASH_STORE_TERMS_MAX + 1];
	uint8_t bytes[ASH_STORE_TERMS_MAX + 1][ASH_STORE_TERM_MAX + 1];

	for (size_t i = 0; i < ASH_COUNT(terms); i++) {
		memset(bytes[i], (int)i, sizeof(bytes[i]));
		terms[i] = ash_span(bytes[i], ASH_STORE_TERM_MAX);
	}
	EXPECT_CODE(ASH_E_LIMIT, list_put_terms(store, 1, 0, terms, ASH_STORE_TERMS_MAX + 1));
	EXPECT_OK(list_put_terms(store, 1, 0, terms, ASH_STORE_TERMS_MAX));
	EXPECT_TEXT("1", list_found(store, LIST_SPACE, LIST_OWNER, terms[31]));
	terms[2].len = ASH_STORE_TERM_MAX + 1;
	EXPECT_CODE(ASH_E_LIMIT, list_put_terms(store, 1, 1, terms, 3));
	EXPECT_TEXT("", list_found(store, LIST_SPACE, LIST_OWNER, terms[2]));
	terms[2].len = 0;
	EXPECT_CODE(ASH_E_ARGUMENT, list_put_terms(store, 1, 1, terms, 3));
	EXPECT_CODE(ASH_E_LIMIT, list_put(store, 2, 0, SPAN(big)));
	memset(big, 'x', sizeof(big));
	EXPECT_OK(list_put(store, 2, 0, ash_span(big, ASH_STORE_VALUE_MAX)));
	list_expect(store, 2, 1, ash_span(big, ASH_STORE_VALUE_MAX));
	EXPECT_CODE(ASH_E_ARGUMENT, list_put(store, ASH_STORE_ID_MAX + 1, 0, TEXT("v")));
	list_close(store);
}

static struct ash_status list_put_nothing(struct ash_txn *txn, ASH_UNUSED void *context)
{
	return ash_txn_put(txn, list_name(0), 0, TEXT("v"), NULL, 0);
}

TEST(no_record_has_number_0)
{
	struct ash_store *store = list_open();

	EXPECT_CODE(ASH_E_ARGUMENT, ash_store_change(store, list_put_nothing, NULL));
	EXPECT_CODE(ASH_E_NOT_FOUND, list_delete(store, list_name(0)));
	list_close(store);
}

/* Does much, then fails. */
static struct ash_status list_work_and_fail(struct ash_txn *txn, void *context)
{
	const struct ash_span terms[] = { TEXT("new") };
	const enum ash_code *failure = context;

	ASH_TRY(ash_txn_put(txn, list_name(1), 1, TEXT("changed"), terms, 1));
	ASH_TRY(ash_txn_put(txn, list_name(3), 0, TEXT("added"), terms, 1));
	ASH_TRY(ash_txn_delete(txn, list_name(2)));
	ASH_TRY(ash_txn_delete_all(txn, LIST_SPACE + 1, LIST_OWNER));
	ASH_FAIL_WITH(*failure, "because");
}

TEST(what_fails_leaves_nothing_behind)
{
	struct ash_store *store = list_open();
	const struct ash_span old[] = { TEXT("old") };
	struct list_put other = { .name = { LIST_SPACE + 1, LIST_OWNER, 1 }, .value = TEXT("v") };
	enum ash_code failure = ASH_E_PIN_INCORRECT;
	uint64_t generation = 0;

	EXPECT_OK(list_put_terms(store, 1, 0, old, 1));
	EXPECT_OK(list_put_terms(store, 2, 0, old, 1));
	EXPECT_OK(ash_store_change(store, list_do_put, &other));
	generation = list_generation(store);
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_store_change(store, list_work_and_fail, &failure));
	EXPECT_NUMBER(ASH_E_PIN_INCORRECT, ash_status_origin().code);
	EXPECT_TEXT("because", ash_status_explanation());
	EXPECT_NUMBER(generation, list_generation(store));
	list_expect(store, 1, 1, TEXT("v"));
	EXPECT_TEXT("1 2", list_found(store, LIST_SPACE, LIST_OWNER, ASH_SPAN_NONE));
	EXPECT_TEXT("1 2", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("old")));
	EXPECT_TEXT("", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("new")));
	EXPECT_TEXT("1", list_found(store, LIST_SPACE + 1, LIST_OWNER, ASH_SPAN_NONE));
	list_close(store);
}

/* A conflict is no disaster: the function may go on to something else. */
static struct ash_status list_conflict_and_go_on(struct ash_txn *txn, ASH_UNUSED void *context)
{
	EXPECT_CODE(ASH_E_CONFLICT, ash_txn_put(txn, list_name(1), 5, TEXT("x"), NULL, 0));
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_txn_delete(txn, list_name(8)));
	return ash_txn_put(txn, list_name(2), 0, TEXT("second"), NULL, 0);
}

TEST(a_function_may_go_on_after_a_conflict)
{
	struct ash_store *store = list_open();

	EXPECT_OK(list_put(store, 1, 0, TEXT("first")));
	EXPECT_OK(ash_store_change(store, list_conflict_and_go_on, NULL));
	list_expect(store, 1, 1, TEXT("first"));
	list_expect(store, 2, 1, TEXT("second"));
	list_close(store);
}

/* Sees its own work before anybody else does. */
static struct ash_status list_read_own_writes(struct ash_txn *txn, ASH_UNUSED void *context)
{
	ASH_AUTO(ash_buf) got = ASH_BUF_PLAIN;
	const struct ash_span terms[] = { TEXT("t") };
	uint64_t version = 0;
	uint64_t ids[4];
	uint64_t number = 0;
	size_t count = 0;

	ASH_TRY(ash_txn_put(txn, list_name(1), 0, TEXT("mine"), terms, 1));
	EXPECT_OK(ash_txn_get(txn, list_name(1), &got, &version));
	EXPECT_SPAN(TEXT("mine"), ash_buf_span(&got));
	EXPECT_OK(ash_txn_find(txn, LIST_SPACE, LIST_OWNER, TEXT("t"), 0, ids, 4, &count));
	EXPECT_NUMBER(1, count);
	EXPECT_OK(ash_txn_count(txn, LIST_SPACE, LIST_OWNER, TEXT("t"), 9, &number));
	EXPECT_NUMBER(1, number);
	ASH_TRY(ash_txn_delete(txn, list_name(1)));
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_txn_get(txn, list_name(1), NULL, &version));
	return ASH_DONE;
}

TEST(a_change_sees_its_own_work)
{
	struct ash_store *store = list_open();

	EXPECT_OK(ash_store_change(store, list_read_own_writes, NULL));
	list_expect_none(store, 1);
	list_close(store);
}

static struct ash_status list_do_nothing(ASH_UNUSED struct ash_txn *txn, ASH_UNUSED void *context)
{
	return ASH_DONE;
}

TEST(the_generation_tells_of_each_commit)
{
	struct ash_store *store = list_open();
	uint64_t before = list_generation(store);

	EXPECT_NUMBER(before, list_generation(store));
	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	EXPECT(list_generation(store) > before);
	before = list_generation(store);
	EXPECT_CODE(ASH_E_CONFLICT, list_put(store, 1, 0, TEXT("v")));
	EXPECT_OK(ash_store_change(store, list_do_nothing, NULL));
	EXPECT_NUMBER(before, list_generation(store));
	EXPECT_OK(list_delete(store, list_name(1)));
	EXPECT(list_generation(store) > before);
	list_close(store);
}

TEST(a_view_stays_as_it_is_while_others_write)
{
	struct ash_store *store = list_open();
	ASH_AUTO(ash_txn) *view = NULL;
	ASH_AUTO(ash_buf) got = ASH_BUF_PLAIN;
	uint64_t version = 0;

	EXPECT_OK(list_put(store, 1, 0, TEXT("old")));
	EXPECT_OK(ash_store_view(store, &view));
	EXPECT_OK(ash_txn_get(view, list_name(1), NULL, &version));
	EXPECT_OK(list_put(store, 1, 1, TEXT("new")));
	EXPECT_OK(list_put(store, 2, 0, TEXT("more")));
	EXPECT_OK(ash_txn_get(view, list_name(1), &got, &version));
	EXPECT_NUMBER(1, version);
	EXPECT_SPAN(TEXT("old"), ash_buf_span(&got));
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_txn_get(view, list_name(2), NULL, &version));
	list_expect(store, 1, 2, TEXT("new"));
	view = ash_txn_end(view);
	list_close(store);
}

TEST(many_views_can_be_open_at_once)
{
	struct ash_store *store = list_open();
	struct ash_txn *views[40];
	uint64_t version = 0;

	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	for (size_t i = 0; i < ASH_COUNT(views); i++) {
		EXPECT_OK(ash_store_view(store, &views[i]));
		EXPECT_OK(ash_txn_get(views[i], list_name(1), NULL, &version));
	}
	for (size_t i = 0; i < ASH_COUNT(views); i++)
		EXPECT(ash_txn_end(views[i]) == NULL);
	EXPECT(ash_txn_end(NULL) == NULL);
	list_close(store);
}

TEST(every_allocation_may_fail)
{
	struct ash_store *store = NULL;
	const struct ash_span two[] = { TEXT("a"), TEXT("b") };
	const struct ash_span three[] = { TEXT("b"), TEXT("c"), TEXT("d") };
	struct ash_record_name name = list_name(1);
	struct ash_txn *view = NULL;
	uint64_t version = 0;

	FAIL_EVERY_ALLOCATION(store == NULL, list_try(&store));
	FAIL_EVERY_ALLOCATION(true, list_put_terms(store, 1, 0, two, 2));
	FAIL_EVERY_ALLOCATION(true, list_put_terms(store, 2, 0, two, 2));
	FAIL_EVERY_ALLOCATION(true, list_put_terms(store, 1, 1, three, 3));
	FAIL_EVERY_ALLOCATION(view == NULL, ash_store_view(store, &view));
	EXPECT_OK(ash_txn_get(view, name, NULL, &version));
	EXPECT_NUMBER(2, version);
	view = ash_txn_end(view);
	FAIL_EVERY_ALLOCATION(true, list_delete(store, list_name(1)));
	EXPECT_TEXT("2", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("a")));
	EXPECT_TEXT("2", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("b")));
	EXPECT_TEXT("", list_found(store, LIST_SPACE, LIST_OWNER, TEXT("d")));
	list_close(store);
}

#define LIST_THREADS 8
#define LIST_ROUNDS  60

static void *list_incrementer(void *context)
{
	struct ash_store *store = context;

	for (unsigned i = 0; i < LIST_ROUNDS; i++) {
		struct list_increment increment = { .id = 1 + i % 3, .fail = i % 5 == 4 };
		uint64_t before = list_generation(store);

		EXPECT_CODE(increment.fail ? ASH_E_DATA : ASH_OK,
			    ash_store_change(store, list_do_increment, &increment));
		if (increment.fail)
			EXPECT_NUMBER(ASH_E_DATA, ash_status_origin().code);
		else
			EXPECT(list_generation(store) > before);
	}
	return NULL;
}

static void *list_reader(void *context)
{
	struct ash_store *store = context;
	uint64_t last = 0;

	for (int i = 0; i < 200; i++) {
		uint64_t generation = list_generation(store);
		uint64_t number = list_number(store, 1);

		EXPECT(number >= last);
		EXPECT(generation != list_generation(store) || number == list_number(store, 1) ||
		       generation != list_generation(store));
		last = number;
	}
	return NULL;
}

TEST(threads_lose_no_update)
{
	struct ash_store *store = list_open();
	pthread_t threads[LIST_THREADS + 2];
	uint64_t total = 0;

	for (uint64_t id = 1; id <= 3; id++) {
		struct list_increment increment = { .id = id };

		EXPECT_OK(ash_store_change(store, list_do_increment, &increment));
	}
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL,
						i < LIST_THREADS ? list_incrementer : list_reader, store));
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	for (uint64_t id = 1; id <= 3; id++)
		total += list_number(store, id);
	EXPECT_NUMBER(3 + LIST_THREADS * LIST_ROUNDS * 4 / 5, total);
	list_close(store);
}

/*
 * Random work beside a model that is plainly right: 12 records, 6 terms. Each
 * change is of several steps and may fail at its end.
 */
#define MODEL_IDS   12u
#define MODEL_TERMS 6u

struct list_model {
	uint64_t version[MODEL_IDS];
	uint8_t terms[MODEL_IDS]; /* a bit each */
	uint8_t value[MODEL_IDS];
};

struct list_run {
	struct list_model model;
	uint32_t seed;
	bool fail;
};

static uint32_t list_random(uint32_t *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

static struct ash_status list_random_put(struct ash_txn *txn, struct list_run *run, unsigned i)
{
	static const uint8_t letters[MODEL_TERMS + 1] = "abcdef";
	struct ash_span terms[MODEL_TERMS];
	struct list_model *model = &run->model;
	size_t count = 0;

	model->terms[i] = (uint8_t)(list_random(&run->seed) % (1u << MODEL_TERMS));
	model->value[i] = (uint8_t)list_random(&run->seed);
	for (size_t t = 0; t < MODEL_TERMS; t++) {
		if ((model->terms[i] >> t & 1) != 0)
			terms[count++] = ash_span(&letters[t], 1);
	}
	ASH_TRY(ash_txn_put(txn, list_name(i + 1), model->version[i], ash_span(&model->value[i], 1), terms,
			    count));
	model->version[i]++;
	return ASH_DONE;
}

static struct ash_status list_random_work(struct ash_txn *txn, void *context)
{
	struct list_run *run = context;
	unsigned steps = 1 + list_random(&run->seed) % 6;

	for (unsigned step = 0; step < steps; step++) {
		unsigned i = list_random(&run->seed) % MODEL_IDS;
		unsigned what = list_random(&run->seed) % 50;

		if (what == 0) {
			ASH_TRY(ash_txn_delete_all(txn, LIST_SPACE, LIST_OWNER));
			memset(&run->model, 0, sizeof(run->model));
		} else if (what < 15) {
			EXPECT_CODE(run->model.version[i] != 0 ? ASH_OK : ASH_E_NOT_FOUND,
				    ash_txn_delete(txn, list_name(i + 1)));
			run->model.version[i] = 0;
			run->model.terms[i] = 0;
		} else {
			ASH_TRY(list_random_put(txn, run, i));
		}
	}
	ASH_ENSURE(!run->fail, ASH_E_DATA);
	return ASH_DONE;
}

static void list_compare_model(struct ash_store *store, const struct list_model *model)
{
	static const uint8_t letters[MODEL_TERMS + 1] = "abcdef";

	for (unsigned i = 0; i < MODEL_IDS; i++) {
		if (model->version[i] == 0)
			list_expect_none(store, i + 1);
		else
			list_expect(store, i + 1, model->version[i], ash_span(&model->value[i], 1));
	}
	for (unsigned t = 0; t < MODEL_TERMS; t++) {
		char want[100] = "";
		size_t at = 0;

		for (unsigned i = 0; i < MODEL_IDS; i++) {
			if (model->version[i] != 0 && (model->terms[i] >> t & 1) != 0)
				at += (size_t)snprintf(want + at, sizeof(want) - at, at == 0 ? "%u" : " %u",
						       i + 1);
		}
		EXPECT_TEXT(want, list_found(store, LIST_SPACE, LIST_OWNER, ash_span(&letters[t], 1)));
	}
}

TEST(random_work_agrees_with_a_model)
{
	struct ash_store *store = list_open();
	struct list_run run = { .seed = 1 };

	for (int round = 0; round < 150; round++) {
		const struct list_model before = run.model;

		run.fail = list_random(&run.seed) % 4 == 0;
		EXPECT_CODE(run.fail ? ASH_E_DATA : ASH_OK, ash_store_change(store, list_random_work, &run));
		if (run.fail)
			run.model = before;
		list_compare_model(store, &run.model);
	}
	list_close(store);
}

TEST(nothing_is_closed_and_abandoned_too)
{
	EXPECT(ash_store_close(NULL) == NULL);
	EXPECT(ash_store_abandon(NULL) == NULL);
}
