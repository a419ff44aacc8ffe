/*
 * Looking at a whole store: what `ashlar store check` does. Below the records the store
 * looks at itself (ash_txn_inspect); here each record is opened, held against its index
 * terms, its token and its ledger.
 */
#include <stdio.h>

#include "store/findings.h"
#include "store/terms.h"
#include "token/access.h"
#include "token/attribute.h"
#include "token/ledger.h"
#include "token/root_key.h"
#include "token/slot_priv.h"

#define PAGE 64u

struct checkup {
	struct ash_hsm *hsm;
	struct ash_txn *view;
	struct ash_findings findings;
	struct ash_store_facts store;
	uint64_t next_slot;
	char unrooted[300]; /* why no record can be opened; "": they can */
};

/* A token whose record opened, and what opens the records that it owns. */
struct owner {
	uint64_t owner; /* slot + 1 */
	struct ash_token_facts facts;
	struct ash_ring pin_ring, public_ring, private_ring;
	bool is_open; /* its user is logged in: private_ring is there */
};

static void owner_auto(struct owner *owner)
{
	ash_ring_done(&owner->pin_ring);
	ash_ring_done(&owner->public_ring);
	ash_ring_done(&owner->private_ring);
}

/* What says something of the store; the rest of the codes is a failure of the check itself. */
static bool is_finding(struct ash_status status)
{
	return status.code == ASH_E_CORRUPT || status.code == ASH_E_IO || status.code == ASH_E_FORMAT ||
	       status.code == ASH_E_VERSION || status.code == ASH_E_NOT_FOUND;
}

/* Makes a failure a finding, if it is one. */
static struct ash_status tell(struct checkup *check, uint64_t id, struct ash_status status, const char *what)
{
	if (ash_is_ok(status))
		return status;
	if (!is_finding(status))
		return status;
	ash_findings_damage(&check->findings, id, "%s: %s", what, ash_code_text(status.code));
	return ASH_DONE;
}

/* Runs `one` for each record of a place. */
struct walk {
	struct checkup *check;
	struct owner *owner; /* NULL in the places that no token has */
	struct ash_record_name place;
	struct ash_status (*one)(struct walk *walk, struct ash_record_name name);
	uint64_t officers; /* PIN records of the security officer */
};

static struct ash_status walk_place(struct walk *walk)
{
	struct checkup *check = walk->check;
	uint64_t ids[PAGE], after = 0;
	size_t found = 0;

	do {
		const struct ash_status status =
			ash_txn_find(check->view, walk->place.space, walk->place.owner, ASH_SPAN_NONE, after,
				     ids, PAGE, &found);

		if (!ash_is_ok(status))
			return tell(check, 0, status, "its records can't be listed");
		for (size_t i = 0; i < found; i++) {
			walk->place.id = ids[i];
			check->findings.checked++;
			ASH_TRY(walk->one(walk, walk->place));
			after = ids[i];
		}
	} while (found == PAGE);
	return ASH_DONE;
}

/* Opens a record; `ret_opened` false when that is a finding, which is told then. */
static struct ash_status open_record(struct checkup *check, struct ash_record_name name,
				     const struct ash_ring *ring, const struct ash_incarnation *incarnation,
				     struct ash_buf *plain, bool *ret_opened)
{
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	uint64_t version = 0;
	struct ash_status status = ash_txn_get(check->view, name, &sealed, &version);

	*ret_opened = false;
	if (!ash_is_ok(status))
		return tell(check, name.id, status, "it can't be read");
	status = ash_record_open(check->hsm->crypto, ring, name, incarnation, version, ash_buf_span(&sealed),
				 plain);
	*ret_opened = ash_is_ok(status);
	return tell(check, name.id, status, "it does not open");
}

