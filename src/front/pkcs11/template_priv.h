/*
 * Templates between CK_ATTRIBUTE[] and the canonical values of token/types.h.
 *
 * What an application passes is hostile: counts, lengths and pointers are checked,
 * and every value is copied to secret memory once, before anybody looks at it.
 * Functions without state; a struct ash_canonical belongs to one thread.
 */
#pragma once

#include <ashlar/pkcs11.h>

#include "token/attribute.h"
#include "util/buf.h"

/* A template has no more attributes than this, nested ones included in theirs. */
#define ASH_TEMPLATE_COUNT_MAX 1024u

/* Templates in templates, no deeper than this. */
#define ASH_TEMPLATE_DEPTH_MAX 4u

/* One attribute of a caller's array, of whose alignment nothing is known. */
CK_ATTRIBUTE ash_template_at(const void *array, size_t index);
void ash_template_put(void *array, size_t index, CK_ATTRIBUTE attribute);

/* In the caller's storage; not to be moved. */
struct ash_canonical {
	struct ash_template view; /* what the api takes; lent until done */
	struct ash_attr *attrs;   /* `few`, or allocated */
	struct ash_attr few[16];
	struct ash_buf values; /* secret: all values, one after another */
};

/* Nothing in it yet; fit for ash_canonical_done(). */
void ash_canonical_init(struct ash_canonical *template);

/*
 * Reads a template. ASH_E_ARGUMENT for NULL pointers and senseless counts,
 * ASH_E_ATTRIBUTE_VALUE for a length that the attribute can't have, ASH_E_LIMIT
 * when all is too much together, ASH_E_MEMORY. What the token does not know goes on
 * as bytes, for it to refuse.
 */
ASH_STATUS ash_canonical_read(struct ash_canonical *template, const CK_ATTRIBUTE *given, CK_ULONG count);

void ash_canonical_done(struct ash_canonical *template);

static inline void ash_canonical_auto(struct ash_canonical *template)
{
	ash_canonical_done(template);
}

/* The kind of an attribute; bytes when the token does not know it. */
enum ash_attr_kind ash_template_kind(uint64_t type);

/*
 * Gives one canonical value to an application, as C_GetAttributeValue does (§5.7.5):
 * sets to->ulValueLen, to CK_UNAVAILABLE_INFORMATION when there is too little room
 * (ASH_E_BUFFER_TOO_SMALL). ASH_E_CORRUPT when the value is not canonical.
 */
ASH_STATUS ash_template_give(uint64_t type, struct ash_span value, CK_ATTRIBUTE *to);
