#include "token/pin.h"

#include <time.h>

#include "crypto/seal.h"
#include "util/mem.h"
#include "util/reader.h"
#include "util/utf8.h"
#include "util/writer.h"

#define PIN_FORMAT           1u
#define SALT_LEN             16u
#define SEALED_TOKEN_KEY_LEN (ASH_TOKEN_KEY_LEN + ASH_SEAL_OVERHEAD)

/* How long a PIN that seems locked waits for others that are being looked at. */
#define WAIT_MOMENT_MS 10
#define WAIT_MOMENTS   3000u

/* Bounds on what a stored record may ask of the hash: it is read before it is proven. */
#define MEMORY_KIB_MAX (UINT32_C(1) << 20)
#define PASSES_MAX     100u

struct ash_pin_record {
	uint64_t user_type;
	uint8_t salt[SALT_LEN];
	uint32_t memory_kib, passes;
	uint64_t tries_left, tries_max;
	uint8_t sealed_key[SEALED_TOKEN_KEY_LEN];
};

struct ash_status ash_pin_check_form(struct ash_span pin, uint64_t pin_min)
{
	ASH_ENSURE(pin.len >= pin_min && pin.len <= ASH_PIN_MAX, ASH_E_PIN_LEN);
	ASH_ENSURE(ash_utf8_valid(pin), ASH_E_PIN_INVALID);
	return ASH_DONE;
}

/* The term by which a user's record is found: type, then name (empty for the two of PKCS#11). */
static struct ash_status user_term(const struct ash_pin_place *place, uint64_t user_type,
				   uint8_t ret_term[ASH_TERM_LEN])
{
	return ash_record_term(place->crypto, place->ring, user_type, ASH_SPAN_NONE, ret_term);
}

static struct ash_status encode(const struct ash_pin_record *record, struct ash_buf *out)
{
	ASH_TRY(ash_write_u8(out, PIN_FORMAT));
	ASH_TRY(ash_write_u64(out, record->user_type));
	ASH_TRY(ash_write_bytes(out, ASH_SPAN_NONE)); /* the name */
	ASH_TRY(ash_write_bytes(out, ash_span(record->salt, SALT_LEN)));
	ASH_TRY(ash_write_u32(out, record->memory_kib));
	ASH_TRY(ash_write_u32(out, record->passes));
	ASH_TRY(ash_write_u64(out, record->tries_left));
	ASH_TRY(ash_write_u64(out, record->tries_max));
	return ash_write_bytes(out, ash_span(record->sealed_key, SEALED_TOKEN_KEY_LEN));
}

static struct ash_status decode(struct ash_span bytes, struct ash_pin_record *record)
{
	struct ash_reader in = ash_reader(bytes);
	struct ash_span name, salt, sealed;
	uint8_t format = 0;

	ASH_TRY(ash_reader_u8(&in, &format));
	ASH_ENSURE(format == PIN_FORMAT, ASH_E_VERSION);
	ASH_TRY(ash_reader_u64(&in, &record->user_type));
	ASH_TRY(ash_reader_bytes(&in, 0, &name));
	ASH_TRY(ash_reader_bytes(&in, SALT_LEN, &salt));
	ASH_TRY(ash_reader_u32(&in, &record->memory_kib));
	ASH_TRY(ash_reader_u32(&in, &record->passes));
	ASH_TRY(ash_reader_u64(&in, &record->tries_left));
	ASH_TRY(ash_reader_u64(&in, &record->tries_max));
	ASH_TRY(ash_reader_bytes(&in, SEALED_TOKEN_KEY_LEN, &sealed));
	ASH_TRY(ash_reader_end(&in));
	ASH_ENSURE(salt.len == SALT_LEN && sealed.len == SEALED_TOKEN_KEY_LEN, ASH_E_FORMAT);
	ASH_ENSURE(record->memory_kib <= MEMORY_KIB_MAX && record->passes <= PASSES_MAX, ASH_E_FORMAT);
	memcpy(record->salt, salt.data, SALT_LEN);
	memcpy(record->sealed_key, sealed.data, SEALED_TOKEN_KEY_LEN);
	return ASH_DONE;
}

