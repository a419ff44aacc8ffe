/*
 * What an inspection finds: told one by one as it goes on, part by part. The last
 * word on each part is its summary.
 *
 * One inspection is one thread's.
 */
#pragma once

#include <stdarg.h>

#include "store/store.h"
#include "util/compat.h"

/* The findings of one part of the store. */
struct ash_findings {
	ash_store_tell *tell;
	void *context;
	const char *part;
	struct ash_record_name place; /* what the part is about; 0 where that means nothing */
	uint64_t checked, damaged, unchecked;
};

/* Begins a part. `part` and what it is about go to each finding. */
void ash_findings_begin(struct ash_findings *findings, const char *part, struct ash_record_name place);

/*
 * Something is wrong with a record (id 0: with no single one), or could not be looked at.
 * Of each part the first ASH_FINDINGS_TOLD are told, the others counted.
 */
#define ASH_FINDINGS_TOLD 100u
void ash_findings_damage(struct ash_findings *findings, uint64_t id, const char *format, ...)
	ASH_PRINTF(3, 4);
void ash_findings_unchecked(struct ash_findings *findings, uint64_t id, const char *format, ...)
	ASH_PRINTF(3, 4);

/* Tells the summary. */
void ash_findings_end(struct ash_findings *findings);
