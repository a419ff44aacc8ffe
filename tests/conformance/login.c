/* PKCS#11 3.2 §5.6.8 to §5.6.10: C_Login, C_LoginUser, C_Logout; §5.6: the five session states. */
#include "provoke.h"

#include <stdio.h>
#include <time.h>

static CK_UTF8CHAR name[] = "somebody";

#define NO_NAME NULL, (CK_ULONG)0
#define A_NAME  name, (CK_ULONG)(sizeof(name) - 1)

#define NOBODY CK_UNAVAILABLE_INFORMATION

/* ---- every transition ---- */

/* Who is logged in, and whether there is a read-only session beside the read-write one. */
struct start {
	CK_USER_TYPE user; /* NOBODY: no one */
	bool beside_read_only;
};

static CK_STATE state_of(CK_SESSION_HANDLE session)
{
	CK_SESSION_INFO info = { .state = CK_UNAVAILABLE_INFORMATION };

	EXPECT_OK(p11->C_GetSessionInfo(session, &info));
	return info.state;
}

static CK_STATE state_with(CK_USER_TYPE user, bool rw)
{
	if (user == CKU_SO)
		return CKS_RW_SO_FUNCTIONS;
	if (user == CKU_USER)
		return rw ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
	return rw ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

/* The read-write session, a second one, and perhaps a read-only one, all of one login. */
static CK_SESSION_HANDLE main_session, second_session, read_only_session;

static void open_all(const struct start *start)
{
	main_session = world_open(PUBLIC, CKF_RW_SESSION);
	second_session = world_open(PUBLIC, CKF_RW_SESSION);
	read_only_session = start->beside_read_only ? world_open(PUBLIC, 0) : 0;
	if (start->user == CKU_USER)
		EXPECT_OK(p11->C_Login(main_session, CKU_USER, USER_PIN));
	if (start->user == CKU_SO)
		EXPECT_OK(p11->C_Login(main_session, CKU_SO, SO_PIN));
}

/* All sessions of the token are in the states of this login. */
static void expect_user(CK_USER_TYPE user)
{
	EXPECT(state_of(main_session) == state_with(user, true));
	EXPECT(state_of(second_session) == state_with(user, true));
	EXPECT(state_of(world_keeper(PUBLIC)) == state_with(user, true));
	if (read_only_session != 0)
		EXPECT(state_of(read_only_session) == state_with(user, false));
}

static void close_all(void)
{
	(void)p11->C_Logout(main_session);
	expect_user(NOBODY);
	world_close(main_session);
	world_close(second_session);
	if (read_only_session != 0)
		world_close(read_only_session);
}

/* The step is done by the second session: a login is of all. */
static CK_RV transition(CK_USER_TYPE from, bool beside_read_only, CK_USER_TYPE to, CK_RV want)
{
	const struct start start = { from, beside_read_only };
	CK_RV rv = CKR_OK;

	open_all(&start);
	expect_user(from);
	if (to == NOBODY)
		rv = ATTEMPT(p11->C_Logout(second_session));
	else if (to == CKU_SO)
		rv = ATTEMPT(p11->C_Login(second_session, CKU_SO, SO_PIN));
	else
		rv = ATTEMPT(p11->C_Login(second_session, CKU_USER, USER_PIN));
	expect_user(want == CKR_OK ? to : from);
	close_all();
	return rv;
}

#define TRANSITION(body, from, beside, to, want)                   \
	static CK_RV body(void)                                    \
	{                                                          \
		return transition((from), (beside), (to), (want)); \
	}

TRANSITION(public_to_user, NOBODY, false, CKU_USER, CKR_OK)
TRANSITION(public_to_user_ro, NOBODY, true, CKU_USER, CKR_OK)
TRANSITION(public_to_so, NOBODY, false, CKU_SO, CKR_OK)
TRANSITION(public_to_so_ro, NOBODY, true, CKU_SO, CKR_SESSION_READ_ONLY_EXISTS)
TRANSITION(public_to_public, NOBODY, false, NOBODY, CKR_USER_NOT_LOGGED_IN)
TRANSITION(public_to_public_ro, NOBODY, true, NOBODY, CKR_USER_NOT_LOGGED_IN)
TRANSITION(user_to_user, CKU_USER, false, CKU_USER, CKR_USER_ALREADY_LOGGED_IN)
TRANSITION(user_to_user_ro, CKU_USER, true, CKU_USER, CKR_USER_ALREADY_LOGGED_IN)
TRANSITION(user_to_so, CKU_USER, false, CKU_SO, CKR_USER_ANOTHER_ALREADY_LOGGED_IN)
TRANSITION(user_to_public, CKU_USER, false, NOBODY, CKR_OK)
TRANSITION(user_to_public_ro, CKU_USER, true, NOBODY, CKR_OK)
TRANSITION(so_to_so, CKU_SO, false, CKU_SO, CKR_USER_ALREADY_LOGGED_IN)
TRANSITION(so_to_user, CKU_SO, false, CKU_USER, CKR_USER_ANOTHER_ALREADY_LOGGED_IN)
TRANSITION(so_to_public, CKU_SO, false, NOBODY, CKR_OK)

/* ---- what else C_Login says ---- */

/*
 * A login that goes well gives back the tries that were taken, which matters where
 * one was taken on purpose, and where a fault came between taking and giving back.
 */
static void give_tries_back(CK_USER_TYPE user, CK_UTF8CHAR *pin)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, CKF_RW_SESSION);

	EXPECT_OK(p11->C_Login(session, user, pin, WORLD_PIN_LEN));
	EXPECT_OK(p11->C_Logout(session));
	world_close(session);
}

