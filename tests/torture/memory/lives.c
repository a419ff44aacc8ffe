/*
 * The library's whole life, from C_Initialize to C_Finalize, with one allocation failing: in
 * a process for each point, as what is set up once in a process can fail once only. A call
 * that fails is made again, and has to work; so does another life after the first. Then, for
 * each eighth of them, the same allocation fails in a later life, when all is there that is
 * made once.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "sweep.h"

#define LIFE_SECONDS 60
#define STEPS_MAX    24

/*
 * What OpenSSL may lose when it can't make its library context: it has paths that forget a
 * name or a method. Once in a process, as the context is made once: nothing in later lives.
 */
#define LEFT_MOST 8

/* A leak has many n-th allocations behind it; a life costs the hash of a PIN, and there are 60,000 points. */
#define LATER_EACH 8u

typedef CK_RV step_fn(struct world *world);

struct life {
	const char *name;
	bool empty; /* begins without a token */
	step_fn *steps[STEPS_MAX];
};

/* ---- steps ---- */

static CK_RV initialize(struct world *world)
{
	return world->p11.C_Initialize(NULL);
}

static CK_RV finalize(struct world *world)
{
	const CK_RV rv = world->p11.C_Finalize(NULL);

	if (rv == CKR_OK)
		world->keeper = world->session = 0;
	return rv;
}

static CK_RV find_token(struct world *world)
{
	return world_find_slot(world, false);
}

static CK_RV find_blank(struct world *world)
{
	return world_find_slot(world, true);
}

/* The keeper is opened before the act's own. */
static CK_RV open_session(struct world *world)
{
	CK_SESSION_HANDLE *session = world->keeper == 0 ? &world->keeper : &world->session;

	return world->p11.C_OpenSession(world->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					session);
}

static CK_RV log_in(struct world *world)
{
	return world->p11.C_Login(world->keeper, CKU_USER, USER_PIN);
}

static CK_RV log_in_officer(struct world *world)
{
	return world->p11.C_Login(world->keeper, CKU_SO, SO_PIN);
}

static CK_RV log_out(struct world *world)
{
	return world->p11.C_Logout(world->keeper);
}

static CK_RV init_token(struct world *world)
{
	CK_UTF8CHAR label[33] = "memory                          ";

	return world->p11.C_InitToken(world->slot, SO_PIN, label);
}

static CK_RV init_pin(struct world *world)
{
	return world->p11.C_InitPIN(world->keeper, USER_PIN);
}

static CK_RV destroy_made(struct world *world)
{
	CK_RV rv = CKR_OK;

	while (rv == CKR_OK && world->made_count != 0) {
		rv = world->p11.C_DestroyObject(world->session, world->made[world->made_count - 1]);
		world->made_count -= rv == CKR_OK;
	}
	return rv;
}

static CK_RV run_act(struct world *world, const struct act *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, name) == 0)
			return table[i].run(world);
	}
	return CKR_FUNCTION_NOT_SUPPORTED;
}

static CK_RV digest(struct world *world)
{
	return run_act(world, acts, acts_count, "digest");
}

static CK_RV draw_random(struct world *world)
{
	return run_act(world, acts, acts_count, "random");
}

static CK_RV create_public(struct world *world)
{
	return run_act(world, acts, acts_count, "create-public");
}

static CK_RV create_private(struct world *world)
{
	return run_act(world, acts, acts_count, "create-private");
}

static CK_RV find_key(struct world *world, CK_OBJECT_CLASS class, const char *label,
		      CK_OBJECT_HANDLE *ret_key)
{
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_LABEL, (void *)(uintptr_t)label, strlen(label) } };
	CK_ULONG count = 0;
	CK_RV rv = world->p11.C_FindObjectsInit(world->session, template, COUNT(template));

	NEXT(rv, world->p11.C_FindObjects(world->session, ret_key, 1, &count));
	NEXT(rv, world->p11.C_FindObjectsFinal(world->session));
	return rv == CKR_OK && count == 0 ? CKR_WRONG : rv;
}

