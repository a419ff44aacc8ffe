#include "util/reader.h"

#include <endian.h>
#include <string.h>

/* The bytes of a number as they lie there. */
static struct ash_status take_number(struct ash_reader *in, void *bytes, size_t len)
{
	ASH_ENSURE(len <= in->rest.len, ASH_E_FORMAT);
	memcpy(bytes, in->rest.data, len);
	in->rest = ash_span(in->rest.data + len, in->rest.len - len);
	return ASH_DONE;
}

struct ash_status ash_reader_u8(struct ash_reader *in, uint8_t *ret_value)
{
	return take_number(in, ret_value, sizeof(*ret_value));
}

struct ash_status ash_reader_u16(struct ash_reader *in, uint16_t *ret_value)
{
	uint16_t value = 0;

	ASH_TRY(take_number(in, &value, sizeof(value)));
	*ret_value = be16toh(value);
	return ASH_DONE;
}

struct ash_status ash_reader_u32(struct ash_reader *in, uint32_t *ret_value)
{
	uint32_t value = 0;

	ASH_TRY(take_number(in, &value, sizeof(value)));
	*ret_value = be32toh(value);
	return ASH_DONE;
}

struct ash_status ash_reader_u64(struct ash_reader *in, uint64_t *ret_value)
{
	uint64_t value = 0;

	ASH_TRY(take_number(in, &value, sizeof(value)));
	*ret_value = be64toh(value);
	return ASH_DONE;
}

struct ash_status ash_reader_take(struct ash_reader *in, size_t len, struct ash_span *ret_bytes)
{
	ASH_ENSURE(len <= in->rest.len, ASH_E_FORMAT);
	*ret_bytes = ash_span(in->rest.data, len);
	in->rest.len -= len;
	if (len != 0)
		in->rest.data += len;
	return ASH_DONE;
}

struct ash_status ash_reader_bytes(struct ash_reader *in, size_t max, struct ash_span *ret_bytes)
{
	struct ash_reader ahead = *in;
	uint32_t len = 0;

	ASH_TRY(ash_reader_u32(&ahead, &len));
	ASH_ENSURE(len <= max, ASH_E_FORMAT);
	ASH_TRY(ash_reader_take(&ahead, len, ret_bytes));
	*in = ahead;
	return ASH_DONE;
}

struct ash_status ash_reader_end(const struct ash_reader *in)
{
	ASH_ENSURE(in->rest.len == 0, ASH_E_FORMAT);
	return ASH_DONE;
}
