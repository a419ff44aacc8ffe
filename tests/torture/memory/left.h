/*
 * What a process has and may forget to give back: blocks of memory, descriptors, locks on
 * files, mappings.
 */
#pragma once

#include <stdint.h>

enum left_kind {
	LEFT_BLOCKS,
	LEFT_DESCRIPTORS,
	LEFT_LOCKS,
	LEFT_MAPPINGS,
	LEFT_KINDS,
};

struct left {
	int64_t of[LEFT_KINDS];
};

/* Of this process, now. */
void left_count(struct left *ret_left);

/* The first kind of which there are at least `by` more; LEFT_KINDS when there is none. */
enum left_kind left_grown(const struct left *before, const struct left *now, int64_t by);

/* "blocks", … */
const char *left_name(enum left_kind kind);
