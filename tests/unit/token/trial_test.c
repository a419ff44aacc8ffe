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
	struct ash_trials *trials = trials_of(hsm); /* opens the store */
	bool answer = false;

	EXPECT_OK(ash_trial_any(hsm->store, trials, owner, &answer));
	return answer;
}

static struct ash_trial begin_trial(struct ash_hsm *hsm)
{
	struct ash_trials *trials = trials_of(hsm);
	struct ash_trial trial = ASH_TRIAL_NONE;

	EXPECT_OK(ash_trial_begin(hsm->store, trials, 1, &trial));
	return trial;
}

TEST(a_trial_is_seen_from_everywhere_until_it_ends)
{
	char *folder = new_folder();
	struct ash_hsm *one = new_token_at(folder), *two = new_hsm_at(folder);
	struct ash_trial first = ASH_TRIAL_NONE, second = ASH_TRIAL_NONE;

	EXPECT(!any(one, 1) && !any(two, 1));
	first = begin_trial(one);
	second = begin_trial(one);
	EXPECT(any(one, 1) && any(two, 1));
	EXPECT(!any(two, 2));
	ash_trial_end(&first);
	ash_trial_end(&first);
	EXPECT(any(one, 1) && any(two, 1));
	ash_trial_end(&second);
	EXPECT(!any(one, 1) && !any(two, 1));
	/* It is no session: the token may be initialised meanwhile. */
	first = begin_trial(two);
	EXPECT_OK(ash_hsm_init_token(one, 0, SO_PIN, fixture_label));
	EXPECT(any(one, 1));
	/* It ends with its process. */
	ash_hsm_free(two);
	EXPECT(!any(one, 1));
	ash_hsm_free(one);
}

static uint64_t flags_of(struct ash_hsm *hsm)
{
	struct ash_token_info info;

	EXPECT_OK(ash_hsm_token_info(hsm, 0, &info));
	return info.flags;
}

static void lock_user(struct ash_hsm *hsm, ash_handle session)
{
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_USER, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_USER, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_LOCKED, ash_hsm_login(hsm, session, CKU_USER, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_LOCKED, ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
}

struct login {
	struct ash_hsm *hsm;
	struct ash_span pin;
	pthread_t thread;
	enum ash_code code;
	_Atomic bool over;
};

static void *log_in_waiting(void *context)
{
	struct login *login = context;

	login->code = ash_hsm_login(login->hsm, open_session(login->hsm, false), CKU_USER, login->pin).code;
	login->over = true;
	return NULL;
}

static void begin_login(struct login *login)
{
	EXPECT_NUMBER(0, pthread_create(&login->thread, NULL, log_in_waiting, login));
}

/* Who waits has the answer once the officer gives the user all tries back. */
static void give_back(struct ash_hsm *hsm, ash_handle officer, struct login *login)
{
	EXPECT(!login->over);
	EXPECT_OK(ash_hsm_init_pin(hsm, officer, USER_PIN));
	EXPECT_NUMBER(0, pthread_join(login->thread, NULL));
}

static void a_while(long milliseconds)
{
	const struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

	(void)nanosleep(&time, NULL);
}

/* Another process has all the tries, and gives them back when it is done. */
static void wait_for_other(struct ash_hsm *here, struct ash_hsm *there)
{
	const ash_handle session = open_session(there, true);
	struct login login = { .hsm = here, .pin = USER_PIN };
	struct ash_trial trial = ASH_TRIAL_NONE;

	lock_user(there, session);
	EXPECT_OK(ash_hsm_login(there, session, CKU_SO, SO_PIN));
	EXPECT((flags_of(here) & CKF_USER_PIN_LOCKED) != 0);
	trial = begin_trial(there);
	EXPECT((flags_of(here) & CKF_USER_PIN_LOCKED) == 0);
	begin_login(&login);
	a_while(1000);
	give_back(there, session, &login);
	EXPECT_NUMBER(ASH_OK, login.code);
	ash_trial_end(&trial);
	ash_hsm_free(there);
	ash_hsm_free(here);
}

TEST(a_login_waits_for_what_another_process_looks_at)
{
	char *folder = new_folder();
	struct ash_hsm *here = new_token_at(folder);

	wait_for_other(here, new_hsm_at(folder));
}

static struct ash_status open_to_read(void *context, ASH_UNUSED bool create, struct ash_store **ret_store)
{
	const struct ash_store_options options = { .path = context, .group = "", .readonly = true };

	return ash_store_open(&ash_store_sqlite, &options, ret_store);
}

TEST(so_does_one_that_only_reads)
{
	char *folder = new_folder();
	struct ash_hsm *there = new_token_at(folder), *here = NULL;
	struct ash_hsm_options options = fixture_options();

	options.context = folder;
	options.root_key_path = root_key_at(folder);
	options.open_store = open_to_read;
	EXPECT_OK(ash_hsm_new(&options, &here));
	wait_for_other(here, there);
}

/* The last try is not the last one while a right PIN may give tries back. */
TEST(a_wrong_pin_locks_nothing_that_others_open)
{
	char *folder = new_folder();
	struct ash_hsm *here = new_token_at(folder), *there = new_hsm_at(folder);
	const ash_handle session = open_session(there, true);
	struct login login = { .hsm = here, .pin = TEXT("wrong") };
	struct ash_trial trial = ASH_TRIAL_NONE;

	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(there, session, CKU_USER, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(there, session, CKU_USER, TEXT("wrong")));
	EXPECT((flags_of(there) & CKF_USER_PIN_FINAL_TRY) != 0);
	EXPECT_OK(ash_hsm_login(there, session, CKU_SO, SO_PIN));
	trial = begin_trial(there);
	begin_login(&login);
	while ((flags_of(there) & CKF_USER_PIN_FINAL_TRY) != 0)
		a_while(1);
	give_back(there, session, &login);
	EXPECT_NUMBER(ASH_E_PIN_INCORRECT, login.code);
	ash_trial_end(&trial);
	ash_hsm_free(there);
	ash_hsm_free(here);
}
