/*
 * The root key: one per store, made once with the store's first token. Its id is
 * recorded in the store; a store whose root key is not at hand is not recognised,
 * and never given a new one.
 *
 * Today it lies in a file of its own (mode 0600, or 0640 with a group), or in
 * memory for stores that die with the process. Any thread.
 */
#pragma once

#include "crypto/crypto.h"
#include "store/store.h"
#include "util/secret.h"

struct ash_root_key_options {
	const char *path;  /* NULL: in memory only */
	const char *group; /* "" or the group that may read it */
};

/*
 * Gives the root key that belongs to the store. ASH_E_NOT_FOUND for a store that
 * has no token yet; ASH_E_TOKEN_NOT_RECOGNIZED, with an explanation, when its key
 * is missing or is another store's; ASH_E_ACCESS, ASH_E_IO, ASH_E_MEMORY.
 */
ASH_STATUS ash_root_key_load(struct ash_crypto *crypto, struct ash_store *store,
			     const struct ash_root_key_options *options, struct ash_secret **ret_key);

/*
 * The same for a store that is about to have its first token: a key that is there
 * is taken, else one is made, whole and durable, before the store names it. When
 * several processes do it at once, one key wins and all get it.
 */
ASH_STATUS ash_root_key_make(struct ash_crypto *crypto, struct ash_store *store,
			     const struct ash_root_key_options *options, struct ash_secret **ret_key);

/*
 * Inside the change that makes a token: records this key as the store's, or checks
 * that it is. ASH_E_FAILED when another process gave the store another key meanwhile.
 */
ASH_STATUS ash_root_key_claim(struct ash_txn *txn, struct ash_crypto *crypto, const struct ash_secret *key);

/*
 * Inside the change that deletes the last token: the store wants no certain key any more,
 * so a lost one does not keep it from having tokens again. The key itself stays.
 */
ASH_STATUS ash_root_key_release(struct ash_txn *txn);
