/* PKCS#11 3.2 §5.6: sessions, their states, and what is active in them. */
#include "provoke.h"

static CK_STATE state_of(CK_SESSION_HANDLE session)
{
	CK_SESSION_INFO info = { .state = CK_UNAVAILABLE_INFORMATION };

	EXPECT_OK(p11->C_GetSessionInfo(session, &info));
	return info.state;
}

/* ---- C_OpenSession ---- */

static CK_RV open_as(CK_FLAGS flags)
{
	CK_SESSION_HANDLE session = 0;
	CK_SESSION_INFO info;
	CK_RV rv = ATTEMPT(p11->C_OpenSession(world_slot(PUBLIC), flags, NULL, NULL, &session));

	EXPECT(session != 0);
	EXPECT_OK(p11->C_GetSessionInfo(session, &info));
	EXPECT(info.slotID == world_slot(PUBLIC) && info.flags == flags && info.ulDeviceError == 0);
	EXPECT(info.state == ((flags & CKF_RW_SESSION) != 0 ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION));
	if (rv == CKR_OK)
		world_close(session);
	return rv;
}

static CK_RV open_rw(void)
{
	return open_as(CKF_SERIAL_SESSION | CKF_RW_SESSION);
}

static CK_RV open_ro(void)
{
	return open_as(CKF_SERIAL_SESSION);
}

static CK_RV never_notify(CK_SESSION_HANDLE session, CK_NOTIFICATION event, void *application)
{
	(void)session, (void)event, (void)application;
	EXPECT(!"nothing is ever notified");
	return CKR_OK;
}

static CK_RV open_notified(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv =
		p11->C_OpenSession(world_slot(PUBLIC), CKF_SERIAL_SESSION, &session, never_notify, &session);

	world_close(session);
	return rv;
}

static CK_RV refused(CK_SLOT_ID slot, CK_FLAGS flags)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;

	fill(session);
	rv = p11->C_OpenSession(slot, flags, NULL, NULL, &session);
	EXPECT(untouched(session));
	return rv;
}

static CK_RV open_nowhere(void)
{
	return p11->C_OpenSession(world_slot(PUBLIC), CKF_SERIAL_SESSION, NULL, NULL, NULL);
}

static CK_RV open_unknown_flag(void)
{
	return refused(world_slot(PUBLIC), CKF_SERIAL_SESSION | (CK_FLAGS)1 << 20);
}

static CK_RV open_parallel(void)
{
	return refused(world_slot(PUBLIC), CKF_RW_SESSION);
}

static CK_RV open_async(void)
{
	return refused(world_slot(PUBLIC), CKF_SERIAL_SESSION | CKF_ASYNC_SESSION);
}

static CK_RV open_no_slot(void)
{
	return refused(4711, CKF_SERIAL_SESSION);
}

static CK_RV open_blank(void)
{
	return refused(world_blank_slot(), CKF_SERIAL_SESSION);
}

static CK_RV open_ro_beside_officer(void)
{
	return refused(world_slot(OFFICER), CKF_SERIAL_SESSION);
}

/* As many as there can be, then one more; then room again. */
static CK_RV open_too_many(void)
{
	CK_SLOT_ID slot = scratch_token();
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;

	while (rv == CKR_OK)
		rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session);
	world_close(session);
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
	EXPECT_OK(p11->C_CloseAllSessions(slot));
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
	return rv;
}

IN_SCRATCH(open_too_many)

/* ---- C_CloseSession, C_CloseAllSessions ---- */

static CK_OBJECT_HANDLE make_object(CK_SESSION_HANDLE session)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) } };
	CK_OBJECT_HANDLE object = 0;

	EXPECT_OK(p11->C_CreateObject(session, template, COUNT(template), &object));
	return object;
}

static bool is_there(CK_OBJECT_HANDLE object)
{
	CK_ULONG size = 0;

	return p11->C_GetObjectSize(world_keeper(PUBLIC), object, &size) == CKR_OK;
}

