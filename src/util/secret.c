#include "util/secret.h"

#include <string.h>

#include "util/arena.h"

struct ash_secret {
	size_t len;
	uint8_t bytes[];
};

struct ash_status ash_secret_new(size_t len, struct ash_secret **ret_secret)
{
	struct ash_secret *secret = NULL;
	size_t total = 0;

	ASH_ENSURE(!__builtin_add_overflow(sizeof(*secret), len, &total), ASH_E_MEMORY);
	secret = ash_arena_alloc(total);
	ASH_ENSURE(secret != NULL, ASH_E_MEMORY);
	memset(secret, 0, total);
	secret->len = len;
	*ret_secret = secret;
	return ASH_DONE;
}

struct ash_status ash_secret_copy(struct ash_span bytes, struct ash_secret **ret_secret)
{
	ASH_TRY(ash_secret_new(bytes.len, ret_secret));
	if (bytes.len != 0)
		memcpy((*ret_secret)->bytes, bytes.data, bytes.len);
	return ASH_DONE;
}

struct ash_secret *ash_secret_free(struct ash_secret *secret)
{
	ash_arena_free(secret);
	return NULL;
}

struct ash_span ash_secret_peek(const struct ash_secret *secret)
{
	return secret != NULL ? ash_span(secret->bytes, secret->len) : ASH_SPAN_NONE;
}

struct ash_mut ash_secret_edit(struct ash_secret *secret)
{
	return secret != NULL ? ash_mut(secret->bytes, secret->len) : ash_mut(NULL, 0);
}

size_t ash_secret_len(const struct ash_secret *secret)
{
	return secret != NULL ? secret->len : 0;
}

void ash_wipe(void *bytes, size_t len)
{
	if (len != 0)
		explicit_bzero(bytes, len);
}
