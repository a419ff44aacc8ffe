#include "token/change.h"

#include "token/access.h"
#include "unit/token/fixture.h"

static struct ash_hsm *hsm;
static ash_handle handle;

static void set_up(void)
{
	hsm = new_token();
	handle = log_in(hsm);
}

static struct ash_session *hold(void)
{
	struct ash_session *session = NULL;

	EXPECT_OK(ash_session_take(hsm, handle, &session));
	return session;
}

static struct ash_attrs *data_set(bool on_token, struct ash_span label)
{
	return set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, yes_no(on_token) },
			    { CKA_PRIVATE, NO }, { CKA_LABEL, label }));
}

/* Two at once, in each mixture of session and token: both are there, each with its handle. */
TEST(a_batch_is_made_whole)
{
	set_up();
	for (int kind = 0; kind < 4; kind++) {
		struct ash_attrs *sets[2] = { data_set((kind & 1) != 0, TEXT("one")),
					      data_set((kind & 2) != 0, TEXT("two")) };
		struct ash_session *session = hold();
		ash_handle made[2] = { 0, 0 };

		EXPECT_OK(ash_change_make(session, sets, 2, made));
		EXPECT(sets[0] == NULL && sets[1] == NULL);
		ash_session_give(session);
		EXPECT_SPAN(TEXT("one"), get_bytes(hsm, handle, made[0], CKA_LABEL));
		EXPECT_SPAN(TEXT("two"), get_bytes(hsm, handle, made[1], CKA_LABEL));
		EXPECT(((made[0] & ASH_HANDLE_SESSION_OBJECT) == 0) == ((kind & 1) != 0));
		EXPECT(((made[1] & ASH_HANDLE_SESSION_OBJECT) == 0) == ((kind & 2) != 0));
	}
	ash_hsm_free(hsm);
}

TEST(a_batch_fails_whole)
{
	set_up();
	for (int kind = 0; kind < 4; kind++) {
		struct ash_status status = { ASH_E_MEMORY };

		for (int64_t n = 0; status.code != ASH_OK; n++) {
			struct ash_attrs *sets[2] = { data_set((kind & 1) != 0, TEXT("x")),
						      data_set((kind & 2) != 0, TEXT("x")) };
			struct ash_session *session = hold();
			ash_handle made[2] = { 7, 8 };

			ash_mem_fail_after(n);
			status = ash_change_make(session, sets, 2, made);
			ash_mem_fail_after(-1);
			ash_session_give(session);
			ash_attrs_free(sets[0]);
			ash_attrs_free(sets[1]);
			EXPECT(status.code == ASH_OK || status.code == ASH_E_MEMORY);
			EXPECT_NUMBER(status.code == ASH_OK ? 2 : 0, count_label(hsm, handle, TEXT("x")));
			EXPECT(status.code == ASH_OK || (made[0] == 7 && made[1] == 8));
			if (status.code == ASH_OK) {
				EXPECT_OK(ash_hsm_destroy_object(hsm, handle, made[0]));
				EXPECT_OK(ash_hsm_destroy_object(hsm, handle, made[1]));
			}
		}
	}
	ash_hsm_free(hsm);
}

/* A change made from a snapshot that is no longer the latest is refused. */
TEST(a_change_of_what_changed_meanwhile_is_a_conflict)
{
	set_up();
	for (int on_token = 0; on_token < 2; on_token++) {
		const ash_handle made = create_data(hsm, handle, on_token == 1, TEXT("old"));
		ASH_AUTO(ash_object) *object = NULL;
		ASH_AUTO(ash_attrs) *ours = NULL;
		struct ash_session *session = hold();

		EXPECT_OK(ash_access_get(session, made, &object));
		EXPECT_OK(ash_attrs_copy(object->attrs, &ours));
		EXPECT_OK(ash_attrs_set(ours, CKA_LABEL, TEXT("ours")));
		ash_session_give(session);
		EXPECT_OK(ash_hsm_set_attributes(hsm, handle, made, ATTRS({ CKA_LABEL, TEXT("theirs") })));
		session = hold();
		EXPECT_CODE(ASH_E_CONFLICT, ash_change_update(session, object, &ours));
		ash_session_give(session);
		EXPECT_SPAN(TEXT("theirs"), get_bytes(hsm, handle, made, CKA_LABEL));
	}
	ash_hsm_free(hsm);
}

