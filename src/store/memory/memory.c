#include "store/memory/memory.h"

#include "store/memory/tree.h"
#include "store/terms.h"
#include "util/lock.h"
#include "util/mem.h"
#include "util/writer.h"

/*
 * One tree holds both kinds of entries, told apart by the key's first byte:
 *   'r' space owner id          -> a record: its version, value and terms
 *   't' space owner len term id -> nothing: the record has the term
 * Numbers are big-endian, so that entries lie in the order of their ids.
 */
#define PLACE_LEN (1u + 4u + 8u)
#define KEY_MAX   (PLACE_LEN + 1u + ASH_STORE_TERM_MAX + 8u)

struct memory {
	struct ash_lock lock; /* ASH_RANK_STORE; guards the fields below */
	struct ash_tree *root;
	uint64_t generation;

	uint64_t latest_id; /* the one writer's own */
};

struct txn {
	struct memory *store;
	struct ash_tree *root;
	struct ash_tree *marked;
	bool changed;
};

struct key {
	uint8_t bytes[KEY_MAX];
	size_t len;
};

static void key_number(struct key *key, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		key->bytes[key->len++] = (uint8_t)(value >> (8 * (len - 1 - i)));
}

static struct ash_span key_span(const struct key *key)
{
	return ash_span(key->bytes, key->len);
}

static struct key place_key(uint8_t kind, uint32_t space, uint64_t owner)
{
	struct key key = { .len = 0 };

	key_number(&key, kind, 1);
	key_number(&key, space, sizeof(space));
	key_number(&key, owner, sizeof(owner));
	return key;
}

static struct key record_key(struct ash_record_name name)
{
	struct key key = place_key('r', name.space, name.owner);

	key_number(&key, name.id, sizeof(name.id));
	return key;
}

/* What the keys of all records with the term begin with, or of all records; the id follows. */
static struct key list_key(uint32_t space, uint64_t owner, struct ash_span term)
{
	struct key key = place_key(term.data != NULL ? 't' : 'r', space, owner);

	if (term.data != NULL) {
		key_number(&key, term.len, 1);
		memcpy(key.bytes + key.len, term.data, term.len);
		key.len += term.len;
	}
	return key;
}

static struct key term_key(struct ash_record_name name, struct ash_span term)
{
	struct key key = list_key(name.space, name.owner, term);

	key_number(&key, name.id, sizeof(name.id));
	return key;
}

static bool begins_with(const struct ash_item *item, const struct key *prefix)
{
	struct ash_span key = ash_item_key(item);

	return key.len >= prefix->len && memcmp(key.data, prefix->bytes, prefix->len) == 0;
}

static uint64_t item_id(const struct ash_item *item)
{
	struct ash_span key = ash_item_key(item);
	uint64_t id = 0;

	for (size_t i = key.len - sizeof(id); i < key.len; i++)
		id = id << 8 | key.data[i];
	return id;
}

static struct ash_status memory_open(const struct ash_store_options *options, void **ret_store)
{
	ASH_AUTO_MEM struct memory *store = NULL;

	/* Nothing was here before: there is no memory to open without making it. */
	ASH_ENSURE(options->create && !options->readonly, ASH_E_NOT_FOUND);
	store = ash_mem_new(1, sizeof(*store));
	ASH_ENSURE(store != NULL, ASH_E_MEMORY);
	ASH_TRY(ash_lock_init(&store->lock, ASH_RANK_STORE));
	store->generation = 1;
	*ret_store = ASH_TAKE(store);
	return ASH_DONE;
}

static void *memory_close(void *given)
{
	struct memory *store = given;

	if (store == NULL)
		return NULL;
	ash_tree_unref(store->root);
	ash_lock_done(&store->lock);
	return ash_mem_free(store);
}

static void *memory_abandon(void *given)
{
	struct memory *store = given;

	if (store == NULL)
		return NULL;
	/* The tree is this process's own copy; the lock may be held by a thread that it does not have. */
	ash_tree_unref(store->root);
	return ash_mem_free(store);
}

static bool memory_writable(ASH_UNUSED void *store)
{
	return true;
}

