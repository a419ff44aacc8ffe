/* C_CreateObject, C_DestroyObject, C_GetAttributeValue, C_SetAttributeValue (token/objects.c). */
#include <pthread.h>

#include "store/backend.h"
#include "unit/token/fixture.h"

static const uint8_t aes_value[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

#define AES_ATTRS                                                                 \
	{ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) }, \
	{                                                                         \
		CKA_VALUE, SPAN(aes_value)                                        \
	}

TEST(a_data_object_is_made_read_and_destroyed)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);

	for (int on_token = 0; on_token < 2; on_token++) {
		const ash_handle object = create_data(hsm, session, on_token == 1, TEXT("a"));

		EXPECT_NUMBER(CKO_DATA, get_number(hsm, session, object, CKA_CLASS));
		EXPECT_NUMBER(on_token, get_bool(hsm, session, object, CKA_TOKEN));
		EXPECT_SPAN(TEXT("a"), get_bytes(hsm, session, object, CKA_LABEL));
		EXPECT_SPAN(TEXT("data"), get_bytes(hsm, session, object, CKA_VALUE));
		EXPECT_NUMBER(32, get_bytes(hsm, session, object, CKA_UNIQUE_ID).len);
		EXPECT_OK(ash_hsm_destroy_object(hsm, session, object));
		EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, ask(hsm, session, object, CKA_LABEL));
		EXPECT_CODE(ASH_E_OBJECT_HANDLE, ash_hsm_destroy_object(hsm, session, object));
	}
	EXPECT_NUMBER(0, count_label(hsm, session, TEXT("a")));
	ash_hsm_free(hsm);
}

TEST(unique_ids_are_unique)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);
	const ash_handle a = create_data(hsm, session, true, TEXT("a"));
	const ash_handle b = create_data(hsm, session, true, TEXT("a"));
	const struct ash_span id = get_bytes(hsm, session, a, CKA_UNIQUE_ID);
	ash_handle found = 0;

	EXPECT(!ash_span_equal(id, get_bytes(hsm, session, b, CKA_UNIQUE_ID)));
	EXPECT_NUMBER(1, find_all(hsm, session, ATTRS({ CKA_UNIQUE_ID, id }), 1, &found, 1));
	EXPECT_NUMBER(a, found);
	ash_hsm_free(hsm);
}

TEST(a_certificate_is_kept_as_it_is)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);
	const ash_handle cert = create(hsm, session,
				       ATTRS({ CKA_CLASS, NUMBER(CKO_CERTIFICATE) },
					     { CKA_CERTIFICATE_TYPE, NUMBER(CKC_X_509) }, { CKA_TOKEN, YES },
					     { CKA_SUBJECT, TEXT("subject") }, { CKA_ID, TEXT("id") },
					     { CKA_VALUE, TEXT("not looked at") }));

	EXPECT_SPAN(TEXT("not looked at"), get_bytes(hsm, session, cert, CKA_VALUE));
	EXPECT(!get_bool(hsm, session, cert, CKA_PRIVATE));
	EXPECT(!get_bool(hsm, session, cert, CKA_TRUSTED));
	ash_hsm_free(hsm);
}

TEST(key_pairs_come_back_from_their_values)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const struct ash_mechanism make = { .type = CKM_EC_KEY_PAIR_GEN },
				   sign = { .type = CKM_ECDSA_SHA256 };
	struct ash_out signature = { (uint8_t[64]){ 0 }, 64, 0 };
	ash_handle public_key, private_key, again, public_again;
	struct ash_span value;

	EXPECT_OK(ash_hsm_generate_pair(hsm, session, &make, ATTRS({ CKA_EC_PARAMS, P256 }),
					ATTRS({ CKA_SENSITIVE, NO }, { CKA_EXTRACTABLE, YES }), &public_key,
					&private_key));
	value = get_bytes(hsm, session, private_key, CKA_VALUE);
	EXPECT_NUMBER(32, value.len);
	again = create(hsm, session,
		       ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_EC) },
			     { CKA_EC_PARAMS, P256 }, { CKA_VALUE, value }, { CKA_SIGN, YES }));
	public_again = create(hsm, session,
			      ATTRS({ CKA_CLASS, NUMBER(CKO_PUBLIC_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_EC) },
				    { CKA_EC_PARAMS, P256 },
				    { CKA_EC_POINT, get_bytes(hsm, session, public_key, CKA_EC_POINT) },
				    { CKA_VERIFY, YES }));
	EXPECT(!get_bool(hsm, session, again, CKA_LOCAL));
	EXPECT(!get_bool(hsm, session, again, CKA_ALWAYS_SENSITIVE));
	EXPECT(!get_bool(hsm, session, again, CKA_NEVER_EXTRACTABLE));
	EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, get_number(hsm, session, again, CKA_KEY_GEN_MECHANISM));

	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_SIGN, &sign, again));
	EXPECT_OK(ash_hsm_op_single(hsm, session, ASH_OP_SIGN, TEXT("abc"), &signature));
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_VERIFY, &sign, public_again));
	EXPECT_OK(ash_hsm_verify_single(hsm, session, TEXT("abc"), ash_span(signature.data, signature.len)));
	ash_hsm_free(hsm);
}