TEST(what_was_destroyed_meanwhile_does_not_come_back)
{
	set_up();
	for (int on_token = 0; on_token < 2; on_token++) {
		const ash_handle made = create_data(hsm, handle, on_token == 1, TEXT("old"));
		ASH_AUTO(ash_object) *object = NULL;
		ASH_AUTO(ash_attrs) *ours = NULL;
		struct ash_session *session = hold();

		EXPECT_OK(ash_access_get(session, made, &object));
		EXPECT_OK(ash_attrs_copy(object->attrs, &ours));
		ash_session_give(session);
		EXPECT_OK(ash_hsm_destroy_object(hsm, handle, made));
		session = hold();
		EXPECT_CODE(ASH_E_CONFLICT, ash_change_update(session, object, &ours));
		EXPECT_CODE(ASH_E_OBJECT_HANDLE, ash_change_destroy(session, object));
		ash_session_give(session);
		EXPECT_NUMBER(0, count_found(hsm, handle, NO_ATTRS));
	}
	ash_hsm_free(hsm);
}

/* OpenSSL, in whose generator somebody logs out: between what is allowed and what is done. */
static struct ash_backend_ops disturbed;
static struct ash_token *log_out_of; /* NULL: nobody logs out */

static struct ash_status disturbed_random(void *backend, struct ash_mut out)
{
	struct ash_token *token = log_out_of;

	log_out_of = NULL;
	if (token != NULL)
		EXPECT(ash_slot_end_login(hsm, token, atomic_load(&token->login)));
	return ash_backend_openssl.random(backend, out);
}

static struct ash_status open_disturbed_crypto(ASH_UNUSED void *context, struct ash_crypto **ret_crypto)
{
	const struct ash_backend_ops *offered[] = { &disturbed };

	disturbed = ash_backend_openssl;
	disturbed.random = disturbed_random;
	return ash_crypto_open(offered, 1, "openssl", "", ret_crypto);
}

/* It would be in sight of whoever has a session, login or no login. */
TEST(a_private_object_is_not_made_as_somebody_logs_out)
{
	struct ash_hsm_options options = fixture_options();

	options.open_crypto = open_disturbed_crypto;
	EXPECT_OK(ash_hsm_new(&options, &hsm));
	hsm = with_token(hsm);
	for (int on_token = 0; on_token < 2; on_token++) {
		ash_handle made = 7;

		handle = log_in(hsm);
		EXPECT_OK(ash_slot_token(hsm, 0, &log_out_of));
		EXPECT_CODE(ASH_E_NOT_LOGGED_IN,
			    ash_hsm_create_object(hsm, handle,
						  ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) },
							{ CKA_TOKEN, yes_no(on_token == 1) },
							{ CKA_PRIVATE, YES }, { CKA_LABEL, TEXT("mine") }),
						  &made));
		EXPECT(log_out_of == NULL);
		EXPECT_NUMBER(7, made);
		EXPECT_OK(ash_hsm_login(hsm, handle, CKU_USER, USER_PIN));
		EXPECT_NUMBER(0, count_label(hsm, handle, TEXT("mine")));
		EXPECT_OK(ash_hsm_close_session(hsm, handle));
	}
	ash_hsm_free(hsm);
}

static struct ash_status to_lower_case(const struct ash_attrs *before, ASH_UNUSED const void *context,
				       struct ash_attrs **ret_after)
{
	ASH_AUTO(ash_attrs) *after = NULL;
	struct ash_span label = ASH_SPAN_NONE;

