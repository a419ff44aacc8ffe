/* C_DigestKey and the dual functions (token/dual.c). */
#include "unit/token/transport.h"

static uint8_t message[1000], sealed[1100], back[1100];
static const struct ash_mechanism sha = { .type = CKM_SHA256 }, mac = { .type = CKM_SHA256_HMAC },
				  cbc = { .type = CKM_AES_CBC_PAD, .params = { .iv = { zero_iv, 16 } } },
				  gcm = { .type = CKM_AES_GCM,
					  .params = { .iv = { zero_iv, 12 }, .tag_len = 16 } };
static ash_handle aes, secret_key;

static void set_up_keys(void)
{
	set_up();
	if (aes != 0)
		return;
	aes = make_aes(hsm, session, false);
	secret_key = secret(CKK_GENERIC_SECRET, TEXT("sixteen bytes of"));
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 31);
}

static void begin(enum ash_op op, const struct ash_mechanism *mechanism, ash_handle key)
{
	EXPECT_OK(ash_hsm_op_init(hsm, session, op, mechanism, key));
}

static void give_up(void)
{
	for (enum ash_op op = ASH_OP_DIGEST; op < ASH_OP_DERIVE; op++)
		EXPECT_OK(ash_hsm_op_abort(hsm, session, op));
}

static bool is_active(enum ash_op op)
{
	struct ash_out out = { .data = NULL };

	return ash_hsm_op_final(hsm, session, op, &out).code != ASH_E_OPERATION_NONE;
}

static struct ash_status dual(enum ash_op first, enum ash_op second, struct ash_span in, struct ash_out *out)
{
	return ash_hsm_dual_update(hsm, session, first, second, in, out);
}

/* All of `in` in parts, each asked for and refused a short buffer before; how much came out. */
static size_t feed(enum ash_op first, enum ash_op second, struct ash_span in, uint8_t *to)
{
	size_t total = 0;

	for (size_t at = 0, part = 1; at < in.len; at += part, part += 5) {
		struct ash_out out = { .data = NULL };
		struct ash_span piece;

		if (part > in.len - at)
			part = in.len - at;
		piece = ash_span(in.data + at, part);
		EXPECT_OK(dual(first, second, piece, &out));
		if (out.len != 0) {
			struct ash_out little = { to + total, out.len - 1, 0 };

			EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, dual(first, second, piece, &little));
			EXPECT_NUMBER(out.len, little.len);
		}
		out = (struct ash_out){ to + total, out.len, 0 };
		EXPECT_OK(dual(first, second, piece, &out));
		total += out.len;
	}
	return total;
}

static struct ash_span finish(enum ash_op op, uint8_t *to, size_t cap)
{
	struct ash_out out = { to, cap, 0 };

	EXPECT_OK(ash_hsm_op_final(hsm, session, op, &out));
	return ash_span(to, out.len);
}

static void digest_of(struct ash_span bytes, uint8_t digest[32])
{
	struct ash_out out = { digest, 32, 0 };

	begin(ASH_OP_DIGEST, &sha, 0);
	EXPECT_OK(ash_hsm_op_single(hsm, session, ASH_OP_DIGEST, bytes, &out));
}

TEST(a_digest_of_what_is_encrypted_and_decrypted)
{
	uint8_t want[32], got[32];
	size_t len = 0, tail = 0;

	set_up_keys();
	digest_of(SPAN(message), want);
	begin(ASH_OP_DIGEST, &sha, 0);
	begin(ASH_OP_ENCRYPT, &cbc, aes);
	len = feed(ASH_OP_DIGEST, ASH_OP_ENCRYPT, SPAN(message), sealed);
	len += finish(ASH_OP_ENCRYPT, sealed + len, sizeof(sealed) - len).len;
	EXPECT_SPAN(SPAN(want), finish(ASH_OP_DIGEST, got, 32));

	begin(ASH_OP_DIGEST, &sha, 0);
	begin(ASH_OP_DECRYPT, &cbc, aes);
	len = feed(ASH_OP_DECRYPT, ASH_OP_DIGEST, ash_span(sealed, len), back);
	tail = finish(ASH_OP_DECRYPT, back + len, sizeof(back) - len).len;
	EXPECT_SPAN(SPAN(message), ash_span(back, len + tail));
	/* §5.16.2: what the last call gives was not digested */
	EXPECT_OK(ash_hsm_op_update(hsm, session, ASH_OP_DIGEST, ash_span(back + len, tail),
				    &(struct ash_out){ .data = got }));
	EXPECT_SPAN(SPAN(want), finish(ASH_OP_DIGEST, got, 32));
}

