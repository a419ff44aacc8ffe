/*
 * Searches: a session has at most one. It remembers what is looked for and the
 * last place, and goes on from there in a view of its own for each call.
 *
 * PKCS#11 3.2 §5.7.8 to §5.7.10. Called with the session held.
 */
#pragma once

#include "token/attrs.h"
#include "token/hsm.h"
#include "token/record.h"

enum ash_find_phase {
	ASH_FIND_IDLE,
	ASH_FIND_SESSION_OBJECTS,
	ASH_FIND_PUBLIC,
	ASH_FIND_PRIVATE,
	ASH_FIND_PROFILES, /* last: who takes the first that comes means something else */
	ASH_FIND_END
};

struct ash_find {
	enum ash_find_phase phase;
	struct ash_attrs *want;
	uint64_t after; /* in the phase: a handle, or a record's number */
	uint64_t login; /* the login under which it began */
};

void ash_find_done(struct ash_find *find);
