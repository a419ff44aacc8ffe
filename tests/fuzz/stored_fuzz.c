/*
 * Records from a hostile store. Some lie there as they come; others are sealed as this
 * token's own, as somebody who has the root key could do it, so that what reads them after
 * they were opened is reached: the token's record, PIN records, the store's own facts and
 * objects, public and private. Then the token is used. Whatever it finds, it answers; what
 * may not be read is not read; and what is damaged is no object.
 *
 * The input: for each record a byte for its kind, then what the kind says, then the block.
 */
#include "fuzz.h"

#include "crypto/openssl/openssl.h"
#include "crypto/seal.h"
#include "store/memory/memory.h"
#include "token/attribute.h"
#include "token/hsm_priv.h"
#include "token/mechanism.h"
#include "token/slot.h"
#include "token/slot_priv.h"

#define OWNER       1u /* of what belongs to slot 0 */
#define RECORDS_MAX 6u
#define FOUND_MAX   8u

#define SO_PIN   ash_span_text("so-pin-1")
#define USER_PIN ash_span_text("user-pin")

enum record_kind {
	TOKEN_RECORD,
	PIN_RECORD,
	PUBLIC_OBJECT,
	PRIVATE_OBJECT,
	META_RECORD,
	UNSEALED,
	OPERATION_STATE, /* not in the store: what C_SetOperationState is given, sealed as ours or not */
	RECORD_KINDS
};

/* ---- a token, made once; its genuine records are put back before each input ---- */

static struct {
	struct ash_hsm *hsm;
	struct ash_store *store;
	struct ash_crypto *crypto;
	struct ash_incarnation incarnation;
	struct ash_ring pin, public, private, state;
	struct ash_buf token_plain, pins_plain[2], next_slot, facts;
} the;

static struct ash_status open_crypto(void *context, struct ash_crypto **ret_crypto)
{
	const struct ash_backend_ops *offered[] = { &ash_backend_openssl };

	(void)context;
	return ash_crypto_open(offered, 1, "openssl", "", ret_crypto);
}

static struct ash_status open_store(void *context, bool create, struct ash_store **ret_store)
{
	const struct ash_store_options options = { .path = "", .group = "", .create = create };

	(void)context;
	return ash_store_open(&ash_store_memory, &options, ret_store);
}

#define MUST(...) HOLDS(ash_is_ok(__VA_ARGS__))

static void make_token(void)
{
	static const char label[33] = "fuzz                            ";
	const struct ash_hsm_options options = {
		.open_crypto = open_crypto,
		.open_store = open_store,
		.root_key_group = "",
		.pin_min = 4,
		.pin_tries_user = 3,
		.pin_tries_so = 3,
		.pin_hash_memory_kib = 8,
		.pin_hash_passes = 1,
		.limit_multipart = 1 << 16,
	};
	ash_handle session = 0;

	MUST(ash_hsm_new(&options, &the.hsm));
	MUST(ash_hsm_init_token(the.hsm, 0, SO_PIN, label));
	MUST(ash_hsm_open_session(the.hsm, 0, true, &session));
	MUST(ash_hsm_login(the.hsm, session, CKU_SO, SO_PIN));
	MUST(ash_hsm_init_pin(the.hsm, session, USER_PIN));
	MUST(ash_hsm_logout(the.hsm, session));
	MUST(ash_hsm_store(the.hsm, false, &the.store));
	MUST(ash_hsm_crypto(the.hsm, &the.crypto));
	MUST(ash_hsm_login(the.hsm, session, CKU_USER, USER_PIN));
}

static const uint64_t users[] = { CKU_SO, CKU_USER };

static void pin_term(uint64_t user, uint8_t term[ASH_TERM_LEN])
{
	MUST(ash_record_term(the.crypto, &the.pin, user, ASH_SPAN_NONE, term));
}

