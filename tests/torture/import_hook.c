/*
 * Linked into a module of its own, which is the released one but for this: it has a function
 * C_ImportKeys, which imports keys as `ashlar key import` does, many in one change. No
 * function of PKCS#11 does that.
 */
#include <endian.h>

#include "front/pkcs11/call_priv.h"

#define KEYS_MAX 20

static const uint8_t yes[] = { 1 };

/* A P-256 key as PKCS#8; the last bytes are its number. */
static const uint8_t p256_key[] = {
	0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
	0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04,
	0x20, 'a',  ' ',  'p',  'r',  'i',  'v',  'a',  't',  'e',  ' ',  'k',  'e',  'y',  ' ',  't',  'h',
	'a',  't',  ' ',  'a',  'n',  'y',  'b',  'o',  'd',  'y',  ' ',  'k',  'n',  'o',  'w',  '0',
};

static struct ash_status import_keys(const struct ash_call *call, CK_SESSION_HANDLE session, CK_ULONG count)
{
	static uint8_t keys[KEYS_MAX][sizeof(p256_key)];
	static struct ash_import imports[KEYS_MAX];
	const uint64_t numbers[] = { htobe64(CKO_PRIVATE_KEY), htobe64(CKO_PUBLIC_KEY), htobe64(CKK_EC) };
	struct ash_attr halves[2][5];

	ASH_ENSURE(count <= KEYS_MAX, ASH_E_LIMIT);
	for (size_t i = 0; i < 2; i++) {
		halves[i][0] = (struct ash_attr){ CKA_CLASS, ash_span(&numbers[i], sizeof(numbers[i])) };
		halves[i][1] = (struct ash_attr){ CKA_KEY_TYPE, ash_span(&numbers[2], sizeof(numbers[2])) };
		halves[i][2] = (struct ash_attr){ CKA_TOKEN, ash_span(yes, sizeof(yes)) };
		halves[i][3] = (struct ash_attr){ CKA_LABEL, ash_span_text("imported") };
		halves[i][4] =
			(struct ash_attr){ i == 0 ? CKA_SIGN : CKA_VERIFY, ash_span(yes, sizeof(yes)) };
	}
	for (size_t i = 0; i < count; i++) {
		memcpy(keys[i], p256_key, sizeof(p256_key));
		keys[i][sizeof(p256_key) - 1] = (uint8_t)i;
		imports[i] = (struct ash_import){ .pkcs8 = ash_span(keys[i], sizeof(keys[i])),
						  .private_given = { halves[0], 5 },
						  .public_given = { halves[1], 5 } };
	}
	return call->api->import_keys(call->hsm, session, imports, count);
}

ASH_ENTRY C_ImportKeys(CK_SESSION_HANDLE session, CK_ULONG count);

ASH_ENTRY C_ImportKeys(CK_SESSION_HANDLE session, CK_ULONG count)
{
	return ASH_SESSION_CALL(session, import_keys(&call, session, count));
}
