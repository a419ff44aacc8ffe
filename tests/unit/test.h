/*
 * The idiom of our unit tests, on cmocka. A program is one file, its tests are the
 * TEST()s in it, run in their order:
 *
 *     TEST(reader_refuses_a_short_number)
 *     {
 *             struct ash_reader in = ash_reader(TEXT("ab"));
 *             uint32_t number = 7;
 *
 *             EXPECT_CODE(ASH_E_FORMAT, ash_reader_u32(&in, &number));
 *             EXPECT_NUMBER(7, number);
 *     }
 *
 * There is no more to it: including this file brings main(). An argument runs only
 * the tests whose names match it ("*short*"). CMOCKA_MESSAGE_OUTPUT=TAP gives TAP.
 *
 * EXPECT… may be used in children (EXPECT_IN_CHILD) and in threads, too; there a
 * failure ends the whole process, whose parent then fails.
 */
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/compat.h"
#include "util/mem.h"
#include "util/span.h"
#include "util/status.h"

/* Defines a test and registers it before main(). */
#define TEST(name)                                                \
	static void name(void);                                   \
	static void name##_run(ASH_UNUSED void **state)           \
	{                                                         \
		name();                                           \
	}                                                         \
	__attribute__((constructor)) static void name##_add(void) \
	{                                                         \
		test_add(#name, name##_run);                      \
	}                                                         \
	static void name(void)

#define EXPECT(condition)                                                        \
	do {                                                                     \
		if (!(condition))                                                \
			test_fail(__FILE__, __LINE__, "not so: %s", #condition); \
	} while (0)

/* EXPECT_CODE(ASH_E_FORMAT, call); the call is what follows the code. */
#define EXPECT_CODE(want, ...) test_code(__FILE__, __LINE__, #__VA_ARGS__, (want), (__VA_ARGS__))
#define EXPECT_OK(...)         EXPECT_CODE(ASH_OK, __VA_ARGS__)

/* Wanted first, got second. */
#define EXPECT_SPAN(want, got)   test_span(__FILE__, __LINE__, #got, (want), (got))
#define EXPECT_NUMBER(want, got) test_number(__FILE__, __LINE__, #got, (uint64_t)(want), (uint64_t)(got))
#define EXPECT_TEXT(want, got)   test_text(__FILE__, __LINE__, #got, (want), (got))

/* The function runs in a forked child and has to come back without a failure. */
#define EXPECT_IN_CHILD(body) EXPECT_NUMBER(0, test_child(body))

/* The function runs in a forked child, which has to die of the signal. */
#define EXPECT_SIGNAL(want, body) test_signal(__FILE__, __LINE__, (want), test_child(body))

/* Ends a test that can't be done here; it counts as passed (cmocka's own skip() fails in TAP). */
#define SKIP(why)                                      \
	do {                                           \
		print_message("# skipped: %s\n", why); \
		return;                                \
	} while (0)

/*
 * FAIL_EVERY_ALLOCATION(untouched, call) calls with the first allocation failing,
 * then the second, … until it succeeds. Each time it has to answer ASH_E_MEMORY and
 * `untouched` (a condition over the outputs) has to hold. What the call made the
 * last time is there to be looked at and freed.
 */
#define FAIL_EVERY_ALLOCATION(untouched, ...)                                                   \
	do {                                                                                    \
		int64_t test_left = 0;                                                          \
		struct ash_status test_status = { ASH_E_MEMORY };                               \
                                                                                                \
		for (; test_status.code != ASH_OK; test_left++) {                               \
			ash_mem_fail_after(test_left);                                          \
			test_status = (__VA_ARGS__);                                            \
			ash_mem_fail_after(-1);                                                 \
			if (test_status.code == ASH_OK)                                         \
				break;                                                          \
			test_code(__FILE__, __LINE__, #__VA_ARGS__, ASH_E_MEMORY, test_status); \
			EXPECT(untouched);                                                      \
			EXPECT(test_left < 100000);                                             \
		}                                                                               \
		/* A call that needs no memory is no test of this. */                           \
		EXPECT(test_left > 0);                                                          \
	} while (0)

/* The bytes of an array; of a literal without its end. */
#define SPAN(array)   ash_span((array), sizeof(array))
#define TEXT(literal) ash_span("" literal, sizeof(literal) - 1)

/* What is below serves the macros above. */

static struct CMUnitTest *test_list;
static size_t test_count;
static bool test_is_child;

ASH_UNUSED static void test_add(const char *name, CMUnitTestFunction run)
{
	test_list = realloc(test_list, (test_count + 1) * sizeof(*test_list));
	if (test_list == NULL)
		abort();
	test_list[test_count++] = (struct CMUnitTest){ .name = name, .test_func = run };
}

__attribute__((noreturn, format(printf, 3, 4))) static void test_fail(const char *file, int line,
								      const char *format, ...)
{
	char text[1024];
	va_list args;

	ash_mem_fail_after(-1);
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (test_is_child || gettid() != getpid()) {
		(void)fprintf(stderr, "%s:%d: %s\n", file, line, text);
		_exit(1);
	}
	print_error("%s\n", text);
	_fail(file, line);
	abort();
}

ASH_UNUSED static void test_code(const char *file, int line, const char *what, enum ash_code want,
				 struct ash_status got)
{
	struct ash_origin origin = ash_status_origin();

	if (got.code == want)
		return;
	if (got.code == ASH_OK || origin.file == NULL)
		test_fail(file, line, "%s: wanted %s, got %s", what, ash_code_name(want),
			  ash_code_name(got.code));
	test_fail(file, line, "%s: wanted %s, got %s from %s:%d: %s", what, ash_code_name(want),
		  ash_code_name(got.code), origin.file, origin.line, ash_status_explanation());
}

ASH_UNUSED static void test_number(const char *file, int line, const char *what, uint64_t want, uint64_t got)
{
	if (got != want)
		test_fail(file, line, "%s: wanted %llu, got %llu", what, (unsigned long long)want,
			  (unsigned long long)got);
}

ASH_UNUSED static void test_text(const char *file, int line, const char *what, const char *want,
				 const char *got)
{
	if (got == NULL || strcmp(got, want) != 0)
		test_fail(file, line, "%s: wanted \"%s\", got %s%s%s", what, want, got != NULL ? "\"" : "",
			  got != NULL ? got : "NULL", got != NULL ? "\"" : "");
}

/* Up to 32 bytes in hex, from the 16-byte row on in which the two begin to differ. */
ASH_UNUSED static const char *test_hex(struct ash_span bytes, size_t from, char room[112])
{
	size_t at = 0;

	room[0] = '\0';
	for (size_t i = from; i < bytes.len && i < from + 32; i++)
		at += (size_t)snprintf(room + at, 112 - at, "%02x", bytes.data[i]);
	if (from + 32 < bytes.len)
		(void)snprintf(room + at, 112 - at, "...");
	return room;
}

ASH_UNUSED static void test_span(const char *file, int line, const char *what, struct ash_span want,
				 struct ash_span got)
{
	char want_hex[112];
	char got_hex[112];
	size_t same = 0;

	if (ash_span_equal(want, got))
		return;
	while (same < want.len && same < got.len && want.data[same] == got.data[same])
		same++;
	test_fail(file, line, "%s: from byte %zu on\n  wanted %s (%zu bytes)\n     got %s (%zu bytes)", what,
		  same / 16 * 16, test_hex(want, same / 16 * 16, want_hex), want.len,
		  test_hex(got, same / 16 * 16, got_hex), got.len);
}

/* The child's wait status: 0 when its body came back. */
ASH_UNUSED static int test_child(void (*body)(void))
{
	static const int caught[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS };
	int status = -1;
	pid_t child = 0;

	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		test_is_child = true;
		/* cmocka's handlers would go on with the parent's tests. */
		for (size_t i = 0; i < ASH_COUNT(caught); i++)
			(void)signal(caught[i], SIG_DFL);
		body();
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		test_fail(__FILE__, __LINE__, "there is no child");
	return status;
}

ASH_UNUSED static void test_signal(const char *file, int line, int want, int status)
{
	if (!WIFSIGNALED(status) || WTERMSIG(status) != want)
		test_fail(file, line, "the child did not die of %s: status %#x", strsignal(want),
			  (unsigned)status);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return _cmocka_run_group_tests(argv[0], test_list, test_count, NULL, NULL);
}
