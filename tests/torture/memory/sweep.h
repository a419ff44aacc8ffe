/*
 * The sweep's units: an act (or a whole life of the library) in one mode, each in a process
 * of its own that says on a shared page what it found. If it dies, the next begins behind.
 */
#pragma once

#include "alloc.h"
#include "left.h"
#include "report.h"
#include "world.h"

#define BAD_MAX            32
#define WHY_LEN            160
#define SWEEP_WORLD_BROKEN 3 /* exit status: the next point needs a process that knows nothing */

#define SWEEP_LEAK_TIMES 20u

#define SHORT_ALL 6u /* a short run tries the first so many points */
#define SHORT_FEW 9u /* and so many of the rest; of what is dear, a third */

struct sweep_page {
	uint64_t allocations; /* of the act, when nothing fails */
	uint64_t at;          /* the point that is being tried */
	uint64_t points, deaths;
	uint64_t bad;    /* those below, and more if there were more */
	uint64_t bad_at; /* the point of the latest */
	bool missing;    /* it does not work even when nothing fails; why[0] says so */
	bool stopped;    /* not all points were tried */
	bool lived;      /* the life that is being tried came to its end */
	bool done;
	struct {
		uint64_t at;
		char why[WHY_LEN];
	} why[BAD_MAX];

	/* Of lives: what is left when nothing failed; and the most blocks more when something did. */
	struct left left;
	int64_t left_most;
	uint64_t left_points;
};

struct life;

struct unit {
	const struct act *act; /* or: */
	const struct life *life;
	bool touched; /* the key has been changed before each run */
	enum alloc_mode mode;
	double until; /* in seconds of the run; 0: no end */
	struct sweep_page *page;
};

/* Which points: all of them, or a few; or one alone. */
struct sweep_span {
	uint64_t after, only;
	bool few;
	struct report *report; /* says when no further point may be begun, */
	double until;          /* and of this unit, so that a stopped run has some of each; 0: no end */
};

/* The point after `at`; 0 when that was the last, or, which the page says, no further one may be begun. */
uint64_t sweep_next(const struct sweep_span *span, uint64_t at, struct sweep_page *page, bool dear);

__attribute__((format(printf, 3, 4))) void sweep_bad(struct sweep_page *page, uint64_t at, const char *format,
						     ...);
/* The point's process ended before its end: by a signal, or by an exit that nobody asked for. */
void sweep_death(struct sweep_page *page, uint64_t at, int status);
/* What a call may answer when memory is short: CKR_HOST_MEMORY, CKR_DEVICE_MEMORY. */
bool sweep_is_memory(CK_RV rv);

/* In the unit's process, in a home with a token: ends with _exit. */
__attribute__((noreturn)) void sweep_act(struct world *world, const struct unit *unit,
					 struct sweep_span span);
/* The same, with a process more for each point; `empty` homes are made as needed. */
__attribute__((noreturn)) void sweep_life(struct world *world, const struct unit *unit,
					  struct sweep_span span);

/* The n-th; NULL when there are not so many. */
const struct life *life_at(size_t n);
const char *life_name(const struct life *life);
