/* PKCS#11 3.2 §5.5.7 to §5.5.9: C_InitToken, C_InitPIN, C_SetPIN; and how PIN tries are counted. */
#include "provoke.h"

#include <stdio.h>
#include <unistd.h>

static CK_UTF8CHAR other_pin[] = "another-pin1";
static CK_UTF8CHAR not_utf8[] = "ab\xff\xfe"
				"defgh";
static CK_UTF8CHAR long_pin[256] = "0123456789";

#define OTHER_PIN other_pin, (CK_ULONG)(sizeof(other_pin) - 1)
#define NOT_UTF8  not_utf8, (CK_ULONG)(sizeof(not_utf8) - 1)
#define SHORT_PIN other_pin, (CK_ULONG)3
#define LONG_PIN  long_pin, (CK_ULONG)sizeof(long_pin)

static CK_SLOT_ID slot;

static CK_FLAGS token_flags(CK_SLOT_ID of)
{
	CK_TOKEN_INFO info;

	memset(&info, 0, sizeof(info));
	EXPECT_OK(p11->C_GetTokenInfo(of, &info));
	return info.flags;
}

static CK_SESSION_HANDLE open_session(CK_FLAGS rw)
{
	CK_SESSION_HANDLE session = 0;

	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | rw, NULL, NULL, &session));
	return session;
}

/* A public token object, by which one sees whether the token was touched. */
static void make_object(void)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, sizeof(yes) } };
	CK_SESSION_HANDLE session = open_session(CKF_RW_SESSION);
	CK_OBJECT_HANDLE object = 0;

	EXPECT_OK(p11->C_CreateObject(session, template, COUNT(template), &object));
	world_close(session);
}

/* Of those that were made: the token has some of its own (profiles). */
static CK_ULONG count_objects(void)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) } };
	CK_SESSION_HANDLE session = open_session(0);
	CK_OBJECT_HANDLE objects[8];
	CK_ULONG count = 0;

	EXPECT_OK(p11->C_FindObjectsInit(session, template, COUNT(template)));
	EXPECT_OK(p11->C_FindObjects(session, objects, COUNT(objects), &count));
	world_close(session);
	return count;
}

static CK_RV log_in(CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	CK_SESSION_HANDLE session = open_session(CKF_RW_SESSION);
	CK_RV rv = p11->C_Login(session, user, pin, len);

	world_close(session);
	return rv;
}

/* Whether the token is as scratch_token() and make_object() left it. */
static bool intact(void)
{
	CK_TOKEN_INFO info;

	return p11->C_GetTokenInfo(slot, &info) == CKR_OK &&
	       memcmp(info.label, world_label("scratch"), sizeof(info.label)) == 0 &&
	       (info.flags & CKF_USER_PIN_INITIALIZED) != 0 && count_objects() == 1;
}

static void begin(void)
{
	slot = scratch_token();
	make_object();
}

/* ---- C_InitToken ---- */

static CK_RV init_new(void)
{
	CK_TOKEN_INFO info;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_Initialize(NULL));
	slot = world_blank_slot();
	rv = p11->C_InitToken(slot, SO_PIN, world_label("new"));
	EXPECT_OK(p11->C_GetTokenInfo(slot, &info));
	EXPECT((info.flags & (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED)) == CKF_TOKEN_INITIALIZED);
	EXPECT(memcmp(info.label, world_label("new"), sizeof(info.label)) == 0);
	EXPECT_OK(log_in(CKU_SO, SO_PIN));
	return rv;
}

