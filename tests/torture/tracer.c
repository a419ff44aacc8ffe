#include "tracer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

#ifndef __x86_64__
#error "tests/torture/meson.build leaves the tracer out here"
#endif

#define PAGE        4096u
#define CALL_LEN    2u /* of the instruction `syscall` */
#define CALL_SIGNAL (SIGTRAP | 0x80)
#define HASH_LEN    (UINT64_C(16) << 20)

bool tracer_let(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 && raise(SIGSTOP) == 0;
}

void tracer_need(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
	if (child < 0 || waitpid(child, &status, 0) != child)
		report_bail("fork: %s", strerror(errno));
	if (status != 0) {
		printf("skipped: processes may not be traced here\n");
		exit(77);
	}
}

void tracer_pause(void)
{
	(void)raise(SIGSTOP);
}

static struct user_regs_struct get_registers(const struct tracer *tracer)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, tracer->pid, NULL, &registers) != 0)
		report_bail("PTRACE_GETREGS: %s", strerror(errno));
	return registers;
}

static void set_registers(const struct tracer *tracer, struct user_regs_struct *registers)
{
	if (ptrace(PTRACE_SETREGS, tracer->pid, NULL, registers) != 0)
		report_bail("PTRACE_SETREGS: %s", strerror(errno));
}

/* Waits for the next stop; its signal, or -1 if the process is gone. */
static int wait_stop(struct tracer *tracer)
{
	int status = 0;

	while (waitpid(tracer->pid, &status, __WALL) != tracer->pid) {
		if (errno != EINTR)
			report_bail("waitpid: %s", strerror(errno));
	}
	if (WIFSTOPPED(status))
		return WSTOPSIG(status);
	tracer->status = status;
	tracer->stop = TRACE_GONE;
	return -1;
}

/* ---- the shared page ---- */

/* The process makes a system call that it does not know of. It is gone if it got no further. */
static void insert_call(struct tracer *tracer, uint64_t call, uint64_t a, uint64_t b, uint64_t c)
{
	struct user_regs_struct saved = get_registers(tracer);
	struct user_regs_struct registers = saved;

	registers.rip = tracer->instruction;
	registers.rax = call;
	registers.orig_rax = (unsigned long long)-1; /* no call to be begun again */
	registers.rdi = a;
	registers.rsi = b;
	registers.rdx = c;
	set_registers(tracer, &registers);
	if (ptrace(PTRACE_SINGLESTEP, tracer->pid, NULL, NULL) != 0 || wait_stop(tracer) != SIGTRAP)
		report_bail("a system call can't be inserted");
	registers = get_registers(tracer);
	if ((int64_t)registers.rax < 0)
		report_bail("an inserted system call fails: %s", strerror((int)-registers.rax));
	set_registers(tracer, &saved);
}

static void protect_page(struct tracer *tracer, int protection)
{
	insert_call(tracer, SYS_mprotect, tracer->page, PAGE, (uint64_t)protection);
}

/* Where the file is mapped to be written; 0 if it is not. */
static uint64_t find_page(const struct tracer *tracer)
{
	char path[64];
	char line[512];
	char flags[8];
	unsigned long long start = 0, found = 0;
	FILE *maps = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)tracer->pid);
	maps = fopen(path, "re");
	while (maps != NULL && found == 0 && fgets(line, sizeof(line), maps) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%llx-%*x %7s", &start, flags) == 2 && flags[1] == 'w' &&
		    strlen(line) > strlen(tracer->shared) &&
		    strcmp(line + strlen(line) - strlen(tracer->shared), tracer->shared) == 0)
			found = start;
	}
	if (maps != NULL)
		(void)fclose(maps);
	return found;
}

/* When what is mapped may have changed. */
static void watch_page(struct tracer *tracer)
{
	uint64_t page = 0;

	if (tracer->shared == NULL)
		return;
	page = find_page(tracer);
	if (page == 0)
		return; /* not there, or not writable: watched already */
	tracer->page = page;
	protect_page(tracer, PROT_READ);
}

