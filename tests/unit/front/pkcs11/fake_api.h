/*
 * A double of the HSM behind the PKCS#11 front-end. Every function of its table
 * notes that it was called and answers `fake.answer`; session 7 exists, and those
 * with an output give what the test put into `fake`.
 */
#pragma once

#include "api/api.h"
#include "front/pkcs11/host.h"
#include "unit/test.h"

#define FAKE_SESSION  ((ash_handle)7)
#define FAKE_GIVE_MAX 64u

static struct {
	/* What the double does. */
	struct ash_status start_answer;
	struct ash_status answer;
	uint64_t there;              /* how many slots, mechanisms, objects there are */
	uint8_t give[FAKE_GIVE_MAX]; /* an operation's output */
	size_t give_len;
	void (*query)(struct ash_attr_query *query); /* answers one attribute */
	void (*during)(void);                        /* runs inside of api calls */

	/* What the front-end did. */
	unsigned starts, stops, abandons;
	unsigned calls;     /* of the api */
	const char *called; /* the latest but session_info and op_abort */
	unsigned aborts;
	enum ash_op op, second_op;
	uint64_t slot, type;
	bool flag;
	struct ash_span in, second;
	bool out_given;
	bool mechanism_given;
	struct ash_mechanism mechanism;
	uint8_t nonce[64]; /* that a wrapping was given; its own may be gone with the call */
	size_t attr_count, second_count;
	uint64_t attr_type;
	uint8_t attr_value[FAKE_GIVE_MAX]; /* of the first attribute */
	size_t attr_len;
} fake = { .query = NULL };

static struct ash_hsm *fake_hsm(void)
{
	static int hsm;

	return (struct ash_hsm *)(void *)&hsm;
}

static struct ash_status fake_note(struct ash_hsm *hsm, const char *name)
{
	EXPECT(hsm == fake_hsm());
	fake.called = name;
	fake.calls++;
	if (fake.during != NULL)
		fake.during();
	return fake.answer;
}

/* Notes, and goes on when the answer is ASH_OK. */
#define FAKE_NOTE() ASH_TRY(fake_note(hsm, __func__ + strlen("fake_")))

static void fake_note_template(struct ash_template given)
{
	fake.attr_count = given.count;
	if (given.count == 0 || given.attrs[0].value.len > sizeof(fake.attr_value))
		return;
	fake.attr_type = given.attrs[0].type;
	fake.attr_len = given.attrs[0].value.len;
	if (fake.attr_len != 0)
		memcpy(fake.attr_value, given.attrs[0].value.data, fake.attr_len);
}

static void fake_note_mechanism(const struct ash_mechanism *mechanism)
{
	fake.mechanism_given = mechanism != NULL;
	if (mechanism != NULL)
		fake.mechanism = *mechanism;
}

static struct ash_status fake_info(struct ash_hsm *hsm, struct ash_hsm_info *ret_info)
{
	FAKE_NOTE();
	memset(ret_info, 'i', sizeof(*ret_info));
	ret_info->major = 4;
	ret_info->minor = 2;
	return ASH_DONE;
}

static struct ash_status fake_list(struct ash_hsm *hsm, uint64_t *values, size_t cap, size_t *ret_count)
{
	FAKE_NOTE();
	for (size_t i = 0; i < cap && i < fake.there; i++)
		values[i] = i + 100;
	*ret_count = fake.there;
	return ASH_DONE;
}

static struct ash_status fake_slots(struct ash_hsm *hsm, bool present, uint64_t *ids, size_t cap,
				    size_t *ret_count)
{
	fake.flag = present;
	return fake_list(hsm, ids, cap, ret_count);
}

static struct ash_status fake_slot_info(struct ash_hsm *hsm, uint64_t slot, struct ash_slot_info *ret_info)
{
	fake.slot = slot;
	FAKE_NOTE();
	memset(ret_info, 's', sizeof(*ret_info));
	ret_info->flags = CKF_TOKEN_PRESENT;
	return ASH_DONE;
}

