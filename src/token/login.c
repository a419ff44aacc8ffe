/*
 * C_Login, C_LoginUser, C_InitPIN, C_SetPIN (PKCS#11 3.2 §5.5.8, §5.5.9, §5.6.8), C_InitToken
 * (§5.5.7), and who may delete a token.
 */
#include "token/presence.h"
#include "token/root_key.h"
#include "token/session.h"
#include "token/slot.h"
#include "token/slot_priv.h"

static struct ash_pin_policy policy_for(const struct ash_hsm *hsm, uint64_t user_type)
{
	const struct ash_hsm_options *options = &hsm->options;

	return (struct ash_pin_policy){
		.pin_min = options->pin_min,
		.memory_kib = options->pin_hash_memory_kib,
		.passes = options->pin_hash_passes,
		.tries = user_type == CKU_SO ? options->pin_tries_so : options->pin_tries_user,
	};
}

/* Whether that user may log in now, as far as other logins and sessions go. The token's lock is held. */
static struct ash_status login_fits(struct ash_token *token, uint64_t user_type)
{
	const uint64_t wanted = user_type == CKU_SO ? ASH_LOGIN_SO : ASH_LOGIN_USER;
	const uint64_t login = atomic_load(&token->login);

	ASH_ENSURE((login & wanted) == 0, ASH_E_LOGGED_IN);
	ASH_ENSURE(login == 0, ASH_E_LOGGED_IN_ANOTHER);
	ASH_ENSURE(user_type != CKU_SO || token->sessions == token->rw_sessions,
		   ASH_E_SESSION_READ_ONLY_EXISTS);
	return ASH_DONE;
}

static struct ash_status may_log_in(struct ash_token *token, uint64_t user_type)
{
	ASH_LOCKED(&token->lock);
	return login_fits(token, user_type);
}

/* What a right PIN gives. */
struct opened {
	struct ash_secret *token_key;
	struct ash_secret *memory;
	struct ash_ring ring; /* the user's */
};

static void opened_auto(struct opened *opened)
{
	ash_secret_free(opened->token_key);
	ash_secret_free(opened->memory);
	ash_ring_done(&opened->ring);
}

/* Makes the login hold, if the token is still the one whose PIN was checked. */
static struct ash_status install_login(struct ash_token *token, uint64_t user_type, uint64_t era,
				       struct opened *opened)
{
	const uint64_t role = user_type == CKU_SO ? ASH_LOGIN_SO : ASH_LOGIN_USER;

	ASH_LOCKED(&token->lock);
	ASH_ENSURE(atomic_load(&token->era) == era, ASH_E_DEVICE_REMOVED);
	ASH_TRY(login_fits(token, user_type));
	/* Epoch 0 stands for public objects: it is skipped. */
	token->epoch = ASH_LOGIN_EPOCH(token->epoch + 1) != 0 ? ASH_LOGIN_EPOCH(token->epoch + 1) : 1;
	token->token_key = ASH_TAKE(opened->token_key);
	token->memory = ASH_TAKE(opened->memory);
	token->private_ring = opened->ring;
	opened->ring = ASH_RING_NONE;
	atomic_store_explicit(&token->login, role | token->epoch, memory_order_release);
	return ASH_DONE;
}

/* The active operation that waits for its PIN. ASH_E_OPERATION_NONE when none does. */
static struct ash_status find_waiting(struct ash_session *session, struct ash_active **ret_waiting)
{
	struct ash_active *waiting = NULL;

	for (size_t op = 0; op < ASH_OPS; op++) {
		struct ash_active *active = &session->active[op];

		if (active->stage == ASH_STAGE_IDLE || !active->needs_login)
			continue;
		ASH_TRY(ash_active_refresh(session, active));
		if (active->stage != ASH_STAGE_IDLE)
			waiting = active;
	}
	ASH_ENSURE(waiting != NULL, ASH_E_OPERATION_NONE);
	*ret_waiting = waiting;
	return ASH_DONE;
}

/* Whether it is the PIN that the user logged in with; false too when that can't be told. */
static struct ash_status is_remembered(struct ash_token *token, const struct ash_pin_place *place,
				       struct ash_span pin, bool *ret_same)
{
	ASH_AUTO(ash_secret) *memory = NULL;

	{
		ASH_LOCKED(&token->lock);
		if (token->memory != NULL)
			ASH_TRY(ash_secret_copy(ash_secret_peek(token->memory), &memory));
	}
	*ret_same = false;
	return memory != NULL ? ash_pin_recall(place, CKU_USER, pin, memory, ret_same) : ASH_DONE;
}

