/*
 * The module's life in a host: beginning and ending any number of times, from many
 * threads, without leaving anything behind and without touching what is not its own.
 */
#include "guest.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#define CYCLES  20
#define RACERS  8
#define BEST_OF 10
#define MAX_NS  3000000L /* of C_Initialize */

static long now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

/* Initialises, uses everything that opens something, ends. */
static CK_RV whole_life(bool make_token)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = guest.p11->C_Initialize(NULL);

	if (rv == CKR_OK && make_token)
		rv = guest_make_token();
	if (rv == CKR_OK)
		rv = guest_open(&session);
	if (rv == CKR_OK)
		rv = guest_sign(session, CK_TRUE);
	if (rv == CKR_OK)
		rv = guest_sign(session, CK_FALSE);
	return rv == CKR_OK ? guest.p11->C_Finalize(NULL) : rv;
}

static void check_begin(void)
{
	CK_ULONG count = 0;
	long best = MAX_NS * 100;

	guest_check_rv("C_Initialize", CKR_OK, guest.p11->C_Initialize(NULL));
	guest_check_rv("C_Initialize again", CKR_CRYPTOKI_ALREADY_INITIALIZED, guest.p11->C_Initialize(NULL));
	guest_check_rv("C_GetSlotList", CKR_OK, guest.p11->C_GetSlotList(CK_FALSE, NULL, &count));
	guest_check("there is a slot to make a token in", count >= 1);
	guest_check_rv("C_Finalize", CKR_OK, guest.p11->C_Finalize(NULL));
	guest_check_rv("C_Finalize again", CKR_CRYPTOKI_NOT_INITIALIZED, guest.p11->C_Finalize(NULL));
	guest_check("beginning and looking make no file", guest_is_empty(guest.home));
	for (unsigned i = 0; i < BEST_OF; i++) {
		long start = now_ns();

		(void)guest.p11->C_Initialize(NULL);
		best = now_ns() - start < best ? now_ns() - start : best;
		(void)guest.p11->C_Finalize(NULL);
	}
	guest_check("C_Initialize takes at most 3 ms", best <= MAX_NS);
	guest_note("C_Initialize: %ld us", best / 1000);
}

static void check_nothing_is_left(void)
{
	unsigned descriptors = guest_proc_count("fd");
	unsigned threads = guest_proc_count("task");

	guest_check_rv("a whole life with a new token", CKR_OK, whole_life(true));
	guest_check("descriptors are closed", guest_proc_count("fd") == descriptors);
	guest_check("threads have ended", guest_proc_count("task") == threads);
	guest_check_rv("a second life with the same token", CKR_OK, whole_life(false));
	guest_check("descriptors are closed again", guest_proc_count("fd") == descriptors);
}

/* Every descriptor that the module holds would end with an exec. */
static void check_close_on_exec(void)
{
	CK_SESSION_HANDLE session = 0;
	bool before[256] = { false };
	bool good = true;

	for (int fd = 0; fd < 256; fd++)
		before[fd] = fcntl(fd, F_GETFD) >= 0;
	guest_check_rv("C_Initialize", CKR_OK, guest.p11->C_Initialize(NULL));
	guest_check_rv("the token opens", CKR_OK, guest_open(&session));
	for (int fd = 0; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFD);

		good = good && (before[fd] || flags < 0 || (flags & FD_CLOEXEC) != 0);
	}
	guest_check("descriptors are not for executed programs", good);
	guest_check_rv("C_Finalize", CKR_OK, guest.p11->C_Finalize(NULL));
}

static void check_signals(void)
{
	struct sigaction before[65];
	sigset_t mask_before;
	sigset_t mask_after;
	bool same = true;

	memset(before, 0, sizeof(before));
	for (int signal = 1; signal < 65; signal++)
		(void)sigaction(signal, NULL, &before[signal]);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &mask_before);
	guest_check_rv("a life", CKR_OK, whole_life(false));
	(void)pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
	for (int signal = 1; signal < 65; signal++) {
		struct sigaction after = { .sa_flags = 0 };

		(void)sigaction(signal, NULL, &after);
		same = same && after.sa_handler == before[signal].sa_handler;
	}
	guest_check("signals are handled as before", same);
	guest_check("signals are blocked as before",
		    memcmp(&mask_before, &mask_after, sizeof(mask_after)) == 0);
}

static void check_cycles(void)
{
	unsigned descriptors = guest_proc_count("fd");
	bool good = true;

	for (unsigned i = 0; i < CYCLES; i++) {
		good = good && whole_life(false) == CKR_OK && dlclose(guest.handle) == 0 && guest_load();
		if (!good)
			guest_note("at cycle %u", i);
	}
	guest_check("20 times loaded and unloaded", good);
	guest_check("descriptors are closed after that", guest_proc_count("fd") == descriptors);
}

static _Atomic unsigned winners;
static _Atomic unsigned losers;

static void *race(void *unused)
{
	CK_RV rv = guest.p11->C_Initialize(NULL);
	CK_INFO info;

	winners += rv == CKR_OK;
	losers += rv == CKR_CRYPTOKI_ALREADY_INITIALIZED && guest.p11->C_GetInfo(&info) == CKR_OK;
	return unused;
}

static void check_race(void)
{
	bool good = true;

	for (unsigned round = 0; round < 20; round++) {
		pthread_t racers[RACERS];

		winners = losers = 0;
		for (unsigned i = 0; i < RACERS; i++)
			if (pthread_create(&racers[i], NULL, race, NULL) != 0)
				guest_bail("pthread_create");
		for (unsigned i = 0; i < RACERS; i++)
			(void)pthread_join(racers[i], NULL);
		good = good && winners == 1 && losers == RACERS - 1 && guest.p11->C_Finalize(NULL) == CKR_OK;
	}
	guest_check("of many C_Initialize one wins, and it is there for the others", good);
}

static _Atomic bool stop;

static void *keep_calling(void *unused)
{
	CK_SLOT_ID slots[16];

	while (!stop) {
		CK_ULONG count = COUNT(slots);

		(void)guest.p11->C_GetSlotList(CK_FALSE, slots, &count);
	}
	return unused;
}

static void check_finalize_under_way(void)
{
	pthread_t callers[4];
	bool good = true;

	stop = false;
	for (unsigned i = 0; i < COUNT(callers); i++)
		if (pthread_create(&callers[i], NULL, keep_calling, NULL) != 0)
			guest_bail("pthread_create");
	for (unsigned i = 0; i < 50; i++)
		good = good && guest.p11->C_Initialize(NULL) == CKR_OK &&
		       guest.p11->C_Finalize(NULL) == CKR_OK;
	stop = true;
	for (unsigned i = 0; i < COUNT(callers); i++)
		(void)pthread_join(callers[i], NULL);
	guest_check("C_Finalize while others call", good);
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	if (!guest_load())
		guest_bail("dlopen");
	check_begin();
	check_nothing_is_left();
	check_close_on_exec();
	check_signals();
	check_cycles();
	check_race();
	check_finalize_under_way();
	return guest_end();
}
