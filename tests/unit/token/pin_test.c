#include "token/pin.h"

#include <pthread.h>
#include <time.h>

#include "token/slot_priv.h"
#include "unit/token/fixture.h"

/* The PIN records of slot 0. */
static struct ash_slot_pins pins_of(struct ash_hsm *hsm)
{
	struct ash_slot_pins pins = { .ring = ASH_RING_NONE };
	struct ash_token *token = NULL;

	EXPECT_OK(ash_slot_token(hsm, 0, &token));
	EXPECT_OK(ash_slot_pins(hsm, token, &pins));
	return pins;
}

static uint64_t tries_left(struct ash_hsm *hsm, uint64_t user_type)
{
	ASH_AUTO(ash_slot_pins) pins = pins_of(hsm);
	struct ash_pin_state state;

	pins.place.ring = &pins.ring;
	EXPECT_OK(ash_pin_state(&pins.place, user_type, &state));
	EXPECT_NUMBER(3, state.tries_max);
	return state.tries_left;
}

static struct ash_status check(struct ash_hsm *hsm, uint64_t user_type, struct ash_span pin)
{
	ASH_AUTO(ash_slot_pins) pins = pins_of(hsm);
	ASH_AUTO(ash_secret) *key = NULL;
	struct ash_status status;

	pins.place.ring = &pins.ring;
	status = ash_pin_check(&pins.place, user_type, pin, &key);
	EXPECT((status.code == ASH_OK) == (key != NULL));
	EXPECT(key == NULL || ash_secret_len(key) == ASH_TOKEN_KEY_LEN);
	return status;
}

TEST(pins_have_a_form)
{
	static const char *const bad[] = { "abc\xff",       "abc\xc3",          "\xc0\x80xx",
					   "\xed\xa0\x80x", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
					   "\x80zzz",       "\xe0\x80\x80x",    "\xf0\x80\x80\x80",
					   "abcd\xe2\x82" };
	static const char *const good[] = { "abcd",
					    "\xc3\xa4\xc3\xb6",
					    "\xe2\x82\xac\xe2\x82\xac",
					    "\xf0\x9f\x94\x91",
					    "\xf4\x8f\xbf\xbf",
					    "\xed\x9f\xbf\xee\x80\x80" };
	uint8_t longest[256];

	for (size_t i = 0; i < ASH_COUNT(bad); i++)
		EXPECT_CODE(ASH_E_PIN_INVALID, ash_pin_check_form(ash_span_text(bad[i]), 4));
	for (size_t i = 0; i < ASH_COUNT(good); i++)
		EXPECT_OK(ash_pin_check_form(ash_span_text(good[i]), 4));
	memset(longest, 'x', sizeof(longest));
	EXPECT_OK(ash_pin_check_form(ash_span(longest, 255), 4));
	EXPECT_CODE(ASH_E_PIN_LEN, ash_pin_check_form(ash_span(longest, 256), 4));
	EXPECT_CODE(ASH_E_PIN_LEN, ash_pin_check_form(TEXT("abc"), 4));
	EXPECT_CODE(ASH_E_PIN_LEN, ash_pin_check_form(ASH_SPAN_NONE, 4));
	EXPECT_CODE(ASH_E_PIN_LEN, ash_pin_check_form(TEXT("1234567"), 8));
}

TEST(tries_are_counted_and_given_back)
{
	struct ash_hsm *hsm = new_token();

	EXPECT_NUMBER(3, tries_left(hsm, CKU_USER));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, check(hsm, CKU_USER, TEXT("wrong")));
	EXPECT_NUMBER(2, tries_left(hsm, CKU_USER));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, check(hsm, CKU_USER, TEXT("wrong")));
	EXPECT_NUMBER(1, tries_left(hsm, CKU_USER));
	EXPECT_OK(check(hsm, CKU_USER, USER_PIN));
	EXPECT_NUMBER(3, tries_left(hsm, CKU_USER));
	EXPECT_NUMBER(3, tries_left(hsm, CKU_SO));
	for (int i = 0; i < 2; i++)
		EXPECT_CODE(ASH_E_PIN_INCORRECT, check(hsm, CKU_SO, USER_PIN));
	EXPECT_CODE(ASH_E_PIN_LOCKED, check(hsm, CKU_SO, USER_PIN));
	EXPECT_CODE(ASH_E_PIN_LOCKED, check(hsm, CKU_SO, SO_PIN));
	EXPECT_NUMBER(0, tries_left(hsm, CKU_SO));
	EXPECT_OK(check(hsm, CKU_USER, USER_PIN));
	ash_hsm_free(hsm);
}

