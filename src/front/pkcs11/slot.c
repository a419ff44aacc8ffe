/*
 * Slot and token management (§5.5).
 */
#include "front/pkcs11/call_priv.h"

#include <string.h>

/* Texts are blank padded on both sides of this. */
#define COPY_TEXT(to, from)                                                               \
	do {                                                                              \
		_Static_assert(sizeof(to) == sizeof(from), "both texts have one length"); \
		memcpy((to), (from), sizeof(to));                                         \
	} while (0)

/*
 * A list whose length the caller asks for first: `there` is how many there are,
 * known before anything is written. *count becomes it in any case.
 */
static struct ash_status check_room(const void *list, CK_ULONG_PTR count, size_t there)
{
	CK_ULONG room = list != NULL ? *count : 0;

	*count = there;
	ASH_ENSURE(list == NULL || there <= room, ASH_E_BUFFER_TOO_SMALL);
	return ASH_DONE;
}

static struct ash_status get_slot_list(const struct ash_call *call, bool present, CK_SLOT_ID_PTR list,
				       CK_ULONG_PTR count)
{
	CK_ULONG room = 0;
	size_t there = 0;

	ASH_ENSURE(count != NULL, ASH_E_ARGUMENT);
	room = list != NULL ? *count : 0;
	ASH_TRY(call->api->slots(call->hsm, present, NULL, 0, &there));
	ASH_TRY(check_room(list, count, there));
	if (list == NULL)
		return ASH_DONE;
	ASH_TRY(call->api->slots(call->hsm, present, list, room, &there));
	*count = room;
	return check_room(list, count, there); /* a slot may have come meanwhile */
}

ASH_ENTRY C_GetSlotList(CK_BBOOL tokenPresent, CK_SLOT_ID_PTR pSlotList, CK_ULONG_PTR pulCount)
{
	return ASH_CALL(get_slot_list(&call, tokenPresent != CK_FALSE, pSlotList, pulCount));
}

static struct ash_status get_slot_info(const struct ash_call *call, CK_SLOT_ID slot,
				       CK_SLOT_INFO_PTR ret_info)
{
	struct ash_slot_info info = { 0 };
	CK_SLOT_INFO answer;

	ASH_ENSURE(ret_info != NULL, ASH_E_ARGUMENT);
	ASH_TRY(call->api->slot_info(call->hsm, slot, &info));
	answer = (CK_SLOT_INFO){
		.flags = info.flags,
		.hardwareVersion = { info.hardware_major, info.hardware_minor },
		.firmwareVersion = { info.firmware_major, info.firmware_minor },
	};
	COPY_TEXT(answer.slotDescription, info.description);
	COPY_TEXT(answer.manufacturerID, info.manufacturer);
	ASH_COPY(ret_info, &answer);
	return ASH_DONE;
}

ASH_ENTRY C_GetSlotInfo(CK_SLOT_ID slotID, CK_SLOT_INFO_PTR pInfo)
{
	return ASH_CALL(get_slot_info(&call, slotID, pInfo));
}

static struct ash_status get_token_info(const struct ash_call *call, CK_SLOT_ID slot,
					CK_TOKEN_INFO_PTR ret_info)
{
	struct ash_token_info info = { 0 };
	CK_TOKEN_INFO answer;

	ASH_ENSURE(ret_info != NULL, ASH_E_ARGUMENT);
	ASH_TRY(call->api->token_info(call->hsm, slot, &info));
	answer = (CK_TOKEN_INFO){
		.flags = info.flags,
		.ulMaxSessionCount = CK_EFFECTIVELY_INFINITE,
		.ulSessionCount = info.sessions,
		.ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE,
		.ulRwSessionCount = info.rw_sessions,
		.ulMaxPinLen = info.pin_max,
		.ulMinPinLen = info.pin_min,
		.ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION,
		.ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION,
		.ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION,
		.ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION,
		.hardwareVersion = { info.hardware_major, info.hardware_minor },
		.firmwareVersion = { info.firmware_major, info.firmware_minor },
	};
	COPY_TEXT(answer.label, info.label);
	COPY_TEXT(answer.manufacturerID, info.manufacturer);
	COPY_TEXT(answer.model, info.model);
	COPY_TEXT(answer.serialNumber, info.serial);
	memset(answer.utcTime, ' ', sizeof(answer.utcTime)); /* no CKF_CLOCK_ON_TOKEN */
	ASH_COPY(ret_info, &answer);
	return ASH_DONE;
}

ASH_ENTRY C_GetTokenInfo(CK_SLOT_ID slotID, CK_TOKEN_INFO_PTR pInfo)
{
	return ASH_CALL(get_token_info(&call, slotID, pInfo));
}

