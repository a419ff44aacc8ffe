/*
 * Return codes and what provokes them. A program is a table:
 *
 *     static const struct provocation table[] = {
 *             PROVOKE(C_GetInfo, CKR_ARGUMENTS_BAD, "no place for it", info_nowhere),
 *             PROVOKE_WAITS(C_…, CKR_…, "…", body, "what has to be done first"),
 *     };
 *     int main(int argc, char **argv) { … provoke_all(table, COUNT(table)); … }
 *
 * A body returns what the function answered, and leaves the world as it was. It
 * says ATTEMPT(call) around the one call that it is about, and around nothing else:
 * what its arguments need is there before. Each body that provokes CKR_OK is run
 * again and again with that call's first, second, … sixteenth allocation, read and
 * write failing, then with ever fewer of the later ones: so CKR_HOST_MEMORY,
 * CKR_DEVICE_ERROR and CKR_DEVICE_MEMORY are provoked where they can happen, and
 * shown to change nothing. Reads fail once
 * more after another process changed the store, when the call has to read again what
 * it would have known; so do the others where their codes are not seen at once.
 */
#pragma once

#include "faults.h"
#include "world.h"

struct provocation {
	const char *function;
	CK_RV code;
	const char *code_name;
	const char *how;
	CK_RV (*body)(void);
	const char *waits; /* NULL, or why it is expected to fail today */
	bool no_faults;    /* the body is not to be repeated with faults */
};

#define PROVOKE(function, code, how, body)                     \
	{                                                      \
#function, code, #code, how, body, NULL, false \
	}
#define PROVOKE_WAITS(function, code, how, body, waits)         \
	{                                                       \
#function, code, #code, how, body, waits, false \
	}
#define PROVOKE_ONCE(function, code, how, body)               \
	{                                                     \
#function, code, #code, how, body, NULL, true \
	}

#define ATTEMPT(...) provoke_attempted((provoke_attempt(), (__VA_ARGS__)))
void provoke_attempt(void);
CK_RV provoke_attempted(CK_RV rv);

/* body_apart() is the body in a process with an empty home, where nothing is initialised. */
#define IN_SCRATCH(body)                    \
	static CK_RV body##_apart(void)     \
	{                                   \
		return world_scratch(body); \
	}

/*
 * The same for a body that needs a process of its own: runs it with this fault at
 * its first, second, … event in the same steps, until none is left. The code that the fault has to
 * have; any other failure is what is returned, and what `intact` says of it.
 */
CK_RV provoke_sweep(enum fault fault, CK_RV (*body)(void), bool (*intact)(void));

void provoke_all(const struct provocation *table, size_t count);
