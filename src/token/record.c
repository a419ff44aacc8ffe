#include "token/record.h"

#include "crypto/seal.h"
#include "token/ledger.h"
#include "util/writer.h"

static struct ash_status derive_one(struct ash_crypto *crypto, struct ash_span key, const char *label,
				    const char *purpose, const struct ash_incarnation *incarnation,
				    struct ash_secret **ret_secret)
{
	ASH_AUTO(ash_buf) info = ASH_BUF_PLAIN;
	ASH_AUTO(ash_secret) *secret = NULL;

	ASH_TRY(ash_write_bytes(&info, ash_span_text("ashlar ring 1")));
	ASH_TRY(ash_write_bytes(&info, ash_span_text(label)));
	ASH_TRY(ash_write_bytes(&info, ash_span_text(purpose)));
	ASH_TRY(ash_write_bytes(&info, ash_span(incarnation->bytes, sizeof(incarnation->bytes))));

	const struct ash_kdf kdf = {
		.scheme = ASH_KDF_HKDF,
		.hash = ASH_HASH_SHA256,
		.secret = key,
		.info = ash_buf_span(&info),
	};

	ASH_TRY(ash_secret_new(ASH_SEAL_KEY_LEN, &secret));
	ASH_TRY(ash_crypto_kdf(crypto, &kdf, ash_secret_edit(secret)));
	*ret_secret = ASH_TAKE(secret);
	return ASH_DONE;
}

struct ash_status ash_ring_derive(struct ash_crypto *crypto, struct ash_span key, const char *label,
				  const struct ash_incarnation *incarnation, struct ash_ring *ret_ring)
{
	ASH_AUTO(ash_ring) ring = ASH_RING_NONE;

	ASH_TRY(derive_one(crypto, key, label, "wrap", incarnation, &ring.wrap));
	ASH_TRY(derive_one(crypto, key, label, "index", incarnation, &ring.index));
	ASH_TRY(derive_one(crypto, key, label, "ledger", incarnation, &ring.ledger));
	*ret_ring = ring;
	ring = ASH_RING_NONE;
	return ASH_DONE;
}

struct ash_status ash_ring_copy(const struct ash_ring *ring, struct ash_ring *ret_copy)
{
	ASH_AUTO(ash_ring) copy = ASH_RING_NONE;

	ASH_TRY(ash_secret_copy(ash_secret_peek(ring->wrap), &copy.wrap));
	ASH_TRY(ash_secret_copy(ash_secret_peek(ring->index), &copy.index));
	ASH_TRY(ash_secret_copy(ash_secret_peek(ring->ledger), &copy.ledger));
	*ret_copy = copy;
	copy = ASH_RING_NONE;
	return ASH_DONE;
}

void ash_ring_done(struct ash_ring *ring)
{
	ring->wrap = ash_secret_free(ring->wrap);
	ring->index = ash_secret_free(ring->index);
	ring->ledger = ash_secret_free(ring->ledger);
	ring->unwrap = ash_operation_free(ring->unwrap);
}

struct ash_status ash_ring_warm(struct ash_crypto *crypto, struct ash_ring *ring)
{
	if (ring->unwrap != NULL)
		return ASH_DONE;
	return ash_unsealer_new(crypto, ash_secret_peek(ring->wrap), &ring->unwrap);
}

/* The associated data: where the record belongs, and which half of it this is. */
static struct ash_status place(const char *half, struct ash_record_name name,
			       const struct ash_incarnation *incarnation, uint64_t version,
			       struct ash_buf *out)
{
	ASH_TRY(ash_write_bytes(out, ash_span_text(half)));
	ASH_TRY(ash_write_u32(out, name.space));
	ASH_TRY(ash_write_u64(out, name.owner));
	ASH_TRY(ash_write_u64(out, name.id));
	ASH_TRY(ash_write_u64(out, version));
	return ash_buf_add(out, ash_span(incarnation->bytes, sizeof(incarnation->bytes)));
}

#define WRAPPED_KEY_LEN (ASH_SEAL_KEY_LEN + ASH_SEAL_OVERHEAD)

struct ash_status ash_record_seal(struct ash_crypto *crypto, const struct ash_ring *ring,
				  struct ash_record_name name, const struct ash_incarnation *incarnation,
				  uint64_t version, struct ash_span plain, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) key_place = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) body_place = ASH_BUF_PLAIN;
	ASH_AUTO(ash_secret) *key = NULL;

	ASH_TRY(place("key", name, incarnation, version, &key_place));
	ASH_TRY(place("body", name, incarnation, version, &body_place));
	ASH_TRY(ash_secret_new(ASH_SEAL_KEY_LEN, &key));
	ASH_TRY(ash_crypto_random(crypto, ash_secret_edit(key)));
	ASH_TRY(ash_seal(crypto, ash_secret_peek(ring->wrap), ash_buf_span(&key_place), ash_secret_peek(key),
			 out));
	return ash_seal(crypto, ash_secret_peek(key), ash_buf_span(&body_place), plain, out);
}

/* A sealed record that does not even have the form of one is as damaged as one that does not open. */
static struct ash_status damaged(struct ash_status status)
{
	if (status.code == ASH_E_FORMAT)
		ASH_FAIL(ASH_E_CORRUPT);
	return status;
}

static struct ash_status open_key(struct ash_crypto *crypto, const struct ash_ring *ring,
				  struct ash_span context, struct ash_span wrapped, struct ash_buf *out)
{
	if (ring->unwrap != NULL)
		return ash_unseal_with(ring->unwrap, context, wrapped, out);
	return ash_unseal(crypto, ash_secret_peek(ring->wrap), context, wrapped, out);
}

