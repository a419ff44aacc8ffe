/* Looking at a whole store (token/check.c). */
#include "token/slot_priv.h"
#include "unit/token/fixture.h"

static struct {
	char damage[4000], unchecked[2000]; /* "part: text; " of each */
	unsigned parts, damaged;
	uint64_t private_checked;
} heard;

static void hear(ASH_UNUSED void *context, const struct ash_finding *finding)
{
	char *list = finding->verdict == ASH_VERDICT_DAMAGED ? heard.damage : heard.unchecked;
	const size_t room =
		finding->verdict == ASH_VERDICT_DAMAGED ? sizeof(heard.damage) : sizeof(heard.unchecked);
	const size_t at = strlen(list);

	if (finding->text != NULL) {
		(void)snprintf(list + at, room - at, "%s: %s; ", finding->part, finding->text);
		return;
	}
	heard.parts++;
	heard.damaged += finding->verdict == ASH_VERDICT_DAMAGED;
	if (strcmp(finding->part, "private objects") == 0)
		heard.private_checked = finding->checked;
}

static void check(struct ash_hsm *hsm)
{
	memset(&heard, 0, sizeof(heard));
	EXPECT_OK(ash_hsm_check_store(hsm, hear, NULL));
}

static void expect_sound(struct ash_hsm *hsm)
{
	check(hsm);
	EXPECT_TEXT("", heard.damage);
	EXPECT_NUMBER(0, heard.damaged);
}

static void expect_damage(struct ash_hsm *hsm, const char *want)
{
	check(hsm);
	EXPECT(heard.damaged > 0);
	if (strstr(heard.damage, want) == NULL)
		EXPECT_TEXT(want, heard.damage);
}

/* A token with a data object and a key pair; the user stays logged in. */
static struct ash_hsm *filled(ash_handle *ret_session)
{
	struct ash_hsm *hsm = new_token();
	ash_handle public_key = 0, private_key = 0;

	*ret_session = log_in(hsm);
	(void)create_data(hsm, *ret_session, true, TEXT("one"));
	make_p256(hsm, *ret_session, true, &public_key, &private_key);
	return hsm;
}

/* A change below the token: one record, put or deleted as it is. */
struct meddle {
	struct ash_record_name name, from;
	bool delete, shorten, retype;
};

static struct ash_status meddle_with(struct ash_txn *txn, void *context)
{
	const struct meddle *meddle = context;
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	const struct ash_span stray[] = { TEXT("0123456789abcdef") };
	uint64_t version = 0, other = 0;
	const struct ash_status status = ash_txn_get(txn, meddle->name, NULL, &version);

	if (meddle->delete)
		return ash_txn_delete(txn, meddle->name);
	ASH_ENSURE(ash_is_ok(status) || status.code == ASH_E_NOT_FOUND, ASH_E_IO);
	ASH_TRY(ash_txn_get(txn, meddle->from, &value, &other));
	if (meddle->shorten)
		value.len = 5;
	return ash_txn_put(txn, meddle->name, version, ash_buf_span(&value), stray, meddle->retype ? 1 : 0);
}

static struct ash_record_name first_of(struct ash_hsm *hsm, uint32_t space, uint64_t owner)
{
	struct ash_record_name name = { space, owner, 0 };
	ASH_AUTO(ash_txn) *view = NULL;
	size_t found = 0;

	EXPECT_OK(ash_store_view(hsm->store, &view));
	EXPECT_OK(ash_txn_find(view, space, owner, ASH_SPAN_NONE, 0, &name.id, 1, &found));
	EXPECT_NUMBER(1, found);
	return name;
}