static CK_RV login_user(void)
{
	CK_RV rv = public_to_user();

	give_tries_back(CKU_USER, world_user_pin);
	return rv;
}

static CK_RV login_in(enum world_token token, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	CK_SESSION_HANDLE session = world_open(token, CKF_RW_SESSION);
	CK_STATE before = state_of(session);
	CK_RV rv = p11->C_Login(session, user, pin, len);

	EXPECT(state_of(session) == before);
	world_close(session);
	return rv;
}

static CK_RV login_wrong(CK_USER_TYPE user, CK_UTF8CHAR *right)
{
	CK_RV rv = login_in(PUBLIC, user, WRONG_PIN);

	give_tries_back(user, right);
	return rv;
}

static CK_RV login_wrong_user(void)
{
	return login_wrong(CKU_USER, world_user_pin);
}

static CK_RV login_wrong_so(void)
{
	return login_wrong(CKU_SO, world_so_pin);
}

static CK_RV login_no_pin(void)
{
	return login_in(PUBLIC, CKU_USER, NULL, 0);
}

static CK_RV login_unknown_type(void)
{
	return login_in(PUBLIC, 3, USER_PIN);
}

/* No operation of this session waits for a PIN. */
static CK_RV login_no_context(void)
{
	return login_in(USER, CKU_CONTEXT_SPECIFIC, USER_PIN);
}

static CK_RV login_no_user_pin(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_Initialize(NULL));
	slot = world_blank_slot();
	EXPECT_OK(p11->C_InitToken(slot, SO_PIN, world_label("new")));
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
	rv = p11->C_Login(session, CKU_USER, USER_PIN);
	EXPECT_RV(rv, p11->C_LoginUser(session, CKU_USER, USER_PIN, NO_NAME));
	return rv;
}

IN_SCRATCH(login_no_user_pin)

/* ---- logging out ends what needed the login ---- */

static CK_BBOOL yes = CK_TRUE;
static CK_OBJECT_CLASS class_secret = CKO_SECRET_KEY;
static CK_KEY_TYPE type_aes = CKK_AES;
static CK_BYTE value[32] = { 1 };

static CK_OBJECT_HANDLE make_key(CK_SESSION_HANDLE session, CK_BBOOL private)
{
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class_secret, sizeof(class_secret) },
		{ CKA_KEY_TYPE, &type_aes, sizeof(type_aes) },
		{ CKA_VALUE, value, sizeof(value) },
		{ CKA_ENCRYPT, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &private, sizeof(private) },
	};
	CK_OBJECT_HANDLE key = 0;

	EXPECT_OK(p11->C_CreateObject(session, template, COUNT(template), &key));
	return key;
}

/* Handles of private objects are dead for good, their operations end; public ones live on. */
static CK_RV logout_ends(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, CKF_RW_SESSION);
	CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };
	CK_BYTE block[16] = { 0 };
	CK_BYTE out[16];
	CK_ULONG len = sizeof(out);
	CK_OBJECT_HANDLE private_key = 0;
	CK_OBJECT_HANDLE public_key = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_Login(session, CKU_USER, USER_PIN));
	private_key = make_key(session, CK_TRUE);
	public_key = make_key(session, CK_FALSE);
	EXPECT_OK(p11->C_EncryptInit(session, &ecb, private_key));
	rv = p11->C_Logout(session);
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Encrypt(session, block, 16, out, &len));
	EXPECT_OK(p11->C_Login(session, CKU_USER, USER_PIN));
	EXPECT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(session, private_key));
	EXPECT_OK(p11->C_Logout(session));
	EXPECT_OK(p11->C_EncryptInit(session, &ecb, public_key));
	EXPECT_OK(p11->C_Encrypt(session, block, 16, out, &len));
	world_close(session);
	return rv;
}

