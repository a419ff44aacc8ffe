/* C_InitToken (token/birth.c): who wins when several come at once. */
#include <pthread.h>

#include "token/slot_priv.h"
#include "unit/token/fixture.h"

struct rival {
	struct ash_hsm *hsm;
	pthread_barrier_t *start;
	enum ash_code code;
};

/* Each with a PIN of its own, so that none can make anew what another made. */
static void *give_birth(void *context)
{
	struct rival *rival = context;
	char pin[32];

	(void)snprintf(pin, sizeof(pin), "pin of %p", context);
	(void)pthread_barrier_wait(rival->start);
	rival->code = ash_hsm_init_token(rival->hsm, 0, ash_span_text(pin), fixture_label).code;
	return NULL;
}

static void race(struct ash_hsm **hsms, size_t hsm_count)
{
	struct rival rivals[8];
	pthread_t threads[8];
	pthread_barrier_t start;
	size_t wins = 0;

	EXPECT_NUMBER(0, pthread_barrier_init(&start, NULL, ASH_COUNT(rivals)));
	for (size_t i = 0; i < ASH_COUNT(rivals); i++) {
		rivals[i] = (struct rival){ hsms[i % hsm_count], &start, ASH_OK };
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, give_birth, &rivals[i]));
	}
	for (size_t i = 0; i < ASH_COUNT(rivals); i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	for (size_t i = 0; i < ASH_COUNT(rivals); i++) {
		const enum ash_code code = rivals[i].code;
		char pin[32];
		ash_handle session = 0;

		wins += code == ASH_OK ? 1 : 0;
		/* Lost while writing; or found a token whose officer it is not, which locks it after three. */
		if (code != ASH_OK && code != ASH_E_FAILED && code != ASH_E_PIN_INCORRECT &&
		    code != ASH_E_PIN_LOCKED)
			test_fail(__FILE__, __LINE__, "a loser got %s", ash_code_name(code));
		if (code != ASH_OK)
			continue;
		(void)snprintf(pin, sizeof(pin), "pin of %p", (void *)&rivals[i]);
		session = open_session(hsms[0], true);
		const enum ash_code login = ash_hsm_login(hsms[0], session, CKU_SO, ash_span_text(pin)).code;
		EXPECT(login == ASH_OK || login == ASH_E_PIN_LOCKED);
		EXPECT_OK(ash_hsm_close_session(hsms[0], session));
	}
	EXPECT_NUMBER(1, wins);
	pthread_barrier_destroy(&start);
}

TEST(of_threads_on_one_hsm_one_wins)
{
	for (int round = 0; round < 6; round++) {
		struct ash_hsm *hsm = new_hsm();

		race(&hsm, 1);
		ash_hsm_free(hsm);
	}
}

TEST(of_hsms_on_one_store_one_wins)
{
	for (int round = 0; round < 8; round++) {
		char *folder = new_folder();
		struct ash_hsm *hsms[2] = { new_hsm_at(folder), new_hsm_at(folder) };

		race(hsms, 2);
		ash_hsm_free(hsms[0]);
		ash_hsm_free(hsms[1]);
	}
}

/* Decided when there was no token: what came into being since is not overwritten unasked. */
TEST(a_birth_that_was_prepared_for_a_free_slot_takes_no_token)
{
	const struct ash_pin_policy policy = { .pin_min = 4, .memory_kib = 64, .passes = 1, .tries = 3 };
	struct ash_hsm *hsm = new_hsm();
	ASH_AUTO(ash_birth) birth = ASH_BIRTH_NONE;
	struct ash_store *store = NULL;
	struct ash_crypto *crypto = NULL;
	struct ash_token *token = NULL;
	ash_handle session = 0;

	EXPECT_OK(ash_hsm_crypto(hsm, &crypto));
	EXPECT_OK(ash_hsm_store(hsm, true, &store));
	EXPECT_OK(ash_slot_token(hsm, 0, &token));
	EXPECT_NUMBER(0, ash_slot_version(token));
	EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_OK(ash_slot_prepare_birth(hsm, token, &policy, TEXT("thief"), fixture_label, 0, &birth));
	EXPECT_CODE(ASH_E_FAILED, ash_slot_give_birth(hsm, token, &birth));
	session = open_session(hsm, true);
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
	ash_birth_auto(&birth);
	birth = ASH_BIRTH_NONE;
	ash_hsm_free(hsm);
}

TEST(a_rebirth_that_was_prepared_for_an_earlier_life_takes_no_token)
{
	const struct ash_pin_policy policy = { .pin_min = 4, .memory_kib = 64, .passes = 1, .tries = 3 };
	struct ash_hsm *hsm = new_token();
	ASH_AUTO(ash_birth) birth = ASH_BIRTH_NONE;
	struct ash_token *token = NULL;
	uint64_t version = 0;

	EXPECT_OK(ash_slot_token(hsm, 0, &token));
	version = ash_slot_version(token);
	EXPECT(version != 0);
	EXPECT_OK(ash_slot_prepare_birth(hsm, token, &policy, TEXT("late"), fixture_label, version, &birth));
	EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_CODE(ASH_E_FAILED, ash_slot_give_birth(hsm, token, &birth));
	ash_birth_auto(&birth);
	birth = ASH_BIRTH_NONE;
	ash_hsm_free(hsm);
}
