#include <pthread.h>
#include <unistd.h>

#include "fake_api.h"

static CK_RV slots(CK_ULONG *list, CK_ULONG *count)
{
	return C_GetSlotList(CK_TRUE, list, count);
}

static CK_RV mechanisms(CK_ULONG *list, CK_ULONG *count)
{
	return C_GetMechanismList(3, list, count);
}

static void check_list(CK_RV (*function)(CK_ULONG *list, CK_ULONG *count))
{
	CK_ULONG list[4] = { 1, 1, 1, 1 };
	CK_ULONG count = 77;

	fresh();
	EXPECT_RV(CKR_ARGUMENTS_BAD, function(NULL, NULL));
	EXPECT_RV(CKR_ARGUMENTS_BAD, function(list, NULL));

	fake.there = 3;
	EXPECT_RV(CKR_OK, function(NULL, &count));
	EXPECT_NUMBER(3, count);

	count = 2;
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, function(list, &count));
	EXPECT_NUMBER(3, count);
	EXPECT_NUMBER(1, list[0]);

	count = 4;
	EXPECT_RV(CKR_OK, function(list, &count));
	EXPECT_NUMBER(3, count);
	EXPECT_NUMBER(100, list[0]);
	EXPECT_NUMBER(102, list[2]);
	EXPECT_NUMBER(1, list[3]);

	fake.there = 0;
	count = 0;
	EXPECT_RV(CKR_OK, function(list, &count));
	EXPECT_NUMBER(0, count);

	fake.answer.code = ASH_E_SLOT_ID;
	count = 5;
	EXPECT_RV(CKR_SLOT_ID_INVALID, function(NULL, &count));
	EXPECT_NUMBER(5, count);
}

TEST(lists_follow_the_dance_of_lengths)
{
	check_list(slots);
	EXPECT(fake.flag);
	check_list(mechanisms);
	EXPECT_NUMBER(3, fake.slot);
}

static void one_more(void)
{
	fake.there++;
}

TEST(a_slot_that_comes_between_question_and_answer)
{
	CK_ULONG list[8] = { 0 };
	CK_ULONG count = 2;

	fresh();
	fake.there = 1;
	fake.during = one_more; /* 2 at the question, 3 at the answer */
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, C_GetSlotList(CK_FALSE, list, &count));
	EXPECT_NUMBER(3, count);
	EXPECT_NUMBER(0, list[2]);
	EXPECT(!fake.flag);
}

TEST(slot_info_is_translated)
{
	CK_SLOT_INFO info;

	fresh();
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GetSlotInfo(9, NULL));
	EXPECT_RV(CKR_OK, C_GetSlotInfo(9, &info));
	EXPECT_NUMBER(9, fake.slot);
	EXPECT_NUMBER(CKF_TOKEN_PRESENT, info.flags);
	EXPECT_NUMBER('s', info.slotDescription[63]);
	EXPECT_NUMBER('s', info.manufacturerID[31]);
	EXPECT_NUMBER('s', info.firmwareVersion.minor);
}

TEST(token_info_is_translated)
{
	CK_TOKEN_INFO info;

	fresh();
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GetTokenInfo(9, NULL));
	EXPECT_RV(CKR_OK, C_GetTokenInfo(9, &info));
	EXPECT_NUMBER(CKF_RNG, info.flags);
	EXPECT_NUMBER('t', info.label[31]);
	EXPECT_NUMBER('t', info.serialNumber[15]);
	EXPECT_NUMBER(3, info.ulSessionCount);
	EXPECT_NUMBER(2, info.ulRwSessionCount);
	EXPECT_NUMBER(CK_EFFECTIVELY_INFINITE, info.ulMaxSessionCount);
	EXPECT_NUMBER(4, info.ulMinPinLen);
	EXPECT_NUMBER(255, info.ulMaxPinLen);
	EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, info.ulFreePrivateMemory);
	EXPECT_SPAN(TEXT("                "), SPAN(info.utcTime));
	fake.answer.code = ASH_E_TOKEN_NOT_RECOGNIZED;
	EXPECT_RV(CKR_TOKEN_NOT_RECOGNIZED, C_GetTokenInfo(9, &info));
}

TEST(mechanism_info_is_translated)
{
	CK_MECHANISM_INFO info;

	fresh();
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GetMechanismInfo(1, CKM_AES_GCM, NULL));
	EXPECT_RV(CKR_OK, C_GetMechanismInfo(1, CKM_AES_GCM, &info));
	EXPECT_NUMBER(CKM_AES_GCM, fake.type);
	EXPECT_NUMBER(16, info.ulMinKeySize);
	EXPECT_NUMBER(32, info.ulMaxKeySize);
	EXPECT_NUMBER(CKF_ENCRYPT, info.flags);
}

TEST(nobody_waits_for_slot_events)
{
	CK_SLOT_ID slot = 0;

	fresh();
	EXPECT_RV(CKR_NO_EVENT, C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_WaitForSlotEvent(0, NULL, NULL));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, &slot));
}

static void *wait_for_event(void *ret_rv)
{
	CK_SLOT_ID slot = 0;

	*(CK_RV *)ret_rv = C_WaitForSlotEvent(0, &slot, NULL);
	return NULL;
}

/* It holds up nobody's C_Finalize, and does not outlive it, even if C_Initialize follows at once. */
TEST(whoever_waits_for_an_event_waits_for_the_end)
{
	CK_RV rv = CKR_OK;
	pthread_t thread;

	fresh();
	EXPECT_NUMBER(0, pthread_create(&thread, NULL, wait_for_event, &rv));
	usleep(100000);
	EXPECT_RV(CKR_OK, C_Finalize(NULL));
	EXPECT_RV(CKR_OK, C_Initialize(NULL));
	EXPECT_NUMBER(0, pthread_join(thread, NULL));
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, rv);
	EXPECT_RV(CKR_OK, C_Finalize(NULL));
	wait_for_event(&rv);
	EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, rv);
}

TEST(pins_and_labels_have_to_come)
{
	CK_UTF8CHAR pin[] = { '1', '2', '3', '4' };
	CK_UTF8CHAR label[32] = { 'l' };

	fresh();
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_InitToken(1, NULL, 4, label));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_InitToken(1, pin, 4, NULL));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_InitPIN(FAKE_SESSION, NULL, 0));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_SetPIN(FAKE_SESSION, NULL, 4, pin, 4));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_SetPIN(FAKE_SESSION, pin, 4, NULL, 4));
	EXPECT_NUMBER(0, fake.calls);

	EXPECT_RV(CKR_OK, C_InitToken(1, pin, 4, label));
	EXPECT_CALLED("init_token");
	EXPECT(fake.in.data == pin && fake.in.len == 4);
	EXPECT(fake.second.data == label);
	EXPECT_RV(CKR_OK, C_InitPIN(FAKE_SESSION, pin, 3));
	EXPECT_CALLED("init_pin");
	EXPECT_NUMBER(3, fake.in.len);
	EXPECT_RV(CKR_OK, C_SetPIN(FAKE_SESSION, pin, 4, label, 5));
	EXPECT_CALLED("set_pin");
	EXPECT(fake.in.data == pin && fake.second.data == label && fake.second.len == 5);
}
