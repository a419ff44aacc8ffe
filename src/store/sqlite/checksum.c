#include "store/sqlite/checksum.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define HEADER_LEN    100 /* of the database, at the beginning of its first page */
#define RESERVED_AT   20
#define SMALLEST_PAGE 512

/* How pages begin that are none of an index (SQLite's "Database File Format", sections 1.3 to 1.6). */
#define FIRST_PAGE     'S'
#define TABLE_INTERIOR 0x05
#define TABLE_LEAF     0x0d
#define NO_TREE        0x00 /* free, or the rest of a long value */

/* What we say to a file of ours, by sqlite3_file_control(): above SQLite's numbers. */
#define ASK_WHETHER_ON 0x41736801
#define TELL_OVERLOOK  0x41736802
#define TELL_NO_LOCKS  0x41736803

/* SQLite's file of the layer below follows it in memory. */
struct file {
	sqlite3_file base;
	bool on;       /* the database reserves room for sums: known from its first page on */
	bool overlook; /* sums that are wrong */
	bool no_locks;
};

static sqlite3_file *below(sqlite3_file *given)
{
	return (sqlite3_file *)((struct file *)given + 1);
}

static uint32_t little_u32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_little_u32(uint8_t *at, uint32_t value)
{
	for (size_t i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

/* As SQLite sums up the frames of its log. Each step can be undone, so no change of one word goes unseen. */
void ash_checksum_of(const uint8_t page[ASH_CHECKSUM_PAGE], uint32_t number,
		     uint8_t ret_sum[ASH_CHECKSUM_LEN])
{
	uint32_t first = number;
	uint32_t second = 0;

	for (size_t at = 0; at < ASH_CHECKSUM_PAGE - ASH_CHECKSUM_LEN; at += 8) {
		first += little_u32(page + at) + second;
		second += little_u32(page + at + 4) + first;
	}
	put_little_u32(ret_sum, first);
	put_little_u32(ret_sum + 4, second);
}

bool ash_checksum_is_index(const uint8_t page[ASH_CHECKSUM_PAGE])
{
	return page[0] != FIRST_PAGE && page[0] != TABLE_INTERIOR && page[0] != TABLE_LEAF &&
	       page[0] != NO_TREE;
}

static uint32_t number_of(sqlite3_int64 offset)
{
	return (uint32_t)(offset / ASH_CHECKSUM_PAGE) + 1;
}

static bool is_page(int len, sqlite3_int64 offset)
{
	return len == (int)ASH_CHECKSUM_PAGE && offset % ASH_CHECKSUM_PAGE == 0;
}

static void learn(struct file *file, const void *bytes, int len, sqlite3_int64 offset)
{
	if (offset == 0 && len >= HEADER_LEN)
		file->on = ((const uint8_t *)bytes)[RESERVED_AT] == ASH_CHECKSUM_LEN;
}

static int read_file(sqlite3_file *given, void *bytes, int len, sqlite3_int64 offset)
{
	struct file *file = (struct file *)given;
	uint8_t sum[ASH_CHECKSUM_LEN];
	const int result = below(given)->pMethods->xRead(below(given), bytes, len, offset);

	/* Of a file that ends within the page the rest is zeroes, and SQLite would go on with them. */
	if (result != SQLITE_OK && (result != SQLITE_IOERR_SHORT_READ || !is_page(len, offset)))
		return result;
	learn(file, bytes, len, offset);
	if (!file->on || len < SMALLEST_PAGE)
		return result; /* a few bytes of the header */
	if (!is_page(len, offset))
		return SQLITE_CORRUPT; /* a header that tells of pages of another size */
	if (!ash_checksum_is_index(bytes) || file->overlook)
		return result;
	ash_checksum_of(bytes, number_of(offset), sum);
	if (memcmp(sum, (const uint8_t *)bytes + ASH_CHECKSUM_PAGE - ASH_CHECKSUM_LEN, sizeof(sum)) != 0)
		return SQLITE_CORRUPT_INDEX;
	return result;
}

static int write_file(sqlite3_file *given, const void *bytes, int len, sqlite3_int64 offset)
{
	struct file *file = (struct file *)given;
	uint8_t page[ASH_CHECKSUM_PAGE];

	learn(file, bytes, len, offset);
	if (file->on && is_page(len, offset)) {
		memcpy(page, bytes, ASH_CHECKSUM_PAGE - ASH_CHECKSUM_LEN);
		ash_checksum_of(bytes, number_of(offset), page + ASH_CHECKSUM_PAGE - ASH_CHECKSUM_LEN);
		bytes = page;
	}
	return below(given)->pMethods->xWrite(below(given), bytes, len, offset);
}

static int control_file(sqlite3_file *given, int what, void *argument)
{
	if (what == ASK_WHETHER_ON) {
		*(bool *)argument = ((struct file *)given)->on;
		return SQLITE_OK;
	}
	if (what == TELL_OVERLOOK) {
		((struct file *)given)->overlook = true;
		return SQLITE_OK;
	}
	if (what == TELL_NO_LOCKS) {
		((struct file *)given)->no_locks = true;
		return SQLITE_OK;
	}
	return below(given)->pMethods->xFileControl(below(given), what, argument);
}

/* --- What the layer below does alone ------------------------------------------ */

static int close_file(sqlite3_file *given)
{
	return below(given)->pMethods->xClose(below(given));
}

static int truncate_file(sqlite3_file *given, sqlite3_int64 size)
{
	return below(given)->pMethods->xTruncate(below(given), size);
}

static int sync_file(sqlite3_file *given, int flags)
{
	return below(given)->pMethods->xSync(below(given), flags);
}

static int size_of_file(sqlite3_file *given, sqlite3_int64 *ret_size)
{
	return below(given)->pMethods->xFileSize(below(given), ret_size);
}

static int lock_file(sqlite3_file *given, int level)
{
	if (((struct file *)given)->no_locks)
		return SQLITE_OK;
	return below(given)->pMethods->xLock(below(given), level);
}

static int unlock_file(sqlite3_file *given, int level)
{
	if (((struct file *)given)->no_locks)
		return SQLITE_OK;
	return below(given)->pMethods->xUnlock(below(given), level);
}

static int check_reserved_lock(sqlite3_file *given, int *ret_taken)
{
	return below(given)->pMethods->xCheckReservedLock(below(given), ret_taken);
}

static int sector_size(sqlite3_file *given)
{
	return below(given)->pMethods->xSectorSize(below(given));
}

static int characteristics(sqlite3_file *given)
{
	return below(given)->pMethods->xDeviceCharacteristics(below(given));
}

static int map_shm(sqlite3_file *given, int page, int size, int extend, void volatile **ret_map)
{
	return below(given)->pMethods->xShmMap(below(given), page, size, extend, ret_map);
}

static int lock_shm(sqlite3_file *given, int first, int count, int flags)
{
	return below(given)->pMethods->xShmLock(below(given), first, count, flags);
}

static void barrier_shm(sqlite3_file *given)
{
	below(given)->pMethods->xShmBarrier(below(given));
}

static int unmap_shm(sqlite3_file *given, int delete)
{
	return below(given)->pMethods->xShmUnmap(below(given), delete);
}

/* Version 2: the database is never mapped into memory, where nobody would look at its sums. */
static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = size_of_file,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = check_reserved_lock,
	.xFileControl = control_file,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
	.xShmMap = map_shm,
	.xShmLock = lock_shm,
	.xShmBarrier = barrier_shm,
	.xShmUnmap = unmap_shm,
};

/* --- The layer ------------------------------------------------------------------ */

static struct {
	sqlite3_vfs vfs; /* a copy of SQLite's own, but for what set_up() puts in */
	char name[32];
	int result;
} layer;

static sqlite3_vfs *unix_vfs(void)
{
	return layer.vfs.pAppData;
}

/* Files that are not databases are the layer below's own. */
static int open_file(ASH_UNUSED sqlite3_vfs *vfs, const char *name, sqlite3_file *given, int flags,
		     int *ret_flags)
{
	struct file *file = (struct file *)given;
	int result = SQLITE_OK;

	if ((flags & SQLITE_OPEN_MAIN_DB) == 0)
		return unix_vfs()->xOpen(unix_vfs(), name, given, flags, ret_flags);
	memset(file, 0, sizeof(*file));
	result = unix_vfs()->xOpen(unix_vfs(), name, below(given), flags, ret_flags);
	/* SQLite closes a file that has methods, even one that could not be opened. */
	file->base.pMethods = below(given)->pMethods != NULL ? &methods : NULL;
	return result;
}

static int delete_file(ASH_UNUSED sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	return unix_vfs()->xDelete(unix_vfs(), name, sync_folder);
}

static int access_file(ASH_UNUSED sqlite3_vfs *vfs, const char *name, int flags, int *ret_result)
{
	return unix_vfs()->xAccess(unix_vfs(), name, flags, ret_result);
}

static int full_path(ASH_UNUSED sqlite3_vfs *vfs, const char *name, int len, char *ret_path)
{
	return unix_vfs()->xFullPathname(unix_vfs(), name, len, ret_path);
}

static int last_error(ASH_UNUSED sqlite3_vfs *vfs, int len, char *text)
{
	return unix_vfs()->xGetLastError(unix_vfs(), len, text);
}

/* Not on the default one, which may be the host's: what is copied of it would meet our pAppData. */
static void set_up(void)
{
	sqlite3_vfs *original = sqlite3_vfs_find("unix");

	layer.result = SQLITE_ERROR;
	if (original == NULL)
		return;
	(void)snprintf(layer.name, sizeof(layer.name), "ashlar-%p", (void *)&layer);
	layer.vfs = *original;
	layer.vfs.pNext = NULL;
	layer.vfs.zName = layer.name;
	layer.vfs.szOsFile = (int)sizeof(struct file) + original->szOsFile;
	layer.vfs.pAppData = original;
	layer.vfs.xOpen = open_file;
	layer.vfs.xDelete = delete_file;
	layer.vfs.xAccess = access_file;
	layer.vfs.xFullPathname = full_path;
	layer.vfs.xGetLastError = last_error;
	layer.result = sqlite3_vfs_register(&layer.vfs, 0);
}

struct ash_status ash_checksum_vfs(const char **ret_name)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	/* What may fail for want of memory may be tried again; the rest can't fail after it. */
	ASH_ENSURE(sqlite3_initialize() == SQLITE_OK, ASH_E_MEMORY);
	ASH_ENSURE(pthread_once(&once, set_up) == 0 && layer.result == SQLITE_OK, ASH_E_FAILED);
	*ret_name = layer.name;
	return ASH_DONE;
}

struct ash_status ash_checksum_reserve(sqlite3 *db)
{
	int len = ASH_CHECKSUM_LEN;

	ASH_ENSURE(sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &len) == SQLITE_OK,
		   ASH_E_MEMORY); /* for buffers of the new size */
	return ASH_DONE;
}

bool ash_checksum_on(sqlite3 *db)
{
	bool on = false;

	return sqlite3_file_control(db, "main", ASK_WHETHER_ON, &on) == SQLITE_OK && on;
}

void ash_checksum_overlook(sqlite3 *db)
{
	(void)sqlite3_file_control(db, "main", TELL_OVERLOOK, NULL);
}

void ash_checksum_without_locks(sqlite3 *db)
{
	(void)sqlite3_file_control(db, "main", TELL_NO_LOCKS, NULL);
}