static CK_RV sign_rsa(struct world *world)
{
	CK_RV rv = find_key(world, CKO_PRIVATE_KEY, "rsa", &world->secret[KEY_RSA]);

	NEXT(rv, find_key(world, CKO_PUBLIC_KEY, "rsa", &world->public[KEY_RSA]));
	NEXT(rv, run_act(world, key_acts, key_acts_count, "rsa-sign"));
	return rv;
}

static CK_RV sign_ec(struct world *world)
{
	CK_RV rv = find_key(world, CKO_PRIVATE_KEY, "ec", &world->secret[KEY_EC]);

	NEXT(rv, find_key(world, CKO_PUBLIC_KEY, "ec", &world->public[KEY_EC]));
	NEXT(rv, run_act(world, key_acts, key_acts_count, "ecdsa-sha256"));
	return rv;
}

static CK_RV crypt_aes(struct world *world)
{
	CK_RV rv = find_key(world, CKO_SECRET_KEY, "aes", &world->secret[KEY_AES]);

	NEXT(rv, run_act(world, key_acts, key_acts_count, "aes-cbc"));
	return rv;
}

static CK_RV generate_ec(struct world *world)
{
	return run_act(world, key_acts, key_acts_count, "generate-ec");
}

static const struct life lives[] = {
	{ .name = "life-public",
	  .steps = { initialize, find_token, open_session, open_session, digest, draw_random, create_public,
		     destroy_made, finalize } },
	{ .name = "life-user",
	  .steps = { initialize, find_token, open_session, log_in, open_session, sign_rsa, sign_ec, crypt_aes,
		     create_private, destroy_made, log_out, finalize } },
	{ .name = "life-birth",
	  .empty = true,
	  .steps = { initialize, find_blank, init_token, find_token, open_session, log_in_officer, init_pin,
		     log_out, log_in, open_session, generate_ec, destroy_made, finalize } },
};

const struct life *life_at(size_t n)
{
	return n < COUNT(lives) ? &lives[n] : NULL;
}

const char *life_name(const struct life *life)
{
	return life->name;
}

/* Of a token that is there: what the second life is. */
static const struct life afterwards = {
	.name = "afterwards",
	.steps = { initialize, find_token, open_session, log_in, open_session, digest, create_private,
		   destroy_made, log_out, finalize },
};

/* ---- lives ---- */

/* What an act left behind half way is swept up; all else is left to the step that is made again. */
static void sweep_up(struct world *world)
{
	if (world->session == 0)
		return;
	(void)world_clean(world); /* the step that is made again shows what is there */
	world_close(world);
	(void)world_open(world);
}

/* False: it was bad, and said so. */
static bool live(struct world *world, const struct life *life, const struct unit *unit, uint64_t n)
{
	for (size_t i = 0; i < STEPS_MAX && life->steps[i] != NULL; i++) {
		CK_RV rv = life->steps[i](world);

		if (rv == CKR_OK)
			continue;
		alloc_disarm();
		if (n == 0 || !alloc_struck() || !sweep_is_memory(rv)) {
			sweep_bad(unit->page, n, "%s, step %zu answers %s", life->name, i + 1,
				  actor_rv_name(rv));
			return false;
		}
		sweep_up(world);
		rv = life->steps[i](world);
		if (rv != CKR_OK) {
			sweep_bad(unit->page, n, "%s, step %zu answers %s the next time", life->name, i + 1,
				  actor_rv_name(rv));
			return false;
		}
	}
	return true;
}

