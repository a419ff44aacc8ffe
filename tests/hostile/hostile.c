/*
 * Every function of the module with every combination of NULL, unaligned, senseless and
 * enormous arguments, in every state of the library. Nothing crashes, nothing that a
 * sanitizer would see happens, each answer is one that the function's section has, and a
 * call that fails has written nothing.
 *
 * The functions come from our header (gen_calls.py), linked into this program so that the
 * sanitizers see all of them. Left out is what no module can survive: a pointer to
 * nowhere, or a length that could be true of data that a function has to read (2^31 of
 * it, say). Where a function may not look at its arguments, pointers to nowhere are in.
 */
#include "hostile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile_calls.h"

#define COMBINATIONS_MAX 30000

static const char *const state_names[STATES] = {
	[FRESH] = "before C_Initialize",  [INITIALISED] = "without a session",
	[PUBLIC] = "in a session",        [USER] = "with the user logged in",
	[ACTIVE] = "amid operations",     [OFFICER] = "with the officer logged in",
	[FINALIZED] = "after C_Finalize", [CHILD] = "in a forked child",
};

static char home[] = "/tmp/ashlar-hostile-XXXXXX";
static struct good good;
static unsigned long long calls, successes;
static unsigned failures;

__attribute__((noreturn)) static void bail(const char *what, CK_RV rv)
{
	printf("Bail out! %s: %#lx, errno %d\n", what, rv, errno);
	fflush(stdout);
	_exit(2);
}

static void must(const char *what, CK_RV rv)
{
	if (rv != CKR_OK)
		bail(what, rv);
}

/* ---- states ---- */

static void wipe_home(void)
{
	DIR *dir = opendir(home);
	struct dirent *entry = NULL;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
}

#define THE_PIN (CK_UTF8CHAR_PTR)(uintptr_t) PIN, sizeof(PIN) - 1

static void find_slot(CK_BBOOL present)
{
	CK_ULONG count = 1;
	CK_SLOT_ID slots[16];

	count = COUNT_OF(slots);
	must("C_GetSlotList", C_GetSlotList(present, slots, &count));
	if (count == 0)
		bail("no slot", CKR_OK);
	good.slot = slots[0];
}

static void open_session(void)
{
	must("C_OpenSession",
	     C_OpenSession(good.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &good.session));
}

/* A store from nothing: also the way out when a PIN was changed or locked. */
static void make_token(void)
{
	CK_UTF8CHAR label[32];

	(void)C_Finalize(NULL);
	wipe_home();
	must("C_Initialize", C_Initialize(NULL));
	find_slot(CK_FALSE);
	memset(label, ' ', sizeof(label));
	must("C_InitToken", C_InitToken(good.slot, THE_PIN, label));
	open_session();
	must("C_Login", C_Login(good.session, CKU_SO, THE_PIN));
	must("C_InitPIN", C_InitPIN(good.session, THE_PIN));
	must("C_CloseSession", C_CloseSession(good.session));
	find_slot(CK_TRUE);
}

static void make_secret(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE *ret_key)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };
	CK_ULONG len = 32;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = { { CKA_VALUE_LEN, &len, sizeof(len) },
				    { CKA_EXTRACTABLE, &yes, 1 },
				    { CKA_ENCRYPT, &yes, 1 },
				    { CKA_DECRYPT, &yes, 1 },
				    { CKA_SIGN, &yes, 1 },
				    { CKA_VERIFY, &yes, 1 },
				    { CKA_WRAP, &yes, 1 },
				    { CKA_UNWRAP, &yes, 1 },
				    { CKA_DERIVE, &yes, 1 } };

	must("C_GenerateKey", C_GenerateKey(good.session, &mechanism, template, COUNT_OF(template), ret_key));
}

static void make_keys(void)
{
	CK_MECHANISM mechanism = { CKM_ML_KEM_KEY_PAIR_GEN, NULL, 0 };
	CK_ULONG set = CKP_ML_KEM_768;
	CK_ATTRIBUTE public[] = { { CKA_PARAMETER_SET, &set, sizeof(set) } };

	make_secret(CKM_AES_KEY_GEN, &good.aes);
	make_secret(CKM_GENERIC_SECRET_KEY_GEN, &good.secret);
	must("C_GenerateKeyPair", C_GenerateKeyPair(good.session, &mechanism, public, 1, NULL, 0,
						    &good.kem_public, &good.kem_private));
}

/* One of each; those that are under way stay as they are. */
static void begin_operations(void)
{
	static CK_BYTE iv[16];
	CK_MECHANISM cbc = { CKM_AES_CBC, iv, sizeof(iv) };
	CK_MECHANISM cmac = { CKM_AES_CMAC, NULL, 0 };
	CK_MECHANISM sha = { CKM_SHA256, NULL, 0 };
	const CK_RV answers[] = {
		C_EncryptInit(good.session, &cbc, good.aes),
		C_DecryptInit(good.session, &cbc, good.aes),
		C_SignInit(good.session, &cmac, good.aes),
		C_VerifyInit(good.session, &cmac, good.aes),
		C_DigestInit(good.session, &sha),
		C_FindObjectsInit(good.session, NULL, 0),
	};

	for (size_t i = 0; i < COUNT_OF(answers); i++)
		if (answers[i] != CKR_OK && answers[i] != CKR_OPERATION_ACTIVE)
			bail("an operation does not begin", answers[i]);
}