TEST(keys_that_are_none_do_not_come_in)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	uint8_t point[67] = { 0x04, 65, 0x04, 1 };
	ash_handle object = 7;

	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE,
		    ash_hsm_create_object(hsm, session,
					  ATTRS({ CKA_CLASS, NUMBER(CKO_PUBLIC_KEY) },
						{ CKA_KEY_TYPE, NUMBER(CKK_EC) }, { CKA_EC_PARAMS, P256 },
						{ CKA_EC_POINT, SPAN(point) }),
					  &object));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE,
		    ash_hsm_create_object(hsm, session,
					  ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) },
						{ CKA_KEY_TYPE, NUMBER(CKK_AES) },
						{ CKA_VALUE, TEXT("17 bytes are none") }),
					  &object));
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE,
		    ash_hsm_create_object(
			    hsm, session,
			    ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) }),
			    &object));
	EXPECT_CODE(ASH_E_CURVE,
		    ash_hsm_create_object(
			    hsm, session,
			    ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_EC) },
				  { CKA_EC_PARAMS, BYTES(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x1f) },
				  { CKA_VALUE, TEXT("x") }),
			    &object));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE,
		    ash_hsm_create_object(hsm, session, ATTRS(AES_ATTRS, { CKA_CHECK_VALUE, TEXT("bad") }),
					  &object));
	EXPECT_NUMBER(7, object);
	EXPECT_NUMBER(0, count_found(hsm, session, NO_ATTRS));
	ash_hsm_free(hsm);
}

TEST(who_may_make_and_destroy_what)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle rw = open_session(hsm, true), ro = open_session(hsm, false);
	const struct ash_template public_token = ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, YES });
	const struct ash_template private_token =
		ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, YES }, { CKA_PRIVATE, YES });
	const struct ash_template private_session =
		ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_PRIVATE, YES });
	ash_handle object = 7, kept = 0;

	/* nobody */
	create_data(hsm, ro, false, TEXT("x"));
	kept = create(hsm, rw, public_token);
	EXPECT_CODE(ASH_E_SESSION_READ_ONLY, ash_hsm_create_object(hsm, ro, public_token, &object));
	EXPECT_CODE(ASH_E_NOT_LOGGED_IN, ash_hsm_create_object(hsm, rw, private_token, &object));
	EXPECT_CODE(ASH_E_NOT_LOGGED_IN, ash_hsm_create_object(hsm, ro, private_session, &object));
	EXPECT_CODE(ASH_E_SESSION_READ_ONLY, ash_hsm_destroy_object(hsm, ro, kept));
	EXPECT_CODE(ASH_E_SESSION_READ_ONLY,
		    ash_hsm_set_attributes(hsm, ro, kept, ATTRS({ CKA_LABEL, TEXT("x") })));
	/* the user */
	EXPECT_OK(ash_hsm_login(hsm, rw, CKU_USER, USER_PIN));
	create(hsm, rw, private_token);
	create(hsm, ro, private_session);
	EXPECT_CODE(ASH_E_SESSION_READ_ONLY, ash_hsm_create_object(hsm, ro, private_token, &object));
	EXPECT_OK(ash_hsm_logout(hsm, rw));
	/* the officer */
	EXPECT_OK(ash_hsm_close_session(hsm, ro));
	EXPECT_OK(ash_hsm_login(hsm, rw, CKU_SO, SO_PIN));
	create(hsm, rw, public_token);
	EXPECT_CODE(ASH_E_NOT_LOGGED_IN, ash_hsm_create_object(hsm, rw, private_token, &object));
	EXPECT_CODE(ASH_E_NOT_LOGGED_IN, ash_hsm_create_object(hsm, rw, private_session, &object));
	EXPECT_NUMBER(2, count_found(hsm, rw, NO_ATTRS));
	EXPECT_NUMBER(7, object);
	ash_hsm_free(hsm);
}

