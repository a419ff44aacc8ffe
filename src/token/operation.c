#include "token/operation.h"

#include "token/access.h"
#include "token/session.h"
#include "token/use.h"

/* What longer data needed is given back at the end; a session keeps no more than this. */
#define HELD_KEPT ((size_t)64 << 10)

void ash_active_end(struct ash_active *active)
{
	active->stage = ASH_STAGE_IDLE;
	active->needs_login = false;
	active->inside = 0;
	if (active->held.cap > HELD_KEPT)
		ash_buf_done(&active->held);
	ash_buf_reset(&active->held);
}

void ash_active_done(struct ash_active *active)
{
	ash_active_end(active);
	ash_buf_done(&active->held);
	ash_buf_done(&active->label);
	active->operation = ash_operation_free(active->operation);
	active->object = ash_object_unref(active->object);
	active->row = NULL;
	active->login = 0;
}

struct ash_status ash_active_refresh(struct ash_session *session, struct ash_active *active)
{
	struct ash_status status;

	if (active->stage == ASH_STAGE_IDLE || active->object == NULL)
		return ASH_DONE;
	status = ash_access_exists(session, active->object);
	if (ash_is_ok(status))
		return ASH_DONE;
	ash_active_done(active);
	return status.code == ASH_E_OBJECT_HANDLE ? ASH_DONE : status;
}

/* Init */

/* Whether the context of before serves: same mechanism, and the same key, still as it was. */
static bool can_reuse(struct ash_session *session, const struct ash_active *active,
		      const struct ash_mechanism_row *row, ash_handle key)
{
	if (active->operation == NULL || active->row != row)
		return false;
	if (active->object == NULL)
		return key == 0;
	return active->object->handle == key && ash_access_current(session, active->object);
}

static struct ash_status prepare_digest(struct ash_session *session, struct ash_active *active,
					const struct ash_mechanism_row *row)
{
	const struct ash_use use = { ASH_OP_DIGEST, row->alg, row->prefer };

	ASH_TRY(ash_operation_new(session->hsm->crypto, &use, NULL, &active->operation));
	active->row = row;
	return ASH_DONE;
}

static struct ash_status prepare_keyed(struct ash_session *session, struct ash_active *active, enum ash_op op,
				       const struct ash_mechanism_row *row, ash_handle handle)
{
	const struct ash_use use = { op, row->alg, row->prefer };
	const struct ash_role role = ash_role_of(op);
	ASH_AUTO(ash_object) *object = NULL;
	struct ash_key_spec spec;
	struct ash_key *key = NULL;

	ASH_TRY(ash_use_get(session, handle, row, &role, &object, &spec));
	ASH_TRY(ash_object_key(session->hsm->crypto, object, &use, &key));
	ASH_TRY(ash_operation_new(session->hsm->crypto, &use, key, &active->operation));
	active->login = object->login;
	active->object = ASH_TAKE(object);
	active->spec = spec;
	active->row = row;
	return ASH_DONE;
}

/* Keeps of the parameter what a second beginning needs; only RSA and AES without a tag have one. */
static struct ash_status keep_params(struct ash_active *active, const struct ash_params *params)
{
	const size_t iv_len = params->iv.len <= sizeof(active->iv) ? params->iv.len : 0;

	ash_buf_reset(&active->label);
	if (params->label.len != 0)
		ASH_TRY(ash_buf_add(&active->label, params->label));
	if (iv_len != 0)
		memcpy(active->iv, params->iv.data, iv_len);
	active->params = (struct ash_params){
		.iv = { active->iv, iv_len },
		.tag_len = params->tag_len,
		.hash = params->hash,
		.mgf_hash = params->mgf_hash,
		.label = ash_buf_span(&active->label),
	};
	return ASH_DONE;
}