/* Its own objects go with it, those of others stay; whatever is active ends with it. */
static CK_RV close_one(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, 0);
	CK_SESSION_HANDLE other = world_open(PUBLIC, 0);
	CK_OBJECT_HANDLE own = make_object(session);
	CK_OBJECT_HANDLE others = make_object(other);
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_DigestInit(session, &sha256));
	EXPECT_OK(p11->C_FindObjectsInit(session, NULL, 0));
	EXPECT(is_there(own) && is_there(others));
	rv = ATTEMPT(p11->C_CloseSession(session));
	EXPECT(!is_there(own) && is_there(others));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(session));
	world_close(other);
	EXPECT(!is_there(others));
	return rv;
}

static CK_RV close_last_logs_out(void)
{
	CK_SLOT_ID slot = scratch_token();
	CK_SESSION_HANDLE one = 0;
	CK_SESSION_HANDLE two = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &one));
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &two));
	EXPECT_OK(p11->C_Login(one, CKU_USER, USER_PIN));
	world_close(one);
	EXPECT(state_of(two) == CKS_RW_USER_FUNCTIONS);
	rv = p11->C_CloseSession(two);
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &one));
	EXPECT(state_of(one) == CKS_RO_PUBLIC_SESSION);
	return rv;
}

static CK_RV close_all(void)
{
	CK_SLOT_ID slot = scratch_token();
	CK_SESSION_HANDLE sessions[3];
	CK_TOKEN_INFO info;
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; i < COUNT(sessions); i++)
		EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | (i == 0 ? CKF_RW_SESSION : 0), NULL,
					     NULL, &sessions[i]));
	EXPECT_OK(p11->C_Login(sessions[0], CKU_USER, USER_PIN));
	EXPECT_OK(p11->C_GetTokenInfo(slot, &info));
	EXPECT(info.ulSessionCount == 3 && info.ulRwSessionCount == 1);
	rv = p11->C_CloseAllSessions(slot);
	EXPECT_OK(p11->C_GetTokenInfo(slot, &info));
	EXPECT(info.ulSessionCount == 0 && info.ulRwSessionCount == 0);
	for (unsigned i = 0; i < COUNT(sessions); i++)
		EXPECT_RV(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(sessions[i]));
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &sessions[0]));
	EXPECT(state_of(sessions[0]) == CKS_RO_PUBLIC_SESSION);
	return rv;
}

/* Where there is none to close, and where there is no token yet. */
static CK_RV close_all_of_none(void)
{
	const CK_SLOT_ID slot = world_blank_slot();

	EXPECT_OK(ATTEMPT(p11->C_CloseAllSessions(slot)));
	return ATTEMPT(p11->C_CloseAllSessions(slot));
}

static CK_RV close_all_no_slot(void)
{
	return p11->C_CloseAllSessions(4711);
}

IN_SCRATCH(close_last_logs_out)
IN_SCRATCH(close_all)

/* ---- C_GetSessionInfo ---- */

/* Three of the states are there; the program about logins goes through all. */
static CK_RV info_there(void)
{
	CK_SESSION_INFO info;
	CK_RV rv = ATTEMPT(p11->C_GetSessionInfo(world_keeper(OFFICER), &info));

	EXPECT(info.slotID == world_slot(OFFICER) && info.state == CKS_RW_SO_FUNCTIONS);
	EXPECT(info.flags == (CKF_SERIAL_SESSION | CKF_RW_SESSION));
	EXPECT(state_of(world_keeper(USER)) == CKS_RW_USER_FUNCTIONS);
	EXPECT(state_of(world_keeper(PUBLIC)) == CKS_RW_PUBLIC_SESSION);
	return rv;
}

static CK_RV info_nowhere(void)
{
	return p11->C_GetSessionInfo(world_keeper(PUBLIC), NULL);
}

/* ---- C_SessionCancel ---- */

static CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
static CK_MECHANISM hmac = { CKM_SHA256_HMAC, NULL, 0 };
static CK_MECHANISM rsa = { CKM_RSA_PKCS, NULL, 0 };
static CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };

#define AES     world_secret(KEY_AES)
#define GENERIC world_secret(KEY_GENERIC)

/* Each kind of operation: how it begins, and which flag cancels it. */
static CK_RV begin_operation(CK_SESSION_HANDLE session, CK_FLAGS flag)
{
	switch (flag) {
	case CKF_ENCRYPT: return p11->C_EncryptInit(session, &ecb, AES);
	case CKF_DECRYPT: return p11->C_DecryptInit(session, &ecb, AES);
	case CKF_DIGEST: return p11->C_DigestInit(session, &sha256);
	case CKF_SIGN: return p11->C_SignInit(session, &hmac, GENERIC);
	case CKF_SIGN_RECOVER: return p11->C_SignRecoverInit(session, &rsa, world_private(KEY_RSA));
	case CKF_VERIFY: return p11->C_VerifyInit(session, &hmac, GENERIC);
	case CKF_VERIFY_RECOVER: return p11->C_VerifyRecoverInit(session, &rsa, world_public(KEY_RSA));
	default: return p11->C_FindObjectsInit(session, NULL, 0);
	}
}

static const CK_FLAGS operations[] = { CKF_ENCRYPT, CKF_DECRYPT,      CKF_DIGEST,         CKF_SIGN,
				       CKF_VERIFY,  CKF_SIGN_RECOVER, CKF_VERIFY_RECOVER, CKF_FIND_OBJECTS };

/* Whether one is active: a second init says so, and leaves the first alive. */
static bool is_active(CK_SESSION_HANDLE session, CK_FLAGS flag)
{
	CK_RV rv = begin_operation(session, flag);

	if (rv == CKR_OK)
		EXPECT_OK(p11->C_SessionCancel(session, flag));
	return rv == CKR_OPERATION_ACTIVE;
}

/* Each alone, and no other. */
static CK_RV cancel_each(void)
{
	CK_SESSION_HANDLE session = world_open(USER, CKF_RW_SESSION);
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < COUNT(operations); i++) {
		EXPECT_OK(begin_operation(session, operations[i]));
		EXPECT_OK(p11->C_SessionCancel(session, ~operations[i]));
		EXPECT(is_active(session, operations[i]));
		rv = ATTEMPT(p11->C_SessionCancel(session, operations[i]));
		EXPECT_OK(rv);
		EXPECT(!is_active(session, operations[i]));
	}
	world_close(session);
	return rv;
}

/* One half of a dual operation goes, the other goes on. */
static CK_RV cancel_half(void)
{
	CK_SESSION_HANDLE session = world_open(USER, CKF_RW_SESSION);
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin_operation(session, CKF_DIGEST));
	EXPECT_OK(begin_operation(session, CKF_ENCRYPT));
	rv = p11->C_SessionCancel(session, CKF_DIGEST);
	EXPECT(!is_active(session, CKF_DIGEST) && is_active(session, CKF_ENCRYPT));
	world_close(session);
	return rv;
}

static CK_RV cancel_nothing(void)
{
	CK_SESSION_HANDLE session = world_open(USER, CKF_RW_SESSION);
	CK_RV rv = CKR_OK;

	EXPECT_OK(begin_operation(session, CKF_DIGEST));
	rv = p11->C_SessionCancel(session, 0);
	EXPECT(is_active(session, CKF_DIGEST));
	world_close(session);
	return rv;
}

static CK_RV cancel_what_is_not(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, 0);
	CK_RV rv = p11->C_SessionCancel(session, ~(CK_FLAGS)0);

	world_close(session);
	return rv;
}

/* ---- C_GetOperationState, C_SetOperationState: digests can be saved ---- */

#define STATE_MAX 4096

