/*
 * Pieces of a sweep's work shared out among processes. Each process counts in its own copy
 * of the report; what they counted is added up in the caller's.
 */
#pragma once

#include "report.h"

/* Sums that a sweep wants beyond points and bad ones. */
#define JOBS_SUMS 16

/* One piece; `sums` are this process's own, to be added to. */
typedef void jobs_work(struct report *report, size_t piece, uint64_t *sums, void *context);

/* Does pieces 0 to count-1 in `processes` processes, whoever is free taking the next. One that dies is a bad point. */
void jobs_run(struct report *report, unsigned processes, size_t count, jobs_work *work, void *context,
	      uint64_t ret_sums[JOBS_SUMS]);

/* How many processes are worth while here. */
unsigned jobs_processes(void);
