/* The library, slots, tokens and PINs: §5.4, §5.5; and what is left of parallel functions. */
#include "calls.h"

#include <stdio.h>

/* ---- PINs ---- */

static const char *const good_pins[] = { "1234", "user-pin", "a longer PIN, with spaces",
					 "p\xc3\xadn-\xe2\x82\xac" };

struct given_pin {
	uint8_t bytes[300];
	CK_ULONG len;
	uint8_t *at; /* NULL now and then */
};

static void set_given(struct given_pin *given, const void *bytes, size_t len)
{
	memcpy(given->bytes, bytes, len);
	given->len = len;
	given->at = exact(given->bytes, len);
}

/* Mostly the right one. */
static void choose_pin(struct given_pin *given, const struct pin *right, unsigned percent)
{
	static const char wrong_pin[] = "wrong PIN";

	if (right != NULL && right->set && chance(percent)) {
		set_given(given, right->bytes, right->len);
	} else if (chance(70)) {
		set_given(given, wrong_pin, chance(80) ? sizeof(wrong_pin) - 1 : 0);
	} else if (chance(30)) {
		memset(given->bytes, 'x', sizeof(given->bytes));
		given->len = 256;
		given->at = given->bytes;
	} else {
		given->len = 5;
		given->at = NULL;
	}
}

static void choose_new_pin(struct given_pin *given)
{
	const char *good = good_pins[choose(COUNT(good_pins))];

	if (chance(85))
		set_given(given, good, strlen(good));
	else if (chance(60))
		set_given(given, chance(50) ? "abc" : "ab\xff\xfe", chance(50) ? 3 : 4);
	else
		choose_pin(given, NULL, 0);
}

static bool is_form(const struct given_pin *given)
{
	return given->len >= 4 && given->len <= PIN_MAX;
}

static void why_new_pin(struct verdict *verdict, const struct given_pin *given)
{
	why_if(verdict, given->at == NULL, CKR_ARGUMENTS_BAD);
	why_if(verdict, !is_form(given), CKR_PIN_LEN_RANGE);
	why_if(verdict, given->at != NULL && given->len == 4 && given->at[2] == 0xff, CKR_PIN_INVALID);
}

static bool is_right(const struct pin *pin, const struct given_pin *given)
{
	return given->at != NULL && pin->set && given->len == pin->len &&
	       memcmp(given->at, pin->bytes, pin->len) == 0;
}

/* No PIN is that long or short: nothing to learn from the answer, nothing to count. */
static bool counts(const struct given_pin *given)
{
	return given->at != NULL && given->len != 0 && given->len <= PIN_MAX;
}

static void why_pin(struct verdict *verdict, const struct pin *pin, const struct given_pin *given)
{
	why_if(verdict, given->at == NULL, CKR_ARGUMENTS_BAD);
	if (!pin->set)
		why(verdict, counts(given) ? CKR_USER_PIN_NOT_INITIALIZED : CKR_PIN_INCORRECT);
	if (!pin->set && !counts(given))
		why(verdict, CKR_USER_PIN_NOT_INITIALIZED);
	if (!pin->set)
		return;
	if (counts(given) && pin->left == 0)
		why(verdict, CKR_PIN_LOCKED);
	else if (!is_right(pin, given))
		why(verdict, counts(given) && pin->left == 1 ? CKR_PIN_LOCKED : CKR_PIN_INCORRECT);
}

/* A wrong one costs a try, the right one brings back all. */
static void pin_tried(struct pin *pin, const struct given_pin *given, CK_RV rv)
{
	if (rv == CKR_OK)
		pin->left = PIN_TRIES;
	else if ((rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED) && counts(given) && pin->set &&
		 pin->left > 0)
		pin->left--;
}

/* ---- slots ---- */

static CK_ULONG slot_count(void)
{
	CK_ULONG count = 1;

	for (size_t i = 0; i < TOKENS; i++)
		count += world.tokens[i].there;
	return count;
}