static struct ash_status start(struct ash_active *active, const struct ash_params *params)
{
	ASH_TRY(keep_params(active, params));
	ASH_TRY(ash_operation_start(active->operation, params));
	active->needs_login = active->object != NULL &&
			      ash_attrs_bool(active->object->attrs, CKA_ALWAYS_AUTHENTICATE, false);
	active->login = active->object != NULL ? active->object->login : 0;
	active->inside = 0;
	active->stage = ASH_STAGE_READY;
	return ASH_DONE;
}

struct ash_status ash_hsm_op_init(struct ash_hsm *hsm, ash_handle handle, enum ash_op op,
				  const struct ash_mechanism *mechanism, ash_handle key)
{
	const struct ash_mechanism_row *row = NULL;
	ASH_AUTO(ash_session) *session = NULL;
	struct ash_active *active = NULL;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_ENSURE((unsigned)op < ASH_OP_DERIVE, ASH_E_ARGUMENT); /* the others are single calls */
	active = &session->active[op];
	if (mechanism == NULL) {
		ash_active_end(active);
		return ASH_DONE;
	}
	ASH_TRY(ash_active_refresh(session, active));
	ASH_ENSURE(active->stage == ASH_STAGE_IDLE, ASH_E_OPERATION_ACTIVE);
	ASH_TRY(ash_use_row(mechanism, ash_op_flag(op), &row));
	if (!can_reuse(session, active, row, key)) {
		ash_active_done(active);
		active->held.limit = hsm->options.limit_multipart;
		if (op == ASH_OP_DIGEST)
			ASH_TRY(prepare_digest(session, active, row));
		else
			ASH_TRY(prepare_keyed(session, active, op, row, key));
	}
	return start(active, &mechanism->params);
}

/* Update, final, single */

/* What is wrong with an input whose output no length can tell. */
static struct ash_status check_room(enum ash_op op, size_t need)
{
	ASH_ENSURE(need != SIZE_MAX || op != ASH_OP_DECRYPT, ASH_E_ENCRYPTED_DATA_LEN);
	ASH_ENSURE(need != SIZE_MAX, ASH_E_DATA_LEN);
	return ASH_DONE;
}

/* Whether the length of the output is known before it is made: not where padding comes off. */
static bool is_exact(const struct ash_active *active, enum ash_op op)
{
	const enum ash_scheme scheme = active->row->alg.scheme;

	if (op == ASH_OP_VERIFY_RECOVER)
		return scheme != ASH_SCHEME_RSA_PKCS1;
	return op != ASH_OP_DECRYPT || (scheme != ASH_SCHEME_AES_CBC_PAD && scheme != ASH_SCHEME_AES_KWP &&
					scheme != ASH_SCHEME_RSA_PKCS1 && scheme != ASH_SCHEME_RSA_OAEP);
}

static size_t finish_max(const struct ash_active *active, enum ash_op op, size_t in_len)
{
	return ash_alg_finish_max(op, active->row->alg, &active->spec, active->params.tag_len, active->inside,
				  in_len);
}

static struct ash_status begin_again(struct ash_active *active)
{
	active->inside = 0;
	return ash_operation_start(active->operation, &active->params);
}

/* Finishes into a buffer of our own, which has what came out, and only that. */
static struct ash_status finish_aside(struct ash_active *active, struct ash_span in, size_t need,
				      struct ash_buf *result)
{
	struct ash_mut room;
	size_t len = 0;

	ASH_TRY(ash_buf_extend(result, need, &room));
	ASH_TRY(ash_operation_finish(active->operation, in, room, &len));
	result->len = len;
	return ASH_DONE;
}

/* A single-part output of unknown length for a buffer that may be too short: begun again if it is. */
static struct ash_status single_aside(struct ash_active *active, struct ash_span in, size_t need,
				      struct ash_out *out)
{
	ASH_AUTO(ash_buf) result = ASH_BUF_SECRET;

	ASH_TRY(finish_aside(active, in, need, &result));
	if (result.len > out->cap) {
		ASH_TRY(begin_again(active));
		out->len = result.len;
		ASH_FAIL(ASH_E_BUFFER_TOO_SMALL);
	}
	ash_use_deliver(ash_buf_span(&result), out);
	return ASH_DONE;
}

