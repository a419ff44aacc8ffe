/*
 * Files of test vectors in Wycheproof's form: groups of tests, each with a result.
 * Reading is bounded and strict: a file that is not as it should be is an error, and
 * so is a field.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/span.h"

struct vector_file {
	json_t *root;
	const char *name;      /* without its folder */
	const char *algorithm; /* "AES-GCM" */
	const char *schema;    /* "aead_test_schema_v1.json" */
};

enum vector_result {
	VECTOR_VALID,
	VECTOR_INVALID,
	VECTOR_ACCEPTABLE
};

/* One test; all it lends lives until vector_case_done(). */
struct vector_case {
	const json_t *group;
	const json_t *test;
	int id;
	const char *comment;
	enum vector_result result;
	const char *broken; /* what is wrong with a field that was asked for; NULL when nothing is */
	void *bytes;
};

/* Prints what is wrong and returns false when the file can't be read or lacks tests. */
bool vector_file_open(const char *path, struct vector_file *ret_file);
void vector_file_close(struct vector_file *file);

/* Fills `ret_case` for a test; what is wrong with it is in `broken`. */
void vector_case_begin(const json_t *group, const json_t *test, struct vector_case *ret_case);
void vector_case_done(struct vector_case *one);

/*
 * Fields of `object` (the test, its group or something within), which may be absent when
 * `must` is false: then the span has no data, the number is 0, the text NULL. A wrong or
 * missing one sets `broken`.
 */
struct ash_span vector_hex(struct vector_case *one, const json_t *object, const char *name, bool must);
uint32_t vector_number(struct vector_case *one, const json_t *object, const char *name, bool must);
const char *vector_text(struct vector_case *one, const json_t *object, const char *name, bool must);

/* The same as an unsigned integer, without leading zero bytes. */
struct ash_span vector_integer(struct vector_case *one, const json_t *object, const char *name, bool must);

/* `len` bytes, zeroed. */
struct ash_mut vector_room(struct vector_case *one, size_t len);

bool vector_has_flag(const struct vector_case *one, const char *flag);
