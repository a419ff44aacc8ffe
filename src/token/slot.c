#include "token/slot.h"

#include "token/root_key.h"
#include "token/session.h"
#include "token/slot_priv.h"
#include "util/mem.h"
#include "util/reader.h"
#include "util/writer.h"

#define NEVER UINT64_MAX

const struct ash_incarnation ash_no_incarnation = { { 0 } };

struct ash_record_name ash_slot_record_name(uint64_t slot)
{
	return (struct ash_record_name){ ASH_SPACE_TOKEN, 0, slot + 1 };
}

struct ash_status ash_slot_decode(struct ash_span bytes, struct ash_token_facts *ret_facts)
{
	struct ash_reader in = ash_reader(bytes);
	struct ash_span incarnation, serial, label;
	uint8_t format = 0;

	ASH_TRY(ash_reader_u8(&in, &format));
	ASH_ENSURE(format <= ASH_TOKEN_FORMAT, ASH_E_VERSION);
	ASH_ENSURE(format != 0, ASH_E_FORMAT);
	ASH_TRY(ash_reader_take(&in, ASH_INCARNATION_LEN, &incarnation));
	ASH_TRY(ash_reader_take(&in, ASH_SERIAL_LEN, &serial));
	ASH_TRY(ash_reader_take(&in, ASH_LABEL_LEN, &label));
	ASH_TRY(ash_reader_end(&in));
	ret_facts->format = format;
	memcpy(ret_facts->incarnation.bytes, incarnation.data, ASH_INCARNATION_LEN);
	memcpy(ret_facts->serial, serial.data, ASH_SERIAL_LEN);
	memcpy(ret_facts->label, label.data, ASH_LABEL_LEN);
	return ASH_DONE;
}

struct ash_status ash_slot_next(struct ash_txn *txn, uint64_t *ret_slot, uint64_t *ret_version)
{
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	uint64_t version = 0, slot = 0;
	const struct ash_status status = ash_txn_get(txn, ASH_NEXT_SLOT_NAME, &value, &version);

	if (status.code != ASH_E_NOT_FOUND) {
		struct ash_reader in = ash_reader(ash_buf_span(&value));

		ASH_TRY(status);
		ASH_ENSURE(ash_is_ok(ash_reader_u64(&in, &slot)) && ash_is_ok(ash_reader_end(&in)),
			   ASH_E_CORRUPT);
	}
	*ret_slot = slot;
	*ret_version = version;
	return ASH_DONE;
}

/* Sets the root key of this process, and what is derived from it, once. */
static struct ash_status install_root(struct ash_hsm *hsm, struct ash_crypto *crypto,
				      struct ash_secret **root_key)
{
	ASH_LOCKED(&hsm->lock);
	if (!atomic_load(&hsm->rooted)) {
		ASH_TRY(ash_ring_derive(crypto, ash_secret_peek(*root_key), "token", &ash_no_incarnation,
					&hsm->token_ring));
		hsm->root_key = ASH_TAKE(*root_key);
		atomic_store_explicit(&hsm->rooted, true, memory_order_release);
	}
	return ASH_DONE;
}

struct ash_status ash_slot_need_root(struct ash_hsm *hsm, struct ash_store *store, bool make)
{
	const struct ash_root_key_options options = { hsm->root_key_path, hsm->root_key_group };
	ASH_AUTO(ash_secret) *root_key = NULL;
	struct ash_crypto *crypto = NULL;
	struct ash_status status;

	if (atomic_load_explicit(&hsm->rooted, memory_order_acquire))
		return ASH_DONE;
	ASH_TRY(ash_hsm_crypto(hsm, &crypto));
	status = make ? ash_root_key_make(crypto, store, &options, &root_key)
		      : ash_root_key_load(crypto, store, &options, &root_key);
	/* Another thread may have made it meanwhile; one that is in memory only is found nowhere else. */
	if (!ash_is_ok(status) && atomic_load_explicit(&hsm->rooted, memory_order_acquire))
		return ASH_DONE;
	ASH_TRY(status);
	return install_root(hsm, crypto, &root_key);
}

static struct ash_token *known_token(struct ash_hsm *hsm, uint64_t slot)
{
	struct ash_token *token = atomic_load_explicit(&hsm->tokens, memory_order_acquire);

	while (token != NULL && token->slot != slot)
		token = token->next;
	return token;
}

static struct ash_status init_locks(struct ash_token *token)
{
	struct ash_status status = ash_lock_init(&token->lock, ASH_RANK_TOKEN);

