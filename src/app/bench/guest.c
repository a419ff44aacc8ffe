#include "app/bench/guest.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/compat.h"

/* No secret: the token lives as long as the measurement. */
static CK_UTF8CHAR so_pin[] = "bench-officer";
static CK_UTF8CHAR user_pin[] = "bench-user";
static CK_UTF8CHAR token_label[] = "bench                           ";

#define PAGE 100 /* handles asked for at once */

ASH_STATUS ash_bench_asked(const char *function, CK_RV rv)
{
	const struct ash_status status = ash_module_status(rv);

	if (!ash_is_ok(status))
		ASH_FAIL_WITH(status.code, "%s answers 0x%lx: %s", function, (unsigned long)rv,
			      ash_code_text(status.code));
	return ASH_DONE;
}

ASH_STATUS ash_bench_guest_load(const char *path, struct ash_bench_guest *ret_guest)
{
	*ret_guest = ASH_BENCH_GUEST_NONE;
	ASH_TRY(ash_module_open(path, &ret_guest->module));
	ret_guest->p11 = ash_module_functions(ret_guest->module);
	return ASH_DONE;
}

void ash_bench_guest_done(struct ash_bench_guest *guest)
{
	guest->module = ash_module_close(guest->module);
	*guest = ASH_BENCH_GUEST_NONE;
}

ASH_STATUS ash_bench_guest_name(const struct ash_bench_guest *guest, char *name, size_t cap)
{
	CK_INFO info = { .flags = 0 };
	int len = (int)sizeof(info.manufacturerID);

	ASH_TRY(ASH_BENCH_ASK(guest, C_GetInfo, &info));
	while (len > 0 && (info.manufacturerID[len - 1] == ' ' || info.manufacturerID[len - 1] == '\0'))
		len--;
	/* Not the description: SoftHSM's is "Implementation of PKCS11". */
	snprintf(name, cap, "%.*s %u.%u", len, (const char *)info.manufacturerID, info.libraryVersion.major,
		 info.libraryVersion.minor);
	for (char *at = name; *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
			*at = '?';
	}
	return ASH_DONE;
}

/* ---- the token ---- */

/* The first slot with a token that is (or is not) initialised; an initialised one has to be ours. */
static ASH_STATUS find_slot(struct ash_bench_guest *guest, bool initialized)
{
	CK_SLOT_ID slots[64];
	CK_ULONG count = ASH_COUNT(slots);

	ASH_TRY(ASH_BENCH_ASK(guest, C_GetSlotList, CK_TRUE, slots, &count));
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info = { .flags = 0 };

		if (guest->p11->C_GetTokenInfo(slots[i], &info) != CKR_OK)
			continue;
		if (((info.flags & CKF_TOKEN_INITIALIZED) != 0) != initialized)
			continue;
		if (initialized && memcmp(info.label, token_label, sizeof(info.label)) != 0)
			continue;
		guest->slot = slots[i];
		return ASH_DONE;
	}
	ASH_FAIL_WITH(ASH_E_TOKEN_NOT_PRESENT, "the module has no %s",
		      initialized ? "token that was made for this" : "slot whose token is not initialised");
}

ASH_STATUS ash_bench_guest_make_token(struct ash_bench_guest *guest)
{
	ASH_TRY(find_slot(guest, false));
	ASH_TRY(ASH_BENCH_ASK(guest, C_InitToken, guest->slot, so_pin, sizeof(so_pin) - 1, token_label));
	ASH_TRY(ash_bench_guest_enter(guest)); /* the slot may have got another number */
	ASH_TRY(ASH_BENCH_ASK(guest, C_Login, guest->session, CKU_SO, so_pin, sizeof(so_pin) - 1));
	ASH_TRY(ASH_BENCH_ASK(guest, C_InitPIN, guest->session, user_pin, sizeof(user_pin) - 1));
	return ASH_BENCH_ASK(guest, C_Logout, guest->session);
}

ASH_STATUS ash_bench_guest_enter(struct ash_bench_guest *guest)
{
	ASH_TRY(find_slot(guest, true));
	return ASH_BENCH_ASK(guest, C_OpenSession, guest->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
			     NULL, &guest->session);
}

ASH_STATUS ash_bench_guest_login(struct ash_bench_guest *guest)
{
	return ASH_BENCH_ASK(guest, C_Login, guest->session, CKU_USER, user_pin, sizeof(user_pin) - 1);
}

/* ---- keys ---- */

static struct ash_bench_value value(const char *kind, uint64_t number)
{
	struct ash_bench_value made = { .len = 0 };

	made.len = (CK_ULONG)snprintf((char *)made.bytes, sizeof(made.bytes), "%s-%012" PRIx64, kind, number);
	return made;
}

struct ash_bench_value ash_bench_id(uint64_t index)
{
	return value("id", index);
}

struct ash_bench_value ash_bench_label(uint64_t index)
{
	return value("service", index / ASH_BENCH_GROUP);
}

ASH_STATUS ash_bench_guest_make_pair(const struct ash_bench_guest *guest, CK_SESSION_HANDLE session,
				     uint64_t index, CK_OBJECT_HANDLE ret_pair[2])
{
	static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	struct ash_bench_value id = ash_bench_id(index), label = ash_bench_label(index);
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },      { CKA_PRIVATE, &no, sizeof(no) },
		{ CKA_VERIFY, &yes, sizeof(yes) },     { CKA_EC_PARAMS, p256, sizeof(p256) },
		{ CKA_LABEL, label.bytes, label.len }, { CKA_ID, id.bytes, id.len },
	};
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },      { CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },  { CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_LABEL, label.bytes, label.len }, { CKA_ID, id.bytes, id.len },
	};

	return ASH_BENCH_ASK(guest, C_GenerateKeyPair, session, &mechanism, public, ASH_COUNT(public),
			     private, ASH_COUNT(private), &ret_pair[0], &ret_pair[1]);
}

ASH_STATUS ash_bench_guest_find(const struct ash_bench_guest *guest, CK_ATTRIBUTE *attrs, CK_ULONG count,
				CK_OBJECT_HANDLE *handles, size_t cap, size_t *ret_found)
{
	CK_OBJECT_HANDLE page[PAGE];
	CK_ULONG got = 0;
	size_t found = 0;

	ASH_TRY(ASH_BENCH_ASK(guest, C_FindObjectsInit, guest->session, attrs, count));
	do {
		ASH_TRY(ASH_BENCH_ASK(guest, C_FindObjects, guest->session, page, PAGE, &got));
		for (CK_ULONG i = 0; i < got; i++, found++) {
			if (found < cap)
				handles[found] = page[i];
		}
	} while (got > 0);
	ASH_TRY(ASH_BENCH_ASK(guest, C_FindObjectsFinal, guest->session));
	*ret_found = found;
	return ASH_DONE;
}