static bool is_store(const struct tracer *tracer)
{
	siginfo_t info;

	return tracer->page != 0 && ptrace(PTRACE_GETSIGINFO, tracer->pid, NULL, &info) == 0 &&
	       (uint64_t)(uintptr_t)info.si_addr - tracer->page < PAGE;
}

/* The one instruction that stores. */
static void let_store(struct tracer *tracer)
{
	protect_page(tracer, PROT_READ | PROT_WRITE);
	if (ptrace(PTRACE_SINGLESTEP, tracer->pid, NULL, NULL) != 0 || wait_stop(tracer) != SIGTRAP)
		report_bail("a store can't be stepped over");
	protect_page(tracer, PROT_READ);
}

/* ---- from stop to stop ---- */

bool tracer_begin(struct tracer *tracer, pid_t pid, const char *shared)
{
	*tracer = (struct tracer){ .pid = pid, .shared = shared, .stop = TRACE_ASKED };
	if (wait_stop(tracer) < 0)
		return false;
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0)
		report_bail("PTRACE_SETOPTIONS: %s", strerror(errno));
	/* It stands just behind the call that stopped it. */
	tracer->instruction = get_registers(tracer).rip - CALL_LEN;
	watch_page(tracer);
	return true;
}

static void at_entry(struct tracer *tracer)
{
	const struct user_regs_struct registers = get_registers(tracer);

	tracer->stop = TRACE_ENTRY;
	tracer->call = registers.orig_rax;
	tracer->args[0] = registers.rdi;
	tracer->args[1] = registers.rsi;
	tracer->args[2] = registers.rdx;
	tracer->args[3] = registers.r10;
	tracer->args[4] = registers.r8;
	tracer->args[5] = registers.r9;
}

static void at_exit(struct tracer *tracer)
{
	struct user_regs_struct registers = get_registers(tracer);

	if (tracer->fail_with != 0) {
		registers.rax = (unsigned long long)-tracer->fail_with;
		set_registers(tracer, &registers);
		tracer->fail_with = 0;
	}
	tracer->stop = TRACE_EXIT;
	tracer->result = (int64_t)registers.rax;
	if (tracer->call == SYS_mmap)
		watch_page(tracer);
}

enum trace_stop tracer_next(struct tracer *tracer)
{
	int stopped = 0;

	if (tracer->stop == TRACE_BEFORE_STORE) {
		let_store(tracer);
		tracer->stop = TRACE_AFTER_STORE;
		return tracer->stop;
	}
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, tracer->pid, NULL, (void *)(intptr_t)tracer->signal) != 0 &&
		    errno != ESRCH)
			report_bail("PTRACE_SYSCALL: %s", strerror(errno));
		tracer->signal = 0;
		stopped = wait_stop(tracer);
		if (stopped < 0)
			return TRACE_GONE;
		if (stopped == CALL_SIGNAL) {
			if (tracer->stop == TRACE_ENTRY)
				at_exit(tracer);
			else
				at_entry(tracer);
			return tracer->stop;
		}
		if (stopped == SIGSEGV && is_store(tracer)) {
			tracer->stop = TRACE_BEFORE_STORE;
			return tracer->stop;
		}
		if (stopped == SIGSTOP) {
			tracer->stop = TRACE_ASKED;
			return tracer->stop;
		}
		tracer->signal = stopped;
	}
}

enum trace_stop tracer_run(struct tracer *tracer)
{
	enum trace_stop stop = tracer_next(tracer);

	while (stop != TRACE_ASKED && stop != TRACE_GONE)
		stop = tracer_next(tracer);
	return stop;
}

void tracer_kill(struct tracer *tracer)
{
	if (tracer->stop == TRACE_GONE)
		return;
	(void)kill(tracer->pid, SIGKILL);
	while (wait_stop(tracer) >= 0)
		continue;
}

