/* Profile objects (token/profile.c), as sessions see them. */
#include "token/profile.h"

#include "unit/token/fixture.h"

static const uint64_t claimed[] = { CKP_EXTENDED_PROVIDER, CKP_BASELINE_PROVIDER };

static struct ash_hsm *with_profiles(void)
{
	struct ash_hsm_options options = fixture_options();
	struct ash_hsm *hsm = NULL;

	options.profiles = claimed;
	options.profile_count = ASH_COUNT(claimed);
	EXPECT_OK(ash_hsm_new(&options, &hsm));
	return with_token(hsm);
}

#define PROFILES ATTRS({ CKA_CLASS, NUMBER(CKO_PROFILE) })

TEST(everybody_finds_the_profiles_and_nobody_makes_one)
{
	struct ash_hsm *hsm = with_profiles();
	ash_handle session = open_session(hsm, false), found[8], again[8], object = 0;

	EXPECT_NUMBER(2, find_all(hsm, session, PROFILES, 8, found, 8));
	EXPECT_SPAN(NUMBER(CKP_BASELINE_PROVIDER), get_bytes(hsm, session, found[0], CKA_PROFILE_ID));
	EXPECT_SPAN(NUMBER(CKP_EXTENDED_PROVIDER), get_bytes(hsm, session, found[1], CKA_PROFILE_ID));
	EXPECT_OK(ash_hsm_close_session(hsm, session));

	session = log_in(hsm);
	EXPECT_NUMBER(2, find_all(hsm, session, PROFILES, 1, again, 8));
	EXPECT(again[0] == found[0] && again[1] == found[1]);
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    ash_hsm_create_object(hsm, session, ATTRS({ CKA_CLASS, NUMBER(CKO_PROFILE) }), &object));
	EXPECT_OK(ash_hsm_close_session(hsm, session));

	session = open_session(hsm, true);
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
	EXPECT_NUMBER(2, count_found(hsm, session, PROFILES));
	ash_hsm_free(hsm);
}

TEST(profiles_are_found_by_what_they_have)
{
	struct ash_hsm *hsm = with_profiles();
	const ash_handle session = open_session(hsm, true);
	const struct {
		size_t count;
		struct ash_attr want;
	} cases[] = {
		{ 2, { CKA_TOKEN, YES } },
		{ 0, { CKA_TOKEN, NO } },
		{ 2, { CKA_PRIVATE, NO } },
		{ 2, { CKA_MODIFIABLE, NO } },
		{ 2, { CKA_COPYABLE, NO } },
		{ 2, { CKA_DESTROYABLE, NO } },
		{ 1, { CKA_PROFILE_ID, NUMBER(CKP_EXTENDED_PROVIDER) } },
		{ 0, { CKA_PROFILE_ID, NUMBER(CKP_COMPLETE_PROVIDER) } },
		{ 1, { CKA_UNIQUE_ID, TEXT("profile-1") } },
		{ 0, { CKA_LABEL, TEXT("profile-1") } },
		{ 0, { CKA_LABEL, EMPTY } },
		{ 0, { CKA_CLASS, NUMBER(CKO_DATA) } },
		{ 0, { CKA_CLASS, TEXT("odd") } },
	};
	ash_handle found[8];

	for (size_t i = 0; i < ASH_COUNT(cases); i++)
		EXPECT_NUMBER(cases[i].count,
			      count_found(hsm, session, (struct ash_template){ &cases[i].want, 1 }));
	/* As NSS asks. */
	EXPECT_NUMBER(
		2, count_found(hsm, session, ATTRS({ CKA_TOKEN, YES }, { CKA_CLASS, NUMBER(CKO_PROFILE) })));
	EXPECT_NUMBER(0, count_found(hsm, session,
				     ATTRS({ CKA_LABEL, EMPTY }, { CKA_CLASS, NUMBER(CKO_PROFILE) })));
	/* Behind what is stored, however it is asked for. */
	create_data(hsm, session, true, TEXT("a"));
	create_data(hsm, session, false, TEXT("b"));
	for (size_t page = 1; page <= 8; page++) {
		EXPECT_NUMBER(4, find_all(hsm, session, NO_ATTRS, page, found, 8));
		EXPECT(!ash_profile_is(found[0]) && !ash_profile_is(found[1]));
		EXPECT(ash_profile_is(found[2]) && ash_profile_is(found[3]));
	}
	ash_hsm_free(hsm);
}

