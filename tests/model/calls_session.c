/* Sessions: §5.6. */
#include "calls.h"
#include "mechs.h"

static void open_in(CK_SLOT_ID slot, CK_FLAGS flags, bool none, struct verdict *verdict)
{
	CK_SESSION_HANDLE handle = UNSET_HANDLE;
	const bool read_write = (flags & CKF_RW_SESSION) != 0;

	why_if(verdict, none, CKR_ARGUMENTS_BAD);
	why_if(verdict, (flags & CKF_SERIAL_SESSION) == 0, CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	why_if(verdict, (flags & CKF_ASYNC_SESSION) != 0, CKR_SESSION_ASYNC_NOT_SUPPORTED);
	why_if(verdict, (flags & ~(CKF_SERIAL_SESSION | CKF_RW_SESSION | CKF_ASYNC_SESSION)) != 0,
	       CKR_ARGUMENTS_BAD);
	if (slot >= TOKENS || !world.tokens[slot].there)
		why(verdict, CKR_TOKEN_NOT_INITIALIZED);
	else
		why_if(verdict, !read_write && so_in((unsigned)slot), CKR_SESSION_READ_WRITE_SO_EXISTS);
	tell("(%lu, flags %lx%s)", slot, flags, none ? ", NULL" : "");
	if (CALL(verdict, C_OpenSession, slot, flags, NULL, NULL, none ? NULL : &handle))
		world_session_opened(handle, (unsigned)slot, read_write);
	else
		handle_untouched(handle, "C_OpenSession");
}

static bool room_for_session(void)
{
	size_t count = 0;

	for (size_t i = 0; i < SESSIONS; i++)
		count += world.sessions[i].handle != 0;
	return count < SESSIONS;
}

static void open_any_session(void)
{
	static const CK_FLAGS bad[] = { 0, CKF_RW_SESSION, CKF_SERIAL_SESSION | 0x80,
					CKF_SERIAL_SESSION | CKF_ASYNC_SESSION };
	struct verdict verdict = VERDICT_NONE;
	CK_SLOT_ID slot = choose(TOKENS + 1);
	CK_FLAGS flags = CKF_SERIAL_SESSION | (chance(65) ? CKF_RW_SESSION : 0);

	if (!room_for_session())
		return;
	if (!world.initialized)
		only(&verdict, CKR_CRYPTOKI_NOT_INITIALIZED);
	if (chance(60))
		slot = 0;
	/* Slots go as far as tokens and one more. */
	why_if(&verdict, slot > 0 && !world.tokens[slot - 1].there, CKR_SLOT_ID_INVALID);
	if (chance(6))
		flags = bad[choose(COUNT(bad))];
	open_in(slot, flags, chance(3), &verdict);
}

void open_session(void)
{
	struct verdict verdict = VERDICT_NONE;

	if (room_for_session())
		open_in(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, false, &verdict);
}

static void close_session(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);

	tell("(%#lx)", handle);
	if (CALL(&verdict, C_CloseSession, handle))
		world_session_closed(session);
}

/* Closes a read-only session of the token; false when there is none. */
bool close_read_only(unsigned slot)
{
	struct verdict verdict = VERDICT_NONE;

	for (size_t i = 0; i < SESSIONS; i++) {
		struct session *session = &world.sessions[i];

		if (session->handle == 0 || session->slot != slot || session->read_write)
			continue;
		tell("(%#lx)", session->handle);
		if (CALL(&verdict, C_CloseSession, session->handle))
			world_session_closed(session);
		return true;
	}
	return false;
}

static void close_all_sessions(void)
{
	struct verdict verdict = VERDICT_NONE;
	const CK_SLOT_ID slot = choose(TOKENS + 2);

	if (!world.initialized)
		only(&verdict, CKR_CRYPTOKI_NOT_INITIALIZED);
	why_if(&verdict, slot > 0 && (slot > TOKENS || !world.tokens[slot - 1].there), CKR_SLOT_ID_INVALID);
	tell("(%lu)", slot);
	if (!CALL(&verdict, C_CloseAllSessions, slot))
		return;
	/* All at once: what befalls one is no question for the others. */
	for (size_t i = 0; i < SESSIONS; i++) {
		if (world.sessions[i].handle != 0 && world.sessions[i].slot == slot)
			memset(world.sessions[i].ops, 0, sizeof(world.sessions[i].ops));
	}
	for (size_t i = 0; i < SESSIONS; i++) {
		if (world.sessions[i].handle != 0 && world.sessions[i].slot == slot)
			world_session_closed(&world.sessions[i]);
	}
}

static void get_session_info(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	const struct session *session = choose_session(&verdict, &handle);
	CK_SESSION_INFO info = { .state = 77 };
	const bool none = chance(4);

	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%#lx%s)", handle, none ? ", NULL" : "");
	if (!CALL(&verdict, C_GetSessionInfo, handle, none ? NULL : &info)) {
		if (info.state != 77)
			wrong("C_GetSessionInfo failed and wrote");
		return;
	}
	if (info.slotID != session->slot || info.state != session_state(session) ||
	    info.flags != (CKF_SERIAL_SESSION | (session->read_write ? CKF_RW_SESSION : 0)))
		wrong("C_GetSessionInfo: wanted slot %u, state %lu, got %lu, %lu, flags %lx", session->slot,
		      session_state(session), info.slotID, info.state, info.flags);
}

