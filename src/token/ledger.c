#include "token/ledger.h"

#include "util/reader.h"
#include "util/writer.h"

#define FORMAT   1u
#define HASH_LEN 32u
#define PAGE     256u

struct ledger {
	uint64_t count;
	uint8_t sum[HASH_LEN]; /* modulo 2^256, big-endian */
};

/* Where a ledger belongs, and whose it is. */
struct place {
	struct ash_crypto *crypto;
	const struct ash_ring *ring;
	uint32_t space;
	uint64_t owner;
	const struct ash_incarnation *incarnation;
};

static struct ash_record_name name_of(uint32_t space, uint64_t owner)
{
	return (struct ash_record_name){ ASH_SPACE_LEDGER, owner, space };
}

static struct ash_status hash(const struct place *place, struct ash_span bytes, uint8_t ret_hash[HASH_LEN])
{
	return ash_crypto_hmac(place->crypto, ASH_HASH_SHA256, ash_secret_peek(place->ring->ledger), bytes,
			       ash_mut(ret_hash, HASH_LEN));
}

/* The beginning of all that is hashed: what it is, and where. */
static struct ash_status begin(const struct place *place, const char *what, struct ash_buf *out)
{
	ASH_TRY(ash_write_bytes(out, ash_span_text(what)));
	ASH_TRY(ash_write_u32(out, place->space));
	ASH_TRY(ash_write_u64(out, place->owner));
	return ash_buf_add(out, ash_span(place->incarnation->bytes, ASH_INCARNATION_LEN));
}

static struct ash_status mac(const struct place *place, const struct ledger *ledger, uint64_t version,
			     uint8_t ret_mac[HASH_LEN])
{
	ASH_AUTO(ash_buf) bytes = ASH_BUF_PLAIN;

	ASH_TRY(begin(place, "ledger", &bytes));
	ASH_TRY(ash_write_u64(&bytes, version));
	ASH_TRY(ash_write_u64(&bytes, ledger->count));
	ASH_TRY(ash_buf_add(&bytes, ash_span(ledger->sum, HASH_LEN)));
	return hash(place, ash_buf_span(&bytes), ret_mac);
}

static struct ash_status hash_record(const struct place *place, uint64_t id, uint64_t version,
				     uint8_t ret_hash[HASH_LEN])
{
	ASH_AUTO(ash_buf) bytes = ASH_BUF_PLAIN;

	ASH_TRY(begin(place, "record", &bytes));
	ASH_TRY(ash_write_u64(&bytes, id));
	ASH_TRY(ash_write_u64(&bytes, version));
	return hash(place, ash_buf_span(&bytes), ret_hash);
}

