#include "crypto/seal.h"

#define VERSION   1u
#define NONCE_LEN 12u
#define TAG_LEN   16u
#define HEAD_LEN  (1u + NONCE_LEN)

/* An AES-256-GCM operation under `key`. */
static struct ash_status new_operation(struct ash_crypto *crypto, enum ash_op op, struct ash_span key_bytes,
				       struct ash_operation **ret_operation)
{
	const struct ash_use use = { .op = op, .alg = { ASH_SCHEME_AES_GCM, ASH_HASH_NONE } };
	const struct ash_key_spec spec = { .kind = ASH_KEY_SECRET, .bits = ASH_SEAL_KEY_LEN * 8 };
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_key) *key = NULL;

	ASH_ENSURE(key_bytes.len == ASH_SEAL_KEY_LEN, ASH_E_ARGUMENT);
	ASH_TRY(ash_parts_set(&parts, ASH_PART_SECRET, key_bytes));
	ASH_TRY(ash_key_load(crypto, &spec, &parts, &use, &key));
	return ash_operation_new(crypto, &use, key, ret_operation);
}

/* Begins it anew with this nonce, for this place. */
static struct ash_status start(struct ash_operation *operation, struct ash_span nonce,
			       struct ash_span context)
{
	static const uint8_t version = VERSION;
	struct ash_params params = { .iv = nonce, .tag_len = TAG_LEN };
	ASH_AUTO(ash_buf) aad = ASH_BUF_PLAIN;

	ASH_TRY(ash_buf_reserve(&aad, 1 + context.len));
	ASH_TRY(ash_buf_add(&aad, ash_span(&version, 1)));
	ASH_TRY(ash_buf_add(&aad, context));
	params.aad = ash_buf_span(&aad);
	return ash_operation_start(operation, &params);
}

static struct ash_status seal_into(struct ash_crypto *crypto, struct ash_span key, struct ash_span context,
				   struct ash_span plain, struct ash_mut room)
{
	ASH_AUTO(ash_operation) *operation = NULL;
	struct ash_mut nonce = ash_mut(room.data + 1, NONCE_LEN);
	size_t len = 0;

	room.data[0] = VERSION;
	ASH_TRY(ash_crypto_random(crypto, nonce));
	ASH_TRY(new_operation(crypto, ASH_OP_ENCRYPT, key, &operation));
	ASH_TRY(start(operation, ash_mut_span(nonce), context));
	ASH_TRY(ash_operation_finish(operation, plain, ash_mut(room.data + HEAD_LEN, room.len - HEAD_LEN),
				     &len));
	ASH_BUG(len != room.len - HEAD_LEN);
	return ASH_DONE;
}

struct ash_status ash_seal(struct ash_crypto *crypto, struct ash_span key, struct ash_span context,
			   struct ash_span plain, struct ash_buf *out)
{
	size_t before = out->len;
	struct ash_mut room = { NULL, 0 };
	struct ash_status status = ASH_DONE;

	ASH_ENSURE(plain.len <= SIZE_MAX - ASH_SEAL_OVERHEAD, ASH_E_LIMIT);
	ASH_TRY(ash_buf_extend(out, plain.len + ASH_SEAL_OVERHEAD, &room));
	status = seal_into(crypto, key, context, plain, room);
	if (!ash_is_ok(status))
		out->len = before;
	return status;
}

struct ash_status ash_unseal(struct ash_crypto *crypto, struct ash_span key, struct ash_span context,
			     struct ash_span sealed, struct ash_buf *out)
{
	ASH_AUTO(ash_operation) *unsealer = NULL;

	ASH_TRY(ash_unsealer_new(crypto, key, &unsealer));
	return ash_unseal_with(unsealer, context, sealed, out);
}

struct ash_status ash_unsealer_new(struct ash_crypto *crypto, struct ash_span key,
				   struct ash_operation **ret_unsealer)
{
	return new_operation(crypto, ASH_OP_DECRYPT, key, ret_unsealer);
}

struct ash_status ash_unseal_with(struct ash_operation *unsealer, struct ash_span context,
				  struct ash_span sealed, struct ash_buf *out)
{
	size_t before = out->len;
	struct ash_mut room = { NULL, 0 };
	struct ash_status status = ASH_DONE;
	size_t len = 0;

	ASH_ENSURE(sealed.len >= ASH_SEAL_OVERHEAD && sealed.data[0] == VERSION, ASH_E_FORMAT);
	ASH_TRY(start(unsealer, ash_span(sealed.data + 1, NONCE_LEN), context));
	ASH_TRY(ash_buf_extend(out, sealed.len - ASH_SEAL_OVERHEAD, &room));

	status = ash_operation_finish(unsealer, ash_span(sealed.data + HEAD_LEN, sealed.len - HEAD_LEN), room,
				      &len);
	if (ash_is_ok(status)) {
		ASH_BUG(len != room.len);
		return status;
	}
	out->len = before; /* nothing was written to the room */
	ASH_ENSURE(status.code != ASH_E_AUTHENTICATION, ASH_E_CORRUPT);
	return status;
}
