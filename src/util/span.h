/*
 * Spans: views of bytes that somebody else owns. Small values, passed by value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes to read. `data` may be NULL when `len` is 0. */
struct ash_span {
	const uint8_t *data;
	size_t len;
};

/* Bytes to write: exactly `len` of them. */
struct ash_mut {
	uint8_t *data;
	size_t len;
};

/*
 * Where an output of unknown length goes. A function that takes one:
 *  - with `data` NULL only answers: sets `len` to the length that would be
 *    enough, consumes nothing, returns ASH_DONE;
 *  - with `cap` too small sets `len` the same way, consumes nothing, writes no
 *    byte, returns ASH_E_BUFFER_TOO_SMALL;
 *  - otherwise writes and sets `len` to what was written;
 *  - on any other failure leaves all of it untouched.
 */
struct ash_out {
	uint8_t *data;
	size_t cap;
	size_t len;
};

#define ASH_SPAN_NONE ((struct ash_span){ NULL, 0 })

static inline struct ash_span ash_span(const void *data, size_t len)
{
	return (struct ash_span){ (const uint8_t *)data, len };
}

/* The bytes of a C string without its end. */
static inline struct ash_span ash_span_text(const char *text)
{
	return ash_span(text, strlen(text));
}

static inline struct ash_mut ash_mut(void *data, size_t len)
{
	return (struct ash_mut){ (uint8_t *)data, len };
}

static inline struct ash_span ash_mut_span(struct ash_mut mut)
{
	return (struct ash_span){ mut.data, mut.len };
}

/* Not for secrets: ends at the first difference. */
static inline bool ash_span_equal(struct ash_span a, struct ash_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* For secrets: takes the same time wherever two values of one length differ. */
static inline bool ash_span_equal_ct(struct ash_span a, struct ash_span b)
{
	volatile uint8_t difference = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		difference = (uint8_t)(difference | (a.data[i] ^ b.data[i]));
	return difference == 0;
}