static struct ash_status fake_token_info(struct ash_hsm *hsm, uint64_t slot, struct ash_token_info *ret_info)
{
	fake.slot = slot;
	FAKE_NOTE();
	memset(ret_info, 't', sizeof(*ret_info));
	ret_info->flags = CKF_RNG;
	ret_info->sessions = 3;
	ret_info->rw_sessions = 2;
	ret_info->pin_min = 4;
	ret_info->pin_max = 255;
	return ASH_DONE;
}

static struct ash_status fake_mechanisms(struct ash_hsm *hsm, uint64_t slot, uint64_t *types, size_t cap,
					 size_t *ret_count)
{
	fake.slot = slot;
	return fake_list(hsm, types, cap, ret_count);
}

static struct ash_status fake_mechanism_info(struct ash_hsm *hsm, uint64_t slot, uint64_t type,
					     struct ash_mechanism_info *ret_info)
{
	fake.slot = slot;
	fake.type = type;
	FAKE_NOTE();
	*ret_info = (struct ash_mechanism_info){ 16, 32, CKF_ENCRYPT };
	return ASH_DONE;
}

static struct ash_status fake_engine(struct ash_hsm *hsm, size_t n, struct ash_engine_info *ret_info)
{
	(void)n;
	FAKE_NOTE();
	*ret_info = (struct ash_engine_info){ .name = "fake" };
	return ASH_DONE;
}

static struct ash_status fake_init_token(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin,
					 const char label[32])
{
	fake.slot = slot;
	fake.in = so_pin;
	fake.second = ash_span(label, 32);
	return fake_note(hsm, "init_token");
}

static struct ash_status fake_init_pin(struct ash_hsm *hsm, ash_handle session, struct ash_span pin)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.in = pin;
	return fake_note(hsm, "init_pin");
}

static struct ash_status fake_set_pin(struct ash_hsm *hsm, ash_handle session, struct ash_span old_pin,
				      struct ash_span new_pin)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.in = old_pin;
	fake.second = new_pin;
	return fake_note(hsm, "set_pin");
}

static struct ash_status fake_open_session(struct ash_hsm *hsm, uint64_t slot, bool read_write,
					   ash_handle *ret_session)
{
	fake.slot = slot;
	fake.flag = read_write;
	FAKE_NOTE();
	*ret_session = FAKE_SESSION;
	return ASH_DONE;
}

static struct ash_status fake_close_session(struct ash_hsm *hsm, ash_handle session)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	return fake_note(hsm, "close_session");
}

static struct ash_status fake_close_all_sessions(struct ash_hsm *hsm, uint64_t slot)
{
	fake.slot = slot;
	return fake_note(hsm, "close_all_sessions");
}

static struct ash_status fake_session_info(struct ash_hsm *hsm, ash_handle session,
					   struct ash_session_info *ret_info)
{
	EXPECT(hsm == fake_hsm());
	ASH_ENSURE(session == FAKE_SESSION, ASH_E_SESSION_HANDLE);
	*ret_info = (struct ash_session_info){ 5, CKS_RW_USER_FUNCTIONS, CKF_SERIAL_SESSION };
	return ASH_DONE;
}

static struct ash_status fake_login(struct ash_hsm *hsm, ash_handle session, uint64_t user_type,
				    struct ash_span pin)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.type = user_type;
	fake.in = pin;
	return fake_note(hsm, "login");
}

static struct ash_status fake_login_user(struct ash_hsm *hsm, ash_handle session, uint64_t user_type,
					 struct ash_span pin, struct ash_span name)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.type = user_type;
	fake.in = pin;
	fake.second = name;
	return fake_note(hsm, "login_user");
}

static struct ash_status fake_logout(struct ash_hsm *hsm, ash_handle session)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	return fake_note(hsm, "logout");
}

static struct ash_status fake_create_object(struct ash_hsm *hsm, ash_handle session,
					    struct ash_template given, ash_handle *ret_object)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake_note_template(given);
	FAKE_NOTE();
	*ret_object = 11;
	return ASH_DONE;
}

static struct ash_status fake_copy_object(struct ash_hsm *hsm, ash_handle session, ash_handle object,
					  struct ash_template given, ash_handle *ret_copy)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.type = object;
	fake_note_template(given);
	FAKE_NOTE();
	*ret_copy = 15;
	return ASH_DONE;
}