static void keep_genuine(struct ash_txn *view)
{
	const struct ash_record_name facts = { ASH_SPACE_META, 0, 1 };
	uint64_t version = 0;

	MUST(ash_record_read(view, the.crypto, &the.hsm->token_ring, ash_slot_record_name(0),
			     &ash_no_incarnation, &the.token_plain, &version));
	MUST(ash_txn_get(view, facts, &the.facts, &version));
	MUST(ash_txn_get(view, ASH_NEXT_SLOT_NAME, &the.next_slot, &version));
	for (size_t i = 0; i < ASH_COUNT(users); i++) {
		struct ash_record_name name = { ASH_SPACE_PIN, OWNER, 0 };
		uint8_t term[ASH_TERM_LEN];
		size_t found = 0;

		pin_term(users[i], term);
		MUST(ash_txn_find(view, name.space, name.owner, ash_span(term, sizeof(term)), 0, &name.id, 1,
				  &found));
		HOLDS(found == 1);
		MUST(ash_record_read(view, the.crypto, &the.pin, name, &the.incarnation, &the.pins_plain[i],
				     &version));
	}
}

static void begin(void)
{
	struct ash_token *token = NULL;
	struct ash_txn *view = NULL;

	the.token_plain = the.pins_plain[0] = the.pins_plain[1] = ASH_BUF_SECRET;
	the.next_slot = the.facts = ASH_BUF_PLAIN;
	make_token();
	MUST(ash_slot_token(the.hsm, 0, &token));
	the.incarnation = token->incarnation;
	MUST(ash_ring_copy(&token->pin_ring, &the.pin));
	MUST(ash_ring_copy(&token->public_ring, &the.public));
	MUST(ash_ring_copy(&token->private_ring, &the.private));
	MUST(ash_ring_derive(the.crypto, ash_secret_peek(the.hsm->root_key), "state", &the.incarnation,
			     &the.state));
	MUST(ash_hsm_close_all_sessions(the.hsm, 0));
	MUST(ash_store_view(the.store, &view));
	keep_genuine(view);
	ash_txn_end(view);
}

/* ---- what the input puts into the store ---- */

static uint64_t version_now(struct ash_txn *txn, struct ash_record_name name)
{
	uint64_t version = 0;

	ash_ignore(ash_txn_get(txn, name, NULL, &version));
	return version;
}

static struct ash_status put_pin(struct ash_txn *txn, uint64_t user, struct ash_span plain)
{
	struct ash_record_name name = { ASH_SPACE_PIN, OWNER, 0 };
	uint8_t term[ASH_TERM_LEN];
	const struct ash_span terms[] = { { term, sizeof(term) } };

	pin_term(user, term);
	ASH_TRY(ash_txn_new_id(txn, &name.id));
	return ash_record_write(txn, the.crypto, &the.pin, name, &the.incarnation, 0, plain, terms, 1);
}

static struct ash_status put_token(struct ash_txn *txn, struct ash_span plain)
{
	const struct ash_record_name name = ash_slot_record_name(0);

	return ash_record_write(txn, the.crypto, &the.hsm->token_ring, name, &ash_no_incarnation,
				version_now(txn, name), plain, NULL, 0);
}

static struct ash_status put_genuine(struct ash_txn *txn)
{
	const struct ash_record_name facts = { ASH_SPACE_META, 0, 1 };

	for (uint32_t space = ASH_SPACE_PIN; space <= ASH_SPACE_PRIVATE; space++)
		ASH_TRY(ash_txn_delete_all(txn, space, OWNER));
	ASH_TRY(put_token(txn, ash_buf_span(&the.token_plain)));
	ASH_TRY(ash_txn_put(txn, facts, version_now(txn, facts), ash_buf_span(&the.facts), NULL, 0));
	return ash_txn_put(txn, ASH_NEXT_SLOT_NAME, version_now(txn, ASH_NEXT_SLOT_NAME),
			   ash_buf_span(&the.next_slot), NULL, 0);
}

static struct ash_status put_object(struct ash_txn *txn, bool private, struct ash_span *in)
{
	const struct ash_ring *ring = private ? &the.private : &the.public;
	struct ash_record_name name = { private ? ASH_SPACE_PRIVATE : ASH_SPACE_PUBLIC, OWNER, 0 };
	const uint8_t flags = fuzz_byte(in);
	uint8_t term[ASH_TERM_LEN];
	const struct ash_span terms[] = { { term, sizeof(term) } };

