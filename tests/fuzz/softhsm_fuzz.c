/*
 * Objects in the files of a strange SoftHSM, under the key of the sample token: what is taken
 * is a set of attributes that can be written and read again, and is taken the same way twice.
 *
 * The input: a file.
 */
#include <stdint.h>
#include <stdlib.h>

#include "app/foreign/fit.h"
#include "app/foreign/softhsm.h"

#define HOLDS(condition)                  \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Of the token in seeds/softhsm. */
static const uint8_t key[] = { 0x80, 0xa4, 0x51, 0xf8, 0x00, 0x10, 0xd6, 0xfc, 0x4e, 0x6a, 0x81,
			       0x9d, 0x23, 0x9e, 0x40, 0xee, 0x1a, 0xbb, 0x6e, 0xb5, 0x93, 0x27,
			       0x01, 0xd7, 0xe0, 0x42, 0xfe, 0x48, 0x6f, 0x53, 0xc3, 0x37 };

static bool encode(struct ash_span file, struct ash_buf *out)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	ASH_AUTO(ash_foreign_fit) fit = ASH_FOREIGN_FIT_NONE;
	uint64_t left_out = 0;

	if (!ash_is_ok(ash_softhsm_parse(file, ash_span(key, sizeof(key)), &attrs, &left_out)))
		return false;
	HOLDS(ash_is_ok(ash_attrs_encode(attrs, out)));
	ash_ignore(ash_foreign_fit(attrs, &fit));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	ASH_AUTO(ash_buf) first = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) second = ASH_BUF_SECRET;
	ASH_AUTO(ash_attrs) *again = NULL;

	if (!encode(ash_span(data, len), &first))
		return 0;
	HOLDS(encode(ash_span(data, len), &second));
	HOLDS(ash_span_equal(ash_buf_span(&first), ash_buf_span(&second)));
	HOLDS(ash_is_ok(ash_attrs_decode(ash_buf_span(&first), &again)));
	return 0;
}
