/*
 * The crypto back ends of this build. Which file defines them is the build's choice.
 */
#pragma once

#include "crypto/backend.h"

struct ash_app_engines {
	const struct ash_backend_ops *offered[2];
	size_t count;
	const char *optional; /* names that may be configured though this build lacks them */
};

extern const struct ash_app_engines ash_app_engines;
