/*
 * What a thread is about to do, written down on the board before it asks for it; and what
 * the process that comes after a killed one makes of that: what was answered is there, what
 * was asked is done wholly or not at all.
 *
 * A plan's word is written last and read first, so a kill between any two instructions
 * leaves a plan that is whole or none.
 */
#include "model_priv.h"

/* ---- the thread's own objects ---- */

void stress_intend(struct thread *t, struct thing *place, const struct thing *after)
{
	t->plan.place = place;
	t->plan.before = *place;
	t->plan.after = *after;
	atomic_store(&t->plan.promise, ASKED);
}

void stress_settle(struct thread *t, const struct thing *done)
{
	if (done != NULL) {
		atomic_store(&t->plan.promise, ANSWERED);
		*t->plan.place = *done;
	}
	atomic_store(&t->plan.promise, IDLE);
}

/* ---- objects of all ---- */

void stress_intend_shared(struct shared_plan *plan, struct shared *shared, uint64_t birth, uint64_t ticket)
{
	plan->shared = shared;
	plan->birth = birth;
	plan->ticket = ticket;
	atomic_store(&plan->promise, ASKED);
}

void stress_promise(struct shared_plan *plan, enum promise promise)
{
	atomic_store(&plan->promise, promise);
}

/* ---- afterwards ---- */

static bool is_there(struct thread *t, const struct thing *thing, CK_OBJECT_CLASS class)
{
	CK_OBJECT_HANDLE first = 0;
	CK_ULONG count = 0;

	if (!model_find_label(t, thing->label, class, &first, &count))
		return false;
	if (count > 1)
		stress_wrong(t, "\"%s\" is there %lu times", thing->label, count);
	return count != 0;
}

/* Whether what was asked for, and never answered, is done. */
static bool was_done(struct thread *t, const struct thing *before, const struct thing *after)
{
	const bool gone = before->kind == NOTHING || !is_there(t, before, model_class_of(before));
	const bool come = after->kind == NOTHING || is_there(t, after, model_class_of(after));

	if (before->kind == NOTHING) {
		if (after->kind == PAIR && is_there(t, after, CKO_PUBLIC_KEY) != come)
			stress_wrong(t, "only half of the pair \"%s\" is there", after->label);
		return come;
	}
	/* A change has another label. What is left of a pair was there before, too. */
	if (after->kind != NOTHING && after->kind != REST && gone != come)
		stress_wrong(t, "\"%s\" and what it was to become, \"%s\", are both there or neither",
			     before->label, after->label);
	return gone;
}

/* Done twice it does no harm: this process may be killed as well. */
static void recover_plan(struct thread *t)
{
	static const struct thing nothing = { .kind = NOTHING };
	struct plan *plan = &t->plan;
	const struct thing *subject = plan->before.kind != NOTHING ? &plan->before : &plan->after;
	const unsigned promise = atomic_load(&plan->promise);

	if (promise == IDLE)
		return;
	if (!subject->token) /* ended with its session */
		stress_settle(t, &nothing);
	else if (promise == ANSWERED || was_done(t, &plan->before, &plan->after))
		stress_settle(t, &plan->after);
	else
		stress_settle(t, NULL);
}

static void forget_handles(struct thread *t)
{
	for (unsigned i = 0; i < THINGS; i++) {
		struct thing *thing = &t->things[i];

		if (!thing->token)
			thing->kind = NOTHING;
		thing->handle = 0;
		thing->public_half = 0;
	}
	memset(t->dead, 0, sizeof(t->dead));
	memset(t->seen, 0, sizeof(t->seen));
}

void stress_recover(struct thread *t)
{
	t->doing = "coming after a kill";
	t->login = t->known = atomic_load(&t->own->login);
	t->user = true;
	t->writing = false;
	recover_plan(t);
	forget_handles(t);
	stress_recover_shared(t);
	stress_check_all(t);
}
