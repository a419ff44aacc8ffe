#include "token/ledger.h"

#include "token/slot_priv.h"
#include "unit/token/fixture.h"

/* A token in memory with two public objects; what a test does to its records is one change. */
static struct ash_hsm *hsm;

static ash_handle begin_test(ash_handle objects[2])
{
	ash_handle session = 0;

	hsm = new_token();
	session = log_in(hsm);
	objects[0] = create_data(hsm, session, true, TEXT("one"));
	objects[1] = create_data(hsm, session, true, TEXT("two"));
	return session;
}

static void end_test(void)
{
	hsm = ash_hsm_free(hsm);
}

static struct ash_token *token(void)
{
	return atomic_load(&hsm->tokens);
}

static const struct ash_ring *ring_of(enum ash_space space)
{
	return space == ASH_SPACE_PIN      ? &token()->pin_ring
	       : space == ASH_SPACE_PUBLIC ? &token()->public_ring
					   : &token()->private_ring;
}

static enum ash_ledger_state state_of(enum ash_space space)
{
	ASH_AUTO(ash_txn) *view = NULL;
	enum ash_ledger_state state;

	EXPECT_OK(ash_store_view(hsm->store, &view));
	EXPECT_OK(ash_ledger_check(view, hsm->crypto, ring_of(space), space, token()->slot + 1,
				   &token()->incarnation, &state));
	return state;
}

static void expect_right(void)
{
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, state_of(ASH_SPACE_PIN));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, state_of(ASH_SPACE_PUBLIC));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, state_of(ASH_SPACE_PRIVATE));
}

static struct ash_record_name name_of(enum ash_space space, uint64_t nth)
{
	ASH_AUTO(ash_txn) *view = NULL;
	uint64_t ids[8];
	size_t count = 0;

	EXPECT_OK(ash_store_view(hsm->store, &view));
	EXPECT_OK(ash_txn_find(view, space, token()->slot + 1, ASH_SPAN_NONE, 0, ids, 8, &count));
	EXPECT(nth < count);
	return (struct ash_record_name){ space, token()->slot + 1, ids[nth] };
}

/* A whole row of the store, as somebody may have kept it. */
struct row {
	struct ash_record_name name;
	struct ash_buf value;
	uint64_t version;
};

static struct row keep_row(struct ash_record_name name)
{
	struct row row = { .name = name, .value = ASH_BUF_PLAIN };
	ASH_AUTO(ash_txn) *view = NULL;

	EXPECT_OK(ash_store_view(hsm->store, &view));
	EXPECT_OK(ash_txn_get(view, name, &row.value, &row.version));
	return row;
}

static struct ash_status delete_row(struct ash_txn *txn, void *context)
{
	return ash_txn_delete(txn, *(const struct ash_record_name *)context);
}

/* With its version: what the store would not do, but whoever edits the file can. */
static struct ash_status put_back(struct ash_txn *txn, void *context)
{
	const struct row *row = context;
	const struct ash_status status = ash_txn_delete(txn, row->name);

	if (status.code != ASH_E_NOT_FOUND)
		ASH_TRY(status);
	for (uint64_t version = 0; version < row->version; version++)
		ASH_TRY(ash_txn_put(txn, row->name, version, ash_buf_span(&row->value), NULL, 0));
	return ASH_DONE;
}

static struct ash_status spoil_ledger(struct ash_txn *txn, void *context)
{
	const struct row *row = context;
	uint8_t bytes[100];

	EXPECT(row->value.len <= sizeof(bytes));
	memcpy(bytes, row->value.data, row->value.len);
	bytes[8] ^= 1; /* the count */
	return ash_txn_put(txn, row->name, row->version, ash_span(bytes, row->value.len), NULL, 0);
}

static void set_label(ash_handle session, ash_handle object, struct ash_span label)
{
	const struct ash_attr attrs[] = { { CKA_LABEL, label } };

	EXPECT_OK(ash_hsm_set_attributes(hsm, session, object, (struct ash_template){ attrs, 1 }));
}

TEST(a_ledger_keeps_up_with_all_that_is_done)
{
	ash_handle objects[2], public_key, private_key, copy;
	ash_handle session = begin_test(objects);

	expect_right();
	make_p256(hsm, session, true, &public_key, &private_key);
	expect_right();
	set_label(session, private_key, TEXT("another"));
	set_label(session, objects[0], TEXT("another"));
	expect_right();
	EXPECT_OK(ash_hsm_copy_object(hsm, session, objects[0], (struct ash_template){ NULL, 0 }, &copy));
	EXPECT_OK(ash_hsm_destroy_object(hsm, session, private_key));
	EXPECT_OK(ash_hsm_destroy_object(hsm, session, objects[1]));
	expect_right();
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_USER, TEXT("wrong")));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, state_of(ASH_SPACE_PIN));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, state_of(ASH_SPACE_PUBLIC));
	end_test();
}