static CK_SLOT_ID choose_slot(struct verdict *verdict)
{
	static const CK_SLOT_ID bad[] = { TOKENS + 1, 99, 1ul << 32, ~0ul };

	if (!world.initialized)
		only(verdict, CKR_CRYPTOKI_NOT_INITIALIZED);
	if (chance(94))
		return choose(slot_count());
	why(verdict, CKR_SLOT_ID_INVALID);
	return bad[choose(COUNT(bad))];
}

/* Texts of the standard's structures are blank padded and have no zero byte. */
static void check_text(const char *what, const CK_UTF8CHAR *text, size_t len)
{
	if (memchr(text, 0, len) != NULL)
		wrong("%s has a zero byte", what);
}

/* ---- the library ---- */

void initialize(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	struct verdict verdict = VERDICT_NONE;
	void *given = NULL;

	switch (choose(8)) {
	case 0: given = &args; break;
	case 1:
		given = &args;
		args.pReserved = &args;
		why(&verdict, CKR_ARGUMENTS_BAD);
		break;
	case 2:
		given = &args;
		args.flags = 0;
		break;
	default: break;
	}
	why_if(&verdict, world.initialized, CKR_CRYPTOKI_ALREADY_INITIALIZED);
	tell("(%s flags=%lx reserved=%d)", given != NULL ? "args" : "NULL", args.flags,
	     args.pReserved != NULL);
	if (CALL(&verdict, C_Initialize, given))
		world.initialized = true;
}

static void finalize(void)
{
	struct verdict verdict = VERDICT_NONE;
	void *reserved = NULL;

	if (world.initialized && !chance(8))
		reserved = &verdict;
	if (!world.initialized)
		only(&verdict, CKR_CRYPTOKI_NOT_INITIALIZED);
	why_if(&verdict, reserved != NULL, CKR_ARGUMENTS_BAD);
	tell("(%s)", reserved != NULL ? "not NULL" : "NULL");
	if (CALL(&verdict, C_Finalize, reserved))
		world_finalized();
}

static void get_info(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_INFO info;
	const bool none = chance(10);

	if (!world.initialized)
		only(&verdict, CKR_CRYPTOKI_NOT_INITIALIZED);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	memset(&info, 0, sizeof(info));
	tell("(%s)", none ? "NULL" : "info");
	if (!CALL(&verdict, C_GetInfo, none ? NULL : &info))
		return;
	if (info.cryptokiVersion.major != 3 || info.cryptokiVersion.minor != 2 || info.flags != 0)
		wrong("C_GetInfo: version %d.%d, flags %lx", info.cryptokiVersion.major,
		      info.cryptokiVersion.minor, info.flags);
	check_text("manufacturerID", info.manufacturerID, sizeof(info.manufacturerID));
	check_text("libraryDescription", info.libraryDescription, sizeof(info.libraryDescription));
}

static void get_function_list(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_FUNCTION_LIST *list = NULL;
	const bool none = chance(10);

	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%s)", none ? "NULL" : "list");
	if (CALL(&verdict, C_GetFunctionList, none ? NULL : &list) &&
	    (list == NULL || list->version.major != 2))
		wrong("C_GetFunctionList gave no list of 2.40");
}

static void get_interface_list(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_INTERFACE interfaces[8];
	CK_ULONG count = choose(8);
	const CK_ULONG room = count;
	const bool ask = chance(40);

	memset(interfaces, 0, sizeof(interfaces));
	why_if(&verdict, !ask && room < 3, CKR_BUFFER_TOO_SMALL);
	tell("(%s, %lu)", ask ? "NULL" : "list", room);
	(void)CALL(&verdict, C_GetInterfaceList, ask ? NULL : interfaces, &count);
	if (count != 3)
		wrong("C_GetInterfaceList: a count of %lu", count);
	if (!ask && room < 3 && interfaces[0].pInterfaceName != NULL)
		wrong("C_GetInterfaceList wrote a list that has no room");
}

