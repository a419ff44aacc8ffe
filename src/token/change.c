#include "token/change.h"

#include "token/access.h"
#include "token/attribute.h"
#include "util/mem.h"

/* One record of a change, made ready before it: everything but its id and its seal. */
struct item {
	struct ash_record_name name; /* a new one gets its id inside the change */
	uint64_t if_version;         /* 0: new */
	struct ash_buf plain;
	uint8_t terms[ASH_STORE_TERMS_MAX][ASH_TERM_LEN];
	struct ash_span term_spans[ASH_STORE_TERMS_MAX];
	size_t term_count;
};

struct ash_batch {
	struct ash_crypto *crypto;
	uint64_t slot;
	uint64_t token_version; /* of the token's record in the life that the session knows */
	struct ash_incarnation incarnation;
	uint64_t login; /* at the beginning: private objects belong to it, and their handles end with it */
	struct ash_ring rings[2]; /* of public and of private objects, when there are such items */
	struct item few[ASH_MAKE_MAX];
	struct item *many; /* owned, when `few` have not room for all */
	size_t count, cap;
};

static struct item *item_at(struct ash_batch *batch, size_t index)
{
	return batch->many != NULL ? &batch->many[index] : &batch->few[index];
}

static void batch_auto(struct ash_batch *batch)
{
	for (size_t i = 0; i < batch->cap; i++)
		ash_buf_done(&item_at(batch, i)->plain);
	for (size_t i = 0; i < ASH_COUNT(batch->rings); i++)
		ash_ring_done(&batch->rings[i]);
	batch->many = ash_mem_free(batch->many);
}

static struct ash_ring *ring_of(struct ash_batch *batch, const struct item *item)
{
	return &batch->rings[item->name.space == ASH_SPACE_PRIVATE ? 1 : 0];
}

/* Names an item, and sees that its ring is at hand. */
static struct ash_status name_item(struct ash_session *session, struct ash_batch *batch, struct item *item,
				   uint64_t id, bool is_private)
{
	item->name = ash_access_name(session, id, is_private);
	if (ring_of(batch, item)->wrap == NULL)
		ASH_TRY(ash_access_ring(session, is_private, ring_of(batch, item)));
	return ASH_DONE;
}

static struct ash_status begin_batch(struct ash_session *session, size_t cap, struct ash_batch *batch)
{
	struct ash_token *token = session->token;

	if (cap > ASH_MAKE_MAX) {
		batch->many = ash_mem_new(cap, sizeof(*batch->many));
		ASH_ENSURE(batch->many != NULL, ASH_E_MEMORY);
	}
	batch->cap = cap;
	for (size_t i = 0; i < cap; i++)
		item_at(batch, i)->plain = ASH_BUF_SECRET;
	batch->crypto = session->hsm->crypto;
	batch->slot = token->slot;
	ASH_LOCKED(&token->lock);
	ASH_ENSURE(atomic_load(&token->era) == session->era, ASH_E_DEVICE_REMOVED);
	batch->login = atomic_load(&token->login);
	batch->token_version = token->version;
	batch->incarnation = token->incarnation;
	return ASH_DONE;
}

static struct ash_status add_terms(struct ash_batch *batch, const struct ash_attrs *attrs, struct item *item)
{
	const uint64_t class = ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);

	for (size_t i = 0; i < ash_attrs_count(attrs); i++) {
		const struct ash_attr attr = ash_attrs_at(attrs, i);

		if (!ash_attribute_indexed(class, attr.type))
			continue;
		ASH_BUG(item->term_count == ASH_STORE_TERMS_MAX);
		ASH_TRY(ash_record_term(batch->crypto, ring_of(batch, item), attr.type, attr.value,
					item->terms[item->term_count]));
		item->term_spans[item->term_count] = ash_span(item->terms[item->term_count], ASH_TERM_LEN);
		item->term_count++;
	}
	return ASH_DONE;
}

static struct ash_status add_item(struct ash_session *session, struct ash_batch *batch,
				  const struct ash_attrs *attrs, uint64_t id, uint64_t if_version)
{
	const bool is_private = ash_attrs_bool(attrs, CKA_PRIVATE, false);
	struct item *item = item_at(batch, batch->count);

	ASH_TRY(name_item(session, batch, item, id, is_private));
	item->if_version = if_version;
	item->term_count = 0;
	ash_buf_reset(&item->plain); /* of one that could not be added */
	ASH_TRY(ash_attrs_encode(attrs, &item->plain));
	ASH_TRY(add_terms(batch, attrs, item));
	batch->count++;
	return ASH_DONE;
}