/* Holds a record's terms against those that it should have. */
static struct ash_status check_terms(struct checkup *check, struct ash_record_name name,
				     const struct ash_span *terms, size_t count)
{
	ASH_AUTO(ash_buf) want = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) found = ASH_BUF_PLAIN;
	const struct ash_status status = ash_txn_terms(check->view, name, &found);

	if (!ash_is_ok(status))
		return tell(check, name.id, status, "its terms can't be read");
	ASH_TRY(ash_terms_encode(terms, count, &want));
	if (want.len != found.len || memcmp(want.data, found.data, want.len) != 0)
		ash_findings_damage(&check->findings, name.id,
				    "its index terms are not those of what is in it");
	return ASH_DONE;
}

static void check_id(struct checkup *check, struct ash_record_name name)
{
	if (name.id > check->store.latest_id)
		ash_findings_damage(&check->findings, name.id, "no such id was given out yet");
}

static struct ash_status check_pin(struct walk *walk, struct ash_record_name name)
{
	struct checkup *check = walk->check;
	const struct ash_pin_place place = {
		.crypto = check->hsm->crypto,
		.ring = &walk->owner->pin_ring,
		.incarnation = walk->owner->facts.incarnation,
		.owner = name.owner,
	};
	uint8_t term[ASH_TERM_LEN];
	const struct ash_span terms[] = { { term, sizeof(term) } };
	uint64_t user = 0;
	const struct ash_status status = ash_pin_look(check->view, &place, name, &user, term);

	check_id(check, name);
	if (!ash_is_ok(status))
		return tell(check, name.id, status, "it does not open");
	walk->officers += user == CKU_SO;
	return check_terms(check, name, terms, 1);
}

static struct ash_status check_attrs(struct checkup *check, struct ash_record_name name,
				     const struct ash_ring *ring, const struct ash_attrs *attrs)
{
	const uint64_t class = ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	uint8_t terms[ASH_STORE_TERMS_MAX][ASH_TERM_LEN];
	struct ash_span spans[ASH_STORE_TERMS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < ash_attrs_count(attrs) && count < ASH_COUNT(terms); i++) {
		const struct ash_attr attr = ash_attrs_at(attrs, i);

		if (!ash_attribute_indexed(class, attr.type))
			continue;
		ASH_TRY(ash_record_term(check->hsm->crypto, ring, attr.type, attr.value, terms[count]));
		spans[count] = ash_span(terms[count], ASH_TERM_LEN);
		count++;
	}
	return check_terms(check, name, spans, count);
}

static struct ash_status check_object(struct walk *walk, struct ash_record_name name)
{
	struct checkup *check = walk->check;
	const bool is_private = name.space == ASH_SPACE_PRIVATE;
	const struct ash_ring *ring = is_private ? &walk->owner->private_ring : &walk->owner->public_ring;
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_status status;
	bool opened = false;

	check_id(check, name);
	ASH_TRY(open_record(check, name, ring, &walk->owner->facts.incarnation, &plain, &opened));
	if (!opened)
		return ASH_DONE;
	status = ash_access_decode(ash_buf_span(&plain), is_private, &attrs);
	if (!ash_is_ok(status))
		return tell(check, name.id, status, "its attributes can't be read");
	return check_attrs(check, name, ring, attrs);
}

/* Whether records are missing, or older ones back in their place. */
static struct ash_status check_ledger(struct checkup *check, const struct owner *owner, enum ash_space space,
				      const struct ash_ring *ring)
{
	struct ash_findings *findings = &check->findings;
	enum ash_ledger_state state;
	const struct ash_status status = ash_ledger_check(check->view, check->hsm->crypto, ring, space,
							  owner->owner, &owner->facts.incarnation, &state);

	if (!ash_is_ok(status))
		return tell(check, 0, status, "its ledger can't be read");
	if (state == ASH_LEDGER_MISSING && owner->facts.format == 1)
		ash_findings_unchecked(findings, 0, "the token is of format 1, which has no ledgers");
	else if (state == ASH_LEDGER_MISSING)
		ash_findings_damage(findings, 0, "its ledger is missing");
	else if (state == ASH_LEDGER_DAMAGED)
		ash_findings_damage(findings, 0, "its ledger is damaged");
	else if (state == ASH_LEDGER_DIFFERS)
		ash_findings_damage(findings, 0,
				    "its ledger says otherwise: records are missing, or older ones are back");
	return ASH_DONE;
}

