/*
 * How far damage may go: which pieces of the witness's token an error may tell of when one
 * byte of a file is hurt. What else there is has to work as before.
 *
 * For Ashlar's database it is known what lies where (docs/protocol/store.md, and SQLite's
 * "Database File Format", 1.6 and 4.1), for SoftHSM's files what they are. Of the rest it
 * is not, or all depends on it: then every piece may be told of.
 */
#pragma once

#include "folder.h"
#include "witness.h"

struct extent {
	uint32_t may;     /* be told of: a bit for each place */
	unsigned objects; /* so many of the objects among them at once */
};

/* Of byte `at`, or, with `cut`, of all from there on. `store` is what was before the damage. */
struct extent extent_of(const struct folder *store, const struct folder_file *file, bool cut, size_t at);

/* Whether no more is told of; else what is, in words. */
bool extent_holds(const struct extent *extent, const struct witness *witness, char *why, size_t len);
