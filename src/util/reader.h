/*
 * The bounded reader: the only way to read bytes that a file or a peer wrote.
 * Big-endian numbers. Every read either gives the whole value or fails with
 * ASH_E_FORMAT and moves nothing. The reader owns nothing.
 */
#pragma once

#include "util/span.h"
#include "util/status.h"

struct ash_reader {
	struct ash_span rest;
};

static inline struct ash_reader ash_reader(struct ash_span bytes)
{
	return (struct ash_reader){ bytes };
}

ASH_STATUS ash_reader_u8(struct ash_reader *in, uint8_t *ret_value);
ASH_STATUS ash_reader_u16(struct ash_reader *in, uint16_t *ret_value);
ASH_STATUS ash_reader_u32(struct ash_reader *in, uint32_t *ret_value);
ASH_STATUS ash_reader_u64(struct ash_reader *in, uint64_t *ret_value);

/* Exactly `len` bytes, lent from what is read. */
ASH_STATUS ash_reader_take(struct ash_reader *in, size_t len, struct ash_span *ret_bytes);

/* A 32-bit length of at most `max`, then as many bytes, lent. */
ASH_STATUS ash_reader_bytes(struct ash_reader *in, size_t max, struct ash_span *ret_bytes);

/* Trailing bytes are an error: two parsers must not disagree. */
ASH_STATUS ash_reader_end(const struct ash_reader *in);