static void get_interface(void)
{
	static CK_UTF8CHAR standard[] = "PKCS 11", other[] = "Vendor of ours";
	struct verdict verdict = VERDICT_NONE;
	CK_VERSION version = { (CK_BYTE)(2 + choose(2)), (CK_BYTE)(choose(2) ? 40 : choose(4)) };
	CK_UTF8CHAR *name = chance(30) ? NULL : chance(85) ? standard : other;
	CK_VERSION *wanted = chance(40) ? NULL : &version;
	const CK_FLAGS flags = chance(85) ? 0 : CKF_INTERFACE_FORK_SAFE;
	CK_INTERFACE *interface = NULL;
	const bool there = (version.major == 2 && version.minor == 40) ||
			   (version.major == 3 && (version.minor == 0 || version.minor == 2));

	why_if(&verdict, name == other || flags != 0 || (wanted != NULL && !there), CKR_FUNCTION_FAILED);
	tell("(%s, %s %d.%d, flags %lx)", name != NULL ? (const char *)name : "NULL",
	     wanted != NULL ? "version" : "NULL", version.major, version.minor, flags);
	if (!CALL(&verdict, C_GetInterface, name, wanted, &interface, flags))
		return;
	if (wanted != NULL && memcmp(interface->pFunctionList, &version, sizeof(version)) != 0)
		wrong("C_GetInterface gave another version");
}

static void not_parallel(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;

	(void)choose_session(&verdict, &handle);
	if (world.initialized) { /* §5.20: what it says of a handle that is none is not told */
		verdict = VERDICT_NONE;
		why(&verdict, CKR_FUNCTION_NOT_PARALLEL);
	}
	tell("(%#lx)", handle);
	if (chance(50))
		(void)CALL(&verdict, C_GetFunctionStatus, handle);
	else
		(void)CALL(&verdict, C_CancelFunction, handle);
}

static void wait_for_slot_event(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SLOT_ID slot = 77;
	const bool none = chance(15), reserved = chance(10);
	const CK_FLAGS flags = none || reserved ? choose(2) : CKF_DONT_BLOCK;

	if (!world.initialized)
		only(&verdict, CKR_CRYPTOKI_NOT_INITIALIZED);
	why_if(&verdict, none || reserved, CKR_ARGUMENTS_BAD);
	why_if(&verdict, flags == CKF_DONT_BLOCK, CKR_NO_EVENT);
	tell("(flags %lx, %s, %d)", flags, none ? "NULL" : "slot", reserved);
	(void)CALL(&verdict, C_WaitForSlotEvent, flags, none ? NULL : &slot, reserved ? &slot : NULL);
	if (slot != 77)
		wrong("C_WaitForSlotEvent wrote a slot");
}

/* ---- slots and tokens ---- */

static void get_slot_list(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SLOT_ID slots[8] = { 77, 77, 77, 77, 77, 77, 77, 77 };
	CK_ULONG count = choose(6);
	const CK_ULONG room = count;
	const bool ask = chance(30), none = chance(4);

	if (!world.initialized)
		only(&verdict, CKR_CRYPTOKI_NOT_INITIALIZED);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	why_if(&verdict, !none && !ask && room < slot_count(), CKR_BUFFER_TOO_SMALL);
	tell("(%s, %lu%s)", ask ? "NULL" : "list", room, none ? " NULL" : "");
	(void)CALL(&verdict, C_GetSlotList, (CK_BBOOL)choose(2), ask ? NULL : slots, none ? NULL : &count);
	if (!world.initialized || none) {
		if (count != room)
			wrong("C_GetSlotList failed and changed the count");
		return;
	}
	if (count != slot_count())
		wrong("C_GetSlotList: wanted %lu slots, got %lu", slot_count(), count);
	for (CK_ULONG i = 0; i < COUNT(slots); i++) {
		if (slots[i] != (judge_last == CKR_OK && !ask && i < count ? i : 77))
			wrong("C_GetSlotList: slot %lu is %lu", i, slots[i]);
	}
}

