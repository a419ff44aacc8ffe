/*
 * One process: it sets the token up, or works on it with all its threads, or looks at
 * what the others left.
 */
#include "stress.h"

#include <time.h>

static struct thread *thread_at(unsigned process, unsigned number)
{
	struct thread *t = &board->processes[process].threads[number];

	t->process = process;
	t->number = number;
	t->own = &board->processes[process];
	t->doing = "beginning";
	t->random = board->options.seed + (uint64_t)process * 1000003 + (uint64_t)number * 7919 +
		    (uint64_t)t->own->lives * 15485863;
	return t;
}

static bool begin(struct thread *t)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	return stress_load(board->options.module) &&
	       stress_want(t, "C_Initialize", CKR_OK, CALL(t, C_Initialize, &args));
}

static bool open_session(struct thread *t, CK_FLAGS flags, CK_SESSION_HANDLE *ret_session)
{
	CK_SLOT_ID slot = 0;

	return stress_expect(t, stress_find_slot(&slot), "the token is not there") &&
	       stress_want(t, "C_OpenSession", CKR_OK,
			   CALL(t, C_OpenSession, slot, CKF_SERIAL_SESSION | flags, NULL, NULL, ret_session));
}

/* ---- setting up ---- */

static bool make_token(struct thread *t)
{
	CK_UTF8CHAR label[32];
	CK_SLOT_ID slots[64];
	CK_ULONG count = COUNT(slots);
	CK_SESSION_HANDLE session = 0;

	memset(label, ' ', sizeof(label));
	memcpy(label, "stress", 6);
	return stress_want(t, "C_GetSlotList", CKR_OK, CALL(t, C_GetSlotList, CK_TRUE, slots, &count)) &&
	       stress_expect(t, count > 0, "there is no slot") &&
	       stress_want(t, "C_InitToken", CKR_OK, CALL(t, C_InitToken, slots[count - 1], SO_PIN, label)) &&
	       open_session(t, CKF_RW_SESSION, &session) &&
	       stress_want(t, "C_Login", CKR_OK, CALL(t, C_Login, session, CKU_SO, SO_PIN)) &&
	       stress_want(t, "C_InitPIN", CKR_OK, CALL(t, C_InitPIN, session, USER_PIN)) &&
	       stress_want(t, "C_Logout", CKR_OK, CALL(t, C_Logout, session)) &&
	       stress_want(t, "C_CloseSession", CKR_OK, CALL(t, C_CloseSession, session));
}

/* A key that all processes use, and what it makes of the known text. */
static bool make_shared_key(struct thread *t, enum kind kind, const char *label, CK_BYTE *print)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = kind == AES ? CKK_AES : CKK_GENERIC_SECRET;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_BYTE value[32];
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &no, sizeof(no) },
		{ CKA_LABEL, (void *)(uintptr_t)label, strlen(label) },
		{ kind == AES ? CKA_ENCRYPT : CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_VALUE, value, sizeof(value) },
	};
	CK_OBJECT_HANDLE key = 0;
	CK_BYTE made[32];
	CK_ULONG len = 0;

	for (unsigned i = 0; i < sizeof(value); i++)
		value[i] = (CK_BYTE)stress_random(t);
	if (!stress_want(t, "C_CreateObject of the key of all", CKR_OK,
			 CALL(t, C_CreateObject, t->sessions[0], template, COUNT(template), &key)) ||
	    !stress_print(t, t->sessions[0], kind, key, made, &len))
		return false;
	memcpy(print, made, len);
	return true;
}

