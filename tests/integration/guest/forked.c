/*
 * Forked children: uninitialised, able to begin and work with the same token, and
 * no harm to the parent, whose threads go on signing meanwhile.
 */
#include "guest.h"

#include <pthread.h>
#include <stdatomic.h>

#define CHILDREN 10

static CK_SESSION_HANDLE session;

static bool child_works(void)
{
	CK_SESSION_HANDLE own = 0;

	return guest.p11->C_CloseSession(session) == CKR_CRYPTOKI_NOT_INITIALIZED &&
	       guest.p11->C_Initialize(NULL) == CKR_OK && guest_open(&own) == CKR_OK &&
	       guest_sign(own, CK_TRUE) == CKR_OK && guest.p11->C_Finalize(NULL) == CKR_OK;
}

/* A child that only ends, as one before an exec does. */
static bool child_leaves(void)
{
	return guest.p11->C_Finalize(NULL) == CKR_CRYPTOKI_NOT_INITIALIZED;
}

static bool grandchild(void)
{
	return guest.p11->C_Initialize(NULL) == CKR_OK && guest_in_child(child_works) &&
	       guest_open(&session) == CKR_OK && guest_sign(session, CK_FALSE) == CKR_OK;
}

static _Atomic bool stop;
static _Atomic unsigned signatures;

static void *keep_signing(void *unused)
{
	CK_SESSION_HANDLE own = 0;

	if (guest_open(&own) != CKR_OK)
		return NULL;
	while (!stop && guest_sign(own, CK_FALSE) == CKR_OK)
		signatures++;
	return unused;
}

static void check_threads(void)
{
	pthread_t threads[3];
	int mark = 0;
	bool good = true;
	bool kept = true;

	for (unsigned i = 0; i < COUNT(threads); i++)
		if (pthread_create(&threads[i], NULL, keep_signing, &mark) != 0)
			guest_bail("pthread_create");
	for (unsigned i = 0; i < CHILDREN; i++)
		good = guest_in_child(i % 2 == 0 ? child_works : child_leaves) && good;
	stop = true;
	for (unsigned i = 0; i < COUNT(threads); i++) {
		void *result = NULL;

		(void)pthread_join(threads[i], &result);
		kept = kept && result == &mark;
	}
	guest_check("children of a parent whose threads are at work", good);
	guest_check("the threads go on", kept && signatures > 0);
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	if (!guest_load())
		guest_bail("dlopen");
	guest_check_rv("C_Initialize", CKR_OK, guest.p11->C_Initialize(NULL));
	guest_check_rv("a token", CKR_OK, guest_make_token());
	guest_check_rv("a session", CKR_OK, guest_open(&session));
	guest_check_rv("a signature", CKR_OK, guest_sign(session, CK_TRUE));
	guest_check("a child works with the same token", guest_in_child(child_works));
	guest_check_rv("the parent's session goes on", CKR_OK, guest_sign(session, CK_FALSE));
	guest_check("a child ends without having begun", guest_in_child(child_leaves));
	guest_check("a child of a child", guest_in_child(grandchild));
	check_threads();
	guest_check_rv("the parent's session goes on after all", CKR_OK, guest_sign(session, CK_TRUE));
	guest_check_rv("C_Finalize", CKR_OK, guest.p11->C_Finalize(NULL));
	return guest_end();
}
