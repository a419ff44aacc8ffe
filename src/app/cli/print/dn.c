#include "app/cli/print/dn.h"

#include <stdio.h>

#include "app/cli/print/text.h"
#include "token/der.h"

#define PARTS_MAX 64

#define DER_SET      0x31u
#define DER_UTF8     0x0cu
#define DER_NUMERIC  0x12u
#define DER_TELETEX  0x14u
#define DER_IA5      0x16u
#define DER_VISIBLE  0x1au
#define DER_BMP      0x1eu
#define SURROGATES   0xd800u
#define SURROGATES_N 0x800u

#define OID(bytes) (bytes), sizeof(bytes) - 1

/* RFC 4514 §3, and below two of PKCS#9 and X.520. */
static const struct {
	const char *oid;
	size_t len;
	const char *name;
} types[] = {
	{ OID("\x55\x04\x03"), "CN" },
	{ OID("\x55\x04\x07"), "L" },
	{ OID("\x55\x04\x08"), "ST" },
	{ OID("\x55\x04\x0a"), "O" },
	{ OID("\x55\x04\x0b"), "OU" },
	{ OID("\x55\x04\x06"), "C" },
	{ OID("\x55\x04\x09"), "STREET" },
	{ OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), "DC" },
	{ OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), "UID" },
	{ OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), "emailAddress" },
	{ OID("\x55\x04\x05"), "serialNumber" },
};

static ASH_STATUS add_number(struct ash_buf *out, uint64_t number, bool first)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%s%llu", first ? "" : ".", (unsigned long long)number);
	return ash_buf_add(out, ash_span_text(text));
}

/* X.690 §8.19: base 128, and the first two numbers in one. */
static ASH_STATUS add_oid(struct ash_buf *out, struct ash_span oid)
{
	uint64_t number = 0;
	bool first = true;

	ASH_ENSURE(oid.len > 0 && (oid.data[oid.len - 1] & 0x80) == 0, ASH_E_FORMAT);
	for (size_t i = 0; i < oid.len; i++) {
		ASH_ENSURE(number <= UINT64_MAX >> 7, ASH_E_FORMAT);
		number = number << 7 | (oid.data[i] & 0x7fu);
		if ((oid.data[i] & 0x80) != 0)
			continue;
		if (first) {
			uint64_t root = number < 80 ? number / 40 : 2;

			ASH_TRY(add_number(out, root, true));
			number -= root * 40;
		}
		ASH_TRY(add_number(out, number, false));
		first = false;
		number = 0;
	}
	return ASH_DONE;
}

static ASH_STATUS add_type(struct ash_buf *out, struct ash_span oid)
{
	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		if (ash_span_equal(ash_span(types[i].oid, types[i].len), oid))
			return ash_buf_add(out, ash_span_text(types[i].name));
	}
	return add_oid(out, oid);
}

/* RFC 4514 §2.4: what has a meaning in the text stands behind a backslash. */
static ASH_STATUS add_text(struct ash_buf *out, struct ash_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.data[i];
		bool edge = (byte == ' ' && (i == 0 || i + 1 == text.len)) || (byte == '#' && i == 0);
		bool special = byte != 0 && strchr("\"+,;<>\\", byte) != NULL;

		if (byte == 0)
			ASH_TRY(ash_buf_add(out, ash_span_text("\\00")));
		else if (edge || special)
			ASH_TRY(ash_buf_add(out, ash_span_text("\\")));
		if (byte != 0)
			ASH_TRY(ash_buf_add(out, ash_span(&byte, 1)));
	}
	return ASH_DONE;
}

