/* Logging in and out, PINs and their tries (token/login.c, token/pin.c). */
#include <pthread.h>

#include "unit/token/fixture.h"

static uint64_t flags_of(struct ash_hsm *hsm)
{
	struct ash_token_info info;

	EXPECT_OK(ash_hsm_token_info(hsm, 0, &info));
	return info.flags;
}

static uint64_t state_of(struct ash_hsm *hsm, ash_handle session)
{
	struct ash_session_info info;

	EXPECT_OK(ash_hsm_session_info(hsm, session, &info));
	return info.state;
}

TEST(a_session_goes_through_its_states)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle rw = open_session(hsm, true);

	EXPECT_NUMBER(CKS_RW_PUBLIC_SESSION, state_of(hsm, rw));
	EXPECT_OK(ash_hsm_login(hsm, rw, CKU_SO, SO_PIN));
	EXPECT_NUMBER(CKS_RW_SO_FUNCTIONS, state_of(hsm, rw));
	EXPECT_OK(ash_hsm_logout(hsm, rw));
	const ash_handle ro = open_session(hsm, false);
	EXPECT_NUMBER(CKS_RO_PUBLIC_SESSION, state_of(hsm, ro));
	EXPECT_OK(ash_hsm_login(hsm, ro, CKU_USER, USER_PIN));
	EXPECT_NUMBER(CKS_RO_USER_FUNCTIONS, state_of(hsm, ro));
	EXPECT_NUMBER(CKS_RW_USER_FUNCTIONS, state_of(hsm, rw));
	ash_hsm_free(hsm);
}

TEST(logins_that_do_not_go_are_refused)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle rw = open_session(hsm, true), ro = open_session(hsm, false);
	ash_handle none = 0;

	EXPECT_CODE(ASH_E_NOT_LOGGED_IN, ash_hsm_logout(hsm, rw));
	EXPECT_CODE(ASH_E_USER_TYPE, ash_hsm_login(hsm, rw, 77, USER_PIN));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_login(hsm, rw, CKU_CONTEXT_SPECIFIC, USER_PIN));
	EXPECT_CODE(ASH_E_SESSION_READ_ONLY_EXISTS, ash_hsm_login(hsm, rw, CKU_SO, SO_PIN));
	EXPECT_OK(ash_hsm_login(hsm, rw, CKU_USER, USER_PIN));
	EXPECT_CODE(ASH_E_LOGGED_IN, ash_hsm_login(hsm, ro, CKU_USER, USER_PIN));
	EXPECT_CODE(ASH_E_LOGGED_IN_ANOTHER, ash_hsm_login(hsm, rw, CKU_SO, SO_PIN));
	EXPECT_OK(ash_hsm_close_session(hsm, ro));
	EXPECT_OK(ash_hsm_logout(hsm, rw));
	EXPECT_OK(ash_hsm_login(hsm, rw, CKU_SO, SO_PIN));
	EXPECT_CODE(ASH_E_SESSION_SO_EXISTS, ash_hsm_open_session(hsm, 0, false, &none));
	EXPECT_NUMBER(0, none);
	ash_hsm_free(hsm);
}

TEST(closing_the_last_session_logs_out)
{
	struct ash_hsm *hsm = new_token();
	ash_handle session = log_in(hsm);

	EXPECT_OK(ash_hsm_close_session(hsm, session));
	session = open_session(hsm, true);
	EXPECT_NUMBER(CKS_RW_PUBLIC_SESSION, state_of(hsm, session));
	ash_hsm_free(hsm);
}

