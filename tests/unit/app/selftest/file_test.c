#include "app/selftest/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "unit/test.h"

static char path[] = "/tmp/ashlar-file-XXXXXX";

__attribute__((constructor)) static void make_file(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	(void)close(fd);
}

__attribute__((destructor)) static void remove_file(void)
{
	(void)unlink(path);
}

static const char *holding(const char *text)
{
	FILE *out = fopen(path, "w");

	EXPECT(out != NULL);
	EXPECT(fputs(text, out) >= 0);
	EXPECT(fclose(out) == 0);
	return path;
}

#define HEAD "{\"algorithm\": \"A\", \"schema\": \"s.json\", \"numberOfTests\": 1, \"testGroups\": "
#define GOOD \
	HEAD "[{\"n\": 7, \"tests\": [{\"tcId\": 3, \"result\": \"valid\", \"hex\": \"00Ff\", \"flags\": [\"F\", 1]}]}]}"

/* The file, which has to be good, and its first test. */
static void open_good(const char *text, struct ash_vector_file *file, struct ash_vector_case *one)
{
	const json_t *group = NULL;

	EXPECT_OK(ash_vector_file_open(holding(text), file));
	group = json_array_get(json_object_get(file->root, "testGroups"), 0);
	ash_vector_case_begin(group, json_array_get(json_object_get(group, "tests"), 0), one);
}

TEST(a_file_is_read)
{
	struct ash_vector_file file = { 0 };
	struct ash_vector_case one = { 0 };

	open_good(GOOD, &file, &one);
	EXPECT_TEXT("A", file.algorithm);
	EXPECT_TEXT("s.json", file.schema);
	EXPECT_NUMBER(1, file.tests);
	EXPECT(one.broken == NULL && one.id == 3 && one.result == ASH_VECTOR_VALID);
	EXPECT_TEXT("no comment", one.comment);
	EXPECT_SPAN(TEXT("\x00\xff"), ash_vector_hex(&one, one.test, "hex", true));
	EXPECT_SPAN(TEXT("\xff"), ash_vector_integer(&one, one.test, "hex", true));
	EXPECT_NUMBER(7, ash_vector_number(&one, one.group, "n", true));
	EXPECT(ash_vector_has_flag(&one, "F") && !ash_vector_has_flag(&one, "G"));
	EXPECT(ash_vector_hex(&one, one.test, "absent", false).data == NULL);
	EXPECT(ash_vector_text(&one, one.test, "absent", false) == NULL && one.broken == NULL);
	ash_vector_case_done(&one);
	ash_vector_file_close(&file);
}

TEST(a_wrong_field_is_named)
{
	static const struct {
		const char *field; /* as it stands in the test */
		bool number;
	} wrong[] = {
		{ "\"x\": \"0\"", false },    { "\"x\": \"0g\"", false },    { "\"x\": 1", false },
		{ "\"x\": [\"00\"]", false }, { "\"x\": null", false },      { "\"y\": \"00\"", false },
		{ "\"x\": -1", true },        { "\"x\": 4294967296", true }, { "\"x\": \"1\"", true },
		{ "\"x\": 1.0", true },
	};

	for (size_t i = 0; i < ASH_COUNT(wrong); i++) {
		struct ash_vector_file file = { 0 };
		struct ash_vector_case one = { 0 };
		char text[256];

		(void)snprintf(text, sizeof(text),
			       HEAD "[{\"tests\": [{\"tcId\": 1, \"result\": \"valid\", %s}]}]}",
			       wrong[i].field);
		open_good(text, &file, &one);
		EXPECT(one.broken == NULL);
		if (wrong[i].number)
			EXPECT_NUMBER(0, ash_vector_number(&one, one.test, "x", true));
		else
			EXPECT_NUMBER(0, ash_vector_hex(&one, one.test, "x", true).len);
		EXPECT_TEXT("x", one.broken);
		ash_vector_case_done(&one);
		ash_vector_file_close(&file);
	}
}

