/* The crypto back ends of this build, for tests that run against all of them. */
#pragma once

#include <stddef.h>

struct ash_backend_ops;

/* Ends with NULL. */
extern const struct ash_backend_ops *const vector_engines[];
