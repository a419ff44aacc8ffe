/* PKCS#11 3.2 §5.5: slots, tokens and mechanisms. */
#include "provoke.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

/* A slot that nobody has. */
#define NO_SLOT ((CK_SLOT_ID)4711)

/* ---- slots ---- */

static CK_RV list_there(void)
{
	CK_SLOT_ID slots[8];
	CK_ULONG count = COUNT(slots);
	CK_RV rv = ATTEMPT(p11->C_GetSlotList(CK_FALSE, slots, &count));

	EXPECT(count == WORLD_TOKENS + 1); /* and one to make a token in */
	for (unsigned i = 0; i < WORLD_TOKENS; i++)
		EXPECT(slots[i] == world_slot(i));
	return rv;
}

/* Every slot holds a token, if only an uninitialised one. */
static CK_RV list_present(void)
{
	CK_SLOT_ID slots[8];
	CK_ULONG count = COUNT(slots);
	CK_RV rv = p11->C_GetSlotList(CK_TRUE, slots, &count);

	EXPECT(count == WORLD_TOKENS + 1);
	return rv;
}

static CK_RV list_counted(void)
{
	CK_ULONG count = 0;
	CK_RV rv = ATTEMPT(p11->C_GetSlotList(CK_FALSE, NULL, &count));

	EXPECT(count == WORLD_TOKENS + 1);
	return rv;
}

static CK_RV list_short(void)
{
	CK_SLOT_ID slots[8];
	CK_ULONG count = WORLD_TOKENS;
	CK_RV rv = CKR_OK;

	fill(slots);
	rv = p11->C_GetSlotList(CK_FALSE, slots, &count);
	EXPECT(untouched(slots) && count == WORLD_TOKENS + 1);
	return rv;
}

static CK_RV list_uncounted(void)
{
	CK_SLOT_ID slots[8];
	CK_RV rv = CKR_OK;

	fill(slots);
	rv = p11->C_GetSlotList(CK_FALSE, slots, NULL);
	EXPECT(untouched(slots));
	return rv;
}

static CK_RV slot_info_there(void)
{
	CK_SLOT_INFO info;
	CK_RV rv = ATTEMPT(p11->C_GetSlotInfo(world_slot(PUBLIC), &info));

	EXPECT(info.flags == CKF_TOKEN_PRESENT);
	EXPECT(memchr(info.slotDescription, 0, sizeof(info.slotDescription)) == NULL);
	EXPECT(memchr(info.manufacturerID, 0, sizeof(info.manufacturerID)) == NULL);
	return rv;
}

static CK_RV slot_info_nowhere(void)
{
	return p11->C_GetSlotInfo(world_slot(PUBLIC), NULL);
}

static CK_RV slot_info_of_none(void)
{
	CK_SLOT_INFO info;
	CK_RV rv = CKR_OK;

	fill(info);
	rv = p11->C_GetSlotInfo(NO_SLOT, &info);
	EXPECT(untouched(info));
	return rv;
}

/* ---- tokens ---- */

static CK_RV token_info_there(void)
{
	CK_TOKEN_INFO info;
	CK_RV rv = ATTEMPT(p11->C_GetTokenInfo(world_slot(USER), &info));

	EXPECT(memcmp(info.label, world_label("user"), sizeof(info.label)) == 0);
	EXPECT(info.flags ==
	       (CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED |
		CKF_DUAL_CRYPTO_OPERATIONS | CKF_RESTORE_KEY_NOT_NEEDED));
	EXPECT(info.ulSessionCount == 1 && info.ulRwSessionCount == 1);
	EXPECT(info.ulMinPinLen == 4 && info.ulMaxPinLen == 255);
	EXPECT(memchr(info.serialNumber, ' ', sizeof(info.serialNumber)) == NULL);
	return rv;
}

static CK_RV token_info_of_blank(void)
{
	const CK_SLOT_ID slot = world_blank_slot();
	CK_TOKEN_INFO info;
	CK_RV rv = ATTEMPT(p11->C_GetTokenInfo(slot, &info));

	EXPECT((info.flags & (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED)) == 0);
	EXPECT(memcmp(info.label, world_label(""), sizeof(info.label)) == 0);
	return rv;
}