int stress_set_up(unsigned process)
{
	struct thread *t = thread_at(process, 0);
	bool good = begin(t) && make_token(t) && open_session(t, CKF_RW_SESSION, &t->sessions[0]) &&
		    stress_want(t, "C_Login", CKR_OK, CALL(t, C_Login, t->sessions[0], CKU_USER, USER_PIN)) &&
		    make_shared_key(t, AES, "shared aes", board->aes_print) &&
		    make_shared_key(t, HMAC, "shared hmac", board->hmac_print);

	for (unsigned i = 0; good && i < SHARED; i++) {
		board->shared[i].number = i;
		board->shared[i].token = true;
		good = stress_give_birth(t, t->sessions[0], &board->shared[i]);
	}
	good = good && stress_want(t, "C_Finalize", CKR_OK, CALL(t, C_Finalize, NULL));
	return good ? 0 : 1;
}

/* ---- working ---- */

struct action {
	const char *name;
	void (*run)(struct thread *t);
	unsigned weight;
};

static const struct action actions[] = {
	{ "making", stress_make_thing, 14 },
	{ "copying", stress_copy_thing, 5 },
	{ "destroying", stress_destroy_thing, 10 },
	{ "reading", stress_read_thing, 20 },
	{ "changing", stress_change_thing, 10 },
	{ "finding", stress_find_thing, 12 },
	{ "finding all", stress_find_all, 6 },
	{ "looking at the dead", stress_look_at_dead, 6 },
	{ "using a key", stress_use_thing, 20 },
	{ "using a key of all", stress_use_shared_keys, 6 },
	{ "digesting", stress_digest, 5 },
	{ "sharing", stress_shared, 30 },
	{ "opening and closing", stress_cycle_session, 3 },
	{ "being refused", stress_refusals, 2 },
	{ "logging out and in", stress_log_out_and_in, 1 },
};

/* After a wrong answer: what it left begun is ended, so that it counts once. */
static void settle(const struct thread *t)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		const CK_SESSION_HANDLE session = t->sessions[i];
		CK_BYTE room[512];
		CK_ULONG len = sizeof(room);

		(void)p11->C_FindObjectsFinal(session);
		(void)p11->C_DigestFinal(session, room, &len);
		len = sizeof(room);
		(void)p11->C_SignFinal(session, room, &len);
		(void)p11->C_VerifyFinal(session, room, sizeof(room));
		len = sizeof(room);
		(void)p11->C_EncryptFinal(session, room, &len);
		len = sizeof(room);
		(void)p11->C_DecryptFinal(session, room, &len);
	}
}

static void act(struct thread *t)
{
	const uint64_t wrong = atomic_load(&t->wrong);
	unsigned total = 0, drawn = 0;

	for (size_t i = 0; i < COUNT(actions); i++)
		total += actions[i].weight;
	drawn = stress_below(t, total);
	for (size_t i = 0; i < COUNT(actions); i++) {
		if (drawn < actions[i].weight) {
			t->doing = actions[i].name;
			stress_refresh(t);
			actions[i].run(t);
			break;
		}
		drawn -= actions[i].weight;
	}
	if (atomic_load(&t->wrong) != wrong)
		settle(t);
	atomic_fetch_add(&t->actions, 1);
}

/* All log in at once: one of a process is first. */
static void log_in(struct thread *t)
{
	const CK_RV rv = CALL(t, C_Login, t->sessions[0], CKU_USER, USER_PIN);

	if (rv == CKR_OK && atomic_exchange(&t->own->login, 4 + LOGGED_IN) != 0)
		stress_wrong(t, "C_Login by all at once: two were first");
	else if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
		stress_wrong(t, "C_Login by all at once: got %#lx", rv);
}

static bool open_all(struct thread *t)
{
	for (unsigned i = 0; i < SESSIONS; i++)
		if (!open_session(t, i == READ_ONLY ? 0 : CKF_RW_SESSION, &t->sessions[i]))
			return false;
	return true;
}

static void *run_thread(void *given)
{
	struct thread *t = given;
	/* All logging in at once is dear: in one process only. In the place of a killed one recover() did. */
	const bool logs_in = t->own->lives == 0 && (t->number == 0 || t->process == 0);

	if (!open_all(t))
		atomic_store(&board->stop, true);
	else if (logs_in)
		log_in(t);
	atomic_fetch_add(&board->ready, 1);
	while (!atomic_load(&board->go) && !atomic_load(&board->stop)) {
		const struct timespec moment = { .tv_nsec = 1000000 };

		(void)nanosleep(&moment, NULL);
	}
	while (!atomic_load(&board->stop))
		act(t);
	return NULL;
}

