#include "util/writer.h"

static struct ash_status number(struct ash_buf *out, size_t len, uint64_t value)
{
	uint8_t bytes[sizeof(value)];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
	return ash_buf_add(out, ash_span(bytes, len));
}

struct ash_status ash_write_u8(struct ash_buf *out, uint8_t value)
{
	return number(out, sizeof(value), value);
}

struct ash_status ash_write_u16(struct ash_buf *out, uint16_t value)
{
	return number(out, sizeof(value), value);
}

struct ash_status ash_write_u32(struct ash_buf *out, uint32_t value)
{
	return number(out, sizeof(value), value);
}

struct ash_status ash_write_u64(struct ash_buf *out, uint64_t value)
{
	return number(out, sizeof(value), value);
}

struct ash_status ash_write_bytes(struct ash_buf *out, struct ash_span bytes)
{
	ASH_ENSURE(bytes.len <= UINT32_MAX, ASH_E_LIMIT);
	ASH_TRY(ash_buf_reserve(out, sizeof(uint32_t) + bytes.len));
	ASH_TRY(ash_write_u32(out, (uint32_t)bytes.len));
	return ash_buf_add(out, bytes);
}
