/*
 * A set of attributes: each type at most once, values in the canonical form of
 * token/types.h, all of it in secret memory. What an object is. Kept sorted by
 * type, so that its encoded form is always the same.
 *
 * Not for two threads at once, unless all of them only read.
 */
#pragma once

#include "token/types.h"
#include "util/buf.h"

/* No set is larger than this when encoded. */
#define ASH_ATTRS_MAX ((size_t)1 << 20)

struct ash_attrs;

ASH_STATUS ash_attrs_new(struct ash_attrs **ret_attrs);
ASH_STATUS ash_attrs_copy(const struct ash_attrs *attrs, struct ash_attrs **ret_copy);
struct ash_attrs *ash_attrs_free(struct ash_attrs *attrs);

/*
 * Sets, replacing an older value; `value` may be lent from this very set.
 * ASH_E_LIMIT past ASH_ATTRS_MAX, ASH_E_MEMORY; then nothing changed.
 */
ASH_STATUS ash_attrs_set(struct ash_attrs *attrs, uint64_t type, struct ash_span value);
ASH_STATUS ash_attrs_set_bool(struct ash_attrs *attrs, uint64_t type, bool value);
ASH_STATUS ash_attrs_set_number(struct ash_attrs *attrs, uint64_t type, uint64_t value);
void ash_attrs_remove(struct ash_attrs *attrs, uint64_t type);

/* The value, lent until the next change; false when it is not there. */
bool ash_attrs_get(const struct ash_attrs *attrs, uint64_t type, struct ash_span *ret_value);
bool ash_attrs_has(const struct ash_attrs *attrs, uint64_t type);

/* The value of an attribute of that kind; `fallback` when it is not there or has another length. */
bool ash_attrs_bool(const struct ash_attrs *attrs, uint64_t type, bool fallback);
uint64_t ash_attrs_number(const struct ash_attrs *attrs, uint64_t type, uint64_t fallback);

size_t ash_attrs_count(const struct ash_attrs *attrs);
struct ash_attr ash_attrs_at(const struct ash_attrs *attrs, size_t index); /* index < count */

/*
 * The form on disk (docs/protocol/records.md): rising types, no type twice, no
 * trailing bytes; anything else is ASH_E_FORMAT. `out` is a secret buffer.
 */
ASH_STATUS ash_attrs_encode(const struct ash_attrs *attrs, struct ash_buf *out);
ASH_STATUS ash_attrs_decode(struct ash_span bytes, struct ash_attrs **ret_attrs);

/*
 * Whether every attribute of the template is there, may be read, and has the same
 * value: what ash_attribute_read() refuses matches nothing, so that no search can
 * guess at a key.
 */
bool ash_attrs_match(const struct ash_attrs *attrs, struct ash_template want);

static inline void ash_attrs_auto(struct ash_attrs **attrs)
{
	ash_attrs_free(*attrs);
}