/* At the end of all lives no descriptor is open and no lock is held that would not be without the fault. */
static void note_left(struct sweep_page *page, uint64_t n, const struct left *left)
{
	const int64_t blocks = left->of[LEFT_BLOCKS] - page->left.of[LEFT_BLOCKS];

	page->left_points += blocks > 0;
	if (blocks > page->left_most)
		page->left_most = blocks;
	if (blocks > LEFT_MOST)
		sweep_bad(page, n, "%lld blocks more are left at the end", (long long)blocks);
	for (enum left_kind kind = LEFT_DESCRIPTORS; kind <= LEFT_LOCKS; kind++) {
		if (left->of[kind] != page->left.of[kind])
			sweep_bad(page, n, "%lld %s are left at the end, and not %lld",
				  (long long)left->of[kind], left_name(kind), (long long)page->left.of[kind]);
	}
}

static bool live_with_fault(struct world *world, const struct unit *unit, uint64_t n)
{
	bool good = false;

	(void)alarm(LIFE_SECONDS);
	alloc_arm(unit->mode, n);
	good = live(world, unit->life, unit, n);
	alloc_disarm();
	return good;
}

/* False: it was bad, or such a life asks for less by now. */
static bool live_later(struct world *world, const struct unit *unit, uint64_t n, const struct home *home)
{
	if (unit->life->empty)
		home_clear(home);
	return live_with_fault(world, unit, n) && alloc_struck();
}

/* What is lost now is lost in each life. As in points.c: OpenSSL's list of errors has 16 places. */
static void live_on(struct world *world, const struct unit *unit, uint64_t n, const struct home *home,
		    struct left before)
{
	struct left now, half;
	enum left_kind kind = LEFT_KINDS;

	for (unsigned times = 1; times <= 2; times++, before = now) {
		if (!live_later(world, unit, n, home))
			return;
		unit->page->points += times == 1;
		left_count(&now);
		if (left_grown(&before, &now, 1) == LEFT_KINDS)
			return;
	}
	half = now;
	for (unsigned times = 1; times <= 2 * SWEEP_LEAK_TIMES; times++) {
		if (!live_later(world, unit, n, home))
			return;
		left_count(&now);
		if (times == SWEEP_LEAK_TIMES)
			half = now;
	}
	kind = left_grown(&half, &now, SWEEP_LEAK_TIMES);
	if (kind != LEFT_KINDS)
		sweep_bad(unit->page, n, "%lld %s are lost in %u later lives",
			  (long long)(now.of[kind] - half.of[kind]), left_name(kind), SWEEP_LEAK_TIMES);
}

/* In the point's own process: a life with the fault, one without, and (of each few points) later ones with it. */
static void live_often(struct world *world, const struct unit *unit, uint64_t n)
{
	struct sweep_page *page = unit->page;
	struct home home = { .path = "" };
	struct left left;
	bool good = false;

	if (unit->life->empty) {
		home = home_make();
		home_enter(&home);
	}
	good = live_with_fault(world, unit, n);
	if (n == 0)
		page->allocations = alloc_counted();
	page->points += n != 0 && alloc_struck();
	good = good && live(world, &afterwards, unit, 0);
	left_count(&left);
	if (n == 0)
		page->left = left;
	else if (good)
		note_left(page, n, &left);
	if (n != 0 && good && n % LATER_EACH == 0)
		live_on(world, unit, n, &home, left);
	if (unit->life->empty)
		home_remove(&home);
	page->lived = true;
	_exit(0);
}

static bool ends_well(struct sweep_page *page, pid_t child, uint64_t n)
{
	int status = -1;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	if (!page->lived)
		sweep_death(page, n, status);
	return true;
}

void sweep_life(struct world *world, const struct unit *unit, struct sweep_span span)
{
	struct sweep_page *page = unit->page;
	uint64_t n = 0;

	do {
		pid_t child = -1;

		page->at = n;
		page->lived = false;
		child = fork();
		if (child == 0)
			live_often(world, unit, n);
		if (!ends_well(page, child, n))
			_exit(2);
		if (n == 0 && page->bad != 0) { /* it can't even live well */
			page->missing = true;
			break;
		}
		n = sweep_next(&span, n, page, true);
	} while (n != 0);
	page->done = true;
	_exit(0);
}