	/* Found by a label that it need not have. */
	ASH_TRY(ash_record_term(the.crypto, ring, CKA_LABEL, ash_span_text("a"), term));
	ASH_TRY(ash_txn_new_id(txn, &name.id));
	return ash_record_write(txn, the.crypto, ring, name, &the.incarnation, 0, fuzz_block(in), terms,
				(flags & 1) != 0 ? 1 : 0);
}

/* In a space of its choice, sealed or not even that. */
static struct ash_status put_unsealed(struct ash_txn *txn, struct ash_span *in)
{
	struct ash_record_name name = { ASH_SPACE_TOKEN + fuzz_byte(in) % 4u, OWNER, 0 };

	if (name.space == ASH_SPACE_TOKEN)
		name = ash_slot_record_name(fuzz_byte(in));
	else
		ASH_TRY(ash_txn_new_id(txn, &name.id));
	return ash_txn_put(txn, name, version_now(txn, name), fuzz_block(in), NULL, 0);
}

static void lower(uint8_t number[4], uint32_t from, uint32_t to)
{
	const uint32_t value =
		(uint32_t)number[0] << 24 | (uint32_t)number[1] << 16 | (uint32_t)number[2] << 8 | number[3];

	if (value > from && value <= to) {
		number[0] = number[1] = number[2] = 0;
		number[3] = (uint8_t)from;
	}
}

/*
 * A record may ask for a hash that takes a minute, within bounds, and one without tries is
 * waited for, as another process may be about to give some back: not here.
 */
static struct ash_status put_quick_pin(struct ash_txn *txn, uint64_t user, struct ash_span plain)
{
	ASH_AUTO(ash_buf) copy = ASH_BUF_SECRET;
	const size_t memory_at = 1 + 8 + 4 + 4 + 16;

	ASH_TRY(ash_buf_add(&copy, plain));
	if (copy.len >= memory_at + 8) {
		lower(copy.data + memory_at, 64, UINT32_C(1) << 20);
		lower(copy.data + memory_at + 4, 2, 100);
	}
	if (copy.len >= memory_at + 16)
		copy.data[memory_at + 15] |= 1;
	return put_pin(txn, user, ash_buf_span(&copy));
}

struct plan {
	struct ash_span in;
	bool pin[ASH_COUNT(users)]; /* has one that came with the input */
};

/* The operation's state that came with the input. */
static struct {
	bool given, sealed;
	struct ash_span plain;
} saved;

static struct ash_status put_one(struct ash_txn *txn, struct plan *plan)
{
	struct ash_span *in = &plan->in;
	const enum record_kind kind = fuzz_byte(in) % RECORD_KINDS;
	struct ash_record_name name = { ASH_SPACE_META, 0, 0 };
	unsigned which = 0;

	switch (kind) {
	case TOKEN_RECORD: return put_token(txn, fuzz_block(in));
	case PIN_RECORD:
		which = fuzz_byte(in) & 1;
		if (plan->pin[which])
			return ASH_DONE;
		plan->pin[which] = true;
		return put_quick_pin(txn, users[which], fuzz_block(in));
	case PUBLIC_OBJECT: return put_object(txn, false, in);
	case PRIVATE_OBJECT: return put_object(txn, true, in);
	case META_RECORD:
		name.id = 1 + (fuzz_byte(in) & 1);
		return ash_txn_put(txn, name, version_now(txn, name), fuzz_block(in), NULL, 0);
	case OPERATION_STATE:
		saved.given = true;
		saved.sealed = (fuzz_byte(in) & 1) == 0;
		saved.plain = fuzz_block(in);
		return ASH_DONE;
	default: return put_unsealed(txn, in);
	}
}

static struct ash_status put_all(struct ash_txn *txn, void *context)
{
	struct plan plan = { .in = *(const struct ash_span *)context };

	ASH_TRY(put_genuine(txn));
	for (unsigned i = 0; i < RECORDS_MAX && plan.in.len != 0; i++)
		ASH_TRY(put_one(txn, &plan));
	for (unsigned i = 0; i < ASH_COUNT(users); i++)
		if (!plan.pin[i])
			ASH_TRY(put_pin(txn, users[i], ash_buf_span(&the.pins_plain[i])));
	return ASH_DONE;
}

/* ---- and what is done with it ---- */