/* Two bytes a character, in UTF-8. */
static ASH_STATUS add_bmp(struct ash_buf *out, struct ash_span text)
{
	ASH_AUTO(ash_buf) utf8 = ASH_BUF_PLAIN;

	ASH_ENSURE(text.len % 2 == 0, ASH_E_FORMAT);
	for (size_t i = 0; i < text.len; i += 2) {
		unsigned point = (unsigned)text.data[i] << 8 | text.data[i + 1];
		uint8_t bytes[3] = { (uint8_t)(0xe0 | point >> 12), (uint8_t)(0x80 | (point >> 6 & 0x3f)),
				     (uint8_t)(0x80 | (point & 0x3f)) };
		size_t skip = point < 0x80 ? 2 : (point < 0x800 ? 1 : 0);

		ASH_ENSURE(point - SURROGATES >= SURROGATES_N, ASH_E_FORMAT);
		if (skip == 2)
			bytes[2] = (uint8_t)point;
		else if (skip == 1)
			bytes[1] = (uint8_t)(0xc0 | point >> 6);
		ASH_TRY(ash_buf_add(&utf8, ash_span(bytes + skip, sizeof(bytes) - skip)));
	}
	return add_text(out, ash_buf_span(&utf8));
}

/* `whole` is the element of which `value` is the content. */
static ASH_STATUS add_value(struct ash_buf *out, uint8_t tag, struct ash_span value, struct ash_span whole)
{
	switch (tag) {
	case DER_UTF8:
	case ASH_DER_PRINTABLE_STRING:
	case DER_NUMERIC:
	case DER_TELETEX: /* what it means nobody agrees on: in practice, ASCII */
	case DER_IA5:
	case DER_VISIBLE: return add_text(out, value);
	case DER_BMP: return add_bmp(out, value);
	default: ASH_TRY(ash_buf_add(out, ash_span_text("#"))); return ash_cli_hex(whole, out);
	}
}

/* AttributeTypeAndValue */
static ASH_STATUS add_pair(struct ash_buf *out, struct ash_reader *in)
{
	struct ash_span content = ASH_SPAN_NONE, oid = ASH_SPAN_NONE, value = ASH_SPAN_NONE;
	struct ash_span whole;
	struct ash_reader pair;
	uint8_t tag;

	ASH_TRY(ash_der_take(in, ASH_DER_SEQUENCE, &content));
	pair = ash_reader(content);
	ASH_TRY(ash_der_take(&pair, ASH_DER_OID, &oid));
	whole = pair.rest;
	ASH_ENSURE(whole.len > 0, ASH_E_FORMAT);
	tag = whole.data[0];
	ASH_TRY(ash_der_take(&pair, tag, &value));
	ASH_TRY(ash_reader_end(&pair));
	ASH_TRY(add_type(out, oid));
	ASH_TRY(ash_buf_add(out, ash_span_text("=")));
	return add_value(out, tag, value, whole);
}

/* RelativeDistinguishedName */
static ASH_STATUS add_part(struct ash_buf *out, struct ash_span set)
{
	struct ash_reader in = ash_reader(set);

	ASH_ENSURE(set.len > 0, ASH_E_FORMAT);
	for (bool first = true; in.rest.len > 0; first = false) {
		if (!first)
			ASH_TRY(ash_buf_add(out, ash_span_text("+")));
		ASH_TRY(add_pair(out, &in));
	}
	return ASH_DONE;
}

static ASH_STATUS add_name(struct ash_span der, struct ash_buf *out)
{
	struct ash_reader in = ash_reader(der);
	struct ash_span content = ASH_SPAN_NONE;
	struct ash_span parts[PARTS_MAX];
	size_t count = 0;

	ASH_TRY(ash_der_take(&in, ASH_DER_SEQUENCE, &content));
	ASH_TRY(ash_reader_end(&in));
	for (in = ash_reader(content); in.rest.len > 0; count++) {
		ASH_ENSURE(count < PARTS_MAX, ASH_E_FORMAT);
		ASH_TRY(ash_der_take(&in, DER_SET, &parts[count]));
	}
	for (size_t i = count; i > 0; i--) {
		if (i < count)
			ASH_TRY(ash_buf_add(out, ash_span_text(",")));
		ASH_TRY(add_part(out, parts[i - 1]));
	}
	return ASH_DONE;
}

ASH_STATUS ash_cli_dn_text(struct ash_span der, struct ash_buf *out)
{
	const size_t before = out->len;
	const struct ash_status status = add_name(der, out);

	if (!ash_is_ok(status))
		out->len = before;
	return status;
}