static struct ash_status fake_object_size(struct ash_hsm *hsm, ash_handle session, ash_handle object,
					  uint64_t *ret_size)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.type = object;
	FAKE_NOTE();
	*ret_size = 1234;
	return ASH_DONE;
}

static struct ash_status fake_destroy_object(struct ash_hsm *hsm, ash_handle session, ash_handle object)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.type = object;
	return fake_note(hsm, "destroy_object");
}

static struct ash_status fake_get_attributes(struct ash_hsm *hsm, ash_handle session, ash_handle object,
					     struct ash_attr_query *queries, size_t count)
{
	struct ash_status first = ASH_DONE;

	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.type = object;
	fake.attr_count = count;
	FAKE_NOTE();
	for (size_t i = 0; i < count; i++) {
		fake.query(&queries[i]);
		if (ash_is_ok(first))
			first.code = queries[i].code;
	}
	return first;
}

static struct ash_status fake_set_attributes(struct ash_hsm *hsm, ash_handle session, ash_handle object,
					     struct ash_template given)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.type = object;
	fake_note_template(given);
	return fake_note(hsm, "set_attributes");
}

static struct ash_status fake_find_begin(struct ash_hsm *hsm, ash_handle session, struct ash_template want)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake_note_template(want);
	return fake_note(hsm, "find_begin");
}

static struct ash_status fake_find_next(struct ash_hsm *hsm, ash_handle session, ash_handle *objects,
					size_t cap, size_t *ret_count)
{
	size_t count = fake.there < cap ? fake.there : cap;

	EXPECT_NUMBER(FAKE_SESSION, session);
	FAKE_NOTE();
	for (size_t i = 0; i < count; i++)
		objects[i] = i + 100;
	*ret_count = count;
	return ASH_DONE;
}

static struct ash_status fake_find_end(struct ash_hsm *hsm, ash_handle session)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	return fake_note(hsm, "find_end");
}

static struct ash_status fake_op_init(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
				      const struct ash_mechanism *mechanism, ash_handle key)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.op = op;
	fake.type = key;
	fake_note_mechanism(mechanism);
	return fake_note(hsm, "op_init");
}

/* As util/span.h promises of struct ash_out. */
static struct ash_status fake_give(struct ash_out *out)
{
	out->len = fake.give_len;
	if (out->data == NULL)
		return ASH_DONE;
	ASH_ENSURE(out->cap >= fake.give_len, ASH_E_BUFFER_TOO_SMALL);
	memcpy(out->data, fake.give, fake.give_len);
	return ASH_DONE;
}

static struct ash_status fake_op(struct ash_hsm *hsm, const char *name, ash_handle session, enum ash_op op,
				 struct ash_span in, struct ash_out *out)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.op = op;
	fake.in = in;
	fake.out_given = out->data != NULL;
	ASH_TRY(fake_note(hsm, name));
	return fake_give(out);
}

static struct ash_status fake_op_single(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
					struct ash_span in, struct ash_out *out)
{
	return fake_op(hsm, "op_single", session, op, in, out);
}

static struct ash_status fake_op_update(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
					struct ash_span in, struct ash_out *out)
{
	return fake_op(hsm, "op_update", session, op, in, out);
}

static struct ash_status fake_op_final(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
				       struct ash_out *out)
{
	return fake_op(hsm, "op_final", session, op, ASH_SPAN_NONE, out);
}

static struct ash_status fake_verify_single(struct ash_hsm *hsm, ash_handle session, struct ash_span in,
					    struct ash_span signature)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.in = in;
	fake.second = signature;
	return fake_note(hsm, "verify_single");
}

static struct ash_status fake_verify_final(struct ash_hsm *hsm, ash_handle session, struct ash_span signature)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.second = signature;
	return fake_note(hsm, "verify_final");
}

static struct ash_status fake_digest_key(struct ash_hsm *hsm, ash_handle session, ash_handle key)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.type = key;
	return fake_note(hsm, "digest_key");
}

static struct ash_status fake_dual_update(struct ash_hsm *hsm, ash_handle session, enum ash_op first,
					  enum ash_op second, struct ash_span in, struct ash_out *out)
{
	fake.second_op = second;
	return fake_op(hsm, "dual_update", session, first, in, out);
}

