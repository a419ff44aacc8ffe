/* PKCS#11 3.2 §5.4, general purpose, and §5.20, what is left of parallel functions. */
#include "provoke.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* ---- C_Initialize ---- */

/* The library, which the world keeps initialised, in a process of its own. */
static CK_RV begin_and_end(void *args)
{
	CK_INFO info;
	CK_RV rv = ATTEMPT(p11->C_Initialize(args));

	if (rv != CKR_OK) {
		EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetInfo(&info));
		return rv;
	}
	EXPECT_OK(p11->C_GetInfo(&info));
	EXPECT_OK(p11->C_Finalize(NULL));
	return rv;
}

static CK_RV unused_mutex(void **mutex)
{
	(void)mutex;
	EXPECT(!"a callback was called, though the system's locks are there");
	return CKR_MUTEX_BAD;
}

static CK_RV unused_lock(void *mutex)
{
	return unused_mutex(mutex);
}

#define CALLBACKS                                                                           \
	.CreateMutex = unused_mutex, .DestroyMutex = unused_lock, .LockMutex = unused_lock, \
	.UnlockMutex = unused_lock

static CK_RV init_null(void)
{
	return begin_and_end(NULL);
}

static CK_RV init_alone(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = 0 };

	return begin_and_end(&args);
}

static CK_RV init_os(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	return begin_and_end(&args);
}

static CK_RV init_os_or_callbacks(void)
{
	CK_C_INITIALIZE_ARGS args = { CALLBACKS, .flags = CKF_OS_LOCKING_OK };

	return begin_and_end(&args);
}

static CK_RV init_no_threads(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS | CKF_OS_LOCKING_OK };

	return begin_and_end(&args);
}

static CK_RV init_again(void)
{
	EXPECT_OK(begin_and_end(NULL));
	return begin_and_end(NULL);
}

static CK_RV init_callbacks_alone(void)
{
	CK_C_INITIALIZE_ARGS args = { CALLBACKS };

	return begin_and_end(&args);
}

static CK_RV init_reserved(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK, .pReserved = &args };

	return begin_and_end(&args);
}

/* Each choice of some callbacks, but not all, whatever the flags. */
static CK_RV init_some_callbacks(void)
{
	for (unsigned some = 1; some < 15; some++) {
		for (unsigned os = 0; os < 2; os++) {
			CK_C_INITIALIZE_ARGS args = {
				.CreateMutex = (some & 1) != 0 ? unused_mutex : NULL,
				.DestroyMutex = (some & 2) != 0 ? unused_lock : NULL,
				.LockMutex = (some & 4) != 0 ? unused_lock : NULL,
				.UnlockMutex = (some & 8) != 0 ? unused_lock : NULL,
				.flags = os != 0 ? CKF_OS_LOCKING_OK : 0,
			};
			CK_RV rv = begin_and_end(&args);

			if (rv != CKR_ARGUMENTS_BAD)
				return rv;
		}
	}
	return CKR_ARGUMENTS_BAD;
}

static CK_RV init_twice(void)
{
	return p11->C_Initialize(NULL);
}

static CK_RV init_twice_and_wrong(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	return p11->C_Initialize(&args);
}

static CK_RV init_wrong_configuration(void)
{
	scratch_configure("no.such.key = 1\n");
	return begin_and_end(NULL);
}

/* From many threads at once: one begins, the others find it begun. */
static _Atomic unsigned winners, losers;

static void *race(void *unused)
{
	CK_RV rv = p11->C_Initialize(NULL);
	CK_INFO info;

	winners += rv == CKR_OK;
	losers += rv == CKR_CRYPTOKI_ALREADY_INITIALIZED && p11->C_GetInfo(&info) == CKR_OK;
	return unused;
}

static CK_RV init_race(void)
{
	pthread_t racers[8];

	for (unsigned round = 0; round < 20; round++) {
		winners = losers = 0;
		for (unsigned i = 0; i < COUNT(racers); i++)
			EXPECT(pthread_create(&racers[i], NULL, race, NULL) == 0);
		for (unsigned i = 0; i < COUNT(racers); i++)
			(void)pthread_join(racers[i], NULL);
		EXPECT(winners == 1 && losers == COUNT(racers) - 1);
		EXPECT_OK(p11->C_Finalize(NULL));
	}
	return losers != 0 ? CKR_CRYPTOKI_ALREADY_INITIALIZED : CKR_OK;
}