static CK_RV init_again(void)
{
	CK_TOKEN_INFO before;
	CK_TOKEN_INFO after;
	CK_RV rv = CKR_OK;

	begin();
	EXPECT_OK(p11->C_GetTokenInfo(slot, &before));
	rv = p11->C_InitToken(slot, SO_PIN, world_label("again"));
	EXPECT_OK(p11->C_GetTokenInfo(slot, &after));
	EXPECT(memcmp(after.label, world_label("again"), sizeof(after.label)) == 0);
	EXPECT(memcmp(after.serialNumber, before.serialNumber, sizeof(after.serialNumber)) == 0);
	EXPECT((after.flags & CKF_USER_PIN_INITIALIZED) == 0);
	EXPECT(count_objects() == 0);
	EXPECT_RV(CKR_USER_PIN_NOT_INITIALIZED, log_in(CKU_USER, USER_PIN));
	EXPECT_OK(log_in(CKU_SO, SO_PIN));
	return rv;
}

static CK_RV init_wrong_pin(void)
{
	CK_RV rv = CKR_OK;

	begin();
	rv = p11->C_InitToken(slot, WRONG_PIN, world_label("again"));
	EXPECT(intact());
	EXPECT((token_flags(slot) & CKF_SO_PIN_COUNT_LOW) != 0);
	EXPECT_OK(log_in(CKU_USER, USER_PIN));
	return rv;
}

static CK_RV init_in_use(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;

	begin();
	session = open_session(0);
	rv = p11->C_InitToken(slot, SO_PIN, world_label("again"));
	/* A PIN is not even looked at, so none is found out or counted. */
	EXPECT_RV(rv, p11->C_InitToken(slot, WRONG_PIN, world_label("again")));
	world_close(session);
	EXPECT(intact());
	EXPECT((token_flags(slot) & CKF_SO_PIN_COUNT_LOW) == 0);
	return rv;
}

static CK_RV init_from_here(void)
{
	return p11->C_InitToken(slot, SO_PIN, world_label("again"));
}

static CK_RV init_in_use_elsewhere(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;

	begin();
	session = open_session(0);
	rv = world_elsewhere(init_from_here);
	world_close(session);
	EXPECT(intact());
	EXPECT_OK(world_elsewhere(init_from_here));
	EXPECT(count_objects() == 0);
	return rv;
}

/* Two make a token in one slot: the second finds it taken, and takes nothing away. */
static CK_RV init_first(void)
{
	return p11->C_InitToken(slot, OTHER_PIN, world_label("first"));
}

static void somebody_is_first(void)
{
	EXPECT_OK(world_elsewhere(init_first));
}

static CK_RV init_second(void)
{
	CK_TOKEN_INFO info;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_Initialize(NULL));
	slot = world_blank_slot();
	EXPECT_OK(p11->C_InitToken(slot, SO_PIN, world_label("there is a store")));
	slot = world_blank_slot();
	fault_meanwhile(somebody_is_first);
	fault_plan(MOMENT_HASH, 0);
	rv = ATTEMPT(p11->C_InitToken(slot, SO_PIN, world_label("second")));
	fault_plan(FAULT_NONE, 0);
	EXPECT_OK(p11->C_GetTokenInfo(slot, &info));
	EXPECT(memcmp(info.label, world_label("first"), sizeof(info.label)) == 0);
	EXPECT_OK(log_in(CKU_SO, OTHER_PIN));
	return rv;
}

IN_SCRATCH(init_second)

static CK_RV init_short_pin(void)
{
	return p11->C_InitToken(world_blank_slot(), SHORT_PIN, world_label("never"));
}

static CK_RV init_long_pin(void)
{
	return p11->C_InitToken(world_blank_slot(), LONG_PIN, world_label("never"));
}

static CK_RV init_not_utf8(void)
{
	return p11->C_InitToken(world_blank_slot(), NOT_UTF8, world_label("never"));
}

static CK_RV init_no_pin(void)
{
	return p11->C_InitToken(world_blank_slot(), NULL, 0, world_label("never"));
}

static CK_RV init_no_label(void)
{
	return p11->C_InitToken(world_blank_slot(), SO_PIN, NULL);
}

static CK_RV init_no_slot(void)
{
	return p11->C_InitToken(4711, SO_PIN, world_label("never"));
}