/* There is no other process. */
static struct ash_status memory_hold(ASH_UNUSED void *store, ASH_UNUSED uint64_t owner,
				     ASH_UNUSED enum ash_hold hold)
{
	return ASH_DONE;
}

static struct ash_status memory_held(ASH_UNUSED void *store, ASH_UNUSED uint64_t owner, bool *ret_held)
{
	*ret_held = false;
	return ASH_DONE;
}

static struct ash_status memory_generation(void *given, uint64_t *ret_generation)
{
	struct memory *store = given;

	ASH_LOCKED(&store->lock);
	*ret_generation = store->generation;
	return ASH_DONE;
}

static struct ash_status memory_begin(void *given, void **ret_txn)
{
	struct memory *store = given;
	struct txn *txn = ash_mem_new(1, sizeof(*txn));

	ASH_ENSURE(txn != NULL, ASH_E_MEMORY);
	txn->store = store;
	ASH_LOCKED(&store->lock);
	txn->root = ash_tree_ref(store->root);
	*ret_txn = txn;
	return ASH_DONE;
}

static void memory_end(void *given)
{
	struct txn *txn = given;

	ash_tree_unref(txn->root);
	ash_tree_unref(txn->marked);
	ash_mem_free(txn);
}

static struct ash_status memory_mark(void *given)
{
	struct txn *txn = given;

	ash_tree_unref(txn->marked);
	txn->marked = ash_tree_ref(txn->root);
	return ASH_DONE;
}

static struct ash_status memory_undo(void *given)
{
	struct txn *txn = given;

	ash_tree_unref(txn->root);
	txn->root = ash_tree_ref(txn->marked);
	return ASH_DONE;
}

static void publish(struct txn *txn)
{
	struct memory *store = txn->store;
	struct ash_tree *old = NULL;

	ASH_LOCKED(&store->lock);
	old = store->root;
	store->root = txn->root;
	store->generation++;
	txn->root = old; /* dropped with the transaction, after the lock */
}

static struct ash_status memory_commit(void *given)
{
	struct txn *txn = given;

	if (txn->changed)
		publish(txn);
	memory_end(txn);
	return ASH_DONE;
}

static struct ash_status memory_get(void *given, struct ash_record_name name, struct ash_buf *value,
				    uint64_t *ret_version)
{
	struct txn *txn = given;
	const struct key key = record_key(name);
	const struct ash_item *record = ash_tree_get(txn->root, key_span(&key));

	ASH_ENSURE(record != NULL, ASH_E_NOT_FOUND);
	if (value != NULL)
		ASH_TRY(ash_buf_add(value, ash_item_first(record)));
	*ret_version = ash_item_number(record);
	return ASH_DONE;
}

/* Goes along the ids above `after`; they are written to `ids` where it is given. */
static uint64_t walk(struct txn *txn, const struct key *list, uint64_t after, uint64_t *ids, uint64_t cap)
{
	const struct ash_item *item = NULL;
	struct key from = *list;
	uint64_t count = 0;

	key_number(&from, after, sizeof(after));
	item = ash_tree_above(txn->root, key_span(&from), false);
	while (count < cap && item != NULL && begins_with(item, list)) {
		if (ids != NULL)
			ids[count] = item_id(item);
		count++;
		item = ash_tree_above(txn->root, ash_item_key(item), false);
	}
	return count;
}

static bool possible(struct ash_span term)
{
	return term.data == NULL || (term.len != 0 && term.len <= ASH_STORE_TERM_MAX);
}

static struct ash_status memory_find(void *txn, uint32_t space, uint64_t owner, struct ash_span term,
				     uint64_t after, uint64_t *ids, size_t cap, size_t *ret_count)
{
	struct key list;

	*ret_count = 0;
	if (!possible(term))
		return ASH_DONE;
	list = list_key(space, owner, term);
	*ret_count = (size_t)walk(txn, &list, after, ids, cap);
	return ASH_DONE;
}

static struct ash_status memory_count(void *txn, uint32_t space, uint64_t owner, struct ash_span term,
				      uint64_t limit, uint64_t *ret_count)
{
	struct key list;

	*ret_count = 0;
	if (!possible(term))
		return ASH_DONE;
	list = list_key(space, owner, term);
	*ret_count = walk(txn, &list, 0, NULL, limit);
	return ASH_DONE;
}

