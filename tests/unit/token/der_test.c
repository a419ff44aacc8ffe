#include "token/der.h"

#include "unit/test.h"

static const uint8_t bytes[70000];

TEST(lengths_are_as_short_as_can_be)
{
	static const struct {
		size_t len, header_len;
		uint8_t header[4];
	} row[] = {
		{ 0, 2, { 0x04, 0x00 } },
		{ 127, 2, { 0x04, 0x7f } },
		{ 128, 3, { 0x04, 0x81, 0x80 } },
		{ 255, 3, { 0x04, 0x81, 0xff } },
		{ 256, 4, { 0x04, 0x82, 0x01, 0x00 } },
		{ 65535, 4, { 0x04, 0x82, 0xff, 0xff } },
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
		struct ash_reader in;
		struct ash_span content = ASH_SPAN_NONE;

		EXPECT_OK(ash_der_add(&out, ASH_DER_OCTET_STRING, ash_span(bytes, row[i].len)));
		EXPECT_NUMBER(row[i].header_len + row[i].len, out.len);
		EXPECT_SPAN(ash_span(row[i].header, row[i].header_len),
			    ash_span(out.data, row[i].header_len));
		in = ash_reader(ash_buf_span(&out));
		EXPECT_OK(ash_der_take(&in, ASH_DER_OCTET_STRING, &content));
		EXPECT_NUMBER(row[i].len, content.len);
		EXPECT_OK(ash_reader_end(&in));
	}
}

TEST(what_is_too_long_is_not_written)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

	EXPECT_CODE(ASH_E_LIMIT, ash_der_add(&out, ASH_DER_OCTET_STRING, ash_span(bytes, 65536)));
	EXPECT_NUMBER(0, out.len);
	out.limit = 10;
	EXPECT_CODE(ASH_E_LIMIT, ash_der_add(&out, ASH_DER_OCTET_STRING, ash_span(bytes, 9)));
	EXPECT_NUMBER(0, out.len);
}

TEST(integers_are_never_negative_and_never_padded)
{
	const struct {
		struct ash_span number, want;
	} row[] = {
		{ { NULL, 0 }, { (const uint8_t[]){ 2, 1, 0 }, 3 } },
		{ { (const uint8_t[]){ 0, 0 }, 2 }, { (const uint8_t[]){ 2, 1, 0 }, 3 } },
		{ { (const uint8_t[]){ 0x7f }, 1 }, { (const uint8_t[]){ 2, 1, 0x7f }, 3 } },
		{ { (const uint8_t[]){ 0x80 }, 1 }, { (const uint8_t[]){ 2, 2, 0, 0x80 }, 4 } },
		{ { (const uint8_t[]){ 0, 1, 0, 1 }, 4 }, { (const uint8_t[]){ 2, 3, 1, 0, 1 }, 5 } },
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;

		EXPECT_OK(ash_der_add_integer(&out, row[i].number));
		EXPECT_SPAN(row[i].want, ash_buf_span(&out));
	}
}

TEST(elements_are_taken_one_after_the_other)
{
	static const uint8_t two[] = { 0x06, 0x02, 0x2a, 0x03, 0x05, 0x00 };
	struct ash_reader in = ash_reader(SPAN(two));
	struct ash_span content = ASH_SPAN_NONE;

	EXPECT_CODE(ASH_E_FORMAT, ash_der_take(&in, ASH_DER_SEQUENCE, &content));
	EXPECT(content.data == NULL);
	EXPECT_OK(ash_der_take(&in, ASH_DER_OID, &content));
	EXPECT_SPAN(ash_span(two + 2, 2), content);
	EXPECT_NUMBER(2, in.rest.len);
	EXPECT_OK(ash_der_take(&in, 0x05, &content));
	EXPECT_CODE(ASH_E_FORMAT, ash_der_take(&in, 0x05, &content));
}

TEST(other_forms_are_refused_and_nothing_is_taken)
{
	const struct ash_span row[] = {
		{ (const uint8_t[]){ 0x04 }, 1 },                         /* no length */
		{ (const uint8_t[]){ 0x04, 0x01 }, 2 },                   /* no content */
		{ (const uint8_t[]){ 0x04, 0x02, 0x00 }, 3 },             /* not all of it */
		{ (const uint8_t[]){ 0x04, 0x80, 0x00, 0x00 }, 4 },       /* indefinite */
		{ (const uint8_t[]){ 0x04, 0x81 }, 2 },                   /* half a length */
		{ (const uint8_t[]){ 0x04, 0x81, 0x01, 0x00 }, 4 },       /* a longer length than need be */
		{ (const uint8_t[]){ 0x04, 0x82, 0x00, 0x01, 0x00 }, 5 }, /* the same */
		{ (const uint8_t[]){ 0x04, 0x82, 0x00 }, 3 },             /* half a length */
		{ (const uint8_t[]){ 0x04, 0x83, 0x00, 0x00, 0x01, 0x00 }, 6 }, /* three bytes of it */
		{ (const uint8_t[]){ 0x04, 0xff, 0x00 }, 3 },                   /* no such form */
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		struct ash_reader in = ash_reader(row[i]);
		struct ash_span content = ASH_SPAN_NONE;

		EXPECT_CODE(ASH_E_FORMAT, ash_der_take(&in, ASH_DER_OCTET_STRING, &content));
		EXPECT(content.data == NULL);
		EXPECT_SPAN(row[i], in.rest);
	}
}