static struct ash_status open_record(struct ash_txn *txn, const struct ash_pin_place *place,
				     struct ash_record_name name, uint64_t *ret_version,
				     struct ash_pin_record *ret_record)
{
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	struct ash_status status;

	ASH_TRY(ash_record_read(txn, place->crypto, place->ring, name, &place->incarnation, &plain,
				ret_version));
	status = decode(ash_buf_span(&plain), ret_record);
	ASH_ENSURE(status.code != ASH_E_FORMAT, ASH_E_CORRUPT);
	return status;
}

/* Looks at all of them, where the index is damaged. */
static struct ash_status search_record(struct ash_txn *txn, const struct ash_pin_place *place,
				       uint64_t user_type, struct ash_record_name *name)
{
	while (true) {
		struct ash_pin_record record = { .user_type = CK_UNAVAILABLE_INFORMATION };
		uint64_t version = 0;
		size_t found = 0;
		struct ash_status status;

		ASH_TRY(ash_txn_find(txn, name->space, name->owner, ASH_SPAN_NONE, name->id, &name->id, 1,
				     &found));
		ASH_ENSURE(found == 1, ASH_E_NOT_FOUND);
		status = open_record(txn, place, *name, &version, &record);
		if (status.code == ASH_E_CORRUPT)
			continue; /* not for us, or then there is none */
		ASH_TRY(status);
		if (record.user_type == user_type)
			return ASH_DONE;
	}
}

static struct ash_status find_record(struct ash_txn *txn, const struct ash_pin_place *place,
				     uint64_t user_type, struct ash_record_name *ret_name)
{
	struct ash_record_name name = { ASH_SPACE_PIN, place->owner, 0 };
	uint8_t term[ASH_TERM_LEN];
	size_t found = 0;
	struct ash_status status;

	ASH_TRY(user_term(place, user_type, term));
	status = ash_txn_find(txn, name.space, name.owner, ash_span(term, sizeof(term)), 0, &name.id, 1,
			      &found);
	if (status.code == ASH_E_CORRUPT) {
		ASH_TRY(search_record(txn, place, user_type, &name));
	} else {
		ASH_TRY(status);
		ASH_ENSURE(found == 1, ASH_E_NOT_FOUND);
	}
	*ret_name = name;
	return ASH_DONE;
}

/* Finds the user's record: its name and version in the store, and what it says. */
static struct ash_status read_record(struct ash_txn *txn, const struct ash_pin_place *place,
				     uint64_t user_type, struct ash_record_name *ret_name,
				     uint64_t *ret_version, struct ash_pin_record *ret_record)
{
	struct ash_record_name name;
	struct ash_pin_record record;

	ASH_TRY(find_record(txn, place, user_type, &name));
	ASH_TRY(open_record(txn, place, name, ret_version, &record));
	ASH_ENSURE(record.user_type == user_type, ASH_E_CORRUPT);
	*ret_name = name;
	*ret_record = record;
	return ASH_DONE;
}

struct ash_status ash_pin_look(struct ash_txn *txn, const struct ash_pin_place *place,
			       struct ash_record_name name, uint64_t *ret_user_type,
			       uint8_t ret_term[ASH_TERM_LEN])
{
	struct ash_pin_record record;
	uint64_t version = 0;

	ASH_TRY(open_record(txn, place, name, &version, &record));
	ASH_TRY(user_term(place, record.user_type, ret_term));
	*ret_user_type = record.user_type;
	return ASH_DONE;
}

static struct ash_status write_record(struct ash_txn *txn, const struct ash_pin_place *place,
				      struct ash_record_name name, uint64_t if_version,
				      const struct ash_pin_record *record)
{
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	uint8_t term[ASH_TERM_LEN];
	struct ash_span terms[1] = { { term, sizeof(term) } };

	ASH_TRY(user_term(place, record->user_type, term));
	ASH_TRY(encode(record, &plain));
	return ash_record_write(txn, place->crypto, place->ring, name, &place->incarnation, if_version,
				ash_buf_span(&plain), terms, 1);
}