static void add(uint8_t sum[HASH_LEN], const uint8_t term[HASH_LEN])
{
	unsigned carry = 0;

	for (size_t i = HASH_LEN; i-- > 0;) {
		carry += (unsigned)sum[i] + term[i];
		sum[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void subtract(uint8_t sum[HASH_LEN], const uint8_t term[HASH_LEN])
{
	unsigned borrow = 0;

	for (size_t i = HASH_LEN; i-- > 0;) {
		const unsigned taken = term[i] + borrow;

		borrow = sum[i] < taken;
		sum[i] = (uint8_t)(sum[i] - taken);
	}
}

static struct ash_status enter_version(const struct place *place, uint64_t id, uint64_t version,
				       struct ledger *ledger)
{
	uint8_t term[HASH_LEN];

	ASH_TRY(hash_record(place, id, version, term));
	add(ledger->sum, term);
	ledger->count++;
	return ASH_DONE;
}

static struct ash_status strike_version(const struct place *place, uint64_t id, uint64_t version,
					struct ledger *ledger)
{
	uint8_t term[HASH_LEN];

	ASH_TRY(hash_record(place, id, version, term));
	subtract(ledger->sum, term);
	ledger->count--;
	return ASH_DONE;
}

/* What is not the form of a ledger is a damaged one: false. */
static bool decode(struct ash_span bytes, struct ledger *ledger, struct ash_span *ret_mac)
{
	struct ash_reader in = ash_reader(bytes);
	struct ash_span sum = ASH_SPAN_NONE;
	uint8_t format = 0;

	if (!ash_is_ok(ash_reader_u8(&in, &format)) || format != FORMAT ||
	    !ash_is_ok(ash_reader_u64(&in, &ledger->count)) ||
	    !ash_is_ok(ash_reader_take(&in, HASH_LEN, &sum)) ||
	    !ash_is_ok(ash_reader_take(&in, HASH_LEN, ret_mac)) || !ash_is_ok(ash_reader_end(&in)))
		return false;
	memcpy(ledger->sum, sum.data, HASH_LEN);
	return true;
}

/* `ret_ledger` and `ret_version` are set when it is right. */
static struct ash_status read_ledger(struct ash_txn *txn, const struct place *place,
				     struct ledger *ret_ledger, uint64_t *ret_version,
				     enum ash_ledger_state *ret_state)
{
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	struct ash_span said = ASH_SPAN_NONE;
	struct ledger ledger;
	uint8_t right[HASH_LEN];
	const struct ash_status status =
		ash_txn_get(txn, name_of(place->space, place->owner), &value, ret_version);

	*ret_state = ASH_LEDGER_MISSING;
	if (status.code == ASH_E_NOT_FOUND)
		return ASH_DONE;
	*ret_state = ASH_LEDGER_DAMAGED;
	if (status.code == ASH_E_CORRUPT)
		return ASH_DONE;
	ASH_TRY(status);
	if (!decode(ash_buf_span(&value), &ledger, &said))
		return ASH_DONE;
	ASH_TRY(mac(place, &ledger, *ret_version, right));
	if (!ash_span_equal_ct(said, ash_span(right, HASH_LEN)))
		return ASH_DONE;
	*ret_state = ASH_LEDGER_RIGHT;
	*ret_ledger = ledger;
	return ASH_DONE;
}

static struct ash_status write_ledger(struct ash_txn *txn, const struct place *place,
				      const struct ledger *ledger, uint64_t if_version)
{
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	uint8_t tag[HASH_LEN];

	ASH_TRY(mac(place, ledger, if_version + 1, tag));
	ASH_TRY(ash_write_u8(&value, FORMAT));
	ASH_TRY(ash_write_u64(&value, ledger->count));
	ASH_TRY(ash_buf_add(&value, ash_span(ledger->sum, HASH_LEN)));
	ASH_TRY(ash_buf_add(&value, ash_span(tag, HASH_LEN)));
	return ash_txn_put(txn, name_of(place->space, place->owner), if_version, ash_buf_span(&value), NULL,
			   0);
}

struct ash_status ash_ledger_start(struct ash_txn *txn, struct ash_crypto *crypto,
				   const struct ash_ring *ring, enum ash_space space, uint64_t owner,
				   const struct ash_incarnation *incarnation)
{
	const struct place place = { crypto, ring, space, owner, incarnation };
	const struct ledger none = { .count = 0 };

	ASH_TRY(ash_ledger_drop(txn, space, owner));
	return write_ledger(txn, &place, &none, 0);
}

struct ash_status ash_ledger_enter(struct ash_txn *txn, struct ash_crypto *crypto,
				   const struct ash_ring *ring, struct ash_record_name name,
				   const struct ash_incarnation *incarnation, uint64_t before, uint64_t after)
{
	const struct place place = { crypto, ring, name.space, name.owner, incarnation };
	struct ledger ledger = { .count = 0 };
	enum ash_ledger_state state;
	uint64_t version = 0;

	ASH_TRY(read_ledger(txn, &place, &ledger, &version, &state));
	if (state != ASH_LEDGER_RIGHT)
		return ASH_DONE;
	if (before != 0)
		ASH_TRY(strike_version(&place, name.id, before, &ledger));
	if (after != 0)
		ASH_TRY(enter_version(&place, name.id, after, &ledger));
	return write_ledger(txn, &place, &ledger, version);
}

struct ash_status ash_ledger_enter_new(struct ash_txn *txn, struct ash_crypto *crypto,
				       const struct ash_ring *ring, const struct ash_new_record *records,
				       size_t count, const struct ash_incarnation *incarnation)
{
	struct place place = { .crypto = crypto, .ring = ring, .incarnation = incarnation };
	struct ledger ledger = { .count = 0 };
	enum ash_ledger_state state;
	uint64_t version = 0;

	if (count == 0)
		return ASH_DONE;
	place.space = records[0].name.space;
	place.owner = records[0].name.owner;
	ASH_TRY(read_ledger(txn, &place, &ledger, &version, &state));
	if (state != ASH_LEDGER_RIGHT)
		return ASH_DONE;
	for (size_t i = 0; i < count; i++)
		ASH_TRY(enter_version(&place, records[i].name.id, 1, &ledger));
	return write_ledger(txn, &place, &ledger, version);
}

struct ash_status ash_ledger_drop(struct ash_txn *txn, uint32_t space, uint64_t owner)
{
	const struct ash_status status = ash_txn_delete(txn, name_of(space, owner));

	return status.code == ASH_E_NOT_FOUND ? ASH_DONE : status;
}

/* One page of the space's records; `ret_last` 0 when there are no more. */
static struct ash_status count_page(struct ash_txn *txn, const struct place *place, uint64_t after,
				    struct ledger *ledger, uint64_t *ret_last)
{
	uint64_t ids[PAGE];
	size_t found = 0;

	ASH_TRY(ash_txn_find(txn, place->space, place->owner, ASH_SPAN_NONE, after, ids, PAGE, &found));
	for (size_t i = 0; i < found; i++) {
		const struct ash_record_name name = { place->space, place->owner, ids[i] };
		uint64_t version = 0;
		const struct ash_status status = ash_txn_get(txn, name, NULL, &version);

		/* One that can't even be read makes the sum another. */
		if (status.code == ASH_E_CORRUPT)
			continue;
		ASH_TRY(status);
		ASH_TRY(enter_version(place, ids[i], version, ledger));
	}
	*ret_last = found == PAGE ? ids[found - 1] : 0;
	return ASH_DONE;
}

struct ash_status ash_ledger_check(struct ash_txn *txn, struct ash_crypto *crypto,
				   const struct ash_ring *ring, enum ash_space space, uint64_t owner,
				   const struct ash_incarnation *incarnation,
				   enum ash_ledger_state *ret_state)
{
	const struct place place = { crypto, ring, space, owner, incarnation };
	struct ledger said = { .count = 0 }, found = { .count = 0 };
	enum ash_ledger_state state;
	uint64_t version = 0, after = 0;

	ASH_TRY(read_ledger(txn, &place, &said, &version, &state));
	if (state == ASH_LEDGER_RIGHT) {
		do {
			ASH_TRY(count_page(txn, &place, after, &found, &after));
		} while (after != 0);
		if (found.count != said.count || memcmp(found.sum, said.sum, HASH_LEN) != 0)
			state = ASH_LEDGER_DIFFERS;
	}
	*ret_state = state;
	return ASH_DONE;
}
