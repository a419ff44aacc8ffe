/*
 * C_GetOperationState and C_SetOperationState (PKCS#11 3.2 §5.6.6, §5.6.7): a digest in the
 * middle of its work leaves the token and comes back. What leaves is sealed under a key that
 * comes of the root key and the token's incarnation: only this token takes it back, in any
 * process and until it is initialised anew.
 *
 * Whatever else is under way can't be saved: its key stays here.
 */
#include "crypto/seal.h"
#include "token/session.h"
#include "token/slot.h"
#include "token/use.h"
#include "util/reader.h"
#include "util/writer.h"

#define STATE_FORMAT 1u
#define STATE_MAX    1024u /* none that we give is longer */

static struct ash_status state_ring(struct ash_session *session, struct ash_incarnation *ret_incarnation,
				    struct ash_ring *ret_ring)
{
	struct ash_hsm *hsm = session->hsm;

	{
		ASH_LOCKED(&session->token->lock);
		*ret_incarnation = session->token->incarnation;
	}
	return ash_ring_derive(hsm->crypto, ash_secret_peek(hsm->root_key), "state", ret_incarnation,
			       ret_ring);
}

/* The digest, if it is all that is under way of what the standard has saved. */
static struct ash_status find_saveable(struct ash_session *session, struct ash_active **ret_active)
{
	static const enum ash_op others[] = { ASH_OP_SIGN, ASH_OP_VERIFY, ASH_OP_ENCRYPT, ASH_OP_DECRYPT };
	struct ash_active *digest = &session->active[ASH_OP_DIGEST];

	for (size_t i = 0; i < ASH_COUNT(others); i++) {
		ASH_TRY(ash_active_refresh(session, &session->active[others[i]]));
		ASH_ENSURE(session->active[others[i]].stage == ASH_STAGE_IDLE, ASH_E_STATE_UNSAVEABLE);
	}
	ASH_ENSURE(digest->stage != ASH_STAGE_IDLE, ASH_E_OPERATION_NONE);
	*ret_active = digest;
	return ASH_DONE;
}

static struct ash_status encode(const struct ash_session *session, const struct ash_active *digest,
				struct ash_buf *plain)
{
	ASH_TRY(ash_write_u8(plain, STATE_FORMAT));
	ASH_TRY(ash_write_u64(plain, ash_session_state(session)));
	ASH_TRY(ash_write_u64(plain, digest->row->type));
	ASH_TRY(ash_write_u8(plain, (uint8_t)digest->stage));
	ASH_TRY(ash_write_u8(plain, digest->login != 0));
	return ash_operation_save(digest->operation, plain);
}

struct ash_status ash_hsm_op_save(struct ash_hsm *hsm, ash_handle handle, struct ash_out *state)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_ring) ring = ASH_RING_NONE;
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	struct ash_incarnation incarnation;
	struct ash_active *digest = NULL;
	struct ash_status status = ASH_DONE;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(find_saveable(session, &digest));
	ASH_TRY(encode(session, digest, &plain));
	if (ash_use_only_length(state, plain.len + ASH_SEAL_OVERHEAD, &status))
		return status;
	ASH_TRY(state_ring(session, &incarnation, &ring));
	ASH_TRY(ash_seal(hsm->crypto, ash_secret_peek(ring.wrap),
			 ash_span(incarnation.bytes, ASH_INCARNATION_LEN), ash_buf_span(&plain), &sealed));
	ash_use_deliver(ash_buf_span(&sealed), state);
	return ASH_DONE;
}

/* What was saved, still without its key or place. */
struct saved {
	uint64_t session_state, mechanism;
	uint8_t stage, is_private;
	struct ash_span operation;
};

static struct ash_status decode(struct ash_span plain, struct saved *ret_saved)
{
	struct ash_reader in = ash_reader(plain);
	uint8_t format = 0;

	ASH_TRY(ash_reader_u8(&in, &format));
	ASH_ENSURE(format == STATE_FORMAT, ASH_E_FORMAT);
	ASH_TRY(ash_reader_u64(&in, &ret_saved->session_state));
	ASH_TRY(ash_reader_u64(&in, &ret_saved->mechanism));
	ASH_TRY(ash_reader_u8(&in, &ret_saved->stage));
	ASH_TRY(ash_reader_u8(&in, &ret_saved->is_private));
	ret_saved->operation = in.rest;
	ASH_ENSURE(ret_saved->stage == ASH_STAGE_READY || ret_saved->stage == ASH_STAGE_PARTS, ASH_E_FORMAT);
	return ASH_DONE;
}

static struct ash_status unseal(struct ash_session *session, struct ash_span state, struct ash_buf *plain)
{
	ASH_AUTO(ash_ring) ring = ASH_RING_NONE;
	struct ash_incarnation incarnation;

	ASH_TRY(state_ring(session, &incarnation, &ring));
	return ash_unseal(session->hsm->crypto, ash_secret_peek(ring.wrap),
			  ash_span(incarnation.bytes, ASH_INCARNATION_LEN), state, plain);
}

/* The digest as it was saved, made beside those of the session. */
static struct ash_status revive(struct ash_session *session, const struct saved *saved,
				struct ash_active *ret_digest)
{
	const struct ash_mechanism_row *row = ash_mechanism_find(saved->mechanism);
	/* Looked at once, and first: a logout from here on waits for this session and ends what has this login. */
	const uint64_t login = atomic_load(&session->token->login);
	ASH_AUTO(ash_operation) *operation = NULL;

	ASH_ENSURE(saved->is_private == 0 || (login & ASH_LOGIN_USER) != 0, ASH_E_SAVED_STATE);
	ASH_ENSURE(row != NULL && (row->info.flags & CKF_DIGEST) != 0 &&
			   saved->session_state == ash_session_state(session),
		   ASH_E_SAVED_STATE);

	const struct ash_use use = { ASH_OP_DIGEST, row->alg, row->prefer };

	ASH_TRY(ash_operation_new(session->hsm->crypto, &use, NULL, &operation));
	ASH_TRY(ash_operation_start(operation, NULL));
	ASH_TRY(ash_operation_restore(operation, saved->operation));
	*ret_digest = (struct ash_active){
		.stage = (enum ash_stage)saved->stage,
		.row = row,
		.operation = ASH_TAKE(operation),
		.login = saved->is_private != 0 ? login : 0,
		.label = ASH_BUF_PLAIN,
		.held = ASH_BUF_SECRET,
	};
	ret_digest->held.limit = session->hsm->options.limit_multipart;
	return ASH_DONE;
}

struct ash_status ash_hsm_op_restore(struct ash_hsm *hsm, ash_handle handle, struct ash_span state,
				     ash_handle encryption_key, ash_handle authentication_key)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	struct ash_active digest;
	struct saved saved;
	struct ash_status status;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_ENSURE(state.len <= STATE_MAX, ASH_E_SAVED_STATE);
	status = unseal(session, state, &plain);
	ASH_ENSURE(status.code != ASH_E_CORRUPT && status.code != ASH_E_FORMAT, ASH_E_SAVED_STATE);
	ASH_TRY(status);
	ASH_ENSURE(ash_is_ok(decode(ash_buf_span(&plain), &saved)), ASH_E_SAVED_STATE);
	ASH_ENSURE(encryption_key == 0 && authentication_key == 0, ASH_E_KEY_NOT_NEEDED);
	ASH_TRY(revive(session, &saved, &digest));
	ash_session_end_work(session); /* "the ongoing operations are abruptly cancelled" */
	session->active[ASH_OP_DIGEST] = digest;
	return ASH_DONE;
}
