#include "record.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "report.h"

#define TASKS_MAX 64
#define NO_FILE   SIZE_MAX

/* A system call that a task is in. */
struct task {
	pid_t id;
	long call;
	uint64_t argument;
};

struct recorder {
	const char *root;
	const struct scenario_page *page;
	struct record *record;
	struct folder now; /* as of the latest event */
	ino_t root_inode;
	struct task tasks[TASKS_MAX];
	size_t task_count;
	pid_t first;
};

static void *grow(void *array, size_t count, size_t one)
{
	void *grown = count % 16 == 0 ? realloc(array, (count + 16) * one) : array;

	if (grown == NULL)
		report_bail("no memory");
	return grown;
}

static struct record_event *add_event(struct recorder *recorder, enum record_kind kind, long call)
{
	struct record *record = recorder->record;

	record->events = grow(record->events, record->event_count, sizeof(*record->events));
	record->events[record->event_count] = (struct record_event){
		.kind = kind,
		.call = call,
		.begun = atomic_load(&recorder->page->begun),
		.ended = atomic_load(&recorder->page->ended),
	};
	return &record->events[record->event_count++];
}

static size_t add_file(struct record *record, const struct folder_file *file)
{
	struct record_file *added = NULL;

	record->files = grow(record->files, record->file_count, sizeof(*record->files));
	added = &record->files[record->file_count];
	memset(added, 0, sizeof(*added));
	if (file != NULL) {
		memcpy(added->path, file->path, sizeof(added->path));
		added->mode = file->mode;
		added->inode = file->inode;
	}
	added->is_folder = file == NULL || file->is_folder;
	return record->file_count++;
}

/* ---- what changed between two looks at the folder ---- */

/* The latest of that inode: a number is used again after a file is gone. */
static size_t number_of(const struct recorder *recorder, uint64_t inode)
{
	if (inode == recorder->root_inode)
		return RECORD_ROOT;
	for (size_t i = recorder->record->file_count; i-- > 1;) {
		if (recorder->record->files[i].inode == inode)
			return i;
	}
	return NO_FILE;
}

static const struct folder_file *by_inode(const struct folder *folder, uint64_t inode)
{
	for (size_t i = 0; i < folder->count; i++) {
		if (folder->files[i].inode == inode)
			return &folder->files[i];
	}
	return NULL;
}

static void sector_of(const struct folder_file *file, size_t number, uint8_t ret_bytes[RECORD_SECTOR])
{
	const size_t at = number * RECORD_SECTOR;
	const size_t left = file != NULL && at < file->len ? file->len - at : 0;

	memset(ret_bytes, 0, RECORD_SECTOR);
	if (left != 0)
		memcpy(ret_bytes, file->data + at, left < RECORD_SECTOR ? left : RECORD_SECTOR);
}

static void compare_bytes(struct recorder *recorder, const struct folder_file *old,
			  const struct folder_file *new, size_t number, long call)
{
	const size_t sectors = (new->len + RECORD_SECTOR - 1) / RECORD_SECTOR;
	struct record_event *event = NULL;

	if (old != NULL && old->len == new->len &&memcmp(old->data, new->data, new->len) == 0)
		return;
	if (old == NULL && new->len == 0)
		return;
	event = add_event(recorder, RECORD_BYTES, call);
	event->file = number;
	event->len = new->len;
	for (size_t i = 0; i < sectors; i++) {
		uint8_t before[RECORD_SECTOR], after[RECORD_SECTOR];

		sector_of(old, i, before);
		sector_of(new, i, after);
		/* Zeroes where there was nothing are what a longer file has anyway. */
		if (memcmp(before, after, RECORD_SECTOR) == 0)
			continue;
		event->sectors = grow(event->sectors, event->sector_count, sizeof(*event->sectors));
		event->data = grow(event->data, event->sector_count, RECORD_SECTOR);
		memcpy(event->data + event->sector_count * RECORD_SECTOR, after, RECORD_SECTOR);
		event->sectors[event->sector_count++] = i;
	}
}

/* One event for each folder whose names changed. */
static void add_name(struct recorder *recorder, size_t first_event, const char *path, size_t file, long call)
{
	struct record *record = recorder->record;
	struct record_event *event = NULL;
	char parent[FOLDER_PATH_MAX];
	size_t folder = RECORD_ROOT;

	folder_parent(path, parent);
	for (size_t i = 1; parent[0] != '\0' && i < record->file_count; i++) {
		if (record->files[i].is_folder && strcmp(record->files[i].path, parent) == 0)
			folder = i;
	}
	for (size_t i = first_event; i < record->event_count; i++) {
		if (record->events[i].kind == RECORD_NAMES && record->events[i].file == folder)
			event = &record->events[i];
	}
	if (event == NULL) {
		event = add_event(recorder, RECORD_NAMES, call);
		event->file = folder;
	}
	event->names = grow(event->names, event->name_count, sizeof(*event->names));
	event->names[event->name_count] = (struct record_name){ .gone = file == NO_FILE, .file = file };
	memcpy(event->names[event->name_count].path, path, FOLDER_PATH_MAX);
	event->name_count++;
}

