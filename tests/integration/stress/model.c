/*
 * A thread's own objects: changing, finding and destroying them, and what each has to look
 * like at any moment. Making them is in make.c.
 */
#include "model_priv.h"

#define FIND_PAGE 5u

/* ---- finding, the plain way ---- */

/* False when it failed (and that was wrong, or explained). */
bool stress_find(struct thread *t, CK_SESSION_HANDLE session, CK_ATTRIBUTE *want, CK_ULONG count,
		 CK_OBJECT_HANDLE *found, CK_ULONG cap, CK_ULONG *ret_count)
{
	CK_ULONG total = 0;
	CK_ULONG got = 1;
	bool good =
		stress_want(t, "C_FindObjectsInit", CKR_OK, CALL(t, C_FindObjectsInit, session, want, count));

	if (!good)
		return false;
	while (good && got != 0 && total < cap) {
		const CK_ULONG page = cap - total < FIND_PAGE ? cap - total : FIND_PAGE;

		good = stress_want(t, "C_FindObjects", CKR_OK,
				   CALL(t, C_FindObjects, session, found + total, page, &got));
		total += good ? got : 0;
	}
	good = stress_want(t, "C_FindObjectsFinal", CKR_OK, CALL(t, C_FindObjectsFinal, session)) && good;
	*ret_count = total;
	return good;
}

/* How many objects have this label and class; the first of them. */
bool model_find_label(struct thread *t, const char *label, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *ret_first,
		      CK_ULONG *ret_count)
{
	CK_OBJECT_HANDLE found[4] = { 0 };
	struct model_template want = { .count = 0 };

	model_add(&want, CKA_LABEL, label, strlen(label));
	model_add(&want, CKA_CLASS, &class, sizeof(class));
	if (!stress_find(t, t->sessions[stress_pick_session(t)], want.attrs, want.count, found, COUNT(found),
			 ret_count))
		return false;
	*ret_first = found[0];
	return true;
}

/* Finds it by its label: it has to be there exactly once, and under the handle that is known. */
static bool locate(struct thread *t, struct thing *thing)
{
	CK_OBJECT_HANDLE first = 0;
	CK_ULONG count = 0;

	if (!model_find_label(t, thing->label, model_class_of(thing), &first, &count))
		return false;
	if (count != 1 || (thing->handle != 0 && thing->handle != first)) {
		if (!stress_disturbed(t))
			stress_wrong(t, "\"%s\" found %lu times, handle %#lx where %#lx is known",
				     thing->label, count, first, thing->handle);
		return false;
	}
	thing->handle = first;
	if (thing->kind != PAIR)
		return true;
	if (!model_find_label(t, thing->label, CKO_PUBLIC_KEY, &first, &count) ||
	    !stress_expect(t, count == 1, "the public half is found once"))
		return false;
	thing->public_half = first;
	return true;
}

/* ---- what is there ---- */

/* What a logout took away is forgotten; what it left has new handles. */
void stress_refresh(struct thread *t)
{
	t->login = atomic_load(&t->own->login);
	t->user = t->login % 4 == LOGGED_IN;
	if (t->known == t->login || t->login % 4 == CHANGING)
		return;
	for (unsigned i = 0; i < THINGS; i++) {
		struct thing *thing = &t->things[i];

		if (thing->kind == NOTHING || !thing->is_private)
			continue;
		thing->handle = 0;
		thing->public_half = 0;
		if (!thing->token)
			thing->kind = NOTHING;
	}
	t->known = t->login;
}

/* Whether it can be reached now; gets its handle if need be. */
bool stress_usable(struct thread *t, struct thing *thing)
{
	if (thing->kind == NOTHING || (thing->is_private && (!t->user || t->known != t->login)))
		return false;
	return thing->handle != 0 || locate(t, thing);
}

/* One of its objects of these kinds; NULL when there is none, or chance does not find it. */
struct thing *stress_pick(struct thread *t, unsigned kinds)
{
	for (unsigned tries = 0; tries < 2 * THINGS; tries++) {
		struct thing *thing = &t->things[stress_below(t, THINGS)];

		if ((KIND(thing->kind) & kinds) != 0)
			return stress_usable(t, thing) ? thing : NULL;
	}
	return NULL;
}

static struct dead *remember_dead(struct thread *t, const struct thing *thing)
{
	struct dead *dead = &t->dead[t->dead_next++ % DEAD];

	dead->handle = thing->handle;
	dead->label[0] = '\0';
	return dead;
}

