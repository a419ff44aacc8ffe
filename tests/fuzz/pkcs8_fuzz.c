/*
 * PrivateKeyInfo from strangers: whatever is taken for a key is written again, and is
 * then the same key, and the same bytes from there on.
 *
 * The input: one byte for the key type that is expected, then the DER.
 */
#include <stdint.h>
#include <stdlib.h>

#include "token/keymap.h"
#include "token/pkcs8.h"
#include "util/compat.h"

#define HOLDS(condition)                  \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

static const uint64_t key_types[] = {
	CKK_RSA, CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY, CKK_ML_DSA, CKK_ML_KEM,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool decode(struct ash_span der, uint64_t key_type, struct ash_attrs **ret_attrs)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;

	HOLDS(ash_is_ok(ash_attrs_new(&attrs)));
	HOLDS(ash_is_ok(ash_attrs_set_number(attrs, CKA_CLASS, CKO_PRIVATE_KEY)));
	HOLDS(ash_is_ok(ash_attrs_set_number(attrs, CKA_KEY_TYPE, key_type)));
	if (!ash_is_ok(ash_pkcs8_decode(der, attrs)))
		return false;
	*ret_attrs = ASH_TAKE(attrs);
	return true;
}

static void expect_same(const struct ash_attrs *one, const struct ash_attrs *other)
{
	ASH_AUTO(ash_buf) first = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) second = ASH_BUF_SECRET;

	HOLDS(ash_is_ok(ash_attrs_encode(one, &first)));
	HOLDS(ash_is_ok(ash_attrs_encode(other, &second)));
	HOLDS(ash_span_equal(ash_buf_span(&first), ash_buf_span(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	ASH_AUTO(ash_attrs) *again = NULL;
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) same = ASH_BUF_SECRET;
	struct ash_key_spec spec;
	uint64_t key_type = 0;

	if (len == 0)
		return 0;
	key_type = key_types[data[0] % ASH_COUNT(key_types)];
	if (!decode(ash_span(data + 1, len - 1), key_type, &attrs))
		return 0;
	HOLDS(key_type == CKK_RSA ||
	      ash_is_ok(ash_keymap_spec(attrs, &spec))); /* RSA may be too long for us */
	if (!ash_is_ok(ash_pkcs8_encode(attrs, &der))) {
		HOLDS(key_type == CKK_RSA);
		return 0;
	}
	HOLDS(der.len <= len - 1); /* what may come along is left out, and nothing is added */
	HOLDS(decode(ash_buf_span(&der), key_type, &again));
	if (!ash_attrs_has(again, CKA_PUBLIC_KEY_INFO)) /* version 2 had it, and we write version 1 */
		ash_attrs_remove(attrs, CKA_PUBLIC_KEY_INFO);
	expect_same(attrs, again);
	HOLDS(ash_is_ok(ash_pkcs8_encode(again, &same)));
	HOLDS(ash_span_equal(ash_buf_span(&der), ash_buf_span(&same)));
	return 0;
}