TEST(only_the_officer_trusts)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);
	ash_handle object = 0;
	const struct ash_template trusted =
		ATTRS({ CKA_CLASS, NUMBER(CKO_CERTIFICATE) }, { CKA_CERTIFICATE_TYPE, NUMBER(CKC_X_509) },
		      { CKA_SUBJECT, TEXT("s") }, { CKA_VALUE, TEXT("v") }, { CKA_TRUSTED, YES });

	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY, ash_hsm_create_object(hsm, session, trusted, &object));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
	EXPECT_OK(ash_hsm_create_object(hsm, session, trusted, &object));
	ash_hsm_free(hsm);
}

TEST(sensitive_values_stay_while_the_rest_of_the_call_is_answered)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const ash_handle key =
		create(hsm, session, ATTRS(AES_ATTRS, { CKA_SENSITIVE, YES }, { CKA_LABEL, TEXT("k") }));
	uint8_t label[4] = { 0 }, value[16] = { 0 }, small[2] = { 9, 9 }, none[4] = { 0 };
	struct ash_attr_query queries[] = {
		{ CKA_LABEL, { label, sizeof(label), 0 }, ASH_OK },
		{ CKA_VALUE, { value, sizeof(value), 77 }, ASH_OK },
		{ CKA_KEY_TYPE, { small, sizeof(small), 0 }, ASH_OK },
		{ CKA_MODULUS, { none, sizeof(none), 78 }, ASH_OK },
		{ CKA_VALUE_LEN, { NULL, 0, 0 }, ASH_OK },
	};

	EXPECT_CODE(ASH_E_ATTRIBUTE_SENSITIVE,
		    ash_hsm_get_attributes(hsm, session, key, queries, ASH_COUNT(queries)));
	EXPECT_NUMBER(ASH_OK, queries[0].code);
	EXPECT_SPAN(TEXT("k"), ash_span(label, queries[0].value.len));
	EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, queries[1].code);
	EXPECT_NUMBER(77, queries[1].value.len);
	EXPECT(value[0] == 0);
	EXPECT_NUMBER(ASH_E_BUFFER_TOO_SMALL, queries[2].code);
	EXPECT_NUMBER(8, queries[2].value.len);
	EXPECT(small[0] == 9 && small[1] == 9);
	EXPECT_NUMBER(ASH_E_ATTRIBUTE_TYPE, queries[3].code);
	EXPECT_NUMBER(78, queries[3].value.len);
	EXPECT_NUMBER(ASH_OK, queries[4].code);
	EXPECT_NUMBER(8, queries[4].value.len);
	/* A length is as secret as its value. */
	EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, ask(hsm, session, key, CKA_VALUE));
	ash_hsm_free(hsm);
}

TEST(what_sticks_sticks)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);

	for (int on_token = 0; on_token < 2; on_token++) {
		const ash_handle key = create(
			hsm, session,
			ATTRS(AES_ATTRS, { CKA_TOKEN, yes_no(on_token == 1) }, { CKA_EXTRACTABLE, YES }));

		EXPECT_SPAN(SPAN(aes_value), get_bytes(hsm, session, key, CKA_VALUE));
		EXPECT_OK(ash_hsm_set_attributes(hsm, session, key, ATTRS({ CKA_SENSITIVE, YES })));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, ask(hsm, session, key, CKA_VALUE));
		EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
			    ash_hsm_set_attributes(hsm, session, key, ATTRS({ CKA_SENSITIVE, NO })));
		EXPECT_OK(ash_hsm_set_attributes(hsm, session, key, ATTRS({ CKA_EXTRACTABLE, NO })));
		EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
			    ash_hsm_set_attributes(hsm, session, key, ATTRS({ CKA_EXTRACTABLE, YES })));
		/* all or nothing */
		EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
			    ash_hsm_set_attributes(hsm, session, key,
						   ATTRS({ CKA_LABEL, TEXT("new") }, { CKA_TOKEN, YES })));
		EXPECT_SPAN(TEXT(""), get_bytes(hsm, session, key, CKA_LABEL));
	}
	ash_hsm_free(hsm);
}

