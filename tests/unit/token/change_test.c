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
