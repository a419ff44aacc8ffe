#include "refusals.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

/* EINTR does not last, as the standard answer to it is to try again; nor does EAGAIN. */
const struct refusal refusals[] = {
	{ REFUSE_OPEN, "EIO", EIO, false },        { REFUSE_OPEN, "EMFILE", EMFILE, false },
	{ REFUSE_OPEN, "ENOSPC", ENOSPC, false },  { REFUSE_OPEN, "EINTR", EINTR, true },
	{ REFUSE_READ, "EIO", EIO, false },        { REFUSE_READ, "EINTR", EINTR, true },
	{ REFUSE_READ, "short", 0, false },        { REFUSE_WRITE, "EIO", EIO, false },
	{ REFUSE_WRITE, "ENOSPC", ENOSPC, false }, { REFUSE_WRITE, "EDQUOT", EDQUOT, false },
	{ REFUSE_WRITE, "EINTR", EINTR, true },    { REFUSE_WRITE, "short", 0, false },
	{ REFUSE_SYNC, "EIO", EIO, false },        { REFUSE_SYNC, "ENOSPC", ENOSPC, false },
	{ REFUSE_SYNC, "EDQUOT", EDQUOT, false },  { REFUSE_SYNC, "EINTR", EINTR, true },
	{ REFUSE_SIZE, "EIO", EIO, false },        { REFUSE_SIZE, "ENOSPC", ENOSPC, false },
	{ REFUSE_SIZE, "EDQUOT", EDQUOT, false },  { REFUSE_SIZE, "EINTR", EINTR, true },
	{ REFUSE_NAME, "EIO", EIO, false },        { REFUSE_NAME, "ENOSPC", ENOSPC, false },
	{ REFUSE_NAME, "EDQUOT", EDQUOT, false },  { REFUSE_STAT, "EIO", EIO, false },
	{ REFUSE_LOCK, "ENOLCK", ENOLCK, false },  { REFUSE_LOCK, "EIO", EIO, false },
	{ REFUSE_LOCK, "EINTR", EINTR, true },     { REFUSE_MAP, "ENOMEM", ENOMEM, false },
	{ REFUSE_RANDOM, "EINTR", EINTR, true },
};
const size_t refusals_count = sizeof(refusals) / sizeof(refusals[0]);

static const struct {
	uint64_t call;
	enum refusal_kind kind;
} kinds[] = {
	{ SYS_open, REFUSE_OPEN },       { SYS_openat, REFUSE_OPEN },      { SYS_creat, REFUSE_OPEN },
	{ SYS_read, REFUSE_READ },       { SYS_pread64, REFUSE_READ },     { SYS_write, REFUSE_WRITE },
	{ SYS_pwrite64, REFUSE_WRITE },  { SYS_fsync, REFUSE_SYNC },       { SYS_fdatasync, REFUSE_SYNC },
	{ SYS_ftruncate, REFUSE_SIZE },  { SYS_fallocate, REFUSE_SIZE },   { SYS_rename, REFUSE_NAME },
	{ SYS_renameat, REFUSE_NAME },   { SYS_renameat2, REFUSE_NAME },   { SYS_unlink, REFUSE_NAME },
	{ SYS_unlinkat, REFUSE_NAME },   { SYS_link, REFUSE_NAME },        { SYS_mkdir, REFUSE_NAME },
	{ SYS_stat, REFUSE_STAT },       { SYS_fstat, REFUSE_STAT },       { SYS_lstat, REFUSE_STAT },
	{ SYS_newfstatat, REFUSE_STAT }, { SYS_statfs, REFUSE_STAT },      { SYS_fstatfs, REFUSE_STAT },
	{ SYS_access, REFUSE_STAT },     { SYS_flock, REFUSE_LOCK },       { SYS_mmap, REFUSE_MAP },
	{ SYS_mremap, REFUSE_MAP },      { SYS_getrandom, REFUSE_RANDOM },
};

static bool is_lock(const struct tracer *tracer)
{
	const uint64_t command = tracer->args[1];
	long type = 0;

	if (command != F_SETLK && command != F_SETLKW && command != F_OFD_SETLK && command != F_OFD_SETLKW)
		return false;
	errno = 0;
	type = ptrace(PTRACE_PEEKDATA, tracer->pid, (void *)(uintptr_t)tracer->args[2], NULL);
	/* Letting go of a lock is not refused: the kernel does that only for want of memory, to split one. */
	return errno == 0 && (short)type != F_UNLCK;
}

enum refusal_kind refusal_kind(const struct tracer *tracer)
{
	if (tracer->call == SYS_fcntl)
		return is_lock(tracer) ? REFUSE_LOCK : REFUSE_NOTHING;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].call == tracer->call)
			return kinds[i].kind;
	}
	return REFUSE_NOTHING;
}

const char *refusal_kind_name(enum refusal_kind kind)
{
	static const char *const names[REFUSE_KINDS] = {
		"nothing", "open", "read", "write", "sync", "size", "name", "stat", "lock", "map", "random",
	};

	return names[kind];
}

bool refusal_stops_reading(enum refusal_kind kind)
{
	/* What is open already need not be opened. */
	return kind == REFUSE_READ || kind == REFUSE_STAT || kind == REFUSE_LOCK || kind == REFUSE_MAP ||
	       kind == REFUSE_RANDOM;
}

void refusal_do(const struct refusal *refusal, struct tracer *tracer)
{
	if (refusal->error != 0)
		tracer_refuse(tracer, refusal->error);
	else if (tracer->args[2] > 1)
		tracer_shorten(tracer, tracer->args[2] / 2);
}
