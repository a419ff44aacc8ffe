#include "vectors/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX  ((size_t)16 << 20)
#define FIELD_MAX ((size_t)4 << 20)

/* Blocks lent to a case, chained. */
struct block {
	struct block *next;
	_Alignas(16) uint8_t data[];
};

static char *read_all(const char *path, size_t *ret_len)
{
	FILE *in = fopen(path, "rb");
	char *text = NULL;

	if (in == NULL)
		return NULL;
	text = malloc(FILE_MAX + 1);
	if (text != NULL) {
		*ret_len = fread(text, 1, FILE_MAX + 1, in);
		if (ferror(in) || *ret_len > FILE_MAX) {
			free(text);
			text = NULL;
		}
	}
	(void)fclose(in);
	return text;
}

static size_t count_tests(const json_t *groups)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(groups); i++)
		count += json_array_size(json_object_get(json_array_get(groups, i), "tests"));
	return count;
}

static bool understand(struct vector_file *file)
{
	const json_t *groups = json_object_get(file->root, "testGroups");
	json_int_t said = json_integer_value(json_object_get(file->root, "numberOfTests"));

	file->algorithm = json_string_value(json_object_get(file->root, "algorithm"));
	file->schema = json_string_value(json_object_get(file->root, "schema"));
	return file->algorithm != NULL && file->schema != NULL && said > 0 &&
	       (size_t)said == count_tests(groups);
}

bool vector_file_open(const char *path, struct vector_file *ret_file)
{
	struct vector_file file = { 0 };
	json_error_t error = { 0 };
	size_t len = 0;
	char *text = read_all(path, &len);
	const char *slash = strrchr(path, '/');

	if (text == NULL) {
		printf("# %s can't be read, or is too large\n", path);
		return false;
	}
	file.root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	free(text);
	file.name = slash != NULL ? slash + 1 : path;
	if (file.root == NULL || !understand(&file)) {
		printf("# %s:%d: %s\n", path, error.line,
		       file.root == NULL ? error.text : "not the tests it announces");
		vector_file_close(&file);
		return false;
	}
	*ret_file = file;
	return true;
}

void vector_file_close(struct vector_file *file)
{
	json_decref(file->root);
	file->root = NULL;
}

static enum vector_result result_of(struct vector_case *one)
{
	static const char *const names[] = { "valid", "invalid", "acceptable" };
	const char *text = vector_text(one, one->test, "result", true);

	for (size_t i = 0; text != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0)
			return (enum vector_result)i;
	}
	one->broken = "result";
	return VECTOR_INVALID;
}

void vector_case_begin(const json_t *group, const json_t *test, struct vector_case *ret_case)
{
	struct vector_case one = { .group = group, .test = test };

	one.id = (int)vector_number(&one, test, "tcId", true);
	one.comment = vector_text(&one, test, "comment", false);
	if (one.comment == NULL)
		one.comment = "no comment";
	one.result = result_of(&one);
	*ret_case = one;
}

void vector_case_done(struct vector_case *one)
{
	struct block *next = NULL;

	for (struct block *block = one->bytes; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	one->bytes = NULL;
}

struct ash_mut vector_room(struct vector_case *one, size_t len)
{
	struct block *block = calloc(1, sizeof(*block) + len);

	if (block == NULL)
		abort();
	block->next = one->bytes;
	one->bytes = block;
	return ash_mut(block->data, len);
}

static const json_t *field(struct vector_case *one, const json_t *object, const char *name, bool must,
			   json_type type)
{
	const json_t *value = json_object_get(object, name);

	if (json_is_null(value))
		value = NULL;
	if (value == NULL ? must : json_typeof(value) != type)
		one->broken = name;
	return value != NULL && json_typeof(value) == type ? value : NULL;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct ash_span vector_hex(struct vector_case *one, const json_t *object, const char *name, bool must)
{
	const json_t *value = field(one, object, name, must, JSON_STRING);
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	struct ash_mut room = { NULL, 0 };

	if (value == NULL)
		return ASH_SPAN_NONE;
	if (len % 2 != 0 || len / 2 > FIELD_MAX) {
		one->broken = name;
		return ASH_SPAN_NONE;
	}
	room = vector_room(one, len / 2);
	for (size_t i = 0; i < room.len; i++) {
		int high = digit(text[2 * i]);
		int low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			one->broken = name;
			return ASH_SPAN_NONE;
		}
		room.data[i] = (uint8_t)(high << 4 | low);
	}
	return ash_mut_span(room);
}

struct ash_span vector_integer(struct vector_case *one, const json_t *object, const char *name, bool must)
{
	struct ash_span bytes = vector_hex(one, object, name, must);

	while (bytes.len != 0 && bytes.data[0] == 0)
		bytes = ash_span(bytes.data + 1, bytes.len - 1);
	return bytes;
}

uint32_t vector_number(struct vector_case *one, const json_t *object, const char *name, bool must)
{
	const json_t *value = field(one, object, name, must, JSON_INTEGER);
	json_int_t number = json_integer_value(value);

	if (number < 0 || number > UINT32_MAX) {
		one->broken = name;
		return 0;
	}
	return (uint32_t)number;
}

const char *vector_text(struct vector_case *one, const json_t *object, const char *name, bool must)
{
	return json_string_value(field(one, object, name, must, JSON_STRING));
}

bool vector_has_flag(const struct vector_case *one, const char *flag)
{
	const json_t *flags = json_object_get(one->test, "flags");

	for (size_t i = 0; i < json_array_size(flags); i++) {
		const char *text = json_string_value(json_array_get(flags, i));

		if (text != NULL && strcmp(text, flag) == 0)
			return true;
	}
	return false;
}