/* ---- C_LoginUser ---- */

static CK_RV login_user_in(enum world_token token, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_len,
			   CK_UTF8CHAR *user_name, CK_ULONG name_len)
{
	CK_SESSION_HANDLE session = world_open(token, CKF_RW_SESSION);
	CK_STATE before = state_of(session);
	CK_RV rv = ATTEMPT(p11->C_LoginUser(session, user, pin, pin_len, user_name, name_len));

	if (rv == CKR_OK) {
		EXPECT(state_of(session) == state_with(user, true));
		EXPECT_OK(p11->C_Logout(session));
	}
	EXPECT(state_of(session) == before);
	world_close(session);
	return rv;
}

static CK_RV named_nothing(void)
{
	CK_RV rv = login_user_in(PUBLIC, CKU_USER, USER_PIN, NO_NAME);

	give_tries_back(CKU_USER, world_user_pin);
	return rv;
}

static CK_RV named_nothing_so(void)
{
	return login_user_in(PUBLIC, CKU_SO, SO_PIN, name, 0);
}

static CK_RV named_wrong(void)
{
	CK_RV rv = login_user_in(PUBLIC, CKU_USER, WRONG_PIN, NO_NAME);

	give_tries_back(CKU_USER, world_user_pin);
	return rv;
}

/* Somebody whom nobody knows, with a PIN that another has. It counts against nobody. */
static CK_RV named_unknown(void)
{
	return login_user_in(PUBLIC, CKU_USER, USER_PIN, A_NAME);
}

static double seconds_of(CK_RV (*body)(void))
{
	struct timespec before, after;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	(void)body();
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	return (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
}

static CK_RV wrong_alone(void)
{
	return login_user_in(PUBLIC, CKU_USER, WRONG_PIN, NO_NAME);
}

/*
 * Whether a name is known can't be told from the time: both take a slow hash. The
 * shortest of a few, in time of this process, differ by less than half.
 */
static CK_RV named_unknown_takes_as_long(void)
{
	double unknown = 1e9;
	double wrong = 1e9;

	for (unsigned i = 0; i < 4; i++) {
		double seconds = seconds_of(named_unknown);

		unknown = seconds < unknown ? seconds : unknown;
		seconds = seconds_of(wrong_alone);
		wrong = seconds < wrong ? seconds : wrong;
	}
	EXPECT(unknown > wrong * 0.5 && wrong > unknown * 0.5);
	give_tries_back(CKU_USER, world_user_pin);
	return named_unknown();
}

static CK_RV named_no_pin(void)
{
	return login_user_in(PUBLIC, CKU_USER, NULL, 0, A_NAME);
}

static CK_RV named_wild(void)
{
	return login_user_in(PUBLIC, CKU_USER, USER_PIN, NULL, 8);
}

static CK_RV named_unknown_type(void)
{
	return login_user_in(PUBLIC, 3, USER_PIN, A_NAME);
}

static CK_RV named_no_context(void)
{
	return login_user_in(USER, CKU_CONTEXT_SPECIFIC, USER_PIN, A_NAME);
}

static CK_RV named_twice(void)
{
	EXPECT_RV(CKR_USER_ALREADY_LOGGED_IN, login_user_in(USER, CKU_USER, USER_PIN, NO_NAME));
	return login_user_in(USER, CKU_USER, USER_PIN, A_NAME);
}

static CK_RV named_beside_user(void)
{
	EXPECT_RV(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, login_user_in(USER, CKU_SO, SO_PIN, NO_NAME));
	return login_user_in(USER, CKU_SO, SO_PIN, A_NAME);
}

static CK_RV named_beside_read_only(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, 0);
	CK_RV rv = login_user_in(PUBLIC, CKU_SO, SO_PIN, NO_NAME);

	EXPECT_RV(rv, login_user_in(PUBLIC, CKU_SO, SO_PIN, A_NAME));
	world_close(session);
	return rv;
}

static CK_RV named_locked(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_SLOT_ID slot = 0;

	scratch_configure("pin.tries.user = 3\n");
	slot = scratch_token();
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
	for (unsigned i = 0; i < 3; i++)
		EXPECT_RV(i < 2 ? CKR_PIN_INCORRECT : CKR_PIN_LOCKED,
			  p11->C_LoginUser(session, CKU_USER, WRONG_PIN, NO_NAME));
	return p11->C_LoginUser(session, CKU_USER, USER_PIN, NO_NAME);
}