static CK_RV token_info_nowhere(void)
{
	return p11->C_GetTokenInfo(world_slot(PUBLIC), NULL);
}

static CK_RV token_info_of(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;
	CK_RV rv = CKR_OK;

	fill(info);
	rv = p11->C_GetTokenInfo(slot, &info);
	EXPECT(untouched(info));
	return rv;
}

static CK_RV token_info_of_none(void)
{
	return token_info_of(NO_SLOT);
}

/* ---- events ---- */

static CK_RV no_event(void)
{
	CK_SLOT_ID slot = 0;

	return p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL);
}

static CK_RV wait_nowhere(void)
{
	return p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL);
}

static CK_RV wait_reserved(void)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = CKR_OK;

	fill(slot);
	rv = p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, &slot);
	EXPECT(untouched(slot));
	return rv;
}

static void *wait_for_event(void *ret_rv)
{
	CK_SLOT_ID slot = 0;

	*(CK_RV *)ret_rv = p11->C_WaitForSlotEvent(0, &slot, NULL);
	return NULL;
}

/* Whoever blocks is woken by C_Finalize, which does not wait for him. */
static CK_RV wait_until_the_end(void)
{
	pthread_t waiting;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_Initialize(NULL));
	EXPECT(pthread_create(&waiting, NULL, wait_for_event, &rv) == 0);
	(void)usleep(200000);
	EXPECT_OK(p11->C_Finalize(NULL));
	(void)pthread_join(waiting, NULL);
	return rv;
}

IN_SCRATCH(wait_until_the_end)

/* ---- mechanisms ---- */

static CK_RV mechanisms_there(void)
{
	CK_MECHANISM_TYPE types[512];
	CK_ULONG count = COUNT(types);
	CK_ULONG asked = 0;
	CK_RV rv = ATTEMPT(p11->C_GetMechanismList(world_slot(PUBLIC), types, &count));
	CK_MECHANISM_INFO info;

	EXPECT_OK(p11->C_GetMechanismList(world_slot(PUBLIC), NULL, &asked));
	EXPECT(count == asked && count > 50);
	for (CK_ULONG i = 0; i < count && rv == CKR_OK; i++) {
		EXPECT_OK(p11->C_GetMechanismInfo(world_slot(PUBLIC), types[i], &info));
		for (CK_ULONG j = 0; j < i; j++)
			EXPECT(types[i] != types[j]);
	}
	return rv;
}

static CK_RV mechanisms_counted(void)
{
	CK_ULONG count = 0;

	return ATTEMPT(p11->C_GetMechanismList(world_slot(PUBLIC), NULL, &count));
}

static CK_RV mechanisms_short(void)
{
	CK_MECHANISM_TYPE types[512];
	CK_ULONG count = 1;
	CK_ULONG all = 0;
	CK_RV rv = CKR_OK;

	fill(types);
	rv = p11->C_GetMechanismList(world_slot(PUBLIC), types, &count);
	EXPECT_OK(p11->C_GetMechanismList(world_slot(PUBLIC), NULL, &all));
	EXPECT(untouched(types) && count == all);
	return rv;
}

static CK_RV mechanisms_uncounted(void)
{
	return p11->C_GetMechanismList(world_slot(PUBLIC), NULL, NULL);
}

static CK_RV mechanisms_of(CK_SLOT_ID slot)
{
	CK_ULONG count = 0;
	CK_RV rv = CKR_OK;

	fill(count);
	rv = p11->C_GetMechanismList(slot, NULL, &count);
	EXPECT(untouched(count));
	return rv;
}

static CK_RV mechanisms_of_none(void)
{
	return mechanisms_of(NO_SLOT);
}

static CK_RV mechanism_there(void)
{
	CK_MECHANISM_INFO info;
	CK_RV rv = ATTEMPT(p11->C_GetMechanismInfo(world_slot(PUBLIC), CKM_RSA_PKCS, &info));

	EXPECT(info.ulMinKeySize == 2048 && info.ulMaxKeySize == 8192);
	EXPECT((info.flags & (CKF_SIGN | CKF_VERIFY | CKF_HW)) == (CKF_SIGN | CKF_VERIFY));
	return rv;
}

