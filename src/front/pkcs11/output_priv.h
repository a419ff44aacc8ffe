/*
 * Output of variable length, as §5.2 has it: without a buffer it is a question.
 */
#pragma once

#include <ashlar/pkcs11.h>

#include "util/span.h"
#include "util/status.h"

static inline struct ash_out ash_room_of(CK_BYTE_PTR out, const CK_ULONG *len)
{
	return (struct ash_out){ .data = out, .cap = out != NULL ? *len : 0 };
}

static inline struct ash_status ash_answer(struct ash_status status, const struct ash_out *out,
					   CK_ULONG_PTR ret_len)
{
	if (status.code == ASH_OK || status.code == ASH_E_BUFFER_TOO_SMALL)
		*ret_len = out->len;
	return status;
}
