#include "token/session.h"

#include <pthread.h>
#include <unistd.h>

#include "unit/token/fixture.h"

TEST(handles_never_come_twice)
{
	struct ash_hsm *hsm = new_token();
	struct ash_session_info info;
	const ash_handle first = open_session(hsm, false);
	ash_handle second = 0;

	EXPECT_OK(ash_hsm_close_session(hsm, first));
	second = open_session(hsm, false);
	EXPECT(first != second);
	EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_session_info(hsm, first, &info));
	EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_close_session(hsm, first));
	EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_session_info(hsm, 0, &info));
	EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_session_info(hsm, UINT64_MAX, &info));
	EXPECT_OK(ash_hsm_session_info(hsm, second, &info));
	EXPECT_NUMBER(CKF_SERIAL_SESSION, info.flags);
	ash_hsm_free(hsm);
}

TEST(sessions_are_counted)
{
	struct ash_hsm *hsm = new_token();
	struct ash_token_info info;
	const ash_handle first = open_session(hsm, false);

	open_session(hsm, true);
	open_session(hsm, true);
	EXPECT_OK(ash_hsm_token_info(hsm, 0, &info));
	EXPECT_NUMBER(3, info.sessions);
	EXPECT_NUMBER(2, info.rw_sessions);
	EXPECT_OK(ash_hsm_close_session(hsm, first));
	EXPECT_OK(ash_hsm_token_info(hsm, 0, &info));
	EXPECT_NUMBER(2, info.sessions);
	EXPECT_OK(ash_hsm_close_all_sessions(hsm, 0));
	EXPECT_OK(ash_hsm_token_info(hsm, 0, &info));
	EXPECT_NUMBER(0, info.sessions);
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_close_all_sessions(hsm, 5));
	ash_hsm_free(hsm);
}

TEST(there_may_be_thousands)
{
	struct ash_hsm *hsm = new_token();
	ash_handle last = 0;

	for (int i = 0; i < 3000; i++)
		last = open_session(hsm, false);
	EXPECT_OK(ash_hsm_close_session(hsm, last));
	ash_hsm_free(hsm);
}

TEST(logout_ends_what_needed_the_login_and_kills_handles)
{
	struct ash_hsm *hsm = new_token();
	const struct ash_mechanism ecdsa = { .type = CKM_ECDSA }, sha = { .type = CKM_SHA256 };
	const ash_handle session = log_in(hsm), other = open_session(hsm, false);
	struct ash_out out = { (uint8_t[64]){ 0 }, 64, 0 };
	ash_handle public_key, private_key;

	make_p256(hsm, session, true, &public_key, &private_key);
	EXPECT_OK(ash_hsm_op_init(hsm, other, ASH_OP_SIGN, &ecdsa, private_key));
	EXPECT_OK(ash_hsm_op_init(hsm, other, ASH_OP_DIGEST, &sha, 0));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_op_single(hsm, other, ASH_OP_SIGN, TEXT("digest"), &out));
	EXPECT_OK(ash_hsm_op_single(hsm, other, ASH_OP_DIGEST, TEXT("abc"), &out));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_CODE(ASH_E_KEY_HANDLE, ash_hsm_op_init(hsm, other, ASH_OP_SIGN, &ecdsa, private_key));
	EXPECT_CODE(ASH_E_OBJECT_HANDLE, ash_hsm_destroy_object(hsm, session, private_key));
	ash_hsm_free(hsm);
}

struct leaver {
	struct ash_hsm *hsm;
	ash_handle session;
};

static void *leave(void *context)
{
	const struct leaver *leaver = context;

	EXPECT_OK(ash_hsm_logout(leaver->hsm, leaver->session));
	return NULL;
}

/* What it does under the login is over with the call that is under way; all else goes on. */
TEST(logout_does_not_wait_for_a_session_in_use)
{
	struct ash_hsm *hsm = new_token();
	const struct ash_mechanism ecdsa = { .type = CKM_ECDSA }, sha = { .type = CKM_SHA256 };
	struct leaver leaver = { hsm, log_in(hsm) };
	const ash_handle other = open_session(hsm, false);
	struct ash_session *used = NULL;
	ash_handle public_key, private_key;
	pthread_t thread;

	make_p256(hsm, leaver.session, true, &public_key, &private_key);
	EXPECT_OK(ash_hsm_op_init(hsm, other, ASH_OP_SIGN, &ecdsa, private_key));
	EXPECT_OK(ash_hsm_op_init(hsm, other, ASH_OP_DIGEST, &sha, 0));
	EXPECT_OK(ash_session_take(hsm, other, &used));
	alarm(60); /* if it waits after all */
	EXPECT_NUMBER(0, pthread_create(&thread, NULL, leave, &leaver));
	EXPECT_NUMBER(0, pthread_join(thread, NULL));
	alarm(0);
	EXPECT(used->active[ASH_OP_SIGN].stage != ASH_STAGE_IDLE);
	ash_session_give(used);
	EXPECT_NUMBER(ASH_STAGE_IDLE, used->active[ASH_OP_SIGN].stage);
	EXPECT(used->active[ASH_OP_SIGN].object == NULL);
	EXPECT(used->active[ASH_OP_DIGEST].stage != ASH_STAGE_IDLE);
	ash_hsm_free(hsm);
}

