/* Who looks at PINs (token/trial.c). Two HSMs on one folder are as two processes. */
#include "token/trial.h"

#include <pthread.h>
#include <time.h>

#include "unit/token/fixture.h"

static struct ash_trials *trials_of(struct ash_hsm *hsm)
{
	struct ash_token *token = NULL;

	EXPECT_OK(ash_slot_token(hsm, 0, &token));
	return &token->trials;
}

static bool any(struct ash_hsm *hsm, uint64_t owner)
{
	bool answer = false;

	EXPECT_OK(ash_trial_any(hsm->store, trials_of(hsm), owner, &answer));
	return answer;
}

TEST(a_trial_is_seen_from_everywhere_until_it_ends)
{
	char *folder = new_folder();
	struct ash_hsm *one = new_token_at(folder), *two = new_hsm_at(folder);
	struct ash_trial first = ASH_TRIAL_NONE, second = ASH_TRIAL_NONE;

	EXPECT(!any(one, 1) && !any(two, 1));
	EXPECT_OK(ash_trial_begin(one->store, trials_of(one), 1, &first));
	EXPECT_OK(ash_trial_begin(one->store, trials_of(one), 1, &second));
	EXPECT(any(one, 1) && any(two, 1));
	EXPECT(!any(two, 2));
	ash_trial_end(&first);
	ash_trial_end(&first);
	EXPECT(any(one, 1) && any(two, 1));
	ash_trial_end(&second);
	EXPECT(!any(one, 1) && !any(two, 1));
	/* It is no session: the token may be initialised meanwhile. */
	EXPECT_OK(ash_trial_begin(two->store, trials_of(two), 1, &first));
	EXPECT_OK(ash_hsm_init_token(one, 0, SO_PIN, fixture_label));
	EXPECT(any(one, 1));
	/* It ends with its process. */
	ash_hsm_free(two);
	EXPECT(!any(one, 1));
	ash_hsm_free(one);
}

struct login {
	struct ash_hsm *hsm;
	_Atomic bool over;
};

static void *log_in_waiting(void *context)
{
	struct login *login = context;
	const ash_handle session = open_session(login->hsm, false);

	EXPECT_OK(ash_hsm_login(login->hsm, session, CKU_USER, USER_PIN));
	login->over = true;
	return NULL;
}

/* Another process has all the tries, and gives them back when it is done. */
TEST(a_login_waits_for_what_another_process_looks_at)
{
	char *folder = new_folder();
	struct ash_hsm *here = new_token_at(folder), *there = new_hsm_at(folder);
	const ash_handle session = open_session(there, true);
	const struct timespec second = { .tv_sec = 1 };
	struct ash_trial trial = ASH_TRIAL_NONE;
	struct login login = { .hsm = here };
	pthread_t thread;

	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(there, session, CKU_USER, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(there, session, CKU_USER, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_LOCKED, ash_hsm_login(there, session, CKU_USER, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_LOCKED, ash_hsm_login(there, session, CKU_USER, USER_PIN));
	EXPECT_OK(ash_hsm_login(there, session, CKU_SO, SO_PIN));
	EXPECT_OK(ash_trial_begin(there->store, trials_of(there), 1, &trial));
	EXPECT_NUMBER(0, pthread_create(&thread, NULL, log_in_waiting, &login));
	(void)nanosleep(&second, NULL);
	EXPECT(!login.over);
	EXPECT_OK(ash_hsm_init_pin(there, session, USER_PIN));
	EXPECT_NUMBER(0, pthread_join(thread, NULL));
	ash_trial_end(&trial);
	ash_hsm_free(there);
	ash_hsm_free(here);
}
