/*
 * Runs a file of test vectors against a target: what is valid has to be done and give
 * what the file says, what is invalid has to be refused, what is acceptable may be
 * either, as long as the result is right. Prints nothing. One thread for a target.
 */
#pragma once

#include "app/selftest/target.h"

#define ASH_VECTOR_REASONS        8
#define ASH_VECTOR_FAILURES_SHOWN 10

struct ash_vector_report {
	char algorithm[48], schema[96]; /* as the file names them, cut to fit; "" when it does not */
	size_t tests;                   /* passed + failed + skipped */
	size_t passed;
	size_t failed;
	size_t skipped;
	size_t not_offered; /* of the skipped: what the target does not offer */
	struct {
		const char *text; /* static */
		size_t count;
	} reason[ASH_VECTOR_REASONS]; /* of what was skipped; the last takes all that are too many */
	struct {
		int test;
		char comment[64]; /* of the file, cut to fit */
		char why[96];
	} failure[ASH_VECTOR_FAILURES_SHOWN]; /* the first of them */
};

/*
 * ASH_DONE when the file could be read, whatever came of its tests: they are all skipped
 * where nothing is known of its schema, and a file that is JSON, but of no test vectors,
 * has a reason and no tests. The errors of ash_vector_file_open() but ASH_E_UNSUPPORTED.
 */
ASH_STATUS ash_vector_run_file(const char *path, const struct ash_vector_target *target,
			       struct ash_vector_report *ret_report);
