#include "app/selftest/api_target.h"

#include "app/selftest/api_target_priv.h"
#include "util/mem.h"

/* ---- answers ---- */

enum ash_vector_answer ash_api_answer(enum ash_api_step step, struct ash_status status, const char **ret_why)
{
	static const enum ash_code refusals[ASH_API_STEPS][6] = {
		[ASH_API_CREATE] = { ASH_E_ATTRIBUTE_VALUE, ASH_E_KEY_INVALID, ASH_E_KEY_SIZE },
		[ASH_API_INIT] = { ASH_E_MECHANISM_PARAM, ASH_E_KEY_SIZE },
		[ASH_API_SIGN] = { ASH_E_DATA, ASH_E_DATA_LEN },
		[ASH_API_VERIFY] = { ASH_E_SIGNATURE, ASH_E_SIGNATURE_LEN },
		[ASH_API_ENCRYPT] = { ASH_E_DATA, ASH_E_DATA_LEN },
		/* The third is of CKM_AES_CTR past its last counter, whichever way. */
		[ASH_API_DECRYPT] = { ASH_E_ENCRYPTED_DATA, ASH_E_ENCRYPTED_DATA_LEN, ASH_E_DATA_LEN,
				      ASH_E_AUTHENTICATION },
		[ASH_API_WRAP] = { ASH_E_KEY_NOT_WRAPPABLE, ASH_E_KEY_SIZE, ASH_E_MECHANISM_PARAM },
		[ASH_API_UNWRAP] = { ASH_E_WRAPPED_KEY, ASH_E_WRAPPED_KEY_LEN, ASH_E_MECHANISM_PARAM,
				     ASH_E_ENCRYPTED_DATA, ASH_E_ENCRYPTED_DATA_LEN },
		[ASH_API_DERIVE] = { ASH_E_MECHANISM_PARAM, ASH_E_KEY_SIZE, ASH_E_KEY_INVALID },
		[ASH_API_DECAPSULATE] = { ASH_E_WRAPPED_KEY, ASH_E_WRAPPED_KEY_LEN, ASH_E_ENCRYPTED_DATA,
					  ASH_E_ENCRYPTED_DATA_LEN },
	};

	if (ash_is_ok(status))
		return ASH_VECTOR_DONE;
	for (const enum ash_code *code = refusals[step]; *code != ASH_OK; code++) {
		if (status.code == *code)
			return ASH_VECTOR_REFUSED;
	}
	if (status.code == ASH_E_CURVE || status.code == ASH_E_PARAMETER_SET) {
		*ret_why = ASH_API_NO_GROUP;
		return ASH_VECTOR_UNSUPPORTED;
	}
	return ash_api_broken(ash_code_name(status.code), ret_why);
}

/* ---- keys ---- */

static size_t index_of(const struct ash_mechanism_row *row)
{
	return (size_t)(row - ash_mechanism_at(0));
}

bool ash_api_offers(struct ash_api_target *self, const struct ash_mechanism_row *row, uint64_t flag)
{
	const bool offers = (self->offered[index_of(row)].flags & flag) != 0;

	if (offers)
		self->used[index_of(row)] = true;
	return offers;
}

/* What the key is made from, with what it is for, as bytes. */
static ASH_STATUS describe(struct ash_template given, struct ash_buf *out)
{
	for (size_t i = 0; i < given.count; i++) {
		ASH_TRY(ash_buf_add(out, ash_span(&given.attrs[i].type, sizeof(given.attrs[i].type))));
		ASH_TRY(ash_buf_add(out, ash_span(&given.attrs[i].value.len, sizeof(size_t))));
		ASH_TRY(ash_buf_add(out, given.attrs[i].value));
	}
	return ASH_DONE;
}

static void drop_key(struct ash_api_target *self, struct ash_api_key *key)
{
	if (key->handle != 0)
		ash_ignore(self->api->destroy_object(self->hsm, self->session, key->handle));
	key->handle = 0;
	ash_buf_done(&key->made_of);
}

