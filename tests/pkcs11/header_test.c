/* SPDX-License-Identifier: Apache-2.0 */
/* Compares include/ashlar/pkcs11.h with every fact in the tables; prints TAP. */
#include "header_checks.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
	const char *name;
	const char *what; /* what the two numbers are; NULL: there are none */
	unsigned long long want;
	unsigned long long got;
	const char *type; /* wanted, NULL: not looked at */
	bool same_type;
	const char *want_names; /* NULL: not a list of names */
	const char *got_names;
};

/* "C_Initialize C_Finalize ..." as the header's own list says it; each name has a blank before it. */
#define WORD(name, parameters) " " #name

#define VALUE(name_, want_) \
	{ .name = #name_, .what = "value", .want = (want_), .got = (name_), .same_type = true },
#define TYPE(name_, ...) { .name = #name_, .type = #__VA_ARGS__, .same_type = SAME_TYPE(name_, __VA_ARGS__) },
#define SIZE(name_, want_) \
	{ .name = #name_, .what = "size", .want = (want_), .got = sizeof(name_), .same_type = true },
#define PLACE(name_, field_, want_, ...)                                        \
	{                                                                       \
		.name = #name_ "." #field_,                                     \
		.what = "offset",                                               \
		.want = (want_),                                                \
		.got = offsetof(name_, field_),                                 \
		.type = #__VA_ARGS__,                                           \
		.same_type = SAME_TYPE(FIELD_TYPE(name_, field_), __VA_ARGS__), \
	},
#define PROTOTYPE(name_, ...) \
	{ .name = #name_, .type = #__VA_ARGS__, .same_type = SAME_TYPE(__typeof__(name_), __VA_ARGS__) },
#define ORDER(list_, names_) \
	{ .name = #list_, .same_type = true, .want_names = " " names_, .got_names = list_(WORD) },

static const struct check checks[] = {
#include "header_checks.inc"
};

static const size_t count = sizeof(checks) / sizeof(checks[0]);

static bool passes(const struct check *check)
{
	return check->want == check->got && check->same_type &&
	       (check->want_names == NULL || strcmp(check->want_names, check->got_names) == 0);
}

static void explain(const struct check *check)
{
	if (check->want != check->got)
		printf(" %s wanted %#llx got %#llx", check->what, check->want, check->got);
	if (!check->same_type)
		printf(" wanted type %s got another", check->type);
	if (check->want_names != NULL)
		printf(" wanted%s got%s", check->want_names, check->got_names);
}

int main(void)
{
	size_t failed = 0;

	printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		const bool good = passes(&checks[i]);

		printf("%s %zu - %s", good ? "ok" : "not ok", i + 1, checks[i].name);
		if (!good) {
			explain(&checks[i]);
			failed++;
		}
		putchar('\n');
	}

	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
