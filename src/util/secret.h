/*
 * A secret: bytes of fixed length in the arena (util/arena.h), wiped by the
 * destructor. No secret has a print function. Not for two threads at once,
 * unless all of them only read.
 */
#pragma once

#include "util/compat.h"
#include "util/span.h"
#include "util/status.h"

struct ash_secret;

/* A secret of `len` zero bytes. ASH_E_MEMORY. */
ASH_STATUS ash_secret_new(size_t len, struct ash_secret **ret_secret);

/* A secret with a copy of `bytes`. ASH_E_MEMORY. */
ASH_STATUS ash_secret_copy(struct ash_span bytes, struct ash_secret **ret_secret);

/* Wipes and frees; NULL is fine. Returns NULL. */
struct ash_secret *ash_secret_free(struct ash_secret *secret);

/* The bytes, lent until the secret is freed. NULL gives an empty span. */
struct ash_span ash_secret_peek(const struct ash_secret *secret);

/* The bytes to write to, lent the same way. */
struct ash_mut ash_secret_edit(struct ash_secret *secret);

size_t ash_secret_len(const struct ash_secret *secret);

/* Overwrites `len` bytes in a way that no compiler leaves out. */
void ash_wipe(void *bytes, size_t len);

static inline void ash_secret_auto(struct ash_secret **secret)
{
	ash_secret_free(*secret);
}
