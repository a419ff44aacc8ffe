/*
 * Objects that many threads change, destroy and make anew at once: data objects of the
 * token, for all processes, and of a session, for the threads of one.
 *
 * Each change is made under a ticket, drawn from one clock when it begins; label and
 * value both say it. When the change is done the clock is read again. So a reader can
 * tell what must not be: a label and a value of different changes; a ticket that nobody
 * drew for this object, or whose change was refused; and one whose change was done
 * before another one began that was itself done before the reader asked.
 */
#include "stress.h"

#define REFUSED UINT32_MAX

static bool dying(uint64_t birth)
{
	return atomic_load(&board->birth[birth].dying);
}

/* ---- what an object says ---- */

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

struct content {
	char name[LABEL_LEN], label[LABEL_LEN];
	CK_BYTE value[VALUE_LEN];
	CK_ULONG len;
};

static void set_content(struct content *content, uint64_t birth, uint64_t ticket)
{
	(void)snprintf(content->name, LABEL_LEN, "shared %lu", (unsigned long)birth);
	(void)snprintf(content->label, LABEL_LEN, "%lu %08lx", (unsigned long)ticket,
		       (unsigned long)(mix(ticket) & 0xffffffff));
	content->len = 8 + ticket % (VALUE_LEN - 8);
	memcpy(content->value, &ticket, 8);
	for (CK_ULONG i = 8; i < content->len; i++)
		content->value[i] = (CK_BYTE)mix(ticket + i);
}

static uint64_t draw_ticket(struct thread *t, uint64_t birth)
{
	const uint64_t ticket = atomic_fetch_add(&board->clock, 2) + 1;

	if (ticket + 2 * PROCESSES_MAX * THREADS_MAX >= TICKETS) {
		if (!atomic_exchange(&board->stop, true))
			(void)fprintf(stderr, "process %u: out of tickets, ending early\n", t->process);
	}
	atomic_store(&board->wrote[ticket], (uint32_t)birth);
	return ticket;
}

static void change_is_done(uint64_t birth, uint64_t ticket)
{
	uint64_t newest = atomic_load(&board->birth[birth].newest);

	atomic_store(&board->done[ticket], atomic_fetch_add(&board->clock, 2) + 1);
	while (newest < ticket &&
	       !atomic_compare_exchange_weak(&board->birth[birth].newest, &newest, ticket)) {
	}
}

/* ---- births ---- */

static void be_born(struct shared_plan *plan)
{
	change_is_done(plan->birth, plan->ticket);
	atomic_store(&plan->shared->birth, plan->birth);
	stress_promise(plan, IDLE);
}

bool stress_give_birth(struct thread *t, CK_SESSION_HANDLE session, struct shared *shared)
{
	static CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL token = shared->token ? CK_TRUE : CK_FALSE;
	CK_BBOOL no = CK_FALSE;
	const uint64_t birth = atomic_fetch_add(&board->births, 1) + 1;
	struct content content;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &token, sizeof(token) },
		{ CKA_PRIVATE, &no, sizeof(no) },     { CKA_APPLICATION, content.name, 0 },
		{ CKA_LABEL, content.label, 0 },      { CKA_VALUE, content.value, 0 },
	};
	CK_OBJECT_HANDLE object = 0;
	uint64_t ticket = 0;

	if (birth >= BIRTHS - 1)
		return false;
	ticket = draw_ticket(t, birth);
	set_content(&content, birth, ticket);
	template[3].ulValueLen = strlen(content.name);
	template[4].ulValueLen = strlen(content.label);
	template[5].ulValueLen = content.len;
	t->writing = shared->token;
	stress_intend_shared(&t->giving_birth, shared, birth, ticket);
	if (!stress_want(t, "C_CreateObject of a shared object", CKR_OK,
			 CALL(t, C_CreateObject, session, template, COUNT(template), &object))) {
		stress_promise(&t->giving_birth, IDLE);
		return false;
	}
	stress_promise(&t->giving_birth, ANSWERED);
	be_born(&t->giving_birth);
	return true;
}

