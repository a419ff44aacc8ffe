/* Who is on a token (token/presence.c). Two HSMs on one folder are as two processes. */
#include "token/presence.h"

#include "unit/token/fixture.h"

static struct ash_status init_again(struct ash_hsm *hsm)
{
	return ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label);
}

TEST(a_session_of_another_process_keeps_the_token_as_it_is)
{
	char *folder = new_folder();
	struct ash_hsm *one = new_token_at(folder);
	struct ash_hsm *two = new_hsm_at(folder);
	ash_handle session = open_session(two, false), other = 0;

	EXPECT_CODE(ASH_E_SESSION_EXISTS, init_again(one));
	/* Nobody looked at the PIN, so no try is gone. */
	EXPECT_CODE(ASH_E_SESSION_EXISTS, ash_hsm_init_token(one, 0, TEXT("wrong-pin"), fixture_label));
	EXPECT_OK(ash_hsm_open_session(two, 0, true, &other));
	EXPECT_OK(ash_hsm_close_session(two, session));
	EXPECT_CODE(ASH_E_SESSION_EXISTS, init_again(one));
	EXPECT_OK(ash_hsm_close_session(two, other));
	EXPECT_OK(init_again(one));
	EXPECT_OK(ash_hsm_open_session(two, 0, true, &other));
	EXPECT_CODE(ASH_E_PIN_NOT_INITIALIZED, ash_hsm_login(two, other, CKU_USER, USER_PIN));
	/* A process that ends takes its sessions with it. */
	EXPECT_CODE(ASH_E_SESSION_EXISTS, init_again(one));
	ash_hsm_free(two);
	EXPECT_OK(init_again(one));
	ash_hsm_free(one);
}

TEST(a_token_of_another_slot_is_another_matter)
{
	char *folder = new_folder();
	struct ash_hsm *one = new_token_at(folder);
	struct ash_hsm *two = new_hsm_at(folder);
	ash_handle session = 0;

	EXPECT_OK(ash_hsm_init_token(two, 1, SO_PIN, fixture_label));
	EXPECT_OK(ash_hsm_open_session(two, 1, false, &session));
	EXPECT_CODE(ASH_E_SESSION_EXISTS, ash_hsm_init_token(one, 1, SO_PIN, fixture_label));
	EXPECT_OK(init_again(one));
	ash_hsm_free(two);
	ash_hsm_free(one);
}

TEST(who_has_the_token_alone_has_it_alone)
{
	char *folder = new_folder();
	struct ash_hsm *one = new_token_at(folder);
	struct ash_hsm *two = new_hsm_at(folder);
	struct ash_claim claim = { NULL, NULL }, second = { NULL, NULL };
	struct ash_token *ours = NULL, *theirs = NULL;
	const uint64_t era = 1;

	EXPECT_OK(ash_slot_token(one, 0, &ours));
	EXPECT_OK(ash_slot_token(two, 0, &theirs));
	EXPECT_OK(ash_presence_claim(one, ours, &claim));
	EXPECT_CODE(ASH_E_FAILED, ash_presence_claim(one, ours, &second));
	EXPECT_CODE(ASH_E_FAILED, ash_presence_claim(two, theirs, &second));
	EXPECT(second.token == NULL);
	EXPECT_CODE(ASH_E_CONFLICT, ash_presence_enter(two, theirs, era, true));
	EXPECT_NUMBER(0, theirs->sessions);
	EXPECT_NUMBER(0, theirs->rw_sessions);

	/* A session of our own is counted; what others are shown follows when the claim ends. */
	EXPECT_OK(ash_presence_enter(one, ours, era, true));
	EXPECT_NUMBER(ASH_HOLD_ALONE, ours->hold);
	ash_claim_done(&claim);
	EXPECT_NUMBER(ASH_HOLD_SHARED, ours->hold);
	ash_claim_done(&claim);
	EXPECT_OK(ash_presence_enter(two, theirs, era, false));
	EXPECT_CODE(ASH_E_SESSION_EXISTS, ash_presence_claim(two, theirs, &second));
	ash_presence_leave(one, ours, true);
	ash_presence_leave(two, theirs, false);
	EXPECT_NUMBER(ASH_HOLD_NONE, ours->hold);
	EXPECT_OK(ash_presence_claim(two, theirs, &second));
	ash_claim_done(&second);
	EXPECT_CODE(ASH_E_TOKEN_NOT_RECOGNIZED, ash_presence_enter(two, theirs, era + 1, false));
	ash_hsm_free(two);
	ash_hsm_free(one);
}
