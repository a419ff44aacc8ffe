/*
 * The parts of one key, in the caller's storage: each a secret of its own, wiped
 * by ash_parts_done(). Public parts live in secret memory too; that keeps one
 * rule. Not for two threads at once, unless all of them only read.
 */
#pragma once

#include "crypto/types.h"
#include "util/secret.h"

struct ash_parts {
	struct ash_secret *value[ASH_PARTS]; /* NULL: not there */
};

#define ASH_PARTS_NONE ((struct ash_parts){ { NULL } })

/* Sets one part to a copy of `bytes`, replacing what it was. ASH_E_MEMORY. */
ASH_STATUS ash_parts_set(struct ash_parts *parts, enum ash_part part, struct ash_span bytes);

/* The same for an integer: leading zero bytes are left out. ASH_E_MEMORY. */
ASH_STATUS ash_parts_set_integer(struct ash_parts *parts, enum ash_part part, struct ash_span bytes);

/* One part, lent until it is set again or done; `data` NULL when it is not there. */
struct ash_span ash_parts_get(const struct ash_parts *parts, enum ash_part part);

bool ash_parts_has(const struct ash_parts *parts, enum ash_part part);

/* Whether anything is there that only the private or secret key has. */
bool ash_parts_private(const struct ash_parts *parts);

/* Moves all parts of `from` to `to`, dropping what `to` had. */
void ash_parts_move(struct ash_parts *to, struct ash_parts *from);

void ash_parts_done(struct ash_parts *parts);

static inline void ash_parts_auto(struct ash_parts *parts)
{
	ash_parts_done(parts);
}
