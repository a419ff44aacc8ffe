/* Deleting a token (token/death.c, and who may do it in login.c). */
#include "token/slot_priv.h"
#include "unit/token/fixture.h"

static void lock_officer(struct ash_hsm *hsm)
{
	const ash_handle session = open_session(hsm, true);
	struct ash_status status = { ASH_OK };

	for (int i = 0; i < 3; i++)
		status = ash_hsm_login(hsm, session, CKU_SO, TEXT("wrong"));
	EXPECT_CODE(ASH_E_PIN_LOCKED, status);
	EXPECT_OK(ash_hsm_close_session(hsm, session));
}

/* How many records of the slot's token there are, itself among them. */
static uint64_t records_of(struct ash_hsm *hsm, uint64_t slot)
{
	static const uint32_t spaces[] = { ASH_SPACE_PIN, ASH_SPACE_PUBLIC, ASH_SPACE_PRIVATE };
	ASH_AUTO(ash_txn) *view = NULL;
	uint64_t all = 0, count = 0, version = 0;

	EXPECT_OK(ash_store_view(hsm->store, &view));
	for (size_t i = 0; i < ASH_COUNT(spaces); i++) {
		EXPECT_OK(ash_txn_count(view, spaces[i], slot + 1, ASH_SPAN_NONE, 1000, &count));
		all += count;
	}
	return all + (ash_is_ok(ash_txn_get(view, ash_slot_record_name(slot), NULL, &version)) ? 1 : 0);
}

static struct ash_status spoil(struct ash_txn *txn, void *context)
{
	const struct ash_record_name name = ash_slot_record_name(*(const uint64_t *)context);
	uint64_t version = 0;

	ASH_TRY(ash_txn_get(txn, name, NULL, &version));
	return ash_txn_put(txn, name, version, TEXT("no token"), NULL, 0);
}

TEST(a_token_is_deleted_with_all_it_has_by_its_officer_and_without_sessions)
{
	struct ash_hsm *hsm = new_token();
	struct ash_token_info info;
	ash_handle session = log_in(hsm), public_key, private_key;
	uint64_t ids[4] = { 9, 9, 9, 9 };
	size_t count = 0;

	make_p256(hsm, session, true, &public_key, &private_key);
	EXPECT_NUMBER(5, records_of(hsm, 0));
	EXPECT_CODE(ASH_E_SESSION_EXISTS, ash_hsm_delete_token(hsm, 0, SO_PIN, false));
	EXPECT_CODE(ASH_E_SESSION_EXISTS, ash_hsm_delete_token(hsm, 0, SO_PIN, true));
	EXPECT_OK(ash_hsm_close_all_sessions(hsm, 0));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_delete_token(hsm, 0, TEXT("wrong"), false));
	EXPECT_OK(ash_hsm_token_info(hsm, 0, &info));
	EXPECT((info.flags & CKF_SO_PIN_COUNT_LOW) != 0);
	EXPECT_NUMBER(5, records_of(hsm, 0));

	EXPECT_OK(ash_hsm_delete_token(hsm, 0, SO_PIN, false));
	EXPECT_NUMBER(0, records_of(hsm, 0));
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_token_info(hsm, 0, &info));
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_open_session(hsm, 0, true, &session));
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_delete_token(hsm, 0, SO_PIN, true));

	/* Its slot's number does not come back. */
	EXPECT_OK(ash_hsm_slots(hsm, true, ids, 4, &count));
	EXPECT_NUMBER(1, count);
	EXPECT_NUMBER(1, ids[0]);
	EXPECT_OK(ash_hsm_init_token(hsm, 1, SO_PIN, fixture_label));
	EXPECT_OK(ash_hsm_open_session(hsm, 1, true, &session));
	ash_hsm_free(hsm);
}

TEST(what_is_no_token_is_not_deleted)
{
	struct ash_hsm *hsm = new_hsm();

	EXPECT_CODE(ASH_E_TOKEN_NOT_RECOGNIZED, ash_hsm_delete_token(hsm, 0, SO_PIN, true));
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_delete_token(hsm, 1, SO_PIN, true));
	EXPECT(hsm->store == NULL);
	EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_CODE(ASH_E_TOKEN_NOT_RECOGNIZED, ash_hsm_delete_token(hsm, 1, SO_PIN, true));
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_delete_token(hsm, 2, SO_PIN, true));
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_delete_token(hsm, UINT64_MAX, SO_PIN, true));
	ash_hsm_free(hsm);
}

