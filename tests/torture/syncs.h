/*
 * Files and folders of a traced process whose sync failed, and was not made since. What
 * was written there, or named, may be gone after a power cut.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "tracer.h"

#define SYNCS_MAX 16

struct syncs {
	struct syncs_file {
		dev_t device;
		ino_t inode;
		char path[128];
	} missing[SYNCS_MAX], folders[SYNCS_MAX];
	size_t count;        /* that are missing */
	size_t folder_count; /* folders that were synced, and no name was made or removed since: they need no more */
};

/* A folder that is known to be synced, and whether one is. */
void syncs_trust(struct syncs *syncs, const char *path);
bool syncs_trusts(const struct syncs *syncs, const char *path);

/* At TRACE_EXIT of any call. That a folder can't be opened counts as a sync of it that failed. */
void syncs_note(struct syncs *syncs, const struct tracer *tracer);