struct ash_status ash_record_open(struct ash_crypto *crypto, const struct ash_ring *ring,
				  struct ash_record_name name, const struct ash_incarnation *incarnation,
				  uint64_t version, struct ash_span sealed, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) key_place = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) body_place = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) key = ASH_BUF_SECRET;

	ASH_ENSURE(sealed.len >= WRAPPED_KEY_LEN, ASH_E_CORRUPT);
	ASH_TRY(place("key", name, incarnation, version, &key_place));
	ASH_TRY(place("body", name, incarnation, version, &body_place));
	ASH_TRY(damaged(open_key(crypto, ring, ash_buf_span(&key_place),
				 ash_span(sealed.data, WRAPPED_KEY_LEN), &key)));
	return damaged(ash_unseal(crypto, ash_buf_span(&key), ash_buf_span(&body_place),
				  ash_span(sealed.data + WRAPPED_KEY_LEN, sealed.len - WRAPPED_KEY_LEN),
				  out));
}

struct ash_status ash_record_read(struct ash_txn *txn, struct ash_crypto *crypto, const struct ash_ring *ring,
				  struct ash_record_name name, const struct ash_incarnation *incarnation,
				  struct ash_buf *out, uint64_t *ret_version)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	uint64_t version = 0;
	const struct ash_status status = ash_txn_get(txn, name, &sealed, &version);

	/*
	 * A store that is damaged itself (or whose disk fails, which SQLite says in the same
	 * words) is no damage of this one record: a search must not pass it over in silence.
	 */
	ASH_ENSURE(status.code != ASH_E_CORRUPT, ASH_E_IO);
	ASH_TRY(status);
	ASH_TRY(ash_record_open(crypto, ring, name, incarnation, version, ash_buf_span(&sealed), out));
	*ret_version = version;
	return ASH_DONE;
}

struct ash_status ash_record_write(struct ash_txn *txn, struct ash_crypto *crypto,
				   const struct ash_ring *ring, struct ash_record_name name,
				   const struct ash_incarnation *incarnation, uint64_t if_version,
				   struct ash_span plain, const struct ash_span *terms, size_t term_count)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;

	ASH_TRY(ash_record_seal(crypto, ring, name, incarnation, if_version + 1, plain, &sealed));
	ASH_TRY(ash_txn_put(txn, name, if_version, ash_buf_span(&sealed), terms, term_count));
	if (name.space == ASH_SPACE_TOKEN)
		return ASH_DONE; /* whatever else there is of a token opens with the latest record alone */
	return ash_ledger_enter(txn, crypto, ring, name, incarnation, if_version, if_version + 1);
}

struct ash_status ash_record_write_new(struct ash_txn *txn, struct ash_crypto *crypto,
				       const struct ash_ring *ring, const struct ash_incarnation *incarnation,
				       struct ash_new_record *records, size_t count)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	size_t total = 0, at = 0;

	for (size_t i = 0; i < count; i++)
		total += WRAPPED_KEY_LEN + records[i].value.len + ASH_SEAL_OVERHEAD;
	/* All room at once: what lies in it must not move. */
	ASH_TRY(ash_buf_reserve(&sealed, total));
	for (size_t i = 0; i < count; i++) {
		at = sealed.len;
		ASH_TRY(ash_record_seal(crypto, ring, records[i].name, incarnation, 1, records[i].value,
					&sealed));
		records[i].value = ash_span(sealed.data + at, sealed.len - at);
	}
	ASH_TRY(ash_txn_put_new(txn, records, count));
	for (size_t i = 0; i < count; i++)
		records[i].value = ASH_SPAN_NONE;
	return ash_ledger_enter_new(txn, crypto, ring, records, count, incarnation);
}

struct ash_status ash_record_delete(struct ash_txn *txn, struct ash_crypto *crypto,
				    const struct ash_ring *ring, struct ash_record_name name,
				    const struct ash_incarnation *incarnation)
{
	uint64_t version = 0;

	ASH_TRY(ash_txn_get(txn, name, NULL, &version));
	ASH_TRY(ash_txn_delete(txn, name));
	return ash_ledger_enter(txn, crypto, ring, name, incarnation, version, 0);
}

struct ash_status ash_record_delete_owned(struct ash_txn *txn, uint64_t owner)
{
	static const enum ash_space spaces[] = { ASH_SPACE_PIN, ASH_SPACE_PUBLIC, ASH_SPACE_PRIVATE,
						 ASH_SPACE_LEDGER };

	for (size_t i = 0; i < ASH_COUNT(spaces); i++)
		ASH_TRY(ash_txn_delete_all(txn, spaces[i], owner));
	return ASH_DONE;
}

struct ash_status ash_record_same_life(struct ash_txn *txn, uint64_t owner, uint64_t token_version)
{
	const struct ash_record_name token = { ASH_SPACE_TOKEN, 0, owner };
	uint64_t version = 0;
	const struct ash_status status = ash_txn_get(txn, token, NULL, &version);

	ASH_ENSURE(status.code != ASH_E_NOT_FOUND, ASH_E_DEVICE_REMOVED);
	ASH_TRY(status);
	ASH_ENSURE(version == token_version, ASH_E_DEVICE_REMOVED);
	return ASH_DONE;
}

struct ash_status ash_record_term(struct ash_crypto *crypto, const struct ash_ring *ring, uint64_t type,
				  struct ash_span value, uint8_t ret_term[ASH_TERM_LEN])
{
	ASH_AUTO(ash_buf) named = ASH_BUF_SECRET;

	ASH_TRY(ash_write_u64(&named, type));
	ASH_TRY(ash_buf_add(&named, value));
	return ash_crypto_hmac(crypto, ASH_HASH_SHA256, ash_secret_peek(ring->index), ash_buf_span(&named),
			       ash_mut(ret_term, ASH_TERM_LEN));
}