/* The key that seals the token key: HKDF over the root key, salted with the slow hash of the PIN. */
static struct ash_status seal_key(const struct ash_pin_place *place, const struct ash_pin_record *record,
				  struct ash_span pin, struct ash_secret **ret_key)
{
	ASH_AUTO(ash_secret) *slow = NULL;
	ASH_AUTO(ash_secret) *key = NULL;
	const struct ash_kdf hash = {
		.scheme = ASH_KDF_ARGON2ID,
		.secret = pin,
		.salt = ash_span(record->salt, SALT_LEN),
		.memory_kib = record->memory_kib,
		.passes = record->passes,
	};

	ASH_TRY(ash_secret_new(32, &slow));
	ASH_TRY(ash_crypto_kdf(place->crypto, &hash, ash_secret_edit(slow)));

	const struct ash_kdf bind = {
		.scheme = ASH_KDF_HKDF,
		.hash = ASH_HASH_SHA256,
		.secret = place->root_key,
		.salt = ash_secret_peek(slow),
		.info = ash_span_text("ashlar token key 1"),
	};

	ASH_TRY(ash_secret_new(ASH_SEAL_KEY_LEN, &key));
	ASH_TRY(ash_crypto_kdf(place->crypto, &bind, ash_secret_edit(key)));
	*ret_key = ASH_TAKE(key);
	return ASH_DONE;
}

static struct ash_status open_token_key(const struct ash_pin_place *place,
					const struct ash_pin_record *record, struct ash_span pin,
					struct ash_secret **ret_token_key)
{
	ASH_AUTO(ash_secret) *key = NULL;
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;
	struct ash_status status;

	ASH_TRY(seal_key(place, record, pin, &key));
	status = ash_unseal(place->crypto, ash_secret_peek(key),
			    ash_span(place->incarnation.bytes, ASH_INCARNATION_LEN),
			    ash_span(record->sealed_key, SEALED_TOKEN_KEY_LEN), &opened);
	ASH_ENSURE(status.code != ASH_E_CORRUPT, ASH_E_PIN_INCORRECT);
	ASH_TRY(status);
	return ash_secret_copy(ash_buf_span(&opened), ret_token_key);
}

enum try_verb {
	TAKE_ONE,
	GIVE_ONE_BACK,
	GIVE_ALL_BACK
};

struct try_change {
	const struct ash_pin_place *place;
	uint64_t user_type;
	enum try_verb verb;
	struct ash_pin_record record;
};

static struct ash_status change_tries(struct ash_txn *txn, void *context)
{
	struct try_change *change = context;
	struct ash_record_name name;
	struct ash_pin_record record;
	uint64_t version = 0;

	ASH_TRY(ash_record_same_life(txn, change->place->owner, change->place->life));
	ASH_TRY(read_record(txn, change->place, change->user_type, &name, &version, &record));
	switch (change->verb) {
	case TAKE_ONE:
		ASH_ENSURE(record.tries_left > 0, ASH_E_PIN_LOCKED);
		record.tries_left--;
		break;
	case GIVE_ONE_BACK:
		if (record.tries_left < record.tries_max)
			record.tries_left++;
		break;
	case GIVE_ALL_BACK: record.tries_left = record.tries_max; break;
	}
	ASH_TRY(write_record(txn, change->place, name, version, &record));
	change->record = record;
	return ASH_DONE;
}

static struct ash_status look_at_record(const struct try_change *change, uint64_t *ret_version,
					struct ash_pin_record *ret_record)
{
	ASH_AUTO(ash_txn) *view = NULL;
	struct ash_record_name name;

	ASH_TRY(ash_store_view(change->place->store, &view));
	ASH_TRY(ash_record_same_life(view, change->place->owner, change->place->life));
	return read_record(view, change->place, change->user_type, &name, ret_version, ret_record);
}

/* How it stands with the tries of a PIN. */
enum tries_state {
	TRIES_LEFT,
	TRIES_TAKEN, /* all, by others that are being looked at: the right PIN gives them back */
	TRIES_GONE,
};

/*
 * They are gone when nobody is being looked at, in this process or another, and the record
 * rests: who was looked at before has given back what there was to give, and nobody could
 * take what was not there.
 */
static struct ash_status look_at_tries(const struct try_change *change, enum tries_state *ret_state)
{
	const struct ash_pin_place *place = change->place;
	struct ash_pin_record record;
	uint64_t before = 0, now = 0;
	bool any = false;