TEST(numbers_are_taken_without_their_sign)
{
	const struct {
		struct ash_span der, want;
		bool good;
	} row[] = {
		{ { (const uint8_t[]){ 2, 1, 0 }, 3 }, { NULL, 0 }, true },
		{ { (const uint8_t[]){ 2, 1, 0x7f }, 3 }, { (const uint8_t[]){ 0x7f }, 1 }, true },
		{ { (const uint8_t[]){ 2, 2, 0, 0x80 }, 4 }, { (const uint8_t[]){ 0x80 }, 1 }, true },
		{ { (const uint8_t[]){ 2, 0 }, 2 }, { NULL, 0 }, false },          /* nothing */
		{ { (const uint8_t[]){ 2, 1, 0x80 }, 3 }, { NULL, 0 }, false },    /* negative */
		{ { (const uint8_t[]){ 2, 2, 0, 0x7f }, 4 }, { NULL, 0 }, false }, /* padded */
		{ { (const uint8_t[]){ 2, 2, 0, 0 }, 4 }, { NULL, 0 }, false },    /* padded */
		{ { (const uint8_t[]){ 2, 2, 0xff, 0x80 }, 4 },
		  { NULL, 0 },
		  false },                                                   /* padded and negative */
		{ { (const uint8_t[]){ 3, 1, 1 }, 3 }, { NULL, 0 }, false }, /* no number */
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		struct ash_reader in = ash_reader(row[i].der);
		struct ash_span number = ASH_SPAN_NONE;

		EXPECT_CODE(row[i].good ? ASH_OK : ASH_E_FORMAT, ash_der_take_integer(&in, &number));
		EXPECT_SPAN(row[i].want, number);
		EXPECT_NUMBER(row[i].good ? 0 : row[i].der.len, in.rest.len);
	}
}

TEST(bits_are_whole_bytes)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) empty = ASH_BUF_PLAIN;
	struct ash_span got = ASH_SPAN_NONE;
	struct ash_reader in;
	uint8_t unused[] = { 0x03, 0x02, 0x01, 0xfe };
	const uint8_t nothing[] = { 0x03, 0x00 };

	EXPECT_OK(ash_der_add_bits(&out, ASH_DER_BIT_STRING, ash_span("ab", 2)));
	EXPECT_SPAN(ash_span("\3\3\0ab", 5), ash_buf_span(&out));
	in = ash_reader(ash_buf_span(&out));
	EXPECT_CODE(ASH_E_FORMAT, ash_der_take_bits(&in, ASH_DER_CONTEXT(1), &got));
	EXPECT_OK(ash_der_take_bits(&in, ASH_DER_BIT_STRING, &got));
	EXPECT_SPAN(ash_span("ab", 2), got);
	EXPECT_OK(ash_der_add_bits(&empty, ASH_DER_CONTEXT(1), ASH_SPAN_NONE));
	in = ash_reader(ash_buf_span(&empty));
	EXPECT_OK(ash_der_take_bits(&in, ASH_DER_CONTEXT(1), &got));
	EXPECT_NUMBER(0, got.len);
	in = ash_reader(SPAN(unused));
	EXPECT_CODE(ASH_E_FORMAT, ash_der_take_bits(&in, ASH_DER_BIT_STRING, &got));
	EXPECT_NUMBER(sizeof(unused), in.rest.len);
	in = ash_reader(SPAN(nothing));
	EXPECT_CODE(ASH_E_FORMAT, ash_der_take_bits(&in, ASH_DER_BIT_STRING, &got));
	ash_buf_reset(&out);
	EXPECT_OK(ash_der_add_bits(&out, ASH_DER_BIT_STRING, ash_span(bytes, 65534)));
	EXPECT_CODE(ASH_E_LIMIT, ash_der_add_bits(&out, ASH_DER_BIT_STRING, ash_span(bytes, 65535)));
	EXPECT_NUMBER(65534 + 5, out.len);
}

TEST(what_comes_next_is_seen)
{
	const uint8_t der[] = { 0x30, 0x00 };
	const struct ash_reader in = ash_reader(SPAN(der)), end = ash_reader(ASH_SPAN_NONE);

	EXPECT(ash_der_is_next(&in, ASH_DER_SEQUENCE));
	EXPECT(!ash_der_is_next(&in, ASH_DER_OID));
	EXPECT(!ash_der_is_next(&end, 0));
	EXPECT_NUMBER(0x80, ASH_DER_CONTEXT(0));
	EXPECT_NUMBER(0xa1, ASH_DER_CONTEXT_CONS(1));
}

TEST(every_allocation_may_fail)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) number = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) bits = ASH_BUF_PLAIN;

	FAIL_EVERY_ALLOCATION(out.len == 0, ash_der_add(&out, ASH_DER_SEQUENCE, ash_span(bytes, 300)));
	FAIL_EVERY_ALLOCATION(number.len == 0, ash_der_add_integer(&number, ash_span("abc", 3)));
	FAIL_EVERY_ALLOCATION(bits.len == 0, ash_der_add_bits(&bits, ASH_DER_BIT_STRING, ash_span("abc", 3)));
}