IN_SCRATCH(init_alone)
IN_SCRATCH(init_os)
IN_SCRATCH(init_os_or_callbacks)
IN_SCRATCH(init_no_threads)
IN_SCRATCH(init_again)
IN_SCRATCH(init_callbacks_alone)
IN_SCRATCH(init_reserved)
IN_SCRATCH(init_some_callbacks)
IN_SCRATCH(init_wrong_configuration)
IN_SCRATCH(init_race)
IN_SCRATCH(init_null)

/* ---- C_Finalize ---- */

static CK_RV finalize_once(void)
{
	EXPECT_OK(p11->C_Initialize(NULL));
	return p11->C_Finalize(NULL);
}

IN_SCRATCH(finalize_once)

static CK_RV finalize_reserved(void)
{
	CK_INFO info;
	CK_RV rv = p11->C_Finalize(&info);

	EXPECT_OK(p11->C_GetInfo(&info));
	return rv;
}

/* A call of another thread that does not come back while C_Finalize has patience (ten seconds). */
static pthread_barrier_t stuck, released;

static void be_stuck(void)
{
	(void)pthread_barrier_wait(&stuck);
	(void)pthread_barrier_wait(&released);
}

static void *ask_info(void *slot)
{
	CK_TOKEN_INFO info;

	EXPECT_OK(ATTEMPT(p11->C_GetTokenInfo(*(CK_SLOT_ID *)slot, &info)));
	return NULL;
}

static CK_RV finalize_too_early(void)
{
	CK_SLOT_ID slot = scratch_token();
	pthread_t asking;
	CK_RV rv = CKR_OK;

	(void)pthread_barrier_init(&stuck, NULL, 2);
	(void)pthread_barrier_init(&released, NULL, 2);
	EXPECT_OK(p11->C_Finalize(NULL));
	EXPECT_OK(p11->C_Initialize(NULL)); /* so that the store has to be opened and read */
	fault_meanwhile(be_stuck);
	fault_plan(MOMENT_FILE, 0);
	EXPECT(pthread_create(&asking, NULL, ask_info, &slot) == 0);
	(void)pthread_barrier_wait(&stuck);
	rv = p11->C_Finalize(NULL);
	(void)pthread_barrier_wait(&released);
	(void)pthread_join(asking, NULL); /* which succeeds */
	fault_plan(FAULT_NONE, 0);
	EXPECT((CK_ULONG)world_blank_slot() != slot); /* nothing was stopped */
	EXPECT_OK(p11->C_Finalize(NULL));
	return rv;
}

IN_SCRATCH(finalize_too_early)

/* ---- C_GetInfo ---- */

static CK_RV info_there(void)
{
	CK_INFO info;
	CK_RV rv = ATTEMPT(p11->C_GetInfo(&info));

	EXPECT(info.cryptokiVersion.major == 3 && info.cryptokiVersion.minor == 2);
	EXPECT(info.flags == 0);
	EXPECT(memcmp(info.manufacturerID, "Ashlar", 6) == 0);
	EXPECT(memchr(info.manufacturerID, 0, sizeof(info.manufacturerID)) == NULL);
	EXPECT(memchr(info.libraryDescription, 0, sizeof(info.libraryDescription)) == NULL);
	return rv;
}

static CK_RV info_nowhere(void)
{
	return p11->C_GetInfo(NULL);
}

/* ---- lists and interfaces ---- */

static CK_RV list_there(void)
{
	CK_C_GetFunctionList by_name = NULL;
	CK_FUNCTION_LIST *list = NULL;
	CK_RV rv = ATTEMPT(p11->C_GetFunctionList(&list));

	*(void **)&by_name = world_symbol("C_GetFunctionList");
	EXPECT(list->version.major == 2 && list->version.minor == 40);
	EXPECT(list->C_GetFunctionList == by_name && list->C_Sign == p11->C_Sign);
	return rv;
}