static void get_slot_info(void)
{
	struct verdict verdict = VERDICT_NONE;
	const CK_SLOT_ID slot = choose_slot(&verdict);
	const bool none = chance(6);
	CK_SLOT_INFO info;

	memset(&info, 0, sizeof(info));
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%lu, %s)", slot, none ? "NULL" : "info");
	if (!CALL(&verdict, C_GetSlotInfo, slot, none ? NULL : &info))
		return;
	check_text("slotDescription", info.slotDescription, sizeof(info.slotDescription));
	check_text("manufacturerID", info.manufacturerID, sizeof(info.manufacturerID));
	if (info.flags != CKF_TOKEN_PRESENT)
		wrong("C_GetSlotInfo: flags %lx", info.flags);
}

static CK_FLAGS pin_flags(const struct pin *pin, CK_FLAGS low, CK_FLAGS final, CK_FLAGS locked)
{
	return (pin->left < PIN_TRIES ? low : 0) | (pin->left == 1 ? final : 0) |
	       (pin->left == 0 ? locked : 0);
}

static void check_token(CK_SLOT_ID slot, const CK_TOKEN_INFO *info)
{
	struct token *token = slot < TOKENS ? &world.tokens[slot] : NULL;
	/* A digest's state is all that can be restored, and has no key. */
	CK_FLAGS flags =
		CKF_RNG | CKF_LOGIN_REQUIRED | CKF_RESTORE_KEY_NOT_NEEDED | CKF_DUAL_CRYPTO_OPERATIONS;

	check_text("label", info->manufacturerID, sizeof(info->manufacturerID));
	check_text("model", info->model, sizeof(info->model));
	if (token != NULL && token->there) {
		flags |= CKF_TOKEN_INITIALIZED;
		flags |= pin_flags(&token->so, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED);
		if (token->user.set)
			flags |= CKF_USER_PIN_INITIALIZED |
				 pin_flags(&token->user, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY,
					   CKF_USER_PIN_LOCKED);
		if (memcmp(info->label, token->label, sizeof(token->label)) != 0)
			wrong("C_GetTokenInfo: another label");
		if (token->serial[0] == 0)
			memcpy(token->serial, info->serialNumber, sizeof(token->serial));
		if (memcmp(token->serial, info->serialNumber, sizeof(token->serial)) != 0)
			wrong("C_GetTokenInfo: the serial number changed");
	}
	if (info->flags != flags)
		wrong("C_GetTokenInfo: wanted flags %lx, got %lx", flags, info->flags);
	if (info->ulSessionCount != count_sessions((unsigned)slot, false) ||
	    info->ulRwSessionCount != count_sessions((unsigned)slot, true))
		wrong("C_GetTokenInfo: wanted %u sessions, %u of them read-write, got %lu, %lu",
		      count_sessions((unsigned)slot, false), count_sessions((unsigned)slot, true),
		      info->ulSessionCount, info->ulRwSessionCount);
	if (info->ulMinPinLen != 4 || info->ulMaxPinLen != PIN_MAX)
		wrong("C_GetTokenInfo: PINs of %lu to %lu bytes", info->ulMinPinLen, info->ulMaxPinLen);
}

static void get_token_info(void)
{
	struct verdict verdict = VERDICT_NONE;
	const CK_SLOT_ID slot = choose_slot(&verdict);
	const bool none = chance(4);
	CK_TOKEN_INFO info;

	memset(&info, 0, sizeof(info));
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%lu, %s)", slot, none ? "NULL" : "info");
	if (CALL(&verdict, C_GetTokenInfo, slot, none ? NULL : &info))
		check_token(slot, &info);
}

static struct {
	CK_MECHANISM_TYPE types[256];
	CK_ULONG count;
} mechanisms;