/* The store as one that is for reading only. */
static void begin_read_only(void)
{
	begin();
	EXPECT_OK(p11->C_Finalize(NULL));
	scratch_configure("store.readonly = yes\n");
	EXPECT_OK(p11->C_Initialize(NULL));
	EXPECT((token_flags(slot) & CKF_WRITE_PROTECTED) != 0);
}

static CK_RV init_read_only(void)
{
	CK_RV rv = CKR_OK;

	begin_read_only();
	rv = p11->C_InitToken(slot, SO_PIN, world_label("again"));
	EXPECT(intact());
	return rv;
}

static CK_RV open_read_only(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;

	begin_read_only();
	EXPECT(intact()); /* it can be read */
	fill(session);
	rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
	EXPECT(untouched(session));
	return rv;
}

/* Each failure leaves the token whole; one that went through is put back. */
static CK_RV init_attempt(void)
{
	return ATTEMPT(p11->C_InitToken(slot, SO_PIN, world_label("scratch")));
}

static bool whole(void)
{
	CK_FLAGS flags = token_flags(slot);

	return (flags & CKF_TOKEN_INITIALIZED) != 0 && (flags & CKF_SO_PIN_LOCKED) == 0;
}

static CK_RV init_faults(enum fault fault)
{
	CK_RV rv = CKR_OK;

	begin();
	rv = provoke_sweep(fault, init_attempt, whole);
	EXPECT_OK(log_in(CKU_SO, SO_PIN));
	return rv;
}

static CK_RV init_no_memory(void)
{
	return init_faults(FAULT_MEMORY);
}

static CK_RV init_no_io(void)
{
	return init_faults(FAULT_IO);
}

static CK_RV init_no_space(void)
{
	return init_faults(FAULT_FULL);
}

IN_SCRATCH(init_new)
IN_SCRATCH(init_again)
IN_SCRATCH(init_wrong_pin)
IN_SCRATCH(init_in_use)
IN_SCRATCH(init_in_use_elsewhere)
IN_SCRATCH(init_read_only)
IN_SCRATCH(open_read_only)
IN_SCRATCH(init_no_memory)
IN_SCRATCH(init_no_io)
IN_SCRATCH(init_no_space)

/* ---- C_InitPIN ---- */

static CK_RV init_pin(void)
{
	return ATTEMPT(p11->C_InitPIN(world_keeper(OFFICER), USER_PIN));
}

static CK_RV init_pin_short(void)
{
	return p11->C_InitPIN(world_keeper(OFFICER), SHORT_PIN);
}

static CK_RV init_pin_long(void)
{
	return p11->C_InitPIN(world_keeper(OFFICER), LONG_PIN);
}

static CK_RV init_pin_not_utf8(void)
{
	return p11->C_InitPIN(world_keeper(OFFICER), NOT_UTF8);
}

static CK_RV init_pin_none(void)
{
	return p11->C_InitPIN(world_keeper(OFFICER), NULL, 0);
}

static CK_RV init_pin_nobody(void)
{
	return p11->C_InitPIN(world_keeper(PUBLIC), USER_PIN);
}

static CK_RV init_pin_user(void)
{
	return p11->C_InitPIN(world_keeper(USER), USER_PIN);
}

/* ---- C_SetPIN ---- */

static CK_RV set_pin_user(void)
{
	return ATTEMPT(p11->C_SetPIN(world_keeper(USER), USER_PIN, USER_PIN));
}