static struct ash_status write_item(struct ash_txn *txn, struct ash_batch *batch, struct item *item)
{
	return ash_record_write(txn, batch->crypto, ring_of(batch, item), item->name, &batch->incarnation,
				item->if_version, ash_buf_span(&item->plain), item->term_spans,
				item->term_count);
}

/* The new records of one of the batch's spaces. */
static struct ash_status write_space(struct ash_txn *txn, struct ash_batch *batch, enum ash_space space)
{
	ASH_AUTO_MEM struct ash_new_record *records = ash_mem_new(batch->count, sizeof(*records));
	const struct ash_ring *ring = &batch->rings[space == ASH_SPACE_PRIVATE ? 1 : 0];
	size_t count = 0;

	ASH_ENSURE(records != NULL, ASH_E_MEMORY);
	for (size_t i = 0; i < batch->count; i++) {
		const struct item *item = item_at(batch, i);

		if (item->name.space == space)
			records[count++] = (struct ash_new_record){
				.name = item->name,
				.value = ash_buf_span(&item->plain),
				.terms = item->term_spans,
				.term_count = item->term_count,
			};
	}
	return ash_record_write_new(txn, batch->crypto, ring, &batch->incarnation, records, count);
}

static struct ash_status write_items(struct ash_txn *txn, void *context)
{
	struct ash_batch *batch = context;

	ASH_TRY(ash_record_same_life(txn, batch->slot + 1, batch->token_version));
	for (size_t i = 0; i < batch->count; i++) {
		struct item *item = item_at(batch, i);

		if (item->if_version == 0)
			ASH_TRY(ash_txn_new_id(txn, &item->name.id));
		ASH_ENSURE(item->name.id < ASH_HANDLE_COMPUTED, ASH_E_LIMIT);
		if (batch->many == NULL)
			ASH_TRY(write_item(txn, batch, item));
	}
	if (batch->many == NULL)
		return ASH_DONE;
	ASH_TRY(write_space(txn, batch, ASH_SPACE_PUBLIC));
	return write_space(txn, batch, ASH_SPACE_PRIVATE);
}

static struct ash_status delete_items(struct ash_txn *txn, void *context)
{
	struct ash_batch *batch = context;

	ASH_TRY(ash_record_same_life(txn, batch->slot + 1, batch->token_version));
	for (size_t i = 0; i < batch->count; i++) {
		struct item *item = item_at(batch, i);

		ASH_TRY(ash_record_delete(txn, batch->crypto, ring_of(batch, item), item->name,
					  &batch->incarnation));
	}
	return ASH_DONE;
}

static struct ash_status set_unique_id(struct ash_crypto *crypto, struct ash_attrs *attrs)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t random[16];
	char text[2 * sizeof(random)];

	ASH_TRY(ash_crypto_random(crypto, ash_mut(random, sizeof(random))));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = digits[random[i / 2] >> (i % 2 == 0 ? 4 : 0) & 0xf];
	return ash_attrs_set(attrs, CKA_UNIQUE_ID, ash_span(text, sizeof(text)));
}

static bool on_token(const struct ash_attrs *attrs)
{
	return ash_attrs_bool(attrs, CKA_TOKEN, false);
}

/* Whether the login under which the batch began still lets such objects be made. */
static struct ash_status may_belong(const struct ash_batch *batch, const struct ash_attrs *attrs)
{
	ASH_ENSURE(!ash_attrs_bool(attrs, CKA_PRIVATE, false) || (batch->login & ASH_LOGIN_USER) != 0,
		   ASH_E_NOT_LOGGED_IN);
	return ASH_DONE;
}

static struct ash_status may_make(struct ash_session *session, struct ash_attrs **sets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ASH_TRY(ash_session_may_write(session, on_token(sets[i]),
					      ash_attrs_bool(sets[i], CKA_PRIVATE, false)));
		ASH_TRY(set_unique_id(session->hsm->crypto, sets[i]));
	}
	return ASH_DONE;
}

