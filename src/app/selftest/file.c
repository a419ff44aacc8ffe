#include "app/selftest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/compat.h"
#include "util/mem.h"

#define FILE_MAX  ((size_t)16 << 20)
#define FIELD_MAX ((size_t)4 << 20)

/* Blocks lent to a case, chained. */
struct block {
	struct block *next;
	_Alignas(16) uint8_t data[];
};

struct descriptor {
	int fd;
};

static void descriptor_auto(struct descriptor *descriptor)
{
	if (descriptor->fd >= 0)
		(void)close(descriptor->fd);
}

/* Nothing but a regular file: no waiting for a pipe, no device without end. */
static ASH_STATUS read_all(const char *path, char **ret_text, size_t *ret_len)
{
	ASH_AUTO_MEM char *text = NULL;
	ASH_AUTO(descriptor) in = { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) };
	struct stat facts;
	size_t len = 0;
	ssize_t more = 1;

	if (in.fd < 0 || fstat(in.fd, &facts) != 0)
		ASH_FAIL_WITH(ASH_E_IO, "%s", strerror(errno));
	if (!S_ISREG(facts.st_mode))
		ASH_FAIL_WITH(ASH_E_IO, "it is no regular file");
	if (facts.st_size < 0 || (uint64_t)facts.st_size > FILE_MAX)
		ASH_FAIL_WITH(ASH_E_LIMIT, "it is larger than %zu MiB", FILE_MAX >> 20);
	text = ash_mem_new((size_t)facts.st_size + 1, 1);
	ASH_ENSURE(text != NULL, ASH_E_MEMORY);
	while (more > 0 && len < (size_t)facts.st_size) {
		more = read(in.fd, text + len, (size_t)facts.st_size - len);
		if (more < 0 && errno != EINTR)
			ASH_FAIL_WITH(ASH_E_IO, "%s", strerror(errno));
		len += more > 0 ? (size_t)more : 0;
		more = more < 0 ? 1 : more;
	}
	*ret_text = ASH_TAKE(text);
	*ret_len = len;
	return ASH_DONE;
}

static size_t count_tests(const json_t *groups)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(groups); i++)
		count += json_array_size(json_object_get(json_array_get(groups, i), "tests"));
	return count;
}

static ASH_STATUS understand(struct ash_vector_file *file)
{
	const json_t *groups = json_object_get(file->root, "testGroups");
	json_int_t said = json_integer_value(json_object_get(file->root, "numberOfTests"));

	file->algorithm = json_string_value(json_object_get(file->root, "algorithm"));
	file->schema = json_string_value(json_object_get(file->root, "schema"));
	file->tests = count_tests(groups);
	if (groups == NULL || file->algorithm == NULL || file->schema == NULL)
		ASH_FAIL_WITH(ASH_E_UNSUPPORTED, "it names no algorithm, no schema or no groups of tests");
	if (said <= 0 || (size_t)said != file->tests)
		ASH_FAIL_WITH(ASH_E_FORMAT, "it announces %" JSON_INTEGER_FORMAT " tests and has %zu", said,
			      file->tests);
	return ASH_DONE;
}

ASH_STATUS ash_vector_file_open(const char *path, struct ash_vector_file *ret_file)
{
	struct ash_vector_file file = { 0 };
	ASH_AUTO_MEM char *text = NULL;
	const char *slash = strrchr(path, '/');
	json_error_t error = { 0 };
	struct ash_status status;
	size_t len = 0;

	ASH_TRY(read_all(path, &text, &len));
	file.root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	file.name = slash != NULL ? slash + 1 : path;
	if (file.root == NULL)
		ASH_FAIL_WITH(ASH_E_FORMAT, "it is no JSON: line %d: %s", error.line, error.text);
	status = understand(&file);
	if (!ash_is_ok(status)) {
		ash_vector_file_close(&file);
		return status;
	}
	*ret_file = file;
	return ASH_DONE;
}

