/*
 * Logging out and in while the other threads of the process work. One thread at a time;
 * the process's word says when nobody knows who is logged in.
 */
#include "stress.h"

#include <time.h>

static void pause_ms(unsigned ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	(void)nanosleep(&time, NULL);
}

static void set_state(struct thread *t, enum login_state state)
{
	atomic_store(&t->own->login, (atomic_load(&t->own->login) / 4 + 1) * 4 + state);
}

/* As stress_want, for the one thread that knows what goes on. */
static void must(struct thread *t, const char *what, CK_RV want, CK_RV got)
{
	if (want != got)
		stress_wrong(t, "%s: wanted %#lx, got %#lx", what, want, got);
}

static void check_state(struct thread *t, CK_STATE want)
{
	CK_SESSION_INFO info = { .state = CK_UNAVAILABLE_INFORMATION };

	must(t, "C_GetSessionInfo", CKR_OK, CALL(t, C_GetSessionInfo, t->sessions[0], &info));
	if (info.state != want)
		stress_wrong(t, "the session's state: wanted %lu, got %lu", want, info.state);
}

/* Somebody's private object under its old handle: out of reach for good. */
static void check_out_of_reach(struct thread *t, CK_OBJECT_HANDLE object)
{
	CK_BYTE label[LABEL_LEN];
	CK_ATTRIBUTE get = { CKA_LABEL, label, sizeof(label) };

	if (object != 0)
		must(t, "C_GetAttributeValue of a private object after C_Logout", CKR_OBJECT_HANDLE_INVALID,
		     CALL(t, C_GetAttributeValue, t->sessions[0], object, &get, 1));
}

static CK_OBJECT_HANDLE a_private_handle(struct thread *t)
{
	for (unsigned i = 0; i < THINGS; i++)
		if (t->things[i].kind != NOTHING && t->things[i].is_private && t->known == t->login)
			return t->things[i].handle;
	return 0;
}

static void try_others(struct thread *t)
{
	CK_UTF8CHAR wrong[] = "not-the-pin";
	CK_RV rv = CKR_OK;

	if (stress_chance(t, 2))
		must(t, "C_Login with a wrong PIN", CKR_PIN_INCORRECT,
		     CALL(t, C_Login, t->sessions[0], CKU_USER, wrong, sizeof(wrong) - 1));
	if (!stress_chance(t, 3))
		return;
	rv = CALL(t, C_Login, t->sessions[1], CKU_SO, SO_PIN);
	if (rv == CKR_SESSION_READ_ONLY_EXISTS) /* any other thread's */
		return;
	must(t, "C_Login of the officer", CKR_OK, rv);
	if (rv != CKR_OK)
		return;
	check_state(t, CKS_RW_SO_FUNCTIONS);
	must(t, "C_Logout of the officer", CKR_OK, CALL(t, C_Logout, t->sessions[0]));
}

void stress_log_out_and_in(struct thread *t)
{
	const CK_OBJECT_HANDLE private = a_private_handle(t);

	if (!stress_logs_out(t) || atomic_exchange(&t->own->changer, true))
		return;
	set_state(t, CHANGING);
	must(t, "C_Logout", CKR_OK, CALL(t, C_Logout, t->sessions[0]));
	check_state(t, CKS_RW_PUBLIC_SESSION);
	check_out_of_reach(t, private);
	set_state(t, LOGGED_OUT);
	pause_ms(1 + stress_below(t, 30));
	set_state(t, CHANGING);
	must(t, "C_Logout of nobody", CKR_USER_NOT_LOGGED_IN, CALL(t, C_Logout, t->sessions[1]));
	try_others(t);
	must(t, "C_Login", CKR_OK, CALL(t, C_Login, t->sessions[0], CKU_USER, USER_PIN));
	check_state(t, CKS_RW_USER_FUNCTIONS);
	check_out_of_reach(t, private);
	set_state(t, LOGGED_IN);
	atomic_store(&t->own->changer, false);
}