static bool read_bool(ash_handle session, ash_handle object, uint64_t type, bool fallback)
{
	uint8_t value[8] = { 0 };
	struct ash_attr_query query = { .type = type, .value = { value, sizeof(value), 0 } };

	ash_ignore(ash_hsm_get_attributes(the.hsm, session, object, &query, 1));
	return query.code == ASH_OK && query.value.len == 1 ? value[0] != 0 : fallback;
}

static uint64_t read_number(ash_handle session, ash_handle object, uint64_t type)
{
	uint8_t value[8] = { 0 };
	struct ash_attr_query query = { .type = type, .value = { value, sizeof(value), 0 } };
	uint64_t number = 0;

	if (!ash_is_ok(ash_hsm_get_attributes(the.hsm, session, object, &query, 1)) || query.value.len != 8)
		return CK_UNAVAILABLE_INFORMATION;
	for (size_t i = 0; i < sizeof(value); i++)
		number = number << 8 | value[i];
	return number;
}

/* A key that says it is sensitive, or that it may not leave, does not give its value. */
static void read_object(ash_handle session, ash_handle object)
{
	static const uint64_t secret[] = { CKA_VALUE, CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_SEED };
	const uint64_t class = read_number(session, object, CKA_CLASS);
	const bool key = class == CKO_SECRET_KEY || class == CKO_PRIVATE_KEY;
	const bool closed = key && (read_bool(session, object, CKA_SENSITIVE, true) ||
				    !read_bool(session, object, CKA_EXTRACTABLE, false));
	uint64_t size = 0;

	for (size_t i = 0; i < ash_attribute_count(); i++) {
		static uint8_t value[1 << 16];
		struct ash_attr_query query = { .type = ash_attribute_at(i)->type,
						.value = { value, sizeof(value), 0 } };

		ash_ignore(ash_hsm_get_attributes(the.hsm, session, object, &query, 1));
		for (size_t j = 0; j < ASH_COUNT(secret); j++)
			HOLDS(!closed || query.type != secret[j] || query.code != ASH_OK);
	}
	ash_ignore(ash_hsm_object_size(the.hsm, session, object, &size));
}

/* One operation with the key, whatever comes of it. False when it does not begin. */
static bool try_operation(ash_handle session, ash_handle object, const struct ash_mechanism *mechanism,
			  enum ash_op op)
{
	static const uint8_t zeroes[64];
	static uint8_t out[1 << 15];
	struct ash_out room = { out, sizeof(out), 0 };

	if (!ash_is_ok(ash_hsm_op_init(the.hsm, session, op, mechanism, object)))
		return false;
	if (op == ASH_OP_VERIFY)
		ash_ignore(
			ash_hsm_verify_single(the.hsm, session, ash_span(zeroes, 32), ash_span(zeroes, 64)));
	else
		ash_ignore(ash_hsm_op_single(the.hsm, session, op, ash_span(zeroes, 32), &room));
	ash_ignore(ash_hsm_op_abort(the.hsm, session, op));
	return true;
}

/* Parameters for the forms that keys of every type have a mechanism of. */
static bool fill_params(enum ash_param_kind kind, struct ash_params *params)
{
	static const uint8_t iv[16];

	switch (kind) {
	case ASH_PARAM_NONE:
	case ASH_PARAM_EDDSA:
	case ASH_PARAM_ML_DSA: return true;
	case ASH_PARAM_IV16: params->iv = ash_span(iv, sizeof(iv)); return true;
	case ASH_PARAM_GCM:
		params->iv = ash_span(iv, 12);
		params->tag_len = 16;
		return true;
	default: return false;
	}
}

/* A few mechanisms that take the key: making the key is what reads what was stored. */
static void use_key(ash_handle session, ash_handle object)
{
	const uint64_t key_type = read_number(session, object, CKA_KEY_TYPE);
	unsigned used = 0;

	for (size_t i = 0; i < ash_mechanism_count() && used < 3; i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		struct ash_mechanism mechanism = { .type = row->type };

		if ((row->key_type != key_type && row->other_key_type != key_type) ||
		    !fill_params(row->param, &mechanism.params))
			continue;
		for (enum ash_op op = ASH_OP_SIGN; op < ASH_OP_DERIVE; op++)
			if ((row->info.flags & ash_op_flag(op)) != 0)
				used += try_operation(session, object, &mechanism, op);
	}
}

