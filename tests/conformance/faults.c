/* Both names of each function are defined here, and none through a wrapper of the headers. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include "faults.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Shared with forked children, who may be the ones that attempt. */
static struct {
	enum fault fault;
	uint64_t left;
	bool armed, happened;
	unsigned long answer;
} * plan;

__attribute__((constructor)) static void share_plan(void)
{
	void *page = (void *)syscall(SYS_mmap, NULL, sizeof(*plan), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		abort();
	plan = page;
}

void fault_plan(enum fault fault, uint64_t n)
{
	plan->fault = fault;
	plan->left = n;
	plan->armed = plan->happened = false;
	plan->answer = 0;
}

void fault_begin(void)
{
	plan->armed = plan->fault != FAULT_NONE && !plan->happened;
}

void fault_end(unsigned long answer)
{
	if (plan->happened && plan->answer == 0)
		plan->answer = answer;
	plan->armed = false;
}

bool fault_happened(unsigned long *ret_answer)
{
	*ret_answer = plan->answer;
	return plan->happened;
}

/* Whether this event is the one. */
static bool strikes(enum fault fault, int error)
{
	if (plan == NULL || !plan->armed || plan->fault != fault || plan->left-- != 0)
		return false;
	plan->armed = false;
	plan->happened = true;
	errno = error;
	return true;
}

static void (*meanwhile)(void);

void fault_meanwhile(void (*callback)(void))
{
	meanwhile = callback;
}

static bool read_strikes(void)
{
	if (strikes(MOMENT_FILE, 0))
		meanwhile();
	return strikes(FAULT_IO, EIO);
}

static bool write_strikes(void)
{
	return read_strikes() || strikes(FAULT_FULL, ENOSPC);
}

/* Only the hash of a PIN maps so much at once. */
#define HASH_LEN ((size_t)16 << 20)

#define OURS __attribute__((visibility("default")))

/* ---- memory: glibc's own by their other names ---- */

extern void *__libc_malloc(size_t len);
extern void *__libc_calloc(size_t count, size_t len);
extern void *__libc_realloc(void *old, size_t len);

OURS void *malloc(size_t len)
{
	return strikes(FAULT_MEMORY, ENOMEM) ? NULL : __libc_malloc(len);
}

OURS void *calloc(size_t count, size_t len)
{
	return strikes(FAULT_MEMORY, ENOMEM) ? NULL : __libc_calloc(count, len);
}

OURS void *realloc(void *old, size_t len)
{
	return strikes(FAULT_MEMORY, ENOMEM) ? NULL : __libc_realloc(old, len);
}

OURS void *mmap(void *address, size_t len, int protection, int flags, int file, off_t offset)
{
	if ((flags & MAP_ANONYMOUS) != 0 && strikes(FAULT_MEMORY, ENOMEM))
		return MAP_FAILED;
	if ((flags & MAP_ANONYMOUS) != 0 && len >= HASH_LEN && strikes(MOMENT_HASH, 0))
		meanwhile();
	return (void *)syscall(SYS_mmap, address, len, protection, flags, file, offset);
}

OURS void *mmap64(void *address, size_t len, int protection, int flags, int file, off_t offset)
{
	return mmap(address, len, protection, flags, file, offset);
}

/* ---- files ---- */

OURS ssize_t pread(int file, void *data, size_t len, off_t offset)
{
	return read_strikes() ? -1 : syscall(SYS_pread64, file, data, len, offset);
}

OURS ssize_t pread64(int file, void *data, size_t len, off_t offset)
{
	return pread(file, data, len, offset);
}

OURS ssize_t pwrite(int file, const void *data, size_t len, off_t offset)
{
	return write_strikes() ? -1 : syscall(SYS_pwrite64, file, data, len, offset);
}

OURS ssize_t pwrite64(int file, const void *data, size_t len, off_t offset)
{
	return pwrite(file, data, len, offset);
}

OURS int ftruncate(int file, off_t len)
{
	return write_strikes() ? -1 : (int)syscall(SYS_ftruncate, file, len);
}

OURS int ftruncate64(int file, off_t len)
{
	return ftruncate(file, len);
}

OURS int fsync(int file)
{
	return read_strikes() ? -1 : (int)syscall(SYS_fsync, file);
}

OURS int fdatasync(int file)
{
	return read_strikes() ? -1 : (int)syscall(SYS_fdatasync, file);
}