static struct ash_status check_pins(struct checkup *check, struct owner *owner)
{
	struct walk walk = {
		.check = check, .owner = owner, .place = { ASH_SPACE_PIN, owner->owner, 0 }, .one = check_pin
	};

	ash_findings_begin(&check->findings, "PINs", walk.place);
	ASH_TRY(walk_place(&walk));
	if (walk.officers != 1)
		ash_findings_damage(&check->findings, 0, "%llu PINs of the security officer can be read",
				    (unsigned long long)walk.officers);
	ASH_TRY(check_ledger(check, owner, ASH_SPACE_PIN, &owner->pin_ring));
	ash_findings_end(&check->findings);
	return ASH_DONE;
}

static struct ash_status check_objects(struct checkup *check, struct owner *owner, enum ash_space space)
{
	struct walk walk = {
		.check = check, .owner = owner, .place = { space, owner->owner, 0 }, .one = check_object
	};
	uint64_t count = 0;

	ash_findings_begin(&check->findings,
			   space == ASH_SPACE_PRIVATE ? "private objects" : "public objects", walk.place);
	if (space == ASH_SPACE_PRIVATE && !owner->is_open) {
		ASH_TRY(tell(
			check, 0,
			ash_txn_count(check->view, space, owner->owner, ASH_SPAN_NONE, UINT64_MAX, &count),
			"its records can't be listed"));
		ash_findings_unchecked(&check->findings, 0,
				       "%llu records were not opened, nor held against their ledger: that "
				       "takes the user PIN",
				       (unsigned long long)count);
	} else {
		ASH_TRY(walk_place(&walk));
		ASH_TRY(check_ledger(check, owner, space,
				     space == ASH_SPACE_PRIVATE ? &owner->private_ring
								: &owner->public_ring));
	}
	ash_findings_end(&check->findings);
	return ASH_DONE;
}

/* The private ring, where this process's user is logged in to this very life of the token. */
static struct ash_status borrow_login(struct checkup *check, struct owner *owner)
{
	struct ash_token *token = atomic_load_explicit(&check->hsm->tokens, memory_order_acquire);

	while (token != NULL && token->slot + 1 != owner->owner)
		token = token->next;
	if (token == NULL)
		return ASH_DONE;
	ASH_LOCKED(&token->lock);
	if ((atomic_load(&token->login) & ASH_LOGIN_USER) == 0 ||
	    memcmp(&token->incarnation, &owner->facts.incarnation, sizeof(token->incarnation)) != 0)
		return ASH_DONE;
	ASH_TRY(ash_ring_copy(&token->private_ring, &owner->private_ring));
	owner->is_open = true;
	return ASH_DONE;
}

static struct ash_status check_owned(struct checkup *check, struct owner *owner)
{
	const struct ash_span root = ash_secret_peek(check->hsm->root_key);
	const struct ash_incarnation *incarnation = &owner->facts.incarnation;

	ASH_TRY(ash_ring_derive(check->hsm->crypto, root, "pin", incarnation, &owner->pin_ring));
	ASH_TRY(ash_ring_derive(check->hsm->crypto, root, "public", incarnation, &owner->public_ring));
	ASH_TRY(borrow_login(check, owner));
	ASH_TRY(check_pins(check, owner));
	ASH_TRY(check_objects(check, owner, ASH_SPACE_PUBLIC));
	return check_objects(check, owner, ASH_SPACE_PRIVATE);
}