	ASH_TRY(status);
	status = ash_lock_init(&token->trials.lock, ASH_RANK_TRIALS);
	if (!ash_is_ok(status))
		ash_lock_done(&token->lock);
	return status;
}

/* The token's place in memory, made when it is first asked for. */
static struct ash_status know_token(struct ash_hsm *hsm, uint64_t slot, struct ash_token **ret_token)
{
	struct ash_token *token = known_token(hsm, slot);

	if (token == NULL) {
		ASH_LOCKED(&hsm->lock);
		token = known_token(hsm, slot);
		if (token == NULL) {
			token = ash_mem_new(1, sizeof(*token));
			ASH_ENSURE(token != NULL, ASH_E_MEMORY);
			const struct ash_status status = init_locks(token);
			if (!ash_is_ok(status)) {
				ash_mem_free(token);
				return status;
			}
			token->slot = slot;
			atomic_store(&token->generation, NEVER);
			token->next = atomic_load(&hsm->tokens);
			atomic_store_explicit(&hsm->tokens, token, memory_order_release);
		}
	}
	*ret_token = token;
	return ASH_DONE;
}

void ash_slot_wipe_login(struct ash_token *token)
{
	atomic_store(&token->login, 0);
	token->token_key = ash_secret_free(token->token_key);
	token->memory = ash_secret_free(token->memory);
	ash_ring_done(&token->private_ring);
}

/* The token is gone, or not what it was: nothing of before counts any more. The lock is held. */
static void forget(struct ash_token *token)
{
	ash_slot_wipe_login(token);
	ash_ring_done(&token->public_ring);
	ash_ring_done(&token->pin_ring);
	atomic_store(&token->era, 0);
	token->version = 0;
}

struct fresh_facts {
	bool there;
	bool same; /* what is known already: there is no more to it */
	uint64_t version;
	struct ash_token_facts facts;
	struct ash_ring public_ring, pin_ring;
};

static void fresh_auto(struct fresh_facts *fresh)
{
	ash_ring_done(&fresh->public_ring);
	ash_ring_done(&fresh->pin_ring);
}

uint64_t ash_slot_version(struct ash_token *token)
{
	ASH_LOCKED(&token->lock);
	return token->version;
}

static struct ash_status read_facts(struct ash_hsm *hsm, struct ash_store *store, struct ash_token *token,
				    struct fresh_facts *fresh)
{
	const struct ash_record_name name = ash_slot_record_name(token->slot);
	const uint64_t known = ash_slot_version(token);
	ASH_AUTO(ash_txn) *view = NULL;
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	struct ash_status status;

	ASH_TRY(ash_store_view(store, &view));
	status = ash_txn_get(view, name, NULL, &fresh->version);
	if (status.code == ASH_E_NOT_FOUND)
		return ASH_DONE;
	ASH_TRY(status);
	fresh->there = true;
	fresh->same = fresh->version == known;
	if (fresh->same)
		return ASH_DONE;
	view = ash_txn_end(view); /* finding the root key takes one of its own */
	ASH_TRY(ash_slot_need_root(hsm, store, false));
	ASH_TRY(ash_store_view(store, &view));
	ASH_TRY(ash_record_read(view, hsm->crypto, &hsm->token_ring, name, &ash_no_incarnation, &plain,
				&fresh->version));
	status = ash_slot_decode(ash_buf_span(&plain), &fresh->facts);
	ASH_ENSURE(status.code != ASH_E_FORMAT, ASH_E_CORRUPT);
	return status;
}

static struct ash_status derive_rings(struct ash_hsm *hsm, struct fresh_facts *fresh)
{
	struct ash_span root = ASH_SPAN_NONE;

	if (!fresh->there || fresh->same)
		return ASH_DONE;
	root = ash_secret_peek(hsm->root_key); /* there since the record was opened, and not before */
	ASH_TRY(ash_ring_derive(hsm->crypto, root, "public", &fresh->facts.incarnation, &fresh->public_ring));
	return ash_ring_derive(hsm->crypto, root, "pin", &fresh->facts.incarnation, &fresh->pin_ring);
}

