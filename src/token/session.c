#include "token/session.h"

#include <time.h>

#include "token/presence.h"
#include "token/slot.h"
#include "util/mem.h"

/* How long opening a session waits for another process's C_InitToken. */
#define ENTER_MOMENT_MS 10
#define ENTER_MOMENTS   1000

/* A handle: the serial number above, 1 + the place in the table below, so never 0. */
#define PLACE_BITS    17u
#define PLACE(handle) ((handle) & ((UINT64_C(1) << PLACE_BITS) - 1))

struct ash_status ash_session_table_init(struct ash_session_table *table)
{
	return ash_lock_init(&table->lock, ASH_RANK_SESSIONS);
}

/* The session at a place that was made; NULL for any other. */
static struct ash_session *find_place(struct ash_session_table *table, uint64_t index)
{
	struct ash_session *chunk = NULL;

	if (index >= ASH_SESSION_CHUNK * ASH_SESSION_CHUNKS)
		return NULL;
	chunk = atomic_load_explicit(&table->chunk[index / ASH_SESSION_CHUNK], memory_order_acquire);
	return chunk != NULL ? &chunk[index % ASH_SESSION_CHUNK] : NULL;
}

/* The same for a place that is known to be there. */
static struct ash_session *place_at(struct ash_session_table *table, uint32_t index)
{
	struct ash_session *chunk =
		atomic_load_explicit(&table->chunk[index / ASH_SESSION_CHUNK], memory_order_acquire);

	return &chunk[index % ASH_SESSION_CHUNK];
}

static struct ash_session *new_chunk(void)
{
	struct ash_session *chunk = ash_mem_new(ASH_SESSION_CHUNK, sizeof(*chunk));

	for (uint32_t i = 0; chunk != NULL && i < ASH_SESSION_CHUNK; i++) {
		if (!ash_is_ok(ash_lock_init(&chunk[i].lock, ASH_RANK_SESSION)))
			return ash_mem_free(chunk);
		for (size_t op = 0; op < ASH_OPS; op++) {
			chunk[i].active[op].held = ASH_BUF_SECRET;
			chunk[i].active[op].label = ASH_BUF_PLAIN;
		}
	}
	return chunk;
}

/* A free place and a fresh handle for it. */
static struct ash_status new_place(struct ash_session_table *table, struct ash_session **ret_session,
				   ash_handle *ret_handle)
{
	struct ash_session *session = NULL;

	ASH_LOCKED(&table->lock);
	if (table->free != 0) {
		session = place_at(table, table->free - 1);
		table->free = session->next_free;
	} else {
		const uint32_t index = table->used;

		ASH_ENSURE(index < ASH_SESSION_CHUNK * ASH_SESSION_CHUNKS, ASH_E_SESSION_COUNT);
		if (index % ASH_SESSION_CHUNK == 0) {
			struct ash_session *chunk = new_chunk();

			ASH_ENSURE(chunk != NULL, ASH_E_MEMORY);
			atomic_store_explicit(&table->chunk[index / ASH_SESSION_CHUNK], chunk,
					      memory_order_release);
		}
		session = place_at(table, index);
		session->index = index;
		table->used++;
	}
	*ret_handle = ++table->serial << PLACE_BITS | (session->index + 1);
	*ret_session = session;
	return ASH_DONE;
}

static void free_place(struct ash_session_table *table, struct ash_session *session)
{
	ASH_LOCKED(&table->lock);
	session->next_free = table->free;
	table->free = session->index + 1;
}

void ash_session_end_work(struct ash_session *session)
{
	ash_find_done(&session->find);
	for (size_t op = 0; op < ASH_OPS; op++)
		ash_active_done(&session->active[op]);
}

/* Ends a session that the caller holds; it is given back and gone afterwards. */
static void end_session(struct ash_hsm *hsm, struct ash_session *session)
{
	struct ash_token *token = session->token;
	const ash_handle handle = atomic_load(&session->handle);
	const bool read_write = session->read_write;

	ash_session_end_work(session);
	atomic_store(&session->handle, 0);
	session->token = NULL;
	ash_lock_drop(&session->lock);

	ash_object_drop_session(&hsm->objects, handle);
	ash_presence_leave(hsm, token, read_write);
	free_place(&hsm->sessions, session);
}

void ash_session_table_done(struct ash_hsm *hsm)
{
	struct ash_session_table *table = &hsm->sessions;

	for (uint32_t i = 0; i < table->used; i++) {
		struct ash_session *session = place_at(table, i);

		if (atomic_load(&session->handle) == 0)
			continue;
		ash_lock_take(&session->lock);
		end_session(hsm, session);
	}
	for (uint32_t i = 0; i < ASH_SESSION_CHUNKS; i++)
		ash_mem_free(atomic_load(&table->chunk[i]));
	ash_lock_done(&table->lock);
}