/* The threads' own handles end with the process, as their session objects do. */
static void check_ends(struct thread *t)
{
	CK_SESSION_INFO info;

	(void)stress_want(t, "C_Finalize", CKR_OK, CALL(t, C_Finalize, NULL));
	(void)stress_want(t, "C_GetSessionInfo after C_Finalize", CKR_CRYPTOKI_NOT_INITIALIZED,
			  CALL(t, C_GetSessionInfo, t->sessions[0], &info));
}

/* In the place of one that was killed: what it was promised, before anything else. */
static bool recover(struct thread *first)
{
	bool good =
		open_all(first) && stress_want(first, "C_Login after a kill", CKR_OK,
					       CALL(first, C_Login, first->sessions[0], CKU_USER, USER_PIN));

	atomic_store(&first->own->login, 4 + LOGGED_IN);
	for (unsigned i = 0; good && i < board->options.threads; i++) {
		struct thread *t = thread_at(first->process, i);

		memcpy(t->sessions, first->sessions, sizeof(t->sessions));
		stress_recover(t);
	}
	for (unsigned i = 0; good && i < SESSIONS; i++)
		good = stress_want(first, "C_CloseSession", CKR_OK,
				   CALL(first, C_CloseSession, first->sessions[i]));
	return good;
}

static bool prepare(struct thread *first)
{
	struct process *own = first->own;
	bool good = begin(first) && open_session(first, CKF_RW_SESSION, &own->common) &&
		    (own->lives == 0 || recover(first));

	for (unsigned i = 0; good && i < SHARED; i++) {
		own->shared[i].number = i;
		good = stress_give_birth(first, own->common, &own->shared[i]);
	}
	return good;
}

int stress_worker(unsigned process)
{
	const unsigned threads = board->options.threads;
	struct thread *first = thread_at(process, 0);
	pthread_t ids[THREADS_MAX];

	if (!prepare(first))
		return 1;
	for (unsigned i = 0; i < threads; i++) {
		if (pthread_create(&ids[i], NULL, run_thread, thread_at(process, i)) != 0) {
			perror("pthread_create");
			return 1;
		}
	}
	for (unsigned i = 0; i < threads; i++)
		(void)pthread_join(ids[i], NULL);
	if (atomic_load(&first->own->login) % 4 != LOGGED_IN)
		stress_wrong(first, "nobody is logged in at the end");
	for (unsigned i = 0; i < threads; i++)
		stress_check_all(thread_at(process, i));
	check_ends(first);
	return 0;
}

/* ---- looking at what is left ---- */

/* What the thread knows of the token, seen by a process that made none of it. */
static void audit(struct thread *t, const struct thread *eyes)
{
	atomic_store(&t->own->login, LOGGED_IN);
	memcpy(t->sessions, eyes->sessions, sizeof(t->sessions));
	for (unsigned i = 0; i < THINGS; i++) {
		struct thing *thing = &t->things[i];

		if (!thing->token)
			thing->kind = NOTHING;
		thing->handle = 0;
		thing->public_half = 0;
	}
	t->known = LOGGED_IN;
	stress_check_all(t);
}

int stress_auditor(unsigned own)
{
	struct thread *eyes = thread_at(own, THREADS_MAX - 1);

	if (!begin(eyes) || !open_all(eyes) ||
	    !stress_want(eyes, "C_Login", CKR_OK, CALL(eyes, C_Login, eyes->sessions[0], CKU_USER, USER_PIN)))
		return 1;
	for (unsigned process = 0; process < board->options.processes; process++)
		for (unsigned i = 0; i < board->options.threads; i++)
			audit(thread_at(process, i), eyes);
	check_ends(eyes);
	return 0;
}