IN_SCRATCH(named_locked)

static const struct provocation table[] = {
	PROVOKE(C_Login, CKR_OK, "the user", login_user),
	PROVOKE_ONCE(C_Login, CKR_OK, "the user, beside a read-only session", public_to_user_ro),
	PROVOKE_ONCE(C_Login, CKR_OK, "the officer", public_to_so),
	PROVOKE(C_Login, CKR_SESSION_READ_ONLY_EXISTS, "the officer, beside a read-only session",
		public_to_so_ro),
	PROVOKE(C_Login, CKR_USER_ALREADY_LOGGED_IN, "the user twice", user_to_user),
	PROVOKE(C_Login, CKR_USER_ALREADY_LOGGED_IN, "the user twice, beside a read-only session",
		user_to_user_ro),
	PROVOKE(C_Login, CKR_USER_ALREADY_LOGGED_IN, "the officer twice", so_to_so),
	PROVOKE(C_Login, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "the officer after the user", user_to_so),
	PROVOKE(C_Login, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "the user after the officer", so_to_user),
	PROVOKE(C_Login, CKR_PIN_INCORRECT, "a wrong PIN of the user", login_wrong_user),
	PROVOKE(C_Login, CKR_PIN_INCORRECT, "a wrong PIN of the officer", login_wrong_so),
	PROVOKE(C_Login, CKR_ARGUMENTS_BAD, "no PIN", login_no_pin),
	PROVOKE(C_Login, CKR_USER_TYPE_INVALID, "a user type that is not there", login_unknown_type),
	PROVOKE(C_Login, CKR_OPERATION_NOT_INITIALIZED, "for an operation, and none waits", login_no_context),
	PROVOKE(C_Login, CKR_USER_PIN_NOT_INITIALIZED, "the user has none", login_no_user_pin_apart),
	PROVOKE(C_Logout, CKR_OK, "the user", user_to_public),
	PROVOKE_ONCE(C_Logout, CKR_OK, "the user, beside a read-only session", user_to_public_ro),
	PROVOKE_ONCE(C_Logout, CKR_OK, "the officer", so_to_public),
	PROVOKE_ONCE(C_Logout, CKR_OK, "private objects and what is done with them", logout_ends),
	PROVOKE(C_Logout, CKR_USER_NOT_LOGGED_IN, "nobody is", public_to_public),
	PROVOKE(C_Logout, CKR_USER_NOT_LOGGED_IN, "nobody is, beside a read-only session",
		public_to_public_ro),
	PROVOKE(C_LoginUser, CKR_OK, "no name: the user", named_nothing),
	PROVOKE_ONCE(C_LoginUser, CKR_OK, "an empty name: the officer", named_nothing_so),
	PROVOKE(C_LoginUser, CKR_PIN_INCORRECT, "a wrong PIN", named_wrong),
	PROVOKE(C_LoginUser, CKR_PIN_INCORRECT, "a name that nobody has", named_unknown),
	PROVOKE(C_LoginUser, CKR_PIN_INCORRECT, "which takes as long", named_unknown_takes_as_long),
	PROVOKE(C_LoginUser, CKR_PIN_LOCKED, "too many wrong PINs", named_locked_apart),
	PROVOKE(C_LoginUser, CKR_ARGUMENTS_BAD, "no PIN", named_no_pin),
	PROVOKE(C_LoginUser, CKR_ARGUMENTS_BAD, "a name of eight bytes at NULL", named_wild),
	PROVOKE(C_LoginUser, CKR_USER_TYPE_INVALID, "a user type that is not there", named_unknown_type),
	PROVOKE(C_LoginUser, CKR_OPERATION_NOT_INITIALIZED, "for an operation, and none waits",
		named_no_context),
	PROVOKE(C_LoginUser, CKR_USER_ALREADY_LOGGED_IN, "the user twice", named_twice),
	PROVOKE(C_LoginUser, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "the officer after the user",
		named_beside_user),
	PROVOKE(C_LoginUser, CKR_SESSION_READ_ONLY_EXISTS, "the officer, beside a read-only session",
		named_beside_read_only),
	PROVOKE(C_LoginUser, CKR_USER_PIN_NOT_INITIALIZED, "the user has none", login_no_user_pin_apart),
};

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	world_populate();
	provoke_all(table, COUNT(table));
	return world_end();
}