static struct ash_api_key *find_key(struct ash_api_target *self, struct ash_span made_of)
{
	for (size_t i = 0; i < ASH_API_KEYS_HELD; i++) {
		if (self->keys[i].handle != 0 &&
		    ash_span_equal(ash_buf_span(&self->keys[i].made_of), made_of))
			return &self->keys[i];
	}
	return NULL;
}

static struct ash_api_key *oldest_key(struct ash_api_target *self)
{
	struct ash_api_key *oldest = &self->keys[0];

	for (size_t i = 1; i < ASH_API_KEYS_HELD; i++) {
		if (self->keys[i].used < oldest->used)
			oldest = &self->keys[i];
	}
	return oldest;
}

/* Many tests of a file have the same key: it stays until others came. */
static ASH_STATUS hold_key(struct ash_api_target *self, struct ash_template given, ash_handle *ret_handle)
{
	ASH_AUTO(ash_buf) made_of = ASH_BUF_PLAIN;
	struct ash_api_key *place = NULL;
	ash_handle handle = 0;

	ASH_TRY(describe(given, &made_of));
	place = find_key(self, ash_buf_span(&made_of));
	if (place == NULL) {
		ASH_TRY(self->api->create_object(self->hsm, self->session, given, &handle));
		place = oldest_key(self);
		drop_key(self, place);
		place->handle = handle;
		place->made_of = made_of;
		made_of = ASH_BUF_PLAIN;
	}
	place->used = ++self->uses;
	*ret_handle = place->handle;
	return ASH_DONE;
}

/* RSA mechanisms say their sizes in bits; those of the others are in their curves and parameter sets. */
static bool takes_size(const struct ash_api_target *self, const struct ash_mechanism_row *row,
		       const struct ash_key_spec *spec)
{
	const struct ash_mechanism_info *info = &self->offered[index_of(row)];

	return spec->kind != ASH_KEY_RSA || info->max_size == 0 ||
	       (spec->bits >= info->min_size && spec->bits <= info->max_size);
}

bool ash_api_has_length(const struct ash_api_target *self, const struct ash_mechanism_row *row, size_t len)
{
	const uint64_t max = self->offered[index_of(row)].max_size;

	return max == 0 || len <= max;
}

enum ash_vector_answer ash_api_key(struct ash_api_target *self, const struct ash_mechanism_row *row,
				   enum ash_op op, const struct ash_vector_key *key, ash_handle *ret_handle,
				   const char **ret_why)
{
	ASH_AUTO(ash_mapping_template) made = ASH_MAPPING_TEMPLATE_NONE;
	struct ash_status status;

	if (key->spec.kind == ASH_KEY_SECRET && key->part[ASH_PART_SECRET].len == 0) {
		*ret_why = ASH_API_NO_EMPTY_KEY;
		return ASH_VECTOR_UNSUPPORTED;
	}
	if (!takes_size(self, row, &key->spec)) {
		*ret_why = ASH_API_KEY_SIZE;
		return ASH_VECTOR_UNSUPPORTED;
	}
	status = ash_mapping_key(row, op, key, &made);
	if (ash_is_ok(status))
		status = hold_key(self, ash_mapping_given(&made), ret_handle);
	return ash_api_answer(ASH_API_CREATE, status, ret_why);
}

/* The session's objects go with it. */
static void close_session(struct ash_api_target *self)
{
	for (size_t i = 0; i < ASH_API_KEYS_HELD; i++) {
		self->keys[i].handle = 0;
		ash_buf_done(&self->keys[i].made_of);
	}
	if (self->session != 0)
		ash_ignore(self->api->close_session(self->hsm, self->session)); /* it may be broken */
	self->session = 0;
}

void ash_api_begin_afresh(struct ash_api_target *self)
{
	close_session(self);
	/* If there is none, the next test says so. */
	ash_ignore(self->api->open_session(self->hsm, self->slot, false, &self->session));
}