static CK_RV list_nowhere(void)
{
	return p11->C_GetFunctionList(NULL);
}

static CK_RV interfaces_there(void)
{
	CK_INTERFACE interfaces[8];
	CK_ULONG count = COUNT(interfaces);
	CK_RV rv = ATTEMPT(p11->C_GetInterfaceList(interfaces, &count));

	EXPECT(count == 3);
	for (CK_ULONG i = 0; i < count && i < COUNT(interfaces); i++) {
		EXPECT(strcmp((const char *)interfaces[i].pInterfaceName, "PKCS 11") == 0);
		EXPECT(interfaces[i].flags == 0);
	}
	return rv;
}

static CK_RV interfaces_counted(void)
{
	CK_ULONG count = 0;
	CK_RV rv = ATTEMPT(p11->C_GetInterfaceList(NULL, &count));

	EXPECT(count == 3);
	return rv;
}

static CK_RV interfaces_short(void)
{
	CK_INTERFACE interfaces[8];
	CK_ULONG count = 2;
	CK_RV rv = CKR_OK;

	fill(interfaces);
	rv = p11->C_GetInterfaceList(interfaces, &count);
	EXPECT(count == 3 && untouched(interfaces));
	return rv;
}

static CK_RV interfaces_nowhere(void)
{
	CK_INTERFACE interfaces[3];
	CK_RV rv = CKR_OK;

	fill(interfaces);
	rv = p11->C_GetInterfaceList(interfaces, NULL);
	EXPECT(untouched(interfaces));
	return rv;
}

static CK_RV interface_each(void)
{
	static CK_VERSION versions[] = { { 2, 40 }, { 3, 0 }, { 3, 2 } };
	CK_UTF8CHAR name[] = "PKCS 11";
	CK_INTERFACE *interface = NULL;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < COUNT(versions) && rv == CKR_OK; i++) {
		rv = ATTEMPT(p11->C_GetInterface(name, &versions[i], &interface, 0));
		EXPECT(rv == CKR_OK && memcmp(interface->pFunctionList, &versions[i], 2) == 0);
	}
	EXPECT_OK(p11->C_GetInterface(name, NULL, &interface, 0));
	EXPECT(memcmp(interface->pFunctionList, &versions[2], 2) == 0);
	EXPECT_OK(p11->C_GetInterface(NULL, NULL, &interface, 0));
	EXPECT(strcmp((const char *)interface->pInterfaceName, "PKCS 11") == 0);
	return rv;
}

static CK_RV interface_nowhere(void)
{
	return p11->C_GetInterface(NULL, NULL, NULL, 0);
}

static CK_RV refused_interface(CK_UTF8CHAR *name, CK_BYTE major, CK_BYTE minor, CK_FLAGS flags)
{
	CK_VERSION version = { major, minor };
	CK_INTERFACE *interface = NULL;
	CK_RV rv = CKR_OK;

	fill(interface);
	rv = p11->C_GetInterface(name, &version, &interface, flags);
	EXPECT(untouched(interface));
	return rv;
}

static CK_RV interface_of_vendor(void)
{
	CK_UTF8CHAR name[] = "Vendor ashlar";

	return refused_interface(name, 3, 2, 0);
}

static CK_RV interface_half_name(void)
{
	CK_UTF8CHAR name[] = "PKCS";

	return refused_interface(name, 3, 2, 0);
}

static CK_RV interface_3_1(void)
{
	return refused_interface(NULL, 3, 1, 0);
}

static CK_RV interface_fork_safe(void)
{
	return refused_interface(NULL, 3, 2, CKF_INTERFACE_FORK_SAFE);
}

static CK_RV interface_unknown_flag(void)
{
	return refused_interface(NULL, 3, 2, (CK_FLAGS)1 << 31);
}

/* ---- §5.20 ---- */

static CK_RV status_of_session(void)
{
	return p11->C_GetFunctionStatus(world_keeper(PUBLIC));
}

static CK_RV cancel_of_session(void)
{
	return p11->C_CancelFunction(world_keeper(PUBLIC));
}