/* What was done under a login that is over is ended, and its contexts wiped. */
static void end_outdated(struct ash_session *session)
{
	const uint64_t login = atomic_load(&session->token->login);

	for (size_t op = 0; op < ASH_OPS; op++) {
		if (session->active[op].login != 0 && session->active[op].login != login)
			ash_active_done(&session->active[op]);
	}
	if (session->find.login != 0 && session->find.login != login)
		ash_find_done(&session->find);
}

/* Does what somebody who logged out left word to do. The session is held. */
static void take_word(struct ash_session *session)
{
	if (__builtin_expect(!atomic_load_explicit(&session->logged_out, memory_order_acquire), 1))
		return;
	atomic_store(&session->logged_out, false);
	if (atomic_load(&session->handle) != 0)
		end_outdated(session);
}

/* Whoever leaves word while the lock is being dropped finds it free, or we find the word. */
void ash_session_give(struct ash_session *session)
{
	do {
		take_word(session);
		ash_lock_drop(&session->lock);
	} while (atomic_load(&session->logged_out) && ash_lock_try(&session->lock));
}

/* Locks the session with this handle, whatever became of its token. */
static struct ash_status take_any(struct ash_hsm *hsm, ash_handle handle, struct ash_session **ret_session)
{
	struct ash_session *session = NULL;

	ASH_ENSURE(handle != 0 && PLACE(handle) != 0, ASH_E_SESSION_HANDLE);
	session = find_place(&hsm->sessions, PLACE(handle) - 1);
	ASH_ENSURE(session != NULL && atomic_load_explicit(&session->handle, memory_order_acquire) == handle,
		   ASH_E_SESSION_HANDLE);
	ash_lock_take(&session->lock);
	if (atomic_load_explicit(&session->handle, memory_order_relaxed) != handle) {
		ash_session_give(session);
		ASH_FAIL(ASH_E_SESSION_HANDLE);
	}
	take_word(session);
	*ret_session = session;
	return ASH_DONE;
}

struct ash_status ash_session_take(struct ash_hsm *hsm, ash_handle handle, struct ash_session **ret_session)
{
	ASH_AUTO(ash_session) *session = NULL;

	ASH_TRY(take_any(hsm, handle, &session));
	ASH_TRY(ash_slot_refresh(hsm, session->token));
	ASH_ENSURE(atomic_load_explicit(&session->token->era, memory_order_acquire) == session->era,
		   ASH_E_DEVICE_REMOVED);
	*ret_session = ASH_TAKE(session);
	return ASH_DONE;
}

struct ash_actor ash_session_actor(const struct ash_session *session)
{
	const uint64_t login = atomic_load_explicit(&session->token->login, memory_order_acquire);

	return (struct ash_actor){
		.so = (login & ASH_LOGIN_SO) != 0,
		.user = (login & ASH_LOGIN_USER) != 0,
		.read_write = session->read_write,
	};
}

struct ash_status ash_session_may_write(const struct ash_session *session, bool token_object, bool is_private)
{
	const struct ash_actor actor = ash_session_actor(session);

	ASH_ENSURE(!token_object || actor.read_write, ASH_E_SESSION_READ_ONLY);
	ASH_ENSURE(!is_private || actor.user, ASH_E_NOT_LOGGED_IN);
	return ASH_DONE;
}

/* Counts a session in on the token as it is now. */
static struct ash_status enter(struct ash_hsm *hsm, uint64_t slot, bool read_write,
			       struct ash_token **ret_token, uint64_t *ret_era)
{
	struct ash_token *token = NULL;
	uint64_t era = 0;

	ASH_TRY(ash_slot_token(hsm, slot, &token));
	era = atomic_load(&token->era);
	ASH_ENSURE(era != 0, ASH_E_TOKEN_NOT_INITIALIZED);
	ASH_ENSURE(!read_write || ash_store_writable(hsm->store), ASH_E_TOKEN_WRITE_PROTECTED);
	ASH_TRY(ash_presence_enter(hsm, token, era, read_write));
	*ret_token = token;
	*ret_era = era;
	return ASH_DONE;
}

/* Another process that initialises the token is done in a moment. */
static struct ash_status enter_patiently(struct ash_hsm *hsm, uint64_t slot, bool read_write,
					 struct ash_token **ret_token, uint64_t *ret_era)
{
	const struct timespec moment = { .tv_nsec = ENTER_MOMENT_MS * 1000000L };
	struct ash_status status = enter(hsm, slot, read_write, ret_token, ret_era);

