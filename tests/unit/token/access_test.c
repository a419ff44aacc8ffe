#include "token/access.h"

#include "unit/token/fixture.h"

static struct ash_hsm *hsm;
static ash_handle handle;

static struct ash_session *hold(void)
{
	struct ash_session *session = NULL;

	EXPECT_OK(ash_session_take(hsm, handle, &session));
	return session;
}

static void set_up(void)
{
	hsm = new_token();
	handle = log_in(hsm);
}

static void tear_down(void)
{
	ash_hsm_free(hsm);
}

TEST(an_object_is_read_once_and_then_from_memory)
{
	set_up();
	const ash_handle object = create_data(hsm, handle, true, TEXT("x"));
	struct ash_session *session = hold();
	struct ash_object *first = NULL, *second = NULL;

	EXPECT_OK(ash_access_get(session, object, &first));
	EXPECT_OK(ash_access_get(session, object, &second));
	EXPECT(first == second);
	EXPECT(ash_access_current(session, first));
	ash_object_unref(second);
	ash_session_give(session);

	/* any change elsewhere: the same snapshot serves on; a change of this one: it does not */
	create_data(hsm, handle, true, TEXT("y"));
	session = hold();
	EXPECT(ash_access_current(session, first));
	EXPECT_OK(ash_access_get(session, object, &second));
	EXPECT(first == second);
	ash_object_unref(second);
	ash_session_give(session);
	EXPECT_OK(ash_hsm_set_attributes(hsm, handle, object, ATTRS({ CKA_LABEL, TEXT("z") })));
	session = hold();
	EXPECT(!ash_access_current(session, first));
	EXPECT_OK(ash_access_get(session, object, &second));
	EXPECT(first != second);
	EXPECT_SPAN(TEXT("x"), value_of(first->attrs, CKA_LABEL));
	EXPECT_SPAN(TEXT("z"), value_of(second->attrs, CKA_LABEL));
	ash_session_give(session);
	ash_object_unref(first);
	ash_object_unref(second);
	tear_down();
}

TEST(what_a_snapshot_shows_exists_until_it_is_destroyed)
{
	set_up();
	for (int on_token = 0; on_token < 2; on_token++) {
		const ash_handle object = create_data(hsm, handle, on_token == 1, TEXT("x"));
		struct ash_session *session = hold();
		ASH_AUTO(ash_object) *snapshot = NULL;

		EXPECT_OK(ash_access_get(session, object, &snapshot));
		EXPECT_OK(ash_access_exists(session, snapshot));
		ash_session_give(session);
		EXPECT_OK(ash_hsm_set_attributes(hsm, handle, object, ATTRS({ CKA_LABEL, TEXT("z") })));
		session = hold();
		EXPECT(!ash_access_current(session, snapshot));
		EXPECT_OK(ash_access_exists(session, snapshot));
		ash_session_give(session);
		EXPECT_OK(ash_hsm_destroy_object(hsm, handle, object));
		session = hold();
		EXPECT_CODE(ASH_E_OBJECT_HANDLE, ash_access_exists(session, snapshot));
		ash_session_give(session);
	}
	tear_down();
}

TEST(snapshots_of_private_objects_end_with_the_login)
{
	set_up();
	for (int on_token = 0; on_token < 2; on_token++) {
		const ash_handle key = make_aes(hsm, handle, on_token == 1);
		struct ash_session *session = hold();
		ASH_AUTO(ash_object) *object = NULL, *none = NULL;

		EXPECT_OK(ash_access_get(session, key, &object));
		EXPECT(object->is_private && object->login == atomic_load(&session->token->login));
		ash_session_give(session);
		EXPECT_OK(ash_hsm_logout(hsm, handle));
		session = hold();
		EXPECT(!ash_access_current(session, object));
		EXPECT(object->gone);
		EXPECT_CODE(ASH_E_OBJECT_HANDLE, ash_access_get(session, key, &none));
		ash_session_give(session);
		EXPECT_OK(ash_hsm_login(hsm, handle, CKU_USER, USER_PIN));
		session = hold();
		EXPECT(!ash_access_current(session, object));
		ash_session_give(session);
	}
	tear_down();
}