static void look(struct recorder *recorder, long call)
{
	const size_t first_event = recorder->record->event_count;
	struct folder now;

	folder_read(recorder->root, &now);
	for (size_t i = 0; i < recorder->now.count; i++) {
		if (folder_find(&now, recorder->now.files[i].path) == NULL)
			add_name(recorder, first_event, recorder->now.files[i].path, NO_FILE, call);
	}
	for (size_t i = 0; i < now.count; i++) {
		const struct folder_file *new = &now.files[i];
		const struct folder_file *same_name = folder_find(&recorder->now, new->path);
		const struct folder_file *old = by_inode(&recorder->now, new->inode);
		size_t number = old != NULL ? number_of(recorder, new->inode) : NO_FILE;

		if (number == NO_FILE)
			number = add_file(recorder->record, new);
		if (same_name == NULL || same_name->inode != new->inode)
			add_name(recorder, first_event, new->path, number, call);
		if (!new->is_folder)
			compare_bytes(recorder, old, new, number, call);
	}
	folder_done(&recorder->now);
	recorder->now = now;
}

/* ---- the traced process ---- */

/* After these the folder can be another. Those that are missing here are found at the next look. */
static bool may_change(long call)
{
	static const long calls[] = {
		SYS_write,    SYS_pwrite64,  SYS_writev,   SYS_pwritev,    SYS_pwritev2, SYS_ftruncate,
		SYS_openat,   SYS_renameat2, SYS_unlinkat, SYS_mkdirat,    SYS_linkat,   SYS_fallocate,
		SYS_fsync,    SYS_fdatasync, SYS_sync,     SYS_syncfs,     SYS_munmap,   SYS_copy_file_range,
		SYS_sendfile, SYS_truncate,  SYS_fcntl,    SYS_exit_group,
#ifdef SYS_open
		SYS_open,     SYS_rename,    SYS_renameat, SYS_unlink,     SYS_mkdir,    SYS_rmdir,
		SYS_link,     SYS_creat,
#endif
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i] == call)
			return true;
	}
	return false;
}

static void note_sync(struct recorder *recorder, const struct task *task)
{
	char path[64];
	struct stat info;
	size_t number = NO_FILE;

	if (task->call == SYS_sync || task->call == SYS_syncfs) {
		(void)add_event(recorder, RECORD_SYNC_ALL, task->call);
		return;
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%llu", (int)task->id,
		       (unsigned long long)task->argument);
	if (stat(path, &info) != 0)
		return;
	number = number_of(recorder, info.st_ino);
	if (number != NO_FILE)
		add_event(recorder, RECORD_SYNC, task->call)->file = number;
}

static bool is_sync(long call)
{
	return call == SYS_fsync || call == SYS_fdatasync || call == SYS_sync || call == SYS_syncfs;
}

static struct task *find_task(struct recorder *recorder, pid_t id)
{
	for (size_t i = 0; i < recorder->task_count; i++) {
		if (recorder->tasks[i].id == id)
			return &recorder->tasks[i];
	}
	if (recorder->task_count == TASKS_MAX)
		report_bail("more than %d threads to trace", TASKS_MAX);
	recorder->tasks[recorder->task_count] = (struct task){ .id = id, .call = -1 };
	return &recorder->tasks[recorder->task_count++];
}

static void at_call(struct recorder *recorder, struct task *task)
{
	struct ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, task->id, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		task->call = (long)info.entry.nr;
		task->argument = info.entry.args[0];
		/* What shared memory got before the sync is synced with it. */
		if (is_sync(task->call) || task->call == SYS_exit_group)
			look(recorder, task->call);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && may_change(task->call)) {
		if (is_sync(task->call) && info.exit.rval == 0)
			note_sync(recorder, task);
		look(recorder, task->call);
	}
}

/* False when the first process ended. */
static bool follow(struct recorder *recorder)
{
	int status = 0;
	int signal_number = 0;
	pid_t id = waitpid(-1, &status, __WALL);

	if (id < 0)
		report_bail("waitpid");
	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		if (id == recorder->first)
			recorder->record->status = status;
		return id != recorder->first;
	}
	if (WSTOPSIG(status) == (SIGTRAP | 0x80))
		at_call(recorder, find_task(recorder, id));
	else if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP)
		signal_number = WSTOPSIG(status);
	(void)ptrace(PTRACE_SYSCALL, id, 0, (long)signal_number);
	return true;
}

void record_join(void *context)
{
	(void)context;
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
		report_bail("a process can't be traced here");
	(void)raise(SIGSTOP);
}

static void take_over(pid_t child)
{
	int status = 0;

	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		report_bail("a process can't be traced here");
	if (ptrace(PTRACE_SETOPTIONS, child, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
			   PTRACE_O_TRACEVFORK) != 0)
		report_bail("PTRACE_SETOPTIONS");
	(void)ptrace(PTRACE_SYSCALL, child, 0, 0);
}

void record_run(const char *root, pid_t child, const struct scenario_page *page, struct record *ret_record)
{
	struct recorder recorder = { .root = root, .page = page, .record = ret_record, .first = child };
	struct stat info;

	memset(ret_record, 0, sizeof(*ret_record));
	if (stat(root, &info) != 0)
		report_bail("%s can't be looked at", root);
	recorder.root_inode = info.st_ino;
	folder_read(root, &ret_record->before);
	folder_read(root, &recorder.now);
	(void)add_file(ret_record, NULL);
	for (size_t i = 0; i < ret_record->before.count; i++)
		(void)add_file(ret_record, &ret_record->before.files[i]);
	take_over(child);
	while (follow(&recorder))
		;
	look(&recorder, SYS_exit_group);
	ret_record->begun = atomic_load(&page->begun);
	ret_record->ended = atomic_load(&page->ended);
	folder_done(&recorder.now);
}

void record_done(struct record *record)
{
	for (size_t i = 0; i < record->event_count; i++) {
		free(record->events[i].sectors);
		free(record->events[i].data);
		free(record->events[i].names);
	}
	free(record->events);
	free(record->files);
	folder_done(&record->before);
	memset(record, 0, sizeof(*record));
}