static void after(struct meddle meddle, const char *want)
{
	ash_handle session = 0;
	struct ash_hsm *hsm = filled(&session);

	if (meddle.name.id == 0)
		meddle.name = first_of(hsm, meddle.name.space, meddle.name.owner);
	if (meddle.from.space == 0)
		meddle.from = meddle.name;
	else if (meddle.from.id == 0)
		meddle.from = first_of(hsm, meddle.from.space, meddle.from.owner);
	EXPECT_OK(ash_store_change(hsm->store, meddle_with, &meddle));
	expect_damage(hsm, want);
	EXPECT(ash_hsm_free(hsm) == NULL);
}

TEST(without_a_store_there_is_nothing_to_check)
{
	struct ash_hsm_options options = fixture_options();
	struct ash_hsm *hsm = NULL;
	char *folder = new_folder();

	options.context = folder;
	EXPECT_OK(ash_hsm_new(&options, &hsm));
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_hsm_check_store(hsm, hear, NULL));
	EXPECT(ash_hsm_free(hsm) == NULL);
}

TEST(a_sound_store_is_found_sound)
{
	ash_handle session = 0;
	struct ash_hsm *hsm = filled(&session);

	expect_sound(hsm);
	EXPECT_TEXT("", heard.unchecked);
	EXPECT_NUMBER(1, heard.private_checked);
	/* A second token, and a destroyed object. */
	EXPECT_OK(ash_hsm_destroy_object(hsm, session, create_data(hsm, session, true, TEXT("two"))));
	EXPECT_OK(ash_hsm_init_token(hsm, 1, SO_PIN, fixture_label));
	expect_sound(hsm);
	EXPECT(ash_hsm_free(hsm) == NULL);
}

TEST(what_needs_a_pin_is_not_looked_at_without)
{
	ash_handle session = 0;
	struct ash_hsm *hsm = filled(&session);

	EXPECT_OK(ash_hsm_logout(hsm, session));
	expect_sound(hsm);
	EXPECT_NUMBER(0, heard.private_checked);
	EXPECT(strstr(heard.unchecked, "private objects: 1 records were not opened") != NULL);
	EXPECT(ash_hsm_free(hsm) == NULL);
}

TEST(records_that_do_not_open_are_found)
{
	/* Written anew as they were, and cut off. */
	after((struct meddle){ .name = { ASH_SPACE_PUBLIC, 1, 0 } }, "public objects: it does not open");
	after((struct meddle){ .name = { ASH_SPACE_PRIVATE, 1, 0 } }, "private objects: it does not open");
	after((struct meddle){ .name = { ASH_SPACE_PIN, 1, 0 } }, "PINs: it does not open");
	after((struct meddle){ .name = { ASH_SPACE_TOKEN, 0, 1 } }, "token: it does not open");
	after((struct meddle){ .name = { ASH_SPACE_PUBLIC, 1, 0 }, .shorten = true },
	      "public objects: it does not open");
	/* In the place of another. */
	after((struct meddle){ .name = { ASH_SPACE_PUBLIC, 1, 0 }, .from = { ASH_SPACE_PRIVATE, 1, 0 } },
	      "public objects: it does not open");
}

TEST(records_that_are_missing_or_too_many_are_found)
{
	after((struct meddle){ .name = { ASH_SPACE_PUBLIC, 1, 0 }, .delete = true },
	      "public objects: its ledger says otherwise");
	after((struct meddle){ .name = { ASH_SPACE_PRIVATE, 1, 0 }, .delete = true },
	      "private objects: its ledger says otherwise");
	after((struct meddle){ .name = { ASH_SPACE_PIN, 1, 0 }, .delete = true },
	      "PINs: 0 PINs of the security officer");
	after((struct meddle){ .name = { ASH_SPACE_LEDGER, 1, ASH_SPACE_PUBLIC }, .delete = true },
	      "public objects: its ledger is missing");
	after((struct meddle){ .name = { ASH_SPACE_LEDGER, 1, ASH_SPACE_PIN } },
	      "PINs: its ledger is damaged");
	after((struct meddle){ .name = { ASH_SPACE_TOKEN, 0, 1 }, .delete = true }, "belong to nobody");
	after((struct meddle){ .name = { 9, 1, 1 }, .from = { ASH_SPACE_PUBLIC, 1, 0 } }, "belong to nobody");
	after((struct meddle){ .name = { ASH_SPACE_META, 0, 3 }, .from = { ASH_SPACE_META, 0, 2 } },
	      "places: there is no such record in space 1 and owner 0");
	after((struct meddle){ .name = { ASH_SPACE_META, 1, 1 }, .from = { ASH_SPACE_META, 0, 1 } },
	      "belong to nobody");
	after((struct meddle){ .name = { ASH_SPACE_LEDGER, 1, 6 }, .from = { ASH_SPACE_LEDGER, 1, 3 } },
	      "places: there is no such record in space 6 and owner 1");
	after((struct meddle){ .name = { ASH_SPACE_PUBLIC, 1, 999 }, .from = { ASH_SPACE_PUBLIC, 1, 0 } },
	      "public objects: no such id was given out yet");
}