TEST(nobody_changes_copies_destroys_or_uses_them)
{
	struct ash_hsm *hsm = with_profiles();
	const ash_handle session = log_in(hsm), read_only = open_session(hsm, false);
	const struct ash_mechanism ecdsa = { .type = CKM_ECDSA };
	ash_handle found[8], copy = 0;
	uint64_t size = 0;

	EXPECT_NUMBER(2, find_all(hsm, session, PROFILES, 8, found, 8));
	EXPECT_CODE(ASH_E_ACTION_PROHIBITED,
		    ash_hsm_set_attributes(hsm, session, found[0], ATTRS({ CKA_LABEL, TEXT("mine") })));
	EXPECT_CODE(ASH_E_ACTION_PROHIBITED,
		    ash_hsm_set_attributes(hsm, session, found[0], ATTRS({ CKA_PROFILE_ID, NUMBER(5) })));
	EXPECT_CODE(ASH_E_ACTION_PROHIBITED, ash_hsm_copy_object(hsm, session, found[0], NO_ATTRS, &copy));
	EXPECT_CODE(ASH_E_ACTION_PROHIBITED,
		    ash_hsm_copy_object(hsm, session, found[0], ATTRS({ CKA_TOKEN, NO }), &copy));
	EXPECT_CODE(ASH_E_ACTION_PROHIBITED, ash_hsm_destroy_object(hsm, session, found[0]));
	EXPECT_CODE(ASH_E_SESSION_READ_ONLY, ash_hsm_destroy_object(hsm, read_only, found[0]));
	EXPECT_CODE(ASH_E_KEY_HANDLE, ash_hsm_op_init(hsm, session, ASH_OP_SIGN, &ecdsa, found[0]));
	EXPECT_OK(ash_hsm_object_size(hsm, session, found[0], &size));
	EXPECT(size > 0);
	EXPECT_NUMBER(2, count_found(hsm, session, PROFILES));
	ash_hsm_free(hsm);
}

TEST(profiles_have_what_they_have_and_no_more)
{
	struct ash_hsm *hsm = with_profiles();
	const ash_handle session = open_session(hsm, false);
	struct ash_attr_query query = { .type = CKA_LABEL };
	ash_handle found[8];

	EXPECT_NUMBER(2, find_all(hsm, session, PROFILES, 8, found, 8));
	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE, ash_hsm_get_attributes(hsm, session, found[0], &query, 1));
	EXPECT_SPAN(NUMBER(CKO_PROFILE), get_bytes(hsm, session, found[0], CKA_CLASS));
	EXPECT_SPAN(YES, get_bytes(hsm, session, found[0], CKA_TOKEN));
	EXPECT_SPAN(NO, get_bytes(hsm, session, found[0], CKA_PRIVATE));
	EXPECT_SPAN(NO, get_bytes(hsm, session, found[0], CKA_MODIFIABLE));
	EXPECT_SPAN(TEXT("profile-1"), get_bytes(hsm, session, found[0], CKA_UNIQUE_ID));
	EXPECT_SPAN(TEXT("profile-2"), get_bytes(hsm, session, found[1], CKA_UNIQUE_ID));
	/* Handles of this kind that stand for nothing. */
	for (ash_handle handle = ASH_HANDLE_COMPUTED; handle < ASH_HANDLE_COMPUTED + 256; handle++) {
		query = (struct ash_attr_query){ .type = CKA_CLASS };
		EXPECT(ash_profile_is(handle));
		if (handle != found[0] && handle != found[1])
			EXPECT_CODE(ASH_E_OBJECT_HANDLE,
				    ash_hsm_get_attributes(hsm, session, handle, &query, 1));
	}
	EXPECT(!ash_profile_is(ASH_HANDLE_COMPUTED - 1) && !ash_profile_is(ASH_HANDLE_COMPUTED + 256));
	EXPECT(!ash_profile_is(found[0] | ASH_HANDLE_SESSION_OBJECT));
	ash_hsm_free(hsm);
}

TEST(without_claims_there_is_nothing)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, false);
	struct ash_attr_query query = { .type = CKA_CLASS };

	EXPECT_NUMBER(0, count_found(hsm, session, PROFILES));
	EXPECT_CODE(ASH_E_OBJECT_HANDLE,
		    ash_hsm_get_attributes(hsm, session, ASH_HANDLE_COMPUTED + 1, &query, 1));
	ash_hsm_free(hsm);
}

TEST(profiles_and_memory_that_runs_out)
{
	struct ash_hsm *hsm = with_profiles();
	const ash_handle session = open_session(hsm, false);
	struct ash_attr_query query = { .type = CKA_CLASS };
	ash_handle found[8];
	size_t count = 0;

	EXPECT_OK(ash_hsm_find_begin(hsm, session, PROFILES));
	FAIL_EVERY_ALLOCATION(count == 0, ash_hsm_find_next(hsm, session, found, 8, &count));
	EXPECT_NUMBER(2, count);
	EXPECT_OK(ash_hsm_find_end(hsm, session));
	FAIL_EVERY_ALLOCATION(query.value.len == 0,
			      ash_hsm_get_attributes(hsm, session, found[0], &query, 1));
	ash_hsm_free(hsm);
}