	*ret_state = TRIES_LEFT;
	ASH_TRY(look_at_record(change, &before, &record));
	if (record.tries_left != 0)
		return ASH_DONE;
	ASH_TRY(ash_trial_any(place->store, place->trials, place->owner, &any));
	ASH_TRY(look_at_record(change, &now, &record));
	if (now == before)
		*ret_state = any ? TRIES_TAKEN : TRIES_GONE;
	return ASH_DONE;
}

/* Waits for those who took the tries: true when they are gone. Nobody is kept longer than `moments`. */
static struct ash_status others_finish(const struct try_change *change, unsigned *moments, bool *ret_gone)
{
	const struct timespec moment = { .tv_nsec = WAIT_MOMENT_MS * 1000000L };
	enum tries_state state = TRIES_TAKEN;

	for (; *moments != 0; --*moments) {
		ASH_TRY(look_at_tries(change, &state));
		*ret_gone = state == TRIES_GONE;
		if (state != TRIES_TAKEN)
			return ASH_DONE;
		(void)nanosleep(&moment, NULL);
	}
	ASH_FAIL_WITH(ASH_E_FAILED, "others have had all tries of this PIN for too long");
}

/* On a store that can't be written: the record as it is. */
static struct ash_status peek_tries(struct try_change *change)
{
	uint64_t version = 0;

	ASH_TRY(look_at_record(change, &version, &change->record));
	ASH_ENSURE(change->record.tries_left > 0, ASH_E_PIN_LOCKED);
	return ASH_DONE;
}

/* Takes a try, which lasts until the caller ends the trial; without any where the store can't be written. */
static struct ash_status take_try(struct try_change *change, struct ash_trial *trial)
{
	const struct ash_pin_place *place = change->place;
	unsigned moments = WAIT_MOMENTS;
	struct ash_status status = ASH_DONE;
	bool gone = false;

	change->verb = TAKE_ONE;
	while (!gone) {
		if (ash_store_writable(place->store)) {
			ASH_TRY(ash_trial_begin(place->store, place->trials, place->owner, trial));
			status = ash_store_change(place->store, change_tries, change);
		} else {
			status = peek_tries(change);
		}
		if (status.code != ASH_E_PIN_LOCKED)
			return status;
		ash_trial_end(trial);
		ASH_TRY(others_finish(change, &moments, &gone));
	}
	ASH_FAIL(ASH_E_PIN_LOCKED);
}

/* A wrong PIN took the last try: it is locked by that, unless somebody gives tries back. */
static struct ash_status lose_last_try(const struct try_change *change, struct ash_trial *trial)
{
	unsigned moments = WAIT_MOMENTS;
	struct ash_status status;
	bool gone = false;

	ash_trial_end(trial);
	status = others_finish(change, &moments, &gone);
	/* Where that can't be seen, the record has the word. */
	ASH_ENSURE(status.code == ASH_E_FAILED || (ash_is_ok(status) && !gone), ASH_E_PIN_LOCKED);
	ASH_FAIL(ASH_E_PIN_INCORRECT);
}

struct ash_status ash_pin_state(const struct ash_pin_place *place, uint64_t user_type,
				struct ash_pin_state *ret_state)
{
	const struct try_change change = { .place = place, .user_type = user_type };
	enum tries_state state = TRIES_LEFT;
	struct ash_pin_record record;
	uint64_t version = 0;

	ASH_TRY(look_at_record(&change, &version, &record));
	if (record.tries_left == 0)
		ASH_TRY(look_at_tries(&change, &state));
	*ret_state = (struct ash_pin_state){ record.tries_left, record.tries_max, state == TRIES_GONE };
	return ASH_DONE;
}

/* The key and, after it, the HMAC. */
#define MEMORY_KEY_LEN 32u
#define MEMORY_MAC_LEN 32u

static struct ash_status memory_mac(struct ash_crypto *crypto, struct ash_span key, const uint8_t *salt,
				    struct ash_span pin, struct ash_mut ret_mac)
{
	ASH_AUTO(ash_buf) data = ASH_BUF_SECRET;

