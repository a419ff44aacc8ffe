/* Saved operation states (token/state.c). */
#include <pthread.h>
#include <sched.h>

#include "token/session.h"
#include "unit/token/fixture.h"

static const uint64_t saveable[] = { CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512 };

static struct ash_span message(size_t len)
{
	static uint8_t bytes[1000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + 1);
	return ash_span(bytes, len);
}

static void begin(struct ash_hsm *hsm, ash_handle session, uint64_t hash)
{
	const struct ash_mechanism mechanism = { .type = hash };

	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_DIGEST, &mechanism, 0));
}

static struct ash_status feed(struct ash_hsm *hsm, ash_handle session, struct ash_span in)
{
	uint8_t none = 0;
	struct ash_out out = { .data = &none };

	return ash_hsm_op_update(hsm, session, ASH_OP_DIGEST, in, &out);
}

static struct ash_span end(struct ash_hsm *hsm, ash_handle session, uint8_t room[64])
{
	struct ash_out out = { .data = room, .cap = 64 };

	EXPECT_OK(ash_hsm_op_final(hsm, session, ASH_OP_DIGEST, &out));
	return ash_span(room, out.len);
}

static struct ash_span save(struct ash_hsm *hsm, ash_handle session, uint8_t room[512])
{
	struct ash_out ask = { .data = NULL }, out = { .data = room };

	EXPECT_OK(ash_hsm_op_save(hsm, session, &ask));
	EXPECT(ask.len > 1 && ask.len <= 512);
	out.cap = ask.len - 1;
	EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, ash_hsm_op_save(hsm, session, &out));
	EXPECT_NUMBER(ask.len, out.len);
	out.cap = 512;
	EXPECT_OK(ash_hsm_op_save(hsm, session, &out));
	EXPECT_NUMBER(ask.len, out.len);
	return ash_span(room, out.len);
}

static struct ash_status restore(struct ash_hsm *hsm, ash_handle session, struct ash_span state)
{
	return ash_hsm_op_restore(hsm, session, state, 0, 0);
}

/* Every place in a block, and beyond the first. */
TEST(a_digest_goes_on_where_it_was_saved)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle one = open_session(hsm, true), two = open_session(hsm, true);

	for (size_t i = 0; i < ASH_COUNT(saveable); i++) {
		for (size_t at = 0; at < 300; at += at < 70 ? 1 : 13) {
			uint8_t state[512], want[64], got[64];
			struct ash_span saved, digest;

			begin(hsm, one, saveable[i]);
			EXPECT_OK(feed(hsm, one, message(at)));
			saved = save(hsm, one, state);
			EXPECT_OK(feed(hsm, one, ash_span(message(700).data + at, 700 - at)));
			digest = end(hsm, one, want);
			EXPECT_OK(restore(hsm, two, saved));
			EXPECT_OK(feed(hsm, two, ash_span(message(700).data + at, 700 - at)));
			EXPECT_SPAN(digest, end(hsm, two, got));
		}
	}
	ash_hsm_free(hsm);
}

TEST(a_state_survives_the_process_but_not_the_token)
{
	char *folder = new_folder();
	struct ash_hsm *hsm = new_token_at(folder);
	ash_handle session = open_session(hsm, false);
	uint8_t state[512], want[64], got[64];
	struct ash_span saved, digest;

	begin(hsm, session, CKM_SHA256);
	EXPECT_OK(feed(hsm, session, message(100)));
	saved = save(hsm, session, state);
	digest = end(hsm, session, want);
	ash_hsm_free(hsm);

	hsm = new_hsm_at(folder);
	session = open_session(hsm, false);
	EXPECT_OK(restore(hsm, session, saved));
	EXPECT_SPAN(digest, end(hsm, session, got));
	EXPECT_OK(ash_hsm_close_session(hsm, session));
	EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	session = open_session(hsm, false);
	EXPECT_CODE(ASH_E_SAVED_STATE, restore(hsm, session, saved));
	ash_hsm_free(hsm);
}

TEST(only_what_was_saved_is_restored)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true), reader = open_session(hsm, false);
	uint8_t state[512], got[64], want[64];
	struct ash_span saved, digest;

	begin(hsm, session, CKM_SHA384);
	EXPECT_OK(feed(hsm, session, message(200)));
	saved = save(hsm, session, state);
	for (size_t i = 0; i < saved.len; i++) {
		state[i] ^= 1;
		EXPECT_CODE(ASH_E_SAVED_STATE, restore(hsm, session, saved));
		state[i] ^= 1;
		EXPECT_CODE(ASH_E_SAVED_STATE, restore(hsm, session, ash_span(state, i)));
	}
	/* A session in another state, and keys that have no part in it. */
	EXPECT_CODE(ASH_E_SAVED_STATE, restore(hsm, reader, saved));
	EXPECT_CODE(ASH_E_KEY_NOT_NEEDED, ash_hsm_op_restore(hsm, session, saved, 5, 0));
	EXPECT_CODE(ASH_E_KEY_NOT_NEEDED, ash_hsm_op_restore(hsm, session, saved, 0, 5));
	/* All that harmed nothing. */
	digest = end(hsm, session, want);
	EXPECT_OK(restore(hsm, session, saved));
	EXPECT_SPAN(digest, end(hsm, session, got));
	ash_hsm_free(hsm);
}

