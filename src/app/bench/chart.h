/*
 * The chart of `ashlar bench scale`: a panel for each kind of call, cost against the number of
 * keys, both logarithmic, a line for each module. SVG that needs nothing from elsewhere.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "util/status.h"

#define ASH_BENCH_CHART_SERIES 6

/*
 * Draws {"machine", "place", "series": [...]}, where a series is what ash_bench_scale() gives. What is
 * missing in it is not drawn. ASH_E_FORMAT with an explanation where it is no such document, has no
 * point with keys, or more than ASH_BENCH_CHART_SERIES series. Whether writing went well is for the caller.
 */
ASH_STATUS ash_bench_chart(const json_t *document, FILE *out);