static void get_mechanism_list(void)
{
	struct verdict verdict = VERDICT_NONE;
	const CK_SLOT_ID slot = choose_slot(&verdict);
	CK_MECHANISM_TYPE types[COUNT(mechanisms.types)] = { 0 };
	CK_ULONG count = chance(60) ? COUNT(types) : choose(COUNT(types));
	const CK_ULONG room = count;
	const bool ask = mechanisms.count == 0 || chance(30);

	why_if(&verdict, !ask && room < mechanisms.count, CKR_BUFFER_TOO_SMALL);
	tell("(%lu, %s, %lu)", slot, ask ? "NULL" : "list", room);
	if (!CALL(&verdict, C_GetMechanismList, slot, ask ? NULL : types, &count) &&
	    judge_last != CKR_BUFFER_TOO_SMALL)
		return;
	if (mechanisms.count == 0)
		mechanisms.count = count;
	if (count != mechanisms.count)
		wrong("C_GetMechanismList: %lu mechanisms, then %lu", mechanisms.count, count);
	if (ask || judge_last != CKR_OK)
		return;
	if (mechanisms.types[0] == 0 && mechanisms.types[1] == 0)
		memcpy(mechanisms.types, types, sizeof(types));
	if (memcmp(mechanisms.types, types, sizeof(types)) != 0)
		wrong("C_GetMechanismList: another list");
}

static void get_mechanism_info(void)
{
	struct verdict verdict = VERDICT_NONE;
	const CK_SLOT_ID slot = choose_slot(&verdict);
	CK_MECHANISM_TYPE type = CKM_VENDOR_DEFINED | 1;
	CK_MECHANISM_INFO info = { 0 };
	const bool none = chance(4);

	if (mechanisms.types[1] != 0 && chance(90))
		type = mechanisms.types[choose(mechanisms.count)];
	else
		why(&verdict, CKR_MECHANISM_INVALID);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%lu, %#lx)", slot, type);
	if (CALL(&verdict, C_GetMechanismInfo, slot, type, none ? NULL : &info) &&
	    (info.flags == 0 || info.ulMinKeySize > info.ulMaxKeySize))
		wrong("C_GetMechanismInfo: flags %lx, keys of %lu to %lu", info.flags, info.ulMinKeySize,
		      info.ulMaxKeySize);
}

/* ---- C_InitToken, C_InitPIN, C_SetPIN ---- */

static void init_token_with(CK_SLOT_ID slot, struct given_pin *pin, bool no_label, struct verdict *verdict)
{
	struct token *token = slot < TOKENS ? &world.tokens[slot] : NULL;
	CK_UTF8CHAR label[32];
	bool there = token != NULL && token->there;

	memset(label, ' ', sizeof(label));
	label[choose(30)] = (CK_UTF8CHAR)('a' + choose(26));
	why_if(verdict, no_label, CKR_ARGUMENTS_BAD);
	if (there) {
		why_if(verdict, count_sessions((unsigned)slot, false) != 0, CKR_SESSION_EXISTS);
		why_pin(verdict, &token->so, pin);
	} else {
		why_new_pin(verdict, pin);
	}
	tell("(%lu, PIN of %lu%s, label)", slot, pin->len, pin->at == NULL ? " NULL" : "");
	(void)CALL(verdict, C_InitToken, slot, pin->at, pin->len, no_label ? NULL : label);
	if (there)
		pin_tried(&token->so, pin, judge_last);
	if (judge_last == CKR_OK && token == NULL)
		wrong("C_InitToken: made a token that the model has no room for");
	if (judge_last == CKR_OK)
		world_token_made((unsigned)slot, label, pin->at, pin->len);
}

static void init_token(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SLOT_ID slot = choose_slot(&verdict);
	struct given_pin pin = { .at = NULL };
	const bool no_label = chance(5);

	if (slot == TOKENS) /* one more than the model has room for */
		slot = 0;
	if (slot < TOKENS && world.tokens[slot].there)
		choose_pin(&pin, &world.tokens[slot].so, 90);
	else
		choose_new_pin(&pin);
	init_token_with(slot, &pin, no_label, &verdict);
}