	ASH_TRY(ash_buf_add(&data, ash_span(salt, SALT_LEN)));
	ASH_TRY(ash_buf_add(&data, pin));
	return ash_crypto_hmac(crypto, ASH_HASH_SHA256, key, ash_buf_span(&data), ret_mac);
}

static struct ash_status remember(struct ash_crypto *crypto, const uint8_t *salt, struct ash_span pin,
				  struct ash_secret **ret_memory)
{
	ASH_AUTO(ash_secret) *memory = NULL;
	struct ash_mut room = { NULL, 0 };

	ASH_TRY(ash_secret_new(MEMORY_KEY_LEN + MEMORY_MAC_LEN, &memory));
	room = ash_secret_edit(memory);
	ASH_TRY(ash_crypto_random(crypto, ash_mut(room.data, MEMORY_KEY_LEN)));
	ASH_TRY(memory_mac(crypto, ash_span(room.data, MEMORY_KEY_LEN), salt, pin,
			   ash_mut(room.data + MEMORY_KEY_LEN, MEMORY_MAC_LEN)));
	*ret_memory = ASH_TAKE(memory);
	return ASH_DONE;
}

struct ash_status ash_pin_recall(const struct ash_pin_place *place, uint64_t user_type, struct ash_span pin,
				 const struct ash_secret *memory, bool *ret_same)
{
	const struct ash_span known = ash_secret_peek(memory);
	struct try_change now = { .place = place, .user_type = user_type };
	uint8_t mac[MEMORY_MAC_LEN];
	struct ash_status status;

	ASH_BUG(known.len != MEMORY_KEY_LEN + MEMORY_MAC_LEN);
	status = peek_tries(&now);
	if (status.code == ASH_E_PIN_LOCKED) { /* or others are being looked at: the slow way can tell */
		*ret_same = false;
		return ASH_DONE;
	}
	ASH_TRY(status);
	ASH_TRY(memory_mac(place->crypto, ash_span(known.data, MEMORY_KEY_LEN), now.record.salt, pin,
			   ash_mut(mac, sizeof(mac))));
	*ret_same = ash_span_equal_ct(ash_span(mac, sizeof(mac)),
				      ash_span(known.data + MEMORY_KEY_LEN, MEMORY_MAC_LEN));
	/* Where tries are missing, they are given back, and that is done the slow way alone. */
	if (now.record.tries_left != now.record.tries_max)
		*ret_same = false;
	ash_wipe(mac, sizeof(mac));
	return ASH_DONE;
}

/* Checks the PIN; on success `ret_salt` is the salt that it was checked with. */
static struct ash_status check(const struct ash_pin_place *place, uint64_t user_type, struct ash_span pin,
			       struct ash_secret **ret_token_key, uint8_t ret_salt[SALT_LEN])
{
	struct try_change change = { .place = place, .user_type = user_type };
	const bool writable = ash_store_writable(place->store);
	ASH_AUTO(ash_secret) *token_key = NULL;
	ASH_AUTO(ash_trial) trial = ASH_TRIAL_NONE;
	struct ash_status status;

	/* No PIN is that short or long: nothing to learn from the answer, so no try is counted. */
	ASH_ENSURE(pin.len != 0 && pin.len <= ASH_PIN_MAX, ASH_E_PIN_INCORRECT);
	status = take_try(&change, &trial);
	ASH_ENSURE(status.code != ASH_E_NOT_FOUND, ASH_E_PIN_NOT_INITIALIZED);
	ASH_TRY(status);

	status = open_token_key(place, &change.record, pin, &token_key);
	if (status.code == ASH_E_PIN_INCORRECT && writable && change.record.tries_left == 0)
		return lose_last_try(&change, &trial);
	if (status.code == ASH_E_PIN_INCORRECT)
		return status;

	/* What fails here costs the user a try, but not the login. */
	change.verb = ash_is_ok(status) ? GIVE_ALL_BACK : GIVE_ONE_BACK;
	if (writable)
		ash_ignore(ash_store_change(place->store, change_tries, &change));
	ASH_TRY(status);
	*ret_token_key = ASH_TAKE(token_key);
	memcpy(ret_salt, change.record.salt, SALT_LEN);
	return ASH_DONE;
}