static CK_BYTE half[] = "the first half of what is digested, and ";
static CK_BYTE rest[] = "the rest";

static CK_SESSION_HANDLE half_digested(enum world_token token)
{
	CK_SESSION_HANDLE session = world_open(token, 0);

	EXPECT_OK(p11->C_DigestInit(session, &sha256));
	EXPECT_OK(p11->C_DigestUpdate(session, half, sizeof(half)));
	return session;
}

static CK_RV save_state(CK_SESSION_HANDLE session, CK_BYTE *state, CK_ULONG *len)
{
	*len = STATE_MAX;
	return p11->C_GetOperationState(session, state, len);
}

/* The digest of both halves in a session that has seen the first. */
static void finish(CK_SESSION_HANDLE session, CK_BYTE digest[32])
{
	CK_ULONG len = 32;

	EXPECT_OK(p11->C_DigestUpdate(session, rest, sizeof(rest)));
	EXPECT_OK(p11->C_DigestFinal(session, digest, &len));
}

static CK_RV state_saved(void)
{
	CK_SESSION_HANDLE session = half_digested(PUBLIC);
	CK_BYTE state[STATE_MAX];
	CK_ULONG len = 0;
	CK_ULONG asked = 0;
	CK_RV rv = ATTEMPT(save_state(session, state, &len));

	EXPECT_OK(p11->C_GetOperationState(session, NULL, &asked));
	EXPECT(asked == len && len != 0);
	EXPECT(is_active(session, CKF_DIGEST));
	world_close(session);
	return rv;
}

/* In another session, in which something else was going on, and as often as one likes. */
static CK_RV state_set(void)
{
	CK_SESSION_HANDLE session = half_digested(PUBLIC);
	CK_SESSION_HANDLE other = half_digested(PUBLIC);
	CK_BYTE state[STATE_MAX], want[32], got[32];
	CK_ULONG len = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(save_state(session, state, &len));
	finish(session, want);
	EXPECT_OK(p11->C_FindObjectsInit(other, NULL, 0));
	rv = ATTEMPT(p11->C_SetOperationState(other, state, len, 0, 0));
	EXPECT(rv != CKR_OK || !is_active(other, CKF_FIND_OBJECTS));
	finish(other, got);
	EXPECT(memcmp(want, got, sizeof(got)) == 0);
	EXPECT_OK(p11->C_SetOperationState(other, state, len, 0, 0));
	finish(other, got);
	EXPECT(memcmp(want, got, sizeof(got)) == 0);
	world_close(session);
	world_close(other);
	return rv;
}

static CK_RV state_short(void)
{
	CK_SESSION_HANDLE session = half_digested(PUBLIC);
	CK_BYTE state[STATE_MAX];
	CK_ULONG len = 1;
	CK_ULONG asked = 0;
	CK_RV rv = CKR_OK;

	fill(state);
	rv = p11->C_GetOperationState(session, state, &len);
	EXPECT_OK(p11->C_GetOperationState(session, NULL, &asked));
	EXPECT(untouched(state) && len == asked);
	EXPECT(is_active(session, CKF_DIGEST));
	world_close(session);
	return rv;
}

static CK_RV state_nowhere(void)
{
	CK_SESSION_HANDLE session = half_digested(PUBLIC);
	CK_RV rv = p11->C_GetOperationState(session, NULL, NULL);

	world_close(session);
	return rv;
}

static CK_RV state_refused(CK_SESSION_HANDLE session)
{
	CK_BYTE state[STATE_MAX];
	CK_ULONG len = sizeof(state);
	CK_RV rv = CKR_OK;

	fill(state);
	rv = p11->C_GetOperationState(session, state, &len);
	EXPECT(untouched(state));
	world_close(session);
	return rv;
}

static CK_RV state_of_nothing(void)
{
	return state_refused(world_open(PUBLIC, 0));
}

/* A search is no cryptographic operation. */
static CK_RV state_of_search(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, 0);

	EXPECT_OK(p11->C_FindObjectsInit(session, NULL, 0));
	return state_refused(session);
}