/* ---- finding ---- */

static struct seen *seen_of(struct thread *t, const struct shared *shared)
{
	return &t->seen[shared->number + (shared->token ? 0 : SHARED)];
}

/* The object's handle, found if need be. False when it is gone, or something was wrong. */
static bool find_shared(struct thread *t, struct shared *shared, uint64_t birth, CK_OBJECT_HANDLE *ret_object)
{
	struct seen *seen = seen_of(t, shared);
	const bool dead = atomic_load(&board->birth[birth].dead);
	CK_OBJECT_HANDLE found[2] = { 0, 0 };
	CK_ULONG count = 0;
	struct content content;
	CK_ATTRIBUTE want = { CKA_APPLICATION, content.name, 0 };

	if (seen->birth == birth && !stress_chance(t, 4)) {
		*ret_object = seen->handle;
		return true;
	}
	set_content(&content, birth, 0);
	want.ulValueLen = strlen(content.name);
	if (!stress_find(t, t->sessions[stress_pick_session(t)], &want, 1, found, 2, &count))
		return false;
	if (dead && count != 0)
		stress_wrong(t, "shared object %lu was destroyed and is found", (unsigned long)birth);
	else if (count > 1 || (count == 0 && !dying(birth)))
		(void)stress_expect(t, false, "a shared object is not found once");
	if (dead || count != 1)
		return false;
	if (seen->birth == birth && seen->handle != found[0])
		stress_wrong(t, "shared object %lu has a new handle", (unsigned long)birth);
	*seen = (struct seen){ birth, found[0] };
	*ret_object = found[0];
	return true;
}

/* An answer that is right while the object lives, or CKR_OBJECT_HANDLE_INVALID when it may be gone. */
static bool alive(struct thread *t, const char *what, uint64_t birth, CK_RV got)
{
	if (got == CKR_OBJECT_HANDLE_INVALID && dying(birth))
		return false;
	return stress_want(t, what, CKR_OK, got);
}

/* ---- reading ---- */

static bool same(const CK_ATTRIBUTE *attr, const void *want, CK_ULONG len)
{
	return attr->ulValueLen == len && memcmp(attr->pValue, want, len) == 0;
}

/* The ticket that the label says. */
static uint64_t ticket_of(const CK_ATTRIBUTE *label)
{
	char text[LABEL_LEN] = { 0 };

	memcpy(text, label->pValue, label->ulValueLen < LABEL_LEN ? label->ulValueLen : 0);
	return strtoull(text, NULL, 10);
}

static void check_content(struct thread *t, uint64_t birth, uint64_t newest, const CK_ATTRIBUTE *got)
{
	const uint64_t ticket = ticket_of(&got[1]);
	struct content want;
	uint64_t done = 0;

	set_content(&want, birth, ticket);
	if (!same(&got[0], want.name, strlen(want.name)) || !same(&got[1], want.label, strlen(want.label)) ||
	    (!board->options.labels_only && !same(&got[2], want.value, want.len))) {
		stress_wrong(t, "shared object %lu is torn: \"%.*s\", a value of %lu bytes",
			     (unsigned long)birth, (int)got[1].ulValueLen, (const char *)got[1].pValue,
			     got[2].ulValueLen);
		return;
	}
	if (ticket >= TICKETS || atomic_load(&board->wrote[ticket]) != birth) {
		stress_wrong(t, "shared object %lu has ticket %lu, which nobody wrote", (unsigned long)birth,
			     (unsigned long)ticket);
		return;
	}
	done = atomic_load(&board->done[ticket]);
	if (done != 0 && done < newest)
		stress_wrong(
			t,
			"shared object %lu has ticket %lu, done at %lu: but %lu began after that, and was done",
			(unsigned long)birth, (unsigned long)ticket, (unsigned long)done,
			(unsigned long)newest);
}

