/* A token's birth, and its rebirth: C_InitToken (PKCS#11 3.2 §5.5.7). */
#include "token/ledger.h"
#include "token/root_key.h"
#include "token/slot_priv.h"
#include "util/writer.h"

static struct ash_status new_serial(struct ash_crypto *crypto, char serial[ASH_SERIAL_LEN])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t random[ASH_SERIAL_LEN / 2];

	ASH_TRY(ash_crypto_random(crypto, ash_mut(random, sizeof(random))));
	for (size_t i = 0; i < ASH_SERIAL_LEN; i++)
		serial[i] = digits[random[i / 2] >> (i % 2 == 0 ? 4 : 0) & 0xf];
	return ASH_DONE;
}

/* A token that is initialised again keeps its serial number. */
static struct ash_status new_facts(struct ash_hsm *hsm, struct ash_token *token,
				   const char label[ASH_LABEL_LEN], struct ash_birth *birth)
{
	ASH_TRY(new_serial(hsm->crypto, birth->facts.serial));
	ASH_TRY(ash_crypto_random(hsm->crypto, ash_mut(birth->facts.incarnation.bytes, ASH_INCARNATION_LEN)));
	memcpy(birth->facts.label, label, ASH_LABEL_LEN);
	ASH_LOCKED(&token->lock);
	if (birth->if_version != 0)
		memcpy(birth->facts.serial, token->serial, ASH_SERIAL_LEN);
	return ASH_DONE;
}

static struct ash_status derive_rings(struct ash_hsm *hsm, const struct ash_secret *token_key,
				      struct ash_birth *birth)
{
	const struct ash_span root = ash_secret_peek(hsm->root_key);
	const struct ash_incarnation *incarnation = &birth->facts.incarnation;

	ASH_TRY(ash_ring_derive(hsm->crypto, root, "pin", incarnation, &birth->pin_ring));
	ASH_TRY(ash_ring_derive(hsm->crypto, root, "public", incarnation, &birth->public_ring));
	return ash_ring_derive(hsm->crypto, ash_secret_peek(token_key), "private", incarnation,
			       &birth->private_ring);
}

struct ash_status ash_slot_prepare_birth(struct ash_hsm *hsm, struct ash_token *token,
					 const struct ash_pin_policy *policy, struct ash_span so_pin,
					 const char label[ASH_LABEL_LEN], uint64_t if_version,
					 struct ash_birth *ret_birth)
{
	ASH_AUTO(ash_birth) birth = { .if_version = if_version };
	ASH_AUTO(ash_secret) *token_key = NULL;

	ASH_TRY(ash_slot_need_root(hsm, hsm->store, true));
	ASH_TRY(new_facts(hsm, token, label, &birth));
	ASH_TRY(ash_secret_new(ASH_TOKEN_KEY_LEN, &token_key));
	ASH_TRY(ash_crypto_random(hsm->crypto, ash_secret_edit(token_key)));
	ASH_TRY(derive_rings(hsm, token_key, &birth));
	birth.place = (struct ash_pin_place){
		.crypto = hsm->crypto,
		.store = hsm->store,
		.trials = &token->trials,
		.ring = &birth.pin_ring,
		.root_key = ash_secret_peek(hsm->root_key),
		.incarnation = birth.facts.incarnation,
		.owner = token->slot + 1,
	};
	ASH_TRY(ash_pin_prepare(&birth.place, policy, CKU_SO, so_pin, ash_secret_peek(token_key),
				&birth.so_pin));
	*ret_birth = birth;
	ret_birth->place.ring = &ret_birth->pin_ring;
	birth = ASH_BIRTH_NONE;
	return ASH_DONE;
}

struct birth_change {
	struct ash_hsm *hsm;
	uint64_t slot;
	const struct ash_birth *birth;
};

/* Takes the free slot for this token. ASH_E_FAILED when it is no longer free. */
static struct ash_status take_slot(struct ash_txn *txn, uint64_t slot)
{
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	uint64_t free_slot = 0, version = 0;

	ASH_TRY(ash_slot_next(txn, &free_slot, &version));
	ASH_ENSURE(free_slot == slot, ASH_E_FAILED);
	ASH_TRY(ash_write_u64(&value, slot + 1));
	return ash_txn_put(txn, ASH_NEXT_SLOT_NAME, version, ash_buf_span(&value), NULL, 0);
}

static struct ash_status write_token(struct ash_txn *txn, const struct birth_change *change)
{
	const struct ash_token_facts *facts = &change->birth->facts;
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;

	ASH_TRY(ash_write_u8(&plain, ASH_TOKEN_FORMAT));
	ASH_TRY(ash_buf_add(&plain, ash_span(facts->incarnation.bytes, ASH_INCARNATION_LEN)));
	ASH_TRY(ash_buf_add(&plain, ash_span(facts->serial, ASH_SERIAL_LEN)));
	ASH_TRY(ash_buf_add(&plain, ash_span(facts->label, ASH_LABEL_LEN)));
	return ash_record_write(txn, change->hsm->crypto, &change->hsm->token_ring,
				ash_slot_record_name(change->slot), &ash_no_incarnation,
				change->birth->if_version, ash_buf_span(&plain), NULL, 0);
}

static struct ash_status start_ledgers(struct ash_txn *txn, const struct birth_change *change)
{
	const struct ash_birth *birth = change->birth;
	const struct {
		enum ash_space space;
		const struct ash_ring *ring;
	} ledgers[] = {
		{ ASH_SPACE_PIN, &birth->pin_ring },
		{ ASH_SPACE_PUBLIC, &birth->public_ring },
		{ ASH_SPACE_PRIVATE, &birth->private_ring },
	};

	for (size_t i = 0; i < ASH_COUNT(ledgers); i++)
		ASH_TRY(ash_ledger_start(txn, change->hsm->crypto, ledgers[i].ring, ledgers[i].space,
					 change->slot + 1, &birth->facts.incarnation));
	return ASH_DONE;
}

static struct ash_status give_birth(struct ash_txn *txn, void *context)
{
	const struct birth_change *change = context;
	struct ash_status status;

	ASH_TRY(ash_root_key_claim(txn, change->hsm->crypto, change->hsm->root_key));
	if (change->birth->if_version == 0)
		ASH_TRY(take_slot(txn, change->slot));
	status = write_token(txn, change);
	ASH_ENSURE(status.code != ASH_E_CONFLICT, ASH_E_FAILED);
	ASH_TRY(status);
	ASH_TRY(ash_record_delete_owned(txn, change->slot + 1));
	ASH_TRY(start_ledgers(txn, change));
	return ash_pin_write(txn, &change->birth->place, change->birth->so_pin);
}

struct ash_status ash_slot_give_birth(struct ash_hsm *hsm, struct ash_token *token, struct ash_birth *birth)
{
	struct birth_change change = { .hsm = hsm, .slot = token->slot, .birth = birth };

	ASH_TRY(ash_store_change(hsm->store, give_birth, &change));
	/* The token is there now, whatever comes of the first look at it: the next call looks again. */
	ash_ignore(ash_slot_refresh(hsm, token));
	return ASH_DONE;
}