static struct ash_status single(struct ash_active *active, enum ash_op op, struct ash_span in,
				struct ash_out *out)
{
	const size_t need = finish_max(active, op, in.len);
	struct ash_status status = ASH_DONE;
	size_t len = 0;

	ASH_TRY(check_room(op, need));
	ASH_ENSURE(active->stage == ASH_STAGE_READY, ASH_E_OPERATION_NONE);
	if (out->data != NULL && out->cap < need && !is_exact(active, op))
		return single_aside(active, in, need, out);
	if (ash_use_only_length(out, need, &status))
		return status;
	ASH_TRY(ash_operation_finish(active->operation, in, ash_mut(out->data, out->cap), &len));
	out->len = len;
	return ASH_DONE;
}

struct ash_status ash_active_update_max(const struct ash_active *active, enum ash_op op, size_t in_len,
					size_t *ret_need)
{
	size_t need = 0;

	ASH_ENSURE(!active->row->whole && active->stage != ASH_STAGE_PENDING, ASH_E_OPERATION_NONE);
	if (ash_operation_streams(active->operation))
		need = ash_alg_update_max(op, active->row->alg, active->inside, in_len);
	ASH_TRY(check_room(op, need));
	*ret_need = need;
	return ASH_DONE;
}

struct ash_status ash_active_update(struct ash_active *active, enum ash_op op, struct ash_span in,
				    struct ash_out *out)
{
	/* What gives no output is never asked for its length. */
	const bool asked = out->data == NULL && (op == ASH_OP_ENCRYPT || op == ASH_OP_DECRYPT);
	struct ash_status status = ASH_DONE;
	size_t need = 0, len = 0;

	ASH_TRY(ash_active_update_max(active, op, in.len, &need));
	if ((need != 0 || asked) && ash_use_only_length(out, need, &status))
		return status;
	if (ash_operation_streams(active->operation))
		ASH_TRY(ash_operation_update(active->operation, in, ash_mut(out->data, need), &len));
	else
		ASH_TRY(ash_buf_add(&active->held, in));
	active->inside += ash_operation_streams(active->operation) ? in.len - len : 0;
	active->stage = ASH_STAGE_PARTS;
	out->len = len;
	return ASH_DONE;
}

/* The last part, in a buffer of our own, where it waits until the caller has room. */
static struct ash_status final_aside(struct ash_active *active, size_t need)
{
	ASH_AUTO(ash_buf) result = ASH_BUF_SECRET;
	struct ash_buf taken;

	result.limit = active->held.limit + need;
	ASH_TRY(finish_aside(active, ash_buf_span(&active->held), need, &result));
	taken = active->held;
	active->held = result;
	active->held.limit = taken.limit;
	result = taken;
	active->stage = ASH_STAGE_PENDING;
	return ASH_DONE;
}

static struct ash_status final(struct ash_active *active, enum ash_op op, struct ash_out *out)
{
	struct ash_status status = ASH_DONE;
	size_t need = 0, len = 0;

	ASH_ENSURE(!active->row->whole, ASH_E_OPERATION_NONE);
	if (active->stage != ASH_STAGE_PENDING) {
		need = finish_max(active, op, active->held.len);
		ASH_TRY(check_room(op, need));
		if (out->data != NULL && out->cap < need && !is_exact(active, op))
			ASH_TRY(final_aside(active, need));
	}
	if (active->stage == ASH_STAGE_PENDING) {
		if (ash_use_only_length(out, active->held.len, &status))
			return status;
		ash_use_deliver(ash_buf_span(&active->held), out);
		return ASH_DONE;
	}
	if (ash_use_only_length(out, need, &status))
		return status;
	ASH_TRY(ash_operation_finish(active->operation, ash_buf_span(&active->held),
				     ash_mut(out->data, out->cap), &len));
	out->len = len;
	return ASH_DONE;
}

struct ash_status ash_active_get(struct ash_session *session, enum ash_op op, struct ash_active **ret_active)
{
	struct ash_active *active = NULL;

