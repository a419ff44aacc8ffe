#include "crypto/openssl/openssl_priv.h"

#include "util/arena.h"
#include "util/secret.h"

#define LEAST 64u                /* there is room for nothing, too */
#define KEPT  ((size_t)64 << 10) /* what a longer message needed is given back */

struct ash_status ash_ossl_scratch_reserve(struct ash_ossl_scratch *scratch, size_t len)
{
	uint8_t *room = NULL;

	len = len > LEAST ? len : LEAST;
	if (len <= scratch->len)
		return ASH_DONE;
	room = ash_arena_alloc(len);
	ASH_ENSURE(room != NULL, ASH_E_MEMORY);
	ash_arena_free(scratch->data);
	scratch->data = room;
	scratch->len = len;
	return ASH_DONE;
}

void ash_ossl_scratch_forget(struct ash_ossl_scratch *scratch, size_t len)
{
	if (scratch->len <= KEPT)
		ash_wipe(scratch->data, len);
	else
		ash_ossl_scratch_done(scratch);
}

void ash_ossl_scratch_done(struct ash_ossl_scratch *scratch)
{
	scratch->data = ash_arena_free(scratch->data);
	scratch->len = 0;
}
