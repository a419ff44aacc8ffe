/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of header_checks.inc need besides their own macros. */
#ifndef ASHLAR_TESTS_HEADER_CHECKS_H
#define ASHLAR_TESTS_HEADER_CHECKS_H

#include "ashlar/pkcs11.h"

#include <stddef.h>

/* The number for this data model, of those that facts.py works out. */
#if defined(_WIN64)
#define WANT(lp64, ilp32, win64, win32) (win64)
#elif defined(_WIN32)
#define WANT(lp64, ilp32, win64, win32) (win32)
#elif defined(__LP64__)
#define WANT(lp64, ilp32, win64, win32) (lp64)
#else
#define WANT(lp64, ilp32, win64, win32) (ilp32)
#endif

/* Types come last in a row, as variable arguments: they may contain commas. */
#define SAME_TYPE(type, ...)           __builtin_types_compatible_p(type, __VA_ARGS__)
#define FIELD_TYPE(struct_name, field) __typeof__(((struct_name *)0)->field)

#endif