static const CK_FLAGS cancel_flags[OPS] = { CKF_ENCRYPT, CKF_DECRYPT,      CKF_DIGEST,        CKF_SIGN,
					    CKF_VERIFY,  CKF_SIGN_RECOVER, CKF_VERIFY_RECOVER };

static void session_cancel(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	CK_FLAGS flags = chance(30) ? CKF_FIND_OBJECTS : 0;

	for (size_t op = 0; op < OPS; op++)
		flags |= chance(30) ? cancel_flags[op] : 0;
	tell("(%#lx, flags %lx)", handle, flags);
	if (!CALL(&verdict, C_SessionCancel, handle, flags))
		return;
	for (size_t op = 0; op < OPS; op++) {
		if ((flags & cancel_flags[op]) != 0)
			op_end(&session->ops[op]);
	}
	if ((flags & CKF_FIND_OBJECTS) != 0)
		session->find.active = false;
}

/* ---- states of operations ---- */

static struct {
	uint8_t bytes[RESULT_MAX];
	CK_ULONG len;
	struct op_state digest;
	/* Where it came from: it goes back to the like alone. */
	unsigned slot, life, starts;
	CK_STATE state;
} saved;

void forget_sessions(void)
{
	saved.len = 0;
}

/* SHA-1 and SHA-2 come out; what has a key does not, nor does anything beside it. */
static void why_unsaveable(struct verdict *verdict, const struct session *session)
{
	const bool others = session->ops[ENCRYPT].active || session->ops[DECRYPT].active ||
			    session->ops[SIGN].active || session->ops[VERIFY].active;
	const bool recovers = session->ops[SIGN_RECOVER].active || session->ops[VERIFY_RECOVER].active;
	const struct op_state *digest = &session->ops[DIGEST];

	why_if(verdict, others, CKR_STATE_UNSAVEABLE);
	why_if(verdict, !others && !digest->active, CKR_OPERATION_NOT_INITIALIZED);
	why_if(verdict, digest->active && !digest_saves(digest->mech), CKR_STATE_UNSAVEABLE);
	if (recovers) /* the standard has no word for these */
		may(verdict, CKR_STATE_UNSAVEABLE);
	may(verdict, CKR_BUFFER_TOO_SMALL);
}

static void get_operation_state(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	const bool none = chance(5), ask = chance(20);
	struct room room;

	room_begin(&room, ask, chance(20) ? choose(200) : RESULT_MAX);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	if (session != NULL)
		why_unsaveable(&verdict, session);
	tell("(%#lx, %s %zu)", handle, none ? "no length" : ask ? "NULL" : "room for", room.cap);
	(void)CALL(&verdict, C_GetOperationState, handle, room.data, none ? NULL : &room.len);
	room_judge(&room, judge_last, "C_GetOperationState");
	if (judge_last != CKR_OK || ask)
		return;
	memcpy(saved.bytes, room.bytes, room.len);
	saved.len = room.len;
	saved.digest = session->ops[DIGEST];
	saved.slot = session->slot;
	saved.life = world.tokens[session->slot].life;
	saved.starts = world.persistent ? 0 : world.starts;
	saved.state = session_state(session);
}

static bool goes_back(const struct session *session)
{
	return session != NULL && saved.slot == session->slot &&
	       saved.life == world.tokens[session->slot].life &&
	       saved.starts == (world.persistent ? 0 : world.starts) && saved.state == session_state(session);
}

static void restored(struct session *session)
{
	for (unsigned op = 0; op < OPS; op++)
		op_end(&session->ops[op]);
	session->find.active = false;
	session->ops[DIGEST] = saved.digest;
	if (saved.digest.login != 0)
		session->ops[DIGEST].login = world.tokens[session->slot].login;
}

static void set_operation_state(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	const bool none = chance(4), key = chance(5);
	uint8_t bytes[RESULT_MAX] = "nonsense";
	size_t len = 8;
	bool good = saved.len != 0 && chance(90);

	if (good) {
		len = saved.len;
		memcpy(bytes, saved.bytes, len);
		if (chance(10)) {
			bytes[choose(len)] ^= 1;
			good = false;
		}
	}
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	why_if(&verdict, !good || !goes_back(session), CKR_SAVED_STATE_INVALID);
	why_if(&verdict, key, CKR_KEY_NOT_NEEDED);
	tell("(%#lx, %s, key %d)", handle, none ? "NULL" : good ? "a saved one" : "nonsense", key);
	if (CALL(&verdict, C_SetOperationState, handle, none ? NULL : exact(bytes, len), len, key, 0))
		restored(session);
}

const struct kind_of_call session_calls[] = {
	{ open_any_session, 20 },   { close_session, 10 }, { close_all_sessions, 1 },
	{ get_session_info, 20 },   { session_cancel, 6 }, { get_operation_state, 8 },
	{ set_operation_state, 8 },
};
const size_t session_call_count = COUNT(session_calls);
