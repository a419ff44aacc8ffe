/*
 * A record's index terms as back ends keep them: a set, sorted, each as a length
 * byte and its bytes. Pure functions.
 */
#pragma once

#include "util/buf.h"
#include "util/reader.h"
#include "util/span.h"
#include "util/status.h"

/*
 * Appends the set of `terms`. ASH_E_ARGUMENT for an empty term, ASH_E_LIMIT past
 * ASH_STORE_TERM_MAX or ASH_STORE_TERMS_MAX, ASH_E_MEMORY.
 */
ASH_STATUS ash_terms_encode(const struct ash_span *terms, size_t count, struct ash_buf *out);

/* Reads the next term of a set; false at its end, or where it is damaged: then something is left. */
bool ash_terms_next(struct ash_reader *set, struct ash_span *ret_term);

/* Whether the set has the term. */
bool ash_terms_have(struct ash_span set, struct ash_span term);
