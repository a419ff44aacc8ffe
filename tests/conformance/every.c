/*
 * What every function answers: before C_Initialize, after C_Finalize and in a forked
 * child; on a session handle that never was, or is no more; on a session whose token
 * was made anew by another process; and those that are not written. Generated from
 * the list of functions.
 */
#include "provoke.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "front/pkcs11/unsupported.h"

/*
 * More arguments than any function has. Not what C promises, but what the machines
 * that we run on do: a function looks at those it knows.
 */
typedef CK_RV any(CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG,
		  CK_ULONG);

struct function {
	const char *name;
	const char *parameters;
	bool lacking;
};

#define ASH_LACKING(name, parameters) true ||
#define ENTRY(name, parameters)       { #name, #parameters, ASH_FOR_LACKING(name, parameters) false },

static const struct function functions[] = {
	/* clang-format off */
	CK_FUNCTIONS_2_40(ENTRY)
	CK_FUNCTIONS_3_0(ENTRY)
	CK_FUNCTIONS_3_2(ENTRY)
	/* clang-format on */
};

static CK_RV answer(const struct function *function, CK_ULONG first)
{
	any *code = NULL;

	*(void **)&code = world_symbol(function->name);
	return code(first, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

static bool named(const struct function *function, const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++) {
		if (strcmp(function->name, names[i]) == 0)
			return true;
	}
	return false;
}

/* ---- CKR_CRYPTOKI_NOT_INITIALIZED ---- */

static const char *const work_before[] = { "C_Initialize", "C_GetFunctionList", "C_GetInterfaceList",
					   "C_GetInterface", NULL };

static bool wrong[COUNT(functions)];

static void look(const char *when)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		CK_RV rv = CKR_CRYPTOKI_NOT_INITIALIZED;

		if (!named(&functions[i], work_before))
			rv = answer(&functions[i], 0);
		if (rv == CKR_CRYPTOKI_NOT_INITIALIZED)
			continue;
		wrong[i] = true;
		world_note("%s %s: got %s", functions[i].name, when, world_rv_name(rv));
	}
}

static CK_RV look_in_child(void)
{
	CK_RV rv = CKR_OK;

	look("in a forked child");
	for (size_t i = 0; i < COUNT(functions); i++)
		rv += wrong[i];
	return rv;
}

static void results(const char *code, const char *how, bool (*applies)(const struct function *))
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		char name[256];

		(void)snprintf(name, sizeof(name), "%s %s: %s", functions[i].name, code, how);
		if (applies(&functions[i]))
			world_result(!wrong[i], name, NULL);
		wrong[i] = false;
	}
}

static bool waits_for_begin(const struct function *function)
{
	return !named(function, work_before);
}

static void check_uninitialised(void)
{
	look("before C_Initialize");
	EXPECT_OK(p11->C_Initialize(NULL));
	if (world_forked(look_in_child) != CKR_OK)
		memset(wrong, true, sizeof(wrong));
	EXPECT_OK(p11->C_Finalize(NULL));
	look("after C_Finalize");
	results("CKR_CRYPTOKI_NOT_INITIALIZED", "before C_Initialize, after C_Finalize, in a forked child",
		waits_for_begin);
}

/* ---- session handles ---- */

static bool takes_session(const struct function *function)
{
	return strncmp(function->parameters, "(CK_SESSION_HANDLE ", 19) == 0;
}

static const char *const parallel[] = { "C_GetFunctionStatus", "C_CancelFunction", NULL };

static bool looks_at_session(const struct function *function)
{
	return takes_session(function) && !function->lacking && !named(function, parallel);
}

/* What every function that looks at its session says of this one. */
static void ask_about(CK_SESSION_HANDLE session, CK_RV want, const char *what, const char *const *but)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		CK_RV rv = want;

		if (looks_at_session(&functions[i]) && !named(&functions[i], but))
			rv = answer(&functions[i], session);
		if (rv == want)
			continue;
		wrong[i] = true;
		world_note("%s, %s: wanted %s, got %s", functions[i].name, what, world_rv_name(want),
			   world_rv_name(rv));
	}
}

static const char *const nobody[] = { NULL };

static void check_bad_handles(void)
{
	CK_SESSION_HANDLE closed = world_open(USER, CKF_RW_SESSION);

	world_close(closed);
	ask_about(0, CKR_SESSION_HANDLE_INVALID, "session 0", nobody);
	ask_about(closed, CKR_SESSION_HANDLE_INVALID, "a closed session", nobody);
	ask_about(closed + 1, CKR_SESSION_HANDLE_INVALID, "a session that never was", nobody);
	ask_about(~(CK_SESSION_HANDLE)0, CKR_SESSION_HANDLE_INVALID, "the greatest handle", nobody);
	results("CKR_SESSION_HANDLE_INVALID", "0, closed, never opened", looks_at_session);
}

/* ---- CKR_DEVICE_REMOVED ---- */

/* Sessions end whatever became of their token. */
static const char *const close_anyway[] = { "C_CloseSession", NULL };

static bool removed_applies(const struct function *function)
{
	return looks_at_session(function) && !named(function, close_anyway);
}

/*
 * Where everything is in order another process can't do that while we have sessions
 * (CKR_SESSION_EXISTS): it sees our lock on the store. So the lock is taken from the
 * module, as on a file system that only pretends to lock.
 */
static void lose_locks(void)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	unsigned lost = 0;

	for (int file = 3; file < 1024; file++) {
		char path[64];
		char target[256] = "";

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
		if (readlink(path, target, sizeof(target) - 1) > 0 && strstr(target, "/store.lock") != NULL)
			lost += fcntl(file, F_OFD_SETLK, &all) == 0;
	}
	EXPECT(lost != 0);
}

static CK_SLOT_ID scratch_slot;

static CK_RV make_anew(void)
{
	return p11->C_InitToken(scratch_slot, SO_PIN, world_label("anew"));
}

static CK_RV ask_removed(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;

	scratch_slot = scratch_token();
	EXPECT_OK(
		p11->C_OpenSession(scratch_slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
	EXPECT_RV(CKR_SESSION_EXISTS, world_elsewhere(make_anew));
	lose_locks();
	EXPECT_OK(world_elsewhere(make_anew));
	ask_about(session, CKR_DEVICE_REMOVED, "a session of a token that is no more", close_anyway);
	EXPECT_OK(p11->C_CloseSession(session));
	for (size_t i = 0; i < COUNT(functions); i++)
		rv += wrong[i];
	return rv;
}

/* ---- CKR_FUNCTION_NOT_SUPPORTED ---- */

static bool is_lacking(const struct function *function)
{
	return function->lacking;
}

static void check_lacking(void)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		CK_RV rv = CKR_FUNCTION_NOT_SUPPORTED;

		if (is_lacking(&functions[i]))
			rv = answer(&functions[i], world_keeper(USER));
		wrong[i] = rv != CKR_FUNCTION_NOT_SUPPORTED;
		if (wrong[i])
			world_note("%s: got %s", functions[i].name, world_rv_name(rv));
	}
	results("CKR_FUNCTION_NOT_SUPPORTED", "the function is not written", is_lacking);
}

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	check_uninitialised();
	world_populate();
	check_bad_handles();
	check_lacking();
	if (world_scratch(ask_removed) != CKR_OK)
		memset(wrong, true, sizeof(wrong));
	results("CKR_DEVICE_REMOVED", "another process initialised the token again", removed_applies);
	world_result(world_failures() == 0, "all else was as expected", NULL);
	return world_end();
}