static struct ash_status memory_new_id(void *given, uint64_t *ret_id)
{
	struct txn *txn = given;

	ASH_ENSURE(txn->store->latest_id < ASH_STORE_ID_MAX, ASH_E_LIMIT);
	*ret_id = ++txn->store->latest_id;
	return ASH_DONE;
}

static void replace_root(struct txn *txn, struct ash_tree *root)
{
	ash_tree_unref(txn->root);
	txn->root = root;
	txn->changed = true;
}

static struct ash_status add_item(struct txn *txn, const struct key *key, uint64_t number,
				  struct ash_span first, struct ash_span second)
{
	ASH_AUTO(ash_item) *item = NULL;
	struct ash_tree *root = NULL;

	ASH_TRY(ash_item_new(key_span(key), number, first, second, &item));
	ASH_TRY(ash_tree_add(txn->root, item, &root));
	replace_root(txn, root);
	return ASH_DONE;
}

static struct ash_status remove_item(struct txn *txn, struct ash_span key)
{
	struct ash_tree *root = NULL;

	ASH_TRY(ash_tree_remove(txn->root, key, &root));
	replace_root(txn, root);
	return ASH_DONE;
}

/* Removes the index entries of those terms in `old` that are not in `kept`. */
static struct ash_status drop_terms(struct txn *txn, struct ash_record_name name, struct ash_span old,
				    struct ash_span kept)
{
	struct ash_reader in = ash_reader(old);
	struct ash_span term = ASH_SPAN_NONE;

	while (ash_terms_next(&in, &term)) {
		const struct key key = term_key(name, term);

		if (!ash_terms_have(kept, term))
			ASH_TRY(remove_item(txn, key_span(&key)));
	}
	return ASH_DONE;
}

static struct ash_status add_terms(struct txn *txn, struct ash_record_name name, struct ash_span terms,
				   struct ash_span there)
{
	struct ash_reader in = ash_reader(terms);
	struct ash_span term = ASH_SPAN_NONE;

	while (ash_terms_next(&in, &term)) {
		const struct key key = term_key(name, term);

		if (!ash_terms_have(there, term))
			ASH_TRY(add_item(txn, &key, 0, ASH_SPAN_NONE, ASH_SPAN_NONE));
	}
	return ASH_DONE;
}

static struct ash_status write_record(struct txn *txn, struct ash_record_name name,
				      const struct ash_item *old, uint64_t version, struct ash_span value,
				      struct ash_span terms)
{
	const struct key key = record_key(name);
	struct ash_span before = old != NULL ? ash_item_second(old) : ASH_SPAN_NONE;

	ASH_TRY(drop_terms(txn, name, before, terms));
	ASH_TRY(add_terms(txn, name, terms, before));
	return add_item(txn, &key, version, value, terms);
}

static struct ash_status memory_put(void *given, struct ash_record_name name, uint64_t if_version,
				    struct ash_span value, const struct ash_span *terms, size_t term_count)
{
	ASH_AUTO(ash_buf) set = ASH_BUF_PLAIN;
	struct txn *txn = given;
	/* `old` is lent by this tree, which the change must not take away meanwhile. */
	ASH_AUTO(ash_tree) *before = ash_tree_ref(txn->root);
	const struct key key = record_key(name);
	const struct ash_item *old = ash_tree_get(before, key_span(&key));

	ASH_TRY(ash_terms_encode(terms, term_count, &set));
	ASH_ENSURE((old != NULL ? ash_item_number(old) : 0) == if_version, ASH_E_CONFLICT);
	return write_record(txn, name, old, if_version + 1, value, ash_buf_span(&set));
}

static struct ash_status memory_delete(void *given, struct ash_record_name name)
{
	struct txn *txn = given;
	ASH_AUTO(ash_tree) *before = ash_tree_ref(txn->root);
	const struct key key = record_key(name);
	const struct ash_item *old = ash_tree_get(before, key_span(&key));

