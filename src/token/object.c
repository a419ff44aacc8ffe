#include "token/object.h"

#include "token/hsm_priv.h"
#include "token/keymap.h"
#include "util/mem.h"

struct ash_status ash_object_table_init(struct ash_object_table *table)
{
	table->bucket = table->first_bucket;
	table->buckets = ASH_OBJECT_BUCKETS;
	return ash_lock_init(&table->lock, ASH_RANK_OBJECTS);
}

struct ash_status ash_object_new(struct ash_token *token, uint64_t era, struct ash_attrs *attrs,
				 struct ash_object **ret_object)
{
	struct ash_object *object = ash_mem_new(1, sizeof(*object));
	struct ash_status status;

	ASH_ENSURE(object != NULL, ASH_E_MEMORY);
	status = ash_lock_init(&object->key_lock, ASH_RANK_KEYS);
	if (!ash_is_ok(status)) {
		ash_mem_free(object);
		return status;
	}
	object->refs = 1;
	object->token = token;
	object->era = era;
	object->attrs = attrs;
	object->is_private = ash_attrs_bool(attrs, CKA_PRIVATE, false);
	*ret_object = object;
	return ASH_DONE;
}

struct ash_object *ash_object_ref(struct ash_object *object)
{
	atomic_fetch_add_explicit(&object->refs, 1, memory_order_relaxed);
	return object;
}

