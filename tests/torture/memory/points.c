/*
 * One act, again and again, with another allocation failing each time.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "sweep.h"

#define POINT_SECONDS 60 /* after which it hangs */

uint64_t sweep_next(const struct sweep_span *span, uint64_t at, struct sweep_page *page, bool dear)
{
	const uint64_t allocations = page->allocations;
	const uint64_t all = dear ? SHORT_ALL / 3 : SHORT_ALL;
	const uint64_t few = dear ? SHORT_FEW / 3 : SHORT_FEW;
	const uint64_t stride = allocations > all + few ? (allocations - all) / few : 1;

	if (span->only != 0)
		return at == 0 ? span->only : 0;
	if (at < span->after)
		at = span->after;
	at += span->few && at >= all ? stride : 1;
	if (at > allocations + 2) /* one more or less, from run to run */
		return 0;
	page->stopped = !report_goes_on(span->report) ||
			(span->until > 0 && report_seconds(span->report) > span->until);
	return page->stopped ? 0 : at;
}

void sweep_bad(struct sweep_page *page, uint64_t at, const char *format, ...)
{
	va_list args;

	if (page->bad < BAD_MAX) {
		page->why[page->bad].at = at;
		va_start(args, format);
		(void)vsnprintf(page->why[page->bad].why, WHY_LEN, format, args);
		va_end(args);
	}
	page->bad++;
	page->bad_at = at;
}

void sweep_death(struct sweep_page *page, uint64_t at, int status)
{
	page->deaths++;
	page->points++;
	if (WIFSIGNALED(status))
		sweep_bad(page, at, "the process dies of signal %d", WTERMSIG(status));
	else
		sweep_bad(page, at, "the process ends itself with status %d", WEXITSTATUS(status));
}

bool sweep_is_memory(CK_RV rv)
{
	return rv == CKR_HOST_MEMORY || rv == CKR_DEVICE_MEMORY;
}

/* What an act leaves, and how it leaves it. */
struct look {
	uint64_t sum;
	struct left left;
};

/* Whether what it said it made was there. */
static CK_RV undo(struct world *world, const struct act *act)
{
	if (act->undo != NULL)
		act->undo(world);
	return world_clean(world);
}

static CK_RV prepare(struct world *world, const struct unit *unit)
{
	CK_RV rv = unit->touched ? world_touch(world, unit->act->key) : CKR_OK;

	if (unit->act->before != NULL)
		NEXT(rv, unit->act->before(world));
	return rv;
}

/* Once, with nothing failing. */
static CK_RV run_well(struct world *world, const struct unit *unit)
{
	CK_RV rv = prepare(world, unit);
	CK_RV made = CKR_OK;

	NEXT(rv, unit->act->run(world));
	made = undo(world, unit->act);
	return rv == CKR_OK ? made : rv;
}

static CK_RV look(struct world *world, struct look *ret_look)
{
	CK_RV rv = CKR_OK;

	if (world->keeper != 0)
		rv = world_sum(world, &ret_look->sum);
	left_count(&ret_look->left);
	return rv;
}

static const char *in_words(CK_RV rv)
{
	return rv == CKR_WRONG ? "what is wrong" : actor_rv_name(rv);
}

/* The act with its n-th allocation failing. False when what can be seen is not what it answered. */
static bool fail_once(struct world *world, const struct unit *unit, uint64_t n, bool count, bool *ret_struck)
{
	struct sweep_page *page = unit->page;
	CK_RV rv = CKR_OK, seen = CKR_OK, made = CKR_OK;

	alloc_arm(unit->mode, n);
	rv = unit->act->run(world);
	alloc_disarm();
	*ret_struck = alloc_struck();
	if (count && rv != CKR_OK && (!*ret_struck || !sweep_is_memory(rv)))
		sweep_bad(page, n, "answers %s", in_words(rv));
	if (unit->act->after != NULL)
		seen = unit->act->after(world, rv);
	made = undo(world, unit->act);
	if (seen != CKR_OK)
		sweep_bad(page, n, "answers %s, but a look at it %s", rv == CKR_OK ? "CKR_OK" : in_words(rv),
			  in_words(seen));
	else if (made != CKR_OK)
		sweep_bad(page, n, "of what it made a call answers %s", in_words(made));
	return seen == CKR_OK && made == CKR_OK;
}

/* The same, and then without. False when the world is not what it was. */
static bool try_once(struct world *world, const struct unit *unit, uint64_t n, bool count, bool *ret_struck)
{
	struct sweep_page *page = unit->page;
	CK_RV rv = prepare(world, unit);

	NEXT(rv, world_open(world));
	if (rv != CKR_OK) {
		sweep_bad(page, n, "before the point: %s", actor_rv_name(rv));
		return false;
	}
	if (!fail_once(world, unit, n, count, ret_struck))
		return false;
	if (unit->act->two) {
		world_close(world);
		(void)world_open(world);
	}
	rv = run_well(world, unit);
	world_close(world);
	if (rv != CKR_OK)
		sweep_bad(page, n, "the next time answers %s", actor_rv_name(rv));
	return rv == CKR_OK;
}

/*
 * What is lost is lost each time. What is cached is not, nor what OpenSSL's list of errors
 * keeps: that has 16 places.
 */
