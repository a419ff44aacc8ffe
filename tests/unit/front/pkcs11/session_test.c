#include "fake_api.h"

static CK_SESSION_HANDLE session;

static CK_RV open_with(CK_FLAGS flags)
{
	session = 0;
	return C_OpenSession(3, flags, NULL, NULL, &session);
}

TEST(a_session_opens)
{
	fresh();
	EXPECT_RV(CKR_OK, open_with(CKF_SERIAL_SESSION));
	EXPECT_NUMBER(FAKE_SESSION, session);
	EXPECT_NUMBER(3, fake.slot);
	EXPECT(!fake.flag);
	EXPECT_RV(CKR_OK, open_with(CKF_SERIAL_SESSION | CKF_RW_SESSION));
	EXPECT(fake.flag);
}

TEST(flags_that_are_refused)
{
	fresh();
	EXPECT_RV(CKR_SESSION_PARALLEL_NOT_SUPPORTED, open_with(0));
	EXPECT_RV(CKR_SESSION_PARALLEL_NOT_SUPPORTED, open_with(CKF_RW_SESSION));
	EXPECT_RV(CKR_SESSION_ASYNC_NOT_SUPPORTED, open_with(CKF_SERIAL_SESSION | CKF_ASYNC_SESSION));
	EXPECT_RV(CKR_ARGUMENTS_BAD, open_with(CKF_SERIAL_SESSION | 1u << 20));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_OpenSession(3, CKF_SERIAL_SESSION, NULL, NULL, NULL));
	EXPECT_NUMBER(0, fake.calls);
	EXPECT_NUMBER(0, session);
	fake.answer.code = ASH_E_SESSION_SO_EXISTS;
	EXPECT_RV(CKR_SESSION_READ_WRITE_SO_EXISTS, open_with(CKF_SERIAL_SESSION));
	EXPECT_NUMBER(0, session);
}

TEST(sessions_close_and_tell)
{
	CK_SESSION_INFO info = { .ulDeviceError = 9 };

	fresh();
	EXPECT_RV(CKR_OK, C_CloseSession(FAKE_SESSION));
	EXPECT_CALLED("close_session");
	EXPECT_RV(CKR_OK, C_CloseAllSessions(8));
	EXPECT_CALLED("close_all_sessions");
	EXPECT_NUMBER(8, fake.slot);
	EXPECT_RV(CKR_OK, C_GetSessionInfo(FAKE_SESSION, &info));
	EXPECT_NUMBER(5, info.slotID);
	EXPECT_NUMBER(CKS_RW_USER_FUNCTIONS, info.state);
	EXPECT_NUMBER(CKF_SERIAL_SESSION, info.flags);
	EXPECT_NUMBER(0, info.ulDeviceError);
}

TEST(logging_in_and_out)
{
	CK_UTF8CHAR pin[] = { '1', '2' };

	fresh();
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_Login(FAKE_SESSION, CKU_USER, NULL, 0));
	EXPECT_RV(CKR_OK, C_Login(FAKE_SESSION, CKU_USER, pin, 2));
	EXPECT_CALLED("login");
	EXPECT_NUMBER(CKU_USER, fake.type);
	EXPECT(fake.in.data == pin && fake.in.len == 2);
	EXPECT_RV(CKR_OK, C_Logout(FAKE_SESSION));
	EXPECT_CALLED("logout");
	fake.answer.code = ASH_E_PIN_LOCKED;
	EXPECT_RV(CKR_PIN_LOCKED, C_Login(FAKE_SESSION, CKU_SO, pin, 2));
}

TEST(users_may_have_names)
{
	CK_UTF8CHAR pin[] = { '1', '2' };

	fresh();
	EXPECT_RV(CKR_OK, C_LoginUser(FAKE_SESSION, CKU_SO, pin, 2, NULL, 0));
	EXPECT_CALLED("login_user");
	EXPECT_NUMBER(CKU_SO, fake.type);
	EXPECT_NUMBER(0, fake.second.len);
	EXPECT_RV(CKR_OK, C_LoginUser(FAKE_SESSION, CKU_USER, pin, 2, pin, 1));
	EXPECT(fake.in.data == pin && fake.in.len == 2 && fake.second.data == pin && fake.second.len == 1);
	fake.answer.code = ASH_E_PIN_INCORRECT;
	EXPECT_RV(CKR_PIN_INCORRECT, C_LoginUser(FAKE_SESSION, CKU_USER, pin, 2, pin, 1));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_LoginUser(FAKE_SESSION, CKU_SO, pin, 2, NULL, 1));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_LoginUser(FAKE_SESSION, CKU_SO, NULL, 2, NULL, 0));
}