TEST(wrong_pins_lock_and_the_officer_unlocks)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);

	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_USER, TEXT("wrong")));
	EXPECT((flags_of(hsm) & CKF_USER_PIN_COUNT_LOW) != 0);
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_USER, TEXT("wrong")));
	EXPECT((flags_of(hsm) & CKF_USER_PIN_FINAL_TRY) != 0);
	EXPECT_CODE(ASH_E_PIN_LOCKED, ash_hsm_login(hsm, session, CKU_USER, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_LOCKED, ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT((flags_of(hsm) & CKF_USER_PIN_LOCKED) != 0);
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
	EXPECT_OK(ash_hsm_init_pin(hsm, session, TEXT("another")));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, TEXT("another")));
	EXPECT((flags_of(hsm) & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED)) == 0);
	ash_hsm_free(hsm);
}

TEST(a_new_user_pin_keeps_the_private_objects)
{
	struct ash_hsm *hsm = new_token();
	ash_handle session = log_in(hsm), public_key, private_key;

	make_p256(hsm, session, true, &public_key, &private_key);
	EXPECT_CODE(ASH_E_PIN_LEN, ash_hsm_set_pin(hsm, session, USER_PIN, TEXT("abc")));
	EXPECT_CODE(ASH_E_PIN_INVALID, ash_hsm_set_pin(hsm, session, USER_PIN, TEXT("ab\xff\xfe")));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_set_pin(hsm, session, TEXT("wrong"), TEXT("new-pin")));
	EXPECT_OK(ash_hsm_set_pin(hsm, session, USER_PIN, TEXT("new-pin")));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_NUMBER(1, count_label(hsm, session, TEXT("pair")));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, TEXT("new-pin")));
	EXPECT_NUMBER(2, count_label(hsm, session, TEXT("pair")));
	ash_hsm_free(hsm);
}

TEST(a_token_without_user_pin_says_so)
{
	struct ash_hsm *hsm = new_hsm();
	ash_handle session = 0;

	EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT((flags_of(hsm) & CKF_USER_PIN_INITIALIZED) == 0);
	session = open_session(hsm, true);
	EXPECT_CODE(ASH_E_PIN_NOT_INITIALIZED, ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_CODE(ASH_E_NOT_LOGGED_IN, ash_hsm_init_pin(hsm, session, USER_PIN));
	ash_hsm_free(hsm);
}

/* A PIN that was said to be set opens the token: nothing goes wrong unseen when memory is short. */
TEST(setting_pins_survives_each_failing_allocation)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);
	const struct ash_span pins[] = { USER_PIN, TEXT("other-pin") };
	struct ash_status status = { ASH_E_MEMORY };
	size_t now = 0;

	for (int64_t n = 0; status.code != ASH_OK; n++) {
		ash_mem_fail_after(n);
		status = ash_hsm_set_pin(hsm, session, pins[now], pins[1 - now]);
		ash_mem_fail_after(-1);
		EXPECT(status.code == ASH_OK || status.code == ASH_E_MEMORY);
		if (status.code == ASH_OK)
			now = 1 - now;
		EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, pins[now]));
		EXPECT_OK(ash_hsm_logout(hsm, session));
		EXPECT(n < 5000);
	}
	status.code = ASH_E_MEMORY;
	for (int64_t n = 0; status.code != ASH_OK; n++) {
		EXPECT_OK(ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
		ash_mem_fail_after(n);
		status = ash_hsm_init_pin(hsm, session, pins[1 - now]);
		ash_mem_fail_after(-1);
		EXPECT(status.code == ASH_OK || status.code == ASH_E_MEMORY);
		if (status.code == ASH_OK)
			now = 1 - now;
		EXPECT_OK(ash_hsm_logout(hsm, session));
		EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, pins[now]));
		EXPECT_OK(ash_hsm_logout(hsm, session));
	}
	ash_hsm_free(hsm);
}

TEST(logging_in_survives_each_failing_allocation)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);

	FAIL_EVERY_ALLOCATION(state_of(hsm, session) == CKS_RW_PUBLIC_SESSION,
			      ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_NUMBER(CKS_RW_USER_FUNCTIONS, state_of(hsm, session));
	EXPECT((flags_of(hsm) & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)) == 0);
	ash_hsm_free(hsm);
}

