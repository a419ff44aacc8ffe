/*
 * A growing buffer, in the caller's storage. What may hold a secret is made with
 * ASH_BUF_SECRET: its bytes then lie in the arena and are wiped when it moves,
 * shrinks or ends. A buffer has a limit, which a hostile length runs into
 * instead of into the memory's end. Not for two threads at once.
 */
#pragma once

#include "util/compat.h"
#include "util/span.h"
#include "util/status.h"

/* No buffer grows past this unless its `limit` says otherwise. */
#define ASH_BUF_LIMIT ((size_t)64 << 20)

struct ash_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t limit;
	bool secret;
};

#define ASH_BUF_PLAIN  ((struct ash_buf){ .limit = ASH_BUF_LIMIT })
#define ASH_BUF_SECRET ((struct ash_buf){ .limit = ASH_BUF_LIMIT, .secret = true })

/* Makes room for `more` bytes after `len`. ASH_E_LIMIT past the limit, ASH_E_MEMORY. */
ASH_STATUS ash_buf_reserve(struct ash_buf *buf, size_t more);

/* Appends; on failure nothing changed. Errors as ash_buf_reserve. */
ASH_STATUS ash_buf_add(struct ash_buf *buf, struct ash_span bytes);

/* Appends `len` zero bytes and lends them for writing until the next change. */
ASH_STATUS ash_buf_extend(struct ash_buf *buf, size_t len, struct ash_mut *ret_room);

/* Drops the bytes but keeps the room; a secret buffer's bytes are wiped. */
void ash_buf_reset(struct ash_buf *buf);

/* Frees the bytes; the buffer is empty and usable again. */
void ash_buf_done(struct ash_buf *buf);

static inline struct ash_span ash_buf_span(const struct ash_buf *buf)
{
	return ash_span(buf->data, buf->len);
}

static inline void ash_buf_auto(struct ash_buf *buf)
{
	ash_buf_done(buf);
}
