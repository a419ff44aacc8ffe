/*
 * A disk that loses power: what a record's first events leave of the folder. All that was
 * synced is there. Of what was not, any part: a change of bytes may be lost or torn at
 * its sectors, and a later one may be there all the same; names too are lost one by one,
 * but those that changed at once in one folder (a rename) stay together.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "folder.h"
#include "record.h"

/* What becomes of what is not synced. */
enum disk_fate {
	DISK_LOST,       /* nothing of it is there */
	DISK_ALL,        /* all of it */
	DISK_NAMES,      /* names, but no bytes */
	DISK_BYTES,      /* bytes, but no names */
	DISK_LENGTHS,    /* names and lengths, but the new bytes are zeroes */
	DISK_ALL_BUT,    /* all but change number `which` */
	DISK_ONLY,       /* change number `which` alone */
	DISK_RANDOM,     /* each one or not, by the seed; */
	DISK_RANDOM_TORN /* each sector, each length and each name by itself */
};

struct disk_cut {
	size_t events; /* how many of the record had happened */
	enum disk_fate fate;
	uint64_t which; /* of the fates that name a change; of the random ones the seed */
};

/* How many changes were not synced then. */
size_t disk_pending(const struct record *record, size_t events);

/* The folder that is found when the power comes back; its files have the inodes that they had. */
void disk_cut(const struct record *record, const struct disk_cut *cut, struct folder *ret_folder);

/* How far the process had come when only so many events had happened, at most: steps. */
void disk_steps(const struct record *record, size_t events, unsigned *ret_begun, unsigned *ret_ended);

const char *disk_fate_name(enum disk_fate fate);
/* False if there is none of that name. */
bool disk_fate_of(const char *name, enum disk_fate *ret_fate);