struct crew {
	struct ash_hsm *hsm;
	ash_handle shared;
};

static void *open_and_close(void *context)
{
	const struct crew *crew = context;

	for (int i = 0; i < 300; i++) {
		struct ash_out out = { (uint8_t[32]){ 0 }, 32, 0 };
		const struct ash_mechanism sha = { .type = CKM_SHA256 };
		struct ash_session_info info;
		ash_handle session = 0;

		EXPECT_OK(ash_hsm_open_session(crew->hsm, 0, true, &session));
		EXPECT_OK(ash_hsm_op_init(crew->hsm, session, ASH_OP_DIGEST, &sha, 0));
		EXPECT_OK(ash_hsm_op_single(crew->hsm, session, ASH_OP_DIGEST, TEXT("abc"), &out));
		EXPECT_OK(ash_hsm_session_info(crew->hsm, crew->shared, &info));
		EXPECT_OK(ash_hsm_close_session(crew->hsm, session));
		EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_session_info(crew->hsm, session, &info));
	}
	return NULL;
}

TEST(threads_open_use_and_close)
{
	struct ash_hsm *hsm = new_token();
	struct crew crew = { hsm, open_session(hsm, false) };
	pthread_t threads[8];

	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, open_and_close, &crew));
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	ash_hsm_free(hsm);
}

/* What the threads share: templates are made before, as the numbers of template.h are nobody's own. */
struct mix {
	struct ash_hsm *hsm;
	struct ash_template data, aes, want;
	_Atomic unsigned signatures;
	_Atomic unsigned seed;
};

/* What may come of a call while other threads log out, destroy and close. */
static void allow(const char *what, struct ash_status status)
{
	static const enum ash_code fine[] = {
		ASH_OK,
		ASH_E_NOT_LOGGED_IN,
		ASH_E_OBJECT_HANDLE,
		ASH_E_KEY_HANDLE,
		ASH_E_OPERATION_NONE,
		ASH_E_LOGGED_IN,
		ASH_E_SESSION_HANDLE,
		ASH_E_OPERATION_ACTIVE,
		ASH_E_FAILED,
	};

	for (size_t i = 0; i < ASH_COUNT(fine); i++) {
		if (status.code == fine[i])
			return;
	}
	test_fail(__FILE__, __LINE__, "%s: got %s", what, ash_code_name(status.code));
}

static void use_key(struct mix *mix, ash_handle session, ash_handle key)
{
	static const uint8_t iv[16] = { 0 };
	const struct ash_mechanism cbc = { .type = CKM_AES_CBC, .params = { .iv = { iv, 16 } } };
	struct ash_out out = { (uint8_t[16]){ 0 }, 16, 0 };
	struct ash_status status = ash_hsm_op_init(mix->hsm, session, ASH_OP_ENCRYPT, &cbc, key);

	allow("init", status);
	if (!ash_is_ok(status))
		return;
	status = ash_hsm_op_single(mix->hsm, session, ASH_OP_ENCRYPT, SPAN(iv), &out);
	allow("encrypt", status);
	if (ash_is_ok(status))
		atomic_fetch_add(&mix->signatures, 1);
}

static void find_and_use(struct mix *mix, ash_handle session, bool destroy)
{
	ash_handle found[4] = { 0 };
	struct ash_status status = ash_hsm_find_begin(mix->hsm, session, mix->want);
	size_t count = 0;

	allow("find", status);
	if (!ash_is_ok(status))
		return;
	allow("next", ash_hsm_find_next(mix->hsm, session, found, 4, &count));
	allow("end", ash_hsm_find_end(mix->hsm, session));
	for (size_t i = 0; i < count; i++) {
		uint8_t label[16];
		struct ash_attr_query query = { CKA_LABEL, { label, sizeof(label), 0 }, ASH_OK };

		allow("get", ash_hsm_get_attributes(mix->hsm, session, found[i], &query, 1));
		use_key(mix, session, found[i]);
		allow("set", ash_hsm_set_attributes(mix->hsm, session, found[i],
						    (struct ash_template){ mix->want.attrs, 1 }));
		if (destroy)
			allow("destroy", ash_hsm_destroy_object(mix->hsm, session, found[i]));
	}
}

