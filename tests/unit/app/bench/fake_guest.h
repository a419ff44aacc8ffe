/* A PKCS#11 module of a few functions for tests: it keeps which pairs were made, by their ids. */
#pragma once

#include <pthread.h>

#include "app/bench/guest.h"
#include "unit/test.h"

#define FAKE_PAIRS 4096

static struct fake {
	pthread_mutex_t lock;
	unsigned sessions, opened;
	unsigned made[FAKE_PAIRS]; /* how often each pair was made */
	unsigned pairs, fail_at;   /* the pair that fails, counted from 1 */
	useconds_t delay_us;       /* of each pair */
	CK_FLAGS token_flags;
	char token_label[33];
	bool searching;
	CK_ULONG left; /* objects that the search will still give */
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER };

static CK_RV fake_open_session(ASH_UNUSED CK_SLOT_ID slot, ASH_UNUSED CK_FLAGS flags,
			       ASH_UNUSED void *application, ASH_UNUSED CK_NOTIFY notify,
			       CK_SESSION_HANDLE *session)
{
	fake.sessions++;
	*session = ++fake.opened;
	return CKR_OK;
}

static CK_RV fake_close_session(ASH_UNUSED CK_SESSION_HANDLE session)
{
	fake.sessions--;
	return CKR_OK;
}

static CK_RV fake_make_pair(ASH_UNUSED CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
			    CK_ATTRIBUTE *public, CK_ULONG public_count, ASH_UNUSED CK_ATTRIBUTE *private,
			    ASH_UNUSED CK_ULONG private_count, CK_OBJECT_HANDLE *public_key,
			    CK_OBJECT_HANDLE *private_key)
{
	unsigned index = FAKE_PAIRS;
	bool fails;

	EXPECT_NUMBER(CKM_EC_KEY_PAIR_GEN, mechanism->mechanism);
	EXPECT_NUMBER(CKA_ID, public[public_count - 1].type);
	EXPECT(sscanf(public[public_count - 1].pValue, "id-%x", &index) == 1 && index < FAKE_PAIRS);
	if (fake.delay_us != 0)
		usleep(fake.delay_us);
	pthread_mutex_lock(&fake.lock);
	fails = ++fake.pairs == fake.fail_at;
	fake.made[index] += !fails;
	pthread_mutex_unlock(&fake.lock);
	*public_key = 2 * index + 1;
	*private_key = 2 * index + 2;
	return fails ? CKR_DEVICE_MEMORY : CKR_OK;
}

static CK_RV fake_slots(ASH_UNUSED CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
	slots[0] = 7;
	*count = 1;
	return CKR_OK;
}

static CK_RV fake_token_info(ASH_UNUSED CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	info->flags = fake.token_flags;
	memset(info->label, ' ', sizeof(info->label));
	memcpy(info->label, fake.token_label, strlen(fake.token_label));
	return CKR_OK;
}

static CK_RV fake_init_token(CK_SLOT_ID slot, ASH_UNUSED CK_UTF8CHAR *pin, ASH_UNUSED CK_ULONG len,
			     CK_UTF8CHAR *label)
{
	EXPECT_NUMBER(7, slot);
	fake.token_flags = CKF_TOKEN_INITIALIZED;
	memcpy(fake.token_label, label, 32);
	return CKR_OK;
}

static CK_RV fake_login(ASH_UNUSED CK_SESSION_HANDLE session, ASH_UNUSED CK_USER_TYPE user,
			ASH_UNUSED CK_UTF8CHAR *pin, ASH_UNUSED CK_ULONG len)
{
	return CKR_OK;
}

static CK_RV fake_init_pin(ASH_UNUSED CK_SESSION_HANDLE session, ASH_UNUSED CK_UTF8CHAR *pin,
			   ASH_UNUSED CK_ULONG len)
{
	return CKR_OK;
}

static CK_RV fake_logout(ASH_UNUSED CK_SESSION_HANDLE session)
{
	return CKR_OK;
}

static CK_RV fake_info(CK_INFO *info)
{
	memset(info->manufacturerID, ' ', sizeof(info->manufacturerID));
	memcpy(info->manufacturerID, "Maker\xc3\xa9\n", 8);
	info->libraryVersion = (CK_VERSION){ 2, 61 };
	return CKR_OK;
}

static CK_RV fake_find_begin(ASH_UNUSED CK_SESSION_HANDLE session, ASH_UNUSED CK_ATTRIBUTE *attrs,
			     ASH_UNUSED CK_ULONG count)
{
	if (fake.searching)
		return CKR_OPERATION_ACTIVE;
	fake.searching = true;
	return CKR_OK;
}

static CK_RV fake_find_next(ASH_UNUSED CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most,
			    CK_ULONG *count)
{
	*count = fake.left < most ? fake.left : most;
	for (CK_ULONG i = 0; i < *count; i++)
		objects[i] = fake.left - i;
	fake.left -= *count;
	return CKR_OK;
}

static CK_RV fake_find_end(ASH_UNUSED CK_SESSION_HANDLE session)
{
	fake.searching = false;
	return CKR_OK;
}

static const CK_FUNCTION_LIST_3_2 fake_functions = {
	.C_GetInfo = fake_info,
	.C_GetSlotList = fake_slots,
	.C_GetTokenInfo = fake_token_info,
	.C_InitToken = fake_init_token,
	.C_InitPIN = fake_init_pin,
	.C_OpenSession = fake_open_session,
	.C_CloseSession = fake_close_session,
	.C_Login = fake_login,
	.C_Logout = fake_logout,
	.C_GenerateKeyPair = fake_make_pair,
	.C_FindObjectsInit = fake_find_begin,
	.C_FindObjects = fake_find_next,
	.C_FindObjectsFinal = fake_find_end,
};

/* A guest with that module, which has forgotten everything. */
ASH_UNUSED static struct ash_bench_guest fake_guest(void)
{
	fake = (struct fake){ .lock = PTHREAD_MUTEX_INITIALIZER };
	return (struct ash_bench_guest){ .p11 = &fake_functions };
}
