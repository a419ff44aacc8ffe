#include "token/object.h"

#include "unit/token/fixture.h"

static struct ash_object_table table;
static struct ash_token token, other_token;

static void set_up(void)
{
	token = (struct ash_token){ .era = 1 };
	other_token = (struct ash_token){ .era = 1 };
	EXPECT_OK(ash_object_table_init(&table));
}

/* A snapshot that the caller owns. */
static struct ash_object *new_object(struct ash_token *of, ash_handle handle)
{
	struct ash_object *object = NULL;

	EXPECT_OK(ash_object_new(of, 1, set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) })), &object));
	object->handle = handle;
	return object;
}

/* Enters one that only the table has then. */
static void enter(struct ash_token *of, ash_handle handle, uint64_t login, ash_handle session)
{
	struct ash_object *object = new_object(of, handle);

	object->login = login;
	object->is_private = login != 0;
	object->session = session;
	ash_object_enter(&table, object);
	ash_object_unref(object);
}

static bool is_in(ash_handle handle)
{
	ASH_AUTO(ash_object) *object = ash_object_lookup(&table, handle);

	return object != NULL;
}

TEST(handles_tell_private_objects_of_one_login_from_those_of_another)
{
	EXPECT_NUMBER(5, ash_object_handle(5, false, ASH_LOGIN_USER | 7));
	EXPECT_NUMBER((UINT64_C(7) << ASH_HANDLE_ID_BITS) | 5,
		      ash_object_handle(5, true, ASH_LOGIN_USER | 7));
	EXPECT(ash_object_handle(5, true, ASH_LOGIN_USER | 7) !=
	       ash_object_handle(5, true, ASH_LOGIN_USER | 8));
	EXPECT((ash_object_handle(ASH_STORE_ID_MAX >> 23, true, ASH_LOGIN_USER | 0x7fffff) &
		ASH_HANDLE_SESSION_OBJECT) == 0);
}

TEST(a_snapshot_is_found_replaced_and_dropped)
{
	set_up();
	struct ash_object *first = new_object(&token, 1), *second = new_object(&token, 1);

	ash_object_enter(&table, first);
	EXPECT(ash_object_lookup(&table, 1) == first);
	ash_object_unref(first);
	ash_object_enter(&table, second);
	EXPECT(first->gone && !second->gone);
	EXPECT(!ash_object_replace(&table, first, second));
	EXPECT(ash_object_drop(&table, 1));
	EXPECT(!ash_object_drop(&table, 1));
	EXPECT(second->gone && !is_in(1));
	ash_object_unref(first);
	ash_object_unref(second);
	ash_object_table_done(&table);
}

TEST(what_is_gone_is_not_replaced)
{
	set_up();
	struct ash_object *old = new_object(&token, ASH_HANDLE_SESSION_OBJECT | 1);
	struct ash_object *changed = new_object(&token, ASH_HANDLE_SESSION_OBJECT | 1);

	ash_object_enter(&table, old);
	EXPECT(ash_object_replace(&table, old, changed));
	EXPECT(!ash_object_replace(&table, old, changed));
	EXPECT(ash_object_drop(&table, changed->handle));
	EXPECT(!ash_object_replace(&table, changed, old));
	EXPECT(!is_in(changed->handle));
	ash_object_unref(old);
	ash_object_unref(changed);
	ash_object_table_done(&table);
}

TEST(the_cache_keeps_what_was_used_last)
{
	set_up();
	for (ash_handle handle = 1; handle <= ASH_OBJECTS_CACHED + 10; handle++) {
		enter(&token, handle, 0, 0);
		EXPECT(is_in(1)); /* and with that it is used */
	}
	EXPECT_NUMBER(ASH_OBJECTS_CACHED, table.cached);
	EXPECT(!is_in(2) && !is_in(11) && is_in(12) && is_in(ASH_OBJECTS_CACHED + 10));
	/* session objects are no cache */
	for (ash_handle handle = 1; handle <= 2 * ASH_OBJECTS_CACHED; handle++)
		enter(&token, ASH_HANDLE_SESSION_OBJECT | handle, 0, 9);
	EXPECT(is_in(ASH_HANDLE_SESSION_OBJECT | 1) && is_in(12));
	ash_object_table_done(&table);
}

