/*
 * A back end that keeps nothing but counts, and fails when it is told to: for what
 * stands above the back ends.
 */
#pragma once

#include <pthread.h>

#include "store/backend.h"
#include "unit/test.h"

static struct {
	/* What to answer; ASH_OK is the default. */
	enum ash_code begin, mark, undo, commit, put;
	bool readonly;
	void (*in_begin)(void);

	/* What was called. */
	_Atomic int begins, marks, undos, commits, ends, puts, opens, closes, abandons;
	_Atomic int marks_of_batch, most_of_batch;
	_Atomic int compacts;
} fake;

static int fake_store, fake_txn;

static struct ash_status fake_answer(enum ash_code code)
{
	if (code != ASH_OK)
		ASH_FAIL_WITH(code, "the fake says so");
	return ASH_DONE;
}

static struct ash_status fake_open(ASH_UNUSED const struct ash_store_options *options, void **ret_store)
{
	fake.opens++;
	ASH_TRY(fake_answer(fake.begin));
	*ret_store = &fake_store;
	return ASH_DONE;
}

static void *fake_close(ASH_UNUSED void *store)
{
	fake.closes++;
	return NULL;
}

static void *fake_abandon(ASH_UNUSED void *store)
{
	fake.abandons++;
	return NULL;
}

static bool fake_writable(ASH_UNUSED void *store)
{
	return !fake.readonly;
}

static struct ash_status fake_generation(ASH_UNUSED void *store, uint64_t *ret_generation)
{
	*ret_generation = 9;
	return ASH_DONE;
}

static struct ash_status fake_read_begin(void *store, void **ret_txn)
{
	EXPECT(store == &fake_store);
	ASH_TRY(fake_answer(fake.begin));
	*ret_txn = &fake_txn;
	return ASH_DONE;
}

static struct ash_status fake_write_begin(void *store, void **ret_txn)
{
	EXPECT(store == &fake_store);
	fake.begins++;
	fake.marks_of_batch = 0;
	if (fake.in_begin != NULL)
		fake.in_begin();
	ASH_TRY(fake_answer(fake.begin));
	*ret_txn = &fake_txn;
	return ASH_DONE;
}

static struct ash_status fake_mark(void *txn)
{
	EXPECT(txn == &fake_txn);
	fake.marks++;
	if (++fake.marks_of_batch > fake.most_of_batch)
		fake.most_of_batch = (int)fake.marks_of_batch;
	return fake_answer(fake.mark);
}

static struct ash_status fake_undo(ASH_UNUSED void *txn)
{
	fake.undos++;
	return fake_answer(fake.undo);
}

static struct ash_status fake_commit(ASH_UNUSED void *txn)
{
	fake.commits++;
	return fake_answer(fake.commit);
}

static void fake_end(void *txn)
{
	EXPECT(txn == &fake_txn);
	fake.ends++;
}

static struct ash_status fake_get(ASH_UNUSED void *txn, ASH_UNUSED struct ash_record_name name,
				  ASH_UNUSED struct ash_buf *value, uint64_t *ret_version)
{
	*ret_version = 3;
	return ASH_DONE;
}

static struct ash_status fake_find(ASH_UNUSED void *txn, ASH_UNUSED uint32_t space, ASH_UNUSED uint64_t owner,
				   ASH_UNUSED struct ash_span term, uint64_t after, uint64_t *ids, size_t cap,
				   size_t *ret_count)
{
	EXPECT(cap > 0 && after < ASH_STORE_ID_MAX);
	ids[0] = after + 1;
	*ret_count = 1;
	return ASH_DONE;
}

static struct ash_status fake_count(ASH_UNUSED void *txn, ASH_UNUSED uint32_t space,
				    ASH_UNUSED uint64_t owner, ASH_UNUSED struct ash_span term,
				    uint64_t limit, uint64_t *ret_count)
{
	*ret_count = limit;
	return ASH_DONE;
}

static struct ash_status fake_new_id(ASH_UNUSED void *txn, uint64_t *ret_id)
{
	*ret_id = 5;
	return ASH_DONE;
}

static struct ash_status fake_put(ASH_UNUSED void *txn, ASH_UNUSED struct ash_record_name name,
				  ASH_UNUSED uint64_t if_version, ASH_UNUSED struct ash_span value,
				  ASH_UNUSED const struct ash_span *terms, ASH_UNUSED size_t term_count)
{
	fake.puts++;
	return fake_answer(fake.put);
}

static struct ash_status fake_delete(ASH_UNUSED void *txn, ASH_UNUSED struct ash_record_name name)
{
	return fake_answer(fake.put);
}

static struct ash_status fake_delete_all(ASH_UNUSED void *txn, ASH_UNUSED uint32_t space,
					 ASH_UNUSED uint64_t owner)
{
	return fake_answer(fake.put);
}

static struct ash_status fake_hold(ASH_UNUSED void *store, ASH_UNUSED uint64_t owner,
				   ASH_UNUSED enum ash_hold hold)
{
	return ASH_DONE;
}

static struct ash_status fake_held(ASH_UNUSED void *store, ASH_UNUSED uint64_t owner, bool *ret_held)
{
	*ret_held = false;
	return ASH_DONE;
}

/* Never inside a transaction. */
static struct ash_status fake_compact(void *store, uint64_t *ret_before, uint64_t *ret_after)
{
	EXPECT(store == &fake_store);
	EXPECT_NUMBER(fake.begins, fake.commits + fake.ends);
	fake.compacts++;
	*ret_before = 2;
	*ret_after = 1;
	return fake_answer(fake.commit);
}

static const struct ash_store_ops fake_ops = {
	.compact = fake_compact,
	.abi = ASH_STORE_ABI,
	.name = "fake",
	.open = fake_open,
	.close = fake_close,
	.abandon = fake_abandon,
	.writable = fake_writable,
	.generation = fake_generation,
	.hold = fake_hold,
	.held = fake_held,
	.read_begin = fake_read_begin,
	.write_begin = fake_write_begin,
	.mark = fake_mark,
	.undo = fake_undo,
	.commit = fake_commit,
	.end = fake_end,
	.get = fake_get,
	.find = fake_find,
	.count = fake_count,
	.new_id = fake_new_id,
	.put = fake_put,
	.delete = fake_delete,
	.delete_all = fake_delete_all,
};

static void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
}