/* In a public session it is the user's PIN that is set; the officer's in the officer's. */
static CK_RV set_pin_whose(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;

	begin();
	session = open_session(CKF_RW_SESSION);
	rv = p11->C_SetPIN(session, USER_PIN, OTHER_PIN);
	EXPECT_RV(CKR_PIN_INCORRECT, p11->C_Login(session, CKU_USER, USER_PIN));
	EXPECT_OK(p11->C_Login(session, CKU_USER, OTHER_PIN));
	EXPECT_OK(p11->C_Logout(session));
	EXPECT_OK(p11->C_Login(session, CKU_SO, SO_PIN));
	EXPECT_OK(p11->C_SetPIN(session, SO_PIN, WRONG_PIN));
	EXPECT_OK(p11->C_Logout(session));
	EXPECT_RV(CKR_PIN_INCORRECT, p11->C_Login(session, CKU_SO, SO_PIN));
	EXPECT_OK(p11->C_Login(session, CKU_SO, WRONG_PIN));
	EXPECT_OK(p11->C_Logout(session));
	EXPECT_OK(p11->C_Login(session, CKU_USER, OTHER_PIN));
	world_close(session);
	return rv;
}

static CK_RV set_pin_wrong(void)
{
	CK_RV rv = p11->C_SetPIN(world_keeper(USER), WRONG_PIN, OTHER_PIN);

	EXPECT((token_flags(world_slot(USER)) & CKF_USER_PIN_COUNT_LOW) != 0);
	EXPECT_OK(p11->C_SetPIN(world_keeper(USER), USER_PIN, USER_PIN)); /* gives the try back */
	return rv;
}

/* The new PIN is looked at first: a wrong form costs no try. */
static CK_RV set_pin_to(CK_UTF8CHAR *pin, CK_ULONG len)
{
	return p11->C_SetPIN(world_keeper(USER), WRONG_PIN, pin, len);
}

static CK_RV set_pin_short(void)
{
	return set_pin_to(SHORT_PIN);
}

static CK_RV set_pin_long(void)
{
	return set_pin_to(LONG_PIN);
}

static CK_RV set_pin_not_utf8(void)
{
	return set_pin_to(NOT_UTF8);
}

static CK_RV set_pin_no_new(void)
{
	return p11->C_SetPIN(world_keeper(USER), USER_PIN, NULL, 0);
}

static CK_RV set_pin_no_old(void)
{
	return p11->C_SetPIN(world_keeper(USER), NULL, 0, USER_PIN);
}

static CK_RV set_pin_read_only(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_RV rv = p11->C_SetPIN(session, USER_PIN, OTHER_PIN);

	world_close(session);
	return rv;
}

static CK_RV set_pin_of_nobody(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_Initialize(NULL));
	slot = world_blank_slot();
	EXPECT_OK(p11->C_InitToken(slot, SO_PIN, world_label("new")));
	session = open_session(CKF_RW_SESSION);
	rv = p11->C_SetPIN(session, USER_PIN, OTHER_PIN);
	EXPECT_RV(CKR_USER_PIN_NOT_INITIALIZED, p11->C_Login(session, CKU_USER, USER_PIN));
	world_close(session);
	return rv;
}

IN_SCRATCH(set_pin_whose)
IN_SCRATCH(set_pin_of_nobody)

/* ---- tries ---- */

#define USER_FLAGS (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)
#define SO_FLAGS   (CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED)

struct role {
	CK_USER_TYPE type;
	CK_FLAGS all, low, final, locked;
	CK_UTF8CHAR *pin;
};

static const struct role roles[] = {
	{ CKU_USER, USER_FLAGS, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED,
	  world_user_pin },
	{ CKU_SO, SO_FLAGS, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED, world_so_pin },
};

/* What a token says of a role with so many tries left of so many. */
static void expect_tries(const struct role *role, unsigned left, unsigned of)
{
	CK_FLAGS want = 0;

	want |= left < of ? role->low : 0;
	want |= left == 1 ? role->final : 0;
	want |= left == 0 ? role->locked : 0;
	EXPECT((token_flags(slot) & role->all) == want);
}

/* Uses up all tries but `keep`; each wrong PIN says so, and the last says that it locked. */
static CK_RV use_up(const struct role *role, unsigned of, unsigned keep)
{
	CK_RV rv = CKR_OK;

	expect_tries(role, of, of);
	for (unsigned left = of; left-- > keep;) {
		rv = log_in(role->type, WRONG_PIN);
		EXPECT_RV(left == 0 ? CKR_PIN_LOCKED : CKR_PIN_INCORRECT, rv);
		expect_tries(role, left, of);
	}
	return rv;
}