TEST(a_pin_of_no_possible_length_costs_no_try)
{
	struct ash_hsm *hsm = new_token();
	uint8_t longest[256] = { 'x' };

	EXPECT_CODE(ASH_E_PIN_INCORRECT, check(hsm, CKU_USER, ASH_SPAN_NONE));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, check(hsm, CKU_USER, SPAN(longest)));
	EXPECT_NUMBER(3, tries_left(hsm, CKU_USER));
	ash_hsm_free(hsm);
}

TEST(tries_survive_the_process)
{
	char *folder = new_folder();
	struct ash_hsm *hsm = new_token_at(folder);

	EXPECT_CODE(ASH_E_PIN_INCORRECT, check(hsm, CKU_USER, TEXT("wrong")));
	ash_hsm_free(hsm);
	hsm = new_hsm_at(folder);
	EXPECT_NUMBER(2, tries_left(hsm, CKU_USER));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, check(hsm, CKU_USER, TEXT("wrong")));
	ash_hsm_free(hsm);
	hsm = new_hsm_at(folder);
	EXPECT_CODE(ASH_E_PIN_LOCKED, check(hsm, CKU_USER, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_LOCKED, check(hsm, CKU_USER, USER_PIN));
	ash_hsm_free(hsm);
}

/*
 * What could not be looked at was no try: nobody is locked out because memory was short.
 * A right PIN is right even if its tries could not be given back: the next one does it.
 */
TEST(failing_allocations_cost_no_try)
{
	struct ash_hsm *hsm = new_token();
	struct ash_slot_pins pins = pins_of(hsm);
	struct ash_secret *key = NULL;

	pins.place.ring = &pins.ring;
	FAIL_EVERY_ALLOCATION(key == NULL && tries_left(hsm, CKU_USER) == 3,
			      ash_pin_check(&pins.place, CKU_USER, USER_PIN, &key));
	ash_secret_free(key);
	EXPECT(tries_left(hsm, CKU_USER) >= 2);
	EXPECT_OK(check(hsm, CKU_USER, USER_PIN));
	EXPECT_NUMBER(3, tries_left(hsm, CKU_USER));
	ash_slot_pins_auto(&pins);
	ash_hsm_free(hsm);
}

struct guesses {
	struct ash_hsm *hsm;
	_Atomic unsigned incorrect, locked;
};

static void *guess(void *context)
{
	struct guesses *guesses = context;
	const struct ash_status status = check(guesses->hsm, CKU_USER, TEXT("wrong"));

	atomic_fetch_add(status.code == ASH_E_PIN_INCORRECT ? &guesses->incorrect : &guesses->locked, 1);
	EXPECT(status.code == ASH_E_PIN_INCORRECT || status.code == ASH_E_PIN_LOCKED);
	return NULL;
}

TEST(a_right_pin_is_known_again_without_a_try)
{
	struct ash_hsm *hsm = new_token();
	ASH_AUTO(ash_slot_pins) pins = pins_of(hsm);
	ASH_AUTO(ash_secret) *key = NULL;
	ASH_AUTO(ash_secret) *memory = NULL;
	ASH_AUTO(ash_secret) *unknown = NULL;
	bool same = false;

	pins.place.ring = &pins.ring;
	EXPECT_CODE(ASH_E_PIN_INCORRECT,
		    ash_pin_check_and_remember(&pins.place, CKU_USER, TEXT("wrong"), &unknown, &memory));
	EXPECT(unknown == NULL && memory == NULL);
	EXPECT_OK(ash_pin_check_and_remember(&pins.place, CKU_USER, USER_PIN, &key, &memory));
	EXPECT_NUMBER(3, tries_left(hsm, CKU_USER));
	EXPECT_OK(ash_pin_recall(&pins.place, CKU_USER, USER_PIN, memory, &same));
	EXPECT(same);
	EXPECT_OK(ash_pin_recall(&pins.place, CKU_USER, TEXT("user-piN"), memory, &same));
	EXPECT(!same);
	EXPECT_OK(ash_pin_recall(&pins.place, CKU_USER, ASH_SPAN_NONE, memory, &same));
	EXPECT(!same);
	EXPECT_NUMBER(3, tries_left(hsm, CKU_USER));
	/* A locked PIN is known no more: whoever locked it is to be stopped. */
	for (int i = 0; i < 3; i++)
		EXPECT(!ash_is_ok(check(hsm, CKU_USER, TEXT("wrong"))));
	EXPECT_OK(ash_pin_recall(&pins.place, CKU_USER, USER_PIN, memory, &same));
	EXPECT(!same);
	ash_hsm_free(hsm);
}