TEST(a_changed_object_is_found_by_its_new_values_alone)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);

	for (int on_token = 0; on_token < 2; on_token++) {
		const ash_handle object = create_data(hsm, session, on_token == 1, TEXT("old"));

		EXPECT_OK(ash_hsm_set_attributes(hsm, session, object, ATTRS({ CKA_LABEL, TEXT("new") })));
		EXPECT_NUMBER(0, count_label(hsm, session, TEXT("old")));
		EXPECT_NUMBER(1, count_label(hsm, session, TEXT("new")));
		EXPECT_SPAN(TEXT("new"), get_bytes(hsm, session, object, CKA_LABEL));
		EXPECT_OK(ash_hsm_destroy_object(hsm, session, object));
	}
	ash_hsm_free(hsm);
}

TEST(objects_that_forbid_it_are_not_changed_or_destroyed)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);

	for (int on_token = 0; on_token < 2; on_token++) {
		const ash_handle object =
			create(hsm, session,
			       ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, yes_no(on_token == 1) },
				     { CKA_MODIFIABLE, NO }, { CKA_DESTROYABLE, NO }));

		EXPECT_CODE(ASH_E_ACTION_PROHIBITED,
			    ash_hsm_set_attributes(hsm, session, object, ATTRS({ CKA_LABEL, TEXT("x") })));
		EXPECT_CODE(ASH_E_ACTION_PROHIBITED, ash_hsm_destroy_object(hsm, session, object));
		EXPECT_NUMBER(ASH_OK, ask(hsm, session, object, CKA_LABEL));
	}
	ash_hsm_free(hsm);
}

TEST(session_objects_die_with_their_session_and_are_seen_by_all)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle mine = open_session(hsm, false), other = open_session(hsm, false);
	const ash_handle object = create_data(hsm, mine, false, TEXT("s"));
	const ash_handle kept = create_data(hsm, other, false, TEXT("kept"));

	EXPECT_NUMBER(1, count_label(hsm, other, TEXT("s")));
	EXPECT_OK(ash_hsm_set_attributes(hsm, other, object, ATTRS({ CKA_APPLICATION, TEXT("a") })));
	EXPECT_OK(ash_hsm_close_session(hsm, mine));
	EXPECT_NUMBER(0, count_label(hsm, other, TEXT("s")));
	EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, ask(hsm, other, object, CKA_LABEL));
	EXPECT_NUMBER(ASH_OK, ask(hsm, other, kept, CKA_LABEL));
	ash_hsm_free(hsm);
}

TEST(logout_kills_private_objects_of_sessions_and_handles_of_tokens)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const ash_handle of_session = create(hsm, session, ATTRS(AES_ATTRS, { CKA_LABEL, TEXT("k") }));
	const ash_handle of_token =
		create(hsm, session, ATTRS(AES_ATTRS, { CKA_TOKEN, YES }, { CKA_LABEL, TEXT("k") }));
	const ash_handle public_one = create_data(hsm, session, true, TEXT("p"));
	ash_handle found = 0;

	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_NUMBER(0, count_label(hsm, session, TEXT("k")));
	EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, ask(hsm, session, of_session, CKA_LABEL));
	EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, ask(hsm, session, of_token, CKA_LABEL));
	EXPECT_NUMBER(ASH_OK, ask(hsm, session, public_one, CKA_LABEL));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, ask(hsm, session, of_session, CKA_LABEL));
	EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, ask(hsm, session, of_token, CKA_LABEL));
	EXPECT_NUMBER(1, find_all(hsm, session, ATTRS({ CKA_LABEL, TEXT("k") }), 2, &found, 1));
	EXPECT(found != of_token && found != of_session);
	ash_hsm_free(hsm);
}

