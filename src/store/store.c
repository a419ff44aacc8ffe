#include "store/store.h"

#include "store/backend.h"
#include "store/queue_priv.h"
#include "util/mem.h"

struct ash_store {
	const struct ash_store_ops *ops;
	void *inner;
	struct ash_queue queue;
};

struct ash_status ash_store_open(const struct ash_store_ops *ops, const struct ash_store_options *options,
				 struct ash_store **ret_store)
{
	ASH_AUTO_MEM struct ash_store *store = NULL;

	ASH_BUG(ops->abi != ASH_STORE_ABI);
	store = ash_mem_new(1, sizeof(*store));
	ASH_ENSURE(store != NULL, ASH_E_MEMORY);
	store->ops = ops;
	ASH_TRY(ash_queue_init(&store->queue));
	ASH_TRY(ops->open(options, &store->inner));
	*ret_store = ASH_TAKE(store);
	return ASH_DONE;
}

struct ash_store *ash_store_close(struct ash_store *store)
{
	if (store == NULL)
		return NULL;
	store->ops->close(store->inner);
	ash_queue_done(&store->queue);
	return ash_mem_free(store);
}

/* The queue's lock is left alone: a thread that the child does not have may hold it. */
struct ash_store *ash_store_abandon(struct ash_store *store)
{
	if (store == NULL)
		return NULL;
	store->ops->abandon(store->inner);
	return ash_mem_free(store);
}

bool ash_store_writable(const struct ash_store *store)
{
	return store->ops->writable(store->inner);
}

struct ash_status ash_store_generation(struct ash_store *store, uint64_t *ret_generation)
{
	return store->ops->generation(store->inner, ret_generation);
}

struct ash_status ash_store_hold(struct ash_store *store, uint64_t owner, enum ash_hold hold)
{
	ASH_ENSURE(owner <= ASH_STORE_ID_MAX / 2, ASH_E_ARGUMENT);
	return store->ops->hold(store->inner, owner, hold);
}

struct ash_status ash_store_held(struct ash_store *store, uint64_t owner, bool *ret_held)
{
	ASH_ENSURE(owner <= ASH_STORE_ID_MAX / 2, ASH_E_ARGUMENT);
	return store->ops->held(store->inner, owner, ret_held);
}

struct ash_status ash_store_view(struct ash_store *store, struct ash_txn **ret_view)
{
	ASH_AUTO_MEM struct ash_txn *view = ash_mem_new(1, sizeof(*view));

	ASH_ENSURE(view != NULL, ASH_E_MEMORY);
	view->ops = store->ops;
	view->broken = ASH_DONE;
	ASH_TRY(store->ops->read_begin(store->inner, &view->inner));
	*ret_view = ASH_TAKE(view);
	return ASH_DONE;
}

struct ash_txn *ash_txn_end(struct ash_txn *view)
{
	if (view != NULL)
		view->ops->end(view->inner);
	return ash_mem_free(view);
}

struct ash_status ash_store_change(struct ash_store *store, ash_store_fn *fn, void *context)
{
	ASH_ENSURE(ash_store_writable(store), ASH_E_TOKEN_WRITE_PROTECTED);
	return ash_queue_change(&store->queue, store->ops, store->inner, fn, context);
}

struct ash_status ash_store_compact(struct ash_store *store, uint64_t *ret_before, uint64_t *ret_after)
{
	ASH_ENSURE(ash_store_writable(store), ASH_E_TOKEN_WRITE_PROTECTED);
	return ash_queue_compact(&store->queue, store->ops, store->inner, ret_before, ret_after);
}

struct ash_status ash_txn_place(struct ash_txn *txn, struct ash_record_name after,
				struct ash_record_name *ret_place)
{
	return txn->ops->place(txn->inner, after, ret_place);
}

struct ash_status ash_txn_terms(struct ash_txn *txn, struct ash_record_name name, struct ash_buf *terms)
{
	return txn->ops->terms(txn->inner, name, terms);
}

struct ash_status ash_txn_inspect(struct ash_txn *view, ash_store_tell *tell, void *context,
				  struct ash_store_facts *ret_facts)
{
	return view->ops->inspect(view->inner, tell, context, ret_facts);
}

struct ash_status ash_txn_backup(struct ash_txn *view, const char *path)
{
	return view->ops->backup(view->inner, path);
}