void tracer_release(struct tracer *tracer)
{
	if (tracer->stop == TRACE_GONE)
		return;
	if (tracer->page != 0)
		report_bail("a process whose shared page is watched can't be released");
	(void)ptrace(PTRACE_DETACH, tracer->pid, NULL, (void *)(intptr_t)tracer->signal);
	while (wait_stop(tracer) >= 0)
		continue;
}

/* ---- changing a call ---- */

void tracer_refuse(struct tracer *tracer, int error)
{
	struct user_regs_struct registers = get_registers(tracer);

	registers.orig_rax = (unsigned long long)-1;
	set_registers(tracer, &registers);
	tracer->fail_with = error;
}

void tracer_shorten(struct tracer *tracer, uint64_t len)
{
	struct user_regs_struct registers = get_registers(tracer);

	registers.rdx = len;
	set_registers(tracer, &registers);
}

bool tracer_hashes(const struct tracer *tracer)
{
	return tracer->call == SYS_mmap && tracer->args[1] >= HASH_LEN;
}

const char *tracer_where(const struct tracer *tracer)
{
	static const struct {
		uint64_t call;
		const char *name;
	} names[] = {
		{ SYS_access, "access" },       { SYS_brk, "brk" },
		{ SYS_chmod, "chmod" },         { SYS_clock_nanosleep, "clock_nanosleep" },
		{ SYS_close, "close" },         { SYS_fallocate, "fallocate" },
		{ SYS_fchmod, "fchmod" },       { SYS_fchown, "fchown" },
		{ SYS_fcntl, "fcntl" },         { SYS_fdatasync, "fdatasync" },
		{ SYS_flock, "flock" },         { SYS_fstat, "fstat" },
		{ SYS_fsync, "fsync" },         { SYS_ftruncate, "ftruncate" },
		{ SYS_futex, "futex" },         { SYS_getdents64, "getdents64" },
		{ SYS_geteuid, "geteuid" },     { SYS_getpid, "getpid" },
		{ SYS_getrandom, "getrandom" }, { SYS_link, "link" },
		{ SYS_lseek, "lseek" },         { SYS_lstat, "lstat" },
		{ SYS_madvise, "madvise" },     { SYS_mkdir, "mkdir" },
		{ SYS_mlock, "mlock" },         { SYS_mmap, "mmap" },
		{ SYS_mprotect, "mprotect" },   { SYS_munlock, "munlock" },
		{ SYS_munmap, "munmap" },       { SYS_newfstatat, "newfstatat" },
		{ SYS_open, "open" },           { SYS_openat, "openat" },
		{ SYS_pread64, "pread64" },     { SYS_pwrite64, "pwrite64" },
		{ SYS_read, "read" },           { SYS_rename, "rename" },
		{ SYS_renameat2, "renameat2" }, { SYS_rmdir, "rmdir" },
		{ SYS_stat, "stat" },           { SYS_statfs, "statfs" },
		{ SYS_unlink, "unlink" },       { SYS_unlinkat, "unlinkat" },
		{ SYS_write, "write" },         { SYS_writev, "writev" },
	};
	static char words[64];
	const char *side = tracer->stop == TRACE_ENTRY ? "before" : "after";

	if (tracer->stop == TRACE_BEFORE_STORE || tracer->stop == TRACE_AFTER_STORE)
		return tracer->stop == TRACE_BEFORE_STORE ? "before a store to shared memory"
							  : "after a store to shared memory";
	if (tracer->stop == TRACE_GONE || tracer->stop == TRACE_ASKED)
		return "at the end";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].call == tracer->call) {
			(void)snprintf(words, sizeof(words), "%s %s", side, names[i].name);
			return words;
		}
	}
	(void)snprintf(words, sizeof(words), "%s system call %llu", side, (unsigned long long)tracer->call);
	return words;
}