static CK_RV state_with_key(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);

	EXPECT_OK(p11->C_SignInit(session, &hmac, GENERIC));
	return state_refused(session);
}

static CK_RV state_dual(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);

	EXPECT_OK(begin_operation(session, CKF_DIGEST));
	EXPECT_OK(begin_operation(session, CKF_ENCRYPT));
	return state_refused(session);
}

/* One that is not valid leaves what is going on alone. */
static CK_RV set_in(CK_SESSION_HANDLE session, CK_BYTE *state, CK_ULONG len, CK_OBJECT_HANDLE cipher_key,
		    CK_OBJECT_HANDLE mac_key)
{
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_FindObjectsInit(session, NULL, 0));
	rv = p11->C_SetOperationState(session, state, len, cipher_key, mac_key);
	EXPECT(is_active(session, CKF_FIND_OBJECTS));
	world_close(session);
	return rv;
}

static CK_RV set_nonsense(void)
{
	static CK_BYTE nonsense[100] = "nonsense";

	return set_in(world_open(PUBLIC, 0), nonsense, sizeof(nonsense), 0, 0);
}

static CK_RV set_none(void)
{
	return set_in(world_open(PUBLIC, 0), NULL, 100, 0, 0);
}

/* A state of one session, changed in one place or cut, in another. */
static CK_RV set_changed(void)
{
	CK_SESSION_HANDLE session = half_digested(PUBLIC);
	CK_BYTE state[STATE_MAX];
	CK_ULONG len = 0;
	CK_RV rv = CKR_SAVED_STATE_INVALID;

	EXPECT_OK(save_state(session, state, &len));
	for (CK_ULONG i = 0; i < len && len <= sizeof(state) && rv == CKR_SAVED_STATE_INVALID; i++) {
		state[i] ^= 1;
		rv = set_in(world_open(PUBLIC, 0), state, len, 0, 0);
		state[i] ^= 1;
	}
	for (CK_ULONG cut = 0; cut < len && len <= sizeof(state) && rv == CKR_SAVED_STATE_INVALID; cut++)
		rv = set_in(world_open(PUBLIC, 0), state, cut, 0, 0);
	world_close(session);
	return rv;
}

static CK_RV set_saved(enum world_token from, enum world_token to, CK_FLAGS rw, CK_OBJECT_HANDLE cipher_key,
		       CK_OBJECT_HANDLE mac_key)
{
	CK_SESSION_HANDLE session = half_digested(from);
	CK_BYTE state[STATE_MAX];
	CK_ULONG len = 0;

	EXPECT_OK(save_state(session, state, &len));
	world_close(session);
	return set_in(world_open(to, rw), state, len, cipher_key, mac_key);
}

static CK_RV set_on_another_token(void)
{
	return set_saved(PUBLIC, USER, 0, 0, 0);
}

static CK_RV set_in_another_state(void)
{
	return set_saved(USER, USER, CKF_RW_SESSION, 0, 0);
}

static CK_RV set_cipher_key(void)
{
	return set_saved(USER, USER, 0, AES, 0);
}

static CK_RV set_mac_key(void)
{
	return set_saved(USER, USER, 0, 0, GENERIC);
}