TEST(states_go_out_and_come_in)
{
	CK_BYTE state[4] = { 0 };
	CK_ULONG len = sizeof(state);

	fresh();
	fake.give_len = 3;
	memcpy(fake.give, "abc", 3);
	EXPECT_RV(CKR_OK, C_GetOperationState(FAKE_SESSION, NULL, &len));
	EXPECT_NUMBER(3, len);
	len = 2;
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, C_GetOperationState(FAKE_SESSION, state, &len));
	EXPECT_NUMBER(3, len);
	EXPECT_RV(CKR_OK, C_GetOperationState(FAKE_SESSION, state, &len));
	EXPECT_CALLED("op_save");
	EXPECT_NUMBER(0, memcmp(state, "abc", 4));
	fake.answer.code = ASH_E_STATE_UNSAVEABLE;
	len = sizeof(state);
	EXPECT_RV(CKR_STATE_UNSAVEABLE, C_GetOperationState(FAKE_SESSION, state, &len));
	EXPECT_NUMBER(sizeof(state), len);
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GetOperationState(FAKE_SESSION, state, NULL));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_GetOperationState(1, state, NULL));

	fake.answer.code = ASH_OK;
	EXPECT_RV(CKR_OK, C_SetOperationState(FAKE_SESSION, state, 4, 5, 6));
	EXPECT_CALLED("op_restore");
	EXPECT(fake.in.data == state && fake.in.len == 4 && fake.slot == 5 && fake.type == 6);
	fake.answer.code = ASH_E_SAVED_STATE;
	EXPECT_RV(CKR_SAVED_STATE_INVALID, C_SetOperationState(FAKE_SESSION, state, 4, 0, 0));
	fake.answer.code = ASH_E_KEY_NOT_NEEDED;
	EXPECT_RV(CKR_KEY_NOT_NEEDED, C_SetOperationState(FAKE_SESSION, state, 4, 1, 0));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_SetOperationState(FAKE_SESSION, NULL, 4, 0, 0));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_SetOperationState(1, NULL, 4, 0, 0));
}

/* Every flag of the operations that there are; the others name nothing that could be active. */
TEST(cancel_knows_each_flag)
{
	static const struct {
		CK_FLAGS flag;
		enum ash_op op;
	} flags[] = {
		{ CKF_DIGEST, ASH_OP_DIGEST },
		{ CKF_SIGN, ASH_OP_SIGN },
		{ CKF_VERIFY, ASH_OP_VERIFY },
		{ CKF_ENCRYPT, ASH_OP_ENCRYPT },
		{ CKF_DECRYPT, ASH_OP_DECRYPT },
		{ CKF_SIGN_RECOVER, ASH_OP_SIGN_RECOVER },
		{ CKF_VERIFY_RECOVER, ASH_OP_VERIFY_RECOVER },
	};
	CK_FLAGS others = ~(CK_FLAGS)CKF_FIND_OBJECTS;

	for (size_t i = 0; i < ASH_COUNT(flags); i++) {
		fresh();
		EXPECT_RV(CKR_OK, C_SessionCancel(FAKE_SESSION, flags[i].flag));
		EXPECT_NUMBER(1, fake.calls);
		EXPECT_NUMBER(flags[i].op, fake.op);
		others &= ~flags[i].flag;
	}
	fresh();
	EXPECT_RV(CKR_OK, C_SessionCancel(FAKE_SESSION, others));
	EXPECT_NUMBER(0, fake.calls);
}

TEST(cancel_ends_what_its_flags_name)
{
	fresh();
	EXPECT_RV(CKR_OK, C_SessionCancel(FAKE_SESSION, 0));
	EXPECT_NUMBER(0, fake.calls);
	EXPECT_RV(CKR_OK, C_SessionCancel(FAKE_SESSION, CKF_SIGN));
	EXPECT_CALLED("op_init");
	EXPECT_NUMBER(ASH_OP_SIGN, fake.op);
	EXPECT(!fake.mechanism_given);
	EXPECT_NUMBER(1, fake.calls);
	EXPECT_RV(CKR_OK, C_SessionCancel(FAKE_SESSION, CKF_FIND_OBJECTS | CKF_ENCRYPT | CKF_MESSAGE_SIGN));
	EXPECT_CALLED("find_end");
	EXPECT_NUMBER(3, fake.calls);
}

TEST(cancel_of_nothing_is_fine)
{
	fresh();
	fake.answer.code = ASH_E_OPERATION_NONE;
	EXPECT_RV(CKR_OK, C_SessionCancel(FAKE_SESSION, CKF_DIGEST | CKF_VERIFY | CKF_FIND_OBJECTS));
	EXPECT_NUMBER(3, fake.calls);
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_SessionCancel(1, CKF_DIGEST));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_SessionCancel(1, 0));
}
