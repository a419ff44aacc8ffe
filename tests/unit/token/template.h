/*
 * Templates for the tests of the token room, written as they are read:
 *
 *     ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_LABEL, TEXT("x") }, { CKA_TOKEN, YES })
 *
 * They live as long as the block that they stand in; numbers, until a thousand more
 * were made.
 */
#pragma once

#include "unit/test.h"

#include "token/attrs.h"

#define BYTES(...)     ash_span(((const uint8_t[]){ __VA_ARGS__ }), sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define NUMBER(number) number_span(number)
#define YES            BYTES(1)
#define NO             BYTES(0)
#define EMPTY          ASH_SPAN_NONE

#define ATTRS(...)                                                        \
	((struct ash_template){ (const struct ash_attr[]){ __VA_ARGS__ }, \
				ASH_COUNT(((const struct ash_attr[]){ __VA_ARGS__ })) })
#define NO_ATTRS ((struct ash_template){ NULL, 0 })

ASH_UNUSED static struct ash_span number_span(uint64_t number)
{
	static uint8_t bytes[1000][8];
	static size_t next;
	uint8_t *room = bytes[next++ % ASH_COUNT(bytes)];

	for (size_t i = 0; i < 8; i++)
		room[i] = (uint8_t)(number >> (8 * (7 - i)));
	return ash_span(room, 8);
}

/* A set with these attributes, unchecked. */
ASH_UNUSED static struct ash_attrs *set_of(struct ash_template from)
{
	struct ash_attrs *attrs = NULL;

	EXPECT_OK(ash_attrs_new(&attrs));
	for (size_t i = 0; i < from.count; i++)
		EXPECT_OK(ash_attrs_set(attrs, from.attrs[i].type, from.attrs[i].value));
	return attrs;
}

/* The value; has to be there. */
ASH_UNUSED static struct ash_span value_of(const struct ash_attrs *attrs, uint64_t type)
{
	struct ash_span value = ASH_SPAN_NONE;

	EXPECT(ash_attrs_get(attrs, type, &value));
	return value;
}