TEST(a_signature_of_what_is_encrypted_and_decrypted)
{
	uint8_t tag[32];
	size_t len = 0;

	set_up_keys();
	begin(ASH_OP_SIGN, &mac, secret_key);
	begin(ASH_OP_ENCRYPT, &cbc, aes);
	len = feed(ASH_OP_SIGN, ASH_OP_ENCRYPT, ash_span(message, 992), sealed);
	len += finish(ASH_OP_ENCRYPT, sealed + len, sizeof(sealed) - len).len;
	finish(ASH_OP_SIGN, tag, 32);

	begin(ASH_OP_VERIFY, &mac, secret_key);
	begin(ASH_OP_DECRYPT, &cbc, aes);
	len = feed(ASH_OP_DECRYPT, ASH_OP_VERIFY, ash_span(sealed, len), back);
	EXPECT_NUMBER(992, len);
	EXPECT_NUMBER(0, finish(ASH_OP_DECRYPT, back, sizeof(back)).len);
	EXPECT_OK(ash_hsm_verify_final(hsm, session, SPAN(tag)));
}

TEST(input_and_output_may_be_one_place)
{
	uint8_t want[32], got[32], room[16];
	struct ash_out out = { room, 16, 0 };

	set_up_keys();
	digest_of(ash_span(message, 16), want);
	begin(ASH_OP_DIGEST, &sha, 0);
	begin(ASH_OP_ENCRYPT, &cbc, aes);
	memcpy(room, message, 16);
	EXPECT_OK(dual(ASH_OP_DIGEST, ASH_OP_ENCRYPT, SPAN(room), &out));
	EXPECT_NUMBER(16, out.len);
	EXPECT_SPAN(SPAN(want), finish(ASH_OP_DIGEST, got, 32));
	give_up();
}

/* GCM gives nothing before its tag: so nothing is read either. */
TEST(what_is_held_back_is_not_read)
{
	uint8_t empty[32], got[32];
	struct ash_out out = { back, sizeof(back), 99 };

	set_up_keys();
	digest_of(ASH_SPAN_NONE, empty);
	begin(ASH_OP_DIGEST, &sha, 0);
	begin(ASH_OP_DECRYPT, &gcm, aes);
	EXPECT_OK(dual(ASH_OP_DECRYPT, ASH_OP_DIGEST, SPAN(message), &out));
	EXPECT_NUMBER(0, out.len);
	EXPECT_SPAN(SPAN(empty), finish(ASH_OP_DIGEST, got, 32));
	give_up();
}

TEST(both_have_to_be_there)
{
	static const enum ash_op pairs[][2] = {
		{ ASH_OP_DIGEST, ASH_OP_ENCRYPT },
		{ ASH_OP_SIGN, ASH_OP_ENCRYPT },
		{ ASH_OP_DECRYPT, ASH_OP_DIGEST },
		{ ASH_OP_DECRYPT, ASH_OP_VERIFY },
	};
	struct ash_out out = { back, sizeof(back), 0 };

	set_up_keys();
	for (size_t i = 0; i < ASH_COUNT(pairs); i++)
		EXPECT_CODE(ASH_E_OPERATION_NONE, dual(pairs[i][0], pairs[i][1], TEXT("x"), &out));
	begin(ASH_OP_DIGEST, &sha, 0);
	EXPECT_CODE(ASH_E_OPERATION_NONE, dual(ASH_OP_DIGEST, ASH_OP_ENCRYPT, TEXT("x"), &out));
	EXPECT(is_active(ASH_OP_DIGEST)); /* that one was not asked */
	begin(ASH_OP_ENCRYPT, &cbc, aes);
	EXPECT_CODE(ASH_E_ARGUMENT, dual(ASH_OP_ENCRYPT, ASH_OP_DIGEST, TEXT("x"), &out));
	EXPECT_CODE(ASH_E_ARGUMENT, dual(ASH_OP_DIGEST, ASH_OP_DIGEST, TEXT("x"), &out));
	EXPECT_CODE(ASH_E_ARGUMENT, dual(ASH_OPS, ASH_OPS, TEXT("x"), &out));
	EXPECT_CODE(ASH_E_SESSION_HANDLE,
		    ash_hsm_dual_update(hsm, 77, ASH_OP_DIGEST, ASH_OP_ENCRYPT, TEXT("x"), &out));
	give_up();
}

