#include "token/find.h"

#include "token/access.h"
#include "token/attribute.h"
#include "token/profile.h"
#include "token/session.h"

#define PAGE 64u

/* A term with at least this many records is as good as any other. */
#define COUNT_LIMIT 1000u

void ash_find_done(struct ash_find *find)
{
	ash_attrs_free(find->want);
	*find = (struct ash_find){ .phase = ASH_FIND_IDLE };
}

/* A template in which one type has two values finds nothing; anything may be asked for. */
static struct ash_status copy_wanted(struct ash_template want, struct ash_attrs **ret_attrs,
				     bool *ret_possible)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_span before = ASH_SPAN_NONE;
	bool possible = true;

	ASH_TRY(ash_attrs_new(&attrs));
	for (size_t i = 0; i < want.count; i++) {
		if (ash_attrs_get(attrs, want.attrs[i].type, &before) &&
		    !ash_span_equal(before, want.attrs[i].value))
			possible = false;
		ASH_TRY(ash_attrs_set(attrs, want.attrs[i].type, want.attrs[i].value));
	}
	*ret_attrs = ASH_TAKE(attrs);
	*ret_possible = possible;
	return ASH_DONE;
}

/* Who looks for profiles need not search the store. */
static enum ash_find_phase first_phase(const struct ash_attrs *wanted, bool possible)
{
	if (!possible)
		return ASH_FIND_END;
	return ash_profile_only(wanted) ? ASH_FIND_PROFILES : ASH_FIND_SESSION_OBJECTS;
}

struct ash_status ash_hsm_find_begin(struct ash_hsm *hsm, ash_handle handle, struct ash_template want)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_attrs) *wanted = NULL;
	bool possible = true;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_ENSURE(session->find.phase == ASH_FIND_IDLE, ASH_E_OPERATION_ACTIVE);
	ASH_TRY(copy_wanted(want, &wanted, &possible));
	session->find = (struct ash_find){
		.phase = first_phase(wanted, possible),
		.want = ASH_TAKE(wanted),
		.login = atomic_load(&session->token->login),
	};
	return ASH_DONE;
}

struct ash_status ash_hsm_find_end(struct ash_hsm *hsm, ash_handle handle)
{
	ASH_AUTO(ash_session) *session = NULL;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_ENSURE(session->find.phase != ASH_FIND_IDLE, ASH_E_OPERATION_NONE);
	ash_find_done(&session->find);
	return ASH_DONE;
}

static bool matches(const struct ash_attrs *attrs, const struct ash_attrs *want)
{
	for (size_t i = 0; i < ash_attrs_count(want); i++) {
		const struct ash_attr attr = ash_attrs_at(want, i);
		const struct ash_template one = { &attr, 1 };

		if (!ash_attrs_match(attrs, one))
			return false;
	}
	return true;
}

static bool user_logged_in(const struct ash_session *session)
{
	return ash_session_actor(session).user;
}

/* One page of session objects; true when there may be more. */
static bool next_session_page(struct ash_session *session, ash_handle *out, size_t cap, size_t *count)
{
	struct ash_object_table *table = &session->hsm->objects;
	struct ash_find *find = &session->find;
	ash_handle page[PAGE];
	const size_t found = ash_object_session_handles(table, session->token, user_logged_in(session),
							find->after, page, PAGE);

	for (size_t i = 0; i < found && *count < cap; i++) {
		ASH_AUTO(ash_object) *object = ash_object_lookup(table, page[i]);

		find->after = page[i];
		if (object != NULL && matches(object->attrs, find->want))
			out[(*count)++] = page[i];
	}
	return found == PAGE || *count == cap;
}

/*
 * The rarest index term of the template; ASH_SPAN_NONE when it names no indexed attribute,
 * or where the index is damaged: then all records are looked at, slowly and right.
 */