/* ---- destroying ---- */

/* One half of it, or all that there is of it: the place becomes `left`. */
static bool destroy(struct thread *t, struct thing *thing, const struct thing *left)
{
	CK_SESSION_HANDLE session = t->sessions[stress_below(t, READ_ONLY)];
	bool good = false;

	stress_intend(t, thing, left);
	t->writing = thing->token;
	good = stress_want(t, "C_DestroyObject", CKR_OK, CALL(t, C_DestroyObject, session, thing->handle));
	stress_settle(t, good ? left : NULL);
	return good;
}

void stress_destroy_thing(struct thread *t)
{
	static const struct thing nothing = { .kind = NOTHING };
	struct thing *thing = stress_pick(t, ~KIND(NOTHING));
	struct thing rest;
	struct thing gone;
	struct dead *dead = NULL;

	if (thing == NULL)
		return;
	gone = *thing;
	rest = *thing;
	rest.kind = REST;
	rest.handle = gone.public_half;
	if (!destroy(t, thing, gone.kind == PAIR ? &rest : &nothing))
		return;
	dead = remember_dead(t, &gone);
	/* While the other half is there, something is found by the label. */
	if (gone.kind != PAIR || destroy(t, thing, &nothing))
		memcpy(dead->label, gone.label, sizeof(dead->label));
}

/* What is destroyed never comes back, neither under its handle nor under its label. */
void stress_look_at_dead(struct thread *t)
{
	struct dead *dead = &t->dead[stress_below(t, DEAD)];
	CK_SESSION_HANDLE session = t->sessions[stress_pick_session(t)];
	CK_OBJECT_HANDLE found = 0;
	CK_BYTE label[LABEL_LEN];
	CK_ATTRIBUTE get = { CKA_LABEL, label, sizeof(label) };
	CK_ULONG count = 0;

	if (dead->handle == 0)
		return;
	if (stress_chance(t, 2)) {
		(void)stress_want(t, "C_GetAttributeValue of what is destroyed", CKR_OBJECT_HANDLE_INVALID,
				  CALL(t, C_GetAttributeValue, session, dead->handle, &get, 1));
	} else if (stress_chance(t, 2)) {
		(void)stress_want(t, "C_DestroyObject of what is destroyed", CKR_OBJECT_HANDLE_INVALID,
				  CALL(t, C_DestroyObject, session, dead->handle));
	} else if (dead->label[0] != '\0') {
		get.ulValueLen = strlen(dead->label);
		get.pValue = dead->label;
		if (stress_find(t, session, &get, 1, &found, 1, &count))
			(void)stress_expect(t, count == 0, "what is destroyed is found by its label");
	}
}

/* ---- reading and changing ---- */

static bool same(const CK_ATTRIBUTE *attr, const void *want, size_t len)
{
	return attr->ulValueLen == len && memcmp(attr->pValue, want, len) == 0;
}

static bool check_attributes(struct thread *t, const struct thing *thing, const CK_ATTRIBUTE *got)
{
	const CK_OBJECT_CLASS class = model_class_of(thing);
	char mark[LABEL_LEN];

	(void)model_mark_of(t, mark);
	return stress_expect(t, same(&got[0], &class, sizeof(class)), "CKA_CLASS is not what it was") &&
	       stress_expect(t, same(&got[1], thing->token ? &model_yes : &model_no, 1),
			     "CKA_TOKEN is not what it was") &&
	       stress_expect(t, same(&got[2], thing->is_private ? &model_yes : &model_no, 1),
			     "CKA_PRIVATE is not what it was") &&
	       stress_expect(t, same(&got[3], thing->label, strlen(thing->label)),
			     "CKA_LABEL is not the one last written") &&
	       stress_expect(t, same(&got[4], mark, strlen(mark)), "the mark is not what it was");
}