	ASH_TRY(ash_attrs_copy(before, &after));
	EXPECT(ash_attrs_get(before, CKA_LABEL, &label));
	ASH_ENSURE(!ash_span_equal(label, TEXT("lower")), ASH_E_ATTRIBUTE_READ_ONLY);
	ASH_TRY(ash_attrs_set(after, CKA_LABEL, TEXT("lower")));
	*ret_after = ASH_TAKE(after);
	return ASH_DONE;
}

/* It is made of what is there by then, and found by its new label; or refused, and as it was. */
TEST(an_edit_is_of_whatever_is_there)
{
	ASH_AUTO(ash_object) *object = NULL;
	struct ash_session *session = NULL;
	ash_handle made = 0;

	set_up();
	made = create_data(hsm, handle, true, TEXT("UPPER"));
	session = hold();
	EXPECT_OK(ash_access_get(session, made, &object));
	ash_session_give(session);
	EXPECT_OK(ash_hsm_set_attributes(hsm, handle, made, ATTRS({ CKA_APPLICATION, TEXT("theirs") })));
	session = hold();
	EXPECT_OK(ash_change_edit(session, object, to_lower_case, NULL));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY, ash_change_edit(session, object, to_lower_case, NULL));
	ash_session_give(session);
	EXPECT_SPAN(TEXT("lower"), get_bytes(hsm, handle, made, CKA_LABEL));
	EXPECT_SPAN(TEXT("theirs"), get_bytes(hsm, handle, made, CKA_APPLICATION));
	EXPECT_NUMBER(1, count_label(hsm, handle, TEXT("lower")));
	EXPECT_NUMBER(0, count_label(hsm, handle, TEXT("UPPER")));
	EXPECT_OK(ash_hsm_destroy_object(hsm, handle, made));
	session = hold();
	EXPECT_CODE(ASH_E_OBJECT_HANDLE, ash_change_edit(session, object, to_lower_case, NULL));
	ash_session_give(session);
	ash_hsm_free(hsm);
}

TEST(an_edit_fails_whole)
{
	struct ash_status status = { ASH_E_MEMORY };
	ash_handle made = 0;

	set_up();
	made = create_data(hsm, handle, true, TEXT("UPPER"));
	for (int64_t n = 0; status.code != ASH_OK; n++) {
		struct ash_session *session = hold();

		ASH_AUTO(ash_object) *object = NULL;
		EXPECT_OK(ash_access_get(session, made, &object));
		ash_mem_fail_after(n);
		status = ash_change_edit(session, object, to_lower_case, NULL);
		ash_mem_fail_after(-1);
		ash_session_give(session);
		EXPECT(status.code == ASH_OK || status.code == ASH_E_MEMORY);
		EXPECT_SPAN(status.code == ASH_OK ? TEXT("lower") : TEXT("UPPER"),
			    get_bytes(hsm, handle, made, CKA_LABEL));
	}
	ash_hsm_free(hsm);
}

TEST(nothing_of_an_earlier_life_is_written)
{
	char *folder = new_folder();
	struct ash_hsm *there = NULL;
	struct ash_session *session = NULL;
	struct ash_attrs *sets[1] = { NULL };
	ash_handle made = 7;

	hsm = new_token_at(folder);
	there = new_hsm_at(folder);
	handle = log_in(hsm);
	session = hold();
	lose_hold(hsm);
	EXPECT_OK(ash_hsm_init_token(there, 0, SO_PIN, fixture_label));
	sets[0] = data_set(true, TEXT("late"));
	/* The session was taken in time, the change comes too late. */
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_change_make(session, sets, 1, &made));
	ash_session_give(session);
	ash_attrs_free(sets[0]);
	EXPECT_NUMBER(7, made);
	handle = open_session(there, true);
	EXPECT_NUMBER(0, count_found(there, handle, NO_ATTRS));
	ash_hsm_free(hsm);
	ash_hsm_free(there);
}
