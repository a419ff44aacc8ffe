/*
 * The points of a sweep, shared out among a few processes. Results come back in shared
 * memory, so a worker that dies loses nothing but the point that it was at.
 */
#pragma once

#include <stddef.h>

/*
 * Calls `work(context, point, worker, result)` for each point below `count`, in `workers`
 * processes (0: one for each processor); `worker` counts from 0. No point is begun more
 * than `seconds` after the start (0: no end). Every result begins with its
 * first byte 0, and `work` sets that to something else: what is 0 was never done.
 * Returns the results, `size` bytes for each, for crew_done().
 */
void *crew_run(size_t count, size_t size, unsigned workers, double seconds,
	       void (*work)(const void *context, size_t point, unsigned worker, void *result),
	       const void *context);
void crew_done(void *results, size_t count, size_t size);

/* How many workers there will be for 0. */
unsigned crew_workers(void);
