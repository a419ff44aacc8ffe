#include "fake_api.h"

static CK_RV make(CK_VOID_PTR_PTR mutex)
{
	(void)mutex;
	return CKR_OK;
}

static CK_RV use(CK_VOID_PTR mutex)
{
	(void)mutex;
	return CKR_OK;
}

static CK_RV initialize(CK_C_INITIALIZE_ARGS args)
{
	CK_RV rv = CKR_OK;

	(void)C_Finalize(NULL);
	rv = C_Initialize(&args);
	if (rv != CKR_OK)
		EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_Finalize(NULL));
	return rv;
}

TEST(the_four_ways_of_locking)
{
	CK_C_INITIALIZE_ARGS args = { .flags = 0 };

	EXPECT_RV(CKR_OK, initialize(args));
	args.flags = CKF_OS_LOCKING_OK;
	EXPECT_RV(CKR_OK, initialize(args));
	args.flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS;
	EXPECT_RV(CKR_OK, initialize(args));
	args = (CK_C_INITIALIZE_ARGS){ make, use, use, use, CKF_OS_LOCKING_OK, NULL };
	EXPECT_RV(CKR_OK, initialize(args));
	args.flags = 0;
	EXPECT_RV(CKR_CANT_LOCK, initialize(args));
}

TEST(callbacks_come_all_or_none)
{
	for (unsigned given = 1; given < 15; given++) {
		CK_C_INITIALIZE_ARGS args = {
			.CreateMutex = (given & 1) != 0 ? make : NULL,
			.DestroyMutex = (given & 2) != 0 ? use : NULL,
			.LockMutex = (given & 4) != 0 ? use : NULL,
			.UnlockMutex = (given & 8) != 0 ? use : NULL,
			.flags = CKF_OS_LOCKING_OK,
		};

		EXPECT_RV(CKR_ARGUMENTS_BAD, initialize(args));
	}
}

TEST(reserved_pointers_have_to_be_null)
{
	int anything = 0;
	CK_C_INITIALIZE_ARGS args = { .pReserved = &anything };

	EXPECT_RV(CKR_ARGUMENTS_BAD, initialize(args));
	fresh();
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_Finalize(&anything));
	EXPECT_NUMBER(0, fake.stops);
	EXPECT_RV(CKR_OK, C_Finalize(NULL));
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_Finalize(&anything));
}

TEST(info_is_translated)
{
	CK_INFO info;

	fresh();
	memset(&info, 0xff, sizeof(info));
	EXPECT_RV(CKR_OK, C_GetInfo(&info));
	EXPECT_NUMBER(3, info.cryptokiVersion.major);
	EXPECT_NUMBER(2, info.cryptokiVersion.minor);
	EXPECT_NUMBER(4, info.libraryVersion.major);
	EXPECT_NUMBER(2, info.libraryVersion.minor);
	EXPECT_NUMBER(0, info.flags);
	EXPECT_NUMBER('i', info.manufacturerID[31]);
	EXPECT_NUMBER('i', info.libraryDescription[0]);
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GetInfo(NULL));
	fake.answer.code = ASH_E_MEMORY;
	EXPECT_RV(CKR_HOST_MEMORY, C_GetInfo(&info));
}

TEST(nothing_runs_in_parallel)
{
	fresh();
	EXPECT_RV(CKR_FUNCTION_NOT_PARALLEL, C_GetFunctionStatus(FAKE_SESSION));
	EXPECT_RV(CKR_FUNCTION_NOT_PARALLEL, C_CancelFunction(FAKE_SESSION));
	EXPECT_RV(CKR_OK, C_Finalize(NULL));
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_GetFunctionStatus(FAKE_SESSION));
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_CancelFunction(FAKE_SESSION));
}