static struct ash_status fake_op_save(struct ash_hsm *hsm, ash_handle session, struct ash_out *state)
{
	return fake_op(hsm, "op_save", session, ASH_OP_DIGEST, ASH_SPAN_NONE, state);
}

static struct ash_status fake_op_restore(struct ash_hsm *hsm, ash_handle session, struct ash_span state,
					 ash_handle encryption_key, ash_handle authentication_key)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.in = state;
	fake.slot = encryption_key;
	fake.type = authentication_key;
	return fake_note(hsm, "op_restore");
}

static struct ash_status fake_op_abort(struct ash_hsm *hsm, ash_handle session, enum ash_op op)
{
	EXPECT(hsm == fake_hsm());
	fake.aborts++;
	fake.op = op;
	ASH_ENSURE(session == FAKE_SESSION, ASH_E_SESSION_HANDLE);
	return ASH_DONE;
}

static struct ash_status fake_generate_key(struct ash_hsm *hsm, ash_handle session,
					   const struct ash_mechanism *mechanism, struct ash_template given,
					   ash_handle *ret_key)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake_note_mechanism(mechanism);
	fake_note_template(given);
	FAKE_NOTE();
	*ret_key = 12;
	return ASH_DONE;
}

static struct ash_status fake_generate_pair(struct ash_hsm *hsm, ash_handle session,
					    const struct ash_mechanism *mechanism,
					    struct ash_template public_given,
					    struct ash_template private_given, ash_handle *ret_public,
					    ash_handle *ret_private)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake_note_mechanism(mechanism);
	fake_note_template(public_given);
	fake.second_count = private_given.count;
	FAKE_NOTE();
	*ret_public = 13;
	*ret_private = 14;
	return ASH_DONE;
}

static struct ash_status fake_wrap_key(struct ash_hsm *hsm, ash_handle session,
				       const struct ash_mechanism *mechanism, ash_handle wrapping_key,
				       ash_handle key, struct ash_out *wrapped)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake_note_mechanism(mechanism);
	if (mechanism->params.iv.len <= sizeof(fake.nonce) && mechanism->params.iv.len != 0)
		memcpy(fake.nonce, mechanism->params.iv.data, mechanism->params.iv.len);
	fake.type = wrapping_key;
	fake.slot = key;
	fake.out_given = wrapped->data != NULL;
	FAKE_NOTE();
	return fake_give(wrapped);
}

/* What brings forth a key in its own way. */
static struct ash_status fake_bear(struct ash_hsm *hsm, const char *name, ash_handle session,
				   const struct ash_mechanism *mechanism, ash_handle parent,
				   struct ash_template given)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake_note_mechanism(mechanism);
	fake.type = parent;
	fake_note_template(given);
	return fake_note(hsm, name);
}

static struct ash_status fake_unwrap_key(struct ash_hsm *hsm, ash_handle session,
					 const struct ash_mechanism *mechanism, ash_handle unwrapping_key,
					 struct ash_span wrapped, struct ash_template given,
					 ash_handle *ret_key)
{
	fake.in = wrapped;
	ASH_TRY(fake_bear(hsm, "unwrap_key", session, mechanism, unwrapping_key, given));
	*ret_key = 16;
	return ASH_DONE;
}

static struct ash_status fake_derive_key(struct ash_hsm *hsm, ash_handle session,
					 const struct ash_mechanism *mechanism, ash_handle base_key,
					 struct ash_template given, ash_handle *ret_key)
{
	ASH_TRY(fake_bear(hsm, "derive_key", session, mechanism, base_key, given));
	*ret_key = 17;
	return ASH_DONE;
}

static struct ash_status fake_encapsulate_key(struct ash_hsm *hsm, ash_handle session,
					      const struct ash_mechanism *mechanism, ash_handle public_key,
					      struct ash_template given, struct ash_out *ciphertext,
					      ash_handle *ret_key)
{
	fake.out_given = ciphertext->data != NULL;
	ASH_TRY(fake_bear(hsm, "encapsulate_key", session, mechanism, public_key, given));
	ASH_TRY(fake_give(ciphertext));
	if (ciphertext->data != NULL)
		*ret_key = 18;
	return ASH_DONE;
}

