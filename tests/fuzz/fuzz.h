/* What the fuzz targets share: what must hold, and input cut into pieces. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/compat.h"
#include "util/span.h"

#define HOLDS(condition)                  \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The next byte; 0 where there is no more, so that any input says something. */
static inline uint8_t fuzz_byte(struct ash_span *in)
{
	uint8_t byte = 0;

	if (in->len != 0) {
		byte = in->data[0];
		*in = ash_span(in->data + 1, in->len - 1);
	}
	return byte;
}

/* The next `want` bytes, or as many as there are. */
static inline struct ash_span fuzz_bytes(struct ash_span *in, size_t want)
{
	const size_t len = want < in->len ? want : in->len;
	const struct ash_span taken = ash_span(in->data, len);

	*in = ash_span(in->data + len, in->len - len);
	return taken;
}

/* A length, then as many bytes. */
static inline struct ash_span fuzz_block(struct ash_span *in)
{
	const size_t high = fuzz_byte(in);

	return fuzz_bytes(in, high << 8 | fuzz_byte(in));
}