void ash_vector_file_close(struct ash_vector_file *file)
{
	json_decref(file->root);
	file->root = NULL;
}

static enum ash_vector_result result_of(struct ash_vector_case *one)
{
	static const char *const names[] = { "valid", "invalid", "acceptable" };
	const char *text = ash_vector_text(one, one->test, "result", true);

	for (size_t i = 0; text != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0)
			return (enum ash_vector_result)i;
	}
	one->broken = "result";
	return ASH_VECTOR_INVALID;
}

void ash_vector_case_begin(const json_t *group, const json_t *test, struct ash_vector_case *ret_case)
{
	struct ash_vector_case one = { .group = group, .test = test };

	one.id = (int)ash_vector_number(&one, test, "tcId", true);
	one.comment = ash_vector_text(&one, test, "comment", false);
	if (one.comment == NULL)
		one.comment = "no comment";
	one.result = result_of(&one);
	*ret_case = one;
}

void ash_vector_case_done(struct ash_vector_case *one)
{
	struct block *next = NULL;

	for (struct block *block = one->bytes; block != NULL; block = next) {
		next = block->next;
		ash_mem_free(block);
	}
	one->bytes = NULL;
}

/* `len` zeroed bytes that live as long as the case; without data when there is no memory. */
static struct ash_mut room_for(struct ash_vector_case *one, size_t len)
{
	struct block *block = ash_mem_new(1, sizeof(*block) + len);

	if (block == NULL) {
		one->no_memory = true;
		return ash_mut(NULL, 0);
	}
	block->next = one->bytes;
	one->bytes = block;
	return ash_mut(block->data, len);
}

struct ash_span ash_vector_keep(struct ash_vector_case *one, struct ash_span first, struct ash_span second)
{
	struct ash_mut room = room_for(one, first.len + second.len);

	if (room.data == NULL)
		return ASH_SPAN_NONE;
	if (first.len != 0)
		memcpy(room.data, first.data, first.len);
	if (second.len != 0)
		memcpy(room.data + first.len, second.data, second.len);
	return ash_mut_span(room);
}

struct ash_span ash_vector_repeat(struct ash_vector_case *one, struct ash_span bytes, size_t times)
{
	struct ash_mut room = room_for(one, bytes.len * times);

	for (size_t i = 0; i < times && bytes.len != 0 && room.data != NULL; i++)
		memcpy(room.data + i * bytes.len, bytes.data, bytes.len);
	return ash_mut_span(room);
}

static const json_t *field(struct ash_vector_case *one, const json_t *object, const char *name, bool must,
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

struct ash_span ash_vector_hex(struct ash_vector_case *one, const json_t *object, const char *name, bool must)
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
	room = room_for(one, len / 2);
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

struct ash_span ash_vector_integer(struct ash_vector_case *one, const json_t *object, const char *name,
				   bool must)
{
	struct ash_span bytes = ash_vector_hex(one, object, name, must);

	while (bytes.len != 0 && bytes.data[0] == 0)
		bytes = ash_span(bytes.data + 1, bytes.len - 1);
	return bytes;
}

uint32_t ash_vector_number(struct ash_vector_case *one, const json_t *object, const char *name, bool must)
{
	const json_t *value = field(one, object, name, must, JSON_INTEGER);
	json_int_t number = json_integer_value(value);

	if (number < 0 || number > UINT32_MAX) {
		one->broken = name;
		return 0;
	}
	return (uint32_t)number;
}

const char *ash_vector_text(struct ash_vector_case *one, const json_t *object, const char *name, bool must)
{
	return json_string_value(field(one, object, name, must, JSON_STRING));
}

bool ash_vector_has_flag(const struct ash_vector_case *one, const char *flag)
{
	const json_t *flags = json_object_get(one->test, "flags");

	for (size_t i = 0; i < json_array_size(flags); i++) {
		const char *text = json_string_value(json_array_get(flags, i));

		if (text != NULL && strcmp(text, flag) == 0)
			return true;
	}
	return false;
}