	for (int i = 0; i < ENTER_MOMENTS && status.code == ASH_E_CONFLICT; i++) {
		(void)nanosleep(&moment, NULL);
		status = enter(hsm, slot, read_write, ret_token, ret_era);
	}
	if (status.code == ASH_E_CONFLICT)
		ASH_FAIL_WITH(ASH_E_FAILED, "another process does not finish initialising the token");
	return status;
}

struct ash_status ash_hsm_open_session(struct ash_hsm *hsm, uint64_t slot, bool read_write,
				       ash_handle *ret_session)
{
	struct ash_token *token = NULL;
	struct ash_session *session = NULL;
	struct ash_crypto *crypto = NULL;
	struct ash_status status;
	ash_handle handle = 0;
	uint64_t era = 0;

	ASH_TRY(ash_hsm_crypto(hsm, &crypto));
	ASH_TRY(new_place(&hsm->sessions, &session, &handle));
	status = enter_patiently(hsm, slot, read_write, &token, &era);
	if (!ash_is_ok(status)) {
		free_place(&hsm->sessions, session);
		return status;
	}
	{
		ASH_LOCKED(&session->lock);
		session->hsm = hsm;
		session->token = token;
		session->era = era;
		session->read_write = read_write;
		atomic_store_explicit(&session->handle, handle, memory_order_release);
	}
	*ret_session = handle;
	return ASH_DONE;
}

struct ash_status ash_hsm_close_session(struct ash_hsm *hsm, ash_handle handle)
{
	struct ash_session *session = NULL;

	ASH_TRY(take_any(hsm, handle, &session));
	end_session(hsm, session);
	return ASH_DONE;
}

struct ash_status ash_hsm_close_all_sessions(struct ash_hsm *hsm, uint64_t slot)
{
	struct ash_token *token = NULL;
	uint32_t used = 0;

	ASH_TRY(ash_slot_token(hsm, slot, &token));
	{
		ASH_LOCKED(&hsm->sessions.lock);
		used = hsm->sessions.used;
	}
	for (uint32_t i = 0; i < used; i++) {
		struct ash_session *session = place_at(&hsm->sessions, i);

		ash_lock_take(&session->lock);
		if (atomic_load(&session->handle) != 0 && session->token == token)
			end_session(hsm, session);
		else
			ash_session_give(session);
	}
	return ASH_DONE;
}

/* PKCS#11 3.2 §5.6: the five states. */
uint64_t ash_session_state(const struct ash_session *session)
{
	const struct ash_actor actor = ash_session_actor(session);

	if (actor.so)
		return CKS_RW_SO_FUNCTIONS;
	if (actor.user)
		return actor.read_write ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
	return actor.read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

struct ash_status ash_hsm_session_info(struct ash_hsm *hsm, ash_handle handle,
				       struct ash_session_info *ret_info)
{
	ASH_AUTO(ash_session) *session = NULL;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	*ret_info = (struct ash_session_info){
		.slot = session->token->slot,
		.state = ash_session_state(session),
		.flags = CKF_SERIAL_SESSION | (session->read_write ? CKF_RW_SESSION : 0),
	};
	return ASH_DONE;
}

void ash_session_end_uses(struct ash_session *session, ash_handle object)
{
	for (size_t op = 0; op < ASH_OPS; op++) {
		struct ash_active *active = &session->active[op];

		if (active->object != NULL && active->object->handle == object)
			ash_active_done(active);
	}
}

/*
 * Has the sessions end what they do under a login that is over. One that is in use does it
 * itself as soon as its call is done: waiting for each in turn took a second with 128 threads.
 */
static void end_private_work(struct ash_hsm *hsm)
{
	uint32_t used = 0;

	{
		ASH_LOCKED(&hsm->sessions.lock);
		used = hsm->sessions.used;
	}
	for (uint32_t i = 0; i < used; i++) {
		struct ash_session *session = place_at(&hsm->sessions, i);

		atomic_store(&session->logged_out, true);
		if (ash_lock_try(&session->lock))
			ash_session_give(session);
	}
}

bool ash_session_end_login(struct ash_hsm *hsm, struct ash_token *token, uint64_t login)
{
	if (!ash_slot_end_login(hsm, token, login))
		return false;
	end_private_work(hsm);
	return true;
}

struct ash_status ash_hsm_logout(struct ash_hsm *hsm, ash_handle handle)
{
	struct ash_token *token = NULL;
	uint64_t login = 0;

	{
		ASH_AUTO(ash_session) *session = NULL;

		ASH_TRY(ash_session_take(hsm, handle, &session));
		token = session->token;
		login = atomic_load(&token->login);
	}
	ASH_ENSURE(ash_session_end_login(hsm, token, login), ASH_E_NOT_LOGGED_IN);
	return ASH_DONE;
}