TEST(what_is_under_way_gives_way)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const struct ash_mechanism ecb = { .type = CKM_AES_ECB };
	uint8_t state[512], room[64];
	struct ash_out out = { .data = state, .cap = sizeof(state) };
	struct ash_span saved;
	ash_handle key = 0;

	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_op_save(hsm, session, &out));
	begin(hsm, session, CKM_SHA256);
	saved = save(hsm, session, state);
	key = make_aes(hsm, session, false);
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &ecb, key));
	out = (struct ash_out){ .data = NULL };
	EXPECT_CODE(ASH_E_STATE_UNSAVEABLE, ash_hsm_op_save(hsm, session, &out));
	EXPECT_OK(ash_hsm_destroy_object(hsm, open_session(hsm, true), key));
	EXPECT_OK(ash_hsm_op_save(hsm, session, &out)); /* with its key that one has ended */
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &ecb, make_aes(hsm, session, false)));
	EXPECT_OK(ash_hsm_find_begin(hsm, session, NO_ATTRS));
	EXPECT_OK(restore(hsm, session, saved));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_find_end(hsm, session));
	out = (struct ash_out){ .data = room, .cap = sizeof(room) };
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_op_single(hsm, session, ASH_OP_ENCRYPT, message(16), &out));
	/* Saved before its first byte, it may still be done in one call. */
	EXPECT_OK(ash_hsm_op_single(hsm, session, ASH_OP_DIGEST, message(3), &out));
	EXPECT_NUMBER(32, out.len);
	begin(hsm, session, CKM_SHA3_256);
	EXPECT_CODE(ASH_E_STATE_UNSAVEABLE, ash_hsm_op_save(hsm, session, &out));
	ash_hsm_free(hsm);
}

/* What has a private key in it ends with the login, saved or not. */
TEST(a_digested_key_needs_its_login)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	uint8_t state[512];
	struct ash_span saved;

	begin(hsm, session, CKM_SHA256);
	EXPECT_OK(ash_hsm_digest_key(hsm, session, make_aes(hsm, session, false)));
	saved = save(hsm, session, state);
	EXPECT_OK(restore(hsm, session, saved));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_CODE(ASH_E_OPERATION_NONE, feed(hsm, session, message(1)));
	EXPECT_CODE(ASH_E_SAVED_STATE, restore(hsm, session, saved));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_OK(restore(hsm, session, saved));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_CODE(ASH_E_OPERATION_NONE, feed(hsm, session, message(1)));
	ash_hsm_free(hsm);
}

/* OpenSSL, where somebody logs out while a digest is being made. */
static struct ash_backend_ops disturbed;

static struct {
	struct ash_hsm *hsm; /* NULL: nobody does */
	ash_handle session;
	pthread_t thread;
} leaver;

static void *leave(ASH_UNUSED void *context)
{
	EXPECT_OK(ash_hsm_logout(leaver.hsm, leaver.session));
	return NULL;
}

static struct ash_status disturbed_op_new(void *backend, enum ash_op op, struct ash_alg alg, void *key,
					  void **ret_op)
{
	struct ash_hsm *hsm = leaver.hsm;

	if (hsm != NULL && op == ASH_OP_DIGEST) {
		EXPECT_NUMBER(0, pthread_create(&leaver.thread, NULL, leave, NULL));
		while (atomic_load(&hsm->tokens) != NULL &&
		       atomic_load(&atomic_load(&hsm->tokens)->login) != 0)
			sched_yield();
	}
	return ash_backend_openssl.op_new(backend, op, alg, key, ret_op);
}

static struct ash_status open_disturbed_crypto(ASH_UNUSED void *context, struct ash_crypto **ret_crypto)
{
	const struct ash_backend_ops *offered[] = { &disturbed };

	disturbed = ash_backend_openssl;
	disturbed.op_new = disturbed_op_new;
	return ash_crypto_open(offered, 1, "openssl", "", ret_crypto);
}

TEST(a_logout_that_waits_for_a_restored_digest_ends_it)
{
	struct ash_hsm_options options = fixture_options();
	struct ash_hsm *hsm = NULL;
	ash_handle session = 0;
	struct ash_out out = { .data = (uint8_t[64]){ 0 }, .cap = 64 };
	struct ash_span saved;
	uint8_t state[512];

	options.open_crypto = open_disturbed_crypto;
	EXPECT_OK(ash_hsm_new(&options, &hsm));
	hsm = with_token(hsm);
	session = log_in(hsm);
	begin(hsm, session, CKM_SHA256);
	EXPECT_OK(ash_hsm_digest_key(hsm, session, make_aes(hsm, session, false)));
	saved = save(hsm, session, state);
	leaver.session = open_session(hsm, true);
	leaver.hsm = hsm;
	EXPECT_OK(restore(hsm, session, saved));
	EXPECT_NUMBER(0, pthread_join(leaver.thread, NULL));
	leaver.hsm = NULL;
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_op_final(hsm, session, ASH_OP_DIGEST, &out));
	ash_hsm_free(hsm);
}

TEST(saving_and_restoring_survive_each_failing_allocation)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);
	uint8_t state[512], want[64], got[64];
	struct ash_out out = { .data = state, .cap = sizeof(state) };
	struct ash_span digest;

	begin(hsm, session, CKM_SHA512);
	EXPECT_OK(feed(hsm, session, message(150)));
	FAIL_EVERY_ALLOCATION(true, ash_hsm_op_save(hsm, session, &out));
	digest = end(hsm, session, want);
	FAIL_EVERY_ALLOCATION(true, restore(hsm, session, ash_span(state, out.len)));
	EXPECT_SPAN(digest, end(hsm, session, got));
	ash_hsm_free(hsm);
}
