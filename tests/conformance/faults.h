/*
 * Faults of the machine on order, for the module and the libraries that it uses: the
 * n-th allocation, read or write of a call fails. This works because the host's own
 * malloc, pread and so on come first when the module is bound (the program is linked
 * with its symbols exported), as with any host that brings an allocator of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum fault {
	FAULT_NONE,
	FAULT_MEMORY, /* malloc and its like, anonymous mappings */
	FAULT_IO,     /* reading, writing and syncing files: EIO */
	FAULT_FULL,   /* writing and growing files: ENOSPC */

	/* No faults: the moments at which something else happens meanwhile. */
	MOMENT_FILE, /* a file is about to be read, written or synced */
	MOMENT_HASH, /* the slow hash of a PIN is about to be computed: it wants much memory */
};

/* From now on the calls that are attempted meet this fault, at their n-th such event. */
void fault_plan(enum fault fault, uint64_t n);

/* What happens at a MOMENT_; the call goes on afterwards. */
void fault_meanwhile(void (*callback)(void));

/* Around each call that may meet it, with what it answered: ATTEMPT() of provoke.h. */
void fault_begin(void);
void fault_end(unsigned long answer);

/* Whether the fault happened since it was planned, here or in a child, and what that call answered. */
bool fault_happened(unsigned long *ret_answer);