TEST(rings_are_given_to_those_who_may)
{
	set_up();
	struct ash_session *session = hold();
	ASH_AUTO(ash_ring) ring = ASH_RING_NONE;

	EXPECT_OK(ash_access_ring(session, true, &ring));
	ash_ring_done(&ring);
	ash_session_give(session);
	EXPECT_OK(ash_hsm_logout(hsm, handle));
	session = hold();
	EXPECT_CODE(ASH_E_NOT_LOGGED_IN, ash_access_ring(session, true, &ring));
	EXPECT(ring.wrap == NULL && ring.index == NULL);
	EXPECT_OK(ash_access_ring(session, false, &ring));
	ash_ring_done(&ring);
	session->era++;
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_access_ring(session, false, &ring));
	session->era--;
	ash_session_give(session);
	tear_down();
}

struct meddling {
	struct ash_record_name from, to;
	bool flip;
};

/* What a stranger may do who can write to the store but has no keys. */
static struct ash_status meddle(struct ash_txn *txn, void *context)
{
	const struct meddling *meddling = context;
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	uint64_t version = 0, there = 0;
	const struct ash_status status = ash_txn_get(txn, meddling->to, NULL, &there);

	ASH_TRY(ash_txn_get(txn, meddling->from, &value, &version));
	if (status.code == ASH_E_NOT_FOUND)
		there = 0;
	if (meddling->flip)
		value.data[value.len - 1] ^= 1;
	return ash_txn_put(txn, meddling->to, there, ash_buf_span(&value), NULL, 0);
}

TEST(records_that_were_moved_or_changed_are_damaged_and_harm_nothing_else)
{
	set_up();
	const ash_handle a = create_data(hsm, handle, true, TEXT("a")),
			 b = create_data(hsm, handle, true, TEXT("b"));
	const ash_handle key = make_aes(hsm, handle, true);
	const uint64_t key_id = key & ((UINT64_C(1) << ASH_HANDLE_ID_BITS) - 1);
	const struct ash_record_name name_a = { ASH_SPACE_PUBLIC, 1, a }, name_b = { ASH_SPACE_PUBLIC, 1, b };
	struct meddling meddlings[] = {
		{ name_a, name_b, false },                        /* one in place of another */
		{ name_a, { ASH_SPACE_PUBLIC, 1, 1000 }, false }, /* moved */
		{ { ASH_SPACE_PRIVATE, 1, key_id },
		  { ASH_SPACE_PUBLIC, 1, key_id },
		  false },                 /* a private one made public */
		{ name_a, name_a, false }, /* an older one put back */
		{ name_a, name_a, true },
	};
	static const ash_handle none = 1000;

	EXPECT_OK(ash_store_change(hsm->store, meddle, &meddlings[0]));
	EXPECT_NUMBER(ASH_E_CORRUPT, ask(hsm, handle, b, CKA_LABEL));
	EXPECT_NUMBER(ASH_OK, ask(hsm, handle, a, CKA_LABEL));
	EXPECT_OK(ash_store_change(hsm->store, meddle, &meddlings[1]));
	EXPECT_NUMBER(ASH_E_CORRUPT, ask(hsm, handle, none, CKA_LABEL));
	EXPECT_OK(ash_store_change(hsm->store, meddle, &meddlings[2]));
	EXPECT_NUMBER(ASH_E_CORRUPT, ask(hsm, handle, key_id, CKA_LABEL));
	EXPECT_NUMBER(ASH_OK, ask(hsm, handle, key, CKA_LABEL));
	for (size_t i = 3; i < ASH_COUNT(meddlings); i++) {
		EXPECT_OK(ash_store_change(hsm->store, meddle, &meddlings[i]));
		EXPECT_NUMBER(ASH_E_CORRUPT, ask(hsm, handle, a, CKA_LABEL));
	}
	/* Their index terms are gone with them: only a search without any may still mean them. */
	EXPECT_NUMBER(5, count_found(hsm, handle, ATTRS({ CKA_TOKEN, YES })));
	EXPECT_NUMBER(1, count_label(hsm, handle, TEXT("aes")));
	tear_down();
}

TEST(reading_survives_each_failing_allocation)
{
	set_up();
	const ash_handle key = make_aes(hsm, handle, true);
	struct ash_session *session = hold();
	ASH_AUTO(ash_object) *object = NULL;

	FAIL_EVERY_ALLOCATION(object == NULL, ash_access_get(session, key, &object));
	ash_session_give(session);
	object = ash_object_unref(object);
	tear_down();
}