/* §5.5.4: slots come and go only by C_InitToken; that is no event. */
static struct ash_status check_wait(CK_FLAGS flags, const CK_SLOT_ID *slot, const void *reserved)
{
	ASH_ENSURE(slot != NULL && reserved == NULL, ASH_E_ARGUMENT);
	ASH_ENSURE((flags & CKF_DONT_BLOCK) == 0, ASH_E_NO_EVENT);
	return ASH_DONE;
}

/* So whoever blocks waits for another thread's C_Finalize, without holding it up. */
ASH_ENTRY C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR pSlot, CK_VOID_PTR pReserved)
{
	const uint64_t closings = ash_call_closings();
	CK_RV rv = ASH_CALL(check_wait(flags, pSlot, pReserved));

	if (rv != CKR_OK)
		return rv;
	ash_call_wait_closed(closings);
	return CKR_CRYPTOKI_NOT_INITIALIZED;
}

static struct ash_status get_mechanism_list(const struct ash_call *call, CK_SLOT_ID slot,
					    CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count)
{
	CK_ULONG room = 0;
	size_t there = 0;

	ASH_ENSURE(count != NULL, ASH_E_ARGUMENT);
	room = list != NULL ? *count : 0;
	ASH_TRY(call->api->mechanisms(call->hsm, slot, NULL, 0, &there));
	ASH_TRY(check_room(list, count, there));
	if (list == NULL)
		return ASH_DONE;
	return call->api->mechanisms(call->hsm, slot, list, room, &there);
}

ASH_ENTRY C_GetMechanismList(CK_SLOT_ID slotID, CK_MECHANISM_TYPE_PTR pMechanismList, CK_ULONG_PTR pulCount)
{
	return ASH_CALL(get_mechanism_list(&call, slotID, pMechanismList, pulCount));
}

static struct ash_status get_mechanism_info(const struct ash_call *call, CK_SLOT_ID slot,
					    CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR ret_info)
{
	struct ash_mechanism_info info = { 0 };
	CK_MECHANISM_INFO answer;

	ASH_ENSURE(ret_info != NULL, ASH_E_ARGUMENT);
	ASH_TRY(call->api->mechanism_info(call->hsm, slot, type, &info));
	answer = (CK_MECHANISM_INFO){
		.ulMinKeySize = info.min_size,
		.ulMaxKeySize = info.max_size,
		.flags = info.flags,
	};
	ASH_COPY(ret_info, &answer);
	return ASH_DONE;
}

ASH_ENTRY C_GetMechanismInfo(CK_SLOT_ID slotID, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR pInfo)
{
	return ASH_CALL(get_mechanism_info(&call, slotID, type, pInfo));
}

static struct ash_status init_token(const struct ash_call *call, CK_SLOT_ID slot, const CK_UTF8CHAR *pin,
				    CK_ULONG pin_len, const CK_UTF8CHAR *label)
{
	/* No protected authentication path: a PIN has to come. */
	ASH_ENSURE(pin != NULL && label != NULL, ASH_E_ARGUMENT);
	return call->api->init_token(call->hsm, slot, ash_span(pin, pin_len), (const char *)label);
}

ASH_ENTRY C_InitToken(CK_SLOT_ID slotID, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pLabel)
{
	return ASH_CALL(init_token(&call, slotID, pPin, ulPinLen, pLabel));
}

static struct ash_status init_pin(const struct ash_call *call, CK_SESSION_HANDLE session,
				  const CK_UTF8CHAR *pin, CK_ULONG pin_len)
{
	ASH_ENSURE(pin != NULL, ASH_E_ARGUMENT);
	return call->api->init_pin(call->hsm, session, ash_span(pin, pin_len));
}

ASH_ENTRY C_InitPIN(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen)
{
	return ASH_SESSION_CALL(hSession, init_pin(&call, hSession, pPin, ulPinLen));
}

static struct ash_status set_pin(const struct ash_call *call, CK_SESSION_HANDLE session,
				 struct ash_span old_pin, struct ash_span new_pin)
{
	ASH_ENSURE(old_pin.data != NULL && new_pin.data != NULL, ASH_E_ARGUMENT);
	return call->api->set_pin(call->hsm, session, old_pin, new_pin);
}

ASH_ENTRY C_SetPIN(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pOldPin, CK_ULONG ulOldLen,
		   CK_UTF8CHAR_PTR pNewPin, CK_ULONG ulNewLen)
{
	return ASH_SESSION_CALL(
		hSession, set_pin(&call, hSession, ash_span(pOldPin, ulOldLen), ash_span(pNewPin, ulNewLen)));
}