/* The token's record, and all that it owns; a part of its own for each. */
static struct ash_status check_token(struct checkup *check, uint64_t owner)
{
	__attribute__((cleanup(owner_auto))) struct owner token = { .owner = owner };
	const struct ash_record_name name = { ASH_SPACE_TOKEN, 0, owner };
	struct ash_findings *findings = &check->findings;
	ASH_AUTO(ash_buf) plain = ASH_BUF_SECRET;
	bool opened = false;

	ash_findings_begin(findings, "token", (struct ash_record_name){ ASH_SPACE_TOKEN, owner, 0 });
	findings->checked = 1;
	if (owner > check->next_slot)
		ash_findings_damage(findings, 0, "no such slot was given out yet");
	if (check->unrooted[0] != '\0') {
		ash_findings_unchecked(findings, 0, "nothing of it can be opened: %s", check->unrooted);
	} else {
		ASH_TRY(open_record(check, name, &check->hsm->token_ring, &ash_no_incarnation, &plain,
				    &opened));
		if (opened) {
			const struct ash_status status = ash_slot_decode(ash_buf_span(&plain), &token.facts);

			opened = ash_is_ok(status);
			ASH_TRY(tell(check, 0, status, "its record can't be read"));
		}
	}
	ash_findings_end(findings);
	return opened ? check_owned(check, &token) : ASH_DONE;
}

static struct ash_status check_tokens(struct checkup *check)
{
	uint64_t owners[PAGE], after = 0;
	size_t found = 0;

	do {
		const struct ash_status status = ash_txn_find(check->view, ASH_SPACE_TOKEN, 0, ASH_SPAN_NONE,
							      after, owners, PAGE, &found);

		if (!ash_is_ok(status)) {
			ash_findings_begin(&check->findings, "token",
					   (struct ash_record_name){ ASH_SPACE_TOKEN, 0, 0 });
			ASH_TRY(tell(check, 0, status, "the tokens can't be listed"));
			ash_findings_end(&check->findings);
			return ASH_DONE;
		}
		for (size_t i = 0; i < found; i++) {
			ASH_TRY(check_token(check, owners[i]));
			after = owners[i];
		}
	} while (found == PAGE);
	return ASH_DONE;
}

/* In places where records are known by their numbers there are no others. */
static struct ash_status check_numbers(struct checkup *check, struct ash_record_name place, uint64_t lowest,
				       uint64_t highest)
{
	uint64_t ids[PAGE];
	size_t found = 0;
	const struct ash_status status =
		ash_txn_find(check->view, place.space, place.owner, ASH_SPAN_NONE, 0, ids, PAGE, &found);

	if (!ash_is_ok(status))
		return tell(check, 0, status, "records can't be listed");
	for (size_t i = 0; i < found; i++) {
		if (ids[i] < lowest || ids[i] > highest)
			ash_findings_damage(&check->findings, ids[i],
					    "there is no such record in space %u and owner %llu", place.space,
					    (unsigned long long)place.owner);
	}
	return ASH_DONE;
}

/* Whether a place is one where there may be records. */
static struct ash_status check_place(struct checkup *check, struct ash_record_name place)
{
	const struct ash_record_name token = { ASH_SPACE_TOKEN, 0, place.owner };
	uint64_t version = 0, count = 0;
	struct ash_status status = ASH_DONE;
	const bool shared = place.space == ASH_SPACE_TOKEN;
	const bool owned = place.space > ASH_SPACE_TOKEN && place.space <= ASH_SPACE_LEDGER;

