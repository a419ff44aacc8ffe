/* Slots, C_InitToken and what a token says of itself (token/slot.c, birth.c, token_info.c). */
#include "token/slot.h"

#include "unit/token/fixture.h"

TEST(an_empty_store_offers_one_uninitialised_slot_and_stays_empty)
{
	struct ash_hsm *hsm = new_hsm();
	struct ash_token_info info;
	struct ash_slot_info slot;
	uint64_t ids[4] = { 9, 9, 9, 9 };
	ash_handle session = 0;
	size_t count = 0;

	EXPECT_OK(ash_hsm_slots(hsm, true, ids, 4, &count));
	EXPECT_NUMBER(1, count);
	EXPECT_NUMBER(0, ids[0]);
	EXPECT_OK(ash_hsm_slot_info(hsm, 0, &slot));
	EXPECT_OK(ash_hsm_token_info(hsm, 0, &info));
	EXPECT((info.flags & CKF_TOKEN_INITIALIZED) == 0);
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_token_info(hsm, 1, &info));
	EXPECT_CODE(ASH_E_TOKEN_NOT_INITIALIZED, ash_hsm_open_session(hsm, 0, true, &session));
	EXPECT(hsm->store == NULL);
	ash_hsm_free(hsm);
}

TEST(each_new_token_opens_another_slot)
{
	struct ash_hsm *hsm = new_hsm();
	struct ash_token_info first, second;
	uint64_t ids[4];
	size_t count = 0;

	EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_init_token(hsm, 2, SO_PIN, fixture_label));
	EXPECT_OK(ash_hsm_init_token(hsm, 1, SO_PIN, fixture_label));
	EXPECT_OK(ash_hsm_slots(hsm, true, ids, 2, &count));
	EXPECT_NUMBER(3, count);
	EXPECT_NUMBER(0, ids[0]);
	EXPECT_NUMBER(1, ids[1]);
	EXPECT_OK(ash_hsm_token_info(hsm, 0, &first));
	EXPECT_OK(ash_hsm_token_info(hsm, 1, &second));
	EXPECT((first.flags & CKF_TOKEN_INITIALIZED) != 0);
	EXPECT(memcmp(first.serial, second.serial, sizeof(first.serial)) != 0);
	EXPECT_SPAN(ash_span(fixture_label, 32), ash_span(first.label, 32));
	ash_hsm_free(hsm);
}

TEST(a_token_is_initialised_again_only_by_its_officer_and_without_sessions)
{
	struct ash_hsm *hsm = new_token();
	struct ash_token_info before, after;
	ash_handle session = log_in(hsm), public_key, private_key;

	make_p256(hsm, session, true, &public_key, &private_key);
	EXPECT_OK(ash_hsm_token_info(hsm, 0, &before));
	EXPECT_CODE(ASH_E_SESSION_EXISTS, ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_OK(ash_hsm_close_all_sessions(hsm, 0));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_init_token(hsm, 0, TEXT("wrong"), fixture_label));
	session = log_in(hsm);
	EXPECT_NUMBER(2, count_label(hsm, session, TEXT("pair")));
	EXPECT_OK(ash_hsm_close_session(hsm, session));
	EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_OK(ash_hsm_token_info(hsm, 0, &after));
	EXPECT((after.flags & CKF_USER_PIN_INITIALIZED) == 0);
	EXPECT_SPAN(ash_span(before.serial, 16), ash_span(after.serial, 16));
	session = open_session(hsm, true);
	EXPECT_NUMBER(0, count_label(hsm, session, TEXT("pair")));
	EXPECT_CODE(ASH_E_OBJECT_HANDLE, ash_hsm_destroy_object(hsm, session, public_key));
	ash_hsm_free(hsm);
}

TEST(a_token_that_must_be_new_never_takes_the_place_of_another)
{
	struct ash_hsm *hsm = new_hsm();
	struct ash_token_info info;

	EXPECT_CODE(ASH_E_PIN_LEN, ash_hsm_make_token(hsm, 0, TEXT("abc"), fixture_label));
	EXPECT_OK(ash_hsm_make_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_CODE(ASH_E_EXISTS, ash_hsm_make_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_CODE(ASH_E_EXISTS, ash_hsm_make_token(hsm, 0, TEXT("wrong"), fixture_label));
	EXPECT_OK(ash_hsm_token_info(hsm, 0, &info));
	EXPECT((info.flags & CKF_SO_PIN_COUNT_LOW) == 0);
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_make_token(hsm, 2, SO_PIN, fixture_label));
	EXPECT_OK(ash_hsm_make_token(hsm, 1, SO_PIN, fixture_label));
	ash_hsm_free(hsm);
}

TEST(a_new_token_needs_a_pin_of_good_form)
{
	struct ash_hsm *hsm = new_hsm();

	EXPECT_CODE(ASH_E_PIN_LEN, ash_hsm_init_token(hsm, 0, TEXT("abc"), fixture_label));
	EXPECT_CODE(ASH_E_PIN_INVALID, ash_hsm_init_token(hsm, 0, TEXT("\xc0\x80\xc0\x80"), fixture_label));
	EXPECT(hsm->store == NULL);
	ash_hsm_free(hsm);
}

TEST(making_a_token_survives_each_failing_allocation)
{
	struct ash_status status = { ASH_E_MEMORY };

	for (int64_t n = 0; status.code != ASH_OK; n++) {
		struct ash_hsm *hsm = new_hsm();
		struct ash_token_info info;
		ash_handle session = 0;

		ash_mem_fail_after(n);
		status = ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label);
		ash_mem_fail_after(-1);
		EXPECT_OK(ash_hsm_token_info(hsm, 0, &info));
		/* Whole or not there, and as it was said. */
		EXPECT(((info.flags & CKF_TOKEN_INITIALIZED) != 0) == (status.code == ASH_OK));
		if (status.code == ASH_OK) {
			session = open_session(hsm, true);
			EXPECT_OK(ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
		} else {
			EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
		}
		ash_hsm_free(hsm);
		EXPECT(n < 5000);
	}
}

TEST(making_a_token_anew_survives_each_failing_allocation)
{
	struct ash_hsm *hsm = new_token();
	struct ash_status status = { ASH_E_MEMORY };

	for (int64_t n = 0; status.code != ASH_OK; n++) {
		ash_handle session = 0;

		ash_mem_fail_after(n);
		status = ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label);
		ash_mem_fail_after(-1);
		session = open_session(hsm, true);
		if (status.code == ASH_OK)
			EXPECT_CODE(ASH_E_PIN_NOT_INITIALIZED,
				    ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
		else
			EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
		EXPECT_OK(ash_hsm_close_session(hsm, session));
		EXPECT(n < 5000);
	}
	ash_hsm_free(hsm);
}