/* Reads it whole, as far as it may be read. */
static void read_thing(struct thread *t, struct thing *thing)
{
	CK_OBJECT_CLASS class = 0;
	CK_BBOOL token = 0, private = 0;
	char label[LABEL_LEN], mark[LABEL_LEN];
	CK_BYTE value[VALUE_LEN];
	CK_ATTRIBUTE get[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &token, sizeof(token) },
		{ CKA_PRIVATE, &private, sizeof(private) },
		{ CKA_LABEL, label, sizeof(label) },
		{ thing->kind == DATA ? CKA_APPLICATION : CKA_ID, mark, sizeof(mark) },
		{ CKA_VALUE, value, sizeof(value) },
	};
	const bool has_value = thing->kind != PAIR && thing->kind != REST;
	const CK_RV want = has_value && thing->generated ? CKR_ATTRIBUTE_SENSITIVE : CKR_OK;

	if (!stress_want(t, "C_GetAttributeValue", want,
			 CALL(t, C_GetAttributeValue, t->sessions[stress_pick_session(t)], thing->handle, get,
			      has_value ? 6 : 5)) ||
	    !check_attributes(t, thing, get) || !has_value)
		return;
	if (thing->generated)
		(void)stress_expect(t, get[5].ulValueLen == CK_UNAVAILABLE_INFORMATION,
				    "a sensitive value has a length");
	else
		(void)stress_expect(t, same(&get[5], thing->value, thing->len),
				    "CKA_VALUE is not the one last written");
}

void stress_read_thing(struct thread *t)
{
	struct thing *thing = stress_pick(t, ~KIND(NOTHING));
	CK_ULONG size = 0;

	if (thing == NULL)
		return;
	read_thing(t, thing);
	if (stress_chance(t, 8))
		(void)stress_want(t, "C_GetObjectSize", CKR_OK,
				  CALL(t, C_GetObjectSize, t->sessions[0], thing->handle, &size));
}

/* A new label, and of data a new value with it, in one call. */
void stress_change_thing(struct thread *t)
{
	struct thing *thing = stress_pick(t, KIND(DATA) | KIND(AES) | KIND(HMAC));
	struct model_template template = { .count = 0 };
	struct thing changed;
	bool good = false;

	if (thing == NULL)
		return;
	changed = *thing;
	changed.version++;
	model_name_thing(t, &changed);
	model_add(&template, CKA_LABEL, changed.label, strlen(changed.label));
	if (changed.kind == DATA && !board->options.labels_only) {
		model_fill(t, &changed, 1 + stress_below(t, VALUE_LEN - 1));
		model_add(&template, CKA_VALUE, changed.value, changed.len);
	}
	if (changed.token && stress_chance(t, 10)) {
		(void)stress_want(t, "C_SetAttributeValue in a read-only session", CKR_SESSION_READ_ONLY,
				  CALL(t, C_SetAttributeValue, t->sessions[READ_ONLY], thing->handle,
				       template.attrs, template.count));
		return;
	}
	t->writing = changed.token;
	stress_intend(t, thing, &changed);
	good = stress_want(t, "C_SetAttributeValue", CKR_OK,
			   CALL(t, C_SetAttributeValue, t->sessions[stress_below(t, READ_ONLY)],
				thing->handle, template.attrs, template.count));
	stress_settle(t, good ? &changed : NULL);
}

/* ---- finding ---- */

void stress_find_thing(struct thread *t)
{
	struct thing *thing = stress_pick(t, ~KIND(NOTHING));
	struct thing old;
	CK_OBJECT_HANDLE first = 0;
	CK_ULONG count = 0;

	if (thing == NULL)
		return;
	if (thing->version == 0 || stress_chance(t, 2)) {
		(void)locate(t, thing);
		return;
	}
	old = *thing;
	old.version--;
	model_name_thing(t, &old);
	if (model_find_label(t, old.label, model_class_of(&old), &first, &count))
		(void)stress_expect(t, count == 0, "an object is found by a label that it no longer has");
}

static bool belongs(const struct thing *thing, bool data, const struct thread *t)
{
	return thing->kind != NOTHING && (thing->kind == DATA) == data && (!thing->is_private || t->user);
}

/* Strikes a handle off a list; false when it is not on it. */
static bool strike(CK_OBJECT_HANDLE *list, CK_ULONG count, CK_OBJECT_HANDLE handle)
{
	for (CK_ULONG i = 0; i < count; i++) {
		if (list[i] == handle && handle != 0) {
			list[i] = 0;
			return true;
		}
	}
	return false;
}

