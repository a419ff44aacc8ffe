/*
 * General-purpose functions (§5.4) and what is left of parallel ones (§5.20).
 */
#include "front/pkcs11/call_priv.h"

#include <string.h>

#include "front/pkcs11/return_priv.h"

/* §5.4.1: four callbacks or none, and we lock with the system's own. */
static struct ash_status check_init_args(const void *given)
{
	CK_C_INITIALIZE_ARGS args = { 0 };
	unsigned callbacks = 0;

	if (given == NULL)
		return ASH_DONE;
	memcpy(&args, given, sizeof(args));
	callbacks = (args.CreateMutex != NULL) + (args.DestroyMutex != NULL) + (args.LockMutex != NULL) +
		    (args.UnlockMutex != NULL);
	ASH_ENSURE(args.pReserved == NULL, ASH_E_ARGUMENT);
	ASH_ENSURE(callbacks == 0 || callbacks == 4, ASH_E_ARGUMENT);
	ASH_ENSURE(callbacks == 0 || (args.flags & CKF_OS_LOCKING_OK) != 0, ASH_E_CANT_LOCK);
	return ASH_DONE;
}

static struct ash_status initialize(const void *given)
{
	ASH_TRY(check_init_args(given));
	return ash_call_open();
}

static CK_RV done(const char *function, struct ash_status status)
{
	return ash_is_ok(status) ? CKR_OK : ash_return_failure(function, status);
}

ASH_ENTRY C_Initialize(CK_VOID_PTR pInitArgs)
{
	return done(__func__, initialize(pInitArgs));
}

/* What has to hold before C_Finalize may stop anything. */
static struct ash_status check_finalize(const void *reserved)
{
	ASH_ENSURE(reserved == NULL, ASH_E_ARGUMENT);
	return ASH_DONE;
}

ASH_ENTRY C_Finalize(CK_VOID_PTR pReserved)
{
	CK_RV rv = ASH_CALL(check_finalize(pReserved));

	return rv == CKR_OK ? done(__func__, ash_call_close()) : rv;
}

static struct ash_status get_info(const struct ash_call *call, CK_INFO_PTR ret_info)
{
	struct ash_hsm_info info = { 0 };
	CK_INFO answer;

	ASH_ENSURE(ret_info != NULL, ASH_E_ARGUMENT);
	ASH_TRY(call->api->info(call->hsm, &info));
	answer = (CK_INFO){
		.cryptokiVersion = { CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR },
		.libraryVersion = { info.major, info.minor },
	};
	memcpy(answer.manufacturerID, info.manufacturer, sizeof(answer.manufacturerID));
	memcpy(answer.libraryDescription, info.description, sizeof(answer.libraryDescription));
	ASH_COPY(ret_info, &answer);
	return ASH_DONE;
}

ASH_ENTRY C_GetInfo(CK_INFO_PTR pInfo)
{
	return ASH_CALL(get_info(&call, pInfo));
}

/* §5.20: nothing ever runs in parallel. */
static CK_RV not_parallel(CK_RV rv)
{
	return rv == CKR_OK ? CKR_FUNCTION_NOT_PARALLEL : rv;
}

ASH_ENTRY C_GetFunctionStatus(CK_SESSION_HANDLE hSession)
{
	(void)hSession;
	return not_parallel(ASH_CALL(ASH_DONE));
}

ASH_ENTRY C_CancelFunction(CK_SESSION_HANDLE hSession)
{
	(void)hSession;
	return not_parallel(ASH_CALL(ASH_DONE));
}
