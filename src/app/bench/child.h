/*
 * Work in a process of its own: a module is measured fresh, and one that hangs or dies ends its
 * own process alone. The caller has one thread.
 */
#pragma once

#include <jansson.h>

#include "util/status.h"

/* Done in the child. What it answers is the caller's. */
typedef struct ash_status (*ash_bench_work)(void *context, json_t **ret_answer);

/*
 * Forks, does the work there and gives its answer. The work's own error with its explanation;
 * ASH_E_FAILED when the child died, was ended after `limit_s`, or the program is to end
 * (interrupt.h): the explanation says which. ASH_E_IO, ASH_E_MEMORY.
 */
ASH_STATUS ash_bench_child(ash_bench_work work, void *context, unsigned limit_s, json_t **ret_answer);