static CK_RV mechanism_nowhere(void)
{
	return p11->C_GetMechanismInfo(world_slot(PUBLIC), CKM_RSA_PKCS, NULL);
}

static CK_RV mechanism_of(CK_SLOT_ID slot, CK_MECHANISM_TYPE type)
{
	CK_MECHANISM_INFO info;
	CK_RV rv = CKR_OK;

	fill(info);
	rv = p11->C_GetMechanismInfo(slot, type, &info);
	EXPECT(untouched(info));
	return rv;
}

static CK_RV mechanism_of_none(void)
{
	return mechanism_of(NO_SLOT, CKM_RSA_PKCS);
}

static CK_RV mechanism_unknown(void)
{
	return mechanism_of(world_slot(PUBLIC), CKM_MD2);
}

/* ---- the first calls of a process, which open the store ---- */

#define FIRST(body)                           \
	static CK_RV body##_first(void)       \
	{                                     \
		return world_elsewhere(body); \
	}

static CK_RV open_there(void)
{
	CK_SESSION_HANDLE session = 0;

	return ATTEMPT(p11->C_OpenSession(world_slot(PUBLIC), CKF_SERIAL_SESSION, NULL, NULL, &session));
}

static CK_RV token_info(void)
{
	CK_TOKEN_INFO info;

	return ATTEMPT(p11->C_GetTokenInfo(world_slot(USER), &info));
}

FIRST(list_there)
FIRST(slot_info_there)
FIRST(token_info)
FIRST(mechanism_there)
FIRST(mechanisms_counted)
FIRST(open_there)

/* ---- a process that does not finish C_InitToken ---- */

/* Where its lock on the token is (docs/protocol/store.md): from here on, by the token's owner number. */
#define HOLDS ((off_t)1 << 32)

static CK_RV open_too_long(void)
{
	struct flock alone = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = HOLDS };
	CK_SESSION_HANDLE session = 0;
	CK_SLOT_ID slot = scratch_token();
	CK_RV rv = CKR_OK;
	char path[128];
	int file = -1;

	(void)snprintf(path, sizeof(path), "%s/store.lock", world_home());
	file = open(path, O_RDWR | O_CLOEXEC);
	EXPECT(file >= 0 && fcntl(file, F_OFD_SETLK, &alone) == 0);
	fill(session);
	rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session);
	EXPECT(untouched(session));
	(void)close(file);
	EXPECT_OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
	return rv;
}

IN_SCRATCH(open_too_long)

/* ---- a store whose root key is lost ---- */

/* Makes a token, and takes its root key away. */
static CK_SLOT_ID lose_root_key(void)
{
	CK_SLOT_ID slot = scratch_token();
	char path[128];

	EXPECT_OK(p11->C_Finalize(NULL));
	(void)snprintf(path, sizeof(path), "%s/root.key", world_home());
	EXPECT(unlink(path) == 0);
	EXPECT_OK(p11->C_Initialize(NULL));
	return slot;
}

static CK_RV token_info_lost(void)
{
	return token_info_of(lose_root_key());
}

static CK_RV mechanisms_lost(void)
{
	return mechanisms_of(lose_root_key());
}

static CK_RV mechanism_lost(void)
{
	return mechanism_of(lose_root_key(), CKM_RSA_PKCS);
}

static CK_RV open_lost(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_SLOT_ID slot = lose_root_key();
	CK_RV rv = CKR_OK;

	fill(session);
	rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session);
	EXPECT(untouched(session));
	return rv;
}

static CK_RV init_lost(void)
{
	return p11->C_InitToken(lose_root_key(), SO_PIN, world_label("again"));
}

/* ---- a configuration whose fault shows when the store is first needed ---- */

static CK_SLOT_ID misconfigure(void)
{
	CK_SLOT_ID slot = scratch_token();

	EXPECT_OK(p11->C_Finalize(NULL));
	scratch_configure("store.group = nobody-has-such-a-group\n");
	EXPECT_OK(p11->C_Initialize(NULL));
	return slot;
}