static void *log_in_once(void *context)
{
	struct ash_hsm *hsm = context;
	ash_handle session = 0;
	struct ash_status status;

	EXPECT_OK(ash_hsm_open_session(hsm, 0, true, &session));
	status = ash_hsm_login(hsm, session, CKU_USER, USER_PIN);
	EXPECT(status.code == ASH_OK || status.code == ASH_E_LOGGED_IN);
	return NULL;
}

/* A try that is being looked at is not a wrong one: three tries serve eight right logins at once. */
TEST(logins_at_the_same_moment_do_not_lock_each_other_out)
{
	struct ash_hsm *hsm = new_token();
	pthread_t threads[8];

	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, log_in_once, hsm));
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	ash_hsm_free(hsm);
}

/* A private key of the token that asks for the PIN with each use, about to sign. */
static void begin_careful(struct ash_hsm *hsm, ash_handle session)
{
	const struct ash_mechanism make = { .type = CKM_EC_KEY_PAIR_GEN }, sign = { .type = CKM_ECDSA };
	ash_handle public_key = 0, private_key = 0;

	EXPECT_OK(ash_hsm_generate_pair(hsm, session, &make, ATTRS({ CKA_EC_PARAMS, P256 }),
					ATTRS({ CKA_ALWAYS_AUTHENTICATE, YES }), &public_key, &private_key));
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_SIGN, &sign, private_key));
}

TEST(guessing_at_a_key_locks_and_logs_out)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm), other = open_session(hsm, false);
	const struct ash_mechanism sha = { .type = CKM_SHA256 };
	struct ash_session_info info;

	begin_careful(hsm, session);
	EXPECT_OK(ash_hsm_op_init(hsm, other, ASH_OP_DIGEST, &sha, 0));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, TEXT("wrong")));
	EXPECT((flags_of(hsm) & CKF_USER_PIN_FINAL_TRY) != 0);
	/* §3.2, CK_TOKEN_INFO: what these flags tell of ends with a successful authentication. */
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, USER_PIN));
	EXPECT((flags_of(hsm) & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY)) == 0);
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_SIGN, NULL, 0));
	begin_careful(hsm, session);
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, TEXT("wrong")));
	EXPECT_CODE(ASH_E_PIN_LOCKED, ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, TEXT("wrong")));
	EXPECT_OK(ash_hsm_session_info(hsm, other, &info));
	EXPECT_NUMBER(CKS_RO_PUBLIC_SESSION, info.state);
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, USER_PIN));
	EXPECT_CODE(ASH_E_PIN_LOCKED, ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	/* What needed no login goes on. */
	EXPECT_CODE(ASH_E_OPERATION_ACTIVE, ash_hsm_op_init(hsm, other, ASH_OP_DIGEST, &sha, 0));
	ash_hsm_free(hsm);
}

TEST(a_key_that_was_destroyed_elsewhere_waits_for_no_pin)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm), other = open_session(hsm, true);
	const struct ash_template wanted = ATTRS({ CKA_ALWAYS_AUTHENTICATE, YES });
	ash_handle key = 0;
	size_t found = 0;

	begin_careful(hsm, session);
	EXPECT_OK(ash_hsm_find_begin(hsm, other, wanted));
	EXPECT_OK(ash_hsm_find_next(hsm, other, &key, 1, &found));
	EXPECT_NUMBER(1, found);
	EXPECT_OK(ash_hsm_destroy_object(hsm, other, key));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, USER_PIN));
	EXPECT_CODE(ASH_E_OPERATION_NONE,
		    ash_hsm_login_user(hsm, session, CKU_CONTEXT_SPECIFIC, USER_PIN, TEXT("alice")));
	ash_hsm_free(hsm);
}