TEST(session_objects_are_listed_in_order)
{
	set_up();
	static const ash_handle order[] = { 5, 2, 9, 1, 7 };
	ash_handle found[8] = { 0 };

	for (size_t i = 0; i < ASH_COUNT(order); i++)
		enter(&token, ASH_HANDLE_SESSION_OBJECT | order[i], 0, 3);
	token.login = ASH_LOGIN_USER | 1;
	enter(&token, ASH_HANDLE_SESSION_OBJECT | 8, token.login, 3);
	enter(&other_token, ASH_HANDLE_SESSION_OBJECT | 3, 0, 4);
	EXPECT_NUMBER(5, ash_object_session_handles(&table, &token, false, 0, found, 8));
	EXPECT_NUMBER(6, ash_object_session_handles(&table, &token, true, 0, found, 8));
	for (size_t i = 1; i < 6; i++)
		EXPECT(found[i - 1] < found[i]);
	EXPECT_NUMBER(2, ash_object_session_handles(&table, &token, true, found[1], found, 2));
	EXPECT_NUMBER(ASH_HANDLE_SESSION_OBJECT | 5, found[0]);
	EXPECT_NUMBER(
		0, ash_object_session_handles(&table, &token, true, ASH_HANDLE_SESSION_OBJECT | 9, found, 8));
	ash_object_table_done(&table);
}

#define MANY 5000u

/* More than the table has buckets for at first, with and without memory for wider ones. */
TEST(many_objects_are_found_listed_and_dropped)
{
	for (int poor = 0; poor < 2; poor++) {
		ash_handle found[7], after = 0;
		size_t count = 0, total = 0;

		set_up();
		for (ash_handle i = 1; i <= MANY; i++) {
			struct ash_object *object = new_object(&token, ASH_HANDLE_SESSION_OBJECT | i);

			ash_mem_fail_after(poor == 1 ? 0 : -1);
			ash_object_enter(&table, object);
			ash_mem_fail_after(-1);
			ash_object_unref(object);
		}
		EXPECT_NUMBER(poor == 1 ? ASH_OBJECT_BUCKETS : 4096, table.buckets);
		EXPECT(is_in(ASH_HANDLE_SESSION_OBJECT | 1) && is_in(ASH_HANDLE_SESSION_OBJECT | MANY));
		EXPECT(!is_in(ASH_HANDLE_SESSION_OBJECT | (MANY + 1)));
		while ((count = ash_object_session_handles(&table, &token, true, after, found, 7)) != 0) {
			for (size_t i = 0; i < count; i++)
				EXPECT_NUMBER(ASH_HANDLE_SESSION_OBJECT | (total + i + 1), found[i]);
			total += count;
			after = found[count - 1];
			if (total ==
			    700) /* the last one that was found goes: the list goes on all the same */
				EXPECT(ash_object_drop(&table, after));
		}
		EXPECT_NUMBER(MANY, total);
		for (ash_handle i = 1; i <= MANY; i++)
			EXPECT(ash_object_drop(&table, ASH_HANDLE_SESSION_OBJECT | i) == (i != 700));
		EXPECT_NUMBER(0, table.entered);
		ash_object_table_done(&table);
	}
}