static void read_shared(struct thread *t, struct shared *shared, uint64_t birth)
{
	char name[LABEL_LEN], label[LABEL_LEN];
	CK_BYTE value[VALUE_LEN];
	CK_ATTRIBUTE get[] = {
		{ CKA_APPLICATION, name, sizeof(name) },
		{ CKA_LABEL, label, sizeof(label) },
		{ CKA_VALUE, value, sizeof(value) },
	};
	CK_SESSION_HANDLE session =
		stress_chance(t, 2) ? t->own->common : t->sessions[stress_pick_session(t)];
	CK_OBJECT_HANDLE object = 0;
	uint64_t newest = 0;

	if (!find_shared(t, shared, birth, &object))
		return;
	newest = atomic_load(&board->birth[birth].newest);
	if (alive(t, "C_GetAttributeValue of a shared object", birth,
		  CALL(t, C_GetAttributeValue, session, object, get, COUNT(get))))
		check_content(t, birth, newest, get);
}

/* ---- changing ---- */

static void change_shared(struct thread *t, struct shared *shared, uint64_t birth)
{
	struct content content;
	CK_ATTRIBUTE set[] = { { CKA_LABEL, content.label, 0 }, { CKA_VALUE, content.value, 0 } };
	CK_OBJECT_HANDLE object = 0;
	uint64_t ticket = 0;

	if (!find_shared(t, shared, birth, &object))
		return;
	ticket = draw_ticket(t, birth);
	set_content(&content, birth, ticket);
	set[0].ulValueLen = strlen(content.label);
	set[1].ulValueLen = content.len;
	t->writing = shared->token;
	stress_intend_shared(&t->changing, shared, birth, ticket);
	if (alive(t, "C_SetAttributeValue of a shared object", birth,
		  CALL(t, C_SetAttributeValue, t->sessions[stress_below(t, READ_ONLY)], object, set,
		       board->options.labels_only ? 1 : COUNT(set)))) {
		stress_promise(&t->changing, ANSWERED);
		change_is_done(birth, ticket);
	} else {
		atomic_store(&board->wrote[ticket], REFUSED);
	}
	stress_promise(&t->changing, IDLE);
}

/* In place of one that is dead. */
static void replace_dead(struct thread *t, struct shared *shared)
{
	while (!stress_give_birth(t, shared->token ? t->sessions[0] : t->own->common, shared)) {
		if (atomic_load(&board->stop) || atomic_load(&board->births) >= BIRTHS - 1)
			return;
	}
}

/* One of those that try at once destroys it, and makes another. */
static void destroy_shared(struct thread *t, struct shared *shared, uint64_t birth)
{
	CK_OBJECT_HANDLE object = 0;
	CK_RV rv = CKR_OK;

	if (!find_shared(t, shared, birth, &object))
		return;
	atomic_store(&board->birth[birth].dying, true);
	t->writing = shared->token;
	stress_intend_shared(&t->destroying, shared, birth, 0);
	rv = CALL(t, C_DestroyObject, t->sessions[stress_below(t, READ_ONLY)], object);
	if (alive(t, "C_DestroyObject of a shared object", birth, rv)) {
		stress_promise(&t->destroying, ANSWERED);
		if (!atomic_exchange(&board->birth[birth].dead, true))
			replace_dead(t, shared);
		else if (!atomic_load(&board->birth[birth].orphan))
			stress_wrong(t, "shared object %lu was destroyed twice", (unsigned long)birth);
	}
	stress_promise(&t->destroying, IDLE);
}

