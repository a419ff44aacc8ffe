/*
 * Session management (§5.6).
 */
#include "front/pkcs11/call_priv.h"

#include "front/pkcs11/output_priv.h"
#include "token/mechanism.h"

static struct ash_status open_session(const struct ash_call *call, CK_SLOT_ID slot, CK_FLAGS flags,
				      CK_SESSION_HANDLE_PTR ret_session)
{
	ash_handle session = 0;

	ASH_ENSURE(ret_session != NULL, ASH_E_ARGUMENT);
	ASH_ENSURE((flags & CKF_SERIAL_SESSION) != 0, ASH_E_SESSION_PARALLEL);
	ASH_ENSURE((flags & CKF_ASYNC_SESSION) == 0, ASH_E_UNSUPPORTED);
	ASH_ENSURE((flags & ~(CKF_SERIAL_SESSION | CKF_RW_SESSION)) == 0, ASH_E_ARGUMENT);
	ASH_TRY(call->api->open_session(call->hsm, slot, (flags & CKF_RW_SESSION) != 0, &session));
	*ret_session = session;
	return ASH_DONE;
}

/* Nothing is ever notified: the application's callback and its argument are not kept. */
ASH_ENTRY C_OpenSession(CK_SLOT_ID slotID, CK_FLAGS flags, CK_VOID_PTR pApplication, CK_NOTIFY Notify,
			CK_SESSION_HANDLE_PTR phSession)
{
	CK_RV rv = ASH_CALL(open_session(&call, slotID, flags, phSession));

	(void)pApplication;
	(void)Notify;
	/* The one thing about opening that is not supported has a word of its own. */
	return rv == CKR_FUNCTION_NOT_SUPPORTED ? CKR_SESSION_ASYNC_NOT_SUPPORTED : rv;
}

ASH_ENTRY C_CloseSession(CK_SESSION_HANDLE hSession)
{
	return ASH_SESSION_CALL(hSession, call.api->close_session(call.hsm, hSession));
}

ASH_ENTRY C_CloseAllSessions(CK_SLOT_ID slotID)
{
	return ASH_CALL(call.api->close_all_sessions(call.hsm, slotID));
}

static struct ash_status get_session_info(const struct ash_call *call, CK_SESSION_HANDLE session,
					  CK_SESSION_INFO_PTR ret_info)
{
	struct ash_session_info info = { 0 };
	CK_SESSION_INFO answer;

	ASH_ENSURE(ret_info != NULL, ASH_E_ARGUMENT);
	ASH_TRY(call->api->session_info(call->hsm, session, &info));
	answer = (CK_SESSION_INFO){
		.slotID = info.slot,
		.state = info.state,
		.flags = info.flags,
	};
	ASH_COPY(ret_info, &answer);
	return ASH_DONE;
}

ASH_ENTRY C_GetSessionInfo(CK_SESSION_HANDLE hSession, CK_SESSION_INFO_PTR pInfo)
{
	return ASH_SESSION_CALL(hSession, get_session_info(&call, hSession, pInfo));
}

static struct ash_status login(const struct ash_call *call, CK_SESSION_HANDLE session, CK_USER_TYPE user,
			       struct ash_span pin)
{
	/* No protected authentication path: a PIN has to come. */
	ASH_ENSURE(pin.data != NULL, ASH_E_ARGUMENT);
	return call->api->login(call->hsm, session, user, pin);
}

ASH_ENTRY C_Login(CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen)
{
	return ASH_SESSION_CALL(hSession, login(&call, hSession, userType, ash_span(pPin, ulPinLen)));
}

static struct ash_status login_user(const struct ash_call *call, CK_SESSION_HANDLE session, CK_USER_TYPE user,
				    struct ash_span pin, struct ash_span name)
{
	ASH_ENSURE(pin.data != NULL && ash_readable(name.data, name.len), ASH_E_ARGUMENT);
	return call->api->login_user(call->hsm, session, user, pin, name);
}

ASH_ENTRY C_LoginUser(CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin,
		      CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pUsername, CK_ULONG ulUsernameLen)
{
	return ASH_SESSION_CALL(hSession, login_user(&call, hSession, userType, ash_span(pPin, ulPinLen),
						     ash_span(pUsername, ulUsernameLen)));
}

ASH_ENTRY C_Logout(CK_SESSION_HANDLE hSession)
{
	return ASH_SESSION_CALL(hSession, call.api->logout(call.hsm, hSession));
}

/* What was not active need not be ended. */
static struct ash_status unless_none(struct ash_status status)
{
	return status.code == ASH_E_OPERATION_NONE ? ASH_DONE : status;
}

static struct ash_status cancel(const struct ash_call *call, CK_SESSION_HANDLE session, CK_FLAGS flags)
{
	struct ash_session_info info = { 0 };

	ASH_TRY(call->api->session_info(call->hsm, session, &info));
	for (enum ash_op op = 0; op < ASH_OP_DERIVE; op++) { /* the others never are under way */
		if ((flags & ash_op_flag(op)) != 0)
			ASH_TRY(unless_none(call->api->op_init(call->hsm, session, op, NULL, 0)));
	}
	if ((flags & CKF_FIND_OBJECTS) != 0)
		ASH_TRY(unless_none(call->api->find_end(call->hsm, session)));
	return ASH_DONE;
}

ASH_ENTRY C_SessionCancel(CK_SESSION_HANDLE hSession, CK_FLAGS flags)
{
	return ASH_SESSION_CALL(hSession, cancel(&call, hSession, flags));
}

static struct ash_status get_operation_state(const struct ash_call *call, CK_SESSION_HANDLE session,
					     CK_BYTE_PTR state, CK_ULONG_PTR ret_len)
{
	struct ash_out room;

	ASH_ENSURE(ret_len != NULL, ASH_E_ARGUMENT);
	room = ash_room_of(state, ret_len);
	return ash_answer(call->api->op_save(call->hsm, session, &room), &room, ret_len);
}

ASH_ENTRY C_GetOperationState(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState,
			      CK_ULONG_PTR pulOperationStateLen)
{
	return ASH_SESSION_CALL(hSession,
				get_operation_state(&call, hSession, pOperationState, pulOperationStateLen));
}

static struct ash_status set_operation_state(const struct ash_call *call, CK_SESSION_HANDLE session,
					     struct ash_span state, CK_OBJECT_HANDLE encryption_key,
					     CK_OBJECT_HANDLE authentication_key)
{
	ASH_ENSURE(state.data != NULL, ASH_E_ARGUMENT);
	return call->api->op_restore(call->hsm, session, state, encryption_key, authentication_key);
}

ASH_ENTRY C_SetOperationState(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState,
			      CK_ULONG ulOperationStateLen, CK_OBJECT_HANDLE hEncryptionKey,
			      CK_OBJECT_HANDLE hAuthenticationKey)
{
	return ASH_SESSION_CALL(hSession, set_operation_state(&call, hSession,
							      ash_span(pOperationState, ulOperationStateLen),
							      hEncryptionKey, hAuthenticationKey));
}