/* A session object that takes over its attributes, ready to be entered. */
static struct ash_status new_session_object(struct ash_session *session, uint64_t login,
					    struct ash_attrs **attrs, struct ash_object **ret_object)
{
	struct ash_object *object = NULL;

	ASH_TRY(ash_object_new(session->token, session->era, *attrs, &object));
	*attrs = NULL;
	object->login = object->is_private ? login : 0;
	object->session = atomic_load(&session->handle);
	object->id = ash_object_new_session_id(&session->hsm->objects);
	object->handle = ASH_HANDLE_SESSION_OBJECT | object->id;
	*ret_object = object;
	return ASH_DONE;
}

/*
 * The sets for the token go to disk first: memory can't fail after that, as the
 * session objects of the batch are made before and only entered afterwards.
 */
struct ash_status ash_change_make(struct ash_session *session, struct ash_attrs **sets, size_t count,
				  ash_handle *ret_handles)
{
	__attribute__((cleanup(batch_auto))) struct ash_batch batch = { .count = 0 };
	ASH_AUTO(ash_object) *first = NULL;
	ASH_AUTO(ash_object) *second = NULL;
	struct ash_object **made[ASH_MAKE_MAX] = { &first, &second };
	size_t stored = 0;

	ASH_BUG(count > ASH_MAKE_MAX);
	ASH_TRY(may_make(session, sets, count));
	ASH_TRY(begin_batch(session, ASH_MAKE_MAX, &batch));
	for (size_t i = 0; i < count; i++) {
		/* Somebody may have logged out since it was allowed: then it would belong to nobody. */
		ASH_TRY(may_belong(&batch, sets[i]));
		if (on_token(sets[i]))
			ASH_TRY(add_item(session, &batch, sets[i], 0, 0));
		else
			ASH_TRY(new_session_object(session, batch.login, &sets[i], made[i]));
	}
	if (batch.count != 0)
		ASH_TRY(ash_store_change(session->hsm->store, write_items, &batch));
	for (size_t i = 0; i < count; i++) {
		if (*made[i] != NULL) {
			ret_handles[i] = (*made[i])->handle;
			ash_object_enter(&session->hsm->objects, *made[i]);
		} else {
			const struct ash_record_name name = item_at(&batch, stored++)->name;

			ret_handles[i] =
				ash_object_handle(name.id, name.space == ASH_SPACE_PRIVATE, batch.login);
			sets[i] = ash_attrs_free(sets[i]);
		}
	}
	return ASH_DONE;
}

struct ash_status ash_batch_new(struct ash_session *session, size_t cap, struct ash_batch **ret_batch)
{
	ASH_AUTO(ash_batch) *batch = ash_mem_new(1, sizeof(*batch));

	ASH_ENSURE(batch != NULL, ASH_E_MEMORY);
	ASH_TRY(begin_batch(session, cap, batch));
	*ret_batch = ASH_TAKE(batch);
	return ASH_DONE;
}

struct ash_batch *ash_batch_free(struct ash_batch *batch)
{
	if (batch != NULL)
		batch_auto(batch);
	return ash_mem_free(batch);
}

struct ash_status ash_batch_add(struct ash_session *session, struct ash_batch *batch, struct ash_attrs *attrs)
{
	ASH_BUG(batch->count == batch->cap);
	ASH_ENSURE(on_token(attrs), ASH_E_TEMPLATE_INCONSISTENT);
	ASH_TRY(may_make(session, &attrs, 1));
	ASH_TRY(may_belong(batch, attrs));
	return add_item(session, batch, attrs, 0, 0);
}

struct ash_status ash_batch_write(struct ash_session *session, struct ash_batch *batch)
{
	return batch->count != 0 ? ash_store_change(session->hsm->store, write_items, batch) : ASH_DONE;
}

static struct ash_status update_session_object(struct ash_session *session, struct ash_object *object,
					       struct ash_attrs **attrs)
{
	ASH_AUTO(ash_object) *changed = NULL;

	ASH_TRY(new_session_object(session, object->login, attrs, &changed));
	changed->session = object->session;
	changed->id = object->id;
	changed->handle = object->handle;
	/* Another session may have changed it meanwhile, or destroyed it. */
	ASH_ENSURE(ash_object_replace(&session->hsm->objects, object, changed), ASH_E_CONFLICT);
	return ASH_DONE;
}