/* A handle that was good once, of an object that is dead. */
static bool look_at_dead(struct thread *t, struct shared *shared)
{
	struct seen *seen = seen_of(t, shared);
	char label[LABEL_LEN];
	CK_ATTRIBUTE get = { CKA_LABEL, label, sizeof(label) };

	if (seen->birth == 0 || !atomic_load(&board->birth[seen->birth].dead))
		return false;
	(void)stress_want(t, "C_GetAttributeValue of a dead shared object", CKR_OBJECT_HANDLE_INVALID,
			  CALL(t, C_GetAttributeValue, t->own->common, seen->handle, &get, 1));
	return true;
}

static void use_shared(struct thread *t, struct shared *shared)
{
	const uint64_t birth = atomic_load(&shared->birth);

	if (look_at_dead(t, shared) && stress_chance(t, 2))
		return;
	if (birth == 0)
		return;
	if (dying(birth) || stress_chance(t, 40))
		destroy_shared(t, shared, birth);
	else if (stress_chance(t, 3))
		change_shared(t, shared, birth);
	else
		read_shared(t, shared, birth);
}

/* One is everybody's favourite; and what needs no disk is done more often. */
void stress_shared(struct thread *t)
{
	struct shared *pool = stress_chance(t, 2) ? board->shared : t->own->shared;
	struct shared *shared = &pool[stress_chance(t, 2) ? 0 : stress_below(t, SHARED)];

	for (unsigned i = 0; i < (shared->token ? 1 : 8); i++)
		use_shared(t, shared);
}

/* ---- after a kill ---- */

static bool is_found(struct thread *t, uint64_t birth)
{
	CK_OBJECT_HANDLE found[2] = { 0, 0 };
	CK_ULONG count = 0;
	struct content content;
	CK_ATTRIBUTE want = { CKA_APPLICATION, content.name, 0 };

	set_content(&content, birth, 0);
	want.ulValueLen = strlen(content.name);
	if (stress_find(t, t->sessions[0], &want, 1, found, 2, &count) && count > 1)
		stress_wrong(t, "shared object %lu is there twice", (unsigned long)birth);
	return count != 0;
}

/* Asked for and not answered, it was done before now or never will be. */
static void recover_change(struct thread *t)
{
	struct shared_plan *plan = &t->changing;
	const unsigned promise = atomic_load(&plan->promise);

	if (promise == ANSWERED)
		change_is_done(plan->birth, plan->ticket);
	else if (promise == ASKED)
		atomic_store(&board->done[plan->ticket], atomic_fetch_add(&board->clock, 2) + 1);
	stress_promise(plan, IDLE);
}

/* Until the place names it, nobody else knows of it. */
static void recover_birth(struct thread *t)
{
	struct shared_plan *plan = &t->giving_birth;
	const unsigned promise = atomic_load(&plan->promise);

	if (promise != IDLE && plan->shared->token && atomic_load(&plan->shared->birth) < plan->birth) {
		if (is_found(t, plan->birth))
			be_born(plan);
		else if (promise == ANSWERED)
			stress_wrong(t, "shared object %lu was made and is not there",
				     (unsigned long)plan->birth);
	}
	stress_promise(plan, IDLE);
}

/* If it is gone, the place needs another: whoever is first to say that it is dead makes it. */
static void recover_destruction(struct thread *t)
{
	struct shared_plan *plan = &t->destroying;
	const unsigned promise = atomic_load(&plan->promise);
	struct birth *birth = &board->birth[plan->birth];

	if (promise != IDLE && plan->shared->token && !is_found(t, plan->birth)) {
		atomic_store(&birth->orphan, true);
		if (!atomic_exchange(&birth->dead, true) ||
		    (promise == ANSWERED && atomic_load(&plan->shared->birth) == plan->birth))
			replace_dead(t, plan->shared);
	} else if (promise == ANSWERED && plan->shared->token) {
		stress_wrong(t, "shared object %lu was destroyed and is there", (unsigned long)plan->birth);
	}
	stress_promise(plan, IDLE);
}

void stress_recover_shared(struct thread *t)
{
	recover_change(t);
	recover_birth(t);
	recover_destruction(t);
}
