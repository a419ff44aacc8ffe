/* The machine's facts that figures depend on, without a name or a path. */
#pragma once

#include <jansson.h>

#include "util/status.h"

/* {"processor", "cores", "memory_mib", "kernel", "system"}. ASH_E_MEMORY. */
ASH_STATUS ash_bench_machine(json_t **ret_facts);
