/*
 * Files and folders of a traced process whose sync failed, and was not made since. What
 * was written there, or named, may be gone after a power cut.
 */
#pragma once

#include <sys/types.h>

#include "tracer.h"

#define SYNCS_MAX 16

struct syncs {
	struct {
		dev_t device;
		ino_t inode;
		char path[128];
	} missing[SYNCS_MAX];
	size_t count;
};

/* At TRACE_EXIT of any call. That a folder can't be opened counts as a sync of it that failed. */
void syncs_note(struct syncs *syncs, const struct tracer *tracer);