TEST(a_pin_that_was_changed_is_no_longer_remembered)
{
	char *folder = new_folder();
	struct ash_hsm *here = new_token_at(folder), *there = new_hsm_at(folder);
	const ash_handle session = log_in(here), other = open_session(there, true);

	begin_careful(here, session);
	EXPECT_OK(ash_hsm_set_pin(there, other, USER_PIN, TEXT("new-pin")));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(here, session, CKU_CONTEXT_SPECIFIC, USER_PIN));
	EXPECT_OK(ash_hsm_login(here, session, CKU_CONTEXT_SPECIFIC, TEXT("new-pin")));
	ash_hsm_free(here);
	ash_hsm_free(there);
}

TEST(users_with_names_are_nobody)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle rw = open_session(hsm, true), ro = open_session(hsm, false);
	const struct ash_span name = TEXT("alice");

	EXPECT_OK(ash_hsm_login_user(hsm, rw, CKU_USER, USER_PIN, ASH_SPAN_NONE)); /* it is ash_hsm_login */
	EXPECT_NUMBER(CKS_RW_USER_FUNCTIONS, state_of(hsm, rw));
	EXPECT_CODE(ASH_E_LOGGED_IN, ash_hsm_login_user(hsm, rw, CKU_USER, USER_PIN, name));
	EXPECT_CODE(ASH_E_LOGGED_IN_ANOTHER, ash_hsm_login_user(hsm, rw, CKU_SO, SO_PIN, name));
	EXPECT_OK(ash_hsm_logout(hsm, rw));
	EXPECT_CODE(ASH_E_SESSION_READ_ONLY_EXISTS, ash_hsm_login_user(hsm, rw, CKU_SO, SO_PIN, name));
	EXPECT_CODE(ASH_E_USER_TYPE, ash_hsm_login_user(hsm, rw, 77, USER_PIN, name));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_login_user(hsm, rw, CKU_CONTEXT_SPECIFIC, USER_PIN, name));
	EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_login_user(hsm, 77, CKU_USER, USER_PIN, name));
	for (int i = 0; i < 10; i++)
		EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login_user(hsm, ro, CKU_USER, USER_PIN, name));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login_user(hsm, ro, CKU_USER, ASH_SPAN_NONE, name));
	EXPECT_NUMBER(0, flags_of(hsm) & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED)); /* nobody's tries */
	EXPECT_OK(ash_hsm_login(hsm, ro, CKU_USER, USER_PIN));
	ash_hsm_free(hsm);
}

/* §5.6: what each of the five states lets a session do. */
static const struct {
	uint64_t state;
	bool read_write, so, user;
	enum ash_code session_data, token_data, session_private, token_private; /* making them */
	enum ash_code init_pin, set_pin, logout, log_in_user, log_in_so;
} states[] = {
	{ .state = CKS_RO_PUBLIC_SESSION,
	  .token_data = ASH_E_SESSION_READ_ONLY,
	  .session_private = ASH_E_NOT_LOGGED_IN,
	  .token_private = ASH_E_SESSION_READ_ONLY,
	  .init_pin = ASH_E_NOT_LOGGED_IN,
	  .set_pin = ASH_E_SESSION_READ_ONLY,
	  .log_in_so = ASH_E_SESSION_READ_ONLY_EXISTS,
	  .logout = ASH_E_NOT_LOGGED_IN },
	{ .state = CKS_RO_USER_FUNCTIONS,
	  .user = true,
	  .token_data = ASH_E_SESSION_READ_ONLY,
	  .token_private = ASH_E_SESSION_READ_ONLY,
	  .init_pin = ASH_E_NOT_LOGGED_IN,
	  .set_pin = ASH_E_SESSION_READ_ONLY,
	  .log_in_user = ASH_E_LOGGED_IN,
	  .log_in_so = ASH_E_LOGGED_IN_ANOTHER },
	{ .state = CKS_RW_PUBLIC_SESSION,
	  .read_write = true,
	  .session_private = ASH_E_NOT_LOGGED_IN,
	  .token_private = ASH_E_NOT_LOGGED_IN,
	  .init_pin = ASH_E_NOT_LOGGED_IN,
	  .logout = ASH_E_NOT_LOGGED_IN },
	{ .state = CKS_RW_USER_FUNCTIONS,
	  .read_write = true,
	  .user = true,
	  .init_pin = ASH_E_NOT_LOGGED_IN,
	  .log_in_user = ASH_E_LOGGED_IN,
	  .log_in_so = ASH_E_LOGGED_IN_ANOTHER },
	{ .state = CKS_RW_SO_FUNCTIONS,
	  .read_write = true,
	  .so = true,
	  .session_private = ASH_E_NOT_LOGGED_IN,
	  .token_private = ASH_E_NOT_LOGGED_IN,
	  .log_in_user = ASH_E_LOGGED_IN_ANOTHER,
	  .log_in_so = ASH_E_LOGGED_IN },
};