struct ash_object *ash_object_unref(struct ash_object *object)
{
	if (object == NULL || atomic_fetch_sub_explicit(&object->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	for (size_t i = 0; i < ASH_OBJECT_KEYS; i++)
		ash_key_free(object->key[i]);
	ash_attrs_free(object->attrs);
	ash_lock_done(&object->key_lock);
	return ash_mem_free(object);
}

ash_handle ash_object_handle(uint64_t id, bool is_private, uint64_t login)
{
	return (is_private ? ASH_LOGIN_EPOCH(login) << ASH_HANDLE_ID_BITS : 0) | id;
}

static struct ash_object **bucket(struct ash_object_table *table, ash_handle handle)
{
	const uint64_t mixed = handle * UINT64_C(0x9e3779b97f4a7c15);

	return &table->bucket[mixed >> 32 & (table->buckets - 1)];
}

static bool is_session_object(const struct ash_object *object)
{
	return (object->handle & ASH_HANDLE_SESSION_OBJECT) != 0;
}

static struct ash_object *find_in_bucket(struct ash_object_table *table, ash_handle handle)
{
	struct ash_object *object = *bucket(table, handle);

	while (object != NULL && object->handle != handle)
		object = object->bucket_next;
	return object;
}

/* Session objects are listed by rising handle, cached ones last used first. */
static void list_in(struct ash_object_table *table, struct ash_object *object)
{
	const bool session = is_session_object(object);
	struct ash_object **first = session ? &table->session_first : &table->cache_first;
	struct ash_object **last = session ? &table->session_last : &table->cache_last;
	struct ash_object *before = session ? *last : NULL;

	while (before != NULL && before->handle > object->handle)
		before = before->list_prev;
	object->list_prev = before;
	object->list_next = before != NULL ? before->list_next : *first;
	*(before != NULL ? &before->list_next : first) = object;
	*(object->list_next != NULL ? &object->list_next->list_prev : last) = object;
}

static void list_out(struct ash_object_table *table, struct ash_object *object)
{
	const bool session = is_session_object(object);
	struct ash_object **first = session ? &table->session_first : &table->cache_first;
	struct ash_object **last = session ? &table->session_last : &table->cache_last;

	*(object->list_prev != NULL ? &object->list_prev->list_next : first) = object->list_next;
	*(object->list_next != NULL ? &object->list_next->list_prev : last) = object->list_prev;
}

/* Takes the object out of the table and gives its reference to the caller. */
static struct ash_object *take_out(struct ash_object_table *table, struct ash_object *object)
{
	struct ash_object **link = bucket(table, object->handle);

	while (*link != object)
		link = &(*link)->bucket_next;
	*link = object->bucket_next;
	list_out(table, object);
	table->entered--;
	if (!is_session_object(object))
		table->cached--;
	atomic_store(&object->gone, true);
	return object;
}

struct ash_object *ash_object_lookup(struct ash_object_table *table, ash_handle handle)
{
	ASH_LOCKED(&table->lock);
	struct ash_object *object = find_in_bucket(table, handle);

	if (object == NULL)
		return NULL;
	if (!is_session_object(object) && object != table->cache_first) {
		list_out(table, object);
		list_in(table, object);
	}
	return ash_object_ref(object);
}

static void move_chains(struct ash_object_table *table, struct ash_object **from, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct ash_object *next = NULL;

		for (struct ash_object *object = from[i]; object != NULL; object = next) {
			struct ash_object **to = bucket(table, object->handle);

			next = object->bucket_next;
			object->bucket_next = *to;
			*to = object;
		}
		from[i] = NULL;
	}
}

/* Twice as many buckets, so that chains stay short; without memory for them they grow longer. */
static void widen(struct ash_object_table *table)
{
	struct ash_object **before = table->bucket;
	struct ash_object **wider = ash_mem_new(table->buckets * 2, sizeof(struct ash_object *));

	if (wider == NULL)
		return;
	table->bucket = wider;
	table->buckets *= 2;
	move_chains(table, before, table->buckets / 2);
	if (before != table->first_bucket)
		ash_mem_free(before);
}

/* Puts it in; what has to be freed without the lock goes to `out`. The lock is held. */
static void put_in(struct ash_object_table *table, struct ash_object *object, struct ash_object *older,
		   struct ash_object *out[2])
{
	if (older != NULL)
		out[0] = take_out(table, older);
	if (table->entered >= table->buckets * 2)
		widen(table);
	ash_object_ref(object);
	table->entered++;
	object->bucket_next = *bucket(table, object->handle);
	*bucket(table, object->handle) = object;
	list_in(table, object);
	if (!is_session_object(object) && ++table->cached > ASH_OBJECTS_CACHED)
		out[1] = take_out(table, table->cache_last);
}

/*
 * Whoever ends a login or a token's life looks at the table afterwards: what comes in
 * later sees here that it is over.
 */
static void drop_if_over(struct ash_object_table *table, struct ash_object *object)
{
	const struct ash_token *token = object->token;

	if (atomic_load(&token->era) != object->era ||
	    (object->login != 0 && atomic_load(&token->login) != object->login))
		ash_object_drop(table, object->handle);
}

void ash_object_enter(struct ash_object_table *table, struct ash_object *object)
{
	struct ash_object *out[2] = { NULL, NULL };

	{
		ASH_LOCKED(&table->lock);
		put_in(table, object, find_in_bucket(table, object->handle), out);
	}
	ash_object_unref(out[0]);
	ash_object_unref(out[1]);
	drop_if_over(table, object);
}

bool ash_object_replace(struct ash_object_table *table, struct ash_object *older, struct ash_object *object)
{
	struct ash_object *out[2] = { NULL, NULL };

	{
		ASH_LOCKED(&table->lock);
		if (atomic_load(&older->gone))
			return false;
		put_in(table, object, older, out);
	}
	ash_object_unref(out[0]);
	ash_object_unref(out[1]);
	drop_if_over(table, object);
	return true;
}

bool ash_object_drop(struct ash_object_table *table, ash_handle handle)
{
	struct ash_object *object = NULL;

	{
		ASH_LOCKED(&table->lock);
		object = find_in_bucket(table, handle);
		if (object != NULL)
			take_out(table, object);
	}
	if (object == NULL)
		return false;
	ash_object_unref(object);
	return true;
}

struct drop_filter {
	const struct ash_token *token; /* NULL: any */
	uint64_t login;                /* 0: any, or none */
	ash_handle session;            /* 0: any */
};

static bool fits(const struct ash_object *object, const struct drop_filter *filter)
{
	if (filter->token != NULL && object->token != filter->token)
		return false;
	if (filter->login != 0 && object->login != filter->login)
		return false;
	return filter->session == 0 || object->session == filter->session;
}

/* Unlinks what fits into a chain through bucket_next, to be freed without the lock. */
static struct ash_object *unlink_fitting(struct ash_object_table *table, struct ash_object *from,
					 const struct drop_filter *filter, struct ash_object *chain)
{
	struct ash_object *next = NULL;

	for (struct ash_object *object = from; object != NULL; object = next) {
		next = object->list_next;
		if (!fits(object, filter))
			continue;
		take_out(table, object);
		object->bucket_next = chain;
		chain = object;
	}
	return chain;
}

static void drop_fitting(struct ash_object_table *table, const struct drop_filter *filter, bool cached_too)
{
	struct ash_object *chain = NULL;

	{
		ASH_LOCKED(&table->lock);
		chain = unlink_fitting(table, table->session_first, filter, chain);
		if (cached_too)
			chain = unlink_fitting(table, table->cache_first, filter, chain);
	}
	while (chain != NULL) {
		struct ash_object *next = chain->bucket_next;

		ash_object_unref(chain);
		chain = next;
	}
}

void ash_object_drop_session(struct ash_object_table *table, ash_handle session)
{
	drop_fitting(table, &(struct drop_filter){ .session = session }, false);
}

void ash_object_drop_token(struct ash_object_table *table, const struct ash_token *token)
{
	drop_fitting(table, &(struct drop_filter){ .token = token }, true);
}

void ash_object_drop_login(struct ash_object_table *table, const struct ash_token *token, uint64_t login)
{
	drop_fitting(table, &(struct drop_filter){ .token = token, .login = login }, true);
}

void ash_object_table_done(struct ash_object_table *table)
{
	drop_fitting(table, &(struct drop_filter){ .token = NULL }, true);
	if (table->bucket != table->first_bucket)
		ash_mem_free(table->bucket);
	table->bucket = table->first_bucket;
	table->buckets = ASH_OBJECT_BUCKETS;
	ash_lock_done(&table->lock);
}

size_t ash_object_session_handles(struct ash_object_table *table, const struct ash_token *token,
				  bool with_private, ash_handle after, ash_handle *handles, size_t cap)
{
	struct ash_object *object = NULL;
	size_t count = 0;

	ASH_LOCKED(&table->lock);
	/* On from the last one, if it is still there. */
	object = after != 0 ? find_in_bucket(table, after) : NULL;
	object = object != NULL && is_session_object(object) ? object->list_next : table->session_first;
	for (; object != NULL && count < cap; object = object->list_next) {
		if (object->token == token && object->handle > after && (with_private || !object->is_private))
			handles[count++] = object->handle;
	}
	return count;
}

uint64_t ash_object_new_session_id(struct ash_object_table *table)
{
	ASH_LOCKED(&table->lock);
	return ++table->last_id;
}

static struct ash_key *key_of_engine(struct ash_object *object, const char *engine)
{
	ASH_LOCKED(&object->key_lock);
	for (size_t i = 0; i < ASH_OBJECT_KEYS && object->key[i] != NULL; i++) {
		if (strcmp(ash_key_engine(object->key[i]), engine) == 0)
			return object->key[i];
	}
	return NULL;
}

/* Gives the object a key, unless another thread was first; the key that the object has. */
static struct ash_status keep_key(struct ash_object *object, struct ash_key *loaded, struct ash_key **ret_key)
{
	ASH_LOCKED(&object->key_lock);
	for (size_t i = 0; i < ASH_OBJECT_KEYS; i++) {
		if (object->key[i] == NULL) {
			object->key[i] = loaded;
			*ret_key = loaded;
			return ASH_DONE;
		}
		if (strcmp(ash_key_engine(object->key[i]), ash_key_engine(loaded)) == 0) {
			*ret_key = object->key[i];
			return ASH_DONE;
		}
	}
	ASH_FAIL(ASH_E_LIMIT);
}

struct ash_status ash_object_key(struct ash_crypto *crypto, struct ash_object *object,
				 const struct ash_use *use, struct ash_key **ret_key)
{
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_key) *loaded = NULL;
	struct ash_key_spec spec;
	struct ash_key *kept = NULL;
	const char *engine = NULL;

	ASH_TRY(ash_keymap_spec(object->attrs, &spec));
	engine = ash_crypto_choice(crypto, use, &spec);
	ASH_ENSURE(engine != NULL, ASH_E_KEY_TYPE);
	kept = key_of_engine(object, engine);
	if (kept == NULL) {
		ASH_TRY(ash_keymap_parts(object->attrs, &parts));
		ASH_TRY(ash_key_load(crypto, &spec, &parts, use, &loaded));
		ASH_TRY(keep_key(object, loaded, &kept));
		if (kept == loaded)
			loaded = NULL;
	}
	*ret_key = kept;
	return ASH_DONE;
}
