/*
 * Knowing that this process is a forked child, without a system call and without
 * pthread_atfork (which a child made by a bare clone would not run): a page under
 * MADV_WIPEONFORK that reads zero.
 *
 * Any thread may call everything here; nothing here takes a lock.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A number, never 0, that stays the same while the process lives and is another
 * one in every child of it. About as dear as two loads.
 */
uint64_t ash_fork_epoch(void);

/*
 * For state that each process has to make for itself, as it holds a lock or a
 * descriptor. Zeroed: not made yet, in any process.
 */
struct ash_fork_guard {
	_Atomic uint64_t state;
};

/*
 * True for the one caller that has to (re)make the state in this process, and
 * then calls ash_fork_made(); everybody else waits for that and gets false.
 */
bool ash_fork_claim(struct ash_fork_guard *guard);
void ash_fork_made(struct ash_fork_guard *guard);

/* Whether this process has made it. */
bool ash_fork_is_made(struct ash_fork_guard *guard);
