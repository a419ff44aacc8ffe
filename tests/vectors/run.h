/*
 * Runs a file of test vectors against a target: what is valid has to be done and give
 * what the file says, what is invalid has to be refused, what is acceptable may be
 * either, as long as the result is right.
 */
#pragma once

#include "vectors/target.h"

#define VECTOR_REASONS 8

struct vector_report {
	size_t passed;
	size_t failed;
	size_t not_offered; /* the target does not offer the algorithm, the curve, the size… */
	size_t skipped;     /* left out for another reason */
	struct {
		const char *text;
		size_t count;
	} reason[VECTOR_REASONS]; /* of what was skipped */
};

/*
 * Prints each failure and, at the end, the counts and the reasons for what was left
 * out, as comments of TAP. False when the file can't be read or no runner is known for
 * its schema. Unless `loud`, prints nothing but that.
 */
bool vector_run_file(const char *path, const struct vector_target *target, bool loud,
		     struct vector_report *ret_report);