TEST(a_record_that_is_missing_or_back_again_is_noticed)
{
	ash_handle objects[2];
	ash_handle session = begin_test(objects);
	struct row row = keep_row(name_of(ASH_SPACE_PUBLIC, 1));

	EXPECT_OK(ash_store_change(hsm->store, delete_row, &row.name));
	EXPECT_NUMBER(ASH_LEDGER_DIFFERS, state_of(ASH_SPACE_PUBLIC));
	EXPECT_OK(ash_store_change(hsm->store, put_back, &row));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, state_of(ASH_SPACE_PUBLIC));
	EXPECT_OK(ash_hsm_destroy_object(hsm, session, objects[1]));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, state_of(ASH_SPACE_PUBLIC));
	EXPECT_OK(ash_store_change(hsm->store, put_back, &row));
	EXPECT_NUMBER(ASH_LEDGER_DIFFERS, state_of(ASH_SPACE_PUBLIC));
	/* It opens as well as ever: that is why there is a ledger. */
	EXPECT_NUMBER(2, count_found(hsm, session, ATTRS({ CKA_DESTROYABLE, yes_no(true) })));
	ash_buf_done(&row.value);
	end_test();
}

TEST(an_older_record_is_noticed)
{
	ash_handle objects[2];
	ash_handle session = begin_test(objects);
	struct row row = keep_row(name_of(ASH_SPACE_PUBLIC, 0));

	set_label(session, objects[0], TEXT("newer"));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, state_of(ASH_SPACE_PUBLIC));
	EXPECT_OK(ash_store_change(hsm->store, put_back, &row));
	EXPECT_NUMBER(ASH_LEDGER_DIFFERS, state_of(ASH_SPACE_PUBLIC));
	ash_buf_done(&row.value);
	end_test();
}

TEST(an_older_pin_record_is_noticed)
{
	ash_handle objects[2];
	ash_handle session = begin_test(objects);
	struct row row = { .version = 0 };

	EXPECT_OK(ash_hsm_logout(hsm, session));
	row = keep_row(name_of(ASH_SPACE_PIN, 1));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_USER, TEXT("wrong")));
	EXPECT_OK(ash_store_change(hsm->store, put_back, &row));
	EXPECT_NUMBER(ASH_LEDGER_DIFFERS, state_of(ASH_SPACE_PIN));
	ash_buf_done(&row.value);
	end_test();
}

TEST(a_ledger_that_is_older_damaged_or_gone_is_noticed_and_stops_nobody)
{
	ash_handle objects[2];
	ash_handle session = begin_test(objects);
	struct row ledger = keep_row(name_of(ASH_SPACE_LEDGER, 1));

	EXPECT_NUMBER(ASH_SPACE_PUBLIC, ledger.name.id);
	EXPECT_OK(ash_store_change(hsm->store, spoil_ledger, &ledger));
	EXPECT_NUMBER(ASH_LEDGER_DAMAGED, state_of(ASH_SPACE_PUBLIC));
	set_label(session, objects[0], TEXT("newer"));
	EXPECT_NUMBER(ASH_LEDGER_DAMAGED, state_of(ASH_SPACE_PUBLIC));
	EXPECT_OK(ash_store_change(hsm->store, put_back, &ledger));
	EXPECT_NUMBER(ASH_LEDGER_DIFFERS, state_of(ASH_SPACE_PUBLIC));
	EXPECT_OK(ash_store_change(hsm->store, delete_row, &ledger.name));
	EXPECT_NUMBER(ASH_LEDGER_MISSING, state_of(ASH_SPACE_PUBLIC));
	(void)create_data(hsm, session, true, TEXT("three"));
	EXPECT_NUMBER(ASH_LEDGER_MISSING, state_of(ASH_SPACE_PUBLIC));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, state_of(ASH_SPACE_PRIVATE));
	ash_buf_done(&ledger.value);
	end_test();
}

TEST(a_token_that_is_born_again_begins_anew)
{
	ash_handle objects[2];
	const ash_handle session = begin_test(objects);

	EXPECT_OK(ash_hsm_close_session(hsm, session));
	EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, state_of(ASH_SPACE_PIN));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, state_of(ASH_SPACE_PUBLIC));
	end_test();
}
