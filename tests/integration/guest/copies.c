/*
 * Two copies of the module's file in one process (an application that brings its own,
 * and a plug-in that loads the system's), on one store: strangers to each other, who
 * must not take each other's locks away and must see what the other does.
 */
#include "guest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/sendfile.h>

#define OBJECTS 60

static CK_FUNCTION_LIST_3_2 *lists[2];
static void *handles[2];
static char copy[96];

static bool copy_file(void)
{
	struct stat info;
	off_t at = 0;
	int from = open(guest.module, O_RDONLY | O_CLOEXEC);
	int to = -1;
	bool good = false;

	(void)snprintf(copy, sizeof(copy), "%s/copy.so", guest.home);
	to = open(copy, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	good = from >= 0 && to >= 0 && fstat(from, &info) == 0;
	while (good && at < info.st_size)
		good = sendfile(to, from, &at, (size_t)(info.st_size - at)) > 0;
	(void)close(from);
	(void)close(to);
	return good;
}

/* Everything of guest.h speaks to this one from now on. */
static void turn_to(unsigned which)
{
	guest.p11 = lists[which];
	guest.handle = handles[which];
}

static bool load_both(void)
{
	if (!copy_file() || !guest_load())
		return false;
	lists[0] = guest.p11;
	handles[0] = guest.handle;
	guest.module = copy;
	if (!guest_load())
		return false;
	lists[1] = guest.p11;
	handles[1] = guest.handle;
	return true;
}

static CK_RV create(CK_FUNCTION_LIST_3_2 *p11, CK_SESSION_HANDLE session, CK_BYTE label)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_OBJECT_HANDLE object = 0;
	CK_ATTRIBUTE data[] = { { CKA_CLASS, &class, sizeof(class) },
				{ CKA_TOKEN, &yes, 1 },
				{ CKA_LABEL, &label, 1 } };

	return p11->C_CreateObject(session, data, COUNT(data), &object);
}

/* How many objects of that label one of them finds. */
static CK_ULONG find(CK_FUNCTION_LIST_3_2 *p11, CK_SESSION_HANDLE session, CK_BYTE label)
{
	CK_ATTRIBUTE wanted = { CKA_LABEL, &label, 1 };
	CK_OBJECT_HANDLE found[OBJECTS * 4];
	CK_ULONG count = 0;

	if (p11->C_FindObjectsInit(session, &wanted, 1) != CKR_OK ||
	    p11->C_FindObjects(session, found, COUNT(found), &count) != CKR_OK)
		count = CK_UNAVAILABLE_INFORMATION;
	(void)p11->C_FindObjectsFinal(session);
	return count;
}

static CK_SESSION_HANDLE sessions[2];

static void *work(void *which)
{
	unsigned i = *(unsigned *)which;

	for (unsigned n = 0; n < OBJECTS; n++)
		if (create(lists[i], sessions[i], 'a') != CKR_OK ||
		    find(lists[i], sessions[i], 'a') > 2 * OBJECTS)
			return NULL;
	return which;
}

static void check_both_at_once(void)
{
	pthread_t threads[2];
	unsigned numbers[2] = { 0, 1 };
	bool good = true;

	for (unsigned i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, work, &numbers[i]) != 0)
			guest_bail("pthread_create");
	for (unsigned i = 0; i < 2; i++) {
		void *result = NULL;

		(void)pthread_join(threads[i], &result);
		good = good && result == &numbers[i];
	}
	guest_check("both write at once", good);
	for (unsigned i = 0; i < 2; i++)
		guest_check("each sees what both wrote", find(lists[i], sessions[i], 'a') == 2 * OBJECTS);
}

/* Another process, which would find the store unlocked if one copy took the other's locks away. */
static bool stranger(void)
{
	CK_SESSION_HANDLE session = 0;
	bool good = true;

	turn_to(0);
	good = guest.p11->C_Initialize(NULL) == CKR_OK && guest_open(&session) == CKR_OK;
	for (unsigned i = 0; good && i < OBJECTS; i++)
		good = create(guest.p11, session, 's') == CKR_OK;
	return good && guest.p11->C_Finalize(NULL) == CKR_OK;
}

/* One ends while the other is at work, as a stranger is. */
static void check_one_ends(void)
{
	bool good = true;
	pid_t child = 0;
	int status = -1;

	guest_check_rv("the first ends", CKR_OK, lists[0]->C_Finalize(NULL));
	child = fork();
	if (child == 0)
		_exit(stranger() ? 0 : 1);
	for (unsigned i = 0; i < OBJECTS; i++)
		good = good && create(lists[1], sessions[1], 'b') == CKR_OK;
	good = waitpid(child, &status, 0) == child && status == 0 && good;
	guest_check("the second goes on, beside another process", good);
	guest_check("it finds all of its own", find(lists[1], sessions[1], 'b') == OBJECTS);
	guest_check("and the other's", find(lists[1], sessions[1], 's') == OBJECTS);
	guest_check_rv("the first is not initialised", CKR_CRYPTOKI_NOT_INITIALIZED,
		       lists[0]->C_CloseSession(sessions[0]));
}

int main(int argc, char **argv)
{
	unsigned descriptors = 0;

	guest_begin(argc, argv);
	descriptors = guest_proc_count("fd");
	if (!load_both())
		guest_bail("dlopen");
	guest_check("they are two", lists[0] != lists[1] && lists[0]->C_Sign != lists[1]->C_Sign);
	for (unsigned i = 0; i < 2; i++) {
		turn_to(i);
		guest_check_rv("C_Initialize", CKR_OK, guest.p11->C_Initialize(NULL));
		if (i == 0)
			guest_check_rv("the first makes a token", CKR_OK, guest_make_token());
		guest_check_rv("it opens", CKR_OK, guest_open(&sessions[i]));
		guest_check_rv("it signs", CKR_OK, guest_sign(sessions[i], CK_TRUE));
	}
	check_both_at_once();
	check_one_ends();
	turn_to(0);
	guest_check_rv("the first begins again", CKR_OK, guest.p11->C_Initialize(NULL));
	guest_check_rv("and works", CKR_OK, guest_open(&sessions[0]));
	guest_check("with all there is", find(lists[0], sessions[0], 'b') == OBJECTS);
	for (unsigned i = 0; i < 2; i++)
		guest_check("each ends", lists[i]->C_Finalize(NULL) == CKR_OK && dlclose(handles[i]) == 0);
	guest_check("no descriptor is left", guest_proc_count("fd") == descriptors);
	return guest_end();
}
