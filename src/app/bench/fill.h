/* Filling a token: many threads make key pairs, as fast as the module can. */
#pragma once

#include "app/bench/guest.h"
#include "app/bench/watch.h"

#define ASH_BENCH_THREADS_MAX 256

/*
 * Makes pairs `from` to `to` - 1 with C_GenerateKeyPair in `threads` threads, a session each, but
 * begins none after `limit_ms` (0: no limit). Gives the first pair that was not made (those below
 * it were), and what all of it cost; threads are made before the clocks start. The first failure.
 */
ASH_STATUS ash_bench_fill(const struct ash_bench_guest *guest, uint64_t from, uint64_t to, unsigned threads,
			  uint64_t limit_ms, uint64_t *ret_next, struct ash_bench_cost *ret_cost);