static ASH_STATUS read_value(struct ash_api_target *self, ash_handle key, struct ash_buf *out)
{
	struct ash_attr_query query = { .type = CKA_VALUE };
	struct ash_mut room = { NULL, 0 };
	const size_t before = out->len;

	ASH_TRY(self->api->get_attributes(self->hsm, self->session, key, &query, 1));
	ASH_TRY(ash_buf_extend(out, query.value.len, &room));
	query.value = (struct ash_out){ .data = room.data, .cap = room.len };
	ASH_TRY(self->api->get_attributes(self->hsm, self->session, key, &query, 1));
	ASH_ENSURE(query.value.len <= room.len, ASH_E_FAILED);
	out->len = before + query.value.len;
	return ASH_DONE;
}

ASH_STATUS ash_api_take_value(struct ash_api_target *self, ash_handle key, struct ash_buf *out)
{
	const struct ash_status status = read_value(self, key, out);

	ASH_TRY(self->api->destroy_object(self->hsm, self->session, key));
	return status;
}

/* ---- the target ---- */

static ASH_STATUS ask_mechanisms(struct ash_api_target *self)
{
	ASH_AUTO_MEM uint64_t *types = NULL;
	size_t cap = 0;
	size_t count = 0;

	ASH_TRY(self->api->mechanisms(self->hsm, self->slot, NULL, 0, &cap));
	types = ash_mem_new(cap + 1, sizeof(*types));
	ASH_ENSURE(types != NULL, ASH_E_MEMORY);
	ASH_TRY(self->api->mechanisms(self->hsm, self->slot, types, cap, &count));
	for (size_t i = 0; i < count && i < cap; i++) {
		const struct ash_mechanism_row *row = ash_mechanism_find(types[i]);

		if (row != NULL)
			ASH_TRY(self->api->mechanism_info(self->hsm, self->slot, types[i],
							  &self->offered[index_of(row)]));
	}
	return ASH_DONE;
}

ASH_STATUS ash_api_target_new(const struct ash_api *api, struct ash_hsm *hsm, uint64_t slot,
			      struct ash_api_target **ret_target)
{
	ASH_AUTO(ash_api_target) *self = ash_mem_new(1, sizeof(*self));

	ASH_ENSURE(self != NULL, ASH_E_MEMORY);
	self->api = api;
	self->hsm = hsm;
	self->slot = slot;
	self->offered = ash_mem_new(ash_mechanism_count(), sizeof(*self->offered));
	self->used = ash_mem_new(ash_mechanism_count(), sizeof(*self->used));
	ASH_ENSURE(self->offered != NULL && self->used != NULL, ASH_E_MEMORY);
	for (size_t i = 0; i < ASH_API_KEYS_HELD; i++)
		self->keys[i].made_of = ASH_BUF_PLAIN;
	ASH_TRY(ask_mechanisms(self));
	ASH_TRY(api->open_session(hsm, slot, false, &self->session));
	self->target = (struct ash_vector_target){
		.name = api->name,
		.self = self,
		.run = ash_api_run,
		.derive = ash_api_derive,
		.share = ash_api_share,
	};
	*ret_target = ASH_TAKE(self);
	return ASH_DONE;
}

struct ash_api_target *ash_api_target_free(struct ash_api_target *target)
{
	if (target == NULL)
		return NULL;
	close_session(target);
	ash_mem_free(target->offered);
	ash_mem_free(target->used);
	return ash_mem_free(target);
}

const struct ash_vector_target *ash_api_target_get(const struct ash_api_target *target)
{
	return &target->target;
}

bool ash_api_target_used(const struct ash_api_target *target, size_t index)
{
	return index < ash_mechanism_count() && target->used[index];
}

void ash_api_target_reset_used(struct ash_api_target *target)
{
	memset(target->used, 0, ash_mechanism_count() * sizeof(*target->used));
}