TEST(guessing_at_once_gives_no_more_tries)
{
	struct guesses guesses = { .hsm = new_token() };
	pthread_t threads[16];

	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, guess, &guesses));
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	EXPECT_NUMBER(2, guesses.incorrect);
	EXPECT_NUMBER(14, guesses.locked);
	ash_hsm_free(guesses.hsm);
}

/* OpenSSL, whose slow hash of the user's PIN is a good deal slower than whoever waits for it can know. */
static struct ash_backend_ops busy;

static struct ash_status busy_kdf(void *backend, const struct ash_kdf *kdf, struct ash_mut out)
{
	const struct timespec time = { .tv_nsec = 900 * 1000000L };

	if (kdf->scheme == ASH_KDF_ARGON2ID && ash_span_equal(kdf->secret, USER_PIN))
		(void)nanosleep(&time, NULL);
	return ash_backend_openssl.kdf(backend, kdf, out);
}

static struct ash_status open_busy_crypto(ASH_UNUSED void *context, struct ash_crypto **ret_crypto)
{
	const struct ash_backend_ops *offered[] = { &busy };

	busy = ash_backend_openssl;
	busy.kdf = busy_kdf;
	return ash_crypto_open(offered, 1, "openssl", "", ret_crypto);
}

static void *prove(void *context)
{
	struct guesses *guesses = context;

	if (!ash_is_ok(check(guesses->hsm, CKU_USER, USER_PIN)))
		atomic_fetch_add(&guesses->locked, 1);
	return NULL;
}

/* More of them than there are tries: those that find none left wait for the others, however slow. */
TEST(the_right_pin_many_times_at_once_locks_nobody_out)
{
	struct ash_hsm_options options = fixture_options();
	struct guesses guesses = { .hsm = NULL };
	pthread_t threads[5];

	options.open_crypto = open_busy_crypto;
	EXPECT_OK(ash_hsm_new(&options, &guesses.hsm));
	guesses.hsm = with_token(guesses.hsm);
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, prove, &guesses));
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	EXPECT_NUMBER(0, guesses.locked);
	EXPECT_NUMBER(3, tries_left(guesses.hsm, CKU_USER));
	ash_hsm_free(guesses.hsm);
}

TEST(pins_of_an_earlier_life_are_gone)
{
	char *folder = new_folder();
	struct ash_hsm *here = new_token_at(folder), *there = new_hsm_at(folder);
	ASH_AUTO(ash_slot_pins) pins = pins_of(here);
	ASH_AUTO(ash_pin_record) *record = NULL;
	ASH_AUTO(ash_secret) *key = NULL;
	const struct ash_pin_policy policy = { .pin_min = 4, .memory_kib = 64, .passes = 1, .tries = 3 };
	struct ash_pin_state state;

	pins.place.ring = &pins.ring;
	EXPECT_OK(ash_pin_check(&pins.place, CKU_USER, USER_PIN, &key));
	EXPECT_OK(ash_pin_prepare(&pins.place, &policy, CKU_USER, TEXT("new-pin"), ash_secret_peek(key),
				  &record));
	EXPECT_OK(ash_hsm_init_token(there, 0, SO_PIN, fixture_label));
	key = ash_secret_free(key);
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_pin_check(&pins.place, CKU_USER, USER_PIN, &key));
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_pin_check(&pins.place, CKU_SO, SO_PIN, &key));
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_pin_set(&pins.place, record));
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_pin_state(&pins.place, CKU_SO, &state));
	EXPECT(key == NULL);
	ash_hsm_free(here);
	ash_hsm_free(there);
}

struct damage {
	struct ash_record_name name;
	size_t at;
};

/* Flips one bit of a sealed record, as a stranger with the file would. */
static struct ash_status flip(struct ash_txn *txn, void *context)
{
	const struct damage *damage = context;
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	uint64_t version = 0;

	ASH_TRY(ash_txn_get(txn, damage->name, &value, &version));
	value.data[damage->at] ^= 1;
	return ash_txn_put(txn, damage->name, version, ash_buf_span(&value), NULL, 0);
}

TEST(a_token_record_that_a_stranger_changed_is_damaged)
{
	struct ash_hsm *hsm = new_token();
	struct damage damage = { { ASH_SPACE_TOKEN, 0, 1 }, 80 };
	struct ash_token_info info;

	EXPECT_OK(ash_store_change(hsm->store, flip, &damage));
	EXPECT_CODE(ASH_E_CORRUPT, ash_hsm_token_info(hsm, 0, &info));
	ash_hsm_free(hsm);
}
