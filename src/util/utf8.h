/*
 * UTF-8 (RFC 3629): the shortest form only, no surrogates. Pure functions; any thread.
 */
#pragma once

#include "util/span.h"

/* The length of the character that `text` begins with, and its code point; 0 when there is none. */
size_t ash_utf8_first(struct ash_span text, uint32_t *ret_point);

/* Whether it is UTF-8 from end to end. */
bool ash_utf8_valid(struct ash_span text);