static const struct provocation table[] = {
	PROVOKE(C_Initialize, CKR_OK, "NULL", init_null_apart),
	PROVOKE_ONCE(C_Initialize, CKR_OK, "no locks wanted", init_alone_apart),
	PROVOKE_ONCE(C_Initialize, CKR_OK, "the system's locks", init_os_apart),
	PROVOKE_ONCE(C_Initialize, CKR_OK, "callbacks or the system's locks", init_os_or_callbacks_apart),
	PROVOKE_ONCE(C_Initialize, CKR_OK, "no threads of ours", init_no_threads_apart),
	PROVOKE_ONCE(C_Initialize, CKR_OK, "after C_Finalize", init_again_apart),
	PROVOKE(C_Initialize, CKR_CANT_LOCK, "callbacks alone", init_callbacks_alone_apart),
	PROVOKE(C_Initialize, CKR_ARGUMENTS_BAD, "pReserved", init_reserved_apart),
	PROVOKE(C_Initialize, CKR_ARGUMENTS_BAD, "some callbacks, not all", init_some_callbacks_apart),
	PROVOKE(C_Initialize, CKR_CRYPTOKI_ALREADY_INITIALIZED, "twice", init_twice),
	PROVOKE(C_Initialize, CKR_CRYPTOKI_ALREADY_INITIALIZED, "twice, with arguments",
		init_twice_and_wrong),
	PROVOKE(C_Initialize, CKR_CRYPTOKI_ALREADY_INITIALIZED, "from many threads at once", init_race_apart),
	PROVOKE(C_Initialize, CKR_GENERAL_ERROR, "a wrong configuration", init_wrong_configuration_apart),
	PROVOKE_ONCE(C_Finalize, CKR_OK, "after C_Initialize", finalize_once_apart),
	PROVOKE(C_Finalize, CKR_ARGUMENTS_BAD, "pReserved", finalize_reserved),
	PROVOKE(C_Finalize, CKR_FUNCTION_FAILED, "a call of another thread does not come back",
		finalize_too_early_apart),
	PROVOKE(C_GetInfo, CKR_OK, "what it says", info_there),
	PROVOKE(C_GetInfo, CKR_ARGUMENTS_BAD, "no place for it", info_nowhere),
	PROVOKE(C_GetFunctionList, CKR_OK, "2.40", list_there),
	PROVOKE(C_GetFunctionList, CKR_ARGUMENTS_BAD, "no place for it", list_nowhere),
	PROVOKE(C_GetInterfaceList, CKR_OK, "all three", interfaces_there),
	PROVOKE(C_GetInterfaceList, CKR_OK, "how many", interfaces_counted),
	PROVOKE(C_GetInterfaceList, CKR_BUFFER_TOO_SMALL, "room for two", interfaces_short),
	PROVOKE(C_GetInterfaceList, CKR_ARGUMENTS_BAD, "no place for the number", interfaces_nowhere),
	PROVOKE(C_GetInterface, CKR_OK, "by name and version; the default", interface_each),
	PROVOKE(C_GetInterface, CKR_ARGUMENTS_BAD, "no place for it", interface_nowhere),
	PROVOKE(C_GetInterface, CKR_FUNCTION_FAILED, "a vendor's", interface_of_vendor),
	PROVOKE(C_GetInterface, CKR_FUNCTION_FAILED, "the beginning of a name", interface_half_name),
	PROVOKE(C_GetInterface, CKR_FUNCTION_FAILED, "version 3.1", interface_3_1),
	PROVOKE(C_GetInterface, CKR_FUNCTION_FAILED, "CKF_INTERFACE_FORK_SAFE", interface_fork_safe),
	PROVOKE(C_GetInterface, CKR_FUNCTION_FAILED, "an unknown flag", interface_unknown_flag),
	PROVOKE(C_GetFunctionStatus, CKR_FUNCTION_NOT_PARALLEL, "any session", status_of_session),
	PROVOKE(C_CancelFunction, CKR_FUNCTION_NOT_PARALLEL, "any session", cancel_of_session),
};

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	world_populate();
	provoke_all(table, COUNT(table));
	return world_end();
}