/* A session in that state, in an HSM of its own. */
static ash_handle enter_state(size_t i, struct ash_hsm **ret_hsm)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, states[i].read_write);

	if (states[i].so)
		EXPECT_OK(ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
	if (states[i].user)
		EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_NUMBER(states[i].state, state_of(hsm, session));
	*ret_hsm = hsm;
	return session;
}

static struct ash_status make(struct ash_hsm *hsm, ash_handle session, bool on_token, bool is_private)
{
	ash_handle object = 0;

	return ash_hsm_create_object(hsm, session,
				     ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, yes_no(on_token) },
					   { CKA_PRIVATE, yes_no(is_private) }),
				     &object);
}

TEST(each_state_lets_do_what_it_may)
{
	for (size_t i = 0; i < ASH_COUNT(states); i++) {
		struct ash_hsm *hsm = NULL;
		const ash_handle session = enter_state(i, &hsm);

		EXPECT_CODE(states[i].session_data, make(hsm, session, false, false));
		EXPECT_CODE(states[i].token_data, make(hsm, session, true, false));
		EXPECT_CODE(states[i].session_private, make(hsm, session, false, true));
		EXPECT_CODE(states[i].token_private, make(hsm, session, true, true));
		EXPECT_CODE(states[i].init_pin, ash_hsm_init_pin(hsm, session, USER_PIN));
		EXPECT_CODE(states[i].set_pin, ash_hsm_set_pin(hsm, session, states[i].so ? SO_PIN : USER_PIN,
							       states[i].so ? SO_PIN : USER_PIN));
		EXPECT_NUMBER(states[i].state, state_of(hsm, session));
		ash_hsm_free(hsm);
	}
}

TEST(each_state_goes_where_it_may)
{
	for (size_t i = 0; i < ASH_COUNT(states); i++) {
		struct ash_hsm *hsm = NULL;
		ash_handle session = enter_state(i, &hsm);
		const uint64_t open = states[i].read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;

		EXPECT_CODE(states[i].logout, ash_hsm_logout(hsm, session));
		EXPECT_NUMBER(open, state_of(hsm, session));
		ash_hsm_free(hsm);

		session = enter_state(i, &hsm);
		EXPECT_CODE(states[i].log_in_user, ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
		if (states[i].log_in_user != ASH_OK)
			EXPECT_NUMBER(states[i].state, state_of(hsm, session));
		ash_hsm_free(hsm);

		session = enter_state(i, &hsm);
		EXPECT_CODE(states[i].log_in_so, ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
		EXPECT_NUMBER(states[i].log_in_so == ASH_OK ? (uint64_t)CKS_RW_SO_FUNCTIONS : states[i].state,
			      state_of(hsm, session));
		EXPECT_CODE(states[i].so || states[i].log_in_so == ASH_OK ? ASH_E_SESSION_SO_EXISTS : ASH_OK,
			    ash_hsm_open_session(hsm, 0, false, &session));
		ash_hsm_free(hsm);
	}
}