/* Proves the user once more: quickly if it is the PIN that is known, else as at a login. */
static struct ash_status prove_again(struct ash_session *session, struct ash_span pin)
{
	ASH_AUTO(ash_slot_pins) pins = { .ring = ASH_RING_NONE };
	ASH_AUTO(ash_secret) *token_key = NULL;
	bool same = false;

	ASH_TRY(ash_slot_pins(session->hsm, session->token, &pins));
	ASH_TRY(is_remembered(session->token, &pins.place, pin, &same));
	return same ? ASH_DONE : ash_pin_check(&pins.place, CKU_USER, pin, &token_key);
}

/* C_Login with CKU_CONTEXT_SPECIFIC: the user's PIN, for the active operation (§4.10). */
static struct ash_status log_in_context(struct ash_session *session, struct ash_span pin)
{
	struct ash_active *waiting = NULL;

	ASH_TRY(find_waiting(session, &waiting));
	ASH_TRY(prove_again(session, pin));
	waiting->needs_login = false;
	return ASH_DONE;
}

/* C_Login of the user or the officer. */
static struct ash_status log_in(struct ash_session *session, uint64_t user_type, struct ash_span pin)
{
	__attribute__((cleanup(opened_auto))) struct opened opened = { .ring = ASH_RING_NONE };
	ASH_AUTO(ash_slot_pins) pins = { .ring = ASH_RING_NONE };

	ASH_ENSURE(user_type == CKU_SO || user_type == CKU_USER, ASH_E_USER_TYPE);
	ASH_TRY(may_log_in(session->token, user_type));
	ASH_TRY(ash_slot_pins(session->hsm, session->token, &pins));
	if (user_type == CKU_SO) {
		ASH_TRY(ash_pin_check(&pins.place, user_type, pin, &opened.token_key));
	} else {
		ASH_TRY(ash_pin_check_and_remember(&pins.place, user_type, pin, &opened.token_key,
						   &opened.memory));
		ASH_TRY(ash_ring_derive(session->hsm->crypto, ash_secret_peek(opened.token_key), "private",
					&pins.place.incarnation, &opened.ring));
	}
	return install_login(session->token, user_type, session->era, &opened);
}

struct ash_status ash_hsm_login(struct ash_hsm *hsm, ash_handle handle, uint64_t user_type,
				struct ash_span pin)
{
	struct ash_token *token = NULL;
	struct ash_status status;
	uint64_t login = 0;

	{
		ASH_AUTO(ash_session) *session = NULL;

		ASH_TRY(ash_session_take(hsm, handle, &session));
		if (user_type != CKU_CONTEXT_SPECIFIC)
			return log_in(session, user_type, pin);
		token = session->token;
		login = atomic_load(&token->login);
		status = log_in_context(session, pin);
	}
	/* §4.10: whoever locks the PIN that way is logged out as well. Other sessions are ours to end now. */
	if (status.code == ASH_E_PIN_LOCKED)
		ash_session_end_login(hsm, token, login);
	return status;
}

struct ash_status ash_hsm_login_user(struct ash_hsm *hsm, ash_handle handle, uint64_t user_type,
				     struct ash_span pin, struct ash_span name)
{
	const struct ash_pin_policy policy = policy_for(hsm, user_type);
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_slot_pins) pins = { .ring = ASH_RING_NONE };
	struct ash_active *waiting = NULL;

	if (name.len == 0)
		return ash_hsm_login(hsm, handle, user_type, pin);
	ASH_TRY(ash_session_take(hsm, handle, &session));
	if (user_type == CKU_CONTEXT_SPECIFIC) {
		ASH_TRY(find_waiting(session, &waiting));
	} else {
		ASH_ENSURE(user_type == CKU_SO || user_type == CKU_USER, ASH_E_USER_TYPE);
		ASH_TRY(may_log_in(session->token, user_type));
	}
	ASH_TRY(ash_slot_pins(hsm, session->token, &pins));
	return ash_pin_check_nobody(&pins.place, &policy, pin);
}

struct ash_status ash_hsm_init_pin(struct ash_hsm *hsm, ash_handle handle, struct ash_span pin)
{
	const struct ash_pin_policy policy = policy_for(hsm, CKU_USER);
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_slot_pins) pins = { .ring = ASH_RING_NONE };
	ASH_AUTO(ash_secret) *token_key = NULL;
	ASH_AUTO(ash_pin_record) *record = NULL;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_ENSURE(ash_session_actor(session).so, ASH_E_NOT_LOGGED_IN);
	ASH_TRY(ash_slot_pins(hsm, session->token, &pins));
	{
		ASH_LOCKED(&session->token->lock);
		ASH_ENSURE(session->token->token_key != NULL, ASH_E_NOT_LOGGED_IN);
		ASH_TRY(ash_secret_copy(ash_secret_peek(session->token->token_key), &token_key));
	}
	ASH_TRY(ash_pin_prepare(&pins.place, &policy, CKU_USER, pin, ash_secret_peek(token_key), &record));
	return ash_pin_set(&pins.place, record);
}