static CK_RV list_misconfigured(void)
{
	CK_ULONG count = 0;
	CK_RV rv = CKR_OK;

	(void)misconfigure();
	fill(count);
	rv = p11->C_GetSlotList(CK_FALSE, NULL, &count);
	EXPECT(untouched(count));
	return rv;
}

static CK_RV slot_info_misconfigured(void)
{
	CK_SLOT_INFO info;
	CK_SLOT_ID slot = misconfigure();
	CK_RV rv = CKR_OK;

	fill(info);
	rv = p11->C_GetSlotInfo(slot, &info);
	EXPECT(untouched(info));
	return rv;
}

static CK_RV token_info_misconfigured(void)
{
	return token_info_of(misconfigure());
}

static CK_RV mechanisms_misconfigured(void)
{
	return mechanisms_of(misconfigure());
}

static CK_RV mechanism_misconfigured(void)
{
	return mechanism_of(misconfigure(), CKM_RSA_PKCS);
}

static CK_RV open_misconfigured(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_SLOT_ID slot = misconfigure();
	CK_RV rv = CKR_OK;

	fill(session);
	rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session);
	EXPECT(untouched(session));
	return rv;
}

static CK_RV close_all_misconfigured(void)
{
	return p11->C_CloseAllSessions(misconfigure());
}

static CK_RV init_misconfigured(void)
{
	return p11->C_InitToken(misconfigure(), SO_PIN, world_label("never"));
}

/* The same of the crypto engines. */
static CK_RV init_no_engine(void)
{
	CK_SLOT_ID slot = 0;

	scratch_configure("crypto.engines = abacus\n");
	EXPECT_OK(p11->C_Initialize(NULL));
	slot = world_blank_slot();
	return p11->C_InitToken(slot, SO_PIN, world_label("never"));
}

IN_SCRATCH(list_misconfigured)
IN_SCRATCH(slot_info_misconfigured)
IN_SCRATCH(token_info_misconfigured)
IN_SCRATCH(mechanisms_misconfigured)
IN_SCRATCH(mechanism_misconfigured)
IN_SCRATCH(open_misconfigured)
IN_SCRATCH(close_all_misconfigured)
IN_SCRATCH(init_misconfigured)
IN_SCRATCH(init_no_engine)
IN_SCRATCH(token_info_lost)
IN_SCRATCH(mechanisms_lost)
IN_SCRATCH(mechanism_lost)
IN_SCRATCH(open_lost)
IN_SCRATCH(init_lost)