TEST(a_handle_without_its_login_names_nothing)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const ash_handle key = create(hsm, session, ATTRS(AES_ATTRS, { CKA_TOKEN, YES }));
	const ash_handle id = key & ((UINT64_C(1) << ASH_HANDLE_ID_BITS) - 1);
	const ash_handle forged[] = { id,
				      id | ASH_HANDLE_SESSION_OBJECT,
				      key | ASH_HANDLE_SESSION_OBJECT,
				      key + (UINT64_C(1) << ASH_HANDLE_ID_BITS),
				      UINT64_MAX,
				      0,
				      key - id,
				      ASH_HANDLE_SESSION_OBJECT };

	for (size_t i = 0; i < ASH_COUNT(forged); i++)
		EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, ask(hsm, session, forged[i], CKA_LABEL));
	EXPECT_NUMBER(ASH_OK, ask(hsm, session, key, CKA_LABEL));
	ash_hsm_free(hsm);
}

TEST(another_tokens_objects_are_not_there)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const ash_handle object = create_data(hsm, session, true, TEXT("x"));
	const ash_handle of_session = create_data(hsm, session, false, TEXT("x"));
	const ash_handle key = make_aes(hsm, session, true);
	ash_handle other = 0;

	EXPECT_OK(ash_hsm_init_token(hsm, 1, SO_PIN, fixture_label));
	EXPECT_OK(ash_hsm_open_session(hsm, 1, true, &other));
	EXPECT_OK(ash_hsm_login(hsm, other, CKU_SO, SO_PIN));
	EXPECT_OK(ash_hsm_init_pin(hsm, other, USER_PIN));
	EXPECT_OK(ash_hsm_logout(hsm, other));
	EXPECT_OK(ash_hsm_login(hsm, other, CKU_USER, USER_PIN));
	EXPECT_NUMBER(0, count_found(hsm, other, NO_ATTRS));
	EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, ask(hsm, other, object, CKA_LABEL));
	EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, ask(hsm, other, of_session, CKA_LABEL));
	EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, ask(hsm, other, key, CKA_LABEL));
	EXPECT_NUMBER(ASH_OK, ask(hsm, session, key, CKA_LABEL));
	EXPECT_NUMBER(ASH_OK, ask(hsm, session, object, CKA_LABEL));
	ash_hsm_free(hsm);
}

TEST(what_another_process_changes_is_seen)
{
	char *folder = new_folder();
	struct ash_hsm *here = new_token_at(folder), *there = new_hsm_at(folder);
	const ash_handle session = log_in(here), other = log_in(there);
	const ash_handle object = create_data(here, session, true, TEXT("x"));
	ash_handle found = 0;

	EXPECT_NUMBER(1, find_all(there, other, ATTRS({ CKA_LABEL, TEXT("x") }), 1, &found, 1));
	EXPECT_SPAN(TEXT("x"), get_bytes(there, other, found, CKA_LABEL));
	EXPECT_OK(ash_hsm_set_attributes(here, session, object, ATTRS({ CKA_LABEL, TEXT("y") })));
	EXPECT_SPAN(TEXT("y"), get_bytes(there, other, found, CKA_LABEL));
	EXPECT_OK(ash_hsm_set_attributes(there, other, found, ATTRS({ CKA_LABEL, TEXT("z") })));
	EXPECT_SPAN(TEXT("z"), get_bytes(here, session, object, CKA_LABEL));
	EXPECT_OK(ash_hsm_destroy_object(here, session, object));
	EXPECT_NUMBER(ASH_E_OBJECT_HANDLE, ask(there, other, found, CKA_LABEL));
	EXPECT_CODE(ASH_E_OBJECT_HANDLE, ash_hsm_destroy_object(there, other, found));
	ash_hsm_free(here);
	ash_hsm_free(there);
}

/* SQLite, where somebody always changes the object before it is our turn. */
static struct ash_store_ops meddled;

static struct {
	struct ash_hsm *hsm;
	ash_handle session, object;
	unsigned times;
} meddler;

static void *meddle(void *context)
{
	meddler.times++;
	EXPECT_OK(ash_hsm_set_attributes(meddler.hsm, meddler.session, meddler.object,
					 ATTRS({ CKA_LABEL, TEXT("theirs") })));
	return context;
}

static struct ash_status meddled_write_begin(void *store, void **ret_txn)
{
	pthread_t thread;

	/* As another process would: with none of our locks. */
	if (meddler.hsm != NULL) {
		EXPECT_NUMBER(0, pthread_create(&thread, NULL, meddle, NULL));
		EXPECT_NUMBER(0, pthread_join(thread, NULL));
	}
	return ash_store_sqlite.write_begin(store, ret_txn);
}