/* Ten by default; the right PIN at the last try gives all back. */
static CK_RV login_locks(const struct role *role)
{
	CK_RV rv = CKR_OK;

	begin();
	(void)use_up(role, 10, 1);
	EXPECT_OK(log_in(role->type, role->pin, WORLD_PIN_LEN));
	(void)use_up(role, 10, 0);
	rv = log_in(role->type, role->pin, WORLD_PIN_LEN);
	expect_tries(role, 0, 10);
	return rv;
}

static CK_RV login_locks_user(void)
{
	CK_RV rv = login_locks(&roles[0]);
	CK_SESSION_HANDLE session = open_session(CKF_RW_SESSION);

	/* Whatever takes the user's PIN says so, and the officer can unlock. */
	EXPECT_RV(CKR_PIN_LOCKED, p11->C_SetPIN(session, USER_PIN, OTHER_PIN));
	EXPECT_RV(CKR_PIN_LOCKED, p11->C_LoginUser(session, CKU_USER, USER_PIN, NULL, 0));
	EXPECT_OK(p11->C_Login(session, CKU_SO, SO_PIN));
	EXPECT_OK(p11->C_InitPIN(session, OTHER_PIN));
	EXPECT_OK(p11->C_Logout(session));
	expect_tries(&roles[0], 10, 10);
	EXPECT_OK(p11->C_Login(session, CKU_USER, OTHER_PIN));
	world_close(session);
	return rv;
}

static CK_RV login_locks_so(void)
{
	CK_RV rv = login_locks(&roles[1]);

	/* Nothing brings the officer back, and nothing is lost for the user. */
	EXPECT_RV(CKR_PIN_LOCKED, p11->C_InitToken(slot, SO_PIN, world_label("again")));
	EXPECT_OK(log_in(CKU_USER, USER_PIN));
	EXPECT(count_objects() == 1);
	return rv;
}

static CK_RV init_token_locks(void)
{
	CK_RV rv = CKR_OK;

	scratch_configure("pin.tries.so = 3\n");
	begin();
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_RV(CKR_PIN_INCORRECT, p11->C_InitToken(slot, WRONG_PIN, world_label("again")));
		expect_tries(&roles[1], 2 - i, 3);
	}
	EXPECT_RV(CKR_PIN_LOCKED, p11->C_InitToken(slot, WRONG_PIN, world_label("again")));
	rv = p11->C_InitToken(slot, SO_PIN, world_label("again"));
	EXPECT_RV(CKR_PIN_LOCKED, log_in(CKU_SO, SO_PIN));
	EXPECT(intact());
	return rv;
}

static CK_RV set_pin_locks(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;

	scratch_configure("pin.tries.user = 3\n");
	begin();
	session = open_session(CKF_RW_SESSION);
	for (unsigned i = 0; i < 2; i++)
		EXPECT_RV(CKR_PIN_INCORRECT, p11->C_SetPIN(session, WRONG_PIN, OTHER_PIN));
	EXPECT_RV(CKR_PIN_LOCKED, p11->C_SetPIN(session, WRONG_PIN, OTHER_PIN));
	rv = p11->C_SetPIN(session, USER_PIN, OTHER_PIN);
	EXPECT_RV(CKR_PIN_LOCKED, p11->C_Login(session, CKU_USER, USER_PIN));
	world_close(session);
	return rv;
}