struct ash_status ash_change_update(struct ash_session *session, struct ash_object *object,
				    struct ash_attrs **attrs)
{
	__attribute__((cleanup(batch_auto))) struct ash_batch batch = { .count = 0 };

	ASH_TRY(ash_session_may_write(session, on_token(object->attrs), object->is_private));
	if ((object->handle & ASH_HANDLE_SESSION_OBJECT) != 0)
		return update_session_object(session, object, attrs);
	ASH_TRY(begin_batch(session, ASH_MAKE_MAX, &batch));
	ASH_TRY(add_item(session, &batch, *attrs, object->id, object->version));
	ASH_TRY(ash_store_change(session->hsm->store, write_items, &batch));
	ash_object_drop(&session->hsm->objects, object->handle);
	*attrs = ash_attrs_free(*attrs);
	return ASH_DONE;
}

struct edit {
	struct ash_batch *batch;
	ash_change_fn *fn;
	const void *context;
};

static struct ash_status edit_item(struct ash_txn *txn, void *context)
{
	const struct edit *edit = context;
	struct ash_batch *batch = edit->batch;
	struct item *item = item_at(batch, 0);
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	ASH_AUTO(ash_attrs) *before = NULL;
	ASH_AUTO(ash_attrs) *after = NULL;

	ASH_TRY(ash_record_same_life(txn, batch->slot + 1, batch->token_version));
	ASH_TRY(ash_record_read(txn, batch->crypto, ring_of(batch, item), item->name, &batch->incarnation,
				&plain, &item->if_version));
	ASH_TRY(ash_access_decode(ash_buf_span(&plain), item->name.space == ASH_SPACE_PRIVATE, &before));
	ASH_TRY(edit->fn(before, edit->context, &after));
	/* It may run more than once. */
	ash_buf_done(&item->plain);
	item->plain = ASH_BUF_SECRET;
	item->term_count = 0;
	ASH_TRY(ash_attrs_encode(after, &item->plain));
	ASH_TRY(add_terms(batch, after, item));
	return write_item(txn, batch, item);
}

struct ash_status ash_change_edit(struct ash_session *session, struct ash_object *object, ash_change_fn *fn,
				  const void *context)
{
	__attribute__((cleanup(batch_auto))) struct ash_batch batch = { .count = 0 };
	struct edit edit = { &batch, fn, context };
	struct ash_status status;

	ASH_BUG((object->handle & ASH_HANDLE_SESSION_OBJECT) != 0);
	ASH_TRY(ash_session_may_write(session, true, object->is_private));
	ASH_TRY(begin_batch(session, ASH_MAKE_MAX, &batch));
	ASH_TRY(name_item(session, &batch, item_at(&batch, 0), object->id, object->is_private));
	batch.count = 1;
	status = ash_store_change(session->hsm->store, edit_item, &edit);
	ASH_ENSURE(status.code != ASH_E_NOT_FOUND, ASH_E_OBJECT_HANDLE);
	ASH_TRY(status);
	ash_object_drop(&session->hsm->objects, object->handle);
	return ASH_DONE;
}

struct ash_status ash_change_destroy(struct ash_session *session, struct ash_object *object)
{
	__attribute__((cleanup(batch_auto))) struct ash_batch batch = { .count = 0 };
	struct ash_status status;

	ASH_TRY(ash_session_may_write(session, on_token(object->attrs), object->is_private));
	ASH_ENSURE(ash_attrs_bool(object->attrs, CKA_DESTROYABLE, true), ASH_E_ACTION_PROHIBITED);
	if ((object->handle & ASH_HANDLE_SESSION_OBJECT) != 0) {
		ASH_ENSURE(ash_object_drop(&session->hsm->objects, object->handle), ASH_E_OBJECT_HANDLE);
		return ASH_DONE;
	}
	ASH_TRY(begin_batch(session, ASH_MAKE_MAX, &batch));
	ASH_TRY(name_item(session, &batch, item_at(&batch, 0), object->id, object->is_private));
	batch.count = 1;
	status = ash_store_change(session->hsm->store, delete_items, &batch);
	ASH_ENSURE(status.code != ASH_E_NOT_FOUND, ASH_E_OBJECT_HANDLE);
	ASH_TRY(status);
	ash_object_drop(&session->hsm->objects, object->handle);
	return ASH_DONE;
}
