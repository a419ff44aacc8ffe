#include "token/der.h"

#include "util/writer.h"

#define SHORT_MAX 0x7fu /* what is longer says how many bytes its length has */
#define ONE_BYTE  0x81u
#define TWO_BYTES 0x82u

static struct ash_status add_header(struct ash_buf *out, uint8_t tag, size_t len)
{
	/* Room for all of it first, so that nothing is left half-written. */
	ASH_ENSURE(len <= UINT16_MAX, ASH_E_LIMIT);
	ASH_TRY(ash_buf_reserve(out, 4 + len));
	ASH_TRY(ash_write_u8(out, tag));
	if (len <= SHORT_MAX)
		return ash_write_u8(out, (uint8_t)len);
	if (len <= UINT8_MAX) {
		ASH_TRY(ash_write_u8(out, ONE_BYTE));
		return ash_write_u8(out, (uint8_t)len);
	}
	ASH_TRY(ash_write_u8(out, TWO_BYTES));
	return ash_write_u16(out, (uint16_t)len);
}

struct ash_status ash_der_add(struct ash_buf *out, uint8_t tag, struct ash_span content)
{
	ASH_TRY(add_header(out, tag, content.len));
	return ash_buf_add(out, content);
}

struct ash_status ash_der_add_bits(struct ash_buf *out, uint8_t tag, struct ash_span bytes)
{
	ASH_ENSURE(bytes.len < UINT16_MAX, ASH_E_LIMIT);
	ASH_TRY(add_header(out, tag, bytes.len + 1));
	ASH_TRY(ash_write_u8(out, 0)); /* no unused bits */
	return ash_buf_add(out, bytes);
}

struct ash_status ash_der_add_integer(struct ash_buf *out, struct ash_span number)
{
	size_t sign = 0;

	while (number.len != 0 && number.data[0] == 0) {
		number.data++;
		number.len--;
	}
	if (number.len == 0 || number.data[0] >= 0x80)
		sign = 1; /* a zero byte in front: else it would be nothing, or negative */
	ASH_TRY(add_header(out, ASH_DER_INTEGER, number.len + sign));
	if (sign != 0)
		ASH_TRY(ash_write_u8(out, 0));
	return ash_buf_add(out, number);
}

static struct ash_status take_len(struct ash_reader *in, size_t *ret_len)
{
	uint8_t first = 0, byte = 0;
	uint16_t both = 0;

	ASH_TRY(ash_reader_u8(in, &first));
	if (first == ONE_BYTE) {
		ASH_TRY(ash_reader_u8(in, &byte));
		ASH_ENSURE(byte > SHORT_MAX, ASH_E_FORMAT);
		*ret_len = byte;
	} else if (first == TWO_BYTES) {
		ASH_TRY(ash_reader_u16(in, &both));
		ASH_ENSURE(both > UINT8_MAX, ASH_E_FORMAT);
		*ret_len = both;
	} else {
		ASH_ENSURE(first <= SHORT_MAX, ASH_E_FORMAT);
		*ret_len = first;
	}
	return ASH_DONE;
}

struct ash_status ash_der_take(struct ash_reader *in, uint8_t tag, struct ash_span *ret_content)
{
	struct ash_reader ahead = *in;
	uint8_t found = 0;
	size_t len = 0;

	ASH_TRY(ash_reader_u8(&ahead, &found));
	ASH_ENSURE(found == tag, ASH_E_FORMAT);
	ASH_TRY(take_len(&ahead, &len));
	ASH_TRY(ash_reader_take(&ahead, len, ret_content));
	*in = ahead;
	return ASH_DONE;
}

struct ash_status ash_der_take_integer(struct ash_reader *in, struct ash_span *ret_number)
{
	struct ash_reader ahead = *in;
	struct ash_span number = ASH_SPAN_NONE;

	ASH_TRY(ash_der_take(&ahead, ASH_DER_INTEGER, &number));
	ASH_ENSURE(number.len != 0 && number.data[0] < 0x80, ASH_E_FORMAT);
	if (number.data[0] == 0) {
		ASH_ENSURE(number.len == 1 || number.data[1] >= 0x80, ASH_E_FORMAT);
		number = ash_span(number.data + 1, number.len - 1);
	}
	*in = ahead;
	*ret_number = number;
	return ASH_DONE;
}

struct ash_status ash_der_take_bits(struct ash_reader *in, uint8_t tag, struct ash_span *ret_bytes)
{
	struct ash_reader ahead = *in;
	struct ash_span bits = ASH_SPAN_NONE;

	ASH_TRY(ash_der_take(&ahead, tag, &bits));
	ASH_ENSURE(bits.len != 0 && bits.data[0] == 0, ASH_E_FORMAT);
	*in = ahead;
	*ret_bytes = ash_span(bits.data + 1, bits.len - 1);
	return ASH_DONE;
}

bool ash_der_is_next(const struct ash_reader *in, uint8_t tag)
{
	return in->rest.len != 0 && in->rest.data[0] == tag;
}