TEST(when_one_fails_both_end)
{
	const struct ash_mechanism once = { .type = CKM_RSA_PKCS };
	struct ash_out out = { back, sizeof(back), 0 };

	set_up_keys();
	begin(ASH_OP_SIGN, &once, rsa_pair().private_key); /* has no parts */
	begin(ASH_OP_ENCRYPT, &cbc, aes);
	EXPECT_CODE(ASH_E_OPERATION_NONE, dual(ASH_OP_SIGN, ASH_OP_ENCRYPT, TEXT("x"), &out));
	EXPECT(!is_active(ASH_OP_SIGN) && !is_active(ASH_OP_ENCRYPT));

	/* So it does when only a length is asked for. */
	out.data = NULL;
	begin(ASH_OP_SIGN, &once, rsa_pair().private_key);
	begin(ASH_OP_ENCRYPT, &cbc, aes);
	EXPECT_CODE(ASH_E_OPERATION_NONE, dual(ASH_OP_SIGN, ASH_OP_ENCRYPT, TEXT("x"), &out));
	EXPECT(!is_active(ASH_OP_SIGN) && !is_active(ASH_OP_ENCRYPT));
}

TEST(a_key_is_digested_as_its_value)
{
	uint8_t want[32], got[32];
	struct ash_out none = { .data = got };

	set_up_keys();
	digest_of(TEXT("before, sixteen bytes of, after"), want);
	begin(ASH_OP_DIGEST, &sha, 0);
	EXPECT_OK(ash_hsm_op_update(hsm, session, ASH_OP_DIGEST, TEXT("before, "), &none));
	EXPECT_OK(ash_hsm_digest_key(hsm, session, secret_key));
	EXPECT_OK(ash_hsm_op_update(hsm, session, ASH_OP_DIGEST, TEXT(", after"), &none));
	EXPECT_SPAN(SPAN(want), finish(ASH_OP_DIGEST, got, 32));
}

TEST(keys_that_are_not_digested)
{
	const ash_handle bound = secret_with(CKK_GENERIC_SECRET, TEXT("bound"),
					     ATTRS({ CKA_ALLOWED_MECHANISMS, NUMBER(CKM_SHA256_HMAC) }));
	uint8_t want[32], got[32];

	set_up_keys();
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_digest_key(hsm, session, secret_key));
	digest_of(TEXT("sixteen bytes of"), want);
	begin(ASH_OP_DIGEST, &sha, 0);
	EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_digest_key(hsm, 77, secret_key));
	EXPECT_CODE(ASH_E_KEY_HANDLE, ash_hsm_digest_key(hsm, session, 987654));
	EXPECT_CODE(ASH_E_KEY_HANDLE,
		    ash_hsm_digest_key(hsm, session, create_data(hsm, session, false, TEXT("no key"))));
	EXPECT_CODE(ASH_E_KEY_INDIGESTIBLE, ash_hsm_digest_key(hsm, session, rsa_pair().private_key));
	EXPECT_CODE(ASH_E_KEY_INDIGESTIBLE, ash_hsm_digest_key(hsm, session, rsa_pair().public_key));
	EXPECT_CODE(ASH_E_KEY_INDIGESTIBLE, ash_hsm_digest_key(hsm, session, bound));
	EXPECT_OK(ash_hsm_digest_key(hsm, session, secret_key)); /* as if nothing had been */
	EXPECT_SPAN(SPAN(want), finish(ASH_OP_DIGEST, got, 32));
}

TEST(a_digest_of_a_private_key_ends_with_the_login)
{
	struct ash_hsm *const before = hsm;
	const ash_handle before_session = session;

	hsm = new_token();
	session = log_in(hsm);
	begin(ASH_OP_DIGEST, &sha, 0);
	EXPECT_OK(ash_hsm_digest_key(hsm, session, make_aes(hsm, session, false)));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT(!is_active(ASH_OP_DIGEST));
	begin(ASH_OP_DIGEST, &sha, 0);
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT(is_active(ASH_OP_DIGEST)); /* this one knows nothing */
	ash_hsm_free(hsm);
	hsm = before;
	session = before_session;
}

TEST(dual_functions_survive_each_failing_allocation)
{
	struct ash_out out = { back, sizeof(back), 12345 };
	struct ash_status status = { ASH_E_MEMORY };

	set_up_keys();
	for (int64_t n = 0; status.code != ASH_OK; n++) {
		give_up();
		begin(ASH_OP_DIGEST, &sha, 0);
		begin(ASH_OP_DECRYPT, &cbc, aes);
		ash_mem_fail_after(n);
		status = dual(ASH_OP_DECRYPT, ASH_OP_DIGEST, SPAN(message), &out);
		ash_mem_fail_after(-1);
		EXPECT(status.code == ASH_OK || status.code == ASH_E_MEMORY);
		EXPECT(status.code == ASH_OK || out.len == 12345);
		EXPECT(is_active(ASH_OP_DIGEST) == ash_is_ok(status));
		EXPECT(is_active(ASH_OP_DECRYPT) == ash_is_ok(status));
		EXPECT(n < 1000);
	}
	give_up();
}
