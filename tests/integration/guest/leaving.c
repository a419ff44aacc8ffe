/*
 * A host that is done with the module, and goes on: threads that used it live longer
 * than the module's last call and dlclose, and after any number of rounds nothing of
 * ours is left in the process.
 */
#include "guest.h"

#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>

#define ROUNDS  20
#define SETTLED 4 /* rounds after which the C library's and the linker's own have come to rest */

static sem_t used, leave;

static void *use_and_wait(void *result)
{
	CK_SESSION_HANDLE session = 0;
	CK_BYTE bytes[16];
	bool good = guest_open(&session) == CKR_OK && guest_sign(session, CK_FALSE) == CKR_OK &&
		    guest.p11->C_GenerateRandom(session, bytes, sizeof(bytes)) == CKR_OK;

	(void)sem_post(&used);
	while (sem_wait(&leave) != 0)
		;
	return good ? result : NULL;
}

/* Threads that used us end after everything else of us has. */
static void check_threads_that_stay(void)
{
	pthread_t threads[4];
	int mark = 0;
	bool good = guest.p11->C_Initialize(NULL) == CKR_OK;

	(void)sem_init(&used, 0, 0);
	(void)sem_init(&leave, 0, 0);
	for (unsigned i = 0; i < COUNT(threads); i++)
		if (pthread_create(&threads[i], NULL, use_and_wait, &mark) != 0)
			guest_bail("pthread_create");
	for (unsigned i = 0; i < COUNT(threads); i++)
		while (sem_wait(&used) != 0)
			;
	good = good && guest.p11->C_Finalize(NULL) == CKR_OK && dlclose(guest.handle) == 0;
	for (unsigned i = 0; i < COUNT(threads); i++)
		(void)sem_post(&leave);
	for (unsigned i = 0; i < COUNT(threads); i++) {
		void *result = NULL;

		(void)pthread_join(threads[i], &result);
		good = good && result == &mark;
	}
	guest_check("threads that used us end after dlclose", good);
	guest_check("it can be loaded again", guest_load());
}

struct traces {
	unsigned descriptors, threads, mappings, of_store;
	size_t heap;
};

static struct traces look(void)
{
	struct traces now = { .descriptors = guest_proc_count("fd"), .threads = guest_proc_count("task") };
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[1024];

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
		now.mappings++;
		now.of_store += strstr(line, guest.home) != NULL;
	}
	if (maps != NULL)
		(void)fclose(maps);
	(void)malloc_trim(0);
	now.heap = mallinfo2().uordblks;
	return now;
}

static CK_RV live(void)
{
	CK_SESSION_HANDLE sessions[8];
	CK_OBJECT_HANDLE found[4];
	CK_ULONG count = 0;
	CK_RV rv = guest.p11->C_Initialize(NULL);

	for (unsigned i = 0; rv == CKR_OK && i < COUNT(sessions); i++)
		rv = guest_open(&sessions[i]);
	for (unsigned i = 0; rv == CKR_OK && i < COUNT(sessions); i++)
		rv = guest_sign(sessions[i], CK_FALSE);
	if (rv == CKR_OK)
		rv = guest.p11->C_FindObjectsInit(sessions[0], NULL, 0);
	if (rv == CKR_OK)
		rv = guest.p11->C_FindObjects(sessions[0], found, COUNT(found), &count);
	/* With sessions, a search and a login: C_Finalize ends them all. */
	return rv == CKR_OK ? guest.p11->C_Finalize(NULL) : rv;
}

static void check_rounds(struct traces before)
{
	const unsigned threads = before.threads;
	struct traces settled = before;
	bool good = true;

	for (unsigned i = 0; i < ROUNDS; i++) {
		good = good && live() == CKR_OK && dlclose(guest.handle) == 0 && guest_load();
		if (i + 1 == SETTLED)
			settled = look();
	}
	before = look();
	guest_note("heap %zu, then %zu bytes; mappings %u, then %u", settled.heap, before.heap,
		   settled.mappings, before.mappings);
	guest_check("20 rounds, each loaded, used, finalized and unloaded", good);
	guest_check("descriptors do not add up", before.descriptors == settled.descriptors);
	guest_check("threads do not add up", before.threads == threads);
	guest_check("mappings do not add up", before.mappings <= settled.mappings);
	guest_check("memory does not add up", before.heap <= settled.heap);
}

/* Freed blocks that the C library keeps for each thread count as used: it is told to keep none. */
static void count_exactly(char **argv)
{
	static const char name[] = "GLIBC_TUNABLES";
	static const char value[] = "glibc.malloc.tcache_count=0";
	const char *set = getenv(name);

	if (set != NULL && strcmp(set, value) == 0)
		return;
	(void)setenv(name, value, 1);
	(void)execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	struct traces before = { 0 };
	struct traces after = { 0 };

	count_exactly(argv);
	guest_begin(argc, argv);
	before = look();
	if (!guest_load())
		guest_bail("dlopen");
	guest_check_rv("C_Initialize", CKR_OK, guest.p11->C_Initialize(NULL));
	guest_check_rv("a token", CKR_OK, guest_make_token());
	guest_check("the store is in use", look().descriptors > before.descriptors && look().of_store > 0);
	guest_check_rv("C_Finalize", CKR_OK, guest.p11->C_Finalize(NULL));
	after = look();
	guest_check("no descriptor is left", after.descriptors == before.descriptors);
	guest_check("no thread is left", after.threads == before.threads);
	guest_check("no mapping of the store is left", after.of_store == 0);
	check_threads_that_stay();
	check_rounds(before);
	return guest_end();
}
