/*
 * Files of test vectors in Wycheproof's form: groups of tests, each with a result.
 * They come from anywhere: reading is bounded and strict, a file that is not as it
 * should be is an error, and so is a field. One thread.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/span.h"
#include "util/status.h"

struct ash_vector_file {
	json_t *root;
	const char *name;      /* without its folder; lent from the path */
	const char *algorithm; /* "AES-GCM" */
	const char *schema;    /* "aead_test_schema_v1.json" */
	size_t tests;          /* how many */
};

enum ash_vector_result {
	ASH_VECTOR_VALID,
	ASH_VECTOR_INVALID,
	ASH_VECTOR_ACCEPTABLE
};

/* One test; all it lends lives until ash_vector_case_done(). */
struct ash_vector_case {
	const json_t *group;
	const json_t *test;
	int id;
	const char *comment;
	enum ash_vector_result result;
	const char *broken; /* a field that was asked for and is no good (static text); NULL when none is */
	bool no_memory;
	void *bytes;
};

/*
 * ASH_E_IO: it can't be read. ASH_E_LIMIT: larger than 16 MiB. ASH_E_FORMAT: no JSON, or
 * other tests than it announces. ASH_E_UNSUPPORTED: JSON without test vectors in it.
 * Each with an explanation. ASH_E_MEMORY.
 */
ASH_STATUS ash_vector_file_open(const char *path, struct ash_vector_file *ret_file);
void ash_vector_file_close(struct ash_vector_file *file);

/* Fills `ret_case` for a test; what is wrong with it is in `broken`. */
void ash_vector_case_begin(const json_t *group, const json_t *test, struct ash_vector_case *ret_case);
void ash_vector_case_done(struct ash_vector_case *one);

/*
 * Fields of `object` (the test, its group or something within), which may be absent when
 * `must` is false: then the span has no data, the number is 0, the text NULL. A wrong or
 * missing one sets `broken`.
 */
struct ash_span ash_vector_hex(struct ash_vector_case *one, const json_t *object, const char *name,
			       bool must);
uint32_t ash_vector_number(struct ash_vector_case *one, const json_t *object, const char *name, bool must);
const char *ash_vector_text(struct ash_vector_case *one, const json_t *object, const char *name, bool must);

/* The same as an unsigned integer, without leading zero bytes. */
struct ash_span ash_vector_integer(struct ash_vector_case *one, const json_t *object, const char *name,
				   bool must);

/* The bytes of both, one after the other, lent like fields. Without memory `no_memory` is set. */
struct ash_span ash_vector_keep(struct ash_vector_case *one, struct ash_span first, struct ash_span second);

/* The same bytes, `times` over. */
struct ash_span ash_vector_repeat(struct ash_vector_case *one, struct ash_span bytes, size_t times);

bool ash_vector_has_flag(const struct ash_vector_case *one, const char *flag);