static struct ash_status open_meddled_store(void *context, bool create, struct ash_store **ret_store)
{
	const struct ash_store_options options = { .path = context, .group = "", .create = create };

	meddled = ash_store_sqlite;
	meddled.write_begin = meddled_write_begin;
	return ash_store_open(&meddled, &options, ret_store);
}

TEST(a_change_is_done_however_often_others_are_first)
{
	char *folder = new_folder();
	struct ash_hsm *there = new_token_at(folder), *here = new_hsm_at(folder);
	const ash_handle other = log_in(there);
	const ash_handle object = create_data(there, other, true, TEXT("x"));
	ash_handle session = 0;

	here->options.open_store = open_meddled_store;
	session = log_in(here);
	meddler.hsm = there;
	meddler.session = other;
	meddler.object = object;
	EXPECT_OK(ash_hsm_set_attributes(here, session, object, ATTRS({ CKA_APPLICATION, TEXT("ours") })));
	meddler.hsm = NULL;
	EXPECT(meddler.times > 1);
	EXPECT_SPAN(TEXT("theirs"), get_bytes(here, session, object, CKA_LABEL));
	EXPECT_SPAN(TEXT("ours"), get_bytes(here, session, object, CKA_APPLICATION));
	EXPECT_SPAN(TEXT("ours"), get_bytes(there, other, object, CKA_APPLICATION));
	ash_hsm_free(here);
	ash_hsm_free(there);
}

TEST(a_token_that_another_process_initialised_anew_is_removed)
{
	char *folder = new_folder();
	struct ash_hsm *here = new_token_at(folder), *there = new_hsm_at(folder);
	const ash_handle session = log_in(here);
	const struct ash_mechanism sha = { .type = CKM_SHA256 };
	const ash_handle object = create_data(here, session, true, TEXT("x"));
	struct ash_session_info info;
	ash_handle fresh = 0;

	lose_hold(here);
	EXPECT_OK(ash_hsm_init_token(there, 0, SO_PIN, fixture_label));
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_hsm_session_info(here, session, &info));
	EXPECT_NUMBER(ASH_E_DEVICE_REMOVED, ask(here, session, object, CKA_LABEL));
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_hsm_op_init(here, session, ASH_OP_DIGEST, &sha, 0));
	EXPECT_CODE(ASH_E_DEVICE_REMOVED, ash_hsm_logout(here, session));
	fresh = open_session(here, true);
	EXPECT_NUMBER(0, count_found(here, fresh, NO_ATTRS));
	EXPECT_OK(ash_hsm_session_info(here, fresh, &info));
	EXPECT_NUMBER(CKS_RW_PUBLIC_SESSION, info.state);
	EXPECT_OK(ash_hsm_close_session(here, session));
	EXPECT_OK(ash_hsm_close_session(here, fresh));
	ash_hsm_free(here);
	ash_hsm_free(there);
}

TEST(making_an_object_survives_each_failing_allocation)
{
	for (int on_token = 0; on_token < 2; on_token++) {
		struct ash_hsm *hsm = new_token();
		const ash_handle session = log_in(hsm);
		const struct ash_template given = ATTRS(AES_ATTRS, { CKA_TOKEN, yes_no(on_token == 1) });
		ash_handle key = 0;

		FAIL_EVERY_ALLOCATION(key == 0, ash_hsm_create_object(hsm, session, given, &key));
		EXPECT_NUMBER(1, count_found(hsm, session, NO_ATTRS));
		EXPECT_NUMBER(ASH_OK, ask(hsm, session, key, CKA_LABEL));
		ash_hsm_free(hsm);
	}
}

TEST(changing_and_destroying_survive_each_failing_allocation)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	ash_handle key = make_aes(hsm, session, true);
	const struct ash_template change = ATTRS({ CKA_LABEL, TEXT("changed") });

	FAIL_EVERY_ALLOCATION(count_label(hsm, session, TEXT("changed")) == 0,
			      ash_hsm_set_attributes(hsm, session, key, change));
	EXPECT_NUMBER(1, count_label(hsm, session, TEXT("changed")));
	FAIL_EVERY_ALLOCATION(count_label(hsm, session, TEXT("changed")) == 1,
			      ash_hsm_destroy_object(hsm, session, key));
	EXPECT_NUMBER(0, count_label(hsm, session, TEXT("changed")));
	ash_hsm_free(hsm);
}