TEST(a_result_is_one_of_three)
{
	struct ash_vector_file file = { 0 };
	struct ash_vector_case one = { 0 };

	open_good(HEAD "[{\"tests\": [{\"tcId\": 1, \"result\": \"good\"}]}]}", &file, &one);
	EXPECT_TEXT("result", one.broken);
	ash_vector_case_done(&one);
	ash_vector_file_close(&file);
	open_good(HEAD "[{\"tests\": [17]}]}", &file, &one); /* a test that is none */
	EXPECT_TEXT("result", one.broken);
	ash_vector_case_done(&one);
	ash_vector_file_close(&file);
}

TEST(what_is_no_file_of_tests_is_told)
{
	static const struct {
		enum ash_code code;
		const char *text;
	} rows[] = {
		{ ASH_E_FORMAT, "" },
		{ ASH_E_FORMAT, "{" },
		{ ASH_E_FORMAT, "{\"a\": 1, \"a\": 2}" },
		{ ASH_E_FORMAT, GOOD "x" },
		{ ASH_E_FORMAT, "{\"a\": \"\\ud800\"}" },
		{ ASH_E_FORMAT, HEAD "[]}" },
		{ ASH_E_FORMAT, HEAD "17}" },
		{ ASH_E_FORMAT, HEAD "[{\"tests\": [1, 2]}]}" },
		{ ASH_E_UNSUPPORTED, "[]" },
		{ ASH_E_UNSUPPORTED, "{\"algorithm\": 1, \"schema\": \"s\", \"testGroups\": []}" },
		{ ASH_E_UNSUPPORTED, "{\"algorithm\": \"A\", \"schema\": \"s\"}" },
	};

	for (size_t i = 0; i < ASH_COUNT(rows); i++) {
		struct ash_vector_file file = { 0 };

		EXPECT_CODE(rows[i].code, ash_vector_file_open(holding(rows[i].text), &file));
		EXPECT(ash_status_explanation()[0] != '\0');
		EXPECT(file.root == NULL);
	}
}

TEST(only_regular_files_of_some_size_are_read)
{
	struct ash_vector_file file = { 0 };
	char fifo[] = "/tmp/ashlar-fifo-XXXXXX";

	EXPECT_CODE(ASH_E_IO, ash_vector_file_open("/tmp/ashlar-no-such-file", &file));
	EXPECT_CODE(ASH_E_IO, ash_vector_file_open("/tmp", &file));
	EXPECT_CODE(ASH_E_IO, ash_vector_file_open("/dev/zero", &file));
	EXPECT(mkdtemp(fifo) != NULL && rmdir(fifo) == 0 && mkfifo(fifo, 0600) == 0);
	EXPECT_CODE(ASH_E_IO, ash_vector_file_open(fifo, &file));
	EXPECT(unlink(fifo) == 0);
	(void)holding("");
	EXPECT(truncate(path, (16 << 20) + 1) == 0);
	EXPECT_CODE(ASH_E_LIMIT, ash_vector_file_open(path, &file));
}

TEST(bytes_are_kept_and_repeated)
{
	struct ash_vector_case one = { 0 };

	EXPECT_SPAN(TEXT("abc"), ash_vector_keep(&one, TEXT("a"), TEXT("bc")));
	EXPECT_SPAN(TEXT(""), ash_vector_keep(&one, ASH_SPAN_NONE, ASH_SPAN_NONE));
	EXPECT_SPAN(TEXT("ababab"), ash_vector_repeat(&one, TEXT("ab"), 3));
	EXPECT(!one.no_memory);
	ash_mem_fail_after(0);
	EXPECT(ash_vector_keep(&one, TEXT("a"), TEXT("b")).data == NULL);
	ash_mem_fail_after(-1);
	EXPECT(one.no_memory);
	ash_vector_case_done(&one);
}

TEST(without_memory_a_file_is_not_opened)
{
	struct ash_vector_file file = { 0 };

	(void)holding(GOOD);
	FAIL_EVERY_ALLOCATION(file.root == NULL, ash_vector_file_open(path, &file));
	ash_vector_file_close(&file);
}