/* Whether the library is (still) in the state; what can be changed by a call that works. */
static bool is_in(enum state state)
{
	static const CK_STATE want[STATES] = {
		[PUBLIC] = CKS_RW_PUBLIC_SESSION,
		[USER] = CKS_RW_USER_FUNCTIONS,
		[ACTIVE] = CKS_RW_USER_FUNCTIONS,
		[OFFICER] = CKS_RW_SO_FUNCTIONS,
	};
	CK_SESSION_INFO session;
	CK_INFO info;

	if (state == INITIALISED) {
		CK_TOKEN_INFO token;

		return C_GetInfo(&info) == CKR_OK && C_GetTokenInfo(good.slot, &token) == CKR_OK &&
		       (token.flags & CKF_USER_PIN_INITIALIZED) != 0 && token.ulSessionCount == 0;
	}
	if (state == FRESH || state >= FINALIZED)
		return C_GetInfo(&info) == CKR_CRYPTOKI_NOT_INITIALIZED;
	return C_GetSessionInfo(good.session, &session) == CKR_OK && session.state == want[state];
}

static void reach(enum state state)
{
	CK_RV rv = CKR_OK;

	if (state == FRESH || state == FINALIZED || state == CHILD) {
		(void)C_Finalize(NULL);
		return;
	}
	(void)C_Initialize(NULL);
	(void)C_CloseAllSessions(good.slot);
	if (state == INITIALISED && !is_in(state))
		make_token();
	if (state == INITIALISED)
		return;
	if (C_OpenSession(good.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &good.session) !=
	    CKR_OK) {
		make_token();
		open_session();
	}
	if (state == PUBLIC)
		return;
	rv = C_Login(good.session, state == OFFICER ? CKU_SO : CKU_USER, THE_PIN);
	if (rv != CKR_OK) {
		make_token();
		open_session();
		must("C_Login", C_Login(good.session, state == OFFICER ? CKU_SO : CKU_USER, THE_PIN));
	}
	if (state != OFFICER)
		make_keys();
}

/* ---- judgement ---- */

static bool has_code(const struct function *function, CK_RV rv)
{
	/* What the sections leave to §5.1 and its tables, or forgot; each is told why. */
	static const struct {
		const char *function; /* NULL: any */
		CK_RV code;
	} also[] = {
		{ NULL, CKR_FUNCTION_NOT_SUPPORTED }, /* §5.1.7: of any function that is not there */
		{ NULL, CKR_ARGUMENTS_BAD },          /* §5.1.7: of any that was given what makes no sense */
		{ "C_EncapsulateKey", CKR_BUFFER_TOO_SMALL },      /* §5.2 */
		{ "C_SessionCancel", CKR_SESSION_HANDLE_INVALID }, /* §5.1.2: of any with a session */
	};

	if (function->code_count == 0)
		return true; /* C_AsyncComplete: what the function that it completes has */

	for (size_t i = 0; i < function->code_count; i++)
		if (function->codes[i] == rv)
			return true;
	for (size_t i = 0; i < COUNT_OF(also); i++)
		if (also[i].code == rv &&
		    (also[i].function == NULL || strcmp(also[i].function, function->name) == 0))
			return true;
	return false;
}

/* §5.2 and §5.7.5: these tell lengths. */
static bool may_write(const struct function *function, CK_RV rv)
{
	return rv == CKR_BUFFER_TOO_SMALL ||
	       (strcmp(function->name, "C_GetAttributeValue") == 0 &&
		(rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID));
}

static void complain(const struct function *function, const CK_ULONG *arguments, CK_RV rv, const char *what)
{
	if (failures++ >= 40)
		return;
	printf("# %s(", function->name);
	for (unsigned i = 0; i < function->parameters; i++)
		printf("%s%s %#lx", i != 0 ? ", " : "", function->parameter[i].name, arguments[i]);
	printf(") = %#lx: %s\n", rv, what);
	fflush(stdout);
}

static bool uninitialised_may(const struct function *function)
{
	return strcmp(function->name, "C_Initialize") == 0 ||
	       strcmp(function->name, "C_GetFunctionList") == 0 ||
	       strncmp(function->name, "C_GetInterface", 14) == 0;
}

/* What was made is not kept: a hundred thousand calls make many. */
static void destroy_made(const struct function *function, const CK_ULONG *arguments)
{
	for (unsigned i = 0; i < function->parameters; i++) {
		const char *name = function->parameter[i].name;

		if (function->parameter[i].kind == ONE && arguments[i] != 0 && name[0] == 'p' &&
		    name[1] == 'h' && strcmp(name, "phSession") != 0) {
			CK_OBJECT_HANDLE made = 0;

			memcpy(&made, (const void *)(uintptr_t)arguments[i], sizeof(made));
			(void)C_DestroyObject(good.session, made);
		}
	}
}