static const struct provocation table[] = {
	PROVOKE(C_GetSlotList, CKR_OK, "all", list_there),
	PROVOKE(C_GetSlotList, CKR_OK, "those with a token", list_present),
	PROVOKE(C_GetSlotList, CKR_OK, "how many", list_counted),
	PROVOKE(C_GetSlotList, CKR_OK, "the first call of a process", list_there_first),
	PROVOKE(C_GetSlotList, CKR_BUFFER_TOO_SMALL, "room for one less", list_short),
	PROVOKE(C_GetSlotList, CKR_ARGUMENTS_BAD, "no place for the number", list_uncounted),
	PROVOKE(C_GetSlotInfo, CKR_OK, "what it says", slot_info_there),
	PROVOKE(C_GetSlotInfo, CKR_OK, "the first call of a process", slot_info_there_first),
	PROVOKE(C_GetSlotInfo, CKR_ARGUMENTS_BAD, "no place for it", slot_info_nowhere),
	PROVOKE(C_GetSlotInfo, CKR_SLOT_ID_INVALID, "a slot that is not there", slot_info_of_none),
	PROVOKE(C_GetTokenInfo, CKR_OK, "what it says", token_info_there),
	PROVOKE(C_GetTokenInfo, CKR_OK, "a token that is not initialised", token_info_of_blank),
	PROVOKE(C_GetTokenInfo, CKR_OK, "the first call of a process", token_info_first),
	PROVOKE(C_GetTokenInfo, CKR_ARGUMENTS_BAD, "no place for it", token_info_nowhere),
	PROVOKE(C_GetTokenInfo, CKR_SLOT_ID_INVALID, "a slot that is not there", token_info_of_none),
	PROVOKE(C_GetTokenInfo, CKR_TOKEN_NOT_RECOGNIZED, "the root key is lost", token_info_lost_apart),
	PROVOKE(C_WaitForSlotEvent, CKR_NO_EVENT, "not blocking", no_event),
	PROVOKE(C_WaitForSlotEvent, CKR_ARGUMENTS_BAD, "no place for the slot", wait_nowhere),
	PROVOKE(C_WaitForSlotEvent, CKR_ARGUMENTS_BAD, "pReserved", wait_reserved),
	PROVOKE(C_WaitForSlotEvent, CKR_CRYPTOKI_NOT_INITIALIZED, "blocking, until C_Finalize",
		wait_until_the_end_apart),
	PROVOKE(C_GetMechanismList, CKR_OK, "all, each once, and each has its information", mechanisms_there),
	PROVOKE(C_GetMechanismList, CKR_OK, "the first call of a process", mechanisms_counted_first),
	PROVOKE(C_GetMechanismList, CKR_BUFFER_TOO_SMALL, "room for one", mechanisms_short),
	PROVOKE(C_GetMechanismList, CKR_ARGUMENTS_BAD, "no place for the number", mechanisms_uncounted),
	PROVOKE(C_GetMechanismList, CKR_SLOT_ID_INVALID, "a slot that is not there", mechanisms_of_none),
	PROVOKE(C_GetMechanismList, CKR_TOKEN_NOT_RECOGNIZED, "the root key is lost", mechanisms_lost_apart),
	PROVOKE(C_GetMechanismInfo, CKR_OK, "what it says", mechanism_there),
	PROVOKE(C_GetMechanismInfo, CKR_OK, "the first call of a process", mechanism_there_first),
	PROVOKE(C_GetMechanismInfo, CKR_ARGUMENTS_BAD, "no place for it", mechanism_nowhere),
	PROVOKE(C_GetMechanismInfo, CKR_SLOT_ID_INVALID, "a slot that is not there", mechanism_of_none),
	PROVOKE(C_GetMechanismInfo, CKR_MECHANISM_INVALID, "one that is not offered", mechanism_unknown),
	PROVOKE(C_GetMechanismInfo, CKR_TOKEN_NOT_RECOGNIZED, "the root key is lost", mechanism_lost_apart),
	PROVOKE(C_OpenSession, CKR_OK, "the first call of a process", open_there_first),
	PROVOKE(C_OpenSession, CKR_FUNCTION_FAILED, "another process does not finish C_InitToken",
		open_too_long_apart),
	PROVOKE(C_OpenSession, CKR_TOKEN_NOT_RECOGNIZED, "the root key is lost", open_lost_apart),
	PROVOKE(C_GetSlotList, CKR_GENERAL_ERROR, "a group that is not there", list_misconfigured_apart),
	PROVOKE(C_GetSlotInfo, CKR_GENERAL_ERROR, "a group that is not there", slot_info_misconfigured_apart),
	PROVOKE(C_GetTokenInfo, CKR_GENERAL_ERROR, "a group that is not there",
		token_info_misconfigured_apart),
	PROVOKE(C_GetMechanismList, CKR_GENERAL_ERROR, "a group that is not there",
		mechanisms_misconfigured_apart),
	PROVOKE(C_GetMechanismInfo, CKR_GENERAL_ERROR, "a group that is not there",
		mechanism_misconfigured_apart),
	PROVOKE(C_OpenSession, CKR_GENERAL_ERROR, "a group that is not there", open_misconfigured_apart),
	PROVOKE(C_CloseAllSessions, CKR_GENERAL_ERROR, "a group that is not there",
		close_all_misconfigured_apart),
	PROVOKE(C_InitToken, CKR_GENERAL_ERROR, "a group that is not there", init_misconfigured_apart),
	PROVOKE(C_InitToken, CKR_GENERAL_ERROR, "a crypto engine that is not there", init_no_engine_apart),
	PROVOKE(C_InitToken, CKR_TOKEN_NOT_RECOGNIZED, "the root key is lost", init_lost_apart),
};

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	world_populate();
	provoke_all(table, COUNT(table));
	return world_end();
}