TEST(force_is_the_way_out_for_a_locked_officer)
{
	struct ash_hsm *hsm = new_token();

	lock_officer(hsm);
	EXPECT_CODE(ASH_E_PIN_LOCKED, ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_CODE(ASH_E_PIN_LOCKED, ash_hsm_delete_token(hsm, 0, SO_PIN, false));
	EXPECT_OK(ash_hsm_delete_token(hsm, 0, ASH_SPAN_NONE, true));
	EXPECT_OK(ash_hsm_init_token(hsm, 1, SO_PIN, fixture_label));
	ash_hsm_free(hsm);
}

TEST(another_token_stays_as_it_is)
{
	struct ash_hsm *hsm = new_token();
	ash_handle session = 0;

	EXPECT_OK(ash_hsm_init_token(hsm, 1, SO_PIN, fixture_label));
	session = log_in(hsm);
	create_data(hsm, session, true, TEXT("kept"));
	EXPECT_OK(ash_hsm_delete_token(hsm, 1, SO_PIN, false));
	EXPECT_NUMBER(0, records_of(hsm, 1));
	EXPECT_NUMBER(1, count_label(hsm, session, TEXT("kept")));
	EXPECT_OK(ash_hsm_close_session(hsm, session));
	session = log_in(hsm);
	EXPECT_NUMBER(1, count_label(hsm, session, TEXT("kept")));
	ash_hsm_free(hsm);
}

TEST(a_session_of_another_process_keeps_the_token)
{
	char *folder = new_folder();
	struct ash_hsm *hsm = new_token_at(folder), *other = new_hsm_at(folder);
	const ash_handle session = open_session(other, false);

	EXPECT_CODE(ASH_E_SESSION_EXISTS, ash_hsm_delete_token(hsm, 0, ASH_SPAN_NONE, true));
	EXPECT_CODE(ASH_E_SESSION_EXISTS, ash_hsm_delete_token(hsm, 0, SO_PIN, false));
	EXPECT_NUMBER(3, records_of(hsm, 0));
	EXPECT_OK(ash_hsm_close_session(other, session));
	EXPECT_OK(ash_hsm_delete_token(hsm, 0, SO_PIN, false));
	EXPECT_NUMBER(0, records_of(other, 0));
	ash_hsm_free(other);
	ash_hsm_free(hsm);
}

/* As if it had been opened just after others were looked for. */
TEST(sessions_of_another_process_find_their_device_removed)
{
	char *folder = new_folder();
	struct ash_hsm *hsm = new_token_at(folder), *other = new_hsm_at(folder);
	ash_handle session = 0, object = 0;
	struct ash_session_info info;
	struct ash_token *token = NULL;
	uint64_t version = 0;

	EXPECT_OK(ash_slot_unread(hsm, 0, &token, &version));
	session = log_in(other);
	object = create_data(other, session, true, TEXT("x"));
	EXPECT_OK(ash_slot_delete(hsm, token, version));
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_hsm_session_info(other, session, &info));
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_hsm_destroy_object(other, session, object));
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_open_session(other, 0, false, &session));
	EXPECT_NUMBER(0, records_of(other, 0));
	ash_hsm_free(other);
	ash_hsm_free(hsm);
}

TEST(a_damaged_token_is_deleted_by_force)
{
	char *folder = new_folder();
	struct ash_hsm *hsm = new_token_at(folder);
	uint64_t slot = 0;

	EXPECT_OK(ash_store_change(hsm->store, spoil, &slot));
	EXPECT_CODE(ASH_E_CORRUPT, ash_hsm_delete_token(hsm, 0, SO_PIN, false));
	EXPECT_NUMBER(3, records_of(hsm, 0));
	EXPECT_OK(ash_hsm_delete_token(hsm, 0, ASH_SPAN_NONE, true));
	EXPECT_NUMBER(0, records_of(hsm, 0));
	EXPECT_OK(ash_hsm_init_token(hsm, 1, SO_PIN, fixture_label));
	ash_hsm_free(hsm);
}

TEST(a_store_without_its_root_key_can_begin_anew_when_its_tokens_are_gone)
{
	char *folder = new_folder();
	struct ash_hsm *hsm = new_token_at(folder);

	EXPECT_OK(ash_hsm_init_token(hsm, 1, SO_PIN, fixture_label));
	ash_hsm_free(hsm);
	EXPECT_NUMBER(0, unlink(root_key_at(folder)));

	hsm = new_hsm_at(folder);
	EXPECT_CODE(ASH_E_TOKEN_NOT_RECOGNIZED, ash_hsm_delete_token(hsm, 0, SO_PIN, false));
	EXPECT_OK(ash_hsm_delete_token(hsm, 0, ASH_SPAN_NONE, true));
	/* The other token still wants the old key: no new one is made. */
	EXPECT_CODE(ASH_E_TOKEN_NOT_RECOGNIZED, ash_hsm_init_token(hsm, 2, SO_PIN, fixture_label));
	EXPECT(access(root_key_at(folder), F_OK) != 0);
	EXPECT_OK(ash_hsm_delete_token(hsm, 1, ASH_SPAN_NONE, true));
	EXPECT_OK(ash_hsm_init_token(hsm, 2, SO_PIN, fixture_label));
	ash_hsm_free(hsm);

	hsm = new_hsm_at(folder);
	ash_handle session = 0;
	EXPECT_OK(ash_hsm_open_session(hsm, 2, true, &session));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
	ash_hsm_free(hsm);
}

TEST(a_token_that_changed_since_it_was_looked_at_stays)
{
	struct ash_hsm *hsm = new_token();
	struct ash_token *token = NULL;
	uint64_t version = 0;

	EXPECT_OK(ash_slot_unread(hsm, 0, &token, &version));
	EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_slot_delete(hsm, token, version));
	EXPECT_NUMBER(2, records_of(hsm, 0));
	EXPECT_OK(ash_slot_unread(hsm, 0, &token, &version));
	EXPECT_OK(ash_slot_delete(hsm, token, version));
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_slot_delete(hsm, token, version));
	ash_hsm_free(hsm);
}

TEST(deleting_is_whole_or_not_at_all_when_memory_ends)
{
	for (int force = 0; force < 2; force++) {
		struct ash_status status = { ASH_E_MEMORY };

		for (int64_t n = 0; status.code != ASH_OK; n++) {
			struct ash_hsm *hsm = new_token();

			ash_mem_fail_after(n);
			status = ash_hsm_delete_token(hsm, 0, SO_PIN, force != 0);
			ash_mem_fail_after(-1);
			EXPECT(status.code == ASH_OK || status.code == ASH_E_MEMORY);
			EXPECT_NUMBER(status.code == ASH_OK ? 0 : 3, records_of(hsm, 0));
			if (status.code != ASH_OK)
				EXPECT_OK(ash_hsm_close_session(hsm, log_in(hsm)));
			ash_hsm_free(hsm);
			EXPECT(n < 5000);
		}
	}
}