static struct ash_status fake_decapsulate_key(struct ash_hsm *hsm, ash_handle session,
					      const struct ash_mechanism *mechanism, ash_handle private_key,
					      struct ash_template given, struct ash_span ciphertext,
					      ash_handle *ret_key)
{
	fake.in = ciphertext;
	ASH_TRY(fake_bear(hsm, "decapsulate_key", session, mechanism, private_key, given));
	*ret_key = 19;
	return ASH_DONE;
}

static struct ash_status fake_seed_random(struct ash_hsm *hsm, ash_handle session, struct ash_span seed)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	fake.in = seed;
	return fake_note(hsm, "seed_random");
}

static struct ash_status fake_random(struct ash_hsm *hsm, ash_handle session, struct ash_mut out)
{
	EXPECT_NUMBER(FAKE_SESSION, session);
	FAKE_NOTE();
	if (out.len != 0)
		memset(out.data, 'r', out.len);
	return ASH_DONE;
}

static const struct ash_api fake_api = {
	.abi = ASH_API_ABI,
	.name = "fake",
	.info = fake_info,
	.slots = fake_slots,
	.slot_info = fake_slot_info,
	.token_info = fake_token_info,
	.mechanisms = fake_mechanisms,
	.mechanism_info = fake_mechanism_info,
	.engine = fake_engine,
	.init_token = fake_init_token,
	.init_pin = fake_init_pin,
	.set_pin = fake_set_pin,
	.open_session = fake_open_session,
	.close_session = fake_close_session,
	.close_all_sessions = fake_close_all_sessions,
	.session_info = fake_session_info,
	.login = fake_login,
	.login_user = fake_login_user,
	.logout = fake_logout,
	.create_object = fake_create_object,
	.copy_object = fake_copy_object,
	.object_size = fake_object_size,
	.destroy_object = fake_destroy_object,
	.get_attributes = fake_get_attributes,
	.set_attributes = fake_set_attributes,
	.find_begin = fake_find_begin,
	.find_next = fake_find_next,
	.find_end = fake_find_end,
	.op_init = fake_op_init,
	.op_single = fake_op_single,
	.op_update = fake_op_update,
	.op_final = fake_op_final,
	.verify_single = fake_verify_single,
	.verify_final = fake_verify_final,
	.digest_key = fake_digest_key,
	.dual_update = fake_dual_update,
	.op_save = fake_op_save,
	.op_restore = fake_op_restore,
	.op_abort = fake_op_abort,
	.generate_key = fake_generate_key,
	.generate_pair = fake_generate_pair,
	.wrap_key = fake_wrap_key,
	.unwrap_key = fake_unwrap_key,
	.derive_key = fake_derive_key,
	.encapsulate_key = fake_encapsulate_key,
	.decapsulate_key = fake_decapsulate_key,
	.seed_random = fake_seed_random,
	.random = fake_random,
};

static struct ash_status fake_start(struct ash_p11_instance *ret_instance)
{
	fake.starts++;
	ASH_TRY(fake.start_answer);
	*ret_instance = (struct ash_p11_instance){ &fake_api, fake_hsm(), &fake };
	return ASH_DONE;
}

static void fake_stop(struct ash_p11_instance *instance)
{
	EXPECT(instance->owner == &fake && instance->hsm == fake_hsm());
	fake.stops++;
}

static void fake_abandon(struct ash_p11_instance *instance)
{
	EXPECT(instance->owner == &fake && instance->hsm == fake_hsm());
	fake.abandons++;
}

const struct ash_p11_host ash_p11_host = {
	.start = fake_start,
	.stop = fake_stop,
	.abandon = fake_abandon,
};

#define EXPECT_RV(want, ...) EXPECT_NUMBER((want), (__VA_ARGS__))

/* An initialised library with a double that knows nothing yet. */
ASH_UNUSED static void fresh(void)
{
	(void)C_Finalize(NULL);
	memset(&fake, 0, sizeof(fake));
	EXPECT_RV(CKR_OK, C_Initialize(NULL));
	fake.called = "";
}

/* The api function that the front-end's latest call led to; "" for none. */
#define EXPECT_CALLED(name) EXPECT_TEXT((name), fake.called)
