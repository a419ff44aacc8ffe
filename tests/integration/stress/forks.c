/*
 * Threads that work, with sessions, operations and objects of their own; and forks in the
 * midst of it, from threads that work and from one that does not.
 */
#include "storm.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_SECONDS 60 /* after which it hangs */

static CK_SESSION_HANDLE parents_session;

/* ---- in a child ---- */

static void *work_once(void *context)
{
	CK_SESSION_HANDLE session = 0;
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG count = 0;
	bool good = storm_want("a child opens", CKR_OK, storm_open(&session)) &&
		    storm_want("a child digests", CKR_OK, storm_digest(session)) &&
		    storm_want("a child finds", CKR_OK, storm_count(session, "landmark", &count));

	if (good && count != 1)
		storm_wrong("a child does not find the landmark once", count);
	good = good &&
	       storm_want("a child creates", CKR_OK, storm_create(session, true, "child's", &object)) &&
	       storm_want("a child destroys", CKR_OK, storm.p11->C_DestroyObject(session, object));
	if (good && context != NULL)
		(void)(storm_want("a child logs in", CKR_OK, storm_log_in(session)) &&
		       storm_want("a child signs", CKR_OK, storm_sign(session)));
	return NULL;
}

static void refuse(void)
{
	CK_SESSION_INFO info;
	CK_ULONG count = 0;

	(void)storm_want("C_GetSlotList in a child", CKR_CRYPTOKI_NOT_INITIALIZED,
			 storm.p11->C_GetSlotList(CK_FALSE, NULL, &count));
	(void)storm_want("C_GetSessionInfo in a child", CKR_CRYPTOKI_NOT_INITIALIZED,
			 storm.p11->C_GetSessionInfo(parents_session, &info));
	(void)storm_want("C_Finalize in a child", CKR_CRYPTOKI_NOT_INITIALIZED, storm.p11->C_Finalize(NULL));
}

static bool fork_one(uint64_t random);

static void be_child(uint64_t random)
{
	pthread_t other;
	bool threads = false;

	refuse();
	if (random % 4 == 0) /* as one that is about to exec */
		return;
	if (!storm_want("C_Initialize in a child", CKR_OK, storm.p11->C_Initialize(NULL)))
		return;
	threads = random % 3 == 0 && pthread_create(&other, NULL, work_once, NULL) == 0;
	(void)work_once(random % 5 == 0 ? &random : NULL);
	if (random % 7 == 0 && !fork_one(1 + (random / 7) % 2)) /* one that does nothing, or that works */
		storm_wrong("a child of a child", 0);
	if (threads)
		(void)pthread_join(other, NULL);
	(void)storm_want("C_Finalize in a child", CKR_OK, storm.p11->C_Finalize(NULL));
}

/* True when the child ended well. */
static bool fork_one(uint64_t random)
{
	int status = -1;
	const pid_t child = fork();

	if (child == 0) {
		(void)alarm(CHILD_SECONDS);
		storm.wrong = 0;
		be_child(random);
		_exit(storm.wrong == 0 ? 0 : 1);
	}
	if (child < 0)
		return false;
	while (waitpid(child, &status, 0) != child && errno == EINTR)
		continue;
	if (status != 0)
		(void)fprintf(stderr, "a child ended with status %#x\n", (unsigned)status);
	return status == 0;
}

/* ---- in the parent ---- */

static void fork_and_count(uint64_t *random)
{
	if (!fork_one(storm_random(random)))
		storm_wrong("a child ended badly", 0);
	storm.children++;
}

/* Every fourth of them forks, too, between one piece of work and the next. */
static void *keep_working(void *context)
{
	const unsigned number = (unsigned)(uintptr_t)context;
	uint64_t random = number;
	CK_SESSION_HANDLE session = 0;
	bool good = storm_want("opening", CKR_OK, storm_open(&session));

	while (good && !storm.stop) {
		CK_OBJECT_HANDLE object = 0;
		CK_ULONG count = 0;

		good = storm_want("signing", CKR_OK, storm_sign(session)) &&
		       storm_want("digesting", CKR_OK, storm_digest(session)) &&
		       storm_want("creating", CKR_OK,
				  storm_create(session, random % 2 == 0, "parent's", &object)) &&
		       storm_want("finding", CKR_OK, storm_count(session, "landmark", &count)) &&
		       storm_want("destroying", CKR_OK, storm.p11->C_DestroyObject(session, object));
		if (good && count != 1)
			storm_wrong("the landmark is not found once", count);
		if (number % 4 == 0 && storm_random(&random) % 16 == 0)
			fork_and_count(&random);
	}
	return NULL;
}

void storm_forks(void)
{
	pthread_t threads[STORM_THREADS_MAX];
	uint64_t random = 4711;
	const time_t end = time(NULL) + storm.seconds;

	if (!storm_want("C_Initialize", CKR_OK, storm.p11->C_Initialize(NULL)) ||
	    !storm_want("opening", CKR_OK, storm_open(&parents_session)) ||
	    !storm_want("C_Login", CKR_OK, storm_log_in(parents_session)))
		return;
	for (unsigned i = 0; i < storm.threads; i++)
		if (pthread_create(&threads[i], NULL, keep_working, (void *)(uintptr_t)(i + 1)) != 0)
			exit(2);
	while (time(NULL) < end) {
		fork_and_count(&random);
		storm_pause_ms(storm_random(&random) % 20);
	}
	storm.stop = true;
	for (unsigned i = 0; i < storm.threads; i++)
		(void)pthread_join(threads[i], NULL);
	(void)storm_want("signing after all", CKR_OK, storm_sign(parents_session));
	(void)storm_want("C_Finalize", CKR_OK, storm.p11->C_Finalize(NULL));
}
