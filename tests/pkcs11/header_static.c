/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks of header_test.c at compile time. Nothing runs, so that a compiler for another data
 * model can be asked; it needs no library there.
 */
#include "header_checks.h"

#define VALUE(name, want) _Static_assert((name) == (want), #name);
#define TYPE(name, ...)   _Static_assert(SAME_TYPE(name, __VA_ARGS__), #name);
#define SIZE(name, want)  _Static_assert(sizeof(name) == (want), #name);
#define PLACE(name, field, want, ...)                                      \
	_Static_assert(offsetof(name, field) == (want), #name "." #field); \
	_Static_assert(SAME_TYPE(FIELD_TYPE(name, field), __VA_ARGS__), #name "." #field);
#define PROTOTYPE(name, ...) _Static_assert(SAME_TYPE(__typeof__(name), __VA_ARGS__), #name);
#define ORDER(list, names)   /* strings: header_test.c */

#include "header_checks.inc"
