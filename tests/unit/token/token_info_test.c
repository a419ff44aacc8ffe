/* C_GetTokenInfo (token/token_info.c). */
#include "store/terms.h"
#include "unit/token/fixture.h"

static struct ash_token_info info_of(struct ash_hsm *hsm)
{
	struct ash_token_info info;

	EXPECT_OK(ash_hsm_token_info(hsm, 0, &info));
	return info;
}

TEST(an_uninitialised_token_says_little)
{
	struct ash_hsm *hsm = new_hsm();
	const struct ash_token_info info = info_of(hsm);

	EXPECT_NUMBER(CKF_RNG | CKF_LOGIN_REQUIRED | CKF_DUAL_CRYPTO_OPERATIONS | CKF_RESTORE_KEY_NOT_NEEDED,
		      info.flags);
	EXPECT_SPAN(TEXT("                "), ash_span(info.serial, 16));
	EXPECT_SPAN(TEXT("Ashlar HSM      "), ash_span(info.model, 16));
	EXPECT_NUMBER(4, info.pin_min);
	EXPECT_NUMBER(255, info.pin_max);
	ash_hsm_free(hsm);
}

TEST(the_flags_follow_the_pins)
{
	static const struct {
		uint64_t low, final, locked, user_type;
	} row[] = {
		{ CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED, CKU_USER },
		{ CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED, CKU_SO },
	};
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		const uint64_t all = row[i].low | row[i].final | row[i].locked;

		EXPECT_NUMBER(0, info_of(hsm).flags & all);
		ash_ignore(ash_hsm_login(hsm, session, row[i].user_type, TEXT("wrong")));
		EXPECT_NUMBER(row[i].low, info_of(hsm).flags & all);
		ash_ignore(ash_hsm_login(hsm, session, row[i].user_type, TEXT("wrong")));
		EXPECT_NUMBER(row[i].low | row[i].final, info_of(hsm).flags & all);
		ash_ignore(ash_hsm_login(hsm, session, row[i].user_type, TEXT("wrong")));
		EXPECT_NUMBER(row[i].low | row[i].locked, info_of(hsm).flags & all);
	}
	ash_hsm_free(hsm);
}

TEST(sessions_are_those_of_this_process)
{
	char *folder = new_folder();
	struct ash_hsm *here = new_token_at(folder), *there = new_hsm_at(folder);

	open_session(here, true);
	open_session(here, false);
	EXPECT_NUMBER(2, info_of(here).sessions);
	EXPECT_NUMBER(1, info_of(here).rw_sessions);
	EXPECT_NUMBER(0, info_of(there).sessions);
	EXPECT_SPAN(ash_span(info_of(here).serial, 16), ash_span(info_of(there).serial, 16));
	ash_hsm_free(here);
	ash_hsm_free(there);
}

/* The record is another one, under the one index term that it has. */
static struct ash_status hurt(struct ash_txn *txn, void *context)
{
	const struct ash_record_name *name = context;
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) terms = ASH_BUF_PLAIN;
	struct ash_span term = ASH_SPAN_NONE;
	struct ash_reader in;
	uint64_t version = 0;

	ASH_TRY(ash_txn_get(txn, *name, &value, &version));
	ASH_TRY(ash_txn_terms(txn, *name, &terms));
	in = ash_reader(ash_buf_span(&terms));
	ASH_ENSURE(ash_terms_next(&in, &term), ASH_E_NOT_FOUND);
	value.data[80] ^= 1;
	return ash_txn_put(txn, *name, version, ash_buf_span(&value), &term, 1);
}

TEST(a_damaged_pin_hides_no_token)
{
	static const uint64_t users[] = { CKU_SO, CKU_USER }; /* in the order in which they were made */
	struct ash_record_name name = { ASH_SPACE_PIN, 1, 0 };
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);

	for (size_t i = 0; i < ASH_COUNT(users); i++) {
		ASH_AUTO(ash_txn) *view = NULL;
		size_t found = 0;

		EXPECT_OK(ash_store_view(hsm->store, &view));
		EXPECT_OK(ash_txn_find(view, name.space, name.owner, ASH_SPAN_NONE, name.id, &name.id, 1,
				       &found));
		EXPECT_NUMBER(1, found);
		view = ash_txn_end(view);
		EXPECT_OK(ash_store_change(hsm->store, hurt, &name));
		EXPECT_SPAN(TEXT("Ashlar HSM      "), ash_span(info_of(hsm).model, 16));
		EXPECT((info_of(hsm).flags & CKF_USER_PIN_INITIALIZED) != 0);
		EXPECT_CODE(ASH_E_CORRUPT, ash_hsm_login(hsm, session, users[i], TEXT("wrong")));
	}
	ash_hsm_free(hsm);
}

TEST(asking_survives_each_failing_allocation)
{
	struct ash_hsm *hsm = new_token();
	struct ash_token_info info = { .flags = 77 };

	FAIL_EVERY_ALLOCATION(info.flags == 77, ash_hsm_token_info(hsm, 0, &info));
	EXPECT((info.flags & CKF_USER_PIN_INITIALIZED) != 0);
	ash_hsm_free(hsm);
}