static void change_object(ash_handle session, ash_handle object)
{
	const struct ash_attr label = { CKA_LABEL, ash_span_text("b") };
	const struct ash_mechanism kwp = { .type = CKM_AES_KEY_WRAP_KWP };
	static uint8_t out[1 << 15];
	struct ash_out room = { out, sizeof(out), 0 };
	ash_handle copy = 0;

	ash_ignore(ash_hsm_wrap_key(the.hsm, session, &kwp, object, object, &room));
	ash_ignore(ash_hsm_copy_object(the.hsm, session, object, (struct ash_template){ &label, 1 }, &copy));
	ash_ignore(ash_hsm_set_attributes(the.hsm, session, object, (struct ash_template){ &label, 1 }));
	ash_ignore(ash_hsm_destroy_object(the.hsm, session, object));
}

static void use_found(ash_handle session, struct ash_template want)
{
	ash_handle found[FOUND_MAX];
	size_t count = 0;

	if (!ash_is_ok(ash_hsm_find_begin(the.hsm, session, want)))
		return;
	if (!ash_is_ok(ash_hsm_find_next(the.hsm, session, found, FOUND_MAX, &count)))
		count = 0;
	ash_ignore(ash_hsm_find_end(the.hsm, session));
	HOLDS(count <= FOUND_MAX);
	for (size_t i = 0; i < count; i++) {
		read_object(session, found[i]);
		use_key(session, found[i]);
		change_object(session, found[i]);
	}
}

/* What comes back is saved again, and is a digest that goes on. */
static void use_state(ash_handle session)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	static uint8_t out[1 << 12];
	struct ash_out room = { out, sizeof(out), 0 };

	if (!saved.given)
		return;
	if (saved.sealed)
		MUST(ash_seal(the.crypto, ash_secret_peek(the.state.wrap),
			      ash_span(the.incarnation.bytes, ASH_INCARNATION_LEN), saved.plain, &sealed));
	else
		MUST(ash_buf_add(&sealed, saved.plain));
	if (!ash_is_ok(ash_hsm_op_restore(the.hsm, session, ash_buf_span(&sealed), 0, 0)))
		return;
	HOLDS(saved.sealed); /* nobody else makes one */
	MUST(ash_hsm_op_save(the.hsm, session, &room));
	MUST(ash_hsm_op_restore(the.hsm, session, ash_span(out, room.len), 0, 0));
	ash_ignore(ash_hsm_op_update(the.hsm, session, ASH_OP_DIGEST, ash_span_text("more"),
				     &(struct ash_out){ out, 0, 0 }));
	room = (struct ash_out){ out, sizeof(out), 0 };
	ash_ignore(ash_hsm_op_final(the.hsm, session, ASH_OP_DIGEST, &room));
	ash_ignore(ash_hsm_op_abort(the.hsm, session, ASH_OP_DIGEST));
}

static void use_token(void)
{
	const struct ash_attr label = { CKA_LABEL, ash_span_text("a") };
	struct ash_token_info info;
	ash_handle session = 0;
	uint64_t slots[8];
	size_t count = 0;

	ash_ignore(ash_hsm_slots(the.hsm, true, slots, ASH_COUNT(slots), &count));
	ash_ignore(ash_hsm_token_info(the.hsm, 0, &info));
	if (!ash_is_ok(ash_hsm_open_session(the.hsm, 0, true, &session)))
		return;
	use_state(session);
	use_found(session, (struct ash_template){ &label, 1 });
	ash_ignore(ash_hsm_login(the.hsm, session, CKU_USER, USER_PIN));
	use_found(session, (struct ash_template){ &label, 1 });
	use_found(session, (struct ash_template){ NULL, 0 });
	ash_ignore(ash_hsm_logout(the.hsm, session));
	ash_ignore(ash_hsm_login(the.hsm, session, CKU_SO, SO_PIN));
	ash_ignore(ash_hsm_close_all_sessions(the.hsm, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ash_span in = ash_span(data, len);

	if (the.hsm == NULL)
		begin();
	saved.given = false;
	MUST(ash_store_change(the.store, put_all, &in));
	use_token();
	return 0;
}