/* All that has the thread's mark, data or keys: exactly its own, each once. */
static void find_marked(struct thread *t, bool data)
{
	CK_OBJECT_HANDLE found[4 * THINGS];
	struct model_template want = { .count = 0 };
	CK_ULONG count = 0, struck = 0;
	char mark[LABEL_LEN];

	for (unsigned i = 0; i < THINGS; i++)
		if (belongs(&t->things[i], data, t) && !stress_usable(t, &t->things[i]))
			return;
	(void)model_mark_of(t, mark);
	model_add(&want, data ? CKA_APPLICATION : CKA_ID, mark, strlen(mark));
	if (!stress_find(t, t->sessions[stress_pick_session(t)], want.attrs, want.count, found, COUNT(found),
			 &count))
		return;
	for (unsigned i = 0; i < THINGS; i++) {
		const struct thing *thing = &t->things[i];

		if (!belongs(thing, data, t))
			continue;
		if (!stress_expect(t, strike(found, count, thing->handle), "one of its own is not found"))
			return;
		struck++;
		if (thing->kind == PAIR) {
			if (!stress_expect(t, strike(found, count, thing->public_half),
					   "the public half of one of its own is not found"))
				return;
			struck++;
		}
	}
	(void)stress_expect(t, struck == count, "more is found than its own");
}

void stress_find_all(struct thread *t)
{
	find_marked(t, stress_chance(t, 2));
}

/* At the end: everything, once more. */
void stress_check_all(struct thread *t)
{
	t->doing = "checking everything";
	stress_refresh(t);
	for (unsigned i = 0; i < THINGS; i++) {
		struct thing *thing = &t->things[i];

		if (stress_usable(t, thing) && locate(t, thing))
			read_thing(t, thing);
	}
	find_marked(t, true);
	find_marked(t, false);
}

/* ---- sessions ---- */

/* Closes a session, and with it its objects; opens another. */
void stress_cycle_session(struct thread *t)
{
	const unsigned n = stress_pick_session(t);
	const CK_FLAGS flags = CKF_SERIAL_SESSION | (n == READ_ONLY ? 0 : CKF_RW_SESSION);
	CK_SESSION_INFO info;
	CK_RV rv = CKR_OK;

	(void)stress_want(t, "C_GetSessionInfo", CKR_OK, CALL(t, C_GetSessionInfo, t->sessions[n], &info));
	if (!stress_want(t, "C_CloseSession", CKR_OK, CALL(t, C_CloseSession, t->sessions[n])))
		return;
	(void)stress_want(t, "C_GetSessionInfo of a closed session", CKR_SESSION_HANDLE_INVALID,
			  CALL(t, C_GetSessionInfo, t->sessions[n], &info));
	for (unsigned i = 0; i < THINGS; i++) {
		struct thing *thing = &t->things[i];

		if (thing->kind == NOTHING || thing->token || thing->session != n)
			continue;
		remember_dead(t, thing);
		thing->kind = NOTHING;
	}
	/* While the officer is in, there is no read-only session: a moment later there is. */
	do {
		rv = CALL(t, C_OpenSession, info.slotID, flags, NULL, NULL, &t->sessions[n]);
	} while (rv == CKR_SESSION_READ_WRITE_SO_EXISTS && !atomic_load(&board->stop));
	if (rv == CKR_SESSION_READ_WRITE_SO_EXISTS)
		rv = CALL(t, C_OpenSession, info.slotID, flags | CKF_RW_SESSION, NULL, NULL, &t->sessions[n]);
	(void)stress_want(t, "C_OpenSession", CKR_OK, rv);
}

/* What has to be refused, whatever else goes on. */
void stress_refusals(struct thread *t)
{
	struct thing *thing = stress_pick(t, ~KIND(NOTHING));
	CK_ATTRIBUTE set = { CKA_TOKEN, &model_yes, sizeof(model_yes) };
	CK_RV rv = CKR_OK;

	(void)stress_want(t, "C_FindObjectsFinal of nothing", CKR_OPERATION_NOT_INITIALIZED,
			  CALL(t, C_FindObjectsFinal, t->sessions[0]));
	rv = CALL(t, C_Login, t->sessions[0], 17, USER_PIN);
	if (rv != CKR_USER_TYPE_INVALID)
		stress_wrong(t, "C_Login of nobody: wanted %#lx, got %#lx", CKR_USER_TYPE_INVALID, rv);
	if (!stress_logs_out(t))
		(void)stress_want(t, "C_Login again", CKR_USER_ALREADY_LOGGED_IN,
				  CALL(t, C_Login, t->sessions[1], CKU_USER, USER_PIN));
	if (thing != NULL && !thing->token)
		(void)stress_want(t, "C_SetAttributeValue of CKA_TOKEN", CKR_ATTRIBUTE_READ_ONLY,
				  CALL(t, C_SetAttributeValue, t->sessions[0], thing->handle, &set, 1));
}