static struct ash_status rarest(const struct ash_access_reader *reader, const struct ash_attrs *want,
				uint8_t term[ASH_TERM_LEN], struct ash_span *ret_term)
{
	const struct ash_record_name name = ash_access_name(reader->session, 0, reader->is_private);
	const uint64_t class = ash_attrs_number(want, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	const bool one = ash_attrs_count(want) == 1;
	uint64_t fewest = COUNT_LIMIT + 1;

	/* From the highest type down: class and label, the lowest, are those that most objects share. */
	for (size_t i = ash_attrs_count(want); i-- > 0 && fewest != 0;) {
		const struct ash_attr attr = ash_attrs_at(want, i);
		uint8_t candidate[ASH_TERM_LEN];
		struct ash_status status = ASH_DONE;
		uint64_t count = 0;

		if (!ash_attribute_indexed(class, attr.type))
			continue;
		ASH_TRY(ash_record_term(reader->session->hsm->crypto, &reader->ring, attr.type,
					ash_attribute_canonical(attr.type, attr.value), candidate));
		if (!one) /* else there is no choice */
			status = ash_txn_count(reader->view, name.space, name.owner,
					       ash_span(candidate, sizeof(candidate)), fewest, &count);
		if (status.code == ASH_E_CORRUPT)
			continue;
		ASH_TRY(status);
		if (count < fewest || ret_term->data == NULL) {
			fewest = count;
			memcpy(term, candidate, ASH_TERM_LEN);
			*ret_term = ash_span(term, ASH_TERM_LEN);
		}
	}
	return ASH_DONE;
}

/* Whether the term's list has the record; where the index is damaged, it may. */
static struct ash_status has_term(struct ash_txn *view, struct ash_record_name name, struct ash_span term,
				  bool *ret_has)
{
	uint64_t id = 0;
	size_t found = 0;
	const struct ash_status status =
		ash_txn_find(view, name.space, name.owner, term, name.id - 1, &id, 1, &found);

	if (status.code != ASH_E_CORRUPT)
		ASH_TRY(status);
	*ret_has = status.code == ASH_E_CORRUPT || (found == 1 && id == name.id);
	return ASH_DONE;
}

/*
 * A damaged record may still be what is looked for: it fits unless its index terms speak
 * against it, so that who asks for it meets an error when he reads it, and is not told that
 * there is no such object. Nobody else meets it.
 */
static struct ash_status damaged_fits(const struct ash_access_reader *reader, const struct ash_attrs *want,
				      uint64_t id, bool *ret_fits)
{
	const struct ash_record_name name = ash_access_name(reader->session, id, reader->is_private);
	const uint64_t class = ash_attrs_number(want, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	bool fits = true;

	for (size_t i = 0; fits && i < ash_attrs_count(want); i++) {
		const struct ash_attr attr = ash_attrs_at(want, i);
		uint8_t term[ASH_TERM_LEN];

		if (!ash_attribute_indexed(class, attr.type))
			continue;
		ASH_TRY(ash_record_term(reader->session->hsm->crypto, &reader->ring, attr.type,
					ash_attribute_canonical(attr.type, attr.value), term));
		ASH_TRY(has_term(reader->view, name, ash_span(term, sizeof(term)), &fits));
	}
	*ret_fits = fits;
	return ASH_DONE;
}

/* Whether the record fits, as far as can be known. */
static struct ash_status record_fits(struct ash_access_reader *reader, const struct ash_attrs *want,
				     uint64_t id, bool *ret_fits)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_status status;

	if (ash_attrs_count(want) == 0) {
		*ret_fits = true;
		return ASH_DONE;
	}
	status = ash_access_read(reader, id, &attrs, NULL);
	if (status.code == ASH_E_NOT_FOUND) {
		*ret_fits = false;
		return ASH_DONE;
	}
	if (status.code == ASH_E_CORRUPT)
		return damaged_fits(reader, want, id, ret_fits);
	ASH_TRY(status);
	*ret_fits = matches(attrs, want);
	return ASH_DONE;
}

/* One page of token objects; `ret_more` false when the space is done. */
static struct ash_status next_record_page(struct ash_access_reader *reader, struct ash_span term,
					  ash_handle *out, size_t cap, size_t *count, bool *ret_more)
{
	const struct ash_record_name name = ash_access_name(reader->session, 0, reader->is_private);
	const uint64_t login = atomic_load(&reader->session->token->login);
	struct ash_find *find = &reader->session->find;
	uint64_t ids[PAGE];
	size_t found = 0;
	struct ash_status status;

	status = ash_txn_find(reader->view, name.space, name.owner, term, find->after, ids, PAGE, &found);
	if (status.code == ASH_E_CORRUPT && term.data != NULL)
		status = ash_txn_find(reader->view, name.space, name.owner, ASH_SPAN_NONE, find->after, ids,
				      PAGE, &found);
	ASH_TRY(status);
	if (found > 1)
		ASH_TRY(ash_ring_warm(reader->session->hsm->crypto, &reader->ring));
	for (size_t i = 0; i < found && *count < cap; i++) {
		bool fits = false;

		ASH_TRY(record_fits(reader, find->want, ids[i], &fits));
		find->after = ids[i];
		if (fits)
			out[(*count)++] = ash_object_handle(ids[i], reader->is_private, login);
	}
	*ret_more = found == PAGE || *count == cap;
	return ASH_DONE;
}

static struct ash_status find_records(struct ash_session *session, bool is_private, ash_handle *out,
				      size_t cap, size_t *count)
{
	ASH_AUTO(ash_txn) *view = NULL;
	ASH_AUTO(ash_access_reader) reader = ASH_ACCESS_READER_NONE;
	uint8_t term_bytes[ASH_TERM_LEN];
	struct ash_span term = ASH_SPAN_NONE;
	bool more = true;

	ASH_TRY(ash_store_view(session->hsm->store, &view));
	ASH_TRY(ash_access_reader_init(session, view, is_private, &reader));
	ASH_TRY(rarest(&reader, session->find.want, term_bytes, &term));
	while (more && *count < cap)
		ASH_TRY(next_record_page(&reader, term, out, cap, count, &more));
	if (!more) {
		session->find.phase++;
		session->find.after = 0;
	}
	return ASH_DONE;
}

static struct ash_status find_profiles(struct ash_session *session, ash_handle *out, size_t cap,
				       size_t *count)
{
	struct ash_find *find = &session->find;

	ASH_TRY(ash_profile_find(session, find->want, find->after, out, cap, count));
	if (*count < cap)
		find->phase = ASH_FIND_END;
	else
		find->after = out[*count - 1];
	return ASH_DONE;
}

static struct ash_status find_some(struct ash_session *session, ash_handle *out, size_t cap, size_t *count)
{
	struct ash_find *find = &session->find;

	if (find->phase == ASH_FIND_SESSION_OBJECTS) {
		while (next_session_page(session, out, cap, count)) {
			if (*count == cap)
				return ASH_DONE;
		}
		find->phase = ASH_FIND_PUBLIC;
		find->after = 0;
	}
	if (find->phase == ASH_FIND_PUBLIC && *count < cap)
		ASH_TRY(find_records(session, false, out, cap, count));
	if (find->phase == ASH_FIND_PRIVATE && !user_logged_in(session))
		find->phase = ASH_FIND_PROFILES;
	if (find->phase == ASH_FIND_PRIVATE && *count < cap) {
		const struct ash_status status = find_records(session, true, out, cap, count);

		/* Somebody logs out meanwhile, and waits for us to end this search: nothing private is found. */
		if (status.code == ASH_E_NOT_LOGGED_IN) {
			find->phase = ASH_FIND_PROFILES;
			find->after = 0;
		} else {
			ASH_TRY(status);
		}
	}
	if (find->phase == ASH_FIND_PROFILES && *count < cap)
		ASH_TRY(find_profiles(session, out, cap, count));
	return ASH_DONE;
}

struct ash_status ash_hsm_find_next(struct ash_hsm *hsm, ash_handle handle, ash_handle *objects, size_t cap,
				    size_t *ret_count)
{
	ASH_AUTO(ash_session) *session = NULL;
	struct ash_find before;
	struct ash_status status;
	size_t count = 0;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_ENSURE(session->find.phase != ASH_FIND_IDLE, ASH_E_OPERATION_NONE);
	before = session->find;
	status = find_some(session, objects, cap, &count);
	if (!ash_is_ok(status)) {
		session->find = before; /* what was found is not lost: the next call finds it again */
		return status;
	}
	*ret_count = count;
	return ASH_DONE;
}