/* Makes what was read what is known. True when the token's life changed. The lock is held. */
static bool install_facts(struct ash_token *token, struct fresh_facts *fresh)
{
	const bool known = atomic_load(&token->era) != 0;
	const bool same =
		known && fresh->there &&
		memcmp(&token->incarnation, &fresh->facts.incarnation, sizeof(token->incarnation)) == 0;

	if (!same)
		forget(token);
	token->version = fresh->version;
	if (!fresh->there)
		return known;
	memcpy(token->label, fresh->facts.label, sizeof(token->label));
	memcpy(token->serial, fresh->facts.serial, sizeof(token->serial));
	if (same)
		return false;
	token->incarnation = fresh->facts.incarnation;
	token->public_ring = fresh->public_ring;
	token->pin_ring = fresh->pin_ring;
	fresh->public_ring = ASH_RING_NONE;
	fresh->pin_ring = ASH_RING_NONE;
	atomic_store(&token->era, ++token->last_era);
	return known;
}

/*
 * Whether what was read is not older than what another thread read meanwhile. The
 * record's version tells; where there was no record, whether anybody was here since
 * the generation `seen` before. The lock is held.
 */
static bool is_later(const struct ash_token *token, const struct fresh_facts *fresh, uint64_t seen)
{
	return fresh->there ? fresh->version >= token->version : atomic_load(&token->generation) == seen;
}

struct ash_status ash_slot_refresh(struct ash_hsm *hsm, struct ash_token *token)
{
	__attribute__((cleanup(fresh_auto))) struct fresh_facts fresh = { .there = false };
	struct ash_store *store = atomic_load_explicit(&hsm->store, memory_order_acquire);
	const uint64_t seen = atomic_load_explicit(&token->generation, memory_order_acquire);
	uint64_t generation = 0;
	bool reborn = false;

	if (store == NULL)
		return ASH_DONE;
	ASH_TRY(ash_store_generation(store, &generation));
	if (seen == generation)
		return ASH_DONE;
	ASH_TRY(read_facts(hsm, store, token, &fresh));
	ASH_TRY(derive_rings(hsm, &fresh));
	{
		ASH_LOCKED(&token->lock);
		if (is_later(token, &fresh, seen)) {
			if (!fresh.same)
				reborn = install_facts(token, &fresh);
			atomic_store_explicit(&token->generation, generation, memory_order_release);
		}
	}
	if (reborn)
		ash_object_drop_token(&hsm->objects, token);
	return ASH_DONE;
}

struct ash_status ash_slot_token(struct ash_hsm *hsm, uint64_t slot, struct ash_token **ret_token)
{
	struct ash_store *store = NULL;
	struct ash_token *token = known_token(hsm, slot);
	const struct ash_status status = ash_hsm_store(hsm, false, &store);

	ASH_ENSURE(slot < UINT64_MAX, ASH_E_SLOT_ID);
	if (status.code == ASH_E_NOT_FOUND) {
		ASH_ENSURE(slot == 0, ASH_E_SLOT_ID);
		ASH_TRY(know_token(hsm, slot, ret_token));
		return ASH_DONE;
	}
	ASH_TRY(status);
	if (token == NULL || atomic_load(&token->era) == 0) {
		ASH_AUTO(ash_txn) *view = NULL;
		uint64_t free_slot = 0, version = 0;
		struct ash_status there;

		ASH_TRY(ash_store_view(store, &view));
		ASH_TRY(ash_slot_next(view, &free_slot, &version));
		there = ash_txn_get(view, ash_slot_record_name(slot), NULL, &version);
		ASH_ENSURE(there.code != ASH_E_NOT_FOUND || slot == free_slot, ASH_E_SLOT_ID);
		if (there.code != ASH_E_NOT_FOUND)
			ASH_TRY(there);
		ASH_TRY(know_token(hsm, slot, &token));
	}
	ASH_TRY(ash_slot_refresh(hsm, token));
	*ret_token = token;
	return ASH_DONE;
}

struct ash_status ash_slot_unread(struct ash_hsm *hsm, uint64_t slot, struct ash_token **ret_token,
				  uint64_t *ret_version)
{
	ASH_AUTO(ash_txn) *view = NULL;
	struct ash_store *store = NULL;
	uint64_t free_slot = 0, version = 0;
	struct ash_status status = ash_hsm_store(hsm, false, &store);

	if (status.code == ASH_E_NOT_FOUND)
		ASH_FAIL(slot == 0 ? ASH_E_TOKEN_NOT_RECOGNIZED : ASH_E_SLOT_ID);
	ASH_TRY(status);
	ASH_TRY(ash_store_view(store, &view));
	ASH_TRY(ash_slot_next(view, &free_slot, &version));
	status = ash_txn_get(view, ash_slot_record_name(slot), NULL, &version);
	if (status.code == ASH_E_NOT_FOUND)
		ASH_FAIL(slot == free_slot ? ASH_E_TOKEN_NOT_RECOGNIZED : ASH_E_SLOT_ID);
	ASH_TRY(status);
	ASH_TRY(know_token(hsm, slot, ret_token));
	*ret_version = version;
	return ASH_DONE;
}