struct ash_status ash_pin_check(const struct ash_pin_place *place, uint64_t user_type, struct ash_span pin,
				struct ash_secret **ret_token_key)
{
	uint8_t salt[SALT_LEN];

	return check(place, user_type, pin, ret_token_key, salt);
}

struct ash_status ash_pin_check_and_remember(const struct ash_pin_place *place, uint64_t user_type,
					     struct ash_span pin, struct ash_secret **ret_token_key,
					     struct ash_secret **ret_memory)
{
	ASH_AUTO(ash_secret) *token_key = NULL;
	uint8_t salt[SALT_LEN];

	ASH_TRY(check(place, user_type, pin, &token_key, salt));
	ASH_TRY(remember(place->crypto, salt, pin, ret_memory));
	*ret_token_key = ASH_TAKE(token_key);
	return ASH_DONE;
}

struct ash_status ash_pin_check_nobody(const struct ash_pin_place *place, const struct ash_pin_policy *policy,
				       struct ash_span pin)
{
	const struct ash_pin_record nobody = { .memory_kib = policy->memory_kib, .passes = policy->passes };
	ASH_AUTO(ash_secret) *key = NULL;

	ASH_ENSURE(pin.len != 0 && pin.len <= ASH_PIN_MAX, ASH_E_PIN_INCORRECT);
	ASH_TRY(seal_key(place, &nobody, pin, &key));
	ASH_FAIL(ASH_E_PIN_INCORRECT);
}

struct ash_status ash_pin_prepare(const struct ash_pin_place *place, const struct ash_pin_policy *policy,
				  uint64_t user_type, struct ash_span pin, struct ash_span token_key,
				  struct ash_pin_record **ret_record)
{
	ASH_AUTO(ash_pin_record) *record = ash_mem_new(1, sizeof(*record));
	ASH_AUTO(ash_secret) *key = NULL;
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;

	ASH_ENSURE(record != NULL, ASH_E_MEMORY);
	ASH_TRY(ash_pin_check_form(pin, policy->pin_min));
	record->user_type = user_type;
	record->memory_kib = policy->memory_kib;
	record->passes = policy->passes;
	record->tries_left = policy->tries;
	record->tries_max = policy->tries;
	ASH_TRY(ash_crypto_random(place->crypto, ash_mut(record->salt, SALT_LEN)));
	ASH_TRY(seal_key(place, record, pin, &key));
	ASH_TRY(ash_seal(place->crypto, ash_secret_peek(key),
			 ash_span(place->incarnation.bytes, ASH_INCARNATION_LEN), token_key, &sealed));
	ASH_BUG(sealed.len != SEALED_TOKEN_KEY_LEN);
	memcpy(record->sealed_key, sealed.data, SEALED_TOKEN_KEY_LEN);
	*ret_record = ASH_TAKE(record);
	return ASH_DONE;
}

struct ash_pin_record *ash_pin_record_free(struct ash_pin_record *record)
{
	return ash_mem_free(record);
}

struct ash_status ash_pin_write(struct ash_txn *txn, const struct ash_pin_place *place,
				const struct ash_pin_record *record)
{
	struct ash_record_name name = { ASH_SPACE_PIN, place->owner, 0 };
	struct ash_pin_record old;
	uint64_t version = 0;
	const struct ash_status status = read_record(txn, place, record->user_type, &name, &version, &old);

	if (status.code == ASH_E_NOT_FOUND) {
		version = 0;
		ASH_TRY(ash_txn_new_id(txn, &name.id));
	} else {
		ASH_TRY(status);
	}
	return write_record(txn, place, name, version, record);
}

struct set_change {
	const struct ash_pin_place *place;
	const struct ash_pin_record *record;
};

static struct ash_status set_in_change(struct ash_txn *txn, void *context)
{
	const struct set_change *change = context;

	ASH_TRY(ash_record_same_life(txn, change->place->owner, change->place->life));
	return ash_pin_write(txn, change->place, change->record);
}

struct ash_status ash_pin_set(const struct ash_pin_place *place, const struct ash_pin_record *record)
{
	struct set_change change = { place, record };

	return ash_store_change(place->store, set_in_change, &change);
}