struct ash_status ash_txn_get(struct ash_txn *txn, struct ash_record_name name, struct ash_buf *value,
			      uint64_t *ret_version)
{
	ASH_ENSURE(name.id != 0 && name.id <= ASH_STORE_ID_MAX, ASH_E_NOT_FOUND);
	return txn->ops->get(txn->inner, name, value, ret_version);
}

struct ash_status ash_txn_find(struct ash_txn *txn, uint32_t space, uint64_t owner, struct ash_span term,
			       uint64_t after, uint64_t *ids, size_t cap, size_t *ret_count)
{
	if (cap == 0 || after >= ASH_STORE_ID_MAX) {
		*ret_count = 0;
		return ASH_DONE;
	}
	return txn->ops->find(txn->inner, space, owner, term, after, ids, cap, ret_count);
}

struct ash_status ash_txn_count(struct ash_txn *txn, uint32_t space, uint64_t owner, struct ash_span term,
				uint64_t limit, uint64_t *ret_count)
{
	return txn->ops->count(txn->inner, space, owner, term, limit < INT64_MAX ? limit : INT64_MAX,
			       ret_count);
}

/*
 * What a function may see and go on: its call changed nothing. After any other
 * failure the record may be half written, so the change can't be kept even if the
 * function overlooks it.
 */
static struct ash_status note(struct ash_txn *txn, struct ash_status status)
{
	const bool harmless = ash_is_ok(status) || status.code == ASH_E_CONFLICT ||
			      status.code == ASH_E_NOT_FOUND || status.code == ASH_E_LIMIT ||
			      status.code == ASH_E_ARGUMENT;

	if (!harmless && ash_is_ok(txn->broken))
		txn->broken = status;
	return status;
}

struct ash_status ash_txn_new_id(struct ash_txn *txn, uint64_t *ret_id)
{
	ASH_BUG(!txn->change);
	return note(txn, txn->ops->new_id(txn->inner, ret_id));
}

struct ash_status ash_txn_put(struct ash_txn *txn, struct ash_record_name name, uint64_t if_version,
			      struct ash_span value, const struct ash_span *terms, size_t term_count)
{
	ASH_BUG(!txn->change);
	ASH_ENSURE(name.id != 0 && name.id <= ASH_STORE_ID_MAX, ASH_E_ARGUMENT);
	ASH_ENSURE(value.len <= ASH_STORE_VALUE_MAX && if_version < INT64_MAX, ASH_E_LIMIT);
	return note(txn, txn->ops->put(txn->inner, name, if_version, value, terms, term_count));
}

static struct ash_status check_new(const struct ash_new_record *record)
{
	ASH_ENSURE(record->name.id != 0 && record->name.id <= ASH_STORE_ID_MAX, ASH_E_ARGUMENT);
	ASH_ENSURE(record->value.len <= ASH_STORE_VALUE_MAX, ASH_E_LIMIT);
	return ASH_DONE;
}

static struct ash_status put_new(struct ash_txn *txn, const struct ash_new_record *records, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ASH_TRY(check_new(&records[i]));
	if (txn->ops->put_new != NULL)
		return txn->ops->put_new(txn->inner, records, count);
	for (size_t i = 0; i < count; i++)
		ASH_TRY(txn->ops->put(txn->inner, records[i].name, 0, records[i].value, records[i].terms,
				      records[i].term_count));
	return ASH_DONE;
}

struct ash_status ash_txn_put_new(struct ash_txn *txn, const struct ash_new_record *records, size_t count)
{
	struct ash_status status;

	ASH_BUG(!txn->change);
	status = put_new(txn, records, count);
	/* Some may be written. */
	if (!ash_is_ok(status) && ash_is_ok(txn->broken))
		txn->broken = status;
	return status;
}

struct ash_status ash_txn_delete(struct ash_txn *txn, struct ash_record_name name)
{
	ASH_BUG(!txn->change);
	ASH_ENSURE(name.id != 0 && name.id <= ASH_STORE_ID_MAX, ASH_E_NOT_FOUND);
	return note(txn, txn->ops->delete (txn->inner, name));
}

struct ash_status ash_txn_delete_all(struct ash_txn *txn, uint32_t space, uint64_t owner)
{
	ASH_BUG(!txn->change);
	return note(txn, txn->ops->delete_all(txn->inner, space, owner));
}
