#include "store/sqlite/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/sqlite/lockfile.h"
#include "util/fs.h"
#include "util/mem.h"

#define PAGE_LEN 4096u
#define MAGIC    "ASHGEN1"

/* For the processes of one machine alone, so in its own byte order. */
struct layout {
	char magic[8];
	uint64_t inode; /* of the file: a copy of it is another page, and not to be trusted */
	uint8_t unused[48];
	_Atomic uint64_t value; /* on a cache line of its own */
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "the page is shared between processes");

struct ash_page {
	struct layout *map;
	struct ash_fs_id file;
	int fd;
};

static struct ash_status file_size(int fd, uint64_t *ret_size, struct ash_fs_id *ret_file)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		ASH_FAIL_WITH(ASH_E_IO, "store.gen: %s", strerrordesc_np(errno));
	*ret_size = (uint64_t)info.st_size;
	*ret_file = (struct ash_fs_id){ info.st_dev, info.st_ino };
	return ASH_DONE;
}

/* Writes an empty page, so that a write through the mapping never has to find room for it. */
static struct ash_status write_empty(int fd, uint64_t inode)
{
	uint8_t bytes[PAGE_LEN] = { 0 };
	ssize_t put = 0;

	memcpy(bytes + offsetof(struct layout, magic), MAGIC, sizeof(MAGIC));
	memcpy(bytes + offsetof(struct layout, inode), &inode, sizeof(inode));
	do {
		put = pwrite(fd, bytes, sizeof(bytes), 0);
	} while (put < 0 && errno == EINTR);
	if (put != (ssize_t)sizeof(bytes))
		ASH_FAIL_WITH(put < 0 ? ash_fs_code(errno) : ASH_E_FULL, "store.gen can't be written: %s",
			      strerrordesc_np(errno));
	return ASH_DONE;
}

/* Takes the descriptor over. */
static struct ash_status map_page(int given, bool writable, struct ash_page **ret_page)
{
	ASH_AUTO_FD fd = given;
	ASH_AUTO_MEM struct ash_page *page = ash_mem_new(1, sizeof(*page));
	uint64_t size = 0;

	ASH_ENSURE(page != NULL, ASH_E_MEMORY);
	ASH_TRY(file_size(fd, &size, &page->file));
	ASH_ENSURE(size >= PAGE_LEN, ASH_E_NOT_FOUND);
	page->map = mmap(NULL, PAGE_LEN, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	if (page->map == MAP_FAILED)
		ASH_FAIL_WITH(ash_fs_code(errno), "store.gen can't be mapped: %s", strerrordesc_np(errno));
	if (memcmp(page->map->magic, MAGIC, sizeof(page->map->magic)) != 0 ||
	    page->map->inode != page->file.ino) {
		munmap(page->map, PAGE_LEN);
		ASH_FAIL(ASH_E_NOT_FOUND);
	}
	page->fd = fd;
	fd = -1;
	*ret_page = ASH_TAKE(page);
	return ASH_DONE;
}

static struct ash_status open_page(const char *path, gid_t group, bool writable, struct ash_page **ret_page)
{
	int fd = -1;

	ASH_TRY(ash_fs_open(path, writable ? O_RDWR : O_RDONLY, group, &fd));
	return map_page(fd, writable, ret_page);
}

/* Nobody else has one mapped. */
static struct ash_status make_page(const char *path, gid_t group, struct ash_page **ret_page)
{
	ASH_AUTO_FD fd = -1;
	uint64_t size = 0;
	struct ash_fs_id file;
	int taken = -1;

	if (unlink(path) != 0 && errno != ENOENT)
		ASH_FAIL_WITH(ash_fs_code(errno), "%s can't be made anew: %s", path, strerrordesc_np(errno));
	ASH_TRY(ash_fs_create(path, group != ASH_FS_NO_GROUP ? 0660 : 0600, group, &fd));
	ASH_TRY(file_size(fd, &size, &file));
	ASH_TRY(write_empty(fd, file.ino));
	taken = fd;
	fd = -1;
	return map_page(taken, true, ret_page);
}

/* Others who are just looking hold the lock for a moment only: worth a short wait. */
static bool become_alone(int lock_fd)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	for (int i = 0; i < 50; i++) {
		if (ash_lockfile_try_alone(lock_fd))
			return true;
		(void)nanosleep(&moment, NULL);
	}
	return false;
}

struct ash_status ash_page_open(const char *path, gid_t group, int lock_fd, enum ash_page_use use,
				struct ash_page **ret_page)
{
	struct ash_status status = ASH_DONE;

	ASH_ENSURE(lock_fd >= 0, ASH_E_NOT_FOUND);
	ASH_TRY(ash_lockfile_show(lock_fd));
	status = open_page(path, group, use != ASH_PAGE_READ, ret_page);
	if (ash_is_ok(status))
		return status;
	ash_lockfile_hide(lock_fd);
	if (status.code != ASH_E_NOT_FOUND || use != ASH_PAGE_MAKE)
		return status;
	ASH_ENSURE(become_alone(lock_fd), ASH_E_NOT_FOUND);
	status = make_page(path, group, ret_page);
	if (ash_is_ok(status))
		status = ash_lockfile_show(lock_fd);
	else
		ash_lockfile_hide(lock_fd);
	return status;
}

struct ash_page *ash_page_close(struct ash_page *page)
{
	if (page == NULL)
		return NULL;
	munmap(page->map, PAGE_LEN);
	ash_fs_close_own(page->fd, page->file);
	return ash_mem_free(page);
}

uint64_t ash_page_read(const struct ash_page *page)
{
	uint64_t value = page != NULL ? atomic_load_explicit(&page->map->value, memory_order_acquire) : 0;

	return (value & 1) == 0 ? value / 2 : 0;
}

struct ash_status ash_page_repair(struct ash_page *page, uint64_t generation)
{
	uint64_t size = 0;
	struct ash_fs_id file;

	ASH_TRY(file_size(page->fd, &size, &file));
	if (file.dev != page->file.dev || file.ino != page->file.ino)
		ASH_FAIL_WITH(ASH_E_IO, "the program closed the descriptor of store.gen: start it again");
	if (size < PAGE_LEN)
		ASH_TRY(write_empty(page->fd, file.ino));
	/* What it says was on disk before it said so. */
	ASH_ENSURE(ash_page_read(page) <= generation, ASH_E_CORRUPT);
	if (atomic_load(&page->map->value) != generation * 2)
		atomic_store(&page->map->value, generation * 2);
	return ASH_DONE;
}

void ash_page_begin(struct ash_page *page, uint64_t generation)
{
	/* Sequentially consistent: everybody sees it before anything of the commit. */
	atomic_store(&page->map->value, generation * 2 + 1);
}

void ash_page_end(struct ash_page *page, uint64_t generation, uint64_t after)
{
	uint64_t ours = generation * 2 + 1;

	/* By now another writer may have begun, if somebody deleted store.lock: then the page is his. */
	atomic_compare_exchange_strong(&page->map->value, &ours, after * 2);
}