void make_token(void)
{
	struct verdict verdict = VERDICT_NONE;
	struct given_pin pin = { .at = NULL };

	set_given(&pin, "so-pin", 6);
	init_token_with(0, &pin, false, &verdict);
}

static void init_pin_in(struct session *session, CK_SESSION_HANDLE handle, struct given_pin *pin,
			struct verdict *verdict)
{
	why_new_pin(verdict, pin);
	if (session != NULL)
		why_if(verdict, !so_in(session->slot), CKR_USER_NOT_LOGGED_IN);
	tell("(%#lx, PIN of %lu%s)", handle, pin->len, pin->at == NULL ? " NULL" : "");
	if (!CALL(verdict, C_InitPIN, handle, pin->at, pin->len))
		return;
	world.tokens[session->slot].user = (struct pin){ .set = true, .len = pin->len, .left = PIN_TRIES };
	memcpy(world.tokens[session->slot].user.bytes, pin->at, pin->len);
}

static void init_pin(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	struct given_pin pin = { .at = NULL };

	choose_new_pin(&pin);
	init_pin_in(session, handle, &pin, &verdict);
}

static void set_pin(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	struct given_pin old = { .at = NULL }, new = { .at = NULL };
	struct token *token = session != NULL ? &world.tokens[session->slot] : NULL;
	struct pin *pin = token == NULL ? NULL : so_in(session->slot) ? &token->so : &token->user;

	choose_pin(&old, pin, 85);
	choose_new_pin(&new);
	why_new_pin(&verdict, &new);
	if (session != NULL) {
		why_if(&verdict, !session->read_write, CKR_SESSION_READ_ONLY);
		why_pin(&verdict, pin, &old);
	}
	tell("(%#lx, PIN of %lu%s, PIN of %lu%s)", handle, old.len, old.at == NULL ? " NULL" : "", new.len,
	     new.at == NULL ? " NULL" : "");
	(void)CALL(&verdict, C_SetPIN, handle, old.at, old.len, new.at, new.len);
	if (pin == NULL)
		return;
	pin_tried(pin, &old, judge_last);
	if (judge_last == CKR_OK) {
		memcpy(pin->bytes, new.at, new.len);
		pin->len = new.len;
	}
}

/* ---- logins ---- */

/* Who is asked for a PIN; NULL where nobody is. */
static struct pin *pin_of(const struct session *session, CK_USER_TYPE who)
{
	struct token *token = session != NULL ? &world.tokens[session->slot] : NULL;

	if (token == NULL)
		return NULL;
	return who == CKU_SO ? &token->so : &token->user;
}

static unsigned count_waiting(const struct session *session)
{
	unsigned count = 0;

	for (size_t op = 0; op < OPS; op++)
		count += session->ops[op].active && session->ops[op].waits;
	return count;
}