struct ash_status ash_hsm_set_pin(struct ash_hsm *hsm, ash_handle handle, struct ash_span old_pin,
				  struct ash_span new_pin)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_slot_pins) pins = { .ring = ASH_RING_NONE };
	ASH_AUTO(ash_secret) *token_key = NULL;
	ASH_AUTO(ash_pin_record) *record = NULL;
	uint64_t user_type = CKU_USER;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_ENSURE(session->read_write, ASH_E_SESSION_READ_ONLY);
	if (ash_session_actor(session).so)
		user_type = CKU_SO;

	const struct ash_pin_policy policy = policy_for(hsm, user_type);

	ASH_TRY(ash_pin_check_form(new_pin, policy.pin_min));
	ASH_TRY(ash_slot_pins(hsm, session->token, &pins));
	ASH_TRY(ash_pin_check(&pins.place, user_type, old_pin, &token_key));
	ASH_TRY(ash_pin_prepare(&pins.place, &policy, user_type, new_pin, ash_secret_peek(token_key),
				&record));
	return ash_pin_set(&pins.place, record);
}

/* A session, or a wrong SO PIN, keeps a token as it is. With ASH_DONE it is claimed. */
static struct ash_status may_init_again(struct ash_hsm *hsm, struct ash_token *token, struct ash_span so_pin,
					struct ash_claim *claim)
{
	ASH_AUTO(ash_slot_pins) pins = { .ring = ASH_RING_NONE };
	ASH_AUTO(ash_secret) *token_key = NULL;

	ASH_ENSURE(ash_store_writable(hsm->store), ASH_E_TOKEN_WRITE_PROTECTED);
	ASH_TRY(ash_presence_claim(hsm, token, claim));
	ASH_TRY(ash_slot_pins(hsm, token, &pins));
	return ash_pin_check(&pins.place, CKU_SO, so_pin, &token_key);
}

/* `again`: a token that is there already may be made anew. */
static struct ash_status init_token(struct ash_hsm *hsm, uint64_t slot, bool again, struct ash_span so_pin,
				    const char label[32])
{
	const struct ash_pin_policy policy = policy_for(hsm, CKU_SO);
	ASH_AUTO(ash_birth) birth = ASH_BIRTH_NONE;
	ASH_AUTO(ash_claim) claim = { NULL, NULL };
	struct ash_token *token = NULL;
	struct ash_crypto *crypto = NULL;
	struct ash_store *store = NULL;
	uint64_t if_version = 0;

	ASH_TRY(ash_slot_token(hsm, slot, &token));
	/* Looked at once: a token that comes into being from here on is not overwritten unasked. */
	if_version = ash_slot_version(token);
	ASH_ENSURE(again || if_version == 0, ASH_E_EXISTS);
	if (if_version != 0)
		ASH_TRY(may_init_again(hsm, token, so_pin, &claim));
	else
		ASH_TRY(ash_pin_check_form(so_pin, policy.pin_min));
	ASH_TRY(ash_hsm_crypto(hsm, &crypto));
	ASH_TRY(ash_hsm_store(hsm, true, &store));
	ASH_ENSURE(ash_store_writable(store), ASH_E_TOKEN_WRITE_PROTECTED);
	ASH_TRY(ash_slot_prepare_birth(hsm, token, &policy, so_pin, label, if_version, &birth));
	return ash_slot_give_birth(hsm, token, &birth);
}

struct ash_status ash_hsm_init_token(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin,
				     const char label[32])
{
	return init_token(hsm, slot, true, so_pin, label);
}

struct ash_status ash_hsm_make_token(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin,
				     const char label[32])
{
	return init_token(hsm, slot, false, so_pin, label);
}

struct ash_status ash_hsm_delete_token(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin, bool force)
{
	ASH_AUTO(ash_claim) claim = { NULL, NULL };
	struct ash_token *token = NULL;
	uint64_t version = 0;

	ASH_TRY(ash_slot_unread(hsm, slot, &token, &version));
	if (force) {
		ASH_TRY(ash_presence_claim(hsm, token, &claim));
	} else {
		ASH_TRY(ash_slot_refresh(hsm, token));
		ASH_TRY(may_init_again(hsm, token, so_pin, &claim));
	}
	return ash_slot_delete(hsm, token, version);
}