/* The officer's own C_SetPIN, while logged in. */
static CK_RV set_pin_locks_so(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;

	scratch_configure("pin.tries.so = 3\n");
	begin();
	session = open_session(CKF_RW_SESSION);
	EXPECT_OK(p11->C_Login(session, CKU_SO, SO_PIN));
	for (unsigned i = 0; i < 2; i++)
		EXPECT_RV(CKR_PIN_INCORRECT, p11->C_SetPIN(session, WRONG_PIN, OTHER_PIN));
	EXPECT_RV(CKR_PIN_LOCKED, p11->C_SetPIN(session, WRONG_PIN, OTHER_PIN));
	rv = p11->C_SetPIN(session, SO_PIN, OTHER_PIN);
	EXPECT_OK(p11->C_Logout(session));
	EXPECT_RV(CKR_PIN_LOCKED, p11->C_Login(session, CKU_SO, SO_PIN));
	world_close(session);
	return rv;
}

static CK_RV wrong_user_pin(void)
{
	return log_in(CKU_USER, WRONG_PIN);
}

/* Tries outlive the process, and are counted for all processes together. */
static CK_RV tries_are_shared(void)
{
	scratch_configure("pin.tries.user = 3\n");
	begin();
	EXPECT_RV(CKR_PIN_INCORRECT, world_elsewhere(wrong_user_pin));
	expect_tries(&roles[0], 2, 3);
	EXPECT_OK(p11->C_Finalize(NULL));
	EXPECT_OK(p11->C_Initialize(NULL));
	expect_tries(&roles[0], 2, 3);
	EXPECT_RV(CKR_PIN_INCORRECT, log_in(CKU_USER, WRONG_PIN));
	expect_tries(&roles[0], 1, 3);
	EXPECT_RV(CKR_PIN_LOCKED, world_elsewhere(wrong_user_pin));
	expect_tries(&roles[0], 0, 3);
	return log_in(CKU_USER, USER_PIN);
}

/* A call that takes no PIN at all, or one that is never right, costs no try. */
static CK_RV no_try_is_taken(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = CKR_OK;

	begin();
	session = open_session(CKF_RW_SESSION);
	EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_Login(session, CKU_USER, NULL, 0));
	EXPECT_RV(CKR_PIN_INCORRECT, p11->C_Login(session, CKU_USER, world_user_pin, 0));
	EXPECT_RV(CKR_PIN_INCORRECT, p11->C_LoginUser(session, CKU_USER, USER_PIN, other_pin, 4));
	rv = p11->C_Login(session, CKU_USER, LONG_PIN);
	expect_tries(&roles[0], 10, 10);
	world_close(session);
	return rv;
}

IN_SCRATCH(login_locks_user)
IN_SCRATCH(login_locks_so)
IN_SCRATCH(init_token_locks)
IN_SCRATCH(set_pin_locks)
IN_SCRATCH(set_pin_locks_so)
IN_SCRATCH(tries_are_shared)
IN_SCRATCH(no_try_is_taken)