TEST(the_facts_of_the_store_are_checked)
{
	after((struct meddle){ .name = { ASH_SPACE_META, 0, 2 }, .shorten = true },
	      "facts: the next slot can't be read");
	after((struct meddle){ .name = { ASH_SPACE_META, 0, 2 }, .delete = true },
	      "token: no such slot was given out yet");
	after((struct meddle){ .name = { ASH_SPACE_META, 0, 1 }, .delete = true },
	      "facts: the id of the root key can't be read");
}

/* A sound record among terms that are not its own: a search would miss it. */
static struct ash_status write_with_terms(struct ash_txn *txn, void *context)
{
	struct ash_hsm *hsm = context;
	struct ash_token *token = atomic_load(&hsm->tokens);
	const struct ash_span stray[] = { TEXT("0123456789abcdef") };
	struct ash_record_name name = { ASH_SPACE_PUBLIC, token->slot + 1, 0 };
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	uint64_t version = 0;
	size_t found = 0;

	ASH_TRY(ash_txn_find(txn, name.space, name.owner, ASH_SPAN_NONE, 0, &name.id, 1, &found));
	ASH_TRY(ash_record_read(txn, hsm->crypto, &token->public_ring, name, &token->incarnation, &plain,
				&version));
	return ash_record_write(txn, hsm->crypto, &token->public_ring, name, &token->incarnation, version,
				ash_buf_span(&plain), stray, 1);
}

TEST(terms_that_are_not_the_records_own_are_found)
{
	ash_handle session = 0;
	struct ash_hsm *hsm = filled(&session);

	EXPECT_OK(ash_store_change(hsm->store, write_with_terms, hsm));
	expect_damage(hsm, "public objects: its index terms are not those of what is in it");
	EXPECT(strstr(heard.damage, "ledger") == NULL);
	EXPECT(ash_hsm_free(hsm) == NULL);
}

TEST(without_the_root_key_the_rest_is_checked)
{
	char *folder = new_folder();
	struct ash_hsm *hsm = new_token_at(folder);

	EXPECT(ash_hsm_free(hsm) == NULL);
	hsm = new_hsm_at(folder);
	expect_sound(hsm);
	EXPECT(ash_hsm_free(hsm) == NULL);
	EXPECT_NUMBER(0, unlink(root_key_at(folder)));
	hsm = new_hsm_at(folder);
	expect_sound(hsm);
	EXPECT(strstr(heard.unchecked, "root key") != NULL);
	EXPECT(ash_hsm_free(hsm) == NULL);
}

TEST(every_allocation_may_fail)
{
	ash_handle session = 0;
	struct ash_hsm *hsm = filled(&session);

	memset(&heard, 0, sizeof(heard));
	FAIL_EVERY_ALLOCATION(true, ash_hsm_check_store(hsm, hear, NULL));
	EXPECT_TEXT("", heard.damage);
	EXPECT(ash_hsm_free(hsm) == NULL);
}
