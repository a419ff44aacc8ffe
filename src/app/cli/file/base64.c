#include "app/cli/file/base64.h"

/* The digit for 6 bits: each of the ranges adds its step where it begins. */
static uint8_t digit(unsigned sextet)
{
	int byte = 'A' + (int)sextet;

	byte += ((25 - (int)sextet) >> 8) & 6;  /* a-z stand 6 behind Z */
	byte -= ((51 - (int)sextet) >> 8) & 75; /* 0-9 before them */
	byte -= ((61 - (int)sextet) >> 8) & 15; /* + */
	byte += ((62 - (int)sextet) >> 8) & 3;  /* / */
	return (uint8_t)byte;
}

ASH_STATUS ash_cli_base64(struct ash_span bytes, struct ash_buf *out)
{
	struct ash_mut room;
	uint8_t *to;

	ASH_TRY(ash_buf_extend(out, (bytes.len + 2) / 3 * 4, &room));
	to = room.data;
	for (size_t i = 0; i < bytes.len; i += 3) {
		const size_t left = bytes.len - i;
		uint32_t bits = (uint32_t)bytes.data[i] << 16;

		bits |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
		bits |= left > 2 ? bytes.data[i + 2] : 0;
		*to++ = digit(bits >> 18 & 63);
		*to++ = digit(bits >> 12 & 63);
		*to++ = left > 1 ? digit(bits >> 6 & 63) : '=';
		*to++ = left > 2 ? digit(bits & 63) : '=';
	}
	return ASH_DONE;
}

/* Of a digit; below 0 for anything else. */
static int sextet_of(int byte)
{
	int value = -1;

	value += ((('A' - 1) - byte) & (byte - ('Z' + 1))) >> 8 & (byte - 'A' + 1);
	value += ((('a' - 1) - byte) & (byte - ('z' + 1))) >> 8 & (byte - 'a' + 27);
	value += ((('0' - 1) - byte) & (byte - ('9' + 1))) >> 8 & (byte - '0' + 53);
	value += ((('+' - 1) - byte) & (byte - ('+' + 1))) >> 8 & 63;
	value += ((('/' - 1) - byte) & (byte - ('/' + 1))) >> 8 & 64;
	return value;
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct decoder {
	uint32_t bits;   /* of the digits since the last whole group */
	unsigned digits; /* of the group of four that is being read */
	unsigned pads;   /* at the end */
};

/* One character; a byte more at `to` when it is full. */
static ASH_STATUS take(struct decoder *decoder, uint8_t character, uint8_t **to)
{
	const int value = sextet_of(character);

	if (is_blank(character))
		return ASH_DONE;
	if (character == '=') {
		ASH_ENSURE(decoder->pads < 2, ASH_E_FORMAT);
		decoder->pads++;
		return ASH_DONE;
	}
	ASH_ENSURE(value >= 0 && decoder->pads == 0, ASH_E_FORMAT);
	decoder->bits = decoder->bits << 6 | (uint32_t)value;
	if (decoder->digits != 0)
		*(*to)++ = (uint8_t)(decoder->bits >> (2 * (3 - decoder->digits)));
	decoder->digits = (decoder->digits + 1) % 4;
	return ASH_DONE;
}

/* Whether the text ended where bytes do, with no bits left over. */
static bool is_whole(const struct decoder *decoder)
{
	switch (decoder->digits) {
	case 0: return decoder->pads == 0;
	case 2: return decoder->pads == 2 && (decoder->bits & 0xf) == 0;
	case 3: return decoder->pads == 1 && (decoder->bits & 0x3) == 0;
	default: return false;
	}
}

ASH_STATUS ash_cli_unbase64(struct ash_span text, struct ash_buf *out)
{
	struct decoder decoder = { 0, 0, 0 };
	const size_t before = out->len;
	struct ash_status status = ASH_DONE;
	struct ash_mut room;
	uint8_t *to;

	ASH_TRY(ash_buf_extend(out, text.len, &room)); /* more than it can be */
	to = room.data;
	for (size_t i = 0; ash_is_ok(status) && i < text.len; i++)
		status = take(&decoder, text.data[i], &to);
	out->len = before + (ash_is_ok(status) && is_whole(&decoder) ? (size_t)(to - room.data) : 0);
	ASH_TRY(status);
	ASH_ENSURE(is_whole(&decoder), ASH_E_FORMAT);
	return ASH_DONE;
}