static void why_login(struct verdict *verdict, const struct session *session, CK_USER_TYPE who)
{
	const CK_USER_TYPE now = world.tokens[session->slot].who;

	if (who == CKU_CONTEXT_SPECIFIC) {
		why_if(verdict, count_waiting(session) == 0, CKR_OPERATION_NOT_INITIALIZED);
		return;
	}
	if (who != CKU_SO && who != CKU_USER) {
		why(verdict, CKR_USER_TYPE_INVALID);
		return;
	}
	if (now != CK_UNAVAILABLE_INFORMATION)
		why(verdict, now == who ? CKR_USER_ALREADY_LOGGED_IN : CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	why_if(verdict,
	       who == CKU_SO && count_sessions(session->slot, false) != count_sessions(session->slot, true),
	       CKR_SESSION_READ_ONLY_EXISTS);
}

/* §4.10: the right PIN lets one go on; after a wrong one all is as it was before. */
static void waiting_done(struct session *session)
{
	const bool sure = count_waiting(session) == 1;

	for (unsigned op = 0; op < OPS; op++) {
		if (!session->ops[op].active || !session->ops[op].waits)
			continue;
		if (sure)
			session->ops[op].waits = false;
		else /* which of them it was is the token's affair */
			settle_doubt(session, (enum op)op);
	}
}

static void log_in_with(struct session *session, CK_SESSION_HANDLE handle, CK_USER_TYPE who,
			struct given_pin *given, struct verdict *verdict)
{
	struct pin *pin = pin_of(session, who);
	const bool by_name = chance(15), named = by_name && chance(50);
	CK_UTF8CHAR name[] = "somebody";

	if (session != NULL) {
		why_login(verdict, session, who);
		if (!named && (who <= CKU_CONTEXT_SPECIFIC))
			why_pin(verdict, pin, given);
		why_if(verdict, named, CKR_PIN_INCORRECT); /* nobody has a name here */
	}
	why_if(verdict, given->at == NULL, CKR_ARGUMENTS_BAD);
	tell("(%#lx, user %lu, PIN of %lu%s%s)", handle, who, given->len, given->at == NULL ? " NULL" : "",
	     named ? ", name" : "");
	if (by_name)
		(void)CALL(verdict, C_LoginUser, handle, who, given->at, given->len, named ? name : NULL,
			   named ? sizeof(name) - 1 : 0);
	else
		(void)CALL(verdict, C_Login, handle, who, given->at, given->len);
	if (session == NULL)
		return;
	if (!named && who <= CKU_CONTEXT_SPECIFIC)
		pin_tried(pin, given, judge_last);
	if (who == CKU_CONTEXT_SPECIFIC && judge_last == CKR_PIN_LOCKED)
		world_logged_out(session->slot); /* §4.10 */
	else if (who == CKU_CONTEXT_SPECIFIC && judge_last == CKR_OK)
		waiting_done(session);
	else if (who != CKU_CONTEXT_SPECIFIC && judge_last == CKR_OK)
		world_logged_in(session->slot, who);
}

static void log_in(void)
{
	static const CK_USER_TYPE users[] = { CKU_USER, CKU_USER, CKU_SO, CKU_SO, CKU_CONTEXT_SPECIFIC, 7 };
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	const CK_USER_TYPE who = users[choose(COUNT(users))];
	struct given_pin pin = { .at = NULL };

	choose_pin(&pin, pin_of(session, who), 85);
	log_in_with(session, handle, who, &pin, &verdict);
}

/* Mostly where there is something that waits for it. */
void log_in_again(void)
{
	struct verdict verdict = VERDICT_NONE;
	struct session *session = NULL;
	struct given_pin pin = { .at = NULL };

	for (size_t i = 0; i < SESSIONS && session == NULL; i++) {
		if (world.sessions[i].handle != 0 && count_waiting(&world.sessions[i]) != 0)
			session = &world.sessions[i];
	}
	if (session == NULL)
		return;
	choose_pin(&pin, pin_of(session, CKU_USER), 75);
	log_in_with(session, session->handle, CKU_CONTEXT_SPECIFIC, &pin, &verdict);
	if (chance(50))
		get_token_info();
}

/* One wrong PIN after another, up to the last try and the one that does it; then a look. */
static void guess(void)
{
	struct verdict verdict = VERDICT_NONE;
	struct session *session = any_session();
	const CK_USER_TYPE who = chance(85) ? CKU_USER : CKU_SO;
	struct given_pin pin = { .at = NULL };

	if (session == NULL || pin_of(session, who)->left == 0)
		return;
	if (!nobody(session->slot)) {
		tell("(%#lx)", session->handle);
		if (CALL(&verdict, C_Logout, session->handle))
			world_logged_out(session->slot);
	}
	set_given(&pin, "a guess", 7);
	for (uint64_t i = 1 + choose(PIN_TRIES); i > 0; i--) {
		verdict = VERDICT_NONE;
		log_in_with(session, session->handle, who, &pin, &verdict);
	}
	get_token_info();
}

static void log_in_right(struct session *session, CK_USER_TYPE who)
{
	struct verdict verdict = VERDICT_NONE;
	struct given_pin pin = { .at = NULL };
	const struct pin *right = pin_of(session, who);

	set_given(&pin, right->bytes, right->len);
	log_in_with(session, session->handle, who, &pin, &verdict);
}

void log_in_user(void)
{
	struct session *session = any_session();

	if (session != NULL && nobody(session->slot) && world.tokens[session->slot].user.left > 0)
		log_in_right(session, CKU_USER);
}

/* The way to a user's PIN: the officer, the PIN, and out again. */
void set_user_pin(void)
{
	struct verdict verdict = VERDICT_NONE;
	struct session *session = any_session();
	struct given_pin pin = { .at = NULL };

	if (session == NULL || world.tokens[session->slot].so.left == 0)
		return;
	if (nobody(session->slot)) {
		if (close_read_only(session->slot)) /* one at a time: the officer wants none of them */
			return;
		log_in_right(session, CKU_SO);
		return;
	}
	set_given(&pin, good_pins[0], strlen(good_pins[0]));
	init_pin_in(session, session->handle, &pin, &verdict);
}

static void log_out(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);

	if (session != NULL)
		why_if(&verdict, nobody(session->slot), CKR_USER_NOT_LOGGED_IN);
	tell("(%#lx)", handle);
	if (CALL(&verdict, C_Logout, handle))
		world_logged_out(session->slot);
}