static const struct provocation table[] = {
	PROVOKE_ONCE(C_InitToken, CKR_OK, "a new token", init_new_apart),
	PROVOKE_ONCE(C_InitToken, CKR_OK, "again, with the SO PIN", init_again_apart),
	PROVOKE(C_InitToken, CKR_HOST_MEMORY, "an allocation fails", init_no_memory_apart),
	PROVOKE(C_InitToken, CKR_DEVICE_ERROR, "reading or writing the store fails", init_no_io_apart),
	PROVOKE(C_InitToken, CKR_DEVICE_MEMORY, "the disk is full", init_no_space_apart),
	PROVOKE(C_InitToken, CKR_PIN_INCORRECT, "again, with a wrong PIN", init_wrong_pin_apart),
	PROVOKE(C_InitToken, CKR_PIN_LOCKED, "too many wrong PINs", init_token_locks_apart),
	PROVOKE(C_InitToken, CKR_SESSION_EXISTS, "a session of ours", init_in_use_apart),
	PROVOKE(C_InitToken, CKR_SESSION_EXISTS, "a session of another process", init_in_use_elsewhere_apart),
	PROVOKE(C_InitToken, CKR_FUNCTION_FAILED, "another process takes the slot meanwhile",
		init_second_apart),
	PROVOKE(C_InitToken, CKR_PIN_LEN_RANGE, "3 bytes, a new token", init_short_pin),
	PROVOKE(C_InitToken, CKR_PIN_LEN_RANGE, "256 bytes, a new token", init_long_pin),
	PROVOKE(C_InitToken, CKR_PIN_INVALID, "not UTF-8, a new token", init_not_utf8),
	PROVOKE(C_InitToken, CKR_ARGUMENTS_BAD, "no PIN", init_no_pin),
	PROVOKE(C_InitToken, CKR_ARGUMENTS_BAD, "no label", init_no_label),
	PROVOKE(C_InitToken, CKR_SLOT_ID_INVALID, "a slot that is not there", init_no_slot),
	PROVOKE(C_InitToken, CKR_TOKEN_WRITE_PROTECTED, "a store for reading only", init_read_only_apart),
	PROVOKE(C_OpenSession, CKR_TOKEN_WRITE_PROTECTED, "a store for reading only", open_read_only_apart),
	PROVOKE(C_InitPIN, CKR_OK, "the officer", init_pin),
	PROVOKE(C_InitPIN, CKR_PIN_LEN_RANGE, "3 bytes", init_pin_short),
	PROVOKE(C_InitPIN, CKR_PIN_LEN_RANGE, "256 bytes", init_pin_long),
	PROVOKE(C_InitPIN, CKR_PIN_INVALID, "not UTF-8", init_pin_not_utf8),
	PROVOKE(C_InitPIN, CKR_ARGUMENTS_BAD, "no PIN", init_pin_none),
	PROVOKE(C_InitPIN, CKR_USER_NOT_LOGGED_IN, "nobody is logged in", init_pin_nobody),
	PROVOKE(C_InitPIN, CKR_USER_NOT_LOGGED_IN, "the user is logged in", init_pin_user),
	PROVOKE(C_SetPIN, CKR_OK, "the user", set_pin_user),
	PROVOKE_ONCE(C_SetPIN, CKR_OK, "whose PIN it is, by the session's state", set_pin_whose_apart),
	PROVOKE(C_SetPIN, CKR_PIN_INCORRECT, "a wrong old PIN", set_pin_wrong),
	PROVOKE(C_SetPIN, CKR_PIN_LEN_RANGE, "3 bytes", set_pin_short),
	PROVOKE(C_SetPIN, CKR_PIN_LEN_RANGE, "256 bytes", set_pin_long),
	PROVOKE(C_SetPIN, CKR_PIN_INVALID, "not UTF-8", set_pin_not_utf8),
	PROVOKE(C_SetPIN, CKR_PIN_LOCKED, "too many wrong PINs of the user", set_pin_locks_apart),
	PROVOKE(C_SetPIN, CKR_PIN_LOCKED, "too many wrong PINs of the officer", set_pin_locks_so_apart),
	PROVOKE(C_SetPIN, CKR_ARGUMENTS_BAD, "no new PIN", set_pin_no_new),
	PROVOKE(C_SetPIN, CKR_ARGUMENTS_BAD, "no old PIN", set_pin_no_old),
	PROVOKE(C_SetPIN, CKR_SESSION_READ_ONLY, "a read-only session", set_pin_read_only),
	PROVOKE(C_SetPIN, CKR_USER_PIN_NOT_INITIALIZED, "the user has none", set_pin_of_nobody_apart),
	PROVOKE(C_Login, CKR_PIN_LOCKED, "ten wrong PINs of the user; the officer unlocks",
		login_locks_user_apart),
	PROVOKE(C_Login, CKR_PIN_LOCKED, "ten wrong PINs of the officer, for ever", login_locks_so_apart),
	PROVOKE(C_Login, CKR_PIN_LOCKED, "wrong PINs in several processes and lives", tries_are_shared_apart),
	PROVOKE(C_Login, CKR_PIN_INCORRECT, "a PIN that never is right costs no try", no_try_is_taken_apart),
};

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	world_populate();
	provoke_all(table, COUNT(table));
	return world_end();
}