static void judge(const struct function *function, enum state state, const CK_ULONG *arguments, CK_RV rv)
{
	const bool closed = state == FRESH || state >= FINALIZED;

	calls++;
	successes += rv == CKR_OK;
	if (closed && !uninitialised_may(function) && rv != CKR_CRYPTOKI_NOT_INITIALIZED)
		complain(function, arguments, rv, "it is not initialised");
	else if (!has_code(function, rv))
		complain(function, arguments, rv, "its section has no such code");
	if (rv != CKR_OK && !may_write(function, rv) && !arguments_unchanged(true))
		complain(function, arguments, rv, "it failed, and wrote");
	else if (!arguments_unchanged(false))
		complain(function, arguments, rv, "it wrote what is to be read");
}

/* A good call may have changed the state; then the values are those of the new one. */
static bool restore(const struct function *function, enum state state, const CK_ULONG *arguments, CK_RV rv)
{
	bool kept = true;

	if (state >= PUBLIC && state <= OFFICER && rv == CKR_OK)
		destroy_made(function, arguments);
	if (rv == CKR_OK && (!is_in(state) || strcmp(function->name, "C_DestroyObject") == 0)) {
		reach(state);
		kept = false;
	}
	if (state == ACTIVE)
		begin_operations();
	return kept;
}

static void try_once(const struct function *function, enum state state, struct values *values,
		     const unsigned *digits)
{
	CK_ULONG arguments[COUNT_OF(function->parameter)] = { 0 };
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; i < function->parameters; i++)
		arguments[i] = values[i].value[digits[i]];
	arguments_restore();
	rv = function->call(arguments);
	judge(function, state, arguments, rv);
	if (!restore(function, state, arguments, rv))
		arguments_make(function, state, &good, values);
}

/*
 * How many arguments are bad at once: all, but where that would be too many calls three,
 * which find what a check lets pass that another one relies on.
 */
static unsigned bad_at_once(const struct function *function, const struct values *values)
{
	unsigned long combinations = 1;

	for (unsigned i = 0; i < function->parameters; i++)
		combinations *= values[i].count;
	return combinations <= COMBINATIONS_MAX ? function->parameters : 3;
}

/* The combinations, as numbers with one digit for each argument; 0 is the good one. */
static void try_function(const struct function *function, enum state state)
{
	struct values values[COUNT_OF(function->parameter)];
	unsigned digits[COUNT_OF(function->parameter)] = { 0 };
	unsigned bad = 0;
	unsigned most = 0;
	unsigned i = 0;

	arguments_make(function, state, &good, values);
	most = bad_at_once(function, values);
	do {
		if (bad <= most)
			try_once(function, state, values, digits);
		for (i = 0; i < function->parameters && ++digits[i] == values[i].count; i++)
			digits[i] = 0;
		bad = 0;
		for (unsigned j = 0; j < function->parameters; j++)
			bad += digits[j] != 0;
	} while (i < function->parameters);
}

static bool try_all(enum state state)
{
	const unsigned before = failures;

	if (!is_in(state))
		reach(state);
	if (state == ACTIVE)
		begin_operations();
	for (size_t i = 0; i < COUNT_OF(functions); i++)
		try_function(&functions[i], state);
	return failures == before;
}

static bool try_in_child(void)
{
	int status = -1;
	pid_t child = 0;

	reach(ACTIVE);
	begin_operations();
	fflush(stdout);
	child = fork();
	if (child == 0) {
		const unsigned long long before = calls;
		const bool well = try_all(CHILD);

		printf("# %llu calls in the child\n", calls - before);
		fflush(stdout);
		_exit(well ? 0 : 1);
	}
	return waitpid(child, &status, 0) == child && status == 0;
}

int main(void)
{
	if (mkdtemp(home) == NULL || setenv("ASHLAR_HOME", home, 1) != 0)
		bail("home", CKR_OK);
	(void)unsetenv("ASHLAR_CONF");
	for (enum state state = 0; state < STATES; state++) {
		const unsigned long long before = calls;
		const unsigned long long succeeded = successes;
		bool well = false;

		if (state == INITIALISED)
			make_token();
		well = state == CHILD ? try_in_child() : try_all(state);
		printf("# %llu calls, of which %llu succeed\n", calls - before, successes - succeeded);
		printf("%sok %d - %s\n", well ? "" : "not ", state + 1, state_names[state]);
		fflush(stdout);
	}
	(void)C_Finalize(NULL);
	wipe_home();
	(void)rmdir(home);
	printf("# %zu functions, %llu calls\n1..%d\n", COUNT_OF(functions), calls, STATES);
	return failures == 0 ? 0 : 1;
}