TEST(a_login_a_session_and_a_token_take_their_own_with_them)
{
	set_up();
	token.login = ASH_LOGIN_USER | 3;
	other_token.login = token.login;
	enter(&token, 1, 0, 0);
	enter(&token, 2, token.login, 0);
	enter(&other_token, 3, other_token.login, 0);
	enter(&token, ASH_HANDLE_SESSION_OBJECT | 1, 0, 8);
	enter(&token, ASH_HANDLE_SESSION_OBJECT | 2, token.login, 8);
	enter(&token, ASH_HANDLE_SESSION_OBJECT | 3, 0, 9);
	ash_object_drop_login(&table, &token, ASH_LOGIN_USER | 3);
	EXPECT(is_in(1) && !is_in(2) && is_in(3));
	EXPECT(is_in(ASH_HANDLE_SESSION_OBJECT | 1) && !is_in(ASH_HANDLE_SESSION_OBJECT | 2));
	ash_object_drop_session(&table, 8);
	EXPECT(is_in(1) && !is_in(ASH_HANDLE_SESSION_OBJECT | 1) && is_in(ASH_HANDLE_SESSION_OBJECT | 3));
	ash_object_drop_token(&table, &token);
	EXPECT(!is_in(1) && !is_in(ASH_HANDLE_SESSION_OBJECT | 3) && is_in(3));
	ash_object_table_done(&table);
}

/* Read before a logout or a new life of the token, entered after it. */
TEST(what_comes_too_late_does_not_stay)
{
	set_up();
	token.login = ASH_LOGIN_USER | 4;
	enter(&token, 1, ASH_LOGIN_USER | 3, 0);
	enter(&token, ASH_HANDLE_SESSION_OBJECT | 1, ASH_LOGIN_USER | 3, 8);
	enter(&token, 2, ASH_LOGIN_USER | 4, 0);
	EXPECT(!is_in(1) && !is_in(ASH_HANDLE_SESSION_OBJECT | 1) && is_in(2));
	token.era = 2;
	enter(&token, 3, 0, 0);
	EXPECT(!is_in(3));
	ash_object_table_done(&table);
}

TEST(a_key_is_loaded_once)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const ash_handle handle = make_aes(hsm, session, false);
	const struct ash_use cbc = { .op = ASH_OP_ENCRYPT, .alg = { ASH_SCHEME_AES_CBC, ASH_HASH_NONE } };
	const struct ash_use gcm = { .op = ASH_OP_DECRYPT, .alg = { ASH_SCHEME_AES_GCM, ASH_HASH_NONE } };
	const struct ash_use ecdsa = { .op = ASH_OP_SIGN, .alg = { ASH_SCHEME_ECDSA, ASH_HASH_NONE } };
	ASH_AUTO(ash_object) *object = ash_object_lookup(&hsm->objects, handle);
	struct ash_key *first = NULL, *second = NULL, *none = NULL;

	EXPECT_OK(ash_object_key(hsm->crypto, object, &cbc, &first));
	EXPECT_OK(ash_object_key(hsm->crypto, object, &gcm, &second));
	EXPECT(first == second && first != NULL);
	EXPECT_CODE(ASH_E_KEY_TYPE, ash_object_key(hsm->crypto, object, &ecdsa, &none));
	EXPECT(none == NULL);
	object = ash_object_unref(object);
	ash_hsm_free(hsm);
}

TEST(snapshots_and_keys_survive_each_failing_allocation)
{
	set_up();
	struct ash_attrs *attrs = set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }));
	struct ash_object *object = NULL;

	FAIL_EVERY_ALLOCATION(object == NULL, ash_object_new(&token, 1, attrs, &object));
	ash_object_unref(object);
	ash_object_table_done(&table);

	struct ash_hsm *hsm = new_token();
	const ash_handle handle = make_aes(hsm, log_in(hsm), false);
	const struct ash_use cbc = { .op = ASH_OP_ENCRYPT, .alg = { ASH_SCHEME_AES_CBC, ASH_HASH_NONE } };
	struct ash_key *key = NULL;

	object = ash_object_lookup(&hsm->objects, handle);
	FAIL_EVERY_ALLOCATION(key == NULL, ash_object_key(hsm->crypto, object, &cbc, &key));
	ash_object_unref(object);
	ash_hsm_free(hsm);
}
