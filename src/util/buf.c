#include "util/buf.h"

#include <string.h>

#include "util/arena.h"
#include "util/mem.h"
#include "util/secret.h"

#define FIRST_CAP 64

static size_t next_cap(const struct ash_buf *buf, size_t need)
{
	size_t cap = buf->cap != 0 ? buf->cap : FIRST_CAP;

	while (cap < need && cap <= buf->limit / 2)
		cap *= 2;
	return cap < need ? need : cap;
}

struct ash_status ash_buf_reserve(struct ash_buf *buf, size_t more)
{
	uint8_t *data = NULL;
	size_t need = 0;

	ASH_ENSURE(!__builtin_add_overflow(buf->len, more, &need) && need <= buf->limit, ASH_E_LIMIT);
	if (need <= buf->cap)
		return ASH_DONE;
	need = next_cap(buf, need);
	data = buf->secret ? ash_arena_resize(buf->data, need) : ash_mem_resize(buf->data, need, 1);
	ASH_ENSURE(data != NULL, ASH_E_MEMORY);
	buf->data = data;
	buf->cap = need;
	return ASH_DONE;
}

struct ash_status ash_buf_add(struct ash_buf *buf, struct ash_span bytes)
{
	ASH_TRY(ash_buf_reserve(buf, bytes.len));
	if (bytes.len != 0)
		memcpy(buf->data + buf->len, bytes.data, bytes.len);
	buf->len += bytes.len;
	return ASH_DONE;
}

struct ash_status ash_buf_extend(struct ash_buf *buf, size_t len, struct ash_mut *ret_room)
{
	ASH_TRY(ash_buf_reserve(buf, len));
	if (len != 0)
		memset(buf->data + buf->len, 0, len);
	*ret_room = ash_mut(len != 0 ? buf->data + buf->len : NULL, len);
	buf->len += len;
	return ASH_DONE;
}

void ash_buf_reset(struct ash_buf *buf)
{
	if (buf->secret)
		ash_wipe(buf->data, buf->len);
	buf->len = 0;
}

void ash_buf_done(struct ash_buf *buf)
{
	if (buf->secret)
		ash_arena_free(buf->data);
	else
		ash_mem_free(buf->data);
	buf->data = NULL;
	buf->len = 0;
	buf->cap = 0;
}