	ASH_ENSURE((unsigned)op < ASH_OP_DERIVE, ASH_E_ARGUMENT);
	active = &session->active[op];
	ASH_TRY(ash_active_refresh(session, active));
	ASH_ENSURE(active->stage != ASH_STAGE_IDLE, ASH_E_OPERATION_NONE);
	if (active->needs_login) {
		ash_active_end(active); /* a failure like any other */
		ASH_FAIL(ASH_E_NOT_LOGGED_IN);
	}
	*ret_active = active;
	return ASH_DONE;
}

static struct ash_status take_active(struct ash_hsm *hsm, ash_handle handle, enum ash_op op,
				     struct ash_session **ret_session, struct ash_active **ret_active)
{
	ASH_AUTO(ash_session) *session = NULL;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_active_get(session, op, ret_active));
	*ret_session = ASH_TAKE(session);
	return ASH_DONE;
}

/* What ends an operation: success, and every failure but a short buffer. */
static struct ash_status conclude(struct ash_active *active, struct ash_status status, bool asked)
{
	if (status.code == ASH_E_BUFFER_TOO_SMALL || (ash_is_ok(status) && asked))
		return status;
	ash_active_end(active);
	return status;
}

struct ash_status ash_hsm_op_single(struct ash_hsm *hsm, ash_handle handle, enum ash_op op,
				    struct ash_span in, struct ash_out *out)
{
	ASH_AUTO(ash_session) *session = NULL;
	struct ash_active *active = NULL;

	ASH_TRY(take_active(hsm, handle, op, &session, &active));
	return conclude(active, single(active, op, in, out), out->data == NULL);
}

struct ash_status ash_hsm_op_update(struct ash_hsm *hsm, ash_handle handle, enum ash_op op,
				    struct ash_span in, struct ash_out *out)
{
	ASH_AUTO(ash_session) *session = NULL;
	struct ash_active *active = NULL;

	ASH_TRY(take_active(hsm, handle, op, &session, &active));
	return conclude(active, ash_active_update(active, op, in, out), true);
}

struct ash_status ash_hsm_op_final(struct ash_hsm *hsm, ash_handle handle, enum ash_op op,
				   struct ash_out *out)
{
	ASH_AUTO(ash_session) *session = NULL;
	struct ash_active *active = NULL;

	ASH_TRY(take_active(hsm, handle, op, &session, &active));
	return conclude(active, final(active, op, out), out->data == NULL);
}

struct ash_status ash_hsm_verify_single(struct ash_hsm *hsm, ash_handle handle, struct ash_span in,
					struct ash_span signature)
{
	ASH_AUTO(ash_session) *session = NULL;
	struct ash_active *active = NULL;
	struct ash_status status;

	ASH_TRY(take_active(hsm, handle, ASH_OP_VERIFY, &session, &active));
	status = active->stage == ASH_STAGE_READY ? ash_operation_verify(active->operation, in, signature)
						  : ash_status_fail(ASH_E_OPERATION_NONE, __FILE__, __LINE__);
	return conclude(active, status, false);
}

struct ash_status ash_hsm_verify_final(struct ash_hsm *hsm, ash_handle handle, struct ash_span signature)
{
	ASH_AUTO(ash_session) *session = NULL;
	struct ash_active *active = NULL;
	struct ash_status status;

	ASH_TRY(take_active(hsm, handle, ASH_OP_VERIFY, &session, &active));
	status = active->row->whole
			 ? ash_status_fail(ASH_E_OPERATION_NONE, __FILE__, __LINE__)
			 : ash_operation_verify(active->operation, ash_buf_span(&active->held), signature);
	return conclude(active, status, false);
}

struct ash_status ash_hsm_op_abort(struct ash_hsm *hsm, ash_handle handle, enum ash_op op)
{
	ASH_AUTO(ash_session) *session = NULL;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_ENSURE((unsigned)op < ASH_OP_DERIVE, ASH_E_ARGUMENT);
	ash_active_end(&session->active[op]);
	return ASH_DONE;
}
