/*
 * Operations that are fed by something else than their own update: C_DigestKey
 * (PKCS#11 3.2 §5.12.4) and the dual functions (§5.16).
 */
#include "token/access.h"
#include "token/use.h"

/* One of the two, with what it does. */
struct half {
	enum ash_op op;
	struct ash_active *active;
};

/* A place for no output is not a question for its length. */
static struct ash_status absorb(const struct half *half, struct ash_span in)
{
	uint8_t none = 0;
	struct ash_out out = { .data = &none };

	return ash_active_update(half->active, half->op, in, &out);
}

/* Both take the input: the reader first, as the output may lie where the input is. */
static struct ash_status read_and_encrypt(const struct half *reader, const struct half *cipher,
					  struct ash_span in, struct ash_out *out)
{
	struct ash_status status = ASH_DONE;
	size_t need = 0;

	/* One that takes no parts says so before any length is told. */
	ASH_TRY(ash_active_update_max(reader->active, reader->op, in.len, &need));
	ASH_TRY(ash_active_update_max(cipher->active, cipher->op, in.len, &need));
	if ((need != 0 || out->data == NULL) && ash_use_only_length(out, need, &status))
		return status;
	ASH_TRY(absorb(reader, in));
	return ash_active_update(cipher->active, cipher->op, in, out);
}

/* The reader takes what was decrypted, and only then the caller has it. */
static struct ash_status decrypt_and_read(const struct half *cipher, const struct half *reader,
					  struct ash_span in, struct ash_out *out)
{
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	struct ash_mut room = { NULL, 0 };
	struct ash_out aside;
	struct ash_status status = ASH_DONE;
	size_t need = 0;

	ASH_TRY(ash_active_update_max(reader->active, reader->op, 0, &need));
	ASH_TRY(ash_active_update_max(cipher->active, cipher->op, in.len, &need));
	if ((need != 0 || out->data == NULL) && ash_use_only_length(out, need, &status))
		return status;
	ASH_TRY(ash_buf_extend(&plain, need + 1, &room)); /* one more, so that it is never no place at all */
	aside = (struct ash_out){ .data = room.data, .cap = room.len };
	ASH_TRY(ash_active_update(cipher->active, cipher->op, in, &aside));
	ASH_TRY(absorb(reader, ash_span(aside.data, aside.len)));
	ash_use_deliver(ash_span(aside.data, aside.len), out);
	return ASH_DONE;
}

struct ash_status ash_hsm_dual_update(struct ash_hsm *hsm, ash_handle handle, enum ash_op first,
				      enum ash_op second, struct ash_span in, struct ash_out *out)
{
	const bool encrypts = (first == ASH_OP_DIGEST || first == ASH_OP_SIGN) && second == ASH_OP_ENCRYPT;
	const bool decrypts = first == ASH_OP_DECRYPT && (second == ASH_OP_DIGEST || second == ASH_OP_VERIFY);
	ASH_AUTO(ash_session) *session = NULL;
	struct half one = { .op = first }, other = { .op = second };
	struct ash_status status;

	ASH_ENSURE(encrypts || decrypts, ASH_E_ARGUMENT);
	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_active_get(session, first, &one.active));
	ASH_TRY(ash_active_get(session, second, &other.active));
	status = encrypts ? read_and_encrypt(&one, &other, in, out) : decrypt_and_read(&one, &other, in, out);
	if (!ash_is_ok(status) && status.code != ASH_E_BUFFER_TOO_SMALL) {
		ash_active_end(one.active);
		ash_active_end(other.active);
	}
	return status;
}

/* What the standard leaves to the token: any secret key whose own list of mechanisms allows it. */
static struct ash_status check_digestible(const struct ash_attrs *key, uint64_t mechanism,
					  struct ash_span *ret_value)
{
	const uint64_t class = ash_attrs_number(key, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);

	ASH_ENSURE(class == CKO_SECRET_KEY || class == CKO_PRIVATE_KEY || class == CKO_PUBLIC_KEY,
		   ASH_E_KEY_HANDLE);
	ASH_ENSURE(class == CKO_SECRET_KEY && ash_attrs_get(key, CKA_VALUE, ret_value) &&
			   ash_use_allowed(key, mechanism),
		   ASH_E_KEY_INDIGESTIBLE);
	return ASH_DONE;
}

struct ash_status ash_hsm_digest_key(struct ash_hsm *hsm, ash_handle handle, ash_handle key)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_object) *object = NULL;
	struct half digest = { .op = ASH_OP_DIGEST };
	struct ash_span value = ASH_SPAN_NONE;
	struct ash_status status;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_active_get(session, digest.op, &digest.active));
	/* A key that is refused has not been digested, and the digest goes on without it. */
	status = ash_access_get(session, key, &object);
	ASH_ENSURE(status.code != ASH_E_OBJECT_HANDLE, ASH_E_KEY_HANDLE);
	ASH_TRY(status);
	ASH_TRY(check_digestible(object->attrs, digest.active->row->type, &value));
	if (object->login != 0)
		digest.active->login = object->login; /* whose end is the digest's end as well */
	status = absorb(&digest, value);
	if (!ash_is_ok(status))
		ash_active_end(digest.active);
	return status;
}