static void look_for_leak(struct world *world, const struct unit *unit, uint64_t n, struct look *before)
{
	struct look now = { 0 }, half = { 0 };
	bool struck = false;
	enum left_kind kind = LEFT_KINDS;

	if (look(world, &now) != CKR_OK || left_grown(&before->left, &now.left, 1) == LEFT_KINDS)
		return;
	for (unsigned times = 1; times <= 2 * SWEEP_LEAK_TIMES; times++) {
		if (!try_once(world, unit, n, false, &struck) || look(world, &now) != CKR_OK)
			return;
		if (times == SWEEP_LEAK_TIMES)
			half = now;
	}
	kind = left_grown(&half.left, &now.left, SWEEP_LEAK_TIMES);
	if (kind != LEFT_KINDS)
		sweep_bad(unit->page, n, "%lld %s are lost in %u times",
			  (long long)(now.left.of[kind] - half.left.of[kind]), left_name(kind),
			  SWEEP_LEAK_TIMES);
	before->left = now.left;
}

static bool try_point(struct world *world, const struct unit *unit, uint64_t n, struct look *before)
{
	struct look now = { 0 };
	bool struck = false;
	CK_RV rv = CKR_OK;

	unit->page->at = n;
	(void)alarm(POINT_SECONDS);
	if (!try_once(world, unit, n, true, &struck))
		return false;
	unit->page->points += struck;
	rv = look(world, &now);
	if (rv != CKR_OK || now.sum != before->sum) {
		sweep_bad(unit->page, n, "%s",
			  rv == CKR_OK ? "the objects are not what they were" : actor_rv_name(rv));
		return false;
	}
	if (now.left.of[LEFT_LOCKS] != before->left.of[LEFT_LOCKS]) {
		sweep_bad(unit->page, n, "%lld locks are held, and not %lld",
			  (long long)now.left.of[LEFT_LOCKS], (long long)before->left.of[LEFT_LOCKS]);
		return false;
	}
	look_for_leak(world, unit, n, before);
	return true;
}

/* The token is still there, its PIN and its objects are as they were, for whoever comes anew. */
static bool check_anew(struct world *world, const struct unit *unit, const struct look *before)
{
	struct look now = { 0 };
	CK_RV rv = world->p11.C_Finalize(NULL);

	world->keeper = 0;
	world->session = 0;
	NEXT(rv, world_enter(world, unit->act->presence == USER ? USER : PUBLIC));
	NEXT(rv, look(world, &now));
	if (rv != CKR_OK)
		sweep_bad(unit->page, unit->page->at, "at the end: %s", actor_rv_name(rv));
	else if (unit->act->presence == USER && now.sum != before->sum)
		sweep_bad(unit->page, unit->page->at, "at the end the objects are not what they were");
	NEXT(rv, world->p11.C_Finalize(NULL));
	return rv == CKR_OK;
}

/* Until caches are full and memory is steady. */
static CK_RV warm_up(struct world *world, const struct unit *unit, struct look *ret_before)
{
	CK_RV rv = world_enter(world, unit->act->presence);

	for (unsigned i = 0; i < 3 && rv == CKR_OK; i++) {
		CK_RV made = CKR_OK;

		NEXT(rv, prepare(world, unit));
		NEXT(rv, world_open(world));
		alloc_arm(ALLOC_ONCE, 0);
		NEXT(rv, unit->act->run(world));
		alloc_disarm();
		unit->page->allocations = alloc_counted();
		made = undo(world, unit->act);
		NEXT(rv, made);
		NEXT(rv, run_well(world, unit));
		world_close(world);
		NEXT(rv, look(world, ret_before));
	}
	return rv;
}

__attribute__((noreturn)) static void end_missing(struct sweep_page *page, const char *what, CK_RV rv)
{
	sweep_bad(page, 0, "with no fault %s answers %s", what, in_words(rv));
	page->missing = page->done = true;
	_exit(0);
}

/* Whether there is the key that the act needs. */
static CK_RV look_for_key(struct world *world, const struct unit *unit)
{
	CK_RV rv = world_enter(world, USER);
	CK_RV end = CKR_OK;

	if (rv == CKR_OK && world->secret[unit->act->key] == 0)
		rv = CKR_KEY_HANDLE_INVALID;
	end = world->p11.C_Finalize(NULL);
	return rv == CKR_OK ? end : rv;
}

void sweep_act(struct world *world, const struct unit *unit, struct sweep_span span)
{
	struct look before = { 0 };
	struct sweep_page *page = unit->page;
	CK_RV rv = CKR_OK;

	(void)alarm(POINT_SECONDS);
	if (unit->act->key != KEY_NONE && unit->act->presence == USER)
		rv = look_for_key(world, unit);
	if (rv != CKR_OK)
		end_missing(page, "its key", rv);
	rv = warm_up(world, unit, &before);
	if (rv != CKR_OK)
		end_missing(page, "it", rv);
	for (uint64_t n = sweep_next(&span, 0, page, unit->act->dear); n != 0;
	     n = sweep_next(&span, n, page, unit->act->dear)) {
		if (!try_point(world, unit, n, &before))
			_exit(SWEEP_WORLD_BROKEN);
	}
	(void)check_anew(world, unit, &before);
	page->done = true;
	_exit(0);
}
