#include "token/hsm.h"

#include <stdio.h>

#include "crypto/crypto.h"
#include "store/store.h"
#include "token/hsm_priv.h"
#include "token/mechanism.h"
#include "token/session.h"
#include "token/slot.h"
#include "util/mem.h"

static struct ash_status copy_text(const char *text, char **ret_copy)
{
	const size_t len = text != NULL ? strlen(text) : 0;
	char *copy = NULL;

	if (text != NULL) {
		copy = ash_mem_new(len + 1, 1);
		ASH_ENSURE(copy != NULL, ASH_E_MEMORY);
		memcpy(copy, text, len);
	}
	*ret_copy = copy;
	return ASH_DONE;
}

static void hsm_auto(struct ash_hsm **hsm)
{
	ash_hsm_free(*hsm);
}

struct ash_status ash_hsm_new(const struct ash_hsm_options *options, struct ash_hsm **ret_hsm)
{
	__attribute__((cleanup(hsm_auto))) struct ash_hsm *hsm = ash_mem_new(1, sizeof(*hsm));

	ASH_ENSURE(hsm != NULL, ASH_E_MEMORY);
	hsm->options = *options;
	ASH_TRY(ash_lock_init(&hsm->lock, ASH_RANK_SLOTS));
	ASH_TRY(ash_object_table_init(&hsm->objects));
	ASH_TRY(ash_session_table_init(&hsm->sessions));
	ASH_TRY(copy_text(options->root_key_path, &hsm->root_key_path));
	ASH_TRY(copy_text(options->root_key_group, &hsm->root_key_group));
	hsm->options.root_key_path = hsm->root_key_path;
	hsm->options.root_key_group = hsm->root_key_group;
	*ret_hsm = ASH_TAKE(hsm);
	return ASH_DONE;
}

struct ash_hsm *ash_hsm_free(struct ash_hsm *hsm)
{
	if (hsm == NULL)
		return NULL;
	ash_session_table_done(hsm);
	ash_object_table_done(&hsm->objects);
	ash_slot_free_all(hsm->tokens);
	ash_ring_done(&hsm->token_ring);
	ash_secret_free(hsm->root_key);
	ash_store_close(hsm->store);
	ash_crypto_close(hsm->crypto);
	ash_lock_done(&hsm->lock);
	ash_mem_free(hsm->root_key_path);
	ash_mem_free(hsm->root_key_group);
	return ash_mem_free(hsm);
}

struct ash_hsm *ash_hsm_abandon(struct ash_hsm *hsm)
{
	/*
	 * Whatever threads held at the fork is half-changed and stays as it is; only
	 * descriptors and mappings are given back. The memory is lost to the child.
	 */
	if (hsm != NULL) {
		ash_store_abandon(hsm->store);
		ash_crypto_abandon(hsm->crypto);
	}
	return NULL;
}

struct ash_status ash_hsm_crypto(struct ash_hsm *hsm, struct ash_crypto **ret_crypto)
{
	struct ash_crypto *crypto = atomic_load_explicit(&hsm->crypto, memory_order_acquire);

	if (crypto == NULL) {
		/* Once in a life, and nobody could go on meanwhile: opened under the lock. */
		ASH_LOCKED(&hsm->lock);
		crypto = atomic_load(&hsm->crypto);
		if (crypto == NULL) {
			ASH_TRY(hsm->options.open_crypto(hsm->options.context, &crypto));
			atomic_store_explicit(&hsm->crypto, crypto, memory_order_release);
		}
	}
	*ret_crypto = crypto;
	return ASH_DONE;
}

struct ash_status ash_hsm_store(struct ash_hsm *hsm, bool create, struct ash_store **ret_store)
{
	struct ash_store *store = atomic_load_explicit(&hsm->store, memory_order_acquire);

	if (store == NULL) {
		ASH_LOCKED(&hsm->lock);
		store = atomic_load(&hsm->store);
		if (store == NULL) {
			ASH_TRY(hsm->options.open_store(hsm->options.context, create, &store));
			atomic_store_explicit(&hsm->store, store, memory_order_release);
		}
	}
	*ret_store = store;
	return ASH_DONE;
}

void ash_hsm_pad(char *text, size_t len, const char *value)
{
	const size_t given = strnlen(value, len);

	memset(text, ' ', len);
	memcpy(text, value, given);
}

struct ash_status ash_hsm_info(struct ash_hsm *hsm, struct ash_hsm_info *ret_info)
{
	struct ash_hsm_info info = { .major = hsm->options.version_major,
				     .minor = hsm->options.version_minor };

	ash_hsm_pad(info.manufacturer, sizeof(info.manufacturer), ASH_MANUFACTURER);
	ash_hsm_pad(info.description, sizeof(info.description), "Ashlar PKCS#11 module");
	*ret_info = info;
	return ASH_DONE;
}

struct ash_status ash_hsm_engine(struct ash_hsm *hsm, size_t n, struct ash_engine_info *ret_info)
{
	struct ash_engine_info info = { { 0 }, { 0 } };
	struct ash_crypto *crypto = NULL;
	const char *name = NULL, *version = NULL;

	ASH_TRY(ash_hsm_crypto(hsm, &crypto));
	ASH_ENSURE(ash_crypto_engine(crypto, n, &name, &version), ASH_E_NOT_FOUND);
	(void)snprintf(info.name, sizeof(info.name), "%s", name);
	(void)snprintf(info.version, sizeof(info.version), "%s", version);
	*ret_info = info;
	return ASH_DONE;
}

struct ash_status ash_hsm_mechanisms(struct ash_hsm *hsm, uint64_t slot, uint64_t *types, size_t cap,
				     size_t *ret_count)
{
	struct ash_token *token = NULL;
	const size_t count = ash_mechanism_count();

	ASH_TRY(ash_slot_token(hsm, slot, &token));
	for (size_t i = 0; i < count && i < cap; i++)
		types[i] = ash_mechanism_at(i)->type;
	*ret_count = count;
	return ASH_DONE;
}

struct ash_status ash_hsm_mechanism_info(struct ash_hsm *hsm, uint64_t slot, uint64_t type,
					 struct ash_mechanism_info *ret_info)
{
	const struct ash_mechanism_row *row = ash_mechanism_find(type);
	struct ash_token *token = NULL;

	ASH_TRY(ash_slot_token(hsm, slot, &token));
	ASH_ENSURE(row != NULL, ASH_E_MECHANISM);
	*ret_info = row->info;
	return ASH_DONE;
}

struct ash_status ash_hsm_random(struct ash_hsm *hsm, ash_handle session, struct ash_mut out)
{
	ASH_AUTO(ash_session) *held = NULL;

	ASH_TRY(ash_session_take(hsm, session, &held));
	return ash_crypto_random(hsm->crypto, out);
}

struct ash_status ash_hsm_seed_random(struct ash_hsm *hsm, ash_handle session, struct ash_span seed)
{
	ASH_AUTO(ash_session) *held = NULL;

	ASH_TRY(ash_session_take(hsm, session, &held));
	return ash_crypto_random_seed(hsm->crypto, seed);
}