	check->findings.checked++;
	if (place.space == ASH_SPACE_META && place.owner == 0)
		return check_numbers(check, place, 1, ASH_NEXT_SLOT_NAME.id);
	if (place.space == ASH_SPACE_LEDGER)
		ASH_TRY(check_numbers(check, place, ASH_SPACE_PIN, ASH_SPACE_PRIVATE));
	if (shared && place.owner == 0)
		return ASH_DONE;
	if (owned) {
		status = ash_txn_get(check->view, token, NULL, &version);
		if (ash_is_ok(status))
			return ASH_DONE;
		if (status.code != ASH_E_NOT_FOUND)
			return tell(check, 0, status, "the token's record can't be read");
	}
	ASH_TRY(tell(check, 0,
		     ash_txn_count(check->view, place.space, place.owner, ASH_SPAN_NONE, UINT64_MAX, &count),
		     "records can't be listed"));
	ash_findings_damage(&check->findings, 0, "%llu records of space %u and owner %llu belong to nobody",
			    (unsigned long long)count, place.space, (unsigned long long)place.owner);
	return ASH_DONE;
}

static struct ash_status check_places(struct checkup *check)
{
	struct ash_record_name place = { 0, 0, 0 };
	struct ash_status status;

	ash_findings_begin(&check->findings, "places", place);
	while (ash_is_ok(status = ash_txn_place(check->view, place, &place)))
		ASH_TRY(check_place(check, place));
	if (status.code != ASH_E_NOT_FOUND)
		ASH_TRY(tell(check, 0, status, "they can't be listed"));
	ash_findings_end(&check->findings);
	return ASH_DONE;
}

/* The records of what the store is; and whether records can be opened at all. */
static struct ash_status check_meta(struct checkup *check)
{
	const struct ash_record_name root = { ASH_SPACE_META, 0, 1 };
	struct ash_findings *findings = &check->findings;
	uint64_t version = 0, tokens = 0;
	struct ash_status status;

	ash_findings_begin(findings, "facts", (struct ash_record_name){ ASH_SPACE_META, 0, 0 });
	findings->checked = 2;
	status = ash_slot_next(check->view, &check->next_slot, &version);
	if (!ash_is_ok(status))
		check->next_slot = UINT64_MAX; /* nobody can tell which were given out */
	ASH_TRY(tell(check, 2, status, "the next slot can't be read"));
	ASH_TRY(tell(check, 0,
		     ash_txn_count(check->view, ASH_SPACE_TOKEN, 0, ASH_SPAN_NONE, UINT64_MAX, &tokens),
		     "the tokens can't be counted"));
	status = ash_txn_get(check->view, root, NULL, &version);
	if (status.code != ASH_E_NOT_FOUND || tokens != 0)
		ASH_TRY(tell(check, 1, status, "the id of the root key can't be read"));
	if (check->unrooted[0] != '\0' && tokens != 0)
		ash_findings_unchecked(findings, 0, "%s", check->unrooted);
	ash_findings_end(findings);
	return ASH_DONE;
}

/* Takes a view of its own: before the check's. */
static struct ash_status find_root(struct checkup *check, struct ash_store *store)
{
	const struct ash_status status = ash_slot_need_root(check->hsm, store, false);

	ASH_ENSURE(status.code != ASH_E_MEMORY, ASH_E_MEMORY);
	if (ash_is_ok(status))
		return status;
	(void)snprintf(check->unrooted, sizeof(check->unrooted), "%s",
		       ash_status_explanation()[0] != '\0' ? ash_status_explanation()
							   : ash_code_text(status.code));
	return ASH_DONE;
}

struct ash_status ash_hsm_check_store(struct ash_hsm *hsm, ash_store_tell *hear, void *context)
{
	struct checkup check = { .hsm = hsm, .findings = { .tell = hear, .context = context } };
	ASH_AUTO(ash_txn) *view = NULL;
	struct ash_store *store = NULL;
	struct ash_crypto *crypto = NULL;

	ASH_TRY(ash_hsm_store(hsm, false, &store));
	ASH_TRY(ash_hsm_crypto(hsm, &crypto));
	ASH_TRY(find_root(&check, store));
	ASH_TRY(ash_store_view(store, &view));
	check.view = view;
	ASH_TRY(ash_txn_inspect(view, hear, context, &check.store));
	ASH_TRY(check_meta(&check));
	ASH_TRY(check_places(&check));
	return check_tokens(&check);
}
