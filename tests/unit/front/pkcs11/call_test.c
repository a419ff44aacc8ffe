#include "front/pkcs11/call_priv.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "fake_api.h"

static CK_INFO info;

TEST(nothing_works_before_initialize)
{
	struct ash_call call;

	EXPECT(!ash_call_enter(&call));
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_GetInfo(&info));
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_GetInfo(NULL));
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_Finalize(NULL));
	EXPECT_NUMBER(0, fake.calls);
}

TEST(a_second_initialize_is_refused)
{
	fresh();
	EXPECT_RV(CKR_CRYPTOKI_ALREADY_INITIALIZED, C_Initialize(NULL));
	EXPECT_NUMBER(1, fake.starts);
	EXPECT_RV(CKR_OK, C_GetInfo(&info));
}

TEST(finalize_stops_once_and_initialize_starts_anew)
{
	fresh();
	EXPECT_RV(CKR_OK, C_Finalize(NULL));
	EXPECT_NUMBER(1, fake.stops);
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_Finalize(NULL));
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_GetInfo(&info));
	EXPECT_NUMBER(1, fake.stops);
	EXPECT_RV(CKR_OK, C_Initialize(NULL));
	EXPECT_NUMBER(2, fake.starts);
	EXPECT_NUMBER(0, fake.abandons);
}

TEST(a_start_that_fails_leaves_the_library_uninitialised)
{
	fresh();
	EXPECT_RV(CKR_OK, C_Finalize(NULL));
	fake.start_answer.code = ASH_E_CONFIG;
	EXPECT_RV(CKR_GENERAL_ERROR, C_Initialize(NULL));
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_GetInfo(&info));
	fake.start_answer.code = ASH_OK;
	EXPECT_RV(CKR_OK, C_Initialize(NULL));
}

static void child_after_initialize(void)
{
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_GetInfo(&info));
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, C_Finalize(NULL));
	EXPECT_NUMBER(0, fake.stops);
	EXPECT_RV(CKR_OK, C_Initialize(NULL));
	EXPECT_NUMBER(1, fake.abandons);
	EXPECT_RV(CKR_OK, C_GetInfo(&info));
	EXPECT_RV(CKR_OK, C_Finalize(NULL));
	EXPECT_NUMBER(1, fake.stops);
}

TEST(a_forked_child_starts_uninitialised)
{
	fresh();
	EXPECT_IN_CHILD(child_after_initialize);
	EXPECT_RV(CKR_OK, C_GetInfo(&info));
	EXPECT_NUMBER(0, fake.abandons);
}

static void child_after_finalize(void)
{
	EXPECT_RV(CKR_OK, C_Initialize(NULL));
	EXPECT_NUMBER(0, fake.abandons);
}

TEST(a_child_of_a_finalized_parent_has_nothing_to_abandon)
{
	fresh();
	EXPECT_RV(CKR_OK, C_Finalize(NULL));
	EXPECT_IN_CHILD(child_after_finalize);
}

#define RACERS 8

static _Atomic unsigned winners, losers;

static void *race(void *unused)
{
	CK_RV rv = C_Initialize(NULL);

	if (rv == CKR_OK)
		winners++;
	else if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
		losers++;
	/* Whoever lost came second: the library is there for it. */
	EXPECT_RV(CKR_FUNCTION_NOT_PARALLEL, C_GetFunctionStatus(FAKE_SESSION));
	return unused;
}

TEST(of_many_initializes_one_wins)
{
	pthread_t racers[RACERS];

	for (unsigned round = 0; round < 50; round++) {
		(void)C_Finalize(NULL);
		winners = losers = 0;
		for (size_t i = 0; i < RACERS; i++)
			EXPECT_NUMBER(0, pthread_create(&racers[i], NULL, race, NULL));
		for (size_t i = 0; i < RACERS; i++)
			EXPECT_NUMBER(0, pthread_join(racers[i], NULL));
		EXPECT_NUMBER(1, winners);
		EXPECT_NUMBER(RACERS - 1, losers);
	}
}

static _Atomic bool inside, let_go;

static void wait_inside(void)
{
	inside = true;
	while (!let_go)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void *stay_inside(void *unused)
{
	EXPECT_RV(CKR_OK, C_Logout(FAKE_SESSION));
	return unused;
}

static void *release_soon(void *unused)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	EXPECT_NUMBER(0, fake.stops);
	let_go = true;
	return unused;
}

static pthread_t begin_to_stay(void)
{
	pthread_t thread;

	inside = let_go = false;
	fake.during = wait_inside;
	EXPECT_NUMBER(0, pthread_create(&thread, NULL, stay_inside, NULL));
	while (!inside)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	return thread;
}

TEST(finalize_waits_for_calls_under_way)
{
	pthread_t caller;
	pthread_t helper;

	fresh();
	caller = begin_to_stay();
	EXPECT_NUMBER(0, pthread_create(&helper, NULL, release_soon, NULL));
	EXPECT_RV(CKR_OK, C_Finalize(NULL));
	EXPECT(let_go);
	EXPECT_NUMBER(1, fake.stops);
	EXPECT_NUMBER(0, pthread_join(caller, NULL));
	EXPECT_NUMBER(0, pthread_join(helper, NULL));
}

TEST(finalize_gives_up_on_a_call_that_does_not_end)
{
	pthread_t caller;

	fresh();
	caller = begin_to_stay();
	ash_call_patience_ms = 5;
	EXPECT_RV(CKR_FUNCTION_FAILED, C_Finalize(NULL));
	ash_call_patience_ms = 10000;
	EXPECT_NUMBER(0, fake.stops);
	let_go = true;
	EXPECT_NUMBER(0, pthread_join(caller, NULL));
	fake.during = NULL;
	EXPECT_RV(CKR_OK, C_GetInfo(&info));
	EXPECT_RV(CKR_OK, C_Finalize(NULL));
}

static void child_without_the_parents_threads(void)
{
	EXPECT_RV(CKR_OK, C_Initialize(NULL));
	EXPECT_RV(CKR_OK, C_Finalize(NULL)); /* does not wait for a thread that is not here */
}

TEST(a_child_does_not_wait_for_its_parents_threads)
{
	pthread_t caller;

	fresh();
	caller = begin_to_stay();
	EXPECT_IN_CHILD(child_without_the_parents_threads);
	let_go = true;
	EXPECT_NUMBER(0, pthread_join(caller, NULL));
}

TEST(a_bad_session_goes_before_bad_arguments)
{
	fresh();
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GetSessionInfo(FAKE_SESSION, NULL));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_GetSessionInfo(1, NULL));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_Sign(FAKE_SESSION, NULL, 0, NULL, NULL));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_Sign(1, NULL, 0, NULL, NULL));
}