/* The officer does not stay for long: there is little that he may do. */
void log_out_officer(void)
{
	struct verdict verdict = VERDICT_NONE;
	struct session *session = any_session();

	if (session == NULL || !so_in(session->slot) || !world.tokens[session->slot].user.set)
		return;
	tell("(%#lx)", session->handle);
	if (CALL(&verdict, C_Logout, session->handle))
		world_logged_out(session->slot);
}

/* ---- random numbers ---- */

static void seed_random(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	const bool none = chance(15);

	(void)choose_session(&verdict, &handle);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	may(&verdict, CKR_RANDOM_SEED_NOT_SUPPORTED); /* a token that takes it is a good one as well */
	tell("(%#lx)", handle);
	(void)CALL(&verdict, C_SeedRandom, handle, none ? NULL : exact("seed", 4), 4);
}

static void generate_random(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct room room;
	const size_t len = choose(64);
	const bool none = len != 0 && chance(8);
	uint8_t same = 0;

	(void)choose_session(&verdict, &handle);
	room_begin(&room, false, len);
	why_if(&verdict, none, CKR_ARGUMENTS_BAD);
	tell("(%#lx, %zu)", handle, len);
	(void)CALL(&verdict, C_GenerateRandom, handle, none ? NULL : room.data, len);
	room_judge(&room, judge_last, "C_GenerateRandom");
	for (size_t i = 1; i < len; i++)
		same |= room.bytes[i] ^ room.bytes[0];
	if (judge_last == CKR_OK && len > 12 && same == 0)
		wrong("C_GenerateRandom: %zu times the same byte", len);
}

const struct kind_of_call admin_calls[] = {
	{ initialize, 2 },
	{ finalize, 3 },
	{ get_info, 3 },
	{ get_function_list, 2 },
	{ get_interface_list, 2 },
	{ get_interface, 3 },
	{ not_parallel, 3 },
	{ wait_for_slot_event, 2 },
	{ get_slot_list, 6 },
	{ get_slot_info, 3 },
	{ get_token_info, 14 },
	{ get_mechanism_list, 3 },
	{ get_mechanism_info, 4 },
	{ init_token, 4 },
	{ init_pin, 2 },
	{ set_pin, 3 },
	{ log_in, 9 },
	{ log_in_again, 12 },
	{ guess, 2 },
	{ log_out, 2 },
	{ log_out_officer, 8 },
	{ seed_random, 2 },
	{ generate_random, 4 },
};
const size_t admin_call_count = COUNT(admin_calls);