static void *do_everything(void *context)
{
	struct mix *mix = context;
	const struct ash_mechanism make = { .type = CKM_AES_KEY_GEN };
	unsigned random = atomic_fetch_add(&mix->seed, 7919);

	for (int i = 0; i < 150; i++) {
		ash_handle session = 0, object = 0;
		struct ash_token_info info;

		EXPECT_OK(ash_hsm_open_session(mix->hsm, 0, true, &session));
		for (int k = 0; k < 6; k++) {
			random = random * 1103515245 + 12345;
			switch (random >> 16 & 7) {
			case 0: allow("login", ash_hsm_login(mix->hsm, session, CKU_USER, USER_PIN)); break;
			case 1:
				allow("create", ash_hsm_create_object(mix->hsm, session, mix->data, &object));
				break;
			case 2:
			case 3:
				allow("make",
				      ash_hsm_generate_key(mix->hsm, session, &make, mix->aes, &object));
				break;
			case 4: find_and_use(mix, session, true); break;
			case 5: find_and_use(mix, session, false); break;
			case 6: allow("info", ash_hsm_token_info(mix->hsm, 0, &info)); break;
			case 7:
				if (i % 8 == 0)
					allow("logout", ash_hsm_logout(mix->hsm, session));
				break;
			default: break;
			}
		}
		EXPECT_OK(ash_hsm_close_session(mix->hsm, session));
	}
	return NULL;
}

static void mix_all(struct ash_hsm *hsm)
{
	struct mix mix = {
		.hsm = hsm,
		.data = ATTRS({ CKA_LABEL, TEXT("x") }, { CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, YES },
			      { CKA_PRIVATE, YES }),
		.aes = ATTRS({ CKA_LABEL, TEXT("x") }, { CKA_VALUE_LEN, NUMBER(16) }, { CKA_ENCRYPT, YES }),
		.want = ATTRS({ CKA_LABEL, TEXT("x") }),
	};
	const ash_handle kept = open_session(hsm, false);
	pthread_t threads[8];

	EXPECT_OK(ash_hsm_login(hsm, kept, CKU_USER, USER_PIN));
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_create(&threads[i], NULL, do_everything, &mix));
	for (size_t i = 0; i < ASH_COUNT(threads); i++)
		EXPECT_NUMBER(0, pthread_join(threads[i], NULL));
	EXPECT(mix.signatures > 0);
	/* All that was made in a session went with it. */
	EXPECT_NUMBER(0, count_found(hsm, kept, ATTRS({ CKA_TOKEN, NO })));
	EXPECT(hsm->objects.session_first == NULL);
}

/* Each login under way holds a try until its PIN is proven: there have to be more tries than threads. */
static void mix_with_tries(struct ash_hsm *hsm)
{
	hsm->options.pin_tries_user = 100;
	mix_all(with_token(hsm));
	ash_hsm_free(hsm);
}

TEST(threads_mix_everything)
{
	mix_with_tries(new_hsm());
}

TEST(threads_mix_everything_in_files)
{
	mix_with_tries(new_hsm_at(new_folder()));
}

/* A session object that one thread changes while another closes its session stays gone. */
static void *close_it(void *context)
{
	struct crew *crew = context;

	EXPECT_OK(ash_hsm_close_session(crew->hsm, crew->shared));
	return NULL;
}

TEST(session_objects_do_not_outlive_their_session)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle other = open_session(hsm, false);
	const struct ash_template change = ATTRS({ CKA_LABEL, TEXT("changed") });

	for (int i = 0; i < 300; i++) {
		struct crew crew = { hsm, open_session(hsm, false) };
		const ash_handle object = create_data(hsm, crew.shared, false, TEXT("x"));
		struct ash_status status = ASH_DONE;
		pthread_t thread;

		EXPECT_NUMBER(0, pthread_create(&thread, NULL, close_it, &crew));
		while (ash_is_ok(status))
			status = ash_hsm_set_attributes(hsm, other, object, change);
		EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, status.code);
		EXPECT_NUMBER(0, pthread_join(thread, NULL));
		EXPECT(hsm->objects.session_first == NULL);
	}
	ash_hsm_free(hsm);
}
