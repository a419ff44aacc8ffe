/*
 * Whether the descriptors of a store are still its own.
 *
 * A host may close descriptors that it doesn't know and give their numbers to files of
 * its own; SQLite, which doesn't tell its numbers and doesn't look, would then write
 * into those. Such hosts close ranges, to the end or to some limit. So a store opens
 * its folder before anything else, once more under a much higher number, and looks at
 * both before SQLite does anything: whoever closes a range that has SQLite's
 * descriptors in it has closed one of these.
 *
 * That finds what happened between two calls. A host that closes single descriptors at
 * random, or while a call is under way, isn't found out.
 */
#pragma once

#include "util/fs.h"

struct ash_sentry {
	int low, high; /* high is -1 where no number as high is allowed */
	struct ash_fs_id folder;
};

#define ASH_SENTRY_NONE ((struct ash_sentry){ .low = -1, .high = -1 })

/* ASH_E_ACCESS, ASH_E_NOT_FOUND, ASH_E_IO. */
ASH_STATUS ash_sentry_post(const char *folder, struct ash_sentry *ret_sentry);

/* False once somebody closed one of them, whatever the number is now. */
bool ash_sentry_stands(const struct ash_sentry *sentry);

/* Closes what is still its own; fine for ASH_SENTRY_NONE. */
void ash_sentry_dismiss(struct ash_sentry *sentry);
