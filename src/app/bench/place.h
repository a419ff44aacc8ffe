/*
 * Where modules find their stores while they are measured: a new folder, gone afterwards. What
 * the user has is neither seen nor touched.
 */
#pragma once

#include "util/compat.h"
#include "util/status.h"

struct ash_bench_place {
	char *folder; /* of this run */
};

/* A folder in `parent`; NULL: in TMPDIR or /tmp. ASH_E_IO with an explanation, ASH_E_MEMORY. */
ASH_STATUS ash_bench_place_make(const char *parent, struct ash_bench_place *ret_place);

/* Sets this process's environment so that modules go there: ASHLAR_HOME and SOFTHSM2_CONF. ASH_E_IO. */
ASH_STATUS ash_bench_place_enter(const struct ash_bench_place *place);

/* Removes the folder with all in it. */
void ash_bench_place_done(struct ash_bench_place *place);

/* "ext4", "tmpfs", …: what the place lies on; its number where no name is known. Static. */
const char *ash_bench_place_kind(const struct ash_bench_place *place);

/* The path of our own module: beside the program, else where it is installed. ASH_E_NOT_FOUND, ASH_E_MEMORY. */
ASH_STATUS ash_bench_own_module(char **ret_path);

static inline void ash_bench_place_auto(struct ash_bench_place *place)
{
	ash_bench_place_done(place);
}
