/*
 * Page checksums: a layer between SQLite and its files, by which each page of a
 * database that reserves ASH_CHECKSUM_LEN bytes for it (header, byte 20) carries the
 * sum of its other bytes and of its own place.
 *
 * They are looked at where damage would go unseen else: in the pages of indexes, in
 * which a search that goes astray finds nothing, in silence. Such a page with another
 * sum is SQLITE_CORRUPT_INDEX. What tables hold is sealed, or kept twice; and a
 * checkpoint by a program that knows nothing of us leaves wrong sums, which must not
 * take more from anybody than the indexes, as these can be made anew.
 *
 * The log has sums of its own, and pages in it none of ours: they get theirs when
 * they are copied back. Databases without the reserved bytes are left as they are.
 *
 * Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "util/compat.h"
#include "util/status.h"

#define ASH_CHECKSUM_PAGE 4096u /* bytes; the only size of page that there is */
#define ASH_CHECKSUM_LEN  8u

/*
 * The name of the layer, for sqlite3_open_v2(). It is this copy of the code's own: two
 * modules in one process may be of different versions. ASH_E_MEMORY, ASH_E_FAILED.
 */
ASH_STATUS ash_checksum_vfs(const char **ret_name);

/* Asks for the reserved bytes in a database that has no page yet. ASH_E_MEMORY. */
ASH_STATUS ash_checksum_reserve(sqlite3 *db);

/* Whether the pages of an open database, of which one was read, have checksums. */
bool ash_checksum_on(sqlite3 *db);

/* Reads pages of indexes whatever their sums are, from now on: for whoever makes the indexes anew. */
void ash_checksum_overlook(sqlite3 *db);

/*
 * No locks are taken for the open database any more, as where none can be had: for a store
 * that nobody writes. To be said before anything is read.
 */
void ash_checksum_without_locks(sqlite3 *db);

/*
 * Whether it is a page of an index, by its first byte; or was one, and that is what is
 * damaged. SQLite would notice it as well, but not write any more in that transaction.
 */
bool ash_checksum_is_index(const uint8_t page[ASH_CHECKSUM_PAGE]);

/* The sum of the page's first bytes, all but the last ASH_CHECKSUM_LEN, at place `number` (1: the first). */
void ash_checksum_of(const uint8_t page[ASH_CHECKSUM_PAGE], uint32_t number,
		     uint8_t ret_sum[ASH_CHECKSUM_LEN]);