struct ash_status ash_slot_pins(struct ash_hsm *hsm, struct ash_token *token, struct ash_slot_pins *ret_pins)
{
	ASH_AUTO(ash_ring) ring = ASH_RING_NONE;
	struct ash_incarnation incarnation;
	uint64_t life = 0;

	{
		ASH_LOCKED(&token->lock);
		ASH_ENSURE(atomic_load(&token->era) != 0, ASH_E_TOKEN_NOT_RECOGNIZED);
		ASH_TRY(ash_ring_copy(&token->pin_ring, &ring));
		incarnation = token->incarnation;
		life = token->version;
	}
	*ret_pins = (struct ash_slot_pins){
		.place = {
			.crypto = hsm->crypto,
			.store = hsm->store,
			.trials = &token->trials,
			.root_key = ash_secret_peek(hsm->root_key),
			.incarnation = incarnation,
			.owner = token->slot + 1,
			.life = life,
		},
		.ring = ring,
	};
	ret_pins->place.ring = &ret_pins->ring;
	ring = ASH_RING_NONE;
	return ASH_DONE;
}

bool ash_slot_end_login(struct ash_hsm *hsm, struct ash_token *token, uint64_t login)
{
	{
		ASH_LOCKED(&token->lock);
		if (login == 0 || atomic_load(&token->login) != login)
			return false;
		ash_slot_wipe_login(token);
	}
	ash_object_drop_login(&hsm->objects, token, login);
	return true;
}

void ash_slot_free_all(struct ash_token *tokens)
{
	while (tokens != NULL) {
		struct ash_token *next = tokens->next;

		forget(tokens);
		ash_lock_done(&tokens->trials.lock);
		ash_lock_done(&tokens->lock);
		ash_mem_free(tokens);
		tokens = next;
	}
}

struct ash_status ash_hsm_slots(struct ash_hsm *hsm, bool token_present, uint64_t *ids, size_t cap,
				size_t *ret_count)
{
	struct ash_store *store = NULL;
	const struct ash_status status = ash_hsm_store(hsm, false, &store);
	ASH_AUTO(ash_txn) *view = NULL;
	uint64_t free_slot = 0, version = 0, page[64], after = 0;
	size_t count = 0, found = 0;

	(void)token_present; /* every slot holds a token, if only an uninitialised one */
	if (status.code != ASH_E_NOT_FOUND) {
		ASH_TRY(status);
		ASH_TRY(ash_store_view(store, &view));
		ASH_TRY(ash_slot_next(view, &free_slot, &version));
		do {
			ASH_TRY(ash_txn_find(view, ASH_SPACE_TOKEN, 0, ASH_SPAN_NONE, after, page,
					     ASH_COUNT(page), &found));
			for (size_t i = 0; i < found; i++, count++) {
				if (count < cap)
					ids[count] = page[i] - 1;
				after = page[i];
			}
		} while (found == ASH_COUNT(page));
	}
	if (count < cap)
		ids[count] = free_slot;
	*ret_count = count + 1;
	return ASH_DONE;
}

struct ash_status ash_hsm_slot_info(struct ash_hsm *hsm, uint64_t slot, struct ash_slot_info *ret_info)
{
	struct ash_slot_info info = {
		.flags = CKF_TOKEN_PRESENT,
		.hardware_major = hsm->options.version_major,
		.hardware_minor = hsm->options.version_minor,
		.firmware_major = hsm->options.version_major,
		.firmware_minor = hsm->options.version_minor,
	};
	struct ash_token *token = NULL;
	const struct ash_status status = ash_slot_token(hsm, slot, &token);

	/* A slot whose token can't be read is still a slot. */
	if (status.code != ASH_E_TOKEN_NOT_RECOGNIZED && status.code != ASH_E_CORRUPT)
		ASH_TRY(status);
	ash_hsm_pad(info.description, sizeof(info.description), "Ashlar HSM slot");
	ash_hsm_pad(info.manufacturer, sizeof(info.manufacturer), ASH_MANUFACTURER);
	*ret_info = info;
	return ASH_DONE;
}