static const struct provocation table[] = {
	PROVOKE(C_OpenSession, CKR_OK, "read-write", open_rw),
	PROVOKE(C_OpenSession, CKR_OK, "read-only", open_ro),
	PROVOKE(C_OpenSession, CKR_OK, "with a callback, which is not called", open_notified),
	PROVOKE(C_OpenSession, CKR_ARGUMENTS_BAD, "no place for the handle", open_nowhere),
	PROVOKE(C_OpenSession, CKR_ARGUMENTS_BAD, "an unknown flag", open_unknown_flag),
	PROVOKE(C_OpenSession, CKR_SESSION_PARALLEL_NOT_SUPPORTED, "no CKF_SERIAL_SESSION", open_parallel),
	PROVOKE(C_OpenSession, CKR_SESSION_ASYNC_NOT_SUPPORTED, "CKF_ASYNC_SESSION", open_async),
	PROVOKE(C_OpenSession, CKR_SLOT_ID_INVALID, "a slot that is not there", open_no_slot),
	PROVOKE(C_OpenSession, CKR_TOKEN_NOT_INITIALIZED, "a token that is not initialised", open_blank),
	PROVOKE(C_OpenSession, CKR_SESSION_READ_WRITE_SO_EXISTS, "read-only beside the officer",
		open_ro_beside_officer),
	PROVOKE(C_OpenSession, CKR_SESSION_COUNT, "one too many", open_too_many_apart),
	PROVOKE(C_CloseSession, CKR_OK, "with objects and operations", close_one),
	PROVOKE_ONCE(C_CloseSession, CKR_OK, "the last one, which logs out", close_last_logs_out_apart),
	PROVOKE_ONCE(C_CloseAllSessions, CKR_OK, "three sessions and a login", close_all_apart),
	PROVOKE(C_CloseAllSessions, CKR_OK, "none to close", close_all_of_none),
	PROVOKE(C_CloseAllSessions, CKR_SLOT_ID_INVALID, "a slot that is not there", close_all_no_slot),
	PROVOKE(C_GetSessionInfo, CKR_OK, "what it says", info_there),
	PROVOKE(C_GetSessionInfo, CKR_ARGUMENTS_BAD, "no place for it", info_nowhere),
	PROVOKE(C_SessionCancel, CKR_OK, "each kind of operation alone", cancel_each),
	PROVOKE(C_SessionCancel, CKR_OK, "half of a dual operation", cancel_half),
	PROVOKE(C_SessionCancel, CKR_OK, "no flags: nothing", cancel_nothing),
	PROVOKE(C_SessionCancel, CKR_OK, "all flags, nothing active", cancel_what_is_not),
	PROVOKE(C_GetOperationState, CKR_OK, "a digest", state_saved),
	PROVOKE(C_GetOperationState, CKR_BUFFER_TOO_SMALL, "room for one byte", state_short),
	PROVOKE(C_GetOperationState, CKR_ARGUMENTS_BAD, "no place for the length", state_nowhere),
	PROVOKE(C_GetOperationState, CKR_OPERATION_NOT_INITIALIZED, "nothing active", state_of_nothing),
	PROVOKE(C_GetOperationState, CKR_OPERATION_NOT_INITIALIZED, "a search alone", state_of_search),
	PROVOKE(C_GetOperationState, CKR_STATE_UNSAVEABLE, "a signature", state_with_key),
	PROVOKE(C_GetOperationState, CKR_STATE_UNSAVEABLE, "a digest and an encryption", state_dual),
	PROVOKE(C_SetOperationState, CKR_OK, "a digest, in another session", state_set),
	PROVOKE(C_SetOperationState, CKR_SAVED_STATE_INVALID, "nonsense", set_nonsense),
	PROVOKE(C_SetOperationState, CKR_SAVED_STATE_INVALID, "changed or cut", set_changed),
	PROVOKE(C_SetOperationState, CKR_SAVED_STATE_INVALID, "of another token", set_on_another_token),
	PROVOKE(C_SetOperationState, CKR_SAVED_STATE_INVALID, "of another session state",
		set_in_another_state),
	PROVOKE(C_SetOperationState, CKR_KEY_NOT_NEEDED, "a digest and a cipher key", set_cipher_key),
	PROVOKE(C_SetOperationState, CKR_KEY_NOT_NEEDED, "a digest and a MAC key", set_mac_key),
	PROVOKE(C_SetOperationState, CKR_ARGUMENTS_BAD, "no state", set_none),
};

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	world_populate();
	provoke_all(table, COUNT(table));
	return world_end();
}
