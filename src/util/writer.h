/*
 * The writer: what the bounded reader (util/reader.h) reads, appended to a
 * buffer. Big-endian numbers. Errors as ash_buf_reserve; on failure the buffer
 * keeps what it had.
 */
#pragma once

#include "util/buf.h"

ASH_STATUS ash_write_u8(struct ash_buf *out, uint8_t value);
ASH_STATUS ash_write_u16(struct ash_buf *out, uint16_t value);
ASH_STATUS ash_write_u32(struct ash_buf *out, uint32_t value);
ASH_STATUS ash_write_u64(struct ash_buf *out, uint64_t value);

/* A 32-bit length and the bytes; ASH_E_LIMIT past 32 bits. */
ASH_STATUS ash_write_bytes(struct ash_buf *out, struct ash_span bytes);
