/*
 * What tests of stores share: changes that put and delete, and what is expected
 * to be found afterwards.
 */
#pragma once

#include "store/store.h"
#include "unit/test.h"

#define LIST_SPACE 7u
#define LIST_OWNER UINT64_C(9)

struct list_put {
	struct ash_record_name name;
	uint64_t if_version;
	struct ash_span value;
	const struct ash_span *terms;
	size_t term_count;
	uint64_t new_id; /* out, when name.id is 0 */
	struct ash_status then;
};

ASH_UNUSED static struct ash_record_name list_name(uint64_t id)
{
	return (struct ash_record_name){ LIST_SPACE, LIST_OWNER, id };
}

ASH_UNUSED static struct ash_status list_do_put(struct ash_txn *txn, void *context)
{
	struct list_put *put = context;
	struct ash_record_name name = put->name;

	if (name.id == 0) {
		ASH_TRY(ash_txn_new_id(txn, &name.id));
		put->new_id = name.id;
	}
	ASH_TRY(ash_txn_put(txn, name, put->if_version, put->value, put->terms, put->term_count));
	return put->then;
}

ASH_UNUSED static struct ash_status list_put(struct ash_store *store, uint64_t id, uint64_t if_version,
					     struct ash_span value)
{
	struct list_put put = { .name = list_name(id), .if_version = if_version, .value = value };

	return ash_store_change(store, list_do_put, &put);
}

ASH_UNUSED static struct ash_status list_put_terms(struct ash_store *store, uint64_t id, uint64_t if_version,
						   const struct ash_span *terms, size_t term_count)
{
	struct list_put put = { .name = list_name(id),
				.if_version = if_version,
				.value = TEXT("v"),
				.terms = terms,
				.term_count = term_count };

	return ash_store_change(store, list_do_put, &put);
}

ASH_UNUSED static uint64_t list_add(struct ash_store *store, struct ash_span value,
				    const struct ash_span *terms, size_t count)
{
	struct list_put put = { .name = list_name(0), .value = value, .terms = terms, .term_count = count };

	EXPECT_OK(ash_store_change(store, list_do_put, &put));
	return put.new_id;
}

ASH_UNUSED static struct ash_status list_do_delete(struct ash_txn *txn, void *context)
{
	const struct ash_record_name *name = context;

	return ash_txn_delete(txn, *name);
}

ASH_UNUSED static struct ash_status list_delete(struct ash_store *store, struct ash_record_name name)
{
	return ash_store_change(store, list_do_delete, &name);
}

ASH_UNUSED static struct ash_status list_do_delete_all(struct ash_txn *txn, void *context)
{
	const struct ash_record_name *name = context;

	return ash_txn_delete_all(txn, name->space, name->owner);
}

ASH_UNUSED static struct ash_status list_get(struct ash_store *store, struct ash_record_name name,
					     struct ash_buf *value, uint64_t *ret_version)
{
	ASH_AUTO(ash_txn) *view = NULL;

	ASH_TRY(ash_store_view(store, &view));
	return ash_txn_get(view, name, value, ret_version);
}

ASH_UNUSED static void list_expect(struct ash_store *store, uint64_t id, uint64_t version,
				   struct ash_span value)
{
	ASH_AUTO(ash_buf) got = ASH_BUF_PLAIN;
	uint64_t got_version = 0;

	EXPECT_OK(list_get(store, list_name(id), &got, &got_version));
	EXPECT_NUMBER(version, got_version);
	EXPECT_SPAN(value, ash_buf_span(&got));
}

ASH_UNUSED static void list_expect_none(struct ash_store *store, uint64_t id)
{
	uint64_t version = 77;

	EXPECT_CODE(ASH_E_NOT_FOUND, list_get(store, list_name(id), NULL, &version));
	EXPECT_NUMBER(77, version);
}

/* What is found, as "1 2 3". */
ASH_UNUSED static const char *list_found(struct ash_store *store, uint32_t space, uint64_t owner,
					 struct ash_span term)
{
	static _Thread_local char text[400];
	ASH_AUTO(ash_txn) *view = NULL;
	uint64_t ids[20];
	uint64_t counted = 0;
	size_t count = 0;
	size_t at = 0;

	EXPECT_OK(ash_store_view(store, &view));
	EXPECT_OK(ash_txn_find(view, space, owner, term, 0, ids, ASH_COUNT(ids), &count));
	EXPECT_OK(ash_txn_count(view, space, owner, term, ASH_COUNT(ids), &counted));
	EXPECT_NUMBER(count, counted);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, i == 0 ? "%llu" : " %llu",
				       (unsigned long long)ids[i]);
	return text;
}

ASH_UNUSED static uint64_t list_generation(struct ash_store *store)
{
	uint64_t generation = 0;

	EXPECT_OK(ash_store_generation(store, &generation));
	EXPECT(generation != 0);
	return generation;
}

/* Adds one to the number in record `id`; fails afterwards if told so. */
struct list_increment {
	uint64_t id;
	bool fail;
};

ASH_UNUSED static struct ash_status list_do_increment(struct ash_txn *txn, void *context)
{
	const struct list_increment *increment = context;
	ASH_AUTO(ash_buf) got = ASH_BUF_PLAIN;
	uint64_t number = 0;
	uint64_t version = 0;
	struct ash_status status = ash_txn_get(txn, list_name(increment->id), &got, &version);

	if (!ash_is_ok(status) && status.code != ASH_E_NOT_FOUND)
		return status;
	if (ash_is_ok(status)) {
		EXPECT_NUMBER(sizeof(number), got.len);
		memcpy(&number, got.data, sizeof(number));
	}
	number++;
	ASH_TRY(ash_txn_put(txn, list_name(increment->id), version, ash_span(&number, sizeof(number)), NULL,
			    0));
	ASH_ENSURE(!increment->fail, ASH_E_DATA);
	return ASH_DONE;
}

ASH_UNUSED static uint64_t list_number(struct ash_store *store, uint64_t id)
{
	ASH_AUTO(ash_buf) got = ASH_BUF_PLAIN;
	uint64_t number = 0;
	uint64_t version = 0;

	EXPECT_OK(list_get(store, list_name(id), &got, &version));
	EXPECT_NUMBER(sizeof(number), got.len);
	memcpy(&number, got.data, sizeof(number));
	EXPECT_NUMBER(number, version);
	return number;
}