	ASH_ENSURE(old != NULL, ASH_E_NOT_FOUND);
	ASH_TRY(drop_terms(txn, name, ash_item_second(old), ASH_SPAN_NONE));
	return remove_item(txn, key_span(&key));
}

static struct ash_status remove_place(struct txn *txn, uint8_t kind, uint32_t space, uint64_t owner)
{
	const struct key place = place_key(kind, space, owner);
	const struct ash_item *item = ash_tree_above(txn->root, key_span(&place), true);

	while (item != NULL && begins_with(item, &place)) {
		ASH_TRY(remove_item(txn, ash_item_key(item)));
		item = ash_tree_above(txn->root, key_span(&place), true);
	}
	return ASH_DONE;
}

static struct ash_status memory_delete_all(void *txn, uint32_t space, uint64_t owner)
{
	ASH_TRY(remove_place(txn, 't', space, owner));
	return remove_place(txn, 'r', space, owner);
}

static struct ash_status memory_terms(void *given, struct ash_record_name name, struct ash_buf *terms)
{
	struct txn *txn = given;
	const struct key key = record_key(name);
	const struct ash_item *record = ash_tree_get(txn->root, key_span(&key));

	ASH_ENSURE(record != NULL, ASH_E_NOT_FOUND);
	return ash_buf_add(terms, ash_item_second(record));
}

static uint64_t number_at(struct ash_span key, size_t at, size_t len)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len; i++)
		number = number << 8 | key.data[at + i];
	return number;
}

static struct ash_status memory_place(void *given, struct ash_record_name after,
				      struct ash_record_name *ret_place)
{
	struct txn *txn = given;
	const struct key from = record_key((struct ash_record_name){ after.space, after.owner, UINT64_MAX });
	const struct ash_item *item = ash_tree_above(txn->root, key_span(&from), false);

	ASH_ENSURE(item != NULL && ash_item_key(item).data[0] == 'r', ASH_E_NOT_FOUND);
	*ret_place = (struct ash_record_name){
		.space = (uint32_t)number_at(ash_item_key(item), 1, 4),
		.owner = number_at(ash_item_key(item), 5, 8),
	};
	return ASH_DONE;
}

/* There is nothing that could be damaged but this process itself. */
static struct ash_status memory_inspect(void *given, ASH_UNUSED ash_store_tell *tell,
					ASH_UNUSED void *context, struct ash_store_facts *ret_facts)
{
	struct txn *txn = given;
	struct ash_store_facts facts = { .latest_id = txn->store->latest_id };
	const struct ash_item *item = ash_tree_above(txn->root, ash_span("", 0), true);

	for (; item != NULL; item = ash_tree_above(txn->root, ash_item_key(item), false)) {
		if (ash_item_key(item).data[0] == 'r')
			facts.records++;
		else
			facts.terms++;
	}
	ASH_TRY(memory_generation(txn->store, &facts.generation));
	*ret_facts = facts;
	return ASH_DONE;
}

static struct ash_status memory_backup(ASH_UNUSED void *txn, ASH_UNUSED const char *path)
{
	ASH_FAIL_WITH(ASH_E_UNSUPPORTED, "the store is in this process's memory alone");
}

static struct ash_status memory_compact(ASH_UNUSED void *store, uint64_t *ret_before, uint64_t *ret_after)
{
	*ret_before = 0;
	*ret_after = 0;
	return ASH_DONE;
}

const struct ash_store_ops ash_store_memory = {
	.abi = ASH_STORE_ABI,
	.name = "memory",
	.open = memory_open,
	.close = memory_close,
	.abandon = memory_abandon,
	.writable = memory_writable,
	.generation = memory_generation,
	.hold = memory_hold,
	.held = memory_held,
	.read_begin = memory_begin,
	.write_begin = memory_begin,
	.mark = memory_mark,
	.undo = memory_undo,
	.commit = memory_commit,
	.end = memory_end,
	.get = memory_get,
	.find = memory_find,
	.count = memory_count,
	.new_id = memory_new_id,
	.put = memory_put,
	.delete = memory_delete,
	.delete_all = memory_delete_all,
	.place = memory_place,
	.terms = memory_terms,
	.inspect = memory_inspect,
	.backup = memory_backup,
	.compact = memory_compact,
};
